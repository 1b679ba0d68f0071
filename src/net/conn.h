/* A connection to a server: names → sockets (happy eyeballs, RFC 8305) → TLS (OpenSSL) → deflate (RFC 4978) →
 * bytes.
 *
 * Everything happens on one GMainContext (the thread that called conn_open); callbacks never run before
 * conn_open returned. Names are looked up in a job pool. A conn ends exactly once with on_closed; after
 * conn_close no callback comes at all.
 */
#ifndef FULMAR_NET_CONN_H
#define FULMAR_NET_CONN_H

#include <glib.h>

struct conn;

struct conn_params {
	const char *host; /* UTF-8 name (IDN is encoded) or address */
	guint16 port;
	gboolean tls;            /* implicit TLS */
	const char *ca_file;     /* extra CA certificates, PEM; NULL: the system's only */
	const char *const *pins; /* SHA-256 of the certificate, hexadecimal with or without colons, "sha256:"
	                            allowed; not empty: takes the place of chain and name */
	const char *client_certificate, *client_key; /* PEM files */
	guint connect_timeout_ms;                    /* one address; 0 = 10,000 */
	guint handshake_timeout_ms;                  /* 0 = 10,000 */
	guint silence_timeout_ms; /* armed by conn_expect: nothing received for so long ends the connection; 0
	                             = 30,000 */
	int trace;                /* enum log_area for the raw log, or -1 */
};

struct conn_events {
	/* Usable: TCP stands and, with tls, the handshake is done and the certificate accepted. */
	void (*on_open)(struct conn *conn, void *user);
	/* Plain bytes, any cut, lent for the call. */
	void (*on_read)(struct conn *conn, const unsigned char *bytes, gsize len, void *user);
	/* The write queue is empty again (after it was not). May be NULL. */
	void (*on_drained)(struct conn *conn, void *user);
	/* conn_start_tls finished. */
	void (*on_tls)(struct conn *conn, void *user);
	/* The end: error is lent; FULMAR_NO_LINK (unreachable, refused, timed out, lost: names host and port)
	 * or FULMAR_CERT (reason and the certificate's SHA-256). A clean close by the peer is FULMAR_NO_LINK
	 * too. The conn is freed after this call. */
	void (*on_closed)(struct conn *conn, const GError *error, void *user);
};

/* Copies params; lends events until the end. */
struct conn *conn_open(GMainContext *context, const struct conn_params *params,
                       const struct conn_events *events, void *user);
/* Sends what is queued as far as the socket takes it at once, then frees. No callback follows. */
void conn_close(struct conn *conn);

/* Queues bytes (copied). secret: the raw log shows "[n octets hidden]" instead. */
void conn_write(struct conn *conn, const void *bytes, gsize len, gboolean secret);
/* Octets queued and not yet taken by the socket. */
gsize conn_queued(const struct conn *conn);
/* Hold and resume reading (flow control). */
void conn_pause(struct conn *conn, gboolean paused);
/* An answer is awaited (TRUE: the silence timer runs) or not. The timer begins anew with octets in either
 * direction (an upload that goes on is not silence) and rests while reading is paused. */
void conn_expect(struct conn *conn, gboolean awaited);

/* Begins TLS on a plain connection: whatever was received and not yet delivered is discarded (injection).
 * Then on_tls, or on_closed. */
void conn_start_tls(struct conn *conn);
/* Switches both directions to raw deflate from the next octet on; octets already received after the current
 * on_read slice are inflated. Call it inside on_read with the number of octets of that slice consumed so far;
 * the rest comes back through a new on_read. */
void conn_start_deflate(struct conn *conn, gsize consumed);

gboolean conn_is_tls(const struct conn *conn);
/* For SASL -PLUS: *type gives "tls-exporter" (RFC 9266) with TLS 1.3, "tls-unique" (RFC 5929) with TLS 1.2
 * that has the extended master secret; NULL without either. Gives (g_bytes_unref). */
GBytes *conn_channel_binding(struct conn *conn, const char **type);
/* Facts for doctor: "TLSv1.3 TLS_AES_256_GCM_SHA384", peer address, certificate subject, expiry, SHA-256.
 * Keys: address, tls, subject, issuer, expires, sha256. Lends; NULL when unknown. */
const char *conn_fact(struct conn *conn, const char *key);
/* Octets received and sent on the wire so far. */
void conn_counts(const struct conn *conn, guint64 *received, guint64 *sent);

#endif
