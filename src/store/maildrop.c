#include "store/maildrop.h"
#include <string.h>
#include "base/error.h"
#include "base/files.h"
#include "store/store-private.h"

/* Table maildrop. A row outlives its message when the person deleted that for good (store_expire says so by
 * msg = NULL); a message that goes otherwise, because it is damaged, takes its row along (a trigger) and is
 * fetched again like a new one. */

G_STATIC_ASSERT(HAVE_WHOLE == 8 && OP_TRANSFER == 10);

enum { SYNC_FEW = 8 };

#define DROP_COLUMNS \
	"d.id, d.uidl, d.nth, d.size, d.digest, coalesce(d.msg, 0), d.state, d.since," \
	" coalesce(m.folder, 0), coalesce(m.have & 8, 0)," \
	" m.folder = 0 AND EXISTS (SELECT 1 FROM op_row r JOIN op ON op.id = r.op" \
	" WHERE r.id = m.id AND op.verb = 10)"

/* uidl is lent until the statement goes on, in buffer. FALSE: it is damaged. */
static gboolean
drop_from(sqlite3_stmt *statement, struct store_drop *drop, GString *buffer)
{
	const char *uidl = sqlite3_column_blob(statement, 1);

	g_string_truncate(buffer, 0);
	g_string_append_len(buffer, uidl ? uidl : "", sqlite3_column_bytes(statement, 1));
	*drop = (struct store_drop){.id = sqlite3_column_int64(statement, 0),
	                            .uidl = buffer->str,
	                            .nth = (guint)sqlite3_column_int64(statement, 2),
	                            .size = (guint64)sqlite3_column_int64(statement, 3),
	                            .digest = sqlite3_column_int64(statement, 4),
	                            .msg = sqlite3_column_int64(statement, 5),
	                            .state = (enum drop_state)sqlite3_column_int(statement, 6),
	                            .since = sqlite3_column_int64(statement, 7),
	                            .folder = sqlite3_column_int64(statement, 8),
	                            .whole = sqlite3_column_int(statement, 9) != 0,
	                            .travels = sqlite3_column_int(statement, 10) != 0};
	return (guint)drop->state < DROP_STATES;
}

gboolean
store_drops(struct store *store, void (*each)(const struct store_drop *drop, void *user), void *user,
            GError **error)
{
	static const char sql[] =
	        "SELECT " DROP_COLUMNS " FROM maildrop d LEFT JOIN message m ON m.id = d.msg ORDER BY d.id";
	g_autoptr(GString) uidl = g_string_new(NULL);
	sqlite3_stmt *statement = NULL;
	struct store_drop drop;
	int result = -1;

	if (store_flush(store, error) && (statement = store_sql(store, sql, NULL, 0, error)))
		while ((result = store_step(store, statement, error)) > 0)
			if (drop_from(statement, &drop, uidl))
				each(&drop, user);
	return result >= 0;
}

gint64
store_drop_count(struct store *store, gint64 *here, GError **error)
{
	static const char all[] = "SELECT count(*) FROM maildrop";
	static const char with[] = "SELECT count(msg) FROM maildrop";
	gint64 n = -1;

	if (!store_number(store, all, NULL, 0, 0, &n, error) ||
	    (here && !store_number(store, with, NULL, 0, 0, here, error)))
		return -1;
	return n;
}

int
store_drop_of(struct store *store, msgid msg, struct store_drop *drop, GError **error)
{
	static const char sql[] = "SELECT " DROP_COLUMNS " FROM maildrop d JOIN message m ON m.id = d.msg"
	                          " WHERE d.msg = ?1 ORDER BY d.id LIMIT 1";
	g_autoptr(GString) uidl = g_string_new(NULL);
	sqlite3_stmt *statement;
	int result = -1;

	if (!store_flush(store, error) || !(statement = store_sql(store, sql, VALUES(msg), error)))
		return -1;
	result = store_step(store, statement, error);
	if (result <= 0)
		return result;
	if (!drop_from(statement, drop, uidl)) {
		sqlite3_reset(statement);
		store_fail_damaged(store, "maildrop", error);
		return -1;
	}
	sqlite3_reset(statement);
	drop->uidl = g_string_free(g_steal_pointer(&uidl), FALSE);
	return 1;
}

