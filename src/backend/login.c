#include "backend/login.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

struct conn_params
login_conn_params(const struct conf_account *account, int trace)
{
	return (struct conn_params){
	        .host = account->host,
	        .port = (guint16)account->port,
	        .tls = account->security == SECURITY_TLS,
	        .ca_file = account->ca_file,
	        .pins = (const char *const *)account->certificate_pin,
	        .client_certificate = account->client_certificate,
	        .client_key = account->client_key,
	        .connect_timeout_ms = (guint)MIN(account->timeout, 10) * 1000,
	        .handshake_timeout_ms = (guint)MIN(account->timeout, 10) * 1000,
	        .silence_timeout_ms = (guint)account->timeout * 1000,
	        .trace = trace,
	};
}

void
login_init(struct login *login, const struct backend_env *env, const struct login_verbs *verbs, void *user)
{
	*login = (struct login){
	        .env = env, .verbs = verbs, .user = user, .offered = g_ptr_array_new_with_free_func(g_free)};
}

static void
end_mechanism(struct login *login)
{
	g_clear_pointer(&login->sasl, sasl_free);
	g_clear_pointer(&login->held, g_bytes_unref);
}

void
login_forget(struct login *login)
{
	end_mechanism(login);
	login->conn = NULL;
	login->wanted = FALSE;
	text_wipe(&login->secret);
}

void
login_clear(struct login *login)
{
	login_forget(login);
	g_clear_pointer(&login->offered, g_ptr_array_unref);
}

gboolean
login_is_protected(const struct login *login)
{
	const struct conf_account *a = login->env->account;

	return conn_is_tls(login->conn) || a->allow_cleartext || conf_is_loopback(a->host);
}

void
login_give_up(struct login *login, enum fulmar_error code, const char *format, ...)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fulmar_fail(&error, code, "%s", text);
	login->verbs->drop(error, login->user);
}

/* ---- mechanisms ---- */

/* RFC 4959 §3, RFC 5034 §4: nothing at all is written "=". Gives (g_free). */
static char *
encode(GBytes *bytes)
{
	gsize len;
	const guchar *data = g_bytes_get_data(bytes, &len);

	return len ? g_base64_encode(data, len) : g_strdup("=");
}

static void
authenticate(struct login *login, const struct sasl_secrets *secrets)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) initial = NULL;
	g_autofree char *text = NULL;

	login->sasl = sasl_new(login->mechanism, (const char *const *)login->offered->pdata, secrets, &error);
	if (login->sasl && sasl_client_first(login->sasl))
		initial = sasl_step(login->sasl, NULL, &error);
	if (error) {
		login->verbs->drop(error, login->user);
		return;
	}
	text = initial ? encode(initial) : NULL;
	if (text && strlen(text) > login->initial_most) {
		login->held = g_steal_pointer(&initial);
		text_wipe(&text);
	}
	login->verbs->authenticate(login->mechanism, text, login->user);
	text_wipe(&text);
}

static gboolean
auth_is_auto(const struct conf_account *a)
{
	return !a->auth || !a->auth[0] || !strcmp(a->auth[0], "auto");
}

static void
choose(struct login *login)
{
	const struct conf_account *a = login->env->account;
	g_autoptr(GError) error = NULL;
	const char *binding_type = NULL;
	g_autoptr(GBytes) binding =
	        conn_is_tls(login->conn) ? conn_channel_binding(login->conn, &binding_type) : NULL;
	static const char *const automatic[] = {"auto", NULL};
	gboolean token = a->oauth_token_command != NULL;
	struct sasl_secrets secrets = {
	        .user = a->user,
	        .password = token ? NULL : login->secret,
	        .token = token ? login->secret : NULL,
	        .host = a->host,
	        .port = (guint16)a->port,
	        .encrypted = login_is_protected(login),
	        .client_certificate = a->client_certificate != NULL,
	        .binding = binding,
	        .binding_type = binding_type,
	};

	end_mechanism(login);
	g_ptr_array_add(login->offered, NULL);
	login->mechanism =
	        sasl_choose((const char *const *)login->offered->pdata,
	                    auth_is_auto(a) ? automatic : (const char *const *)a->auth, &secrets, &error);
	if (login->mechanism)
		authenticate(login, &secrets);
	else if (!auth_is_auto(a) || !secrets.encrypted || !secrets.password ||
	         !login->verbs->plain(a->user, secrets.password, login->user))
		login->verbs->drop(error, login->user);
	if (login->offered->len && !login->offered->pdata[login->offered->len - 1])
		g_ptr_array_remove_index(login->offered, login->offered->len - 1);
}

