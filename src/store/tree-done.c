#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* What the server did to folders: carried out an op, or does not have one any more. */

/* ---- gone ---- */

/* Every row that the server had in folder is there no more; op: that was wished. */
static gboolean
clear_out(struct store *store, gint64 folder, gint64 op, GError **error)
{
	static const char rows[] =
	        "SELECT id FROM message WHERE folder = ?1 AND (uid IS NOT NULL OR file IS NOT"
	        " NULL)";
	static const char places[] = "SELECT id FROM place WHERE folder = ?1";
	static const char awaited[] = "SELECT id FROM unbound WHERE folder = ?1 AND hash = 0";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = store_ids(store, rows, VALUES(folder), ids, error) &&
	              store_ids(store, places, VALUES(folder), ids, error) &&
	              store_ids(store, awaited, VALUES(folder), ids, error);

	for (guint i = 0; ok && i < ids->len; i++) {
		struct row_state row;
		msgid id = g_array_index(ids, msgid, i);

		ok = row_state_get(store, id, &row, error) &&
		     (op && row.folder == folder ? purged_row(store, op, id, error)
		                                 : limbo_vanish(store, &row, error));
		row_state_clear(&row);
	}
	return ok;
}

/* A folder in which something is shown that the server is yet to get is kept as a wish. */
static gboolean
take_away(struct store *store, gint64 folder, gint64 op, GError **error)
{
	static const char left[] = "SELECT EXISTS (SELECT 1 FROM message WHERE folder = ?1)";
	static const char keep[] =
	        "UPDATE folder SET wish = 1, uidvalidity = 0, uidnext = 0, server_uidnext = 0, modseq = 0,"
	        " present = 0, windows = '', complete = 1, server_total = 0, server_unread = 0 WHERE id = ?1";
	gint64 any;

	if (!clear_out(store, folder, op, error) || !store_flush(store, error) ||
	    !store_number(store, left, VALUES(folder), 0, &any, error))
		return FALSE;
	folders_forget(store);
	if (any)
		return store_run(store, keep, VALUES(folder), error) && tree_settle(store, folder, error);
	return tree_forget(store, folder, error);
}

gboolean
store_folder_remove(struct store *store, gint64 id, GError **error)
{
	static const char waits[] =
	        "SELECT EXISTS (SELECT 1 FROM op WHERE verb = ?2 AND target = ?1)"
	        " OR EXISTS (SELECT 1 FROM op_folder f JOIN op ON op.id = f.op WHERE f.folder = ?1"
	        " AND op.state IN (?3, ?4))";
	gint64 value;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = store_number(store, waits, VALUES(id, OP_CREATE, OP_RUNNING, OP_CHECKING), 0, &value, error) &&
	     (value || take_away(store, id, 0, error));
	return store_leave(store, own, ok, error);
}

/* ---- two rows that are one folder ---- */

static gboolean
repoint(struct store *store, gint64 from, gint64 to, GError **error)
{
	static const char *const sql[] = {
	        "UPDATE op SET folder = ?2 WHERE folder = ?1",
	        "UPDATE op SET target = ?2 WHERE target = ?1",
	        "UPDATE OR IGNORE op_folder SET folder = ?2 WHERE folder = ?1",
	        "DELETE FROM op_folder WHERE folder = ?1 AND ?2",
	        "UPDATE limbo SET origin = ?2 WHERE origin = ?1",
	        "UPDATE step_entry SET origin = ?2 WHERE origin = ?1 AND verb <> 2",
	        "UPDATE step_entry SET target = ?2 WHERE target = ?1",
	        "UPDATE step_entry SET subject = ?2 WHERE subject = ?1 AND verb BETWEEN 5 AND 9",
	};

	G_STATIC_ASSERT(OP_COPY == 2 && OP_EMPTY == 5 && OP_SUBSCRIBE == 9);
	for (guint i = 0; i < G_N_ELEMENTS(sql); i++)
		if (!store_run(store, sql[i], VALUES(from, to), error))
			return FALSE;
	return TRUE;
}

/* A row that only the server's list knows is made again there. */
static gboolean
take_row(struct store *store, msgid id, gint64 to, GError **error)
{
	static const char needed[] = "SELECT EXISTS (SELECT 1 FROM op_row WHERE id = ?1)";
	struct row_state row;
	gint64 op;
	gboolean ok = row_state_get(store, id, &row, error) &&
	              store_number(store, needed, VALUES(id), 0, &op, error);

	if (ok && row_is_bound(&row) && !op)
		ok = row_remove(store, &row, error);
	else if (ok && row_is_bound(&row))
		ok = row_let_go(store, &row, error) && identity_expect(store, to, id, error) &&
		     row_send(store, &row, to, error);
	else if (ok)
		ok = row_send(store, &row, to, error);
	row_state_clear(&row);
	return ok;
}

