/* What document.c (collecting) and layout.c (laying out) share. */
#ifndef FULMAR_MODEL_DOCUMENT_PRIVATE_H
#define FULMAR_MODEL_DOCUMENT_PRIVATE_H

#include "mime/part.h"
#include "model/document.h"

/* One shown part as it was found. */
struct document_text {
	struct render_kind kind;
	char *charset; /* kind's */
	guint64 size;  /* encoded */
	GBytes *bytes; /* as kind.encoding says; NULL: not here */
};

/* "Ann Smith <ann@example.org>, Bob": with email for those that have a name when full. At most max. Safe
 * text; gives (g_free). */
char *document_addresses(const GPtrArray *addresses, gboolean full, guint max);

#endif
