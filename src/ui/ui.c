#include <langinfo.h>
#include <string.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/ui-private.h"

#define COUNT_MAX 2000

static void
account_free(gpointer data)
{
	struct ui_account *account = data;

	g_free(account->detail);
	g_free(account->foreign);
	if (account->folders)
		g_ptr_array_unref(account->folders);
	g_free(account);
}

static void
add_accounts(struct ui *ui)
{
	ui->accounts = g_ptr_array_new_with_free_func(account_free);
	for (guint i = 0; i < ui->conf->accounts->len; i++) {
		struct ui_account *account = g_new0(struct ui_account, 1);

		account->conf = ui->conf->accounts->pdata[i];
		/* A local account has no link to wait for. */
		account->link = account->conf->type == ACCOUNT_MAILDIR ? LINK_IDLE
		                : ui->params->offline                  ? LINK_OFFLINE
		                                                       : LINK_CONNECTING;
		g_ptr_array_add(ui->accounts, account);
	}
}

static gboolean
draws_ascii(const struct conf *conf)
{
	const char *art = conf->ui.line_art ? conf->ui.line_art : "auto";

	if (!strcmp(art, "ascii") || conf->ui.accessible)
		return TRUE;
	return !strcmp(art, "auto") && strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static void
free_ask(gpointer event)
{
	event_free(event);
}

struct ui *
ui_new(const struct ui_params *params, int rows, int cols, GError **error)
{
	struct ui *ui = g_new0(struct ui, 1);
	const char *layout = params->conf->ui.layout ? params->conf->ui.layout : "auto";
	g_autofree char *path = NULL;
	guint account;

	ui->params = params;
	ui->conf = params->conf;
	ui->date_width = format_date_by_width(ui->conf->list.date_format);
	ui->accessible = ui->conf->ui.accessible;
	ui->ascii = draws_ascii(ui->conf);
	ui->rail = ui->pane = strcmp(layout, "list") != 0 && !ui->accessible;
	ui->keymap = keymap_new(ui->conf);
	ui->selected = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	ui->state = state_load();
	ui->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, ui_job_free);
	ui->history = g_ptr_array_new_with_free_func(g_free);
	ui->views = g_ptr_array_new();
	ui->asks = g_ptr_array_new_with_free_func(free_ask);
	ui->list = list_new(ui->conf->list.threads, rows - 3);
	add_accounts(ui);
	ui->list_view = list_view_new(ui);
	ui->reader = reader_new(ui);
	g_ptr_array_add(ui->views, ui->list_view);
	ui_resize(ui, rows, cols);
	if (!ui_find_target(ui, params->target, &account, &path, error) ||
	    !ui_open_folder(ui, account, path, FALSE, error)) {
		ui_free(ui);
		return NULL;
	}
	return ui;
}

static void
view_close(struct ui *ui, struct view *view)
{
	if (view->ops->close)
		view->ops->close(ui, view);
}

void
ui_free(struct ui *ui)
{
	if (!ui)
		return;
	ui_sweep_stop(ui);
	while (ui->views->len > 1)
		ui_pop(ui);
	if (ui->worker) {
		layout_worker_finish(ui->worker);
		reader_laid_out(ui);
		layout_worker_free(ui->worker);
	}
	view_close(ui, ui->list_view);
	view_close(ui, ui->reader);
	g_ptr_array_unref(ui->asks);
	g_ptr_array_unref(ui->views);
	g_ptr_array_unref(ui->accounts);
	g_ptr_array_unref(ui->history);
	g_hash_table_unref(ui->jobs);
	g_clear_pointer(&ui->folder_lines, g_ptr_array_unref);
	state_free(ui->state);
	g_hash_table_unref(ui->selected);
	list_free(ui->list);
	if (ui->info)
		store_folder_free(ui->info);
	keymap_free(ui->keymap);
	picture_free(ui->picture);
	if (ui->temporary)
		files_remove_tree(ui->temporary);
	g_free(ui->temporary);
	g_free(ui->path);
	g_free(ui->toast);
	g_free(ui->refused);
	g_free(ui);
}

/* -- the stack -- */

struct view *
ui_top(const struct ui *ui)
{
	return ui->views->pdata[ui->views->len - 1];
}

static gboolean
lies_over(const struct view *view)
{
	return view->ops->kind == VIEW_PICKER || view->ops->kind == VIEW_PROMPT;
}

struct view *
ui_base(const struct ui *ui)
{
	for (guint i = ui->views->len; i-- > 0;)
		if (!lies_over(ui->views->pdata[i]))
			return ui->views->pdata[i];
	return ui->list_view;
}

