#include "mime/render-table.h"
#include "base/text.h"

#include <string.h>

enum { MAX_COLUMNS = 32, GAP = 2, NARROW = 5 /* columns; less per cell and the cells flow */ };

struct cell {
	struct para para;
	guint row, column, columns;
	gboolean right;
};

struct grid {
	GPtrArray *cells;        /* struct cell *, by row, then column */
	guint rows;              /* begun */
	guint column;            /* of the next cell */
	guint held[MAX_COLUMNS]; /* rows a cell above still covers */
};

static void
cell_free(gpointer data)
{
	struct cell *cell = data;

	para_clear(&cell->para);
	g_free(cell);
}

struct grid *
grid_new(void)
{
	struct grid *grid = g_new0(struct grid, 1);

	grid->cells = g_ptr_array_new_with_free_func(cell_free);
	return grid;
}

void
grid_free(struct grid *grid)
{
	g_ptr_array_unref(grid->cells);
	g_free(grid);
}

void
grid_row(struct grid *grid)
{
	grid->rows++;
	grid->column = 0;
	for (guint i = 0; i < MAX_COLUMNS; i++)
		if (grid->held[i])
			grid->held[i]--;
}

/* The row's cell in the last column, when it has one: takes what stands further right. */
static struct cell *
last_column(const struct grid *grid)
{
	struct cell *cell;

	if (!grid->cells->len)
		return NULL;
	cell = g_ptr_array_index(grid->cells, grid->cells->len - 1);
	return cell->row == grid->rows - 1 && cell->column == MAX_COLUMNS - 1 ? cell : NULL;
}

struct para *
grid_cell(struct grid *grid, int columns, int rows, gboolean right)
{
	struct cell *cell;

	if (!grid->rows)
		grid_row(grid);
	cell = last_column(grid);
	if (cell) {
		para_append(&cell->para, "\n", 1, STYLE_PLAIN, 0);
		return &cell->para;
	}
	while (grid->column < MAX_COLUMNS - 1 && grid->held[grid->column])
		grid->column++;
	cell = g_new0(struct cell, 1);
	cell->row = grid->rows - 1;
	cell->column = grid->column;
	cell->columns = CLAMP(columns, 1, (int)(MAX_COLUMNS - grid->column));
	cell->right = right;
	para_init(&cell->para);
	for (guint i = 0; i < cell->columns; i++)
		grid->held[cell->column + i] = MAX(rows, 1);
	grid->column = MIN(grid->column + cell->columns, MAX_COLUMNS - 1);
	g_ptr_array_add(grid->cells, cell);
	return &cell->para;
}

/* --- how wide the columns are --- */

struct widths {
	guint n;
	int least[MAX_COLUMNS]; /* longest word */
	int most[MAX_COLUMNS];  /* longest line */
	int given[MAX_COLUMNS];
};

static void
measure(const struct para *para, int *least, int *most)
{
	const char *s = para->text->str;
	gsize len = para->text->len, word = 0, line = 0;

	*least = *most = 0;
	for (gsize at = 0; at <= len; at++) {
		gboolean line_end = at == len || s[at] == '\n';

		if (!line_end && s[at] != ' ')
			continue;
		*least = MAX(*least, para_width(s + word, at - word));
		word = at + 1;
		if (line_end) {
			*most = MAX(*most, para_width(s + line, at - line));
			line = at + 1;
		}
	}
}

static void
measure_all(const struct grid *grid, struct widths *w)
{
	memset(w, 0, sizeof *w);
	for (guint i = 0; i < grid->cells->len; i++) {
		const struct cell *cell = g_ptr_array_index(grid->cells, i);
		int least, most;

		if (!cell->para.text->len)
			continue;
		w->n = MAX(w->n, cell->column + cell->columns);
		measure(&cell->para, &least, &most);
		if (cell->columns > 1) {
			/* only so that something can be seen: it may take what its columns have */
			least = most = 2;
		}
		w->least[cell->column] = MAX(w->least[cell->column], least);
		w->most[cell->column] = MAX(w->most[cell->column], most);
	}
}

static int
sum(const int *values, guint n)
{
	gint64 total = 0;

	for (guint i = 0; i < n; i++)
		total += values[i];
	return (int)MIN(total, G_MAXINT);
}

/* Columns left for text when there is a gap between those that are not empty. */
static int
room_for_text(const struct widths *w, int columns)
{
	int used = 0;

	for (guint i = 0; i < w->n; i++)
		used += w->most[i] > 0;
	return columns - GAP * MAX(used - 1, 0);
}

/* Gives each column its longest word, then lets the poorest grow until the room is used. FALSE when it is too
 * narrow. */
