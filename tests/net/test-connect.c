/* Names and addresses: the pool, its cancellation, and the race between addresses. getaddrinfo is ours here:
 * no name server is asked. */
#include "net/connect.h"
#include "net/peer.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static GMutex gate; /* "slow.test" waits for it */
static gint lookups, lookups_done;

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (!real)
		real = (int (*)(const char *, const char *, const struct addrinfo *,
		                struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints->ai_flags & AI_NUMERICHOST)
		return real(node, service, hints, result);
	g_atomic_int_inc(&lookups);
	if (strcmp(node, "slow.test") == 0) {
		g_mutex_lock(&gate);
		g_mutex_unlock(&gate);
	}
	g_atomic_int_inc(&lookups_done);
	if (strcmp(node, "again.test") == 0)
		return EAI_AGAIN;
	if (strcmp(node, "nowhere.test") == 0 || strcmp(node, "xn--mnchen-3ya.test") == 0)
		return EAI_NONAME;
	return real("127.0.0.1", service, hints, result);
}

static void
a_name_is_looked_up_in_the_pool(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "imap.test", peer->port);
	client_open(&client);
	WAIT_FOR(client.opened);
	g_assert_cmpint(g_atomic_int_get(&lookups), ==, 1);
	client_clear(&client);
	peer_free(peer);
}

static void
addresses_and_localhost_need_no_lookup(void)
{
	static const char *const hosts[] = {"127.0.0.1", "::1",        "[::1]",
	                                    "localhost", "LocalHost.", "a.localhost"};
	int before = g_atomic_int_get(&lookups);

	for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autoptr(GArray) addresses = resolve_now(hosts[i], 993);

		g_assert_nonnull(addresses);
	}
	g_assert_null(resolve_now("imap.test", 993));
	g_assert_cmpint(g_atomic_int_get(&lookups), ==, before);
}

static void
names_become_a_labels(void)
{
	static const char *const cases[][2] = {
	        {"IMAP.Example.", "imap.example"},
	        {"m\xc3\xbcnchen.test", "xn--mnchen-3ya.test"},
	        {"[::1]", "::1"},
	        {"", NULL},
	        {"a b", NULL},
	        {"\xff", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *ascii = resolve_ascii(cases[i][0]);

		g_assert_cmpstr(ascii, ==, cases[i][1]);
	}
}

static void
failed_lookups_say_what_to_check(void)
{
	static const char *const cases[][2] = {
	        {"nowhere.test", "cannot find the host nowhere.test; check the name"},
	        {"m\xc3\xbcnchen.test", "cannot find the host m\xc3\xbcnchen.test; check the name"},
	        {"again.test", "cannot look up again.test: no name server answers; is the network up?"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct client client;

		client_init(&client, cases[i][0], 993);
		client_open(&client);
		WAIT_FOR(client.closed);
		client_assert_ended(&client, FULMAR_NO_LINK, cases[i][1], NULL);
		client_clear(&client);
	}
}

static void
a_lookup_can_be_called_off_or_time_out(void)
{
	int before = g_atomic_int_get(&lookups_done);
	struct client client;

	g_mutex_lock(&gate);
	client_init(&client, "slow.test", 993);
	client_open(&client);
	client_clear(&client);
	client_init(&client, "slow.test", 993);
	client.params.connect_timeout_ms = 50;
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "no name server answers within 1 s", NULL);
	client_clear(&client);
	g_mutex_unlock(&gate);
	/* The answers come and find nobody. */
	while (g_atomic_int_get(&lookups_done) < before + 2)
		g_thread_yield();
	client_clear(&client);
	g_assert_cmpint(client.opened, ==, 0);
}

/* Happy eyeballs. */

static struct address
make_address(const char *text, guint16 port)
{
	g_autoptr(GArray) addresses = resolve_now(text, port);

	g_assert_cmpint(addresses->len, ==, 1);
	return g_array_index(addresses, struct address, 0);
}

static void
families_take_turns(void)
{
	static const char *const given[] = {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1",
	                                    "192.0.2.2"};
	static const char *const wanted[] = {"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2",
	                                     "2001:db8::3"};
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(struct address)), mixed = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(given); i++) {
		struct address address = make_address(given[i], 993);

		g_array_append_val(addresses, address);
	}
	mixed = connect_interleave(addresses);
	g_assert_cmpint(mixed->len, ==, G_N_ELEMENTS(wanted));
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_autofree char *text = address_text(&g_array_index(mixed, struct address, i));

		g_assert_cmpstr(text, ==, wanted[i]);
	}
}

struct race {
	int calls, fd, error;
	char *address;
};

static void
on_done(int fd, const struct address *address, int error, void *user)
{
	struct race *race = user;

	race->calls++;
	race->fd = fd;
	race->error = error;
	race->address = address ? address_text(address) : NULL;
}

/* A listener whose queue is full: it answers no SYN. */
struct deaf {
	int listener, queued[8];
	struct address address;
};

