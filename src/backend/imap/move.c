#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* OP_MOVE and OP_COPY.
 *
 * MOVE (RFC 6851) where it is offered. Else a move is a copy whose OK is waited for, and then the originals
 * go, by UID and no others. A \Deleted that somebody else has set does not travel: it is taken off for the
 * time of the command.
 */

static void go_on(struct act *act);

static gboolean
by_hand(const struct act *act)
{
	return act->op->verb == OP_MOVE && !imap_has(act->b, "MOVE");
}

/* ---- COPYUID ---- */

static gboolean
is_copyuid(const struct imap_response *response)
{
	return response->code && !strcmp(response->code, "COPYUID");
}

static gboolean
are_all_ours(const struct flight *flight, const GArray *uids)
{
	for (guint i = 0; i < uids->len; i++)
		if (!act_row_by_uid(flight, g_array_index(uids, guint64, i)))
			return FALSE;
	return TRUE;
}

static void
take_pairs(struct flight *flight, const struct imap_node *args)
{
	guint max = flight->rows->len;
	g_autoptr(GArray) from = act_uid_list(imap_node_nth(args, 1), max);
	g_autoptr(GArray) to = act_uid_list(imap_node_nth(args, 2), max);
	guint64 validity;

	/* Of another command, or nonsense. */
	if (!from || !to || from->len != to->len || !imap_node_number(args, &validity) ||
	    !are_all_ours(flight, from))
		return;
	flight->told = TRUE;
	for (guint i = 0; i < from->len; i++) {
		struct act_row *row = act_row_by_uid(flight, g_array_index(from, guint64, i));
		guint64 uid = g_array_index(to, guint64, i);

		row->told = TRUE;
		row->validity = validity;
		row->named = act_claim(flight->act, row, uid);
	}
}

/* MOVE gives it untagged, before the EXPUNGEs. */
static void
sent_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct flight *flight = cmd->user;

	if (b->box.folder == cmd->folder && !flight->told && is_copyuid(response))
		take_pairs(flight, response->code_args);
}

/* ---- sending ---- */

static void
through(struct act *act, struct act_row *row)
{
	if (row->told)
		act_tell_moved(act, row);
	else
		row->state = ACT_UNTOLD;
}

static void
copied(struct act *act, struct act_row *row)
{
	act_remember_half(act, row);
	row->copied = TRUE;
	row->state = ACT_COPIED;
}

/* MOVE leaves no mark behind where it is refused. What went before it may have. */
static void
spare(struct act *act, const struct act_row *row)
{
	g_autoptr(GError) error = NULL;

	if (act->op->verb != OP_MOVE || by_hand(act) || row->marked || act->op->attempts > 1)
		return;
	if (imap_tx(act->b) && !store_spared(act->b->env->store, row->id, &error))
		imap_drop(act->b, error);
}

/* A server that told of others and not of this one had it no longer, or left it out. */
static void
answered(struct flight *flight, struct act_row *row, gboolean ok)
{
	struct act *act = flight->act;
	gboolean left_out = flight->told && !row->told;

	if (!ok || left_out)
		row->state = ACT_REFUSED;
	else if (by_hand(act))
		copied(act, row);
	else
		through(act, row);
	if (row->state == ACT_REFUSED)
		spare(act, row);
	if (left_out && !act->refusal)
		fulmar_fail(&act->refusal, FULMAR_FAILED, _("%s left out some of the messages"),
		            act->b->env->account->host);
}

/* A MOVE that was refused may have moved some (RFC 6851 §3.3): COPYUID names them. */
static void
sent_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;
	struct act *act = flight->act;
	gboolean partly = act->op->verb == OP_MOVE && !by_hand(act);

	if (response && is_copyuid(response) && b->box.folder == cmd->folder)
		take_pairs(flight, response->code_args);
	if (act_answered(act, response, error))
		for (guint i = 0; i < flight->rows->len; i++) {
			struct act_row *row = act_row(flight, i);

			answered(flight, row, !error || (partly && row->told));
		}
	act_cmd_end(cmd);
}

void
act_send_mark(struct act *act, gint64 folder, const struct uidset *uids, const char *item)
{
	guint at = 0;
	char *slice;

	while ((slice = uidset_format_slice(uids, &at, ACT_LINE))) {
		struct imap_cmd *cmd = act_cmd(act, folder, "UID STORE", act_cmd_ignored, flight_new(act));

		if (cmd) {
			imap_command_atom(cmd->wire, slice);
			imap_command_atom(cmd->wire, item);
			imap_command_atom(cmd->wire, "(\\Deleted)");
			imap_queue(act->b, cmd);
		}
		g_free(slice);
	}
}

/* Without UIDPLUS nothing else tells which of them were there. */
static void
look_before(struct act *act, gint64 folder, const char *uids, const GArray *rows)
{
	GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(guint), rows->len);

	g_array_append_vals(copy, rows->data, rows->len);
	act_look_at(act, folder, uids, copy);
}

static void
send_set(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	gboolean copy = act->op->verb == OP_COPY || by_hand(act);
	struct imap_cmd *cmd;

	for (guint i = 0; i < rows->len; i++)
		act_at(act, g_array_index(rows, guint, i))->state = ACT_SENT;
	cmd = act_cmd_rows(act, folder, copy ? "UID COPY" : "UID MOVE", sent_done, uids, rows);
	if (!cmd)
		return;
	cmd->on_data = sent_data;
	cmd->takes = copy ? NULL : g_strdup(uids);
	imap_command_mailbox(cmd->wire, act->target->wire);
	imap_queue(act->b, cmd);
}

