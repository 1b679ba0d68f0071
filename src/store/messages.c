#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/keyword.h"
#include "store/store-private.h"

/* ---- a row as changes see it ---- */

#define STATE_COLUMNS \
	"id, folder, thread, received, ord, base, pending_add, pending_remove, have, head, thread_count, " \
	"thread_unread," \
	" keywords, keywords_add, keywords_remove, file, uid"

void
row_state_clear(struct row_state *state)
{
	g_clear_pointer(&state->keywords, g_free);
	g_clear_pointer(&state->keywords_add, g_free);
	g_clear_pointer(&state->keywords_remove, g_free);
	g_clear_pointer(&state->file, g_free);
}

static int
state_from(struct store *store, sqlite3_stmt *statement, struct row_state *state, GError **error)
{
	int result;

	memset(state, 0, sizeof *state);
	if (!statement)
		return -1;
	result = store_step(store, statement, error);
	if (result <= 0)
		return result;
	state->id = sqlite3_column_int64(statement, 0);
	state->folder = sqlite3_column_int64(statement, 1);
	state->thread = sqlite3_column_int64(statement, 2);
	state->key.received = sqlite3_column_int64(statement, 3);
	state->key.ord = sqlite3_column_int64(statement, 4);
	state->key.id = state->id;
	state->base = (guint)sqlite3_column_int64(statement, 5);
	state->add = (guint)sqlite3_column_int64(statement, 6);
	state->remove = (guint)sqlite3_column_int64(statement, 7);
	state->have = (guint)sqlite3_column_int64(statement, 8);
	state->head = sqlite3_column_int(statement, 9) != 0;
	state->count = sqlite3_column_int64(statement, 10);
	state->unread = sqlite3_column_int64(statement, 11);
	state->keywords = store_column(statement, 12);
	state->keywords_add = store_column(statement, 13);
	state->keywords_remove = store_column(statement, 14);
	state->file = g_strdup((const char *)sqlite3_column_text(statement, 15)); /* bytes, not text */
	state->uid = (guint64)sqlite3_column_int64(statement, 16);
	sqlite3_reset(statement);
	return 1;
}

int
row_state_by_id(struct store *store, msgid id, struct row_state *state, GError **error)
{
	static const char sql[] = "SELECT " STATE_COLUMNS " FROM message WHERE id = ?1";

	return state_from(store, store_sql(store, sql, VALUES(id), error), state, error);
}

gboolean
row_state_get(struct store *store, msgid id, struct row_state *state, GError **error)
{
	int found = row_state_by_id(store, id, state, error);

	if (found == 0)
		store_fail_damaged(store, "message", error);
	return found > 0;
}

/* Also one that is shown elsewhere. */
static int
row_state_by_uid(struct store *store, gint64 folder, guint64 uid, struct row_state *state, GError **error)
{
	static const char sql[] = "SELECT " STATE_COLUMNS " FROM message WHERE folder = ?1 AND uid = ?2";
	static const char placed[] = "SELECT " STATE_COLUMNS " FROM message WHERE id ="
	                             " (SELECT id FROM place WHERE place.folder = ?1 AND place.uid = ?2)";
	int found =
	        state_from(store, store_sql(store, sql, VALUES(folder, (gint64)uid), error), state, error);

	if (found)
		return found;
	return state_from(store, store_sql(store, placed, VALUES(folder, (gint64)uid), error), state, error);
}

gboolean
row_is_bound(const struct row_state *state)
{
	return state->uid || state->file;
}

void
row_state_copy(struct row_state *to, const struct row_state *from)
{
	*to = *from;
	to->keywords = g_strdup(from->keywords);
	to->keywords_add = g_strdup(from->keywords_add);
	to->keywords_remove = g_strdup(from->keywords_remove);
	to->file = g_strdup(from->file);
}

guint
row_shown(const struct row_state *state)
{
	return (state->base | state->add) & ~state->remove;
}

/* ---- keywords ---- */

static void
append_words(GString *out, const char *words, const char *without)
{
	for (const char *at = words ? words + strspn(words, " ") : NULL; at && *at;) {
		gsize n = strcspn(at, " ");

		if (n && !keyword_is_among(out->str, at, n) && !keyword_is_among(without, at, n)) {
			if (out->len)
				g_string_append_c(out, ' ');
			g_string_append_len(out, at, (gssize)n);
		}
		at += n;
		at += strspn(at, " ");
	}
}

