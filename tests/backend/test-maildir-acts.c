/* What the journal's verbs on messages meet in a Maildir: names that are taken, other programs, disks that
 * are full. */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "rig-disk.h"

/* ---- names ---- */

static void
assert_keywords(struct rig *rig, const char *folder, const char *subject, const char *want)
{
	struct store_row *row = rig_row(rig, folder, subject);

	g_assert_cmpstr(row->keywords, ==, want);
	store_row_free(row);
}

static guint
shown_flags(struct rig *rig, const char *folder, const char *subject)
{
	struct store_row *row = rig_row(rig, folder, subject);
	guint flags = row->flags;

	store_row_free(row);
	return flags;
}

static void
a_name_that_is_taken_is_not_taken_twice(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	disk_put(rig, ".Sent/cur/1700000001.b.test:2,FS", "Subject: other\n\nprecious\n");
	id = rig_id_at(rig, "INBOX", "b");
	rig_move(rig, id, "Sent");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	rig_there(rig, "Sent", "b other");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "other b");
	g_assert_cmpint(rig_id_at(rig, "Sent", "b"), ==, id);
}

/* Neither is overlooked, and a person's word for one is not the other's end. */
static void
two_messages_of_one_name_are_both_shown(struct rig *rig)
{
	g_autofree char *names = NULL;

	disk_put(rig, "cur/1700000001.b.test:2,FS", "Subject: other\n\nprecious\n");
	rig_begin(rig);
	rig_open(rig, "INBOX");
	rig_there(rig, "INBOX", "a b c other");
	names = disk_names_in(rig, "new");
	g_assert_nonnull(strstr(names, "1700000001.R"));
	g_assert_null(strchr(names, ':'));
	g_assert_cmpuint(shown_flags(rig, "INBOX", "other"), ==, FLAG_SEEN | FLAG_FLAGGED);
	g_assert_cmpuint(shown_flags(rig, "INBOX", "b"), ==, 0);
	rig->kind->remove(rig, "INBOX", "a");
	rig_open(rig, "INBOX");
	g_assert_cmpint(rig_id_at(rig, "INBOX", "b"), !=, rig_id_at(rig, "INBOX", "other"));
}

/* Somebody is in the middle of giving it another. */
static void
a_message_with_two_names_is_one(struct rig *rig)
{
	g_autofree char *from = disk_path_in(rig, "cur/1700000001.x.test:2,");
	g_autofree char *to = disk_path_in(rig, "cur/1700000001.x.test:2,S");

	disk_put(rig, "cur/1700000001.x.test:2,", "Subject: x\n\nx\n");
	g_assert_cmpint(link(from, to), ==, 0);
	rig_begin(rig);
	rig_here(rig, "INBOX", "x c b a");
	disk_assert_names(rig, "cur", "1700000001.x.test:2, 1700000001.x.test:2,S");
}

/* As Dovecot copies: a second name for the same file, with the same base. */
static void
a_linked_copy_in_the_target_stays_a_second_message(struct rig *rig)
{
	g_autofree char *from = disk_path_in(rig, "new/1700000001.b.test");
	g_autofree char *to = disk_path_in(rig, ".Sent/cur/1700000001.b.test:2,S");
	msgid id;

	rig_begin(rig);
	g_assert_cmpint(link(from, to), ==, 0);
	rig_open(rig, "Sent");
	id = rig_id_at(rig, "INBOX", "b");
	for (int i = 0; i < 3; i++) {
		rig_move(rig, id, i % 2 ? "INBOX" : "Sent");
		rig_replay(rig, 0);
	}
	rig_there(rig, "INBOX", "a c");
	rig_there(rig, "Sent", "b b");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "b b");
}

static void
isyncs_numbers_stay_behind(struct rig *rig)
{
	disk_put(rig, "cur/1700000000.x.test,U=17:2,S", "Subject: x\n\nx\n");
	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Sent/cur", "1700000000.x.test:2,S");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "x");
}

