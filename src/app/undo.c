/* fulmar undo */
#include <string.h>

#include "app/change.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"

/* The newest step of an account, looked at before another account's. */
struct newest {
	const struct conf_account *account;
	struct store_undo *undo;
};

static gboolean
look_at(const struct conf_account *account, struct newest *newest, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);
	struct store_undo *undo = store ? store_last_undo(store, &problem) : NULL;

	if (undo && (!newest->undo || undo->when > newest->undo->when)) {
		g_clear_pointer(&newest->undo, store_undo_free);
		newest->undo = g_steal_pointer(&undo);
		newest->account = account;
	}
	g_clear_pointer(&undo, store_undo_free);
	if (store)
		store_close(store);
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

/* One account that cannot be read leaves it unknown which change was the last. */
static gboolean
find_newest(const struct app *app, struct newest *newest, GError **error)
{
	const char *name = app->cli.account;
	const struct conf_account *only = name ? app_account(app, name, strlen(name), error) : NULL;

	if (name && !only)
		return FALSE;
	for (guint i = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		if ((!only || account == only) && !look_at(account, newest, error))
			return FALSE;
	}
	if (!newest->undo)
		fulmar_fail(error, FULMAR_FAILED, _("there is nothing to undo"));
	return newest->undo != NULL;
}

static void
report_json(const struct newest *newest, const struct change *change)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "account", newest->account->id);
	json_text(out, "verb", newest->undo->verb);
	json_int(out, "count", newest->undo->n);
	json_text(out, "target", *newest->undo->target ? newest->undo->target : NULL);
	json_text(out, "text", change->told.text);
	json_text(out, "state", change->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
}

static void
report(const struct app *app, const struct newest *newest, const struct change *change)
{
	g_autofree char *line = NULL;

	if (app->cli.json) {
		report_json(newest, change);
		return;
	}
	line = change->told.text ? g_strdup_printf("%s: %s", newest->account->id, change->told.text)
	                         : g_strdup_printf(_("%s: undone: %s, %u"), newest->account->id,
	                                           newest->undo->verb, newest->undo->n);
	report_safe_line(line);
	if (change->queued)
		report_line("queued");
}

/* Of a step that reached into another account: "ACCOUNT/FOLDER". */
static const struct conf_account *
other_account(const struct app *app, const struct newest *newest)
{
	const char *target = newest->undo->target, *slash = strchr(target, '/');
	g_autofree char *id = slash ? g_strndup(target, (gsize)(slash - target)) : NULL;
	const struct conf_account *account = id ? conf_account(app->conf, id) : NULL;

	return account != newest->account ? account : NULL;
}

int
command_undo(struct app *app)
{
	struct newest newest = {0};
	struct change change = {0};
	struct session *session = NULL;
	struct command *command;
	GError *error = NULL;

	if (find_newest(app, &newest, &error)) {
		session = session_new(app);
		change.account = newest.account;
		change.other = other_account(app, &newest);
		command = command_new(CMD_UNDO, newest.account->id);
		command->op = newest.undo->id;
		change_make(app, session, &change, command, &error);
		if (change.durable)
			report(app, &newest, &change);
		session_free(session);
	}
	change_clear(&change);
	g_clear_pointer(&newest.undo, store_undo_free);
	return error ? app_fail(error) : FULMAR_OK;
}
