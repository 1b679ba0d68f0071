/* The elements that are open. Tags are closed, also where they were left out, as far as the text's look
 * depends on it. */
#include "mime/render-html.h"
#include "base/text.h"

#include <string.h>

enum { LIST_INDENT = 2, DD_INDENT = 4, OUTLOOK_INDENT = 4 };

#define BIT(tag) (1u << (tag))
#define CELLS (BIT(TAG_TD) | BIT(TAG_TH) | BIT(TAG_CAPTION))
#define ROWS (BIT(TAG_TR) | BIT(TAG_TBODY))
G_STATIC_ASSERT(TAG_N <= 32);

void
html_stack_init(struct html *h)
{
	static const struct html_element document = {"", TAG_BODY, HTML_BLOCK, 0};

	h->stack[0] = (struct open_element){.element = &document};
	h->depth = 1;
}

static struct open_element *
top(struct html *h)
{
	return &h->stack[h->depth - 1];
}

/* The highest open element with one of tags, above any of bounds; 0 when there is none. */
static guint
find(const struct html *h, guint tags, guint bounds)
{
	for (guint i = h->depth - 1; i > 0; i--) {
		const struct open_element *e = &h->stack[i];

		if (!e->dead && BIT(e->element->tag) & tags)
			return i;
		if (BIT(e->element->tag) & bounds)
			return 0;
	}
	return 0;
}

/* --- closing --- */

static gboolean
is_hidden(const struct open_element *e)
{
	return e->hidden || e->invisible || e->tiny;
}

static void
leave(struct html *h, struct open_element *e)
{
	enum html_tag tag = e->element->tag;

	if (tag == TAG_A && !e->dead)
		html_anchor_close(h);
	if (tag == TAG_Q && !e->dead)
		html_quotation_mark(h, FALSE);
	if (e->grid)
		html_grid_close(h);
	if (e->hidden)
		return;
	if (e->element->flags & HTML_BLOCK)
		html_break(h);
	if (e->margin_below)
		html_margin(h);
	if (h->grid && (tag == TAG_TD || tag == TAG_TH)) {
		h->target = &h->para;
		h->cell_broken = FALSE;
	}
}

static void
pop_to(struct html *h, guint at)
{
	while (h->depth > at) {
		struct open_element *e = top(h);

		leave(h, e);
		if (h->marker && h->marker_at == h->depth - 1)
			g_clear_pointer(&h->marker, g_free);
		h->depth--;
	}
}

void
html_close_all(struct html *h)
{
	pop_to(h, 1);
	html_anchor_close(h);
	html_break(h);
}

/* "<b><p></b>": the inline element ends, what is open in it goes on without it. */
static void
kill_element(struct html *h, guint at)
{
	struct open_element *e = &h->stack[at];

	if (e->element->tag == TAG_A)
		html_anchor_close(h);
	for (guint i = at; i < h->depth; i++)
		h->stack[i].style &= ~e->element->style;
	e->dead = TRUE;
}

static gboolean
crosses_block(const struct html *h, guint at)
{
	for (guint i = at + 1; i < h->depth; i++)
		if (h->stack[i].element->flags & HTML_BLOCK || BIT(h->stack[i].element->tag) & (CELLS | ROWS))
			return TRUE;
	return FALSE;
}

#define IN_CELL (CELLS | BIT(TAG_TABLE))
#define LISTS (BIT(TAG_UL) | BIT(TAG_OL))

/* An end tag looks for its element no further up than these; IN_CELL for those not named. */
static const guint end_bounds[TAG_N] = {
        [TAG_TABLE] = BIT(TAG_BODY), [TAG_TR] = BIT(TAG_TABLE), [TAG_TBODY] = BIT(TAG_TABLE),
        [TAG_TD] = BIT(TAG_TABLE),   [TAG_TH] = BIT(TAG_TABLE), [TAG_CAPTION] = BIT(TAG_TABLE),
        [TAG_LI] = IN_CELL | LISTS,
};

static guint
find_element(const struct html *h, const struct html_element *element)
{
	guint bounds = end_bounds[element->tag] ? end_bounds[element->tag] : IN_CELL;

	for (guint i = h->depth - 1; i > 0; i--) {
		const struct open_element *e = &h->stack[i];

		if (e->element == element && !e->dead)
			return i;
		if (BIT(e->element->tag) & bounds)
			return 0;
	}
	return 0;
}

void
html_close(struct html *h, const struct html_element *element)
{
	guint at;

	if (element->tag == TAG_HEAD)
		h->in_head = FALSE;
	if (element->tag == TAG_BR && !is_hidden(top(h)))
		html_line_break(h);
	if (element->tag == TAG_BODY || element->flags & HTML_VOID || element->tag == TAG_RAW)
		return;
	if (h->excess) {
		h->excess--;
		return;
	}
	at = find_element(h, element);
	if (!at)
		return;
	if (!(element->flags & HTML_BLOCK) && !(BIT(element->tag) & (CELLS | ROWS)) && !h->stack[at].hidden &&
	    crosses_block(h, at))
		kill_element(h, at);
	else
		pop_to(h, at);
}

