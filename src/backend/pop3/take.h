/* A message on its way from the server into the store: taken by take.c, put there by put.c. */
#ifndef FULMAR_BACKEND_POP3_TAKE_H
#define FULMAR_BACKEND_POP3_TAKE_H

#include "backend/pop3/visit.h"

struct take {
	struct drop_item *item;
	msgid id;       /* the row whose body it is; 0: it gets one */
	gboolean whole; /* RETR */
	GByteArray *octets;
	int fd;                    /* of the body's file, -1: it is in octets */
	guint64 have;              /* octets */
	gint64 row, digest, since; /* of table maildrop, while it is put into the store */
	GPtrArray *tasks;          /* struct task *: held */
	GPtrArray *progress;       /* functions, or NULL, parallel to tasks */
	GError *error;
};

/* Puts takes (struct take *) into INBOX, in one transaction that is on the disk when it counts: each that is
 * not known gets its row. */
gboolean pop3_put(struct visit *v, GPtrArray *takes, gint64 inbox, GError **error);

#endif
