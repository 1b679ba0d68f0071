#include "backend/pop3/visit.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"

/* The connection of a visit: octets to the parser, its end to everything under way. */

enum { SPARE = 512 << 20 };

static void
feed(struct visit *v, const unsigned char *bytes, gsize len)
{
	g_autoptr(GError) broken = NULL;
	g_autoptr(GError) lost = NULL;
	gssize used;

	v->feeding = TRUE;
	used = pop3_parser_feed(v->parser, bytes, len, &broken);
	v->feeding = FALSE;
	if (!v->conn)
		g_clear_pointer(&v->parser, pop3_parser_free);
	if (used >= 0 || !v->conn)
		return;
	fulmar_fail(&lost, FULMAR_NO_LINK, _("%s: %s; the connection was closed"), v->b->env->account->host,
	            broken->message);
	pop3_drop(v, lost);
}

static void
on_read(struct conn *conn, const unsigned char *bytes, gsize len, void *user)
{
	struct visit *v = user;

	feed(v, bytes, len);
	if (v->conn != conn)
		return;
	if (v->turn) {
		/* What is glued to the OK of STLS is dropped by conn_start_tls. */
		conn_start_tls(conn);
		return;
	}
	pop3_pump(v);
	conn_expect(conn, v->phase == VISIT_GREETING || !g_queue_is_empty(&v->sent));
}

static void
forget_link(struct visit *v, const GError *error)
{
	v->phase = VISIT_DOWN;
	pop3_fail_all(v, error);
	pop3_take_stop(v);
	if (!v->feeding)
		g_clear_pointer(&v->parser, pop3_parser_free);
	login_forget(&v->login);
	pop3_caps_clear(&v->caps);
	pop3_caps_init(&v->caps);
	g_clear_pointer(&v->list, pop3_list_free);
	v->caps_known = v->guessed = v->turn = v->no_top = FALSE;
	if (v->depart)
		task_release(g_steal_pointer(&v->depart), error);
}

/* Hears of the end first, so that what the completions bring about begins nothing on a dead link. */
static gboolean
tell_end(gpointer user)
{
	struct visit *v = user;
	const struct backend_env *env = v->b->env;
	g_autoptr(GError) error = g_steal_pointer(&v->lost);
	gboolean departing = v->departing;

	loop_drop(&v->ending);
	v->departing = v->tasks.held = FALSE;
	if (departing && v->more)
		env->hooks->behind(pop3_inbox(v->b, NULL), env->user);
	v->more = FALSE;
	if (departing)
		env->hooks->left(env->user);
	else
		env->hooks->lost(error, env->user);
	tasks_run(&v->tasks);
	return G_SOURCE_REMOVE;
}

static void
link_ended(struct visit *v, const GError *error)
{
	v->conn = NULL;
	v->lost = g_error_copy(error);
	v->tasks.held = TRUE;
	forget_link(v, error);
	loop_now(&v->ending, v->b->env->context, tell_end, v);
}

void
pop3_drop(struct visit *v, const GError *error)
{
	if (!v->conn)
		return;
	conn_close(v->conn);
	link_ended(v, error);
}

void
pop3_left(struct visit *v)
{
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, FULMAR_NO_LINK, _("%s: the connection was closed"), v->b->env->account->host);
	v->departing = TRUE;
	if (v->depart)
		task_release(g_steal_pointer(&v->depart), NULL);
	pop3_drop(v, error);
}

static void
on_closed(struct conn *conn, const GError *error, void *user)
{
	struct visit *v = user;

	if (conn != v->conn)
		return;
	/* Some servers hang up instead of an answer: that is as good, where nothing hangs on it. */
	v->departing = v->phase == VISIT_LEAVING && v->quitting && !v->deleted;
	if (v->departing && v->depart)
		task_release(g_steal_pointer(&v->depart), NULL);
	link_ended(v, error);
}

static void
on_open(struct conn *conn, void *user)
{
	struct visit *v = user;

	v->phase = VISIT_GREETING;
	conn_expect(conn, TRUE);
}

static void
on_tls(struct conn *conn, void *user)
{
	struct visit *v = user;

	v->turn = FALSE;
	pop3_secured(v);
}

static const struct conn_events events = {
        .on_open = on_open,
        .on_read = on_read,
        .on_tls = on_tls,
        .on_closed = on_closed,
};

static struct visit *
visit_new(struct backend *b)
{
	struct visit *v = g_new0(struct visit, 1);

	v->b = b;
	v->spare = SPARE;
	login_init(&v->login, b->env, &pop3_login_verbs, v);
	pop3_caps_init(&v->caps);
	g_queue_init(&v->waiting);
	g_queue_init(&v->sent);
	g_queue_init(&v->takes);
	tasks_init(&v->tasks, b->env->context, NULL, NULL);
	v->taken = g_ptr_array_new();
	return v;
}

void
pop3_link(struct backend *b)
{
	struct conn_params params = login_conn_params(b->env->account, LOG_POP3);
	struct visit *v;

	if (!b->visit)
		b->visit = visit_new(b);
	v = b->visit;
	if (v->conn || v->lost)
		return;
	v->in_use = FALSE;
	v->parser = pop3_parser_new(&pop3_events, v);
	v->phase = VISIT_CONNECTING;
	v->conn = v->login.conn = conn_open(b->env->context, &params, &events, v);
}

/* Nothing that we asked to be deleted was not meant to be, so QUIT is never wrong. */
void
pop3_unlink(struct backend *b)
{
	struct visit *v = b->visit;
	g_autoptr(GError) error = NULL;

	if (!v || !v->conn)
		return;
	if (v->phase == VISIT_READY && g_queue_is_empty(&v->sent))
		conn_write(v->conn, "QUIT\r\n", 6, FALSE);
	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	pop3_drop(v, error);
}

void
pop3_visit_free(struct visit *v)
{
	g_autoptr(GError) error = NULL;

	if (!v)
		return;
	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	if (v->conn)
		conn_close(v->conn);
	v->conn = NULL;
	forget_link(v, error);
	loop_drop(&v->ending);
	tasks_clear(&v->tasks);
	g_clear_error(&v->lost);
	login_clear(&v->login);
	pop3_caps_clear(&v->caps);
	g_ptr_array_unref(v->taken);
	g_free(v);
}
