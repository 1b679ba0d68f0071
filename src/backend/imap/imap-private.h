/* What the files of the IMAP backend share. One struct backend is one account's link and the folder selected
 * on it; the account's thread owns it. */
#ifndef FULMAR_BACKEND_IMAP_PRIVATE_H
#define FULMAR_BACKEND_IMAP_PRIVATE_H

#include "backend/backend.h"
#include "backend/login.h"
#include "backend/task.h"
#include "net/conn.h"
#include "proto/imap/parse.h"
#include "proto/imap/write.h"

struct imap_cmd;

/* A command ended: response is its tagged response, lent, or NULL when the link was lost. error says why for
 * NO, BAD and lost links. */
typedef void (*imap_cmd_done)(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response,
                              const GError *error);

enum imap_cmd_kind {
	IMAP_CMD_PLAIN,
	IMAP_CMD_SELECT, /* goes out when nothing is under way; from then on responses belong to its folder */
	IMAP_CMD_AIM,    /* a SELECT that nothing follows before it ended: its UIDVALIDITY is checked first */
	IMAP_CMD_ALONE,  /* goes out when nothing is under way, and nothing follows before it ended:
	                    AUTHENTICATE, COMPRESS */
};

struct imap_cmd {
	char tag[16];
	enum imap_cmd_kind kind;
	struct imap_command *wire;
	guint sent;     /* chunks */
	guint64 read;   /* the read during which it was sent, 0: none */
	gboolean apart; /* says nothing of the selected folder: a SELECT may follow at once */
	imap_cmd_done done;
	void (*on_continue)(struct backend *b, struct imap_cmd *cmd,
	                    const char *text); /* a "+" that is not for a literal */
	/* What the server says untagged while this is under way, whatever it is about; or NULL. */
	void (*on_data)(struct backend *b, struct imap_cmd *cmd, const struct imap_response *response);
	char *takes;       /* UIDs that it may take out of its folder, or NULL */
	gboolean any_uids; /* of folder, also while its UIDs are not those of our rows */
	gint64 folder;  /* SELECT, AIM: which; PLAIN: must be selected, and its UIDs valid, when this goes out
	                   (0: need not) */
	guint64 lo, hi; /* the UIDs it asks for, where that matters; lo of a SELECT is the UIDVALIDITY of the
	                   rows */
	guint wanted, rows;   /* of a fill: rows hoped for, rows received */
	gint64 started;       /* monotonic µs, when it went out */
	gint64 flowing;       /* of a fill: monotonic µs, when its first row came */
	struct uidset *found; /* where SEARCH results go, or NULL */
	guint64 count;        /* what SEARCH RETURN (COUNT) said */
	gboolean counted;     /* it did */
	guint64 cut; /* MESSAGELIMIT (RFC 9738): no message below this UID was looked at; 0: all were */
	void *user;
};

enum imap_phase { PHASE_DOWN, PHASE_CONNECTING, PHASE_GREETING, PHASE_LOGIN, PHASE_READY };
/* What the octets behind the response just handled are. */
enum imap_turn { TURN_NONE, TURN_TLS, TURN_DEFLATE };

/* How far this session is with NOTIFY. */
enum imap_notify { NOTIFY_OFF, NOTIFY_ASKED, NOTIFY_ON, NOTIFY_OVER };

