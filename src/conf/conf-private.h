/* Between the files of conf/: from text to lines, from lines to structs, from structs to a checked
 * configuration. */
#ifndef FULMAR_CONF_CONF_PRIVATE_H
#define FULMAR_CONF_CONF_PRIVATE_H

#include "conf/conf.h"

/* Largest configuration that is read, in octets. */
#define CONF_MAX_OCTETS (1024 * 1024)
/* Most problems that are listed; the rest are counted. */
#define CONF_MAX_PROBLEMS 100

/* One "key = value" of the file or of the command line. */
struct conf_entry {
	char *section; /* "account"; the word before the first blank of "[account work]" */
	char *name;    /* "work"; "" when the section has none */
	char *key, *value;
	char *where; /* "FILE:LINE" or "-o account work.keep" */
	int line;    /* 0 on the command line */
};

/* Parses text into entries (struct conf_entry *), in order; each section line is an entry with key NULL.
 * Problems of form (no "=", an open quote, a broken section line) are appended to problems. */
GPtrArray *conf_parse(const char *file, const char *text, gsize len, GPtrArray *problems);
/* One "SECTION.KEY=VALUE" of the command line, or NULL (and a problem). */
struct conf_entry *conf_parse_override(const char *text, GPtrArray *problems);
void conf_entry_free(struct conf_entry *entry);

/* Appends "WHERE: text" unless there are too many already. */
void conf_problem(GPtrArray *problems, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The row of a key, or NULL. */
const struct conf_option *conf_option_find(const char *section, const char *key);
/* Known sections, and known keys of one. conf_keys_of gives (g_free), the strings are lent; NULL-terminated.
 */
const char *const *conf_sections(void);
const char **conf_keys_of(const char *section);

/* Reads a value as its row says and puts it into the struct at base (NULL: only looks). FALSE when it is
 * none: then *nearest gives a known word that is close, lent, or NULL. The old value is freed. */
gboolean conf_value_set(const struct conf_option *option, void *base, const char *value,
                        const char **nearest);
/* Puts the defaults of a section's rows into base (zeroed), and frees what the rows keep there. */
void conf_defaults(const char *section, void *base);
void conf_values_clear(const char *section, void *base);

/* By enum leave_what. */
extern const char *const conf_leave_words[];
/* "30s", "5m", "12h", "14d", "2w", "0". */
gboolean conf_duration_parse(const char *text, gint64 *seconds);

/* An empty configuration with all defaults; and one account's end. */
struct conf *conf_new(const char *file);
void conf_account_free(struct conf_account *account);
/* The names of all accounts, NULL-terminated. Gives (g_free), the strings are lent. */
const char **conf_account_ids(const struct conf *conf);

/* What loading knows beside the values: where each one was written. */
struct conf_load {
	struct conf *conf;
	GPtrArray *entries; /* struct conf_entry *, file first */
	GHashTable *places; /* conf_place → struct conf_entry *, lent: the last one that was taken */
	GPtrArray *problems;
	gboolean others_read; /* the file's mode lets others read it */
};
/* Entry that set a key of a section; without key: the section's own. NULL when there is none. Lends. */
const struct conf_entry *conf_entry_of(const struct conf_load *load, const char *section, const char *name,
                                       const char *key);
/* The rules that no single value can break: missing host, cleartext, readable passwords. Before that, fills
 * in what follows from other values: ports, user, key file. */
void conf_complete(struct conf *conf);
void conf_check(struct conf_load *load);

/* What only a whole rule can show; its query is made here. conf_rule_new gives (conf_rule_free). */
void conf_check_rule(struct conf_load *load, struct conf_rule *rule);
struct conf_rule *conf_rule_new(const char *name);
void conf_rule_free(gpointer rule);
/* For the option table: "+flagged", a keyword. */
gboolean conf_is_flag(const char *word);
gboolean conf_is_keyword(const char *word);

/* True when pattern ("*" any octets, "?" one character) covers all of text. Never worse than the product of
 * the lengths. */
gboolean conf_match(const char *pattern, const char *text);

/* conf_load of a text that is at hand. file is its name in problems. */
struct conf *conf_load_text(const char *file, const char *text, gsize len, const char *const *overrides,
                            GPtrArray *problems);

#endif
