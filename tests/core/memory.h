/* A mail server in memory, with a backend for it: folders, flags, moves, everything the journal asks for. It
 * can refuse, hang up or fall silent at the n-th verb, before, in the midst of or after doing it.
 *
 * A server is found by its account's id and lives until memory_forget. It may be looked at while accounts use
 * it: each function locks it for itself. */
#ifndef FULMAR_TESTS_CORE_MEMORY_H
#define FULMAR_TESTS_CORE_MEMORY_H

#include "backend/backend.h"

enum memory_fault {
	MEMORY_REFUSES,   /* FULMAR_FAILED */
	MEMORY_NOT_NOW,   /* FULMAR_NO_LINK, with the link up */
	MEMORY_HANGS_UP,  /* the link is lost */
	MEMORY_SILENT,    /* nothing is answered ever again: whoever used it then is as good as killed */
	MEMORY_CALLS_OFF, /* FULMAR_CANCELLED, with the link up */
	MEMORY_FAULTS
};
/* How far a verb came that met the fault. A refused one never began. */
enum memory_extent { MEMORY_NOTHING, MEMORY_HALF, MEMORY_ALL };

extern const struct backend_ops memory_ops;

void memory_forget(void);
void memory_add_folder(const char *account, const char *name);
/* headers and text with CRLF. */
void memory_add_message(const char *account, const char *folder, const char *message, guint flags);
/* Another client removes it; FALSE when there is none. message_id with brackets. */
gboolean memory_expunge(const char *account, const char *folder, const char *message_id);
/* As another client moves it. */
gboolean memory_move(const char *account, const char *folder, const char *message_id, const char *to);

/* From the next verb of the journal on, the n-th meets the fault; 0: none. */
void memory_arm(const char *account, guint n, enum memory_fault fault, enum memory_extent extent);
/* The same of any verbs, before anything is done. */
void memory_arm_any(const char *account, guint n, enum memory_fault fault);
/* Each fill meets the fault; MEMORY_FAULTS: none does. */
void memory_arm_fills(const char *account, enum memory_fault fault);
/* Headers come so many at a time, the newest first; 0: all at once. */
void memory_set_piece(const char *account, guint n);
/* How often a folder was filled, and how many links there were. */
guint memory_fills(const char *account);
guint memory_links(const char *account);
gboolean memory_is_silent(const char *account);
/* Verbs that changed or could have changed something, since the last memory_arm. */
guint memory_verbs(const char *account);
/* Without: no UIDs are told of what was moved, copied or appended. */
void memory_set_uidplus(const char *account, gboolean on);
/* What it links to is not there. */
void memory_set_reachable(const char *account, gboolean on);

/* What is on the server, or in the store, in the same words: one line a folder and a message, sorted. Gives
 * (g_free). */
char *memory_dump(const char *account);
char *memory_dump_store(struct store *store);

#endif
