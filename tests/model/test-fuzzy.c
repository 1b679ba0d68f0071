#include <locale.h>
#include "model/fuzzy.h"

static void
better_matches_score_higher(void)
{
	/* For "inbox", from the best down. */
	static const char *const candidates[] = {"INBOX",   "Inbox old", "work/Inbox",
	                                         "reinbox", "i n b o x", NULL};
	int last = G_MAXINT;

	for (const char *const *c = candidates; *c; c++) {
		int score = fuzzy_score("inbox", *c);

		g_assert_cmpint(score, >, 0);
		g_assert_cmpint(score, <, last);
		last = score;
	}
}

static void
letters_must_come_in_order(void)
{
	g_assert_cmpint(fuzzy_score("xobni", "inbox"), ==, -1);
	g_assert_cmpint(fuzzy_score("ibx", "inbox"), >, 0);
	g_assert_cmpint(fuzzy_score("inboxx", "inbox"), ==, -1);
	g_assert_cmpint(fuzzy_score("a", ""), ==, -1);
}

static void
each_word_must_be_found(void)
{
	g_assert_cmpint(fuzzy_score("kern list", "Lists/kernel"), >, 0);
	g_assert_cmpint(fuzzy_score("kern inbox", "Lists/kernel"), ==, -1);
	g_assert_cmpint(fuzzy_score("", "anything"), ==, 0);
	g_assert_cmpint(fuzzy_score("   ", "anything"), ==, 0);
}

static void
case_is_ignored_beyond_ascii(void)
{
	g_assert_cmpint(fuzzy_score("übung", "ÜBUNG"), ==, fuzzy_score("a", "A"));
	g_assert_cmpint(fuzzy_score("会", "議会"), >, 0);
}

/* A name of one letter repeated, searched for a shorter run of it, must not cost its square. */
static void
long_names_cost_linear_time(void)
{
	g_autofree char *name = g_strnfill(1000000, 'a'), *word = g_strnfill(1000, 'a');
	g_autofree char *missed = g_strconcat(word, "b", NULL);
	gint64 start = g_get_monotonic_time();

	g_assert_cmpint(fuzzy_score(word, name), >, 0);
	g_assert_cmpint(fuzzy_score(missed, name), ==, -1);
	g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fuzzy/better-matches-score-higher", better_matches_score_higher);
	g_test_add_func("/fuzzy/letters-must-come-in-order", letters_must_come_in_order);
	g_test_add_func("/fuzzy/each-word-must-be-found", each_word_must_be_found);
	g_test_add_func("/fuzzy/case-is-ignored-beyond-ascii", case_is_ignored_beyond_ascii);
	g_test_add_func("/fuzzy/long-names-cost-linear-time", long_names_cost_linear_time);
	return g_test_run();
}
