#include <string.h>
#include "backend/imap/imap-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

#define UIDNEXT_MAX ((guint64)G_MAXUINT32 + 1) /* RFC 9051 §2.3.1.1: UIDs have 32 bits */

/* ---- verbs under way ---- */

static gboolean
run_finished(gpointer user)
{
	struct backend *b = user;
	GQueue ended = b->finished;
	struct imap_task *task;

	/* Only what ended before: what these callbacks begin and end at once has its turn after the link's end was told. */
	g_queue_init(&b->finished);
	g_clear_pointer(&b->wake, g_source_unref);
	while ((task = g_queue_pop_head(&ended))) {
		backend_done done = task->done;
		void *ctx = task->user;
		g_autoptr(GError) error = g_steal_pointer(&task->error);

		b->tasks = g_list_remove(b->tasks, task);
		g_free(task);
		done(error, ctx);
	}
	return G_SOURCE_REMOVE;
}

static void
wake(struct backend *b)
{
	if (b->wake)
		return;
	b->wake = g_idle_source_new();
	g_source_set_priority(b->wake, G_PRIORITY_DEFAULT);
	g_source_set_callback(b->wake, run_finished, b, NULL);
	g_source_attach(b->wake, b->env->context);
}

struct imap_task *
imap_task_new(struct backend *b, backend_done done, void *user)
{
	struct imap_task *task = g_new0(struct imap_task, 1);

	task->b = b;
	task->done = done;
	task->user = user;
	task->holds = 1;
	b->tasks = g_list_prepend(b->tasks, task);
	return task;
}

void
imap_task_hold(struct imap_task *task)
{
	task->holds++;
}

void
imap_task_release(struct imap_task *task, const GError *error)
{
	if (error && !task->error)
		task->error = g_error_copy(error);
	if (--task->holds)
		return;
	g_queue_push_tail(&task->b->finished, task);
	wake(task->b);
}

void
imap_task_cmd_done(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	imap_task_release(cmd->user, error);
}

/* ---- capabilities ---- */

static gboolean
hidden(const struct backend *b, const char *capability)
{
	for (char **p = b->env->account->disable_capability; p && *p; p++)
		if (!g_ascii_strcasecmp(*p, capability))
			return TRUE;
	if (b->quirk && b->quirk->hide) {
		g_auto(GStrv) hide = g_strsplit(b->quirk->hide, ",", -1);

		return g_strv_contains((const char *const *)hide, capability);
	}
	return FALSE;
}

gboolean
imap_has(const struct backend *b, const char *capability)
{
	return g_hash_table_contains(b->caps, capability) && !hidden(b, capability);
}

void
imap_take_capabilities(struct backend *b, const struct imap_node *first)
{
	g_hash_table_remove_all(b->caps);
	g_ptr_array_set_size(b->offered, 0);
	for (const struct imap_node *n = first; n; n = n->next) {
		char *name;

		if (n->type != IMAP_ATOM)
			continue;
		name = g_ascii_strup((const char *)n->text, (gssize)n->len);
		if (g_str_has_prefix(name, "AUTH="))
			g_ptr_array_add(b->offered, g_strdup(name + 5));
		g_hash_table_add(b->caps, name);
	}
	b->caps_known = TRUE;
}

/* ---- sending ---- */

struct imap_cmd *
imap_cmd_new(struct backend *b, const char *name, imap_cmd_done done, void *user)
{
	struct imap_cmd *cmd = g_new0(struct imap_cmd, 1);
	enum imap_literals literals = imap_has(b, "LITERAL+")   ? IMAP_LITERAL_PLUS
				      : imap_has(b, "LITERAL-") ? IMAP_LITERAL_MINUS
								: IMAP_LITERAL_SYNC;

	g_snprintf(cmd->tag, sizeof cmd->tag, "f%u", ++b->next_tag);
	cmd->wire = imap_command_new(cmd->tag, name, literals);
	cmd->done = done;
	cmd->user = user;
	return cmd;
}

struct imap_cmd *
imap_cmd_in(struct backend *b, gint64 folder, const char *name, imap_cmd_done done, void *user)
{
	struct imap_cmd *cmd = imap_cmd_new(b, name, done, user);

	cmd->folder = folder;
	return cmd;
}

