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
	gboolean looking;       /* between store_look and its end */
	int fault;              /* SQLite's code of the last failure, without its extension */
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
	gint64 expired[2];       /* since, id: how far store_expire has looked */
	guint epoch;             /* what a folder_delta knows of places and the like holds for one epoch */
};

/* ---- sql.c ---- */

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
/* Appends the first column of each row (gint64). */
gboolean store_ids(struct store *store, const char *text, const gint64 *values, guint n, GArray *out,
                   GError **error);
/* NULL and "" are bound as NULL. Lends text until the statement is reset. */
void store_bind_text(sqlite3_stmt *statement, int at, const char *text);
/* The column as valid UTF-8, NULL when it is NULL. Gives (g_free). */
char *store_column(sqlite3_stmt *statement, int at);
/* The same, but "" when it is NULL. */
char *store_text(sqlite3_stmt *statement, int at);
/* Sets error from the connection's state and marks the transaction as failed. */
void store_fail_sql(struct store *store, GError **error);
/* what: of it, or NULL. */
void store_fail_damaged(struct store *store, const char *what, GError **error);
/* The message left the store while somebody still spoke of it. */
void store_fail_gone(msgid id, GError **error);
/* A step of the transaction failed before: it is not gone on with. */
void store_fail_broken(struct store *store, GError **error);
/* An SQLite code, without its extension, that says that the file is damaged. */
gboolean store_is_damage(int code);

/* ---- store.c ---- */
/* Opens a transaction unless one is open (*own then FALSE); store_leave ends it when it is ours: commit when
 * ok, else rollback. Returns ok of the whole. */
gboolean store_enter(struct store *store, gboolean durable, gboolean *own, GError **error);
gboolean store_leave(struct store *store, gboolean own, gboolean ok, GError **error);
/* The key of hashes is here from the first transaction on; who hashes before that asks for it. */
gboolean store_load_key(struct store *store, GError **error);
/* Writes what the transaction keeps in memory, so that a query sees it. */
gboolean store_flush(struct store *store, GError **error);

/* ---- schema.c ---- */

#define STORE_VERSION 4
/* Makes or migrates; refuses a newer one. In no transaction. */
gboolean schema_prepare(struct store *store, GError **error);
/* Brings db from version from to the newest. FALSE: db says why. */
gboolean schema_make(sqlite3 *db, gint64 from);
/* TRUE when a reader can use it as it is. */
gboolean schema_check(struct store *store, GError **error);

/* ---- folders.c ---- */

struct folder_delta {
	gint64 id;
	gint64 rows, unread, threads; /* as shown */
	gint64 bound, unread_base;    /* as the server has them */
	/* what became of what the server counted */
	gint64 server_total, server_unread;
	guint known;             /* the epoch for which these hold: */
	gboolean here;           /* the folder is */
	gboolean unbound;        /* rows wait for their UID in it */
	gboolean placed;         /* rows shown elsewhere have their place in it */
	gboolean sought;         /* rows that vanished may turn up, in any folder */
	gboolean wide;           /* ops on the whole of it wait */
	struct uidrange gaps[2]; /* UIDs that have no row; lo 0: none */
};
/* The changes of one folder in this transaction; asking for them marks the folder as changed. Folder 0 is
 * nowhere: its changes are written to nothing. */
struct folder_delta *folder_delta(struct store *store, gint64 folder);
/* The same with what holds for known; NULL with error, also when the folder is not in the store. */
struct folder_delta *folder_known(struct store *store, gint64 folder, GError **error);
/* Places, UIDs or ops changed: what all deltas know is asked again. */
void folders_forget(struct store *store);
gboolean folders_flush(struct store *store, GError **error);
/* Below which UID all messages are that the folder had when last heard of. */
gboolean folder_uid_limit(struct store *store, gint64 folder, guint64 *limit, GError **error);
/* TRUE when it is there and shown; else FALSE with error. */
gboolean folder_is_usable(struct store *store, gint64 folder, GError **error);

/* ---- identity.c: knowing a message again ---- */

