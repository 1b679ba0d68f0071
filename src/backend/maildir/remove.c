/* OP_REMOVE: only what is a Maildir of ours. What belongs to the folder is moved aside first, where nothing
 * is delivered any more, and looked through there; then it goes, in slices. Whatever else lies in the folder
 * is in the way: nothing goes then.
 */
#include "backend/maildir/private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/disk.h"
#include "backend/maildir/name.h"
#include "backend/maildir/subscriptions.h"
#include "backend/maildir/wire.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

#define REMOVE_SLICE 2000
#define KEEP_SLICE 5

struct removal {
	struct store_folder *folder;
	char *dir, *aside;
	GPtrArray *below; /* wires of folders in its directory (plain trees), char * */
	GArray *keep;     /* msgid, whose texts are to be kept */
	gboolean moved;
};

/* Beside the messages: what mail programs keep of a folder, and nothing that outlives it. */
static const struct {
	const char *prefix;
	gboolean whole, is_dir;
} companions[] = {
        {"cur", TRUE, TRUE},
        {"new", TRUE, TRUE},
        {"tmp", TRUE, TRUE},
        {"maildirfolder", TRUE, FALSE},
        {"maildirsize", TRUE, FALSE},
        {"dovecot-", FALSE, FALSE},
        {"dovecot.", FALSE, FALSE},
        {"courierimapkeywords", TRUE, TRUE},
        {"courierimap", FALSE, FALSE},
        {".uidvalidity", TRUE, FALSE},
        {".isyncuidmap.db", TRUE, FALSE},
        {".mbsyncstate", FALSE, FALSE},
};

void
remove_clear(struct job *job)
{
	struct removal *removal = job->data;

	if (!removal)
		return;
	store_folder_free(removal->folder);
	g_ptr_array_unref(removal->below);
	g_array_unref(removal->keep);
	g_free(removal->dir);
	g_free(removal->aside);
	g_free(removal);
}

/* ---- what is in it ---- */

static gboolean
is_kind(const char *path, gboolean is_dir)
{
	struct stat st;

	return lstat(path, &st) == 0 && (is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

static gboolean
is_companion(const char *dir, const char *name, gboolean *is_dir)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
		if (companions[i].whole ? strcmp(name, companions[i].prefix) != 0
		                        : !g_str_has_prefix(name, companions[i].prefix))
			continue;
		*is_dir = companions[i].is_dir;
		return is_kind(path, companions[i].is_dir);
	}
	return FALSE;
}

static gboolean
is_folder_below(const struct removal *removal, const char *name)
{
	g_autofree char *wire = g_strconcat(removal->folder->wire, "/", name, NULL);
	const char *rest;

	for (guint i = 0; i < removal->below->len; i++)
		if (wire_is_at(removal->below->pdata[i], wire, '/', &rest))
			return TRUE;
	return FALSE;
}

static gboolean
in_the_way(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s is in the way: it is none of the mail; take it out first, then remove the folder"),
	            path);
	return FALSE;
}

static gboolean
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Somebody delivered it when the person thought that all had been seen. */
static gboolean
came_after(struct backend *backend, const struct job *job, const char *path, GError **error)
{
	struct stat st;
	gboolean after = lstat(path, &st) == 0 && st.st_ctime >= job->op->created &&
	                 !store_id_by_uid(backend->env->store, job->op->folder,
	                                  maildir_uid(strrchr(path, '/') + 1), NULL);

	if (after)
		fulmar_fail(
		        error, FULMAR_FAILED,
		        _("mail has come into the folder since; look at it before you remove the folder"));
	return after;
}

static DIR *
open_dir(const char *path, GError **error)
{
	DIR *entries = opendir(path);

	if (!entries)
		fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
	return entries;
}

static gboolean
check_files(struct backend *backend, const struct job *job, const char *dir, const char *name, GError **error)
{
	g_autofree char *subdir = g_build_filename(dir, name, NULL);
	gboolean mail = strcmp(name, "cur") == 0 || strcmp(name, "new") == 0, ok = TRUE;
	DIR *entries = open_dir(subdir, error);
	const struct dirent *entry;

	while (ok && entries && (entry = readdir(entries))) {
		g_autofree char *path = g_build_filename(subdir, entry->d_name, NULL);

		if (is_dot(entry->d_name))
			continue;
		ok = (is_kind(path, FALSE) || in_the_way(path, error)) &&
		     !(mail && came_after(backend, job, path, error));
	}
	if (entries)
		closedir(entries);
	return ok && entries;
}

