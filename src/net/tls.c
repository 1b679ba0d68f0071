#include "net/tls.h"

#include "base/error.h"
#include "base/i18n.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

/* One recv for several records. */
#define TLS_READ_AHEAD ((gsize)64 * 1024)

struct tls {
	struct tls_params params;
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	int socket_errno; /* what recv or send last failed with, 0 for none */
	gboolean eof;     /* recv saw the end */
	gboolean done;    /* the handshake is over */
	GError *refusal;  /* the certificate's, set while the handshake runs */
	GError *ending;   /* met behind octets that had to be given first */
	gboolean read_wants_out, write_wants_in;
	struct certificate certificate;
	char *summary;
};

/* The socket below OpenSSL. Its own socket BIO would write without MSG_NOSIGNAL. */

static int
bio_read(BIO *bio, char *bytes, size_t len, size_t *got)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	do {
		n = recv(tls->fd, bytes, len, 0);
	} while (n < 0 && errno == EINTR);
	*got = n > 0 ? (size_t)n : 0;
	if (n > 0) {
		*tls->params.received += (guint64)n;
		return 1;
	}
	if (n == 0)
		tls->eof = TRUE;
	else if (errno == EAGAIN || errno == EWOULDBLOCK)
		BIO_set_retry_read(bio);
	else
		tls->socket_errno = errno;
	return 0;
}

static int
bio_write(BIO *bio, const char *bytes, size_t len, size_t *put)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	do {
		n = send(tls->fd, bytes, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	*put = n > 0 ? (size_t)n : 0;
	if (n >= 0) {
		*tls->params.sent += (guint64)n;
		return 1;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		BIO_set_retry_write(bio);
	else
		tls->socket_errno = errno;
	return 0;
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
	struct tls *tls = BIO_get_data(bio);

	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return tls->eof;
	default:
		return 0;
	}
}

static BIO_METHOD *
bio_method(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		BIO_METHOD *method =
		        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fulmar socket");

		BIO_meth_set_read_ex(method, bio_read);
		BIO_meth_set_write_ex(method, bio_write);
		BIO_meth_set_ctrl(method, bio_control);
		g_once_init_leave(&once, (gsize)method);
	}
	return (BIO_METHOD *)once;
}

/* The system's authorities lie in a folder hashed by name (looked into for one authority at a time) and in
 * one big file (a hundred certificates to parse): the file is read only when the folder had no answer. */
static void
load_system_file(void *user)
{
	SSL_CTX_set_default_verify_file(user);
}

/* OpenSSL's hook in the place of its own verification. Nothing of ours, no client certificate either, goes
 * out before it. */
static int
on_certificate(X509_STORE_CTX *store_context, void *user)
{
	struct tls *tls = user;
	X509 *leaf = X509_STORE_CTX_get0_cert(store_context);
	struct verify verify = {
	        .host = tls->params.host,
	        .is_address = tls->params.is_address,
	        .pins = tls->params.pins,
	        .security_level = SSL_get_security_level(tls->ssl),
	        .more_roots = load_system_file,
	        .user = tls->context,
	};
	g_autofree char *reason = NULL;
	int code = X509_V_ERR_UNSPECIFIED;

	if (leaf && verify_certificate(&verify, SSL_CTX_get_cert_store(tls->context), leaf,
	                               X509_STORE_CTX_get0_untrusted(store_context), &tls->certificate,
	                               &reason, &code)) {
		X509_STORE_CTX_set_error(store_context, X509_V_OK);
		return 1;
	}
	X509_STORE_CTX_set_error(store_context, code);
	g_clear_error(&tls->refusal);
	fulmar_fail(
	        &tls->refusal, FULMAR_CERT,
	        _("%s: the certificate was refused: %s (SHA-256 %s); if you know it is the right one, set "
	          "certificate-pin to this value, or ca-file to its authority"),
	        tls->params.peer, reason ? reason : _("there was none"),
	        tls->certificate.sha256 ? tls->certificate.sha256 : "-");
	return 0;
}

/* A key file with a passphrase must not make OpenSSL ask on the terminal. */
static int
no_passphrase(char *buffer, int size, int writing, void *user)
{
	return -1;
}

