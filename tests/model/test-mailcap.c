#include <string.h>
#include <sys/wait.h>
#include "model/mailcap.h"

static GPtrArray *
parsed(const char *text)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func(mailcap_entry_free);

	mailcap_parse(entries, text);
	return entries;
}

static gboolean
only_true(const char *command)
{
	return !strcmp(command, "true");
}

static void
entries_and_their_fields_are_read(void)
{
	g_autoptr(GPtrArray) entries =
	        parsed("# a comment; not; read\n"
	               "\n"
	               "image/*; view %s; test=true\n"
	               "Text/HTML; w3m -T %t %s; copiousoutput; NeedsTerminal; nametemplate=%s.html\n"
	               "application/pdf; \\\n  show '%s' \\; echo done\n"
	               "audio; play %s\n"
	               "nonsense\n");
	const struct mailcap_entry *html = entries->pdata[1], *pdf = entries->pdata[2],
	                           *audio = entries->pdata[3];

	g_assert_cmpuint(entries->len, ==, 4);
	g_assert_cmpstr(html->type, ==, "text/html");
	g_assert_true(html->copious_output && html->needs_terminal);
	g_assert_cmpstr(html->nametemplate, ==, "%s.html");
	g_assert_cmpstr(pdf->command, ==, "show '%s' ; echo done");
	g_assert_cmpstr(audio->type, ==, "audio/*");
}

static void
the_first_entry_whose_test_succeeds_is_taken(void)
{
	g_autoptr(GPtrArray) entries =
	        parsed("image/png; a; test=false\nimage/*; b; test=true\nimage/png; c\n");

	g_assert_cmpstr(mailcap_find(entries, "image/png", only_true)->command, ==, "b");
	g_assert_cmpstr(mailcap_find(entries, "IMAGE/PNG", only_true)->command, ==, "b");
	g_assert_cmpstr(mailcap_find(entries, "image/png", NULL)->command, ==, "c");
	g_assert_null(mailcap_find(entries, "imagex/png", only_true));
}

/* What the shell makes of a command: the words that printf sees. */
static char *
shell_words(const char *command)
{
	const char *argv[] = {"/bin/sh", "-c", command, NULL};
	char *out = NULL;
	int status;

	g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
	                           &status, NULL));
	g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return out;
}

static void
what_a_message_says_reaches_the_shell_as_one_word(void)
{
	static const char *const evil[] = {"$(touch x)", "`id`", "a b",  "it's",    "\"; id; \"",
	                                   "-rf",        "*",    "a\\b", "'; id; '"};
	static const char *const commands[] = {"printf '<%%s>' %s",      "printf '<%%s>' '%s'",
	                                       "printf '<%%s>' \"%s\"",  "printf '<%%s>' %t",
	                                       "printf '<%%s>' %{name}", "printf '<%%s>' \"%{name}\""};

	for (gsize e = 0; e < G_N_ELEMENTS(evil); e++)
		for (gsize c = 0; c < G_N_ELEMENTS(commands); c++) {
			g_autoptr(GHashTable) parameters = g_hash_table_new(g_str_hash, g_str_equal);
			gboolean uses_file;
			g_autofree char *command = NULL, *words = NULL,
			                *wanted = g_strdup_printf("<%s>", evil[e]);

			g_hash_table_insert(parameters, "name", (char *)evil[e]);
			command = mailcap_expand(commands[c], evil[e], evil[e], parameters, &uses_file);
			g_assert_nonnull(command);
			g_assert_cmpint(uses_file, ==,
			                strstr(commands[c], "%s'") || strstr(commands[c], " %s") ||
			                        strstr(commands[c], "\"%s"));
			words = shell_words(command);
			g_assert_cmpstr(words, ==, wanted);
		}
}

static void
missing_parameters_are_empty_and_unknown_places_refused(void)
{
	gboolean uses_file;
	g_autofree char *empty = mailcap_expand("show %{charset} 100%%", "f", "a/b", NULL, &uses_file);

	g_assert_cmpstr(empty, ==, "show '' 100%");
	g_assert_false(uses_file);
	g_assert_null(mailcap_expand("show %n", "f", "a/b", NULL, &uses_file));
	g_assert_null(mailcap_expand("show %{charset", "f", "a/b", NULL, &uses_file));
	g_assert_null(mailcap_expand("show %", "f", "a/b", NULL, &uses_file));
}

static void
names_get_the_ending_that_the_program_wants(void)
{
	g_autoptr(GPtrArray) entries = parsed("a/b; x; nametemplate=%s.html\nc/d; x; nametemplate=../%s\n");
	g_autofree char *added = mailcap_file_name(entries->pdata[0], "page"),
	                *had = mailcap_file_name(entries->pdata[0], "page.html");
	g_autofree char *outside = mailcap_file_name(entries->pdata[1], "page"),
	                *none = mailcap_file_name(NULL, "page");

	g_assert_cmpstr(added, ==, "page.html");
	g_assert_cmpstr(had, ==, "page.html");
	g_assert_cmpstr(outside, ==, "page");
	g_assert_cmpstr(none, ==, "page");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mailcap/entries-and-their-fields-are-read", entries_and_their_fields_are_read);
	g_test_add_func("/mailcap/the-first-entry-whose-test-succeeds-is-taken",
	                the_first_entry_whose_test_succeeds_is_taken);
	g_test_add_func("/mailcap/what-a-message-says-reaches-the-shell-as-one-word",
	                what_a_message_says_reaches_the_shell_as_one_word);
	g_test_add_func("/mailcap/missing-parameters-are-empty",
	                missing_parameters_are_empty_and_unknown_places_refused);
	g_test_add_func("/mailcap/names-get-the-ending-that-the-program-wants",
	                names_get_the_ending_that_the_program_wants);
	return g_test_run();
}
