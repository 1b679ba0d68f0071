#include "backend/maildir/deed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "backend/maildir/tree.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

#define READ_SLICE 500  /* rows read a step */
#define DEED_SLICE 100  /* files changed a step */
#define LAID_LEAST 4    /* of them, that one sync is worth while for */
#define NEWS_SLICE 1000 /* of which the store is told at once: before, the folders go to the disk */
#define OTHERS_SLICE 2000
#define ROUNDS_MAX 10 /* looks for files that others rename all the time */

/* ---- the rows ---- */

static void
row_clear(gpointer data)
{
	struct deed_row *row = data;

	g_free(row->file);
	g_free(row->kept);
	g_free(row->made);
	g_free(row->half);
	g_free(row->keywords);
}

/* The directory of a folder, NULL without error: it is not in the store any more. */
static const char *
dir_of(struct deed *deed, gint64 id, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder;
	char *dir = g_hash_table_lookup(deed->dirs, &id);

	if (dir)
		return dir;
	folder = store_folder_by_id(deed->backend->env->store, id, &problem);
	if (problem)
		g_propagate_error(error, problem);
	if (!folder)
		return NULL;
	dir = backend_folder_dir(deed->backend, folder);
	store_folder_free(folder);
	g_hash_table_insert(deed->dirs, g_memdup2(&id, sizeof id), dir);
	return dir;
}

/* A copy and an append have names of our making alone: nobody else has given them one. */
static void
name_row(struct deed *deed, struct deed_row *row)
{
	const char *name = row->file ? strrchr(row->file, '/') + 1 : NULL;

	if (deed->op->verb == OP_MOVE && name) {
		row->kept = maildir_base_elsewhere(name);
		row->made = maildir_base_new(maildir_stamp(name), deed->token, row->id, name);
		search_want(deed->arrivals, row->kept);
	} else {
		row->made = maildir_base_new(row->received, deed->token, row->id, NULL);
	}
	search_want(deed->arrivals, row->made);
}

/* What is replaced comes after what it is replaced by. */
static guint
count_rows(const struct deed *deed)
{
	const struct store_op *op = deed->op;

	return op->ids->len + (op->verb == OP_REPLACE ? op->sources->len : 0);
}

