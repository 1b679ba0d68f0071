/* Raw deflate both ways (RFC 4978, RFC 1951): no header, no checksum, one stream for the life of the
 * connection. */
#ifndef FULMAR_NET_DEFLATE_H
#define FULMAR_NET_DEFLATE_H

#include "net/queue.h"

struct deflate;

struct deflate *deflate_new(void);
void deflate_free(struct deflate *pair);

/* Compresses bytes; what comes out is appended to out, some may stay inside until deflate_flush. */
void deflate_write(struct deflate *pair, const void *bytes, gsize len, struct queue *out);
/* Ends a burst of writes: all of it is in out, at an octet boundary. Nothing when nothing was written since.
 */
void deflate_flush(struct deflate *pair, struct queue *out);

/* Inflates from *input, advancing *input and *len over what was taken. *slice is lent until the next call: at
 * most 64 KiB, so that a bomb unfolds piece by piece. Returns 1 (a slice), 0 (more input is needed) or -1
 * (not deflate, or the stream ended). */
int deflate_read(struct deflate *pair, const unsigned char **input, gsize *len, const unsigned char **slice,
                 gsize *slice_len);
/* True when deflate_read may give more without further input. */
gboolean deflate_holds_output(const struct deflate *pair);

#endif
