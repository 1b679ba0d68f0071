/* TLS 1.2 and 1.3 as a client over a non-blocking socket. OpenSSL is first touched by tls_new. */
#ifndef FULMAR_NET_TLS_H
#define FULMAR_NET_TLS_H

#include "net/verify.h"

#include <glib.h>

struct tls;

/* Lent until tls_free. */
struct tls_params {
	const char *peer; /* "host:port" for messages */
	const char *host; /* A-labels or an address */
	gboolean is_address;
	const char *ca_file;
	const char *const *pins;
	const char *client_certificate, *client_key;
	guint64 *received, *sent; /* octets on the wire are added here */
};

/* NULL with FULMAR_CERT when a file of params cannot be used. */
struct tls *tls_new(const struct tls_params *params, GError **error);
void tls_free(struct tls *tls);

/* Goes on with the handshake on fd (from the first call on): 1 done and the certificate accepted, 0 not yet,
 * -1 with FULMAR_CERT or FULMAR_NO_LINK. */
int tls_handshake(struct tls *tls, int fd, GError **error);
/* Fills bytes as far as there is something: more than 0, 0 would block, -1 the end with FULMAR_NO_LINK. */
gssize tls_read(struct tls *tls, void *bytes, gsize len, GError **error);
/* Sends what the socket takes: more than 0, 0 would block (the next call must begin with the same octets), -1
 * with FULMAR_NO_LINK. */
gssize tls_write(struct tls *tls, const void *bytes, gsize len, GError **error);
/* Says goodbye if the socket takes it at once. */
void tls_goodbye(struct tls *tls);

/* What the last call that would block waits for. */
/* True when the next tls_read tells the end without looking at the socket. */
gboolean tls_holds_end(const struct tls *tls);
gboolean tls_read_wants_out(const struct tls *tls);
gboolean tls_write_wants_in(const struct tls *tls);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384"; NULL before the handshake is done. Lends. */
const char *tls_summary(const struct tls *tls);
/* The certificate that was shown. Lends. */
const struct certificate *tls_certificate(const struct tls *tls);
/* See conn_channel_binding. Gives (g_bytes_unref), or NULL. */
GBytes *tls_channel_binding(struct tls *tls, const char **type);

#endif
