#include "proto/imap/parse.h"

#include <string.h>

/* Runs check over the one response in line. */
static void
with_response(const char *line, imap_response_fn check, void *user)
{
	g_autoptr(GError) error = NULL;
	struct imap_parser *parser = imap_parser_new(NULL, check, user);

	g_assert_cmpint(imap_parser_feed(parser, (const unsigned char *)line, strlen(line), &error), ==,
	                strlen(line));
	g_assert_no_error(error);
	imap_parser_free(parser);
}

/* -- FETCH -- */

static gboolean
check_fetch(const struct imap_response *response, void *user)
{
	struct imap_fetch fetch;

	g_assert_true(imap_fetch_decode(response, &fetch));
	g_assert_cmpuint(fetch.seq, ==, 12);
	g_assert_cmpuint(fetch.uid, ==, 4831);
	g_assert_cmpuint(fetch.modseq, ==, G_GUINT64_CONSTANT(9007199254740993));
	g_assert_cmpuint(fetch.size, ==, 4423);
	g_assert_true(fetch.has_flags);
	g_assert_true(imap_node_is(fetch.flags, "\\seen"));
	g_assert_true(imap_node_is(fetch.flags->next, "$Label1"));
	g_assert_null(fetch.flags->next->next);
	g_assert_true(fetch.has_internaldate);
	g_assert_cmpint(fetch.internaldate, ==, 837596665);
	g_assert_true(imap_node_is(fetch.structure->first, "text"));
	g_assert_cmpstr((const char *)fetch.preview->text, ==, "Hello");
	g_assert_cmpstr(fetch.email_id, ==, "M6d99ac3275bb4e");
	g_assert_cmpstr(fetch.thread_id, ==, "T64b478a75b7ea9");
	g_assert_cmpuint(fetch.n_sections, ==, 4);
	g_assert_cmpstr(fetch.sections[0].section, ==, "HEADER.FIELDS (DATE FROM)");
	g_assert_false(fetch.sections[0].partial);
	g_assert_cmpstr((const char *)fetch.sections[0].value->text, ==, "abc");
	g_assert_cmpstr(fetch.sections[1].section, ==, "1.2");
	g_assert_true(fetch.sections[1].binary);
	g_assert_true(fetch.sections[1].partial);
	g_assert_cmpuint(fetch.sections[1].origin, ==, 4096);
	g_assert_true(fetch.sections[1].value->literal8);
	g_assert_cmpstr(fetch.sections[2].section, ==, "1.2");
	g_assert_true(fetch.sections[2].binary && fetch.sections[2].sized && !fetch.sections[2].value);
	g_assert_cmpuint(fetch.sections[2].size, ==, 77);
	g_assert_cmpstr(fetch.sections[3].section, ==, "");
	g_assert_cmpint(fetch.sections[3].value->type, ==, IMAP_NIL);
	++*(int *)user;
	return TRUE;
}

static void
a_fetch_is_taken_apart(void)
{
	int calls = 0;

	with_response(
	        "* 12 FETCH (UID 4831 FLAGS (\\Seen $Label1) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
	        "RFC822.SIZE 4423 MODSEQ (9007199254740993) BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL "
	        "\"7BIT\" 5 1) "
	        "BODY (\"MESSAGE\") PREVIEW \"Hello\" EMAILID (M6d99ac3275bb4e) THREADID (T64b478a75b7ea9) "
	        "X-UNKNOWN (a (b)) ENVELOPE (NIL NIL) BODY[HEADER.FIELDS (DATE FROM)] {3}\r\nabc "
	        "BINARY[1.2]<4096> ~{1}\r\nx BINARY.SIZE[1.2] 77 BODY[] NIL)\r\n",
	        check_fetch, &calls);
	g_assert_cmpint(calls, ==, 1);
}

/* A line and, in a few words, what is made of it. */
struct reading {
	const char *line, *words;
};

