/* What the renderers share: paragraphs of styled text, where they may be broken, and the lines they become.
 */
#ifndef FULMAR_MIME_RENDER_PRIVATE_H
#define FULMAR_MIME_RENDER_PRIVATE_H

#include "mime/render.h"

enum {
	RENDER_MAX_INPUT = 16 * 1024 * 1024,
	RENDER_MAX_LINES = 200000,
	RENDER_MAX_LINKS = 20000,
	RENDER_SLICE = 64 * 1024 /* text is made safe in slices, so that tabs cannot blow it up */
};

/* Stands for a blank at which no line is broken. Safe text holds no such octet. */
#define PARA_GLUE '\001'

struct para_run {
	gsize start;
	guint style, link;
};

/* Safe text in which LF forces a break, and the style from each run's start to the next's. */
struct para {
	GString *text;
	GArray *runs; /* struct para_run, ascending */
};

void para_init(struct para *para);
void para_clear(struct para *para); /* frees what it holds */
void para_reset(struct para *para); /* empties it */
void para_append(struct para *para, const char *text, gsize len, guint style, guint link);
/* Appends para's octets [from, to) with their styles. *run is a cursor into para's runs: 0 at first, then
 * only for rising from. */
void para_append_slice(struct para *out, const struct para *para, gsize from, gsize to, guint *run);
void para_truncate(struct para *para, gsize len);
/* Columns of text that may hold glue. */
int para_width(const char *text, gsize len);

/* One line's worth of text: octets [0, end) are shown, the next line begins at next. */
struct para_cut {
	gsize end, next;
	gboolean soft; /* the text goes on below only because of the width */
};
/* Breaks at blanks, at hyphens between letters, around CJK, else anywhere between clusters. len > 0; next >
 * 0. */
struct para_cut para_cut(const char *text, gsize len, int columns);

/* Where lines go. */
struct canvas {
	struct rendered *out;
	int width;
	guint quote;
	gboolean signature;
	gboolean full;       /* nothing more is taken */
	guint lines;         /* put out by this canvas */
	gboolean blank;      /* the last of them was blank */
	GHashTable *numbers; /* URL → link number, of this part */
	guint shown_links;   /* those up to this number have been shown */
};

void canvas_init(struct canvas *canvas, struct rendered *out, int width);
void canvas_clear(struct canvas *canvas);
/* The number of the link for url, as written; 0 when it is none we open, or there are too many. */
guint canvas_link(struct canvas *canvas, const char *url, gsize len);
/* Takes a number back that nothing was shown for, when it is the newest and was never shown. */
void canvas_unlink(struct canvas *canvas, guint number);
/* Lends the link of a number given by canvas_link. */
const struct render_link *canvas_link_at(const struct canvas *canvas, guint number);
/* One line from para's octets [from, to), behind prefix. run as in para_append_slice. */
void canvas_line(struct canvas *canvas, const struct para *para, gsize from, gsize to, guint *run,
                 const char *prefix, gboolean wrapped);
/* para as lines: first stands before the first, rest before the others. */
void canvas_wrap(struct canvas *canvas, const struct para *para, const char *first, const char *rest);
void canvas_blank(struct canvas *canvas, const char *prefix);
/* A dim line in brackets, also when full: what was left out. */
void canvas_note(struct canvas *canvas, const char *text);

#endif
