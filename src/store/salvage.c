#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/check-private.h"

/* A database that SQLite cannot read any more: set aside as it is, and what it still gives goes into a new
 * one. Row by row, over the places where it breaks off; what is kept of them is then looked through like any
 * store.
 */

#define SEEKS_MAX 400 /* attempts to come behind a damaged page, per table */

/* In this order: what the journal needs comes first. */
static const struct {
	const char *name;
	const char *key; /* to walk along; NULL: rowid */
} tables[] = {
        {"meta", "key"},
        {"op", NULL},
        {"op_row", "op, id"},
        {"op_folder", "op, folder"},
        {"folder", NULL},
        {"place", NULL},
        {"limbo", NULL},
        {"awaited", NULL},
        {"marked", NULL},
        {"message", NULL},
        {"envelope", NULL},
        {"step", NULL},
        {"step_entry", "step, seq"},
        {"part", "id, section"},
        {"structure", NULL},
        {"unbound", "folder, hash, id"},
        {"ref", NULL},
        {"ref_log", NULL},
        {"alias", NULL},
};

/* What older versions had not, and cannot be empty. */
static const struct {
	const char *table, *column, *instead;
} columns[] = {
        {"folder", "server_path", "path"},
        {"folder", "server_subscribed", "subscribed"},
};

struct salvage {
	const char *dir;
	char *aside; /* dir/damaged-DATE */
	char *work;  /* dir/store.new: the new database is made in it */
	sqlite3 *old;
	struct store *store; /* the new one */
	gint64 mails, ops;
};

/* ---- who else is there ---- */

/* Every connection of another process holds a shared lock on SQLite's first lock octets of the file, and one
 * on octet 128 of the index of its log. */
static gboolean
is_locked(const char *path, off_t start, off_t len)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	int fd = open(path, O_RDWR | O_CLOEXEC);
	gboolean locked;

	if (fd < 0)
		return FALSE;
	locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return locked;
}

static gboolean
nobody_else(const char *dir, GError **error)
{
	g_autofree char *db = g_build_filename(dir, "store.db", NULL);
	g_autofree char *shm = g_strconcat(db, "-shm", NULL);

	if (!is_locked(db, 0x40000000, 512) && !is_locked(shm, 128, 1))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s is damaged, and another fulmar has it open; end that one and try again"), db);
	return FALSE;
}

/* ---- what opening tells ---- */

static int
first_number(sqlite3 *db, const char *sql, gint64 *out)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	*out = 0;
	if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		result = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return result & 0xff;
}

enum health
salvage_health(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "store.db", NULL);
	sqlite3 *db = NULL;
	gint64 version, some;
	int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);

	if (result == SQLITE_OK)
		result = first_number(db, "PRAGMA user_version", &version);
	if (result == SQLITE_OK)
		result = first_number(db, "SELECT count(*) FROM sqlite_schema", &some);
	if (result == SQLITE_OK && version > 0 && version <= STORE_VERSION)
		result =
		        first_number(db, "SELECT count(*) FROM meta, (SELECT 1 FROM message LIMIT 1)", &some);
	sqlite3_close(db);
	return result == SQLITE_CORRUPT || result == SQLITE_NOTADB || result == SQLITE_ERROR ? DAMAGED
	                                                                                     : SOUND;
}

/* ---- copying ---- */

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
	sqlite3_stmt *put;
	char *from; /* "SELECT rowid, … FROM table" */
	int n;      /* columns */
	guint seeks;
	gint64 rows;
};

/* FALSE: the old database has nothing of it. */
static gboolean
copy_prepare(struct copy *copy, const struct salvage *s, const char *table, const char *key)
{
	g_autoptr(GHashTable) had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GHashTable) has = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GString) to = g_string_new(NULL), from = g_string_new(NULL), marks = g_string_new(NULL);
	g_autofree char *sql = NULL;
	GHashTableIter iter;
	const char *name, *usual;

	add_columns(s->old, table, had);
	add_columns(s->store->db, table, has);
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
	return copy->n && sqlite3_prepare_v2(s->store->db, sql, -1, &copy->put, NULL) == SQLITE_OK;
}

