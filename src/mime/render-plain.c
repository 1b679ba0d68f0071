#include "mime/render-private.h"
#include "mime/links.h"
#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

/* One line of the input, without its line end. */
struct raw_line {
	const char *start;
	gsize len;
	guint quote;
	gboolean whole; /* the line ends here; else it was cut because of its length */
};

struct plain {
	struct canvas canvas;
	struct para para; /* the paragraph being put together */
	guint para_quote;
	gboolean open; /* the last line flows on */
	GString *clean;
	gboolean flowed, delsp;
	gboolean cut_before; /* the line goes on from the one before */
};

/* --- reading lines --- */

static const char *
next_line(const char *at, const char *end, struct raw_line *line)
{
	const char *stop = at, *limit = end - at > RENDER_SLICE ? at + RENDER_SLICE : end;

	while (stop < limit && *stop != '\n' && *stop != '\r')
		stop++;
	line->start = at;
	line->whole = stop < limit || stop == end;
	if (!line->whole)
		while (stop > at + 1 && ((guchar)*stop & 0xC0) == 0x80)
			stop--;
	line->len = stop - at;
	if (stop == end || !line->whole)
		return stop;
	return stop + (*stop == '\r' && end - stop > 1 && stop[1] == '\n' ? 2 : 1);
}

/* Takes ">>" and, in text that is not flowed, "> > " off. A line that mbox files quoted (">From ") is none.
 */
static void
take_quote(struct raw_line *line, gboolean flowed)
{
	gsize at = 0, end = 0;

	if (line->len > 5 && !strncmp(line->start, ">From ", 6))
		return;
	while (at < line->len &&
	       (line->start[at] == '>' || (!flowed && line->start[at] == ' ' && end == at && at))) {
		if (line->start[at++] == '>') {
			line->quote++;
			end = at;
		}
	}
	line->start += end;
	line->len -= end;
}

/* --- putting out --- */

/* Marks for a depth, at most half the width, and a blank. Gives (g_free). */
static char *
quote_prefix(guint quote, int width)
{
	guint drawn = MIN(quote, (guint)MAX(width / 2 - 1, 0));
	GString *prefix = g_string_new(NULL);

	for (guint i = 0; i < drawn; i++)
		g_string_append_c(prefix, '>');
	if (drawn)
		g_string_append_c(prefix, ' ');
	return g_string_free(prefix, FALSE);
}

/* Copies text with its URLs as links, and the true host behind those that could deceive. */
static void
put_with_links(struct plain *p, const char *text, gsize len)
{
	struct para linked;
	gsize at = 0, start, end;

	if (!memchr(text, ':', len))
		return;
	para_init(&linked);
	while (link_find(text, len, at, &start, &end)) {
		guint number = canvas_link(&p->canvas, text + start, end - start);
		g_autofree char *host = NULL;

		para_append(&linked, text + at, start - at, STYLE_PLAIN, 0);
		para_append(&linked, text + start, end - start, number ? STYLE_LINK : STYLE_PLAIN, number);
		if (number)
			host = link_disguised(canvas_link_at(&p->canvas, number), text + start, end - start);
		if (host) {
			g_autofree char *mark = g_strdup_printf("\001[%s]", host);

			para_append(&linked, mark, strlen(mark), STYLE_DIM, number);
		}
		at = end;
	}
	para_append(&linked, text + at, len - at, STYLE_PLAIN, 0);
	para_clear(&p->para);
	p->para = linked;
}

static void
set_quote(struct plain *p, guint quote)
{
	if (quote != p->canvas.quote)
		p->canvas.signature = FALSE;
	p->canvas.quote = quote;
}

/* Ends the paragraph that is open. */
static void
flush(struct plain *p)
{
	g_autofree char *prefix = NULL;

	if (!p->open)
		return;
	prefix = quote_prefix(p->para_quote, p->canvas.width);
	set_quote(p, p->para_quote);
	put_with_links(p, p->para.text->str, p->para.text->len);
	canvas_wrap(&p->canvas, &p->para, prefix, prefix);
	para_reset(&p->para);
	p->open = FALSE;
}

