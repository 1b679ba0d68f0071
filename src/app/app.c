#include "app/app.h"

#include <string.h>

#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account.h"

gboolean
app_load_conf(struct app *app)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

	app->conf = conf_load(app->cli.config, (const char *const *)app->cli.overrides->pdata, problems);
	for (guint i = 0; i < problems->len; i++)
		report_error(g_ptr_array_index(problems, i));
	return app->conf != NULL;
}

int
app_fail(GError *error)
{
	int status = fulmar_error_status(error);

	report_error(error->message);
	g_error_free(error);
	return status;
}

void
app_add_status(int *status, gboolean first, int next)
{
	if (first)
		*status = next;
	else if (*status != next)
		*status = FULMAR_PARTLY;
}

static const char *
nearest_account(const struct app *app, const char *word)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		g_ptr_array_add(names, account->id);
	}
	g_ptr_array_add(names, NULL);
	return text_nearest(word, (const char *const *)names->pdata);
}

const struct conf_account *
app_account(const struct app *app, const char *id, gsize len, GError **error)
{
	g_autofree char *wanted = g_strndup(id, len);
	const struct conf_account *account = conf_account(app->conf, wanted);
	const char *nearest;

	if (account)
		return account;
	nearest = nearest_account(app, wanted);
	if (nearest)
		fulmar_fail(error, FULMAR_USAGE, _("no account is called “%s”; the nearest is “%s”"), wanted,
		            nearest);
	else
		fulmar_fail(error, FULMAR_USAGE, _("no account is called “%s”; “fulmar accounts” lists them"),
		            wanted);
	return NULL;
}

const struct conf_account *
app_target(const struct app *app, const char *target, const char **folder, GError **error)
{
	const char *slash = strchr(target, '/');
	gsize len = slash ? (gsize)(slash - target) : strlen(target);

	*folder = slash && slash[1] ? slash + 1 : NULL;
	if (*folder && g_ascii_strcasecmp(*folder, "INBOX") == 0)
		*folder = "INBOX"; /* RFC 3501 §5.1 */
	return app_account(app, target, len, error);
}

const struct conf_account *
app_target_folder(const struct app *app, const char *target, const char **folder, GError **error)
{
	const struct conf_account *account = app_target(app, target, folder, error);

	if (!account || *folder)
		return account;
	fulmar_fail(error, FULMAR_USAGE, _("“%s” is an account; name a folder in it: %s/FOLDER"), account->id,
	            account->id);
	return NULL;
}

const struct conf_account *
app_id(const struct app *app, const char *text, msgid *id, GError **error)
{
	const char *colon = strrchr(text, ':');
	guint64 n;

	if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXINT64, &n, NULL)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” is no message: give ACCOUNT:NUMBER as “fulmar list” prints it"), text);
		return NULL;
	}
	*id = (msgid)n;
	return app_account(app, text, (gsize)(colon - text), error);
}

gboolean
app_may_link(const struct app *app, const struct conf_account *account)
{
	return !app->cli.offline || account->type == ACCOUNT_MAILDIR;
}

gboolean
app_may_replay(const struct app *app, const struct conf_account *account)
{
	return app_may_link(app, account) || account->type == ACCOUNT_POP3;
}

struct store *
app_store(const struct conf_account *account, GError **error)
{
	g_autofree char *dir = account_store_dir(account);
	g_autofree char *file = g_build_filename(dir, "store.db", NULL);
	GError *problem = NULL;
	struct store *store;

	if (!g_file_test(file, G_FILE_TEST_EXISTS))
		return NULL;
	store = store_open(dir, STORE_READ, &problem);
	/* Made by an older version, or being made at this moment: the account's start brings it up to date.
	 */
	if (g_error_matches(problem, FULMAR_ERROR, FULMAR_UNSUPPORTED))
		g_clear_error(&problem);
	else if (problem)
		g_propagate_error(error, problem);
	return store;
}

static void
fail_no_folder(const struct conf_account *account, const char *path, const GPtrArray *folders, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *nearest;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = g_ptr_array_index(folders, i);

		g_ptr_array_add(names, folder->path);
	}
	g_ptr_array_add(names, NULL);
	nearest = text_nearest(path, (const char *const *)names->pdata);
	if (nearest)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder “%s”; the nearest is “%s”"),
		            account->id, path, nearest);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s has no folder “%s”; “fulmar folders %s” lists them"),
		            account->id, path, account->id);
}

struct store_folder *
app_folder(struct store *store, const struct conf_account *account, const char *path, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder = store_folder_by_path(store, path, &problem);
	g_autoptr(GPtrArray) folders = NULL;

	if (folder)
		return folder;
	if (problem || !(folders = store_folders(store, &problem))) {
		g_propagate_error(error, problem);
		return NULL;
	}
	fail_no_folder(account, path, folders, error);
	return NULL;
}
