#include "base/error.h"
#include "base/i18n.h"
#include "store/undo-private.h"

/* Taking back what was done to a folder. */

/* Rows that op sent to limbo, into folder. */
static gboolean
give_back_all(struct store *store, struct past *past, gint64 op, gint64 folder, GError **error)
{
	static const char sql[] = "SELECT id FROM limbo WHERE op = ?1 ORDER BY id";
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean ok = store_ids(store, sql, VALUES(op), ids, error);

	for (guint i = 0; ok && i < ids->len; i++) {
		struct row_state row;

		ok = row_state_get(store, g_array_index(ids, msgid, i), &row, error) &&
		     undo_give_back(store, past, &row, folder, 0, error);
		if (ok && row.folder)
			undo_note_back(past, &row);
		row_state_clear(&row);
	}
	return ok;
}

static gboolean
undo_empty(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
           GError **error)
{
	static const char back[] = "SELECT count(*) FROM limbo WHERE op = ?1";
	gint64 here;

	/* It may have come half way before: the rest of it is dropped. */
	if (progress == OP_STILL_HERE)
		return undo_drop_whole(store, past, entry->op, error) &&
		       give_back_all(store, past, entry->op, entry->origin, error);
	/* Those that have left limbo since cannot come back, nor those that never were here. */
	if (!store_number(store, back, VALUES(entry->op), 0, &here, error) ||
	    !give_back_all(store, past, entry->op, entry->origin, error))
		return FALSE;
	past->undone.lost += (guint)MAX(entry->added - here + entry->removed, 0);
	return TRUE;
}

static gboolean
undo_create(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
            GError **error)
{
	struct store_folder *folder;
	gboolean empty;

	if (progress == OP_UNDER_WAY)
		return effect_fail_under_way(error);
	if (progress == OP_STILL_HERE)
		return tree_unmake(store, entry->subject, error);
	if (!folder_is_usable(store, entry->subject, NULL))
		return TRUE;
	folder = store_folder_by_id(store, entry->subject, error);
	if (!folder)
		return FALSE;
	empty = folder->shown == 0 && (gint64)folder->server_total <= folder->rows;
	if (!empty)
		fulmar_fail(error, FULMAR_FAILED, _("%s is not empty; its mail would be lost"), folder->path);
	store_folder_free(folder);
	return empty && tree_remove(store, &past->journal, entry->subject, error);
}

static gboolean
undo_rename(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
            GError **error)
{
	struct store_folder *folder;
	gboolean same;

	if (progress == OP_STILL_HERE)
		return undo_drop_whole(store, past, entry->op, error);
	if (!folder_is_usable(store, entry->subject, NULL))
		return TRUE;
	folder = store_folder_by_id(store, entry->subject, error);
	if (!folder)
		return FALSE;
	same = g_strcmp0(folder->path, entry->text3) == 0;
	store_folder_free(folder);
	return !same || tree_rename(store, &past->journal, entry->subject, entry->text1 ? entry->text1 : "",
	                            entry->text2 ? entry->text2 : "", error);
}

static gboolean
undo_remove(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
            GError **error)
{
	/* As what it was: earlier steps know it by that. */
	struct store_folder folder = {.id = entry->subject,
	                              .path = (char *)(entry->text1 ? entry->text1 : ""),
	                              .wire = (char *)(entry->text2 ? entry->text2 : ""),
	                              .role = (char *)(entry->text3 ? entry->text3 : ""),
	                              .delimiter = (char)entry->added};
	gboolean ok;

	if (progress == OP_STILL_HERE)
		return undo_drop_whole(store, past, entry->op, error);
	if (progress == OP_UNDER_WAY)
		return effect_fail_under_way(error);
	/* Something in it kept it. */
	if (folder_is_usable(store, folder.id, NULL))
		return give_back_all(store, past, entry->op, folder.id, error);
	ok = tree_create(store, &past->journal, &folder, "", error) &&
	     tree_subscribe(store, &past->journal, folder.id, entry->removed != 0, error);
	return ok && (!entry->op || give_back_all(store, past, entry->op, folder.id, error));
}

static gboolean
undo_subscribe(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
               GError **error)
{
	struct store_folder *folder;
	gboolean same;

	if (!folder_is_usable(store, entry->subject, NULL))
		return TRUE;
	folder = store_folder_by_id(store, entry->subject, error);
	if (!folder)
		return FALSE;
	same = folder->subscribed == (entry->added != 0);
	store_folder_free(folder);
	return !same || tree_subscribe(store, &past->journal, entry->subject, !entry->added, error);
}

typedef gboolean (*folder_undo)(struct store *store, struct past *past, const struct entry *entry,
                                enum progress progress, GError **error);

static const folder_undo undos[OP_VERBS] = {
        [OP_EMPTY] = undo_empty,   [OP_CREATE] = undo_create,       [OP_RENAME] = undo_rename,
        [OP_REMOVE] = undo_remove, [OP_SUBSCRIBE] = undo_subscribe,
};

gboolean
undo_folder(struct store *store, struct past *past, const struct entry *entry, enum progress progress,
            GError **error)
{
	if (entry->verb == OP_EMPTY && progress == OP_UNDER_WAY)
		return effect_fail_under_way(error);
	return undos[entry->verb](store, past, entry, progress, error);
}
