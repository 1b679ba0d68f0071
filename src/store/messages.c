#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* ---- a row as changes see it ---- */

#define STATE_COLUMNS \
	"id, folder, thread, received, ord, base, pending_add, pending_remove, have, head, thread_count, " \
	"thread_unread," \
	" keywords, keywords_add, keywords_remove, file"

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
	sqlite3_reset(statement);
	return 1;
}

int
row_state_by_id(struct store *store, msgid id, struct row_state *state, GError **error)
{
	static const char sql[] = "SELECT " STATE_COLUMNS " FROM message WHERE id = ?1";

	return state_from(store, store_sql(store, sql, VALUES(id), error), state, error);
}

int
row_state_by_uid(struct store *store, gint64 folder, guint64 uid, struct row_state *state, GError **error)
{
	static const char sql[] = "SELECT " STATE_COLUMNS " FROM message WHERE folder = ?1 AND uid = ?2";

	return state_from(store, store_sql(store, sql, VALUES(folder, (gint64)uid), error), state, error);
}

guint
row_shown(const struct row_state *state)
{
	return (state->base | state->add) & ~state->remove;
}

/* ---- keywords ---- */

static gboolean
has_word(const char *words, const char *word, gsize len)
{
	for (const char *at = words; at && *at;) {
		gsize n = strcspn(at, " ");

		if (n == len && g_ascii_strncasecmp(at, word, len) == 0)
			return TRUE;
		at += n;
		at += strspn(at, " ");
	}
	return FALSE;
}

static void
append_words(GString *out, const char *words, const char *without)
{
	for (const char *at = words ? words + strspn(words, " ") : NULL; at && *at;) {
		gsize n = strcspn(at, " ");

		if (n && !has_word(out->str, at, n) && !has_word(without, at, n)) {
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

gboolean
row_write_flags(struct store *store, const struct row_state *before, const struct row_state *now,
                GError **error)
{
	static const char sql[] =
	        "UPDATE message SET base = ?2, pending_add = ?3, pending_remove = ?4, keywords = ?5,"
	        " keywords_add = ?6, keywords_remove = ?7 WHERE id = ?1";
	int unread = !(row_shown(now) & FLAG_SEEN) - !(row_shown(before) & FLAG_SEEN);
	int base = !(now->base & FLAG_SEEN) - !(before->base & FLAG_SEEN);
	struct folder_delta *delta;
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
	if (!store_finish(store, statement, error))
		return FALSE;
	delta = folder_delta(store, now->folder);
	delta->unread += unread;
	delta->unread_base += base;
	/* What the server said last of a folder with holes is brought along. */
	delta->server_unread += base;
	return unread == 0 || threads_unread(store, before, unread, error);
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

gboolean
row_remove(struct store *store, const struct row_state *state, GError **error)
{
	static const char message[] = "DELETE FROM message WHERE id = ?1";
	static const char envelope[] = "DELETE FROM envelope WHERE id = ?1";
	static const char structure[] = "DELETE FROM structure WHERE id = ?1";
	static const char parts[] = "DELETE FROM part WHERE id = ?1";
	static const char trash[] = "INSERT OR IGNORE INTO trash VALUES (?1)";
	struct folder_delta *delta = folder_delta(store, state->folder);

	if (!store_run(store, message, VALUES(state->id), error) || !threads_remove(store, state, error) ||
	    !forget_ids(store, state, error) || !store_run(store, envelope, VALUES(state->id), error) ||
	    !journal_forget_row(store, state->id, error))
		return FALSE;
	if ((state->have & HAVE_STRUCTURE) && !store_run(store, structure, VALUES(state->id), error))
		return FALSE;
	if ((state->have & (HAVE_PART | HAVE_WHOLE)) && (!store_run(store, parts, VALUES(state->id), error) ||
	                                                 !store_run(store, trash, VALUES(state->id), error)))
		return FALSE;
	delta->rows--;
	delta->unread -= !(row_shown(state) & FLAG_SEEN);
	delta->unread_base -= !(state->base & FLAG_SEEN);
	g_array_append_val(store->unlink, state->id);
	return TRUE;
}

/* The row the state of which is in state, if found says so. */
static int
remove_found(struct store *store, int found, struct row_state *state, GError **error)
{
	if (found > 0 && !row_remove(store, state, error))
		found = -1;
	row_state_clear(state);
	return found;
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
	found = remove_found(store, found, &state, error);
	return store_leave(store, own, found >= 0, error);
}

/* UIDs of the rows in a range, so that a range as wide as the number space costs what is in it. */
static gboolean
uids_between(struct store *store, gint64 folder, const struct uidrange *range, GArray *out, GError **error)
{
	static const char sql[] = "SELECT uid FROM message WHERE folder = ?1 AND uid >= ?2 AND uid <= ?3";
	gint64 hi = range->hi > G_MAXINT64 ? G_MAXINT64 : (gint64)range->hi;
	gint64 lo = range->lo > G_MAXINT64 ? G_MAXINT64 : (gint64)range->lo;
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder, lo, hi), error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		gint64 uid = sqlite3_column_int64(statement, 0);

		g_array_append_val(out, uid);
	}
	return result >= 0;
}

gint64
store_remove_uids(struct store *store, gint64 folder, const struct uidset *uids, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(gint64));
	gint64 removed = 0;
	gboolean own, ok = TRUE;

	if (!store_enter(store, FALSE, &own, error))
		return -1;
	for (guint i = 0; ok && i < uids->len; i++)
		ok = uids_between(store, folder, &uids->ranges[i], list, error);
	for (guint i = 0; ok && i < list->len; i++) {
		struct row_state state;
		int found = row_state_by_uid(store, folder, (guint64)g_array_index(list, gint64, i), &state,
		                             error);

		found = remove_found(store, found, &state, error);
		ok = found >= 0;
		removed += found > 0;
	}
	return store_leave(store, own, ok, error) ? removed : -1;
}

/* ---- asking ---- */

gboolean
store_uids(struct store *store, gint64 folder, guint mask, guint want, struct uidset *out, GError **error)
{
	static const char all[] =
	        "SELECT uid FROM message WHERE folder = ?1 AND uid IS NOT NULL ORDER BY uid";
	static const char some[] = "SELECT uid FROM message WHERE folder = ?1 AND uid IS NOT NULL"
	                           " AND (base & ?2) = ?3 ORDER BY uid";
	sqlite3_stmt *statement = mask ? store_sql(store, some, VALUES(folder, mask, want), error)
	                               : store_sql(store, all, VALUES(folder), error);
	guint64 lo = 0, hi = 0, uid;
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		uid = (guint64)sqlite3_column_int64(statement, 0);
		if (uid != hi + 1 || !lo) {
			if (lo)
				uidset_add(out, lo, hi);
			lo = uid;
		}
		hi = uid;
	}
	if (lo)
		uidset_add(out, lo, hi);
	return result >= 0;
}

