#include "backend/maildir/act.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "backend/maildir/tree.h"
#include "base/error.h"
#include "base/i18n.h"

#define READ_SLICE 500 /* rows read a step */
#define ACT_SLICE 100  /* files changed a step */
#define OTHERS_SLICE 2000
#define ROUNDS_MAX 10 /* looks for files that others rename all the time */

/* ---- the rows ---- */

static void
row_clear(gpointer data)
{
	struct act_row *row = data;

	g_free(row->file);
	g_free(row->kept);
	g_free(row->made);
	g_free(row->half);
}

/* The directory of a folder, NULL without error: it is not in the store any more. */
static const char *
dir_of(struct act *act, gint64 id, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder;
	char *dir = g_hash_table_lookup(act->dirs, &id);

	if (dir)
		return dir;
	folder = store_folder_by_id(act->backend->env->store, id, &problem);
	if (problem)
		g_propagate_error(error, problem);
	if (!folder)
		return NULL;
	dir = backend_folder_dir(act->backend, folder);
	store_folder_free(folder);
	g_hash_table_insert(act->dirs, g_memdup2(&id, sizeof id), dir);
	return dir;
}

/* A copy and an append have names of our making alone: nobody else has given them one. */
static void
name_row(struct act *act, struct act_row *row)
{
	const char *name = row->file ? strrchr(row->file, '/') + 1 : NULL;

	if (act->op->verb == OP_MOVE && name) {
		row->kept = maildir_base_elsewhere(name);
		row->made = maildir_base_new(maildir_stamp(name), act->token, row->id, name);
		search_want(act->arrivals, row->kept);
	} else {
		row->made = maildir_base_new(row->received, act->token, row->id, NULL);
	}
	search_want(act->arrivals, row->made);
}

static gboolean
read_row(struct act *act, guint i, GError **error)
{
	struct store *store = act->backend->env->store;
	struct act_row row = {.id = g_array_index(act->op->ids, msgid, i)};
	GError *problem = NULL;
	struct store_row *shown = store_row(store, row.id, &problem);
	guint64 uid;
	int known = -1;

	if (shown) {
		row.source = act->op->verb == OP_COPY ? g_array_index(act->op->sources, msgid, i) : row.id;
		row.received = shown->key.received;
		row.flags = shown->flags & ~(guint)FLAG_DELETED;
		known = store_place(store, row.source, &row.folder, &uid, &row.file, &problem);
		store_row_free(shown);
	}
	if (known >= 0) {
		if (act->target)
			name_row(act, &row);
		g_array_append_val(act->rows, row);
	}
	if (problem)
		g_propagate_error(error, problem);
	return !problem;
}

/* ---- where the files are ---- */

/* Where the folder has it now: the folder may have another name since the store heard of the file. */
static char *
expected_path(const char *dir, const char *file)
{
	g_autofree char *name = g_path_get_basename(file), *above = g_path_get_dirname(file);
	g_autofree char *subdir = g_path_get_basename(above);

	return g_build_filename(dir, strcmp(subdir, "new") == 0 ? "new" : "cur", name, NULL);
}

static gboolean
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static char *
seen_path(struct act *act, const char *dir, const struct act_row *row)
{
	const struct search *search = g_hash_table_lookup(act->searches, dir);
	const char *name = strrchr(row->file, '/') + 1;
	g_autofree char *base = g_strndup(name, maildir_base_len(name));
	const char *rel = search ? search_found(search, base) : NULL;

	return rel ? g_build_filename(dir, rel, NULL) : NULL;
}

static void
want_again(struct act *act, const char *dir, const struct act_row *row)
{
	struct search *search = g_hash_table_lookup(act->searches, dir);
	const char *name = strrchr(row->file, '/') + 1;
	g_autofree char *base = g_strndup(name, maildir_base_len(name));

	if (!search) {
		search = search_new(dir);
		g_hash_table_insert(act->searches, g_strdup(dir), search);
	}
	search_want(search, base);
}

char *
act_arrival(const struct act *act, const char *base)
{
	const char *rel = base ? search_found(act->arrivals, base) : NULL;

	return rel ? g_build_filename(act->target, rel, NULL) : NULL;
}

