/* What reading and writing of mbox files have in common. */
#ifndef FULMAR_MIME_MBOX_PRIVATE_H
#define FULMAR_MIME_MBOX_PRIVATE_H

#include "mime/mbox.h"

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

/* "From " with so many ">" before it. */
gboolean mbox_is_quoted(const char *line, gsize len, gsize least, gsize most);

#endif
