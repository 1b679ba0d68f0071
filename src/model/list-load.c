#include "model/list-private.h"

#include "model/thread.h"

#define ROWS_PER_THREAD 500 /* of a larger conversation the rest is said to be hidden */
#define FOLD_ABOVE 50       /* larger conversations begin folded */
#define POSITION_CAP 4096   /* how far a place is counted; beyond it it is carried along */

void
list_group_free(gpointer data)
{
	struct list_group *group = data;

	if (!group)
		return;
	g_ptr_array_unref(group->items);
	g_free(group);
}

gboolean
list_is_folded(const struct list *list, gint64 group, guint count)
{
	gboolean folded = list->fold_all || count > FOLD_ABOVE;

	return count > 1 && folded != g_hash_table_contains(list->toggled, &group);
}

static void
free_rows(GPtrArray *rows)
{
	for (guint i = 0; i < rows->len; i++)
		if (rows->pdata[i])
			store_row_free(rows->pdata[i]);
	g_ptr_array_unref(rows);
}

static struct list_group *
group_new(const struct store_thread *thread)
{
	struct list_group *group = g_new0(struct list_group, 1);

	group->id = thread->thread;
	group->key = thread->key;
	group->count = thread->count;
	group->unread = thread->unread;
	group->items = g_ptr_array_new_with_free_func(thread_item_free);
	return group;
}

static struct list_group *
single_group(const struct list *list, struct store_row *row)
{
	struct store_thread one = {row->id, row->key, 1, row->flags & FLAG_SEEN ? 0 : 1};
	struct list_group *group = group_new(&one);

	if (list_is_gone(list, row->id)) {
		store_row_free(row);
		return group;
	}
	row->flags = list_expected_flags(list, row->id, row->flags);
	g_ptr_array_add(group->items, thread_item_new(row, row->id, list->recipients));
	return group;
}

static void
say_hidden(struct list_group *group)
{
	struct list_item *last = group->items->pdata[group->items->len - 1];
	guint shown = group->items->len, unread = 0;

	for (guint i = 0; i < shown; i++) {
		const struct list_item *item = group->items->pdata[i];

		unread += !(item->row->flags & FLAG_SEEN);
	}
	last->hidden = group->count > shown ? group->count - shown : 0;
	last->unread_hidden = last->hidden && group->unread > unread ? group->unread - unread : 0;
}

/* Takes those out that are expected to go; the rest get the flags that they are expected to have. */
static void
apply_expected(struct list *list, GPtrArray *rows, struct list_group *group)
{
	guint keep = 0;

	for (guint i = 0; i < rows->len; i++) {
		struct store_row *row = rows->pdata[i];

		if (list_is_gone(list, row->id)) {
			group->count -= MIN(group->count, 1);
			group->unread -= MIN(group->unread, row->flags & FLAG_SEEN ? 0 : 1);
			store_row_free(row);
			continue;
		}
		row->flags = list_expected_flags(list, row->id, row->flags);
		rows->pdata[keep++] = row;
	}
	g_ptr_array_set_size(rows, (int)keep);
}

