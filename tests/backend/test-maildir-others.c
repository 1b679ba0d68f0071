/* Another program in the same Maildir at the same time. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "../dice.h"
#include "rig-disk.h"

#define MESSAGES 60

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Renames messages and moves them between the folders until it is ended, each in one step. */
static void
meddle(struct rig *rig, guint32 seed)
{
	static const char *const dirs[] = {"new", "cur", ".Sent/cur", ".Lists.harbour/cur"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	for (;;) {
		const char *sub = dirs[g_rand_int_range(rand, 0, G_N_ELEMENTS(dirs))];
		const char *to_sub = dirs[g_rand_int_range(rand, 1, G_N_ELEMENTS(dirs))];
		g_autofree char *path = g_build_filename(rig->account->path, sub, NULL);
		g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
		const char *name;

		while (dir && (name = g_dir_read_name(dir))) {
			guint flags = (guint)g_rand_int_range(rand, 0, 8);
			g_autofree char *with = maildir_name_with(name, flags);
			g_autofree char *from = g_build_filename(path, name, NULL);
			gboolean moves = g_rand_int_range(rand, 0, 4) == 0;
			g_autofree char *to =
			        g_build_filename(rig->account->path, moves ? to_sub : "cur", with, NULL);
			g_autofree char *stays = g_build_filename(path, with, NULL);

			/* Most programs look whether a name is taken, as renaming takes it over. */
			if (g_rand_int_range(rand, 0, 3) == 0)
				renameat2(AT_FDCWD, from, AT_FDCWD,
				          moves || strcmp(sub, "new") == 0 ? to : stays, RENAME_NOREPLACE);
		}
	}
}

/* Every message is somewhere exactly once, and the store shows what there is. */
static void
assert_whole(struct rig *rig, guint64 *seen)
{
	static const char *const folders[] = {"INBOX", "Sent", "Lists/harbour"};

	*seen = 0;
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *there = rig->kind->subjects(rig, folders[i]), *here = NULL;
		g_auto(GStrv) subjects = g_strsplit(there, " ", -1);
		g_autoptr(GPtrArray) sorted = NULL;
		g_auto(GStrv) rows = NULL;
		g_autofree char *joined = NULL;

		for (char **subject = subjects; *subject && **subject; subject++) {
			guint n = (guint)atoi(*subject + 1);

			g_assert_cmpuint(*seen & (G_GUINT64_CONSTANT(1) << n), ==, 0);
			*seen |= G_GUINT64_CONSTANT(1) << n;
		}
		rig_open(rig, folders[i]);
		here = rig_subjects(rig, folders[i]);
		rows = g_strsplit(here, " ", -1);
		sorted = g_ptr_array_new();
		for (char **row = rows; *row && **row; row++)
			g_ptr_array_add(sorted, *row);
		g_ptr_array_sort(sorted, by_text);
		g_ptr_array_add(sorted, NULL);
		joined = g_strjoinv(" ", (char **)sorted->pdata);
		g_assert_cmpstr(joined, ==, there);
	}
}

static void
replay_all(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *failed = NULL;

	store_ops(rig->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &failed);
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];
		struct rig_done done = {0};
		g_autoptr(GError) error = NULL;

		store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &failed);
		rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
		error = rig_wait_error(rig, &done);
		/* It may be too lively for now. */
		if (error)
			g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
		if (error)
			store_op_set(rig->store, op->id, OP_WAITING, NULL, 0, &failed);
		else
			store_op_done(rig->store, op->id, &failed);
		g_assert_no_error(failed);
	}
}

