#include "ui/sharing-private.h"
#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/rights.h"

/* A folder beyond its mail: who may do what, how much room is left, notes. All of it is the server's and only
 * there online. sharing-keys.c changes it. */

static const struct {
	enum admin_kind kind;
	const char *heading; /* N_() */
} parts[SHARING_PARTS] = {
        [PART_RIGHTS] = {ADMIN_RIGHTS, N_("Who may do what")},
        [PART_QUOTA] = {ADMIN_QUOTA, N_("Room on the server")},
        [PART_NOTES] = {ADMIN_NOTES, N_("Notes")},
};

static void
fact_free(gpointer data)
{
	struct sharing_fact *fact = data;

	g_free(fact->name);
	g_free(fact->value);
	g_free(fact);
}

static void
line_free(gpointer data)
{
	struct sharing_line *line = data;

	g_free(line->text);
	g_free(line);
}

/* -- what is known as lines -- */

/* Takes text. */
static struct sharing_line *
add(struct sharing *sharing, guint look, char *text)
{
	struct sharing_line *line = g_new0(struct sharing_line, 1);

	line->text = text;
	line->look = look;
	g_ptr_array_add(sharing->lines, line);
	return line;
}

static void
add_fact(struct sharing *sharing, enum sharing_kind kind, const struct sharing_fact *fact, guint look,
         char *text)
{
	struct sharing_line *line = add(sharing, look, text);

	line->kind = kind;
	line->fact = fact;
}

/* In two rows where one is too short. */
static void
add_right(struct sharing *sharing, const struct sharing_fact *fact)
{
	g_autofree char *who = text_safe(fact->name, -1), *letters = text_safe(fact->value, -1),
	                *words = rights_words(fact->value),
	                *line = g_strdup_printf("  %-16s %-14s %s", who, letters, words);

	if (text_width(line, -1) <= sharing->view.area.w - 2) {
		add_fact(sharing, KIND_RIGHT, fact, ROLE_TEXT, g_steal_pointer(&line));
		return;
	}
	add_fact(sharing, KIND_RIGHT, fact, ROLE_TEXT, g_strdup_printf("  %-16s %s", who, letters));
	add_fact(sharing, KIND_RIGHT, fact, ROLE_DIM, g_strdup_printf("      %s", words));
}

static void
add_rights(struct sharing *sharing)
{
	if (sharing->own) {
		g_autofree char *words = rights_words(sharing->own);

		add(sharing, ROLE_TEXT, g_strdup_printf(_("  You may: %s"), *words ? words : _("nothing")));
	}
	for (guint i = 0; i < sharing->facts[PART_RIGHTS]->len; i++)
		add_right(sharing, sharing->facts[PART_RIGHTS]->pdata[i]);
}

static void
add_quotas(struct sharing *sharing)
{
	for (guint i = 0; i < sharing->facts[PART_QUOTA]->len; i++) {
		const struct sharing_fact *fact = sharing->facts[PART_QUOTA]->pdata[i];
		gboolean full = FALSE;
		g_autofree char *name = text_safe(fact->name, -1), *value = text_safe(fact->value, -1),
		                *room = ui_quota_text(fact->name, fact->value, &full);
		char *resource = room ? strrchr(name, ' ') : NULL;

		if (resource) /* what room is of needs no word */
			*resource = '\0';
		add(sharing, full ? ROLE_ERROR : ROLE_TEXT,
		    g_strdup_printf("  %-16s %s", name, room ? room : value));
	}
}

static void
add_notes(struct sharing *sharing)
{
	for (guint i = 0; i < sharing->facts[PART_NOTES]->len; i++) {
		const struct sharing_fact *fact = sharing->facts[PART_NOTES]->pdata[i];
		g_autofree char *name = text_safe(fact->name, -1), *value = text_safe(fact->value, -1);

		add_fact(sharing, KIND_NOTE, fact, ROLE_TEXT, g_strdup_printf("  %-16s  %s", name, value));
	}
}

static void
add_letters(struct sharing *sharing)
{
	add(sharing, ROLE_TITLE, g_strdup(_("What the letters mean")));
	for (const struct right *right = rights_all(); right->letter; right++)
		add(sharing, ROLE_DIM,
		    g_strdup_printf("  %c  %-10s %s", right->letter, rights_word(right), _(right->help)));
}

static void
collect(struct sharing *sharing)
{
	static void (*const adders[SHARING_PARTS])(struct sharing *) = {
	        [PART_RIGHTS] = add_rights, [PART_QUOTA] = add_quotas, [PART_NOTES] = add_notes};

	g_ptr_array_set_size(sharing->lines, 0);
	for (guint i = 0; i < SHARING_PARTS; i++) {
		guint before;

		add(sharing, ROLE_TITLE, g_strdup(_(parts[i].heading)));
		before = sharing->lines->len;
		adders[i](sharing);
		if (sharing->trouble[i])
			add(sharing, ROLE_DIM, g_strdup_printf("  %s", sharing->trouble[i]));
		else if (sharing->asked[i])
			add(sharing, ROLE_DIM, g_strdup(_("  (asking the server)")));
		else if (sharing->lines->len == before)
			add(sharing, ROLE_DIM, g_strdup(_("  (none)")));
	}
	add_letters(sharing);
}

