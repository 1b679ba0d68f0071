#include "net/peer.h"

#include "base/error.h"
#include "base/files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *folder;

static gboolean
too_long(gpointer condition)
{
	g_error("waited in vain for %s", (const char *)condition);
	return G_SOURCE_REMOVE;
}

guint
peer_watch(const char *condition)
{
	return g_timeout_add(60000, too_long, (gpointer)condition);
}

char *
peer_write_file(const char *name, const char *text)
{
	char *path;

	if (!folder)
		folder = files_private_tmp(NULL);
	g_assert_nonnull(folder);
	path = g_build_filename(folder, name, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

void
peer_clean_up(void)
{
	if (folder)
		files_remove_tree(folder);
	g_clear_pointer(&folder, g_free);
}

/* Identities. */

static void
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	g_assert_nonnull(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void
add_nul_name(X509 *certificate)
{
	static const char name[] = "localhost\0.evil.example";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *entry = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, name, sizeof(name) - 1);
	GENERAL_NAME_set0_value(entry, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, entry);
	X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
}

struct identity *
identity_new(const struct identity_params *params, const struct identity *issuer)
{
	struct identity *identity = g_new0(struct identity, 1);
	X509 *certificate = X509_new(), *parent = issuer ? issuer->certificate : certificate;
	static long serial;

	identity->key = params->weak_bits ? EVP_RSA_gen((unsigned)params->weak_bits) : EVP_EC_gen("P-256");
	identity->certificate = certificate;
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	X509_time_adj_ex(X509_getm_notBefore(certificate), params->from_day, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(certificate), params->to_day ? params->to_day : 30, 0, NULL);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
	                           (const unsigned char *)params->cn, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(parent));
	X509_set_pubkey(certificate, identity->key);
	add_extension(certificate, parent, NID_basic_constraints,
	              params->authority ? "critical,CA:TRUE" : "CA:FALSE");
	if (params->names)
		add_extension(certificate, parent, NID_subject_alt_name, params->names);
	if (params->nul_name)
		add_nul_name(certificate);
	if (params->use)
		add_extension(certificate, parent, NID_ext_key_usage, params->use);
	g_assert_cmpint(X509_sign(certificate, issuer ? issuer->key : identity->key, EVP_sha256()), >, 0);
	return identity;
}

void
identity_free(struct identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
	g_free(identity);
}

static char *
write_bio(BIO *bio, const char *kind)
{
	static int count;
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);
	g_autofree char *text = g_strndup(bytes, (gsize)len),
	                *name = g_strdup_printf("%s-%d.pem", kind, count++);
	char *path = peer_write_file(name, text);

	BIO_free(bio);
	return path;
}

char *
identity_write_certificate(const struct identity *identity)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, identity->certificate);
	return write_bio(bio, "certificate");
}

char *
identity_write_key(const struct identity *identity)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL);
	return write_bio(bio, "key");
}

char *
identity_sha256(const struct identity *identity)
{
	unsigned char digest[32];
	GString *text = g_string_new(NULL);

	g_assert_true(X509_digest(identity->certificate, EVP_sha256(), digest, NULL));
	for (gsize i = 0; i < sizeof(digest); i++)
		g_string_append_printf(text, "%02x", digest[i]);
	return g_string_free(text, FALSE);
}

/* The server. */

void
peer_send_raw(struct peer *peer, const void *bytes, gsize len)
{
	for (const char *p = bytes; len;) {
		ssize_t n = send(peer->fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			/* The client reads on this thread. */
			g_main_context_iteration(NULL, FALSE);
			continue;
		}
		if (n < 0)
			return;
		p += n;
		len -= (gsize)n;
	}
}

/* What the TLS engine wants on the wire goes there. */
static void
push_tls(struct peer *peer)
{
	char *bytes;
	long len = BIO_get_mem_data(SSL_get_wbio(peer->ssl), &bytes);

	if (len > 0) {
		g_autofree char *copy = g_memdup2(bytes, (gsize)len);

		(void)BIO_reset(SSL_get_wbio(peer->ssl));
		peer_send_raw(peer, copy, (gsize)len);
	}
}

static void
pull_tls(struct peer *peer)
{
	char bytes[16384];
	size_t n;

	if (!peer->secure)
		peer->secure = SSL_accept(peer->ssl) == 1;
	while (peer->secure && SSL_read_ex(peer->ssl, bytes, sizeof(bytes), &n) == 1)
		g_string_append_len(peer->got, bytes, (gssize)n);
	push_tls(peer);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer data)
{
	struct peer *peer = data;
	char bytes[65536];
	ssize_t n;

	if (peer->hold) {
		peer->read_source = 0;
		return G_SOURCE_REMOVE;
	}
	n = recv(fd, bytes, sizeof(bytes), 0);
	if (n <= 0) {
		if (n < 0 && errno == EAGAIN)
			return G_SOURCE_CONTINUE;
		peer->closed = TRUE;
		peer->read_source = 0;
		return G_SOURCE_REMOVE;
	}
	if (peer->ssl) {
		BIO_write(SSL_get_rbio(peer->ssl), bytes, (int)n);
		pull_tls(peer);
	} else {
		g_string_append_len(peer->got, bytes, n);
	}
	return G_SOURCE_CONTINUE;
}

static void
start_tls(struct peer *peer)
{
	peer->ssl = SSL_new(peer->context);
	SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(peer->ssl);
}

