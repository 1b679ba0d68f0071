#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Where a row is shown follows from its ops and from where the server has it, as its flags do: the last op
 * that moves it and has not failed decides, else the server. What has neither rests in limbo. */

gboolean
row_let_go(struct store *store, struct row_state *row, GError **error)
{
	if (!identity_forget(store, row->id, error))
		return FALSE;
	if (!row_is_bound(row))
		return place_unmark(store, row, error) && place_drop(store, row, error);
	return row_relocate(store, row, row->folder, 0, NULL, error);
}

/* *folder 0: limbo, because of *why. */
static gboolean
shown_in(struct store *store, const struct row_state *row, const struct spot *at, gint64 *folder, gint64 *why,
         GError **error)
{
	struct op_link last, failed = {0};
	struct spot spot;
	gboolean made_here;

	if (!op_last_move(store, row->id, FALSE, &last, error))
		return FALSE;
	g_free(last.key);
	*folder = last.to;
	*why = last.op;
	if (last.op)
		return TRUE;
	if (at) {
		*folder = at->folder;
		return TRUE;
	}
	if (!op_last_move(store, row->id, TRUE, &failed, error))
		return FALSE;
	g_free(failed.key);
	/* What was to be made exists here alone; an append is kept in sight. */
	made_here = failed.op && (failed.verb == OP_COPY || failed.verb == OP_APPEND);
	*why = made_here ? LIMBO_MADE_HERE : 0;
	*folder = failed.verb == OP_APPEND ? failed.to : 0;
	if (made_here)
		return TRUE;
	if (!place_of(store, row, &spot, error))
		return FALSE;
	g_free(spot.file);
	*folder = spot.folder;
	return spot.folder || identity_where(store, row->id, folder, error);
}

static gboolean
record(struct store *store, struct row_state *row, gint64 folder, const struct spot *at, GError **error)
{
	if (at->folder == folder)
		return row_relocate(store, row, folder, at->uid, at->file, error);
	return place_put(store, row, at->folder, at->uid, at->file, error) &&
	       row_send(store, row, folder, error);
}

gboolean
row_settle(struct store *store, struct row_state *row, const struct spot *at, GError **error)
{
	gint64 folder, why;

	if (!shown_in(store, row, at, &folder, &why, error))
		return FALSE;
	if (at && (folder || row->folder == 0)) {
		if (!record(store, row, folder, at, error))
			return FALSE;
	} else if (folder == 0 && row->folder) {
		if ((at && !place_put(store, row, at->folder, at->uid, at->file, error)) ||
		    !limbo_put(store, row, why, error))
			return FALSE;
		/* It went without anybody's wish: it may turn up. */
		if (!why && !identity_expect(store, 0, row->id, error))
			return FALSE;
	} else if (!row_send(store, row, folder, error)) {
		return FALSE;
	}
	return !at || !at->file || row_set_have(store, row->id, HAVE_WHOLE, 0, error);
}

gboolean
row_if_here(struct store *store, msgid id,
            gboolean (*verb)(struct store *store, struct row_state *row, GError **error), GError **error)
{
	struct row_state row;
	int found = row_state_by_id(store, id, &row, error);
	gboolean ok = found == 0 || (found > 0 && verb(store, &row, error));

	row_state_clear(&row);
	return ok;
}

static gboolean
settle(struct store *store, struct row_state *row, GError **error)
{
	return row_settle(store, row, NULL, error);
}

gboolean
row_settle_id(struct store *store, msgid id, GError **error)
{
	return row_if_here(store, id, settle, error);
}
