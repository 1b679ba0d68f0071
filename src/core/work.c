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

enum { FILLS_AT_ONCE = 2, TRIES = 3, POLLS_SPARED = 3, LIST_PAUSE_MS = 1000 };

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

/* The folder that lane 0 has in hand: INBOX when the person looks at none. 0: none. */
static gint64
front(struct account *a)
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

static void
begin_anew(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);

	p->opened = p->filled = p->done = FALSE;
	p->failures = 0;
}

void
work_again(struct account *a, gint64 folder)
{
	begin_anew(a, folder);
	if (folder != front(a))
		plan(a, folder);
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
work_behind(struct account *a, gint64 folder)
{
	if (folder) {
		work_again(a, folder);
		return;
	}
	a->list_again = TRUE;
	if (!a->list_wait)
		loop_after(&a->list_wait, a->context, LIST_PAUSE_MS, list_pause_over, a);
}

void
work_arrived(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);

	if (folder == front(a) && p->filled)
		p->done = FALSE;
}

gint64
work_folder(struct account *a, const struct command *c, GError **error)
{
	struct store_folder *f = c->folder ? store_folder_by_id(a->store, c->folder, error)
	                                   : store_folder_by_path(a->store, c->text, error);
	gint64 id = f ? f->id : 0;

	if (!f && error && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder %s; `fulmar folders %s` lists them"),
		            a->settings->id, c->text ? c->text : "?", a->settings->id);
	g_clear_pointer(&f, store_folder_free);
	return id;
}

/* ---- the folder list ---- */

static gboolean
is_behind(const struct store_folder *f)
{
	if (!f->selectable)
		return FALSE;
	if (!f->complete || !f->synced)
		return f->server_total > 0 || !f->synced;
	return (guint64)f->rows != f->server_total || (guint64)f->unread != f->server_unread;
}

static gboolean
is_hidden(struct account *a, const struct store_folder *f)
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

		if (!is_behind(f) || is_hidden(a, f) || f->id == front(a))
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

static void
own_list_done(const GError *error, void *user)
{
	struct account *a = user;

	list_ended(a, error);
	if (error)
		a->listed = TRUE; /* the folders that are known are worth a look all the same; the next round
		                     asks again */
	work_on(a);
}

static void
asked_list_done(const GError *error, void *user)
{
	struct request *r = user;
	struct account *a = r->account;

	list_ended(a, error);
	request_end(r, error);
	work_on(a);
}

void
work_list(struct account *a, struct request *r)
{
	a->listing = TRUE;
	a->list_again = FALSE;
	if (r)
		a->ops->folders(a->backend, asked_list_done, r);
	else
		a->ops->folders(a->backend, own_list_done, a);
}

/* ---- opening ---- */

struct open {
	struct lane *lane;
	struct request *request; /* or NULL */
	gint64 folder;
};

static void opened(const GError *error, void *user);

/* What another lane has of folder from now on is this one's. */
static void
take_over(struct lane *lane, struct progress *p)
{
	struct account *a = lane->account;

	for (guint n = 0; n < LANES; n++) {
		struct lane *other = &a->lanes[n];

		if (other == lane || !lane_is_up(other))
			continue;
		if (other->current == p->folder)
			other->current = 0;
		if (a->ops->leave)
			a->ops->leave(other->backend, p->folder);
	}
	p->lane = lane;
	p->opened = FALSE;
}

static void
begin_open(struct lane *lane, gint64 folder, struct request *r)
{
	struct account *a = lane->account;
	struct open *open = g_new0(struct open, 1);

	open->lane = lane;
	open->request = r;
	open->folder = folder;
	take_over(lane, work_progress(a, folder));
	lane->opening = TRUE;
	lane->current = folder;
	a->ops->open(lane->backend, folder, opened, open);
	link_show(a);
}

/* A verb for folder got nowhere: the folder is opened again, a few times; then it is left alone on this link.
 */
static void
set_back(struct lane *lane, struct progress *p, const GError *error)
{
	gboolean again = error->code == FULMAR_CANCELLED || (lane->number && !lane_is_up(lane));
	/* The journal goes from folder to folder: it ends. */
	gboolean crossed = error->code == FULMAR_CANCELLED && lane->account->replaying;

	p->opened = FALSE;
	if (lane->current == p->folder)
		lane->current = 0;
	if (!again || (!crossed && ++p->failures >= TRIES)) {
		g_clear_error(&p->error);
		p->error = g_error_copy(error);
		p->done = TRUE;
	}
}

