/* The POP3 backend's table, and the queue of what it does without a link. */
#include "backend/pop3/pop3-private.h"

#include "backend/pop3/visit.h"
#include "base/loop.h"

/* ---- jobs ---- */

static gboolean run_turn(gpointer user);

static void
schedule(struct backend *b)
{
	if (!b->turn && !g_queue_is_empty(&b->jobs))
		loop_idle(&b->turn, b->env->context, run_turn, b);
}

static void
job_free(struct job *job)
{
	g_clear_error(&job->error);
	g_free(job);
}

static gboolean
run_turn(gpointer user)
{
	struct backend *b = user;
	struct job *job = g_queue_peek_head(&b->jobs);
	g_autoptr(GError) error = NULL;
	enum job_state state = job->step(b, job, &error);
	backend_done done = job->done;
	void *done_user = job->user;

	if (state == JOB_MORE)
		return G_SOURCE_CONTINUE;
	g_queue_pop_head(&b->jobs);
	job_free(job);
	loop_drop(&b->turn);
	schedule(b);
	/* Last: what comes after it may be the end of the backend. */
	done(error, done_user);
	return G_SOURCE_REMOVE;
}

void
pop3_queue(struct backend *b, struct job *job)
{
	g_queue_push_tail(&b->jobs, job);
	schedule(b);
}

static enum job_state
end_step(struct backend *b, struct job *job, GError **error)
{
	if (!job->error)
		return JOB_DONE;
	g_propagate_error(error, g_steal_pointer(&job->error));
	return JOB_FAILED;
}

void
pop3_end(struct backend *b, const GError *error, backend_done done, void *user)
{
	struct job *job = g_new0(struct job, 1);

	job->step = end_step;
	job->done = done;
	job->user = user;
	job->error = error ? g_error_copy(error) : NULL;
	pop3_queue(b, job);
}

/* ---- the table ---- */

static struct backend *
pop3_create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	g_queue_init(&b->jobs);
	return b;
}

static void
pop3_destroy(struct backend *b)
{
	struct job *job;

	pop3_visit_free(b->visit);
	loop_drop(&b->turn);
	while ((job = g_queue_pop_head(&b->jobs)))
		job_free(job);
	g_free(b);
}

const struct backend_ops backend_pop3 = {
        .name = "pop3",
        .remote = TRUE,
        .create = pop3_create,
        .destroy = pop3_destroy,
        .link = pop3_link,
        .unlink = pop3_unlink,
        .secret = pop3_secret,
        .folders = pop3_folders,
        .open = pop3_open,
        .fill = pop3_fill,
        .part = pop3_part,
        .parts = pop3_parts,
        .replay = pop3_replay,
        .check = pop3_check,
        .name_folder = pop3_name_folder,
        .depart = pop3_depart,
        .respite = pop3_respite,
        .paused = pop3_paused,
        .in_use = pop3_in_use,
        .early = pop3_early,
};
