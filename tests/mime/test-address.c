/* Address lists: input and the addresses as "name|email" lines. */
#include "mime/envelope.h"
#include <string.h>

static const struct {
	const char *in, *out;
} rows[] = {
        {"", ""},
        {"a@b.example", "|a@b.example"},
        {"<a@b.example>", "|a@b.example"},
        {"Ann <a@b.example>", "Ann|a@b.example"},
        {"\"Ann B., Esq.\" <a@b.example>", "Ann B., Esq.|a@b.example"},
        {"\"Ann \\\"X\\\\Y\\\" B\" <a@b.example>", "Ann \"X\\Y\" B|a@b.example"},
        {"Ann Q. Public <a@b.example>, b@c.example", "Ann Q. Public|a@b.example\n|b@c.example"},
        {"a@b.example (Ann (nested) B)", "Ann (nested) B|a@b.example"},
        {"(x) Ann (y) <a@b.example> (z)", "Ann|a@b.example"},
        {"Ann<a@b.example>", "Ann|a@b.example"},
        {"Ann\r\n <a@b.example>,\r\n\tBob <b@c.example>", "Ann|a@b.example\nBob|b@c.example"},
        {"a@b.example; c@d.example", "|a@b.example\n|c@d.example"},
        {", ,a@b.example,,", "|a@b.example"},
        /* groups */
        {"Friends: a@b.example, Bob <b@c.example>;", "|a@b.example\nBob|b@c.example"},
        {"Friends: a@b.example;, c@d.example", "|a@b.example\n|c@d.example"},
        {"undisclosed-recipients:;", "undisclosed-recipients|"},
        {"undisclosed-recipients:", "undisclosed-recipients|"},
        {"\"Hidden Recipients\": ;", "Hidden Recipients|"},
        {"A:;B: b@c.example;", "A|\n|b@c.example"},
        /* obsolete and broken */
        {"Ann <@relay.example,@x.example:a@b.example>", "Ann|a@b.example"},
        {"Ann < a @ b.example >", "Ann|a@b.example"},
        {"a @ b.example", "|a@b.example"},
        {"\"john doe\"@b.example", "|\"john doe\"@b.example"},
        {"<\"john doe\"@b.example>", "|\"john doe\"@b.example"},
        {"a@[192.0.2.1]", "|a@[192.0.2.1]"},
        {"Ann a@b.example", "Ann|a@b.example"},
        {"\"Ann\" a@b.example", "Ann|a@b.example"},
        {"a@b.example <a@b.example>", "a@b.example|a@b.example"},
        {"a@b.example c@d.example", "|a@b.example\n|c@d.example"},
        {"Ann <a@b.example> Bob <b@c.example>", "Ann|a@b.example\nBob|b@c.example"},
        {"<a@b.example> Ann", "Ann|a@b.example"},
        {"a@b.example  Thu Aug 22 12:46:39 2002", "|a@b.example"},
        {"Ann <a@b.example", "Ann|a@b.example"},
        {"Ann <a@b.example, Bob <b@c.example>", "Ann|a@b.example\nBob|b@c.example"},
        {"Ann <<a@b.example>>", "Ann|a@b.example"},
        {"Ann <mailto:a@b.example>", "Ann|a@b.example"},
        {"Ann <>", "Ann|"},
        {"a@b@c.example", "|a@b@c.example"},
        {"root", "|root"},
        {"root (Charlie)", "Charlie|root"},
        {"Charlie <root>", "Charlie|root"},
        {"Charlie Root", "Charlie Root|"},
        {"\"Charlie\"", "Charlie|"},
        {"(nobody)", "nobody|"},
        {"Ann (unclosed <a@b.example>", "Ann (unclosed|a@b.example"},
        {"\"Ann <a@b.example>", "\"Ann|a@b.example"},
        {"Ann \\ Bob <a@b.example>", "Ann \\ Bob|a@b.example"},
        {"@", "|@"},
        {"<", "|"},
        /* encoded */
        {"=?utf-8?q?J=C3=BCrgen_M?= <j@b.example>", "Jürgen M|j@b.example"},
        {"\"=?utf-8?q?J=C3=BCrgen?=\" <j@b.example>", "Jürgen|j@b.example"},
        {"=?utf-8?q?Doe,_John?= <j@b.example>", "Doe, John|j@b.example"},
        {"=?utf-8?q?J=C3?=\r\n =?utf-8?q?=BCrgen?= <j@b.example>", "Jürgen|j@b.example"},
        {"j@b.example (=?utf-8?q?J=C3=BCrgen?=)", "Jürgen|j@b.example"},
        {"=?utf-8?q?J=C3=BCrgen?=", "Jürgen|"},
        {"J\xfcrgen <j@b.example>", "Jürgen|j@b.example"},
        {"J\xc3\xbcrgen <j\xc3\xbc@b.example>", "Jürgen|jü@b.example"},
        {"=?utf-8?q?a=0D=0ABcc:_x?= <j@b.example>", "a  Bcc: x|j@b.example"},
};

static char *
parse(const char *value, gsize len)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(mime_address_free);
	GString *text = g_string_new(NULL);

	mime_parse_addresses(out, value, len);
	for (guint i = 0; i < out->len; i++) {
		struct mime_address *address = out->pdata[i];

		g_string_append_printf(text, "%s%s|%s", i ? "\n" : "", address->name, address->email);
	}
	return g_string_free(text, FALSE);
}

static void
test_each_row(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = parse(rows[i].in, strlen(rows[i].in));

		g_assert_cmpstr(out, ==, rows[i].out);
	}
}

static void
test_each_row_cut_anywhere(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (gsize len = strlen(rows[i].in); len-- > 0;) {
			g_autofree char *copy = g_memdup2(rows[i].in, len);
			g_autofree char *out = parse(copy, len);

			g_assert_true(g_utf8_validate(out, -1, NULL));
		}
	}
}

static void
test_at_most_ten_thousand(void)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(mime_address_free);
	g_autoptr(GString) in = g_string_new(NULL);

	for (int i = 0; i < 10500; i++)
		g_string_append(in, "a@b.example,");
	mime_parse_addresses(out, in->str, in->len);
	g_assert_cmpuint(out->len, ==, 10000);
}

/* A quadratic way through any of these would take hours. */
static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {
	        ";",  "(",    "<",    "\"",   "@",     ":",   ",",    "a:", "a:;",
	        "<@", "a@b ", "(a) ", "\\\"", "<a@b>", "<a",  "[",    "=?", "=?a?q?b?=,",
	        " ",  "<@a,", "a ",   "()",   "\"\"",  "<\"", "a@b(",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) in = g_string_new(NULL);
		g_autofree char *out = NULL;

		for (int k = 0; k < 1000000; k++)
			g_string_append(in, pieces[i]);
		out = parse(in->str, in->len);
		g_assert_true(g_utf8_validate(out, -1, NULL));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/each-row", test_each_row);
	g_test_add_func("/address/each-row-cut-anywhere", test_each_row_cut_anywhere);
	g_test_add_func("/address/at-most-ten-thousand", test_at_most_ten_thousand);
	g_test_add_func("/address/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
