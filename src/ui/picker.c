#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/fuzzy.h"
#include "ui/edit.h"
#include "ui/ui-private.h"

struct picker {
	struct view view;
	char *title, *offer;
	GPtrArray *(*collect)(struct ui *ui, void *user);
	GPtrArray *items; /* struct pick * */
	GArray *fits;     /* struct fit, best first */
	int cursor, top, rows;
	struct edit edit;
	void (*chosen)(struct ui *ui, const struct pick *pick, const char *typed, void *user);
	void *user;
	GDestroyNotify free_user;
};

struct fit {
	int item; /* -1: the offer */
	int score;
};

void
pick_free(gpointer data)
{
	struct pick *pick = data;

	g_free(pick->text);
	g_free(pick->more);
	g_free(pick->right);
	g_free(pick->key);
	g_free(pick->why);
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

/* What was typed may become something new, unless it is there already. */
static void
add_offer(struct picker *picker)
{
	const char *typed = picker->edit.text->str;
	struct fit fit = {-1, 0};

	if (!picker->offer || !*typed)
		return;
	for (guint i = 0; i < picker->items->len; i++)
		if (!strcmp(((struct pick *)picker->items->pdata[i])->text, typed))
			return;
	g_array_append_val(picker->fits, fit);
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
	add_offer(picker);
	picker->cursor = picker->top = 0;
}

/* NULL: nothing, or the offer. */
static const struct pick *
pick_at(const struct picker *picker, int n)
{
	int item =
	        n >= 0 && n < (int)picker->fits->len ? g_array_index(picker->fits, struct fit, n).item : -1;

	return item >= 0 ? picker->items->pdata[item] : NULL;
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
draw_pick(struct ui *ui, const struct picker *picker, struct rect box, int y, const struct pick *pick)
{
	int x = box.x + 2, end = box.x + box.w - 2;
	const char *more = pick && pick->why ? pick->why : pick ? pick->more : NULL;

	if (!pick) {
		g_autofree char *typed = text_safe(picker->edit.text->str, -1);
		g_auto(GStrv) halves = g_strsplit(picker->offer, "%s", 2);
		g_autofree char *offer = g_strconcat(halves[0], typed, halves[1], NULL);

		picture_cut(ui->picture, y, x, end - x, ROLE_ACCENT, offer);
		return;
	}
	if (pick->right)
		end = picture_right(ui->picture, y, box.x + box.w / 3, end, ROLE_KEY, pick->right) - 1;
	x += picture_cut(ui->picture, y, x, end - x, pick->why ? ROLE_DIM : ROLE_TEXT, pick->text);
	if (more)
		picture_cut(ui->picture, y, x + 2, end - x - 2, ROLE_DIM, more);
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
		int y = box.y + 2 + i;

		if (picker->top + i >= (int)picker->fits->len)
			break;
		draw_pick(ui, picker, box, y, pick_at(picker, picker->top + i));
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
	void (*chosen)(struct ui *, const struct pick *, const char *, void *) = picker->chosen;
	const struct pick *pick = pick_at(picker, picker->cursor);
	g_autofree char *typed = g_strdup(picker->edit.text->str);
	void *user = g_steal_pointer(&picker->user);
	GDestroyNotify free_user = picker->free_user;
	struct pick *copy = NULL;

	if (pick) {
		copy = g_new0(struct pick, 1);
		*copy = (struct pick){g_strdup(pick->text), g_strdup(pick->more), g_strdup(pick->right),
		                      g_strdup(pick->key),  g_strdup(pick->why),  pick->number};
	}
	ui_pop(ui);
	chosen(ui, copy, typed, user);
	if (user && free_user)
		free_user(user);
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

	if (y < 2 || picker->top + y - 2 >= (int)picker->fits->len)
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
	if (picker->user && picker->free_user)
		picker->free_user(picker->user);
	g_free(picker->title);
	g_free(picker->offer);
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
picker_new(struct ui *ui, const struct picker_spec *spec)
{
	struct picker *picker = g_new0(struct picker, 1);

	if (ui->folders_stale)
		ui_refresh_folders(ui);
	picker->view.ops = &picker_ops;
	picker->title = g_strdup(spec->title);
	picker->offer = g_strdup(spec->offer);
	picker->collect = spec->collect;
	picker->chosen = spec->chosen;
	picker->user = spec->user;
	picker->free_user = spec->free_user;
	picker->items = spec->collect(ui, spec->user);
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
	picker->items = picker->collect(ui, picker->user);
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
