#include "store/check-private.h"

/* What a damaged database still gives of a table, row by row, over the places where it breaks off. */

#define SEEKS_MAX 400 /* attempts to come behind a damaged page, per table */

/* What older versions had not, and cannot be empty. */
static const struct {
	const char *table, *column, *instead;
} columns[] = {
        {"folder", "server_path", "path"},
        {"folder", "server_subscribed", "subscribed"},
};

/* Names, and what stands there where nothing else does and something has to (or NULL). */
static void
add_columns(sqlite3 *db, const char *table, GHashTable *out)
{
	g_autofree char *sql = g_strdup_printf(
	        "SELECT name, iif(\"notnull\", dflt_value, NULL) FROM pragma_table_info('%s')", table);
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK)
		while (sqlite3_step(statement) == SQLITE_ROW)
			g_hash_table_insert(out, g_strdup((const char *)sqlite3_column_text(statement, 0)),
			                    g_strdup((const char *)sqlite3_column_text(statement, 1)));
	sqlite3_finalize(statement);
}

static const char *
instead_of(const char *table, const char *column)
{
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		if (g_str_equal(columns[i].table, table) && g_str_equal(columns[i].column, column))
			return columns[i].instead;
	return NULL;
}

struct copy {
	sqlite3 *old;
	struct store *store;
	sqlite3_stmt *put;
	char *from; /* "SELECT rowid, … FROM table" */
	int n;      /* columns */
	guint seeks;
	gint64 rows;
	GError **error; /* of store */
};

/* FALSE: the old database has nothing of it. */
static gboolean
copy_prepare(struct copy *copy, const char *table, const char *key)
{
	g_autoptr(GHashTable) had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GHashTable) has = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GString) to = g_string_new(NULL), from = g_string_new(NULL), marks = g_string_new(NULL);
	g_autofree char *sql = NULL;
	GHashTableIter iter;
	const char *name, *usual;

	add_columns(copy->old, table, had);
	add_columns(copy->store->db, table, has);
	g_hash_table_iter_init(&iter, has);
	while (g_hash_table_iter_next(&iter, (gpointer *)&name, (gpointer *)&usual)) {
		const char *source = g_hash_table_contains(had, name) ? name : instead_of(table, name);

		if (!source || !g_hash_table_contains(had, source))
			continue;
		g_string_append_printf(to, "%s%s", to->len ? ", " : "", name);
		g_string_append_printf(from, ", %s", source);
		g_string_append_printf(marks, "%scoalesce(?, %s)", marks->len ? ", " : "",
		                       usual ? usual : "NULL");
		copy->n++;
	}
	/* Of two rows that cannot both be, the first; but the new store's own values are nobody's. */
	sql = g_strdup_printf("INSERT OR %s INTO %s (%s) VALUES (%s)",
	                      g_str_equal(table, "meta") ? "REPLACE" : "IGNORE", table, to->str, marks->str);
	copy->from =
	        g_strdup_printf("SELECT %s%s FROM %s NOT INDEXED", key ? "0" : "rowid", from->str, table);
	return copy->n && sqlite3_prepare_v2(copy->store->db, sql, -1, &copy->put, NULL) == SQLITE_OK;
}

/* A row that does not go with the others is passed over; what else there is will happen to all of them. */
static void
copy_row(struct copy *copy, sqlite3_stmt *from)
{
	int result;

	for (int i = 0; i < copy->n; i++)
		sqlite3_bind_value(copy->put, i + 1, sqlite3_column_value(from, i + 1));
	result = sqlite3_step(copy->put) & 0xff;
	if (result != SQLITE_DONE && !store_is_damage(result))
		store_fail_sql(copy->store, copy->error);
	else
		copy->rows += sqlite3_changes(copy->store->db) > 0;
	sqlite3_reset(copy->put);
}

/* Copies what sql gives; *last: the rowid of the last row. FALSE: it broke off. */
static gboolean
copy_rows(struct copy *copy, const char *sql, gint64 *last)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(copy->old, sql, -1, &statement, NULL);

	while (result == SQLITE_OK && !copy->store->failed && sqlite3_step(statement) == SQLITE_ROW) {
		*last = sqlite3_column_int64(statement, 0);
		copy_row(copy, statement);
	}
	/* Tells whether it ended or broke off. */
	result = sqlite3_finalize(statement);
	return result == SQLITE_OK;
}

static gint64
middle(gint64 lo, gint64 hi)
{
	return lo + (gint64)(((guint64)hi - (guint64)lo) / 2);
}

/* Rows with lo < rowid < hi: from both ends, then from the middle of what could not be reached. */
static void
copy_between(struct copy *copy, gint64 lo, gint64 hi)
{
	g_autofree char *up = g_strdup_printf("%s WHERE rowid > %lld AND rowid < %lld ORDER BY rowid",
	                                      copy->from, (long long)lo, (long long)hi);
	g_autofree char *down = g_strdup_printf("%s WHERE rowid > %lld AND rowid < %lld ORDER BY rowid DESC",
	                                        copy->from, (long long)lo, (long long)hi);
	gint64 half;

	if ((guint64)hi - (guint64)lo < 2 || copy->seeks++ > SEEKS_MAX || copy_rows(copy, up, &lo) ||
	    copy_rows(copy, down, &hi) || (guint64)hi - (guint64)lo < 3)
		return;
	half = middle(lo, hi);
	copy_between(copy, lo, half);
	copy_between(copy, half - 1, hi);
}

static void
copy_by_key(struct copy *copy, const char *key)
{
	g_autofree char *up = g_strdup_printf("%s ORDER BY %s", copy->from, key);
	g_auto(GStrv) words = g_strsplit(key, ", ", -1);
	g_autofree char *back = g_strjoinv(" DESC, ", words);
	g_autofree char *down = g_strdup_printf("%s ORDER BY %s DESC", copy->from, back);
	gint64 none;

	if (!copy_rows(copy, up, &none))
		copy_rows(copy, down, &none);
}

gint64
salvage_rows(sqlite3 *old, struct store *store, const char *table, const char *key, GError **error)
{
	struct copy copy = {.old = old, .store = store, .error = error};

	if (copy_prepare(&copy, table, key)) {
		if (key)
			copy_by_key(&copy, key);
		else
			copy_between(&copy, G_MININT64, G_MAXINT64);
	}
	sqlite3_finalize(copy.put);
	g_free(copy.from);
	return copy.rows;
}
