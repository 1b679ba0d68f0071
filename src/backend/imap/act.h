/* What the files that carry out the journal share. A struct act is one op, or several alike, on its way to
 * the server: its rows with the places they have there, and what became of each.
 *
 * It goes in steps. A step is a flight of commands; when all have ended, act->next looks at the rows and
 * begins the next one, or ends the act. A row is told to the store as soon as its command was answered, so
 * that what breaks half way leaves only the rest to be done.
 */
#ifndef FULMAR_BACKEND_IMAP_ACT_H
#define FULMAR_BACKEND_IMAP_ACT_H

#include "backend/imap/imap-private.h"

enum act_state {
	ACT_WAITS,   /* to be done */
	ACT_SENT,    /* in a command that was not answered yet */
	ACT_SOUGHT,  /* to be looked for in the target */
	ACT_COPIED,  /* moved by hand: the copy is there, the original is still to go */
	ACT_DOUBTED, /* expunge.c: the server says yes, but has not told that the original went */
	ACT_UNTOLD,  /* done; the server did not tell the new UID */
	ACT_LACKS,   /* a copy whose original is not there any more */
	ACT_REFUSED, /* for act->refusal, unless the original turns out to be gone */
	ACT_LEFT,    /* not now: it stays in the op */
	ACT_DONE     /* the store knows, or nothing is to be told */
};

struct act_row {
	msgid id;      /* the row that is told of */
	msgid source;  /* of a copy: what it is one of; else 0 */
	gint64 folder; /* where the server has its message (of a copy: the original); 0 nowhere */
	guint64 uid;   /* 0: not known, or nowhere */
	guint round;   /* how many rows before it have the same place: one command cannot name them twice */
	enum act_state state;
	gboolean replaced;       /* another comes instead of it */
	gboolean awaited;        /* nowhere, because that is not known yet */
	gboolean limbo;          /* the person does not see it any more */
	gboolean strict;         /* locate.c: its original goes when the copy is found */
	gboolean marked;         /* the message has \Deleted there */
	gboolean ours;           /* if it has, an op of ours has set it */
	gboolean seen;           /* it is there: the server has just said so */
	gboolean tried;          /* expunge.c: it was to be marked as deleted */
	gboolean struck;         /* expunge.c: it is, and was not before */
	gboolean copied;         /* by hand: there is a copy in the target */
	gboolean to_go;          /* half-move.c: that copy is marked as deleted */
	gboolean named;          /* that copy was made by us just now, and COPYUID named it */
	gboolean told;           /* so were the following */
	gboolean claimed;        /* found was by act_claim */
	guint64 validity, found; /* UIDVALIDITY and UID in the target, 0 unknown */
};

enum { ACT_LINE = 900 }; /* octets of a set in one command: some servers take no more than 1000 in all */

struct act {
	struct backend *b;
	const struct store_op *op;
	struct task *task; /* the verb's */
	struct task *step;
	void (*next)(struct act *act); /* when the step has ended */
	GArray *rows;                  /* struct act_row, by round, folder, UID */
	struct store_folder *target;   /* of op->to, or NULL */
	GError *broken;     /* nothing more can be sent: the link, or the folder's UIDs, are others */
	GError *refusal;    /* why rows are ACT_REFUSED; of several the one that calls for waiting */
	gboolean no_target; /* that says that the target is not there */
	gboolean made;      /* it was created for that reason */
	void (*after_made)(struct act *act);
	guint halves, both; /* half-move.c: rows that were copied and could not go; whose copies stay too */
	gboolean undone;    /* half-move.c: that was tried */
	void (*after_back)(struct act *act);
	gboolean looked; /* for the originals of rows that were refused */
	gboolean left;   /* some rows are ACT_LEFT */
	void (*through)(struct act *act, struct act_row *row); /* expunge.c */
	void (*removed)(struct act *act);                      /* expunge.c */
	guint64 cut, below;      /* empty.c: UIDs from there on were done in this pass; in those before */
	guint64 went;            /* empty.c: messages that the server said were gone */
	gboolean marked;         /* empty.c: it said OK to marking */
	const char *sought;      /* empty.c: what is searched for */
	gboolean noted;          /* empty.c: met is what had a mark before, and the store knows that too */
	guint gone;              /* rows whose message was gone before their turn came */
	GArray *candidates;      /* struct candidate of locate.c, or NULL */
	struct uidset hits, met; /* what was found: locate.c, empty.c; locate.c: the candidates */
	guint64 from;            /* locate.c: UID */
	guint64 validity;        /* locate.c: of the candidates */
	void (*located)(struct act *act); /* locate.c */
	/* folder-ops.c */
	struct store_folder *source;
	char *new_wire;
	gboolean has_old, has_new; /* names that LIST told */
	gboolean plainly;          /* without a special use */
	/* append.c */
	guint64 limit; /* octets of one message, 0 none */
	gboolean limit_asked;
	gboolean together; /* several were refused as one */
	gboolean singly;   /* one message a command */
	void (*appended)(struct act *act);
};

