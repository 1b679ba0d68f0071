#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* OP_EMPTY: all messages of a folder below a UID, named as ranges whatever their number; and which those are,
 * for OP_FLAG of a whole folder.
 *
 * What is not let go loses the mark that it got for that. Of a row it is known whether it had one before; of
 * messages whose headers are not here the server is asked first, and the answer outlives the link. */

enum { RANGES_MOST = 20000 };

static gboolean
exclude(struct backend *b, const struct store_op *op, const struct store_op *other, struct uidset *set,
        GError **error)
{
	for (guint i = 0; i < other->ids->len; i++) {
		msgid id = g_array_index(other->ids, msgid, i);
		gint64 folder;
		guint64 uid;
		int known = store_place(b->env->store, id, &folder, &uid, NULL, error);

		if (known < 0)
			return FALSE;
		if (known && folder == op->folder && uid)
			uidset_remove(set, uid, uid);
	}
	return TRUE;
}

/* Whatever moves a message away that the server still has in this folder: the person took it out of what is
 * meant here, also if that could not be carried out. */
gboolean
imap_below(struct backend *b, const struct store_op *op, struct uidset *out, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (op->upto > 1)
		uidset_add(out, 1, op->upto - 1);
	if (!store_ops(b->env->store, FALSE, 0, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *other = ops->pdata[i];

		if ((other->verb == OP_MOVE || other->verb == OP_TRANSFER) && other->id < op->id &&
		    !exclude(b, op, other, out, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- which were marked before ---- */

static void go_through(struct act *act);

static char *
key_of(const struct act *act)
{
	return g_strdup_printf("emptying.%" G_GINT64_FORMAT, act->op->folder);
}

static void
write_note(struct act *act, const char *text)
{
	g_autofree char *key = key_of(act);
	g_autoptr(GError) error = NULL;

	if (imap_tx(act->b) && !store_set(act->b->env->store, key, text, &error))
		imap_drop(act->b, error);
}

/* FALSE: this op has not asked for them yet. */
static gboolean
read_note(struct act *act)
{
	g_autofree char *key = key_of(act), *text = store_get(act->b->env->store, key);
	char *uids = NULL;

	if (!text || g_ascii_strtoll(text, &uids, 10) != act->op->id || *uids++ != ' ')
		return FALSE;
	return !*uids || uidset_parse(&act->met, uids, strlen(uids), RANGES_MOST);
}

/* Of so many that they are not kept each counts as one of them. */
static void
note_marked(struct act *act)
{
	g_autofree char *uids = NULL, *text = NULL;

	act->met = act->hits;
	uidset_init(&act->hits);
	if (act->met.len > RANGES_MOST)
		uidset_add(&act->met, 1, G_MAXUINT32);
	uids = uidset_format(&act->met);
	text = g_strdup_printf("%" G_GINT64_FORMAT " %s", act->op->id, uids);
	write_note(act, text);
	imap_slice_end(act->b); /* before the first is marked */
	act->noted = TRUE;
	go_through(act);
}

static void
end_empty(struct act *act)
{
	if (act->noted && !act->broken && (!act->refusal || act_is_final(act)))
		write_note(act, NULL);
	act_end(act);
}

/* ---- which are still there ---- */

static void
purge_all(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++)
		act_tell_purged(act, act_at(act, i));
}

/* In hits those of left that are no rows of the op, and have got a mark only from it. */
static void
strays_of(struct act *act, const struct uidset *left)
{
	struct uidset rows, others;

	uidset_init(&rows);
	uidset_init(&others);
	uidset_clear(&act->hits);
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->folder == act->op->folder && act_at(act, i)->uid)
			uidset_add(&rows, act_at(act, i)->uid, act_at(act, i)->uid);
	uidset_subtract(&others, left, &rows);
	/* An earlier attempt may have marked them all. */
	if (act->noted && (act->marked || act->op->attempts > 1))
		uidset_subtract(&act->hits, &others, &act->met);
	uidset_clear(&rows);
	uidset_clear(&others);
}

static void
spare_strays(struct act *act)
{
	act_step(act, end_empty);
	act_send_mark(act, act->op->folder, &act->hits, "-FLAGS.SILENT");
	act_step_end(act);
}

/* The rows of left come back, the others are gone for good. */
static void
sort_out(struct act *act, const struct uidset *left)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->awaited || (row->folder == act->op->folder && uidset_has(left, row->uid))) {
			row->state = ACT_REFUSED;
			row->tried = TRUE;
			row->struck |= act->marked && (!row->marked || row->ours);
		} else
			act_tell_purged(act, row);
	}
	strays_of(act, left);
	act_spare(act, spare_strays);
}

static void
searched(struct act *act)
{
	struct uidset set, left;

	uidset_init(&set);
	uidset_init(&left);
	if (imap_below(act->b, act->op, &set, &act->broken))
		uidset_inside(&left, &act->hits, &set);
	uidset_clear(&set);
	if (!act->broken && uidset_empty(&left)) {
		g_clear_error(&act->refusal);
		purge_all(act);
	} else if (!act->broken) {
		act_refuse_removal(act);
	}
	if (!uidset_empty(&left) && act_read_places(act))
		sort_out(act, &left);
	else
		end_empty(act);
	uidset_clear(&left);
}

static void send_search(struct act *act, struct uidset *set);

