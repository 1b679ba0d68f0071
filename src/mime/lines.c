#include "mime/lines.h"

#include <string.h>

static gsize
count_bare(const char *text, gsize len)
{
	gsize bare = 0;

	for (const char *at = text, *lf; len && (lf = memchr(at, '\n', len - (gsize)(at - text)));
	     at = lf + 1)
		bare += lf == text || lf[-1] != '\r';
	return bare;
}

GBytes *
lines_with_crlf(GBytes *bytes)
{
	gsize len, at = 0;
	const char *text = g_bytes_get_data(bytes, &len);
	gsize bare = count_bare(text, len);
	char *out;

	if (!bare)
		return g_bytes_ref(bytes);
	out = g_malloc(len + bare);
	for (gsize i = 0; i < len; i++) {
		if (text[i] == '\n' && (!i || text[i - 1] != '\r'))
			out[at++] = '\r';
		out[at++] = text[i];
	}
	return g_bytes_new_take(out, at);
}

GBytes *
lines_with_lf(GBytes *bytes)
{
	gsize len, at = 0;
	const char *text = g_bytes_get_data(bytes, &len);
	g_autofree char *out = g_malloc(len + 1);

	for (gsize i = 0; i < len; i++) {
		gboolean cr = text[i] == '\r', lf = text[i] == '\n';

		if ((cr && (i + 1 == len || text[i + 1] != '\n')) || (lf && (!i || text[i - 1] != '\r')))
			return g_bytes_ref(bytes);
		if (!cr)
			out[at++] = text[i];
	}
	return at < len ? g_bytes_new_take(g_steal_pointer(&out), at) : g_bytes_ref(bytes);
}
