#include "backend/task.h"

#include "base/loop.h"

void
tasks_init(struct tasks *tasks, GMainContext *context, void (*after)(void *user), void *user)
{
	*tasks = (struct tasks){.context = context, .after = after, .user = user};
	g_queue_init(&tasks->finished);
}

static void
task_free(gpointer user)
{
	struct task *task = user;

	if (task->forget)
		task->forget(task->user);
	g_clear_error(&task->error);
	g_free(task);
}

static void
task_end(struct task *task)
{
	backend_done done = task->done;
	void *user = task->user;
	g_autoptr(GError) error = g_steal_pointer(&task->error);

	task->tasks->all = g_list_remove(task->tasks->all, task);
	g_free(task);
	done(error, user);
}

void
tasks_run(struct tasks *tasks)
{
	GQueue ended = tasks->finished;
	struct task *task;

	g_queue_init(&tasks->finished);
	while ((task = g_queue_pop_head(&ended)))
		task_end(task);
}

gboolean
tasks_run_steps(struct tasks *tasks)
{
	GQueue ended = tasks->finished;
	struct task *task;
	gboolean any = FALSE;

	g_queue_init(&tasks->finished);
	while ((task = g_queue_pop_head(&ended))) {
		any |= task->step;
		if (task->step)
			task_end(task);
		else
			g_queue_push_tail(&tasks->finished, task);
	}
	return any;
}

void
tasks_clear(struct tasks *tasks)
{
	struct task *task;

	while ((task = g_queue_pop_head(&tasks->finished)))
		if (task->step)
			task_end(task);
	loop_drop(&tasks->wake);
	g_list_free_full(g_steal_pointer(&tasks->all), task_free);
}

static gboolean
run_finished(gpointer user)
{
	struct tasks *tasks = user;

	loop_drop(&tasks->wake);
	if (tasks->held)
		return G_SOURCE_REMOVE;
	tasks_run(tasks);
	if (tasks->after)
		tasks->after(tasks->user);
	return G_SOURCE_REMOVE;
}

struct task *
task_new(struct tasks *tasks, backend_done done, void *user)
{
	struct task *task = g_new0(struct task, 1);

	task->tasks = tasks;
	task->done = done;
	task->user = user;
	task->holds = 1;
	tasks->all = g_list_prepend(tasks->all, task);
	return task;
}

struct task *
step_new(struct tasks *tasks, backend_done done, void *user)
{
	struct task *task = task_new(tasks, done, user);

	task->step = TRUE;
	return task;
}

void
task_hold(struct task *task)
{
	task->holds++;
}

void
task_release(struct task *task, const GError *error)
{
	if (error && !task->error)
		task->error = g_error_copy(error);
	if (--task->holds)
		return;
	g_queue_push_tail(&task->tasks->finished, task);
	if (!task->tasks->wake)
		loop_now(&task->tasks->wake, task->tasks->context, run_finished, task->tasks);
}
