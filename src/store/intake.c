#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* How a body comes in: octet by octet behind the name that it will have, which is its own once all of it is
 * there and table part knows it. What is left of a download that broke off is gone on with. */

/* A download under way is locked by who does it. Several may fetch the same at once: the screen and a
 * command, or a person and the keep policy. */
static const char *const partials[] = {".part", ".part2", ".part3"};

void
intake_unlink(const char *path)
{
	for (guint i = 0; i < G_N_ELEMENTS(partials); i++) {
		g_autofree char *partial = g_strconcat(path, partials[i], NULL);

		unlink(partial);
	}
}

static int
fail_file(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return -1;
}

static gboolean
row_is_here(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "SELECT 1 FROM message WHERE id = ?1";
	gint64 found;

	if (!store_number(store, sql, VALUES(id), 0, &found, error))
		return FALSE;
	if (!found)
		store_fail_gone(id, error);
	return found != 0;
}

static gboolean
is_file_at(int fd, const char *path)
{
	struct stat opened, there;

	return fstat(fd, &opened) == 0 && lstat(path, &there) == 0 && opened.st_dev == there.st_dev &&
	       opened.st_ino == there.st_ino;
}

/* The name under which fd was begun, or NULL with errno. */
static char *
partial_of(const char *final, int fd)
{
	for (guint i = 0; i < G_N_ELEMENTS(partials); i++) {
		g_autofree char *path = g_strconcat(final, partials[i], NULL);

		if (is_file_at(fd, path))
			return g_steal_pointer(&path);
	}
	errno = ENOENT;
	return NULL;
}

/* Opens and locks path. -1 with errno; EWOULDBLOCK: somebody else downloads there. */
static int
open_partial(const char *path)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
			close(fd);
			errno = EWOULDBLOCK;
			return -1;
		}
		/* Whoever had it before may have ended, and moved it away, while we opened it. */
		if (is_file_at(fd, path))
			return fd;
		close(fd);
	}
}

gboolean
store_part_is_begun(struct store *store, msgid id, const char *section)
{
	g_autofree char *final = bodies_path(store, id, section, NULL);
	gboolean begun = FALSE;

	for (guint i = 0; final && !begun && i < G_N_ELEMENTS(partials); i++) {
		g_autofree char *path = g_strconcat(final, partials[i], NULL);
		struct stat info;

		begun = lstat(path, &info) == 0 && info.st_size > 0;
	}
	return begun;
}

void
store_part_forget_begun(struct store *store, msgid id, const char *section)
{
	g_autofree char *final = bodies_path(store, id, section, NULL);

	for (guint i = 0; final && i < G_N_ELEMENTS(partials); i++) {
		g_autofree char *path = g_strconcat(final, partials[i], NULL);
		int fd = access(path, F_OK) == 0 ? open_partial(path) : -1;

		if (fd < 0)
			continue; /* there is none, or somebody is at it */
		unlink(path);
		close(fd);
	}
}

int
store_part_begin(struct store *store, msgid id, const char *section, guint64 *have, GError **error)
{
	g_autofree char *final = bodies_path(store, id, section, error);
	g_autofree char *dir = final ? g_path_get_dirname(final) : NULL;
	off_t end;
	int fd = -1;

	if (!final || !row_is_here(store, id, error) || !files_make_private_dir(dir, error))
		return -1;
	errno = EWOULDBLOCK;
	for (guint i = 0; fd < 0 && errno == EWOULDBLOCK && i < G_N_ELEMENTS(partials); i++) {
		g_autofree char *path = g_strconcat(final, partials[i], NULL);

		fd = open_partial(path);
	}
	if (fd < 0)
		return fail_file(final, error);
	end = lseek(fd, 0, SEEK_END);
	if (end < 0) {
		close(fd);
		return fail_file(final, error);
	}
	*have = (guint64)end;
	return fd;
}

static gboolean
settle_file(int fd, const char *partial, const char *final, gboolean durable, GError **error)
{
	if (durable)
		return files_commit(fd, partial, final, error);
	if (rename(partial, final) == 0)
		return TRUE;
	fail_file(final, error);
	return FALSE;
}

static gboolean
finish(struct store *store, msgid id, const char *section, int fd, gboolean durable, GError **error)
{
	g_autofree char *final = bodies_path(store, id, section, error);
	g_autofree char *partial = final ? partial_of(final, fd) : NULL;
	g_autofree char *dir = bodies_parts_dir(store, id);
	struct mime_part *root;
	struct stat info;
	gboolean ok;

	if (!final)
		return FALSE;
	if (!partial || fstat(fd, &info) != 0) {
		fail_file(final, error);
		return FALSE;
	}
	if (!settle_file(fd, partial, final, durable, error))
		return FALSE;
	root = *section ? NULL : bodies_parse_file(final);
	ok = store_begin(store, durable, error);
	if (ok) {
		ok = row_is_here(store, id, error) &&
		     bodies_put_entry(store, id, section, (gint64)info.st_size, root, error) &&
		     (*section || preview_fill(store, id, error));
		ok = store_leave(store, TRUE, ok, error);
	}
	if (root)
		mime_part_free(root);
	if (ok && !*section && access(dir, F_OK) == 0)
		files_remove_tree(dir);
	return ok;
}

gboolean
store_part_finish(struct store *store, msgid id, const char *section, int fd, gboolean durable,
                  GError **error)
{
	gboolean ok = finish(store, id, section, fd, durable, error);

	close(fd);
	return ok;
}

gboolean
store_part_put(struct store *store, msgid id, const char *section, const void *bytes, gsize len,
               gboolean durable, GError **error)
{
	guint64 have;
	int fd = store_part_begin(store, id, section, &have, error);

	if (fd < 0)
		return FALSE;
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || !files_write_all(fd, bytes, len)) {
		g_autofree char *path = bodies_path(store, id, section, NULL);

		fail_file(path, error);
		close(fd);
		return FALSE;
	}
	return store_part_finish(store, id, section, fd, durable, error);
}
