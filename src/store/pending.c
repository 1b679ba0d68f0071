#include <string.h>
#include "store/store-private.h"

/* New rows wait here and are inserted by one statement for many: a table that SQLite reads them from (no
 * storage of its own). That costs a third of a statement for each. Whoever asks for a statement by store_sql
 * gets them inserted first. */
#define ROWS_MAX 1000
#define BYTES_MAX (1 << 20)

enum number {
	N_ID,
	N_FOLDER,
	N_ORD,
	N_RECEIVED,
	N_SIZE,
	N_BASE,
	N_THREAD,
	N_HEAD,
	N_UNREAD,
	N_ATTACHMENTS,
	N_HAVE,
	N_ZONE,
	N_UID,
	N_DATE,
	N_WHOLE,
	NUMBERS
};
enum word {
	W_KEYWORDS,
	W_FILE,
	W_SENDER,
	W_RECIPIENTS,
	W_COPIES,
	W_SUBJECT,
	W_MESSAGE_ID,
	W_IN_REPLY_TO,
	W_REFS,
	W_LIST_ID,
	W_EMAIL_ID,
	W_PREVIEW,
	WORDS
};

static const char columns[] =
        "CREATE TABLE pending (id, folder, ord, received, size, base, thread, head, "
        "unread, attachments, have, zone, uid,"
        " date, whole, keywords, file, sender, recipients, copies, subject, message_id, "
        "in_reply_to, refs, list_id, email_id,"
        " preview)";

struct row {
	gint64 numbers[NUMBERS];
	gboolean has_uid, has_date;
	gsize ends[WORDS]; /* of each text in the arena; it begins where the one before ends */
	gsize start;
};

struct pending {
	GArray *rows;
	GString *arena;
	gboolean whole; /* bodies of some come with them */
};

struct pending *
pending_new(void)
{
	struct pending *pending = g_new0(struct pending, 1);

	pending->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	pending->arena = g_string_new(NULL);
	return pending;
}

void
pending_free(struct pending *pending)
{
	g_array_unref(pending->rows);
	g_string_free(pending->arena, TRUE);
	g_free(pending);
}

void
pending_drop(struct pending *pending)
{
	g_array_set_size(pending->rows, 0);
	pending->whole = FALSE;
	/* One row with thousands of addresses should not stay in memory for ever. */
	if (pending->arena->allocated_len > 2 * BYTES_MAX) {
		g_string_free(pending->arena, TRUE);
		pending->arena = g_string_new(NULL);
	}
	g_string_truncate(pending->arena, 0);
}

/* ---- the table as SQLite sees it ---- */

struct table {
	sqlite3_vtab base;
	struct store *store;
};

struct cursor {
	sqlite3_vtab_cursor base;
	guint at;
};

static int
table_connect(sqlite3 *db, void *user, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
	struct table *table = g_new0(struct table, 1);

	table->store = user;
	*out = &table->base;
	return sqlite3_declare_vtab(db, columns);
}

static int
table_disconnect(sqlite3_vtab *table)
{
	g_free(table);
	return SQLITE_OK;
}

static int
table_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	info->estimatedCost = ROWS_MAX;
	return SQLITE_OK;
}

static int
cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = g_new0(struct cursor, 1);

	*out = &cursor->base;
	return SQLITE_OK;
}

static int
cursor_close(sqlite3_vtab_cursor *cursor)
{
	g_free(cursor);
	return SQLITE_OK;
}

static int
cursor_filter(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc, sqlite3_value **argv)
{
	((struct cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int
cursor_next(sqlite3_vtab_cursor *cursor)
{
	((struct cursor *)cursor)->at++;
	return SQLITE_OK;
}

static struct pending *
pending_of(sqlite3_vtab_cursor *cursor)
{
	return ((struct table *)cursor->pVtab)->store->pending;
}

static int
cursor_eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct cursor *)cursor)->at >= pending_of(cursor)->rows->len;
}

static int
cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
	const struct pending *pending = pending_of(cursor);
	const struct row *row = &g_array_index(pending->rows, struct row, ((struct cursor *)cursor)->at);
	int word = column - NUMBERS;
	gsize start;

	if (word < 0) {
		if ((column == N_UID && !row->has_uid) || (column == N_DATE && !row->has_date))
			return SQLITE_OK; /* NULL */
		sqlite3_result_int64(context, row->numbers[column]);
		return SQLITE_OK;
	}
	start = word ? row->ends[word - 1] : row->start;
	if (row->ends[word] > start)
		sqlite3_result_text(context, pending->arena->str + start, (int)(row->ends[word] - start),
		                    SQLITE_STATIC);
	return SQLITE_OK;
}

static int
cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = ((struct cursor *)cursor)->at;
	return SQLITE_OK;
}

