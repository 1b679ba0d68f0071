#include <string.h>

#include "mime/envelope.h"
#include "store-util.h"
#include "store/match.h"

enum { DAY = 86400, NOW = 1780000000 };

static const struct query_use everywhere = {.words = QUERY_HEAD_WORDS | QUERY_BODY};
/* As "select by pattern" asks. */
static const struct query_use on_screen = {
        .words = QUERY_HEAD_WORDS,
        .without = 1u << QUERY_HEADER | 1u << QUERY_FILENAME,
        .without_fields = QUERY_BODY,
        .smart_case = TRUE,
};
static const struct match_place place = {"work", "Lists/kernel", NOW};

static GPtrArray *
addresses(const char *name, const char *email)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(mime_address_free);
	struct mime_address *address = g_new0(struct mime_address, 1);

	address->name = g_strdup(name);
	address->email = g_strdup(email);
	g_ptr_array_add(all, address);
	return all;
}

static enum query_answer
answer_of(const char *text, const struct query_use *use, int attachments, const struct match_source *source)
{
	g_autoptr(GPtrArray) from = addresses("Jo Ülrich", "jo@harbour.example");
	g_autoptr(GPtrArray) to = addresses("Ann Smith", "ann@a.example"),
	                     cc = addresses("", "board@b.example");
	const struct store_row row = {.id = 7,
	                              .flags = FLAG_FLAGGED,
	                              .from = from,
	                              .to = to,
	                              .cc = cc,
	                              .subject = (char *)"Re: Budget for the Harbour",
	                              .keywords = (char *)"Work $Label1",
	                              .list_id = (char *)"board.harbour.example",
	                              .message_id = (char *)"<x1@harbour.example>",
	                              .thread = 5,
	                              .size = 1000,
	                              .has_date = TRUE,
	                              .date = NOW - 10 * DAY,
	                              .received = NOW - DAY,
	                              .attachments = attachments};
	GError *error = NULL;
	struct query *query = query_new(text, use, &error);
	enum query_answer answer;

	g_assert_no_error(error);
	answer = match_row(query, &row, &place, source);
	query_free(query);
	return answer;
}

struct row {
	const char *text;
	enum query_answer answer;
};

static void
hold(const struct row *rows, gsize n, const struct query_use *use, int attachments,
     const struct match_source *source)
{
	for (gsize i = 0; i < n; i++)
		if (answer_of(rows[i].text, use, attachments, source) != rows[i].answer)
			g_error("“%s” is not %d", rows[i].text, rows[i].answer);
}

static void
words_are_found_where_they_are_asked_for(void)
{
	static const struct row rows[] = {
	        {"budget", QUERY_YES},
	        {"ülrich", QUERY_YES},
	        {"ÜLRICH", QUERY_NO},
	        {"Ülrich", QUERY_YES},
	        {"ann", QUERY_YES},
	        {"board@b", QUERY_YES},
	        {"nobody", QUERY_NO},
	        {"~f jo", QUERY_YES},
	        {"~f ann", QUERY_NO},
	        {"~t ann", QUERY_YES},
	        {"~c board", QUERY_YES},
	        {"~C ann", QUERY_YES},
	        {"~s harbour", QUERY_YES},
	        {"~s jo", QUERY_NO},
	        {"from:jo", QUERY_YES},
	        {"from:ann", QUERY_NO},
	        {"subject:budget", QUERY_YES},
	        {"~s \"for the\"", QUERY_YES},
	        {"~s \"the for\"", QUERY_NO},
	        {"budget jo", QUERY_YES},
	        {"budget nobody", QUERY_NO},
	        {"budget or nobody", QUERY_YES},
	        {"~y work", QUERY_YES},
	        {"keyword:$label1", QUERY_YES},
	        {"~y lab", QUERY_NO},
	        {"!nobody", QUERY_YES},
	        {"! budget", QUERY_NO},
	        {"!!budget", QUERY_YES},
	        {"subject:\"the harbour\"", QUERY_YES},
	        {"~L board", QUERY_YES},
	        {"http://x", QUERY_NO},
	        {"list:board.harbour", QUERY_YES},
	        {"list:jo", QUERY_NO},
	        /* no word is found across two of them */
	        {"from:\"ülrich jo\"", QUERY_NO},
	};

	hold(rows, G_N_ELEMENTS(rows), &on_screen, -1, NULL);
	g_assert_cmpint(answer_of("ÜLRICH", &everywhere, -1, NULL), ==, QUERY_YES);
}

