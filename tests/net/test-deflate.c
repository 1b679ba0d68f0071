/* Deflate alone, and in a connection. */
#include "net/deflate.h"
#include "net/peer.h"

#include "base/error.h"

#include <string.h>
#include <zlib.h>

/* Text that compresses, but not to nothing. */
static GString *
make_text(gsize len)
{
	GString *text = g_string_sized_new(len);
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	while (text->len < len)
		g_string_append_printf(text, "* %u FETCH (UID %u FLAGS (\\Seen))\r\n",
		                       g_rand_int_range(rand, 1, 9999), g_rand_int_range(rand, 1, 99999));
	g_string_truncate(text, len);
	return text;
}

/* What a server sends: raw deflate, flushed. */
static GByteArray *
compress_text(const char *text, gsize len)
{
	GByteArray *out = g_byte_array_new();
	z_stream z = {0};
	unsigned char piece[4096];

	g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
	z.next_in = (z_const Bytef *)text;
	z.avail_in = (uInt)len;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		deflate(&z, Z_SYNC_FLUSH);
		g_byte_array_append(out, piece, (guint)(sizeof(piece) - z.avail_out));
	} while (!z.avail_out);
	deflateEnd(&z);
	return out;
}

static char *
inflate_text(const char *bytes, gsize len)
{
	GString *out = g_string_new(NULL);
	z_stream z = {0};
	char piece[4096];

	inflateInit2(&z, -15);
	z.next_in = (z_const Bytef *)bytes;
	z.avail_in = (uInt)len;
	do {
		z.next_out = (Bytef *)piece;
		z.avail_out = sizeof(piece);
		g_assert_cmpint(inflate(&z, Z_SYNC_FLUSH), >=, Z_BUF_ERROR);
		g_string_append_len(out, piece, (gssize)(sizeof(piece) - z.avail_out));
	} while (!z.avail_out);
	inflateEnd(&z);
	return g_string_free(out, FALSE);
}

static void
read_in_cuts(GByteArray *wire, gsize cut, const GString *text)
{
	struct deflate *pair = deflate_new();
	g_autoptr(GString) got = g_string_new(NULL);

	for (gsize at = 0; at < wire->len; at += cut) {
		const unsigned char *input = wire->data + at, *slice;
		gsize left = MIN(cut, wire->len - at), len;
		int status;

		while ((status = deflate_read(pair, &input, &left, &slice, &len)) == 1) {
			g_assert_cmpint(len, <=, 64 * 1024);
			g_string_append_len(got, (const char *)slice, (gssize)len);
		}
		g_assert_cmpint(status, ==, 0);
		g_assert_cmpint(left, ==, 0);
		g_assert_false(deflate_holds_output(pair));
	}
	g_assert_cmpmem(got->str, got->len, text->str, text->len);
	deflate_free(pair);
}

static void
any_cut_gives_the_same(void)
{
	g_autoptr(GString) text = make_text(300000);
	g_autoptr(GByteArray) wire = compress_text(text->str, text->len);

	for (gsize cut = 1; cut <= 64; cut *= 2)
		read_in_cuts(wire, cut + cut / 3, text);
	read_in_cuts(wire, wire->len, text);
}

static void
writes_come_out_with_the_flush(void)
{
	struct deflate *pair = deflate_new();
	struct queue out = {0};
	g_autofree char *text = NULL;

	deflate_flush(pair, &out);
	g_assert_cmpint(queue_len(&out), ==, 0);
	deflate_write(pair, "a1 ", 3, &out);
	deflate_write(pair, "NOOP\r\n", 6, &out);
	deflate_flush(pair, &out);
	text = inflate_text((const char *)queue_head(&out), queue_len(&out));
	g_assert_cmpstr(text, ==, "a1 NOOP\r\n");
	queue_clear(&out);
	deflate_free(pair);
}

static void
rubbish_and_an_ended_stream_are_errors(void)
{
	static const unsigned char rubbish[] = {0xff, 0xff, 0xff}, ended[] = {0x03, 0x00, 'x'};
	const unsigned char *input = rubbish, *slice;
	gsize left = sizeof(rubbish), len;
	struct deflate *pair = deflate_new();

	g_assert_cmpint(deflate_read(pair, &input, &left, &slice, &len), ==, -1);
	deflate_free(pair);
	pair = deflate_new();
	input = ended;
	left = sizeof(ended);
	g_assert_cmpint(deflate_read(pair, &input, &left, &slice, &len), ==, -1);
	deflate_free(pair);
}

/* In a connection. */

/* "OK\r\n" ends the clear text; the rest of that slice is deflate already. */
static void
start_after_ok(struct client *client, const unsigned char *bytes, gsize len)
{
	const unsigned char *end = client->data ? NULL : memchr(bytes, '\n', len);

	if (!end)
		return;
	client->data = client;
	g_string_truncate(client->read, client->read->len - len + (gsize)(end + 1 - bytes));
	conn_start_deflate(client->conn, (gsize)(end + 1 - bytes));
	conn_write(client->conn, "a2 NOOP\r\n", 9, FALSE);
}

