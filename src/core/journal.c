#include "base/error.h"
#include "base/i18n.h"
#include "core/account-private.h"

/* The journal's way to the server. Ops go out in order; what is under way is marked so before, durably, and gone only after. */

enum { AT_ONCE = 16, WAIT_SECONDS = 30 };

struct replay {
	struct account *account;
	struct store_op *op;
};

void
journal_show(struct account *a)
{
	struct event *event = account_event(a, EVENT_QUEUE);
	gint64 failed = 0;

	event->have = (guint64)store_ops_waiting(a->store, &failed);
	event->total = (guint64)failed;
	account_post(a, event);
}

gboolean
journal_idle(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (a->replaying)
		return FALSE;
	return !store_ops(a->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, NULL) || !ops->len;
}

gboolean
journal_recover(struct account *a, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (!store_ops_recover(a->store, error) || !store_ops(a->store, FALSE, 0, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		/* Flags say what shall be, not what to change: saying it twice does no harm. */
		if (op->state == OP_CHECKING && op->verb == OP_FLAG && !store_op_set(a->store, op->id, OP_WAITING, NULL, 0, error))
			return FALSE;
	}
	return TRUE;
}

static void
tell_failure(struct account *a, const struct store_op *op, const char *why)
{
	struct event *event = account_event(a, EVENT_NOTICE);

	event->folder = op->folder;
	event->text = g_strdup(why);
	account_post(a, event);
	event = account_event(a, EVENT_ROWS);
	event->folder = op->folder;
	account_post(a, event);
}

static void
replayed(const GError *error, void *user)
{
	struct replay *replay = user;
	struct account *a = replay->account;
	struct store_op *op = replay->op;
	g_autoptr(GError) failed = NULL;
	int code = fulmar_error_status(error);

	a->replaying--;
	if (!error) {
		store_op_done(a->store, op->id, &failed);
	} else if (code == FULMAR_NO_LINK || error->code == FULMAR_CANCELLED) {
		gint64 now = g_get_real_time() / G_USEC_PER_SEC;

		store_op_set(a->store, op->id, OP_WAITING, NULL, a->link == LINK_UP ? now + WAIT_SECONDS : 0, &failed);
	} else {
		store_op_set(a->store, op->id, OP_FAILED, error->message, 0, &failed);
		tell_failure(a, op, error->message);
	}
	if (failed)
		tell_failure(a, op, failed->message);
	store_op_free(op);
	g_free(replay);
	journal_show(a);
	work_on(a);
}

void
journal_replay(struct account *a)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GError) error = NULL;

	if (a->link != LINK_UP || a->replaying || !store_ops(a->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &error))
		return;
	for (guint i = 0; ops->len && i < AT_ONCE; i++) {
		struct store_op *op = ops->pdata[0];
		struct replay *replay;

		if (!store_op_set(a->store, op->id, OP_RUNNING, NULL, 0, &error))
			return;
		replay = g_new(struct replay, 1);
		replay->account = a;
		replay->op = g_ptr_array_steal_index(ops, 0);
		a->replaying++;
		a->ops->replay(a->backend, op, replayed, replay);
	}
}