static void
keywords_of_dovecot_go_by_their_names(struct rig *rig)
{
	disk_put(rig, "dovecot-keywords", "0 harbour\n1 sea\n");
	disk_put(rig, ".Sent/dovecot-keywords", "0 lake\n1 harbour\n");
	disk_put(rig, "cur/1700000000.x.test:2,SXabg", "Subject: x\n\nx\n");
	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Sent/cur", "1700000000.x.test:2,SXbcg");
	disk_assert_text(rig, ".Sent/dovecot-keywords", "0 lake\n1 harbour\n2 sea\n");
	rig_open(rig, "Sent");
	assert_keywords(rig, "Sent", "x", "harbour sea");
}

static void
keywords_are_letters_of_the_file(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	rig_flag(rig, id, FLAG_SEEN, 0, "harbour $label1");
	disk_assert_names(rig, "cur", "1700000001.b.test:2,Sab");
	disk_assert_text(rig, "dovecot-keywords", "0 harbour\n1 $label1\n");
	rig_flag(rig, id, 0, FLAG_SEEN, "sea");
	disk_assert_names(rig, "cur", "1700000001.b.test:2,abc");
	assert_keywords(rig, "INBOX", "b", "harbour $label1 sea");
	rig_open(rig, "INBOX");
	assert_keywords(rig, "INBOX", "b", "harbour $label1 sea");
}

static void
keywords_that_others_change_are_seen(struct rig *rig)
{
	disk_put(rig, "dovecot-keywords", "0 harbour\n1 sea\n");
	disk_put(rig, "cur/1700000000.x.test:2,Sa", "Subject: x\n\nx\n");
	rig_begin(rig);
	assert_keywords(rig, "INBOX", "x", "harbour");
	disk_rename_in(rig, "cur/1700000000.x.test:2,Sa", "cur/1700000000.x.test:2,Sbc");
	rig_open(rig, "INBOX");
	assert_keywords(rig, "INBOX", "x", "sea");
	disk_put(rig, "dovecot-keywords", "0 harbour\n1 sea\n2 $Forwarded\n");
	rig_open(rig, "INBOX");
	assert_keywords(rig, "INBOX", "x", "sea");
	g_assert_cmpuint(shown_flags(rig, "INBOX", "x"), ==, FLAG_SEEN | FLAG_FORWARDED);
	rig_flag(rig, rig_id_at(rig, "INBOX", "x"), 0, FLAG_FORWARDED, NULL);
	disk_assert_names(rig, "cur", "1700000000.x.test:2,Sb");
	rig_flag(rig, rig_id_at(rig, "INBOX", "x"), FLAG_FORWARDED, 0, NULL);
	disk_assert_names(rig, "cur", "1700000000.x.test:2,PSbc");
}

static void
a_keyword_without_a_letter_is_refused(struct rig *rig)
{
	g_autoptr(GString) text = g_string_new(NULL);
	GError *error = NULL;
	msgid id;

	for (int i = 0; i < 26; i++)
		g_string_append_printf(text, "%d k%d\n", i, i);
	disk_put(rig, "dovecot-keywords", text->str);
	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	store_journal_flags(rig->store, &id, 1, 0, 0, "more", NULL, NULL, &error);
	g_assert_no_error(error);
	disk_assert_refused(rig, "26");
	disk_assert_names(rig, "cur", "");
}

