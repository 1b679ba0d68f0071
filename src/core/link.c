#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/account-private.h"

/* When to connect, and what a person is told of it: one word. */

enum {
	TICK_SECONDS = 5,
	JUMP_SECONDS = 30,
	SHORT_JUMP_SECONDS = 5,
	STEADY_SECONDS = 60,
	WAIT_TOLD = 20, /* seconds */
	RETRY_FIRST_MS = 1000,
	RETRY_LAST_MS = 300 * 1000,
	IN_USE_MS = 500
};

/* Why there is no link, and when there may be one, if that is not at once. Gives (g_free). */
static char *
detail(const struct account *a)
{
	g_autoptr(GDateTime) when = a->retry ? g_date_time_new_from_unix_local(a->retry_at) : NULL;
	g_autofree char *time = when ? g_date_time_format(when, "%H:%M") : NULL;

	if (a->offline)
		return g_strdup_printf(_("%s is offline by your wish"), a->settings->id);
	if (!a->trouble)
		return g_strdup("");
	if (!time || a->retry_at - g_get_real_time() / G_USEC_PER_SEC < WAIT_TOLD)
		return g_strdup(a->trouble->message);
	return g_strdup_printf(_("%s; next try at %s"), a->trouble->message, time);
}

/* What is on this machine is not offline: it is not there, or cannot be read. */
static gboolean
is_local_trouble(const struct account *a)
{
	return a->settings->type == ACCOUNT_MAILDIR && a->trouble && !a->offline;
}

void
link_show(struct account *a)
{
	const struct lane *lane = &a->lanes[LANE_PERSON];
	struct event *event;
	enum link_state state = LINK_IDLE;

	if (a->link == LINK_TRYING)
		state = LINK_CONNECTING;
	else if (a->link == LINK_UP &&
	         (lane_is_busy(lane) || (a->listing && !a->listed) || courier_fetches(a)))
		state = LINK_FETCHING;
	else if (a->link == LINK_DOWN && (a->offline || a->trouble || !a->left_at))
		state = a->blocked || is_local_trouble(a) ? LINK_ERROR : LINK_OFFLINE;
	if (state == a->shown && state != LINK_ERROR)
		return;
	a->shown = state;
	event = account_event(a, EVENT_LINK);
	event->state = state;
	event->text = detail(a);
	account_post(a, event);
}

void
link_fetching(struct account *a, gint64 folder, guint64 have, guint64 total)
{
	struct event *event = account_event(a, EVENT_LINK);

	event->state = a->shown = LINK_FETCHING;
	event->folder = folder;
	event->have = have;
	event->total = total;
	account_post(a, event);
}

gboolean
link_may_mend(const GError *error)
{
	return error && error->domain == FULMAR_ERROR &&
	       (error->code == FULMAR_NO_LINK || error->code == FULMAR_CANCELLED);
}

gboolean
link_is_ready(const struct account *a)
{
	return a->link == LINK_UP && !a->leaving;
}

static void
set_link(struct account *a, enum link link)
{
	a->link = a->lanes[LANE_PERSON].link = link;
}

void
link_want(struct account *a)
{
	gboolean batch = a->flags & ACCOUNT_BATCH;

	if (a->link != LINK_DOWN || a->offline || a->blocked || a->retry)
		return;
	if (batch && !requests_want_link(a))
		return;
	set_link(a, LINK_TRYING);
	a->lanes[LANE_PERSON].answered = FALSE;
	link_show(a);
	leave_enter(a);
}

static gboolean
try_again(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->retry);
	link_want(a);
	return G_SOURCE_REMOVE;
}

/* 1, 2, 4 … 300 s, each with up to a quarter more so that clients of a server that came back do not all come
 * at once. */
static void
schedule(struct account *a)
{
	guint ms = RETRY_FIRST_MS << MIN(a->failures - 1, 9);

	ms = MIN(ms, RETRY_LAST_MS);
	ms = MAX(ms, leave_respite(a) * 1000);
	ms += (guint)g_random_int_range(0, (gint32)ms / 4 + 1);
	a->retry_at = g_get_real_time() / G_USEC_PER_SEC + ms / 1000;
	loop_after(&a->retry, a->context, ms, try_again, a);
}