/* names gets what belongs to the folder; cur comes first. */
static gboolean
check_dir(struct backend *backend, const struct job *job, const char *dir, GPtrArray *names, GError **error)
{
	const struct removal *removal = job->data;
	DIR *entries = open_dir(dir, error);
	const struct dirent *entry;
	gboolean ok = entries != NULL;

	while (ok && (entry = readdir(entries))) {
		g_autofree char *path = g_build_filename(dir, entry->d_name, NULL);
		gboolean is_dir = FALSE;

		if (is_dot(entry->d_name) || is_folder_below(removal, entry->d_name))
			continue;
		if (!is_companion(dir, entry->d_name, &is_dir))
			ok = in_the_way(path, error);
		else if (is_dir)
			ok = check_files(backend, job, dir, entry->d_name, error);
		if (ok && names)
			g_ptr_array_insert(names, strcmp(entry->d_name, "cur") == 0 ? 0 : -1,
			                   g_strdup(entry->d_name));
	}
	if (entries)
		closedir(entries);
	return ok;
}

/* ---- aside ---- */

static gboolean
move_names(const char *from, const char *to, const GPtrArray *names, GError **error)
{
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *source = g_build_filename(from, names->pdata[i], NULL);
		g_autofree char *target = g_build_filename(to, names->pdata[i], NULL);

		if (rename(source, target) == 0 || errno == ENOENT)
			continue;
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), target, g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

/* Back as it was, as far as that goes: the error that led here is the one to tell. */
static void
move_back(struct removal *removal)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	DIR *entries = opendir(removal->aside);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (!is_dot(entry->d_name))
			g_ptr_array_add(names, g_strdup(entry->d_name));
	if (entries)
		closedir(entries);
	if (files_make_private_dir(removal->dir, NULL))
		move_names(removal->aside, removal->dir, names, NULL);
	rmdir(removal->aside);
}

/* After an attempt that broke off somebody made one of that name. */
static gboolean
was_made_anew(const struct removal *removal)
{
	g_autofree char *here = g_build_filename(removal->dir, "cur", NULL);
	g_autofree char *aside = g_build_filename(removal->aside, "cur", NULL);

	return is_kind(here, TRUE) && is_kind(aside, TRUE);
}

static gboolean
move_aside(struct backend *backend, const struct job *job, GError **error)
{
	struct removal *removal = job->data;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	gboolean here = is_kind(removal->dir, TRUE);

	if (was_made_anew(removal)) {
		removal->moved = TRUE;
		return TRUE;
	}
	if (!here && !is_kind(removal->aside, TRUE)) {
		struct stat st;

		/* Whoever it was: it is as was wished. */
		return lstat(removal->dir, &st) == 0 ? in_the_way(removal->dir, error) : TRUE;
	}
	if (here && (!check_dir(backend, job, removal->dir, names, error) ||
	             !files_make_private_dir(removal->aside, error)))
		return FALSE;
	if (!move_names(removal->dir, removal->aside, names, error) ||
	    !check_dir(backend, job, removal->aside, NULL, error)) {
		move_back(removal);
		return FALSE;
	}
	/* What stays are folders below it. */
	rmdir(removal->dir);
	removal->moved = TRUE;
	return disk_sync(removal->aside, error) && disk_sync(backend->root, error);
}

/* ---- away ---- */

static gboolean
remove_dir(const char *path, GError **error)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

