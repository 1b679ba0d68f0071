/* Files of a folder that are not in the store yet: they come there from the newest on, a slice at a time. */
#ifndef FULMAR_BACKEND_MAILDIR_MISSING_H
#define FULMAR_BACKEND_MAILDIR_MISSING_H

#include "backend/maildir/private.h"

/* names (taken) holds them as "cur/NAME". total: messages in the folder; stale: the folder has to be looked
 * at again. */
struct missing *missing_new(const char *dir, GString *names, guint64 total, gboolean stale);
/* name: where it is in names. */
void missing_take(struct missing *missing, gint64 stamp, gsize name);
/* The folder was read before: what is unread among them is new mail. judged: rules are asked about what no
 * other program has seen yet. */
void missing_are_news(struct missing *missing, gboolean judged);
/* Takes missing instead of what was missing in folder before, and adds the first slice. With that the
 * folder's state is written, which says whether all is here. */
gboolean missing_begin(struct backend *backend, struct store_folder *folder, struct missing *missing,
                       GError **error);

#endif
