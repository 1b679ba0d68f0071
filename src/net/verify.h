/* Is this certificate the server's? Chain, time, purpose, key strength and name; or the person's pins alone.
 */
#ifndef FULMAR_NET_VERIFY_H
#define FULMAR_NET_VERIFY_H

#include <glib.h>
#include <openssl/x509_vfy.h>

/* Facts about the certificate shown, for doctor and for messages; safe text. All NULL until one was shown. */
struct certificate {
	char *subject, *issuer;
	char *expires; /* "2026-11-21" */
	char *sha256;  /* of the DER octets, upper case with colons */
};
void certificate_clear(struct certificate *certificate);

struct verify {
	const char *host; /* A-labels or an address */
	gboolean is_address;
	const char *const *pins; /* NULL or empty: chain and name decide */
	int security_level;      /* of keys and digests, as OpenSSL counts */
	/* Called once when no authority was found, to fetch more roots into the store (the system's one big
	 * file costs time that the hashed folder beside it does not). May be NULL. */
	void (*more_roots)(void *user);
	void *user;
};

/* Judges leaf with the chain that came with it. FALSE: *reason gives (g_free) why, in plain translated words
 * that follow "the certificate was refused:"; *code is an X509_V_ERR_… for the TLS alert. Fills facts in any
 * case. */
gboolean verify_certificate(const struct verify *verify, X509_STORE *store, X509 *leaf,
                            STACK_OF(X509) * chain, struct certificate *facts, char **reason, int *code);

#endif
