#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/i18n.h"

/* From the greeting to a session that takes commands: STARTTLS, capabilities, authentication, compression. */

static void after_capabilities(struct backend *b);

/* ---- ready ---- */

static void
tell_facts(struct backend *b)
{
	g_autoptr(GString) caps = g_string_new(NULL);
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(b->caps), (GCompareFunc)strcmp);

	for (GList *l = names; l; l = l->next)
		if (imap_has(b, l->data))
			g_string_append_printf(caps, "%s%s", caps->len ? " " : "", (const char *)l->data);
	login_tell_facts(&b->login);
	login_fact(&b->login, "capabilities", caps->str);
	login_fact(&b->login, "resync", b->qresync ? "QRESYNC" : b->condstore ? "CONDSTORE" : "plain");
	login_fact(&b->login, "push",
	           imap_has(b, "NOTIFY") ? "NOTIFY"
	           : imap_has(b, "IDLE") ? "IDLE"
	                                 : "poll");
	login_fact(&b->login, "compression", imap_has(b, "COMPRESS=DEFLATE") ? "DEFLATE" : "none");
	login_fact(&b->login, "quirk", b->quirk ? b->quirk->what : NULL);
}

static void
send_id(struct backend *b)
{
	struct imap_cmd *cmd = imap_cmd_new(b, "ID", NULL, NULL);

	cmd->apart = TRUE;
	imap_command_open(cmd->wire);
	imap_command_string(cmd->wire, "name", 4);
	imap_command_string(cmd->wire, "fulmar", 6);
	imap_command_string(cmd->wire, "version", 7);
	imap_command_string(cmd->wire, PACKAGE_VERSION, strlen(PACKAGE_VERSION));
	imap_command_close(cmd->wire);
	imap_queue(b, cmd);
}

static void
enabled(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (!error)
		return;
	b->qresync = b->uidonly = b->utf8 = FALSE;
	b->condstore = imap_has(b, "CONDSTORE");
}

/* Some servers do not tell what they enabled (iCloud); one that tells is taken at its word where the answers
 * would look otherwise. */
void
imap_on_enabled(struct backend *b, const struct imap_response *response)
{
	gboolean uidonly = FALSE, utf8 = FALSE;

	for (const struct imap_node *n = response->args; n; n = n->next) {
		uidonly = uidonly || imap_node_is(n, "UIDONLY");
		utf8 = utf8 || imap_node_is(n, "UTF8=ACCEPT");
	}
	b->uidonly = b->uidonly && uidonly;
	b->utf8 = b->utf8 && utf8;
}

/* Once, before any SELECT (RFC 5161). UIDONLY where the newest can be asked for without numbers: some servers
 * show only a part of a large folder without it. UTF-8 names only where there is no other way, since modified
 * UTF-7 is understood everywhere. */
static void
enable(struct backend *b)
{
	g_autoptr(GString) what = g_string_new(NULL);
	struct imap_cmd *cmd;

	b->condstore = imap_has(b, "CONDSTORE"); /* SELECT's parameter enables it */
	if (!imap_has(b, "ENABLE"))
		return;
	if (imap_has(b, "QRESYNC")) {
		b->qresync = b->condstore = TRUE;
		g_string_append(what, " QRESYNC");
	}
	if (imap_has(b, "UIDONLY") && imap_has(b, "PARTIAL")) {
		b->uidonly = TRUE;
		g_string_append(what, " UIDONLY");
	}
	if (imap_has(b, "UTF8=ONLY")) {
		b->utf8 = TRUE;
		g_string_append(what, " UTF8=ACCEPT");
	}
	if (!what->len)
		return;
	cmd = imap_cmd_new(b, "ENABLE", enabled, NULL);
	cmd->apart = TRUE;
	imap_command_atom(cmd->wire, what->str + 1);
	imap_queue(b, cmd);
}

/* Names for folders are also wanted without a link (imap_wire_name). */
static void
remember_names(struct backend *b)
{
	g_autofree char *was = store_get(b->env->store, "utf8-names");

	if ((was && *was) != b->utf8)
		store_set(b->env->store, "utf8-names", b->utf8 ? "1" : "", NULL);
}

/* ID and ENABLE go out in the same flight as what hooks.ready brings. */
static void
ready(struct backend *b)
{
	b->phase = PHASE_READY;
	imap_items_choose(b);
	if (imap_has(b, "ID"))
		send_id(b);
	enable(b);
	remember_names(b);
	tell_facts(b);
	b->env->hooks->ready(b->env->user);
}

static void
compressed(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (!response)
		return;
	if (response->status == IMAP_OK)
		b->turn = TURN_DEFLATE;
	ready(b);
}

static void
logged_in(struct backend *b)
{
	struct imap_cmd *cmd;

	if (!imap_has(b, "COMPRESS=DEFLATE")) {
		ready(b);
		return;
	}
	cmd = imap_cmd_new(b, "COMPRESS", compressed, NULL);
	cmd->kind = IMAP_CMD_ALONE;
	imap_command_atom(cmd->wire, "DEFLATE");
	imap_queue(b, cmd);
}

static void
got_capabilities(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                 const GError *error)
{
	gboolean in = GPOINTER_TO_INT(cmd->user);

	if (!response)
		return;
	if (!b->caps_known) {
		login_give_up(&b->login, FULMAR_NO_LINK,
		              _("%s does not tell what it can do; the connection was closed"),
		              b->env->account->host);
		return;
	}
	if (in)
		logged_in(b);
	else
		after_capabilities(b);
}

