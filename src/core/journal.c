#include <string.h>
#include "base/error.h"
#include "base/idset.h"
#include "base/loop.h"
#include "core/account-private.h"

/* The journal's way to the server. Ops that may run are put together where they are alike and handed to the
 * backend, several at once: what is under way is marked so before, durably, and gone only after. What a crash
 * or a lost link left under way is looked into on the server before it is said again. A chain that fails is
 * parked, one that is refused for now waits longer and longer; neither holds up others. */

enum { AT_ONCE = 16, HALT_SECONDS = 30, POLL_MS = 1000, EXPIRE_SECONDS = 600, EXPIRE_AGAIN = 5 };

static gint64
seconds(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

/* ---- what is told ---- */

void
journal_show(struct account *a)
{
	struct event *event = account_event(a, EVENT_QUEUE);
	gint64 failed = 0;

	event->have = (guint64)store_ops_waiting(a->store, &failed);
	event->total = (guint64)failed;
	account_post(a, event);
}

void
journal_tell(struct account *a, gint64 op, const char *text)
{
	struct event *event;

	if (a->flags & ACCOUNT_BATCH)
		return;
	event = account_event(a, EVENT_NOTICE);
	event->id = op;
	event->text = g_strdup(text);
	account_post(a, event);
}

void
journal_tell_op(struct account *a, const struct store_op *op)
{
	if (replay_is_of_folders(op))
		account_hooks.folders(a);
	if (op->folder)
		account_hooks.rows(op->folder, a);
	if (op->to && op->to != op->folder)
		account_hooks.rows(op->to, a);
}

void
journal_halt(struct account *a, GError *error)
{
	journal_tell(a, 0, error->message);
	g_clear_error(&a->journal_trouble);
	a->journal_trouble = error;
	a->halted_until = g_get_monotonic_time() + HALT_SECONDS * G_USEC_PER_SEC;
	a->journal_due = TRUE;
}

void
journal_touch(struct account *a)
{
	a->journal_due = TRUE;
}

gboolean
journal_idle(struct account *a)
{
	return a->journal_quiet && !a->journal_due && !g_hash_table_size(a->busy) &&
	       !g_hash_table_size(a->awaited);
}

/* ---- opening and closing ---- */

gboolean
journal_open(struct account *a, GError **error)
{
	a->busy = idset_new();
	a->alone = idset_new();
	a->awaited = idset_new();
	a->sources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	a->journal_due = TRUE;
	return turn_open(a, error);
}

void
journal_close(struct account *a)
{
	loop_drop(&a->journal_wake);
	loop_drop(&a->journal_poll);
	replay_stop_all(a);
	courier_stop_all(a);
	later_free(g_steal_pointer(&a->later));
	turn_close(a);
	g_clear_error(&a->journal_trouble);
	g_clear_pointer(&a->busy, g_hash_table_unref);
	g_clear_pointer(&a->alone, g_hash_table_unref);
	g_clear_pointer(&a->awaited, g_hash_table_unref);
	g_clear_pointer(&a->sources, g_hash_table_unref);
}

/* ---- what a crash left ---- */

/* Under the lock: ops that are marked as under way and are not ours are nobody's. */
static gboolean
recover(struct account *a, GPtrArray *ops, gboolean *changed, GError **error)
{
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];
		gboolean left = op->state == OP_RUNNING && !g_hash_table_contains(a->busy, &op->id),
		         again = replay_may_be_repeated(op);

		if (!left && !(op->state == OP_CHECKING && again))
			continue;
		*changed = TRUE;
		if (!store_op_set(a->store, op->id, again ? OP_WAITING : OP_CHECKING, op->error, 0, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
journal_recover(struct account *a, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	gboolean changed = FALSE, ok;

	if (!store_expire(a->store, seconds(), NULL, error))
		return FALSE;
	if (!turn_take(a))
		return TRUE;
	ok = store_ops(a->store, FALSE, 0, ops, error) && recover(a, ops, &changed, error) &&
	     recall_strays(a, ops, error) && recall_undone(a, error);
	turn_end(a);
	return ok;
}

/* ---- looking ---- */

static gboolean
wake(gpointer user)
{
	struct account *a = user;

	loop_drop(&a->journal_wake);
	journal_touch(a);
	work_on(a);
	return G_SOURCE_REMOVE;
}

static void
wake_after(struct account *a, gint64 seconds)
{
	loop_drop(&a->journal_wake);
	loop_after(&a->journal_wake, a->context, (guint)MIN(seconds, 3600) * 1000, wake, a);
}

static gboolean
mark_running(struct account *a, const struct batch *batch, GError **error)
{
	for (guint i = 0; i < batch->ops->len; i++)
		if (!store_op_set(a->store, g_array_index(batch->ops, gint64, i), OP_RUNNING, NULL, 0, error))
			return FALSE;
	return TRUE;
}

static gboolean
are_equal(const GArray *a, const GArray *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len * sizeof(msgid)) == 0);
}

/* Another process may have taken rows out of these ops, put others into them, or taken ops back, since they
 * were read: in this transaction it cannot any more. */
static gboolean
is_current(struct account *a, const struct batch *batch)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; i < batch->ops->len; i++) {
		struct store_op *op = store_op(a->store, g_array_index(batch->ops, gint64, i), NULL);

		if (!op)
			return FALSE;
		g_array_append_vals(ids, op->ids->data, op->ids->len);
		g_array_append_vals(sources, op->sources->data, op->sources->len);
		store_op_free(op);
	}
	return are_equal(ids, batch->op->ids) && are_equal(sources, batch->op->sources);
}