/* ---- writing ---- */

static gboolean
finish_with_uidl(struct store *store, sqlite3_stmt *statement, int at, const char *uidl, GError **error)
{
	if (statement)
		sqlite3_bind_blob(statement, at, uidl, (int)strlen(uidl), SQLITE_STATIC);
	return store_finish(store, statement, error);
}

gint64
store_drop_add(struct store *store, const struct store_drop *drop, GError **error)
{
	static const char sql[] = "INSERT INTO maildrop (uidl, nth, size, digest, msg, state, since)"
	                          " VALUES (?7, ?1, ?2, ?3, nullif(?4, 0), ?5, ?6)";
	gint64 id = 0;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return 0;
	ok = finish_with_uidl(store,
	                      store_sql(store, sql,
	                                VALUES(drop->nth, (gint64)drop->size, drop->digest, drop->msg,
	                                       drop->state, drop->since),
	                                error),
	                      7, drop->uidl, error);
	if (ok)
		id = sqlite3_last_insert_rowid(store->db);
	return store_leave(store, own, ok, error) ? id : 0;
}

gboolean
store_drop_rename(struct store *store, gint64 id, const struct store_drop *drop, GError **error)
{
	static const char sql[] =
	        "UPDATE maildrop SET uidl = ?5, nth = ?2, size = ?3, digest = ?4 WHERE id = ?1";
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = finish_with_uidl(
	        store, store_sql(store, sql, VALUES(id, drop->nth, (gint64)drop->size, drop->digest), error),
	        5, drop->uidl, error);
	return store_leave(store, own, ok, error);
}

gboolean
store_drop_set_state(struct store *store, const gint64 *ids, guint n, enum drop_state state, GError **error)
{
	static const char sql[] = "UPDATE maildrop SET state = ?2 WHERE id = ?1";
	gboolean own, ok = TRUE;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	for (guint i = 0; ok && i < n; i++)
		ok = store_run(store, sql, VALUES(ids[i], state), error);
	return store_leave(store, own, ok, error);
}

gboolean
store_drop_forget(struct store *store, const gint64 *ids, guint n, GError **error)
{
	static const char sql[] = "DELETE FROM maildrop WHERE id = ?1";
	gboolean own, ok = TRUE;

	if (!store_enter(store, TRUE, &own, error))
		return FALSE;
	for (guint i = 0; ok && i < n; i++)
		ok = store_run(store, sql, VALUES(ids[i]), error);
	return store_leave(store, own, ok, error);
}

gboolean
drop_let_go(struct store *store, msgid msg, GError **error)
{
	static const char sql[] = "UPDATE maildrop SET msg = NULL WHERE msg = ?1";

	return store_run(store, sql, VALUES(msg), error);
}

gboolean
drop_has(struct store *store, msgid msg)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM maildrop WHERE msg = ?1 AND state <> ?2)";
	gint64 there;

	return store_number(store, sql, VALUES(msg, DROP_SENT), 0, &there, NULL) && there;
}

/* ---- which message it is ---- */

static gboolean
is_field(const struct mime_field *field, const char *name)
{
	return field->name_len == strlen(name) &&
	       g_ascii_strncasecmp(field->name, name, field->name_len) == 0;
}

