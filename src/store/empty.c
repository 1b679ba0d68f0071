#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Emptying a folder of any size: in a few statements over all its rows, not row by row. */

/* Rows whose last op brings them here and has not gone out: the server does not have them in this folder, or
 * will have taken them out and back by then, under a UID that is yet to come; so each is purged where it is
 * then. */
static gboolean
purge_strangers(struct store *store, struct journal *journal, gint64 folder, GError **error)
{
	static const char sql[] =
	        "SELECT id FROM message WHERE folder = ?1 AND uid IS NULL AND file IS NULL"
	        " UNION SELECT op_row.id FROM op CROSS JOIN op_row ON op_row.op = op.id"
	        " CROSS JOIN message ON message.id = op_row.id WHERE op.verb = ?2 AND op.state <> ?3"
	        " AND message.folder = ?1 ORDER BY id";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = store_ids(store, sql, VALUES(folder, OP_MOVE, OP_FAILED), ids, error);

	for (guint i = 0; ok && i < ids->len; i++) {
		struct row_state row;
		struct entry entry = {.verb = OP_PURGE, .origin = folder};

		entry.subject = g_array_index(ids, msgid, i);
		ok = row_state_get(store, entry.subject, &row, error) &&
		     journal_purge_row(store, journal, &row, &entry.op, error) &&
		     journal_note(store, journal, &entry, error);
		row_state_clear(&row);
	}
	return ok;
}

/* All rows of folder go to limbo, each with its place. What the folder counted goes with them; its thread
 * rows are no more. */
static gboolean
send_all(struct store *store, gint64 folder, gint64 op, GError **error)
{
	static const char rows[] =
	        "INSERT INTO op_row (op, id) SELECT ?2, id FROM message WHERE folder = ?1 ORDER BY id";
	static const char leave[] = "DELETE FROM op_row WHERE op IN (SELECT id FROM op WHERE state = ?3 AND "
	                            "verb IN (1, 3, 10, 11))"
	                            " AND id IN (SELECT id FROM op_row WHERE op = ?2)";
	static const char left[] = "DELETE FROM op WHERE state = ?1 AND verb IN (1, 3, 10, 11)"
	                           " AND NOT EXISTS (SELECT 1 FROM op_row WHERE op = op.id)";
	static const char limbo[] =
	        "INSERT OR REPLACE INTO limbo SELECT id, ?3, ?1, ?2 FROM op_row WHERE op = ?2";
	static const char places[] =
	        "INSERT INTO place SELECT id, ?1, uid, file FROM message WHERE folder = ?1 ORDER BY id";
	static const char send[] =
	        "UPDATE message SET folder = 0, uid = NULL, file = NULL, head = 0, thread_count = 0,"
	        " thread_unread = 0 WHERE folder = ?1";
	static const char counts[] =
	        "UPDATE folder SET total = 0, unread = 0, threads = 0, revision = revision + 1 WHERE id = ?1";
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	G_STATIC_ASSERT(OP_MOVE == 1 && OP_PURGE == 3 && OP_TRANSFER == 10 && OP_REPLACE == 11);
	folders_forget(store);
	return store_flush(store, error) && store_run(store, rows, VALUES(folder, op), error) &&
	       store_run(store, leave, VALUES(folder, op, OP_FAILED), error) &&
	       store_run(store, left, VALUES(OP_FAILED), error) &&
	       store_run(store, limbo, VALUES(folder, op, now), error) &&
	       store_run(store, places, VALUES(folder), error) &&
	       store_run(store, send, VALUES(folder), error) &&
	       store_run(store, counts, VALUES(folder), error) && tree_settle_wish(store, folder, error);
}

static gboolean
empty_all(struct store *store, struct journal *journal, gint64 folder, GError **error)
{
	struct op_spec spec = {.verb = OP_EMPTY, .folder = folder};
	struct entry entry = {.verb = OP_EMPTY, .subject = folder, .origin = folder};
	struct store_folder *now;
	gboolean ok;

	if (!folder_is_usable(store, folder, error) || !purge_strangers(store, journal, folder, error) ||
	    !store_flush(store, error) || !folder_uid_limit(store, folder, &spec.upto, error) ||
	    !(now = store_folder_by_id(store, folder, error)))
		return FALSE;
	/* What is not here cannot come back. */
	entry.removed = now->total - now->shown;
	entry.added = now->shown;
	ok = now->shown == 0 && now->total == 0;
	store_folder_free(now);
	if (ok)
		return TRUE;
	ok = journal_op(store, journal, &spec, &entry.op, error) &&
	     journal_note(store, journal, &entry, error) && send_all(store, folder, entry.op, error);
	journal->n += entry.added ? (guint)MIN(entry.added - 1, G_MAXINT32) : 0;
	return ok;
}

gboolean
store_journal_empty(struct store *store, gint64 folder, gint64 *step, GError **error)
{
	struct journal journal;

	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	return journal_end(store, &journal, empty_all(store, &journal, folder, error), error);
}
