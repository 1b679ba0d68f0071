#include "base/text.h"
#include "base/i18n.h"
#include "base/text-private.h"

#include <string.h>
#include <unictype.h>
#include <unigbrk.h>
#include <uniwidth.h>

enum { MAX_DISTANCE_LEN = 255 };

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
	int width = text_plain_width(cp);

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
	if (cp == TEXT_VS16)
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
		int n = text_decode(s + at, len - at, &cp), property = uc_graphemeclusterbreak_property(cp);

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
	at = text_decode(s, len, &cp);
	plain = text_plain_width(cp);
	if (plain) {
		if (at < len)
			text_decode(s + at, len - at, &next);
		if (at == len || text_plain_width(next)) {
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

void
text_wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	g_clear_pointer(text, g_free);
}
