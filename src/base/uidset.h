/* A set of 32-bit message numbers or UIDs (kept as 64-bit) as sorted, disjoint, non-adjacent ranges. */
#ifndef FULMAR_BASE_UIDSET_H
#define FULMAR_BASE_UIDSET_H

#include <glib.h>

struct uidrange {
	guint64 lo, hi; /* both included, lo <= hi, lo >= 1 */
};

struct uidset {
	struct uidrange *ranges; /* ascending */
	guint len;
	guint alloc;
	guint head; /* free places in front of ranges, so that growing downwards is as cheap as upwards */
};

void uidset_init(struct uidset *set);
void uidset_clear(struct uidset *set); /* frees; usable again */
/* Adds lo..hi. At either end in amortised constant time; otherwise a binary search and moving the shorter
 * side. A range that is empty (lo > hi) or begins with 0 adds nothing of that. */
void uidset_add(struct uidset *set, guint64 lo, guint64 hi);
void uidset_remove(struct uidset *set, guint64 lo, guint64 hi);
gboolean uidset_has(const struct uidset *set, guint64 n);
gboolean uidset_empty(const struct uidset *set);
guint64 uidset_count(const struct uidset *set);
/* The index of the first range that ends at n or later; len when there is none. */
guint uidset_at(const struct uidset *set, guint64 n);
/* Adds to out what is in a and not in b, in one pass over both. */
void uidset_subtract(struct uidset *out, const struct uidset *a, const struct uidset *b);
/* Adds to out what is in set and within. */
void uidset_inside(struct uidset *out, const struct uidset *set, const struct uidset *within);
/* Parses "1,3:5,9:7" (ranges in either order, no "*"); FALSE when it is not one, holds 0 or a number over 32
 * bits, or more than max_ranges ranges as written: then set is unchanged. Else adds to set. n log n in the
 * text's length. */
gboolean uidset_parse(struct uidset *set, const char *text, gsize len, guint max_ranges);
/* "1,3:5"; "" when empty. Gives (g_free). */
char *uidset_format(const struct uidset *set);
/* Splits off into text as many whole ranges as fit into max octets (at least one range), starting at
 * *range_index, which is advanced; NULL when none are left. Gives (g_free). */
char *uidset_format_slice(const struct uidset *set, guint *range_index, gsize max);

#endif
