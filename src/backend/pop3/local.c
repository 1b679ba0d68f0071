/* The journal's verbs, for folders that live in the store.
 *
 * What was wished is so here already; what is left to do is to say of each row where its message is now, as a
 * server would. Each slice is a transaction that takes its rows out of the op, so after a crash the rest is
 * gone on with: there is nothing that would have to be looked into.
 */
#include "backend/pop3/visit.h"

#include "base/error.h"
#include "base/i18n.h"
#include "store/maildrop.h"

enum { SLICE = 500 };

struct slice {
	struct backend *b;
	struct job *job;
	struct pop3_desk desk; /* of op->to */
};

/* ---- one row ---- */

static gboolean
arrive(struct slice *slice, msgid id, GError **error)
{
	const struct store_op *op = slice->job->op;

	return store_moved(slice->b->env->store, op->id, id, op->to, POP3_UIDVALIDITY, slice->desk.next++,
	                   NULL, error);
}

static gboolean
move_row(struct slice *slice, guint i, GError **error)
{
	return arrive(slice, g_array_index(slice->job->op->ids, msgid, i), error);
}

/* A message of which only the header was fetched is fetched before the copy counts as one: later it might be
 * gone from the server, and the copy would stay a header for ever. */
static gboolean
copy_row(struct slice *slice, guint i, GError **error)
{
	const struct store_op *op = slice->job->op;
	msgid id = g_array_index(op->ids, msgid, i), source = g_array_index(op->sources, msgid, i);
	gboolean lacking;

	if (!store_copy_body(slice->b->env->store, source, id, &lacking, error))
		return FALSE;
	if (!lacking)
		return arrive(slice, id, error);
	slice->job->lacking++;
	return TRUE;
}

static gboolean
purge_row(struct slice *slice, guint i, GError **error)
{
	const struct store_op *op = slice->job->op;

	return store_purged(slice->b->env->store, op->id, g_array_index(op->ids, msgid, i), error);
}

/* The new one first, then what it replaces. */
static gboolean
replace_row(struct slice *slice, guint i, GError **error)
{
	const struct store_op *op = slice->job->op;

	if (i < op->ids->len)
		return move_row(slice, i, error);
	return store_purged(slice->b->env->store, op->id, g_array_index(op->sources, msgid, i - op->ids->len),
	                    error);
}

/* ---- the verbs ---- */

/* Those without are over when they begin: what is so here is all there is. A transfer never comes here. */
static const struct {
	gboolean (*row)(struct slice *slice, guint i, GError **error);
	gboolean arrives; /* in op->to */
} verbs[OP_VERBS] = {
        [OP_MOVE] = {move_row, TRUE},       [OP_COPY] = {copy_row, TRUE}, [OP_APPEND] = {move_row, TRUE},
        [OP_REPLACE] = {replace_row, TRUE}, [OP_PURGE] = {purge_row},     [OP_EMPTY] = {purge_row},
        [OP_CREATE] = {NULL, TRUE},
};

static guint
count_rows(const struct store_op *op)
{
	return verbs[op->verb].row ? op->ids->len + (op->verb == OP_REPLACE ? op->sources->len : 0) : 0;
}

/* What is copied is nowhere else: it is on the disk before that counts as done. */
static gboolean
take_slice(struct slice *slice, GError **error)
{
	struct job *job = slice->job;
	const struct store_op *op = job->op;
	guint rows = count_rows(op), from = job->at;
	gboolean ok = TRUE;

	for (guint n = 0; ok && n < SLICE && job->at < rows; n++, job->at++)
		ok = verbs[op->verb].row(slice, job->at, error);
	return ok && (op->verb != OP_COPY ||
	              store_bodies_sync(slice->b->env->store, &g_array_index(op->ids, msgid, from),
	                                job->at - from, error));
}

static void
tell_rows(struct backend *b, const struct store_op *op)
{
	if (op->folder)
		b->env->hooks->rows(op->folder, b->env->user);
	if (op->to && op->to != op->folder)
		b->env->hooks->rows(op->to, b->env->user);
}

/* Whatever was wished can be done: if the store takes it not now, it does so later. */
static enum job_state
put_off(GError **error)
{
	if (error && *error && (*error)->domain == FULMAR_ERROR)
		(*error)->code = FULMAR_NO_LINK;
	return JOB_FAILED;
}

static enum job_state
end_replay(struct job *job, GError **error)
{
	if (!job->lacking)
		return JOB_DONE;
	fulmar_fail(error, FULMAR_NO_LINK,
	            ngettext("%u message has to be fetched before it can be copied",
	                     "%u messages have to be fetched before they can be copied", job->lacking),
	            job->lacking);
	return JOB_FAILED;
}

static enum job_state
replay_step(struct backend *b, struct job *job, GError **error)
{
	struct slice slice = {.b = b, .job = job};
	struct store *store = b->env->store;
	gboolean arrives = verbs[job->op->verb].arrives, ok;

	if (!store_begin(store, FALSE, error))
		return put_off(error);
	if (arrives && !pop3_desk_open(b, job->op->to, &slice.desk, error)) {
		store_rollback(store);
		return JOB_FAILED;
	}
	ok = take_slice(&slice, error) && (!arrives || pop3_desk_close(b, &slice.desk, error)) &&
	     (!job->op->folder || pop3_desk_look(b, job->op->folder, error));
	if (!ok || !store_commit(store, error)) {
		store_rollback(store);
		return put_off(error);
	}
	tell_rows(b, job->op);
	return job->at < count_rows(job->op) ? JOB_MORE : end_replay(job, error);
}

void
pop3_replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	struct job *job;

	if (!verbs[op->verb].row && !verbs[op->verb].arrives) {
		pop3_end(b, NULL, done, user);
		return;
	}
	job = g_new0(struct job, 1);
	job->step = replay_step;
	job->op = op;
	job->done = done;
	job->user = user;
	pop3_queue(b, job);
}

/* Rows that were through have left the op with that. */
void
pop3_check(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	pop3_end(b, NULL, done, user);
}
