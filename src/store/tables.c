#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/check-private.h"

/* SQLite keeps what the tables are as text, and believes whatever that says: a letter that changed is another
 * column, or nothing can be read at all. But what it has to say is known.
 */

#define PAGE 4096
#define HEADER 100 /* octets of the file's own, in its first page */
#define STRAY_MAX 2

/* A place that is like every new store. NULL: there is none. */
static sqlite3 *
make_model(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA page_size = " G_STRINGIFY(PAGE), NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK && schema_make(db, 0))
		return db;
	sqlite3_close(db);
	return NULL;
}

/* ---- is it what it has to be? ---- */

/* Versions of SQLite that changed a table wrote the same with other quotes and blanks. */
static char *
plain(const unsigned char *sql)
{
	GString *out = g_string_new(NULL);

	for (; sql && *sql; sql++)
		if (*sql != '"' && !g_ascii_isspace((char)*sql))
			g_string_append_c(out, g_ascii_tolower((char)*sql));
	return g_string_free(out, FALSE);
}

/* 1 it is the same there, 0 it is not, -1 SQLite cannot tell. */
static int
is_same(sqlite3_stmt *wanted, sqlite3_stmt *there)
{
	int result;
	gboolean same = FALSE;

	sqlite3_bind_value(there, 1, sqlite3_column_value(wanted, 0));
	result = sqlite3_step(there);
	if (result == SQLITE_ROW) {
		g_autofree char *want = plain(sqlite3_column_text(wanted, 3));
		g_autofree char *have = plain(sqlite3_column_text(there, 2));

		same = g_str_equal(want, have);
		for (int i = 0; same && i < 2; i++)
			same = g_strcmp0((const char *)sqlite3_column_text(wanted, i + 1),
			                 (const char *)sqlite3_column_text(there, i)) == 0;
	}
	sqlite3_reset(there);
	return result == SQLITE_ROW ? same : result == SQLITE_DONE ? 0 : -1;
}

static const char all_of_it[] = "SELECT name, type, tbl_name, sql, rowid, rootpage FROM sqlite_schema"
                                " ORDER BY rowid";

static const char one[] = "SELECT type, tbl_name, sql FROM sqlite_schema WHERE name = ?1";

char *
tables_wrong(sqlite3 *db)
{
	sqlite3 *model = make_model(":memory:");
	sqlite3_stmt *wanted = NULL, *there = NULL;
	char *wrong = NULL;

	if (!model)
		return NULL;
	if (sqlite3_prepare_v2(db, one, -1, &there, NULL) != SQLITE_OK)
		wrong = g_strdup("sqlite_schema");
	else if (sqlite3_prepare_v2(model, all_of_it, -1, &wanted, NULL) == SQLITE_OK)
		while (!wrong && sqlite3_step(wanted) == SQLITE_ROW)
			if (is_same(wanted, there) != 1)
				wrong = g_strdup((const char *)sqlite3_column_text(wanted, 0));
	sqlite3_finalize(wanted);
	sqlite3_finalize(there);
	sqlite3_close(model);
	return wrong;
}

/* ---- making it so ---- */

/* Its root is where the old schema says; what the old schema has not is where it is in a new store. */
static gboolean
put_row(sqlite3 *db, sqlite3_stmt *wanted)
{
	static const char *const ways[] = {
	        "UPDATE sqlite_schema SET type = ?2, tbl_name = ?3, sql = ?4 WHERE name = ?1",
	        "UPDATE sqlite_schema SET name = ?1, type = ?2, tbl_name = ?3, sql = ?4 WHERE rowid = ?5",
	        "INSERT INTO sqlite_schema (name, type, tbl_name, sql, rowid, rootpage)"
	        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	};

	for (guint way = 0; way < G_N_ELEMENTS(ways); way++) {
		sqlite3_stmt *statement = NULL;
		gboolean ok = sqlite3_prepare_v2(db, ways[way], -1, &statement, NULL) == SQLITE_OK;

		for (int i = 0; ok && i < sqlite3_bind_parameter_count(statement); i++)
			sqlite3_bind_value(statement, i + 1, sqlite3_column_value(wanted, i));
		ok = ok && sqlite3_step(statement) == SQLITE_DONE;
		sqlite3_finalize(statement);
		if (!ok || sqlite3_changes(db))
			return ok;
	}
	return FALSE;
}

