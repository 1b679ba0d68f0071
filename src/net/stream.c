#include "net/conn-private.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

#include <errno.h>
#include <sys/socket.h>

/* Of one send: a fraction of this is what a socket takes at once. */
#define STREAM_SEND ((gsize)1024 * 1024)
/* Bursts a turn may send when on_drained writes the next one each time. */
#define STREAM_BURSTS 16
/* Slices a turn may look at, should they unfold to nothing. */
#define STREAM_SLICES 64

/* Gives what waits to tls or the socket: octets taken, 0 blocked, -1 with broken set. */
static gssize
send_some(struct conn *conn)
{
	gsize len = MIN(queue_len(&conn->out), STREAM_SEND);
	ssize_t n;

	if (conn->tls)
		return tls_write(conn->tls, queue_head(&conn->out), len, &conn->broken);
	if (conn->starting)
		len = MIN(len, conn->before_tls);
	do {
		n = send(conn->fd, queue_head(&conn->out), len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		conn->sent += (guint64)n;
	if (n >= 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		return MAX(n, 0);
	fulmar_fail(&conn->broken, FULMAR_NO_LINK, _("%s: the connection was lost: %s"), conn->label,
	            g_strerror(errno));
	return -1;
}

void
stream_flush(struct conn *conn)
{
	gssize n = 1;

	if (conn->deflate && conn->burst) {
		deflate_flush(conn->deflate, &conn->out);
		conn->burst = 0;
	}
	while (n > 0 && !conn->broken && queue_len(&conn->out) && (!conn->starting || conn->before_tls)) {
		n = send_some(conn);
		if (n <= 0)
			break;
		queue_take(&conn->out, (gsize)n);
		conn->before_tls -= MIN(conn->before_tls, (gsize)n);
		conn->alive = conn_now(conn);
	}
	if (conn->broken)
		queue_clear(&conn->out);
	conn->blocked = n == 0;
}

/* flush, and on_drained each time the queue ran empty. */
void
stream_send(struct conn *conn)
{
	for (int i = 0; i < STREAM_BURSTS && conn->state == STATE_OPEN; i++) {
		stream_flush(conn);
		if (conn->starting && !conn->before_tls)
			opening_begin_tls(conn);
		if (conn->state != STATE_OPEN || conn->broken || conn_queued(conn) || !conn->undrained)
			return;
		conn->undrained = FALSE;
		if (conn->on->on_drained)
			conn->on->on_drained(conn, conn->user);
	}
	if (conn->state == STATE_OPEN)
		conn_kick(conn);
}

void
stream_ended(struct conn *conn, int error)
{
	if (error == 0)
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("%s: the server closed the connection"),
		            conn->label);
	else if (error == ECONNRESET || error == EPIPE)
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("%s: the connection was reset"), conn->label);
	else
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("%s: the connection was lost: %s"), conn->label,
		            g_strerror(error));
}

/* Reads into the empty buffer: octets, 0 none now, -1 with failing set. */
static gssize
fill(struct conn *conn)
{
	gssize n;

	if (conn->tls) {
		n = tls_read(conn->tls, conn->in, CONN_READ, &conn->failing);
	} else {
		do {
			n = recv(conn->fd, conn->in, CONN_READ, 0);
		} while (n < 0 && errno == EINTR);
		if (n > 0)
			conn->received += (guint64)n;
		else if (n == 0)
			stream_ended(conn, 0), n = -1;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			n = 0;
		else
			stream_ended(conn, errno);
	}
	conn->in_start = 0;
	conn->in_end = n > 0 ? (gsize)n : 0;
	/* Less than asked for: there was no more. */
	conn->more = n == (gssize)CONN_READ || (n > 0 && conn->tls && tls_holds_end(conn->tls));
	if (n > 0)
		conn->alive = conn_now(conn);
	return n;
}

static void
deliver(struct conn *conn, const unsigned char *bytes, gsize len)
{
	if (conn_traced(conn))
		log_wire((enum log_area)conn->params.trace, conn->label, '<', bytes, len);
	conn->slice = len;
	conn->on->on_read(conn, bytes, len, conn->user);
	conn->slice = 0;
}

/* Inflates a slice and delivers it: octets delivered, 0 none yet, -1 with failing set. */
static gssize
deliver_inflated(struct conn *conn)
{
	const unsigned char *input = conn->in + conn->in_start, *slice = NULL;
	gsize left = conn->in_end - conn->in_start, len = 0;
	int status = deflate_read(conn->deflate, &input, &left, &slice, &len);

	conn->in_start = conn->in_end - left;
	if (status < 0) {
		fulmar_fail(&conn->failing, FULMAR_NO_LINK, _("%s: the server's compressed data is broken"),
		            conn->label);
		return -1;
	}
	if (status > 0)
		deliver(conn, slice, len);
	return (gssize)len;
}

/* One slice to on_read: octets delivered, 0 none now, -1 with failing set. */
static gssize
read_slice(struct conn *conn)
{
	gsize start, len;

	if (conn->in_start == conn->in_end && !(conn->deflate && deflate_holds_output(conn->deflate))) {
		gssize n = fill(conn);

		if (n <= 0)
			return n;
	}
	if (conn->deflate)
		return deliver_inflated(conn);
	start = conn->in_start;
	len = conn->in_end - start;
	/* Delivered, unless conn_start_deflate takes a part back. */
	conn->in_start = conn->in_end;
	deliver(conn, conn->in + start, len);
	return (gssize)len;
}

gboolean
stream_reads(const struct conn *conn)
{
	return conn->state == STATE_OPEN && !conn->paused && !conn->starting;
}

gboolean
stream_has_more(const struct conn *conn)
{
	return conn->more || conn->in_start != conn->in_end ||
	       (conn->deflate && deflate_holds_output(conn->deflate));
}

void
stream_read(struct conn *conn)
{
	gsize total = 0;
	gssize n = 0;

	for (int i = 0; i < STREAM_SLICES && total < CONN_TURN && stream_reads(conn); i++) {
		n = read_slice(conn);
		if (n > 0)
			total += (gsize)n;
		if (n < 0 || !stream_has_more(conn))
			break;
	}
	/* A callback may have ended it. */
	if (conn->state != STATE_OPEN)
		return;
	if (conn->failing)
		conn_end(conn, g_steal_pointer(&conn->failing));
	else if (conn->broken && stream_reads(conn) && !n)
		conn_end(conn, g_steal_pointer(&conn->broken));
}
