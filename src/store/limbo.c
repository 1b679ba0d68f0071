#include <string.h>
#include "store/store-private.h"

/* Folder 0: rows that are shown nowhere. They rest there with their bodies until undo wants them, the server
 * shows them again somewhere, or a day has passed. A row that an op still needs rests as long as that takes.
 */

#define REST_SECONDS (24 * 3600)
#define STEPS_SECONDS (30 * 24 * 3600)
#define EXPIRED_AT_ONCE 500

gboolean
limbo_put(struct store *store, struct row_state *row, gint64 op, GError **error)
{
	static const char sql[] = "INSERT OR REPLACE INTO limbo VALUES (?1, ?2, ?3, ?4)";
	gint64 origin = row->folder, now = g_get_real_time() / G_USEC_PER_SEC;

	return row_send(store, row, 0, error) &&
	       store_run(store, sql, VALUES(row->id, now, origin, op), error);
}

gboolean
limbo_forget(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "DELETE FROM limbo WHERE id = ?1";

	return store_run(store, sql, VALUES(id), error);
}

gboolean
store_was_there(struct store *store, msgid id)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM limbo WHERE id = ?1 AND op <> ?2)";
	gint64 was;

	return store_number(store, sql, VALUES(id, LIMBO_MADE_HERE), 0, &was, NULL) && was;
}

gboolean
limbo_vanish(struct store *store, struct row_state *row, GError **error)
{
	gboolean file = row->file != NULL;

	if (!row_let_go(store, row, error) || (file && !bodies_refresh_have(store, row->id, error)) ||
	    !row_settle(store, row, NULL, error))
		return FALSE;
	/* Shown where an op wants it, it is looked for all the same; not when it was to go. */
	return row->folder == 0 || identity_expect(store, 0, row->id, error);
}

/* What rests longer than since before, on from where the last look ended: however many are needed by ops,
 * they are passed over once. last: since and id of the last one met, 0 when that was all. */
static gboolean
expired(struct store *store, gint64 before, GArray *out, gint64 last[2], GError **error)
{
	static const char sql[] =
	        "SELECT id, since, EXISTS (SELECT 1 FROM op_row WHERE op_row.id = limbo.id) FROM limbo"
	        " WHERE (since, id) > (?1, ?2) AND since < ?3 ORDER BY since, id LIMIT ?4";
	sqlite3_stmt *statement = store_sql(
	        store, sql, VALUES(store->expired[0], store->expired[1], before, EXPIRED_AT_ONCE), error);
	int result = statement ? 0 : -1;
	guint n = 0;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		last[1] = sqlite3_column_int64(statement, 0);
		last[0] = sqlite3_column_int64(statement, 1);
		if (!sqlite3_column_int(statement, 2))
			g_array_append_val(out, last[1]);
		n++;
	}
	if (n < EXPIRED_AT_ONCE)
		last[0] = last[1] = 0;
	return result >= 0;
}

static gboolean
forget_steps(struct store *store, gint64 before, GError **error)
{
	static const char entries[] =
	        "DELETE FROM step_entry WHERE step IN (SELECT id FROM step WHERE time < ?1)";
	static const char steps[] = "DELETE FROM step WHERE time < ?1";

	return store_run(store, entries, VALUES(before), error) &&
	       store_run(store, steps, VALUES(before), error);
}

static gboolean
remove_all(struct store *store, const GArray *ids, gint64 steps_before, GError **error)
{
	gboolean ok = store_begin(store, FALSE, error);

	if (!ok)
		return FALSE;
	for (guint i = 0; ok && i < ids->len; i++)
		ok = drop_let_go(store, g_array_index(ids, msgid, i), error) &&
		     store_remove(store, g_array_index(ids, msgid, i), error);
	ok = ok && forget_steps(store, steps_before, error);
	return store_leave(store, TRUE, ok, error);
}

gboolean
store_expire(struct store *store, gint64 now, gboolean *more, GError **error)
{
	static const char old_steps[] = "SELECT EXISTS (SELECT 1 FROM step WHERE time < ?1)";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 steps_before = (now - STEPS_SECONDS) * G_USEC_PER_SEC, any, last[2] = {0, 0};

	if (!expired(store, now - REST_SECONDS, ids, last, error) ||
	    !store_number(store, old_steps, VALUES(steps_before), 0, &any, error) ||
	    ((ids->len || any) && !remove_all(store, ids, steps_before, error)))
		return FALSE;
	memcpy(store->expired, last, sizeof last);
	if (more)
		*more = last[1] != 0;
	return TRUE;
}
