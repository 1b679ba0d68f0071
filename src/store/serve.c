#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/maildrop.h"
#include "store/store-private.h"

/* A store that is itself the server of its folders: what is lost of it cannot be fetched again. So what
 * damage leaves of a message is kept, and gets a number or a row anew. */

static const char serves[] = "serves";

gboolean
store_serve(struct store *store, GError **error)
{
	g_autofree char *is = store_get(store, serves);

	return is || store_set(store, serves, "1", error);
}

gboolean
serve_is(struct store *store)
{
	g_autofree char *is = store_get(store, serves);

	return is != NULL;
}

gboolean
store_unnamed(struct store *store, gint64 folder, guint limit, GArray *out, GError **error)
{
	static const char sql[] = "SELECT u.id FROM unbound u WHERE u.folder = ?1 AND u.hash = 0"
	                          " AND u.id NOT IN (SELECT id FROM op_row) ORDER BY u.id LIMIT ?2";

	return store_flush(store, error) && store_ids(store, sql, VALUES(folder, limit), out, error);
}

gboolean
serve_reserve_ids(struct store *store, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO meta VALUES ('last_id', 0)";
	gboolean ok;

	if (!store_begin(store, FALSE, error))
		return FALSE;
	ok = store_run(store, sql, NULL, 0, error);
	store->last_id = MAX(store->last_id, bodies_highest_id(store->dir));
	return store_leave(store, TRUE, ok, error);
}

gboolean
serve_last_id(struct store *store, msgid *id, GError **error)
{
	static const char sql[] = "SELECT max(value, coalesce((SELECT max(id) FROM message), 0)) FROM meta"
	                          " WHERE key = 'last_id'";

	return store_number(store, sql, NULL, 0, G_MAXINT64, id, error);
}

/* ---- a body without a row ---- */

/* The row that is this message: *id 0: none. *whole: it has its body. */
static gboolean
find_row(struct store *store, const struct envelope *envelope, gint64 size, msgid *id, gboolean *whole,
         GError **error)
{
	static const char sql[] =
	        "SELECT m.id, m.have & 8 FROM message m JOIN envelope e ON e.id = m.id WHERE (m.id = ?1 OR"
	        " (m.thread = ?1 AND m.thread <> m.id)) AND m.size = ?2 AND e.message_id = ?3"
	        " ORDER BY m.have & 8 LIMIT 1";
	const char *name = envelope->message_id;
	sqlite3_stmt *statement;
	gint64 thread;
	int result;

	*id = 0;
	if (!name || !*name)
		return TRUE;
	if (!refs_get(store, refs_hash(store, name, strlen(name)), &thread, error))
		return FALSE;
	statement = thread ? store_sql(store, sql, VALUES(thread, size), error) : NULL;
	if (!statement)
		return thread == 0;
	sqlite3_bind_text(statement, 3, name, -1, SQLITE_STATIC);
	result = store_step(store, statement, error);
	if (result > 0) {
		*id = sqlite3_column_int64(statement, 0);
		*whole = sqlite3_column_int(statement, 1) != 0;
	}
	sqlite3_reset(statement);
	return result >= 0;
}

static gboolean
note_drop(struct store *store, msgid id, GBytes *bytes, gint64 now, GError **error)
{
	gsize len;
	const char *octets = g_bytes_get_data(bytes, &len);
	const struct store_drop drop = {.uidl = "",
	                                .size = len,
	                                .digest = store_drop_digest(store, octets, len, len),
	                                .msg = id,
	                                .since = now};

	/* By what name the server knows it is not known any more. */
	return store_drop_add(store, &drop, error) && store_set(store, DROPS_RENAMED, "1", error);
}

/* One in INBOX, unread, whose body lies at path. 0 with error. */
static msgid
make_row(struct store *store, const char *path, GBytes *bytes, const struct envelope *envelope,
         GError **error)
{
	struct store_folder *inbox = store_folder_by_path(store, "INBOX", error);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	struct store_message message = {
	        .received = envelope->has_date && envelope->date > 0 ? MIN(envelope->date, now) : now,
	        .size = g_bytes_get_size(bytes),
	        .envelope = envelope};
	msgid id = 0;

	if (inbox && (message.uid = store_uid_next(store, inbox->id, error)))
		id = store_add(store, inbox->id, &message, error);
	if (!inbox && error && !*error)
		fulmar_fail(error, FULMAR_FAILED, _("The folder is not in the store any more"));
	store_folder_free(inbox);
	return id && bodies_take_in(store, path, id, bytes, TRUE, error) &&
	                       note_drop(store, id, bytes, now, error)
	               ? id
	               : 0;
}

/* Its own row has lost sight of it, or another one, or there is none. */
static gboolean
adopt(struct store *store, msgid id, const char *path, GBytes *bytes, const struct envelope *envelope,
      gboolean *here, GError **error)
{
	static const char own[] = "SELECT id FROM message WHERE id = ?1";
	gint64 size = (gint64)g_bytes_get_size(bytes);
	gboolean whole = FALSE;
	msgid row;

	*here = FALSE;
	if (!store_number(store, own, VALUES(id), 0, &row, error))
		return FALSE;
	if (row)
		return bodies_put_entry(store, id, "", size, NULL, error);
	if (!find_row(store, envelope, size, &row, &whole, error))
		return FALSE;
	*here = row && whole;
	if (row && !whole)
		return bodies_take_in(store, path, row, bytes, TRUE, error);
	return *here || make_row(store, path, bytes, envelope, error) != 0;
}

gboolean
serve_adopt(struct store *store, msgid id, const char *path, gboolean *here, GError **error)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
	g_autoptr(GBytes) bytes = file ? g_mapped_file_get_bytes(file) : NULL;
	struct envelope envelope;
	const char *octets;
	gboolean ok;
	gsize len;

	if (!bytes)
		return FALSE;
	octets = g_bytes_get_data(bytes, &len);
	envelope_from_headers(&envelope, octets ? octets : "", len);
	ok = store_begin(store, TRUE, error) &&
	     store_leave(store, TRUE, adopt(store, id, path, bytes, &envelope, here, error), error);
	envelope_clear(&envelope);
	return ok;
}
