/* A backend on one thread with a store of its own, and the other side of it: what another client does to the
 * same mailbox. */
#ifndef FULMAR_TESTS_BACKEND_RIG_H
#define FULMAR_TESTS_BACKEND_RIG_H

#include <glib.h>
#include "backend/backend.h"

struct rig;

/* A kind of mailbox that tests run against. */
struct rig_kind {
	const char *name;
	const struct backend_ops *ops;
	guint verbs; /* 1 << OP_…: those that replay knows beyond OP_FLAG of rows; with RIG_WIDE of whole
	                folders too */
	/* Makes the mailbox with INBOX, Sent and Lists/harbour, all empty, and fills in account. */
	void (*make)(struct rig *rig, struct conf_account *account);
	/* What is only made when the store and the backend are there, or NULL. */
	void (*furnish)(struct rig *rig);
	/* Before a folder is opened: a new link, where one link sees no news. Or NULL. */
	void (*renew)(struct rig *rig);
	/* Takes down what make() set up beside rig->dir, or NULL. */
	void (*end)(struct rig *rig);
	/* What another client does. name tells messages apart within a folder. */
	void (*deliver)(struct rig *rig, const char *folder, const char *name, gint64 when, const char *text);
	void (*set_flags)(struct rig *rig, const char *folder, const char *name, guint flags);
	void (*remove)(struct rig *rig, const char *folder, const char *name);
	guint (*flags)(struct rig *rig, const char *folder, const char *name);
	/* Subjects there, sorted and joined by blanks; NULL: there is no such folder. Gives. */
	char *(*subjects)(struct rig *rig, const char *folder);
};
#define RIG_WIDE (1u << OP_VERBS)
/* It tells of what happens in it as it does. */
#define RIG_TELLS (4u << OP_VERBS)
/* It tells the structure of a message that is not here. */
#define RIG_STRUCTURES (8u << OP_VERBS)
/* The mailbox is apart from the store: what others did to it, or an op that a crash cut short, is there
 * before it is known here. */
#define RIG_APART (2u << OP_VERBS)
#define NOON 1700000000 /* about when mail comes */
/* Of rig_pop3: another client deletes a message of that name in the maildrop. */
void rig_pop3_remove(const char *name);
/* Of it, too: what log-ins are refused with from now on, NULL: they are not. */
void rig_pop3_refuse(const char *why);
/* And what size all messages are said to have, 0: their own. */
void rig_pop3_lie(gsize size);
extern const struct rig_kind rig_maildir, rig_pop3, rig_imap_plain, rig_imap_condstore, rig_imap_qresync,
        rig_imap_all;

struct rig {
	const struct rig_kind *kind;
	char *dir;
	struct conf *conf;
	struct conf_account *account;
	struct store *store;
	struct backend *backend;
	struct backend_env env;
	GMainContext *context;
	gint64 later; /* seconds by which ops seem younger: what lies on the disk has only whole ones too */
	/* what the hooks said */
	gboolean ready, lost, left;
	guint folders, rows, arrived, behind;
	guint64 have, total;
};

/* An empty configuration, the owner of accounts made by tests. */
struct conf *rig_conf_new(void);
void rig_init(struct rig *rig, const struct rig_kind *kind);
void rig_clear(struct rig *rig);
/* Links and lists the folders. */
void rig_link(struct rig *rig);
/* One verb's end. */
struct rig_done {
	int times;
	GError *error;
};
void rig_on_done(const GError *error, void *user);
/* Runs the loop until the verb has ended; its error is asserted away, or given (g_error_free). */
void rig_wait(struct rig *rig, struct rig_done *done);
GError *rig_wait_error(struct rig *rig, struct rig_done *done);
/* Runs the loop until *counter is at least n. */
void rig_wait_for(struct rig *rig, const guint *counter, guint n);
/* Opens and fills a folder; its id. */
gint64 rig_open(struct rig *rig, const char *path);
/* Subjects of a folder, newest first, joined by blanks. Gives. */
char *rig_subjects(struct rig *rig, const char *path);
/* Runs the loop until the subjects of a folder are these: for what a server tells of its own accord. */
void rig_becomes(struct rig *rig, const char *path, const char *want);
/* The row with this subject. Gives (store_row_free). */
struct store_row *rig_row(struct rig *rig, const char *path, const char *subject);
/* Carries out what the journal holds, once; each op's end is asserted to be this (0: well). */
void rig_replay(struct rig *rig, int code);
/* Journals a change of one row and replays what the journal holds. */
void rig_flag(struct rig *rig, msgid id, guint add, guint remove, const char *keywords);
/* Delivers a message whose subject is name. */
void rig_deliver(struct rig *rig, const char *folder, const char *name, gint64 when);
/* Delivers a, b and c to INBOX, links, and opens INBOX and Sent. */
void rig_begin(struct rig *rig);
/* 0: there is no such folder. */
gint64 rig_folder_at(struct rig *rig, const char *path);
msgid rig_id_at(struct rig *rig, const char *path, const char *subject);
/* Fetches a whole message. */
void rig_fetch(struct rig *rig, msgid id);
/* Asserts which subjects are on the other side, sorted; and which in the store, newest first. */
void rig_there(struct rig *rig, const char *folder, const char *want);
void rig_here(struct rig *rig, const char *path, const char *want);
/* Lists the folders. */
void rig_list(struct rig *rig);
/* Journals a move of one message. */
void rig_move(struct rig *rig, msgid id, const char *to);
/* Journals a new folder; the backend names it where wire is NULL. */
void rig_create(struct rig *rig, const char *path, const char *wire);

/* What is tested with a mailbox of its own. */
struct rig_case {
	const char *name;
	void (*run)(struct rig *rig);
	guint verbs; /* that a kind must know for it, as in rig_kind */
};
/* Adds those that the kind is fit for to GLib's tests, as PREFIX/NAME. */
void rig_add_cases(const char *prefix, const struct rig_kind *kind, const struct rig_case *cases, guint n);

#endif
