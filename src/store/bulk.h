/* Whole messages by the hundred, in one transaction: a thread writes the files while the rows are put. */
#ifndef FULMAR_STORE_BULK_H
#define FULMAR_STORE_BULK_H

#include "store/store.h"

struct store_bulk;

/* Begins a transaction, which store_bulk_end ends. durable: all of it is on the disk by then, the files
 * before the rows. Octets that are given are lent until the end. NULL with error. */
struct store_bulk *store_bulk_begin(struct store *store, gboolean durable, GError **error);
/* As store_add, of a message whose octets, message->size of them, are bytes; message->structure is theirs. */
msgid store_bulk_add(struct store_bulk *bulk, gint64 folder, const struct store_message *message,
                     const void *bytes, GError **error);
/* The octets of a message whose row is here; one that has them keeps those. 1, 0: the row is gone, -1 error.
 */
int store_bulk_body(struct store_bulk *bulk, msgid id, const void *bytes, gsize len, GError **error);
/* Frees bulk. ok FALSE: nothing of all that was. TRUE when it is committed. */
gboolean store_bulk_end(struct store_bulk *bulk, gboolean ok, GError **error);

#endif
