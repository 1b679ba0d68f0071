/* What a person has asked to have here. */
#include <string.h>

#include "store-util.h"
#include "store/wanted.h"

static void
set_ids(struct bed *bed, msgid first, guint n, gboolean wanted)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;

	for (msgid id = first; id < first + n; id++)
		g_array_append_val(ids, id);
	store_journey_set(bed->store, 7, ids, wanted, &error);
	g_assert_no_error(error);
}

static void
journeys_are_remembered_in_order_and_once(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = NULL;
	const struct store_journey *j;

	g_assert_true(store_journey_set(bed->store, 5, NULL, TRUE, NULL));
	set_ids(bed, 10, 3, TRUE);
	set_ids(bed, 20, 1, TRUE);
	set_ids(bed, 20, 1, FALSE);
	set_ids(bed, 30, 1, FALSE);
	g_assert_true(store_journey_set(bed->store, 5, NULL, TRUE, NULL));
	bed_reopen(bed);
	all = store_journeys(bed->store);
	g_assert_cmpuint(all->len, ==, 2);
	j = all->pdata[0];
	g_assert_cmpuint(j->ids->len, ==, 3);
	g_assert_cmpint(g_array_index(j->ids, msgid, 2), ==, 12);
	j = all->pdata[1];
	g_assert_cmpint(j->folder, ==, 5);
	g_assert_null(j->ids);
}

static void
parts_are_remembered_and_forgotten(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = NULL;

	g_assert_true(store_later_set(bed->store, 3, "", TRUE, NULL));
	g_assert_true(store_later_set(bed->store, 3, "1.2", TRUE, NULL));
	g_assert_true(store_later_set(bed->store, 4, "1", TRUE, NULL));
	g_assert_true(store_later_set(bed->store, 4, "1", FALSE, NULL));
	all = store_laters(bed->store);
	g_assert_cmpuint(all->len, ==, 2);
	g_assert_true(store_is_later(all, 3, "") && store_is_later(all, 3, "1.2"));
	g_assert_false(store_is_later(all, 3, "1") || store_is_later(all, 4, "1"));
}

/* Of too many the oldest go, and what cannot be understood is passed over. */
static void
there_is_an_end_to_it(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = NULL;

	g_assert_true(store_set(bed->store, "later", "nonsense\n:1\n5\n\n6:2", NULL));
	for (msgid id = 100; id < 1150; id++)
		g_assert_true(store_later_set(bed->store, id, "1", TRUE, NULL));
	all = store_laters(bed->store);
	g_assert_cmpuint(all->len, ==, 1000);
	g_assert_false(store_is_later(all, 149, "1"));
	g_assert_true(store_is_later(all, 150, "1"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/wanted/journeys", journeys_are_remembered_in_order_and_once);
	BED_TEST("/wanted/parts", parts_are_remembered_and_forgotten);
	BED_TEST("/wanted/end", there_is_an_end_to_it);
	return g_test_run();
}
