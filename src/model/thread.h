/* The messages of one conversation as the lines of a tree. Pure. */
#ifndef FULMAR_MODEL_THREAD_H
#define FULMAR_MODEL_THREAD_H

#include <glib.h>
#include "model/list.h"

/* A line for row (taken); recipients: show whom it went to instead of whom it came from. Gives
 * (thread_item_free). */
struct list_item *thread_item_new(struct store_row *row, gint64 group, gboolean recipients);
void thread_item_free(gpointer item);

/* Lays out rows (struct store_row *, oldest first; the elements are taken, the array is emptied) of
 * conversation group: appends struct list_item * to out, each below the message it answers. Messages whose
 * parent is not among them hang below the oldest. References that run in a circle are cut. */
void thread_layout(GPtrArray *rows, gint64 group, gboolean recipients, GPtrArray *out);

/* Where the subject proper begins, behind any "Re:", "Fwd: ", "AW: [2]" and the like. Lends from subject. */
const char *thread_bare_subject(const char *subject);

#endif
