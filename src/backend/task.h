/* Verbs under way: each ends once, from the main loop, when the last of its holds was released. For the
 * thread of the context alone. */
#ifndef FULMAR_BACKEND_TASK_H
#define FULMAR_BACKEND_TASK_H

#include "backend/backend.h"

struct tasks {
	GMainContext *context;
	GQueue finished; /* struct task * whose done is to run */
	GList *all;      /* struct task * */
	GSource *wake;
	gboolean held;             /* ends wait: that of the link is still to be told */
	void (*after)(void *user); /* some have ended; or NULL */
	void *user;
};

struct task {
	struct tasks *tasks;
	backend_done done;
	void *user;
	void (*forget)(void *user); /* when done will not run after all; or NULL */
	guint holds;
	gboolean step; /* of a verb: its done is ours */
	GError *error; /* the first */
};

void tasks_init(struct tasks *tasks, GMainContext *context, void (*after)(void *user), void *user);
/* Runs what has ended; what these ends begin and end at once has another turn. */
void tasks_run(struct tasks *tasks);
/* Of that the steps alone; FALSE: there were none. */
gboolean tasks_run_steps(struct tasks *tasks);
/* Steps that have ended end; no other done runs any more. */
void tasks_clear(struct tasks *tasks);

/* With one hold. */
struct task *task_new(struct tasks *tasks, backend_done done, void *user);
/* The same for a step of a verb: its done runs even when the backend is destroyed, and owns what user is. */
struct task *step_new(struct tasks *tasks, backend_done done, void *user);
void task_hold(struct task *task);
/* Releases one; error (lent, may be NULL) is kept if it is the first. */
void task_release(struct task *task, const GError *error);

#endif
