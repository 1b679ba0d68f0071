#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "base/loop.h"
#include "core/account-private.h"

/* The journal's way to the server. Ops that may run are put together where they are alike and handed to the
 * backend, several at once: what is under way is marked so before, durably, and gone only after. What a crash
 * or a lost link left under way is looked into on the server before it is said again. A chain that fails is
 * parked, one that is refused for now waits longer and longer; neither holds up others. */

enum {
	AT_ONCE = 16,
	HALT_SECONDS = 30,
	WAIT_LAST = 300,
	ATTEMPTS_TOGETHER = 6,
	POLL_MS = 1000,
	EXPIRE_SECONDS = 600
};

struct replay {
	struct account *account;
	struct batch *batch;
	gboolean checking;
	gint64 link; /* a->up_since when it began: the link it is on */
	GError *error;
	GSource *source; /* until it is clear what became of the link */
};

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
journal_tell(struct account *a, gint64 folder, const char *text)
{
	struct event *event;

	if (a->flags & ACCOUNT_BATCH)
		return;
	event = account_event(a, EVENT_NOTICE);
	event->folder = folder;
	event->text = g_strdup(text);
	account_post(a, event);
}

static gboolean
is_of_folders(const struct store_op *op)
{
	return op->verb == OP_CREATE || op->verb == OP_RENAME || op->verb == OP_REMOVE ||
	       op->verb == OP_SUBSCRIBE;
}

void
journal_tell_op(struct account *a, const struct store_op *op)
{
	if (is_of_folders(op))
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

static void
replay_free(gpointer user)
{
	struct replay *replay = user;

	replay->account->replays = g_list_remove(replay->account->replays, replay);
	loop_drop(&replay->source);
	g_clear_error(&replay->error);
	batch_free(replay->batch);
	g_free(replay);
}

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
	g_list_free_full(g_steal_pointer(&a->replays), replay_free);
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

/* Flags and subscriptions say what shall be, not what to change, so saying them twice does no harm; a
 * transfer knows by itself how far it came. */
static gboolean
may_be_repeated(const struct store_op *op)
{
	return op->verb == OP_FLAG || op->verb == OP_SUBSCRIBE || op->verb == OP_TRANSFER;
}

/* Under the lock: ops that are marked as under way and are not ours are nobody's. */
static gboolean
recover(struct account *a, GPtrArray *ops, gboolean *changed, GError **error)
{
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];
		gboolean left = op->state == OP_RUNNING && !g_hash_table_contains(a->busy, &op->id),
		         again = may_be_repeated(op);

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

	if (!store_expire(a->store, seconds(), error))
		return FALSE;
	if (!turn_take(a))
		return TRUE;
	ok = store_ops(a->store, FALSE, 0, ops, error) && recover(a, ops, &changed, error) &&
	     transfer_recover(a, ops, error) && transfer_take_back_again(a, error);
	turn_end(a);
	return ok;
}

/* ---- how a verb ended ---- */

gint64
journal_wait(int attempts)
{
	gint64 wait = MIN(1 << CLAMP(attempts - 1, 0, 9), WAIT_LAST);

	return wait + g_random_int_range(0, (gint32)wait / 4 + 1);
}

/* What is left of an op after the server was asked may go out again. */
static gboolean
checked(struct account *a, gint64 id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_op *op = store_op(a->store, id, &failed);
	gboolean through = op && !op->ids->len && !is_of_folders(op) && op->verb != OP_EMPTY &&
	                   !(op->verb == OP_FLAG && op->upto);
	gboolean ok = TRUE;

	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	else if (through)
		ok = store_op_done(a->store, id, error);
	else if (op)
		ok = store_op_set(a->store, id, OP_WAITING, NULL, 0, error);
	store_op_free(op);
	return ok && !(error && *error);
}

static gboolean
lost_its_link(const struct replay *replay)
{
	const struct account *a = replay->account;

	return a->link != LINK_UP || a->up_since != replay->link;
}

/* The link went while it was under way: perhaps the server has done it all the same. */
static gboolean
cut_off(struct account *a, const struct replay *replay, gint64 id, GError **error)
{
	const struct store_op *op = replay->batch->op;
	gint64 until = op->attempts >= ATTEMPTS_TOGETHER ? seconds() + journal_wait(op->attempts) : 0;

	return store_op_set(a->store, id, may_be_repeated(op) && !replay->checking ? OP_WAITING : OP_CHECKING,
	                    NULL, until, error);
}