/* The oldest fault in OpenSSL's queue is the cause, the later ones only pass it on. */
static void
fail_file(const struct tls *tls, const char *option, const char *path, GError **error)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(code) ? g_strerror((int)ERR_GET_REASON(code))
	                                          : ERR_reason_error_string(code);

	fulmar_fail(error, FULMAR_CERT, _("%s: %s %s cannot be used: %s"), tls->params.peer, option, path,
	            text ? text : "?");
}

static gboolean
load_files(struct tls *tls, GError **error)
{
	const struct tls_params *params = &tls->params;
	const char *key = params->client_key ? params->client_key : params->client_certificate;

	if (params->ca_file && !SSL_CTX_load_verify_file(tls->context, params->ca_file)) {
		fail_file(tls, "ca-file", params->ca_file, error);
		return FALSE;
	}
	if (!params->client_certificate)
		return TRUE;
	if (SSL_CTX_use_certificate_chain_file(tls->context, params->client_certificate) != 1) {
		fail_file(tls, "client-certificate", params->client_certificate, error);
		return FALSE;
	}
	if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1) {
		fail_file(tls, "client-key", key, error);
		return FALSE;
	}
	return TRUE;
}

static void
set_up_context(struct tls *tls)
{
	SSL_CTX *context = tls->context;

	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	/* RSA of 2048 bits, no SHA-1: what distributions ask for, wherever this was built. */
	SSL_CTX_set_security_level(context, MAX(SSL_CTX_get_security_level(context), 2));
	SSL_CTX_set_options(context,
	                    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, TLS_READ_AHEAD);
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, on_certificate, tls);
	SSL_CTX_set_default_verify_dir(context);
}

struct tls *
tls_new(const struct tls_params *params, GError **error)
{
	struct tls *tls = g_new0(struct tls, 1);
	BIO *bio;

	tls->params = *params;
	tls->fd = -1;
	ERR_clear_error();
	tls->context = SSL_CTX_new(TLS_client_method());
	if (!tls->context) {
		fulmar_fail(error, FULMAR_CERT, _("%s: OpenSSL cannot be used; check its configuration"),
		            params->peer);
		tls_free(tls);
		return NULL;
	}
	set_up_context(tls);
	if (!load_files(tls, error)) {
		tls_free(tls);
		return NULL;
	}
	tls->ssl = SSL_new(tls->context);
	bio = BIO_new(bio_method());
	g_assert(tls->ssl && bio); /* these fail only without memory */
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	if (!params->is_address)
		SSL_set_tlsext_host_name(tls->ssl, params->host);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	g_clear_error(&tls->refusal);
	g_clear_error(&tls->ending);
	certificate_clear(&tls->certificate);
	g_free(tls->summary);
	g_free(tls);
}

/* Faults of the handshake that people meet, in their words. */
static const struct {
	int reason;
	const char *words;
} handshake_faults[] = {
        {SSL_R_WRONG_VERSION_NUMBER, N_("the server does not speak TLS here; check port and security")},
        {SSL_R_HTTP_REQUEST, N_("the server does not speak TLS here; check port and security")},
        {SSL_R_PACKET_LENGTH_TOO_LONG, N_("the server does not speak TLS here; check port and security")},
        {SSL_R_UNSUPPORTED_PROTOCOL, N_("the server speaks only TLS older than 1.2, which is not safe")},
        {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
         N_("the server speaks only TLS older than 1.2, which is not safe")},
        {SSL_R_DH_KEY_TOO_SMALL, N_("the server's key exchange is too weak")},
        {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, N_("the server found no cipher in common")},
        {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, N_("the server wants a client certificate")},
};

static void
fail_closed(const struct tls *tls, GError **error)
{
	if (tls->socket_errno == ECONNRESET || tls->socket_errno == EPIPE)
		fulmar_fail(error, FULMAR_NO_LINK, _("%s: the connection was reset"), tls->params.peer);
	else if (tls->socket_errno)
		fulmar_fail(error, FULMAR_NO_LINK, "%s: %s", tls->params.peer, g_strerror(tls->socket_errno));
	else
		fulmar_fail(error, FULMAR_NO_LINK, _("%s: the server closed the connection"),
		            tls->params.peer);
}

