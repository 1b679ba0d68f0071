/* What a change that waits is, and what one that was made was, in words. Pure. */
#ifndef FULMAR_MODEL_OP_TEXT_H
#define FULMAR_MODEL_OP_TEXT_H

#include <glib.h>
#include "store/store.h"

/* "move 3 messages to Archive", "make the folder Lists/new": folders (struct store_folder *, may be NULL)
 * name those of the op. Safe. Gives (g_free). */
char *op_text(const struct store_op *op, const GPtrArray *folders);
/* "move 3 messages to Archive: Permission denied"; op may be NULL. Safe. Gives (g_free). */
char *op_failed_text(const struct store_op *op, const GPtrArray *folders, const char *why);
/* "3 messages moved to Archive". Safe. Gives (g_free). */
char *undo_text(const struct store_undo *undo);

#endif
