/* Text that is safe to show, and how wide it is. Pure functions; any thread.
 *
 * "Safe" text is valid UTF-8 in which no C0 or C1 control (but LF in blocks), no bidi override, isolate or
 * mark, no line or paragraph separator, no tag character, no unassigned-plane non-character remains. ZWJ
 * stays only inside emoji sequences and where scripts need it; at most 8 combining marks follow a base, and
 * none stands at the start of a line. Only such text reaches the screen or a terminal.
 */
#ifndef FULMAR_BASE_TEXT_H
#define FULMAR_BASE_TEXT_H

#include <glib.h>

/* Appends bytes (any octets, invalid UTF-8 becomes U+FFFD) to out as one safe line: each control, tab and
 * line end becomes one space, runs of blanks (also no-break and ideographic ones) fold to one. Linear in len.
 */
void text_safe_line(GString *out, const char *bytes, gssize len);
/* The same for a block: LF kept, CRLF and lone CR become LF, tabs expand to 8 columns, blanks are kept;
 * a control becomes one space, U+2028 and U+2029 become LF. */
void text_safe_block(GString *out, const char *bytes, gssize len);
/* text_safe_line into a new string; NULL gives "". Gives (g_free). */
char *text_safe(const char *bytes, gssize len);
/* True if text_safe_block would change nothing. */
gboolean text_is_safe(const char *text, gssize len);

/* Octets of the grapheme cluster at s (len octets left, valid UTF-8, at least 1); *width gives its columns:
 * 0, 1 or 2. */
gsize text_next(const char *s, gsize len, int *width);
/* Columns of safe text. */
int text_width(const char *s, gssize len);
/* Octets of the longest prefix that fits in columns; *used (may be NULL) gives its width. Never splits a
 * cluster. */
gsize text_fit(const char *s, gssize len, int columns, int *used);
/* Text cut to columns with "…" (or "." in ASCII locales: ascii TRUE) when it was cut, padded with blanks to
 * columns when pad. Appends to out. */
void text_cell(GString *out, const char *s, int columns, gboolean pad, gboolean ascii);

/* Optimal string alignment distance, for "did you mean": octets, case-insensitive ASCII. */
int text_distance(const char *a, const char *b);
/* The nearest of names (NULL-terminated) to word within a third of its length (at least 2), or NULL. Lends
 * from names. */
const char *text_nearest(const char *word, const char *const *names);

/* Overwrites a secret and frees it; *text becomes NULL. */
void text_wipe(char **text);

/* "214 kB", "1.2 MB": decimal units. Gives (g_free). */
char *text_size(guint64 octets);

#endif
