/* The end of the program at every step of every verb.
 *
 * Each verb is carried out in a child that is stopped at each system call which changes something on the
 * disk, and killed at the n-th; then the account starts anew, as after a crash, and must come to the same end
 * for every n. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "rig-disk.h"

#define STEPS_MAX 2000 /* a verb that takes more does not end */

static void
lay_down(struct rig *rig)
{
	rig->kind->ops->destroy(rig->backend);
	store_close(rig->store);
	rig->ready = rig->lost = FALSE;
}

static void
take_up(struct rig *rig)
{
	g_autofree char *dir = g_build_filename(rig->dir, "store", NULL);
	GError *error = NULL;

	rig->store = store_open(dir, STORE_WRITE, &error);
	g_assert_no_error(error);
	rig->env.store = rig->store;
	rig->backend = rig->kind->ops->create(&rig->env);
}

/* ---- the child ---- */

/* What a crash can come between. */
static gboolean
changes_something(long call)
{
	static const long calls[] = {
	        SYS_renameat2, SYS_linkat, SYS_unlinkat, SYS_mkdirat,   SYS_fsync,
	        SYS_fdatasync, SYS_write,  SYS_pwrite64, SYS_ftruncate, SYS_utimensat,
#ifdef SYS_rename
	        SYS_rename,    SYS_link,   SYS_unlink,   SYS_mkdir,     SYS_rmdir,
#endif
	        SYS_renameat,
	};

	for (guint i = 0; i < G_N_ELEMENTS(calls); i++)
		if (calls[i] == call)
			return TRUE;
	return FALSE;
}

/* Lives as long as n such calls. */
static void
carry_out(struct rig *rig)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	take_up(rig);
	rig_link(rig);
	raise(SIGSTOP);
	rig_replay(rig, 0);
	_exit(0);
}

static gboolean
stop_at_call(pid_t child, int *status)
{
	if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0 || waitpid(child, status, 0) != child)
		g_error("the child cannot be followed: %s", g_strerror(errno));
	return WIFSTOPPED(*status);
}

/* Which call the child stands before; -1: none. */
static long
call_of(pid_t child)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof info, &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1;
	return (long)info.entry.nr;
}

/* TRUE: it was killed before its n-th change; FALSE: it came to its end. -1: there is no following a child
 * here. */
static int
kill_at(struct rig *rig, int n)
{
	int status, left = n;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		carry_out(rig);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return -1;
	g_assert_true(WIFSTOPPED(status));
	g_assert_cmpint(ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD), ==, 0);
	while (stop_at_call(child, &status))
		if (changes_something(call_of(child)) && left-- == 0) {
			kill(child, SIGKILL);
			g_assert_cmpint(waitpid(child, &status, 0), ==, child);
			return 1;
		}
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
	return 0;
}

/* ---- after a crash ---- */

static gboolean
is_of_folders(const struct store_op *op)
{
	return op->verb >= OP_EMPTY || (op->verb == OP_FLAG && op->upto);
}

static void
look_into(struct rig *rig, const struct store_op *op)
{
	struct rig_done done = {0};
	struct store_op *left;
	GError *error = NULL;

	if (op->verb != OP_FLAG && op->verb != OP_SUBSCRIBE) {
		rig->kind->ops->check(rig->backend, op, rig_on_done, &done);
		rig_wait(rig, &done);
	}
	left = store_op(rig->store, op->id, &error);
	g_assert_no_error(error);
	if (left && !left->ids->len && !is_of_folders(left))
		store_op_done(rig->store, op->id, &error);
	else if (left)
		store_op_set(rig->store, op->id, OP_WAITING, NULL, 0, &error);
	g_assert_no_error(error);
	store_op_free(left);
}

static void
recover(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	store_ops(rig->store, FALSE, 0, ops, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->state != OP_RUNNING && op->state != OP_CHECKING)
			continue;
		store_op_set(rig->store, op->id, OP_CHECKING, NULL, 0, &error);
		g_assert_no_error(error);
		look_into(rig, op);
	}
	while (store_ops_waiting(rig->store, NULL))
		rig_replay(rig, 0);
}