static const struct reading fetches[] = {
        {"* 1 FETCH (UID 5 FLAGS ())\r\n", "1 uid=5 flags="},
        {"* 1 FETCH (FLAGS NIL UID 5)\r\n", "1 uid=5 flags="},
        {"* 0 FETCH (UID 5)\r\n", "0 uid=5"},
        {"* 1 FETCH UID 5\r\n", "1 uid=5"},
        {"* 1 FETCH ()\r\n", "1"},
        {"* 1 FETCH\r\n", "1"},
        {"* 1 FETCH (UID)\r\n", "1"},
        {"* 1 FETCH (uid 5 MODSEQ 7)\r\n", "1 uid=5 modseq=7"},
        {"* 1 FETCH (UID 5 MODSEQ (-1))\r\n", "1 uid=5"},
        {"* 1 FETCH (UID 18446744073709551617)\r\n", "1"},
        {"* 1 FETCH (() UID 5 () RFC822.SIZE 9.3736e+06)\r\n", "1 uid=5 size=9373600"},
        {"* 1 FETCH (X-GM-MSGID 1592225494819146127 X-GM-THRID 15 UID 5)\r\n",
         "1 uid=5 email=1592225494819146127 thread=15"},
        {"* 1 FETCH (EMAILID NIL THREADID NIL UID 5)\r\n", "1 uid=5"},
        {"* 1 FETCH (EMAILID () UID 5)\r\n", "1 uid=5"},
        {"* 1 FETCH (RFC822 \"a\" RFC822.HEADER \"b\" RFC822.TEXT NIL)\r\n", "1 []=a [HEADER]=b [TEXT]="},
        {"* 1 FETCH (BODY[1]<0> UID 5)\r\n", "1 uid=5"},
        {"* 1 FETCH (BODY[1]<0> \"a\" BODY[2]<17> \"b\")\r\n", "1 [1]<0>=a [2]<17>=b"},
        {"* 1 FETCH (BODY[1]<> \"a\" BODY[2]<x> \"b\" BODY[3]< \"c\")\r\n", "1 [1]=a [2]=b [3]=c"},
        {"* 1 FETCH (BODY[TEXT NIL)\r\n", "1"},
        {"* 1 FETCH (BINARY[1] ~{1}\r\na binary.size[2] 5 UID 5)\r\n", "1 uid=5 [1]=a [2]#5"},
        {"* 1 FETCH (BINARY[1] NIL BINARY.SIZE[1] NIL BINARY.SIZE[2] -1 UID 5)\r\n", "1 uid=5 [1]="},
        {"* 1 FETCH (BINARY[1] UID 5)\r\n", "1 uid=5"},
        {"* 1 FETCH (BINARY.SIZE[] 5 BINARY.SIZE 5 BINARY[1.2]<5> {0}\r\n)\r\n", "1 []#5 [1.2]<5>="},
        {"* 1 FETCH (BODY[1] (a) UID 5)\r\n", "1 uid=5"},
        {"* 1 FETCH (BODY (\"TEXT\" \"PLAIN\"))\r\n", "1 structure"},
        {"* 1 FETCH (BODY NIL BODYSTRUCTURE NIL)\r\n", "1"},
        {"* 1 FETCH (PREVIEW NIL)\r\n", "1"},
        {"* 1 FETCH (PREVIEW (FUZZY \"so\"))\r\n", "1 preview=so"},
        {"* 1 FETCH (INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\")\r\n", "1 date=836732665"},
        {"* 1 FETCH (INTERNALDATE \"7-jul-1996 02:44:25 -0700\")\r\n", "1 date=836732665"},
        {"* 1 FETCH (INTERNALDATE \"01-Jan-1970 00:00:00 +0000\")\r\n", "1 date=0"},
        {"* 1 FETCH (INTERNALDATE \"01-Jan-1970 00:00:00\")\r\n", "1 date=0"},
        {"* 1 FETCH (INTERNALDATE \"31-Dec-1969 23:30:00 -0100\")\r\n", "1 date=1800"},
        {"* 1 FETCH (INTERNALDATE \"29-Feb-2000 12:00:00 +0530\")\r\n", "1 date=951805800"},
        {"* 1 FETCH (INTERNALDATE \"19-Jan-2038 03:14:08 +0000\")\r\n", "1 date=2147483648"},
        {"* 1 FETCH (INTERNALDATE \"01-Mar-2100 00:00:00 +0000\")\r\n", "1 date=4107542400"},
        {"* 1 FETCH (INTERNALDATE \"00-Jan-0000 00:00:00 +0000\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE \"32-Jan-2000 00:00:00 +0000\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE \"12-Foo-2000 00:00:00 +0000\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE \"12-Jan-2000 24:00:00 +0000\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE \"12-Jan-2000 0\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE \"\")\r\n", "1"},
        {"* 1 FETCH (INTERNALDATE NIL)\r\n", "1"},
        {"* 1 FETCH (SAVEDATE \"17-Jul-1996 02:44:25 -0700\" UID 5)\r\n", "1 uid=5 saved=837596665"},
        {"* 1 FETCH (UID 5 savedate NIL)\r\n", "1 uid=5"},
        {"* 1 FETCH (UID 5 SAVEDATE \"yesterday\" SAVEDATE (1) SAVEDATE)\r\n", "1 uid=5"},
        {"* FETCH (UID 5)\r\n", "no"},
        {"* 1 EXISTS\r\n", "no"},
        {"* OK fine\r\n", "no"},
        {"+ go\r\n", "no"},
};