static void
copies_and_appends_have_the_keywords_of_their_rows(struct rig *rig)
{
	static const char text[] = "Subject: new\r\n\r\nhello\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	g_autofree char *names = NULL;
	struct envelope envelope;
	GError *error = NULL;
	msgid id;

	disk_put(rig, "dovecot-keywords", "0 harbour\n1 sea\n");
	disk_put(rig, "cur/1700000000.x.test:2,FPb", "Subject: x\n\nx\n");
	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "x");
	store_journal_copy(rig->store, &id, 1, rig_folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	envelope_from_headers(&envelope, text, strlen(text));
	store_journal_append(
	        rig->store, rig_folder_at(rig, "Sent"),
	        &(struct store_message){.received = NOON, .keywords = "lake sea", .envelope = &envelope},
	        bytes, "", NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	rig_replay(rig, 0);
	disk_assert_text(rig, ".Sent/dovecot-keywords", "0 sea\n1 lake\n");
	names = disk_names_in(rig, ".Sent/cur");
	g_assert_nonnull(strstr(names, ":2,FPa"));
	g_assert_nonnull(strstr(names, ":2,ab"));
	rig_open(rig, "Sent");
	assert_keywords(rig, "Sent", "x", "sea");
	assert_keywords(rig, "Sent", "new", "lake sea");
}

/* As programs do on file systems without colons. */
static void
another_delimiter_stays(struct rig *rig)
{
	disk_put(rig, "cur/1700000000.x.test!2,S", "Subject: x\n\nx\n");
	rig_begin(rig);
	g_assert_cmpuint(shown_flags(rig, "INBOX", "x"), ==, FLAG_SEEN);
	rig_flag(rig, rig_id_at(rig, "INBOX", "x"), FLAG_FLAGGED, 0, NULL);
	rig_flag(rig, rig_id_at(rig, "INBOX", "b"), FLAG_SEEN, 0, NULL);
	disk_assert_names(rig, "cur", "1700000000.x.test!2,FS 1700000001.b.test!2,S");
	rig_move(rig, rig_id_at(rig, "INBOX", "c"), "Sent");
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Sent/cur", "1700000002.c.test!2,");
}

static void
a_name_too_long_for_flags_becomes_a_shorter_one(struct rig *rig)
{
	g_autofree char *pad = g_strnfill(240, 'x');
	g_autofree char *name = g_strdup_printf("new/1700000000.%s", pad);

	disk_put(rig, "tmp/x", "Subject: x\n\nx\n");
	disk_rename_in(rig, "tmp/x", name);
	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "x"), "Sent");
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "x");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "x");
}

/* ---- other programs ---- */

static void
what_others_renamed_is_found_and_keeps_their_flags(struct rig *rig)
{
	msgid ids[3];
	GError *error = NULL;

	rig_begin(rig);
	ids[0] = rig_id_at(rig, "INBOX", "a");
	ids[1] = rig_id_at(rig, "INBOX", "b");
	ids[2] = rig_id_at(rig, "INBOX", "c");
	rig->kind->set_flags(rig, "INBOX", "b", FLAG_SEEN | FLAG_ANSWERED);
	store_journal_move(rig->store, ids, 3, rig_folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig->kind->set_flags(rig, "INBOX", "c", FLAG_FLAGGED);
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Sent/cur",
	                  "1700000000.a.test:2, 1700000001.b.test:2,RS 1700000002.c.test:2,F");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "c b a");
	g_assert_cmpint(rig_id_at(rig, "Sent", "c"), ==, ids[2]);
}

static void
what_others_moved_is_not_moved_again(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	rig_move(rig, id, "Sent");
	disk_rename_in(rig, "new/1700000001.b.test", ".Lists.harbour/cur/1700000001.b.test:2,S");
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "");
	rig_there(rig, "Lists/harbour", "b");
	rig_open(rig, "Lists/harbour");
	rig_here(rig, "Lists/harbour", "b");
	rig_here(rig, "Sent", "");
	/* Known again: it is the same row. */
	g_assert_cmpint(rig_id_at(rig, "Lists/harbour", "b"), ==, id);
}

/* inotify sees our own moves as anybody's. */
static void
our_own_moves_make_no_second_rows(struct rig *rig)
{
	gint64 inbox, sent;
	guint before;
	msgid id;

	rig_begin(rig);
	inbox = rig_folder_at(rig, "INBOX");
	sent = rig_folder_at(rig, "Sent");
	id = rig_id_at(rig, "INBOX", "b");
	rig->kind->ops->watch(rig->backend, sent);
	rig_move(rig, id, "Sent");
	rig_replay(rig, 0);
	rig->kind->ops->watch(rig->backend, inbox);
	rig->kind->ops->watch(rig->backend, sent);
	before = rig->rows;
	rig_deliver(rig, "Sent", "z", NOON + 5);
	while (rig->arrived < 1)
		rig_wait_for(rig, &rig->rows, ++before);
	rig_here(rig, "Sent", "z b");
	rig_here(rig, "INBOX", "c a");
	g_assert_cmpint(rig_id_at(rig, "Sent", "b"), ==, id);
	rig->kind->ops->watch(rig->backend, 0);
}

