#include "store/arrivals.h"

#include "store/store-private.h"

gboolean
store_arrival_note(struct store *store, const struct store_arrival *arrival, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO arrival VALUES (?1, ?2, ?3)";

	g_return_val_if_fail(store->inside, FALSE);
	/* It does not matter whether the row itself is written by now. */
	return store_finish(
	        store, store_prepare(store, sql, VALUES(arrival->id, arrival->folder, arrival->step), error),
	        error);
}

gboolean
store_arrival_judged(struct store *store, msgid id, gboolean *was, GError **error)
{
	static const char sql[] = "DELETE FROM arrival WHERE id = ?1 RETURNING 1";
	gint64 one;

	g_return_val_if_fail(store->inside, FALSE);
	if (!store_number(store, sql, VALUES(id), 0, &one, error))
		return FALSE;
	*was = one != 0;
	return TRUE;
}

gboolean
store_arrivals(struct store *store, msgid after, guint limit, GArray *out, GError **error)
{
	static const char sql[] = "SELECT id, folder, step FROM arrival WHERE id > ?1 ORDER BY id LIMIT ?2";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(after, limit), error);
	int result = -1;

	while (statement && (result = store_step(store, statement, error)) > 0) {
		const struct store_arrival arrival = {sqlite3_column_int64(statement, 0),
		                                      sqlite3_column_int64(statement, 1),
		                                      sqlite3_column_int64(statement, 2)};

		g_array_append_val(out, arrival);
	}
	return result == 0;
}
