/* The picture of a screen in memory: what views draw on. The terminal copies what changed; tests and
 * `contrib/try` read it as text. Text given must be safe (base/text.h). Everything is clipped to the picture.
 * Owner: the UI thread.
 */
#ifndef FULMAR_UI_PICTURE_H
#define FULMAR_UI_PICTURE_H

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

struct picture {
	int rows, cols;
	gboolean ascii; /* no characters of our own beyond ASCII */
	struct cell *cells;
};

struct rect {
	int y, x, h, w;
};

struct picture *picture_new(int rows, int cols, gboolean ascii);
void picture_free(struct picture *picture);
void picture_clear(struct picture *picture, struct rect area, guint look);
/* Writes at most width columns of text; returns the columns written. */
int picture_text(struct picture *picture, int y, int x, int width, guint look, const char *text);
/* The same, cut with "…" when it does not fit. */
int picture_cut(struct picture *picture, int y, int x, int width, guint look, const char *text);
/* Right-aligned so that it ends before column end; returns where it begins. */
int picture_right(struct picture *picture, int y, int start, int end, guint look, const char *text);
/* Adds look bits to what stands there, or replaces the role when role is not ROLE_TEXT. */
void picture_shade(struct picture *picture, int y, int x, int width, guint look);
void picture_hline(struct picture *picture, int y, int x, int width, guint look);
void picture_vline(struct picture *picture, int y, int x, int height, guint look);
/* The lines as text, blanks at their ends removed, each ended by LF. Gives (g_free). */
char *picture_to_text(const struct picture *picture);

#endif
