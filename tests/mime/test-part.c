/* Structure out of octets, its text form, and what of it is shown or attached. Trees are compared as text:
 * section type/subtype "body", one part a line, in order.
 */
#include "mime/part.h"
#include <string.h>

struct dump {
	const char *bytes;
	GString *out;
};

static gboolean
dump_part(const struct mime_part *part, void *user)
{
	struct dump *dump = user;

	g_string_append_printf(dump->out, "%s %s/%s", part->section, part->type, part->subtype);
	if (!part->children->len) {
		g_autofree char *body = g_strndup(dump->bytes + part->body_start, part->body_len);

		g_strdelimit(body, "\r", '^');
		g_strdelimit(body, "\n", '$');
		g_string_append_printf(dump->out, " %s", body);
	}
	g_string_append_c(dump->out, '\n');
	return TRUE;
}

static void
assert_tree(const char *message, const char *expected)
{
	struct mime_part *root = mime_part_parse(message, strlen(message));
	struct dump dump = {message, g_string_new(NULL)};

	mime_part_walk(root, dump_part, &dump);
	g_assert_cmpstr(dump.out->str, ==, expected);
	g_string_free(dump.out, TRUE);
	mime_part_free(root);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	const char *message, *tree;
} trees[] = {
        {"", "1 text/plain \n"},
        {"\r\nhello\r\n", "1 text/plain hello^$\n"},
        {"Subject: x\r\n\r\nhello\r\n", "1 text/plain hello^$\n"},
        {"Content-Type: TEXT/Html; x=y\n\n<p>", "1 text/html <p>\n"},
        {"Content-Type: nonsense\n\nx", "1 text/plain x\n"},
        {"Content-Type: text/html\nContent-Type: image/png\n\nx", "1 text/html x\n"},
        {"Subject: x\nno blank line, but text\nhere\n", "1 text/plain no blank line, but text$here$\n"},
        /* boundaries */
        {MIXED "preamble\n--b\n\none\n--b\n\ntwo\n\n--b--\nepilogue\n",
         " multipart/mixed\n1 text/plain one\n2 text/plain two$\n"},
        {"Content-Type: multipart/mixed;\r\n boundary=\"b c\"\r\n\r\n--b c\r\n\r\none\r\n--b c--\r\n",
         " multipart/mixed\n1 text/plain one\n"},
        {"Content-Type: multipart/mixed; boundary=b\r\r--b\r\rone\rmore\r--b\r\rtwo\r--b--\r",
         " multipart/mixed\n1 text/plain one^more\n2 text/plain two\n"},
        {MIXED "--b  \t\n\none\n--b-- \n", " multipart/mixed\n1 text/plain one\n"},
        {MIXED "--b\n\none\n--b\n", " multipart/mixed\n1 text/plain one\n2 text/plain \n"},
        {MIXED "--b\n\none without an end\n", " multipart/mixed\n1 text/plain one without an end$\n"},
        {MIXED "--b\n\none --b\n --b\n--bb\n--b-\n-- b\n--b---\n--b--\n",
         " multipart/mixed\n1 text/plain one --b$ --b$--bb$--b-$-- b$--b---\n"},
        {MIXED "--b\n--b\nContent-Type: text/html\n--b\n\n--b--",
         " multipart/mixed\n1 text/plain \n2 text/html \n3 text/plain \n"},
        {MIXED "--b\nContent-Type: text/html\nno blank line\n--b--",
         " multipart/mixed\n1 text/html no blank line\n"},
        {"Content-Type: multipart/mixed; boundary=\"x:y\"\n\n--x:y\nA: b\n--x:y\n\ntwo\n--x:y--",
         " multipart/mixed\n1 text/plain \n2 text/plain two\n"},
        {MIXED "no part at all\n", "1 text/plain no part at all$\n"},
        {"Content-Type: multipart/mixed\n\n--b\n\none\n--b--\n", "1 text/plain --b$$one$--b--$\n"},
        {"Content-Type: multipart/mixed; boundary=\"b \"\n\n--b\n\none\n--b--\n",
         " multipart/mixed\n1 text/plain one\n"},
        /* nesting */
        {MIXED "--b\nContent-Type: multipart/alternative; "
               "boundary=bb\n\n--bb\n\none\n--bb\n\ntwo\n--bb--\n\n--b\n\nthree\n--b--\n",
         " multipart/mixed\n1 multipart/alternative\n1.1 text/plain one\n1.2 text/plain two\n2 text/plain "
         "three\n"},
        {MIXED
         "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--b\n\nthree\n--bb\n--b--\n",
         " multipart/mixed\n1 multipart/alternative\n1.1 text/plain one\n2 text/plain three$--bb\n"},
        {MIXED
         "--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
         " multipart/mixed\n1 multipart/alternative\n1.1 text/plain one\n2 text/plain two\n"},
        /* messages */
        {MIXED "--b\n\none\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\ninner\n--b--\n",
         " multipart/mixed\n1 text/plain one\n2 message/rfc822\n2.1 text/plain inner\n"},
        {MIXED "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
               "boundary=c\n\n--c\n\none\n--c\n\ntwo\n--c--\n--b--\n",
         " multipart/mixed\n1 message/rfc822\n1.TEXT multipart/mixed\n1.1 text/plain one\n1.2 text/plain "
         "two\n"},
        {"Content-Type: message/rfc822\n\nSubject: in\n\ninner", "1 message/rfc822\n1.1 text/plain inner\n"},
        {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4K",
         "1 message/rfc822 U3ViamVjdDogaW4K\n"},
        {"Content-Type: message/delivery-status\n\nStatus: 5.0.0\n",
         "1 message/delivery-status Status: 5.0.0$\n"},
        {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\ninner\n--b\nContent-Type: "
         "text/plain\n\nx\n--b--\n",
         " multipart/digest\n1 message/rfc822\n1.1 text/plain inner\n2 text/plain x\n"},
};

