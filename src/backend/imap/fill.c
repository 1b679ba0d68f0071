#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

/* Headers behind the first screen, downwards by UID in pieces short enough that a person's request between
 * two of them waits little. UIDs are asked for, not numbers: an expunge on the way cannot shift them. How
 * many UIDs make the rows wanted, and how many rows a piece should have, is learnt from each answer.
 *
 * A fill is told as done when half of its rows are here, so that the next is on its way before the server has
 * nothing left to send, and it works while we store. (Dovecot serves commands side by side and ends them
 * together: two in flight are not enough for that.)
 */

enum { ROWS_MIN = 60, ROWS_MAX = 4000, PIECE_MS = 120, IN_FLIGHT = 4 };

static guint64
spread_of(const struct imap_box *box)
{
	guint64 spread = box->exists ? box->uidnext / box->exists : 1;

	return MAX(spread, 1);
}

/* All rows since the last end of a fill count: those of several may come mixed. */
static void
learn_pace(struct imap_box *box, const struct imap_cmd *cmd)
{
	gint64 now = g_get_monotonic_time(), us = MAX(now - MAX(cmd->flowing, box->filled), 1);
	gint64 rows = (gint64)box->rows * PIECE_MS * 1000 / us;

	box->filled = now;
	if (cmd->rows && box->rows >= cmd->rows)
		box->fill_rows = (guint)CLAMP(rows, ROWS_MIN, MIN(box->fill_rows * 4, ROWS_MAX));
}

static void
learn_spread(struct imap_box *box, const struct imap_cmd *cmd)
{
	guint64 width = cmd->hi - cmd->lo + 1;

	if (cmd->rows * 4 < cmd->wanted && width < G_MAXUINT32)
		box->spread *= 2;
	else if (cmd->rows)
		box->spread = MAX(width / cmd->rows, 1);
}

void
imap_fill_complete(struct backend *b)
{
	g_autoptr(GError) error = NULL;
	guint64 lo, hi;

	if (imap_box_hole(&b->box.windows, b->box.uidnext, &lo, &hi))
		return;
	imap_slice_end(b);
	if (!b->conn)
		return;
	if (!store_begin(b->env->store, FALSE, &error) ||
	    !store_folder_rebound(b->env->store, b->box.folder, &error) ||
	    !store_commit(b->env->store, &error))
		imap_drop(b, error);
	if (b->conn)
		imap_box_make_map(b);
}

void
imap_fill_release(struct backend *b, const GError *error)
{
	while (b->fill_waiters->len)
		task_release(g_ptr_array_remove_index_fast(b->fill_waiters, 0), error);
}

/* After a change of UIDVALIDITY: of the UIDs from lo to hi those that no row here was known by are fetched
 * whole before the window counts as complete. */
struct rest {
	struct backend *b;
	struct task *task; /* or NULL: the fill was told as done */
	gint64 folder;
	guint64 lo, hi;
};

static void fill_window(struct backend *b, struct task *task, guint64 lo, guint64 hi);
static void fill_end(struct backend *b, gint64 folder, struct task *task, const GError *error);

static void
rest_bound(const GError *error, void *user)
{
	g_autofree struct rest *rest = user;
	struct backend *b = rest->b;
	struct imap_box *box = &b->box;

	if (!error && imap_box_valid(box) && box->folder == rest->folder)
		fill_window(b, rest->task, rest->lo, rest->hi);
	else if (box->folder == rest->folder)
		uidset_remove(&box->pending, rest->lo, rest->hi);
	fill_end(b, rest->folder, rest->task, error);
}

/* FALSE: all of them were known. */
static gboolean
bind_rest(struct backend *b, const struct imap_cmd *cmd)
{
	struct uidset range, strange;
	struct task *step;
	struct rest *rest;

	if (uidset_empty(&b->box.strange))
		return FALSE;
	uidset_init(&range);
	uidset_init(&strange);
	uidset_add(&range, cmd->lo, cmd->hi);
	uidset_inside(&strange, &b->box.strange, &range);
	uidset_remove(&b->box.strange, cmd->lo, cmd->hi);
	uidset_clear(&range);
	rest = g_new0(struct rest, 1);
	rest->b = b;
	rest->task = cmd->user;
	rest->folder = cmd->folder;
	rest->lo = cmd->lo;
	rest->hi = cmd->hi;
	step = step_new(&b->tasks, rest_bound, rest);
	imap_fetch_set(b, &strange, b->row_items, 0, step);
	uidset_clear(&strange);
	task_release(step, NULL);
	return TRUE;
}

static void
fill_end(struct backend *b, gint64 folder, struct task *task, const GError *error)
{
	struct imap_box *box = &b->box;

	if (box->folder == folder && box->filling)
		box->filling--;
	imap_fill_release(b, error);
	if (task)
		task_release(task, error);
	else if (error && b->conn && !b->fill_error)
		b->fill_error = g_error_copy(error);
}

