#include <string.h>
#include "../dice.h"
#include "store-util.h"

/* Message i refers to those in parents; the groups are those that chains connect. */
struct node {
	const char *id, *references;
};

static gint64
thread_of(struct store *store, msgid id)
{
	g_autoptr(GError) error = NULL;
	struct store_row *row = store_row(store, id, &error);
	gint64 thread;

	g_assert_no_error(error);
	thread = row->thread;
	store_row_free(row);
	return thread;
}

static void
shuffle(GRand *rand, guint *order, guint n)
{
	for (guint i = 0; i < n; i++)
		order[i] = i;
	for (guint i = n; i > 1; i--) {
		guint j = (guint)g_rand_int_range(rand, 0, (gint32)i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

static void
any_order_of_arrival_gives_the_same_threads(struct bed *bed, gconstpointer unused)
{
	static const struct node nodes[] = {
	        {"<a>", NULL},        {"<b>", "<a>"},       {"<c>", "<a> <b>"},  {"<d>", "<x> <y>"},
	        {"<e>", "<y>"},       {"<f>", "<z>"},       {"<g>", "<f> <e>"},  {"<h>", NULL},
	        {"<i>", "<missing>"}, {"<j>", "<missing>"}, {NULL, "<missing>"}, {NULL, NULL},
	        {NULL, NULL},
	};
	static const guint groups[] = {0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 4, 5};
	GRand *rand = g_rand_new_with_seed(11);
	guint order[G_N_ELEMENTS(nodes)];

	for (guint round = 0; round < 150; round++) {
		g_autofree char *path = g_strdup_printf("F%u", round);
		gint64 folder = add_folder(bed->store, path, ""), threads[G_N_ELEMENTS(nodes)];
		msgid ids[G_N_ELEMENTS(nodes)];

		shuffle(rand, order, G_N_ELEMENTS(nodes));
		if (round % 3)
			begin(bed->store);
		for (guint i = 0; i < G_N_ELEMENTS(nodes); i++) {
			const struct node *node = &nodes[order[i]];

			ids[order[i]] = add_mail(bed->store, folder,
			                         &(struct mail){.uid = i + 1,
			                                        .received = order[i],
			                                        .flags = order[i] % 2,
			                                        .id = node->id,
			                                        .references = node->references});
		}
		if (round % 3)
			commit(bed->store);
		for (guint i = 0; i < G_N_ELEMENTS(nodes); i++)
			threads[i] = thread_of(bed->store, ids[i]);
		for (guint i = 0; i < G_N_ELEMENTS(nodes); i++)
			for (guint j = 0; j < i; j++)
				g_assert_cmpint(threads[i] == threads[j], ==, groups[i] == groups[j]);
		g_assert_cmpint(thread_count(bed, folder), ==, 6);
		if (round % 25 == 0)
			check_store(bed->dir);
		g_assert_true(store_folder_remove(bed->store, folder, NULL));
	}
	g_rand_free(rand);
}

static void
the_thread_row_follows_its_messages(struct bed *bed, gconstpointer unused)
{
	struct store_thread thread;
	msgid first = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = 10, .id = "<a>"});
	gint64 label = thread_of(bed->store, first);
	msgid last = add_mail(bed->store, bed->inbox,
	                      &(struct mail){.uid = 2, .received = 20, .id = "<b>", .parent = "<a>"});
	g_autoptr(GError) error = NULL;

	add_mail(bed->store, bed->inbox,
	         &(struct mail){.uid = 3, .received = 15, .id = "<c>", .parent = "<a>"});
	g_assert_true(store_thread(bed->store, bed->inbox, label, &thread, &error));
	g_assert_cmpint(thread.key.id, ==, last);
	g_assert_cmpuint(thread.count, ==, 3);
	g_assert_cmpuint(thread.unread, ==, 3);
	g_assert_true(store_set_base(bed->store, bed->inbox, 1, FLAG_SEEN, NULL, &error));
	g_assert_true(store_remove(bed->store, last, &error));
	g_assert_true(store_thread(bed->store, bed->inbox, label, &thread, &error));
	g_assert_cmpint(thread.key.received, ==, 15);
	g_assert_cmpuint(thread.count, ==, 2);
	g_assert_cmpuint(thread.unread, ==, 1);
	g_assert_true(store_remove(bed->store, first, &error));
	g_assert_true(store_thread(bed->store, bed->inbox, label, &thread, &error));
	g_assert_cmpuint(thread.count, ==, 1);
	g_assert_cmpint(store_remove_uids(bed->store, bed->inbox,
	                                  &(struct uidset){.ranges = &(struct uidrange){1, 9}, .len = 1},
	                                  &error),
	                ==, 1);
	g_assert_false(store_thread(bed->store, bed->inbox, label, &thread, &error));
	g_assert_no_error(error);
	g_assert_cmpint(thread_count(bed, bed->inbox), ==, 0);
	/* Once it has left limbo too, nothing of it is remembered. */
	g_assert_true(store_expire(bed->store, g_get_real_time() / G_USEC_PER_SEC + 90000, NULL, NULL));
	g_assert_cmpint(thread_of(bed->store, add_mail(bed->store, bed->inbox,
	                                               &(struct mail){.uid = 9, .parent = "<c>"})),
	                !=, label);
}

static void
a_thread_spans_folders_and_counts_in_each(struct bed *bed, gconstpointer unused)
{
	gint64 sent = add_folder(bed->store, "Sent", "sent");
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	struct store_thread thread;
	msgid mine = add_mail(
	        bed->store, sent,
	        &(struct mail){
	                .uid = 1, .received = 30, .id = "<m>", .flags = FLAG_SEEN, .references = "<a> <b>"});
	gint64 label;

	add_mail(bed->store, bed->inbox,
	         &(struct mail){.uid = 2, .received = 20, .id = "<b>", .parent = "<a>"});
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = 10, .id = "<a>"});
	label = thread_of(bed->store, mine);
	g_assert_true(store_thread(bed->store, sent, label, &thread, NULL));
	g_assert_cmpuint(thread.count, ==, 1);
	g_assert_true(store_thread(bed->store, bed->inbox, label, &thread, NULL));
	g_assert_cmpuint(thread.count, ==, 2);
	g_assert_cmpint(thread.key.received, ==, 20);
	g_assert_true(store_thread_rows(bed->store, bed->inbox, label, 10, rows, NULL));
	g_assert_cmpuint(rows->len, ==, 2);
	g_assert_cmpint(((struct store_row *)rows->pdata[0])->received, ==, 10);
	g_assert_cmpint(((struct store_row *)rows->pdata[1])->received, ==, 20);
}

