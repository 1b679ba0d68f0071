#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/reader-private.h"

#define PREVIEW_COST 200000 /* octets of text that the pane lays out unasked */
#define INLINE_COST 60000   /* octets that are laid out within a frame */

struct reader *
reader_of(const struct ui *ui)
{
	return (struct reader *)ui->reader;
}

msgid
reader_message(const struct ui *ui)
{
	const struct reader *reader = reader_of(ui);

	return reader && reader->document ? reader->document->id : 0;
}

/* What is with the worker is freed when it comes back. */
static void
drop_document(struct reader *reader)
{
	if (!reader->laying)
		document_free(reader->document);
	reader->document = NULL;
	reader->laying = FALSE;
	g_array_set_size(reader->lines, 0);
}

void
reader_clear(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	drop_document(reader);
	reader->width = reader->top = 0;
	reader->link_shown = 0;
	ui->seen_due = 0;
}

/* -- laying out -- */

void
reader_choose_lines(struct reader *reader)
{
	const GPtrArray *lines = reader->document->lines;
	gboolean hidden = FALSE;

	g_array_set_size(reader->lines, 0);
	for (int i = 0; i < (int)lines->len; i++) {
		const struct document_line *line = lines->pdata[i];
		gboolean hide = reader->hide_quotes && line->kind == LINE_TEXT && line->quote;

		/* The first line of a folded quotation stays, to say that there is one. */
		if (!hide || !hidden)
			g_array_append_val(reader->lines, i);
		hidden = hide;
	}
}

static void
lay_out(struct ui *ui, struct reader *reader, int width)
{
	int columns = ui->conf->pager.width ? (int)ui->conf->pager.width : width;

	if (!reader->document || reader->laying || reader->width == width)
		return;
	reader->width = width;
	if (reader->preview && reader->document->cost > PREVIEW_COST)
		return;
	if (reader->document->cost > INLINE_COST && ui->worker &&
	    layout_worker_take(ui->worker, reader->document, width - 2, MIN(columns, width - 2))) {
		reader->laying = TRUE;
		g_array_set_size(reader->lines, 0);
		return;
	}
	document_render(reader->document, width - 2, MIN(columns, width - 2));
	reader_choose_lines(reader);
}

void
reader_laid_out(struct ui *ui)
{
	struct reader *reader = reader_of(ui);
	struct document *document;

	while ((document = layout_worker_next(ui->worker)))
		if (reader->laying && document == reader->document) {
			reader->laying = FALSE;
			reader_choose_lines(reader);
		} else {
			document_free(document);
		}
}

void
reader_fetched(struct ui *ui, const struct job *job, const GError *error)
{
	if (reader_message(ui) != job->message)
		return;
	if (!error)
		reader_reload(ui);
	else if (error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
}

static void
ask_for_missing(struct ui *ui, struct reader *reader)
{
	struct document *document = reader->document;
	struct command *command;

	if (document->want == WANT_NOTHING || reader->preview || reader->asked ||
	    ui_is_fetching(ui, document->id))
		return;
	reader->asked = TRUE;
	command = command_new(document->want == WANT_TEXT ? CMD_TEXT : CMD_PART,
	                      ui_account_id(ui, reader->account));
	command->folder = document->row->folder;
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, document->id);
	if (document->want == WANT_HEADER)
		command->text = g_strdup("HEADER");
	else if (reader->flags & DOCUMENT_HTML)
		command->text = g_strdup("html");
	ui_send(ui, reader->account, command, _("Fetching the text"), reader_fetched);
}

void
reader_ask_again(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	if (!reader->document)
		return;
	reader->asked = FALSE;
	ask_for_missing(ui, reader);
}

void
reader_mark_seen(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	ui->seen_due = 0;
	if (!reader->document || reader->preview || reader->document->row->flags & FLAG_SEEN)
		return;
	ui_mark_seen(ui, reader->account, reader->document->id);
}

static void
plan_seen(struct ui *ui, const struct reader *reader)
{
	gint64 after = ui->conf->pager.mark_seen_after;

	if (!reader->preview && reader->document->want != WANT_TEXT &&
	    !(reader->document->row->flags & FLAG_SEEN))
		ui->seen_due = g_get_monotonic_time() + after * G_USEC_PER_SEC;
}

