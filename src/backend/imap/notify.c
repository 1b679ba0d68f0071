#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/idset.h"
#include "base/loop.h"

/* NOTIFY (RFC 5465): the server tells of changes in all folders as they happen. Of the selected one it gives
 * new rows whole, so that they are on the screen half a round trip after they came; of the others it gives
 * STATUS, which is stored, and who shows and fetches them hears of it. Changes of the list of folders are
 * looked at by listing them anew. All of it is told after the slice's commit. */

enum { ROWS_MS = 1000 };

/* ---- asking for it ---- */

static void
told_to(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (b->notify == NOTIFY_ASKED)
		b->notify = error ? NOTIFY_OVER : NOTIFY_ON;
}

void
imap_notify_begin(struct backend *b)
{
	g_autofree char *events = NULL;
	struct imap_cmd *cmd;

	if (b->notify != NOTIFY_OFF || b->phase != PHASE_READY || !imap_has(b, "NOTIFY"))
		return;
	b->notify = NOTIFY_ASKED;
	events = g_strdup_printf("SET STATUS (SELECTED-DELAYED (MessageNew %s MessageExpunge FlagChange)) "
	                         "(PERSONAL (MessageNew MessageExpunge FlagChange MailboxName "
	                         "SubscriptionChange))",
	                         b->row_items_full);
	cmd = imap_cmd_new(b, "NOTIFY", told_to, NULL);
	imap_command_atom(cmd->wire, events);
	imap_queue(b, cmd);
}

gboolean
imap_follows_all(struct backend *b)
{
	return b->notify == NOTIFY_ON && !b->foreign; /* it was asked for those of PERSONAL */
}

void
imap_notify_stop(struct backend *b)
{
	loop_drop(&b->rows_timer);
	g_clear_pointer(&b->known, g_hash_table_unref);
	g_clear_pointer(&b->behind, g_hash_table_unref);
	b->notify = NOTIFY_OFF;
	b->rows_late = b->pushed = b->recounted = FALSE;
}

/* ---- what is to be told ---- */

static void
note_behind(struct backend *b, gint64 folder)
{
	if (!b->behind)
		b->behind = idset_new();
	idset_add(b->behind, folder);
}

void
imap_notify_tell(struct backend *b)
{
	g_autoptr(GHashTable) behind = g_steal_pointer(&b->behind);
	gboolean recounted = b->recounted;
	GHashTableIter iter;
	gpointer key;

	g_clear_pointer(&b->known, g_hash_table_unref);
	b->recounted = FALSE;
	if (recounted)
		b->env->hooks->folders(b->env->user);
	if (!behind)
		return;
	g_hash_table_iter_init(&iter, behind);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		b->env->hooks->behind(*(const gint64 *)key, b->env->user);
}

/* RFC 5465 §5.8: it is as if NOTIFY NONE had been sent; some servers want to hear that. What was not told
 * shows in the list. */
void
imap_notify_overflow(struct backend *b)
{
	struct imap_cmd *cmd;

	if (b->notify == NOTIFY_OFF || b->notify == NOTIFY_OVER)
		return;
	b->notify = NOTIFY_OVER;
	cmd = imap_cmd_new(b, "NOTIFY", NULL, NULL);
	imap_command_atom(cmd->wire, "NONE");
	imap_queue(b, cmd);
	note_behind(b, 0);
}

/* ---- rows of the selected folder ---- */

static gboolean
rows_did_not_come(gpointer user)
{
	struct backend *b = user;

	loop_drop(&b->rows_timer);
	b->rows_late = TRUE;
	imap_box_news(b);
	b->rows_late = FALSE;
	return G_SOURCE_REMOVE;
}

gboolean
imap_notify_awaits(struct backend *b)
{
	if (b->notify != NOTIFY_ON || b->rows_late)
		return FALSE;
	b->box.news_from = MAX(b->box.news_from, b->box.uidnext);
	if (b->rows_timer)
		return TRUE;
	loop_after(&b->rows_timer, b->env->context, ROWS_MS, rows_did_not_come, b);
	return TRUE;
}

