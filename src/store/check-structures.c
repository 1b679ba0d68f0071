#include "base/i18n.h"
#include "mime/part.h"
#include "store/check-private.h"

/* How messages are built. Where the whole message is here it can be seen again; where not, the server is
 * asked again by whoever needs it.
 */

#define LINES_MAX 20

static gboolean
is_structure(sqlite3_stmt *statement, int column)
{
	g_autofree char *text = store_column(statement, column);
	struct mime_part *root = text ? mime_part_from_text(text, NULL) : NULL;
	gboolean ok = root != NULL;

	g_clear_pointer(&root, mime_part_free);
	return ok;
}

static gboolean
bad_structures(struct store *store, GArray *ids, GError **error)
{
	static const char sql[] = "SELECT id, tree FROM structure WHERE id IN (SELECT id FROM message)";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		msgid id = sqlite3_column_int64(statement, 0);

		if (!is_structure(statement, 1))
			g_array_append_val(ids, id);
	}
	return result >= 0;
}

gboolean
structures_look(struct look *look, GError **error)
{
	static const char sql[] = "SELECT folder FROM message WHERE id = ?1";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	if (!bad_structures(look->store, ids, error))
		return FALSE;
	for (guint i = 0; i < ids->len && i < LINES_MAX; i++) {
		msgid id = g_array_index(ids, msgid, i);
		g_autofree char *what =
		        g_strdup_printf(_("it is not known how mail %lld is built"), (long long)id);
		gint64 folder;

		if (!store_number(look->store, sql, VALUES(id), 0, &folder, error))
			return FALSE;
		look_tell(look, "row", look_folder(look, folder), what, _("--repair looks again"),
		          _("looked again"));
	}
	return TRUE;
}

gboolean
structure_renew(struct store *store, msgid id, GError **error)
{
	static const char drop[] = "DELETE FROM structure WHERE id = ?1";
	struct mime_part *root;
	gboolean ok = store_run(store, drop, VALUES(id), error) &&
	              row_set_have(store, id, 0, HAVE_STRUCTURE | HAVE_TEXT, error);

	/* Of the message itself, if it can be read; one that cannot is found, and told, as such. */
	root = ok ? store_structure(store, id, NULL) : NULL;
	ok = ok && (!root || store_set_structure(store, id, root, error));
	g_clear_pointer(&root, mime_part_free);
	return ok;
}

gboolean
structures_fix(struct store *store, gboolean *any, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = bad_structures(store, ids, error);

	*any = ids->len > 0;
	for (guint i = 0; ok && i < ids->len; i++)
		ok = structure_renew(store, g_array_index(ids, msgid, i), error);
	return ok;
}
