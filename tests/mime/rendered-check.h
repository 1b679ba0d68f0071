/* What must hold of every rendering, whatever the input. */
#ifndef FULMAR_TESTS_RENDERED_CHECK_H
#define FULMAR_TESTS_RENDERED_CHECK_H

#include "mime/render.h"
#include "base/text.h"

#include <string.h>

/* A character that must never reach a terminal. */
static inline gboolean
is_forbidden(gunichar c)
{
	if (c < 0x20 || (c >= 0x7F && c < 0xA0))
		return TRUE;
	if (c == 0x61C || c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E))
		return TRUE;
	if ((c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0xAD || c == 0x3164 || c == 0xFFA0)
		return TRUE;
	return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xE0000 && c < 0xF0000);
}

static inline void
check_text(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (const char *s = text; *s; s = g_utf8_next_char(s))
		g_assert_false(is_forbidden(g_utf8_get_char(s)));
}

static inline void
check_line(const struct rendered *rendered, const struct render_line *line, int width)
{
	gsize len = strlen(line->text);
	guint end = 0;
	int first;

	check_text(line->text);
	if (text_width(line->text, -1) > width)
		g_assert_cmpuint(text_next(line->text, len, &first), ==, len);
	for (guint i = 0; line->spans && i < line->spans->len; i++) {
		const struct render_span *span = &g_array_index(line->spans, struct render_span, i);

		g_assert_cmpuint(span->start, >=, end);
		g_assert_cmpuint(span->len, >, 0);
		g_assert_cmpuint(span->link, <=, rendered->links->len);
		end = span->start + span->len;
		g_assert_cmpuint(end, <=, len);
		g_assert_true(((guchar)line->text[span->start] & 0xC0) != 0x80);
		g_assert_true(((guchar)line->text[end] & 0xC0) != 0x80);
	}
}

static inline void
check_rendered(const struct rendered *rendered, int width)
{
	for (guint i = 0; i < rendered->lines->len; i++)
		check_line(rendered, g_ptr_array_index(rendered->lines, i), MAX(width, 1));
	for (guint i = 0; i < rendered->links->len; i++) {
		const struct render_link *link = g_ptr_array_index(rendered->links, i);

		check_text(link->url);
		g_assert_null(strpbrk(link->url, " \"'<>`"));
		for (const char *s = link->host; *s; s++)
			g_assert_true((guchar)*s > ' ' && (guchar)*s < 0x7F);
	}
}

#endif