gboolean
ui_is_typing(const struct ui *ui)
{
	return lies_over(ui_top(ui));
}

void
ui_push(struct ui *ui, struct view *view)
{
	/* Keys may come before it is painted, and go by its size. */
	if (!view->area.h)
		view->area = (struct rect){0, 0, MAX(ui->picture->rows - 2, 1), ui->picture->cols};
	g_ptr_array_add(ui->views, view);
}

void
ui_pop(struct ui *ui)
{
	struct view *view = ui_top(ui);

	if (view == ui->list_view)
		return;
	g_ptr_array_remove_index(ui->views, ui->views->len - 1);
	if (view != ui->reader)
		view_close(ui, view);
}

/* -- one line for the person -- */

static void
set_toast(struct ui *ui, gboolean error, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);

	g_free(ui->toast);
	ui->toast = text_safe(text, -1);
	ui->toast_is_error = error;
}

void
ui_say(struct ui *ui, const char *format, ...)
{
	va_list args;

	if (ui->toast && ui->toast_is_error)
		return;
	va_start(args, format);
	set_toast(ui, FALSE, format, args);
	va_end(args);
}

void
ui_complain(struct ui *ui, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_toast(ui, TRUE, format, args);
	va_end(args);
	ui_note(ui, ui->toast);
}

/* -- drawing -- */

void
ui_resize(struct ui *ui, int rows, int cols)
{
	picture_free(ui->picture);
	ui->picture = picture_new(rows, cols, ui->ascii);
}

const char *
ui_mark(const struct ui *ui, const char *utf8, const char *ascii)
{
	return ui->ascii ? ascii : utf8;
}

char *
ui_key_of(const struct ui *ui, enum view_kind view, enum action action)
{
	const GArray *keys = keymap_keys(ui->keymap, view, action);
	const struct key_action *row = keys_action_in(action, view);

	if (keys)
		return keys_name(g_array_index(keys, gint32, 0));
	return g_strconcat(":", row ? row->name : "", NULL);
}

void
ui_cursor(struct ui *ui, int y, int x)
{
	ui->cursor_y = y;
	ui->cursor_x = x;
}

void
ui_title(struct ui *ui, struct rect area, const char *title, const char *right)
{
	int end = area.x + area.w - 1;

	picture_clear(ui->picture, (struct rect){area.y, area.x, 1, area.w}, ROLE_TITLE);
	if (right)
		end = picture_right(ui->picture, area.y, area.x + area.w / 3, end, ROLE_STATUS, right) - 2;
	picture_cut(ui->picture, area.y, area.x + 1, end - area.x - 1, ROLE_TITLE, title);
}

static void
lay_out(struct ui *ui)
{
	int cols = ui->picture->cols, wanted = (int)ui->conf->ui.rail_width;

	ui->rail_width = ui->rail && cols >= RAIL_FROM ? CLAMP(wanted ? wanted : 20, 10, cols / 3) : 0;
	wanted = (int)ui->conf->ui.pager_width;
	ui->pane_width = ui->pane && cols >= PANE_FROM
	                         ? CLAMP(wanted ? wanted : (cols - ui->rail_width) * 9 / 20, 30, cols / 2)
	                         : 0;
}

static void
draw_view(struct ui *ui, struct view *view, struct rect area, gboolean focused)
{
	view->area = area;
	picture_clear(ui->picture, area, ROLE_TEXT);
	view->ops->draw(ui, view, focused);
}

static void
draw_base(struct ui *ui)
{
	struct view *base = ui_base(ui);
	int height = ui->picture->rows - 2, cols = ui->picture->cols;
	int left = ui->rail_width ? ui->rail_width + 1 : 0, pane = ui->pane_width ? ui->pane_width + 1 : 0;
	struct rect rail = {0, 0, height, ui->rail_width};
	struct rect main = {0, left, height, cols - left - pane}, whole = {0, left, height, cols - left};
	gboolean focused = base == ui_top(ui);
	gboolean in_rail = base->ops->kind == VIEW_FOLDERS && ui->rail_width;

	if (ui->rail_width) {
		if (in_rail)
			draw_view(ui, base, rail, focused);
		else
			folders_draw_rail(ui, rail);
		picture_vline(ui->picture, 0, ui->rail_width, height, ROLE_RULE);
	}
	if (base == ui->list_view || in_rail || (base == ui->reader && pane)) {
		draw_view(ui, ui->list_view, main, focused && base == ui->list_view);
		if (!pane)
			return;
		picture_vline(ui->picture, 0, cols - pane, height, ROLE_RULE);
		draw_view(ui, ui->reader, (struct rect){0, cols - pane + 1, height, pane - 1},
		          focused && base == ui->reader);
		return;
	}
	draw_view(ui, base, whole, focused);
}

