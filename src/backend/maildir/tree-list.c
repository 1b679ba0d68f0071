/* The folders that are there, into the store. */
#include "backend/maildir/private.h"

#include "backend/maildir/subscriptions.h"
#include "backend/maildir/tree.h"
#include "base/idset.h"

struct listing {
	GPtrArray *found; /* struct tree_folder * */
	guint at;
	GHashTable *here; /* folder ids in the store that have a directory */
	struct subscriptions *subscriptions;
};

/* The store knows it by its wire name: on the screen it may be called what a person wished. */
static gboolean
put_folder(struct backend *backend, const struct tree_folder *found, const struct listing *listing,
           GError **error)
{
	struct store_folder folder = {.path = found->path,
	                              .wire = found->wire,
	                              .delimiter = found->delimiter,
	                              .role = (char *)found->role,
	                              .selectable = TRUE,
	                              .rights = (char *)"",
	                              .mailbox_id = (char *)""};
	g_autofree char *dir = backend_folder_dir(backend, &folder);

	folder.subscribed = subscriptions_have(listing->subscriptions, found->wire, found->delimiter);
	scan_count(dir, &folder.server_total, &folder.server_unread);
	if (!store_folder_put(backend->env->store, &folder, error))
		return FALSE;
	idset_add(listing->here, folder.id);
	return TRUE;
}

static gboolean
remove_folders_not_in(struct backend *backend, GHashTable *here, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(backend->env->store, error);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = g_ptr_array_index(folders, i);

		if (!g_hash_table_contains(here, &folder->id) &&
		    !store_folder_remove(backend->env->store, folder->id, error))
			return FALSE;
	}
	return folders != NULL;
}

void
folders_clear(struct job *job)
{
	struct listing *listing = job->data;

	if (!listing)
		return;
	g_ptr_array_unref(listing->found);
	g_hash_table_unref(listing->here);
	subscriptions_free(listing->subscriptions);
	g_free(listing);
}

static gboolean
begin_listing(struct backend *backend, struct job *job, GError **error)
{
	GPtrArray *found = tree_list(backend->env->account, error);
	struct subscriptions *subscriptions = found ? subscriptions_read(backend->root, error) : NULL;
	struct listing *listing;

	if (!subscriptions) {
		g_clear_pointer(&found, g_ptr_array_unref);
		return FALSE;
	}
	listing = g_new0(struct listing, 1);
	listing->found = found;
	listing->subscriptions = subscriptions;
	listing->here = idset_new();
	job->data = listing;
	return TRUE;
}

static gboolean
commit_or_roll_back(struct store *store, gboolean ok, GError **error)
{
	if (ok && store_commit(store, error))
		return TRUE;
	store_rollback(store);
	return FALSE;
}

/* One folder a step: counting a big one takes a while. */
enum job_state
folders_step(struct backend *backend, struct job *job, GError **error)
{
	struct store *store = backend->env->store;
	struct listing *listing;
	gboolean ok;

	if (!job->data && !begin_listing(backend, job, error))
		return JOB_FAILED;
	listing = job->data;
	if (!store_begin(store, FALSE, error))
		return JOB_FAILED;
	if (listing->at < listing->found->len) {
		ok = put_folder(backend, g_ptr_array_index(listing->found, listing->at++), listing, error);
		return commit_or_roll_back(store, ok, error) ? JOB_MORE : JOB_FAILED;
	}
	ok = remove_folders_not_in(backend, listing->here, error);
	if (!commit_or_roll_back(store, ok, error))
		return JOB_FAILED;
	backend->has_others = TRUE;
	backend->env->hooks->folders(backend->env->user);
	return JOB_DONE;
}
