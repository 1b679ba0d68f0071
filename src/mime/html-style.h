/* What a style attribute says of the few things that matter on a terminal. Pure; any thread. */
#ifndef FULMAR_MIME_HTML_STYLE_H
#define FULMAR_MIME_HTML_STYLE_H

#include <glib.h>

/* 1 yes, 0 no, -1 not said. */
struct html_style {
	int hidden;    /* neither it nor what is in it can be seen */
	int invisible; /* may be undone below: visibility */
	int tiny;      /* may be undone below: font-size: 0 */
	int pre;       /* blanks and line ends are kept */
	int bold, italic, underline, strike;
	int space_above, space_below; /* at least about half a line */
	int borderless;
	int right; /* aligned */
	int dot;   /* at most 3 pixels wide or high */
};

void html_style_init(struct html_style *style);
void html_style_parse(struct html_style *style, const char *css, gsize len);

#endif
