#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"
#include "base/log.h"
#include "base/text.h"

/* The connection: octets to the parser, its end to everything under way. */

/* Feeds the parser; returns the octets consumed: fewer than len after a turn or a drop. */
static gsize
feed(struct backend *b, const unsigned char *bytes, gsize len)
{
	g_autoptr(GError) broken = NULL;
	g_autoptr(GError) lost = NULL;
	gssize used;

	b->feeding = TRUE;
	b->reads++;
	used = imap_parser_feed(b->parser, bytes, len, &broken);
	b->feeding = FALSE;
	if (!b->conn)
		g_clear_pointer(&b->parser, imap_parser_free);
	if (used >= 0)
		return (gsize)used;
	fulmar_fail(&lost, FULMAR_NO_LINK,
	            _("%s: the server's answer makes no sense (%s); the connection was closed"),
	            b->env->account->host, broken->message);
	imap_drop(b, lost);
	return 0;
}

static void
on_read(struct conn *conn, const unsigned char *bytes, gsize len, void *user)
{
	struct backend *b = user;
	gsize used = feed(b, bytes, len);

	if (b->conn != conn)
		return;
	imap_slice_end(b);
	if (b->conn != conn)
		return;
	if (b->turn == TURN_TLS) {
		/* What is glued to the OK of STARTTLS is dropped by conn_start_tls. */
		conn_start_tls(conn);
		return;
	}
	if (b->turn == TURN_DEFLATE) {
		conn_start_deflate(conn, used);
		b->turn = TURN_NONE;
	}
	imap_pump(b);
	conn_expect(conn, b->phase == PHASE_GREETING ||
	                          ((!g_queue_is_empty(&b->sent) || !g_queue_is_empty(&b->waiting)) &&
	                           !b->idle_ready));
	imap_watch_resume(b);
}

static void
forget_link(struct backend *b, const GError *error)
{
	if (b->in_tx)
		imap_slice_end(b);
	imap_watch_stop(b);
	imap_notify_stop(b);
	imap_probe_stop(b);
	b->phase = PHASE_DOWN;
	b->aimed = 0;
	imap_fail_all(b, error);
	imap_fill_release(b, error);
	g_clear_error(&b->fill_error);
	imap_box_clear(&b->box);
	if (!b->feeding)
		g_clear_pointer(&b->parser, imap_parser_free);
	login_forget(&b->login);
	g_hash_table_remove_all(b->caps);
	imap_listing_drop(b, error);
	b->caps_known = b->qresync = b->condstore = b->no_idle = FALSE;
	b->no_binary = b->no_savedate = FALSE;
	g_hash_table_remove_all(b->undecoded);
	b->uidonly = b->utf8 = b->gmail = b->rights_asked = FALSE;
	b->listed = 0;
	b->watched = b->unwatchable = 0;
	b->turn = TURN_NONE;
	b->quirk = NULL;
}

/* Hears of the end first, so that what the completions bring about begins nothing on a dead link. What was
 * begun between the end and this moment ends here too; and steps of verbs before core may begin the next
 * link, lest they go on upon that one. */
static gboolean
tell_lost(gpointer user)
{
	struct backend *b = user;
	g_autoptr(GError) error = g_steal_pointer(&b->lost);

	b->tasks.held = FALSE;
	do
		forget_link(b, error);
	while (tasks_run_steps(&b->tasks));
	b->env->hooks->lost(error, b->env->user);
	tasks_run(&b->tasks);
	return G_SOURCE_REMOVE;
}

static void
link_ended(struct backend *b, const GError *error)
{
	g_autoptr(GSource) source = g_idle_source_new();

	b->conn = NULL;
	b->lost = g_error_copy(error);
	b->tasks.held = TRUE;
	forget_link(b, error);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, tell_lost, b, NULL);
	g_source_set_name(source, "imap-lost");
	g_source_attach(source, b->env->context);
}

void
imap_drop(struct backend *b, const GError *error)
{
	if (!b->conn)
		return;
	conn_close(b->conn);
	link_ended(b, error);
}

