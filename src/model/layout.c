#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "mime/envelope.h"
#include "model/document-private.h"
#include "model/format.h"

#define LABEL_WIDTH 9       /* columns of "From     " */
#define RECIPIENTS_SHOWN 12 /* the rest is a count; all headers show them all */
#define HEADER_LINES 400

static void
line_free(gpointer data)
{
	struct document_line *line = data;

	g_free(line->label);
	g_free(line->text);
	g_free(line->right);
	if (line->spans)
		g_array_unref(line->spans);
	g_free(line);
}

/* Takes text. */
static struct document_line *
add_line(struct document *document, enum document_kind kind, char *text)
{
	struct document_line *line = g_new0(struct document_line, 1);

	line->kind = kind;
	line->text = text;
	g_ptr_array_add(document->lines, line);
	return line;
}

char *
document_addresses(const GPtrArray *addresses, gboolean full, guint max)
{
	GString *out = g_string_new(NULL);
	guint shown = MIN(addresses->len, max);

	for (guint i = 0; i < shown; i++) {
		const struct mime_address *address = addresses->pdata[i];
		g_autofree char *name = text_safe(address->name, -1), *email = text_safe(address->email, -1);

		if (i)
			g_string_append(out, ", ");
		if (*name && *email && full)
			g_string_append_printf(out, "%s <%s>", name, email);
		else
			g_string_append(out, *name ? name : email);
	}
	if (shown < addresses->len) {
		guint more = addresses->len - shown;

		g_string_append_printf(out, ngettext(" and %u more", " and %u more", more), more);
	}
	return g_string_free(out, FALSE);
}

/* Octets of text that fill a line of width columns: up to a blank if there is one. */
static gsize
break_at(const char *text, int width, gsize *next)
{
	gsize fit = text_fit(text, -1, width, NULL), at = fit;

	*next = fit;
	if (!text[fit])
		return fit;
	while (at > 0 && text[at] != ' ')
		at--;
	if (at == 0) {
		if (fit == 0) { /* one cluster wider than the line */
			int columns;

			*next = fit = text_next(text, strlen(text), &columns);
		}
		return fit;
	}
	*next = at + 1;
	return at;
}

static void
add_header(struct document *document, const char *label, const char *value, int width)
{
	gboolean first = TRUE;
	int columns = MAX(width - LABEL_WIDTH, 8);

	do {
		gsize next, len = break_at(value, columns, &next);
		struct document_line *line = add_line(document, LINE_HEADER, g_strndup(value, len));

		line->label = g_strdup(first ? label : "");
		first = FALSE;
		value += next;
	} while (*value && document->lines->len < HEADER_LINES);
}

/* The date stands at the right of the last header line if it fits there, else on a line of its own. */
static void
add_date(struct document *document, int width)
{
	const struct store_row *row = document->row;
	struct document_line *last = document->lines->pdata[document->lines->len - 1];
	g_autofree char *date =
	        format_date_long(row->has_date ? row->date : row->received, row->has_date ? row->zone : 0);

	if (LABEL_WIDTH + text_width(last->text, -1) + 2 + text_width(date, -1) <= width)
		last->right = g_steal_pointer(&date);
	else
		add_header(document, _("Date"), date, width);
}

static void
add_usual_headers(struct document *document, int width)
{
	const struct store_row *row = document->row;
	g_autofree char *to = document_addresses(row->to, FALSE, RECIPIENTS_SHOWN);
	g_autofree char *cc = document_addresses(row->cc, FALSE, RECIPIENTS_SHOWN);

	add_header(document, _("From"), *document->from ? document->from : _("(nobody)"), width);
	if (*to)
		add_header(document, _("To"), to, width);
	if (*cc)
		add_header(document, _("Cc"), cc, width);
	add_date(document, width);
	if (row->keywords && *row->keywords) {
		g_autofree char *keywords = text_safe(row->keywords, -1);

		add_header(document, _("Keywords"), keywords, width);
	}
}

static void
add_all_headers(struct document *document, int width)
{
	gsize len;
	const char *at = g_bytes_get_data(document->header, &len), *end = at + len;
	struct mime_field field;

	while (document->lines->len < HEADER_LINES && mime_field_next(&at, end, &field)) {
		g_autofree char *decoded = mime_decode_words(field.value, field.value_len);
		g_autofree char *value = text_safe(decoded, -1),
		                *name = text_safe(field.name, (gssize)field.name_len);
		g_autofree char *line = g_strdup_printf("%s: %s", name, g_strstrip(value));
		const char *rest = line;

		do {
			gsize next, fit = break_at(rest, width, &next);

			add_line(document, LINE_HEADER, g_strndup(rest, fit));
			rest += next;
		} while (*rest && document->lines->len < HEADER_LINES);
	}
	if (document->row->saved) {
		g_autofree char *since = format_date_by("%a %e %b %Y %H:%M %z", document->row->saved, 0);

		add_line(document, LINE_HEADER, g_strdup_printf(_("In this folder since: %s"), since));
	}
}

