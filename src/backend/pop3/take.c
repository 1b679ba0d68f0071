#include "backend/pop3/take.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/log.h"

/* Messages on their way from the server into the store: headers by TOP, whole ones by RETR. What is small is
 * put into the store many at a time, in one transaction that is on the disk when it counts; what is large
 * goes to its file as it comes. */

enum {
	SMALL = 256 * 1024, /* octets: goes through memory */
	HEADER_GUESS = 2048,
	HEADER_KEPT = 256 * 1024, /* octets of a header */
	TAKEN_MOST = 4 << 20,     /* octets that wait for the store */
	TAKEN_ROWS = 1000,
	TAKEN_MS = 500 /* nothing waits longer than that, while more comes */
};

typedef void (*take_progress)(guint64 have, guint64 total, void *user);

static void
take_free(struct take *t)
{
	if (t->fd >= 0)
		close(t->fd);
	g_byte_array_unref(t->octets);
	g_ptr_array_unref(t->tasks);
	g_ptr_array_unref(t->progress);
	g_clear_error(&t->error);
	g_free(t);
}

static void
take_end(struct take *t, const GError *error)
{
	/* In this visit it is not tried again. */
	t->item->gone |= error || t->error;
	for (guint i = 0; i < t->tasks->len; i++)
		task_release(t->tasks->pdata[i], t->error ? t->error : error);
	take_free(t);
}

static void
add_task(struct take *t, struct task *task, take_progress progress)
{
	task_hold(task);
	g_ptr_array_add(t->tasks, task);
	g_ptr_array_add(t->progress, (gpointer)progress);
}

/* ---- into the store ---- */

static guint
count(const GPtrArray *takes, gboolean (*is)(const struct take *t))
{
	guint n = 0;

	for (guint i = 0; i < takes->len; i++)
		n += is(takes->pdata[i]) != FALSE;
	return n;
}

static gboolean
is_fresh(const struct take *t)
{
	return !t->item->row;
}

static gboolean
is_new(const struct take *t)
{
	return !t->item->row && t->id;
}

static void
tell(struct visit *v, gint64 inbox, guint new)
{
	const struct backend_env *env = v->b->env;
	guint64 total = v->list->items->len;

	env->hooks->rows(inbox, env->user);
	env->hooks->progress(inbox, total - v->list->waiting, total, env->user);
	if (new && !v->list->first)
		env->hooks->arrived(inbox, new, env->user);
}

/* What was taken goes into the store. */
static void
store_taken(struct visit *v)
{
	g_autoptr(GPtrArray) takes = g_steal_pointer(&v->taken);
	g_autoptr(GError) error = NULL;
	gint64 inbox = pop3_inbox(v->b, &error);
	gboolean ok;
	guint new;

	v->taken = g_ptr_array_new();
	v->taken_octets = 0;
	if (!v->list || !v->list->listed || (!takes->len && v->waiting_rows == v->list->waiting))
		return;
	ok = inbox && pop3_put(v, takes, inbox, &error);
	new = count(takes, is_new);
	for (guint i = 0; ok && i < takes->len; i++) {
		struct take *t = takes->pdata[i];

		if (!is_fresh(t))
			continue;
		v->list->waiting--;
		pop3_list_bind(v->list, t->item, t->row);
	}
	if (ok)
		ok = pop3_list_settle(v->list, &error);
	v->more |= ok && new && v->portions;
	if (ok)
		tell(v, inbox, new);
	else if (!v->list->trouble && error)
		v->list->trouble = g_error_copy(error);
	for (guint i = 0; i < takes->len; i++)
		take_end(takes->pdata[i], error);
}

static void
store_if_due(struct visit *v)
{
	gint64 age = v->taken->len ? g_get_monotonic_time() - v->taken_since : 0;

	if (g_queue_is_empty(&v->takes) || v->taken->len >= TAKEN_ROWS || v->taken_octets >= TAKEN_MOST ||
	    age >= TAKEN_MS * 1000)
		store_taken(v);
}

void
pop3_take_stop(struct visit *v)
{
	store_taken(v);
}

/* ---- large ones ---- */

