/* Parameterised values: input, token, and the parameters as "name=value" lines in order of their names. */
#include "mime/envelope.h"
#include "mime/part.h"
#include <string.h>

static const struct {
	const char *in, *token, *params;
} rows[] = {
        {"", "", ""},
        {"text/plain", "text/plain", ""},
        {"Text/HTML; Charset=UTF-8", "text/html", "charset=UTF-8"},
        {"text/plain (a comment); charset (c) = \"utf-8\" (d)", "text/plain", "charset=utf-8"},
        {" text / plain ;charset=x", "text/plain", "charset=x"},
        {"text/plain charset=utf-8", "text/plain", "charset=utf-8"},
        {"text/plain; charset=us-ascii format=flowed", "text/plain", "charset=us-ascii\nformat=flowed"},
        {"text/plain;;; ;charset=x;", "text/plain", "charset=x"},
        {"text/plain; junk; charset=x; more junk", "text/plain", "charset=x"},
        {"text/plain;\r\n\tcharset=\"utf-8\";\r\n name=a", "text/plain", "charset=utf-8\nname=a"},
        {"a/b; c=1; C=2; c=3", "a/b", "c=1"},
        {"a/b; =x; c=", "a/b", "c="},
        {"attachment; filename=two words.txt", "attachment", "filename=two words.txt"},
        {"attachment; filename=two (2).txt; size=5", "attachment", "filename=two (2).txt\nsize=5"},
        {"attachment; filename=\"a;b=\\\"c\\\".txt\"", "attachment", "filename=a;b=\"c\".txt"},
        {"attachment; filename=\"C:\\dir\\f.txt\"", "attachment", "filename=C:\\dir\\f.txt"},
        {"attachment; filename=\"open.txt", "attachment", "filename=open.txt"},
        {"multipart/mixed; boundary=\"simple\r\n boundary\"", "multipart/mixed", "boundary=simple boundary"},
        {"multipart/mixed; boundary==_abc=", "multipart/mixed", "boundary==_abc="},
        {"multipart/mixed; boundary=\"=?utf-8?q?a?=\"", "multipart/mixed", "boundary==?utf-8?q?a?="},
        /* RFC 2231 */
        {"a/b; name*=utf-8''gr%C3%BCn.txt", "a/b", "name=grün.txt"},
        {"a/b; name*=iso-8859-1'de'gr%FCn.txt", "a/b", "name=grün.txt"},
        {"a/b; name*=\"utf-8''gr%C3%BCn.txt\"", "a/b", "name=grün.txt"},
        {"a/b; name*=gr%C3%BCn.txt", "a/b", "name=grün.txt"},
        {"a/b; name*=utf-8''bad%C3%.txt", "a/b", "name=bad\xef\xbf\xbd%.txt"},
        {"a/b; name*0=one; name*1=two", "a/b", "name=onetwo"},
        {"a/b; name*1=two; name*0=one", "a/b", "name=onetwo"},
        {"a/b; name*0*=utf-8''gr%C3; name*1*=%BCn; name*2=\".txt\"", "a/b", "name=grün.txt"},
        {"a/b; name*10=k; name*9=j; name*0=a", "a/b", "name=ajk"},
        {"a/b; name*0=a; name*0=x; name*1=b", "a/b", "name=ab"},
        {"a/b; name=plain.txt; name*=utf-8''better.txt", "a/b", "name=better.txt"},
        {"a/b; name=plain.txt; name*0=bet; name*1=ter.txt", "a/b", "name=better.txt"},
        {"a/b; name*x=1; name*99999999999=2; *=3", "a/b", ""},
        /* RFC 2047 where it may not stand */
        {"a/b; name=\"=?utf-8?q?gr=C3=BCn.txt?=\"", "a/b", "name=grün.txt"},
        {"a/b; name==?utf-8?q?gr=C3=BCn_a.txt?=", "a/b", "name=grün a.txt"},
        {"a/b; name=\"=?utf-8?q?gr=C3?=\r\n =?utf-8?q?=BCn.txt?=\"", "a/b", "name=grün.txt"},
        {"a/b; name=\"gr\xfcn.txt\"", "a/b", "name=grün.txt"},
        {"a/b; name=\"gr\xc3\xbcn.txt\"", "a/b", "name=grün.txt"},
};

static char *
parse(const char *in, gsize len, char **token)
{
	g_autoptr(GHashTable) params = NULL;
	g_autoptr(GList) names = NULL;
	GString *text = g_string_new(NULL);

	mime_parse_parameterised(in, len, token, &params);
	names = g_list_sort(g_hash_table_get_keys(params), (GCompareFunc)strcmp);
	for (GList *l = names; l; l = l->next)
		g_string_append_printf(text, "%s%s=%s", l == names ? "" : "\n", (char *)l->data,
		                       (char *)g_hash_table_lookup(params, l->data));
	return g_string_free(text, FALSE);
}

static void
test_each_row(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *token = NULL, *params = parse(rows[i].in, strlen(rows[i].in), &token);

		g_assert_cmpstr(token, ==, rows[i].token);
		g_assert_cmpstr(params, ==, rows[i].params);
	}
}

static void
test_each_row_cut_anywhere(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (gsize len = strlen(rows[i].in); len-- > 0;) {
			g_autofree char *copy = g_memdup2(rows[i].in, len), *token = NULL;
			g_autofree char *params = parse(copy, len, &token);

			g_assert_true(g_utf8_validate(params, -1, NULL));
		}
	}
}

static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {";",       "=",  "a=b;", "(",  "\"",   "a*1=b;",
	                                     "a*0*=';", "()", "*",    "/ ", "a=\"b"};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) in = g_string_new("a/b;");
		g_autofree char *token = NULL, *params = NULL;

		for (int k = 0; k < 1000000; k++)
			g_string_append(in, pieces[i]);
		params = parse(in->str, in->len, &token);
		g_assert_true(g_utf8_validate(params, -1, NULL));
	}
}

static void
test_encodings_have_names(void)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
	} names[] = {
	        {"7bit", ENCODING_7BIT},           {"8bit", ENCODING_7BIT},
	        {"binary", ENCODING_7BIT},         {"", ENCODING_7BIT},
	        {"quoted-printable", ENCODING_QP}, {" Quoted-Printable ; x", ENCODING_QP},
	        {"BASE64\r\n", ENCODING_BASE64},   {"base64 (really)", ENCODING_BASE64},
	        {"x-uuencode", ENCODING_UUENCODE}, {"nonsense", ENCODING_7BIT},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		g_assert_cmpint(mime_encoding_from_name(names[i].name, strlen(names[i].name)), ==,
		                names[i].encoding);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/params/each-row", test_each_row);
	g_test_add_func("/params/each-row-cut-anywhere", test_each_row_cut_anywhere);
	g_test_add_func("/params/a-million-of-anything", test_a_million_of_anything);
	g_test_add_func("/params/encodings-have-names", test_encodings_have_names);
	return g_test_run();
}
