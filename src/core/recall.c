#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/error.h"
#include "core/account-private.h"

/* What was filed at another account is not to come after all: it was undone, the person dropped it, or the
 * program ended while it was being filed. */

/* map: transfer_map of its key. */
static gboolean
take_back_there(struct account *a, struct store *store, const struct store_undo_transfer *transfer,
                GHashTable *map, GError **error)
{
	g_autofree char *key = transfer_key(a, transfer->key, transfer->id);
	const gint64 *there = g_hash_table_lookup(map, &transfer->id);
	g_autoptr(GError) failed = NULL;
	struct store_op *op = store_op_by_key(store, key, &failed);
	struct store_row *row = there && !failed ? store_row(store, *there, &failed) : NULL;
	gboolean ok = !failed;

	if (ok && op && op->state != OP_RUNNING && op->state != OP_CHECKING)
		ok = store_op_drop(store, op->id, error);
	else if (ok && row && row->folder)
		ok = store_journal_purge(store, &row->id, 1, NULL, error);
	store_op_free(op);
	store_row_free(row);
	if (failed)
		g_propagate_error(error, g_steal_pointer(&failed));
	return ok;
}

/* What transfer_map gives, read once for each key. */
static GHashTable *
map_of(struct account *a, GHashTable *maps, const char *key)
{
	GHashTable *map = g_hash_table_lookup(maps, key);

	if (!map) {
		map = transfer_map(a, key);
		g_hash_table_insert(maps, (gpointer)key, map);
	}
	return map;
}

/* At the other accounts, after their transfers were undone here: struct store_undo_transfer. FALSE when one
 * of them could not be told; the reason was. */
static gboolean
take_back(struct account *a, const GArray *transfers)
{
	g_autoptr(GHashTable) stores =
	        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)store_close);
	g_autoptr(GHashTable) maps =
	        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_hash_table_unref);
	gboolean all = TRUE;

	for (guint i = 0; i < transfers->len; i++) {
		const struct store_undo_transfer *transfer =
		        &g_array_index(transfers, struct store_undo_transfer, i);
		const struct conf_account *settings;
		g_autoptr(GError) error = NULL;
		struct store *store = g_hash_table_lookup(stores, transfer->target);

		if (!store && (store = transfer_store(a, transfer->target, &settings, &error)))
			g_hash_table_insert(stores, transfer->target, store);
		if (!store || !take_back_there(a, store, transfer, map_of(a, maps, transfer->key), &error)) {
			journal_tell(a, 0, error->message);
			all = FALSE;
			continue;
		}
		transfer_wake(a, transfer->target);
	}
	return all;
}

gboolean
recall_undone(struct account *a, GError **error)
{
	g_autoptr(GArray) transfers = g_array_new(FALSE, FALSE, sizeof(struct store_undo_transfer));
	gboolean ok = store_undo_to_reach(a->store, transfers, error);

	if (ok && transfers->len && take_back(a, transfers))
		ok = store_undo_reached(a->store, error);
	for (guint i = 0; i < transfers->len; i++)
		g_free(g_array_index(transfers, struct store_undo_transfer, i).target);
	return ok;
}

gboolean
recall_dropped(struct account *a, gint64 id, GError **error)
{
	g_autoptr(GArray) transfers = g_array_new(FALSE, TRUE, sizeof(struct store_undo_transfer));
	g_autoptr(GError) failed = NULL;
	struct store_op *op = store_op(a->store, id, &failed);

	for (guint i = 0; op && op->verb == OP_TRANSFER && i < op->ids->len; i++) {
		struct store_undo_transfer transfer = {.target = op->arg,
		                                       .id = g_array_index(op->ids, msgid, i)};

		g_strlcpy(transfer.key, op->key, sizeof transfer.key);
		g_array_append_val(transfers, transfer);
	}
	if (transfers->len)
		take_back(a, transfers);
	store_op_free(op);
	if (!failed)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failed));
	return FALSE;
}

/* ---- what a crash left ---- */

/* Is there still a transfer of key ("ACCOUNT:TOKEN:") that will release its appends? TRUE when that cannot be
 * told. */
static gboolean
is_there(struct account *a, const char *key)
{
	g_auto(GStrv) parts = g_strsplit(key, ":", 3);
	const struct conf_account *source =
	        g_strv_length(parts) == 3 ? conf_account(a->conf, parts[0]) : NULL;
	g_autofree char *dir = source ? account_store_dir(source) : NULL;
	g_autoptr(GError) error = NULL;
	struct store *store = dir ? store_open(dir, STORE_READ, &error) : NULL;
	struct store_op *op;
	gboolean there;

	if (!store)
		return TRUE;
	op = store_op_by_key(store, parts[1], &error);
	there = op || error;
	store_op_free(op);
	store_close(store);
	return there;
}

/* The appends of one transfer have their fate together. */
static gboolean
is_expected(struct account *a, GHashTable *known, const char *key)
{
	const char *row = strrchr(key, ':');
	g_autofree char *transfer = g_strndup(key, (gsize)(row - key) + 1);
	gpointer there;

	if (!g_hash_table_lookup_extended(known, transfer, NULL, &there)) {
		there = GINT_TO_POINTER(is_there(a, transfer));
		g_hash_table_insert(known, g_steal_pointer(&transfer), there);
	}
	return GPOINTER_TO_INT(there);
}

gboolean
recall_strays(struct account *a, GPtrArray *ops, GError **error)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	int lock = -1;
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (op->verb != OP_APPEND || op->state != OP_HELD || !transfer_is_source(op->key))
			continue;
		/* Somebody is in between just now: it is looked into at another start. */
		if (lock < 0 && (lock = transfer_lock(a->settings, LOCK_EX | LOCK_NB, NULL)) < 0)
			return TRUE;
		if (!is_expected(a, known, op->key))
			ok = store_op_drop(a->store, op->id, error);
	}
	if (lock >= 0)
		close(lock);
	return ok;
}
