#include "base/idset.h"
#include "model/list-private.h"

#define SEEK_SLICE 256 /* groups looked at in one go */

/* -- new messages -- */

static gboolean
item_is_new(const struct list_item *item)
{
	return !(item->row->flags & FLAG_SEEN) || item->unread_hidden;
}

static gboolean
seek_in_window(struct list *list, int by)
{
	for (int i = list->cursor + by; i >= 0 && i < (int)list->items->len; i += by)
		if (item_is_new(list->items->pdata[i])) {
			list_move(list, i - list->cursor);
			return TRUE;
		}
	return FALSE;
}

static gboolean
seek_to(struct list *list, gint64 group, const struct store_key *key, int by)
{
	struct list_anchor anchor = {group, *key, key->id, list->height / 2, 0};

	list->seeking = 0;
	list->moved = TRUE;
	if (!list_reload(list, &anchor, NULL))
		return FALSE;
	/* From the newest of the conversation to the first new one in it. */
	for (guint i = 0; i < list->items->len; i++) {
		const struct list_item *item = list->items->pdata[i];

		if (item->group == group && item_is_new(item)) {
			list_move(list, (int)i - list->cursor);
			break;
		}
	}
	return TRUE;
}

/* One slice of groups beyond the window, looking at counters alone. 1, 0 or -1 as list_seek_new. */
static int
seek_slice(struct list *list, int by)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	guint got;

	if (list->threads
	            ? !store_threads(list->store, list->folder, &list->seek, by > 0, SEEK_SLICE, threads,
	                             NULL)
	            : !store_rows(list->store, list->folder, &list->seek, by > 0, SEEK_SLICE, rows, NULL))
		return -1;
	got = list->threads ? threads->len : rows->len;
	for (guint i = 0; i < got; i++) {
		const struct store_thread *thread = list->threads ? threads->pdata[i] : NULL;
		const struct store_row *row = thread ? NULL : rows->pdata[i];

		list->seek = thread ? thread->key : row->key;
		if (thread ? thread->unread > 0 : !(row->flags & FLAG_SEEN))
			return seek_to(list, thread ? thread->thread : row->id, &list->seek, by) ? 1 : -1;
	}
	return got < SEEK_SLICE ? -1 : 0;
}

int
list_seek_new(struct list *list, int by)
{
	int found;

	if (!list->items->len)
		return -1;
	if (list->seeking != by) {
		const struct list_group *edge = list->groups->pdata[by > 0 ? list->groups->len - 1 : 0];

		if (seek_in_window(list, by))
			return 1;
		if (by > 0 ? list->oldest_here : list->newest_here)
			return -1;
		list->seek = edge->key;
		list->seeking = by;
	}
	found = seek_slice(list, by);
	if (found)
		list->seeking = 0;
	return found;
}

void
list_seek_wrap(struct list *list, int by)
{
	list->seeking = by;
	list->seek = by > 0 ? (struct store_key){G_MAXINT64, G_MAXINT64, G_MAXINT64}
	                    : (struct store_key){G_MININT64, G_MININT64, G_MININT64};
}

void
list_seek_stop(struct list *list)
{
	list->seeking = 0;
}

/* -- conversations -- */

void
list_set_threads(struct list *list, gboolean threads)
{
	const struct list_item *item = list_cursor(list);
	struct list_anchor anchor;

	if (list->threads == threads)
		return;
	list->threads = threads;
	if (!item)
		return;
	list_anchor_at_cursor(list, &anchor);
	anchor.key = item->row->key;
	anchor.group = threads ? item->row->thread : item->row->id;
	anchor.place = 0;
	list_reload(list, &anchor, NULL);
}

gboolean
list_fold(struct list *list)
{
	const struct list_item *item = list_cursor(list);
	struct list_anchor anchor;
	guint count = 0;

	for (guint i = 0; item && i < list->groups->len; i++) {
		const struct list_group *group = list->groups->pdata[i];

		if (group->id == item->group)
			count = group->count;
	}
	if (!list->threads || count < 2)
		return FALSE;
	list_anchor_at_cursor(list, &anchor);
	if (!g_hash_table_remove(list->toggled, &item->group))
		idset_add(list->toggled, item->group);
	list->moved = TRUE;
	list_reload(list, &anchor, NULL);
	return TRUE;
}

void
list_fold_all(struct list *list)
{
	struct list_anchor anchor;

	if (!list->threads || !list->items->len)
		return;
	list_anchor_at_cursor(list, &anchor);
	list->fold_all = !list->fold_all;
	g_hash_table_remove_all(list->toggled);
	list_reload(list, &anchor, NULL);
}
