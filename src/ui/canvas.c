#include "ui/canvas.h"

#include <string.h>
#include "base/text.h"

struct canvas *
canvas_new(int rows, int cols, gboolean ascii)
{
	struct canvas *canvas = g_new0(struct canvas, 1);

	canvas->rows = MAX(rows, 1);
	canvas->cols = MAX(cols, 1);
	canvas->ascii = ascii;
	canvas->cells = g_new0(struct cell, (gsize)canvas->rows * (gsize)canvas->cols);
	canvas_clear(canvas, (struct rect){0, 0, canvas->rows, canvas->cols}, ROLE_TEXT);
	return canvas;
}

void
canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	g_free(canvas->cells);
	g_free(canvas);
}

static struct cell *
cell_at(struct canvas *canvas, int y, int x)
{
	return &canvas->cells[(gsize)y * (gsize)canvas->cols + (gsize)x];
}

/* A wide character that loses one half loses the other too. */
static void
break_wide(struct canvas *canvas, int y, int x)
{
	struct cell *cell = cell_at(canvas, y, x);

	if (!cell->ch[0] && x > 0) {
		cell[-1] = (struct cell){{' '}, cell[-1].look, 1};
		*cell = (struct cell){{' '}, cell->look, 1};
	} else if (cell->width == 2 && x + 1 < canvas->cols) {
		cell[1] = (struct cell){{' '}, cell[1].look, 1};
	}
}

void
canvas_clear(struct canvas *canvas, struct rect area, guint look)
{
	int bottom = MIN(area.y + area.h, canvas->rows), right = MIN(area.x + area.w, canvas->cols);

	for (int y = MAX(area.y, 0); y < bottom; y++)
		for (int x = MAX(area.x, 0); x < right; x++) {
			if (x == area.x || x == right - 1)
				break_wide(canvas, y, x);
			*cell_at(canvas, y, x) = (struct cell){{' '}, (guint16)look, 1};
		}
}

static void
put(struct canvas *canvas, int y, int x, int width, guint look, const char *cluster, gsize len)
{
	struct cell cell = {{0}, (guint16)look, (guint8)width};
	const char *end = cluster + len;

	for (int i = 0; i < 3 && cluster < end; i++, cluster = g_utf8_next_char(cluster)) {
		cell.ch[i] = g_utf8_get_char(cluster);
		/* Joined emoji are drawn in ways terminals do not agree on: their first picture stands for
		 * them. */
		if (i && (cell.ch[i] == 0x200d || cell.ch[i] >= 0x1f1e6)) {
			cell.ch[i] = 0;
			break;
		}
		if (cell.ch[i] == 0xfe0f ||
		    cell.ch[i] == 0xfe0e) /* variation selectors change the width in some terminals alone */
			cell.ch[i--] = 0;
	}
	break_wide(canvas, y, x);
	if (width == 2)
		break_wide(canvas, y, x + 1);
	*cell_at(canvas, y, x) = cell;
	if (width == 2)
		*cell_at(canvas, y, x + 1) = (struct cell){{0}, (guint16)look, 0};
}

int
canvas_text(struct canvas *canvas, int y, int x, int width, guint look, const char *text)
{
	int used = 0;
	gsize left = strlen(text);

	if (y < 0 || y >= canvas->rows || x < 0)
		return 0;
	width = MIN(width, canvas->cols - x);
	while (left && used < width) {
		int columns = 1;
		gsize n = 1;

		/* An ASCII character before another one is a cluster of its own. */
		if ((guchar)text[0] >= 0x80 || (left > 1 && (guchar)text[1] >= 0x80))
			n = text_next(text, left, &columns);
		if (used + columns > width)
			break;
		if (columns > 0)
			put(canvas, y, x + used, columns, look, text, n);
		used += columns;
		text += n;
		left -= n;
	}
	return used;
}

int
canvas_cut(struct canvas *canvas, int y, int x, int width, guint look, const char *text)
{
	GString *cell;
	int used;

	width = MIN(width, canvas->cols - x);
	if (width <= 0)
		return 0;
	if ((int)strlen(text) <= width)
		return canvas_text(canvas, y, x, width, look, text);
	cell = g_string_new(NULL);
	text_cell(cell, text, width, FALSE, canvas->ascii);
	used = canvas_text(canvas, y, x, width, look, cell->str);
	g_string_free(cell, TRUE);
	return used;
}

int
canvas_right(struct canvas *canvas, int y, int start, int end, guint look, const char *text)
{
	int width = MIN(text_width(text, -1), end - start);

	if (width > 0)
		canvas_cut(canvas, y, end - width, width, look, text);
	return end - MAX(width, 0);
}

void
canvas_shade(struct canvas *canvas, int y, int x, int width, guint look)
{
	guint role = look & ROLE_MASK;

	if (y < 0 || y >= canvas->rows)
		return;
	for (int i = MAX(x, 0); i < MIN(x + width, canvas->cols); i++) {
		struct cell *cell = cell_at(canvas, y, i);

		if (role != ROLE_TEXT)
			cell->look = (guint16)((cell->look & ~ROLE_MASK) | role);
		cell->look |= (guint16)(look & ~ROLE_MASK);
	}
}

void
canvas_hline(struct canvas *canvas, int y, int x, int width, guint look)
{
	for (int i = 0; i < width; i++)
		canvas_text(canvas, y, x + i, 1, look, canvas->ascii ? "-" : "─");
}

void
canvas_vline(struct canvas *canvas, int y, int x, int height, guint look)
{
	for (int i = 0; i < height; i++)
		canvas_text(canvas, y + i, x, 1, look, canvas->ascii ? "|" : "│");
}

char *
canvas_to_text(const struct canvas *canvas)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < canvas->rows; y++) {
		for (int x = 0; x < canvas->cols; x++) {
			const struct cell *cell = &canvas->cells[(gsize)y * (gsize)canvas->cols + (gsize)x];

			for (int i = 0; i < 3 && cell->ch[i]; i++)
				g_string_append_unichar(out, cell->ch[i]);
		}
		while (out->len && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
