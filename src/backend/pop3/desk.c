/* Who gives the UIDs of a folder that lives in the store. */
#include "backend/pop3/pop3-private.h"

#include <string.h>

#include "backend/pop3/visit.h"
#include "store/maildrop.h"

gboolean
pop3_desk_open(struct backend *b, gint64 folder, struct pop3_desk *desk, GError **error)
{
	struct store_folder *there = pop3_folder(b, folder, error);

	store_folder_free(there);
	desk->folder = folder;
	desk->next = there ? store_uid_next(b->env->store, folder, error) : 0;
	return desk->next != 0;
}

/* All that is in it is here: but for what the visit under way, or the one that was cut off last, has seen in
 * the maildrop. Only a visit says that INBOX is up to date. */
static gboolean
write_down(struct backend *b, struct store_folder *folder, guint64 next, GError **error)
{
	gboolean inbox = strcmp(folder->path, "INBOX") == 0;
	const struct visit *v = inbox ? b->visit : NULL;
	guint lacking = inbox ? pop3_announced_left(b->env->store, NULL) : 0;

	folder->uidvalidity = POP3_UIDVALIDITY;
	folder->uidnext = next;
	folder->exists = folder->server_total = (guint64)folder->rows + lacking;
	folder->server_unread = (guint64)folder->unread;
	if (!inbox || (v && v->list && v->list->listed))
		folder->synced = g_get_real_time() / G_USEC_PER_SEC;
	folder->complete = !lacking && folder->synced;
	g_free(folder->windows);
	folder->windows = g_strdup_printf("1:%" G_GUINT64_FORMAT, MAX(next - 1, 1));
	return store_folder_put_state(b->env->store, folder, error);
}

gboolean
pop3_desk_close(struct backend *b, const struct pop3_desk *desk, GError **error)
{
	struct store_folder *folder = pop3_folder(b, desk->folder, error);
	gboolean ok = folder && write_down(b, folder, desk->next, error);

	store_folder_free(folder);
	return ok;
}

gboolean
pop3_desk_look(struct backend *b, gint64 id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *folder = store_folder_by_id(b->env->store, id, &failed);
	guint64 next = folder ? store_uid_next(b->env->store, id, &failed) : 0;
	gboolean ok = next && write_down(b, folder, next, &failed);

	store_folder_free(folder);
	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	return ok || !failed;
}
