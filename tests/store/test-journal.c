#include <string.h>
#include "../dice.h"
#include "store-util.h"

#define OPS(var) g_autoptr(GPtrArray) var = g_ptr_array_new_with_free_func(store_op_free)

static void
journal(struct store *store, msgid id, guint add, guint remove)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(store_journal_flags(store, &id, 1, add, remove, NULL, NULL, NULL, &error));
	g_assert_no_error(error);
}

static struct store_op *
op_at(GPtrArray *ops, guint i)
{
	g_assert_cmpuint(i, <, ops->len);
	return ops->pdata[i];
}

static guint
read_ops(struct store *store, gboolean ready, gint64 now, GPtrArray *ops)
{
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(ops, 0);
	g_assert_true(store_ops(store, ready, now, ops, &error));
	g_assert_no_error(error);
	return ops->len;
}

static void
assert_flags(struct store *store, msgid id, guint shown, guint pending)
{
	struct store_row *row = store_row(store, id, NULL);

	g_assert_cmpuint(row->flags, ==, shown);
	g_assert_cmpuint(row->pending, ==, pending);
	store_row_free(row);
}

static gint64
unread(struct bed *bed)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	gint64 count = folder->unread;

	store_folder_free(folder);
	return count;
}

static void
a_flag_shows_at_once_and_becomes_base_when_done(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .flags = FLAG_FLAGGED});
	OPS(ops);

	journal(bed->store, id, FLAG_SEEN, FLAG_FLAGGED);
	assert_flags(bed->store, id, FLAG_SEEN, FLAG_SEEN | FLAG_FLAGGED);
	g_assert_cmpint(unread(bed), ==, 0);
	/* A resync writes only the base. */
	g_assert_true(store_set_base(bed->store, bed->inbox, 1, FLAG_FLAGGED | FLAG_ANSWERED, NULL, NULL));
	assert_flags(bed->store, id, FLAG_SEEN | FLAG_ANSWERED, FLAG_SEEN | FLAG_FLAGGED);
	bed_reopen(bed);
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 1);
	g_assert_cmpuint(op_at(ops, 0)->add, ==, FLAG_SEEN);
	g_assert_cmpuint(op_at(ops, 0)->remove, ==, FLAG_FLAGGED);
	g_assert_cmpint(op_at(ops, 0)->folder, ==, bed->inbox);
	g_assert_cmpint(g_array_index(op_at(ops, 0)->ids, msgid, 0), ==, id);
	g_assert_true(store_op_done(bed->store, op_at(ops, 0)->id, NULL));
	assert_flags(bed->store, id, FLAG_SEEN | FLAG_ANSWERED, 0);
	g_assert_cmpint(unread(bed), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 0);
	g_assert_true(store_op_done(bed->store, 1, NULL));
}

static void
the_later_wish_wins_on_the_same_bit(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	OPS(ops);

	journal(bed->store, id, FLAG_SEEN | FLAG_FLAGGED, 0);
	journal(bed->store, id, 0, FLAG_SEEN);
	assert_flags(bed->store, id, FLAG_FLAGGED, FLAG_SEEN | FLAG_FLAGGED);
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 2);
	g_assert_true(store_op_done(bed->store, op_at(ops, 0)->id, NULL));
	/* The first made it seen on the server, the second still hides that. */
	assert_flags(bed->store, id, FLAG_FLAGGED, FLAG_SEEN);
	g_assert_cmpint(unread(bed), ==, 1);
	g_assert_true(store_op_done(bed->store, op_at(ops, 1)->id, NULL));
	assert_flags(bed->store, id, FLAG_FLAGGED, 0);
}

static void
a_wish_that_waits_already_is_not_written_twice(struct bed *bed, gconstpointer unused)
{
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	OPS(ops);

	journal(bed->store, ids[0], FLAG_SEEN, 0);
	g_assert_true(store_journal_flags(bed->store, ids, 2, FLAG_SEEN, 0, NULL, NULL, NULL, NULL));
	journal(bed->store, ids[1], FLAG_SEEN, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 2);
	g_assert_cmpuint(op_at(ops, 1)->ids->len, ==, 1);
}

