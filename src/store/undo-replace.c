#include "store/undo-private.h"

/* A draft that was saved again is what it was before. */

/* What an op is to take away stands where the person saw it again. */
static gboolean
recall(struct store *store, struct past *past, const struct entry *entry, struct row_state *old,
       GError **error)
{
	struct op_link last;
	struct entry purge = {.verb = OP_PURGE, .subject = old->id, .origin = entry->origin};

	if (!op_last_move(store, old->id, TRUE, &last, error))
		return FALSE;
	g_free(last.key);
	purge.op = last.op;
	if (last.op && (last.state == OP_RUNNING || last.state == OP_CHECKING))
		return effect_fail_under_way(error);
	return !last.op || undo_bring_back(store, past, &purge, old, error);
}

/* The text that row replaced comes back: it was on its way out, or row gives its place to it. */
static gboolean
restore(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
        struct row_state *old, GError **error)
{
	gint64 op;

	if (old->folder ? !undo_leave_failed(store, entry, old->id, error)
	                : !recall(store, past, entry, old, error))
		return FALSE;
	if (row->folder == 0 || old->folder)
		return (old->folder || undo_give_back(store, past, old, entry->origin, 0, error)) &&
		       undo_making(store, past, entry, row, error);
	if ((store_has_part(store, old->id, "") || drop_has(store, old->id)) &&
	    folder_is_usable(store, entry->origin, NULL))
		return replace_row(store, &past->journal, old, row, entry->origin, &op, error);
	past->undone.lost++;
	return TRUE;
}

gboolean
undo_replace(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
             GError **error)
{
	struct row_state old;
	int found = row_state_by_id(store, entry->added, &old, error);
	gint64 stood = found > 0 ? old.folder : 0;
	gboolean ok = found >= 0;

	past->undone.lost += found == 0;
	if (found > 0)
		ok = restore(store, past, entry, row, &old, error);
	if (ok && found > 0 && old.folder && old.folder != stood)
		undo_note_back(past, &old);
	row_state_clear(&old);
	return ok;
}
