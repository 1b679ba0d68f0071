/* Which program shows a type of content: mailcap files (RFC 1524). Pure but for mailcap_load.
 *
 * A command is text for a shell, written by the person; what a message says about itself (type, name,
 * parameters) enters it only quoted.
 */
#ifndef FULMAR_MODEL_MAILCAP_H
#define FULMAR_MODEL_MAILCAP_H

#include <glib.h>

struct mailcap_entry {
	char *type;         /* "image/png", "image/" followed by "*", lower case */
	char *command;      /* as written, escapes resolved */
	char *test;         /* or NULL */
	char *nametemplate; /* "%s.html", or NULL */
	gboolean needs_terminal, copious_output;
};

/* Appends the entries of a mailcap text to out (struct mailcap_entry *, mailcap_entry_free). Lines that are
 * none are passed over. */
void mailcap_parse(GPtrArray *out, const char *text);
void mailcap_entry_free(gpointer entry);
/* All entries of $MAILCAPS (or ~/.mailcap and the system's files), in order of precedence. Gives
 * (g_ptr_array_unref). */
GPtrArray *mailcap_load(void);

/* A command with its places filled: %s by file, %t by type, %{name} by parameters (name → value, may be
 * NULL), each in quotes of its own; %% by %. *uses_file tells whether %s was there (else the content belongs
 * on standard input). NULL when it holds a place that cannot be filled. Gives (g_free). */
char *mailcap_expand(const char *command, const char *file, const char *type, GHashTable *parameters,
                     gboolean *uses_file);
/* The first entry for type whose test command (run by test, NULL: entries with tests are passed over)
 * succeeds, or NULL. Lends. */
const struct mailcap_entry *mailcap_find(const GPtrArray *entries, const char *type,
                                         gboolean (*test)(const char *command));
/* The name a file should have for entry: nametemplate's ending is added to name when it lacks it. name is
 * safe (files_safe_name). Gives (g_free). */
char *mailcap_file_name(const struct mailcap_entry *entry, const char *name);

#endif
