/* Certificates, STARTTLS and what may go wrong with them. */
#include "net/peer.h"

#include "base/error.h"

#include <string.h>

static struct identity *authority, *stranger;
static char *authority_file;

/* A server with identity, asked for as host, until the connection stands or ends. */
static void
meet(struct client *client, struct peer **peer, const struct identity *identity, const char *host)
{
	*peer = peer_new();
	peer_use_tls(*peer, identity, NULL);
	client_init(client, host, (*peer)->port);
	client->params.tls = TRUE;
	client->params.ca_file = authority_file;
}

static void
meet_and_wait(struct client *client, struct peer **peer, const struct identity *identity, const char *host)
{
	meet(client, peer, identity, host);
	client_open(client);
	WAIT_FOR(client->opened || client->closed);
}

static void
part(struct client *client, struct peer *peer, struct identity *identity)
{
	client_clear(client);
	peer_free(peer);
	if (identity)
		identity_free(identity);
}

static void
accepted(const char *host, const char *names)
{
	struct identity *identity = identity_new(
	        &(struct identity_params){.cn = "server", .names = names, .use = "serverAuth"}, authority);
	struct client client;
	struct peer *peer;

	meet_and_wait(&client, &peer, identity, host);
	if (client.error)
		g_error("%s", client.error->message);
	g_assert_true(conn_is_tls(client.conn));
	conn_write(client.conn, "a1 NOOP\r\n", 9, FALSE);
	WAIT_FOR(peer->got->len == 9);
	peer_say(peer, "a1 OK\r\n");
	WAIT_FOR(client.read->len == 7);
	part(&client, peer, identity);
}

static void
refused(const struct identity_params *params, const struct identity *issuer, const char *host,
        const char *words)
{
	struct identity *identity = identity_new(params, issuer);
	struct client client;
	struct peer *peer;

	meet_and_wait(&client, &peer, identity, host);
	g_assert_cmpint(client.opened, ==, 0);
	client_assert_ended(&client, FULMAR_CERT, host, words, "SHA-256 ", "certificate-pin", NULL);
	g_assert_true(peer->got->len == 0 && !peer->secure);
	part(&client, peer, identity);
}

static void
names_decide(void)
{
	accepted("127.0.0.1", "IP:127.0.0.1");
	accepted("localhost", "DNS:other.example,DNS:LOCALHOST");
	accepted("imap.mail.localhost", "DNS:*.mail.localhost");
	accepted("localhost.", "DNS:localhost");
}

static void
wrong_names_are_refused(void)
{
	struct identity_params params = {.cn = "localhost", .names = "DNS:other.example"};

	refused(&params, authority, "localhost", "it was made for other.example, not for localhost");
	params.names = "DNS:*.mail.localhost";
	refused(&params, authority, "a.b.mail.localhost", "made for *.mail.localhost, not");
	refused(&params, authority, "mail.localhost", "made for *.mail.localhost, not");
	/* Neither a name for an address nor the other way. */
	params.names = "DNS:127.0.0.1";
	refused(&params, authority, "127.0.0.1", "made for 127.0.0.1, not");
	params.names = "IP:127.0.0.2,DNS:localhost";
	refused(&params, authority, "127.0.0.1", "made for 127.0.0.2, localhost, not for 127.0.0.1");
	params.names = NULL;
	refused(&params, authority, "localhost", "names no host");
	params.nul_name = TRUE;
	refused(&params, authority, "localhost", "made for localhost");
}

static void
times_and_purposes_are_checked(void)
{
	struct identity_params params = {.cn = "server", .names = "DNS:localhost"};
	struct identity_params expired = params, early = params, client_only = params, weak = params;
	g_autoptr(GDateTime) now = g_date_time_new_now_utc(), day = g_date_time_add_days(now, -40);
	g_autofree char *ended = g_date_time_format(day, "it expired on %Y-%m-%d");

	expired.from_day = -80;
	expired.to_day = -40;
	refused(&expired, authority, "localhost", ended);
	early.from_day = 3;
	refused(&early, authority, "localhost", "valid only from 2");
	client_only.use = "clientAuth";
	refused(&client_only, authority, "localhost", "not made for servers");
	weak.weak_bits = 1024;
	refused(&weak, authority, "localhost", "key is too weak");
}

