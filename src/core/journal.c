#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* The journal's way to the server. Ops go out in order; what is under way is marked so before, durably, and
 * gone only after.
 *
 * Several processes may work on one account, each with a link of its own, but one at a time carries out the
 * journal: it holds a lock on the file journal.lock as long as ops are under way. The system takes the lock
 * from a process that died, so whoever holds it knows that ops which are marked as under way, and are not its
 * own, are nobody's. */

enum { AT_ONCE = 16, WAIT_SECONDS = 30, TURN_MS = 200 };

struct replay {
	struct account *account;
	struct store_op *op;
	GError *error;
};

static gint64
seconds(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

void
journal_show(struct account *a)
{
	struct event *event = account_event(a, EVENT_QUEUE);
	gint64 failed = 0;

	event->have = (guint64)store_ops_waiting(a->store, &failed);
	event->total = (guint64)failed;
	account_post(a, event);
}

static gboolean
any_in_state(struct account *a, enum op_state state)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	store_ops(a->store, FALSE, 0, ops, NULL); /* what cannot be read is told by those who act on it */
	for (guint i = 0; i < ops->len; i++)
		if (((const struct store_op *)ops->pdata[i])->state == state)
			return TRUE;
	return FALSE;
}

/* Of a folder with an op that has to wait, later ones wait too: they may be about the same messages. */
static gboolean
may_begin(const struct store_op *op, GHashTable *held, gint64 now)
{
	if (op->state != OP_WAITING)
		return FALSE;
	if (op->not_before <= now)
		return !g_hash_table_contains(held, &op->folder);
	g_hash_table_add(held, (gpointer)&op->folder);
	return FALSE;
}

gboolean
journal_idle(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GHashTable) held = g_hash_table_new(g_int64_hash, g_int64_equal);

	if (a->replaying)
		return FALSE;
	if (!store_ops_waiting(a->store, NULL) || !store_ops(a->store, FALSE, 0, ops, NULL))
		return TRUE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->state == OP_RUNNING || may_begin(op, held, seconds()))
			return FALSE;
	}
	return TRUE;
}

/* ---- whose turn it is ---- */

