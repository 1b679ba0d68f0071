#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/ui-private.h"

const char *
ui_account_id(const struct ui *ui, guint account)
{
	return ((struct ui_account *)ui->accounts->pdata[account])->conf->id;
}

struct store *
ui_store(struct ui *ui, guint account)
{
	GPtrArray *stores = ui->params->stores;

	if (account >= stores->len)
		return NULL;
	if (!stores->pdata[account] && ui->params->open_store)
		stores->pdata[account] = ui->params->open_store(account, ui->params->user);
	return stores->pdata[account];
}

static void
unknown_account(struct ui *ui, const char *id, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *near;

	for (guint i = 0; i < ui->accounts->len; i++)
		g_ptr_array_add(names, (char *)ui_account_id(ui, i));
	g_ptr_array_add(names, NULL);
	near = text_nearest(id, (const char *const *)names->pdata);
	if (near)
		fulmar_fail(error, FULMAR_USAGE, _("there is no account “%s”; did you mean “%s”?"), id, near);
	else
		fulmar_fail(error, FULMAR_USAGE, _("there is no account “%s”; “fulmar accounts” lists them"),
		            id);
}

gboolean
ui_find_target(struct ui *ui, const char *target, guint *account, char **path, GError **error)
{
	const char *slash = target ? strchr(target, '/') : NULL;
	g_autofree char *id = NULL;

	if (!ui->accounts->len) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("no account is configured; “fulmar demo” shows a sample, fulmar.conf(5) says "
		              "how to add one"));
		return FALSE;
	}
	*account = 0;
	if (!target || !*target) {
		*path = g_strdup("INBOX");
		return TRUE;
	}
	id = slash ? g_strndup(target, (gsize)(slash - target)) : g_strdup(target);
	for (guint i = 0; i < ui->accounts->len; i++)
		if (!strcmp(ui_account_id(ui, i), id)) {
			*account = i;
			*path = g_strdup(slash && slash[1] ? slash + 1 : "INBOX");
			return TRUE;
		}
	unknown_account(ui, id, error);
	return FALSE;
}

/* Looks the shown folder up again: its id once the store knows it, its counters. */
static gboolean
read_info(struct ui *ui, GError **error)
{
	struct store *store = ui_store(ui, ui->account);
	struct store_folder *info = NULL;
	g_autoptr(GError) local = NULL;

	if (store)
		info = store_folder_by_path(store, ui->path, &local);
	/* It may have been given another name, here or by somebody else: its rows stay on the screen. */
	if (store && !info && !local && ui->folder)
		info = store_folder_by_id(store, ui->folder, &local);
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	if (ui->info)
		store_folder_free(ui->info);
	ui->info = info;
	if (info && strcmp(info->path, ui->path) != 0) {
		g_free(ui->path);
		ui->path = g_strdup(info->path);
	}
	return TRUE;
}

static void
opened(struct ui *ui, const struct job *job, const GError *error)
{
	if (error && error->code != FULMAR_CANCELLED &&
	    !(error->domain == FULMAR_ERROR && error->code == FULMAR_NO_LINK))
		ui_complain(ui, "%s", error->message);
}

void
ui_ask_folder(struct ui *ui)
{
	struct command *command = command_new(CMD_OPEN, ui_account_id(ui, ui->account));

	command->folder = ui->folder;
	if (!ui->folder)
		command->text = g_strdup(ui->path);
	ui_send(ui, ui->account, command, NULL, opened);
}

gboolean
ui_open_folder(struct ui *ui, guint account, const char *path, gboolean ask, GError **error)
{
	g_autofree char *copy = g_strdup(path);

	ui->account = account;
	g_free(ui->path);
	ui->path = g_steal_pointer(&copy);
	ui->folder = 0;
	ui->seeking = 0;
	ui_sweep_stop(ui);
	g_hash_table_remove_all(ui->selected);
	reader_clear(ui);
	if (!read_info(ui, error)) {
		list_open(ui->list, NULL, 0, NULL);
		return FALSE;
	}
	if (ui->info)
		ui->folder = ui->info->id;
	if (!list_open(ui->list, ui->folder ? ui_store(ui, account) : NULL, ui->folder, error))
		return FALSE;
	if (ask)
		ui_ask_folder(ui);
	ui->preview_due = g_get_monotonic_time();
	return TRUE;
}

