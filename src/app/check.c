/* fulmar check: the store against itself, account by account. */
#include <string.h>

#include "app/app.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "core/account.h"

struct check {
	const struct app *app;
	const struct conf_account *account;
	const char *folder; /* its path, or NULL: all */
	guint left;         /* findings that were not repaired */
};

static void
found_json(const struct check *check, const struct store_finding *finding)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "account", check->account->id);
	json_text(out, "kind", finding->kind);
	json_text(out, "where", *finding->where ? finding->where : NULL);
	json_text(out, "text", finding->text);
	json_text(out, "remedy", finding->repaired ? finding->done : finding->remedy);
	json_bool(out, "repaired", finding->repaired);
	json_close(out, '}');
	report_line(out->str);
}

static void
found_text(const struct check *check, const struct store_finding *finding)
{
	g_autofree char *line = g_strdup_printf("%s%s%s: %s; %s", check->account->id,
	                                        *finding->where ? "/" : "", finding->where, finding->text,
	                                        finding->repaired ? finding->done : finding->remedy);

	report_safe_line(line);
}

static void
found(const struct store_finding *finding, void *user)
{
	struct check *check = user;

	if (check->folder && *finding->where && strcmp(check->folder, finding->where) != 0)
		return;
	check->left += !finding->repaired;
	if (check->app->cli.json)
		found_json(check, finding);
	else
		found_text(check, finding);
}

/* What may be wrong with the store itself is for the check to say. */
static gboolean
is_folder(const struct check *check, GError **error)
{
	g_autoptr(GError) damage = NULL;
	struct store *store = check->folder ? app_store(check->account, &damage) : NULL;
	struct store_folder *folder = store ? store_folder_by_path(store, check->folder, &damage) : NULL;
	gboolean is = !store || folder || damage;

	if (!is)
		app_folder(store, check->account, check->folder, error);
	store_folder_free(folder);
	if (store)
		store_close(store);
	return is;
}

static gboolean
look(struct check *check, GError **error)
{
	g_autofree char *dir = account_store_dir(check->account);

	if (!check->app->cli.repair)
		return store_check(dir, found, check, error);
	if (check->folder)
		return store_rebuild(dir, check->folder, found, check, error);
	return store_repair(dir, found, check, error);
}

static int
check_target(const struct app *app, const char *word)
{
	struct check check = {.app = app};
	GError *error = NULL;

	check.account = app_target(app, word, &check.folder, &error);
	if (!check.account || !is_folder(&check, &error) || !look(&check, &error))
		return app_fail(error);
	return check.left ? FULMAR_FAILED : FULMAR_OK;
}

int
command_check(struct app *app)
{
	int status = FULMAR_OK, one;

	for (guint i = 0; i < app->cli.words->len; i++) {
		one = check_target(app, g_ptr_array_index(app->cli.words, i));
		status = MAX(status, one);
	}
	for (guint i = 0; !app->cli.words->len && i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		one = check_target(app, account->id);
		status = MAX(status, one);
	}
	return status;
}
