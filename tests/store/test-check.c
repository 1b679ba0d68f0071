/* A store that is wrong: every kind of damage is made by hand, found, named, and put right. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/files.h"
#include "../dice.h"
#include "store-util.h"

#define MAILS 12

struct place {
	struct bed bed;
	gint64 other;
	msgid ids[MAILS + 1]; /* by UID, of INBOX */
	msgid elsewhere;      /* the one mail of the other folder */
};

static const char *
body_of(guint n)
{
	static char text[200];

	g_snprintf(text, sizeof text,
	           "From: Ada Beispiel <someone@example.org>\r\nSubject: Hello\r\nMessage-ID: "
	           "<m%u@example.org>\r\n"
	           "\r\nText of %u.\r\n",
	           n, n);
	return text;
}

static void
put_body(struct store *store, msgid id, const char *section, const char *text)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(store_part_put(store, id, section, text, strlen(text), FALSE, &error));
	g_assert_no_error(error);
}

static void
set_state(struct store *store, gint64 id, guint64 uidnext, guint64 exists)
{
	struct store_folder *folder = folder_of(store, id);
	g_autoptr(GError) error = NULL;

	g_free(folder->windows);
	folder->windows = g_strdup_printf("1:%" G_GUINT64_FORMAT, uidnext - 1);
	folder->uidvalidity = 7;
	folder->uidnext = uidnext;
	folder->exists = exists;
	folder->modseq = 99;
	folder->complete = TRUE;
	folder->synced = 1700000000;
	g_assert_true(store_folder_put_state(store, folder, &error));
	g_assert_no_error(error);
	store_folder_free(folder);
}

/* Twelve mails in INBOX, four of them one conversation, bodies whole, in part and none; one mail elsewhere;
 * and of every kind of change one that waits. */
static void
place_up(struct place *place, gconstpointer unused)
{
	struct store *store;

	bed_up(&place->bed, NULL);
	store = place->bed.store;
	place->other = add_folder(store, "Plans", "");
	for (guint n = 1; n <= MAILS; n++) {
		g_autofree char *id = g_strdup_printf("<m%u@example.org>", n);
		g_autofree char *parent = n > 1 && n < 5 ? g_strdup_printf("<m%u@example.org>", n - 1) : NULL;

		place->ids[n] = add_mail(store, place->bed.inbox,
		                         &(struct mail){.uid = n,
		                                        .received = 1000 + n,
		                                        .flags = n % 2 ? FLAG_SEEN : 0,
		                                        .id = id,
		                                        .parent = parent,
		                                        .size = strlen(body_of(n))});
	}
	place->elsewhere = add_mail(store, place->other,
	                            &(struct mail){.uid = 5, .received = 5, .id = "<p@example.org>"});
	for (guint n = 1; n <= 6; n++)
		put_body(store, place->ids[n], "", body_of(n));
	put_body(store, place->ids[7], "1", "Text of 7.\r\n");
	set_state(store, place->bed.inbox, MAILS + 1, MAILS);
	set_state(store, place->other, 6, 1);
}

static void
journal_some(struct place *place)
{
	struct store *store = place->bed.store;
	g_autoptr(GError) error = NULL;
	gint64 step = 0;

	store_journal_flags(store, &place->ids[1], 2, FLAG_FLAGGED, 0, "Word", NULL, &step, &error);
	g_assert_no_error(error);
	step = 0;
	store_journal_move(store, &place->ids[3], 2, place->other, &step, &error);
	g_assert_no_error(error);
	step = 0;
	store_journal_purge(store, &place->ids[6], 1, &step, &error);
	g_assert_no_error(error);
}

static void
place_down(struct place *place, gconstpointer unused)
{
	bed_down(&place->bed, NULL);
}

#define PLACE_TEST(path, function) g_test_add(path, struct place, NULL, place_up, function, place_down)

/* ---- looking, repairing ---- */

struct heard {
	GString *kinds; /* "row:INBOX " for each finding */
	guint left;
};

static void
hear(const struct store_finding *finding, void *user)
{
	struct heard *heard = user;

	g_string_append_printf(heard->kinds, "%s:%s ", finding->kind, finding->where);
	heard->left += !finding->repaired;
	g_test_message("%s:%s: %s; %s", finding->kind, finding->where, finding->text,
	               finding->repaired ? finding->done : finding->remedy);
	g_assert_true(g_utf8_validate(finding->text, -1, NULL));
	g_assert_null(strchr(finding->text, '\n'));
}

static char *
looked(const char *dir)
{
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GError) error = NULL;

	g_assert_true(store_check(dir, hear, &heard, &error));
	g_assert_no_error(error);
	return g_string_free(heard.kinds, FALSE);
}

static char *
repaired(const char *dir)
{
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GError) error = NULL;

	g_assert_true(store_repair(dir, hear, &heard, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(heard.left, ==, 0);
	return g_string_free(heard.kinds, FALSE);
}

static void
assert_clean(const char *dir)
{
	g_autofree char *found = looked(dir);

	g_assert_cmpstr(found, ==, "");
}

static char *
body_path(const struct place *place, msgid id, const char *rest)
{
	return g_strdup_printf("%s/mail/%02x/%" G_GINT64_FORMAT "%s", place->bed.dir, (guint)(id & 0xff), id,
	                       rest);
}

static char *
aside_of(const char *dir)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(list)))
		if (g_str_has_prefix(name, "damaged-"))
			return g_build_filename(dir, name, NULL);
	return NULL;
}