static void
test_each_tree(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(trees); i++)
		assert_tree(trees[i].message, trees[i].tree);
}

static void
test_each_tree_cut_anywhere(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(trees); i++) {
		for (gsize len = strlen(trees[i].message); len-- > 0;) {
			g_autofree char *copy = g_memdup2(trees[i].message, len);
			struct mime_part *root = mime_part_parse(copy, len);

			g_assert_cmpuint(root->body_start + root->body_len, ==, len);
			mime_part_free(root);
		}
	}
}

static void
test_the_fields_of_a_part(void)
{
	static const char message[] =
	        "Content-Type: text/plain; charset=\"koi8-r\"; format=Flowed; delsp=yes; name=\"t.txt\"\r\n"
	        "Content-Transfer-Encoding: Quoted-Printable\r\n"
	        "Content-Disposition: Attachment; filename*=utf-8''gr%C3%BCn.txt\r\n"
	        "Content-ID: <1@x>\r\n"
	        "Content-Description: =?utf-8?q?gr=C3=BCn?=\r\n"
	        "\r\n"
	        "a\r\nb\r\nc";
	struct mime_part *part = mime_part_parse(message, sizeof message - 1);

	g_assert_cmpstr(part->charset, ==, "koi8-r");
	g_assert_true(part->flowed);
	g_assert_true(part->delsp);
	g_assert_cmpstr(part->name, ==, "grün.txt");
	g_assert_cmpint(part->encoding, ==, ENCODING_QP);
	g_assert_cmpstr(part->disposition, ==, "attachment");
	g_assert_cmpstr(part->cid, ==, "1@x");
	g_assert_cmpstr(part->description, ==, "grün");
	g_assert_cmpuint(part->lines, ==, 3);
	g_assert_cmpuint(part->size, ==, 7);
	g_assert_cmpuint(part->header_start, ==, 0);
	g_assert_cmpuint(part->header_len, ==, part->body_start);
	mime_part_free(part);
}

