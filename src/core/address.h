/* Tells when the machine's network addresses have changed: it was carried to another network, or woke up in
 * one. Owned by the thread that runs context.
 */
#ifndef FULMAR_CORE_ADDRESS_H
#define FULMAR_CORE_ADDRESS_H

#include <glib.h>

struct address_watch;

/* changed runs in context, once for changes that come close together. NULL where the system does not tell. */
struct address_watch *address_watch_new(GMainContext *context, void (*changed)(void *user), void *user);
void address_watch_free(struct address_watch *watch);

#endif
