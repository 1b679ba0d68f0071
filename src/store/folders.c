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
	        "UPDATE folder SET total = total + ?2, unread = unread + ?3, threads = threads + ?4,"
	        " bound = bound + ?5, unread_base = unread_base + ?6,"
	        " server_total = max(0, server_total + ?7), server_unread = max(0, server_unread + ?8),"
	        " revision = revision + 1 WHERE id = ?1";
	struct folder_delta *delta;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, store->folders);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&delta)) {
		if (!store_run(store, sql,
		               VALUES(delta->id, delta->rows, delta->unread, delta->threads, delta->bound,
		                      delta->unread_base, delta->server_total, delta->server_unread),
		               error) ||
		    (delta->rows && !tree_settle_wish(store, delta->id, error)))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

void
folders_forget(struct store *store)
{
	store->epoch++;
}

struct folder_delta *
folder_known(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] =
	        "SELECT EXISTS (SELECT 1 FROM folder WHERE id = ?1),"
	        " EXISTS (SELECT 1 FROM unbound WHERE folder = ?1),"
	        " EXISTS (SELECT 1 FROM unbound WHERE folder = 0),"
	        " EXISTS (SELECT 1 FROM place WHERE folder = ?1 AND (uid IS NOT NULL OR file IS NOT NULL)),"
	        " EXISTS (SELECT 1 FROM op WHERE folder = ?1 AND upto > 0)";
	struct folder_delta *delta = folder_delta(store, folder);
	sqlite3_stmt *statement;

	if (delta->known != store->epoch) {
		statement = store_sql(store, sql, VALUES(folder), error);
		if (!statement || store_step(store, statement, error) <= 0)
			return NULL;
		memset(delta->gaps, 0, sizeof delta->gaps);
		delta->here = sqlite3_column_int(statement, 0) != 0;
		delta->unbound = sqlite3_column_int(statement, 1) != 0;
		delta->sought = sqlite3_column_int(statement, 2) != 0;
		delta->placed = sqlite3_column_int(statement, 3) != 0;
		delta->wide = sqlite3_column_int(statement, 4) != 0;
		delta->known = store->epoch;
		sqlite3_reset(statement);
	}
	if (delta->here)
		return delta;
	fulmar_fail(error, FULMAR_FAILED, _("The folder is not in the store any more"));
	return NULL;
}

gboolean
folder_is_usable(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] = "SELECT NOT removed FROM folder WHERE id = ?1";
	gint64 usable;

	if (!store_number(store, sql, VALUES(folder), 0, &usable, error))
		return FALSE;
	if (!usable)
		fulmar_fail(error, FULMAR_FAILED, _("The folder is not in the store any more"));
	return usable != 0;
}

gboolean
folder_uid_limit(struct store *store, gint64 folder, guint64 *limit, GError **error)
{
	static const char sql[] =
	        "SELECT max(uidnext, server_uidnext,"
	        " coalesce((SELECT max(uid) + 1 FROM message WHERE folder = ?1 AND uid IS NOT NULL), 1),"
	        " coalesce((SELECT max(uid) + 1 FROM place WHERE folder = ?1 AND uid IS NOT NULL), 1))"
	        " FROM folder WHERE id = ?1";
	gint64 value;

	if (!store_number(store, sql, VALUES(folder), 1, &value, error))
		return FALSE;
	*limit = (guint64)value;
	return TRUE;
}

/* ---- reading ---- */

/* Its own ops are those that create, rename, remove or subscribe it; one that marks all as read, or empties
 * it, goes for the messages whose rows are not here as well. */
#define COLUMNS \
	"id, path, wire, delimiter, role, selectable, subscribed, rights, total, unread, bound, " \
	"unread_base," \
	" uidvalidity, uidnext, modseq, present, server_total, server_unread, windows, complete, synced," \
	" mailbox_id, revision, server_uidnext, server_size, hidden, pinned, keep," \
	" EXISTS (SELECT 1 FROM op WHERE op.folder = folder.id AND verb BETWEEN 6 AND 9 AND state <> 3)" \
	" OR EXISTS (SELECT 1 FROM op WHERE target = folder.id AND verb = 6 AND state <> 3)" \
	" OR EXISTS (SELECT 1 FROM op_folder JOIN op ON op.id = op_folder.op" \
	" WHERE op_folder.folder = folder.id AND state <> 3)," \
	" EXISTS (SELECT 1 FROM op WHERE op.folder = folder.id AND upto > 0 AND verb = 0" \
	" AND add_flags & 1 AND state <> 3)," \
	" EXISTS (SELECT 1 FROM op WHERE op.folder = folder.id AND upto > 0 AND verb = 5 AND state <> 3)"
G_STATIC_ASSERT(OP_FLAG == 0 && OP_EMPTY == 5 && OP_CREATE == 6 && OP_SUBSCRIBE == 9 && OP_FAILED == 3);

