#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/folders.h"
#include "model/format.h"
#include "ui/rows.h"

/* The tree of folders: the rail that is always there in wide windows, and the same lines with a cursor. */
struct folders_view {
	struct view view;
	struct rows rows;
	char *at; /* "ACCOUNT/PATH" of the line under the cursor: it stays when lines come and go */
};

static void
add_pins(struct ui *ui, GPtrArray *lines)
{
	gboolean several = ui->accounts->len > 1;

	for (guint i = 0; i < ui->accounts->len; i++)
		folders_pins(lines, i, several ? ui_account_id(ui, i) : NULL, ui_folders(ui, i));
}

/* All lines, kept until folders change. Gives a reference. */
static GPtrArray *
all_lines(struct ui *ui)
{
	GPtrArray *lines;

	if (ui->folder_lines)
		return g_ptr_array_ref(ui->folder_lines);
	lines = g_ptr_array_new_with_free_func(folder_line_free);
	add_pins(ui, lines);
	for (guint i = 0; i < ui->accounts->len; i++) {
		const char *id = ui_account_id(ui, i);

		folders_lines(lines, i, id, id, ui_folders(ui, i), state_collapsed(ui->state),
		              ui->show_hidden ? FOLDERS_HIDDEN : 0,
		              ((struct ui_account *)ui->accounts->pdata[i])->foreign);
	}
	ui->folder_lines = g_ptr_array_ref(lines);
	return lines;
}

static gboolean
is_open(const struct ui *ui, const struct folder_line *line)
{
	return !line->heading && line->account == ui->account && !strcmp(line->path, ui->path);
}

/* What is said about a folder besides its name and counts. Gives (g_free). */
static char *
words_of(const struct folder_line *line)
{
	GString *out = g_string_new(NULL);
	g_autofree char *keep = *line->keep ? g_strdup_printf(_("keep %s"), line->keep) : NULL;
	const char *words[] = {line->pending ? _("waiting for the server") : NULL,
	                       line->hidden ? _("hidden") : NULL,
	                       line->left_out      ? _("not subscribed")
	                       : line->singled_out ? _("subscribed")
	                                           : NULL,
	                       keep};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (words[i])
			g_string_append_printf(out, "%s%s", out->len ? ", " : "", words[i]);
	return g_string_free(out, FALSE);
}

#define DETAILS_FROM 60 /* columns */
#define TOTAL_WIDTH 11
#define WORDS_WIDTH 24

/* Returns where the rest of the line ends. */
static int
draw_details(struct ui *ui, struct rect area, int y, int end, const struct folder_line *line)
{
	g_autofree char *total = line->id ? format_count(line->total) : NULL, *words = words_of(line);
	int x = area.x + area.w - WORDS_WIDTH;

	picture_cut(ui->picture, y, x, WORDS_WIDTH - 1, ROLE_DIM, words);
	if (total)
		picture_right(ui->picture, y, x - TOTAL_WIDTH, x - 2, ROLE_DIM, total);
	return x - TOTAL_WIDTH - 1;
}

static void
draw_folder(struct ui *ui, struct rect area, int y, const struct folder_line *line)
{
	int x = area.x + 1, end = area.x + area.w - 1;
	g_autofree char *unread = line->unread > 0 ? format_count(line->unread) : NULL;
	guint look = line->heading       ? ROLE_TITLE
	             : is_open(ui, line) ? ROLE_ACCENT | LOOK_BOLD
	             : line->unread      ? ROLE_NEW
	                                 : ROLE_TEXT;
	const char *mark = line->collapsed      ? ui_mark(ui, "▸", "+")
	                   : line->has_children ? ui_mark(ui, "▾", "-")
	                                        : " ";

	if (line->heading) {
		picture_cut(ui->picture, y, x, end - x, look, line->name);
		return;
	}
	if (!line->selectable || line->hidden)
		look = ROLE_DIM;
	if (line->pending)
		look |= LOOK_ITALIC;
	if (line->pin)
		mark = ui_mark(ui, "•", "*");
	x += (int)MIN(line->depth, 6) * 2;
	picture_text(ui->picture, y, x, 1, ROLE_DIM, mark);
	if (area.w >= DETAILS_FROM)
		end = draw_details(ui, area, y, end, line);
	if (unread)
		end = picture_right(ui->picture, y, x + 4, end, look, unread) - 1;
	picture_cut(ui->picture, y, x + 2, end - x - 2, look, line->name);
}

static void
draw_lines(struct ui *ui, struct rect area, const GPtrArray *lines, int top)
{
	for (int y = 0; y < area.h && top + y < (int)lines->len; y++)
		draw_folder(ui, area, area.y + y, lines->pdata[top + y]);
}

static int
open_line(const struct ui *ui, const GPtrArray *lines)
{
	for (guint i = 0; i < lines->len; i++)
		if (is_open(ui, lines->pdata[i]))
			return (int)i;
	return 0;
}

