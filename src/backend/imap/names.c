#include <string.h>
#include "backend/imap/imap-private.h"

/* Names of folders: octets of the server's, and what a person sees of them. */

/* "a.b" with delimiter "." → "a/b"; a "/" inside a level becomes U+2215, which looks alike and separates
 * nothing. */
char *
imap_path_of(const struct backend *b, const unsigned char *name, gsize len, char delimiter)
{
	char *utf8 = b->utf8 ? NULL : imap_utf7_to_utf8(name, len);
	GString *path = g_string_new(NULL);

	if (!utf8)
		utf8 = g_utf8_make_valid((const char *)name, (gssize)len);
	for (const char *p = utf8; *p; p++) {
		if (delimiter && *p == delimiter)
			g_string_append_c(path, '/');
		else if (*p == '/')
			g_string_append(path, "\xe2\x88\x95");
		else
			g_string_append_c(path, *p);
	}
	if (!g_ascii_strncasecmp(path->str, "INBOX", 5) && (!path->str[5] || path->str[5] == '/'))
		memcpy(path->str, "INBOX", 5);
	g_free(utf8);
	return g_string_free(path, FALSE);
}

/* Without a link it is not known what the server takes: what it took the last time. */
char *
imap_wire_name(const struct backend *b, const char *name)
{
	g_autofree char *last = b->conn ? NULL : store_get(b->env->store, "utf8-names");

	if (b->utf8 || (last && *last == '1'))
		return g_utf8_validate(name, -1, NULL) ? g_strdup(name) : NULL;
	return imap_utf8_to_utf7(name);
}