static void
unknown_authorities_are_refused(void)
{
	struct identity_params params = {.cn = "server", .names = "DNS:localhost"};

	refused(&params, stranger, "localhost", "signed by an unknown authority (CN=Stranger)");
	refused(&params, NULL, "localhost", "signed only by itself");
}

/* The server's own certificate, properly signed, signs for another host. */
static void
a_certificate_that_is_no_authority_signs_nothing(void)
{
	struct identity *middle = identity_new(
	        &(struct identity_params){.cn = "Middle", .names = "DNS:evil.example"}, authority);
	struct identity *leaf =
	        identity_new(&(struct identity_params){.cn = "x", .names = "DNS:localhost"}, middle);
	struct client client;
	struct peer *peer;

	meet(&client, &peer, leaf, "localhost");
	g_assert_cmpint(SSL_CTX_add1_chain_cert(peer->context, middle->certificate), ==, 1);
	client_open(&client);
	WAIT_FOR(client.opened || client.closed);
	client_assert_ended(&client, FULMAR_CERT, "signed by a certificate that is no authority", NULL);
	part(&client, peer, leaf);
	identity_free(middle);
}

static void
an_expired_authority_is_refused(void)
{
	struct identity *old = identity_new(
	        &(struct identity_params){.cn = "Old", .authority = TRUE, .from_day = -80, .to_day = -40},
	        NULL);
	char *keep = authority_file;

	authority_file = identity_write_certificate(old);
	refused(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, old, "localhost",
	        "its authority's certificate expired on 2");
	g_free(authority_file);
	authority_file = keep;
	identity_free(old);
}

/* SSL_CERT_FILE names the system's store, which is looked into when the hashed folder had no answer. */
static void
the_system_store_counts_too(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, stranger);
	g_autofree char *store = identity_write_certificate(stranger);
	struct client client;
	struct peer *peer;

	g_setenv("SSL_CERT_FILE", store, TRUE);
	meet_and_wait(&client, &peer, identity, "localhost");
	g_assert_cmpint(client.opened, ==, 1);
	client_clear(&client);
	peer_free(peer);
	/* And without ca-file. */
	meet(&client, &peer, identity, "localhost");
	client.params.ca_file = NULL;
	client_open(&client);
	WAIT_FOR(client.opened);
	g_setenv("SSL_CERT_FILE", "/nonexistent", TRUE);
	part(&client, peer, identity);
}

/* A self-signed certificate given as ca-file is trusted as it stands, but only for its names. */
static void
a_certificate_as_ca_file_is_trusted(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, NULL);
	g_autofree char *file = identity_write_certificate(identity);
	struct client client;
	struct peer *peer;

	meet(&client, &peer, identity, "localhost");
	client.params.ca_file = file;
	client_open(&client);
	WAIT_FOR(client.opened);
	client_clear(&client);
	peer_free(peer);
	meet(&client, &peer, identity, "127.0.0.1");
	client.params.ca_file = file;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_CERT, "made for localhost, not for 127.0.0.1", NULL);
	part(&client, peer, identity);
}

static void
a_pin_takes_the_place_of_chain_and_name(void)
{
	struct identity_params params = {
	        .cn = "x", .names = "DNS:other.example", .from_day = -80, .to_day = -40};
	struct identity *identity = identity_new(&params, NULL);
	g_autofree char *plain = identity_sha256(identity), *upper = g_ascii_strup(plain, -1);
	g_autofree char *prefixed = g_strconcat("sha256:", plain, NULL);
	g_autoptr(GString) colons = g_string_new(NULL);

	for (int i = 0; i < 64; i += 2)
		g_string_append_printf(colons, "%s%.2s", i ? ":" : "", upper + i);
	const char *const pins[] = {plain, upper, prefixed, colons->str};
	for (gsize i = 0; i < G_N_ELEMENTS(pins); i++) {
		const char *const list[] = {"sha256:00", pins[i], NULL};
		struct client client;
		struct peer *peer;

		meet(&client, &peer, identity, "localhost");
		client.params.pins = list;
		client_open(&client);
		WAIT_FOR(client.opened);
		g_assert_cmpstr(conn_fact(client.conn, "sha256"), ==, colons->str);
		part(&client, peer, NULL);
	}
	identity_free(identity);
}

