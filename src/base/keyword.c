#include "base/keyword.h"

#include <string.h>

enum { OCTETS_MOST = 200 };

static gboolean
is_atom(const char *word)
{
	for (const char *p = word; *p; p++)
		if (!g_ascii_isgraph(*p) || strchr("(){%*\"\\]", *p))
			return FALSE;
	return *word != '\0';
}

static gboolean
is_label(const char *word)
{
	const char *name = word + strlen(KEYWORD_LABEL);

	if (!*name || !g_utf8_validate(name, -1, NULL))
		return FALSE;
	for (; *name; name = g_utf8_next_char(name))
		if (*name == ' ' || !g_unichar_isprint(g_utf8_get_char(name)))
			return FALSE;
	return TRUE;
}

gboolean
keyword_is_valid(const char *word)
{
	return strlen(word) <= OCTETS_MOST &&
	       (g_str_has_prefix(word, KEYWORD_LABEL) ? is_label(word) : is_atom(word));
}

gboolean
keyword_is_among(const char *words, const char *word, gsize len)
{
	for (const char *at = words; at && *at;) {
		gsize n = strcspn(at, " ");

		if (n == len && g_ascii_strncasecmp(at, word, len) == 0)
			return TRUE;
		at += n;
		at += strspn(at, " ");
	}
	return FALSE;
}

char *
keyword_from_typed(const char *typed)
{
	g_auto(GStrv) parts = g_strsplit(typed, " ", -1);
	g_autofree char *word = g_strjoinv(KEYWORD_BLANK, parts);

	return keyword_is_valid(word) ? g_steal_pointer(&word) : NULL;
}

char **
keyword_words(const char *line)
{
	GPtrArray *words = g_ptr_array_new();
	g_autoptr(GString) word = g_string_new(NULL);
	gboolean quoted = FALSE;

	for (const char *p = line;; p++) {
		if (*p == '"') {
			quoted = !quoted;
		} else if (*p && (quoted || !strchr(" ,", *p))) {
			g_string_append_c(word, *p);
		} else if (word->len) {
			g_ptr_array_add(words, g_strdup(word->str));
			g_string_truncate(word, 0);
		}
		if (!*p)
			break;
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}
