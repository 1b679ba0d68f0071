/* What came is judged, and what the rules say is done in the transaction that takes the note of it away
 * (store/arrivals.h): once, whatever happens in between, and whichever process does it. For arrivals.c alone.
 */
#ifndef FULMAR_CORE_RULINGS_H
#define FULMAR_CORE_RULINGS_H

#include "core/account-private.h"
#include "store/arrivals.h"

/* What is known from one transaction to the next. */
struct rulings {
	GArray *lacking;     /* struct store_arrival: has to be read first */
	GHashTable *news;    /* ids of those, that were not told of yet */
	gint64 step, judged; /* of undo, 0: none; monotonic µs, when it was added to last */
	char *trouble;       /* that was told last, or NULL */
};

/* How many messages, of those that may be news, came to stand where. */
struct tally {
	gboolean all; /* else those of rulings.news alone */
	guint looked_at;
	GHashTable *unseen; /* folder (gint64 *) → guint */
};

void rulings_init(struct rulings *rulings);
void rulings_clear(struct rulings *rulings);

/* Judges what is in arrivals (struct store_arrival), in one transaction; what has to be read first is added
 * to lacking. last: ids of what will not come any more, or NULL. tally: or NULL. */
gboolean rulings_make(struct account *a, struct rulings *rulings, const GArray *arrivals,
                      const GHashTable *last, struct tally *tally, GError **error);
/* Tells a person, the same fault once. */
void rulings_complain(struct account *a, struct rulings *rulings, const GError *error);

void tally_begin(struct tally *tally, gboolean all);
/* Announces it, with n more in folder that no rule was asked about (0: none), and frees what it holds. */
void tally_tell(struct account *a, struct tally *tally, gint64 folder, guint n);

#endif
