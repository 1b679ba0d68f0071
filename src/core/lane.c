#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "core/account-private.h"

/* The connections beside the person's. A server may refuse them, or end them again and again: then all work
 * goes over the person's for a while, which is slower but never wrong. What goes wrong here is not told to
 * the person unless it lasts. */

enum {
	REST_SECONDS = 60,
	STEADY_SECONDS = 60,
	HOPE_SECONDS = 5,
	LOSSES_AT_MOST = 3,
	WAIT_FIRST = 60,
	WAIT_LAST = 3600,
	REFUSALS_AT_MOST = 2 /* log-ins: with that of lane 0 no more than servers bear */
};

gboolean
lane_is_up(const struct lane *lane)
{
	return lane->link == LINK_UP;
}

gboolean
lane_is_busy(const struct lane *lane)
{
	return lane->opening || lane->fills || lane->keeping;
}

static gboolean
may_begin(const struct lane *lane)
{
	const struct account *a = lane->account;
	gint64 now = g_get_monotonic_time();

	return lane->number != LANE_PERSON && a->ops->remote && !visits(a) && !(a->flags & ACCOUNT_BATCH) &&
	       a->link == LINK_UP && now >= lane->not_before && now >= a->lanes_not_before &&
	       a->lanes_refused < REFUSALS_AT_MOST;
}

/* ---- hooks ---- */

static void
on_ready(void *user)
{
	struct lane *lane = user;

	lane->link = LINK_UP;
	lane->up_since = lane->used = g_get_monotonic_time();
	requests_start(lane->account);
	work_on(lane->account);
}

static void
tell_once(struct account *a, const GError *error)
{
	struct event *event;

	if (a->lanes_told)
		return;
	a->lanes_told = TRUE;
	event = account_event(a, EVENT_NOTICE);
	event->text = g_strdup_printf(
	        _("only one connection can be had, so what you ask for may wait for background work (%s)"),
	        error->message);
	account_post(a, event);
}

static void
note_loss(struct lane *lane, gboolean was_up, const GError *error)
{
	struct account *a = lane->account;
	gint64 now = g_get_monotonic_time(), wait;

	if (was_up && now - lane->up_since > STEADY_SECONDS * G_USEC_PER_SEC)
		lane->losses = 0;
	lane->losses++;
	if (fulmar_error_status(error) == FULMAR_AUTH) {
		secret_forget(a);
		a->lanes_refused++;
		a->lanes_not_before = now + (gint64)WAIT_LAST * G_USEC_PER_SEC;
	}
	if (was_up && lane->losses < LOSSES_AT_MOST)
		return; /* another at once, when there is still work */
	wait = MIN((gint64)WAIT_FIRST << MIN(lane->losses - 1, 6), WAIT_LAST);
	lane->not_before = now + wait * G_USEC_PER_SEC;
	if (lane->losses >= LOSSES_AT_MOST)
		tell_once(a, error);
}

static void
on_lost(const GError *error, void *user)
{
	struct lane *lane = user;
	struct account *a = lane->account;
	gboolean was_up = lane_is_up(lane);

	lane->link = LINK_DOWN;
	lane->current = 0;
	a->wanting &= ~(1u << lane->number);
	if (!lane->closing) {
		log_note(LOG_SYNC, "%s: lane %u lost: %s", a->settings->id, lane->number, error->message);
		note_loss(lane, was_up, error);
	}
	lane->closing = FALSE;
	requests_start(a);
	work_on(a);
}

static void
on_rows(gint64 folder, void *user)
{
	account_hooks.rows(folder, ((struct lane *)user)->account);
}

static void
on_folders(void *user)
{
	account_hooks.folders(((struct lane *)user)->account);
}

static void
on_arrived(gint64 folder, guint n, void *user)
{
	account_hooks.arrived(folder, n, ((struct lane *)user)->account);
}

static void
on_progress(gint64 folder, guint64 have, guint64 total, void *user)
{
	/* What the screen shows of the link is that of lane 0. */
}

static void
on_notice(const char *text, void *user)
{
	/* The server said the same to lane 0, or will. */
}

static void
on_fact(const char *name, const char *value, void *user)
{
	/* The same as those of lane 0. */
}

static void
on_behind(gint64 folder, void *user)
{
	account_hooks.behind(folder, ((struct lane *)user)->account);
}

static void
on_ask(const char *prompt, void *user)
{
	secret_find(user, prompt);
}

static const struct backend_hooks hooks = {
        .ready = on_ready,
        .lost = on_lost,
        .rows = on_rows,
        .folders = on_folders,
        .arrived = on_arrived,
        .progress = on_progress,
        .notice = on_notice,
        .fact = on_fact,
        .behind = on_behind,
        .ask = on_ask,
};

/* ---- coming and going ---- */

static void
begin(struct lane *lane)
{
	struct account *a = lane->account;

	if (!lane->backend) {
		lane->env = a->lanes[LANE_PERSON].env;
		lane->env.hooks = &hooks;
		lane->env.user = lane;
		lane->env.lane = lane->number;
		lane->backend = a->ops->create(&lane->env);
	}
	lane->link = LINK_TRYING;
	lane->begun = g_get_monotonic_time();
	lane->answered = FALSE;
	a->ops->link(lane->backend);
}

static gboolean
is_hoped_for(const struct lane *lane)
{
	return lane->link == LINK_TRYING &&
	       g_get_monotonic_time() - lane->begun < HOPE_SECONDS * G_USEC_PER_SEC;
}

struct lane *
lane_want(struct account *a, guint number)
{
	struct lane *lane = &a->lanes[number];

	if (number == LANE_PERSON || lane_is_up(lane)) {
		lane->used = g_get_monotonic_time();
		return lane;
	}
	if (lane->link == LINK_DOWN && may_begin(lane))
		begin(lane);
	return is_hoped_for(lane) ? NULL : lane_want(a, number - 1);
}

struct lane *
lane_take(struct account *a, guint number)
{
	struct lane *lane = lane_want(a, number);

	if (lane)
		lane->uses++;
	return lane;
}

void
lane_give(struct lane *lane)
{
	lane->uses--;
	lane->used = g_get_monotonic_time();
}

static void
close_lane(struct lane *lane)
{
	if (lane->link == LINK_DOWN)
		return;
	lane->closing = TRUE;
	lane->account->ops->unlink(lane->backend);
}

void
lanes_tick(struct account *a)
{
	gint64 now = g_get_monotonic_time();
	gboolean waited = FALSE;

	for (guint n = LANE_PERSON + 1; n < LANES; n++) {
		struct lane *lane = &a->lanes[n];

		waited |= lane->link == LINK_TRYING && !is_hoped_for(lane);
		if (lane_is_busy(lane) || lane->uses)
			lane->used = now;
		else if (lane_is_up(lane) && now - lane->used > REST_SECONDS * G_USEC_PER_SEC)
			close_lane(lane);
	}
	if (waited && a->link == LINK_UP)
		requests_start(a); /* by another lane */
}

void
lanes_close(struct account *a)
{
	for (guint n = LANE_PERSON + 1; n < LANES; n++)
		close_lane(&a->lanes[n]);
}

void
lanes_probe(struct account *a)
{
	for (guint n = 0; n < LANES; n++)
		if (lane_is_up(&a->lanes[n]) && a->ops->probe)
			a->ops->probe(a->lanes[n].backend);
}