msgid
store_id_by_uid(struct store *store, gint64 folder, guint64 uid, GError **error)
{
	static const char sql[] = "SELECT id FROM message WHERE folder = ?1 AND uid = ?2";
	msgid id = 0;

	store_number(store, sql, VALUES(folder, (gint64)uid), 0, &id, error);
	return id;
}

msgid
store_last_id(struct store *store)
{
	msgid id = 0;

	store_number(store, "SELECT coalesce(max(id), 0) FROM message", VALUES(), 0, &id, NULL);
	return id;
}

msgid
store_id_by_file(struct store *store, gint64 folder, const char *file, GError **error)
{
	static const char sql[] = "SELECT id FROM message WHERE folder = ?1 AND file = ?2";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder), error);
	msgid id = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 2, file, -1, SQLITE_STATIC);
	if (store_step(store, statement, error) > 0)
		id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return id;
}

gboolean
store_set_file(struct store *store, msgid id, const char *file, guint flags, const char *keywords,
               GError **error)
{
	static const char sql[] = "UPDATE message SET file = ?2 WHERE id = ?1";
	struct row_state state;
	sqlite3_stmt *statement;
	gboolean own, ok = FALSE;
	int found;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	found = row_state_by_id(store, id, &state, error);
	if (found == 0)
		fulmar_fail(error, FULMAR_FAILED, _("The message %lld is not in the store any more"),
		            (long long)id);
	if (found > 0 && (statement = store_sql(store, sql, VALUES(id), error))) {
		sqlite3_bind_text(statement, 2, file, -1, SQLITE_STATIC);
		ok = store_finish(store, statement, error) &&
		     row_write_base(store, &state, flags, keywords, error) &&
		     row_set_have(store, id, HAVE_WHOLE, 0, error);
		folder_delta(store, state.folder);
	}
	row_state_clear(&state);
	return store_leave(store, own, ok, error);
}
