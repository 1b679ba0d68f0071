#include "backend/imap/act.h"

/* OP_REPLACE: a message that comes instead of another, as a draft that was written on.
 *
 * Where REPLACE is offered (RFC 8508) the server does both at once or nothing; else the new one is appended,
 * and only when that was confirmed, and the store knows it, the old one goes as any message does that is
 * removed. Whatever breaks off in between, one of the two is on the server. Where the old one has gone
 * already the new one is appended all the same: what somebody wrote does not depend on it.
 */

static struct act_row *
find(const struct act *act, gboolean replaced)
{
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->replaced == replaced)
			return act_at(act, i);
	return NULL;
}

/* ---- the old one ---- */

static void
remove_old(struct act *act)
{
	act_remove_originals(act, ACT_COPIED, act_tell_purged, act_end);
}

/* Nothing goes unless the store knows that the server has the other. */
static void
appended(struct act *act)
{
	const struct act_row *row = find(act, FALSE);
	gint64 folder;
	guint64 uid;

	if (!row || store_place(act->b->env->store, row->id, &folder, &uid, NULL, NULL) == 1)
		remove_old(act);
	else
		act_end(act);
}

/* ---- both at once ---- */

static void
old_looked_for(struct act *act)
{
	struct act_row *old = find(act, TRUE);

	if (old->seen) {
		old->state = ACT_COPIED;
		remove_old(act);
		return;
	}
	act_tell_purged(act, old);
	act_end(act);
}

/* It was refused: because the old one is not there? */
static void
refusal_looked_into(struct act *act)
{
	struct act_row *old = find(act, TRUE);

	if (old->seen) {
		act_end(act);
		return;
	}
	act_tell_purged(act, old);
	g_clear_error(&act->refusal);
	act_turn(act, ACT_REFUSED, ACT_WAITS);
	act_append(act, appended);
}

static void
look_for_old(struct act *act, void (*next)(struct act *act))
{
	act_step(act, next);
	act_look(act, find(act, TRUE)->state);
	act_step_end(act);
}

static void send_replace(struct act *act);

static void
replaced(struct act *act)
{
	const struct act_row *row = find(act, FALSE), *old = find(act, TRUE);

	if (row->state == ACT_WAITS)
		act_append(act, appended);
	else if (row->state == ACT_REFUSED && act_is_final(act) && act_make_target(act, send_replace))
		return;
	else if (row->state == ACT_REFUSED && act_is_final(act))
		look_for_old(act, refusal_looked_into);
	else if (old->state == ACT_DOUBTED)
		look_for_old(act, old_looked_for);
	else
		act_end(act);
}

/* APPENDUID comes before the end of the old one is told (RFC 8508 §3.4). */
static void
replace_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct flight *flight = cmd->user;
	struct act_row *old = find(flight->act, TRUE);
	struct uidset gone;

	act_take_uids(flight, response);
	uidset_init(&gone);
	if (b->box.folder == cmd->folder && imap_tells_gone(response, &gone))
		flight->went += !gone.len || uidset_has(&gone, old->uid);
	uidset_clear(&gone);
}

static void
replace_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
             const GError *error)
{
	struct flight *flight = cmd->user;
	struct act *act = flight->act;
	struct act_row *row = act_row(flight, 0), *old = find(act, TRUE);

	if (!act_answered(act, response, error)) {
		act_cmd_end(cmd);
		return;
	}
	if (error && response->status == IMAP_BAD) {
		/* It knows no such command, whatever it says that it knows. */
		g_clear_error(&act->refusal);
		row->state = ACT_WAITS;
	} else if (error) {
		row->state = ACT_REFUSED;
	} else {
		act_take_uids(flight, response);
		act_tell_moved(act, row);
		if (flight->went)
			act_tell_purged(act, old);
		else
			old->state = ACT_DOUBTED;
	}
	act_cmd_end(cmd);
}

static void
queue(struct act *act, struct act_row *row, const struct store_row *shown, GBytes *bytes)
{
	const struct act_row *old = find(act, TRUE);
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(guint));
	guint at = (guint)(row - act_at(act, 0));
	g_autofree char *uid = g_strdup_printf("%" G_GUINT64_FORMAT, old->uid);
	struct imap_cmd *cmd;

	g_array_append_val(rows, at);
	cmd = act_cmd_rows(act, old->folder, "UID REPLACE", replace_done, uid, rows);
	if (!cmd)
		return;
	/* Whose APPENDUID it is must be clear. */
	cmd->kind = IMAP_CMD_ALONE;
	cmd->takes = g_steal_pointer(&uid);
	cmd->on_data = replace_data;
	imap_command_mailbox(cmd->wire, act->target->wire);
	act_put_message(act->b, cmd, shown, bytes);
	row->state = ACT_SENT;
	imap_queue(act->b, cmd);
}

static void
send_replace(struct act *act)
{
	struct act_row *row = find(act, FALSE);
	struct store_row *shown;
	g_autoptr(GBytes) bytes = NULL;

	if (act_ask_limit(act, send_replace))
		return;
	bytes = act_body_of(act, row, &shown);
	if (!bytes) {
		act_end(act);
		return;
	}
	act_step(act, replaced);
	queue(act, row, shown, bytes);
	store_row_free(shown);
	act_step_end(act);
}

/* ---- beginning ---- */

static void
begin(struct act *act)
{
	const struct act_row *row = find(act, FALSE), *old = find(act, TRUE);

	if (row && old && old->state == ACT_COPIED && imap_has(act->b, "REPLACE") &&
	    !(row->uid && row->folder == act->op->to))
		send_replace(act);
	else
		act_append(act, appended);
}

void
imap_replace(struct act *act)
{
	struct act_row *row = find(act, FALSE), *old = find(act, TRUE);

	if (old && (old->awaited || (old->folder && !old->uid))) {
		act_leave(act, old);
		if (row)
			act_leave(act, row);
		act_end(act);
		return;
	}
	if (old && !old->folder)
		act_tell_purged(act, old);
	else if (old)
		old->state = ACT_COPIED;
	act_step(act, begin);
	act_fetch_for_undo(act, ACT_COPIED);
	act_step_end(act);
}
