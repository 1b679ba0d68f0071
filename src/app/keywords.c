#include "app/keywords.h"

#include <string.h>

enum { KEYWORDS_MOST = 100, KEYWORD_OCTETS = 200 };

gboolean
keyword_is_valid(const char *name)
{
	if (!*name)
		return FALSE;
	for (const char *p = name; *p; p++)
		if ((guchar)*p <= ' ' || (guchar)*p >= 0x7f || strchr("(){%*\"\\]", *p))
			return FALSE;
	return TRUE;
}

char *
keywords_clean(const char *words, gboolean *forwarded)
{
	g_auto(GStrv) parts = g_strsplit_set(words, " \t", KEYWORDS_MOST);
	GString *out = g_string_new(NULL);

	*forwarded = FALSE;
	for (guint i = 0; parts[i]; i++) {
		if (!g_ascii_strcasecmp(parts[i], "$Forwarded"))
			*forwarded = TRUE;
		else if (keyword_is_valid(parts[i]) && strlen(parts[i]) <= KEYWORD_OCTETS)
			g_string_append_printf(out, "%s%s", out->len ? " " : "", parts[i]);
	}
	return g_string_free(out, out->len == 0);
}