static void
a_copy_of_what_is_gone_is_made_of_its_text(struct rig *rig)
{
	GError *error = NULL;
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	store_journal_copy(rig->store, &id, 1, rig_folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig->kind->remove(rig, "INBOX", "b");
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "b");
}

static void
a_folder_that_cannot_be_read_loses_nothing(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	rig_move(rig, id, "Sent");
	disk_rename_in(rig, "cur", "away");
	disk_rename_in(rig, "new", "away-new");
	disk_assert_refused(rig, "cur");
	rig_here(rig, "INBOX", "c b a");
	disk_rename_in(rig, "away", "cur");
	disk_rename_in(rig, "away-new", "new");
	disk_retry(rig, 0);
	rig_there(rig, "Sent", "b");
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
	rig->kind->ops->open(rig->backend, rig_folder_at(rig, "INBOX"), rig_on_done, &opened);
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

	rig_begin(rig);
	envelope_from_headers(&envelope, text, strlen(text));
	id = store_journal_append(rig->store, rig_folder_at(rig, "Sent"),
	                          &(struct store_message){.received = NOON, .envelope = &envelope}, bytes, "",
	                          NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	rig_replay(rig, 0);
	name = disk_names_in(rig, ".Sent/cur");
	path = g_build_filename(rig->account->path, ".Sent/cur", name, NULL);
	g_assert_true(g_file_get_contents(path, &written, NULL, NULL));
	g_assert_cmpstr(written, ==, "Subject: new\nMessage-ID: <new@harbour.example>\n\nhello\n");
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mtime, ==, NOON);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	disk_assert_names(rig, ".Sent/tmp", "");
	rig_open(rig, "Sent");
	g_assert_cmpint(rig_id_at(rig, "Sent", "new"), ==, id);
}

