#include "sample.h"

#include <string.h>
#include "base/files.h"

void
sample_open(struct sample *sample)
{
	GError *error = NULL;

	sample->dir = files_private_tmp(&error);
	g_assert_no_error(error);
	sample->writer = store_open(sample->dir, STORE_WRITE, &error);
	g_assert_no_error(error);
	sample->inbox = sample_folder(sample, "INBOX", "inbox");
	sample->reader = store_open(sample->dir, STORE_READ, &error);
	g_assert_no_error(error);
}

void
sample_close(struct sample *sample)
{
	store_close(sample->reader);
	store_close(sample->writer);
	files_remove_tree(sample->dir);
	g_free(sample->dir);
}

gint64
sample_folder(struct sample *sample, const char *path, const char *role)
{
	struct store_folder *folder = g_new0(struct store_folder, 1);
	GError *error = NULL;
	gint64 id;

	folder->path = g_strdup(path);
	folder->wire = g_strdup(path);
	folder->delimiter = '/';
	folder->role = g_strdup(role);
	folder->selectable = folder->subscribed = TRUE;
	folder->rights = g_strdup("");
	folder->windows = g_strdup("");
	folder->mailbox_id = g_strdup("");
	g_assert_true(store_begin(sample->writer, FALSE, &error));
	g_assert_true(store_folder_put(sample->writer, folder, &error));
	folder->complete = TRUE;
	folder->synced = SAMPLE_EPOCH;
	g_assert_true(store_folder_put_state(sample->writer, folder, &error));
	g_assert_true(store_commit(sample->writer, &error));
	id = folder->id;
	store_folder_free(folder);
	return id;
}

static msgid
add(struct sample *sample, gint64 folder, guint n, const char *header, gsize len,
    const struct mime_part *structure, gsize size, guint flags)
{
	struct envelope envelope;
	struct store_message message = {
	        .uid = n,
	        .received = SAMPLE_EPOCH + 60 * (gint64)n,
	        .size = size,
	        .flags = flags,
	        .envelope = &envelope,
	        .structure = structure,
	};
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, header, len);
	g_assert_true(store_begin(sample->writer, FALSE, &error));
	id = store_add(sample->writer, folder, &message, &error);
	g_assert_no_error(error);
	g_assert_true(store_commit(sample->writer, &error));
	envelope_clear(&envelope);
	return id;
}

msgid
sample_add(struct sample *sample, gint64 folder, guint n, guint parent, const char *from, const char *subject,
           guint flags)
{
	GString *header = g_string_new(NULL);
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(SAMPLE_EPOCH + 60 * (gint64)n);
	g_autofree char *text = g_date_time_format(date, "%d %b %Y %H:%M:%S +0000");
	msgid id;

	g_string_append_printf(header,
	                       "From: %s\r\nTo: Mara <mara@sample.example>\r\nSubject: %s\r\nDate: "
	                       "%s\r\nMessage-ID: <%u@sample>\r\n",
	                       from, subject, text, n);
	if (parent)
		g_string_append_printf(header, "In-Reply-To: <%u@sample>\r\nReferences: <%u@sample>\r\n",
		                       parent, parent);
	g_string_append(header, "\r\n");
	id = add(sample, folder, n, header->str, header->len, NULL, header->len, flags);
	g_string_free(header, TRUE);
	return id;
}

msgid
sample_add_octets(struct sample *sample, gint64 folder, guint n, const char *octets, guint flags)
{
	struct mime_part *structure = mime_part_parse(octets, strlen(octets));
	const char *end = strstr(octets, "\r\n\r\n");
	msgid id =
	        add(sample, folder, n, octets, (gsize)(end + 4 - octets), structure, strlen(octets), flags);
	GError *error = NULL;

	mime_part_free(structure);
	g_assert_true(store_part_put(sample->writer, id, "", octets, strlen(octets), FALSE, &error));
	g_assert_no_error(error);
	return id;
}
