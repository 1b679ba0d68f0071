#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "ui/rows.h"

/* The keys of one view, from the table. */
struct help {
	struct view view;
	enum view_kind of;
	struct rows rows; /* over shown */
	GPtrArray *lines; /* struct help_line * */
	GArray *shown;    /* struct help_row, for width */
	int width;
	char *find;
};

/* What is too long for a row goes on in the next. */
struct help_row {
	guint line;
	gsize start, len; /* of its help */
};

struct help_line {
	char *keys, *name;
	char *help;
	gboolean forbidden;
};

static void
line_free(gpointer data)
{
	struct help_line *line = data;

	g_free(line->keys);
	g_free(line->name);
	g_free(line->help);
	g_free(line);
}

static const char *const view_titles[] = {
        [VIEW_LIST] = N_("Keys of the message list"),      [VIEW_READER] = N_("Keys of the reader"),
        [VIEW_PARTS] = N_("Keys of the list of parts"),    [VIEW_FOLDERS] = N_("Keys of the folder list"),
        [VIEW_ACTIVITY] = N_("Keys of Activity"),          [VIEW_HELP] = N_("Keys of the help"),
        [VIEW_SHARING] = N_("Keys of the sharing screen"), [VIEW_RULES] = N_("Keys of the rules"),
        [VIEW_PICKER] = N_("Keys of the picker"),          [VIEW_PROMPT] = N_("Keys for typing"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(view_titles) == VIEW_KINDS);

static int
height(const struct help *help)
{
	return MAX(help->view.area.h - 1, 1);
}

/* Where the columns stand. */
struct help_columns {
	int keys, names, text, width; /* names 0: none */
};

static struct help_columns
columns_for(int width)
{
	struct help_columns c = {.keys = CLAMP(width / 4, 10, 24), .names = width >= 70 ? 17 : 0};

	c.text = 2 + c.keys + 1 + (c.names ? c.names + 1 : 0);
	c.width = MAX(width - c.text - 1, 1);
	return c;
}

static void
fold(struct help *help, guint n, int width)
{
	const char *text = ((struct help_line *)help->lines->pdata[n])->help;
	struct help_row row = {.line = n};

	do {
		gsize left = strlen(text + row.start);
		const char *space;

		row.len = text_fit(text + row.start, left, width, NULL);
		space = row.len < left ? g_strrstr_len(text + row.start, (gssize)row.len, " ") : NULL;
		if (space)
			row.len = (gsize)(space - text - row.start) + 1;
		g_array_append_val(help->shown, row);
		row.start += row.len;
	} while (row.len && text[row.start]);
}

static void
lay_out(struct help *help, int width)
{
	struct help_columns columns = columns_for(width);

	if (help->width == width)
		return;
	help->width = width;
	g_array_set_size(help->shown, 0);
	for (guint i = 0; i < help->lines->len; i++)
		fold(help, i, columns.width);
}

static void
draw_row(struct ui *ui, const struct help *help, struct rect area, int y, const struct help_row *row)
{
	const struct help_line *line = help->lines->pdata[row->line];
	struct help_columns columns = columns_for(area.w);
	g_autofree char *text = g_strndup(line->help + row->start, row->len);

	if (!row->start) {
		picture_cut(ui->picture, y, area.x + 2, columns.keys, line->forbidden ? ROLE_DIM : ROLE_KEY,
		            line->keys);
		picture_cut(ui->picture, y, area.x + 3 + columns.keys, columns.names, ROLE_DIM, line->name);
	}
	picture_cut(ui->picture, y, area.x + columns.text, columns.width,
	            line->forbidden ? ROLE_DIM : ROLE_TEXT, text);
}

static void
help_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct help *help = (struct help *)view;
	struct rect area = view->area;
	int y;

	ui_title(ui, area, _(view_titles[help->of]), NULL);
	lay_out(help, area.w);
	rows_fit(&help->rows, (int)help->shown->len, height(help));
	for (y = 0; y < height(help) && help->rows.top + y < (int)help->shown->len; y++)
		draw_row(ui, help, area, area.y + 1 + y,
		         &g_array_index(help->shown, struct help_row, help->rows.top + y));
	y = area.y + 1 + help->rows.cursor - help->rows.top;
	picture_shade(ui->picture, y, area.x, area.w, ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, y, area.x);
}

static void
find_from(struct ui *ui, struct help *help, int from)
{
	g_autofree char *folded = g_utf8_casefold(help->find ? help->find : "", -1);

	for (int i = from; i < (int)help->shown->len; i++) {
		const struct help_row *row = &g_array_index(help->shown, struct help_row, i);
		const struct help_line *line = help->lines->pdata[row->line];
		g_autofree char *text = g_strdup_printf("%s %s %s", line->keys, line->name, line->help);
		g_autofree char *folded_text = g_utf8_casefold(text, -1);

		if (row->start || !strstr(folded_text, folded))
			continue;
		help->rows.cursor = i;
		return;
	}
	ui_say(ui, _("“%s” is not found below"), help->find ? help->find : "");
}

static void
find_typed(struct ui *ui, const char *text, void *user)
{
	struct view *top = ui_top(ui);
	struct help *help = (struct help *)top;

	if (!text || !*text || top->ops->kind != VIEW_HELP)
		return;
	g_free(help->find);
	help->find = g_strdup(text);
	find_from(ui, help, help->rows.cursor);
}

static gboolean
help_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct help *help = (struct help *)view;

	lay_out(help, view->area.w);
	if (action == ACT_FIND)
		ui_prompt(ui, _("Find:"), "", 0, find_typed, NULL, NULL);
	else if (action == ACT_FIND_NEXT)
		find_from(ui, help, help->rows.cursor + 1);
	else
		return rows_act(&help->rows, (int)help->shown->len, action, count, height(help));
	return TRUE;
}

static void
help_wheel(struct ui *ui, struct view *view, int by)
{
	struct help *help = (struct help *)view;

	help->rows.top += by;
	help->rows.cursor = CLAMP(help->rows.cursor + by, 0, MAX(0, (int)help->shown->len - 1));
}

static void
help_close(struct ui *ui, struct view *view)
{
	struct help *help = (struct help *)view;

	g_array_unref(help->shown);
	g_ptr_array_unref(help->lines);
	g_free(help->find);
	g_free(help);
}

static const struct view_ops help_ops = {
        .kind = VIEW_HELP,
        .draw = help_draw,
        .act = help_act,
        .wheel = help_wheel,
        .close = help_close,
};

struct view *
help_new(struct ui *ui, enum view_kind of)
{
	struct help *help = g_new0(struct help, 1);

	help->view.ops = &help_ops;
	help->of = of;
	help->lines = g_ptr_array_new_with_free_func(line_free);
	help->shown = g_array_new(FALSE, FALSE, sizeof(struct help_row));
	for (const struct key_action *a = keys_actions(); a->name; a++) {
		struct help_line *line;
		g_autofree char *why = NULL;

		if (!(a->views & VIEW_BIT(of)) || !keymap_keys(ui->keymap, of, a->id))
			continue;
		line = g_new0(struct help_line, 1);
		line->keys = keymap_key_names(ui->keymap, of, a->id);
		line->name = g_strdup(a->name);
		why = ui_forbidden(ui, of, a->id);
		line->forbidden = why != NULL;
		line->help = why ? g_strdup_printf(_("Not allowed: %s"), why) : g_strdup(_(a->help));
		g_ptr_array_add(help->lines, line);
	}
	return &help->view;
}