/* Copies what sql gives; *last: the rowid of the last row. FALSE: it broke off. */
static gboolean
copy_rows(struct copy *copy, const char *sql, gint64 *last)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(copy->old, sql, -1, &statement, NULL);

	while (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		*last = sqlite3_column_int64(statement, 0);
		for (int i = 0; i < copy->n; i++)
			sqlite3_bind_value(copy->put, i + 1, sqlite3_column_value(statement, i + 1));
		sqlite3_step(copy->put);
		copy->rows += sqlite3_changes(sqlite3_db_handle(copy->put)) > 0;
		sqlite3_reset(copy->put);
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

static gint64
copy_table(const struct salvage *s, const char *table, const char *key)
{
	struct copy copy = {.old = s->old};

	if (copy_prepare(&copy, s, table, key)) {
		if (key)
			copy_by_key(&copy, key);
		else
			copy_between(&copy, G_MININT64, G_MAXINT64);
	}
	sqlite3_finalize(copy.put);
	g_free(copy.from);
	return copy.rows;
}

/* ---- bodies ---- */

/* Numbers that name files are not given out again. */
static gint64
highest_file(const char *dir)
{
	g_autofree char *mail = g_build_filename(dir, "mail", NULL);
	g_autoptr(GDir) shards = g_dir_open(mail, 0, NULL);
	gint64 highest = 0;
	const char *shard, *name;

	while (shards && (shard = g_dir_read_name(shards))) {
		g_autofree char *path = g_build_filename(mail, shard, NULL);
		g_autoptr(GDir) files = g_dir_open(path, 0, NULL);

		while (files && (name = g_dir_read_name(files)))
			highest = MAX(highest, g_ascii_strtoll(name, NULL, 10));
	}
	return highest;
}

static gboolean
mend_meta(struct salvage *s, GError **error)
{
	static const char id[] = "INSERT OR REPLACE INTO meta SELECT 'last_id', 0 WHERE NOT EXISTS"
	                         " (SELECT 1 FROM meta WHERE key = 'last_id' AND typeof(value) = 'integer')";
	static const char key[] =
	        "INSERT OR REPLACE INTO meta SELECT 'hash_key', randomblob(16) WHERE NOT EXISTS (SELECT 1 "
	        "FROM meta"
	        " WHERE key = 'hash_key' AND typeof(value) = 'blob' AND length(value) = 16)";
	static const char sql[] =
	        "UPDATE meta SET value = max(value, ?1, coalesce((SELECT max(id) FROM message), 0))"
	        " WHERE key = 'last_id'";

	return store_run(s->store, id, NULL, 0, error) && store_run(s->store, key, NULL, 0, error) &&
	       store_run(s->store, sql, VALUES(highest_file(s->dir)), error);
}

/* Whole messages whose entry was lost: those as long as the server said, and those that are only here yet. */
static gboolean
adopt_bodies(struct salvage *s, GError **error)
{
	static const char rows[] =
	        "SELECT m.id, m.size, EXISTS (SELECT 1 FROM op_row o JOIN op ON op.id = "
	        "o.op WHERE o.id = m.id"
	        " AND op.verb IN (?1, ?2)) FROM message m WHERE m.file IS NULL AND NOT EXISTS"
	        " (SELECT 1 FROM part p WHERE p.id = m.id AND p.section = '')";
	static const char put[] = "INSERT OR IGNORE INTO part (id, section, size) VALUES (?1, '', ?2)";
	sqlite3_stmt *statement = store_sql(s->store, rows, VALUES(OP_APPEND, OP_REPLACE), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(s->store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);
		g_autofree char *path = g_strdup_printf("%s/mail/%02x/%" G_GINT64_FORMAT ".eml", s->dir,
		                                        (guint)(id & 0xff), id);
		struct stat info;

		if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
		    (info.st_size != sqlite3_column_int64(statement, 1) && !sqlite3_column_int(statement, 2)))
			continue;
		if (!store_run(s->store, put, VALUES(id, (gint64)info.st_size), error)) {
			sqlite3_reset(statement);
			return FALSE;
		}
	}
	return result >= 0;
}

/* ---- old out, new in ---- */

static char *
fresh_dir(const char *dir, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *day = g_date_time_format(now, "damaged-%Y-%m-%d");

	for (guint i = 1; i < 1000; i++) {
		g_autofree char *path =
		        i == 1 ? g_build_filename(dir, day, NULL) : g_strdup_printf("%s/%s-%u", dir, day, i);

		if (mkdir(path, 0700) == 0)
			return g_steal_pointer(&path);
		if (errno != EEXIST)
			break;
	}
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), dir, g_strerror(errno));
	return NULL;
}

