#include "proto/sasl/sasl.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "proto/sasl/scram.h"

#include <string.h>

/* What a server says in an OAuth error that is kept. */
#define SASL_SERVER_ERROR 4096

enum need {
	NEED_CERTIFICATE = 1 << 0,
	NEED_TOKEN = 1 << 1,
	NEED_PASSWORD = 1 << 2,
	NEED_BINDING = 1 << 3,
	NEED_ENCRYPTED = 1 << 4,
	NEED_LIBRARY = 1 << 5, /* not every libgsasl has it */
};

/* The same in words, for a person who wonders why. */
static const struct {
	enum need need;
	const char *words;
} need_words[] = {
        {NEED_ENCRYPTED, N_("%s is not used without encryption; set security to tls or starttls")},
        {NEED_PASSWORD, N_("%s needs a password")},
        {NEED_TOKEN, N_("%s needs an access token; set oauth-token-command")},
        {NEED_CERTIFICATE, N_("%s needs a client certificate; set client-certificate")},
        {NEED_BINDING, N_("%s needs a TLS connection to bind to")},
        {NEED_LIBRARY, N_("%s is not known to the installed libgsasl")},
};

struct sasl {
	const struct mechanism *mechanism;
	char *user, *password, *token, *host;
	guint16 port;
	guint steps;
	gboolean failed;
	char *server_error;
	struct scram *scram;
};

struct mechanism {
	const char *name;
	guint needs;
	gboolean client_first;
	/* steps counts from 0; challenge is NULL only for step 0 of a mechanism where the client is first. */
	GBytes *(*step)(struct sasl *sasl, GBytes *challenge, GError **error);
	guint answers; /* responses to a server that does its part */
};

static void
wipe(gpointer data)
{
	GString *text = data;

	explicit_bzero(text->str, text->allocated_len);
	g_string_free(text, TRUE);
}

/* A string with room for a response, so that no secret is left behind by growing. */
static GString *
response_new(const struct sasl *sasl)
{
	return g_string_sized_new(
	        128 + 3 * strlen(sasl->user) + (sasl->password ? strlen(sasl->password) : 0) +
	        (sasl->token ? strlen(sasl->token) : 0) + (sasl->host ? strlen(sasl->host) : 0));
}

/* Takes text; its memory is overwritten with the last reference. */
static GBytes *
response_end(GString *text)
{
	return g_bytes_new_with_free_func(text->str, text->len, wipe, text);
}

static GBytes *
out_of_turn(GError **error)
{
	fulmar_fail(error, FULMAR_AUTH, _("The server's log-in challenge makes no sense"));
	return NULL;
}

/* RFC 4422 appendix A: the identity wanted, which the certificate must allow. */
static GBytes *
step_external(struct sasl *sasl, GBytes *challenge, GError **error)
{
	GString *text = response_new(sasl);

	g_string_append(text, sasl->user);
	return response_end(text);
}

/* RFC 4616 §2. */
static GBytes *
step_plain(struct sasl *sasl, GBytes *challenge, GError **error)
{
	GString *text = response_new(sasl);

	g_string_append_c(text, '\0');
	g_string_append(text, sasl->user);
	g_string_append_c(text, '\0');
	g_string_append(text, sasl->password);
	return response_end(text);
}

/* Never standardised: two prompts whose words differ from server to server. */
static GBytes *
step_login(struct sasl *sasl, GBytes *challenge, GError **error)
{
	GString *text = response_new(sasl);

	g_string_append(text, sasl->steps ? sasl->password : sasl->user);
	return response_end(text);
}

static void
keep_server_error(struct sasl *sasl, GBytes *challenge)
{
	gsize len;
	const char *text = g_bytes_get_data(challenge, &len);

	sasl->failed = TRUE;
	sasl->server_error = g_utf8_make_valid(text ? text : "", (gssize)MIN(len, SASL_SERVER_ERROR));
}

/* RFC 7628 §3.1; a user name in GS2 form escapes "," and "=" (RFC 5801 §4). The answer to an error is one ^A
 * (§3.2.3). */
static GBytes *
step_oauthbearer(struct sasl *sasl, GBytes *challenge, GError **error)
{
	GString *text = response_new(sasl);

	if (sasl->steps) {
		keep_server_error(sasl, challenge);
		g_string_append_c(text, '\1');
		return response_end(text);
	}
	g_string_append(text, "n,a=");
	for (const char *p = sasl->user; *p; p++) {
		if (*p == ',')
			g_string_append(text, "=2C");
		else if (*p == '=')
			g_string_append(text, "=3D");
		else
			g_string_append_c(text, *p);
	}
	g_string_append(text, ",\1");
	if (sasl->host && sasl->port)
		g_string_append_printf(text, "host=%s\1port=%u\1", sasl->host, sasl->port);
	g_string_append_printf(text, "auth=Bearer %s\1\1", sasl->token);
	return response_end(text);
}

