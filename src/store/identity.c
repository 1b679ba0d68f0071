#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Messages that are known again under a UID that was not known: after a new UIDVALIDITY, after a move or an
 * append whose answer named no UID, and when another client moved them. Table unbound holds what is looked
 * for: folder (0: wherever it turns up) and a hash of what a message is known by. Hash 0 stands for the row
 * itself, also when it has nothing to be known by.
 *
 * Several messages may be alike. While an op is under way, what it takes along is met only where it puts it,
 * and what it may have put somewhere is left to it. */

struct known_by {
	const char *email_id, *message_id, *subject; /* or NULL */
	gint64 received, size, date;                 /* date 0: none */
};

/* Time and size with Message-ID, or without one with what a person would know the message by; NULL when there
 * is neither. */
static char *
derive(const struct known_by *by)
{
	const char *text = by->message_id && *by->message_id ? by->message_id : by->subject;
	char kind = text == by->message_id ? 'm' : 's';

	if (!text || !*text || (kind == 's' && !by->date))
		return NULL;
	return g_strdup_printf("%c %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s", kind,
	                       by->received, by->size, kind == 's' ? by->date : 0, text);
}

/* Two names by which a message is known again: the server's own id, and one made of the message itself. */
static void
identities(struct store *store, const struct known_by *by, gint64 out[2])
{
	g_autofree char *named = by->email_id && *by->email_id ? g_strconcat("e ", by->email_id, NULL) : NULL;
	g_autofree char *derived = derive(by);

	out[0] = named ? refs_hash(store, named, strlen(named)) : 0;
	out[1] = derived ? refs_hash(store, derived, strlen(derived)) : 0;
}

static gboolean
identities_of(struct store *store, msgid id, gint64 out[2], GError **error)
{
	static const char sql[] = "SELECT m.received, m.size, e.email_id, e.message_id, e.subject, e.date"
	                          " FROM message m"
	                          " LEFT JOIN envelope e ON e.id = m.id WHERE m.id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);
	int result = statement ? store_step(store, statement, error) : -1;

	out[0] = out[1] = 0;
	if (result > 0) {
		struct known_by by = {(const char *)sqlite3_column_text(statement, 2),
		                      (const char *)sqlite3_column_text(statement, 3),
		                      (const char *)sqlite3_column_text(statement, 4),
		                      sqlite3_column_int64(statement, 0),
		                      sqlite3_column_int64(statement, 1),
		                      sqlite3_column_int64(statement, 5)};

		identities(store, &by, out);
		sqlite3_reset(statement);
	}
	return result >= 0;
}

/* ---- looking for ---- */

gboolean
identity_expect(struct store *store, gint64 folder, msgid id, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO unbound VALUES (?1, ?2, ?3)";
	gint64 hashes[2];

	if (!identities_of(store, id, hashes, error))
		return FALSE;
	if (folder && !store_run(store, sql, VALUES(folder, 0, id), error))
		return FALSE;
	for (guint i = 0; i < 2; i++)
		if (hashes[i] && !store_run(store, sql, VALUES(folder, hashes[i], id), error))
			return FALSE;
	folders_forget(store);
	return TRUE;
}

gboolean
identity_forget(struct store *store, msgid id, GError **error)
{
	static const char hashes[] = "DELETE FROM unbound WHERE id = ?1";
	static const char awaited[] = "DELETE FROM awaited WHERE id = ?1";

	return store_run(store, hashes, VALUES(id), error) && store_run(store, awaited, VALUES(id), error);
}

gboolean
identity_where(struct store *store, msgid id, gint64 *folder, GError **error)
{
	static const char sql[] = "SELECT folder FROM unbound WHERE id = ?1 AND folder <> 0 LIMIT 1";

	return store_number(store, sql, VALUES(id), 0, folder, error);
}

gboolean
identity_await(struct store *store, gint64 folder, msgid id, guint64 mark, GError **error)
{
	static const char sql[] =
	        "INSERT OR REPLACE INTO awaited (id, folder, since, mark) VALUES (?1, ?2, ?3, ?4)";

	return store_run(store, sql, VALUES(id, folder, g_get_real_time() / G_USEC_PER_SEC, (gint64)mark),
	                 error) &&
	       identity_expect(store, folder, id, error);
}

