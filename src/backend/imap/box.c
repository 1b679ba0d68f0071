#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"

void
imap_box_clear(struct imap_box *box)
{
	uidset_clear(&box->windows);
	uidset_clear(&box->pending);
	uidset_clear(&box->map);
	uidset_clear(&box->strange);
	uidset_clear(&box->withheld);
	g_clear_pointer(&box->keywords, g_ptr_array_unref);
	g_free(box->kept);
	memset(box, 0, sizeof *box);
	box->fill_rows = 250;
}

static void
aimed_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	g_clear_error(&b->unaimed);
	if (error) {
		b->unaimed = g_error_copy(error);
		b->aimed = 0;
		return;
	}
	if (!b->box.uidvalidity)
		b->box.uidvalidity = b->box.stored; /* as in open.c */
	b->box.there = TRUE;
	b->box.selected = imap_box_valid(&b->box);
}

gboolean
imap_aim(struct backend *b, gint64 id, GError **error)
{
	struct store_folder *folder;
	struct imap_cmd *cmd;

	if (b->aimed == id)
		return TRUE;
	folder = store_folder_by_id(b->env->store, id, error);
	if (!folder) {
		if (error && !*error)
			fulmar_fail(error, FULMAR_FAILED, _("this folder is no longer there"));
		return FALSE;
	}
	cmd = imap_cmd_in(b, id, "SELECT", aimed_done, NULL);
	cmd->kind = IMAP_CMD_AIM;
	cmd->lo = folder->uidvalidity;
	imap_command_mailbox(cmd->wire, folder->wire);
	store_folder_free(folder);
	b->aimed = id;
	imap_queue(b, cmd);
	return TRUE;
}

void
imap_box_save(struct backend *b, gboolean advance)
{
	g_autoptr(GError) error = NULL;
	struct imap_box *box = &b->box;
	struct store_folder *folder = store_folder_by_id(b->env->store, box->folder, &error);
	guint64 lo, hi;

	if (!folder)
		return;
	g_free(folder->windows);
	folder->windows = uidset_format(&box->windows);
	folder->uidvalidity = box->uidvalidity;
	folder->uidnext = box->uidnext;
	folder->exists = folder->server_total = box->exists;
	folder->complete = !imap_box_hole(&box->windows, box->uidnext, &lo, &hi);
	if (advance) {
		folder->modseq = box->modseq;
		folder->synced = g_get_real_time() / G_USEC_PER_SEC;
	}
	if (imap_tx(b) && !store_folder_put_state(b->env->store, folder, &error))
		imap_drop(b, error);
	b->touched = box->folder;
	store_folder_free(folder);
}

gboolean
imap_box_hole(const struct uidset *set, guint64 limit, guint64 *lo, guint64 *hi)
{
	guint64 top = limit ? limit - 1 : 0;

	for (guint i = set->len; i-- > 0 && top;) {
		const struct uidrange *r = &set->ranges[i];

		if (r->lo > top)
			continue;
		if (r->hi < top) {
			*lo = r->hi + 1;
			*hi = top;
			return TRUE;
		}
		top = r->lo - 1;
	}
	*lo = 1;
	*hi = top;
	return top > 0;
}

/* The map's highest UID is message number counted. */
guint64
imap_box_uid(const struct imap_box *box, guint64 seq)
{
	guint64 above;

	if (!box->mapped || seq > box->counted)
		return 0;
	above = box->counted - seq;
	for (guint i = box->map.len; i-- > 0;) {
		const struct uidrange *r = &box->map.ranges[i];
		guint64 n = r->hi - r->lo + 1;

		if (above < n)
			return r->hi - above;
		above -= n;
	}
	return 0;
}

void
imap_box_make_map(struct backend *b)
{
	struct imap_box *box = &b->box;
	guint64 lo, hi;

	if (b->qresync || b->uidonly)
		return;
	uidset_clear(&box->map);
	box->mapped = !box->doubt && store_uids(b->env->store, box->folder, 0, 0, &box->map, NULL);
	/* Below a hole the numbers are anybody's guess. */
	if (!box->mapped)
		return;
	if (imap_box_hole(&box->windows, box->uidnext, &lo, &hi))
		uidset_remove(&box->map, 1, hi);
	else
		box->mapped = uidset_count(&box->map) == box->counted;
}

/* What fails here fails with the link, or is met again at the next opening. */
static void
resolved(const GError *error, void *user)
{
	struct backend *b = user;

	if (error)
		b->box.doubt = TRUE;
}

