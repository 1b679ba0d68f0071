#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/loop.h"
#include "core/account-private.h"

/* Visits: the link of an account whose folders are kept here. While it lasts nobody else can look into the
 * maildrop, so it ends when there is nothing left to take; soon, not at once, because who reads a message
 * whose text was not here often reads another. */

enum { LEAVE_MS = 3000, GLANCE_SECONDS = 60, ENTER_MS = 200 };

/* ---- one process at a time ---- */

/* Not every server sees to it that there is but one, and two would have the same mail twice. The system takes
 * the lock from a process that died. */
static gboolean
lock(struct account *a)
{
	g_autofree char *path = g_build_filename(a->dir, "visit.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		return FALSE;
	}
	a->visit_fd = fd;
	return TRUE;
}

static gboolean
try_enter(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->visit_wait);
	leave_enter(a);
	return G_SOURCE_REMOVE;
}

void
leave_enter(struct account *a)
{
	if (!visits(a) || lock(a))
		a->ops->link(a->backend);
	else
		loop_after(&a->visit_wait, a->context, ENTER_MS, try_enter, a);
}

void
leave_unlock(struct account *a)
{
	if (a->visit_fd >= 0)
		close(a->visit_fd);
	a->visit_fd = -1;
}

static gboolean
is_early(struct account *a, const struct store_op *op)
{
	return a->ops->early && a->ops->early(a->backend, op);
}

/* What is about all of INBOX is carried out where the visit is, which knows what is still to come; and not
 * before that has. */
gboolean
leave_holds_up(struct account *a, const struct store_op *op)
{
	struct store_folder *folder;
	gboolean inbox, elsewhere;

	if (!visits(a) || !op->upto)
		return FALSE;
	if (a->visit_fd >= 0)
		return is_early(a, op);
	folder = store_folder_by_id(a->store, op->folder, NULL);
	inbox = folder && strcmp(folder->path, "INBOX") == 0;
	store_folder_free(folder);
	elsewhere = inbox && !lock(a);
	leave_unlock(a);
	return elsewhere || is_early(a, op);
}

/* ---- the end of a visit ---- */

static void
departed(const GError *error, void *user)
{
	/* Told by hooks.left or hooks.lost. */
}

static void
leave(struct account *a)
{
	leave_not(a);
	a->leaving = TRUE;
	a->ops->depart(a->backend, departed, a);
	link_show(a);
}

static gboolean
wait_over(gpointer user)
{
	leave(user);
	return G_SOURCE_REMOVE;
}

static gboolean
is_waited_for(const struct account *a)
{
	if (a->couriers)
		return TRUE;
	for (GList *l = a->requests.head; l; l = l->next) {
		const struct request *r = l->data;

		if (r->running && r->command->verb != CMD_SYNC && r->command->verb != CMD_REPLAY)
			return TRUE;
	}
	return FALSE;
}

void
leave_rest(struct account *a)
{
	if (!link_is_ready(a) || is_waited_for(a))
		return;
	if (a->leave_soon)
		leave(a);
	else
		loop_after(&a->leave_wait, a->context, LEAVE_MS, wait_over, a);
}

void
leave_not(struct account *a)
{
	loop_drop(&a->leave_wait);
}

guint
leave_respite(struct account *a)
{
	return a->ops->respite ? a->ops->respite(a->backend) : 0;
}

static gboolean
visit_again(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->next_visit);
	link_want(a);
	return G_SOURCE_REMOVE;
}

void
leave_done(struct account *a)
{
	leave_not(a);
	leave_unlock(a);
	if (!a->more)
		sync_left(a);
	a->leaving = a->leave_soon = FALSE;
	a->left_at = g_get_monotonic_time();
	if (!(a->flags & ACCOUNT_BATCH))
		loop_after(&a->next_visit, a->context, (guint)MAX(a->settings->poll, leave_respite(a)) * 1000,
		           visit_again, a);
}

/* It is as if this process had made the last visit. */
void
leave_begin(struct account *a)
{
	guint respite = leave_respite(a), paused = a->ops->paused ? a->ops->paused(a->backend) : respite;

	if (respite <= paused) {
		link_want(a);
		return;
	}
	a->left_at = g_get_monotonic_time() - paused * G_USEC_PER_SEC;
	loop_after(&a->next_visit, a->context, (respite - paused) * 1000, visit_again, a);
}

gboolean
leave_was_just(struct account *a)
{
	gint64 seconds = MAX(GLANCE_SECONDS, leave_respite(a));

	return a->left_at && g_get_monotonic_time() - a->left_at < seconds * G_USEC_PER_SEC;
}
