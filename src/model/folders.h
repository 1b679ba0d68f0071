/* The folders of all accounts as the lines of a tree. Pure. */
#ifndef FULMAR_MODEL_FOLDERS_H
#define FULMAR_MODEL_FOLDERS_H

#include <glib.h>
#include "store/store.h"

struct folder_line {
	guint account;
	gboolean heading; /* the account's own line, or that of what others share with it */
	gboolean foreign; /* somebody else's, or shared */
	char *name;       /* the last part of the path, or the account's name; safe */
	char *path;       /* as in the store; "" for a heading */
	guint depth;
	gboolean selectable, has_children, collapsed;
	gboolean pin;  /* among the pinned ones on top, besides its place in the tree */
	gint64 unread, total; /* with those of folders below that a collapsed line hides */
	char *role; /* as in the store, "" for levels without a folder of their own */
	/* of the folder itself */
	gint64 id; /* 0: a level without a folder of its own */
	gboolean subscribed, hidden, pinned, pending;
	/* Of the rarer kind: one of the few not subscribed to, or of the few that are. */
	gboolean left_out, singled_out;
	char *keep; /* "" when none was chosen on the screen */
};

enum folders_flags { FOLDERS_HIDDEN = 1 /* hidden ones too */ };

/* Appends the lines of one account to out (struct folder_line *): its heading when heading is not NULL, then
 * folders (struct store_folder *, in the store's order, may be NULL) sorted so that children stand below
 * their parents; levels without a folder get a line of their own. collapsed holds "ACCOUNT/PATH" keys of
 * lines whose children are left out; id is the account's. A hidden folder takes those below along. foreign
 * (NULL: none): first levels of what is shared with the account, each ended by LF; they stand last, under a
 * heading of their own. */
void folders_lines(GPtrArray *out, guint account, const char *id, const char *heading,
                   const GPtrArray *folders, GHashTable *collapsed, guint flags, const char *foreign);
/* Appends a line for each pinned folder, called by its whole path, behind prefix (NULL: none) and "/". */
void folders_pins(GPtrArray *out, guint account, const char *prefix, const GPtrArray *folders);
/* How many folders lie below path, how many messages are in it and them, and which these folders are (gint64,
 * appended); both may be NULL. */
guint folders_below(const GPtrArray *folders, const char *path, gint64 *messages, GArray *ids);
/* What a typed name becomes: path elements are kept, blanks around them and empty ones go. NULL when nothing
 * is left, or when it has a control character. Gives (g_free). */
char *folders_typed_path(const char *typed);
void folder_line_free(gpointer line);

#endif
