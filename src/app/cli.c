#include "app/cli.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

void
cli_init(struct cli *cli)
{
	memset(cli, 0, sizeof *cli);
	cli->overrides = g_ptr_array_new();
	cli->words = g_ptr_array_new();
	cli->limit = -1;
}

void
cli_clear(struct cli *cli)
{
	g_ptr_array_unref(cli->overrides);
	g_ptr_array_unref(cli->words);
}

static gboolean
option_is_end(const struct cli_option *option)
{
	return !option->name && !option->letter;
}

static const struct cli_option *
find_in(const struct cli_option *table, char letter, const char *name, gsize len)
{
	for (; table && !option_is_end(table); table++) {
		if (letter && table->letter == letter)
			return table;
		if (name && table->name && strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	}
	return NULL;
}

static const struct cli_option *
find_option(const struct cli *cli, char letter, const char *name, gsize len)
{
	const struct cli_option *found = NULL;

	if (cli->command)
		found = find_in(cli->command->options, letter, name, len);
	return found ? found : find_in(cli_globals, letter, name, len);
}

static void
add_names(GPtrArray *names, const struct cli_option *table)
{
	for (; table && !option_is_end(table); table++)
		if (table->name)
			g_ptr_array_add(names, (gpointer)table->name);
}

static gboolean
unknown_option(const struct cli *cli, const char *word, const char *name, gsize len, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *wanted = g_strndup(name, len);
	g_autofree char *shown = text_safe(word, -1);
	const char *nearest;

	if (cli->command)
		add_names(names, cli->command->options);
	add_names(names, cli_globals);
	g_ptr_array_add(names, NULL);
	nearest = len > 1 ? text_nearest(wanted, (const char *const *)names->pdata) : NULL;
	if (nearest)
		fulmar_fail(error, FULMAR_USAGE, _("unknown option “%s”; the nearest is “--%s”"), shown,
		            nearest);
	else
		fulmar_fail(error, FULMAR_USAGE, _("unknown option “%s”; see “fulmar --help”"), shown);
	return FALSE;
}

static gboolean
store_number(gint64 *slot, const struct cli_option *option, const char *value, GError **error)
{
	char *end;
	gint64 n = g_ascii_strtoll(value, &end, 10);

	if (end == value || *end || n < 0 || n > G_MAXINT32) {
		g_autofree char *shown = text_safe(value, -1);

		fulmar_fail(error, FULMAR_USAGE, _("“--%s %s” is not a number that fits; give 0 or more"),
		            option->name, shown);
		return FALSE;
	}
	*slot = n;
	return TRUE;
}

static gboolean
store_value(struct cli *cli, const struct cli_option *option, const char *value, GError **error)
{
	char *at = (char *)cli + option->offset;

	switch (option->kind) {
	case CLI_SWITCH:
		*(gboolean *)(gpointer)at = TRUE;
		return TRUE;
	case CLI_TEXT:
		*(const char **)(gpointer)at = value;
		return TRUE;
	case CLI_MANY:
		g_ptr_array_add(*(GPtrArray **)(gpointer)at, (gpointer)value);
		return TRUE;
	case CLI_NUMBER:
		return store_number((gint64 *)(gpointer)at, option, value, error);
	}
	return FALSE;
}

struct scan {
	struct cli *cli;
	char **argv;
	int argc, at;
};

/* The value behind "=" or glued to a letter, else the next word. */
static gboolean
take_option(struct scan *scan, const struct cli_option *option, const char *word, const char *value,
            GError **error)
{
	if (option->kind == CLI_SWITCH && value) {
		g_autofree char *shown = text_safe(word, -1);

		fulmar_fail(error, FULMAR_USAGE, _("“%s”: this option takes no value"), shown);
		return FALSE;
	}
	if (option->kind != CLI_SWITCH && !value) {
		if (scan->at + 1 >= scan->argc) {
			fulmar_fail(error, FULMAR_USAGE, _("“%s” needs a value: %s"), word, _(option->value));
			return FALSE;
		}
		value = scan->argv[++scan->at];
	}
	return store_value(scan->cli, option, value, error);
}

static gboolean
scan_long(struct scan *scan, const char *word, GError **error)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	gsize len = equals ? (gsize)(equals - name) : strlen(name);
	const struct cli_option *option = find_option(scan->cli, 0, name, len);

	if (!option)
		return unknown_option(scan->cli, word, name, len, error);
	return take_option(scan, option, word, equals ? equals + 1 : NULL, error);
}

