#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* Whole messages for the journey, and single parts for when nothing else is asked. Downloads go in flights
 * that last a moment, so that they can be called off and a person's request gets through; big messages go
 * alone, in slices that are kept when the link breaks. */

enum {
	AT_ONCE = 50,
	OCTETS_FIRST = 512 * 1024,
	OCTETS_MIN = 64 * 1024,
	OCTETS_MAX = 8192 * 1024,
	BIG = 1024 * 1024,
	SHORT_MS = 250,
	LONG_MS = 700,
	LOSSES_AT_MOST = 3
};

struct download {
	struct request *request;
	struct request *headers; /* brings the folder up to date first, or NULL */
	struct lane *lane;       /* that the flight under way is on, or NULL */
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

static void
tell(struct download *d, guint64 more)
{
	struct account *a = d->request->account;
	struct event *event = account_event(a, EVENT_PROGRESS);

	event->command = d->request->command->id;
	event->have = d->have + more;
	event->total = MAX(d->total, event->have);
	account_post(a, event);
}

static void
tell_slice(guint64 have, guint64 total, void *user)
{
	tell(user, have);
}

/* Of what began as a wish of a person. */
static void
finish(struct request *r, const GError *error)
{
	journey_forget(r->account, r->command);
	request_end(r, error);
}

static void
end(struct download *d)
{
	g_autoptr(GError) error = NULL;

	if (d->trouble && d->fine)
		fulmar_fail(&error, FULMAR_PARTLY, "%s", d->trouble->message);
	else if (d->trouble)
		error = g_error_copy(d->trouble);
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

static void
count(struct download *d, msgid id, const GError *error)
{
	struct account *a = d->request->account;
	gboolean here = store_has_part(a->store, id, "");

	if (!here && d->asked->len > 1) {
		g_array_append_val(d->alone, id);
		return;
	}
	d->have += store_size(a->store, id);
	if (here) {
		d->fine++;
		return;
	}
	d->lost++;
	if (!d->trouble && error)
		d->trouble = g_error_copy(error);
	else if (!d->trouble)
		fulmar_fail(&d->trouble, FULMAR_FAILED, _("the server did not give the whole message"));
}

/* The link, or the lane alone, was lost: what was asked for is asked for again. */
static gboolean
begins_again(struct download *d, const struct lane *lane, const GError *error)
{
	struct request *r = d->request;
	gboolean lane_lost = error && r->account->link == LINK_UP && !lane_is_up(lane) && !r->cancelled;

	if (!request_interrupted(r, error) && !(lane_lost && ++r->attempts < LOSSES_AT_MOST))
		return FALSE;
	g_array_prepend_vals(d->todo, d->asked->data, d->asked->len);
	g_array_set_size(d->asked, 0);
	if (lane_lost)
		download_begin(r);
	return TRUE;
}

static void
flown(const GError *error, void *user)
{
	struct download *d = user;
	struct request *r = d->request;
	struct account *a = r->account;
	struct lane *lane = g_steal_pointer(&d->lane);

	lane_give(lane);
	if (begins_again(d, lane, error))
		return;
	if (r->cancelled || (error && a->link != LINK_UP)) {
		finish(r, error);
		return;
	}
	r->attempts = 0;
	r->running = TRUE;
	learn(d);
	for (guint i = 0; i < d->asked->len; i++)
		count(d, g_array_index(d->asked, msgid, i), error);
	g_array_set_size(d->asked, 0);
	tell(d, 0);
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

/* Not here; what has been deleted meanwhile is not wanted any more. */
static gboolean
is_wanted(struct account *a, msgid id)
{
	struct store_row *row = store_row(a->store, id, NULL);
	gboolean wanted = row && row->folder && !store_has_part(a->store, id, "");

	store_row_free(row);
	return wanted;
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
	tell(d, 0);
	return TRUE;
}

void
download_listed(struct request *r, const GError *error)
{
	struct download *d = r->download;
	g_autoptr(GError) failed = NULL;

	d->headers = NULL;
	if (r->account->link != LINK_UP) {
		request_end(r, error);
		return;
	}
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

static void
begin_anew(struct request *r)
{
	struct download *d = r->download = g_new0(struct download, 1);
	g_autoptr(GError) error = NULL;

	d->request = r;
	d->todo = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->alone = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->asked = g_array_new(FALSE, FALSE, sizeof(msgid));
	d->limit = OCTETS_FIRST;
	if (is_of_folder(r->command))
		begin_headers(d);
	else if (survey(d, &error))
		download_begin(r);
	else
		finish(r, error);
}

void
download_begin(struct request *r)
{
	struct download *d = r->download;

	if (!d) {
		begin_anew(r);
	} else if (d->headers || d->asked->len) {
		return;
	} else if (!d->todo->len && !d->alone->len) {
		end(d);
	} else if (!(d->lane = lane_take(r->account, LANE_LONG))) {
		r->running = FALSE; /* with the lane it is begun again */
	} else {
		r->running = TRUE;
		fly(d, d->todo->len ? d->todo : d->alone, d->todo->len ? AT_ONCE : 1);
	}
}

/* ---- when convenient ---- */

enum { LATER_MAX = 1000 };

struct later { /* the one that is being fetched */
	struct lane *lane;
	msgid id;
	char *section;
};

static char **
later_list(struct account *a)
{
	g_autofree char *text = store_get(a->store, "later");

	return g_strsplit(text ? text : "", "\n", -1);
}

gboolean
later_add(struct account *a, const struct command *c, GError **error)
{
	g_auto(GStrv) list = later_list(a);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *entry = NULL;
	guint n = g_strv_length(list);

	if (!c->ids || !c->ids->len)
		return TRUE;
	entry = g_strdup_printf("%" G_GINT64_FORMAT ":%s", g_array_index(c->ids, msgid, 0),
	                        c->text ? c->text : "");
	/* Of too many the oldest are forgotten: they can be asked for again. */
	for (guint i = n > LATER_MAX ? n - LATER_MAX : 0; i < n; i++)
		if (*list[i] && strcmp(list[i], entry))
			g_string_append_printf(text, "%s\n", list[i]);
	g_string_append(text, entry);
	a->later_none = FALSE;
	return store_set(a->store, "later", text->str, error);
}

static void
later_remove(struct account *a, const struct later *later)
{
	g_auto(GStrv) list = later_list(a);
	g_autofree char *entry = g_strdup_printf("%" G_GINT64_FORMAT ":%s", later->id, later->section);
	g_autoptr(GString) text = g_string_new(NULL);
	GError *error = NULL;

	for (char **l = list; *l; l++)
		if (**l && strcmp(*l, entry))
			g_string_append_printf(text, "%s%s", text->len ? "\n" : "", *l);
	if (!store_set(a->store, "later", text->len ? text->str : NULL, &error)) {
		a->later_none = TRUE; /* not again and again on this link */
		journal_halt(a, error);
	}
}

void
later_free(struct later *later)
{
	if (later)
		g_free(later->section);
	g_free(later);
}

static void
later_done(const GError *error, void *user)
{
	struct account *a = user;
	struct later *later = g_steal_pointer(&a->later);
	struct event *event;

	lane_give(later->lane);
	if (!error || (error->code != FULMAR_NO_LINK && error->code != FULMAR_CANCELLED)) {
		later_remove(a, later);
		event = account_event(a, EVENT_BODY);
		event->id = later->id;
		account_post(a, event);
	} else {
		a->later_none = TRUE; /* until the next link */
	}
	later_free(later);
	work_on(a);
}

gboolean
later_on(struct account *a)
{
	g_auto(GStrv) list = NULL;
	struct lane *lane;
	struct later *later;
	char *section;

	if (a->later)
		return a->later->lane->number == LANE_PERSON;
	if (a->later_none)
		return FALSE;
	list = later_list(a);
	if (!list[0] || !*list[0]) {
		a->later_none = TRUE;
		return FALSE;
	}
	lane = lane_take(a, LANE_WORK);
	if (!lane)
		return FALSE;
	later = a->later = g_new(struct later, 1);
	later->lane = lane;
	later->id = g_ascii_strtoll(list[0], &section, 10);
	later->section = g_strdup(*section == ':' ? section + 1 : section);
	a->ops->part(lane->backend, later->id, later->section, NULL, later_done, a);
	return lane->number == LANE_PERSON;
}