static void
append_number(GString *out, const char *name, guint64 number)
{
	if (number)
		g_string_append_printf(out, " %s=%" G_GUINT64_FORMAT, name, number);
}

static gboolean
describe_fetch(const struct imap_response *response, void *user)
{
	GString *out = user;
	struct imap_fetch fetch;

	if (!imap_fetch_decode(response, &fetch)) {
		g_string_append(out, "no");
		return TRUE;
	}
	g_string_append_printf(out, "%" G_GUINT64_FORMAT, fetch.seq);
	append_number(out, "uid", fetch.uid);
	if (fetch.has_saved)
		g_string_append_printf(out, " saved=%" G_GINT64_FORMAT, fetch.saved);
	append_number(out, "modseq", fetch.modseq);
	append_number(out, "size", fetch.size);
	if (fetch.has_flags)
		g_string_append_printf(out, " flags=%s", fetch.flags ? "some" : "");
	if (fetch.has_internaldate)
		g_string_append_printf(out, " date=%" G_GINT64_FORMAT, fetch.internaldate);
	if (fetch.structure)
		g_string_append(out, " structure");
	if (fetch.preview)
		g_string_append_printf(out, " preview=%s", fetch.preview->text);
	if (fetch.email_id)
		g_string_append_printf(out, " email=%s", fetch.email_id);
	if (fetch.thread_id)
		g_string_append_printf(out, " thread=%s", fetch.thread_id);
	for (guint i = 0; i < fetch.n_sections; i++) {
		g_string_append_printf(out, " [%s]", fetch.sections[i].section);
		if (fetch.sections[i].partial)
			g_string_append_printf(out, "<%" G_GUINT64_FORMAT ">", fetch.sections[i].origin);
		if (fetch.sections[i].sized)
			g_string_append_printf(out, "#%" G_GUINT64_FORMAT, fetch.sections[i].size);
		else
			g_string_append_printf(out, "=%s", fetch.sections[i].value->text);
	}
	return TRUE;
}

static gboolean
count_sections(const struct imap_response *response, void *user)
{
	struct imap_fetch fetch;

	g_assert_true(imap_fetch_decode(response, &fetch));
	*(guint *)user = fetch.n_sections;
	g_assert_cmpuint(fetch.uid, ==, 9);
	return TRUE;
}

static void
sections_beyond_the_room_are_passed_over(void)
{
	g_autoptr(GString) line = g_string_new("* 1 FETCH (");
	guint n = 0;

	for (int i = 0; i < 40; i++)
		g_string_append_printf(line, "BODY[%d] \"x\" ", i + 1);
	g_string_append(line, "UID 9)\r\n");
	with_response(line->str, count_sections, &n);
	g_assert_cmpuint(n, ==, 16);
}

/* -- LIST -- */

