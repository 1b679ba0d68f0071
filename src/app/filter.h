/* The query behind a TARGET, as a test of rows: what is in no row (texts, header fields, parts) cannot be
 * asked for.
 */
#ifndef FULMAR_APP_FILTER_H
#define FULMAR_APP_FILTER_H

#include <glib.h>
#include "query/query.h"
#include "store/store.h"

/* words: char *, from index first on, with a blank between. FULMAR_USAGE for what cannot be answered. Gives
 * (query_free). */
struct query *filter_new(const GPtrArray *words, guint first, GError **error);
/* row is one of the folder (a path) of account. */
gboolean filter_match(const struct query *filter, const struct store_row *row, const char *account,
                      const char *folder);

#endif
