/* HTML as a stream of tokens, cut as browsers cut it (WHATWG HTML §13.2.5) but for what mail never needs.
 * Linear in its input, whatever the input: the parsers at hand are not (libxml2 2.9 takes a minute for
 * 500,000 nested tags and for 200,000 attributes). Pure; any thread. Input need not be valid UTF-8; what it
 * gives is views into it.
 */
#ifndef FULMAR_MIME_HTML_TOKEN_H
#define FULMAR_MIME_HTML_TOKEN_H

#include <glib.h>

enum html_tag {
	TAG_OTHER, /* unknown, or known and of no effect */
	TAG_A,
	TAG_BASE, /* of <head>, void */
	TAG_BLOCKQUOTE,
	TAG_BODY,
	TAG_BR,
	TAG_CAPTION,
	TAG_DD,
	TAG_DL,
	TAG_DT,
	TAG_HEAD,
	TAG_HR,
	TAG_IMG,
	TAG_LI,
	TAG_OL,
	TAG_P,
	TAG_Q,
	TAG_RAW, /* whose content is text that is not shown: <script>, <style>, … */
	TAG_TABLE,
	TAG_TBODY,
	TAG_TD,
	TAG_TH,
	TAG_TR,
	TAG_UL,
	TAG_N
};

enum html_flags {
	HTML_BLOCK = 1,  /* begins and ends a line */
	HTML_MARGIN = 2, /* and a blank line stands around it */
	HTML_VOID = 4,   /* has no content */
	HTML_HIDE = 8,   /* content is not shown */
	HTML_PRE = 16,   /* blanks are kept */
	HTML_META = 32,  /* may stand in <head> */
	HTML_RICH = 64   /* makes a table around it one of layout */
};

struct html_element {
	const char *name;
	enum html_tag tag;
	guint flags;
	guint style; /* enum render_style */
};

enum html_kind { HTML_TEXT, HTML_OPEN, HTML_CLOSE };

struct html_token {
	enum html_kind kind;
	gsize offset;                       /* of its first octet */
	const char *start, *end;            /* text; of an open tag what follows its name */
	const struct html_element *element; /* of tags, never NULL */
};

struct html_lexer {
	const char *begin, *at, *end;
	gboolean no_quote[2]; /* no more '"' (0) or "'" (1) ahead */
};

void html_lexer_init(struct html_lexer *lexer, const char *bytes, gsize len);
/* The next token; FALSE at the end. Comments, declarations and the content of script, style, title and the
 * like are passed over. */
gboolean html_next(struct html_lexer *lexer, struct html_token *token);

enum html_attribute {
	ATTR_ALIGN,
	ATTR_ALT,
	ATTR_CLASS,
	ATTR_COLSPAN,
	ATTR_HEIGHT,
	ATTR_HIDDEN,
	ATTR_HREF,
	ATTR_ROLE,
	ATTR_ROWSPAN,
	ATTR_SRC,
	ATTR_START,
	ATTR_STYLE,
	ATTR_TYPE,
	ATTR_VALUE,
	ATTR_WIDTH,
	ATTR_CHARSET,
	ATTR_CONTENT,
	ATTR_N
};

/* The known attributes of an open tag, as written (entities not decoded); the first of a name counts. start
 * NULL: not there. */
struct html_attributes {
	struct html_view {
		const char *start;
		gsize len;
	} at[ATTR_N];
};
void html_attributes(const struct html_token *token, struct html_attributes *attributes);
/* The value of an attribute with entities decoded. "" when it is not there. Gives (g_free). */
char *html_attribute(const struct html_attributes *attributes, enum html_attribute which);
/* The number an attribute begins with, or fallback. Never negative, at most 10,000. */
int html_attribute_number(const struct html_attributes *attributes, enum html_attribute which, int fallback);

/* Appends s with its entities decoded; in attributes names without a semicolon are taken more carefully. */
void html_decode(GString *out, const char *s, gsize len, gboolean attribute);

#endif
