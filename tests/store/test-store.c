#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "../dice.h"
#include "store-util.h"

static void
fill(struct bed *bed, guint n)
{
	begin(bed->store);
	for (guint i = 1; i <= n; i++) {
		g_autofree char *id = g_strdup_printf("<%u@x>", i),
		                *parent = g_strdup_printf("<%u@x>", i / 2);

		add_mail(bed->store, bed->inbox,
		         &(struct mail){.uid = i,
		                        .received = i,
		                        .flags = i % 3,
		                        .id = id,
		                        .parent = i % 4 ? parent : NULL});
	}
	commit(bed->store);
}

static char *
db_path(struct bed *bed)
{
	return g_build_filename(bed->dir, "store.db", NULL);
}

/* The error is ours, of one line, and names the file. */
static void
assert_says(const GError *error, enum fulmar_error code, const char *part)
{
	g_assert_error(error, FULMAR_ERROR, (int)code);
	g_assert_null(strchr(error->message, '\n'));
	g_assert_nonnull(strstr(error->message, "store.db"));
	if (part && !strstr(error->message, part))
		g_error("'%s' lacks '%s'", error->message, part);
}

static void
assert_clear(const GError *error, const char *part)
{
	assert_says(error, FULMAR_FAILED, part);
}

/* ---- opening ---- */

static void
a_reader_needs_a_store(void)
{
	g_autofree char *dir = files_private_tmp(NULL);
	g_autoptr(GError) error = NULL;

	g_assert_null(store_open(dir, STORE_READ, &error));
	assert_clear(error, "nothing has been stored");
	files_remove_tree(dir);
}

