#include "mime/html-token.h"
#include "mime/render.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 10, MAX_NUMBER = 10000 };

/* Sorted by strcmp. What is not here is inline and has no effect of its own. */
static const struct html_element elements[] = {
        {"a", TAG_A, 0, 0},
        {"address", TAG_OTHER, HTML_BLOCK, STYLE_ITALIC},
        {"area", TAG_OTHER, HTML_VOID, 0},
        {"article", TAG_OTHER, HTML_BLOCK, 0},
        {"aside", TAG_OTHER, HTML_BLOCK, 0},
        {"audio", TAG_OTHER, HTML_HIDE, 0},
        {"b", TAG_OTHER, 0, STYLE_BOLD},
        {"base", TAG_BASE, HTML_VOID | HTML_META, 0},
        {"basefont", TAG_OTHER, HTML_VOID | HTML_META, 0},
        {"bgsound", TAG_OTHER, HTML_VOID | HTML_META, 0},
        {"blockquote", TAG_BLOCKQUOTE, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"body", TAG_BODY, HTML_BLOCK, 0},
        {"br", TAG_BR, HTML_VOID, 0},
        {"caption", TAG_CAPTION, HTML_BLOCK, STYLE_ITALIC},
        {"center", TAG_OTHER, HTML_BLOCK, 0},
        {"cite", TAG_OTHER, 0, STYLE_ITALIC},
        {"code", TAG_OTHER, 0, STYLE_CODE},
        {"col", TAG_OTHER, HTML_VOID, 0},
        {"command", TAG_OTHER, HTML_VOID, 0},
        {"datalist", TAG_OTHER, HTML_HIDE, 0},
        {"dd", TAG_DD, HTML_BLOCK | HTML_RICH, 0},
        {"del", TAG_OTHER, 0, STYLE_DIM},
        {"details", TAG_OTHER, HTML_BLOCK, 0},
        {"dfn", TAG_OTHER, 0, STYLE_ITALIC},
        {"dialog", TAG_OTHER, HTML_BLOCK, 0},
        {"dir", TAG_UL, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"div", TAG_OTHER, HTML_BLOCK, 0},
        {"dl", TAG_DL, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"dt", TAG_DT, HTML_BLOCK | HTML_RICH, STYLE_BOLD},
        {"em", TAG_OTHER, 0, STYLE_ITALIC},
        {"embed", TAG_OTHER, HTML_VOID, 0},
        {"fieldset", TAG_OTHER, HTML_BLOCK, 0},
        {"figcaption", TAG_OTHER, HTML_BLOCK, STYLE_ITALIC},
        {"figure", TAG_OTHER, HTML_BLOCK | HTML_MARGIN, 0},
        {"footer", TAG_OTHER, HTML_BLOCK, 0},
        {"form", TAG_OTHER, HTML_BLOCK, 0},
        {"frame", TAG_OTHER, HTML_VOID, 0},
        {"h1", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"h2", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"h3", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"h4", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"h5", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"h6", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_RICH, STYLE_HEADING | STYLE_BOLD},
        {"head", TAG_HEAD, 0, 0},
        {"header", TAG_OTHER, HTML_BLOCK, 0},
        {"hr", TAG_HR, HTML_VOID | HTML_RICH, 0},
        {"html", TAG_OTHER, HTML_BLOCK, 0},
        {"i", TAG_OTHER, 0, STYLE_ITALIC},
        {"iframe", TAG_RAW, 0, 0},
        {"img", TAG_IMG, HTML_VOID, 0},
        {"input", TAG_OTHER, HTML_VOID, 0},
        {"ins", TAG_OTHER, 0, STYLE_UNDERLINE},
        {"kbd", TAG_OTHER, 0, STYLE_CODE},
        {"legend", TAG_OTHER, HTML_BLOCK, STYLE_BOLD},
        {"li", TAG_LI, HTML_BLOCK | HTML_RICH, 0},
        {"link", TAG_OTHER, HTML_VOID | HTML_META, 0},
        {"listing", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_PRE | HTML_RICH, STYLE_CODE},
        {"main", TAG_OTHER, HTML_BLOCK, 0},
        {"math", TAG_OTHER, 0, 0},
        {"menu", TAG_UL, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"meta", TAG_OTHER, HTML_VOID | HTML_META, 0},
        {"nav", TAG_OTHER, HTML_BLOCK, 0},
        {"noembed", TAG_RAW, 0, 0},
        {"noframes", TAG_RAW, 0, 0},
        {"object", TAG_OTHER, HTML_META, 0},
        {"ol", TAG_OL, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"optgroup", TAG_OTHER, 0, 0},
        {"option", TAG_OTHER, 0, 0},
        {"p", TAG_P, HTML_BLOCK | HTML_MARGIN, 0},
        {"param", TAG_OTHER, HTML_VOID, 0},
        {"plaintext", TAG_OTHER, HTML_BLOCK | HTML_PRE | HTML_RICH, 0},
        {"pre", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_PRE | HTML_RICH, STYLE_CODE},
        {"q", TAG_Q, 0, 0},
        {"rp", TAG_OTHER, HTML_HIDE, 0},
        {"rt", TAG_OTHER, 0, STYLE_DIM},
        {"s", TAG_OTHER, 0, STYLE_DIM},
        {"samp", TAG_OTHER, 0, STYLE_CODE},
        {"script", TAG_RAW, HTML_META, 0},
        {"section", TAG_OTHER, HTML_BLOCK, 0},
        {"select", TAG_OTHER, HTML_HIDE, 0},
        {"source", TAG_OTHER, HTML_VOID, 0},
        {"strike", TAG_OTHER, 0, STYLE_DIM},
        {"strong", TAG_OTHER, 0, STYLE_BOLD},
        {"style", TAG_RAW, HTML_META, 0},
        {"summary", TAG_OTHER, HTML_BLOCK, STYLE_BOLD},
        {"svg", TAG_OTHER, HTML_HIDE, 0},
        {"table", TAG_TABLE, HTML_BLOCK, 0},
        {"tbody", TAG_TBODY, 0, 0},
        {"td", TAG_TD, 0, 0},
        {"template", TAG_OTHER, HTML_HIDE | HTML_META, 0},
        {"textarea", TAG_RAW, 0, 0},
        {"tfoot", TAG_TBODY, 0, 0},
        {"th", TAG_TH, 0, STYLE_BOLD},
        {"thead", TAG_TBODY, 0, 0},
        {"title", TAG_RAW, HTML_META, 0},
        {"tr", TAG_TR, 0, 0},
        {"track", TAG_OTHER, HTML_VOID, 0},
        {"tt", TAG_OTHER, 0, STYLE_CODE},
        {"u", TAG_OTHER, 0, STYLE_UNDERLINE},
        {"ul", TAG_UL, HTML_BLOCK | HTML_MARGIN | HTML_RICH, 0},
        {"var", TAG_OTHER, 0, STYLE_ITALIC},
        {"video", TAG_OTHER, HTML_HIDE, 0},
        {"wbr", TAG_OTHER, HTML_VOID, 0},
        {"xml", TAG_OTHER, HTML_HIDE | HTML_META, 0},
        {"xmp", TAG_OTHER, HTML_BLOCK | HTML_MARGIN | HTML_PRE | HTML_RICH, STYLE_CODE},
};

