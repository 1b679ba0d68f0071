#include <stdio.h>
#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

/* Opening a folder: SELECT, and what makes the store follow the server again.
 *
 * First time: the newest screen, asked for in the flight of SELECT where PARTIAL (RFC 9394) or the folder
 * list allow it; the rest by fill. Again: QRESYNC gives changes and losses inside SELECT; CONDSTORE gives
 * changes since; plain compares searches. New mail is asked for in the flight of SELECT. Rows may be
 * committed as they come; what is written last, and only when everything was applied, is MODSEQ, UIDNEXT and
 * the windows: a fault on the way leaves them as they were and the next open starts from there.
 */

enum {
	SCREEN = 60,
	ARRIVALS_AT_ONCE = 500,
	SMALL_FOLDER = 2000,
	DAYS_AWAY = 3,
	LOOKS_AT_MOST = 4,
	RENUMBERED_AT_MOST = 3,
	LIST_IS_FRESH = 60
};

struct opening {
	struct backend *b;
	struct task *task;
	struct task *step;        /* SELECT and what went with it or came of it */
	struct store_folder *was; /* sync state before */
	gboolean first;           /* nothing of this UIDVALIDITY is here */
	gboolean arrivals_asked;  /* in the flight of SELECT */
	gboolean numbered;        /* SELECT told UIDNEXT */
	gboolean since_refused;   /* CHANGEDSINCE was, although advertised */
	gboolean again;           /* SELECT's parameters were, although advertised */
	gboolean newest_asked;    /* in the flight of SELECT */
	gboolean partial_refused; /* PARTIAL was, although advertised */
	gboolean newest_alone;    /* so much came that only the newest was asked for */
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
	o->b->openings--;
	task_release(o->task, error);
	store_folder_free(o->was);
	g_free(o);
}

/* Everything asked for has come: what the store holds is what the server has, as far as the windows reach. */
static void
settled(const GError *error, void *user)
{
	struct opening *o = user;
	struct backend *b = o->b;
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
	box->since = 0;
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

static void
arrivals_hunted(struct backend *b, struct task *step, gint64 folder, guint64 lo, guint64 hi,
                const GError *error)
{
	if (!error)
		uidset_add(&b->box.windows, lo, hi);
	if (b->box.folder == folder)
		b->box.lowest = b->box.highest = b->box.rows = 0;
	task_release(step, error);
}

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
		task_release(o->step, NULL);
		return;
	}
	if (imap_is_withheld(response) && still_open(b, o) && box->uidnext > cmd->lo) {
		imap_withheld_hunt(b, o->step, cmd->lo, box->uidnext - 1, error, arrivals_hunted);
		return;
	}
	if (!error && box->folder == o->folder && box->stored == cmd->hi) {
		if (box->highest >= box->uidnext)
			box->uidnext = box->highest + 1;
		if (box->uidnext > cmd->lo)
			uidset_add(&box->windows, MAX(cmd->lo, cmd->cut), box->uidnext - 1);
	}
	if (box->folder == o->folder)
		box->lowest = box->highest = box->rows = 0; /* newest_done looks at what comes from here on */
	task_release(o->step, error);
}

static void ask_newest(struct backend *b, struct opening *o);

static void
newest_bound(const GError *error, void *user)
{
	struct opening *o = user;
	struct imap_box *box = &o->b->box;

	if (!error && still_open(o->b, o) && box->lowest)
		uidset_add(&box->windows, box->lowest, box->uidnext - 1);
	task_release(o->step, error);
}

/* By number, or by PARTIAL from the end, nothing is left out in between: what came is a window, provided that
 * as much came as there must be. */
static void
newest_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
            const GError *error)
{
	struct opening *o = cmd->user;
	struct imap_box *box = &b->box;
	gboolean here = box->folder == o->folder && box->selected;

	if (here && cmd->folder == 0 && box->exists && (error ? response != NULL : !box->rows)) {
		/* What went with SELECT was refused, or was about numbers that are no more. */
		o->partial_refused = error != NULL;
		ask_newest(b, o);
		error = NULL;
	} else if (imap_is_withheld(response) && here && !box->rebinding && box->uidnext > 1) {
		error = NULL; /* whose fault that is will be seen when the hole is filled */
	} else if (!error && here) {
		if (box->highest >= box->uidnext)
			box->uidnext = box->highest + 1;
		if (!uidset_empty(&box->strange)) {
			struct task *step = step_new(&b->tasks, newest_bound, o);

			task_hold(o->step);
			imap_fetch_set(b, &box->strange, b->row_items_full, 0, step);
			uidset_clear(&box->strange);
			task_release(step, NULL);
		} else if (box->lowest && box->rows >= MIN(box->exists, cmd->wanted)) {
			gboolean all = box->rows >= box->exists && !cmd->cut;

			uidset_add(&box->windows, all ? 1 : box->lowest, box->uidnext - 1);
		}
	}
	task_release(o->step, error);
}

