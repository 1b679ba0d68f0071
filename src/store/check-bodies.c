#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/check-private.h"

/* The table of bodies against the files. Others may fetch and remove meanwhile: what looks wrong is looked at
 * again, and a file counts as nobody's only when it has not been touched for a while.
 */

#define LINES_MAX 20
#define FRESH_SECONDS 60

struct broken {
	msgid id;
	char *section;
};

static void
broken_clear(gpointer data)
{
	g_free(((struct broken *)data)->section);
}

/* ---- bodies without a file ---- */

/* -1: there is none. */
static gint64
size_at(struct store *store, msgid id, const char *section)
{
	g_autofree char *path = bodies_path(store, id, section, NULL);
	struct stat info;

	return path && lstat(path, &info) == 0 && S_ISREG(info.st_mode) ? (gint64)info.st_size : -1;
}

static gboolean
find_broken(struct store *store, GArray *broken, GError **error)
{
	static const char sql[] = "SELECT id, section, size FROM part ORDER BY id";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct broken entry = {sqlite3_column_int64(statement, 0), store_column(statement, 1)};

		if (entry.section &&
		    size_at(store, entry.id, entry.section) == sqlite3_column_int64(statement, 2))
			broken_clear(&entry);
		else
			g_array_append_val(broken, entry);
	}
	return result >= 0;
}

/* 1 it still is as it was, 0 it has been put right meanwhile, -1 error. */
static int
is_broken(struct store *store, const struct broken *entry, GError **error)
{
	static const char sql[] = "SELECT size FROM part WHERE id = ?1 AND section = ?2";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(entry->id), error);
	int result = -1;

	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 2, entry->section ? entry->section : "", -1, SQLITE_STATIC);
	result = store_step(store, statement, error);
	if (result > 0) {
		result = size_at(store, entry->id, entry->section ? entry->section : "") !=
		         sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return result;
}

static gboolean
drop(struct store *store, const struct broken *entry, GError **error)
{
	static const char sql[] = "DELETE FROM part WHERE id = ?1 AND section = ?2";
	sqlite3_stmt *statement;
	gboolean ok;

	if (!store_begin(store, FALSE, error))
		return FALSE;
	statement = store_sql(store, sql, VALUES(entry->id), error);
	if (statement)
		sqlite3_bind_text(statement, 2, entry->section ? entry->section : "", -1, SQLITE_STATIC);
	ok = store_finish(store, statement, error) && bodies_refresh_have(store, entry->id, error);
	return store_leave(store, TRUE, ok, error);
}

static void
tell_broken(struct look *look, const struct broken *entry, guint n)
{
	static const char sql[] = "SELECT folder FROM message WHERE id = ?1";
	g_autofree char *what = NULL;
	gint64 folder = 0;

	if (n >= LINES_MAX)
		return;
	store_number(look->store, sql, VALUES(entry->id), 0, &folder, NULL);
	if (entry->section && *entry->section)
		what = g_strdup_printf(_("part %s of mail %lld is damaged or gone"), entry->section,
		                       (long long)entry->id);
	else
		what = g_strdup_printf(_("the text of mail %lld is damaged or gone"), (long long)entry->id);
	look_tell(look, "body", look_folder(look, folder), what,
	          _("--repair forgets it, and it is fetched again"), _("it is fetched again"));
}

static void
tell_more(struct look *look, const char *kind, guint n)
{
	g_autofree char *what =
	        n > LINES_MAX ? g_strdup_printf(_("and %u more of these"), n - LINES_MAX) : NULL;

	if (what)
		look_tell(look, kind, "", what, _("--repair does the same with them"),
		          _("done with them, too"));
}

static gboolean
check_entries(struct look *look, gboolean fix, GError **error)
{
	g_autoptr(GArray) broken = g_array_new(FALSE, FALSE, sizeof(struct broken));
	guint n = 0;

	g_array_set_clear_func(broken, broken_clear);
	if (!find_broken(look->store, broken, error))
		return FALSE;
	for (guint i = 0; i < broken->len; i++) {
		const struct broken *entry = &g_array_index(broken, struct broken, i);
		int result = is_broken(look->store, entry, error);

		if (result < 0 || (result > 0 && fix && !drop(look->store, entry, error)))
			return FALSE;
		if (result > 0)
			tell_broken(look, entry, n++);
	}
	tell_more(look, "body", n);
	return TRUE;
}

/* ---- files without a body ---- */

struct sweep {
	struct look *look;
	gboolean fix;
	gboolean serves; /* nothing can be fetched again */
	msgid last_id;   /* no row had a higher one */
	guint n;
	gint64 now;
	GError **error;
};

/* A name of ours: "ID.eml", "ID" (a folder of parts), with ".part…" behind it while it comes. */
static gboolean
name_of(const char *name, msgid *id, const char **rest)
{
	*id = g_ascii_strtoll(name, NULL, 10);
	*rest = name + strspn(name, "0123456789");
	return g_ascii_isdigit(*name) && *id > 0;
}

