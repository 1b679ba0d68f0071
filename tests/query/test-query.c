#include <string.h>

#include "base/error.h"
#include "query/query.h"

static const struct query_use everywhere = {.words = QUERY_HEAD_WORDS | QUERY_BODY};
static const struct query_use on_screen = {
        .words = QUERY_HEAD_WORDS,
        .without = 1u << QUERY_HEADER | 1u << QUERY_THREAD,
        .without_fields = QUERY_BODY,
        .smart_case = TRUE,
};

/* ---- the tree, written down ---- */

static void
write_term(GString *out, const struct query_term *term)
{
	static const char *const names[] = {"every",   "text",    "header", "filename", "attachment",
	                                    "keyword", "state",   "size",   "date",     "age",
	                                    "folder",  "account", "thread", "id"};

	g_string_append(out, names[term->what]);
	if (term->fields)
		g_string_append_printf(out, " %u", term->fields);
	if (term->name)
		g_string_append_printf(out, " %s", term->name);
	if (term->word)
		g_string_append_printf(out, " %s%s", term->exact_case ? "=" : "", term->word);
	if (term->mask)
		g_string_append_printf(out, " %u/%u", term->want, term->mask);
}

static void
write_node(GString *out, const struct query_node *node)
{
	static const char *const kinds[] = {"", "and", "or", "not"};

	g_string_append_c(out, '(');
	if (node->kind == QUERY_TERM)
		write_term(out, &node->term);
	else
		g_string_append(out, kinds[node->kind]);
	for (guint i = 0; node->of && i < node->of->len; i++)
		write_node(out, node->of->pdata[i]);
	g_string_append_c(out, ')');
}

static char *
tree_of(const char *text, const struct query_use *use)
{
	GString *out = g_string_new(NULL);
	GError *error = NULL;
	struct query *query = query_new(text, use, &error);

	g_assert_no_error(error);
	write_node(out, query_root(query));
	query_free(query);
	return g_string_free(out, FALSE);
}

