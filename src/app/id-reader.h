/* Message IDs out of a stream that comes in any cut: bare words with blanks or line ends between them, JSON
 * strings, JSON objects, of which the member "id" counts (rows as "fulmar list --json" prints them, also when
 * another program spread them over lines), and lists of these.
 */
#ifndef FULMAR_APP_ID_READER_H
#define FULMAR_APP_ID_READER_H

#include <glib.h>

struct id_reader;

/* found gets each ID as soon as it is complete (lent, any octets but NUL); FALSE with error ends the reading.
 */
struct id_reader *id_reader_new(gboolean (*found)(const char *id, void *user, GError **error), void *user);
/* FALSE with FULMAR_USAGE: this is neither, and nothing more may be fed. Linear in len; memory does not grow.
 */
gboolean id_reader_feed(struct id_reader *reader, const char *bytes, gsize len, GError **error);
/* The stream has ended: FALSE when it did so within a value. */
gboolean id_reader_end(struct id_reader *reader, GError **error);
void id_reader_free(struct id_reader *reader);

#endif
