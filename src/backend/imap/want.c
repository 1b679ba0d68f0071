#include "backend/imap/want.h"

#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

/* The sections that are asked for, and who waits for each. */

struct imap_want *
want_of(struct backend *b, guint64 uid, const char *section)
{
	for (GList *l = b->wants.head; l; l = l->next) {
		struct imap_want *w = l->data;

		if (w->uid == uid && w->folder == b->box.folder && !w->finished && !w->error &&
		    !g_ascii_strcasecmp(w->section, section))
			return w;
	}
	return NULL;
}

void
want_wait(struct imap_want *w, struct task *task, void (*progress)(guint64, guint64, void *))
{
	struct imap_waiter waiter = {task, progress};

	task_hold(task);
	g_array_append_val(w->waiters, waiter);
}

void
want_tell(const struct imap_want *w)
{
	for (guint i = 0; i < w->waiters->len; i++) {
		const struct imap_waiter *waiter = &g_array_index(w->waiters, struct imap_waiter, i);

		if (waiter->progress)
			waiter->progress(w->have, w->total, waiter->task->user);
	}
}

void
want_free(struct imap_want *w)
{
	g_array_unref(w->waiters);
	g_clear_error(&w->error);
	g_free(w->section);
	g_free(w->kept);
	g_free(w);
}

/* by: 1 or -1. How many there are of a message is kept beside, since mostly there is none. */
static void
count_want(struct backend *b, const struct imap_want *w, int by)
{
	int n = GPOINTER_TO_INT(g_hash_table_lookup(b->wanted, &w->id)) + by;

	if (n)
		g_hash_table_insert(b->wanted, g_memdup2(&w->id, sizeof w->id), GINT_TO_POINTER(n));
	else
		g_hash_table_remove(b->wanted, &w->id);
}

void
want_add(struct backend *b, struct imap_want *w)
{
	g_queue_push_tail(&b->wants, w);
	count_want(b, w, 1);
}

void
want_drop(struct backend *b, struct imap_want *w)
{
	g_queue_remove(&b->wants, w);
	count_want(b, w, -1);
}

void
want_end(struct backend *b, struct imap_want *w)
{
	want_drop(b, w);
	if (w->fd >= 0)
		close(w->fd); /* what is there stays as a beginning for next time */
	if (!w->finished && !w->error)
		fulmar_fail(&w->error, FULMAR_FAILED, _("the server has no such message any more"));
	for (guint i = 0; i < w->waiters->len; i++)
		task_release(g_array_index(w->waiters, struct imap_waiter, i).task, w->error);
	want_free(w);
}

gboolean
want_is_watched(const struct imap_want *w)
{
	for (guint i = 0; i < w->waiters->len; i++)
		if (g_array_index(w->waiters, struct imap_waiter, i).progress)
			return TRUE;
	return FALSE;
}

/* All, if there are any of id. */
static GList *
wants_of(const struct backend *b, msgid id)
{
	return g_hash_table_contains(b->wanted, &id) ? b->wants.head : NULL;
}

struct imap_want *
want_for(struct backend *b, msgid id, const char *section)
{
	for (GList *l = wants_of(b, id); l; l = l->next) {
		struct imap_want *w = l->data;

		if (w->id == id && !w->finished && !w->error && !strcmp(w->section, section))
			return w;
	}
	return NULL;
}

gboolean
want_dated(const struct backend *b, msgid id)
{
	for (const GList *l = wants_of(b, id); l; l = l->next) {
		const struct imap_want *w = l->data;

		if (w->id == id && w->dated)
			return TRUE;
	}
	return FALSE;
}