static void
terms_are_put_together_as_they_are_written(void)
{
	static const char *const rows[][2] = {
	        {"budget", "(text 47 budget)"},
	        {"Budget", "(text 47 budget)"},
	        {"from:ann subject:x", "(and(text 1 ann)(text 8 x))"},
	        {"from:ann and subject:x", "(and(text 1 ann)(text 8 x))"},
	        {"from:a or from:b from:c", "(or(text 1 a)(and(text 1 b)(text 1 c)))"},
	        {"from:a | from:b", "(or(text 1 a)(text 1 b))"},
	        {"(from:a or from:b) from:c", "(and(or(text 1 a)(text 1 b))(text 1 c))"},
	        {"not from:a", "(not(text 1 a))"},
	        {"-from:a", "(not(text 1 a))"},
	        {"!~f a", "(not(text 1 a))"},
	        {"! not -from:a", "(not(text 1 a))"},
	        {"!!from:a", "(text 1 a)"},
	        {"not(from:a OR ~t b)", "(not(or(text 1 a)(text 2 b)))"},
	        {"-(from:a)", "(not(text 1 a))"},
	        {"\"or\" \"from:x\"", "(and(text 47 or)(text 47 from:x))"},
	        {"subject:\"a \\\"b\\\" c\"", "(text 8 a \"b\" c)"},
	        {"from: jo", "(text 1 jo)"},
	        {"FROM:jo", "(text 1 jo)"},
	        {"~fjo", "(text 1 jo)"},
	        {"12:30 http://x.example/", "(and(text 47 12:30)(text 47 http://x.example/))"},
	        {":-)", "(text 47 :-))"},
	        {"a - b", "(and(text 47 a)(text 47 -)(text 47 b))"},
	        {"~ .", "(and(every)(text 47 ~))"},
	        {"* ~A", "(and(every)(every))"},
	        {"~C x ~L y ~B z", "(and(text 6 x)(text 7 y)(text 47 z))"},
	        {"list:kernel", "(text 16 kernel)"},
	        {"header:X-Spam-Flag:YES", "(header X-Spam-Flag yes)"},
	        {"header:X-Spam", "(header X-Spam)"},
	        {"(header:X-Spam)", "(header X-Spam)"},
	        {"header:Subject:\"a b\"", "(header Subject a b)"},
	        {"~h received", "(header received)"},
	        {"filename:.pdf has:attachment ~X", "(and(filename .pdf)(attachment)(attachment))"},
	        {"keyword:Work ~y Work", "(and(keyword Work)(keyword Work))"},
	        {"is:unread ~R ~F", "(and(state 0/1)(state 1/1)(state 4/4))"},
	        {"in:Lists/x account:work id:<a@b> thread:3",
	         "(and(folder Lists/x)(account work)(id <a@b>)(thread))"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *tree = tree_of(rows[i][0], &everywhere);

		g_assert_cmpstr(tree, ==, rows[i][1]);
	}
}

static void
what_has_to_be_read_is_asked_last(void)
{
	g_autofree char *tree = tree_of("body:x (body:y or from:a) to:b", &everywhere);
	GError *error = NULL;
	struct query *query = query_new("is:new or from:x", &everywhere, &error);

	g_assert_cmpstr(tree, ==, "(and(text 2 b)(text 32 x)(or(text 1 a)(text 32 y)))");
	g_assert_false(query_reads(query));
	query_free(query);
	query = query_new("from:x or header:Y", &everywhere, &error);
	g_assert_true(query_reads(query));
	g_assert_false(query_has_words(query));
	query_free(query);
	query = query_new("not x", &everywhere, &error);
	g_assert_true(query_has_words(query));
	query_free(query);
}

static void
capitals_count_where_they_are_to(void)
{
	g_autofree char *any = tree_of("Ann ann ÜBER", &everywhere),
	                *smart = tree_of("Ann ann ÜBER", &on_screen);

	g_assert_cmpstr(any, ==, "(and(text 47 ann)(text 47 ann)(text 47 über))");
	g_assert_cmpstr(smart, ==, "(and(text 15 =Ann)(text 15 ann)(text 15 =ÜBER))");
}

/* ---- values ---- */

static struct query *
parse(const char *text)
{
	GError *error = NULL;
	struct query *query = query_new(text, &everywhere, &error);

	g_assert_no_error(error);
	return query;
}

static void
sizes_are_ranges(void)
{
	static const struct {
		const char *text;
		gint64 lo, hi;
	} rows[] = {
	        {"larger:1M", 1000001, G_MAXINT64},
	        {"larger:10", 11, G_MAXINT64},
	        {"smaller:2k", 0, 1999},
	        {"~z >1g", 1000000001, G_MAXINT64},
	        {"~z <5", 0, 4},
	        {"~z 1k-2K", 1000, 2000},
	        {"~z 7-", 7, G_MAXINT64},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct query *query = parse(rows[i].text);
		const struct query_term *term = &query_root(query)->term;

		g_assert_cmpint(term->what, ==, QUERY_SIZE);
		g_assert_cmpint(term->lo, ==, rows[i].lo);
		g_assert_cmpint(term->hi, ==, rows[i].hi);
		query_free(query);
	}
}

static gint64
local(int year, int month, int day)
{
	g_autoptr(GDateTime) when = g_date_time_new_local(year, month, day, 0, 0, 0);

	return g_date_time_to_unix(when);
}

static void
dates_are_ranges_of_local_days(void)
{
	const struct {
		const char *text;
		gint64 lo, hi;
		gboolean arrived;
	} rows[] = {
	        {"date:2026", local(2026, 1, 1), local(2027, 1, 1), FALSE},
	        {"date:2026-12", local(2026, 12, 1), local(2027, 1, 1), FALSE},
	        {"date:2026-02-28", local(2026, 2, 28), local(2026, 3, 1), FALSE},
	        {"date:20260228", local(2026, 2, 28), local(2026, 3, 1), FALSE},
	        {"date:2026-01..2026-03", local(2026, 1, 1), local(2026, 4, 1), FALSE},
	        {"date:2026-05..", local(2026, 5, 1), G_MAXINT64, FALSE},
	        {"date:..2026-05-01", G_MININT64, local(2026, 5, 2), FALSE},
	        {"~d 1/2/2026-3/2/2026", local(2026, 2, 1), local(2026, 2, 4), FALSE},
	        {"~r 1/2/2026", local(2026, 2, 1), local(2026, 2, 2), TRUE},
	        {"before:2026-03", G_MININT64, local(2026, 3, 1), FALSE},
	        {"after:2026-03", local(2026, 3, 1), G_MAXINT64, FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct query *query = parse(rows[i].text);
		const struct query_term *term = &query_root(query)->term;

		g_assert_cmpint(term->what, ==, QUERY_DATE);
		g_assert_cmpint(term->lo, ==, rows[i].lo);
		g_assert_cmpint(term->hi, ==, rows[i].hi);
		g_assert_cmpint(term->arrived, ==, rows[i].arrived);
		query_free(query);
	}
}

static void
ages_are_measured_from_now(void)
{
	static const struct {
		const char *text;
		gint64 lo, hi;
	} rows[] = {
	        {"age:<2w", G_MININT64, 14 * 86400 - 1},
	        {"age:>1y", (gint64)365 * 86400 + 1, G_MAXINT64},
	        {"~d <3m", G_MININT64, 90 * 86400 - 1},
	        {"~r >12h", 12 * 3600 + 1, G_MAXINT64},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct query *query = parse(rows[i].text);
		const struct query_term *term = &query_root(query)->term;

		g_assert_cmpint(term->what, ==, QUERY_AGE);
		g_assert_cmpint(term->lo, ==, rows[i].lo);
		g_assert_cmpint(term->hi, ==, rows[i].hi);
		query_free(query);
	}
}

/* ---- faults ---- */

static void
what_is_no_query_is_told_in_one_line(void)
{
	static const char *const rows[][2] = {
	        {"", "word is missing"},
	        {"   ", "word is missing"},
	        {"~f", "word is missing"},
	        {"!", "word is missing"},
	        {"from:", "word is missing"},
	        {"a and", "word is missing"},
	        {"a or", "word is missing"},
	        {"or a", "between two words"},
	        {"a and or b", "between two words"},
	        {"~s \"\"", "word is missing"},
	        {"\"a", "not closed"},
	        {"(a", "not closed"},
	        {"(a or b) )", "not opened"},
	        {"()", "word is missing"},
	        {"~x jo", "~f ~t ~c"},
	        {"form:ann", "“from:”"},
	        {"subjekt:x", "“subject:”"},
	        {"zzzzzzzz:x", "quotes"},
	        {"is:unred", "is:unread"},
	        {"has:nothing", "has:attachment"},
	        {"larger:big", "larger:1M"},
	        {"larger:99999999999", "larger:1M"},
	        {"date:2026-13", "date:"},
	        {"date:..", "date:"},
	        {"date:20261399", "date:"},
	        {"before:soon", "before:"},
	        {"age:2w", "age:<2w"},
	        {"age:<2", "age:<2w"},
	        {"age:<2x", "age:<2w"},
	        {"header:", "header:NAME"},
	        {"header::x", "header:NAME"},
	        {"thread:x", "thread:"},
	        {"\xff", "UTF-8"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		GError *error = NULL;
		struct query *query = query_new(rows[i][0], &everywhere, &error);

		if (query)
			g_error("“%s” was taken", rows[i][0]);
		g_assert_error(error, FULMAR_ERROR, FULMAR_USAGE);
		g_assert_null(strchr(error->message, '\n'));
		if (!strstr(error->message, rows[i][1]))
			g_error("“%s”: %s", rows[i][0], error->message);
		g_clear_error(&error);
	}
}

static void
what_the_caller_cannot_answer_is_refused(void)
{
	static const char *const rows[] = {"thread:1", "header:X", "~h x",
	                                   "body:x",   "~b x",     "from:a (to:b or ~B c)"};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		GError *error = NULL;

		g_assert_null(query_new(rows[i], &on_screen, &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_USAGE);
		g_assert_nonnull(strstr(error->message, "cannot be asked for here"));
		g_clear_error(&error);
	}
}

static void
length_and_depth_are_bounded(void)
{
	g_autoptr(GString) terms = g_string_new(NULL), deep = g_string_new(NULL), nots = g_string_new(NULL);
	g_autoptr(GString) octets = g_string_new(NULL);
	GError *error = NULL;
	struct query *query;

	for (int i = 0; i < 5000; i++)
		g_string_append(terms, "!x ");
	for (int i = 0; i < QUERY_DEPTH; i++)
		g_string_append(deep, "-(a or ");
	g_string_append(deep, "b");
	for (int i = 0; i < QUERY_DEPTH; i++)
		g_string_append_c(deep, ')');
	for (int i = 0; i < 10001; i++)
		g_string_append_c(nots, '!');
	g_string_append(nots, "x");
	for (int i = 0; i <= QUERY_OCTETS; i++)
		g_string_append_c(octets, 'x');
	g_assert_null(query_new(terms->str, &everywhere, &error));
	g_assert_nonnull(strstr(error->message, "too long"));
	g_clear_error(&error);
	g_assert_null(query_new(octets->str, &everywhere, &error));
	g_assert_nonnull(strstr(error->message, "too long"));
	g_clear_error(&error);
	query = query_new(deep->str, &everywhere, &error);
	g_assert_no_error(error);
	query_free(query);
	g_string_prepend_c(deep, '(');
	g_assert_null(query_new(deep->str, &everywhere, &error));
	g_assert_nonnull(strstr(error->message, "parentheses"));
	g_clear_error(&error);
	query = query_new(nots->str, &everywhere, &error);
	g_assert_no_error(error);
	g_assert_cmpint(query_root(query)->kind, ==, QUERY_NOT);
	query_free(query);
}

/* ---- answers ---- */

/* "from:yes" holds, "from:no" does not, anything else lacks something; counts what it was asked. */
static enum query_answer
say(const struct query_term *term, void *user)
{
	++*(guint *)user;
	return !strcmp(term->word, "yes") ? QUERY_YES : !strcmp(term->word, "no") ? QUERY_NO : QUERY_LACKS;
}

static void
what_lacks_something_may_be_settled_all_the_same(void)
{
	static const struct {
		const char *text;
		enum query_answer answer;
		guint asked;
	} rows[] = {
	        {"from:yes from:yes", QUERY_YES, 2},
	        {"from:no from:lacks", QUERY_NO, 1},
	        {"from:lacks from:no", QUERY_NO, 2},
	        {"from:lacks from:yes", QUERY_LACKS, 2},
	        {"from:yes or from:lacks", QUERY_YES, 1},
	        {"from:lacks or from:yes", QUERY_YES, 2},
	        {"from:lacks or from:no", QUERY_LACKS, 2},
	        {"not from:lacks", QUERY_LACKS, 1},
	        {"not from:no", QUERY_YES, 1},
	        {"not (from:lacks from:no)", QUERY_YES, 2},
	        {"body:lacks (from:no or from:no)", QUERY_NO, 2},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct query *query = parse(rows[i].text);
		guint asked = 0;

		g_assert_cmpint(query_answer(query, say, &asked), ==, rows[i].answer);
		g_assert_cmpuint(asked, ==, rows[i].asked);
		query_free(query);
	}
}

static void
flags_have_names(void)
{
	g_assert_cmpuint(query_flag_bit("flagged"), ==, QUERY_FLAGGED);
	g_assert_cmpuint(query_flag_bit("\\Seen"), ==, QUERY_SEEN);
	g_assert_cmpuint(query_flag_bit("$Forwarded"), ==, QUERY_FORWARDED);
	g_assert_cmpuint(query_flag_bit("nothing"), ==, 0);
	g_assert_cmpuint(query_flag_bit(""), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/query/terms-are-put-together-as-they-are-written",
	                terms_are_put_together_as_they_are_written);
	g_test_add_func("/query/what-has-to-be-read-is-asked-last", what_has_to_be_read_is_asked_last);
	g_test_add_func("/query/capitals-count-where-they-are-to", capitals_count_where_they_are_to);
	g_test_add_func("/query/sizes-are-ranges", sizes_are_ranges);
	g_test_add_func("/query/dates-are-ranges-of-local-days", dates_are_ranges_of_local_days);
	g_test_add_func("/query/ages-are-measured-from-now", ages_are_measured_from_now);
	g_test_add_func("/query/what-is-no-query-is-told-in-one-line", what_is_no_query_is_told_in_one_line);
	g_test_add_func("/query/what-the-caller-cannot-answer-is-refused",
	                what_the_caller_cannot_answer_is_refused);
	g_test_add_func("/query/length-and-depth-are-bounded", length_and_depth_are_bounded);
	g_test_add_func("/query/what-lacks-something-may-be-settled-all-the-same",
	                what_lacks_something_may_be_settled_all_the_same);
	g_test_add_func("/query/flags-have-names", flags_have_names);
	return g_test_run();
}