static void
fill_window(struct backend *b, struct task *task, guint64 lo, guint64 hi)
{
	struct imap_box *box = &b->box;
	struct store_folder *folder;

	uidset_add(&box->windows, lo, hi);
	imap_box_save(b, FALSE);
	imap_fill_complete(b);
	imap_box_resolve(b, task ? task : b->fill_waiters->len ? b->fill_waiters->pdata[0] : NULL);
	folder = b->conn ? store_folder_by_id(b->env->store, box->folder, NULL) : NULL;
	if (folder)
		b->env->hooks->progress(folder->id, (guint64)folder->rows, box->exists, b->env->user);
	g_clear_pointer(&folder, store_folder_free);
}

static void
hunted(struct backend *b, struct task *task, gint64 folder, guint64 lo, guint64 hi, const GError *error)
{
	if (!error)
		fill_window(b, task, lo, hi);
	else if (b->box.folder == folder)
		uidset_remove(&b->box.pending, lo, hi);
	fill_end(b, folder, task, error);
}

static void
fill_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_box *box = &b->box;

	if (!error && imap_box_valid(box) && box->folder == cmd->folder) {
		learn_pace(box, cmd);
		learn_spread(box, cmd);
		box->rows = 0;
		if (cmd->cut > cmd->lo) { /* the rest is a hole still */
			uidset_remove(&box->pending, cmd->lo, cmd->cut - 1);
			cmd->lo = MIN(cmd->cut, cmd->hi);
		}
		imap_withheld_given(b, cmd->lo, cmd->hi);
		if (bind_rest(b, cmd))
			return;
		fill_window(b, cmd->user, cmd->lo, cmd->hi);
	} else if (imap_is_withheld(response) && imap_box_valid(box) && box->folder == cmd->folder &&
	           !box->rebinding) {
		imap_withheld_hunt(b, cmd->user, cmd->lo, cmd->hi, error, hunted);
		return;
	} else if (box->folder == cmd->folder) {
		uidset_remove(&box->pending, cmd->lo, cmd->hi);
	}
	fill_end(b, cmd->folder, cmd->user, error);
}

void
imap_fill_row(struct backend *b, guint64 uid)
{
	for (GList *l = b->sent.head; l; l = l->next) {
		struct imap_cmd *cmd = l->data;

		if (cmd->done != fill_done || uid < cmd->lo || uid > cmd->hi)
			continue;
		if (!cmd->rows++)
			cmd->flowing = g_get_monotonic_time();
		if (cmd->user && cmd->rows * 2 >= cmd->wanted && b->box.filling < IN_FLIGHT)
			task_release(g_steal_pointer(&cmd->user), NULL);
		return;
	}
}

/* Windows may have grown by other ways since. */
static void
merge_windows(struct imap_box *box)
{
	for (guint i = 0; i < box->windows.len; i++)
		uidset_add(&box->pending, box->windows.ranges[i].lo, box->windows.ranges[i].hi);
}

void
imap_fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct task *task = task_new(&b->tasks, done, user);
	struct imap_box *box = &b->box;
	g_autoptr(GError) error = NULL;
	guint64 lo, hi, width;
	char range[48];
	struct imap_cmd *cmd;

	if (b->fill_error) { /* of one that was told as done already */
		error = g_steal_pointer(&b->fill_error);
		task_release(task, error);
		return;
	}
	if (box->folder != folder || !box->resynced) {
		fulmar_fail(&error, FULMAR_CANCELLED, _("another folder was opened"));
		task_release(task, error);
		return;
	}
	if (box->read_through) {
		fulmar_fail(&error, FULMAR_FAILED,
		            _("%s renumbers this folder again and again; only its newest messages are kept"),
		            b->env->account->host);
		task_release(task, error);
		return;
	}
	if (!box->spread)
		box->spread = spread_of(box);
	merge_windows(box);
	if (!imap_box_hole(&box->pending, box->uidnext, &lo, &hi)) {
		if (box->filling) {
			g_ptr_array_add(b->fill_waiters, task);
			return;
		}
		imap_box_save(b, FALSE);
		imap_fill_complete(b);
		imap_box_resolve(b, task);
		task_release(task, NULL);
		return;
	}
	box->filling++;
	if (imap_message_limit(b))
		box->fill_rows = (guint)MIN(box->fill_rows, imap_message_limit(b));
	width = box->spread * box->fill_rows;
	if (hi - lo >= width)
		lo = hi - width + 1;
	uidset_add(&box->pending, lo, hi);
	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, lo, hi);
	cmd = imap_fetch_rows(b, "UID FETCH", range, box->rebinding ? b->bind_items : b->row_items, 0,
	                      fill_done, task);
	cmd->folder = folder;
	cmd->lo = lo;
	cmd->hi = hi;
	cmd->wanted = box->fill_rows;
	imap_queue(b, cmd);
}