/* ---- what there is ---- */

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each message there is with its folder and its letters, and what the store shows of it: sorted lines. */
static void
add_folder(struct rig *rig, const struct store_folder *folder, GPtrArray *lines)
{
	g_autofree char *there = rig->kind->subjects(rig, folder->path);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	g_ptr_array_add(lines, g_strdup_printf("%s has %s", folder->path, there));
	store_rows(rig->store, folder->id, NULL, TRUE, 1000, rows, NULL);
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		g_assert_true(row->file && g_file_test(row->file, G_FILE_TEST_IS_REGULAR));
		g_ptr_array_add(lines, g_strdup_printf("%s shows %" G_GINT64_FORMAT " %s %u %u", folder->path,
		                                       row->id, row->subject, row->flags, row->pending));
	}
}

static char *
all_there_is(struct rig *rig)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free), folders = NULL;
	g_autoptr(GDir) dir = NULL;
	const char *name;

	rig_list(rig);
	folders = store_folders(rig->store, NULL);
	for (guint i = 0; i < folders->len; i++)
		rig_open(rig, ((const struct store_folder *)folders->pdata[i])->path);
	for (guint i = 0; i < folders->len; i++)
		add_folder(rig, folders->pdata[i], lines);
	dir = g_dir_open(rig->account->path, 0, NULL);
	while ((name = g_dir_read_name(dir)))
		g_ptr_array_add(lines, g_strdup_printf("there is %s", name));
	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

/* ---- the verbs ---- */

static void
journal_move(struct rig *rig, GError **error)
{
	msgid ids[2] = {rig_id_at(rig, "INBOX", "a"), rig_id_at(rig, "INBOX", "b")};

	store_journal_move(rig->store, ids, 2, rig_folder_at(rig, "Sent"), NULL, error);
}

/* The name that it would keep is taken. */
static void
journal_move_to_taken(struct rig *rig, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/.Sent/cur/%d.a.test:2,F", rig->account->path, NOON);

	g_assert_true(g_file_set_contents(path, "Subject: other\n\nx\n", -1, NULL));
	rig_open(rig, "Sent");
	journal_move(rig, error);
}

static void
journal_copy(struct rig *rig, GError **error)
{
	msgid ids[2] = {rig_id_at(rig, "INBOX", "a"), rig_id_at(rig, "INBOX", "b")};

	store_journal_copy(rig->store, ids, 2, rig_folder_at(rig, "Sent"), NULL, NULL, error);
}

/* A new message for Sent, instead of old if that is not 0. */
static void
put_new(struct rig *rig, msgid old, GError **error)
{
	static const char text[] = "Subject: new\r\nMessage-ID: <new@harbour.example>\r\n\r\nhello\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	struct envelope envelope;
	struct store_message message = {.received = NOON, .flags = FLAG_SEEN, .envelope = &envelope};
	gint64 sent = rig_folder_at(rig, "Sent");

	envelope_from_headers(&envelope, text, strlen(text));
	if (old)
		store_journal_replace(rig->store, old, sent, &message, bytes, NULL, error);
	else
		store_journal_append(rig->store, sent, &message, bytes, "", NULL, error);
	envelope_clear(&envelope);
}

static void
journal_append(struct rig *rig, GError **error)
{
	put_new(rig, 0, error);
}

static void
journal_replace(struct rig *rig, GError **error)
{
	put_new(rig, rig_id_at(rig, "INBOX", "b"), error);
}

static void
journal_purge(struct rig *rig, GError **error)
{
	msgid ids[2] = {rig_id_at(rig, "INBOX", "a"), rig_id_at(rig, "INBOX", "b")};

	store_journal_purge(rig->store, ids, 2, NULL, error);
}

static void
journal_flag(struct rig *rig, GError **error)
{
	msgid ids[2] = {rig_id_at(rig, "INBOX", "a"), rig_id_at(rig, "INBOX", "b")};

	store_journal_flags(rig->store, ids, 2, FLAG_FLAGGED, 0, NULL, NULL, NULL, error);
}

