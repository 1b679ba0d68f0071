/* A store that is the server of its folders: whatever is damaged in its database, what lies on the disk is
 * not thrown away. */
#include <glib/gstdio.h>
#include <string.h>

#include "store-util.h"
#include "store/maildrop.h"

#define MAILS 6

static const char *
text_of(guint n)
{
	static char text[200];

	g_snprintf(text, sizeof text,
	           "From: Ada <ada@example.org>\r\nSubject: Hello\r\nMessage-ID: "
	           "<m%u@example.org>\r\n\r\nText %u\r\n",
	           n, n);
	return text;
}

/* The first half in INBOX, the others in Plans. */
static void
serve(struct bed *bed)
{
	gint64 plans = add_folder(bed->store, "Plans", "");
	g_autoptr(GError) error = NULL;

	g_assert_true(store_serve(bed->store, &error));
	for (guint n = 1; n <= MAILS; n++) {
		g_autofree char *id = g_strdup_printf("<m%u@example.org>", n);
		msgid row = add_mail(
		        bed->store, n > MAILS / 2 ? plans : bed->inbox,
		        &(struct mail){.uid = n, .received = 1000 + n, .id = id, .size = strlen(text_of(n))});

		g_assert_true(
		        store_part_put(bed->store, row, "", text_of(n), strlen(text_of(n)), TRUE, &error));
		g_assert_cmpint(store_drop_add(bed->store,
		                               &(struct store_drop){.uidl = id, .size = 1, .msg = row},
		                               &error),
		                >, 0);
	}
	g_assert_no_error(error);
}

static void
ruin(struct bed *bed, const char *sql)
{
	store_close(g_steal_pointer(&bed->store));
	damage(bed->dir, sql);
}

static void
hear(const struct store_finding *finding, void *user)
{
	guint *n = user;

	g_test_message("%s:%s: %s; %s", finding->kind, finding->where, finding->text,
	               finding->repaired ? finding->done : finding->remedy);
	(*n)++;
}

static guint
repair(struct bed *bed)
{
	g_autoptr(GError) error = NULL;
	guint found = 0, left = 0;

	age_files(bed->dir);
	g_assert_true(store_repair(bed->dir, hear, &found, &error));
	g_assert_no_error(error);
	g_assert_true(store_check(bed->dir, hear, &left, &error));
	g_assert_cmpuint(left, ==, 0);
	bed_reopen(bed);
	return found;
}

/* What waits for a number gets one, as the server of the folders gives it. */
static void
name_all(struct bed *bed)
{
	g_autoptr(GPtrArray) folders = store_folders(bed->store, NULL);

	for (guint i = 0; i < folders->len; i++) {
		gint64 folder = ((struct store_folder *)folders->pdata[i])->id;
		g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

		g_assert_true(store_unnamed(bed->store, folder, 100, ids, NULL));
		for (guint j = 0; j < ids->len; j++)
			g_assert_true(store_moved(bed->store, 0, g_array_index(ids, msgid, j), folder, 0,
			                          store_uid_next(bed->store, folder, NULL), NULL, NULL));
	}
}

static void
assert_all_there(struct bed *bed)
{
	name_all(bed);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message WHERE folder <> 0"), ==, MAILS);
	g_assert_cmpint(ask(bed->dir, "SELECT count(DISTINCT message_id) FROM envelope"), ==, MAILS);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM part WHERE section = ''"), ==, MAILS);
	check_store(bed->dir);
}

/* ---- the tests ---- */

