/* Keywords as words of a command line, or of a file. */
#ifndef FULMAR_APP_KEYWORDS_H
#define FULMAR_APP_KEYWORDS_H

#include <glib.h>

/* Those of words (blank-separated) that are some, blank-separated; NULL: none is. $Forwarded, which is a
 * flag, is left out and told. Gives (g_free). */
char *keywords_clean(const char *words, gboolean *forwarded);

#endif
