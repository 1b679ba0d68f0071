#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "store/undo-private.h"

/* Taking a step back, its last entry first. What the server has not heard of leaves its op; what it has done
 * gets the inverse op, which belongs to no step. What somebody has changed since is left as it is. */

struct memory {
	struct entry entry;
	char *text[3];
};

/* ---- what is remembered ---- */

static void
memory_free(gpointer data)
{
	struct memory *memory = data;

	for (guint i = 0; i < G_N_ELEMENTS(memory->text); i++)
		g_free(memory->text[i]);
	g_free(memory);
}

static gboolean
read_entries(struct store *store, struct past *past, GError **error)
{
	static const char sql[] =
	        "SELECT verb, op, subject, origin, target, added, removed, text1, text2, text3"
	        " FROM step_entry WHERE step = ?1 ORDER BY seq";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(past->step), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct memory *memory = g_new0(struct memory, 1);

		for (int i = 0; i < (int)G_N_ELEMENTS(memory->text); i++)
			memory->text[i] = g_strdup((const char *)sqlite3_column_text(statement, 7 + i));
		memory->entry = (struct entry){(enum op_verb)sqlite3_column_int(statement, 0),
		                               sqlite3_column_int64(statement, 1),
		                               sqlite3_column_int64(statement, 2),
		                               sqlite3_column_int64(statement, 3),
		                               sqlite3_column_int64(statement, 4),
		                               sqlite3_column_int64(statement, 5),
		                               sqlite3_column_int64(statement, 6),
		                               memory->text[0],
		                               memory->text[1],
		                               memory->text[2]};
		g_ptr_array_add(past->entries, memory);
	}
	return result >= 0;
}

/* ---- how far the op of an entry has come ---- */

static enum progress
progress_in(enum op_state state, gint64 attempts)
{
	if (state == OP_RUNNING || state == OP_CHECKING)
		return OP_UNDER_WAY;
	return state == OP_FAILED || attempts == 0 ? OP_STILL_HERE : OP_BEGUN;
}

/* Of a row (0: of the op as a whole). */
static gboolean
progress_of(struct store *store, gint64 op, msgid row, enum progress *out, gboolean *wide, GError **error)
{
	static const char whole[] = "SELECT state, attempts, upto > 0 FROM op WHERE id = ?1";
	static const char of_row[] = "SELECT state, attempts, upto > 0 FROM op WHERE id = ?1 AND EXISTS"
	                             " (SELECT 1 FROM op_row WHERE op_row.op = ?1 AND op_row.id = ?2)";
	sqlite3_stmt *statement = row ? store_sql(store, of_row, VALUES(op, row), error)
	                              : store_sql(store, whole, VALUES(op), error);
	int result = statement ? store_step(store, statement, error) : -1;

	*out = OP_GONE;
	*wide = FALSE;
	if (result <= 0)
		return result == 0;
	*out = progress_in((enum op_state)sqlite3_column_int(statement, 0),
	                   sqlite3_column_int64(statement, 1));
	*wide = sqlite3_column_int(statement, 2) != 0;
	sqlite3_reset(statement);
	return TRUE;
}

gboolean
undo_drop_whole(struct store *store, struct past *past, gint64 id, GError **error)
{
	struct store_op *op;
	gboolean ok = op_read(store, id, &op, error) && (!op || effect_drop(store, op, error));

	for (guint i = 0; op && i < op->ids->len; i++)
		idset_add(past->let_go, g_array_index(op->ids, msgid, i));
	store_op_free(op);
	idset_add(past->dropped, id);
	return ok;
}

/* ---- rows ---- */

static gboolean
undo_flag(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
          GError **error)
{
	enum progress progress;
	gboolean wide;
	gint64 op;

	/* A row that left it before then is changed by itself. */
	if (g_hash_table_contains(past->dropped, &entry->op) && g_hash_table_contains(past->let_go, &row->id))
		return TRUE;
	if (!progress_of(store, entry->op, row->id, &progress, &wide, error))
		return FALSE;
	if (progress == OP_STILL_HERE && wide)
		return undo_drop_whole(store, past, entry->op, error);
	/* Flags are said again, not verified, after a fault: what the server may have done is undone there.
	 */
	if (progress == OP_STILL_HERE)
		return op_leave(store, entry->op, row->id, error) &&
		       masks_settle(store, row->id, NULL, error);
	if (row->folder == 0)
		return TRUE;
	return journal_flag_row(store, &past->journal, row, (guint)entry->removed & ~row_shown(row),
	                        (guint)entry->added & row_shown(row), entry->text2, entry->text1, &op, error);
}

