/* What the journal's verbs meet on a Maildir: names that are taken, other programs, what is in the way, disks
 * that are full. */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "rig.h"

#define NOON 1700000000

/* ---- the rig ---- */

static gint64
folder_at(struct rig *rig, const char *path)
{
	struct store_folder *folder = store_folder_by_path(rig->store, path, NULL);
	gint64 id = folder ? folder->id : 0;

	store_folder_free(folder);
	return id;
}

static msgid
id_at(struct rig *rig, const char *path, const char *subject)
{
	struct store_row *row = rig_row(rig, path, subject);
	msgid id = row->id;

	store_row_free(row);
	return id;
}

static void
begin(struct rig *rig)
{
	rig_deliver(rig, "INBOX", "a", NOON);
	rig_deliver(rig, "INBOX", "b", NOON + 1);
	rig_deliver(rig, "INBOX", "c", NOON + 2);
	rig_link(rig);
	rig_open(rig, "Sent");
	rig_open(rig, "INBOX");
}

static void
there(struct rig *rig, const char *folder, const char *want)
{
	g_autofree char *have = rig->kind->subjects(rig, folder);

	g_assert_cmpstr(have, ==, want);
}

static void
here(struct rig *rig, const char *folder, const char *want)
{
	g_autofree char *have = rig_subjects(rig, folder);

	g_assert_cmpstr(have, ==, want);
}

static char *
path_in(struct rig *rig, const char *rel)
{
	return g_build_filename(rig->account->path, rel, NULL);
}

