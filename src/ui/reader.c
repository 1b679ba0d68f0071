#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/ui-private.h"

#define PREVIEW_COST 200000 /* octets of text that the pane lays out unasked */

struct reader {
	struct view view;
	guint account;
	struct document *document;
	guint flags;
	gboolean preview; /* in the pane, not opened: stays new, fetches nothing */
	gboolean hide_quotes;
	int width;     /* laid out for; 0: not yet */
	int top;       /* first line shown, an index into lines */
	GArray *lines; /* int: indices of document->lines that are shown */
	char *find;
	guint link_shown; /* number whose target was shown: the next press opens it */
};

static struct reader *
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

void
reader_clear(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	g_clear_pointer(&reader->document, document_free);
	g_array_set_size(reader->lines, 0);
	reader->width = reader->top = 0;
	reader->link_shown = 0;
	ui->seen_due = 0;
}

/* -- laying out -- */

static void
choose_lines(struct reader *reader)
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

	if (!reader->document || reader->width == width)
		return;
	reader->width = width;
	if (reader->preview && reader->document->cost > PREVIEW_COST)
		return;
	document_render(reader->document, width - 2, MIN(columns, width - 2));
	choose_lines(reader);
}

static void
wanted_came(struct ui *ui, const struct job *job, const GError *error)
{
	if (reader_message(ui) != job->message)
		return;
	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	reader_reload(ui);
}

static void
ask_for_missing(struct ui *ui, struct reader *reader)
{
	struct document *document = reader->document;
	struct command *command;

	if (document->want == WANT_NOTHING || reader->preview || ui_is_fetching(ui, document->id))
		return;
	command = command_new(document->want == WANT_TEXT ? CMD_TEXT : CMD_PART,
	                      ui_account_id(ui, reader->account));
	command->folder = document->row->folder;
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, document->id);
	if (document->want == WANT_HEADER)
		command->text = g_strdup("HEADER");
	else if (reader->flags & DOCUMENT_HTML)
		command->text = g_strdup("html");
	ui_send(ui, reader->account, command, _("Fetching the text"), wanted_came);
}

void
reader_mark_seen(struct ui *ui)
{
	struct reader *reader = reader_of(ui);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	ui->seen_due = 0;
	if (!reader->document || reader->preview || reader->document->row->flags & FLAG_SEEN)
		return;
	g_array_append_val(ids, reader->document->id);
	ui_change_flags(ui, reader->account, ids, FLAG_SEEN, 0, NULL);
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
	document_free(reader->document);
	reader->document = document;
	reader->width = 0;
	g_array_set_size(reader->lines, 0);
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
		picture_cut(ui->picture, y, area.x + 1, width, ROLE_DIM, _("(quoted text; T shows it)"));
		return;
	}
	picture_cut(ui->picture, y, area.x + 1, width, base_look(line), line->text);
	shade_spans(ui, y, area.x + 1, width, line);
}

static int
page_rows(const struct reader *reader)
{
	return MAX(reader->view.area.h - 1, 1);
}

static int
last_top(const struct reader *reader)
{
	return MAX(0, (int)reader->lines->len - page_rows(reader));
}

static void
draw_reader_title(struct ui *ui, struct reader *reader, struct rect area)
{
	gint64 place, total;
	g_autofree char *at = NULL, *of = NULL, *right = NULL;
	gboolean more = reader->top < last_top(reader);

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
	reader->top = CLAMP(reader->top, 0, last_top(reader));
	draw_reader_title(ui, reader, area);
	if (!reader->lines->len)
		picture_cut(ui->picture, area.y + 2, area.x + 1, area.w - 1, ROLE_DIM,
		            _("A long message. Enter opens it."));
	for (int y = 0; y < area.h - 1 && reader->top + y < (int)reader->lines->len; y++)
		draw_line(ui, reader, area, area.y + 1 + y,
		          g_array_index(reader->lines, int, reader->top + y));
	if (focused)
		ui_cursor(ui, area.y + 1, area.x + 1);
}

/* -- keys -- */

static gboolean
scroll(struct reader *reader, int by)
{
	int old = reader->top;

	reader->top = CLAMP(reader->top + by, 0, last_top(reader));
	return reader->top != old;
}

/* The list's cursor leads; the reader follows. */
static gboolean
follow(struct ui *ui, struct reader *reader, gboolean moved, const char *otherwise)
{
	const struct list_item *item = list_cursor(ui->list);

	if (!moved || !item)
		ui_say(ui, "%s", otherwise);
	else
		reader_show(ui, ui->account, item->row->id, FALSE);
	return TRUE;
}

static gboolean
next_message(struct ui *ui, struct reader *reader, int count)
{
	return follow(ui, reader, list_move(ui->list, MAX(count, 1)), _("This is the last message"));
}

static gboolean
previous_message(struct ui *ui, struct reader *reader, int count)
{
	return follow(ui, reader, list_move(ui->list, -MAX(count, 1)), _("This is the first message"));
}

