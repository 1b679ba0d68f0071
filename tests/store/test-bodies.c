#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "store-util.h"

#define MESSAGE \
	"From: ada@example.org\r\nSubject: two parts\r\nMIME-Version: 1.0\r\n" \
	"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n" \
	"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n" \
	"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b--\r\n"

static char *
text_of(struct store *store, msgid id, const char *section)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = store_part(store, id, section, &error);

	g_assert_no_error(error);
	if (!bytes)
		return NULL;
	/* No octets have no address. */
	return g_bytes_get_size(bytes) ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
	                               : g_strdup("");
}

static void
assert_text(struct store *store, msgid id, const char *section, const char *expected)
{
	g_autofree char *text = text_of(store, id, section);

	g_assert_cmpstr(text, ==, expected);
	g_assert_cmpint(store_has_part(store, id, section), ==, expected != NULL);
}

static void
put(struct store *store, msgid id, const char *section, const char *text)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(store_part_put(store, id, section, text, strlen(text), FALSE, &error));
	g_assert_no_error(error);
}

static int
body_state(struct store *store, msgid id)
{
	struct store_row *row = store_row(store, id, NULL);
	int body = row->body;

	store_row_free(row);
	return body;
}

static char *
body_file(struct bed *bed, msgid id, const char *rest)
{
	return g_strdup_printf("%s/mail/%02x/%d%s", bed->dir, (guint)id & 0xff, (int)id, rest);
}

static void
parts_come_back(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	struct store *reader;

	assert_text(bed->store, id, "1", NULL);
	assert_text(bed->store, id, "", NULL);
	put(bed->store, id, "1.2", "part text");
	put(bed->store, id, "HEADER", "Subject: x\r\n\r\n");
	put(bed->store, id, "2", "");
	g_assert_cmpint(body_state(bed->store, id), ==, BODY_PARTIAL);
	reader = store_open(bed->dir, STORE_READ, NULL);
	assert_text(reader, id, "1.2", "part text");
	assert_text(reader, id, "HEADER", "Subject: x\r\n\r\n");
	assert_text(reader, id, "2", "");
	assert_text(reader, id, "3", NULL);
	store_close(reader);
	put(bed->store, id, "1.2", "other");
	assert_text(bed->store, id, "1.2", "other");
}

static void
parts_are_cut_out_of_the_whole(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autofree char *parts = body_file(bed, id, "");
	struct mime_part *root;

	put(bed->store, id, "1", "stale");
	g_assert_true(g_file_test(parts, G_FILE_TEST_EXISTS));
	g_assert_null(store_structure(bed->store, id, &error));
	g_assert_true(store_part_put(bed->store, id, "", MESSAGE, strlen(MESSAGE), TRUE, &error));
	g_assert_cmpint(body_state(bed->store, id), ==, BODY_FULL);
	g_assert_false(g_file_test(parts, G_FILE_TEST_EXISTS));
	assert_text(bed->store, id, "", MESSAGE);
	assert_text(bed->store, id, "1", "Hello");
	assert_text(bed->store, id, "2", "<p>Hello</p>");
	assert_text(bed->store, id, "HEADER",
	            "From: ada@example.org\r\nSubject: two parts\r\nMIME-Version: 1.0\r\n"
	            "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n");
	g_assert_null(store_part(bed->store, id, "3", &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	root = store_structure(bed->store, id, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(root->children->len, ==, 2);
	mime_part_free(root);
}

static void
maildir_files_are_read_where_they_are(struct bed *bed, gconstpointer unused)
{
	g_autofree char *file = g_build_filename(bed->dir, "1:2,S", NULL);
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.file = file});

	g_assert_true(g_file_set_contents(file, MESSAGE, -1, NULL));
	assert_text(bed->store, id, "", MESSAGE);
	assert_text(bed->store, id, "1", "Hello");
	/* Renamed by somebody else this instant: not here, no error. */
	g_assert_cmpint(g_remove(file), ==, 0);
	assert_text(bed->store, id, "1", NULL);
}

static void
other_names_than_ours_are_refused(struct bed *bed, gconstpointer unused)
{
	static const char *const names[] = {"..",      ".",      "1..2",   "1.", ".1",  "1/2",   "../1",
	                                    "HEADERS", "header", "1.TEXT", " ",  "1\n", "1.part"};
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autofree char *endless = g_strnfill(300, '1');
	guint64 have;

	for (guint i = 0; i <= G_N_ELEMENTS(names); i++) {
		const char *name = i < G_N_ELEMENTS(names) ? names[i] : endless;
		g_autoptr(GError) error = NULL;

		g_assert_false(store_has_part(bed->store, id, name));
		g_assert_cmpint(store_part_begin(bed->store, id, name, &have, &error), ==, -1);
		g_assert_nonnull(error);
		g_clear_error(&error);
		g_assert_null(store_part(bed->store, id, name, &error));
		g_assert_nonnull(error);
	}
}

static void
a_download_is_resumed_after_a_restart(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	guint64 have;
	int fd = store_part_begin(bed->store, id, "2", &have, &error);

	g_assert_cmpuint(have, ==, 0);
	g_assert_cmpint(write(fd, "first ", 6), ==, 6);
	close(fd);
	assert_text(bed->store, id, "2", NULL);
	bed_reopen(bed);
	fd = store_part_begin(bed->store, id, "2", &have, &error);
	g_assert_cmpuint(have, ==, 6);
	g_assert_cmpint(write(fd, "second", 6), ==, 6);
	g_assert_true(store_part_finish(bed->store, id, "2", fd, TRUE, &error));
	assert_text(bed->store, id, "2", "first second");
	fd = store_part_begin(bed->store, id, "2", &have, &error);
	g_assert_cmpuint(have, ==, 0);
	close(fd);
	g_assert_no_error(error);
}

static void
a_broken_file_is_an_error_and_then_not_here(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autofree char *file = body_file(bed, id, ".eml");
	struct store *reader;

	put(bed->store, id, "", MESSAGE);
	g_assert_true(g_file_set_contents(file, "cut", -1, NULL));
	reader = store_open(bed->dir, STORE_READ, NULL);
	g_assert_null(store_part(reader, id, "1", &error));
	g_assert_nonnull(error);
	g_assert_nonnull(strstr(error->message, file));
	g_clear_error(&error);
	g_assert_false(store_has_part(bed->store, id, ""));
	/* The next write drops the entry, and then it is simply not here. */
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2});
	g_assert_cmpint(body_state(bed->store, id), ==, BODY_NONE);
	assert_text(reader, id, "1", NULL);
	store_close(reader);
	put(bed->store, id, "", MESSAGE);
	g_assert_cmpint(g_remove(file), ==, 0);
	g_assert_null(store_part(bed->store, id, "", &error));
	g_assert_nonnull(error);
	put(bed->store, id, "", MESSAGE);
	assert_text(bed->store, id, "1", "Hello");
}