/* After SSL_ERROR_SSL, SSL_ERROR_SYSCALL or SSL_ERROR_ZERO_RETURN. */
static void
fail(const struct tls *tls, int kind, GError **error)
{
	unsigned long code = ERR_peek_error();

	if (kind != SSL_ERROR_SSL || !code || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		fail_closed(tls, error);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(handshake_faults); i++)
		if (handshake_faults[i].reason == ERR_GET_REASON(code)) {
			fulmar_fail(error, FULMAR_NO_LINK, "%s: %s", tls->params.peer,
			            _(handshake_faults[i].words));
			return;
		}
	fulmar_fail(error, FULMAR_NO_LINK, _("%s: TLS failed: %s"), tls->params.peer,
	            ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "?");
}

int
tls_handshake(struct tls *tls, int fd, GError **error)
{
	int status, kind;

	tls->fd = fd;
	tls->read_wants_out = FALSE;
	ERR_clear_error();
	status = SSL_connect(tls->ssl);
	if (status == 1) {
		tls->done = TRUE;
		tls->summary =
		        g_strdup_printf("%s %s", SSL_get_version(tls->ssl), SSL_get_cipher_name(tls->ssl));
		return 1;
	}
	kind = SSL_get_error(tls->ssl, status);
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
		tls->read_wants_out = kind == SSL_ERROR_WANT_WRITE;
		return 0;
	}
	if (tls->refusal)
		g_propagate_error(error, g_steal_pointer(&tls->refusal));
	else
		fail(tls, kind, error);
	return -1;
}

gssize
tls_read(struct tls *tls, void *bytes, gsize len, GError **error)
{
	gsize total = 0, got;
	int kind = SSL_ERROR_NONE;

	if (tls->ending) {
		g_propagate_error(error, g_steal_pointer(&tls->ending));
		return -1;
	}
	tls->read_wants_out = FALSE;
	while (total < len && kind == SSL_ERROR_NONE) {
		ERR_clear_error();
		if (SSL_read_ex(tls->ssl, (char *)bytes + total, len - total, &got) == 1)
			total += got;
		else
			kind = SSL_get_error(tls->ssl, 0);
	}
	if (kind == SSL_ERROR_WANT_WRITE)
		tls->read_wants_out = TRUE;
	if (kind == SSL_ERROR_NONE || kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return (gssize)total;
	fail(tls, kind, total ? &tls->ending : error);
	return total ? (gssize)total : -1;
}

gssize
tls_write(struct tls *tls, const void *bytes, gsize len, GError **error)
{
	gsize put = 0;
	int kind;

	tls->write_wants_in = FALSE;
	ERR_clear_error();
	if (SSL_write_ex(tls->ssl, bytes, len, &put) == 1)
		return (gssize)put;
	kind = SSL_get_error(tls->ssl, 0);
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
		tls->write_wants_in = kind == SSL_ERROR_WANT_READ;
		return 0;
	}
	fail(tls, kind, error);
	return -1;
}

void
tls_goodbye(struct tls *tls)
{
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

gboolean
tls_holds_end(const struct tls *tls)
{
	return tls->ending != NULL;
}

gboolean
tls_read_wants_out(const struct tls *tls)
{
	return tls->read_wants_out;
}

gboolean
tls_write_wants_in(const struct tls *tls)
{
	return tls->write_wants_in;
}

const char *
tls_summary(const struct tls *tls)
{
	return tls->summary;
}

const struct certificate *
tls_certificate(const struct tls *tls)
{
	return &tls->certificate;
}

GBytes *
tls_channel_binding(struct tls *tls, const char **type)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char bytes[64];
	size_t len;

	if (!tls->done)
		return NULL;
	if (SSL_version(tls->ssl) >= TLS1_3_VERSION) {
		if (SSL_export_keying_material(tls->ssl, bytes, 32, label, sizeof(label) - 1,
		                               (const unsigned char *)"", 0, 1) != 1)
			return NULL;
		*type = "tls-exporter";
		return g_bytes_new(bytes, 32);
	}
	/* The first Finished of the latest handshake: ours, for no session is ever resumed. Without the
	 * extended master secret it can be made equal on two connections (RFC 7627 §1). */
	if (SSL_get_extms_support(tls->ssl) != 1)
		return NULL;
	len = SSL_get_finished(tls->ssl, bytes, sizeof(bytes));
	if (!len || len > sizeof(bytes))
		return NULL;
	*type = "tls-unique";
	return g_bytes_new(bytes, len);
}
