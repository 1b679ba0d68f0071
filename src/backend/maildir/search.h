/* Where base names are in a folder's directory at this moment, read in slices.
 *
 * A directory that others rename in may show a file twice or not at all: what is not found may be there all
 * the same, so who takes something for gone looks twice. */
#ifndef FULMAR_BACKEND_MAILDIR_SEARCH_H
#define FULMAR_BACKEND_MAILDIR_SEARCH_H

#include <glib.h>

struct search;

struct search *search_new(const char *dir);
void search_free(gpointer search);
/* Before the first step. Copies. */
void search_want(struct search *search, const char *base);
/* Reads on. 1: there is more; 0: all was read; -1: it cannot be read. */
int search_step(struct search *search, GError **error);
/* "cur/NAME" or "new/NAME" of base; NULL: not seen. Lends until search_free. */
const char *search_found(const struct search *search, const char *base);

#endif
