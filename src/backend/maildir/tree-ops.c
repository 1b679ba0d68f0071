/* OP_CREATE, OP_RENAME and OP_SUBSCRIBE. Each may be repeated: what an earlier attempt did is found done. */
#include "backend/maildir/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/disk.h"
#include "backend/maildir/subscriptions.h"
#include "backend/maildir/tree.h"
#include "backend/maildir/wire.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

static char *
dir_at(const struct backend *backend, const char *wire)
{
	return g_build_filename(backend->root, wire, NULL);
}

static gboolean
sync_above(const char *path, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);

	return disk_sync(dir, error);
}

static gboolean
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static gboolean
is_inbox(const struct store_folder *folder)
{
	return strcmp(folder->wire, ".") == 0 || g_ascii_strcasecmp(folder->path, "INBOX") == 0;
}

static gboolean
check_wire(const char *wire, GError **error)
{
	if (wire_is_inside(wire))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("“%s” is no name for a folder in this Maildir"), wire);
	return FALSE;
}

struct store_folder *
folder_of_op(struct backend *backend, gint64 id, gboolean inbox, GError **error)
{
	struct store_folder *folder = backend_folder(backend, id, error);

	if (!folder || (inbox && strcmp(folder->wire, ".") == 0))
		return folder;
	if (!inbox && is_inbox(folder))
		fulmar_fail(error, FULMAR_FAILED,
		            _("INBOX stays as it is: mail is delivered there; move its messages instead"));
	else if (check_wire(folder->wire, error))
		return folder;
	store_folder_free(folder);
	return NULL;
}

/* ---- create ---- */

/* cur comes last: it makes the folder one. */
static gboolean
make_maildir(const char *dir, gboolean marker, GError **error)
{
	static const char *const subdirs[] = {"tmp", "new", "cur"};
	g_autofree char *mark = g_build_filename(dir, "maildirfolder", NULL);
	int fd = -1;

	if (!files_make_private_dir(dir, error))
		return FALSE;
	/* So that delivery agents know where the whole Maildir begins (maildir++). */
	if (marker && (fd = open(mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), mark, g_strerror(errno));
		return FALSE;
	}
	if (fd >= 0)
		close(fd);
	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *subdir = g_build_filename(dir, subdirs[i], NULL);

		if (!files_make_private_dir(subdir, error))
			return FALSE;
	}
	return disk_sync(dir, error) && sync_above(dir, error);
}

enum job_state
create_step(struct backend *backend, struct job *job, GError **error)
{
	struct store_folder *folder = folder_of_op(backend, job->op->to, TRUE, error);
	g_autofree char *dir = folder ? backend_folder_dir(backend, folder) : NULL;
	char *const wires[] = {folder ? folder->wire : NULL, NULL};
	gboolean ok = folder &&
	              (tree_is_maildir(dir) || make_maildir(dir, folder->delimiter == '.', error)) &&
	              (!folder->subscribed ||
	               subscriptions_set(backend->root, wires, folder->delimiter, TRUE, NULL, error));

	store_folder_free(folder);
	return ok ? JOB_DONE : JOB_FAILED;
}

/* ---- rename ---- */

/* The folder's own directory and, in Maildir++, those below it: pairs of old and new path. */
static gboolean
collect_renames(struct backend *backend, const struct store_folder *folder, const char *to, GPtrArray *pairs,
                GError **error)
{
	DIR *entries;
	const struct dirent *entry;

	g_ptr_array_add(pairs, dir_at(backend, folder->wire));
	g_ptr_array_add(pairs, dir_at(backend, to));
	if (folder->delimiter != '.')
		return TRUE;
	entries = opendir(backend->root);
	if (!entries) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), backend->root, g_strerror(errno));
		return FALSE;
	}
	while ((entry = readdir(entries))) {
		const char *rest;
		g_autofree char *wire = NULL;

		if (!wire_is_at(entry->d_name, folder->wire, '.', &rest) || !*rest)
			continue;
		wire = g_strconcat(to, rest, NULL);
		g_ptr_array_add(pairs, dir_at(backend, entry->d_name));
		g_ptr_array_add(pairs, dir_at(backend, wire));
	}
	closedir(entries);
	return TRUE;
}

