#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* What an account does next. One folder at a time: the one the person looks at, then those a command asked
 * for, then those the server says have changed. For each: open (resync), fill (headers), keep (bodies). When
 * nothing is left, the person's folder is open again and watched. */

enum { FILLS_AT_ONCE = 2, TRIES = 3 };

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
	a->current = 0;
	g_clear_error(&a->list_error);
	a->opening = a->listing = a->listed = FALSE;
	a->fills = 0;
}

void
work_again(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);

	p->opened = p->done = FALSE;
	p->failures = 0;
	if (!(a->flags & ACCOUNT_BATCH) && folder != a->open_folder)
		g_array_append_val(a->background, folder);
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

		if (!is_behind(f) || is_hidden(a, f) || f->id == a->open_folder)
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
	if (!(a->flags & ACCOUNT_BATCH))
		plan_background(a);
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
	if (r)
		a->ops->folders(a->backend, asked_list_done, r);
	else
		a->ops->folders(a->backend, own_list_done, a);
}

/* ---- opening ---- */

struct open {
	struct account *account;
	struct request *request; /* or NULL */
	gint64 folder;
};

static void opened(const GError *error, void *user);

static void
begin_open(struct account *a, gint64 folder, struct request *r)
{
	struct open *open = g_new0(struct open, 1);

	open->account = a;
	open->request = r;
	open->folder = folder;
	a->opening = TRUE;
	a->current = folder;
	a->ops->open(a->backend, folder, opened, open);
	link_show(a);
}

/* A verb for folder got nowhere: the folder is opened again, a few times; then it is left alone on this link.
 */
static void
set_back(struct account *a, struct progress *p, const GError *error)
{
	p->opened = FALSE;
	if (a->current == p->folder)
		a->current = 0;
	if (error->code != FULMAR_CANCELLED || ++p->failures >= TRIES) {
		g_clear_error(&p->error);
		p->error = g_error_copy(error);
		p->done = TRUE;
	}
}

static void
opened(const GError *error, void *user)
{
	g_autofree struct open *open = user;
	struct account *a = open->account;
	struct progress *p = work_progress(a, open->folder);

	a->opening = FALSE;
	g_clear_error(&p->error);
	p->opened = !error;
	if (error)
		set_back(a, p, error);
	if (a->open_next) {
		if (open->request)
			request_end(open->request, error);
		work_open(a, a->open_folder, g_steal_pointer(&a->open_next));
	} else if (open->request && error && !p->done && a->link == LINK_UP && !open->request->cancelled) {
		begin_open(a, open->folder, open->request);
	} else if (open->request) {
		request_end(open->request, error);
	}
	work_on(a);
	link_show(a); /* not before it is known that nothing follows */
}

void
work_open(struct account *a, gint64 folder, struct request *r)
{
	struct progress *p = work_progress(a, folder);
	g_autoptr(GError) passed_over = NULL;

	a->open_folder = folder;
	p->opened = p->done = FALSE;
	p->failures = 0;
	if (!a->opening) {
		begin_open(a, folder, r);
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
	work_progress(a, folder)->opened = work_progress(a, folder)->done = FALSE;
	work_progress(a, folder)->failures = 0;
}

static gboolean
sync_covers(const struct command *c, const struct store_folder *f)
{
	return f->selectable && (c->folder ? c->folder == f->id : TRUE);
}

/* The next folder a sync command still waits for, 0 when it is through. *failed gives the first error, *fine
 * how many went well. */
static gint64
sync_next(struct account *a, const struct command *c, const GError **failed, guint *fine)
{
	g_autoptr(GPtrArray) folders = store_folders(a->store, NULL);

	*failed = NULL;
	*fine = 0;
	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];
		struct progress *p;

		if (!sync_covers(c, f) || (!c->folder && is_hidden(a, f)))
			continue;
		p = work_progress(a, f->id);
		if (!p->done)
			return f->id;
		if (!*failed)
			*failed = p->error ? p->error : p->unkept;
		if (!p->error)
			(*fine)++;
	}
	return 0;
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
		if (folder)
			return folder;
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
	struct account *account;
	gint64 folder;
};

static void
filled(const GError *error, void *user)
{
	g_autofree struct fill *fill = user;
	struct account *a = fill->account;
	struct progress *p = work_progress(a, fill->folder);

	if (a->fills)
		a->fills--;
	if (!error)
		p->failures = 0;
	else if (p->opened) /* the first of those in the same flight */
		set_back(a, p, error);
	work_on(a);
	link_show(a);
}

static void
begin_fill(struct account *a, gint64 folder)
{
	struct fill *fill = g_new(struct fill, 1);

	fill->account = a;
	fill->folder = folder;
	a->fills++;
	a->ops->fill(a->backend, folder, filled, fill);
}

static gint64
background_folder(struct account *a)
{
	while (a->background->len) {
		gint64 folder = g_array_index(a->background, gint64, 0);

		if (!work_progress(a, folder)->done)
			return folder;
		g_array_remove_index(a->background, 0);
	}
	return 0;
}

static gint64
pick_folder(struct account *a)
{
	gint64 folder;

	if (a->open_folder && !work_progress(a, a->open_folder)->done)
		return a->open_folder;
	folder = sync_folder(a);
	return folder ? folder : background_folder(a);
}

/* One step for folder; TRUE when it needed none any more. */
static gboolean
step(struct account *a, gint64 folder)
{
	struct progress *p = work_progress(a, folder);
	struct store_folder *f;
	gboolean complete;

	if (a->current != folder || !p->opened) {
		if (!a->fills && !a->keeping)
			begin_open(a, folder, NULL);
		return FALSE;
	}
	f = store_folder_by_id(a->store, folder, NULL);
	complete = !f || f->complete;
	g_clear_pointer(&f, store_folder_free);
	if (!complete) {
		while (a->fills < FILLS_AT_ONCE)
			begin_fill(a, folder);
		return FALSE;
	}
	if (a->fills || a->keeping || keep_on(a, folder))
		return FALSE;
	p->done = TRUE;
	return TRUE;
}

static gboolean
list_is_due(const struct account *a)
{
	gint64 poll = MAX(a->settings->poll, 60) * G_USEC_PER_SEC;

	if (a->listing)
		return FALSE;
	if (sync_wants_list(a) && !a->listed)
		return TRUE;
	if (a->flags & ACCOUNT_BATCH)
		return FALSE;
	return !a->listed || g_get_monotonic_time() - a->listed_at > poll;
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
	if (a->flags & ACCOUNT_BATCH)
		return;
	if (a->open_folder && a->current != a->open_folder && !work_progress(a, a->open_folder)->error) {
		begin_open(a, a->open_folder, NULL);
		return;
	}
	a->ops->watch(a->backend, a->open_folder);
	link_show(a);
}

static void
look(struct account *a)
{
	gint64 folder;

	journal_replay(a);
	end_replays(a);
	if (a->opening)
		return;
	if (list_is_due(a))
		work_list(a, NULL);
	if (a->listing && (!a->open_folder || work_progress(a, a->open_folder)->done))
		return;
	while ((folder = pick_folder(a)) && step(a, folder))
		;
	if (!folder && !a->fills && !a->keeping)
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
