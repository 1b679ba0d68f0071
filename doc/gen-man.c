/* gen-man TEMPLATE: prints a manual page. Lines of the template that are "@COMMANDS@", "@LATER@",
 * "@GLOBALS@",
 * "@KEYS@", "@ACTIONS@" or "@OPTIONS@" give way to what the program's own tables say, and
 * "@VERSION@" to its version. Characters beyond ASCII become roff escapes. Always in English: no locale is
 * set. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "conf/conf.h"
#include "conf/keys.h"

/* Text as roff takes it: minus signs, quotes and carets that can be copied, no request at a line's start. */
static void
append_text(GString *out, const char *text)
{
	static const struct {
		char c;
		const char *roff;
	} escapes[] = {{'\\', "\\e"},  {'-', "\\-"},    {'^', "\\(ha"}, {'~', "\\(ti"},
	               {'`', "\\(ga"}, {'\'', "\\(aq"}, {'"', "\\(dq"}};

	if (*text == '.')
		g_string_append(out, "\\&");
	for (; *text; text++) {
		gsize i = 0;

		while (i < G_N_ELEMENTS(escapes) && escapes[i].c != *text)
			i++;
		if (i < G_N_ELEMENTS(escapes))
			g_string_append(out, escapes[i].roff);
		else
			g_string_append_c(out, *text);
	}
}

/* font: 'B' or 'I'. */
static void
append_styled(GString *out, char font, const char *text)
{
	g_string_append_printf(out, "\\f%c", font);
	append_text(out, text);
	g_string_append(out, "\\fR");
}

/* Table texts are words for a list: a sentence here begins with a capital and ends with a full stop. */
static void
append_sentence(GString *out, const char *text)
{
	g_autofree char *sentence = g_strdup(text);

	sentence[0] = g_ascii_toupper(sentence[0]);
	append_text(out, sentence);
	g_string_append(out, g_str_has_suffix(text, ".") ? "\n" : ".\n");
}

/* ---- the command line ---- */

static void
append_option(GString *out, const struct cli_option *option)
{
	g_autofree char *letter = g_strdup_printf("-%c", option->letter);
	g_autofree char *name = g_strconcat("--", option->name, NULL);

	g_string_append(out, ".TP\n");
	if (option->letter)
		append_styled(out, 'B', letter);
	if (option->letter && option->name)
		g_string_append(out, ", ");
	if (option->name)
		append_styled(out, 'B', name);
	if (option->value) {
		g_string_append_c(out, ' ');
		append_styled(out, 'I', option->value);
	}
	g_string_append_c(out, '\n');
	append_sentence(out, option->help);
}

static void
append_option_table(GString *out, const struct cli_option *option)
{
	for (; option && (option->name || option->letter); option++)
		append_option(out, option);
}

static void
append_globals(GString *out)
{
	append_option_table(out, cli_globals);
}

static void
append_verbs(GString *out, const struct cli_verb *verb)
{
	for (; verb && verb->name; verb++) {
		g_string_append(out, ".TP\n");
		append_styled(out, 'B', verb->name);
		g_string_append_c(out, ' ');
		append_styled(out, 'I', verb->usage);
		g_string_append_c(out, '\n');
		append_sentence(out, verb->help);
	}
}

static void
append_commands(GString *out)
{
	for (const struct cli_command *command = cli_commands; command->name; command++) {
		if (!cli_available(command))
			continue;
		g_string_append(out, ".TP\n");
		append_styled(out, 'B', command->name);
		if (*command->usage) {
			g_string_append_c(out, ' ');
			append_styled(out, 'I', command->usage);
		}
		g_string_append_c(out, '\n');
		append_sentence(out, command->help);
		if (!command->options && !command->verbs)
			continue;
		g_string_append(out, ".RS\n");
		append_verbs(out, command->verbs);
		append_option_table(out, command->options);
		g_string_append(out, ".RE\n");
	}
}

