#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* The life of an op: what it does here holds until the server refuses it or a person drops it, and again from
 * when it is tried anew. */

static gboolean
is_of_tree(const struct store_op *op)
{
	return op->verb >= OP_CREATE && op->verb <= OP_SUBSCRIBE;
}

/* What op is about; sources of copies stay as they are. */
static GArray *
rows_of(const struct store_op *op)
{
	GArray *rows = g_array_copy(op->ids);

	if (op->verb == OP_REPLACE)
		g_array_append_vals(rows, op->sources->data, op->sources->len);
	return rows;
}

/* Brings everything op is about up to what the ops say now that it has another state, or is no more. */
static gboolean
settle(struct store *store, const struct store_op *op, GError **error)
{
	g_autoptr(GArray) rows = rows_of(op);
	gboolean ok = TRUE;

	if (op->upto)
		folders_forget(store);
	if (is_of_tree(op))
		return tree_settle_op(store, op, error);
	for (guint i = 0; ok && i < rows->len; i++) {
		msgid id = g_array_index(rows, msgid, i);

		ok = op->verb == OP_FLAG ? masks_settle(store, id, NULL, error)
		                         : row_settle_id(store, id, error);
	}
	return ok;
}

static gboolean
set_refused(struct store *store, const struct store_op *op, const char *why, GError **error)
{
	static const char sql[] = "UPDATE message SET refused = ?2 WHERE id = ?1";
	g_autoptr(GArray) rows = rows_of(op);

	for (guint i = 0; i < rows->len; i++) {
		sqlite3_stmt *statement = store_sql(store, sql, VALUES(g_array_index(rows, msgid, i)), error);

		if (!statement)
			return FALSE;
		store_bind_text(statement, 2, why);
		if (!store_finish(store, statement, error))
			return FALSE;
	}
	folder_delta(store, op->folder);
	folder_delta(store, op->to);
	return TRUE;
}

/* From which UID on what the op makes in its target will be, and from which row on those that show it. What
 * an earlier attempt has made is there still: the lowest mark is the one from which all of it is found. */
static gboolean
set_marks(struct store *store, const struct store_op *op, GError **error)
{
	static const char known[] = "SELECT max(uidnext, server_uidnext) FROM folder WHERE id = ?1";
	static const char sql[] = "UPDATE op SET mark = iif(attempts > 1, min(mark, ?2), ?2), mark_id = ?3"
	                          " WHERE id = ?1";
	gint64 mark;

	return store_number(store, known, VALUES(op->to), 0, &mark, error) &&
	       store_run(store, sql, VALUES(op->id, mark, store->last_id), error);
}

/* Where messages cannot be moved or removed in one go they are marked first; an op that was cut off may have
 * come so far. A mark that is there already is somebody else's: the wishes before this one have gone out. */
static gboolean
note_marked(struct store *store, const struct store_op *op, GError **error)
{
	static const char sql[] =
	        "INSERT OR IGNORE INTO marked SELECT message.id FROM op_row CROSS JOIN message"
	        " ON message.id = op_row.id WHERE op = ?1 AND base & ?2 = 0 AND source = ?3";
	gboolean takes_away = op->verb == OP_MOVE || op->verb == OP_PURGE || op->verb == OP_EMPTY ||
	                      op->verb == OP_REPLACE || (op->verb == OP_TRANSFER && op->add);
	gint64 source = op->verb == OP_REPLACE ? ROW_REPLACED : 0;

	return !takes_away || store_run(store, sql, VALUES(op->id, FLAG_DELETED, source), error);
}

/* What it puts somewhere needs a place to be seen in. */
static gboolean
may_be_tried_again(struct store *store, const struct store_op *op, GError **error)
{
	return is_of_tree(op) || !op->to || folder_is_usable(store, op->to, error);
}

static gboolean
change_state(struct store *store, const struct store_op *op, enum op_state state, const char *error_text,
             gint64 not_before, GError **error)
{
	static const char sql[] =
	        "UPDATE op SET state = ?2, not_before = ?3, attempts = attempts + ?4, error = ?5"
	        " WHERE id = ?1";
	sqlite3_stmt *statement;

	if (op->state == OP_FAILED && state == OP_WAITING && !may_be_tried_again(store, op, error))
		return FALSE;
	statement = store_sql(store, sql, VALUES(op->id, state, not_before, state == OP_RUNNING), error);
	if (!statement)
		return FALSE;
	store_bind_text(statement, 5, error_text);
	if (!store_finish(store, statement, error) ||
	    (state == OP_RUNNING && (!set_marks(store, op, error) || !note_marked(store, op, error))))
		return FALSE;
	if ((state == OP_FAILED) == (op->state == OP_FAILED))
		return TRUE;
	return settle(store, op, error) &&
	       set_refused(store, op, state == OP_FAILED ? error_text : NULL, error);
}

