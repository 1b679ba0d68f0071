/* Which folders a person is subscribed to, as Dovecot ("subscriptions") and Courier
 * ("courierimapsubscribed") keep it beside the mail. Without such a file it is all of them. */
#ifndef FULMAR_BACKEND_MAILDIR_SUBSCRIPTIONS_H
#define FULMAR_BACKEND_MAILDIR_SUBSCRIPTIONS_H

#include <glib.h>

struct subscriptions;

/* root is the account's path. Without error also when there is none. */
struct subscriptions *subscriptions_read(const char *root, GError **error);
void subscriptions_free(struct subscriptions *subscriptions);
/* INBOX always is. */
gboolean subscriptions_have(const struct subscriptions *subscriptions, const char *wire, char delimiter);

/* Writes the file anew, whole or not at all, as it was written: each of wires (NULL-terminated) is in it, or
 * not any more. all (NULL-terminated): what begins in a file that is not there yet; NULL: none is made.
 * FULMAR_NO_LINK: another program writes it at this moment. */
gboolean subscriptions_set(const char *root, char *const *wires, char delimiter, gboolean on,
                           char *const *all, GError **error);
/* The folder from is called to now, and so are those below it. */
gboolean subscriptions_rename(const char *root, const char *from, const char *to, char delimiter,
                              GError **error);

#endif
