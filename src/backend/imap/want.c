#include "backend/imap/want.h"

#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

/* The sections that are asked for, and who waits for each. */

struct imap_want *
want_of(struct backend *b, guint64 uid, const char *section)
{
	for (struct imap_want *w = g_hash_table_lookup(b->wanted, &uid); w; w = w->next)
		if (w->folder == b->box.folder && !w->finished && !w->error &&
		    !g_ascii_strcasecmp(w->section, section))
			return w;
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

void
want_add(struct backend *b, struct imap_want *w)
{
	w->next = g_hash_table_lookup(b->wanted, &w->uid);
	g_hash_table_replace(b->wanted, &w->uid, w);
	w->link.data = w;
	g_queue_push_tail_link(&b->wants, &w->link);
}

void
want_drop(struct backend *b, struct imap_want *w)
{
	struct imap_want *before = g_hash_table_lookup(b->wanted, &w->uid);

	g_queue_unlink(&b->wants, &w->link);
	if (before != w) {
		while (before->next != w)
			before = before->next;
		before->next = w->next;
	} else if (w->next) {
		g_hash_table_replace(b->wanted, &w->next->uid, w->next);
	} else {
		g_hash_table_remove(b->wanted, &w->uid);
	}
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

struct imap_want *
want_for(struct backend *b, msgid id, guint64 uid, const char *section)
{
	for (struct imap_want *w = g_hash_table_lookup(b->wanted, &uid); w; w = w->next)
		if (w->id == id && !w->finished && !w->error && !strcmp(w->section, section))
			return w;
	return NULL;
}

gboolean
want_dated(const struct backend *b, msgid id, guint64 uid)
{
	for (const struct imap_want *w = g_hash_table_lookup(b->wanted, &uid); w; w = w->next)
		if (w->id == id && w->dated)
			return TRUE;
	return FALSE;
}
