/* fulmar rules */
#include "app/change.h"
#include "app/ready.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"

struct rules {
	struct app *app;
	struct session *session;
	const struct conf_account *account;
	struct store *store;
	struct store_folder *folder;
};

static struct command *
command_for(const struct rules *rules, gboolean preview)
{
	struct command *command = command_new(CMD_RULES, rules->account->id);

	command->folder = rules->folder->id;
	command->add = preview;
	return command;
}

/* ---- what would be done ---- */

static void
report_json(const struct rules *rules, const struct event *event)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "rule", event->text);
	json_text(out, "does", event->text2);
	json_int(out, "count", (gint64)event->have);
	json_open(out, "newest", '[');
	for (guint i = 0; i < event->ids->len; i++) {
		g_autofree char *id = g_strdup_printf("%s:%" G_GINT64_FORMAT, rules->account->id,
		                                      g_array_index(event->ids, msgid, i));

		json_text(out, NULL, id);
	}
	json_close(out, ']');
	json_close(out, '}');
	report_line(out->str);
}

static void
report_message(const struct rules *rules, msgid id)
{
	struct store_row *row = store_row(rules->store, id, NULL);
	const struct mime_address *from = row && row->from->len ? row->from->pdata[0] : NULL;
	g_autofree char *line = NULL;

	if (row)
		line = g_strdup_printf("    %s:%" G_GINT64_FORMAT "  %s  %s", rules->account->id, id,
		                       !from         ? ""
		                       : *from->name ? from->name
		                                     : from->email,
		                       row->subject);
	if (line)
		report_safe_line(line);
	g_clear_pointer(&row, store_row_free);
}

/* The number of messages, the rule, what it does; then the newest of them. */
static void
report_rule(const struct event *event, void *user)
{
	const struct rules *rules = user;
	g_autofree char *line = NULL;

	if (rules->app->cli.json) {
		report_json(rules, event);
		return;
	}
	line = event->text
	               ? g_strdup_printf("%" G_GUINT64_FORMAT "  %s: %s", event->have, event->text,
	                                 event->text2)
	               : g_strdup_printf(_("%llu  have to be read first"), (unsigned long long)event->have);
	report_safe_line(line);
	for (guint i = 0; i < event->ids->len; i++)
		report_message(rules, g_array_index(event->ids, msgid, i));
}

static gboolean
preview(struct rules *rules, GError **error)
{
	session_on_rule(rules->session, report_rule, rules);
	return session_start(rules->session, rules->account, error) &&
	       session_do(rules->session, command_for(rules, TRUE), error);
}

/* ---- doing it ---- */

static void
report_change(const struct rules *rules, const struct change *change)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!rules->app->cli.json) {
		if (change->told.text)
			report_safe_line(change->told.text);
		if (change->queued)
			report_line("queued");
		return;
	}
	json_open(out, NULL, '{');
	json_text(out, "account", rules->account->id);
	json_text(out, "folder", rules->folder->path);
	json_text(out, "text", change->told.text);
	json_text(out, "state", change->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
}

static gboolean
apply(struct rules *rules, GError **error)
{
	struct change change = {.account = rules->account};
	gboolean ok = change_make(rules->app, rules->session, &change, command_for(rules, FALSE), error);

	if (change.durable)
		report_change(rules, &change);
	change_clear(&change);
	return ok;
}

int
command_rules(struct app *app)
{
	struct rules rules = {.app = app, .session = session_new(app)};
	g_autoptr(GError) partly = NULL;
	GError *error = NULL;
	const char *path;
	gboolean ok;

	rules.account = app_target_folder(app, g_ptr_array_index(app->cli.words, 0), &path, &error);
	if (rules.account)
		rules.store = ready_store(app, rules.session, rules.account, &error);
	if (rules.store)
		rules.folder =
		        ready_folder(app, rules.session, rules.account, rules.store, path, &partly, &error);
	ok = rules.folder && (app->cli.preview ? preview(&rules, &error) : apply(&rules, &error));
	store_folder_free(rules.folder);
	g_clear_pointer(&rules.store, store_close);
	session_free(rules.session);
	if (!ok)
		return app_fail(error);
	if (partly)
		report_error(partly->message);
	return partly ? FULMAR_PARTLY : FULMAR_OK;
}