gboolean
journal_open(struct account *a, GError **error)
{
	g_autofree char *path = g_build_filename(a->dir, "journal.lock", NULL);

	a->turn_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (a->turn_fd >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

void
journal_close(struct account *a)
{
	if (a->turn_wait)
		g_source_destroy(a->turn_wait);
	g_clear_pointer(&a->turn_wait, g_source_unref);
	g_clear_error(&a->journal_trouble);
	if (a->turn_fd >= 0)
		close(a->turn_fd);
	a->turn_fd = -1;
}

static gboolean
take_turn(struct account *a)
{
	/* Where files cannot be locked there is nobody to share with either. */
	if (!a->turn)
		a->turn = flock(a->turn_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
	if (a->turn)
		a->turn_since = 0;
	return a->turn;
}

static void
end_turn(struct account *a)
{
	if (a->turn)
		flock(a->turn_fd, LOCK_UN);
	a->turn = FALSE;
}

static gboolean
try_turn(gpointer user)
{
	struct account *a = user;

	g_source_destroy(a->turn_wait);
	g_clear_pointer(&a->turn_wait, g_source_unref);
	work_on(a);
	return G_SOURCE_REMOVE;
}

/* Another process is at it. Commands wait for that as long as they would for a silent server. */
static void
await_turn(struct account *a)
{
	gint64 now = g_get_monotonic_time();

	if (!a->turn_since)
		a->turn_since = now;
	if (now - a->turn_since > a->settings->timeout * G_USEC_PER_SEC && !a->journal_trouble)
		fulmar_fail(&a->journal_trouble, FULMAR_FAILED,
		            _("another fulmar is at the queued changes of %s and does not finish; end it and "
		              "try again"),
		            a->settings->id);
	if (a->turn_wait)
		return;
	a->turn_wait = g_timeout_source_new(TURN_MS);
	g_source_set_callback(a->turn_wait, try_turn, a, NULL);
	g_source_attach(a->turn_wait, a->context);
}

/* ---- what a crash left ---- */

/* Under the lock, with nothing of our own under way. */
static gboolean
recover(struct account *a, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (any_in_state(a, OP_RUNNING) && !store_ops_recover(a->store, error))
		return FALSE;
	if (!store_ops(a->store, FALSE, 0, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		/* Flags say what shall be, not what to change: saying it twice does no harm. */
		if (op->state == OP_CHECKING && op->verb == OP_FLAG &&
		    !store_op_set(a->store, op->id, OP_WAITING, NULL, 0, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
journal_recover(struct account *a, GError **error)
{
	gboolean ok;

	if (!take_turn(a))
		return TRUE;
	ok = recover(a, error);
	end_turn(a);
	return ok;
}

/* ---- carrying out ---- */

/* A command line tells what became of its own wish. */
static void
tell(struct account *a, gint64 folder, const char *text)
{
	struct event *event;

	if (a->flags & ACCOUNT_BATCH)
		return;
	event = account_event(a, EVENT_NOTICE);
	event->folder = folder;
	event->text = g_strdup(text);
	account_post(a, event);
}

static void
tell_failure(struct account *a, const struct store_op *op, const char *why)
{
	struct event *event = account_event(a, EVENT_ROWS);

	tell(a, op->folder, why);
	event->folder = op->folder;
	account_post(a, event);
}

/* The store took no more: trying again at once would try for ever. Takes error. */
static void
halt(struct account *a, GError *error)
{
	tell(a, 0, error->message);
	g_clear_error(&a->journal_trouble);
	a->journal_trouble = error;
	a->halted_until = g_get_monotonic_time() + WAIT_SECONDS * G_USEC_PER_SEC;
}

static void
replay_free(gpointer user)
{
	struct replay *replay = user;

	g_clear_error(&replay->error);
	store_op_free(replay->op);
	g_free(replay);
}

static void
ended(struct replay *replay, const GError *error)
{
	struct account *a = replay->account;
	struct store_op *op = replay->op;
	GError *failed = NULL;
	int code = fulmar_error_status(error);

	a->replaying--;
	if (!error) {
		store_op_done(a->store, op->id, &failed);
	} else if (code == FULMAR_NO_LINK || error->code == FULMAR_CANCELLED) {
		store_op_set(a->store, op->id, OP_WAITING, NULL,
		             a->link == LINK_UP ? seconds() + WAIT_SECONDS : 0, &failed);
		if (a->link == LINK_UP && error->code == FULMAR_CANCELLED)
			work_again(
			        a,
			        op->folder); /* renumbered by the server, or these messages not yet named */
	} else {
		store_op_set(a->store, op->id, OP_FAILED, error->message, 0, &failed);
		tell_failure(a, op, error->message);
	}
	if (failed)
		halt(a, failed);
	if (!a->replaying)
		end_turn(a);
	journal_show(a);
	work_on(a);
}

static gboolean
link_is_clear(gpointer user)
{
	struct replay *replay = user;

	ended(replay, replay->error);
	return G_SOURCE_REMOVE;
}

/* The link's end is told after its verbs have ended. Only then can it be seen whether the server refused this
 * for now, and is to be asked later, or is not there and is to be asked as soon as it is. */
static void
replayed(const GError *error, void *user)
{
	struct replay *replay = user;
	g_autoptr(GSource) source = NULL;

	if (fulmar_error_status(error) != FULMAR_NO_LINK && (!error || error->code != FULMAR_CANCELLED)) {
		ended(replay, error);
		replay_free(replay);
		return;
	}
	replay->error = g_error_copy(error);
	source = g_idle_source_new();
	g_source_set_callback(source, link_is_clear, replay, replay_free);
	g_source_attach(source, replay->account->context);
}

static void
begin(struct account *a, struct store_op *op)
{
	struct replay *replay = g_new0(struct replay, 1);

	replay->account = a;
	replay->op = op;
	a->replaying++;
	a->ops->replay(a->backend, op, replayed, replay);
}

static gboolean
carry_out(struct account *a, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GHashTable) held =
	        g_hash_table_new(g_int64_hash, g_int64_equal); /* folders, lent from ops */
	guint begun = 0;

	if (!recover(a, error) || !store_ops(a->store, FALSE, 0, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len && begun < AT_ONCE; i++) {
		struct store_op *op = ops->pdata[i];

		if (!may_begin(op, held, seconds()))
			continue;
		if (!store_op_set(a->store, op->id, OP_RUNNING, NULL, 0, error))
			return FALSE;
		begin(a, g_ptr_array_steal_index(ops, i--));
		begun++;
	}
	return TRUE;
}

void
journal_linked(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;
	gboolean ok = store_ops(a->store, FALSE, 0, ops, &error);

	for (guint i = 0; ok && i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->state == OP_WAITING && op->not_before > seconds())
			ok = store_op_set(a->store, op->id, OP_WAITING, NULL, 0, &error);
	}
	if (!ok)
		halt(a, error);
}

void
journal_replay(struct account *a)
{
	GError *error = NULL;

	if (a->link != LINK_UP || a->replaying || g_get_monotonic_time() < a->halted_until)
		return;
	g_clear_error(&a->journal_trouble);
	if (journal_idle(a)) {
		a->turn_since = 0;
	} else if (!take_turn(a)) {
		await_turn(a);
	} else {
		if (!carry_out(a, &error))
			halt(a, error);
		if (!a->replaying)
			end_turn(a);
	}
}