static gboolean
text_down(struct ui *ui, struct reader *reader, int count)
{
	if (!scroll(reader, page_rows(reader) - 1))
		return next_message(ui, reader, 1);
	return TRUE;
}

static gboolean
text_up(struct ui *ui, struct reader *reader, int count)
{
	return scroll(reader, 1 - page_rows(reader)) || TRUE;
}

static gboolean
half_down(struct ui *ui, struct reader *reader, int count)
{
	return scroll(reader, page_rows(reader) / 2) || TRUE;
}

static gboolean
half_up(struct ui *ui, struct reader *reader, int count)
{
	return scroll(reader, -page_rows(reader) / 2) || TRUE;
}

static gboolean
line_down(struct ui *ui, struct reader *reader, int count)
{
	if (!scroll(reader, MAX(count, 1)))
		ui_say(ui, _("This is the end of the message"));
	return TRUE;
}

static gboolean
line_up(struct ui *ui, struct reader *reader, int count)
{
	return scroll(reader, -MAX(count, 1)) || TRUE;
}

static gboolean
text_top(struct ui *ui, struct reader *reader, int count)
{
	reader->top = 0;
	return TRUE;
}

static gboolean
text_bottom(struct ui *ui, struct reader *reader, int count)
{
	reader->top = last_top(reader);
	return TRUE;
}

static gboolean
next_new(struct ui *ui, struct reader *reader, int count)
{
	int found;

	while (!(found = list_seek_new(ui->list, 1)))
		;
	return follow(ui, reader, found > 0, _("No new messages below"));
}

static gboolean
previous_new(struct ui *ui, struct reader *reader, int count)
{
	int found;

	while (!(found = list_seek_new(ui->list, -1)))
		;
	return follow(ui, reader, found > 0, _("No new messages above"));
}

static gboolean
next_thread(struct ui *ui, struct reader *reader, int count)
{
	return follow(ui, reader, list_move_thread(ui->list, 1), _("This is the last conversation"));
}

static gboolean
previous_thread(struct ui *ui, struct reader *reader, int count)
{
	return follow(ui, reader, list_move_thread(ui->list, -1), _("This is the first conversation"));
}

static gboolean
to_parent(struct ui *ui, struct reader *reader, int count)
{
	return follow(ui, reader, list_to_parent(ui->list),
	              _("The message that it answers is not in this folder"));
}

static const struct document_line *
shown_line(const struct reader *reader, int at)
{
	return reader->document->lines->pdata[g_array_index(reader->lines, int, at)];
}

static gboolean
skip_quoted(struct ui *ui, struct reader *reader, int count)
{
	int at = reader->top, n = (int)reader->lines->len;

	while (at < n && !shown_line(reader, at)->quote)
		at++;
	while (at < n && shown_line(reader, at)->quote)
		at++;
	if (at >= n)
		ui_say(ui, _("No quoted text below"));
	else
		reader->top = MIN(at, last_top(reader));
	return TRUE;
}

static gboolean
fold_quoted(struct ui *ui, struct reader *reader, int count)
{
	reader->hide_quotes = !reader->hide_quotes;
	if (reader->document->lines)
		choose_lines(reader);
	return TRUE;
}

static gboolean
all_headers(struct ui *ui, struct reader *reader, int count)
{
	reader->flags ^= DOCUMENT_ALL_HEADERS;
	reader->top = 0;
	reader_reload(ui);
	return TRUE;
}

static gboolean
html(struct ui *ui, struct reader *reader, int count)
{
	reader->flags ^= DOCUMENT_HTML;
	reader->top = 0;
	reader_reload(ui);
	ui_say(ui, reader->flags & DOCUMENT_HTML ? _("HTML where there is some")
	                                         : _("Plain text where there is some"));
	return TRUE;
}

static void
find_again(struct ui *ui, struct reader *reader, int from)
{
	for (int i = from; reader->find && i < (int)reader->lines->len; i++) {
		int n = g_array_index(reader->lines, int, i);

		if (document_find(reader->document, reader->find, n, 1) != n)
			continue;
		reader->top = MIN(i, last_top(reader));
		return;
	}
	ui_say(ui, _("“%s” is not found below"), reader->find ? reader->find : "");
}

static void
find_typed(struct ui *ui, const char *text, void *user)
{
	struct reader *reader = reader_of(ui);

	if (!text || !*text || !reader->document)
		return;
	g_free(reader->find);
	reader->find = g_strdup(text);
	find_again(ui, reader, reader->top);
}

static gboolean
find(struct ui *ui, struct reader *reader, int count)
{
	ui_prompt(ui, _("Find:"), reader->find ? reader->find : "", 0, find_typed, NULL, NULL);
	return TRUE;
}

static gboolean
find_next(struct ui *ui, struct reader *reader, int count)
{
	find_again(ui, reader, reader->top + 1);
	return TRUE;
}