/* A row to keep it with, made of what there is of it. */
static gboolean
give_row(struct visit *v, struct take *t, GError **error)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	gint64 inbox = pop3_inbox(v->b, error);

	t->whole = FALSE;
	g_ptr_array_add(one, t);
	if (!inbox || !pop3_put(v, one, inbox, error))
		return FALSE;
	t->whole = TRUE;
	v->list->waiting--;
	pop3_list_bind(v->list, t->item, t->row);
	tell(v, inbox, t->id ? 1 : 0);
	if (!t->id)
		fulmar_fail(error, FULMAR_FAILED, _("this message is here already"));
	return t->id != 0;
}

static gboolean
fail_disk(GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("cannot keep the message: %s; free some space and try again"),
	            g_strerror(errno));
	return FALSE;
}

static gboolean
begin_file(struct visit *v, struct take *t, GError **error)
{
	guint64 have;

	if (!t->id && !give_row(v, t, error))
		return FALSE;
	t->fd = store_part_begin(v->b->env->store, t->id, "", &have, error);
	if (t->fd < 0)
		return FALSE;
	/* What is left of an earlier try cannot be gone on with: RETR begins at the beginning. */
	if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0 ||
	    !files_write_all(t->fd, t->octets->data, t->octets->len))
		return fail_disk(error);
	g_byte_array_set_size(t->octets, 0);
	return TRUE;
}

/* ---- receiving ---- */

static void
take_header(struct take *t, const unsigned char *bytes, gsize len)
{
	gsize room = HEADER_KEPT - MIN(t->octets->len, HEADER_KEPT);

	g_byte_array_append(t->octets, bytes, (guint)MIN(len, room));
}

/* Or t->error is set. */
static void
take_body(struct visit *v, struct take *t, const unsigned char *bytes, gsize len)
{
	if (t->fd < 0) {
		g_byte_array_append(t->octets, bytes, (guint)len);
		if (t->octets->len > SMALL)
			begin_file(v, t, &t->error);
	} else if (!files_write_all(t->fd, bytes, len)) {
		fail_disk(&t->error);
	}
}

static void
tell_progress(const struct take *t)
{
	for (guint i = 0; i < t->tasks->len; i++) {
		take_progress progress = (take_progress)t->progress->pdata[i];

		if (progress)
			progress(t->have, MAX(t->have, t->item->size),
			         ((const struct task *)t->tasks->pdata[i])->user);
	}
}

/* There is no end to it. */
static void
give_up(struct visit *v)
{
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, FULMAR_NO_LINK, _("the server gives more than it announced; try again"));
	pop3_drop(v, error);
}

static gboolean
on_octets(struct visit *v, struct pop3_cmd *cmd, const unsigned char *bytes, gsize len)
{
	struct take *t = cmd->user;

	t->have += len;
	if (t->have > t->item->size + v->spare) {
		give_up(v);
		return FALSE;
	}
	/* What cannot be kept is counted all the same. */
	if (t->whole && !t->error)
		take_body(v, t, bytes, len);
	else if (!t->whole)
		take_header(t, bytes, len);
	tell_progress(t);
	return TRUE;
}

static void begin(struct visit *v, struct take *t);

/* The server does not give it: in this visit it is not asked for again. Of those that are wanted all the
 * others come all the same. */
static void
end_in_vain(struct visit *v, struct take *t, const GError *error)
{
	t->item->gone = TRUE;
	if (t->id || t->error) {
		take_end(t, error);
		return;
	}
	log_note(LOG_POP3, "%s: message %u of %" G_GUINT64_FORMAT " octets: %s", v->b->env->account->id,
	         t->item->n, t->item->size, error->message);
	if (!t->item->row)
		v->list->waiting--;
	t->item->refused = TRUE;
	take_end(t, NULL);
}

