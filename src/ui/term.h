/* The terminal: curses and nothing else of the program. It copies picturees, gives keys, and gets out of the
 * way for a shell. The terminal is asked nothing while mail is shown. Owner: the UI thread; there is one
 * terminal.
 */
#ifndef FULMAR_UI_TERM_H
#define FULMAR_UI_TERM_H

#include <glib.h>
#include "conf/conf.h"
#include "ui/picture.h"

struct term;

/* FALSE with FULMAR_USAGE when there is no terminal or curses does not know it. */
struct term *term_open(const struct conf *conf, GError **error);
/* Gives the screen back to the shell. */
void term_close(struct term *term);
void term_size(const struct term *term, int *rows, int *cols);
/* Reads the size again (after SIGWINCH). */
void term_resize(struct term *term);
/* Paints what differs from the last picture; the real cursor goes to y, x (y < 0: to the last cell, out of
 * the way). */
void term_paint(struct term *term, const struct picture *picture, int y, int x);
/* All is painted anew next time. */
void term_redraw(struct term *term);
/* Steps aside for another program (or the shell), and comes back. */
void term_leave(struct term *term);
void term_return(struct term *term);
void term_bell(struct term *term);

struct term_mouse {
	int y, x;
	int wheel; /* -1 up, 1 down, 0 none */
	gboolean click, twice;
};
/* The next key (conf/keys.h) or 0 when none waits. K_MOUSE fills mouse. -1: the terminal went away. */
gint32 term_key(struct term *term, struct term_mouse *mouse);

#endif
