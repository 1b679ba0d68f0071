/* The store of one account: what every screen shows. SQLite in WAL mode (store.db) plus bodies as files
 * (mail/).
 *
 * A handle belongs to one thread. The account's thread alone opens STORE_WRITE; anybody may open STORE_READ,
 * and reading never waits for the writer. Text in rows is valid UTF-8, not yet safe for a terminal. Nothing
 * here is proportional to a folder's size unless it says so.
 */
#ifndef FULMAR_STORE_STORE_H
#define FULMAR_STORE_STORE_H

#include <glib.h>
#include "base/uidset.h"
#include "mime/envelope.h"
#include "mime/part.h"

typedef gint64 msgid; /* local row id: stable for the life of a message in the store */

struct store;
enum store_mode { STORE_READ, STORE_WRITE };

/* dir is the account's folder ($XDG_DATA_HOME/fulmar/ACCOUNT). STORE_WRITE makes and migrates it (0700,
 * 0600); STORE_READ fails with FULMAR_FAILED when it is not there, with FULMAR_UNSUPPORTED when a writer has
 * to bring it up to date first. A store of a newer version, a corrupt one, a read-only folder, a full disk:
 * FULMAR_FAILED, one line that says so and what to do. */
struct store *store_open(const char *dir, enum store_mode mode, GError **error);
void store_close(struct store *store);
/* TRUE when somebody else committed since the last call (any process). Cheap. */
gboolean store_changed(struct store *store);

/* A write transaction; durable: fsynced before commit returns (journal, POP3), else safe against a crash of
 * the program and ordered. They do not nest. */
gboolean store_begin(struct store *store, gboolean durable, GError **error);
gboolean store_commit(struct store *store, GError **error);
void store_rollback(struct store *store);
/* Many questions in a row are answered faster between these two, and out of the same state of the store. A
 * transaction that begins meanwhile ends it. */
void store_look(struct store *store);
void store_look_end(struct store *store);

/* ---- folders ---- */

struct store_folder {
	gint64 id;
	char *path; /* UTF-8, '/' between levels: what a person sees and types (TARGET without the account) */
	char *wire; /* the server's name, its bytes (a maildir path for maildir) */
	char delimiter; /* the server's, 0 = none */
	char *role;     /* "inbox", "sent", "drafts", "trash", "archive", "junk", "all", "flagged" or "" */
	gboolean selectable, subscribed;
	char *rights; /* ACL letters or "" when unknown */
	/* counters as shown: rows when complete, else what the server said */
	gint64 total, unread;
	gint64 rows;  /* rows of messages that the server has in it, wherever they are shown: what exists and
	                 server_total are compared with */
	gint64 shown; /* rows that are shown in it */
	/* sync state, of the account's thread */
	guint64 uidvalidity, uidnext, modseq, exists; /* as of the last completed resync; 0 = unknown */
	guint64 server_total, server_unread;          /* as the server said last (STATUS, SELECT) */
	char *windows;                                /* uidset text: UID ranges whose headers are complete */
	gboolean complete;                            /* every message's row is here */
	gint64 synced; /* UTC seconds of the last completed resync, 0 = never */
	char *mailbox_id;
	guint64 server_uidnext;  /* as the server said last, 0 unknown */
	guint64 server_size;     /* octets of all messages, as the server said last; 0 unknown */
	gboolean pending;        /* an op of the folder itself waits: its name or existence is a wish */
	gboolean hidden, pinned; /* as the person set them on the screen */
	char *keep;       /* keep policy the person set on the screen, as in the configuration, or "" */
	guint64 revision; /* grows with every change of its rows */
};
void store_folder_free(gpointer folder);

/* All folders, INBOX first, then roles, then by path (case-insensitive). struct store_folder *, free func
 * set. NULL with error. */
