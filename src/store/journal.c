#include <string.h>
#include <time.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

const char *const op_verb_names[] = {"flag",   "move",   "copy",   "purge",     "append",  "empty",
                                     "create", "rename", "remove", "subscribe", "transfer"};
G_STATIC_ASSERT(G_N_ELEMENTS(op_verb_names) == OP_VERBS);
const char *const op_state_names[] = {"waiting", "running", "checking", "failed", "held", "unknown"};
G_STATIC_ASSERT(G_N_ELEMENTS(op_state_names) == OP_STATES);

void
store_op_free(gpointer data)
{
	struct store_op *op = data;

	if (!op)
		return;
	if (op->ids)
		g_array_unref(op->ids);
	g_free(op->keywords_add);
	g_free(op->keywords_remove);
	g_free(op->error);
	g_free(op);
}

/* ---- reading ---- */

#define OP_COLUMNS \
	"op.id, op.verb, op.state, op.folder, op.add_flags, op.remove_flags, op.keywords_add, " \
	"op.keywords_remove," \
	" op.attempts, op.created, op.not_before, op.error"

static char *
words(sqlite3_stmt *statement, int at)
{
	char *value = store_column(statement, at);

	return value ? value : g_strdup("");
}

/* NULL with error when it is none of ours. */
static struct store_op *
op_from(struct store *store, sqlite3_stmt *statement, GError **error)
{
	gint64 verb = sqlite3_column_int64(statement, 1), state = sqlite3_column_int64(statement, 2);
	struct store_op *op;

	if (verb < 0 || verb >= OP_VERBS || state < 0 || state >= OP_STATES) {
		store_fail_damaged(store, "journal", error);
		return NULL;
	}
	op = g_new0(struct store_op, 1);
	op->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	op->id = sqlite3_column_int64(statement, 0);
	op->verb = (enum op_verb)verb;
	op->state = (enum op_state)state;
	op->folder = sqlite3_column_int64(statement, 3);
	op->add = (guint)sqlite3_column_int64(statement, 4);
	op->remove = (guint)sqlite3_column_int64(statement, 5);
	op->keywords_add = words(statement, 6);
	op->keywords_remove = words(statement, 7);
	op->attempts = sqlite3_column_int(statement, 8);
	op->created = sqlite3_column_int64(statement, 9);
	op->not_before = sqlite3_column_int64(statement, 10);
	op->error = store_column(statement, 11);
	return op;
}

static gboolean
read_ids(struct store *store, struct store_op *op, GError **error)
{
	static const char sql[] = "SELECT id FROM op_row WHERE op = ?1 ORDER BY id";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(op->id), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);

		g_array_append_val(op->ids, id);
	}
	return result >= 0;
}

/* All ops in order, with their rows. */
static gboolean
read_ops(struct store *store, GPtrArray *out, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op ORDER BY id";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	guint start = out->len;
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct store_op *op = op_from(store, statement, error);

		if (op) {
			g_ptr_array_add(out, op);
		} else {
			sqlite3_reset(statement);
			result = -1;
		}
	}
	for (guint i = start; result >= 0 && i < out->len; i++)
		if (!read_ids(store, out->pdata[i], error))
			result = -1;
	return result >= 0;
}

static gboolean
touches(GHashTable *ids, const struct store_op *op)
{
	for (guint i = 0; i < op->ids->len; i++)
		if (g_hash_table_contains(ids, &g_array_index(op->ids, msgid, i)))
			return TRUE;
	return FALSE;
}

