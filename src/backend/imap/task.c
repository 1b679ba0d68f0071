#include "backend/imap/imap-private.h"

/* Verbs under way: each ends once, from the main loop, when the last of its holds is released. */

static void
task_end(struct backend *b, struct imap_task *task)
{
	backend_done done = task->done;
	void *ctx = task->user;
	g_autoptr(GError) error = g_steal_pointer(&task->error);

	b->tasks = g_list_remove(b->tasks, task);
	g_free(task);
	done(error, ctx);
}

void
imap_tasks_run(struct backend *b)
{
	GQueue ended = b->finished;
	struct imap_task *task;

	/* Only what ended before: what these callbacks begin and end at once has another turn. */
	g_queue_init(&b->finished);
	while ((task = g_queue_pop_head(&ended)))
		task_end(b, task);
}

gboolean
imap_steps_run(struct backend *b)
{
	GQueue ended = b->finished;
	struct imap_task *task;
	gboolean any = FALSE;

	g_queue_init(&b->finished);
	while ((task = g_queue_pop_head(&ended))) {
		any |= task->step;
		if (task->step)
			task_end(b, task);
		else
			g_queue_push_tail(&b->finished, task);
	}
	return any;
}

static void
task_free(gpointer user)
{
	struct imap_task *task = user;

	g_clear_error(&task->error);
	g_free(task);
}

void
imap_tasks_clear(struct backend *b)
{
	struct imap_task *task;

	while ((task = g_queue_pop_head(&b->finished)))
		if (task->step)
			task_end(b, task);
	g_list_free_full(g_steal_pointer(&b->tasks), task_free);
}

/* While the end of the link is still to be told they wait for that. */
static gboolean
run_finished(gpointer user)
{
	struct backend *b = user;

	g_clear_pointer(&b->wake, g_source_unref);
	if (b->lost)
		return G_SOURCE_REMOVE;
	imap_tasks_run(b);
	imap_watch_resume(b);
	return G_SOURCE_REMOVE;
}

static void
wake(struct backend *b)
{
	if (b->wake)
		return;
	b->wake = g_idle_source_new();
	g_source_set_priority(b->wake, G_PRIORITY_DEFAULT);
	g_source_set_callback(b->wake, run_finished, b, NULL);
	g_source_attach(b->wake, b->env->context);
}

struct imap_task *
imap_task_new(struct backend *b, backend_done done, void *user)
{
	struct imap_task *task = g_new0(struct imap_task, 1);

	task->b = b;
	task->done = done;
	task->user = user;
	task->holds = 1;
	b->tasks = g_list_prepend(b->tasks, task);
	return task;
}

struct imap_task *
imap_step_new(struct backend *b, backend_done done, void *user)
{
	struct imap_task *task = imap_task_new(b, done, user);

	task->step = TRUE;
	return task;
}

void
imap_task_hold(struct imap_task *task)
{
	task->holds++;
}

void
imap_task_release(struct imap_task *task, const GError *error)
{
	if (error && !task->error)
		task->error = g_error_copy(error);
	if (--task->holds)
		return;
	g_queue_push_tail(&task->b->finished, task);
	wake(task->b);
}

void
imap_task_cmd_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                   const GError *error)
{
	imap_task_release(cmd->user, error);
}
