#include "base/error.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "core/account-private.h"
#include "store/wanted.h"

/* Whole messages for the journey. They come in flights that last a moment, so that a download can be called
 * off and a person's request gets through; big messages go alone, in slices that are kept when the link
 * breaks.
 *
 * What a lost link or a refusal for now cut off is asked for again, after longer and longer pauses, until it
 * is here or nobody wants it any more. Only what the server refuses for good is done without. */

enum {
	AT_ONCE = 500,
	OCTETS_FIRST = 512 * 1024,
	OCTETS_MIN = 64 * 1024,
	OCTETS_MAX = 16384 * 1024,
	BIG = 1024 * 1024,
	SHORT_MS = 250,
	LONG_MS = 700,
	LOSSES_AT_ONCE = 2 /* in a row, after which the next flight begins without a pause */
};

struct download {
	struct request *request;
	struct request *headers; /* brings the folder up to date first, or NULL */
	gboolean listed;         /* it is */
	struct lane *lane;       /* that the flight under way is on, or NULL */
	GSource *pause;          /* before it goes on, or NULL */
	GArray *todo, *alone;    /* msgid; alone: they did not come with others */
	GArray *asked;           /* of the flight under way */
	guint64 have, total;     /* octets */
	guint64 limit;           /* octets a flight may have */
	gint64 started;          /* monotonic µs */
	guint fine, lost;        /* messages */
	GError *trouble;         /* why the first of those that are lost did not come */
};

void
download_free(struct download *d)
{
	if (!d)
		return;
	if (d->headers) {
		d->headers->parent = NULL;
		request_end(d->headers, NULL);
	}
	loop_drop(&d->pause);
	g_array_unref(d->todo);
	g_array_unref(d->alone);
	g_array_unref(d->asked);
	g_clear_error(&d->trouble);
	g_free(d);
}

gboolean
download_has_verb(const struct request *r)
{
	return r->download && r->download->asked->len > 0;
}

/* why: it waits, or NULL. */
static void
tell(struct download *d, guint64 more, const char *why)
{
	struct account *a = d->request->account;
	struct event *event = account_event(a, EVENT_PROGRESS);

	event->command = d->request->command->id;
	event->have = d->have + more;
	event->total = MAX(d->total, event->have);
	event->text = g_strdup(why);
	account_post(a, event);
}

static void
tell_slice(guint64 have, guint64 total, void *user)
{
	tell(user, have, NULL);
}

gboolean
download_note(struct account *a, const struct command *c, GError **error)
{
	return store_journey_set(a->store, c->folder, c->ids, TRUE, error);
}

void
download_forget(struct account *a, const struct command *c)
{
	GError *error = NULL;

	if (!store_journey_set(a->store, c->folder, c->ids, FALSE, &error))
		journal_halt(a, error);
}

/* Of what began as a wish of a person. */
static void
finish(struct request *r, const GError *error)
{
	download_forget(r->account, r->command);
	request_end(r, error);
}

static void
end(struct download *d)
{
	g_autoptr(GError) error = NULL;
	int code = d->trouble && !d->fine ? d->trouble->code : FULMAR_PARTLY;

	if (d->lost)
		fulmar_fail(&error, code,
		            ngettext("%u message could not be had: %s", "%u messages could not be had: %s",
		                     d->lost),
		            d->lost, d->trouble->message);
	else if (d->trouble)
		fulmar_fail(&error, code, "%s", d->trouble->message);
	finish(d->request, error);
}

static void
learn(struct download *d)
{
	gint64 ms = (g_get_monotonic_time() - d->started) / 1000;

	if (ms < SHORT_MS)
		d->limit = MIN(d->limit * 2, OCTETS_MAX);
	else if (ms > LONG_MS)
		d->limit = MAX(d->limit / 2, OCTETS_MIN);
}

/* What has been deleted meanwhile is not wanted any more. */
static gboolean
is_wanted(struct account *a, msgid id)
{
	return store_shown_in(a->store, id) && !store_has_part(a->store, id, "");
}

static gboolean
is_through(struct download *d, msgid id)
{
	struct account *a = d->request->account;

	if (is_wanted(a, id))
		return FALSE;
	d->have += store_size(a->store, id);
	d->fine++;
	return TRUE;
}

static void
count(struct download *d, msgid id, const GError *error)
{
	if (is_through(d, id))
		return;
	if (d->asked->len > 1) {
		g_array_append_val(d->alone, id);
		return;
	}
	d->have += store_size(d->request->account->store, id);
	d->lost++;
	if (!d->trouble && error)
		d->trouble = g_error_copy(error);
	else if (!d->trouble)
		fulmar_fail(&d->trouble, FULMAR_FAILED, _("the server did not give the whole message"));
}

/* A command line waits for nothing. */
static gboolean
is_for_now(const struct request *r, const GError *error)
{
	return link_may_mend(error) && !r->cancelled && !(r->account->flags & ACCOUNT_BATCH);
}

static gboolean
pause_over(gpointer user)
{
	struct download *d = user;

	loop_drop(&d->pause);
	if (d->request->account->link == LINK_UP)
		download_begin(d->request);
	return G_SOURCE_REMOVE;
}

static void
put_off(struct download *d, const GError *error)
{
	struct request *r = d->request;
	struct account *a = r->account;
	int again = (int)++r->attempts - LOSSES_AT_ONCE;

	r->running = FALSE;
	if (again > 0) {
		loop_after(&d->pause, a->context, (guint)replay_wait(again) * 1000, pause_over, d);
		tell(d, 0, error->message);
	} else if (a->link == LINK_UP) {
		download_begin(r);
	}
}

