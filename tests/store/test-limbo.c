/* What rests, by the thousand: it goes a piece at a time, and what is needed still holds up nothing. */
#include "store-util.h"

enum { HELD = 1100, FREE = 700, PIECE = 500 };

static void
add_mails(struct bed *bed, gint64 folder, guint n)
{
	begin(bed->store);
	for (guint i = 1; i <= n; i++)
		add_mail(bed->store, folder, &(struct mail){.uid = i, .received = i});
	commit(bed->store);
}

static void
vanish(struct bed *bed, gint64 folder, guint n)
{
	struct uidset all;

	uidset_init(&all);
	uidset_add(&all, 1, n);
	begin(bed->store);
	g_assert_cmpint(store_remove_uids(bed->store, folder, &all, NULL), ==, n);
	commit(bed->store);
	uidset_clear(&all);
}

static guint
expire(struct bed *bed, gint64 now)
{
	gboolean more = TRUE;
	guint calls = 0;

	for (; more; calls++) {
		gint64 before = ask(bed->dir, "SELECT count(*) FROM limbo");

		g_assert_true(store_expire(bed->store, now, &more, NULL));
		g_assert_cmpint(before - ask(bed->dir, "SELECT count(*) FROM limbo"), <=, PIECE);
	}
	return calls;
}

static void
the_oldest_may_be_needed_still(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Lists", ""), now = g_get_real_time() / G_USEC_PER_SEC;

	add_mails(bed, bed->inbox, HELD);
	add_mails(bed, other, FREE);
	g_assert_true(store_journal_empty(bed->store, bed->inbox, NULL, NULL));
	vanish(bed, other, FREE);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM limbo"), ==, HELD + FREE);
	g_assert_cmpuint(expire(bed, now), ==, 1);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM limbo"), ==, HELD + FREE);
	g_assert_cmpuint(expire(bed, now + 2 * 86400), ==, (HELD + FREE) / PIECE + 1);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM limbo"), ==, HELD);
	/* The op is through: the next look begins with the oldest again. */
	g_assert_true(store_op_done(bed->store, ask(bed->dir, "SELECT id FROM op"), NULL));
	g_assert_cmpuint(expire(bed, now + 4 * 86400), ==, HELD / PIECE + 1);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 0);
	check_store(bed->dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/limbo/needed-still", the_oldest_may_be_needed_still);
	return g_test_run();
}
