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

/* It was purged before it came about, and the original was flagged since: the server makes it anew of that.
 */
static void
a_copy_made_again_has_the_flags_it_had(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", ""), step = 0;
	msgid id = add_mail(bed->store, bed->inbox,
	                    &(struct mail){.uid = 4, .flags = FLAG_SEEN, .keywords = "red", .id = "<a@x>"});
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	const struct store_op *last;
	struct store_row *row;
	msgid copy;

	g_assert_true(store_journal_copy(bed->store, &id, 1, to, copies, NULL, NULL));
	copy = g_array_index(copies, msgid, 0);
	g_assert_true(store_journal_purge(bed->store, &copy, 1, &step, NULL));
	g_assert_true(
	        store_journal_flags(bed->store, &id, 1, FLAG_FLAGGED, FLAG_SEEN, "blue", "red", NULL, NULL));
	g_assert_true(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	row = store_row(bed->store, copy, NULL);
	g_assert_cmpint(row->folder, ==, to);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	g_assert_cmpuint(row->base, ==, FLAG_FLAGGED);
	g_assert_cmpstr(row->keywords, ==, "red");
	store_row_free(row);
	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, ==, 3);
	last = ops->pdata[2];
	g_assert_cmpint(((const struct store_op *)ops->pdata[1])->verb, ==, OP_COPY);
	g_assert_cmpint(last->verb, ==, OP_FLAG);
	g_assert_cmpuint(last->add, ==, FLAG_SEEN);
	g_assert_cmpuint(last->remove, ==, FLAG_FLAGGED);
	g_assert_cmpstr(last->keywords_add, ==, "red");
	g_assert_cmpstr(last->keywords_remove, ==, "blue");
}

static void
assert_shown(struct bed *bed, const msgid *ids, guint n, gint64 folder, guint flags)
{
	for (guint i = 0; i < n; i++) {
		struct store_row *row = store_row(bed->store, ids[i], NULL);

		g_assert_cmpint(row->folder, ==, folder);
		g_assert_cmpuint(row->flags, ==, flags);
		store_row_free(row);
	}
}

/* What has left a wish about a whole folder since is not in it when that is taken back. */
static void
a_whole_folder_is_unread_again(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", ""), steps[2] = {0};
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .id = "<a@x>"});
	msgid ids[3] = {add_mail(bed->store, to, &(struct mail){.uid = 4, .id = "<b@x>"})};
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));

	g_assert_true(store_journal_copy(bed->store, &id, 1, to, copies, NULL, NULL));
	ids[1] = g_array_index(copies, msgid, 0);
	ids[2] = add_mail(bed->store, to, &(struct mail){.uid = 6, .id = "<c@x>"});
	g_assert_true(store_journal_flag_all(bed->store, to, FLAG_SEEN, 0, &steps[0], NULL));
	g_assert_true(store_journal_purge(bed->store, &ids[1], 1, &steps[1], NULL));
	g_assert_true(store_undo_take_back(bed->store, steps[1], NULL, NULL, NULL));
	assert_shown(bed, ids, 3, to, FLAG_SEEN);
	g_assert_true(store_undo_take_back(bed->store, steps[0], NULL, NULL, NULL));
	assert_shown(bed, ids, 3, to, 0);
}

/* A crash leaves no step with the name of what it began with. */
static void
a_step_gets_its_name_with_what_it_does(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .id = "<a@x>"});
	struct store_undo *undo;
	gint64 step = 0;

	g_assert_true(store_begin(bed->store, TRUE, NULL));
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_FLAGGED, 0, NULL, NULL, &step, NULL));
	g_assert_true(store_undo_name(bed->store, step, "rules", 1, "INBOX", NULL));
	g_assert_true(store_commit(bed->store, NULL));
	undo = store_last_undo(bed->store, NULL);
	g_assert_cmpint(undo->id, ==, step);
	g_assert_cmpstr(undo->verb, ==, "rules");
	store_undo_free(undo);
}

/* ---- marks ---- */

static msgid
mail_in_full(struct bed *bed, guint64 uid, guint flags)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = uid, .flags = flags});

	g_assert_true(store_part_put(bed->store, id, "", "text", 4, FALSE, NULL));
	return id;
}

/* The one op that is there goes out. */
static gint64
run_op(struct bed *bed)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	const struct store_op *op;

	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, ==, 1);
	op = ops->pdata[0];
	g_assert_true(store_op_set(bed->store, op->id, OP_RUNNING, NULL, 0, NULL));
	return op->id;
}

static void
cut_off(struct bed *bed, gint64 op)
{
	g_assert_true(store_op_set(bed->store, op, OP_WAITING, NULL, 0, NULL));
}

static guint
base_of(struct bed *bed, msgid id)
{
	struct store_row *row = store_row(bed->store, id, NULL);
	guint base = row->base;

	g_assert_cmpint(row->folder, ==, bed->inbox);
	store_row_free(row);
	return base;
}

static void
wish_gone(struct bed *bed, const msgid *ids, guint n, gboolean purged)
{
	g_assert_true(purged ? store_journal_purge(bed->store, ids, n, &(gint64){0}, NULL)
	                     : store_journal_empty(bed->store, bed->inbox, &(gint64){0}, NULL));
}