/* "-j" switches may be put together ("-ab"); the first that takes a value takes the rest of the word. */
static gboolean
scan_letters(struct scan *scan, const char *word, GError **error)
{
	for (const char *p = word + 1; *p; p++) {
		const struct cli_option *option = find_option(scan->cli, *p, NULL, 0);

		if (!option)
			return unknown_option(scan->cli, word, word + 1, strlen(word + 1), error);
		if (option->kind != CLI_SWITCH)
			return take_option(scan, option, word, p[1] ? p + 1 : NULL, error);
		if (!take_option(scan, option, word, NULL, error))
			return FALSE;
	}
	return TRUE;
}

static const struct cli_command *
find_command(const char *word)
{
	for (const struct cli_command *row = cli_commands; row->name; row++)
		if (strcmp(row->name, word) == 0)
			return row;
	return NULL;
}

static void
take_word(struct cli *cli, const char *word)
{
	if (!cli->command && cli->words->len == 0 && (cli->command = find_command(word)))
		return;
	g_ptr_array_add(cli->words, (gpointer)word);
}

/* Where "-word" is a word, "-n" and "-n5" still are options. */
static gboolean
is_option(const struct cli *cli, const char *word)
{
	const struct cli_option *option;

	if (word[0] != '-' || !word[1])
		return FALSE;
	if (word[1] == '-' || !cli->command || !(cli->command->needs & CLI_DASH_WORDS))
		return TRUE;
	option = find_option(cli, word[1], NULL, 0);
	return option && (!word[2] || (option->kind == CLI_NUMBER && g_ascii_isdigit(word[2])));
}

gboolean
cli_available(const struct cli_command *command)
{
	return command->run || command->verbs;
}

static gboolean
count_words(const struct cli *cli, GError **error)
{
	const struct cli_command *command = cli->command;
	const struct cli_verb *verb = cli->verb;
	guint n = cli->words->len, min = verb ? verb->min_words : command->min_words,
	      max = verb ? verb->max_words : command->max_words;
	g_autofree char *name = NULL, *text = NULL;

	if (n >= min && n <= max)
		return TRUE;
	name = verb ? g_strdup_printf("%s %s", command->name, verb->name) : g_strdup(command->name);
	text = g_strdup_printf(n < min ? _("“%s” needs more: fulmar %s %s")
	                               : _("“%s” takes less: fulmar %s %s"),
	                       name, name, verb ? verb->usage : command->usage);
	fulmar_fail(error, FULMAR_USAGE, "%s", g_strchomp(text)); /* some take no words at all */
	return FALSE;
}

static gboolean
unknown_verb(const struct cli_command *command, const char *word, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *shown = text_safe(word, -1), *all = NULL;
	const char *nearest;

	for (const struct cli_verb *verb = command->verbs; verb->name; verb++)
		g_ptr_array_add(names, (gpointer)verb->name);
	g_ptr_array_add(names, NULL);
	nearest = text_nearest(word, (const char *const *)names->pdata);
	all = g_strjoinv("|", (char **)names->pdata);
	if (nearest)
		fulmar_fail(error, FULMAR_USAGE, _("“%s” knows no “%s”; the nearest is “%s”"), command->name,
		            shown, nearest);
	else
		fulmar_fail(error, FULMAR_USAGE, _("“%s” knows no “%s”: fulmar %s %s"), command->name, shown,
		            command->name, all);
	return FALSE;
}

/* The first word of a command with verbs. */
static gboolean
take_verb(struct cli *cli, GError **error)
{
	const struct cli_verb *verb = cli->command->verbs;
	const char *word;

	if (!verb || !cli->words->len)
		return TRUE;
	word = g_ptr_array_index(cli->words, 0);
	while (verb->name && strcmp(verb->name, word) != 0)
		verb++;
	if (!verb->name)
		return unknown_verb(cli->command, word, error);
	cli->verb = verb;
	g_ptr_array_remove_index(cli->words, 0);
	return TRUE;
}

