#include <string.h>
#include "base/error.h"
#include "store/check-private.h"

/* The header of a row that is here already, written anew. */

static char *
addresses(const GPtrArray *list)
{
	GString *out = g_string_new(NULL);

	addresses_append(out, list);
	return g_string_free(out, FALSE);
}

const char *
header_parent(const struct envelope *envelope)
{
	guint n = envelope->references ? g_strv_length(envelope->references) : 0;
	const char *parent = envelope->in_reply_to;

	if (!n)
		return parent;
	if (strcmp(parent, envelope->references[n - 1]) == 0)
		return NULL;
	return *parent ? parent : "-";
}

gboolean
header_write(struct store *store, msgid id, const struct envelope *envelope, GError **error)
{
	static const char sql[] =
	        "INSERT INTO envelope (id, zone, date, sender, recipients, copies, subject, message_id,"
	        " in_reply_to, refs, list_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	        " ON CONFLICT (id) DO UPDATE SET zone = ?2, date = ?3, sender = ?4, recipients = ?5, copies "
	        "= ?6,"
	        " subject = ?7, message_id = ?8, in_reply_to = ?9, refs = ?10, list_id = ?11";
	g_autofree char *from = addresses(envelope->from), *to = addresses(envelope->to),
	                *cc = addresses(envelope->cc),
	                *references = envelope->references ? g_strjoinv(" ", envelope->references) : NULL;
	const char *const texts[] = {from,
	                             to,
	                             cc,
	                             envelope->subject,
	                             envelope->message_id,
	                             header_parent(envelope),
	                             references,
	                             envelope->list_id};
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(id, envelope->zone), error);

	if (!statement)
		return FALSE;
	if (envelope->has_date)
		sqlite3_bind_int64(statement, 3, envelope->date);
	else
		sqlite3_bind_null(statement, 3);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		store_bind_text(statement, 4 + (int)i, texts[i]);
	return store_finish(store, statement, error);
}

gboolean
store_set_header(struct store *store, msgid id, const struct envelope *envelope, GError **error)
{
	static const char sql[] = "SELECT folder FROM message WHERE id = ?1";
	gint64 folder;
	gboolean own, ok;

	if (!store_enter(store, FALSE, &own, error))
		return FALSE;
	ok = store_number(store, sql, VALUES(id), 0, &folder, error);
	if (ok && folder)
		folder_delta(store, folder);
	ok = ok && header_write(store, id, envelope, error);
	return store_leave(store, own, ok, error);
}

#define COLUMNS 11

/* The column when it is text. */
static char *
valid_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	gsize len = text ? (gsize)sqlite3_column_bytes(statement, column) : 0;

	return text && g_utf8_validate(text, (gssize)len, NULL) ? g_strndup(text, len) : NULL;
}

gboolean
header_clean(struct store *store, msgid id, GError **error)
{
	static const char read[] =
	        "SELECT e.sender, e.recipients, e.copies, e.subject, e.message_id, e.in_reply_to, e.refs,"
	        " e.list_id, e.email_id, e.preview, m.keywords FROM envelope e JOIN message m ON m.id = e.id"
	        " WHERE e.id = ?1";
	static const char write[] =
	        "UPDATE envelope SET sender = ?2, recipients = ?3, copies = ?4, subject = ?5, message_id = "
	        "?6,"
	        " in_reply_to = ?7, refs = ?8, list_id = ?9, email_id = ?10, preview = ?11 WHERE id = ?1";
	static const char marks[] = "UPDATE message SET keywords = ?2 WHERE id = ?1";
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	sqlite3_stmt *statement = store_sql(store, read, VALUES(id), error);
	int result = statement ? store_step(store, statement, error) : -1;

	if (result <= 0)
		return result == 0;
	for (int i = 0; i < COLUMNS; i++)
		g_ptr_array_add(texts, valid_text(statement, i));
	sqlite3_reset(statement);
	statement = store_sql(store, write, VALUES(id), error);
	for (int i = 0; statement && i < COLUMNS - 1; i++)
		store_bind_text(statement, 2 + i, texts->pdata[i]);
	if (!store_finish(store, statement, error))
		return FALSE;
	statement = store_sql(store, marks, VALUES(id), error);
	if (statement)
		store_bind_text(statement, 2, texts->pdata[COLUMNS - 1]);
	return store_finish(store, statement, error);
}

int
header_renew(struct store *store, msgid id, GError **error)
{
	g_autoptr(GBytes) bytes = store_part(store, id, "", NULL);
	g_autoptr(GBytes) header = bytes ? store_part(store, id, "HEADER", NULL) : NULL;
	struct envelope envelope;
	gboolean ok;

	/* A body that cannot be read is none: it is found, and told, as one. */
	if (!header || !g_bytes_get_size(header))
		return 0;
	envelope_from_headers(&envelope, g_bytes_get_data(header, NULL), g_bytes_get_size(header));
	ok = header_write(store, id, &envelope, error) && header_clean(store, id, error);
	envelope_clear(&envelope);
	return ok ? 1 : -1;
}
