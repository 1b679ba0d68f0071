#include <string.h>
#include "mime/render.h"

enum { PREVIEW_CHARS = 200, PREVIEW_OCTETS = 65536, PREVIEW_COLUMNS = 1000 };

/* Runs of white space (controls are white space since the text is safe) become one blank. */
static guint
add_words(GString *out, const char *line, guint chars)
{
	for (const char *c = line; *c && chars < PREVIEW_CHARS; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);
		gboolean blank = g_unichar_isspace(u);

		if (blank && (!out->len || out->str[out->len - 1] == ' '))
			continue;
		g_string_append_unichar(out, blank ? ' ' : u);
		chars++;
	}
	return chars;
}

char *
mime_preview(const struct render_kind *kind, GBytes *encoded)
{
	gsize len = MIN(g_bytes_get_size(encoded), PREVIEW_OCTETS);
	g_autoptr(GBytes) begin = g_bytes_new_from_bytes(encoded, 0, len);
	struct rendered *rendered = rendered_new();
	GString *out = g_string_new(NULL);
	guint chars = 0;

	render_body(rendered, kind, begin, PREVIEW_COLUMNS);
	for (guint i = 0; i < rendered->lines->len && chars < PREVIEW_CHARS; i++) {
		const struct render_line *line = rendered->lines->pdata[i];

		if (!line->quote && !line->signature) {
			chars = add_words(out, line->text, chars);
			chars = add_words(out, " ", chars);
		}
	}
	rendered_free(rendered);
	if (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}
