/* Sets of the store's 64-bit ids. A GHashTable of gint64 *, so that g_hash_table_contains, _remove and the
 * iterators take the address of an id. */
#ifndef FULMAR_BASE_IDSET_H
#define FULMAR_BASE_IDSET_H

#include <glib.h>

/* Gives (g_hash_table_unref). */
GHashTable *idset_new(void);
/* TRUE when it was not in it before. */
gboolean idset_add(GHashTable *set, gint64 id);

#endif
