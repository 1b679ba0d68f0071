#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

/* Opening a folder: SELECT, and what makes the store follow the server again.
 *
 * First time: the newest screen by number, the rest by fill. Again: QRESYNC gives changes and losses inside
 * SELECT; CONDSTORE gives changes since; plain compares searches. New mail is asked for in the flight of
 * SELECT. Rows may be committed as they come; what is written last, and only when everything was applied, is
 * MODSEQ, UIDNEXT and the windows: a fault on the way leaves them as they were and the next open starts from
 * there.
 */

enum { SCREEN = 60, ARRIVALS_AT_ONCE = 500, SMALL_FOLDER = 2000, DAYS_AWAY = 3, LOOKS_AT_MOST = 4 };

struct opening {
	struct imap_task *task;
	struct imap_task *step;   /* SELECT and what went with it or came of it */
	struct store_folder *was; /* sync state before */
	gboolean first;           /* nothing of this UIDVALIDITY is here */
	gboolean arrivals_asked;  /* in the flight of SELECT */
	gboolean numbered;        /* SELECT told UIDNEXT */
	gboolean since_refused;   /* CHANGEDSINCE was, although advertised */
	gboolean again;           /* SELECT's parameters were, although advertised */
	gint64 folder;
};

static gboolean
still_open(const struct backend *b, const struct opening *o)
{
	return b->conn && b->box.folder == o->folder && b->box.selected;
}

static void
opening_end(struct opening *o, const GError *error)
{
	o->task->b->openings--;
	imap_task_release(o->task, error);
	store_folder_free(o->was);
	g_free(o);
}

/* Everything asked for has come: what the store holds is what the server has, as far as the windows reach. */
static void
settled(const GError *error, void *user)
{
	struct opening *o = user;
	struct backend *b = o->task->b;
	struct imap_box *box = &b->box;
	g_autoptr(GError) failed = NULL;

	if (!error && !still_open(b, o))
		fulmar_fail(&failed, FULMAR_CANCELLED, _("another folder was opened"));
	if (error || failed) {
		opening_end(o, error ? error : failed);
		return;
	}
	box->counted = MIN(box->counted ? box->counted : box->exists, box->exists);
	box->resynced = TRUE;
	imap_box_save(b, TRUE);
	imap_slice_end(b);
	imap_box_make_map(b);
	imap_fill_complete(b);
	imap_box_resolve(b, o->task);
	if (b->conn)
		imap_box_news(b);
	opening_end(o, NULL);
}

/* ---- again ---- */

static void ask_for_arrivals(struct backend *b, struct opening *o, gint64 folder);

/* After a UIDVALIDITY change this was a question about other messages: its answer counts for nothing. */
static void
arrivals_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	struct opening *o = cmd->user;
	struct imap_box *box = &b->box;

	if (error && response && box->selected && box->folder == o->folder && !o->since_refused) {
		o->since_refused = TRUE; /* a folder without mod-sequences (NOMODSEQ) */
		ask_for_arrivals(b, o, o->folder);
		imap_task_release(o->step, NULL);
		return;
	}
	if (!error && box->folder == o->folder && box->stored == cmd->hi) {
		if (box->highest >= box->uidnext)
			box->uidnext = box->highest + 1;
		if (box->uidnext > cmd->lo)
			uidset_add(&box->windows, cmd->lo, box->uidnext - 1);
	}
	if (box->folder == o->folder)
		box->lowest = box->highest = box->rows = 0; /* newest_done looks at what comes from here on */
	imap_task_release(o->step, error);
}

static void
newest_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct imap_box *box = &b->box;

	if (!error && box->folder == cmd->folder) {
		if (box->highest >= box->uidnext)
			box->uidnext = box->highest + 1;
		if (box->lowest && box->rows >= MIN(box->exists, SCREEN))
			uidset_add(&box->windows, cmd->lo == 1 ? 1 : box->lowest, box->uidnext - 1);
	}
	imap_task_release(cmd->user, error);
}

static void
ask_newest(struct backend *b, const struct opening *o)
{
	guint64 exists = b->box.exists, first = exists > SCREEN ? exists - SCREEN + 1 : 1;
	char range[32];
	struct imap_cmd *cmd;

	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":*", first);
	cmd = imap_fetch_rows(b, "FETCH", range, imap_row_items_full, 0, newest_done, o->step);
	cmd->folder = o->folder;
	cmd->lo = first;
	imap_task_hold(o->step);
	imap_queue(b, cmd);
}

/* UID FETCH of what came after the last time. Sent behind a SELECT (folder 0) it cannot know yet whether that
 * will be well. */
