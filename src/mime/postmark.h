/* The line "From sender Thu Jan  1 00:00:01 1970" before each message of an mbox file (RFC 4155). Pure. */
#ifndef FULMAR_MIME_POSTMARK_H
#define FULMAR_MIME_POSTMARK_H

#include <glib.h>

enum { POSTMARK_MOST = 1000 /* octets: a longer line is none */ };

/* line: octets with or without a line end. FALSE when no date as asctime(3) writes it stands in it. A zone in
 * numbers before or behind the year is taken off, a named one is passed over. sender ("" when there is none;
 * unsafe) is given, and may be NULL, as received (UTC seconds). */
gboolean postmark_read(const char *line, gsize len, char **sender, gint64 *received);
/* Appends one, with LF. sender: any octets, "" for nobody. A time out of reach becomes the first second there
 * is. */
void postmark_write(GString *out, const char *sender, gint64 received);

#endif