static void
keywords_are_pending_too(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .keywords = "red Green"});
	struct store_row *row;
	OPS(ops);

	g_assert_true(store_journal_flags(bed->store, &id, 1, 0, 0, "blue", "green", NULL, NULL));
	g_assert_true(store_journal_flags(bed->store, &id, 1, 0, 0, "white", "blue", NULL, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpstr(row->keywords, ==, "red white");
	store_row_free(row);
	read_ops(bed->store, FALSE, 0, ops);
	g_assert_cmpstr(op_at(ops, 0)->keywords_add, ==, "blue");
	g_assert_true(store_op_drop(bed->store, op_at(ops, 1)->id, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpstr(row->keywords, ==, "red blue");
	store_row_free(row);
	g_assert_true(store_op_done(bed->store, op_at(ops, 0)->id, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpstr(row->keywords, ==, "red blue");
	g_assert_cmpuint(row->pending, ==, 0);
	store_row_free(row);
}

static void
what_the_server_refuses_is_taken_back(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	struct store_row *row;
	gint64 failed;
	OPS(ops);

	journal(bed->store, id, FLAG_SEEN, 0);
	journal(bed->store, id, FLAG_FLAGGED, 0);
	read_ops(bed->store, FALSE, 0, ops);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_RUNNING, NULL, 0, NULL));
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_FAILED, "read-only folder", 0, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpuint(row->flags, ==, FLAG_FLAGGED);
	g_assert_cmpstr(row->refused, ==, "read-only folder");
	store_row_free(row);
	g_assert_cmpint(unread(bed), ==, 1);
	g_assert_cmpint(store_ops_waiting(bed->store, &failed), ==, 1);
	g_assert_cmpint(failed, ==, 1);
	read_ops(bed->store, FALSE, 0, ops);
	g_assert_cmpint(op_at(ops, 0)->state, ==, OP_FAILED);
	g_assert_cmpint(op_at(ops, 0)->attempts, ==, 1);
	g_assert_cmpstr(op_at(ops, 0)->error, ==, "read-only folder");
	/* It stands in nobody's way, and can be tried again. */
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 1);
	read_ops(bed->store, FALSE, 0, ops);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_WAITING, NULL, 0, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpuint(row->flags, ==, FLAG_FLAGGED | FLAG_SEEN);
	g_assert_null(row->refused);
	store_row_free(row);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_FAILED, "no", 0, NULL));
	g_assert_true(store_clear_refused(bed->store, id, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_null(row->refused);
	store_row_free(row);
}

static void
ops_of_a_message_run_in_order(struct bed *bed, gconstpointer unused)
{
	msgid a = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	msgid b = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2});
	OPS(all);
	OPS(ready);

	journal(bed->store, a, FLAG_SEEN, 0);
	journal(bed->store, a, 0, FLAG_SEEN);
	journal(bed->store, b, FLAG_SEEN, 0);
	read_ops(bed->store, FALSE, 0, all);
	g_assert_true(store_op_set(bed->store, op_at(all, 0)->id, OP_WAITING, NULL, 1000, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, 999, ready), ==, 1);
	g_assert_cmpint(op_at(ready, 0)->id, ==, op_at(all, 2)->id);
	g_assert_cmpuint(read_ops(bed->store, TRUE, 1000, ready), ==, 2);
	g_assert_cmpint(op_at(ready, 0)->id, ==, op_at(all, 0)->id);
	g_assert_true(store_op_set(bed->store, op_at(all, 0)->id, OP_RUNNING, NULL, 0, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, 1000, ready), ==, 1);
	g_assert_false(store_op_drop(bed->store, op_at(all, 0)->id, NULL));
	g_assert_true(store_op_set(bed->store, op_at(all, 0)->id, OP_CHECKING, NULL, 0, NULL));
	read_ops(bed->store, FALSE, 0, all);
	g_assert_cmpint(op_at(all, 0)->state, ==, OP_CHECKING);
}

