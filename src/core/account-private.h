/* What the files of one account's core share. All of it belongs to the account's thread. */
#ifndef FULMAR_CORE_ACCOUNT_PRIVATE_H
#define FULMAR_CORE_ACCOUNT_PRIVATE_H

#include "backend/backend.h"
#include "core/account.h"
#include "core/address.h"
#include "store/match.h"

enum link { LINK_DOWN, LINK_TRYING, LINK_UP };

/* A command that needs the link, from its arrival to its one EVENT_DONE. */
struct request {
	struct account *account;
	struct command *command;
	gboolean running;
	gboolean cancelled;
	guint attempts;            /* links it was lost with */
	struct lane *lane;         /* taken for its verb, or NULL */
	struct request *parent;    /* told when it ends, or NULL */
	struct download *download; /* or NULL */
	struct rules_run *run;     /* or NULL */
};

/* Lane 0 is the person's: the folder on the screen, texts, the folder list, the journal, watching. Its link
 * is the account's. The others are connections of their own, made when there is work for them and closed when
 * there has been none for a minute. */
enum { LANE_PERSON, LANE_WORK, LANE_LONG, LANES };

struct lane {
	struct account *account;
	guint number;
	struct backend_env env;
	struct backend *backend; /* NULL until it was wanted */
	enum link link;
	gint64 current;    /* the folder the backend has open, 0: none */
	gboolean opening;  /* ops->open is under way */
	guint fills;       /* under way */
	guint keeping;     /* flights of bodies under way */
	gint64 kept;       /* the folder that they are of */
	guint uses;        /* verbs of requests under way */
	gboolean answered; /* a secret was given on this link */
	gboolean closing;  /* by us: its end is no fault */
	guint losses;      /* in a row; a link that did not stand long is one too */
	gint64 begun;      /* monotonic µs, to connect */
	gint64 up_since;   /* monotonic µs */
	gint64 used;       /* monotonic µs: something was under way */
	gint64 not_before; /* monotonic µs: it is not tried again until then */
};

/* How far a folder is on this link. */
struct progress {
	gint64 folder;
	struct lane *lane; /* that opened it last: what others end of it counts for nothing */
	gboolean opened;   /* resynced */
	gboolean filled;   /* headers complete */
	gboolean done;     /* bodies as keep says, too */
	guint fills;       /* under way, on whatever lane */
	guint failures;    /* verbs in a row that got nowhere */
	GError *error;     /* why it is not, or NULL */
	GError *unkept;    /* why bodies that should be kept are not, or NULL */
};

struct job_secret;
struct job_announce;
struct download;
struct later;
struct rules;
struct rules_run;

struct account {
	struct bus *bus;
	const struct conf *conf;
	const struct conf_account *settings;
	guint flags; /* enum account_flags */
	char *dir;
	GThread *thread;
	GMainContext *context;
	GMainLoop *loop;
	struct store *store;
	const struct backend_ops *ops;
	struct backend *backend; /* that of lane 0 */

	/* lane.c */
	struct lane lanes[LANES];
	gint64 lanes_not_before; /* monotonic µs: a log-in was refused beside one that is good */
	guint lanes_refused;     /* how many, since the last good log-in of lane 0 */
	gboolean lanes_told;     /* the person knows that there is but one connection */

	/* link.c */
	enum link link;   /* of lane 0 */
	gboolean offline; /* the person's wish, or --offline */
	guint failures;   /* in a row; a link that did not stand long is one too */
	gint64 up_since;  /* monotonic µs */
	GError *trouble;  /* why the link is down, or NULL */
	gboolean blocked; /* trying again by itself would not help: password, certificate */
	GSource *retry, *tick;
	gint64 retry_at;     /* UTC seconds */
	gint64 left_at;      /* monotonic µs: when the last visit ended well, 0: none did */
	gboolean leaving;    /* ops->depart is under way: nothing is begun any more */
	gboolean more;       /* the visit did not bring all that there is: another is due at once */
	gboolean leave_soon; /* a command waits for the end of the visit */
	GSource *leave_wait; /* somebody may want more of it */
	GSource *next_visit; /* "poll" after the last */
	int visit_fd;        /* visit.lock, while there is a visit; or -1 */
	GSource *visit_wait; /* another process has it */
	gint64 in_use_since; /* monotonic µs: when somebody was first found to have it, 0: nobody has */
	guint in_use_ms;     /* before it was asked for again */
	gint64 tick_wall, tick_mono;
	struct address_watch *addresses;

