/* A mail server as the journal's tests need one: folders with UIDs, other clients, answers with and without
 * UIDs, refusals, and an end of the program at any point on the way. It carries out ops as a backend would.
 */
#ifndef FULMAR_TESTS_FAKE_SERVER_H
#define FULMAR_TESTS_FAKE_SERVER_H

#include "store/store.h"

struct server;

/* How the next op is carried out. */
struct weather {
	gboolean uids;   /* the server tells new UIDs (UIDPLUS) */
	gboolean refuse; /* it says NO */
	int crash;       /* after so many messages the program ends; -1: it does not */
	gboolean heard;  /* before that it was told of the last one */
};

struct server *server_new(void);
void server_free(struct server *server);
void server_make_folder(struct server *server, const char *wire);
/* A message of its own: all that it is follows from content. */
void server_deliver(struct server *server, const char *wire, guint content, guint flags);
/* What another client does: flags, moves, copies or deletes something. */
void server_meddle(struct server *server, GRand *rand);
/* New UIDVALIDITY of one folder. */
void server_renumber(struct server *server, GRand *rand);

/* What a message with this content is. */
GBytes *content_body(guint content);
guint content_of(const struct store_row *row);

/* Brings the folder list, and all rows of all folders, up to date. */
void server_sync(struct server *server, struct store *store);
/* Carries out op. FALSE: the program ended on the way (reopen the store). */
gboolean server_carry_out(struct server *server, struct store *store, const struct store_op *op,
                          const struct weather *weather);
/* How far did op, which is CHECKING, come? It waits again then. */
void server_check(struct server *server, struct store *store, const struct store_op *op);
/* "PATH CONTENT FLAGS" of each message, sorted; folders with nothing in them too. Gives (g_free). */
char *server_print(const struct server *server);
/* The same of what the store shows. */
char *store_print(struct store *store);

#endif