static void
removed_messages_leave_no_file(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	msgid whole = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	msgid parts = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2});
	g_autofree char *file = body_file(bed, whole, ".eml"), *dir = body_file(bed, parts, "");
	guint64 have;

	put(bed->store, whole, "", MESSAGE);
	put(bed->store, parts, "1", "x");
	close(store_part_begin(bed->store, parts, "2", &have, &error));
	begin(bed->store);
	g_assert_true(store_remove(bed->store, whole, &error));
	rollback(bed->store);
	assert_text(bed->store, whole, "", MESSAGE);
	g_assert_true(store_remove(bed->store, whole, &error));
	g_assert_true(store_remove(bed->store, parts, &error));
	g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM trash"), ==, 0);
	g_assert_cmpint(store_part_begin(bed->store, whole, "", &have, &error), ==, -1);
	g_assert_nonnull(error);
}

/* ---- decoded by the server ---- */

static void
assert_kept(struct store *store, msgid id, const char *section, const char *text, gboolean decoded)
{
	g_autoptr(GError) error = NULL;
	gboolean is_decoded = !decoded;
	g_autoptr(GBytes) bytes = store_part_as_kept(store, id, section, &is_decoded, &error);

	g_assert_no_error(error);
	g_assert_true(store_has_part(store, id, section));
	g_assert_cmpint(is_decoded, ==, decoded);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

static void
what_is_decoded_is_never_taken_for_the_original(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autofree char *name = store_decoded("2"), *none = store_decoded(""),
	                *header = store_decoded("HEADER");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autofree char *file = NULL;

	g_assert_true(name && !none && !header);
	put(bed->store, id, name, "<p>Hello</p>");
	assert_kept(bed->store, id, "2", "<p>Hello</p>", TRUE);
	g_assert_null(store_part(bed->store, id, "2", NULL));
	g_assert_null(store_part(bed->store, id, "", NULL));
	g_assert_cmpint(body_state(bed->store, id), ==, BODY_PARTIAL);
	g_assert_true(store_journal_copy(bed->store, &id, 1, bed->inbox, copies, NULL, NULL));
	assert_kept(bed->store, g_array_index(copies, msgid, 0), "2", "<p>Hello</p>", TRUE);
	g_assert_null(store_part(bed->store, g_array_index(copies, msgid, 0), "2", NULL));
	/* What is broken is fetched again, in either way; the other is still good. */
	put(bed->store, id, "2", "PHA+SGVsbG88L3A+");
	assert_kept(bed->store, id, "2", "PHA+SGVsbG88L3A+", FALSE);
	file = body_file(bed, id, "/2");
	g_assert_true(g_file_set_contents(file, "cut", -1, NULL));
	assert_kept(bed->store, id, "2", "<p>Hello</p>", TRUE);
	put(bed->store, id, "", MESSAGE);
	assert_kept(bed->store, id, "2", "<p>Hello</p>", FALSE);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM part WHERE id = 1"), ==, 1);
	check_store(bed->dir);
}

static void
beginnings_of_both_kinds_are_apart(struct bed *bed, gconstpointer unused)
{
	g_autofree char *name = store_decoded("2");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	guint64 have = 7;
	int fd = store_part_begin(bed->store, id, name, &have, NULL);

	g_assert_cmpuint(have, ==, 0);
	g_assert_false(store_part_is_begun(bed->store, id, name));
	g_assert_cmpint(write(fd, "half", 4), ==, 4);
	g_assert_true(store_part_is_begun(bed->store, id, name));
	g_assert_false(store_part_is_begun(bed->store, id, "2"));
	store_part_forget_begun(bed->store, id, name); /* under way */
	g_assert_true(store_part_is_begun(bed->store, id, name));
	close(fd);
	store_part_forget_begun(bed->store, id, "2");
	g_assert_true(store_part_is_begun(bed->store, id, name));
	store_part_forget_begun(bed->store, id, name);
	g_assert_false(store_part_is_begun(bed->store, id, name));
}

/* ---- keep ---- */

static char *
missing(struct bed *bed, gint64 since, gboolean full, guint limit)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;
	GString *out = g_string_new(NULL);

	g_assert_true(store_missing_bodies(bed->store, bed->inbox, since, full, limit, ids, &error));
	g_assert_no_error(error);
	for (guint i = 0; i < ids->len; i++)
		g_string_append_printf(out, "%d ", (int)g_array_index(ids, msgid, i));
	return g_string_free(out, FALSE);
}

