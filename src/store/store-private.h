/* What the files of src/store share: the handle, its prepared statements, and what a transaction keeps in
 * memory until it is written. */
#ifndef FULMAR_STORE_STORE_PRIVATE_H
#define FULMAR_STORE_STORE_PRIVATE_H

#include <sqlite3.h>
#include "store/store.h"

struct cuts;
struct refs;
struct pending;

struct store {
	sqlite3 *db;
	char *dir, *path; /* the account's folder; its store.db */
	enum store_mode mode;
	GHashTable *statements; /* address of the SQL text → sqlite3_stmt */
	gint64 seen_version;    /* data_version at the last store_changed */
	gint64 own_version;     /* data_version under which the caches below were filled */
	int synchronous;        /* as the connection has it now */
	gboolean young;         /* made by this handle and not yet synced to the disk */
	gboolean inside;        /* between store_begin and its end */
	gboolean failed;        /* a statement failed inside: only a rollback is left */
	struct cuts *cuts;      /* or NULL, see bodies.c */
	/* writers only */
	gint64 last_id, saved_last_id; /* row ids are never used twice */
	guint64 key[2];                /* for hashes of ids: nobody outside can aim at a bucket */
	GHashTable *folders;           /* struct folder_delta: what the transaction changed */
	GHashTable *threads;           /* struct thread_entry: thread rows the transaction touched */
	struct refs *refs;
	struct pending *pending; /* rows that are not inserted yet */
	gboolean adding;         /* the code at work knows of them */
	GArray *unlink;          /* msgid: files to remove after the commit */
	GHashTable *broken;      /* "id/section": entries whose file is not what it was */
	GArray *kept;            /* struct kept_span, see keep.c */
};

/* ---- store.c ---- */

#define VALUES(...) ((const gint64[]){__VA_ARGS__}), G_N_ELEMENTS(((const gint64[]){__VA_ARGS__}))

/* The statement of text (a static array: its address is the key) with the first n parameters bound; NULL with
 * error. */
sqlite3_stmt *store_sql(struct store *store, const char *text, const gint64 *values, guint n, GError **error);
/* The same while rows may be pending: for statements that cannot miss them. */
sqlite3_stmt *store_prepare(struct store *store, const char *text, const gint64 *values, guint n,
                            GError **error);
/* 1 a row is there, 0 done, -1 error; reset unless 1. */
int store_step(struct store *store, sqlite3_stmt *statement, GError **error);
/* To the end; no rows are wanted. */
gboolean store_finish(struct store *store, sqlite3_stmt *statement, GError **error);
gboolean store_run(struct store *store, const char *text, const gint64 *values, guint n, GError **error);
/* First column of the first row, or fallback when there is none. */
gboolean store_number(struct store *store, const char *text, const gint64 *values, guint n, gint64 fallback,
                      gint64 *out, GError **error);
void store_bind_text(sqlite3_stmt *statement, int at, const char *text);
/* The column as valid UTF-8, NULL when it is NULL. Gives (g_free). */
char *store_column(sqlite3_stmt *statement, int at);
/* Sets error from the connection's state and marks the transaction as failed. */
void store_fail_sql(struct store *store, GError **error);
void store_fail_damaged(struct store *store, const char *what, GError **error);
/* Opens a transaction unless one is open (*own then FALSE); store_leave ends it when it is ours: commit when
 * ok, else rollback. Returns ok of the whole. */
gboolean store_enter(struct store *store, gboolean durable, gboolean *own, GError **error);
gboolean store_leave(struct store *store, gboolean own, gboolean ok, GError **error);
/* Writes what the transaction keeps in memory, so that a query sees it. */
gboolean store_flush(struct store *store, GError **error);

/* ---- schema.c ---- */

#define STORE_VERSION 1
/* Makes or migrates; refuses a newer one. In no transaction. */
gboolean schema_prepare(struct store *store, GError **error);
/* TRUE when a reader can use it as it is. */
gboolean schema_check(struct store *store, GError **error);

/* ---- folders.c ---- */

struct folder_delta {
	gint64 id;
	gint64 rows, unread, unread_base, threads;
	gint64 server_unread;    /* what became of its unread ones since the server counted */
	gboolean known, unbound; /* unbound holds once known */
	struct uidrange gaps[2]; /* UIDs that have no row; lo 0: none */
};
/* The changes of one folder in this transaction; asking for them marks the folder as changed. */
struct folder_delta *folder_delta(struct store *store, gint64 folder);
gboolean folders_flush(struct store *store, GError **error);
/* Gives a UID to the row that lost it when UIDVALIDITY changed and is this message: 1, none: 0, -1 error. */
int folder_rebind(struct store *store, gint64 folder, const struct store_message *message, msgid *id,
                  GError **error);

