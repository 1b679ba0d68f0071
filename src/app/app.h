/* One run of the program: what was said on the command line, the configuration, and how commands report. */
#ifndef FULMAR_APP_APP_H
#define FULMAR_APP_APP_H

#include <glib.h>
#include "app/cli.h"
#include "conf/conf.h"
#include "store/store.h"

struct app {
	struct cli cli;
	struct conf *conf; /* NULL for commands without CLI_CONF */
};

/* Reads the configuration the command line names; problems go to standard error. FALSE when there were any.
 */
gboolean app_load_conf(struct app *app);

/* Prints "fulmar: message" on standard error; takes error and gives its exit status. */
int app_fail(GError *error);
/* Adds the status of one account or message to those before: equal ones stay, different ones become
 * FULMAR_PARTLY. first: *status is not set yet. */
void app_add_status(int *status, gboolean first, int next);

/* The account called id (len octets); FULMAR_USAGE that names the nearest. Lends from conf. */
const struct conf_account *app_account(const struct app *app, const char *id, gsize len, GError **error);
/* "ACCOUNT/FOLDER" or "ACCOUNT": *folder is what follows the first slash, INBOX in capitals; NULL: none.
 * Lends. */
const struct conf_account *app_target(const struct app *app, const char *target, const char **folder,
                                      GError **error);
/* The same where a folder must be named. */
const struct conf_account *app_target_folder(const struct app *app, const char *target, const char **folder,
                                             GError **error);
/* "ACCOUNT:NUMBER". */
const struct conf_account *app_id(const struct app *app, const char *text, msgid *id, GError **error);
/* True when the account may be reached: local ones always. */
gboolean app_may_link(const struct app *app, const struct conf_account *account);
/* What is queued for it may be carried out: also without a link, where folders are kept here. */
gboolean app_may_replay(const struct app *app, const struct conf_account *account);

/* The store of an account for reading; NULL without error when there is none yet. */
struct store *app_store(const struct conf_account *account, GError **error);
/* The folder called path; FULMAR_FAILED that names the nearest. Gives (store_folder_free). */
struct store_folder *app_folder(struct store *store, const struct conf_account *account, const char *path,
                                GError **error);

/* The commands (commands.c has the table). Each gives the exit status. */
int command_screen(struct app *app);
int command_demo(struct app *app);
int command_accounts(struct app *app);
int command_folders(struct app *app);
int command_sync(struct app *app);
int command_list(struct app *app);
int command_show(struct app *app);
int command_flag(struct app *app);
int command_move(struct app *app);
int command_copy(struct app *app);
int command_delete(struct app *app);
int command_archive(struct app *app);
int command_junk(struct app *app);
int command_draft(struct app *app);
int command_rules(struct app *app);
int command_undo(struct app *app);
int command_folder_create(struct app *app);
int command_folder_rename(struct app *app);
int command_folder_delete(struct app *app);
int command_folder_subscribe(struct app *app);
int command_folder_unsubscribe(struct app *app);
int command_folder_empty(struct app *app);
int command_folder_rights(struct app *app);
int command_folder_quota(struct app *app);
int command_import(struct app *app);
int command_export(struct app *app);
int command_queue(struct app *app);
int command_queue_retry(struct app *app);
int command_queue_drop(struct app *app);
int command_check(struct app *app);
int command_check_config(struct app *app);
int command_doctor(struct app *app);
int command_keys(struct app *app);
int command_options(struct app *app);

#endif