static void
assert_missing(struct bed *bed, gint64 since, gboolean full, guint limit, const char *expected)
{
	g_autofree char *found = missing(bed, since, full, limit);

	g_assert_cmpstr(found, ==, expected);
}

static void
what_keep_asks_for_is_found_newest_first(struct bed *bed, gconstpointer unused)
{
	g_autofree char *sixth = body_file(bed, 6, ".eml");

	assert_missing(bed, 0, TRUE, 10, "");
	for (guint i = 1; i <= 6; i++)
		add_mail(bed->store, bed->inbox, &(struct mail){.uid = i, .received = i * 10});
	assert_missing(bed, 0, TRUE, 10, "6 5 4 3 2 1 ");
	assert_missing(bed, 30, TRUE, 10, "6 5 4 3 ");
	assert_missing(bed, 0, TRUE, 2, "6 5 ");
	put(bed->store, 6, "", "x");
	put(bed->store, 4, "", "x");
	assert_missing(bed, 0, TRUE, 2, "5 3 ");
	assert_missing(bed, 35, TRUE, 10, "5 ");
	put(bed->store, 5, "", "x");
	assert_missing(bed, 35, TRUE, 10, "");
	/* New ones above, an old one in between, and one that broke. */
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 7, .received = 70});
	assert_missing(bed, 35, TRUE, 10, "7 ");
	assert_missing(bed, 0, TRUE, 10, "7 3 2 1 ");
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 8, .received = 55});
	assert_missing(bed, 0, TRUE, 3, "7 8 3 ");
	put(bed->store, 7, "", "x");
	put(bed->store, 8, "", "x");
	assert_missing(bed, 0, TRUE, 3, "3 2 1 ");
	g_assert_true(g_file_set_contents(sixth, "broken", -1, NULL));
	g_assert_false(store_has_part(bed->store, 6, ""));
	put(bed->store, 3, "", "x");
	assert_missing(bed, 0, TRUE, 3, "6 2 1 ");
	/* Text alone counts for keep = text only. */
	assert_missing(bed, 0, FALSE, 10, "6 2 1 ");
	put(bed->store, 2, "1", "text");
	g_assert_true(store_set_text_here(bed->store, 2, NULL));
	assert_missing(bed, 0, FALSE, 10, "6 1 ");
	assert_missing(bed, 0, TRUE, 10, "6 2 1 ");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/bodies/parts", parts_come_back);
	BED_TEST("/store/bodies/whole", parts_are_cut_out_of_the_whole);
	BED_TEST("/store/bodies/maildir", maildir_files_are_read_where_they_are);
	BED_TEST("/store/bodies/names", other_names_than_ours_are_refused);
	BED_TEST("/store/bodies/resume", a_download_is_resumed_after_a_restart);
	BED_TEST("/store/bodies/broken", a_broken_file_is_an_error_and_then_not_here);
	BED_TEST("/store/bodies/removed", removed_messages_leave_no_file);
	BED_TEST("/store/bodies/decoded", what_is_decoded_is_never_taken_for_the_original);
	BED_TEST("/store/bodies/begun", beginnings_of_both_kinds_are_apart);
	BED_TEST("/store/bodies/missing", what_keep_asks_for_is_found_newest_first);
	return g_test_run();
}
