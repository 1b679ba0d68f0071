/* Names to addresses, in a pool of threads of its own: getaddrinfo cannot be called off, so a lookup that
 * nobody wants any more runs to its end there and is dropped.
 */
#ifndef FULMAR_NET_RESOLVE_H
#define FULMAR_NET_RESOLVE_H

#include <glib.h>
#include <sys/socket.h>

struct address {
	struct sockaddr_storage name;
	socklen_t len;
};

/* "192.0.2.1" or "2001:db8::1" with the zone; no port, no brackets. Gives (g_free). */
char *address_text(const struct address *address);

/* What needs no lookup: an address (brackets around IPv6 allowed), localhost and *.localhost (RFC 6761 §6.3:
 * always loopback). NULL for other names. Gives struct address * (g_array_unref). */
GArray *resolve_now(const char *host, guint16 port);
/* True when host is an address. */
gboolean resolve_is_address(const char *host);
/* host as the domain name system and certificates spell it: IDNA2008 A-labels, no final dot, no brackets.
 * NULL when it cannot be a name. Gives (g_free). */
char *resolve_ascii(const char *host);

struct resolve;
/* addresses (lent, in getaddrinfo's order) or status (EAI_…, with errno for EAI_SYSTEM in system_errno). The
 * handle is freed after. */
typedef void resolve_done(GArray *addresses, int status, int system_errno, void *user);

/* Looks host up; done comes on context, never before this returned, unless cancelled first. */
struct resolve *resolve_start(GMainContext *context, const char *host, guint16 port, resolve_done *done,
                              void *user);
/* done will not come; frees the handle. */
void resolve_cancel(struct resolve *resolve);

#endif
