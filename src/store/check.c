#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/check-private.h"

/* Looking through a store: first what SQLite says of its file, then what the rows say of each other, then the
 * bodies. One reading transaction sees one state, whatever others write meanwhile.
 */

#define LINES_MAX 20 /* of SQLite's own report */

/* ---- telling ---- */

void
look_tell(struct look *look, const char *kind, const char *where, const char *what, const char *remedy,
          const char *done)
{
	const struct store_finding finding = {kind, where, what, remedy, done, FALSE};

	look->n++;
	if (look->found)
		look->found(&finding, look->user);
}

static void
read_paths(struct look *look)
{
	static const char sql[] = "SELECT id, path FROM folder";
	sqlite3_stmt *statement = store_sql(look->store, sql, NULL, 0, NULL);

	while (statement && store_step(look->store, statement, NULL) > 0) {
		gint64 id = sqlite3_column_int64(statement, 0);
		char *path = store_column(statement, 1);

		g_hash_table_insert(look->paths, g_memdup2(&id, sizeof id), path ? path : g_strdup(""));
	}
}

const char *
look_folder(struct look *look, gint64 id)
{
	const char *path;

	if (!look->paths) {
		look->paths = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
		read_paths(look);
	}
	path = g_hash_table_lookup(look->paths, &id);
	return path ? path : "";
}

/* ---- SQLite's own view ---- */

/* An index alone is wrong: it can be made anew from its table. */
static gboolean
is_about_index(const char *line)
{
	return strstr(line, "missing from index") || g_str_has_prefix(line, "wrong # of entries in index") ||
	       g_str_has_prefix(line, "non-unique entry in index");
}

static void
tell_database(struct look *look, const char *line)
{
	g_autofree char *what = NULL;

	if (is_about_index(line)) {
		look->health = MAX(look->health, INDEX_DAMAGED);
		what = g_strdup_printf(_("an index is damaged: %s"), line);
		look_tell(look, "database", "", what, _("--repair makes it anew"), _("made anew"));
		return;
	}
	look->health = DAMAGED;
	what = g_strdup_printf(_("the database is damaged: %s"), line);
	look_tell(look, "database", "", what, _("--repair saves what can be read into a new one"),
	          _("what could be read is in a new one"));
}

static void
tell_failure(struct look *look)
{
	if (look->health != DAMAGED)
		tell_database(look, sqlite3_errmsg(look->store->db));
}

static gboolean
check_database(struct look *look, GError **error)
{
	static const char sql[] = "PRAGMA integrity_check(" G_STRINGIFY(LINES_MAX) ")";
	g_autoptr(GError) problem = NULL;
	sqlite3_stmt *statement = store_sql(look->store, sql, NULL, 0, &problem);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(look->store, statement, &problem)) > 0) {
		g_autofree char *text = store_column(statement, 0);
		g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

		for (char **line = lines; *line; line++)
			if (**line && strcmp(*line, "ok") != 0 && !g_str_has_prefix(*line, "***"))
				tell_database(look, *line);
	}
	if (result >= 0)
		return TRUE;
	if (store_is_damage(look->store->fault)) {
		tell_failure(look);
		return TRUE;
	}
	g_propagate_error(error, g_steal_pointer(&problem));
	return FALSE;
}

/* SQLite takes what its own table says for the truth. */
static void
check_tables(struct look *look)
{
	g_autofree char *name = tables_wrong(look->store->db);
	g_autofree char *line = name ? g_strdup_printf("malformed database schema (%s)", name) : NULL;

	if (line && look->health != DAMAGED)
		tell_database(look, line);
}

/* ---- what SQL cannot tell ---- */

/* What was written was UTF-8. */
static gboolean
is_text(sqlite3_stmt *statement, int column)
{
	int type = sqlite3_column_type(statement, column);
	const char *text;

	if (type == SQLITE_NULL)
		return TRUE;
	text = (const char *)sqlite3_column_text(statement, column);
	return type == SQLITE_TEXT && g_utf8_validate(text, sqlite3_column_bytes(statement, column), NULL);
}

static gboolean
bad_texts(struct store *store, GArray *ids, GError **error)
{
	static const char sql[] = "SELECT m.id, e.sender, e.recipients, e.copies, e.subject, e.message_id,"
	                          " e.in_reply_to, e.refs, e.list_id, e.email_id, e.preview, m.keywords"
	                          " FROM message m JOIN envelope e ON e.id = m.id";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);
		gboolean ok = TRUE;

		for (int i = 1; ok && i < sqlite3_column_count(statement); i++)
			ok = is_text(statement, i);
		if (!ok)
			g_array_append_val(ids, id);
	}
	return result >= 0;
}

static gboolean
look_at_texts(struct look *look, GError **error)
{
	static const char sql[] = "SELECT folder FROM message WHERE id = ?1";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	if (!bad_texts(look->store, ids, error))
		return FALSE;
	for (guint i = 0; i < ids->len && i < LINES_MAX; i++) {
		msgid id = g_array_index(ids, msgid, i);
		g_autofree char *what =
		        g_strdup_printf(_("the header of mail %lld is no text any more"), (long long)id);
		gint64 folder;

		if (!store_number(look->store, sql, VALUES(id), 0, &folder, error))
			return FALSE;
		look_tell(look, "row", look_folder(look, folder), what,
		          _("--repair removes it, and the next sync fetches it again"),
		          _("removed; the next sync fetches it again"));
	}
	return TRUE;
}