static void
it_is_private_whatever_the_umask(void)
{
	g_autofree char *dir = files_private_tmp(NULL), *deep = g_build_filename(dir, "a", "b", NULL);
	static const char *const names[] = {"", "store.db", "store.db-wal", "mail"};
	mode_t old = umask(0);
	struct store *store = store_open(deep, STORE_WRITE, NULL);
	gint64 folder = add_folder(store, "INBOX", "inbox");
	msgid id = add_mail(store, folder, &(struct mail){.uid = 1});

	g_assert_true(store_part_put(store, id, "", "x", 1, TRUE, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(deep, names[i], NULL);
		struct stat info;

		g_assert_cmpint(stat(path, &info), ==, 0);
		g_assert_cmpint(info.st_mode & 0077, ==, 0);
	}
	umask(old);
	store_close(store);
	files_remove_tree(dir);
}

static void
a_newer_store_is_refused(struct bed *bed, gconstpointer unused)
{
	for (guint mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		g_autoptr(GError) error = NULL;

		ask(bed->dir, "PRAGMA user_version = 99");
		g_assert_null(store_open(bed->dir, mode, &error));
		assert_clear(error, "newer");
	}
	ask(bed->dir, "PRAGMA user_version = 2");
}

static void
an_unfinished_store_is_no_store_for_a_reader(void)
{
	g_autofree char *dir = files_private_tmp(NULL), *path = g_build_filename(dir, "store.db", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(path, "", 0, NULL));
	g_assert_null(store_open(dir, STORE_READ, &error));
	assert_says(error, FULMAR_UNSUPPORTED, "not ready");
	files_remove_tree(dir);
}

static void
named_values_are_kept(struct bed *bed, gconstpointer unused)
{
	g_autofree char *value = NULL;

	g_assert_null(store_get(bed->store, "capabilities"));
	g_assert_true(store_set(bed->store, "capabilities", "IMAP4rev2", NULL));
	bed_reopen(bed);
	value = store_get(bed->store, "capabilities");
	g_assert_cmpstr(value, ==, "IMAP4rev2");
	g_assert_true(store_set(bed->store, "capabilities", NULL, NULL));
	g_assert_null(store_get(bed->store, "capabilities"));
	g_assert_null(store_get(bed->store, "last_id"));
}

static void
readers_learn_of_commits(struct bed *bed, gconstpointer unused)
{
	struct store *reader = store_open(bed->dir, STORE_READ, NULL);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	g_assert_false(store_changed(reader));
	begin(bed->store);
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_assert_false(store_changed(reader));
	g_assert_true(store_rows(reader, bed->inbox, NULL, TRUE, 9, rows, NULL));
	g_assert_cmpuint(rows->len, ==, 0);
	commit(bed->store);
	g_assert_true(store_changed(reader));
	g_assert_false(store_changed(reader));
	g_assert_false(store_changed(bed->store));
	g_assert_true(store_rows(reader, bed->inbox, NULL, TRUE, 9, rows, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	store_close(reader);
}

static void
two_writers_take_turns(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	struct store *other = store_open(bed->dir, STORE_WRITE, &error);

	g_assert_no_error(error);
	for (guint i = 0; i < 20; i++) {
		g_autofree char *id = g_strdup_printf("<%u>", i), *parent = g_strdup_printf("<%u>", i - 1);
		struct mail mail = {.uid = i + 1, .received = i, .id = id, .parent = i ? parent : NULL};
		msgid added = add_mail(i % 2 ? other : bed->store, bed->inbox, &mail);

		g_assert_true(store_journal_flags(i % 3 ? other : bed->store, &added, 1, FLAG_SEEN, 0, NULL,
		                                  NULL, NULL, &error));
	}
	g_assert_no_error(error);
	store_close(other);
	g_assert_cmpint(thread_count(bed, bed->inbox), ==, 1);
}

static gpointer
hold_the_lock(gpointer data)
{
	struct bed *bed = data;
	struct store *other = store_open(bed->dir, STORE_WRITE, NULL);

	for (guint i = 0; i < 50; i++) {
		g_assert_true(store_begin(other, FALSE, NULL));
		g_assert_true(store_set(other, "turn", "x", NULL));
		g_assert_true(store_commit(other, NULL));
	}
	store_close(other);
	return NULL;
}

static void
a_held_lock_is_waited_for(struct bed *bed, gconstpointer unused)
{
	GThread *thread = g_thread_new("holder", hold_the_lock, bed);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 50; i++)
		g_assert_true(store_set(bed->store, "mine", "y", &error));
	g_thread_join(thread);
	g_assert_no_error(error);
}

/* ---- media that do not do what they should ---- */

static void
limit_file_size(rlim_t size)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* A limit on the size of files stands for a disk that is full. */
static void
a_full_disk_loses_nothing(struct bed *bed, gconstpointer unused)
{
	g_autofree char *big = g_strnfill(400000, 'x');
	g_autoptr(GError) error = NULL;
	struct store_folder *folder;
	gint64 before;
	msgid first;

	signal(SIGXFSZ, SIG_IGN);
	fill(bed, 50);
	first = store_id_by_uid(bed->store, bed->inbox, 1, NULL);
	before = ask(bed->dir, "SELECT count(*) FROM message");
	limit_file_size(150000);
	g_assert_false(store_part_put(bed->store, first, "", big, 400000, TRUE, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_clear_error(&error);
	for (guint round = 0; !error && round < 100; round++) {
		if (!store_begin(bed->store, FALSE, &error))
			break;
		for (guint i = 0; i < 200; i++)
			store_add(bed->store, bed->inbox,
			          &(struct store_message){
			                  .uid = 100 + round * 200 + i,
			                  .received = i,
			                  .envelope =
			                          &(struct envelope){
			                                  .subject = (char *)"some text that takes room",
			                                  .message_id = (char *)"",
			                                  .in_reply_to = (char *)"",
			                                  .list_id = (char *)"",
			                                  .content_type = (char *)""}},
			          NULL);
		if (!store_commit(bed->store, &error))
			break;
		before += 200;
	}
	g_assert_nonnull(error);
	assert_clear(error, "no room");
	limit_file_size(RLIM_INFINITY);
	check_store(bed->dir);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->rows, ==, before);
	store_folder_free(folder);
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 99999});
	g_assert_false(store_has_part(bed->store, first, ""));
}

static int
read_as_nobody(const char *dir)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) folders = NULL;
	struct store *store;
	int found = -1;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 100;
	store = store_open(dir, STORE_READ, &error);
	folders = store ? store_folders(store, &error) : NULL;
	if (folders)
		found = (int)((struct store_folder *)folders->pdata[0])->rows;
	else
		g_printerr("# %s\n", error->message);
	store_close(store);
	g_clear_error(&error);
	if (store_open(dir, STORE_WRITE, &error) || error->code != FULMAR_FAILED)
		return 101;
	return found;
}