static void
write_line(struct login *login, GBytes *bytes)
{
	gsize len;
	const guchar *data = g_bytes_get_data(bytes, &len);
	g_autofree char *text = g_base64_encode(data, len);
	g_autofree char *line = g_strconcat(text, "\r\n", NULL);

	conn_write(login->conn, line, strlen(line), TRUE);
	text_wipe(&text);
	text_wipe(&line);
}

void
login_challenged(struct login *login, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) challenge = NULL;
	g_autoptr(GBytes) answer = g_steal_pointer(&login->held);
	gsize len = 0;
	guchar *octets;

	if (!login->sasl)
		return;
	if (!answer) {
		octets = *text ? g_base64_decode(text, &len) : g_malloc0(1);
		challenge = g_bytes_new_take(octets, len);
		answer = sasl_step(login->sasl, challenge, &error);
	}
	if (answer)
		write_line(login, answer);
	else
		login->verbs->drop(error, login->user); /* it could not prove itself: nothing more is said */
}

/* ---- the secret ---- */

void
login_begin(struct login *login, gboolean external)
{
	const struct conf_account *a = login->env->account;
	g_autofree char *prompt = NULL;

	if (login->secret || (a->client_certificate && external)) {
		choose(login);
		return;
	}
	login->wanted = TRUE;
	prompt = g_strdup_printf(_("Password for %s at %s"), a->user, a->host);
	login->env->hooks->ask(prompt, login->env->user);
}

void
login_secret(struct login *login, const char *secret, const char *why)
{
	const struct conf_account *a = login->env->account;

	if (!login->wanted)
		return;
	login->wanted = FALSE;
	text_wipe(&login->secret);
	login->secret = g_strdup(secret);
	if (!login->conn)
		return;
	if (!secret && why)
		login_give_up(login, FULMAR_AUTH, "%s: %s", a->host, why);
	else if (!secret)
		login_give_up(login, FULMAR_AUTH,
		              _("%s: no password for %s; give password-command in the account's section"),
		              a->host, a->user);
	else
		choose(login);
}

/* ---- the end ---- */

gboolean
login_tells_crowd(const char *said)
{
	static const char *const words[] = {"too many", "simultaneous", "maximum"};
	g_autofree char *text = g_ascii_strdown(said, -1);
	gboolean of_links = strstr(text, "connection") || strstr(text, "session");

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (of_links && strstr(text, words[i]))
			return TRUE;
	return FALSE;
}

void
login_refused(struct login *login, const char *said, gboolean crowded)
{
	const struct conf_account *a = login->env->account;
	g_autofree char *why = login->sasl ? g_strdup(sasl_server_error(login->sasl)) : NULL;

	if (crowded) {
		login_give_up(login, FULMAR_NO_LINK, _("%s cannot take the log-in now: %s"), a->host, said);
		return;
	}
	text_wipe(&login->secret);
	if (a->oauth_token_command && !login->renewed) {
		/* Tokens end after an hour or so: a fresh one is asked for once. */
		login->renewed = TRUE;
		end_mechanism(login);
		login_begin(login, FALSE);
		return;
	}
	login_give_up(login, FULMAR_AUTH, _("%s refused the log-in of %s; check user and password (%s)"),
	              a->host, a->user ? a->user : "", why ? why : said);
}

gboolean
login_accepted(struct login *login)
{
	g_autoptr(GError) proof = NULL;

	if (login->sasl && !sasl_complete(login->sasl, &proof)) {
		login->verbs->drop(proof, login->user);
		return FALSE;
	}
	end_mechanism(login);
	login->renewed = FALSE;
	return TRUE;
}

void
login_fact(const struct login *login, const char *name, const char *value)
{
	if (value && *value)
		login->env->hooks->fact(name, value, login->env->user);
}

void
login_tell_facts(const struct login *login)
{
	static const char *const connection[] = {"address", "tls", "subject", "issuer", "expires", "sha256"};

	for (guint i = 0; i < G_N_ELEMENTS(connection); i++)
		login_fact(login, connection[i], conn_fact(login->conn, connection[i]));
	login_fact(login, "mechanism", login->mechanism);
}
