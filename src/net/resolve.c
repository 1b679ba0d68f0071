#include "net/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <idn2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* A name server may hand out hundreds of addresses; more than these are never tried. */
#define RESOLVE_ADDRESSES 16
/* Lookups at once; further ones wait. A dead name server holds a thread for its whole time-out. */
#define RESOLVE_THREADS 4

/* Shared by the owner and the pool's thread, each with one reference. */
struct resolve {
	gint refs;
	GMutex lock;           /* guards context and source */
	GMainContext *context; /* NULL once cancelled: nothing is delivered then */
	GSource *source;       /* the delivery, once attached */
	char *host;
	guint16 port;
	GArray *addresses;
	int status, system_errno;
	resolve_done *done;
	void *user;
};

static void
resolve_unref(struct resolve *resolve)
{
	if (!g_atomic_int_dec_and_test(&resolve->refs))
		return;
	g_clear_pointer(&resolve->addresses, g_array_unref);
	g_clear_pointer(&resolve->source, g_source_unref);
	g_clear_pointer(&resolve->context, g_main_context_unref);
	g_mutex_clear(&resolve->lock);
	g_free(resolve->host);
	g_free(resolve);
}

char *
address_text(const struct address *address)
{
	char text[NI_MAXHOST];

	if (getnameinfo((const struct sockaddr *)&address->name, address->len, text, sizeof(text), NULL, 0,
	                NI_NUMERICHOST) != 0)
		return g_strdup("?");
	return g_strdup(text);
}

/* Returns getaddrinfo's status; *addresses is set only with 0. */
static int
look_up(const char *host, guint16 port, int flags, GArray **addresses)
{
	struct addrinfo hints = {.ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char service[8];
	int status;

	g_snprintf(service, sizeof(service), "%u", port);
	status = getaddrinfo(host, service, &hints, &list);
	if (status != 0)
		return status;
	*addresses = g_array_new(FALSE, TRUE, sizeof(struct address));
	for (struct addrinfo *a = list; a && (*addresses)->len < RESOLVE_ADDRESSES; a = a->ai_next) {
		struct address address = {.len = a->ai_addrlen};

		if (a->ai_addrlen > sizeof(address.name))
			continue;
		memcpy(&address.name, a->ai_addr, a->ai_addrlen);
		g_array_append_val(*addresses, address);
	}
	freeaddrinfo(list);
	return 0;
}

/* Without brackets and final dot. */
static char *
bare_host(const char *host)
{
	gsize len = strlen(host);

	if (len >= 2 && host[0] == '[' && host[len - 1] == ']')
		return g_strndup(host + 1, len - 2);
	return g_strndup(host, len && host[len - 1] == '.' ? len - 1 : len);
}

gboolean
resolve_is_address(const char *host)
{
	g_autofree char *bare = bare_host(host);
	g_autoptr(GArray) addresses = NULL;

	return look_up(bare, 0, AI_NUMERICHOST, &addresses) == 0;
}

char *
resolve_ascii(const char *host)
{
	g_autofree char *bare = bare_host(host);
	char *ascii = NULL, *copy;

	if (!*bare)
		return NULL;
	/* Plain names go as they are: underscores and the like are the name server's business, but nothing
	 * that is no host. */
	if (g_str_is_ascii(bare)) {
		for (const char *p = bare; *p; p++)
			if (!g_ascii_isgraph(*p))
				return NULL;
		return g_ascii_strdown(bare, -1);
	}
	if (idn2_to_ascii_8z(bare, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	copy = g_strdup(ascii);
	idn2_free(ascii);
	return copy;
}

static GArray *
loopback(guint16 port)
{
	GArray *addresses = g_array_new(FALSE, TRUE, sizeof(struct address));
	struct address six = {.len = sizeof(struct sockaddr_in6)}, four = {.len = sizeof(struct sockaddr_in)};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&six.name;
	struct sockaddr_in *in = (struct sockaddr_in *)&four.name;

	in6->sin6_family = AF_INET6;
	in6->sin6_addr = in6addr_loopback;
	in6->sin6_port = htons(port);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons(port);
	g_array_append_val(addresses, six);
	g_array_append_val(addresses, four);
	return addresses;
}

GArray *
resolve_now(const char *host, guint16 port)
{
	g_autofree char *bare = bare_host(host);
	g_autofree char *lower = g_ascii_strdown(bare, -1);
	GArray *addresses = NULL;

	if (g_str_equal(lower, "localhost") || g_str_has_suffix(lower, ".localhost"))
		return loopback(port);
	look_up(bare, port, AI_NUMERICHOST, &addresses);
	return addresses;
}

/* On the owner's context. */
static gboolean
deliver(gpointer data)
{
	struct resolve *resolve = data;

	g_mutex_lock(&resolve->lock);
	g_clear_pointer(&resolve->context, g_main_context_unref);
	g_mutex_unlock(&resolve->lock);
	resolve->done(resolve->addresses, resolve->status, resolve->system_errno, resolve->user);
	resolve_unref(resolve);
	return G_SOURCE_REMOVE;
}

/* In the pool. */
static void
work(gpointer data, gpointer unused)
{
	struct resolve *resolve = data;

	resolve->status = look_up(resolve->host, resolve->port, 0, &resolve->addresses);
	resolve->system_errno = errno;
	g_mutex_lock(&resolve->lock);
	if (resolve->context) {
		resolve->source = g_idle_source_new();
		g_source_set_priority(resolve->source, G_PRIORITY_DEFAULT);
		g_source_set_callback(resolve->source, deliver, resolve, NULL);
		g_source_attach(resolve->source, resolve->context);
	}
	g_mutex_unlock(&resolve->lock);
	resolve_unref(resolve);
}

static GThreadPool *
pool(void)
{
	static gsize once;

	if (g_once_init_enter(&once))
		g_once_init_leave(&once, (gsize)g_thread_pool_new(work, NULL, RESOLVE_THREADS, FALSE, NULL));
	return (GThreadPool *)once;
}

struct resolve *
resolve_start(GMainContext *context, const char *host, guint16 port, resolve_done *done, void *user)
{
	struct resolve *resolve = g_new0(struct resolve, 1);

	resolve->refs = 2;
	g_mutex_init(&resolve->lock);
	resolve->context = g_main_context_ref(context ? context : g_main_context_default());
	resolve->host = g_strdup(host);
	resolve->port = port;
	resolve->done = done;
	resolve->user = user;
	/* A thread that cannot be had now leaves the lookup in the queue; the caller's timer ends the wait.
	 */
	g_thread_pool_push(pool(), resolve, NULL);
	return resolve;
}

void
resolve_cancel(struct resolve *resolve)
{
	if (!resolve)
		return;
	g_mutex_lock(&resolve->lock);
	if (resolve->source)
		g_source_destroy(resolve->source);
	g_clear_pointer(&resolve->context, g_main_context_unref);
	g_mutex_unlock(&resolve->lock);
	resolve_unref(resolve);
}
