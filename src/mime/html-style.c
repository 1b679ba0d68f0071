#include "mime/html-style.h"

#include <string.h>

/* A value: lower case, without blanks around. */
struct value {
	char text[64]; /* longer ones say nothing we know */
};

static gboolean
is(const struct value *value, const char *word)
{
	return !strcmp(value->text, word);
}

/* Pixels of a length, roughly; -1 when it is none. */
static double
pixels(const char *s)
{
	static const struct {
		const char *unit;
		double pixels;
	} units[] = {{"px", 1}, {"pt", 1.33}, {"em", 16}, {"rem", 16}, {"in", 96}, {"cm", 38}, {"mm", 3.8}};
	char *end;
	double number = g_ascii_strtod(s, &end);

	if (end == s || !(number >= 0))
		return -1;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_str_has_prefix(end, units[i].unit))
			return number * units[i].pixels;
	return number;
}

static void
set_display(struct html_style *style, const struct value *value)
{
	if (is(value, "none"))
		style->hidden = 1;
}

static void
set_visibility(struct html_style *style, const struct value *value)
{
	style->invisible = is(value, "hidden") || is(value, "collapse");
}

static void
set_font_size(struct html_style *style, const struct value *value)
{
	double size = pixels(value->text);

	/* relative to nothing is nothing */
	if (size > 0 && strpbrk(value->text, "%e"))
		return;
	style->tiny = size == 0;
}

static void
set_white_space(struct html_style *style, const struct value *value)
{
	style->pre = g_str_has_prefix(value->text, "pre") || is(value, "break-spaces");
}

static void
set_weight(struct html_style *style, const struct value *value)
{
	style->bold = g_str_has_prefix(value->text, "bold") || pixels(value->text) >= 600;
}

static void
set_slant(struct html_style *style, const struct value *value)
{
	style->italic = is(value, "italic") || is(value, "oblique");
}

static void
set_decoration(struct html_style *style, const struct value *value)
{
	style->underline = strstr(value->text, "underline") != NULL;
	style->strike = strstr(value->text, "line-through") != NULL;
}

static int
is_space_for_a_line(double size)
{
	return size >= 6;
}

static void
set_above(struct html_style *style, const struct value *value)
{
	style->space_above = is_space_for_a_line(pixels(value->text));
}

static void
set_below(struct html_style *style, const struct value *value)
{
	style->space_below = is_space_for_a_line(pixels(value->text));
}

/* "top", "top side", "top side bottom", "top right bottom left" */
static void
set_margin(struct html_style *style, const struct value *value)
{
	g_auto(GStrv) sides = g_strsplit(value->text, " ", 5);
	guint n = 0, kept = 0;

	for (; sides[n]; n++)
		if (*sides[n])
			sides[kept++] = sides[n];
		else
			g_free(sides[n]);
	for (guint i = kept; i < n; i++)
		sides[i] = NULL;
	if (!kept)
		return;
	style->space_above = is_space_for_a_line(pixels(sides[0]));
	style->space_below = is_space_for_a_line(pixels(sides[kept > 2 ? 2 : 0]));
}

static void
set_border(struct html_style *style, const struct value *value)
{
	style->borderless =
	        is(value, "none") || g_str_has_prefix(value->text, "none") || pixels(value->text) == 0;
}

static void
set_align(struct html_style *style, const struct value *value)
{
	style->right = is(value, "right") || is(value, "end");
}

static void
set_extent(struct html_style *style, const struct value *value)
{
	double size = pixels(value->text);

	if (size >= 0 && size <= 3 && !strchr(value->text, '%'))
		style->dot = 1;
}

static void
set_max_height(struct html_style *style, const struct value *value)
{
	if (pixels(value->text) == 0)
		style->hidden = 1;
}

static const struct property {
	const char *name;
	void (*set)(struct html_style *, const struct value *);
} properties[] = {
        {"border", set_border},
        {"display", set_display},
        {"font-size", set_font_size},
        {"font-style", set_slant},
        {"font-weight", set_weight},
        {"height", set_extent},
        {"margin", set_margin},
        {"margin-bottom", set_below},
        {"margin-top", set_above},
        {"max-height", set_max_height},
        {"text-align", set_align},
        {"text-decoration", set_decoration},
        {"text-decoration-line", set_decoration},
        {"visibility", set_visibility},
        {"white-space", set_white_space},
        {"width", set_extent},
};

static void
trim(const char **start, const char **end)
{
	while (*start < *end && g_ascii_isspace(**start))
		(*start)++;
	while (*end > *start && g_ascii_isspace((*end)[-1]))
		(*end)--;
}

static void
set(struct html_style *style, const char *name, const char *colon, const char *end)
{
	const char *name_end = colon, *s = colon + 1, *important;
	struct value value;
	gsize i = 0;

	trim(&name, &name_end);
	trim(&s, &end);
	important = g_strrstr_len(s, end - s, "!");
	if (important) {
		end = important;
		trim(&s, &end);
	}
	if ((gsize)(end - s) >= sizeof value.text)
		end = s + sizeof value.text - 1;
	for (; s < end; s++)
		value.text[i++] = g_ascii_isspace(*s) ? ' ' : g_ascii_tolower(*s);
	value.text[i] = 0;
	for (i = 0; i < G_N_ELEMENTS(properties); i++)
		if (strlen(properties[i].name) == (gsize)(name_end - name) &&
		    !g_ascii_strncasecmp(properties[i].name, name, name_end - name))
			properties[i].set(style, &value);
}

void
html_style_init(struct html_style *style)
{
	*style = (struct html_style){-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
}

void
html_style_parse(struct html_style *style, const char *css, gsize len)
{
	const char *at = css, *end = css + len;

	while (at < end) {
		const char *stop = memchr(at, ';', end - at), *colon;

		if (!stop)
			stop = end;
		colon = memchr(at, ':', stop - at);
		if (colon)
			set(style, at, colon, stop);
		at = stop < end ? stop + 1 : end;
	}
}