static gboolean
is_partial(const char *name)
{
	const char *dot = strstr(name, ".part");

	return dot && strspn(dot + 5, "0123456789") == strlen(dot + 5);
}

/* 1 somebody knows of it, 0 nobody, -1 error. */
static int
is_known(struct sweep *sweep, msgid id, const char *section, gboolean partial)
{
	static const char entry[] = "SELECT 1 FROM part WHERE id = ?1 AND section = ?2"
	                            " UNION ALL SELECT 1 FROM trash WHERE id = ?1";
	static const char row[] =
	        "SELECT 1 FROM message WHERE id = ?1 UNION ALL SELECT 1 FROM trash WHERE id = ?1";
	struct store *store = sweep->look->store;
	sqlite3_stmt *statement = store_sql(store, partial ? row : entry, VALUES(id), sweep->error);
	int result;

	if (!statement)
		return -1;
	if (!partial)
		sqlite3_bind_text(statement, 2, section, -1, SQLITE_STATIC);
	result = store_step(store, statement, sweep->error);
	if (result > 0)
		sqlite3_reset(statement);
	return result;
}

static void
take_away(struct sweep *sweep, const char *path, const char *shown)
{
	g_autofree char *there = NULL, *dir = NULL;

	if (!sweep->look->aside) {
		unlink(path);
		return;
	}
	there = g_build_filename(sweep->look->aside, shown, NULL);
	dir = g_path_get_dirname(there);
	if (files_make_private_dir(dir, NULL) && rename(path, there) != 0)
		unlink(there); /* it stays where it is, and is found again */
}

/* The whole of a message whose row was lost; not what never had one. */
static gboolean
is_message(const struct sweep *sweep, msgid id, const char *section, gboolean partial)
{
	return sweep->serves && !*section && !partial && id <= sweep->last_id;
}

static gboolean
rescue(struct sweep *sweep, const char *path, const char *shown, msgid id)
{
	gboolean here = FALSE;

	if (!serve_adopt(sweep->look->store, id, path, &here, sweep->error))
		return FALSE;
	if (here)
		take_away(sweep, path, shown);
	return TRUE;
}

static gboolean
look_at_file(struct sweep *sweep, const char *path, const char *shown, msgid id, const char *section,
             gboolean partial)
{
	gboolean message = is_message(sweep, id, section, partial);
	g_autofree char *what = NULL;
	struct stat info;
	int known;

	if (lstat(path, &info) != 0 || (!sweep->look->aside && info.st_mtime > sweep->now - FRESH_SECONDS))
		return TRUE;
	known = is_known(sweep, id, section, partial);
	if (known)
		return known > 0;
	if (sweep->fix && message && !rescue(sweep, path, shown, id))
		return FALSE;
	if (sweep->fix && !message)
		take_away(sweep, path, shown);
	if (sweep->n++ >= LINES_MAX)
		return TRUE;
	what = g_strdup_printf(_("%s belongs to no mail"), shown);
	look_tell(sweep->look, "file", "", what,
	          message ? _("--repair puts it into INBOX") : _("--repair removes it"),
	          message ? _("put into INBOX") : _("removed"));
	return TRUE;
}

static gboolean
sweep_parts(struct sweep *sweep, const char *dir, const char *shown, msgid id)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;
	gboolean ok = TRUE;

	while (ok && list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *below = g_strdup_printf("%s/%s", shown, name);

		ok = look_at_file(sweep, path, below, id, name, is_partial(name));
	}
	if (sweep->fix)
		rmdir(dir); /* unless something is in it */
	return ok;
}

static gboolean
sweep_shard(struct sweep *sweep, const char *dir, const char *shown)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name, *rest;
	gboolean ok = TRUE;
	msgid id;

	while (ok && list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *below = g_strdup_printf("%s/%s", shown, name);

		if (!name_of(name, &id, &rest))
			continue;
		if (!*rest)
			ok = sweep_parts(sweep, path, below, id);
		else if (strcmp(rest, ".eml") == 0 || (g_str_has_prefix(rest, ".eml") && is_partial(rest)))
			ok = look_at_file(sweep, path, below, id, "", is_partial(rest));
	}
	return ok;
}

static gboolean
sweep_files(struct sweep *sweep)
{
	g_autofree char *dir = g_build_filename(sweep->look->store->dir, "mail", NULL);
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	const char *name;
	gboolean ok = TRUE;

	while (ok && list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *shown = g_strdup_printf("mail/%s", name);

		ok = sweep_shard(sweep, path, shown);
	}
	tell_more(sweep->look, "file", sweep->n);
	return ok;
}

gboolean
check_bodies(struct look *look, gboolean fix, GError **error)
{
	struct sweep sweep = {.look = look,
	                      .fix = fix,
	                      .serves = serve_is(look->store),
	                      .now = g_get_real_time() / G_USEC_PER_SEC,
	                      .error = error};

	return serve_last_id(look->store, &sweep.last_id, error) &&
	       (!fix || !sweep.serves || serve_reserve_ids(look->store, error)) &&
	       check_entries(look, fix, error) && sweep_files(&sweep);
}