gboolean
pending_register(struct store *store, GError **error)
{
	static const sqlite3_module module = {
	        .xConnect = table_connect,
	        .xBestIndex = table_best_index,
	        .xDisconnect = table_disconnect,
	        .xOpen = cursor_open,
	        .xClose = cursor_close,
	        .xFilter = cursor_filter,
	        .xNext = cursor_next,
	        .xEof = cursor_eof,
	        .xColumn = cursor_column,
	        .xRowid = cursor_rowid,
	};

	if (sqlite3_create_module(store->db, "pending", &module, store) == SQLITE_OK)
		return TRUE;
	store_fail_sql(store, error);
	return FALSE;
}

/* ---- in and out ---- */

static void
add_word(struct pending *pending, struct row *row, enum word word, const char *text)
{
	if (text)
		g_string_append(pending->arena, text);
	row->ends[word] = pending->arena->len;
}

static void
add_addresses(struct pending *pending, struct row *row, enum word word, const GPtrArray *addresses)
{
	addresses_append(pending->arena, addresses);
	row->ends[word] = pending->arena->len;
}

static void
add_references(struct pending *pending, struct row *row, const struct envelope *envelope)
{
	gsize start;

	add_word(pending, row, W_IN_REPLY_TO, header_parent(envelope));
	start = pending->arena->len;
	for (char **id = envelope->references; id && *id; id++) {
		if (pending->arena->len > start)
			g_string_append_c(pending->arena, ' ');
		g_string_append(pending->arena, *id);
	}
	row->ends[W_REFS] = pending->arena->len;
}

static void
add_words(struct pending *pending, struct row *row, const struct store_message *message)
{
	const struct envelope *envelope = message->envelope;

	row->start = pending->arena->len;
	add_word(pending, row, W_KEYWORDS, message->keywords);
	add_word(pending, row, W_FILE, message->file);
	add_addresses(pending, row, W_SENDER, envelope->from);
	add_addresses(pending, row, W_RECIPIENTS, envelope->to);
	add_addresses(pending, row, W_COPIES, envelope->cc);
	add_word(pending, row, W_SUBJECT, envelope->subject);
	add_word(pending, row, W_MESSAGE_ID, envelope->message_id);
	add_references(pending, row, envelope);
	add_word(pending, row, W_LIST_ID, envelope->list_id);
	add_word(pending, row, W_EMAIL_ID, message->email_id);
	add_word(pending, row, W_PREVIEW, message->preview);
}

gboolean
pending_add(struct store *store, const struct row_state *state, const struct store_message *message,
            int attachments, GError **error)
{
	struct pending *pending = store->pending;
	const struct envelope *envelope = message->envelope;
	struct row row = {
	        .numbers = {[N_ID] = state->id,
	                    [N_FOLDER] = state->folder,
	                    [N_ORD] = state->key.ord,
	                    [N_RECEIVED] = state->key.received,
	                    [N_SIZE] = (gint64)message->size,
	                    [N_BASE] = state->base,
	                    [N_THREAD] = state->thread,
	                    [N_HEAD] = state->head,
	                    [N_UNREAD] = state->head && !(state->base & FLAG_SEEN),
	                    [N_ATTACHMENTS] = attachments,
	                    [N_HAVE] = state->have,
	                    [N_ZONE] = envelope->zone,
	                    [N_UID] = (gint64)message->uid,
	                    [N_DATE] = envelope->date,
	                    [N_WHOLE] = message->whole},
	        .has_uid = message->uid != 0,
	        .has_date = envelope->has_date,
	};

	add_words(pending, &row, message);
	g_array_append_val(pending->rows, row);
	pending->whole |= message->whole;
	if (pending->rows->len < ROWS_MAX && pending->arena->len < BYTES_MAX)
		return TRUE;
	return pending_flush(store, error);
}

gboolean
pending_flush(struct store *store, GError **error)
{
	/* "OR FAIL": what went in before a fault need not be taken out again, for the transaction ends
	 * anyway. */
	static const char messages[] =
	        "INSERT OR FAIL INTO message (id, folder, ord, received, size, base, thread, head, "
	        "thread_count,"
	        " thread_unread, attachments, have, uid, keywords, file) SELECT id, folder, ord, received, "
	        "size, base, thread,"
	        " head, head, unread, attachments, have, uid, keywords, file FROM pending";
	static const char envelopes[] =
	        "INSERT OR FAIL INTO envelope (id, date, zone, sender, recipients, copies, subject, "
	        "message_id,"
	        " in_reply_to, refs, list_id, email_id, preview) SELECT id, date, zone, sender, recipients, "
	        "copies, subject,"
	        " message_id, in_reply_to, refs, list_id, email_id, preview FROM pending";
	static const char bodies[] =
	        "INSERT OR FAIL INTO part (id, section, size) SELECT id, '', size FROM pending WHERE whole";
	gboolean ok;

	if (!store->pending || !store->pending->rows->len)
		return TRUE;
	ok = store_finish(store, store_prepare(store, messages, NULL, 0, error), error) &&
	     store_finish(store, store_prepare(store, envelopes, NULL, 0, error), error);
	if (ok && store->pending->whole)
		ok = store_finish(store, store_prepare(store, bodies, NULL, 0, error), error);
	pending_drop(store->pending);
	return ok;
}