/* The selected folder as this session sees it. */
struct imap_box {
	gint64 folder;                                /* 0: none */
	guint64 exists, uidnext, uidvalidity, modseq; /* as the server says them */
	guint64 stored;                               /* UIDVALIDITY of the rows in the store, 0 none */
	gboolean there;                               /* SELECT was answered OK */
	gboolean selected; /* SELECT was answered OK and UIDVALIDITY is the one the rows are of */
	gboolean resynced; /* what is in the store follows the server from here on */
	guint64 counted;   /* EXISTS up to which new mail has been fetched */
	guint64 asked;     /* EXISTS up to which it was asked for */
	guint64 news_from; /* rows from this UID on are new to the person; 0: none are */
	gboolean asking;   /* new mail is being fetched */
	gboolean doubt;    /* something went in a way that could not be followed: the UIDs must be compared */
	guint comparing;   /* comparisons under way */
	struct uidset windows; /* UID ranges whose headers are all here */
	struct uidset pending; /* windows and what fills under way ask for */
	gboolean mapped; /* map holds every UID from its lowest up to number counted: turns numbers into UIDs
	                    where QRESYNC does not */
	struct uidset map;
	guint fill_rows;        /* rows the next fill wants */
	gboolean rebinding;     /* rows here wait for their UIDs after UIDVALIDITY changed */
	struct uidset strange;  /* then: UIDs whose rows are not here */
	struct uidset withheld; /* UIDs whose rows say that the server does not give the message */
	guint64 hunted;         /* how many they were when they were asked for again; 0: that has ended */
	guint in_vain;          /* how often that was, one time after the other */
	guint news;             /* that came since */
	gboolean read_through;  /* UIDVALIDITY changes all the time: only the newest is kept */
	GPtrArray *keywords;    /* char *, as FLAGS told them, or NULL */
	gboolean read_only;     /* SELECT's OK said so */
	char *kept;             /* PERMANENTFLAGS, blank-separated; NULL: not told */
	guint64 since;          /* rows from this UID on are counted in arrivals; 0: none are */
	guint arrivals;
	gboolean shifted; /* a message went since a survey began: numbers are others */
	guint64 spread;   /* UIDs per row, guessed; 0 not yet */
	guint filling;    /* fills under way */
	gint64 filled;    /* monotonic µs: the end of the last one */
	guint64 lowest;   /* of the rows received since it was set to 0 */
	guint64 highest;
	guint rows; /* rows received since it was set to 0 */
};

struct backend {
	const struct backend_env *env;
	enum imap_phase phase;
	enum imap_turn turn;
	struct conn *conn;
	struct imap_parser *parser;
	gboolean feeding; /* inside the parser: it must outlive a drop */
	guint64 reads;    /* how often the parser was fed */
	gboolean closing; /* unlink was asked for */

	struct login login;
	GHashTable *caps;            /* upper-case capability */
	gboolean caps_known;         /* of this state of the session */
	gboolean qresync, condstore; /* enabled */
	gboolean uidonly;            /* enabled: there are no message numbers (RFC 9586) */
	gboolean utf8;               /* enabled: names are UTF-8 (RFC 6855) */
	gboolean gmail;              /* labels come as keywords */
	char *row_items, *row_items_full, *flag_items, *bind_items; /* what this server is asked for */
	struct imap_survey *survey;                                 /* under way, or NULL */
	const struct imap_quirk *quirk;

	guint next_tag;
	GQueue waiting;  /* struct imap_cmd *, not wholly sent */
	GQueue sent;     /* struct imap_cmd *, in order */
	gint64 aimed;    /* the folder selected once all of waiting is sent */
	GError *unaimed; /* why the last SELECT by imap_aim was refused, or NULL */
	struct imap_box box;

	gint64 watched;        /* folder to follow when idle, 0: none */
	gint64 unwatchable;    /* the folder that could not be opened for that */
	gboolean no_idle;      /* the server refused IDLE */
	gboolean no_binary;    /* the server does not understand BINARY.PEEK */
	gboolean no_savedate;  /* the server refused a FETCH with SAVEDATE */
	guint openings;        /* imap_open under way */
	struct imap_cmd *idle; /* the IDLE under way, among sent */
	gboolean idle_ready;   /* its "+" was seen */
	GSource *idle_timer;

	GSource *probe;      /* a sign of life is awaited */
	guint64 probe_reads; /* reads when it was looked for last */

	enum imap_notify notify;
	GSource *rows_timer; /* rows that EXISTS announced may come by themselves until then */
	gboolean rows_late;  /* they did not */
	gboolean pushed;     /* rows came by themselves in this slice */
	GHashTable *known;   /* wire → struct store_folder *, for pushes of this slice; or NULL */
	GHashTable *behind;  /* ids (gint64 *) of folders to be told as behind; or NULL */
	gboolean foreign;    /* there are folders that are not the person's own */
	gboolean recounted;  /* counts of folders were stored */

