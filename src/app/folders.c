/* fulmar folders */
#include "app/app.h"
#include "app/ready.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"

static void
folder_json(const struct conf_account *account, const struct store_folder *folder)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "account", account->id);
	json_text(out, "folder", folder->path);
	json_text(out, "role", folder->role);
	json_int(out, "total", folder->total);
	json_int(out, "unread", folder->unread);
	json_bool(out, "subscribed", folder->subscribed);
	json_bool(out, "selectable", folder->selectable);
	json_text(out, "rights", folder->rights);
	json_close(out, '}');
	report_line(out->str);
}

static void
folder_text(struct table *table, const struct conf_account *account, const struct store_folder *folder)
{
	g_autofree char *name = g_strdup_printf("%s/%s", account->id, folder->path);
	g_autofree char *total = g_strdup_printf("%" G_GINT64_FORMAT, folder->total);
	g_autofree char *unread =
	        folder->unread ? g_strdup_printf(_("%lld new"), (long long)folder->unread) : NULL;

	table_add(table, name, folder->selectable ? total : "", folder->selectable && unread ? unread : "",
	          folder->role, NULL);
}

static gboolean
account_folders(const struct app *app, struct session *session, const struct conf_account *account,
                struct table *table, GError **error)
{
	struct store *store = ready_store(app, session, account, error);
	g_autoptr(GPtrArray) folders = store ? store_folders(store, error) : NULL;

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = g_ptr_array_index(folders, i);

		if (app->cli.json)
			folder_json(account, folder);
		else
			folder_text(table, account, folder);
	}
	if (store)
		store_close(store);
	return folders != NULL;
}

int
command_folders(struct app *app)
{
	struct session *session;
	struct table *table;
	GError *error = NULL;
	int status = FULMAR_OK;
	const struct conf_account *only = NULL;

	if (app->cli.words->len) {
		const char *folder;

		only = app_target(app, g_ptr_array_index(app->cli.words, 0), &folder, &error);
		if (!only)
			return app_fail(error);
	}
	session = session_new(app);
	table = table_new(4);
	table_right(table, 1);
	table_right(table, 2);
	for (guint i = 0, n = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		if (only && account != only)
			continue;
		error = NULL;
		account_folders(app, session, account, table, &error);
		app_add_status(&status, n++ == 0, error ? app_fail(error) : FULMAR_OK);
	}
	table_print(table);
	session_free(session);
	return status;
}
