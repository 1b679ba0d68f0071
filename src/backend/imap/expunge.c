#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* OP_PURGE, and the end of a move by hand; empty.c goes the same way.
 *
 * Messages go by UID EXPUNGE (RFC 4315) of exactly those that a person chose. An expunge without UIDs, or one
 * that comes with leaving a folder, would carry out what other programs have marked: neither exists here. On
 * a server that knows no other they stay, marked, and the person is told.
 */

gboolean
act_can_expunge(struct backend *b)
{
	g_autofree char *text = NULL;

	if (imap_has(b, "UIDPLUS"))
		return TRUE;
	if (b->told_unexpunged)
		return FALSE;
	b->told_unexpunged = TRUE;
	text = g_strdup_printf(_("%s cannot remove single messages (it has no UIDPLUS): what you delete or "
	                         "move away stays there, "
	                         "marked as deleted, until a program removes all that is marked so"),
	                       b->env->account->host);
	b->env->hooks->notice(text, b->env->user);
	return FALSE;
}

void
act_send_removal(struct act *act, struct imap_cmd *cmd, const char *uids, gboolean store,
                 void (*on_data)(struct backend *b, struct imap_cmd *cmd,
                                 const struct imap_response *response))
{
	if (store) {
		imap_command_atom(cmd->wire, "+FLAGS.SILENT");
		imap_command_atom(cmd->wire, "(\\Deleted)");
	} else {
		cmd->takes = g_strdup(uids);
		cmd->on_data = on_data;
		/* Dovecot works on what is sent together with a MOVE side by side: an expunge in it would not
		 * see the mark that was set just before. */
		cmd->kind = IMAP_CMD_ALONE;
	}
	imap_queue(act->b, cmd);
}

/* ---- of rows ---- */

/* Messages of ours that are said to be gone; where only numbers are told, any. */
static void
expunge_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct flight *flight = cmd->user;
	struct uidset gone;

	uidset_init(&gone);
	if (b->box.folder == cmd->folder && imap_tells_gone(response, &gone)) {
		flight->went += !gone.len;
		for (guint i = 0; gone.len && i < flight->rows->len; i++)
			flight->went += uidset_has(&gone, act_row(flight, i)->uid);
	}
	uidset_clear(&gone);
}

/* last: nothing follows that could still fail. A server that lets nobody delete in a folder may say OK to
 * everything and leave all as it is. */
static void
settle(struct flight *flight, gboolean refused, gboolean last)
{
	gboolean doubted = imap_has(flight->act->b, "UIDPLUS") && flight->went < flight->rows->len;

	for (guint i = 0; i < flight->rows->len; i++) {
		struct act_row *row = act_row(flight, i);

		row->struck |= !refused && row->state == ACT_SENT && (!row->marked || row->ours);
		if (refused)
			row->state = ACT_REFUSED;
		else if (last && row->state == ACT_SENT && doubted)
			row->state = ACT_DOUBTED;
		else if (last && row->state == ACT_SENT)
			flight->act->through(flight->act, row);
	}
}

static void
store_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;

	if (act_answered(flight->act, response, error))
		settle(flight, error != NULL, !imap_has(b, "UIDPLUS"));
	act_cmd_end(cmd);
}

static void
expunge_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	struct flight *flight = cmd->user;

	if (act_answered(flight->act, response, error))
		settle(flight, error != NULL, TRUE);
	act_cmd_end(cmd);
}

static void
send_one(struct act *act, gint64 folder, const char *uids, const GArray *rows, gboolean store)
{
	GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(guint), rows->len);
	struct imap_cmd *cmd;

	g_array_append_vals(copy, rows->data, rows->len);
	cmd = act_cmd_rows(act, folder, store ? "UID STORE" : "UID EXPUNGE",
	                   store ? store_done : expunge_done, uids, copy);
	if (cmd)
		act_send_removal(act, cmd, uids, store, expunge_data);
}

