#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* Commands of a person or a script. Those that need a link wait for it and are begun again when it was lost
 * under them; the others are carried out at once. Each ends exactly once. */

void
request_end(struct request *r, const GError *error)
{
	struct account *a = r->account;

	g_queue_remove(&a->requests, r);
	if (a->open_next == r)
		a->open_next = NULL;
	if (r->parent)
		download_listed(r->parent, error);
	download_free(r->download);
	rules_run_free(r->run);
	if (r->command->id)
		bus_done(a->bus, a->settings->id, r->command->id, error);
	command_free(r->command);
	g_free(r);
}

/* A journey is prepared beside other things. */
static gboolean
waits_for_link(const struct request *r)
{
	return (r->command->verb == CMD_DOWNLOAD || r->parent) && !(r->account->flags & ACCOUNT_BATCH);
}

/* A verb of r ended with error: TRUE when it was the link, and r is begun again with the next. */
static gboolean
is_interrupted(struct request *r, const GError *error)
{
	const struct account *a = r->account;

	r->running = FALSE;
	if (!link_may_mend(error) || a->link == LINK_UP || r->cancelled || a->flags & ACCOUNT_BATCH)
		return FALSE;
	if (a->offline || a->blocked)
		return waits_for_link(r);
	return ++r->attempts < LINKS_AT_MOST;
}

void
request_verb_done(const GError *error, void *user)
{
	struct request *r = user;
	struct account *a = r->account;

	if (is_interrupted(r, error))
		return; /* requests_start takes it up with the next link */
	request_end(r, error);
	work_on(a);
}

static void
begin_folders(struct request *r)
{
	listing_begin(r->account, r);
}

static void
begin_open(struct request *r)
{
	g_autoptr(GError) error = NULL;
	gint64 folder = work_folder(r->account, r->command, &error);

	if (folder)
		work_open(r->account, folder, r);
	else if (listing_comes(r->account))
		r->running = FALSE;
	else
		request_end(r, error);
}

static void
begin_sync(struct request *r)
{
	sync_start(r->account, r);
}

/* Carried out, and ended, by work_on. */
static void
begin_replay(struct request *r)
{
	courier_hasten(r->account);
	journal_touch(r->account);
}

static void
tell_answer(const char *name, const char *value, void *user)
{
	struct request *r = user;
	struct event *event = account_event(r->account, EVENT_FACT);

	event->command = r->command->id;
	event->text = g_strdup(name);
	event->text2 = g_strdup(value);
	account_post(r->account, event);
}

static void
begin_admin(struct request *r)
{
	const struct command *c = r->command;
	struct backend_admin request = {(enum admin_kind)MIN(c->add, ADMIN_KINDS - 1), c->folder,
	                                c->text ? c->text : "", c->text2 ? c->text2 : ""};
	g_autoptr(GError) error = NULL;

	if (!r->account->ops->admin) {
		fulmar_fail(&error, FULMAR_UNSUPPORTED, _("%s has no server that could say so"),
		            r->account->settings->id);
		request_end(r, error);
		return;
	}
	r->account->ops->admin(r->account->backend, &request, tell_answer, request_verb_done, r);
}

static void
begin_probe(struct request *r)
{
	request_end(r, NULL); /* the facts were told when the link came up */
}

/* ---- verbs that are done here and now ---- */

static gboolean
do_seen_refusal(struct account *a, const struct command *c, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && c->ids && i < c->ids->len; i++) {
		msgid id = g_array_index(c->ids, msgid, i);
		struct store_row *row = store_row(a->store, id, NULL);

		if (row && row->refused) {
			ok = store_clear_refused(a->store, id, error);
			account_hooks.rows(row->folder, a);
		}
		g_clear_pointer(&row, store_row_free);
	}
	return ok;
}

static gboolean
do_retry(struct account *a, const struct command *c, GError **error)
{
	gboolean ok = store_op_set(a->store, c->op, OP_WAITING, NULL, 0, error);

	journal_changed(a);
	return ok;
}

static gboolean
do_drop(struct account *a, const struct command *c, GError **error)
{
	gboolean ok = recall_dropped(a, c->op, error) && store_op_drop(a->store, c->op, error);

	journal_changed(a);
	return ok;
}