gboolean
store_op_set(struct store *store, gint64 id, enum op_state state, const char *error_text, gint64 not_before,
             GError **error)
{
	struct store_op *op = NULL;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = op_read(store, id, &op, error) &&
	     (!op || change_state(store, op, state, error_text, not_before, error));
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

/* ---- its end ---- */

static gboolean
flags_done(struct store *store, const struct store_op *op, GError **error)
{
	/* What is not here and was unread has been read now. */
	static const char all_seen[] = "UPDATE folder SET server_unread = unread_base WHERE id = ?1";

	if (!op_delete(store, op->id, error))
		return FALSE;
	for (guint i = 0; i < op->ids->len; i++)
		if (!masks_settle(store, g_array_index(op->ids, msgid, i), op, error))
			return FALSE;
	return !op->upto || !(op->add & FLAG_SEEN) ||
	       (store_flush(store, error) && store_run(store, all_seen, VALUES(op->folder), error));
}

/* Rows that nobody told of are where they were to be, under UIDs yet to be seen. */
static gboolean
rows_done(struct store *store, const struct store_op *op, GError **error)
{
	for (guint i = 0; i < op->ids->len; i++) {
		msgid id = g_array_index(op->ids, msgid, i);
		gboolean ok = op->to ? moved_row(store, op->id, id, op->to, 0, NULL, error)
		                     : purged_row(store, op->id, id, error);

		if (!ok)
			return FALSE;
	}
	for (guint i = 0; op->verb == OP_REPLACE && i < op->sources->len; i++)
		if (!purged_row(store, op->id, g_array_index(op->sources, msgid, i), error))
			return FALSE;
	return op_delete(store, op->id, error);
}

static gboolean
done(struct store *store, const struct store_op *op, GError **error)
{
	if (op->verb == OP_FLAG)
		return flags_done(store, op, error);
	if (is_of_tree(op))
		return tree_done(store, op, error);
	if (op->verb == OP_TRANSFER && !op->add)
		return op_delete(store, op->id, error);
	return rows_done(store, op, error);
}

gboolean
store_op_done(struct store *store, gint64 id, GError **error)
{
	struct store_op *op = NULL;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = op_read(store, id, &op, error) && (!op || done(store, op, error));
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

/* What was to be made is not, and exists nowhere else. */
static gboolean
unmake(struct store *store, const struct store_op *op, msgid id, GError **error)
{
	struct row_state row;
	gboolean ok;
	int found;

	if (op->verb != OP_COPY && op->verb != OP_APPEND && op->verb != OP_REPLACE)
		return TRUE;
	found = row_state_by_id(store, id, &row, error);
	ok = found == 0 || (found > 0 && (row.folder == 0 || limbo_put(store, &row, LIMBO_MADE_HERE, error)));
	row_state_clear(&row);
	return ok;
}

gboolean
effect_drop(struct store *store, const struct store_op *op, GError **error)
{
	gboolean ok = TRUE;

	if (op->verb == OP_CREATE)
		return tree_unmake(store, op->to, error);
	if (!op_delete(store, op->id, error))
		return FALSE;
	for (guint i = 0; ok && i < op->ids->len; i++)
		ok = unmake(store, op, g_array_index(op->ids, msgid, i), error);
	return ok && settle(store, op, error) && set_refused(store, op, NULL, error);
}

gboolean
effect_fail_under_way(GError **error)
{
	fulmar_fail(error, FULMAR_FAILED,
	            _("It is being carried out at this moment; wait until it has ended"));
	return FALSE;
}

gboolean
store_op_drop(struct store *store, gint64 id, GError **error)
{
	struct store_op *op = NULL;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = op_read(store, id, &op, error) &&
	     (!op || (op->state == OP_RUNNING || op->state == OP_CHECKING ? effect_fail_under_way(error)
	                                                                  : effect_drop(store, op, error)));
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

gboolean
store_clear_refused(struct store *store, msgid id, GError **error)
{
	static const char sql[] =
	        "UPDATE message SET refused = NULL WHERE id = ?1 AND refused IS NOT NULL RETURNING folder";
	gint64 folder;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = store_number(store, sql, VALUES(id), 0, &folder, error);
	if (ok && folder)
		folder_delta(store, folder);
	return store_leave(store, own, ok, error);
}