static void
flags_are_asked_for(void)
{
	static const struct row rows[] = {
	        {"~N", QUERY_YES},     {"~U ~F", QUERY_YES}, {"~R", QUERY_NO},
	        {"~D", QUERY_NO},      {"!~D", QUERY_YES},   {"~Q", QUERY_NO},
	        {"~A", QUERY_YES},     {".", QUERY_YES},     {"is:new is:flagged", QUERY_YES},
	        {"is:read", QUERY_NO}, {"~F !~N", QUERY_NO},
	};

	hold(rows, G_N_ELEMENTS(rows), &on_screen, -1, NULL);
}

static void
places_times_and_sizes_are_asked_for(void)
{
	static const struct row rows[] = {
	        {"in:Lists/kernel", QUERY_YES},
	        {"in:work/Lists/kernel", QUERY_YES},
	        {"in:home/Lists/kernel", QUERY_NO},
	        {"in:Lists", QUERY_NO},
	        {"account:work", QUERY_YES},
	        {"account:home", QUERY_NO},
	        {"thread:5", QUERY_YES},
	        {"thread:7", QUERY_NO},
	        {"id:<x1@harbour.example>", QUERY_YES},
	        {"id:x1@harbour.example", QUERY_YES},
	        {"id:x1", QUERY_NO},
	        {"id:work:7", QUERY_YES},
	        {"id:7", QUERY_YES},
	        {"id:home:7", QUERY_NO},
	        {"larger:999", QUERY_YES},
	        {"larger:1000", QUERY_NO},
	        {"smaller:1k", QUERY_NO},
	        {"smaller:1001", QUERY_YES},
	        {"age:<2w", QUERY_YES},
	        {"age:<1w", QUERY_NO},
	        {"age:>1w", QUERY_YES},
	        {"~r <1w", QUERY_YES},
	        {"date:2026-05", QUERY_YES},
	        {"date:2026-06..", QUERY_NO},
	        {"before:2026-06", QUERY_YES},
	        {"after:2027", QUERY_NO},
	};

	hold(rows, G_N_ELEMENTS(rows), &on_screen, -1, NULL);
}

/* ---- what is in no row ---- */

struct source {
	GBytes *header;
	const char *text;
	struct mime_part *structure;
	guint asked;
};

static GBytes *
header(void *user)
{
	((struct source *)user)->asked++;
	return ((struct source *)user)->header;
}

static const char *
text(void *user)
{
	((struct source *)user)->asked++;
	return ((struct source *)user)->text;
}

static const struct mime_part *
structure(void *user)
{
	((struct source *)user)->asked++;
	return ((struct source *)user)->structure;
}

static void
what_is_not_here_is_lacking(void)
{
	static const struct row rows[] = {
	        {"body:zebra", QUERY_LACKS},
	        {"zebra", QUERY_LACKS},
	        {"budget", QUERY_YES},
	        {"header:X", QUERY_LACKS},
	        {"filename:x", QUERY_LACKS},
	        {"has:attachment", QUERY_LACKS},
	        {"body:x from:nobody", QUERY_NO},
	        {"body:x or from:jo", QUERY_YES},
	        {"-body:x", QUERY_LACKS},
	};
	struct source nothing = {0};
	const struct match_source source = {header, text, structure, &nothing};

	hold(rows, G_N_ELEMENTS(rows), &everywhere, -1, &source);
	g_assert_cmpint(answer_of("has:attachment", &everywhere, 0, &source), ==, QUERY_NO);
	g_assert_cmpint(answer_of("filename:x", &everywhere, 0, &source), ==, QUERY_NO);
	g_assert_cmpint(answer_of("has:attachment", &everywhere, 2, &source), ==, QUERY_YES);
	/* Rows alone: a guess. */
	g_assert_cmpint(answer_of("has:attachment", &everywhere, -2, NULL), ==, QUERY_YES);
	g_assert_cmpint(answer_of("has:attachment", &everywhere, -1, NULL), ==, QUERY_NO);
	nothing.asked = 0;
	answer_of("from:nobody body:x header:y", &everywhere, -1, &source);
	g_assert_cmpuint(nothing.asked, ==, 0);
}

