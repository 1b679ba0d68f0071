#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "model/document.h"
#include "sample.h"

static const char mixed[] = "From: Ann Smith <ann@harbour.example>\r\n"
                            "To: Bob <bob@harbour.example>, Cy <cy@harbour.example>\r\n"
                            "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the harbour\r\n"
                            "Date: Fri, 20 Nov 2026 16:12:00 +0100\r\n"
                            "Message-ID: <1@sample>\r\n"
                            "MIME-Version: 1.0\r\n"
                            "Content-Type: multipart/mixed; boundary=b\r\n"
                            "\r\n"
                            "--b\r\n"
                            "Content-Type: text/plain; charset=utf-8\r\n"
                            "\r\n"
                            "Dear all,\r\n"
                            "see https://harbour.example/plan and tell me.\r\n"
                            "> quoted \x1b[31mred\x1b[0m text\r\n"
                            "--b\r\n"
                            "Content-Type: application/pdf; name=\"minutes.pdf\"\r\n"
                            "Content-Disposition: attachment; filename=\"minutes.pdf\"\r\n"
                            "Content-Transfer-Encoding: base64\r\n"
                            "\r\n"
                            "SGVsbG8sIHdvcmxkIQ==\r\n"
                            "--b--\r\n";

static char *
drawn(const struct document *document)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < document->lines->len; i++) {
		const struct document_line *line = document->lines->pdata[i];

		g_assert_true(text_is_safe(line->text, -1));
		if (line->kind == LINE_RULE)
			g_string_append(out, "----");
		if (line->label)
			g_string_append_printf(out, "%s: ", line->label);
		g_string_append(out, line->text);
		if (line->right)
			g_string_append_printf(out, " | %s", line->right);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

static struct document *
opened(struct sample *sample, msgid id, guint flags, int width)
{
	GError *error = NULL;
	struct document *document = document_new(sample->reader, id, flags, &error);

	g_assert_no_error(error);
	g_assert_nonnull(document);
	document_render(document, width, MIN(width, 76));
	return document;
}

static void
a_message_is_laid_out(void)
{
	struct sample sample;
	struct document *document;
	g_autofree char *text = NULL;

	sample_open(&sample);
	document = opened(&sample, sample_add_octets(&sample, sample.inbox, 1, mixed, 0), DOCUMENT_ASCII, 78);
	g_assert_cmpint(document->want, ==, WANT_NOTHING);
	g_assert_cmpstr(document->subject, ==, "Grüße from the harbour");
	text = drawn(document);
	g_assert_cmpstr(text, ==,
	                "From: Ann Smith <ann@harbour.example>\n"
	                "To: Bob, Cy | Fri 20 Nov 2026 16:12 +0100\n"
	                "----\n"
	                "Dear all,\n"
	                "see https://harbour.example/plan[1] and tell me.\n"
	                "> quoted  [31mred [0m text\n"
	                "\n"
	                "[2] minutes.pdf - application/pdf - 15 B - here\n");
	g_assert_cmpuint(document->links->len, ==, 1);
	g_assert_cmpuint(document->attachments->len, ==, 1);
	document_free(document);
	sample_close(&sample);
}

static void
keywords_are_shown(void)
{
	struct sample sample;
	struct document *document;
	g_autofree char *text = NULL;
	msgid id;

	sample_open(&sample);
	id = sample_add_octets(&sample, sample.inbox, 1, mixed, 0);
	g_assert_true(store_journal_flags(sample.writer, &id, 1, 0, 0, "lunch $work", NULL, NULL, NULL));
	document = opened(&sample, id, DOCUMENT_ASCII, 78);
	text = drawn(document);
	g_assert_nonnull(strstr(text, "Cy | Fri 20 Nov 2026 16:12 +0100\nKeywords: lunch $work\n----\n"));
	document_free(document);
	sample_close(&sample);
}

static void
narrow_windows_wrap_headers(void)
{
	struct sample sample;
	struct document *document;
	g_autofree char *text = NULL;

	sample_open(&sample);
	document = opened(&sample, sample_add_octets(&sample, sample.inbox, 1, mixed, 0), DOCUMENT_ASCII, 30);
	text = drawn(document);
	g_assert_true(g_str_has_prefix(text, "From: Ann Smith\n: <ann@harbour.example>\nTo: Bob, Cy\n"
	                                     "Date: Fri 20 Nov 2026 16:12\n: +0100\n----\n"));
	for (guint i = 0; i < document->lines->len; i++) {
		const struct document_line *line = document->lines->pdata[i];

		if (line->kind == LINE_HEADER)
			g_assert_cmpint(text_width(line->text, -1), <=, 30);
	}
	document_free(document);
	sample_close(&sample);
}

static void
all_headers_are_shown_as_they_are(void)
{
	struct sample sample;
	struct document *document;
	g_autofree char *text = NULL;

	sample_open(&sample);
	document = opened(&sample, sample_add_octets(&sample, sample.inbox, 1, mixed, 0),
	                  DOCUMENT_ALL_HEADERS, 78);
	text = drawn(document);
	g_assert_nonnull(strstr(text, "Subject: Grüße from the harbour\n"));
	g_assert_nonnull(strstr(text, "Message-ID: <1@sample>\n"));
	g_assert_null(strstr(text, "In this folder since"));
	document->row->saved = 1763640000;
	document_render(document, 78, 76);
	g_free(text);
	text = drawn(document);
	g_assert_nonnull(strstr(text, "\nIn this folder since: Thu 20 Nov 2025 12:00 +0000\n----\n"));
	document_free(document);
	sample_close(&sample);
}

static void
what_is_missing_is_asked_for(void)
{
	struct sample sample;
	struct document *document;
	g_autofree char *text = NULL;
	msgid id;

	sample_open(&sample);
	id = sample_add(&sample, sample.inbox, 1, 0, "Ann <a@a.example>", "only headers", 0);
	document = opened(&sample, id, 0, 78);
	g_assert_cmpint(document->want, ==, WANT_TEXT);
	text = drawn(document);
	g_assert_nonnull(strstr(text, "The message is on the server.\n"));
	document_free(document);
	sample_close(&sample);
}

static void
parts_are_listed_and_decoded(void)
{
	struct sample sample;
	g_autoptr(GPtrArray) parts = NULL;
	g_autoptr(GBytes) bytes = NULL;
	const struct document_part *text, *pdf;
	GError *error = NULL;
	msgid id;

	sample_open(&sample);
	id = sample_add_octets(&sample, sample.inbox, 1, mixed, 0);
	parts = document_parts(sample.reader, id, 0, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(parts->len, ==, 2);
	text = parts->pdata[0];
	pdf = parts->pdata[1];
	g_assert_true(text->shown && text->here);
	g_assert_false(pdf->shown);
	g_assert_cmpstr(pdf->section, ==, "2");
	g_assert_cmpstr(pdf->name, ==, "minutes.pdf");
	bytes = document_part_bytes(sample.reader, id, "2", &error);
	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "Hello, world!", 13);
	g_assert_null(document_part_bytes(sample.reader, id, "9", &error));
	g_clear_error(&error);
	sample_close(&sample);
}

/* What the server has decoded looks as if it had been decoded here. */
static void
parts_that_came_decoded_are_read_alike(void)
{
	static const char pdf[] = "Hello, world!", note[] = "S\xc3\xa4lt = =41\n";
	struct sample sample;
	struct mime_part *root;
	struct document *document;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *text = NULL, *one = store_decoded("1"), *two = store_decoded("2");
	msgid id;

	sample_open(&sample);
	id = sample_add(&sample, sample.inbox, 1, 0, "Ann <a@a.example>", "in base64", 0);
	root = mime_part_parse(mixed, sizeof mixed - 1);
	mime_part_number(root);
	((struct mime_part *)root->children->pdata[0])->encoding = ENCODING_BASE64;
	g_assert_true(store_begin(sample.writer, FALSE, NULL) &&
	              store_set_structure(sample.writer, id, root, NULL) &&
	              store_commit(sample.writer, NULL));
	mime_part_free(root);
	g_assert_true(store_part_put(sample.writer, id, one, note, sizeof note - 1, FALSE, NULL));
	g_assert_true(store_part_put(sample.writer, id, two, pdf, sizeof pdf - 1, FALSE, NULL));
	document = opened(&sample, id, DOCUMENT_ASCII, 78);
	g_assert_cmpint(document->want, ==, WANT_NOTHING);
	text = drawn(document);
	g_assert_nonnull(strstr(text, "\nSält = =41\n"));
	g_assert_nonnull(strstr(text, "minutes.pdf - application/pdf - 15 B - here\n"));
	document_free(document);
	bytes = document_part_bytes(sample.reader, id, "2", NULL);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), pdf, sizeof pdf - 1);
	sample_close(&sample);
}