static void
send_removal(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	for (guint i = 0; i < rows->len; i++) {
		struct act_row *row = act_at(act, g_array_index(rows, guint, i));

		row->state = ACT_SENT;
		row->tried = TRUE;
	}
	send_one(act, folder, uids, rows, TRUE);
	if (act_can_expunge(act->b))
		send_one(act, folder, uids, rows, FALSE);
	g_array_unref(rows);
}

/* ---- those that may not go ---- */

static void
unmarked(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;

	if (response)
		for (guint i = 0; i < flight->rows->len; i++)
			act_row(flight, i)->struck = error != NULL;
	act_cmd_ignored(b, cmd, response, error);
}

static void
unmark(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	struct imap_cmd *cmd;

	for (guint i = 0; i < rows->len; i++)
		act_at(act, g_array_index(rows, guint, i))->state = ACT_REFUSED;
	cmd = act_cmd_rows(act, folder, "UID STORE", unmarked, uids, rows);
	if (!cmd)
		return;
	imap_command_atom(cmd->wire, "-FLAGS.SILENT");
	imap_command_atom(cmd->wire, "(\\Deleted)");
	imap_queue(act->b, cmd);
}

static void
tell_spared(struct act *act)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; !error && i < act->rows->len; i++) {
		const struct act_row *row = act_at(act, i);

		if (row->state == ACT_REFUSED && row->tried && !row->struck && imap_tx(act->b))
			store_spared(act->b->env->store, row->id, &error);
	}
	if (error)
		imap_drop(act->b, error);
	act->removed(act);
}

void
act_spare(struct act *act, void (*next)(struct act *act))
{
	act->removed = next;
	if (!act_is_final(act)) {
		act->removed(act);
		return;
	}
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == ACT_REFUSED && act_at(act, i)->struck)
			act_at(act, i)->state = ACT_SOUGHT;
	act_step(act, tell_spared);
	act_slices(act, ACT_SOUGHT, unmark);
	act_step_end(act);
}

void
act_refuse_removal(struct act *act)
{
	if (!act->refusal)
		fulmar_fail(&act->refusal, FULMAR_FAILED,
		            _("%s does not remove messages from this folder, though it says that it does; "
		              "you may lack the right to"),
		            act->b->env->account->host);
}

static void
looked(struct act *act)
{
	gboolean any = FALSE;

	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_DOUBTED)
			continue;
		any |= row->seen;
		if (row->seen)
			row->state = ACT_REFUSED;
		else
			act->through(act, row);
	}
	if (any)
		act_refuse_removal(act);
	act_spare(act, act->removed);
}

static void
look(struct act *act)
{
	if (!act_any(act, ACT_DOUBTED)) {
		act_spare(act, act->removed);
		return;
	}
	act_step(act, looked);
	act_look(act, ACT_DOUBTED);
	act_step_end(act);
}

void
act_remove_originals(struct act *act, enum act_state state,
                     void (*through)(struct act *act, struct act_row *row), void (*next)(struct act *act))
{
	act->through = through;
	act->removed = next;
	act_step(act, look);
	act_slices(act, state, send_removal);
	act_step_end(act);
}

/* ---- OP_PURGE ---- */

static void
purge_rows(struct act *act)
{
	act_remove_originals(act, ACT_WAITS, act_tell_purged, act_end);
}

static gboolean
is_worth_fetching(struct act *act, const struct act_row *row)
{
	struct store_row *shown = store_row(act->b->env->store, row->id, NULL);
	gboolean yes = shown && shown->body != BODY_FULL && shown->size <= PURGE_FETCH_OCTETS;

	g_clear_pointer(&shown, store_row_free);
	return yes;
}

void
act_fetch_for_undo(struct act *act, enum act_state state)
{
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == state && is_worth_fetching(act, act_at(act, i)))
			imap_want(act->b, act->step, act_at(act, i)->id, "", NULL, NULL);
}

void
imap_purge(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->awaited || (row->folder && !row->uid))
			act_leave(act, row);
		else if (!row->folder)
			act_tell_purged(act, row);
	}
	if (act->rows->len > PURGE_FETCH_MOST) {
		purge_rows(act);
		return;
	}
	act_step(act, purge_rows);
	act_fetch_for_undo(act, ACT_WAITS);
	act_step_end(act);
}
