#include "proto/imap/write.h"

#include <string.h>

/* The command's chunks, each on the wire as it is, with "|" between them. */
static char *
wire(struct imap_command *cmd)
{
	g_autoptr(GString) out = g_string_new(NULL);

	imap_command_finish(cmd);
	for (guint i = 0; i < cmd->chunks->len; i++) {
		gsize len;
		const char *bytes = g_bytes_get_data(cmd->chunks->pdata[i], &len);

		g_string_append(out, i ? "|" : "");
		g_string_append_len(out, bytes, (gssize)len);
	}
	imap_command_free(cmd);
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
arguments_are_parted_by_blanks(void)
{
	struct imap_command *cmd = imap_command_new("A1", "UID FETCH", IMAP_LITERAL_SYNC);
	g_autofree char *bytes = NULL;

	imap_command_number(cmd, G_GUINT64_CONSTANT(18446744073709551615));
	imap_command_open(cmd);
	imap_command_atom(cmd, "FLAGS");
	imap_command_atom(cmd, "BODY.PEEK[HEADER.FIELDS (DATE FROM)]");
	imap_command_open(cmd);
	imap_command_open(cmd);
	imap_command_close(cmd);
	imap_command_string(cmd, "(", 1);
	imap_command_number(cmd, 7);
	imap_command_close(cmd);
	imap_command_close(cmd);
	imap_command_atom(cmd, "X");
	bytes = wire(cmd);
	g_assert_cmpstr(bytes, ==,
	                "A1 UID FETCH 18446744073709551615 (FLAGS BODY.PEEK[HEADER.FIELDS (DATE FROM)] (() "
	                "\"(\" 7)) X\r\n");
}

static void
a_command_may_have_no_arguments(void)
{
	struct imap_command *cmd = imap_command_new("A2", "NOOP", IMAP_LITERAL_PLUS);
	g_autofree char *bytes = wire(cmd);

	g_assert_cmpstr(bytes, ==, "A2 NOOP\r\n");
}

/* A person's text, and how it goes out with synchronizing literals. */
static const struct {
	const char *text;
	gsize len;
	const char *wire;
} strings[] = {
#define TEXT(s, w) \
	{ \
		s, sizeof(s) - 1, w \
	}
        TEXT("", "A LOGIN \"\"\r\n"),
        TEXT("plain", "A LOGIN \"plain\"\r\n"),
        TEXT("NIL", "A LOGIN \"NIL\"\r\n"),
        TEXT("with \"quotes\" and \\", "A LOGIN \"with \\\"quotes\\\" and \\\\\"\r\n"),
        TEXT("{3}", "A LOGIN \"{3}\"\r\n"),
        TEXT("(\\Seen) *%]", "A LOGIN \"(\\\\Seen) *%]\"\r\n"),
        TEXT("x\r\nB LOGOUT", "A LOGIN {11}\r\n|x\r\nB LOGOUT\r\n"),
        TEXT("x\"\nB", "A LOGIN {4}\r\n|x\"\nB\r\n"),
        TEXT("tab\t", "A LOGIN {4}\r\n|tab\t\r\n"),
        TEXT("\x7f", "A LOGIN {1}\r\n|\x7f\r\n"),
        TEXT("gr\xc3\xbc\xc3\x9f", "A LOGIN {6}\r\n|gr\xc3\xbc\xc3\x9f\r\n"),
};

static void
a_persons_text_stays_a_string(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(strings); i++) {
		struct imap_command *cmd = imap_command_new("A", "LOGIN", IMAP_LITERAL_SYNC);
		g_autofree char *bytes = NULL;

		imap_command_string(cmd, strings[i].text, strings[i].len);
		bytes = wire(cmd);
		g_assert_cmpstr(bytes, ==, strings[i].wire);
	}
}

static void
a_nul_makes_a_literal(void)
{
	struct imap_command *cmd = imap_command_new("A", "X", IMAP_LITERAL_PLUS);
	gsize len;
	const char *bytes;

	imap_command_string(cmd, "a\0b", 3);
	imap_command_finish(cmd);
	g_assert_cmpuint(cmd->chunks->len, ==, 1);
	bytes = g_bytes_get_data(cmd->chunks->pdata[0], &len);
	g_assert_cmpmem(bytes, len, "A X {3+}\r\na\0b\r\n", 15);
	imap_command_free(cmd);
}

static void
a_long_text_goes_as_a_literal(void)
{
	g_autofree char *text = g_strnfill(1001, 'x'), *bytes = NULL, *longest = NULL;
	struct imap_command *cmd = imap_command_new("A", "X", IMAP_LITERAL_PLUS);

	imap_command_string(cmd, text, 1001);
	bytes = wire(cmd);
	g_assert_true(g_str_has_prefix(bytes, "A X {1001+}\r\nxxx"));
	cmd = imap_command_new("A", "X", IMAP_LITERAL_PLUS);
	imap_command_string(cmd, text, 1000);
	longest = wire(cmd);
	g_assert_cmpuint(strlen(longest), ==, strlen("A X \"\"\r\n") + 1000);
}

static char *
with_literal(enum imap_literals literals, gsize len, gboolean binary)
{
	struct imap_command *cmd = imap_command_new("A", "APPEND", literals);
	g_autofree char *text = g_strnfill(len, 'z');

	imap_command_atom(cmd, "x");
	imap_command_literal(cmd, text, len, binary);
	imap_command_atom(cmd, "y");
	return wire(cmd);
}

