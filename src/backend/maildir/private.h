/* What the files of the Maildir backend share. Everything runs on the account's thread. */
#ifndef FULMAR_BACKEND_MAILDIR_PRIVATE_H
#define FULMAR_BACKEND_MAILDIR_PRIVATE_H

#include "backend/backend.h"
#include "backend/maildir/letters.h"

/* A verb under way: steps run from the loop, one short slice each, one job after the other. */
enum job_state { JOB_MORE, JOB_DONE, JOB_FAILED /* with error */ };

struct job {
	enum job_state (*step)(struct backend *backend, struct job *job, GError **error);
	void (*clear)(struct job *job); /* or NULL */
	backend_done done;              /* NULL: our own rescan */
	void *user;
	gint64 folder;
	msgid *ids;
	guint n, at;
	const struct store_op *op; /* lent */
	gboolean looks;            /* op was under way when the program ended: how far did it come? */
	void *data;                /* of the step */
	/* where base names are now, made when the first file is not where the store has it (message.c) */
	char *renamed_dir;
	GHashTable *renamed; /* base name → "cur/NAME" */
};

struct backend {
	const struct backend_env *env;
	char *root;
	GQueue jobs;         /* struct job *, the head is under way */
	GSource *turn;       /* runs the head's next step */
	GSource *greeting;   /* link's answer is due */
	GHashTable *letters; /* directory of a folder → struct letters * */
	char colon; /* before "2," in names, as the last folder that was looked at has it; 0: not known */
	GHashTable *missing; /* folder id (gint64 *) → struct missing *: messages found but not in the store
	                        yet */
	struct watch *watch; /* or NULL */
	gboolean has_others; /* folders that the watch may not know */
};

/* A verb waits behind the one under way. */
gboolean backend_is_waited_for(const struct backend *backend);
/* Queues a look at folder of our own, unless one is waiting. */
void backend_rescan(struct backend *backend, gint64 folder);

/* The folder's directory. Gives (g_free). */
char *backend_folder_dir(const struct backend *backend, const struct store_folder *folder);
struct store_folder *backend_folder(const struct backend *backend, gint64 id, GError **error);

/* -- keywords.c -- */
/* What letters in the folder dir mean at this moment. Lent until the next call. */
const struct letters *backend_letters(struct backend *backend, const char *dir);
/* The same once each of the keywords (NULL: none) has a letter there, or *full (if not NULL). NULL with
 * error.
 */
const struct letters *backend_letters_for(struct backend *backend, const char *dir, const char *keywords,
                                          gboolean *full, GError **error);
/* What stands before "2," in new names of the folder. */
char backend_colon(const struct backend *backend, const struct letters *letters);
/* Tells the store, in a transaction, that the row has this file, and what its name says. */
gboolean backend_set_file(struct backend *backend, msgid id, const char *file, GError **error);

/* -- tree-list.c -- */
enum job_state folders_step(struct backend *backend, struct job *job, GError **error);
void folders_clear(struct job *job);

/* -- kept.c -- */
/* "UNIQUE.HOST", for names of our making: of this store, the same for ever. Gives (g_free). In no
 * transaction. */
char *backend_token(const struct backend *backend, GError **error);
/* Copies the message in path into the store, so that undo has it when its file is gone; only if it is small.
 * In no transaction. */
void backend_keep_body(const struct backend *backend, msgid id, const char *path);
#define KEEP_MESSAGES 50 /* of an op: of more than these none is kept */

/* -- scan.c -- */
enum job_state scan_step(struct backend *backend, struct job *job, GError **error);
void scan_clear(struct job *job);
/* Counts the messages and the unread ones of a folder's directory. */
void scan_count(const char *dir, guint64 *total, guint64 *unread);

/* -- missing.c -- */
enum job_state fill_step(struct backend *backend, struct job *job, GError **error);
void missing_free(gpointer missing);
/* Files had other names when their turn came: what there is has to be read again. */
gboolean missing_is_stale(const struct backend *backend, gint64 folder);
gboolean missing_has_more(const struct backend *backend, gint64 folder);

/* -- message.c -- */
/* Reads the head of a file and puts it into the store, in a transaction; *id: as which row. 1: well, or it
 * cannot be read (*id 0); 0: it has gone, or has another name since; -1 error. */
int message_add(struct backend *backend, gint64 folder, const char *dir, const char *rel,
                const struct letters *letters, msgid *id, GError **error);
/* Where the row's file is now: as the store has it, or found again by its base name (the store is then told).
 * NULL without error: gone. Gives (g_free). */
char *message_locate(struct backend *backend, struct job *job, msgid id, GError **error);
enum job_state structures_step(struct backend *backend, struct job *job, GError **error);
enum job_state part_step(struct backend *backend, struct job *job, GError **error);

/* -- tree-ops.c, remove.c -- */
enum job_state create_step(struct backend *backend, struct job *job, GError **error);
enum job_state rename_step(struct backend *backend, struct job *job, GError **error);
enum job_state remove_step(struct backend *backend, struct job *job, GError **error);
void remove_clear(struct job *job);
enum job_state subscribe_step(struct backend *backend, struct job *job, GError **error);
/* The folder of the op, whose wire name may be trusted; what may not be done to INBOX is refused. */
struct store_folder *folder_of_op(struct backend *backend, gint64 id, gboolean inbox, GError **error);

/* -- doubles.c -- */
/* Gives one of two messages with the same base name ("cur/NAME" in dir) another. FALSE: there was no need, or
 * it cannot be. In no transaction. */
gboolean doubles_part(struct backend *backend, const char *dir, const char *one, const char *other);

/* -- novelty.c -- */
/* Whether any of these files ("cur/NAME") of the folder, there or not, is not as the store has it. */
gboolean novelty_in(struct backend *backend, gint64 folder, GHashTable *names);

/* -- inotify.c -- */
/* Follows directories: a rescan of the folder when something changed. */
struct watch *watch_new(struct backend *backend);
void watch_free(struct watch *watch);
/* The folder on the screen, 0: none. */
void watch_front(struct watch *watch, gint64 folder);
gint64 watch_folder(const struct watch *watch);
/* Follows all the other folders that the store has and that have been looked at, so far as that can be had.
 */
void watch_others(struct watch *watch);

#endif
