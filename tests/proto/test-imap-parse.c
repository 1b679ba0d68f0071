#include "proto/imap/parse.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* What the server says, and the responses understood, one a line: texts of strings in quotes, atoms with a
 * section followed by the section in braces, lists in parentheses, a literal8 behind "~". */
static const struct dialogue {
	const char *name, *says, *understood;
} dialogues[] = {
        {"greeting", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n",
         "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\n"},
        {"preauth-and-bye", "* PREAUTH hello\r\n* BYE going\r\n", "* PREAUTH hello\n* BYE going\n"},
        {"tagged-answers", "A1 OK done\r\na2 no [TRYCREATE] not there\r\nA3 BAD what?\r\n",
         "A1 OK done\na2 NO [TRYCREATE] not there\nA3 BAD what?\n"},
        {"bare-lf", "* 3 EXISTS\nA1 OK done\n", "* 3 EXISTS\nA1 OK done\n"},
        {"doubled-cr", "* 3 EXISTS\r\r\n", "* 3 EXISTS\n"},
        {"continuation", "+ idling\r\n+ \r\n+\r\n+ eyJzdGF0dXMiOiI0MDEifQ==\r\n",
         "+ idling\n+ \n+ \n+ eyJzdGF0dXMiOiI0MDEifQ==\n"},
        {"continuation-that-looks-like-a-literal", "+ go {3}\r\n+ on\r\n", "+ go {3}\n+ on\n"},
        {"text-that-looks-like-a-literal", "* NO sorry {10}\r\nA1 OK fine {5}\r\n* OK [ALERT] look {7}\r\n",
         "* NO sorry {10}\nA1 OK fine {5}\n* OK [ALERT] look {7}\n"},
        {"no-text", "A1 OK\r\n* OK\r\n* OK [HIGHESTMODSEQ 5]\r\n",
         "A1 OK \n* OK \n* OK [HIGHESTMODSEQ 5] \n"},
        {"leading-nuls-and-blank-lines", "\r\n", ""},
        {"name-of-any-case", "* 5 exists\r\n* ok fine\r\n* Flags (\\Seen)\r\n",
         "* 5 EXISTS\n* OK fine\n* FLAGS (\\Seen)\n"},
        {"number-in-floating-point", "* 9.3e+06 EXISTS\r\n", "* 9300000 EXISTS\n"},
        {"select",
         "* FLAGS (\\Answered \\Seen $Forwarded NonJunk)\r\n"
         "* OK [PERMANENTFLAGS (\\Answered \\Seen \\*)] Limited\r\n* OK [UIDNEXT 4392] Predicted\r\n"
         "* OK [UNSEEN 12]\r\n* OK [NOMODSEQ]\r\nA142 OK [READ-WRITE] SELECT completed\r\n",
         "* FLAGS (\\Answered \\Seen $Forwarded NonJunk)\n"
         "* OK [PERMANENTFLAGS (\\Answered \\Seen \\*)] Limited\n* OK [UIDNEXT 4392] Predicted\n"
         "* OK [UNSEEN 12] \n* OK [NOMODSEQ] \nA142 OK [READ-WRITE] SELECT completed\n"},
        {"flags-with-brackets",
         "* OK [PERMANENTFLAGS (\\Seen a[b] c] [d \\*)] ok\r\n* FLAGS (a[b] c] [d)\r\n",
         "* OK [PERMANENTFLAGS (\\Seen a[b] c] [d \\*)] ok\n* FLAGS (a[b] c] [d)\n"},
        {"copyuid", "A1 OK [COPYUID 38505 304,319:320 3956:3958] Done\r\nA2 OK [COPYUID] Done\r\n",
         "A1 OK [COPYUID 38505 304,319:320 3956:3958] Done\nA2 OK [COPYUID] Done\n"},
        {"code-without-a-condition", "* [COPYUID 1 2 3]\r\n[ALERT] off\r\n* [ALERT] on\r\n",
         "* OK [COPYUID 1 2 3] \n* OK [ALERT] off\n* OK [ALERT] on\n"},
        {"code-that-is-not-closed", "* OK [UIDNEXT 5\r\n* OK [PERMANENTFLAGS (\\Seen\r\n",
         "* OK [UIDNEXT 5] \n* OK [PERMANENTFLAGS (\\Seen)] \n"},
        {"code-without-a-name", "* OK [] text\r\n* NO [ ] text\r\n", "* OK text\n* NO text\n"},
        {"code-with-strings", "* NO [BADURL \"a]b\"] x\r\n* OK [INPROGRESS (\"A1\" 454 1000)] y\r\n",
         "* NO [BADURL \"a]b\"] x\n* OK [INPROGRESS (\"A1\" 454 1000)] y\n"},
        {"code-with-a-literal", "* NO [BADURL {4}\r\na]\r\n] x {3}\r\n* 1 EXISTS\r\n",
         "* NO [BADURL \"a]\\r\\n\"] x {3}\n* 1 EXISTS\n"},
        {"strings",
         "* X \"\" \"a b\" \"say \\\"hi\\\"\" \"c:\\\\x\" \"\\z\" NIL nil \"NIL\" NILE {3}\r\nabc {0}\r\n "
         "end\r\n",
         "* X \"\" \"a b\" \"say \\\"hi\\\"\" \"c:\\\\x\" \"\\\\z\" NIL NIL \"NIL\" NILE \"abc\" \"\" end\n"},
        {"quotes-without-escapes", "* X (\"say \"hi, now\" \"\"Foo\"\" NIL)(\"open\r\n* Y \"a\\\r\n",
         "* X (\"say \\\"hi, now\" \"\\\"Foo\\\"\" NIL) (\"open\")\n* Y \"a\\\\\"\n"},
        {"lists", "* X () (()) (a (b c)d)e ((f)(g))\r\n", "* X () (()) (a (b c) d) e ((f) (g))\n"},
        {"lists-that-do-not-match", "* X a) (b (c\r\n* Y )))(\r\n", "* X a (b (c))\n* Y ()\n"},
        {"blanks-everywhere", "*   X   ( a   b )  \"c\"   \r\nA1  OK  fine \r\n",
         "* X (a b) \"c\"\nA1 OK fine \n"},
        {"tab-in-an-atom", "* LIST () \"/\" Sent\tItems\r\n", "* LIST () \"/\" Sent\\tItems\n"},
        {"sections",
         "* 1 FETCH (BODY[] {2}\r\nhi BODY[HEADER.FIELDS (DATE FROM)]<0> \"x\" BINARY[1.2] ~{3}\r\na\\b "
         "BODY[HEADER.FIELDS (\"X]Y\")] NIL body[1.MIME] \"m\")\r\n",
         "* 1 FETCH (BODY[]{} \"hi\" BODY[HEADER.FIELDS (DATE FROM)]<0>{HEADER.FIELDS (DATE FROM)} \"x\" "
         "BINARY[1.2]{1.2} "
         "~\"a\\\\b\" BODY[HEADER.FIELDS (\"X]Y\")]{HEADER.FIELDS (\"X]Y\")} NIL body[1.MIME]{1.MIME} "
         "\"m\")\n"},
        {"section-with-literals",
         "* 1 FETCH (BODY[HEADER.FIELDS ({4}\r\nDate {2}\r\nTo)]<5> {1}\r\nx UID 7)\r\n",
         "* 1 FETCH (BODY[HEADER.FIELDS (Date To)]<5>{HEADER.FIELDS (Date To)} \"x\" UID 7)\n"},
        {"section-that-is-not-closed", "* 1 FETCH (BODY[TEXT x\r\n* 2 FETCH (BODY[\"x\r\n",
         "* 1 FETCH (BODY[TEXT x{TEXT x})\n* 2 FETCH (BODY[\"x{\"x})\n"},
        {"literals",
         "* 1 FETCH (RFC822 {11}\r\nhel\r\nlo (\"{9} FLAGS (\\Seen) X {2+}\r\n{} Y "
         "{3}\r\nabc{3}\r\nd\r\n)\r\n",
         "* 1 FETCH (RFC822 \"hel\\r\\nlo (\\\"{\" 9} FLAGS (\\Seen) X \"{}\" Y \"abc\" \"d\\r\\n\")\n"},
        {"literal-at-the-very-end", "* X {3}\r\nabc\r\n* Y {3}\r\nabc\n", "* X \"abc\"\n* Y \"abc\"\n"},
        {"braces-that-are-none", "* X a{5}\r\n* Y {a}\r\n* Z {}\r\n* W {5} \r\n* V }\r\n",
         "* X a{5}\n* Y {a}\n* Z {}\n* W {5}\n* V }\n"},
        {"missing-blank-before-arguments",
         "* 1 FETCH(FLAGS())\r\n* LIST(\\Noselect)\"/\" \"x\"\r\n* STATUS\"a b\"(UNSEEN 1)\r\n",
         "* 1 FETCH (FLAGS ())\n* LIST (\\Noselect) \"/\" \"x\"\n* STATUS \"a b\" (UNSEEN 1)\n"},
        {"search",
         "* SEARCH\r\n* SEARCH \r\n* SEARCH 2 3 6 \r\n* SEARCH 5 7 (MODSEQ 917)\r\n* SEARCH 5(MODSEQ 9)\r\n",
         "* SEARCH\n* SEARCH\n* SEARCH 2 3 6\n* SEARCH 5 7 (MODSEQ 917)\n* SEARCH 5 (MODSEQ 9)\n"},
        {"star-alone", "*\r\n* \r\n* 7\r\n", "* \n* \n* 7 \n"},
};