static void
put(struct rig *rig, const char *rel, const char *text)
{
	g_autofree char *path = path_in(rig, rel);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static gboolean
is_at(struct rig *rig, const char *rel)
{
	g_autofree char *path = path_in(rig, rel);
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
rename_in(struct rig *rig, const char *from, const char *to)
{
	g_autofree char *old = path_in(rig, from), *new = path_in(rig, to);

	g_assert_cmpint(rename(old, new), ==, 0);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a directory, sorted and joined by blanks. */
static char *
names_in(struct rig *rig, const char *rel)
{
	g_autofree char *path = path_in(rig, rel);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_text);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

static void
assert_names(struct rig *rig, const char *rel, const char *want)
{
	g_autofree char *have = names_in(rig, rel);

	g_assert_cmpstr(have, ==, want);
}

static void
move(struct rig *rig, msgid id, const char *to)
{
	GError *error = NULL;

	store_journal_move(rig->store, &id, 1, folder_at(rig, to), NULL, &error);
	g_assert_no_error(error);
}

static void
list(struct rig *rig)
{
	struct rig_done done = {0};

	rig->kind->ops->folders(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
}

/* Why the one op that failed did. Gives. */
static char *
refusal(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	store_ops(rig->store, FALSE, 0, ops, NULL);
	g_assert_cmpuint(ops->len, ==, 1);
	return g_strdup(((const struct store_op *)ops->pdata[0])->error);
}

static void
assert_refused(struct rig *rig, const char *part)
{
	g_autofree char *why = NULL;

	rig_replay(rig, FULMAR_FAILED);
	why = refusal(rig);
	g_assert_nonnull(why);
	g_assert_nonnull(strstr(why, part));
	g_assert_null(strchr(why, '\n'));
}

/* The failed op is tried again. */
static void
retry(struct rig *rig, int code)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	store_ops(rig->store, FALSE, 0, ops, NULL);
	for (guint i = 0; i < ops->len; i++) {
		store_op_set(rig->store, ((const struct store_op *)ops->pdata[i])->id, OP_WAITING, NULL, 0,
		             &error);
		g_assert_no_error(error);
	}
	rig_replay(rig, code);
}

/* ---- names ---- */

static void
a_name_that_is_taken_is_not_taken_twice(struct rig *rig)
{
	msgid id;

	begin(rig);
	put(rig, ".Sent/cur/1700000001.b.test:2,FS", "Subject: other\n\nprecious\n");
	id = id_at(rig, "INBOX", "b");
	move(rig, id, "Sent");
	rig_replay(rig, 0);
	there(rig, "INBOX", "a c");
	there(rig, "Sent", "b other");
	rig_open(rig, "Sent");
	here(rig, "Sent", "other b");
	g_assert_cmpint(id_at(rig, "Sent", "b"), ==, id);
}

/* As Dovecot copies: a second name for the same file, with the same base. */
static void
a_linked_copy_in_the_target_stays_a_second_message(struct rig *rig)
{
	g_autofree char *from = path_in(rig, "new/1700000001.b.test");
	g_autofree char *to = path_in(rig, ".Sent/cur/1700000001.b.test:2,S");
	msgid id;

	begin(rig);
	g_assert_cmpint(link(from, to), ==, 0);
	rig_open(rig, "Sent");
	id = id_at(rig, "INBOX", "b");
	for (int i = 0; i < 3; i++) {
		move(rig, id, i % 2 ? "INBOX" : "Sent");
		rig_replay(rig, 0);
	}
	there(rig, "INBOX", "a c");
	there(rig, "Sent", "b b");
	rig_open(rig, "Sent");
	here(rig, "Sent", "b b");
}

static void
isyncs_numbers_stay_behind(struct rig *rig)
{
	put(rig, "cur/1700000000.x.test,U=17:2,S", "Subject: x\n\nx\n");
	begin(rig);
	move(rig, id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	assert_names(rig, ".Sent/cur", "1700000000.x.test:2,S");
	rig_open(rig, "Sent");
	here(rig, "Sent", "x");
}

static void
keywords_of_dovecot_go_by_their_names(struct rig *rig)
{
	put(rig, "dovecot-keywords", "0 harbour\n1 sea\n");
	put(rig, ".Sent/dovecot-keywords", "0 lake\n1 harbour\n");
	put(rig, "cur/1700000000.x.test:2,Sab", "Subject: x\n\nx\n");
	begin(rig);
	move(rig, id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	assert_names(rig, ".Sent/cur", "1700000000.x.test:2,Sb");
}

static void
a_name_too_long_for_flags_becomes_a_shorter_one(struct rig *rig)
{
	g_autofree char *pad = g_strnfill(240, 'x');
	g_autofree char *name = g_strdup_printf("new/1700000000.%s", pad);

	put(rig, "tmp/x", "Subject: x\n\nx\n");
	rename_in(rig, "tmp/x", name);
	begin(rig);
	move(rig, id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	there(rig, "Sent", "x");
	rig_open(rig, "Sent");
	here(rig, "Sent", "x");
}

/* ---- other programs ---- */

static void
what_others_renamed_is_found_and_keeps_their_flags(struct rig *rig)
{
	msgid ids[3];
	GError *error = NULL;

	begin(rig);
	ids[0] = id_at(rig, "INBOX", "a");
	ids[1] = id_at(rig, "INBOX", "b");
	ids[2] = id_at(rig, "INBOX", "c");
	rig->kind->set_flags(rig, "INBOX", "b", FLAG_SEEN | FLAG_ANSWERED);
	store_journal_move(rig->store, ids, 3, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig->kind->set_flags(rig, "INBOX", "c", FLAG_FLAGGED);
	rig_replay(rig, 0);
	assert_names(rig, ".Sent/cur", "1700000000.a.test:2, 1700000001.b.test:2,RS 1700000002.c.test:2,F");
	rig_open(rig, "Sent");
	here(rig, "Sent", "c b a");
	g_assert_cmpint(id_at(rig, "Sent", "c"), ==, ids[2]);
}

static void
what_others_moved_is_not_moved_again(struct rig *rig)
{
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	move(rig, id, "Sent");
	rename_in(rig, "new/1700000001.b.test", ".Lists.harbour/cur/1700000001.b.test:2,S");
	rig_replay(rig, 0);
	there(rig, "Sent", "");
	there(rig, "Lists/harbour", "b");
	rig_open(rig, "Lists/harbour");
	here(rig, "Lists/harbour", "b");
	here(rig, "Sent", "");
	/* Known again: it is the same row. */
	g_assert_cmpint(id_at(rig, "Lists/harbour", "b"), ==, id);
}

/* inotify sees our own moves as anybody's. */
static void
our_own_moves_make_no_second_rows(struct rig *rig)
{
	gint64 inbox, sent;
	guint before;
	msgid id;

	begin(rig);
	inbox = folder_at(rig, "INBOX");
	sent = folder_at(rig, "Sent");
	id = id_at(rig, "INBOX", "b");
	rig->kind->ops->watch(rig->backend, sent);
	move(rig, id, "Sent");
	rig_replay(rig, 0);
	rig->kind->ops->watch(rig->backend, inbox);
	rig->kind->ops->watch(rig->backend, sent);
	before = rig->rows;
	rig_deliver(rig, "Sent", "z", NOON + 5);
	while (rig->arrived < 1)
		rig_wait_for(rig, &rig->rows, ++before);
	here(rig, "Sent", "z b");
	here(rig, "INBOX", "c a");
	g_assert_cmpint(id_at(rig, "Sent", "b"), ==, id);
	rig->kind->ops->watch(rig->backend, 0);
}

static void
a_copy_of_what_is_gone_is_made_of_its_text(struct rig *rig)
{
	GError *error = NULL;
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	store_journal_copy(rig->store, &id, 1, folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig->kind->remove(rig, "INBOX", "b");
	rig_replay(rig, 0);
	there(rig, "Sent", "b");
	rig_open(rig, "Sent");
	here(rig, "Sent", "b");
}

static void
a_folder_that_cannot_be_read_loses_nothing(struct rig *rig)
{
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	move(rig, id, "Sent");
	rename_in(rig, "cur", "away");
	rename_in(rig, "new", "away-new");
	assert_refused(rig, "cur");
	here(rig, "INBOX", "c b a");
	rename_in(rig, "away", "cur");
	rename_in(rig, "away-new", "new");
	retry(rig, 0);
	there(rig, "Sent", "b");
}

static void
a_scan_that_others_overtook_is_not_taken_for_whole(struct rig *rig)
{
	struct rig_done opened = {0};
	struct store_folder *folder;

	for (int i = 0; i < 150; i++) {
		g_autofree char *name = g_strdup_printf("m%03d", i);

		rig_deliver(rig, "INBOX", name, NOON + i);
	}
	rig_link(rig);
	rig->kind->ops->open(rig->backend, folder_at(rig, "INBOX"), rig_on_done, &opened);
	rig_wait(rig, &opened);
	rig->kind->set_flags(rig, "INBOX", "m003", FLAG_SEEN);
	rig_open(rig, "INBOX");
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	g_assert_cmpint(folder->rows, ==, 150);
	g_assert_true(folder->complete);
	store_folder_free(folder);
}

/* ---- what is in the store ---- */

static void
an_append_is_written_as_mail_lies_in_a_maildir(struct rig *rig)
{
	static const char text[] = "Subject: new\r\nMessage-ID: <new@harbour.example>\r\n\r\nhello\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	g_autofree char *name = NULL, *path = NULL, *written = NULL;
	struct envelope envelope;
	GError *error = NULL;
	struct stat st;
	msgid id;

	begin(rig);
	envelope_from_headers(&envelope, text, strlen(text));
	id = store_journal_append(rig->store, folder_at(rig, "Sent"),
	                          &(struct store_message){.received = NOON, .envelope = &envelope}, bytes, "",
	                          NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	rig_replay(rig, 0);
	name = names_in(rig, ".Sent/cur");
	path = g_build_filename(rig->account->path, ".Sent/cur", name, NULL);
	g_assert_true(g_file_get_contents(path, &written, NULL, NULL));
	g_assert_cmpstr(written, ==, "Subject: new\nMessage-ID: <new@harbour.example>\n\nhello\n");
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mtime, ==, NOON);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	assert_names(rig, ".Sent/tmp", "");
	rig_open(rig, "Sent");
	g_assert_cmpint(id_at(rig, "Sent", "new"), ==, id);
}

static void
what_was_purged_can_be_put_back(struct rig *rig)
{
	GError *error = NULL;
	gint64 step = 0;
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	store_journal_purge(rig->store, &id, 1, &step, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "INBOX", "a c");
	g_assert_true(store_has_part(rig->store, id, ""));
	store_undo_take_back(rig->store, step, NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "INBOX", "a b c");
	rig_open(rig, "INBOX");
	here(rig, "INBOX", "c b a");
}

/* Time stamps have whole seconds in the journal. */
static void
wait_for_the_next_second(void)
{
	time_t began = time(NULL);

	while (time(NULL) == began)
		g_usleep(5000);
}

static void
emptying_takes_what_was_never_looked_at(struct rig *rig)
{
	GError *error = NULL;

	for (int i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("m%d", i);

		rig_deliver(rig, "Sent", name, NOON + i);
	}
	rig_link(rig);
	wait_for_the_next_second();
	store_journal_empty(rig->store, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Sent", "");
}

static void
a_whole_folder_is_marked_that_was_never_looked_at(struct rig *rig)
{
	GError *error = NULL;
	struct store_row *row;

	rig_deliver(rig, "Sent", "m", NOON);
	rig_link(rig);
	wait_for_the_next_second();
	store_journal_flag_all(rig->store, folder_at(rig, "Sent"), FLAG_SEEN, 0, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	assert_names(rig, ".Sent/cur", "1700000000.m.test:2,S");
	row = rig_row(rig, "Sent", "m");
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	store_row_free(row);
}

/* ---- folders ---- */

static void
create(struct rig *rig, const char *path, const char *wire)
{
	struct store_folder folder = {.path = (char *)path,
	                              .wire = g_strdup(wire),
	                              .delimiter = '.',
	                              .role = (char *)"",
	                              .rights = (char *)"",
	                              .mailbox_id = (char *)"",
	                              .windows = (char *)"",
	                              .keep = (char *)"",
	                              .selectable = TRUE,
	                              .subscribed = TRUE};
	GError *error = NULL;

	if (!wire)
		rig->kind->ops->name_folder(rig->backend, path, &folder.wire, &folder.delimiter, &error);
	g_assert_no_error(error);
	store_journal_create(rig->store, &folder, "", NULL, &error);
	g_assert_no_error(error);
	g_free(folder.wire);
}

static void
rename_folder(struct rig *rig, const char *path, const char *to, const char *wire)
{
	g_autofree char *named = g_strdup(wire);
	GError *error = NULL;
	char delimiter;

	if (!named)
		rig->kind->ops->name_folder(rig->backend, to, &named, &delimiter, &error);
	g_assert_no_error(error);
	store_journal_rename(rig->store, folder_at(rig, path), to, named, NULL, &error);
	g_assert_no_error(error);
}

static void
remove_folder(struct rig *rig, const char *path)
{
	GError *error = NULL;

	store_journal_remove(rig->store, folder_at(rig, path), NULL, &error);
	g_assert_no_error(error);
}

static void
a_new_folder_is_a_whole_and_private_maildir(struct rig *rig)
{
	static const char *const names[] = {"", "cur", "new", "tmp"};

	put(rig, "subscriptions", "V\t2\n\nSent\n");
	begin(rig);
	create(rig, "Entwürfe/alt", NULL);
	rig_replay(rig, 0);
	assert_names(rig, ".Entw&APw-rfe.alt", "cur maildirfolder new tmp");
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
		        g_build_filename(rig->account->path, ".Entw&APw-rfe.alt", names[i], NULL);
		struct stat st;

		g_assert_cmpint(stat(path, &st), ==, 0);
		g_assert_cmpint(st.st_mode & 0777, ==, 0700);
	}
	list(rig);
	g_assert_cmpint(folder_at(rig, "Entwürfe/alt"), >, 0);
	{
		g_autofree char *path = path_in(rig, "subscriptions"), *text = NULL;

		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "V\t2\n\nSent\nEntw&APw-rfe\talt\n");
	}
}

static void
wire_names_of_a_damaged_store_lead_nowhere(struct rig *rig)
{
	static const char *const wires[] = {"../evil", "..evil", "/tmp/fulmar-evil", ".a/../../evil", "cur"};

	begin(rig);
	for (guint i = 0; i < G_N_ELEMENTS(wires); i++) {
		g_autofree char *path = g_strdup_printf("evil%u", i), *out = NULL;
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

		create(rig, path, wires[i]);
		rig_replay(rig, FULMAR_FAILED);
		out = g_build_filename(rig->account->path, wires[i], NULL);
		g_assert_true(strcmp(wires[i], "cur") == 0 || !g_file_test(out, G_FILE_TEST_EXISTS));
		store_ops(rig->store, FALSE, 0, ops, NULL);
		g_assert_cmpuint(ops->len, ==, 1);
		store_op_drop(rig->store, ((const struct store_op *)ops->pdata[0])->id, NULL);
	}
	rename_folder(rig, "Sent", "evil", "../evil");
	assert_refused(rig, "../evil");
	assert_names(rig, ".Sent", "cur new tmp");
}

static void
a_rename_takes_those_below_along(struct rig *rig)
{
	gint64 sea, deep;
	msgid id;

	put(rig, "subscriptions", "Lists.harbour\nSent\nListsmore\n");
	begin(rig);
	create(rig, "Lists/harbour/deep", NULL);
	create(rig, "Listsmore", NULL);
	rig_replay(rig, 0);
	list(rig);
	id = id_at(rig, "INBOX", "a");
	move(rig, id, "Lists/harbour/deep");
	rig_replay(rig, 0);
	sea = folder_at(rig, "Lists/harbour");
	deep = folder_at(rig, "Lists/harbour/deep");
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	g_assert_false(is_at(rig, ".Lists.harbour"));
	g_assert_false(is_at(rig, ".Lists.harbour.deep"));
	there(rig, "Sea/deep", "a");
	there(rig, "Listsmore", "");
	list(rig);
	g_assert_cmpint(folder_at(rig, "Sea"), ==, sea);
	g_assert_cmpint(folder_at(rig, "Sea/deep"), ==, deep);
	{
		g_autofree char *path = path_in(rig, "subscriptions"), *text = NULL;

		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "Sea\nSent\nListsmore\nSea.deep\n");
	}
	/* Its files are found under their new folder, at once by a verb and for good by a look at it. */
	rig_flag(rig, id, FLAG_FLAGGED, 0, NULL);
	assert_names(rig, ".Sea.deep/cur", "1700000000.a.test:2,F");
	rig_open(rig, "Sea/deep");
	g_assert_true(store_has_part(rig->store, id, ""));
}

static void
a_look_mends_paths_after_a_rename(struct rig *rig)
{
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "a");
	move(rig, id, "Lists/harbour");
	rig_replay(rig, 0);
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	g_assert_false(store_has_part(rig->store, id, ""));
	rig_open(rig, "Sea");
	g_assert_true(store_has_part(rig->store, id, ""));
}

static void
a_rename_never_replaces_a_folder(struct rig *rig)
{
	begin(rig);
	create(rig, "Lists/harbour/deep", NULL);
	rig_replay(rig, 0);
	{
		g_autofree char *other = path_in(rig, ".Sea.deep");

		g_assert_cmpint(g_mkdir(other, 0700), ==, 0);
	}
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	assert_refused(rig, ".Sea.deep");
	g_assert_true(is_at(rig, ".Lists.harbour"));
	g_assert_true(is_at(rig, ".Lists.harbour.deep"));
	g_assert_false(is_at(rig, ".Sea"));
}

static void
inbox_stays(struct rig *rig)
{
	begin(rig);
	remove_folder(rig, "INBOX");
	assert_refused(rig, "INBOX");
	there(rig, "INBOX", "a b c");
}

/* ---- removal ---- */

static void
a_removal_takes_what_mail_programs_keep_there(struct rig *rig)
{
	put(rig, "subscriptions", "Lists.harbour\nSent\n");
	put(rig, ".Lists.harbour/dovecot-uidlist", "3\n");
	put(rig, ".Lists.harbour/dovecot.index.log", "x");
	put(rig, ".Lists.harbour/maildirfolder", "");
	put(rig, ".Lists.harbour/.mbsyncstate", "x");
	put(rig, ".Lists.harbour/tmp/half", "x");
	rig_deliver(rig, "Lists/harbour", "x", NOON);
	begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	rig_replay(rig, 0);
	assert_names(rig, "", ".Sent cur new subscriptions tmp");
	list(rig);
	g_assert_cmpint(folder_at(rig, "Lists/harbour"), ==, 0);
}

static void
what_is_in_the_way_is_named_and_nothing_goes(struct rig *rig)
{
	g_autofree char *notes = path_in(rig, ".Lists.harbour/notes.txt");
	g_autofree char *folder = path_in(rig, ".Lists.harbour/cur/folder");
	g_autofree char *link_path = path_in(rig, ".Lists.harbour/cur/link");

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	put(rig, ".Lists.harbour/notes.txt", "mine");
	assert_refused(rig, ".Lists.harbour/notes.txt");
	g_assert_cmpint(g_unlink(notes), ==, 0);
	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	retry(rig, FULMAR_FAILED);
	g_assert_cmpint(g_rmdir(folder), ==, 0);
	g_assert_cmpint(symlink("/etc/passwd", link_path), ==, 0);
	retry(rig, FULMAR_FAILED);
	assert_names(rig, ".Lists.harbour/new", "1700000000.x.test");
	g_assert_cmpint(g_unlink(link_path), ==, 0);
	retry(rig, 0);
	g_assert_false(is_at(rig, ".Lists.harbour"));
}

static void
mail_that_came_meanwhile_stops_a_removal(struct rig *rig)
{
	begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	rig_deliver(rig, "Lists/harbour", "late", NOON);
	assert_refused(rig, "mail has come");
	there(rig, "Lists/harbour", "late");
	assert_names(rig, "", ".Lists.harbour .Sent cur new tmp");
}

static void
a_link_to_a_folder_is_not_followed_to_remove_it(struct rig *rig)
{
	g_autofree char *other = g_build_filename(rig->dir, "elsewhere", NULL);
	g_autofree char *at = path_in(rig, ".Lists.harbour");

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	g_assert_cmpint(rename(at, other), ==, 0);
	g_assert_cmpint(symlink(other, at), ==, 0);
	begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	assert_refused(rig, ".Lists.harbour");
	there(rig, "Lists/harbour", "x");
}

/* Also when nobody has looked at it since it was renamed. */
static void
texts_of_a_removed_folder_are_kept_for_undo(struct rig *rig)
{
	GError *error = NULL;
	gint64 step = 0;
	guint lost = 0;

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	begin(rig);
	rig_open(rig, "Lists/harbour");
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	store_journal_remove(rig->store, folder_at(rig, "Sea"), &step, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Sea", NULL);
	store_undo_take_back(rig->store, step, &lost, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(lost, ==, 0);
	while (store_ops_waiting(rig->store, NULL))
		rig_replay(rig, 0);
	there(rig, "Sea", "x");
	list(rig);
	rig_open(rig, "Sea");
	here(rig, "Sea", "x");
}

/* A plain tree: the folder itself goes, those in it stay. */
static void
folders_of_a_plain_tree_are_made_renamed_and_removed(struct rig *rig)
{
	g_autofree char *lists = path_in(rig, ".Lists.harbour");

	rename_in(rig, ".Sent", "Sent");
	files_remove_tree(lists);
	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	create(rig, "Lists", NULL);
	rig_replay(rig, 0);
	create(rig, "Lists/sea", NULL);
	rig_replay(rig, 0);
	list(rig);
	assert_names(rig, "Lists", "cur new sea tmp");
	rename_folder(rig, "Lists", "Letters", NULL);
	rig_replay(rig, 0);
	assert_names(rig, "Letters", "cur new sea tmp");
	list(rig);
	g_assert_cmpint(folder_at(rig, "Letters/sea"), >, 0);
	move(rig, id_at(rig, "INBOX", "a"), "Letters/sea");
	rig_replay(rig, 0);
	remove_folder(rig, "Letters");
	rig_replay(rig, 0);
	assert_names(rig, "Letters", "sea");
	list(rig);
	rig_open(rig, "Letters/sea");
	here(rig, "Letters/sea", "a");
}

static void
subscribing_is_written_down(struct rig *rig)
{
	g_autofree char *path = path_in(rig, "subscriptions"), *text = NULL;
	struct store_folder *folder;
	GError *error = NULL;

	begin(rig);
	store_journal_subscribe(rig->store, folder_at(rig, "Sent"), FALSE, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "Lists.harbour\n"));
	g_assert_null(strstr(text, "Sent"));
	list(rig);
	folder = store_folder_by_path(rig->store, "Sent", NULL);
	g_assert_false(folder->subscribed);
	store_folder_free(folder);
}

/* ---- disks ---- */

/* Root may write everywhere: then it is somebody else who may not. */
static void
hand_over(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	g_assert_cmpint(lchown(path, 65534, 65534), ==, 0);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		hand_over(below);
	}
}

static void
a_folder_that_may_not_be_written_refuses_and_keeps_all(struct rig *rig)
{
	g_autofree char *cur = path_in(rig, ".Sent/cur"), *new = path_in(rig, "new");
	gboolean root = geteuid() == 0;
	msgid id;

	begin(rig);
	if (root)
		hand_over(rig->dir);
	if (root)
		g_assert_cmpint(seteuid(65534), ==, 0);
	id = id_at(rig, "INBOX", "b");
	g_assert_cmpint(g_chmod(cur, 0500), ==, 0);
	move(rig, id, "Sent");
	assert_refused(rig, ".Sent/cur");
	there(rig, "INBOX", "a b c");
	here(rig, "INBOX", "c b a");
	g_assert_cmpint(g_chmod(cur, 0700), ==, 0);
	g_assert_cmpint(g_chmod(new, 0500), ==, 0);
	retry(rig, FULMAR_FAILED);
	there(rig, "INBOX", "a b c");
	there(rig, "Sent", "");
	g_assert_cmpint(g_chmod(new, 0700), ==, 0);
	retry(rig, 0);
	there(rig, "INBOX", "a c");
	there(rig, "Sent", "b");
	if (root)
		g_assert_cmpint(seteuid(0), ==, 0);
}

static void
a_full_disk_refuses_and_leaves_nothing_half(struct rig *rig)
{
	g_autofree char *body = g_strnfill(3000000, 'x');
	g_autofree char *text = g_strdup_printf("Subject: big\r\n\r\n%s\r\n", body);
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	struct envelope envelope;
	struct rlimit limit, small;
	GError *error = NULL;

	begin(rig);
	envelope_from_headers(&envelope, text, 16);
	store_journal_append(rig->store, folder_at(rig, "Sent"),
	                     &(struct store_message){.received = NOON, .envelope = &envelope}, bytes, "",
	                     NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	small = limit;
	small.rlim_cur = 2000000;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	assert_refused(rig, ".Sent/cur");
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	assert_names(rig, ".Sent/cur", "");
	assert_names(rig, ".Sent/tmp", "");
	here(rig, "Sent", "big");
	retry(rig, 0);
	there(rig, "Sent", "big");
}

/* A folder on another disk: a copy, then the original goes. */
static void
a_move_to_another_disk_is_whole(struct rig *rig)
{
	g_autofree char *at = path_in(rig, ".Sent"), *other = g_strdup("/dev/shm/fulmar-XXXXXX");
	g_autofree char *other_sent = NULL, *name = NULL, *path = NULL;
	struct stat here_stat, there_stat;
	msgid id, copy;
	GError *error = NULL;

	if (!g_mkdtemp(other) || stat(rig->dir, &here_stat) != 0 || stat(other, &there_stat) != 0 ||
	    here_stat.st_dev == there_stat.st_dev) {
		g_test_skip("there is no second disk");
		g_rmdir(other);
		return;
	}
	files_remove_tree(at);
	g_assert_cmpint(symlink(other, at), ==, 0);
	other_sent = g_build_filename(at, "cur", NULL);
	g_assert_cmpint(g_mkdir(other_sent, 0700), ==, 0);
	begin(rig);
	id = id_at(rig, "INBOX", "b");
	copy = id_at(rig, "INBOX", "a");
	move(rig, id, "Sent");
	store_journal_copy(rig->store, &copy, 1, folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "INBOX", "a c");
	assert_names(rig, ".Sent/tmp", "");
	rig_open(rig, "Sent");
	here(rig, "Sent", "b a");
	g_assert_cmpint(id_at(rig, "Sent", "b"), ==, id);
	move(rig, id, "INBOX");
	rig_replay(rig, 0);
	there(rig, "INBOX", "a b c");
	files_remove_tree(other);
}

static void
on_answer(const char *name, const char *value, void *user)
{
	g_assert_not_reached();
}

static void
what_a_maildir_does_not_have_is_said(struct rig *rig)
{
	const struct backend_admin request = {.kind = ADMIN_QUOTA};
	g_autoptr(GError) error = NULL;
	struct rig_done done = {0};

	rig_link(rig);
	rig->kind->ops->admin(rig->backend, &request, on_answer, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_UNSUPPORTED);
}

static const struct {
	const char *path;
	void (*run)(struct rig *rig);
} cases[] = {
        {"/acts/taken-name", a_name_that_is_taken_is_not_taken_twice},
        {"/acts/linked-copy", a_linked_copy_in_the_target_stays_a_second_message},
        {"/acts/isync", isyncs_numbers_stay_behind},
        {"/acts/keywords", keywords_of_dovecot_go_by_their_names},
        {"/acts/long-name", a_name_too_long_for_flags_becomes_a_shorter_one},
        {"/acts/renamed-by-others", what_others_renamed_is_found_and_keeps_their_flags},
        {"/acts/moved-by-others", what_others_moved_is_not_moved_again},
        {"/acts/inotify", our_own_moves_make_no_second_rows},
        {"/acts/copy-of-gone", a_copy_of_what_is_gone_is_made_of_its_text},
        {"/acts/unreadable", a_folder_that_cannot_be_read_loses_nothing},
        {"/acts/overtaken-scan", a_scan_that_others_overtook_is_not_taken_for_whole},
        {"/acts/append", an_append_is_written_as_mail_lies_in_a_maildir},
        {"/acts/undo-purge", what_was_purged_can_be_put_back},
        {"/acts/empty-unseen", emptying_takes_what_was_never_looked_at},
        {"/acts/flag-unseen", a_whole_folder_is_marked_that_was_never_looked_at},
        {"/acts/create", a_new_folder_is_a_whole_and_private_maildir},
        {"/acts/outside", wire_names_of_a_damaged_store_lead_nowhere},
        {"/acts/rename", a_rename_takes_those_below_along},
        {"/acts/rename-paths", a_look_mends_paths_after_a_rename},
        {"/acts/rename-taken", a_rename_never_replaces_a_folder},
        {"/acts/inbox", inbox_stays},
        {"/acts/remove", a_removal_takes_what_mail_programs_keep_there},
        {"/acts/in-the-way", what_is_in_the_way_is_named_and_nothing_goes},
        {"/acts/came-meanwhile", mail_that_came_meanwhile_stops_a_removal},
        {"/acts/link", a_link_to_a_folder_is_not_followed_to_remove_it},
        {"/acts/undo-remove", texts_of_a_removed_folder_are_kept_for_undo},
        {"/acts/plain-tree", folders_of_a_plain_tree_are_made_renamed_and_removed},
        {"/acts/subscribe", subscribing_is_written_down},
        {"/acts/read-only", a_folder_that_may_not_be_written_refuses_and_keeps_all},
        {"/acts/full-disk", a_full_disk_refuses_and_leaves_nothing_half},
        {"/acts/other-disk", a_move_to_another_disk_is_whole},
        {"/acts/admin", what_a_maildir_does_not_have_is_said},
};

static void
run(gconstpointer data)
{
	struct rig rig;

	rig_init(&rig, &rig_maildir);
	cases[GPOINTER_TO_UINT(data)].run(&rig);
	rig_clear(&rig);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add_data_func(cases[i].path, GUINT_TO_POINTER(i), run);
	return g_test_run();
}