char *
keywords_apply(const char *base, const char *add, const char *remove)
{
	GString *out;
	gboolean none;

	if (!(base && *base) && !(add && *add))
		return NULL;
	out = g_string_new(NULL);
	append_words(out, base, remove);
	append_words(out, add, remove);
	none = out->len == 0;
	return g_string_free(out, none);
}

/* ---- flags ---- */

static gboolean
same(const char *a, const char *b)
{
	return g_strcmp0(a && *a ? a : NULL, b && *b ? b : NULL) == 0;
}

/* by: how many more the server says are unread; counted where it has the row. */
static gboolean
count_base(struct store *store, const struct row_state *row, int by, GError **error)
{
	static const char sql[] = "SELECT folder FROM place WHERE id = ?1";
	gint64 folder = row->folder;

	if (by == 0)
		return TRUE;
	if (!row_is_bound(row) && !store_number(store, sql, VALUES(row->id), 0, &folder, error))
		return FALSE;
	folder_delta(store, folder)->unread_base += by;
	/* What the server said last of a folder with holes is brought along. */
	folder_delta(store, folder)->server_unread += by;
	return TRUE;
}

gboolean
row_write_flags(struct store *store, const struct row_state *before, const struct row_state *now,
                GError **error)
{
	static const char sql[] =
	        "UPDATE message SET base = ?2, pending_add = ?3, pending_remove = ?4, keywords = ?5,"
	        " keywords_add = ?6, keywords_remove = ?7 WHERE id = ?1";
	int unread = !(row_shown(now) & FLAG_SEEN) - !(row_shown(before) & FLAG_SEEN);
	sqlite3_stmt *statement;

	if (before->base == now->base && before->add == now->add && before->remove == now->remove &&
	    same(before->keywords, now->keywords) && same(before->keywords_add, now->keywords_add) &&
	    same(before->keywords_remove, now->keywords_remove))
		return TRUE;
	statement = store_sql(store, sql, VALUES(now->id, now->base, now->add, now->remove), error);
	if (!statement)
		return FALSE;
	store_bind_text(statement, 5, now->keywords);
	store_bind_text(statement, 6, now->keywords_add);
	store_bind_text(statement, 7, now->keywords_remove);
	if (!store_finish(store, statement, error) ||
	    !count_base(store, now, !(now->base & FLAG_SEEN) - !(before->base & FLAG_SEEN), error))
		return FALSE;
	folder_delta(store, now->folder)->unread += unread;
	return unread == 0 || now->folder == 0 || threads_unread(store, before, unread, error);
}

gboolean
row_write_base(struct store *store, const struct row_state *state, guint flags, const char *keywords,
               GError **error)
{
	struct row_state now = *state;

	now.base = flags;
	now.keywords = (char *)keywords;
	return row_write_flags(store, state, &now, error);
}

/* One pass with a row found by its UID: flags become (base & keep) | set. */
static gboolean
change_base(struct store *store, gint64 folder, guint64 uid, guint keep, guint set,
            const char *const *keywords, GError **error)
{
	struct row_state state;
	gboolean own, ok;
	int found;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	found = row_state_by_uid(store, folder, uid, &state, error);
	ok = found == 0 || (found > 0 && row_write_base(store, &state, (state.base & keep) | set,
	                                                keywords ? *keywords : state.keywords, error));
	row_state_clear(&state);
	return store_leave(store, own, ok, error) && found > 0;
}

gboolean
store_set_base(struct store *store, gint64 folder, guint64 uid, guint flags, const char *keywords,
               GError **error)
{
	return change_base(store, folder, uid, 0, flags, &keywords, error);
}

gboolean
store_change_base(struct store *store, gint64 folder, guint64 uid, guint add, guint remove, GError **error)
{
	return change_base(store, folder, uid, ~remove, add, NULL, error);
}

gboolean
row_set_have(struct store *store, msgid id, guint set, guint unset, GError **error)
{
	static const char sql[] = "UPDATE message SET have = (have | ?2) & ~?3 WHERE id = ?1"
	                          " AND have <> ((have | ?2) & ~?3) RETURNING folder";
	gint64 folder;

	if (!store_number(store, sql, VALUES(id, set, unset), 0, &folder, error))
		return FALSE;
	if (folder)
		folder_delta(store, folder);
	return TRUE;
}