static int
in_child(int (*work)(const char *), const char *dir)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(work(dir));
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_read_only_folder_can_be_read(struct bed *bed, gconstpointer unused)
{
	g_autofree char *db = db_path(bed), *wal = g_strconcat(db, "-wal", NULL),
	                *shm = g_strconcat(db, "-shm", NULL);

	fill(bed, 7);
	g_chmod(db, 0444);
	g_chmod(wal, 0444);
	g_chmod(shm, 0444);
	g_chmod(bed->dir, 0555);
	/* While a writer is at work, and when nothing but the file is there. */
	g_assert_cmpint(in_child(read_as_nobody, bed->dir), ==, 7);
	g_chmod(bed->dir, 0755);
	store_close(bed->store);
	g_chmod(bed->dir, 0555);
	g_assert_cmpint(in_child(read_as_nobody, bed->dir), ==, 7);
	g_chmod(bed->dir, 0700);
	g_chmod(db, 0600);
	bed->store = store_open(bed->dir, STORE_WRITE, NULL);
	g_assert_nonnull(bed->store);
}

/* ---- damage ---- */

static void
no_database_is_told(void)
{
	g_autofree char *dir = files_private_tmp(NULL), *path = g_build_filename(dir, "store.db", NULL);
	g_autofree char *noise = g_strnfill(20000, 'z');

	g_assert_true(g_file_set_contents(path, noise, 20000, NULL));
	for (guint mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(store_open(dir, mode, &error));
		assert_clear(error, "check --repair");
	}
	files_remove_tree(dir);
}

static void
check_error(GError **error, guint *told)
{
	if (!*error)
		return;
	/* Damage to the version's own octets looks like a store that its account has not brought up to date.
	 */
	if (!g_error_matches(*error, FULMAR_ERROR, FULMAR_UNSUPPORTED))
		g_assert_error(*error, FULMAR_ERROR, FULMAR_FAILED);
	(*told)++;
	g_clear_error(error);
}

static void
read_everything(struct store *store, guint *told)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) folders = store_folders(store, &error);
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	check_error(&error, told);
	for (guint i = 0; folders && i < folders->len; i++) {
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
		g_autoptr(GPtrArray) threads = g_ptr_array_new_with_free_func(g_free);
		gint64 id = ((struct store_folder *)folders->pdata[i])->id;

		store_rows(store, id, NULL, TRUE, 500, rows, &error);
		check_error(&error, told);
		store_threads(store, id, NULL, FALSE, 500, threads, &error);
		check_error(&error, told);
		for (guint j = 0; j < rows->len; j++) {
			struct store_row *row = rows->pdata[j];
			struct mime_part *part;
			g_autoptr(GBytes) bytes = NULL;

			g_assert_true(g_utf8_validate(row->subject, -1, NULL));
			part = store_structure(store, row->id, &error);
			check_error(&error, told);
			if (part)
				mime_part_free(part);
			bytes = store_part(store, row->id, "1", &error);
			check_error(&error, told);
			store_thread_rows(store, id, row->thread, 5, rows, &error);
			check_error(&error, told);
			if (rows->len > 2000)
				break;
		}
	}
	store_ops(store, TRUE, 0, ops, &error);
	check_error(&error, told);
}

