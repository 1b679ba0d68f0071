/* Which UIDs of a folder have rows. */
#include "store/store-private.h"

/* All that statement gives, in rising order. */
static gboolean
add_uids(struct store *store, sqlite3_stmt *statement, struct uidset *out, GError **error)
{
	guint64 lo = 0, hi = 0, uid;
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		uid = (guint64)sqlite3_column_int64(statement, 0);
		if (uid != hi + 1 || !lo) {
			if (lo)
				uidset_add(out, lo, hi);
			lo = uid;
		}
		hi = uid;
	}
	if (lo)
		uidset_add(out, lo, hi);
	return result >= 0;
}

gboolean
store_uids(struct store *store, gint64 folder, guint mask, guint want, struct uidset *out, GError **error)
{
	static const char all[] =
	        "SELECT uid FROM message WHERE folder = ?1 AND uid IS NOT NULL ORDER BY uid";
	static const char some[] = "SELECT uid FROM message WHERE folder = ?1 AND uid IS NOT NULL"
	                           " AND (base & ?2) = ?3 ORDER BY uid";
	static const char placed[] = "SELECT place.uid FROM place CROSS JOIN message ON message.id = place.id"
	                             " WHERE place.folder = ?1 AND place.uid IS NOT NULL"
	                             " AND (base & ?2) = ?3 ORDER BY place.uid";
	sqlite3_stmt *statement = mask ? store_sql(store, some, VALUES(folder, mask, want), error)
	                               : store_sql(store, all, VALUES(folder), error);

	return add_uids(store, statement, out, error) &&
	       add_uids(store, store_sql(store, placed, VALUES(folder, mask, mask ? want : 0), error), out,
	                error);
}

gboolean
store_each_uid(struct store *store, gint64 folder, void (*take)(guint64 uid, guint base, void *user),
               void *user, GError **error)
{
	static const char *const sqls[] = {
	        "SELECT uid, base FROM message WHERE folder = ?1 AND uid IS NOT NULL ORDER BY uid",
	        "SELECT place.uid, base FROM place CROSS JOIN message ON message.id = place.id"
	        " WHERE place.folder = ?1 AND place.uid IS NOT NULL ORDER BY place.uid"};

	for (guint i = 0; i < G_N_ELEMENTS(sqls); i++) {
		sqlite3_stmt *statement = store_sql(store, sqls[i], VALUES(folder), error);
		int result = statement ? 0 : -1;

		while (result >= 0 && (result = store_step(store, statement, error)) > 0)
			take((guint64)sqlite3_column_int64(statement, 0),
			     (guint)sqlite3_column_int64(statement, 1), user);
		if (result < 0)
			return FALSE;
	}
	return TRUE;
}