/* What did not come is asked for again. What takes the link down again and again does not hold up the rest.
 */
static void
ask_again(struct download *d, const GError *error)
{
	struct request *r = d->request;

	for (guint i = d->asked->len; i-- > 0;) {
		msgid id = g_array_index(d->asked, msgid, i);

		if (is_through(d, id))
			r->attempts = 0;
		else if (r->attempts < LOSSES_AT_ONCE)
			g_array_prepend_val(d->todo, id);
		else
			g_array_append_val(d->alone, id);
	}
	g_array_set_size(d->asked, 0);
	put_off(d, error);
}

static void
flown(const GError *error, void *user)
{
	struct download *d = user;
	struct request *r = d->request;
	struct account *a = r->account;

	lane_give(g_steal_pointer(&d->lane));
	if (is_for_now(r, error)) {
		ask_again(d, error);
		work_on(a);
		return;
	}
	if (r->cancelled || (error && a->link != LINK_UP)) {
		finish(r, error);
		return;
	}
	r->attempts = 0;
	learn(d);
	for (guint i = 0; i < d->asked->len; i++)
		count(d, g_array_index(d->asked, msgid, i), error);
	g_array_set_size(d->asked, 0);
	tell(d, 0, NULL);
	account_hooks.rows(r->command->folder, a);
	download_begin(r);
	work_on(a);
}

/* The next flight out of from, at most most of them. */
static void
fly(struct download *d, GArray *from, guint most)
{
	struct account *a = d->request->account;
	const char *sections[AT_ONCE];
	guint64 octets = 0;
	guint n = 0;

	while (n < from->len && n < most && octets < d->limit) {
		guint64 size = store_size(a->store, g_array_index(from, msgid, n));

		if (n && size > BIG)
			break;
		octets += size;
		sections[n++] = "";
	}
	g_array_append_vals(d->asked, from->data, n);
	g_array_remove_range(from, 0, n);
	d->started = g_get_monotonic_time();
	if (n == 1)
		a->ops->part(d->lane->backend, g_array_index(d->asked, msgid, 0), "", tell_slice, flown, d);
	else
		a->ops->parts(d->lane->backend, (const msgid *)(void *)d->asked->data, sections, n, flown, d);
}

/* ---- what there is to do ---- */

static gboolean
survey_folder(struct download *d, gint64 folder, GError **error)
{
	struct account *a = d->request->account;

	return store_missing_bodies(a->store, folder, G_MININT64, TRUE, G_MAXINT32, d->todo, error);
}

static gboolean
is_of_folder(const struct command *c)
{
	return c->folder && !(c->ids && c->ids->len);
}

static gboolean
survey(struct download *d, GError **error)
{
	const struct command *c = d->request->command;
	struct account *a = d->request->account;

	if (is_of_folder(c) && !survey_folder(d, c->folder, error))
		return FALSE;
	for (guint i = 0; c->ids && i < c->ids->len; i++) {
		msgid id = g_array_index(c->ids, msgid, i);

		if (is_wanted(a, id))
			g_array_append_val(d->todo, id);
	}
	for (guint i = 0; i < d->todo->len; i++)
		d->total += store_size(a->store, g_array_index(d->todo, msgid, i));
	tell(d, 0, NULL);
	return TRUE;
}

void
download_listed(struct request *r, const GError *error)
{
	struct download *d = r->download;
	g_autoptr(GError) failed = NULL;

	d->headers = NULL;
	if (is_for_now(r, error)) {
		put_off(d, error);
		return;
	}
	if (r->account->link != LINK_UP) {
		request_end(r, error);
		return;
	}
	d->listed = TRUE;
	/* What is known can be had all the same. */
	if (error && error->code != FULMAR_PARTLY)
		d->trouble = g_error_copy(error);
	if (survey(d, &failed))
		download_begin(r);
	else
		finish(r, failed);
}

/* The folder's messages have to be known first. */
static void
begin_headers(struct download *d)
{
	struct request *r = d->request;
	struct account *a = r->account;
	struct command *sync = command_new(CMD_SYNC, r->command->account);

	sync->folder = r->command->folder;
	d->headers = request_new(a, sync);
	d->headers->parent = r;
	request_start(d->headers); /* may end all of it: there is no such folder */
	work_on(a);
}

/* The messages are known by their ids, or will be. */
static void
begin_survey(struct download *d)
{
	g_autoptr(GError) error = NULL;

	if (is_of_folder(d->request->command)) {
		begin_headers(d);
		return;
	}
	d->listed = TRUE;
	if (survey(d, &error))
		download_begin(d->request);
	else
		finish(d->request, error);
}

static struct download *
download_new(struct request *r)
{
	struct download *d = g_new0(struct download, 1);

	d->request = r;
	d->todo = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->alone = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->asked = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->limit = OCTETS_FIRST;
	return d;
}

void
download_begin(struct request *r)
{
	struct download *d = r->download ? r->download : (r->download = download_new(r));

	if (d->headers || d->asked->len) {
		return;
	} else if (d->pause) {
		r->running = FALSE;
	} else if (!d->listed) {
		begin_survey(d);
	} else if (!d->todo->len && !d->alone->len) {
		end(d);
	} else if (!(d->lane = lane_take(r->account, LANE_LONG))) {
		r->running = FALSE; /* with the lane it is begun again */
	} else {
		r->running = TRUE;
		fly(d, d->todo->len ? d->todo : d->alone, d->todo->len ? AT_ONCE : 1);
	}
}
