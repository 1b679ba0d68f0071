/* Undo is exact: step by step everything is seen as it was. */
#include "store-util.h"

static gint64
create(struct store *store, const char *path, gint64 *step)
{
	struct store_folder folder = {.path = (char *)path, .wire = (char *)path, .delimiter = '/'};

	g_assert_true(store_journal_create(store, &folder, "", step, NULL));
	return folder.id;
}

/* The paths of all folders, joined by blanks. */
static char *
paths(struct store *store)
{
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < folders->len; i++)
		g_string_append_printf(text, "%s%s", i ? " " : "",
		                       ((struct store_folder *)folders->pdata[i])->path);
	return g_strdup(text->str);
}

static void
assert_undone(struct bed *bed, const char *wanted)
{
	g_autofree char *have = NULL;

	g_assert_true(store_undo_take_back(bed->store, 0, NULL, NULL, NULL));
	have = paths(bed->store);
	g_assert_cmpstr(have, ==, wanted);
}

static void
a_deleted_wish_comes_back_by_each_of_its_names(struct bed *bed, gconstpointer unused)
{
	gint64 lists = add_folder(bed->store, "Lists", ""), steps[4] = {0};
	gint64 fresh = create(bed->store, "Lists/fresh", &steps[0]);

	g_assert_true(store_journal_rename(bed->store, lists, "Rings", "Rings", &steps[1], NULL));
	g_assert_true(store_journal_rename(bed->store, fresh, "Other", "Other", &steps[2], NULL));
	g_assert_true(store_journal_remove(bed->store, fresh, &steps[3], NULL));
	assert_undone(bed, "INBOX Other Rings");
	assert_undone(bed, "INBOX Rings Rings/fresh");
	assert_undone(bed, "INBOX Lists Lists/fresh");
	assert_undone(bed, "INBOX Lists");
	g_assert_cmpint(store_ops_waiting(bed->store, NULL), ==, 0);
}

/* An op that was put off may have come half way: where messages are moved by hand, a copy is there. */
static void
a_move_that_was_tried_is_not_overtaken(struct bed *bed, gconstpointer again)
{
	gint64 lists = add_folder(bed->store, "Lists", ""), other = add_folder(bed->store, "Other", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .id = "<a@x>"});
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	const struct store_op *first, *second;
	gint64 step = 0;

	g_assert_true(store_journal_move(bed->store, &id, 1, lists, &step, NULL));
	g_assert_true(store_op_set(bed->store, 1, OP_RUNNING, NULL, 0, NULL));
	g_assert_true(store_op_set(bed->store, 1, OP_WAITING, "not now", 0, NULL));
	if (again)
		g_assert_true(store_journal_move(bed->store, &id, 1, other, NULL, NULL));
	else
		g_assert_true(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, >=, 2);
	first = ops->pdata[0];
	second = ops->pdata[1];
	g_assert_cmpint(first->to, ==, lists);
	g_assert_cmpuint(first->ids->len, ==, 1);
	g_assert_cmpint(second->verb, ==, OP_MOVE);
	g_assert_cmpint(second->folder, ==, lists);
	g_assert_cmpint(second->to, ==, again ? other : bed->inbox);
	/* And when that one, which was not, is taken back in turn. */
	g_assert_true(store_journal_move(bed->store, &id, 1, lists, NULL, NULL));
	g_ptr_array_set_size(ops, 0);
	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	for (guint i = 1; i < ops->len; i++)
		g_assert_cmpint(((struct store_op *)ops->pdata[i])->verb, ==, OP_FLAG);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/undo/wish", a_deleted_wish_comes_back_by_each_of_its_names);
	BED_TEST("/store/undo/tried", a_move_that_was_tried_is_not_overtaken);
	g_test_add("/store/undo/tried-again", struct bed, "again", bed_up,
	           a_move_that_was_tried_is_not_overtaken, bed_down);
	return g_test_run();
}