/* ---- a store that is right ---- */

static void
a_sound_store_is_clean(struct place *place, gconstpointer unused)
{
	assert_clean(place->bed.dir);
	journal_some(place);
	assert_clean(place->bed.dir);
	g_autofree char *done = repaired(place->bed.dir);

	g_assert_cmpstr(done, ==, "");
}

/* An op that failed is there until somebody has seen why, though its folder went: that is no damage. */
static void
what_failed_is_left(struct place *place, gconstpointer unused)
{
	journal_some(place);
	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "UPDATE op SET state = 3, target = 77 WHERE verb = 0");
	damage(place->bed.dir, "UPDATE message SET pending_add = 0, pending_remove = 0, keywords_add = NULL");
	damage(place->bed.dir, "UPDATE folder SET unread = (SELECT count(*) FROM message"
	                       " WHERE folder = folder.id AND base & 1 = 0)");
	assert_clean(place->bed.dir);
	bed_reopen(&place->bed);
}

/* ---- each kind of damage ---- */

static const struct kind {
	const char *name, *sql, *found;
	gboolean journal; /* with changes that wait */
} kinds[] = {
        {"total", "UPDATE folder SET total = total + 3 WHERE path = 'INBOX'", "counter:INBOX", FALSE},
        {"unread", "UPDATE folder SET unread = 0 WHERE path = 'INBOX'", "counter:INBOX", FALSE},
        {"unread-base", "UPDATE folder SET unread_base = 0", "counter:INBOX", FALSE},
        {"bound", "UPDATE folder SET bound = 1 WHERE path = 'INBOX'", "counter:INBOX", FALSE},
        {"threads", "UPDATE folder SET threads = 1 WHERE path = 'INBOX'", "counter:INBOX", FALSE},
        {"head", "UPDATE message SET head = 1 - head WHERE folder = 1 AND uid = 2", "thread:INBOX", FALSE},
        {"no-head", "UPDATE message SET head = 0", "thread:INBOX", FALSE},
        {"thread-count", "UPDATE message SET thread_count = 77 WHERE head", "thread:INBOX", FALSE},
        {"thread-unread", "UPDATE message SET thread_unread = 77 WHERE head", "thread:INBOX", FALSE},
        {"no-envelope", "DELETE FROM envelope WHERE id = 9", "row:INBOX", FALSE},
        {"no-row", "DELETE FROM message WHERE id = 9", "row:", FALSE},
        {"no-rows", "DELETE FROM message", "row:", TRUE},
        {"no-folder", "UPDATE message SET folder = 77 WHERE id = 9", "row:", FALSE},
        {"nowhere", "UPDATE message SET uid = NULL WHERE id = 9", "row:INBOX", FALSE},
        {"flags", "UPDATE message SET base = 4097 WHERE id = 9", "row:INBOX", FALSE},
        {"uid-type", "UPDATE message SET uid = 'nine' WHERE id = 9", "row:INBOX", FALSE},
        {"size-type", "UPDATE message SET size = x'00ff' WHERE id = 9", "row:INBOX", FALSE},
        {"bytes", "UPDATE envelope SET subject = CAST(x'48ff6c' AS TEXT) WHERE id = 9", "row:INBOX", FALSE},
        {"bytes-with-body", "UPDATE envelope SET subject = CAST(x'48ff6c' AS TEXT) WHERE id = 1", "row:INBOX",
         FALSE},
        {"bytes-with-op", "UPDATE envelope SET subject = CAST(x'ff' AS TEXT) WHERE id = 2; DELETE FROM part",
         "row:INBOX", TRUE},
        {"masks", "UPDATE message SET pending_add = 4 WHERE id = 9", "row:INBOX", FALSE},
        {"masks-at-odds", "UPDATE message SET pending_remove = 4 WHERE id = 1", "row:INBOX", TRUE},
        {"keywords", "UPDATE message SET keywords_add = 'x' WHERE id = 9", "row:INBOX", FALSE},
        {"last-id", "UPDATE meta SET value = 3 WHERE key = 'last_id'", "row:", FALSE},
        {"have", "UPDATE message SET have = have | 8 WHERE id = 9", "body:INBOX", FALSE},
        {"have-not", "UPDATE message SET have = 0 WHERE id = 1", "body:INBOX", FALSE},
        {"structure", "INSERT INTO structure VALUES (99, '')", "row:", FALSE},
        {"structure-text",
         "UPDATE structure SET tree = replace(tree, 'text', 'te|xt') WHERE id = 1;"
         "UPDATE structure SET tree = '1' || x'0a' || 'te' WHERE id = 2",
         "row:INBOX", FALSE},
        {"structure-lost", "DELETE FROM structure WHERE id = 1", "body:INBOX", FALSE},
        {"structure-unknown", "UPDATE message SET have = have & ~1 WHERE id = 1", "body:INBOX", FALSE},
        {"part", "INSERT INTO part VALUES (99, '', 5)", "body:", FALSE},
        {"windows", "UPDATE folder SET windows = '1:x' WHERE path = 'INBOX'", "window:INBOX", FALSE},
        {"windows-beyond", "UPDATE folder SET windows = '1:500' WHERE path = 'INBOX'", "window:INBOX", FALSE},
        {"place-without-row", "INSERT INTO place VALUES (99, 1, 99, NULL)", "place:", FALSE},
        {"two-places", "INSERT INTO place VALUES (9, 2, 99, NULL)", "place:Plans", FALSE},
        {"stray", "DELETE FROM op_row WHERE id = 3", "place:Plans", TRUE},
        {"no-place", "DELETE FROM place; DELETE FROM op; DELETE FROM op_row", "row:Plans", TRUE},
        {"limbo", "DELETE FROM limbo", "row:", TRUE},
        {"limbo-without-row", "INSERT INTO limbo VALUES (99, 0, 0, 0)", "row:", FALSE},
        {"awaited", "INSERT INTO awaited (id, folder, since, mark) VALUES (99, 1, 0, 0)", "row:", FALSE},
        {"awaited-of-no-sense",
         "INSERT INTO awaited VALUES (1, 'meta', 'meta', 2, 'x'), (2, 1, 0, 'x', 0), (3, 77, 0, 0, 0)",
         "row:", FALSE},
        {"unbound", "INSERT INTO unbound VALUES (1, 0, 99)", "row:", FALSE},
        {"unbound-of-no-sense", "INSERT INTO unbound VALUES ('x', 0, 1), (1, x'00', 2), (77, 0, 3)",
         "row:", FALSE},
        {"place-of-no-sense",
         "UPDATE place SET uid = 'x' WHERE id = 3; UPDATE place SET uid = NULL WHERE id = 4", "place:", TRUE},
        {"arrival", "INSERT INTO arrival VALUES (99, 1, 0), (1, 'x', 0)", "row:", FALSE},
        {"drop", "INSERT INTO maildrop VALUES (1, x'00', 0, 0, 0, 99, 0, 0)", "row:", FALSE},
        {"drop-of-no-sense",
         "INSERT INTO maildrop VALUES (1, x'00', 0, 0, 0, NULL, 9, 0), (2, 'x', 0, 0, 0, NULL, 0, 0),"
         " (3, x'00', 0, 'x', 0, NULL, 0, 0)",
         "row:", FALSE},
        {"limbo-of-no-sense", "UPDATE limbo SET since = 'x'", "row:", TRUE},
        {"op-verb", "UPDATE op SET verb = 99", "op:", TRUE},
        {"op-state", "UPDATE op SET state = -1", "op:", TRUE},
        {"op-folder",
         "UPDATE op SET folder = 77 WHERE folder <> 0; UPDATE op SET target = 77 WHERE target <> 0",
         "op:", TRUE},
        {"op-without-rows", "DELETE FROM op_row", "op:", TRUE},
        {"rows-without-op", "DELETE FROM op", "op:", TRUE},
        {"op-of-nobody", "INSERT INTO op_row (op, id) SELECT id, 99 FROM op", "op:", TRUE},
        {"step", "DELETE FROM step", "op:", TRUE},
        {"path", "UPDATE folder SET path = 'Plann' WHERE path = 'Plans'", "op:Plann", FALSE},
        {"name-of-inbox", "UPDATE folder SET wire = 'INBOy' WHERE path = 'INBOX'", "op:INBOX", TRUE},
        {"server-path", "UPDATE folder SET server_path = 'Plann' WHERE path = 'Plans'", "op:Plans", FALSE},
        {"removed", "UPDATE folder SET removed = 1 WHERE path = 'INBOX'", "op:INBOX", FALSE},
        {"subscribed", "UPDATE folder SET subscribed = NOT subscribed WHERE path = 'INBOX'", "op:INBOX",
         FALSE},
        {"shown-elsewhere", "UPDATE message SET folder = 1 WHERE id = 3", "place:INBOX", TRUE},
        {"purge-of-another", "INSERT INTO op_row (op, id) SELECT id, 9 FROM op WHERE verb = 3", "place:INBOX",
         TRUE},
        {"replacement-of-another",
         "UPDATE op SET verb = 11, target = 1 WHERE verb = 3;"
         "UPDATE op_row SET source = -1 WHERE op IN (SELECT id FROM op WHERE verb = 11);"
         "INSERT INTO op_row (op, id, source) SELECT id, 9, -1 FROM op WHERE verb = 11",
         "place:INBOX", TRUE},
        {"move-of-another", "INSERT INTO op_row (op, id) SELECT id, 9 FROM op WHERE verb = 1", "place:INBOX",
         TRUE},
        {"uid-beyond", "UPDATE message SET uid = 99, size = 'x' WHERE id = 9", "row:INBOX", FALSE},
};