/* Marks those that are to run and hands them over after the commit. */
static gboolean
begin_batches(struct account *a, GPtrArray *batches, GError **error)
{
	gboolean ok = TRUE, current = TRUE;

	if (!batches->len)
		return TRUE;
	if (!store_begin(a->store, TRUE, error))
		return FALSE;
	for (guint i = 0; ok && i < batches->len; i++)
		ok = mark_running(a, batches->pdata[i], error);
	for (guint i = 0; ok && current && i < batches->len; i++)
		current = is_current(a, batches->pdata[i]);
	if (!ok || !current) {
		store_rollback(a->store);
		journal_touch(a); /* to read them again */
		wake_after(a, 0);
		return ok;
	}
	if (!store_commit(a->store, error))
		return FALSE;
	for (guint i = 0; i < batches->len; i++)
		replay_begin(a, batches->pdata[i]);
	return TRUE;
}

static gboolean
begin_ready(struct account *a, GPtrArray *ready, GError **error)
{
	g_autoptr(GPtrArray) batches = NULL;
	g_autoptr(GPtrArray) now = g_ptr_array_new();

	for (guint i = ready->len; i-- > 0;) {
		const struct store_op *op = ready->pdata[i];

		if (g_hash_table_contains(a->busy, &op->id))
			g_ptr_array_remove_index(ready, i);
		else if (replay_is_suspect(op))
			idset_add(a->alone, op->id);
	}
	batches = batches_of(ready, a->alone);
	for (guint i = 0; i < batches->len && a->replaying + now->len < AT_ONCE && !a->suspect; i++) {
		struct batch *batch = batches->pdata[i];

		if (batch->op->verb == OP_TRANSFER) {
			if (courier_is_free(a))
				courier_begin(a, batch->op);
			continue;
		}
		if ((replay_is_suspect(batch->op) && (a->replaying || now->len)) ||
		    leave_holds_up(a, batch->op))
			continue;
		a->suspect = replay_is_suspect(batch->op);
		g_ptr_array_add(now, batch);
	}
	return begin_batches(a, now, error);
}

static void
begin_checks(struct account *a, GPtrArray *ops, gint64 now)
{
	for (guint i = 0; i < ops->len && a->replaying < AT_ONCE; i++) {
		const struct store_op *op = ops->pdata[i];
		g_autoptr(GPtrArray) one = g_ptr_array_new();
		g_autoptr(GPtrArray) batches = NULL;

		if (op->state != OP_CHECKING || op->not_before > now ||
		    g_hash_table_contains(a->busy, &op->id))
			continue;
		g_ptr_array_add(one, (gpointer)op);
		batches = batches_of(one, a->alone);
		replay_begin_check(a, batches->pdata[0]);
	}
}

/* At the time the first of those that wait is due. */
static void
wake_when_due(struct account *a, GPtrArray *ops, gint64 now)
{
	gint64 first = G_MAXINT64;

	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if ((op->state == OP_WAITING || op->state == OP_CHECKING) && op->not_before > now)
			first = MIN(first, op->not_before);
	}
	loop_drop(&a->journal_wake);
	if (first != G_MAXINT64)
		wake_after(a, first - now);
}

/* Is there anything for which the journal has to be ours? */
static gboolean
is_called_for(struct account *a, GPtrArray *ops, GPtrArray *ready, gint64 now)
{
	for (guint i = 0; i < ready->len; i++)
		if (!g_hash_table_contains(a->busy, &((const struct store_op *)ready->pdata[i])->id))
			return TRUE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if ((op->state == OP_RUNNING || (op->state == OP_CHECKING && op->not_before <= now)) &&
		    !g_hash_table_contains(a->busy, &op->id))
			return TRUE;
	}
	return FALSE;
}

static gboolean
read_ops(struct account *a, GPtrArray *ops, GPtrArray *ready, gint64 now, GError **error)
{
	g_ptr_array_set_size(ops, 0);
	g_ptr_array_set_size(ready, 0);
	return store_ops(a->store, FALSE, now, ops, error) && store_ops(a->store, TRUE, now, ready, error);
}

