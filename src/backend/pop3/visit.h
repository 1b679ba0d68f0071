/* A visit to the maildrop: the link of a POP3 account, from connecting to its end. One at a time, on the
 * account's thread. The server holds the maildrop for us as long as it lasts, so it is ended (depart.c) as
 * soon as there is nothing left to take.
 */
#ifndef FULMAR_BACKEND_POP3_VISIT_H
#define FULMAR_BACKEND_POP3_VISIT_H

#include "backend/login.h"
#include "backend/pop3/pop3-private.h"
#include "backend/task.h"
#include "proto/pop3/lines.h"
#include "proto/pop3/parse.h"
#include "store/maildrop.h"

struct pop3_cmd;

/* What becomes of a command's answer; each may be NULL. */
struct pop3_reply {
	/* The first line, and challenges before it. */
	void (*status)(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status);
	void (*line)(struct visit *v, struct pop3_cmd *cmd, const char *line, gsize len, gsize whole);
	gboolean (*octets)(struct visit *v, struct pop3_cmd *cmd, const unsigned char *bytes, gsize len);
	/* Once, whatever happens: error says why for a refusal (cmd->answered) and for a lost link. */
	void (*end)(struct visit *v, struct pop3_cmd *cmd, const GError *error);
};

struct pop3_cmd {
	const struct pop3_reply *reply;
	enum pop3_answer_kind kind;
	char *line;        /* with CRLF */
	gboolean secret;   /* line is one */
	gboolean alone;    /* nothing goes out behind it before it was answered */
	gboolean answered; /* by +OK or -ERR */
	guint64 octets;    /* of its answer, as announced */
	void *user;
};

enum visit_phase { VISIT_DOWN, VISIT_CONNECTING, VISIT_GREETING, VISIT_LOGIN, VISIT_READY, VISIT_LEAVING };

/* A message that the server has. */
struct drop_item {
	guint n;          /* its number in this visit */
	const char *uidl; /* "" when it has none that can be used; lent from the list's strings */
	guint nth;        /* of equal UIDLs */
	guint64 size;     /* as announced */
	gint64 row;       /* in table maildrop, 0: it is not known, or not yet */
	guint64 uid;      /* that it gets in INBOX if it is not known */
	enum drop_state state;
	gboolean doubtful; /* it may be one that was known under another UIDL, or size */
	gboolean gone;     /* the server does not give it */
	gboolean refused;  /* it was to get a row, and the server did not give it */
	gboolean deleted;  /* DELE was sent */
};

struct drop_known;

/* What the server has, and which of it is known. */
struct drop_list {
	struct visit *v;
	GArray *items;      /* struct drop_item, by their numbers */
	GHashTable *by_row; /* gint64 * in items → index + 1 */
	GArray *fresh;      /* guint: indexes of what is not known, the newest last */
	guint asked;        /* of fresh, from its end: header or body was asked for */
	guint waiting;      /* of fresh: have no row yet, and may get one */
	guint64 lowest;     /* UID that any of them was given */
	GStringChunk *strings;
	gsize octets;             /* in strings */
	struct drop_known *known; /* what is in table maildrop and was not met, while it may be; or NULL */
	gboolean listed;          /* all of the above holds */
	gboolean first;           /* nothing was known before: nothing of it is news */
	GPtrArray *waiters;       /* struct task *: wait for listed */
	GError *error;            /* why it could not be had, or NULL */
	GError *trouble;          /* why the store did not take or tell something, the first time, or NULL */
	guint flights;            /* commands of it under way */
	guint lines;              /* of their answers */
};

struct visit {
	struct backend *b;
	enum visit_phase phase;
	struct conn *conn;
	struct pop3_parser *parser;
	gboolean feeding;   /* inside the parser: it must outlive a drop */
	gboolean goes_on;   /* the answer under way is not all of it */
	gboolean turn;      /* STLS was agreed to: what follows is not for the parser */
	GError *lost;       /* why the link ended, until that was told */
	gboolean departing; /* the link ends because we said so, and all was well */
	GSource *ending;

	struct login login;
	struct pop3_caps caps;
	gboolean caps_known;
	guint caps_lines;
	gboolean guessed; /* the log-in began before they were, by what the last visit was told */
	gboolean no_top;  /* the server refused TOP in a way that says it never will */

	GQueue waiting, sent; /* struct pop3_cmd * */
	guint64 window;       /* octets that the answers under way are said to have */
	guint64 flown;        /* octets that came since busy_since */
	gint64 busy_since;    /* monotonic µs: when commands began to be under way */
	guint64 spare;        /* octets that a message may have more than was announced */
	guint64 header_size;  /* octets that headers here have, about; 0: not known */
	struct tasks tasks;