static guint
screen(const struct backend *b)
{
	guint64 limit = imap_message_limit(b);

	return limit && limit < SCREEN ? (guint)limit : SCREEN;
}

/* exists: as far as is known. With SELECT (folder 0) it may be others by then. */
static void
send_newest(struct backend *b, struct opening *o, gint64 folder, guint64 exists)
{
	const char *items = b->box.rebinding && folder ? b->bind_items : b->row_items_full;
	guint rows = screen(b);
	char range[32];
	struct imap_cmd *cmd;

	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":*", exists > rows ? exists - rows + 1 : 1);
	if (imap_has(b, "PARTIAL") && (!o->partial_refused || b->uidonly)) {
		g_autofree char *last = g_strdup_printf("(PARTIAL -1:-%u)", rows);

		cmd = imap_fetch_rows(b, "UID FETCH", "1:*", items, 0, newest_done, o);
		imap_command_atom(cmd->wire, last);
	} else {
		cmd = imap_fetch_rows(b, "FETCH", range, items, 0, newest_done, o);
	}
	cmd->folder = folder;
	cmd->wanted = folder ? rows : 1;
	task_hold(o->step);
	imap_queue(b, cmd);
}

static void
ask_newest(struct backend *b, struct opening *o)
{
	b->box.lowest = b->box.highest = b->box.rows = 0;
	send_newest(b, o, o->folder, b->box.exists);
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
	cmd = imap_fetch_rows(b, "UID FETCH", range, b->row_items,
	                      b->condstore && !o->since_refused ? o->was->modseq : 0, arrivals_done, o);
	cmd->folder = folder;
	cmd->lo = first;
	cmd->hi = o->was->uidvalidity;
	task_hold(o->step);
	imap_queue(b, cmd);
}

