/* Files that are whole or not there, private whatever the umask, and never outside the folder meant. */
#ifndef FULMAR_BASE_FILES_H
#define FULMAR_BASE_FILES_H

#include <glib.h>

/* Makes dir and its parents with mode 0700 (existing ones are left alone). */
gboolean files_make_private_dir(const char *dir, GError **error);

/* Writes bytes to path: temporary file beside it (0600), fsync, rename, fsync of the folder. Either the old
 * content or the new one is there at any instant. */
gboolean files_write_atomically(const char *path, const void *bytes, gsize len, GError **error);

/* Makes what is written under a temporary name durable under its final one: fsync file, rename, fsync folder.
 * Lends fd: the caller closes it, and removes the temporary name when this fails. */
gboolean files_commit(int fd, const char *temporary, const char *final, GError **error);

/* What path (a file or a folder) is at this moment is on the disk when this returns. */
gboolean files_sync(const char *path, GError **error);

/* All that was written to the file system of dir is on the disk when this returns: for many files at once. */
gboolean files_sync_all(const char *dir, GError **error);

/* Writes all of bytes, however often that takes. FALSE with errno. */
gboolean files_write_all(int fd, const void *bytes, gsize len);
/* The same with what is left in from. */
gboolean files_copy_all(int from, int to);

/* A file name that a message proposed, made harmless: base name only, no leading dot or dash, no controls,
 * bidi or separators, at most 200 octets with its extension kept; "attachment" when nothing remains. Gives
 * (g_free). */
char *files_safe_name(const char *proposed);

/* Creates dir/name (already safe) with O_EXCL and O_NOFOLLOW, 0600; when it exists, "name (2).ext", "name
 * (3).ext", … up to 999. Returns the descriptor (for writing and reading), or -1 with error; *path gives the
 * path chosen (g_free). */
int files_create_new(const char *dir, const char *name, char **path, GError **error);

/* A fresh private temporary folder below $TMPDIR (0700). Gives (g_free), or NULL with error. */
char *files_private_tmp(GError **error);
/* Removes path and, when it is a folder, everything in it; follows no link. Errors are ignored: it is for
 * clean-up. */
void files_remove_tree(const char *path);

/* XDG base folder for kind "CONFIG", "DATA", "STATE" or "CACHE", with "fulmar" appended; relative values of
 * the variables are ignored. Gives (g_free). */
char *files_xdg(const char *kind);

/* "~" and "~/x" expanded to the home folder; anything else copied. Gives (g_free). */
char *files_expand_home(const char *path);

#endif
