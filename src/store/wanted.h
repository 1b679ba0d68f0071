/* What a person wants to have here and has not yet: whole messages for the journey, and single parts when
 * nothing else is asked. It is remembered with the store, so it outlives the program, and both wings read it
 * alike. */
#ifndef FULMAR_STORE_WANTED_H
#define FULMAR_STORE_WANTED_H

#include "store/store.h"

struct store_journey {
	gint64 folder; /* all of it; 0: */
	GArray *ids;   /* these messages (msgid); else NULL */
};
/* ids (NULL or none: all of folder), wanted or no longer. Of too many the oldest are forgotten: they can be
 * asked for again. */
gboolean store_journey_set(struct store *store, gint64 folder, const GArray *ids, gboolean wanted,
                           GError **error);
/* struct store_journey *, the oldest first. Gives (g_ptr_array_unref). */
GPtrArray *store_journeys(struct store *store);

struct store_later {
	msgid id;
	char *section;
};
/* The same of a part, "" the whole message. */
gboolean store_later_set(struct store *store, msgid id, const char *section, gboolean wanted, GError **error);
/* struct store_later *, the oldest first. Gives (g_ptr_array_unref). */
GPtrArray *store_laters(struct store *store);
gboolean store_is_later(const GPtrArray *laters, msgid id, const char *section);

#endif