static void
deflate_begins_in_the_middle_of_a_slice(void)
{
	g_autoptr(GString) text = make_text(500000);
	g_autoptr(GByteArray) wire = compress_text(text->str, text->len);
	g_autofree char *heard = NULL;
	struct peer *peer = peer_new();
	struct client client;

	g_byte_array_prepend(wire, (const guint8 *)"OK\r\n", 4);
	client_init(&client, "127.0.0.1", peer->port);
	client.at_read = start_after_ok;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	peer_send(peer, wire->data, wire->len);
	WAIT_FOR(client.read->len == text->len + 4);
	g_assert_true(g_str_has_prefix(client.read->str, "OK\r\n"));
	g_assert_cmpmem(client.read->str + 4, client.read->len - 4, text->str, text->len);
	WAIT_FOR(peer->got->len && !conn_queued(client.conn));
	heard = inflate_text(peer->got->str, peer->got->len);
	g_assert_cmpstr(heard, ==, "a2 NOOP\r\n");
	client_clear(&client);
	peer_free(peer);
}

static void
deflate_arrives_octet_by_octet_over_tls(void)
{
	struct identity *identity =
	        identity_new(&(struct identity_params){.cn = "x", .names = "DNS:localhost"}, NULL);
	g_autofree char *file = identity_write_certificate(identity);
	g_autoptr(GString) text = make_text(20000);
	g_autoptr(GByteArray) wire = compress_text(text->str, text->len);
	struct peer *peer = peer_new();
	struct client client;

	peer_use_tls(peer, identity, NULL);
	client_init(&client, "localhost", peer->port);
	client.params.tls = TRUE;
	client.params.ca_file = file;
	client.at_read = start_after_ok;
	client_open(&client);
	WAIT_FOR(client.opened && peer->secure);
	peer_say(peer, "OK\r\n");
	for (guint i = 0; i < wire->len; i++)
		peer_send(peer, wire->data + i, 1);
	WAIT_FOR(client.read->len == text->len + 4);
	g_assert_cmpmem(client.read->str + 4, client.read->len - 4, text->str, text->len);
	client_clear(&client);
	peer_free(peer);
	identity_free(identity);
}

static gsize bomb_total;

static void
pause_at_each_slice(struct client *client, const unsigned char *bytes, gsize len)
{
	if (!client->data) {
		start_after_ok(client, bytes, len);
		return;
	}
	bomb_total += len;
	conn_pause(client->conn, TRUE);
}

/* A thousandfold: 32 MiB of zeros in 32 KiB. Each slice is small, and a pause holds between any two of them.
 */
static void
a_bomb_unfolds_slice_by_slice(void)
{
	const gsize size = 32 * 1024 * 1024;
	g_autofree char *zeros = g_malloc0(size);
	g_autoptr(GByteArray) wire = compress_text(zeros, size);
	struct peer *peer = peer_new();
	struct client client;
	int slices = 0;

	client_init(&client, "127.0.0.1", peer->port);
	client.at_read = pause_at_each_slice;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	peer_say(peer, "OK\r\n");
	WAIT_FOR(client.data);
	g_string_free(g_steal_pointer(&client.read), TRUE);
	peer_send(peer, wire->data, wire->len);
	while (bomb_total < size) {
		gsize before = bomb_total;

		WAIT_FOR(bomb_total > before);
		g_assert_cmpint(bomb_total - before, <=, 64 * 1024);
		for (int i = 0; i < 3; i++)
			g_main_context_iteration(NULL, FALSE);
		g_assert_cmpint(bomb_total - before, <=, 64 * 1024);
		conn_pause(client.conn, FALSE);
		slices++;
	}
	g_assert_cmpint(slices, >=, 512);
	client_clear(&client);
	peer_free(peer);
}

static void
broken_deflate_ends_the_connection(void)
{
	struct peer *peer = peer_new();
	struct client client;

	client_init(&client, "127.0.0.1", peer->port);
	client.at_read = start_after_ok;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	peer_say(peer, "OK\r\n\xff\xff\xff\xff");
	WAIT_FOR(client.closed);
	client_assert_ended(&client, FULMAR_NO_LINK, "compressed data is broken", NULL);
	client_clear(&client);
	peer_free(peer);
}

/* Blocks that hold nothing: octets without end, text never. The loop must get its turn in between. */
static void
empty_blocks_do_not_hold_the_loop(void)
{
	static const unsigned char block[] = {0x00, 0x00, 0x00, 0xff, 0xff};
	g_autoptr(GByteArray) wire = g_byte_array_new();
	struct peer *peer = peer_new();
	struct client client;
	guint64 received = 0, sent;

	for (int i = 0; i < 400000; i++)
		g_byte_array_append(wire, block, sizeof(block));
	client_init(&client, "127.0.0.1", peer->port);
	client.at_read = start_after_ok;
	client_open(&client);
	WAIT_FOR(client.opened && peer->fd >= 0);
	peer_say(peer, "OK\r\n");
	WAIT_FOR(client.data);
	peer_send(peer, wire->data, wire->len);
	WAIT_FOR((conn_counts(client.conn, &received, &sent), received == 4 + wire->len));
	g_assert_cmpint(client.read->len, ==, 4);
	client_clear(&client);
	peer_free(peer);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/deflate/cuts", any_cut_gives_the_same);
	g_test_add_func("/deflate/flush", writes_come_out_with_the_flush);
	g_test_add_func("/deflate/rubbish", rubbish_and_an_ended_stream_are_errors);
	g_test_add_func("/deflate/middle", deflate_begins_in_the_middle_of_a_slice);
	g_test_add_func("/deflate/tls", deflate_arrives_octet_by_octet_over_tls);
	g_test_add_func("/deflate/bomb", a_bomb_unfolds_slice_by_slice);
	g_test_add_func("/deflate/broken", broken_deflate_ends_the_connection);
	g_test_add_func("/deflate/empty", empty_blocks_do_not_hold_the_loop);
	status = g_test_run();
	peer_clean_up();
	return status;
}