static gboolean
on_connection(int fd, GIOCondition condition, gpointer data)
{
	struct peer *peer = data;
	const int yes = 1;

	peer->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	g_assert_cmpint(peer->fd, >=, 0);
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	peer->accepted++;
	if (peer->context)
		start_tls(peer);
	peer->read_source = g_unix_fd_add(peer->fd, G_IO_IN | G_IO_HUP, on_readable, peer);
	peer->accept_source = 0;
	return G_SOURCE_REMOVE;
}

struct peer *
peer_new(void)
{
	struct peer *peer = g_new0(struct peer, 1);
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(name);

	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	g_assert_cmpint(bind(peer->listener, (struct sockaddr *)&name, len), ==, 0);
	g_assert_cmpint(listen(peer->listener, 4), ==, 0);
	getsockname(peer->listener, (struct sockaddr *)&name, &len);
	peer->port = ntohs(name.sin_port);
	peer->fd = -1;
	peer->got = g_string_new(NULL);
	peer->accept_source = g_unix_fd_add(peer->listener, G_IO_IN, on_connection, peer);
	return peer;
}

void
peer_use_tls(struct peer *peer, const struct identity *identity, const struct identity *ca)
{
	peer->context = SSL_CTX_new(TLS_server_method());
	/* What the client refuses, the server must be able to offer. */
	SSL_CTX_set_security_level(peer->context, 0);
	SSL_CTX_set_min_proto_version(peer->context, 0);
	g_assert_cmpint(SSL_CTX_use_certificate(peer->context, identity->certificate), ==, 1);
	g_assert_cmpint(SSL_CTX_use_PrivateKey(peer->context, identity->key), ==, 1);
	if (ca) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(peer->context), ca->certificate);
		SSL_CTX_set_verify(peer->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	if (peer->fd >= 0)
		start_tls(peer);
}

void
peer_send(struct peer *peer, const void *bytes, gsize len)
{
	if (!peer->ssl) {
		peer_send_raw(peer, bytes, len);
		return;
	}
	if (len)
		g_assert_cmpint(SSL_write(peer->ssl, bytes, (int)len), ==, (int)len);
	push_tls(peer);
}

void
peer_say(struct peer *peer, const char *text)
{
	peer_send(peer, text, strlen(text));
}

void
peer_hang_up(struct peer *peer)
{
	if (peer->read_source)
		g_source_remove(peer->read_source);
	peer->read_source = 0;
	if (peer->ssl) {
		SSL_shutdown(peer->ssl);
		push_tls(peer);
	}
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

void
peer_free(struct peer *peer)
{
	peer_hang_up(peer);
	if (peer->accept_source)
		g_source_remove(peer->accept_source);
	if (peer->listener >= 0)
		close(peer->listener);
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->context);
	g_string_free(peer->got, TRUE);
	g_free(peer);
}

/* The client. */

static void
client_opened(struct conn *conn, void *user)
{
	struct client *client = user;

	g_assert_true(conn == client->conn);
	client->opened++;
	if (client->at_open)
		client->at_open(client);
}

static void
client_read(struct conn *conn, const unsigned char *bytes, gsize len, void *user)
{
	struct client *client = user;

	g_assert_true(client->opened && conn == client->conn && len);
	client->reads++;
	client->longest = MAX(client->longest, len);
	if (client->read)
		g_string_append_len(client->read, (const char *)bytes, (gssize)len);
	if (client->at_read)
		client->at_read(client, bytes, len);
}

static void
client_drained(struct conn *conn, void *user)
{
	struct client *client = user;

	g_assert_true(conn == client->conn);
	client->drained++;
	if (client->at_drained)
		client->at_drained(client);
}

static void
client_secured(struct conn *conn, void *user)
{
	struct client *client = user;

	g_assert_true(conn == client->conn);
	client->secured++;
	if (client->at_tls)
		client->at_tls(client);
}

static void
client_closed(struct conn *conn, const GError *error, void *user)
{
	struct client *client = user;

	g_assert_true(conn == client->conn);
	g_assert_nonnull(error);
	client->closed++;
	client->error = g_error_copy(error);
	if (client->at_closed)
		client->at_closed(client);
	client->conn = NULL;
}

static const struct conn_events events = {client_opened, client_read, client_drained, client_secured,
                                          client_closed};

void
client_init(struct client *client, const char *host, guint16 port)
{
	*client = (struct client){.params = {.host = host, .port = port, .trace = -1}};
	client->read = g_string_new(NULL);
}

void
client_open(struct client *client)
{
	client->conn = conn_open(NULL, &client->params, &events, client);
	/* Never a callback before it returned. */
	g_assert_cmpint(client->opened + client->closed, ==, 0);
}

void
client_close(struct client *client)
{
	conn_close(g_steal_pointer(&client->conn));
}

void
client_clear(struct client *client)
{
	if (client->conn)
		client_close(client);
	/* Whatever was under way must not come back. */
	for (int i = 0; i < 20; i++)
		g_main_context_iteration(NULL, FALSE);
	g_clear_error(&client->error);
	if (client->read)
		g_string_free(g_steal_pointer(&client->read), TRUE);
}

void
client_assert_ended(const struct client *client, int code, ...)
{
	va_list args;
	const char *word;

	g_assert_cmpint(client->closed, ==, 1);
	g_test_message("%s", client->error->message);
	g_assert_error(client->error, FULMAR_ERROR, code);
	va_start(args, code);
	while ((word = va_arg(args, const char *)))
		if (!strstr(client->error->message, word))
			g_error("\"%s\" is not in \"%s\"", word, client->error->message);
	va_end(args);
}
