#include "backend/pop3/visit.h"

#include <string.h>

#include "base/i18n.h"

/* From the greeting to a session that takes commands: STLS, capabilities, UTF8, authentication. */

enum { LINE_MOST = 255 /* RFC 2449 §4 */ };

static const struct conf_account *
settings(const struct visit *v)
{
	return v->b->env->account;
}

/* ---- ready ---- */

/* CAPA goes out in the same flight as what hooks.ready brings. */
static void
ready(struct visit *v)
{
	v->phase = VISIT_READY;
	pop3_pause_begin(v);
	pop3_capa_tell_facts(v);
	pop3_capa_again(v);
	v->b->env->hooks->ready(v->b->env->user);
	pop3_pump(v);
}

/* ---- refusals ---- */

enum why { WHY_SECRET, WHY_LATER, WHY_IN_USE, WHY_DELAY, WHY_NEVER };

static gboolean
has_word(const char *text, const char *const *words)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	for (guint i = 0; words[i]; i++)
		if (strstr(lower, words[i]))
			return TRUE;
	return FALSE;
}

/* Servers without codes say it in words. */
static enum why
why_refused(const struct visit *v, const struct pop3_status *status)
{
	static const struct {
		const char *code;
		enum why why;
	} codes[] = {{"IN-USE", WHY_IN_USE},
	             {"LOGIN-DELAY", WHY_DELAY},
	             {"SYS/TEMP", WHY_LATER},
	             {"SYS/PERM", WHY_NEVER},
	             {"AUTH", WHY_SECRET}};
	static const char *const in_use[] = {"in use",         "mailbox lock", "already locked",
	                                     "unable to lock", "cannot lock",  "lock file",
	                                     "already open",   "busy",         NULL};
	static const char *const later[] = {"try again", "try later", "temporar", "too often", NULL};

	for (guint i = 0; status->code && i < G_N_ELEMENTS(codes); i++)
		if (g_str_has_prefix(status->code, codes[i].code))
			return codes[i].why;
	if (has_word(status->text, in_use))
		return WHY_IN_USE;
	if (login_tells_crowd(status->text) || has_word(status->text, later))
		return WHY_LATER;
	/* RFC 3206 §6: who has this capability says so when it is the password. */
	return v->caps.auth_resp_code ? WHY_LATER : WHY_SECRET;
}

static void log_in_as_told(struct visit *v);

static void
refused(struct visit *v, const struct pop3_status *status)
{
	const char *said = *status->text ? status->text : "-ERR";

	switch (why_refused(v, status)) {
	case WHY_SECRET:
		if (v->guessed && !pop3_capa_has_sasl(v, v->login.mechanism)) {
			log_in_as_told(v);
			return;
		}
		login_refused(&v->login, said, FALSE);
		return;
	case WHY_IN_USE:
		pop3_pause_in_use(v);
		break;
	case WHY_DELAY:
		pop3_pause_refused(v);
		break;
	case WHY_LATER:
		break;
	case WHY_NEVER:
		login_give_up(&v->login, FULMAR_FAILED, _("%s takes no log-in of %s: %s"), settings(v)->host,
		              settings(v)->user ? settings(v)->user : "", said);
		return;
	}
	login_refused(&v->login, said, TRUE);
}

/* ---- authentication ---- */

static void
authenticated(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status)
{
	if (status->challenge) {
		login_challenged(&v->login, status->text);
	} else if (status->ok && v->login.held) {
		/* Some servers write "+OK" where they mean "+": nothing was said yet that they could accept.
		 */
		pop3_expect_more(v, cmd);
		login_challenged(&v->login, "");
	} else if (!status->ok) {
		refused(v, status);
	} else if (login_accepted(&v->login)) {
		ready(v);
	}
}

static const struct pop3_reply auth_reply = {.status = authenticated};

static void
authenticate(const char *mechanism, const char *initial, void *user)
{
	struct visit *v = user;
	struct pop3_cmd *cmd = pop3_cmd_new(POP3_SASL, &auth_reply, NULL, "AUTH %s%s%s", mechanism,
	                                    initial ? " " : "", initial ? initial : "");

	cmd->alone = TRUE;
	cmd->secret = initial != NULL;
	pop3_send(v, cmd);
	pop3_pump(v);
}

static void
passed(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status)
{
	if (!status->ok)
		refused(v, status);
	else if (login_accepted(&v->login))
		ready(v);
}

static const struct pop3_reply pass_reply = {.status = passed};

static void
named(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status)
{
	if (!status->ok)
		refused(v, status);
	else
		pop3_send(v, cmd->user);
	if (status->ok)
		cmd->user = NULL;
}

/* The password that was not sent after all. */
static void
named_end(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (cmd->user)
		pop3_cmd_free(cmd->user);
}

static const struct pop3_reply user_reply = {.status = named, .end = named_end};

/* USER and PASS, for servers that offer no SASL mechanism we may use. RFC 2449 wants USER to be told; those
 * that tell nothing of how to log in mean it. */