static const struct kind {
	const char *name, *sql;
	guint stay; /* that are in Plans afterwards */
} kinds[] = {
        {"row", "DELETE FROM message WHERE id = 2", 3},
        {"row-and-highest-id", "DELETE FROM message WHERE id = 2; DELETE FROM meta WHERE key = 'last_id'", 3},
        {"rows-and-highest-id",
         "DELETE FROM message WHERE id IN (2, 6); DELETE FROM meta WHERE key = 'last_id'", 2},
        {"row-and-low-id",
         "DELETE FROM message WHERE id = 2; UPDATE meta SET value = 0 WHERE key = 'last_id'", 3},
        {"rows", "DELETE FROM message", 0},
        {"number", "UPDATE message SET uid = NULL WHERE id IN (2, 5)", 3},
        {"number-of-no-sense", "UPDATE message SET uid = 'x' WHERE id = 2", 3},
        {"folder-of-a-row", "UPDATE message SET folder = 77 WHERE id = 5", 2},
        {"folder", "DELETE FROM folder WHERE path = 'Plans'", 0},
        {"header", "DELETE FROM envelope WHERE id = 2", 3},
        {"text-of-header", "UPDATE envelope SET subject = CAST(x'ff' AS TEXT)", 3},
        {"entry", "DELETE FROM part WHERE id IN (2, 5)", 3},
        {"next-number", "UPDATE folder SET uidnext = 2; DELETE FROM envelope WHERE id = 2", 3},
};

static void
what_is_on_the_disk_is_kept(gconstpointer data)
{
	const struct kind *kind = data;
	struct bed bed;

	memset(&bed, 0, sizeof bed);
	bed_up(&bed, NULL);
	serve(&bed);
	ruin(&bed, kind->sql);
	g_assert_cmpuint(repair(&bed), >, 0);
	assert_all_there(&bed);
	g_assert_cmpint(ask(bed.dir, "SELECT count(*) FROM message m JOIN folder f ON f.id = m.folder"
	                             " WHERE path = 'Plans'"),
	                ==, kind->stay);
	bed_down(&bed, NULL);
}

/* Its messages are told apart by their headers at the next visit. */
static void
what_was_found_is_known_to_the_maildrop(struct bed *bed, gconstpointer unused)
{
	g_autofree char *renamed = NULL;

	serve(bed);
	ruin(bed, "DELETE FROM message WHERE id = 2");
	repair(bed);
	renamed = store_get(bed->store, DROPS_RENAMED);
	g_assert_cmpstr(renamed, ==, "1");
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM maildrop d JOIN message m ON m.id = d.msg"), ==,
	                MAILS);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM maildrop WHERE length(uidl) = 0 AND digest <> 0"),
	                ==, 1);
}

/* What is there twice is kept once, and what never came to be a message is none. */
static void
what_is_there_already_goes(struct bed *bed, gconstpointer unused)
{
	g_autofree char *from = g_build_filename(bed->dir, "mail", "02", "2.eml", NULL);
	g_autofree char *twice = g_build_filename(bed->dir, "mail", "02", "258.eml", NULL);
	g_autofree char *never = g_build_filename(bed->dir, "mail", "02", "514.eml", NULL);
	g_autofree char *bytes = NULL;
	gsize len;

	serve(bed);
	g_assert_true(g_file_get_contents(from, &bytes, &len, NULL));
	g_assert_true(g_file_set_contents(twice, bytes, (gssize)len, NULL));
	g_assert_true(g_file_set_contents(never, "Subject: half", -1, NULL));
	ruin(bed, "UPDATE meta SET value = 300 WHERE key = 'last_id'");
	g_assert_cmpuint(repair(bed), ==, 2);
	g_assert_false(g_file_test(twice, G_FILE_TEST_EXISTS) || g_file_test(never, G_FILE_TEST_EXISTS));
	assert_all_there(bed);
}

static void
other_stores_fetch_again(struct bed *bed, gconstpointer unused)
{
	serve(bed);
	g_assert_true(store_set(bed->store, "serves", NULL, NULL));
	ruin(bed, "DELETE FROM message WHERE id = 2");
	repair(bed);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, MAILS - 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *path = g_strconcat("/store/serve/damage/", kinds[i].name, NULL);

		g_test_add_data_func(path, &kinds[i], what_is_on_the_disk_is_kept);
	}
	BED_TEST("/store/serve/known", what_was_found_is_known_to_the_maildrop);
	BED_TEST("/store/serve/twice", what_is_there_already_goes);
	BED_TEST("/store/serve/others", other_stores_fetch_again);
	return g_test_run();
}
