/* A server's octets through the POP3 reader: the first octet says how they are cut, the second what is
 * awaited; whole and cut they must be understood alike. Each line of a listing goes through what reads such
 * lines. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/pop3/lines.h"
#include "proto/pop3/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	guint64 digest;
	struct pop3_caps caps;
	gboolean failed;
};

static void
add(struct reading *reading, const void *bytes, gsize len)
{
	const unsigned char *p = bytes;

	for (gsize i = 0; i < len; i++)
		reading->digest = (reading->digest ^ p[i]) * G_GUINT64_CONSTANT(0x100000001b3);
}

static gboolean
on_status(const struct pop3_status *status, void *user)
{
	struct reading *reading = user;

	g_assert(!status->code || *status->code);
	add(reading, status, G_STRUCT_OFFSET(struct pop3_status, code));
	add(reading, status->code, status->code ? strlen(status->code) : 0);
	add(reading, status->text, strlen(status->text) + 1);
	return TRUE;
}

static void
on_line(const char *line, gsize len, gsize whole, void *user)
{
	struct reading *reading = user;
	const char *rest;
	guint64 octets;
	guint n;

	g_assert(len <= whole && len <= POP3_LINE_KEPT && line[len] == '\0');
	add(reading, line, len + 1);
	add(reading, &whole, sizeof whole);
	pop3_caps_line(&reading->caps, line);
	if (pop3_numbered(line, &n, &rest)) {
		g_assert(rest > line && rest <= line + len);
		pop3_octets(rest, &octets);
	}
	pop3_uidl_is_usable(line, len, whole);
}

static gboolean
on_octets(const unsigned char *bytes, gsize len, void *user)
{
	g_assert(len > 0);
	add(user, bytes, len);
	return TRUE;
}

static void
on_end(void *user)
{
	add(user, "end", 3);
}

static void
read_in_cuts(struct reading *reading, const uint8_t *data, size_t size, size_t cut, uint8_t awaited)
{
	static const struct pop3_events events = {on_status, on_line, on_octets, on_end};
	struct pop3_parser *parser = pop3_parser_new(&events, reading);

	pop3_caps_init(&reading->caps);
	for (guint i = 0; i < 8; i += 2)
		pop3_parser_expect(parser, (enum pop3_answer_kind)((awaited >> i) & 3));
	while (size && !reading->failed) {
		size_t n = MIN(cut, size);
		g_autofree unsigned char *exact = g_memdup2(data, n);
		g_autoptr(GError) error = NULL;
		gssize taken = pop3_parser_feed(parser, exact, n, &error);

		reading->failed = taken < 0;
		g_assert(reading->failed == (error != NULL) && (reading->failed || (size_t)taken == n));
		data += n;
		size -= n;
	}
	pop3_caps_clear(&reading->caps);
	pop3_parser_free(parser);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = {0}, cut = {0};

	if (size < 2)
		return 0;
	read_in_cuts(&whole, data + 2, size - 2, size, data[1]);
	read_in_cuts(&cut, data + 2, size - 2, data[0] % 32 + 1u, data[1]);
	g_assert(whole.digest == cut.digest && whole.failed == cut.failed);
	return 0;
}
