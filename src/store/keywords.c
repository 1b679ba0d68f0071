#include <string.h>
#include "store/store-private.h"

/* Which messages have which keywords, as the server said. */

static void
set_free(gpointer data)
{
	uidset_clear(data);
	g_free(data);
}

static void
add(GHashTable *sets, const char *word, gsize len, guint64 uid)
{
	g_autofree char *name = g_strndup(word, len);
	struct uidset *set = g_hash_table_lookup(sets, name);

	if (!set) {
		set = g_new(struct uidset, 1);
		uidset_init(set);
		g_hash_table_insert(sets, g_steal_pointer(&name), set);
	}
	uidset_add(set, uid, uid);
}

GHashTable *
store_keyword_uids(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] =
	        "SELECT uid, keywords FROM message WHERE folder = ?1 AND uid IS NOT NULL AND keywords <> ''"
	        " UNION ALL SELECT place.uid, keywords FROM place CROSS JOIN message ON message.id = place.id"
	        " WHERE place.folder = ?1 AND place.uid IS NOT NULL AND keywords <> ''";
	g_autoptr(GHashTable) sets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, set_free);
	sqlite3_stmt *statement;
	int result;

	if (!store_flush(store, error) || !(statement = store_sql(store, sql, VALUES(folder), error)))
		return NULL;
	while ((result = store_step(store, statement, error)) > 0) {
		const char *p = (const char *)sqlite3_column_text(statement, 1);

		for (gsize len; p && *p; p += len + strspn(p + len, " ")) {
			len = strcspn(p, " ");
			if (len)
				add(sets, p, len, (guint64)sqlite3_column_int64(statement, 0));
		}
	}
	return result < 0 ? NULL : g_steal_pointer(&sets);
}