static void append_nodes(GString *out, const struct imap_node *node, gboolean first);

static void
append_string(GString *out, const struct imap_node *node)
{
	g_autofree char *text = imap_node_dup(node), *escaped = g_strescape(text, NULL);

	g_assert_cmpuint(strlen(text), ==, node->len);
	g_assert_cmpint(node->text[node->len], ==, 0);
	g_string_append_printf(out, "%s\"%s\"", node->literal8 ? "~" : "", escaped);
}

static void
append_node(GString *out, const struct imap_node *node)
{
	g_autofree char *escaped = NULL;

	switch (node->type) {
	case IMAP_ATOM:
		escaped = g_strescape((const char *)node->text, "\\\"");
		g_assert_cmpint(node->text[node->len], ==, 0);
		g_string_append(out, escaped);
		if (node->first)
			g_string_append_printf(out, "{%s}", node->first->text);
		break;
	case IMAP_STRING:
		append_string(out, node);
		break;
	case IMAP_NIL:
		g_string_append(out, "NIL");
		break;
	case IMAP_LIST:
		g_string_append_c(out, '(');
		append_nodes(out, node->first, TRUE);
		g_string_append_c(out, ')');
		break;
	}
}

static void
append_nodes(GString *out, const struct imap_node *node, gboolean first)
{
	for (; node; node = node->next) {
		if (!first)
			g_string_append_c(out, ' ');
		append_node(out, node);
		first = FALSE;
	}
}