static const struct html_element unknown = {"", TAG_OTHER, 0, 0};

static int
compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct html_element *)row)->name);
}

static const struct html_element *
element_find(const char *name, gsize len)
{
	char key[LONGEST_NAME + 1];
	const struct html_element *element;

	if (len > LONGEST_NAME)
		return &unknown;
	for (gsize i = 0; i < len; i++)
		key[i] = g_ascii_tolower(name[i]);
	key[len] = 0;
	element = bsearch(key, elements, G_N_ELEMENTS(elements), sizeof elements[0], compare);
	return element ? element : &unknown;
}

void
html_lexer_init(struct html_lexer *lexer, const char *bytes, gsize len)
{
	*lexer = (struct html_lexer){bytes, bytes, bytes + len, {FALSE, FALSE}};
}

static inline gboolean
is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == '\f';
}

static const char *
past(const char *at, const char *end, const char *what)
{
	const char *found = memmem(at, end - at, what, strlen(what));

	return found ? found + strlen(what) : end;
}

/* at: behind "<!--". "-->" and "--!>" end it, and "<!-->" is whole. */
static const char *
past_comment(const char *at, const char *end)
{
	if (at < end && *at == '>')
		return at + 1;
	if (end - at > 1 && !strncmp(at, "->", 2))
		return at + 2;
	while ((at = memmem(at, end - at, "--", 2))) {
		const char *dashes = at;

		while (at < end && *at == '-')
			at++;
		if (at < end && *at == '!' && end - at > 1 && at[1] == '>')
			return at + 2;
		if (at < end && *at == '>' && at - dashes >= 2)
			return at + 1;
	}
	return end;
}

