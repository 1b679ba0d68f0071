/* A POP3 server on a thread of its own, for one client at a time: plain and obedient. Its maildrop may be
 * filled and looked at from outside. */
#ifndef FULMAR_TESTS_BACKEND_POP_SERVER_H
#define FULMAR_TESTS_BACKEND_POP_SERVER_H

#include <glib.h>

struct pop_server;
struct pop_server *pop_server_new(void);
/* Ends it; whoever is logged in is hung up on. */
void pop_server_free(struct pop_server *server);
int pop_server_port(const struct pop_server *server);
/* text with LF or CRLF; who logs in from now on sees it. Gives its UIDL. */
char *pop_server_add(struct pop_server *server, const char *text);
/* Another client deletes it. */
void pop_server_remove(struct pop_server *server, const char *uidl);
/* What a log-in is refused with from now on, NULL: it is not. */
void pop_server_refuse(struct pop_server *server, const char *why);
/* What LIST says of all of them from now on, 0: the truth. */
void pop_server_lie(struct pop_server *server, gsize size);
/* TRUE when something was added or removed that nobody has logged in since to see. */
gboolean pop_server_has_news(struct pop_server *server);
/* UIDLs of what is there (char *). Gives (g_ptr_array_unref). */
GPtrArray *pop_server_uidls(struct pop_server *server);

#endif