static void
append_condition(GString *out, const struct imap_response *response)
{
	static const char *const names[] = {"NONE", "OK", "NO", "BAD", "BYE", "PREAUTH"};

	g_string_append_printf(out, " %s", names[response->status]);
	if (response->code) {
		g_string_append_printf(out, " [%s", response->code);
		append_nodes(out, response->code_args, FALSE);
		g_string_append_c(out, ']');
	}
	g_string_append_printf(out, " %s", response->text);
}

struct listener {
	GString *heard;
	gboolean one_at_a_time;
};

static gboolean
hear(const struct imap_response *response, void *user)
{
	struct listener *listener = user;
	GString *out = listener->heard;

	if (response->kind == IMAP_CONTINUE) {
		g_string_append_printf(out, "+ %s\n", response->text);
		return !listener->one_at_a_time;
	}
	g_string_append(out, response->kind == IMAP_TAGGED ? response->tag : "*");
	if (response->has_number)
		g_string_append_printf(out, " %" G_GUINT64_FORMAT, response->number);
	if (response->name) {
		g_string_append_printf(out, " %s", response->name);
		append_nodes(out, response->args, FALSE);
	} else {
		append_condition(out, response);
	}
	g_string_append_c(out, '\n');
	return !listener->one_at_a_time;
}