enum column {
	C_ID,
	C_PATH,
	C_WIRE,
	C_DELIMITER,
	C_ROLE,
	C_SELECTABLE,
	C_SUBSCRIBED,
	C_RIGHTS,
	C_TOTAL,
	C_UNREAD,
	C_BOUND,
	C_UNREAD_BASE,
	C_UIDVALIDITY,
	C_UIDNEXT,
	C_MODSEQ,
	C_PRESENT,
	C_SERVER_TOTAL,
	C_SERVER_UNREAD,
	C_WINDOWS,
	C_COMPLETE,
	C_SYNCED,
	C_MAILBOX_ID,
	C_REVISION,
	C_SERVER_UIDNEXT,
	C_SERVER_SIZE,
	C_HIDDEN,
	C_PINNED,
	C_KEEP,
	C_PENDING,
	C_ALL_SEEN,
	C_EMPTIED
};

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
	g_free(folder->keep);
	g_free(folder);
}

/* While rows are missing the server's count is the better one; what waits for the server is taken into
 * account. */
static void
fill_counters(struct store_folder *folder, sqlite3_stmt *statement)
{
	gint64 unread = sqlite3_column_int64(statement, C_UNREAD);
	gint64 elsewhere = (gint64)folder->server_total - folder->rows;
	gint64 elsewhere_unread =
	        (gint64)folder->server_unread - sqlite3_column_int64(statement, C_UNREAD_BASE);

	if (folder->complete || sqlite3_column_int(statement, C_EMPTIED))
		elsewhere = elsewhere_unread = 0;
	if (sqlite3_column_int(statement, C_ALL_SEEN))
		elsewhere_unread = 0;
	folder->total = folder->shown + MAX(elsewhere, 0);
	folder->unread = CLAMP(unread + MAX(elsewhere_unread, 0), 0, folder->total);
}

static struct store_folder *
folder_from(sqlite3_stmt *statement)
{
	struct store_folder *folder = g_new0(struct store_folder, 1);

	folder->id = sqlite3_column_int64(statement, C_ID);
	folder->path = store_text(statement, C_PATH);
	folder->wire = g_strdup((const char *)sqlite3_column_text(statement, C_WIRE));
	if (!folder->wire)
		folder->wire = g_strdup("");
	folder->delimiter = (char)sqlite3_column_int(statement, C_DELIMITER);
	folder->role = store_text(statement, C_ROLE);
	folder->selectable = sqlite3_column_int(statement, C_SELECTABLE) != 0;
	folder->subscribed = sqlite3_column_int(statement, C_SUBSCRIBED) != 0;
	folder->rights = store_text(statement, C_RIGHTS);
	folder->shown = sqlite3_column_int64(statement, C_TOTAL);
	folder->rows = sqlite3_column_int64(statement, C_BOUND);
	folder->uidvalidity = (guint64)sqlite3_column_int64(statement, C_UIDVALIDITY);
	folder->uidnext = (guint64)sqlite3_column_int64(statement, C_UIDNEXT);
	folder->modseq = (guint64)sqlite3_column_int64(statement, C_MODSEQ);
	folder->exists = (guint64)sqlite3_column_int64(statement, C_PRESENT);
	folder->server_total = (guint64)sqlite3_column_int64(statement, C_SERVER_TOTAL);
	folder->server_unread = (guint64)sqlite3_column_int64(statement, C_SERVER_UNREAD);
	folder->server_uidnext = (guint64)sqlite3_column_int64(statement, C_SERVER_UIDNEXT);
	folder->server_size = (guint64)sqlite3_column_int64(statement, C_SERVER_SIZE);
	folder->windows = store_text(statement, C_WINDOWS);
	folder->complete = sqlite3_column_int(statement, C_COMPLETE) != 0;
	folder->synced = sqlite3_column_int64(statement, C_SYNCED);
	folder->mailbox_id = store_text(statement, C_MAILBOX_ID);
	folder->revision = (guint64)sqlite3_column_int64(statement, C_REVISION);
	folder->hidden = sqlite3_column_int(statement, C_HIDDEN) != 0;
	folder->pinned = sqlite3_column_int(statement, C_PINNED) != 0;
	folder->keep = store_text(statement, C_KEEP);
	folder->pending = sqlite3_column_int(statement, C_PENDING) != 0;
	fill_counters(folder, statement);
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
	static const char sql[] = "SELECT " COLUMNS " FROM folder WHERE NOT removed";
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
	        "SELECT " COLUMNS " FROM folder WHERE path = ?1 COLLATE NOCASE AND path = ?1 AND NOT removed"
	        " ORDER BY id LIMIT 1";
	static const char inbox[] =
	        "SELECT " COLUMNS " FROM folder WHERE path = ?1 COLLATE NOCASE AND NOT removed"
	        " ORDER BY id LIMIT 1";
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

/* The row of what the server calls wire; *busy: a rename to that name is under way, so it may be a folder
 * that is known under its old one. *id 0: none. */
static gboolean
find_wire(struct store *store, const char *wire, gint64 *id, gboolean *busy, GError **error)
{
	static const char known[] = "SELECT id FROM folder WHERE wire = ?1 ORDER BY wish LIMIT 1";
	static const char renamed[] = "SELECT f.folder FROM op_folder f JOIN op ON op.id = f.op"
	                              " WHERE f.wire = ?1 AND op.state IN (1, 2) LIMIT 1";
	const char *const queries[] = {known, renamed};

	G_STATIC_ASSERT(OP_RUNNING == 1 && OP_CHECKING == 2);
	*id = 0;
	*busy = FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(queries) && !*id; i++) {
		sqlite3_stmt *statement = store_sql(store, queries[i], NULL, 0, error);
		int result;

		if (!statement)
			return FALSE;
		sqlite3_bind_text(statement, 1, wire, -1, SQLITE_STATIC);
		result = store_step(store, statement, error);
		if (result < 0)
			return FALSE;
		if (result > 0) {
			*id = sqlite3_column_int64(statement, 0);
			sqlite3_reset(statement);
			*busy = i == 1;
		}
	}
	return TRUE;
}