	/* announce.c */
	struct job_announce *announcing; /* the command that runs, or NULL */
	GSource *announce_wait;
	char *announce_trouble; /* that was said of it last, or NULL */
	gint64 news_folder;     /* where mail came last that was not announced yet */
	guint news;             /* how much */

	/* secret.c */
	struct job_secret *job;
	char *secret;        /* that was given last and not refused, for all lanes; or NULL */
	guint wanting;       /* bits: lanes that wait for it */
	gboolean asked;      /* a person gives the password */
	gboolean asking;     /* and has not answered yet */
	gboolean called_off; /* or does not want to */
	guint refusals;      /* of what was typed, in a row */

	/* requests.c */
	GQueue requests; /* struct request * */

	/* work.c */
	gint64 open_folder;        /* the person looks at it, 0: none */
	gint64 inbox;              /* watched when no folder is open, 0: not known yet */
	struct request *open_next; /* waits for the opening under way to end, or NULL */
	GHashTable *progress;      /* folder id → struct progress * */
	GArray *background;        /* gint64 folders to bring up to date when nothing else is asked */
	gboolean working, again;   /* inside work_on: it is not entered twice but gone through again */
	enum link_state shown;     /* last EVENT_LINK */

	/* listing.c */
	gboolean listed; /* the folder list of this link is here */
	gboolean listing;
	gint64 listed_at;    /* monotonic µs */
	GSource *list_wait;  /* for the next, soon after the last */
	GError *list_error;  /* why the last list could not be had, or NULL */
	gboolean list_again; /* it is known to have changed */

	/* keep.c */
	guint64 keep_octets;  /* what one batch may fetch: so much that it lasts a moment */
	gboolean keep_halted; /* on this link nothing could be kept */
	GHashTable *fetching; /* ids (gint64 *) of messages that are fetched whole, to be kept */
	GHashTable *unkept;   /* ids (gint64 *) whose body could not be had on this link */

	/* turn.c */
	int turn_fd;       /* journal.lock */
	gboolean turn;     /* locked by us */
	gint64 turn_since; /* monotonic µs since when another process has it, 0: it has not */
	GSource *turn_wait;

	/* journal.c */
	GHashTable *busy;        /* ops (gint64 *) that something of ours is under way for */
	guint replaying;         /* verbs under way */
	GList *replays;          /* struct replay *: what waits for their ends */
	gboolean journal_due;    /* it may have changed since it was looked at */
	gboolean journal_quiet;  /* when it was, nothing was under way in any process, nor could be begun */
	GHashTable *alone;       /* ops that go out unmerged */
	GHashTable *awaited;     /* folders that ops need opened first */
	GHashTable *sources;     /* keys of appends that are through, until their accounts were told */
	GError *journal_trouble; /* why nothing is carried out, or NULL */
	gint64 halted_until;     /* monotonic µs */
	GSource *journal_wake;   /* when the next op is due */
	GSource *journal_poll;   /* what other processes do */
	gint64 expired_at;       /* monotonic µs */
	gboolean expires;        /* it has not seen all then */
	gboolean suspect;        /* an op that links were lost with is under way, and nothing else is begun */
	GList *couriers;         /* struct courier *: transfers that are looked after */

	/* arrivals.c */
	struct rules *rules;

	/* later.c */
	struct later *later; /* what is being fetched of what was put off, or NULL */
	gboolean later_none; /* on this link there is nothing of that to fetch */
};

/* The link is a visit (backend_ops.depart): folders and journal need none, and it is held no longer than
 * there is something to take. */
static inline gboolean
visits(const struct account *a)
{
	return a->ops->depart != NULL;
}

/* ---- account.c ---- */
/* account_start with verbs of any kind: a test may bring its own. */
struct account *account_start_with(const struct backend_ops *ops, struct bus *bus, const struct conf *conf,
                                   const struct conf_account *settings, guint flags, GError **error);
