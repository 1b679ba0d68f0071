#include "app/ready.h"

#include "base/error.h"
#include "base/i18n.h"

static struct store *
store_with_folders(const struct conf_account *account, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);
	g_autoptr(GPtrArray) folders = store ? store_folders(store, &problem) : NULL;

	if (problem)
		g_propagate_error(error, problem);
	if (folders && folders->len)
		return store;
	if (store)
		store_close(store);
	return NULL;
}

struct store *
ready_store(const struct app *app, struct session *session, const struct conf_account *account,
            GError **error)
{
	GError *problem = NULL;
	struct store *store = store_with_folders(account, &problem);

	if (store)
		return store;
	if (problem) {
		g_propagate_error(error, problem);
		return NULL;
	}
	if (!app_may_replay(app, account)) { /* who keeps folders here has them from the start */
		fulmar_fail(error, FULMAR_NO_LINK, _("nothing of %s is here yet; run it without --offline"),
		            account->id);
		return NULL;
	}
	if (!session_start(session, account, error) ||
	    !session_do(session, command_new(CMD_FOLDERS, account->id), error))
		return NULL;
	store = store_with_folders(account, &problem);
	if (problem)
		g_propagate_error(error, problem);
	else if (!store)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folders"), account->id);
	return store;
}

/* A folder that appeared on the server since the last look is worth one more. */
struct store_folder *
ready_find(const struct app *app, struct session *session, const struct conf_account *account,
           struct store *store, const char *path, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder = store_folder_by_path(store, path, &problem);

	if (!folder && !problem && app_may_link(app, account) && session_start(session, account, NULL))
		session_do(session, command_new(CMD_FOLDERS, account->id), NULL);
	if (problem)
		g_propagate_error(error, problem);
	else if (!folder)
		folder = app_folder(store, account, path, error);
	return folder;
}

static gboolean
sync_folder(struct session *session, const struct conf_account *account, gint64 folder, GError **error)
{
	struct command *command;

	if (!session_start(session, account, error))
		return FALSE;
	command = command_new(CMD_SYNC, account->id);
	command->folder = folder;
	return session_do(session, command, error);
}

struct store_folder *
ready_folder(const struct app *app, struct session *session, const struct conf_account *account,
             struct store *store, const char *path, GError **partly, GError **error)
{
	struct store_folder *folder = ready_find(app, session, account, store, path, error);
	/* One that was made here is complete before the server has it; of one that is empty all is here. */
	gboolean here = folder && (folder->synced || folder->rows || folder->complete ||
	                           (folder->server_uidnext && !folder->server_total));
	GError *problem = NULL;
	gint64 id;

	if (!folder || !folder->selectable || (folder->synced && folder->complete))
		return folder;
	if (!app_may_link(app, account)) {
		if (here)
			return folder;
		fulmar_fail(error, FULMAR_NO_LINK,
		            _("nothing of %s/%s is here yet; run it without --offline"), account->id, path);
		store_folder_free(folder);
		return NULL;
	}
	id = folder->id;
	if (!sync_folder(session, account, id, &problem)) {
		if (here) {
			g_propagate_error(partly, problem);
			return folder;
		}
		store_folder_free(folder);
		g_propagate_error(error, problem);
		return NULL;
	}
	store_folder_free(folder);
	return store_folder_by_id(store, id, error);
}