/* Written by servers that keep a mailbox as one file; what they say changes. */
static gboolean
is_servers(const struct mime_field *field)
{
	static const char *const names[] = {"Status", "X-Status", "X-UIDL", "X-UID", "X-Keywords", "X-IMAP"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (is_field(field, names[i]))
			return TRUE;
	return FALSE;
}

static void
append_value(GString *text, const struct mime_field *field)
{
	g_autofree char *value = g_strndup(field->value, field->value_len);

	g_string_append(text, g_strstrip(value));
	g_string_append_c(text, '\n');
}

gint64
store_drop_digest(struct store *store, const char *header, gsize len, guint64 size)
{
	g_autoptr(GString) named = g_string_new(NULL), date = g_string_new(NULL), all = g_string_new(NULL);
	const char *at = header;
	struct mime_field field;
	gint64 hash;

	while (len && mime_field_next(&at, header + len, &field)) {
		if (!named->len && is_field(&field, "Message-ID"))
			append_value(named, &field);
		if (!date->len && is_field(&field, "Date"))
			append_value(date, &field);
		if (is_servers(&field))
			continue;
		g_string_append_len(all, field.name, (gssize)field.name_len);
		append_value(all, &field);
	}
	if (named->len > 1)
		g_string_append(g_string_assign(all, named->str), date->str);
	g_string_append_printf(all, "%" G_GUINT64_FORMAT, size);
	if (!store->key[0] && !store_load_key(store, NULL))
		return 0;
	hash = refs_hash(store, all->str, all->len);
	return hash ? hash : 1;
}

/* ---- a store that is its folders' server ---- */

guint64
store_uid_next(struct store *store, gint64 folder, GError **error)
{
	guint64 next;

	if (!store_flush(store, error) || !folder_uid_limit(store, folder, &next, error))
		return 0;
	return MAX(next, 1);
}

static gboolean
has_whole(struct store *store, msgid id, gboolean *here, gboolean *whole, GError **error)
{
	static const char sql[] = "SELECT 1 + (have & 8 > 0) FROM message WHERE id = ?1";
	gint64 found;

	if (!store_number(store, sql, VALUES(id), 0, &found, error))
		return FALSE;
	*here = found > 0;
	*whole = found > 1;
	return TRUE;
}

gboolean
store_copy_body(struct store *store, msgid from, msgid to, gboolean *lacking, GError **error)
{
	static const char there[] = "SELECT EXISTS (SELECT 1 FROM maildrop WHERE msg = ?1 AND state <> ?2)";
	gboolean here, has, source_here, source_has;
	gint64 known;

	*lacking = FALSE;
	if (!has_whole(store, to, &here, &has, error) ||
	    !has_whole(store, from, &source_here, &source_has, error))
		return FALSE;
	if (!here || has || !source_here)
		return TRUE;
	if (source_has)
		return bodies_share(store, from, to, error);
	if (!store_number(store, there, VALUES(from, DROP_AWAY), 0, &known, error))
		return FALSE;
	*lacking = known != 0;
	return TRUE;
}

gboolean
store_copies_lack(struct store *store, guint limit, GArray *out, GError **error)
{
	static const char sql[] =
	        "SELECT DISTINCT r.source FROM op CROSS JOIN op_row r ON r.op = op.id"
	        " JOIN message m ON m.id = r.source JOIN maildrop d ON d.msg = r.source"
	        " JOIN message c ON c.id = r.id WHERE op.verb = ?1 AND op.state <> ?2 AND m.have & 8 = 0"
	        " AND c.have & 8 = 0 AND d.state <> ?4 ORDER BY r.source DESC LIMIT ?3";

	return store_flush(store, error) &&
	       store_ids(store, sql, VALUES(OP_COPY, OP_FAILED, limit, DROP_AWAY), out, error);
}

static gboolean
sync_body(struct store *store, msgid id, GHashTable *dirs, GError **error)
{
	g_autofree char *path = bodies_path(store, id, "", error);
	gboolean here, whole;

	if (!path || !has_whole(store, id, &here, &whole, error) || (whole && !files_sync(path, error)))
		return FALSE;
	if (whole)
		g_hash_table_add(dirs, g_path_get_dirname(path));
	return TRUE;
}

/* Files first: by then the names of all of them are mostly on the disk too. */
gboolean
store_bodies_sync(struct store *store, const msgid *ids, guint n, GError **error)
{
	g_autoptr(GHashTable) dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer dir;

	if (n > SYNC_FEW)
		return files_sync_all(store->dir, error);
	for (guint i = 0; i < n; i++)
		if (!sync_body(store, ids[i], dirs, error))
			return FALSE;
	g_hash_table_iter_init(&iter, dirs);
	while (g_hash_table_iter_next(&iter, &dir, NULL))
		if (!files_sync(dir, error))
			return FALSE;
	return TRUE;
}
