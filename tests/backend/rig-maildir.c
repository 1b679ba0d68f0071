/* A Maildir++ in a temporary folder, changed with plain file operations. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "backend/maildir/name.h"
#include "rig.h"

static char *
folder_dir(struct rig *rig, const char *folder)
{
	g_autofree char *dotted = NULL;

	if (strcmp(folder, "INBOX") == 0)
		return g_strdup(rig->account->path);
	dotted = g_strdelimit(g_strconcat(".", folder, NULL), "/", '.');
	return g_build_filename(rig->account->path, dotted, NULL);
}

static void
make(struct rig *rig, struct conf_account *account)
{
	static const char *const folders[] = {"INBOX", "Sent", "Lists/harbour"};
	static const char *const subdirs[] = {"cur", "new", "tmp"};

	account->type = ACCOUNT_MAILDIR;
	account->path = g_build_filename(rig->dir, "Maildir", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *dir = folder_dir(rig, folders[i]);

		for (guint j = 0; j < G_N_ELEMENTS(subdirs); j++) {
			g_autofree char *subdir = g_build_filename(dir, subdirs[j], NULL);

			g_assert_cmpint(g_mkdir_with_parents(subdir, 0700), ==, 0);
		}
	}
}

static void
deliver(struct rig *rig, const char *folder, const char *name, gint64 when, const char *text)
{
	g_autofree char *dir = folder_dir(rig, folder);
	g_autofree char *file = g_strdup_printf("%s/tmp/%" G_GINT64_FORMAT ".%s.test", dir, when, name);
	g_autofree char *final = g_strdup_printf("%s/new/%" G_GINT64_FORMAT ".%s.test", dir, when, name);
	struct utimbuf times = {(time_t)when, (time_t)when};
	GError *error = NULL;

	g_file_set_contents(file, text, -1, &error);
	g_assert_no_error(error);
	g_assert_cmpint(utime(file, &times), ==, 0);
	g_assert_cmpint(rename(file, final), ==, 0);
}

/* "cur/NAME" of a message, or NULL. */
static char *
find(struct rig *rig, const char *folder, const char *name)
{
	static const char *const subdirs[] = {"new", "cur"};
	g_autofree char *dir = folder_dir(rig, folder);
	g_autofree char *part = g_strdup_printf(".%s.test", name);

	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(dir, subdirs[i], NULL);
		g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
		const char *entry;

		while ((entry = g_dir_read_name(entries)))
			if (strstr(entry, part))
				return g_build_filename(path, entry, NULL);
	}
	return NULL;
}

static void
set_flags(struct rig *rig, const char *folder, const char *name, guint flags)
{
	g_autofree char *from = find(rig, folder, name);
	g_autofree char *dir = folder_dir(rig, folder);
	g_autofree char *base = g_path_get_basename(from);
	g_autofree char *renamed = maildir_name_with(base, flags);
	g_autofree char *to = g_build_filename(dir, "cur", renamed, NULL);

	g_assert_cmpint(rename(from, to), ==, 0);
}

static void
remove_message(struct rig *rig, const char *folder, const char *name)
{
	g_autofree char *path = find(rig, folder, name);

	g_assert_cmpint(g_unlink(path), ==, 0);
}

static guint
flags_of(struct rig *rig, const char *folder, const char *name)
{
	g_autofree char *path = find(rig, folder, name);

	g_assert_nonnull(path);
	return maildir_flags(path);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
subject_of(const char *path)
{
	g_autofree char *text = NULL;
	struct envelope envelope;
	GError *error = NULL;
	char *subject;
	gsize len;

	g_file_get_contents(path, &text, &len, &error);
	g_assert_no_error(error);
	envelope_from_headers(&envelope, text, len);
	subject = g_strdup(envelope.subject);
	envelope_clear(&envelope);
	return subject;
}

static char *
subjects(struct rig *rig, const char *folder)
{
	static const char *const subdirs[] = {"new", "cur"};
	g_autofree char *dir = folder_dir(rig, folder);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(dir, subdirs[i], NULL);
		g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
		const char *entry;

		if (!entries)
			return NULL;
		while ((entry = g_dir_read_name(entries))) {
			g_autofree char *file = g_build_filename(path, entry, NULL);

			g_ptr_array_add(found, subject_of(file));
		}
	}
	g_ptr_array_sort(found, by_text);
	g_ptr_array_add(found, NULL);
	return g_strjoinv(" ", (char **)found->pdata);
}

const struct rig_kind rig_maildir = {
        .name = "maildir",
        .ops = &backend_maildir,
        .verbs = RIG_WIDE | RIG_APART | RIG_TELLS | RIG_STRUCTURES | 1u << OP_MOVE | 1u << OP_COPY |
                 1u << OP_PURGE | 1u << OP_APPEND | 1u << OP_REPLACE | 1u << OP_EMPTY | 1u << OP_CREATE |
                 1u << OP_RENAME | 1u << OP_REMOVE | 1u << OP_SUBSCRIBE,
        .make = make,
        .deliver = deliver,
        .set_flags = set_flags,
        .remove = remove_message,
        .flags = flags_of,
        .subjects = subjects,
};