/* --- opening --- */

/* A start tag ends these if they are open, looking no further up than those. */
static const struct {
	guint ends, bounds;
} implied_ends[TAG_N] = {
        [TAG_LI] = {BIT(TAG_LI), IN_CELL | LISTS},
        [TAG_DT] = {BIT(TAG_DT) | BIT(TAG_DD), IN_CELL | BIT(TAG_DL)},
        [TAG_DD] = {BIT(TAG_DT) | BIT(TAG_DD), IN_CELL | BIT(TAG_DL)},
        [TAG_TD] = {CELLS, BIT(TAG_TABLE)},
        [TAG_TH] = {CELLS, BIT(TAG_TABLE)},
        [TAG_TR] = {BIT(TAG_TR), BIT(TAG_TABLE)},
        [TAG_TBODY] = {ROWS, BIT(TAG_TABLE)},
};

static void
close_implied(struct html *h, const struct html_element *element)
{
	guint at;

	if (element->flags & HTML_BLOCK && (at = find(h, BIT(TAG_P), IN_CELL)))
		pop_to(h, at);
	if (element->tag == TAG_A && (at = find(h, BIT(TAG_A), IN_CELL)))
		kill_element(h, at);
	if (implied_ends[element->tag].ends &&
	    (at = find(h, implied_ends[element->tag].ends, implied_ends[element->tag].bounds)))
		pop_to(h, at);
}

static guint
apply(guint style, int said, guint bit)
{
	return said < 0 ? style : said ? style | bit : style & ~bit;
}

/* Outlook writes class="MsoNormal" and says in a style sheet that it has no margins. */
static gboolean
is_outlook(const struct html_attributes *attributes)
{
	const struct html_view *class = &attributes->at[ATTR_CLASS];
	static const char *const names[] = {"MsoNormal", "MsoPlainText", "MsoListParagraph", "MsoBodyText"};

	for (gsize i = 0; class->start && i < G_N_ELEMENTS(names); i++)
		if (class->len >= strlen(names[i]) && !strncmp(class->start, names[i], strlen(names[i])))
			return TRUE;
	return FALSE;
}

static struct open_element
inherit(struct html *h, const struct html_element *element, const struct html_attributes *attributes,
        const struct html_style *said)
{
	const struct open_element *parent = top(h);
	gboolean margin = (element->flags & HTML_MARGIN) && !is_outlook(attributes);
	struct open_element e = {.element = element, .numbering = '1', .counter = 1};

	e.style = parent->style | element->style;
	e.style = apply(e.style, said->bold, STYLE_BOLD);
	e.style = apply(e.style, said->italic, STYLE_ITALIC);
	e.style = apply(e.style, said->underline, STYLE_UNDERLINE);
	e.style = apply(e.style, said->strike, STYLE_DIM);
	e.hidden = parent->hidden || said->hidden == 1 || element->flags & HTML_HIDE ||
	           attributes->at[ATTR_HIDDEN].start;
	e.invisible = said->invisible < 0 ? parent->invisible : said->invisible;
	e.tiny = said->tiny < 0 ? parent->tiny : said->tiny;
	e.pre = said->pre < 0 ? parent->pre || element->flags & HTML_PRE : said->pre;
	e.margin_above = said->space_above < 0 ? margin : said->space_above && element->flags & HTML_BLOCK;
	e.margin_below = said->space_below < 0 ? margin : said->space_below && element->flags & HTML_BLOCK;
	return e;
}

/* What an open tag said. */
struct opening {
	gsize offset;
	struct html_attributes attributes;
	struct html_style said;
};

static gboolean
attribute_is(const struct opening *o, enum html_attribute which, const char *value)
{
	const struct html_view *view = &o->attributes.at[which];

	return view->start && view->len == strlen(value) &&
	       !g_ascii_strncasecmp(view->start, value, view->len);
}

static guint
list_level(const struct html *h)
{
	guint level = 0;

	for (guint i = 1; i < h->depth; i++)
		level += (BIT(h->stack[i].element->tag) & LISTS) != 0;
	return level;
}

static void
open_anchor(struct html *h, struct open_element *e, const struct opening *o)
{
	if (o->attributes.at[ATTR_HREF].start)
		html_anchor_open(h, &o->attributes);
}

static void
open_list(struct html *h, struct open_element *e, const struct opening *o)
{
	const struct html_view *type = &o->attributes.at[ATTR_TYPE];

	if (list_level(h))
		e->margin_above = e->margin_below = FALSE;
	else
		e->indent = h->canvas.width < 40 ? 0 : LIST_INDENT;
	e->counter = html_attribute_number(&o->attributes, ATTR_START, 1);
	if (type->start && type->len == 1 && strchr("aA", *type->start))
		e->numbering = *type->start;
}