static void
on_closed(struct conn *conn, const GError *error, void *user)
{
	struct backend *b = user;

	if (conn == b->conn)
		link_ended(b, error);
}

static void
on_open(struct conn *conn, void *user)
{
	struct backend *b = user;

	b->phase = PHASE_GREETING;
	conn_expect(conn, TRUE);
}

static void
on_tls(struct conn *conn, void *user)
{
	struct backend *b = user;

	b->turn = TURN_NONE;
	imap_login_begin(b, NULL);
}

static const struct conn_events events = {
        .on_open = on_open,
        .on_read = on_read,
        .on_tls = on_tls,
        .on_closed = on_closed,
};

static void
watch_on(void *user)
{
	imap_watch_resume(user);
}

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	b->caps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	login_init(&b->login, env, &imap_login_verbs, b);
	b->fill_waiters = g_ptr_array_new();
	b->half_moved = idset_new();
	b->claimed = idset_new();
	b->undecoded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&b->waiting);
	g_queue_init(&b->sent);
	g_queue_init(&b->wants);
	b->wanted = g_hash_table_new(g_int64_hash, g_int64_equal);
	b->bodies = imap_bodies_new();
	tasks_init(&b->tasks, env->context, watch_on, b);
	return b;
}

static void
link_up(struct backend *b)
{
	struct conn_params params = login_conn_params(b->env->account, LOG_IMAP);
	/* A SEARCH without ESEARCH, or a VANISHED of scattered UIDs, is one line: a million UIDs must fit. */
	struct imap_limits limits = {.line = 16 << 20};

	if (b->conn || b->lost)
		return;
	b->closing = FALSE;
	b->parser = imap_parser_new(&limits, imap_on_response, b);
	b->phase = PHASE_CONNECTING;
	b->conn = b->login.conn = conn_open(b->env->context, &params, &events, b);
}

static void
unlink_(struct backend *b)
{
	g_autoptr(GError) error = NULL;

	if (!b->conn)
		return;
	b->closing = TRUE;
	if (b->phase == PHASE_READY && g_queue_is_empty(&b->sent))
		conn_write(b->conn, "z LOGOUT\r\n", 10, FALSE);
	else if (b->idle_ready)
		conn_write(b->conn, "DONE\r\nz LOGOUT\r\n", imap_pipelines(b) ? 16 : 6, FALSE);
	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	imap_drop(b, error);
}

static void
destroy(struct backend *b)
{
	g_autoptr(GError) error = NULL;
	GSource *source;

	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	if (b->conn)
		conn_close(b->conn);
	b->conn = NULL;
	forget_link(b, error);
	tasks_clear(&b->tasks);
	while ((source = g_main_context_find_source_by_user_data(b->env->context, b)))
		g_source_destroy(source);
	g_hash_table_unref(b->caps);
	g_free(b->row_items);
	g_free(b->row_items_full);
	g_free(b->flag_items);
	g_free(b->bind_items);
	g_ptr_array_unref(b->fill_waiters);
	imap_bodies_free(b->bodies);
	g_hash_table_unref(b->wanted);
	g_clear_error(&b->lost);
	g_clear_error(&b->unaimed);
	g_hash_table_unref(b->half_moved);
	g_hash_table_unref(b->claimed);
	g_hash_table_unref(b->undecoded);
	login_clear(&b->login);
	g_free(b);
}

const struct backend_ops backend_imap = {
        .name = "imap",
        .remote = TRUE,
        .create = create,
        .destroy = destroy,
        .link = link_up,
        .unlink = unlink_,
        .secret = imap_login_secret,
        .folders = imap_folders,
        .open = imap_open,
        .fill = imap_fill,
        .structures = imap_structures,
        .part = imap_part,
        .parts = imap_parts,
        .replay = imap_replay,
        .check = imap_check,
        .name_folder = imap_name_folder,
        .admin = imap_admin,
        .watch = imap_watch,
        .follows_all = imap_follows_all,
        .keeps_seen = imap_keeps_seen,
        .leave = imap_leave,
        .probe = imap_probe,
};