/* Takes up to a slice of files away; *left: there may be more. */
static gboolean
clear_dir(const char *dir, guint *budget, gboolean *left, GError **error)
{
	DIR *entries = open_dir(dir, error);
	const struct dirent *entry;
	gboolean ok = entries != NULL;

	while (ok && *budget && (entry = readdir(entries))) {
		g_autofree char *path = g_build_filename(dir, entry->d_name, NULL);

		if (is_dot(entry->d_name))
			continue;
		--*budget;
		if (is_kind(path, TRUE)) {
			ok = clear_dir(path, budget, left, error) && (*left || remove_dir(path, error));
		} else {
			ok = disk_remove(path, error) != DISK_FAILED;
		}
	}
	*left |= !*budget;
	if (entries)
		closedir(entries);
	return ok;
}

static enum job_state
clear_aside(struct backend *backend, struct removal *removal, GError **error)
{
	char *const wires[] = {removal->folder->wire, NULL};
	guint budget = REMOVE_SLICE;
	gboolean left = FALSE;

	if (is_kind(removal->aside, TRUE) && !clear_dir(removal->aside, &budget, &left, error))
		return JOB_FAILED;
	if (left)
		return JOB_MORE;
	return remove_dir(removal->aside, error) &&
	                       subscriptions_set(backend->root, wires, removal->folder->delimiter, FALSE,
	                                         NULL, error)
	               ? JOB_DONE
	               : JOB_FAILED;
}

/* ---- the op ---- */

static gboolean
collect_below(struct backend *backend, struct removal *removal, GError **error)
{
	g_autoptr(GPtrArray) folders = NULL;
	const char *rest;

	if (removal->folder->delimiter != '/')
		return TRUE;
	folders = store_folders(backend->env->store, error);
	for (guint i = 0; folders && i < folders->len; i++) {
		const char *wire = ((const struct store_folder *)folders->pdata[i])->wire;

		if (wire_is_at(wire, removal->folder->wire, '/', &rest) && *rest)
			g_ptr_array_add(removal->below, g_strdup(wire));
	}
	return folders != NULL;
}

static gboolean
collect_keep(struct backend *backend, struct removal *removal, GError **error)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	if (!store_rows(backend->env->store, removal->folder->id, NULL, TRUE, KEEP_MESSAGES + 1, rows, error))
		return FALSE;
	for (guint i = 0; rows->len <= KEEP_MESSAGES && i < rows->len; i++)
		g_array_append_val(removal->keep, ((const struct store_row *)rows->pdata[i])->id);
	return TRUE;
}

static gboolean
begin_removal(struct backend *backend, struct job *job, GError **error)
{
	struct store_folder *folder = folder_of_op(backend, job->op->folder, FALSE, error);
	struct removal *removal;
	g_autofree char *token = folder ? backend_token(backend, error) : NULL;

	if (!token) {
		store_folder_free(folder);
		return FALSE;
	}
	removal = job->data = g_new0(struct removal, 1);
	removal->folder = folder;
	removal->dir = backend_folder_dir(backend, folder);
	/* Two dots: a folder to no program. The name finds it again after a crash. */
	removal->aside =
	        g_strdup_printf("%s/..fulmar-%.16s-%" G_GINT64_FORMAT, backend->root, token, folder->id);
	removal->below = g_ptr_array_new_with_free_func(g_free);
	removal->keep = g_array_new(FALSE, FALSE, sizeof(msgid));
	return collect_below(backend, removal, error) && collect_keep(backend, removal, error);
}

static gboolean
keep(struct backend *backend, struct job *job, msgid id, GError **error)
{
	GError *problem = NULL;
	g_autofree char *path = message_locate(backend, job, id, &problem);

	if (path)
		backend_keep_body(backend, id, path);
	if (problem)
		g_propagate_error(error, problem);
	return !problem;
}

enum job_state
remove_step(struct backend *backend, struct job *job, GError **error)
{
	struct removal *removal = job->data;

	if (!removal)
		return begin_removal(backend, job, error) ? JOB_MORE : JOB_FAILED;
	for (guint n = 0; n < KEEP_SLICE && job->at < removal->keep->len; n++, job->at++)
		if (!keep(backend, job, g_array_index(removal->keep, msgid, job->at), error))
			return JOB_FAILED;
	if (job->at < removal->keep->len)
		return JOB_MORE;
	if (!removal->moved && !move_aside(backend, job, error))
		return JOB_FAILED;
	return clear_aside(backend, removal, error);
}
