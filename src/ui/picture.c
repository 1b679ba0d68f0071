#include "ui/picture.h"

#include <string.h>
#include "base/text.h"

struct picture *
picture_new(int rows, int cols, gboolean ascii)
{
	struct picture *picture = g_new0(struct picture, 1);

	picture->rows = MAX(rows, 1);
	picture->cols = MAX(cols, 1);
	picture->ascii = ascii;
	picture->cells = g_new0(struct cell, (gsize)picture->rows * (gsize)picture->cols);
	picture_clear(picture, (struct rect){0, 0, picture->rows, picture->cols}, ROLE_TEXT);
	return picture;
}

void
picture_free(struct picture *picture)
{
	if (!picture)
		return;
	g_free(picture->cells);
	g_free(picture);
}

static struct cell *
cell_at(struct picture *picture, int y, int x)
{
	return &picture->cells[(gsize)y * (gsize)picture->cols + (gsize)x];
}

/* A wide character that loses one half loses the other too. */
static void
break_wide(struct picture *picture, int y, int x)
{
	struct cell *cell = cell_at(picture, y, x);

	if (!cell->ch[0] && x > 0) {
		cell[-1] = (struct cell){{' '}, cell[-1].look, 1};
		*cell = (struct cell){{' '}, cell->look, 1};
	} else if (cell->width == 2 && x + 1 < picture->cols) {
		cell[1] = (struct cell){{' '}, cell[1].look, 1};
	}
}

void
picture_clear(struct picture *picture, struct rect area, guint look)
{
	int bottom = MIN(area.y + area.h, picture->rows), right = MIN(area.x + area.w, picture->cols);

	for (int y = MAX(area.y, 0); y < bottom; y++)
		for (int x = MAX(area.x, 0); x < right; x++) {
			if (x == area.x || x == right - 1)
				break_wide(picture, y, x);
			*cell_at(picture, y, x) = (struct cell){{' '}, (guint16)look, 1};
		}
}

static void
put(struct picture *picture, int y, int x, int width, guint look, const char *cluster, gsize len)
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
	break_wide(picture, y, x);
	if (width == 2)
		break_wide(picture, y, x + 1);
	*cell_at(picture, y, x) = cell;
	if (width == 2)
		*cell_at(picture, y, x + 1) = (struct cell){{0}, (guint16)look, 0};
}

int
picture_text(struct picture *picture, int y, int x, int width, guint look, const char *text)
{
	int used = 0;
	gsize left = strlen(text);

	if (y < 0 || y >= picture->rows || x < 0)
		return 0;
	width = MIN(width, picture->cols - x);
	while (left && used < width) {
		int columns = 1;
		gsize n = 1;

		/* An ASCII character before another one is a cluster of its own. */
		if ((guchar)text[0] >= 0x80 || (left > 1 && (guchar)text[1] >= 0x80))
			n = text_next(text, left, &columns);
		if (used + columns > width)
			break;
		if (columns > 0)
			put(picture, y, x + used, columns, look, text, n);
		used += columns;
		text += n;
		left -= n;
	}
	return used;
}

int
picture_cut(struct picture *picture, int y, int x, int width, guint look, const char *text)
{
	GString *cell;
	int used;

	width = MIN(width, picture->cols - x);
	if (width <= 0)
		return 0;
	if ((int)strlen(text) <= width)
		return picture_text(picture, y, x, width, look, text);
	cell = g_string_new(NULL);
	text_cell(cell, text, width, FALSE, picture->ascii);
	used = picture_text(picture, y, x, width, look, cell->str);
	g_string_free(cell, TRUE);
	return used;
}

int
picture_right(struct picture *picture, int y, int start, int end, guint look, const char *text)
{
	int width = MIN(text_width(text, -1), end - start);

	if (width > 0)
		picture_cut(picture, y, end - width, width, look, text);
	return end - MAX(width, 0);
}

void
picture_shade(struct picture *picture, int y, int x, int width, guint look)
{
	guint role = look & ROLE_MASK;

	if (y < 0 || y >= picture->rows)
		return;
	for (int i = MAX(x, 0); i < MIN(x + width, picture->cols); i++) {
		struct cell *cell = cell_at(picture, y, i);

		if (role != ROLE_TEXT)
			cell->look = (guint16)((cell->look & ~ROLE_MASK) | role);
		cell->look |= (guint16)(look & ~ROLE_MASK);
	}
}

void
picture_hline(struct picture *picture, int y, int x, int width, guint look)
{
	for (int i = 0; i < width; i++)
		picture_text(picture, y, x + i, 1, look, picture->ascii ? "-" : "─");
}

void
picture_vline(struct picture *picture, int y, int x, int height, guint look)
{
	for (int i = 0; i < height; i++)
		picture_text(picture, y + i, x, 1, look, picture->ascii ? "|" : "│");
}

char *
picture_to_text(const struct picture *picture)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < picture->rows; y++) {
		for (int x = 0; x < picture->cols; x++) {
			const struct cell *cell = &picture->cells[(gsize)y * (gsize)picture->cols + (gsize)x];

			for (int i = 0; i < 3 && cell->ch[i]; i++)
				g_string_append_unichar(out, cell->ch[i]);
		}
		while (out->len && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
