#include "base/text.h"
#include "base/text-private.h"

#include <string.h>
#include <unictype.h>

enum {
	ZWNJ = 0x200C,
	ZWJ = 0x200D,
	VS15 = 0xFE0E, /* text presentation */
	KEYCAP = 0x20E3,
	REPLACEMENT = 0xFFFD,
	MAX_MARKS = 8, /* combining marks in a row */
	MAX_JOINS = 8, /* ZWJ in one emoji; the longest of Unicode has 3 */
	TAB_COLUMNS = 8
};

struct range {
	ucs4_t first, last;
};

static int
range_find(const struct range *table, gsize n, ucs4_t cp)
{
	gsize low = 0;

	while (low < n) {
		gsize mid = (low + n) / 2;

		if (cp > table[mid].last)
			low = mid + 1;
		else if (cp < table[mid].first)
			n = mid;
		else
			return (int)mid;
	}
	return -1;
}

/* Scripts whose letters need ZWJ and ZWNJ between them. */
static const struct range joining_scripts[] = {
        {0x0620, 0x074F}, {0x0780, 0x08FF}, {0x0900, 0x0DFF}, {0x0F40, 0x0FBC},
        {0x1000, 0x109F}, {0x1780, 0x17D3}, {0x1820, 0x18AA}, {0xA840, 0xA873},
        {0xA8E0, 0xA8FF}, {0xA980, 0xA9FF}, {0xAA60, 0xAA7F},
};

/* Format characters (category Cf) that have a shape of their own: signs written before Arabic, Syriac and
 * Kaithi numbers. */
static const struct range visible_formats[] = {
        {0x0600, 0x0605}, {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},
        {0x08E2, 0x08E2}, {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
};

enum kind {
	KIND_SHOW,
	KIND_MARK,
	KIND_BLANK,
	KIND_HARD_BLANK, /* kept in blocks: no-break and ideographic space */
	KIND_LINE_END,
	KIND_DROP,
	KIND_BAD,
	KIND_JOINER,
	KIND_PRESENTATION
};

static enum kind
classify_rare(ucs4_t cp)
{
	if (cp == ZWJ || cp == ZWNJ)
		return KIND_JOINER;
	if (cp == VS15 || cp == TEXT_VS16)
		return KIND_PRESENTATION;
	if (cp == 0xA0 || cp == 0x3000)
		return KIND_HARD_BLANK;
	if (cp == 0x2028 || cp == 0x2029)
		return KIND_LINE_END;
	if ((cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF) ||
	    (cp >= 0x40000 && cp < 0xF0000 && cp >> 12 != 0xE0))
		return KIND_BAD;
	if (uc_is_property_default_ignorable_code_point(cp))
		return KIND_DROP;
	if (uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_Cf))
		return range_find(visible_formats, G_N_ELEMENTS(visible_formats), cp) >= 0 ? KIND_SHOW
		                                                                           : KIND_DROP;
	if (uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me))
		return KIND_MARK;
	if (cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F)
		return KIND_BLANK;
	return KIND_SHOW;
}

static inline enum kind
classify(ucs4_t cp)
{
	if (cp > 0x20 && cp < 0x7F)
		return KIND_SHOW;
	if (cp < 0xA0)
		return KIND_BLANK;
	return text_plain_width(cp) ? KIND_SHOW : classify_rare(cp);
}

/* What was put out last: decides about marks and joiners. */
struct cleaner {
	GString *out;
	gboolean block;
	ucs4_t last;         /* last code point put out, 0 at the start of a line */
	gboolean pictograph; /* last is a pictograph, or modifiers that follow one */
	guint marks, joins;
	gsize column_at; /* octet of out at which column was known */
	guint column;
};

static inline gboolean
needs_joiner(ucs4_t cp)
{
	return range_find(joining_scripts, G_N_ELEMENTS(joining_scripts), cp) >= 0;
}

static gboolean
joiner_stays(const struct cleaner *c, ucs4_t cp, const char *rest, gsize len)
{
	ucs4_t next;

	if (!len || c->marks + 2 > MAX_MARKS)
		return FALSE;
	text_decode(rest, len, &next);
	if (cp == ZWJ && c->pictograph)
		return c->joins < MAX_JOINS && uc_is_property(next, UC_PROPERTY_EXTENDED_PICTOGRAPHIC);
	return c->last && needs_joiner(c->last) && needs_joiner(next);
}

static gboolean
presentation_stays(const struct cleaner *c, const char *rest, gsize len)
{
	ucs4_t next = 0;

	if (!c->last || c->marks >= MAX_MARKS || !uc_is_property_emoji(c->last))
		return FALSE;
	if (c->last >= 0x80)
		return TRUE;
	if (len)
		text_decode(rest, len, &next);
	return next == KEYCAP;
}