GPtrArray *store_folders(struct store *store, GError **error);
/* NULL without error: none. path "INBOX" in any case. */
struct store_folder *store_folder_by_path(struct store *store, const char *path, GError **error);
struct store_folder *store_folder_by_id(struct store *store, gint64 id, GError **error);
/* Inserts (id 0: then set) or updates path, wire, delimiter, role, selectable, subscribed, rights,
 * mailbox_id, server_total, server_unread, server_uidnext, server_size. A folder with an op of its own that
 * waits keeps path and subscribed as the person wished. */
gboolean store_folder_put(struct store *store, struct store_folder *folder, GError **error);
/* The server's name of a folder once the ops that wait are through: what is made below it is called by that.
 * Gives (g_free), NULL with error. */
char *store_folder_wish(struct store *store, gint64 id, GError **error);
/* hidden, pinned, keep. */
gboolean store_folder_put_prefs(struct store *store, const struct store_folder *folder, GError **error);
/* Writes the sync state fields (uidvalidity … complete, synced) of one folder. */
gboolean store_folder_put_state(struct store *store, const struct store_folder *folder, GError **error);
/* Removes the folder, its rows and bodies. */
gboolean store_folder_remove(struct store *store, gint64 id, GError **error);
/* UIDVALIDITY changed: rows keep their bodies and lose their UIDs; those that store_add does not meet again
 * (by email id, or Message-ID + received + size) are removed by store_folder_rebound. */
gboolean store_folder_unbind(struct store *store, gint64 id, GError **error);
gboolean store_folder_rebound(struct store *store, gint64 id, GError **error);

/* ---- messages ---- */

enum store_flag {
	FLAG_SEEN = 1,
	FLAG_ANSWERED = 2,
	FLAG_FLAGGED = 4,
	FLAG_DELETED = 8,
	FLAG_DRAFT = 16,
	FLAG_FORWARDED = 32
};
enum store_body { BODY_NONE, BODY_PARTIAL, BODY_FULL };

struct store_key { /* a place in a list */
	gint64 received, ord;
	msgid id;
};

struct store_row {
	msgid id;
	gint64 folder;
	guint64 uid; /* 0 = the server has not named it (yet) */
	struct store_key key;
	guint flags;    /* as shown: (base | add) & ~remove */
	guint pending;  /* bits that wait for the server */
	guint base;     /* as the server has them, or is to get them with an append */
	char *keywords; /* as shown, blank-separated, as the server writes them */
	gboolean has_date;
	gint64 date;     /* Date header, UTC seconds */
	int zone;        /* its zone, minutes east */
	gint64 received; /* time of arrival, UTC seconds */
	gint64 saved;    /* since when the server has it in this folder, UTC seconds; 0: not known */
	guint64 size;
	GPtrArray *from, *to, *cc; /* struct mime_address *, never NULL */
	char *subject, *message_id, *in_reply_to, *references /* ids, blank-separated */, *list_id;
	gint64 thread;
	int attachments; /* count; -1 = not known; -2 = probably some (from the content type alone) */
	enum store_body body;
	gboolean has_structure;
	char *email_id; /* "" when none */
	char *preview;  /* the server's, else of the text once that was here; "" when none */
	char *file;     /* maildir: path of the message; else NULL */
	char *refused;  /* why the server refused a pending change, until seen; or NULL */
};
void store_row_free(gpointer row);

/* A message as a backend learned it. Lent for the call. */
struct store_message {
	guint64 uid; /* 0: none */
	gint64 received;
	guint64 size;
	guint flags;
	const char *keywords; /* blank-separated or NULL */
	const struct envelope *envelope;
	const struct mime_part *structure;     /* or NULL */
	const char *email_id, *preview, *file; /* or NULL */
	gboolean whole;                        /* store/bulk.h puts its octets, size of them, on the disk */
};
/* Inserts a row, its thread and counters; a (folder, uid) or (folder, file) already there gets base flags
 * and, if it had none, the structure. Gives its id, 0 with error. In a transaction. */
