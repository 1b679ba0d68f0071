#include "base/uidset.h"

#include <string.h>

void
uidset_init(struct uidset *set)
{
	memset(set, 0, sizeof *set);
}

void
uidset_clear(struct uidset *set)
{
	if (set->ranges)
		g_free(set->ranges - set->head);
	uidset_init(set);
}

/* Index of the first range that ends at n or later: the one n is in, or the one it would stand before. */
guint
uidset_at(const struct uidset *set, guint64 n)
{
	guint lo = 0, hi = set->len;

	if (!hi || n > set->ranges[hi - 1].hi)
		return hi;
	if (n <= set->ranges[0].hi)
		return 0;
	while (lo < hi) {
		guint mid = lo + (hi - lo) / 2;

		if (set->ranges[mid].hi < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Moves to a larger block whose free places are on the side that ran out; the other side keeps its share, so
 * that alternating ends stay cheap too. */
static void
grow(struct uidset *set, gboolean downwards)
{
	guint gap = set->len / 2 + 8;
	guint tail = set->alloc - set->head - set->len;
	guint new_head = downwards ? gap : MIN(set->head, gap);
	guint new_tail = downwards ? MIN(tail, gap) : gap;
	struct uidrange *block;

	g_assert(set->len < G_MAXUINT / 4);
	block = g_new(struct uidrange, new_head + set->len + new_tail);
	if (set->len)
		memcpy(block + new_head, set->ranges, set->len * sizeof *block);
	if (set->ranges)
		g_free(set->ranges - set->head);
	set->ranges = block + new_head;
	set->head = new_head;
	set->alloc = new_head + set->len + new_tail;
}

static void
insert_at(struct uidset *set, guint at, struct uidrange range)
{
	gboolean downwards = at < set->len - at;

	if (downwards ? !set->head : set->head + set->len == set->alloc)
		grow(set, downwards);
	if (downwards) {
		set->ranges--;
		set->head--;
		memmove(set->ranges, set->ranges + 1, at * sizeof *set->ranges);
	} else {
		memmove(set->ranges + at + 1, set->ranges + at, (set->len - at) * sizeof *set->ranges);
	}
	set->len++;
	set->ranges[at] = range;
}

static void
delete_at(struct uidset *set, guint at, guint count)
{
	guint after = set->len - at - count;

	if (!count)
		return;
	if (at < after) {
		memmove(set->ranges + count, set->ranges, at * sizeof *set->ranges);
		set->ranges += count;
		set->head += count;
	} else {
		memmove(set->ranges + at, set->ranges + at + count, after * sizeof *set->ranges);
	}
	set->len -= count;
}

void
uidset_add(struct uidset *set, guint64 lo, guint64 hi)
{
	guint first, past;

	lo = MAX(lo, 1);
	if (lo > hi)
		return;
	/* Neighbours melt together, so the search is for one below and one above. */
	first = uidset_at(set, lo - 1);
	past = uidset_at(set, hi);
	if (past < set->len && (hi == G_MAXUINT64 || set->ranges[past].lo <= hi + 1))
		past++;
	if (first == past) {
		insert_at(set, first, (struct uidrange){lo, hi});
		return;
	}
	set->ranges[first].lo = MIN(set->ranges[first].lo, lo);
	set->ranges[first].hi = MAX(set->ranges[past - 1].hi, hi);
	delete_at(set, first + 1, past - first - 1);
}

void
uidset_remove(struct uidset *set, guint64 lo, guint64 hi)
{
	guint first = uidset_at(set, lo), past;
	struct uidrange *r;

	if (lo > hi || first == set->len || set->ranges[first].lo > hi)
		return;
	r = &set->ranges[first];
	if (r->lo < lo && r->hi > hi) {
		struct uidrange upper = {hi + 1, r->hi};

		r->hi = lo - 1;
		insert_at(set, first + 1, upper);
		return;
	}
	if (r->lo < lo) {
		r->hi = lo - 1;
		first++;
	}
	past = uidset_at(set, hi);
	if (past < set->len && set->ranges[past].lo <= hi) {
		if (set->ranges[past].hi == hi)
			past++;
		else
			set->ranges[past].lo = hi + 1;
	}
	delete_at(set, first, past - first);
}

gboolean
uidset_has(const struct uidset *set, guint64 n)
{
	guint at = uidset_at(set, n);

	return at < set->len && set->ranges[at].lo <= n;
}

gboolean
uidset_empty(const struct uidset *set)
{
	return !set->len;
}

guint64
uidset_count(const struct uidset *set)
{
	guint64 count = 0;

	for (guint i = 0; i < set->len; i++)
		count += set->ranges[i].hi - set->ranges[i].lo + 1;
	return count;
}

void
uidset_subtract(struct uidset *out, const struct uidset *a, const struct uidset *b)
{
	guint j = 0;

	for (guint i = 0; i < a->len; i++) {
		guint64 lo = a->ranges[i].lo, hi = a->ranges[i].hi;

		while (j < b->len && b->ranges[j].hi < lo)
			j++;
		for (; j < b->len && b->ranges[j].hi < hi; j++) {
			if (b->ranges[j].lo > lo)
				uidset_add(out, lo, b->ranges[j].lo - 1);
			lo = b->ranges[j].hi + 1;
		}
		/* The next one goes as far as hi at least. */
		if (j == b->len || b->ranges[j].lo > hi)
			uidset_add(out, lo, hi);
		else if (b->ranges[j].lo > lo)
			uidset_add(out, lo, b->ranges[j].lo - 1);
	}
}

void
uidset_inside(struct uidset *out, const struct uidset *set, const struct uidset *within)
{
	struct uidset outside;

	uidset_init(&outside);
	uidset_subtract(&outside, set, within);
	uidset_subtract(out, set, &outside);
	uidset_clear(&outside);
}

static int
compare_ranges(gconstpointer a, gconstpointer b)
{
	const struct uidrange *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

/* Adds many ascending ranges at once: one pass over both, where adding each alone would move the set's tail
 * each time. */
static void
merge(struct uidset *set, const struct uidrange *more, guint len)
{
	struct uidset out;
	guint i = 0, k = 0;

	uidset_init(&out);
	while (i < set->len || k < len) {
		const struct uidrange *r;

		if (k == len || (i < set->len && set->ranges[i].lo <= more[k].lo))
			r = &set->ranges[i++];
		else
			r = &more[k++];
		uidset_add(&out, r->lo, r->hi);
	}
	uidset_clear(set);
	*set = out;
}

/* One number of 32 bits that is not 0; NULL when there is none. */
static const char *
parse_number(const char *p, const char *end, guint64 *n)
{
	const char *start = p;

	for (*n = 0; p < end && g_ascii_isdigit(*p); p++) {
		*n = *n * 10 + (guint64)(*p - '0');
		if (*n > G_MAXUINT32)
			return NULL;
	}
	return p > start && *n ? p : NULL;
}

static gboolean
parse_ranges(GArray *ranges, const char *p, const char *end, guint max_ranges)
{
	for (;;) {
		guint64 a, b;

		if (ranges->len == max_ranges || !(p = parse_number(p, end, &a)))
			return FALSE;
		b = a;
		if (p < end && *p == ':' && !(p = parse_number(p + 1, end, &b)))
			return FALSE;
		g_array_append_vals(ranges, &(struct uidrange){MIN(a, b), MAX(a, b)}, 1);
		if (p == end)
			return TRUE;
		if (*p++ != ',')
			return FALSE;
	}
}

gboolean
uidset_parse(struct uidset *set, const char *text, gsize len, guint max_ranges)
{
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(struct uidrange));
	const struct uidrange *r;

	if (!parse_ranges(ranges, text, text + len, max_ranges))
		return FALSE;
	g_array_sort(ranges, compare_ranges);
	r = (const struct uidrange *)(void *)ranges->data;
	if (ranges->len > 32 && set->len && r[0].lo <= set->ranges[set->len - 1].hi) {
		merge(set, r, ranges->len);
		return TRUE;
	}
	for (guint i = 0; i < ranges->len; i++)
		uidset_add(set, r[i].lo, r[i].hi);
	return TRUE;
}

/* "," in front unless text is empty. */
static void
append_range(GString *text, const struct uidrange *r)
{
	if (text->len)
		g_string_append_c(text, ',');
	g_string_append_printf(text, "%" G_GUINT64_FORMAT, r->lo);
	if (r->hi > r->lo)
		g_string_append_printf(text, ":%" G_GUINT64_FORMAT, r->hi);
}

char *
uidset_format(const struct uidset *set)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < set->len; i++)
		append_range(text, &set->ranges[i]);
	return g_string_free(text, FALSE);
}

char *
uidset_format_slice(const struct uidset *set, guint *range_index, gsize max)
{
	GString *text;

	if (*range_index >= set->len)
		return NULL;
	text = g_string_new(NULL);
	append_range(text, &set->ranges[(*range_index)++]);
	while (*range_index < set->len) {
		gsize before = text->len;

		append_range(text, &set->ranges[*range_index]);
		if (text->len > max) {
			g_string_truncate(text, before);
			break;
		}
		(*range_index)++;
	}
	return g_string_free(text, FALSE);
}
