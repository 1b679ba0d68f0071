/* Keywords of messages as people type them. In the store they are words, separated by blanks. */
#ifndef FULMAR_BASE_KEYWORD_H
#define FULMAR_BASE_KEYWORD_H

#include <glib.h>

/* Gmail's labels (X-GM-EXT-1) are keywords that begin so. */
#define KEYWORD_LABEL "label:"
/* Stands for the blanks of a label. */
#define KEYWORD_BLANK "\xc2\xa0"

/* TRUE: an atom (RFC 9051 §9, flag-keyword) of at most 200 octets; a label: any printable text of as many. */
gboolean keyword_is_valid(const char *word);
/* Is the word of len octets one of words, in either case (RFC 9051 §2.3.2)? words: parted by blanks; NULL:
 * none. */
gboolean keyword_is_among(const char *words, const char *word, gsize len);
/* One keyword as typed, with or without blanks. NULL: it can be none. Gives (g_free). */
char *keyword_from_typed(const char *typed);
/* The words of a line, parted by blanks and commas; what is in double quotes is held together. Gives
 * (g_strfreev). */
char **keyword_words(const char *line);

#endif
