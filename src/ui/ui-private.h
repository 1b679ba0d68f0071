/* What the files of the screen share: the state of the UI thread, views, and the calls between them.
 * Everything here belongs to the UI thread.
 *
 * A view is one row of verbs (struct view_ops). The stack's first view is the list; the top one has the keys.
 * Pickers and prompts lie over the view below.
 */
#ifndef FULMAR_UI_UI_PRIVATE_H
#define FULMAR_UI_UI_PRIVATE_H

#include <glib.h>
#include "conf/keys.h"
#include "model/document.h"
#include "model/list.h"
#include "ui/picture.h"
#include "ui/term.h"
#include "ui/ui.h"

#define MIN_ROWS 6
#define MIN_COLS 24
#define RAIL_FROM 100 /* columns from which the rail is shown by itself */
#define PANE_FROM 120
#define PREVIEW_AFTER 80000 /* µs the cursor rests before the pane follows */

struct ui;
struct view;

struct view_ops {
	enum view_kind kind;
	/* Draws into view->area, its first row being the title. Puts the real cursor (ui_cursor) when
	 * focused. */
	void (*draw)(struct ui *ui, struct view *view, gboolean focused);
	/* count is 0 when none was typed. FALSE: not this view's. */
	gboolean (*act)(struct ui *ui, struct view *view, enum action action, int count);
	/* The verbs below may be NULL. */
	void (*type)(struct ui *ui, struct view *view, gunichar c);
	void (*click)(struct ui *ui, struct view *view, int y, int x, gboolean twice); /* within the area */
	void (*wheel)(struct ui *ui, struct view *view, int by);
	void (*told)(struct ui *ui, struct view *view, const struct event *event);
	void (*close)(struct ui *ui, struct view *view); /* frees what hangs on it, and view */
};

struct view {
	const struct view_ops *ops;
	struct rect area;
};

struct ui_account {
	const struct conf_account *conf;
	enum link_state link;
	gint64 calm_until; /* monotonic µs: fetching that is over by then was never spoken of */
	guint64 have, total;
	char *detail; /* what the link said last, safe; or NULL */
	gint64 waiting, failed;
	GPtrArray *folders; /* struct store_folder *; NULL: not read yet */
	char *foreign;      /* first levels of what others share, a line each; or NULL */
	/* what the server said of room, octets; limit 0: it did not */
	guint64 quota_used, quota_limit;
	gboolean resumed;   /* what it had remembered for the journey was asked for again */
	gint64 quota_asked; /* monotonic µs, 0 = not yet */
};

/* A command under way. */
struct job;
typedef void (*job_done)(struct ui *ui, const struct job *job, const GError *error);
struct job {
	guint64 id;
	enum command_verb verb;
	guint account;
	msgid message;
	char *label;
	guint64 have, total;
	gint64 since;       /* monotonic µs */
	gboolean quiet;     /* not spoken of on the status line */
	gboolean automatic; /* nothing that the person would take back */
	char *said;         /* by EVENT_STEP: what was done, safe; or NULL */
	gint64 step;        /* of undo; -1 = not told, 0 = nothing changed */
	char *why;          /* it waits for a better link, safe; or NULL: it does not */
	msgid back;         /* that an undo brought back, in folder; 0: none */
	gint64 folder;
	job_done done; /* or NULL */
	void *user;    /* for done, which frees it; when the screen ends first, free_user does */
	GDestroyNotify free_user;
};

/* Rows that are looked at one after the other, in slices between keys. */
struct sweep {
	guint account;
	gint64 folder; /* rows that are elsewhere are passed over */
	GArray *ids;   /* msgid, or NULL: all rows of folder */
	GArray *more;  /* gint64, folders that are looked through behind folder; or NULL */
	char *label;   /* for the status line */
	void (*row)(struct sweep *sweep, const struct store_row *row);
	void (*end)(struct ui *ui, struct sweep *sweep); /* all were seen */
	void *user;
	GDestroyNotify free_user;
	GArray *found, *others; /* msgid, for row and end */
	guint64 sum, sum_all;   /* the same */
	/* of sweep.c */
	guint next;
	struct store_key at;
	gboolean begun;
	guint64 seen, total;
};