	GError *lost; /* why the link ended, until that was told */
	struct tasks tasks;
	GPtrArray *fill_waiters;        /* struct task *: fills that found all holes asked for */
	GError *fill_error;             /* of a fill whose task had ended before */
	GQueue wants;                   /* struct imap_want *: sections asked for */
	GHashTable *wanted;             /* uid → the first of those of that UID, in whatever folder */
	struct imap_together *together; /* those that the next command will ask for, or NULL */
	gboolean gathering;             /* more will come for it */
	guint slices_ahead;             /* as many as came in a moment, of the last part in slices */
	struct imap_bodies *bodies;     /* those of them that are here and not in the store yet */
	GHashTable *undecoded;          /* "id/section" that the server cannot decode, this session */
	gboolean in_tx;                 /* rows of this slice are being written */
	msgid newest_id;                /* before this slice */
	gint64 touched;                 /* folder whose rows changed in this slice */
	guint arrived;                  /* new mail in this slice */
	struct imap_listing *listing;   /* folder list being gathered */
	GHashTable *half_moved; /* msgid (gint64 *): copied for a move, perhaps, while the original stayed */
	GHashTable *claimed; /* act.c: UIDs (gint64 *) that are taken to be a row's which is not told yet */
	gboolean told_unexpunged; /* that this server cannot expunge ours alone */
	gint64 listed;            /* monotonic µs: when the last one was through; 0: none on this link */
	gboolean rights_asked;    /* of each folder, on this link */
};

/* ---- session.c ---- */
struct imap_cmd *imap_cmd_new(struct backend *b, const char *name, imap_cmd_done done, void *user);
/* The same for a command that means UIDs of folder, which was aimed at. */
struct imap_cmd *imap_cmd_in(struct backend *b, gint64 folder, const char *name, imap_cmd_done done,
                             void *user);
/* Takes cmd, sends what may be sent. */
void imap_queue(struct backend *b, struct imap_cmd *cmd);
void imap_pump(struct backend *b);
gboolean imap_has(const struct backend *b, const char *capability);
/* FALSE: no command goes out before the last was answered. No server says so; it is hidden like a capability.
 */
gboolean imap_pipelines(const struct backend *b);
/* The number behind "CAPABILITY=", 0 when it is not offered with one. */
guint64 imap_limit(const struct backend *b, const char *capability);
/* As many messages as one command may concern (RFC 9738), 0: any number. One that concerns more is carried
 * out from the newest down, and struct imap_cmd.cut says how far; COPY and APPEND are refused. */
guint64 imap_message_limit(const struct backend *b);
/* Leaves in set what a command about it, cut off there, has still to be given again for. FALSE: that is
 * nothing; with error, set when the server did not come any further, which it would never do. */
gboolean imap_rest(const struct backend *b, struct uidset *set, guint64 cut, GError **error);
/* The words of a refusal, without what servers add of no use to a person. Gives (g_free). */
char *imap_said(const struct imap_response *response);
/* imap_parser's callback: FALSE when the octets that follow are not for this parser. */
gboolean imap_on_response(const struct imap_response *response, void *user);
/* Completes every command, sent or waiting, with error. */
void imap_fail_all(struct backend *b, const GError *error);

/* ---- link.c ---- */
/* Ends the link: everything under way is completed with error, then hooks.lost. */
void imap_drop(struct backend *b, const GError *error);

/* ---- items.c: what rows are made of ---- */
/* After the capabilities are known: b->row_items … */
void imap_items_choose(struct backend *b);
/* Gmail's labels as keywords "label:NAME", blanks as U+00A0. Appends to keywords. */
void imap_labels_of(const struct imap_node *first, GString *keywords);
/* TRUE: keyword is a label of Gmail's; *name (gives, when not NULL): as the server spells it. */
gboolean imap_is_label(const struct backend *b, const char *keyword, char **name);
/* The labels among the keywords of the row that is uid: a FETCH of FLAGS alone does not tell them. */
void imap_labels_kept(struct backend *b, guint64 uid, GString *keywords);

/* ---- login.c ---- */
/* The greeting, or with NULL the first moment after STARTTLS. */
void imap_login_begin(struct backend *b, const struct imap_response *greeting);
extern const struct login_verbs imap_login_verbs;
void imap_login_secret(struct backend *b, const char *secret, const char *why);
void imap_on_enabled(struct backend *b, const struct imap_response *response);