static void
send_slice(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	struct uidset marks;

	uidset_init(&marks);
	for (guint i = 0; i < rows->len; i++) {
		struct act_row *row = act_at(act, g_array_index(rows, guint, i));

		row->told = row->named = FALSE;
		row->validity = 0;
		act_unclaim(act, row);
		if (row->marked)
			uidset_add(&marks, row->uid, row->uid);
	}
	if (!imap_has(act->b, "UIDPLUS"))
		look_before(act, folder, uids, rows);
	act_send_mark(act, folder, &marks, "-FLAGS.SILENT");
	send_set(act, folder, uids, rows);
	/* What was moved is not there any more to be marked. */
	act_send_mark(act, folder, &marks, "+FLAGS.SILENT");
	uidset_clear(&marks);
}

/* ---- the steps ---- */

/* The original of row is not there (any more). */
static void
lacks(struct act *act, struct act_row *row)
{
	if (act->op->verb == OP_COPY)
		row->state = ACT_LACKS;
	else
		act_tell_gone(act, row);
}

/* A copy that the server neither names nor shows: was there anything to be copied? */
static void
sources_seen(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_SOUGHT)
			continue;
		if (row->seen)
			act_tell_gone(act, row);
		else
			row->state = ACT_LACKS;
	}
	go_on(act);
}

static void
found_or_gone(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_SOUGHT)
			continue;
		if (row->found)
			act_tell_moved(act, row);
		else if (act->op->verb == OP_MOVE)
			act_tell_gone(act, row);
	}
	act_step(act, sources_seen);
	act_look(act, ACT_SOUGHT);
	act_step_end(act);
}

/* It is somewhere in the target, unless it was not there to be moved: the server said neither. */
static void
settle_untold(struct act *act)
{
	gboolean plus = imap_has(act->b, "UIDPLUS");

	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_UNTOLD)
			continue;
		if (plus)
			row->state = ACT_SOUGHT;
		else if (row->seen)
			act_tell_moved(act, row);
		else
			lacks(act, row);
	}
	act_locate(act, act->op->mark, found_or_gone);
}

/* A set is refused as a whole for one that is not there. */
static void
looked(struct act *act)
{
	gboolean any = FALSE;

	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == ACT_REFUSED && !act_at(act, i)->seen) {
			lacks(act, act_at(act, i));
			any = TRUE;
		}
	if (any) {
		g_clear_error(&act->refusal);
		act_turn(act, ACT_REFUSED, ACT_WAITS);
	}
	go_on(act);
}

static void
look_again(struct act *act)
{
	act->looked = TRUE;
	act_step(act, looked);
	act_look(act, ACT_REFUSED);
	act_step_end(act);
}

static void
target_made(struct act *act)
{
	if (!act->refusal)
		act_turn(act, ACT_REFUSED, ACT_WAITS);
	act->after_made(act);
}

gboolean
act_make_target(struct act *act, void (*next)(struct act *act))
{
	/* Only what the program itself needs: another folder that is not there any more was meant to go. */
	if (!act->no_target || act->made || !*act->target->role || !strcmp(act->target->role, "inbox"))
		return FALSE;
	act->made = TRUE;
	act->after_made = next;
	g_clear_error(&act->refusal);
	act_step(act, target_made);
	act_create(act, act->target, NULL);
	act_step_end(act);
	return TRUE;
}

static void
send_all(struct act *act)
{
	act_step(act, go_on);
	act_slices(act, ACT_WAITS, send_slice);
	act_step_end(act);
}

static void
remove_originals(struct act *act)
{
	act->looked = TRUE; /* what is refused from here on is not sent again */
	act_remove_originals(act, ACT_COPIED, through, go_on);
}

/* Copied before by hand, as far as is known, while the server would not let the original go at that time. */
static void
half_found(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_SOUGHT)
			continue;
		row->copied = row->found != 0;
		row->state = row->copied ? ACT_COPIED : ACT_WAITS;
	}
	go_on(act);
}

/* TRUE: the server has these as they shall be, or not at all. */
static gboolean
needs_nothing(struct act *act, struct act_row *row)
{
	if (row->awaited || (row->folder && !row->uid)) {
		act_leave(act, row);
	} else if (!row->folder) {
		lacks(act, row);
	} else if (act->op->verb == OP_MOVE && row->folder == act->op->to) {
		row->validity = act->target->uidvalidity;
		row->found = row->uid;
		act_tell_moved(act, row);
	} else {
		return FALSE;
	}
	return TRUE;
}

static void
go_on(struct act *act)
{
	gboolean refused = act_is_final(act) && act_any(act, ACT_REFUSED);

	if (act_any(act, ACT_WAITS))
		send_all(act);
	else if (refused && act_make_target(act, go_on))
		return;
	else if (refused && !act->looked)
		look_again(act);
	else if (act_any(act, ACT_COPIED))
		remove_originals(act);
	else if (act_any(act, ACT_UNTOLD))
		settle_untold(act);
	else if (refused && act_take_back(act, go_on))
		return;
	else {
		act_say_half(act);
		act_append_copies(act);
	}
}

/* An earlier attempt may have been that of another process. */
static gboolean
may_be_half(const struct act *act, const struct act_row *row)
{
	return by_hand(act) && (act->op->attempts > 1 || g_hash_table_contains(act->b->half_moved, &row->id));
}

void
imap_move(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (!needs_nothing(act, row) && may_be_half(act, row)) {
			row->strict = TRUE;
			row->state = ACT_SOUGHT;
		}
	}
	act_locate(act, act->op->mark, half_found);
}