msgid store_add(struct store *store, gint64 folder, const struct store_message *message, GError **error);
/* The row that message is, when it is here: with this UID already, or one that waits for a UID since
 * store_folder_unbind, which is bound. Of message's envelope only the Message-ID is looked at. 0 without
 * error: none. In a transaction. */
msgid store_rebind(struct store *store, gint64 folder, const struct store_message *message, GError **error);
/* Base flags as the server says them; pending masks stay. Unknown UIDs are no error (FALSE without error).
 * keywords may be NULL: none. */
gboolean store_set_base(struct store *store, gint64 folder, guint64 uid, guint flags, const char *keywords,
                        GError **error);
/* Changes single bits of the base flags (a plain resync learns bits, not sets). Unknown UIDs are no error. */
gboolean store_change_base(struct store *store, gint64 folder, guint64 uid, guint add, guint remove,
                           GError **error);
/* What its header says, of a row that was made without. */
gboolean store_set_header(struct store *store, msgid id, const struct envelope *envelope, GError **error);
/* Since when the server has it there, UTC seconds; 0: it does not tell. Without effect on a row that is not
 * bound to uid of folder; forgotten when it no longer is. */
gboolean store_set_saved(struct store *store, msgid id, gint64 folder, guint64 uid, gint64 saved,
                         GError **error);
/* It has a UID, and that is not known. */
gboolean store_lacks_saved(struct store *store, msgid id);
/* Without effect on a whole message that is here: its structure is read from its octets. */
gboolean store_set_structure(struct store *store, msgid id, const struct mime_part *structure,
                             GError **error);
/* Removes the rows of these UIDs with their bodies; UIDs not here are passed over. Returns how many, -1 with
 * error. */
gint64 store_remove_uids(struct store *store, gint64 folder, const struct uidset *uids, GError **error);
gboolean store_remove(struct store *store, msgid id, GError **error);
/* Adds the UIDs that have rows (proportional to the folder). unflagged/flagged: with mask, only rows whose
 * base flags & mask == want. mask 0: all. */
gboolean store_uids(struct store *store, gint64 folder, guint mask, guint want, struct uidset *out,
                    GError **error);
/* Tells take of each of them, with its base flags: those shown in the folder in rising order, then those that
 * are shown elsewhere. In one go, because looking up the flags of a large folder reads all of its rows. */
gboolean store_each_uid(struct store *store, gint64 folder, void (*take)(guint64 uid, guint base, void *user),
                        void *user, GError **error);
/* Each keyword that base flags of rows in folder have, with their UIDs: char * → struct uidset *, both freed
 * with the table (proportional to the folder). NULL with error. */
GHashTable *store_keyword_uids(struct store *store, gint64 folder, GError **error);
/* Maildir: the row's file has this name now, and these flags. Of the keywords in known, which a name in its
 * folder can tell (blank-separated, as all of these; NULL: none), it has keywords, and no others. */
gboolean store_set_file(struct store *store, msgid id, const char *file, guint flags, const char *known,
                        const char *keywords, GError **error);

/* NULL without error: none. */
struct store_row *store_row(struct store *store, msgid id, GError **error);
msgid store_id_by_uid(struct store *store, gint64 folder, guint64 uid, GError **error);
/* Octets of the message, as the server says; 0: not known, or not here. */
guint64 store_size(struct store *store, msgid id);
/* The folder it is shown in; 0: none, or it is not here. */
gint64 store_shown_in(struct store *store, msgid id);
/* The highest id given so far: rows made from now on have higher ones. 0: none, or not known. */
msgid store_last_id(struct store *store);
/* The structure, or NULL without error when not known. For BODY_FULL rows without one it is parsed from the
 * file. */
struct mime_part *store_structure(struct store *store, msgid id, GError **error);

/* Rows from a place, newest first: after = TRUE gives older rows than key, FALSE newer ones (nearest first,
 * so in rising order). key NULL: from the newest (after) or the oldest (!after). Appends struct store_row *.
 */
