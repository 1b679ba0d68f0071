#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "store/wanted.h"
#include "ui/rows.h"

/* The parts of one message, to open, save or fetch. */
struct parts {
	struct view view;
	struct rows rows;
	guint account;
	msgid id;
	char *subject;
	GPtrArray *parts; /* struct document_part * */
	GPtrArray *later; /* as ui_laters gives */
};

GPtrArray *
ui_laters(struct ui *ui, guint account)
{
	struct store *store = ui_store(ui, account);

	return store ? store_laters(store) : g_ptr_array_new();
}

static const struct view_ops parts_ops;

static void
load(struct ui *ui, struct parts *parts)
{
	struct store *store = ui_store(ui, parts->account);
	g_autoptr(GError) error = NULL;

	g_ptr_array_unref(parts->parts);
	parts->parts = store ? document_parts(store, parts->id, 0, &error) : g_ptr_array_new();
	if (error)
		ui_complain(ui, "%s", error->message);
	g_ptr_array_unref(parts->later);
	parts->later = ui_laters(ui, parts->account);
}

static void
structure_came(struct ui *ui, const struct job *job, const GError *error)
{
	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
}

static void
ask_structure(struct ui *ui, struct parts *parts)
{
	struct command *command;

	if (parts->parts->len || ui_is_fetching(ui, parts->id))
		return;
	command = command_new(CMD_TEXT, ui_account_id(ui, parts->account));
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, parts->id);
	ui_send(ui, parts->account, command, _("Fetching the structure"), structure_came);
}

static int
height(const struct parts *parts)
{
	return MAX(parts->view.area.h - 1, 1);
}

static const char *
name_of(const struct document_part *part)
{
	return part->shown ? _("(the text)") : part->name;
}

static const char *
place_of(const struct parts *parts, const struct document_part *part)
{
	if (part->here)
		return _("here");
	return store_is_later(parts->later, parts->id, part->section) ? _("later") : _("on the server");
}

static void
draw_part(struct ui *ui, const struct parts *parts, struct rect area, int y, const struct document_part *part)
{
	g_autofree char *size = text_size(part->size), *number = g_strdup_printf("%2u", part->number);
	const char *place = place_of(parts, part);
	int x = area.x + 1, end = area.x + area.w - 1;

	picture_text(ui->picture, y, x, 3, ROLE_KEY, number);
	x += 3 + (int)MIN(part->depth, 6);
	end = picture_right(ui->picture, y, x, end, part->here ? ROLE_GOOD : ROLE_DIM, place) - 2;
	end = picture_right(ui->picture, y, x, MIN(end, area.x + area.w - 16), ROLE_TEXT, size) - 2;
	if (area.w >= 70) {
		picture_cut(ui->picture, y, end - 24, 24, ROLE_DIM, part->type);
		end -= 25;
	}
	picture_cut(ui->picture, y, x, end - x, part->shown ? ROLE_DIM : ROLE_TEXT, name_of(part));
}

static void
parts_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct parts *parts = (struct parts *)view;
	struct rect area = view->area;
	g_autofree char *title =
	        g_strdup_printf(_("Parts of %s"), *parts->subject ? parts->subject : _("(no subject)"));
	int y;

	ui_title(ui, area, title, NULL);
	rows_fit(&parts->rows, (int)parts->parts->len, height(parts));
	for (y = 0; y < height(parts) && parts->rows.top + y < (int)parts->parts->len; y++)
		draw_part(ui, parts, area, area.y + 1 + y, parts->parts->pdata[parts->rows.top + y]);
	if (!parts->parts->len)
		picture_cut(ui->picture, area.y + 1, area.x + 2, area.w - 3, ROLE_DIM,
		            ui_is_fetching(ui, parts->id) ? _("(asking the server what is in the message)")
		                                          : _("(not known: the message is on the server)"));
	else
		picture_shade(ui->picture, area.y + 1 + parts->rows.cursor - parts->rows.top, area.x, area.w,
		              ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, area.y + 1 + parts->rows.cursor - parts->rows.top, area.x);
}

