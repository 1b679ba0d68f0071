#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/ui-private.h"

#define DEEPEST 8 /* levels of thread arms that are drawn */

/* Where the columns of a row stand. */
struct columns {
	int state, mark, date, date_width, from, from_width, subject, subject_width;
};

static struct columns
columns_for(struct rect area)
{
	struct columns c = {.state = 2, .mark = 4, .date = 6, .date_width = format_date_width()};
	int left;

	if (area.w < 60) {
		c.state = 1;
		c.mark = 2;
		c.date = 4;
	}
	c.from = c.date + c.date_width + 1;
	left = area.w - c.from - 1;
	c.from_width = CLAMP(left * 27 / 100, 6, 24);
	c.subject = c.from + c.from_width + 2;
	c.subject_width = MAX(area.w - c.subject, 0);
	return c;
}

static const char *
state_mark(const struct ui *ui, const struct list_item *item, guint *look)
{
	guint flags = item->row->flags;

	*look = ROLE_DIM;
	if (g_hash_table_contains(ui->selected, &item->row->id)) {
		*look = ROLE_SELECTED;
		return ui_mark(ui, "✓", "x");
	}
	if (!(flags & FLAG_SEEN) || item->unread_hidden) {
		*look = ROLE_ACCENT | LOOK_BOLD;
		return "N";
	}
	if (flags & FLAG_DRAFT)
		return "D";
	if (flags & FLAG_ANSWERED)
		return "r";
	return flags & FLAG_FORWARDED ? "f" : " ";
}

static const char *
flag_mark(const struct list_item *item, guint *look)
{
	const struct store_row *row = item->row;

	*look = ROLE_DIM;
	if (row->refused || row->flags & FLAG_FLAGGED) {
		*look = row->refused ? ROLE_ERROR : ROLE_FLAGGED;
		return row->refused ? "?" : "!";
	}
	return row->attachments > 0 || row->attachments == -2 ? "@" : " ";
}

static int
draw_arms(struct ui *ui, int y, int x, int width, const struct list_item *item)
{
	int used = 0, first = MAX(1, item->depth - DEEPEST);

	for (int level = first; level < item->depth; level++)
		used += picture_text(ui->picture, y, x + used, width - used, ROLE_DIM,
		                     level <= 32 && item->arms & 1u << (level - 1) ? ui_mark(ui, "│ ", "| ")
		                                                                   : "  ");
	if (item->depth)
		used += picture_text(ui->picture, y, x + used, width - used, ROLE_DIM,
		                     item->last ? ui_mark(ui, "└─>", "`->") : ui_mark(ui, "├─>", "|->"));
	return used;
}

static void
draw_subject(struct ui *ui, int y, int x, int width, const struct list_item *item, guint look)
{
	int end = x + width, used = draw_arms(ui, y, x, width, item);
	g_autofree char *hidden = item->hidden ? g_strdup_printf("+%u", item->hidden) : NULL;

	if (hidden)
		end = picture_right(ui->picture, y, x + used, end - 1,
		                    item->unread_hidden ? ROLE_ACCENT | LOOK_BOLD : ROLE_DIM, hidden) -
		      1;
	if (item->depth && !item->same_subject)
		used++;
	if (item->depth && item->same_subject)
		return;
	picture_cut(ui->picture, y, x + used, end - x - used, look,
	            *item->subject ? item->subject : _("(no subject)"));
}

static gint64
shown_date(const struct ui *ui, const struct store_row *row)
{
	/* A date from the future says nothing. */
	if (row->has_date && (row->date <= ui->now + 86400 || !row->received))
		return row->date;
	return row->received;
}

