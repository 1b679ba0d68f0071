#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "ui/reader-private.h"

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
	if (!reader_scroll(reader, reader_page_rows(reader) - 1))
		return next_message(ui, reader, 1);
	return TRUE;
}

static gboolean
text_up(struct ui *ui, struct reader *reader, int count)
{
	return reader_scroll(reader, 1 - reader_page_rows(reader)) || TRUE;
}

static gboolean
half_down(struct ui *ui, struct reader *reader, int count)
{
	return reader_scroll(reader, reader_page_rows(reader) / 2) || TRUE;
}

static gboolean
half_up(struct ui *ui, struct reader *reader, int count)
{
	return reader_scroll(reader, -reader_page_rows(reader) / 2) || TRUE;
}

static gboolean
line_down(struct ui *ui, struct reader *reader, int count)
{
	if (!reader_scroll(reader, MAX(count, 1)))
		ui_say(ui, _("This is the end of the message"));
	return TRUE;
}

static gboolean
line_up(struct ui *ui, struct reader *reader, int count)
{
	return reader_scroll(reader, -MAX(count, 1)) || TRUE;
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
	reader->top = reader_last_top(reader);
	return TRUE;
}

static gboolean
seek_new(struct ui *ui, int by)
{
	const struct list_item *item = ui_seek_new(ui, by) > 0 ? list_cursor(ui->list) : NULL;

	if (item)
		reader_show(ui, ui->account, item->row->id, FALSE);
	return TRUE;
}

static gboolean
next_new(struct ui *ui, struct reader *reader, int count)
{
	return seek_new(ui, 1);
}

static gboolean
previous_new(struct ui *ui, struct reader *reader, int count)
{
	return seek_new(ui, -1);
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

static gboolean
skip_quoted(struct ui *ui, struct reader *reader, int count)
{
	int at = reader->top, n = (int)reader->lines->len;

	while (at < n && !reader_line(reader, at)->quote)
		at++;
	while (at < n && reader_line(reader, at)->quote)
		at++;
	if (at >= n)
		ui_say(ui, _("No quoted text below"));
	else
		reader->top = MIN(at, reader_last_top(reader));
	return TRUE;
}

static gboolean
fold_quoted(struct ui *ui, struct reader *reader, int count)
{
	reader->hide_quotes = !reader->hide_quotes;
	if (!reader->laying && reader->document->lines)
		reader_choose_lines(reader);
	return TRUE;
}

static gboolean
all_headers(struct ui *ui, struct reader *reader, int count)
{
	reader->flags ^= DOCUMENT_ALL_HEADERS;
	reader->asked = FALSE;
	reader->top = 0;
	reader_reload(ui);
	return TRUE;
}

static gboolean
html(struct ui *ui, struct reader *reader, int count)
{
	reader->flags ^= DOCUMENT_HTML;
	reader->asked = FALSE;
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
		reader->top = MIN(i, reader_last_top(reader));
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

	if (reader->laying)
		return TRUE;
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
	ui_send(ui, reader->account, command, _("Fetching the message"), reader_fetched);
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

gboolean
reader_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct reader *reader = (struct reader *)view;

	if (action == ACT_BACK || !reader->document)
		return action == ACT_BACK && leave(ui);
	for (guint i = 0; i < G_N_ELEMENTS(reader_actions); i++)
		if (reader_actions[i].action == action)
			return reader_actions[i].run(ui, reader, count);
	return ui_mail_action(ui, action);
}

void
reader_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct reader *reader = (struct reader *)view;
	int at = reader->top + y - 1;
	const struct document_line *line;

	if (!reader->document || y < 1 || at >= (int)reader->lines->len)
		return;
	line = reader_line(reader, at);
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
