#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* ---- counters ---- */

struct folder_delta *
folder_delta(struct store *store, gint64 folder)
{
	struct folder_delta *delta = g_hash_table_lookup(store->folders, &folder);

	if (!delta) {
		delta = g_new0(struct folder_delta, 1);
		delta->id = folder;
		g_hash_table_insert(store->folders, &delta->id, delta);
	}
	return delta;
}

gboolean
folders_flush(struct store *store, GError **error)
{
	static const char sql[] =
	        "UPDATE folder SET total = total + ?2, unread = unread + ?3, unread_base = unread_base + ?4,"
	        " threads = threads + ?5, server_unread = max(0, server_unread + ?6), revision = revision + "
	        "1 WHERE id = ?1";
	struct folder_delta *delta;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, store->folders);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&delta)) {
		if (!store_run(store, sql,
		               VALUES(delta->id, delta->rows, delta->unread, delta->unread_base,
		                      delta->threads, delta->server_unread),
		               error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

static void
forget_known(struct folder_delta *delta)
{
	delta->known = FALSE;
	memset(delta->gaps, 0, sizeof delta->gaps);
}

/* ---- reading ---- */

#define COLUMNS \
	"id, path, wire, delimiter, role, selectable, subscribed, rights, total, unread, unread_base, " \
	"uidvalidity," \
	" uidnext, modseq, present, server_total, server_unread, windows, complete, synced, mailbox_id, " \
	"revision"

void
store_folder_free(gpointer data)
{
	struct store_folder *folder = data;

	if (!folder)
		return;
	g_free(folder->path);
	g_free(folder->wire);
	g_free(folder->role);
	g_free(folder->rights);
	g_free(folder->windows);
	g_free(folder->mailbox_id);
	g_free(folder);
}

static char *
text(sqlite3_stmt *statement, int at)
{
	char *value = store_column(statement, at);

	return value ? value : g_strdup("");
}

/* While rows are missing the server's count is the better one; what waits for the server is taken into
 * account. */
static void
fill_counters(struct store_folder *folder, gint64 unread, gint64 unread_base)
{
	gint64 server_total = (gint64)folder->server_total, server_unread = (gint64)folder->server_unread;

	folder->total = folder->complete ? folder->rows : MAX(server_total, folder->rows);
	folder->unread = folder->complete ? unread : MAX(server_unread + unread - unread_base, unread);
	folder->unread = CLAMP(folder->unread, 0, folder->total);
}

static struct store_folder *
folder_from(sqlite3_stmt *statement)
{
	struct store_folder *folder = g_new0(struct store_folder, 1);

	folder->id = sqlite3_column_int64(statement, 0);
	folder->path = text(statement, 1);
	folder->wire = g_strdup((const char *)sqlite3_column_text(statement, 2));
	if (!folder->wire)
		folder->wire = g_strdup("");
	folder->delimiter = (char)sqlite3_column_int(statement, 3);
	folder->role = text(statement, 4);
	folder->selectable = sqlite3_column_int(statement, 5) != 0;
	folder->subscribed = sqlite3_column_int(statement, 6) != 0;
	folder->rights = text(statement, 7);
	folder->rows = sqlite3_column_int64(statement, 8);
	folder->uidvalidity = (guint64)sqlite3_column_int64(statement, 11);
	folder->uidnext = (guint64)sqlite3_column_int64(statement, 12);
	folder->modseq = (guint64)sqlite3_column_int64(statement, 13);
	folder->exists = (guint64)sqlite3_column_int64(statement, 14);
	folder->server_total = (guint64)sqlite3_column_int64(statement, 15);
	folder->server_unread = (guint64)sqlite3_column_int64(statement, 16);
	folder->windows = text(statement, 17);
	folder->complete = sqlite3_column_int(statement, 18) != 0;
	folder->synced = sqlite3_column_int64(statement, 19);
	folder->mailbox_id = text(statement, 20);
	folder->revision = (guint64)sqlite3_column_int64(statement, 21);
	fill_counters(folder, sqlite3_column_int64(statement, 9), sqlite3_column_int64(statement, 10));
	return folder;
}

static int
role_rank(const struct store_folder *folder)
{
	static const char *const order[] = {"inbox",   "flagged", "drafts", "sent",
	                                    "archive", "all",     "junk",   "trash"};

	if (g_ascii_strcasecmp(folder->path, "INBOX") == 0)
		return -1;
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		if (strcmp(folder->role, order[i]) == 0)
			return (int)i;
	return G_N_ELEMENTS(order);
}

struct sortable {
	struct store_folder *folder;
	int rank;
	char *folded;
};

static int
compare(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int order = (x->rank > y->rank) - (x->rank < y->rank);

	if (!order)
		order = strcmp(x->folded, y->folded);
	return order ? order : strcmp(x->folder->wire, y->folder->wire);
}

static void
sort(GPtrArray *folders)
{
	g_autofree struct sortable *keys = g_new(struct sortable, folders->len);

	for (guint i = 0; i < folders->len; i++) {
		keys[i].folder = folders->pdata[i];
		keys[i].rank = role_rank(keys[i].folder);
		keys[i].folded = g_utf8_casefold(keys[i].folder->path, -1);
	}
	if (folders->len)
		qsort(keys, folders->len, sizeof *keys, compare);
	for (guint i = 0; i < folders->len; i++) {
		folders->pdata[i] = keys[i].folder;
		g_free(keys[i].folded);
	}
}

GPtrArray *
store_folders(struct store *store, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM folder";
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(store_folder_free);
	sqlite3_stmt *statement;
	int result;

	if (!store_flush(store, error) || !(statement = store_sql(store, sql, NULL, 0, error)))
		return NULL;
	while ((result = store_step(store, statement, error)) > 0)
		g_ptr_array_add(folders, folder_from(statement));
	if (result < 0)
		return NULL;
	sort(folders);
	return g_steal_pointer(&folders);
}

static struct store_folder *
one_folder(struct store *store, sqlite3_stmt *statement, GError **error)
{
	struct store_folder *folder = NULL;

	if (statement && store_step(store, statement, error) > 0) {
		folder = folder_from(statement);
		sqlite3_reset(statement);
	}
	return folder;
}

struct store_folder *
store_folder_by_path(struct store *store, const char *path, GError **error)
{
	static const char exact[] =
	        "SELECT " COLUMNS
	        " FROM folder WHERE path = ?1 COLLATE NOCASE AND path = ?1 ORDER BY id LIMIT 1";
	static const char inbox[] =
	        "SELECT " COLUMNS " FROM folder WHERE path = ?1 COLLATE NOCASE ORDER BY id LIMIT 1";
	sqlite3_stmt *statement;

	if (!store_flush(store, error))
		return NULL;
	statement = store_sql(store, g_ascii_strcasecmp(path, "INBOX") == 0 ? inbox : exact, NULL, 0, error);
	if (statement)
		sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	return one_folder(store, statement, error);
}

struct store_folder *
store_folder_by_id(struct store *store, gint64 id, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM folder WHERE id = ?1";

	if (!store_flush(store, error))
		return NULL;
	return one_folder(store, store_sql(store, sql, VALUES(id), error), error);
}

/* ---- writing ---- */

static gboolean
put(struct store *store, struct store_folder *folder, GError **error)
{
	static const char insert[] =
	        "INSERT INTO folder (id, path, wire, delimiter, role, selectable, subscribed, rights, "
	        "mailbox_id,"
	        " server_total, server_unread) VALUES (?1, ?6, ?7, ?2, ?8, ?3, ?4, ?9, ?10, ?5, ?11)"
	        /* Another process may have met it in the meantime. */
	        " ON CONFLICT (wire) DO UPDATE SET path = ?6, delimiter = ?2, role = ?8, selectable = ?3,"
	        " subscribed = ?4, rights = ?9, mailbox_id = ?10, server_total = ?5, server_unread = ?11"
	        " RETURNING id";
	static const char update[] =
	        "UPDATE folder SET path = ?6, wire = ?7, delimiter = ?2, role = ?8, selectable = ?3, "
	        "subscribed = ?4,"
	        " rights = ?9, mailbox_id = ?10, server_total = ?5, server_unread = ?11 WHERE id = ?1"
	        " RETURNING id";
	const char *texts[] = {folder->path, folder->wire, folder->role, folder->rights, folder->mailbox_id};
	sqlite3_stmt *statement = store_sql(store, folder->id ? update : insert,
	                                    VALUES(folder->id, folder->delimiter, folder->selectable != 0,
	                                           folder->subscribed != 0, (gint64)folder->server_total),
	                                    error);
	int result;

	if (!statement)
		return FALSE;
	if (!folder->id)
		sqlite3_bind_null(statement, 1);
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		sqlite3_bind_text(statement, 6 + i, texts[i] ? texts[i] : "", -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 11, (gint64)folder->server_unread);
	result = store_step(store, statement, error);
	if (result > 0)
		folder->id = sqlite3_column_int64(statement, 0);
	return result == 0 || (result > 0 && store_finish(store, statement, error));
}

gboolean
store_folder_put(struct store *store, struct store_folder *folder, GError **error)
{
	gint64 id = folder->id;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = put(store, folder, error);
	ok = store_leave(store, own, ok, error);
	if (!ok)
		folder->id = id;
	return ok;
}

gboolean
store_folder_put_state(struct store *store, const struct store_folder *folder, GError **error)
{
	static const char sql[] =
	        "UPDATE folder SET uidvalidity = ?2, uidnext = ?3, modseq = ?4, present = ?5, server_total = "
	        "?6,"
	        " server_unread = ?7, complete = ?8, synced = ?9, windows = ?10 WHERE id = ?1";
	sqlite3_stmt *statement;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	statement =
	        store_sql(store, sql,
	                  VALUES(folder->id, (gint64)folder->uidvalidity, (gint64)folder->uidnext,
	                         (gint64)folder->modseq, (gint64)folder->exists, (gint64)folder->server_total,
	                         (gint64)folder->server_unread, folder->complete != 0, folder->synced),
	                  error);
	if (statement)
		sqlite3_bind_text(statement, 10, folder->windows ? folder->windows : "", -1, SQLITE_STATIC);
	ok = store_finish(store, statement, error);
	return store_leave(store, own, ok, error);
}

/* Removes the rows whose ids sql gives. */
static gboolean
remove_rows(struct store *store, const char *sql, gint64 folder, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);

		g_array_append_val(ids, id);
	}
	for (guint i = 0; result >= 0 && i < ids->len; i++) {
		struct row_state state;

		result = row_state_by_id(store, g_array_index(ids, msgid, i), &state, error);
		if (result > 0 && !row_remove(store, &state, error))
			result = -1;
		row_state_clear(&state);
	}
	return result >= 0;
}

gboolean
store_folder_remove(struct store *store, gint64 id, GError **error)
{
	static const char rows[] = "SELECT id FROM message WHERE folder = ?1";
	static const char unbound[] = "DELETE FROM unbound WHERE folder = ?1";
	static const char row[] = "DELETE FROM folder WHERE id = ?1";
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = remove_rows(store, rows, id, error) && store_flush(store, error) &&
	     store_run(store, unbound, VALUES(id), error) && store_run(store, row, VALUES(id), error);
	return store_leave(store, own, ok, error);
}

/* ---- a new UIDVALIDITY ---- */

/* Two names by which a message is known again: the server's own id, and Message-ID with time and size. */
static void
identities(struct store *store, const char *email_id, const char *message_id, gint64 received, gint64 size,
           gint64 out[2])
{
	g_autofree char *named = email_id && *email_id ? g_strconcat("e ", email_id, NULL) : NULL;
	g_autofree char *derived = message_id && *message_id
	                                   ? g_strdup_printf("m %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s",
	                                                     received, size, message_id)
	                                   : NULL;

	out[0] = named ? refs_hash(store, named, strlen(named)) : 0;
	out[1] = derived ? refs_hash(store, derived, strlen(derived)) : 0;
}

static gboolean
remember_unbound(struct store *store, gint64 folder, GError **error)
{
	static const char rows[] =
	        "SELECT m.id, m.received, m.size, e.email_id, e.message_id FROM message m"
	        " LEFT JOIN envelope e ON e.id = m.id WHERE m.folder = ?1 AND m.uid IS NOT NULL";
	static const char insert[] = "INSERT OR IGNORE INTO unbound VALUES (?1, ?2, ?3)";
	sqlite3_stmt *statement = store_sql(store, rows, VALUES(folder), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);
		gint64 hashes[2];

		identities(store, (const char *)sqlite3_column_text(statement, 3),
		           (const char *)sqlite3_column_text(statement, 4),
		           sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2), hashes);
		/* Hash 0 marks the row as one to go when it is not met again. */
		if (!store_run(store, insert, VALUES(folder, 0, id), error) ||
		    (hashes[0] && !store_run(store, insert, VALUES(folder, hashes[0], id), error)) ||
		    (hashes[1] && !store_run(store, insert, VALUES(folder, hashes[1], id), error))) {
			sqlite3_reset(statement);
			return FALSE;
		}
	}
	return result >= 0;
}