gboolean
store_ops(struct store *store, gboolean ready, gint64 now, GPtrArray *out, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GHashTable) held = g_hash_table_new(g_int64_hash, g_int64_equal);

	if (!read_ops(store, all, error))
		return FALSE;
	/* What happens to a message happens in order: an op that cannot run holds up the later ones of its
	 * rows. */
	for (guint i = 0; i < all->len; i++) {
		struct store_op *op = all->pdata[i];
		gboolean runs = op->state == OP_WAITING && op->not_before <= now && !touches(held, op);

		if (ready && !runs && op->state != OP_FAILED)
			for (guint j = 0; j < op->ids->len; j++)
				g_hash_table_add(held, &g_array_index(op->ids, msgid, j));
		if (!ready || runs) {
			g_ptr_array_add(out, op);
			all->pdata[i] = NULL;
		}
	}
	return TRUE;
}

/* *op NULL without error: gone already. */
static gboolean
read_op(struct store *store, gint64 id, struct store_op **op, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result = statement ? store_step(store, statement, error) : -1;

	*op = NULL;
	if (result <= 0)
		return result == 0;
	*op = op_from(store, statement, error);
	sqlite3_reset(statement);
	if (*op && read_ids(store, *op, error))
		return TRUE;
	g_clear_pointer(op, store_op_free);
	return FALSE;
}

gint64
store_ops_waiting(struct store *store, gint64 *failed)
{
	static const char sql[] = "SELECT count(*) FROM op WHERE (state = ?1) = ?2";
	gint64 waiting = 0, bad = 0;

	store_number(store, sql, VALUES(OP_FAILED, 0), 0, &waiting, NULL);
	store_number(store, sql, VALUES(OP_FAILED, 1), 0, &bad, NULL);
	if (failed)
		*failed = bad;
	return waiting;
}

/* ---- pending masks ---- */

/* Lets a later change win over what is pending on the same bit or keyword. */
static void
fold(struct row_state *row, guint add, guint remove, const char *keywords_add, const char *keywords_remove)
{
	char *words_add, *words_remove;

	row->add = (row->add | add) & ~remove;
	row->remove = (row->remove & ~add) | remove;
	if (!(keywords_add && *keywords_add) && !(keywords_remove && *keywords_remove))
		return;
	words_add = keywords_apply(row->keywords_add, keywords_add, keywords_remove);
	words_remove = keywords_apply(row->keywords_remove, NULL, keywords_add);
	g_free(row->keywords_add);
	row->keywords_add = words_add;
	g_free(row->keywords_remove);
	row->keywords_remove = keywords_apply(words_remove, keywords_remove, NULL);
	g_free(words_remove);
}

static void
copy_state(struct row_state *to, const struct row_state *from)
{
	*to = *from;
	to->keywords = g_strdup(from->keywords);
	to->keywords_add = g_strdup(from->keywords_add);
	to->keywords_remove = g_strdup(from->keywords_remove);
	to->file = NULL;
}

/* The masks that the ops of a row add up to. */
static gboolean
sum_ops(struct store *store, struct row_state *row, GError **error)
{
	static const char sql[] = "SELECT op.add_flags, op.remove_flags, op.keywords_add, op.keywords_remove"
	                          " FROM op_row CROSS JOIN op ON op.id = op_row.op"
	                          " WHERE op_row.id = ?1 AND op.state <> ?2 ORDER BY op_row.op";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(row->id, OP_FAILED), error);
	int result = statement ? 0 : -1;

	row->add = row->remove = 0;
	g_clear_pointer(&row->keywords_add, g_free);
	g_clear_pointer(&row->keywords_remove, g_free);
	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		g_autofree char *add = store_column(statement, 2), *remove = store_column(statement, 3);

		fold(row, (guint)sqlite3_column_int64(statement, 0),
		     (guint)sqlite3_column_int64(statement, 1), add, remove);
	}
	return result >= 0;
}

