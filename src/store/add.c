#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* How a message comes in: is it here already, under another UID, or new? */

/* What the structure, or else the content type alone, says about attachments. */
static int
count_attachments(const struct mime_part *structure, const char *content_type)
{
	static const struct {
		const char *prefix;
		int count;
	} guesses[] = {
	        {"", -1},
	        {"multipart/mixed", -2},
	        {"multipart/alternative", 0},
	        {"multipart/", -1},
	        {"text/", 0},
	        {"application/", -2},
	        {"image/", -2},
	        {"audio/", -2},
	        {"video/", -2},
	        {"message/", -2},
	};

	if (structure) {
		g_autoptr(GPtrArray) attachments = mime_part_attachments(structure);

		return (int)attachments->len;
	}
	for (guint i = 1; content_type && i < G_N_ELEMENTS(guesses); i++)
		if (g_str_has_prefix(content_type, guesses[i].prefix))
			return guesses[i].count;
	return guesses[0].count;
}

static gboolean
put_structure(struct store *store, msgid id, const struct mime_part *structure, GError **error)
{
	static const char sql[] = "INSERT OR REPLACE INTO structure VALUES (?1, ?2)";
	g_autofree char *text = mime_part_to_text(structure);
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id), error);

	if (statement)
		sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
	return store_finish(store, statement, error);
}

/* uid has a row now: what is left of its gap lies on both sides. */
static void
take_uid(struct folder_delta *delta, guint64 uid)
{
	for (guint i = 0; i < G_N_ELEMENTS(delta->gaps); i++) {
		struct uidrange gap = delta->gaps[i];

		if (!gap.lo || uid < gap.lo || uid > gap.hi)
			continue;
		delta->gaps[0] = (struct uidrange){uid > gap.lo ? gap.lo : 0, uid - 1};
		if (uid < gap.hi)
			delta->gaps[1] = (struct uidrange){uid + 1, gap.hi};
		else if (i == 1)
			delta->gaps[1].lo = 0;
		return;
	}
}

static gboolean
add_new(struct store *store, gint64 folder, const struct store_message *message, msgid *out, GError **error)
{
	msgid id = ++store->last_id;
	struct row_state row = {.id = id,
	                        .folder = folder,
	                        .key = {message->received, message->uid ? (gint64)message->uid : id, id},
	                        .base = message->flags,
	                        .have = (message->structure ? HAVE_STRUCTURE : 0) |
	                                (message->file || message->whole ? HAVE_WHOLE : 0)};
	int attachments = count_attachments(message->structure, message->envelope->content_type);
	gboolean unread = !(message->flags & FLAG_SEEN);
	struct folder_delta *delta = folder_delta(store, folder);

	if (!threads_place(store, id, message->envelope, &row.thread, error) ||
	    !threads_add(store, &row, unread, &row.head, error) ||
	    (message->structure && !put_structure(store, id, message->structure, error)) ||
	    !pending_add(store, &row, message, attachments, error))
		return FALSE;
	delta->rows++;
	delta->unread += unread;
	if (message->uid || message->file) {
		delta->bound++;
		delta->unread_base += unread;
	}
	if (message->uid)
		take_uid(delta, message->uid);
	keep_row_added(store, folder, &row.key);
	*out = id;
	return TRUE;
}

/* The UIDs around uid that have no row, so that the next messages of a chunk need not be looked for. */
static gboolean
find_gap(struct store *store, struct folder_delta *delta, guint64 uid, gboolean *taken, GError **error)
{
	static const char below[] =
	        "SELECT uid FROM message WHERE folder = ?1 AND uid <= ?2 ORDER BY uid DESC LIMIT 1";
	static const char above[] =
	        "SELECT uid FROM message WHERE folder = ?1 AND uid > ?2 ORDER BY uid LIMIT 1";
	gint64 lo, hi;

	if (!store_number(store, below, VALUES(delta->id, (gint64)uid), 0, &lo, error) ||
	    !store_number(store, above, VALUES(delta->id, (gint64)uid), G_MAXINT64, &hi, error))
		return FALSE;
	*taken = (guint64)lo == uid;
	if (!*taken)
		delta->gaps[0] = (struct uidrange){(guint64)lo + 1, (guint64)hi - 1};
	return TRUE;
}

static gboolean
in_gap(const struct folder_delta *delta, guint64 uid)
{
	for (guint i = 0; i < G_N_ELEMENTS(delta->gaps); i++)
		if (delta->gaps[i].lo && uid >= delta->gaps[i].lo && uid <= delta->gaps[i].hi)
			return TRUE;
	return FALSE;
}

/* The row *out, if found says so, is this message. */
static int
add_again(struct store *store, int found, const struct store_message *message, msgid *out, GError **error)
{
	struct row_state state;
	gboolean ok;

	if (found <= 0)
		return found;
	ok = row_state_get(store, *out, &state, error) &&
	     row_write_base(store, &state, message->flags, message->keywords, error) &&
	     (!message->structure || (state.have & HAVE_STRUCTURE) ||
	      store_set_structure(store, state.id, message->structure, error));
	row_state_clear(&state);
	return ok ? 1 : -1;
}