gboolean
store_folder_unbind(struct store *store, gint64 id, GError **error)
{
	static const char clear[] = "UPDATE message SET uid = NULL WHERE folder = ?1 AND uid IS NOT NULL";
	static const char mark[] =
	        "UPDATE folder SET unbound = 1, uidnext = 0, modseq = 0, present = 0, windows = '',"
	        " complete = 0 WHERE id = ?1";
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	forget_known(folder_delta(store, id));
	ok = remember_unbound(store, id, error) && store_run(store, clear, VALUES(id), error) &&
	     store_run(store, mark, VALUES(id), error);
	return store_leave(store, own, ok, error);
}

gboolean
store_folder_rebound(struct store *store, gint64 id, GError **error)
{
	static const char rows[] = "SELECT id FROM unbound WHERE folder = ?1 AND hash = 0";
	static const char forget[] = "DELETE FROM unbound WHERE folder = ?1";
	static const char mark[] = "UPDATE folder SET unbound = 0 WHERE id = ?1";
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	forget_known(folder_delta(store, id));
	ok = remove_rows(store, rows, id, error) && store_run(store, forget, VALUES(id), error) &&
	     store_run(store, mark, VALUES(id), error);
	return store_leave(store, own, ok, error);
}

int
folder_rebind(struct store *store, gint64 folder, const struct store_message *message, msgid *id,
              GError **error)
{
	static const char find[] =
	        "SELECT u.id FROM unbound u WHERE u.folder = ?1 AND u.hash = ?2 AND EXISTS"
	        " (SELECT 1 FROM unbound w WHERE w.folder = ?1 AND w.hash = 0 AND w.id = u.id) LIMIT 1";
	static const char bind[] = "UPDATE message SET uid = ?2 WHERE id = ?1";
	static const char forget[] =
	        "DELETE FROM unbound WHERE folder = ?1 AND hash IN (0, ?3, ?4) AND id = ?2";
	gint64 hashes[2];

	identities(store, message->email_id, message->envelope->message_id, message->received,
	           (gint64)message->size, hashes);
	*id = 0;
	for (guint i = 0; i < 2 && !*id; i++)
		if (hashes[i] && !store_number(store, find, VALUES(folder, hashes[i]), 0, id, error))
			return -1;
	if (!*id)
		return 0;
	if (!store_run(store, bind, VALUES(*id, (gint64)message->uid), error) ||
	    !store_run(store, forget, VALUES(folder, *id, hashes[0], hashes[1]), error))
		return -1;
	return 1;
}