struct ui {
	const struct ui_params *params;
	const struct conf *conf;
	struct bus *bus; /* NULL: nothing is sent */
	struct keymap *keymap;
	struct picture *picture;
	struct term *term; /* NULL: drawn for text alone */
	gboolean ascii, accessible;
	gboolean rail, pane;        /* wanted; shown when there is room */
	int rail_width, pane_width; /* as drawn; 0: hidden */
	GPtrArray *views;           /* struct view *, from the list up */
	struct view *list_view;
	struct view *reader; /* also the pane; lent to the stack while it has the keys */
	GPtrArray *accounts; /* struct ui_account * */
	/* the folder shown */
	guint account;
	char *path;
	gint64 folder;             /* 0: the store does not know it yet */
	struct store_folder *info; /* or NULL */
	struct list *list;
	GHashTable *selected;    /* gint64 * msgids of this folder */
	GPtrArray *folder_lines; /* struct folder_line *: the tree as it was drawn last; NULL: to be made */
	struct state *state;     /* what is remembered from one start to the next */
	GHashTable *jobs;        /* guint64 * → struct job * */
	struct sweep *sweep;     /* or NULL */
	gboolean show_hidden;    /* folders */
	guint undo_account;
	gint64 undo_step, undo_until; /* to be taken back when its change got to the server; step 0: none */
	guint64 undo_presses;         /* as in struct errand of undo.c */
	GPtrArray *history;           /* char * lines for Activity, newest last */
	char *toast;
	char *refused; /* of this frame: why a change of the message under the cursor was; or NULL */
	gboolean toast_is_error;
	guint64 presses; /* keys so far */
	int count;       /* typed before a key; 0: none */
	int cursor_y, cursor_x;
	gint64 now; /* UTC seconds of this frame */
	gboolean rows_stale, folders_stale;
	gint64 refreshed;          /* monotonic µs */
	gint64 refresh_pause;      /* µs until rows are read again; 0: at once */
	gint64 keyed;              /* monotonic µs of the last key */
	gint64 rung;               /* monotonic µs of the last bell */
	gint64 painted, paint_due; /* monotonic µs; due 0: nothing to paint */
	struct layout_worker *worker;
	GPtrArray *asks;     /* struct event *: secrets wanted, not asked for yet */
	gint64 near_due;     /* monotonic µs: when to tell the account what is looked at; 0: no */
	msgid near_top;      /* what stood on top when it was told last */
	int date_width;      /* columns of dates in the list */
	gint64 looked;       /* monotonic µs: when the loop last looked around */
	gboolean read_ahead; /* the list's margins may be thin */
	gint64 ahead_due;    /* monotonic µs; 0: at once */
	gint64 preview_due;  /* monotonic µs; 0: no */
	gint64 seen_due;
	int seeking;     /* direction of a search for new messages that goes on; twice that once it wrapped */
	char *temporary; /* private folder of opened parts, removed at the end; or NULL */
	gboolean suspend, quit;
};

