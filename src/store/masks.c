#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Flags that wait for the server: the masks of a row are what its ops add up to, in order. */

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

/* The masks that the ops of a row add up to. */
static gboolean
sum_ops(struct store *store, struct row_state *row, GError **error)
{
	static const char sql[] = "SELECT op.add_flags, op.remove_flags, op.keywords_add, op.keywords_remove"
	                          " FROM op_row CROSS JOIN op ON op.id = op_row.op"
	                          " WHERE op_row.id = ?1 AND op.state <> ?2 AND op.verb = ?3"
	                          " ORDER BY op_row.op";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(row->id, OP_FAILED, OP_FLAG), error);
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

gboolean
masks_settle(struct store *store, msgid id, const struct store_op *op, GError **error)
{
	struct row_state before, now;
	gboolean ok = TRUE;
	int found = row_state_by_id(store, id, &before, error);

	if (found <= 0) {
		row_state_clear(&before);
		return found == 0;
	}
	row_state_copy(&now, &before);
	if (op) {
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

gboolean
masks_absorb(struct store *store, const struct row_state *row, GError **error)
{
	static const char which[] = "SELECT op.id FROM op_row CROSS JOIN op ON op.id = op_row.op"
	                            " WHERE op_row.id = ?1 AND op.verb = ?2 LIMIT 1";
	struct row_state now;
	gboolean ok = TRUE;
	gint64 op = 1;

	while (ok && op) {
		ok = store_number(store, which, VALUES(row->id, OP_FLAG), 0, &op, error);
		if (ok && op)
			ok = op_leave(store, op, row->id, error);
	}
	if (!ok)
		return FALSE;
	row_state_copy(&now, row);
	now.base = row_shown(row);
	g_free(now.keywords);
	now.keywords = keywords_apply(row->keywords, row->keywords_add, row->keywords_remove);
	now.add = now.remove = 0;
	g_clear_pointer(&now.keywords_add, g_free);
	g_clear_pointer(&now.keywords_remove, g_free);
	ok = row_write_flags(store, row, &now, error);
	row_state_clear(&now);
	return ok;
}

/* ---- journalling ---- */

static gboolean
has_all(const char *words, const char *wanted)
{
	g_autofree char *more = keywords_apply(words, wanted, NULL);

	return g_strcmp0(more, words) == 0;
}

/* It is shown so already, as the server has it or as an earlier wish wants it. */
static gboolean
changes_nothing(const struct row_state *row, guint add, guint remove, const char *keywords_add,
                const char *keywords_remove)
{
	g_autofree char *words = keywords_apply(row->keywords, row->keywords_add, row->keywords_remove);
	g_autofree char *lasting = keywords_apply(words, NULL, keywords_remove);

	return !(add & ~row_shown(row)) && !(remove & row_shown(row)) &&
	       (!keywords_add || (words && has_all(words, keywords_add))) && g_strcmp0(words, lasting) == 0;
}

/* The server is yet to get the row, flags and all, and nobody needs it with the flags it has. */
static gboolean
is_unmade(struct store *store, const struct row_state *row, gboolean *unmade, GError **error)
{
	struct op_link last;
	gboolean copied = FALSE;

	*unmade = FALSE;
	if (row_is_bound(row))
		return TRUE;
	if (!op_last_move(store, row->id, TRUE, &last, error))
		return FALSE;
	g_free(last.key);
	*unmade = last.op && last.verb == OP_APPEND &&
	          (last.state == OP_WAITING || last.state == OP_HELD || last.state == OP_FAILED);
	if (*unmade && !op_is_copied(store, row->id, &copied, error))
		return FALSE;
	*unmade = *unmade && !copied;
	return TRUE;
}

static gboolean
write_change(struct store *store, const struct row_state *row, const struct op_spec *change, gboolean at_once,
             GError **error)
{
	struct row_state now;
	gboolean ok;

	row_state_copy(&now, row);
	fold(&now, change->add, change->remove, change->keywords_add, change->keywords_remove);
	ok = row_write_flags(store, row, &now, error) && (!at_once || masks_absorb(store, &now, error));
	row_state_clear(&now);
	return ok;
}

gboolean
journal_flag_row(struct store *store, struct journal *journal, const struct row_state *row, guint add,
                 guint remove, const char *keywords_add, const char *keywords_remove, gint64 *op,
                 GError **error)
{
	const struct op_spec spec = {.verb = OP_FLAG,
	                             .folder = row->folder,
	                             .add = add,
	                             .remove = remove,
	                             .keywords_add = keywords_add,
	                             .keywords_remove = keywords_remove,
	                             .arg = journal->unasked ? OP_UNASKED : NULL};
	gboolean unmade;

	*op = 0;
	if (changes_nothing(row, add, remove, keywords_add, keywords_remove))
		return TRUE;
	if (!is_unmade(store, row, &unmade, error))
		return FALSE;
	/* An append carries only the mark that its message had elsewhere. */
	unmade = unmade && !(add & FLAG_DELETED);
	if (!unmade &&
	    (!journal_op(store, journal, &spec, op, error) || !op_join(store, *op, row->id, 0, error)))
		return FALSE;
	return write_change(store, row, &spec, unmade, error);
}

/* What differs for the person: those bits and words are what undo gives back. */
static gboolean
note_flags(struct store *store, struct journal *journal, const struct row_state *row, guint add, guint remove,
           const char *keywords_add, const char *keywords_remove, gint64 op, GError **error)
{
	guint shown = row_shown(row);
	g_autofree char *words = keywords_apply(row->keywords, row->keywords_add, row->keywords_remove);
	g_autofree char *added = keywords_apply(NULL, keywords_add, words);
	g_autofree char *lasting = keywords_apply(words, NULL, keywords_remove);
	g_autofree char *removed = keywords_apply(words, NULL, lasting);
	struct entry entry = {.verb = OP_FLAG,
	                      .op = op,
	                      .subject = row->id,
	                      .origin = row->folder,
	                      .added = add & ~shown,
	                      .removed = remove & shown,
	                      .text1 = added,
	                      .text2 = removed};

	/* A wish that changes nothing may have made an op all the same: the server may see it otherwise. */
	return (!op && !entry.added && !entry.removed && !added && !removed) ||
	       journal_note(store, journal, &entry, error);
}

static gboolean
flag_id(struct store *store, struct journal *journal, msgid id, guint add, guint remove,
        const char *keywords_add, const char *keywords_remove, GError **error)
{
	struct row_state row;
	gint64 op;
	gboolean ok = FALSE;
	int found = row_state_by_id(store, id, &row, error);

	if (found > 0 && row.folder)
		ok = journal_flag_row(store, journal, &row, add, remove, keywords_add, keywords_remove, &op,
		                      error) &&
		     note_flags(store, journal, &row, add, remove, keywords_add, keywords_remove, op, error);
	else if (found >= 0)
		store_fail_gone(id, error);
	row_state_clear(&row);
	return ok;
}

gboolean
store_journal_flags(struct store *store, const msgid *ids, guint n, guint add, guint remove,
                    const char *keywords_add, const char *keywords_remove, gint64 *step, GError **error)
{
	struct journal journal;
	gboolean ok = TRUE;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	keywords_add = keywords_add && *keywords_add ? keywords_add : NULL;
	keywords_remove = keywords_remove && *keywords_remove ? keywords_remove : NULL;
	for (guint i = 0; ok && i < n; i++)
		ok = flag_id(store, &journal, ids[i], add & ~remove, remove, keywords_add, keywords_remove,
		             error);
	return journal_end(store, &journal, ok, error);
}

gboolean
store_journal_seen(struct store *store, const msgid *ids, guint n, GError **error)
{
	struct journal journal;
	gboolean ok = TRUE;

	if (!journal_begin(store, &journal, NULL, error))
		return FALSE;
	journal.unasked = TRUE;
	for (guint i = 0; ok && i < n; i++)
		ok = flag_id(store, &journal, ids[i], FLAG_SEEN, 0, NULL, NULL, error);
	return journal_end(store, &journal, ok, error);
}

/* ---- whole folders ---- */

/* Rows of folder that are not as add and remove want them. */
static gboolean
rows_that_differ(struct store *store, gint64 folder, guint add, guint remove, GArray *out, GError **error)
{
	static const char sql[] = "SELECT id FROM message WHERE folder = ?1 AND"
	                          " ((((base | pending_add) & ~pending_remove) & ?2) <> ?2"
	                          " OR (((base | pending_add) & ~pending_remove) & ?3) <> 0) ORDER BY id";

	return store_ids(store, sql, VALUES(folder, add, remove), out, error);
}

static gboolean
flag_all(struct store *store, struct journal *journal, gint64 folder, guint add, guint remove, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct op_spec spec = {.verb = OP_FLAG, .folder = folder, .add = add, .remove = remove};
	struct entry entry = {.verb = OP_FLAG};
	struct store_folder *now;
	gboolean whole, ok = folder_is_usable(store, folder, error) && store_flush(store, error) &&
	                     folder_uid_limit(store, folder, &spec.upto, error) &&
	                     rows_that_differ(store, folder, add, remove, ids, error);

	now = ok ? store_folder_by_id(store, folder, error) : NULL;
	if (!now)
		return FALSE;
	whole = now->complete;
	store_folder_free(now);
	/* Where every row is here and as it shall be there is nothing to say. */
	if (!ids->len && whole)
		return TRUE;
	entry.origin = folder;
	ok = journal_op(store, journal, &spec, &entry.op, error) &&
	     journal_note(store, journal, &entry, error);
	journal->n--; /* the folder is none of the rows */
	for (guint i = 0; ok && i < ids->len; i++)
		ok = flag_id(store, journal, g_array_index(ids, msgid, i), add, remove, NULL, NULL, error);
	return ok;
}

gboolean
store_journal_flag_all(struct store *store, gint64 folder, guint add, guint remove, gint64 *step,
                       GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, flag_all(store, &journal, folder, add & ~remove, remove, error),
	                   error);
}

/* ---- rows that come after the op on their folder ---- */

struct wide_op {
	gint64 id;
	gboolean empties, begun;
};

gboolean
masks_join_wide(struct store *store, gint64 folder, msgid id, guint64 uid, GError **error)
{
	static const char sql[] = "SELECT id, verb, attempts FROM op WHERE folder = ?1 AND upto > ?2 AND "
	                          "state <> ?3 ORDER BY id";
	g_autoptr(GArray) ops = g_array_new(FALSE, FALSE, sizeof(struct wide_op));
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder, (gint64)uid, OP_FAILED), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct wide_op op = {sqlite3_column_int64(statement, 0),
		                     sqlite3_column_int64(statement, 1) == OP_EMPTY,
		                     sqlite3_column_int64(statement, 2) > 0};

		g_array_append_val(ops, op);
	}
	for (guint i = 0; result >= 0 && i < ops->len; i++) {
		const struct wide_op *op = &g_array_index(ops, struct wide_op, i);
		struct row_state row;
		gboolean ok;

		ok = row_state_get(store, id, &row, error) && op_join(store, op->id, id, 0, error) &&
		     (!op->empties || row.folder == 0 || limbo_put(store, &row, op->id, error)) &&
		     (!op->empties || !op->begun || place_note_marked(store, id, error));
		row_state_clear(&row);
		if (!ok)
			return FALSE;
	}
	return result >= 0 && masks_settle(store, id, NULL, error);
}
