/* Reading one message: parts from the store, fetched first when they are missing and may be. */
#ifndef FULMAR_APP_FETCH_H
#define FULMAR_APP_FETCH_H

#include "app/app.h"
#include "app/session.h"

struct message {
	const struct app *app;
	struct session *session;
	const struct conf_account *account;
	struct store *store;
	struct store_row *row;
	char *folder; /* its path */
};

/* The message called id ("ACCOUNT:NUMBER"). FALSE with error; clear in any case. */
gboolean message_open(struct message *message, const struct app *app, const char *id, GError **error);
void message_clear(struct message *message);

/* The octets of a section as they are in the message, or, where decoded is given, as store_part_as_kept has
 * them. FULMAR_NO_LINK when they are not here and cannot be fetched. Gives. */
GBytes *message_part(struct message *message, const char *section, gboolean *decoded, GError **error);
/* The structure. Gives (mime_part_free). */
struct mime_part *message_structure(struct message *message, GError **error);
/* Asks once for structure and shown text, as far as they are missing. */
gboolean message_fetch_text(struct message *message, gboolean prefer_html, GError **error);
/* The octets of a leaf, transfer encoding taken off. Gives. */
GBytes *message_decoded(struct message *message, const struct mime_part *part, GError **error);

#endif
