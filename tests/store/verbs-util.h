/* Verbs of the journal in one line each, and what has become of rows, folders and ops. */
#ifndef FULMAR_TESTS_STORE_VERBS_UTIL_H
#define FULMAR_TESTS_STORE_VERBS_UTIL_H

#include "store-util.h"

#define OPS(var) g_autoptr(GPtrArray) var = g_ptr_array_new_with_free_func(store_op_free)

void must(gboolean ok, GError *error);
/* The folder that row id is shown in, -1: it is not there. */
gint64 folder_shown(struct store *store, msgid id);
/* Where it is shown; and where the server has it (folder 0: nowhere). */
void assert_at(struct store *store, msgid id, gint64 shown, gint64 folder, guint64 uid);
/* All ops, or those that may run; how many. */
guint read_ops(struct store *store, gboolean ready, GPtrArray *ops);
/* The one op there is; lent by ops. */
struct store_op *only_op(struct store *store, GPtrArray *ops);
void set(struct store *store, gint64 op, enum op_state state);
/* The step it is. */
gint64 move(struct store *store, msgid id, gint64 to);
gint64 purge(struct store *store, msgid id);
/* Of letter, which is here as a whole or not yet; the row. */
extern const char letter[];
msgid append(struct store *store, gint64 to, gboolean whole, const char *key, gint64 *step);
/* Takes it back; expected: how many entries cannot be. */
void undo(struct store *store, gint64 step, guint expected);
void set_uidvalidity(struct store *store, gint64 id, guint64 uidvalidity, guint64 uidnext);
void assert_counts(struct store *store, gint64 id, gint64 shown, gint64 rows, gint64 unread);
void mark_complete(struct store *store, gint64 id);

#endif
