/* From tags to a flow of paragraphs: what is open, what it means for the text in it, and when a line ends. */
#include "mime/render-html.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

enum {
	MAX_BLANKS = 16, /* in a row, no-break ones included: hidden texts are padded with thousands */
	MAX_PRE_BLANKS = 256,
	MAX_ALT = 200,
	MAX_LIST_NUMBER = 1000000,
	DOT = 3 /* pixels: an image no larger counts readers or holds a place */
};

/* --- text --- */

static gboolean
is_hidden(const struct html *h)
{
	const struct open_element *top = &h->stack[h->depth - 1];

	return h->in_head || top->hidden || top->invisible || top->tiny;
}

static guint
current_style(const struct html *h)
{
	return h->stack[h->depth - 1].style | (h->anchor.open && h->anchor.number ? STYLE_LINK : 0);
}

static void
put_inline(struct html *h, const char *text, gsize len, guint style, gboolean ink)
{
	struct para *para = h->target;
	struct anchor *a = &h->anchor;

	if (h->cell_broken && para != &h->para) {
		if (para->text->len)
			para_append(para, "\n", 1, STYLE_PLAIN, 0);
		h->cell_broken = FALSE;
	}
	/* buttons in a row have no blank between them */
	if (h->after_mark && ink && ((guchar)*text >= 0x80 || g_ascii_isalnum(*text) || *text == '['))
		para_append(para, " ", 1, STYLE_PLAIN, 0);
	h->after_mark = FALSE;
	h->blanks = ink ? 0 : h->blanks + 1;
	a->words |= ink && a->open;
	para_append(para, text, len, style, a->open && a->words ? a->number : 0);
	if (a->open && a->text->len < MAX_ANCHOR_TEXT)
		g_string_append_len(a->text, text, len);
}

static gboolean
at_line_start(const struct html *h)
{
	const GString *text = h->target->text;

	return !text->len || text->str[text->len - 1] == '\n' || (h->cell_broken && h->target != &h->para);
}

static void
put_blank(struct html *h, gboolean glue, gboolean keep)
{
	const GString *text = h->target->text;

	if (!glue && !keep && (at_line_start(h) || text->str[text->len - 1] == ' '))
		return;
	if (h->blanks < (keep ? MAX_PRE_BLANKS : MAX_BLANKS))
		put_inline(h, glue ? "\001" : " ", 1, current_style(h), FALSE);
}

/* A line end within the paragraph; in flowing text at most one blank line. */
static void
put_line_end(struct html *h, gboolean keep)
{
	GString *text = h->target->text;
	gsize len = text->len;

	while (len && strchr(" \001", text->str[len - 1]))
		len--;
	para_truncate(h->target, len);
	if (!keep && len > 1 && text->str[len - 1] == '\n' && text->str[len - 2] == '\n')
		return;
	if (!keep && len == 1 && text->str[0] == '\n')
		return;
	put_inline(h, "\n", 1, current_style(h), FALSE);
	h->blanks = 0;
}

static gboolean
is_ink(char ch)
{
	return ch != ' ' && ch != '\n' && ch != '\302';
}

static void
put_clean(struct html *h, const char *s, gsize len)
{
	gboolean pre = h->stack[h->depth - 1].pre;
	guint style = current_style(h);
	gsize at = 0;

	while (at < len) {
		gsize run = at;

		while (at < len && is_ink(s[at]))
			at++;
		if (at > run) {
			put_inline(h, s + run, at - run, style, TRUE);
			continue;
		}
		if (s[at] == '\302') {
			if (s[at + 1] == '\240')
				put_blank(h, TRUE, pre);
			else
				put_inline(h, s + at, 2, style, TRUE);
			at++;
		} else if (s[at] == '\n' && pre) {
			put_line_end(h, TRUE);
		} else {
			put_blank(h, FALSE, pre);
		}
		at++;
	}
}

static void
put_slice(struct html *h, const char *s, gsize len)
{
	g_string_truncate(h->decoded, 0);
	g_string_truncate(h->clean, 0);
	html_decode(h->decoded, s, len, FALSE);
	text_safe_block(h->clean, h->decoded->str, h->decoded->len);
	put_clean(h, h->clean->str, h->clean->len);
}

