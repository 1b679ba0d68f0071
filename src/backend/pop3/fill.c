#include "backend/pop3/visit.h"

#include "base/error.h"
#include "base/i18n.h"

/* INBOX is opened and filled, and bodies are fetched: what is asked for, and when. */

enum { SCREEN = 60, FEW = 100, CHUNK = 1000, CHUNK_OCTETS = 4 << 20 };

gint64
pop3_inbox(struct backend *b, GError **error)
{
	struct store_folder *inbox = store_folder_by_path(b->env->store, "INBOX", error);
	gint64 id = inbox ? inbox->id : 0;

	if (!inbox && error && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("%s: that folder is gone"), b->env->account->id);
	store_folder_free(inbox);
	return id;
}

/* FALSE: done will run with an error. */
static gboolean
is_ready(struct backend *b, backend_done done, void *user)
{
	g_autoptr(GError) error = NULL;

	if (b->visit && b->visit->phase == VISIT_READY && b->visit->conn)
		return TRUE;
	fulmar_fail(&error, FULMAR_NO_LINK, _("%s: the connection was closed"), b->env->account->host);
	pop3_end(b, error, done, user);
	return FALSE;
}

/* ---- what waits for the list ---- */

typedef void (*body_progress)(guint64 have, guint64 total, void *user);

struct errand {
	struct visit *v;
	void (*run)(struct visit *v, struct errand *errand, struct task *task);
	backend_done done;
	void *user;
	GArray *ids; /* msgid: bodies that are wanted */
	body_progress progress;
};

static void
errand_free(void *user)
{
	struct errand *errand = user;

	g_array_unref(errand->ids);
	g_free(errand);
}

static gboolean tell_apart(struct visit *v, struct errand *errand);

static void
listed(const GError *error, void *user)
{
	struct errand *errand = user;
	struct visit *v = errand->v;
	g_autoptr(GError) lost = NULL;
	struct task *task;

	if (error) {
		errand->done(error, errand->user);
	} else if (!v->list) {
		/* The link went between its answer and now. */
		fulmar_fail(&lost, FULMAR_NO_LINK, _("%s: the connection was closed"),
		            v->b->env->account->host);
		errand->done(lost, errand->user);
	} else if (tell_apart(v, errand)) {
		return;
	} else {
		task = task_new(&v->tasks, errand->done, errand->user);
		errand->run(v, errand, task);
		pop3_pump(v);
		task_release(task, NULL);
	}
	errand_free(errand);
}

static struct task *
errand_task(struct visit *v, struct errand *errand)
{
	struct task *task = task_new(&v->tasks, listed, errand);

	task->forget = errand_free;
	return task;
}

static void
begin_errand(struct backend *b, const struct errand *what, const msgid *ids, guint n)
{
	struct visit *v = b->visit;
	struct errand *errand;
	struct task *task;

	if (!is_ready(b, what->done, what->user))
		return;
	errand = g_memdup2(what, sizeof *what);
	errand->v = v;
	errand->ids = g_array_sized_new(FALSE, FALSE, sizeof(msgid), n);
	if (n)
		g_array_append_vals(errand->ids, ids, n);
	task = errand_task(v, errand);
	pop3_list_want(v, task);
	pop3_pump(v);
	task_release(task, NULL);
}

/* ---- one body ---- */

/* Where the server has it, NULL: as far as is known, it has not. */
static struct drop_item *
find_item(struct visit *v, msgid id, GError **error)
{
	struct store_drop drop;
	int found = store_drop_of(v->b->env->store, id, &drop, error);

	if (found <= 0)
		return NULL;
	g_free((char *)drop.uidl);
	return pop3_list_item(v->list, drop.id);
}

static gboolean
want_body(struct visit *v, msgid id, struct task *task, body_progress progress, GError **error)
{
	GError *failed = NULL;
	struct drop_item *item;

	if (store_has_part(v->b->env->store, id, ""))
		return TRUE;
	item = find_item(v, id, &failed);
	if (failed) {
		g_propagate_error(error, failed);
		return FALSE;
	}
	if (!item || item->gone) {
		fulmar_fail(error, FULMAR_FAILED, _("the message is no longer on the server"));
		return FALSE;
	}
	pop3_take_body(v, item, id, task, progress);
	return TRUE;
}

gboolean
pop3_want_body(struct visit *v, msgid msg, struct task *task)
{
	return !store_has_part(v->b->env->store, msg, "") && want_body(v, msg, task, NULL, NULL);
}

/* ---- headers ---- */

static struct conf_keep
keep_of(struct backend *b)
{
	struct store_folder *inbox = store_folder_by_path(b->env->store, "INBOX", NULL);
	struct conf_keep keep;

	if (!inbox || !inbox->keep || !*inbox->keep || !conf_keep_parse(inbox->keep, &keep))
		keep = conf_keep_for(b->env->conf, b->env->account, "INBOX");
	store_folder_free(inbox);
	return keep;
}

/* A message that is fetched as a whole in any case needs no look at its header first; of news it is taken for
 * granted that they are as young as "keep" says. */