/* Does the link of span go on at the beginning of the line after? */
static gboolean
link_goes_on(const GPtrArray *lines, guint line, const struct render_span *span)
{
	const struct render_line *here = lines->pdata[line],
	                         *next = line + 1 < lines->len ? lines->pdata[line + 1] : NULL;
	const struct render_span *first;

	if (!next || !next->wrapped || !next->spans || !next->spans->len ||
	    span->start + span->len < strlen(here->text))
		return FALSE;
	first = &g_array_index(next->spans, struct render_span, 0);
	return first->start == 0 && first->link == span->link;
}

/* Links in plain text bear no number of their own: put "[n]" behind each, so that there is something to
 * press. */
static char *
number_links(const GPtrArray *lines, guint n, GArray **spans)
{
	const struct render_line *line = lines->pdata[n];
	GString *out = g_string_new(NULL);
	gsize at = 0;

	*spans = g_array_new(FALSE, FALSE, sizeof(struct render_span));
	for (guint i = 0; i < line->spans->len; i++) {
		struct render_span span = g_array_index(line->spans, struct render_span, i);
		gsize end = (gsize)span.start + span.len;

		if (span.start < at)
			continue;
		g_string_append_len(out, line->text + at, (gssize)(span.start - at));
		at = span.start;
		span.start = (guint)out->len;
		g_string_append_len(out, line->text + at, (gssize)(end - at));
		g_array_append_val(*spans, span);
		at = end;
		if (span.link &&
		    !link_goes_on(lines, n, &g_array_index(line->spans, struct render_span, i))) {
			struct render_span mark = {(guint)out->len, 0, STYLE_DIM, span.link};

			g_string_append_printf(out, "[%u]", span.link);
			mark.len = (guint)out->len - mark.start;
			g_array_append_val(*spans, mark);
		}
	}
	g_string_append(out, line->text + at);
	return g_string_free(out, FALSE);
}

static void
add_rendered(struct document *document, guint from, gboolean html)
{
	const GPtrArray *lines = document->rendered->lines;

	for (guint i = from; i < lines->len; i++) {
		const struct render_line *rendered = lines->pdata[i];
		GArray *spans = NULL;
		char *text;
		struct document_line *line;

		if (!html && rendered->spans && rendered->spans->len) {
			text = number_links(lines, i, &spans);
		} else {
			text = g_strdup(rendered->text);
			spans = rendered->spans ? g_array_ref(rendered->spans) : NULL;
		}
		line = add_line(document, LINE_TEXT, text);
		line->spans = spans;
		line->quote = rendered->quote;
		line->signature = rendered->signature;
		line->wrapped = rendered->wrapped;
	}
}

static void
add_texts(struct document *document, int width)
{
	for (guint i = 0; i < document->texts->len; i++) {
		const struct document_text *text = document->texts->pdata[i];
		guint from = document->rendered->lines->len;

		if (i)
			add_line(document, LINE_RULE, g_strdup(""));
		if (text->bytes) {
			render_body(document->rendered, &text->kind, text->bytes, width);
			add_rendered(document, from, text->kind.html);
		} else {
			g_autofree char *size = text_size(text->size);

			add_line(document, LINE_NOTICE,
			         g_strdup_printf(_("The text (%s) is on the server."), size));
		}
	}
	if (document->rendered->truncated)
		add_line(document, LINE_NOTICE,
		         g_strdup(_("The text is longer than can be shown: the rest is left out. Save the "
		                    "part to read it.")));
	if (!document->texts->len && document->want == WANT_TEXT)
		add_line(document, LINE_NOTICE, g_strdup(_("The message is on the server.")));
	else if (!document->texts->len)
		add_line(document, LINE_NOTICE, g_strdup(_("The message has no text.")));
}

static void
add_attachments(struct document *document)
{
	const char *dot = document->flags & DOCUMENT_ASCII ? "-" : "·";
	guint links = document->links->len;

	if (document->attachments->len)
		add_line(document, LINE_TEXT, g_strdup(""));
	for (guint i = 0; i < document->attachments->len; i++) {
		struct document_part *part = document->attachments->pdata[i];
		g_autofree char *size = text_size(part->size);
		struct document_line *line;

		part->number = links + i + 1;
		line = add_line(document, LINE_ATTACHMENT,
		                g_strdup_printf("[%u] %s %s %s %s %s %s %s", part->number, part->name, dot,
		                                part->type, dot, size, dot,
		                                part->here ? _("here") : _("on the server")));
		line->number = part->number;
	}
}

void
document_render(struct document *document, int width, int columns)
{
	width = MAX(width, 10);
	columns = CLAMP(columns, 10, width);
	if (document->lines)
		g_ptr_array_unref(document->lines);
	if (document->rendered)
		rendered_free(document->rendered);
	document->lines = g_ptr_array_new_with_free_func(line_free);
	document->rendered = rendered_new();
	document->links = document->rendered->links;
	if (document->header)
		add_all_headers(document, width);
	else
		add_usual_headers(document, width);
	add_line(document, LINE_RULE, g_strdup(""));
	add_texts(document, columns);
	add_attachments(document);
}