/* Cuts of at most max octets, 1 to max when rand is given. */
static void
feed_cut(struct imap_parser *parser, const char *bytes, gsize len, gsize max, GRand *rand)
{
	g_autoptr(GError) error = NULL;

	while (len) {
		gsize n = rand ? (gsize)g_rand_int_range(rand, 1, (gint32)max + 1) : max;
		g_autofree unsigned char *exact = NULL;
		gssize taken;

		n = MIN(n, len);
		/* A block of its own, so that the sanitizer sees a step beyond it. */
		exact = g_memdup2(bytes, n);
		taken = imap_parser_feed(parser, exact, n, &error);
		g_assert_no_error(error);
		g_assert_cmpint(taken, >, 0);
		bytes += taken;
		len -= (gsize)taken;
	}
}

static void
expect(const struct dialogue *dialogue, gsize max, GRand *rand, gboolean one_at_a_time)
{
	g_autoptr(GString) heard = g_string_new(NULL);
	struct listener listener = {heard, one_at_a_time};
	struct imap_parser *parser = imap_parser_new(NULL, hear, &listener);

	feed_cut(parser, dialogue->says, strlen(dialogue->says), max, rand);
	g_assert_cmpstr(heard->str, ==, dialogue->understood);
	imap_parser_free(parser);
}

static void
dialogue_is_understood_in_any_cut(gconstpointer data)
{
	const struct dialogue *dialogue = data;
	GRand *rand = g_rand_new_with_seed(7);

	expect(dialogue, 65536, NULL, FALSE);
	expect(dialogue, 65536, NULL, TRUE);
	expect(dialogue, 1, NULL, FALSE);
	for (int i = 0; i < 20; i++)
		expect(dialogue, 9, rand, i & 1);
	g_rand_free(rand);
}

static void
all_dialogues_run_through_one_parser(void)
{
	g_autoptr(GString) heard = g_string_new(NULL), understood = g_string_new(NULL),
	                   says = g_string_new(NULL);
	struct listener listener = {heard, FALSE};
	struct imap_parser *parser = imap_parser_new(NULL, hear, &listener);

	for (int round = 0; round < 3; round++) {
		for (guint i = 0; i < G_N_ELEMENTS(dialogues); i++) {
			g_string_append(says, dialogues[i].says);
			g_string_append(understood, dialogues[i].understood);
		}
	}
	feed_cut(parser, says->str, says->len, 1000, NULL);
	g_assert_cmpstr(heard->str, ==, understood->str);
	imap_parser_free(parser);
}

static void
nuls_before_a_response_are_passed_over(void)
{
	static const char says[] = "\0\0* OK a\r\n\0 \r\n\0A1 OK b\r\n";
	g_autoptr(GString) heard = g_string_new(NULL);
	struct listener listener = {heard, FALSE};
	struct imap_parser *parser = imap_parser_new(NULL, hear, &listener);

	feed_cut(parser, says, sizeof(says) - 1, 3, NULL);
	g_assert_cmpstr(heard->str, ==, "* OK a\nA1 OK b\n");
	imap_parser_free(parser);
}

static gboolean
check_octets(const struct imap_response *response, void *user)
{
	g_assert_cmpmem(response->args->text, response->args->len, "a\0b", 3);
	g_assert_true(response->args->literal8);
	++*(int *)user;
	return TRUE;
}

static void
a_literal_may_hold_any_octet(void)
{
	static const char says[] = "* X ~{3}\r\na\0b\r\n";
	int calls = 0;
	struct imap_parser *parser = imap_parser_new(NULL, check_octets, &calls);

	feed_cut(parser, says, sizeof(says) - 1, 1, NULL);
	g_assert_cmpint(calls, ==, 1);
	imap_parser_free(parser);
}