static void
search_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	struct uidset set;

	uidset_init(&set);
	/* What cannot be looked for is taken to be there. */
	if (error)
		uidset_add(&act->hits, 1, MAX(act->op->upto, 2) - 1);
	if (!response)
		act_answered(act, NULL, error);
	else if (!error && cmd->cut > 1 && imap_below(b, act->op, &set, &act->broken)) {
		uidset_remove(&set, cmd->hi + 1, G_MAXUINT64);
		if (imap_rest(b, &set, cmd->cut, &act->broken))
			send_search(act, &set);
	}
	uidset_clear(&set);
	act_cmd_end(cmd);
}

/* As one range, so that one command does. */
static void
send_search(struct act *act, struct uidset *set)
{
	struct imap_cmd *cmd = act_cmd(act, act->op->folder, "UID SEARCH", search_done, flight_new(act));
	char range[48];

	if (!cmd)
		return;
	cmd->hi = set->ranges[set->len - 1].hi;
	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, set->ranges[0].lo,
	           cmd->hi);
	cmd->found = &act->hits;
	if (imap_has(act->b, "ESEARCH"))
		imap_command_atom(cmd->wire, "RETURN (ALL)");
	else
		cmd->kind = IMAP_CMD_ALONE; /* as in verify.c */
	imap_command_atom(cmd->wire, "UID");
	imap_command_atom(cmd->wire, range);
	if (*act->sought)
		imap_command_atom(cmd->wire, act->sought);
	imap_queue(act->b, cmd);
}

static void
search(struct act *act, struct uidset *set, const char *sought, void (*next)(struct act *act))
{
	act->sought = sought;
	act_step(act, next);
	send_search(act, set);
	act_step_end(act);
}

/* A server that lets nobody delete in a folder may say OK to everything and leave all as it is. */
static gboolean
is_doubtful(const struct act *act)
{
	return act->refusal ? act_is_final(act)
	                    : imap_has(act->b, "UIDPLUS") && act->went < MAX(act->rows->len, 1);
}

static void
emptied(struct act *act)
{
	struct uidset set;

	if (act->cut > 1 && !act->refusal) {
		if (!act->below || act->cut < act->below) {
			act->below = act->cut;
			go_through(act);
			return;
		}
		fulmar_fail(&act->refusal, FULMAR_FAILED, _("%s left out some of the messages"),
		            act->b->env->account->host);
	}
	uidset_init(&set);
	if (is_doubtful(act) && imap_below(act->b, act->op, &set, &act->broken) && !uidset_empty(&set)) {
		search(act, &set, "", searched);
	} else {
		if (!act->refusal && !act->broken)
			purge_all(act);
		end_empty(act);
	}
	uidset_clear(&set);
}

/* ---- what is to go ---- */

/* A server with a limit (RFC 9738) works through a set in parts, from the highest UID down. */
static gboolean
answered(struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct act *act = ((struct flight *)cmd->user)->act;

	if (!act_answered(act, response, error) || error)
		return FALSE;
	act->cut = MAX(act->cut, cmd->cut);
	return TRUE;
}

static void
store_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct act *act = ((struct flight *)cmd->user)->act;

	act->marked |= answered(cmd, response, error);
	act_cmd_end(cmd);
}

static void
expunge_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	answered(cmd, response, error);
	act_cmd_end(cmd);
}

static void
expunge_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	struct uidset gone;

	uidset_init(&gone);
	if (b->box.folder == cmd->folder && imap_tells_gone(response, &gone))
		act->went += gone.len ? uidset_count(&gone) : 1;
	uidset_clear(&gone);
}

static void
send_empty(struct act *act, const char *uids, gboolean store)
{
	struct imap_cmd *cmd = act_cmd(act, act->op->folder, store ? "UID STORE" : "UID EXPUNGE",
	                               store ? store_done : expunge_done, flight_new(act));

	if (!cmd)
		return;
	imap_command_atom(cmd->wire, uids);
	act_send_removal(act, cmd, uids, store, expunge_data);
}

/* Once, or in several passes. */
static void
go_through(struct act *act)
{
	guint at = 0;
	struct uidset uids;
	char *slice;

	act->cut = 0;
	act_step(act, emptied);
	uidset_init(&uids);
	if (imap_below(act->b, act->op, &uids, &act->broken)) {
		if (act->below)
			uidset_remove(&uids, act->below, G_MAXUINT64);
		while ((slice = uidset_format_slice(&uids, &at, ACT_LINE))) {
			send_empty(act, slice, TRUE);
			if (act_can_expunge(act->b))
				send_empty(act, slice, FALSE);
			g_free(slice);
		}
	}
	uidset_clear(&uids);
	act_step_end(act);
}

static gboolean
is_all_here(struct act *act)
{
	struct store_folder *folder = store_folder_by_id(act->b->env->store, act->op->folder, &act->broken);
	struct uidset windows;
	guint64 lo, hi;
	gboolean all;

	uidset_init(&windows);
	all = folder && uidset_parse(&windows, folder->windows, strlen(folder->windows), 1000000) &&
	      !imap_box_hole(&windows, act->op->upto, &lo, &hi);
	uidset_clear(&windows);
	store_folder_free(folder);
	return all;
}

void
imap_empty(struct act *act)
{
	struct uidset below;

	act->noted = read_note(act);
	uidset_init(&below);
	if (act->noted || is_all_here(act) || !imap_below(act->b, act->op, &below, &act->broken) ||
	    uidset_empty(&below))
		go_through(act);
	else
		search(act, &below, "DELETED", note_marked);
	uidset_clear(&below);
}