static void
another_certificate_than_the_pinned_is_refused(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);
	g_autofree char *pin = identity_sha256(stranger), *shown = identity_sha256(identity);
	g_autofree char *cut = g_strndup(shown, 62);
	const char *const pins[] = {pin, cut, "", "sha256:", NULL};
	struct client client;
	struct peer *peer;

	meet(&client, &peer, identity, "localhost");
	client.params.pins = pins;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_CERT, "not the one pinned", NULL);
	part(&client, peer, identity);
}

static void
remember_facts(struct client *client)
{
	client->data = g_strdup_printf("%s|%s|%s", conn_fact(client->conn, "subject"),
	                               conn_fact(client->conn, "issuer"), conn_fact(client->conn, "address"));
}

static void
facts_are_there_after_a_refusal(void)
{
	struct identity *identity = identity_new(
	        &(struct identity_params){.cn = "evil\x1b[31m\xe2\x80\xae", .names = "DNS:localhost"},
	        stranger);
	struct client client;
	struct peer *peer;

	meet(&client, &peer, identity, "localhost");
	client.at_closed = remember_facts;
	client_open(&client);
	WAIT_FOR(client.closed);
	g_assert_nonnull(strstr(client.data, "|CN=Stranger|127.0.0.1"));
	g_assert_true(g_str_has_prefix(client.data, "CN=evil"));
	g_assert_null(strchr(client.data, '\x1b'));
	g_assert_null(strstr(client.data, "\xe2\x80\xae"));
	g_free(client.data);
	part(&client, peer, identity);
}

static void
a_client_certificate_is_shown(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);
	struct identity *person =
	        identity_new(&(struct identity_params){.cn = "Jo", .use = "clientAuth"}, stranger);
	g_autofree char *file = identity_write_certificate(person), *key = identity_write_key(person);
	struct client client;
	struct peer *peer = peer_new();
	char name[64] = "";

	peer_use_tls(peer, identity, stranger);
	client_init(&client, "localhost", peer->port);
	client.params.tls = TRUE;
	client.params.ca_file = authority_file;
	client.params.client_certificate = file;
	client.params.client_key = key;
	client_open(&client);
	WAIT_FOR(client.opened && peer->secure);
	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(peer->ssl)), NID_commonName,
	                          name, sizeof(name));
	g_assert_cmpstr(name, ==, "Jo");
	client_clear(&client);
	peer_free(peer);
	/* Without one the server ends it, in words that help. */
	peer = peer_new();
	peer_use_tls(peer, identity, stranger);
	client_init(&client, "localhost", peer->port);
	client.params.tls = TRUE;
	client.params.ca_file = authority_file;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "wants a client certificate", NULL);
	part(&client, peer, identity);
	identity_free(person);
}

static void
unusable_files_are_named(void)
{
	g_autofree char *rubbish = peer_write_file("rubbish.pem", "no certificate\n");
	g_autofree char *locked =
	        peer_write_file("locked.pem", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	                                      "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n"
	                                      "AAAA\n-----END RSA PRIVATE KEY-----\n");
	const struct {
		const char *ca, *certificate, *key, *words;
	} cases[] = {
	        {"/nonexistent/ca.pem", NULL, NULL, "ca-file /nonexistent/ca.pem"},
	        {rubbish, NULL, NULL, "ca-file "},
	        {NULL, rubbish, NULL, "client-certificate "},
	        {NULL, authority_file, rubbish, "client-key "},
	        {NULL, authority_file, locked, "client-key "},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct peer *peer = peer_new();
		struct client client;

		client_init(&client, "localhost", peer->port);
		client.params.tls = TRUE;
		client.params.ca_file = cases[i].ca;
		client.params.client_certificate = cases[i].certificate;
		client.params.client_key = cases[i].key;
		client_open(&client);
		WAIT_FOR(client.closed);
		client_assert_ended(&client, FULMAR_CERT, cases[i].words, NULL);
		client_clear(&client);
		peer_free(peer);
	}
}