static void
write_something(struct store *store, guint round, guint *told)
{
	g_autoptr(GError) error = NULL;
	msgid ids[] = {1, 2, 3};
	struct uidset uids = {.ranges = &(struct uidrange){1, 40}, .len = 1};

	store_journal_flags(store, ids, 3, FLAG_FLAGGED, FLAG_SEEN, NULL, NULL, NULL, &error);
	check_error(&error, told);
	store_set_base(store, 1, 7 + round % 50, FLAG_SEEN, NULL, &error);
	check_error(&error, told);
	if (round % 2)
		store_remove_uids(store, 1, &uids, &error);
	check_error(&error, told);
	store_op_done(store, 1, &error);
	check_error(&error, told);
}

static void
flip(const char *from, const char *to, GRand *rand, guint round)
{
	g_autofree char *bytes = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(from, &bytes, &len, NULL));
	for (guint i = 0; i < 1 + round % 8; i++)
		bytes[g_rand_int_range(rand, 0, (gint32)(round % 3 ? len : 4096))] ^=
		        (char)(1 << g_rand_int_range(rand, 0, 8));
	if (round % 10 == 9)
		len = (gsize)g_rand_int_range(rand, 0, (gint32)len);
	g_assert_true(g_file_set_contents(to, bytes, (gssize)len, NULL));
}

static void
flipped_bytes_never_crash(struct bed *bed, gconstpointer unused)
{
	g_autofree char *db = db_path(bed), *dir = files_private_tmp(NULL);
	g_autofree char *copy = g_build_filename(dir, "store.db", NULL),
	                *wal = g_strconcat(copy, "-wal", NULL);
	g_autofree char *shm = g_strconcat(copy, "-shm", NULL);
	guint32 seed = (guint32)g_test_rand_int();
	GRand *rand = g_rand_new_with_seed(seed);
	guint told = 0;
	msgid id;

	g_test_message("seed %u", seed);
	fill(bed, 120);
	id = store_id_by_uid(bed->store, bed->inbox, 9, NULL);
	g_assert_true(store_part_put(bed->store, id, "", "a: b\r\n\r\nbody", 12, FALSE, NULL));
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_SEEN, 0, "x", NULL, NULL, NULL));
	store_close(bed->store);
	for (guint round = 0; round < 200; round++) {
		g_autoptr(GError) error = NULL;
		struct store *store;

		g_remove(wal);
		g_remove(shm);
		flip(db, copy, rand, round);
		for (guint mode = STORE_READ; mode <= STORE_WRITE; mode++) {
			store = store_open(dir, mode, &error);
			check_error(&error, &told);
			if (!store)
				continue;
			read_everything(store, &told);
			if (mode == STORE_WRITE)
				write_something(store, round, &told);
			store_close(store);
		}
	}
	g_test_message("%u errors told", told);
	g_assert_cmpuint(told, >, 0);
	g_rand_free(rand);
	files_remove_tree(dir);
	bed->store = store_open(bed->dir, STORE_WRITE, NULL);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	g_test_add_func("/store/open/none", a_reader_needs_a_store);
	g_test_add_func("/store/open/private", it_is_private_whatever_the_umask);
	g_test_add_func("/store/open/unfinished", an_unfinished_store_is_no_store_for_a_reader);
	BED_TEST("/store/open/newer", a_newer_store_is_refused);
	BED_TEST("/store/values", named_values_are_kept);
	BED_TEST("/store/changed", readers_learn_of_commits);
	BED_TEST("/store/writers", two_writers_take_turns);
	BED_TEST("/store/lock", a_held_lock_is_waited_for);
	BED_TEST("/store/full-disk", a_full_disk_loses_nothing);
	BED_TEST("/store/read-only", a_read_only_folder_can_be_read);
	g_test_add_func("/store/damage/noise", no_database_is_told);
	BED_TEST("/store/damage/flips", flipped_bytes_never_crash);
	return g_test_run();
}
