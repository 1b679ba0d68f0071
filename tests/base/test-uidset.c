#include "base/uidset.h"

#include <string.h>

static void
assert_set(const struct uidset *set, const char *expected)
{
	g_autofree char *text = uidset_format(set);

	g_assert_cmpstr(text, ==, expected);
	for (guint i = 0; i < set->len; i++) {
		g_assert_cmpuint(set->ranges[i].lo, <=, set->ranges[i].hi);
		if (i > 0)
			g_assert_cmpuint(set->ranges[i].lo, >, set->ranges[i - 1].hi + 1);
	}
	g_assert_cmpuint(set->head + set->len, <=, set->alloc);
}

static void
test_add_melts_neighbours(void)
{
	struct uidset set;

	uidset_init(&set);
	g_assert_true(uidset_empty(&set));
	assert_set(&set, "");
	uidset_add(&set, 5, 5);
	uidset_add(&set, 7, 7);
	assert_set(&set, "5,7");
	uidset_add(&set, 6, 6);
	assert_set(&set, "5:7");
	uidset_add(&set, 1, 2);
	uidset_add(&set, 10, 20);
	uidset_add(&set, 9, 9);
	assert_set(&set, "1:2,5:7,9:20");
	uidset_add(&set, 3, 8);
	assert_set(&set, "1:20");
	uidset_add(&set, 4, 5);
	assert_set(&set, "1:20");
	g_assert_cmpuint(uidset_count(&set), ==, 20);
	uidset_clear(&set);
	g_assert_true(uidset_empty(&set));
	uidset_add(&set, 3, 3);
	assert_set(&set, "3");
	uidset_clear(&set);
}

static void
test_add_at_the_limits(void)
{
	struct uidset set;

	uidset_init(&set);
	uidset_add(&set, 0, 0);
	uidset_add(&set, 9, 8);
	g_assert_true(uidset_empty(&set));
	uidset_add(&set, 0, 3);
	assert_set(&set, "1:3");
	uidset_add(&set, G_MAXUINT64, G_MAXUINT64);
	uidset_add(&set, G_MAXUINT64 - 1, G_MAXUINT64);
	assert_set(&set, "1:3,18446744073709551614:18446744073709551615");
	uidset_add(&set, 1, G_MAXUINT64);
	g_assert_cmpuint(uidset_count(&set), ==, G_MAXUINT64);
	uidset_remove(&set, 1, G_MAXUINT64);
	g_assert_true(uidset_empty(&set));
	uidset_clear(&set);
}

static void
test_remove(void)
{
	struct uidset set;

	uidset_init(&set);
	uidset_remove(&set, 1, 9);
	uidset_add(&set, 1, 20);
	uidset_remove(&set, 5, 6);
	assert_set(&set, "1:4,7:20");
	uidset_remove(&set, 1, 1);
	uidset_remove(&set, 20, 25);
	assert_set(&set, "2:4,7:19");
	uidset_remove(&set, 4, 7);
	assert_set(&set, "2:3,8:19");
	uidset_remove(&set, 4, 7);
	uidset_remove(&set, 30, 40);
	uidset_remove(&set, 9, 2);
	assert_set(&set, "2:3,8:19");
	uidset_add(&set, 30, 30);
	uidset_remove(&set, 3, 30);
	assert_set(&set, "2");
	uidset_remove(&set, 2, 2);
	assert_set(&set, "");
	uidset_clear(&set);
}

/* Every operation against a plain array of booleans. */
static void
test_against_a_bitmap(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	gboolean bits[200] = {FALSE};
	struct uidset set;

	uidset_init(&set);
	for (int round = 0; round < 20000; round++) {
		guint lo = (guint)g_rand_int_range(rand, 1, 200);
		guint hi = (guint)g_rand_int_range(rand, (gint32)lo, MIN((gint32)lo + 6, 200));
		gboolean add = g_rand_boolean(rand);
		guint64 count = 0;

		for (guint n = lo; n <= hi; n++)
			bits[n] = add;
		if (add)
			uidset_add(&set, lo, hi);
		else
			uidset_remove(&set, lo, hi);
		for (guint n = 1; n < 200; n++) {
			g_assert_cmpint(uidset_has(&set, n), ==, bits[n]);
			count += bits[n];
		}
		g_assert_cmpuint(uidset_count(&set), ==, count);
		for (guint i = 1; i < set.len; i++)
			g_assert_cmpuint(set.ranges[i].lo, >, set.ranges[i - 1].hi + 1);
	}
	uidset_clear(&set);
}