/* ---- messages.c ---- */

enum have { HAVE_STRUCTURE = 1, HAVE_TEXT = 2, HAVE_PART = 4, HAVE_WHOLE = 8 };

/* What a change of a row must know of it. */
struct row_state {
	msgid id;
	gint64 folder, thread;
	struct store_key key;
	guint base, add, remove, have;
	gboolean head; /* it carries the thread row of its folder: */
	gint64 count, unread;
	char *keywords, *keywords_add, *keywords_remove; /* NULL: none */
	char *file;
};
void row_state_clear(struct row_state *state);
/* 1 found, 0 none, -1 error. */
int row_state_by_id(struct store *store, msgid id, struct row_state *state, GError **error);
int row_state_by_uid(struct store *store, gint64 folder, guint64 uid, struct row_state *state,
                     GError **error);
guint row_shown(const struct row_state *state);
/* Writes flags and keywords of now over those of before, with every counter. */
gboolean row_write_flags(struct store *store, const struct row_state *before, const struct row_state *now,
                         GError **error);
/* The same for the base alone, as the server says it. */
gboolean row_write_base(struct store *store, const struct row_state *state, guint flags, const char *keywords,
                        GError **error);
gboolean row_remove(struct store *store, const struct row_state *state, GError **error);
gboolean row_set_have(struct store *store, msgid id, guint set, guint unset, GError **error);

/* Blank-separated words: (base ∪ add) \ remove; case-insensitive. NULL when none. Gives (g_free). */
char *keywords_apply(const char *base, const char *add, const char *remove);

/* ---- pending.c ---- */

struct pending *pending_new(void);
void pending_free(struct pending *pending);
void pending_drop(struct pending *pending);
gboolean pending_register(struct store *store, GError **error);
/* Copies what it needs of message. */
gboolean pending_add(struct store *store, const struct row_state *state, const struct store_message *message,
                     int attachments, GError **error);
gboolean pending_flush(struct store *store, GError **error);

/* ---- lists.c ---- */

int key_compare(const struct store_key *a, const struct store_key *b);
/* Appends all addresses as one text. */
void addresses_append(GString *out, const GPtrArray *addresses);

/* ---- threads.c ---- */

struct thread_entry {
	gint64 folder, thread;
	struct store_key head; /* id 0: no message here */
	gint64 count, unread;
	msgid disk_head; /* what the rows say */
	gint64 disk_count, disk_unread;
};
/* The thread a new message belongs to; joins threads that it connects. */
gboolean threads_place(struct store *store, msgid id, const struct envelope *envelope, gint64 *thread,
                       GError **error);
/* Counts a row about to be inserted. *head: insert it as the one that carries its thread. */
gboolean threads_add(struct store *store, const struct row_state *row, gboolean unread, gboolean *head,
                     GError **error);
/* After the row is gone. */
gboolean threads_remove(struct store *store, const struct row_state *row, GError **error);
gboolean threads_unread(struct store *store, const struct row_state *row, int delta, GError **error);
gboolean threads_flush(struct store *store, GError **error);
/* When the last message of a thread is gone, its ids are forgotten. */
gboolean threads_forget(struct store *store, gint64 thread, const char *message_id, const char *in_reply_to,
                        const char *references, GError **error);

/* ---- refs.c: hash of a Message-ID → thread ---- */

struct refs *refs_new(void);
void refs_free(struct refs *refs);
/* Forgets everything in memory; it is read again when asked for. */
void refs_reset(struct refs *refs);
gint64 refs_hash(const struct store *store, const char *id, gsize len);
/* *thread 0: unknown. */
gboolean refs_get(struct store *store, gint64 hash, gint64 *thread, GError **error);
gboolean refs_put(struct store *store, gint64 hash, gint64 thread, GError **error);
/* Thread labels that were joined into others: *joined 0 when thread is still one. */
gboolean refs_joined(struct store *store, gint64 thread, gint64 *joined, GError **error);
gboolean refs_join(struct store *store, gint64 thread, gint64 into, GError **error);
gboolean refs_flush(struct store *store, GError **error);

/* ---- bodies.c ---- */

void bodies_forget_cuts(struct store *store);
/* Removes what is on the disk for id. */
void bodies_unlink(struct store *store, msgid id);
/* Drops entries found broken; at the start of a transaction. */
gboolean bodies_drop_broken(struct store *store, GError **error);

/* ---- keep.c ---- */

/* A message came to stand at key. */
void keep_row_added(struct store *store, gint64 folder, const struct store_key *key);
void keep_reset(struct store *store);

/* ---- journal.c ---- */

/* The message is gone: its ops lose it, and empty ops go. */
gboolean journal_forget_row(struct store *store, msgid id, GError **error);

#endif