static void
thread_rows_are_oldest_first_and_limited(struct bed *bed, gconstpointer unused)
{
	gint64 label = 0;

	/* The founder stands in the middle. */
	for (guint i = 0; i < 30; i++) {
		gint64 received = i == 0 ? 15 : (i * 7) % 30;
		msgid id =
		        add_mail(bed->store, bed->inbox,
		                 &(struct mail){.uid = i + 1, .received = received, .references = "<root>"});

		label = thread_of(bed->store, id);
	}
	for (guint limit = 1; limit < 40; limit++) {
		g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

		g_assert_true(store_thread_rows(bed->store, bed->inbox, label, limit, rows, NULL));
		g_assert_cmpuint(rows->len, ==, MIN(limit, 30));
		for (guint i = 1; i < rows->len; i++)
			g_assert_cmpint(((struct store_row *)rows->pdata[i - 1])->received, <=,
			                ((struct store_row *)rows->pdata[i])->received);
		g_assert_cmpint(((struct store_row *)rows->pdata[0])->received, ==, 1);
	}
}

static void
thread_windows_walk_both_ways(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	begin(bed->store);
	for (guint i = 0; i < 300; i++) {
		g_autofree char *root = g_strdup_printf("<t%u>", i % 97);

		add_mail(bed->store, bed->inbox,
		         &(struct mail){.uid = 300 - i, .received = 300 - i, .references = root});
	}
	commit(bed->store);
	g_assert_true(store_threads(bed->store, bed->inbox, NULL, TRUE, 1000, all, &error));
	g_assert_cmpuint(all->len, ==, 97);
	for (guint at = 0; at < all->len; at++) {
		g_autoptr(GPtrArray) older = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) newer = g_ptr_array_new_with_free_func(g_free);
		struct store_thread *here = all->pdata[at];

		g_assert_cmpuint(here->count, ==, at < 9 ? 4 : 3);
		g_assert_true(store_threads(bed->store, bed->inbox, &here->key, TRUE, 5, older, &error));
		g_assert_cmpuint(older->len, ==, MIN(5, all->len - at - 1));
		if (older->len)
			g_assert_cmpint(((struct store_thread *)older->pdata[0])->thread, ==,
			                ((struct store_thread *)all->pdata[at + 1])->thread);
		g_assert_true(store_threads(bed->store, bed->inbox, &here->key, FALSE, 5, newer, &error));
		g_assert_cmpuint(newer->len, ==, MIN(5, at));
		if (at)
			g_assert_cmpint(((struct store_thread *)newer->pdata[0])->thread, ==,
			                ((struct store_thread *)all->pdata[at - 1])->thread);
	}
	g_assert_no_error(error);
}