/* at: behind "<" of something that is no tag. */
static const char *
past_declaration(const char *at, const char *end)
{
	if (end - at > 2 && !strncmp(at, "!--", 3))
		return past_comment(at + 3, end);
	return past(at, end, ">");
}

/* at: on a quote. Behind its partner, or NULL when there is none. */
static const char *
past_quoted(struct html_lexer *lexer, const char *at)
{
	gboolean *none = &lexer->no_quote[*at == '\''];
	const char *close = *none ? NULL : memchr(at + 1, *at, lexer->end - at - 1);

	*none = !close;
	return close ? close + 1 : NULL;
}

/* at: behind a tag's name. Its ">" or the end. A quote counts only after "=". */
static const char *
tag_end(struct html_lexer *lexer, const char *at)
{
	gboolean value = FALSE;

	while (at < lexer->end && *at != '>') {
		const char *close = value && (*at == '"' || *at == '\'') ? past_quoted(lexer, at) : NULL;

		if (close) {
			at = close;
			value = FALSE;
			continue;
		}
		if (*at == '=')
			value = TRUE;
		else if (!is_space(*at))
			value = FALSE;
		at++;
	}
	return at;
}

/* Behind the "</name" that ends raw text, or the end. */
static const char *
past_raw(const char *at, const char *end, const char *name)
{
	gsize len = strlen(name);

	while ((at = memmem(at, end - at, "</", 2))) {
		at += 2;
		if ((gsize)(end - at) >= len && !g_ascii_strncasecmp(at, name, len) &&
		    ((gsize)(end - at) == len || is_space(at[len]) || at[len] == '>' || at[len] == '/'))
			return past(at, end, ">");
	}
	return end;
}

static gboolean
begins_markup(const char *at, const char *end)
{
	if (end - at < 2)
		return FALSE;
	return g_ascii_isalpha(at[1]) || at[1] == '!' || at[1] == '?' || at[1] == '/';
}

static void
read_text(struct html_lexer *lexer, struct html_token *token)
{
	const char *at = lexer->at;

	do {
		at = at + 1 < lexer->end ? memchr(at + 1, '<', lexer->end - at - 1) : NULL;
	} while (at && !begins_markup(at, lexer->end));
	token->kind = HTML_TEXT;
	token->start = lexer->at;
	token->end = lexer->at = at ? at : lexer->end;
}

/* lexer->at: on "<" or "</" of a tag. */
static void
read_tag(struct html_lexer *lexer, struct html_token *token)
{
	const char *name = lexer->at + 1, *at;

	token->kind = HTML_OPEN;
	if (*name == '/') {
		token->kind = HTML_CLOSE;
		name++;
	}
	for (at = name; at < lexer->end && !is_space(*at) && *at != '>' && *at != '/'; at++)
		;
	token->element = element_find(name, at - name);
	token->start = at;
	token->end = tag_end(lexer, at);
	lexer->at = token->end < lexer->end ? token->end + 1 : lexer->end;
	if (token->kind == HTML_OPEN && token->element->tag == TAG_RAW)
		lexer->at = past_raw(lexer->at, lexer->end, token->element->name);
}