static void
damage_is_found_and_put_right(gconstpointer data)
{
	const struct kind *kind = data;
	struct place place;
	g_autofree char *found = NULL, *mended = NULL;

	memset(&place, 0, sizeof place);
	place_up(&place, NULL);
	if (kind->journal)
		journal_some(&place);
	store_close(g_steal_pointer(&place.bed.store));
	damage(place.bed.dir, kind->sql);
	found = looked(place.bed.dir);
	g_assert_nonnull(strstr(found, kind->found));
	mended = repaired(place.bed.dir);
	g_assert_cmpstr(mended, ==, found);
	assert_clean(place.bed.dir);
	place_down(&place, NULL);
}

static void
what_is_in_doubt_is_compared_anew(struct place *place, gconstpointer unused)
{
	g_autofree char *done = NULL;
	struct store_folder *folder;

	damage(place->bed.dir, "DELETE FROM envelope WHERE id = 9");
	done = repaired(place->bed.dir);
	bed_reopen(&place->bed);
	folder = folder_of(place->bed.store, place->bed.inbox);
	g_assert_false(folder->complete);
	g_assert_cmpuint(folder->modseq, ==, 0);
	g_assert_cmpint(folder->synced, ==, 0);
	g_assert_cmpuint(folder->uidvalidity, ==, 7);
	g_assert_cmpint(folder->rows, ==, MAILS - 1);
	store_folder_free(folder);
	folder = folder_of(place->bed.store, place->other);
	g_assert_true(folder->complete);
	store_folder_free(folder);
}

