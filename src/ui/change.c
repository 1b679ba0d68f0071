#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "model/folders.h"
#include "model/format.h"
#include "model/rights.h"
#include "ui/ui-private.h"

/* Changes go to their account as one command each. The list shows them from the moment of the key; when the
 * account says no, they are taken back and it says why. */

static const guint8 changing[CMD_VERBS] = {
        [CMD_FLAG] = 1,          [CMD_FLAG_ALL] = 1,
        [CMD_MOVE] = 1,          [CMD_COPY] = 1,
        [CMD_DELETE] = 1,        [CMD_PURGE] = 1,
        [CMD_ARCHIVE] = 1,       [CMD_JUNK] = 1,
        [CMD_UNDO] = 1,          [CMD_FOLDER_CREATE] = 1,
        [CMD_FOLDER_RENAME] = 1, [CMD_FOLDER_REMOVE] = 1,
        [CMD_FOLDER_EMPTY] = 1,  [CMD_FOLDER_SUBSCRIBE] = 1,
        [CMD_FOLDER_PREF] = 1,   [CMD_DROP] = 1,
        [CMD_SEEN_REFUSAL] = 1,
};

gboolean
ui_changes_mail(enum command_verb verb)
{
	return changing[verb] != 0;
}

static void
still_here(struct sweep *sweep, const struct store_row *row)
{
	g_array_append_val(sweep->found, row->id);
}

static void
select_again(struct ui *ui, struct sweep *sweep)
{
	if (sweep->account != ui->account || sweep->folder != ui->folder)
		return;
	for (guint i = 0; i < sweep->found->len; i++)
		g_hash_table_add(ui->selected,
		                 g_memdup2(&g_array_index(sweep->found, msgid, i), sizeof(msgid)));
}

/* A change of many was refused as a whole: those that are still here are selected again. */
static void
give_selection_back(struct ui *ui, guint account, const GArray *ids)
{
	struct sweep *sweep = g_new0(struct sweep, 1);

	sweep->account = account;
	sweep->folder = ui->folder;
	sweep->ids = g_array_copy((GArray *)ids);
	sweep->label = g_strdup(_("Looking for messages"));
	sweep->row = still_here;
	sweep->end = select_again;
	ui_sweep(ui, sweep);
}

static void
free_ids(gpointer ids)
{
	g_array_unref(ids);
}

static void
change_done(struct ui *ui, const struct job *job, const GError *error)
{
	g_autoptr(GArray) ids = job->user;

	if (error && error->code != FULMAR_PARTLY && ids && job->account == ui->account)
		give_selection_back(ui, job->account, ids);
	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error && !job->step && !job->automatic)
		ui_say(ui, _("Nothing was to be changed"));
}

static void
say_change(struct ui *ui, const struct change *change)
{
	guint n = change->n ? change->n : change->ids ? change->ids->len : 1;
	g_autofree char *undo = ui_key_of(ui, VIEW_LIST, ACT_UNDO), *count = format_count(n);

	if (change->lost)
		ui_say(ui, "%s", change->what);
	else if (n > 1)
		ui_say(ui,
		       ngettext("%s message: %s; %s takes it back", "%s messages: %s; %s takes it back", n),
		       count, change->what, undo);
	else
		ui_say(ui, _("%s; %s takes it back"), change->what, undo);
}

static void
let_selected_go(struct ui *ui, const GArray *ids)
{
	for (guint i = 0; g_hash_table_size(ui->selected) && i < ids->len; i++)
		g_hash_table_remove(ui->selected, &g_array_index(ids, msgid, i));
}

/* The reader follows the list's cursor to what stands next; the list, when nothing does. */
static void
reader_moves_on(struct ui *ui)
{
	const struct list_item *item = list_cursor(ui->list);

	if (ui_base(ui) != ui->reader || (item && item->row->id == reader_message(ui)))
		return;
	if (item)
		reader_show(ui, ui->account, item->row->id, FALSE);
	else
		ui_act(ui, ACT_BACK, 0);
}

void
ui_change(struct ui *ui, const struct change *change)
{
	struct command *command;
	struct job *job;
	gboolean of_list;

	if (change->ids && !change->ids->len)
		return;
	command = command_new(change->verb, ui_account_id(ui, change->account));
	command->folder = change->folder;
	command->add = change->add;
	command->remove = change->remove;
	command->text = g_strdup(change->text);
	command->text2 = g_strdup(change->text2);
	if (change->ids) {
		command->ids = g_array_sized_new(FALSE, FALSE, sizeof(gint64), change->ids->len);
		g_array_append_vals(command->ids, change->ids->data, change->ids->len);
	}
	command->op = change->verb == CMD_FLAG && !change->what;
	job = ui_send(ui, change->account, command, "", change_done);
	if (job)
		job->automatic = !change->what;
	if (job && change->leaves && change->ids && change->ids->len > 1) {
		job->user = g_array_copy((GArray *)change->ids);
		job->free_user = free_ids;
	}
	of_list = job && change->account == ui->account && ui->folder;
	if (of_list && change->leaves) {
		list_expect(ui->list, job->id, change->ids, TRUE, 0, 0);
		let_selected_go(ui, change->ids);
		reader_moves_on(ui);
	} else if (of_list && (change->verb == CMD_FLAG ||
	                       (change->verb == CMD_FLAG_ALL && change->folder == ui->folder))) {
		list_expect(ui->list, job->id, change->ids, FALSE, change->add, change->remove);
	}
	if (change->what)
		say_change(ui, change);
}

/* -- rights -- */

/* What an action needs of the folder it is for (RFC 4314 §4). */
static const struct {
	enum action action;
	guint views;
	const char *need;
} needs[] = {
        {ACT_DELETE, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_DELETE_PATTERN, VIEW_BIT(VIEW_LIST), "te"},
        {ACT_DELETE_THREAD, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_PURGE, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_MOVE, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_ARCHIVE, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_ARCHIVE_THREAD, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_JUNK, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "te"},
        {ACT_TOGGLE_FLAG, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "w"},
        {ACT_KEYWORDS, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "w"},
        {ACT_TOGGLE_NEW, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "s"},
        {ACT_READ_THREAD, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_READER), "s"},
        {ACT_READ_ALL, VIEW_BIT(VIEW_LIST) | VIEW_BIT(VIEW_FOLDERS), "s"},
        {ACT_EMPTY, VIEW_BIT(VIEW_FOLDERS), "te"},
        {ACT_RENAME, VIEW_BIT(VIEW_FOLDERS), "x"},
        {ACT_MOVE, VIEW_BIT(VIEW_FOLDERS), "x"},
        {ACT_REMOVE, VIEW_BIT(VIEW_FOLDERS), "x"},
        {ACT_CREATE, VIEW_BIT(VIEW_FOLDERS), "k"},
};

static const char *
rights_in_view(struct ui *ui, enum view_kind view)
{
	const struct folder_line *line = view == VIEW_FOLDERS ? folders_line_at_cursor(ui) : NULL;
	const struct store_folder *folder = line ? ui_folder_at(ui, line->account, line->path) : NULL;

	if (view == VIEW_FOLDERS)
		return folder ? folder->rights : "";
	return ui->info ? ui->info->rights : "";
}

char *
ui_forbidden(struct ui *ui, enum view_kind view, enum action action)
{
	if (view == VIEW_SHARING)
		return sharing_forbids(ui, action);
	for (guint i = 0; i < G_N_ELEMENTS(needs); i++)
		if (needs[i].action == action && needs[i].views & VIEW_BIT(view))
			return rights_forbid(rights_in_view(ui, view), needs[i].need);
	return NULL;
}