gboolean store_rows(struct store *store, gint64 folder, const struct store_key *key, gboolean after,
                    guint limit, GPtrArray *out, GError **error);
/* Sorts msgids by where their rows stand in a list, the oldest first; those that are gone before all. */
gboolean store_oldest_first(struct store *store, GArray *ids, GError **error);
/* How many rows are newer than key, counting no further than cap; -1 with error. */
gint64 store_position(struct store *store, gint64 folder, const struct store_key *key, gint64 cap,
                      GError **error);

struct store_thread {
	gint64 thread;
	struct store_key key; /* of its newest message in this folder */
	guint count, unread;
};
/* The same walk over threads of a folder. Appends struct store_thread * (g_free). */
gboolean store_threads(struct store *store, gint64 folder, const struct store_key *key, gboolean after,
                       guint limit, GPtrArray *out, GError **error);
/* Messages of one thread in one folder, oldest first, at most limit. Appends struct store_row *. */
gboolean store_thread_rows(struct store *store, gint64 folder, gint64 thread, guint limit, GPtrArray *out,
                           GError **error);
/* One thread row; FALSE without error: none. */
gboolean store_thread(struct store *store, gint64 folder, gint64 thread, struct store_thread *out,
                      GError **error);

/* ---- bodies ---- */
/* section: "" the whole message, "HEADER" its header block, "1.2" a part's encoded body. A part that the
 * server has decoded (IMAP's BINARY) is kept under another name, store_decoded(): under "1.2" there are never
 * any but octets of the message. */

/* What part section is kept as when it came decoded. NULL: it cannot be (the whole, headers). Gives. */
char *store_decoded(const char *section);

/* The octets, mapped (none: their address may be NULL), or NULL: not here (no error), or broken (error; the
 * entry is then dropped by the next write and fetched again). Parts are cut out of a whole message that is
 * here. */
GBytes *store_part(struct store *store, msgid id, const char *section, GError **error);
/* The same for who reads what the part holds: *decoded says that these octets need no more decoding. */
GBytes *store_part_as_kept(struct store *store, msgid id, const char *section, gboolean *decoded,
                           GError **error);
/* Either way. */
gboolean store_has_part(struct store *store, msgid id, const char *section);
/* Begins or resumes a download: descriptor at the end of what is here already, *have octets. -1 with error.
 */
int store_part_begin(struct store *store, msgid id, const char *section, guint64 *have, GError **error);
/* TRUE: the beginning of a download is here. */
gboolean store_part_is_begun(struct store *store, msgid id, const char *section);
/* Beginnings that nobody goes on with at this moment go. */
void store_part_forget_begun(struct store *store, msgid id, const char *section);
/* Ends it (closes fd): the file, whole, gets its final name, then its row. durable as in store_begin. In no
 * transaction. */
gboolean store_part_finish(struct store *store, msgid id, const char *section, int fd, gboolean durable,
                           GError **error);
/* begin + write + finish for octets at hand. */
gboolean store_part_put(struct store *store, msgid id, const char *section, const void *bytes, gsize len,
                        gboolean durable, GError **error);
/* What keep asks for: ids in folder received at or after since without a whole body (full) or without
 * structure + shown text (!full), newest first. Appends msgid. */
gboolean store_missing_bodies(struct store *store, gint64 folder, gint64 since, gboolean full, guint limit,
                              GArray *out, GError **error);
/* Marks that the text of id is here as far as keep = text asks. */
gboolean store_set_text_here(struct store *store, msgid id, GError **error);

/* ---- the journal ---- */

/* What a person does is an op: one durable transaction holds it, its effect here and what undoes it. A row
 * stands where the person sees it; where the server has it may differ until its ops are through
 * (store_place). Folder 0 is limbo: rows that were purged rest there for a while. */