/* 1 here already, 0 not, -1 error; passes quickly over UIDs that cannot be here. */
static int
is_here(struct store *store, struct folder_delta *delta, const struct store_message *message, msgid *id,
        GError **error)
{
	gboolean taken = TRUE;

	if (!message->uid && !message->file)
		return 0;
	if (delta->placed || !message->uid)
		return place_find(store, delta->id, message->uid, message->uid ? NULL : message->file, id,
		                  error)
		               ? *id != 0
		               : -1;
	if (in_gap(delta, message->uid))
		return 0;
	if (!find_gap(store, delta, message->uid, &taken, error))
		return -1;
	if (!taken)
		return 0;
	return place_find(store, delta->id, message->uid, NULL, id, error) ? *id != 0 : -1;
}

/* whole: all of its header is in message. */
static int
find_row(struct store *store, struct folder_delta *delta, const struct store_message *message, gboolean whole,
         msgid *id, GError **error)
{
	int found = is_here(store, delta, message, id, error);

	if (!found && (delta->unbound || delta->sought) && (message->uid || message->file)) {
		found = identity_meet(store, delta->id, message, id, error);
		/* What was kept of its header may be what was wrong with the folder. */
		if (found > 0 && whole && !header_write(store, *id, message->envelope, error))
			found = -1;
	}
	return add_again(store, found, message, id, error);
}

msgid
store_rebind(struct store *store, gint64 folder, const struct store_message *message, GError **error)
{
	struct folder_delta *delta;
	msgid id = 0;

	g_return_val_if_fail(store->inside, 0);
	delta = folder_known(store, folder, error);
	return delta && find_row(store, delta, message, FALSE, &id, error) > 0 ? id : 0;
}

msgid
store_add(struct store *store, gint64 folder, const struct store_message *message, GError **error)
{
	struct folder_delta *delta;
	gboolean ok;
	msgid id = 0;
	int found;

	g_return_val_if_fail(store->inside, 0);
	delta = folder_known(store, folder, error);
	if (!delta)
		return 0;
	found = find_row(store, delta, message, TRUE, &id, error);
	if (found)
		return found > 0 ? id : 0;
	/* From here on nothing misses the rows that are pending. */
	store->adding = TRUE;
	ok = add_new(store, folder, message, &id, error);
	store->adding = FALSE;
	/* The numbers of files say nothing of what came first. */
	if (ok && delta->wide && message->uid && !message->file)
		ok = masks_join_wide(store, folder, id, message->uid, error);
	return ok ? id : 0;
}

gboolean
store_set_saved(struct store *store, msgid id, gint64 folder, guint64 uid, gint64 saved, GError **error)
{
	static const char sql[] = "UPDATE message SET saved = nullif(?4, 0) WHERE id = ?1 AND folder = ?2"
	                          " AND uid = ?3 AND saved IS NOT nullif(?4, 0) RETURNING folder";
	gint64 changed;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = store_number(store, sql, VALUES(id, folder, (gint64)uid, saved), 0, &changed, error);
	if (ok && changed)
		folder_delta(store, folder);
	return store_leave(store, own, ok, error);
}

gboolean
store_lacks_saved(struct store *store, msgid id)
{
	static const char sql[] = "SELECT saved IS NULL AND uid IS NOT NULL FROM message WHERE id = ?1";
	gint64 lacks;

	return store_number(store, sql, VALUES(id), 0, &lacks, NULL) && lacks;
}

gboolean
store_set_structure(struct store *store, msgid id, const struct mime_part *structure, GError **error)
{
	static const char sql[] = "UPDATE message SET attachments = ?2, have = have | 1"
	                          " WHERE id = ?1 AND have & 9 <> 9 RETURNING folder";
	gint64 folder;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	G_STATIC_ASSERT((HAVE_STRUCTURE | HAVE_WHOLE) == 9);
	ok = store_number(store, sql, VALUES(id, count_attachments(structure, NULL)), -1, &folder, error);
	/* Also of a row that rests: undo may want it. */
	if (ok && folder > 0)
		folder_delta(store, folder);
	if (ok && folder >= 0)
		ok = put_structure(store, id, structure, error);
	return store_leave(store, own, ok, error);
}

gboolean
row_set_whole(struct store *store, msgid id, const struct mime_part *root, GError **error)
{
	static const char sql[] =
	        "UPDATE message SET attachments = ?2, have = (have | ?3) & ~?4 WHERE id = ?1"
	        " RETURNING folder";
	gint64 folder;

	if (!store_number(store, sql,
	                  VALUES(id, count_attachments(root, NULL), HAVE_STRUCTURE | HAVE_WHOLE, HAVE_PART),
	                  -1, &folder, error))
		return FALSE;
	if (folder > 0)
		folder_delta(store, folder);
	return folder < 0 || put_structure(store, id, root, error);
}