/* Every message of the second half joins two threads of the first, so everything becomes one. */
static void
joining_again_and_again_stays_cheap(struct bed *bed, gconstpointer unused)
{
	const guint n = 2048;
	gint64 start = g_get_monotonic_time(), half, label;

	begin(bed->store);
	for (guint i = 0; i < n; i++) {
		g_autofree char *id = g_strdup_printf("<%u>", i);

		add_mail(bed->store, bed->inbox, &(struct mail){.uid = i + 1, .received = i, .id = id});
	}
	commit(bed->store);
	half = g_get_monotonic_time() - start;
	begin(bed->store);
	for (guint width = 1, uid = n + 1; width < n; width *= 2)
		for (guint i = 0; i < n; i += 2 * width, uid++) {
			g_autofree char *both = g_strdup_printf("<%u> <%u>", i, i + width);

			add_mail(bed->store, bed->inbox,
			         &(struct mail){.uid = uid, .received = uid, .references = both});
		}
	commit(bed->store);
	g_test_message("%u messages %.1f ms, joined %.1f ms", n, (double)half / 1000,
	               (double)(g_get_monotonic_time() - start - half) / 1000);
	label = thread_of(bed->store, store_id_by_uid(bed->store, bed->inbox, 1, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(DISTINCT thread) FROM message"), ==, 1);
	bed_reopen(bed);
	/* Old names of threads lead to the one. */
	g_assert_cmpint(thread_of(bed->store, add_mail(bed->store, bed->inbox,
	                                               &(struct mail){.uid = 9999, .parent = "<1031>"})),
	                ==, label);
}

static void
a_hundred_references_cost_no_more_than_their_ceiling(struct bed *bed, gconstpointer unused)
{
	GString *references = g_string_new(NULL);
	msgid id;

	for (guint i = 0; i < 100; i++)
		g_string_append_printf(references, "%s<%u>", i ? " " : "", i);
	id = add_mail(bed->store, bed->inbox,
	              &(struct mail){.uid = 1, .id = "<me>", .references = references->str});
	g_assert_cmpint(ask(bed->dir, "SELECT length(pairs) / 16 FROM ref_log"), <=, 32);
	/* The first and the last count. */
	g_assert_cmpint(thread_of(bed->store,
	                          add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .id = "<0>"})),
	                ==, thread_of(bed->store, id));
	g_assert_cmpint(thread_of(bed->store,
	                          add_mail(bed->store, bed->inbox, &(struct mail){.uid = 3, .id = "<99>"})),
	                ==, thread_of(bed->store, id));
	g_string_free(references, TRUE);
}

