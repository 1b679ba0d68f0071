/* The other side of a connection, on the default main context: a loopback server that records what it gets
 * and says what the test tells it to, in clear or through TLS; certificates of our own making; and a client
 * that records its callbacks.
 */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include "net/conn.h"

#include <openssl/ssl.h>

/* Runs the loop until condition holds; a test that never gets there is stopped by a watchdog after 20 s. */
#define WAIT_FOR(condition) \
	do { \
		guint watchdog = peer_watch(#condition); \
		while (!(condition)) \
			g_main_context_iteration(NULL, TRUE); \
		g_source_remove(watchdog); \
	} while (0)
guint peer_watch(const char *condition);

/* A key and its certificate. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

struct identity_params {
	const char *cn;
	const char *names; /* subjectAltName as in openssl.cnf, "DNS:a.example,IP:127.0.0.1" */
	const char *use;   /* extendedKeyUsage */
	gboolean authority;
	gboolean nul_name;    /* a DNS name "localhost" NUL ".evil.example" */
	int weak_bits;        /* RSA of so few bits in the place of P-256 */
	int from_day, to_day; /* from today; to 0 = 30 */
};

/* Signed by issuer, or by itself. */
struct identity *identity_new(const struct identity_params *params, const struct identity *issuer);
void identity_free(struct identity *identity);
/* Writes PEM files into a private folder that peer_clean_up removes. Gives the path. */
char *identity_write_certificate(const struct identity *identity);
char *identity_write_key(const struct identity *identity);
/* SHA-256 of the certificate, lower case without colons. */
char *identity_sha256(const struct identity *identity);
char *peer_write_file(const char *name, const char *text);
void peer_clean_up(void);

struct peer {
	int listener, fd; /* fd: the one connection that was accepted, or -1 */
	guint16 port;
	guint accept_source, read_source;
	GString *got;    /* from the client, after TLS */
	gboolean closed; /* the client closed */
	SSL *ssl;
	SSL_CTX *context;
	gboolean secure; /* the server's handshake is done */
	gboolean hold;   /* nothing is read (nor shaken) */
	int accepted;
};

/* Listens on 127.0.0.1. */
struct peer *peer_new(void);
void peer_free(struct peer *peer);
/* TLS as identity for the connection accepted next (or already there). ca: a client certificate signed by it
 * is wanted. */
void peer_use_tls(struct peer *peer, const struct identity *identity, const struct identity *ca);
/* All of it, now; the test's kernel buffers must take it. */
void peer_send(struct peer *peer, const void *bytes, gsize len);
void peer_say(struct peer *peer, const char *text);
/* Past TLS, straight onto the socket. */
void peer_send_raw(struct peer *peer, const void *bytes, gsize len);
void peer_hang_up(struct peer *peer);

struct client {
	struct conn *conn; /* NULL when closed */
	struct conn_params params;
	GString *read;
	int opened, secured, drained, reads, closed;
	gsize longest; /* the longest slice */
	GError *error;
	/* Called inside the callbacks, after recording. */
	void (*at_open)(struct client *client);
	void (*at_read)(struct client *client, const unsigned char *bytes, gsize len);
	void (*at_drained)(struct client *client);
	void (*at_tls)(struct client *client);
	void (*at_closed)(struct client *client);
	void *data;
};

/* Points params at peer; the test sets the rest, then opens. */
void client_init(struct client *client, const char *host, guint16 port);
void client_open(struct client *client);
void client_close(struct client *client);
/* Closes when still open, and forgets everything. */
void client_clear(struct client *client);
/* The connection ended with code and a message that holds each of the words (NULL-terminated). */
void client_assert_ended(const struct client *client, int code, ...) G_GNUC_NULL_TERMINATED;

#endif