static void
test_subtract(void)
{
	static const struct {
		const char *a, *b, *less, *both;
	} cases[] = {
	        {"", "1:9", "", ""},
	        {"1:9", "", "1:9", ""},
	        {"1:9", "1:9", "", "1:9"},
	        {"1:9", "3,5:6", "1:2,4,7:9", "3,5:6"},
	        {"2:4,8,10:20", "1:2,4:8,15:30", "3,10:14", "2,4,8,15:20"},
	        {"5:6,9", "1:4,7:8,10:11", "5:6,9", ""},
	        {"1:3,5:7,9:11", "2:10", "1,11", "2:3,5:7,9:10"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct uidset a, b, less, both;

		uidset_init(&a);
		uidset_init(&b);
		uidset_init(&less);
		uidset_init(&both);
		uidset_parse(&a, cases[i].a, strlen(cases[i].a), 9);
		uidset_parse(&b, cases[i].b, strlen(cases[i].b), 9);
		uidset_subtract(&less, &a, &b);
		uidset_inside(&both, &a, &b);
		assert_set(&less, cases[i].less);
		assert_set(&both, cases[i].both);
		uidset_clear(&a);
		uidset_clear(&b);
		uidset_clear(&less);
		uidset_clear(&both);
	}
}

static void
test_subtract_at_the_limits(void)
{
	struct uidset all, most, left;

	uidset_init(&all);
	uidset_init(&most);
	uidset_init(&left);
	uidset_add(&all, 1, G_MAXUINT64);
	uidset_add(&most, 3, G_MAXUINT64);
	uidset_subtract(&left, &all, &most);
	assert_set(&left, "1:2");
	uidset_clear(&left);
	uidset_subtract(&left, &all, &all);
	assert_set(&left, "");
	g_assert_cmpuint(uidset_at(&most, 2), ==, 0);
	g_assert_cmpuint(uidset_at(&left, 2), ==, 0);
	uidset_clear(&all);
	uidset_clear(&most);
	uidset_clear(&left);
}

/* A million at each end: quadratic behaviour would not come back from here within the test's time. */
static void
test_grows_at_both_ends(void)
{
	const guint64 middle = 4000000;
	struct uidset set;

	uidset_init(&set);
	for (guint64 i = 0; i < 1000000; i++) {
		uidset_add(&set, middle + 2 * i, middle + 2 * i);
		uidset_add(&set, middle - 2 * i, middle - 2 * i);
	}
	g_assert_cmpuint(set.len, ==, 1999999);
	g_assert_cmpuint(uidset_count(&set), ==, 1999999);
	g_assert_cmpuint(set.alloc, <=, 4 * set.len);
	g_assert_true(uidset_has(&set, middle - 1000));
	g_assert_false(uidset_has(&set, middle - 1001));
	for (guint64 i = 0; i < 1000000; i++)
		uidset_remove(&set, middle - 1999998 + 2 * i, middle - 1999998 + 2 * i);
	g_assert_cmpuint(set.len, ==, 999999);
	uidset_clear(&set);
}

static void
test_parse(void)
{
	static const char *const bad[] = {
	        "",
	        ",",
	        "1,",
	        ",1",
	        "1,,2",
	        "0",
	        "1:0",
	        "*",
	        "1:*",
	        "1:",
	        ":1",
	        "1:2:3",
	        "a",
	        "1 ",
	        " 1",
	        "-1",
	        "+1",
	        "1;2",
	        "4294967296",
	        "1:4294967296",
	        "99999999999999999999999999999",
	        "18446744073709551617",
	};
	struct uidset set;

	uidset_init(&set);
	g_assert_true(uidset_parse(&set, "1,3:5,9:7", 9, 10));
	assert_set(&set, "1,3:5,7:9");
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(uidset_parse(&set, bad[i], strlen(bad[i]), 10));
		assert_set(&set, "1,3:5,7:9");
	}
	g_assert_false(uidset_parse(&set,
	                            "100,1\0"
	                            "5",
	                            7, 10));
	g_assert_true(uidset_parse(&set, "6,4294967295trailing", 12, 10));
	assert_set(&set, "1,3:9,4294967295");
	g_assert_false(uidset_parse(&set, "20,22,24", 8, 2));
	g_assert_true(uidset_parse(&set, "20,22,24", 8, 3));
	assert_set(&set, "1,3:9,20,22,24,4294967295");
	uidset_clear(&set);
}

/* A hostile order (odd numbers backwards into a full set) must cost what a kind one costs. */
static void
test_parse_any_order(void)
{
	g_autoptr(GString) up = g_string_new("1"), down = g_string_new("400001");
	g_autofree char *formatted = NULL;
	struct uidset set;

	for (int i = 5; i <= 400001; i += 4)
		g_string_append_printf(up, ",%d", i);
	for (int i = 400001 - 2; i > 0; i -= 4)
		g_string_append_printf(down, ",%d", i);
	uidset_init(&set);
	g_assert_true(uidset_parse(&set, up->str, up->len, G_MAXUINT));
	formatted = uidset_format(&set);
	g_assert_cmpstr(formatted, ==, up->str);
	g_assert_true(uidset_parse(&set, down->str, down->len, G_MAXUINT));
	g_assert_cmpuint(uidset_count(&set), ==, 200001);
	g_assert_cmpuint(set.len, ==, 200001);
	uidset_clear(&set);
}

static void
test_slices(void)
{
	struct uidset set;
	guint at = 0;
	g_autofree char *a = NULL, *b = NULL, *c = NULL;

	uidset_init(&set);
	g_assert_null(uidset_format_slice(&set, &at, 100));
	g_assert_true(uidset_parse(&set, "1:3,5,100:200,7000", 18, 9));
	a = uidset_format_slice(&set, &at, 5);
	g_assert_cmpstr(a, ==, "1:3,5");
	b = uidset_format_slice(&set, &at, 3);
	g_assert_cmpstr(b, ==, "100:200");
	c = uidset_format_slice(&set, &at, 100);
	g_assert_cmpstr(c, ==, "7000");
	g_assert_null(uidset_format_slice(&set, &at, 100));
	uidset_clear(&set);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/uidset/add-melts-neighbours", test_add_melts_neighbours);
	g_test_add_func("/uidset/add-at-the-limits", test_add_at_the_limits);
	g_test_add_func("/uidset/remove", test_remove);
	g_test_add_func("/uidset/against-a-bitmap", test_against_a_bitmap);
	g_test_add_func("/uidset/subtract", test_subtract);
	g_test_add_func("/uidset/subtract-at-the-limits", test_subtract_at_the_limits);
	g_test_add_func("/uidset/grows-at-both-ends", test_grows_at_both_ends);
	g_test_add_func("/uidset/parse", test_parse);
	g_test_add_func("/uidset/parse-any-order", test_parse_any_order);
	g_test_add_func("/uidset/slices", test_slices);
	return g_test_run();
}
