#include "base/text.h"

#include <string.h>

static void
safe_lines_hold_no_controls(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"plain", "plain"},
	        {"a\tb\r\nc  d", "a b c d"},
	        {"\033[31mred", " [31mred"},
	        {"\033]0;title\007x", " ]0;title x"},
	        {"raw\2332J", "raw\357\277\2752J"},
	        {"c1\302\2332J", "c1 2J"},
	        {"del\177x", "del x"},
	        {"\342\200\256evil", "evil"},                     /* RLO */
	        {"\342\201\246a\342\201\251", "a"},               /* LRI, PDI */
	        {"\342\200\216a\330\234b", "ab"},                 /* LRM, ALM */
	        {"a\342\200\250b\342\200\251c", "a b c"},         /* line and paragraph separator */
	        {"a\342\200\213b\357\273\277c\302\255d", "abcd"}, /* ZWSP, BOM, soft hyphen */
	        {"\363\240\201\247tag", "tag"},
	        {"\357\277\276x\363\277\277\277", "\357\277\275x\357\277\275"}, /* non-characters */
	        {"\361\220\200\200", "\357\277\275"},      /* a plane without characters */
	        {"a\302\240\302\240\343\200\200b", "a b"}, /* blanks that do not look it */
	        {"\314\201x", "x"},                        /* a mark without a base */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *safe = text_safe(cases[i].in, -1);

		g_assert_cmpstr(safe, ==, cases[i].out);
	}
}

static void
nul_is_a_control_and_null_is_empty(void)
{
	g_autofree char *nul = text_safe("a\0b", 3), *null = text_safe(NULL, 0);

	g_assert_cmpstr(nul, ==, "a b");
	g_assert_cmpstr(null, ==, "");
}

static void
joiners_stay_where_they_belong(void)
{
	static const char *const kept[] = {
	        "👨‍👩‍👧", /* family */
	        "🏴‍☠️",      /* pirate flag */
	        "❤️ 1️⃣",     /* emoji presentation, keycap */
	        "نمی‌آید",    /* ZWNJ in Persian */
	        "क्‍ष",       /* ZWJ in Devanagari */
	};
	static const struct {
		const char *in, *out;
	} dropped[] = {
	        {"pay\342\200\215pal", "paypal"}, {"pay\342\200\214pal", "paypal"}, {"👨\342\200\215", "👨"},
	        {"a\357\270\217", "a"},           {"1\357\270\217x", "1x"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autofree char *safe = text_safe(kept[i], -1);

		g_assert_cmpstr(safe, ==, kept[i]);
		g_assert_true(text_is_safe(kept[i], -1));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(dropped); i++) {
		g_autofree char *safe = text_safe(dropped[i].in, -1);

		g_assert_cmpstr(safe, ==, dropped[i].out);
		g_assert_false(text_is_safe(dropped[i].in, -1));
	}
}

static void
marks_and_joins_are_counted(void)
{
	g_autoptr(GString) zalgo = g_string_new("a"), crowd = g_string_new("👨");
	g_autofree char *safe = NULL, *people = NULL;

	for (int i = 0; i < 1000; i++)
		g_string_append(zalgo, "\314\201");
	safe = text_safe(zalgo->str, -1);
	g_assert_cmpuint(strlen(safe), ==, 1 + 8 * 2);
	for (int i = 0; i < 1000; i++)
		g_string_append(crowd, "\342\200\215👨");
	people = text_safe(crowd->str, -1);
	g_assert_cmpuint(strlen(people), ==, 4 + 8 * 7 + 992 * 4);
}

static void
blocks_keep_their_lines(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"a\r\nb\rc\nd", "a\nb\nc\nd"},
	        {"a\tb", "a       b"},
	        {"12345678\tb\n\tc", "12345678        b\n        c"},
	        {"漢\tb", "漢      b"},
	        {"two  blanks ", "two  blanks "},
	        {"a\033b\342\200\250c", "a b\nc"},
	        {"nb\302\240sp", "nb\302\240sp"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		text_safe_block(out, cases[i].in, -1);
		g_assert_cmpstr(out->str, ==, cases[i].out);
		g_assert_true(text_is_safe(out->str, -1));
		g_assert_cmpint(text_is_safe(cases[i].in, -1), ==, !strcmp(cases[i].in, cases[i].out));
	}
}

static void
clusters_have_their_columns(void)
{
	static const struct {
		const char *text;
		gsize first; /* octets of the first cluster */
		int width, total;
	} cases[] = {
	        {"ab", 1, 1, 2},
	        {"漢字", 3, 2, 4},
	        {"e\314\201x", 3, 1, 2},
	        {"👨‍👩‍👧x", 18, 2, 3},
	        {"🇩🇪🇫🇷", 8, 2, 4},
	        {"🇩", 4, 1, 1},
	        {"👍🏽b", 8, 2, 3},
	        {"❤️", 6, 2, 2},
	        {"❤", 3, 1, 1},
	        {"1️⃣2", 7, 2, 3},
	        {"\341\204\200\341\205\241\341\206\250", 9, 2, 2}, /* conjoining jamo */
	        {"한글", 3, 2, 4},
	        {"か\343\202\231x", 6, 2, 3},
	        {"ñ…é", 2, 1, 3},
	        {"का", 6, 2, 2},
	        {"ｱ", 3, 1, 1},
	        {"α─", 2, 1, 2}, /* ambiguous is narrow */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		int width;

		g_assert_cmpuint(text_next(cases[i].text, strlen(cases[i].text), &width), ==, cases[i].first);
		g_assert_cmpint(width, ==, cases[i].width);
		g_assert_cmpint(text_width(cases[i].text, -1), ==, cases[i].total);
	}
}

