#include <string.h>
#include "mime/render.h"

enum {
	PREVIEW_CHARS = 200,
	PREVIEW_OCTETS = 65536,
	PREVIEW_COLUMNS = 1000,
	FIRST_PLAIN = 320,
	FIRST_HTML = 8192
};

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

/* Whole lines, so that no character is cut: what is no UTF-8 is guessed to be something else. */
static gsize
lines_within(GBytes *encoded, gsize octets)
{
	gsize len;
	const char *bytes = g_bytes_get_data(encoded, &len), *end;

	if (len <= octets)
		return len;
	end = memrchr(bytes, '\n', octets);
	return end ? (gsize)(end + 1 - bytes) : octets == PREVIEW_OCTETS ? octets : 0;
}

/* Of the first octets; *all: there is no more to be had out of more of them. */
static char *
preview_of_first(const struct render_kind *kind, GBytes *encoded, gsize octets, gboolean *all)
{
	gsize len = lines_within(encoded, octets);
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
	*all = chars >= PREVIEW_CHARS || len == g_bytes_get_size(encoded);
	if (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

/* Mostly a few lines are enough, and a mail may have thousands. */
char *
mime_preview(const struct render_kind *kind, GBytes *encoded)
{
	gsize octets = kind->html ? FIRST_HTML : FIRST_PLAIN;
	gboolean all = FALSE;
	char *preview = NULL;

	/* Its lines are not those of the text. */
	if (kind->encoding == ENCODING_BASE64 && !kind->charset)
		octets = PREVIEW_OCTETS;
	for (;; octets = MIN(octets * 8, PREVIEW_OCTETS)) {
		preview = preview_of_first(kind, encoded, octets, &all);
		if (all || octets == PREVIEW_OCTETS)
			return preview;
		g_free(preview);
	}
}