	struct drop_list *list; /* or NULL */
	GQueue takes;           /* struct take * under way */
	GPtrArray *taken;       /* struct take *: here, and not in the store yet */
	gsize taken_octets;
	gint64 taken_since;  /* monotonic µs: when the first of them came */
	struct task *depart; /* or NULL */
	guint deletions;     /* DELEs under way */
	gboolean deleted;    /* DELEs were sent */
	gboolean quitting;   /* QUIT was */
	guint waiting_rows;  /* messages that INBOX lacks, as the store was told */
	gboolean portions; /* the server tells of some hundred messages at a time: of the oldest that were not
	                      fetched as a whole */
	gboolean more;     /* this visit brought some, so there may be more */

	gboolean in_use;   /* that is why there is no link */
	gint64 logged_in;  /* UTC seconds */
	guint refused;     /* times in a row that the maildrop was in use */
	guint respite;     /* seconds the server wants to pass before the next visit */
	guint login_delay; /* the same, as it always wants it */
};

/* ---- link.c ---- */
void pop3_link(struct backend *b);
void pop3_unlink(struct backend *b);
void pop3_visit_free(struct visit *v);
/* Ends the link without another word: everything under way is completed with error, then hooks.lost. */
void pop3_drop(struct visit *v, const GError *error);
/* The server has said goodbye. */
void pop3_left(struct visit *v);

/* ---- session.c ---- */
/* A command; line without CRLF. */
struct pop3_cmd *pop3_cmd_new(enum pop3_answer_kind kind, const struct pop3_reply *reply, void *user,
                              const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Of one that was not sent. */
void pop3_cmd_free(struct pop3_cmd *cmd);
/* Takes cmd; it goes out with the next pop3_pump. What an answer brings about is followed by one. */
void pop3_send(struct visit *v, struct pop3_cmd *cmd);
/* The same before all that waits. */
void pop3_send_first(struct visit *v, struct pop3_cmd *cmd);
/* Sends what may be sent. */
void pop3_pump(struct visit *v);
/* One more line of an exchange is awaited. */
void pop3_expect_more(struct visit *v, struct pop3_cmd *cmd);
/* TRUE: capability is one the configuration does without. */
gboolean pop3_hides(const struct visit *v, const char *capability);
void pop3_fail_all(struct visit *v, const GError *error);
extern const struct pop3_events pop3_events;

/* ---- capa.c: what the server says it can do ---- */
/* Status and lines of an answer to CAPA. */
void pop3_capa_begin(struct visit *v, struct pop3_cmd *cmd, const struct pop3_status *status);
void pop3_capa_line(struct visit *v, struct pop3_cmd *cmd, const char *line, gsize len, gsize whole);
/* The SASL mechanisms that it told of: gives the array (g_free), lends the names. */
const char **pop3_capa_sasl(const struct visit *v);
gboolean pop3_capa_has_sasl(const struct visit *v, const char *mechanism);
/* For the next visit. */
void pop3_capa_remember(struct visit *v);
/* The mechanisms that the next visit may begin with, of a server that takes commands ahead; NULL: none. */
GStrv pop3_capa_remembered(const struct visit *v, gboolean *utf8);
/* Through hooks.fact. */
void pop3_capa_tell_facts(struct visit *v);
/* After the log-in, of what it may tell only then. */
void pop3_capa_again(struct visit *v);

/* ---- login.c ---- */
extern const struct login_verbs pop3_login_verbs;
void pop3_greeted(struct visit *v, const struct pop3_status *greeting);
/* TLS stands, begun by STLS. */
void pop3_secured(struct visit *v);
void pop3_secret(struct backend *b, const char *secret, const char *why);

/* ---- pause.c: how soon after one log-in the next may come ---- */
/* The log-in was accepted; capabilities were told after it. */
void pop3_pause_begin(struct visit *v);
void pop3_pause_told(struct visit *v);
/* It was refused because the last is too short a while ago; because somebody else is there. */
void pop3_pause_refused(struct visit *v);
void pop3_pause_in_use(struct visit *v);
/* Members of backend_ops */
guint pop3_respite(struct backend *b);
guint pop3_paused(struct backend *b);
gboolean pop3_in_use(struct backend *b);

/* ---- list.c ---- */
/* Begins to ask what the server has, if that is not known; task (NULL: none) has a hold until it is. */
void pop3_list_want(struct visit *v, struct task *task);
void pop3_list_free(struct drop_list *list);
/* item has a row now. */
void pop3_list_bind(struct drop_list *list, struct drop_item *item, gint64 row);
/* The row (0: none) that item is, told by its digest, or by that which its header would have with another
 * size; it counts as met, and item gets its state. */
gint64 pop3_list_meet(struct drop_list *list, struct drop_item *item, gint64 digest, const char *header,
                      gsize len);
/* The i-th of what is not known. */
struct drop_item *pop3_list_fresh(const struct drop_list *list, guint i);
/* Something with a number below uid has still to come. */
gboolean pop3_list_awaits(const struct drop_list *list, guint64 uid);
/* Nothing that is not known is left: what we have deleted and was not met is gone. */
gboolean pop3_list_settle(struct drop_list *list, GError **error);
/* NULL: the server does not have it, as far as is known. */
struct drop_item *pop3_list_item(struct drop_list *list, gint64 row);

/* ---- announced.c: what the server has told of and has not given yet ---- */
/* Gives UIDs to what is not known, in the server's order: those that an earlier visit gave, which did not
 * bring it; and writes them down. In a transaction. */
gboolean pop3_announced_number(struct drop_list *list, struct pop3_desk *desk, GError **error);
/* n of it are still to come. In a transaction. */
gboolean pop3_announced_note(struct drop_list *list, guint n, GError **error);
/* How many are, by what was written down last; lowest (may be NULL): no UID of theirs is below. */
guint pop3_announced_left(struct store *store, guint64 *lowest);
/* Backend_ops.early */
gboolean pop3_early(struct backend *b, const struct store_op *op);

/* ---- known.c: which of the messages are known; pure ---- */
struct drop_known *drop_known_new(void);
void drop_known_free(struct drop_known *known);
void drop_known_add(struct drop_known *known, const struct store_drop *drop);
guint drop_known_count(const struct drop_known *known);
/* Gives row, state and nth to those of items (struct drop_item) that are known by UIDL and size, and nth to
 * the others. How many are known. */
guint drop_known_match(struct drop_known *known, GArray *items);
/* Has one of this size not been met? */
gboolean drop_known_lacks(struct drop_known *known, guint64 size);
/* Has one without a UIDL not been met? */
gboolean drop_known_lacks_nameless(struct drop_known *known);
gint64 drop_known_meet(struct drop_known *known, guint64 size, gint64 digest, enum drop_state *state);
/* Has one of this UIDL, and of whatever size, not been met? */
gboolean drop_known_names(struct drop_known *known, const char *uidl);
/* The one that has the digest of what came, were it of that one's size. */
gint64 drop_known_meet_resized(struct drop_known *known, const char *uidl,
                               gint64 (*digest)(guint64 size, void *user), void *user,
                               enum drop_state *state);
/* Appends ids (gint64) of those in state that were not met. */
void drop_known_missed(const struct drop_known *known, enum drop_state state, GArray *out);

/* ---- fill.c: what is asked for, and when ---- */
void pop3_open(struct backend *b, gint64 folder, backend_done done, void *user);
void pop3_fill(struct backend *b, gint64 folder, backend_done done, void *user);
void pop3_part(struct backend *b, msgid id, const char *section,
               void (*progress)(guint64 have, guint64 total, void *user), backend_done done, void *user);
void pop3_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
                void *user);