static void
what_was_purged_can_be_put_back(struct rig *rig)
{
	GError *error = NULL;
	gint64 step = 0;
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	store_journal_purge(rig->store, &id, 1, &step, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	g_assert_true(store_has_part(rig->store, id, ""));
	store_undo_take_back(rig->store, step, NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b c");
	rig_open(rig, "INBOX");
	rig_here(rig, "INBOX", "c b a");
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
	rig->later = 1;
	store_journal_empty(rig->store, rig_folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "");
}

static void
a_whole_folder_is_marked_that_was_never_looked_at(struct rig *rig)
{
	GError *error = NULL;
	struct store_row *row;

	rig_deliver(rig, "Sent", "m", NOON);
	rig_link(rig);
	rig->later = 1;
	store_journal_flag_all(rig->store, rig_folder_at(rig, "Sent"), FLAG_SEEN, 0, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Sent/cur", "1700000000.m.test:2,S");
	row = rig_row(rig, "Sent", "m");
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	store_row_free(row);
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
	g_autofree char *cur = disk_path_in(rig, ".Sent/cur"), *new = disk_path_in(rig, "new");
	gboolean root = geteuid() == 0;
	msgid id;

	rig_begin(rig);
	if (root)
		hand_over(rig->dir);
	if (root)
		g_assert_cmpint(seteuid(65534), ==, 0);
	id = rig_id_at(rig, "INBOX", "b");
	g_assert_cmpint(g_chmod(cur, 0500), ==, 0);
	rig_move(rig, id, "Sent");
	disk_assert_refused(rig, ".Sent/cur");
	rig_there(rig, "INBOX", "a b c");
	rig_here(rig, "INBOX", "c b a");
	g_assert_cmpint(g_chmod(cur, 0700), ==, 0);
	g_assert_cmpint(g_chmod(new, 0500), ==, 0);
	disk_retry(rig, FULMAR_FAILED);
	rig_there(rig, "INBOX", "a b c");
	rig_there(rig, "Sent", "");
	g_assert_cmpint(g_chmod(new, 0700), ==, 0);
	disk_retry(rig, 0);
	rig_there(rig, "INBOX", "a c");
	rig_there(rig, "Sent", "b");
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

	rig_begin(rig);
	envelope_from_headers(&envelope, text, 16);
	store_journal_append(rig->store, rig_folder_at(rig, "Sent"),
	                     &(struct store_message){.received = NOON, .envelope = &envelope}, bytes, "",
	                     NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	small = limit;
	small.rlim_cur = 2000000;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	disk_assert_refused(rig, ".Sent/cur");
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	disk_assert_names(rig, ".Sent/cur", "");
	disk_assert_names(rig, ".Sent/tmp", "");
	rig_here(rig, "Sent", "big");
	disk_retry(rig, 0);
	rig_there(rig, "Sent", "big");
}

/* A folder on another disk: a copy, then the original goes. */
static void
a_move_to_another_disk_is_whole(struct rig *rig)
{
	g_autofree char *at = disk_path_in(rig, ".Sent"), *other = g_strdup("/dev/shm/fulmar-XXXXXX");
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
	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	copy = rig_id_at(rig, "INBOX", "a");
	rig_move(rig, id, "Sent");
	store_journal_copy(rig->store, &copy, 1, rig_folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	disk_assert_names(rig, ".Sent/tmp", "");
	rig_open(rig, "Sent");
	rig_here(rig, "Sent", "b a");
	g_assert_cmpint(rig_id_at(rig, "Sent", "b"), ==, id);
	rig_move(rig, id, "INBOX");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b c");
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

static const struct rig_case cases[] = {
        {"same-name", two_messages_of_one_name_are_both_shown, 0},
        {"two-names", a_message_with_two_names_is_one, 0},
        {"taken-name", a_name_that_is_taken_is_not_taken_twice, 0},
        {"linked-copy", a_linked_copy_in_the_target_stays_a_second_message, 0},
        {"isync", isyncs_numbers_stay_behind, 0},
        {"keywords", keywords_of_dovecot_go_by_their_names, 0},
        {"keyword-letters", keywords_are_letters_of_the_file, 0},
        {"keywords-of-others", keywords_that_others_change_are_seen, 0},
        {"keywords-full", a_keyword_without_a_letter_is_refused, 0},
        {"keywords-come-along", copies_and_appends_have_the_keywords_of_their_rows, 0},
        {"delimiter", another_delimiter_stays, 0},
        {"long-name", a_name_too_long_for_flags_becomes_a_shorter_one, 0},
        {"renamed-by-others", what_others_renamed_is_found_and_keeps_their_flags, 0},
        {"moved-by-others", what_others_moved_is_not_moved_again, 0},
        {"inotify", our_own_moves_make_no_second_rows, 0},
        {"copy-of-gone", a_copy_of_what_is_gone_is_made_of_its_text, 0},
        {"unreadable", a_folder_that_cannot_be_read_loses_nothing, 0},
        {"overtaken-scan", a_scan_that_others_overtook_is_not_taken_for_whole, 0},
        {"append", an_append_is_written_as_mail_lies_in_a_maildir, 0},
        {"undo-purge", what_was_purged_can_be_put_back, 0},
        {"empty-unseen", emptying_takes_what_was_never_looked_at, 0},
        {"flag-unseen", a_whole_folder_is_marked_that_was_never_looked_at, 0},
        {"read-only", a_folder_that_may_not_be_written_refuses_and_keeps_all, 0},
        {"full-disk", a_full_disk_refuses_and_leaves_nothing_half, 0},
        {"other-disk", a_move_to_another_disk_is_whole, 0},
        {"admin", what_a_maildir_does_not_have_is_said, 0},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	rig_add_cases("/acts", &rig_maildir, cases, G_N_ELEMENTS(cases));
	return g_test_run();
}
