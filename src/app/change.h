/* A change of mail from the command line: sent to its account, carried out at once as far as a link can be
 * had, and looked after in the journal.
 */
#ifndef FULMAR_APP_CHANGE_H
#define FULMAR_APP_CHANGE_H

#include "app/app.h"
#include "app/session.h"

struct change {
	const struct conf_account *account;
	const struct conf_account *other; /* takes part too: the target of a move between accounts; or NULL */
	struct session_told told;
	gboolean durable; /* it is in the store */
	gboolean queued;  /* and the server has not confirmed all of it yet */
};

/* Takes the command. FALSE with error when it could not be made, or only for some of the messages
 * (FULMAR_PARTLY), or the server refused it. Clear in any case.
 */
gboolean change_make(const struct app *app, struct session *session, struct change *change,
                     struct command *command, GError **error);
void change_clear(struct change *change);

/* Whether all of ids are messages of account that are in a folder. FALSE with error. */
gboolean change_are_here(const struct conf_account *account, const GArray *ids, GError **error);
/* A line of --json: what became of the message id, which came of source, or NULL. */
void change_json(const struct change *change, const char *id, const char *source, const char *folder);

/* Where a message is now, for reports: the path of its folder, NULL when it is in none. Gives (g_free). */
char *change_folder_of(struct store *store, msgid id);

#endif