static void
put(struct cleaner *c, ucs4_t cp, const char *s, gsize len)
{
	gboolean modifier = cp >= 0x1F3FB && cp <= 0x1F3FF;

	g_string_append_len(c->out, s, len);
	c->last = cp;
	c->marks = 0;
	if (cp < 0x80 || text_plain_width(cp) || !uc_is_property(cp, UC_PROPERTY_EXTENDED_PICTOGRAPHIC))
		c->pictograph = c->pictograph && modifier;
	else
		c->pictograph = TRUE;
	if (!c->pictograph)
		c->joins = 0;
}

static void
put_attached(struct cleaner *c, ucs4_t cp, const char *s, gsize len)
{
	g_string_append_len(c->out, s, len);
	c->last = cp;
	c->marks++;
}

static void
put_blank(struct cleaner *c)
{
	if (!c->block && c->last == ' ')
		return;
	put(c, ' ', " ", 1);
}

static void
put_line_end(struct cleaner *c)
{
	if (!c->block) {
		put_blank(c);
		return;
	}
	g_string_append_c(c->out, '\n');
	c->last = 0;
	c->pictograph = FALSE;
	c->marks = c->joins = 0;
	c->column = 0;
	c->column_at = c->out->len;
}

static void
put_tab(struct cleaner *c)
{
	guint column, pad;

	if (!c->block) {
		put_blank(c);
		return;
	}
	column = c->column + text_width(c->out->str + c->column_at, c->out->len - c->column_at);
	pad = TAB_COLUMNS - column % TAB_COLUMNS;
	for (guint i = 0; i < pad; i++)
		put(c, ' ', " ", 1);
	c->column = column + pad;
	c->column_at = c->out->len;
}

static void
put_rare(struct cleaner *c, ucs4_t cp, const char *s, gsize n, gsize left)
{
	switch (classify(cp)) {
	case KIND_SHOW:
		/* the octets themselves may be no UTF-8 */
		if (cp == REPLACEMENT)
			put(c, REPLACEMENT, "\357\277\275", 3);
		else
			put(c, cp, s, n);
		break;
	case KIND_MARK:
		/* without a base it would join whatever stands to the left on the screen */
		if (c->last && c->marks < MAX_MARKS)
			put_attached(c, cp, s, n);
		break;
	case KIND_JOINER:
		if (joiner_stays(c, cp, s + n, left)) {
			c->joins++;
			put_attached(c, cp, s, n);
		}
		break;
	case KIND_PRESENTATION:
		if (presentation_stays(c, s + n, left))
			put_attached(c, cp, s, n);
		break;
	case KIND_BLANK:
		put_blank(c);
		break;
	case KIND_HARD_BLANK:
		if (c->block)
			put(c, cp, s, n);
		else
			put_blank(c);
		break;
	case KIND_LINE_END:
		put_line_end(c);
		break;
	case KIND_BAD:
		put(c, REPLACEMENT, "\357\277\275", 3);
		break;
	case KIND_DROP:
		break;
	}
}

static inline gboolean
is_graphic(char ch)
{
	return ch > 0x20 && ch < 0x7F;
}

static void
clean(GString *out, const char *bytes, gssize len, gboolean block)
{
	struct cleaner c = {.out = out, .block = block, .column_at = out->len};
	const char *at = bytes, *end;

	if (!bytes)
		return;
	end = bytes + (len < 0 ? strlen(bytes) : (gsize)len);
	while (at < end) {
		const char *run = at;
		ucs4_t cp;
		int n;

		while (at < end && is_graphic(*at))
			at++;
		if (at > run) {
			put(&c, (guchar)at[-1], run, at - run);
			continue;
		}
		if (*at == '\t') {
			put_tab(&c);
			at++;
		} else if (*at == '\n' || *at == '\r') {
			at += *at == '\r' && end - at > 1 && at[1] == '\n' ? 2 : 1;
			put_line_end(&c);
		} else {
			n = text_decode(at, end - at, &cp);
			put_rare(&c, cp, at, n, end - at - n);
			at += n;
		}
	}
}

void
text_safe_line(GString *out, const char *bytes, gssize len)
{
	clean(out, bytes, len, FALSE);
}

void
text_safe_block(GString *out, const char *bytes, gssize len)
{
	clean(out, bytes, len, TRUE);
}

char *
text_safe(const char *bytes, gssize len)
{
	GString *out = g_string_new(NULL);

	clean(out, bytes, len, FALSE);
	return g_string_free(out, FALSE);
}

gboolean
text_is_safe(const char *text, gssize len)
{
	gsize n = len < 0 ? strlen(text) : (gsize)len, at = 0;
	GString *clean_text;
	gboolean same;

	while (at < n && (is_graphic(text[at]) || text[at] == ' ' || text[at] == '\n'))
		at++;
	if (at == n)
		return TRUE;
	clean_text = g_string_sized_new(n);
	clean(clean_text, text, n, TRUE);
	same = clean_text->len == n && memcmp(clean_text->str, text, n) == 0;
	g_string_free(clean_text, TRUE);
	return same;
}