static void
ask_for_arrivals(struct backend *b, struct opening *o, gint64 folder)
{
	guint64 first = MAX(o->was->uidnext, 1);
	char range[32];
	struct imap_cmd *cmd;

	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":*", first);
	cmd = imap_fetch_rows(b, "UID FETCH", range, imap_row_items,
	                      b->condstore && !o->since_refused ? o->was->modseq : 0, arrivals_done, o);
	cmd->folder = folder;
	cmd->lo = first;
	cmd->hi = o->was->uidvalidity;
	imap_task_hold(o->step);
	imap_queue(b, cmd);
}

static void
ask_arrivals(struct backend *b, struct opening *o)
{
	struct imap_box *box = &b->box;

	if ((o->numbered && box->uidnext <= o->was->uidnext) || !box->exists)
		return;
	if (box->uidnext - o->was->uidnext > ARRIVALS_AT_ONCE) {
		box->lowest = box->highest = box->rows = 0;
		ask_newest(b, o);
	} else {
		ask_for_arrivals(b, o, o->folder);
	}
}

/* Flags that changed since this MODSEQ; 0: all are compared. */
static void
ask_changed_flags(struct backend *b, struct opening *o, guint64 since)
{
	struct imap_box *box = &b->box;
	g_autofree char *range = uidset_format(&box->windows);
	char coarse[32];
	struct imap_cmd *cmd;

	if (!*range || (since && box->modseq == since))
		return;
	if (!since && box->exists > SMALL_FOLDER) {
		imap_compare_flags(b, o->step);
		return;
	}
	if (strlen(range) > 900) {
		g_snprintf(coarse, sizeof coarse, "1:%" G_GUINT64_FORMAT, o->was->uidnext - 1);
		g_free(g_steal_pointer(&range));
		range = g_strdup(coarse);
	}
	cmd = imap_fetch_rows(b, "UID FETCH", range, "(UID FLAGS)", since, imap_task_cmd_done, o->step);
	cmd->folder = o->folder;
	imap_task_hold(o->step);
	imap_queue(b, cmd);
}

static void select_folder(struct backend *b, struct opening *o);

/* Do the numbers add up? Rows in the windows against EXISTS; a difference is looked into, never assumed. */
static void
check_counts(const GError *error, void *user)
{
	struct opening *o = user;
	struct backend *b = o->task->b;
	struct store_folder *now;
	guint64 lo, hi;
	gboolean doubt;

	if (o->again && b->conn) {
		o->again = b->qresync = b->condstore = FALSE;
		select_folder(b, o);
		return;
	}
	if (error || !still_open(b, o)) {
		settled(error, o);
		return;
	}
	now = store_folder_by_id(b->env->store, o->folder, NULL);
	if (imap_box_hole(&b->box.windows, b->box.uidnext, &lo, &hi))
		doubt = !b->qresync && !o->first &&
		        (o->was->exists != b->box.exists || o->was->uidnext != b->box.uidnext);
	else
		doubt = now && (guint64)now->rows != b->box.exists;
	doubt = doubt || b->box.doubt;
	g_clear_pointer(&now, store_folder_free);
	if (!doubt) {
		settled(NULL, o);
		return;
	}
	o->step = imap_step_new(b, settled, o);
	imap_verify(b, o->step);
	imap_task_release(o->step, NULL);
}

static gboolean
take_over_windows(struct backend *b, struct opening *o)
{
	struct imap_box *box = &b->box;

	uidset_clear(&box->windows);
	if (o->first)
		return TRUE;
	return uidset_parse(&box->windows, o->was->windows, strlen(o->was->windows), 1000000);
}

static gboolean
start_afresh(struct backend *b, struct opening *o, GError **error)
{
	o->first = TRUE;
	if (o->was->uidvalidity && o->was->uidvalidity != b->box.uidvalidity) {
		if (!store_begin(b->env->store, TRUE, error))
			return FALSE;
		if (!store_folder_unbind(b->env->store, o->folder, error)) {
			store_rollback(b->env->store);
			return FALSE;
		}
		if (!store_commit(b->env->store, error))
			return FALSE;
		b->touched = o->folder;
	}
	b->box.stored = b->box.uidvalidity;
	uidset_clear(&b->box.windows);
	imap_box_save(b, FALSE); /* from here on rows belong to this UIDVALIDITY */
	imap_slice_end(b);
	return b->conn != NULL;
}

static void
resync(struct backend *b, struct opening *o, gboolean trusted)
{
	struct imap_box *box = &b->box;

	/* A MODSEQ or UIDNEXT that shrank is a server that lost its memory: everything is compared. */
	if (box->modseq < o->was->modseq || (b->qresync && (!box->modseq || !o->was->modseq)) ||
	    box->uidnext < o->was->uidnext)
		trusted = FALSE;
	box->news_from = o->was->uidnext;
	if (!trusted)
		imap_verify(b, o->step);
	if (!o->arrivals_asked)
		ask_arrivals(b, o);
	if (!b->qresync || !trusted)
		ask_changed_flags(b, o, b->condstore && trusted ? o->was->modseq : 0);
}