static void
cmd_free(struct imap_cmd *cmd)
{
	imap_command_free(cmd->wire);
	g_free(cmd);
}

void
imap_queue(struct backend *b, struct imap_cmd *cmd)
{
	imap_command_finish(cmd->wire);
	g_queue_push_tail(&b->waiting, cmd);
	imap_pump(b);
}

static gboolean
all_apart(const struct backend *b)
{
	for (const GList *l = b->sent.head; l; l = l->next)
		if (!((const struct imap_cmd *)l->data)->apart)
			return FALSE;
	return TRUE;
}

static gboolean
may_begin(const struct backend *b, const struct imap_cmd *cmd)
{
	const struct imap_cmd *last = g_queue_peek_tail((GQueue *)&b->sent);

	if (!last)
		return TRUE;
	if (last->kind == IMAP_CMD_ALONE || last->kind == IMAP_CMD_AIM || cmd->kind == IMAP_CMD_ALONE)
		return FALSE;
	return cmd->kind == IMAP_CMD_PLAIN || all_apart(b);
}

static void
finish_cmd(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response, const GError *error)
{
	if (cmd->done)
		cmd->done(b, cmd, response, error);
	cmd_free(cmd);
}

/* A command that means UIDs of a folder which could not be selected, or whose UIDs are others by now, must not go out. */
static gboolean
misplaced(const struct backend *b, const struct imap_cmd *cmd)
{
	return (cmd->kind == IMAP_CMD_PLAIN || cmd->kind == IMAP_CMD_ALONE) && cmd->folder && !(b->box.folder == cmd->folder && b->box.selected);
}

/* Where the next commands will be is not known before the answer. */
static gboolean
is_selecting(const struct backend *b)
{
	for (const GList *l = b->sent.head; l; l = l->next) {
		const struct imap_cmd *cmd = l->data;

		if (cmd->kind == IMAP_CMD_SELECT || cmd->kind == IMAP_CMD_AIM)
			return TRUE;
	}
	return FALSE;
}

static void
fail_misplaced(struct backend *b, struct imap_cmd *cmd)
{
	g_autoptr(GError) error = NULL;

	fulmar_fail(&error, FULMAR_FAILED, _("%s: the folder could not be opened on the server"), b->env->account->host);
	finish_cmd(b, cmd, NULL, error);
}

/* Sends as many chunks of the first waiting command as may go. FALSE: wait for a continuation. */
static gboolean
send_chunks(struct backend *b, struct imap_cmd *cmd)
{
	GBytes *chunk;

	if (cmd->sent)
		return FALSE;
	if (cmd->kind == IMAP_CMD_SELECT || cmd->kind == IMAP_CMD_AIM) {
		imap_box_clear(&b->box);
		b->box.folder = cmd->folder;
		b->box.stored = cmd->lo;
	}
	cmd->started = g_get_monotonic_time();
	cmd->read = b->feeding ? b->reads : 0;
	chunk = cmd->wire->chunks->pdata[cmd->sent++];
	conn_write(b->conn, g_bytes_get_data(chunk, NULL), g_bytes_get_size(chunk), cmd->wire->secret);
	conn_expect(b->conn, TRUE);
	return cmd->sent == cmd->wire->chunks->len;
}

void
imap_pump(struct backend *b)
{
	struct imap_cmd *cmd;

	if (!b->conn || b->phase < PHASE_LOGIN || b->turn != TURN_NONE)
		return;
	if (b->idle && !g_queue_is_empty(&b->waiting) && !imap_watch_break(b))
		return;
	while (b->conn && (cmd = g_queue_peek_head(&b->waiting))) {
		if (!cmd->sent && may_begin(b, cmd) && misplaced(b, cmd)) {
			if (is_selecting(b))
				return;
			g_queue_pop_head(&b->waiting);
			fail_misplaced(b, cmd);
			continue;
		}
		if (!may_begin(b, cmd) || !send_chunks(b, cmd))
			return;
		g_queue_pop_head(&b->waiting);
		g_queue_push_tail(&b->sent, cmd);
	}
}

/* ---- receiving ---- */