/* Google's forerunner; the answer to an error is empty. */
static GBytes *
step_xoauth2(struct sasl *sasl, GBytes *challenge, GError **error)
{
	GString *text = response_new(sasl);

	if (sasl->steps)
		keep_server_error(sasl, challenge);
	else
		g_string_append_printf(text, "user=%s\1auth=Bearer %s\1\1", sasl->user, sasl->token);
	return response_end(text);
}

static GBytes *
step_scram(struct sasl *sasl, GBytes *challenge, GError **error)
{
	return scram_step(sasl->scram, challenge, error);
}

/* The best first. */
static const struct mechanism mechanisms[] = {
        {"EXTERNAL", NEED_CERTIFICATE, TRUE, step_external, 1},
        {"OAUTHBEARER", NEED_TOKEN | NEED_ENCRYPTED, TRUE, step_oauthbearer, 2},
        {"XOAUTH2", NEED_TOKEN | NEED_ENCRYPTED, TRUE, step_xoauth2, 2},
        {"SCRAM-SHA-256-PLUS", NEED_PASSWORD | NEED_BINDING, TRUE, step_scram, 3},
        {"SCRAM-SHA-1-PLUS", NEED_PASSWORD | NEED_BINDING, TRUE, step_scram, 3},
        {"SCRAM-SHA-512", NEED_PASSWORD | NEED_LIBRARY, TRUE, step_scram, 3},
        {"SCRAM-SHA-256", NEED_PASSWORD, TRUE, step_scram, 3},
        {"SCRAM-SHA-1", NEED_PASSWORD, TRUE, step_scram, 3},
        {"PLAIN", NEED_PASSWORD | NEED_ENCRYPTED, TRUE, step_plain, 1},
        {"LOGIN", NEED_PASSWORD | NEED_ENCRYPTED, FALSE, step_login, 2},
};

static gboolean
is_scram(const struct mechanism *mechanism)
{
	return mechanism->step == step_scram;
}

static gboolean
listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (g_ascii_strcasecmp(*names, name) == 0)
			return TRUE;
	return FALSE;
}

/* Who allows SCRAM-SHA-256 allows its bound form. */
static gboolean
permitted(const char *const *allowed, const char *name)
{
	g_autofree char *unbound = NULL;

	if (listed(allowed, "auto") || listed(allowed, name))
		return TRUE;
	if (!g_str_has_suffix(name, "-PLUS"))
		return FALSE;
	unbound = g_strndup(name, strlen(name) - strlen("-PLUS"));
	return listed(allowed, unbound);
}

/* The needs of mechanism that secrets do not meet. */
static guint
lacking(const struct mechanism *mechanism, const struct sasl_secrets *secrets)
{
	guint has = (secrets->client_certificate ? NEED_CERTIFICATE : 0) | (secrets->token ? NEED_TOKEN : 0) |
	            (secrets->password ? NEED_PASSWORD : 0) | (secrets->binding ? NEED_BINDING : 0) |
	            (secrets->encrypted ? NEED_ENCRYPTED : 0);
	guint lacks = mechanism->needs & ~has;

	/* Asked last: it opens the library. */
	if (lacks == NEED_LIBRARY && scram_supports(mechanism->name))
		lacks = 0;
	return lacks;
}

