/* Header blocks as they come: which fields are seen, and what the envelope says. */
#include "mime/envelope.h"
#include <string.h>

/* "name=value" of each field, '|' between, line ends in values shown as '~'; then what is left, behind '#'.
 */
static char *
list_fields(const char *in)
{
	const char *at = in, *end = in + strlen(in);
	GString *out = g_string_new(NULL);
	struct mime_field field;

	while (mime_field_next(&at, end, &field)) {
		g_string_append_len(out, field.name, (gssize)field.name_len);
		g_string_append_c(out, '=');
		g_string_append_len(out, field.value, (gssize)field.value_len);
		g_string_append_c(out, '|');
	}
	g_string_append_printf(out, "#%s", at);
	g_strdelimit(out->str, "\r\n", '~');
	return g_string_free(out, FALSE);
}

static const struct {
	const char *in, *out;
} blocks[] = {
        {"", "#"},
        {"\r\nbody", "#body"},
        {"A: 1\r\nB: 2\r\n\r\nbody", "A=1|B=2|#body"},
        {"A: 1\nB: 2\n\nbody", "A=1|B=2|#body"},
        {"A: 1\rB: 2\r\rbody", "A=1|B=2|#body"},
        {"A: 1\r\r\nB: 2\r\r\n\r\r\nbody", "A=1|B=2|#body"},
        {"A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n", "A=1~~ 2~~\t3|B=|#"},
        {"A:\r\n 1\r\n \r\nB: 2", "A=~~ 1~~ |B=2|#"},
        {"A : 1\nB\t:2\n", "A=1|B=2|#"},
        {"A:1:2\n", "A=1:2|#"},
        {"From a@b Mon Jan  1 00:00:00 2024\nA: 1\n", "A=1|#"},
        {">From a@b Mon Jan  1 00:00:00 2024\nA: 1\n", "A=1|#"},
        {" orphan\nA: 1\n", "A=1|#"},
        {"A: 1\njunk line\nB: 2\n", "A=1|B=2|#"},
        {"A: 1\njunk\n : line\n more\nB: 2\n", "A=1|B=2|#"},
        {"A: 1\nThe body begins\nwithout a blank line: here\n",
         "A=1|#The body begins~without a blank line: here~"},
        {"A: 1\n--boundary\nB: 2\n", "A=1|#--boundary~B: 2~"},
        {": no name\nA: 1\n", "A=1|#"},
        {"Gr\xc3\xbc: x\nA: 1\n", "A=1|#"},
};

static void
test_each_block(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++) {
		g_autofree char *out = list_fields(blocks[i].in);

		g_assert_cmpstr(out, ==, blocks[i].out);
	}
}

static void
read_envelope(struct envelope *env, const char *in)
{
	envelope_from_headers(env, in, strlen(in));
}

static void
assert_address(GPtrArray *list, guint i, const char *name, const char *email)
{
	const struct mime_address *address;

	g_assert_cmpuint(i, <, list->len);
	address = list->pdata[i];
	g_assert_cmpstr(address->name, ==, name);
	g_assert_cmpstr(address->email, ==, email);
}

static void
test_a_whole_envelope(void)
{
	struct envelope env;

	read_envelope(&env, "Return-Path: <x@example.org>\r\n"
	                    "From: Ann <ann@example.org>\r\n"
	                    "SENDER: bob@example.org\r\n"
	                    "Reply-To: list@example.org\r\n"
	                    "To: a@example.org,\r\n b@example.org\r\n"
	                    "To: c@example.org\r\n"
	                    "Cc: d@example.org\r\n"
	                    "Bcc: e@example.org\r\n"
	                    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
	                    "Date: Tue, 17 Mar 2026 09:41:23 +0100\r\n"
	                    "Message-ID: <1@example.org>\r\n"
	                    "In-Reply-To: <0@example.org>\r\n"
	                    "References: <a@example.org>\r\n <0@example.org>\r\n"
	                    "List-Id: \"The list\" <list.example.org>\r\n"
	                    "List-Post: <mailto:list@example.org>\r\n"
	                    "List-Unsubscribe: <https://example.org/u>,\r\n <mailto:u@example.org>\r\n"
	                    "Content-Type: Multipart/Mixed; boundary=x\r\n"
	                    "\r\nSubject: not this\r\n");
	assert_address(env.from, 0, "Ann", "ann@example.org");
	assert_address(env.sender, 0, "", "bob@example.org");
	assert_address(env.reply_to, 0, "", "list@example.org");
	assert_address(env.to, 1, "", "b@example.org");
	assert_address(env.to, 2, "", "c@example.org");
	assert_address(env.cc, 0, "", "d@example.org");
	assert_address(env.bcc, 0, "", "e@example.org");
	g_assert_cmpstr(env.subject, ==, "Grüße");
	g_assert_true(env.has_date);
	g_assert_cmpint(env.date, ==, 1773736883);
	g_assert_cmpint(env.zone, ==, 60);
	g_assert_cmpstr(env.message_id, ==, "<1@example.org>");
	g_assert_cmpstr(env.in_reply_to, ==, "<0@example.org>");
	g_assert_cmpuint(g_strv_length(env.references), ==, 2);
	g_assert_cmpstr(env.references[0], ==, "<a@example.org>");
	g_assert_cmpstr(env.list_id, ==, "list.example.org");
	g_assert_cmpstr(env.list_post, ==, "<mailto:list@example.org>");
	g_assert_cmpstr(env.list_unsubscribe, ==, "<https://example.org/u>, <mailto:u@example.org>");
	g_assert_cmpstr(env.content_type, ==, "multipart/mixed");
	envelope_clear(&env);
}