static int
rail_top(const struct ui *ui, const GPtrArray *lines, int height)
{
	return CLAMP(open_line(ui, lines) - height / 2, 0, MAX(0, (int)lines->len - height));
}

void
folders_draw_rail(struct ui *ui, struct rect area)
{
	g_autoptr(GPtrArray) lines = all_lines(ui);

	picture_clear(ui->picture, area, ROLE_TEXT);
	draw_lines(ui, area, lines, rail_top(ui, lines, area.h));
}

static void
go_to(struct ui *ui, const struct folder_line *line)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_strdup(line->path);
	guint account = line->account;

	if (line->heading || !line->selectable)
		return;
	if (!ui_open_folder(ui, account, path, TRUE, &error))
		ui_complain(ui, "%s", error->message);
}

void
folders_click_rail(struct ui *ui, int y)
{
	g_autoptr(GPtrArray) lines = all_lines(ui);
	int at = rail_top(ui, lines, ui->picture->rows - 2) + y;

	if (at >= 0 && at < (int)lines->len)
		go_to(ui, lines->pdata[at]);
	while (ui_top(ui) != ui->list_view)
		ui_pop(ui);
}

/* Pins stand a second time in the tree. Gives (g_free). */
static char *
key_of(const struct ui *ui, const struct folder_line *line)
{
	return g_strdup_printf("%s%s/%s",
	                       line->pin                        ? "*"
	                       : line->heading && line->foreign ? "+"
	                                                        : "",
	                       ui_account_id(ui, line->account), line->path);
}

static void
remember(struct ui *ui, struct folders_view *folders, const GPtrArray *lines)
{
	g_clear_pointer(&folders->at, g_free);
	if (folders->rows.cursor >= 0 && folders->rows.cursor < (int)lines->len)
		folders->at = key_of(ui, lines->pdata[folders->rows.cursor]);
}

static GPtrArray *
lines_at(struct ui *ui, struct folders_view *folders)
{
	GPtrArray *lines = all_lines(ui);

	for (guint i = 0; folders->at && i < lines->len; i++) {
		g_autofree char *key = key_of(ui, lines->pdata[i]);

		if (!strcmp(key, folders->at))
			folders->rows.cursor = (int)i;
	}
	rows_fit(&folders->rows, (int)lines->len, folders->view.area.h - 1);
	return lines;
}

static void
draw_title(struct ui *ui, struct rect area)
{
	int x = area.x + area.w - WORDS_WIDTH;

	ui_title(ui, area, ui->show_hidden ? _("Folders, hidden ones too") : _("Folders"), NULL);
	if (area.w < DETAILS_FROM)
		return;
	picture_right(ui->picture, area.y, x - TOTAL_WIDTH, x - 2, ROLE_STATUS, _("mails"));
	picture_right(ui->picture, area.y, x - 2 * TOTAL_WIDTH, x - TOTAL_WIDTH - 1, ROLE_STATUS, _("new"));
}

static void
folders_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct folders_view *folders = (struct folders_view *)view;
	g_autoptr(GPtrArray) lines = lines_at(ui, folders);
	struct rect area = view->area;
	int y;

	if (!ui->rail_width) {
		draw_title(ui, area);
		area.y++;
		area.h--;
	}
	rows_fit(&folders->rows, (int)lines->len, area.h);
	draw_lines(ui, area, lines, folders->rows.top);
	y = area.y + folders->rows.cursor - folders->rows.top;
	picture_shade(ui->picture, y, area.x, area.w, ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, y, area.x);
}

static void
set_collapsed(struct ui *ui, const struct folder_line *line, gboolean on)
{
	g_autofree char *key = g_strdup_printf("%s/%s", ui_account_id(ui, line->account), line->path);

	state_collapse(ui->state, key, on && line->has_children);
	if (ui->accessible && line->has_children)
		ui_say(ui, on ? _("%s is folded") : _("%s is unfolded"), line->name);
	g_clear_pointer(&ui->folder_lines, g_ptr_array_unref);
}

/* The nearest line above that this one lies below. */
static const struct folder_line *
parent_of(const GPtrArray *lines, int at)
{
	const struct folder_line *line = lines->pdata[at];

	while (--at >= 0) {
		const struct folder_line *above = lines->pdata[at];

		if (above->heading || above->account != line->account)
			break;
		if (above->depth < line->depth)
			return above;
	}
	return NULL;
}

/* What has nothing below it to hide is hidden with its parent: the cursor goes there. */
static void
collapse(struct ui *ui, struct folders_view *folders, const GPtrArray *lines)
{
	const struct folder_line *line = lines->pdata[folders->rows.cursor];

	if (!line->has_children || line->collapsed)
		line = line->pin ? NULL : parent_of(lines, folders->rows.cursor);
	if (!line)
		return;
	g_free(folders->at);
	folders->at = key_of(ui, line);
	set_collapsed(ui, line, TRUE);
}

