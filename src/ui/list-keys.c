#include "base/error.h"
#include "base/i18n.h"
#include "ui/ui-private.h"

/* What keys do in the list of messages. */

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

gboolean
list_open_message(struct ui *ui, int count)
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

/* A slice at a time: no key waits for a large folder. */
int
ui_seek_new(struct ui *ui, int by)
{
	gboolean none = ui->info && !ui->info->unread && ui->info->complete, wrapped = ABS(ui->seeking) > 1;
	int found = none ? -1 : list_seek_new(ui->list, by);

	if (found < 0 && !none && !wrapped) {
		list_seek_wrap(ui->list, by);
		found = list_seek_new(ui->list, by);
		wrapped = TRUE;
	}
	ui->seeking = found ? 0 : wrapped ? 2 * by : by;
	if (!found)
		ui_say(ui, _("Looking for new messages; any key stops"));
	else if (found < 0)
		ui_say(ui, _("No new messages"));
	else if (wrapped)
		ui_say(ui, by > 0 ? _("On from the top") : _("On from the bottom"));
	return found;
}

static gboolean
next_new(struct ui *ui, int count)
{
	return ui_seek_new(ui, 1) || TRUE;
}

static gboolean
previous_new(struct ui *ui, int count)
{
	return ui_seek_new(ui, -1) || TRUE;
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
	struct command *command;

	if (ids->len > 1 && ui->info) {
		ui_download(ui, ui->account, ui->info, g_array_ref(ids));
		return TRUE;
	}
	if (!ids->len)
		return TRUE;
	command = command_new(CMD_PART, ui_account_id(ui, ui->account));
	command->ids = g_steal_pointer(&ids);
	command->text = g_strdup("");
	ui_send(ui, ui->account, command, _("Fetching the message"), fetched);
	return TRUE;
}

/* What is selected; else all of the folder. */
static gboolean
download(struct ui *ui, int count)
{
	gboolean some = g_hash_table_size(ui->selected) > 0;

	if (ui->info)
		ui_download(ui, ui->account, ui->info, some ? ui_subjects(ui) : NULL);
	return TRUE;
}

static gboolean
show_rules(struct ui *ui, int count)
{
	if (ui->info)
		ui_show_rules(ui, ui->account, ui->info);
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
        {ACT_OPEN, list_open_message},
        {ACT_NEXT_NEW, next_new},
        {ACT_PREVIOUS_NEW, previous_new},
        {ACT_NEXT_THREAD, next_thread},
        {ACT_PREVIOUS_THREAD, previous_thread},
        {ACT_PARENT, to_parent},
        {ACT_FOLD, fold},
        {ACT_FOLD_ALL, fold_all},
        {ACT_THREADS, toggle_threads},
        {ACT_PARTS, show_parts},
        {ACT_FETCH, fetch},
        {ACT_DOWNLOAD, download},
        {ACT_RULES, show_rules},
};

gboolean
list_act(struct ui *ui, struct view *view, enum action action, int count)
{
	for (guint i = 0; i < G_N_ELEMENTS(list_actions); i++)
		if (list_actions[i].action == action)
			return list_actions[i].run(ui, count);
	return ui_select_action(ui, action, count) || ui_mail_action(ui, action);
}