static void
act_at_random(struct rig *rig, GRand *rand)
{
	static const char *const folders[] = {"INBOX", "Sent", "Lists/harbour"};
	gint64 folder = rig_folder_at(rig, folders[g_rand_int_range(rand, 0, 3)]);
	gint64 to = rig_folder_at(rig, folders[g_rand_int_range(rand, 0, 3)]);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	GError *error = NULL;

	store_rows(rig->store, folder, NULL, TRUE, MESSAGES, rows, &error);
	for (guint i = 0; i < rows->len; i++)
		if (g_rand_boolean(rand))
			g_array_append_val(ids, ((const struct store_row *)rows->pdata[i])->id);
	if (!ids->len)
		return;
	if (g_rand_boolean(rand))
		store_journal_move(rig->store, (const msgid *)(void *)ids->data, ids->len, to, NULL, &error);
	else
		store_journal_flags(rig->store, (const msgid *)(void *)ids->data, ids->len, FLAG_FLAGGED,
		                    FLAG_SEEN, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	replay_all(rig);
	if (g_rand_int_range(rand, 0, 3) == 0)
		rig_open(rig, folders[g_rand_int_range(rand, 0, 3)]);
}

static void
another_program_may_do_what_it_likes(void)
{
	guint32 seed = g_test_rand_int_range(1, G_MAXINT32);
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	static const char *const folders[] = {"INBOX", "Sent", "Lists/harbour"};
	guint64 seen;
	struct rig rig;
	pid_t child;
	int status;

	g_test_message("seed %u", seed);
	rig_init(&rig, &rig_maildir);
	for (int i = 0; i < MESSAGES; i++) {
		g_autofree char *name = g_strdup_printf("m%02d", i);

		rig_deliver(&rig, "INBOX", name, NOON + i);
	}
	rig_link(&rig);
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
		rig_open(&rig, folders[i]);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		meddle(&rig, seed);
	for (int i = 0; i < 40; i++)
		act_at_random(&rig, rand);
	kill(child, SIGKILL);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFSIGNALED(status));
	while (store_ops_waiting(rig.store, NULL))
		replay_all(&rig);
	assert_whole(&rig, &seen);
	g_assert_cmpuint(seen, ==, (G_GUINT64_CONSTANT(1) << MESSAGES) - 1);
	rig_clear(&rig);
}

/* It deletes all that it meets while those are moved: what is moved is there, what is not is gone. */
static void
another_program_may_delete(void)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autofree char *there = NULL, *sent = NULL, *here = NULL;
	struct rig rig;
	GError *error = NULL;
	pid_t child;
	int status;

	rig_init(&rig, &rig_maildir);
	for (int i = 0; i < MESSAGES; i++) {
		g_autofree char *name = g_strdup_printf("m%02d", i);

		rig_deliver(&rig, "INBOX", name, NOON + i);
	}
	rig_link(&rig);
	rig_open(&rig, "INBOX");
	for (int i = 0; i < MESSAGES; i++) {
		g_autofree char *name = g_strdup_printf("m%02d", i);
		msgid id = rig_id_at(&rig, "INBOX", name);

		g_array_append_val(ids, id);
	}
	store_journal_move(rig.store, (const msgid *)(void *)ids->data, ids->len, rig_folder_at(&rig, "Sent"),
	                   NULL, &error);
	g_assert_no_error(error);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		for (int i = MESSAGES - 1; i >= 0; i--) {
			g_autofree char *path =
			        g_strdup_printf("%s/new/%d.m%02d.test", rig.account->path, NOON + i, i);

			g_unlink(path);
		}
		_exit(0);
	}
	rig_replay(&rig, 0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	there = rig.kind->subjects(&rig, "INBOX");
	g_assert_cmpstr(there, ==, "");
	sent = rig.kind->subjects(&rig, "Sent");
	rig_open(&rig, "Sent");
	rig_open(&rig, "INBOX");
	here = rig_subjects(&rig, "Sent");
	g_assert_cmpint(strlen(here), ==, strlen(sent));
	g_free(here);
	here = rig_subjects(&rig, "INBOX");
	g_assert_cmpstr(here, ==, "");
	rig_clear(&rig);
}

static void
make_subdir(struct rig *rig, const char *rel)
{
	g_autofree char *path = disk_path_in(rig, rel);

	g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
}

