#include "mime/render-private.h"
#include "base/text.h"

#include <string.h>
#include <unistr.h>

void
para_init(struct para *para)
{
	para->text = g_string_new(NULL);
	para->runs = g_array_new(FALSE, FALSE, sizeof(struct para_run));
}

void
para_clear(struct para *para)
{
	g_string_free(para->text, TRUE);
	g_array_unref(para->runs);
}

void
para_reset(struct para *para)
{
	g_string_truncate(para->text, 0);
	g_array_set_size(para->runs, 0);
}

void
para_append(struct para *para, const char *text, gsize len, guint style, guint link)
{
	struct para_run run = {para->text->len, style, link};
	const struct para_run *last = NULL;

	if (!len)
		return;
	if (para->runs->len)
		last = &g_array_index(para->runs, struct para_run, para->runs->len - 1);
	if (!last || last->style != style || last->link != link)
		g_array_append_val(para->runs, run);
	g_string_append_len(para->text, text, len);
}

void
para_append_slice(struct para *out, const struct para *para, gsize from, gsize to, guint *run)
{
	while (from < to) {
		const struct para_run *r = &g_array_index(para->runs, struct para_run, *run);
		gsize end = *run + 1 < para->runs->len ? r[1].start : para->text->len;

		if (end <= from) {
			(*run)++;
			continue;
		}
		end = MIN(end, to);
		para_append(out, para->text->str + from, end - from, r->style, r->link);
		from = end;
	}
}

void
para_truncate(struct para *para, gsize len)
{
	g_string_truncate(para->text, len);
	while (para->runs->len &&
	       g_array_index(para->runs, struct para_run, para->runs->len - 1).start >= len)
		g_array_set_size(para->runs, para->runs->len - 1);
}

static inline gsize
para_next(const char *s, gsize len, int *width)
{
	if (*s == PARA_GLUE) {
		*width = 1;
		return 1;
	}
	return text_next(s, len, width);
}

int
para_width(const char *text, gsize len)
{
	gint64 total = 0;

	for (gsize at = 0; at < len;) {
		int width;

		at += para_next(text + at, len - at, &width);
		total += width;
	}
	return (int)MIN(total, G_MAXINT);
}

/* --- where a line may be broken: a small part of UAX #14, enough for mail --- */

enum brk {
	BRK_START,
	BRK_BLANK,
	BRK_GLUE,
	BRK_WORD,
	BRK_HYPHEN,
	BRK_IDEOGRAPH,
	BRK_OPEN,      /* nothing is broken off behind it */
	BRK_CLOSE,     /* nor before it */
	BRK_WIDE_OPEN, /* the same, of CJK: the other side may be broken */
	BRK_WIDE_CLOSE
};

static gboolean
is_wide_close(ucs4_t cp)
{
	static const ucs4_t signs[] = {
	        0x3001, 0x3002, 0x3005, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015, 0x3017,
	        0x3019, 0x301B, 0x301C, 0x301F, 0x3041, 0x3043, 0x3045, 0x3047, 0x3049, 0x3063,
	        0x3083, 0x3085, 0x3087, 0x308E, 0x309B, 0x309C, 0x309D, 0x309E, 0x30A1, 0x30A3,
	        0x30A5, 0x30A7, 0x30A9, 0x30C3, 0x30E3, 0x30E5, 0x30E7, 0x30EE, 0x30F5, 0x30F6,
	        0x30FB, 0x30FC, 0x30FD, 0x30FE, 0xFF01, 0xFF05, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A,
	        0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D, 0xFF60, 0xFF61, 0xFF63, 0xFF64,
	};
	gsize low = 0, high = G_N_ELEMENTS(signs);

	while (low < high) {
		gsize mid = (low + high) / 2;

		if (signs[mid] < cp)
			low = mid + 1;
		else
			high = mid;
	}
	return low < G_N_ELEMENTS(signs) && signs[low] == cp;
}