/* Where to cut text that goes on: not within a character or an entity. */
static gsize
slice_len(const char *s, gsize len)
{
	gsize cut = RENDER_SLICE;

	if (len <= RENDER_SLICE)
		return len;
	while (cut > RENDER_SLICE - 64 && !strchr(" \n\t&", s[cut]))
		cut--;
	while (cut > RENDER_SLICE - 70 && ((guchar)s[cut] & 0xC0) == 0x80)
		cut--;
	return cut;
}

static void
html_text(struct html *h, const struct html_token *token)
{
	const char *at = token->start;

	if (h->after_pre && at < token->end && *at == '\n')
		at++;
	if (is_hidden(h))
		return;
	while (at < token->end && !h->canvas.full) {
		gsize len = slice_len(at, token->end - at);

		put_slice(h, at, len);
		at += len;
	}
}

/* --- links --- */

/* " [3]" or, when the text names somebody else, " [3: evil.example]". */
static void
anchor_mark(struct html *h)
{
	struct anchor *a = &h->anchor;
	g_autofree char *disguised = NULL, *mark = NULL;
	GString *text = h->target->text;
	gsize len = text->len;

	disguised = link_disguised(canvas_link_at(&h->canvas, a->number), a->text->str, a->text->len);
	if (a->marked && (a->told || !disguised))
		return;
	if (disguised)
		mark = g_strdup_printf("\001[%u:\001%s]", a->number, disguised);
	else
		mark = g_strdup_printf("\001[%u]", a->number);
	while (len && strchr(" \n\001", text->str[len - 1]))
		len--;
	para_truncate(h->target, len);
	para_append(h->target, mark + !len, strlen(mark + !len), STYLE_DIM, a->number);
	a->marked = h->after_mark = TRUE;
	h->canvas.shown_links = MAX(h->canvas.shown_links, a->number);
	a->told = disguised != NULL;
}

void
html_anchor_open(struct html *h, const struct html_attributes *attributes)
{
	g_autofree char *href = html_attribute(attributes, ATTR_HREF);

	html_anchor_close(h);
	h->anchor.open = TRUE;
	h->anchor.number = canvas_link(&h->canvas, href, strlen(href));
	h->anchor.words = h->anchor.image = h->anchor.marked = h->anchor.told = FALSE;
	g_string_truncate(h->anchor.text, 0);
}

void
html_anchor_close(struct html *h)
{
	struct anchor *a = &h->anchor;

	if (!a->open)
		return;
	if (a->number && !a->words && a->image && !is_hidden(h))
		put_inline(h, _("[image]"), strlen(_("[image]")), current_style(h), TRUE);
	if (a->number && a->words)
		anchor_mark(h);
	if (a->number && !a->marked)
		canvas_unlink(&h->canvas, a->number);
	a->open = FALSE;
	a->number = 0;
}

/* --- the end of a paragraph --- */

/* Marks and indentation of what is open, at most half the width; quotes counts ">" (at most most). first: the
 * list item's own mark stands in its indentation. */
static void
build_prefix(const struct html *h, GString *out, guint most, guint *quotes, gboolean first)
{
	int columns = 0, room = h->canvas.width / 2;
	gboolean after_quote = FALSE;

	*quotes = 0;
	for (guint i = 0; i < h->depth; i++) {
		const struct open_element *e = &h->stack[i];

		if (e->quote && *quotes < most) {
			int needed = after_quote ? 1 : 2;

			(*quotes)++;
			if (columns + needed > room)
				continue;
			g_string_truncate(out, out->len - after_quote);
			g_string_append_len(out, "> ", 2);
			columns += needed;
			after_quote = TRUE;
		} else if (e->indent && columns + e->indent <= room) {
			if (first && h->marker && h->marker_at == i)
				g_string_append(out, h->marker);
			else
				g_string_append_printf(out, "%*s", e->indent, "");
			columns += e->indent;
			after_quote = FALSE;
		}
	}
}

static void
set_quote(struct html *h, guint quotes)
{
	if (quotes != h->canvas.quote)
		h->canvas.signature = FALSE;
	h->canvas.quote = quotes;
}

static void
put_gap(struct html *h, guint quotes)
{
	g_autoptr(GString) prefix = g_string_new(NULL);
	guint drawn;

	if (!h->gap || !h->canvas.lines || h->canvas.blank)
		return;
	build_prefix(h, prefix, MIN(quotes, h->canvas.quote), &drawn, FALSE);
	set_quote(h, drawn);
	canvas_blank(&h->canvas, prefix->str);
}

