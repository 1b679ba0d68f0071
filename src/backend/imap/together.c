#include "backend/imap/want.h"

/* Small messages that are wanted at once are asked for by one command: a server does little for a message and
 * much for a command. What such a command has not brought is asked for alone, since one message that cannot
 * be had may have ended it. */

enum { MOST = 50, OCTETS_MOST = 256 * 1024 };

struct imap_together {
	gint64 folder;
	gboolean dated;
	GPtrArray *wants; /* struct imap_want * */
	guint64 octets;
};

static void
together_free(struct imap_together *t)
{
	g_ptr_array_unref(t->wants);
	g_free(t);
}

/* The server has looked, and may have stopped at another one: Yahoo gives nothing at all where it cannot have
 * one, and says that it is for now. */
static gboolean
is_left_out(const struct imap_together *t, const struct imap_want *w, const struct imap_response *response)
{
	return t->wants->len > 1 && !w->finished && !w->error && response;
}

static void
done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_together *t = cmd->user;

	for (guint i = 0; i < t->wants->len; i++) {
		struct imap_want *w = t->wants->pdata[i];

		w->flights--;
		if (w->held)
			continue;
		if (is_left_out(t, w, response))
			want_ask(b, w);
		else
			want_answered(b, w, cmd, response, error);
	}
	together_free(t);
	want_put_if_due(b);
}

static void
flush(struct backend *b)
{
	struct imap_together *t = g_steal_pointer(&b->together);
	struct imap_cmd *cmd = imap_cmd_in(b, t->folder, "UID FETCH", done, t);
	g_autofree char *text = NULL;
	struct uidset uids;

	uidset_init(&uids);
	for (guint i = 0; i < t->wants->len; i++) {
		struct imap_want *w = t->wants->pdata[i];

		w->flights++;
		uidset_add(&uids, w->uid, w->uid);
	}
	text = uidset_format(&uids);
	uidset_clear(&uids);
	imap_command_atom(cmd->wire, text);
	imap_command_atom(cmd->wire, t->dated ? "(UID SAVEDATE BODY.PEEK[])" : "(UID BODY.PEEK[])");
	imap_queue(b, cmd);
}

void
together_begin(struct backend *b)
{
	b->gathering = TRUE;
}

void
together_end(struct backend *b)
{
	b->gathering = FALSE;
	if (b->together)
		flush(b);
}

void
together_leave(struct backend *b, gint64 folder)
{
	if (b->together && b->together->folder != folder)
		flush(b);
}

gboolean
together_takes(struct backend *b, struct imap_want *w)
{
	struct imap_together *t = b->together;

	if (!b->gathering || *w->section || w->fd >= 0 || w->binary)
		return FALSE;
	if (t && t->dated != w->dated)
		flush(b);
	if (!b->together) {
		b->together = g_new0(struct imap_together, 1);
		*b->together = (struct imap_together){w->folder, w->dated, g_ptr_array_new(), 0};
	}
	t = b->together;
	g_ptr_array_add(t->wants, w);
	t->octets += w->encoded;
	if (t->wants->len == MOST || t->octets >= OCTETS_MOST)
		flush(b);
	return TRUE;
}