/* The verbs for another account, as this process has them. */
const struct backend_ops *account_verbs(struct account *a, const struct conf_account *settings);
void account_post(struct account *a, struct event *event);
struct event *account_event(struct account *a, enum event_kind kind);

/* ---- link.c ---- */
extern const struct backend_hooks account_hooks;
/* Connects when something wants it and nothing forbids it. */
void link_want(struct account *a);
void link_go(struct account *a, gboolean offline);
void link_start_ticking(struct account *a);
void link_stop(struct account *a);
/* Tells the screens when it changed. */
void link_show(struct account *a);
/* Says how far it is. */
void link_fetching(struct account *a, gint64 folder, guint64 have, guint64 total);
/* TRUE for an error that another link, or another time, does not have: it was lost, or not now. */
gboolean link_may_mend(const GError *error);
/* Verbs may be begun. */
gboolean link_is_ready(const struct account *a);

/* ---- leave.c: visits ---- */
/* Begins to connect; for a visit, when no other process makes one. */
void leave_enter(struct account *a);
/* The link is gone: another process may make one. */
void leave_unlock(struct account *a);
/* It has nothing to do: the visit ends, after a moment. */
void leave_rest(struct account *a);
/* It has again. */
void leave_not(struct account *a);
/* hooks.left */
void leave_done(struct account *a);
/* An op about all of INBOX, while another process makes a visit, or what was told of has not come. */
gboolean leave_holds_up(struct account *a, const struct store_op *op);
/* The first connection of a process that is not there for one command: a visit not before it may be. */
void leave_begin(struct account *a);
/* Seconds that the server wants to pass before the next one. */
guint leave_respite(struct account *a);
/* The last one is so short a while ago that a glance into INBOX is not worth another. */
gboolean leave_was_just(struct account *a);

/* ---- lane.c ---- */
/* The lane for work of kind number, ready for verbs, or one below where the server allows no more of them.
 * NULL: it is being connected; requests_start and work_on run when that has ended, well or not, or lasts too
 * long. */
struct lane *lane_want(struct account *a, guint number);
/* The same for a verb of a request: the lane counts as used from lane_take to lane_give. A request that gets
 * NULL is begun again by requests_start if it clears its running. */
struct lane *lane_take(struct account *a, guint number);
void lane_give(struct lane *lane);
gboolean lane_is_up(const struct lane *lane);
/* With opening, filling or keeping. */
gboolean lane_is_busy(const struct lane *lane);
/* Lets those go that have had nothing to do for a while. */
void lanes_tick(struct account *a);
/* Lets all but lane 0 go. */
void lanes_close(struct account *a);
/* Asks the servers of all lanes for a sign of life. */
void lanes_probe(struct account *a);

/* ---- announce.c ---- */
void announce_stop(struct account *a);
/* n new messages have come to stand in folder: screens and the command are told, if it is one for new mail.
 */
void announce_arrival(struct account *a, gint64 folder, guint n);

/* ---- requests.c ---- */
void request_take(struct command *command, void *account);
/* Starts what waits; the link is up. */
void requests_start(struct account *a);
/* The link is gone: requests that go on over many verbs begin again with the next one. */
void requests_lost(struct account *a);
/* Ends every request that waits for a link with error. */
void requests_fail(struct account *a, const GError *error);
void request_end(struct request *r, const GError *error);
/* One of our own. Takes command. It may end as soon as it is started. */
struct request *request_new(struct account *a, struct command *command);
void request_start(struct request *r);
/* Links that one may be lost with. */
enum { LINKS_AT_MOST = 3 };
/* backend_done of verbs begun for a request, which is user. */
void request_verb_done(const GError *error, void *user);
gboolean requests_want_link(struct account *a);

/* ---- reading.c: what a person wants to read ---- */
void reading_text(struct request *r);
void reading_part(struct request *r);
void reading_near(struct request *r);
/* TRUE for a text or part that is here already, and needs no link. */
gboolean reading_is_here(struct account *a, const struct command *c);

/* ---- work.c ---- */
/* Looks for what to do next and begins it: without a link, what needs none. Call it whenever something ended
 * or came. */