static void
ask_capabilities(struct backend *b, gboolean in)
{
	struct imap_cmd *cmd = imap_cmd_new(b, "CAPABILITY", got_capabilities, GINT_TO_POINTER(in));

	cmd->kind = IMAP_CMD_ALONE;
	imap_queue(b, cmd);
}

/* ---- authentication ---- */

static void
refused(struct backend *b, const struct imap_response *response)
{
	static const char *const codes[] = {"UNAVAILABLE", "INUSE", "LIMIT", NULL};
	gboolean crowded = (response->code && g_strv_contains(codes, response->code)) ||
	                   login_tells_crowd(response->text);

	login_refused(&b->login, response->text, crowded);
}

static void
authenticated(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	if (!response)
		return;
	if (response->status != IMAP_OK)
		refused(b, response);
	else if (!login_accepted(&b->login))
		return;
	else if (b->caps_known)
		logged_in(b);
	else
		ask_capabilities(b, TRUE);
}

static void
challenged(struct backend *b, struct imap_cmd *cmd, const char *text)
{
	login_challenged(&b->login, text);
}

static void
authenticate(const char *mechanism, const char *initial, void *user)
{
	struct backend *b = user;
	struct imap_cmd *cmd = imap_cmd_new(b, "AUTHENTICATE", authenticated, NULL);

	b->caps_known = FALSE;
	cmd->kind = IMAP_CMD_ALONE;
	cmd->on_continue = challenged;
	imap_command_atom(cmd->wire, mechanism);
	if (initial) {
		imap_command_atom(cmd->wire, initial);
		cmd->wire->secret = TRUE;
	}
	imap_queue(b, cmd);
}

/* The LOGIN command, for servers that offer no SASL mechanism we may use. */
static gboolean
plain(const char *name, const char *password, void *user)
{
	struct backend *b = user;
	struct imap_cmd *cmd;

	if (imap_has(b, "LOGINDISABLED"))
		return FALSE;
	cmd = imap_cmd_new(b, "LOGIN", authenticated, NULL);
	b->login.mechanism = "LOGIN command";
	b->caps_known = FALSE;
	cmd->kind = IMAP_CMD_ALONE;
	cmd->wire->secret = TRUE;
	imap_command_string(cmd->wire, name, strlen(name));
	imap_command_string(cmd->wire, password, strlen(password));
	imap_queue(b, cmd);
	return TRUE;
}

static void
drop(const GError *error, void *user)
{
	imap_drop(user, error);
}

const struct login_verbs imap_login_verbs = {.authenticate = authenticate, .plain = plain, .drop = drop};

void
imap_login_secret(struct backend *b, const char *secret, const char *why)
{
	login_secret(&b->login, secret, why);
}

static void
after_capabilities(struct backend *b)
{
	b->login.initial_most = imap_has(b, "SASL-IR") ? G_MAXSIZE : 0;
	login_begin(&b->login, imap_has(b, "AUTH=EXTERNAL"));
}

/* ---- greeting and STARTTLS ---- */

static void
starttls_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
              const GError *error)
{
	if (!response)
		return;
	if (response->status != IMAP_OK) {
		login_give_up(&b->login, FULMAR_NO_LINK,
		              _("%s refuses STARTTLS: %s; nothing was sent in clear text"),
		              b->env->account->host, response->text);
		return;
	}
	b->caps_known = FALSE;
	g_hash_table_remove_all(b->caps);
	b->turn = TURN_TLS;
}

static void
start_tls(struct backend *b)
{
	struct imap_cmd *cmd;

	if (b->caps_known && !g_hash_table_contains(b->caps, "STARTTLS")) {
		login_give_up(&b->login, FULMAR_NO_LINK,
		              _("%s offers no STARTTLS on port %d; use security = tls with port 993"),
		              b->env->account->host, (int)b->env->account->port);
		return;
	}
	cmd = imap_cmd_new(b, "STARTTLS", starttls_done, NULL);
	cmd->kind = IMAP_CMD_ALONE;
	imap_queue(b, cmd);
}

static gboolean
greeting_is_good(struct backend *b, const struct imap_response *greeting)
{
	const struct conf_account *a = b->env->account;

	if (greeting->status == IMAP_BYE) {
		login_give_up(&b->login, FULMAR_NO_LINK, _("%s turned the connection away: %s"), a->host,
		              greeting->text);
	} else if (greeting->status == IMAP_PREAUTH && a->security == SECURITY_STARTTLS) {
		login_give_up(
		        &b->login, FULMAR_NO_LINK,
		        _("%s says we are logged in already, so that no STARTTLS is possible; the connection "
		          "was closed"),
		        a->host);
	} else if (greeting->status != IMAP_OK && greeting->status != IMAP_PREAUTH) {
		login_give_up(&b->login, FULMAR_NO_LINK,
		              _("%s:%d does not speak IMAP; check host, port and security"), a->host,
		              (int)a->port);
	} else {
		return TRUE;
	}
	return FALSE;
}

void
imap_login_begin(struct backend *b, const struct imap_response *greeting)
{
	if (greeting && !greeting_is_good(b, greeting))
		return;
	b->phase = PHASE_LOGIN;
	if (greeting)
		b->quirk = imap_quirk_for(greeting->text);
	if (b->env->account->security == SECURITY_STARTTLS && !conn_is_tls(b->conn)) {
		start_tls(b);
	} else if (greeting && greeting->status == IMAP_PREAUTH) {
		b->login.mechanism = "PREAUTH";
		ask_capabilities(b, TRUE);
	} else if (b->caps_known) {
		after_capabilities(b);
	} else {
		ask_capabilities(b, FALSE);
	}
}