/* ---- names.c ---- */
/* The server's name of a folder as a person sees it: UTF-8, "/" between levels. Gives. */
char *imap_path_of(const struct backend *b, const unsigned char *name, gsize len, char delimiter);
/* UTF-8 (with the server's delimiter) as this server wants names: modified UTF-7, or UTF-8 where it takes
 * nothing else. NULL when it cannot be one. Gives. */
char *imap_wire_name(const struct backend *b, const char *name);

/* ---- folders.c: what the server is asked, listing.c: what becomes of it ---- */
struct imap_listing {
	struct task *task;
	GHashTable *by_wire; /* wire name → struct imap_listed * */
	gboolean extended;
	GHashTable *subscribed; /* wire names LSUB told */
	GHashTable *foreign;    /* prefixes of others' and of shared folders, as NAMESPACE told them */
	GError *refused;        /* why LIST was, or NULL */
	guint told;             /* LIST and LSUB responses */
};
/* A folder as it was listed. */
struct imap_listed {
	struct store_folder *folder;
	struct store_folder *was; /* the same in the store, or NULL; lent */
	gboolean foreign;         /* somebody else's, or shared */
	gboolean has_uidvalidity, has_messages, has_uidnext, has_unseen;
	guint64 uidvalidity, messages, uidnext;
};
/* TRUE: name is among the attributes of a LIST. */
gboolean imap_has_attribute(const struct imap_node *first, const char *name);
/* Into the store: roles, names that look alike, folders that were renamed or removed. */
gboolean imap_listing_put(struct backend *b, GError **error);
void imap_on_namespace(struct backend *b, const struct imap_response *response);
void imap_on_rights(struct backend *b, const struct imap_response *response);
void imap_folders(struct backend *b, backend_done done, void *user);
void imap_on_list(struct backend *b, const struct imap_response *response);
void imap_on_status(struct backend *b, const struct imap_response *response);
/* The link is gone: a listing under way ends with error. */
void imap_listing_drop(struct backend *b, const GError *error);

/* ---- box.c: the selected folder ---- */
void imap_box_clear(struct imap_box *box);
/* Queues a SELECT of folder for verbs that only need it selected; nothing when it is aimed at. FALSE with
 * error when folder is not in the store. */
gboolean imap_aim(struct backend *b, gint64 folder, GError **error);
/* Asks for what EXISTS announced, when it announced anything. */
void imap_box_news(struct backend *b);
/* TRUE when UIDs the server names are those of our rows. */
gboolean imap_box_valid(const struct imap_box *box);
/* Writes windows, UIDNEXT, MODSEQ … of a resynced box, in the slice's transaction. advance: MODSEQ too. */
void imap_box_save(struct backend *b, gboolean advance);
/* The UID of message number seq, 0 when it is not known. */
guint64 imap_box_uid(const struct imap_box *box, guint64 seq);
/* The highest UID range below limit that is not in set; FALSE when there is none. */
gboolean imap_box_hole(const struct uidset *set, guint64 limit, guint64 *lo, guint64 *hi);
/* Compares the UIDs with the server's when they are in doubt and all headers are here. Holds task (NULL:
 * nobody waits). */
void imap_box_resolve(struct backend *b, struct task *task);
/* Makes the map from what the store holds, where the session needs one. */
void imap_box_make_map(struct backend *b);

/* ---- open.c, fill.c, verify.c ---- */
void imap_open(struct backend *b, gint64 folder, backend_done done, void *user);
void imap_fill(struct backend *b, gint64 folder, backend_done done, void *user);
/* A row came: fills learn how far they are. */
void imap_fill_row(struct backend *b, guint64 uid);
/* When no hole is left: rows that a new UIDVALIDITY left behind go, numbers can be turned into UIDs. */
void imap_fill_complete(struct backend *b);
/* Lets those go that wait for the fills under way. */
void imap_fill_release(struct backend *b, const GError *error);
/* found are all UIDs there are: counts anew. */
void imap_recount(struct backend *b, const struct uidset *found);
/* Compares all UIDs of the windows with the server's: rows that are gone there go here, rows missing here are
 * fetched. Holds task. */
void imap_verify(struct backend *b, struct task *task);
/* UID FETCH of uids, in as many commands as it takes; each is repeated below where the server stopped
 * (MESSAGELIMIT). since: as in imap_fetch_rows. Holds task. */
