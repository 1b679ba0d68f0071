#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/mbox-private.h"

/* An mbox that others write to: a spool, most of all. It is locked for each piece that is read and no longer,
 * because what is done with the pieces may take hours, and mail is to be delivered meanwhile. What is
 * appended between two pieces is read with the rest; who writes the file anew moves what is in it, so the
 * octets before the next piece are compared with those that were read last. */

enum {
	COMPARED = 16384,          /* octets */
	POLL = 20000,              /* µs */
	STALE = 600,               /* s: nobody holds a dotlock for so long without touching it */
	MS = G_USEC_PER_SEC / 1000 /* µs */
};

struct mbox_sharing {
	char *path, *dotlock; /* NULL: it has no name */
	gint64 patience;      /* ms */
	void (*waits)(void *user);
	void *user;
	gboolean told;
	gboolean made; /* the dotlock is ours */
};

void
mbox_share(struct mbox *mbox, const char *path, gint64 patience, void (*waits)(void *user), void *user)
{
	struct mbox_sharing *sharing = g_new0(struct mbox_sharing, 1);
	char *real = path ? realpath(path, NULL) : NULL;

	sharing->path = g_strdup(path);
	sharing->dotlock = real ? g_strconcat(real, ".lock", NULL) : NULL;
	sharing->patience = patience;
	sharing->waits = waits;
	sharing->user = user;
	mbox->sharing = sharing;
	free(real);
}

void
mbox_sharing_free(struct mbox_sharing *sharing)
{
	if (!sharing)
		return;
	g_free(sharing->path);
	g_free(sharing->dotlock);
	g_free(sharing);
}

/* ---- locks ---- */

/* Of the open file, not of the process: no other descriptor that we close lets it go. FALSE: somebody writes;
 * where there are no such locks there is nothing to wait for. */
static gboolean
set_lock(int fd, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

/* One that nobody will take away, or nobody can, is none. */
static gboolean
is_left_over(const char *dotlock)
{
	struct stat st;

	if (access(dotlock, W_OK) != 0 && errno == EROFS)
		return TRUE;
	return lstat(dotlock, &st) == 0 && st.st_mtime < g_get_real_time() / G_USEC_PER_SEC - STALE;
}

static gboolean
make_dotlock(struct mbox_sharing *sharing)
{
	int fd = sharing->dotlock
	                 ? open(sharing->dotlock, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)
	                 : -1;

	if (fd < 0)
		return !sharing->dotlock || errno != EEXIST || is_left_over(sharing->dotlock);
	dprintf(fd, "%d\n", (int)getpid()); /* who finds it may look whether we live */
	close(fd);
	sharing->made = TRUE;
	return TRUE;
}

/* Both or none: who has the one may wait for the other. */
static gboolean
take_locks(struct mbox *mbox, gboolean *dotlocked)
{
	*dotlocked = FALSE;
	if (!set_lock(mbox->fd, F_RDLCK))
		return FALSE;
	if (make_dotlock(mbox->sharing))
		return TRUE;
	set_lock(mbox->fd, F_UNLCK);
	*dotlocked = TRUE;
	return FALSE;
}

static gboolean
fail_locked(const struct mbox *mbox, gboolean dotlocked, GError **error)
{
	const struct mbox_sharing *sharing = mbox->sharing;

	if (dotlocked)
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: another program has locked it by %s; try again when that has ended"),
		            mbox->name, sharing->dotlock);
	else
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: another program has locked it; try again when that has ended"),
		            mbox->name);
	return FALSE;
}

/* ---- what is read ---- */

/* Of what was read last, as much as is still in the buffer. */
static gboolean
is_as_it_was(const struct mbox *mbox)
{
	const GByteArray *buffer = mbox->buffer;
	gsize n = MIN((gsize)buffer->len, (gsize)COMPARED);
	off_t at = lseek(mbox->fd, 0, SEEK_CUR);
	char now[COMPARED];

	return !n || at < (off_t)n ||
	       (pread(mbox->fd, now, n, at - (off_t)n) == (gssize)n &&
	        !memcmp(now, buffer->data + buffer->len - n, n));
}

gboolean
mbox_lock(struct mbox *mbox, GError **error)
{
	struct mbox_sharing *sharing = mbox->sharing;
	gint64 until = g_get_monotonic_time() + (sharing ? sharing->patience * MS : 0);
	gboolean dotlocked;

	if (!sharing)
		return TRUE;
	while (!take_locks(mbox, &dotlocked)) {
		if (g_get_monotonic_time() >= until)
			return fail_locked(mbox, dotlocked, error);
		if (!sharing->told && sharing->waits)
			sharing->waits(sharing->user);
		sharing->told = TRUE;
		g_usleep(POLL);
	}
	if (is_as_it_was(mbox))
		return TRUE;
	mbox_unlock(mbox);
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s: another program has written it anew while it was read; read it again"),
	            mbox->name);
	return FALSE;
}

void
mbox_unlock(struct mbox *mbox)
{
	struct mbox_sharing *sharing = mbox->sharing;

	if (!sharing)
		return;
	if (sharing->made)
		unlink(sharing->dotlock);
	sharing->made = FALSE;
	set_lock(mbox->fd, F_UNLCK);
}

gboolean
mbox_was_changed(const struct mbox *mbox)
{
	const struct mbox_sharing *sharing = mbox->sharing;
	struct stat opened, named;

	if (!sharing || fstat(mbox->fd, &opened) != 0)
		return FALSE;
	if (opened.st_size != lseek(mbox->fd, 0, SEEK_CUR))
		return TRUE;
	return sharing->path && (stat(sharing->path, &named) != 0 || named.st_ino != opened.st_ino ||
	                         named.st_dev != opened.st_dev);
}