/* TRUE for a refusal that another time need not meet. */
static gboolean
for_now(const struct imap_response *response)
{
	static const char *const codes[] = { "UNAVAILABLE", "INUSE", "LIMIT", "THROTTLED", NULL };

	/* Exchange says the latter to every command when it is short of something (BAD, no code). */
	return (response->code && g_strv_contains(codes, response->code)) || strstr(response->text, "authenticated but not connected");
}

static GError *
refusal(const struct backend *b, const struct imap_response *response)
{
	GError *error = NULL;
	enum fulmar_error code = FULMAR_FAILED;

	if (response->status == IMAP_OK)
		return NULL;
	if (for_now(response))
		code = FULMAR_NO_LINK;
	fulmar_fail(&error, code, _("%s: the server refused: %s"), b->env->account->host,
		    *response->text ? response->text : response->status == IMAP_NO ? "NO" : "BAD");
	return error;
}

/* Commands may be answered out of order (RFC 9051 §5.5). One refused at its literal never got its last chunks out. */
static struct imap_cmd *
take_answered(struct backend *b, const char *tag)
{
	struct imap_cmd *cmd;

	for (GList *l = b->sent.head; l; l = l->next) {
		cmd = l->data;
		if (!strcmp(cmd->tag, tag)) {
			g_queue_delete_link(&b->sent, l);
			return cmd;
		}
	}
	cmd = g_queue_peek_head(&b->waiting);
	return cmd && cmd->sent && !strcmp(cmd->tag, tag) ? g_queue_pop_head(&b->waiting) : NULL;
}

static void
on_tagged(struct backend *b, const struct imap_response *response)
{
	struct imap_cmd *cmd = take_answered(b, response->tag);
	g_autoptr(GError) error = NULL;

	/* What was read before a command could go out is no answer to it. */
	if (!cmd || cmd->read == b->reads) {
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s: the server answered a command that was never given; the connection was closed"),
			    b->env->account->host);
		if (cmd)
			g_queue_push_head(&b->sent, cmd);
		imap_drop(b, error);
		return;
	}
	error = refusal(b, response);
	if (response->code && !strcmp(response->code, "CAPABILITY"))
		imap_take_capabilities(b, response->code_args);
	if (b->box.resynced && response->code && !strcmp(response->code, "HIGHESTMODSEQ"))
		imap_node_number(response->code_args, &b->box.modseq);
	imap_slice_end(b);
	finish_cmd(b, cmd, response, error);
}

static void
on_continue(struct backend *b, const struct imap_response *response)
{
	struct imap_cmd *cmd = g_queue_peek_head(&b->waiting), *first = g_queue_peek_head(&b->sent);

	if (cmd && cmd->sent && cmd->sent < cmd->wire->chunks->len && !(first && first->on_continue)) {
		GBytes *chunk = cmd->wire->chunks->pdata[cmd->sent++];

		conn_write(b->conn, g_bytes_get_data(chunk, NULL), g_bytes_get_size(chunk), cmd->wire->secret);
		if (cmd->sent == cmd->wire->chunks->len) {
			g_queue_pop_head(&b->waiting);
			g_queue_push_tail(&b->sent, cmd);
		}
		return;
	}
	if (first && first->on_continue)
		first->on_continue(b, first, response->text);
}

/* What is said of the folder counts while it is being selected. Later a UIDNEXT would pass over mail not fetched yet, and a UIDVALIDITY
 * would give the rows that are here the UIDs of others. */
static void
on_box_code(struct backend *b, const struct imap_response *response)
{
	const struct imap_cmd *first = g_queue_peek_head(&b->sent);
	gboolean selecting = first && (first->kind == IMAP_CMD_SELECT || first->kind == IMAP_CMD_AIM);
	g_autoptr(GError) error = NULL;
	guint64 n;

	if (!imap_node_number(response->code_args, &n))
		return;
	if (selecting && !strcmp(response->code, "UIDVALIDITY")) {
		b->box.uidvalidity = n;
	} else if (selecting && !strcmp(response->code, "UIDNEXT")) {
		b->box.uidnext = MIN(n, UIDNEXT_MAX);
	} else if (selecting && !strcmp(response->code, "HIGHESTMODSEQ")) {
		b->box.modseq = n;
	} else if (!strcmp(response->code, "UIDVALIDITY") && n != b->box.uidvalidity) {
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s made the folder anew while it was open; the connection was closed"),
			    b->env->account->host);
		imap_drop(b, error);
	}
}