static gboolean
look(struct account *a, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GPtrArray) ready = g_ptr_array_new_with_free_func(store_op_free);
	gint64 now = seconds();
	gboolean changed = FALSE;

	a->journal_quiet = TRUE;
	if (store_ops_waiting(a->store, NULL) <= 0)
		return TRUE;
	if (!read_ops(a, ops, ready, now, error))
		return FALSE;
	wake_when_due(a, ops, now);
	if (!is_called_for(a, ops, ready, now))
		return TRUE;
	if (!turn_take(a)) {
		a->journal_quiet = FALSE;
		a->journal_due = TRUE;
		return TRUE;
	}
	if (!recover(a, ops, &changed, error) || (changed && !read_ops(a, ops, ready, now, error)))
		return FALSE;
	begin_checks(a, ops, now);
	return begin_ready(a, ready, error);
}

/* What was put off goes at once, but not what links are lost with again and again. */
void
journal_hasten(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;
	gint64 now = seconds();
	gboolean ok = store_ops(a->store, FALSE, 0, ops, &error);

	for (guint i = 0; ok && i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if ((op->state != OP_WAITING && op->state != OP_CHECKING) || op->not_before <= now)
			continue;
		/* A wait that is longer than any was meant before the clock was set back. */
		if (visits(a) || !replay_is_suspect(op) || op->not_before > now + 2 * REPLAY_WAIT_LAST)
			ok = store_op_set(a->store, op->id, op->state, op->error, 0, &error);
	}
	if (!ok)
		journal_halt(a, error);
	journal_touch(a);
}

/* Folders that ops waited for have been looked at, or cannot be. */
static void
look_at_awaited(struct account *a)
{
	GHashTableIter iter;
	gboolean any = FALSE;
	gpointer key;

	g_hash_table_iter_init(&iter, a->awaited);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const struct progress *p = work_progress(a, *(const gint64 *)key);

		if (!p->opened && !p->error)
			continue;
		g_hash_table_iter_remove(&iter);
		any = TRUE;
	}
	if (any)
		journal_hasten(a);
	if (!g_hash_table_size(a->awaited))
		transfer_tell_sources(a);
}

void
journal_changed(struct account *a)
{
	journal_touch(a);
	account_hooks.folders(a);
	account_hooks.rows(0, a);
	journal_show(a);
}

/* Another process, or another account of this one, wrote into our store. */
static gboolean
notice(struct account *a)
{
	if (!store_changed(a->store))
		return FALSE;
	journal_changed(a);
	return TRUE;
}

void
journal_replay(struct account *a)
{
	GError *error = NULL;

	if ((a->link != LINK_UP && !visits(a)) || g_get_monotonic_time() < a->halted_until)
		return;
	look_at_awaited(a);
	notice(a);
	/* A folder that is being opened would have to be opened again. */
	if (!a->journal_due || a->replaying > AT_ONCE / 2 || a->lanes[LANE_PERSON].opening)
		return;
	a->journal_due = FALSE;
	if (!a->turn_since)
		g_clear_error(&a->journal_trouble);
	if (!look(a, &error))
		journal_halt(a, error);
	if (!g_hash_table_size(a->busy))
		turn_end(a);
}

gint64
journal_folder(struct account *a)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, a->awaited);
	return g_hash_table_iter_next(&iter, &key, NULL) ? *(const gint64 *)key : 0;
}

/* ---- from outside ---- */

/* Something that was under way is not any more. */
void
journal_released(struct account *a)
{
	if (!g_hash_table_size(a->busy))
		turn_end(a);
	if (!a->replaying)
		a->suspect = FALSE;
	journal_touch(a);
	journal_show(a);
	work_on(a);
}

/* Nobody looked for what came without a UID before the program ended, or the link was lost: another account
 * may wait for it. */
static void
await_again(struct account *a)
{
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(gint64));
	GError *error = NULL;

	if (!store_awaiting_folders(a->store, folders, &error))
		journal_halt(a, error);
	for (guint i = 0; i < folders->len; i++)
		replay_await(a, g_array_index(folders, gint64, i));
}

void
journal_linked(struct account *a)
{
	g_hash_table_remove_all(a->awaited);
	a->suspect = FALSE;
	a->later_none = FALSE;
	await_again(a);
	journal_hasten(a);
}

void
journal_look(struct account *a)
{
	if (notice(a))
		work_on(a);
}

static gboolean
poll_store(gpointer user)
{
	struct account *a = user;
	gint64 now = g_get_monotonic_time();
	GError *error = NULL;

	journal_look(a);
	if (now - a->expired_at < (a->expires ? EXPIRE_AGAIN : EXPIRE_SECONDS) * G_USEC_PER_SEC)
		return G_SOURCE_CONTINUE;
	a->expired_at = now;
	if (!store_expire(a->store, seconds(), &a->expires, &error))
		journal_halt(a, error);
	return G_SOURCE_CONTINUE;
}

void
journal_start_polling(struct account *a)
{
	a->expired_at = g_get_monotonic_time();
	loop_after(&a->journal_poll, a->context, POLL_MS, poll_store, a);
}
