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
        {"maildrop", NULL},
        {"arrival", NULL},
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

/* ---- bodies ---- */

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
	       store_run(s->store, sql, VALUES(bodies_highest_id(s->dir)), error);
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
	static const char into_file[] = "PRAGMA wal_checkpoint(TRUNCATE)";

	if (!store_begin(s->store, TRUE, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(tables) && !s->store->failed; i++) {
		gint64 rows = salvage_rows(s->old, s->store, tables[i].name, tables[i].key, error);

		s->mails += g_str_equal(tables[i].name, "message") ? rows : 0;
		s->ops += g_str_equal(tables[i].name, "op") ? rows : 0;
	}
	/* The file is taken without its log. */
	return store_leave(s->store, TRUE,
	                   !s->store->failed && mend_meta(s, error) && adopt_bodies(s, error) &&
	                           probes_doubt(s->store, 0, error),
	                   error) &&
	       store_run(s->store, into_file, NULL, 0, error);
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
