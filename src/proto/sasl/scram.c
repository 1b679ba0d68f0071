#include "proto/sasl/scram.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/lazy.h"
#include "base/text.h"

#include <gsasl.h>
#include <string.h>

/* The server names the work it wants done on the password; servers ask for 4096 to some 100,000 rounds. More
 * than this is an attack on our time. */
#define SCRAM_ROUNDS 1000000
/* Longer challenges than any server has a reason for. */
#define SCRAM_CHALLENGE 8192

struct scram {
	Gsasl *library;
	Gsasl_session *session;
	GBytes *first; /* our first message, until it is fetched */
	guint steps;
	gboolean complete, failed;
};

#define ENTRY(name) __typeof__(gsasl_##name) *name

/* Filled by lazy_load, once for the process. */
static struct {
	ENTRY(init);
	ENTRY(done);
	ENTRY(client_support_p);
	ENTRY(client_start);
	ENTRY(finish);
	ENTRY(property_set);
	ENTRY(step);
	ENTRY(property_fast);
	ENTRY(free);
} gsasl;

static gboolean
open_library(GError **error)
{
	static const struct lazy_symbol symbols[] = {
	        {"gsasl_init", (void **)&gsasl.init},
	        {"gsasl_done", (void **)&gsasl.done},
	        {"gsasl_client_support_p", (void **)&gsasl.client_support_p},
	        {"gsasl_client_start", (void **)&gsasl.client_start},
	        {"gsasl_finish", (void **)&gsasl.finish},
	        {"gsasl_property_set", (void **)&gsasl.property_set},
	        {"gsasl_property_fast", (void **)&gsasl.property_fast},
	        {"gsasl_step", (void **)&gsasl.step},
	        {"gsasl_property_fast", (void **)&gsasl.property_fast},
	        {"gsasl_free", (void **)&gsasl.free},
	        {NULL, NULL},
	};

	return lazy_load(GSASL_SONAME, symbols, error);
}

gboolean
scram_supports(const char *mechanism)
{
	Gsasl *library;
	gboolean known;

	if (!open_library(NULL) || gsasl.init(&library) != GSASL_OK)
		return FALSE;
	known = gsasl.client_support_p(library, mechanism) != 0;
	gsasl.done(library);
	return known;
}

static void
close_session(struct scram *scram)
{
	char *password = (char *)gsasl.property_fast(scram->session, GSASL_PASSWORD);

	/* The library frees its copy without overwriting it. */
	if (password)
		explicit_bzero(password, strlen(password));
	gsasl.finish(g_steal_pointer(&scram->session));
}

/* FALSE for a kind of binding that the library does not know. */
static gboolean
set_binding(struct scram *scram, GBytes *binding, const char *type, gboolean plus)
{
	gsize len;
	const guchar *bytes = g_bytes_get_data(binding, &len);
	g_autofree char *base64 = g_base64_encode(bytes, len);

#if GSASL_VERSION_NUMBER >= 0x020100
	if (plus && g_strcmp0(type, "tls-exporter") == 0) {
		gsasl.property_set(scram->session, GSASL_CB_TLS_EXPORTER, base64);
		return TRUE;
	}
#endif
	/* To say "y" the data are not needed, but libgsasl 2.2 says it only when it has some under this name.
	 */
	if (plus && g_strcmp0(type, "tls-unique") != 0)
		return FALSE;
	gsasl.property_set(scram->session, GSASL_CB_TLS_UNIQUE, base64);
	return TRUE;
}

/* A fresh session with the properties set. FALSE when it cannot be had. */
static gboolean
open_session(struct scram *scram, const char *mechanism, const char *user, const char *password)
{
	if (scram->session)
		close_session(scram);
	if (gsasl.client_start(scram->library, mechanism, &scram->session) != GSASL_OK)
		return FALSE;
	gsasl.property_set(scram->session, GSASL_AUTHID, user);
	gsasl.property_set(scram->session, GSASL_PASSWORD, password);
	return TRUE;
}

/* Keeps the first message for the first step. */
static gboolean
begin(struct scram *scram)
{
	char *text = NULL;
	gsize len = 0;

	if (gsasl.step(scram->session, NULL, 0, &text, &len) != GSASL_NEEDS_MORE)
		return FALSE;
	scram->first = g_bytes_new(text, len);
	gsasl.free(text);
	return TRUE;
}

