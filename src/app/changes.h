/* One wish for the messages of several accounts: a change for each, then what became of it, message by
 * message. */
#ifndef FULMAR_APP_CHANGES_H
#define FULMAR_APP_CHANGES_H

#include "app/change.h"
#include "app/ids.h"

struct wish {
	/* The command for one account, with ids already in it. */
	void (*fill)(const struct wish *wish, const struct ids_group *group, struct command *command);
	enum command_verb verb;
	const struct conf_account *target; /* of a move or copy; or NULL */
	const char *path;                  /* its folder */
	gconstpointer user;
};

/* Gives the exit status. */
int changes_make(const struct app *app, struct session *session, const struct wish *wish, GPtrArray *groups);

#endif
