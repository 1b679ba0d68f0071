#include "net/conn-private.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

/* Where params leave 0. */
#define CONN_CONNECT_MS 10000
#define CONN_HANDSHAKE_MS 10000
#define CONN_SILENCE_MS 30000

struct conn_source {
	GSource base;
	struct conn *conn; /* NULL once torn down */
};

static void update(struct conn *conn);

static void
conn_free(struct conn *conn)
{
	g_strfreev((char **)conn->params.pins);
	g_free((char *)conn->params.host);
	g_free((char *)conn->params.ca_file);
	g_free((char *)conn->params.client_certificate);
	g_free((char *)conn->params.client_key);
	g_free(conn->ascii);
	g_free(conn->shown);
	g_free(conn->label);
	g_free(conn->address);
	g_free(conn->in);
	queue_clear(&conn->out);
	tls_free(conn->tls);
	deflate_free(conn->deflate);
	g_clear_error(&conn->failing);
	g_clear_error(&conn->broken);
	g_main_context_unref(conn->context);
	g_free(conn);
}

/* Every entry from the loop is between enter and leave, so that a callback may call conn_close. */
void
conn_enter(struct conn *conn)
{
	conn->depth++;
}

void
conn_leave(struct conn *conn)
{
	if (conn->state != STATE_ENDED)
		update(conn);
	if (--conn->depth == 0 && conn->gone)
		conn_free(conn);
}

/* Lets go of the loop and the socket; what conn_fact tells stays. */
static void
tear_down(struct conn *conn)
{
	conn->state = STATE_ENDED;
	resolve_cancel(g_steal_pointer(&conn->resolve));
	connect_cancel(g_steal_pointer(&conn->connect));
	if (conn->source) {
		((struct conn_source *)conn->source)->conn = NULL;
		g_source_destroy(conn->source);
		g_clear_pointer(&conn->source, g_source_unref);
	}
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	queue_clear(&conn->out);
}

/* The end from our side. Takes error. Inside enter … leave only. */
void
conn_end(struct conn *conn, GError *error)
{
	if (conn->state != STATE_ENDED) {
		tear_down(conn);
		conn->on->on_closed(conn, error, conn->user);
		conn->gone = TRUE;
	}
	g_error_free(error);
}

void G_GNUC_PRINTF(2, 3) conn_end_no_link(struct conn *conn, const char *format, ...)
{
	va_list args;
	GError *error;

	va_start(args, format);
	error = g_error_new_valist(FULMAR_ERROR, FULMAR_NO_LINK, format, args);
	va_end(args);
	conn_end(conn, error);
}

gint64
conn_now(const struct conn *conn)
{
	return g_source_get_time(conn->source);
}

void
conn_kick(struct conn *conn)
{
	conn->kick = TRUE;
}

gboolean
conn_traced(const struct conn *conn)
{
	return conn->params.trace >= 0 && log_traced((enum log_area)conn->params.trace);
}

/* The loop. */

static void
out_of_time(struct conn *conn)
{
	switch (conn->state) {
	case STATE_LOOKING:
		conn_end_no_link(conn, _("cannot look up %s: no name server answers within %u s"),
		                 conn->shown, (conn->params.connect_timeout_ms + 999) / 1000);
		break;
	case STATE_SHAKING:
		conn_end_no_link(conn, _("%s: the server did not finish the TLS handshake within %u s"),
		                 conn->label, (conn->params.handshake_timeout_ms + 999) / 1000);
		break;
	case STATE_OPEN:
		conn_end_no_link(conn, _("%s: no answer for %u s"), conn->label,
		                 (conn->params.silence_timeout_ms + 999) / 1000);
		break;
	case STATE_CONNECTING:
	case STATE_ENDED:
		break;
	}
}

/* The silence timer moves with every octet: the deadline is looked at again when it comes, not set each time.
 */
static gboolean
deadline_passed(struct conn *conn)
{
	gint64 silence = (gint64)conn->params.silence_timeout_ms * 1000;

	if (!conn->deadline || conn_now(conn) < conn->deadline)
		return FALSE;
	if (conn->state != STATE_OPEN || conn->alive + silence <= conn_now(conn))
		return TRUE;
	conn->deadline = conn->alive + silence;
	return FALSE;
}

