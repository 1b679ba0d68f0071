/* POP3 server → client: an incremental reader (RFC 1939 §3, RFC 2449, RFC 5034). Takes bytes in any cut,
 * never blocks, keeps within its limits, holds no policy.
 *
 * POP3's answers have no tags and only the client knows whether lines follow a +OK: each command that is sent
 * is announced by pop3_parser_expect, in order. Lenient on input: "+OK" in any case, status lines of any
 * length, and line ends that are a lone LF throughout, if the server's first line ended so.
 */
#ifndef FULMAR_PROTO_POP3_PARSE_H
#define FULMAR_PROTO_POP3_PARSE_H

#include <glib.h>

enum pop3_answer_kind {
	POP3_STATUS,  /* one line */
	POP3_SASL,    /* a challenge "+ …" or the status that ends the exchange (RFC 5034 §4) */
	POP3_LISTING, /* after +OK lines, up to "." */
	POP3_MESSAGE  /* after +OK octets of a message, up to CRLF "." CRLF */
};

struct pop3_status {
	enum pop3_answer_kind kind; /* of the answer that begins */
	gboolean unasked;           /* no command awaits it: a word before the server hangs up */
	gboolean ok;                /* +OK, or a challenge */
	gboolean challenge;         /* POP3_SASL: text is its base64 */
	const char *code; /* extended response code (RFC 2449 §8), upper-case, without brackets, or NULL */
	const char *text; /* what follows, NUL-terminated, unsafe; "" when nothing does */
};

/* None of them may feed or free the parser. */
struct pop3_events {
	/* The greeting, and the first line of each answer. FALSE stops feeding behind it. */
	gboolean (*status)(const struct pop3_status *status, void *user);
	/* A line of a listing, without its end and its stuffed dot; NUL-terminated, may hold NULs. whole is
	 * how long it was: more than len when it was cut at the limit. */
	void (*line)(const char *line, gsize len, gsize whole, void *user);
	/* Octets of a message with CRLF line ends, unstuffed, in any cut. FALSE: they could not be taken; the
	 * rest of this message is passed over. */
	gboolean (*octets)(const unsigned char *bytes, gsize len, void *user);
	/* The end of a listing or message whose status was +OK. */
	void (*end)(void *user);
};

enum { POP3_LINE_KEPT = 4096 /* octets of a listing's line that are delivered */ };

struct pop3_parser;
/* Expects the greeting first. Lends events. */
struct pop3_parser *pop3_parser_new(const struct pop3_events *events, void *user);
void pop3_parser_free(struct pop3_parser *parser);
void pop3_parser_expect(struct pop3_parser *parser, enum pop3_answer_kind kind);
/* Answers that are still to come, the one under way among them. */
guint pop3_parser_awaits(const struct pop3_parser *parser);
/* Consumes bytes. Returns how many: len, or fewer when status returned FALSE. -1 with FULMAR_NO_LINK when
 * what came is no POP3, a status line is longer than 64 KiB or one of a listing than 16 MiB: the connection
 * must be dropped, without QUIT.
 */
gssize pop3_parser_feed(struct pop3_parser *parser, const unsigned char *bytes, gsize len, GError **error);

#endif
