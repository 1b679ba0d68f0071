#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* What became of messages on the server, as the carrying out of an op told it. */

/* ---- two rows that are one message ---- */

static gboolean
repoint(struct store *store, msgid from, msgid to, GError **error)
{
	static const char rows[] = "UPDATE OR IGNORE op_row SET id = ?2 WHERE id = ?1";
	static const char sources[] = "UPDATE op_row SET source = ?2 WHERE source = ?1";
	static const char entries[] = "UPDATE step_entry SET subject = ?2 WHERE subject = ?1 AND verb NOT"
	                              " BETWEEN 5 AND 9";
	static const char dropped[] = "UPDATE maildrop SET msg = ?2 WHERE msg = ?1";
	static const char replaced[] = "UPDATE step_entry SET added = ?2 WHERE added = ?1 AND verb = 11";

	G_STATIC_ASSERT(OP_EMPTY == 5 && OP_SUBSCRIBE == 9 && OP_REPLACE == 11);
	return store_run(store, rows, VALUES(from, to), error) &&
	       store_run(store, dropped, VALUES(from, to), error) &&
	       store_run(store, replaced, VALUES(from, to), error) &&
	       store_run(store, sources, VALUES(from, to), error) &&
	       store_run(store, entries, VALUES(from, to), error);
}

static gboolean
take_bodies(struct store *store, const struct row_state *from, const struct row_state *to, GError **error)
{
	static const char structure[] = "INSERT OR IGNORE INTO structure SELECT ?2, tree FROM structure"
	                                " WHERE id = ?1";
	guint bodies = HAVE_PART | HAVE_WHOLE, had = to->have;

	if ((from->have & HAVE_STRUCTURE) && !(had & HAVE_STRUCTURE) &&
	    (!store_run(store, structure, VALUES(from->id, to->id), error) ||
	     !row_set_have(store, to->id, HAVE_STRUCTURE, 0, error)))
		return FALSE;
	if (!(from->have & bodies) || (had & HAVE_WHOLE))
		return TRUE;
	return bodies_share(store, from->id, to->id, error) &&
	       (!((from->have | had) & HAVE_TEXT) || row_set_have(store, to->id, HAVE_TEXT, 0, error));
}

/* The row with the older id stays: more knows of it. spot: where the server has the message. */
static gboolean
merge(struct store *store, msgid id, msgid other, struct spot *spot, msgid *stays, GError **error)
{
	struct row_state keep, lose;
	gboolean ok;

	*stays = MIN(id, other);
	ok = row_state_get(store, *stays, &keep, error);
	if (!ok || !row_state_get(store, MAX(id, other), &lose, error)) {
		row_state_clear(&keep);
		return FALSE;
	}
	g_clear_pointer(&spot->file, g_free);
	ok = place_of(store, other == keep.id ? &keep : &lose, spot, error) &&
	     take_bodies(store, &lose, &keep, error) && repoint(store, lose.id, keep.id, error) &&
	     /* The one that came from the server knows the flags there. */
	     (other == keep.id || row_write_base(store, &keep, lose.base, lose.keywords, error));
	row_state_clear(&lose);
	ok = ok && row_state_get(store, MAX(id, other), &lose, error) && row_remove(store, &lose, error);
	row_state_clear(&keep);
	row_state_clear(&lose);
	return ok && masks_settle(store, *stays, NULL, error);
}

/* ---- moved ---- */

/* The folder's counters are as the server said them last: do they include the message? Of files nobody tells,
 * so the folders are counted as they change. */
