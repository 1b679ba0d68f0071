#include <string.h>
#include "store/store-private.h"

/* ---- keys ---- */

int
key_compare(const struct store_key *a, const struct store_key *b)
{
	if (a->received != b->received)
		return a->received < b->received ? -1 : 1;
	if (a->ord != b->ord)
		return a->ord < b->ord ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* ---- addresses as one text: name US email RS name US email ---- */

#define UNIT '\x1f'
#define RECORD '\x1e'

static void
append_field(GString *out, const char *text)
{
	for (gsize n; text && *text; text += n) {
		n = strcspn(text, "\x1e\x1f");
		g_string_append_len(out, text, (gssize)n);
		if (text[n]) {
			g_string_append_c(out, ' ');
			n++;
		}
	}
}

void
addresses_append(GString *out, const GPtrArray *addresses)
{
	for (guint i = 0; addresses && i < addresses->len; i++) {
		const struct mime_address *address = addresses->pdata[i];

		if (i)
			g_string_append_c(out, RECORD);
		append_field(out, address->name);
		g_string_append_c(out, UNIT);
		append_field(out, address->email);
	}
}

static GPtrArray *
addresses_from(sqlite3_stmt *statement, int at)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(mime_address_free);
	g_autofree char *text = store_column(statement, at);
	const char *next;

	for (const char *from = text; from; from = next) {
		const char *end = strchr(from, RECORD), *split;
		struct mime_address *address;

		next = end ? end + 1 : NULL;
		if (!end)
			end = from + strlen(from);
		split = memchr(from, UNIT, (gsize)(end - from));
		if (!split)
			continue;
		address = g_new(struct mime_address, 1);
		address->name = g_strndup(from, (gsize)(split - from));
		address->email = g_strndup(split + 1, (gsize)(end - split - 1));
		g_ptr_array_add(out, address);
	}
	return out;
}

/* ---- rows ---- */

#define ROW_COLUMNS \
	"m.id, m.folder, m.uid, m.ord, m.received, m.size, m.base, m.pending_add, m.pending_remove, " \
	"m.thread," \
	" m.attachments, m.have, m.keywords, m.keywords_add, m.keywords_remove, " \
	"CASE WHEN m.uid IS NULL AND m.file IS NULL THEN (SELECT file FROM place WHERE place.id = m.id)" \
	" ELSE m.file END, m.refused," \
	" e.zone, e.date, e.sender, e.recipients, e.copies, e.subject, e.message_id, e.in_reply_to, " \
	"e.refs, e.list_id," \
	" e.email_id, e.preview, m.saved"
#define ROW_TABLES "message m LEFT JOIN envelope e ON e.id = m.id"

enum column {
	C_ID,
	C_FOLDER,
	C_UID,
	C_ORD,
	C_RECEIVED,
	C_SIZE,
	C_BASE,
	C_ADD,
	C_REMOVE,
	C_THREAD,
	C_ATTACHMENTS,
	C_HAVE,
	C_KEYWORDS,
	C_KEYWORDS_ADD,
	C_KEYWORDS_REMOVE,
	C_FILE,
	C_REFUSED,
	C_ZONE,
	C_DATE,
	C_FROM,
	C_TO,
	C_CC,
	C_SUBJECT,
	C_MESSAGE_ID,
	C_IN_REPLY_TO,
	C_REFERENCES,
	C_LIST_ID,
	C_EMAIL_ID,
	C_PREVIEW,
	C_SAVED
};

void
store_row_free(gpointer data)
{
	struct store_row *row = data;

	if (!row)
		return;
	g_free(row->keywords);
	g_ptr_array_unref(row->from);
	g_ptr_array_unref(row->to);
	g_ptr_array_unref(row->cc);
	g_free(row->subject);
	g_free(row->message_id);
	g_free(row->in_reply_to);
	g_free(row->references);
	g_free(row->list_id);
	g_free(row->email_id);
	g_free(row->preview);
	g_free(row->file);
	g_free(row->refused);
	g_free(row);
}

static char *
shown_keywords(sqlite3_stmt *statement)
{
	g_autofree char *base = store_column(statement, C_KEYWORDS);
	g_autofree char *add = store_column(statement, C_KEYWORDS_ADD);
	g_autofree char *remove = store_column(statement, C_KEYWORDS_REMOVE);
	char *shown = add || remove ? keywords_apply(base, add, remove) : g_steal_pointer(&base);

	return shown ? shown : g_strdup("");
}

/* As header_parent left it. */
static char *
parent(sqlite3_stmt *statement, const char *references)
{
	char *stored = store_text(statement, C_IN_REPLY_TO);
	const char *last;

	if (*stored && strcmp(stored, "-") != 0)
		return stored;
	if (!*references || *stored) {
		*stored = '\0';
		return stored;
	}
	g_free(stored);
	last = strrchr(references, ' ');
	return g_strdup(last ? last + 1 : references);
}