static void
on_condition(struct backend *b, const struct imap_response *response)
{
	g_autoptr(GError) error = NULL;

	if (response->code && !strcmp(response->code, "CAPABILITY"))
		imap_take_capabilities(b, response->code_args);
	if (response->code && !strcmp(response->code, "ALERT"))
		b->env->hooks->notice(response->text, b->env->user);
	if (b->phase == PHASE_GREETING) {
		imap_login_begin(b, response);
		return;
	}
	if (response->status == IMAP_BYE && !b->closing) {
		fulmar_fail(&error, FULMAR_NO_LINK, _("%s closed the connection: %s"), b->env->account->host, response->text);
		imap_drop(b, error);
		return;
	}
	if (response->code && b->box.folder)
		on_box_code(b, response);
}

static void
on_capability(struct backend *b, const struct imap_response *response)
{
	imap_take_capabilities(b, response->args);
}

static const struct {
	const char *name;
	void (*handle)(struct backend *b, const struct imap_response *response);
} handlers[] = {
	{ "FETCH", imap_on_fetch },	  { "EXISTS", imap_on_exists }, { "EXPUNGE", imap_on_expunge },
	{ "VANISHED", imap_on_vanished }, { "LIST", imap_on_list },	{ "LSUB", imap_on_list },
	{ "STATUS", imap_on_status },	  { "SEARCH", imap_on_search }, { "ESEARCH", imap_on_search },
	{ "CAPABILITY", on_capability },
};

static gboolean
on_response(const struct imap_response *response, void *user)
{
	struct backend *b = user;
	struct conn *conn = b->conn;

	if (b->phase == PHASE_GREETING && (response->kind != IMAP_UNTAGGED || response->status == IMAP_NONE)) {
		g_autoptr(GError) error = NULL;

		fulmar_fail(&error, FULMAR_NO_LINK, _("%s:%d does not speak IMAP; check host, port and security"), b->env->account->host,
			    (int)b->env->account->port);
		imap_drop(b, error);
	} else if (response->kind == IMAP_TAGGED) {
		on_tagged(b, response);
	} else if (response->kind == IMAP_CONTINUE) {
		on_continue(b, response);
	} else if (response->status != IMAP_NONE) {
		on_condition(b, response);
	} else {
		for (guint i = 0; response->name && i < G_N_ELEMENTS(handlers); i++)
			if (!strcmp(handlers[i].name, response->name)) {
				handlers[i].handle(b, response);
				break;
			}
	}
	/* STARTTLS and COMPRESS change what the following octets are; a dropped link has none. */
	return b->conn == conn && b->turn == TURN_NONE;
}

void
imap_slice_end(struct backend *b)
{
	g_autoptr(GError) error = NULL;
	gint64 touched = b->touched;

	if (b->in_tx) {
		b->in_tx = FALSE;
		if (!store_commit(b->env->store, &error))
			b->env->hooks->notice(error->message, b->env->user);
	}
	if (touched) {
		guint arrived = b->arrived;

		b->touched = 0;
		b->arrived = 0;
		b->env->hooks->rows(touched, b->env->user);
		if (arrived)
			b->env->hooks->arrived(touched, arrived, b->env->user);
	}
}

gboolean
imap_tx(struct backend *b)
{
	g_autoptr(GError) error = NULL;

	if (b->in_tx)
		return TRUE;
	if (!store_begin(b->env->store, FALSE, &error)) {
		imap_drop(b, error);
		return FALSE;
	}
	b->in_tx = TRUE;
	return TRUE;
}

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
	fulmar_fail(&lost, FULMAR_NO_LINK, _("%s: the server's answer makes no sense (%s); the connection was closed"),
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
	conn_expect(conn, b->phase == PHASE_GREETING || (!g_queue_is_empty(&b->sent) && !b->idle_ready));
	if (b->phase == PHASE_READY && g_queue_is_empty(&b->sent) && g_queue_is_empty(&b->waiting))
		imap_watch_resume(b);
}

/* ---- the link ---- */

