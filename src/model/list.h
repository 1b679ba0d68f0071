/* The message list as a window onto the store: some screens of rows around the cursor, never the folder. No
 * curses.
 *
 * Owner: the UI thread. A group is a conversation, or a single message when conversations are off; groups
 * stand newest first, the messages of a group oldest first below their root. Nothing here is proportional to
 * the folder: every step reads a bounded number of rows.
 */
#ifndef FULMAR_MODEL_LIST_H
#define FULMAR_MODEL_LIST_H

#include <glib.h>
#include "store/store.h"

/* One line of the list. Texts are safe for a terminal. */
struct list_item {
	struct store_row *row;
	gint64 group;  /* the thread's id; the message's own in a flat list */
	guint16 depth; /* 0 = root of its conversation */
	guint32 arms;  /* bit n: the ancestor at depth n + 1 has siblings below, so its line goes on; depths
	                  over 32 have none */
	gboolean last; /* no sibling below */
	gboolean same_subject; /* only repeats its parent's subject */
	guint hidden;          /* messages of the conversation folded away below this one */
	guint unread_hidden;   /* of these, how many are new */
	char *from, *subject;  /* from: in Sent and Drafts whom it goes to */
};

struct list;

struct list *list_new(gboolean threads, int height);
void list_free(struct list *list);
/* Shows folder of store (both lent while shown); the cursor goes to the newest. store NULL: shows nothing. */
gboolean list_open(struct list *list, struct store *store, gint64 folder, GError **error);
/* Reads the window anew: the cursor stays on its message, or on the newest until it was moved. */
gboolean list_refresh(struct list *list, GError **error);
/* Rows on the screen; at least 1. */
void list_set_height(struct list *list, int height);

/* Reads a few rows beyond the screen, so that the next moves read none. TRUE: there may be more to read. For
 * quiet moments. */
gboolean list_read_ahead(struct list *list);

/* -- looking -- */
int list_count(const struct list *list); /* items in the window: 0 = the folder shows none */
/* The item at screen row y (0-based), or NULL. Lends until the next call that changes the list. */
const struct list_item *list_at(const struct list *list, int y);
const struct list_item *list_cursor(const struct list *list);
int list_cursor_y(const struct list *list); /* its screen row, -1 when the list is empty */
/* "5 of 1,204": place counts from 1, 0 = not known; total is the folder's counter. */
void list_place(const struct list *list, gint64 *place, gint64 *total);
gboolean list_threads(const struct list *list);
/* Messages of an item's whole conversation, oldest first. Appends msgid. */
void list_thread_ids(const struct list *list, const struct list_item *item, GArray *out);
/* What a change of this line is for: the message, or the whole conversation when it is folded. Appends msgid.
 */
void list_item_ids(const struct list *list, const struct list_item *item, GArray *out);

/* -- what was asked for and is not in the store yet -- */
/* ids (msgids of the folder shown; NULL: all of it) look from now on as if it had been done: gone from the
 * folder, or with other flags. token (not 0) names this until list_settled. The cursor moves on from what is
 * gone. Linear in the ids, not in the folder. */
void list_expect(struct list *list, guint64 token, const GArray *ids, gboolean gone, guint add, guint remove);
/* It is in the store, or will never be: what the store has is shown with the next refresh. */
void list_settled(struct list *list, guint64 token);
/* Flags of a message of the folder as they are expected to become. */
guint list_expected_flags(const struct list *list, msgid id, guint flags);

/* -- moving: TRUE when the cursor moved -- */
gboolean list_move(struct list *list, gint64 by);
gboolean list_first(struct list *list);
gboolean list_last(struct list *list);
gboolean list_to_row(struct list *list, int y);
/* Scrolls the screen by lines; the cursor stays on it. */
gboolean list_scroll(struct list *list, int by);
gboolean list_page(struct list *list, int halves);
gboolean list_move_thread(struct list *list, int by);
gboolean list_to_parent(struct list *list);
/* To a message of this folder, wherever it is. */
gboolean list_to_message(struct list *list, msgid id, GError **error);

/* Looks for the next (by 1) or previous (by -1) new message, at most a slice further: 1 = found and the
 * cursor is there, 0 = call again, -1 = there is none that way. */
int list_seek_new(struct list *list, int by);
/* The next list_seek_new looks on from the other end of the folder. */
void list_seek_wrap(struct list *list, int by);
/* Forgets where a seek that returned 0 stood. */
void list_seek_stop(struct list *list);

/* -- conversations -- */
void list_set_threads(struct list *list, gboolean threads);
/* Folds or unfolds the conversation of the cursor; FALSE when it has only one message. */
gboolean list_fold(struct list *list);
void list_fold_all(struct list *list);

#endif