/* "-- " on a line of its own begins the signature; it ends with the quote depth. */
static void
mark_signature(struct html *h, guint from, gsize prefix_len)
{
	GPtrArray *lines = h->canvas.out->lines;

	for (guint i = from; i < lines->len; i++) {
		struct render_line *line = g_ptr_array_index(lines, i);
		gsize skip = MIN(prefix_len, strlen(line->text));

		if (!strcmp(line->text + skip, "--") && !line->wrapped)
			h->canvas.signature = TRUE;
		line->signature = h->canvas.signature;
	}
}

/* Cuts line ends and blanks off both ends; what they said about blank lines goes to *above and *below. */
static void
trim_para(struct para *para, gboolean *above, gboolean *below)
{
	const char *s = para->text->str;
	gsize len = para->text->len, ends = 0, start = 0;

	while (len && strchr(" \n\001", s[len - 1]))
		ends += s[--len] == '\n';
	*below = ends > 1 || (!len && para->text->len);
	while (start < len && s[start] == '\n')
		start++;
	*above = start > 0;
	para_truncate(para, len);
	if (start) {
		struct para rest;
		guint run = 0;

		para_init(&rest);
		para_append_slice(&rest, para, start, len, &run);
		para_clear(para);
		*para = rest;
	}
}

static void
emit(struct html *h)
{
	g_autoptr(GString) first = g_string_new(NULL), rest = g_string_new(NULL);
	guint quotes, from;

	build_prefix(h, first, G_MAXUINT, &quotes, TRUE);
	build_prefix(h, rest, G_MAXUINT, &quotes, FALSE);
	put_gap(h, quotes);
	set_quote(h, quotes);
	from = h->canvas.out->lines->len;
	canvas_wrap(&h->canvas, &h->para, first->str, rest->str);
	mark_signature(h, from, rest->len);
	g_clear_pointer(&h->marker, g_free);
	h->gap = FALSE;
}

static void
flush(struct html *h)
{
	gboolean above, below;

	if (!h->para.text->len)
		return;
	if (h->anchor.open && h->anchor.number && h->target == &h->para && h->anchor.words)
		anchor_mark(h);
	trim_para(&h->para, &above, &below);
	h->gap |= above;
	if (h->para.text->len)
		emit(h);
	h->gap |= below;
	h->after_mark = FALSE;
	h->blanks = 0;
	para_reset(&h->para);
}

void
html_break(struct html *h)
{
	if (h->target == &h->para)
		flush(h);
	else
		h->cell_broken = TRUE;
}

void
html_margin(struct html *h)
{
	html_break(h);
	if (h->target == &h->para)
		h->gap = TRUE;
}

/* --- elements that are drawn --- */

void
html_line_break(struct html *h)
{
	put_line_end(h, FALSE);
}

void
html_rule(struct html *h)
{
	g_autoptr(GString) prefix = g_string_new(NULL);
	struct para para;
	guint quotes, run = 0;
	int columns;

	html_break(h);
	if (h->target != &h->para)
		return;
	build_prefix(h, prefix, G_MAXUINT, &quotes, TRUE);
	put_gap(h, quotes);
	set_quote(h, quotes);
	para_init(&para);
	columns = h->canvas.width - text_width(prefix->str, -1);
	for (int i = 0; i < columns; i++)
		para_append(&para, "─", strlen("─"), STYLE_DIM, 0);
	canvas_line(&h->canvas, &para, 0, para.text->len, &run, prefix->str, FALSE);
	para_clear(&para);
	g_clear_pointer(&h->marker, g_free);
	h->gap = FALSE;
}

static gboolean
is_dot(const struct html_attributes *attributes, const struct html_style *style)
{
	return style->dot == 1 || html_attribute_number(attributes, ATTR_WIDTH, DOT + 1) <= DOT ||
	       html_attribute_number(attributes, ATTR_HEIGHT, DOT + 1) <= DOT;
}

/* Emoji come as images whose alternative is the character itself. */
static gboolean
is_emoji(const char *alt)
{
	return (guchar)*alt >= 0x80 && strlen(alt) < 32 && text_width(alt, -1) <= 2;
}

