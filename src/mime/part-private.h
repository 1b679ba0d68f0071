/* What the part modules share. Private to mime/. */
#ifndef FULMAR_MIME_PART_PRIVATE_H
#define FULMAR_MIME_PART_PRIVATE_H

#include "mime/part.h"

enum { PART_DEPTH_MAX = 100, PART_COUNT_MAX = 10000 };

/* subtype NULL: any. */
gboolean mime_part_is(const struct mime_part *part, const char *type, const char *subtype);
/* message/rfc822 and message/global */
gboolean mime_part_is_message(const struct mime_part *part);

#endif
