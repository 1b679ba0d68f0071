/* Libraries of rare features, opened when first needed so that starting costs nothing for them. */
#ifndef FULMAR_BASE_LAZY_H
#define FULMAR_BASE_LAZY_H

#include <glib.h>

struct lazy_symbol {
	const char *name;
	void **slot; /* the function pointer to fill */
};

/* Opens soname (once; it stays open) and fills every slot; safe from any thread. FALSE with error when the
 * library or a symbol is missing: the message names the library. symbols ends with a NULL name. */
gboolean lazy_load(const char *soname, const struct lazy_symbol *symbols, GError **error);

#endif
