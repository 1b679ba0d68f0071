/* The screen: one call that runs it until the person quits, and one that gives its first picture as text.
 *
 * The thread that calls is the UI thread: it owns curses, the readers and the screens' side of the bus.
 * Nothing here opens a socket or waits for one. The locale must have been set. Signals SIGWINCH, SIGTERM,
 * SIGHUP, SIGINT, SIGTSTP and SIGCONT are blocked on return from the first step of ui_run and stay blocked in
 * threads that started() starts.
 */
#ifndef FULMAR_UI_UI_H
#define FULMAR_UI_UI_H

#include <glib.h>
#include "conf/conf.h"
#include "msg/bus.h"
#include "store/store.h"

/* All lent until the call returns. */
struct ui_params {
	struct bus *bus; /* may be NULL for ui_first_screen_text */
	const struct conf *conf;
	/* struct store *, one place per account of conf, in its order: STORE_READ handles of the caller, used
	 * by this thread alone; a place may hold NULL. Needs no free function: the caller closes what stands
	 * in it after the call. */
	GPtrArray *stores;
	/* Opens the reader of account number n (of conf->accounts) when its place holds NULL: asked when it
	 * is looked at first and again when its account has told something; what it gives is put into stores.
	 * NULL: not there yet. May itself be NULL. */
	struct store *(*open_store)(guint n, void *user);
	/* Called once, right after the first paint: starts the account threads. May be NULL. */
	void (*started)(void *user);
	void *user;
	const char *target; /* ACCOUNT/FOLDER, ACCOUNT, or NULL: INBOX of the first account */
	gboolean offline, demo;
};

/* Runs the screen. Returns the exit status: 0 when the person quit (or SIGTERM, SIGHUP asked for it);
 * FULMAR_USAGE or FULMAR_FAILED with error when it could not begin: no terminal, one that curses does not
 * know, an unknown target. */
int ui_run(const struct ui_params *params, GError **error);

/* The first screen as lines of text (UTF-8 or ASCII as the locale has it), each ended by LF, blanks at their
 * ends removed. NULL with error as ui_run. Gives (g_free). */
char *ui_first_screen_text(const struct ui_params *params, int cols, int rows, GError **error);

#endif