/* Brings the rows of op up to what its ops say now; with done its effect goes into the base first. */
static gboolean
settle_row(struct store *store, msgid id, const struct store_op *op, gboolean done, GError **error)
{
	struct row_state before, now;
	gboolean ok = TRUE;
	int found = row_state_by_id(store, id, &before, error);

	if (found <= 0) {
		row_state_clear(&before);
		return found == 0;
	}
	copy_state(&now, &before);
	if (done) {
		char *base = keywords_apply(now.keywords, op->keywords_add, op->keywords_remove);

		now.base = (now.base | op->add) & ~op->remove;
		g_free(now.keywords);
		now.keywords = base;
	}
	ok = sum_ops(store, &now, error) && row_write_flags(store, &before, &now, error);
	row_state_clear(&before);
	row_state_clear(&now);
	return ok;
}

static gboolean
settle_rows(struct store *store, const struct store_op *op, gboolean done, GError **error)
{
	for (guint i = 0; i < op->ids->len; i++)
		if (!settle_row(store, g_array_index(op->ids, msgid, i), op, done, error))
			return FALSE;
	return TRUE;
}

/* ---- journalling ---- */

struct change {
	guint add, remove;
	const char *keywords_add, *keywords_remove;
	GHashTable *ops; /* folder → op */
};

static gboolean
insert_op(struct store *store, gint64 folder, const struct change *change, gint64 *op, GError **error)
{
	static const char sql[] =
	        "INSERT INTO op (verb, state, folder, add_flags, remove_flags, created, keywords_add,"
	        " keywords_remove) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	sqlite3_stmt *statement = store_sql(
	        store, sql,
	        VALUES(OP_FLAG, OP_WAITING, folder, change->add, change->remove, (gint64)time(NULL)), error);

	if (!statement)
		return FALSE;
	store_bind_text(statement, 7, change->keywords_add);
	store_bind_text(statement, 8, change->keywords_remove);
	if (!store_finish(store, statement, error))
		return FALSE;
	*op = sqlite3_last_insert_rowid(store->db);
	return TRUE;
}

static gboolean
op_for(struct store *store, gint64 folder, const struct change *change, gint64 *op, GError **error)
{
	const gint64 *known = g_hash_table_lookup(change->ops, &folder);
	gint64 *pair;

	if (known) {
		*op = known[1];
		return TRUE;
	}
	if (!insert_op(store, folder, change, op, error))
		return FALSE;
	pair = g_new(gint64, 2);
	pair[0] = folder;
	pair[1] = *op;
	g_hash_table_insert(change->ops, pair, pair);
	return TRUE;
}

static gboolean
journal_row(struct store *store, const struct row_state *before, const struct change *change, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO op_row VALUES (?1, ?2)";
	struct row_state now;
	gboolean ok;
	gint64 op;

	/* The same wish waits already. */
	if (!change->keywords_add && !change->keywords_remove && (before->add & change->add) == change->add &&
	    (before->remove & change->remove) == change->remove)
		return TRUE;
	if (!op_for(store, before->folder, change, &op, error) ||
	    !store_run(store, sql, VALUES(op, before->id), error))
		return FALSE;
	copy_state(&now, before);
	fold(&now, change->add, change->remove, change->keywords_add, change->keywords_remove);
	ok = row_write_flags(store, before, &now, error);
	row_state_clear(&now);
	return ok;
}

static gboolean
journal_id(struct store *store, msgid id, const struct change *change, GError **error)
{
	struct row_state state;
	gboolean ok = FALSE;
	int found = row_state_by_id(store, id, &state, error);

	if (found == 0)
		fulmar_fail(error, FULMAR_FAILED, _("The message %lld is not in the store any more"),
		            (long long)id);
	else if (found > 0)
		ok = journal_row(store, &state, change, error);
	row_state_clear(&state);
	return ok;
}

gboolean
store_journal_flags(struct store *store, const msgid *ids, guint n, guint add, guint remove,
                    const char *keywords_add, const char *keywords_remove, gint64 *step, GError **error)
{
	struct change change = {add & ~remove, remove, keywords_add && *keywords_add ? keywords_add : NULL,
	                        keywords_remove && *keywords_remove ? keywords_remove : NULL, NULL};
	gboolean ok = TRUE;

	if (!store_begin(store, TRUE, error))
		return FALSE;
	change.ops = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (guint i = 0; ok && i < n; i++)
		ok = journal_id(store, ids[i], &change, error);
	g_hash_table_unref(change.ops);
	return store_leave(store, TRUE, ok, error);
}

