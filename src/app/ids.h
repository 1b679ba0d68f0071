/* The messages that a command is about, account by account. */
#ifndef FULMAR_APP_IDS_H
#define FULMAR_APP_IDS_H

#include "app/app.h"

struct ids_group {
	const struct conf_account *account; /* lent from the configuration */
	GArray *ids;                        /* msgid, each once, as they were named */
	GHashTable *known;                  /* of the same, to find them */
};

/* An empty list of struct ids_group *. Gives (g_ptr_array_unref). */
GPtrArray *ids_new(void);
/* Adds "ACCOUNT:NUMBER". */
gboolean ids_add(const struct app *app, GPtrArray *groups, const char *word, GError **error);
/* Adds words first … end - 1 of the command line; when these are none, what standard input holds
 * (id-reader.h). FULMAR_USAGE also when no message was named at all. */
gboolean ids_take(const struct app *app, GPtrArray *groups, guint first, guint end, GError **error);

#endif
