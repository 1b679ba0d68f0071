#include <string.h>
#include "base/i18n.h"
#include "ui/ui-private.h"

#define UNDO_MAX 100

void
undo_free(gpointer data)
{
	struct undo *undo = data;

	g_array_unref(undo->ids);
	g_free(undo->what);
	g_free(undo);
}

GArray *
ui_subjects(struct ui *ui)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	const struct list_item *item = list_cursor(ui->list);
	GHashTableIter iter;
	gpointer key;
	msgid id;

	if (ui_base(ui) == ui->reader && reader_message(ui)) {
		id = reader_message(ui);
		g_array_append_val(ids, id);
		return ids;
	}
	g_hash_table_iter_init(&iter, ui->selected);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_array_append_val(ids, *(msgid *)key);
	if (!ids->len && item)
		g_array_append_val(ids, item->row->id);
	return ids;
}

static void
send_flags(struct ui *ui, guint account, const GArray *ids, guint add, guint remove)
{
	struct command *command = command_new(CMD_FLAG, ui_account_id(ui, account));

	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_vals(command->ids, ids->data, ids->len);
	command->add = add;
	command->remove = remove;
	ui_send(ui, account, command, "", NULL);
}

void
ui_change_flags(struct ui *ui, guint account, const GArray *ids, guint add, guint remove, const char *what)
{
	struct undo *undo;

	if (!ids->len)
		return;
	send_flags(ui, account, ids, add, remove);
	if (!what)
		return;
	undo = g_new0(struct undo, 1);
	undo->account = account;
	undo->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_array_append_vals(undo->ids, ids->data, ids->len);
	undo->add = remove;
	undo->remove = add;
	undo->what = g_strdup(what);
	if (ui->undo->len >= UNDO_MAX)
		g_ptr_array_remove_index(ui->undo, 0);
	g_ptr_array_add(ui->undo, undo);
	if (ids->len > 1)
		ui_say(ui,
		       ngettext("%u message: %s; u takes it back", "%u messages: %s; u takes it back",
		                ids->len),
		       ids->len, what);
	else
		ui_say(ui, _("%s; u takes it back"), what);
}

void
ui_undo(struct ui *ui)
{
	struct undo *undo;

	if (!ui->undo->len) {
		ui_say(ui, _("Nothing to undo"));
		return;
	}
	undo = ui->undo->pdata[ui->undo->len - 1];
	send_flags(ui, undo->account, undo->ids, undo->add, undo->remove);
	ui_say(ui, _("Undone: %s"), undo->what);
	g_ptr_array_remove_index(ui->undo, ui->undo->len - 1);
}

/* One flag for many messages: if any lacks it, those get it; if all have it, all lose it. Only those that
 * change are touched, so undo is exact. */
static gboolean
toggle(struct ui *ui, guint flag, const char *on, const char *off)
{
	g_autoptr(GArray) ids = ui_subjects(ui), with = g_array_new(FALSE, FALSE, sizeof(msgid)),
	                  without = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct store *store = ui_store(ui, ui->account);

	for (guint i = 0; store && i < ids->len; i++) {
		msgid id = g_array_index(ids, msgid, i);
		g_autoptr(GError) error = NULL;
		struct store_row *row = store_row(store, id, &error);

		if (error)
			ui_complain(ui, "%s", error->message);
		if (!row)
			continue;
		g_array_append_val(row->flags & flag ? with : without, id);
		store_row_free(row);
	}
	if (without->len)
		ui_change_flags(ui, ui->account, without, flag, 0, on);
	else
		ui_change_flags(ui, ui->account, with, 0, flag, off);
	return TRUE;
}

static gboolean
read_thread(struct ui *ui)
{
	const struct list_item *item = list_cursor(ui->list);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid)),
	                  unread = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct store *store = ui_store(ui, ui->account);

	if (!item || !store)
		return TRUE;
	list_thread_ids(ui->list, item, ids);
	for (guint i = 0; i < ids->len; i++) {
		msgid id = g_array_index(ids, msgid, i);
		struct store_row *row = store_row(store, id, NULL);

		if (row && !(row->flags & FLAG_SEEN))
			g_array_append_val(unread, id);
		if (row)
			store_row_free(row);
	}
	if (unread->len)
		ui_change_flags(ui, ui->account, unread, FLAG_SEEN, 0, _("marked as read"));
	else
		ui_say(ui, _("Nothing new in this conversation"));
	return TRUE;
}

gboolean
ui_flag_action(struct ui *ui, enum action action)
{
	if (action == ACT_TOGGLE_FLAG)
		return toggle(ui, FLAG_FLAGGED, _("flagged"), _("flag taken off"));
	/* "New" is the absence of \Seen. */
	if (action == ACT_TOGGLE_NEW)
		return toggle(ui, FLAG_SEEN, _("marked as read"), _("marked as new"));
	if (action == ACT_READ_THREAD)
		return read_thread(ui);
	return FALSE;
}
