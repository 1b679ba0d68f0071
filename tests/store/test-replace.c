/* A draft that is written on: what is here, what the server is still to hear, and what undo makes of it, at
 * each stage. The text of one of the two is never out of sight without the other. */
#include <string.h>
#include "verbs-util.h"

static msgid
replace_by(struct store *store, msgid old, gint64 to, gint64 *step)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(letter, strlen(letter));
	struct envelope envelope;
	struct store_message message = {
	        .received = 60, .size = strlen(letter), .flags = FLAG_DRAFT, .envelope = &envelope};
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, letter, strlen(letter));
	id = store_journal_replace(store, old, to, &message, bytes, step, &error);
	must(id > 0, error);
	envelope_clear(&envelope);
	return id;
}

/* A draft that the server has, here in full. */
static msgid
there(struct bed *bed, guint64 uid)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = uid});

	g_assert_true(store_part_put(bed->store, id, "", letter, strlen(letter), FALSE, NULL));
	return id;
}

/* The one op there is puts id into the folder, and takes old (0: nothing) away. */
static struct store_op *
assert_op(struct store *store, GPtrArray *ops, msgid id, msgid old)
{
	struct store_op *op = only_op(store, ops);

	g_assert_cmpuint(op->ids->len, ==, id != 0);
	g_assert_cmpuint(op->sources->len, ==, old != 0);
	if (id)
		g_assert_cmpint(g_array_index(op->ids, msgid, 0), ==, id);
	if (old)
		g_assert_cmpint(g_array_index(op->sources, msgid, 0), ==, old);
	return op;
}

