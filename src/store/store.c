#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store-private.h"

#define BUSY_MS 5000

/* ---- open and close ---- */

static gboolean
exec(struct store *store, const char *sql, GError **error)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	store_fail_sql(store, error);
	return FALSE;
}

static void
close_db(struct store *store)
{
	g_clear_pointer(&store->statements, g_hash_table_unref);
	sqlite3_close_v2(g_steal_pointer(&store->db));
}

static void
finalize_statement(gpointer statement)
{
	sqlite3_finalize(statement);
}

/* SQLite's count of its memory, which nobody reads, costs a lock at each allocation. */
static void
spare_counting(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
		g_once_init_leave(&done, 1);
	}
}

static gboolean
open_db(struct store *store, const char *name, int flags, GError **error)
{
	spare_counting();
	store->statements = g_hash_table_new_full(NULL, NULL, NULL, finalize_statement);
	if (sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		store_fail_sql(store, error);
		return FALSE;
	}
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	return TRUE;
}

/* On a medium that cannot be written SQLite has no place for its shared index. When no log is left over, the
 * file itself is the whole truth and nobody can change it. */
static gboolean
open_immutable(struct store *store, GError **error)
{
	g_autofree char *wal = g_strconcat(store->path, "-wal", NULL);
	g_autofree char *escaped = g_uri_escape_string(store->path, "/", FALSE);
	g_autofree char *uri = g_strdup_printf("file:%s?immutable=1", escaped);
	struct stat info;

	if (stat(wal, &info) == 0 && info.st_size > 0) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: its last changes cannot be read while its folder is read-only"),
		            store->path);
		return FALSE;
	}
	return open_db(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error) &&
	       schema_check(store, error);
}

static gboolean
open_reader(struct store *store, GError **error)
{
	g_autoptr(GError) first = NULL;
	int code;

	if (access(store->path, F_OK) != 0 && errno == ENOENT) {
		fulmar_fail(error, FULMAR_FAILED, _("%s: nothing has been stored yet"), store->path);
		return FALSE;
	}
	if (open_db(store, store->path, SQLITE_OPEN_READONLY, &first) && schema_check(store, &first))
		return exec(store, "PRAGMA cache_size = -2000", error);
	code = sqlite3_errcode(store->db) & 0xff;
	if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) {
		g_propagate_error(error, g_steal_pointer(&first));
		return FALSE;
	}
	close_db(store);
	return open_immutable(store, error);
}

/* Made here and not by SQLite so that it is private whatever the umask; its log takes the same mode. One that
 * is there is not opened: closing it again would take away the locks by which a reader of this process holds
 * it. */
static gboolean
make_file(struct store *store, GError **error)
{
	int fd;

	if (!files_make_private_dir(store->dir, error))
		return FALSE;
	fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return TRUE;
	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), store->path,
		            g_strerror(errno));
		return FALSE;
	}
	close(fd);
	store->young = TRUE;
	return TRUE;
}

/* What a new store is made with: nothing in it can be lost yet, so making it waits for no disk. */
static gboolean
make_quickly(struct store *store, GError **error)
{
	int result;

	if (!store->young)
		return TRUE;
	result = sqlite3_exec(store->db, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
	/* Another process was quicker, and uses it already. */
	if ((result & 0xff) == SQLITE_BUSY) {
		store->young = FALSE;
		return TRUE;
	}
	if (result == SQLITE_OK)
		return exec(store, "PRAGMA synchronous = OFF", error);
	store_fail_sql(store, error);
	return FALSE;
}

/* Brings a new store to the disk, before the first change that must not be lost. */
static gboolean
grow_up(struct store *store, GError **error)
{
	if (store->young && !exec(store, "PRAGMA wal_checkpoint", error))
		return FALSE;
	store->young = FALSE;
	return TRUE;
}

/* Ids are not given twice: what a damaged database says of a message that is there is not so. */
static gboolean
empty_trash(struct store *store, GError **error)
{
	static const char select[] = "SELECT id FROM trash WHERE id NOT IN (SELECT id FROM message)";
	static const char any[] = "SELECT EXISTS (SELECT 1 FROM trash)";
	static const char delete[] = "DELETE FROM trash";
	sqlite3_stmt *statement = store_sql(store, select, NULL, 0, error);
	int result = statement ? 0 : -1;
	gint64 left;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0)
		bodies_unlink(store, sqlite3_column_int64(statement, 0));
	return result >= 0 && store_number(store, any, NULL, 0, 0, &left, error) &&
	       (!left || store_run(store, delete, NULL, 0, error));
}

