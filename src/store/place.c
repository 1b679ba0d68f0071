#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Where a row stands. message.folder is where the person sees it; message.uid or message.file bind it there
 * on the server. While the server has it elsewhere it is not bound, and table place says where. Whatever the
 * server says of that place concerns the row. */

gboolean
place_of(struct store *store, const struct row_state *row, struct spot *out, GError **error)
{
	static const char sql[] = "SELECT folder, uid, file FROM place WHERE id = ?1";
	sqlite3_stmt *statement;
	int result;

	*out = (struct spot){row->folder, row->uid, g_strdup(row->file)};
	if (row_is_bound(row))
		return TRUE;
	out->folder = 0;
	statement = store_sql(store, sql, VALUES(row->id), error);
	result = statement ? store_step(store, statement, error) : -1;
	if (result <= 0)
		return result == 0;
	*out = (struct spot){sqlite3_column_int64(statement, 0), (guint64)sqlite3_column_int64(statement, 1),
	                     g_strdup((const char *)sqlite3_column_text(statement, 2))};
	sqlite3_reset(statement);
	return TRUE;
}

int
store_place(struct store *store, msgid id, gint64 *folder, guint64 *uid, char **file, GError **error)
{
	struct row_state row;
	struct spot spot = {0};
	int found;

	if (!store_flush(store, error))
		return -1;
	found = row_state_by_id(store, id, &row, error);
	if (found > 0 && (!place_of(store, &row, &spot, error) ||
	                  (!spot.folder && !identity_where(store, id, &spot.folder, error))))
		found = -1;
	row_state_clear(&row);
	if (found <= 0 || !spot.folder) {
		g_free(spot.file);
		return MIN(found, 0);
	}
	*folder = spot.folder;
	*uid = spot.uid;
	if (file)
		*file = g_steal_pointer(&spot.file);
	g_free(spot.file);
	return 1;
}

gboolean
place_put(struct store *store, const struct row_state *row, gint64 folder, guint64 uid, const char *file,
          GError **error)
{
	static const char sql[] = "INSERT INTO place VALUES (?1, ?2, nullif(?3, 0), ?4)";
	struct folder_delta *delta = folder_delta(store, folder);
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(row->id, folder, (gint64)uid), error);

	if (!statement)
		return FALSE;
	store_bind_text(statement, 4, file);
	delta->bound++;
	delta->unread_base += !(row->base & FLAG_SEEN);
	folders_forget(store);
	return store_finish(store, statement, error);
}

static gboolean
is_marked(struct store *store, msgid id, gboolean *marked, GError **error)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM marked WHERE id = ?1)";
	gint64 found;

	if (!store_number(store, sql, VALUES(id), 0, &found, error))
		return FALSE;
	*marked = found != 0;
	return TRUE;
}

gboolean
store_is_marked(struct store *store, msgid id, GError **error)
{
	gboolean marked = FALSE;

	return is_marked(store, id, &marked, error) && marked;
}

static gboolean
forget_marked(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "DELETE FROM marked WHERE id = ?1";

	return store_run(store, sql, VALUES(id), error);
}

gboolean
place_note_marked(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "INSERT OR IGNORE INTO marked VALUES (?1)";

	return store_run(store, sql, VALUES(id), error);
}

gboolean
place_drop(struct store *store, const struct row_state *row, GError **error)
{
	static const char sql[] = "DELETE FROM place WHERE id = ?1 RETURNING folder, file IS NOT NULL";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(row->id), error);
	int result = statement ? store_step(store, statement, error) : -1;
	struct folder_delta *delta;
	gboolean file;

	if (result <= 0)
		return result == 0;
	delta = folder_delta(store, sqlite3_column_int64(statement, 0));
	file = sqlite3_column_int(statement, 1) != 0;
	delta->bound--;
	delta->unread_base -= !(row->base & FLAG_SEEN);
	folders_forget(store);
	return store_finish(store, statement, error) && (!file || bodies_refresh_have(store, row->id, error));
}

gboolean
place_unmark(struct store *store, struct row_state *row, GError **error)
{
	gboolean marked;

	if (!is_marked(store, row->id, &marked, error))
		return FALSE;
	if (!marked)
		return TRUE;
	if (!row_write_base(store, row, row->base & ~(guint)FLAG_DELETED, row->keywords, error))
		return FALSE;
	row->base &= ~(guint)FLAG_DELETED;
	return forget_marked(store, row->id, error);
}

gboolean
store_spared(struct store *store, msgid id, GError **error)
{
	gboolean own;

	return store_enter(store, FALSE, &own, error) &&
	       store_leave(store, own, row_if_here(store, id, place_unmark, error), error);
}