static void
the_old_one_goes_when_the_new_one_is_there(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), id;
	gint64 step = 0;
	g_autoptr(GBytes) body = NULL;
	struct store_op *op;
	OPS(ops);

	id = replace_by(bed->store, old, bed->inbox, &step);
	body = store_part(bed->store, id, "", NULL);
	g_assert_cmpmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body), letter, strlen(letter));
	assert_at(bed->store, id, bed->inbox, 0, 0);
	assert_at(bed->store, old, 0, bed->inbox, 1);
	op = assert_op(bed->store, ops, id, old);
	g_assert_cmpint(op->verb, ==, OP_REPLACE);
	g_assert_cmpuint(op->n, ==, 1);
	set(bed->store, op->id, OP_RUNNING);
	g_assert_true(store_is_marked(bed->store, old, NULL));
	g_assert_false(store_is_marked(bed->store, id, NULL));
	/* Under way, nothing is taken back. */
	g_assert_false(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	g_assert_true(store_moved(bed->store, op->id, id, bed->inbox, 0, 2, NULL, NULL));
	op = assert_op(bed->store, ops, 0, old);
	assert_at(bed->store, old, 0, bed->inbox, 1);
	g_assert_cmpuint(op->n, ==, 1);
	g_assert_true(store_purged(bed->store, op->id, old, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	assert_at(bed->store, old, 0, 0, 0);
	/* The former text comes back in the same way. */
	undo(bed->store, step, 0);
	assert_op(bed->store, ops, old, id);
	assert_at(bed->store, old, bed->inbox, 0, 0);
	assert_at(bed->store, id, 0, bed->inbox, 2);
}

static void
done_at_once_is_the_same(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), id = replace_by(bed->store, old, bed->inbox, NULL);
	struct store_op *op;
	OPS(ops);

	op = assert_op(bed->store, ops, id, old);
	set(bed->store, op->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, op->id, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	assert_at(bed->store, old, 0, 0, 0);
	g_assert_true(store_is_awaited(bed->store, id) || folder_shown(bed->store, id) == bed->inbox);
}

static void
refused_both_are_seen(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), id;
	struct store_row *row;
	gint64 step = 0;
	OPS(ops);

	id = replace_by(bed->store, old, bed->inbox, &step);
	set(bed->store, assert_op(bed->store, ops, id, old)->id, OP_FAILED);
	assert_at(bed->store, id, bed->inbox, 0, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	row = store_row(bed->store, id, NULL);
	g_assert_cmpstr(row->refused, ==, "no");
	store_row_free(row);
	/* Again: as before. */
	set(bed->store, assert_op(bed->store, ops, id, old)->id, OP_WAITING);
	assert_at(bed->store, old, 0, bed->inbox, 1);
	set(bed->store, assert_op(bed->store, ops, id, old)->id, OP_FAILED);
	undo(bed->store, step, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	/* Dropped: what the server has stays. */
	id = replace_by(bed->store, old, bed->inbox, NULL);
	g_assert_true(store_op_drop(bed->store, assert_op(bed->store, ops, id, old)->id, NULL));
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
}

/* Put elsewhere, the new one has nothing to do with the old one any more, which is seen. */
static void
what_was_refused_is_moved(struct bed *bed, gconstpointer unused)
{
	gint64 trash = add_folder(bed->store, "Trash", "trash");
	msgid old = there(bed, 1), id = replace_by(bed->store, old, bed->inbox, NULL);
	struct store_row *row;
	OPS(ops);

	set(bed->store, assert_op(bed->store, ops, id, old)->id, OP_FAILED);
	move(bed->store, id, trash);
	g_assert_cmpint(assert_op(bed->store, ops, id, 0)->verb, ==, OP_APPEND);
	assert_at(bed->store, id, trash, 0, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	row = store_row(bed->store, old, NULL);
	g_assert_null(row->refused);
	store_row_free(row);
}

/* A text that fits takes the turn of one that was too long. */
static void
what_was_refused_is_replaced(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), first, second;
	struct store_row *row;
	OPS(ops);

	first = replace_by(bed->store, old, bed->inbox, NULL);
	set(bed->store, assert_op(bed->store, ops, first, old)->id, OP_FAILED);
	second = replace_by(bed->store, first, bed->inbox, NULL);
	g_assert_cmpint(assert_op(bed->store, ops, second, old)->state, ==, OP_WAITING);
	assert_at(bed->store, old, 0, bed->inbox, 1);
	assert_at(bed->store, second, bed->inbox, 0, 0);
	for (guint i = 0; i < 3; i++) {
		row = store_row(bed->store, i == 0 ? old : i == 1 ? first : second, NULL);
		g_assert_null(row->refused);
		store_row_free(row);
	}
}

/* ---- saved again and again ---- */

/* Fifty saves on a train are one message in the end, and fifty steps back. */
static void
only_the_last_goes_out(struct bed *bed, gconstpointer unused)
{
	msgid ids[50];
	gint64 steps[G_N_ELEMENTS(ids)] = {0};
	OPS(ops);

	ids[0] = append(bed->store, bed->inbox, TRUE, NULL, &steps[0]);
	for (guint i = 1; i < G_N_ELEMENTS(ids); i++)
		ids[i] = replace_by(bed->store, ids[i - 1], bed->inbox, &steps[i]);
	g_assert_cmpint(assert_op(bed->store, ops, ids[49], 0)->verb, ==, OP_APPEND);
	assert_counts(bed->store, bed->inbox, 1, 0, 1);
	for (guint i = G_N_ELEMENTS(ids) - 1; i > 0; i--) {
		undo(bed->store, i % 2 ? steps[i] : 0, 0);
		assert_op(bed->store, ops, ids[i - 1], 0);
		assert_at(bed->store, ids[i - 1], bed->inbox, 0, 0);
		assert_at(bed->store, ids[i], 0, 0, 0);
	}
	undo(bed->store, 0, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_cmpint(folder_shown(bed->store, ids[0]), ==, 0);
}

/* The server has the first text: it goes for the last. */
static void
what_waits_is_overtaken(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), first, second, third;
	gint64 steps[3] = {0};
	OPS(ops);

	first = replace_by(bed->store, old, bed->inbox, &steps[0]);
	g_assert_true(store_journal_flags(bed->store, &first, 1, FLAG_FLAGGED, 0, NULL, NULL, NULL, NULL));
	second = replace_by(bed->store, first, bed->inbox, &steps[1]);
	assert_op(bed->store, ops, second, old);
	assert_at(bed->store, first, 0, 0, 0);
	undo(bed->store, steps[1], 0);
	assert_op(bed->store, ops, first, old);
	assert_at(bed->store, first, bed->inbox, 0, 0);
	/* Taken back out of order the server's text and the newest stay. */
	second = replace_by(bed->store, first, bed->inbox, &steps[2]);
	undo(bed->store, steps[0], 0);
	assert_op(bed->store, ops, second, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	assert_at(bed->store, second, bed->inbox, 0, 0);
	undo(bed->store, steps[2], 0);
	assert_op(bed->store, ops, first, 0);
	third = replace_by(bed->store, old, bed->inbox, NULL);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 2);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(folder_shown(bed->store, third), ==, bed->inbox);
}

/* An op under way keeps its row; the next waits for it, and for its UID. */
static void
what_is_under_way_is_not_overtaken(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), first, second;
	gint64 one, step = 0;
	OPS(ops);

	first = replace_by(bed->store, old, bed->inbox, NULL);
	one = assert_op(bed->store, ops, first, old)->id;
	set(bed->store, one, OP_RUNNING);
	second = replace_by(bed->store, first, bed->inbox, &step);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 2);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 0);
	/* Refused, it holds up what rests on it. */
	set(bed->store, one, OP_FAILED);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 0);
	set(bed->store, one, OP_WAITING);
	set(bed->store, one, OP_RUNNING);
	g_assert_true(store_moved(bed->store, one, first, bed->inbox, 0, 2, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_true(store_op_done(bed->store, one, NULL));
	assert_op(bed->store, ops, second, first);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	assert_at(bed->store, first, 0, bed->inbox, 2);
	undo(bed->store, step, 0);
	assert_at(bed->store, first, bed->inbox, bed->inbox, 2);
	g_assert_cmpint(folder_shown(bed->store, second), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
}

/* ---- with what else a person does ---- */

static void
a_new_one_that_is_moved_takes_the_old_one_along(struct bed *bed, gconstpointer unused)
{
	gint64 trash = add_folder(bed->store, "Trash", "trash"), step = 0, moved;
	msgid old = there(bed, 1), id = replace_by(bed->store, old, bed->inbox, &step);
	struct store_op *op;
	OPS(ops);

	moved = move(bed->store, id, trash);
	op = assert_op(bed->store, ops, id, old);
	g_assert_cmpint(op->verb, ==, OP_REPLACE);
	g_assert_cmpint(op->to, ==, trash);
	g_assert_cmpint(op->folder, ==, bed->inbox);
	assert_at(bed->store, id, trash, 0, 0);
	undo(bed->store, moved, 0);
	undo(bed->store, step, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	/* Thrown away for good, nothing of it is left, and all comes back. */
	step = 0;
	id = replace_by(bed->store, old, bed->inbox, &step);
	move(bed->store, id, trash);
	moved = purge(bed->store, id);
	/* Nothing is to come into the folder any more. */
	op = assert_op(bed->store, ops, old, 0);
	g_assert_cmpint(op->verb, ==, OP_PURGE);
	g_assert_cmpint(op->to, ==, 0);
	undo(bed->store, moved, 0);
	undo(bed->store, 0, 0);
	undo(bed->store, step, 0);
	assert_at(bed->store, old, bed->inbox, bed->inbox, 1);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
}

/* Gone with another client, the old one is made anew by undo; the new one stays when it cannot be. */
static void
what_is_gone_comes_back_or_the_new_one_stays(struct bed *bed, gconstpointer unused)
{
	msgid old = there(bed, 1), bare, id;
	gint64 step = 0;
	OPS(ops);

	id = replace_by(bed->store, old, bed->inbox, &step);
	g_assert_true(store_gone(bed->store, 0, old, NULL));
	assert_op(bed->store, ops, id, 0);
	undo(bed->store, step, 0);
	assert_op(bed->store, ops, old, 0);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
	g_assert_true(store_op_drop(bed->store, only_op(bed->store, ops)->id, NULL));
	step = 0;
	bare = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 7});
	id = replace_by(bed->store, bare, bed->inbox, &step);
	g_assert_true(store_gone(bed->store, 0, bare, NULL));
	undo(bed->store, step, 1);
	assert_op(bed->store, ops, id, 0);
	assert_at(bed->store, id, bed->inbox, 0, 0);
}

static void
nothing_is_replaced_that_is_not_there(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(letter, strlen(letter));
	struct envelope envelope;
	struct store_message message = {.envelope = &envelope};
	msgid old = there(bed, 1);
	gint64 step = 0;
	OPS(ops);

	envelope_from_headers(&envelope, letter, strlen(letter));
	g_assert_cmpint(store_journal_replace(bed->store, 4711, bed->inbox, &message, bytes, &step, NULL), ==,
	                0);
	g_assert_cmpint(store_journal_replace(bed->store, old, 99, &message, bytes, &step, NULL), ==, 0);
	purge(bed->store, old);
	g_assert_cmpint(store_journal_replace(bed->store, old, bed->inbox, &message, bytes, &step, NULL), ==,
	                0);
	envelope_clear(&envelope);
	g_assert_cmpint(step, ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 1);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/replace/done", the_old_one_goes_when_the_new_one_is_there);
	BED_TEST("/store/replace/at-once", done_at_once_is_the_same);
	BED_TEST("/store/replace/refused", refused_both_are_seen);
	BED_TEST("/store/replace/refused/replaced", what_was_refused_is_replaced);
	BED_TEST("/store/replace/refused/moved", what_was_refused_is_moved);
	BED_TEST("/store/replace/fifty", only_the_last_goes_out);
	BED_TEST("/store/replace/overtaken", what_waits_is_overtaken);
	BED_TEST("/store/replace/under-way", what_is_under_way_is_not_overtaken);
	BED_TEST("/store/replace/moved", a_new_one_that_is_moved_takes_the_old_one_along);
	BED_TEST("/store/replace/gone", what_is_gone_comes_back_or_the_new_one_stays);
	BED_TEST("/store/replace/none", nothing_is_replaced_that_is_not_there);
	return g_test_run();
}