/* Past the number of hashes that are kept beside the tree, and after reopening. */
static void
ids_are_found_wherever_they_are_kept(struct bed *bed, gconstpointer unused)
{
	const guint n = 33000;
	gint64 early;

	begin(bed->store);
	for (guint i = 0; i < n; i++) {
		g_autofree char *id = g_strdup_printf("<%u>", i), *parent = g_strdup_printf("<p%u>", i);

		add_mail(bed->store, bed->inbox,
		         &(struct mail){.uid = n - i, .received = n - i, .id = id, .parent = parent});
		if (i % 2000 == 0) {
			commit(bed->store);
			begin(bed->store);
		}
	}
	commit(bed->store);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM ref"), >, 60000);
	for (guint i = 0; i < n; i += 2500) {
		g_autofree char *parent = g_strdup_printf("<p%u>", i);

		if (i % 10000 == 0)
			bed_reopen(bed);
		early = thread_of(bed->store, store_id_by_uid(bed->store, bed->inbox, n - i, NULL));
		g_assert_cmpint(
		        thread_of(bed->store, add_mail(bed->store, bed->inbox,
		                                       &(struct mail){.uid = n + 1 + i, .id = parent})),
		        ==, early);
	}
}

/* Random adds, flags and removals in random transactions; bed_down compares everything. */
static void
counters_survive_a_random_life(struct bed *bed, gconstpointer unused)
{
	gint64 folders[] = {bed->inbox, add_folder(bed->store, "A", ""), add_folder(bed->store, "B", "")};
	gboolean open = FALSE;

	for (guint i = 0; i < 6000; i++) {
		gint64 folder = folders[g_test_rand_int_range(0, 3)];
		guint64 uid = (guint64)g_test_rand_int_range(1, 200);
		int what = g_test_rand_int_range(0, 100);

		if (what < 3) {
			if (open && what == 0)
				rollback(bed->store);
			else if (open)
				commit(bed->store);
			else
				begin(bed->store);
			open = !open;
		} else if (what < 60) {
			g_autofree char *id = g_strdup_printf("<%d>", g_test_rand_int_range(0, 300));
			g_autofree char *references = g_strdup_printf(
			        "<%d> <%d>", g_test_rand_int_range(0, 300), g_test_rand_int_range(0, 300));

			add_mail(bed->store, folder,
			         &(struct mail){.uid = uid,
			                        .received = g_test_rand_int_range(0, 50),
			                        .flags = (guint)g_test_rand_int_range(0, 4),
			                        .id = what % 2 ? id : NULL,
			                        .references = what % 3 ? NULL : references});
		} else if (what < 80) {
			store_change_base(bed->store, folder, uid, what % 2, !(what % 2), NULL);
		} else {
			g_assert_true(store_remove(bed->store, store_id_by_uid(bed->store, folder, uid, NULL),
			                           NULL));
		}
		if (i % 1000 == 0 && !open)
			check_store(bed->dir);
	}
	if (open)
		commit(bed->store);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	BED_TEST("/store/threads/order", any_order_of_arrival_gives_the_same_threads);
	BED_TEST("/store/threads/row", the_thread_row_follows_its_messages);
	BED_TEST("/store/threads/folders", a_thread_spans_folders_and_counts_in_each);
	BED_TEST("/store/threads/rows", thread_rows_are_oldest_first_and_limited);
	BED_TEST("/store/threads/windows", thread_windows_walk_both_ways);
	BED_TEST("/store/threads/join", joining_again_and_again_stays_cheap);
	BED_TEST("/store/threads/ceiling", a_hundred_references_cost_no_more_than_their_ceiling);
	BED_TEST("/store/threads/hashes", ids_are_found_wherever_they_are_kept);
	BED_TEST("/store/threads/random", counters_survive_a_random_life);
	return g_test_run();
}
