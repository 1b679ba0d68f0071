#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/check-private.h"

/* Building one folder anew: nothing of it is believed but bodies and what waits. */

/* What has nothing of its own goes; of the others the header is read again where the message is here. */
static gboolean
rebuild_row(struct store *store, msgid id, guint *kept, GError **error)
{
	static const char worth[] = "SELECT EXISTS (SELECT 1 FROM op_row WHERE id = ?1) OR EXISTS (SELECT 1 "
	                            "FROM part WHERE id = ?1)"
	                            " OR EXISTS (SELECT 1 FROM message WHERE id = ?1 AND file IS NOT NULL)"
	                            " OR EXISTS (SELECT 1 FROM place WHERE id = ?1)";
	static const char drop[] = "DELETE FROM message WHERE id = ?1";
	gint64 keep;
	int renewed;

	if (!store_number(store, worth, VALUES(id), 0, &keep, error))
		return FALSE;
	if (!keep)
		return store_run(store, drop, VALUES(id), error);
	++*kept;
	renewed = header_renew(store, id, error);
	return renewed == 0 || (renewed > 0 && structure_renew(store, id, error));
}

static gboolean
rebuild_rows(struct store *store, gint64 folder, guint *n, guint *kept, GError **error)
{
	static const char rows[] =
	        "SELECT id FROM message WHERE folder = ?1 AND (uid IS NOT NULL OR file IS NOT"
	        " NULL) UNION SELECT id FROM place WHERE folder = ?1";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = store_ids(store, rows, VALUES(folder), ids, error);

	for (guint i = 0; ok && i < ids->len; i++)
		ok = rebuild_row(store, g_array_index(ids, msgid, i), kept, error);
	*n = ids->len;
	return ok;
}

static gboolean
rebuild_folder(struct store *store, gint64 folder, guint *n, guint *kept, GError **error)
{
	static const char forget[] = "UPDATE folder SET uidvalidity = 0, synced = 0 WHERE id = ?1";
	gboolean any;

	/* As after a change of UIDVALIDITY. Mail in files keeps them: a file is its own proof. */
	return rebuild_rows(store, folder, n, kept, error) && store_folder_unbind(store, folder, error) &&
	       store_flush(store, error) && store_run(store, forget, VALUES(folder), error) &&
	       probes_fix(store, &any, error) && probes_recount(store, error);
}

static gboolean
rebuild(struct store *store, const char *path, store_found found, void *user, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder = store_folder_by_path(store, path, &problem);
	g_autofree char *what = NULL;
	struct store_finding finding = {"row", path, NULL, "", _("the next sync fetches its headers"), TRUE};
	guint n = 0, kept = 0;
	gboolean ok;

	if (!folder) {
		if (problem)
			g_propagate_error(error, problem);
		else
			fulmar_fail(error, FULMAR_FAILED, _("%s: no folder is called “%s”"), store->path,
			            path);
		return FALSE;
	}
	ok = store_begin(store, TRUE, error) &&
	     store_leave(store, TRUE, rebuild_folder(store, folder->id, &n, &kept, error), error);
	store_folder_free(folder);
	if (!ok)
		return FALSE;
	finding.text = what = g_strdup_printf(
	        ngettext("built anew; of %u mail %u with text or waiting changes is kept",
	                 "built anew; of %u mails %u with text or waiting changes are kept", n),
	        n, kept);
	found(&finding, user);
	return TRUE;
}

gboolean
store_rebuild(const char *dir, const char *path, store_found found, void *user, GError **error)
{
	int lock = repair_lock(dir, error);
	struct store *store = lock >= 0 ? store_open(dir, STORE_WRITE, error) : NULL;
	gboolean ok = store && rebuild(store, path, found, user, error);

	store_close(store);
	if (lock >= 0)
		close(lock);
	return ok;
}
