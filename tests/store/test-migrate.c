/* A store of an older version becomes one of this: nothing in it is lost. */
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include "base/error.h"
#include "base/files.h"
#include "store-util.h"

/* What a program of version 1 left behind, with its one body. */
static char *
old_store(void)
{
	g_autofree char *path = g_build_filename(g_getenv("top_srcdir"), "tests/store/v1.sql", NULL);
	g_autofree char *sql = NULL, *db = NULL, *mail = NULL, *body = NULL;
	char *dir = files_private_tmp(NULL);
	sqlite3 *handle;

	g_assert_true(g_file_get_contents(path, &sql, NULL, NULL));
	db = g_build_filename(dir, "store.db", NULL);
	g_assert_cmpint(sqlite3_open(db, &handle), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(handle);
	mail = g_build_filename(dir, "mail", "01", NULL);
	body = g_build_filename(mail, "1.eml", NULL);
	g_assert_cmpint(g_mkdir_with_parents(mail, 0700), ==, 0);
	g_assert_true(g_file_set_contents(body, "body", 4, NULL));
	return dir;
}

static struct store *
open_store(const char *dir)
{
	g_autoptr(GError) error = NULL;
	struct store *store = store_open(dir, STORE_WRITE, &error);

	g_assert_no_error(error);
	return store;
}

static void
a_reader_waits_for_a_writer(void)
{
	g_autofree char *dir = old_store();
	g_autoptr(GError) error = NULL;

	g_assert_null(store_open(dir, STORE_READ, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_UNSUPPORTED);
	store_close(open_store(dir));
	g_clear_error(&error);
	store_close(store_open(dir, STORE_READ, &error));
	g_assert_no_error(error);
	check_store(dir);
	files_remove_tree(dir);
}

static void
rows_and_folders_are_there(void)
{
	g_autofree char *dir = old_store(), *value = NULL;
	struct store *store = open_store(dir);
	struct store_folder *inbox = folder_of(store, 1);
	struct store_row *row = store_row(store, 2, NULL);
	g_autoptr(GBytes) body = store_part(store, 1, "", NULL);

	g_assert_cmpint(inbox->rows, ==, 3);
	g_assert_cmpint(inbox->shown, ==, 3);
	g_assert_cmpint(inbox->unread, ==, 1);
	g_assert_cmpuint(inbox->uidvalidity, ==, 77);
	g_assert_true(inbox->subscribed && inbox->complete && !inbox->pending);
	g_assert_cmpstr(inbox->windows, ==, "1:9");
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_FLAGGED);
	g_assert_cmpuint(row->pending, ==, FLAG_FLAGGED);
	g_assert_cmpstr(row->keywords, ==, "old work");
	g_assert_cmpstr(row->references, ==, "<1@x>");
	g_assert_cmpuint(row->uid, ==, 5);
	g_assert_cmpuint(g_bytes_get_size(body), ==, 4);
	value = store_get(store, "capabilities");
	g_assert_cmpstr(value, ==, "IDLE");
	store_row_free(row);
	store_folder_free(inbox);
	store_close(store);
	check_store(dir);
	files_remove_tree(dir);
}

/* Between two UIDVALIDITYs a row waited for its new UID; it has nothing to be known by any more, but is kept.
 */
static void
flags_that_waited_still_wait(void)
{
	g_autofree char *dir = old_store();
	struct store *store = open_store(dir);
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	const struct store_op *op;
	gint64 failed;

	g_assert_cmpint(store_ops_waiting(store, &failed), ==, 2);
	g_assert_cmpint(failed, ==, 1);
	g_assert_true(store_ops(store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, ==, 3);
	op = ops->pdata[0];
	g_assert_cmpint(op->verb, ==, OP_FLAG);
	g_assert_cmpint(op->state, ==, OP_WAITING);
	g_assert_cmpuint(op->add, ==, FLAG_SEEN);
	g_assert_cmpint(op->folder, ==, 1);
	g_assert_cmpint(g_array_index(op->ids, msgid, 0), ==, 1);
	op = ops->pdata[1];
	g_assert_cmpint(op->state, ==, OP_RUNNING);
	g_assert_cmpstr(op->keywords_add, ==, "work");
	op = ops->pdata[2];
	g_assert_cmpint(op->state, ==, OP_FAILED);
	g_assert_cmpstr(op->error, ==, "refused it was");
	for (guint i = 0; i < 2; i++)
		g_assert_true(store_op_done(store, ((struct store_op *)ops->pdata[i])->id, NULL));
	g_assert_true(store_op_drop(store, op->id, NULL));
	g_assert_cmpint(ask(dir, "SELECT base FROM message WHERE id = 1"), ==, FLAG_SEEN);
	g_assert_cmpint(ask(dir, "SELECT base FROM message WHERE id = 2"), ==, FLAG_SEEN | FLAG_FLAGGED);
	store_close(store);
	check_store(dir);
	files_remove_tree(dir);
}

static void
what_is_new_works_on_it(void)
{
	g_autofree char *dir = old_store();
	struct store *store = open_store(dir);
	msgid ids[] = {1, 2, 5}, fresh;
	gint64 step = 0;

	g_assert_true(store_journal_move(store, ids, 2, 2, &step, NULL));
	g_assert_true(store_journal_purge(store, ids + 2, 1, &step, NULL));
	check_store(dir);
	g_assert_true(store_undo_take_back(store, step, NULL, NULL, NULL));
	fresh = add_mail(store, 1, &(struct mail){.uid = 10, .received = 6000});
	g_assert_cmpint(fresh, ==, 6);
	g_assert_true(store_set_saved(store, fresh, 1, 10, 7000, NULL));
	g_assert_true(store_journal_move(store, &fresh, 1, 2, NULL, NULL));
	g_assert_cmpint(ask(dir, "SELECT count(saved) FROM message"), ==, 0);
	g_assert_true(store_folder_rebound(store, 2, NULL));
	g_assert_cmpint(ask(dir, "SELECT count(*) FROM message WHERE folder = 0"), ==, 1);
	store_close(store);
	check_store(dir);
	files_remove_tree(dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/migrate/reader", a_reader_waits_for_a_writer);
	g_test_add_func("/store/migrate/rows", rows_and_folders_are_there);
	g_test_add_func("/store/migrate/flags", flags_that_waited_still_wait);
	g_test_add_func("/store/migrate/verbs", what_is_new_works_on_it);
	return g_test_run();
}
