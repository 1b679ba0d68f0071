/* Logging in, whatever the server speaks: where the connection goes, what may be said over it, the secret,
 * the choice of a SASL mechanism and its steps. A struct login is part of a backend's link and belongs to the
 * account's thread; what is sent, and what becomes of a refusal, is the backend's affair.
 */
#ifndef FULMAR_BACKEND_LOGIN_H
#define FULMAR_BACKEND_LOGIN_H

#include "backend/backend.h"
#include "base/error.h"
#include "net/conn.h"
#include "proto/sasl/sasl.h"

struct login_verbs {
	/* The command that begins mechanism. initial: base64 (or "=") that goes with it, NULL: nothing does;
	 * it is a secret. */
	void (*authenticate)(const char *mechanism, const char *initial, void *user);
	/* The protocol's own command for user and password. FALSE: this server offers none. */
	gboolean (*plain)(const char *name, const char *password, void *user);
	/* Ends the link without another word; error is lent. */
	void (*drop)(const GError *error, void *user);
};

struct login {
	const struct backend_env *env;
	const struct login_verbs *verbs;
	void *user;
	struct conn *conn;     /* lent for the link */
	GPtrArray *offered;    /* char *: SASL mechanisms, as the server names them */
	gsize initial_most;    /* octets of base64 that may go with the command that begins a mechanism */
	const char *mechanism; /* chosen last, for doctor */

	struct sasl *sasl;
	GBytes *held;     /* what is to be said first, and could not go with the command */
	char *secret;     /* for this link: core knows it, for all lanes */
	gboolean wanted;  /* hooks.ask was called */
	gboolean renewed; /* a token was asked for anew since the last good log-in */
};

/* Of the account's settings. Lends from account. */
struct conn_params login_conn_params(const struct conf_account *account, int trace);

void login_init(struct login *login, const struct backend_env *env, const struct login_verbs *verbs,
                void *user);
/* The link has ended. */
void login_forget(struct login *login);
void login_clear(struct login *login);

/* TRUE when a password may go over the connection as it is. */
gboolean login_is_protected(const struct login *login);
/* What the server offers is known: asks for the secret if it is not here, and begins. */
void login_begin(struct login *login, gboolean external);
/* backend_ops.secret */
void login_secret(struct login *login, const char *secret, const char *why);
/* A challenge in base64 is answered. */
void login_challenged(struct login *login, const char *text);
/* The server took it. FALSE: it could not prove itself, and the link was dropped. */
gboolean login_accepted(struct login *login);
/* The server refused it, and said why. crowded: another time need not meet that. */
void login_refused(struct login *login, const char *said, gboolean crowded);
/* TRUE for words that tell of too many sessions: not every server has a code for it. */
gboolean login_tells_crowd(const char *said);
/* Ends the link with an error that says why. */
void login_give_up(struct login *login, enum fulmar_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Tells it through hooks.fact; NULL and "" are nothing to tell. */
void login_fact(const struct login *login, const char *name, const char *value);
/* How the connection is secured and what mechanism was chosen, through hooks.fact. */
void login_tell_facts(const struct login *login);

#endif