static void
draw_row(struct ui *ui, struct rect area, const struct columns *c, int y, const struct list_item *item,
         gboolean at_cursor)
{
	guint look, text = item->row->flags & FLAG_SEEN && !item->unread_hidden ? ROLE_TEXT : ROLE_NEW;
	g_autofree char *date = format_date_short(shown_date(ui, item->row), ui->now);
	const char *mark;

	if (item->row->flags & FLAG_DELETED)
		text |= LOOK_DIM;
	mark = state_mark(ui, item, &look);
	picture_text(ui->picture, y, area.x + c->state, 1, look, mark);
	mark = flag_mark(item, &look);
	picture_text(ui->picture, y, area.x + c->mark, 1, look, mark);
	picture_cut(ui->picture, y, area.x + c->date, c->date_width, ROLE_DIM, date);
	picture_cut(ui->picture, y, area.x + c->from, c->from_width, text,
	            *item->from ? item->from : _("(nobody)"));
	draw_subject(ui, y, area.x + c->subject, c->subject_width, item, text);
	if (at_cursor) {
		picture_shade(ui->picture, y, area.x + 1, area.w - 1, ROLE_CURSOR);
		picture_text(ui->picture, y, area.x, 1, ROLE_ACCENT, ui_mark(ui, "▌", ">"));
	}
}

/* "work / INBOX      1,204 mails · 37 new    ● Idle" */
static void
draw_title(struct ui *ui, struct rect area)
{
	guint role;
	g_autofree char *link = ui_link_text(ui, ui->account, &role), *path = text_safe(ui->path, -1);
	g_autofree char *title = g_strdup_printf("%s / %s", ui_account_id(ui, ui->account), path);
	gint64 place, total;
	g_autofree char *mails = NULL, *unread = NULL, *counts = NULL;
	int end = area.x + area.w - 1;

	list_place(ui->list, &place, &total);
	mails = format_count(total);
	unread = format_count(ui->info ? ui->info->unread : 0);
	if (area.w >= 70)
		counts = g_strdup_printf(ngettext("%s mail %s %s new", "%s mails %s %s new", (gulong)total),
		                         mails, ui_mark(ui, "·", "-"), unread);
	else
		counts = g_strdup_printf("%s %s %s", mails, ui_mark(ui, "·", "-"), unread);
	picture_clear(ui->picture, (struct rect){area.y, area.x, 1, area.w}, ROLE_TITLE);
	end = picture_right(ui->picture, area.y, area.x, end, role, link) - 4;
	if (area.w >= 36) /* else the name of the folder needs the room */
		end = picture_right(ui->picture, area.y, area.x + area.w / 4, end, ROLE_STATUS, counts) - 2;
	picture_cut(ui->picture, area.y, area.x + 1, end - area.x - 1, ROLE_TITLE, title);
}

static const char *
empty_text(struct ui *ui)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	gboolean known = ui->info && (ui->info->synced || ui->info->complete);

	if (known || account->link == LINK_IDLE)
		return _("(no messages)");
	if (account->link == LINK_OFFLINE)
		return ui->info ? _("(no messages here; offline)") : _("(nothing is here yet; offline)");
	return account->link == LINK_ERROR ? _("(no connection; W says why)") : _("(looking for messages)");
}

static void
list_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct rect area = view->area;
	struct columns columns = columns_for(area);
	int y, cursor;

	list_set_height(ui->list, area.h - 1);
	cursor = list_cursor_y(ui->list);
	draw_title(ui, area);
	for (y = 0; y < area.h - 1; y++) {
		const struct list_item *item = list_at(ui->list, y);

		if (!item)
			break;
		draw_row(ui, area, &columns, area.y + 1 + y, item, y == cursor);
	}
	if (!list_count(ui->list))
		picture_cut(ui->picture, area.y + 1, area.x + columns.date, area.w - columns.date, ROLE_DIM,
		            empty_text(ui));
	if (focused)
		ui_cursor(ui, area.y + 1 + MAX(cursor, 0), area.x + (cursor < 0 ? columns.date : 0));
}

/* -- keys -- */

static gboolean
move_down(struct ui *ui, int count)
{
	if (!list_move(ui->list, MAX(count, 1)) && list_count(ui->list))
		ui_say(ui, _("This is the last message"));
	return TRUE;
}