void
imap_box_resolve(struct backend *b, struct task *task)
{
	struct imap_box *box = &b->box;
	guint64 lo, hi;

	if (!b->conn || !box->doubt || box->comparing || !box->resynced || b->aimed != box->folder ||
	    imap_box_hole(&box->windows, box->uidnext, &lo, &hi))
		return;
	if (task) {
		imap_verify(b, task);
		return;
	}
	task = step_new(&b->tasks, resolved, b);
	imap_verify(b, task);
	task_release(task, NULL);
}

gboolean
imap_box_valid(const struct imap_box *box)
{
	return box->folder && box->stored && box->stored == box->uidvalidity;
}

struct imap_cmd *
imap_fetch_rows(struct backend *b, const char *verb, const char *range, const char *items, guint64 since,
                imap_cmd_done done, void *user)
{
	struct imap_cmd *cmd = imap_cmd_new(b, verb, done, user);

	imap_command_atom(cmd->wire, range);
	imap_command_atom(cmd->wire, items);
	if (since) {
		imap_command_open(cmd->wire);
		imap_command_atom(cmd->wire, "CHANGEDSINCE");
		imap_command_number(cmd->wire, since);
		imap_command_close(cmd->wire);
	}
	return cmd;
}

/* All from lo to hi have come. */
static void
took_news(struct backend *b, guint64 lo, guint64 hi)
{
	struct imap_box *box = &b->box;

	box->asking = FALSE;
	if (hi) {
		uidset_add(&box->windows, lo, hi);
		uidset_add(&box->pending, lo, hi);
		box->uidnext = hi + 1;
	}
	/* Each row that came was counted: one that did not, or came out of turn, leaves the numbers in doubt.
	 */
	if (box->mapped && box->counted != box->asked) {
		box->mapped = FALSE;
		box->doubt = TRUE;
	}
	box->counted = box->asked;
	imap_box_save(b, FALSE);
	imap_slice_end(b);
	imap_box_news(b);
	imap_box_resolve(b, NULL);
}

static void
news_hunted(struct backend *b, struct task *task, gint64 folder, guint64 lo, guint64 hi, const GError *error)
{
	if (b->box.folder != folder)
		return;
	if (error)
		b->box.asking = FALSE; /* it is asked for again when more comes */
	else
		took_news(b, lo, hi);
}

static void
uid_data(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response)
{
	struct imap_fetch fetch;

	if (b->box.folder == cmd->folder && imap_fetch_decode(response, &fetch) && fetch.uid >= cmd->lo)
		cmd->hi = MIN(MAX(cmd->hi, fetch.uid), G_MAXUINT32);
}

static void
uids_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_box *box = &b->box;
	g_autoptr(GError) why = cmd->user;

	if (box->folder != cmd->folder)
		return;
	if (!error && cmd->hi && imap_box_valid(box))
		imap_withheld_hunt(b, NULL, cmd->lo, cmd->hi, why, news_hunted);
	else
		box->asking = FALSE;
}

/* The news was refused as a whole, for the sake of one perhaps: up to which UID does it go? */
static void
ask_uids(struct backend *b, guint64 lo, const GError *why)
{
	g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT ":*", lo);
	struct imap_cmd *cmd =
	        imap_fetch_rows(b, "UID FETCH", range, "(UID)", 0, uids_done, g_error_copy(why));

	cmd->folder = b->box.folder;
	cmd->lo = lo;
	cmd->on_data = uid_data;
	imap_queue(b, cmd);
}

static void
news_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	struct imap_box *box = &b->box;

	if (box->folder != cmd->folder)
		return;
	if (imap_is_withheld(response) && b->conn) {
		ask_uids(b, cmd->lo, error);
	} else if (error) {
		box->asking = FALSE;
	} else {
		took_news(b, MAX(cmd->lo, cmd->cut), box->highest >= cmd->lo ? box->highest : 0);
		imap_withheld_news(b);
	}
}

void
imap_box_news(struct backend *b)
{
	struct imap_box *box = &b->box;
	struct imap_cmd *cmd;
	char range[32];

	if (!box->resynced || box->asking || box->exists <= box->counted || b->aimed != box->folder ||
	    imap_notify_awaits(b))
		return;
	box->asking = TRUE;
	box->asked = box->exists;
	box->news_from = MAX(box->news_from, box->uidnext);
	box->highest = 0;
	g_snprintf(range, sizeof range, "%" G_GUINT64_FORMAT ":*", box->uidnext);
	cmd = imap_fetch_rows(b, "UID FETCH", range, b->row_items_full, 0, news_done, NULL);
	cmd->folder = box->folder;
	cmd->lo = box->uidnext;
	imap_queue(b, cmd);
}
