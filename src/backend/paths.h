/* What a person may call a folder, whatever keeps it. Pure; any thread. */
#ifndef FULMAR_BACKEND_PATHS_H
#define FULMAR_BACKEND_PATHS_H

#include <glib.h>

/* FALSE with error: path (levels with '/' between them) has a level without a name, is no UTF-8, or has
 * characters in it that cannot be seen. */
gboolean path_is_fit(const char *path, GError **error);

#endif
