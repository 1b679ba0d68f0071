/* fulmar queue: the journal of every account; retry and drop. */
#include <string.h>

#include "app/app.h"
#include "app/report.h"
#include "app/session.h"
#include "base/error.h"
#include "base/i18n.h"

/* Where it happens, and where to. */
struct places {
	char *folder, *target; /* paths; NULL: none */
};

static char *
path_of(struct store *store, gint64 id)
{
	struct store_folder *folder = id ? store_folder_by_id(store, id, NULL) : NULL;
	char *path = folder ? g_strdup(folder->path) : NULL;

	store_folder_free(folder);
	return path;
}

static void
places_of(struct store *store, const struct store_op *op, struct places *places)
{
	places->folder = path_of(store, op->folder);
	places->target = path_of(store, op->to);
	if (op->verb == OP_TRANSFER)
		places->target = g_strdup(op->arg);
}

static void
op_json(const struct conf_account *account, const struct store_op *op, const char *name,
        const struct places *places)
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
	json_text(out, "folder", places->folder);
	json_text(out, "target", places->target);
	json_time(out, "created", op->created);
	json_close(out, '}');
	report_line(out->str);
}

static char *
what_of(const struct store_op *op, const struct places *places)
{
	GString *what = g_string_new(NULL);

	if (op->ids->len)
		g_string_append_printf(what, ngettext("%u message", "%u messages", op->ids->len),
		                       op->ids->len);
	if (places->folder)
		g_string_append_printf(what, "%s%s", what->len ? " " : "", places->folder);
	if (places->target)
		g_string_append_printf(what, "%s→ %s", what->len ? " " : "", places->target);
	return g_string_free(what, FALSE);
}

static void
op_text(struct table *table, const struct store_op *op, const char *name, const struct places *places)
{
	g_autofree char *what = what_of(op, places);
	g_autofree char *attempts =
	        op->attempts
	                ? g_strdup_printf(ngettext("tried %d time", "tried %d times", (gulong)op->attempts),
	                                  op->attempts)
	                : g_strdup("");

	table_add(table, name, op_verb_names[op->verb], op_state_names[op->state], what, attempts,
	          op->error ? op->error : "", NULL);
}

static void
print_op(const struct app *app, const struct conf_account *account, struct store *store,
         const struct store_op *op, struct table *table)
{
	g_autofree char *name = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id, op->id);
	struct places places;

	places_of(store, op, &places);
	if (app->cli.json)
		op_json(account, op, name, &places);
	else
		op_text(table, op, name, &places);
	g_free(places.folder);
	g_free(places.target);
}

static gboolean
print_account(const struct app *app, const struct conf_account *account, struct table *table, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);

	if (store)
		store_ops(store, FALSE, 0, ops, &problem);
	for (guint i = 0; i < ops->len; i++)
		print_op(app, account, store, g_ptr_array_index(ops, i), table);
	if (store)
		store_close(store);
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

int
command_queue(struct app *app)
{
	struct table *table = table_new(6);
	int status = FULMAR_OK;

	for (guint i = 0; i < app->conf->accounts->len; i++) {
		GError *error = NULL;
		gboolean ok = print_account(app, g_ptr_array_index(app->conf->accounts, i), table, &error);

		app_add_status(&status, i == 0, ok ? FULMAR_OK : app_fail(error));
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

/* The entry as it is now; NULL without error: gone. Gives (store_op_free). */
static struct store_op *
read_op(const struct conf_account *account, gint64 id, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);
	struct store_op *op = store ? store_op(store, id, &problem) : NULL;

	if (store)
		store_close(store);
	if (problem)
		g_propagate_error(error, problem);
	return op;
}

static gboolean
op_exists(const struct conf_account *account, gint64 id, GError **error)
{
	GError *problem = NULL;
	struct store_op *op = read_op(account, id, &problem);
	gboolean exists = op != NULL;

	store_op_free(op);
	if (problem)
		g_propagate_error(error, problem);
	else if (!exists)
		fulmar_fail(error, FULMAR_FAILED,
		            _("nothing in the queue of %s is called %s:%lld; “fulmar queue” lists it"),
		            account->id, account->id, (long long)id);
	return exists;
}

/* What became of an entry that was to be tried again; *queued: it waits. */
static gboolean
look_again(const struct conf_account *account, gint64 id, gboolean *queued, GError **error)
{
	GError *problem = NULL;
	struct store_op *op = read_op(account, id, &problem);

	*queued = op && op->state != OP_FAILED;
	if (op && op->state == OP_FAILED)
		fulmar_fail(&problem, FULMAR_FAILED, _("%s refused the change: %s; “fulmar queue” has it"),
		            account->id, op->error ? op->error : "");
	store_op_free(op);
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

static void
report_change(const struct app *app, const struct conf_account *account, gint64 op, const char *state)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *name = g_strdup_printf("%s:%" G_GINT64_FORMAT, account->id, op);

	if (!app->cli.json) {
		if (strcmp(state, "queued") == 0)
			report_line(state);
		return;
	}
	json_open(out, NULL, '{');
	json_text(out, "op", name);
	json_text(out, "state", state);
	json_close(out, '}');
	report_line(out->str);
}

static gboolean
change_op(const struct app *app, struct session *session, enum command_verb verb, const char *word,
          GError **error)
{
	gint64 op;
	const struct conf_account *account = find_op(app, word, &op, error);
	struct command *command;
	gboolean queued;

	if (!account || !op_exists(account, op, error) || !session_start(session, account, error))
		return FALSE;
	command = command_new(verb, account->id);
	command->op = op;
	if (!session_do(session, command, error))
		return FALSE;
	if (verb == CMD_RETRY && app_may_replay(app, account))
		session_do(session, command_new(CMD_REPLAY, account->id), NULL);
	if (!look_again(account, op, &queued, error))
		return FALSE;
	report_change(app, account, op, verb == CMD_DROP ? "dropped" : queued ? "queued" : "done");
	return TRUE;
}

static int
change_ops(struct app *app, enum command_verb verb)
{
	struct session *session = session_new(app);
	int status = FULMAR_OK;

	for (guint i = 0; i < app->cli.words->len; i++) {
		GError *error = NULL;
		gboolean ok = change_op(app, session, verb, g_ptr_array_index(app->cli.words, i), &error);

		app_add_status(&status, i == 0, ok ? FULMAR_OK : app_fail(error));
	}
	session_free(session);
	return status;
}

int
command_queue_retry(struct app *app)
{
	return change_ops(app, CMD_RETRY);
}

int
command_queue_drop(struct app *app)
{
	return change_ops(app, CMD_DROP);
}
