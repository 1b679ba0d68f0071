/* A writer is killed at a random instant; what is found afterwards equals what an undisturbed writer had
 * after the last step that was told done, or after the one under way. */
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/files.h"
#include "../dice.h"
#include "store-util.h"

#define STEPS 120
#define KILLS 40

/* ---- a life in steps, the same for the same seed ---- */

static guint64
body_seed(msgid id)
{
	return (guint64)id * G_GUINT64_CONSTANT(2654435761) % 5000 + 1;
}

static char *
body_of(msgid id, gsize *len)
{
	*len = (gsize)body_seed(id);
	return g_strnfill(*len, (char)('a' + id % 26));
}

static void
step_add(struct store *store, gint64 folder, GRand *rand)
{
	guint n = (guint)g_rand_int_range(rand, 1, 40);

	begin(store);
	for (guint i = 0; i < n; i++) {
		g_autofree char *id = g_strdup_printf("<%d>", g_rand_int_range(rand, 0, 400));
		g_autofree char *references = g_strdup_printf("<%d> <%d>", g_rand_int_range(rand, 0, 400),
		                                              g_rand_int_range(rand, 0, 400));
		guint64 uid = (guint64)g_rand_int_range(rand, 1, 2000);

		add_mail(store, folder,
		         &(struct mail){.uid = uid,
		                        .received = g_rand_int_range(rand, 0, 1000),
		                        .flags = (guint)g_rand_int_range(rand, 0, 4),
		                        .id = id,
		                        .references = i % 3 ? NULL : references});
	}
	commit(store);
}

/* Some message that is here, 0 when there is none. */
static msgid
some_id(struct store *store, GRand *rand)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	struct store_key key = {g_rand_int_range(rand, 0, 1000), 0, 0};

	g_assert_true(store_rows(store, 1, &key, TRUE, 1, rows, NULL));
	return rows->len ? ((struct store_row *)rows->pdata[0])->id : 0;
}

static void
step_op(struct store *store, GRand *rand)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	gint64 op;

	g_assert_true(store_ops(store, FALSE, 0, ops, NULL));
	if (!ops->len)
		return;
	op = ((struct store_op *)ops->pdata[g_rand_int_range(rand, 0, (gint32)ops->len)])->id;
	if (g_rand_boolean(rand))
		g_assert_true(store_op_done(store, op, NULL));
	else
		g_assert_true(store_op_set(store, op, OP_FAILED, "no", 0, NULL));
}

static void
step_body(struct store *store, GRand *rand)
{
	msgid id = some_id(store, rand);
	g_autofree char *body = NULL;
	gsize len;

	if (!id)
		return;
	body = body_of(id, &len);
	g_assert_true(store_part_put(store, id, g_rand_boolean(rand) ? "" : "1.2", body, len,
	                             g_rand_boolean(rand), NULL));
}

static void
step_remove(struct store *store, gint64 folder, GRand *rand)
{
	guint64 lo = (guint64)g_rand_int_range(rand, 1, 2000);
	struct uidset uids = {.ranges = &(struct uidrange){lo, lo + 60}, .len = 1};

	g_assert_cmpint(store_remove_uids(store, folder, &uids, NULL), >=, 0);
}

static void
step(struct store *store, guint number, guint32 seed)
{
	GRand *rand = g_rand_new_with_seed(seed + number * 7919);
	int what = g_rand_int_range(rand, 0, 20);
	gint64 folder = g_rand_int_range(rand, 1, 3);
	msgid id = some_id(store, rand);

	if (what < 8)
		step_add(store, folder, rand);
	else if (what < 12 && id)
		g_assert_true(store_journal_flags(store, &id, 1, (guint)g_rand_int_range(rand, 0, 4),
		                                  (guint)g_rand_int_range(rand, 0, 4), NULL, NULL, NULL,
		                                  NULL));
	else if (what < 15)
		step_op(store, rand);
	else if (what < 18)
		step_body(store, rand);
	else
		step_remove(store, folder, rand);
	g_rand_free(rand);
}

static struct store *
new_store(const char *dir)
{
	g_autoptr(GError) error = NULL;
	struct store *store = store_open(dir, STORE_WRITE, &error);

	g_assert_no_error(error);
	g_assert_cmpint(add_folder(store, "INBOX", "inbox"), ==, 1);
	g_assert_cmpint(add_folder(store, "Other", ""), ==, 2);
	return store;
}

/* ---- what is in it ---- */