/* A wish of that name is not what the server has when there is a folder that it does have. */
static gboolean
resolve(struct store *store, struct store_folder *folder, gboolean *busy, GError **error)
{
	static const char is_wish[] = "SELECT wish FROM folder WHERE id = ?1";
	gint64 wish = 0, id;

	*busy = FALSE;
	if (folder->id && !store_number(store, is_wish, VALUES(folder->id), 0, &wish, error))
		return FALSE;
	if (folder->id && !wish)
		return TRUE;
	if (!find_wire(store, folder->wire, &id, busy, error))
		return FALSE;
	if (id)
		folder->id = id;
	return TRUE;
}

static gboolean
put(struct store *store, struct store_folder *folder, GError **error)
{
	static const char insert[] =
	        "INSERT INTO folder (id, path, wire, delimiter, role, selectable, subscribed, rights,"
	        " mailbox_id, server_total, server_unread, server_uidnext, server_path, server_subscribed,"
	        " server_size) VALUES (?1, ?8, ?9, ?2, ?10, ?3, ?4, ?11, ?12, ?5, ?6, ?7, ?8, ?4, ?13)"
	        " RETURNING id";
	/* What is as shown was perhaps read here: it need not be what the server has. */
	static const char update[] =
	        "UPDATE folder SET server_path = CASE WHEN path = ?8 THEN server_path ELSE ?8 END,"
	        " server_subscribed = ?4, wire = ?9, delimiter = ?2, role = ?10, selectable = ?3,"
	        " rights = ?11, mailbox_id = ?12, server_total = ?5, server_unread = ?6,"
	        " server_uidnext = ?7, server_size = ?13, wish = 0 WHERE id = ?1 RETURNING id";
	const char *texts[] = {folder->path, folder->wire, folder->role, folder->rights, folder->mailbox_id};
	sqlite3_stmt *statement =
	        store_sql(store, folder->id ? update : insert,
	                  VALUES(folder->id, folder->delimiter, folder->selectable != 0,
	                         folder->subscribed != 0, (gint64)folder->server_total,
	                         (gint64)folder->server_unread, (gint64)folder->server_uidnext),
	                  error);
	gboolean known = folder->id != 0;
	int result;

	if (!statement)
		return FALSE;
	if (!known)
		sqlite3_bind_null(statement, 1);
	for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++)
		sqlite3_bind_text(statement, 8 + i, texts[i] ? texts[i] : "", -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 13, (gint64)folder->server_size);
	result = store_step(store, statement, error);
	if (result > 0)
		folder->id = sqlite3_column_int64(statement, 0);
	if (result < 0 || (result > 0 && !store_finish(store, statement, error)))
		return FALSE;
	return !known || tree_settle(store, folder->id, error);
}

gboolean
store_folder_put(struct store *store, struct store_folder *folder, GError **error)
{
	gint64 id = folder->id;
	gboolean own, ok, busy;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = resolve(store, folder, &busy, error) && (busy || put(store, folder, error));
	ok = store_leave(store, own, ok, error);
	if (!ok)
		folder->id = id;
	return ok;
}

gboolean
store_folder_put_prefs(struct store *store, const struct store_folder *folder, GError **error)
{
	static const char sql[] = "UPDATE folder SET hidden = ?2, pinned = ?3, keep = ?4 WHERE id = ?1";
	sqlite3_stmt *statement;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	folder_delta(store, folder->id);
	statement =
	        store_sql(store, sql, VALUES(folder->id, folder->hidden != 0, folder->pinned != 0), error);
	if (statement)
		sqlite3_bind_text(statement, 4, folder->keep ? folder->keep : "", -1, SQLITE_STATIC);
	ok = store_finish(store, statement, error);
	return store_leave(store, own, ok, error);
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
	ok = store_finish(store, statement, error) &&
	     (!folder->complete || identity_read_through(store, folder->id, folder->synced, error));
	return store_leave(store, own, ok, error);
}