static void
fill_texts(struct store_row *row, sqlite3_stmt *statement)
{
	row->keywords = shown_keywords(statement);
	row->from = addresses_from(statement, C_FROM);
	row->to = addresses_from(statement, C_TO);
	row->cc = addresses_from(statement, C_CC);
	row->subject = store_text(statement, C_SUBJECT);
	row->message_id = store_text(statement, C_MESSAGE_ID);
	row->references = store_text(statement, C_REFERENCES);
	row->in_reply_to = parent(statement, row->references);
	row->list_id = store_text(statement, C_LIST_ID);
	row->email_id = store_text(statement, C_EMAIL_ID);
	row->preview = store_text(statement, C_PREVIEW);
	row->file = g_strdup((const char *)sqlite3_column_text(statement, C_FILE)); /* bytes, not text */
	row->refused = store_column(statement, C_REFUSED);
}

static struct store_row *
row_from(sqlite3_stmt *statement)
{
	struct store_row *row = g_new0(struct store_row, 1);
	guint base = (guint)sqlite3_column_int64(statement, C_BASE),
	      add = (guint)sqlite3_column_int64(statement, C_ADD);
	guint remove = (guint)sqlite3_column_int64(statement, C_REMOVE);
	guint have = (guint)sqlite3_column_int64(statement, C_HAVE);

	row->id = sqlite3_column_int64(statement, C_ID);
	row->folder = sqlite3_column_int64(statement, C_FOLDER);
	row->uid = (guint64)sqlite3_column_int64(statement, C_UID);
	row->received = sqlite3_column_int64(statement, C_RECEIVED);
	row->key = (struct store_key){row->received, sqlite3_column_int64(statement, C_ORD), row->id};
	row->size = (guint64)sqlite3_column_int64(statement, C_SIZE);
	row->flags = (base | add) & ~remove;
	row->pending = add | remove;
	row->base = base;
	row->thread = sqlite3_column_int64(statement, C_THREAD);
	row->attachments = sqlite3_column_int(statement, C_ATTACHMENTS);
	row->body = have & HAVE_WHOLE ? BODY_FULL : have & (HAVE_PART | HAVE_TEXT) ? BODY_PARTIAL : BODY_NONE;
	row->has_structure = (have & HAVE_STRUCTURE) != 0;
	row->zone = sqlite3_column_int(statement, C_ZONE);
	row->has_date = sqlite3_column_type(statement, C_DATE) != SQLITE_NULL;
	row->date = sqlite3_column_int64(statement, C_DATE);
	row->saved = sqlite3_column_int64(statement, C_SAVED);
	fill_texts(row, statement);
	return row;
}

struct store_row *
store_row(struct store *store, msgid id, GError **error)
{
	static const char sql[] = "SELECT " ROW_COLUMNS " FROM " ROW_TABLES " WHERE m.id = ?1";
	sqlite3_stmt *statement;
	struct store_row *row;

	if (!store_flush(store, error) || !(statement = store_sql(store, sql, VALUES(id), error)) ||
	    store_step(store, statement, error) <= 0)
		return NULL;
	row = row_from(statement);
	sqlite3_reset(statement);
	return row;
}

/* ---- windows ---- */

/* Bounds that stand outside every key. */
static const struct store_key newest = {G_MAXINT64, G_MAXINT64, G_MAXINT64};
static const struct store_key oldest = {G_MININT64, G_MININT64, G_MININT64};

/* The one list order, forward (to older rows) and backward. */
#define OLDER " AND (received, ord, id) < (?2, ?3, ?4) ORDER BY received DESC, ord DESC, id DESC LIMIT ?5"
#define NEWER " AND (received, ord, id) > (?2, ?3, ?4) ORDER BY received ASC, ord ASC, id ASC LIMIT ?5"

static sqlite3_stmt *
window(struct store *store, const char *older, const char *newer, gint64 folder, const struct store_key *key,
       gboolean after, gint64 limit, GError **error)
{
	if (!key)
		key = after ? &newest : &oldest;
	if (!store_flush(store, error))
		return NULL;
	return store_sql(store, after ? older : newer,
	                 VALUES(folder, key->received, key->ord, key->id, limit), error);
}

gboolean
store_rows(struct store *store, gint64 folder, const struct store_key *key, gboolean after, guint limit,
           GPtrArray *out, GError **error)
{
#define WALK(bounds) \
	"SELECT " ROW_COLUMNS " FROM message m INDEXED BY message_list LEFT JOIN envelope e ON e.id = m.id" \
	" WHERE m.folder = ?1 AND " bounds
#define M_OLDER \
	"(m.received, m.ord, m.id) < (?2, ?3, ?4) ORDER BY m.received DESC, m.ord DESC, m.id DESC LIMIT ?5"
#define M_NEWER \
	"(m.received, m.ord, m.id) > (?2, ?3, ?4) ORDER BY m.received ASC, m.ord ASC, m.id ASC LIMIT ?5"
	static const char older[] = WALK(M_OLDER), newer[] = WALK(M_NEWER);
	sqlite3_stmt *statement = window(store, older, newer, folder, key, after, limit, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0)
		g_ptr_array_add(out, row_from(statement));
	return result >= 0;
}