static gboolean
load(struct ui *ui, struct reader *reader, msgid id)
{
	struct store *store = ui_store(ui, reader->account);
	guint flags =
	        reader->flags | DOCUMENT_HTML * !!ui->conf->pager.prefer_html | DOCUMENT_ASCII * ui->ascii;
	g_autoptr(GError) error = NULL;
	struct document *document = store ? document_new(store, id, flags, &error) : NULL;

	if (!document) {
		if (error)
			ui_complain(ui, "%s", error->message);
		return FALSE;
	}
	drop_document(reader);
	reader->document = document;
	reader->width = 0;
	ask_for_missing(ui, reader);
	plan_seen(ui, reader);
	return TRUE;
}

gboolean
reader_show(struct ui *ui, guint account, msgid id, gboolean preview)
{
	struct reader *reader = reader_of(ui);
	gboolean same = reader_message(ui) == id;

	ui->seen_due = 0;
	reader->account = account;
	reader->preview = preview;
	reader->link_shown = 0;
	reader->asked = FALSE;
	if (!same) {
		reader->flags = 0;
		reader->hide_quotes = FALSE;
		reader->top = 0;
	}
	return load(ui, reader, id);
}

void
reader_reload(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	if (reader->document && !load(ui, reader, reader->document->id))
		reader_clear(ui);
}

void
reader_row_read(struct ui *ui, const struct store_row *row)
{
	struct reader *reader = reader_of(ui);
	struct store_row *shown;

	if (!reader->document || reader->laying || reader->account != ui->account ||
	    reader->document->id != row->id)
		return;
	shown = reader->document->row;
	if (!strcmp(shown->keywords, row->keywords))
		return;
	g_free(shown->keywords);
	shown->keywords = g_strdup(row->keywords);
	reader->width = 0; /* to be laid out again */
}

/* -- drawing -- */

static const enum role quote_roles[] = {ROLE_QUOTE1, ROLE_QUOTE2, ROLE_QUOTE3};

static guint
base_look(const struct document_line *line)
{
	if (line->quote)
		return quote_roles[(line->quote - 1) % G_N_ELEMENTS(quote_roles)];
	if (line->signature)
		return ROLE_SIGNATURE;
	if (line->kind == LINE_NOTICE || line->kind == LINE_ATTACHMENT)
		return line->kind == LINE_NOTICE ? ROLE_DIM : ROLE_ACCENT;
	return ROLE_TEXT;
}

static const struct {
	guint style, look;
} style_looks[] = {
        {STYLE_BOLD, LOOK_BOLD}, {STYLE_ITALIC, LOOK_ITALIC},   {STYLE_UNDERLINE, LOOK_UNDERLINE},
        {STYLE_LINK, ROLE_LINK}, {STYLE_HEADING, ROLE_HEADING}, {STYLE_CODE, ROLE_CODE},
        {STYLE_DIM, ROLE_DIM},
};

static void
shade_spans(struct ui *ui, int y, int x, int width, const struct document_line *line)
{
	for (guint i = 0; line->spans && i < line->spans->len; i++) {
		const struct render_span *span = &g_array_index(line->spans, struct render_span, i);
		int from = text_width(line->text, span->start),
		    length = text_width(line->text + span->start, span->len);

		if (from >= width)
			continue;
		for (guint s = 0; s < G_N_ELEMENTS(style_looks); s++)
			if (span->style & style_looks[s].style)
				picture_shade(ui->picture, y, x + from, MIN(length, width - from),
				              style_looks[s].look);
	}
}

static void
draw_header(struct ui *ui, struct rect area, int y, const struct document_line *line)
{
	int x = area.x + 1, end = area.x + area.w - 1;

	if (line->right)
		end = picture_right(ui->picture, y, x, end, ROLE_DIM, line->right) - 1;
	if (line->label) {
		picture_cut(ui->picture, y, x, 8, ROLE_LABEL, line->label);
		x += 9;
	}
	picture_cut(ui->picture, y, x, end - x, ROLE_TEXT, line->text);
}

