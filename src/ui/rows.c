#include "ui/rows.h"

void
rows_fit(struct rows *rows, int n, int height)
{
	height = MAX(height, 1);
	rows->n = n;
	rows->cursor = CLAMP(rows->cursor, 0, MAX(0, n - 1));
	rows->top = MIN(rows->top, MAX(0, n - height));
	rows->top = CLAMP(rows->top, MAX(0, rows->cursor - height + 1), rows->cursor);
}

gboolean
rows_act(struct rows *rows, enum action action, int count, int height)
{
	int by = MAX(count, 1), to;

	switch ((int)action) {
	case ACT_NEXT:
		to = rows->cursor + by;
		break;
	case ACT_PREVIOUS:
		to = rows->cursor - by;
		break;
	case ACT_PAGE_DOWN:
		to = rows->cursor + height;
		break;
	case ACT_PAGE_UP:
		to = rows->cursor - height;
		break;
	case ACT_HALF_DOWN:
		to = rows->cursor + height / 2;
		break;
	case ACT_HALF_UP:
		to = rows->cursor - height / 2;
		break;
	case ACT_FIRST:
		to = 0;
		break;
	case ACT_LAST:
		to = rows->n - 1;
		break;
	case ACT_SCREEN_TOP:
		to = rows->top;
		break;
	case ACT_SCREEN_MIDDLE:
		to = rows->top + height / 2;
		break;
	case ACT_SCREEN_BOTTOM:
		to = rows->top + height - 1;
		break;
	default:
		return FALSE;
	}
	rows->cursor = to;
	rows_fit(rows, rows->n, height);
	return TRUE;
}