static gboolean
move_up(struct ui *ui, int count)
{
	if (!list_move(ui->list, -MAX(count, 1)) && list_count(ui->list))
		ui_say(ui, _("This is the first message"));
	return TRUE;
}

static gboolean
page_down(struct ui *ui, int count)
{
	return list_page(ui->list, 2 * MAX(count, 1)) || TRUE;
}

static gboolean
page_up(struct ui *ui, int count)
{
	return list_page(ui->list, -2 * MAX(count, 1)) || TRUE;
}

static gboolean
half_down(struct ui *ui, int count)
{
	return list_page(ui->list, MAX(count, 1)) || TRUE;
}

static gboolean
half_up(struct ui *ui, int count)
{
	return list_page(ui->list, -MAX(count, 1)) || TRUE;
}

static gboolean
go_first(struct ui *ui, int count)
{
	return list_first(ui->list) || TRUE;
}

static gboolean
go_last(struct ui *ui, int count)
{
	return list_last(ui->list) || TRUE;
}

static gboolean
screen_top(struct ui *ui, int count)
{
	return list_to_row(ui->list, 0) || TRUE;
}

static gboolean
screen_middle(struct ui *ui, int count)
{
	int shown = 0;

	while (list_at(ui->list, shown) && shown < ui->list_view->area.h - 1)
		shown++;
	return list_to_row(ui->list, (shown - 1) / 2) || TRUE;
}

static gboolean
screen_bottom(struct ui *ui, int count)
{
	return list_to_row(ui->list, ui->list_view->area.h - 2) || TRUE;
}

static gboolean
open_message(struct ui *ui, int count)
{
	const struct list_item *item = list_cursor(ui->list);

	if (item && reader_show(ui, ui->account, item->row->id, FALSE) && ui_top(ui) != ui->reader)
		ui_push(ui, ui->reader);
	return TRUE;
}

static gboolean
next_thread(struct ui *ui, int count)
{
	return list_move_thread(ui->list, 1) || TRUE;
}

static gboolean
previous_thread(struct ui *ui, int count)
{
	return list_move_thread(ui->list, -1) || TRUE;
}

static gboolean
to_parent(struct ui *ui, int count)
{
	if (!list_to_parent(ui->list))
		ui_say(ui, _("The message that it answers is not in this folder"));
	return TRUE;
}

static gboolean
fold(struct ui *ui, int count)
{
	if (!list_fold(ui->list))
		ui_say(ui, _("This conversation has one message"));
	return TRUE;
}

static gboolean
fold_all(struct ui *ui, int count)
{
	list_fold_all(ui->list);
	return TRUE;
}

static gboolean
toggle_threads(struct ui *ui, int count)
{
	list_set_threads(ui->list, !list_threads(ui->list));
	ui_say(ui, list_threads(ui->list) ? _("By conversation") : _("One message after the other"));
	return TRUE;
}

static gboolean
seek(struct ui *ui, int by)
{
	int found = ui->info && !ui->info->unread && ui->info->complete ? -1 : list_seek_new(ui->list, by);

	if (!found) {
		ui->seeking = by;
		ui_say(ui, _("Looking for new messages; any key stops"));
	} else if (found < 0) {
		ui_say(ui, by > 0 ? _("No new messages below") : _("No new messages above"));
	}
	return TRUE;
}

static gboolean
next_new(struct ui *ui, int count)
{
	return seek(ui, 1);
}

static gboolean
previous_new(struct ui *ui, int count)
{
	return seek(ui, -1);
}

static gboolean
show_parts(struct ui *ui, int count)
{
	const struct list_item *item = list_cursor(ui->list);

	if (item)
		ui_push(ui, parts_new(ui, ui->account, item->row->id));
	return TRUE;
}

static void
select_one(struct ui *ui, msgid id, gboolean on)
{
	if (on)
		g_hash_table_add(ui->selected, g_memdup2(&id, sizeof(id)));
	else
		g_hash_table_remove(ui->selected, &id);
}

