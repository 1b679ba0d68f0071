#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* The rows of the journal themselves: written, read, found. */

const char *const op_verb_names[] = {"flag",   "move",   "copy",   "purge",     "append",   "empty",
                                     "create", "rename", "remove", "subscribe", "transfer", "replace"};
G_STATIC_ASSERT(G_N_ELEMENTS(op_verb_names) == OP_VERBS);
const char *const op_state_names[] = {"waiting", "running", "checking", "failed", "held", "unknown"};
G_STATIC_ASSERT(G_N_ELEMENTS(op_state_names) == OP_STATES);

void
store_op_free(gpointer data)
{
	struct store_op *op = data;

	if (!op)
		return;
	g_array_unref(op->ids);
	g_array_unref(op->sources);
	g_free(op->keywords_add);
	g_free(op->keywords_remove);
	g_free(op->arg);
	g_free(op->key);
	g_free(op->error);
	g_free(op);
}

/* ---- reading ---- */

#define OP_COLUMNS \
	"op.id, op.verb, op.state, op.folder, op.target, op.add_flags, op.remove_flags, op.upto, op.mark," \
	" op.step, op.attempts, op.created, op.not_before, op.keywords_add, op.keywords_remove, op.arg," \
	" op.name, op.error, op.mark_id"

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
	op->sources = g_array_new(FALSE, FALSE, sizeof(msgid));
	op->id = sqlite3_column_int64(statement, 0);
	op->verb = (enum op_verb)verb;
	op->state = (enum op_state)state;
	op->folder = sqlite3_column_int64(statement, 3);
	op->to = sqlite3_column_int64(statement, 4);
	op->add = (guint)sqlite3_column_int64(statement, 5);
	op->remove = (guint)sqlite3_column_int64(statement, 6);
	op->upto = (guint64)sqlite3_column_int64(statement, 7);
	op->mark = (guint64)sqlite3_column_int64(statement, 8);
	op->step = sqlite3_column_int64(statement, 9);
	op->attempts = sqlite3_column_int(statement, 10);
	op->created = sqlite3_column_int64(statement, 11);
	op->not_before = sqlite3_column_int64(statement, 12);
	op->keywords_add = store_text(statement, 13);
	op->keywords_remove = store_text(statement, 14);
	op->arg = store_text(statement, 15);
	op->key = store_text(statement, 16);
	op->error = store_column(statement, 17);
	op->mark_row = sqlite3_column_int64(statement, 18);
	return op;
}

static gboolean
read_ids(struct store *store, struct store_op *op, GError **error)
{
	static const char sql[] = "SELECT id, source FROM op_row WHERE op = ?1 ORDER BY id";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(op->id), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0), source = sqlite3_column_int64(statement, 1);

		g_array_append_val(source == ROW_REPLACED ? op->sources : op->ids, id);
		if (op->verb == OP_COPY)
			g_array_append_val(op->sources, source);
	}
	op->n = op->verb == OP_REPLACE ? 1 : op->ids->len;
	return result >= 0;
}

/* Those that statement gives, without their rows. */
static gboolean
take_ops(struct store *store, sqlite3_stmt *statement, GPtrArray *out, GError **error)
{
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
	return result >= 0;
}

/* All ops in order, with their rows. */
static gboolean
read_ops(struct store *store, GPtrArray *out, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op ORDER BY id";
	guint start = out->len;
	gboolean ok = take_ops(store, store_sql(store, sql, NULL, 0, error), out, error);

	for (guint i = start; ok && i < out->len; i++)
		ok = read_ids(store, out->pdata[i], error);
	return ok;
}

gboolean
store_ops_shown(struct store *store, gboolean failed, guint limit, GPtrArray *out, guint *total,
                GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op WHERE (state IN (?1, ?2)) = ?3"
	                          " AND state <> ?4 ORDER BY id LIMIT ?5";
	static const char count[] = "SELECT count(*) FROM op WHERE (state IN (?1, ?2)) = ?3 AND state <> ?4";
	static const char rows[] = "SELECT count(*) FROM (SELECT 1 FROM op_row WHERE op = ?1 LIMIT 100000)";
	guint start = out->len;
	gint64 n = 0;
	gboolean ok = store_number(store, count, VALUES(OP_FAILED, OP_UNKNOWN, failed != 0, OP_HELD), 0, &n,
	                           error) &&
	              take_ops(store,
	                       store_sql(store, sql,
	                                 VALUES(OP_FAILED, OP_UNKNOWN, failed != 0, OP_HELD, limit), error),
	                       out, error);

	*total = (guint)n;
	for (guint i = start; ok && i < out->len; i++) {
		struct store_op *op = out->pdata[i];

		ok = store_number(store, rows, VALUES(op->id), 0, &n, error);
		op->n = op->verb == OP_REPLACE ? 1 : (guint)n;
	}
	return ok;
}

