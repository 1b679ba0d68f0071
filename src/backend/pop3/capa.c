#include "backend/pop3/visit.h"

#include <string.h>

#include "base/i18n.h"

/* What the server says it can do: in this visit, and before the last log-in. */

enum { LINES_MOST = 1000 };

#define REMEMBERED "pop3-capabilities"

/* ---- the answer to CAPA ---- */

void
pop3_capa_begin(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status)
{
	if (!status->ok)
		return;
	pop3_caps_clear(&v->caps);
	pop3_caps_init(&v->caps);
	v->caps_known = TRUE;
	v->caps_lines = 0;
}

void
pop3_capa_line(struct visit *v, struct pop3_cmd *cmd, const char *line, gsize len, gsize whole)
{
	if (++v->caps_lines <= LINES_MOST)
		pop3_caps_line(&v->caps, line);
	else
		login_give_up(&v->login, FULMAR_NO_LINK, _("%s tells of capabilities without end"),
		              v->b->env->account->host);
}

gboolean
pop3_capa_has_sasl(const struct visit *v, const char *mechanism)
{
	for (guint i = 0; i < v->caps.sasl->len; i++)
		if (g_ascii_strcasecmp(v->caps.sasl->pdata[i], mechanism) == 0)
			return TRUE;
	return FALSE;
}

const char **
pop3_capa_sasl(const struct visit *v)
{
	const char **names = g_new0(const char *, v->caps.sasl->len + 1);

	for (guint i = 0; i < v->caps.sasl->len; i++)
		names[i] = v->caps.sasl->pdata[i];
	return names;
}

/* ---- the last visit ---- */

/* "UTF8 PLAIN SCRAM-SHA-256": what the next visit may go by, of a server that takes commands ahead. */
void
pop3_capa_remember(struct visit *v)
{
	struct store *store = v->b->env->store;
	g_autofree char *was = store_get(store, REMEMBERED);
	g_autofree const char **names = pop3_capa_sasl(v);
	g_autofree char *mechanisms = g_strjoinv(" ", (char **)names);
	g_autofree char *now = v->caps.pipelining && *mechanisms
	                               ? g_strconcat(v->caps.utf8 ? "UTF8 " : "- ", mechanisms, NULL)
	                               : g_strdup("");

	if (g_strcmp0(was ? was : "", now) != 0)
		store_set(store, REMEMBERED, now, NULL);
}

GStrv
pop3_capa_remembered(const struct visit *v, gboolean *utf8)
{
	g_autofree char *was = store_get(v->b->env->store, REMEMBERED);
	const char *mechanisms = was ? strchr(was, ' ') : NULL;

	*utf8 = was && g_str_has_prefix(was, "UTF8 ");
	return mechanisms ? g_strsplit(mechanisms + 1, " ", -1) : NULL;
}

/* ---- once we are in ---- */

void
pop3_capa_tell_facts(struct visit *v)
{
	const struct pop3_caps *caps = &v->caps;
	const struct {
		gboolean has;
		const char *name;
	} rows[] = {{caps->top, "TOP"},
	            {caps->uidl, "UIDL"},
	            {caps->pipelining, "PIPELINING"},
	            {caps->stls, "STLS"},
	            {caps->resp_codes, "RESP-CODES"},
	            {caps->auth_resp_code, "AUTH-RESP-CODE"},
	            {caps->utf8, "UTF8"}};
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].has)
			g_string_append_printf(names, "%s%s", names->len ? " " : "", rows[i].name);
	if (caps->login_delay)
		g_string_append_printf(names, " LOGIN-DELAY=%d", caps->login_delay);
	if (caps->expire == POP3_EXPIRE_NEVER)
		g_string_append(names, " EXPIRE=NEVER");
	else if (caps->expire != POP3_EXPIRE_UNKNOWN)
		g_string_append_printf(names, " EXPIRE=%d", caps->expire);
	login_tell_facts(&v->login);
	login_fact(&v->login, "capabilities", names->str);
	login_fact(&v->login, "implementation", caps->implementation);
}

/* The policy is about mail that the server may have thrown away by then. Told when it changes. */
static void
warn_of_expiry(struct visit *v)
{
	const struct backend_env *env = v->b->env;
	struct conf_leave leave;
	g_autofree char *told = store_get(env->store, "pop3-expire"), *now = NULL, *text = NULL;
	int days = v->caps.expire;
	const char *policy = env->account->leave_on_server;

	if (days == POP3_EXPIRE_UNKNOWN)
		return;
	now = g_strdup_printf("%d %s", days, policy ? policy : "");
	if (g_strcmp0(told, now) == 0)
		return;
	store_set(env->store, "pop3-expire", now, NULL);
	if (days == POP3_EXPIRE_NEVER || !conf_leave_parse(policy, &leave) || leave.what == LEAVE_NEVER ||
	    (leave.what == LEAVE_FOR && leave.age <= days * (gint64)86400))
		return;
	text = g_strdup_printf(ngettext("%s deletes mail after %d day, whatever leave-on-server says; "
	                                "keep = full keeps it here",
	                                "%s deletes mail after %d days, whatever leave-on-server says; "
	                                "keep = full keeps it here",
	                                (gulong)days),
	                       env->account->host, days);
	env->hooks->notice(text, env->user);
}

/* After the log-in the server may tell other things, and more of this user (RFC 2449 §5). */
static void
got_later_caps(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (!cmd->answered || v->phase < VISIT_READY)
		return;
	pop3_pause_told(v);
	warn_of_expiry(v);
}

static const struct pop3_reply later_reply = {
        .status = pop3_capa_begin, .line = pop3_capa_line, .end = got_later_caps};

void
pop3_capa_again(struct visit *v)
{
	pop3_send(v, pop3_cmd_new(POP3_LISTING, &later_reply, NULL, "CAPA"));
}