void work_on(struct account *a);
/* A new link: nothing is known to be up to date. */
void work_reset(struct account *a);
/* The person opens folder; then or on failure the request ends. */
void work_open(struct account *a, gint64 folder, struct request *r);
struct progress *work_progress(struct account *a, gint64 folder);
/* Something of folder was found that is not here; 0: the list of folders has changed. */
void work_behind(struct account *a, gint64 folder);
/* There are new rows in folder: their bodies may be wanted. */
void work_arrived(struct account *a, gint64 folder);
/* Another look at folder is due, whatever was found before. */
void work_again(struct account *a, gint64 folder);
/* The same, but nobody begins it by himself. */
void work_forget(struct account *a, gint64 folder);
/* The folder that lane 0 has in hand: INBOX when the person looks at none. 0: none. */
gint64 work_front(struct account *a);
/* TRUE while lane 0 is at it, and no other may be. */
gboolean work_is_fronts(struct account *a, const struct progress *p);
/* Folder id of a command that names one by id or path; 0 with error. */
gint64 work_folder(struct account *a, const struct command *c, GError **error);

/* ---- visit.c ---- */
/* Opens folder with lane, which takes it from any other; then or on failure r ends (it may be NULL). */
void visit_open(struct lane *lane, gint64 folder, struct request *r);
/* One step towards all headers of a folder; TRUE when they are here. */
gboolean visit_fill(struct lane *lane, struct progress *p);

/* ---- listing.c ---- */
/* Lists folders; r may be NULL. */
void listing_begin(struct account *a, struct request *r);
/* It is known to have changed: it is asked for again, soon. */
void listing_changed(struct account *a);
gboolean listing_is_due(const struct account *a);
/* The first list is still to come by itself: what is not here may be in it, and requests are begun again
 * then. */
gboolean listing_comes(const struct account *a);
/* TRUE for what "hide" of the configuration says. */
gboolean listing_hides(struct account *a, const struct store_folder *f);

/* ---- sync.c ---- */
void sync_start(struct account *a, struct request *r);
/* The folder that sync commands want next, 0: none; those that are through end. */
gint64 sync_folder(struct account *a);
gboolean sync_wants_list(const struct account *a);
/* The visit that they waited for is over. */
void sync_left(struct account *a);

/* ---- keep.c ---- */
/* TRUE when bodies the policy wants in folder are not here. */
gboolean keep_is_due(struct account *a, gint64 folder);
/* Begins fetching them; FALSE when there is nothing left to fetch. */
gboolean keep_on(struct lane *lane, gint64 folder);
/* TRUE when the structure and all of what is shown of id is here. */
gboolean keep_has_shown(struct account *a, msgid id, gboolean html);
/* Adds the sections (char *) that are not here of what is shown of id: "" where the whole message is cheaper
 * to have. Gives their octets. */
guint64 keep_lacking(struct account *a, msgid id, const struct mime_part *root, gboolean html,
                     GPtrArray *sections);

/* ---- turn.c: which process carries out the journal ---- */
gboolean turn_open(struct account *a, GError **error);
void turn_close(struct account *a);
/* FALSE: another process has it; work_on is called when it may be asked again. */
gboolean turn_take(struct account *a);
void turn_end(struct account *a);

/* ---- journal.c ---- */
gboolean journal_open(struct account *a, GError **error);
void journal_close(struct account *a);
/* Begins what can be begun. Cheap when nothing has changed. */
void journal_replay(struct account *a);
/* It has changed: the next journal_replay looks. */
void journal_touch(struct account *a);
/* What was put off goes at once: it may have what it lacked. */
void journal_hasten(struct account *a);
/* A new link: what was put off when the old one died goes at once. */
void journal_linked(struct account *a);
/* After a start: ops that a crash left under way are verified or begin again, unless another process is at
 * them. */
gboolean journal_recover(struct account *a, GError **error);
void journal_show(struct account *a);
/* Nothing is under way, in whatever process, and nothing could be begun. */
gboolean journal_idle(struct account *a);
/* The store took no more: for a while nothing is carried out. Takes error. */
void journal_halt(struct account *a, GError *error);
/* The folder that ops wait for before they can go out, 0: none. */
gint64 journal_folder(struct account *a);
/* Something that was in a->busy is not any more. */
void journal_released(struct account *a);
/* The screens shall read again what op is about. */
void journal_tell_op(struct account *a, const struct store_op *op);
/* Somebody else may have changed the store. */
void journal_look(struct account *a);
/* We have, by hand: everything is shown anew. */
void journal_changed(struct account *a);
/* One line for the person; with the op that failed (else 0), only why it did. Not on a command line, which
 * tells what became of its own wish. */