static void
put_line(struct plain *p, const struct raw_line *line, gsize len)
{
	g_string_truncate(p->clean, 0);
	text_safe_block(p->clean, line->start, len);
	if (!p->open)
		p->para_quote = line->quote;
	p->open = TRUE;
	para_append(&p->para, p->clean->str, p->clean->len, STYLE_PLAIN, 0);
}

/* "-- " is drawn with its blank and begins the signature (RFC 3676 §4.3), which ends where the quote depth
 * changes. */
static void
put_signature_mark(struct plain *p, const struct raw_line *line)
{
	g_autofree char *prefix = quote_prefix(line->quote, p->canvas.width);
	struct para mark;
	guint run = 0;

	flush(p);
	set_quote(p, line->quote);
	p->canvas.signature = TRUE;
	para_init(&mark);
	para_append(&mark, "-- ", 3, STYLE_PLAIN, 0);
	canvas_line(&p->canvas, &mark, 0, MIN(3, p->canvas.width - text_width(prefix, -1)), &run, prefix,
	            FALSE);
	para_clear(&mark);
}

static gboolean
is_signature_mark(const struct raw_line *line, gboolean flowed)
{
	const char *s = line->start;
	gsize len = line->len;

	/* the blank behind the quote marks, or the stuffed one */
	if (len == 4 && *s == ' ' && (line->quote || flowed)) {
		s++;
		len--;
	}
	return len == 3 && !strncmp(s, "-- ", 3);
}

/* RFC 3676 §4: a line ending with a blank flows into the next of the same quote depth; one blank is stuffed
 * in front. */
static void
flowed_line(struct plain *p, struct raw_line *line)
{
	gboolean flows;

	if (line->len && *line->start == ' ') {
		line->start++;
		line->len--;
	}
	flows = line->whole && line->len && line->start[line->len - 1] == ' ';
	if (p->open && line->quote != p->para_quote)
		flush(p);
	put_line(p, line, line->len - (flows && p->delsp));
	if (!flows && line->whole)
		flush(p);
}

static void
fixed_line(struct plain *p, struct raw_line *line)
{
	if (line->quote && line->len && *line->start == ' ') {
		line->start++;
		line->len--;
	}
	flush(p);
	put_line(p, line, line->len);
	flush(p);
}

static void
plain_line(struct plain *p, struct raw_line *line)
{
	gboolean cut = !line->whole;

	line->quote = 0;
	if (p->cut_before)
		line->quote = p->canvas.quote;
	else
		take_quote(line, p->flowed);
	if (line->whole && !p->cut_before && is_signature_mark(line, p->flowed))
		put_signature_mark(p, line);
	else if (p->flowed)
		flowed_line(p, line);
	else
		fixed_line(p, line);
	p->cut_before = cut;
}

void
render_plain(struct rendered *out, const char *text, gsize len, int width, gboolean flowed, gboolean delsp)
{
	gsize used = MIN(len, RENDER_MAX_INPUT);
	const char *at = text, *end = text + used;
	struct plain p = {.flowed = flowed, .delsp = delsp, .clean = g_string_new(NULL)};

	canvas_init(&p.canvas, out, width);
	para_init(&p.para);
	while (at < end && !p.canvas.full) {
		struct raw_line line = {0};

		at = next_line(at, end, &line);
		plain_line(&p, &line);
	}
	flush(&p);
	if (used < len) {
		g_autofree char *size = text_size(len - used), *note = NULL;

		note = g_strdup_printf(_("%s more of this text are left out"), size);
		canvas_note(&p.canvas, note);
	}
	para_clear(&p.para);
	canvas_clear(&p.canvas);
	g_string_free(p.clean, TRUE);
}