static void
make_sent(struct rig *rig)
{
	make_subdir(rig, ".Sent/tmp");
	make_subdir(rig, ".Sent/new");
	make_subdir(rig, ".Sent/cur");
}

static void
begin_watching(struct rig *rig)
{
	rig_init(rig, &rig_maildir);
	rig_deliver(rig, "Sent", "a", NOON);
	rig_link(rig);
	rig->kind->ops->watch(rig->backend, rig_open(rig, "Sent"));
	rig_becomes(rig, "Sent", "a");
}

static void
end_watching(struct rig *rig)
{
	rig->kind->ops->watch(rig->backend, 0);
	rig_clear(rig);
}

/* What is there now is followed: twice, as the first look may have come by itself. */
static void
assert_followed(struct rig *rig, const char *before)
{
	g_autofree char *first = g_strconcat(before, *before ? " x" : "x", NULL);
	g_autofree char *second = g_strconcat(before, *before ? " y x" : "y x", NULL);

	rig_deliver(rig, "Sent", "x", NOON + 5);
	rig_becomes(rig, "Sent", first);
	rig_deliver(rig, "Sent", "y", NOON + 6);
	rig_becomes(rig, "Sent", second);
}

static void
a_folder_may_be_removed_and_made_again(void)
{
	g_autofree char *sent = NULL;
	struct rig rig;

	begin_watching(&rig);
	sent = disk_path_in(&rig, ".Sent");
	files_remove_tree(sent);
	make_sent(&rig);
	assert_followed(&rig, "");
	end_watching(&rig);
}

static void
another_may_be_put_in_its_place(void)
{
	struct rig rig;

	begin_watching(&rig);
	disk_rename_in(&rig, ".Sent", ".Aside");
	make_sent(&rig);
	disk_put(&rig, ".Sent/cur/1700000001.b.test:2,S", "Subject: b\r\n\r\n");
	assert_followed(&rig, "b");
	end_watching(&rig);
}

/* Its directories come one by one; in between there are looks. */
static void
a_folder_may_be_made_slowly(void)
{
	struct rig rig;

	begin_watching(&rig);
	disk_rename_in(&rig, ".Sent", ".Aside");
	make_subdir(&rig, ".Sent/cur");
	disk_put(&rig, ".Sent/cur/1700000001.b.test:2,S", "Subject: b\r\n\r\n");
	rig_becomes(&rig, "Sent", "b");
	make_sent(&rig);
	assert_followed(&rig, "b");
	end_watching(&rig);
}

/* So many events that some are lost, among them those of the folder itself. */
static void
an_overflow_loses_nothing(void)
{
	g_autofree char *most = NULL, *busy = NULL;
	struct rig rig;

	if (!g_file_get_contents("/proc/sys/fs/inotify/max_queued_events", &most, NULL, NULL) ||
	    atoi(most) > 50000) {
		g_test_skip("inotify queues too much here");
		return;
	}
	begin_watching(&rig);
	busy = disk_path_in(&rig, ".Sent/cur/busy");
	for (int i = 0; i < atoi(most); i += 2) {
		disk_put(&rig, ".Sent/tmp/busy", "");
		disk_rename_in(&rig, ".Sent/tmp/busy", ".Sent/cur/busy");
		g_assert_cmpint(g_unlink(busy), ==, 0);
	}
	disk_rename_in(&rig, ".Sent", ".Aside");
	make_sent(&rig);
	disk_put(&rig, ".Sent/cur/1700000001.b.test:2,S", "Subject: b\r\n\r\n");
	assert_followed(&rig, "b");
	end_watching(&rig);
}

/* As when other programs have them all. */
static void
without_inotify_there_are_looks(void)
{
	struct rlimit limit, none;
	struct rig rig;
	int lowest;

	rig_init(&rig, &rig_maildir);
	disk_put(&rig, ".Sent/cur/1700000001.b.test:2,S", "Subject: b\r\n\r\n");
	rig_link(&rig);
	rig_open(&rig, "Sent");
	lowest = dup(STDIN_FILENO);
	g_assert_cmpint(lowest, >=, 0);
	close(lowest);
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	none = limit;
	none.rlim_cur = (rlim_t)lowest;
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
	rig.kind->ops->watch(rig.backend, rig_folder_at(&rig, "Sent"));
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	assert_followed(&rig, "b");
	end_watching(&rig);
}

