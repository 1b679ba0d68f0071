#include "model/list.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "model/list-private.h"

#define CHUNK 16       /* groups read at a time while the cursor moves: well under a frame */
#define KEEP_SCREENS 6 /* of rows on either side of the cursor */
#define FRUITLESS \
	4 /* chunks that may bring no row before the next key: all their messages are about to go \
	   */

struct list *
list_new(gboolean threads, int height)
{
	struct list *list = g_new0(struct list, 1);

	list->threads = threads;
	list->height = MAX(height, 1);
	list->groups = g_ptr_array_new_with_free_func(list_group_free);
	list->items = g_ptr_array_new();
	list->toggled = idset_new();
	list->expected = g_ptr_array_new_with_free_func(list_expected_free);
	list->cursor = list->top = -1;
	return list;
}

void
list_free(struct list *list)
{
	if (!list)
		return;
	g_ptr_array_unref(list->items);
	g_ptr_array_unref(list->groups);
	g_hash_table_unref(list->toggled);
	g_ptr_array_unref(list->expected);
	g_free(list);
}

/* Drops what is far from the cursor, so that a long walk costs no more memory than a short one. */
static void
trim(struct list *list)
{
	int keep = KEEP_SCREENS * list->height;
	const struct list_item *cursor = list_cursor(list), *top = list_at(list, 0);
	int before = list->cursor, after = (int)list->items->len - 1 - list->cursor;
	msgid id = cursor ? cursor->row->id : 0, top_id = top ? top->row->id : 0;

	if (!cursor || (before <= 2 * keep && after <= 2 * keep))
		return;
	while (before > keep && list->groups->len > 1) {
		const struct list_group *group = list->groups->pdata[0];
		int n = (int)group->items->len;

		if (before - n < keep)
			break;
		if (list->place > 0)
			list->place += list_sum(list, 0, n);
		before -= n;
		g_ptr_array_remove_range(list->items, 0, (guint)n);
		g_ptr_array_remove_index(list->groups, 0);
		list->newest_here = FALSE;
	}
	while (after > keep && list->groups->len > 1) {
		const struct list_group *group = list->groups->pdata[list->groups->len - 1];

		if (after - (int)group->items->len < keep)
			break;
		after -= (int)group->items->len;
		g_ptr_array_remove_index(list->groups, list->groups->len - 1);
		list->oldest_here = FALSE;
	}
	list_flatten(list, top_id);
	list->top = list->cursor;
	list_flatten(list, id);
}

/* Rows newer than the window shift what cursor and top count. */
static gboolean
load_newer(struct list *list, guint n)
{
	guint before = list->items->len, grown;
	const struct list_item *cursor = list_cursor(list);

	if (!list_load(list, FALSE, n, NULL)) {
		list->newest_here = TRUE;
		return FALSE;
	}
	list_flatten(list, cursor ? cursor->row->id : 0);
	grown = list->items->len - before;
	list->top += (int)grown;
	return grown > 0;
}

static gboolean
load_older(struct list *list, guint n)
{
	guint before = list->items->len;
	const struct list_item *cursor = list_cursor(list);

	if (!list_load(list, TRUE, n, NULL)) {
		list->oldest_here = TRUE;
		return FALSE;
	}
	list_flatten(list, cursor ? cursor->row->id : 0);
	return list->items->len > before;
}

/* Holds the cursor on the screen and the screen within the window. */
static void
settle(struct list *list)
{
	if (!list->items->len) {
		list->cursor = list->top = -1;
		return;
	}
	for (int fruitless = 0; !list->newest_here && list->top < 0 && fruitless < FRUITLESS;)
		fruitless += !load_newer(list, CHUNK);
	list->top = MAX(list->top, 0);
	if (list->cursor < list->top)
		list->top = list->cursor;
	if (list->cursor >= list->top + list->height)
		list->top = list->cursor - list->height + 1;
	for (int fruitless = 0;
	     !list->oldest_here && (int)list->items->len < list->top + list->height && fruitless < FRUITLESS;)
		fruitless += !load_older(list, CHUNK);
	list->top = CLAMP(list->top, 0, MAX(0, (int)list->items->len - list->height));
	trim(list);
}

gboolean
list_read_ahead(struct list *list)
{
	int margin = list->height + 1;

	if (!list->groups->len)
		return FALSE;
	if (!list->oldest_here && (int)list->items->len < list->top + list->height + margin)
		load_older(list, CHUNK);
	else if (!list->newest_here && list->top < margin)
		load_newer(list, CHUNK);
	else
		return FALSE;
	list->top = MAX(list->top, list->items->len ? 0 : -1);
	return TRUE;
}

