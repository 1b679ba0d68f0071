#include "base/text.h"
#include "base/i18n.h"

#include <string.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unistr.h>
#include <uniwidth.h>

enum {
	ZWNJ = 0x200C,
	ZWJ = 0x200D,
	VS15 = 0xFE0E, /* text presentation */
	VS16 = 0xFE0F, /* emoji presentation */
	KEYCAP = 0x20E3,
	REPLACEMENT = 0xFFFD,
	MAX_MARKS = 8, /* combining marks in a row */
	MAX_JOINS = 8, /* ZWJ in one emoji; the longest of Unicode has 3 */
	TAB_COLUMNS = 8,
	MAX_DISTANCE_LEN = 255
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

/* Columns of the frequent characters that never join the one before them (grapheme break property Other, or a
 * Hangul syllable), so that two of them in a row need no table of Unicode. 0: not one of them. */
static inline int
plain_width(ucs4_t cp)
{
	if (cp < 0x7F)
		return cp >= 0x20;
	if (cp < 0x1100)
		return (cp > 0xA0 && cp < 0x300 && cp != 0xAD) ||
		       (cp >= 0x386 && cp <= 0x482 && cp != 0x38B) || (cp >= 0x48A && cp < 0x530);
	if (cp < 0x2E80)
		return (cp >= 0x2010 && cp <= 0x2027) || (cp >= 0x2500 && cp <= 0x257F);
	if ((cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	    (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A0 && cp <= 0x30FF) ||
	    (cp >= 0x3001 && cp <= 0x3029) || (cp >= 0xFF01 && cp <= 0xFF60))
		return 2;
	return 0;
}

static inline int
decode(const char *s, gsize len, ucs4_t *cp)
{
	if ((guchar)*s < 0x80) {
		*cp = (guchar)*s;
		return 1;
	}
	return u8_mbtouc(cp, (const uint8_t *)s, len);
}

/* --- sanitising --- */

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
	if (cp == VS15 || cp == VS16)
		return KIND_PRESENTATION;
	if (cp == 0xA0 || cp == 0x3000)
		return KIND_HARD_BLANK;
	if (cp == 0x2028 || cp == 0x2029)
		return KIND_LINE_END;
	if ((cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF) || (cp >= 0x40000 && cp < 0xE0000))
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
	return plain_width(cp) ? KIND_SHOW : classify_rare(cp);
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
	decode(rest, len, &next);
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
		decode(rest, len, &next);
	return next == KEYCAP;
}

static void
put(struct cleaner *c, ucs4_t cp, const char *s, gsize len)
{
	gboolean modifier = cp >= 0x1F3FB && cp <= 0x1F3FF;

	g_string_append_len(c->out, s, len);
	c->last = cp;
	c->marks = 0;
	if (cp < 0x80 || plain_width(cp) || !uc_is_property(cp, UC_PROPERTY_EXTENDED_PICTOGRAPHIC))
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
			n = decode(at, end - at, &cp);
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

/* --- clusters and columns --- */

/* One cluster being collected (UAX #29, extended; libunistring's own u8_grapheme_next looks at pairs alone
 * and splits flags and emoji joined by ZWJ). */
struct cluster {
	int property; /* of the last code point, GBP_* */
	gboolean pictograph, joined, flag_open, emoji;
	int width;
};

static inline int
code_width(ucs4_t cp)
{
	int width = plain_width(cp);

	if (!width)
		width = uc_width(cp, "UTF-8");
	return MAX(width, 0);
}

static gboolean
hangul_joins(int before, int after)
{
	if (before == GBP_L)
		return after == GBP_L || after == GBP_V || after == GBP_LV || after == GBP_LVT;
	if (before == GBP_LV || before == GBP_V)
		return after == GBP_V || after == GBP_T;
	return (before == GBP_LVT || before == GBP_T) && after == GBP_T;
}

static gboolean
cluster_joins(const struct cluster *k, int property, ucs4_t cp)
{
	if (k->property == GBP_CONTROL || k->property == GBP_CR || k->property == GBP_LF)
		return FALSE;
	switch (property) {
	case GBP_EXTEND:
	case GBP_ZWJ:
	case GBP_SPACINGMARK:
		return TRUE;
	case GBP_CONTROL:
	case GBP_CR:
	case GBP_LF:
		return FALSE;
	case GBP_RI:
		if (k->flag_open)
			return TRUE;
		break;
	}
	if (k->property == GBP_PREPEND || hangul_joins(k->property, property))
		return TRUE;
	return k->joined && uc_is_property(cp, UC_PROPERTY_EXTENDED_PICTOGRAPHIC);
}

/* Takes cp into the cluster; FALSE when it would not fit in two columns: no script joins letters into less
 * space than terminals give them, so a cluster that claims more is cut rather than believed. */
static gboolean
cluster_add(struct cluster *k, int property, ucs4_t cp)
{
	gboolean joins_emoji = k->joined && k->pictograph;
	int width;

	if (k->pictograph && (joins_emoji || (cp >= 0x1F3FB && cp <= 0x1F3FF))) {
		k->emoji = TRUE;
		width = 0;
	} else {
		width = code_width(cp);
	}
	if (k->width + width > 2)
		return FALSE;
	k->width += width;
	if (cp == VS16)
		k->emoji = TRUE;
	k->joined = property == GBP_ZWJ && k->pictograph;
	k->flag_open = FALSE;
	k->property = property;
	return TRUE;
}

static gsize
cluster_end(const char *s, gsize len, gsize at, ucs4_t first, int *width)
{
	struct cluster k = {.property = uc_graphemeclusterbreak_property(first), .width = code_width(first)};

	k.pictograph = uc_is_property(first, UC_PROPERTY_EXTENDED_PICTOGRAPHIC);
	k.flag_open = k.property == GBP_RI;
	while (at < len) {
		ucs4_t cp;
		int n = decode(s + at, len - at, &cp), property = uc_graphemeclusterbreak_property(cp);

		if (!cluster_joins(&k, property, cp) || !cluster_add(&k, property, cp))
			break;
		at += n;
	}
	*width = k.emoji ? 2 : k.width;
	return at;
}

gsize
text_next(const char *s, gsize len, int *width)
{
	ucs4_t cp, next;
	gsize at;
	int plain;

	if ((guchar)*s < 0x80 && (len == 1 || (guchar)s[1] < 0x80)) {
		*width = *s >= 0x20 && *s < 0x7F;
		return 1;
	}
	at = decode(s, len, &cp);
	plain = plain_width(cp);
	if (plain) {
		if (at < len)
			decode(s + at, len - at, &next);
		if (at == len || plain_width(next)) {
			*width = plain;
			return at;
		}
	}
	return cluster_end(s, len, at, cp, width);
}

/* Octets of graphic ASCII at s, of which the last is followed by ASCII or the end, so that each is a cluster.
 */
static inline gsize
ascii_run(const char *s, gsize len)
{
	gsize n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7F)
		n++;
	return n < len && (guchar)s[n] >= 0x80 && n ? n - 1 : n;
}

int
text_width(const char *s, gssize len)
{
	gsize n = len < 0 ? strlen(s) : (gsize)len, at = 0;
	gint64 total = 0;

	while (at < n) {
		gsize run = ascii_run(s + at, n - at);
		int width;

		at += run;
		total += run;
		if (at < n) {
			at += text_next(s + at, n - at, &width);
			total += width;
		}
	}
	return (int)MIN(total, G_MAXINT);
}

gsize
text_fit(const char *s, gssize len, int columns, int *used)
{
	gsize n = len < 0 ? strlen(s) : (gsize)len, at = 0;
	int column = 0;

	while (at < n) {
		gsize run = ascii_run(s + at, MIN(n - at, (gsize)MAX(columns - column, 0) + 1));
		gsize size;
		int width;

		run = MIN(run, (gsize)MAX(columns - column, 0));
		at += run;
		column += run;
		if (at == n)
			break;
		size = text_next(s + at, n - at, &width);
		if (column + width > columns)
			break;
		at += size;
		column += width;
	}
	if (used)
		*used = column;
	return at;
}

void
text_cell(GString *out, const char *s, int columns, gboolean pad, gboolean ascii)
{
	gsize len = strlen(s), fit;
	int used;

	if (columns <= 0)
		return;
	fit = text_fit(s, len, columns, &used);
	if (fit < len) {
		fit = text_fit(s, len, columns - 1, &used);
		g_string_append_len(out, s, fit);
		g_string_append(out, ascii ? "." : "…");
		used++;
	} else {
		g_string_append_len(out, s, fit);
	}
	for (; pad && used < columns; used++)
		g_string_append_c(out, ' ');
}

/* --- words for people --- */

int
text_distance(const char *a, const char *b)
{
	gsize alen = strlen(a), blen = strlen(b);
	g_autofree int *cells = NULL;
	int *before, *last, *row;

	if (alen > MAX_DISTANCE_LEN || blen > MAX_DISTANCE_LEN)
		return (int)MIN(MAX(alen, blen), G_MAXINT);
	cells = g_new0(int, 3 * (blen + 1));
	before = cells;
	last = cells + blen + 1;
	row = last + blen + 1;
	for (gsize j = 0; j <= blen; j++)
		last[j] = j;
	for (gsize i = 1; i <= alen; i++) {
		int *oldest = before, x = g_ascii_tolower(a[i - 1]);

		row[0] = i;
		for (gsize j = 1; j <= blen; j++) {
			int y = g_ascii_tolower(b[j - 1]);

			row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
			    y == g_ascii_tolower(a[i - 2]))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[blen];
}

const char *
text_nearest(const char *word, const char *const *names)
{
	gsize len = strlen(word);
	int best = MAX(2, (int)MIN(len / 3, G_MAXINT)) + 1;
	const char *nearest = NULL;

	for (; *names; names++) {
		int distance = text_distance(word, *names);

		/* a word of which nothing is left is no slip of the finger */
		if (distance < best && (gsize)distance < MAX(len, strlen(*names))) {
			best = distance;
			nearest = *names;
		}
	}
	return nearest;
}

char *
text_size(guint64 octets)
{
	static const char *const units[] = {N_("B"),  N_("kB"), N_("MB"), N_("GB"),
	                                    N_("TB"), N_("PB"), N_("EB")};
	double value = octets;
	guint unit = 0;

	while (value >= 999.5 && unit + 1 < G_N_ELEMENTS(units)) {
		value /= 1000;
		unit++;
	}
	return g_strdup_printf("%.*f %s", unit > 1 && value < 9.95, value, _(units[unit]));
}
