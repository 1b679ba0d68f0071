/* What a person can do on the screens: one table of actions, each with its views, default keys (preset
 * "mutt"), hint and help. The key map, the help screen, the hint line, the palette, `fulmar keys` and the
 * manual are made from these rows.
 *
 * Key names, as in [keys]: a character ("j", "?", "$"), "Space", "Enter", "Tab", "Backspace", "Esc",
 * "Delete", "Insert", "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown", "F1" … "F12",
 * "Ctrl-X" (or "^X"), "Esc-X" (or "Alt-X"), "Shift-Tab".
 */
#ifndef FULMAR_CONF_KEYS_H
#define FULMAR_CONF_KEYS_H

#include <glib.h>
#include "conf/conf.h"

enum view_kind {
	VIEW_LIST,
	VIEW_READER,
	VIEW_PARTS,
	VIEW_FOLDERS,
	VIEW_ACTIVITY,
	VIEW_SHARING,
	VIEW_RULES,
	VIEW_HELP,
	VIEW_PICKER,
	VIEW_PROMPT,
	VIEW_KINDS
};
extern const char *const view_names[VIEW_KINDS + 1]; /* ended by NULL */
#define VIEW_BIT(v) (1u << (v))
/* Views in which letters are keys, not text. */
#define VIEWS_PLAIN \
	(VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER) | VIEW_BIT(VIEW_PARTS) | VIEW_BIT(VIEW_FOLDERS) | \
	 VIEW_BIT(VIEW_ACTIVITY) | VIEW_BIT(VIEW_SHARING) | VIEW_BIT(VIEW_RULES) | VIEW_BIT(VIEW_HELP))
#define VIEWS_ALL ((1u << VIEW_KINDS) - 1)

enum action {
	ACT_NONE,
	/* moving in anything that has rows */
	ACT_NEXT,
	ACT_PREVIOUS,
	ACT_PAGE_DOWN,
	ACT_PAGE_UP,
	ACT_HALF_DOWN,
	ACT_HALF_UP,
	ACT_FIRST,
	ACT_LAST,
	ACT_SCREEN_TOP,
	ACT_SCREEN_MIDDLE,
	ACT_SCREEN_BOTTOM,
	ACT_OPEN,
	/* list */
	ACT_NEXT_NEW,
	ACT_PREVIOUS_NEW,
	ACT_NEXT_THREAD,
	ACT_PREVIOUS_THREAD,
	ACT_PARENT,
	ACT_FOLD,
	ACT_FOLD_ALL,
	ACT_THREADS,
	/* messages: list and reader */
	ACT_TOGGLE_NEW,
	ACT_TOGGLE_FLAG,
	ACT_READ_THREAD,
	ACT_READ_ALL,
	ACT_DELETE,
	ACT_DELETE_PATTERN,
	ACT_DELETE_THREAD,
	ACT_PURGE,
	ACT_MOVE,
	ACT_COPY,
	ACT_ARCHIVE,
	ACT_ARCHIVE_THREAD,
	ACT_JUNK,
	ACT_KEYWORDS,
	ACT_TAG,
	ACT_TAG_THREAD,
	ACT_TAG_PATTERN,
	ACT_UNTAG_ALL,
	ACT_TAG_PREFIX,
	ACT_SEEN_REFUSAL,
	ACT_DOWNLOAD,
	ACT_PARTS,
	ACT_HEADERS,
	ACT_SYNC,
	/* reader */
	ACT_NEXT_MESSAGE,
	ACT_PREVIOUS_MESSAGE,
	ACT_LINE_DOWN,
	ACT_LINE_UP,
	ACT_TEXT_DOWN,
	ACT_TEXT_UP,
	ACT_TEXT_TOP,
	ACT_TEXT_BOTTOM,
	ACT_SKIP_QUOTED,
	ACT_FOLD_QUOTED,
	ACT_FIND,
	ACT_FIND_NEXT,
	ACT_LINK,
	ACT_HTML,
	/* parts */
	ACT_SAVE,
	ACT_FETCH,
	ACT_LATER,
	/* folders */
	ACT_FOLDER,
	ACT_FOLDERS,
	ACT_COLLAPSE,
	ACT_EXPAND,
	ACT_JUMP,
	ACT_CREATE,
	ACT_RENAME,
	ACT_REMOVE,
	ACT_EMPTY,
	ACT_SUBSCRIBE,
	ACT_HIDE,
	ACT_SHOW_HIDDEN,
	ACT_PIN,
	ACT_KEEP,
	ACT_SHARING,
	ACT_RULES,
	/* sharing */
	ACT_ADD,
	ACT_NOTE,
	/* activity */
	ACT_RETRY,
	ACT_DROP,
	/* everywhere */
	ACT_ACTIVITY,
	ACT_OFFLINE,
	ACT_UNDO,
	ACT_RAIL,
	ACT_PANE,
	ACT_PALETTE,
	ACT_HELP,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_CANCEL,
	ACT_BACK,
	ACT_QUIT,
	/* text entry */
	ACT_ACCEPT,
	ACT_ABANDON,
	ACT_COMPLETE,
	ACT_ERASE,
	ACT_ERASE_FORWARD,
	ACT_ERASE_WORD,
	ACT_ERASE_LINE,
	ACT_ERASE_REST,
	ACT_CHAR_LEFT,
	ACT_CHAR_RIGHT,
	ACT_LINE_START,
	ACT_LINE_END,
	ACTIONS
};

