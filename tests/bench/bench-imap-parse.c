/* How fast FETCH responses with a header literal are parsed and taken apart. Prints figures of processor
 * time, asserts none. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/imap/parse.h"

#define RESPONSES 20000
#define ROUNDS 20
#define HEADER 500
#define READ 16384 /* octets fed at once, as a connection would */

struct count {
	gboolean decode;
	guint64 responses, uids;
};

static gboolean
take(const struct imap_response *response, void *user)
{
	struct count *count = user;
	struct imap_fetch fetch;

	count->responses++;
	if (count->decode && imap_fetch_decode(response, &fetch))
		count->uids += fetch.uid;
	return TRUE;
}

static GString *
make_responses(void)
{
	GString *text = g_string_new(NULL);
	char header[HEADER + 1];

	memset(header, 'x', HEADER);
	header[HEADER] = '\0';
	for (int i = 58; i < HEADER; i += 60)
		memcpy(header + i, "\r\n", 2);
	for (int i = 1; i <= RESPONSES; i++)
		g_string_append_printf(text,
		                       "* %d FETCH (UID %d FLAGS (\\Seen \\Answered $Label1) INTERNALDATE "
		                       "\"17-Jul-2024 02:44:25 +0200\" "
		                       "RFC822.SIZE %d MODSEQ (%d) BODY[HEADER.FIELDS (DATE FROM TO CC "
		                       "SUBJECT MESSAGE-ID REFERENCES "
		                       "IN-REPLY-TO CONTENT-TYPE)] {%d}\r\n%s)\r\n",
		                       i, i + 1000, i * 7, i * 3, HEADER, header);
	return text;
}

static gboolean
measure(const char *name, const GString *text, gboolean decode)
{
	struct count count = {.decode = decode};
	struct imap_parser *parser = imap_parser_new(NULL, take, &count);
	clock_t start = clock();
	double seconds;

	for (int round = 0; round < ROUNDS; round++) {
		for (gsize at = 0; at < text->len; at += READ) {
			gsize n = MIN(READ, text->len - at);

			if (imap_parser_feed(parser, (const unsigned char *)text->str + at, n, NULL) < 0)
				return FALSE;
		}
	}
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	printf("%-18s %8.0f MB/s %7.3f us a response of %" G_GSIZE_FORMAT " octets\n", name,
	       (double)text->len * ROUNDS / seconds / 1e6, seconds * 1e6 / (double)count.responses,
	       text->len / RESPONSES);
	imap_parser_free(parser);
	return TRUE;
}

int
main(void)
{
	g_autoptr(GString) text = make_responses();

	return measure("parse", text, FALSE) && measure("parse and decode", text, TRUE) ? 0 : 1;
}
