#include <string.h>
#include "app/settle.h"

enum { ROUNDS_AT_MOST = 50 };

/* Adds what account's journal holds to measure; TRUE when something of it goes to another account. */
static gboolean
weigh(const struct conf_account *account, GString *measure)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct store *store = app_store(account, NULL);
	gboolean any = FALSE;

	if (store) {
		store_ops(store, FALSE, 0, ops, NULL); /* what cannot be read was told by the account */
		store_close(store);
	}
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		any |= op->verb == OP_TRANSFER && op->state != OP_FAILED;
		g_string_append_printf(measure, "%" G_GINT64_FORMAT ":%u:%u ", op->id, (guint)op->state,
		                       op->ids->len);
	}
	g_string_append_c(measure, '|');
	return any;
}

static void
replay_all(const struct app *app, struct session *session, const GPtrArray *accounts)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint64));

	for (guint i = 0; i < accounts->len; i++) {
		const struct conf_account *account = accounts->pdata[i];
		guint64 id;

		if (!app_may_replay(app, account) || !session_start(session, account, NULL))
			continue;
		id = session_send(session, command_new(CMD_REPLAY, account->id));
		g_array_append_val(ids, id);
	}
	for (guint i = 0; i < ids->len; i++)
		session_wait(session, g_array_index(ids, guint64, i), NULL);
}

void
settle_transfers(const struct app *app, struct session *session, const GPtrArray *accounts)
{
	g_autofree char *before = NULL;

	for (guint round = 0; round < ROUNDS_AT_MOST; round++) {
		GString *measure = g_string_new(NULL);
		gboolean any = FALSE, moved;

		for (guint i = 0; i < accounts->len; i++)
			any |= weigh(accounts->pdata[i], measure);
		moved = !before || strcmp(before, measure->str) != 0;
		g_free(before);
		before = g_string_free(measure, FALSE);
		if (!any || !moved)
			return;
		replay_all(app, session, accounts);
	}
}
