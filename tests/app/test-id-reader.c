/* IDs out of whatever stands before us in a pipe: each text is fed whole and octet by octet. */
#include <string.h>

#include "app/id-reader.h"
#include "base/error.h"

static gboolean
take(const char *id, void *user, GError **error)
{
	GString *out = user;

	if (strcmp(id, "wrong") == 0) {
		fulmar_fail(error, FULMAR_USAGE, "not that one");
		return FALSE;
	}
	g_string_append_printf(out, "%s|", id);
	return TRUE;
}

/* What was found, each with a "|" behind it; NULL when it was refused. */
static char *
read_in(const char *text, gsize len, gsize step)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	struct id_reader *reader = id_reader_new(take, out);
	gboolean ok = TRUE;

	for (gsize at = 0; ok && at < len; at += step)
		ok = id_reader_feed(reader, text + at, MIN(step, len - at), &error);
	ok = ok && id_reader_end(reader, &error);
	id_reader_free(reader);
	g_assert_cmpint(ok, ==, error == NULL);
	return ok ? g_strdup(out->str) : NULL;
}

static void
expect_octets(const char *text, gsize len, const char *wanted)
{
	g_autofree char *whole = read_in(text, len, MAX(len, 1));
	g_autofree char *cut = read_in(text, len, 1);

	g_assert_cmpstr(whole, ==, wanted);
	g_assert_cmpstr(cut, ==, wanted);
}

static void
expect(const char *text, const char *wanted)
{
	expect_octets(text, strlen(text), wanted);
}

static void
words_stand_between_blanks(void)
{
	expect("", "");
	expect(" \n\t\r\n", "");
	expect("work:1", "work:1|");
	expect("work:1\nwork:2\r\n\twork:3 ", "work:1|work:2|work:3|");
	expect("über:7\n", "über:7|");
}

static void
strings_are_ids(void)
{
	expect("\"work:1\"\n\"work:2\"", "work:1|work:2|");
	expect("\"\\u0077ork\\u003a1\" \"a\\\"b\\\\c\\/:1\" \"\\u00fcber:2\"", "work:1|a\"b\\c/:1|über:2|");
	expect("\"\\ud83d\\ude00:1\" \"\\u0000\"", "��:1|�|");
	expect("[\"work:1\", [\"work:2\"]]", "work:1|work:2|");
}

static void
rows_are_known_by_their_id(void)
{
	expect("{\"id\":\"work:1\",\"account\":\"work\"}\n{\"id\":\"work:2\"}\n", "work:1|work:2|");
	expect("{\n  \"account\" : \"work\",\n  \"uid\": 12, \"date\": null,\n  \"id\" : \"work:1\"\n}\n",
	       "work:1|");
	expect("[{\"id\":\"work:1\"},{\"id\":\"work:2\"}]", "work:1|work:2|");
}

/* Everything but the ID was written by strangers. */
static void
nothing_within_a_row_counts(void)
{
	expect("{\"subject\":\"id\",\"x\":{\"id\":\"evil:1\"},\"y\":[\"id\",\"evil:2\",{\"id\":\"evil:3\"}],"
	       "\"id\":\"work:1\",\"from\":[{\"name\":\"\\\"id\\\":\\\"evil:4\\\"\",\"email\":\"id\"}]}",
	       "work:1|");
	expect("{\"id2\":\"evil:1\",\"ID\":\"evil:2\",\"\\u0069d\":\"work:1\"}", "work:1|");
	expect("{\"subject\":\"} {\\\"id\\\":\\\"evil:1\\\"}\",\"id\":\"work:1\"}", "work:1|");
}

static void
other_things_are_refused(void)
{
	static const char *const texts[] = {
	        "{\"account\":\"work\"}",
	        "{\"id\":5}",
	        "{\"id\":null}",
	        "{\"id\":{\"id\":\"x:1\"}}",
	        "{\"id\":\"work:1\"",
	        "\"work:1",
	        "\"\\x\"",
	        "\"\\u12g4\"",
	        "\"\\u12",
	        "]",
	        "}",
	        ",",
	        "[5]",
	        "\"line\nbreak:1\"",
	        "wrong",
	        "{}",
	};
	g_autofree char *deep = g_strnfill(1000, '[');
	g_autofree char *word = g_strnfill(100000, 'x');
	g_autofree char *string = g_strdup_printf("\"%s\"", word);

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		expect(texts[i], NULL);
	expect(deep, NULL);
	expect(word, NULL);
	expect(string, NULL);
	expect_octets("work:1\0", 7, NULL);
	expect_octets("\0work:1", 7, NULL);
}

static void
long_rows_cost_no_memory(void)
{
	g_autofree char *subject = g_strnfill(100000, 's');
	g_autofree char *row =
	        g_strdup_printf("{\"subject\":\"%s\",\"%s\":\"id\",\"id\":\"work:1\"}", subject, subject);

	expect(row, "work:1|");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/id-reader/words-stand-between-blanks", words_stand_between_blanks);
	g_test_add_func("/id-reader/strings-are-ids", strings_are_ids);
	g_test_add_func("/id-reader/rows-are-known-by-their-id", rows_are_known_by_their_id);
	g_test_add_func("/id-reader/nothing-within-a-row-counts", nothing_within_a_row_counts);
	g_test_add_func("/id-reader/other-things-are-refused", other_things_are_refused);
	g_test_add_func("/id-reader/long-rows-cost-no-memory", long_rows_cost_no_memory);
	return g_test_run();
}