void
html_image(struct html *h, const struct html_attributes *attributes, const struct html_style *style)
{
	g_autofree char *raw = NULL, *alt = NULL, *shown = NULL;
	const struct html_view *src = &attributes->at[ATTR_SRC];

	if (is_hidden(h) || style->hidden == 1 || style->invisible == 1 || is_dot(attributes, style))
		return;
	raw = html_attribute(attributes, ATTR_ALT);
	alt = g_strstrip(text_safe(raw, -1));
	if (*alt) {
		gsize fit = text_fit(alt, -1, MAX_ALT, NULL);

		shown = is_emoji(alt) ? g_strdup(alt) : g_strdup_printf("[%.*s]", (int)fit, alt);
		put_inline(h, shown, strlen(shown), current_style(h), TRUE);
	} else if (h->anchor.open) {
		h->anchor.image = TRUE;
	} else if (src->start && src->len > 4 && !g_ascii_strncasecmp(src->start, "cid:", 4)) {
		put_inline(h, _("[image]"), strlen(_("[image]")), current_style(h), TRUE);
	}
}

void
html_quotation_mark(struct html *h, gboolean open)
{
	const char *mark = open ? "“" : "”";

	if (!is_hidden(h))
		put_inline(h, mark, strlen(mark), current_style(h), TRUE);
}

/* Between the cells of a row that is one line. */
void
html_cell_gap(struct html *h)
{
	GString *text = h->target->text;
	gsize len = text->len;

	while (len && strchr(" \001", text->str[len - 1]))
		len--;
	para_truncate(h->target, len);
	if (len && text->str[len - 1] != '\n')
		para_append(h->target, "\001 ", 2, STYLE_PLAIN, 0);
	h->after_mark = FALSE;
	h->blanks = 0;
}

void
html_grid_close(struct html *h)
{
	g_autoptr(GString) prefix = g_string_new(NULL);
	guint quotes;

	h->target = &h->para;
	h->cell_broken = FALSE;
	html_margin(h);
	build_prefix(h, prefix, G_MAXUINT, &quotes, FALSE);
	put_gap(h, quotes);
	set_quote(h, quotes);
	grid_draw(h->grid, &h->canvas, prefix->str);
	g_clear_pointer(&h->grid, grid_free);
	g_clear_pointer(&h->marker, g_free);
	h->gap = TRUE;
}

/* The mark of the list item being opened. Gives (g_free). */
char *
html_list_marker(struct open_element *list, guint level)
{
	static const char *const bullets[] = {"• ", "◦ ", "▪ "};
	int n;

	if (!list || list->element->tag != TAG_OL)
		return g_strdup(bullets[MIN(level, G_N_ELEMENTS(bullets)) - (level > 0)]);
	n = list->counter;
	list->counter = MIN(n + 1, MAX_LIST_NUMBER);
	if ((list->numbering == 'a' || list->numbering == 'A') && n >= 1 && n <= 26)
		return g_strdup_printf("%c. ", list->numbering + n - 1);
	return g_strdup_printf("%d. ", n);
}

/* --- the whole --- */

static void
html_init(struct html *h, struct rendered *out, int width)
{
	canvas_init(&h->canvas, out, width);
	para_init(&h->para);
	h->target = &h->para;
	h->decoded = g_string_new(NULL);
	h->clean = g_string_new(NULL);
	h->anchor.text = g_string_new(NULL);
	html_stack_init(h);
}

static void
html_clear(struct html *h)
{
	table_survey_clear(&h->survey);
	canvas_clear(&h->canvas);
	para_clear(&h->para);
	g_string_free(h->decoded, TRUE);
	g_string_free(h->clean, TRUE);
	g_string_free(h->anchor.text, TRUE);
	g_clear_pointer(&h->grid, grid_free);
	g_free(h->marker);
	g_free(h);
}

void
render_html(struct rendered *out, const char *text, gsize len, int width)
{
	struct html *h = g_new0(struct html, 1);
	gsize used = MIN(len, RENDER_MAX_INPUT);
	struct html_lexer lexer;
	struct html_token token;

	html_init(h, out, width);
	table_survey(&h->survey, text, used);
	html_lexer_init(&lexer, text, used);
	while (!h->canvas.full && html_next(&lexer, &token)) {
		switch (token.kind) {
		case HTML_TEXT:
			html_text(h, &token);
			break;
		case HTML_OPEN:
			html_open(h, &token);
			break;
		case HTML_CLOSE:
			html_close(h, token.element);
			break;
		}
		h->after_pre = token.kind == HTML_OPEN && token.element->flags & HTML_PRE;
	}
	html_close_all(h);
	if (used < len) {
		g_autofree char *size = text_size(len - used), *note = NULL;

		note = g_strdup_printf(_("%s more of this text are left out"), size);
		canvas_note(&h->canvas, note);
	}
	html_clear(h);
}
