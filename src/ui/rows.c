#include "ui/rows.h"

void
rows_fit(struct rows *rows, int n, int height)
{
	height = MAX(height, 1);
	rows->cursor = CLAMP(rows->cursor, 0, MAX(0, n - 1));
	rows->top = MIN(rows->top, MAX(0, n - height));
	rows->top = CLAMP(rows->top, MAX(0, rows->cursor - height + 1), rows->cursor);
}

/* By how many rows a page key scrolls; 0: it is none. */
static int
page_of(enum action action, int height)
{
	switch ((int)action) {
	case ACT_PAGE_DOWN:
		return height;
	case ACT_PAGE_UP:
		return -height;
	case ACT_HALF_DOWN:
		return height / 2;
	case ACT_HALF_UP:
		return -height / 2;
	default:
		return 0;
	}
}

gboolean
rows_act(struct rows *rows, int n, enum action action, int count, int height)
{
	int by = MAX(count, 1), page = page_of(action, height), to;

	switch ((int)action) {
	case ACT_NEXT:
		to = rows->cursor + by;
		break;
	case ACT_PREVIOUS:
		to = rows->cursor - by;
		break;
	case ACT_PAGE_DOWN:
	case ACT_PAGE_UP:
	case ACT_HALF_DOWN:
	case ACT_HALF_UP:
		rows->top += page;
		to = rows->cursor + page;
		break;
	case ACT_FIRST:
		to = 0;
		break;
	case ACT_LAST:
		to = n - 1;
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
	rows_fit(rows, n, height);
	return TRUE;
}