gboolean
undo_leave_failed(struct store *store, const struct entry *entry, msgid id, GError **error)
{
	struct op_link last;

	if (!op_last_move(store, id, TRUE, &last, error))
		return FALSE;
	g_free(last.key);
	return last.op != entry->op || last.state != OP_FAILED || op_leave(store, last.op, id, error);
}

static gboolean
undo_move(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
          GError **error)
{
	gint64 op;

	if (row->folder != entry->target)
		return undo_leave_failed(store, entry, row->id, error);
	if (!folder_is_usable(store, entry->origin, NULL)) {
		past->undone.lost++;
		return TRUE;
	}
	return journal_move_row(store, &past->journal, row, entry->origin, &op, error);
}

gboolean
undo_making(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
            GError **error)
{
	gint64 op;

	if (row->folder == 0)
		return undo_leave_failed(store, entry, row->id, error);
	return journal_purge_row(store, &past->journal, row, &op, error);
}

/* What will be a copy of source as that is now shall be flagged as row is. */
static gboolean
keep_flags(struct store *store, struct past *past, struct row_state *row, const struct row_state *source,
           GError **error)
{
	g_autofree char *words = keywords_apply(row->keywords, row->keywords_add, row->keywords_remove);
	g_autofree char *theirs =
	        keywords_apply(source->keywords, source->keywords_add, source->keywords_remove);
	g_autofree char *added = keywords_apply(words, NULL, theirs);
	g_autofree char *removed = keywords_apply(theirs, NULL, words);
	guint shown = row_shown(row), copied = row_shown(source) & ~(guint)FLAG_DELETED;
	struct row_state now;
	gboolean ok;
	gint64 op;

	if (!row_write_base(store, row, copied, theirs, error) || !row_state_get(store, row->id, &now, error))
		return FALSE;
	ok = journal_flag_row(store, &past->journal, &now, shown & ~copied, copied & ~shown, added, removed,
	                      &op, error);
	row_state_clear(&now);
	return ok;
}

static gboolean
copy_again(struct store *store, struct past *past, struct row_state *row, gint64 folder, msgid source,
           gboolean *done, GError **error)
{
	struct op_spec spec = {.verb = OP_COPY, .to = folder};
	struct row_state from;
	gint64 op;
	int found = row_state_by_id(store, source, &from, error);
	gboolean ok = found >= 0;

	*done = found > 0 && from.folder;
	spec.folder = found > 0 ? from.folder : 0;
	if (*done)
		ok = journal_op(store, &past->journal, &spec, &op, error) &&
		     op_join(store, op, row->id, source, error) && row_send(store, row, folder, error) &&
		     keep_flags(store, past, row, &from, error);
	row_state_clear(&from);
	return ok;
}

gboolean
undo_give_back(struct store *store, struct past *past, struct row_state *row, gint64 folder, msgid source,
               GError **error)
{
	gboolean done = FALSE;

	if (folder_is_usable(store, folder, NULL)) {
		if (store_has_part(store, row->id, "") || drop_has(store, row->id))
			return journal_append_row(store, &past->journal, row, folder, error);
		if (source && !copy_again(store, past, row, folder, source, &done, error))
			return FALSE;
	}
	past->undone.lost += !done;
	return TRUE;
}

gboolean
undo_bring_back(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
                GError **error)
{
	gint64 op;

	if (!op_leave(store, entry->op, row->id, error) || !row_settle(store, row, NULL, error))
		return FALSE;
	if (row->folder == 0 || !folder_is_usable(store, entry->origin, NULL))
		return TRUE;
	return journal_move_row(store, &past->journal, row, entry->origin, &op, error);
}

static gboolean
undo_purge(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
           GError **error)
{
	enum progress progress;
	gboolean wide;

	if (row->folder)
		return undo_leave_failed(store, entry, row->id, error);
	if (!progress_of(store, entry->op, row->id, &progress, &wide, error))
		return FALSE;
	if (progress == OP_UNDER_WAY)
		return effect_fail_under_way(error);
	if (progress != OP_GONE && !undo_bring_back(store, past, entry, row, error))
		return FALSE;
	return row->folder || undo_give_back(store, past, row, entry->origin, entry->added, error);
}

