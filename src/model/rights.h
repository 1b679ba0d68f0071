/* What the letters of RFC 4314 mean, and what they forbid. Pure.
 *
 * Rights are the letters of one folder for the person; "" means that nobody said, so nothing is forbidden. */
#ifndef FULMAR_MODEL_RIGHTS_H
#define FULMAR_MODEL_RIGHTS_H

#include <glib.h>

struct right {
	char letter;
	const char *word; /* as typed; see rights_word */
	const char *help; /* N_() one line: what who has it may do */
};
/* What the word is in the person's language: what "flag" is as an action may be another one. */
const char *rights_word(const struct right *right);
/* In the order of the screen, ended by letter 0. */
const struct right *rights_all(void);
/* "read, mark as read, add mail": the words of letters, translated; unknown letters as they are. Gives
 * (g_free). */
char *rights_words(const char *letters);
/* Why rights forbid what needs all letters of need: one translated line, or NULL: they do not. Gives
 * (g_free). */
char *rights_forbid(const char *rights, const char *need);
/* Letters in the order of the table, each once; unknown ones that are a letter or digit stay, at the end.
 * Gives (g_free). */
char *rights_normal(const char *letters);
/* What a person typed: letters ("lrs"), or words of the table and "nothing", "read", "write" or "all". NULL
 * with error (FULMAR_USAGE). Gives (g_free). */
char *rights_typed(const char *typed, GError **error);

#endif
