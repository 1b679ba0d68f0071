#include <string.h>

#include "base/error.h"
#include "proto/pop3/lines.h"
#include "proto/pop3/parse.h"

/* What is awaited (s status, a SASL, l listing, m message), what the server says, and what is understood: a
 * status a line; lines of listings behind "|"; messages in quotes; "end" where a listing or message ends. */
static const struct dialogue {
	const char *name, *awaited, *says, *understood;
} dialogues[] = {
        {"greeting", "", "+OK ready <1.2@x>\r\n", "+OK ready <1.2@x>\n"},
        {"refused-greeting", "", "-ERR [SYS/TEMP] come later\r\n", "-ERR [SYS/TEMP] come later\n"},
        {"any-case-and-no-text", "ss", "+ok\r\n-err\r\n+OK\r\n", "+OK \n-ERR \n+OK \n"},
        {"codes", "sssss",
         "+OK\r\n-ERR [in-use] locked\r\n-ERR []\r\n-ERR [no code\r\n+OK [UTF8]\r\n-ERR [two words] x\r\n",
         "+OK \n-ERR [IN-USE] locked\n-ERR []\n-ERR [no code\n+OK [UTF8] \n-ERR [two words] x\n"},
        {"listing", "l", "+OK\r\n+OK 2\r\n1 120\r\n2 200\r\n.\r\n", "+OK \n+OK 2\n|1 120\n|2 200\nend\n"},
        {"listing-empty", "ls", "+OK\r\n+OK\r\n.\r\n+OK bye\r\n", "+OK \n+OK \nend\n+OK bye\n"},
        {"listing-refused", "ls", "+OK\r\n-ERR no\r\n+OK\r\n", "+OK \n-ERR no\n+OK \n"},
        {"listing-stuffed", "l", "+OK\r\n+OK\r\n..\r\n...x\r\n\r\n.\r\n", "+OK \n+OK \n|.\n|..x\n|\nend\n"},
        {"message", "ms", "+OK\r\n+OK 120 octets\r\nA: b\r\n\r\n..dot\r\n...\r\nx.\r\n.\r\n+OK\r\n",
         "+OK \n+OK 120 octets\n\"A: b\r\n\r\n.dot\r\n..\r\nx.\r\n\"\nend\n+OK \n"},
        {"message-empty", "m", "+OK\r\n+OK\r\n.\r\n", "+OK \n+OK \n\"\"\nend\n"},
        {"dot-that-was-not-stuffed", "m", "+OK\r\n+OK\r\n.x\r\n.\r\n", "+OK \n+OK \n\"x\r\n\"\nend\n"},
        {"dots-that-end-nothing", "m", "+OK\r\n+OK\r\na\n.\r\nb\r.\r\n.\rc\r\n.\r\r\n.\r\n",
         "+OK \n+OK \n\"a\n.\r\nb\r.\r\n\rc\r\n\r\r\n\"\nend\n"},
        {"lone-lf", "lm", "+OK\n+OK\n1 2\n.\n+OK\na\n..b\n\nc\r\n.\n",
         "+OK \n+OK \n|1 2\nend\n+OK \n\"a\r\n.b\r\n\r\nc\r\n\"\nend\n"},
        {"challenges", "aaaa", "+OK\r\n+ dGVzdA==\r\n+ \r\n+\r\n-ERR [AUTH] no\r\n",
         "+OK \n+ dGVzdA==\n+ \n+ \n-ERR [AUTH] no\n"},
        {"last-words", "", "+OK\r\n-ERR idle for too long\r\n", "+OK \n? -ERR idle for too long\n"},
};

struct reading {
	GString *understood;
	gboolean in_message;
};

static gboolean
on_status(const struct pop3_status *status, void *user)
{
	struct reading *r = user;

	g_string_append_printf(r->understood, "%s%s %s%s%s%s\n", status->unasked ? "? " : "",
	                       status->challenge ? "+"
	                       : status->ok      ? "+OK"
	                                         : "-ERR",
	                       status->code ? "[" : "", status->code ? status->code : "",
	                       status->code ? "] " : "", status->text);
	r->in_message = status->ok && status->kind == POP3_MESSAGE;
	if (r->in_message)
		g_string_append_c(r->understood, '"');
	return TRUE;
}

static void
on_line(const char *line, gsize len, gsize whole, void *user)
{
	struct reading *r = user;

	g_assert_cmpuint(line[len], ==, '\0');
	g_assert_cmpuint(len, <=, POP3_LINE_KEPT);
	g_string_append_printf(r->understood, "|%.*s%s\n", (int)MIN(len, 20), line, whole > len ? "…" : "");
}

static gboolean
on_octets(const unsigned char *bytes, gsize len, void *user)
{
	struct reading *r = user;

	g_string_append_len(r->understood, (const char *)bytes, (gssize)len);
	return TRUE;
}