static void
end_well(struct visit *v, struct take *t)
{
	if (!t->whole)
		v->header_size = v->header_size ? (v->header_size * 7 + t->have) / 8 + 1 : t->have + 1;
	if (t->fd >= 0) {
		store_part_finish(v->b->env->store, t->id, "", t->fd, TRUE, &t->error);
		t->fd = -1;
		take_end(t, NULL);
		return;
	}
	if (!v->taken->len)
		v->taken_since = g_get_monotonic_time();
	/* A person waits for it. */
	if (t->progress->pdata[0])
		v->taken_since = 0;
	v->taken_octets += t->octets->len;
	g_ptr_array_add(v->taken, t);
}

static gboolean
is_empty(const struct take *t)
{
	return t->have == 0 && t->item->size > 2;
}

/* Who does not know TOP says so to the first. */
static gboolean
lacks_top(struct visit *v, const struct take *t, const GError *error)
{
	if (t->whole || !error || v->caps.top)
		return FALSE;
	v->no_top = TRUE;
	return TRUE;
}

static void
on_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	struct take *t = cmd->user;
	g_autoptr(GError) empty = NULL;

	g_queue_remove(&v->takes, t); /* mostly the first */
	if (!cmd->answered) {
		take_end(t, error);
		return;
	}
	if (lacks_top(v, t, error)) {
		begin(v, t);
		return;
	}
	if (!error && !t->error && is_empty(t))
		fulmar_fail(&empty, FULMAR_FAILED,
		            _("the server gave an empty text for a message of %llu octets; try again"),
		            (unsigned long long)t->item->size);
	if (error || t->error || empty)
		end_in_vain(v, t, error ? error : t->error ? t->error : empty);
	else
		end_well(v, t);
	store_if_due(v);
}

static const struct pop3_reply take_reply = {.octets = on_octets, .end = on_end};

/* ---- asking ---- */

static gboolean
has_top(const struct visit *v)
{
	return !v->no_top && (v->caps.top || !v->caps_known) && !pop3_hides(v, "TOP");
}

static void
begin(struct visit *v, struct take *t)
{
	struct pop3_cmd *cmd;

	t->whole |= !has_top(v);
	cmd = t->whole ? pop3_cmd_new(POP3_MESSAGE, &take_reply, t, "RETR %u", t->item->n)
	               : pop3_cmd_new(POP3_MESSAGE, &take_reply, t, "TOP %u 0", t->item->n);
	cmd->octets = t->whole ? t->item->size : v->header_size ? v->header_size : HEADER_GUESS;
	g_queue_push_tail(&v->takes, t);
	/* What a person waits for goes first. */
	if (t->whole && t->progress->len && t->progress->pdata[0])
		pop3_send_first(v, cmd);
	else
		pop3_send(v, cmd);
}

static struct take *
take_new(struct drop_item *item, msgid id, gboolean whole)
{
	struct take *t = g_new0(struct take, 1);

	t->item = item;
	t->id = id;
	t->whole = whole;
	t->fd = -1;
	t->octets = g_byte_array_sized_new(whole ? (guint)MIN(item->size, SMALL) : 0);
	t->tasks = g_ptr_array_new();
	t->progress = g_ptr_array_new();
	return t;
}

void
pop3_take_body(struct visit *v, struct drop_item *item, msgid msg, struct task *task, take_progress progress)
{
	struct take *t = NULL;

	for (GList *l = v->takes.head; l && !t; l = l->next)
		if (((const struct take *)l->data)->id == msg)
			t = l->data; /* two would write over each other */
	for (guint i = 0; !t && i < v->taken->len; i++)
		if (((const struct take *)v->taken->pdata[i])->id == msg)
			t = v->taken->pdata[i];
	if (t) {
		add_task(t, task, progress);
		return;
	}
	t = take_new(item, msg, TRUE);
	add_task(t, task, progress);
	begin(v, t);
}

gboolean
pop3_take_wait(struct visit *v, struct task *task)
{
	struct take *last = g_queue_peek_tail(&v->takes);

	if (!last && v->taken->len)
		last = v->taken->pdata[v->taken->len - 1];
	if (last)
		add_task(last, task, NULL);
	return last != NULL;
}

void
pop3_take_new(struct visit *v, struct drop_item *item, gboolean whole, struct task *task)
{
	struct take *t = take_new(item, 0, whole && item->size <= SMALL);

	add_task(t, task, NULL);
	begin(v, t);
}