static void
a_callback_that_says_stop_leaves_the_rest(void)
{
	static const char says[] = "A1 OK begin TLS\r\n* OK injected\r\n";
	g_autoptr(GString) heard = g_string_new(NULL);
	struct listener listener = {heard, TRUE};
	struct imap_parser *parser = imap_parser_new(NULL, hear, &listener);

	g_assert_cmpint(imap_parser_feed(parser, (const unsigned char *)says, strlen(says), NULL), ==,
	                strlen("A1 OK begin TLS\r\n"));
	g_assert_cmpstr(heard->str, ==, "A1 OK begin TLS\n");
	imap_parser_free(parser);
}

/* What must end the connection: octets, how often the middle is repeated, and the limits it meets. */
static const struct breach {
	const char *name, *head, *middle;
	guint times;
	const char *tail;
	struct imap_limits limits;
} breaches[] = {
        {.name = "another-protocol", .head = "HTTP/1.1 400 Bad Request\r\n"},
        {.name = "a-word", .head = "hello\r\n"},
        {.name = "unknown-status", .head = "A1 YES\r\n"},
        {.name = "tag-with-controls", .head = "A\x01 OK fine\r\n"},
        {.name = "literal-over-limit", .head = "* X {1001}\r\n", .limits = {.literal = 1000}},
        {.name = "literal-over-standard", .head = "* X {2147483649}\r\n"},
        {.name = "literal-of-2^32+10", .head = "* X {4294967306}\r\n"},
        {.name = "literal-of-2^63", .head = "* X {9223372036854775808}\r\n"},
        {.name = "literal-of-2^64", .head = "* X {18446744073709551616}\r\n"},
        {.name = "literal-of-2^64+1", .head = "* X {18446744073709551617+}\r\n"},
        {.name = "literal-of-many-digits", .head = "* X {", .middle = "9", .times = 5000, .tail = "}\r\n"},
        {.name = "line-over-limit", .head = "* X ", .middle = "a", .times = 100, .limits = {.line = 100}},
        {.name = "line-over-standard", .head = "* X ", .middle = "aaaaaaaaaaaaaaaa", .times = 65536},
        {.name = "lines-between-literals",
         .head = "* X",
         .middle = " {0}\r\n",
         .times = 30,
         .tail = "\r\n",
         .limits = {.line = 100}},
        {.name = "nodes",
         .head = "* X ",
         .middle = "()",
         .times = 51,
         .tail = "\r\n",
         .limits = {.nodes = 50}},
        {.name = "files",
         .head = "* X",
         .middle = " {3}\r\nabc",
         .times = 65,
         .tail = "\r\n",
         .limits = {.spool_above = 2}},
};

static void
breach_ends_the_connection(gconstpointer data)
{
	const struct breach *breach = data;
	g_autoptr(GString) says = g_string_new(breach->head), heard = g_string_new(NULL);
	g_autoptr(GError) error = NULL, again = NULL;
	struct listener listener = {heard, FALSE};
	struct imap_parser *parser = imap_parser_new(&breach->limits, hear, &listener);

	for (guint i = 0; i < breach->times; i++)
		g_string_append(says, breach->middle);
	g_string_append(says, breach->tail ? breach->tail : "");
	g_assert_cmpint(imap_parser_feed(parser, (const unsigned char *)says->str, says->len, &error), ==,
	                -1);
	g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	g_assert_cmpint(imap_parser_feed(parser, (const unsigned char *)"* OK x\r\n", 8, &again), ==, -1);
	g_assert_error(again, FULMAR_ERROR, FULMAR_NO_LINK);
	g_assert_cmpstr(heard->str, ==, "");
	imap_parser_free(parser);
}

static void
what_just_fits_is_taken(void)
{
	struct imap_limits limits = {
	        .line = 29, .depth = 2, .nodes = 5, .literal = 9, .memory = 9, .spool_above = 9};
	g_autoptr(GString) heard = g_string_new(NULL);
	struct listener listener = {heard, FALSE};
	struct imap_parser *parser = imap_parser_new(&limits, hear, &listener);

	for (int i = 0; i < 3; i++)
		feed_cut(parser, "* X ((a b) {9}\r\n123456789)         \r\n", 38, 5, NULL);
	g_assert_cmpstr(heard->str, ==,
	                "* X ((a b) \"123456789\")\n* X ((a b) \"123456789\")\n* X ((a b) \"123456789\")\n");
	imap_parser_free(parser);
}

