#include <unistd.h>
#include "store/store-private.h"

/* A message that comes instead of another: a draft that was written on. The new one is an append, the old one
 * a purge, and both are one op, so that the old one goes only when the server has the new one. While the op
 * has not gone out, a still newer one takes its turn: however often a draft is saved offline, the server gets
 * the last. */

/* The append of a row, which has not gone out, is left to whoever comes instead of it; unless another account
 * waits for it, or it is to end up elsewhere. */
static gboolean
may_be_taken_over(const struct way *way, gint64 to)
{
	return way->unmade && way->last.verb == OP_APPEND && way->last.state != OP_HELD && !way->last.key &&
	       way->last.to == to;
}

/* row goes out instead of old, with which the op was refused for reasons that may be old's. */
static gboolean
take_over(struct store *store, struct row_state *row, struct row_state *old, const struct op_link *last,
          gint64 to, GError **error)
{
	static const char clear[] = "UPDATE message SET refused = NULL WHERE id = ?1";
	static const char step[] = "UPDATE op SET step = 0 WHERE id = ?1";

	return store_run(store, step, VALUES(last->op), error) &&
	       op_join(store, last->op, row->id, 0, error) && identity_forget(store, row->id, error) &&
	       row_send(store, row, to, error) && journal_unmake_row(store, old, last->op, error) &&
	       store_run(store, clear, VALUES(old->id), error) &&
	       (last->state != OP_FAILED || store_op_set(store, last->op, OP_WAITING, NULL, 0, error));
}

static gboolean
queue(struct store *store, struct journal *journal, struct row_state *row, struct row_state *old,
      const struct op_spec *spec, gint64 *op, GError **error)
{
	return journal_op(store, journal, spec, op, error) && op_join(store, *op, row->id, 0, error) &&
	       op_join(store, *op, old->id, ROW_REPLACED, error) && limbo_put(store, old, *op, error) &&
	       identity_forget(store, row->id, error) && row_send(store, row, spec->to, error);
}

gboolean
replace_row(struct store *store, struct journal *journal, struct row_state *row, struct row_state *old,
            gint64 to, gint64 *op, GError **error)
{
	struct op_spec spec = {.verb = OP_REPLACE, .to = to};
	struct way way;
	gboolean ok = journal_find_way(store, old, &way, error);

	spec.folder = way.then;
	*op = way.last.op;
	if (ok && may_be_taken_over(&way, to))
		ok = take_over(store, row, old, &way.last, to, error);
	else if (ok)
		ok = queue(store, journal, row, old, &spec, op, error);
	g_free(way.last.key);
	return ok;
}

/* It was not replaced, and is seen: so it stays. */
static gboolean
release(struct store *store, gint64 op, GError **error)
{
	static const char seen[] = "UPDATE message SET refused = NULL WHERE id IN"
	                           " (SELECT id FROM op_row WHERE op = ?1 AND source = ?2)";
	static const char row[] = "DELETE FROM op_row WHERE op = ?1 AND source = ?2";

	return store_run(store, seen, VALUES(op, ROW_REPLACED), error) &&
	       store_run(store, row, VALUES(op, ROW_REPLACED), error);
}

gboolean
replace_follow(struct store *store, const struct op_link *from, gint64 to, GError **error)
{
	static const char rows[] = "UPDATE op_row SET op = ?2 WHERE op = ?1 AND source = ?3";
	static const char verb[] = "UPDATE op SET verb = ?3, folder = (SELECT folder FROM op WHERE id = ?1)"
	                           " WHERE id = ?2";

	if (from->state == OP_FAILED)
		return release(store, from->op, error);
	if (!store_run(store, rows, VALUES(from->op, to, ROW_REPLACED), error))
		return FALSE;
	return !sqlite3_changes(store->db) || store_run(store, verb, VALUES(from->op, to, OP_REPLACE), error);
}

gboolean
replace_alone(struct store *store, gint64 op, GError **error)
{
	static const char verb[] = "UPDATE op SET verb = ?3, target = 0 WHERE id = ?1 AND verb = ?2"
	                           " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op = ?1 AND source <> ?4)";
	static const char row[] = "UPDATE op_row SET source = 0 WHERE op = ?1 AND source = ?2";

	if (!store_run(store, verb, VALUES(op, OP_REPLACE, OP_PURGE, ROW_REPLACED), error))
		return FALSE;
	return !sqlite3_changes(store->db) || store_run(store, row, VALUES(op, ROW_REPLACED), error);
}

/* ---- a person's ---- */

/* The op is that of the last wish, whoever made it. */
static gboolean
belong(struct store *store, const struct journal *journal, gint64 op, GError **error)
{
	static const char sql[] = "UPDATE op SET step = ?2 WHERE id = ?1";

	return !journal->step || store_run(store, sql, VALUES(op, *journal->step), error);
}

static gboolean
replace_one(struct store *store, struct journal *journal, struct row_state *row, struct row_state *old,
            GError **error)
{
	struct entry entry = {.verb = OP_REPLACE,
	                      .subject = row->id,
	                      .origin = old->folder,
	                      .target = row->folder,
	                      .added = old->id};

	return replace_row(store, journal, row, old, row->folder, &entry.op, error) &&
	       journal_note(store, journal, &entry, error) && belong(store, journal, entry.op, error);
}

static msgid
replace(struct store *store, struct journal *journal, msgid old_id, gint64 to,
        const struct store_message *message, GBytes *bytes, const char *aside, GError **error)
{
	struct row_state row, old;
	int found = row_state_by_id(store, old_id, &old, error);
	struct store_message unmarked = *message;
	msgid id = 0;
	gboolean ok = FALSE;

	unmarked.flags &= ~(guint)FLAG_DELETED;
	if (found > 0 && old.folder)
		id = row_make(store, to, &unmarked, bytes, aside, error);
	else if (found >= 0)
		store_fail_gone(old_id, error);
	if (id && row_state_get(store, id, &row, error)) {
		ok = replace_one(store, journal, &row, &old, error);
		row_state_clear(&row);
	}
	row_state_clear(&old);
	return ok ? id : 0;
}

msgid
store_journal_replace(struct store *store, msgid old, gint64 to, const struct store_message *message,
                      GBytes *bytes, gint64 *step, GError **error)
{
	g_autofree char *aside = bodies_write_aside(store, bytes, error);
	struct journal journal;
	msgid id = 0;

	if (!aside)
		return 0;
	if (journal_begin(store, &journal, step, error)) {
		id = replace(store, &journal, old, to, message, bytes, aside, error);
		if (!journal_end(store, &journal, id != 0, error))
			id = 0;
	}
	if (!id)
		unlink(aside);
	return id;
}