static void
each_folder_gets_its_op(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Other", "");
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, other, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	g_autoptr(GError) error = NULL;
	OPS(ops);

	g_assert_true(store_journal_flags(bed->store, ids, 3, FLAG_SEEN, 0, NULL, NULL, NULL, &error));
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 2);
	g_assert_cmpuint(op_at(ops, 0)->ids->len, ==, 2);
	g_assert_cmpuint(op_at(ops, 1)->ids->len, ==, 1);
	ids[2] = 4711;
	g_assert_false(store_journal_flags(bed->store, ids, 3, 0, FLAG_SEEN, NULL, NULL, NULL, &error));
	g_assert_nonnull(error);
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 2);
	assert_flags(bed->store, ids[0], FLAG_SEEN, FLAG_SEEN);
}

static void
ops_of_vanished_messages_go(struct bed *bed, gconstpointer unused)
{
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	OPS(ops);

	g_assert_true(store_journal_flags(bed->store, ids, 2, FLAG_SEEN, 0, NULL, NULL, NULL, NULL));
	g_assert_true(store_remove(bed->store, ids[0], NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 1);
	g_assert_cmpuint(op_at(ops, 0)->ids->len, ==, 1);
	g_assert_true(store_remove(bed->store, ids[1], NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 0);
	g_assert_true(store_op_set(bed->store, 1, OP_RUNNING, NULL, 0, NULL));
}

static void
deleted_messages_stay_listed(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});

	journal(bed->store, id, FLAG_DELETED, 0);
	g_assert_true(store_rows(bed->store, bed->inbox, NULL, TRUE, 9, rows, NULL));
	g_assert_cmpuint(rows->len, ==, 1);
	g_assert_cmpuint(((struct store_row *)rows->pdata[0])->flags, ==, FLAG_DELETED);
}

/* What is shown equals the base with every op that has not failed laid over it in order. */
static void
masks_equal_the_sum_of_the_ops(struct bed *bed, gconstpointer unused)
{
	msgid ids[5];
	guint base[5] = {0};
	OPS(ops);

	for (guint i = 0; i < 5; i++)
		ids[i] = add_mail(bed->store, bed->inbox, &(struct mail){.uid = i + 1});
	for (guint step = 0; step < 400; step++) {
		guint what = (guint)g_test_rand_int_range(0, 10), i = (guint)g_test_rand_int_range(0, 5);
		struct store_op *op;

		if (what < 5) {
			journal(bed->store, ids[i], (guint)g_test_rand_int_range(0, 8),
			        (guint)g_test_rand_int_range(0, 8));
		} else if (what == 5) {
			base[i] = (guint)g_test_rand_int_range(0, 8);
			g_assert_true(store_set_base(bed->store, bed->inbox, i + 1, base[i], NULL, NULL));
		} else if (read_ops(bed->store, FALSE, 0, ops)) {
			op = op_at(ops, (guint)g_test_rand_int_range(0, (gint32)ops->len));
			if (what == 6) {
				g_assert_true(store_op_done(bed->store, op->id, NULL));
				for (guint j = 0; j < 5; j++)
					if (ids[j] == g_array_index(op->ids, msgid, 0))
						base[j] = (base[j] | op->add) & ~op->remove;
			} else if (what == 7) {
				g_assert_true(store_op_drop(bed->store, op->id, NULL));
			} else {
				g_assert_true(store_op_set(bed->store, op->id,
				                           what == 8 ? OP_FAILED : OP_WAITING, "no", 0,
				                           NULL));
			}
		}
		read_ops(bed->store, FALSE, 0, ops);
		for (i = 0; i < 5; i++) {
			guint shown = base[i];
			struct store_row *row = store_row(bed->store, ids[i], NULL);

			for (guint j = 0; j < ops->len; j++) {
				op = op_at(ops, j);
				if (op->state != OP_FAILED && g_array_index(op->ids, msgid, 0) == ids[i])
					shown = (shown | op->add) & ~op->remove;
			}
			g_assert_cmpuint(row->flags, ==, shown);
			store_row_free(row);
		}
	}
}