static void
fail_queue(struct backend *b, GQueue *queue, const GError *error)
{
	struct imap_cmd *cmd;

	while ((cmd = g_queue_pop_head(queue)))
		finish_cmd(b, cmd, NULL, error);
}

static void
forget_link(struct backend *b, const GError *error)
{
	if (b->in_tx)
		imap_slice_end(b);
	imap_watch_stop(b);
	b->phase = PHASE_DOWN;
	b->aimed = 0;
	fail_queue(b, &b->sent, error);
	fail_queue(b, &b->waiting, error);
	imap_fill_release(b, error);
	imap_box_clear(&b->box);
	if (!b->feeding)
		g_clear_pointer(&b->parser, imap_parser_free);
	g_clear_pointer(&b->sasl, sasl_free);
	g_hash_table_remove_all(b->caps);
	g_hash_table_remove_all(b->fresh);
	imap_listing_drop(b, error);
	b->caps_known = b->qresync = b->condstore = FALSE;
	b->turn = TURN_NONE;
	b->secret_wanted = FALSE;
	b->quirk = NULL;
}

struct lost {
	struct backend *b;
	GError *error;
};

static gboolean
tell_lost(gpointer user)
{
	struct lost *lost = user;

	run_finished(lost->b);
	lost->b->env->hooks->lost(lost->error, lost->b->env->user);
	return G_SOURCE_REMOVE;
}

static void
lost_free(gpointer user)
{
	struct lost *lost = user;

	g_error_free(lost->error);
	g_free(lost);
}

static void
link_ended(struct backend *b, const GError *error)
{
	struct lost *lost = g_new0(struct lost, 1);
	GSource *source = g_idle_source_new();

	b->conn = NULL;
	forget_link(b, error);
	lost->b = b;
	lost->error = g_error_copy(error);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, tell_lost, lost, lost_free);
	g_source_set_name(source, "imap-lost");
	g_source_attach(source, b->env->context);
	g_source_unref(source);
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

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	b->caps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	b->fresh = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	b->offered = g_ptr_array_new_with_free_func(g_free);
	b->fill_waiters = g_ptr_array_new();
	g_queue_init(&b->waiting);
	g_queue_init(&b->sent);
	g_queue_init(&b->finished);
	return b;
}

static void
link_up(struct backend *b)
{
	const struct conf_account *a = b->env->account;
	struct conn_params params = {
		.host = a->host,
		.port = (guint16)a->port,
		.tls = a->security == SECURITY_TLS,
		.ca_file = a->ca_file,
		.pins = (const char *const *)a->certificate_pin,
		.client_certificate = a->client_certificate,
		.client_key = a->client_key,
		.connect_timeout_ms = (guint)MIN(a->timeout, 10) * 1000,
		.handshake_timeout_ms = (guint)MIN(a->timeout, 10) * 1000,
		.silence_timeout_ms = (guint)a->timeout * 1000,
		.trace = LOG_IMAP,
	};
	/* A SEARCH without ESEARCH, or a VANISHED of scattered UIDs, is one line: a million UIDs must fit. */
	struct imap_limits limits = { .line = 16 << 20 };

	if (b->conn)
		return;
	b->closing = FALSE;
	b->parser = imap_parser_new(&limits, on_response, b);
	b->phase = PHASE_CONNECTING;
	b->conn = conn_open(b->env->context, &params, &events, b);
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
		conn_write(b->conn, "DONE\r\nz LOGOUT\r\n", 16, FALSE);
	fulmar_fail(&error, FULMAR_CANCELLED, _("called off"));
	imap_drop(b, error);
}

static void
destroy(struct backend *b)
{
	GSource *source;

	if (b->conn)
		conn_close(b->conn);
	b->conn = NULL;
	imap_watch_stop(b);
	forget_link(b, NULL);
	while ((source = g_main_context_find_source_by_user_data(b->env->context, b)))
		g_source_destroy(source);
	g_clear_pointer(&b->wake, g_source_unref);
	g_queue_clear(&b->finished);
	g_list_free_full(b->tasks, g_free);
	g_hash_table_unref(b->caps);
	g_hash_table_unref(b->fresh);
	g_ptr_array_unref(b->offered);
	g_ptr_array_unref(b->fill_waiters);
	g_free(b->secret);
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
	.watch = imap_watch,
};