/* The rows of a conversation that are shown: all, or the newest alone. FALSE with error. */
static gboolean
thread_rows(struct list *list, const struct store_thread *thread, GPtrArray *rows, struct list_group *group,
            GError **error)
{
	gboolean folded = thread->count <= 1 || list_is_folded(list, thread->thread, thread->count);
	gboolean gone = list->expected->len && list_is_gone(list, thread->key.id);
	g_autoptr(GError) local = NULL;

	if (gone && thread->count <= 1)
		return TRUE;
	if (folded && !gone) {
		struct store_row *row = store_row(list->store, thread->key.id, &local);

		if (row)
			g_ptr_array_add(rows, row);
	} else {
		store_thread_rows(list->store, list->folder, thread->thread, ROWS_PER_THREAD, rows, &local);
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	apply_expected(list, rows, group);
	for (; folded && rows->len > 1; g_ptr_array_remove_index(rows, 0))
		store_row_free(rows->pdata[0]);
	return TRUE;
}

/* NULL without error: the conversation went away meanwhile. */
static struct list_group *
thread_group(struct list *list, const struct store_thread *thread, GError **error)
{
	GPtrArray *rows = g_ptr_array_new();
	struct list_group *group = group_new(thread);
	gboolean ok = thread_rows(list, thread, rows, group, error);

	if (ok && rows->len) {
		thread_layout(rows, thread->thread, list->recipients, group->items);
		say_hidden(group);
	} else if (!ok || !list->expected->len) {
		g_clear_pointer(&group, list_group_free);
	}
	free_rows(rows);
	return group;
}

static gboolean
load_counters(struct list *list, GError **error)
{
	struct store_folder *folder = store_folder_by_id(list->store, list->folder, error);

	if (!folder)
		return error == NULL || *error == NULL;
	list->total = MAX(folder->total, folder->shown);
	list->rows = folder->shown;
	list->recipients = !g_strcmp0(folder->role, "sent") || !g_strcmp0(folder->role, "drafts");
	store_folder_free(folder);
	return TRUE;
}

static gboolean
window_has(const struct list *list, gint64 group)
{
	for (guint i = 0; i < list->groups->len; i++)
		if (((struct list_group *)list->groups->pdata[i])->id == group)
			return TRUE;
	return FALSE;
}

static void
window_add(struct list *list, struct list_group *group, gboolean older)
{
	if (window_has(list, group->id)) {
		list_group_free(group);
		return;
	}
	if (!older && list->place > 0)
		list->place = MAX(1, list->place - group->count);
	g_ptr_array_insert(list->groups, older ? -1 : 0, group);
}

static const struct store_key *
edge_key(const struct list *list, gboolean older)
{
	const struct list_group *group;

	if (!list->groups->len)
		return NULL;
	group = list->groups->pdata[older ? list->groups->len - 1 : 0];
	return &group->key;
}

static void
end_met(struct list *list, gboolean older)
{
	if (older)
		list->oldest_here = TRUE;
	else
		list->newest_here = TRUE;
	if (!older)
		list->place = 1;
}

static gboolean
load_flat(struct list *list, gboolean older, guint n, GError **error)
{
	GPtrArray *rows = g_ptr_array_new();
	gboolean ok = store_rows(list->store, list->folder, edge_key(list, older), older, n, rows, error);
	guint got = rows->len;

	for (guint i = 0; ok && i < got; i++) {
		window_add(list, single_group(list, rows->pdata[i]), older);
		rows->pdata[i] = NULL;
	}
	free_rows(rows);
	if (ok && got < n)
		end_met(list, older);
	return ok;
}

static gboolean
load_threads(struct list *list, gboolean older, guint n, GError **error)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) local = NULL;

	if (!store_threads(list->store, list->folder, edge_key(list, older), older, n, threads, error))
		return FALSE;
	for (guint i = 0; i < threads->len; i++) {
		struct list_group *group = thread_group(list, threads->pdata[i], &local);

		if (local) {
			g_propagate_error(error, g_steal_pointer(&local));
			return FALSE;
		}
		if (group)
			window_add(list, group, older);
	}
	if (threads->len < n)
		end_met(list, older);
	return TRUE;
}

gboolean
list_load(struct list *list, gboolean older, guint n, GError **error)
{
	guint before = list->groups->len;
	gboolean ok;

	if (list_gone(list) < 0) {
		end_met(list, older);
		return TRUE;
	}
	ok = list->threads ? load_threads(list, older, n, error) : load_flat(list, older, n, error);

	/* Only groups that are here already: the folder changed under the window, the coming refresh shows
	 * it. */
	if (ok && list->groups->len == before) {
		if (older)
			list->oldest_here = TRUE;
		else
			end_met(list, FALSE);
	}
	return ok;
}

guint
list_sum(const struct list *list, int from, int to)
{
	guint sum = 0;

	for (int i = MAX(from, 0); i < to && i < (int)list->items->len; i++)
		sum += 1 + ((struct list_item *)list->items->pdata[i])->hidden;
	return sum;
}

void
list_flatten(struct list *list, msgid id)
{
	int found = -1;

	g_ptr_array_set_size(list->items, 0);
	for (guint g = 0; g < list->groups->len; g++) {
		const struct list_group *group = list->groups->pdata[g];

		for (guint i = 0; i < group->items->len; i++) {
			const struct list_item *item = group->items->pdata[i];

			if (item->row->id == id)
				found = (int)list->items->len;
			g_ptr_array_add(list->items, group->items->pdata[i]);
		}
	}
	if (found >= 0)
		list->cursor = found;
	list->cursor = CLAMP(list->cursor, list->items->len ? 0 : -1, (int)list->items->len - 1);
}

static void
forget_window(struct list *list)
{
	g_ptr_array_set_size(list->items, 0);
	g_ptr_array_set_size(list->groups, 0);
	list->newest_here = list->oldest_here = FALSE;
	list->cursor = list->top = -1;
}