/* A message may be built so; the others are wanted all the same. */
static void
what_lies_too_deep_is_left_out(void)
{
	struct imap_limits limits = {.depth = 3, .nodes = 24};
	static const char says[] = "* X (a ((b (c \")\" {1}\r\n)(d)) e) f) g)\r\n* Y\r\n"
	                           "* OK [X ((((a))))] text\r\n"
	                           "* X (a ((b) (c) (d) (e) (f) (g) (h) (i) (j) (k) (l) (m) (n)) o p)\r\n";
	static const char wants[] = "* X (a ((b () e) f) g)\n* Y\n* OK [X (((())))] text\n"
	                            "* X (a ((b) (c) (d) (e) (f) (g) (h) (i) (j)) o p)\n";

	for (gsize cut = 1; cut < 40; cut++) {
		g_autoptr(GString) heard = g_string_new(NULL);
		struct listener listener = {heard, FALSE};
		struct imap_parser *parser = imap_parser_new(&limits, hear, &listener);

		feed_cut(parser, says, sizeof says - 1, cut, NULL);
		g_assert_cmpstr(heard->str, ==, wants);
		imap_parser_free(parser);
	}
}

static void
a_million_parentheses_are_read(void)
{
	g_autofree char *open = g_strnfill(1000000, '('), *says = g_strdup_printf("* X %s\r\n* Y\r\n", open);
	g_autoptr(GString) heard = g_string_new(NULL);
	struct listener listener = {heard, FALSE};
	struct imap_limits limits = {.line = 2000000};
	struct imap_parser *parser = imap_parser_new(&limits, hear, &listener);

	feed_cut(parser, says, strlen(says), 65536, NULL);
	g_assert_true(g_str_has_suffix(heard->str, "\n* Y\n") && heard->len < 1000);
	imap_parser_free(parser);
}

struct spooled {
	char *content;
	gsize len;
	int fd;
	guint files, in_memory;
};

static gboolean
read_spooled(const struct imap_response *response, void *user)
{
	struct spooled *spooled = user;

	for (const struct imap_node *node = response->args; node; node = node->next) {
		if (node->spool_fd < 0) {
			g_assert_cmpint(node->text[node->len], ==, 0);
			spooled->in_memory++;
			continue;
		}
		g_assert_null(node->text);
		g_clear_pointer(&spooled->content, g_free);
		spooled->content = g_malloc(node->len + 1);
		spooled->len = node->len;
		g_assert_cmpint(read(node->spool_fd, spooled->content, node->len + 1), ==, node->len);
		spooled->fd = node->spool_fd;
		spooled->files++;
	}
	return TRUE;
}

static void
a_large_literal_goes_to_a_file(void)
{
	g_autofree char *large = g_strnfill(300000, 'z');
	g_autoptr(GString) says = g_string_new("* X {300000}\r\n");
	struct spooled spooled = {.fd = -1};
	struct imap_parser *parser = imap_parser_new(NULL, read_spooled, &spooled);
	guint64 have, total;

	g_assert_false(imap_parser_progress(parser, &have, &total));
	feed_cut(parser, says->str, says->len, 4096, NULL);
	g_assert_true(imap_parser_progress(parser, &have, &total));
	g_assert_cmpuint(have, ==, 0);
	g_assert_cmpuint(total, ==, 300000);
	feed_cut(parser, large, 100000, 4096, NULL);
	g_assert_true(imap_parser_progress(parser, &have, &total));
	g_assert_cmpuint(have, ==, 100000);
	feed_cut(parser, large, 200000, 4096, NULL);
	g_assert_false(imap_parser_progress(parser, &have, &total));
	feed_cut(parser, " y {2}\r\nab\r\n", 12, 4096, NULL);
	g_assert_cmpuint(spooled.files, ==, 1);
	g_assert_cmpuint(spooled.in_memory, ==, 2);
	g_assert_cmpmem(spooled.content, spooled.len, large, 300000);
	/* Closed after the callback. */
	g_assert_cmpint(lseek(spooled.fd, 0, SEEK_CUR), ==, -1);
	imap_parser_free(parser);
	g_free(spooled.content);
}