/* ---- rounds ---- */

static enum act_end
take_row(struct act *act, struct act_row *row, GError **error)
{
	GError *problem = NULL;
	const char *dir = row->file && row->folder ? dir_of(act, row->folder, &problem) : NULL;
	g_autofree char *path = NULL;

	if (problem) {
		g_propagate_error(error, problem);
		return ACT_FAILED;
	}
	if (!dir)
		return act->verb->lost(act, row, error);
	path = act->round ? seen_path(act, dir, row) : expected_path(dir, row->file);
	if (path && is_there(path)) {
		row->misses = 0;
		return act->verb->found(act, row, path, error);
	}
	if (act->round && !path && ++row->misses == 2)
		return act->verb->lost(act, row, error);
	return ACT_VANISHED;
}

static enum job_state search_dirs(struct act *act, GError **error);
static enum job_state take_others(struct act *act, GError **error);

/* Ends the round: what was not found is looked for. */
static enum job_state
end_round(struct act *act, GError **error)
{
	guint left = 0;

	g_hash_table_remove_all(act->searches);
	for (guint i = 0; i < act->rows->len; i++) {
		const struct act_row *row = &g_array_index(act->rows, struct act_row, i);

		if (row->through)
			continue;
		want_again(act, dir_of(act, row->folder, NULL), row);
		left++;
	}
	act->at = 0;
	act->round++;
	act->step = left ? search_dirs : take_others;
	if (act->round < ROUNDS_MAX || !left)
		return JOB_MORE;
	fulmar_fail(error, FULMAR_NO_LINK,
	            _("%s: another program is renaming these messages all the time; tried again later"),
	            act->backend->env->account->id);
	return JOB_FAILED;
}

static enum job_state
take_rows(struct act *act, GError **error)
{
	GError *problem = NULL;

	for (guint n = 0; !problem && n < ACT_SLICE && act->at < act->rows->len; act->at++) {
		struct act_row *row = &g_array_index(act->rows, struct act_row, act->at);

		if (row->through)
			continue;
		n++;
		row->through = take_row(act, row, &problem) == ACT_THROUGH;
	}
	if (!act_tell(act, problem ? NULL : &problem) || problem) {
		g_propagate_error(error, problem);
		return JOB_FAILED;
	}
	return act->at < act->rows->len ? JOB_MORE : end_round(act, error);
}

static enum job_state
search_dirs(struct act *act, GError **error)
{
	GHashTableIter iter;
	struct search *search;
	int more = 0;

	g_hash_table_iter_init(&iter, act->searches);
	while (!more && g_hash_table_iter_next(&iter, NULL, (gpointer *)&search))
		more = search_step(search, error);
	if (more < 0)
		return JOB_FAILED;
	if (!more)
		act->step = take_rows;
	return JOB_MORE;
}

/* ---- what has no row ---- */

static gboolean
is_of_op(const struct act *act, const char *name, GError **error)
{
	/* What the store knows either is one of the op's rows, which had their turn, or came after it. */
	return store_id_by_uid(act->backend->env->store, act->op->folder, maildir_uid(name), error) != 0;
}

static gboolean
take_other(struct act *act, const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	GError *problem = NULL;

	if (name[0] == '.' || !is_there(path))
		return TRUE;
	if (is_of_op(act, name, &problem))
		return TRUE;
	if (problem) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	return act->verb->other(act, path, error);
}

static enum job_state
end_act(struct act *act)
{
	const struct backend_env *env = act->backend->env;
	g_autofree char *text = NULL;

	if (act->changed_others)
		backend_rescan(act->backend, act->op->folder);
	if (act->gone) {
		text = g_strdup_printf(
		        ngettext("%u message was gone from the folder before its turn came",
		                 "%u messages were gone from the folder before their turn came", act->gone),
		        act->gone);
		env->hooks->notice(text, env->user);
	}
	return JOB_DONE;
}