void
link_go(struct account *a, gboolean offline)
{
	g_autoptr(GError) error = NULL;

	a->offline = offline && a->ops->remote;
	a->blocked = FALSE;
	a->failures = 0;
	loop_drop(&a->retry);
	if (!a->offline) {
		link_want(a);
		return;
	}
	fulmar_fail(&error, FULMAR_NO_LINK, _("%s is offline by your wish"), a->settings->id);
	requests_fail(a, error);
	if (a->visit_wait) {
		loop_drop(&a->visit_wait);
		set_link(a, LINK_DOWN);
	} else if (a->link != LINK_DOWN) {
		a->ops->unlink(a->backend);
	}
	link_show(a);
}

void
link_stop(struct account *a)
{
	secret_stop(a);
	announce_stop(a);
	g_clear_pointer(&a->addresses, address_watch_free);
	loop_drop(&a->retry);
	loop_drop(&a->tick);
	loop_drop(&a->list_wait);
	loop_drop(&a->leave_wait);
	loop_drop(&a->next_visit);
	loop_drop(&a->visit_wait);
}

/* The machine is in another network, or in one again. */
static void
addresses_changed(void *user)
{
	struct account *a = user;

	if (a->link != LINK_DOWN) {
		lanes_probe(a);
		return;
	}
	a->failures = 0;
	loop_drop(&a->retry);
	link_want(a);
}

/* A wall clock that ran far ahead of the monotonic one means that the machine slept: the link is dead, though
 * nothing says so. */
static gboolean
tick(gpointer user)
{
	struct account *a = user;
	gint64 wall = g_get_real_time(), mono = g_get_monotonic_time();
	gint64 jump = (wall - a->tick_wall) - (mono - a->tick_mono);

	a->tick_wall = wall;
	a->tick_mono = mono;
	/* What was put off for half a minute shall not wait until the clock was set forward again. */
	if (jump < -JUMP_SECONDS * G_USEC_PER_SEC)
		journal_linked(a);
	if (a->ops->remote && jump > JUMP_SECONDS * G_USEC_PER_SEC) {
		log_note(LOG_SYNC, "%s: the clock jumped by %" G_GINT64_FORMAT " s, connecting again",
		         a->settings->id, jump / G_USEC_PER_SEC);
		a->failures = 0;
		loop_drop(&a->retry);
		if (a->link != LINK_DOWN)
			a->ops->unlink(a->backend);
		else
			link_want(a);
		return G_SOURCE_CONTINUE;
	}
	if (jump > SHORT_JUMP_SECONDS * G_USEC_PER_SEC)
		lanes_probe(a);
	lanes_tick(a);
	work_on(a);
	return G_SOURCE_CONTINUE;
}

void
link_start_ticking(struct account *a)
{
	a->tick_wall = g_get_real_time();
	a->tick_mono = g_get_monotonic_time();
	loop_after(&a->tick, a->context, TICK_SECONDS * 1000, tick, a);
	if (a->ops->remote)
		a->addresses = address_watch_new(a->context, addresses_changed, a);
}

/* ---- hooks ---- */

static void
on_ready(void *user)
{
	struct account *a = user;

	set_link(a, LINK_UP);
	a->up_since = g_get_monotonic_time();
	a->refusals = a->lanes_refused = 0;
	a->in_use_since = 0;
	g_clear_error(&a->trouble);
	work_reset(a);
	if (!visits(a)) /* there it goes on without a link, or needs what comes with INBOX */
		journal_linked(a);
	courier_link_changed(a);
	rules_reset(a);
	requests_start(a);
	work_on(a);
	link_show(a);
}

/* A link that stood for a while is worth another at once, and so is the first that did not; a server that
 * hangs up again and again is left alone for longer and longer. */
static void
try_once_more(struct account *a, gboolean was_up)
{
	gboolean steady = was_up && g_get_monotonic_time() - a->up_since > STEADY_SECONDS * G_USEC_PER_SEC;

	if ((a->flags & ACCOUNT_BATCH) || a->offline || a->blocked)
		return;
	a->failures = steady ? 1 : a->failures + 1;
	if (was_up && a->failures == 1 && !leave_respite(a))
		link_want(a);
	else
		schedule(a);
}

/* Who asks on a command line waits for a maildrop that somebody else has as long as for a silent server: more
 * and more patiently. FALSE: that is no reason to, or was long enough. */
static gboolean
waits_for_others(struct account *a)
{
	gint64 now = g_get_monotonic_time();

	if (!(a->flags & ACCOUNT_BATCH) || !a->ops->in_use || !a->ops->in_use(a->backend))
		return FALSE;
	if (!a->in_use_since) {
		a->in_use_since = now;
		a->in_use_ms = IN_USE_MS;
	}
	if (now + a->in_use_ms * 1000 > a->in_use_since + a->settings->timeout * G_USEC_PER_SEC)
		return FALSE;
	loop_after(&a->retry, a->context, a->in_use_ms, try_again, a);
	a->in_use_ms *= 2;
	return TRUE;
}

