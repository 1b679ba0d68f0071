#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/loop.h"

/* Several sessions on one account: a folder is followed by one of them at a time. And whether a session that
 * says nothing is still there. */

enum { PROBE_MS = 10 * 1000 };

gboolean
imap_is_guest(const struct backend *b)
{
	return b->env->lane && !b->box.resynced && !b->openings;
}

/* Fills and hunts under way are let run out, and their rows passed over: what they would say of the windows
 * is not known to the lane that follows the folder now. */
void
imap_leave(struct backend *b, gint64 folder)
{
	struct imap_box *box = &b->box;
	g_autoptr(GError) error = NULL;

	if (!b->conn || (box->folder != folder && b->aimed != folder))
		return;
	if (b->openings || box->asking || box->comparing) {
		fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
		imap_drop(b, error);
		return;
	}
	if (box->folder != folder)
		return;
	box->resynced = FALSE;
	if (!box->filling && !box->hunted)
		return;
	box->stored = 0;
	if (b->aimed == folder)
		b->aimed = 0;
}

void
imap_probe_stop(struct backend *b)
{
	loop_drop(&b->probe);
}

static void
probed(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	imap_probe_stop(b);
}

static gboolean
probe_failed(gpointer user)
{
	struct backend *b = user;
	g_autoptr(GError) error = NULL;

	if (b->reads != b->probe_reads) { /* busy, but there */
		b->probe_reads = b->reads;
		return G_SOURCE_CONTINUE;
	}
	fulmar_fail(&error, FULMAR_NO_LINK, _("%s does not answer any more; connecting again"),
	            b->env->account->host);
	imap_drop(b, error);
	return G_SOURCE_REMOVE;
}

void
imap_probe(struct backend *b)
{
	if (!b->conn || b->phase != PHASE_READY || b->probe)
		return;
	b->probe_reads = b->reads;
	loop_after(&b->probe, b->env->context, PROBE_MS, probe_failed, b);
	imap_queue(b, imap_cmd_new(b, "NOOP", probed, NULL));
}
