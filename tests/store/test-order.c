/* Which op may run before which, when rows leave their ops for later ones. */
#include "store-util.h"

/* The verbs of the ops. */
static char *
in_words(struct store *store, gboolean ready)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GString) words = g_string_new(NULL);

	g_assert_true(store_ops(store, ready, 0, ops, NULL));
	for (guint i = 0; i < ops->len; i++)
		g_string_append_printf(words, "%s%s", i ? " " : "",
		                       op_verb_names[((struct store_op *)ops->pdata[i])->verb]);
	return g_strdup(words->str);
}

static void
assert_ops(struct store *store, gboolean ready, const char *wanted)
{
	g_autofree char *have = in_words(store, ready);

	g_assert_cmpstr(have, ==, wanted);
}

static void
move(struct store *store, msgid id, gint64 to)
{
	g_assert_true(store_journal_move(store, &id, 1, to, NULL, NULL));
}

static void
flag(struct store *store, msgid id)
{
	g_assert_true(store_journal_flags(store, &id, 1, FLAG_FLAGGED, 0, NULL, NULL, NULL, NULL));
}

/* The flags name the folder in which the message was seen; the server has it in the one that is renamed. */
static void
flags_wait_for_the_folder_in_which_the_message_still_is(struct bed *bed, gconstpointer unused)
{
	gint64 list = add_folder(bed->store, "List", ""), trash = add_folder(bed->store, "Trash", "");
	gint64 other = add_folder(bed->store, "Other", "");
	msgid id = add_mail(bed->store, list, &(struct mail){.uid = 1});

	move(bed->store, id, trash);
	g_assert_true(store_journal_rename(bed->store, list, "Ring", "Ring", NULL, NULL));
	flag(bed->store, id);
	move(bed->store, id, other);
	assert_ops(bed->store, FALSE, "rename flag move");
	assert_ops(bed->store, TRUE, "rename");
}

static void
a_rename_waits_for_flags_in_its_folder(struct bed *bed, gconstpointer unused)
{
	gint64 list = add_folder(bed->store, "List", ""), trash = add_folder(bed->store, "Trash", "");
	gint64 other = add_folder(bed->store, "Other", "");
	msgid id = add_mail(bed->store, list, &(struct mail){.uid = 1});

	move(bed->store, id, trash);
	flag(bed->store, id);
	g_assert_true(store_journal_rename(bed->store, list, "Ring", "Ring", NULL, NULL));
	move(bed->store, id, other);
	assert_ops(bed->store, FALSE, "flag rename move");
	assert_ops(bed->store, TRUE, "flag");
}

/* By the time of the emptying it is there under another UID. */
static void
what_goes_out_and_comes_back_is_not_emptied_by_its_old_uid(struct bed *bed, gconstpointer unused)
{
	gint64 list = add_folder(bed->store, "List", ""), trash = add_folder(bed->store, "Trash", "");
	msgid id = add_mail(bed->store, list, &(struct mail){.uid = 1});
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	const struct store_op *empty;

	add_mail(bed->store, list, &(struct mail){.uid = 2});
	move(bed->store, id, trash);
	g_assert_true(store_journal_flag_all(bed->store, list, FLAG_SEEN, 0, NULL, NULL));
	move(bed->store, id, list);
	g_assert_true(store_journal_empty(bed->store, list, NULL, NULL));
	assert_ops(bed->store, FALSE, "move flag purge empty");
	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	empty = ops->pdata[3];
	g_assert_cmpuint(empty->ids->len, ==, 1);
	g_assert_cmpint(g_array_index(empty->ids, msgid, 0), !=, id);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/order/flags", flags_wait_for_the_folder_in_which_the_message_still_is);
	BED_TEST("/store/order/rename", a_rename_waits_for_flags_in_its_folder);
	BED_TEST("/store/order/empty", what_goes_out_and_comes_back_is_not_emptied_by_its_old_uid);
	return g_test_run();
}
