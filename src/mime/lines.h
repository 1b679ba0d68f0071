/* How the lines of a message end: in CRLF on the wire, in LF in a Maildir. Pure, linear. */
#ifndef FULMAR_MIME_LINES_H
#define FULMAR_MIME_LINES_H

#include <glib.h>

/* The octets with a CR before each LF that has none. Gives (g_bytes_unref): bytes itself, referenced, when
 * there is nothing to add. */
GBytes *lines_with_crlf(GBytes *bytes);
/* The octets with LF for CRLF. Gives (g_bytes_unref): bytes itself, referenced, when it does not keep to CRLF
 * throughout. */
GBytes *lines_with_lf(GBytes *bytes);

#endif
