/* What a folder has already, to import a message once: known by Message-ID, size and date, or without a
 * Message-ID by all of its octets. Some 50 octets a message. */
#ifndef FULMAR_APP_KNOWN_H
#define FULMAR_APP_KNOWN_H

#include "store/store.h"

/* Looks through all rows of folder. Gives (g_hash_table_unref), NULL with error. */
GHashTable *known_read(struct store *store, gint64 folder, GError **error);
/* TRUE when the message (with CRLF) is among them; else it is from now on. */
gboolean known_take(GHashTable *known, GBytes *bytes);

#endif