static void
turn(struct conn *conn, GIOCondition ready)
{
	if (conn->failing) {
		conn_end(conn, g_steal_pointer(&conn->failing));
		return;
	}
	/* While the name is looked up and the SYN is on its way, there is time to load OpenSSL. */
	if ((conn->state == STATE_LOOKING || conn->state == STATE_CONNECTING) && conn->params.tls &&
	    !opening_prepare_tls(conn)) {
		conn_end(conn, g_steal_pointer(&conn->failing));
		return;
	}
	if (conn->state == STATE_SHAKING && ready)
		opening_shake(conn);
	if (conn->state == STATE_OPEN)
		stream_send(conn);
	if (stream_reads(conn) && (ready & ~G_IO_OUT || stream_has_more(conn) || conn->broken))
		stream_read(conn);
	/* Answers to what was read leave in the same turn. */
	if (conn->state == STATE_OPEN && !conn->blocked && (conn_queued(conn) || conn->starting))
		stream_send(conn);
	if (conn->state != STATE_ENDED && deadline_passed(conn))
		out_of_time(conn);
}

static gboolean
source_prepare(GSource *source, int *timeout)
{
	const struct conn *conn = ((struct conn_source *)source)->conn;

	*timeout = -1;
	return conn && conn->kick && !conn->depth;
}

static gboolean
source_check(GSource *source)
{
	const struct conn *conn = ((struct conn_source *)source)->conn;

	return conn && !conn->depth &&
	       (conn->kick || (conn->tag && g_source_query_unix_fd(source, conn->tag)));
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer unused)
{
	struct conn *conn = ((struct conn_source *)source)->conn;

	if (!conn)
		return G_SOURCE_REMOVE;
	if (conn->depth)
		return G_SOURCE_CONTINUE;
	conn_enter(conn);
	conn->kick = FALSE;
	turn(conn, conn->tag ? g_source_query_unix_fd(source, conn->tag) : 0);
	conn_leave(conn);
	return G_SOURCE_CONTINUE;
}

/* What the descriptor is watched for. A hung-up descriptor is always ready: with nothing wanted it is not
 * watched at all. */
static GIOCondition
wanted(const struct conn *conn)
{
	GIOCondition events = 0;

	if (conn->state == STATE_SHAKING)
		return tls_read_wants_out(conn->tls) ? G_IO_OUT : G_IO_IN;
	if (conn->state != STATE_OPEN)
		return 0;
	if (stream_reads(conn))
		events |= G_IO_IN;
	if (conn->blocked && conn_queued(conn))
		events |= conn->tls && tls_write_wants_in(conn->tls) ? G_IO_IN : G_IO_OUT;
	if (stream_reads(conn) && conn->tls && tls_read_wants_out(conn->tls))
		events |= G_IO_OUT;
	return events;
}

/* Brings the source up to date with the state. */
static void
update(struct conn *conn)
{
	GIOCondition events = wanted(conn);

	if (events != conn->events) {
		if (conn->tag && !events)
			g_source_remove_unix_fd(conn->source, g_steal_pointer(&conn->tag));
		else if (conn->tag)
			g_source_modify_unix_fd(conn->source, conn->tag, events);
		else
			conn->tag = g_source_add_unix_fd(conn->source, conn->fd, events);
		conn->events = events;
	}
	if (conn->state == STATE_OPEN) {
		if (stream_reads(conn) && (stream_has_more(conn) || conn->broken))
			conn_kick(conn);
		if (!conn->awaited || conn->paused)
			conn->deadline = 0;
		else if (!conn->deadline)
			conn->deadline = conn->alive + (gint64)conn->params.silence_timeout_ms * 1000;
	}
	if (g_source_get_ready_time(conn->source) != (conn->deadline ? conn->deadline : -1))
		g_source_set_ready_time(conn->source, conn->deadline ? conn->deadline : -1);
}

static GSourceFuncs source_funcs = {source_prepare, source_check, source_dispatch, NULL, NULL, NULL};

static void
copy_params(struct conn *conn, const struct conn_params *params)
{
	struct conn_params *copy = &conn->params;

	*copy = *params;
	copy->host = g_strdup(params->host);
	copy->ca_file = g_strdup(params->ca_file);
	copy->pins = (const char *const *)g_strdupv((char **)params->pins);
	copy->client_certificate = g_strdup(params->client_certificate);
	copy->client_key = g_strdup(params->client_key);
	if (!copy->connect_timeout_ms)
		copy->connect_timeout_ms = CONN_CONNECT_MS;
	if (!copy->handshake_timeout_ms)
		copy->handshake_timeout_ms = CONN_HANDSHAKE_MS;
	if (!copy->silence_timeout_ms)
		copy->silence_timeout_ms = CONN_SILENCE_MS;
	conn->shown = text_safe(params->host, -1);
	conn->label = g_strdup_printf(strchr(conn->shown, ':') && *conn->shown != '[' ? "[%s]:%u" : "%s:%u",
	                              conn->shown, params->port);
}

