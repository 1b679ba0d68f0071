/* File names of messages in a Maildir: "BASE:2,FLAGS" (cr.yp.to/proto/maildir.html, "info"). Pure.
 *
 * Names are bytes; whatever stands in BASE is kept as it is. Lower-case letters in FLAGS are keywords
 * (letters.h). Where a file system takes no ':' in names, programs write "BASE;2,FLAGS" or "BASE!2,FLAGS"
 * (mbsync's InfoDelimiter, mutt's maildir_field_delimiter).
 */
#ifndef FULMAR_BACKEND_MAILDIR_NAME_H
#define FULMAR_BACKEND_MAILDIR_NAME_H

#include <glib.h>

/* Octets of BASE in a name. */
gsize maildir_base_len(const char *name);
/* What stands between BASE and "2,"; 0 without an info part. */
char maildir_colon(const char *name);
/* enum store_flag bits of the letters; 0 without an info part. */
guint maildir_flags(const char *name);
/* Its lower-case letters: bit 0 is 'a'. */
guint32 maildir_letters(const char *name);
/* The name with its letters for flags set as flags say, the others kept, sorted by octet. Gives (g_free). */
char *maildir_name_with(const char *name, guint flags);
/* BASE for another folder: without isync's ",U=UID", which numbers it in this one (mbsync(1)). Gives
 * (g_free).
 */
char *maildir_base_elsewhere(const char *name);
/* A BASE of our own making for a row: the same whenever it is asked for, so that after a crash it tells what
 * became of the row. token is "UNIQUE.HOST" of the store; name, which the message has now, or NULL, is not
 * given again. Gives (g_free). */
char *maildir_base_new(gint64 stamp, const char *token, gint64 row, const char *name);
/* BASE with flags, these letters, and whatever else stands in the info part of name ("" for none). colon:
 * what stands in between if name does not say. Gives (g_free). */
char *maildir_name_of(const char *base, const char *name, char colon, guint flags, guint32 letters);
/* A number for BASE that stays the same under every renaming: 62 bits of its SHA-256, never 0. */
guint64 maildir_uid(const char *name);
/* Seconds in front of the first dot, as delivery agents write them; 0 when there are none that can be a time.
 */
gint64 maildir_stamp(const char *name);

#endif