/* ---- removing ---- */

static gboolean
thread_is_empty(struct store *store, gint64 thread, gboolean *empty, GError **error)
{
	static const char member[] = "SELECT 1 FROM message WHERE thread = ?1 AND thread <> id LIMIT 1";
	static const char founder[] = "SELECT 1 FROM message WHERE id = ?1 AND thread = ?1";
	gint64 some;

	if (!store_number(store, member, VALUES(thread), 0, &some, error) ||
	    (!some && !store_number(store, founder, VALUES(thread), 0, &some, error)))
		return FALSE;
	*empty = !some;
	return TRUE;
}

static gboolean
forget_ids(struct store *store, const struct row_state *state, GError **error)
{
	static const char sql[] = "SELECT message_id, in_reply_to, refs FROM envelope WHERE id = ?1";
	g_autofree char *message_id = NULL, *in_reply_to = NULL, *references = NULL;
	sqlite3_stmt *statement;
	gboolean empty;
	int result;

	if (!thread_is_empty(store, state->thread, &empty, error))
		return FALSE;
	if (!empty)
		return TRUE;
	statement = store_sql(store, sql, VALUES(state->id), error);
	result = statement ? store_step(store, statement, error) : -1;
	if (result <= 0)
		return result == 0;
	message_id = store_column(statement, 0);
	in_reply_to = store_column(statement, 1);
	references = store_column(statement, 2);
	sqlite3_reset(statement);
	return threads_forget(store, state->thread, message_id, in_reply_to, references, error);
}

/* What only a row can have that the server has elsewhere, or not. */
static gboolean
forget_whereabouts(struct store *store, const struct row_state *state, GError **error)
{
	static const char marked[] = "DELETE FROM marked WHERE id = ?1";

	return place_drop(store, state, error) && store_run(store, marked, VALUES(state->id), error) &&
	       identity_forget(store, state->id, error) && limbo_forget(store, state->id, error);
}

gboolean
row_remove(struct store *store, const struct row_state *state, GError **error)
{
	static const char message[] = "DELETE FROM message WHERE id = ?1";
	static const char envelope[] = "DELETE FROM envelope WHERE id = ?1";
	static const char structure[] = "DELETE FROM structure WHERE id = ?1";
	static const char parts[] = "DELETE FROM part WHERE id = ?1";
	static const char trash[] = "INSERT OR IGNORE INTO trash VALUES (?1)";
	struct folder_delta *delta = folder_delta(store, state->folder);
	gboolean bound = row_is_bound(state);

	if (!bound && !forget_whereabouts(store, state, error))
		return FALSE;
	if (!store_run(store, message, VALUES(state->id), error) ||
	    (state->folder && !threads_remove(store, state, error)) || !forget_ids(store, state, error) ||
	    !store_run(store, envelope, VALUES(state->id), error) ||
	    !journal_forget_row(store, state->id, error))
		return FALSE;
	if ((state->have & HAVE_STRUCTURE) && !store_run(store, structure, VALUES(state->id), error))
		return FALSE;
	if ((state->have & (HAVE_PART | HAVE_WHOLE)) && (!store_run(store, parts, VALUES(state->id), error) ||
	                                                 !store_run(store, trash, VALUES(state->id), error)))
		return FALSE;
	delta->rows--;
	delta->unread -= !(row_shown(state) & FLAG_SEEN);
	delta->bound -= bound;
	delta->unread_base -= bound && !(state->base & FLAG_SEEN);
	g_array_append_val(store->unlink, state->id);
	return TRUE;
}

gboolean
store_remove(struct store *store, msgid id, GError **error)
{
	struct row_state state;
	gboolean own;
	int found;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	found = row_state_by_id(store, id, &state, error);
	if (found > 0 && !row_remove(store, &state, error))
		found = -1;
	row_state_clear(&state);
	return store_leave(store, own, found >= 0, error);
}