/* The whole of msg, whose task is held until it is in the store. FALSE: it cannot be had, or is here. */
gboolean pop3_want_body(struct visit *v, msgid msg, struct task *task);
/* The folder's id, 0 with error. */
gint64 pop3_inbox(struct backend *b, GError **error);

/* ---- take.c: what comes by TOP and RETR ---- */
/* A message that is not known: its header, or (whole, if it is not large) all of it. task is held until it is
 * in the store. */
void pop3_take_new(struct visit *v, struct drop_item *item, gboolean whole, struct task *task);
/* The whole of item, which is msg. */
void pop3_take_body(struct visit *v, struct drop_item *item, msgid msg, struct task *task,
                    void (*progress)(guint64 have, guint64 total, void *user));
/* Holds task until what is under way is in the store. FALSE: nothing is. */
gboolean pop3_take_wait(struct visit *v, struct task *task);
/* The link is gone: what came over it goes into the store. */
void pop3_take_stop(struct visit *v);

/* ---- leave.c ---- */
enum leave_verdict {
	LEAVE_THERE, /* it stays on the server */
	LEAVE_FETCH, /* it may go once all of it is here */
	LEAVE_DELETE
};
enum leave_verdict leave_verdict(const struct conf_leave *leave, const struct store_drop *drop, gint64 inbox,
                                 gint64 now);

/* ---- depart.c ---- */
void pop3_depart(struct backend *b, backend_done done, void *user);

#endif
