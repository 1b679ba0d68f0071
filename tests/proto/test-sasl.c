/* SASL: choice, the bytes each mechanism sends, SCRAM against a server of our own that is itself held to the
 * RFCs' examples. */
#include "proto/sasl/sasl.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static const char *const any[] = {"auto", NULL};

static GBytes *
text_bytes(const char *text)
{
	return g_bytes_new(text, strlen(text));
}

static void
assert_bytes(GBytes *bytes, const char *text, gsize len)
{
	g_assert_nonnull(bytes);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, len);
	g_bytes_unref(bytes);
}

/* A step with a challenge as text, NULL for none. */
static GBytes *
step(struct sasl *sasl, const char *challenge, GError **error)
{
	g_autoptr(GBytes) bytes = challenge ? text_bytes(challenge) : NULL;

	return sasl_step(sasl, bytes, error);
}

/* Choice. */

static void
the_best_that_secrets_serve_is_chosen(void)
{
	static const char *const offered[] = {"plain",
	                                      "LOGIN",
	                                      "SCRAM-SHA-1",
	                                      "Scram-Sha-256",
	                                      "SCRAM-SHA-256-PLUS",
	                                      "SCRAM-SHA-1-PLUS",
	                                      "XOAUTH2",
	                                      "OAUTHBEARER",
	                                      "EXTERNAL",
	                                      "CRAM-MD5",
	                                      NULL};
	static const char *const plain_login[] = {"LOGIN", "PLAIN", NULL};
	static const char *const scram[] = {"scram-sha-256", NULL};
	static const char *const old[] = {"plain", "login", NULL};
	g_autoptr(GBytes) binding = text_bytes("binding");
	struct sasl_secrets secrets = {.user = "jo",
	                               .password = "pw",
	                               .token = "t",
	                               .encrypted = TRUE,
	                               .client_certificate = TRUE,
	                               .binding = binding,
	                               .binding_type = "tls-exporter"};

	g_assert_cmpstr(sasl_choose(offered, any, &secrets, NULL), ==, "EXTERNAL");
	secrets.client_certificate = FALSE;
	g_assert_cmpstr(sasl_choose(offered, any, &secrets, NULL), ==, "OAUTHBEARER");
	g_assert_cmpstr(sasl_choose(offered, scram, &secrets, NULL), ==, "SCRAM-SHA-256-PLUS");
	secrets.token = NULL;
	g_assert_cmpstr(sasl_choose(offered, any, &secrets, NULL), ==, "SCRAM-SHA-256-PLUS");
	secrets.binding = NULL;
	g_assert_cmpstr(sasl_choose(offered, any, &secrets, NULL), ==, "SCRAM-SHA-256");
	g_assert_cmpstr(sasl_choose(offered, old, &secrets, NULL), ==, "PLAIN");
	g_assert_cmpstr(sasl_choose(plain_login, any, &secrets, NULL), ==, "PLAIN");
	g_assert_cmpstr(sasl_choose(plain_login + 0, any, &secrets, NULL), ==, "PLAIN");
	/* SCRAM does not show the password to anybody who listens. */
	secrets.encrypted = FALSE;
	g_assert_cmpstr(sasl_choose(offered, any, &secrets, NULL), ==, "SCRAM-SHA-256");
}