static void
literals_beyond_the_memory_go_to_files(void)
{
	struct imap_limits limits = {.memory = 10, .spool_above = 6};
	struct spooled spooled = {.fd = -1};
	struct imap_parser *parser = imap_parser_new(&limits, read_spooled, &spooled);
	static const char says[] =
	        "* X {6}\r\nabcdef {4}\r\nghij {1}\r\nk {7}\r\nlmnopqr\r\n* X {6}\r\nabcdef\r\n";

	feed_cut(parser, says, sizeof(says) - 1, 1, NULL);
	g_assert_cmpuint(spooled.in_memory, ==, 3);
	g_assert_cmpuint(spooled.files, ==, 2);
	g_assert_cmpmem(spooled.content, spooled.len, "lmnopqr", 7);
	imap_parser_free(parser);
	g_free(spooled.content);
}

static void
no_place_for_a_file_is_told(void)
{
	struct imap_limits limits = {.spool_above = 1, .spool_dir = "/nonexistent/folder"};
	g_autoptr(GError) error = NULL;
	struct spooled spooled = {.fd = -1};
	struct imap_parser *parser = imap_parser_new(&limits, read_spooled, &spooled);

	g_assert_cmpint(imap_parser_feed(parser, (const unsigned char *)"* X {2}\r\n", 9, &error), ==, -1);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, "/nonexistent/folder"));
	imap_parser_free(parser);
}

static void
a_parser_may_be_freed_in_the_middle(void)
{
	static const char *const starts[] = {"* OK [X (((", "* 1 FETCH (BODY[] {500000}\r\nabc",
	                                     "* 1 FETCH (BODY[] {50}\r\nabc"};

	for (guint i = 0; i < G_N_ELEMENTS(starts); i++) {
		g_autoptr(GString) heard = g_string_new(NULL);
		struct listener listener = {heard, FALSE};
		struct imap_parser *parser = imap_parser_new(NULL, hear, &listener);

		feed_cut(parser, starts[i], strlen(starts[i]), 4, NULL);
		imap_parser_free(parser);
		g_assert_cmpuint(heard->len, ==, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(dialogues); i++) {
		g_autofree char *path = g_strdup_printf("/imap/parse/%s", dialogues[i].name);

		g_test_add_data_func(path, &dialogues[i], dialogue_is_understood_in_any_cut);
	}
	g_test_add_func("/imap/parse/all", all_dialogues_run_through_one_parser);
	g_test_add_func("/imap/parse/nuls", nuls_before_a_response_are_passed_over);
	g_test_add_func("/imap/parse/any-octet", a_literal_may_hold_any_octet);
	g_test_add_func("/imap/parse/stop", a_callback_that_says_stop_leaves_the_rest);
	for (guint i = 0; i < G_N_ELEMENTS(breaches); i++) {
		g_autofree char *path = g_strdup_printf("/imap/limits/%s", breaches[i].name);

		g_test_add_data_func(path, &breaches[i], breach_ends_the_connection);
	}
	g_test_add_func("/imap/limits/just-fits", what_just_fits_is_taken);
	g_test_add_func("/imap/limits/too-deep", what_lies_too_deep_is_left_out);
	g_test_add_func("/imap/limits/parentheses", a_million_parentheses_are_read);
	g_test_add_func("/imap/spool/large", a_large_literal_goes_to_a_file);
	g_test_add_func("/imap/spool/memory", literals_beyond_the_memory_go_to_files);
	g_test_add_func("/imap/spool/no-place", no_place_for_a_file_is_told);
	g_test_add_func("/imap/spool/freed", a_parser_may_be_freed_in_the_middle);
	return g_test_run();
}
