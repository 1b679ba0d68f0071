/* The folders of all accounts as the lines of a tree. Pure. */
#ifndef FULMAR_MODEL_FOLDERS_H
#define FULMAR_MODEL_FOLDERS_H

#include <glib.h>
#include "store/store.h"

struct folder_line {
	guint account;
	gboolean heading; /* the account's own line */
	char *name;       /* the last part of the path, or the account's name; safe */
	char *path;       /* as in the store; "" for a heading */
	guint depth;
	gboolean selectable, has_children, collapsed;
	gint64 unread; /* with those of hidden folders below */
	char *role;    /* as in the store, "" for levels without a folder of their own */
};

/* Appends the lines of one account to out (struct folder_line *): its heading when heading is not NULL, then
 * folders (struct store_folder *, in the store's order, may be NULL) sorted so that children stand below
 * their parents; levels without a folder get a line of their own. collapsed holds "ACCOUNT/PATH" keys of
 * lines whose children are left out; id is the account's. */
void folders_lines(GPtrArray *out, guint account, const char *id, const char *heading,
                   const GPtrArray *folders, GHashTable *collapsed);
void folder_line_free(gpointer line);

#endif
