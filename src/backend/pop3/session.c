#include "backend/pop3/visit.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

/* Commands and their answers, which come in the order of the commands. As many go out ahead as are answered
 * in a moment, as fast as this link is: a person's wish shall not stand behind megabytes. Our octets never
 * wait for the server's, so neither side can wait for the other for ever. */

enum {
	WINDOW_FIRST = 256 << 10,
	WINDOW_LEAST = 64 << 10,
	WINDOW_MOST = 4 << 20,
	AHEAD = 1000,
	MOMENT_MS = 400
};

struct pop3_cmd *
pop3_cmd_new(enum pop3_answer_kind kind, const struct pop3_reply *reply, void *user, const char *format, ...)
{
	struct pop3_cmd *cmd = g_new0(struct pop3_cmd, 1);
	char *line;
	va_list args;

	va_start(args, format);
	line = g_strdup_vprintf(format, args);
	va_end(args);
	cmd->kind = kind;
	cmd->reply = reply;
	cmd->user = user;
	cmd->line = g_strconcat(line, "\r\n", NULL);
	text_wipe(&line); /* it may be a password */
	return cmd;
}

void
pop3_cmd_free(struct pop3_cmd *cmd)
{
	text_wipe(&cmd->line);
	g_free(cmd);
}

static void
end_cmd(struct visit *v, struct pop3_cmd *cmd, const GError *error)
{
	if (cmd->reply->end)
		cmd->reply->end(v, cmd, error);
	pop3_cmd_free(cmd);
}

gboolean
pop3_hides(const struct visit *v, const char *capability)
{
	for (char **p = v->b->env->account->disable_capability; p && *p; p++)
		if (!g_ascii_strcasecmp(*p, capability))
			return TRUE;
	return FALSE;
}

/* ---- sending ---- */

/* Octets of answers that come within a moment. */
static guint64
window(const struct visit *v)
{
	gint64 ms = (g_get_monotonic_time() - v->busy_since) / 1000;

	if (v->flown < WINDOW_LEAST)
		return WINDOW_FIRST;
	return CLAMP(v->flown * MOMENT_MS / (guint64)MAX(ms, 1), WINDOW_LEAST, WINDOW_MOST);
}

static gboolean
may_send(const struct visit *v, const struct pop3_cmd *cmd)
{
	const struct pop3_cmd *last = g_queue_peek_tail((GQueue *)&v->sent);

	if (!last)
		return TRUE;
	if (!v->caps.pipelining || pop3_hides(v, "PIPELINING") || last->alone)
		return FALSE;
	return v->sent.length < AHEAD && v->window + cmd->octets <= window(v);
}

static void
write_out(struct visit *v, GString *out)
{
	if (out->len)
		conn_write(v->conn, out->str, out->len, FALSE);
	g_string_truncate(out, 0);
}

void
pop3_pump(struct visit *v)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct pop3_cmd *cmd;

	if (!v->conn || v->phase < VISIT_LOGIN || v->turn)
		return;
	while ((cmd = g_queue_peek_head(&v->waiting)) && may_send(v, cmd)) {
		g_queue_pop_head(&v->waiting);
		if (g_queue_is_empty(&v->sent)) {
			v->busy_since = g_get_monotonic_time();
			v->flown = 0;
		}
		g_queue_push_tail(&v->sent, cmd);
		pop3_parser_expect(v->parser, cmd->kind);
		v->window += cmd->octets;
		if (cmd->secret) {
			write_out(v, out);
			conn_write(v->conn, cmd->line, strlen(cmd->line), TRUE);
		} else {
			g_string_append(out, cmd->line);
		}
	}
	write_out(v, out);
	conn_expect(v->conn, !g_queue_is_empty(&v->sent));
}

void
pop3_send(struct visit *v, struct pop3_cmd *cmd)
{
	g_queue_push_tail(&v->waiting, cmd);
}

void
pop3_send_first(struct visit *v, struct pop3_cmd *cmd)
{
	g_queue_push_head(&v->waiting, cmd);
}

