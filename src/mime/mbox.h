/* mbox files (RFC 4155 and what is about): a "From " line before each message, and something done about lines
 * of it that begin so. Reading blocks, a message at a time; never on the account's thread for long files. */
#ifndef FULMAR_MIME_MBOX_H
#define FULMAR_MIME_MBOX_H

#include <glib.h>

/* How a line "From " within a message is told from the next one's. */
enum mbox_dialect {
	MBOX_AUTO, /* each message by itself: CL or CL2 where its Content-Length is right, else RD */
	MBOX_O,    /* ">From " is "From " */
	MBOX_RD,   /* one ">" too many before any ">…>From " */
	MBOX_CL,   /* as O, with a Content-Length */
	MBOX_CL2,  /* by the Content-Length alone */
	MBOX_DIALECTS
};
extern const char *const mbox_dialect_names[]; /* "auto", "mboxo" … */

enum { MBOX_MESSAGE_MOST = 512 << 20 /* octets */ };

struct mbox_message {
	GBytes *bytes;   /* with CRLF line ends; without the fields in which mbox programs keep state */
	char *sender;    /* of the "From " line, unsafe; "" when none */
	gint64 received; /* UTC seconds, 0: the "From " line does not tell */
	gboolean seen, answered, flagged, deleted, draft; /* Status and X-Status */
	char *keywords; /* X-Keywords, blank-separated, unsafe; "" when none */
	guint64 offset; /* of its "From " line in the file */
};
void mbox_message_clear(struct mbox_message *message);

struct mbox;
/* Reads from fd (taken), which may be a pipe. name is for messages of errors; copied. */
struct mbox *mbox_new(int fd, const char *name, enum mbox_dialect dialect);
void mbox_free(struct mbox *mbox);
/* The next message. 1, 0 at the end, -1 with error: it cannot be read, is longer than MBOX_MESSAGE_MOST, or
 * no "From " line stands where one should (then nothing of the file is one's guess: stop). */
int mbox_next(struct mbox *mbox, struct mbox_message *message, GError **error);

/* Appends a message (with CRLF or LF) to out as mboxrd with LF. sender may be "". */
void mbox_append(GString *out, GBytes *bytes, const char *sender, gint64 received);

#endif