static gboolean
has_keywords(struct rig *rig, const char *want)
{
	struct store_row *row = rig_row(rig, "Sent", "a");
	gboolean has = strcmp(row->keywords, want) == 0;

	store_row_free(row);
	return has;
}

static void
folders_of_others_are_asked_for(void)
{
	struct rig rig;
	guint before;

	begin_watching(&rig);
	before = rig.behind;
	make_subdir(&rig, ".New/cur");
	rig_wait_for(&rig, &rig.behind, before + 1);
	before = rig.behind;
	disk_rename_in(&rig, ".New", ".Other");
	rig_wait_for(&rig, &rig.behind, before + 1);
	end_watching(&rig);
}

/* Dovecot renames the message first. */
static void
what_keywords_are_called_is_followed(void)
{
	g_autofree char *path = g_strdup_printf(".Sent/new/%d.a.test", NOON);
	g_autofree char *marked = g_strdup_printf(".Sent/cur/%d.a.test:2,a", NOON);
	struct rig rig;

	begin_watching(&rig);
	disk_rename_in(&rig, path, marked);
	rig_deliver(&rig, "Sent", "x", NOON + 5);
	rig_becomes(&rig, "Sent", "x a");
	g_assert_true(has_keywords(&rig, ""));
	disk_put(&rig, ".Sent/dovecot-keywords.lock", "0 harbour\n");
	disk_rename_in(&rig, ".Sent/dovecot-keywords.lock", ".Sent/dovecot-keywords");
	while (!has_keywords(&rig, "harbour"))
		rig_wait_for(&rig, &rig.rows, rig.rows + 1);
	end_watching(&rig);
}

/* Of folders that are not on the screen, too; and what we did ourselves is no news. */
static void
other_folders_are_followed(void)
{
	struct rig rig;
	guint arrived;

	rig_init(&rig, &rig_maildir);
	rig_begin(&rig);
	rig.kind->ops->watch(rig.backend, rig_folder_at(&rig, "INBOX"));
	rig_deliver(&rig, "Sent", "x", NOON + 5);
	rig_becomes(&rig, "Sent", "x");
	arrived = rig.arrived;
	rig_move(&rig, rig_id_at(&rig, "INBOX", "a"), "Sent");
	rig_replay(&rig, 0);
	rig_flag(&rig, rig_id_at(&rig, "INBOX", "b"), FLAG_SEEN, 0, NULL);
	rig.kind->set_flags(&rig, "Sent", "x", FLAG_SEEN);
	rig_deliver(&rig, "Sent", "y", NOON + 6);
	rig_becomes(&rig, "Sent", "y x a");
	rig_deliver(&rig, "INBOX", "z", NOON + 7);
	rig_becomes(&rig, "INBOX", "z c b");
	g_assert_cmpuint(rig.arrived, >, arrived);
	end_watching(&rig);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	g_test_add_func("/others/meddle", another_program_may_do_what_it_likes);
	g_test_add_func("/others/delete", another_program_may_delete);
	g_test_add_func("/others/remove-folder", a_folder_may_be_removed_and_made_again);
	g_test_add_func("/others/swap-folder", another_may_be_put_in_its_place);
	g_test_add_func("/others/make-slowly", a_folder_may_be_made_slowly);
	g_test_add_func("/others/overflow", an_overflow_loses_nothing);
	g_test_add_func("/others/no-inotify", without_inotify_there_are_looks);
	g_test_add_func("/others/other-folders", other_folders_are_followed);
	g_test_add_func("/others/new-folders", folders_of_others_are_asked_for);
	g_test_add_func("/others/keywords", what_keywords_are_called_is_followed);
	return g_test_run();
}
