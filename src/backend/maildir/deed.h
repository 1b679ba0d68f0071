/* An op on messages on its way through the Maildir: which files its rows are, what is done to each, and what
 * the store is told of it. Any row may have been done before: by an attempt that broke off, or by another
 * program. So each verb first looks, and doing it twice does no harm.
 *
 * Files are looked for where the store has them, and those that are not there by their base names, until two
 * looks in a row have missed them. After each slice the folders are on the disk first, then the store is
 * told.
 */
#ifndef FULMAR_BACKEND_MAILDIR_DEED_H
#define FULMAR_BACKEND_MAILDIR_DEED_H

#include <dirent.h>
#include "backend/maildir/disk.h"
#include "backend/maildir/private.h"
#include "backend/maildir/search.h"

struct deed;

struct deed_row {
	msgid id;
	msgid source;  /* whose file it is: that of which a copy is made, else id */
	gint64 folder; /* which has the file; 0: none */
	char *file;    /* as the store has it; NULL: none */
	char *kept;    /* its base name in the target, if nothing else has it there; NULL: none */
	char *made;    /* a base name of our making, only ever given to this row; NULL without a target */
	char *half;    /* it came into the target, but is still in its folder; or NULL */
	gint64 received;
	guint flags;
	char *keywords;    /* as shown */
	guint32 letters;   /* for its keywords in the target */
	guint misses;      /* looks in a row that did not find it */
	gboolean laid;     /* its octets are on the disk, in tmp */
	gboolean replaced; /* another comes instead of it */
	gboolean through;
};

enum deed_end {
	DEED_THROUGH,
	DEED_VANISHED /* from path: it is looked for again */,
	DEED_FAILED /* with error */
};

struct deed_verb {
	gboolean has_target; /* op->to: what may be there of it already is looked for first */
	/* The file is at path. */
	enum deed_end (*found)(struct deed *deed, struct deed_row *row, const char *path, GError **error);
	/* It is nowhere. */
	enum deed_end (*lost)(struct deed *deed, struct deed_row *row, GError **error);
	/* Its octets, if they are written here, come to tmp, where one sync is for many; or NULL. FALSE: they
	 * could not. */
	gboolean (*lay)(struct deed *deed, struct deed_row *row);
	/* Files of op->folder that are no rows of the op, or NULL. */
	gboolean (*other)(struct deed *deed, const char *path, GError **error);
};
extern const struct deed_verb deed_flag, deed_move, deed_copy, deed_append, deed_purge, deed_empty,
        deed_replace;

struct deed {
	struct backend *backend;
	const struct store_op *op;
	const struct deed_verb *verb;
	gboolean looks; /* after a crash: what is through is told, nothing more is done but to end it */
	enum job_state (*step)(struct deed *deed, GError **error);
	GArray *rows;          /* struct deed_row */
	guint at, round, gone; /* rows that were gone before their turn */
	char *target;          /* directory of op->to, or NULL */
	char *token;           /* for base names of our making, or NULL */
	struct search *arrivals;
	GHashTable *dirs;     /* folder (gint64 *) → its directory */
	GHashTable *searches; /* directory → struct search * */
	GHashTable *touched;  /* directories in which names changed */
	GArray *news;         /* for the store (news.c) */
	DIR *entries;         /* of op->folder, while other is called */
	guint subdir;
};

enum job_state deed_step(struct backend *backend, struct job *job, GError **error);
void deed_clear(struct job *job);

/* -- news.c -- */
GArray *deed_news_new(void);
/* One transaction for all that was noted; also when the next row failed. */
gboolean deed_tell(struct deed *deed, GError **error);

/* For verbs. A directory of which names change is on the disk before the store is told. */
void deed_touch(struct deed *deed, const char *path);
/* Removes the file: DEED_THROUGH, DEED_VANISHED, or DEED_FAILED with error. */
enum deed_end deed_remove(struct deed *deed, const char *path, GError **error);
/* path lends its name for the call. */
void deed_tell_file(struct deed *deed, const struct deed_row *row, const char *path);
void deed_tell_moved(struct deed *deed, const struct deed_row *row, const char *path);
void deed_tell_purged(struct deed *deed, const struct deed_row *row);
void deed_tell_gone(struct deed *deed, const struct deed_row *row);
/* "TARGET/cur/NAME" of a base name that was there when the deed began, or NULL. Gives (g_free). */
char *deed_arrival(const struct deed *deed, const char *base);

#endif