gboolean
html_next(struct html_lexer *lexer, struct html_token *token)
{
	while (lexer->at < lexer->end) {
		const char *at = lexer->at;

		token->offset = at - lexer->begin;
		if (*at != '<' || !begins_markup(at, lexer->end)) {
			read_text(lexer, token);
			return TRUE;
		}
		if (g_ascii_isalpha(at[1]) ||
		    (at[1] == '/' && lexer->end - at > 2 && g_ascii_isalpha(at[2]))) {
			read_tag(lexer, token);
			return TRUE;
		}
		lexer->at = past_declaration(at + 1, lexer->end);
	}
	return FALSE;
}

/* In the order of enum html_attribute. */
static const char *const attribute_names[] = {
        "align", "alt",   "class", "colspan", "height", "hidden", "href",    "role",    "rowspan",
        "src",   "start", "style", "type",    "value",  "width",  "charset", "content",
};
G_STATIC_ASSERT(G_N_ELEMENTS(attribute_names) == ATTR_N);

static void
keep_attribute(struct html_attributes *out, const char *name, gsize name_len, const char *value, gsize len)
{
	for (gsize i = 0; i < ATTR_N; i++) {
		const char *known = attribute_names[i];

		if ((known[0] | 0x20) != (*name | 0x20) || strlen(known) != name_len)
			continue;
		if (g_ascii_strncasecmp(known, name, name_len) == 0) {
			if (!out->at[i].start)
				out->at[i] = (struct html_view){value, len};
			return;
		}
	}
}

/* at: on "=" or blanks before it, or on the next name. Gives the value; returns what follows it. */
static const char *
read_value(const char *at, const char *end, struct html_view *value)
{
	const char *close;

	*value = (struct html_view){at, 0};
	while (at < end && is_space(*at))
		at++;
	if (at == end || *at != '=')
		return at;
	for (at++; at < end && is_space(*at); at++)
		;
	close = at < end && (*at == '"' || *at == '\'') ? memchr(at + 1, *at, end - at - 1) : NULL;
	if (close) {
		*value = (struct html_view){at + 1, close - at - 1};
		return close + 1;
	}
	value->start = at;
	while (at < end && !is_space(*at))
		at++;
	value->len = at - value->start;
	return at;
}

void
html_attributes(const struct html_token *token, struct html_attributes *attributes)
{
	const char *at = token->start, *end = token->end;

	memset(attributes, 0, sizeof *attributes);
	while (at < end) {
		const char *name;
		gsize len;
		struct html_view value;

		while (at < end && (is_space(*at) || *at == '/'))
			at++;
		name = at;
		/* a name may begin with "=" */
		while (at < end && !is_space(*at) && *at != '/' && (*at != '=' || at == name))
			at++;
		len = at - name;
		if (!len)
			break;
		at = read_value(at, end, &value);
		keep_attribute(attributes, name, len, value.start, value.len);
	}
}

char *
html_attribute(const struct html_attributes *attributes, enum html_attribute which)
{
	const struct html_view *view = &attributes->at[which];
	GString *value = g_string_new(NULL);

	if (view->start)
		html_decode(value, view->start, view->len, TRUE);
	return g_string_free(value, FALSE);
}

int
html_attribute_number(const struct html_attributes *attributes, enum html_attribute which, int fallback)
{
	const struct html_view *view = &attributes->at[which];
	gsize at = 0;
	int number = 0;

	while (view->start && at < view->len && is_space(view->start[at]))
		at++;
	if (!view->start || at == view->len || !g_ascii_isdigit(view->start[at]))
		return fallback;
	for (; at < view->len && g_ascii_isdigit(view->start[at]); at++)
		number = MIN(number * 10 + view->start[at] - '0', MAX_NUMBER);
	return number;
}
