/* The Maildir backend's verbs: jobs in a queue, stepped from the account's loop in short slices. */
#include "backend/maildir/private.h"

#include <string.h>

#include "backend/maildir/deed.h"
#include "backend/maildir/tree.h"
#include "backend/maildir/wire.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"

static gboolean run_turn(gpointer user);

static void
schedule(struct backend *backend)
{
	if (backend->turn || g_queue_is_empty(&backend->jobs))
		return;
	loop_idle(&backend->turn, backend->env->context, run_turn, backend);
}

static void
job_free(struct job *job)
{
	if (job->clear)
		job->clear(job);
	if (job->renamed)
		g_hash_table_unref(job->renamed);
	g_free(job->renamed_dir);
	g_free(job->ids);
	g_free(job);
}

/* Queues job (taken: it was made with g_new0). */
static void
add_job(struct backend *backend, struct job *job)
{
	g_queue_push_tail(&backend->jobs, job);
	schedule(backend);
}

gboolean
backend_is_waited_for(const struct backend *backend)
{
	return g_queue_get_length((GQueue *)&backend->jobs) > 1;
}

/* Ends the rescan: what did not fit into its first slice is filled in at once. */
static void
rescanned(struct backend *backend, gint64 folder)
{
	struct job *job;

	if (!missing_has_more(backend, folder)) {
		if (missing_is_stale(backend, folder))
			backend_rescan(backend, folder);
		return;
	}
	job = g_new0(struct job, 1);
	job->step = fill_step;
	job->folder = folder;
	add_job(backend, job);
}

static gboolean
run_turn(gpointer user)
{
	struct backend *backend = user;
	struct job *job = g_queue_peek_head(&backend->jobs);
	g_autoptr(GError) error = NULL;
	enum job_state state = job->step(backend, job, &error);
	backend_done done = job->done;
	void *done_user = job->user;
	gint64 folder = job->folder;

	if (state == JOB_MORE)
		return G_SOURCE_CONTINUE;
	g_queue_pop_head(&backend->jobs);
	job_free(job);
	loop_drop(&backend->turn);
	schedule(backend);
	/* Last: what comes after it may be the end of the backend. */
	if (done)
		done(error, done_user);
	else if (!error)
		rescanned(backend, folder);
	else
		log_note(LOG_SYNC, "%s: %s", backend->env->account->id, error->message);
	return G_SOURCE_REMOVE;
}

char *
backend_folder_dir(const struct backend *backend, const struct store_folder *folder)
{
	return strcmp(folder->wire, ".") == 0 ? g_strdup(backend->root)
	                                      : g_build_filename(backend->root, folder->wire, NULL);
}

struct store_folder *
backend_folder(const struct backend *backend, gint64 id, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder = store_folder_by_id(backend->env->store, id, &problem);

	if (problem)
		g_propagate_error(error, problem);
	else if (!folder)
		fulmar_fail(error, FULMAR_FAILED, _("%s: that folder is gone"), backend->env->account->id);
	return folder;
}

/* ---- the table ---- */

static struct backend *
maildir_create(const struct backend_env *env)
{
	struct backend *backend = g_new0(struct backend, 1);

	backend->env = env;
	backend->root = g_strdup(env->account->path ? env->account->path : "");
	g_queue_init(&backend->jobs);
	backend->letters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, letters_free);
	backend->missing = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, missing_free);
	return backend;
}

static void
stop_watching(struct backend *backend)
{
	if (backend->watch)
		watch_free(backend->watch);
	backend->watch = NULL;
}

static void
maildir_destroy(struct backend *backend)
{
	struct job *job;

	stop_watching(backend);
	loop_drop(&backend->turn);
	loop_drop(&backend->greeting);
	while ((job = g_queue_pop_head(&backend->jobs)))
		job_free(job);
	g_hash_table_unref(backend->letters);
	g_hash_table_unref(backend->missing);
	g_free(backend->root);
	g_free(backend);
}

static gboolean
greet(gpointer user)
{
	struct backend *backend = user;
	const struct backend_hooks *hooks = backend->env->hooks;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) found = tree_list(backend->env->account, &error);
	g_autofree char *count = NULL;

	loop_drop(&backend->greeting);
	if (!found) {
		hooks->lost(error, backend->env->user);
		return G_SOURCE_REMOVE;
	}
	count = g_strdup_printf("%u", found->len);
	hooks->fact("path", backend->root, backend->env->user);
	hooks->fact("layout", tree_is_maildir(backend->root) ? "Maildir++" : "tree", backend->env->user);
	hooks->fact("folders", count, backend->env->user);
	hooks->ready(backend->env->user);
	return G_SOURCE_REMOVE;
}

static void
maildir_link(struct backend *backend)
{
	if (backend->greeting)
		return;
	loop_idle(&backend->greeting, backend->env->context, greet, backend);
}

static enum job_state
cancelled_step(struct backend *backend, struct job *job, GError **error)
{
	fulmar_fail(error, FULMAR_CANCELLED, _("called off"));
	return JOB_FAILED;
}

static enum job_state
admin_step(struct backend *backend, struct job *job, GError **error)
{
	fulmar_fail(error, FULMAR_UNSUPPORTED,
	            _("%s is a folder of files: it knows no sharing, no quota and no notes of its own"),
	            backend->env->account->id);
	return JOB_FAILED;
}

/* Repeating the others does no harm: what is done already is found done. */
static enum job_state
nothing_to_check(struct backend *backend, struct job *job, GError **error)
{
	return JOB_DONE;
}

