/* Messages that rules are yet to be asked about: those that arrived, noted in the transaction that brought
 * their rows, and those of a folder that somebody has the rules run over and that have to be read first. What
 * is noted stays, whatever happens to the program, until it was judged in the transaction that does what the
 * rules say.
 */
#ifndef FULMAR_STORE_ARRIVALS_H
#define FULMAR_STORE_ARRIVALS_H

#include "store/store.h"

struct store_arrival {
	msgid id;
	gint64 folder; /* where it stood: elsewhere it is nobody's business any more */
	gint64 step;   /* of undo that it is part of, 0: it arrived */
};

/* In a transaction. One that is noted already stays as it is. */
gboolean store_arrival_note(struct store *store, const struct store_arrival *arrival, GError **error);
/* It is noted no more. *was: it had been, so that nobody else has judged it meanwhile. */
gboolean store_arrival_judged(struct store *store, msgid id, gboolean *was, GError **error);
/* Those with ids above after, in order, at most limit. Appends struct store_arrival. */
gboolean store_arrivals(struct store *store, msgid after, guint limit, GArray *out, GError **error);

#endif