static void
on_end(void *user)
{
	struct reading *r = user;

	if (r->in_message)
		g_string_append(r->understood, "\"\n");
	r->in_message = FALSE;
	g_string_append(r->understood, "end\n");
}

static const struct pop3_events events = {on_status, on_line, on_octets, on_end};

/* In pieces of at most cut octets. Gives what was understood, up to the fault. */
static char *
read_in_cuts(const char *awaited, const char *says, gsize len, gsize cut, GError **error)
{
	static const char letters[] = "salm";
	struct reading r = {.understood = g_string_new(NULL)};
	struct pop3_parser *parser = pop3_parser_new(&events, &r);
	gssize taken = 0;

	for (; *awaited; awaited++)
		pop3_parser_expect(parser, (enum pop3_answer_kind)(strchr(letters, *awaited) - letters));
	while (len && taken >= 0) {
		gsize n = MIN(cut, len);
		g_autofree unsigned char *exact = g_memdup2(says, n);

		taken = pop3_parser_feed(parser, exact, n, error);
		g_assert_true(taken < 0 || (gsize)taken == n);
		says += n;
		len -= n;
	}
	if (taken >= 0)
		g_assert_cmpuint(pop3_parser_awaits(parser), ==, 0);
	pop3_parser_free(parser);
	return g_string_free(r.understood, FALSE);
}

static void
test_dialogue(gconstpointer data)
{
	const struct dialogue *d = data;
	gsize len = strlen(d->says);

	for (gsize cut = 1; cut <= len; cut = cut < 4 ? cut + 1 : cut == len ? len + 1 : len) {
		g_autoptr(GError) error = NULL;
		g_autofree char *understood = read_in_cuts(d->awaited, d->says, len, cut, &error);

		g_assert_no_error(error);
		g_assert_cmpstr(understood, ==, d->understood);
	}
}

static void
test_no_pop3(void)
{
	static const char *const others[] = {"* OK IMAP4 ready\r\n", "\r\n",
	                                     "+OK\r\n+OK what was not asked\r\n", "220 smtp\r\n"};

	for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *understood = read_in_cuts("", others[i], strlen(others[i]), 3, &error);

		g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	}
}

static void
test_long_lines(void)
{
	g_autofree char *x = g_strnfill(1 << 20, 'x');
	g_autofree char *listing = g_strdup_printf("+OK\r\n+OK\r\n1 %s\r\n2 y\r\n.\r\n", x);
	g_autofree char *status = g_strdup_printf("+OK %s\r\n", x);
	g_autoptr(GError) error = NULL, refused = NULL;
	g_autofree char *got = read_in_cuts("l", listing, strlen(listing), 4000, &error), *none = NULL;

	g_assert_no_error(error);
	g_assert_cmpstr(got, ==, "+OK \n+OK \n|1 xxxxxxxxxxxxxxxxxx…\n|2 y\nend\n");
	none = read_in_cuts("", status, strlen(status), 4000, &refused);
	g_assert_error(refused, FULMAR_ERROR, FULMAR_NO_LINK);
}

static gboolean
stop_at_second(const struct pop3_status *status, void *user)
{
	guint *n = user;

	return ++*n != 2;
}

/* STLS: what is glued to its answer is not read. */
static void
test_stops_behind_a_status(void)
{
	static const struct pop3_events stopping = {stop_at_second, on_line, on_octets, on_end};
	static const char says[] = "+OK hello\r\n+OK begin TLS\r\n+OK injected\r\n";
	guint n = 0;
	struct pop3_parser *parser = pop3_parser_new(&stopping, &n);
	gssize taken;

	pop3_parser_expect(parser, POP3_STATUS);
	pop3_parser_expect(parser, POP3_STATUS);
	taken = pop3_parser_feed(parser, (const unsigned char *)says, strlen(says), NULL);
	g_assert_cmpint(taken, ==, (gssize)(strstr(says, "+OK injected") - says));
	g_assert_cmpuint(n, ==, 2);
	pop3_parser_free(parser);
}

static gboolean
take_four(const unsigned char *bytes, gsize len, void *user)
{
	struct reading *r = user;

	g_string_append_len(r->understood, (const char *)bytes, (gssize)MIN(len, 4));
	return FALSE;
}

