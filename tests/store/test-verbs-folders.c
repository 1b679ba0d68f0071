/* Verbs of the journal on folders: what is listed, and in which order things happen. */
#include <string.h>
#include "verbs-util.h"

static void
list(struct store *store, const char *const *names, guint n)
{
	g_autoptr(GPtrArray) old = store_folders(store, NULL);

	for (guint i = 0; i < old->len; i++) {
		const struct store_folder *folder = old->pdata[i];

		if (!g_strv_contains(names, folder->wire))
			g_assert_true(store_folder_remove(store, folder->id, NULL));
	}
	for (guint i = 0; i < n; i++) {
		struct store_folder folder = {.path = (char *)names[i],
		                              .wire = (char *)names[i],
		                              .delimiter = '/',
		                              .selectable = TRUE,
		                              .subscribed = TRUE};

		g_assert_true(store_folder_put(store, &folder, NULL));
	}
}

static void
assert_paths(struct store *store, const char *expected)
{
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);
	g_autoptr(GString) paths = g_string_new(NULL);

	for (guint i = 0; i < folders->len; i++)
		g_string_append_printf(paths, "%s%s", i ? " " : "",
		                       ((struct store_folder *)folders->pdata[i])->path);
	g_assert_cmpstr(paths->str, ==, expected);
}

static void
a_folder_that_is_to_be_is_listed(struct bed *bed, gconstpointer unused)
{
	struct store_folder folder = {.path = (char *)"New", .wire = (char *)"New", .delimiter = '/'};
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	const char *const names[] = {"INBOX", NULL}, *const with[] = {"INBOX", "New", NULL};
	g_autoptr(GError) error = NULL;
	struct store_folder *seen;
	gint64 step = 0, op;
	OPS(ops);

	g_assert_true(store_journal_create(bed->store, &folder, "\\Archive", &step, NULL));
	g_assert_false(store_journal_create(
	        bed->store, &(struct store_folder){.path = (char *)"New", .wire = (char *)"New"}, "", NULL,
	        &error));
	g_assert_nonnull(error);
	op = only_op(bed->store, ops)->id;
	g_assert_cmpstr(only_op(bed->store, ops)->arg, ==, "\\Archive");
	g_assert_cmpint(only_op(bed->store, ops)->to, ==, folder.id);
	move(bed->store, id, folder.id);
	/* The server's list does not know it yet. */
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX New");
	seen = folder_of(bed->store, folder.id);
	g_assert_true(seen->pending);
	store_folder_free(seen);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_CREATE);
	/* Mail waits for it: it cannot go away. */
	g_assert_false(store_op_drop(bed->store, op, NULL));
	g_assert_false(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	undo(bed->store, 0, 0);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX");
	/* And when the server has it. */
	g_assert_true(store_journal_create(bed->store, &folder, "", NULL, NULL));
	list(bed->store, with, 2);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	assert_paths(bed->store, "INBOX New");
	list(bed->store, with, 2);
	assert_paths(bed->store, "INBOX New");
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX");
}

static void
a_rename_shows_and_what_is_below_goes_with_it(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), below = add_folder(bed->store, "A/x", ""), step = 0, op;
	const char *const names[] = {"INBOX", "A", "A/x", NULL}, *const after[] = {"INBOX", "B", "B/x", NULL};
	struct store_folder *folder;
	msgid id = add_mail(bed->store, below, &(struct mail){.uid = 3});
	char *wish;
	OPS(ops);

	add_folder(bed->store, "AB", "");
	g_assert_false(store_journal_rename(bed->store, a, "A/x/A", "A/x/A", NULL, NULL));
	g_assert_false(store_journal_rename(bed->store, a, "AB", "AB", NULL, NULL));
	g_assert_true(store_folder_remove(bed->store, add_folder(bed->store, "AB", ""), NULL));
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", &step, NULL));
	op = only_op(bed->store, ops)->id;
	assert_paths(bed->store, "INBOX B B/x");
	list(bed->store, names, 3);
	assert_paths(bed->store, "INBOX B B/x");
	folder = folder_of(bed->store, below);
	g_assert_cmpstr(folder->wire, ==, "A/x");
	g_assert_true(folder->pending);
	store_folder_free(folder);
	wish = store_folder_wish(bed->store, below, NULL);
	g_assert_cmpstr(wish, ==, "B/x");
	g_free(wish);
	set(bed->store, op, OP_FAILED);
	assert_paths(bed->store, "INBOX A A/x");
	set(bed->store, op, OP_WAITING);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A A/x");
	step = 0;
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", &step, NULL));
	op = only_op(bed->store, ops)->id;
	set(bed->store, op, OP_RUNNING);
	/* The list of the server comes before its answer. */
	list(bed->store, after, 3);
	assert_paths(bed->store, "INBOX B B/x");
	g_assert_true(store_op_done(bed->store, op, NULL));
	list(bed->store, after, 3);
	assert_paths(bed->store, "INBOX B B/x");
	g_assert_cmpint(folder_shown(bed->store, id), ==, below);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A A/x");
	g_assert_cmpstr(only_op(bed->store, ops)->arg, ==, "A");
}

