#include "backend/maildir/missing.h"

#include <string.h>

#include "backend/maildir/name.h"
#include "store/arrivals.h"

#define SLICE_LEAST 100  /* files read a step; also the first screen */
#define SLICE_MOST 1000  /* where the disk is fast: what arrives together is judged and filed together */
#define SLICE_TIME 50000 /* µs that one should take at most */
#define FILL_CHUNK 2000  /* files a fill */

struct file {
	gint64 stamp;
	gsize name; /* in names */
};

struct missing {
	char *dir;
	GArray *files; /* struct file, the newest first */
	GString *names;
	guint at;
	guint slice; /* files of the next */
	guint64 total;
	gboolean news, judged;
	gboolean stale; /* files had other names when their turn came: they are looked for again */
};

struct missing *
missing_new(const char *dir, GString *names, guint64 total, gboolean stale)
{
	struct missing *missing = g_new0(struct missing, 1);

	missing->dir = g_strdup(dir);
	missing->files = g_array_new(FALSE, FALSE, sizeof(struct file));
	missing->names = names;
	missing->total = total;
	missing->slice = SLICE_LEAST;
	missing->stale = stale;
	return missing;
}

void
missing_free(gpointer data)
{
	struct missing *missing = data;

	g_free(missing->dir);
	g_array_unref(missing->files);
	g_string_free(missing->names, TRUE);
	g_free(missing);
}

void
missing_take(struct missing *missing, gint64 stamp, gsize name)
{
	struct file file = {stamp, name};

	g_array_append_val(missing->files, file);
}

void
missing_are_news(struct missing *missing, gboolean judged)
{
	missing->news = TRUE;
	missing->judged = judged;
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
	gint64 left = ((const struct file *)a)->stamp, right = ((const struct file *)b)->stamp;

	return left > right ? -1 : left < right;
}

/* ---- a slice ---- */

static gboolean
put_state(struct store *store, struct store_folder *folder, gboolean complete, GError **error)
{
	folder->complete = complete;
	return store_folder_put(store, folder, error) && store_folder_put_state(store, folder, error);
}

struct slice {
	const struct letters *letters;
	msgid last;    /* no row was newer before; where they are judged */
	guint arrived; /* new mail */
};

/* The next file: 1, 0, -1 as message_add. */
static int
add_file(struct backend *backend, gint64 folder, const struct missing *missing, struct slice *slice,
         GError **error)
{
	const struct file *file = &g_array_index(missing->files, struct file, missing->at);
	const char *rel = missing->names->str + file->name;
	struct store_arrival arrival = {.folder = folder};
	int added = message_add(backend, folder, missing->dir, rel, slice->letters, &arrival.id, error);

	if (added <= 0 || !arrival.id)
		return added;
	slice->arrived += missing->news && !(maildir_flags(rel + strlen("new/")) & FLAG_SEEN);
	if (!missing->judged || arrival.id <= slice->last || strncmp(rel, "new/", 4) != 0)
		return added;
	return store_arrival_note(backend->env->store, &arrival, error) ? added : -1;
}

/* Twice as many next time if there is time for them. */
static void
set_pace(struct missing *missing, gint64 took)
{
	if (took < SLICE_TIME / 2)
		missing->slice = MIN(missing->slice * 2, SLICE_MOST);
	else if (took > SLICE_TIME)
		missing->slice = MAX(missing->slice / 2, SLICE_LEAST);
}

/* One transaction: the next files; state (or NULL) is written with them. */
static gboolean
add_slice(struct backend *backend, gint64 folder, struct missing *missing, struct store_folder *state,
          GError **error)
{
	struct store *store = backend->env->store;
	guint end = MIN(missing->files->len, missing->at + missing->slice), left = missing->files->len - end;
	struct slice slice = {backend_letters(backend, missing->dir), 0, 0};
	gint64 began = g_get_monotonic_time();
	gboolean ok = TRUE;

	if (missing->judged)
		slice.last = store_last_id(store);
	if (!store_begin(store, FALSE, error))
		return FALSE;
	for (; ok && missing->at < end; missing->at++) {
		int added = add_file(backend, folder, missing, &slice, error);

		missing->stale |= added == 0;
		ok = added >= 0;
	}
	if (ok && state)
		ok = put_state(store, state, left + missing->stale == 0, error);
	if (!ok || !store_commit(store, error)) {
		store_rollback(store);
		return FALSE;
	}
	set_pace(missing, g_get_monotonic_time() - began);
	backend->env->hooks->rows(folder, backend->env->user);
	backend->env->hooks->progress(folder, missing->total - left, missing->total, backend->env->user);
	if (slice.arrived)
		backend->env->hooks->arrived(folder, slice.arrived, backend->env->user);
	return TRUE;
}

gboolean
missing_begin(struct backend *backend, struct store_folder *folder, struct missing *missing, GError **error)
{
	g_array_sort(missing->files, newest_first);
	g_hash_table_insert(backend->missing, g_memdup2(&folder->id, sizeof folder->id), missing);
	return add_slice(backend, folder->id, missing, folder, error);
}

/* ---- the rest of the headers ---- */

static gboolean
mark_complete(struct backend *backend, gint64 id, GError **error)
{
	struct store *store = backend->env->store;
	struct store_folder *folder = backend_folder(backend, id, error);
	gboolean ok = folder && store_begin(store, FALSE, error);

	if (ok) {
		folder->complete = TRUE;
		ok = store_folder_put_state(store, folder, error) && store_commit(store, error);
		if (!ok)
			store_rollback(store);
	}
	if (folder)
		store_folder_free(folder);
	return ok;
}

gboolean
missing_is_stale(const struct backend *backend, gint64 folder)
{
	const struct missing *missing = g_hash_table_lookup(backend->missing, &folder);

	return missing && missing->stale;
}

gboolean
missing_has_more(const struct backend *backend, gint64 folder)
{
	const struct missing *missing = g_hash_table_lookup(backend->missing, &folder);

	return missing && missing->at < missing->files->len;
}

enum job_state
fill_step(struct backend *backend, struct job *job, GError **error)
{
	struct missing *missing = g_hash_table_lookup(backend->missing, &job->folder);
	guint before;

	if (missing && missing->at < missing->files->len) {
		before = missing->at;
		if (!add_slice(backend, job->folder, missing, NULL, error))
			return JOB_FAILED;
		job->at += missing->at - before;
	}
	if (missing && missing->at < missing->files->len)
		return job->at < FILL_CHUNK && !backend_is_waited_for(backend) ? JOB_MORE : JOB_DONE;
	if (missing && missing->stale) {
		backend_rescan(backend, job->folder);
		return JOB_DONE;
	}
	g_hash_table_remove(backend->missing, &job->folder);
	if (!mark_complete(backend, job->folder, error))
		return JOB_FAILED;
	backend->env->hooks->rows(job->folder, backend->env->user);
	return JOB_DONE;
}
