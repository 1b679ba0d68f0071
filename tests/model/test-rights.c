#include <string.h>
#include "model/rights.h"

static void
letters_have_words(void)
{
	g_autofree char *words = rights_words("rl"), *none = rights_words(""), *odd = rights_words("l8"),
	                *all = rights_words("lrswipkxtea"), *old = rights_words("lrswicda"),
	                *both = rights_words("aelrtsd"), *only_old = rights_words("lrd");

	g_assert_cmpstr(all, ==, "everything");
	g_assert_cmpstr(old, ==, "everything");

	g_assert_cmpstr(both, ==, "see, read, mark-read, delete, expunge, share");
	g_assert_cmpstr(only_old, ==, "see, read, remove, delete, expunge");
	g_assert_cmpstr(words, ==, "see, read");
	g_assert_cmpstr(none, ==, "");
	g_assert_cmpstr(odd, ==, "see, 8");
}

static void
what_lacks_is_told_and_silence_forbids_nothing(void)
{
	g_autofree char *delete = rights_forbid("lrs", "te"), *unknown = rights_forbid("", "te"),
	                *given = rights_forbid("lrste", "te"), *old = rights_forbid("lrsd", "te"),
	                *create = rights_forbid("lrc", "k"), *half = rights_forbid("lrst", "te");

	g_assert_nonnull(strstr(delete, "“delete” (t)"));
	g_assert_null(unknown);
	g_assert_null(given);
	g_assert_null(old);
	g_assert_null(create);
	g_assert_nonnull(strstr(half, "(e)"));
}

static void
typed_rights_become_letters(void)
{
	static const struct {
		const char *typed, *letters;
	} rows[] = {
	        {"lrs", "lrs"},         {"srl", "lrs"},     {"read-only", "lrs"},
	        {"nothing", ""},        {"see read", "lr"}, {"see,read, share", "lra"},
	        {"write", "lrswite"},   {"", ""},           {"read", "r"},
	        {"all", "lrswipkxtea"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		GError *error = NULL;
		g_autofree char *letters = rights_typed(rows[i].typed, &error);

		g_assert_no_error(error);
		g_assert_cmpstr(letters, ==, rows[i].letters);
	}
}

static void
other_words_are_refused(void)
{
	GError *error = NULL;

	g_assert_null(rights_typed("lrs everything", &error));
	g_assert_nonnull(strstr(error->message, "“everything”"));
	g_clear_error(&error);
	g_assert_null(rights_typed("l\x1b", &error));
	g_clear_error(&error);
	g_assert_null(rights_typed("lrsread", &error));
	g_assert_nonnull(strstr(error->message, "“lrsread”"));
	g_clear_error(&error);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rights/letters-have-words", letters_have_words);
	g_test_add_func("/rights/what-lacks-is-told-and-silence-forbids-nothing",
	                what_lacks_is_told_and_silence_forbids_nothing);
	g_test_add_func("/rights/typed-rights-become-letters", typed_rights_become_letters);
	g_test_add_func("/rights/other-words-are-refused", other_words_are_refused);
	return g_test_run();
}