static void
append_later(GString *out)
{
	gboolean first = TRUE;

	for (const struct cli_command *command = cli_commands; command->name; command++) {
		if (cli_available(command))
			continue;
		g_string_append(out, first ? "" : ",\n");
		append_styled(out, 'B', command->name);
		first = FALSE;
	}
	g_string_append(out, first ? "none.\n" : ".\n");
}

/* ---- keys and actions ---- */

static void
append_views(GString *out, guint views)
{
	gboolean first = TRUE;

	if (views == VIEWS_ALL) {
		g_string_append(out, "everywhere");
		return;
	}
	for (int view = 0; view < VIEW_KINDS; view++) {
		if (!(views & VIEW_BIT(view)))
			continue;
		g_string_append_printf(out, "%s%s", first ? "" : ", ", view_names[view]);
		first = FALSE;
	}
}

static void
append_keys(GString *out)
{
	for (const struct key_action *row = keys_actions(); row->name; row++) {
		g_auto(GStrv) keys = g_strsplit(row->keys, " ", -1);

		g_string_append(out, ".TP\n");
		for (char **key = keys; *key; key++) {
			g_string_append(out, key == keys ? "" : ", ");
			append_styled(out, 'B', *key);
		}
		g_string_append_c(out, '\n');
		append_sentence(out, row->help);
		g_string_append_c(out, '(');
		append_styled(out, 'I', row->name);
		g_string_append(out, ": ");
		append_views(out, row->views);
		g_string_append(out, ")\n");
	}
}

static gboolean
is_last_in(const struct key_action *row, int view)
{
	for (row++; row->name; row++)
		if (row->views & VIEW_BIT(view))
			return FALSE;
	return TRUE;
}

static void
append_actions(GString *out)
{
	for (int view = 0; view < VIEW_KINDS; view++) {
		g_string_append_printf(out, ".TP\n\\fB%s\\fR\n", view_names[view]);
		for (const struct key_action *row = keys_actions(); row->name; row++) {
			if (!(row->views & VIEW_BIT(view)))
				continue;
			append_text(out, row->name);
			g_string_append(out, is_last_in(row, view) ? ".\n" : ",\n");
		}
	}
}

/* ---- the page ---- */

static void
append_options(GString *out)
{
	g_autofree char *options = conf_options_man();

	g_string_append(out, options);
}

static const struct {
	const char *line;
	void (*append)(GString *out);
} markers[] = {
        {"@COMMANDS@", append_commands}, {"@LATER@", append_later},     {"@GLOBALS@", append_globals},
        {"@KEYS@", append_keys},         {"@ACTIONS@", append_actions}, {"@OPTIONS@", append_options},
};

static void
append_line(GString *out, const char *line)
{
	const char *version = strstr(line, "@VERSION@");

	for (gsize i = 0; i < G_N_ELEMENTS(markers); i++) {
		if (strcmp(markers[i].line, line) != 0)
			continue;
		markers[i].append(out);
		return;
	}
	if (version)
		g_string_append_printf(out, "%.*s%s%s\n", (int)(version - line), line, PACKAGE_VERSION,
		                       version + strlen("@VERSION@"));
	else
		g_string_append_printf(out, "%s\n", line);
}

/* UTF-8 to ASCII with \[uXXXX]. */
static void
print_roff(const char *text)
{
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (c < 0x80)
			putchar((int)c);
		else
			printf("\\[u%04X]", c);
	}
}

int
main(int argc, char **argv)
{
	g_autofree char *template = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	if (argc != 2 || !g_file_get_contents(argv[1], &template, NULL, &error)) {
		fprintf(stderr, "gen-man: %s\n", error ? error->message : "give one template");
		return 2;
	}
	lines = g_strsplit(template, "\n", -1);
	for (char **line = lines; *line && (line[1] || **line); line++)
		append_line(out, *line);
	if (!g_utf8_validate(out->str, -1, NULL)) {
		fprintf(stderr, "gen-man: %s: not UTF-8\n", argv[1]);
		return 1;
	}
	print_roff(out->str);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
