#include "store/store-private.h"

/* Steps of undo: what a person did in one go, and what it is called. */

void
store_undo_free(gpointer data)
{
	struct store_undo *undo = data;

	if (!undo)
		return;
	g_free(undo->verb);
	g_free(undo->target);
	g_free(undo);
}

static struct store_undo *
read_step(struct store *store, const char *sql, gint64 id, GError **error)
{
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	struct store_undo *undo;

	if (!statement || store_step(store, statement, error) <= 0)
		return NULL;
	undo = g_new(struct store_undo, 1);
	undo->id = sqlite3_column_int64(statement, 0);
	undo->when = sqlite3_column_int64(statement, 1);
	undo->verb = store_column(statement, 2);
	undo->n = (guint)sqlite3_column_int64(statement, 3);
	undo->target = store_column(statement, 4);
	sqlite3_reset(statement);
	return undo;
}

#define STEP "SELECT id, time, verb, n, target FROM step"

struct store_undo *
store_last_undo(struct store *store, GError **error)
{
	static const char sql[] = STEP " WHERE id > ?1 ORDER BY id DESC LIMIT 1";

	return read_step(store, sql, 0, error);
}

struct store_undo *
store_undo_by_id(struct store *store, gint64 id, GError **error)
{
	static const char sql[] = STEP " WHERE id = ?1";

	return read_step(store, sql, id, error);
}

gboolean
store_undo_name(struct store *store, gint64 step, const char *verb, guint n, const char *target,
                GError **error)
{
	static const char sql[] =
	        "UPDATE step SET verb = ?3, n = iif(?4 IS NULL, n, ?2), target = coalesce(?4, target)"
	        " WHERE id = ?1";
	sqlite3_stmt *statement;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	statement = store_sql(store, sql, VALUES(step, n), error);
	if (statement) {
		sqlite3_bind_text(statement, 3, verb, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, target, -1, SQLITE_STATIC); /* "" is one */
	}
	ok = store_finish(store, statement, error);
	return store_leave(store, own, ok, error);
}
