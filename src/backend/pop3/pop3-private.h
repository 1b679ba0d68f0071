/* What the files of the POP3 backend share. Everything runs on the account's thread.
 *
 * The folders of such an account live in the store, and this backend is their server: it gives the UIDs,
 * which are never given twice in a folder, so that all that holds for a server's folders holds for these. Its
 * journal's verbs need no link. The link is a visit to the maildrop.
 */
#ifndef FULMAR_BACKEND_POP3_PRIVATE_H
#define FULMAR_BACKEND_POP3_PRIVATE_H

#include "backend/backend.h"

/* What is done without a link: steps run from the loop, one short slice each, one job after the other. */
enum job_state { JOB_MORE, JOB_DONE, JOB_FAILED /* with error */ };

struct job {
	enum job_state (*step)(struct backend *b, struct job *job, GError **error);
	backend_done done;
	void *user;
	const struct store_op *op; /* lent, or NULL */
	guint at;                  /* rows of op that were looked at */
	guint lacking;             /* of these, copies of what is not here */
	gint64 folder;             /* or 0 */
	GError *error;             /* of pop3_end, or NULL */
};

struct visit; /* the link, from connecting to its end */

struct backend {
	const struct backend_env *env;
	GQueue jobs;         /* struct job *, the head is under way */
	GSource *turn;       /* runs the head's next step */
	struct visit *visit; /* or NULL */
};

/* ---- pop3.c ---- */
/* Queues a job (g_new0; taken). */
void pop3_queue(struct backend *b, struct job *job);
/* A verb that is over already, with error (copied; NULL: well): its done runs from the loop. */
void pop3_end(struct backend *b, const GError *error, backend_done done, void *user);

/* ---- desk.c: UIDs ---- */
#define POP3_UIDVALIDITY 1
struct pop3_desk {
	gint64 folder;
	guint64 next; /* the UID that is given next */
};
/* Before the first UID is given and after the last; in one transaction. */
gboolean pop3_desk_open(struct backend *b, gint64 folder, struct pop3_desk *desk, GError **error);
gboolean pop3_desk_close(struct backend *b, const struct pop3_desk *desk, GError **error);
/* Messages have left folder, if it is still there, or it is new. */
gboolean pop3_desk_look(struct backend *b, gint64 folder, GError **error);

/* ---- local.c: the journal's verbs ---- */
void pop3_replay(struct backend *b, const struct store_op *op, backend_done done, void *user);
void pop3_check(struct backend *b, const struct store_op *op, backend_done done, void *user);

/* ---- folders.c ---- */
void pop3_folders(struct backend *b, backend_done done, void *user);
gboolean pop3_name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error);
/* The folder, NULL with error: it is gone. Gives (store_folder_free). */
struct store_folder *pop3_folder(struct backend *b, gint64 id, GError **error);
/* A folder other than INBOX is up to date by itself. */
void pop3_open_local(struct backend *b, gint64 folder, backend_done done, void *user);

#endif
