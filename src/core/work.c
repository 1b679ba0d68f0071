#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "core/account-private.h"

/* What an account does next. Lane 0 opens and fills the person's folder, and watches it. The rest is the
 * second lane's, one folder at a time: bodies of the person's folder, then folders a command asked for, then
 * those the server says have changed. For each: open (resync), fill (headers), keep (bodies). Where there is
 * no second lane all of it is done by the first, the person's folder always before the others. A folder is in
 * the hands of one lane at a time; the person's takes it from another's. */

struct progress *
work_progress(struct account *a, gint64 folder)
{
	struct progress *p = g_hash_table_lookup(a->progress, &folder);

	if (p)
		return p;
	p = g_new0(struct progress, 1);
	p->folder = folder;
	g_hash_table_insert(a->progress, &p->folder, p);
	return p;
}

void
work_reset(struct account *a)
{
	g_hash_table_remove_all(a->progress);
	g_hash_table_remove_all(a->unkept);
	a->keep_halted = FALSE;
	g_array_set_size(a->background, 0);
	a->lanes[LANE_PERSON].current = 0;
	g_clear_error(&a->list_error);
	a->lanes[LANE_PERSON].opening = a->listing = a->listed = a->list_again = FALSE;
	a->lanes[LANE_PERSON].fills = 0;
}

gint64
work_front(struct account *a)
{
	struct store_folder *inbox;

	if (a->open_folder || !a->ops->remote || (a->flags & ACCOUNT_BATCH))
		return a->open_folder;
	if (!a->inbox) {
		inbox = store_folder_by_path(a->store, "INBOX", NULL);
		a->inbox = inbox && inbox->selectable ? inbox->id : 0;
		g_clear_pointer(&inbox, store_folder_free);
	}
	return a->inbox;
}

static gboolean
is_planned(const struct account *a, gint64 folder)
{
	for (guint i = 0; i < a->background->len; i++)
		if (g_array_index(a->background, gint64, i) == folder)
			return TRUE;
	return FALSE;
}

static void
plan(struct account *a, gint64 folder)
{
	if (!(a->flags & ACCOUNT_BATCH) && !is_planned(a, folder))
		g_array_append_val(a->background, folder);
}

void
work_forget(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);

	p->opened = p->filled = p->done = FALSE;
	p->failures = 0;
}

void
work_again(struct account *a, gint64 folder)
{
	work_forget(a, folder);
	if (folder != work_front(a))
		plan(a, folder);
}

void
work_behind(struct account *a, gint64 folder)
{
	if (folder)
		work_again(a, folder);
	else
		listing_changed(a);
}

void
work_arrived(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);

	if (folder == work_front(a) && p->filled)
		p->done = FALSE;
}

gint64
work_folder(struct account *a, const struct command *c, GError **error)
{
	struct store_folder *f = c->folder ? store_folder_by_id(a->store, c->folder, error)
	                                   : store_folder_by_path(a->store, c->text, error);
	gint64 id = f ? f->id : 0;

	if (!f && error && !*error && c->folder)
		fulmar_fail(error, FULMAR_FAILED, _("this folder is no longer there"));
	else if (!f && error && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder %s; `fulmar folders %s` lists them"),
		            a->settings->id, c->text ? c->text : "?", a->settings->id);
	g_clear_pointer(&f, store_folder_free);
	return id;
}

/* What the person leaves unfinished goes on in the background. */
static void
change_front(struct account *a, gint64 folder)
{
	gint64 before = a->open_folder;

	a->open_folder = folder;
	if (before && before != folder && !work_progress(a, before)->done)
		plan(a, before);
}

void
work_open(struct account *a, gint64 folder, struct request *r)
{
	g_autoptr(GError) passed_over = NULL;

	change_front(a, folder);
	work_forget(a, folder);
	if (!a->lanes[LANE_PERSON].opening) {
		visit_open(&a->lanes[LANE_PERSON], folder, r);
		return;
	}
	/* Somebody leafs through folders: of those that wait only the last counts. */
	fulmar_fail(&passed_over, FULMAR_CANCELLED, _("another folder was opened"));
	if (a->open_next)
		request_end(a->open_next, passed_over);
	a->open_next = r;
}

gboolean
work_is_fronts(struct account *a, const struct progress *p)
{
	return p->folder == work_front(a) && !p->filled && !p->done;
}

/* ---- what next ---- */