/* A digest of everything but times, keys and hashes. */
static char *
fingerprint(const char *dir)
{
	static const char *const queries[] = {
	        "SELECT * FROM message ORDER BY id",
	        "SELECT * FROM envelope ORDER BY id",
	        "SELECT * FROM folder ORDER BY id",
	        "SELECT * FROM part ORDER BY id, section",
	        "SELECT id, state, add_flags, remove_flags, error FROM op ORDER BY id",
	        "SELECT * FROM op_row ORDER BY op, id"};
	g_autofree char *path = g_build_filename(dir, "store.db", NULL);
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	char *result;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
		sqlite3_stmt *statement;

		g_assert_cmpint(sqlite3_prepare_v2(db, queries[i], -1, &statement, NULL), ==, SQLITE_OK);
		while (sqlite3_step(statement) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(statement); column++) {
				const char *text = (const char *)sqlite3_column_text(statement, column);

				g_checksum_update(sum, (const guchar *)(text ? text : "\1"), -1);
				g_checksum_update(sum, (const guchar *)"\n", 1);
			}
		sqlite3_finalize(statement);
	}
	sqlite3_close(db);
	result = g_strdup(g_checksum_get_string(sum));
	g_checksum_free(sum);
	return result;
}

static GPtrArray *
undisturbed(guint32 seed)
{
	GPtrArray *prints = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *dir = files_private_tmp(NULL);
	struct store *store = new_store(dir);

	g_ptr_array_add(prints, fingerprint(dir));
	for (guint i = 0; i < STEPS; i++) {
		step(store, i, seed);
		g_ptr_array_add(prints, fingerprint(dir));
	}
	store_close(store);
	check_store(dir);
	files_remove_tree(dir);
	return prints;
}

static void
check_bodies(const char *dir)
{
	struct store *store = store_open(dir, STORE_WRITE, NULL);

	for (msgid id = 1; id <= ask(dir, "SELECT max(id) FROM part"); id++)
		for (guint i = 0; i < 2; i++) {
			const char *section = i ? "1.2" : "";
			g_autofree char *sql =
			        g_strdup_printf("SELECT count(*) FROM part WHERE id = %d AND section = '%s'",
			                        (int)id, section);
			g_autoptr(GBytes) bytes = NULL;
			g_autofree char *body = NULL;
			gsize len;

			if (!ask(dir, sql))
				continue;
			bytes = store_part(store, id, section, NULL);
			body = body_of(id, &len);
			g_assert_nonnull(bytes);
			g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), body, len);
		}
	g_assert_cmpint(ask(dir, "SELECT count(*) FROM trash"), ==, 0);
	store_close(store);
}

/* ---- the kill ---- */

static void
live(const char *dir, guint32 seed, int told)
{
	struct store *store = store_open(dir, STORE_WRITE, NULL);

	for (guint i = 0; i < STEPS; i++) {
		step(store, i, seed);
		if (write(told, "x", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static guint
read_until(int fd, guint from, guint to)
{
	char byte;

	while (from < to && read(fd, &byte, 1) == 1)
		from++;
	return from;
}

static void
kill_once(guint32 seed, GRand *rand, const GPtrArray *prints)
{
	g_autofree char *dir = files_private_tmp(NULL), *found = NULL;
	guint target = (guint)g_rand_int_range(rand, 0, STEPS), done,
	      spin = (guint)g_rand_int_range(rand, 0, 200000);
	int fds[2], status;
	pid_t child;

	store_close(new_store(dir));
	g_assert_cmpint(pipe(fds), ==, 0);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		live(dir, seed, fds[1]);
	}
	close(fds[1]);
	done = read_until(fds[0], 0, target);
	/* Somewhere into the next step. */
	for (volatile guint i = 0; i < spin; i++)
		;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	done = read_until(fds[0], done, STEPS);
	close(fds[0]);
	found = fingerprint(dir);
	if (strcmp(found, prints->pdata[done]) != 0 &&
	    (done == STEPS || strcmp(found, prints->pdata[done + 1]) != 0))
		g_error("seed %u: killed after step %u, and the store is as after no step (%s)", seed, done,
		        dir);
	check_store(dir);
	check_bodies(dir);
	check_store(dir);
	files_remove_tree(dir);
}

static void
nothing_told_is_lost_and_nothing_is_half(void)
{
	guint32 seed = (guint32)g_test_rand_int();
	GRand *rand = g_rand_new_with_seed(seed);
	g_autoptr(GPtrArray) prints = undisturbed(seed);

	g_test_message("seed %u, %d kills", seed, KILLS);
	for (guint i = 0; i < KILLS; i++)
		kill_once(seed, rand, prints);
	g_rand_free(rand);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	g_test_add_func("/store/kill", nothing_told_is_lost_and_nothing_is_half);
	return g_test_run();
}