/* ---- the life of an op ---- */

static gboolean
delete_op(struct store *store, gint64 op, GError **error)
{
	static const char rows[] = "DELETE FROM op_row WHERE op = ?1";
	static const char row[] = "DELETE FROM op WHERE id = ?1";

	return store_run(store, rows, VALUES(op), error) && store_run(store, row, VALUES(op), error);
}

static gboolean
set_refused(struct store *store, const struct store_op *op, const char *why, GError **error)
{
	static const char sql[] = "UPDATE message SET refused = ?2 WHERE id = ?1";

	for (guint i = 0; i < op->ids->len; i++) {
		sqlite3_stmt *statement =
		        store_sql(store, sql, VALUES(g_array_index(op->ids, msgid, i)), error);

		if (!statement)
			return FALSE;
		store_bind_text(statement, 2, why);
		if (!store_finish(store, statement, error))
			return FALSE;
	}
	folder_delta(store, op->folder);
	return TRUE;
}

static gboolean
change_state(struct store *store, const struct store_op *op, enum op_state state, const char *error_text,
             gint64 not_before, GError **error)
{
	static const char sql[] =
	        "UPDATE op SET state = ?2, not_before = ?3, attempts = attempts + ?4, error = ?5"
	        " WHERE id = ?1";
	sqlite3_stmt *statement =
	        store_sql(store, sql, VALUES(op->id, state, not_before, state == OP_RUNNING), error);

	if (!statement)
		return FALSE;
	store_bind_text(statement, 5, error_text);
	if (!store_finish(store, statement, error))
		return FALSE;
	if ((state == OP_FAILED) == (op->state == OP_FAILED))
		return TRUE;
	return settle_rows(store, op, FALSE, error) &&
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
	ok = read_op(store, id, &op, error) &&
	     (!op || change_state(store, op, state, error_text, not_before, error));
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

gboolean
store_op_done(struct store *store, gint64 id, GError **error)
{
	struct store_op *op = NULL;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = read_op(store, id, &op, error) &&
	     (!op || (delete_op(store, id, error) && settle_rows(store, op, TRUE, error)));
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

gboolean
store_op_drop(struct store *store, gint64 id, GError **error)
{
	struct store_op *op = NULL;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = read_op(store, id, &op, error);
	if (ok && op && op->state == OP_RUNNING) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("It is being carried out at this moment; wait until it has ended"));
		ok = FALSE;
	}
	if (ok && op)
		ok = delete_op(store, id, error) && settle_rows(store, op, FALSE, error) &&
		     set_refused(store, op, NULL, error);
	store_op_free(op);
	return store_leave(store, own, ok, error);
}

gboolean
store_ops_recover(struct store *store, GError **error)
{
	static const char sql[] = "UPDATE op SET state = ?2 WHERE state = ?1";
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = store_run(store, sql, VALUES(OP_RUNNING, OP_CHECKING), error);
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

gboolean
journal_forget_row(struct store *store, msgid id, GError **error)
{
	static const char which[] = "SELECT op FROM op_row WHERE id = ?1";
	static const char rows[] = "DELETE FROM op_row WHERE op = ?1 AND id = ?2";
	static const char empty[] =
	        "DELETE FROM op WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM op_row WHERE op = ?1)";
	gint64 op;

	for (;;) {
		if (!store_number(store, which, VALUES(id), 0, &op, error))
			return FALSE;
		if (!op)
			return TRUE;
		if (!store_run(store, rows, VALUES(op, id), error) ||
		    !store_run(store, empty, VALUES(op), error))
			return FALSE;
	}
}