static void
selected(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct opening *o = cmd->user;
	struct imap_box *box = &b->box;
	g_autoptr(GError) failed = error ? g_error_copy(error) : NULL;
	gboolean valid = box->uidvalidity != 0; /* else nothing of what QRESYNC told was taken */

	o->numbered = box->uidnext != 0;
	if (!o->numbered)
		box->uidnext = o->was->uidnext;
	if (response && response->status == IMAP_BAD && error->code == FULMAR_FAILED && b->condstore)
		o->again = TRUE;
	/* RFC 3501 wants one; what has none is taken as never changing, and its counts are checked. */
	if (!failed && !box->uidvalidity)
		box->uidvalidity = o->was->uidvalidity ? o->was->uidvalidity : 1;
	if (!failed && (o->first || o->was->uidvalidity != box->uidvalidity || !take_over_windows(b, o)))
		start_afresh(b, o, &failed);
	if (failed) {
		b->aimed = 0;
		imap_box_clear(box);
	} else if (b->conn) {
		box->selected = TRUE;
		box->counted = box->asked = box->exists;
		if (!o->first)
			resync(b, o, valid || !b->qresync);
		else if (box->exists)
			ask_newest(b, o);
		else
			uidset_add(&box->windows, 1, MAX(box->uidnext, 2) - 1);
	}
	imap_task_release(o->step, failed);
}

static void
select_arguments(struct backend *b, struct imap_cmd *cmd, const struct opening *o)
{
	const struct store_folder *was = o->was;
	GString *args = g_string_new(NULL);

	imap_command_mailbox(cmd->wire, was->wire);
	if (b->qresync && !o->first && was->modseq) {
		g_string_printf(args, "(QRESYNC (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, was->uidvalidity,
		                was->modseq);
		if (strlen(was->windows) < 700)
			g_string_append_printf(args, " %s", was->windows);
		g_string_append(args, "))");
		imap_command_atom(cmd->wire, args->str);
	} else if (b->condstore && !b->qresync) {
		imap_command_atom(cmd->wire, "(CONDSTORE)");
	}
	g_string_free(args, TRUE);
}

/* New mail is asked for together with SELECT, unless so much may have come that the newest of it should be
 * first. */
static gboolean
ask_with_select(const struct backend *b, const struct opening *o)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	return !o->first && b->condstore && o->was->modseq && now - o->was->synced < DAYS_AWAY * 86400;
}

static void
select_folder(struct backend *b, struct opening *o)
{
	struct imap_cmd *cmd = imap_cmd_in(b, o->folder, "SELECT", selected, o);

	cmd->kind = IMAP_CMD_SELECT;
	cmd->lo = o->was->uidvalidity;
	select_arguments(b, cmd, o);
	b->aimed = o->folder;
	o->step = imap_step_new(b, check_counts, o);
	o->arrivals_asked = ask_with_select(b, o);
	imap_queue(b, cmd);
	if (o->arrivals_asked)
		ask_for_arrivals(b, o, 0);
}

static void look(struct backend *b, struct imap_task *task, guint turn);

/* What the server told meanwhile may still be on its way into the store. A server that tells without end is
 * not waited for. */
static void
looked(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (!error && (b->box.asking || b->box.comparing) && b->aimed == b->box.folder &&
	    cmd->lo < LOOKS_AT_MOST)
		look(b, cmd->user, (guint)cmd->lo + 1);
	else
		imap_task_release(cmd->user, error);
}

static void
look(struct backend *b, struct imap_task *task, guint turn)
{
	struct imap_cmd *cmd = imap_cmd_new(b, "NOOP", looked, task);

	cmd->lo = turn;
	imap_queue(b, cmd);
}

void
imap_open(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);
	g_autoptr(GError) error = NULL;
	struct opening *o;

	if (b->aimed == folder && b->box.folder == folder && b->box.resynced) {
		look(b, task, 1);
		return;
	}
	o = g_new0(struct opening, 1);
	o->task = task;
	o->folder = folder;
	o->was = store_folder_by_id(b->env->store, folder, &error);
	if (!o->was && !error)
		fulmar_fail(&error, FULMAR_FAILED, _("this folder is no longer there"));
	if (error) {
		imap_task_release(task, error);
		g_free(o);
		return;
	}
	o->first = !o->was->uidvalidity || !*o->was->windows;
	b->openings++;
	if (folder != b->watched)
		b->watched = 0;
	select_folder(b, o);
}
