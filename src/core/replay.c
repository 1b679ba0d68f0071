#include <string.h>
#include "base/error.h"
#include "base/idset.h"
#include "base/loop.h"
#include "core/account-private.h"

/* One batch on its way: handed to the backend, and what its end means for each of its ops. What was refused
 * for now waits longer and longer, what a lost link left open is looked into, what was refused for good is
 * parked; rows that came without a UID have their folder looked at. */

enum { ATTEMPTS_TOGETHER = 6 };

struct replay {
	struct account *account;
	struct batch *batch;
	gboolean checking;
	gint64 link; /* a->up_since when it began: the link it is on */
	GError *error;
	GSource *source; /* until it is clear what became of the link */
};

gboolean
replay_is_of_folders(const struct store_op *op)
{
	return op->verb == OP_CREATE || op->verb == OP_RENAME || op->verb == OP_REMOVE ||
	       op->verb == OP_SUBSCRIBE;
}

/* Flags and subscriptions say what shall be, not what to change, so saying them twice does no harm; a
 * transfer knows by itself how far it came. */
gboolean
replay_may_be_repeated(const struct store_op *op)
{
	return op->verb == OP_FLAG || op->verb == OP_SUBSCRIBE || op->verb == OP_TRANSFER;
}

/* An op that links were lost with again and again goes out with no other, so that it does not take them down
 * too. */
gboolean
replay_is_suspect(const struct store_op *op)
{
	return op->attempts >= ATTEMPTS_TOGETHER;
}

gint64
replay_wait(int attempts)
{
	gint64 wait = MIN(1 << CLAMP(attempts - 1, 0, 9), REPLAY_WAIT_LAST);

	return wait + g_random_int_range(0, (gint32)wait / 4 + 1);
}

static gint64
waits_until(int attempts)
{
	return g_get_real_time() / G_USEC_PER_SEC + replay_wait(attempts);
}

/* ---- rows without a UID ---- */

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

void
replay_await(struct account *a, gint64 folder)
{
	if (!folder || g_hash_table_contains(a->awaited, &folder))
		return;
	idset_add(a->awaited, folder);
	work_again(a, folder);
}

static gboolean
await_rows(struct account *a, const GArray *ids)
{
	gboolean any = FALSE;

	for (guint i = 0; i < ids->len; i++) {
		gint64 folder = unnamed_in(a, g_array_index(ids, msgid, i));

		replay_await(a, folder);
		any |= folder != 0;
	}
	return any;
}

/* The backend cannot name the messages before their folders were looked at. */
static void
await_folders(struct account *a, const struct store_op *op)
{
	gboolean any = await_rows(a, op->ids);

	any |= await_rows(a, op->sources);
	if (!any)
		replay_await(a, op->folder ? op->folder : op->to);
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

	if (op->verb != OP_MOVE && op->verb != OP_COPY && op->verb != OP_APPEND && op->verb != OP_REPLACE)
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

/* ---- how it ended ---- */

/* What is left of an op after the server was asked may go out again. */
static gboolean
checked(struct account *a, gint64 id, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct store_op *op = store_op(a->store, id, &failed);
	gboolean through = op && !op->ids->len && !op->sources->len && !replay_is_of_folders(op) &&
	                   op->verb != OP_EMPTY && !(op->verb == OP_FLAG && op->upto);
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

	return !visits(a) && (a->link != LINK_UP || a->up_since != replay->link);
}

/* The link went while it was under way: perhaps the server has done it all the same. */
static gboolean
cut_off(struct account *a, const struct replay *replay, gint64 id, GError **error)
{
	const struct store_op *op = replay->batch->op;
	gint64 until = replay_is_suspect(op) ? waits_until(op->attempts) : 0;

	return store_op_set(a->store, id,
	                    replay_may_be_repeated(op) && !replay->checking ? OP_WAITING : OP_CHECKING, NULL,
	                    until, error);
}

/* What was read is new again, as the server has it; nobody asked for it and nobody is told. */
static gboolean
is_unasked(const struct store_op *op)
{
	return op->verb == OP_FLAG && !strcmp(op->arg, OP_UNASKED);
}

static gboolean
refuse(struct account *a, const struct store_op *op, gint64 id, const GError *why, GError **error)
{
	if (!is_unasked(op))
		return store_op_set(a->store, id, OP_FAILED, why->message, 0, error);
	return store_op_set(a->store, id, OP_WAITING, NULL, 0, error) && store_op_drop(a->store, id, error);
}

static gboolean
settle(struct account *a, const struct replay *replay, gint64 id, const GError *why, GError **error)
{
	const struct store_op *op = replay->batch->op;
	enum op_state again = replay->checking ? OP_CHECKING : OP_WAITING;
	gboolean put_off = link_may_mend(why);

	if (!why)
		return replay->checking ? checked(a, id, error) : store_op_done(a->store, id, error);
	if (put_off && lost_its_link(replay))
		return cut_off(a, replay, id, error);
	/* Those that can go are not held up by those that cannot. */
	if (put_off && replay->batch->ops->len > 1)
		idset_add(a->alone, id);
	if (put_off)
		return store_op_set(a->store, id, again, why->message, waits_until(op->attempts), error);
	if (replay->batch->ops->len > 1) { /* which of them it is shows when each goes alone */
		idset_add(a->alone, id);
		return store_op_set(a->store, id, OP_WAITING, NULL, 0, error);
	}
	return refuse(a, op, id, why, error);
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
	gboolean refused = why && batch->ops->len == 1 && !is_unasked(batch->op) &&
	                   why->code != FULMAR_CANCELLED && fulmar_error_status(why) != FULMAR_NO_LINK;

	a->replaying--;
	if (!settle_all(replay, why, &failed))
		journal_halt(a, failed);
	for (guint i = 0; i < batch->ops->len; i++)
		g_hash_table_remove(a->busy, &g_array_index(batch->ops, gint64, i));
	if (refused)
		journal_tell(a, g_array_index(batch->ops, gint64, 0), why->message);
	if (why && why->code == FULMAR_CANCELLED && !lost_its_link(replay))
		await_folders(a, batch->op);
	if (!why)
		bind(a, batch->op);
	journal_tell_op(a, batch->op);
	journal_released(a);
	/* A copy of what is here as a header alone is worth a visit; what that does not bring waits for
	 * others. */
	if (visits(a) && why && batch->op->verb == OP_COPY && batch->op->attempts == 1)
		link_want(a);
}

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

/* ---- beginning and stopping ---- */

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

void
replay_begin(struct account *a, const struct batch *batch)
{
	struct replay *replay = replay_new(a, batch, FALSE);

	replay->batch->op->mark = mark_of(a, replay->batch);
	replay->batch->op->attempts++;
	a->ops->replay(a->backend, replay->batch->op, replayed, replay);
}

void
replay_begin_check(struct account *a, const struct batch *batch)
{
	struct replay *replay = replay_new(a, batch, TRUE);

	a->ops->check(a->backend, replay->batch->op, replayed, replay);
}

void
replay_stop_all(struct account *a)
{
	g_list_free_full(g_steal_pointer(&a->replays), replay_free);
}