static void
a_header_is_read_from_the_body_again(struct place *place, gconstpointer unused)
{
	g_autofree char *done = NULL;
	struct store_row *row;

	damage(place->bed.dir, "UPDATE envelope SET subject = CAST(x'ff' AS TEXT) WHERE id = 1");
	done = repaired(place->bed.dir);
	row = store_row(place->bed.store, place->ids[1], NULL);
	g_assert_nonnull(row);
	g_assert_cmpstr(row->subject, ==, "Hello");
	g_assert_cmpstr(row->message_id, ==, "<m1@example.org>");
	store_row_free(row);
}

/* ---- indexes ---- */

/* An entry of the index points nowhere: made by telling SQLite that there is no index while a row changes. */
static void
an_index_is_made_anew(struct place *place, gconstpointer unused)
{
	g_autofree char *found = NULL, *done = NULL;

	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA writable_schema = ON;"
	                       "CREATE TABLE saved AS SELECT * FROM sqlite_schema WHERE name = 'message_uid';"
	                       "DELETE FROM sqlite_schema WHERE name = 'message_uid';");
	damage(place->bed.dir, "UPDATE message SET uid = 1009 WHERE id = 9");
	damage(place->bed.dir, "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM saved;");
	damage(place->bed.dir, "DROP TABLE saved");
	found = looked(place->bed.dir);
	g_assert_nonnull(strstr(found, "database:"));
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	g_assert_cmpint(ask(place->bed.dir, "SELECT count(*) FROM message WHERE id = 9"), ==, 0);
	g_assert_cmpint(ask(place->bed.dir, "SELECT count(*) FROM message"), ==, MAILS);
	bed_reopen(&place->bed);
}

/* So many faults of indexes that SQLite does not come to tell of the table. */
static void
worse_than_indexes_is_found_behind_them(struct place *place, gconstpointer unused)
{
	g_autofree char *done = NULL, *aside = NULL;

	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA writable_schema = ON;"
	                       "CREATE TABLE saved AS SELECT * FROM sqlite_schema WHERE name IN"
	                       " ('message_uid', 'message_list');"
	                       "DELETE FROM sqlite_schema WHERE name IN ('message_uid', 'message_list');"
	                       "UPDATE sqlite_schema SET sql = replace(sql, 'key TEXT', 'key INT')"
	                       " WHERE name = 'meta'");
	damage(place->bed.dir, "UPDATE message SET uid = uid + 1000, received = received + 1000;"
	                       "INSERT INTO meta VALUES (9, 9)");
	damage(place->bed.dir, "PRAGMA writable_schema = ON;"
	                       "UPDATE sqlite_schema SET sql = replace(sql, 'key INT', 'key TEXT')"
	                       " WHERE name = 'meta';"
	                       "INSERT INTO sqlite_schema SELECT * FROM saved");
	damage(place->bed.dir, "DROP TABLE saved");
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	aside = aside_of(place->bed.dir);
	g_assert_nonnull(aside);
	bed_reopen(&place->bed);
}

/* ---- bodies ---- */

static void
bodies_that_are_not_there_are_forgotten(struct place *place, gconstpointer unused)
{
	g_autofree char *gone = body_path(place, place->ids[1], ".eml"),
	                *cut = body_path(place, place->ids[2], ".eml");
	g_autofree char *part = body_path(place, place->ids[7], "/1"), *found = NULL, *done = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(unlink(gone), ==, 0);
	g_assert_cmpint(truncate(cut, 5), ==, 0);
	g_assert_cmpint(unlink(part), ==, 0);
	found = looked(place->bed.dir);
	g_assert_cmpstr(found, ==, "body:INBOX body:INBOX body:INBOX ");
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	bed_reopen(&place->bed);
	g_assert_null(store_part(place->bed.store, place->ids[1], "", &error));
	g_assert_no_error(error);
	g_assert_false(store_has_part(place->bed.store, place->ids[7], "1"));
	g_assert_true(store_has_part(place->bed.store, place->ids[3], ""));
}

static void
bodies_of_mails_that_are_there_are_not_thrown_away(struct place *place, gconstpointer unused)
{
	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "INSERT INTO trash SELECT id FROM message");
	bed_reopen(&place->bed);
	g_assert_true(store_has_part(place->bed.store, place->ids[1], ""));
	assert_clean(place->bed.dir);
	g_assert_cmpint(ask(place->bed.dir, "SELECT count(*) FROM trash"), ==, 0);
}

