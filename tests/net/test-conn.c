/* Plain connections: callbacks, flow, ends. */
#include "net/peer.h"

#include "base/error.h"
#include "base/log.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
bytes_flow_both_ways_in_any_cut(void)
{
	struct peer *peer = peer_new();
	struct client client;
	guint64 received, sent;

	client_init(&client, "127.0.0.1", peer->port);
	client_open(&client);
	conn_write(client.conn, "early ", 6, FALSE);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_write(client.conn, "a1 NOOP\r\n", 9, FALSE);
	WAIT_FOR(peer->got->len == 15);
	g_assert_cmpstr(peer->got->str, ==, "early a1 NOOP\r\n");
	for (const char *p = "* OK one octet at a time\r\n"; *p; p++) {
		gsize before = client.read->len;

		peer_send(peer, p, 1);
		WAIT_FOR(client.read->len == before + 1);
	}
	g_assert_cmpstr(client.read->str, ==, "* OK one octet at a time\r\n");
	g_assert_cmpint(client.longest, ==, 1);
	WAIT_FOR(client.drained > 0);
	conn_counts(client.conn, &received, &sent);
	g_assert_cmpint(received, ==, 26);
	g_assert_cmpint(sent, ==, 15);
	g_assert_cmpstr(conn_fact(client.conn, "address"), ==, "127.0.0.1");
	g_assert_null(conn_fact(client.conn, "tls"));
	g_assert_null(conn_fact(client.conn, "sha256"));
	g_assert_false(conn_is_tls(client.conn));
	client_clear(&client);
	WAIT_FOR(peer->closed);
	peer_free(peer);
}

static void
writes_of_one_turn_leave_together(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "127.0.0.1", peer->port);
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	client.drained = 0;
	for (int i = 0; i < 100; i++)
		conn_write(client.conn, "x", 1, FALSE);
	g_assert_cmpint(conn_queued(client.conn), ==, 100);
	WAIT_FOR(peer->got->len == 100 && client.drained);
	g_assert_cmpint(client.drained, ==, 1);
	g_assert_cmpint(conn_queued(client.conn), ==, 0);
	client_clear(&client);
	peer_free(peer);
}

static void
write_next_block(struct client *client)
{
	static char block[100000];
	int *left = client->data;

	if ((*left)-- <= 0)
		return;
	memset(block, 'b', sizeof(block));
	conn_write(client->conn, block, sizeof(block), FALSE);
}

static void
a_long_upload_is_fed_by_on_drained(void)
{
	struct peer *peer = peer_new();
	struct client client;
	int left = 100;

	client_init(&client, "127.0.0.1", peer->port);
	client.data = &left;
	client.at_open = write_next_block;
	client.at_drained = write_next_block;
	client_open(&client);
	WAIT_FOR(peer->got->len == 10000000);
	client_clear(&client);
	peer_free(peer);
}

static void
a_paused_connection_delivers_nothing_and_then_everything(void)
{
	struct peer *peer = peer_new();
	struct client client;
	g_autofree char *big = g_strnfill(3000000, 'z');

	client_init(&client, "127.0.0.1", peer->port);
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_pause(client.conn, TRUE);
	peer_send(peer, big, 100000);
	conn_write(client.conn, "still sends", 11, FALSE);
	WAIT_FOR(peer->got->len == 11);
	g_assert_cmpint(client.read->len, ==, 0);
	conn_pause(client.conn, FALSE);
	peer_send(peer, big, 3000000);
	WAIT_FOR(client.read->len == 3100000);
	g_assert_cmpint(client.longest, <=, 256 * 1024);
	client_clear(&client);
	peer_free(peer);
}

static void
what_came_before_the_end_is_delivered(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "127.0.0.1", peer->port);
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	peer_say(peer, "* BYE\r\n");
	peer_hang_up(peer);
	/* Also while we have something to say to nobody. */
	conn_write(client.conn, "a1 NOOP\r\n", 9, FALSE);
	WAIT_FOR(client.closed);
	g_assert_cmpstr(client.read->str, ==, "* BYE\r\n");
	client_assert_ended(&client, FULMAR_NO_LINK, "127.0.0.1:", "closed", NULL);
	client_clear(&client);
	peer_free(peer);
}

static void
a_reset_is_told(void)
{
	struct peer *peer = peer_new();
	struct client client;
	const struct linger at_once = {.l_onoff = 1};

	client_init(&client, "localhost", peer->port);
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	peer_hang_up(peer);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "localhost:", "reset", NULL);
	client_clear(&client);
	peer_free(peer);
}

static void
nobody_listens_is_told(void)
{
	struct peer *peer = peer_new();
	struct client client;
	g_autofree char *label = g_strdup_printf("localhost:%u: connection refused", peer->port);

	client_init(&client, "localhost", peer->port);
	peer_free(peer);
	client_open(&client);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, label, NULL);
	client_clear(&client);
}

static void
a_silent_server_is_given_up(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "127.0.0.1", peer->port);
	client.params.silence_timeout_ms = 60;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_expect(client.conn, TRUE);
	conn_write(client.conn, "a1 NOOP\r\n", 9, FALSE);
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "no answer for 1 s", NULL);
	client_clear(&client);
	peer_free(peer);
}

static gboolean
count_up(gpointer data)
{
	++*(int *)data;
	return G_SOURCE_CONTINUE;
}