/* Row id is looked for in folder (0: any): store_add will meet it there. */
gboolean identity_expect(struct store *store, gint64 folder, msgid id, GError **error);
/* The folder in which the row is looked for; *folder 0: none. */
gboolean identity_where(struct store *store, msgid id, gint64 *folder, GError **error);
gboolean identity_forget(struct store *store, msgid id, GError **error);
/* Row id is in folder under a UID from mark on (0: any) that is not known. */
gboolean identity_await(struct store *store, gint64 folder, msgid id, guint64 mark, GError **error);
/* Gives message's place to a row that is looked for and is this message: 1, none: 0, -1 error. */
int identity_meet(struct store *store, gint64 folder, const struct store_message *message, msgid *id,
                  GError **error);
/* A row of folder that is the same message as id, has a UID there, and is newer than after; 0: none. */
gboolean identity_double(struct store *store, gint64 folder, msgid id, msgid after, msgid *other,
                         GError **error);
/* folder has been read as a whole at synced: rows that were awaited in it and did not come are gone. */
gboolean identity_read_through(struct store *store, gint64 folder, gint64 synced, GError **error);

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
	guint64 uid;                                     /* uid or file: the server has it in folder */
	char *file;
};
void row_state_clear(struct row_state *state);
/* 1 found, 0 none, -1 error. */
int row_state_by_id(struct store *store, msgid id, struct row_state *state, GError **error);
/* One that other tables speak of: that it is not there is an error, too. */
gboolean row_state_get(struct store *store, msgid id, struct row_state *state, GError **error);
gboolean row_is_bound(const struct row_state *state);
void row_state_copy(struct row_state *to, const struct row_state *from);
guint row_shown(const struct row_state *state);
/* Writes flags and keywords of now over those of before, with every counter. */
gboolean row_write_flags(struct store *store, const struct row_state *before, const struct row_state *now,
                         GError **error);
/* The same for the base alone, as the server says it. */
gboolean row_write_base(struct store *store, const struct row_state *state, guint flags, const char *keywords,
                        GError **error);
gboolean row_remove(struct store *store, const struct row_state *state, GError **error);
gboolean row_set_have(struct store *store, msgid id, guint set, guint unset, GError **error);
/* All of it is here now, and root is its structure as we see it. */
gboolean row_set_whole(struct store *store, msgid id, const struct mime_part *root, GError **error);

/* Blank-separated words: (base ∪ add) \ remove; case-insensitive. NULL when none. Gives (g_free). */
char *keywords_apply(const char *base, const char *add, const char *remove);

/* ---- place.c: where a row stands, here and on the server ---- */

struct spot {
	gint64 folder; /* 0: none */
	guint64 uid;
	char *file; /* or NULL; g_free */
};
/* Where the server has it. */
gboolean place_of(struct store *store, const struct row_state *row, struct spot *out, GError **error);
/* The server has the row, which is not bound, there. */
gboolean place_put(struct store *store, const struct row_state *row, gint64 folder, guint64 uid,
                   const char *file, GError **error);
/* The server has it there no more. */
gboolean place_drop(struct store *store, const struct row_state *row, GError **error);
/* An op on its way may have set \Deleted on its message. */
gboolean place_note_marked(struct store *store, msgid id, GError **error);
/* What an op has marked is left behind: the mark is none of the row's. */
gboolean place_unmark(struct store *store, struct row_state *row, GError **error);
/* The row at a UID or a file of folder, bound or placed; *id 0: none. */
gboolean place_find(struct store *store, gint64 folder, guint64 uid, const char *file, msgid *id,
                    GError **error);
/* Lets row stand in folder, bound there to uid or file (0 and NULL: not). With every counter; row becomes
 * what it is then. */
gboolean row_relocate(struct store *store, struct row_state *row, gint64 folder, guint64 uid,
                      const char *file, GError **error);
/* Shows row in folder; where the server has it stays as it is. */
gboolean row_send(struct store *store, struct row_state *row, gint64 folder, GError **error);

/* ---- stand.c ---- */

/* Does verb to row id; nothing when it is not here any more. */
gboolean row_if_here(struct store *store, msgid id,
                     gboolean (*verb)(struct store *store, struct row_state *row, GError **error),
                     GError **error);
/* Shows row where its ops and the server want it. at not NULL: the server has it there, as was just learned
 * (it had it nowhere). */