gboolean
list_load_end(struct list *list, gboolean newest, GError **error)
{
	const struct list_group *group;
	msgid id = 0;

	forget_window(list);
	list->place = newest ? 1 : 0;
	if (!load_counters(list, error) || !list_load(list, newest, (guint)list->height, error))
		return FALSE;
	if (newest)
		list->newest_here = TRUE;
	else
		list->oldest_here = TRUE;
	if (list->groups->len) {
		group = list->groups->pdata[newest ? 0 : list->groups->len - 1];
		if (newest)
			id = group->key.id;
		else if (group->items->len)
			id = ((struct list_item *)group->items->pdata[group->items->len - 1])->row->id;
	}
	list_flatten(list, id);
	if (!newest && !id)
		list->cursor = (int)list->items->len - 1;
	if (!newest && !list->newest_here)
		list->place = MAX(1, list->rows - list_sum(list, 0, (int)list->items->len) + 1);
	list->top = newest ? 0 : MAX(0, (int)list->items->len - list->height);
	return TRUE;
}

/* The anchor's group as it is now: conversations move when mail arrives and merge when a missing link does.
 * FALSE: gone (or error). */
static gboolean
find_group(struct list *list, const struct list_anchor *anchor, struct store_thread *out,
           struct list_group **group, GError **error)
{
	g_autoptr(GError) local = NULL;
	struct store_row *row = NULL;

	if (list->threads && anchor->group &&
	    store_thread(list->store, list->folder, anchor->group, out, &local)) {
		*group = thread_group(list, out, error);
		return *group != NULL;
	}
	if (!local)
		row = store_row(list->store, anchor->id, &local);
	if (row && row->folder == list->folder) {
		if (!list->threads) {
			*group = single_group(list, row);
			return TRUE;
		}
		if (store_thread(list->store, list->folder, row->thread, out, &local))
			*group = thread_group(list, out, &local);
	}
	if (row)
		store_row_free(row);
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return *group != NULL;
}

/* A window that begins behind a place where nothing stands any more. */
static gboolean
load_from_key(struct list *list, const struct store_key *key, GError **error)
{
	struct list_group *edge = g_new0(struct list_group, 1);
	gboolean ok;

	edge->key = *key;
	edge->id = -1;
	edge->items = g_ptr_array_new_with_free_func(thread_item_free);
	g_ptr_array_add(list->groups, edge);
	ok = list_load(list, TRUE, (guint)list->height, error) &&
	     list_load(list, FALSE, (guint)list->height, error);
	g_ptr_array_remove(list->groups, edge);
	return ok;
}

/* The cursor's place is known for sure when the window reaches the top, by counting when it is near, and else
 * carried along. */
static void
find_place(struct list *list, gint64 carried)
{
	const struct list_group *first;
	gint64 position;

	list->place = 1;
	if (list->newest_here || !list->groups->len)
		return;
	first = list->groups->pdata[0];
	position = store_position(list->store, list->folder, &first->key, POSITION_CAP, NULL);
	if (position >= 0 && position < POSITION_CAP)
		list->place = position + 1;
	else
		list->place = carried ? MAX(1, carried - list_sum(list, 0, list->cursor)) : 0;
}

/* The message of the anchor; else its conversation (it may be folded away now); else the nearest older one.
 */
static void
put_cursor(struct list *list, const struct list_anchor *anchor, const struct list_group *group)
{
	list_flatten(list, anchor->id);
	for (guint i = 0; i < list->items->len; i++) {
		const struct list_item *item = list->items->pdata[i];

		if (item->row->id == anchor->id)
			return;
	}
	for (guint i = 0; i < list->items->len; i++) {
		const struct list_item *item = list->items->pdata[i];

		list->cursor = (int)i;
		if (group && group->items->len ? item->group == group->id
		                               : item->row->key.received <= anchor->key.received)
			return;
	}
}

gboolean
list_load_around(struct list *list, const struct list_anchor *anchor, GError **error)
{
	struct list_group *group = NULL;
	struct store_thread thread;
	gboolean ok;
	g_autoptr(GError) local = NULL;

	forget_window(list);
	list->place = 0;
	if (!load_counters(list, error))
		return FALSE;
	if (find_group(list, anchor, &thread, &group, &local)) {
		g_ptr_array_add(list->groups, group);
		ok = list_load(list, FALSE, (guint)MAX(1, anchor->y + 1), error) &&
		     list_load(list, TRUE, (guint)list->height, error);
	} else if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	} else {
		ok = load_from_key(list, &anchor->key, error);
	}
	if (!ok)
		return FALSE;
	put_cursor(list, anchor, group);
	find_place(list, anchor->place);
	list->top = list->cursor - anchor->y;
	return TRUE;
}