static gboolean
check_renames(const struct store_folder *folder, const GPtrArray *pairs, GError **error)
{
	for (guint i = 0; i < pairs->len; i += 2) {
		gboolean from = exists(pairs->pdata[i]), to = exists(pairs->pdata[i + 1]);

		if (from && to) {
			fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed: %s is there already"),
			            folder->path, (const char *)pairs->pdata[i + 1]);
			return FALSE;
		}
		if (!from && !to) {
			fulmar_fail(error, FULMAR_FAILED, _("%s is not there any more"),
			            (const char *)pairs->pdata[i]);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
rename_dir(const char *from, const char *to, GError **error)
{
	enum disk_end end = exists(from) ? disk_rename(from, to, error) : DISK_DONE;

	/* Of folders the plain way replaces only an empty one. */
	if (end == DISK_AWAY && !exists(to) && rename(from, to) == 0)
		end = DISK_DONE;
	if (end == DISK_GONE || end == DISK_TAKEN || end == DISK_AWAY)
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed to %s"), from, to);
	return end == DISK_DONE && sync_above(to, error) && sync_above(from, error);
}

static gboolean
rename_folder(struct backend *backend, const struct store_folder *folder, const char *to, GError **error)
{
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);

	if (!check_wire(to, error))
		return FALSE;
	if ((*to == '.') != (*folder->wire == '.')) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s cannot be moved there: folders lie otherwise in that part of the tree"),
		            folder->path);
		return FALSE;
	}
	if (!collect_renames(backend, folder, to, pairs, error) || !check_renames(folder, pairs, error))
		return FALSE;
	for (guint i = 0; i < pairs->len; i += 2)
		if (!rename_dir(pairs->pdata[i], pairs->pdata[i + 1], error))
			return FALSE;
	return subscriptions_rename(backend->root, folder->wire, to, folder->delimiter, error);
}

/* The paths of all its messages are others now: they are put right once the store knows the new name. */
static void
look_at_renamed(struct backend *backend, const struct store_folder *folder)
{
	g_autoptr(GPtrArray) folders = store_folders(backend->env->store, NULL);
	const char *rest;

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *each = folders->pdata[i];

		if (each->synced && wire_is_at(each->wire, folder->wire, folder->delimiter, &rest))
			backend_rescan(backend, each->id);
	}
}

enum job_state
rename_step(struct backend *backend, struct job *job, GError **error)
{
	struct store_folder *folder = folder_of_op(backend, job->op->folder, FALSE, error);
	gboolean ok = folder && (strcmp(folder->wire, job->op->arg) == 0 ||
	                         rename_folder(backend, folder, job->op->arg, error));

	if (ok)
		look_at_renamed(backend, folder);
	store_folder_free(folder);
	return ok ? JOB_DONE : JOB_FAILED;
}

/* ---- subscribe ---- */

static char **
all_wires(struct backend *backend, GError **error)
{
	g_autoptr(GPtrArray) found = tree_list(backend->env->account, error);
	GPtrArray *wires;

	if (!found)
		return NULL;
	wires = g_ptr_array_new();
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(wires, g_strdup(((const struct tree_folder *)found->pdata[i])->wire));
	g_ptr_array_add(wires, NULL);
	return (char **)g_ptr_array_free(wires, FALSE);
}

enum job_state
subscribe_step(struct backend *backend, struct job *job, GError **error)
{
	struct store_folder *folder = folder_of_op(backend, job->op->folder, TRUE, error);
	g_auto(GStrv) all = folder ? all_wires(backend, error) : NULL;
	char *const wires[] = {folder ? folder->wire : NULL, NULL};
	gboolean ok = all && subscriptions_set(backend->root, wires, folder->delimiter, job->op->add != 0,
	                                       all, error);

	store_folder_free(folder);
	return ok ? JOB_DONE : JOB_FAILED;
}