static gboolean
settle(struct account *a, const struct replay *replay, gint64 id, const GError *why, GError **error)
{
	const struct store_op *op = replay->batch->op;
	enum op_state again = replay->checking ? OP_CHECKING : OP_WAITING;
	gboolean put_off = why && (why->code == FULMAR_NO_LINK || why->code == FULMAR_CANCELLED) &&
	                   why->domain == FULMAR_ERROR;

	if (!why)
		return replay->checking ? checked(a, id, error) : store_op_done(a->store, id, error);
	if (put_off && lost_its_link(replay))
		return cut_off(a, replay, id, error);
	/* Those that can go are not held up by those that cannot. */
	if (put_off && replay->batch->ops->len > 1)
		idset_add(a->alone, id);
	if (put_off)
		return store_op_set(a->store, id, again, why->message, seconds() + journal_wait(op->attempts),
		                    error);
	if (replay->batch->ops->len > 1) { /* which of them it is shows when each goes alone */
		idset_add(a->alone, id);
		return store_op_set(a->store, id, OP_WAITING, NULL, 0, error);
	}
	return store_op_set(a->store, id, OP_FAILED, why->message, 0, error);
}

/* Where the server has the message under a UID that is not known yet, 0: nowhere such. */
static gint64
unnamed_in(struct account *a, msgid id)
{
	g_autofree char *file = NULL;
	gint64 folder = 0;
	guint64 uid = 0;

	if (store_place(a->store, id, &folder, &uid, &file, NULL) != 1 || uid || file)
		return 0;
	return folder;
}

static void
await_one(struct account *a, gint64 folder)
{
	if (!folder || g_hash_table_contains(a->awaited, &folder))
		return;
	idset_add(a->awaited, folder);
	work_again(a, folder);
}

/* The backend cannot name the messages before their folders were looked at. */
static void
await_folders(struct account *a, const struct store_op *op)
{
	gboolean any = FALSE;

	for (guint i = 0; i < op->ids->len; i++) {
		gint64 folder = unnamed_in(a, g_array_index(op->ids, msgid, i));

		await_one(a, folder);
		any |= folder != 0;
	}
	for (guint i = 0; i < op->sources->len; i++) {
		gint64 folder = unnamed_in(a, g_array_index(op->sources, msgid, i));

		await_one(a, folder);
		any |= folder != 0;
	}
	if (!any)
		await_one(a, op->folder ? op->folder : op->to);
}

static gboolean
is_bound(struct account *a, const struct store_op *op)
{
	for (guint i = 0; i < op->ids->len; i++)
		if (unnamed_in(a, g_array_index(op->ids, msgid, i)))
			return FALSE;
	return TRUE;
}

/* Rows that came without a UID get it with the next look at their folder. */
static void
bind(struct account *a, const struct store_op *op)
{
	gboolean bound;

	if (op->verb != OP_MOVE && op->verb != OP_COPY && op->verb != OP_APPEND)
		return;
	bound = is_bound(a, op);
	if (op->verb == OP_APPEND && transfer_is_source(op->key)) {
		/* Another account waits for it. */
		g_hash_table_add(a->sources, g_strdup(op->key));
		if (!bound)
			await_folders(a, op);
	} else if (!bound) {
		work_again(a, op->to);
	}
}

static gboolean
settle_all(struct replay *replay, const GError *why, GError **error)
{
	struct account *a = replay->account;
	gboolean ok = store_begin(a->store, TRUE, error);

	for (guint i = 0; ok && i < replay->batch->ops->len; i++)
		ok = settle(a, replay, g_array_index(replay->batch->ops, gint64, i), why, error);
	if (ok)
		return store_commit(a->store, error);
	store_rollback(a->store);
	return FALSE;
}

static void
ended(struct replay *replay, const GError *why)
{
	struct account *a = replay->account;
	const struct batch *batch = replay->batch;
	GError *failed = NULL;
	gboolean refused = why && batch->ops->len == 1 && why->code != FULMAR_CANCELLED &&
	                   fulmar_error_status(why) != FULMAR_NO_LINK;

	a->replaying--;
	if (!settle_all(replay, why, &failed))
		journal_halt(a, failed);
	for (guint i = 0; i < batch->ops->len; i++)
		g_hash_table_remove(a->busy, &g_array_index(batch->ops, gint64, i));
	if (refused)
		journal_tell(a, batch->op->folder, why->message);
	if (why && why->code == FULMAR_CANCELLED && !lost_its_link(replay))
		await_folders(a, batch->op);
	if (!why)
		bind(a, batch->op);
	journal_tell_op(a, batch->op);
	journal_released(a);
}

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

