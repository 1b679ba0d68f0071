/* What a kind of account can do: one table of verbs behind which IMAP, POP3 and Maildir sit.
 *
 * Memory: lists of ids, sections and texts are copied; a journal op is lent until the verb's done callback
 * ran. Threads: all on the account's thread; nothing blocks but the account's own disk in short slices. Each
 * verb completes exactly once through done, never before it returned; after backend_ops.cancel or a lost link
 * with FULMAR_CANCELLED or FULMAR_NO_LINK. A backend writes what it learns into the store in transactions of
 * its own and says so through the hooks; it never prompts, never formats a status line.
 */
#ifndef FULMAR_BACKEND_BACKEND_H
#define FULMAR_BACKEND_BACKEND_H

#include <glib.h>
#include "conf/conf.h"
#include "msg/bus.h"
#include "store/store.h"

struct backend;
/* error is lent; NULL: well. */
typedef void (*backend_done)(const GError *error, void *user);

struct backend_hooks {
	/* The link is ready for verbs. */
	void (*ready)(void *user);
	/* The link ended (also a failed connect): error is lent. Verbs under way complete right after, with
	 * FULMAR_CANCELLED or FULMAR_NO_LINK; none may be begun until ready. */
	void (*lost)(const GError *error, void *user);
	/* The same when depart has ended it, and all was well. */
	void (*left)(void *user);
	void (*rows)(gint64 folder, void *user);             /* rows or counters of folder changed */
	void (*folders)(void *user);                         /* the folder list changed */
	void (*arrived)(gint64 folder, guint n, void *user); /* new mail, by push or resync */
	void (*progress)(gint64 folder, guint64 have, guint64 total,
	                 void *user);                 /* headers of folder in the store */
	void (*notice)(const char *text, void *user); /* the server's ALERT and the like; unsafe text */
	void (*fact)(const char *name, const char *value, void *user); /* for doctor */
	/* folder changed on the server in a way that is not in the store: it is worth an open. 0: the list of
	 * folders did. */
	void (*behind)(gint64 folder, void *user);
	/* A secret is needed: answer later through backend_ops.secret. */
	void (*ask)(const char *prompt, void *user);
};

struct backend_env {
	GMainContext *context;
	const struct conf *conf;
	const struct conf_account *account;
	struct store *store; /* the writing handle, shared with core on this thread */
	const struct backend_hooks *hooks;
	void *user; /* for hooks */
	guint lane; /* 0: the person's, with folder list and watch; others: more hands for background work */
};

struct backend_admin {
	enum admin_kind kind;
	gint64 folder;
	const char *name, *value;
};

struct backend_ops {
	const char *name;
	gboolean remote; /* has a link that can be lost */
	struct backend *(*create)(const struct backend_env *env);
	void (*destroy)(struct backend *backend); /* at once; done callbacks do not run any more */
	void (*link)(struct backend *backend);    /* connect and log in; then hooks.ready or hooks.lost */
	void (*unlink)(struct backend *backend); /* log out as far as it goes without waiting; verbs under way
	                                            end as cancelled */
	/* Answer to hooks.ask. NULL: there is none, and why (one line; NULL: called off). */
	void (*secret)(struct backend *backend, const char *secret, const char *why);
	/* Folder list with roles and counts into the store. */
	void (*folders)(struct backend *backend, backend_done done, void *user);
	/* Bring folder up to date, newest first; done when the newest screen and all changes to known rows
	 * are in the store. */
	void (*open)(struct backend *backend, gint64 folder, backend_done done, void *user);
	/* Fetch one more chunk of missing headers of the open folder (progress by hooks); done after each
	 * chunk. core calls it again until the folder is complete. */
	void (*fill)(struct backend *backend, gint64 folder, backend_done done, void *user);
	/* Structures of rows that lack one (n ≤ 200, one folder). */
	void (*structures)(struct backend *backend, const msgid *ids, guint n, backend_done done, void *user);
	/* One section of one message into the store; big ones in resumable slices. progress may be NULL. */
	void (*part)(struct backend *backend, msgid id, const char *section,
	             void (*progress)(guint64 have, guint64 total, void *user), backend_done done,
	             void *user);
	/* Whole flight: text sections of many messages (keep policies): pairs of id and section. */
	void (*parts)(struct backend *backend, const msgid *ids, const char *const *sections, guint n,
	              backend_done done, void *user);
	/* Carry out one journal op, or several alike whose ids were put together (op->id is the first's; all
	 * are marked as running). Rows that are through are told by store_moved, store_purged, store_gone
	 * with op 0 unless op->id stands alone. FULMAR_FAILED: the server refused it, and will again.
	 * FULMAR_NO_LINK with the link up: not now. FULMAR_CANCELLED: the folder must be opened first.
	 * OP_TRANSFER never comes here. */
	void (*replay)(struct backend *backend, const struct store_op *op, backend_done done, void *user);
	/* After a crash: how far did op come? Tells rows that are through as replay does; what is left then
	 * may be carried out again. Never for OP_FLAG and OP_SUBSCRIBE, which are simply repeated. */
	void (*check)(struct backend *backend, const struct store_op *op, backend_done done, void *user);
	/* The server's name for a folder that is to be, also without a link; FULMAR_FAILED when it cannot be
	 * one (and why). Gives *wire. */
	gboolean (*name_folder)(struct backend *backend, const char *path, char **wire, char *delimiter,
	                        GError **error);
	/* Sharing, quota, notes: what is not mail and only makes sense online. answer's strings are lent,
	 * unsafe. */
	void (*admin)(struct backend *backend, const struct backend_admin *request,
	              void (*answer)(const char *name, const char *value, void *user), backend_done done,
	              void *user);
	/* Follow folder (0: none) while nothing else is asked: IDLE, inotify. Ends by itself when a verb
	 * comes. */
	void (*watch)(struct backend *backend, gint64 folder);
	/* TRUE while changes of all folders are told as they happen, so that none needs to be asked for.
	 * NULL: never. */
	gboolean (*follows_all)(struct backend *backend);
	/* FALSE when it is known that the server keeps no \Seen of folder's messages. NULL: it does. */
	gboolean (*keeps_seen)(struct backend *backend, gint64 folder);
	/* Another lane takes folder over: this one writes nothing more of what it has open of it. NULL: there
	 * is but one lane. */
	void (*leave)(struct backend *backend, gint64 folder);
	/* The link may be dead: hooks.lost within ten seconds if it is. NULL: it cannot be. */
	void (*probe)(struct backend *backend);
	/* The link is a visit, and this ends it: deletes there what is due and takes leave; when the server
	 * has said that it is so hooks.left, then done. NULL: the link is held. Where it is not, the folders
	 * are kept here: folders, open of any but INBOX, replay, check and name_folder need no link.
	 */
	void (*depart)(struct backend *backend, backend_done done, void *user);
	/* op is about a whole folder, and more belongs to that than has come: it is to be carried out when
	 * the rest is here. NULL: never. */
	gboolean (*early)(struct backend *backend, const struct store_op *op);
	/* Seconds that the server wants to pass between this visit, or the attempt at one, and the next; and
	 * before the first of this process, how many of them are over. */
	guint (*respite)(struct backend *backend);
	guint (*paused)(struct backend *backend);
	/* The last attempt failed because somebody else is there, mostly for a moment. NULL: that cannot be.
	 */
	gboolean (*in_use)(struct backend *backend);
};

extern const struct backend_ops backend_imap;
extern const struct backend_ops backend_maildir;
extern const struct backend_ops backend_pop3;

#endif
