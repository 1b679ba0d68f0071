#include "net/conn-private.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>

static void
set_deadline(struct conn *conn, guint ms)
{
	conn->deadline = ms ? g_get_monotonic_time() + (gint64)ms * 1000 : 0;
}

gboolean
opening_prepare_tls(struct conn *conn)
{
	if (conn->tls)
		return TRUE;
	conn->tls_params = (struct tls_params){
	        .peer = conn->label,
	        .host = conn->ascii,
	        .is_address = resolve_is_address(conn->ascii),
	        .ca_file = conn->params.ca_file,
	        .pins = conn->params.pins,
	        .client_certificate = conn->params.client_certificate,
	        .client_key = conn->params.client_key,
	        .received = &conn->received,
	        .sent = &conn->sent,
	};
	conn->tls = tls_new(&conn->tls_params, &conn->failing);
	return conn->tls != NULL;
}

static void
opened(struct conn *conn)
{
	gboolean first = !conn->told;
	const char *tls = conn->tls ? tls_summary(conn->tls) : NULL;

	conn->state = STATE_OPEN;
	conn->told = TRUE;
	conn->deadline = 0;
	conn->alive = g_get_monotonic_time();
	conn->more = conn->tls != NULL; /* octets may have come with the handshake's last ones */
	conn->blocked = FALSE;
	if (!conn->in)
		conn->in = g_malloc(CONN_READ);
	conn_kick(conn);
	if (conn_traced(conn))
		log_trace((enum log_area)conn->params.trace, "%s: at %s, %s", conn->label, conn->address,
		          tls ? tls : "in clear");
	if (first)
		conn->on->on_open(conn, conn->user);
	else if (conn->on->on_tls)
		conn->on->on_tls(conn, conn->user);
}

void
opening_shake(struct conn *conn)
{
	GError *error = NULL;

	switch (tls_handshake(conn->tls, conn->fd, &error)) {
	case 1:
		opened(conn);
		break;
	case 0:
		break;
	default:
		conn_end(conn, error);
	}
}

/* What lies in the socket before our first octet of TLS was put there by somebody who cannot be the server.
 */
static gboolean
discard_clear(struct conn *conn)
{
	gssize n, total = 0;

	conn->in_start = conn->in_end = 0;
	do {
		n = recv(conn->fd, conn->in, CONN_READ, 0);
		if (n > 0)
			conn->received += (guint64)n, total += n;
	} while ((n > 0 && total < (gssize)CONN_TURN) || (n < 0 && errno == EINTR));
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return TRUE;
	if (n > 0)
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("%s: the server talks where TLS should begin"),
		            conn->label);
	else
		stream_ended(conn, n < 0 ? errno : 0);
	return FALSE;
}

void
opening_begin_tls(struct conn *conn)
{
	gboolean again = conn->starting;

	conn->starting = FALSE;
	if (!opening_prepare_tls(conn) || (again && !discard_clear(conn))) {
		conn_end(conn, g_steal_pointer(&conn->failing));
		return;
	}
	conn->state = STATE_SHAKING;
	set_deadline(conn, conn->params.handshake_timeout_ms);
	opening_shake(conn);
}

static void
on_connected(int fd, const struct address *address, int error, void *user)
{
	struct conn *conn = user;

	conn_enter(conn);
	conn->connect = NULL;
	conn->fd = fd;
	if (address)
		conn->address = address_text(address);
	if (fd >= 0 && conn->params.tls)
		opening_begin_tls(conn);
	else if (fd >= 0)
		opened(conn);
	else if (error == ETIMEDOUT)
		conn_end_no_link(conn, _("%s: no answer within %u s"), conn->label,
		                 (conn->params.connect_timeout_ms + 999) / 1000);
	else if (error == ECONNREFUSED)
		conn_end_no_link(conn, _("%s: connection refused"), conn->label);
	else if (error == ENETUNREACH || error == EHOSTUNREACH)
		conn_end_no_link(conn, _("%s: the network does not lead there; is it up?"), conn->label);
	else
		conn_end_no_link(conn, "%s: %s", conn->label, g_strerror(error));
	conn_leave(conn);
}

static void
dial(struct conn *conn, GArray *addresses)
{
	conn->state = STATE_CONNECTING;
	conn->deadline = 0; /* each address has its own */
	conn->connect =
	        connect_start(conn->context, addresses, conn->params.connect_timeout_ms, on_connected, conn);
}

static void
on_resolved(GArray *addresses, int status, int system_errno, void *user)
{
	struct conn *conn = user;

	conn_enter(conn);
	conn->resolve = NULL;
	if (status == 0 && addresses->len)
		dial(conn, addresses);
	else if (status == 0 || status == EAI_NONAME
#ifdef EAI_NODATA
	         || status == EAI_NODATA
#endif
	)
		conn_end_no_link(conn, _("cannot find the host %s; check the name"), conn->shown);
	else if (status == EAI_AGAIN)
		conn_end_no_link(conn, _("cannot look up %s: no name server answers; is the network up?"),
		                 conn->shown);
	else
		conn_end_no_link(conn, _("cannot look up %s: %s"), conn->shown,
		                 status == EAI_SYSTEM ? g_strerror(system_errno) : gai_strerror(status));
	conn_leave(conn);
}

void
opening_start(struct conn *conn)
{
	g_autoptr(GArray) addresses = NULL;

	conn->ascii = resolve_ascii(conn->params.host);
	if (!conn->ascii) {
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("cannot find the host %s; check the name"),
		            conn->shown);
		return;
	}
	addresses = resolve_now(conn->ascii, conn->params.port);
	if (addresses) {
		dial(conn, addresses);
		return;
	}
	conn->state = STATE_LOOKING;
	set_deadline(conn, conn->params.connect_timeout_ms);
	conn->resolve = resolve_start(conn->context, conn->ascii, conn->params.port, on_resolved, conn);
}