/* SQLite does not wait for another process that does the same at this moment. */
static gboolean
use_log(struct store *store, GError **error)
{
	gint64 end = g_get_monotonic_time() + BUSY_MS * 1000;

	for (;;) {
		int result = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (result == SQLITE_OK)
			return TRUE;
		if ((result & 0xff) != SQLITE_BUSY || g_get_monotonic_time() > end) {
			store_fail_sql(store, error);
			return FALSE;
		}
		g_usleep(2000);
	}
}

static gboolean
open_writer(struct store *store, GError **error)
{
	/* The log is copied back every 16 MB: rarely enough not to slow a first sync, often enough to stay
	 * small. */
	static const char pragmas[] =
	        "PRAGMA wal_autocheckpoint = 4000;"
	        "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -6000; PRAGMA temp_store = MEMORY;"
	        "PRAGMA secure_delete = FAST; PRAGMA trusted_schema = OFF;";

	if (!make_file(store, error) || !open_db(store, store->path, SQLITE_OPEN_READWRITE, error))
		return FALSE;
	if (sqlite3_db_readonly(store->db, "main") == 1) {
		fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), store->path,
		            g_strerror(EACCES));
		return FALSE;
	}
	return make_quickly(store, error) && use_log(store, error) && exec(store, pragmas, error) &&
	       pending_register(store, error) && schema_prepare(store, error) && empty_trash(store, error);
}

struct store *
store_open(const char *dir, enum store_mode mode, GError **error)
{
	struct store *store = g_new0(struct store, 1);
	gboolean ok;

	store->dir = g_strdup(dir);
	store->path = g_build_filename(dir, "store.db", NULL);
	store->mode = mode;
	store->synchronous = -1;
	store->own_version = -1;
	store->epoch = 1;
	store->broken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (mode == STORE_WRITE) {
		store->folders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
		store->unlink = g_array_new(FALSE, FALSE, sizeof(msgid));
		store->refs = refs_new();
		store->pending = pending_new();
		ok = open_writer(store, error);
	} else {
		ok = open_reader(store, error);
	}
	if (!ok) {
		store_close(store);
		return NULL;
	}
	store->failed = FALSE;
	store_changed(store);
	return store;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	if (store->inside)
		store_rollback(store);
	close_db(store);
	bodies_forget_cuts(store);
	g_clear_pointer(&store->folders, g_hash_table_unref);
	g_clear_pointer(&store->threads, g_hash_table_unref);
	g_clear_pointer(&store->refs, refs_free);
	g_clear_pointer(&store->pending, pending_free);
	g_clear_pointer(&store->broken, g_hash_table_unref);
	if (store->unlink)
		g_array_unref(store->unlink);
	if (store->kept)
		g_array_unref(store->kept);
	g_free(store->path);
	g_free(store->dir);
	g_free(store);
}

static gboolean
data_version(struct store *store, gint64 *version, GError **error)
{
	static const char sql[] = "PRAGMA data_version";

	return store_number(store, sql, NULL, 0, 0, version, error);
}

gboolean
store_changed(struct store *store)
{
	gint64 version, before = store->seen_version;

	if (!data_version(store, &version, NULL))
		return TRUE; /* whoever reads next learns why */
	store->seen_version = version;
	return version != before;
}

/* ---- transactions ---- */

gboolean
store_load_key(struct store *store, GError **error)
{
	static const char sql[] = "SELECT value FROM meta WHERE key = 'hash_key'";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? store_step(store, statement, error) : -1;

	if (result > 0 && sqlite3_column_bytes(statement, 0) == sizeof store->key)
		memcpy(store->key, sqlite3_column_blob(statement, 0), sizeof store->key);
	else if (result >= 0)
		store_fail_damaged(store, "hash_key", error), result = -1;
	if (statement)
		sqlite3_reset(statement);
	return result > 0;
}

/* What is kept in memory between transactions holds as long as nobody else wrote. */
static gboolean
refresh(struct store *store, GError **error)
{
	/* Whatever became of the number that is kept: an id that is taken names another message's file. */
	static const char sql[] = "SELECT max(coalesce((SELECT value FROM meta WHERE key = 'last_id'), 0),"
	                          " coalesce((SELECT max(id) FROM message), 0))";
	gint64 version;

	if (!data_version(store, &version, error))
		return FALSE;
	if (version == store->own_version)
		return TRUE;
	refs_reset(store->refs);
	keep_reset(store);
	if (!store_load_key(store, error) || !store_number(store, sql, NULL, 0, 0, &store->last_id, error))
		return FALSE;
	store->saved_last_id = store->last_id;
	store->own_version = version;
	return TRUE;
}