static const struct document_part *
part_at_cursor(const struct parts *parts)
{
	return parts->rows.cursor < (int)parts->parts->len ? parts->parts->pdata[parts->rows.cursor] : NULL;
}

static void
fetch(struct ui *ui, struct parts *parts, const struct document_part *part)
{
	struct command *command;
	g_autofree char *label = g_strdup_printf(_("Fetching %s"), name_of(part));

	if (part->here) {
		ui_say(ui, _("It is here already"));
		return;
	}
	command = command_new(CMD_PART, ui_account_id(ui, parts->account));
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, parts->id);
	command->text = g_strdup(part->section);
	ui_send(ui, parts->account, command, label, NULL);
}

static void
noted_for_later(struct ui *ui, const struct job *job, const GError *error)
{
	struct view *view = ui_base(ui);

	if (error)
		ui_complain(ui, "%s", error->message);
	if (view->ops == &parts_ops)
		load(ui, (struct parts *)view);
}

static void
fetch_later(struct ui *ui, struct parts *parts, const struct document_part *part)
{
	struct command *command;

	if (part->here) {
		ui_say(ui, _("It is here already"));
		return;
	}
	command = command_new(CMD_LATER, ui_account_id(ui, parts->account));
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, parts->id);
	command->text = g_strdup(part->section);
	ui_send(ui, parts->account, command, "", noted_for_later);
	ui_say(ui, _("%s comes when nothing else is asked of the server"), name_of(part));
}

static gboolean
parts_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct parts *parts = (struct parts *)view;
	const struct document_part *part = part_at_cursor(parts);

	if (rows_act(&parts->rows, (int)parts->parts->len, action, count, height(parts)))
		return TRUE;
	if (action != ACT_OPEN && action != ACT_SAVE && action != ACT_FETCH && action != ACT_LATER)
		return FALSE;
	if (!part)
		ask_structure(ui, parts);
	else if (action == ACT_OPEN)
		ui_open_part(ui, parts->account, parts->id, part);
	else if (action == ACT_SAVE)
		ui_save_part(ui, parts->account, parts->id, part);
	else if (action == ACT_FETCH)
		fetch(ui, parts, part);
	else
		fetch_later(ui, parts, part);
	return TRUE;
}

static void
parts_told(struct ui *ui, struct view *view, const struct event *event)
{
	struct parts *parts = (struct parts *)view;

	if (event->kind == EVENT_BODY && event->id == parts->id)
		load(ui, parts);
}

static void
parts_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct parts *parts = (struct parts *)view;

	if (y < 1 || parts->rows.top + y - 1 >= (int)parts->parts->len)
		return;
	parts->rows.cursor = parts->rows.top + y - 1;
	if (twice)
		parts_act(ui, view, ACT_OPEN, 0);
}

static void
parts_close(struct ui *ui, struct view *view)
{
	struct parts *parts = (struct parts *)view;

	g_ptr_array_unref(parts->parts);
	g_ptr_array_unref(parts->later);
	g_free(parts->subject);
	g_free(parts);
}

static const struct view_ops parts_ops = {
        .kind = VIEW_PARTS,
        .draw = parts_draw,
        .act = parts_act,
        .told = parts_told,
        .click = parts_click,
        .close = parts_close,
};

struct view *
parts_new(struct ui *ui, guint account, msgid id)
{
	struct parts *parts = g_new0(struct parts, 1);
	struct store *store = ui_store(ui, account);
	struct store_row *row = store ? store_row(store, id, NULL) : NULL;

	parts->view.ops = &parts_ops;
	parts->account = account;
	parts->id = id;
	parts->subject = text_safe(row ? row->subject : "", -1);
	parts->parts = g_ptr_array_new();
	parts->later = g_ptr_array_new();
	if (row)
		store_row_free(row);
	load(ui, parts);
	ask_structure(ui, parts);
	return &parts->view;
}
