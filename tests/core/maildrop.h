/* A POP3 account with a maildrop that is there or not. */
#ifndef FULMAR_TESTS_CORE_MAILDROP_H
#define FULMAR_TESTS_CORE_MAILDROP_H

#include "backend/backend.h"

struct maildrop {
	gboolean reachable;   /* or every link fails */
	gboolean refuses;     /* to give a text */
	guint links, fetched; /* those begun, and the texts given or refused */
};

extern struct maildrop maildrop;

/* For bed_start_with(); maildrop begins anew: out of reach, and nothing was asked for. */
const struct backend_ops *maildrop_ops(void);
/* What the server gives for a message. Gives (g_free). */
char *maildrop_text(const char *message_id);

/* The store of the account "work" of bed, which need not be at work. */
struct bed;
struct store *maildrop_open(struct bed *bed);
/* Gives its id. */
gint64 maildrop_add_folder(struct store *store, const char *path, gboolean subscribed);

#endif