struct conn *
conn_open(GMainContext *context, const struct conn_params *params, const struct conn_events *events,
          void *user)
{
	struct conn *conn = g_new0(struct conn, 1);

	conn->context = g_main_context_ref(context ? context : g_main_context_default());
	conn->on = events;
	conn->user = user;
	conn->fd = -1;
	conn->thread = g_thread_self();
	copy_params(conn, params);
	conn->source = g_source_new(&source_funcs, sizeof(struct conn_source));
	g_source_set_name(conn->source, "conn");
	/* depth keeps it from being entered twice; GLib's own guard costs three system calls each turn. */
	g_source_set_can_recurse(conn->source, TRUE);
	((struct conn_source *)conn->source)->conn = conn;
	g_source_attach(conn->source, conn->context);
	opening_start(conn);
	conn_kick(conn);
	update(conn);
	return conn;
}

void
conn_close(struct conn *conn)
{
	g_assert(conn->thread == g_thread_self());
	if (conn->state == STATE_OPEN) {
		stream_flush(conn);
		if (conn->tls && !conn_queued(conn))
			tls_goodbye(conn->tls);
	}
	if (conn->state != STATE_ENDED)
		tear_down(conn);
	conn->gone = TRUE;
	if (!conn->depth)
		conn_free(conn);
}

void
conn_write(struct conn *conn, const void *bytes, gsize len, gboolean secret)
{
	g_assert(conn->thread == g_thread_self());
	if (conn->state == STATE_ENDED || conn->broken || !len)
		return;
	if (conn_traced(conn)) {
		g_autofree char *hidden =
		        secret ? g_strdup_printf("[%" G_GSIZE_FORMAT " octets hidden]", len) : NULL;

		log_wire((enum log_area)conn->params.trace, conn->label, '>', secret ? hidden : bytes,
		         secret ? strlen(hidden) : len);
	}
	conn->out.secret |= secret;
	if (conn->deflate) {
		deflate_write(conn->deflate, bytes, len, &conn->out);
		conn->burst += len;
	} else {
		queue_add(&conn->out, bytes, len);
	}
	conn->undrained = TRUE;
	conn_kick(conn);
}

gsize
conn_queued(const struct conn *conn)
{
	return queue_len(&conn->out) + conn->burst;
}

void
conn_pause(struct conn *conn, gboolean paused)
{
	if (conn->state == STATE_ENDED || conn->paused == !!paused)
		return;
	conn->paused = !!paused;
	/* Our own silence is not the server's. */
	conn->alive = g_get_monotonic_time();
	conn_kick(conn);
}

void
conn_expect(struct conn *conn, gboolean awaited)
{
	if (conn->state == STATE_ENDED || conn->awaited == !!awaited)
		return;
	conn->awaited = !!awaited;
	conn->alive = g_get_monotonic_time();
	conn_kick(conn);
}

void
conn_start_tls(struct conn *conn)
{
	g_return_if_fail(!conn->tls && !conn->deflate);
	if (conn->state != STATE_OPEN)
		return;
	conn->starting = TRUE;
	conn->before_tls = queue_len(&conn->out);
	conn->in_start = conn->in_end = 0;
	conn_kick(conn);
}

void
conn_start_deflate(struct conn *conn, gsize consumed)
{
	g_return_if_fail(!conn->deflate && consumed <= conn->slice);
	if (conn->state != STATE_OPEN)
		return;
	conn->in_start -= conn->slice - consumed;
	conn->deflate = deflate_new();
	conn_kick(conn);
}

gboolean
conn_is_tls(const struct conn *conn)
{
	return conn->tls && tls_summary(conn->tls);
}

GBytes *
conn_channel_binding(struct conn *conn, const char **type)
{
	*type = NULL;
	return conn->tls && conn->state == STATE_OPEN ? tls_channel_binding(conn->tls, type) : NULL;
}

const char *
conn_fact(struct conn *conn, const char *key)
{
	const struct certificate *shown = conn->tls ? tls_certificate(conn->tls) : NULL;
	const struct {
		const char *key, *value;
	} facts[] = {
	        {"address", conn->address},
	        {"tls", conn->tls ? tls_summary(conn->tls) : NULL},
	        {"subject", shown ? shown->subject : NULL},
	        {"issuer", shown ? shown->issuer : NULL},
	        {"expires", shown ? shown->expires : NULL},
	        {"sha256", shown ? shown->sha256 : NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
		if (g_str_equal(facts[i].key, key))
			return facts[i].value;
	return NULL;
}

void
conn_counts(const struct conn *conn, guint64 *received, guint64 *sent)
{
	*received = conn->received;
	*sent = conn->sent;
}