static void
forget_pending(struct store *store)
{
	g_hash_table_remove_all(store->folders);
	if (store->threads)
		g_hash_table_remove_all(store->threads);
	g_array_set_size(store->unlink, 0);
	pending_drop(store->pending);
}

void
store_look(struct store *store)
{
	if (!store->inside && !store->looking)
		store->looking = sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
}

void
store_look_end(struct store *store)
{
	/* Nothing was written: there is nothing that could be lost. */
	if (store->looking && !sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->looking = FALSE;
}

gboolean
store_begin(struct store *store, gboolean durable, GError **error)
{
	static const char begin[] = "BEGIN IMMEDIATE";
	int synchronous = durable ? 2 : 1;

	g_return_val_if_fail(!store->inside && store->mode == STORE_WRITE, FALSE);
	store_look_end(store);
	store->failed = FALSE;
	/* Cannot be changed inside a transaction. */
	if (store->synchronous != synchronous) {
		if (!exec(store, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
		          error))
			return FALSE;
		store->synchronous = synchronous;
	}
	if (durable && !grow_up(store, error))
		return FALSE;
	if (!store_run(store, begin, NULL, 0, error))
		return FALSE;
	store->inside = TRUE;
	if (refresh(store, error) && bodies_drop_broken(store, error))
		return TRUE;
	store_rollback(store);
	return FALSE;
}

gboolean
store_flush(struct store *store, GError **error)
{
	static const char sql[] = "UPDATE meta SET value = ?1 WHERE key = 'last_id'";

	if (!store->inside)
		return TRUE;
	if (!pending_flush(store, error) || !threads_flush(store, error) || !folders_flush(store, error) ||
	    !refs_flush(store, error))
		return FALSE;
	if (store->last_id != store->saved_last_id) {
		if (!store_run(store, sql, VALUES(store->last_id), error))
			return FALSE;
		store->saved_last_id = store->last_id;
	}
	return TRUE;
}

static void
unlink_removed(struct store *store)
{
	static const char sql[] = "DELETE FROM trash";
	guint n = store->unlink->len;

	for (guint i = 0; i < n; i++)
		bodies_unlink(store, g_array_index(store->unlink, msgid, i));
	/* When this fails the ids stay in the table and are tried again at the next start. */
	if (n)
		store_run(store, sql, NULL, 0, NULL);
}

gboolean
store_commit(struct store *store, GError **error)
{
	static const char commit[] = "COMMIT";

	g_return_val_if_fail(store->inside, FALSE);
	if (store->failed) {
		store_fail_broken(store, error);
		store_rollback(store);
		return FALSE;
	}
	if (!store_flush(store, error) || !store_run(store, commit, NULL, 0, error)) {
		store_rollback(store);
		return FALSE;
	}
	store->inside = FALSE;
	unlink_removed(store);
	forget_pending(store);
	return TRUE;
}

void
store_rollback(struct store *store)
{
	if (!store->inside)
		return;
	forget_pending(store);
	/* A full disk may have ended it already. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->inside = FALSE;
	store->own_version = -1;
	refs_reset(store->refs);
	keep_reset(store);
}

gboolean
store_enter(struct store *store, gboolean durable, gboolean *own, GError **error)
{
	*own = !store->inside;
	return !*own || store_begin(store, durable, error);
}

gboolean
store_leave(struct store *store, gboolean own, gboolean ok, GError **error)
{
	if (!own)
		return ok;
	if (ok)
		return store_commit(store, error);
	store_rollback(store);
	return FALSE;
}

/* ---- named values ---- */

char *
store_get(struct store *store, const char *key)
{
	static const char sql[] = "SELECT value FROM meta WHERE key = 'user:' || ?1";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, NULL);
	char *value = NULL;

	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (store_step(store, statement, NULL) > 0)
		value = store_column(statement, 0);
	sqlite3_reset(statement);
	return value;
}

gboolean
store_set(struct store *store, const char *key, const char *value, GError **error)
{
	static const char put[] = "INSERT OR REPLACE INTO meta VALUES ('user:' || ?1, ?2)";
	static const char drop[] = "DELETE FROM meta WHERE key = 'user:' || ?1";
	sqlite3_stmt *statement;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	statement = store_sql(store, value ? put : drop, NULL, 0, error);
	if (statement) {
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
		if (value)
			sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
	}
	ok = store_finish(store, statement, error);
	return store_leave(store, own, ok, error);
}