static void
a_removed_folder_is_out_of_sight_until_it_is_gone(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), step = 0, op;
	const char *const names[] = {"INBOX", "A", NULL}, *const after[] = {"INBOX", NULL};
	msgid ids[] = {add_mail(bed->store, a, &(struct mail){.uid = 1}),
	               add_mail(bed->store, a, &(struct mail){.uid = 2})};
	struct store_folder *folder;
	OPS(ops);

	g_assert_true(store_part_put(bed->store, ids[0], "", letter, strlen(letter), FALSE, NULL));
	g_assert_true(store_journal_remove(bed->store, a, &step, NULL));
	op = only_op(bed->store, ops)->id;
	assert_paths(bed->store, "INBOX");
	g_assert_null(store_folder_by_path(bed->store, "A", NULL));
	g_assert_false(store_journal_move(bed->store, ids, 1, a, NULL, NULL));
	list(bed->store, names, 2);
	assert_paths(bed->store, "INBOX");
	set(bed->store, op, OP_FAILED);
	assert_paths(bed->store, "INBOX A");
	set(bed->store, op, OP_WAITING);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A");
	step = 0;
	g_assert_true(store_journal_remove(bed->store, a, &step, NULL));
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	list(bed->store, after, 1);
	assert_paths(bed->store, "INBOX");
	g_assert_null(store_folder_by_id(bed->store, a, NULL));
	/* Made again, with what is here of it. */
	undo(bed->store, step, 1);
	assert_paths(bed->store, "INBOX A");
	folder = store_folder_by_path(bed->store, "A", NULL);
	g_assert_cmpint(folder->id, ==, a);
	g_assert_cmpint(folder->shown, ==, 1);
	g_assert_true(folder->subscribed);
	store_folder_free(folder);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 3);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_CREATE);
}

/* Another client removed the folder while a draft was to go there. */
static void
a_lost_folder_is_kept_while_something_is_to_go_there(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", "");
	const char *const names[] = {"INBOX", NULL};
	msgid old = add_mail(bed->store, a, &(struct mail){.uid = 1}),
	      id = append(bed->store, a, TRUE, NULL, NULL);
	OPS(ops);

	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX A");
	g_assert_cmpint(folder_shown(bed->store, old), ==, 0);
	g_assert_cmpint(folder_shown(bed->store, id), ==, a);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	move(bed->store, id, bed->inbox);
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX");
}

/* What the server would not make is seen as long as something is in it. */
static void
a_refused_folder_is_seen_while_something_is_in_it(struct bed *bed, gconstpointer unused)
{
	struct store_folder wish = {.path = (char *)"W", .wire = (char *)"W", .delimiter = '/'};
	msgid id = append(bed->store, bed->inbox, TRUE, NULL, NULL);
	OPS(ops);

	g_assert_true(store_journal_create(bed->store, &wish, "", NULL, NULL));
	move(bed->store, id, wish.id);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 2);
	for (guint i = 0; i < ops->len; i++)
		if (((struct store_op *)ops->pdata[i])->verb == OP_CREATE)
			set(bed->store, ((struct store_op *)ops->pdata[i])->id, OP_FAILED);
	assert_paths(bed->store, "INBOX W");
	move(bed->store, id, bed->inbox);
	assert_paths(bed->store, "INBOX");
}