static void
files_of_nobody_go(struct place *place, gconstpointer unused)
{
	g_autofree char *orphan = body_path(place, 4711, ".eml"),
	                *half = body_path(place, 4711, ".eml.part2");
	g_autofree char *dir = body_path(place, 4711, ""), *part = body_path(place, 4711, "/1.2");
	g_autofree char *under_way = body_path(place, place->ids[9], ".eml.part");
	g_autofree char *shard = g_path_get_dirname(orphan),
	                *mail = g_build_filename(place->bed.dir, "mail", NULL);
	g_autofree char *theirs = g_build_filename(mail, "notes.txt", NULL), *found = NULL, *done = NULL;

	g_mkdir_with_parents(dir, 0700);
	g_assert_true(g_file_set_contents(orphan, "x", 1, NULL) && g_file_set_contents(half, "x", 1, NULL) &&
	              g_file_set_contents(part, "x", 1, NULL) && g_file_set_contents(theirs, "x", 1, NULL));
	g_mkdir_with_parents(shard, 0700);
	{
		g_autofree char *above = g_path_get_dirname(under_way);

		g_mkdir_with_parents(above, 0700);
	}
	g_assert_true(g_file_set_contents(under_way, "x", 1, NULL));
	/* What was written this minute may be a download that is about to be told. */
	assert_clean(place->bed.dir);
	age_files(mail);
	found = looked(place->bed.dir);
	g_assert_cmpstr(found, ==, "file: file: file: ");
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	g_assert_false(g_file_test(orphan, G_FILE_TEST_EXISTS) || g_file_test(half, G_FILE_TEST_EXISTS) ||
	               g_file_test(dir, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(theirs, G_FILE_TEST_EXISTS) && g_file_test(under_way, G_FILE_TEST_EXISTS));
}

/* One file shown twice, one row deleted: the file stays. */
static void
a_body_that_is_shared_outlives_one_of_its_rows(struct place *place, gconstpointer unused)
{
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;
	gint64 step = 0;

	store_journal_copy(place->bed.store, &place->ids[1], 1, place->other, copies, &step, &error);
	g_assert_no_error(error);
	assert_clean(place->bed.dir);
	g_assert_true(store_remove(place->bed.store, place->ids[1], &error));
	g_assert_no_error(error);
	assert_clean(place->bed.dir);
	g_autoptr(GBytes) bytes = store_part(place->bed.store, g_array_index(copies, msgid, 0), "", &error);

	g_assert_no_error(error);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, strlen(body_of(1)));
	g_assert_true(store_remove(place->bed.store, g_array_index(copies, msgid, 0), &error));
	assert_clean(place->bed.dir);
}

/* ---- a database that cannot be read ---- */

static void
write_at(const char *dir, gsize at, const void *bytes, gsize len)
{
	g_autofree char *path = g_build_filename(dir, "store.db", NULL);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(pwrite(fd, bytes, len, (off_t)at), ==, (gssize)len);
	close(fd);
}

static void
garbage_is_set_aside(struct place *place, gconstpointer unused)
{
	g_autofree char *found = NULL, *done = NULL, *aside = NULL, *db = NULL, *body = NULL;
	char junk[4 * 4096];

	store_close(g_steal_pointer(&place->bed.store));
	memset(junk, 'x', sizeof junk);
	for (gsize at = 0; at < 64 * 4096; at += sizeof junk)
		write_at(place->bed.dir, at, junk, sizeof junk);
	found = looked(place->bed.dir);
	g_assert_cmpstr(found, ==, "database: ");
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	aside = aside_of(place->bed.dir);
	g_assert_nonnull(aside);
	db = g_build_filename(aside, "store.db", NULL);
	body = g_strdup_printf("%s/mail/%02x/%" G_GINT64_FORMAT ".eml", aside, (guint)place->ids[1],
	                       place->ids[1]);
	g_assert_true(g_file_test(db, G_FILE_TEST_EXISTS) && g_file_test(body, G_FILE_TEST_EXISTS));
	g_assert_cmpint(ask(place->bed.dir, "SELECT count(*) FROM message"), ==, 0);
	/* Numbers go on behind those that name files. */
	g_assert_cmpint(ask(place->bed.dir, "SELECT value FROM meta WHERE key = 'last_id'"), >=, 7);
	bed_reopen(&place->bed);
}

static gint64
root_of(const char *dir, const char *table)
{
	g_autofree char *sql = g_strdup_printf("SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);

	return ask(dir, sql);
}

/* The root of a table is gone: nothing of it can be read, everything of the others. */
static void
what_can_be_read_is_taken_over(struct place *place, gconstpointer unused)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GError) error = NULL;
	g_autofree char *done = NULL;
	gint64 root, before;
	char junk[4096];
	struct store_undo *undo;

	journal_some(place);
	store_close(g_steal_pointer(&place->bed.store));
	root = root_of(place->bed.dir, "structure");
	before = ask(place->bed.dir, "SELECT count(*) FROM op");
	g_assert_cmpint(before, >=, 3);
	memset(junk, 0xa5, sizeof junk);
	write_at(place->bed.dir, (gsize)(root - 1) * 4096, junk, sizeof junk);
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	g_assert_cmpint(ask(place->bed.dir, "SELECT count(*) FROM message"), ==, MAILS + 1);
	bed_reopen(&place->bed);
	store_ops(place->bed.store, FALSE, 0, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpint(ops->len, ==, before);
	undo = store_last_undo(place->bed.store, &error);
	g_assert_no_error(error);
	g_assert_nonnull(undo);
	store_undo_free(undo);
	g_assert_true(store_has_part(place->bed.store, place->ids[1], ""));
}

