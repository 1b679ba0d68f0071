/* What the files of a connection share: conn.c (life, loop, verbs), opening.c (name to TLS), stream.c (octets
 * both ways). */
#ifndef FULMAR_NET_CONN_PRIVATE_H
#define FULMAR_NET_CONN_PRIVATE_H

#include "net/conn.h"
#include "net/connect.h"
#include "net/deflate.h"
#include "net/queue.h"
#include "net/resolve.h"
#include "net/tls.h"

/* Octets of one read. */
#define CONN_READ ((gsize)128 * 1024)
/* What one turn of the loop reads at most before others get theirs. */
#define CONN_TURN ((gsize)1024 * 1024)

enum state { STATE_LOOKING, STATE_CONNECTING, STATE_SHAKING, STATE_OPEN, STATE_ENDED };

/* Bottom to top: fd, tls, deflate. The struct outlives conn_close inside a callback until the outermost entry
 * (depth) is left. */
struct conn {
	GMainContext *context;
	GSource *source; /* the one of the whole life: descriptor, deadline and kick */
	gpointer tag;    /* the descriptor in it, NULL while nothing is awaited from it */
	GIOCondition events;
	gboolean kick; /* something to do without waiting */

	struct conn_params params; /* its strings are ours */
	struct tls_params tls_params;
	char *ascii;         /* the host in A-labels */
	char *shown, *label; /* host and "host:port" as safe text */
	const struct conn_events *on;
	void *user;
	GThread *thread;

	enum state state;
	int depth;
	gboolean gone;   /* free when depth is 0 */
	gboolean told;   /* on_open was called */
	gint64 deadline; /* monotonic µs, 0 for none */
	GError *failing; /* ends the connection at the next turn */
	GError *broken;  /* sending failed: what was received still counts */
	struct resolve *resolve;
	struct connect *connect;
	char *address;

	int fd;
	struct tls *tls;
	struct deflate *deflate;
	guint64 received, sent;

	unsigned char *in; /* CONN_READ octets: in_start … in_end are read and not yet delivered */
	gsize in_start, in_end;
	gsize slice;   /* octets lent to on_read right now */
	gboolean more; /* a read may give octets although the descriptor is not readable */
	gboolean paused;

	struct queue out;
	gsize before_tls;   /* octets of out that go in clear, ahead of the handshake */
	gsize burst;        /* octets given to deflate since its last flush */
	gboolean starting;  /* conn_start_tls waits for before_tls to go */
	gboolean blocked;   /* the socket takes no more */
	gboolean undrained; /* on_drained is owed */

	gboolean awaited;
	gint64 alive; /* when octets last moved, or the wait began */
};

/* Every entry from the loop is between these two, so that a callback may call conn_close. */
void conn_enter(struct conn *conn);
void conn_leave(struct conn *conn);
/* The end from our side. Takes error. Between conn_enter and conn_leave only. */
void conn_end(struct conn *conn, GError *error);
void conn_end_no_link(struct conn *conn, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Another turn of the loop, without waiting. */
void conn_kick(struct conn *conn);
/* The time of the loop's present turn: cheap, and the same for all. */
gint64 conn_now(const struct conn *conn);
gboolean conn_traced(const struct conn *conn);

/* Starts what can start without waiting; a fault is told at the first turn. */
void opening_start(struct conn *conn);
/* Loads OpenSSL and the files it needs, once; FALSE with failing set. */
gboolean opening_prepare_tls(struct conn *conn);
void opening_begin_tls(struct conn *conn);
/* Goes on with the handshake. */
void opening_shake(struct conn *conn);

/* Sends as far as it goes. After a fault nothing more is sent. */
void stream_flush(struct conn *conn);
/* stream_flush, and on_drained each time the queue ran empty; then the handshake that waited for it. */
void stream_send(struct conn *conn);
/* Reads and delivers, as much as one turn may. */
void stream_read(struct conn *conn);
/* Octets are here that need no readable descriptor. */
gboolean stream_has_more(const struct conn *conn);
/* Reading is wanted. */
gboolean stream_reads(const struct conn *conn);
/* Sets failing: the peer closed (0) or recv's errno. */
void stream_ended(struct conn *conn, int error);

#endif