static void
opened(const GError *error, void *user)
{
	g_autofree struct open *open = user;
	struct lane *lane = open->lane;
	struct account *a = lane->account;
	struct progress *p = work_progress(a, open->folder);

	lane->opening = FALSE;
	if (p->lane == lane) {
		g_clear_error(&p->error);
		p->opened = !error;
		if (error)
			set_back(lane, p, error);
	}
	if (a->open_next && lane->number == LANE_PERSON) {
		if (open->request)
			request_end(open->request, error);
		work_open(a, a->open_folder, g_steal_pointer(&a->open_next));
	} else if (open->request && error && !p->done && a->link == LINK_UP && !open->request->cancelled) {
		begin_open(lane, open->folder, open->request);
	} else if (open->request) {
		request_end(open->request, error);
	}
	work_on(a);
	link_show(a); /* not before it is known that nothing follows */
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
	begin_anew(a, folder);
	if (!a->lanes[LANE_PERSON].opening) {
		begin_open(&a->lanes[LANE_PERSON], folder, r);
		return;
	}
	/* Somebody leafs through folders: of those that wait only the last counts. */
	fulmar_fail(&passed_over, FULMAR_CANCELLED, _("another folder was opened"));
	if (a->open_next)
		request_end(a->open_next, passed_over);
	a->open_next = r;
}

/* ---- CMD_SYNC ---- */

void
work_sync(struct account *a, struct request *r)
{
	g_autoptr(GError) error = NULL;
	struct command *c = r->command;
	gint64 folder;

	a->listed = c->folder || c->text ? a->listed : FALSE;
	if (!c->folder && !c->text)
		return; /* work_on lists folders first, then takes them one by one */
	if (!c->folder && strcmp(c->text, "INBOX") && !a->listed)
		return;
	folder = work_folder(a, c, &error);
	if (!folder) {
		request_end(r, error);
		return;
	}
	c->folder = folder;
	begin_anew(a, folder);
}

static gboolean
sync_covers(const struct command *c, const struct store_folder *f)
{
	return f->selectable && (c->folder ? c->folder == f->id : TRUE);
}

/* TRUE while lane 0 is at it, and no other may be. */
static gboolean
is_fronts(struct account *a, const struct progress *p)
{
	return p->folder == front(a) && !p->filled && !p->done;
}

/* The next folder a sync command still waits for: 0 when it is through, -1 when what it waits for is in hand.
 * *failed gives the first error, *fine how many went well. */
static gint64
sync_next(struct account *a, const struct command *c, const GError **failed, guint *fine)
{
	g_autoptr(GPtrArray) folders = store_folders(a->store, NULL);
	gint64 waits = 0;

	*failed = NULL;
	*fine = 0;
	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		struct progress *p;

		if (!sync_covers(c, f) || (!c->folder && is_hidden(a, f)))
			continue;
		p = work_progress(a, f->id);
		if (is_fronts(a, p)) {
			waits = -1;
			continue;
		}
		if (!p->done)
			return f->id;
		if (!*failed)
			*failed = p->error ? p->error : p->unkept;
		if (!p->error)
			(*fine)++;
	}
	return waits;
}

static void
sync_end(struct request *r, const GError *failed, guint fine)
{
	g_autoptr(GError) error = NULL;

	if (failed && fine)
		fulmar_fail(&error, FULMAR_PARTLY, "%s", failed->message);
	else if (failed)
		error = g_error_copy(failed);
	request_end(r, error);
}

/* The folder that sync commands want next; those that are through end. */
static gint64
sync_folder(struct account *a)
{
	for (GList *l = a->requests.head, *next; l; l = next) {
		struct request *r = l->data;
		const GError *failed;
		guint fine;
		gint64 folder;

		next = l->next;
		if (r->command->verb != CMD_SYNC || !r->running)
			continue;
		if (!r->command->folder && !a->listed)
			continue;
		if (!r->command->folder && r->command->text) { /* its list was awaited */
			work_sync(a, r);
			return sync_folder(a);
		}
		folder = sync_next(a, r->command, &failed, &fine);
		if (folder > 0)
			return folder;
		if (folder)
			continue;
		if (!failed && !r->command->folder)
			failed = a->list_error;
		if (a->journal_trouble || journal_idle(a))
			sync_end(r, failed ? failed : a->journal_trouble, fine);
	}
	return 0;
}