static gboolean
plain(const char *name, const char *password, void *user)
{
	struct visit *v = user;
	struct pop3_cmd *cmd, *pass;

	if (v->caps_known && !v->caps.user && v->caps.sasl->len)
		return FALSE;
	if (!pop3_argument_is_safe(name) || !pop3_argument_is_safe(password))
		return FALSE;
	v->login.mechanism = "USER";
	pass = pop3_cmd_new(POP3_STATUS, &pass_reply, NULL, "PASS %s", password);
	pass->alone = pass->secret = TRUE;
	cmd = pop3_cmd_new(POP3_STATUS, &user_reply, pass, "USER %s", name);
	cmd->alone = TRUE;
	pop3_send(v, cmd);
	pop3_pump(v);
	return TRUE;
}

static void
drop(const GError *error, void *user)
{
	pop3_drop(user, error);
}

const struct login_verbs pop3_login_verbs = {.authenticate = authenticate, .plain = plain, .drop = drop};

void
pop3_secret(struct backend *b, const char *secret, const char *why)
{
	if (b->visit)
		login_secret(&b->visit->login, secret, why);
}

/* ---- capabilities and STLS ---- */

static void
log_in(struct visit *v, const char *const *mechanisms)
{
	gboolean external = FALSE;

	g_ptr_array_set_size(v->login.offered, 0);
	for (guint i = 0; mechanisms[i]; i++) {
		g_autofree char *shown = g_strconcat("AUTH=", mechanisms[i], NULL);

		if (pop3_hides(v, shown))
			continue;
		g_ptr_array_add(v->login.offered, g_strdup(mechanisms[i]));
		external |= g_ascii_strcasecmp(mechanisms[i], "EXTERNAL") == 0;
	}
	v->login.initial_most = LINE_MOST - strlen("AUTH SCRAM-SHA-512-PLUS \r\n");
	login_begin(&v->login, external);
}

static void
log_in_as_told(struct visit *v)
{
	g_autofree const char **names = pop3_capa_sasl(v);

	v->guessed = FALSE;
	log_in(v, names);
}

static void
utf8_on(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (cmd->answered && !v->guessed)
		log_in_as_told(v);
}

static const struct pop3_reply utf8_reply = {.end = utf8_on};

static void
ask_utf8(struct visit *v)
{
	struct pop3_cmd *cmd = pop3_cmd_new(POP3_STATUS, &utf8_reply, NULL, "UTF8");

	cmd->alone = !v->guessed;
	pop3_send(v, cmd);
}

/* Without UTF8 the server would give other octets than it has of mail with such headers (RFC 6856). */
static void
got_caps(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (!cmd->answered)
		return;
	pop3_capa_remember(v);
	if (v->guessed)
		return;
	if (v->caps.utf8 && !pop3_hides(v, "UTF8"))
		ask_utf8(v);
	else
		log_in_as_told(v);
}

static const struct pop3_reply caps_reply = {
        .status = pop3_capa_begin, .line = pop3_capa_line, .end = got_caps};

/* One flight less: most servers say each time what they said the last. */
static void
guess(struct visit *v)
{
	gboolean utf8;
	g_auto(GStrv) mechanisms = pop3_capa_remembered(v, &utf8);

	if (!mechanisms || pop3_hides(v, "PIPELINING"))
		return;
	v->guessed = v->caps.pipelining = TRUE;
	if (utf8 && !pop3_hides(v, "UTF8"))
		ask_utf8(v);
	log_in(v, (const char *const *)mechanisms);
}

static void
ask_caps(struct visit *v)
{
	struct pop3_cmd *cmd = pop3_cmd_new(POP3_LISTING, &caps_reply, NULL, "CAPA");

	v->phase = VISIT_LOGIN;
	pop3_send(v, cmd);
	guess(v);
	pop3_pump(v);
}

static void
stls_answered(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status)
{
	if (status->ok)
		v->turn = TRUE;
	else
		login_give_up(
		        &v->login, FULMAR_NO_LINK,
		        _("%s refuses STLS: %s; nothing was sent in clear text (security = tls goes to port "
		          "995)"),
		        settings(v)->host, status->text);
}

static const struct pop3_reply stls_reply = {.status = stls_answered};

void
pop3_secured(struct visit *v)
{
	ask_caps(v);
}

static void
turned_away(struct visit *v, const struct pop3_status *greeting)
{
	enum why why = why_refused(v, greeting);

	if (why == WHY_IN_USE)
		pop3_pause_in_use(v);
	login_give_up(&v->login, FULMAR_NO_LINK, _("%s turned the connection away: %s"), settings(v)->host,
	              greeting->text);
}

void
pop3_greeted(struct visit *v, const struct pop3_status *greeting)
{
	struct pop3_cmd *stls;

	if (!greeting->ok) {
		turned_away(v, greeting);
		return;
	}
	/* Gmail; "recent:" before the name asks it for the last thirty days, whatever was fetched. */
	v->portions = g_str_has_prefix(greeting->text, "Gpop") &&
	              !g_str_has_prefix(settings(v)->user ? settings(v)->user : "", "recent:");
	if (settings(v)->security != SECURITY_STARTTLS || conn_is_tls(v->conn)) {
		ask_caps(v);
		return;
	}
	v->phase = VISIT_LOGIN;
	stls = pop3_cmd_new(POP3_STATUS, &stls_reply, NULL, "STLS");
	stls->alone = TRUE;
	pop3_send(v, stls);
}
