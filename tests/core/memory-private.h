/* What the files of memory.h share. */
#ifndef FULMAR_TESTS_CORE_MEMORY_PRIVATE_H
#define FULMAR_TESTS_CORE_MEMORY_PRIVATE_H

#include "memory.h"

/* ---- memory-box.c: what a server holds ---- */
struct message {
	guint64 uid;
	gint64 received;
	guint flags;
	char *keywords; /* sorted, blank-separated */
	GBytes *bytes;
	char *id; /* its Message-ID */
};

struct folder {
	char *name;
	guint64 uidvalidity, uidnext;
	gboolean subscribed;
	GPtrArray *messages;
};

struct server {
	GPtrArray *folders;
	guint64 born; /* UIDVALIDITY of the folder made last */
	guint countdown, verbs, piece, fills, links;
	enum memory_fault fault, fill_fault;
	enum memory_extent extent;
	gboolean any; /* countdown is of any verbs */
	gboolean silent, no_uidplus, unreachable;
};

void memory_lock(void);
/* The same; gives the account's server. */
struct server *memory_hold(const char *account);
void memory_release(void);
/* These are called locked. */
struct folder *memory_folder(struct server *s, const char *name);
/* Gives the UID. */
guint64 memory_put(struct folder *f, GBytes *bytes, gint64 received, guint flags, const char *keywords);
struct folder *memory_folder_new(struct server *s, const char *name);
struct message *memory_by_uid(struct folder *f, guint64 uid);
struct message *memory_by_id(struct folder *f, const char *id);
void memory_rename(struct server *s, const char *from, const char *to);
void memory_set_flags(struct message *m, const struct store_op *op);
/* Keywords in order, each once and blank-separated. Gives (g_free). */
char *memory_sorted(const char *keywords);
/* Of a GPtrArray of strings. */
int memory_compare(gconstpointer a, gconstpointer b);

/* ---- memory-backend.c ---- */
/* What is told about a row when its verb has ended well. */
enum news { NEWS_MOVED, NEWS_PURGED, NEWS_GONE };
struct told {
	enum news news;
	msgid id;
	gint64 folder;
	guint64 uidvalidity, uid;
};

struct pending {
	backend_done done;
	void *user;
	GError *error;
	gint64 op;
	GArray *told;   /* struct told */
	gboolean fatal; /* the link breaks with it */
};

struct backend {
	const struct backend_env *env;
	struct server *server;
	gboolean up;
	guint stored; /* headers of the open folder, since it was opened */
	GQueue pending;
};

struct pending *memory_begin(struct backend *b, backend_done done, void *user);
/* The verb meets this fault. Called locked. */
void memory_fail(struct server *s, struct pending *p, enum memory_fault fault);
/* A verb of the journal meets what was arranged. How many of n parts of it are done. Called locked. */
guint memory_meet(struct backend *b, struct pending *p, guint n);

/* ---- memory-read.c ---- */
void memory_folders(struct backend *b, backend_done done, void *user);
void memory_open(struct backend *b, gint64 folder, backend_done done, void *user);
void memory_fill(struct backend *b, gint64 folder, backend_done done, void *user);
void memory_structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user);
void memory_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
                 backend_done done, void *user);
void memory_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n,
                  backend_done done, void *user);
/* Where the server has a row, or NULL. Called locked. */
struct message *memory_place(struct backend *b, msgid id, struct folder **folder);

/* ---- memory-change.c ---- */
void memory_replay(struct backend *b, const struct store_op *op, backend_done done, void *user);
void memory_check(struct backend *b, const struct store_op *op, backend_done done, void *user);

#endif
