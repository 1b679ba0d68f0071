#include "net/connect.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* RFC 8305 §8: Connection Attempt Delay. */
#define CONNECT_STAGGER_MS 250

/* A dead idle connection is noticed after 120 + 3 × 20 s; the probes also keep address translators awake. */
#define CONNECT_KEEP_IDLE_S 120
#define CONNECT_KEEP_PROBE_S 20
#define CONNECT_KEEP_PROBES 3

struct attempt {
	struct connect *race;
	struct address address;
	int fd;
	GSource *writable, *timer;
};

struct connect {
	GMainContext *context;
	GArray *addresses;   /* struct address */
	guint next;          /* the address to try next */
	GPtrArray *attempts; /* struct attempt *, under way */
	GSource *stagger;    /* starts the next address */
	guint timeout_ms;
	int error; /* the most telling errno so far */
	connect_done *done;
	void *user;
};

static void
source_drop(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static GSource *
source_add(struct connect *race, GSource *source, GSourceFunc callback, gpointer data)
{
	g_source_set_callback(source, callback, data, NULL);
	g_source_attach(source, race->context);
	return source;
}

static void
attempt_free(gpointer data)
{
	struct attempt *attempt = data;

	source_drop(&attempt->writable);
	source_drop(&attempt->timer);
	if (attempt->fd >= 0)
		close(attempt->fd);
	g_free(attempt);
}

void
connect_cancel(struct connect *race)
{
	if (!race)
		return;
	source_drop(&race->stagger);
	g_ptr_array_unref(race->attempts);
	g_array_unref(race->addresses);
	g_main_context_unref(race->context);
	g_free(race);
}

/* Frees everything first: done may do anything. */
static void
finish(struct connect *race, int fd, const struct address *address)
{
	connect_done *done = race->done;
	void *user = race->user;
	int error = race->error;
	struct address reached = {.len = 0};

	if (address)
		reached = *address;
	connect_cancel(race);
	done(fd, address ? &reached : NULL, fd < 0 ? error : 0, user);
}

/* "No route" says only that a family is missing here; what a host answered says more. */
static void
note_error(struct connect *race, int error)
{
	if (!race->error || race->error == ENETUNREACH || race->error == EADDRNOTAVAIL ||
	    race->error == EAFNOSUPPORT)
		race->error = error;
}

static gboolean try_next(gpointer data);

/* Starts the next address at once; or ends when none is left. */
static void
advance(struct connect *race)
{
	source_drop(&race->stagger);
	if (race->next < race->addresses->len)
		try_next(race);
	else if (!race->attempts->len)
		finish(race, -1, NULL);
}

static void
attempt_failed(struct attempt *attempt, int error)
{
	struct connect *race = attempt->race;

	note_error(race, error);
	g_ptr_array_remove_fast(race->attempts, attempt);
	advance(race);
}

static gboolean
on_timeout(gpointer data)
{
	attempt_failed(data, ETIMEDOUT);
	return G_SOURCE_REMOVE;
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer data)
{
	struct attempt *attempt = data;
	struct connect *race = attempt->race;
	struct address address = attempt->address;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		attempt_failed(attempt, error);
		return G_SOURCE_REMOVE;
	}
	attempt->fd = -1; /* not to be closed with the attempt */
	finish(race, fd, &address);
	return G_SOURCE_REMOVE;
}

static int
open_socket(const struct address *address)
{
	int fd = socket(address->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	const int yes = 1, idle = CONNECT_KEEP_IDLE_S, probe = CONNECT_KEEP_PROBE_S,
	          probes = CONNECT_KEEP_PROBES;

	if (fd < 0)
		return -1;
	/* None of these is worth failing for. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof(probe));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	return fd;
}

/* Begins with address; FALSE with the error noted when it fails on the spot. */
static gboolean
attempt_start(struct connect *race, const struct address *address)
{
	struct attempt *attempt;
	int fd = open_socket(address);

	if (fd < 0) {
		note_error(race, errno);
		return FALSE;
	}
	if (connect(fd, (const struct sockaddr *)&address->name, address->len) < 0 && errno != EINPROGRESS &&
	    errno != EINTR) {
		note_error(race, errno);
		close(fd);
		return FALSE;
	}
	attempt = g_new0(struct attempt, 1);
	attempt->race = race;
	attempt->address = *address;
	attempt->fd = fd;
	attempt->writable = source_add(race, g_unix_fd_source_new(fd, G_IO_OUT | G_IO_ERR | G_IO_HUP),
	                               G_SOURCE_FUNC(on_writable), attempt);
	attempt->timer = source_add(race, g_timeout_source_new(race->timeout_ms), on_timeout, attempt);
	g_ptr_array_add(race->attempts, attempt);
	return TRUE;
}

/* The stagger timer's callback: the next address that does not fail on the spot. */
static gboolean
try_next(gpointer data)
{
	struct connect *race = data;
	gboolean started = FALSE;

	source_drop(&race->stagger);
	while (!started && race->next < race->addresses->len)
		started = attempt_start(race, &g_array_index(race->addresses, struct address, race->next++));
	if (started && race->next < race->addresses->len)
		race->stagger = source_add(race, g_timeout_source_new(CONNECT_STAGGER_MS), try_next, race);
	else if (!started && !race->attempts->len)
		finish(race, -1, NULL);
	return G_SOURCE_REMOVE;
}

GArray *
connect_interleave(GArray *addresses)
{
	GArray *mixed = g_array_new(FALSE, TRUE, sizeof(struct address));
	guint same = 0, other = 0;
	sa_family_t family = addresses->len ? g_array_index(addresses, struct address, 0).name.ss_family : 0;

	while (mixed->len < addresses->len) {
		gboolean want_same = mixed->len % 2 == 0;

		while (same < addresses->len &&
		       g_array_index(addresses, struct address, same).name.ss_family != family)
			same++;
		while (other < addresses->len &&
		       g_array_index(addresses, struct address, other).name.ss_family == family)
			other++;
		if ((want_same && same < addresses->len) || other >= addresses->len)
			g_array_append_val(mixed, g_array_index(addresses, struct address, same++));
		else
			g_array_append_val(mixed, g_array_index(addresses, struct address, other++));
	}
	return mixed;
}

struct connect *
connect_start(GMainContext *context, GArray *addresses, guint timeout_ms, connect_done *done, void *user)
{
	struct connect *race = g_new0(struct connect, 1);
	gboolean started = FALSE;

	race->context = g_main_context_ref(context ? context : g_main_context_default());
	race->addresses = connect_interleave(addresses);
	race->attempts = g_ptr_array_new_with_free_func(attempt_free);
	race->timeout_ms = timeout_ms;
	race->done = done;
	race->user = user;
	/* The first SYN goes out now; the end, whatever it is, comes from the loop. */
	while (!started && race->next < race->addresses->len)
		started = attempt_start(race, &g_array_index(race->addresses, struct address, race->next++));
	race->stagger =
	        source_add(race, g_timeout_source_new(started ? CONNECT_STAGGER_MS : 0), try_next, race);
	return race;
}
