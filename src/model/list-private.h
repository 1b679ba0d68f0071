/* What list.c (window, looking, moving), list-load.c (reading from the store) and list-expect.c (changes that
 * are on their way) share. */
#ifndef FULMAR_MODEL_LIST_PRIVATE_H
#define FULMAR_MODEL_LIST_PRIVATE_H

#include "model/list.h"

/* One conversation, or one message of a flat list. */
struct list_group {
	gint64 id;
	struct store_key key; /* of its newest message */
	guint count, unread;
	GPtrArray *items; /* struct list_item *; none when all of them are expected to go */
};

struct list {
	struct store *store;
	gint64 folder;
	gboolean threads, recipients;
	int height;
	GPtrArray *groups; /* struct list_group *: the window, newest first */
	GPtrArray *items;  /* struct list_item * of all groups, lent */
	int cursor, top;   /* into items; -1 when there are none */
	gboolean moved;
	gboolean newest_here, oldest_here; /* the window reaches that end of the folder */
	gint64 place;                      /* of items[0], from 1; 0 = not known */
	gint64 total, rows;                /* the folder's counters */
	GHashTable *toggled;               /* gint64 * group ids that are folded against the rule */
	gboolean fold_all;
	struct store_key seek; /* where a search for new messages stands */
	int seeking;           /* its direction, 0 = none */
	GPtrArray *expected;   /* struct expected * of any folder, oldest first */
};

/* How a window is found again. */
struct list_anchor {
	gint64 group;
	struct store_key key; /* of the group, as it was last known */
	msgid id;
	int y;        /* screen row it should stand on */
	gint64 place; /* as far as it was known, else 0 */
};

/* -- list-expect.c -- */
void list_expected_free(gpointer expected);
gboolean list_is_gone(const struct list *list, msgid id);
/* How many of the folder shown are expected to go; -1: all. */
gint64 list_gone(const struct list *list);

void list_group_free(gpointer group);
/* Reads n more groups at the older or newer end of the window; sets oldest_here or newest_here when that end
 * was met. */
gboolean list_load(struct list *list, gboolean older, guint n, GError **error);
/* Throws the window away and reads it around anchor, or what is nearest to it (older first). FALSE with
 * error. */
gboolean list_load_around(struct list *list, const struct list_anchor *anchor, GError **error);
/* Throws the window away and reads the newest (or oldest) screen. */
gboolean list_load_end(struct list *list, gboolean newest, GError **error);
/* Where the cursor stands (there is one). */
void list_anchor_at_cursor(const struct list *list, struct list_anchor *anchor);
/* list_load_around, then the cursor on the screen. After a fault what was read is shown and nothing more is
 * asked for. */
gboolean list_reload(struct list *list, const struct list_anchor *anchor, GError **error);
/* Makes items from groups again; the cursor keeps its message when it is still there. */
void list_flatten(struct list *list, msgid id);
guint list_sum(const struct list *list, int from, int to); /* messages that items[from … to) stand for */
gboolean list_is_folded(const struct list *list, gint64 group, guint count);

#endif