gboolean
list_open(struct list *list, struct store *store, gint64 folder, GError **error)
{
	list->store = store;
	list->folder = folder;
	list->moved = FALSE;
	list->total = list->rows = 0;
	list->seeking = 0;
	list->fold_all = FALSE;
	g_hash_table_remove_all(list->toggled);
	g_ptr_array_set_size(list->items, 0);
	g_ptr_array_set_size(list->groups, 0);
	list->cursor = list->top = -1;
	if (!store)
		return TRUE;
	if (!list_load_end(list, TRUE, error))
		return FALSE;
	/* Just the screen: the margins are read with the first move. */
	if (list->cursor >= list->height)
		settle(list);
	return TRUE;
}

void
list_anchor_at_cursor(const struct list *list, struct list_anchor *anchor)
{
	const struct list_item *item = list_cursor(list);
	gint64 total;

	*anchor =
	        (struct list_anchor){item->group, item->row->key, item->row->id, list->cursor - list->top, 0};
	for (guint i = 0; i < list->groups->len; i++) {
		const struct list_group *group = list->groups->pdata[i];

		if (group->id == item->group)
			anchor->key = group->key;
	}
	list_place(list, &anchor->place, &total);
}

gboolean
list_reload(struct list *list, const struct list_anchor *anchor, GError **error)
{
	gboolean ok = list_load_around(list, anchor, error);

	/* What was read before a fault is shown; nothing more is asked for. */
	if (!ok)
		list->newest_here = list->oldest_here = TRUE;
	settle(list);
	return ok;
}

gboolean
list_refresh(struct list *list, GError **error)
{
	struct list_anchor anchor;
	gboolean ok;

	list->seeking = 0;
	if (!list->store)
		return TRUE;
	if (list->moved && list->items->len) {
		gboolean on_top = (list->newest_here || list->place == 1) && !list->top;

		list_anchor_at_cursor(list, &anchor);
		ok = list_reload(list, &anchor, error);
		/* Who looks at the newest sees what arrives, as long as the cursor stays on the screen. */
		if (on_top && !list->newest_here)
			load_newer(list, CHUNK);
		if (on_top && list->newest_here)
			list->top = MAX(0, list->cursor - list->height + 1);
		return ok;
	}
	ok = list_load_end(list, TRUE, error);
	if (list->cursor >= list->height)
		settle(list);
	return ok;
}

void
list_set_height(struct list *list, int height)
{
	height = MAX(height, 1);
	if (list->height == height)
		return;
	list->height = height;
	if (list->store && list->items->len)
		settle(list);
}

int
list_count(const struct list *list)
{
	return (int)list->items->len;
}

const struct list_item *
list_at(const struct list *list, int y)
{
	int i = list->top + y;

	return y >= 0 && i >= 0 && i < (int)list->items->len ? list->items->pdata[i] : NULL;
}

const struct list_item *
list_cursor(const struct list *list)
{
	return list->cursor >= 0 && list->cursor < (int)list->items->len ? list->items->pdata[list->cursor]
	                                                                 : NULL;
}

int
list_cursor_y(const struct list *list)
{
	return list->cursor < 0 ? -1 : list->cursor - list->top;
}

void
list_place(const struct list *list, gint64 *place, gint64 *total)
{
	gint64 gone = list_gone(list);

	*total = gone < 0 ? 0 : MAX(list->total - gone, (gint64)list->items->len);
	*place = list->place > 0 && list->cursor >= 0 ? list->place + list_sum(list, 0, list->cursor) : 0;
}

gboolean
list_threads(const struct list *list)
{
	return list->threads;
}

void
list_thread_ids(const struct list *list, const struct list_item *item, GArray *out)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	if (!list->threads ||
	    !store_thread_rows(list->store, list->folder, item->group, G_MAXUINT16, rows, NULL)) {
		g_array_append_val(out, item->row->id);
		return;
	}
	for (guint i = 0; i < rows->len; i++)
		g_array_append_val(out, ((struct store_row *)rows->pdata[i])->id);
}

/* -- moving -- */

/* As far as the window goes, then a chunk further, and so on: what lies behind is dropped on the way. */
gboolean
list_move(struct list *list, gint64 by)
{
	msgid id;

	if (!list->items->len || !by)
		return FALSE;
	id = list_cursor(list)->row->id;
	list->moved = TRUE;
	for (;;) {
		int to = (int)CLAMP(list->cursor + by, 0, (gint64)list->items->len - 1);

		by -= to - list->cursor;
		list->cursor = to;
		if (!by || (by < 0 ? list->newest_here || !load_newer(list, CHUNK)
		                   : list->oldest_here || !load_older(list, CHUNK)))
			break; /* the end, or messages that are about to go */
		trim(list);
	}
	settle(list);
	return list_cursor(list)->row->id != id;
}

