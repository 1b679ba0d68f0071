/* Text and HTML parts as lines for a screen of a given width. Text given is safe (base/text.h). Nothing
 * remote is ever loaded. Linear in the input; limits: input 16 MiB (the rest is said to be left out), 200,000
 * lines. Pure; any thread, may be run in the job pool.
 */
#ifndef FULMAR_MIME_RENDER_H
#define FULMAR_MIME_RENDER_H

#include <glib.h>
#include "mime/part.h"

enum render_style {
	STYLE_PLAIN = 0,
	STYLE_BOLD = 1,
	STYLE_ITALIC = 2,
	STYLE_UNDERLINE = 4,
	STYLE_LINK = 8,
	STYLE_HEADING = 16,
	STYLE_CODE = 32,
	STYLE_DIM = 64
};

struct render_span {
	guint start, len; /* octets in the line's text */
	guint style;      /* enum render_style bits */
	guint link;       /* 1-based number into links, 0 = none */
};

struct render_line {
	char *text;   /* the whole line as shown, quote marks (">> ") and indentation included; at most width
	                 columns */
	guint8 quote; /* depth of ">", 255 for more; the marks are in text */
	gboolean signature; /* below "-- " */
	gboolean wrapped;   /* continues the line above (for copying and search) */
	GArray *spans;      /* struct render_span, or NULL */
};

struct render_link {
	char *url;  /* safe text */
	char *host; /* the true host, punycode when it is not ASCII; "" when the URL has none (mailto:) */
};

struct rendered {
	GPtrArray *lines; /* struct render_line * */
	GPtrArray *links; /* struct render_link * */
	gboolean truncated;
};

struct rendered *rendered_new(void);
void rendered_free(struct rendered *rendered);

/* Appends decoded text/plain (UTF-8) to out. Quote depth from ">" prefixes; format=flowed (RFC 3676) is
 * reflowed when flowed; long lines are wrapped at width; URLs become links. */
void render_plain(struct rendered *out, const char *text, gsize len, int width, gboolean flowed,
                  gboolean delsp);
/* Appends text/html. text is UTF-8 whatever its meta says. Links are numbered "[1]" behind their text;
 * tables, lists, quotes (blockquote), headings, pre, hr, images as their alt text; script, style and hidden
 * elements are dropped. */
void render_html(struct rendered *out, const char *text, gsize len, int width);
/* HTML charset: what the part says, else <meta>, else NULL (the caller then guesses UTF-8/windows-1252).
 * Gives (g_free). */
char *render_html_charset(const char *bytes, gsize len);

/* What a shown part is, as far as laying it out goes. charset is lent; NULL: not said. */
struct render_kind {
	gboolean html, flowed, delsp;
	const char *charset;
	enum part_encoding encoding;
};

/* Appends a shown part from its encoded octets: transfer encoding, charset, then render_html or render_plain.
 */
void render_body(struct rendered *out, const struct render_kind *kind, GBytes *encoded, int width);

/* The first words of a shown part, on one line, as short as RFC 8970 §4 wants them (200 characters): neither
 * what is quoted nor what is signed. "" when there are none. Gives (g_free). */
char *mime_preview(const struct render_kind *kind, GBytes *encoded);

#endif
