#include <string.h>
#include "base/i18n.h"
#include "model/fuzzy.h"
#include "ui/edit.h"
#include "ui/ui-private.h"

struct picker {
	struct view view;
	char *title;
	GPtrArray *(*collect)(struct ui *ui);
	GPtrArray *items; /* struct pick * */
	GArray *fits;     /* struct fit, best first */
	int cursor, top, rows;
	struct edit edit;
	void (*chosen)(struct ui *ui, const struct pick *pick, const char *typed);
};

struct fit {
	int item, score;
};

void
pick_free(gpointer data)
{
	struct pick *pick = data;

	g_free(pick->text);
	g_free(pick->more);
	g_free(pick->right);
	g_free(pick->key);
	g_free(pick);
}

static gint
better(gconstpointer a, gconstpointer b)
{
	const struct fit *x = a, *y = b;

	return x->score != y->score ? y->score - x->score : x->item - y->item;
}

/* What something is called counts for more than what is said about it. */
static int
score_of(const char *typed, const struct pick *pick)
{
	int name = fuzzy_score(typed, pick->text), whole;
	g_autofree char *all = pick->more ? g_strconcat(pick->text, " ", pick->more, NULL) : NULL;

	whole = all ? fuzzy_score(typed, all) : -1;
	return name >= 0 ? MAX(name * 2, whole) : whole;
}

static void
match(struct picker *picker)
{
	g_array_set_size(picker->fits, 0);
	for (guint i = 0; i < picker->items->len; i++) {
		const struct pick *pick = picker->items->pdata[i];
		struct fit fit = {(int)i, score_of(picker->edit.text->str, pick)};

		if (fit.score >= 0)
			g_array_append_val(picker->fits, fit);
	}
	g_array_sort(picker->fits, better);
	picker->cursor = picker->top = 0;
}

static const struct pick *
pick_at(const struct picker *picker, int n)
{
	return n >= 0 && n < (int)picker->fits->len
	               ? picker->items->pdata[g_array_index(picker->fits, struct fit, n).item]
	               : NULL;
}

static void
draw_frame(struct ui *ui, struct rect box, const char *title)
{
	picture_clear(ui->picture, box, ROLE_TEXT);
	picture_hline(ui->picture, box.y, box.x, box.w, ROLE_RULE);
	picture_hline(ui->picture, box.y + box.h - 1, box.x, box.w, ROLE_RULE);
	picture_vline(ui->picture, box.y, box.x, box.h, ROLE_RULE);
	picture_vline(ui->picture, box.y, box.x + box.w - 1, box.h, ROLE_RULE);
	picture_text(ui->picture, box.y, box.x, 1, ROLE_RULE, ui_mark(ui, "┌", "+"));
	picture_text(ui->picture, box.y, box.x + box.w - 1, 1, ROLE_RULE, ui_mark(ui, "┐", "+"));
	picture_text(ui->picture, box.y + box.h - 1, box.x, 1, ROLE_RULE, ui_mark(ui, "└", "+"));
	picture_text(ui->picture, box.y + box.h - 1, box.x + box.w - 1, 1, ROLE_RULE, ui_mark(ui, "┘", "+"));
	picture_text(ui->picture, box.y, box.x + 2, 1, ROLE_TEXT, " ");
	picture_text(ui->picture, box.y,
	             box.x + 3 + picture_cut(ui->picture, box.y, box.x + 3, box.w - 6, ROLE_TITLE, title), 1,
	             ROLE_TEXT, " ");
}

static void
picker_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct picker *picker = (struct picker *)view;
	int cols = ui->picture->cols, rows = ui->picture->rows - 2, x;
	struct rect box = {0, 0, MIN(rows, MAX(6, rows * 3 / 4)), MIN(cols, MAX(cols * 2 / 3, 60))};

	box.x = (cols - box.w) / 2;
	box.y = (rows - box.h) / 2;
	view->area = box;
	draw_frame(ui, box, picker->title);
	picker->rows = box.h - 3;
	picker->top = CLAMP(picker->top, MAX(0, picker->cursor - picker->rows + 1), picker->cursor);
	for (int i = 0; i < picker->rows; i++) {
		const struct pick *pick = pick_at(picker, picker->top + i);
		int y = box.y + 2 + i, end = box.x + box.w - 2;

		if (!pick)
			break;
		if (pick->right)
			end = picture_right(ui->picture, y, box.x + box.w / 3, end, ROLE_KEY, pick->right) -
			      1;
		x = box.x + 2;
		x += picture_cut(ui->picture, y, x, end - x, ROLE_TEXT, pick->text);
		if (pick->more)
			picture_cut(ui->picture, y, x + 2, end - x - 2, ROLE_DIM, pick->more);
		if (picker->top + i == picker->cursor)
			picture_shade(ui->picture, y, box.x + 1, box.w - 2, ROLE_CURSOR);
	}
	if (!picker->fits->len)
		picture_cut(ui->picture, box.y + 2, box.x + 2, box.w - 4, ROLE_DIM, _("(nothing fits)"));
	x = edit_draw(&picker->edit, ui->picture, box.y + 1, box.x + 2, box.w - 4, FALSE);
	if (focused)
		ui_cursor(ui, box.y + 1, x);
}

