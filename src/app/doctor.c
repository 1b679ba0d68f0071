/* fulmar doctor: connect as the engine does and say what was found. */
#include "app/app.h"
#include "app/report.h"
#include "app/session.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

#define NAME_COLUMNS 18

static void
print_fact(const char *account, const char *name, const char *value, void *user)
{
	const struct app *app = user;
	g_autoptr(GString) out = g_string_new(NULL);

	if (app->cli.json) {
		json_open(out, NULL, '{');
		json_text(out, "account", account);
		json_text(out, "name", name);
		json_text(out, "value", value);
		json_close(out, '}');
		report_line(out->str);
		return;
	}
	g_autofree char *safe_name = text_safe(name, -1);
	g_autofree char *safe_value = text_safe(value, -1);

	g_string_append(out, "  ");
	text_cell(out, safe_name, NAME_COLUMNS, TRUE, FALSE);
	g_string_append_printf(out, "  %s", safe_value);
	report_line(out->str);
}

static int
probe(const struct app *app, struct session *session, const struct conf_account *account)
{
	GError *error = NULL;

	if (!app->cli.json)
		report_safe_line(account->id);
	if (!session_start(session, account, &error) ||
	    !session_do(session, command_new(CMD_PROBE, account->id), &error))
		return app_fail(error);
	return FULMAR_OK;
}

int
command_doctor(struct app *app)
{
	const struct conf_account *only = NULL;
	struct session *session;
	GError *error = NULL;
	const char *folder;
	int status = FULMAR_OK;

	if (app->cli.words->len &&
	    !(only = app_target(app, g_ptr_array_index(app->cli.words, 0), &folder, &error)))
		return app_fail(error);
	if (!app->conf->accounts->len) {
		report_error(_("there is no account to examine; “fulmar check-config” names the file to "
		               "write one into"));
		return FULMAR_USAGE;
	}
	session = session_new(app);
	session_on_fact(session, print_fact, app);
	for (guint i = 0, n = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		if (!only || account == only)
			app_add_status(&status, n++ == 0, probe(app, session, account));
	}
	session_free(session);
	return status;
}