static gboolean
do_offline(struct account *a, const struct command *c, GError **error)
{
	link_go(a, TRUE);
	return TRUE;
}

static gboolean
do_online(struct account *a, const struct command *c, GError **error)
{
	link_go(a, FALSE);
	return TRUE;
}

static gboolean
do_secret(struct account *a, const struct command *c, GError **error)
{
	secret_answer(a, c->text);
	return TRUE;
}

/* TRUE while the backend holds a verb that ends with this request. */
static gboolean
has_verb(const struct request *r)
{
	if (r->command->verb == CMD_DOWNLOAD)
		return download_has_verb(r);
	return r->running && !r->run && r->command->verb != CMD_SYNC && r->command->verb != CMD_REPLAY &&
	       r != r->account->open_next;
}

/* A verb under way cannot be taken back from the server: the command ends now, its request when the verb
 * does. */
static void
call_off(struct request *r)
{
	struct account *a = r->account;
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	r->cancelled = TRUE;
	if (r->command->verb == CMD_DOWNLOAD)
		download_forget(a, r->command);
	if (has_verb(r))
		bus_done(a->bus, a->settings->id, r->command->id, error);
	else
		request_end(r, error);
}

static gboolean
do_cancel(struct account *a, const struct command *c, GError **error)
{
	for (GList *l = a->requests.head; l; l = l->next) {
		struct request *r = l->data;

		if (r->command->id == (guint64)c->op) {
			call_off(r);
			return TRUE;
		}
	}
	return TRUE;
}

static gboolean
do_look(struct account *a, const struct command *c, GError **error)
{
	courier_hasten(a);
	journal_look(a);
	return TRUE;
}

static const struct {
	gboolean (*now)(struct account *a, const struct command *c, GError **error);
	void (*begin)(struct request *r);
	change_verb change;
	gboolean here; /* needs no link, where the folders are kept here */
} verbs[] = {
        [CMD_FOLDERS] = {.begin = begin_folders, .here = TRUE},
        [CMD_OPEN] = {.begin = begin_open},
        [CMD_SYNC] = {.begin = begin_sync},
        [CMD_TEXT] = {.begin = reading_text},
        [CMD_PART] = {.begin = reading_part},
        [CMD_FLAG] = {.change = file_flag},
        [CMD_FLAG_ALL] = {.change = file_flag_all},
        [CMD_MOVE] = {.change = file_move},
        [CMD_COPY] = {.change = file_copy},
        [CMD_DELETE] = {.change = file_delete},
        [CMD_PURGE] = {.change = file_purge},
        [CMD_ARCHIVE] = {.change = file_archive},
        [CMD_DRAFT] = {.change = draft_file},
        [CMD_IMPORT] = {.change = import_file},
        [CMD_JUNK] = {.change = file_junk},
        [CMD_UNDO] = {.change = undo_take_back},
        [CMD_FOLDER_CREATE] = {.change = folder_create},
        [CMD_FOLDER_RENAME] = {.change = folder_rename},
        [CMD_FOLDER_REMOVE] = {.change = folder_remove},
        [CMD_FOLDER_SUBSCRIBE] = {.change = folder_subscribe},
        [CMD_FOLDER_EMPTY] = {.change = folder_empty},
        [CMD_FOLDER_PREF] = {.change = folder_pref},
        [CMD_RULES] = {.begin = rules_begin, .here = TRUE},
        [CMD_DOWNLOAD] = {.begin = download_begin},
        [CMD_LATER] = {.now = later_set},
        [CMD_ADMIN] = {.begin = begin_admin, .here = TRUE},
        [CMD_SEEN_REFUSAL] = {.now = do_seen_refusal},
        [CMD_REPLAY] = {.begin = begin_replay, .here = TRUE},
        [CMD_RETRY] = {.now = do_retry},
        [CMD_DROP] = {.now = do_drop},
        [CMD_GO_OFFLINE] = {.now = do_offline},
        [CMD_GO_ONLINE] = {.now = do_online},
        [CMD_SECRET] = {.now = do_secret},
        [CMD_PROBE] = {.begin = begin_probe},
        [CMD_CANCEL] = {.now = do_cancel},
        [CMD_NEAR] = {.begin = reading_near, .here = TRUE},
        [CMD_LOOK] = {.now = do_look},
};
G_STATIC_ASSERT(G_N_ELEMENTS(verbs) == CMD_VERBS);