/* UIDs whose headers are here are below the next one. The window of an empty folder holds the first, so that
 * it is told from one that was never opened. */
static gboolean
windows_are_right(const char *windows, guint64 uidnext)
{
	struct uidset set;
	gboolean ok;

	uidset_init(&set);
	ok = uidset_parse(&set, windows, strlen(windows), 1000000) &&
	     (!set.len || set.ranges[set.len - 1].hi < MAX(uidnext, 2));
	uidset_clear(&set);
	return ok;
}

static gboolean
bad_windows(struct store *store, GArray *folders, GError **error)
{
	static const char sql[] = "SELECT id, windows, uidnext FROM folder WHERE windows <> ''";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		gint64 id = sqlite3_column_int64(statement, 0);
		g_autofree char *windows = store_column(statement, 1);

		if (!windows_are_right(windows ? windows : "", (guint64)sqlite3_column_int64(statement, 2)))
			g_array_append_val(folders, id);
	}
	return result >= 0;
}

static gboolean
look_at_windows(struct look *look, GError **error)
{
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!bad_windows(look->store, folders, error))
		return FALSE;
	for (guint i = 0; i < folders->len; i++)
		look_tell(look, "window", look_folder(look, g_array_index(folders, gint64, i)),
		          _("it is not known which mails' headers are here"),
		          _("--repair lets the next sync find out"), _("the next sync finds out"));
	return TRUE;
}

static gboolean
check_rows(struct look *look, GError **error)
{
	return probes_look(look, error) && look_at_texts(look, error) && structures_look(look, error) &&
	       look_at_windows(look, error);
}

/* ---- putting it right ---- */

static gboolean
fix_text(struct store *store, msgid id, GError **error)
{
	static const char waits[] = "SELECT count(*) FROM op_row WHERE id = ?1";
	static const char folder_of[] = "SELECT folder FROM message WHERE id = ?1";
	static const char drop[] = "DELETE FROM message WHERE id = ?1";
	int renewed = header_renew(store, id, error);
	gint64 ops, folder;

	if (renewed)
		return renewed > 0;
	if (!store_number(store, waits, VALUES(id), 0, &ops, error) ||
	    !store_number(store, folder_of, VALUES(id), 0, &folder, error))
		return FALSE;
	if (ops)
		return header_clean(store, id, error);
	return store_run(store, drop, VALUES(id), error) && (!folder || probes_doubt(store, folder, error));
}

static gboolean
fix_window(struct store *store, gint64 folder, GError **error)
{
	static const char sql[] = "UPDATE folder SET windows = '', uidnext = 0 WHERE id = ?1";

	return store_run(store, sql, VALUES(folder), error) && probes_doubt(store, folder, error);
}

gboolean
check_fix(struct store *store, gboolean *any, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GArray) folders = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!structures_fix(store, any, error) || !bad_texts(store, ids, error) ||
	    !bad_windows(store, folders, error))
		return FALSE;
	*any = *any || ids->len || folders->len;
	for (guint i = 0; i < ids->len; i++)
		if (!fix_text(store, g_array_index(ids, msgid, i), error))
			return FALSE;
	for (guint i = 0; i < folders->len; i++)
		if (!fix_window(store, g_array_index(folders, gint64, i), error))
			return FALSE;
	return TRUE;
}

/* ---- all of it ---- */

static gboolean
in_snapshot(struct look *look, GError **error)
{
	static const char begin[] = "BEGIN", end[] = "COMMIT";
	g_autoptr(GError) problem = NULL;
	gboolean ok;

	if (!store_run(look->store, begin, NULL, 0, error))
		return FALSE;
	ok = check_database(look, &problem);
	if (ok)
		check_tables(look);
	if (ok && look->health != DAMAGED && !check_rows(look, &problem)) {
		ok = store_is_damage(look->store->fault);
		if (ok)
			tell_failure(look);
	}
	store_run(look->store, end, NULL, 0, NULL);
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&problem));
	return ok;
}

void
look_clear(struct look *look)
{
	g_clear_pointer(&look->paths, g_hash_table_unref);
	store_close(look->store);
}

/* A store that cannot be opened because of damage is a finding; everything else is an error. */
static gboolean
open_for_look(struct look *look, const char *dir, GError **error)
{
	g_autoptr(GError) problem = NULL;

	look->store = store_open(dir, STORE_READ, &problem);
	if (look->store)
		return TRUE;
	look->health = salvage_health(dir);
	if (look->health == DAMAGED)
		look_tell(look, "database", "", _("the database is damaged: it cannot be opened"),
		          _("--repair saves what can be read into a new one"),
		          _("what could be read is in a new one"));
	else
		g_propagate_error(error, g_steal_pointer(&problem));
	return FALSE;
}

gboolean
check_look(struct look *look, const char *dir, GError **error)
{
	GError *problem = NULL;
	gboolean ok;

	if (!open_for_look(look, dir, &problem)) {
		if (problem)
			g_propagate_error(error, problem);
		return problem == NULL;
	}
	ok = in_snapshot(look, error) && (look->health == DAMAGED || check_bodies(look, FALSE, error));
	look_clear(look);
	return ok;
}

gboolean
store_check(const char *dir, store_found found, void *user, GError **error)
{
	struct look look = {.found = found, .user = user};

	return check_look(&look, dir, error);
}