gboolean
store_is_awaited(struct store *store, msgid id)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM unbound WHERE id = ?1 AND folder <> 0)";
	gint64 awaited;

	return store_number(store, sql, VALUES(id), 0, &awaited, NULL) && awaited;
}

gboolean
store_awaiting_folders(struct store *store, GArray *out, GError **error)
{
	static const char sql[] = "SELECT DISTINCT folder FROM awaited";

	return store_ids(store, sql, NULL, 0, out, error);
}

/* ---- finding ---- */

/* One that waits in folder for hash and may have uid; *id 0: none. Of some that are alike, one that is
 * flagged as the message is. */
static gboolean
find_in(struct store *store, gint64 folder, gint64 hash, guint64 uid, guint flags, msgid *id, GError **error)
{
	static const char sql[] = "SELECT m.id FROM (SELECT u.id FROM unbound u WHERE u.folder = ?1 AND "
	                          "u.hash = ?2 AND NOT EXISTS"
	                          " (SELECT 1 FROM awaited a WHERE a.id = u.id AND a.mark > ?3) LIMIT 20) w"
	                          " JOIN message m ON m.id = w.id ORDER BY m.base = ?4 DESC, m.id LIMIT 1";

	return store_number(store, sql, VALUES(folder, hash, (gint64)uid, flags), 0, id, error);
}

/* One that vanished and has hash. What an op has taken away, which runs or is being looked into, can be
 * nowhere but where that puts it, and what has another id than email_id (or NULL) is another message. */