/* However much of it finds room: it is said that it is too little, or all is there. */
static void
a_full_disk_loses_nothing(struct place *place, gconstpointer unused)
{
	static const char held[] = "SELECT sum(length(subject)) FROM envelope";
	struct heard heard = {g_string_new(NULL), 0};
	struct rlimit unlimited, limit;
	gboolean done = FALSE;
	gint64 root, before;
	char junk[4096];
	guint failed = 0;

	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "UPDATE envelope SET subject = hex(randomblob(20000))");
	before = ask(place->bed.dir, held);
	root = root_of(place->bed.dir, "structure");
	memset(junk, 0xa5, sizeof junk);
	write_at(place->bed.dir, (gsize)(root - 1) * 4096, junk, sizeof junk);
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &unlimited), ==, 0);
	limit = unlimited;
	for (limit.rlim_cur = 256 * 1024; !done && limit.rlim_cur < 2048 * 1024;
	     limit.rlim_cur += 32 * 1024) {
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
		done = store_repair(place->bed.dir, hear, &heard, &error);
		g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &unlimited), ==, 0);
		g_assert_true(done == (error == NULL));
		g_assert_true(done || strstr(error->message, "no room left"));
		failed += !done;
	}
	g_assert_true(done);
	g_assert_cmpuint(failed, >, 0);
	g_assert_cmpint(ask(place->bed.dir, held), ==, before);
	g_string_free(heard.kinds, TRUE);
	bed_reopen(&place->bed);
}

/* What the tables are is known, whatever the database says of them: all that they hold is read. */
static void
all_is_taken_over(struct place *place)
{
	gint64 ops, rows, names;
	g_autofree char *found = looked(place->bed.dir), *done = NULL;

	g_assert_nonnull(strstr(found, "database: "));
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	check_store(place->bed.dir);
	ops = ask(place->bed.dir, "SELECT count(*) FROM op_row JOIN op ON op.id = op_row.op");
	rows = ask(place->bed.dir, "SELECT count(*) FROM message JOIN envelope USING (id)");
	names = ask(place->bed.dir, "SELECT count(*) FROM folder WHERE path IN ('INBOX', 'Plans')");
	g_assert_cmpint(ops, ==, 5);
	g_assert_cmpint(rows, ==, MAILS + 1);
	g_assert_cmpint(names, ==, 2);
}

static void
tables_that_are_misspelt_are_read(gconstpointer data)
{
	g_autofree char *sql = g_strdup_printf("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET %s",
	                                       (const char *)data);
	struct place place;

	memset(&place, 0, sizeof place);
	place_up(&place, NULL);
	journal_some(&place);
	store_close(g_steal_pointer(&place.bed.store));
	damage(place.bed.dir, sql);
	all_is_taken_over(&place);
	place_down(&place, NULL);
}

/* The pages of the schema are those of every new store. */
static void
tables_that_are_not_told_of_are_read(struct place *place, gconstpointer unused)
{
	g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(gint64));
	char junk[4096];

	journal_some(place);
	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA wal_checkpoint(TRUNCATE)");
	for (guint i = 0;; i++) {
		g_autofree char *sql = g_strdup_printf(
		        "SELECT pageno FROM dbstat WHERE name = 'sqlite_schema' LIMIT 1 OFFSET %u", i);
		gint64 page = ask(place->bed.dir, sql);

		if (!page)
			break;
		g_array_append_val(pages, page);
	}
	g_assert_cmpuint(pages->len, >, 1);
	memset(junk, 0xa5, sizeof junk);
	for (guint i = 0; i < pages->len; i++)
		write_at(place->bed.dir, (gsize)(g_array_index(pages, gint64, i) - 1) * 4096, junk,
		         sizeof junk);
	all_is_taken_over(place);
	bed_reopen(&place->bed);
}

static const char *const misspelt[] = {
        "sql = replace(sql, 'server_total INTEGER', 'server_tot|l INTEGER')",
        "sql = replace(sql, 'delimiter INTEGER', 'delimiteq INTEGER') WHERE name = 'folder'",
        "sql = replace(sql, 'CREATE', 'CREAPE') WHERE name = 'op'",
        "sql = replace(sql, 'PRIMARY', 'QRIMARY') WHERE name = 'message'",
        "sql = replace(sql, 'TABLE', 'TABLU')",
        "name = 'opp', tbl_name = 'opp' WHERE name = 'op'",
        "tbl_name = 'x' WHERE name = 'message_uid'",
        "type = 'tables' WHERE name = 'op_row'",
        "sql = replace(sql, 'folder, received DESC', 'folder, received') WHERE name = 'message_list'",
};

