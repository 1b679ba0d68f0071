/* One account at work: its thread, its link, its queue of commands, its journal.
 *
 * Everything with a policy: what is asked first (the person), what when idle (headers behind, bodies as keep
 * says), when to connect again. Commands come by the bus, events go by the bus.
 */
#ifndef FULMAR_CORE_ACCOUNT_H
#define FULMAR_CORE_ACCOUNT_H

#include <glib.h>
#include "conf/conf.h"
#include "msg/bus.h"

struct account;

enum account_flags {
	ACCOUNT_OFFLINE = 1,   /* never opens a socket */
	ACCOUNT_BATCH = 2,     /* for the command line: connects when a command needs it, gives up instead of
	                          trying again, watches nothing */
	ACCOUNT_NO_SECRETS = 4 /* nobody can answer a prompt: a missing password is FULMAR_AUTH */
};

/* Opens (and makes) the store, sees to it that an INBOX row is there for accounts with a server, and starts
 * the thread. conf and settings are lent until account_stop. NULL with error. */
struct account *account_start(struct bus *bus, const struct conf *conf, const struct conf_account *settings,
                              guint flags, GError **error);
/* Ends within two seconds whatever the server does; commands under way end as cancelled. Frees. */
void account_stop(struct account *account);

/* Where the account's store is. Gives (g_free). */
char *account_store_dir(const struct conf_account *settings);

#endif
