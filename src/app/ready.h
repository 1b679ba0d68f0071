/* A store that has what a command needs to read: as it is when it has been synchronised before, else brought
 * up first. */
#ifndef FULMAR_APP_READY_H
#define FULMAR_APP_READY_H

#include "app/app.h"
#include "app/session.h"

/* The account's store with its folder list in it. Gives (store_close), NULL with error: FULMAR_NO_LINK when
 * there is nothing yet and no link may be had. session is only used when something must be fetched. */
struct store *ready_store(const struct app *app, struct session *session, const struct conf_account *account,
                          GError **error);
/* The folder called path, asked for anew when it is not in the store. Gives (store_folder_free). */
struct store_folder *ready_find(const struct app *app, struct session *session,
                                const struct conf_account *account, struct store *store, const char *path,
                                GError **error);
/* The folder called path with all its headers in the store, as far as it can be had: with some headers here a
 * failure to fetch the rest sets *partly (takes nothing: free it) and gives the folder all the same. Gives
 * (store_folder_free). */
struct store_folder *ready_folder(const struct app *app, struct session *session,
                                  const struct conf_account *account, struct store *store, const char *path,
                                  GError **partly, GError **error);

#endif