/* One line for each: key, row, whether it was a move, target (as far as a name goes on a line). */
static const char to_reach[] = "undo-to-reach";

static void
note_transfer(struct past *past, const struct store_undo_transfer *transfer)
{
	g_string_append_printf(past->to_reach, "%s %" G_GINT64_FORMAT " %d %.*s\n", transfer->key,
	                       transfer->id, transfer->move, (int)strcspn(transfer->target, "\n"),
	                       transfer->target);
}

static gboolean
remember_transfers(struct store *store, const struct past *past, GError **error)
{
	g_autofree char *known = past->to_reach->len ? store_get(store, to_reach) : NULL;

	g_string_prepend(past->to_reach, known ? known : "");
	return !past->to_reach->len || store_set(store, to_reach, past->to_reach->str, error);
}

gboolean
store_undo_to_reach(struct store *store, GArray *transfers, GError **error)
{
	g_autofree char *known = store_get(store, to_reach);
	g_auto(GStrv) lines = g_strsplit(known ? known : "", "\n", -1);

	for (char **line = lines; *line && **line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 4);
		struct store_undo_transfer transfer = {0};

		if (g_strv_length(words) < 4) {
			store_fail_damaged(store, "undo", error);
			return FALSE;
		}
		g_strlcpy(transfer.key, words[0], sizeof transfer.key);
		transfer.id = g_ascii_strtoll(words[1], NULL, 10);
		transfer.move = *words[2] == '1';
		transfer.target = g_strdup(words[3]);
		g_array_append_val(transfers, transfer);
	}
	return TRUE;
}

gboolean
store_undo_reached(struct store *store, GError **error)
{
	return store_set(store, to_reach, NULL, error);
}

static gboolean
undo_transfer(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
              GError **error)
{
	struct store_undo_transfer transfer = {
	        .target = g_strdup(entry->text2), .id = row->id, .move = entry->added != 0};
	enum progress progress;
	gboolean wide, ok;

	g_strlcpy(transfer.key, entry->text1 ? entry->text1 : "", sizeof transfer.key);
	ok = progress_of(store, entry->op, row->id, &progress, &wide, error);
	if (ok && progress == OP_UNDER_WAY)
		ok = effect_fail_under_way(error);
	if (ok && progress != OP_GONE) {
		transfer.op = entry->op;
		ok = undo_bring_back(store, past, entry, row, error);
	}
	if (ok && transfer.move && row->folder == 0)
		ok = undo_give_back(store, past, row, entry->origin, 0, error);
	if (ok)
		note_transfer(past, &transfer);
	if (ok && past->transfers)
		g_array_append_val(past->transfers, transfer);
	else
		g_free(transfer.target);
	return ok;
}

void
undo_note_back(struct past *past, const struct row_state *row)
{
	if (past->undone.back && key_compare(&row->key, &past->newest) < 0)
		return;
	past->newest = row->key;
	past->undone.back = row->id;
	past->undone.folder = row->folder;
}

typedef gboolean (*row_undo)(struct store *store, struct past *past, const struct entry *entry,
                             struct row_state *row, GError **error);

static gboolean
undo_row(struct store *store, struct past *past, const struct entry *entry, row_undo undo, GError **error)
{
	struct row_state row;
	int found = row_state_by_id(store, entry->subject, &row, error);
	gint64 stood = found > 0 ? row.folder : 0;
	gboolean ok = found == 0 || (found > 0 && undo(store, past, entry, &row, error));

	if (ok && found > 0 && row.folder && row.folder != stood)
		undo_note_back(past, &row);

	/* What is not here any more is missed only when it was to come back. */
	if (found == 0 && (entry->verb == OP_PURGE || (entry->verb == OP_TRANSFER && entry->added)))
		past->undone.lost++;
	row_state_clear(&row);
	return ok;
}

/* ---- all of it ---- */

/* Of the verbs that are about messages; undo-folders.c has the others. */
G_STATIC_ASSERT(OP_VERBS == 12);
static const row_undo undos[OP_VERBS] = {
        [OP_FLAG] = undo_flag,       [OP_MOVE] = undo_move,     [OP_COPY] = undo_making,
        [OP_PURGE] = undo_purge,     [OP_APPEND] = undo_making, [OP_TRANSFER] = undo_transfer,
        [OP_REPLACE] = undo_replace,
};

