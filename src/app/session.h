/* Commands that need an account's thread: starts it, sends commands by the bus and waits for their end.
 *
 * Meanwhile progress goes to standard error when that is a terminal, notices go there always, and secrets are
 * asked for on the terminal.
 */
#ifndef FULMAR_APP_SESSION_H
#define FULMAR_APP_SESSION_H

#include "app/app.h"
#include "msg/bus.h"

struct session;

struct session *session_new(const struct app *app);
/* Stops the accounts. */
void session_free(struct session *session);
/* Starts the account's thread for batch work; a second start is none. FALSE with error. */
gboolean session_start(struct session *session, const struct conf_account *account, GError **error);
/* Takes the command; its id for session_wait. */
guint64 session_send(struct session *session, struct command *command);
/* Waits for the end of command id. FALSE with its error. Each id once. */
gboolean session_wait(struct session *session, guint64 id, GError **error);
/* Both. */
gboolean session_do(struct session *session, struct command *command, GError **error);

/* What a command that changes mail told before it ended. */
struct session_told {
	gint64 step;    /* of undo; 0: nothing changed */
	char *text;     /* what was done, one line; or NULL */
	GPtrArray *ids; /* new messages, "ACCOUNT:NUMBER" (char *), in the order of the command's */
};
void session_told_clear(struct session_told *told);
/* session_do for such a command; told is filled anew, and to be cleared in any case. */
gboolean session_change(struct session *session, struct command *command, struct session_told *told,
                        GError **error);
/* Where EVENT_RULE goes. */
void session_on_rule(struct session *session, void (*rule)(const struct event *event, void *user),
                     void *user);
/* Where EVENT_FACT goes. */
void session_on_fact(struct session *session,
                     void (*fact)(const char *account, const char *name, const char *value, void *user),
                     void *user);

/* Starts an account's thread with the signals of the screen kept away from it. */
struct account *session_start_account(struct bus *bus, const struct app *app,
                                      const struct conf_account *account, guint flags, GError **error);

/* Stops all of accounts (struct account *) at the same time, so that one dead server is waited for, not each.
 */
void session_stop_all(GPtrArray *accounts);

#endif