static gboolean
count_arrival(struct store *store, const struct row_state *row, const struct spot *from,
              const struct spot *at, GError **error)
{
	static const char next[] = "SELECT max(uidnext, server_uidnext) FROM folder WHERE id = ?1";
	static const char told[] = "UPDATE folder SET server_uidnext = ?2 WHERE id = ?1";
	struct folder_delta *delta = folder_delta(store, at->folder);
	gboolean unread = !(row->base & FLAG_SEEN);
	gint64 known = 0;

	if (!at->uid && !at->file)
		return TRUE;
	if (!at->file && !store_number(store, next, VALUES(at->folder), 0, &known, error))
		return FALSE;
	if ((gint64)at->uid < known)
		return TRUE;
	delta->server_total++;
	delta->server_unread += unread;
	if (!at->file)
		return store_run(store, told, VALUES(at->folder, (gint64)at->uid + 1), error);
	if (from->file) {
		folder_delta(store, from->folder)->server_total--;
		folder_delta(store, from->folder)->server_unread -= unread;
	}
	return TRUE;
}

/* FALSE in *same: an op has brought the other row to the UID where the server has it, so it is of a message
 * of its own. One that the server showed there since an op began, when mark_id was the last row, has its
 * order by that UID. */
static gboolean
is_same(struct store *store, msgid other, gint64 mark_id, gint64 attempts, gboolean *same, GError **error)
{
	static const char sql[] = "SELECT ord = coalesce(message.uid, place.uid) FROM message"
	                          " LEFT JOIN place ON place.id = message.id WHERE message.id = ?1";
	gint64 shown;

	if (!store_number(store, sql, VALUES(other), 0, &shown, error))
		return FALSE;
	/* mark_id is that of the last attempt. */
	*same = shown && (attempts > 1 || other > mark_id);
	return TRUE;
}

gboolean
store_shown_since(struct store *store, msgid id, const struct store_op *op)
{
	gboolean same;

	return is_same(store, id, op->mark_row, op->attempts, &same, NULL) && same;
}

/* It was taken to be where id is: it is looked for again. */
static gboolean
evict(struct store *store, msgid other, gint64 folder, GError **error)
{
	struct row_state row;
	gboolean ok = row_state_get(store, other, &row, error) && row_let_go(store, &row, error) &&
	              identity_await(store, folder, other, 0, error) && row_settle(store, &row, NULL, error);

	row_state_clear(&row);
	return ok;
}

/* A row made for the message meanwhile: at its UID or file, or, when that is not known, like it. *known: at
 * was a row's already, and is counted. */
static gboolean
find_other(struct store *store, msgid id, const struct spot *at, const struct op_link *link, msgid *other,
           gboolean *known, GError **error)
{
	gboolean ok = TRUE, same = TRUE;

	*other = 0;
	if (at->uid || at->file)
		ok = place_find(store, at->folder, at->uid, at->uid ? NULL : at->file, other, error);
	else if (link->op)
		ok = identity_double(store, at->folder, id, link->mark_id, other, error);
	*known = *other != 0;
	if (!ok || !*other || at->file)
		return ok;
	ok = is_same(store, *other, link->mark_id, link->attempts, &same, error) &&
	     (same || !at->uid || evict(store, *other, at->folder, error));
	if (!same)
		*other = 0;
	return ok;
}

/* Takes from row id what the server had it by, and lets another row that is the same message go into it. */
static gboolean
make_one(struct store *store, msgid id, struct spot *at, const struct op_link *link, msgid *stays,
         GError **error)
{
	struct row_state row;
	struct spot from = {0};
	gboolean known = FALSE;
	msgid other = 0;
	gboolean ok = row_state_get(store, id, &row, error) && place_of(store, &row, &from, error) &&
	              row_let_go(store, &row, error) &&
	              find_other(store, id, at, link, &other, &known, error) &&
	              (known || count_arrival(store, &row, &from, at, error));

	g_free(from.file);
	row_state_clear(&row);
	*stays = id;
	return ok && (!other || merge(store, id, other, at, stays, error));
}

static gboolean
settle(struct store *store, msgid id, struct spot *at, const struct op_link *link, GError **error)
{
	struct row_state row;
	gboolean ok;

	if (!make_one(store, id, at, link, &id, error))
		return FALSE;
	ok = row_state_get(store, id, &row, error) && row_let_go(store, &row, error);
	if (ok && !at->uid && !at->file)
		ok = identity_await(store, at->folder, id, (guint64)link->mark, error) &&
		     row_settle(store, &row, NULL, error);
	else if (ok)
		ok = row_settle(store, &row, at, error);
	row_state_clear(&row);
	return ok;
}