/* A clock of 200 ms ticks that runs beside: eight of them are longer than the time-out. */
static void
an_idle_or_talking_server_is_not_given_up(void)
{
	struct peer *peer = peer_new();
	struct client client;
	int ticks = 0;
	guint clock = g_timeout_add(200, count_up, &ticks);

	client_init(&client, "127.0.0.1", peer->port);
	client.params.silence_timeout_ms = 1500; /* a busy machine lets more than one tick pass */
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_expect(client.conn, TRUE);
	conn_expect(client.conn, FALSE);
	WAIT_FOR(ticks >= 8);
	g_assert_cmpint(client.closed, ==, 0);
	conn_expect(client.conn, TRUE);
	for (int i = 0; i < 8; i++) {
		int now = ticks;

		peer_say(peer, ".");
		WAIT_FOR(ticks > now);
	}
	g_assert_cmpint(client.closed, ==, 0);
	/* Our own pause is not the server's silence. */
	conn_pause(client.conn, TRUE);
	ticks = 0;
	WAIT_FOR(ticks >= 8);
	g_assert_cmpint(client.closed, ==, 0);
	conn_pause(client.conn, FALSE);
	WAIT_FOR(client.closed);
	g_source_remove(clock);
	client_clear(&client);
	peer_free(peer);
}

static void
closing(struct client *client)
{
	client_close(client);
}

static void
closing_read(struct client *client, const unsigned char *bytes, gsize len)
{
	conn_write(client->conn, "a9 LOGOUT\r\n", 11, FALSE);
	client_close(client);
	/* The slice is lent until the callback returns. */
	g_assert_cmpint(bytes[len - 1], ==, '\n');
}

static void
close_inside_each_callback_is_the_end(void)
{
	for (int which = 0; which < 4; which++) {
		struct peer *peer = peer_new();
		struct client client;

		client_init(&client, "127.0.0.1", peer->port);
		client.at_open = which == 0 ? closing : NULL;
		client.at_read = which == 1 ? closing_read : NULL;
		client.at_drained = which == 2 ? closing : NULL;
		client.at_closed = which == 3 ? closing : NULL;
		client_open(&client);
		WAIT_FOR(client.opened && peer->fd >= 0);
		if (which == 1)
			peer_say(peer, "* OK\r\n");
		if (which == 2)
			conn_write(client.conn, "x", 1, FALSE);
		if (which == 3)
			peer_hang_up(peer);
		WAIT_FOR(!client.conn);
		if (which != 3)
			WAIT_FOR(peer->closed);
		g_assert_cmpint(client.closed, ==, which == 3);
		g_assert_cmpstr(peer->got->str, ==, which == 1 ? "a9 LOGOUT\r\n" : which == 2 ? "x" : "");
		client_clear(&client);
		peer_free(peer);
	}
}

static void
close_before_anything_happened_is_silent(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "127.0.0.1", peer->port);
	client_open(&client);
	client_close(&client);
	client_clear(&client);
	g_assert_cmpint(client.opened + client.closed, ==, 0);
	peer_free(peer);
}

static void
a_host_that_cannot_be_is_told(void)
{
	static const char *const hosts[] = {"", "no such host", "\xff\xfe", "a\nb"};

	for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
		struct client client;

		client_init(&client, hosts[i], 993);
		client_open(&client);
		WAIT_FOR(client.closed);
		client_assert_ended(&client, FULMAR_NO_LINK, "cannot find the host", NULL);
		g_assert_true(g_utf8_validate(client.error->message, -1, NULL));
		g_assert_null(strchr(client.error->message, '\n'));
		client_clear(&client);
	}
}

static void
the_trace_hides_secrets(void)
{
	struct peer *peer = peer_new();
	struct client client;
	g_autofree char *path = peer_write_file("trace", "");
	g_autofree char *text = NULL;

	g_assert_true(log_open(path, "imap", NULL));
	client_init(&client, "127.0.0.1", peer->port);
	client.params.trace = LOG_IMAP;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	conn_write(client.conn, "a1 LOGIN jo ", 12, FALSE);
	conn_write(client.conn, "hunter2\r\n", 9, TRUE);
	WAIT_FOR(g_str_has_suffix(peer->got->str, "hunter2\r\n"));
	peer_say(peer, "a1 OK done\r\n");
	WAIT_FOR(client.read->len);
	client_clear(&client);
	log_close();
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "a1 LOGIN jo"));
	g_assert_nonnull(strstr(text, "[9 octets hidden]"));
	g_assert_nonnull(strstr(text, "a1 OK done"));
	g_assert_null(strstr(text, "hunter2"));
	peer_free(peer);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conn/flow", bytes_flow_both_ways_in_any_cut);
	g_test_add_func("/conn/burst", writes_of_one_turn_leave_together);
	g_test_add_func("/conn/upload", a_long_upload_is_fed_by_on_drained);
	g_test_add_func("/conn/pause", a_paused_connection_delivers_nothing_and_then_everything);
	g_test_add_func("/conn/end", what_came_before_the_end_is_delivered);
	g_test_add_func("/conn/reset", a_reset_is_told);
	g_test_add_func("/conn/refused", nobody_listens_is_told);
	g_test_add_func("/conn/silence", a_silent_server_is_given_up);
	g_test_add_func("/conn/patience", an_idle_or_talking_server_is_not_given_up);
	g_test_add_func("/conn/close", close_inside_each_callback_is_the_end);
	g_test_add_func("/conn/close-early", close_before_anything_happened_is_silent);
	g_test_add_func("/conn/bad-host", a_host_that_cannot_be_is_told);
	g_test_add_func("/conn/trace", the_trace_hides_secrets);
	status = g_test_run();
	peer_clean_up();
	return status;
}