/* The one after the last that was counted: between their UIDs there is none. */
void
imap_notify_row(struct backend *b, const struct imap_fetch *fetch)
{
	struct imap_box *box = &b->box;

	if (b->notify != NOTIFY_ON || !box->resynced || box->asking || fetch->seq != box->counted + 1 ||
	    fetch->uid < box->uidnext)
		return;
	uidset_add(&box->windows, box->uidnext, fetch->uid);
	uidset_add(&box->pending, box->uidnext, fetch->uid);
	box->uidnext = fetch->uid + 1;
	box->asked = MAX(box->asked, fetch->seq);
	b->pushed = TRUE;
}

void
imap_notify_save(struct backend *b)
{
	if (b->rows_timer && b->box.counted >= b->box.exists)
		loop_drop(&b->rows_timer);
	if (!b->pushed)
		return;
	b->pushed = FALSE;
	if (!b->box.resynced)
		return;
	imap_box_save(b, FALSE);
	imap_withheld_news(b);
}

/* ---- the other folders ---- */

static struct store_folder *
known(struct backend *b, const unsigned char *name, gsize len)
{
	g_autofree char *wire = g_strndup((const char *)name, len);
	GPtrArray *folders;

	if (!b->known) {
		b->known = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, store_folder_free);
		folders = store_folders(b->env->store, NULL);
		for (guint i = 0; folders && i < folders->len; i++)
			g_hash_table_replace(b->known, ((struct store_folder *)folders->pdata[i])->wire,
			                     folders->pdata[i]);
		if (folders) {
			g_ptr_array_set_free_func(folders, NULL);
			g_ptr_array_unref(folders);
		}
	}
	return g_hash_table_lookup(b->known, g_ascii_strcasecmp(wire, "INBOX") ? wire : "INBOX");
}

static gboolean
take_count(gboolean told, guint64 value, guint64 *stored)
{
	gboolean changed = told && *stored != value;

	if (changed)
		*stored = value;
	return changed;
}

/* TRUE when rows that are here, or should be, have changed. */
static gboolean
is_ahead(const struct store_folder *folder, const struct imap_status_data *status)
{
	if (!folder->synced)
		return FALSE; /* as the list said */
	return (status->has_uidnext && status->uidnext > folder->uidnext) ||
	       (status->has_highestmodseq && folder->modseq && status->highestmodseq > folder->modseq) ||
	       (status->has_uidvalidity && status->uidvalidity != folder->uidvalidity);
}

void
imap_notify_status(struct backend *b, const struct imap_status_data *status)
{
	struct store_folder *folder = known(b, status->name, status->name_len);
	gboolean counts, uidnext;
	g_autoptr(GError) error = NULL;

	if (!folder || (folder->id == b->box.folder && b->box.resynced))
		return;
	counts = take_count(status->has_messages, status->messages, &folder->server_total);
	counts |= take_count(status->has_unseen, status->unseen, &folder->server_unread);
	uidnext = take_count(status->has_uidnext, status->uidnext, &folder->server_uidnext);
	if ((counts || uidnext) && imap_tx(b) && !store_folder_put(b->env->store, folder, &error)) {
		imap_drop(b, error);
		return;
	}
	b->recounted |= counts;
	if (counts || is_ahead(folder, status))
		note_behind(b, folder->id);
}

/* A folder that is told of as it is known to be has not changed. */
void
imap_notify_list(struct backend *b, const struct imap_list *list)
{
	const struct store_folder *folder = known(b, list->name, list->name_len);
	gboolean there = !imap_has_attribute(list->attributes, "\\NonExistent") &&
	                 !imap_has_attribute(list->attributes, "\\Noselect");

	if (b->notify == NOTIFY_OFF)
		return;
	if (!folder || list->extended || folder->selectable != there ||
	    folder->subscribed != imap_has_attribute(list->attributes, "\\Subscribed"))
		note_behind(b, 0);
}
