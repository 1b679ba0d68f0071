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

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/undo/wish", a_deleted_wish_comes_back_by_each_of_its_names);
	return g_test_run();
}