/* Removed while the server refused what was put into it: that is not lost with it. */
static void
a_removed_folder_is_seen_while_something_is_to_go_there(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", "");
	msgid id = append(bed->store, a, TRUE, NULL, NULL);
	struct store_op *op;
	OPS(ops);

	set(bed->store, only_op(bed->store, ops)->id, OP_FAILED);
	g_assert_true(store_journal_remove(bed->store, a, NULL, NULL));
	assert_paths(bed->store, "INBOX");
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 2);
	op = ops->pdata[1];
	g_assert_cmpint(op->verb, ==, OP_REMOVE);
	set(bed->store, op->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, op->id, NULL));
	assert_paths(bed->store, "INBOX A");
	g_assert_cmpint(folder_shown(bed->store, id), ==, a);
}

static void
a_subscription_shows_and_is_told_once(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), step = 0;
	struct store_folder *folder;
	OPS(ops);

	g_assert_true(store_journal_subscribe(bed->store, a, TRUE, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_true(store_journal_subscribe(bed->store, a, FALSE, &step, NULL));
	add_folder(bed->store, "A", ""); /* the server still says yes */
	folder = folder_of(bed->store, a);
	g_assert_false(folder->subscribed);
	g_assert_true(folder->pending);
	store_folder_free(folder);
	g_assert_true(store_journal_subscribe(bed->store, a, TRUE, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	step = 0;
	g_assert_true(store_journal_subscribe(bed->store, a, FALSE, &step, NULL));
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	undo(bed->store, step, 0);
	g_assert_cmpuint(only_op(bed->store, ops)->add, ==, 1);
}

static void
preferences_of_a_folder_stay(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	guint64 revision = folder->revision;

	folder->hidden = folder->pinned = TRUE;
	g_free(folder->keep);
	folder->keep = g_strdup("90 days");
	g_assert_true(store_folder_put_prefs(bed->store, folder, NULL));
	store_folder_free(folder);
	add_folder(bed->store, "INBOX", "inbox");
	bed_reopen(bed);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_true(folder->hidden && folder->pinned);
	g_assert_cmpstr(folder->keep, ==, "90 days");
	g_assert_cmpuint(folder->revision, >, revision);
	store_folder_free(folder);
}

static void
ops_of_folders_and_of_what_is_in_them_run_in_order(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), below = add_folder(bed->store, "A/x", "");
	gint64 other = add_folder(bed->store, "Other", "");
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 3})};
	struct store_folder again = {.path = (char *)"A", .wire = (char *)"A", .delimiter = '/'};
	OPS(ops);

	move(bed->store, ids[0], below);                                          /* 1 */
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", NULL, NULL)); /* 2: behind 1 */
	move(bed->store, ids[1], below);                                          /* 3: behind 2 */
	move(bed->store, ids[2], other);                                          /* 4: free */
	g_assert_true(
	        store_journal_create(bed->store, &again, "", NULL, NULL)); /* 5: behind 2, for its name */
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->id, ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[1])->id, ==, 4);
	/* What failed holds up its own rows alone. */
	set(bed->store, 1, OP_FAILED);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->id, ==, 2);
	g_assert_true(store_op_done(bed->store, 2, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 3);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/verbs/create", a_folder_that_is_to_be_is_listed);
	BED_TEST("/store/verbs/rename", a_rename_shows_and_what_is_below_goes_with_it);
	BED_TEST("/store/verbs/remove", a_removed_folder_is_out_of_sight_until_it_is_gone);
	BED_TEST("/store/verbs/remove/lost", a_lost_folder_is_kept_while_something_is_to_go_there);
	BED_TEST("/store/verbs/create/refused", a_refused_folder_is_seen_while_something_is_in_it);
	BED_TEST("/store/verbs/remove/not-empty", a_removed_folder_is_seen_while_something_is_to_go_there);
	BED_TEST("/store/verbs/subscribe", a_subscription_shows_and_is_told_once);
	BED_TEST("/store/verbs/prefs", preferences_of_a_folder_stay);
	BED_TEST("/store/verbs/order", ops_of_folders_and_of_what_is_in_them_run_in_order);
	return g_test_run();
}