static gboolean
comes_whole(struct visit *v)
{
	struct conf_keep keep = keep_of(v->b);
	struct conf_leave leave;

	if (v->portions || conf_rules_read(v->b->env->conf, v->b->env->account) ||
	    (conf_leave_parse(v->b->env->account->leave_on_server, &leave) && leave.what == LEAVE_NEVER))
		return TRUE;
	if (keep.what == KEEP_HEADERS || !keep.age)
		return FALSE;
	return keep.age < 0 || (!v->list->first && v->list->fresh->len <= FEW);
}

static void
take_chunk(struct visit *v, guint most, gboolean whole, struct task *task)
{
	struct drop_list *list = v->list;
	guint64 octets = 0;

	for (guint n = 0; n < most && octets < CHUNK_OCTETS && list->asked < list->fresh->len; n++) {
		guint i = g_array_index(list->fresh, guint, list->fresh->len - 1 - list->asked++);
		struct drop_item *item = &g_array_index(list->items, struct drop_item, i);

		octets += whole ? item->size : 0;
		pop3_take_new(v, item, whole && !item->doubtful, task);
	}
}

/* Of a message that the server calls by another name it is only known that it is there when the headers of
 * those were looked at. TRUE: they are, as many as it takes; then the errand is gone on with. */
static gboolean
tell_apart(struct visit *v, struct errand *errand)
{
	const struct drop_list *list = v->list;
	gboolean missed = FALSE;
	struct task *task;

	for (guint i = 0; list->known && !missed && i < errand->ids->len; i++) {
		msgid id = g_array_index(errand->ids, msgid, i);

		missed = !store_has_part(v->b->env->store, id, "") && !find_item(v, id, NULL);
	}
	if (!missed || (list->asked == list->fresh->len && g_queue_is_empty(&v->takes) && !v->taken->len))
		return FALSE;
	task = errand_task(v, errand);
	if (list->asked < list->fresh->len)
		take_chunk(v, CHUNK, comes_whole(v), task);
	pop3_take_wait(v, task);
	pop3_pump(v);
	task_release(task, NULL);
	return TRUE;
}

/* Copies of what is here as headers alone wait for the rest. */
static void
take_for_copies(struct visit *v, struct task *task)
{
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GError) error = NULL;

	/* The end of the visit looks for them again. */
	if (!store_copies_lack(v->b->env->store, CHUNK, lacking, &error) && !v->list->trouble)
		v->list->trouble = g_steal_pointer(&error);
	for (guint i = 0; i < lacking->len; i++)
		pop3_want_body(v, g_array_index(lacking, msgid, i), task);
}

static void
run_open(struct visit *v, struct errand *errand, struct task *task)
{
	gboolean many = v->list->fresh->len > FEW && !v->portions;

	if (!v->list->asked)
		take_chunk(v, SCREEN, !many && comes_whole(v), task);
	take_for_copies(v, task);
}

void
pop3_open(struct backend *b, gint64 folder, backend_done done, void *user)
{
	const struct errand errand = {.run = run_open, .done = done, .user = user};

	if (b->visit && b->visit->conn && folder == pop3_inbox(b, NULL))
		begin_errand(b, &errand, NULL, 0);
	else
		pop3_open_local(b, folder, done, user); /* what is here is all that can be had */
}

/* Where all was asked for, what is under way is waited for. What could not be stored is for the next visit.
 */
static void
run_fill(struct visit *v, struct errand *errand, struct task *task)
{
	const struct drop_list *list = v->list;
	g_autoptr(GError) error = NULL;

	if (list->asked < list->fresh->len) {
		take_chunk(v, CHUNK, comes_whole(v), task);
		return;
	}
	if (pop3_take_wait(v, task) || !list->waiting)
		return;
	if (list->trouble)
		error = g_error_copy(list->trouble);
	else
		fulmar_fail(&error, FULMAR_FAILED, _("%s did not give all messages"),
		            v->b->env->account->host);
	task_hold(task);
	task_release(task, error);
}

void
pop3_fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	const struct errand errand = {.run = run_fill, .done = done, .user = user};

	if (folder == pop3_inbox(b, NULL))
		begin_errand(b, &errand, NULL, 0);
	else
		pop3_open_local(b, folder, done, user);
}

/* ---- bodies ---- */

static void
run_bodies(struct visit *v, struct errand *errand, struct task *task)
{
	for (guint i = 0; i < errand->ids->len; i++) {
		g_autoptr(GError) error = NULL;

		if (!want_body(v, g_array_index(errand->ids, msgid, i), task, errand->progress, &error)) {
			task_hold(task);
			task_release(task, error);
		}
	}
}

/* There is no part of a message to be had: it is all of it or nothing. */
void
pop3_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
           void *user)
{
	const struct errand errand = {.run = run_bodies, .done = done, .user = user};

	begin_errand(b, &errand, ids, n);
}

void
pop3_part(struct backend *b, msgid id, const char *section,
          void (*progress)(guint64 have, guint64 total, void *user), backend_done done, void *user)
{
	const struct errand errand = {.run = run_bodies, .done = done, .user = user, .progress = progress};

	begin_errand(b, &errand, &id, 1);
}
