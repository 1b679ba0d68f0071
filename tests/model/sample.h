/* A store of its own in a temporary folder, filled by a test. */
#ifndef TESTS_MODEL_SAMPLE_H
#define TESTS_MODEL_SAMPLE_H

#include "store/store.h"

struct sample {
	char *dir;
	struct store *writer, *reader;
	gint64 inbox;
};

/* 2026-11-20 12:00:00 UTC: when sample mail begins to arrive, one a minute. */
#define SAMPLE_EPOCH G_GINT64_CONSTANT(1795176000)

void sample_open(struct sample *sample);
void sample_close(struct sample *sample);
gint64 sample_folder(struct sample *sample, const char *path, const char *role);
/* Message number n of a folder: id <n@sample>, arrived n minutes after the epoch; answers message parent (0:
 * none). */
msgid sample_add(struct sample *sample, gint64 folder, guint n, guint parent, const char *from,
                 const char *subject, guint flags);
/* A whole message by its octets, with its structure and its body in the store. */
msgid sample_add_octets(struct sample *sample, gint64 folder, guint n, const char *octets, guint flags);

#endif
