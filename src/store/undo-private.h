/* What the files that take steps back share. */
#ifndef FULMAR_STORE_UNDO_PRIVATE_H
#define FULMAR_STORE_UNDO_PRIVATE_H

#include "store/store-private.h"

/* A step that is taken back. */
struct past {
	gint64 step;
	struct journal journal;
	GPtrArray *entries;  /* struct memory, as they were made */
	GHashTable *dropped; /* ops that were dropped as a whole */
	GHashTable *let_go;  /* ids of the rows they had then */
	GArray *transfers;
	GString *to_reach; /* what other accounts are to hear, as it is kept */
	struct store_undone undone;
	struct store_key newest; /* of undone.back */
};

/* How far the op of an entry has come. OP_BEGUN: still here, but the server may have heard of it before. */
enum progress { OP_GONE, OP_STILL_HERE, OP_BEGUN, OP_UNDER_WAY };

/* ---- undo.c ---- */
/* The op goes, with what it does here. */
gboolean undo_drop_whole(struct store *store, struct past *past, gint64 id, GError **error);
/* The server has the row no more: folder gets it again from what is here, or by copying source (0: none).
 * What cannot come back is counted. */
gboolean undo_give_back(struct store *store, struct past *past, struct row_state *row, gint64 folder,
                        msgid source, GError **error);
/* A refused op has been taken back already: the row leaves it. */
gboolean undo_leave_failed(struct store *store, const struct entry *entry, msgid id, GError **error);
/* The row leaves the op that sent it to limbo, and is where it was before: on its way there again, if it was.
 */
gboolean undo_bring_back(struct store *store, struct past *past, const struct entry *entry,
                         struct row_state *row, GError **error);
/* Copies and appends. */
gboolean undo_making(struct store *store, struct past *past, const struct entry *entry, struct row_state *row,
                     GError **error);
/* An undo brought row to where it stands now. */
void undo_note_back(struct past *past, const struct row_state *row);

/* ---- undo-replace.c ---- */
gboolean undo_replace(struct store *store, struct past *past, const struct entry *entry,
                      struct row_state *row, GError **error);

/* ---- undo-folders.c ---- */
/* An entry of a verb that is about a folder. */
gboolean undo_folder(struct store *store, struct past *past, const struct entry *entry,
                     enum progress progress, GError **error);

#endif
