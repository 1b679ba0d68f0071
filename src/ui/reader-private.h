/* What reader.c (showing) and reader-keys.c (what keys do) share. */
#ifndef FULMAR_UI_READER_PRIVATE_H
#define FULMAR_UI_READER_PRIVATE_H

#include "ui/ui-private.h"

struct reader {
	struct view view;
	guint account;
	struct document *document;
	guint flags;
	gboolean asked;   /* for what is missing; not again by itself */
	gboolean laying;  /* the document is with the worker: only its envelope may be looked at */
	gboolean preview; /* in the pane, not opened: stays new, fetches nothing */
	gboolean hide_quotes;
	int width;     /* laid out for; 0: not yet */
	int top;       /* first line shown, an index into lines */
	GArray *lines; /* int: indices of document->lines that are shown */
	char *find;
	guint link_shown; /* number whose target was shown: the next press opens it */
};

struct reader *reader_of(const struct ui *ui);
int reader_page_rows(const struct reader *reader);
int reader_last_top(const struct reader *reader);
/* Chooses the lines that are shown, after quotations were folded or unfolded. */
void reader_choose_lines(struct reader *reader);
/* The line at place at of those shown. */
const struct document_line *reader_line(const struct reader *reader, int at);
gboolean reader_scroll(struct reader *reader, int by);
/* A message's own fetch ended: says what went wrong, shows what came. */
void reader_fetched(struct ui *ui, const struct job *job, const GError *error);

gboolean reader_act(struct ui *ui, struct view *view, enum action action, int count);
void reader_click(struct ui *ui, struct view *view, int y, int x, gboolean twice);

#endif