/* A command of a step, with the rows it is about. */
struct flight {
	struct act *act;
	GArray *rows;  /* guint: index in act->rows; or NULL */
	char *uids;    /* flags.c: the set sent */
	gboolean adds; /* flags.c */
	gboolean told; /* new UIDs were */
	guint went;    /* expunge.c: messages that the server said were gone */
};

/* ---- act.c ---- */
/* Reads the places of the op's rows and calls first, unless the act has ended with an error already. */
void act_begin(struct backend *b, const struct store_op *op, void (*first)(struct act *act),
               backend_done done, void *user);
/* Ends the verb with what went wrong, if anything did, and frees the act. */
void act_end(struct act *act);
/* Begins a step; act_step_end lets it end when its commands have. */
void act_step(struct act *act, void (*next)(struct act *act));
void act_step_end(struct act *act);
/* Reads where the server has the messages of the rows, which may be a million in OP_EMPTY and are not asked
 * for that before it matters. FALSE: act->broken. */
gboolean act_read_places(struct act *act);
struct act_row *act_at(const struct act *act, guint i);
gboolean act_any(const struct act *act, enum act_state state);
void act_turn(struct act *act, enum act_state from, enum act_state to);
struct act_row *act_row(const struct flight *flight, guint i);
/* The row of a flight whose message has this UID, or NULL. */
struct act_row *act_row_by_uid(const struct flight *flight, guint64 uid);
/* Nothing can be done about it before its place is known. */
void act_leave(struct act *act, struct act_row *row);
/* It may have been copied by hand while its original stayed: before it is copied again, that is looked for.
 */
void act_remember_half(struct act *act, const struct act_row *row);
/* What refuses rows also when the server is asked again at once. */
gboolean act_is_final(const struct act *act);

struct flight *flight_new(struct act *act);
/* A command of the step under way. folder 0: it needs none selected; else it is aimed at. NULL: that is not
 * in the store (act->broken says so). Takes flight, the command's user. */
struct imap_cmd *act_cmd(struct act *act, gint64 folder, const char *name, imap_cmd_done done,
                         struct flight *flight);
/* The same with rows (guint: index in act->rows; taken) in a flight of their own, whose UIDs come first in
 * it.
 */
struct imap_cmd *act_cmd_rows(struct act *act, gint64 folder, const char *name, imap_cmd_done done,
                              const char *uids, GArray *rows);
/* The last thing that a command's done does. */
void act_cmd_end(struct imap_cmd *cmd);
/* done of a command whose refusal changes nothing. */
void act_cmd_ignored(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                     const GError *error);
/* Keeps error where it belongs. FALSE: there was no answer. */
gboolean act_answered(struct act *act, const struct imap_response *response, const GError *error);

/* Calls send for rows in state that are in one folder, as many at a time as a line can name. uids is a set in
 * IMAP's spelling; send takes rows (guint). */
typedef void (*act_send)(struct act *act, gint64 folder, const char *uids, GArray *rows);
void act_slices(struct act *act, enum act_state state, act_send send);

/* Tell the store, in the transaction of the slice. */
void act_tell_moved(struct act *act, struct act_row *row);
void act_tell_purged(struct act *act, struct act_row *row);
void act_tell_gone(struct act *act, struct act_row *row);

/* COPYUID's and APPENDUID's sets, in the order written; NULL when that is none, longer than max, or names one
 * twice. Gives (g_array_unref). */
GArray *act_uid_list(const struct imap_node *node, guint max);
/* Takes UID uid of the target to be the row's (->found), and no other act's until this one has told of it or
 * ended. FALSE: it is another's; ->found is 0 then. */
gboolean act_claim(struct act *act, struct act_row *row, guint64 uid);
/* ->found is 0 again. */
void act_unclaim(struct act *act, struct act_row *row);