static void
no_cluster_claims_more_than_two_columns(void)
{
	const char *conjuncts = "स्त्र्त्र";
	int width;

	g_assert_cmpint(text_width(conjuncts, -1), ==, 5);
	g_assert_cmpuint(text_next(conjuncts, strlen(conjuncts), &width), <, strlen(conjuncts));
}

static void
fitting_never_splits_a_cluster(void)
{
	int used;

	g_assert_cmpuint(text_fit("hello", -1, 3, &used), ==, 3);
	g_assert_cmpint(used, ==, 3);
	g_assert_cmpuint(text_fit("hello", -1, 5, NULL), ==, 5);
	g_assert_cmpuint(text_fit("hello", 2, 80, NULL), ==, 2);
	g_assert_cmpuint(text_fit("漢字", -1, 3, &used), ==, 3);
	g_assert_cmpint(used, ==, 2);
	g_assert_cmpuint(text_fit("ae\314\201", -1, 1, NULL), ==, 1);
	g_assert_cmpuint(text_fit("ae\314\201", -1, 2, NULL), ==, 4);
	g_assert_cmpuint(text_fit("abc", -1, 0, &used), ==, 0);
	g_assert_cmpuint(text_fit("abc", -1, -1, &used), ==, 0);
}

static void
cells_are_cut_and_padded(void)
{
	static const struct {
		const char *text;
		int columns;
		gboolean pad, ascii;
		const char *cell;
	} cases[] = {
	        {"abc", 5, TRUE, FALSE, "abc  "},   {"abc", 5, FALSE, FALSE, "abc"},
	        {"abcdef", 4, TRUE, FALSE, "abc…"}, {"abcdef", 4, TRUE, TRUE, "abc."},
	        {"漢字漢", 4, TRUE, FALSE, "漢… "}, {"漢字", 4, TRUE, FALSE, "漢字"},
	        {"漢", 1, TRUE, FALSE, "…"},        {"x", 0, TRUE, FALSE, ""},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new("|");

		text_cell(out, cases[i].text, cases[i].columns, cases[i].pad, cases[i].ascii);
		g_assert_cmpstr(out->str + 1, ==, cases[i].cell);
	}
}

static void
the_nearest_name_is_found(void)
{
	static const char *const names[] = {"account", "address", "archive", "to", NULL};

	g_assert_cmpint(text_distance("ab", "ba"), ==, 1);
	g_assert_cmpint(text_distance("Archive", "archive"), ==, 0);
	g_assert_cmpint(text_distance("", "abc"), ==, 3);
	g_assert_cmpint(text_distance("kitten", "sitting"), ==, 3);
	g_assert_cmpstr(text_nearest("acount", names), ==, "account");
	g_assert_cmpstr(text_nearest("adress", names), ==, "address");
	g_assert_cmpstr(text_nearest("archvie", names), ==, "archive");
	g_assert_null(text_nearest("zzzzzz", names));
	g_assert_null(text_nearest("xy", names));
}

static void
sizes_are_decimal(void)
{
	static const struct {
		guint64 octets;
		const char *text;
	} cases[] = {
	        {0, "0 B"},         {999, "999 B"},         {1000, "1 kB"},         {214000, "214 kB"},
	        {999499, "999 kB"}, {999500, "1.0 MB"},     {1234567, "1.2 MB"},    {9949999, "9.9 MB"},
	        {9950000, "10 MB"}, {1500000000, "1.5 GB"}, {G_MAXUINT64, "18 EB"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = text_size(cases[i].octets);

		g_assert_cmpstr(text, ==, cases[i].text);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/safe-lines-hold-no-controls", safe_lines_hold_no_controls);
	g_test_add_func("/text/nul-is-a-control-and-null-is-empty", nul_is_a_control_and_null_is_empty);
	g_test_add_func("/text/joiners-stay-where-they-belong", joiners_stay_where_they_belong);
	g_test_add_func("/text/marks-and-joins-are-counted", marks_and_joins_are_counted);
	g_test_add_func("/text/blocks-keep-their-lines", blocks_keep_their_lines);
	g_test_add_func("/text/clusters-have-their-columns", clusters_have_their_columns);
	g_test_add_func("/text/no-cluster-claims-more-than-two-columns",
	                no_cluster_claims_more_than_two_columns);
	g_test_add_func("/text/fitting-never-splits-a-cluster", fitting_never_splits_a_cluster);
	g_test_add_func("/text/cells-are-cut-and-padded", cells_are_cut_and_padded);
	g_test_add_func("/text/the-nearest-name-is-found", the_nearest_name_is_found);
	g_test_add_func("/text/sizes-are-decimal", sizes_are_decimal);
	return g_test_run();
}