enum op_verb {
	OP_FLAG,   /* add, remove, keywords of ids; with upto all messages of folder below that UID */
	OP_MOVE,   /* ids to folder to */
	OP_COPY,   /* ids are the copies, in folder to; sources (parallel) are what they are copies of */
	OP_PURGE,  /* ids, in limbo, go for good */
	OP_APPEND, /* ids, in folder to, are not on the server yet; whole bodies are here (OP_HELD until then)
	            */
	OP_EMPTY,  /* all messages of folder below UID upto go for good; ids are those that were here */
	OP_CREATE, /* folder to; arg = its special use ("\\Trash") or "" */
	OP_RENAME, /* folder (and those below) to the wire name arg */
	OP_REMOVE, /* folder with what is in it */
	OP_SUBSCRIBE, /* folder; add = 1 yes, 0 no */
	OP_TRANSFER, /* ids to another account: arg = "ACCOUNT/PATH"; add = 1: the source goes when the target
	                is verified; key names it to the target's store */
	OP_REPLACE,  /* ids (one), in folder to, come instead of sources (one), in limbo, which goes when the
	                server has the other; either is empty when that is through */
	OP_VERBS
};
/* arg of an OP_FLAG that nobody asked for (store_journal_seen). */
#define OP_UNASKED "unasked"
/* Bodies that are not here are fetched before an OP_PURGE, so that it can be undone: of no more messages than
 * these, of those that are no bigger than this. */
enum { PURGE_FETCH_MOST = 50, PURGE_FETCH_OCTETS = 1 << 20 };
enum op_state { OP_WAITING, OP_RUNNING, OP_CHECKING, OP_FAILED, OP_HELD, OP_UNKNOWN, OP_STATES };
extern const char *const op_verb_names[]; /* "flag", "move" … */
extern const char *const op_state_names[];

struct store_op {
	gint64 id;
	enum op_verb verb;
	enum op_state state;
	gint64 folder, to; /* 0: none */
	GArray *ids;       /* msgid */
	GArray *sources;   /* OP_COPY: msgid, parallel to ids; OP_REPLACE; else empty */
	guint n; /* of ids, also where those were not read; 1 of OP_REPLACE, whatever is left of it */
	guint add, remove;                    /* OP_FLAG */
	char *keywords_add, *keywords_remove; /* blank-separated */
	guint64 upto;                         /* OP_FLAG, OP_EMPTY */
	guint64 mark; /* UIDNEXT of to as it was known when the op began to run, the first time; 0 unknown */
	msgid mark_row;  /* rows with greater ids were made after it began to run, the last time */
	char *arg, *key; /* "" when none */
	gint64 step;     /* of undo; 0 none */
	int attempts;
	gint64 created, not_before; /* UTC seconds */
	char *error;                /* why it failed last, or NULL */
};
void store_op_free(gpointer op);

/* Every store_journal_… is one durable transaction: op or ops, effect here, undo entries. In one that has
 * begun (durable) several of them are one action; when that is rolled back, what takes a body leaves a file
 * that is nobody's. step: 0 begins a new step of undo and sets it; another value adds to that one; NULL: not
 * undoable (the inverse of something). ids not in the store are an error and change nothing. What changes
 * nothing makes no op. */
gboolean store_journal_flags(struct store *store, const msgid *ids, guint n, guint add, guint remove,
                             const char *keywords_add, const char *keywords_remove, gint64 *step,
                             GError **error);
/* \Seen of those that were read: nobody asked for it, so it is no step, and a refusal is nobody's concern. */
gboolean store_journal_seen(struct store *store, const msgid *ids, guint n, GError **error);
/* All messages of folder, also those whose rows are not here, as of now. */
gboolean store_journal_flag_all(struct store *store, gint64 folder, guint add, guint remove, gint64 *step,
                                GError **error);
gboolean store_journal_move(struct store *store, const msgid *ids, guint n, gint64 to, gint64 *step,
                            GError **error);
/* copies (may be NULL) gets the new rows' ids. Bodies that are here are shared, never \Deleted. */
gboolean store_journal_copy(struct store *store, const msgid *ids, guint n, gint64 to, GArray *copies,
                            gint64 *step, GError **error);
