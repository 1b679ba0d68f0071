#include "mime/scan.h"
#include <stdint.h>
#include <string.h>

#define B SCAN_BLANK
#define G (SCAN_GRAPH | SCAN_NAME)
#define S (SCAN_GRAPH | SCAN_NAME | SCAN_SPECIAL)
#define C (SCAN_GRAPH | SCAN_SPECIAL) /* the colon */
#define D (SCAN_GRAPH | SCAN_NAME | SCAN_DIGIT)
#define A (SCAN_GRAPH | SCAN_NAME | SCAN_ALPHA)

/* clang-format off */
const guint8 scan_class[256] = {
	B, 0, 0, 0, 0, 0, 0, 0, 0, B, B, 0, 0, B, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	B, G, S, G, G, G, G, G, S, S, G, G, S, G, G, G,
	D, D, D, D, D, D, D, D, D, D, C, S, S, G, S, G,
	S, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	A, A, A, A, A, A, A, A, A, A, A, G, G, G, G, G,
	G, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	A, A, A, A, A, A, A, A, A, A, A, G, G, G, G, 0,
};
/* clang-format on */

#undef B
#undef G
#undef S
#undef C
#undef D
#undef A

enum { WINDOW = 256 };

/* In windows, so that a text of lone CRs is not searched to its end for an LF at each of them. */
const char *
scan_line_end(const char *p, const char *end)
{
	while (p < end) {
		gsize n = MIN((gsize)(end - p), (gsize)WINDOW);
		const char *lf = memchr(p, '\n', n);
		const char *cr = memchr(p, '\r', lf ? (gsize)(lf - p) : n);

		if (cr)
			return cr;
		if (lf)
			return lf;
		p += n;
	}
	return end;
}

const char *
scan_next_line(const char *eol, const char *end)
{
	if (eol >= end)
		return end;
	if (*eol == '\n')
		return eol + 1;
	if (end - eol > 1 && eol[1] == '\n')
		return eol + 2;
	if (end - eol > 2 && eol[1] == '\r' && eol[2] == '\n')
		return eol + 3;
	return eol + 1;
}

const char *
scan_comment(const char *p, const char *end)
{
	gsize depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

const char *
scan_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			return p;
	}
	return NULL;
}

#define EACH(byte) ((uint64_t)-1 / 255 * (byte))

/* Eight octets at once: x - EACH(n) sets the high bit of an octet below n (a borrow only adds where one below
 * already is), and the usual test for a zero octet finds the '='. */
gboolean
scan_is_plain(const char *p, gsize len)
{
	uint64_t bad = 0;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t x, equals;

		memcpy(&x, p, 8);
		equals = x ^ EACH('=');
		bad |= x | (x - EACH(32)) | ((equals - EACH(1)) & ~equals);
	}
	bad &= EACH(128);
	for (; len; p++, len--)
		bad |= (guint8)*p < 32 || (guint8)*p >= 128 || *p == '=';
	return !bad;
}

gboolean
scan_is_graph(const char *p, gsize len)
{
	uint64_t bad = 0;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t x;

		memcpy(&x, p, 8);
		bad |= x | (x - EACH(33));
	}
	bad &= EACH(128);
	for (; len; p++, len--)
		bad |= (guint8)*p < 33 || (guint8)*p >= 128;
	return !bad;
}

/* Stops at the first "=?" inside: a word that was never closed does not swallow the next, and each octet is
 * looked at once however many words are begun. */
gboolean
scan_word(const char *p, const char *end, struct word *word)
{
	const char *q;

	if (end - p < 8 || p[0] != '=' || p[1] != '?')
		return FALSE;
	for (q = p + 2; q < end && q - p < 66 && scan_is(*q, SCAN_GRAPH) && *q != '?' && *q != '='; q++)
		;
	if (end - q < 5 || q[0] != '?' || q[2] != '?')
		return FALSE;
	word->encoding = q[1] | 0x20;
	if (word->encoding != 'b' && word->encoding != 'q')
		return FALSE;
	word->charset = p + 2;
	word->charset_len = (gsize)(q - word->charset);
	word->text = q += 3;
	while ((q = memchr(q, '?', (gsize)(end - q))) && end - q > 1) {
		if (q[1] == '=') {
			word->text_len = (gsize)(q - word->text);
			word->after = q + 2;
			return TRUE;
		}
		if (q > word->text && q[-1] == '=')
			return FALSE;
		q++;
	}
	return FALSE;
}