static void
ask_arrivals(struct backend *b, struct opening *o)
{
	struct imap_box *box = &b->box;

	if ((o->numbered && box->uidnext <= o->was->uidnext) || !box->exists)
		return;
	if (box->uidnext - o->was->uidnext > ARRIVALS_AT_ONCE) {
		o->newest_alone = TRUE;
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

	if (since && box->modseq == since)
		return;
	if (!since && box->exists > SMALL_FOLDER)
		imap_compare_flags(b, o->step);
	else
		imap_fetch_set(b, &box->windows, b->flag_items, since, o->step);
}

static void select_folder(struct backend *b, struct opening *o);

/* Do the numbers add up? *lost says how many messages have gone, as far as they tell. Where all rows are here
 * their number must be EXISTS; else what was there, and what came, against what is there now. */
static gboolean
is_doubtful(struct backend *b, const struct opening *o, guint64 *lost)
{
	const struct imap_box *box = &b->box;
	gint64 exists = (gint64)box->exists, n = (gint64)o->was->exists + box->arrivals - exists;
	struct store_folder *now;
	guint64 lo, hi;

	if (imap_box_hole(&box->windows, box->uidnext, &lo, &hi)) {
		*lost = (guint64)MAX(n, 0);
		return !b->qresync && !o->first && (n || o->newest_alone);
	}
	now = store_folder_by_id(b->env->store, o->folder, NULL);
	n = now ? now->rows - exists : 0;
	g_clear_pointer(&now, store_folder_free);
	*lost = (guint64)MAX(n, 0);
	return n != 0;
}

/* A difference is looked into, never assumed. */
static void
check_counts(const GError *error, void *user)
{
	struct opening *o = user;
	struct backend *b = o->b;
	guint64 lost = 0;

	if (o->again && b->conn) {
		o->again = b->qresync = b->condstore = FALSE;
		select_folder(b, o);
		return;
	}
	if (error || !still_open(b, o) || (!is_doubtful(b, o, &lost) && !b->box.doubt)) {
		settled(error, o);
		return;
	}
	o->step = step_new(&b->tasks, settled, o);
	imap_survey(b, o->step, lost);
	task_release(o->step, NULL);
}

static gboolean
take_over_windows(struct backend *b, struct opening *o)
{
	struct imap_box *box = &b->box;

	uidset_clear(&box->windows);
	if (o->first)
		return TRUE;
	if (!uidset_parse(&box->windows, o->was->windows, strlen(o->was->windows), 1000000))
		return FALSE;
	imap_withheld_load(b);
	return TRUE;
}

/* A server that renumbers a folder again and again is not followed through all of it each time. */
static gboolean
renumbers_often(struct backend *b, gint64 folder)
{
	g_autofree char *key = g_strdup_printf("renumbered.%" G_GINT64_FORMAT, folder);
	g_autofree char *was = store_get(b->env->store, key);
	g_autofree char *now = NULL;
	gint64 today = g_get_real_time() / G_USEC_PER_SEC / 86400, day = 0;
	int times = 0;

	if (!was || sscanf(was, "%" G_GINT64_FORMAT " %d", &day, &times) != 2 || day != today)
		times = 0;
	times = MIN(times, RENUMBERED_AT_MOST) + 1;
	now = g_strdup_printf("%" G_GINT64_FORMAT " %d", today, times);
	store_set(b->env->store, key, now, NULL);
	return times > RENUMBERED_AT_MOST;
}

static gboolean
start_afresh(struct backend *b, struct opening *o, GError **error)
{
	o->first = TRUE;
	b->box.rebinding = o->was->uidvalidity && o->was->shown > 0;
	if (o->was->uidvalidity && o->was->uidvalidity != b->box.uidvalidity) {
		b->box.read_through = renumbers_often(b, o->folder);
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
	imap_withheld_load(b);
	imap_withheld_given(b, 1, G_MAXUINT32);
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
	box->news_from = box->since = o->was->uidnext;
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
		else if (box->exists && !o->newest_asked)
			ask_newest(b, o);
		else if (!box->exists)
			uidset_add(&box->windows, 1, MAX(box->uidnext, 2) - 1);
	}
	task_release(o->step, failed);
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

/* The newest screen goes with SELECT when its place can be told without an answer. */
static gboolean
ask_newest_with_select(const struct backend *b, const struct opening *o)
{
	gint64 age = g_get_monotonic_time() - b->listed;

	if (!o->first || o->was->uidvalidity)
		return FALSE;
	return imap_has(b, "PARTIAL") ||
	       (o->was->server_total && b->listed && age < LIST_IS_FRESH * G_USEC_PER_SEC);
}

static void
select_folder(struct backend *b, struct opening *o)
{
	struct imap_cmd *cmd = imap_cmd_in(b, o->folder, "SELECT", selected, o);

	cmd->kind = IMAP_CMD_SELECT;
	cmd->lo = o->was->uidvalidity;
	select_arguments(b, cmd, o);
	b->aimed = o->folder;
	o->step = step_new(&b->tasks, check_counts, o);
	o->arrivals_asked = ask_with_select(b, o);
	imap_queue(b, cmd);
	if (o->arrivals_asked)
		ask_for_arrivals(b, o, 0);
	o->newest_asked = ask_newest_with_select(b, o);
	if (o->newest_asked)
		send_newest(b, o, 0, o->was->server_total);
}

static void look(struct backend *b, struct task *task, guint turn);

/* What the server told meanwhile may still be on its way into the store. A server that tells without end is
 * not waited for. */
static void
looked(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (!error && (b->box.asking || b->box.comparing) && b->aimed == b->box.folder &&
	    cmd->lo < LOOKS_AT_MOST)
		look(b, cmd->user, (guint)cmd->lo + 1);
	else
		task_release(cmd->user, error);
}

static void
look(struct backend *b, struct task *task, guint turn)
{
	struct imap_cmd *cmd = imap_cmd_new(b, "NOOP", looked, task);

	cmd->lo = turn;
	imap_queue(b, cmd);
}

void
imap_open(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	g_autoptr(GError) error = NULL;
	struct opening *o;

	if (b->aimed == folder && b->box.folder == folder && b->box.resynced) {
		imap_withheld_again(b);
		imap_box_news(b);
		look(b, task, 1);
		return;
	}
	o = g_new0(struct opening, 1);
	o->b = b;
	o->task = task;
	o->folder = folder;
	o->was = store_folder_by_id(b->env->store, folder, &error);
	if (!o->was && !error)
		fulmar_fail(&error, FULMAR_FAILED, _("this folder is no longer there"));
	if (error) {
		task_release(task, error);
		g_free(o);
		return;
	}
	o->first = !o->was->uidvalidity || !*o->was->windows;
	b->openings++;
	if (folder != b->watched)
		b->watched = 0;
	select_folder(b, o);
}
