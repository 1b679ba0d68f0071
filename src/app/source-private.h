/* What the kinds of PATH have in common. */
#ifndef FULMAR_APP_SOURCE_PRIVATE_H
#define FULMAR_APP_SOURCE_PRIVATE_H

#include <sys/stat.h>
#include "app/source.h"
#include "backend/maildir/letters.h"

struct source {
	char *path;
	enum mbox_dialect dialect;
	gint64 patience; /* s */
	void (*tell)(const char *line, gboolean left_out, void *user);
	void *user;
	/* a file or pipe */
	struct mbox *mbox;
	gboolean single; /* the whole is a message */
	gint64 changed;  /* its time */
	guint64 size;    /* 0: not known */
	/* a folder */
	gboolean maildir;
	GStringChunk *chunk;
	GPtrArray *names; /* "cur/NAME" or "NAME", in order; lent from chunk */
	guint at, round;
	GHashTable *missed;      /* BASE of those that were not found under their name */
	struct letters *letters; /* of a Maildir */
};

/* ---- source.c ---- */

/* Sets error by errno. FALSE. */
gboolean source_fail_read(const char *path, GError **error);
/* A line about a message that is left out. */
void source_tell(const struct source *source, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- source-message.c ---- */

/* Takes bytes; keywords as they were written, or NULL. FALSE: there is nothing in it. */
gboolean source_fill(struct source_message *message, GBytes *bytes, gint64 received, guint flags,
                     const char *keywords);

/* ---- source-file.c ---- */

/* Takes fd, open to what st is of. */
gboolean source_open_file(struct source *source, int fd, const struct stat *st, GError **error);
/* As source_next. */
int source_next_of_file(struct source *source, struct source_message *message, GError **error);

/* ---- source-folder.c ---- */

gboolean source_open_folder(struct source *source, GError **error);
int source_next_of_folder(struct source *source, struct source_message *message, GError **error);

#endif
