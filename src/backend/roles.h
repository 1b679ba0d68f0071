/* What folders are for: by the configuration, else by the names that mail programs give them in many
 * languages. Pure; any thread. */
#ifndef FULMAR_BACKEND_ROLES_H
#define FULMAR_BACKEND_ROLES_H

#include <glib.h>
#include "conf/conf.h"

struct role_folder {
	const char *path; /* UTF-8 with '/', lent */
	const char
	        *role; /* "" or what a server said; one of store.h's names. Set by roles_assign, constants */
};

/* Gives roles to folders that have none: INBOX, the folders that account names (these win over what the
 * server said), and for each role that nobody has the folder whose last level has its best-known name, the
 * one nearest to the top of several. */
void roles_assign(const struct conf_account *account, struct role_folder *folders, guint n);

#endif