/* What is changed keeps the cursor; else that waits for what was put under it and is still to come. */
static gboolean
act_on(struct ui *ui, struct folders_view *folders, const GPtrArray *lines, enum action action)
{
	char *awaited = g_steal_pointer(&folders->at);
	gboolean done;

	remember(ui, folders, lines);
	done = ui_folder_action(ui, lines->pdata[folders->rows.cursor], action);
	if (done) {
		g_free(awaited);
	} else {
		g_free(folders->at);
		folders->at = awaited;
	}
	return done;
}

static gboolean
folders_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct folders_view *folders = (struct folders_view *)view;
	g_autoptr(GPtrArray) lines = lines_at(ui, folders);
	const struct folder_line *line = lines->len ? lines->pdata[folders->rows.cursor] : NULL;

	if (!line)
		return FALSE;
	if (rows_act(&folders->rows, (int)lines->len, action, count, MAX(view->area.h - 1, 1))) {
		remember(ui, folders, lines);
		return TRUE;
	}
	if (action == ACT_COLLAPSE) {
		collapse(ui, folders, lines);
		return TRUE;
	}
	if (action == ACT_EXPAND) {
		set_collapsed(ui, line, FALSE);
		return TRUE;
	}
	if (action != ACT_OPEN)
		return act_on(ui, folders, lines, action);
	if (line->heading || !line->selectable) {
		set_collapsed(ui, line, !line->collapsed);
		return TRUE;
	}
	go_to(ui, line);
	while (ui_top(ui) != ui->list_view)
		ui_pop(ui);
	return TRUE;
}

static void
folders_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct folders_view *folders = (struct folders_view *)view;
	g_autoptr(GPtrArray) lines = lines_at(ui, folders);
	int at = folders->rows.top + y - (ui->rail_width ? 0 : 1);

	if (at < 0 || at >= (int)lines->len)
		return;
	folders->rows.cursor = at;
	remember(ui, folders, lines);
	if (twice || ui->rail_width)
		folders_act(ui, view, ACT_OPEN, 0);
}

static void
folders_wheel(struct ui *ui, struct view *view, int by)
{
	folders_act(ui, view, by > 0 ? ACT_NEXT : ACT_PREVIOUS, ABS(by));
}

static void
folders_close(struct ui *ui, struct view *view)
{
	g_free(((struct folders_view *)view)->at);
	g_free(view);
}

static const struct view_ops folders_ops = {
        .kind = VIEW_FOLDERS,
        .draw = folders_draw,
        .act = folders_act,
        .click = folders_click,
        .wheel = folders_wheel,
        .close = folders_close,
};

struct view *
folders_new(struct ui *ui)
{
	struct folders_view *folders = g_new0(struct folders_view, 1);
	g_autoptr(GPtrArray) lines = all_lines(ui);

	folders->view.ops = &folders_ops;
	folders->rows.cursor = open_line(ui, lines);
	remember(ui, folders, lines);
	return &folders->view;
}

/* -- for what keys do -- */

static struct folders_view *
shown_view(const struct ui *ui)
{
	for (guint i = ui->views->len; i-- > 0;) {
		struct view *view = ui->views->pdata[i];

		if (view->ops == &folders_ops)
			return (struct folders_view *)view;
	}
	return NULL;
}

const struct folder_line *
folders_line_at_cursor(struct ui *ui)
{
	struct folders_view *folders = shown_view(ui);
	g_autoptr(GPtrArray) lines = folders ? lines_at(ui, folders) : NULL;

	return lines && lines->len ? lines->pdata[folders->rows.cursor] : NULL;
}

void
folders_put_cursor(struct ui *ui, guint account, const char *path)
{
	struct folders_view *folders = shown_view(ui);
	g_autofree char *above = g_strdup(path);
	char *slash;

	if (!folders)
		return;
	while ((slash = strrchr(above, '/'))) {
		g_autofree char *key = NULL;

		*slash = '\0';
		key = g_strdup_printf("%s/%s", ui_account_id(ui, account), above);
		state_collapse(ui->state, key, FALSE);
	}
	g_clear_pointer(&ui->folder_lines, g_ptr_array_unref);
	g_free(folders->at);
	folders->at = g_strdup_printf("%s/%s", ui_account_id(ui, account), path);
}

char *
folders_detail(struct ui *ui)
{
	const struct folder_line *line = folders_line_at_cursor(ui);
	g_autofree char *path = NULL, *words = NULL, *total = NULL, *unread = NULL;

	if (!line || line->heading)
		return NULL;
	path = text_safe(line->path, -1);
	words = words_of(line);
	total = format_count(line->total);
	unread = format_count(line->unread);
	if (!line->id)
		return g_steal_pointer(&path);
	return g_strdup_printf(
	        ngettext("%s: %s mail, %s new%s%s", "%s: %s mails, %s new%s%s", (gulong)line->total), path,
	        total, unread, *words ? "; " : "", words);
}
