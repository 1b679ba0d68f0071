#include "mime/render-table.h"

#include <string.h>

enum {
	MAX_DEPTH = 128,
	MAX_COLUMNS = 24, /* of a data table */
	MAX_CELLS = 20000,
	LONG_CELL = 160, /* octets: more is prose, and flows */
	LONG_HEADED_CELL = 400,
	LINE_ROW = 100, /* octets in a row that becomes one line */
	MANY_BLOCKS = 3 /* in one cell */
};

struct table {
	guint index; /* in plans */
	guint rows, full_rows, columns, cells;
	gsize longest;
	gboolean rich, headed, presentation;
	/* of the open row and cell */
	gsize row_offset;
	gboolean row_open, row_rich;
	guint row_cells, row_filled, cell_blocks;
	gsize row_text, cell_text;
};

struct plan {
	gsize offset;
	gboolean data;
};

struct surveyor {
	struct table_survey *survey;
	GArray *plans;
	struct table stack[MAX_DEPTH];
	guint depth, excess;
};

static void
end_cell(struct table *t)
{
	if (t->cell_text)
		t->row_filled++;
	t->longest = MAX(t->longest, t->cell_text);
	t->cell_text = 0;
	t->cell_blocks = 0;
}

static void
end_row(struct surveyor *s, struct table *t)
{
	if (!t->row_open)
		return;
	end_cell(t);
	t->row_open = FALSE;
	t->rows++;
	t->full_rows += t->row_filled > 1;
	t->columns = MAX(t->columns, t->row_cells);
	if (t->row_filled > 1 && !t->row_rich && t->row_text <= LINE_ROW)
		g_array_append_val(s->survey->rows, t->row_offset);
}

static void
begin_row(struct surveyor *s, struct table *t, gsize offset)
{
	end_row(s, t);
	t->row_open = TRUE;
	t->row_rich = FALSE;
	t->row_offset = offset;
	t->row_cells = t->row_filled = 0;
	t->row_text = 0;
}

static gboolean
is_data(const struct table *t)
{
	if (t->rich || t->columns < 2 || t->columns > MAX_COLUMNS || t->cells > MAX_CELLS)
		return FALSE;
	if (t->full_rows < 2 || t->full_rows * 2 < t->rows)
		return FALSE;
	return t->headed ? t->longest <= LONG_HEADED_CELL : !t->presentation && t->longest <= LONG_CELL;
}

static void
end_table(struct surveyor *s)
{
	struct table *t;

	if (s->excess) {
		s->excess--;
		return;
	}
	if (!s->depth)
		return;
	t = &s->stack[s->depth - 1];
	end_row(s, t);
	g_array_index(s->plans, struct plan, t->index).data = is_data(t);
	s->depth--;
}

static gboolean
is_presentation(const struct html_token *token)
{
	struct html_attributes attributes;
	const struct html_view *role = &attributes.at[ATTR_ROLE];

	html_attributes(token, &attributes);
	return role->start && (role->len == strlen("none") || role->len == strlen("presentation"));
}

static void
begin_table(struct surveyor *s, const struct html_token *token)
{
	struct plan plan = {token->offset, FALSE};

	if (s->depth) {
		s->stack[s->depth - 1].rich = TRUE;
		s->stack[s->depth - 1].row_rich = TRUE;
	}
	if (s->depth == MAX_DEPTH) {
		s->excess++;
		return;
	}
	g_array_append_val(s->plans, plan);
	s->stack[s->depth++] =
	        (struct table){.index = s->plans->len - 1, .presentation = is_presentation(token)};
}

static void
begin_cell(struct table *t, gboolean header)
{
	end_cell(t);
	t->cells++;
	t->row_cells++;
	t->headed |= header;
}

static void
see_open(struct surveyor *s, struct table *t, const struct html_token *token)
{
	const struct html_element *element = token->element;

	if (element->flags & HTML_RICH)
		t->rich = t->row_rich = TRUE;
	if (element->flags & HTML_BLOCK || element->tag == TAG_BR) {
		t->row_rich = TRUE;
		if (element->flags & HTML_BLOCK && ++t->cell_blocks > MANY_BLOCKS)
			t->rich = TRUE;
	}
	if (element->tag == TAG_TR)
		begin_row(s, t, token->offset);
	else if (element->tag == TAG_TD || element->tag == TAG_TH)
		begin_cell(t, element->tag == TAG_TH);
}

static gsize
count_text(const struct html_token *token)
{
	gsize n = 0;

	for (const char *at = token->start; at < token->end; at++) {
		if (token->end - at > 5 && !strncmp(at, "&nbsp;", 6))
			at += 5;
		else
			n += !g_ascii_isspace(*at);
	}
	return n;
}

static void
see(struct surveyor *s, const struct html_token *token)
{
	struct table *t = s->depth && !s->excess ? &s->stack[s->depth - 1] : NULL;
	gsize text;

	if (token->kind != HTML_TEXT && token->element->tag == TAG_TABLE) {
		if (token->kind == HTML_OPEN)
			begin_table(s, token);
		else
			end_table(s);
		return;
	}
	if (!t)
		return;
	switch (token->kind) {
	case HTML_OPEN:
		see_open(s, t, token);
		break;
	case HTML_CLOSE:
		if (token->element->tag == TAG_TR)
			end_row(s, t);
		break;
	case HTML_TEXT:
		text = count_text(token);
		t->cell_text += text;
		t->row_text += text;
		break;
	}
}

void
table_survey(struct table_survey *survey, const char *html, gsize len)
{
	struct surveyor *s = g_new0(struct surveyor, 1);
	struct html_lexer lexer;
	struct html_token token;

	*survey = (struct table_survey){.tables = g_array_new(FALSE, FALSE, sizeof(gsize)),
	                                .rows = g_array_new(FALSE, FALSE, sizeof(gsize))};
	s->survey = survey;
	s->plans = g_array_new(FALSE, FALSE, sizeof(struct plan));
	html_lexer_init(&lexer, html, len);
	while (html_next(&lexer, &token))
		see(s, &token);
	s->excess = 0;
	while (s->depth)
		end_table(s);
	for (guint i = 0; i < s->plans->len; i++) {
		const struct plan *plan = &g_array_index(s->plans, struct plan, i);

		if (plan->data)
			g_array_append_val(survey->tables, plan->offset);
	}
	g_array_unref(s->plans);
	g_free(s);
}

void
table_survey_clear(struct table_survey *survey)
{
	g_array_unref(survey->tables);
	g_array_unref(survey->rows);
}

static gboolean
listed(const GArray *offsets, guint *next, gsize offset)
{
	while (*next < offsets->len && g_array_index(offsets, gsize, *next) < offset)
		(*next)++;
	return *next < offsets->len && g_array_index(offsets, gsize, *next) == offset;
}

gboolean
table_is_data(struct table_survey *survey, gsize offset)
{
	return listed(survey->tables, &survey->next_table, offset);
}

gboolean
table_row_is_line(struct table_survey *survey, gsize offset)
{
	return listed(survey->rows, &survey->next_row, offset);
}
