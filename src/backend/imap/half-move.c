#include <string.h>
#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* A move by hand whose copy was made and whose original may not go: the copy is taken back, so that the
 * message is where the person sees it, and once. Only a copy that this very act has made goes, one that
 * COPYUID named and that is there under that UIDVALIDITY. Where that cannot be, the message is in both
 * folders, and that is said.
 */

/* What refuses these changes nothing; only a lost link ends the act. */
static gboolean
was_done(struct act *act, const struct imap_response *response, const GError *error)
{
	if (!response && (!act->b->conn || error->code == FULMAR_CANCELLED))
		act_answered(act, NULL, error);
	return response && !error;
}

static gboolean
is_half(const struct act_row *row)
{
	return row->state == ACT_REFUSED && row->copied;
}

/* ---- sets of copies ---- */

/* UIDs in the target of half moved rows that are to be handled: seen, or (!seen) all that were named. */
static void
copies_of(const struct act *act, gboolean seen, struct uidset *out)
{
	for (guint i = 0; i < act->rows->len; i++) {
		const struct act_row *row = act_at(act, i);

		if (is_half(row) && row->named && (row->seen || !seen))
			uidset_add(out, row->found, row->found);
	}
}

static struct act_row *
row_by_copy(const struct act *act, guint64 uid)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (is_half(row) && row->named && row->found == uid)
			return row;
	}
	return NULL;
}

static void
send_to_copies(struct act *act, gboolean seen,
               void (*send)(struct act *act, const char *uids, const char *item), const char *item)
{
	struct uidset uids;
	guint at = 0;
	char *slice;

	uidset_init(&uids);
	copies_of(act, seen, &uids);
	while ((slice = uidset_format_slice(&uids, &at, ACT_LINE))) {
		send(act, slice, item);
		g_free(slice);
	}
	uidset_clear(&uids);
}

/* A command about copies. NULL: the target is not in the store. */
static struct imap_cmd *
command(struct act *act, const char *name, imap_cmd_done done, const char *uids)
{
	struct flight *flight = flight_new(act);
	struct imap_cmd *cmd;

	flight->uids = g_strdup(uids);
	cmd = act_cmd(act, act->op->to, name, done, flight);
	if (!cmd)
		return NULL;
	cmd->any_uids = TRUE;
	imap_command_atom(cmd->wire, uids);
	return cmd;
}

/* ---- whether they are there ---- */

static void
ignored(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	was_done(((struct flight *)cmd->user)->act, response, error);
	act_cmd_end(cmd);
}

static void
copy_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct act *act = ((struct flight *)cmd->user)->act;
	struct imap_fetch fetch;
	struct act_row *row;

	if (b->box.folder != cmd->folder || !imap_fetch_decode(response, &fetch))
		return;
	row = row_by_copy(act, fetch.uid);
	if (row && row->validity == b->box.uidvalidity)
		row->seen = TRUE;
}

static void
look_at_copies(struct act *act, const char *uids, const char *item)
{
	struct imap_cmd *cmd = command(act, "UID FETCH", ignored, uids);

	if (!cmd)
		return;
	cmd->on_data = copy_data;
	imap_command_atom(cmd->wire, item);
	imap_queue(act->b, cmd);
}

/* ---- their end ---- */

/* Calls each for the rows whose copies a command was about. */
static void
for_copies(struct act *act, const char *uids, void (*each)(struct act_row *row))
{
	struct uidset set;

	uidset_init(&set);
	uidset_parse(&set, uids, strlen(uids), ACT_LINE);
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (is_half(row) && row->named && uidset_has(&set, row->found))
			each(row);
	}
	uidset_clear(&set);
}

static void
note_struck(struct act_row *row)
{
	row->to_go = TRUE;
}

static void
note_gone(struct act_row *row)
{
	if (row->to_go)
		row->copied = FALSE;
}

static void
struck(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;

	if (was_done(flight->act, response, error))
		for_copies(flight->act, flight->uids, note_struck);
	act_cmd_end(cmd);
}

static void
expunged(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;

	if (was_done(flight->act, response, error))
		for_copies(flight->act, flight->uids, note_gone);
	act_cmd_end(cmd);
}

static void
mark(struct act *act, const char *uids, const char *item)
{
	struct imap_cmd *cmd = command(act, "UID STORE", *item == '+' ? struck : ignored, uids);

	if (!cmd)
		return;
	imap_command_atom(cmd->wire, item);
	imap_command_atom(cmd->wire, "(\\Deleted)");
	imap_queue(act->b, cmd);
}

static void
expunge(struct act *act, const char *uids, const char *item)
{
	struct imap_cmd *cmd = command(act, item, expunged, uids);

	if (!cmd)
		return;
	cmd->kind = IMAP_CMD_ALONE; /* as in expunge.c */
	cmd->takes = g_strdup(uids);
	imap_queue(act->b, cmd);
}

/* ---- the steps ---- */

static void
copies_ended(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++)
		act->both += is_half(act_at(act, i));
	if (act->both)
		act->b->env->hooks->behind(act->op->to, act->b->env->user);
	act->after_back(act);
}

/* A copy that was marked and could not go is not to go at another time: it may be the one that stays. */
static void
keep_copies(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++)
		act_at(act, i)->seen &= act_at(act, i)->to_go;
	act_step(act, copies_ended);
	send_to_copies(act, TRUE, mark, "-FLAGS.SILENT");
	act_step_end(act);
}

static void
copies_struck(struct act *act)
{
	act_step(act, keep_copies);
	send_to_copies(act, TRUE, expunge, "UID EXPUNGE");
	act_step_end(act);
}

static void
copies_seen(struct act *act)
{
	act_step(act, copies_struck);
	send_to_copies(act, TRUE, mark, "+FLAGS.SILENT");
	act_step_end(act);
}

gboolean
act_take_back(struct act *act, void (*next)(struct act *act))
{
	if (act->undone)
		return FALSE;
	act->undone = TRUE;
	act->after_back = next;
	for (guint i = 0; i < act->rows->len; i++) {
		act_at(act, i)->seen = FALSE;
		act->halves += is_half(act_at(act, i));
	}
	if (!act->halves)
		return FALSE;
	act_step(act, copies_seen);
	if (imap_has(act->b, "UIDPLUS"))
		send_to_copies(act, FALSE, look_at_copies, "(UID)");
	act_step_end(act);
	return TRUE;
}

void
act_say_half(struct act *act)
{
	if (act->both)
		g_prefix_error(&act->refusal,
		               ngettext("%u message is in both folders now, for neither the original can be "
		                        "removed nor its copy in %s: ",
		                        "%u messages are in both folders now, for neither the originals can "
		                        "be removed nor their copies in %s: ",
		                        act->both),
		               act->both, act->target->path);
	else if (act->halves)
		g_prefix_error(&act->refusal, _("not moved to %s, for the original cannot be removed: "),
		               act->target->path);
}