static gboolean
merge(struct store *store, gint64 from, gint64 to, GError **error)
{
	static const char rows[] = "SELECT id FROM message WHERE folder = ?1";
	static const char row[] = "DELETE FROM folder WHERE id = ?1";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = repoint(store, from, to, error) && store_ids(store, rows, VALUES(from), ids, error);

	for (guint i = 0; ok && i < ids->len; i++)
		ok = take_row(store, g_array_index(ids, msgid, i), to, error);
	folders_forget(store);
	return ok && store_flush(store, error) && store_run(store, row, VALUES(from), error);
}

/* Another row that the server has under folder's new name; 0: none. */
static gboolean
find_other(struct store *store, gint64 folder, const char *wire, gint64 *other, GError **error)
{
	static const char sql[] = "SELECT id FROM folder WHERE wire = ?2 AND id <> ?1 AND wish = 0";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder), error);
	int result;

	*other = 0;
	if (!statement)
		return FALSE;
	sqlite3_bind_text(statement, 2, wire, -1, SQLITE_STATIC);
	result = store_step(store, statement, error);
	if (result > 0) {
		*other = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return result >= 0;
}

/* ---- carried out ---- */

static gboolean
created(struct store *store, const struct store_op *op, GError **error)
{
	static const char sql[] = "UPDATE folder SET wish = 0 WHERE id = ?1";
	struct store_folder *folder;
	gint64 other;
	gboolean ok;

	if (!op_delete(store, op->id, error))
		return FALSE;
	folder = store_folder_by_id(store, op->to, error);
	if (!folder)
		return error == NULL || *error == NULL;
	ok = find_other(store, folder->id, folder->wire, &other, error) &&
	     (other ? merge(store, folder->id, other, error)
	            : store_run(store, sql, VALUES(folder->id), error) &&
	                      tree_settle(store, folder->id, error));
	store_folder_free(folder);
	return ok;
}

struct naming {
	gint64 folder;
	char *path, *wire;
};

static void
clear_naming(gpointer data)
{
	struct naming *naming = data;

	g_free(naming->path);
	g_free(naming->wire);
}

static gboolean
name_one(struct store *store, const struct naming *naming, GError **error)
{
	static const char sql[] = "UPDATE folder SET server_path = ?2, wire = ?3 WHERE id = ?1";
	sqlite3_stmt *statement;
	gint64 other;

	if (!find_other(store, naming->folder, naming->wire, &other, error) ||
	    (other && !merge(store, other, naming->folder, error)) ||
	    !(statement = store_sql(store, sql, VALUES(naming->folder), error)))
		return FALSE;
	sqlite3_bind_text(statement, 2, naming->path, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, naming->wire, -1, SQLITE_STATIC);
	return store_finish(store, statement, error) && tree_settle(store, naming->folder, error);
}

static gboolean
renamed(struct store *store, const struct store_op *op, GError **error)
{
	static const char sql[] = "SELECT folder, path, wire FROM op_folder WHERE op = ?1";
	g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(struct naming));
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(op->id), error);
	int result = statement ? 0 : -1;

	g_array_set_clear_func(names, clear_naming);
	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct naming naming = {sqlite3_column_int64(statement, 0), store_column(statement, 1),
		                        g_strdup((const char *)sqlite3_column_text(statement, 2))};

		g_array_append_val(names, naming);
	}
	if (result < 0 || !op_delete(store, op->id, error))
		return FALSE;
	for (guint i = 0; i < names->len; i++)
		if (!name_one(store, &g_array_index(names, struct naming, i), error))
			return FALSE;
	return TRUE;
}

static gboolean
subscribed(struct store *store, const struct store_op *op, GError **error)
{
	static const char sql[] = "UPDATE folder SET server_subscribed = ?2 WHERE id = ?1";

	return op_delete(store, op->id, error) &&
	       store_run(store, sql, VALUES(op->folder, op->add != 0), error) &&
	       tree_settle(store, op->folder, error);
}

gboolean
tree_done(struct store *store, const struct store_op *op, GError **error)
{
	if (op->verb == OP_CREATE)
		return created(store, op, error);
	if (op->verb == OP_RENAME)
		return renamed(store, op, error);
	if (op->verb == OP_SUBSCRIBE)
		return subscribed(store, op, error);
	/* One that is kept as a wish is seen again. */
	return take_away(store, op->folder, op->id, error) && op_delete(store, op->id, error) &&
	       tree_settle(store, op->folder, error);
}