static void
journal_empty(struct rig *rig, GError **error)
{
	store_journal_empty(rig->store, rig_folder_at(rig, "INBOX"), NULL, error);
}

static void
journal_create(struct rig *rig, GError **error)
{
	rig_create(rig, "Sea", ".Sea");
}

static void
journal_rename(struct rig *rig, GError **error)
{
	static const char *const subdirs[] = {"cur", "new", "tmp"};

	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path =
		        g_build_filename(rig->account->path, ".Lists.harbour.deep", subdirs[i], NULL);

		g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
	}
	rig_deliver(rig, "Lists/harbour", "x", NOON);
	rig_deliver(rig, "Lists/harbour/deep", "y", NOON);
	rig_list(rig);
	rig_open(rig, "Lists/harbour");
	rig_open(rig, "Lists/harbour/deep");
	store_journal_rename(rig->store, rig_folder_at(rig, "Lists/harbour"), "Sea", ".Sea", NULL, error);
}

static void
journal_remove(struct rig *rig, GError **error)
{
	rig_deliver(rig, "Lists/harbour", "x", NOON);
	rig_deliver(rig, "Lists/harbour", "y", NOON);
	rig_open(rig, "Lists/harbour");
	store_journal_remove(rig->store, rig_folder_at(rig, "Lists/harbour"), NULL, error);
}

static void
journal_subscribe(struct rig *rig, GError **error)
{
	store_journal_subscribe(rig->store, rig_folder_at(rig, "Sent"), FALSE, NULL, error);
}

static const struct {
	const char *path;
	void (*journal)(struct rig *rig, GError **error);
} verbs[] = {
        {"/kill/move", journal_move},           {"/kill/move-to-taken", journal_move_to_taken},
        {"/kill/copy", journal_copy},           {"/kill/append", journal_append},
        {"/kill/purge", journal_purge},         {"/kill/flag", journal_flag},
        {"/kill/empty", journal_empty},         {"/kill/create", journal_create},
        {"/kill/rename", journal_rename},       {"/kill/remove", journal_remove},
        {"/kill/subscribe", journal_subscribe}, {"/kill/replace", journal_replace},
};

static void
prepare(struct rig *rig, guint verb)
{
	GError *error = NULL;

	rig_init(rig, &rig_maildir);
	rig_begin(rig);
	verbs[verb].journal(rig, &error);
	g_assert_no_error(error);
	lay_down(rig);
}

/* A lock that nobody ends is taken away after two minutes, as Dovecot does it. */
static void
let_locks_grow_old(struct rig *rig)
{
	g_autofree char *lock = g_build_filename(rig->account->path, "subscriptions.lock", NULL);
	struct utimbuf old = {NOON, NOON};

	g_assert_true(utime(lock, &old) == 0 || errno == ENOENT);
}

static char *
end_of(struct rig *rig)
{
	char *all;

	let_locks_grow_old(rig);
	take_up(rig);
	rig_link(rig);
	recover(rig);
	all = all_there_is(rig);
	rig_clear(rig);
	return all;
}

static void
a_kill_at_any_step_changes_nothing(gconstpointer data)
{
	guint verb = GPOINTER_TO_UINT(data);
	g_autofree char *want = NULL;
	struct rig rig;
	int killed = 1, n;

	prepare(&rig, verb);
	want = end_of(&rig);
	for (n = 0; killed > 0 && n < STEPS_MAX; n++) {
		g_autofree char *have = NULL;

		prepare(&rig, verb);
		killed = kill_at(&rig, n);
		if (killed < 0) {
			take_up(&rig);
			rig_clear(&rig);
			g_test_skip("a child cannot be followed here");
			return;
		}
		have = end_of(&rig);
		g_assert_cmpstr(have, ==, want);
	}
	g_assert_cmpint(killed, ==, 0);
	g_test_message("killed at %d steps", n - 1);
}

int
main(int argc, char **argv)
{
	/* The end of a program needs no disk, and waiting for one some thousand times takes minutes. */
	if (access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		g_test_add_data_func(verbs[i].path, GUINT_TO_POINTER(i), a_kill_at_any_step_changes_nothing);
	return g_test_run();
}