gint64
store_ops_held(struct store *store)
{
	gint64 n = 0;

	store_number(store, "SELECT count(*) FROM op WHERE state = ?1", VALUES(OP_HELD), 0, &n, NULL);
	return n;
}

gboolean
store_ops_are_running(struct store *store)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM op WHERE state IN (?1, ?2))";
	gint64 any;

	return store_number(store, sql, VALUES(OP_RUNNING, OP_CHECKING), 0, &any, NULL) && any;
}

gboolean
store_ops(struct store *store, gboolean ready, gint64 now, GPtrArray *out, GError **error)
{
	g_autoptr(GPtrArray) all = NULL;

	if (!ready)
		return read_ops(store, out, error);
	all = g_ptr_array_new_with_free_func(store_op_free);
	return read_ops(store, all, error) && order_ready(store, all, now, out, error);
}

static gboolean
read_one(struct store *store, sqlite3_stmt *statement, struct store_op **op, GError **error)
{
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

gboolean
op_read(struct store *store, gint64 id, struct store_op **op, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op WHERE id = ?1";

	return read_one(store, store_sql(store, sql, VALUES(id), error), op, error);
}

struct store_op *
store_op(struct store *store, gint64 id, GError **error)
{
	struct store_op *op;

	op_read(store, id, &op, error);
	return op;
}

struct store_op *
store_op_by_key(struct store *store, const char *key, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op WHERE name = ?1 ORDER BY id LIMIT 1";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	struct store_op *op;

	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	read_one(store, statement, &op, error);
	return op;
}

struct store_op *
store_op_refused(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "SELECT " OP_COLUMNS " FROM op_row CROSS JOIN op ON op.id = op_row.op"
	                          " WHERE op_row.id = ?1 AND op.state = ?2 ORDER BY op_row.op DESC LIMIT 1";
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	struct store_op *op;

	if (!take_ops(store, store_sql(store, sql, VALUES(id, OP_FAILED), error), found, error) ||
	    !found->len)
		return NULL;
	op = found->pdata[0];
	op->n = 1;
	return op;
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

gint64
store_ops_of_step(struct store *store, gint64 step, gint64 *failed, char **why, GError **error)
{
	static const char sql[] = "SELECT count(*) - count(iif(state = ?2, 1, NULL)),"
	                          " count(iif(state = ?2, 1, NULL)), (SELECT error FROM op WHERE step = ?1"
	                          " AND state = ?2 ORDER BY id LIMIT 1) FROM op WHERE step = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(step, OP_FAILED), error);
	gint64 waiting;

	*failed = 0;
	*why = NULL;
	if (!statement || store_step(store, statement, error) <= 0)
		return -1;
	waiting = sqlite3_column_int64(statement, 0);
	*failed = sqlite3_column_int64(statement, 1);
	*why = store_column(statement, 2);
	sqlite3_reset(statement);
	return waiting;
}

/* ---- the ops of a row ---- */

/* What decides where it stands; a transfer only when the message goes with it. Of the two that a replacement
 * is about one is appended, the other purged. */
#define MOVES \
	"SELECT op.id, iif(op.verb = 11, iif(op_row.source = -1, 3, 4), op.verb), op.state, op.folder," \
	" iif(op_row.source = -1, 0, op.target), op_row.source, op.mark, op.mark_id, op.attempts, op.name" \
	" FROM op_row CROSS JOIN op ON op.id = op_row.op WHERE op_row.id = ?1" \
	" AND (op.verb BETWEEN 1 AND 5 OR op.verb = 11 OR (op.verb = 10 AND op.add_flags = 1))"
G_STATIC_ASSERT(OP_MOVE == 1 && OP_PURGE == 3 && OP_APPEND == 4 && OP_EMPTY == 5 && OP_TRANSFER == 10 &&
                OP_REPLACE == 11 && ROW_REPLACED == -1);

static gboolean
read_link(struct store *store, sqlite3_stmt *statement, struct op_link *out, GError **error)
{
	int result = statement ? store_step(store, statement, error) : -1;

	memset(out, 0, sizeof *out);
	if (result <= 0)
		return result == 0;
	out->op = sqlite3_column_int64(statement, 0);
	out->verb = (enum op_verb)sqlite3_column_int(statement, 1);
	out->state = (enum op_state)sqlite3_column_int(statement, 2);
	out->folder = sqlite3_column_int64(statement, 3);
	out->to = sqlite3_column_int64(statement, 4);
	out->source = sqlite3_column_int64(statement, 5);
	out->mark = sqlite3_column_int64(statement, 6);
	out->mark_id = sqlite3_column_int64(statement, 7);
	out->attempts = sqlite3_column_int64(statement, 8);
	out->key = store_column(statement, 9);
	sqlite3_reset(statement);
	return TRUE;
}

gboolean
op_last_move(struct store *store, msgid id, gboolean failed, struct op_link *out, GError **error)
{
	static const char sql[] = MOVES " AND (op.state <> ?2 OR ?3) ORDER BY op_row.op DESC LIMIT 1";

	return read_link(store, store_sql(store, sql, VALUES(id, OP_FAILED, failed != 0), error), out, error);
}

gboolean
op_moving(struct store *store, gint64 op, msgid id, struct op_link *out, GError **error)
{
	static const char this_one[] = MOVES " AND op.id = ?2";
	static const char sql[] = MOVES " AND op.state IN (?2, ?3) ORDER BY op_row.op LIMIT 1";

	out->op = 0;
	if (op && !read_link(store, store_sql(store, this_one, VALUES(id, op), error), out, error))
		return FALSE;
	return out->op || read_link(store, store_sql(store, sql, VALUES(id, OP_RUNNING, OP_CHECKING), error),
	                            out, error);
}

gboolean
op_is_copied(struct store *store, msgid id, gboolean *copied, GError **error)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM op_row WHERE source = ?1 AND source > 0)"
	                          " OR EXISTS (SELECT 1 FROM op_row JOIN op ON op.id = op_row.op"
	                          " WHERE op_row.id = ?1 AND verb = ?2)";
	gint64 value;

	if (!store_number(store, sql, VALUES(id, OP_TRANSFER), 0, &value, error))
		return FALSE;
	*copied = value != 0;
	return TRUE;
}

