/* The part of the query language that stored columns answer, as a test of one row: words (in subject and
 * addresses), from: to: cc: subject: is: has: larger: smaller: before: after: id: keyword:, each may be
 * turned round by "-" or "not"; all must hold.
 */
#ifndef FULMAR_APP_FILTER_H
#define FULMAR_APP_FILTER_H

#include <glib.h>
#include "store/store.h"

struct filter;

/* words: char *, from index first on; each argument is split at blanks outside quotes. FULMAR_USAGE for what
 * this version cannot answer. */
struct filter *filter_new(const GPtrArray *words, guint first, GError **error);
gboolean filter_match(const struct filter *filter, const struct store_row *row);
/* Words without a prefix were given: bodies were not looked into. */
gboolean filter_has_words(const struct filter *filter);
void filter_free(struct filter *filter);

#endif
