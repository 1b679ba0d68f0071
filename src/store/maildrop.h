/* What a POP3 account's server has, and what became of it here: one row for each message it listed. And what
 * a store needs that is itself the server of its folders. */
#ifndef FULMAR_STORE_MAILDROP_H
#define FULMAR_STORE_MAILDROP_H

#include "store/store.h"

enum drop_state {
	DROP_KEPT, /* it stays there */
	DROP_SENT, /* a DELE for it may have gone out */
	DROP_AWAY, /* the last visit that looked did not find it: what is not here of it cannot be had */
	DROP_STATES
};

struct store_drop {
	gint64 id;
	const char *uidl; /* "" when the server has none; octets, unsafe */
	guint nth;        /* of equal UIDLs, from 0 */
	guint64 size;     /* as the server says */
	gint64 digest;    /* store_drop_digest; 0: not known */
	msgid msg;        /* 0: the person deleted it for good, or never wanted it */
	enum drop_state state;
	gint64 since; /* UTC seconds: when it was first here */
	/* of msg, only read */
	gint64 folder;    /* that it is shown in; 0: it was deleted for good, and rests, or there is no msg */
	gboolean whole;   /* its body is here */
	gboolean travels; /* it is on its way to another account, which has not got it for certain */
};

/* All of them, the oldest first; drop is lent for the call, which must not write to the store. */
gboolean store_drops(struct store *store, void (*each)(const struct store_drop *drop, void *user), void *user,
                     GError **error);
/* How many there are, and of how many the message is here (may be NULL). -1 with error. */
gint64 store_drop_count(struct store *store, gint64 *here, GError **error);
/* Adds one; its id, 0 with error. */
gint64 store_drop_add(struct store *store, const struct store_drop *drop, GError **error);
/* The server calls it otherwise now: uidl, nth, size and digest are drop's. */
gboolean store_drop_rename(struct store *store, gint64 id, const struct store_drop *drop, GError **error);
/* In a transaction or in one of their own, which is durable: of n ids. */
gboolean store_drop_set_state(struct store *store, const gint64 *ids, guint n, enum drop_state state,
                              GError **error);
/* The server has them no more. */
gboolean store_drop_forget(struct store *store, const gint64 *ids, guint n, GError **error);
/* The one of message msg: 1, none: 0, -1 error. *drop's uidl is given (g_free). */
int store_drop_of(struct store *store, msgid msg, struct store_drop *drop, GError **error);
/* A hash of what tells a message from others, whatever UIDL it has: Message-ID and Date as they stand in
 * header, and size; of the whole header block where there is no Message-ID. Of this store alone. 0: the store
 * cannot tell. */
gint64 store_drop_digest(struct store *store, const char *header, gsize len, guint64 size);

/* Set ("1") while some of the rows may have other UIDLs than the server calls them by now. */
#define DROPS_RENAMED "pop3-renamed"

/* Notes that the store is the server of its folders: what is lost of it cannot be had again from elsewhere.
 */
gboolean store_serve(struct store *store, GError **error);
/* Messages of folder that no op is about and that lost their UIDs (a repair, a folder that was built anew):
 * they are to get others. At most limit; appends msgid. */
gboolean store_unnamed(struct store *store, gint64 folder, guint limit, GArray *out, GError **error);
/* The UID that is to be given next in a folder whose UIDs are given here. 0 with error. */
guint64 store_uid_next(struct store *store, gint64 folder, GError **error);
/* The body of from, when that is here, becomes that of its copy to, if it has none; in a transaction.
 * *lacking: neither has one, and the maildrop has. */
gboolean store_copy_body(struct store *store, msgid from, msgid to, gboolean *lacking, GError **error);
/* Messages whose bodies are lacking so, for copies that wait, at most limit. Appends msgid. */
gboolean store_copies_lack(struct store *store, guint limit, GArray *out, GError **error);
/* What is here of the whole messages ids is on the disk when this returns. */
gboolean store_bodies_sync(struct store *store, const msgid *ids, guint n, GError **error);

#endif