static enum job_state
take_others(struct act *act, GError **error)
{
	static const char *const subdirs[] = {"new", "cur"};
	const struct dirent *entry = NULL;
	g_autofree char *path = NULL;
	gboolean ok = TRUE;

	if (act->looks || !act->verb->other || !act->op->upto || act->subdir == G_N_ELEMENTS(subdirs))
		return end_act(act);
	path = g_build_filename(dir_of(act, act->op->folder, NULL), subdirs[act->subdir], NULL);
	if (!act->entries)
		act->entries = opendir(path);
	if (!act->entries && (errno != ENOENT || act->subdir)) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
		return JOB_FAILED;
	}
	for (guint n = 0; ok && n < OTHERS_SLICE; n++) {
		entry = act->entries ? readdir(act->entries) : NULL;
		if (!entry)
			break;
		ok = take_other(act, path, entry->d_name, error);
	}
	if (!act_tell(act, ok ? error : NULL) || !ok)
		return JOB_FAILED;
	if (!entry) {
		if (act->entries)
			closedir(act->entries);
		act->entries = NULL;
		act->subdir++;
	}
	return JOB_MORE;
}

/* ---- the life of an act ---- */

static enum job_state
look_at_target(struct act *act, GError **error)
{
	int more = search_step(act->arrivals, error);

	if (!more)
		act->step = take_rows;
	return more < 0 ? JOB_FAILED : JOB_MORE;
}

static enum job_state
read_rows(struct act *act, GError **error)
{
	for (guint n = 0; n < READ_SLICE && act->at < act->op->ids->len; n++, act->at++)
		if (!read_row(act, act->at, error))
			return JOB_FAILED;
	if (act->at < act->op->ids->len)
		return JOB_MORE;
	act->at = 0;
	act->step = act->target ? look_at_target : take_rows;
	return JOB_MORE;
}

static gboolean
read_target(struct act *act, GError **error)
{
	struct store_folder *folder;

	if (!act->verb->has_target)
		return TRUE;
	act->token = backend_token(act->backend, error);
	folder = act->token ? backend_folder(act->backend, act->op->to, error) : NULL;
	if (!folder)
		return FALSE;
	act->target = backend_folder_dir(act->backend, folder);
	act->arrivals = search_new(act->target);
	if (!tree_is_maildir(act->target))
		fulmar_fail(error, FULMAR_FAILED, _("%s: the folder %s is not there any more"),
		            act->backend->env->account->id, folder->path);
	store_folder_free(folder);
	return tree_is_maildir(act->target);
}

static const struct act_verb *const verbs[OP_VERBS] = {
        [OP_FLAG] = &act_flag,   [OP_MOVE] = &act_move,     [OP_COPY] = &act_copy,
        [OP_PURGE] = &act_purge, [OP_APPEND] = &act_append, [OP_EMPTY] = &act_empty,
};

const struct act_verb *
act_verb_of(enum op_verb verb)
{
	return verbs[verb];
}

static struct act *
act_new(struct backend *backend, const struct job *job)
{
	struct act *act = g_new0(struct act, 1);

	act->backend = backend;
	act->op = job->op;
	act->verb = act_verb_of(job->op->verb);
	act->looks = job->looks;
	act->step = read_rows;
	act->rows = g_array_new(FALSE, FALSE, sizeof(struct act_row));
	g_array_set_clear_func(act->rows, row_clear);
	act->news = act_news_new();
	act->dirs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	act->searches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, search_free);
	act->letters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	act->touched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return act;
}

enum job_state
act_step(struct backend *backend, struct job *job, GError **error)
{
	struct act *act = job->data;

	if (!act) {
		act = job->data = act_new(backend, job);
		if (!read_target(act, error))
			return JOB_FAILED;
	}
	return act->step(act, error);
}

void
act_clear(struct job *job)
{
	struct act *act = job->data;

	if (!act)
		return;
	if (act->entries)
		closedir(act->entries);
	if (act->arrivals)
		search_free(act->arrivals);
	g_hash_table_unref(act->dirs);
	g_hash_table_unref(act->searches);
	g_hash_table_unref(act->letters);
	g_hash_table_unref(act->touched);
	g_array_unref(act->news);
	g_array_unref(act->rows);
	g_free(act->token);
	g_free(act->target);
	g_free(act);
}
