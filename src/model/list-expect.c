#include <stdlib.h>
#include "model/list-private.h"

/* What the person has done and the account has not yet: the list shows it from the moment of the key. */
struct expected {
	guint64 token;
	struct store *store;
	gint64 folder;
	GArray *ids; /* msgid, rising; NULL: all of the folder */
	gboolean gone;
	guint add, remove;
};

void
list_expected_free(gpointer data)
{
	struct expected *expected = data;

	if (expected->ids)
		g_array_unref(expected->ids);
	g_free(expected);
}

static int
compare_ids(const void *a, const void *b)
{
	msgid x = *(const msgid *)a, y = *(const msgid *)b;

	return x < y ? -1 : x > y;
}

static gboolean
concerns(const struct list *list, const struct expected *expected, msgid id)
{
	if (expected->store != list->store || expected->folder != list->folder)
		return FALSE;
	return !expected->ids ||
	       bsearch(&id, expected->ids->data, expected->ids->len, sizeof(msgid), compare_ids) != NULL;
}

gboolean
list_is_gone(const struct list *list, msgid id)
{
	for (guint i = 0; i < list->expected->len; i++) {
		const struct expected *expected = list->expected->pdata[i];

		if (expected->gone && concerns(list, expected, id))
			return TRUE;
	}
	return FALSE;
}

gint64
list_gone(const struct list *list)
{
	gint64 n = 0;

	for (guint i = 0; i < list->expected->len; i++) {
		const struct expected *expected = list->expected->pdata[i];

		if (!expected->gone || expected->store != list->store || expected->folder != list->folder)
			continue;
		if (!expected->ids)
			return -1;
		n += expected->ids->len;
	}
	return n;
}

guint
list_expected_flags(const struct list *list, msgid id, guint flags)
{
	for (guint i = 0; i < list->expected->len; i++) {
		const struct expected *expected = list->expected->pdata[i];

		if (concerns(list, expected, id))
			flags = (flags | expected->add) & ~expected->remove;
	}
	return flags;
}

/* The line that the cursor moves on to: the next one that stays, else the last one before. NULL: none in the
 * window. */
static const struct list_item *
survivor(const struct list *list)
{
	for (int i = list->cursor; i < (int)list->items->len; i++)
		if (!list_is_gone(list, ((struct list_item *)list->items->pdata[i])->row->id))
			return list->items->pdata[i];
	for (int i = list->cursor - 1; i >= 0; i--)
		if (!list_is_gone(list, ((struct list_item *)list->items->pdata[i])->row->id))
			return list->items->pdata[i];
	return NULL;
}

static void
move_on(struct list *list)
{
	const struct list_item *at = list_cursor(list), *to = survivor(list);
	struct list_anchor anchor;

	if (!at)
		return;
	list_anchor_at_cursor(list, &anchor);
	if (to && to != at) {
		list->moved = TRUE;
		anchor.id = to->row->id;
		anchor.group = to->group;
		anchor.key = to->row->key;
		for (guint i = 0; i < list->groups->len; i++) {
			const struct list_group *group = list->groups->pdata[i];

			if (group->id == to->group)
				anchor.key = group->key;
		}
	}
	list_reload(list, &anchor, NULL);
}

void
list_expect(struct list *list, guint64 token, const GArray *ids, gboolean gone, guint add, guint remove)
{
	struct expected *expected = g_new0(struct expected, 1);

	*expected = (struct expected){token, list->store, list->folder, NULL, gone, add, remove};
	if (ids) {
		expected->ids = g_array_sized_new(FALSE, FALSE, sizeof(msgid), ids->len);
		g_array_append_vals(expected->ids, ids->data, ids->len);
		qsort(expected->ids->data, ids->len, sizeof(msgid), compare_ids);
	}
	g_ptr_array_add(list->expected, expected);
	if (gone) {
		move_on(list);
		return;
	}
	for (guint i = 0; i < list->items->len; i++) {
		struct store_row *row = ((struct list_item *)list->items->pdata[i])->row;

		if (concerns(list, expected, row->id))
			row->flags = (row->flags | add) & ~remove;
	}
}

void
list_settled(struct list *list, guint64 token)
{
	for (guint i = list->expected->len; i-- > 0;)
		if (((struct expected *)list->expected->pdata[i])->token == token)
			g_ptr_array_remove_index(list->expected, i);
}

void
list_item_ids(const struct list *list, const struct list_item *item, GArray *out)
{
	guint count = 0;

	for (guint i = 0; i < list->groups->len; i++) {
		const struct list_group *group = list->groups->pdata[i];

		if (group->id == item->group)
			count = group->count;
	}
	if (list->threads && list_is_folded(list, item->group, count))
		list_thread_ids(list, item, out);
	else
		g_array_append_val(out, item->row->id);
}
