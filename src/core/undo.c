#include "base/i18n.h"
#include "core/account-private.h"

/* A step is taken back as one change: the store knows what to do with each message and folder of it, the
 * other accounts that it reached are for transfer.c. */

static char *
said(const struct store_undo *undo, const struct store_undone *undone)
{
	g_autofree char *was = change_said(undo->verb, undo->n, undo->target);
	guint lost = undone->lost;

	if (!undone->changed && !lost)
		return g_strdup_printf(_("nothing was left to undo of this: %s"), was);
	if (!lost)
		return g_strdup_printf(_("undone: %s"), was);
	return g_strdup_printf(ngettext("undone: %s; %u mail was not here and cannot come back",
	                                "undone: %s; %u mails were not here and cannot come back", lost),
	                       was, lost);
}

static void
tell_back(struct change *change, const struct store_undone *undone)
{
	struct event *event = account_event(change->account, EVENT_BACK);

	event->command = change->command->id;
	event->id = undone->back;
	event->folder = undone->folder;
	account_post(change->account, event);
}

gboolean
undo_take_back(struct change *change, GError **error)
{
	struct account *a = change->account;
	g_autoptr(GArray) transfers = g_array_new(FALSE, FALSE, sizeof(struct store_undo_transfer));
	g_autoptr(GError) failed = NULL;
	gint64 step = change->command->op;
	struct store_undo *undo =
	        step ? store_undo_by_id(a->store, step, &failed) : store_last_undo(a->store, &failed);
	struct store_undone undone = {0};
	gboolean ok;

	if (failed) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return FALSE;
	}
	/* It may have been undone by somebody else just now: what the store says of it holds. */
	ok = store_undo_take_back(a->store, undo ? undo->id : step, &undone, transfers, error);
	if (ok && undo)
		change->said = said(undo, &undone);
	if (ok && undone.back)
		tell_back(change, &undone);
	if (ok && transfers->len)
		ok = recall_undone(a, error);
	for (guint i = 0; i < transfers->len; i++)
		g_free(g_array_index(transfers, struct store_undo_transfer, i).target);
	/* Which folders is not told: all. */
	change_touch(change, 0);
	change->folders = TRUE;
	store_undo_free(undo);
	return ok;
}
