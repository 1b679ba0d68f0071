#include "app/change.h"

#include "app/report.h"
#include "app/settle.h"
#include "base/error.h"
#include "base/i18n.h"

/* What the server refuses is looked for in the ops that this change made: those of its step of undo, and
 * those that undoing made, which belong to none. */
struct made {
	const struct conf_account *account;
	gint64 step;
	gint64 before; /* the newest op there was */
};

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

static gboolean
note_newest(struct made *made, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (!read_ops(made->account, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++)
		made->before = MAX(made->before, ((const struct store_op *)g_ptr_array_index(ops, i))->id);
	return TRUE;
}

static gboolean
is_of(const struct store_op *op, const struct made *made)
{
	return made->step ? op->step == made->step : !op->step && op->id > made->before;
}

/* Still in the journal, refused, or gone because the server has it. */
static gboolean
look_at_journal(struct change *change, const struct made *made, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	if (!read_ops(made->account, ops, error))
		return FALSE;
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = g_ptr_array_index(ops, i);

		if (!is_of(op, made))
			continue;
		change->queued = TRUE;
		if (op->state != OP_FAILED)
			continue;
		fulmar_fail(error, FULMAR_FAILED, _("%s refused the change: %s; “fulmar queue” has it"),
		            made->account->id, op->error ? op->error : "");
		return FALSE;
	}
	return TRUE;
}

/* A replay that fails leaves the change in the journal, which is asked next. */
static void
replay(const struct app *app, struct session *session, const struct conf_account *account)
{
	if (app_may_replay(app, account) && session_start(session, account, NULL))
		session_do(session, command_new(CMD_REPLAY, account->id), NULL);
}

gboolean
change_make(const struct app *app, struct session *session, struct change *change, struct command *command,
            GError **error)
{
	g_autoptr(GError) partly = NULL;
	struct made made = {.account = change->account}, there = {.account = change->other};
	gboolean back = command->verb == CMD_UNDO && change->other; /* what went there goes from there */

	if (!session_start(session, change->account, error) || !note_newest(&made, error) ||
	    (change->other && !note_newest(&there, error))) {
		command_free(command);
		return FALSE;
	}
	if (!session_change(session, command, &change->told, &partly) && partly->code != FULMAR_PARTLY) {
		g_propagate_error(error, g_steal_pointer(&partly));
		return FALSE;
	}
	change->durable = TRUE;
	made.step = change->told.step;
	replay(app, session, change->account);
	if (back)
		replay(app, session, change->other);
	if (change->other) {
		g_autoptr(GPtrArray) accounts = g_ptr_array_new();

		g_ptr_array_add(accounts, (gpointer)change->account);
		g_ptr_array_add(accounts, (gpointer)change->other);
		settle_transfers(app, session, accounts);
	}
	if (!look_at_journal(change, &made, error) ||
	    (change->other && !look_at_journal(change, &there, error)))
		return FALSE;
	if (!partly)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&partly));
	return FALSE;
}

void
change_clear(struct change *change)
{
	session_told_clear(&change->told);
}

char *
change_folder_of(struct store *store, msgid id)
{
	struct store_row *row = store_row(store, id, NULL);
	struct store_folder *folder =
	        row && row->folder ? store_folder_by_id(store, row->folder, NULL) : NULL;
	char *path = folder ? g_strdup(folder->path) : NULL;

	store_folder_free(folder);
	g_clear_pointer(&row, store_row_free);
	return path;
}

gboolean
change_are_here(const struct conf_account *account, const GArray *ids, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(account, &problem);
	gboolean here = store != NULL;
	msgid id = 0;

	for (guint i = 0; here && i < ids->len; i++) {
		struct store_row *row = store_row(store, id = g_array_index(ids, msgid, i), &problem);

		here = row && row->folder;
		g_clear_pointer(&row, store_row_free);
	}
	if (store)
		store_close(store);
	if (problem)
		g_propagate_error(error, problem);
	else if (!store)
		fulmar_fail(error, FULMAR_FAILED, _("nothing of %s is here yet; “fulmar sync %s” fetches it"),
		            account->id, account->id);
	else if (!here)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no message %lld; “fulmar list” gives the IDs"),
		            account->id, (long long)id);
	return here;
}

void
change_json(const struct change *change, const char *id, const char *source, const char *folder)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "id", id);
	if (source)
		json_text(out, "source", source);
	json_text(out, "folder", folder);
	json_text(out, "state", change->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
}