void imap_fetch_set(struct backend *b, const struct uidset *uids, const char *items, guint64 since,
                    struct task *task);
/* ---- survey.c ---- */
/* The same as imap_verify in few round trips where the answer to it would be long: lost: how many have gone,
 * as far as is known. Holds task. */
void imap_survey(struct backend *b, struct task *task, guint64 lost);
/* A FETCH of a number and its UID alone. */
void imap_survey_take(struct backend *b, guint64 seq, guint64 uid);
/* Plain resync of flags: what the store holds against the server's searches. Holds task. */
void imap_compare_flags(struct backend *b, struct task *task);
/* UID FETCH (or FETCH) of rows of the selected folder. range as it is sent; since: CHANGEDSINCE, 0 none.
 * Gives the command, not yet queued. */
struct imap_cmd *imap_fetch_rows(struct backend *b, const char *verb, const char *range, const char *items,
                                 guint64 since, imap_cmd_done done, void *user);

/* ---- receive.c: untagged data of the selected folder, and its way into the store ---- */
void imap_on_fetch(struct backend *b, const struct imap_response *response);
void imap_on_exists(struct backend *b, const struct imap_response *response);
void imap_on_expunge(struct backend *b, const struct imap_response *response);
void imap_on_vanished(struct backend *b, const struct imap_response *response);
/* TRUE: it says that messages have just gone; *uids (initialised) gets which. Empty: one, told by number. */
gboolean imap_tells_gone(const struct imap_response *response, struct uidset *uids);
void imap_on_search(struct backend *b, const struct imap_response *response);
void imap_on_flags(struct backend *b, const struct imap_response *response);
/* Begins the slice's transaction when none is open; FALSE when that failed (the link is then dropped). */
gboolean imap_tx(struct backend *b);
/* Commits what the slice wrote and tells of it. */
void imap_slice_end(struct backend *b);

/* ---- bodies.c: whole messages that wait for the store ---- */
struct imap_want;
struct imap_bodies *imap_bodies_new(void);
void imap_bodies_free(struct imap_bodies *bodies);
/* Lends want until it is put. */
void imap_bodies_add(struct imap_bodies *bodies, struct imap_want *want, msgid id, const void *bytes,
                     gsize len);
/* That which came last was of uid, and is in folder since then (0: nobody knows); FALSE: it was not. */
gboolean imap_bodies_date(struct imap_bodies *bodies, gint64 folder, guint64 uid, gint64 saved);
/* TRUE: they have waited long enough, or are half of all wants. */
gboolean imap_bodies_due(const struct imap_bodies *bodies, guint wants);
/* here FALSE without error: there is no row for it any more. */
void imap_bodies_put(struct backend *b, void (*put)(struct backend *b, struct imap_want *want, gboolean here,
                                                    const GError *error));

/* ---- fetch.c ---- */
void imap_part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
               backend_done done, void *user);
void imap_parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
                void *user);
void imap_on_section(struct backend *b, guint64 uid, const struct imap_fetch_section *section);
/* Asks for a section on behalf of task, which it holds; FALSE: error says why it cannot be had. */
gboolean imap_want(struct backend *b, struct task *task, msgid id, const char *section,
                   void (*progress)(guint64, guint64, void *), GError **error);

/* ---- binary.c ---- */
/* TRUE: the server decodes this part, and it pays. */
gboolean imap_binary_fits(const struct backend *b, msgid id, const struct mime_part *part);
/* It was no good: from now on, on this link, the part is fetched as it is. */
void imap_binary_refuse(struct backend *b, msgid id, const char *section);
/* FALSE: so many octets of base64 cannot be it. */
gboolean imap_binary_is_likely(guint64 encoded, guint64 decoded);

/* ---- structure.c ---- */
/* BODYSTRUCTURE → tree with section numbers; NULL when it is beyond use. Gives (mime_part_free). */
struct mime_part *imap_structure(const struct imap_node *list);
void imap_structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user);
/* TRUE: this server says when a message came into its folder (SAVEDATE, RFC 8514). */
gboolean imap_tells_saved(const struct backend *b);

