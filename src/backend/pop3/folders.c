/* The folders of a POP3 account: made, named and listed here. */
#include "backend/pop3/pop3-private.h"

#include <string.h>

#include "backend/paths.h"
#include "backend/roles.h"
#include "base/error.h"
#include "base/i18n.h"
#include "store/maildrop.h"

enum { SLICE = 500 };

struct store_folder *
pop3_folder(struct backend *b, gint64 id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_folder *folder = store_folder_by_id(b->env->store, id, &failed);

	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	else if (!folder)
		fulmar_fail(error, FULMAR_FAILED, _("%s: that folder is gone"), b->env->account->id);
	return folder;
}

gboolean
pop3_name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error)
{
	*wire = NULL;
	if (!path_is_fit(path, error))
		return FALSE;
	*wire = g_strdup(path);
	*delimiter = '/';
	return TRUE;
}

/* ---- the list ---- */

static gboolean
ensure_inbox(struct store *store, GError **error)
{
	struct store_folder inbox = {.path = (char *)"INBOX",
	                             .wire = (char *)"INBOX",
	                             .delimiter = '/',
	                             .role = (char *)"inbox",
	                             .selectable = TRUE,
	                             .subscribed = TRUE};
	g_autoptr(GError) failed = NULL;
	struct store_folder *there = store_folder_by_path(store, "INBOX", &failed);
	gboolean here = there != NULL;

	store_folder_free(there);
	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	return here || (!failed && store_folder_put(store, &inbox, error));
}

/* What an op of its own is about keeps what that says until it is through. */
static gboolean
put_role(struct store *store, struct store_folder *folder, const char *role, GError **error)
{
	if (folder->pending || strcmp(folder->role, role) == 0)
		return TRUE;
	g_free(folder->role);
	folder->role = g_strdup(role);
	return store_folder_put(store, folder, error);
}

static gboolean
assign_roles(struct backend *b, GPtrArray *folders, GError **error)
{
	g_autofree struct role_folder *roles = g_new0(struct role_folder, folders->len + 1);
	gboolean ok = TRUE;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		roles[i] = (struct role_folder){folder->path, folder->role};
	}
	roles_assign(b->env->account, roles, folders->len);
	for (guint i = 0; ok && i < folders->len; i++)
		ok = put_role(b->env->store, folders->pdata[i], roles[i].role, error);
	return ok;
}

/* Those that lost their UIDs get others. */
static gboolean
name_again(struct backend *b, gint64 folder, const GArray *ids, GError **error)
{
	struct pop3_desk desk;
	gboolean ok = pop3_desk_open(b, folder, &desk, error);

	for (guint i = 0; ok && i < ids->len; i++)
		ok = store_moved(b->env->store, 0, g_array_index(ids, msgid, i), folder, POP3_UIDVALIDITY,
		                 desk.next++, NULL, error);
	return ok && pop3_desk_close(b, &desk, error);
}

static gboolean
complete(struct backend *b, const struct store_folder *folder, gboolean *more, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	/* What INBOX lacks only a visit knows. */
	gboolean known = folder->complete || (folder->uidvalidity && strcmp(folder->path, "INBOX") == 0);

	if (!store_unnamed(b->env->store, folder->id, SLICE, ids, error))
		return FALSE;
	*more |= ids->len == SLICE;
	if (ids->len)
		return name_again(b, folder->id, ids, error);
	return known || pop3_desk_look(b, folder->id, error);
}

static gboolean
complete_all(struct backend *b, GPtrArray *folders, gboolean *more, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < folders->len; i++)
		ok = complete(b, folders->pdata[i], more, error);
	return ok;
}

static gboolean
list(struct backend *b, gboolean *more, GError **error)
{
	g_autoptr(GPtrArray) folders = NULL;

	return store_serve(b->env->store, error) && ensure_inbox(b->env->store, error) &&
	       (folders = store_folders(b->env->store, error)) && assign_roles(b, folders, error) &&
	       complete_all(b, folders, more, error);
}

static enum job_state
folders_step(struct backend *b, struct job *job, GError **error)
{
	struct store *store = b->env->store;
	gboolean more = FALSE;

	if (!store_begin(store, FALSE, error))
		return JOB_FAILED;
	if (!list(b, &more, error) || !store_commit(store, error)) {
		store_rollback(store);
		return JOB_FAILED;
	}
	if (more)
		return JOB_MORE;
	b->env->hooks->folders(b->env->user);
	return JOB_DONE;
}

void
pop3_folders(struct backend *b, backend_done done, void *user)
{
	struct job *job = g_new0(struct job, 1);

	job->step = folders_step;
	job->done = done;
	job->user = user;
	pop3_queue(b, job);
}

/* ---- a folder ---- */

static enum job_state
open_step(struct backend *b, struct job *job, GError **error)
{
	struct store_folder *folder = pop3_folder(b, job->folder, error);

	store_folder_free(folder);
	return folder ? JOB_DONE : JOB_FAILED;
}

void
pop3_open_local(struct backend *b, gint64 folder, backend_done done, void *user)
{
	struct job *job = g_new0(struct job, 1);

	job->step = open_step;
	job->folder = folder;
	job->done = done;
	job->user = user;
	pop3_queue(b, job);
}