static void
a_message_that_is_gone_is_an_error(void)
{
	struct sample sample;
	GError *error = NULL;

	sample_open(&sample);
	g_assert_null(document_new(sample.reader, 4711, 0, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	sample_close(&sample);
}

static void
words_are_found_in_any_case(void)
{
	struct sample sample;
	struct document *document;
	int at;

	sample_open(&sample);
	document = opened(&sample, sample_add_octets(&sample, sample.inbox, 1, mixed, 0), 0, 78);
	at = document_find(document, "DEAR", 0, 1);
	g_assert_cmpint(at, ==, 3);
	g_assert_cmpint(document_find(document, "dear", at + 1, 1), ==, -1);
	g_assert_cmpint(document_find(document, "dear", (int)document->lines->len - 1, -1), ==, 3);
	document_free(document);
	sample_close(&sample);
}

int
main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/document/a-message-is-laid-out", a_message_is_laid_out);
	g_test_add_func("/document/keywords-are-shown", keywords_are_shown);
	g_test_add_func("/document/narrow-windows-wrap-headers", narrow_windows_wrap_headers);
	g_test_add_func("/document/all-headers-are-shown-as-they-are", all_headers_are_shown_as_they_are);
	g_test_add_func("/document/what-is-missing-is-asked-for", what_is_missing_is_asked_for);
	g_test_add_func("/document/parts-are-listed-and-decoded", parts_are_listed_and_decoded);
	g_test_add_func("/document/parts-that-came-decoded-are-read-alike",
	                parts_that_came_decoded_are_read_alike);
	g_test_add_func("/document/a-message-that-is-gone-is-an-error", a_message_that_is_gone_is_an_error);
	g_test_add_func("/document/words-are-found-in-any-case", words_are_found_in_any_case);
	return g_test_run();
}