gboolean store_journal_purge(struct store *store, const msgid *ids, guint n, gint64 *step, GError **error);
gboolean store_journal_empty(struct store *store, gint64 folder, gint64 *step, GError **error);
/* A message that the server shall get, with a row like that of message (uid ignored). bytes: the whole
 * message with CRLF, durable before this returns; NULL: the op is OP_HELD until store_release_appends. key
 * ("" none) names it. Gives the row's id, never \Deleted; 0 with error. */
msgid store_journal_append(struct store *store, gint64 to, const struct store_message *message, GBytes *bytes,
                           const char *key, gint64 *step, GError **error);
/* Many of them as one action, in a transaction that has begun (durable), \Deleted as it is said. Before it
 * store_appends_begin puts their bodies on the disk: lends appends, gives what store_journal_appends takes
 * them in from (store_asides_free, in any case), NULL with error. The rows' ids are appended to ids. */
struct store_append {
	struct store_message message; /* uid ignored */
	GBytes *bytes;                /* whole, with CRLF */
};
struct store_asides;
struct store_asides *store_appends_begin(struct store *store, const struct store_append *appends, guint n,
                                         GError **error);
gboolean store_journal_appends(struct store *store, gint64 to, const struct store_append *appends, guint n,
                               struct store_asides *asides, GArray *ids, gint64 *step, GError **error);
void store_asides_free(struct store_asides *asides);
/* The same instead of the message old, which goes as soon as the server has the new one. What old was to
 * replace, and had not gone out yet, is replaced by the new one at once: of many in a row the server gets the
 * last. */
msgid store_journal_replace(struct store *store, msgid old, gint64 to, const struct store_message *message,
                            GBytes *bytes, gint64 *step, GError **error);
/* The whole bodies of these are here now: they are made durable, then the held appends may run; all, or
 * (FALSE) none of them. */
gboolean store_release_appends(struct store *store, const msgid *ids, guint n, GError **error);
/* A folder that is to be: path, wire, delimiter, role as in store_folder; sets id. Folders above it that are
 * not there are the caller's affair (each a create of its own, first). */
gboolean store_journal_create(struct store *store, struct store_folder *folder, const char *special_use,
                              gint64 *step, GError **error);
/* path and wire: the new names. Folders below go with it. */
gboolean store_journal_rename(struct store *store, gint64 folder, const char *path, const char *wire,
                              gint64 *step, GError **error);
gboolean store_journal_remove(struct store *store, gint64 folder, gint64 *step, GError **error);
gboolean store_journal_subscribe(struct store *store, gint64 folder, gboolean on, gint64 *step,
                                 GError **error);
/* target "ACCOUNT/PATH"; key as in the appends of the target's store. */
gboolean store_journal_transfer(struct store *store, const msgid *ids, guint n, const char *target,
                                gboolean move, const char *key, gint64 *step, GError **error);

/* Ops in order, oldest first. Appends struct store_op *. ready: only those that may run now: waiting, due,
 * and not behind another op of the same rows or folders. Failed ones hold up those of the same rows, and the
 * removal of the folder that their messages are still in. */
gboolean store_ops(struct store *store, gboolean ready, gint64 now, GPtrArray *out, GError **error);
/* For a screen: those that failed, or the others, at most limit of them, without ids and sources; n is
 * counted no further than 100,000. Those that are held are not among them. *total: how many there are. */
gboolean store_ops_shown(struct store *store, gboolean failed, guint limit, GPtrArray *out, guint *total,
                         GError **error);