static void
test_depth_and_count_are_capped(void)
{
	g_autoptr(GString) deep = g_string_new(NULL), chain = g_string_new(NULL), wide = g_string_new(MIXED);
	struct mime_part *root;
	const struct mime_part *part;
	int depth = 1;

	for (int i = 0; i < 20000; i++)
		g_string_append_printf(deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	root = mime_part_parse(deep->str, deep->len);
	for (part = root; part->children->len; part = part->children->pdata[0])
		depth++;
	g_assert_cmpint(depth, ==, 100);
	g_assert_cmpstr(part->subtype, ==, "octet-stream");
	mime_part_free(root);

	for (int i = 0; i < 20000; i++)
		g_string_append(chain, "Content-Type: message/rfc822\n\n");
	root = mime_part_parse(chain->str, chain->len);
	for (depth = 1, part = root; part->children->len; part = part->children->pdata[0])
		depth++;
	g_assert_cmpint(depth, ==, 100);
	mime_part_free(root);

	for (int i = 0; i < 20000; i++)
		g_string_append(wide, "--b\n\nx\n");
	root = mime_part_parse(wide->str, wide->len);
	g_assert_cmpuint(root->children->len, ==, 9999);
	part = root->children->pdata[9998];
	g_assert_cmpstr(part->subtype, ==, "octet-stream");
	g_assert_cmpuint(part->body_start + part->body_len, ==, wide->len);
	mime_part_free(root);
}

/* shown in plain, shown in HTML, attachments: sections between blanks */
static const struct {
	const char *message, *plain, *html, *attachments;
} choices[] = {
#define PART(headers) "--b\n" headers "\n\nbody\n"
#define INNER(headers) "--c\n" headers "\n\nbody\n"
#define PLAIN PART("Content-Type: text/plain")
#define HTML PART("Content-Type: text/html")
#define MULTI(kind) "Content-Type: multipart/" kind "; boundary=b\n\n"
#define OPEN(kind) "--b\nContent-Type: multipart/" kind "; boundary=c\n\n"
        {"\nx", "1", "1", ""},
        {"Content-Type: text/html\n\nx", "1", "1", ""},
        {"Content-Type: image/png\n\nx", "", "", "1"},
        {"Content-Type: text/plain\nContent-Disposition: attachment\n\nx", "", "", "1"},
        {MULTI("alternative") PLAIN HTML, "1", "2", ""},
        {MULTI("alternative") PART("Content-Type: text/html") PLAIN, "2", "1", ""},
        {MULTI("alternative") "--b\n\n\n" HTML, "2", "2", ""},
        {MULTI("alternative") PLAIN PART("Content-Type: text/calendar"), "1", "1", "2"},
        {MULTI("alternative") PLAIN OPEN("mixed") INNER("Content-Type: text/html")
                 INNER("Content-Type: application/pdf"),
         "1", "2.1", "2.2"},
        {MULTI("alternative") PLAIN OPEN("related") INNER("Content-Type: text/html")
                 INNER("Content-Type: image/png\nContent-ID: <i>"),
         "1", "2.1", ""},
        {MULTI("mixed") PLAIN PART("Content-Type: application/pdf") PLAIN, "1 3", "1 3", "2"},
        {MULTI("mixed") PLAIN PART("Content-Type: text/plain; name=n\nContent-Disposition: attachment"), "1",
         "1", "2"},
        {MULTI("mixed") PLAIN PART("Content-Type: text/x-patch; name=p\nContent-Disposition: inline"), "1 2",
         "1 2", ""},
        {MULTI("mixed") PART("Content-Type: text/calendar") PLAIN, "2 1", "2 1", ""},
        {MULTI("mixed") PLAIN PART("Content-Type: text/csv; name=t.csv"), "1", "1", "2"},
        {MULTI("mixed") PLAIN PART("Content-Type: message/rfc822\n\nSubject: x"), "1", "1", "2"},
        {MULTI("mixed") PLAIN PART("Content-Type: image/png\nContent-ID: <i>"), "1", "1", "2"},
        {MULTI("related") HTML PART("Content-Type: image/png\nContent-ID: <i>")
                 PART("Content-Type: image/png"),
         "1", "1", "3"},
        {"Content-Type: multipart/related; boundary=b; start=\"<r>\"\n\n" PART(
                 "Content-Type: image/png\nContent-ID: <i>") PART("Content-Type: text/html\nContent-ID: <r>"),
         "2", "2", ""},
        {MULTI("related") PART("Content-Type: image/png\nContent-ID: <i>") HTML, "2", "2", ""},
        {MULTI("signed") PLAIN PART("Content-Type: application/pgp-signature"), "1", "1", ""},
        {MULTI("encrypted") PART("Content-Type: application/pgp-encrypted")
                 PART("Content-Type: application/octet-stream"),
         "", "", "2"},
        {MULTI("appledouble") PART("Content-Type: application/applefile") PART("Content-Type: image/jpeg"),
         "", "", "2"},
        {MULTI("report") PLAIN PART("Content-Type: message/delivery-status")
                 PART("Content-Type: message/rfc822"),
         "1 2", "1 2", "3"},
        {"Content-Type: message/rfc822\n\n\nx", "1.1", "1.1", ""},
};

static char *
sections(GPtrArray *parts)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < parts->len; i++)
		g_string_append_printf(out, "%s%s", i ? " " : "",
		                       ((const struct mime_part *)parts->pdata[i])->section);
	g_ptr_array_unref(parts);
	return g_string_free(out, FALSE);
}

static void
test_what_is_shown_and_attached(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
		struct mime_part *root = mime_part_parse(choices[i].message, strlen(choices[i].message));
		g_autofree char *plain = sections(mime_part_shown(root, FALSE));
		g_autofree char *html = sections(mime_part_shown(root, TRUE));
		g_autofree char *attachments = sections(mime_part_attachments(root));

		g_assert_cmpstr(plain, ==, choices[i].plain);
		g_assert_cmpstr(html, ==, choices[i].html);
		g_assert_cmpstr(attachments, ==, choices[i].attachments);
		mime_part_free(root);
	}
}

static void
test_parts_by_section(void)
{
	static const char message[] =
	        MIXED "--b\n\none\n--b\nContent-Type: message/rfc822\n\n\ninner\n--b--\n";
	struct mime_part *root = mime_part_parse(message, sizeof message - 1);

	g_assert_true(mime_part_by_section(root, "") == root);
	g_assert_true(mime_part_by_section(root, "2") == root->children->pdata[1]);
	g_assert_cmpstr(mime_part_by_section(root, "2.1")->subtype, ==, "plain");
	g_assert_null(mime_part_by_section(root, "3"));
	mime_part_free(root);
}