gboolean row_settle(struct store *store, struct row_state *row, const struct spot *at, GError **error);
gboolean row_settle_id(struct store *store, msgid id, GError **error);
/* Takes from the row whatever the server had it by, until now. */
gboolean row_let_go(struct store *store, struct row_state *row, GError **error);

/* ---- limbo.c ---- */

/* Shows row nowhere, because of op (0: the server's doing; LIMBO_MADE_HERE: the server never had it). Its
 * place stays. */
#define LIMBO_MADE_HERE -1
gboolean limbo_put(struct store *store, struct row_state *row, gint64 op, GError **error);
gboolean limbo_forget(struct store *store, msgid id, GError **error);
/* The server has row no more, and nobody wished that: it is looked for. */
gboolean limbo_vanish(struct store *store, struct row_state *row, GError **error);

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
/* The same for a row that is moved here: it is not in its folder yet. To be followed at once by writing *head
 * into it, with counts of 1 and unread when TRUE. */
gboolean threads_put(struct store *store, const struct row_state *row, gboolean unread, gboolean *head,
                     GError **error);
/* Lets nothing be written between reading a row and moving it. */
gboolean threads_make_room(struct store *store, GError **error);
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
/* The highest id that a file of the store in dir is named by, 0: there is none. */
gint64 bodies_highest_id(const char *dir);
/* Drops entries found broken; at the start of a transaction. */
gboolean bodies_drop_broken(struct store *store, GError **error);
/* NULL with error when section is none of ours. */
char *bodies_path(struct store *store, msgid id, const char *section, GError **error);
/* The path of a message that lies in a maildir, bound or placed; *file NULL: it does not. */
gboolean bodies_file_of(struct store *store, msgid id, char **file, GError **error);
/* Makes row id's have bits those of its entries. */
gboolean bodies_refresh_have(struct store *store, msgid id, GError **error);
/* Adds the entry of a body whose file has its name already. A whole message (root: its structure, or NULL)
 * makes its parts superfluous: they can be cut out of it. That needs its structure as we see it, not as the
 * server does. */
gboolean bodies_put_entry(struct store *store, msgid id, const char *section, gint64 size,
                          const struct mime_part *root, GError **error);
/* preview.c: the preview of a message that has none, out of its text if that is here. */
gboolean preview_fill(struct store *store, msgid id, GError **error);
/* The same out of the octets of the whole message, whose structure is root. */
gboolean preview_put(struct store *store, msgid id, const struct mime_part *root, const void *bytes,
                     gsize len, GError **error);
/* "" when there is none. Gives (g_free). */
char *preview_of(const struct mime_part *root, const void *bytes, gsize len);
/* Where the parts of a message lie that are not cut out of the whole. Gives (g_free). */
char *bodies_parts_dir(struct store *store, msgid id);
/* Gives (mime_part_free); NULL: the file cannot be read. */
struct mime_part *bodies_parse_file(const char *path);

/* ---- intake.c ---- */

/* Removes downloads of the whole message that lies, or would, at path. */
void intake_unlink(const char *path);

/* ---- header.c ---- */

/* What is kept of In-Reply-To. Nearly always it is the last reference: then NULL stands for it, and "-" for
 * none. */
const char *header_parent(const struct envelope *envelope);
/* Writes the header of a row that is here anew. */
gboolean header_write(struct store *store, msgid id, const struct envelope *envelope, GError **error);

/* ---- keep.c ---- */

/* A message came to stand at key. */
void keep_row_added(struct store *store, gint64 folder, const struct store_key *key);
void keep_reset(struct store *store);

/* ---- copies.c ---- */

/* Bodies of from that are here become those of to as well. */
gboolean bodies_share(struct store *store, msgid from, msgid to, GError **error);
/* A new row in folder that is like source, without a UID. */
gboolean row_copy(struct store *store, const struct row_state *source, gint64 folder, msgid *id,
                  GError **error);

/* The octets on the disk under a name that nothing refers to yet. Gives the name, NULL with error. */
char *bodies_write_aside(struct store *store, GBytes *bytes, GError **error);
/* What lies there becomes the whole body of a row. Not durable: the caller sees to that, before it commits.
 */
gboolean bodies_take_in(struct store *store, const char *aside, msgid id, GBytes *bytes, gboolean durable,
                        GError **error);