/* ---- look.c ---- */
/* Asks which messages of rows in state are still there: those are ->seen. */
void act_look(struct act *act, enum act_state state);
/* The same as an act_send. */
void act_look_at(struct act *act, gint64 folder, const char *uids, GArray *rows);

/* ---- expunge.c ---- */
/* Marks the originals of rows in state as deleted and expunges exactly them; through is called for each that
 * went, the others are ACT_REFUSED, also those that the server has left there in spite of its OK. Then next.
 */
void act_remove_originals(struct act *act, enum act_state state,
                          void (*through)(struct act *act, struct act_row *row),
                          void (*next)(struct act *act));
/* TRUE: it can without taking what others have marked. FALSE: the person was told. */
gboolean act_can_expunge(struct backend *b);
/* Sends UID STORE or UID EXPUNGE of uids, which cmd names already. on_data hears what the latter tells. */
void act_send_removal(struct act *act, struct imap_cmd *cmd, const char *uids, gboolean store,
                      void (*on_data)(struct backend *b, struct imap_cmd *cmd,
                                      const struct imap_response *response));
/* Rows that stay in spite of the server's OK are the reason, if there is no other. */
void act_refuse_removal(struct act *act);
/* Takes the mark off rows that are ACT_REFUSED and ->struck: they are not to go with what another program
 * expunges. Then next. */
void act_spare(struct act *act, void (*next)(struct act *act));
/* In a step: bodies of rows in state, so that undo can put them back. What cannot be had stops nothing. */
void act_fetch_for_undo(struct act *act, enum act_state state);
void imap_purge(struct act *act);

/* ---- empty.c ---- */
void imap_empty(struct act *act);
/* UIDs of op->folder below op->upto, but for those of messages that the person has put elsewhere. */
gboolean imap_below(struct backend *b, const struct store_op *op, struct uidset *out, GError **error);

/* ---- move.c ---- */
/* OP_MOVE, OP_COPY. */
void imap_move(struct act *act);
/* Sets \Deleted on these, or takes it off: item is "+FLAGS.SILENT" or "-FLAGS.SILENT". */
void act_send_mark(struct act *act, gint64 folder, const struct uidset *uids, const char *item);
/* A special folder that turned out to be missing is created, once, in a step; rows that were refused wait
 * again. FALSE: this is no such case. */
gboolean act_make_target(struct act *act, void (*next)(struct act *act));

/* ---- half-move.c ---- */
/* TRUE: originals of rows that were refused stay though they were copied by hand, and their copies have not
 * been taken back yet: that begins, as far as it can be done, and next is called when it is through. */
gboolean act_take_back(struct act *act, void (*next)(struct act *act));
/* Says in the refusal what became of them. */
void act_say_half(struct act *act);

/* ---- append.c ---- */
void imap_append(struct act *act);
/* Appends rows in ACT_WAITS, one message a row; then next. */
void act_append(struct act *act, void (*next)(struct act *act));
/* TRUE: how long a message may be is asked for, next is called when that is known. */
gboolean act_ask_limit(struct act *act, void (*next)(struct act *act));
/* The body of a row that can be sent, with the row; else the row is refused, or there is nothing to do. */
GBytes *act_body_of(struct act *act, struct act_row *row, struct store_row **shown);
/* What follows the folder in APPEND and REPLACE. */
void act_put_message(const struct backend *b, struct imap_cmd *cmd, const struct store_row *row,
                     GBytes *bytes);
/* APPENDUID: a UID for each row, or nothing was told. */
void act_take_uids(struct flight *flight, const struct imap_response *response);
/* Copies whose originals are gone (ACT_LACKS) are made of the bodies that are here, the others are told. Then
 * the act ends. */
void act_append_copies(struct act *act);

/* ---- replace.c ---- */
void imap_replace(struct act *act);

/* ---- locate.c ---- */
/* Looks for the messages of rows in ACT_SOUGHT among those of the target, from this UID on (0: all), that are
 * no other row's. Then those met have ->found, and next is called: at once when there are no such rows. */
void act_locate(struct act *act, guint64 from, void (*next)(struct act *act));

/* ---- flags.c ---- */
void imap_flag(struct act *act);

/* ---- folder-ops.c ---- */
/* CREATE, and SUBSCRIBE when that is well. use: its special use, "" none, NULL: as its role says. In a step.
 */
void act_create(struct act *act, const struct store_folder *folder, const char *use);
void imap_create(struct act *act);
void imap_rename(struct act *act);
void imap_remove(struct act *act);
void imap_subscribe(struct act *act);

#endif
