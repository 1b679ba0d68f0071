#include <string.h>
#include <glib/gstdio.h>
#include <utime.h>
#include "store-util.h"

/* Messages appended by the batch. */

enum { N = 30 };

struct batch {
	struct store_append appends[N];
	struct envelope envelopes[N];
};

static void
fill(struct batch *batch)
{
	for (guint i = 0; i < N; i++) {
		char *text = g_strdup_printf("Subject: nr %u\r\nMessage-ID: <%u@x>\r\n\r\ntext\r\n", i, i);
		gsize len = strlen(text);

		envelope_from_headers(&batch->envelopes[i], text, len);
		batch->appends[i] = (struct store_append){{.received = 1000 + i,
		                                           .size = len,
		                                           .flags = i % 2 ? FLAG_SEEN : FLAG_DELETED,
		                                           .keywords = "later",
		                                           .envelope = &batch->envelopes[i]},
		                                          g_bytes_new_take(text, len)};
	}
}

static void
drop(struct batch *batch)
{
	for (guint i = 0; i < N; i++) {
		envelope_clear(&batch->envelopes[i]);
		g_bytes_unref(batch->appends[i].bytes);
	}
}

/* Regular files below the folder of bodies; those without a name of their own are counted in *aside. */
static guint
count_files(const char *dir, guint *aside)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;
	guint n = 0;

	while (list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);

		n += is_folder ? count_files(path, aside) : 1;
		*aside += !is_folder && g_str_has_prefix(name, "append-");
	}
	return n;
}

static void
assert_files(struct bed *bed, guint bodies)
{
	g_autofree char *dir = g_build_filename(bed->dir, "mail", NULL);
	guint aside = 0;

	g_assert_cmpuint(count_files(dir, &aside), ==, bodies);
	g_assert_cmpuint(aside, ==, 0);
}

/* FALSE with error: nothing of it is there. */
static gboolean
append(struct bed *bed, gint64 to, GArray *ids, gint64 *step, GError **error)
{
	struct batch batch;
	struct store_asides *asides;
	gboolean ok;

	fill(&batch);
	asides = store_appends_begin(bed->store, batch.appends, N, error);
	g_assert_nonnull(asides);
	g_assert_true(store_begin(bed->store, TRUE, NULL));
	ok = store_journal_appends(bed->store, to, batch.appends, N, asides, ids, step, error);
	if (ok)
		g_assert_true(store_commit(bed->store, NULL));
	else
		store_rollback(bed->store);
	store_asides_free(asides);
	drop(&batch);
	return ok;
}

static void
a_batch_is_one_action(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GArray) transfers = g_array_new(FALSE, FALSE, sizeof(struct store_undo_transfer));
	g_autofree char *why = NULL;
	gint64 step = 0, failed;

	g_assert_true(append(bed, bed->inbox, ids, &step, NULL));
	g_assert_true(append(bed, bed->inbox, ids, &step, NULL));
	g_assert_cmpuint(ids->len, ==, 2 * N);
	bed_reopen(bed);
	assert_files(bed, 2 * N);
	for (guint i = 0; i < ids->len; i++) {
		msgid id = g_array_index(ids, msgid, i);
		struct store_row *row = store_row(bed->store, id, NULL);
		g_autoptr(GBytes) body = store_part(bed->store, id, "", NULL);

		g_assert_cmpuint(row->flags, ==, i % 2 ? FLAG_SEEN : FLAG_DELETED);
		g_assert_cmpstr(row->keywords, ==, "later");
		g_assert_cmpint(row->received, ==, 1000 + i % N);
		g_assert_cmpint(row->body, ==, BODY_FULL);
		g_assert_cmpuint(row->size, ==, g_bytes_get_size(body));
		store_row_free(row);
	}
	g_assert_true(store_ops(bed->store, TRUE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, ==, 2 * N);
	g_assert_true(store_op_set(bed->store, ((struct store_op *)ops->pdata[3])->id, OP_FAILED, "no room",
	                           0, NULL));
	g_assert_cmpint(store_ops_of_step(bed->store, step, &failed, &why, NULL), ==, 2 * N - 1);
	g_assert_cmpint(failed, ==, 1);
	g_assert_cmpstr(why, ==, "no room");
	g_assert_true(store_undo_take_back(bed->store, 0, NULL, transfers, NULL));
	g_assert_cmpint(store_ops_waiting(bed->store, NULL), ==, 0);
}

static void
one_that_fails_leaves_nothing(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;
	gint64 step = 0;

	g_assert_false(append(bed, 4711, ids, &step, &error));
	g_assert_nonnull(error);
	g_assert_cmpuint(ids->len, ==, 0);
	g_assert_cmpint(step, ==, 0);
	assert_files(bed, 0);
}

static void
remove_one_aside(struct bed *bed)
{
	g_autofree char *dir = g_build_filename(bed->dir, "mail", NULL), *path = NULL;
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(list)) && !g_str_has_prefix(name, "append-"))
		;
	path = g_build_filename(dir, name, NULL);
	g_assert_cmpint(g_remove(path), ==, 0);
}

/* Those before it lie under their names already. */
static void
one_without_its_body_leaves_nothing(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;
	struct store_asides *asides;
	struct batch batch;
	gint64 step = 0;

	fill(&batch);
	asides = store_appends_begin(bed->store, batch.appends, N, NULL);
	remove_one_aside(bed);
	g_assert_true(store_begin(bed->store, TRUE, NULL));
	g_assert_false(
	        store_journal_appends(bed->store, bed->inbox, batch.appends, N, asides, ids, &step, &error));
	g_assert_nonnull(error);
	g_assert_cmpuint(ids->len, ==, 0);
	store_rollback(bed->store);
	store_asides_free(asides);
	drop(&batch);
	assert_files(bed, 0);
	g_assert_cmpint(store_ops_waiting(bed->store, NULL), ==, 0);
}

static void
what_a_killed_process_left_is_taken_away(struct bed *bed, gconstpointer unused)
{
	g_autofree char *dir = g_build_filename(bed->dir, "mail", NULL);
	g_autofree char *old = g_build_filename(dir, "append-0123", NULL);
	g_autofree char *fresh = g_build_filename(dir, "append-4567", NULL);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 step = 0;

	g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	g_assert_true(g_file_set_contents(old, "x", 1, NULL) && g_file_set_contents(fresh, "x", 1, NULL));
	g_assert_cmpint(utime(old, &(struct utimbuf){1000, 1000}), ==, 0);
	g_assert_true(append(bed, bed->inbox, ids, &step, NULL));
	g_assert_false(g_file_test(old, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(fresh, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/appends/step", a_batch_is_one_action);
	BED_TEST("/appends/failure", one_that_fails_leaves_nothing);
	BED_TEST("/appends/half", one_without_its_body_leaves_nothing);
	BED_TEST("/appends/killed", what_a_killed_process_left_is_taken_away);
	return g_test_run();
}