struct key_action {
	enum action id;
	const char *name; /* as in [keys]: "next-message" */
	guint views;      /* VIEW_BITs */
	const char *keys; /* key names, blank-separated, the one to show first */
	const char *hint; /* N_() a word for the hint line, or NULL */
	int rank;         /* on the hint line: 1 stays longest; 0 = never there */
	const char *help; /* N_() one line */
};

/* ACTIONS - 1 rows and more: an action may have one row per group of views. Ended by a NULL name. */
const struct key_action *keys_actions(void);
/* The row of an action in view, or NULL. */
const struct key_action *keys_action_in(enum action action, enum view_kind view);

/* What is wrong with a [keys] line, for check-config: an unknown view, key name or action, with the nearest
 * one; NULL: nothing. Gives (g_free). The action "none" unbinds. */
char *keys_problem(const struct conf_key *key);

/* -- keys as numbers: a Unicode character (control characters as they are), or one of these; K_META may be
 * added -- */
enum key_code {
	K_UP = 0x110000,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_INSERT,
	K_DELETE,
	K_BACKSPACE,
	K_SHIFT_TAB,
	K_F1,
	K_F12 = K_F1 + 11,
	K_ENTER,
	K_RESIZE,
	K_MOUSE
};
#define K_META 0x1000000
#define K_CTRL(c) ((c)&0x1f)
/* 0 when name is no key. */
gint32 keys_parse(const char *name, gsize len);
/* Its name. Gives (g_free). */
char *keys_name(gint32 key);

/* -- which key does what, with the configuration's changes -- */

struct keymap;
/* The preset with conf's [keys] lines on top (conf may be NULL; lines that keys_problem refuses are passed
 * over). */
struct keymap *keymap_new(const struct conf *conf);
void keymap_free(struct keymap *map);
/* What key does in view. ACT_NONE: nothing. */
enum action keymap_lookup(const struct keymap *map, enum view_kind view, gint32 key);
/* The keys of an action in view, the one to show first. Lends an array of gint32, or NULL when there are
 * none. */
const GArray *keymap_keys(const struct keymap *map, enum view_kind view, enum action action);
/* Their names, separated by blanks; "" when there are none. Gives (g_free). */
char *keymap_key_names(const struct keymap *map, enum view_kind view, enum action action);

/* The whole table as text for `fulmar keys`: per view lines of keys, action and help (conf may be NULL).
 * Gives (g_free). */
char *keys_text(const struct conf *conf);

#endif