static gboolean
is_of_inbox(struct account *a, const struct command *c)
{
	gint64 folder = work_folder(a, c, NULL);
	struct store_folder *inbox = folder ? store_folder_by_path(a->store, "INBOX", NULL) : NULL;
	gboolean is = inbox && inbox->id == folder;

	store_folder_free(inbox);
	return is;
}

/* Mail comes into INBOX alone. Rules look at what is here. */
static gboolean
needs_link(struct account *a, const struct command *c)
{
	if (!visits(a))
		return c->verb != CMD_RULES;
	return c->verb == CMD_OPEN ? is_of_inbox(a, c) && !leave_was_just(a) : !verbs[c->verb].here;
}

void
request_start(struct request *r)
{
	r->running = TRUE;
	verbs[r->command->verb].begin(r);
}

void
requests_start(struct account *a)
{
	g_autoptr(GList) all = g_list_copy(a->requests.head);

	for (GList *l = all; l && a->link == LINK_UP; l = l->next) {
		struct request *r = l->data;

		if (g_queue_find(&a->requests, r) && !r->running)
			request_start(r);
	}
}

void
requests_lost(struct account *a)
{
	for (GList *l = a->requests.head; l; l = l->next) {
		struct request *r = l->data;

		if (!has_verb(r) && needs_link(a, r->command))
			r->running = FALSE;
	}
	if (!visits(a)) /* there it is taken up when the opening under way has ended, as ever */
		a->open_next = NULL;
}

void
requests_fail(struct account *a, const GError *error)
{
	g_autoptr(GList) all = g_list_copy(a->requests.head);

	for (GList *l = all; l; l = l->next) {
		struct request *r = l->data;

		if (g_queue_find(&a->requests, r) && !r->running && !waits_for_link(r))
			request_end(r, error);
	}
}

gboolean
requests_want_link(struct account *a)
{
	for (GList *l = a->requests.head; l; l = l->next)
		if (needs_link(a, ((const struct request *)l->data)->command))
			return TRUE;
	return courier_waits(a) || rules_want_link(a);
}

static void
no_link(struct account *a, struct request *r)
{
	g_autoptr(GError) error = NULL;

	if (r->command->verb == CMD_OPEN) /* to be followed as soon as there is a link */
		a->open_folder = work_folder(a, r->command, NULL);
	if (a->trouble && !a->offline)
		error = g_error_copy(a->trouble);
	else
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s is offline, and this is not here yet"),
		            a->settings->id);
	request_end(r, error);
}

struct request *
request_new(struct account *a, struct command *command)
{
	struct request *r = g_new0(struct request, 1);

	r->account = a;
	r->command = command;
	g_queue_push_tail(&a->requests, r);
	return r;
}

static void
wait_for_link(struct account *a, struct request *r)
{
	if (reading_is_here(a, r->command)) {
		request_end(r, NULL);
	} else if (a->offline || a->blocked) {
		if (!waits_for_link(r))
			no_link(a, r);
	} else {
		/* Who asks for the server shall hear of it, not of the attempt before. */
		if (r->command->verb == CMD_SYNC)
			link_go(a, FALSE);
		link_want(a);
		/* Waiting for the next of many attempts would be waiting without end. */
		if (a->link == LINK_DOWN && a->retry && !waits_for_link(r))
			no_link(a, r);
	}
}

void
request_take(struct command *command, void *user)
{
	struct account *a = user;
	g_autoptr(GError) error = NULL;
	struct request *r;

	if (verbs[command->verb].change) {
		change_run(a, command, verbs[command->verb].change);
		return;
	}
	if (verbs[command->verb].now) {
		verbs[command->verb].now(a, command, &error);
		if (command->id)
			bus_done(a->bus, a->settings->id, command->id, error);
		command_free(command);
		work_on(a);
		return;
	}
	r = request_new(a, command);
	if (command->verb == CMD_DOWNLOAD && !download_note(a, command, &error))
		request_end(r, error);
	else if (!link_is_ready(a) && needs_link(a, command))
		wait_for_link(a, r);
	else
		request_start(r);
	work_on(a);
}
