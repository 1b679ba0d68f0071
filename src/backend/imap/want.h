/* A section of a message that somebody waits for (fetch.c).
 */
#ifndef FULMAR_BACKEND_IMAP_WANT_H
#define FULMAR_BACKEND_IMAP_WANT_H

#include "backend/imap/imap-private.h"

/* Who waits for a section. */
struct imap_waiter {
	struct task *task;
	void (*progress)(guint64 have, guint64 total, void *user);
};

struct imap_want {
	GList link;             /* in b->wants */
	struct imap_want *next; /* of the same UID, in b->wanted */
	GArray *waiters;        /* struct imap_waiter */
	gint64 folder;
	msgid id;
	guint64 uid;
	char *section;
	char *kept;      /* what it is stored as */
	guint64 encoded; /* octets in the message, as announced; servers err */
	int fd;          /* sliced: the part so far; -1: whole */
	guint64 have;    /* octets written */
	guint64 asked;   /* octets asked for */
	guint64 total;   /* octets there will be: announced, or (decoded) guessed until the server told it */
	guint flights;
	guint64 round;     /* octets written when the first of these was asked for */
	gboolean strayed;  /* one of them was answered before one that goes before it */
	guint64 from;      /* what was here when it began */
	gint64 since;      /* monotonic µs: when it began */
	gboolean held;     /* all of it is in b->bodies */
	gboolean binary;   /* the server decodes it */
	gboolean sized;    /* and has told how long it is then */
	gboolean unfit;    /* it cannot be had decoded */
	gboolean dated;    /* SAVEDATE is asked for too */
	gboolean finished; /* stored */
	GError *error;
};

/* Who is to get what came for uid of the open folder; NULL: nobody. */
struct imap_want *want_of(struct backend *b, guint64 uid, const char *section);
/* One that is under way already, or NULL. */
struct imap_want *want_for(struct backend *b, msgid id, guint64 uid, const char *section);
/* One of id brings SAVEDATE too. */
gboolean want_dated(const struct backend *b, msgid id, guint64 uid);
void want_wait(struct imap_want *w, struct task *task, void (*progress)(guint64, guint64, void *));
/* A person waits for it. */
gboolean want_is_watched(const struct imap_want *w);
void want_tell(const struct imap_want *w);
/* Into the list of those under way, and out of it. */
void want_add(struct backend *b, struct imap_want *w);
void want_drop(struct backend *b, struct imap_want *w);
/* Takes it out of the list, tells who waits how it ended, and frees it. */
void want_end(struct backend *b, struct imap_want *w);
void want_free(struct imap_want *w);

/* ---- fetch.c ---- */
/* Asks for it, or for more of it, by a command of its own. */
void want_ask(struct backend *b, struct imap_want *w);
/* A command that asked for it has ended, and it is not in b->bodies. */
void want_answered(struct backend *b, struct imap_want *w, const struct imap_cmd *cmd,
                   const struct imap_response *response, const GError *error);
void want_put_if_due(struct backend *b);

/* ---- together.c: many by one command ---- */
/* Between these two together_takes. */
void together_begin(struct backend *b);
void together_end(struct backend *b);
/* What comes next may be of folder. */
void together_leave(struct backend *b, gint64 folder);
/* FALSE: it needs a command of its own. */
gboolean together_takes(struct backend *b, struct imap_want *w);

#endif
