/* Who gives the UIDs of a folder that lives in the store. */
#include "backend/pop3/pop3-private.h"

#include <string.h>

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

/* All that is in it is here, always; only a visit says that INBOX is up to date. */
gboolean
pop3_desk_close(struct backend *b, const struct pop3_desk *desk, GError **error)
{
	struct store_folder *folder = pop3_folder(b, desk->folder, error);
	gboolean ok;

	if (!folder)
		return FALSE;
	folder->uidvalidity = POP3_UIDVALIDITY;
	folder->uidnext = desk->next;
	folder->exists = folder->server_total = (guint64)folder->rows;
	folder->server_unread = (guint64)folder->unread;
	folder->complete = TRUE;
	if (strcmp(folder->path, "INBOX") != 0)
		folder->synced = g_get_real_time() / G_USEC_PER_SEC;
	g_free(folder->windows);
	folder->windows = g_strdup_printf("1:%" G_GUINT64_FORMAT, MAX(desk->next - 1, 1));
	ok = store_folder_put_state(b->env->store, folder, error);
	store_folder_free(folder);
	return ok;
}