/* Verbs under way end from the loop, as cancelled. */
static void
maildir_unlink(struct backend *backend)
{
	stop_watching(backend);
	loop_drop(&backend->greeting);
	for (GList *at = backend->jobs.head; at; at = at->next)
		((struct job *)at->data)->step = cancelled_step;
}

static void
maildir_secret(struct backend *backend, const char *secret, const char *why)
{
	/* Nothing here ever asks for one. */
}

static struct job *
job_new(enum job_state (*step)(struct backend *, struct job *, GError **), gint64 folder, backend_done done,
        void *user)
{
	struct job *job = g_new0(struct job, 1);

	job->step = step;
	job->folder = folder;
	job->done = done;
	job->user = user;
	return job;
}

static void
maildir_open(struct backend *backend, gint64 folder, backend_done done, void *user)
{
	struct job *job = job_new(scan_step, folder, done, user);

	job->clear = scan_clear;
	add_job(backend, job);
}

void
backend_rescan(struct backend *backend, gint64 folder)
{
	for (GList *at = backend->jobs.head; at; at = at->next) {
		const struct job *waiting = at->data;

		if (waiting->step == scan_step && waiting->folder == folder && !waiting->data)
			return;
	}
	maildir_open(backend, folder, NULL, NULL);
}

static void
maildir_folders(struct backend *backend, backend_done done, void *user)
{
	struct job *job = job_new(folders_step, 0, done, user);

	job->clear = folders_clear;
	add_job(backend, job);
}

static void
maildir_fill(struct backend *backend, gint64 folder, backend_done done, void *user)
{
	add_job(backend, job_new(fill_step, folder, done, user));
}

static void
add_job_on(struct backend *backend, enum job_state (*step)(struct backend *, struct job *, GError **),
           const msgid *ids, guint n, backend_done done, void *user)
{
	struct job *job = job_new(step, 0, done, user);

	job->ids = g_memdup2(ids, n * sizeof *ids);
	job->n = n;
	add_job(backend, job);
}

static void
maildir_structures(struct backend *backend, const msgid *ids, guint n, backend_done done, void *user)
{
	add_job_on(backend, structures_step, ids, n, done, user);
}

static void
maildir_part(struct backend *backend, msgid id, const char *section,
             void (*progress)(guint64 have, guint64 total, void *user), backend_done done, void *user)
{
	add_job_on(backend, part_step, &id, 1, done, user);
}

static void
maildir_parts(struct backend *backend, const msgid *ids, const char *const *sections, guint n,
              backend_done done, void *user)
{
	add_job_on(backend, part_step, ids, n, done, user);
}

/* A transfer never comes here. */
static const struct {
	enum job_state (*step)(struct backend *, struct job *, GError **);
	void (*clear)(struct job *);
	gboolean checked;
} verbs[OP_VERBS] = {
        [OP_FLAG] = {deed_step, deed_clear, FALSE},       [OP_MOVE] = {deed_step, deed_clear, TRUE},
        [OP_COPY] = {deed_step, deed_clear, TRUE},        [OP_PURGE] = {deed_step, deed_clear, FALSE},
        [OP_APPEND] = {deed_step, deed_clear, TRUE},      [OP_EMPTY] = {deed_step, deed_clear, FALSE},
        [OP_CREATE] = {create_step, NULL, FALSE},         [OP_RENAME] = {rename_step, NULL, FALSE},
        [OP_REMOVE] = {remove_step, remove_clear, FALSE}, [OP_SUBSCRIBE] = {subscribe_step, NULL, FALSE},
        [OP_REPLACE] = {deed_step, deed_clear, TRUE},
};

static void
maildir_replay(struct backend *backend, const struct store_op *op, backend_done done, void *user)
{
	struct job *job = job_new(verbs[op->verb].step, op->folder, done, user);

	job->clear = verbs[op->verb].clear;
	job->op = op;
	add_job(backend, job);
}

static void
maildir_check(struct backend *backend, const struct store_op *op, backend_done done, void *user)
{
	gboolean looks = verbs[op->verb].checked;
	struct job *job = job_new(looks ? verbs[op->verb].step : nothing_to_check, op->folder, done, user);

	job->clear = looks ? verbs[op->verb].clear : NULL;
	job->looks = looks;
	job->op = op;
	add_job(backend, job);
}

static gboolean
maildir_name_folder(struct backend *backend, const char *path, char **wire, char *delimiter, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(backend->env->store, error);

	*wire = folders ? wire_from_path(folders, tree_is_maildir(backend->root), path, delimiter, error)
	                : NULL;
	return *wire != NULL;
}

static void
maildir_admin(struct backend *backend, const struct backend_admin *request,
              void (*answer)(const char *name, const char *value, void *user), backend_done done, void *user)
{
	add_job(backend, job_new(admin_step, request->folder, done, user));
}

static void
maildir_watch(struct backend *backend, gint64 folder)
{
	if (!backend->watch)
		backend->watch = watch_new(backend);
	if (watch_folder(backend->watch) != folder)
		watch_front(backend->watch, folder);
	if (backend->has_others)
		watch_others(backend->watch);
	backend->has_others = FALSE;
}

const struct backend_ops backend_maildir = {
        .name = "maildir",
        .remote = FALSE,
        .create = maildir_create,
        .destroy = maildir_destroy,
        .link = maildir_link,
        .unlink = maildir_unlink,
        .secret = maildir_secret,
        .folders = maildir_folders,
        .open = maildir_open,
        .fill = maildir_fill,
        .structures = maildir_structures,
        .part = maildir_part,
        .parts = maildir_parts,
        .replay = maildir_replay,
        .check = maildir_check,
        .name_folder = maildir_name_folder,
        .admin = maildir_admin,
        .watch = maildir_watch,
};