static const struct reading lists[] = {
        {"* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"\r\n", "/ Sent Items: \\HasNoChildren \\Sent"},
        {"* LSUB () NIL inbox\r\n", "NIL inbox:"},
        {"* XLIST (\\Inbox) \"\\\\\" {3}\r\nABC\r\n", "\\ ABC: \\Inbox"},
        {"* LIST () \"\" x\r\n", "NIL x:"},
        {"* LIST NIL . x\r\n", ". x:"},
        {"* LIST () \"/\" NIL\r\n", "/ NIL:"},
        {"* LIST () \"/\" \"\"\r\n", "/ :"},
        {"* LIST () \"/\" x (\"OLDNAME\" (\"y\"))\r\n", "/ x: +OLDNAME"},
        {"* LIST () \"/\"\r\n", "no"},
        {"* LIST ()\r\n", "no"},
        {"* LIST\r\n", "no"},
        {"* LIST () () x\r\n", "no"},
        {"* LIST () \"/\" (x)\r\n", "no"},
        {"* STATUS x (UNSEEN 1)\r\n", "no"},
        {"A1 OK done\r\n", "no"},
};

static gboolean
describe_list(const struct imap_response *response, void *user)
{
	GString *out = user;
	struct imap_list list;

	if (!imap_list_decode(response, &list)) {
		g_string_append(out, "no");
		return TRUE;
	}
	if (list.delimiter)
		g_string_append_c(out, list.delimiter);
	else
		g_string_append(out, "NIL");
	g_string_append_printf(out, " %.*s:", (int)list.name_len, (const char *)list.name);
	for (const struct imap_node *node = list.attributes; node; node = node->next)
		g_string_append_printf(out, " %s", node->text);
	if (list.extended)
		g_string_append_printf(out, " +%s", list.extended->text);
	return TRUE;
}

/* -- STATUS -- */

static const struct reading statuses[] = {
        {"* STATUS \"a b\" (MESSAGES 231 UIDNEXT 44292 UIDVALIDITY 1 UNSEEN 0 HIGHESTMODSEQ 7011231777 SIZE "
         "99 MAILBOXID (F2))\r\n",
         "a b messages=231 unseen=0 uidnext=44292 uidvalidity=1 modseq=7011231777 size=99 id=F2"},
        {"* STATUS INBOX (MESSAGES 1 ) \r\n", "INBOX messages=1"},
        {"* STATUS INBOX ()\r\n", "INBOX"},
        {"* STATUS INBOX\r\n", "INBOX"},
        {"* STATUS INBOX (UNSEEN NIL DELETED 4 MESSAGES -1 UIDNEXT)\r\n", "INBOX"},
        {"* STATUS {3}\r\na\"b (UNSEEN 2)\r\n", "a\"b unseen=2"},
        {"* STATUS INBOX (MAILBOXID () MESSAGES 2)\r\n", "INBOX messages=2"},
        {"* STATUS (x)\r\n", "no"},
        {"* STATUS\r\n", "no"},
};

static gboolean
describe_status(const struct imap_response *response, void *user)
{
	GString *out = user;
	struct imap_status_data s;

	if (!imap_status_decode(response, &s)) {
		g_string_append(out, "no");
		return TRUE;
	}
	g_string_append_len(out, (const char *)s.name, (gssize)s.name_len);
	const struct {
		const char *name;
		gboolean has;
		guint64 value;
	} fields[] = {
	        {"messages", s.has_messages, s.messages},
	        {"unseen", s.has_unseen, s.unseen},
	        {"uidnext", s.has_uidnext, s.uidnext},
	        {"uidvalidity", s.has_uidvalidity, s.uidvalidity},
	        {"modseq", s.has_highestmodseq, s.highestmodseq},
	        {"size", s.has_size, s.size},
	};
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		if (fields[i].has)
			g_string_append_printf(out, " %s=%" G_GUINT64_FORMAT, fields[i].name,
			                       fields[i].value);
	if (s.mailbox_id)
		g_string_append_printf(out, " id=%s", s.mailbox_id);
	return TRUE;
}

/* -- SEARCH, ESEARCH, VANISHED -- */

static const struct reading searches[] = {
        {"* SEARCH\r\n", ""},
        {"* SEARCH 2 84 882 83\r\n", "2,83:84,882"},
        {"* SEARCH 3 0 x 4294967296 4 -1\r\n", "3:4"},
        {"* SEARCH 2 5 6 (MODSEQ 917162500)\r\n", "2,5:6 modseq=917162500"},
        {"* ESEARCH (TAG \"A282\") MIN 2 COUNT 3\r\n", " count=3 min=2 tag=A282"},
        {"* ESEARCH (TAG A9) UID ALL 2,10:11,5 MODSEQ 12 MAX 11\r\n",
         "2,5,10:11 all max=11 modseq=12 uid tag=A9"},
        {"* ESEARCH (TAG \"x\" MAILBOX \"y\" UIDVALIDITY 1) UID COUNT 0\r\n", " count=0 uid tag=x"},
        {"* ESEARCH (TAG \"A\") UID PARTIAL (-1:-50 4,7:8)\r\n", "4,7:8 partial uid tag=A"},
        {"* ESEARCH (TAG \"A\") UID PARTIAL (1:50 NIL)\r\n", " partial uid tag=A"},
        {"* ESEARCH (TAG \"A\") ALL 1:x COUNT 2\r\n", " count=2 tag=A"},
        {"* ESEARCH COUNT\r\n", ""},
        {"* ESEARCH\r\n", ""},
        {"* EXISTS\r\n", "no"},
};

static gboolean
describe_search(const struct imap_response *response, void *user)
{
	GString *out = user;
	struct uidset set;
	struct imap_search search = {.all = &set};
	g_autofree char *text = NULL;

	uidset_init(&set);
	if (!imap_search_decode(response, &search)) {
		g_string_append(out, "no");
		return TRUE;
	}
	text = uidset_format(&set);
	g_string_append_printf(out, "%s%s%s", text, search.has_all ? " all" : "",
	                       search.has_partial ? " partial" : "");
	if (search.has_count)
		g_string_append_printf(out, " count=%" G_GUINT64_FORMAT, search.count);
	append_number(out, "min", search.min);
	append_number(out, "max", search.max);
	append_number(out, "modseq", search.modseq);
	g_string_append(out, search.uid ? " uid" : "");
	if (search.tag)
		g_string_append_printf(out, " tag=%s", search.tag);
	uidset_clear(&set);
	return TRUE;
}

static const struct reading vanisheds[] = {
        {"* VANISHED (EARLIER) 300:310,405,411\r\n", "300:310,405,411 earlier"},
        {"* VANISHED 405\r\n", "405"},
        {"* VANISHED 1:4294967295\r\n", "1:4294967295"},
        {"* VANISHED 1:4294967296\r\n", "no"},
        {"* VANISHED 1:*\r\n", "no"},
        {"* VANISHED (EARLIER)\r\n", "no"},
        {"* VANISHED\r\n", "no"},
        {"* 5 EXPUNGE\r\n", "no"},
};

static gboolean
describe_vanished(const struct imap_response *response, void *user)
{
	GString *out = user;
	struct uidset set;
	gboolean earlier;

	uidset_init(&set);
	if (imap_vanished_decode(response, &set, &earlier)) {
		g_autofree char *text = uidset_format(&set);

		g_string_append_printf(out, "%s%s", text, earlier ? " earlier" : "");
	} else {
		g_string_append(out, "no");
	}
	uidset_clear(&set);
	return TRUE;
}

static void
expect_readings(const struct reading *readings, guint n, imap_response_fn describe)
{
	for (guint i = 0; i < n; i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		g_test_message("%s", readings[i].line);
		with_response(readings[i].line, describe, out);
		g_assert_cmpstr(out->str, ==, readings[i].words);
	}
}

static void
fetches_are_read_as_servers_write_them(void)
{
	expect_readings(fetches, G_N_ELEMENTS(fetches), describe_fetch);
}

static void
lists_are_read_as_servers_write_them(void)
{
	expect_readings(lists, G_N_ELEMENTS(lists), describe_list);
}

static void
statuses_are_read_as_servers_write_them(void)
{
	expect_readings(statuses, G_N_ELEMENTS(statuses), describe_status);
}

static void
searches_are_read_as_servers_write_them(void)
{
	expect_readings(searches, G_N_ELEMENTS(searches), describe_search);
}

static void
vanished_is_read_strictly(void)
{
	expect_readings(vanisheds, G_N_ELEMENTS(vanisheds), describe_vanished);
}

static gboolean
collect_search(const struct imap_response *response, void *user)
{
	struct imap_search search = {.all = user};

	g_assert_true(imap_search_decode(response, &search));
	return TRUE;
}

static void
a_search_without_order_is_no_attack(void)
{
	g_autoptr(GString) line = g_string_new("* SEARCH");
	GRand *rand = g_rand_new_with_seed(3);
	struct uidset set;

	/* Added one by one these would move gigabytes. */
	for (int i = 0; i < 90000; i++)
		g_string_append_printf(line, " %d", g_rand_int_range(rand, 1, 1000000000) * 2);
	g_string_append(line, "\r\n");
	uidset_init(&set);
	with_response(line->str, collect_search, &set);
	g_assert_cmpuint(uidset_count(&set), >, 89000);
	g_assert_cmpuint(uidset_count(&set), <=, 90000);
	uidset_clear(&set);
	g_rand_free(rand);
}

/* -- accessors -- */

static gboolean
check_numbers(const struct imap_response *response, void *user)
{
	static const struct {
		gboolean is;
		guint64 value;
	} expected[] = {
	        {TRUE, 0},       {TRUE, 42},   {TRUE, G_MAXINT64}, {FALSE, 0}, {FALSE, 0}, {FALSE, 0},
	        {TRUE, 9373600}, {TRUE, 5000}, {TRUE, 1},          {FALSE, 0}, {FALSE, 0}, {FALSE, 0},
	        {FALSE, 0},      {TRUE, 7},    {FALSE, 0},         {FALSE, 0}, {TRUE, 0},  {FALSE, 0},
	};
	const struct imap_node *node = response->args;
	guint64 n;

	for (guint i = 0; i < G_N_ELEMENTS(expected); i++, node = node->next) {
		n = 99;
		g_test_message("%s", node->type == IMAP_LIST ? "()" : (const char *)node->text);
		g_assert_cmpint(imap_node_number(node, &n), ==, expected[i].is);
		g_assert_cmpuint(n, ==, expected[i].is ? expected[i].value : 99);
	}
	g_assert_null(node);
	++*(int *)user;
	return TRUE;
}

static void
numbers_have_63_bits_and_odd_spellings(void)
{
	int calls = 0;

	with_response("* X 0 42 9223372036854775807 9223372036854775808 18446744073709551617 -1 9.3736e+06 "
	              "5e3 1.9e0 1.5 1e "
	              "1e99 e5 \"7\" NIL () 0e99999999999 12a\r\n",
	              check_numbers, &calls);
	g_assert_cmpint(calls, ==, 1);
}

static gboolean
check_accessors(const struct imap_response *response, void *user)
{
	const struct imap_node *args = response->args;
	g_autofree char *atom = imap_node_dup(args), *nil = imap_node_dup(imap_node_nth(args, 1)),
	                *list = imap_node_dup(imap_node_nth(args, 2)), *none = imap_node_dup(NULL);

	g_assert_cmpstr(atom, ==, "Foo");
	g_assert_cmpstr(nil, ==, "");
	g_assert_cmpstr(list, ==, "");
	g_assert_cmpstr(none, ==, "");
	g_assert_true(imap_node_is(args, "fOO"));
	g_assert_false(imap_node_is(args, "Fo"));
	g_assert_false(imap_node_is(args, "Food"));
	g_assert_false(imap_node_is(imap_node_nth(args, 1), "NIL"));
	g_assert_false(imap_node_is(imap_node_nth(args, 2), ""));
	g_assert_false(imap_node_is(NULL, ""));
	g_assert_false(imap_node_number(NULL, &(guint64){0}));
	g_assert_null(imap_node_nth(args, 3));
	g_assert_null(imap_node_nth(NULL, 0));
	++*(int *)user;
	return TRUE;
}

static void
accessors_take_what_is_not_there(void)
{
	int calls = 0;

	with_response("* X Foo NIL ()\r\n", check_accessors, &calls);
	g_assert_cmpint(calls, ==, 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/decode/fetch", a_fetch_is_taken_apart);
	g_test_add_func("/imap/decode/fetches", fetches_are_read_as_servers_write_them);
	g_test_add_func("/imap/decode/many-sections", sections_beyond_the_room_are_passed_over);
	g_test_add_func("/imap/decode/lists", lists_are_read_as_servers_write_them);
	g_test_add_func("/imap/decode/statuses", statuses_are_read_as_servers_write_them);
	g_test_add_func("/imap/decode/searches", searches_are_read_as_servers_write_them);
	g_test_add_func("/imap/decode/search-without-order", a_search_without_order_is_no_attack);
	g_test_add_func("/imap/decode/vanished", vanished_is_read_strictly);
	g_test_add_func("/imap/decode/numbers", numbers_have_63_bits_and_odd_spellings);
	g_test_add_func("/imap/decode/accessors", accessors_take_what_is_not_there);
	return g_test_run();
}
