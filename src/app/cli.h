/* The command line: one table of commands, one of global options, and a scanner over both.
 *
 * Help, completion and manual page are made from these rows. Global options stand before or after the
 * command.
 */
#ifndef FULMAR_APP_CLI_H
#define FULMAR_APP_CLI_H

#include <glib.h>

struct app;

enum cli_kind { CLI_SWITCH, CLI_TEXT, CLI_MANY, CLI_NUMBER };

/* One option; its value goes to offset in struct cli (gboolean, const char *, GPtrArray * of lent strings,
 * gint64). */
struct cli_option {
	char letter;      /* 0: none */
	const char *name; /* without the dashes; NULL ends a table, or none when there is a letter */
	enum cli_kind kind;
	gsize offset;
	const char *value; /* N_() what the help calls the value; NULL for a switch */
	const char *help;  /* N_() */
};

enum cli_needs {
	CLI_CONF = 1,      /* a configuration without problems */
	CLI_DASH_WORDS = 2 /* "-word" is a word, not an option: flag takes -seen */
};

/* A command's first word, when that says what to do: "folder create". */
struct cli_verb {
	const char *name;            /* NULL ends a table */
	const char *usage;           /* the words behind it */
	const char *help;            /* N_() one line */
	int (*run)(struct app *app); /* gives the exit status; words are without the verb then */
	guint min_words, max_words;  /* behind it */
};

struct cli_command {
	const char *name;
	const char *usage;           /* the words it takes, as the help shows them */
	const char *help;            /* N_() one line */
	int (*run)(struct app *app); /* gives the exit status; NULL: only with a verb, or a later version has
	                                it */
	guint needs;                 /* enum cli_needs */
	guint min_words, max_words;
	const struct cli_option *options; /* or NULL */
	const struct cli_verb *verbs;     /* or NULL */
};

/* What was said. Strings are lent from argv. */
struct cli {
	const char *config, *log, *trace;
	GPtrArray *overrides; /* NULL-terminated after cli_scan */
	gboolean offline, json, help, version;
	gboolean threads;
	const char *sort;
	gint64 limit; /* -1: none */
	gboolean headers, raw, structure, seen, html;
	const char *part, *output;
	gboolean create, not_junk, yes, repair;
	const char *account, *replace;
	const char *format;
	gboolean skip_duplicates, recursive, preview;
	gint64 width;                      /* 0: not said */
	const struct cli_command *command; /* NULL: none, or words[0] is a TARGET */
	const struct cli_verb *verb;       /* NULL: none */
	GPtrArray *words;                  /* without the names of command and verb */
};

/* The tables, ended by a NULL name (commands.c). */
extern const struct cli_command cli_commands[];
extern const struct cli_option cli_globals[];

void cli_init(struct cli *cli);
void cli_clear(struct cli *cli);
/* FALSE with FULMAR_USAGE that names the nearest known option. An unknown command is left in words for the
 * caller, who knows the accounts. Lends from argv. */
gboolean cli_scan(struct cli *cli, int argc, char **argv, GError **error);
/* The nearest command to word, or NULL. */
const char *cli_nearest_command(const char *word);

/* This version has it. */
gboolean cli_available(const struct cli_command *command);

/* Text for --help: the overview, or one command. Gives (g_free). */
char *cli_help(const struct cli_command *command);

#endif
