/* Names of folders as they lie on the disk, and what a person sees of them. Pure.
 *
 * A wire name is octets relative to the account's path: "." is that folder itself, ".Lists.harbour" one of
 * Maildir++, "Lists/harbour" one of a plain tree, "Lists/.harbour" of one that mbsync has written with
 * "SubFolders Legacy". A path is UTF-8 with '/' between levels.
 */
#ifndef FULMAR_BACKEND_MAILDIR_WIRE_H
#define FULMAR_BACKEND_MAILDIR_WIRE_H

#include <glib.h>

/* Names that differ stay so. Gives (g_free). */
char *wire_to_path(const char *wire, char delimiter);
/* Names a folder below the account's path, and leads nowhere else: what a server of ours would take. */
gboolean wire_is_inside(const char *wire);
/* Whether wire is top, or below it; *rest is what follows. top "." has none below it. */
gboolean wire_is_at(const char *wire, const char *top, char delimiter, const char **rest);
/* The wire name for a folder that is to be, spelled as those that are here (struct store_folder *): by its
 * nearest parent, else as most are; root: the account's path is a Maildir itself. NULL with error: it cannot
 * be one, and why. Gives (g_free). */
char *wire_from_path(const GPtrArray *folders, gboolean root, const char *path, char *delimiter,
                     GError **error);

#endif
