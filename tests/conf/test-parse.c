#include "conf/conf-private.h"

#include <string.h>

/* Entries as "section|name|key|value" lines, then problems as "! WHERE: text". */
static char *
dump(const char *text, gssize len)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) entries = conf_parse("F", text, len < 0 ? strlen(text) : (gsize)len, problems);
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < entries->len; i++) {
		const struct conf_entry *e = entries->pdata[i];

		if (e->key)
			g_string_append_printf(out, "%d %s|%s|%s|%s\n", e->line, e->section, e->name, e->key,
			                       e->value);
		else
			g_string_append_printf(out, "%d [%s|%s]\n", e->line, e->section, e->name);
	}
	for (guint i = 0; i < problems->len; i++)
		g_string_append_printf(out, "! %s\n", (char *)problems->pdata[i]);
	return g_string_free(out, FALSE);
}

static void
assert_parsed(const char *text, const char *expected)
{
	g_autofree char *found = dump(text, -1);

	g_assert_cmpstr(found, ==, expected);
}

static void
test_sections(void)
{
	assert_parsed("", "");
	assert_parsed("[ui]\n", "1 [ui|]\n");
	assert_parsed("  [ account   work ]  # my mail\n\n[folder work/Lists/*]",
	              "1 [account|work]\n3 [folder|work/Lists/*]\n");
	assert_parsed(
	        "[ui",
	        "! F:1: this section line is broken; write [section] or [section NAME] alone on a line\n");
	assert_parsed(
	        "[ui] x\nmouse = no\n[list]\nthreads = no\n",
	        "3 [list|]\n4 list||threads|no\n"
	        "! F:1: this section line is broken; write [section] or [section NAME] alone on a line\n");
	assert_parsed("mouse = no\n",
	              "! F:1: mouse stands before the first section; write [account NAME] above it\n");
}

static void
test_comments(void)
{
	assert_parsed("# a\n   # b\n#c\n[ui]\na = b # c\nd = e #f\ng = h#\ni = j #\nk = #3 # x\nl = # x\n",
	              "4 [ui|]\n5 ui||a|b\n6 ui||d|e #f\n7 ui||g|h#\n8 ui||i|j\n9 ui||k|#3\n10 ui||l|\n");
}

static void
test_values(void)
{
	assert_parsed("[a]\nb=c\nd   =   e f \t\ng = h = i\nj =\n",
	              "1 [a|]\n2 a||b|c\n3 a||d|e f\n4 a||g|h = i\n5 a||j|\n");
	assert_parsed("[a]\nb = \"  x # y \"\nc = \"q\\\"u\\\\o\\n\" # z\nd = \"\"\ne = say \"hi\"\n",
	              "1 [a|]\n2 a||b|  x # y \n3 a||c|q\"u\\o\\n\n4 a||d|\n5 a||e|say \"hi\"\n");
	assert_parsed("[a]\nb = \"x\nc = \"x\" y\n", "1 [a|]\n! F:2: b: the double quote is not closed\n"
	                                             "! F:3: c: something follows the closing double quote; "
	                                             "inside a quoted value write \\\" for a quote\n");
}

static void
test_shared_values(void)
{
	assert_parsed("[a]\nsent, drafts ,trash = X\n", "1 [a|]\n2 a||sent|X\n2 a||drafts|X\n2 a||trash|X\n");
}

static void
test_keys_of_punctuation(void)
{
	assert_parsed("[keys]\n= = first\n, = x\n\"#\", \"\\\"\" = y\n== = z\n=, j = up\n",
	              "1 [keys|]\n2 keys||=|first\n3 keys||,|x\n4 keys||#|y\n4 keys||\"|y\n5 keys||=|= z\n"
	              "6 keys||=|up\n6 keys||j|up\n");
}

static void
test_lines_that_are_nothing(void)
{
	static const char *const bad[] = {"word", "=",       "= x",         ",",
	                                  "a,",   "\"a = b", "\"a\" b = c", "a, \"b = c"};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text = g_strconcat("[a]\n", bad[i], "\nz = 1\n", NULL);
		g_autofree char *found = dump(text, -1);

		g_assert_cmpstr(
		        found, ==,
		        "1 [a|]\n3 a||z|1\n! F:2: neither \"key = value\" nor [section] nor a # comment\n");
	}
}

