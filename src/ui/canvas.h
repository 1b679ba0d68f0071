/* The picture of a screen in memory: what views draw on. The terminal copies what changed; tests and
 * `contrib/try` read it as text. Text given must be safe (base/text.h). Everything is clipped to the canvas.
 * Owner: the UI thread.
 */
#ifndef FULMAR_UI_CANVAS_H
#define FULMAR_UI_CANVAS_H

#include <glib.h>

/* How a cell looks: a role of the theme, and what is added to it. */
enum role {
	ROLE_TEXT,
	ROLE_TITLE,
	ROLE_ACCENT,
	ROLE_DIM,
	ROLE_NEW,
	ROLE_FLAGGED,
	ROLE_SELECTED,
	ROLE_ERROR,
	ROLE_GOOD,
	ROLE_QUOTE1,
	ROLE_QUOTE2,
	ROLE_QUOTE3,
	ROLE_LINK,
	ROLE_HEADING,
	ROLE_CODE,
	ROLE_SIGNATURE,
	ROLE_LABEL,
	ROLE_RULE,
	ROLE_CURSOR,
	ROLE_STATUS,
	ROLE_KEY,
	ROLES
};
#define ROLE_MASK 0x3f
#define LOOK_BOLD 0x40
#define LOOK_DIM 0x80
#define LOOK_ITALIC 0x100
#define LOOK_UNDERLINE 0x200
#define LOOK_REVERSE 0x400

struct cell {
	gunichar ch[3]; /* base and two marks; ch[0] = 0: the right half of a wide one */
	guint16 look;
	guint8 width;
};

struct canvas {
	int rows, cols;
	gboolean ascii; /* no characters of our own beyond ASCII */
	struct cell *cells;
};

struct rect {
	int y, x, h, w;
};

struct canvas *canvas_new(int rows, int cols, gboolean ascii);
void canvas_free(struct canvas *canvas);
void canvas_clear(struct canvas *canvas, struct rect area, guint look);
/* Writes at most width columns of text; returns the columns written. */
int canvas_text(struct canvas *canvas, int y, int x, int width, guint look, const char *text);
/* The same, cut with "…" when it does not fit. */
int canvas_cut(struct canvas *canvas, int y, int x, int width, guint look, const char *text);
/* Right-aligned so that it ends before column end; returns where it begins. */
int canvas_right(struct canvas *canvas, int y, int start, int end, guint look, const char *text);
/* Adds look bits to what stands there, or replaces the role when role is not ROLE_TEXT. */
void canvas_shade(struct canvas *canvas, int y, int x, int width, guint look);
void canvas_hline(struct canvas *canvas, int y, int x, int width, guint look);
void canvas_vline(struct canvas *canvas, int y, int x, int height, guint look);
/* The lines as text, blanks at their ends removed, each ended by LF. Gives (g_free). */
char *canvas_to_text(const struct canvas *canvas);

#endif
