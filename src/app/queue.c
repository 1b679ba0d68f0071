/* fulmar queue: the journal of every account; retry and drop. */
#include <string.h>

#include "app/app.h"
#include "app/report.h"
#include "app/session.h"
#include "base/error.h"
#include "base/i18n.h"

static void
op_json(const struct conf_account *account, const struct store_op *op, const char *name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "op", name);
	json_text(out, "verb", op_verb_names[op->verb]);
	json_text(out, "account", account->id);
	json_text(out, "state", op_state_names[op->state]);
	json_int(out, "attempts", op->attempts);
	json_text(out, "error", op->error);
	json_open(out, "ids", '[');
	for (guint i = 0; i < op->ids->len; i++) {
		g_autofree char *id = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id,
		                                      g_array_index(op->ids, msgid, i));

		json_text(out, NULL, id);
	}
	json_close(out, ']');
	json_close(out, '}');
	report_line(out->str);
}

static void
op_text(struct table *table, const struct store_op *op, const char *name)
{
	g_autofree char *messages =
	        g_strdup_printf(ngettext("%u message", "%u messages", op->ids->len), op->ids->len);
	g_autofree char *attempts =
	        op->attempts ? g_strdup_printf(_("tried %d times"), op->attempts) : g_strdup("");

	table_add(table, name, op_verb_names[op->verb], op_state_names[op->state], messages, attempts,
	          op->error ? op->error : "", NULL);
}

static gboolean
read_ops(const struct conf_account *account, GPtrArray *ops, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);

	if (store) {
		store_ops(store, FALSE, 0, ops, &problem);
		store_close(store);
	}
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

static int
list_queue(const struct app *app)
{
	struct table *table = table_new(6);
	int status = FULMAR_OK;

	for (guint i = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
		GError *error = NULL;

		app_add_status(&status, i == 0, read_ops(account, ops, &error) ? FULMAR_OK : app_fail(error));
		for (guint j = 0; j < ops->len; j++) {
			const struct store_op *op = g_ptr_array_index(ops, j);
			g_autofree char *name = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id, op->id);

			if (app->cli.json)
				op_json(account, op, name);
			else
				op_text(table, op, name);
		}
	}
	table_print(table);
	return status;
}

/* "ACCOUNT:NUMBER" as the list prints it; the number alone when there is one account. */
static const struct conf_account *
find_op(const struct app *app, const char *word, gint64 *op, GError **error)
{
	guint64 n;

	if (app->conf->accounts->len == 1 && g_ascii_string_to_unsigned(word, 10, 1, G_MAXINT64, &n, NULL)) {
		*op = (gint64)n;
		return g_ptr_array_index(app->conf->accounts, 0);
	}
	if (!strchr(word, ':')) {
		fulmar_fail(
		        error, FULMAR_USAGE,
		        _("“%s” is no entry of the queue: give ACCOUNT:NUMBER as “fulmar queue” prints it"),
		        word);
		return NULL;
	}
	return app_id(app, word, op, error);
}

static gboolean
op_exists(const struct conf_account *account, gint64 id, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (!read_ops(account, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++)
		if (((const struct store_op *)g_ptr_array_index(ops, i))->id == id)
			return TRUE;
	fulmar_fail(error, FULMAR_FAILED,
	            _("nothing in the queue of %s is called %s:%lld; “fulmar queue” lists it"), account->id,
	            account->id, (long long)id);
	return FALSE;
}

static gboolean
change_op(const struct app *app, struct session *session, enum command_verb verb, const char *word,
          GError **error)
{
	gint64 op;
	const struct conf_account *account = find_op(app, word, &op, error);
	struct command *command;

	if (!account || !op_exists(account, op, error) || !session_start(session, account, error))
		return FALSE;
	command = command_new(verb, account->id);
	command->op = op;
	if (!session_do(session, command, error))
		return FALSE;
	if (verb != CMD_RETRY || !app_may_link(app, account))
		return TRUE;
	return session_do(session, command_new(CMD_REPLAY, account->id), error);
}

int
command_queue(struct app *app)
{
	static const struct {
		const char *name;
		enum command_verb verb;
	} verbs[] = {{"retry", CMD_RETRY}, {"drop", CMD_DROP}};
	const GPtrArray *words = app->cli.words;
	struct session *session;
	GError *error = NULL;

	if (!words->len)
		return list_queue(app);
	for (guint i = 0; words->len == 2 && i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].name, g_ptr_array_index(words, 0)) != 0)
			continue;
		session = session_new(app);
		change_op(app, session, verbs[i].verb, g_ptr_array_index(words, 1), &error);
		session_free(session);
		return error ? app_fail(error) : FULMAR_OK;
	}
	report_error(_("the queue can be listed, or: fulmar queue retry OP, fulmar queue drop OP"));
	return FULMAR_USAGE;
}
