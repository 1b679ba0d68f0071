#include "app/keywords.h"

#include "base/keyword.h"

enum { KEYWORDS_MOST = 100 };

char *
keywords_clean(const char *words, gboolean *forwarded)
{
	g_auto(GStrv) parts = g_strsplit_set(words, " \t", KEYWORDS_MOST);
	GString *out = g_string_new(NULL);

	*forwarded = FALSE;
	for (guint i = 0; parts[i]; i++) {
		if (!g_ascii_strcasecmp(parts[i], "$Forwarded"))
			*forwarded = TRUE;
		else if (keyword_is_valid(parts[i]))
			g_string_append_printf(out, "%s%s", out->len ? " " : "", parts[i]);
	}
	return g_string_free(out, out->len == 0);
}