/* What was marked as deleted before it went comes back so; what was marked to go does not. */
static void
marks_that_were_there_come_back(struct bed *bed, gconstpointer purged)
{
	msgid ids[] = {mail_in_full(bed, 8, FLAG_DELETED | FLAG_SEEN), mail_in_full(bed, 9, FLAG_SEEN)};
	msgid late = 0, later = 0;
	gint64 op;

	wish_gone(bed, ids, 2, purged != NULL);
	if (!purged)
		late = mail_in_full(bed, 3, FLAG_DELETED);
	op = run_op(bed);
	g_assert_true(store_change_base(bed->store, bed->inbox, 9, FLAG_DELETED, 0, NULL));
	cut_off(bed, op);
	/* Who marked this one nobody knows. */
	if (!purged)
		later = mail_in_full(bed, 4, FLAG_DELETED);
	g_assert_cmpint(run_op(bed), ==, op);
	g_assert_true(store_op_done(bed->store, op, NULL));
	check_store(bed->dir);
	g_assert_true(store_undo_take_back(bed->store, 0, NULL, NULL, NULL));
	g_assert_cmpuint(base_of(bed, ids[0]), ==, FLAG_DELETED | FLAG_SEEN);
	g_assert_cmpuint(base_of(bed, ids[1]), ==, FLAG_SEEN);
	g_assert_cmpuint(late ? base_of(bed, late) : FLAG_DELETED, ==, FLAG_DELETED);
	g_assert_cmpuint(later ? base_of(bed, later) : 0, ==, 0);
	check_store(bed->dir);
}

/* Half way only the op's own marks are taken off, also after all got other UIDs. */
static void
marks_that_were_there_stay(struct bed *bed, gconstpointer renumbered)
{
	struct mail mails[] = {{.uid = 8, .flags = FLAG_DELETED, .id = "a@x"}, {.uid = 9, .id = "b@x"}};
	msgid ids[] = {add_mail(bed->store, bed->inbox, &mails[0]),
	               add_mail(bed->store, bed->inbox, &mails[1])};
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	const struct store_op *op;

	wish_gone(bed, ids, 2, TRUE);
	cut_off(bed, run_op(bed));
	mails[1].flags = FLAG_DELETED;
	if (renumbered)
		g_assert_true(store_folder_unbind(bed->store, bed->inbox, NULL));
	for (guint i = 0; i < 2; i++)
		g_assert_cmpint(add_mail(bed->store, bed->inbox, &mails[i]), ==, ids[i]);
	g_assert_true(!renumbered || store_folder_rebound(bed->store, bed->inbox, NULL));
	g_assert_true(store_undo_take_back(bed->store, 0, NULL, NULL, NULL));
	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, ==, 1);
	op = ops->pdata[0];
	g_assert_cmpint(op->verb, ==, OP_FLAG);
	g_assert_cmpuint(op->remove, ==, FLAG_DELETED);
	g_assert_cmpuint(op->ids->len, ==, 1);
	g_assert_cmpint(g_array_index(op->ids, msgid, 0), ==, ids[1]);
	g_assert_cmpuint(base_of(bed, ids[0]), ==, FLAG_DELETED);
	check_store(bed->dir);
}

/* A mark that somebody wants off after the move is there when it goes out, and stays when that is undone. */
static void
a_mark_goes_along_with_a_move(struct bed *bed, gconstpointer unused)
{
	gint64 lists = add_folder(bed->store, "Lists", "");
	msgid id = mail_in_full(bed, 8, FLAG_DELETED);
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct store_row *row;
	gint64 step = 0, op;

	g_assert_true(store_journal_move(bed->store, &id, 1, lists, NULL, NULL));
	g_assert_true(store_journal_flags(bed->store, &id, 1, 0, FLAG_DELETED, NULL, NULL, &step, NULL));
	g_assert_true(store_ops(bed->store, TRUE, 0, ops, NULL));
	op = ((struct store_op *)ops->pdata[0])->id;
	g_assert_true(store_op_set(bed->store, op, OP_RUNNING, NULL, 0, NULL));
	g_assert_true(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	g_assert_true(store_moved(bed->store, op, id, lists, 0, 3, NULL, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpint(row->folder, ==, lists);
	g_assert_cmpuint(row->base, ==, FLAG_DELETED);
	store_row_free(row);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		gconstpointer data;
		void (*test)(struct bed *bed, gconstpointer data);
	} marks[] = {
	        {"/store/undo/marks/emptied", NULL, marks_that_were_there_come_back},
	        {"/store/undo/marks/purged", "purged", marks_that_were_there_come_back},
	        {"/store/undo/marks/half-way", NULL, marks_that_were_there_stay},
	        {"/store/undo/marks/renumbered", "renumbered", marks_that_were_there_stay},
	};

	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/undo/wish", a_deleted_wish_comes_back_by_each_of_its_names);
	BED_TEST("/store/undo/tried", a_move_that_was_tried_is_not_overtaken);
	g_test_add("/store/undo/tried-again", struct bed, "again", bed_up,
	           a_move_that_was_tried_is_not_overtaken, bed_down);
	BED_TEST("/store/undo/copied-again", a_copy_made_again_has_the_flags_it_had);
	BED_TEST("/store/undo/whole-folder", a_whole_folder_is_unread_again);
	BED_TEST("/store/undo/named", a_step_gets_its_name_with_what_it_does);
	BED_TEST("/store/undo/marks/moved", a_mark_goes_along_with_a_move);
	for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
		g_test_add(marks[i].path, struct bed, marks[i].data, bed_up, marks[i].test, bed_down);
	return g_test_run();
}