static void
deaf_init(struct deaf *deaf, const char *host)
{
	struct sockaddr_in *name = (struct sockaddr_in *)&deaf->address.name;

	deaf->address = make_address(host, 0);
	deaf->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(deaf->listener, (struct sockaddr *)name, deaf->address.len), ==, 0);
	g_assert_cmpint(listen(deaf->listener, 0), ==, 0);
	getsockname(deaf->listener, (struct sockaddr *)name, &deaf->address.len);
	for (gsize i = 0; i < G_N_ELEMENTS(deaf->queued); i++) {
		deaf->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(deaf->queued[i], (struct sockaddr *)name, deaf->address.len) < 0)
			g_assert_cmpint(errno, ==, EINPROGRESS);
	}
}

static void
deaf_clear(struct deaf *deaf)
{
	for (gsize i = 0; i < G_N_ELEMENTS(deaf->queued); i++)
		close(deaf->queued[i]);
	close(deaf->listener);
}

static GArray *
list_addresses(const struct address *first, const struct address *second)
{
	GArray *addresses = g_array_new(FALSE, FALSE, sizeof(struct address));

	g_array_append_vals(addresses, first, 1);
	if (second)
		g_array_append_vals(addresses, second, 1);
	return addresses;
}

static void
a_deaf_address_delays_by_no_more_than_the_stagger(void)
{
	struct peer *peer = peer_new();
	struct deaf deaf;
	struct race race = {0};
	struct address good = make_address("127.0.0.1", peer->port);
	g_autoptr(GArray) addresses = NULL;
	gint64 start = g_get_monotonic_time(), took;

	deaf_init(&deaf, "127.0.0.2");
	addresses = list_addresses(&deaf.address, &good);
	connect_start(NULL, addresses, 10000, on_done, &race);
	g_assert_cmpint(race.calls, ==, 0);
	WAIT_FOR(race.calls);
	took = g_get_monotonic_time() - start;
	g_assert_cmpint(race.fd, >=, 0);
	g_assert_cmpstr(race.address, ==, "127.0.0.1");
	g_assert_cmpint(took, >=, 250 * 1000 - 1000);
	g_assert_cmpint(took, <, 5 * 1000 * 1000);
	close(race.fd);
	g_free(race.address);
	deaf_clear(&deaf);
	peer_free(peer);
}

/* Microseconds until a server was reached behind an address that refuses. */
static gint64
time_of_race(void)
{
	struct peer *peer = peer_new();
	struct race race = {0};
	struct address bad = make_address("127.0.0.3", peer->port),
	               good = make_address("127.0.0.1", peer->port);
	g_autoptr(GArray) addresses = list_addresses(&bad, &good);
	gint64 start = g_get_monotonic_time(), took;

	connect_start(NULL, addresses, 10000, on_done, &race);
	WAIT_FOR(race.calls);
	took = g_get_monotonic_time() - start;
	g_assert_cmpint(race.fd, >=, 0);
	g_assert_cmpstr(race.address, ==, "127.0.0.1");
	close(race.fd);
	g_free(race.address);
	peer_free(peer);
	return took;
}

/* On a machine that is busy with other things some of the races may take longer. */
static void
a_refusing_address_delays_by_nothing(void)
{
	gint64 best = G_MAXINT64;

	for (int i = 0; i < 20 && best >= 250 * 1000; i++)
		best = MIN(best, time_of_race());
	g_assert_cmpint(best, <, 250 * 1000);
}

static void
deaf_addresses_time_out(void)
{
	struct deaf deaf;
	struct race race = {0};
	g_autoptr(GArray) addresses = NULL;
	struct connect *called_off;

	deaf_init(&deaf, "127.0.0.2");
	addresses = list_addresses(&deaf.address, NULL);
	called_off = connect_start(NULL, addresses, 20, on_done, &race);
	connect_cancel(called_off);
	connect_start(NULL, addresses, 50, on_done, &race);
	WAIT_FOR(race.calls);
	g_assert_cmpint(race.calls, ==, 1);
	g_assert_cmpint(race.fd, ==, -1);
	g_assert_cmpint(race.error, ==, ETIMEDOUT);
	g_assert_null(race.address);
	deaf_clear(&deaf);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/resolve/pool", a_name_is_looked_up_in_the_pool);
	g_test_add_func("/resolve/now", addresses_and_localhost_need_no_lookup);
	g_test_add_func("/resolve/ascii", names_become_a_labels);
	g_test_add_func("/resolve/failed", failed_lookups_say_what_to_check);
	g_test_add_func("/resolve/cancel", a_lookup_can_be_called_off_or_time_out);
	g_test_add_func("/connect/interleave", families_take_turns);
	g_test_add_func("/connect/stagger", a_deaf_address_delays_by_no_more_than_the_stagger);
	g_test_add_func("/connect/refused", a_refusing_address_delays_by_nothing);
	g_test_add_func("/connect/timeout", deaf_addresses_time_out);
	status = g_test_run();
	peer_clean_up();
	return status;
}