static void
draw_line(struct ui *ui, struct reader *reader, struct rect area, int y, int n)
{
	const struct document_line *line = reader->document->lines->pdata[n];
	int width = area.w - 1;

	if (line->kind == LINE_RULE) {
		picture_hline(ui->picture, y, area.x + 1, area.w - 2, ROLE_RULE);
		return;
	}
	if (line->kind == LINE_HEADER) {
		draw_header(ui, area, y, line);
		return;
	}
	if (reader->hide_quotes && line->quote) {
		g_autofree char *key = ui_key_of(ui, VIEW_READER, ACT_FOLD_QUOTED),
		                *text = g_strdup_printf(_("(quoted text; %s shows it)"), key);

		picture_cut(ui->picture, y, area.x + 1, width, ROLE_DIM, text);
		return;
	}
	picture_cut(ui->picture, y, area.x + 1, width, base_look(line), line->text);
	shade_spans(ui, y, area.x + 1, width, line);
}

int
reader_page_rows(const struct reader *reader)
{
	return MAX(reader->view.area.h - 1, 1);
}

int
reader_last_top(const struct reader *reader)
{
	return MAX(0, (int)reader->lines->len - reader_page_rows(reader));
}

static void
draw_reader_title(struct ui *ui, struct reader *reader, struct rect area)
{
	gint64 place, total;
	g_autofree char *at = NULL, *of = NULL, *right = NULL;
	gboolean more = reader->top < reader_last_top(reader);

	list_place(ui->list, &place, &total);
	at = format_count(place);
	of = format_count(total);
	if (place && !ui->pane_width)
		right = g_strdup_printf(_("%s of %s %s"), at, of, more ? ui_mark(ui, "▾", "v") : " ");
	else
		right = g_strdup(more ? ui_mark(ui, "▾", "v") : " ");
	ui_title(ui, area, *reader->document->subject ? reader->document->subject : _("(no subject)"), right);
}

static void
reader_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct reader *reader = (struct reader *)view;
	struct rect area = view->area;

	if (!reader->document) {
		ui_title(ui, area, "", NULL);
		return;
	}
	lay_out(ui, reader, area.w);
	reader->top = CLAMP(reader->top, 0, reader_last_top(reader));
	draw_reader_title(ui, reader, area);
	if (!reader->lines->len) {
		g_autofree char *key = ui_key_of(ui, VIEW_LIST, ACT_OPEN),
		                *text = reader->laying
		                                ? g_strdup(_("Laying out a long message"))
		                                : g_strdup_printf(_("A long message. %s opens it."), key);

		picture_cut(ui->picture, area.y + 2, area.x + 1, area.w - 1, ROLE_DIM, text);
	}
	for (int y = 0; y < area.h - 1 && reader->top + y < (int)reader->lines->len; y++)
		draw_line(ui, reader, area, area.y + 1 + y,
		          g_array_index(reader->lines, int, reader->top + y));
	if (focused)
		ui_cursor(ui, area.y + 1, area.x + 1);
}

gboolean
reader_scroll(struct reader *reader, int by)
{
	int old = reader->top;

	reader->top = CLAMP(reader->top + by, 0, reader_last_top(reader));
	return reader->top != old;
}

const struct document_line *
reader_line(const struct reader *reader, int at)
{
	return reader->document->lines->pdata[g_array_index(reader->lines, int, at)];
}

static void
reader_wheel(struct ui *ui, struct view *view, int by)
{
	reader_scroll((struct reader *)view, by);
}

static void
reader_close(struct ui *ui, struct view *view)
{
	struct reader *reader = (struct reader *)view;

	drop_document(reader);
	g_array_unref(reader->lines);
	g_free(reader->find);
	g_free(reader);
	ui->reader = NULL;
}

static const struct view_ops reader_ops = {
        .kind = VIEW_READER,
        .draw = reader_draw,
        .act = reader_act,
        .click = reader_click,
        .wheel = reader_wheel,
        .close = reader_close,
};

struct view *
reader_new(struct ui *ui)
{
	struct reader *reader = g_new0(struct reader, 1);

	reader->view.ops = &reader_ops;
	reader->lines = g_array_new(FALSE, FALSE, sizeof(int));
	return &reader->view;
}
