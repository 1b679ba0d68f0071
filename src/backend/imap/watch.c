#include "backend/imap/imap-private.h"
#include "base/loop.h"

/* Following the open folder while nothing is asked for: IDLE (RFC 2177), renewed before routers forget the
 * connection; NOOP where it is missing. The other folders are NOTIFY's (notify.c). RFC 5465 §5 lets servers
 * tell of the selected folder by NOTIFY alone, at any time; IDLE stays all the same: Dovecot 2.3 passes over
 * every first change of the selected folder outside of it, the expunges that SELECTED-DELAYED puts off come
 * with it at once, and the connection must be kept alive by something anyway. */

enum { IDLE_SECONDS = 9 * 60, POLL_SECONDS = 60, IDLE_LEAST_MS = 1000 };

static gboolean
renew(gpointer user)
{
	struct backend *b = user;

	loop_drop(&b->idle_timer);
	if (b->idle)
		imap_watch_break(b);
	else if (b->conn && b->phase == PHASE_READY)
		imap_queue(b, imap_cmd_new(b, "NOOP", NULL, NULL));
	return G_SOURCE_REMOVE;
}

static void
start_timer(struct backend *b, guint seconds)
{
	loop_after(&b->idle_timer, b->env->context, seconds * 1000, renew, b);
}

static void
idle_accepted(struct backend *b, struct imap_cmd *cmd, const char *text)
{
	if (cmd != b->idle)
		return;
	b->idle_ready = TRUE;
	if (!g_queue_is_empty(&b->waiting))
		imap_watch_break(b);
}

static void
idle_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	gboolean ours = cmd != b->idle; /* DONE was sent */

	if (!ours) {
		b->idle = NULL;
		b->idle_ready = FALSE;
		loop_drop(&b->idle_timer);
	}
	/* One that the server refuses or ends at once would be begun again without end. */
	if (response && (error || (!ours && g_get_monotonic_time() - cmd->started < IDLE_LEAST_MS * 1000)))
		b->no_idle = TRUE;
}

gboolean
imap_watch_break(struct backend *b)
{
	if (!b->idle)
		return TRUE;
	if (!b->idle_ready)
		return FALSE;
	loop_drop(&b->idle_timer);
	b->idle = NULL;
	b->idle_ready = FALSE;
	conn_write(b->conn, "DONE\r\n", 6, FALSE);
	conn_expect(b->conn, TRUE);
	return TRUE;
}

void
imap_watch_stop(struct backend *b)
{
	loop_drop(&b->idle_timer);
	b->idle = NULL;
	b->idle_ready = FALSE;
}

static void
reopened(const GError *error, void *user)
{
	struct backend *b = user;

	if (error && b->conn)
		b->unwatchable = b->watched;
}

/* A verb has selected another folder since, or what is in the store is no longer sure. */
static void
reopen(struct backend *b)
{
	if (!b->openings && b->unwatchable != b->watched)
		imap_open(b, b->watched, reopened, b);
}

void
imap_watch_resume(struct backend *b)
{
	struct imap_cmd *cmd;

	if (!b->watched || b->phase != PHASE_READY || !g_queue_is_empty(&b->sent) ||
	    !g_queue_is_empty(&b->waiting) || !g_queue_is_empty(&b->tasks.finished))
		return;
	if (b->watched != b->box.folder || !b->box.resynced) {
		reopen(b);
		return;
	}
	if (!imap_has(b, "IDLE") || b->no_idle) {
		guint poll = (guint)CLAMP(b->env->account->poll, 5, POLL_SECONDS);

		if (!b->idle_timer)
			start_timer(b, poll);
		return;
	}
	cmd = imap_cmd_new(b, "IDLE", idle_done, NULL);
	cmd->on_continue = idle_accepted;
	start_timer(b, IDLE_SECONDS);
	imap_queue(b, cmd);
	b->idle = cmd;
}

void
imap_watch(struct backend *b, gint64 folder)
{
	imap_notify_begin(b);
	if (folder != b->watched)
		b->unwatchable = 0;
	b->watched = folder;
	if (!folder)
		imap_watch_break(b);
	else
		imap_watch_resume(b);
}
