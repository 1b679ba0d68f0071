#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/log.h"
#include "ui/ui-private.h"

/* Large messages are laid out in a thread of their own: the document goes there, and comes back whole. Until
 * then the UI thread looks at nothing of it but its envelope. */
struct layout_job {
	struct document *document;
	int width, columns;
};

struct layout_worker {
	GThreadPool *pool;
	GAsyncQueue *done; /* struct document * */
	int wake;          /* eventfd: something is in done */
};

static void
run(gpointer data, gpointer user)
{
	struct layout_job *job = data;
	struct layout_worker *worker = user;
	guint64 one = 1;

	document_render(job->document, job->width, job->columns);
	g_async_queue_push(worker->done, job->document);
	/* It can only fail when it is full, and then the reader wakes anyway. */
	if (write(worker->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_note(LOG_UI, "eventfd: %s", g_strerror(errno));
	g_free(job);
}

struct layout_worker *
layout_worker_new(void)
{
	struct layout_worker *worker = g_new0(struct layout_worker, 1);

	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->done = g_async_queue_new();
	return worker;
}

int
layout_worker_fd(const struct layout_worker *worker)
{
	return worker->wake;
}

/* Without an eventfd or a thread it is done here and now. */
gboolean
layout_worker_take(struct layout_worker *worker, struct document *document, int width, int columns)
{
	struct layout_job *job;

	if (worker->wake >= 0 && !worker->pool)
		worker->pool = g_thread_pool_new(run, worker, 1, FALSE, NULL);
	if (!worker->pool)
		return FALSE;
	job = g_new0(struct layout_job, 1);
	*job = (struct layout_job){document, width, columns};
	g_thread_pool_push(worker->pool, job, NULL);
	return TRUE;
}

struct document *
layout_worker_next(struct layout_worker *worker)
{
	guint64 count;
	struct document *document = g_async_queue_try_pop(worker->done);

	if (!document && worker->wake >= 0 && read(worker->wake, &count, sizeof(count)) > 0)
		document = g_async_queue_try_pop(worker->done);
	return document;
}

void
layout_worker_finish(struct layout_worker *worker)
{
	if (worker->pool)
		g_thread_pool_free(worker->pool, FALSE, TRUE);
	worker->pool = NULL;
}

void
layout_worker_free(struct layout_worker *worker)
{
	layout_worker_finish(worker);
	g_async_queue_unref(worker->done);
	if (worker->wake >= 0)
		close(worker->wake);
	g_free(worker);
}