static void
assert_round_trip(struct mime_part *root)
{
	g_autofree char *text = mime_part_to_text(root), *again = NULL;
	g_autoptr(GError) error = NULL;
	struct mime_part *copy = mime_part_from_text(text, &error);

	g_assert_no_error(error);
	again = mime_part_to_text(copy);
	g_assert_cmpstr(again, ==, text);
	mime_part_free(copy);
	mime_part_free(root);
}

static void
test_text_and_back(void)
{
	struct mime_part *odd = mime_part_new();

	for (gsize i = 0; i < G_N_ELEMENTS(trees); i++)
		assert_round_trip(mime_part_parse(trees[i].message, strlen(trees[i].message)));
	odd->name = g_strdup("tab\tline\nslash/%41 \xff grün");
	odd->boundary = g_strdup("");
	odd->size = G_MAXUINT64;
	assert_round_trip(odd);
}

static void
test_text_is_compact(void)
{
	static const char message[] = "Content-Type: text/plain; charset=utf-8\n\nx";
	struct mime_part *root = mime_part_parse(message, sizeof message - 1);
	g_autofree char *text = NULL;

	root->body_start = root->body_len = root->header_len = 0;
	text = mime_part_to_text(root);
	g_assert_cmpstr(text, ==, "1\ntext/plain\tcutf-8\tz1\tl1\n");
	mime_part_free(root);
}

static void
test_broken_text_is_an_error(void)
{
	static const char *const broken[] = {
	        "",
	        "1",
	        "2\ntext/plain\n",
	        "1\n",
	        "1\ntext\n",
	        "1\n/plain\n",
	        "1\ntext/\n",
	        "1\ntext/plain",
	        "1\ntext/plain\ntext/plain\n",
	        "1\ntext/plain\t\n",
	        "1\ntext/plain\tq1\n",
	        "1\ntext/plain\tz\n",
	        "1\ntext/plain\tzx\n",
	        "1\ntext/plain\tz99999999999999999999\n",
	        "1\ntext/plain\te9\n",
	        "1\ntext/plain\tf2\n",
	        "1\ntext/plain\tn%4\n",
	        "1\ntext/plain\tn%00\n",
	        "1\ntext/plain\tn%FF\n",
	        "1\ntext/plain\tn\xff\n",
	        "1\ntext/plain\tna\tnb\n",
	        "1\nmultipart/mixed\tk2\ntext/plain\n",
	        "1\nmultipart/mixed\tk1\ntext/plain\ntext/plain\n",
	        "1\nmultipart/mixed\tk10001\n",
	};
	g_autoptr(GString) deep = g_string_new("1\n");

	for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
		g_autoptr(GError) error = NULL;

		g_test_message("%u: %s", (guint)i, broken[i]);
		g_assert_null(mime_part_from_text(broken[i], &error));
		g_assert_nonnull(error);
	}
	for (int i = 0; i < 100000; i++)
		g_string_append(deep, "multipart/mixed\tk1\n");
	g_assert_null(mime_part_from_text(deep->str, NULL));
}

static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {
	        "-",           "--",
	        "--b\n",       "--b--\n",
	        "\n--c",       "\r",
	        "\n--\n",      "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
	        "--b\n--b:\n", "--b\nContent-Type: message/rfc822\n\n"};
	static const char *const kinds[] = {"mixed", "alternative", "related", "signed", "digest"};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
			g_autoptr(GString) in = g_string_new(NULL);
			struct mime_part *root;

			g_string_append_printf(in, "Content-Type: multipart/%s; boundary=b\n\n", kinds[k]);
			for (int n = 0; n < 200000; n++)
				g_string_append(in, pieces[i]);
			root = mime_part_parse(in->str, in->len);
			g_ptr_array_unref(mime_part_shown(root, TRUE));
			g_ptr_array_unref(mime_part_attachments(root));
			assert_round_trip(root);
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/part/each-tree", test_each_tree);
	g_test_add_func("/part/each-tree-cut-anywhere", test_each_tree_cut_anywhere);
	g_test_add_func("/part/fields", test_the_fields_of_a_part);
	g_test_add_func("/part/depth-and-count-are-capped", test_depth_and_count_are_capped);
	g_test_add_func("/part/shown-and-attached", test_what_is_shown_and_attached);
	g_test_add_func("/part/by-section", test_parts_by_section);
	g_test_add_func("/part/text-and-back", test_text_and_back);
	g_test_add_func("/part/text-is-compact", test_text_is_compact);
	g_test_add_func("/part/broken-text-is-an-error", test_broken_text_is_an_error);
	g_test_add_func("/part/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