/* A page in the middle of a large table: what lies before it and behind it is read. */
static void
a_hole_in_a_table_is_gone_around(struct place *place, gconstpointer unused)
{
	g_autofree char *done = NULL;
	gint64 pages, page, here;
	char junk[4096];

	begin(place->bed.store);
	for (guint n = 100; n < 3100; n++)
		add_mail(place->bed.store, place->other,
		         &(struct mail){.uid = n,
		                        .received = n,
		                        .subject = "A subject of some length, to fill pages"});
	commit(place->bed.store);
	set_state(place->bed.store, place->other, 3100, 3000);
	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA wal_checkpoint(TRUNCATE)");
	pages = ask(place->bed.dir,
	            "SELECT count(*) FROM dbstat WHERE name = 'envelope' AND pagetype = 'leaf'");
	g_assert_cmpint(pages, >, 20);
	page = ask(place->bed.dir,
	           "SELECT pageno FROM dbstat WHERE name = 'envelope' AND pagetype = 'leaf' ORDER BY path"
	           " LIMIT 1 OFFSET 10");
	memset(junk, 0x5a, sizeof junk);
	write_at(place->bed.dir, (gsize)(page - 1) * 4096, junk, sizeof junk);
	done = repaired(place->bed.dir);
	assert_clean(place->bed.dir);
	here = ask(place->bed.dir, "SELECT count(*) FROM message");
	g_assert_cmpint(here, <, 3000 + MAILS + 1);
	g_assert_cmpint(here, >, 2800);
	bed_reopen(&place->bed);
}

static void
flipped_bits_end_in_a_sound_store(struct place *place, gconstpointer unused)
{
	g_autofree char *path = g_build_filename(place->bed.dir, "store.db", NULL), *good = NULL;
	gsize size;

	begin(place->bed.store);
	for (guint n = 100; n < 400; n++)
		add_mail(place->bed.store, place->other, &(struct mail){.uid = n, .received = n});
	commit(place->bed.store);
	set_state(place->bed.store, place->other, 400, 300);
	journal_some(place);
	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA wal_checkpoint(TRUNCATE)");
	g_assert_true(g_file_get_contents(path, &good, &size, NULL));
	for (guint round = 0; round < 40; round++) {
		g_autofree char *bad = g_memdup2(good, size);
		g_autofree char *aside = NULL;
		g_autoptr(GError) error = NULL;
		struct heard heard = {g_string_new(NULL), 0};

		for (guint i = 0; i < 1 + round / 4; i++)
			bad[g_test_rand_int_range(100, (gint32)size)] ^=
			        (char)(1 << g_test_rand_int_range(0, 8));
		g_assert_true(g_file_set_contents(path, bad, (gssize)size, NULL));
		if (!store_repair(place->bed.dir, hear, &heard, &error))
			g_error("%s", error->message);
		g_assert_cmpuint(heard.left, ==, 0);
		g_string_free(heard.kinds, TRUE);
		assert_clean(place->bed.dir);
		check_store(place->bed.dir);
		bed_reopen(&place->bed);
		store_close(g_steal_pointer(&place->bed.store));
		while ((aside = aside_of(place->bed.dir))) {
			files_remove_tree(aside);
			g_clear_pointer(&aside, g_free);
		}
	}
	bed_reopen(&place->bed);
}

/* ---- others ---- */

static void
a_journal_in_other_hands_is_left_alone(struct place *place, gconstpointer unused)
{
	g_autofree char *path = g_build_filename(place->bed.dir, "journal.lock", NULL);
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GError) error = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
	damage(place->bed.dir, "UPDATE folder SET total = 0");
	g_assert_false(store_repair(place->bed.dir, hear, &heard, &error));
	g_assert_nonnull(strstr(error->message, "another fulmar"));
	g_clear_error(&error);
	g_assert_false(store_rebuild(place->bed.dir, "INBOX", hear, &heard, &error));
	g_assert_cmpstr(heard.kinds->str, ==, "");
	g_assert_true(store_check(place->bed.dir, hear, &heard, NULL));
	g_assert_cmpstr(heard.kinds->str, !=, "");
	close(fd);
	g_string_free(heard.kinds, TRUE);
	g_free(repaired(place->bed.dir));
}

/* Another process reads it: what it has open must not become another file under its hands. */
static void
a_store_in_use_is_not_set_aside(struct place *place, gconstpointer unused)
{
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GError) error = NULL;
	int ready[2], end[2], status;
	char c = 0, junk[4096];
	gint64 root;
	pid_t child;

	store_close(g_steal_pointer(&place->bed.store));
	root = root_of(place->bed.dir, "structure");
	g_assert_true(pipe(ready) == 0 && pipe(end) == 0);
	child = fork();
	if (child == 0) {
		struct store *store = store_open(place->bed.dir, STORE_READ, NULL);
		gboolean ok = store && write(ready[1], &c, 1) == 1;

		close(end[1]);
		ok = ok && read(end[0], &c, 1) == 0;
		_exit(ok ? 0 : 1);
	}
	g_assert_cmpint(read(ready[0], &c, 1), ==, 1);
	memset(junk, 0xa5, sizeof junk);
	write_at(place->bed.dir, (gsize)(root - 1) * 4096, junk, sizeof junk);
	g_assert_false(store_repair(place->bed.dir, hear, &heard, &error));
	g_assert_nonnull(strstr(error->message, "open"));
	close(end[1]);
	waitpid(child, &status, 0);
	g_assert_cmpint(status, ==, 0);
	g_string_free(heard.kinds, TRUE);
	g_free(repaired(place->bed.dir));
	bed_reopen(&place->bed);
	close(ready[0]);
	close(ready[1]);
	close(end[0]);
}