static gboolean
take_folder_back(struct store *store, struct past *past, const struct entry *entry, GError **error)
{
	enum progress progress;
	gboolean wide;

	if (!progress_of(store, entry->op, 0, &progress, &wide, error))
		return FALSE;
	/* What was left of it after a fault was verified. */
	if (progress == OP_BEGUN)
		progress = OP_STILL_HERE;
	return undo_folder(store, past, entry, progress, error);
}

/* An op on a whole folder that concerned none of the rows that were here. */
static gboolean
undo_wide(struct store *store, struct past *past, const struct entry *entry, GError **error)
{
	enum progress progress;
	gboolean wide;

	return progress_of(store, entry->op, 0, &progress, &wide, error) &&
	       (progress != OP_STILL_HERE || undo_drop_whole(store, past, entry->op, error));
}

static gboolean
take_entry_back(struct store *store, struct past *past, const struct entry *entry, GError **error)
{
	if (entry->verb >= OP_VERBS) {
		store_fail_damaged(store, "undo", error);
		return FALSE;
	}
	if (entry->verb == OP_FLAG && !entry->subject)
		return undo_wide(store, past, entry, error);
	return undos[entry->verb] ? undo_row(store, past, entry, undos[entry->verb], error)
	                          : take_folder_back(store, past, entry, error);
}

/* A copy that never came about is made again of its source, which may have gone with it. */
static gboolean
needs_its_source(const struct entry *entry)
{
	return entry->verb == OP_PURGE && entry->added;
}

static gboolean
take_back(struct store *store, struct past *past, GError **error)
{
	int before = sqlite3_total_changes(store->db);

	for (guint i = past->entries->len; i-- > 0;) {
		const struct entry *entry = &((const struct memory *)past->entries->pdata[i])->entry;

		if (!needs_its_source(entry) && !take_entry_back(store, past, entry, error))
			return FALSE;
	}
	for (guint i = 0; i < past->entries->len; i++) {
		const struct entry *entry = &((const struct memory *)past->entries->pdata[i])->entry;

		if (needs_its_source(entry) && !take_entry_back(store, past, entry, error))
			return FALSE;
	}
	past->undone.changed = sqlite3_total_changes(store->db) != before;
	return TRUE;
}

static gboolean
forget_step(struct store *store, gint64 step, GError **error)
{
	static const char entries[] = "DELETE FROM step_entry WHERE step = ?1";
	static const char row[] = "DELETE FROM step WHERE id = ?1";

	return store_run(store, entries, VALUES(step), error) && store_run(store, row, VALUES(step), error);
}

static gboolean
find_step(struct store *store, gint64 wanted, gint64 *step, GError **error)
{
	static const char sql[] = "SELECT max(id) FROM step WHERE ?1 IN (0, id)";

	if (!store_number(store, sql, VALUES(wanted), 0, step, error))
		return FALSE;
	if (!*step)
		fulmar_fail(error, FULMAR_FAILED, _("There is nothing to undo"));
	return *step != 0;
}

static void
drop_transfers(GArray *transfers, guint from)
{
	for (guint i = from; i < transfers->len; i++)
		g_free(g_array_index(transfers, struct store_undo_transfer, i).target);
	g_array_set_size(transfers, from);
}

gboolean
store_undo_take_back(struct store *store, gint64 step, struct store_undone *undone, GArray *transfers,
                     GError **error)
{
	struct past past = {.transfers = transfers};
	guint had = transfers ? transfers->len : 0;
	gboolean ok;

	if (!journal_begin(store, &past.journal, NULL, error))
		return FALSE;
	past.entries = g_ptr_array_new_with_free_func(memory_free);
	past.to_reach = g_string_new(NULL);
	past.dropped = idset_new();
	past.let_go = idset_new();
	ok = find_step(store, step, &past.step, error) && read_entries(store, &past, error) &&
	     take_back(store, &past, error) && remember_transfers(store, &past, error) &&
	     forget_step(store, past.step, error);
	g_string_free(past.to_reach, TRUE);
	g_ptr_array_unref(past.entries);
	g_hash_table_unref(past.dropped);
	g_hash_table_unref(past.let_go);
	ok = journal_end(store, &past.journal, ok, error);
	if (!ok && transfers)
		drop_transfers(transfers, had);
	if (ok && undone)
		*undone = past.undone;
	return ok;
}