static void
no_choice_says_why(void)
{
	static const struct {
		const char *offered[4], *allowed[2];
		struct sasl_secrets secrets;
		const char *words;
	} cases[] = {
	        {{NULL}, {"auto"}, {.password = "pw"}, "offers no way"},
	        {{"PLAIN", "LOGIN"}, {"auto"}, {.password = "pw"}, "PLAIN is not used without encryption"},
	        {{"PLAIN", "LOGIN"}, {"auto"}, {.encrypted = TRUE}, "PLAIN needs a password"},
	        {{"XOAUTH2"},
	         {"auto"},
	         {.encrypted = TRUE, .password = "pw"},
	         "XOAUTH2 needs an access token"},
	        {{"PLAIN"}, {"scram-sha-256"}, {.encrypted = TRUE, .password = "pw"}, "auth allows none"},
	        {{"NTLM", "X\x1b[2J"},
	         {"auto"},
	         {.encrypted = TRUE, .password = "pw"},
	         "none of which is known"},
	        {{"EXTERNAL"}, {"auto"}, {.encrypted = TRUE, .password = "pw"}, "needs a client certificate"},
	        {{"SCRAM-SHA-1-PLUS"}, {"auto"}, {.password = "pw"}, "needs a TLS connection"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(sasl_choose(cases[i].offered, cases[i].allowed, &cases[i].secrets, &error));
		g_test_message("%s", error->message);
		g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
		g_assert_nonnull(strstr(error->message, cases[i].words));
		g_assert_null(strchr(error->message, '\x1b'));
	}
}

/* The simple ones. */

static void
simple_mechanisms_send_what_their_rfc_says(void)
{
	static const struct sasl_secrets secrets = {.user = "jo=a,b",
	                                            .password = "p w\xc3\xbc",
	                                            .token = "ya29.x",
	                                            .host = "h.example",
	                                            .port = 993,
	                                            .encrypted = TRUE,
	                                            .client_certificate = TRUE};
	static const struct {
		const char *name, *bytes;
		gsize len;
	} cases[] = {
#define BYTES(s) s, sizeof(s) - 1
	        {"PLAIN", BYTES("\0jo=a,b\0p w\xc3\xbc")},
	        {"EXTERNAL", BYTES("jo=a,b")},
	        {"XOAUTH2", BYTES("user=jo=a,b\1auth=Bearer ya29.x\1\1")},
	        {"OAUTHBEARER", BYTES("n,a=jo=3Da=2Cb,\1host=h.example\1port=993\1auth=Bearer ya29.x\1\1")},
#undef BYTES
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sasl *sasl = sasl_new(cases[i].name, NULL, &secrets, NULL);

		g_assert_true(sasl_client_first(sasl));
		g_assert_false(sasl_complete(sasl, NULL));
		assert_bytes(sasl_step(sasl, NULL, NULL), cases[i].bytes, cases[i].len);
		g_assert_true(sasl_complete(sasl, NULL));
		sasl_free(sasl);
		/* A server without initial responses asks with an empty challenge. */
		sasl = sasl_new(cases[i].name, NULL, &secrets, NULL);
		assert_bytes(step(sasl, "", NULL), cases[i].bytes, cases[i].len);
		sasl_free(sasl);
	}
}

static void
login_answers_two_prompts_and_no_third(void)
{
	static const struct sasl_secrets secrets = {.user = "jo", .password = "pw", .encrypted = TRUE};
	struct sasl *sasl = sasl_new("login", NULL, &secrets, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_false(sasl_client_first(sasl));
	assert_bytes(step(sasl, "Username:", NULL), "jo", 2);
	assert_bytes(step(sasl, "Password:", NULL), "pw", 2);
	g_assert_true(sasl_complete(sasl, NULL));
	g_assert_null(step(sasl, "And your bank account:", &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
	g_assert_false(sasl_complete(sasl, NULL));
	sasl_free(sasl);
}

static void
oauth_errors_are_answered_and_kept(void)
{
	static const struct sasl_secrets secrets = {.user = "jo", .token = "old", .encrypted = TRUE};
	struct sasl *sasl = sasl_new("OAUTHBEARER", NULL, &secrets, NULL);

	g_bytes_unref(sasl_step(sasl, NULL, NULL));
	g_assert_null(sasl_server_error(sasl));
	assert_bytes(step(sasl, "{\"status\":\"invalid_token\"}\xff", NULL), "\1", 1);
	g_assert_cmpstr(sasl_server_error(sasl), ==, "{\"status\":\"invalid_token\"}\xef\xbf\xbd");
	g_assert_false(sasl_complete(sasl, NULL));
	sasl_free(sasl);
	sasl = sasl_new("XOAUTH2", NULL, &secrets, NULL);
	g_bytes_unref(sasl_step(sasl, NULL, NULL));
	assert_bytes(step(sasl, "{\"status\":\"400\"}", NULL), "", 0);
	g_assert_cmpstr(sasl_server_error(sasl), ==, "{\"status\":\"400\"}");
	sasl_free(sasl);
}

static void
secrets_that_do_not_fit_are_refused(void)
{
	static const struct sasl_secrets clear = {.user = "jo", .password = "pw"};
	static const struct sasl_secrets forged = {
	        .user = "jo\1auth=Bearer x", .token = "t", .encrypted = TRUE};
	static const struct sasl_secrets newline = {.user = "jo", .token = "t\r\n", .encrypted = TRUE};
	static const struct {
		const char *name;
		const struct sasl_secrets *secrets;
	} cases[] = {
	        {"PLAIN", &clear},       {"LOGIN", &clear},
	        {"OAUTHBEARER", &clear}, {"SCRAM-SHA-256-PLUS", &clear},
	        {"XOAUTH2", &forged},    {"OAUTHBEARER", &newline},
	        {"CRAM-MD5", &clear},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(sasl_new(cases[i].name, NULL, cases[i].secrets, &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
	}
}

/* SCRAM's server side (RFC 5802 §3). */

struct server {
	const EVP_MD *digest;
	const char *password, *salt, *nonce; /* nonce: the server's part */
	int rounds;
	const char *binding;               /* what the server's TLS side exports, or NULL */
	char *client_first, *server_first; /* without the GS2 header */
	char *gs2;
};

static void
server_clear(struct server *server)
{
	g_free(server->client_first);
	g_free(server->server_first);
	g_free(server->gs2);
}

/* "n,,n=user,r=nonce" → "r=nonce…,s=…,i=…". */
static char *
server_first(struct server *server, const char *message)
{
	const char *bare = strchr(strchr(message, ',') + 1, ',') + 1, *nonce = strstr(bare, ",r=") + 3;
	g_autofree char *salt = g_base64_encode((const guchar *)server->salt, strlen(server->salt));

	server->gs2 = g_strndup(message, (gsize)(bare - message));
	server->client_first = g_strdup(bare);
	server->server_first =
	        g_strdup_printf("r=%s%s,s=%s,i=%d", nonce, server->nonce, salt, server->rounds);
	return g_strdup(server->server_first);
}

static void
hmac(const EVP_MD *digest, const void *key, const char *text, unsigned char *out)
{
	HMAC(digest, key, EVP_MD_get_size(digest), (const unsigned char *)text, strlen(text), out, NULL);
}

/* "c=…,r=…,p=proof" → "v=…", or NULL when the proof or the binding is wrong. */
static char *
server_final(struct server *server, const char *message)
{
	const int size = EVP_MD_get_size(server->digest);
	const char *proof_at = strstr(message, ",p=");
	g_autofree char *bare = g_strndup(message, (gsize)(proof_at - message));
	g_autofree char *all = g_strdup_printf("%s,%s,%s", server->client_first, server->server_first, bare);
	g_autoptr(GString) header = g_string_new(server->gs2);
	g_autofree char *header64 = NULL, *expected = NULL, *signature64 = NULL;
	unsigned char salted[64], client_key[64], stored_key[64], signature[64], server_key[64];
	gsize len;
	g_autofree guchar *proof = g_base64_decode(proof_at + 3, &len);

	if (*server->gs2 == 'p')
		g_string_append(header, server->binding);
	header64 = g_base64_encode((const guchar *)header->str, header->len);
	expected = g_strdup_printf("c=%s,", header64);
	if (!g_str_has_prefix(message, expected) || (*server->gs2 == 'y' && server->binding) ||
	    len != (gsize)size)
		return NULL;
	PKCS5_PBKDF2_HMAC(server->password, -1, (const unsigned char *)server->salt,
	                  (int)strlen(server->salt), server->rounds, server->digest, size, salted);
	hmac(server->digest, salted, "Client Key", client_key);
	EVP_Digest(client_key, (size_t)size, stored_key, NULL, server->digest, NULL);
	hmac(server->digest, stored_key, all, signature);
	for (int i = 0; i < size; i++)
		if ((signature[i] ^ client_key[i]) != proof[i])
			return NULL;
	hmac(server->digest, salted, "Server Key", server_key);
	hmac(server->digest, server_key, all, signature);
	signature64 = g_base64_encode(signature, (gsize)size);
	return g_strconcat("v=", signature64, NULL);
}

/* RFC 5802 §5 and RFC 7677 §3. */
static void
our_server_side_follows_the_examples(void)
{
	static const struct {
		const EVP_MD *(*digest)(void);
		const char *salt64, *nonce, *first, *final, *answer;
	} cases[] = {
	        {EVP_sha1, "QSXCR+Q6sek8bf92", "3rfcNHYJY1ZVvWVs7j", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	         "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	         "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
	        {EVP_sha256, "W22ZaJ0SNY7soEsUEjb6gQ==", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	         "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	         "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
	         "Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	         "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize len;
		g_autofree guchar *bytes = g_base64_decode(cases[i].salt64, &len);
		g_autofree char *salt = g_strndup((char *)bytes, len);
		struct server server = {.digest = cases[i].digest(),
		                        .password = "pencil",
		                        .salt = salt,
		                        .nonce = cases[i].nonce,
		                        .rounds = 4096};
		g_autofree char *first = server_first(&server, cases[i].first);
		g_autofree char *final = server_final(&server, cases[i].final);

		g_assert_nonnull(first);
		g_assert_cmpstr(final, ==, cases[i].answer);
		server_clear(&server);
	}
}

struct run {
	const char *mechanism;
	const char *const *offered;
	const char *client_password;
	const char *binding, *binding_type; /* the client's */
	const char *server_binding;
	const char *gs2; /* what the client must begin with */
	int rounds;
};

/* Step by step up to the server's last word, which the caller gives: NULL when the server refuses. */
static char *
run_scram(const struct run *run, struct sasl **sasl)
{
	g_autoptr(GBytes) binding = run->binding ? text_bytes(run->binding) : NULL;
	struct sasl_secrets secrets = {.user = "us,er=",
	                               .password = run->client_password,
	                               .binding = binding,
	                               .binding_type = run->binding_type};
	struct server server = {.digest = strstr(run->mechanism, "256") ? EVP_sha256() : EVP_sha1(),
	                        .password = "pencil",
	                        .salt = "salty",
	                        .nonce = "more",
	                        .rounds = run->rounds ? run->rounds : 4096,
	                        .binding = run->server_binding};
	g_autoptr(GError) error = NULL;
	g_autofree char *first = NULL, *challenge = NULL, *final = NULL;
	char *answer;
	GBytes *bytes;

	*sasl = sasl_new(run->mechanism, run->offered, &secrets, &error);
	g_assert_no_error(error);
	g_assert_true(sasl_client_first(*sasl));
	bytes = sasl_step(*sasl, NULL, &error);
	g_assert_no_error(error);
	first = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_bytes_unref(bytes);
	/* libgsasl 2.1 and 2.2 cannot say "y". */
	if (*run->gs2 == 'y' && *first == 'n')
		server.binding = NULL;
	else if (!g_str_has_prefix(first, run->gs2) || !strstr(first, "n=us=2Cer=3D,r="))
		g_error("%s", first);
	challenge = server_first(&server, first);
	bytes = step(*sasl, challenge, &error);
	g_assert_no_error(error);
	final = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_bytes_unref(bytes);
	g_assert_false(sasl_complete(*sasl, NULL));
	answer = server_final(&server, final);
	server_clear(&server);
	return answer;
}

static void
scram_proves_both_sides(void)
{
	static const char *const without[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", NULL};
	static const char *const with[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
	                                   "SCRAM-SHA-256-PLUS", NULL};
	static const struct run runs[] = {
	        {"SCRAM-SHA-1", without, "pencil", NULL, NULL, NULL, "n,,", 0},
	        {"SCRAM-SHA-256", without, "pencil", NULL, NULL, NULL, "n,,", 20000},
	        {"SCRAM-SHA-256-PLUS", with, "pencil", "0123", "tls-exporter", "0123", "p=tls-exporter,,", 0},
	        {"SCRAM-SHA-1-PLUS", with, "pencil", "0123", "tls-unique", "0123", "p=tls-unique,,", 0},
	        /* We could bind, the server does not know how, or so it was said. */
	        {"SCRAM-SHA-256", without, "pencil", "0123", "tls-exporter", NULL, "y,,", 0},
	        /* It did say so: the choice was ours. */
	        {"SCRAM-SHA-256", with, "pencil", "0123", "tls-exporter", "0123", "n,,", 0},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
		g_autoptr(GError) error = NULL;
		struct sasl *sasl;
		g_autofree char *answer = run_scram(&runs[i], &sasl);

		g_assert_nonnull(answer);
		assert_bytes(step(sasl, answer, &error), "", 0);
		g_assert_true(sasl_complete(sasl, &error));
		g_assert_no_error(error);
		/* Nothing may follow. */
		g_assert_null(step(sasl, answer, NULL));
		sasl_free(sasl);
	}
}

static void
scram_fails_at_the_server(void)
{
	static const struct run runs[] = {
	        {"SCRAM-SHA-256", NULL, "eraser", NULL, NULL, NULL, "n,,", 0},
	        /* Somebody between: the two TLS connections differ. */
	        {"SCRAM-SHA-256-PLUS", NULL, "pencil", "0123", "tls-exporter", "4567", "p=", 0},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
		g_autoptr(GError) error = NULL;
		struct sasl *sasl;
		g_autofree char *answer = run_scram(&runs[i], &sasl);

		g_assert_null(answer);
		g_assert_null(step(sasl, "e=invalid-proof", &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
		g_assert_nonnull(strstr(error->message, "invalid-proof"));
		g_assert_false(sasl_complete(sasl, NULL));
		sasl_free(sasl);
	}
}

static void
a_server_that_does_not_know_the_password_is_refused(void)
{
	static const char *const lies[] = {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "v=", "", "x", NULL};
	static const struct run run = {"SCRAM-SHA-1", NULL, "pencil", NULL, NULL, NULL, "n,,", 0};

	for (const char *const *lie = lies; *lie; lie++) {
		g_autoptr(GError) error = NULL, late = NULL;
		struct sasl *sasl;
		g_autofree char *answer = run_scram(&run, &sasl);

		g_assert_null(step(sasl, *lie, &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
		g_assert_false(sasl_complete(sasl, &late));
		g_assert_error(late, FULMAR_ERROR, FULMAR_AUTH);
		/* Nor does the truth help any more. */
		g_assert_null(step(sasl, answer, NULL));
		g_assert_false(sasl_complete(sasl, NULL));
		sasl_free(sasl);
	}
}

static void
senseless_challenges_are_refused(void)
{
	static const char *const challenges[] = {
	        "r=%s,s=c2FsdA==,i=4294967295",
	        "r=%s,s=c2FsdA==,i=99999999999999999999",
	        "r=elsewhere,s=c2FsdA==,i=4096",
	        "r=%s,i=4096",
	        "r=%s,s=c2FsdA==",
	        "r=%s,s=c2FsdA==,i=0",
	        "r=%s,s=c2FsdA==,i=-4096",
	        "r=%s,s=c2FsdA==,i=4096,i=4294967295",
	        "m=x,r=%s,s=c2FsdA==,i=4096",
	        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	        ",,,,",
	};
	static const struct sasl_secrets secrets = {.user = "jo", .password = "pencil"};

	for (gsize i = 0; i < G_N_ELEMENTS(challenges); i++) {
		struct sasl *sasl = sasl_new("SCRAM-SHA-1", NULL, &secrets, NULL);
		g_autoptr(GBytes) first = sasl_step(sasl, NULL, NULL);
		g_autofree char *text = g_strndup(g_bytes_get_data(first, NULL), g_bytes_get_size(first));
		g_auto(GStrv) parts = g_strsplit(challenges[i], "%s", 2);
		g_autofree char *nonce = g_strconcat(strstr(text, ",r=") + 3, "more", NULL);
		g_autofree char *challenge = g_strconcat(parts[0], parts[1] ? nonce : "", parts[1], NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) answer = step(sasl, challenge, &error);

		if (answer)
			g_error("answered to %s", challenge);
		g_assert_error(error, FULMAR_ERROR, FULMAR_AUTH);
		sasl_free(sasl);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sasl/choose", the_best_that_secrets_serve_is_chosen);
	g_test_add_func("/sasl/no-choice", no_choice_says_why);
	g_test_add_func("/sasl/simple", simple_mechanisms_send_what_their_rfc_says);
	g_test_add_func("/sasl/login", login_answers_two_prompts_and_no_third);
	g_test_add_func("/sasl/oauth-error", oauth_errors_are_answered_and_kept);
	g_test_add_func("/sasl/unfit", secrets_that_do_not_fit_are_refused);
	g_test_add_func("/scram/examples", our_server_side_follows_the_examples);
	g_test_add_func("/scram/both", scram_proves_both_sides);
	g_test_add_func("/scram/refused", scram_fails_at_the_server);
	g_test_add_func("/scram/false-server", a_server_that_does_not_know_the_password_is_refused);
	g_test_add_func("/scram/senseless", senseless_challenges_are_refused);
	return g_test_run();
}