/* A full disk ends a message, not the session. */
static void
test_octets_that_cannot_be_taken(void)
{
	static const struct pop3_events full = {on_status, on_line, take_four, on_end};
	static const char says[] = "+OK\r\n+OK\r\nabcdefgh\r\nijkl\r\n.\r\n+OK next\r\n";
	struct reading r = {.understood = g_string_new(NULL)};
	struct pop3_parser *parser = pop3_parser_new(&full, &r);
	gssize taken;

	pop3_parser_expect(parser, POP3_MESSAGE);
	pop3_parser_expect(parser, POP3_STATUS);
	taken = pop3_parser_feed(parser, (const unsigned char *)says, strlen(says), NULL);
	g_assert_cmpint(taken, ==, (gssize)strlen(says));
	g_assert_cmpstr(r.understood->str, ==, "+OK \n+OK \n\"abcd\"\nend\n+OK next\n");
	pop3_parser_free(parser);
	g_string_free(r.understood, TRUE);
}

static void
test_caps(void)
{
	static const char *const lines[] = {"TOP",
	                                    "uidl",
	                                    "SASL PLAIN  SCRAM-SHA-256",
	                                    "LOGIN-DELAY 900 USER",
	                                    "EXPIRE 30 USER",
	                                    "UTF8 USER",
	                                    "IMPLEMENTATION Shlemazle Plotz v302",
	                                    "",
	                                    "X-UNKNOWN 1"};
	struct pop3_caps caps;

	pop3_caps_init(&caps);
	g_assert_cmpint(caps.expire, ==, POP3_EXPIRE_UNKNOWN);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		pop3_caps_line(&caps, lines[i]);
	g_assert_true(caps.top && caps.uidl && caps.utf8 && caps.utf8_user && !caps.user && !caps.stls);
	g_assert_cmpuint(caps.sasl->len, ==, 2);
	g_assert_cmpstr(caps.sasl->pdata[1], ==, "SCRAM-SHA-256");
	g_assert_cmpint(caps.login_delay, ==, 900);
	g_assert_cmpint(caps.expire, ==, 30);
	g_assert_cmpstr(caps.implementation, ==, "Shlemazle Plotz v302");
	pop3_caps_line(&caps, "EXPIRE NEVER");
	g_assert_cmpint(caps.expire, ==, POP3_EXPIRE_NEVER);
	pop3_caps_line(&caps, "EXPIRE 0");
	g_assert_cmpint(caps.expire, ==, 0);
	pop3_caps_line(&caps, "EXPIRE soon");
	g_assert_cmpint(caps.expire, ==, POP3_EXPIRE_UNKNOWN);
	pop3_caps_line(&caps, "LOGIN-DELAY -5");
	g_assert_cmpint(caps.login_delay, ==, 0);
	pop3_caps_clear(&caps);
}

static void
test_numbers(void)
{
	const char *rest;
	guint64 octets;
	guint n;

	g_assert_true(pop3_numbered("12 whqtswO00WBw418f9t5JxYwZ", &n, &rest));
	g_assert_cmpuint(n, ==, 12);
	g_assert_cmpstr(rest, ==, "whqtswO00WBw418f9t5JxYwZ");
	g_assert_true(pop3_numbered("3", &n, &rest) && n == 3 && !*rest);
	g_assert_false(pop3_numbered("", &n, &rest));
	g_assert_false(pop3_numbered("x 3", &n, &rest));
	g_assert_false(pop3_numbered("3x 4", &n, &rest));
	g_assert_false(pop3_numbered("99999999999 4", &n, &rest));
	g_assert_false(pop3_numbered("-1 4", &n, &rest));
	g_assert_true(pop3_octets("9223372036854775807", &octets) && octets == G_MAXINT64);
	g_assert_true(pop3_octets("120 octets", &octets) && octets == 120);
	g_assert_false(pop3_octets("9223372036854775808", &octets));
	g_assert_false(pop3_octets("99999999999999999999999", &octets));
	g_assert_false(pop3_octets("-1", &octets));
	g_assert_false(pop3_octets("12k", &octets));
	g_assert_true(pop3_uidl_is_usable("../../x", 7, 7));
	g_assert_false(pop3_uidl_is_usable("", 0, 0));
	g_assert_false(pop3_uidl_is_usable("a\tb", 3, 3));
	g_assert_false(pop3_uidl_is_usable("cut", 3, 5000));
	g_assert_false(pop3_argument_is_safe("ann\r\nDELE 1"));
	g_assert_true(pop3_argument_is_safe("recent:ann@example.org"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(dialogues); i++) {
		g_autofree char *path = g_strdup_printf("/pop3/%s", dialogues[i].name);

		g_test_add_data_func(path, &dialogues[i], test_dialogue);
	}
	g_test_add_func("/pop3/no-pop3", test_no_pop3);
	g_test_add_func("/pop3/long-lines", test_long_lines);
	g_test_add_func("/pop3/stops-behind-a-status", test_stops_behind_a_status);
	g_test_add_func("/pop3/octets-that-cannot-be-taken", test_octets_that_cannot_be_taken);
	g_test_add_func("/pop3/caps", test_caps);
	g_test_add_func("/pop3/numbers", test_numbers);
	return g_test_run();
}
