#include "mime/html-token.h"
#include "mime/render.h"
#include "base/text.h"

#include <string.h>

enum { LOOK_AT = 16 * 1024, MAX_NAME = 40 };

/* A charset's name at the start of s. Gives (g_free), or NULL. */
static char *
read_name(const char *s)
{
	gsize n;

	s += strspn(s, " \t\r\n\"'");
	n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.+");
	return n && n <= MAX_NAME ? g_ascii_strdown(s, n) : NULL;
}

/* "text/html; charset=utf-8" */
static char *
from_content(const struct html_attributes *attributes)
{
	g_autofree char *content = html_attribute(attributes, ATTR_CONTENT),
	                *lower = g_ascii_strdown(content, -1);
	const char *name = strstr(lower, "charset");

	if (!name)
		return NULL;
	name += strlen("charset");
	name += strspn(name, " \t\r\n");
	return *name == '=' ? read_name(name + 1) : NULL;
}

char *
render_html_charset(const char *bytes, gsize len)
{
	struct html_lexer lexer;
	struct html_token token;
	char *name = NULL;

	if (len >= 3 && !memcmp(bytes, "\357\273\277", 3))
		return g_strdup("utf-8");
	html_lexer_init(&lexer, bytes, MIN(len, LOOK_AT));
	while (!name && html_next(&lexer, &token)) {
		struct html_attributes attributes;

		if (token.kind != HTML_OPEN || strcmp(token.element->name, "meta"))
			continue;
		html_attributes(&token, &attributes);
		if (attributes.at[ATTR_CHARSET].start) {
			g_autofree char *value = html_attribute(&attributes, ATTR_CHARSET);

			name = read_name(value);
		} else {
			name = from_content(&attributes);
		}
	}
	/* that this could be read as ASCII shows that it is not what it says */
	if (name && g_str_has_prefix(name, "utf-16")) {
		g_free(name);
		name = g_strdup("utf-8");
	}
	return name;
}