/* The folder shown is gone: INBOX takes its place. */
static void
leave_vanished(struct ui *ui)
{
	g_autofree char *path = text_safe(ui->path, -1);
	g_autoptr(GError) error = NULL;

	if (ui_top(ui) == ui->reader)
		ui_pop(ui);
	if (ui_open_folder(ui, ui->account, "INBOX", TRUE, &error))
		ui_say(ui, _("The folder %s is gone"), path);
	else
		ui_complain(ui, "%s", error->message);
}

void
ui_refresh_rows(struct ui *ui)
{
	g_autoptr(GError) error = NULL;
	const struct list_item *before = list_cursor(ui->list), *after;
	msgid old = before ? before->row->id : 0;
	gboolean ok = read_info(ui, &error);

	ui->rows_stale = FALSE;
	ui->refreshed = g_get_monotonic_time();
	if (ok && !ui->info && ui->folder && strcmp(ui->path, "INBOX") != 0) {
		leave_vanished(ui);
		return;
	}
	if (ok && ui->info && ui->folder != ui->info->id) {
		ui->folder = ui->info->id;
		ok = list_open(ui->list, ui_store(ui, ui->account), ui->folder, &error);
	} else if (ok) {
		ok = list_refresh(ui->list, &error);
	}
	if (!ok)
		ui_complain(ui, "%s", error->message);
	after = list_cursor(ui->list);
	if (after)
		reader_row_read(ui, after->row);
	if ((after ? after->row->id : 0) != old)
		ui->preview_due = g_get_monotonic_time();
}

GPtrArray *
ui_folders(struct ui *ui, guint n)
{
	struct ui_account *account = ui->accounts->pdata[n];
	struct store *store = account->folders ? NULL : ui_store(ui, n);
	g_autoptr(GError) error = NULL;

	if (store) {
		account->folders = store_folders(store, &error);
		g_free(account->foreign);
		account->foreign = store_get(store, "foreign");
		if (error)
			ui_complain(ui, "%s", error->message);
		for (guint i = 0; account->folders && i < account->folders->len; i++) {
			struct store_folder *folder = account->folders->pdata[i];

			folder->hidden |= conf_hidden(ui->conf, account->conf, folder->path);
		}
	}
	return account->folders;
}

const struct store_folder *
ui_folder_at(struct ui *ui, guint account, const char *path)
{
	const GPtrArray *folders = ui_folders(ui, account);

	for (guint i = 0; folders && i < folders->len; i++)
		if (!strcmp(((struct store_folder *)folders->pdata[i])->path, path))
			return folders->pdata[i];
	return NULL;
}

const struct store_folder *
ui_folder_of_role(struct ui *ui, guint account, const char *role)
{
	const GPtrArray *folders = ui_folders(ui, account);

	for (guint i = 0; folders && i < folders->len; i++)
		if (!g_strcmp0(((struct store_folder *)folders->pdata[i])->role, role))
			return folders->pdata[i];
	return NULL;
}

void
ui_refresh_folders(struct ui *ui)
{
	for (guint i = 0; i < ui->accounts->len; i++) {
		struct ui_account *account = ui->accounts->pdata[i];

		g_clear_pointer(&account->folders, g_ptr_array_unref);
	}
	g_clear_pointer(&ui->folder_lines, g_ptr_array_unref);
	ui->folders_stale = FALSE;
	ui_refill_pickers(ui);
}

void
ui_tell_near(struct ui *ui)
{
	const struct ui_account *account = ui->accounts->pdata[ui->account];
	const struct list_item *item = list_at(ui->list, 0);
	msgid top = item ? item->row->id : 0;
	struct command *command;

	ui->near_due = 0;
	if (top == ui->near_top || account->conf->type == ACCOUNT_MAILDIR || account->link == LINK_OFFLINE)
		return;
	ui->near_top = top;
	command = command_new(CMD_NEAR, account->conf->id);
	command->folder = ui->folder;
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (int y = 0; (item = list_at(ui->list, y)) && y < ui->picture->rows; y++)
		if (!item->row->has_structure && item->row->body != BODY_FULL)
			g_array_append_val(command->ids, item->row->id);
	if (command->ids->len)
		ui_send(ui, ui->account, command, NULL, NULL);
	else
		command_free(command);
}