static gboolean
sync_wants_list(const struct account *a)
{
	for (GList *l = a->requests.head; l; l = l->next) {
		const struct request *r = l->data;

		if (r->command->verb == CMD_SYNC && r->running && !r->command->folder)
			return TRUE;
	}
	return FALSE;
}

/* ---- what next ---- */

struct fill {
	struct lane *lane;
	gint64 folder;
};

static void
filled(const GError *error, void *user)
{
	g_autofree struct fill *fill = user;
	struct lane *lane = fill->lane;
	struct account *a = lane->account;
	struct progress *p = work_progress(a, fill->folder);

	if (lane->fills)
		lane->fills--;
	if (p->fills)
		p->fills--;
	if (p->lane == lane && !error)
		p->failures = 0;
	else if (p->lane == lane && p->opened) /* the first of those in the same flight */
		set_back(lane, p, error);
	work_on(a);
	link_show(a);
}

static void
begin_fill(struct lane *lane, struct progress *p)
{
	struct fill *fill = g_new(struct fill, 1);

	fill->lane = lane;
	fill->folder = p->folder;
	lane->fills++;
	p->fills++;
	lane->account->ops->fill(lane->backend, p->folder, filled, fill);
}

/* One step towards all headers of a folder; TRUE when they are here. */
static gboolean
fill(struct lane *lane, struct progress *p)
{
	struct account *a = lane->account;
	struct store_folder *f;
	gboolean complete;

	if (p->filled)
		return TRUE;
	if (lane->current != p->folder || p->lane != lane || !p->opened) {
		if (!lane_is_busy(lane) && !p->fills)
			begin_open(lane, p->folder, NULL);
		return FALSE;
	}
	f = store_folder_by_id(a->store, p->folder, NULL);
	complete = !f || f->complete;
	g_clear_pointer(&f, store_folder_free);
	while (!complete && lane->fills < FILLS_AT_ONCE)
		begin_fill(lane, p);
	p->filled = complete && !p->fills;
	return p->filled;
}

/* One step of background work for a folder; TRUE when it needed none any more. */
static gboolean
step(struct lane *lane, gint64 folder)
{
	struct progress *p = work_progress(lane->account, folder);

	if (!fill(lane, p) || lane_is_busy(lane) || keep_on(lane, folder))
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
		else if (is_fronts(a, p))
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
	gint64 folder = front(a);

	if (folder && lacks_bodies(a, work_progress(a, folder)))
		return folder;
	folder = journal_folder(a);
	if (folder && !is_fronts(a, work_progress(a, folder)))
		return folder;
	folder = sync_folder(a);
	return folder ? folder : background_folder(a);
}

static gboolean
list_is_due(const struct account *a)
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

static void
end_replays(struct account *a)
{
	for (GList *l = a->requests.head, *next; l; l = next) {
		struct request *r = l->data;

		next = l->next;
		if (r->command->verb == CMD_REPLAY && r->running && (a->journal_trouble || journal_idle(a)))
			request_end(r, a->journal_trouble);
	}
}

static void
rest(struct account *a)
{
	struct lane *lane = &a->lanes[LANE_PERSON];
	gint64 folder = front(a);

	if (a->flags & ACCOUNT_BATCH)
		return;
	if (later_on(a))
		return;
	if (folder && lane->current != folder && !work_progress(a, folder)->error) {
		begin_open(lane, folder, NULL);
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
	gint64 folder = front(a);
	struct progress *p = folder ? work_progress(a, folder) : NULL;
	gboolean well = !lane->opening && (!p || p->done || fill(lane, p));

	if (list_is_due(a))
		work_list(a, NULL);
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

static void
look(struct account *a)
{
	struct lane *lane = &a->lanes[LANE_PERSON];
	gboolean served;

	journal_replay(a);
	end_replays(a);
	served = serve_person(a);
	/* Its first screen goes before all else, then the list, which tells what else there is to do. */
	if (lane->opening || a->listing)
		return;
	serve_background(a, served);
	if (served && !lane_is_busy(lane))
		rest(a);
}

void
work_on(struct account *a)
{
	a->again = TRUE;
	if (a->working)
		return;
	a->working = TRUE;
	while (a->link == LINK_UP && a->again) {
		a->again = FALSE;
		look(a);
	}
	a->working = FALSE;
}