static gboolean
tag(struct ui *ui, int count)
{
	for (int i = 0; i < MAX(count, 1); i++) {
		const struct list_item *item = list_cursor(ui->list);

		if (!item)
			break;
		select_one(ui, item->row->id, !g_hash_table_contains(ui->selected, &item->row->id));
		if (!list_move(ui->list, 1))
			break;
	}
	return TRUE;
}

static gboolean
tag_thread(struct ui *ui, int count)
{
	const struct list_item *item = list_cursor(ui->list);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean on;

	if (!item)
		return TRUE;
	list_thread_ids(ui->list, item, ids);
	on = !g_hash_table_contains(ui->selected, &item->row->id);
	for (guint i = 0; i < ids->len; i++)
		select_one(ui, g_array_index(ids, msgid, i), on);
	list_move_thread(ui->list, 1);
	return TRUE;
}

static gboolean
untag_all(struct ui *ui, int count)
{
	g_hash_table_remove_all(ui->selected);
	return TRUE;
}

static void
fetched(struct ui *ui, const struct job *job, const GError *error)
{
	if (!error)
		ui_say(ui, _("The whole message is here"));
	else if (error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
}

static gboolean
fetch(struct ui *ui, int count)
{
	g_autoptr(GArray) ids = ui_subjects(ui);

	for (guint i = 0; i < ids->len; i++) {
		struct command *command = command_new(CMD_PART, ui_account_id(ui, ui->account));

		command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
		g_array_append_val(command->ids, g_array_index(ids, gint64, i));
		command->text = g_strdup("");
		ui_send(ui, ui->account, command, _("Fetching the message"), fetched);
	}
	return TRUE;
}

static const struct {
	enum action action;
	gboolean (*run)(struct ui *ui, int count);
} list_actions[] = {
        {ACT_NEXT, move_down},
        {ACT_PREVIOUS, move_up},
        {ACT_PAGE_DOWN, page_down},
        {ACT_PAGE_UP, page_up},
        {ACT_HALF_DOWN, half_down},
        {ACT_HALF_UP, half_up},
        {ACT_FIRST, go_first},
        {ACT_LAST, go_last},
        {ACT_SCREEN_TOP, screen_top},
        {ACT_SCREEN_MIDDLE, screen_middle},
        {ACT_SCREEN_BOTTOM, screen_bottom},
        {ACT_OPEN, open_message},
        {ACT_NEXT_NEW, next_new},
        {ACT_PREVIOUS_NEW, previous_new},
        {ACT_NEXT_THREAD, next_thread},
        {ACT_PREVIOUS_THREAD, previous_thread},
        {ACT_PARENT, to_parent},
        {ACT_FOLD, fold},
        {ACT_FOLD_ALL, fold_all},
        {ACT_THREADS, toggle_threads},
        {ACT_PARTS, show_parts},
        {ACT_TAG, tag},
        {ACT_TAG_THREAD, tag_thread},
        {ACT_UNTAG_ALL, untag_all},
        {ACT_FETCH, fetch},
};

static gboolean
list_act(struct ui *ui, struct view *view, enum action action, int count)
{
	for (guint i = 0; i < G_N_ELEMENTS(list_actions); i++)
		if (list_actions[i].action == action)
			return list_actions[i].run(ui, count);
	return ui_flag_action(ui, action);
}

static void
list_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	if (y < 1 || !list_at(ui->list, y - 1))
		return;
	list_to_row(ui->list, y - 1);
	if (twice)
		open_message(ui, 0);
}

static void
list_wheel(struct ui *ui, struct view *view, int by)
{
	list_scroll(ui->list, by);
}

static void
list_close(struct ui *ui, struct view *view)
{
	g_free(view);
}

static const struct view_ops list_ops = {
        .kind = VIEW_LIST,
        .draw = list_draw,
        .act = list_act,
        .click = list_click,
        .wheel = list_wheel,
        .close = list_close,
};

struct view *
list_view_new(struct ui *ui)
{
	struct view *view = g_new0(struct view, 1);

	view->ops = &list_ops;
	return view;
}