/* First the true host, then the link itself. */
static void
link_action(struct ui *ui, struct reader *reader, guint number)
{
	const struct render_link *link = reader->document->links->pdata[number - 1];

	if (reader->link_shown == number) {
		reader->link_shown = 0;
		ui_open_link(ui, link->url);
		return;
	}
	reader->link_shown = number;
	if (*link->host)
		ui_say(ui, _("%s  →  %s   press %u again to open it"), link->host, link->url, number);
	else
		ui_say(ui, _("%s   press %u again to open it"), link->url, number);
}

static gboolean
press_number(struct ui *ui, struct reader *reader, int number)
{
	const struct document *document = reader->document;

	if (document->links && number >= 1 && (guint)number <= document->links->len) {
		link_action(ui, reader, (guint)number);
		return TRUE;
	}
	for (guint i = 0; i < document->attachments->len; i++) {
		const struct document_part *part = document->attachments->pdata[i];

		if (part->number == (guint)number) {
			ui_open_part(ui, reader->account, document->id, part);
			return TRUE;
		}
	}
	ui_say(ui, _("There is no link or part %d"), number);
	return TRUE;
}

static gboolean
parts(struct ui *ui, struct reader *reader, int count)
{
	ui_push(ui, parts_new(ui, reader->account, reader->document->id));
	return TRUE;
}

/* One attachment is saved at once; of several, the list of parts asks which. */
static gboolean
save(struct ui *ui, struct reader *reader, int count)
{
	const GPtrArray *attachments = reader->document->attachments;

	if (attachments->len == 1)
		ui_save_part(ui, reader->account, reader->document->id, attachments->pdata[0]);
	else
		parts(ui, reader, 0);
	return TRUE;
}

static gboolean
fetch(struct ui *ui, struct reader *reader, int count)
{
	struct command *command = command_new(CMD_PART, ui_account_id(ui, reader->account));

	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, reader->document->id);
	command->text = g_strdup("");
	ui_send(ui, reader->account, command, _("Fetching the message"), wanted_came);
	return TRUE;
}

static const struct {
	enum action action;
	gboolean (*run)(struct ui *ui, struct reader *reader, int count);
} reader_actions[] = {
        {ACT_TEXT_DOWN, text_down},
        {ACT_TEXT_UP, text_up},
        {ACT_LINE_DOWN, line_down},
        {ACT_LINE_UP, line_up},
        {ACT_HALF_DOWN, half_down},
        {ACT_HALF_UP, half_up},
        {ACT_TEXT_TOP, text_top},
        {ACT_TEXT_BOTTOM, text_bottom},
        {ACT_NEXT_MESSAGE, next_message},
        {ACT_PREVIOUS_MESSAGE, previous_message},
        {ACT_NEXT_NEW, next_new},
        {ACT_PREVIOUS_NEW, previous_new},
        {ACT_NEXT_THREAD, next_thread},
        {ACT_PREVIOUS_THREAD, previous_thread},
        {ACT_PARENT, to_parent},
        {ACT_SKIP_QUOTED, skip_quoted},
        {ACT_FOLD_QUOTED, fold_quoted},
        {ACT_HEADERS, all_headers},
        {ACT_HTML, html},
        {ACT_FIND, find},
        {ACT_FIND_NEXT, find_next},
        {ACT_LINK, press_number},
        {ACT_PARTS, parts},
        {ACT_SAVE, save},
        {ACT_FETCH, fetch},
};

static gboolean
leave(struct ui *ui)
{
	struct reader *reader = reader_of(ui);

	reader->preview = TRUE;
	ui->seen_due = 0;
	ui_pop(ui);
	return TRUE;
}

static gboolean
reader_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct reader *reader = (struct reader *)view;

	if (action == ACT_BACK || !reader->document)
		return action == ACT_BACK && leave(ui);
	for (guint i = 0; i < G_N_ELEMENTS(reader_actions); i++)
		if (reader_actions[i].action == action)
			return reader_actions[i].run(ui, reader, count);
	return ui_flag_action(ui, action);
}

static void
reader_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct reader *reader = (struct reader *)view;
	int at = reader->top + y - 1;
	const struct document_line *line;

	if (!reader->document || y < 1 || at >= (int)reader->lines->len)
		return;
	line = shown_line(reader, at);
	if (line->kind == LINE_ATTACHMENT && twice) {
		press_number(ui, reader, (int)line->number);
		return;
	}
	for (guint i = 0; line->spans && i < line->spans->len; i++) {
		const struct render_span *span = &g_array_index(line->spans, struct render_span, i);
		int from = 1 + text_width(line->text, span->start);

		if (span->link && x >= from && x < from + text_width(line->text + span->start, span->len))
			link_action(ui, reader, span->link);
	}
}

static void
reader_wheel(struct ui *ui, struct view *view, int by)
{
	scroll((struct reader *)view, by);
}

static void
reader_close(struct ui *ui, struct view *view)
{
	struct reader *reader = (struct reader *)view;

	document_free(reader->document);
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