struct scram *
scram_new(const char *mechanism, const char *user, const char *password, GBytes *binding,
          const char *binding_type, GError **error)
{
	g_autofree char *upper = g_ascii_strup(mechanism, -1);
	gboolean plus = g_str_has_suffix(upper, "-PLUS"), begun;
	struct scram *scram;

	if (!open_library(error))
		return NULL;
	scram = g_new0(struct scram, 1);
	if (gsasl.init(&scram->library) != GSASL_OK || !open_session(scram, upper, user, password)) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("The library %s does not know %s; set auth to another mechanism"), GSASL_SONAME,
		            upper);
		scram_free(scram);
		return NULL;
	}
	begun = (!binding || set_binding(scram, binding, binding_type, plus)) && begin(scram);
	/* libgsasl 2.1 and 2.2 fail where they should say "y": then it is "n", as with all clients that
	 * cannot bind. */
	if (!begun && binding && !plus)
		begun = open_session(scram, upper, user, password) && begin(scram);
	if (!begun) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("The library %s cannot use %s with this user name and connection; set auth to "
		              "another mechanism"),
		            GSASL_SONAME, upper);
		g_clear_pointer(&scram, scram_free);
	}
	return scram;
}

void
scram_free(struct scram *scram)
{
	if (!scram)
		return;
	if (scram->session)
		close_session(scram);
	if (scram->library)
		gsasl.done(scram->library);
	g_clear_pointer(&scram->first, g_bytes_unref);
	g_free(scram);
}

/* The number of the attribute "i=" of the server's first message (RFC 5802 §7), 0 when there is none. */
static guint64
rounds_asked(const char *text, gsize len)
{
	g_autofree char *copy = g_strndup(text, len);
	g_auto(GStrv) attributes = g_strsplit(copy, ",", 16);
	guint64 most = 0;

	for (char **a = attributes; *a; a++)
		if (g_str_has_prefix(*a, "i="))
			most = MAX(most, g_ascii_strtoull(*a + 2, NULL, 10));
	return most;
}

static void
makes_no_sense(GError **error)
{
	fulmar_fail(error, FULMAR_AUTH, _("The server's log-in challenge makes no sense"));
}

/* What can be said of a challenge before the library works on it. */
static gboolean
acceptable(const char *text, gsize len, GError **error)
{
	if (len > SCRAM_CHALLENGE || memchr(text, '\0', len)) {
		makes_no_sense(error);
		return FALSE;
	}
	if (len > 2 && strncmp(text, "e=", 2) == 0) {
		g_autofree char *said = text_safe(text + 2, (gssize)MIN(len - 2, 200));

		fulmar_fail(error, FULMAR_AUTH,
		            _("The server refused the log-in (%s); check user name and password"), said);
		return FALSE;
	}
	if (rounds_asked(text, len) > SCRAM_ROUNDS) {
		fulmar_fail(error, FULMAR_AUTH,
		            _("The server asks for more than %d rounds of work on the password"),
		            SCRAM_ROUNDS);
		return FALSE;
	}
	return TRUE;
}

GBytes *
scram_step(struct scram *scram, GBytes *challenge, GError **error)
{
	gsize len = 0, answer_len = 0;
	const char *text = challenge ? g_bytes_get_data(challenge, &len) : NULL;
	char *answer = NULL;
	GBytes *response;
	int status;

	if (scram->failed || scram->complete || (scram->steps && !len)) {
		scram->failed = TRUE;
		makes_no_sense(error);
		return NULL;
	}
	if (len && !acceptable(text, len, error)) {
		scram->failed = TRUE;
		return NULL;
	}
	scram->steps++;
	if (scram->first)
		return g_steal_pointer(&scram->first);
	status = gsasl.step(scram->session, text, len, &answer, &answer_len);
	if (status != GSASL_OK && status != GSASL_NEEDS_MORE) {
		scram->failed = TRUE;
		if (scram->steps < 3)
			makes_no_sense(error);
		else
			fulmar_fail(error, FULMAR_AUTH,
			            _("The server could not prove that it knows the password; somebody may "
			              "be in between"));
		return NULL;
	}
	scram->complete = status == GSASL_OK;
	response = g_bytes_new(answer ? answer : "", answer_len);
	gsasl.free(answer);
	return response;
}

gboolean
scram_complete(const struct scram *scram)
{
	return scram->complete && !scram->failed;
}