/* -- ui.c -- */
struct ui *ui_new(const struct ui_params *params, int rows, int cols, GError **error);
void ui_free(struct ui *ui);
void ui_resize(struct ui *ui, int rows, int cols);
/* Draws everything on ui->picture. */
void ui_draw(struct ui *ui);
/* One key: as from the terminal. mouse is for K_MOUSE. */
void ui_key(struct ui *ui, gint32 key, const struct term_mouse *mouse);
struct view *ui_top(const struct ui *ui);
/* The topmost view that is no picker and no prompt. */
struct view *ui_base(const struct ui *ui);
gboolean ui_is_typing(const struct ui *ui); /* a picker or prompt is open */
void ui_push(struct ui *ui, struct view *view);
void ui_pop(struct ui *ui);
void ui_cursor(struct ui *ui, int y, int x);
/* One line at the bottom, until the next key (errors: until seen and answered by a key). */
void ui_say(struct ui *ui, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ui_complain(struct ui *ui, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Draws title into the first row of area; right (may be NULL) stands at its end. */
void ui_title(struct ui *ui, struct rect area, const char *title, const char *right);
/* UTF-8 mark, or its ASCII stand-in. */
const char *ui_mark(const struct ui *ui, const char *utf8, const char *ascii);
/* The name of the first key of an action in view, as it is bound; ":NAME" when no key is. Gives (g_free). */
char *ui_key_of(const struct ui *ui, enum view_kind view, enum action action);

/* -- actions.c -- */
/* Carries an action out as if its key had been pressed in the top view. */
void ui_act(struct ui *ui, enum action action, int count);

/* -- open.c: which folder is shown -- */
/* The reader of an account, or NULL: nothing there yet. */
struct store *ui_store(struct ui *ui, guint account);
const char *ui_account_id(const struct ui *ui, guint account);
/* TARGET to account and folder path (given; g_free). */
gboolean ui_find_target(struct ui *ui, const char *target, guint *account, char **path, GError **error);
/* Shows a folder; asks its account for it when ask. */
gboolean ui_open_folder(struct ui *ui, guint account, const char *path, gboolean ask, GError **error);
/* Asks the account to bring the shown folder up to date and to follow it. */
void ui_ask_folder(struct ui *ui);
/* The folders of an account as they are in the store; NULL when there is no store. Lends. */
GPtrArray *ui_folders(struct ui *ui, guint account);
/* Reads the list's window (and counters) anew. */
void ui_refresh_rows(struct ui *ui);
void ui_refresh_folders(struct ui *ui);
/* The folder with this path, as it was read last, or NULL. Lends. */
const struct store_folder *ui_folder_at(struct ui *ui, guint account, const char *path);
const struct store_folder *ui_folder_of_role(struct ui *ui, guint account, const char *role);

/* -- events.c: the bus -- */
/* Takes the command. label (copied) is for the status line; NULL: quiet. Returns the job, lent until it ends,
 * or NULL when nothing can be sent. */
struct job *ui_send(struct ui *ui, guint account, struct command *command, const char *label, job_done done);
/* Takes one event. */
void ui_told(struct ui *ui, struct event *event);
/* Asks for a secret that an account waits for, when nobody is typing something else. */
void ui_ask_secrets(struct ui *ui);
/* Tells the account which rows are looked at and not known in full. */
void ui_tell_near(struct ui *ui);
void ui_cancel_jobs(struct ui *ui);
void ui_note(struct ui *ui, const char *line); /* into Activity's history; copies */
void ui_job_free(gpointer job);
/* What runs that is worth a word, or NULL. Lends. */
const struct job *ui_running(const struct ui *ui);
gboolean ui_is_fetching(const struct ui *ui, msgid id);
gboolean ui_is_linked(const struct ui *ui, guint account);
/* It begins, or goes on, when there is a link. */
gboolean ui_waits(const struct ui *ui, const struct job *job);

/* -- status.c -- */
void ui_draw_status(struct ui *ui);
void ui_draw_hints(struct ui *ui);
/* "● Idle" of an account. Gives (g_free). */
char *ui_link_text(const struct ui *ui, guint account, guint *role);

/* Octets of text that one line of width holds, up to a blank where there is a good one. */
gsize ui_line_end(const char *text, int width);

/* -- layout-job.c: large messages are laid out beside the screen -- */
struct layout_worker;
struct layout_worker *layout_worker_new(void);
int layout_worker_fd(const struct layout_worker *worker); /* readable when one is done */
/* Takes the document until layout_worker_next gives it back. FALSE: no thread can be had, it stays with the
 * caller. */
gboolean layout_worker_take(struct layout_worker *worker, struct document *document, int width, int columns);
/* A document that was laid out, or NULL. Gives. */
struct document *layout_worker_next(struct layout_worker *worker);
void layout_worker_finish(struct layout_worker *worker); /* waits for what runs */
void layout_worker_free(struct layout_worker *worker);

/* -- views -- */
/* To the next (by 1) or previous (-1) new message, on from the other end when there is none: 1 found, 0 the
 * search goes on by itself, -1 there is none. Says which. */
int ui_seek_new(struct ui *ui, int by);
struct view *list_view_new(struct ui *ui);
gboolean list_act(struct ui *ui, struct view *view, enum action action, int count);
gboolean list_open_message(struct ui *ui, int count);
struct view *reader_new(struct ui *ui);
/* Shows a message in the reader; preview: only what is here, and it stays new. */
gboolean reader_show(struct ui *ui, guint account, msgid id, gboolean preview);
void reader_clear(struct ui *ui);
void reader_reload(struct ui *ui);                                /* what is here may have become more */
void reader_row_read(struct ui *ui, const struct store_row *row); /* keywords may be others */
msgid reader_message(const struct ui *ui);
void reader_laid_out(struct ui *ui);  /* takes what the worker finished */
void reader_ask_again(struct ui *ui); /* a new link: what the old one did not bring */
void reader_mark_seen(struct ui *ui); /* the text was on the screen long enough */
struct view *parts_new(struct ui *ui, guint account, msgid id);
/* What is fetched when convenient: struct store_later *, the oldest first. Gives (g_ptr_array_unref). */
GPtrArray *ui_laters(struct ui *ui, guint account);
struct view *folders_new(struct ui *ui);
void folders_draw_rail(struct ui *ui, struct rect area);
void folders_click_rail(struct ui *ui, int y);
struct view *activity_new(struct ui *ui);
struct view *help_new(struct ui *ui, enum view_kind of);
struct view *sharing_new(struct ui *ui, guint account, const char *path);
/* Of the sharing screen that is shown: why action is not allowed, or NULL. Gives (g_free). */
char *sharing_forbids(struct ui *ui, enum action action);

/* -- picker.c: one of many by typing some of it -- */
struct pick {
	char *text;  /* what it is called; all texts are safe */
	char *more;  /* said behind it, matched with less weight; or NULL */
	char *right; /* at the right edge; or NULL */
	char *key;   /* for chosen; or NULL */
	char *why;   /* it cannot be taken, and why; or NULL */
	int number;
};
void pick_free(gpointer pick);
struct picker_spec {
	const char *title;
	GPtrArray *(*collect)(struct ui *ui, void *user); /* gives the items, struct pick * */
	/* Gets the entry, or NULL and what was typed when nothing fits or the offer was taken. */
	void (*chosen)(struct ui *ui, const struct pick *pick, const char *typed, void *user);
	const char *offer; /* a last entry with what was typed ("new folder “%s”"), for chosen without a pick;
	                    * or NULL
	                    */
	void *user;
	GDestroyNotify free_user;
};
struct view *picker_new(struct ui *ui, const struct picker_spec *spec);
/* Other folders, or other counters: what is open collects again, the cursor stays where it was put. */
void ui_refill_pickers(struct ui *ui);
void ui_pick_folder(struct ui *ui);
void ui_pick_command(struct ui *ui);
/* Folders of all accounts, the one at hand first. unselectable: also levels that hold no mail. Appends struct
 * pick *, key = ACCOUNT/PATH. */
void ui_add_folder_picks(struct ui *ui, GPtrArray *items, const char *prefix, gboolean unselectable);

/* The key of a folder typed in full, with or without its account, or NULL. Gives (g_free). */
char *ui_typed_target(struct ui *ui, const char *typed);

/* -- prompt.c -- */
enum prompt_flags { PROMPT_SECRET = 1, PROMPT_FILE = 2, PROMPT_YES_NO = 4 };
/* answered gets the text (NULL: called off). user is freed with free_user. */
void ui_prompt(struct ui *ui, const char *label, const char *initial, guint flags,
               void (*answered)(struct ui *ui, const char *text, void *user), void *user,
               GDestroyNotify free_user);
/* Asks, and calls yes when a key says so. */
void ui_confirm(struct ui *ui, const char *question, void (*yes)(struct ui *ui, void *user), void *user,
                GDestroyNotify free_user);

/* -- change.c: what changes mail or folders, and taking it back -- */
struct change {
	enum command_verb verb;
	guint account;
	gint64 folder;
	const GArray *ids; /* msgid; lent for the call */
	guint add, remove;
	const char *text, *text2;
	gboolean leaves;  /* the rows leave the folder shown */
	const char *what; /* said at once ("moved to Archive"), translated; NULL: not spoken of */
	guint n;          /* how many it concerns, for the line; 0: ids */
	gboolean lost;    /* undo brings nothing of it back */
};
void ui_change(struct ui *ui, const struct change *change);
gboolean ui_changes_mail(enum command_verb verb);
/* Why action is not allowed in view as things stand (rights of the folder), or NULL. Gives (g_free). */
char *ui_forbidden(struct ui *ui, enum view_kind view, enum action action);

/* -- undo.c -- */
/* Takes back step of account, or with 0 the newest of all accounts. */
void ui_undo(struct ui *ui, guint account, gint64 step);
/* The journal of account has moved on: what waited to be taken back may be now. */
void ui_undo_again(struct ui *ui, guint account);

/* -- mail-keys.c: what keys do to messages, in the list and in the reader -- */
/* What a change is for: the selected messages, else what the cursor stands on, or what is in the reader.
 * Gives (g_array_unref). */
GArray *ui_subjects(struct ui *ui);
gboolean ui_mail_action(struct ui *ui, enum action action);
void ui_delete(struct ui *ui, GArray *ids);
/* What a person did to flags, without a word. */
void ui_mark_seen(struct ui *ui, guint account, msgid id);
void ui_read_all(struct ui *ui, guint account, const struct store_folder *folder);

/* -- select.c -- */
gboolean ui_select_action(struct ui *ui, enum action action, int count);

/* -- sweep.c -- */
/* Takes it (g_new0; ids and more are taken too), instead of one that is under way; a short one has ended
 * before this returns. */
void ui_sweep(struct ui *ui, struct sweep *sweep);
/* One slice more. TRUE when something is to be drawn. */
gboolean ui_sweep_on(struct ui *ui);
/* FALSE: there was none. */
gboolean ui_sweep_stop(struct ui *ui);

/* -- target.c: where messages go to -- */
/* Takes ids. */
void ui_pick_target(struct ui *ui, guint account, GArray *ids, gboolean copy);

/* -- folder-keys.c: what keys do to the folder under the cursor -- */
struct folder_line;
gboolean ui_folder_action(struct ui *ui, const struct folder_line *line, enum action action);
/* Puts the cursor of the folder list on a folder. */
void folders_put_cursor(struct ui *ui, guint account, const char *path);
const struct folder_line *folders_line_at_cursor(struct ui *ui);
/* About the folder under the cursor, for the status line, or NULL. Gives (g_free). */
char *folders_detail(struct ui *ui);

/* -- removal.c: folders and all their mail go, when a question is answered with yes -- */
/* The question, and how many of what goes undo could not bring back. Gives (g_free). */
char *ui_with_loss(const char *question, gint64 lost);
void ui_remove_folder(struct ui *ui, const struct folder_line *line);
void ui_empty_folder(struct ui *ui, const struct folder_line *line);

/* -- journey.c -- */
/* Asks, saying how much, and fetches whole messages: ids (taken), or with NULL all of folder. */
void ui_download(struct ui *ui, guint account, const struct store_folder *folder, GArray *ids);
/* What was asked for before the program ended. */
void ui_resume_downloads(struct ui *ui, guint account);

/* -- rules.c -- */
/* Asks what the rules would do in folder, and shows it. */
void ui_show_rules(struct ui *ui, guint account, const struct store_folder *folder);

/* -- quota.c -- */
#define QUOTA_FULL 90 /* per cent of the room: from there on it is warned of */
/* Asks how much room is left, now and then. */
void ui_ask_quota(struct ui *ui, guint account);
/* An answer: "ROOT RESOURCE", "USED LIMIT". */
void ui_told_quota(struct ui *ui, guint account, const char *name, const char *value);
/* "9.2 MB of 10 MB used (92 %)"; *full (may be NULL): from QUOTA_FULL on. NULL: not a quota of room. Gives
 * (g_free). */
char *ui_quota_text(const char *name, const char *value, gboolean *full);

/* -- state.c -- */
struct state *state_load(void);
void state_save(struct state *state); /* when something changed; a fault is logged */
void state_free(struct state *state);
GHashTable *state_collapsed(struct state *state); /* "ACCOUNT/PATH"; lends */
void state_collapse(struct state *state, const char *target, gboolean on);
/* Where messages went last, newest first: "ACCOUNT/PATH" strings; lends. */
const GPtrArray *state_targets(const struct state *state);
void state_add_target(struct state *state, const char *target);

/* -- launch.c: other programs and files -- */
void ui_open_link(struct ui *ui, const char *url);
void ui_open_part(struct ui *ui, guint account, msgid id, const struct document_part *part);
void ui_save_part(struct ui *ui, guint account, msgid id, const struct document_part *part);

#endif