static void
on_lost(const GError *error, void *user)
{
	struct account *a = user;
	gboolean was_up = a->link == LINK_UP;
	int code = error->domain == FULMAR_ERROR ? error->code : FULMAR_FAILED;

	set_link(a, LINK_DOWN);
	a->leaving = a->leave_soon = a->more = FALSE;
	leave_not(a);
	leave_unlock(a);
	a->wanting &= ~(1u << LANE_PERSON);
	if (code == FULMAR_AUTH)
		secret_forget(a);
	lanes_close(a);
	work_reset(a);
	g_clear_error(&a->trouble);
	a->trouble = g_error_copy(error);
	log_note(LOG_SYNC, "%s: link lost: %s", a->settings->id, error->message);
	requests_lost(a);
	if (waits_for_others(a))
		return;
	a->blocked = code == FULMAR_CERT || (code == FULMAR_AUTH && !secret_asks_again(a));
	/* A command line that could not connect once is told so for all that it asks. */
	a->blocked |= !was_up && code != FULMAR_AUTH && (a->flags & ACCOUNT_BATCH);
	/* Nor would it where the server takes this user's log-ins no more. */
	a->blocked |= !was_up && code == FULMAR_FAILED && visits(a);
	/* What was asked for while a good link stood waits for the next one; what a failed attempt was made
	 * for is told now. */
	if (!was_up || a->offline || a->blocked || (a->flags & ACCOUNT_BATCH))
		requests_fail(a, error);
	courier_link_changed(a);
	rules_lost(a);
	if ((code == FULMAR_CERT || code == FULMAR_AUTH || code == FULMAR_FAILED) &&
	    !(a->flags & ACCOUNT_BATCH)) {
		struct event *event = account_event(a, EVENT_NOTICE);

		event->text = g_strdup(error->message);
		event->error = g_error_copy(error);
		account_post(a, event);
	}
	try_once_more(a, was_up);
	if (visits(a)) /* who waits for what the rules have to read waits no longer */
		work_on(a);
	link_show(a);
}

static void
on_left(void *user)
{
	struct account *a = user;

	set_link(a, LINK_DOWN);
	a->failures = 0;
	leave_done(a);
	work_reset(a);
	journal_hasten(a); /* copies whose text was lacking */
	requests_lost(a);
	if (a->more || requests_want_link(a))
		link_want(a);
	a->more = FALSE;
	work_on(a);
	link_show(a);
}

static void
on_rows(gint64 folder, void *user)
{
	struct event *event = account_event(user, EVENT_ROWS);

	event->folder = folder;
	account_post(user, event);
	rules_touch(user);
}

static void
on_folders(void *user)
{
	account_post(user, account_event(user, EVENT_FOLDERS));
}

static void
on_arrived(gint64 folder, guint n, void *user)
{
	rules_arrived(user, folder, n);
	work_arrived(user, folder);
	work_on(user);
}

static void
on_progress(gint64 folder, guint64 have, guint64 total, void *user)
{
	struct account *a = user;

	/* A look at a folder that is watched fetches nothing worth a word. */
	if (a->lanes[LANE_PERSON].fills || a->lanes[LANE_PERSON].opening)
		link_fetching(a, folder, have, total);
}

static void
on_notice(const char *text, void *user)
{
	struct event *event = account_event(user, EVENT_NOTICE);

	event->text = g_strdup(text);
	account_post(user, event);
}

static void
on_fact(const char *name, const char *value, void *user)
{
	struct event *event = account_event(user, EVENT_FACT);

	event->text = g_strdup(name);
	event->text2 = g_strdup(value);
	account_post(user, event);
}

static void
on_behind(gint64 folder, void *user)
{
	struct account *a = user;

	a->more |= visits(a);
	work_behind(a, folder);
	work_on(a);
}

static void
on_ask(const char *prompt, void *user)
{
	struct account *a = user;

	secret_find(&a->lanes[LANE_PERSON], prompt);
}

const struct backend_hooks account_hooks = {
        .ready = on_ready,
        .lost = on_lost,
        .left = on_left,
        .rows = on_rows,
        .folders = on_folders,
        .arrived = on_arrived,
        .progress = on_progress,
        .notice = on_notice,
        .fact = on_fact,
        .behind = on_behind,
        .ask = on_ask,
};