void
pop3_expect_more(struct visit *v, struct pop3_cmd *cmd)
{
	v->goes_on = TRUE;
	g_queue_push_head(&v->sent, cmd);
	pop3_parser_expect(v->parser, cmd->kind);
}

/* ---- receiving ---- */

/* What a refusal means is told by its code, where the server has any (RFC 2449 §8, RFC 3206). */
static GError *
refusal(const struct visit *v, const struct pop3_status *status)
{
	gboolean later = status->code &&
	                 (g_str_has_prefix(status->code, "SYS/TEMP") || strcmp(status->code, "IN-USE") == 0);
	GError *error = NULL;

	fulmar_fail(&error, later ? FULMAR_NO_LINK : FULMAR_FAILED, _("%s: the server refused: %s"),
	            v->b->env->account->host, *status->text ? status->text : "-ERR");
	return error;
}

static struct pop3_cmd *
take_sent(struct visit *v)
{
	struct pop3_cmd *cmd = g_queue_pop_head(&v->sent);

	v->window -= cmd->octets;
	return cmd;
}

/* A word before the server hangs up. */
static void
hung_up(struct visit *v, const struct pop3_status *status)
{
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, FULMAR_NO_LINK, _("%s closed the connection: %s"), v->b->env->account->host,
	            status->text);
	pop3_drop(v, error);
}

static void
answered(struct visit *v, const struct pop3_status *status)
{
	struct pop3_cmd *cmd = g_queue_peek_head(&v->sent);
	gboolean goes_on = status->challenge || (status->ok && cmd->kind >= POP3_LISTING);
	g_autoptr(GError) error = NULL;

	if (!goes_on) {
		take_sent(v);
		cmd->answered = TRUE;
		if (!status->ok)
			error = refusal(v, status);
	}
	if (status->challenge)
		pop3_parser_expect(v->parser, cmd->kind);
	v->goes_on = goes_on;
	if (cmd->reply->status)
		cmd->reply->status(v, cmd, status);
	if (!v->goes_on)
		end_cmd(v, cmd, error);
}

static gboolean
on_status(const struct pop3_status *status, void *user)
{
	struct visit *v = user;
	struct conn *conn = v->conn;

	if (v->phase == VISIT_GREETING)
		pop3_greeted(v, status);
	else if (status->unasked || g_queue_is_empty(&v->sent))
		hung_up(v, status);
	else
		answered(v, status);
	/* STLS changes what the following octets are; a dropped link has none. */
	return v->conn == conn && !v->turn;
}

static void
on_line(const char *line, gsize len, gsize whole, void *user)
{
	struct visit *v = user;
	struct pop3_cmd *cmd = g_queue_peek_head(&v->sent);

	if (v->conn && cmd && cmd->reply->line)
		cmd->reply->line(v, cmd, line, len, whole);
}

static gboolean
on_octets(const unsigned char *bytes, gsize len, void *user)
{
	struct visit *v = user;
	struct pop3_cmd *cmd = g_queue_peek_head(&v->sent);

	v->flown += len;
	return v->conn && cmd && cmd->reply->octets && cmd->reply->octets(v, cmd, bytes, len);
}

static void
on_end(void *user)
{
	struct visit *v = user;
	struct pop3_cmd *cmd;

	if (!v->conn)
		return;
	cmd = take_sent(v);
	cmd->answered = TRUE;
	end_cmd(v, cmd, NULL);
}

const struct pop3_events pop3_events = {
        .status = on_status, .line = on_line, .octets = on_octets, .end = on_end};

static void
fail_queue(struct visit *v, GQueue *queue, const GError *error)
{
	struct pop3_cmd *cmd;

	while ((cmd = g_queue_pop_head(queue)))
		end_cmd(v, cmd, error);
}

void
pop3_fail_all(struct visit *v, const GError *error)
{
	v->window = 0;
	fail_queue(v, &v->sent, error);
	fail_queue(v, &v->waiting, error);
}