gboolean
moved_row(struct store *store, gint64 op, msgid id, gint64 folder, guint64 uid, const char *file,
          GError **error)
{
	static const char exists[] = "SELECT EXISTS (SELECT 1 FROM message WHERE id = ?1)";
	struct spot at = {folder, uid, g_strdup(file)};
	struct op_link link = {0};
	gint64 here;
	gboolean ok;

	ok = store_number(store, exists, VALUES(id), 0, &here, error);
	if (ok && here) {
		ok = op_moving(store, op, id, &link, error) &&
		     (!link.op || op_leave(store, link.op, id, error)) &&
		     settle(store, id, &at, &link, error);
		g_free(link.key);
	}
	g_free(at.file);
	return ok;
}

gboolean
store_moved(struct store *store, gint64 op, msgid id, gint64 folder, guint64 uidvalidity, guint64 uid,
            const char *file, GError **error)
{
	static const char sql[] = "SELECT uidvalidity FROM folder WHERE id = ?1";
	static const char learn[] = "UPDATE folder SET uidvalidity = ?2 WHERE id = ?1";
	gint64 known;
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = store_number(store, sql, VALUES(folder), -1, &known, error);
	if (ok && known < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("The folder is not in the store any more"));
		ok = FALSE;
	}
	/* A folder that was never opened has no row that could be of another one. */
	if (ok && known == 0 && uidvalidity && uid) {
		ok = store_run(store, learn, VALUES(folder, (gint64)uidvalidity), error);
		known = (gint64)uidvalidity;
		folders_forget(store);
	}
	if ((guint64)known != uidvalidity)
		uid = 0;
	ok = ok && moved_row(store, op, id, folder, uid, file, error);
	return store_leave(store, own, ok, error);
}

/* ---- gone ---- */

/* Its day in limbo begins now. */
static gboolean
rest(struct store *store, struct row_state *row, gint64 op, GError **error)
{
	static const char sql[] = "UPDATE limbo SET since = ?2 WHERE id = ?1";

	if (row->folder)
		return limbo_put(store, row, op, error);
	return store_run(store, sql, VALUES(row->id, g_get_real_time() / G_USEC_PER_SEC), error);
}

gboolean
purged_row(struct store *store, gint64 op, msgid id, GError **error)
{
	struct row_state row;
	int found = row_state_by_id(store, id, &row, error);
	gboolean ok = found == 0;

	if (found > 0)
		ok = row_let_go(store, &row, error) && rest(store, &row, op ? op : LIMBO_MADE_HERE, error) &&
		     journal_forget_row(store, id, error) && masks_settle(store, id, NULL, error);
	row_state_clear(&row);
	return ok;
}

gboolean
store_purged(struct store *store, gint64 op, msgid id, GError **error)
{
	gboolean own, ok;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	ok = purged_row(store, op, id, error);
	return store_leave(store, own, ok, error);
}

/* A copy that could not be made is nowhere, and its look is that of its source. */
static gboolean
gone(struct store *store, struct row_state *row, GError **error)
{
	struct op_link last;
	gboolean made_here, wished = row->folder == 0;

	if (!op_last_move(store, row->id, TRUE, &last, error))
		return FALSE;
	g_free(last.key);
	made_here = last.op && (last.verb == OP_COPY || last.verb == OP_APPEND);
	return row_let_go(store, row, error) && rest(store, row, made_here ? LIMBO_MADE_HERE : 0, error) &&
	       journal_forget_row(store, row->id, error) && masks_settle(store, row->id, NULL, error) &&
	       (made_here || wished || identity_expect(store, 0, row->id, error));
}

gboolean
store_gone(struct store *store, gint64 op, msgid id, GError **error)
{
	gboolean own;

	return store_enter(store, TRUE, &own, error) &&
	       store_leave(store, own, row_if_here(store, id, gone, error), error);
}
