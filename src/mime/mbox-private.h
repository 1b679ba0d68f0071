/* What reading and writing of mbox files have in common. */
#ifndef FULMAR_MIME_MBOX_PRIVATE_H
#define FULMAR_MIME_MBOX_PRIVATE_H

#include "mime/mbox.h"

/* ---- mbox-file.c ---- */

struct mbox {
	int fd;
	char *name;
	enum mbox_dialect dialect;
	GByteArray *buffer;
	gsize start;                  /* in the buffer: what is before it was consumed */
	guint64 offset;               /* of it in the file */
	gboolean ended;               /* the buffer goes to the end of the file */
	gboolean too_long;            /* the message under way */
	gboolean unquoted;            /* a "From " line stood within a message of this file: none is quoted */
	struct mbox_sharing *sharing; /* NULL: nobody else has it */
};

/* What is in the buffer, from the first octet that was not consumed on. Lent until more is read. */
const char *mbox_octets(const struct mbox *mbox);
gsize mbox_available(const struct mbox *mbox);
/* Octets from at on are in the buffer, n of them or all there are. These are FALSE without error, and
 * too_long is set, when more than MBOX_MESSAGE_MOST would have to be. */
gboolean mbox_need(struct mbox *mbox, gsize at, gsize n, GError **error);
/* The line at `at` is in the buffer; *next gives where the one behind it begins. */
gboolean mbox_need_line(struct mbox *mbox, gsize at, gsize *next, GError **error);
gboolean mbox_read_more(struct mbox *mbox, GError **error);
void mbox_consume(struct mbox *mbox, gsize n);
/* Of the line from at to next. */
gboolean mbox_is_blank(const struct mbox *mbox, gsize at, gsize next);
gboolean mbox_is_postmark(const struct mbox *mbox, gsize at, gsize next);
gboolean mbox_begins(const struct mbox *mbox, gsize at, gsize next, const char *word);
/* What is too long is consumed up to the next "From " line, and no more than a little of it held. */
gboolean mbox_pass_over(struct mbox *mbox, GError **error);

/* ---- mbox-lock.c ---- */

/* Before and after octets are read. FALSE with error: it is locked, or is not what it was. */
gboolean mbox_lock(struct mbox *mbox, GError **error);
void mbox_unlock(struct mbox *mbox);
void mbox_sharing_free(struct mbox_sharing *sharing);

/* ---- mbox-state.c ---- */

/* A header field in which mbox programs keep what does not belong to the message. */
enum mbox_field {
	FIELD_NONE,
	FIELD_STATUS, /* and X-Status */
	FIELD_KEYWORDS,
	FIELD_LENGTH,
	FIELD_MOZILLA,
	FIELD_INTERNAL, /* X-IMAP, X-IMAPbase: numbers of a whole mailbox */
	FIELD_OTHER
};
/* line: octets of a header line. *value (lent) of *value_len is what stands behind the colon. */
enum mbox_field mbox_field_of(const char *line, gsize len, const char **value, gsize *value_len);
/* Adds what the value of such a field says. */
void mbox_state_take(struct mbox_state *state, enum mbox_field field, const char *value, gsize len);
/* Appends the fields that say it, with LF. */
void mbox_state_write(GString *out, const struct mbox_state *state);

/* ---- mbox.c ---- */

/* "From " with so many ">" before it. */
gboolean mbox_is_quoted(const char *line, gsize len, gsize least, gsize most);

#endif
