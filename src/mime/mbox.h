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
extern const char *const mbox_dialect_names[]; /* "auto", "mboxo" …, NULL-terminated */

enum { MBOX_MESSAGE_MOST = 128 << 20 /* octets */ };

/* What mbox programs keep beside a message: Status, X-Status, X-Keywords, X-Mozilla-Status and -Keys. */
struct mbox_state {
	gboolean seen, answered, flagged, deleted, draft, forwarded;
	char *keywords; /* blank-separated, unsafe; "" when none */
};

struct mbox_message {
	GBytes *bytes; /* with CRLF line ends; without the fields in which mbox programs keep state. NULL: it
	                  is longer than MBOX_MESSAGE_MOST, and was passed over */
	char *sender;  /* of the "From " line, unsafe; "" when none */
	gint64 received; /* UTC seconds, 0: the "From " line does not tell */
	struct mbox_state state;
	guint64 offset; /* of its "From " line in the file */
};
void mbox_message_clear(struct mbox_message *message);

struct mbox;
/* Reads from fd (taken), which may be a pipe. name is for messages of errors; copied. */
struct mbox *mbox_new(int fd, const char *name, enum mbox_dialect dialect);
void mbox_free(struct mbox *mbox);
/* It is a file to which other programs may write meanwhile. While octets are read, and not between, it is
 * locked for reading as they lock it: by fcntl and, where that file can be made, by path.lock (path NULL:
 * fcntl alone). A lock that cannot be had at all is done without; one that others hold is waited for, for
 * patience ms, and waits is called once when it is. When what was read is not there any more mbox_next is -1.
 */
void mbox_share(struct mbox *mbox, const char *path, gint64 patience, void (*waits)(void *user), void *user);
/* TRUE: since the end of it was read others have written to it, or put another file in its place. */
gboolean mbox_was_changed(const struct mbox *mbox);
/* What comes next begins as an mbox does, or nothing is left but blank lines (then *empty, if not NULL).
 * FALSE also with error. */
gboolean mbox_is_one(struct mbox *mbox, gboolean *empty, GError **error);
/* The next message. 1, 0 at the end, -1 with error: it cannot be read, or no "From " line stands where one
 * should (then nothing of the file is one's guess: stop). Holds two or three times MBOX_MESSAGE_MOST at most,
 * whatever is in the file. */
int mbox_next(struct mbox *mbox, struct mbox_message *message, GError **error);
/* All that is left as one message: of a file that is no mbox. *bytes as in mbox_message. */
gboolean mbox_rest(struct mbox *mbox, GBytes **bytes, GError **error);
/* Octets of the file that are done with. */
guint64 mbox_offset(const struct mbox *mbox);

/* Takes octets of a file; FALSE: no more. */
typedef gboolean (*mbox_put)(const char *octets, gsize len, void *user);
/* Writes a message (with CRLF or LF) piece by piece as mboxrd with LF: its state in fields of its own,
 * instead of those of this kind that it brings along. FALSE when put said so. */
gboolean mbox_write(const struct mbox_message *message, mbox_put put, void *user);

#endif
