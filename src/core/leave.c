#include "base/loop.h"
#include "core/account-private.h"

/* Visits: the link of an account whose folders are kept here. While it lasts nobody else can look into the
 * maildrop, so it ends when there is nothing left to take; soon, not at once, because who reads a message
 * whose text was not here often reads another. */

enum { LEAVE_MS = 3000, GLANCE_SECONDS = 60 };

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

void
leave_done(struct account *a)
{
	leave_not(a);
	sync_left(a);
	a->leaving = a->leave_soon = FALSE;
	a->left_at = g_get_monotonic_time();
}

static gboolean
has_passed(const struct account *a, gint64 seconds)
{
	return !a->left_at || g_get_monotonic_time() - a->left_at >= seconds * G_USEC_PER_SEC;
}

gboolean
leave_is_over(struct account *a)
{
	guint respite = a->ops->respite ? a->ops->respite(a->backend) : 0;

	return a->left_at && has_passed(a, MAX(a->settings->poll, respite));
}

gboolean
leave_was_just(struct account *a)
{
	guint respite = a->ops->respite ? a->ops->respite(a->backend) : 0;

	return !has_passed(a, MAX(GLANCE_SECONDS, respite));
}
