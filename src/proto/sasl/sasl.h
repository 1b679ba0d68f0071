/* SASL client mechanisms: PLAIN, LOGIN, EXTERNAL, OAUTHBEARER (RFC 7628) and XOAUTH2 of our own;
 * SCRAM-SHA-1/256(-PLUS) by libgsasl, opened on first use. Bytes in, bytes out; no base64, no socket. Order
 * of preference: RFC and protocols facts §6.
 */
#ifndef FULMAR_PROTO_SASL_H
#define FULMAR_PROTO_SASL_H

#include <glib.h>

struct sasl_secrets {
	const char *user;     /* authentication identity */
	const char *password; /* NULL if there is none */
	const char *token;    /* OAuth access token, NULL if there is none */
	const char *host;     /* for OAUTHBEARER */
	guint16 port;
	gboolean encrypted; /* TLS stands (or loopback or allow-cleartext): PLAIN, LOGIN and bearer tokens may
	                       be used */
	gboolean client_certificate;
	GBytes *binding;          /* channel binding data, or NULL */
	const char *binding_type; /* "tls-exporter", … */
};

/* The best of offered (NULL-terminated, upper or lower case) that secrets can serve and allowed
 * (NULL-terminated lower case, or {"auto"}) permits; NULL when none, with error saying which were offered and
 * why none will do. Lends a constant. */
const char *sasl_choose(const char *const *offered, const char *const *allowed,
                        const struct sasl_secrets *secrets, GError **error);

struct sasl;
/* Begins mechanism; copies secrets (overwritten when freed, and the responses as well). offered tells SCRAM
 * whether -PLUS was there (gs2 flag). NULL with error when the library is missing. */
struct sasl *sasl_new(const char *mechanism, const char *const *offered, const struct sasl_secrets *secrets,
                      GError **error);
void sasl_free(struct sasl *sasl);
/* True when the client speaks first (an initial response exists). */
gboolean sasl_client_first(const struct sasl *sasl);
/* One step: challenge (NULL for the initial response) → response. NULL with FULMAR_AUTH: the server's proof
 * is wrong, or the mechanism is broken. Gives (g_bytes_unref). */
GBytes *sasl_step(struct sasl *sasl, GBytes *challenge, GError **error);
/* After the server said OK: TRUE when all proofs were seen (SCRAM's server signature). */
gboolean sasl_complete(struct sasl *sasl, GError **error);
/* OAuth: what the server said in its JSON error challenge (valid UTF-8, at most 4096 octets, not safe for a
 * screen), or NULL. Lends. */
const char *sasl_server_error(const struct sasl *sasl);

#endif
