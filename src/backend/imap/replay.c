#include "backend/imap/act.h"
#include "base/error.h"
#include "base/i18n.h"

/* The journal's verbs, each with its first step. */
static void (*const firsts[])(struct act *act) = {
        [OP_FLAG] = imap_flag,           [OP_MOVE] = imap_move,       [OP_COPY] = imap_move,
        [OP_PURGE] = imap_purge,         [OP_APPEND] = imap_append,   [OP_EMPTY] = imap_empty,
        [OP_CREATE] = imap_create,       [OP_RENAME] = imap_rename,   [OP_REMOVE] = imap_remove,
        [OP_SUBSCRIBE] = imap_subscribe, [OP_REPLACE] = imap_replace,
};
G_STATIC_ASSERT(G_N_ELEMENTS(firsts) == OP_VERBS);

void
imap_replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	g_autoptr(GError) error = NULL;

	if (firsts[op->verb]) {
		act_begin(b, op, firsts[op->verb], done, user);
		return;
	}
	fulmar_fail(&error, FULMAR_UNSUPPORTED, _("this is nothing that an IMAP server could do"));
	task_release(task_new(&b->tasks, done, user), error);
}