static gboolean
jump(struct list *list, gboolean newest)
{
	const struct list_item *before = list_cursor(list), *after;
	msgid id = before ? before->row->id : 0;

	if (!list->store)
		return FALSE;
	if (newest ? list->newest_here : list->oldest_here) {
		list->cursor = newest ? 0 : (int)list->items->len - 1;
		settle(list);
	} else if (list_load_end(list, newest, NULL)) {
		list->cursor = newest ? MIN(0, list->cursor) : list->cursor;
		settle(list);
	}
	after = list_cursor(list);
	list->moved = !newest || (after && list->groups->len &&
	                          after->row->id != ((struct list_group *)list->groups->pdata[0])->key.id);
	return after && after->row->id != id;
}

gboolean
list_first(struct list *list)
{
	return jump(list, TRUE);
}

gboolean
list_last(struct list *list)
{
	return jump(list, FALSE);
}

gboolean
list_to_row(struct list *list, int y)
{
	int to = MIN(list->top + CLAMP(y, 0, list->height - 1), (int)list->items->len - 1);

	return to >= 0 && list_move(list, to - list->cursor);
}

gboolean
list_scroll(struct list *list, int by)
{
	int old;

	if (!list->items->len)
		return FALSE;
	while (by < 0 && !list->newest_here && list->top + by < 0 && load_newer(list, CHUNK))
		;
	while (by > 0 && !list->oldest_here && list->top + by + list->height > (int)list->items->len &&
	       load_older(list, CHUNK))
		;
	old = list->cursor;
	list->top = CLAMP(list->top + by, 0, MAX(0, (int)list->items->len - list->height));
	list->cursor =
	        CLAMP(list->cursor, list->top, MIN(list->top + list->height, (int)list->items->len) - 1);
	list->moved |= by != 0;
	settle(list);
	return old != list->cursor;
}

gboolean
list_page(struct list *list, int halves)
{
	int by = halves * list->height / 2;
	int y = list_cursor_y(list);
	int top = list->top;
	gboolean moved = list_scroll(list, by);

	if (!list->items->len)
		return FALSE;
	/* At the ends, where nothing scrolls any more, the cursor goes there. */
	if (list->top == top)
		return list_move(list,
		                 by < 0 ? -list->cursor : (gint64)list->items->len - 1 - list->cursor) ||
		       moved;
	list_to_row(list, y);
	return TRUE;
}

gboolean
list_move_thread(struct list *list, int by)
{
	const struct list_item *item = list_cursor(list);
	gint64 from;
	gboolean moved = FALSE;

	if (!item)
		return FALSE;
	from = item->group;
	while (list_move(list, by)) {
		moved = TRUE;
		item = list_cursor(list);
		if (item->group != from && (by > 0 || item->depth == 0))
			break;
	}
	return moved;
}

gboolean
list_to_parent(struct list *list)
{
	const struct list_item *item = list_cursor(list);
	int depth = item ? item->depth : 0;

	for (int i = list->cursor - 1; depth > 0 && i >= 0; i--) {
		const struct list_item *above = list->items->pdata[i];

		if (above->group != item->group)
			break;
		if (above->depth < depth)
			return list_move(list, i - list->cursor);
	}
	return FALSE;
}

static int
index_of(const struct list *list, msgid id)
{
	for (guint i = 0; i < list->items->len; i++)
		if (((struct list_item *)list->items->pdata[i])->row->id == id)
			return (int)i;
	return -1;
}

gboolean
list_to_message(struct list *list, msgid id, GError **error)
{
	struct list_anchor anchor = {.id = id, .y = list->height / 2};
	struct store_row *row;
	int here = index_of(list, id);

	if (here >= 0) {
		list_move(list, here - list->cursor);
		return TRUE;
	}
	row = list->store ? store_row(list->store, id, error) : NULL;
	if (!row)
		return FALSE;
	if (row->folder != list->folder) {
		fulmar_fail(error, FULMAR_FAILED, _("the message is not in this folder any more"));
		store_row_free(row);
		return FALSE;
	}
	anchor.key = row->key;
	anchor.group = list->threads ? row->thread : row->id;
	store_row_free(row);
	list->moved = TRUE;
	return list_reload(list, &anchor, error) && list->items->len > 0;
}