static void
expect_literal(enum imap_literals literals, gsize len, gboolean binary, const char *announcement,
               gboolean waits)
{
	g_autofree char *bytes = with_literal(literals, len, binary), *text = g_strnfill(len, 'z');
	g_autofree char *expected =
	        g_strdup_printf("A APPEND x %s\r\n%s%s y\r\n", announcement, waits ? "|" : "", text);

	g_assert_cmpstr(bytes, ==, expected);
}

static void
literals_wait_as_the_server_can(void)
{
	expect_literal(IMAP_LITERAL_SYNC, 3, FALSE, "{3}", TRUE);
	expect_literal(IMAP_LITERAL_SYNC, 0, FALSE, "{0}", TRUE);
	expect_literal(IMAP_LITERAL_MINUS, 4096, FALSE, "{4096+}", FALSE);
	expect_literal(IMAP_LITERAL_MINUS, 4097, FALSE, "{4097}", TRUE);
	expect_literal(IMAP_LITERAL_PLUS, 4097, FALSE, "{4097+}", FALSE);
	expect_literal(IMAP_LITERAL_SYNC, 3, TRUE, "~{3}", TRUE);
	expect_literal(IMAP_LITERAL_PLUS, 3, TRUE, "~{3+}", FALSE);
}

static void
each_waiting_literal_ends_a_chunk(void)
{
	struct imap_command *cmd = imap_command_new("A", "LOGIN", IMAP_LITERAL_SYNC);
	g_autofree char *bytes = NULL;

	imap_command_literal(cmd, "me", 2, FALSE);
	imap_command_literal(cmd, "(", 1, FALSE);
	imap_command_atom(cmd, "z");
	bytes = wire(cmd);
	g_assert_cmpstr(bytes, ==, "A LOGIN {2}\r\n|me {1}\r\n|( z\r\n");
}

static const struct {
	const char *name, *wire;
} mailboxes[] = {
        {"INBOX", "A SELECT INBOX\r\n"},
        {"inbox", "A SELECT INBOX\r\n"},
        {"INBOX/x", "A SELECT \"INBOX/x\"\r\n"},
        {"Sent Items", "A SELECT \"Sent Items\"\r\n"},
        {"NIL", "A SELECT \"NIL\"\r\n"},
        {"", "A SELECT \"\"\r\n"},
        {"Entw&APw-rfe", "A SELECT \"Entw&APw-rfe\"\r\n"},
        {"a\"b\\c", "A SELECT \"a\\\"b\\\\c\"\r\n"},
        {"x\r\nA DELETE y", "A SELECT {13}\r\n|x\r\nA DELETE y\r\n"},
        {"\xfc", "A SELECT {1}\r\n|\xfc\r\n"},
};

static void
mailbox_names_are_strings(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(mailboxes); i++) {
		struct imap_command *cmd = imap_command_new("A", "SELECT", IMAP_LITERAL_SYNC);
		g_autofree char *bytes = NULL;

		imap_command_mailbox(cmd, mailboxes[i].name);
		bytes = wire(cmd);
		g_assert_cmpstr(bytes, ==, mailboxes[i].wire);
	}
}

static void
flags_are_told_from_injections(void)
{
	static const char *const good[] = {"\\Seen", "$Forwarded", "NonJunk", "a[b", "1", "x-y+z"};
	static const char *const bad[] = {"",   "\\",     "\\\\Seen", "a b",      "a)",
	                                  "(a", "a\r\nb", "\"a\"",    "a{1}",     "a]",
	                                  "*",  "\\*",    "%",        "\xc3\xa4", "a\x7f"};

	for (guint i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(imap_is_flag(good[i]));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_false(imap_is_flag(bad[i]));
}

static void
an_atom_with_a_line_end_stops_the_program(void)
{
	if (g_test_subprocess()) {
		struct imap_command *cmd = imap_command_new("A", "X", IMAP_LITERAL_SYNC);

		imap_command_atom(cmd, "a\r\nB LOGOUT");
		imap_command_free(cmd);
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_failed();
}

static void
a_command_may_be_dropped_unfinished(void)
{
	struct imap_command *cmd = imap_command_new("A", "X", IMAP_LITERAL_SYNC);

	imap_command_literal(cmd, "x", 1, FALSE);
	g_assert_cmpuint(cmd->chunks->len, ==, 1);
	imap_command_free(cmd);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/write/arguments", arguments_are_parted_by_blanks);
	g_test_add_func("/imap/write/no-arguments", a_command_may_have_no_arguments);
	g_test_add_func("/imap/write/strings", a_persons_text_stays_a_string);
	g_test_add_func("/imap/write/nul", a_nul_makes_a_literal);
	g_test_add_func("/imap/write/long", a_long_text_goes_as_a_literal);
	g_test_add_func("/imap/write/literals", literals_wait_as_the_server_can);
	g_test_add_func("/imap/write/chunks", each_waiting_literal_ends_a_chunk);
	g_test_add_func("/imap/write/mailboxes", mailbox_names_are_strings);
	g_test_add_func("/imap/write/flags", flags_are_told_from_injections);
	g_test_add_func("/imap/write/atom", an_atom_with_a_line_end_stops_the_program);
	g_test_add_func("/imap/write/dropped", a_command_may_be_dropped_unfinished);
	return g_test_run();
}
