#include "backend/imap/act.h"

/* Which messages of rows are still there. */

/* A FETCH of such a UID says that it is there, also one that nobody asked for. */
static void
look_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct flight *flight = cmd->user;
	struct imap_fetch fetch;
	struct act_row *row;

	if (b->box.folder != cmd->folder || !imap_fetch_decode(response, &fetch))
		return;
	row = act_row_by_uid(flight, fetch.uid);
	if (row)
		row->seen = TRUE;
}

static void
look_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct flight *flight = cmd->user;

	/* What cannot be looked for is taken to be there: nothing is given up by mistake. */
	for (guint i = 0; error && i < flight->rows->len; i++)
		act_row(flight, i)->seen = TRUE;
	if (!response)
		act_answered(flight->act, NULL, error);
	act_cmd_end(cmd);
}

void
act_look_at(struct act *act, gint64 folder, const char *uids, GArray *rows)
{
	struct imap_cmd *cmd;

	for (guint i = 0; i < rows->len; i++)
		act_at(act, g_array_index(rows, guint, i))->seen = FALSE;
	cmd = act_cmd_rows(act, folder, "UID FETCH", look_done, uids, rows);
	if (!cmd)
		return;
	cmd->on_data = look_data;
	imap_command_atom(cmd->wire, "(UID)");
	imap_queue(act->b, cmd);
}

void
act_look(struct act *act, enum act_state state)
{
	act_slices(act, state, act_look_at);
}