/* One step of background work for a folder; TRUE when it needed none any more. */
static gboolean
step(struct lane *lane, gint64 folder)
{
	struct progress *p = work_progress(lane->account, folder);

	if (!visit_fill(lane, p) || lane->opening || lane->fills || keep_on(lane, folder))
		return FALSE;
	p->done = TRUE;
	return TRUE;
}

static gint64
background_folder(struct account *a)
{
	for (guint i = 0; i < a->background->len;) {
		gint64 folder = g_array_index(a->background, gint64, i);
		const struct progress *p = work_progress(a, folder);

		if (p->done)
			g_array_remove_index(a->background, i);
		else if (work_is_fronts(a, p))
			i++;
		else
			return folder;
	}
	return 0;
}

/* The person's folder lacks bodies. A lane is not asked for to find out that it does not. */
static gboolean
lacks_bodies(struct account *a, struct progress *p)
{
	if (!p->filled || p->done)
		return FALSE;
	for (guint n = 0; n < LANES; n++)
		if (a->lanes[n].keeping)
			return TRUE;
	p->done = !keep_is_due(a, p->folder);
	return !p->done;
}

static gint64
pick_folder(struct account *a)
{
	gint64 folder = work_front(a);

	if (folder && lacks_bodies(a, work_progress(a, folder)))
		return folder;
	folder = journal_folder(a);
	if (folder && !work_is_fronts(a, work_progress(a, folder)))
		return folder;
	folder = sync_folder(a);
	return folder ? folder : background_folder(a);
}

static void
end_replays(struct account *a)
{
	for (GList *l = a->requests.head, *next; l; l = next) {
		struct request *r = l->data;

		next = l->next;
		if (r->command->verb == CMD_REPLAY && r->running &&
		    (a->journal_trouble || (journal_idle(a) && rules_idle(a))))
			request_end(r, a->journal_trouble);
	}
}

static void
rest(struct account *a)
{
	struct lane *lane = &a->lanes[LANE_PERSON];
	gint64 folder = work_front(a);

	if (visits(a) && (a->flags & ACCOUNT_BATCH || !later_on(a)))
		leave_rest(a);
	if (visits(a) || a->flags & ACCOUNT_BATCH || later_on(a))
		return;
	if (folder && lane->current != folder && !work_progress(a, folder)->error) {
		visit_open(lane, folder, NULL);
		return;
	}
	a->ops->watch(a->backend, folder);
	link_show(a);
}

/* The folder on the screen. FALSE while it needs something still. */
static gboolean
serve_person(struct account *a)
{
	struct lane *lane = &a->lanes[LANE_PERSON];
	gint64 folder = work_front(a);
	struct progress *p = folder ? work_progress(a, folder) : NULL;
	gboolean well = !lane->opening && (!p || p->done || visit_fill(lane, p));

	if (listing_is_due(a))
		listing_begin(a, NULL);
	return well && !lane->opening;
}

static void
serve_background(struct account *a, gboolean front_served)
{
	gint64 folder;
	struct lane *lane;

	while ((folder = pick_folder(a))) {
		lane = lane_want(a, LANE_WORK);
		/* Beside the person's folder and the journal, that lane has the background. */
		if (!lane || (lane->number == LANE_PERSON && (!front_served || a->replaying)) ||
		    !step(lane, folder))
			return;
	}
}

/* Messages that rules have to read. */
static void
serve_rules(struct account *a)
{
	struct lane *lane = rules_lack(a) ? lane_want(a, LANE_WORK) : NULL;

	if (lane && !lane_is_busy(lane))
		rules_fetch(lane);
}

/* What needs no link, where the folders are kept here. */
static void
look_here(struct account *a)
{
	rules_on(a);
	if (rules_want_link(a))
		link_want(a);
	journal_replay(a);
	end_replays(a);
	if (listing_is_due(a))
		listing_begin(a, NULL);
}

static void
look(struct account *a)
{
	struct lane *lane = &a->lanes[LANE_PERSON];
	gboolean served;

	leave_not(a);
	rules_on(a);
	journal_replay(a);
	end_replays(a);
	served = serve_person(a);
	/* Its first screen goes before all else, then the list, which tells what else there is to do. */
	if (lane->opening || a->listing)
		return;
	serve_rules(a);
	serve_background(a, served);
	if (served && !lane_is_busy(lane) && rules_idle(a))
		rest(a);
}

void
work_on(struct account *a)
{
	a->again = TRUE;
	if (a->working)
		return;
	a->working = TRUE;
	while ((a->link == LINK_UP || visits(a)) && a->again) {
		a->again = FALSE;
		if (link_is_ready(a))
			look(a);
		else
			look_here(a);
	}
	a->working = FALSE;
}
