/* Where exported messages go: a new mbox, Maildir, .eml or folder of .eml files, which has its name only when
 * all of it is on the disk. Nothing that is there is written over. */
#ifndef FULMAR_APP_SINK_H
#define FULMAR_APP_SINK_H

#include "store/store.h"

enum sink_format { SINK_MBOX, SINK_MAILDIR, SINK_EML, SINK_FORMATS };
extern const char *const sink_format_names[]; /* "mbox", "maildir", "eml", NULL-terminated */

struct sink;
/* SINK_MBOX to "-" is standard output. NULL with error. */
struct sink *sink_new(enum sink_format format, const char *path, GError **error);
/* bytes: the whole message. */
gboolean sink_add(struct sink *sink, const char *account, const struct store_row *row, GBytes *bytes,
                  GError **error);
/* Keywords of messages for which a Maildir had no letter left: it has 26. */
guint sink_unwritten(const struct sink *sink);
/* Gives it its name. */
gboolean sink_finish(struct sink *sink, GError **error);
/* What was not finished goes. */
void sink_free(struct sink *sink);

#endif