/* The log goes before the file it belongs to: beside another one it would be harm. */
static gboolean
change_over(const struct salvage *s, GError **error)
{
	static const char *const logs[] = {"-wal", "-shm"};
	g_autofree char *path = g_build_filename(s->dir, "store.db", NULL);
	g_autofree char *new = g_build_filename(s->work, "store.db", NULL);
	g_autofree char *kept = g_build_filename(s->aside, "store.db", NULL);
	gboolean ok = link(path, kept) == 0;

	for (guint i = 0; ok && i < G_N_ELEMENTS(logs); i++) {
		g_autofree char *from = g_strconcat(path, logs[i], NULL);
		g_autofree char *to = g_strconcat(kept, logs[i], NULL);

		ok = rename(from, to) == 0 || errno == ENOENT;
	}
	if (ok && rename(new, path) == 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

static gboolean
open_as_it_is(struct salvage *s, const char *path, GError **error)
{
	int on = 1;

	if (sqlite3_open_v2(path, &s->old, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		/* It stays as it is. */
		sqlite3_db_config(s->old, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &on);
		sqlite3_exec(s->old, "PRAGMA query_only = ON", NULL, NULL, NULL);
		return TRUE;
	}
	fulmar_fail(error, FULMAR_FAILED, "%s: %s", path, sqlite3_errmsg(s->old));
	return FALSE;
}

static gboolean
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gboolean ok = out >= 0 && files_copy_all(in, out);

	if (out >= 0)
		ok = close(out) == 0 && ok;
	if (in >= 0)
		close(in);
	return ok;
}

/* A copy of the old one, in which the tables are what they have to be. NULL: that cannot be had. */
static char *
mended_copy(const struct salvage *s, const char *path)
{
	g_autofree char *copy = g_build_filename(s->work, "old.db", NULL);
	g_autofree char *log = g_strconcat(path, "-wal", NULL), *log_copy = g_strconcat(copy, "-wal", NULL);

	if (!copy_file(path, copy) || (access(log, F_OK) == 0 && !copy_file(log, log_copy)) ||
	    !tables_mend(copy))
		return NULL;
	return g_steal_pointer(&copy);
}

static gboolean
open_old(struct salvage *s, GError **error)
{
	g_autofree char *path = g_build_filename(s->dir, "store.db", NULL);
	g_autofree char *wrong = NULL, *copy = NULL;

	if (!open_as_it_is(s, path, error))
		return FALSE;
	wrong = tables_wrong(s->old);
	copy = wrong ? mended_copy(s, path) : NULL;
	if (!copy)
		return TRUE;
	sqlite3_close(g_steal_pointer(&s->old));
	return open_as_it_is(s, copy, error);
}

static gboolean
take_over(struct salvage *s, GError **error)
{
	if (!store_begin(s->store, TRUE, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		gint64 rows = copy_table(s, tables[i].name, tables[i].key);

		s->mails += g_str_equal(tables[i].name, "message") ? rows : 0;
		s->ops += g_str_equal(tables[i].name, "op") ? rows : 0;
	}
	return store_leave(s->store, TRUE,
	                   mend_meta(s, error) && adopt_bodies(s, error) && probes_doubt(s->store, 0, error),
	                   error);
}

static gboolean
make_new(struct salvage *s, GError **error)
{
	gboolean ok;

	files_remove_tree(s->work);
	s->store = store_open(s->work, STORE_WRITE, error);
	ok = s->store && open_old(s, error) && take_over(s, error);
	sqlite3_close(s->old);
	store_close(s->store);
	return ok;
}

static void
tell(const struct salvage *s, store_found found, void *user)
{
	g_autofree char *what = g_strdup_printf(_("the damaged database is in %s now"), s->aside);
	g_autofree char *done = g_strdup_printf(_("%lld mails and %lld queued changes could be read of it"),
	                                        (long long)s->mails, (long long)s->ops);
	const struct store_finding finding = {"database", "", what, done, done, TRUE};

	found(&finding, user);
}

char *
salvage(const char *dir, store_found found, void *user, GError **error)
{
	struct salvage s = {.dir = dir};
	gboolean ok;

	if (!nobody_else(dir, error))
		return NULL;
	s.work = g_build_filename(dir, "store.new", NULL);
	ok = make_new(&s, error) && (s.aside = fresh_dir(dir, error)) && change_over(&s, error);
	files_remove_tree(s.work);
	g_free(s.work);
	if (ok)
		tell(&s, found, user);
	else
		g_clear_pointer(&s.aside, g_free);
	return s.aside;
}