static gboolean
link_is_clear(gpointer user)
{
	struct replay *replay = user;

	ended(replay, replay->error);
	replay_free(replay);
	return G_SOURCE_REMOVE;
}

/* The link's end is told after its verbs have ended. Only then can it be seen whether the server refused this
 * for now, and is to be asked later, or is not there and is to be asked as soon as it is. */
static void
replayed(const GError *error, void *user)
{
	struct replay *replay = user;

	if (fulmar_error_status(error) != FULMAR_NO_LINK && (!error || error->code != FULMAR_CANCELLED)) {
		ended(replay, error);
		replay_free(replay);
		return;
	}
	replay->error = g_error_copy(error);
	loop_idle(&replay->source, replay->account->context, link_is_clear, replay);
}

/* ---- beginning ---- */

static struct replay *
replay_new(struct account *a, const struct batch *batch, gboolean checking)
{
	struct replay *replay = g_new0(struct replay, 1);

	replay->account = a;
	replay->batch = batch_copy(batch);
	replay->checking = checking;
	replay->link = a->up_since;
	a->replays = g_list_prepend(a->replays, replay);
	a->replaying++;
	for (guint i = 0; i < batch->ops->len; i++)
		idset_add(a->busy, g_array_index(batch->ops, gint64, i));
	return replay;
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

/* Another process may have taken rows out of these ops, or ops back, since they were read: in this
 * transaction it cannot any more. */
static gboolean
is_current(struct account *a, const struct batch *batch)
{
	guint rows = 0;

	for (guint i = 0; i < batch->ops->len; i++) {
		struct store_op *op = store_op(a->store, g_array_index(batch->ops, gint64, i), NULL);

		if (!op)
			return FALSE;
		rows += op->ids->len;
		store_op_free(op);
	}
	return rows == batch->op->ids->len;
}

/* The one from which what each of them makes, or has made, is found. */
static guint64
mark_of(struct account *a, const struct batch *batch)
{
	guint64 mark = G_MAXUINT64;

	for (guint i = 0; i < batch->ops->len; i++) {
		struct store_op *op = store_op(a->store, g_array_index(batch->ops, gint64, i), NULL);

		mark = MIN(mark, op ? op->mark : 0);
		store_op_free(op);
	}
	return mark;
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
	for (guint i = 0; i < batches->len; i++) {
		struct replay *replay = replay_new(a, batches->pdata[i], FALSE);

		replay->batch->op->mark = mark_of(a, replay->batch);
		replay->batch->op->attempts++;
		a->ops->replay(a->backend, replay->batch->op, replayed, replay);
	}
	return TRUE;
}

/* An op that links were lost with again and again goes out with no other, so that it does not take them down
 * too. */
static gboolean
is_suspect(const struct store_op *op)
{
	return op->attempts >= ATTEMPTS_TOGETHER;
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
		else if (is_suspect(op))
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
		if (is_suspect(batch->op) && (a->replaying || now->len))
			continue;
		a->suspect = is_suspect(batch->op);
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
		struct replay *replay;

		if (op->state != OP_CHECKING || op->not_before > now ||
		    g_hash_table_contains(a->busy, &op->id))
			continue;
		g_ptr_array_add(one, (gpointer)op);
		batches = batches_of(one, a->alone);
		replay = replay_new(a, batches->pdata[0], TRUE);
		a->ops->check(a->backend, replay->batch->op, replayed, replay);
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

	if (a->link != LINK_UP || g_get_monotonic_time() < a->halted_until)
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

/* What was put off goes at once, but not what fails again and again. */
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
		if (!is_suspect(op) || op->not_before > now + 2 * WAIT_LAST)
			ok = store_op_set(a->store, op->id, op->state, op->error, 0, &error);
	}
	if (!ok)
		journal_halt(a, error);
	journal_touch(a);
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
		await_one(a, g_array_index(folders, gint64, i));
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
	if (now - a->expired_at < EXPIRE_SECONDS * G_USEC_PER_SEC)
		return G_SOURCE_CONTINUE;
	a->expired_at = now;
	if (!store_expire(a->store, seconds(), &error))
		journal_halt(a, error);
	return G_SOURCE_CONTINUE;
}

void
journal_start_polling(struct account *a)
{
	a->expired_at = g_get_monotonic_time();
	loop_after(&a->journal_poll, a->context, POLL_MS, poll_store, a);
}