static gboolean
read_row(struct deed *deed, guint i, GError **error)
{
	struct store *store = deed->backend->env->store;
	guint n = deed->op->ids->len;
	struct deed_row row = {.id = i < n ? g_array_index(deed->op->ids, msgid, i)
	                                   : g_array_index(deed->op->sources, msgid, i - n),
	                       .replaced = i >= n};
	GError *problem = NULL;
	struct store_row *shown = store_row(store, row.id, &problem);
	guint64 uid;
	int known = -1;

	if (shown) {
		row.source = deed->op->verb == OP_COPY ? g_array_index(deed->op->sources, msgid, i) : row.id;
		row.received = shown->key.received;
		/* A mark is carried only by what had it before, there or in the file it is from. */
		row.flags = (shown->flags & ~(guint)FLAG_DELETED) | (shown->base & FLAG_DELETED);
		row.keywords = g_strdup(shown->keywords);
		known = store_place(store, row.source, &row.folder, &uid, &row.file, &problem);
		store_row_free(shown);
	}
	if (known >= 0) {
		if (deed->target)
			name_row(deed, &row);
		g_array_append_val(deed->rows, row);
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
seen_path(struct deed *deed, const char *dir, const struct deed_row *row)
{
	const struct search *search = g_hash_table_lookup(deed->searches, dir);
	const char *name = strrchr(row->file, '/') + 1;
	g_autofree char *base = g_strndup(name, maildir_base_len(name));
	const char *rel = search ? search_found(search, base) : NULL;

	return rel ? g_build_filename(dir, rel, NULL) : NULL;
}

static void
want_again(struct deed *deed, const char *dir, const struct deed_row *row)
{
	struct search *search = g_hash_table_lookup(deed->searches, dir);
	const char *name = strrchr(row->file, '/') + 1;
	g_autofree char *base = g_strndup(name, maildir_base_len(name));

	if (!search) {
		search = search_new(dir);
		g_hash_table_insert(deed->searches, g_strdup(dir), search);
	}
	search_want(search, base);
}

char *
deed_arrival(const struct deed *deed, const char *base)
{
	const char *rel = base ? search_found(deed->arrivals, base) : NULL;

	return rel ? g_build_filename(deed->target, rel, NULL) : NULL;
}

/* ---- rounds ---- */

static enum deed_end
take_row(struct deed *deed, struct deed_row *row, GError **error)
{
	GError *problem = NULL;
	const char *dir = row->file && row->folder ? dir_of(deed, row->folder, &problem) : NULL;
	g_autofree char *path = NULL;

	if (problem) {
		g_propagate_error(error, problem);
		return DEED_FAILED;
	}
	if (!dir)
		return deed->verb->lost(deed, row, error);
	path = deed->round ? seen_path(deed, dir, row) : expected_path(dir, row->file);
	if (path && is_there(path)) {
		row->misses = 0;
		return deed->verb->found(deed, row, path, error);
	}
	if (deed->round && !path && ++row->misses == 2)
		return deed->verb->lost(deed, row, error);
	return DEED_VANISHED;
}

static enum job_state search_dirs(struct deed *deed, GError **error);
static enum job_state take_others(struct deed *deed, GError **error);

/* Ends the round: what was not found is looked for. */
static enum job_state
end_round(struct deed *deed, GError **error)
{
	guint left = 0;

	g_hash_table_remove_all(deed->searches);
	for (guint i = 0; i < deed->rows->len; i++) {
		const struct deed_row *row = &g_array_index(deed->rows, struct deed_row, i);

		if (row->through)
			continue;
		want_again(deed, dir_of(deed, row->folder, NULL), row);
		left++;
	}
	deed->at = 0;
	deed->round++;
	deed->step = left ? search_dirs : take_others;
	if (deed->round < ROUNDS_MAX || !left)
		return JOB_MORE;
	fulmar_fail(error, FULMAR_NO_LINK,
	            _("%s: another program is renaming these messages all the time; tried again later"),
	            deed->backend->env->account->id);
	return JOB_FAILED;
}

/* Octets of the next slice. What cannot be written so says why when its turn comes. */
static void
lay_rows(struct deed *deed)
{
	guint end = MIN(deed->rows->len, deed->at + DEED_SLICE), laid = 0;
	gboolean ok = deed->verb->lay && !deed->looks && end - deed->at >= LAID_LEAST;

	for (guint i = deed->at; ok && i < end; i++) {
		struct deed_row *row = &g_array_index(deed->rows, struct deed_row, i);

		ok = row->through || row->laid || deed->verb->lay(deed, row);
		laid += row->laid;
	}
	if (!laid || files_sync_all(deed->target, NULL))
		return;
	for (guint i = deed->at; i < end; i++)
		g_array_index(deed->rows, struct deed_row, i).laid = FALSE;
}

static enum job_state
take_rows(struct deed *deed, GError **error)
{
	GError *problem = NULL;

	lay_rows(deed);
	for (guint n = 0; !problem && n < DEED_SLICE && deed->at < deed->rows->len; deed->at++) {
		struct deed_row *row = &g_array_index(deed->rows, struct deed_row, deed->at);

		if (row->through)
			continue;
		n++;
		row->through = take_row(deed, row, &problem) == DEED_THROUGH;
	}
	if (problem || deed->at == deed->rows->len || deed->news->len >= NEWS_SLICE)
		deed_tell(deed, problem ? NULL : &problem);
	if (problem) {
		g_propagate_error(error, problem);
		return JOB_FAILED;
	}
	return deed->at < deed->rows->len ? JOB_MORE : end_round(deed, error);
}

static enum job_state
search_dirs(struct deed *deed, GError **error)
{
	GHashTableIter iter;
	struct search *search;
	int more = 0;

	g_hash_table_iter_init(&iter, deed->searches);
	while (!more && g_hash_table_iter_next(&iter, NULL, (gpointer *)&search))
		more = search_step(search, error);
	if (more < 0)
		return JOB_FAILED;
	if (!more)
		deed->step = take_rows;
	return JOB_MORE;
}

/* ---- what has no row ---- */

static gboolean
is_of_op(const struct deed *deed, const char *name, GError **error)
{
	/* What the store knows either is one of the op's rows, which had their turn, or came after it. */
	return store_id_by_uid(deed->backend->env->store, deed->op->folder, maildir_uid(name), error) != 0;
}

static gboolean
take_other(struct deed *deed, const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	GError *problem = NULL;

	if (name[0] == '.' || !is_there(path))
		return TRUE;
	if (is_of_op(deed, name, &problem))
		return TRUE;
	if (problem) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	return deed->verb->other(deed, path, error);
}

static enum job_state
end_act(struct deed *deed)
{
	const struct backend_env *env = deed->backend->env;
	g_autofree char *text = NULL;

	if (deed->gone) {
		text = g_strdup_printf(
		        ngettext("%u message was gone from the folder before its turn came",
		                 "%u messages were gone from the folder before their turn came", deed->gone),
		        deed->gone);
		env->hooks->notice(text, env->user);
	}
	return JOB_DONE;
}

static enum job_state
take_others(struct deed *deed, GError **error)
{
	static const char *const subdirs[] = {"new", "cur"};
	const struct dirent *entry = NULL;
	g_autofree char *path = NULL;
	gboolean ok = TRUE;

	if (deed->looks || !deed->verb->other || !deed->op->upto || deed->subdir == G_N_ELEMENTS(subdirs))
		return end_act(deed);
	path = g_build_filename(dir_of(deed, deed->op->folder, NULL), subdirs[deed->subdir], NULL);
	if (!deed->entries)
		deed->entries = opendir(path);
	if (!deed->entries && (errno != ENOENT || deed->subdir)) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
		return JOB_FAILED;
	}
	for (guint n = 0; ok && n < OTHERS_SLICE; n++) {
		entry = deed->entries ? readdir(deed->entries) : NULL;
		if (!entry)
			break;
		ok = take_other(deed, path, entry->d_name, error);
	}
	if (!deed_tell(deed, ok ? error : NULL) || !ok)
		return JOB_FAILED;
	if (!entry) {
		if (deed->entries)
			closedir(deed->entries);
		deed->entries = NULL;
		deed->subdir++;
	}
	return JOB_MORE;
}

/* ---- the life of a deed ---- */

static enum job_state
look_at_target(struct deed *deed, GError **error)
{
	int more = search_step(deed->arrivals, error);

	if (!more)
		deed->step = take_rows;
	return more < 0 ? JOB_FAILED : JOB_MORE;
}

static enum job_state
read_rows(struct deed *deed, GError **error)
{
	for (guint n = 0; n < READ_SLICE && deed->at < count_rows(deed); n++, deed->at++)
		if (!read_row(deed, deed->at, error))
			return JOB_FAILED;
	if (deed->at < count_rows(deed))
		return JOB_MORE;
	deed->at = 0;
	deed->step = deed->target ? look_at_target : take_rows;
	return JOB_MORE;
}

static gboolean
read_target(struct deed *deed, GError **error)
{
	struct store_folder *folder;

	if (!deed->verb->has_target)
		return TRUE;
	deed->token = backend_token(deed->backend, error);
	folder = deed->token ? backend_folder(deed->backend, deed->op->to, error) : NULL;
	if (!folder)
		return FALSE;
	deed->target = backend_folder_dir(deed->backend, folder);
	deed->arrivals = search_new(deed->target);
	if (!tree_is_maildir(deed->target))
		fulmar_fail(error, FULMAR_FAILED, _("%s: the folder %s is not there any more"),
		            deed->backend->env->account->id, folder->path);
	store_folder_free(folder);
	return tree_is_maildir(deed->target);
}

static const struct deed_verb *const verbs[OP_VERBS] = {
        [OP_FLAG] = &deed_flag,       [OP_MOVE] = &deed_move,     [OP_COPY] = &deed_copy,
        [OP_PURGE] = &deed_purge,     [OP_APPEND] = &deed_append, [OP_EMPTY] = &deed_empty,
        [OP_REPLACE] = &deed_replace,
};

static struct deed *
deed_new(struct backend *backend, const struct job *job)
{
	struct deed *deed = g_new0(struct deed, 1);

	deed->backend = backend;
	deed->op = job->op;
	deed->verb = verbs[job->op->verb];
	deed->looks = job->looks;
	deed->step = read_rows;
	deed->rows = g_array_new(FALSE, FALSE, sizeof(struct deed_row));
	g_array_set_clear_func(deed->rows, row_clear);
	deed->news = deed_news_new();
	deed->dirs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	deed->searches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, search_free);
	deed->touched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return deed;
}

void
deed_clear(struct job *job)
{
	struct deed *deed = job->data;

	if (!deed)
		return;
	if (deed->entries)
		closedir(deed->entries);
	if (deed->arrivals)
		search_free(deed->arrivals);
	g_hash_table_unref(deed->dirs);
	g_hash_table_unref(deed->searches);
	g_hash_table_unref(deed->touched);
	g_array_unref(deed->news);
	g_array_unref(deed->rows);
	g_free(deed->token);
	g_free(deed->target);
	g_free(deed);
}

/* What was done to files without rows is seen by another look at the folder. */
static enum job_state
look_again(struct job *job)
{
	deed_clear(job);
	job->data = NULL;
	job->clear = scan_clear;
	job->step = scan_step;
	return JOB_MORE;
}

enum job_state
deed_step(struct backend *backend, struct job *job, GError **error)
{
	struct deed *deed = job->data;
	enum job_state state;

	if (!deed) {
		deed = job->data = deed_new(backend, job);
		if (!read_target(deed, error))
			return JOB_FAILED;
	}
	state = deed->step(deed, error);
	return state == JOB_DONE && deed->op->upto && !deed->looks ? look_again(job) : state;
}