/* Where messages go by being marked first, an op that was cut off may have marked this one. */
static void
a_purge_that_was_begun_leaves_no_mark_when_it_is_undone(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autoptr(GError) error = NULL;
	gint64 step = 0;
	OPS(ops);

	g_assert_true(store_journal_purge(bed->store, &id, 1, &step, &error));
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 1);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_RUNNING, NULL, 0, &error));
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_CHECKING, NULL, 0, &error));
	g_assert_false(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_WAITING, NULL, 0, &error));
	g_assert_true(store_undo_take_back(bed->store, step, NULL, NULL, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(read_ops(bed->store, TRUE, 0, ops), ==, 1);
	g_assert_cmpint(op_at(ops, 0)->verb, ==, OP_FLAG);
	g_assert_cmpuint(op_at(ops, 0)->remove, ==, FLAG_DELETED);
	g_assert_cmpint(op_at(ops, 0)->folder, ==, bed->inbox);
	g_assert_cmpint(g_array_index(op_at(ops, 0)->ids, msgid, 0), ==, id);
	check_store(bed->dir);
	/* One that never went out had no time to mark anything. */
	g_assert_true(store_op_done(bed->store, op_at(ops, 0)->id, &error));
	step = 0;
	g_assert_true(store_journal_purge(bed->store, &id, 1, &step, &error));
	g_assert_true(store_undo_take_back(bed->store, step, NULL, NULL, &error));
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 0);
}

/* The mark of an op that was cut off goes, that of the person does not. */
static void
who_marks_what_comes_back_finds_it_marked(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	gint64 to = add_folder(bed->store, "Archive", "");
	g_autoptr(GError) error = NULL;
	struct store_row *row;
	OPS(ops);

	g_assert_true(store_journal_move(bed->store, &id, 1, to, NULL, &error));
	read_ops(bed->store, TRUE, 0, ops);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_RUNNING, NULL, 0, &error));
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_CHECKING, NULL, 0, &error));
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_WAITING, NULL, 0, &error));
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_DELETED, 0, NULL, NULL, NULL, &error));
	g_assert_true(store_journal_move(bed->store, &id, 1, bed->inbox, NULL, &error));
	row = store_row(bed->store, id, &error);
	g_assert_no_error(error);
	g_assert_cmpint(row->folder, ==, bed->inbox);
	g_assert_cmpuint(row->flags & FLAG_DELETED, ==, FLAG_DELETED);
	store_row_free(row);
	check_store(bed->dir);
}

/* Where it was to go is no more, so there is nowhere to show it. */
static void
a_refused_op_is_not_tried_again_without_its_folder(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	gint64 to = add_folder(bed->store, "Archive", "");
	OPS(ops);

	g_assert_true(store_journal_copy(bed->store, &id, 1, to, NULL, NULL, NULL));
	read_ops(bed->store, TRUE, 0, ops);
	g_assert_true(store_op_set(bed->store, op_at(ops, 0)->id, OP_FAILED, "no", 0, NULL));
	g_assert_true(store_folder_remove(bed->store, to, NULL));
	g_assert_false(store_op_set(bed->store, op_at(ops, 0)->id, OP_WAITING, NULL, 0, NULL));
	check_store(bed->dir);
	g_assert_true(store_op_drop(bed->store, op_at(ops, 0)->id, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, 0, ops), ==, 0);
}

static void
set_uidnext(struct store *store, gint64 id, guint64 uidnext)
{
	struct store_folder *folder = folder_of(store, id);

	folder->uidvalidity = 1;
	folder->uidnext = uidnext;
	g_assert_true(store_folder_put_state(store, folder, NULL));
	store_folder_free(folder);
}

static guint64
mark_of_attempt(struct bed *bed, gint64 id)
{
	struct store_op *op;
	guint64 mark;

	g_assert_true(store_op_set(bed->store, id, OP_RUNNING, NULL, 0, NULL));
	g_assert_true(store_op_set(bed->store, id, OP_WAITING, NULL, 0, NULL));
	op = store_op(bed->store, id, NULL);
	mark = op->mark;
	store_op_free(op);
	return mark;
}