gint64
store_position(struct store *store, gint64 folder, const struct store_key *key, gint64 cap, GError **error)
{
	static const char sql[] = "SELECT count(*) FROM (SELECT 1 FROM message INDEXED BY message_list"
	                          " WHERE folder = ?1 AND (received, ord, id) > (?2, ?3, ?4) LIMIT ?5)";
	gint64 count;

	if (!store_number(store, sql, VALUES(folder, key->received, key->ord, key->id, cap), 0, &count,
	                  error))
		return -1;
	return count;
}

static gint
by_key(gconstpointer a, gconstpointer b)
{
	return key_compare(a, b);
}

gboolean
store_oldest_first(struct store *store, GArray *ids, GError **error)
{
	static const char sql[] = "SELECT received, ord FROM message WHERE id = ?1";
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct store_key));

	for (guint i = 0; i < ids->len; i++) {
		struct store_key key = {G_MININT64, 0, g_array_index(ids, msgid, i)};
		sqlite3_stmt *statement = store_sql(store, sql, VALUES(key.id), error);
		int result = statement ? store_step(store, statement, error) : -1;

		if (result < 0)
			return FALSE;
		if (result > 0) {
			key.received = sqlite3_column_int64(statement, 0);
			key.ord = sqlite3_column_int64(statement, 1);
			sqlite3_reset(statement);
		}
		g_array_append_val(keys, key);
	}
	g_array_sort(keys, by_key);
	for (guint i = 0; i < keys->len; i++)
		g_array_index(ids, msgid, i) = g_array_index(keys, struct store_key, i).id;
	return TRUE;
}

/* ---- threads ---- */

#define THREAD_COLUMNS "thread, received, ord, id, thread_count, thread_unread"

static void
thread_from(sqlite3_stmt *statement, struct store_thread *thread)
{
	thread->thread = sqlite3_column_int64(statement, 0);
	thread->key =
	        (struct store_key){sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2),
	                           sqlite3_column_int64(statement, 3)};
	thread->count = (guint)sqlite3_column_int64(statement, 4);
	thread->unread = (guint)sqlite3_column_int64(statement, 5);
}

gboolean
store_threads(struct store *store, gint64 folder, const struct store_key *key, gboolean after, guint limit,
              GPtrArray *out, GError **error)
{
#define HEADS "SELECT " THREAD_COLUMNS " FROM message INDEXED BY message_head WHERE head AND folder = ?1"
	static const char older[] = HEADS OLDER, newer[] = HEADS NEWER;
	sqlite3_stmt *statement = window(store, older, newer, folder, key, after, limit, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct store_thread *thread = g_new(struct store_thread, 1);

		thread_from(statement, thread);
		g_ptr_array_add(out, thread);
	}
	return result >= 0;
}

gboolean
store_thread_rows(struct store *store, gint64 folder, gint64 thread, guint limit, GPtrArray *out,
                  GError **error)
{
	static const char members[] = "SELECT " ROW_COLUMNS " FROM message m INDEXED BY message_member"
	                              " LEFT JOIN envelope e ON e.id = m.id"
	                              " WHERE m.thread = ?1 AND m.thread <> m.id AND m.folder = ?2"
	                              " ORDER BY m.received, m.ord, m.id LIMIT ?3";
	g_autoptr(GError) failure = NULL;
	struct store_row *founder = store_row(store, thread, &failure);
	sqlite3_stmt *statement;
	guint start = out->len;
	int result = 1;

	if (failure) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	if (founder && (founder->folder != folder || founder->thread != thread))
		g_clear_pointer(&founder, store_row_free);
	statement = store_sql(store, members, VALUES(thread, folder, limit), error);
	while (statement && (result = store_step(store, statement, error)) > 0) {
		struct store_row *row = row_from(statement);

		if (founder && key_compare(&founder->key, &row->key) < 0)
			g_ptr_array_add(out, g_steal_pointer(&founder));
		g_ptr_array_add(out, row);
	}
	if (founder)
		g_ptr_array_add(out, founder);
	if (out->len - start > limit)
		g_ptr_array_set_size(out, (int)(start + limit));
	return result == 0;
}

gboolean
store_thread(struct store *store, gint64 folder, gint64 thread, struct store_thread *out, GError **error)
{
	static const char member[] =
	        "SELECT " THREAD_COLUMNS
	        " FROM message INDEXED BY message_member WHERE thread = ?1 AND thread <> id"
	        " AND folder = ?2 ORDER BY received DESC, ord DESC, id DESC LIMIT 1";
	static const char founder[] =
	        "SELECT " THREAD_COLUMNS " FROM message WHERE id = ?1 AND thread = ?1 AND folder = ?2";
	const char *const queries[] = {member, founder};
	struct store_thread found;
	gboolean any = FALSE;

	if (!store_flush(store, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
		sqlite3_stmt *statement = store_sql(store, queries[i], VALUES(thread, folder), error);
		int result = statement ? store_step(store, statement, error) : -1;

		if (result < 0)
			return FALSE;
		if (result == 0)
			continue;
		thread_from(statement, &found);
		sqlite3_reset(statement);
		if (!any || key_compare(&found.key, &out->key) > 0)
			*out = found;
		any = TRUE;
	}
	return any;
}