/* A new row in folder, without a UID, with what lies at aside as its whole body; bytes NULL: none yet. 0 with
 * error. */
msgid row_make(struct store *store, gint64 folder, const struct store_message *message, GBytes *bytes,
               const char *aside, GError **error);

/* ---- maildrop.c ---- */

/* The person deleted msg for good: that is what is remembered of it. */
gboolean drop_let_go(struct store *store, msgid msg, GError **error);
/* The body of msg can be fetched yet. */
gboolean drop_has(struct store *store, msgid msg);

/* ---- serve.c ---- */

/* What is lost of this store cannot be fetched again. */
gboolean serve_is(struct store *store);
/* Those that name files are not given out again, but to the messages in them. */
gboolean serve_reserve_ids(struct store *store, GError **error);
/* No row had a higher id, as far as is known. */
gboolean serve_last_id(struct store *store, msgid *id, GError **error);
/* The message at path, the body of row id of which nothing is known, becomes that of its row, or one of
 * INBOX; in no transaction. *here: there is another one of it. */
gboolean serve_adopt(struct store *store, msgid id, const char *path, gboolean *here, GError **error);

/* ---- ops.c ---- */

struct op_spec {
	enum op_verb verb;
	enum op_state state;
	gint64 folder, to;
	guint add, remove;
	const char *keywords_add, *keywords_remove, *arg, *key;
	guint64 upto;
	gint64 step;
};
gboolean op_insert(struct store *store, const struct op_spec *spec, gint64 *op, GError **error);
/* source: what a copy is one of. */
#define ROW_REPLACED -1 /* the row is the one that an OP_REPLACE is to take away */
gboolean op_join(struct store *store, gint64 op, msgid id, gint64 source, GError **error);
/* The row is none of op's any more; an op of rows that has none left goes. */
gboolean op_leave(struct store *store, gint64 op, msgid id, GError **error);
gboolean op_delete(struct store *store, gint64 op, GError **error);
/* *op NULL without error: gone already. */
gboolean op_read(struct store *store, gint64 id, struct store_op **op, GError **error);
/* The op that decides where a row is shown: its last one that moves it. */
struct op_link {
	gint64 op;         /* 0: none */
	enum op_verb verb; /* for OP_REPLACE what that is for the row: OP_APPEND or OP_PURGE */
	enum op_state state;
	gint64 folder, to, source; /* source: of a copy */
	gint64 mark, mark_id, attempts;
	char *key; /* or NULL; g_free */
};
/* failed: one that failed counts too. */
gboolean op_last_move(struct store *store, msgid id, gboolean failed, struct op_link *out, GError **error);
/* op's link to the row, when it moves it; else that of the oldest one under way that does. */
gboolean op_moving(struct store *store, gint64 op, msgid id, struct op_link *out, GError **error);
/* Copies are yet to be made of the row, here or elsewhere. */
gboolean op_is_copied(struct store *store, msgid id, gboolean *copied, GError **error);

/* ---- order.c ---- */

/* Moves those of all that may run at now to out. */
gboolean order_ready(struct store *store, GPtrArray *all, gint64 now, GPtrArray *out, GError **error);

/* ---- masks.c: flags that wait ---- */

/* Brings the row up to what its ops say now; op not NULL: its effect goes into the base first. */
gboolean masks_settle(struct store *store, msgid id, const struct store_op *op, GError **error);
/* What waits for the server, which will never have the row, is so. */
gboolean masks_absorb(struct store *store, const struct row_state *row, GError **error);
/* A row that came lately is one of those the ops on the whole of its folder concern. */
gboolean masks_join_wide(struct store *store, gint64 folder, msgid id, guint64 uid, GError **error);

/* ---- journal.c ---- */

/* One action of a person on its way into the journal. */
struct journal {
	gint64 *step, had;
	gint64 seq;
	guint n; /* rows or folders concerned */
	GArray *made;
	gboolean own;     /* the transaction is its own */
	gboolean unasked; /* flags are nobody's wish */
};
struct entry {
	enum op_verb verb;
	gint64 op, subject, origin, target; /* a row or a folder; folders */
	gint64 added, removed;
	const char *text1, *text2, *text3;
};
gboolean journal_begin(struct store *store, struct journal *journal, gint64 *step, GError **error);
gboolean journal_end(struct store *store, struct journal *journal, gboolean ok, GError **error);
/* The op of this action that is like spec, made when there is none yet. */
gboolean journal_op(struct store *store, struct journal *journal, const struct op_spec *spec, gint64 *op,
                    GError **error);
