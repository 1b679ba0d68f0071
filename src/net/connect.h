/* Addresses to a connected socket: happy eyeballs (RFC 8305 §4, §5). The families take turns, each further
 * address is tried 250 ms after the one before or as soon as that failed, and the first that answers wins.
 */
#ifndef FULMAR_NET_CONNECT_H
#define FULMAR_NET_CONNECT_H

#include "net/resolve.h"

struct connect;
/* fd (gives: non-blocking, close-on-exec, no delay, kept alive) and the address it goes to, or -1 and the
 * errno that tells most. The handle is freed after. */
typedef void connect_done(int fd, const struct address *address, int error, void *user);

/* Copies addresses. timeout_ms is for each address. done comes on context, never before this returned. */
struct connect *connect_start(GMainContext *context, GArray *addresses, guint timeout_ms, connect_done *done,
                              void *user);
/* done will not come; frees the handle. */
void connect_cancel(struct connect *connect);

/* The same addresses with the families taking turns, the first one's first. Gives (g_array_unref). */
GArray *connect_interleave(GArray *addresses);

#endif
