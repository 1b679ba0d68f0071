/* A few forms of mutt's patterns over the rows that are here: what "select by pattern" and "delete by
 * pattern" take. Pure.
 *
 * Terms stand apart by blanks and all must hold; "!" before one turns it round. A bare word is looked for in
 * From, To, Cc and Subject; "~f WORD" (or "from:WORD") in one of them. "~N ~U ~R ~F ~D ~Q ~A" (or "is:new" …)
 * ask for flags,
 * "." for every message. Quotes hold words together. A word without capitals is found in either case.
 */
#ifndef FULMAR_MODEL_PATTERN_H
#define FULMAR_MODEL_PATTERN_H

#include <glib.h>
#include "store/store.h"

struct pattern;
/* FULMAR_USAGE, with one line for the person, when text is none. Gives (pattern_free). */
struct pattern *pattern_new(const char *text, GError **error);
void pattern_free(struct pattern *pattern);
gboolean pattern_matches(const struct pattern *pattern, const struct store_row *row);

#endif
