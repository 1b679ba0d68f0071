#include "mime/render-private.h"
#include "mime/links.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

static void
line_free(gpointer data)
{
	struct render_line *line = data;

	g_free(line->text);
	if (line->spans)
		g_array_unref(line->spans);
	g_free(line);
}

struct rendered *
rendered_new(void)
{
	struct rendered *rendered = g_new0(struct rendered, 1);

	rendered->lines = g_ptr_array_new_with_free_func(line_free);
	rendered->links = g_ptr_array_new_with_free_func(link_free);
	return rendered;
}

void
rendered_free(struct rendered *rendered)
{
	if (!rendered)
		return;
	g_ptr_array_unref(rendered->lines);
	g_ptr_array_unref(rendered->links);
	g_free(rendered);
}

void
canvas_init(struct canvas *canvas, struct rendered *out, int width)
{
	*canvas = (struct canvas){.out = out, .width = MAX(width, 1)};
	canvas->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
canvas_clear(struct canvas *canvas)
{
	g_hash_table_unref(canvas->numbers);
}

guint
canvas_link(struct canvas *canvas, const char *url, gsize len)
{
	struct render_link *link = link_new(url, len);
	guint number;

	if (!link)
		return 0;
	number = GPOINTER_TO_UINT(g_hash_table_lookup(canvas->numbers, link->url));
	if (number || canvas->out->links->len >= RENDER_MAX_LINKS) {
		link_free(link);
		return number;
	}
	g_ptr_array_add(canvas->out->links, link);
	number = canvas->out->links->len;
	g_hash_table_insert(canvas->numbers, g_strdup(link->url), GUINT_TO_POINTER(number));
	return number;
}

void
canvas_unlink(struct canvas *canvas, guint number)
{
	GPtrArray *links = canvas->out->links;

	if (number != links->len || number <= canvas->shown_links)
		return;
	g_hash_table_remove(canvas->numbers, canvas_link_at(canvas, number)->url);
	g_ptr_array_set_size(links, number - 1);
}

const struct render_link *
canvas_link_at(const struct canvas *canvas, guint number)
{
	return g_ptr_array_index(canvas->out->links, number - 1);
}

static GArray *
spans_of(const struct para *line)
{
	GArray *spans = NULL;

	for (guint i = 0; i < line->runs->len; i++) {
		const struct para_run *run = &g_array_index(line->runs, struct para_run, i);
		gsize end = i + 1 < line->runs->len ? run[1].start : line->text->len;
		struct render_span span = {run->start, end - run->start, run->style, run->link};

		if (!span.len || (!span.style && !span.link))
			continue;
		if (!spans)
			spans = g_array_new(FALSE, FALSE, sizeof(struct render_span));
		g_array_append_val(spans, span);
	}
	return spans;
}

static void
add_line(struct canvas *canvas, struct para *line, gboolean wrapped)
{
	struct render_line *added;

	if (canvas->full)
		return;
	if (canvas->out->lines->len >= RENDER_MAX_LINES) {
		canvas->full = TRUE;
		canvas_note(canvas, _("the rest of this message has too many lines and is left out"));
		return;
	}
	added = g_new0(struct render_line, 1);
	added->spans = spans_of(line);
	for (char *s = line->text->str; (s = strchr(s, PARA_GLUE)); s++)
		*s = ' ';
	added->text = g_strndup(line->text->str, line->text->len);
	added->quote = MIN(canvas->quote, 255);
	added->signature = canvas->signature;
	added->wrapped = wrapped;
	g_ptr_array_add(canvas->out->lines, added);
	canvas->lines++;
}

void
canvas_line(struct canvas *canvas, const struct para *para, gsize from, gsize to, guint *run,
            const char *prefix, gboolean wrapped)
{
	struct para line;
	gsize len = strlen(prefix);

	if (canvas->full)
		return;
	para_init(&line);
	if (from == to)
		while (len && prefix[len - 1] == ' ')
			len--;
	para_append(&line, prefix, len, STYLE_PLAIN, 0);
	para_append_slice(&line, para, from, to, run);
	add_line(canvas, &line, wrapped);
	canvas->blank = from == to;
	para_clear(&line);
}

void
canvas_wrap(struct canvas *canvas, const struct para *para, const char *first, const char *rest)
{
	int first_columns = canvas->width - text_width(first, -1),
	    rest_columns = canvas->width - text_width(rest, -1);
	const char *prefix = first;
	gboolean wrapped = FALSE;
	gsize at = 0;
	guint run = 0;

	do {
		gsize left = para->text->len - at;
		struct para_cut cut = {0};

		if (left)
			cut = para_cut(para->text->str + at, left,
			               prefix == first ? first_columns : rest_columns);
		canvas_line(canvas, para, at, at + cut.end, &run, prefix, wrapped);
		wrapped = cut.soft;
		at += cut.next;
		prefix = rest;
	} while (at < para->text->len && !canvas->full);
}

void
canvas_blank(struct canvas *canvas, const char *prefix)
{
	struct para none;
	guint run = 0;

	para_init(&none);
	canvas_line(canvas, &none, 0, 0, &run, prefix, FALSE);
	para_clear(&none);
}

void
canvas_note(struct canvas *canvas, const char *text)
{
	g_autofree char *note = g_strdup_printf("[%s]", text);
	struct canvas room = {.out = rendered_new(), .width = canvas->width};
	struct para para;

	/* set apart, for a full canvas takes no line */
	para_init(&para);
	para_append(&para, note, strlen(note), STYLE_DIM, 0);
	canvas_wrap(&room, &para, "", "");
	para_clear(&para);
	g_ptr_array_extend_and_steal(canvas->out->lines, g_steal_pointer(&room.out->lines));
	room.out->lines = g_ptr_array_new();
	rendered_free(room.out);
	canvas->out->truncated = TRUE;
}
