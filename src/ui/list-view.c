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
columns_for(const struct ui *ui, struct rect area)
{
	struct columns c = {.state = 2, .mark = 4, .date = 6, .date_width = ui->date_width};
	int left;

	if (area.w < 60) {
		c.state = 1;
		c.mark = 2;
		c.date = 4;
	}
	c.date_width = MIN(c.date_width, area.w / 3);
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
	g_autofree char *date =
	        format_date_by(ui->conf->list.date_format, shown_date(ui, item->row), ui->now);
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

/* An empty folder is told from one that nobody has looked into yet. */
static gboolean
is_known(const struct ui *ui)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];

	return (ui->info && (ui->info->synced || ui->info->complete)) || account->link == LINK_IDLE;
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
	if (area.w >= 36 && (total || is_known(ui))) /* else the name of the folder needs the room */
		end = picture_right(ui->picture, area.y, area.x + area.w / 4, end, ROLE_STATUS, counts) - 2;
	picture_cut(ui->picture, area.y, area.x + 1, end - area.x - 1, ROLE_TITLE, title);
}

/* Gives (g_free). */
static char *
error_text(const struct ui *ui)
{
	g_autofree char *activity = ui_key_of(ui, VIEW_LIST, ACT_ACTIVITY),
	                *offline = ui_key_of(ui, VIEW_LIST, ACT_OFFLINE);

	return g_strdup_printf(_("(no connection; %s says why, %s tries again)"), activity, offline);
}

/* Gives (g_free). */
static char *
empty_text(struct ui *ui)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	gint64 place, total;

	list_place(ui->list, &place, &total);
	if (!total && is_known(ui))
		return g_strdup(_("(no messages)"));
	if (account->link == LINK_OFFLINE)
		return g_strdup(ui->info ? _("(no messages here; offline)")
		                         : _("(nothing is here yet; offline)"));
	return account->link == LINK_ERROR ? error_text(ui) : g_strdup(_("(looking for messages)"));
}

static void
list_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct rect area = view->area;
	struct columns columns = columns_for(ui, area);
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
	if (!list_count(ui->list)) {
		g_autofree char *text = empty_text(ui);

		picture_cut(ui->picture, area.y + 1, area.x + columns.date, area.w - columns.date, ROLE_DIM,
		            text);
	}
	if (focused)
		ui_cursor(ui, area.y + 1 + MAX(cursor, 0), area.x + (cursor < 0 ? columns.date : 0));
}

static void
list_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	if (y < 1 || !list_at(ui->list, y - 1))
		return;
	list_to_row(ui->list, y - 1);
	if (twice)
		list_open_message(ui, 0);
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