/* Ids of the rows in a range, so that a range as wide as the number space costs what is in it. */
static gboolean
ids_between(struct store *store, const char *sql, gint64 folder, const struct uidrange *range, GArray *out,
            GError **error)
{
	gint64 hi = range->hi > G_MAXINT64 ? G_MAXINT64 : (gint64)range->hi;
	gint64 lo = range->lo > G_MAXINT64 ? G_MAXINT64 : (gint64)range->lo;

	return store_ids(store, sql, VALUES(folder, lo, hi), out, error);
}

gint64
store_remove_uids(struct store *store, gint64 folder, const struct uidset *uids, GError **error)
{
	static const char bound[] = "SELECT id FROM message WHERE folder = ?1 AND uid >= ?2 AND uid <= ?3";
	static const char placed[] = "SELECT id FROM place WHERE folder = ?1 AND uid >= ?2 AND uid <= ?3";
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 removed = 0;
	gboolean own, ok = TRUE;

	if (!store_enter(store, FALSE, &own, error))
		return -1;
	for (guint i = 0; ok && i < uids->len; i++)
		ok = ids_between(store, bound, folder, &uids->ranges[i], list, error) &&
		     ids_between(store, placed, folder, &uids->ranges[i], list, error);
	for (guint i = 0; ok && i < list->len; i++) {
		struct row_state state;

		ok = row_state_get(store, g_array_index(list, msgid, i), &state, error) &&
		     limbo_vanish(store, &state, error);
		row_state_clear(&state);
		removed += ok;
	}
	return store_leave(store, own, ok, error) ? removed : -1;
}

/* ---- asking ---- */

msgid
store_id_by_uid(struct store *store, gint64 folder, guint64 uid, GError **error)
{
	msgid id = 0;

	place_find(store, folder, uid, NULL, &id, error);
	return id;
}

guint64
store_size(struct store *store, msgid id)
{
	static const char sql[] = "SELECT size FROM message WHERE id = ?1";
	gint64 size = 0;

	store_number(store, sql, VALUES(id), 0, &size, NULL);
	return (guint64)MAX(size, 0);
}

gint64
store_shown_in(struct store *store, msgid id)
{
	static const char sql[] = "SELECT folder FROM message WHERE id = ?1";
	gint64 folder = 0;

	store_number(store, sql, VALUES(id), 0, &folder, NULL);
	return folder;
}

msgid
store_last_id(struct store *store)
{
	static const char sql[] = "SELECT max(id) FROM message";
	msgid id = 0;

	store_number(store, sql, NULL, 0, 0, &id, NULL);
	return id;
}

/* row's file has another name now, in whatever table. */
static gboolean
write_file(struct store *store, const struct row_state *row, const char *file, GError **error)
{
	static const char bound[] = "UPDATE message SET file = ?2 WHERE id = ?1";
	static const char placed[] = "UPDATE place SET file = ?2 WHERE id = ?1";
	struct spot spot;
	sqlite3_stmt *statement;
	gboolean elsewhere;

	if (!place_of(store, row, &spot, error))
		return FALSE;
	elsewhere = spot.folder && !row_is_bound(row);
	g_free(spot.file);
	/* A row that had no place at all has one by this. */
	if (!spot.folder)
		folder_delta(store, row->folder)->bound++;
	if (!spot.folder && !(row->base & FLAG_SEEN))
		folder_delta(store, row->folder)->unread_base++;
	statement = store_sql(store, elsewhere ? placed : bound, VALUES(row->id), error);
	if (statement)
		sqlite3_bind_text(statement, 2, file, -1, SQLITE_STATIC);
	return store_finish(store, statement, error);
}

gboolean
store_set_file(struct store *store, msgid id, const char *file, guint flags, const char *known,
               const char *keywords, GError **error)
{
	g_autofree char *others = NULL, *all = NULL;
	struct row_state before, now;
	gboolean own, ok = FALSE;
	int found;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	found = row_state_by_id(store, id, &before, error);
	if (found == 0)
		store_fail_gone(id, error);
	if (found > 0 && write_file(store, &before, file, error) && row_state_get(store, id, &now, error)) {
		others = keywords_apply(now.keywords, NULL, known);
		all = keywords_apply(others, keywords, NULL);
		ok = row_write_base(store, &now, flags, all, error) &&
		     row_set_have(store, id, HAVE_WHOLE, 0, error);
		folder_delta(store, now.folder);
		row_state_clear(&now);
	}
	row_state_clear(&before);
	return store_leave(store, own, ok, error);
}