/* ---- withheld.c: messages that the server does not give ---- */
/* Reads box.withheld; they are holes in the windows again. */
void imap_withheld_load(struct backend *b);
/* A FETCH of these UIDs was well: none of them is withheld. */
void imap_withheld_given(struct backend *b, guint64 lo, guint64 hi);
/* The header of a message has come. */
void imap_withheld_row(struct backend *b, guint64 uid, const struct envelope *envelope);
/* TRUE: a FETCH of several was refused in a way that may be for the sake of one; response may be NULL. */
gboolean imap_is_withheld(const struct imap_response *response);
/* A FETCH of rows from lo to hi was refused, and why: asks for them in halves, until those are found that it
 * was refused for; done tells that all others are here, or why not. task goes to it. */
typedef void (*imap_hunted)(struct backend *b, struct task *task, gint64 folder, guint64 lo, guint64 hi,
                            const GError *error);
void imap_withheld_hunt(struct backend *b, struct task *task, guint64 lo, guint64 hi, const GError *why,
                        imap_hunted done);
/* Asks once more for those of the open folder. */
void imap_withheld_again(struct backend *b);
/* There was news of it: the same, when enough came since it was in vain. */
void imap_withheld_news(struct backend *b);

/* ---- flags.c ---- */
/* FLAG_ bits; keywords (blank-separated; may be NULL) are appended. */
guint imap_flags_of(const struct imap_node *first, GString *keywords);
/* An answer to SELECT: what of the folder's flags stays. */
void imap_on_kept(struct backend *b, const struct imap_response *response);
gboolean imap_keeps_seen(struct backend *b, gint64 folder);
/* "(\\Seen Harbour)"; keywords may be NULL, what cannot be sent as one is left out. Gives. */
char *imap_flag_list(const struct backend *b, guint flags, const char *keywords);

/* ---- replay.c, check.c: the journal (act.h) ---- */
void imap_replay(struct backend *b, const struct store_op *op, backend_done done, void *user);
void imap_check(struct backend *b, const struct store_op *op, backend_done done, void *user);

/* ---- naming.c ---- */
gboolean imap_name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error);

/* ---- admin.c ---- */
void imap_admin(struct backend *b, const struct backend_admin *request,
                void (*answer)(const char *name, const char *value, void *user), backend_done done,
                void *user);

/* ---- watch.c ---- */
void imap_watch(struct backend *b, gint64 folder);
/* Ends IDLE so that commands may go; TRUE when they may. */
gboolean imap_watch_break(struct backend *b);
void imap_watch_stop(struct backend *b);
/* (Back) to watching, when nothing is under way and nothing that ended waits to be told. */
void imap_watch_resume(struct backend *b);

/* ---- notify.c: changes of all folders as they happen ---- */
/* Asks for them, once on a link, where they are offered. */
void imap_notify_begin(struct backend *b);
/* The link is gone. */
void imap_notify_stop(struct backend *b);
/* NOTIFICATIONOVERFLOW: the server tells no more. */
void imap_notify_overflow(struct backend *b);
gboolean imap_follows_all(struct backend *b);
/* Unasked STATUS and LIST. */
void imap_notify_status(struct backend *b, const struct imap_status_data *status);
void imap_notify_list(struct backend *b, const struct imap_list *list);
/* TRUE: rows for what EXISTS announced are awaited; should they not come, imap_box_news is called again. */
gboolean imap_notify_awaits(struct backend *b);
/* A row is about to be counted. */
void imap_notify_row(struct backend *b, const struct imap_fetch *fetch);
/* Before and after a slice's commit. */
void imap_notify_save(struct backend *b);
void imap_notify_tell(struct backend *b);

/* ---- lane.c ---- */
void imap_leave(struct backend *b, gint64 folder);
void imap_probe(struct backend *b);
void imap_probe_stop(struct backend *b);
/* TRUE: what the server tells of the selected folder is another lane's to store. */
gboolean imap_is_guest(const struct backend *b);

/* ---- quirks.c ---- */
struct imap_quirk {
	const char *server; /* text in the greeting that tells it */
	const char *hide;   /* capabilities not to be used, comma-separated */
	const char *what;   /* for doctor */
};
const struct imap_quirk *imap_quirk_for(const char *greeting);

#endif
