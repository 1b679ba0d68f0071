#include "base/keyword.h"

#include <string.h>

static void
what_is_typed_becomes_one_word(void)
{
	g_autofree char *long_one = g_strnfill(201, 'a');
	const struct {
		const char *typed, *keyword; /* NULL: none */
	} cases[] = {
	        {"harbour", "harbour"},
	        {"$Junk", "$Junk"},
	        {"label:Trip to Genoa", "label:Trip" KEYWORD_BLANK "to" KEYWORD_BLANK "Genoa"},
	        {"label:H\u00e4fen (alt)", "label:H\u00e4fen" KEYWORD_BLANK "(alt)"},
	        {"two words", NULL},
	        {"H\u00e4fen", NULL},
	        {"", NULL},
	        {"label:", NULL},
	        {"label:a\nb", NULL},
	        {"label:\033[31m", NULL},
	        {"label:\xff", NULL},
	        {"\\Seen", NULL},
	        {"a(b", NULL},
	        {"a]", NULL},
	        {long_one, NULL},
	        {long_one + 1, long_one + 1},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *keyword = keyword_from_typed(cases[i].typed);

		g_assert_cmpstr(keyword, ==, cases[i].keyword);
		g_assert_true(!keyword || keyword_is_valid(keyword));
	}
	g_assert_false(keyword_is_valid("label:Trip to"));
}

static void
a_word_is_among_others_as_a_whole(void)
{
	static const struct {
		const char *words, *word;
		gboolean is;
	} cases[] = {
	        {NULL, "a", FALSE},    {"", "a", FALSE},           {"a", "a", TRUE},
	        {"ab c", "C", TRUE},   {"$Junk x", "$junk", TRUE}, {"ab", "a", FALSE},
	        {"a b", "a b", FALSE}, {"  a   b ", "b", TRUE},    {"a", "ab", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(keyword_is_among(cases[i].words, cases[i].word, strlen(cases[i].word)), ==,
		                cases[i].is);
	g_assert_true(keyword_is_among("a b", "b and more", 1));
}

static void
quotes_hold_words_together(void)
{
	static const struct {
		const char *line, *words; /* joined by bars */
	} cases[] = {
	        {"", ""},
	        {" ,, ", ""},
	        {"+a -b,c", "+a|-b|c"},
	        {"+\"label:Trip to Genoa\" x", "+label:Trip to Genoa|x"},
	        {"label:\"A, B\"", "label:A, B"},
	        {"\"open to the end", "open to the end"},
	        {"\"\"", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) words = keyword_words(cases[i].line);
		g_autofree char *joined = g_strjoinv("|", words);

		g_assert_cmpstr(joined, ==, cases[i].words);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/keyword/a-word-is-among-others-as-a-whole", a_word_is_among_others_as_a_whole);
	g_test_add_func("/keyword/what-is-typed-becomes-one-word", what_is_typed_becomes_one_word);
	g_test_add_func("/keyword/quotes-hold-words-together", quotes_hold_words_together);
	return g_test_run();
}