/* How many wait for a text that another account has yet to bring. */
gint64 store_ops_held(struct store *store);
/* TRUE when one is being carried out at this moment, or looked into after a crash. */
gboolean store_ops_are_running(struct store *store);
/* NULL without error: gone. */
struct store_op *store_op(struct store *store, gint64 id, GError **error);
struct store_op *store_op_by_key(struct store *store, const char *key, GError **error);
/* The last op of message id that failed, without its ids; n is 1. NULL without error: none. */
struct store_op *store_op_refused(struct store *store, msgid id, GError **error);
/* Durable state change. OP_FAILED: rows get error_text as refused and the effect on those that are left in
 * the op is taken back. OP_RUNNING counts an attempt and sets mark. A failed op that becomes OP_WAITING
 * (retry) takes effect again; FALSE with error when the folder it goes to is gone. */
gboolean store_op_set(struct store *store, gint64 op, enum op_state state, const char *error_text,
                      gint64 not_before, GError **error);
/* The server has it: flags become base, the op is gone. Rows of a move, copy or append that are left in it
 * and were not told by store_moved wait for a FETCH that shows them. */
gboolean store_op_done(struct store *store, gint64 op, GError **error);
/* Takes the local effect back and removes the op (queue drop). FALSE with error when running. */
gboolean store_op_drop(struct store *store, gint64 op, GError **error);
/* How many ops are under way in any state but failed; *failed (may be NULL): how many failed. */
gint64 store_ops_waiting(struct store *store, gint64 *failed);
/* How many ops of a step of undo are under way in any state but failed; *failed: how many failed, *why (if
 * any, gives): for what reason the first of them did. -1 with error. */
gint64 store_ops_of_step(struct store *store, gint64 step, gint64 *failed, char **why, GError **error);
/* The person has seen why the server refused it. */
gboolean store_clear_refused(struct store *store, msgid id, GError **error);

/* ---- where the server has it ---- */

/* 1: *folder, *uid (and *file, gives, when not NULL) are the message's place on the server now; with neither
 * UID nor file its UID there is yet to be told. 0: the server has it nowhere that is known (not yet appended,
 * gone); -1 error. */
int store_place(struct store *store, msgid id, gint64 *folder, guint64 *uid, char **file, GError **error);
/* TRUE: the server has it under a UID that is not known yet; a look at its folder tells which. */
gboolean store_is_awaited(struct store *store, msgid id);
/* TRUE: the message rests in limbo, and the server has had it before. */
gboolean store_was_there(struct store *store, msgid id);
/* The folders in which something that was moved, copied or appended there is under such a UID. Appends
 * gint64. */
gboolean store_awaiting_folders(struct store *store, GArray *out, GError **error);
/* What a backend learned while it carried out op (0: on its own); in a transaction or not. The row leaves op.
 */
/* The message of row id is now uid (0: unknown) of folder, or file; uidvalidity must be that of the folder's
 * rows, else it counts as unknown. A row made for it meanwhile is merged into id; one that was taken to be
 * there because it is alike is looked for again. */
gboolean store_moved(struct store *store, gint64 op, msgid id, gint64 folder, guint64 uidvalidity,
                     guint64 uid, const char *file, GError **error);
/* Whether row id was made because the server showed its message where it has it, since op began: then it may
 * be that of a message which op has put there. Else something else has brought it there. */
gboolean store_shown_since(struct store *store, msgid id, const struct store_op *op);
/* It is gone for good, as was wished. */
gboolean store_purged(struct store *store, gint64 op, msgid id, GError **error);
/* It was gone from the server before the op came to it: its row goes to limbo. */
gboolean store_gone(struct store *store, gint64 op, msgid id, GError **error);
/* \Deleted on its message, if it is there, was set by an op that is to take it away: not so where it was
 * there before. FALSE also with error. */
gboolean store_is_marked(struct store *store, msgid id, GError **error);
/* The op that was to take its message away could not, and has left no \Deleted on it: none needs to be taken
 * off when the row is back. */
gboolean store_spared(struct store *store, msgid id, GError **error);
/* Rows that rest in limbo longer than a day go with their bodies; steps of undo older than 30 days go. A
 * short piece of work: *more (may be NULL) says that not all were looked at, the next call goes on there. */