void journal_tell(struct account *a, gint64 op, const char *text);
/* Looks at what other processes do to the store. */
void journal_start_polling(struct account *a);

/* ---- replay.c: batches that are under way ---- */
struct batch;
enum { REPLAY_WAIT_LAST = 300 /* seconds */ };
/* Hands a batch, whose ops are marked as running, to the backend; its ops are in a->busy until it has ended.
 */
void replay_begin(struct account *a, const struct batch *batch);
/* The same, to find out how far it came. */
void replay_begin_check(struct account *a, const struct batch *batch);
/* Forgets those under way; their ends are not told any more. */
void replay_stop_all(struct account *a);
/* Has folder (0: none) looked at, for rows that came there without a UID. */
void replay_await(struct account *a, gint64 folder);
/* Seconds to wait after so many attempts: 1, 2, 4 … 300, each with up to a quarter more. */
gint64 replay_wait(int attempts);
gboolean replay_is_of_folders(const struct store_op *op);
gboolean replay_may_be_repeated(const struct store_op *op);
gboolean replay_is_suspect(const struct store_op *op);

/* ---- merge.c ---- */
/* What goes out in one verb: ops that are alike, as if they were one. */
struct batch {
	struct store_op *op; /* id 0 when it stands for several */
	GArray *ops;         /* gint64 */
};
void batch_free(gpointer batch);
struct batch *batch_copy(const struct batch *batch);
struct store_op *op_copy(const struct store_op *op);
/* Makes batches of ops (struct store_op *, lent) that may run now, in order; those of alone stay alone.
 * struct batch *, free func set. */
GPtrArray *batches_of(GPtrArray *ops, GHashTable *alone);

/* ---- change.c: what a command that changes mail did ---- */
struct change {
	struct account *account;
	const struct command *command;
	gint64 step;         /* of undo, 0: nothing changed yet */
	const char *name;    /* what the person calls it; constant */
	guint n;             /* messages or folders concerned */
	guint gone;          /* messages that were named and are not here any more */
	char *target;        /* path of a folder the line tells of, or NULL */
	char *said;          /* the line, where it is not made of these; or NULL */
	gboolean folders;    /* the folder list changed */
	GHashTable *touched; /* ids (gint64 *) of folders whose rows changed */
};
typedef gboolean (*change_verb)(struct change *change, GError **error);
/* Carries out a command and ends it; takes command. */
void change_run(struct account *a, struct command *command, change_verb verb);
void change_touch(struct change *change, gint64 folder);
/* The folders of the rows, and their number in change->n. FALSE with error when one is not here. */
gboolean change_touch_rows(struct change *change, const msgid *ids, guint n, GError **error);
/* What the server allows in every touched folder but one. */
gboolean change_may(struct change *change, const char *rights, gint64 but, GError **error);
void change_new_id(struct change *change, msgid id, const char *account);
/* "3 mails moved to Archive". Gives (g_free). */
char *change_said(const char *verb, guint n, const char *target);

/* ---- file.c: messages ---- */
gboolean file_flag(struct change *change, GError **error);
gboolean file_flag_all(struct change *change, GError **error);
gboolean file_move(struct change *change, GError **error);
gboolean file_copy(struct change *change, GError **error);
/* An action that is several for the store is all done, or nothing of it. */
gboolean file_at_once(struct change *change, gboolean (*verb)(struct change *change, GError **error),
                      GError **error);
gboolean draft_file(struct change *change, GError **error);
gboolean import_file(struct change *change, GError **error);
gboolean file_delete(struct change *change, GError **error);
gboolean file_purge(struct change *change, GError **error);
gboolean file_archive(struct change *change, GError **error);
gboolean file_junk(struct change *change, GError **error);