static gboolean
find_lost(struct store *store, gint64 folder, gint64 hash, guint64 uid, const char *email_id, msgid *id,
          GError **error)
{
	static const char sql[] =
	        "SELECT id FROM (SELECT u.id, (SELECT iif(op_row.source = -1, 0, op.target) = ?2 AND op.mark "
	        "<= ?3 FROM op_row"
	        " CROSS JOIN op ON op.id = op_row.op WHERE op_row.id = u.id AND op.state IN (?4, ?5)"
	        " AND (op.verb BETWEEN 1 AND 5 OR op.verb = 11 OR (op.verb = 10 AND op.add_flags = 1))"
	        " ORDER BY op_row.op LIMIT 1) AS due FROM unbound u WHERE u.folder = 0 AND u.hash = ?1"
	        " AND NOT EXISTS (SELECT 1 FROM envelope e WHERE e.id = u.id AND e.email_id <> ?6))"
	        " WHERE due IS NOT 0 ORDER BY due DESC LIMIT 1";
	sqlite3_stmt *statement =
	        store_sql(store, sql, VALUES(hash, folder, (gint64)uid, OP_RUNNING, OP_CHECKING), error);
	int result;

	G_STATIC_ASSERT(OP_MOVE == 1 && OP_EMPTY == 5 && OP_TRANSFER == 10 && OP_REPLACE == 11 &&
	                ROW_REPLACED == -1);
	if (!statement)
		return FALSE;
	store_bind_text(statement, 6, email_id);
	result = store_step(store, statement, error);
	if (result > 0) {
		*id = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return result >= 0;
}

/* Messages with the same Message-ID are in one thread; one that has none is alone in its own, and those like
 * it came at the same time. Rows of folders (named f) that are so like row id. */
#define LIKE_NAMELESS(id) \
	" FROM message l JOIN envelope e ON e.id = l.id AND e.message_id IS NULL CROSS JOIN f" \
	" CROSS JOIN message m INDEXED BY message_list ON m.folder = f.id AND m.received = l.received" \
	" AND m.size = l.size WHERE l.id = " id

/* Whether an op that runs, or is being looked into, may have put the message of another row into folder from
 * uid on down: one that is like id, and known by hashes. FALSE also when it is id's own op. */
static gboolean
is_expected(struct store *store, gint64 folder, guint64 uid, msgid id, const gint64 hashes[2],
            gboolean *expected, GError **error)
{
	static const char sql[] =
	        "WITH f AS (SELECT id FROM folder UNION ALL SELECT 0)"
	        " SELECT m.id FROM (SELECT id FROM message INDEXED BY message_member WHERE thread = ?1"
	        " AND thread <> id UNION SELECT ?1 UNION SELECT m.id" LIKE_NAMELESS(
	                "?6") ") m CROSS JOIN op_row ON op_row.id = m.id"
	                      " CROSS JOIN op ON op.id = op_row.op WHERE op.target = ?2 AND op.mark <= ?3"
	                      " AND op.state IN (?4, ?5) AND (op.verb BETWEEN 1 AND 4 OR op.verb = 11)"
	                      " AND op_row.source >= 0";
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean own = FALSE, alike = FALSE, ok;
	struct row_state row;
	gint64 theirs[2];

	G_STATIC_ASSERT(OP_APPEND == 4 && OP_REPLACE == 11 && ROW_REPLACED == -1);
	ok = row_state_get(store, id, &row, error) &&
	     store_ids(store, sql, VALUES(row.thread, folder, (gint64)uid, OP_RUNNING, OP_CHECKING, id), rows,
	               error);
	row_state_clear(&row);
	for (guint i = 0; ok && i < rows->len; i++) {
		ok = identities_of(store, g_array_index(rows, msgid, i), theirs, error);
		own |= g_array_index(rows, msgid, i) == id;
		alike |= ok &&
		         ((hashes[0] && hashes[0] == theirs[0]) || (hashes[1] && hashes[1] == theirs[1]));
	}
	*expected = alike && !own;
	return ok;
}

/* Finds the row that is met by the message that is now uid of folder; *id 0: none. */
static gboolean
find(struct store *store, gint64 folder, const struct store_message *message, const gint64 hashes[2],
     msgid *id, GError **error)
{
	guint64 uid = message->uid;
	gboolean expected = FALSE;

	*id = 0;
	for (guint i = 0; i < 2 && !*id; i++)
		if (hashes[i] && !find_in(store, folder, hashes[i], uid, message->flags, id, error))
			return FALSE;
	if (*id)
		return TRUE;
	for (guint i = 0; i < 2 && !*id; i++)
		if (hashes[i] && !find_lost(store, folder, hashes[i], uid, message->email_id, id, error))
			return FALSE;
	if (*id && !is_expected(store, folder, uid, *id, hashes, &expected, error))
		return FALSE;
	if (expected)
		*id = 0;
	return TRUE;
}

/* The row takes the place of message in the list too, should the server have given it another time. */
static gboolean
take_key(struct store *store, struct row_state *row, const struct store_message *message, GError **error)
{
	static const char sql[] = "UPDATE message SET received = ?2, ord = ?3, size = ?4 WHERE id = ?1";

	row->key.received = message->received;
	row->key.ord = message->uid ? (gint64)message->uid : row->id;
	return store_run(store, sql, VALUES(row->id, row->key.received, row->key.ord, (gint64)message->size),
	                 error);
}

/* The server has row, which is looked for, at message's place in folder. */
static gboolean
meet(struct store *store, struct row_state *row, gint64 folder, const struct store_message *message,
     GError **error)
{
	const struct spot at = {folder, message->uid, (char *)message->file};

	if (!identity_forget(store, row->id, error) ||
	    (row->folder == 0 && !take_key(store, row, message, error)))
		return FALSE;
	return row_settle(store, row, &at, error);
}

int
identity_meet(struct store *store, gint64 folder, const struct store_message *message, msgid *id,
              GError **error)
{
	gint64 hashes[2];
	struct row_state row;
	gboolean ok;

	const struct envelope *envelope = message->envelope;
	const struct known_by by = {message->email_id,     envelope->message_id,
	                            envelope->subject,     message->received,
	                            (gint64)message->size, envelope->has_date ? envelope->date : 0};

	identities(store, &by, hashes);
	if (!find(store, folder, message, hashes, id, error))
		return -1;
	if (!*id)
		return 0;
	ok = row_state_get(store, *id, &row, error) && meet(store, &row, folder, message, error);
	row_state_clear(&row);
	return ok ? 1 : -1;
}

gboolean
identity_double(struct store *store, gint64 folder, msgid id, msgid after, msgid *other, GError **error)
{
	static const char sql[] =
	        "WITH f AS (SELECT ?2 AS id)"
	        " SELECT id FROM message INDEXED BY message_member WHERE thread = ?1 AND thread <> id"
	        " AND folder = ?2 AND id > ?3 AND uid IS NOT NULL UNION ALL"
	        " SELECT id FROM message WHERE id = ?1 AND folder = ?2 AND id > ?3 AND uid IS NOT NULL"
	        " UNION SELECT m.id" LIKE_NAMELESS("?4") " AND m.id > ?3 AND m.uid IS NOT NULL";
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 mine[2], theirs[2];
	struct row_state row;
	gboolean ok = row_state_get(store, id, &row, error) && identities_of(store, id, mine, error) &&
	              store_ids(store, sql, VALUES(row.thread, folder, after, id), found, error);

	*other = 0;
	row_state_clear(&row);
	for (guint i = 0; ok && !*other && i < found->len; i++) {
		msgid each = g_array_index(found, msgid, i);

		ok = identities_of(store, each, theirs, error);
		if (ok && each != id &&
		    ((mine[0] && mine[0] == theirs[0]) || (mine[1] && mine[1] == theirs[1])))
			*other = each;
	}
	return ok;
}

/* ---- what was not found ---- */

/* It is not in the folder any more in which it was looked for; it may be elsewhere. */
static gboolean
give_up_row(struct store *store, struct row_state *row, GError **error)
{
	if (!identity_forget(store, row->id, error))
		return FALSE;
	if (row->folder == 0 || row_is_bound(row))
		return TRUE;
	return row_settle(store, row, NULL, error) &&
	       (row->folder == 0 || identity_expect(store, 0, row->id, error));
}

static gboolean
give_up(struct store *store, const GArray *ids, GError **error)
{
	for (guint i = 0; i < ids->len; i++)
		if (!row_if_here(store, g_array_index(ids, msgid, i), give_up_row, error))
			return FALSE;
	return TRUE;
}

gboolean
identity_read_through(struct store *store, gint64 folder, gint64 synced, GError **error)
{
	static const char count[] =
	        "UPDATE awaited SET passes = passes + 1, since = ?2 WHERE folder = ?1 AND since < ?2";
	/* What was read the first time may have been asked for before the message came. */
	static const char rows[] = "SELECT id FROM awaited WHERE folder = ?1 AND passes >= ?2";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	return store_run(store, count, VALUES(folder, synced), error) &&
	       store_ids(store, rows, VALUES(folder, 2), ids, error) && give_up(store, ids, error);
}

/* ---- a new UIDVALIDITY ---- */

static gboolean
unbind(struct store *store, gint64 folder, const GArray *ids, GError **error)
{
	for (guint i = 0; i < ids->len; i++) {
		struct row_state row;
		gboolean ok = row_state_get(store, g_array_index(ids, msgid, i), &row, error) &&
		              identity_expect(store, folder, row.id, error) &&
		              (row_is_bound(&row) ? row_relocate(store, &row, row.folder, 0, NULL, error)
		                                  : place_drop(store, &row, error));

		row_state_clear(&row);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

gboolean
store_folder_unbind(struct store *store, gint64 id, GError **error)
{
	static const char rows[] = "SELECT id FROM message WHERE folder = ?1 AND uid IS NOT NULL";
	static const char places[] = "SELECT id FROM place WHERE folder = ?1 AND uid IS NOT NULL";
	static const char mark[] = "UPDATE folder SET uidnext = 0, modseq = 0, present = 0, windows = '',"
	                           " complete = 0 WHERE id = ?1";
	/* From which UID on something may be is said of UIDs that are no more. */
	static const char awaited[] = "UPDATE awaited SET mark = 0 WHERE folder = ?1";
	static const char marks[] = "UPDATE op SET mark = 0 WHERE target = ?1";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	folder_delta(store, id);
	ok = store_ids(store, rows, VALUES(id), ids, error) &&
	     store_ids(store, places, VALUES(id), ids, error) && unbind(store, id, ids, error) &&
	     store_run(store, mark, VALUES(id), error) && store_run(store, awaited, VALUES(id), error) &&
	     store_run(store, marks, VALUES(id), error);
	folders_forget(store);
	return store_leave(store, own, ok, error);
}

gboolean
store_folder_rebound(struct store *store, gint64 id, GError **error)
{
	static const char rows[] = "SELECT id FROM unbound WHERE folder = ?1 AND hash = ?2"
	                           " AND id NOT IN (SELECT id FROM awaited)";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	folder_delta(store, id);
	ok = store_ids(store, rows, VALUES(id, 0), ids, error) && give_up(store, ids, error);
	folders_forget(store);
	return store_leave(store, own, ok, error);
}