static gboolean
check_words(struct cli *cli, GError **error)
{
	if (!cli->command || !cli_available(cli->command) || cli->help || cli->version)
		return TRUE;
	return take_verb(cli, error) && count_words(cli, error);
}

gboolean
cli_scan(struct cli *cli, int argc, char **argv, GError **error)
{
	struct scan scan = {cli, argv, argc, 1};
	gboolean only_words = FALSE, ok = TRUE;

	for (; ok && scan.at < argc; scan.at++) {
		const char *word = argv[scan.at];

		if (only_words || !is_option(cli, word))
			take_word(cli, word);
		else if (strcmp(word, "--") == 0)
			only_words = TRUE;
		else if (word[1] == '-')
			ok = scan_long(&scan, word, error);
		else
			ok = scan_letters(&scan, word, error);
	}
	g_ptr_array_add(cli->overrides, NULL);
	return ok && check_words(cli, error);
}

const char *
cli_nearest_command(const char *word)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const struct cli_command *row = cli_commands; row->name; row++)
		g_ptr_array_add(names, (gpointer)row->name);
	g_ptr_array_add(names, NULL);
	return text_nearest(word, (const char *const *)names->pdata);
}

static void
help_row(GString *out, const char *left, int columns, const char *right)
{
	int width = text_width(left, -1);

	g_string_append_printf(out, "  %s", left);
	if (width > columns) {
		g_string_append_c(out, '\n');
		width = -2;
	}
	g_string_append_printf(out, "%*s  %s\n", columns - width, "", right);
}

static void
help_options(GString *out, const struct cli_option *table)
{
	for (; table && !option_is_end(table); table++) {
		g_autoptr(GString) left = g_string_new(NULL);

		if (table->letter)
			g_string_append_printf(left, "-%c", table->letter);
		if (table->letter && table->name)
			g_string_append(left, ", ");
		if (table->name)
			g_string_append_printf(left, "--%s", table->name);
		if (table->value)
			g_string_append_printf(left, " %s", _(table->value));
		help_row(out, left->str, 22, _(table->help));
	}
}

static void
help_verbs(GString *out, const struct cli_command *command)
{
	if (command->verbs)
		g_string_append_c(out, '\n');
	for (const struct cli_verb *verb = command->verbs; verb && verb->name; verb++) {
		g_autofree char *left = g_strdup_printf("%s %s", verb->name, verb->usage);

		help_row(out, left, 34, _(verb->help));
	}
}

static void
help_overview(GString *out)
{
	g_string_append(out, _("Usage: fulmar [OPTION…] [COMMAND …]\n\n"
	                       "Without a command: the screen; fulmar ACCOUNT/FOLDER opens it on that "
	                       "folder.\n\nCommands:\n"));
	for (const struct cli_command *row = cli_commands; row->name; row++) {
		g_autofree char *left = NULL;

		if (!cli_available(row))
			continue;
		left = g_strdup_printf("%s%s%s", row->name, *row->usage ? " " : "", row->usage);
		help_row(out, left, 34, _(row->help));
	}
	g_string_append(out, _("\nOptions, before or after the command:\n"));
	help_options(out, cli_globals);
	g_string_append(out,
	                _("\nExit status: 0 done, 1 failed, 2 usage or configuration, 3 no connection, 4 "
	                  "log-in refused,\n"
	                  "5 certificate refused, 6 done in part. “fulmar COMMAND --help” tells more.\n"));
}

char *
cli_help(const struct cli_command *command)
{
	GString *out = g_string_new(NULL);
	g_autofree char *call = NULL;

	if (!command) {
		help_overview(out);
		return g_string_free(out, FALSE);
	}
	call = g_strdup_printf("%s%s%s", command->name, *command->usage ? " " : "", command->usage);
	g_string_append_printf(out, _("Usage: fulmar %s\n\n%s.\n"), call, _(command->help));
	if (!cli_available(command))
		g_string_append(out, _("This version does not have it yet.\n"));
	help_verbs(out, command);
	if (command->options) {
		g_string_append(out, _("\nOptions:\n"));
		help_options(out, command->options);
	}
	g_string_append(out, _("\nGlobal options:\n"));
	help_options(out, cli_globals);
	return g_string_free(out, FALSE);
}
