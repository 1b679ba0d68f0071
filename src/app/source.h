/* Messages out of one PATH: an mbox or an .eml (a file or a pipe), a Maildir, or a folder of .eml files. One
 * is held at a time; of a folder the names. */
#ifndef FULMAR_APP_SOURCE_H
#define FULMAR_APP_SOURCE_H

#include <glib.h>
#include "mime/mbox.h"

struct source_message {
	GBytes *bytes;   /* with CRLF, never empty */
	gint64 received; /* UTC seconds: of the "From " line or the file, else the date in it, else now */
	guint flags;     /* enum store_flag */
	char *keywords;  /* or NULL */
};
void source_message_clear(struct source_message *message);

struct source;
/* dialect is that of an mbox; MBOX_AUTO: as it looks, and it need not be one. An mbox that others have locked
 * is waited for, patience seconds at a time. tell is given a line about each message that cannot be had. "-"
 * is standard input. NULL with error: it cannot be read, or there is no mail.
 */
struct source *source_new(const char *path, enum mbox_dialect dialect, gint64 patience,
                          void (*tell)(const char *line, gboolean left_out, void *user), void *user,
                          GError **error);
void source_free(struct source *source);
/* 1, 0 at the end, -1 with error: the rest of it cannot be had. */
int source_next(struct source *source, struct source_message *message, GError **error);
/* How much of it is done with, in percent; -1: that cannot be told. */
int source_percent(const struct source *source);

#endif