/* ---- verdict.c: what rules say of messages, and how that is carried out ---- */
struct verdict {
	gboolean lacks;     /* a rule cannot be asked before more of the message is here */
	GArray *fits;       /* guint: the rules that it fits, in their order */
	const char *folder; /* where it goes, NULL: it stays; lent from the rule */
	guint add, remove;
	GString *keywords; /* that it gets, blank-separated */
};
void verdict_init(struct verdict *verdict);
void verdict_clear(struct verdict *verdict);
/* rules: const struct conf_rule *. last: what cannot be asked for now never can be, and so does not fit. What
 * would change nothing is left out. */
void verdict_find(struct verdict *verdict, const GPtrArray *rules, struct store *store,
                  const struct store_row *row, const struct match_place *place, gboolean last);
gboolean verdict_acts(const struct verdict *verdict);

/* Messages to which the same is to be done. */
struct sentence {
	gint64 from;  /* the folder that they stand in */
	char *folder; /* or NULL */
	gint64 to;    /* its id, once prepared; 0: none */
	guint add, remove;
	char *keywords;
	gint64 step; /* of undo that they are part of, 0: that of all */
	GArray *ids; /* msgid */
};
struct sentences {
	GPtrArray *all;      /* struct sentence * */
	GHashTable *by_what; /* char * → those */
	gint64 step;         /* of undo; 0: none yet */
	GHashTable *had;     /* steps (gint64 *) → how many messages they had before */
	gboolean made;       /* a folder was */
};
struct sentences *sentences_new(void);
void sentences_free(struct sentences *sentences);
const struct sentence *sentences_add(struct sentences *sentences, const struct verdict *verdict,
                                     const struct store_row *row, gint64 step);
/* Finds the folders, and makes those that are not there. What goes to one that cannot be had stays: then
 * FALSE, with error, and the rest may be gone on with. In no transaction. */
gboolean sentences_prepare(struct account *a, struct sentences *sentences, GError **error);
/* In a transaction that has begun (durable). What is elsewhere by now is left out. path: where the messages
 * stood; the steps are named after it. */
gboolean sentences_write(struct account *a, struct sentences *sentences, const char *path, GError **error);
/* What was prepared, and could not be written, is a step of that name all the same. */
gboolean sentences_name(struct account *a, const struct sentences *sentences, const char *path,
                        GError **error);
/* After it: the screens are told. from: where the messages stood. */
void sentences_tell(struct account *a, const struct sentences *sentences, gint64 from);
guint sentences_count(const struct sentences *sentences);

/* ---- arrivals.c: rules for what came ---- */
void rules_open(struct account *a);
void rules_close(struct account *a);
/* Lends; const struct conf_rule *: those for this account. */
const GPtrArray *rules_of(const struct account *a);
/* All that waits to be judged is looked at again: the link has changed. */
void rules_reset(struct account *a);
/* The link was lost. A command line waits for no other. */
void rules_lost(struct account *a);
/* Something may have been noted. */
void rules_touch(struct account *a);
/* Messages of a folder that have to be read first were noted, because somebody wants that. */
void rules_asked(struct account *a);
/* Judges some of what waits; work_on is called when there is more. */
void rules_on(struct account *a);
/* Mail came: it is judged, and told of where it stands then. */
void rules_arrived(struct account *a, gint64 folder, guint n);
/* Some have to be read first. */
gboolean rules_lack(const struct account *a);
/* And a link is to be had for it. */
gboolean rules_want_link(const struct account *a);
/* Begins to fetch them. */
void rules_fetch(struct lane *lane);
/* Nothing is left that could be judged, or fetched to be. */
gboolean rules_idle(const struct account *a);

/* ---- rules.c: over a whole folder ---- */
void rules_begin(struct request *r);
void rules_run_free(struct rules_run *run);

/* ---- folders.c ---- */
/* Where a folder is looked for and made: an account of this process or, by a handle of our own, another one.
 */
struct site {
	const struct conf_account *settings;
	struct store *store;
	const struct backend_ops *ops;
	struct backend *backend;
	gint64 *step;  /* of undo, or NULL */
	gboolean made; /* set when a folder was */
};
struct site site_of(struct change *change);
/* The folder of path, 0 with error: then the error names the nearest; make: with those above it. */
gint64 site_folder(struct site *site, const char *path, gboolean make, GError **error);
/* The folder of a role, by configuration, server or name. 0 without error: none is there, and make was not
 * asked for. */