static void
a_server_without_tls_is_told(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "localhost", peer->port);
	client.params.tls = TRUE;
	client_open(&client);
	WAIT_FOR(peer->got->len);
	peer_say(peer, "* OK IMAP4rev1 ready\r\n");
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "does not speak TLS here", NULL);
	client_clear(&client);
	peer_free(peer);
}

static void
old_tls_is_refused(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);
	struct client client;
	struct peer *peer;

	meet(&client, &peer, identity, "localhost");
	SSL_CTX_set_max_proto_version(peer->context, TLS1_1_VERSION);
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "older than 1.2", NULL);
	part(&client, peer, identity);
}

static void
a_stalled_handshake_is_given_up(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "localhost", peer->port);
	client.params.tls = TRUE;
	client.params.handshake_timeout_ms = 50;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "did not finish the TLS handshake within 1 s", NULL);
	client_clear(&client);
	peer_free(peer);
}

static void
both_sides_see_the_same_binding(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		gboolean new = version == TLS1_3_VERSION;
		g_autoptr(GBytes) binding = NULL;
		unsigned char theirs[64];
		size_t len = 32;
		const char *type;
		struct client client;
		struct peer *peer;

		meet(&client, &peer, identity, "localhost");
		SSL_CTX_set_max_proto_version(peer->context, version);
		client_open(&client);
		WAIT_FOR(client.opened && peer->secure);
		binding = conn_channel_binding(client.conn, &type);
		if (new)
			g_assert_true(SSL_export_keying_material(peer->ssl, theirs, 32,
			                                         "EXPORTER-Channel-Binding", 24,
			                                         (const unsigned char *)"", 0, 1));
		else
			len = SSL_get_peer_finished(peer->ssl, theirs, sizeof(theirs));
		g_assert_cmpstr(type, ==, new ? "tls-exporter" : "tls-unique");
		g_assert_cmpmem(g_bytes_get_data(binding, NULL), g_bytes_get_size(binding), theirs, len);
		g_assert_true(g_str_has_prefix(conn_fact(client.conn, "tls"), new ? "TLSv1.3 " : "TLSv1.2 "));
		part(&client, peer, NULL);
	}
	identity_free(identity);
}

static void
much_goes_through_in_small_and_big_pieces(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);
	g_autofree char *big = g_strnfill(5000000, 'q');
	struct client client;
	struct peer *peer;

	meet_and_wait(&client, &peer, identity, "localhost");
	WAIT_FOR(peer->secure);
	for (int i = 0; i < 300; i++)
		peer_send(peer, "1", 1);
	peer_send(peer, big, 5000000);
	WAIT_FOR(client.read->len == 5000300);
	conn_write(client.conn, big, 5000000, FALSE);
	WAIT_FOR(peer->got->len == 5000000);
	/* Paused with whole records waiting inside. */
	conn_pause(client.conn, TRUE);
	peer_send(peer, big, 1000000);
	conn_pause(client.conn, FALSE);
	WAIT_FOR(client.read->len == 6000300);
	peer_say(peer, "* BYE\r\n");
	peer_hang_up(peer);
	WAIT_FOR(client.closed);
	g_assert_true(g_str_has_suffix(client.read->str, "* BYE\r\n"));
	part(&client, peer, identity);
}

/* STARTTLS: the server has said OK; what is glued to it or follows it in clear never comes out. */

static void
start_on_ok(struct client *client, const unsigned char *bytes, gsize len)
{
	struct peer *peer = client->data;

	if (client->secured)
		return;
	/* The attacker's octets are in the socket before our first one of TLS. */
	peer_send_raw(peer, "* CAPABILITY INJECTED\r\n", 23);
	conn_start_tls(client->conn);
	conn_write(client->conn, "a2 CAPABILITY\r\n", 15, FALSE);
}