static gboolean
is_wide_open(ucs4_t cp)
{
	switch (cp) {
	case 0x3008:
	case 0x300A:
	case 0x300C:
	case 0x300E:
	case 0x3010:
	case 0x3014:
	case 0x3016:
	case 0x3018:
	case 0x301A:
	case 0x301D:
	case 0xFF08:
	case 0xFF3B:
	case 0xFF5B:
	case 0xFF5F:
	case 0xFF62:
		return TRUE;
	}
	return FALSE;
}

static enum brk
class_of(const char *s, gsize len, enum brk before)
{
	ucs4_t cp;

	if ((guchar)*s < 0x80) {
		if (*s == ' ')
			return BRK_BLANK;
		if (*s == PARA_GLUE)
			return BRK_GLUE;
		if (*s == '-')
			return before == BRK_WORD ? BRK_HYPHEN : BRK_WORD;
		if (strchr("([{", *s))
			return BRK_OPEN;
		return strchr("!%,.:;?)]}'\"", *s) ? BRK_CLOSE : BRK_WORD;
	}
	u8_mbtouc(&cp, (const uint8_t *)s, len);
	if (cp == 0xA0 || cp == 0x202F)
		return BRK_GLUE;
	if (cp == 0x3000)
		return BRK_BLANK;
	if (cp == 0x2010 || cp == 0x2013 || cp == 0x2014)
		return before == BRK_WORD ? BRK_HYPHEN : BRK_WORD;
	if (cp == 0x2018 || cp == 0x201C)
		return BRK_OPEN;
	if (cp == 0x2019 || cp == 0x201D || cp == 0x2026)
		return BRK_CLOSE;
	if (is_wide_close(cp))
		return BRK_WIDE_CLOSE;
	if (is_wide_open(cp))
		return BRK_WIDE_OPEN;
	if ((cp >= 0x2E80 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	    (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0xFE30 && cp <= 0xFE4F) ||
	    (cp >= 0xFF00 && cp <= 0xFFEF) || (cp >= 0x20000 && cp <= 0x3FFFD))
		return BRK_IDEOGRAPH;
	return BRK_WORD;
}

/* Of two neighbours that are no blanks: may the line end between them? */
static gboolean
may_break(enum brk before, enum brk after, const char *s)
{
	if (before == BRK_START || before == BRK_GLUE || after == BRK_GLUE)
		return FALSE;
	if (before == BRK_OPEN || before == BRK_WIDE_OPEN || after == BRK_CLOSE || after == BRK_WIDE_CLOSE)
		return FALSE;
	if (before == BRK_HYPHEN)
		return after == BRK_IDEOGRAPH ||
		       (after == BRK_WORD && (g_ascii_isalpha(*s) || (guchar)*s >= 0x80));
	return before == BRK_IDEOGRAPH || after == BRK_IDEOGRAPH || before == BRK_WIDE_CLOSE ||
	       after == BRK_WIDE_OPEN;
}

struct para_cut
para_cut(const char *text, gsize len, int columns)
{
	struct para_cut cut = {0, 0, TRUE}, glued = {0, 0, TRUE};
	enum brk before = BRK_START;
	gsize ink = 0, at = 0; /* ink: octets without the blanks at the end, of either kind */
	int column = 0;

	while (at < len && text[at] != '\n') {
		int width;
		gsize size = para_next(text + at, len - at, &width);
		enum brk class = class_of(text + at, size, before);

		if (class == BRK_BLANK) {
			if (ink) {
				cut.end = ink;
				cut.next = at + size;
			}
		} else {
			if (before != BRK_BLANK && may_break(before, class, text + at))
				cut.end = cut.next = at;
			if (column + width > columns && at) {
				if (cut.next)
					return cut;
				/* rather at a blank that holds words together than within one, which may be a
				 * host's name */
				return glued.next ? glued : (struct para_cut){ink, at, TRUE};
			}
			if (class != BRK_GLUE)
				ink = at + size;
			else if (ink)
				glued = (struct para_cut){ink, at + size, TRUE};
		}
		column += width;
		at += size;
		before = class;
	}
	return (struct para_cut){ink, at < len ? at + 1 : len, FALSE};
}