int
sharing_height(const struct sharing *sharing)
{
	return MAX(sharing->view.area.h - 1, 1);
}

void
sharing_renew(struct sharing *sharing)
{
	collect(sharing);
	rows_fit(&sharing->rows, (int)sharing->lines->len, sharing_height(sharing));
}

/* -- asking -- */

static void
ask(struct ui *ui, struct sharing *sharing, enum sharing_part part)
{
	struct command *command = command_new(CMD_ADMIN, ui_account_id(ui, sharing->account));
	const struct job *job;

	command->folder = sharing->folder;
	command->add = parts[part].kind;
	g_clear_pointer(&sharing->trouble[part], g_free);
	job = ui_send(ui, sharing->account, command, NULL, NULL);
	sharing->asked[part] = job ? job->id : 0;
}

static void
take_answer(struct sharing *sharing, enum sharing_part part, const struct event *event)
{
	struct sharing_fact *fact;

	if (part == PART_RIGHTS && (!event->text || !*event->text)) {
		g_free(sharing->own);
		sharing->own = rights_normal(event->text2 ? event->text2 : "");
		return;
	}
	fact = g_new(struct sharing_fact, 1);
	*fact = (struct sharing_fact){g_strdup(event->text ? event->text : ""),
	                              g_strdup(event->text2 ? event->text2 : "")};
	g_ptr_array_add(sharing->facts[part], fact);
}

static void
sharing_told(struct ui *ui, struct view *view, const struct event *event)
{
	struct sharing *sharing = (struct sharing *)view;

	for (guint i = 0; i < SHARING_PARTS && event->command; i++) {
		if (sharing->asked[i] != event->command)
			continue;
		if (event->kind == EVENT_FACT)
			take_answer(sharing, i, event);
		if (event->kind == EVENT_DONE) {
			sharing->asked[i] = 0;
			sharing->trouble[i] = event->error ? text_safe(event->error->message, -1) : NULL;
		}
	}
}

void
sharing_ask_again(struct ui *ui, struct sharing *sharing, enum sharing_part part)
{
	g_ptr_array_set_size(sharing->lines, 0); /* they lend from what goes */
	g_ptr_array_set_size(sharing->facts[part], 0);
	ask(ui, sharing, part);
}

/* -- the view -- */

static void
sharing_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct sharing *sharing = (struct sharing *)view;
	struct rect area = view->area;
	g_autofree char *path = text_safe(sharing->path, -1),
	                *title = g_strdup_printf(_("Sharing of %s / %s"), ui_account_id(ui, sharing->account),
	                                         path);
	int y;

	ui_title(ui, area, title, NULL);
	sharing_renew(sharing);
	for (y = 0; y < sharing_height(sharing) && sharing->rows.top + y < (int)sharing->lines->len; y++) {
		const struct sharing_line *line = sharing->lines->pdata[sharing->rows.top + y];

		picture_cut(ui->picture, area.y + 1 + y, area.x + 1, area.w - 2, line->look, line->text);
	}
	y = area.y + 1 + sharing->rows.cursor - sharing->rows.top;
	picture_shade(ui->picture, y, area.x, area.w, ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, y, area.x);
}

static void
sharing_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct sharing *sharing = (struct sharing *)view;

	if (y >= 1)
		sharing->rows.cursor = sharing->rows.top + y - 1;
	rows_fit(&sharing->rows, (int)sharing->lines->len, sharing_height(sharing));
}

static void
sharing_wheel(struct ui *ui, struct view *view, int by)
{
	struct sharing *sharing = (struct sharing *)view;

	sharing->rows.cursor += by;
	rows_fit(&sharing->rows, (int)sharing->lines->len, sharing_height(sharing));
}

static void
sharing_close(struct ui *ui, struct view *view)
{
	struct sharing *sharing = (struct sharing *)view;

	for (guint i = 0; i < SHARING_PARTS; i++) {
		g_free(sharing->trouble[i]);
		g_ptr_array_unref(sharing->facts[i]);
	}
	g_ptr_array_unref(sharing->lines);
	g_free(sharing->own);
	g_free(sharing->path);
	g_free(sharing);
}

static const struct view_ops sharing_ops = {
        .kind = VIEW_SHARING,
        .draw = sharing_draw,
        .act = sharing_act,
        .click = sharing_click,
        .wheel = sharing_wheel,
        .told = sharing_told,
        .close = sharing_close,
};

struct view *
sharing_new(struct ui *ui, guint account, const char *path)
{
	struct sharing *sharing = g_new0(struct sharing, 1);
	const struct store_folder *folder = ui_folder_at(ui, account, path);

	sharing->view.ops = &sharing_ops;
	sharing->account = account;
	sharing->path = g_strdup(path);
	sharing->folder = folder ? folder->id : 0;
	sharing->own = folder && *folder->rights ? rights_normal(folder->rights) : NULL;
	sharing->lines = g_ptr_array_new_with_free_func(line_free);
	sharing->rows.cursor = 1;
	for (guint i = 0; i < SHARING_PARTS; i++) {
		sharing->facts[i] = g_ptr_array_new_with_free_func(fact_free);
		ask(ui, sharing, i);
	}
	return &sharing->view;
}
