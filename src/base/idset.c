#include "base/idset.h"

GHashTable *
idset_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

gboolean
idset_add(GHashTable *set, gint64 id)
{
	return g_hash_table_add(set, g_memdup2(&id, sizeof id));
}
