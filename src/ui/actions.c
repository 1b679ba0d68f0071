#include "base/i18n.h"
#include "ui/ui-private.h"

static gboolean
quit(struct ui *ui, int count)
{
	ui->quit = TRUE;
	return TRUE;
}

static gboolean
back(struct ui *ui, int count)
{
	ui_pop(ui);
	return TRUE;
}

static gboolean
show_help(struct ui *ui, int count)
{
	ui_push(ui, help_new(ui, ui_top(ui)->ops->kind));
	return TRUE;
}

static gboolean
show_activity(struct ui *ui, int count)
{
	ui_push(ui, activity_new(ui));
	return TRUE;
}

static gboolean
show_palette(struct ui *ui, int count)
{
	ui_pick_command(ui);
	return TRUE;
}

static gboolean
pick_folder(struct ui *ui, int count)
{
	ui_pick_folder(ui);
	return TRUE;
}

static gboolean
walk_folders(struct ui *ui, int count)
{
	ui_push(ui, folders_new(ui));
	return TRUE;
}

static gboolean
toggle_rail(struct ui *ui, int count)
{
	if (ui->picture->cols < RAIL_FROM)
		return walk_folders(ui, count);
	ui->rail = !ui->rail;
	return TRUE;
}

static gboolean
toggle_pane(struct ui *ui, int count)
{
	ui->pane = !ui->pane;
	if (ui->picture->cols < PANE_FROM)
		ui_say(ui, _("The reading pane shows from %d columns on"), PANE_FROM);
	ui->preview_due = g_get_monotonic_time();
	return TRUE;
}

static gboolean
redraw(struct ui *ui, int count)
{
	if (ui->term)
		term_redraw(ui->term);
	return TRUE;
}

static gboolean
suspend(struct ui *ui, int count)
{
	ui->suspend = TRUE;
	return TRUE;
}

static gboolean
cancel(struct ui *ui, int count)
{
	ui_cancel_jobs(ui);
	return TRUE;
}

static gboolean
undo(struct ui *ui, int count)
{
	ui_undo(ui, ui->account, 0);
	return TRUE;
}

static gboolean
sync_folder(struct ui *ui, int count)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	struct command *command = command_new(CMD_SYNC, account->conf->id);

	/* After a refused log-in nothing is tried again but by the person. */
	if (account->link == LINK_ERROR)
		ui_send(ui, ui->account, command_new(CMD_GO_ONLINE, account->conf->id), NULL, NULL);
	command->folder = ui->folder;
	if (!ui->folder)
		command->text = g_strdup(ui->path);
	ui_send(ui, ui->account, command, _("Synchronising"), NULL);
	return TRUE;
}

static gboolean
toggle_offline(struct ui *ui, int count)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	gboolean down = account->link == LINK_OFFLINE || account->link == LINK_ERROR;

	if (ui->params->offline) {
		ui_say(ui, _("Started with --offline: no connection is made"));
		return TRUE;
	}
	ui_send(ui, ui->account, command_new(down ? CMD_GO_ONLINE : CMD_GO_OFFLINE, account->conf->id), NULL,
	        NULL);
	return TRUE;
}

/* What means the same in every view. */
static const struct {
	enum action action;
	gboolean (*run)(struct ui *ui, int count);
} common[] = {
        {ACT_QUIT, quit},
        {ACT_BACK, back},
        {ACT_HELP, show_help},
        {ACT_ACTIVITY, show_activity},
        {ACT_PALETTE, show_palette},
        {ACT_FOLDER, pick_folder},
        {ACT_FOLDERS, walk_folders},
        {ACT_RAIL, toggle_rail},
        {ACT_PANE, toggle_pane},
        {ACT_REDRAW, redraw},
        {ACT_SUSPEND, suspend},
        {ACT_CANCEL, cancel},
        {ACT_UNDO, undo},
        {ACT_SYNC, sync_folder},
        {ACT_OFFLINE, toggle_offline},
        {ACT_ABANDON, back},
};

void
ui_act(struct ui *ui, enum action action, int count)
{
	struct view *top = ui_top(ui);
	const struct list_item *before = list_cursor(ui->list), *after;
	msgid id = before ? before->row->id : 0;
	g_autofree char *why = ui_forbidden(ui, top->ops->kind, action);
	gboolean done = why != NULL;

	if (why)
		ui_say(ui, _("Not allowed: %s"), why);
	else
		done = top->ops->act(ui, top, action, count);
	for (guint i = 0; !done && i < G_N_ELEMENTS(common); i++)
		if (common[i].action == action)
			done = common[i].run(ui, count);
	after = list_cursor(ui->list);
	if ((after ? after->row->id : 0) != id)
		ui->preview_due = g_get_monotonic_time() + PREVIEW_AFTER;
}