static gboolean
share(struct widths *w, int columns)
{
	int room = room_for_text(w, columns), left, used = 0;

	memcpy(w->given, w->most, sizeof w->given);
	if (sum(w->most, w->n) <= room)
		return TRUE;
	for (guint i = 0; i < w->n; i++)
		used += w->most[i] > 0;
	if (!used || room / used < NARROW)
		return FALSE;
	for (guint i = 0; i < w->n; i++)
		w->given[i] = MIN(w->least[i], room / used);
	for (left = room - sum(w->given, w->n); left > 0; left--) {
		guint best = w->n;

		for (guint i = 0; i < w->n; i++)
			if (w->given[i] < w->most[i] && (best == w->n || w->given[i] < w->given[best]))
				best = i;
		if (best == w->n)
			break;
		w->given[best]++;
	}
	return TRUE;
}

/* --- drawing --- */

/* Where drawing a cell has come to. */
struct pen {
	const struct cell *cell;
	gsize at;
	guint run;
	int x, width;
};

static void
place(struct pen *pen, const struct cell *cell, const struct widths *w)
{
	int x = 0, width = 0;

	for (guint i = 0; i < cell->column; i++)
		x += w->given[i] ? w->given[i] + GAP : 0;
	for (guint i = cell->column; i < cell->column + cell->columns; i++)
		width += w->given[i] ? w->given[i] + (width ? GAP : 0) : 0;
	*pen = (struct pen){.cell = cell, .x = x, .width = MAX(width, 1)};
}

static void
pad_to(struct para *line, int *column, int to)
{
	for (; *column < to; (*column)++)
		para_append(line, " ", 1, STYLE_PLAIN, 0);
}

/* The cell's next line at its place; FALSE when it had none left. */
static gboolean
draw_slice(struct pen *pen, struct para *line, int *column)
{
	const GString *text = pen->cell->para.text;
	struct para_cut cut;
	int width;

	if (pen->at >= text->len)
		return FALSE;
	cut = para_cut(text->str + pen->at, text->len - pen->at, pen->width);
	width = para_width(text->str + pen->at, cut.end);
	pad_to(line, column, pen->x + (pen->cell->right ? MAX(pen->width - width, 0) : 0));
	para_append_slice(line, &pen->cell->para, pen->at, pen->at + cut.end, &pen->run);
	*column += width;
	pen->at += cut.next;
	return TRUE;
}

static void
draw_row(struct canvas *canvas, struct pen *pens, guint n, const char *prefix)
{
	gboolean wrapped = FALSE;

	while (!canvas->full) {
		struct para line;
		int column = 0;
		guint run = 0;
		gboolean more = FALSE;

		para_init(&line);
		for (guint i = 0; i < n; i++)
			more |= draw_slice(&pens[i], &line, &column);
		if (more)
			canvas_line(canvas, &line, 0, line.text->len, &run, prefix, wrapped);
		para_clear(&line);
		if (!more)
			return;
		wrapped = TRUE;
	}
}

static void
draw_aligned(const struct grid *grid, struct canvas *canvas, const struct widths *w, const char *prefix)
{
	guint i = 0;

	while (i < grid->cells->len && !canvas->full) {
		const struct cell *first = g_ptr_array_index(grid->cells, i);
		struct pen pens[MAX_COLUMNS];
		guint n = 0;

		for (; i < grid->cells->len; i++) {
			const struct cell *cell = g_ptr_array_index(grid->cells, i);

			if (cell->row != first->row)
				break;
			if (n < MAX_COLUMNS)
				place(&pens[n++], cell, w);
		}
		draw_row(canvas, pens, n, prefix);
	}
}

static void
draw_flowing(const struct grid *grid, struct canvas *canvas, const char *prefix)
{
	guint row = 0;

	for (guint i = 0; i < grid->cells->len && !canvas->full; i++) {
		const struct cell *cell = g_ptr_array_index(grid->cells, i);

		if (!cell->para.text->len)
			continue;
		if (cell->row != row && i)
			canvas_blank(canvas, prefix);
		row = cell->row;
		canvas_wrap(canvas, &cell->para, prefix, prefix);
	}
}

static void
trim_cells(const struct grid *grid)
{
	for (guint i = 0; i < grid->cells->len; i++) {
		struct cell *cell = g_ptr_array_index(grid->cells, i);
		const GString *text = cell->para.text;
		gsize len = text->len;

		while (len && strchr(" \n\001", text->str[len - 1]))
			len--;
		para_truncate(&cell->para, len);
	}
}

void
grid_draw(struct grid *grid, struct canvas *canvas, const char *prefix)
{
	struct widths w;

	trim_cells(grid);
	measure_all(grid, &w);
	if (share(&w, canvas->width - text_width(prefix, -1)))
		draw_aligned(grid, canvas, &w, prefix);
	else
		draw_flowing(grid, canvas, prefix);
}