static void
test_line_ends_and_octets(void)
{
	g_autofree char *nul = dump("[a]\nb = c\0d\ne = f", 17), *bad = dump("[a]\nb = \xff\n", -1);

	assert_parsed("\xef\xbb\xbf[a]\r\nb = c\r\n\r\nd = \"e\"\r\n", "1 [a|]\n2 a||b|c\n4 a||d|e\n");
	g_assert_cmpstr(nul, ==,
	                "1 [a|]\n3 a||e|f\n! F:2: this line is not text in UTF-8; save the file as UTF-8\n");
	g_assert_cmpstr(bad, ==, "1 [a|]\n! F:2: this line is not text in UTF-8; save the file as UTF-8\n");
}

/* What is quoted in a problem reaches a terminal. */
static void
test_problems_are_safe_and_few(void)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) text = g_string_new("\x1b[31m\xe2\x80\xaekey = 1\n");
	g_autoptr(GPtrArray) entries = NULL;

	for (int i = 0; i < 5000; i++)
		g_string_append(text, "broken\n");
	entries = conf_parse("F", text->str, text->len, problems);
	g_assert_cmpuint(problems->len, ==, CONF_MAX_PROBLEMS + 1);
	for (guint i = 0; i < problems->len; i++)
		g_assert_null(strpbrk(problems->pdata[i], "\x1b\n"));
	g_assert_null(strstr(problems->pdata[0], "\xe2\x80\xae"));
}

/* Many keys with one long value would ask for their product in memory. */
static void
test_shared_values_are_bounded(void)
{
	g_autoptr(GString) text = g_string_new("[a]\nk0");
	g_autofree char *found = NULL;

	for (int i = 1; i < 40; i++)
		g_string_append_printf(text, ", k%d", i);
	g_string_append(text, " = v\n");
	found = dump(text->str, -1);
	g_assert_cmpstr(found, ==, "1 [a|]\n! F:2: neither \"key = value\" nor [section] nor a # comment\n");
}

static void
test_overrides(void)
{
	static const struct {
		const char *text, *section, *name, *key, *value;
	} rows[] = {
	        {"ui.mouse=no", "ui", "", "mouse", "no"},
	        {"account work.keep=text 0d", "account", "work", "keep", "text 0d"},
	        {"account a.b.keep = full", "account", "a.b", "keep", "full"},
	        {"folder work/x.y.hide=yes", "folder", "work/x.y", "hide", "yes"},
	        {"account work.password-command=pass a # b = c.d", "account", "work", "password-command",
	         "pass a # b = c.d"},
	        {"account work.name=\" Ann \"", "account", "work", "name", " Ann "},
	        {"keys list.j=next", "keys", "list", "j", "next"},
	};
	static const char *const bad[] = {"",          "ui",     "ui.mouse", "mouse=no",
	                                  ".mouse=no", "ui.=no", "=",        "ui.x=\""};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
		struct conf_entry *entry = conf_parse_override(rows[i].text, problems);

		g_assert_cmpuint(problems->len, ==, 0);
		g_assert_cmpstr(entry->section, ==, rows[i].section);
		g_assert_cmpstr(entry->name, ==, rows[i].name);
		g_assert_cmpstr(entry->key, ==, rows[i].key);
		g_assert_cmpstr(entry->value, ==, rows[i].value);
		conf_entry_free(entry);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

		g_assert_null(conf_parse_override(bad[i], problems));
		g_assert_cmpuint(problems->len, ==, 1);
		g_assert_true(g_str_has_prefix(problems->pdata[0], "-o "));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conf/parse/sections", test_sections);
	g_test_add_func("/conf/parse/comments", test_comments);
	g_test_add_func("/conf/parse/values", test_values);
	g_test_add_func("/conf/parse/shared-values", test_shared_values);
	g_test_add_func("/conf/parse/keys-of-punctuation", test_keys_of_punctuation);
	g_test_add_func("/conf/parse/lines-that-are-nothing", test_lines_that_are_nothing);
	g_test_add_func("/conf/parse/line-ends-and-octets", test_line_ends_and_octets);
	g_test_add_func("/conf/parse/problems-are-safe-and-few", test_problems_are_safe_and_few);
	g_test_add_func("/conf/parse/shared-values-are-bounded", test_shared_values_are_bounded);
	g_test_add_func("/conf/parse/overrides", test_overrides);
	return g_test_run();
}