static gboolean
put_rows(sqlite3 *db, sqlite3 *model)
{
	sqlite3_stmt *wanted = NULL, *there = NULL;
	gboolean ok = sqlite3_prepare_v2(model, all_of_it, -1, &wanted, NULL) == SQLITE_OK &&
	              sqlite3_prepare_v2(db, one, -1, &there, NULL) == SQLITE_OK;

	while (ok && sqlite3_step(wanted) == SQLITE_ROW)
		ok = is_same(wanted, there) == 1 || put_row(db, wanted);
	sqlite3_finalize(wanted);
	sqlite3_finalize(there);
	return ok;
}

/* The log goes into the file, as far as it can be read. */
static sqlite3 *
open_to_mend(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		sqlite3_exec(db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
		sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	}
	return db;
}

static gboolean
is_right(const char *path)
{
	sqlite3 *db = NULL;
	g_autofree char *wrong = NULL;
	gboolean opened = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;

	wrong = opened ? tables_wrong(db) : NULL;
	sqlite3_close(db);
	return opened && !wrong;
}

static gboolean
mend_rows(const char *path)
{
	g_autofree char *stamp = g_strdup_printf("PRAGMA user_version = %d", STORE_VERSION);
	sqlite3 *model = make_model(":memory:"), *db = open_to_mend(path);
	gboolean ok = model && sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
	              put_rows(db, model) && sqlite3_exec(db, stamp, NULL, NULL, NULL) == SQLITE_OK &&
	              sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_close(db);
	sqlite3_close(model);
	return ok && is_right(path);
}

/* ---- pages of a new store in place of those that cannot be read ---- */

static guint32
number_at(const guint8 *p)
{
	return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

/* The pages of sqlite_schema: the first, and those that it names (the file format of SQLite, 1.6). */
static void
pages_of_schema(const guint8 *model, guint32 pages, GArray *out)
{
	const guint8 *head = model + HEADER;
	guint cells = (guint)head[3] << 8 | head[4];
	guint32 page = 1;

	g_array_append_val(out, page);
	for (guint i = 0; head[0] == 5 && i <= cells; i++) {
		guint at = i < cells ? (guint)head[12 + 2 * i] << 8 | head[13 + 2 * i] : HEADER + 8;

		page = number_at(model + at);
		if (page > 1 && page <= pages)
			g_array_append_val(out, page);
	}
}

/* TRUE when tables and indexes of fd begin where they do in a new store: it was made like that. */
static gboolean
roots_are_alike(int fd, sqlite3 *db)
{
	static const char sql[] = "SELECT rootpage, type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'"
	                          " FROM sqlite_schema WHERE rootpage > 0";
	sqlite3_stmt *statement = NULL;
	guint stray = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return FALSE;
	while (sqlite3_step(statement) == SQLITE_ROW) {
		gint64 root = sqlite3_column_int64(statement, 0);
		gboolean is_table = sqlite3_column_int(statement, 1);
		guint8 kind = 0;

		stray += pread(fd, &kind, 1, (off_t)(root - 1) * PAGE) != 1 ||
		         (is_table ? kind != 5 && kind != 13 : kind != 2 && kind != 10);
	}
	return sqlite3_finalize(statement) == SQLITE_OK && stray <= STRAY_MAX;
}

static gboolean
put_pages(int fd, guint8 *model, gsize len)
{
	g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(guint32));
	struct stat info;
	guint32 n;

	if (fstat(fd, &info) != 0)
		return FALSE;
	n = GUINT32_TO_BE((guint32)(info.st_size / PAGE));
	memcpy(model + 28, &n, sizeof n);
	pages_of_schema(model, (guint32)(len / PAGE), pages);
	for (guint i = 0; i < pages->len; i++) {
		off_t at = (off_t)(g_array_index(pages, guint32, i) - 1) * PAGE;

		if (pwrite(fd, model + at, PAGE, at) != PAGE)
			return FALSE;
	}
	return TRUE;
}

static gboolean
mend_pages(const char *path)
{
	g_autofree char *like = g_strconcat(path, ".model", NULL), *bytes = NULL;
	sqlite3 *model = make_model(like);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	gsize len;
	gboolean ok = model && fd >= 0 && roots_are_alike(fd, model) &&
	              g_file_get_contents(like, &bytes, &len, NULL) && len >= PAGE &&
	              put_pages(fd, (guint8 *)bytes, len);

	if (fd >= 0)
		close(fd);
	sqlite3_close(model);
	return ok && is_right(path);
}

gboolean
tables_mend(const char *path)
{
	return mend_rows(path) || mend_pages(path);
}
