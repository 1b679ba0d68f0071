#include "backend/imap/act.h"

/* After a crash: how far did an op come? What is found to be through is told to the store; what is left may
 * be carried out again.
 *
 * A move is through when the message is gone from its place and found in the target. One by hand may have
 * stopped between the copy and the end of the original: then the original goes now, as copying again would
 * make a second. What replaces another is an arrival; the end of the other is left to be repeated. What only
 * says how things shall be, and what concerns a set of the person's choice alone, is simply repeated.
 */

static void
end_check(struct act *act)
{
	/* What could not be finished here is tried again by replay, which says why. */
	g_clear_error(&act->refusal);
	act->left = FALSE;
	act_end(act);
}

static void
finish_move(struct act *act)
{
	act_remove_originals(act, ACT_COPIED, act_tell_moved, end_check);
}

static void
moves_located(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		if (row->state != ACT_SOUGHT)
			continue;
		if (row->found && row->seen) {
			act_remember_half(act, row);
			row->state = ACT_COPIED;
		} else if (row->found)
			act_tell_moved(act, row);
		else if (!row->seen)
			act_tell_gone(act, row);
	}
	finish_move(act);
}

/* A MOVE either has taken the message from its place or has done nothing. */
static void
originals_seen(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++) {
		struct act_row *row = act_at(act, i);

		row->strict = row->seen;
		row->state = row->seen && imap_has(act->b, "MOVE") ? ACT_LEFT : ACT_SOUGHT;
	}
	act_locate(act, act->op->mark, moves_located);
}

static void
check_move(struct act *act)
{
	act_step(act, originals_seen);
	act_look(act, ACT_WAITS);
	act_step_end(act);
}

static void
arrivals_located(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++)
		if (act_at(act, i)->state == ACT_SOUGHT && act_at(act, i)->found)
			act_tell_moved(act, act_at(act, i));
	end_check(act);
}

static void
check_arrivals(struct act *act)
{
	for (guint i = 0; i < act->rows->len; i++)
		act_at(act, i)->state = act_at(act, i)->replaced ? ACT_LEFT : ACT_SOUGHT;
	act_locate(act, act->op->mark, arrivals_located);
}

void
imap_check(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	if (op->verb == OP_MOVE)
		act_begin(b, op, check_move, done, user);
	else if (op->verb == OP_COPY || op->verb == OP_APPEND || op->verb == OP_REPLACE)
		act_begin(b, op, check_arrivals, done, user);
	else
		task_release(task_new(&b->tasks, done, user), NULL);
}