gboolean
place_find(struct store *store, gint64 folder, guint64 uid, const char *file, msgid *id, GError **error)
{
	static const char by_uid[] = "SELECT id FROM message WHERE folder = ?1 AND uid = ?2 UNION ALL"
	                             " SELECT id FROM place WHERE folder = ?1 AND uid = ?2 LIMIT 1";
	static const char by_file[] = "SELECT id FROM message WHERE folder = ?1 AND file = ?2 UNION ALL"
	                              " SELECT id FROM place WHERE folder = ?1 AND file = ?2 LIMIT 1";
	sqlite3_stmt *statement = store_sql(store, file ? by_file : by_uid, VALUES(folder), error);
	int result;

	*id = 0;
	if (!statement)
		return FALSE;
	if (file)
		sqlite3_bind_text(statement, 2, file, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(statement, 2, (gint64)uid);
	result = store_step(store, statement, error);
	if (result > 0) {
		*id = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return result >= 0;
}

/* ---- from folder to folder ---- */

/* Whether the row carries its thread is as it is on the disk now. */
static gboolean
read_head(struct store *store, struct row_state *row, GError **error)
{
	static const char sql[] = "SELECT head, thread_count, thread_unread FROM message WHERE id = ?1";
	sqlite3_stmt *statement;
	int result;

	if (!threads_make_room(store, error) || !(statement = store_sql(store, sql, VALUES(row->id), error)))
		return FALSE;
	result = store_step(store, statement, error);
	if (result == 0)
		store_fail_damaged(store, "message", error);
	if (result <= 0)
		return FALSE;
	row->head = sqlite3_column_int(statement, 0) != 0;
	row->count = sqlite3_column_int64(statement, 1);
	row->unread = sqlite3_column_int64(statement, 2);
	sqlite3_reset(statement);
	return TRUE;
}

static gboolean
write_stand(struct store *store, const struct row_state *row, GError **error)
{
	static const char sql[] = "UPDATE message SET folder = ?2, uid = nullif(?3, 0), head = ?4,"
	                          " thread_count = ?5, thread_unread = ?6, file = ?7 WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(
	        store, sql,
	        VALUES(row->id, row->folder, (gint64)row->uid, row->head, row->count, row->unread), error);

	if (statement)
		store_bind_text(statement, 7, row->file);
	return store_finish(store, statement, error);
}

static gboolean
write_binding(struct store *store, const struct row_state *row, GError **error)
{
	static const char sql[] = "UPDATE message SET uid = nullif(?2, 0), file = ?3 WHERE id = ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(row->id, (gint64)row->uid), error);

	if (statement)
		store_bind_text(statement, 3, row->file);
	return store_finish(store, statement, error);
}

/* Rows of folder 0 are counted nowhere and belong to no thread row. */
static gboolean
stand_in(struct store *store, const struct row_state *before, struct row_state *now, GError **error)
{
	gboolean unread = !(row_shown(now) & FLAG_SEEN);

	now->head = FALSE;
	now->count = now->unread = 0;
	if (now->folder && !threads_put(store, now, unread, &now->head, error))
		return FALSE;
	if (now->head) {
		now->count = 1;
		now->unread = unread;
	}
	if (!write_stand(store, now, error) || (before->folder && !threads_remove(store, before, error)))
		return FALSE;
	folder_delta(store, before->folder)->rows--;
	folder_delta(store, before->folder)->unread -= unread;
	folder_delta(store, now->folder)->rows++;
	folder_delta(store, now->folder)->unread += unread;
	keep_row_added(store, now->folder, &now->key);
	return TRUE;
}

static void
count_bound(struct store *store, const struct row_state *row, int by)
{
	if (!row_is_bound(row))
		return;
	folder_delta(store, row->folder)->bound += by;
	folder_delta(store, row->folder)->unread_base += row->base & FLAG_SEEN ? 0 : by;
}

gboolean
row_relocate(struct store *store, struct row_state *row, gint64 folder, guint64 uid, const char *file,
             GError **error)
{
	struct row_state before;
	gboolean ok, bound = uid || file, had = row_is_bound(row);

	if (folder != row->folder && !read_head(store, row, error))
		return FALSE;
	if (row->folder == 0 && folder && !limbo_forget(store, row->id, error))
		return FALSE;
	row_state_copy(&before, row);
	row->folder = folder;
	row->uid = uid;
	g_free(row->file);
	row->file = g_strdup(file);
	ok = before.folder == folder ? write_binding(store, row, error)
	                             : stand_in(store, &before, row, error);
	count_bound(store, &before, -1);
	count_bound(store, row, 1);
	if (had || bound)
		folders_forget(store);
	row_state_clear(&before);
	return ok;
}

/* The person wants it where it is after all: a mark that an op left there goes, unless he set one himself. */
static gboolean
unmark(struct store *store, const struct row_state *row, GError **error)
{
	const struct op_spec spec = {.verb = OP_FLAG, .folder = row->folder, .remove = FLAG_DELETED};
	gint64 op;

	return row->add & FLAG_DELETED ||
	       (op_insert(store, &spec, &op, error) && op_join(store, op, row->id, 0, error) &&
	        masks_settle(store, row->id, NULL, error));
}

gboolean
row_send(struct store *store, struct row_state *row, gint64 folder, GError **error)
{
	gint64 from = row->folder;
	guint64 uid = row->uid;
	g_autofree char *file = g_strdup(row->file);
	gboolean bound = row_is_bound(row);
	struct spot spot;
	gboolean ok, marked = FALSE;

	if (folder == from)
		return TRUE;
	if (bound)
		return row_relocate(store, row, folder, 0, NULL, error) &&
		       place_put(store, row, from, uid, file, error);
	if (!place_of(store, row, &spot, error))
		return FALSE;
	/* Back to where it is on the server: there it is bound. */
	if (spot.folder && spot.folder == folder)
		ok = is_marked(store, row->id, &marked, error) && forget_marked(store, row->id, error) &&
		     place_drop(store, row, error) &&
		     row_relocate(store, row, folder, spot.uid, spot.file, error) &&
		     /* A file is moved in one step. */
		     (!marked || !spot.uid || spot.file || unmark(store, row, error)) &&
		     (!spot.file || row_set_have(store, row->id, HAVE_WHOLE, 0, error));
	else
		ok = row_relocate(store, row, folder, 0, NULL, error);
	g_free(spot.file);
	return ok;
}