static void
explain(const char *const *offered, const struct mechanism *nearest, guint lacks, gboolean known,
        GError **error)
{
	g_autofree char *joined = g_strjoinv(", ", (char **)offered);
	g_autofree char *safe = text_safe(joined, (gssize)MIN(strlen(joined), 300));
	g_autofree char *why = NULL;

	for (gsize i = 0; nearest && !why && i < G_N_ELEMENTS(need_words); i++)
		if (lacks & need_words[i].need) {
			/* The words are ours, from the table above, with one %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			why = g_strdup_printf(_(need_words[i].words), nearest->name);
#pragma GCC diagnostic pop
		}
	if (!*joined)
		fulmar_fail(error, FULMAR_AUTH, _("The server offers no way to log in"));
	else if (why)
		fulmar_fail(error, FULMAR_AUTH, _("No way to log in: the server offers %s; %s"), safe, why);
	else if (known)
		fulmar_fail(error, FULMAR_AUTH,
		            _("No way to log in: the server offers %s; auth allows none of them"), safe);
	else
		fulmar_fail(error, FULMAR_AUTH,
		            _("No way to log in: the server offers %s, none of which is known here"), safe);
}

const char *
sasl_choose(const char *const *offered, const char *const *allowed, const struct sasl_secrets *secrets,
            GError **error)
{
	const struct mechanism *nearest = NULL;
	guint least = 0;
	gboolean known = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
		guint lacks;

		if (!listed(offered, mechanisms[i].name))
			continue;
		known = TRUE;
		if (!permitted(allowed, mechanisms[i].name))
			continue;
		lacks = lacking(&mechanisms[i], secrets);
		if (!lacks)
			return mechanisms[i].name;
		if (!nearest || __builtin_popcount(lacks) < __builtin_popcount(least)) {
			nearest = &mechanisms[i];
			least = lacks;
		}
	}
	explain(offered, nearest, least, known, error);
	return NULL;
}

static const struct mechanism *
find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
		if (g_ascii_strcasecmp(mechanisms[i].name, name) == 0)
			return &mechanisms[i];
	return NULL;
}

/* A control character in a name or token would forge a field of another mechanism's message. */
static gboolean
has_control(const char *text)
{
	for (; text && *text; text++)
		if (g_ascii_iscntrl(*text))
			return TRUE;
	return FALSE;
}

/* The binding SCRAM gets: for -PLUS to prove it; else only if no -PLUS was offered, which says so to the
 * server. A server that did offer it would see an attack in that. */
static GBytes *
scram_binding(const struct mechanism *mechanism, const char *const *offered,
              const struct sasl_secrets *secrets)
{
	if (mechanism->needs & NEED_BINDING)
		return secrets->binding;
	for (const char *const *o = offered; o && *o; o++)
		if (g_ascii_strncasecmp(*o, "SCRAM-", 6) == 0 && g_str_has_suffix(*o, "-PLUS"))
			return NULL;
	return secrets->binding;
}

struct sasl *
sasl_new(const char *mechanism, const char *const *offered, const struct sasl_secrets *secrets,
         GError **error)
{
	const struct mechanism *found = find(mechanism);
	struct sasl *sasl;
	guint lacks = found ? lacking(found, secrets) : 0;

	if (!found || lacks) {
		const char *const one[] = {mechanism, NULL};

		explain(one, found, lacks, FALSE, error);
		return NULL;
	}
	if (has_control(secrets->user) || has_control(secrets->token)) {
		fulmar_fail(error, FULMAR_AUTH,
		            _("The user name or the access token holds a control character"));
		return NULL;
	}
	sasl = g_new0(struct sasl, 1);
	sasl->mechanism = found;
	sasl->user = g_strdup(secrets->user ? secrets->user : "");
	sasl->password = g_strdup(secrets->password);
	sasl->token = g_strdup(secrets->token);
	sasl->host = g_strdup(secrets->host);
	sasl->port = secrets->port;
	if (is_scram(found)) {
		sasl->scram = scram_new(found->name, sasl->user, sasl->password,
		                        scram_binding(found, offered, secrets), secrets->binding_type, error);
		if (!sasl->scram)
			g_clear_pointer(&sasl, sasl_free);
	}
	return sasl;
}

void
sasl_free(struct sasl *sasl)
{
	if (!sasl)
		return;
	scram_free(sasl->scram);
	text_wipe(&sasl->password);
	text_wipe(&sasl->token);
	g_free(sasl->user);
	g_free(sasl->host);
	g_free(sasl->server_error);
	g_free(sasl);
}

gboolean
sasl_client_first(const struct sasl *sasl)
{
	return sasl->mechanism->client_first;
}

GBytes *
sasl_step(struct sasl *sasl, GBytes *challenge, GError **error)
{
	const struct mechanism *mechanism = sasl->mechanism;
	gboolean first = mechanism->client_first && !sasl->steps;
	GBytes *response;

	/* The empty "+" of a server that takes no initial response asks for it. */
	if (first && challenge && !g_bytes_get_size(challenge))
		challenge = NULL;
	if (sasl->steps >= mechanism->answers || first != !challenge) {
		sasl->failed = TRUE;
		return out_of_turn(error);
	}
	response = mechanism->step(sasl, challenge, error);
	if (!response)
		sasl->failed = TRUE;
	sasl->steps++;
	return response;
}

gboolean
sasl_complete(struct sasl *sasl, GError **error)
{
	if (sasl->scram && !scram_complete(sasl->scram)) {
		fulmar_fail(error, FULMAR_AUTH,
		            _("The server says the log-in is done, but did not prove that it knows the "
		              "password; somebody may "
		              "be in between"));
		return FALSE;
	}
	if (sasl->failed || !sasl->steps) {
		fulmar_fail(error, FULMAR_AUTH, _("The server says the log-in is done before it was"));
		return FALSE;
	}
	return TRUE;
}

const char *
sasl_server_error(const struct sasl *sasl)
{
	return sasl->server_error;
}
