#include <string.h>
#include "mime/envelope.h"
#include "model/pattern.h"

static GPtrArray *
addresses(const char *name, const char *email)
{
	GPtrArray *all = g_ptr_array_new();
	struct mime_address *address = g_new0(struct mime_address, 1);

	address->name = g_strdup(name);
	address->email = g_strdup(email);
	g_ptr_array_add(all, address);
	return all;
}

static void
free_addresses(GPtrArray *all)
{
	struct mime_address *address = all->pdata[0];

	g_free(address->name);
	g_free(address->email);
	g_free(address);
	g_ptr_array_unref(all);
}

static gboolean
matches(const char *text)
{
	GPtrArray *from = addresses("Jo Ülrich", "jo@harbour.example"),
	          *to = addresses("Ann Smith", "ann@a.example"), *cc = addresses("", "board@b.example");
	struct store_row row = {.flags = FLAG_FLAGGED,
	                        .from = from,
	                        .to = to,
	                        .cc = cc,
	                        .subject = (char *)"Re: Budget for the Harbour",
	                        .keywords = (char *)"Work $Label1"};
	GError *error = NULL;
	struct pattern *pattern = pattern_new(text, &error);
	gboolean does;

	g_assert_no_error(error);
	does = pattern_matches(pattern, &row);
	pattern_free(pattern);
	free_addresses(from);
	free_addresses(to);
	free_addresses(cc);
	return does;
}

static void
words_are_found_where_they_are_asked_for(void)
{
	static const struct {
		const char *pattern;
		gboolean matches;
	} rows[] = {
	        {"budget", TRUE},
	        {"ülrich", TRUE},
	        {"ÜLRICH", FALSE},
	        {"Ülrich", TRUE},
	        {"ann", TRUE},
	        {"board@b", TRUE},
	        {"nobody", FALSE},
	        {"~f jo", TRUE},
	        {"~f ann", FALSE},
	        {"~t ann", TRUE},
	        {"~c board", TRUE},
	        {"~C ann", TRUE},
	        {"~s harbour", TRUE},
	        {"~s jo", FALSE},
	        {"from:jo", TRUE},
	        {"from:ann", FALSE},
	        {"subject:budget", TRUE},
	        {"~s \"for the\"", TRUE},
	        {"~s \"the for\"", FALSE},
	        {"budget jo", TRUE},
	        {"budget nobody", FALSE},
	        {"~y work", TRUE},
	        {"keyword:$label1", TRUE},
	        {"~y lab", FALSE},
	        {"!nobody", TRUE},
	        {"! budget", FALSE},
	        {"!!budget", TRUE},
	        {"subject:\"the harbour\"", TRUE},
	        {"~L board", TRUE},
	        {"http://x", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (matches(rows[i].pattern) != rows[i].matches)
			g_error("“%s” %s", rows[i].pattern, rows[i].matches ? "does not match" : "matches");
}

static void
flags_are_asked_for(void)
{
	g_assert_true(matches("~N"));
	g_assert_true(matches("~U ~F"));
	g_assert_false(matches("~R"));
	g_assert_false(matches("~D"));
	g_assert_true(matches("!~D"));
	g_assert_false(matches("~Q"));
	g_assert_true(matches("~A"));
	g_assert_true(matches("."));
	g_assert_true(matches("is:new is:flagged"));
	g_assert_false(matches("is:read"));
	g_assert_false(matches("~F !~N"));
}

static void
what_is_no_pattern_is_told(void)
{
	static const char *const bad[] = {"",  "   ",         "~f",    "~x jo",  "~",
	                                  "!", "is:nonsense", "from:", "~s \"\""};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		GError *error = NULL;
		struct pattern *pattern = pattern_new(bad[i], &error);

		/* A lone tilde is a word like any other. */
		if (!strcmp(bad[i], "~")) {
			pattern_free(pattern);
			g_assert_no_error(error);
			continue;
		}
		if (pattern)
			g_error("“%s” was taken", bad[i]);
		g_assert_nonnull(error);
		g_clear_error(&error);
	}
}

static void
a_long_pattern_is_refused(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	GError *error = NULL;

	for (int i = 0; i < 5000; i++)
		g_string_append(text, "!x ");
	g_assert_null(pattern_new(text->str, &error));
	g_assert_nonnull(strstr(error->message, "too long"));
	g_clear_error(&error);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pattern/words-are-found-where-they-are-asked-for",
	                words_are_found_where_they_are_asked_for);
	g_test_add_func("/pattern/flags-are-asked-for", flags_are_asked_for);
	g_test_add_func("/pattern/what-is-no-pattern-is-told", what_is_no_pattern_is_told);
	g_test_add_func("/pattern/a-long-pattern-is-refused", a_long_pattern_is_refused);
	return g_test_run();
}