gboolean store_expire(struct store *store, gint64 now, gboolean *more, GError **error);

/* ---- undo ---- */

struct store_undo {
	gint64 id;
	gint64 when;  /* µs UTC: steps of several accounts are ordered by it */
	char *verb;   /* as op_verb_names, "delete", "archive" … (store_undo_name) */
	guint n;      /* rows or folders concerned */
	char *target; /* path of the folder, or "" */
};
void store_undo_free(gpointer undo);
/* The newest that can be undone; NULL without error: none. */
struct store_undo *store_last_undo(struct store *store, GError **error);
struct store_undo *store_undo_by_id(struct store *store, gint64 id, GError **error);
/* What the person called it, to how many mails or folders it was done, and the path that says where ("":
 * several; NULL: as the journal counted). In no transaction. */
gboolean store_undo_name(struct store *store, gint64 step, const char *verb, guint n, const char *target,
                         GError **error);
/* What came of it. */
struct store_undone {
	gboolean changed; /* FALSE: nothing was left to take back; somebody else had, or the op was dropped */
	guint lost;       /* messages that cannot come back: their bodies were not here */
	msgid back;       /* the newest of those that stand where they had stood, 0: none */
	gint64 folder;    /* where that is */
};
/* One durable transaction: takes step (0: the newest) back as far as it can; undone may be NULL. FALSE with
 * error also when there is nothing to undo. A step is undone once. Steps with transfers to other accounts:
 * the ids of those are appended to transfers (struct store_undo_transfer), for core. */
struct store_undo_transfer {
	gint64 op; /* still there: dropped; or 0 */
	char key[64];
	char *target;
	msgid id;
	gboolean move;
};
gboolean store_undo_take_back(struct store *store, gint64 step, struct store_undone *undone,
                              GArray *transfers, GError **error);
/* What transfers was given is remembered, in the same transaction, until store_undo_reached says that the
 * other accounts have heard of all of it: appends what is, to be told again after a crash. */
gboolean store_undo_to_reach(struct store *store, GArray *transfers, GError **error);
gboolean store_undo_reached(struct store *store, GError **error);

/* Small named values of an account ("capabilities", "sasl", …). NULL when none; gives (g_free). */
char *store_get(struct store *store, const char *key);
gboolean store_set(struct store *store, const char *key, const char *value, GError **error);

/* ---- check ---- */

/* Something that is wrong with a store, or many things alike. Lent for the call. */
struct store_finding {
	const char
	        *kind; /* "database", "row", "counter", "thread", "window", "place", "op", "body", "file" */
	const char *where;  /* path of the folder; "" when it is in none */
	const char *text;   /* what: one line, without a full stop */
	const char *remedy; /* what "fulmar check --repair" does about it */
	const char *done;   /* the same when it was done */
	gboolean repaired;
};
typedef void (*store_found)(const struct store_finding *finding, void *user);

/* Verifies the store in dir: SQLite's own check, rows, counters, threads, windows, places, the journal, and
 * that the bodies are there. Reads one snapshot and takes no lock, so others may go on with it. Proportional
 * to the store. FALSE with error when it could not be looked at (damage is a finding, not an error). */
gboolean store_check(const char *dir, store_found found, void *user, GError **error);
/* The same, and puts right what is wrong: what the rows tell is counted anew, rows and bodies that cannot be
 * believed go and are fetched again. A database that SQLite cannot read is set aside in dir/damaged-DATE,
 * and what can be read of it (the journal above all) goes into a new one; for that nobody else may have it
 * open. Holds the account's journal lock; FALSE with error when another process has it. */
gboolean store_repair(const char *dir, store_found found, void *user, GError **error);
/* Rows of folder path that have neither body nor waiting ops go, the others lose their UIDs; the next sync
 * fetches all headers and knows the others again, as after a change of UIDVALIDITY. The same lock. */
gboolean store_rebuild(const char *dir, const char *path, store_found found, void *user, GError **error);

#endif
