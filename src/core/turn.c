#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "core/account-private.h"

/* Several processes may work on one account, each with a link of its own, but one at a time carries out the
 * journal: it holds a lock on the file journal.lock as long as ops are under way. The system takes the lock
 * from a process that died, so whoever holds it knows that ops which are marked as under way, and are not its
 * own, are nobody's. */

enum { TURN_MS = 200 };

gboolean
turn_open(struct account *a, GError **error)
{
	g_autofree char *path = g_build_filename(a->dir, "journal.lock", NULL);

	a->turn_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (a->turn_fd >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

void
turn_close(struct account *a)
{
	loop_drop(&a->turn_wait);
	if (a->turn_fd >= 0)
		close(a->turn_fd);
	a->turn_fd = -1;
}

static gboolean
try_turn(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->turn_wait);
	work_on(a);
	return G_SOURCE_REMOVE;
}

/* Another process is at it. Commands wait for that as long as they would for a silent server. */
static void
await_turn(struct account *a)
{
	gint64 now = g_get_monotonic_time();

	if (!a->turn_since)
		a->turn_since = now;
	if (now - a->turn_since > a->settings->timeout * G_USEC_PER_SEC && !a->journal_trouble)
		fulmar_fail(&a->journal_trouble, FULMAR_FAILED,
		            _("another fulmar is at the queued changes of %s and does not finish; end it and "
		              "try again"),
		            a->settings->id);
	if (!a->turn_wait)
		loop_after(&a->turn_wait, a->context, TURN_MS, try_turn, a);
}

gboolean
turn_take(struct account *a)
{
	/* Where files cannot be locked there is nobody to share with either. */
	if (!a->turn)
		a->turn = flock(a->turn_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	if (a->turn)
		a->turn_since = 0;
	else if (a->thread)
		await_turn(a);
	return a->turn;
}

void
turn_end(struct account *a)
{
	if (a->turn)
		flock(a->turn_fd, LOCK_UN);
	a->turn = FALSE;
}