gboolean journal_note(struct store *store, struct journal *journal, const struct entry *entry,
                      GError **error);
/* What is left of a row's way when it has left the ops that a later one overtakes. */
struct way {
	struct op_link last; /* the op after which the later one comes; key: g_free */
	gboolean unmade;     /* last makes the row, and has not gone out; the row has not left it */
	gint64 then;         /* where the row will be */
};
gboolean journal_find_way(struct store *store, const struct row_state *row, struct way *way, GError **error);
/* The row, which way says is yet to be made, never will be. */
gboolean journal_unmake_row(struct store *store, struct row_state *row, gint64 op, GError **error);
/* What each verb does to one row; no entries of undo. *op 0: none was needed. */
gboolean journal_move_row(struct store *store, struct journal *journal, struct row_state *row, gint64 to,
                          gint64 *op, GError **error);
gboolean journal_purge_row(struct store *store, struct journal *journal, struct row_state *row, gint64 *op,
                           GError **error);
gboolean journal_flag_row(struct store *store, struct journal *journal, const struct row_state *row,
                          guint add, guint remove, const char *keywords_add, const char *keywords_remove,
                          gint64 *op, GError **error);
/* A row that rests in limbo, and that the server has not, shall be in folder again. */
gboolean journal_append_row(struct store *store, struct journal *journal, struct row_state *row,
                            gint64 folder, GError **error);
/* The message is gone: its ops lose it, and empty ops go. */
gboolean journal_forget_row(struct store *store, msgid id, GError **error);

/* ---- replace.c ---- */

/* row, which the server has not and no op is about, shall be in folder to; old goes when the server has it.
 */
gboolean replace_row(struct store *store, struct journal *journal, struct row_state *row,
                     struct row_state *old, gint64 to, gint64 *op, GError **error);
/* The append of a row goes out as op to instead of from: what it was to replace goes along, or stays where
 * that was refused. */
gboolean replace_follow(struct store *store, const struct op_link *from, gint64 to, GError **error);
/* The row that op was to append has left it: if it was to replace another, that one is purged all the same.
 */
gboolean replace_alone(struct store *store, gint64 op, GError **error);

/* ---- tree.c, tree-done.c: ops of folders ---- */

/* Brings folder's path, subscription and being shown up to what its ops say now. */
gboolean tree_settle(struct store *store, gint64 folder, GError **error);
/* One that the server could not make is seen only as long as something is in it: that has changed. */
gboolean tree_settle_wish(struct store *store, gint64 folder, GError **error);
gboolean tree_settle_op(struct store *store, const struct store_op *op, GError **error);
/* The server has carried it out. */
gboolean tree_done(struct store *store, const struct store_op *op, GError **error);
/* folder->id 0: a new one. */
gboolean tree_create(struct store *store, struct journal *journal, struct store_folder *folder,
                     const char *special_use, GError **error);
gboolean tree_rename(struct store *store, struct journal *journal, gint64 folder, const char *path,
                     const char *wire, GError **error);
gboolean tree_remove(struct store *store, struct journal *journal, gint64 folder, GError **error);
gboolean tree_subscribe(struct store *store, struct journal *journal, gint64 folder, gboolean on,
                        GError **error);
/* The folder's row goes, and every op of it that is not about rows. */
gboolean tree_forget(struct store *store, gint64 folder, GError **error);
/* Takes a folder that was never made away again; FALSE with error when something is in it. */
gboolean tree_unmake(struct store *store, gint64 folder, GError **error);

/* ---- effects.c: what an op does here, taken back and done again ---- */

/* Takes op back and away. */
gboolean effect_drop(struct store *store, const struct store_op *op, GError **error);
/* FALSE, always, with the error that says so. */
gboolean effect_fail_under_way(GError **error);

/* ---- moved.c ---- */

gboolean moved_row(struct store *store, gint64 op, msgid id, gint64 folder, guint64 uid, const char *file,
                   GError **error);
gboolean purged_row(struct store *store, gint64 op, msgid id, GError **error);

#endif
