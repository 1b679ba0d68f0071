#include "mime/render.h"
#include "store/store-private.h"

/* Previews that no server has told (RFC 8970) are made of the text that is here. */

static char *
make(const struct mime_part *part, gboolean decoded, GBytes *bytes)
{
	const struct render_kind kind = {g_str_equal(part->subtype, "html"), part->flowed, part->delsp,
	                                 part->charset, decoded ? ENCODING_7BIT : part->encoding};

	return mime_preview(&kind, bytes);
}

static const struct mime_part *
first_shown(const struct mime_part *root)
{
	g_autoptr(GPtrArray) shown = mime_part_shown(root, FALSE);

	return shown->len ? shown->pdata[0] : NULL;
}

char *
preview_of(const struct mime_part *root, const void *bytes, gsize len)
{
	const struct mime_part *part = first_shown(root);
	g_autoptr(GBytes) text = NULL;

	if (!part || part->body_start > len || part->body_len > len - part->body_start)
		return g_strdup("");
	text = g_bytes_new_static((const char *)bytes + part->body_start, part->body_len);
	return make(part, FALSE, text);
}

/* "" when there is none. */
static char *
preview_from(struct store *store, msgid id)
{
	struct mime_part *root = store_structure(store, id, NULL);
	const struct mime_part *part = root ? first_shown(root) : NULL;
	gboolean decoded = FALSE;
	g_autoptr(GBytes) bytes = part ? store_part_as_kept(store, id, part->section, &decoded, NULL) : NULL;
	char *preview = bytes ? make(part, decoded, bytes) : g_strdup("");

	if (root)
		mime_part_free(root);
	return preview;
}

static gboolean
lacks(struct store *store, msgid id, gint64 *wanted, GError **error)
{
	static const char sql[] = "SELECT 1 FROM envelope WHERE id = ?1 AND coalesce(preview, '') = ''";

	return store_number(store, sql, VALUES(id), 0, wanted, error);
}

static gboolean
write_down(struct store *store, msgid id, const char *preview, GError **error)
{
	static const char sql[] = "UPDATE envelope SET preview = ?2 WHERE id = ?1";
	sqlite3_stmt *statement;

	if (!*preview)
		return TRUE;
	statement = store_sql(store, sql, VALUES(id), error);
	if (statement)
		store_bind_text(statement, 2, preview);
	return store_finish(store, statement, error);
}

gboolean
preview_fill(struct store *store, msgid id, GError **error)
{
	g_autofree char *preview = NULL;
	gint64 wanted;

	if (!lacks(store, id, &wanted, error))
		return FALSE;
	preview = wanted ? preview_from(store, id) : g_strdup("");
	return write_down(store, id, preview, error);
}

gboolean
preview_put(struct store *store, msgid id, const struct mime_part *root, const void *bytes, gsize len,
            GError **error)
{
	g_autofree char *preview = NULL;
	gint64 wanted;

	if (!lacks(store, id, &wanted, error))
		return FALSE;
	preview = wanted ? preview_of(root, bytes, len) : g_strdup("");
	return write_down(store, id, preview, error);
}