/* What an attempt made before the link was lost lies where the folder ended at that time. */
static void
an_op_keeps_the_mark_of_its_first_attempt(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	gint64 to = add_folder(bed->store, "Archive", "");
	OPS(ops);

	g_assert_true(store_journal_move(bed->store, &id, 1, to, NULL, NULL));
	read_ops(bed->store, TRUE, 0, ops);
	set_uidnext(bed->store, to, 20);
	g_assert_cmpuint(mark_of_attempt(bed, op_at(ops, 0)->id), ==, 20);
	set_uidnext(bed->store, to, 25);
	g_assert_cmpuint(mark_of_attempt(bed, op_at(ops, 0)->id), ==, 20);
	/* It says nothing of the UIDs that come after those. */
	g_assert_true(store_folder_unbind(bed->store, to, NULL));
	set_uidnext(bed->store, to, 3);
	g_assert_cmpuint(mark_of_attempt(bed, op_at(ops, 0)->id), ==, 0);
}

static void
a_screen_sees_some_ops_with_their_rows_counted(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	msgid ids[5];
	guint total;
	OPS(shown);

	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		ids[i] = add_mail(bed->store, bed->inbox, &(struct mail){.uid = i + 1});
	for (guint i = 0; i < 3; i++)
		g_assert_true(
		        store_journal_flags(bed->store, ids, i + 3, 1u << i, 0, NULL, NULL, NULL, NULL));
	g_assert_true(store_op_set(bed->store, 1, OP_FAILED, "no", 0, NULL));
	g_assert_false(store_ops_are_running(bed->store));
	g_assert_true(store_op_set(bed->store, 2, OP_RUNNING, NULL, 0, NULL));
	g_assert_true(store_ops_are_running(bed->store));
	g_assert_true(store_ops_shown(bed->store, FALSE, 1, shown, &total, &error));
	g_assert_cmpuint(total, ==, 2);
	g_assert_cmpuint(shown->len, ==, 1);
	g_assert_cmpint(op_at(shown, 0)->id, ==, 2);
	g_assert_cmpuint(op_at(shown, 0)->n, ==, 4);
	g_assert_cmpuint(op_at(shown, 0)->ids->len, ==, 0);
	g_assert_true(store_ops_shown(bed->store, TRUE, 10, shown, &total, &error));
	g_assert_cmpuint(total, ==, 1);
	g_assert_cmpuint(shown->len, ==, 2);
	g_assert_cmpint(op_at(shown, 1)->id, ==, 1);
	g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	BED_TEST("/store/journal/done", a_flag_shows_at_once_and_becomes_base_when_done);
	BED_TEST("/store/journal/later-wins", the_later_wish_wins_on_the_same_bit);
	BED_TEST("/store/journal/twice", a_wish_that_waits_already_is_not_written_twice);
	BED_TEST("/store/journal/keywords", keywords_are_pending_too);
	BED_TEST("/store/journal/refused", what_the_server_refuses_is_taken_back);
	BED_TEST("/store/journal/order", ops_of_a_message_run_in_order);
	BED_TEST("/store/journal/folders", each_folder_gets_its_op);
	BED_TEST("/store/journal/vanished", ops_of_vanished_messages_go);
	BED_TEST("/store/journal/deleted", deleted_messages_stay_listed);
	BED_TEST("/store/journal/sum", masks_equal_the_sum_of_the_ops);
	BED_TEST("/store/journal/no-folder", a_refused_op_is_not_tried_again_without_its_folder);
	BED_TEST("/store/journal/mark", an_op_keeps_the_mark_of_its_first_attempt);
	BED_TEST("/store/journal/unmarked", a_purge_that_was_begun_leaves_no_mark_when_it_is_undone);
	BED_TEST("/store/journal/marked", who_marks_what_comes_back_finds_it_marked);
	BED_TEST("/store/journal/shown", a_screen_sees_some_ops_with_their_rows_counted);
	return g_test_run();
}
