/* The state of rendering HTML, shared by the stack of open elements (html-stack.c) and the flow of text
 * (render-html.c). */
#ifndef FULMAR_MIME_RENDER_HTML_H
#define FULMAR_MIME_RENDER_HTML_H

#include "mime/html-style.h"
#include "mime/html-token.h"
#include "mime/links.h"
#include "mime/render-private.h"
#include "mime/render-table.h"

enum {
	HTML_MAX_DEPTH = 256, /* deeper elements have no effect of their own */
	MAX_ANCHOR_TEXT = 16 * 1024
};

struct open_element {
	const struct html_element *element;
	guint style;                           /* of text in it */
	int indent;                            /* columns it adds */
	gboolean quote;                        /* or a ">" */
	gboolean hidden, invisible, tiny, pre; /* of what is in it */
	gboolean margin_above, margin_below;
	gboolean dead;     /* closed out of turn: waits for those above it */
	gboolean line_row; /* a row whose cells stand on one line */
	gboolean grid;     /* the table whose cells are collected */
	int counter;       /* of an ordered list: the next number */
	char numbering;    /* '1', 'a', 'A' */
};

struct anchor {
	gboolean open;
	guint number; /* 0: leads nowhere we go */
	GString *text;
	gboolean words; /* some of it can be seen */
	gboolean image; /* one without words */
	gboolean marked, told;
};

struct html {
	struct canvas canvas;
	struct table_survey survey;
	struct open_element stack[HTML_MAX_DEPTH]; /* [0] is the document */
	guint depth;
	guint excess; /* open beyond that */
	gboolean in_head;
	gboolean after_pre; /* the line end that follows is not shown */
	struct para para;
	struct para *target; /* para, or the grid's cell */
	GString *decoded, *clean;
	gboolean gap; /* a blank line is due */
	char *marker; /* of the list item that has no text yet */
	guint marker_at;
	struct anchor anchor;
	struct grid *grid;
	guint blanks;         /* in a row at the end of the text */
	gboolean after_mark;  /* the text ends with a link's number */
	gboolean cell_broken; /* a line of the cell has ended */
};

/* html-stack.c */
void html_stack_init(struct html *h);
void html_open(struct html *h, const struct html_token *token);
void html_close(struct html *h, const struct html_element *element);
void html_close_all(struct html *h);

/* render-html.c */
void html_break(struct html *h);  /* ends the line */
void html_margin(struct html *h); /* and wants a blank one */
void html_line_break(struct html *h);
void html_rule(struct html *h);
void html_image(struct html *h, const struct html_attributes *attributes, const struct html_style *style);
void html_quotation_mark(struct html *h, gboolean open);
void html_cell_gap(struct html *h);
void html_grid_close(struct html *h);
void html_anchor_open(struct html *h, const struct html_attributes *attributes);
void html_anchor_close(struct html *h);
char *html_list_marker(struct open_element *list, guint level);

#endif