gint64 site_role(struct site *site, const char *role, gboolean make, GError **error);
/* What the server allows, where it is known: rights as in RFC 4314, all are needed. */
gboolean site_may(struct site *site, gint64 folder, const char *rights, GError **error);
gboolean folder_create(struct change *change, GError **error);
gboolean folder_rename(struct change *change, GError **error);
gboolean folder_remove(struct change *change, GError **error);
gboolean folder_subscribe(struct change *change, GError **error);
gboolean folder_empty(struct change *change, GError **error);
gboolean folder_pref(struct change *change, GError **error);

/* ---- download.c ---- */
/* A CMD_DOWNLOAD is remembered, and forgotten when it came to its end. */
gboolean download_note(struct account *a, const struct command *c, GError **error);
void download_forget(struct account *a, const struct command *c);
void download_begin(struct request *r);
/* The request for its headers has ended. */
void download_listed(struct request *r, const GError *error);
gboolean download_has_verb(const struct request *r);
void download_free(struct download *download);

/* ---- later.c ---- */
gboolean later_set(struct account *a, const struct command *c, GError **error);
/* Nothing else is asked: begins to fetch what was put off. TRUE while that is under way over lane 0. */
gboolean later_on(struct account *a);
void later_free(struct later *later);

/* ---- undo.c ---- */
gboolean undo_take_back(struct change *change, GError **error);

/* ---- transfer.c: to other accounts ---- */
gboolean transfer_file(struct change *change, gboolean move, GError **error);
/* Is an append of that key made for another account? */
gboolean transfer_is_source(const char *key);
/* Those accounts whose appends (a->sources) are through look at them. */
void transfer_tell_sources(struct account *a);
/* The account at the beginning of "ACCOUNT/PATH" or "ACCOUNT:TOKEN:ID" looks at its store. */
void transfer_wake(struct account *a, const char *name);
/* What the append of row id is called. Gives (g_free). */
char *transfer_key(struct account *a, const char *token, msgid id);
/* Rows here → rows there (gint64 *). Gives (g_hash_table_unref). */
GHashTable *transfer_map(struct account *a, const char *token);
/* A writing handle of our own on the store of "ACCOUNT/PATH"; *settings NULL: there is no such account. */
struct store *transfer_store(struct account *a, const char *target, const struct conf_account **settings,
                             GError **error);

/* Of the other account: transfer.lock, how as for flock. Held (LOCK_SH) while something is filed there, which
 * tells its recovery so; closed by whoever has it. -1: with error, or (LOCK_NB) somebody else has it. */
int transfer_lock(const struct conf_account *settings, int how, GError **error);

/* ---- recall.c: takes transfers back ---- */
/* What undo has to tell other accounts and has not told yet. */
gboolean recall_undone(struct account *a, GError **error);
/* The same for an op that the person drops, when it is one. */
gboolean recall_dropped(struct account *a, gint64 op, GError **error);
/* Of the journal of this account: appends that another one announced and never came to send are dropped. */
gboolean recall_strays(struct account *a, GPtrArray *ops, GError **error);

/* ---- courier.c: carries transfers ---- */
/* Takes op up: never ends before it returned. */
void courier_begin(struct account *a, const struct store_op *op);
/* TRUE: one more may be begun now. */
gboolean courier_is_free(struct account *a);
/* The other accounts may have got on. */
void courier_hasten(struct account *a);
/* TRUE: the texts of messages are under way for one. */
gboolean courier_fetches(const struct account *a);
/* TRUE: one waits for a visit to the maildrop. */
gboolean courier_waits(const struct account *a);
/* The link came up, or could not be had: those that wait go on, or are put off. */
void courier_link_changed(struct account *a);
void courier_stop_all(struct account *a);

/* ---- secret.c ---- */
void secret_find(struct lane *lane, const char *prompt);
/* The server refused it: it is not given to another lane. */
void secret_forget(struct account *a);
void secret_stop(struct account *a);
/* The answer to EVENT_ASK; NULL: called off. */
void secret_answer(struct account *a, const char *secret);
/* The server refused the log-in. TRUE when the person may try again. */
gboolean secret_asks_again(struct account *a);

#endif