static void
open_item(struct html *h, struct open_element *e, const struct opening *o)
{
	guint at = find(h, LISTS, IN_CELL);
	struct open_element *list = at ? &h->stack[at] : NULL;

	if (h->target != &h->para)
		return;
	if (list)
		list->counter = html_attribute_number(&o->attributes, ATTR_VALUE, list->counter);
	g_free(h->marker);
	h->marker = html_list_marker(list, list_level(h));
	h->marker_at = h->depth;
	e->indent = text_width(h->marker, -1);
}

static void
open_definition(struct html *h, struct open_element *e, const struct opening *o)
{
	e->indent = DD_INDENT;
}

static void
open_quote(struct html *h, struct open_element *e, const struct opening *o)
{
	const struct html_view *class = &o->attributes.at[ATTR_CLASS];

	/* an indented paragraph of web mail and Outlook */
	if (o->said.borderless == 1 && !(class->start && class->len))
		e->indent = OUTLOOK_INDENT;
	else
		e->quote = TRUE;
}

static void
open_quotation(struct html *h, struct open_element *e, const struct opening *o)
{
	html_quotation_mark(h, TRUE);
}

static void
open_table(struct html *h, struct open_element *e, const struct opening *o)
{
	if (h->grid || !table_is_data(&h->survey, o->offset))
		return;
	h->grid = grid_new();
	e->grid = TRUE;
}

static void
open_row(struct html *h, struct open_element *e, const struct opening *o)
{
	if (h->grid) {
		grid_row(h->grid);
		return;
	}
	html_break(h);
	e->line_row = table_row_is_line(&h->survey, o->offset);
}

static void
open_cell(struct html *h, struct open_element *e, const struct opening *o)
{
	if (h->grid) {
		h->target = grid_cell(h->grid, html_attribute_number(&o->attributes, ATTR_COLSPAN, 1),
		                      html_attribute_number(&o->attributes, ATTR_ROWSPAN, 1),
		                      o->said.right == 1 || attribute_is(o, ATTR_ALIGN, "right"));
		h->cell_broken = FALSE;
	} else if (top(h)->line_row) {
		html_cell_gap(h);
	} else {
		html_break(h);
	}
}

static void (*const open_special[TAG_N])(struct html *, struct open_element *, const struct opening *) = {
        [TAG_A] = open_anchor,    [TAG_BLOCKQUOTE] = open_quote, [TAG_DD] = open_definition,
        [TAG_LI] = open_item,     [TAG_OL] = open_list,          [TAG_Q] = open_quotation,
        [TAG_TABLE] = open_table, [TAG_TD] = open_cell,          [TAG_TH] = open_cell,
        [TAG_TR] = open_row,      [TAG_UL] = open_list,
};

static void
open_void(struct html *h, const struct html_element *element, const struct opening *o)
{
	if (is_hidden(top(h)))
		return;
	if (element->tag == TAG_BR)
		html_line_break(h);
	else if (element->tag == TAG_HR)
		html_rule(h);
	else if (element->tag == TAG_IMG)
		html_image(h, &o->attributes, &o->said);
}

/* TRUE when the tag belongs to <head>, which it may also end by not belonging there. */
static gboolean
takes_head(struct html *h, const struct html_element *element)
{
	if (element->tag == TAG_HEAD) {
		h->in_head = TRUE;
		return TRUE;
	}
	if (element->tag == TAG_RAW)
		return TRUE;
	if (h->in_head && !(element->flags & HTML_META))
		h->in_head = FALSE;
	return FALSE;
}

void
html_open(struct html *h, const struct html_token *token)
{
	const struct html_element *element = token->element;
	struct opening o = {.offset = token->offset};
	struct open_element e;

	if (takes_head(h, element))
		return;
	html_attributes(token, &o.attributes);
	html_style_init(&o.said);
	if (o.attributes.at[ATTR_STYLE].start)
		html_style_parse(&o.said, o.attributes.at[ATTR_STYLE].start, o.attributes.at[ATTR_STYLE].len);
	if (element->flags & HTML_VOID) {
		open_void(h, element, &o);
		return;
	}
	close_implied(h, element);
	e = inherit(h, element, &o.attributes, &o.said);
	if (!e.hidden && element->flags & HTML_BLOCK)
		html_break(h);
	if (h->depth == HTML_MAX_DEPTH) {
		h->excess++;
		return;
	}
	if (!e.hidden && open_special[element->tag])
		open_special[element->tag](h, &e, &o);
	if (!e.hidden && e.margin_above)
		html_margin(h);
	h->stack[h->depth++] = e;
}