static void
a_newer_store_is_left_alone(struct place *place, gconstpointer unused)
{
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GError) error = NULL;
	g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %" G_GINT64_FORMAT,
	                                         ask(place->bed.dir, "PRAGMA user_version"));

	store_close(g_steal_pointer(&place->bed.store));
	damage(place->bed.dir, "PRAGMA user_version = 999");
	g_assert_false(store_check(place->bed.dir, hear, &heard, &error));
	g_assert_nonnull(strstr(error->message, "newer"));
	g_clear_error(&error);
	g_assert_false(store_repair(place->bed.dir, hear, &heard, &error));
	g_assert_nonnull(strstr(error->message, "newer"));
	g_assert_cmpstr(heard.kinds->str, ==, "");
	damage(place->bed.dir, stamp);
	g_string_free(heard.kinds, TRUE);
	bed_reopen(&place->bed);
}

/* ---- one folder built anew ---- */

static void
a_folder_is_built_anew(struct place *place, gconstpointer unused)
{
	struct heard heard = {g_string_new(NULL), 0};
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GError) error = NULL;
	struct store_folder *folder;
	struct store *store;

	journal_some(place);
	damage(place->bed.dir, "UPDATE envelope SET subject = 'Hallo' WHERE id = 1");
	g_assert_true(store_rebuild(place->bed.dir, "INBOX", hear, &heard, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(heard.kinds->str, ==, "row:INBOX ");
	g_string_free(heard.kinds, TRUE);
	assert_clean(place->bed.dir);
	bed_reopen(&place->bed);
	store = place->bed.store;
	folder = folder_of(store, place->bed.inbox);
	g_assert_cmpuint(folder->uidvalidity, ==, 0);
	g_assert_cmpstr(folder->windows, ==, "");
	store_folder_free(folder);
	/* The headers come: those with a text or a change are known again, the others are new. */
	begin(store);
	for (guint n = 1; n <= MAILS; n++) {
		g_autofree char *id = g_strdup_printf("<m%u@example.org>", n);
		msgid got = add_mail(store, place->bed.inbox,
		                     &(struct mail){.uid = n,
		                                    .received = 1000 + n,
		                                    .flags = n % 2 ? FLAG_SEEN : 0,
		                                    .id = id,
		                                    .size = strlen(body_of(n))});

		if (n <= 7)
			g_assert_cmpint(got, ==, place->ids[n]);
		else
			g_assert_cmpint(got, >, place->elsewhere);
	}
	commit(store);
	struct store_row *row = store_row(store, place->ids[1], NULL);

	g_assert_cmpstr(row->subject, ==, "Hello");
	g_assert_cmpuint(row->uid, ==, 1);
	g_assert_cmpuint(row->flags & FLAG_FLAGGED, ==, FLAG_FLAGGED);
	store_row_free(row);
	store_ops(store, FALSE, 0, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ops->len, >=, 3);
	assert_clean(place->bed.dir);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	PLACE_TEST("/check/a-sound-store-is-clean", a_sound_store_is_clean);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *path = g_strconcat("/check/damage/", kinds[i].name, NULL);

		g_test_add_data_func(path, &kinds[i], damage_is_found_and_put_right);
	}
	PLACE_TEST("/check/what-failed-is-left", what_failed_is_left);
	PLACE_TEST("/check/what-is-in-doubt-is-compared-anew", what_is_in_doubt_is_compared_anew);
	PLACE_TEST("/check/a-header-is-read-from-the-body-again", a_header_is_read_from_the_body_again);
	PLACE_TEST("/check/an-index-is-made-anew", an_index_is_made_anew);
	PLACE_TEST("/check/worse-than-indexes-is-found-behind-them", worse_than_indexes_is_found_behind_them);
	PLACE_TEST("/check/bodies-that-are-not-there-are-forgotten", bodies_that_are_not_there_are_forgotten);
	PLACE_TEST("/check/bodies-of-mails-that-are-there-are-not-thrown-away",
	           bodies_of_mails_that_are_there_are_not_thrown_away);
	PLACE_TEST("/check/files-of-nobody-go", files_of_nobody_go);
	PLACE_TEST("/check/a-body-that-is-shared-outlives-one-of-its-rows",
	           a_body_that_is_shared_outlives_one_of_its_rows);
	PLACE_TEST("/check/garbage-is-set-aside", garbage_is_set_aside);
	PLACE_TEST("/check/what-can-be-read-is-taken-over", what_can_be_read_is_taken_over);
	PLACE_TEST("/check/a-full-disk-loses-nothing", a_full_disk_loses_nothing);
	for (guint i = 0; i < G_N_ELEMENTS(misspelt); i++) {
		g_autofree char *path = g_strdup_printf("/check/tables-that-are-misspelt-are-read/%u", i);

		g_test_add_data_func(path, misspelt[i], tables_that_are_misspelt_are_read);
	}
	PLACE_TEST("/check/tables-that-are-not-told-of-are-read", tables_that_are_not_told_of_are_read);
	PLACE_TEST("/check/a-hole-in-a-table-is-gone-around", a_hole_in_a_table_is_gone_around);
	PLACE_TEST("/check/flipped-bits-end-in-a-sound-store", flipped_bits_end_in_a_sound_store);
	PLACE_TEST("/check/a-journal-in-other-hands-is-left-alone", a_journal_in_other_hands_is_left_alone);
	PLACE_TEST("/check/a-store-in-use-is-not-set-aside", a_store_in_use_is_not_set_aside);
	PLACE_TEST("/check/a-newer-store-is-left-alone", a_newer_store_is_left_alone);
	PLACE_TEST("/check/a-folder-is-built-anew", a_folder_is_built_anew);
	return g_test_run();
}
