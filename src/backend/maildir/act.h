/* An op on messages on its way through the Maildir: which files its rows are, what is done to each, and what
 * the store is told of it. Any row may have been done before: by an attempt that broke off, or by another
 * program. So each verb first looks, and doing it twice does no harm.
 *
 * Files are looked for where the store has them, and those that are not there by their base names, until two
 * looks in a row have missed them. After each slice the folders are on the disk first, then the store is
 * told.
 */
#ifndef FULMAR_BACKEND_MAILDIR_ACT_H
#define FULMAR_BACKEND_MAILDIR_ACT_H

#include <dirent.h>
#include "backend/maildir/disk.h"
#include "backend/maildir/private.h"
#include "backend/maildir/search.h"

struct act;

struct act_row {
	msgid id;
	msgid source;  /* whose file it is: that of which a copy is made, else id */
	gint64 folder; /* which has the file; 0: none */
	char *file;    /* as the store has it; NULL: none */
	char *kept;    /* its base name in the target, if nothing else has it there; NULL: none */
	char *made;    /* a base name of our making, only ever given to this row; NULL without a target */
	char *half;    /* it came into the target, but is still in its folder; or NULL */
	gint64 received;
	guint flags;
	guint misses; /* looks in a row that did not find it */
	gboolean through;
};

enum act_end {
	ACT_THROUGH,
	ACT_VANISHED /* from path: it is looked for again */,
	ACT_FAILED /* with error */
};

struct act_verb {
	gboolean has_target; /* op->to: what may be there of it already is looked for first */
	/* The file is at path. */
	enum act_end (*found)(struct act *act, struct act_row *row, const char *path, GError **error);
	/* It is nowhere. */
	enum act_end (*lost)(struct act *act, struct act_row *row, GError **error);
	/* Files of op->folder that are no rows of the op, or NULL. */
	gboolean (*other)(struct act *act, const char *path, GError **error);
};
extern const struct act_verb act_flag, act_move, act_copy, act_append, act_purge, act_empty;

struct act {
	struct backend *backend;
	const struct store_op *op;
	const struct act_verb *verb;
	gboolean looks; /* after a crash: what is through is told, nothing more is done but to end it */
	enum job_state (*step)(struct act *act, GError **error);
	GArray *rows;          /* struct act_row */
	guint at, round, gone; /* rows that were gone before their turn */
	char *target;          /* directory of op->to, or NULL */
	char *token;           /* for base names of our making, or NULL */
	struct search *arrivals;
	GHashTable *dirs;     /* folder (gint64 *) → its directory */
	GHashTable *searches; /* directory → struct search * */
	GHashTable *letters;  /* directory → letters for keywords in the target */
	GHashTable *touched;  /* directories in which names changed */
	GArray *news;         /* for the store (news.c) */
	DIR *entries;         /* of op->folder, while other is called */
	guint subdir;
	gboolean changed_others;
};

enum job_state act_step(struct backend *backend, struct job *job, GError **error);
void act_clear(struct job *job);
const struct act_verb *act_verb_of(enum op_verb verb);

/* -- news.c -- */
GArray *act_news_new(void);
/* One transaction for all that was noted; also when the next row failed. */
gboolean act_tell(struct act *act, GError **error);

/* For verbs. A directory of which names change is on the disk before the store is told. */
void act_touch(struct act *act, const char *path);
/* path lends its name for the call. */
void act_tell_file(struct act *act, const struct act_row *row, const char *path);
void act_tell_moved(struct act *act, const struct act_row *row, const char *path);
void act_tell_purged(struct act *act, const struct act_row *row);
void act_tell_gone(struct act *act, const struct act_row *row);
/* "TARGET/cur/NAME" of a base name that was there when the act began, or NULL. Gives (g_free). */
char *act_arrival(const struct act *act, const char *base);

#endif
