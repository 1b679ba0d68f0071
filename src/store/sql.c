#include <errno.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* How statements are made, run and read, and how that is said with which they fail. */

/* ---- errors ---- */

static const struct {
	int code;
	const char *text;
} faults[] = {
        {SQLITE_FULL, N_("no room left on the disk; free some and try again")},
        {SQLITE_READONLY, N_("it cannot be written: read-only; make it and its folder writable")},
        {SQLITE_PERM, N_("it cannot be opened: permission denied; make it and its folder readable")},
        {SQLITE_CANTOPEN, N_("it cannot be opened; make it and its folder readable and writable")},
        {SQLITE_BUSY, N_("another program is writing to it and does not finish; try again")},
        {SQLITE_LOCKED, N_("another program is writing to it and does not finish; try again")},
        {SQLITE_NOMEM, N_("out of memory")},
};

static const char *
fault_text(struct store *store, int code)
{
	int last = errno, system = sqlite3_system_errno(store->db);

	if (!system)
		system = last; /* it is not kept on every path */
	if (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT || system == EFBIG))
		code = SQLITE_FULL;
	if (code == SQLITE_CANTOPEN && (system == ENOSPC || system == EDQUOT))
		code = SQLITE_FULL;
	if (code == SQLITE_IOERR && system)
		return g_strerror(system);
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
		if (faults[i].code == code)
			return _(faults[i].text);
	return sqlite3_errmsg(store->db);
}

gboolean
store_is_damage(int code)
{
	/* Our statements are fixed: an unknown table, a constraint or a type that does not fit is damage. */
	static const int codes[] = {SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_CONSTRAINT,
	                            SQLITE_MISMATCH};

	for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
		if (codes[i] == code)
			return TRUE;
	return FALSE;
}

void
store_fail_sql(struct store *store, GError **error)
{
	int code = sqlite3_errcode(store->db) & 0xff;

	store->failed = TRUE;
	store->fault = code;
	if (store_is_damage(code))
		store_fail_damaged(store, NULL, error);
	else
		fulmar_fail(error, FULMAR_FAILED, "%s: %s", store->path, fault_text(store, code));
}

void
store_fail_damaged(struct store *store, const char *what, GError **error)
{
	g_autofree char *account = g_path_get_basename(store->dir);

	if (what)
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: the store is damaged (%s); “fulmar check --repair %s” puts it right"),
		            store->path, what, account);
	else
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: the store is damaged; “fulmar check --repair %s” puts it right"),
		            store->path, account);
}

void
store_fail_gone(msgid id, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("The message %lld is not in the store any more"), (long long)id);
}

void
store_fail_broken(struct store *store, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s: nothing was changed because a step failed"), store->path);
}

/* ---- statements ---- */

sqlite3_stmt *
store_prepare(struct store *store, const char *text, const gint64 *values, guint n, GError **error)
{
	sqlite3_stmt *statement = g_hash_table_lookup(store->statements, text);

	/* A fault may have ended the transaction already: what came now would be committed alone. */
	if (store->inside && store->failed) {
		store_fail_broken(store, error);
		return NULL;
	}
	if (!statement) {
		if (sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
		    SQLITE_OK) {
			store_fail_sql(store, error);
			return NULL;
		}
		g_hash_table_insert(store->statements, (gpointer)text, statement);
	}
	for (guint i = 0; i < n; i++)
		sqlite3_bind_int64(statement, (int)i + 1, values[i]);
	return statement;
}

sqlite3_stmt *
store_sql(struct store *store, const char *text, const gint64 *values, guint n, GError **error)
{
	if (!store->adding && !pending_flush(store, error))
		return NULL;
	return store_prepare(store, text, values, n, error);
}

int
store_step(struct store *store, sqlite3_stmt *statement, GError **error)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	if (result == SQLITE_DONE) {
		sqlite3_reset(statement);
		return 0;
	}
	store_fail_sql(store, error);
	sqlite3_reset(statement);
	return -1;
}

gboolean
store_finish(struct store *store, sqlite3_stmt *statement, GError **error)
{
	int result;

	if (!statement)
		return FALSE;
	while ((result = store_step(store, statement, error)) > 0)
		;
	return result == 0;
}

gboolean
store_run(struct store *store, const char *text, const gint64 *values, guint n, GError **error)
{
	return store_finish(store, store_sql(store, text, values, n, error), error);
}

gboolean
store_number(struct store *store, const char *text, const gint64 *values, guint n, gint64 fallback,
             gint64 *out, GError **error)
{
	sqlite3_stmt *statement = store_sql(store, text, values, n, error);
	int result = statement ? store_step(store, statement, error) : -1;

	*out = fallback;
	if (result > 0) {
		*out = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return result >= 0;
}

gboolean
store_ids(struct store *store, const char *text, const gint64 *values, guint n, GArray *out, GError **error)
{
	sqlite3_stmt *statement = store_sql(store, text, values, n, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		gint64 id = sqlite3_column_int64(statement, 0);

		g_array_append_val(out, id);
	}
	return result >= 0;
}

void
store_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text && *text)
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, at);
}

char *
store_column(sqlite3_stmt *statement, int at)
{
	const char *text = (const char *)sqlite3_column_text(statement, at);

	if (!text)
		return NULL;
	/* What was written was valid; what a bad disk gave back may not be. */
	return g_utf8_validate(text, -1, NULL) ? g_strdup(text) : g_utf8_make_valid(text, -1);
}

char *
store_text(sqlite3_stmt *statement, int at)
{
	char *value = store_column(statement, at);

	return value ? value : g_strdup("");
}