static void
starttls(const char *answer, struct identity *identity, gboolean good)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "localhost", peer->port);
	client.params.ca_file = authority_file;
	client.at_read = start_on_ok;
	client.data = peer;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_write(client.conn, "a1 STARTTLS\r\n", 13, FALSE);
	WAIT_FOR(peer->got->len == 13);
	peer_use_tls(peer, identity, NULL);
	peer_send_raw(peer, answer, strlen(answer));
	WAIT_FOR(client.secured || client.closed);
	g_assert_cmpint(client.opened, ==, 1);
	g_assert_null(strstr(client.read->str, "INJECTED"));
	if (good) {
		g_assert_true(conn_is_tls(client.conn));
		WAIT_FOR(g_str_has_suffix(peer->got->str, "a2 CAPABILITY\r\n"));
		peer_say(peer, "* CAPABILITY IMAP4rev1\r\n");
		WAIT_FOR(strstr(client.read->str, "IMAP4rev1"));
	} else {
		client_assert_ended(&client, FULMAR_CERT, "unknown authority", NULL);
		g_assert_cmpint(peer->got->len, ==, 13);
	}
	client_clear(&client);
	peer_free(peer);
}

static void
starttls_discards_what_came_in_clear(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);

	starttls("a1 OK begin\r\n", identity, TRUE);
	identity_free(identity);
}

static void
starttls_checks_the_certificate(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, stranger);

	starttls("a1 OK begin\r\n", identity, FALSE);
	identity_free(identity);
}

static void
closing(struct client *client)
{
	client_close(client);
}

static void
close_inside_callbacks_with_tls(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "server", .names = "DNS:localhost"}, authority);
	struct client client;
	struct peer *peer;

	meet(&client, &peer, identity, "localhost");
	client.at_open = closing;
	client_open(&client);
	WAIT_FOR(client.opened && peer->closed);
	g_assert_null(client.conn);
	client_clear(&client);
	peer_free(peer);
	/* A refused certificate and conn_close inside on_closed. */
	meet(&client, &peer, stranger, "localhost");
	client.at_closed = closing;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_clear(&client);
	peer_free(peer);
	/* In the middle of the handshake. */
	meet(&client, &peer, identity, "localhost");
	client_open(&client);
	WAIT_FOR(peer->fd >= 0);
	client_close(&client);
	WAIT_FOR(peer->closed);
	part(&client, peer, identity);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	/* Not this machine's authorities. */
	g_setenv("SSL_CERT_FILE", "/nonexistent", TRUE);
	g_setenv("SSL_CERT_DIR", "/nonexistent", TRUE);
	authority = identity_new(&(struct identity_params){.cn = "Our CA", .authority = TRUE}, NULL);
	stranger = identity_new(&(struct identity_params){.cn = "Stranger", .authority = TRUE}, NULL);
	authority_file = identity_write_certificate(authority);
	g_test_add_func("/tls/names", names_decide);
	g_test_add_func("/tls/wrong-names", wrong_names_are_refused);
	g_test_add_func("/tls/times", times_and_purposes_are_checked);
	g_test_add_func("/tls/authorities", unknown_authorities_are_refused);
	g_test_add_func("/tls/no-authority", a_certificate_that_is_no_authority_signs_nothing);
	g_test_add_func("/tls/expired-authority", an_expired_authority_is_refused);
	g_test_add_func("/tls/system-store", the_system_store_counts_too);
	g_test_add_func("/tls/ca-file", a_certificate_as_ca_file_is_trusted);
	g_test_add_func("/tls/pin", a_pin_takes_the_place_of_chain_and_name);
	g_test_add_func("/tls/other-pin", another_certificate_than_the_pinned_is_refused);
	g_test_add_func("/tls/facts", facts_are_there_after_a_refusal);
	g_test_add_func("/tls/client-certificate", a_client_certificate_is_shown);
	g_test_add_func("/tls/files", unusable_files_are_named);
	g_test_add_func("/tls/not-tls", a_server_without_tls_is_told);
	g_test_add_func("/tls/old", old_tls_is_refused);
	g_test_add_func("/tls/stall", a_stalled_handshake_is_given_up);
	g_test_add_func("/tls/binding", both_sides_see_the_same_binding);
	g_test_add_func("/tls/bulk", much_goes_through_in_small_and_big_pieces);
	g_test_add_func("/starttls/injection", starttls_discards_what_came_in_clear);
	g_test_add_func("/starttls/certificate", starttls_checks_the_certificate);
	g_test_add_func("/tls/close", close_inside_callbacks_with_tls);
	status = g_test_run();
	identity_free(authority);
	identity_free(stranger);
	g_free(authority_file);
	peer_clean_up();
	return status;
}
