#include <string.h>
#include "base/loop.h"
#include "core/account-private.h"

/* The folder list of an account: when it is asked for, and what is to be done of what it says. */

enum { POLLS_SPARED = 3, LIST_PAUSE_MS = 1000 };

static gboolean
is_behind(const struct store_folder *f)
{
	if (!f->selectable)
		return FALSE;
	if (!f->complete || !f->synced)
		return f->server_total > 0 || !f->synced;
	return (guint64)f->rows != f->server_total || (guint64)f->unread != f->server_unread;
}

/* What is in the maildrop is only known when it was asked for. */
static gboolean
is_due(struct account *a, const struct store_folder *f)
{
	return is_behind(f) ||
	       (visits(a) && strcmp(f->path, "INBOX") == 0 && !work_progress(a, f->id)->opened);
}

gboolean
listing_hides(struct account *a, const struct store_folder *f)
{
	for (guint i = 0; i < a->conf->folders->len; i++) {
		const struct conf_folder *rule = a->conf->folders->pdata[i];
		g_autofree char *target = g_strconcat(a->settings->id, "/", f->path, NULL);

		if (rule->hide && g_pattern_match_simple(rule->pattern, target))
			return TRUE;
	}
	return FALSE;
}

static void
plan_background(struct account *a)
{
	g_autoptr(GPtrArray) folders = store_folders(a->store, NULL);

	g_array_set_size(a->background, 0);
	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		if (!is_due(a, f) || listing_hides(a, f) || f->id == work_front(a))
			continue;
		work_again(a, f->id);
	}
}

static void
list_ended(struct account *a, const GError *error)
{
	a->listing = FALSE;
	a->listed_at = g_get_monotonic_time();
	g_clear_error(&a->list_error);
	a->list_error = error ? g_error_copy(error) : NULL;
	if (error)
		return;
	a->listed = TRUE;
	if (a->flags & ACCOUNT_BATCH)
		return;
	plan_background(a);
	if (a->ops->follows_all && !a->ops->follows_all(a->backend))
		a->ops->watch(a->backend, 0); /* from here on it may tell of changes */
}

gboolean
listing_comes(const struct account *a)
{
	return a->link == LINK_UP && !a->listed && !(a->flags & ACCOUNT_BATCH);
}

static void
own_list_done(const GError *error, void *user)
{
	struct account *a = user;

	list_ended(a, error);
	if (error)
		a->listed = TRUE; /* the folders that are known are worth a look all the same; the next round
		                     asks again */
	requests_start(a);
	work_on(a);
}

static void
asked_list_done(const GError *error, void *user)
{
	struct request *r = user;
	struct account *a = r->account;

	list_ended(a, error);
	request_end(r, error);
	requests_start(a);
	work_on(a);
}

void
listing_begin(struct account *a, struct request *r)
{
	a->listing = TRUE;
	a->list_again = FALSE;
	if (r)
		a->ops->folders(a->backend, asked_list_done, r);
	else
		a->ops->folders(a->backend, own_list_done, a);
}

gboolean
listing_is_due(const struct account *a)
{
	gint64 poll = MAX(a->settings->poll, 60) * G_USEC_PER_SEC, age;

	if (a->listing)
		return FALSE;
	if (sync_wants_list(a) && !a->listed)
		return TRUE;
	if (a->flags & ACCOUNT_BATCH)
		return FALSE;
	age = g_get_monotonic_time() - a->listed_at;
	/* What is told as it happens is asked for seldom, to be sure. */
	if (a->ops->follows_all && a->ops->follows_all(a->backend))
		poll *= POLLS_SPARED;
	return !a->listed || age > poll || (a->list_again && age >= LIST_PAUSE_MS * 1000);
}

static gboolean
list_pause_over(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->list_wait);
	work_on(a);
	return G_SOURCE_REMOVE;
}

void
listing_changed(struct account *a)
{
	a->list_again = TRUE;
	if (!a->list_wait)
		loop_after(&a->list_wait, a->context, LIST_PAUSE_MS, list_pause_over, a);
}
