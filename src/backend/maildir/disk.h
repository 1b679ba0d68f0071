/* What is done to files of a Maildir: never over what is there, whole or not at all, durable when it says so.
 * Paths are octets. Errors are one line that names the path. */
#ifndef FULMAR_BACKEND_MAILDIR_DISK_H
#define FULMAR_BACKEND_MAILDIR_DISK_H

#include <glib.h>

enum disk_end {
	DISK_DONE,
	DISK_GONE,  /* from is not there (any more) */
	DISK_TAKEN, /* to is there already */
	DISK_AWAY,  /* not in one step: another disk, or one that cannot do it so */
	DISK_FAILED /* with error */
};

/* Renames in one step. */
enum disk_end disk_rename(const char *from, const char *to, GError **error);
/* A second name for the file. */
enum disk_end disk_link(const char *from, const char *to, GError **error);
/* Writes bytes by way of tmp (which is in a folder that may be missing; what is left there goes) to to, with
 * the time when; the octets are on the disk before to is. */
enum disk_end disk_write(const char *tmp, const char *to, const void *bytes, gsize len, gint64 when,
                         GError **error);
/* The same in two steps, so that one sync of the file system in between does for many: the octets come to tmp
 * (FALSE: they could not), and what lies there comes to to. */
gboolean disk_lay(const char *tmp, const void *bytes, gsize len, gint64 when);
enum disk_end disk_finish(const char *tmp, const char *to, GError **error);
/* disk_write with what is in from, and its times. */
enum disk_end disk_copy(const char *from, const char *tmp, const char *to, GError **error);
/* Where a rename does not do: a second name or a copy, then from goes. What an earlier call left half done is
 * brought to its end. DISK_GONE also when from got another name in the middle. */
enum disk_end disk_carry(const char *from, const char *tmp, const char *to, GError **error);
/* A new empty file, instead of one that may be there. -1 with errno. */
int disk_create_anew(const char *path);
/* A lock that others know: a file that is there as long as it is held, or the next one of what is locked. One
 * that nobody ended is taken away. A descriptor to write to, or -1 with error: FULMAR_NO_LINK when another
 * program has it. */
int disk_lock(const char *lock, GError **error);
/* Removes a file. */
enum disk_end disk_remove(const char *path, GError **error);
/* Two names of one file, or files with the same octets on two disks. */
gboolean disk_is_same(const char *a, const char *b);
/* Names that came into dir and went from it are on the disk. */
gboolean disk_sync(const char *dir, GError **error);

#endif
