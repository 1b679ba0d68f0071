/* Whether a query holds of a message. What its row does not say (the header block, the text, the parts) is
 * had from a source, which may not have it either: then the answer is QUERY_LACKS, and may be another when it
 * has come. Linear in what is looked at, times the terms.
 */
#ifndef FULMAR_STORE_MATCH_H
#define FULMAR_STORE_MATCH_H

#include "query/query.h"
#include "store/store.h"

/* Each lends until the source goes, and is asked only for what the answer depends on. NULL: not here. */
struct match_source {
	GBytes *(*header)(void *user);
	const char *(*text)(void *user); /* all that is shown, UTF-8 */
	const struct mime_part *(*structure)(void *user);
	void *user;
};
struct match_place {
	const char *account, *folder; /* id; path */
	gint64 now;                   /* UTC seconds */
};
/* source NULL: rows alone; has:attachment is guessed then where it is not known. */
enum query_answer match_row(const struct query *query, const struct store_row *row,
                            const struct match_place *place, const struct match_source *source);

/* A source that reads what is in the store. */
struct match_stored;
struct match_stored *match_stored_new(struct store *store, msgid id);
const struct match_source *match_stored_source(const struct match_stored *stored);
void match_stored_free(struct match_stored *stored);

#endif
