/* What the header parsers share. Private to mime/.
 *
 * Scanners take [p, end) and give a place in it; none reads at or behind end. "Blank" is SP, TAB, CR, LF and
 * NUL (NULs occur at the start of lines of some servers and mean nothing).
 */
#ifndef FULMAR_MIME_SCAN_H
#define FULMAR_MIME_SCAN_H

#include <glib.h>
#include <string.h>

enum {
	SCAN_BLANK = 1,   /* SP TAB CR LF NUL */
	SCAN_SPECIAL = 2, /* ends a word of an address: ( ) < > @ , ; : " */
	SCAN_NAME = 4,    /* may stand in a field name */
	SCAN_DIGIT = 8,
	SCAN_ALPHA = 16,
	SCAN_GRAPH = 32 /* printable ASCII but the space */
};
extern const guint8 scan_class[256];
#define scan_is(c, classes) (scan_class[(guint8)(c)] & (classes))

static inline const char *
scan_blanks(const char *p, const char *end)
{
	while (p < end && scan_is(*p, SCAN_BLANK))
		p++;
	return p;
}

static inline char *
scan_dup(const char *p, gsize len)
{
	char *copy = g_malloc(len + 1);

	if (len)
		memcpy(copy, p, len);
	copy[len] = '\0';
	return copy;
}

/* c in lower case, if it is a letter or '-'. */
#define scan_lower(c) ((char)((c) | 0x20))

/* Nothing is often (NULL, 0), which the C library does not take. */
#define scan_never_null(p) ((p) ? (p) : "")

/* The line end at or behind p, or end; scan_next_line steps over one (CRLF, LF, CR, and CRCRLF as some relays
 * make it). */
const char *scan_line_end(const char *p, const char *end);
const char *scan_next_line(const char *eol, const char *end);

/* p at '(': behind its partner, nested and quoted pairs minded, or NULL when it has none. */
const char *scan_comment(const char *p, const char *end);
/* p at '"': at the closing quote, or NULL when there is none. */
const char *scan_quoted(const char *p, const char *end);

/* TRUE if [p, end) has only ASCII above 31 and no '=': then no decoding can change it. */
gboolean scan_is_plain(const char *p, gsize len);
/* TRUE if it has no octet below 33 or above 127. */
gboolean scan_is_graph(const char *p, gsize len);

/* An encoded-word (RFC 2047 §2), loosely: blanks in its text and any length are accepted, unknown charsets
 * too. */
struct word {
	const char *charset, *text, *after;
	gsize charset_len, text_len;
	char encoding; /* 'b' or 'q' */
};
gboolean scan_word(const char *p, const char *end, struct word *word);

/* Appends to out: UTF-8 as it is, anything else as windows-1252. */
void charset_append_raw(GString *out, const char *bytes, gsize len);
/* mime_to_utf8 into out. */
void charset_append(GString *out, const char *bytes, gsize len, const char *charset);
/* raw octets without NUL to a new string; gives (g_free). */
char *charset_dup_raw(const char *bytes, gsize len);
/* Unfolds into out (len octets suffice): a fold and the blanks around it become one space, TAB one space, NUL
 * nothing. Gives the length. */
gsize words_unfold(char *out, const char *p, const char *end);

/* Values of base64 digits; 64 for '=', 255 for all else. */
extern const guint8 base64_value[256];

/* Charsets that shift state by escapes (ISO-2022-JP, ISO-2022-KR, HZ) as the 8-bit charset they stand for:
 * appends to out. */
enum shift { SHIFT_JP, SHIFT_KR, SHIFT_HZ };
void charset_unshift(GString *out, enum shift kind, const char *bytes, gsize len);

/* The token before the parameters ("text/plain"), lower case, blanks and comments removed; *rest behind it.
 * Gives (g_free). */
char *params_token(const char *p, const char *end, const char **rest);

/* First message id of a value with angle brackets, "" when none. loose: an id without brackets among other
 * words counts too. Gives (g_free). */
char *ids_first(const char *value, gsize len, gboolean loose);
/* All ids, at most 100: the first and the last 99. Gives (g_strfreev). */
char **ids_all(const char *value, gsize len);

#endif