void
ui_draw(struct ui *ui)
{
	struct rect all = {0, 0, ui->picture->rows, ui->picture->cols};

	ui->now = g_get_real_time() / G_USEC_PER_SEC;
	ui_cursor(ui, -1, -1);
	if (ui->picture->rows < MIN_ROWS || ui->picture->cols < MIN_COLS) {
		picture_clear(ui->picture, all, ROLE_TEXT);
		picture_cut(ui->picture, 0, 0, all.w, ROLE_TEXT, _("The window is too small."));
		return;
	}
	lay_out(ui);
	draw_base(ui);
	ui_draw_status(ui);
	ui_draw_hints(ui);
	for (guint i = 0; i < ui->views->len; i++) {
		struct view *view = ui->views->pdata[i];

		if (lies_over(view)) {
			view->area = all;
			view->ops->draw(ui, view, view == ui_top(ui));
		}
	}
}

/* -- keys -- */

static gboolean
takes_count(const struct ui *ui, gint32 key)
{
	enum view_kind kind = ui_top(ui)->ops->kind;

	if (key < '0' || key > '9' || (key == '0' && !ui->count) || kind == VIEW_PICKER ||
	    kind == VIEW_PROMPT)
		return FALSE;
	return keymap_lookup(ui->keymap, kind, key) == ACT_NONE;
}

static void
mouse_at(struct ui *ui, const struct term_mouse *mouse)
{
	struct view *top = ui_top(ui), *hit = top;
	struct view *const others[] = {ui->list_view, ui->reader};

	if (ui->rail_width && mouse->x < ui->rail_width && !lies_over(top) &&
	    top->ops->kind != VIEW_FOLDERS) {
		if (mouse->click)
			folders_click_rail(ui, mouse->y);
		return;
	}
	/* A click beside the view that has the keys goes to the list or the pane it hits. */
	for (guint i = 0;
	     i < G_N_ELEMENTS(others) && (top == ui->list_view || top == ui->reader) && ui->pane_width; i++) {
		struct rect r = others[i]->area;

		if (mouse->x >= r.x && mouse->x < r.x + r.w)
			hit = others[i];
	}
	if (hit == ui->list_view && top == ui->reader && mouse->click)
		ui_pop(ui);
	if (mouse->wheel && hit->ops->wheel)
		hit->ops->wheel(ui, hit, mouse->wheel * 3);
	if (mouse->click && hit->ops->click)
		hit->ops->click(ui, hit, mouse->y - hit->area.y, mouse->x - hit->area.x, mouse->twice);
	ui->preview_due = g_get_monotonic_time() + PREVIEW_AFTER;
}

void
ui_key(struct ui *ui, gint32 key, const struct term_mouse *mouse)
{
	struct view *top = ui_top(ui);
	enum action action;
	int count = ui->count;

	if (key != K_RESIZE)
		ui->presses++;
	ui->seeking = 0;
	list_seek_stop(ui->list);
	g_clear_pointer(&ui->toast, g_free);
	ui->toast_is_error = FALSE;
	if (key == K_MOUSE) {
		if (mouse)
			mouse_at(ui, mouse);
		return;
	}
	if (key == K_RESIZE)
		return;
	if (takes_count(ui, key)) {
		ui->count = MIN(ui->count * 10 + key - '0', COUNT_MAX);
		return;
	}
	ui->count = 0;
	action = keymap_lookup(ui->keymap, top->ops->kind, key);
	/* Escape and a key right behind it look like Alt with that key: where Escape leaves, it left. */
	if (action == ACT_NONE && key & K_META && keymap_lookup(ui->keymap, top->ops->kind, 27) != ACT_NONE) {
		ui_key(ui, 27, NULL);
		ui_key(ui, key & ~K_META, NULL);
		return;
	}
	if (action == ACT_LINK)
		count = key - '0';
	if (action != ACT_NONE)
		ui_act(ui, action, count);
	else if (top->ops->type && key >= ' ' && key < K_UP && key != 0x7f)
		top->ops->type(ui, top, (gunichar)key);
	else if (key != 27) {
		enum view_kind kind = top->ops->kind == VIEW_HELP ? VIEW_LIST : top->ops->kind;
		g_autofree char *name = keys_name(key), *help = ui_key_of(ui, kind, ACT_HELP);

		ui_say(ui, _("%s does nothing here; %s lists the keys"), name, help);
	}
}