/* ---- writing ---- */

gboolean
op_insert(struct store *store, const struct op_spec *spec, gint64 *op, GError **error)
{
	static const char sql[] =
	        "INSERT INTO op (verb, state, folder, target, add_flags, remove_flags, upto, step, created,"
	        " keywords_add, keywords_remove, arg, name)"
	        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
	const char *texts[] = {spec->keywords_add, spec->keywords_remove, spec->arg, spec->key};
	sqlite3_stmt *statement =
	        store_sql(store, sql,
	                  VALUES(spec->verb, spec->state, spec->folder, spec->to, spec->add, spec->remove,
	                         (gint64)spec->upto, spec->step, g_get_real_time() / G_USEC_PER_SEC),
	                  error);

	if (!statement)
		return FALSE;
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		store_bind_text(statement, 10 + i, texts[i]);
	if (!store_finish(store, statement, error))
		return FALSE;
	*op = sqlite3_last_insert_rowid(store->db);
	if (spec->upto)
		folders_forget(store);
	return TRUE;
}

gboolean
op_join(struct store *store, gint64 op, msgid id, gint64 source, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO op_row (op, id, source) VALUES (?1, ?2, ?3)";

	return store_run(store, sql, VALUES(op, id, source), error);
}

gboolean
op_leave(struct store *store, gint64 op, msgid id, GError **error)
{
	static const char row[] = "DELETE FROM op_row WHERE op = ?1 AND id = ?2";
	static const char empty[] = "DELETE FROM op WHERE id = ?1 AND upto = 0 AND (verb < 5 OR verb >= 10)"
	                            " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op = ?1)";

	return store_run(store, row, VALUES(op, id), error) && store_run(store, empty, VALUES(op), error);
}

gboolean
op_delete(struct store *store, gint64 op, GError **error)
{
	static const char rows[] = "DELETE FROM op_row WHERE op = ?1";
	static const char folders[] = "DELETE FROM op_folder WHERE op = ?1";
	static const char row[] = "DELETE FROM op WHERE id = ?1";

	folders_forget(store);
	return store_run(store, rows, VALUES(op), error) && store_run(store, folders, VALUES(op), error) &&
	       store_run(store, row, VALUES(op), error);
}

gboolean
journal_forget_row(struct store *store, msgid id, GError **error)
{
	static const char which[] = "SELECT op FROM op_row WHERE id = ?1";
	gint64 op;

	for (;;) {
		if (!store_number(store, which, VALUES(id), 0, &op, error))
			return FALSE;
		if (!op)
			return TRUE;
		if (!op_leave(store, op, id, error))
			return FALSE;
	}
}