static void
test_nothing_is_never_null(void)
{
	struct envelope env;

	read_envelope(&env, "");
	g_assert_cmpuint(env.from->len + env.sender->len + env.reply_to->len, ==, 0);
	g_assert_cmpuint(env.to->len + env.cc->len + env.bcc->len, ==, 0);
	g_assert_cmpstr(env.subject, ==, "");
	g_assert_cmpstr(env.message_id, ==, "");
	g_assert_cmpstr(env.in_reply_to, ==, "");
	g_assert_cmpstr(env.list_id, ==, "");
	g_assert_cmpstr(env.list_post, ==, "");
	g_assert_cmpstr(env.list_unsubscribe, ==, "");
	g_assert_cmpstr(env.content_type, ==, "");
	g_assert_cmpuint(g_strv_length(env.references), ==, 0);
	g_assert_false(env.has_date);
	envelope_clear(&env);
}

static void
test_the_first_that_says_something_counts(void)
{
	struct envelope env;

	read_envelope(&env, "Subject:\nSubject: one\nSubject: two\nFrom: a@b.example\nFrom: c@d.example\n"
	                    "Date: soon\nDate: 1 Jan 2001 00:00:00 +0000\nMessage-ID:\nMessage-ID: <1@b>\n");
	g_assert_cmpstr(env.subject, ==, "one");
	g_assert_cmpuint(env.from->len, ==, 1);
	assert_address(env.from, 0, "", "a@b.example");
	g_assert_cmpint(env.date, ==, 978307200);
	g_assert_cmpstr(env.message_id, ==, "<1@b>");
	envelope_clear(&env);
}

static const struct {
	const char *field, *id;
} ids[] = {
        {"Message-ID: <a@b>", "<a@b>"},
        {"Message-ID: junk <a@b> junk", "<a@b>"},
        {"Message-ID: <a\r\n b@c>", "<ab@c>"},
        {"Message-ID: a@b", "<a@b>"},
        {"Message-ID: <a@b", "<a@b>"},
        {"Message-ID: <<a@b>>", "<a@b>"},
        {"Message-ID: <>", ""},
        {"Message-ID: <no-at-sign>", "<no-at-sign>"},
        {"Message-ID: <\xfc@b>", "<ü@b>"},
        {"In-Reply-To: <a@b> <c@d>", "<a@b>"},
        {"In-Reply-To: Your message of <Mon, 1 Jan>  \"x\" <a@b>", "<a@b>"},
        {"In-Reply-To: Your message to ann@example.org of Monday", ""},
        {"In-Reply-To: a@b", "<a@b>"},
};

static void
test_message_ids(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		struct envelope env;
		gboolean own = ids[i].field[0] == 'M';

		read_envelope(&env, ids[i].field);
		g_assert_cmpstr(own ? env.message_id : env.in_reply_to, ==, ids[i].id);
		envelope_clear(&env);
	}
}

static void
test_references_without_brackets(void)
{
	struct envelope env;

	read_envelope(&env, "References: a@b, c@d junk\r\n e@f");
	g_assert_cmpuint(g_strv_length(env.references), ==, 3);
	g_assert_cmpstr(env.references[1], ==, "<c@d>");
	envelope_clear(&env);
}

static void
test_a_hundred_thousand_references(void)
{
	struct envelope env;
	g_autoptr(GString) in = g_string_new("References:");

	for (int i = 0; i < 100000; i++)
		g_string_append_printf(in, " <%d@x>", i);
	read_envelope(&env, in->str);
	g_assert_cmpuint(g_strv_length(env.references), ==, 100);
	g_assert_cmpstr(env.references[0], ==, "<0@x>");
	g_assert_cmpstr(env.references[1], ==, "<99901@x>");
	g_assert_cmpstr(env.references[99], ==, "<99999@x>");
	envelope_clear(&env);
}

static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {"<", ">", "<>",    "\r",      "\n ",    "a:\r",       "a\n",
	                                     ":", "a", "<a@b>", "From \n", "To:a\n", "Subject: \n"};
	static const char *const fields[] = {
	        "", "References: ", "Message-ID: ", "Subject: ", "Content-Type: ", "List-Id: "};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		for (gsize f = 0; f < G_N_ELEMENTS(fields); f++) {
			struct envelope env;
			g_autoptr(GString) in = g_string_new(fields[f]);

			for (int k = 0; k < 300000; k++)
				g_string_append(in, pieces[i]);
			read_envelope(&env, in->str);
			g_assert_true(g_utf8_validate(env.subject, -1, NULL));
			envelope_clear(&env);
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fields/each-block", test_each_block);
	g_test_add_func("/envelope/whole", test_a_whole_envelope);
	g_test_add_func("/envelope/nothing-is-never-null", test_nothing_is_never_null);
	g_test_add_func("/envelope/the-first-that-says-something-counts",
	                test_the_first_that_says_something_counts);
	g_test_add_func("/envelope/message-ids", test_message_ids);
	g_test_add_func("/envelope/references-without-brackets", test_references_without_brackets);
	g_test_add_func("/envelope/a-hundred-thousand-references", test_a_hundred_thousand_references);
	g_test_add_func("/envelope/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
