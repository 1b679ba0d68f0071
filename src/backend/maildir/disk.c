#include "backend/maildir/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

#define STALE_SECONDS 120 /* Dovecot's own patience with its locks */

static enum disk_end
fail(const char *path, int reason, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(reason));
	return DISK_FAILED;
}

/* ENOENT is also said when the folder of to is not there. away: reasons for which another way may do. */
static enum disk_end
end_of(const char *from, const char *to, const int *away, GError **error)
{
	int reason = errno;
	struct stat st;

	if (reason == ENOENT && lstat(from, &st) != 0 && errno == ENOENT)
		return DISK_GONE;
	if (reason == EEXIST)
		return DISK_TAKEN;
	for (; *away; away++)
		if (reason == *away)
			return DISK_AWAY;
	return fail(to, reason, error);
}

enum disk_end
disk_rename(const char *from, const char *to, GError **error)
{
	static const int away[] = {EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, 0};

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return DISK_DONE;
	return end_of(from, to, away, error);
}

enum disk_end
disk_link(const char *from, const char *to, GError **error)
{
	static const int away[] = {EXDEV, EPERM, EMLINK, ENOSYS, EOPNOTSUPP, 0};

	if (link(from, to) == 0)
		return DISK_DONE;
	return end_of(from, to, away, error);
}

enum disk_end
disk_remove(const char *path, GError **error)
{
	if (unlink(path) == 0)
		return DISK_DONE;
	return errno == ENOENT ? DISK_GONE : fail(path, errno, error);
}

/* ---- writing ---- */

static int
create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Other programs clean tmp/ up, and some take it away when it is empty. */
int
disk_create_anew(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	int fd = create(path);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = create(path);
	else if (fd < 0 && errno == ENOENT && mkdir(dir, 0700) == 0)
		fd = create(path);
	return fd;
}

int
disk_lock(const char *lock, GError **error)
{
	int fd = create(lock);
	struct stat st;

	if (fd < 0 && errno == EEXIST && lstat(lock, &st) == 0 && st.st_mtime + STALE_SECONDS < time(NULL) &&
	    unlink(lock) == 0)
		fd = create(lock);
	if (fd < 0 && errno == EEXIST)
		fulmar_fail(error, FULMAR_NO_LINK, _("another program is writing %s; tried again later"),
		            lock);
	else if (fd < 0)
		fail(lock, errno, error);
	return fd;
}

/* A file system without the first way has the second, or neither. */
enum disk_end
disk_finish(const char *tmp, const char *to, GError **error)
{
	enum disk_end end = disk_rename(tmp, to, error);
	struct stat st;

	if (end != DISK_AWAY)
		return end;
	end = disk_link(tmp, to, error);
	if (end == DISK_DONE)
		return disk_remove(tmp, error);
	if (end != DISK_AWAY)
		return end;
	if (lstat(to, &st) == 0)
		return DISK_TAKEN;
	return rename(tmp, to) == 0 ? DISK_DONE : fail(to, errno, error);
}

/* The file that is at tmp now, and will be at to; -1 with error. */
static int
lay(const char *tmp, const char *to, const void *bytes, gsize len, gint64 when, GError **error)
{
	struct timespec times[2] = {{.tv_sec = (time_t)when}, {.tv_sec = (time_t)when}};
	int fd = disk_create_anew(tmp);

	if (fd >= 0 && files_write_all(fd, bytes, len) && futimens(fd, times) == 0)
		return fd;
	fail(fd < 0 ? tmp : to, errno, error);
	if (fd >= 0) {
		close(fd);
		unlink(tmp);
	}
	return -1;
}

gboolean
disk_lay(const char *tmp, const void *bytes, gsize len, gint64 when)
{
	int fd = lay(tmp, tmp, bytes, len, when, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum disk_end
disk_write(const char *tmp, const char *to, const void *bytes, gsize len, gint64 when, GError **error)
{
	int fd = lay(tmp, to, bytes, len, when, error);
	enum disk_end end = DISK_FAILED;

	if (fd < 0)
		return DISK_FAILED;
	if (fsync(fd) != 0)
		fail(to, errno, error);
	else
		end = disk_finish(tmp, to, error);
	close(fd);
	if (end != DISK_DONE)
		unlink(tmp);
	return end;
}

enum disk_end
disk_copy(const char *from, const char *tmp, const char *to, GError **error)
{
	int fd = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	GMappedFile *map = NULL;
	enum disk_end end;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? DISK_GONE : fail(from, errno, error);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		map = g_mapped_file_new_from_fd(fd, FALSE, error);
	else
		fail(from, EINVAL, error);
	close(fd);
	if (!map)
		return DISK_FAILED;
	end = disk_write(tmp, to, g_mapped_file_get_contents(map), g_mapped_file_get_length(map), st.st_mtime,
	                 error);
	g_mapped_file_unref(map);
	return end;
}

enum disk_end
disk_carry(const char *from, const char *tmp, const char *to, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(to);
	enum disk_end end = disk_link(from, to, error);

	if (end == DISK_AWAY)
		end = disk_copy(from, tmp, to, error);
	if (end == DISK_TAKEN && disk_is_same(from, to))
		end = DISK_DONE;
	if (end != DISK_DONE)
		return end;
	return disk_sync(dir, error) ? disk_remove(from, error) : DISK_FAILED;
}

/* ---- looking ---- */

static gboolean
have_same_octets(const char *a, const char *b)
{
	GMappedFile *left = g_mapped_file_new(a, FALSE, NULL), *right = g_mapped_file_new(b, FALSE, NULL);
	gsize len = left ? g_mapped_file_get_length(left) : 0;
	gboolean same = left && right && len == g_mapped_file_get_length(right) &&
	                (len == 0 || memcmp(g_mapped_file_get_contents(left),
	                                    g_mapped_file_get_contents(right), len) == 0);

	if (left)
		g_mapped_file_unref(left);
	if (right)
		g_mapped_file_unref(right);
	return same;
}

gboolean
disk_is_same(const char *a, const char *b)
{
	struct stat left, right;

	if (lstat(a, &left) != 0 || lstat(b, &right) != 0 || !S_ISREG(left.st_mode) ||
	    !S_ISREG(right.st_mode))
		return FALSE;
	if (left.st_dev == right.st_dev && left.st_ino == right.st_ino)
		return TRUE;
	return left.st_size == right.st_size && left.st_mtime == right.st_mtime && have_same_octets(a, b);
}

/* File systems that cannot sync a folder say EINVAL; there is no more to be had there. */
gboolean
disk_sync(const char *dir, GError **error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (!ok)
		fail(dir, errno, error);
	if (fd >= 0)
		close(fd);
	return ok;
}