static void
choose(struct ui *ui, struct picker *picker)
{
	void (*chosen)(struct ui *, const struct pick *, const char *) = picker->chosen;
	const struct pick *pick = pick_at(picker, picker->cursor);
	g_autofree char *typed = g_strdup(picker->edit.text->str);
	struct pick *copy = NULL;

	if (pick) {
		copy = g_new0(struct pick, 1);
		*copy = (struct pick){g_strdup(pick->text), g_strdup(pick->more), g_strdup(pick->right),
		                      g_strdup(pick->key), pick->number};
	}
	ui_pop(ui);
	chosen(ui, copy, typed);
	if (copy)
		pick_free(copy);
}

static gboolean
picker_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct picker *picker = (struct picker *)view;
	int by = action == ACT_NEXT        ? 1
	         : action == ACT_PREVIOUS  ? -1
	         : action == ACT_PAGE_DOWN ? picker->rows
	         : action == ACT_PAGE_UP   ? -picker->rows
	                                   : 0;

	if (by) {
		picker->cursor = CLAMP(picker->cursor + by, 0, MAX(0, (int)picker->fits->len - 1));
		return TRUE;
	}
	if (action == ACT_OPEN) {
		choose(ui, picker);
		return TRUE;
	}
	if (edit_act(&picker->edit, action)) {
		match(picker);
		return TRUE;
	}
	return FALSE;
}

static void
picker_type(struct ui *ui, struct view *view, gunichar c)
{
	struct picker *picker = (struct picker *)view;

	edit_insert(&picker->edit, c);
	match(picker);
}

static void
picker_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct picker *picker = (struct picker *)view;

	if (y < 2 || !pick_at(picker, picker->top + y - 2))
		return;
	picker->cursor = picker->top + y - 2;
	if (twice)
		choose(ui, picker);
}

static void
picker_wheel(struct ui *ui, struct view *view, int by)
{
	struct picker *picker = (struct picker *)view;

	picker->cursor = CLAMP(picker->cursor + by, 0, MAX(0, (int)picker->fits->len - 1));
}

static void
picker_close(struct ui *ui, struct view *view)
{
	struct picker *picker = (struct picker *)view;

	g_ptr_array_unref(picker->items);
	g_array_unref(picker->fits);
	edit_clear(&picker->edit);
	g_free(picker->title);
	g_free(picker);
}

static const struct view_ops picker_ops = {
        .kind = VIEW_PICKER,
        .draw = picker_draw,
        .act = picker_act,
        .type = picker_type,
        .click = picker_click,
        .wheel = picker_wheel,
        .close = picker_close,
};

struct view *
picker_new(struct ui *ui, const char *title, GPtrArray *(*collect)(struct ui *ui),
           void (*chosen)(struct ui *ui, const struct pick *pick, const char *typed))
{
	struct picker *picker = g_new0(struct picker, 1);

	picker->view.ops = &picker_ops;
	picker->title = g_strdup(title);
	picker->collect = collect;
	picker->items = collect(ui);
	picker->chosen = chosen;
	picker->fits = g_array_new(FALSE, FALSE, sizeof(struct fit));
	edit_init(&picker->edit, "");
	match(picker);
	return &picker->view;
}

static void
refill(struct ui *ui, struct picker *picker)
{
	const struct pick *at = pick_at(picker, picker->cursor);
	g_autofree char *text = g_strdup(at ? at->text : NULL);
	gboolean moved = picker->cursor > 0;

	g_ptr_array_unref(picker->items);
	picker->items = picker->collect(ui);
	match(picker);
	for (int i = 0; moved && text && (at = pick_at(picker, i)); i++)
		if (!strcmp(at->text, text)) {
			picker->cursor = i;
			break;
		}
}

void
ui_refill_pickers(struct ui *ui)
{
	for (guint i = 0; i < ui->views->len; i++) {
		struct view *view = ui->views->pdata[i];

		if (view->ops->kind == VIEW_PICKER)
			refill(ui, (struct picker *)view);
	}
}