static const char message[] = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
                              "X-Spam-Flag:\r\n YES\r\n"
                              "Received: from mx.example\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: multipart/mixed; boundary=b\r\n"
                              "\r\n"
                              "--b\r\n"
                              "Content-Type: text/html; charset=utf-8\r\n"
                              "\r\n"
                              "<p>A <b>fair wind</b> and a\r\nquiet sea</p>\r\n"
                              "--b\r\n"
                              "Content-Type: application/pdf; name=\"Chart.pdf\"\r\n"
                              "Content-Disposition: attachment; filename=\"Chart.pdf\"\r\n"
                              "\r\n"
                              "x\r\n"
                              "--b--\r\n";

static const struct row of_message[] = {
        {"header:X-Spam-Flag", QUERY_YES},
        {"header:x-spam-flag:yes", QUERY_YES},
        {"header:X-Spam-Flag:no", QUERY_NO},
        {"header:X-Spam", QUERY_NO},
        {"header:subject:grüße", QUERY_YES},
        {"~h \"x-spam-flag: yes\"", QUERY_YES},
        {"~h mx.example", QUERY_YES},
        {"~h nothing", QUERY_NO},
        {"body:\"fair wind\"", QUERY_YES},
        {"body:\"a quiet sea\"", QUERY_YES},
        {"body:<b>", QUERY_NO},
        {"quiet", QUERY_YES},
        {"body:jo", QUERY_NO},
        {"filename:chart.PDF", QUERY_YES},
        {"filename:txt", QUERY_NO},
        {"has:attachment", QUERY_YES},
};

static void
what_is_stored_is_read(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = NOW, .id = "<a@x>"});
	GError *error = NULL;
	struct match_stored *stored = match_stored_new(bed->store, id);

	g_assert_cmpint(answer_of("body:wind", &everywhere, -1, match_stored_source(stored)), ==,
	                QUERY_LACKS);
	g_assert_cmpint(answer_of("header:X-Spam-Flag", &everywhere, -1, match_stored_source(stored)), ==,
	                QUERY_LACKS);
	g_assert_cmpint(answer_of("has:attachment", &everywhere, -1, match_stored_source(stored)), ==,
	                QUERY_LACKS);
	match_stored_free(stored);
	store_part_put(bed->store, id, "", message, strlen(message), FALSE, &error);
	g_assert_no_error(error);
	stored = match_stored_new(bed->store, id);
	hold(of_message, G_N_ELEMENTS(of_message), &everywhere, -1, match_stored_source(stored));
	match_stored_free(stored);
}

/* As IMAP brings it: the header block and the shown parts alone. */
static void
parts_are_enough(struct bed *bed, gconstpointer unused)
{
	struct mime_part *root = mime_part_parse(message, strlen(message));
	msgid id = add_mail(bed->store, bed->inbox,
	                    &(struct mail){.uid = 1, .received = NOW, .id = "<a@x>", .structure = root});
	const char *end = strstr(message, "\r\n\r\n") + 4,
	           html[] = "<p>A <b>fair wind</b> and a\r\nquiet sea</p>";
	struct match_stored *stored = match_stored_new(bed->store, id);
	GError *error = NULL;

	g_assert_cmpint(answer_of("filename:pdf", &everywhere, -1, match_stored_source(stored)), ==,
	                QUERY_YES);
	g_assert_cmpint(answer_of("body:wind", &everywhere, -1, match_stored_source(stored)), ==,
	                QUERY_LACKS);
	match_stored_free(stored);
	store_part_put(bed->store, id, "HEADER", message, (gsize)(end - message), FALSE, &error);
	g_assert_no_error(error);
	store_part_put(bed->store, id, "1", html, strlen(html), FALSE, &error);
	g_assert_no_error(error);
	stored = match_stored_new(bed->store, id);
	hold(of_message, G_N_ELEMENTS(of_message), &everywhere, -1, match_stored_source(stored));
	match_stored_free(stored);
	mime_part_free(root);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/match/words-are-found-where-they-are-asked-for",
	                words_are_found_where_they_are_asked_for);
	g_test_add_func("/match/flags-are-asked-for", flags_are_asked_for);
	g_test_add_func("/match/places-times-and-sizes-are-asked-for", places_times_and_sizes_are_asked_for);
	g_test_add_func("/match/what-is-not-here-is-lacking", what_is_not_here_is_lacking);
	BED_TEST("/match/what-is-stored-is-read", what_is_stored_is_read);
	BED_TEST("/match/parts-are-enough", parts_are_enough);
	return g_test_run();
}
