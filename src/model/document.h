/* A message as lines to read: its header block, the text of its shown parts, its attachments. No curses.
 *
 * Made in two steps: document_new takes what is here from the store (the reading thread's handle),
 * document_render lays it out and may run in any thread. All text is safe for a terminal.
 */
#ifndef FULMAR_MODEL_DOCUMENT_H
#define FULMAR_MODEL_DOCUMENT_H

#include <glib.h>
#include "mime/render.h"
#include "store/store.h"

enum document_flags {
	DOCUMENT_ALL_HEADERS = 1,
	DOCUMENT_HTML = 2, /* prefer the HTML version */
	DOCUMENT_ASCII = 4 /* no characters beyond ASCII for our own marks */
};

enum document_kind { LINE_HEADER, LINE_RULE, LINE_TEXT, LINE_NOTICE, LINE_ATTACHMENT };

struct document_line {
	enum document_kind kind;
	char *label; /* LINE_HEADER: "From", or "" on a continuation; else NULL */
	char *text;
	char *right; /* shown at the right edge, or NULL */
	guint8 quote;
	gboolean signature, wrapped;
	GArray *spans; /* struct render_span, or NULL */
	guint number;  /* LINE_ATTACHMENT: its key */
};

struct document_part {
	guint number;         /* the key that opens it from the reader: counts on behind the links */
	char *section, *type; /* "application/pdf" */
	char *name;           /* safe, never empty */
	guint64 size;         /* octets, decoded (estimated from the encoded size) */
	gboolean here;
	gboolean shown; /* part of the text */
	guint depth;
};

/* What has to be fetched before the document is whole. */
enum document_want { WANT_NOTHING, WANT_TEXT, WANT_HEADER };

struct document {
	msgid id;
	guint flags;
	struct store_row *row;
	char *subject, *from;
	enum document_want want;
	GPtrArray *attachments; /* struct document_part * */
	GPtrArray *lines;       /* struct document_line *, after document_render */
	const GPtrArray *links; /* struct render_link *, lent from rendered */
	/* inputs and intermediate results */
	GPtrArray *texts;
	GBytes *header;
	struct rendered *rendered;
	gsize cost; /* octets that rendering looks at */
};

/* NULL with error when the message is not there any more or the store fails. A broken body is no error: it is
 * missing. */
struct document *document_new(struct store *store, msgid id, guint flags, GError **error);
void document_free(struct document *document);
/* Lays out for width columns (at least 10); again for another width. text_width: columns of running text at
 * most. */
void document_render(struct document *document, int width, int text_width);
/* All parts of the message (leaves and enclosed messages) for the list of parts. struct document_part *, free
 * func set; empty when the structure is not known. */
GPtrArray *document_parts(struct store *store, msgid id, guint flags, GError **error);
/* The decoded octets of a part, or NULL: not here (no error) or broken (error). section "" gives the message
 * as it is. */
GBytes *document_part_bytes(struct store *store, msgid id, const char *section, GError **error);

/* The next line at or behind (by 1) or before (by -1) from that holds needle (case-insensitive), -1 when
 * there is none. */
int document_find(const struct document *document, const char *needle, int from, int by);

#endif
