#include "mime/render.h"
#include "store/store-private.h"

/* Previews that no server has told (RFC 8970) are made of the text that is here. */

/* "" when there is none. */
static char *
preview_of(struct store *store, msgid id)
{
	struct mime_part *root = store_structure(store, id, NULL);
	g_autoptr(GPtrArray) shown = root ? mime_part_shown(root, FALSE) : NULL;
	const struct mime_part *part = shown && shown->len ? shown->pdata[0] : NULL;
	gboolean decoded = FALSE;
	g_autoptr(GBytes) bytes = part ? store_part_as_kept(store, id, part->section, &decoded, NULL) : NULL;
	char *preview = NULL;

	if (bytes) {
		const struct render_kind kind = {g_str_equal(part->subtype, "html"), part->flowed,
		                                 part->delsp, part->charset,
		                                 decoded ? ENCODING_7BIT : part->encoding};

		preview = mime_preview(&kind, bytes);
	}
	if (root)
		mime_part_free(root);
	return preview ? preview : g_strdup("");
}

gboolean
preview_fill(struct store *store, msgid id, GError **error)
{
	static const char lacks[] = "SELECT 1 FROM envelope WHERE id = ?1 AND coalesce(preview, '') = ''";
	static const char put[] = "UPDATE envelope SET preview = ?2 WHERE id = ?1";
	g_autofree char *preview = NULL;
	sqlite3_stmt *statement;
	gint64 wanted;

	if (!store_number(store, lacks, VALUES(id), 0, &wanted, error))
		return FALSE;
	preview = wanted ? preview_of(store, id) : g_strdup("");
	if (!*preview)
		return TRUE;
	statement = store_sql(store, put, VALUES(id), error);
	if (statement)
		store_bind_text(statement, 2, preview);
	return store_finish(store, statement, error);
}
