#include "ui/activity.h"
#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "ui/rows.h"

/* The screen of what goes on: where the cursor is, and what keys do to what it is on. */
struct activity {
	struct view view;
	struct rows rows;
	GPtrArray *lines; /* struct activity_line * */
	gint64 collected; /* monotonic µs; 0: what is shown is no longer so */
	int width;        /* it was folded for */
	gboolean entered; /* the cursor was put on the first line that can be acted on */
	GHashTable *seen; /* char * "ACCOUNT:OP" whose refusal stood on the screen */
};

#define COLLECT_EVERY 1000000 /* µs: durations go on */

static int
height(const struct activity *activity)
{
	return MAX(activity->view.area.h - 1, 1);
}

static const struct activity_line *
line_at_cursor(const struct activity *activity)
{
	return activity->rows.cursor < (int)activity->lines->len
	               ? activity->lines->pdata[activity->rows.cursor]
	               : NULL;
}

/* What can be acted on is where the cursor belongs first. */
static void
enter(struct activity *activity)
{
	for (guint i = 0; i < activity->lines->len; i++)
		if (activity_has_subject(activity->lines->pdata[i])) {
			activity->rows.cursor = (int)i;
			return;
		}
}

/* The first line about the same as at; -1: there is none. */
static int
first_about(const GPtrArray *lines, const struct activity_line *at)
{
	for (guint i = 0; i < lines->len; i++)
		if (activity_same_subject(lines->pdata[i], at))
			return (int)i;
	return -1;
}

/* The cursor stays on its subject when lines come and go, also in its second row. */
static void
follow(struct activity *activity, const GPtrArray *before, const struct activity_line *at)
{
	int row = activity->rows.cursor - first_about(before, at), i = first_about(activity->lines, at);

	if (i < 0)
		return;
	while (row > 0 && i + 1 < (int)activity->lines->len &&
	       activity_same_subject(activity->lines->pdata[i + 1], at)) {
		i++;
		row--;
	}
	activity->rows.cursor = i;
}

static void
renew(struct ui *ui, struct activity *activity, int width)
{
	g_autoptr(GPtrArray) before = NULL;
	const struct activity_line *at = line_at_cursor(activity);
	gint64 now = g_get_monotonic_time();

	if (activity->collected && now - activity->collected < COLLECT_EVERY && activity->width == width)
		return;
	before = activity->lines;
	activity->lines = activity_lines(ui, width);
	activity->collected = now;
	activity->width = width;
	if (at && activity_has_subject(at))
		follow(activity, before, at);
	else if (!activity->entered)
		enter(activity);
	activity->entered = TRUE;
}

static void
note_seen(struct activity *activity, const struct activity_line *line)
{
	if (line->failed)
		g_hash_table_add(activity->seen,
		                 g_strdup_printf("%u:%" G_GINT64_FORMAT, line->account, line->op));
}

static void
activity_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct activity *activity = (struct activity *)view;
	struct rect area = view->area;

	renew(ui, activity, area.w - 2);
	ui_title(ui, area, _("Activity"), NULL);
	rows_fit(&activity->rows, (int)activity->lines->len, height(activity));
	for (int y = 0; y < height(activity) && activity->rows.top + y < (int)activity->lines->len; y++) {
		const struct activity_line *line = activity->lines->pdata[activity->rows.top + y];

		picture_cut(ui->picture, area.y + 1 + y, area.x + 1, area.w - 2, line->look, line->text);
		if (focused)
			note_seen(activity, line);
	}
	picture_shade(ui->picture, area.y + 1 + activity->rows.cursor - activity->rows.top, area.x, area.w,
	              ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, area.y + 1 + activity->rows.cursor - activity->rows.top, area.x);
}

static void
op_changed(struct ui *ui, const struct job *job, const GError *error)
{
	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error)
		ui_say(ui, "%s", (const char *)job->user);
}

static const char *
answer_to(const struct ui *ui, const struct activity_line *line, enum action action)
{
	if (line->job || line->later)
		return _("Called off");
	if (action == ACT_DROP)
		return _("Given up: it is taken back here");
	return ui_is_linked(ui, line->account) ? _("It is tried again")
	                                       : _("It is tried as soon as there is a connection");
}

static struct command *
command_for(struct ui *ui, const struct activity_line *line, enum action action)
{
	struct command *command = command_new(line->job             ? CMD_CANCEL
	                                      : line->later         ? CMD_LATER
	                                      : action == ACT_RETRY ? CMD_RETRY
	                                                            : CMD_DROP,
	                                      ui_account_id(ui, line->account));

	command->op = line->job ? (gint64)line->job : line->op;
	if (!line->later)
		return command;
	command->add = 1;
	command->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(command->ids, line->later);
	command->text = g_strdup(line->section);
	return command;
}

static gboolean
change(struct ui *ui, struct activity *activity, enum action action)
{
	const struct activity_line *line = line_at_cursor(activity);
	struct job *job;

	if (!line || !(line->op || (activity_has_subject(line) && action == ACT_DROP))) {
		ui_say(ui, _("Choose a change that waits or failed first"));
		return TRUE;
	}
	job = ui_send(ui, line->account, command_for(ui, line, action), "", op_changed);
	if (job)
		job->user = (char *)answer_to(ui, line, action);
	return TRUE;
}

/* The step of the change under the cursor; elsewhere, the newest. */
static gboolean
take_back(struct ui *ui, struct activity *activity)
{
	const struct activity_line *line = line_at_cursor(activity);

	if (line && line->op && line->step)
		ui_undo(ui, line->account, line->step);
	else
		ui_undo(ui, ui->account, 0);
	return TRUE;
}

/* What is too long for the screen, to its end. */
static gboolean
look(struct ui *ui, struct activity *activity)
{
	const struct activity_line *line = line_at_cursor(activity);
	struct store *store = line && line->op ? ui_store(ui, line->account) : NULL;
	struct store_op *op = store ? store_op(store, line->op, NULL) : NULL;
	g_autofree char *text = op ? activity_op_text(ui, line->account, op) : NULL;

	if (text)
		ui_say(ui, "%s", g_strstrip(text));
	else if (line)
		ui_say(ui, "%s", line->text);
	if (op)
		store_op_free(op);
	return TRUE;
}

static gboolean
activity_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct activity *activity = (struct activity *)view;

	renew(ui, activity, MAX(view->area.w - 2, 1));
	if (action == ACT_RETRY || action == ACT_DROP)
		return change(ui, activity, action);
	if (action == ACT_UNDO)
		return take_back(ui, activity);
	if (action == ACT_OPEN)
		return look(ui, activity);
	return action == ACT_ACTIVITY ||
	       rows_act(&activity->rows, (int)activity->lines->len, action, count, height(activity));
}

static void
activity_told(struct ui *ui, struct view *view, const struct event *event)
{
	struct activity *activity = (struct activity *)view;

	activity->collected = 0;
}

static void
activity_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct activity *activity = (struct activity *)view;

	if (y >= 1)
		activity->rows.cursor = activity->rows.top + y - 1;
}

static void
activity_wheel(struct ui *ui, struct view *view, int by)
{
	struct activity *activity = (struct activity *)view;

	activity->rows.cursor += by;
	rows_fit(&activity->rows, (int)activity->lines->len, height(activity));
}

/* The marks of refusals whose reason stood here go from the rows. */
static void
tell_seen(struct ui *ui, const char *key)
{
	guint account = (guint)g_ascii_strtoull(key, NULL, 10);
	struct store *store = ui_store(ui, account);
	struct store_op *op =
	        store ? store_op(store, g_ascii_strtoll(strchr(key, ':') + 1, NULL, 10), NULL) : NULL;

	if (op && op->ids->len)
		ui_change(ui, &(struct change){.verb = CMD_SEEN_REFUSAL, .account = account, .ids = op->ids});
	if (op)
		store_op_free(op);
}

static void
activity_close(struct ui *ui, struct view *view)
{
	struct activity *activity = (struct activity *)view;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, activity->seen);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		tell_seen(ui, key);
	g_hash_table_unref(activity->seen);
	g_ptr_array_unref(activity->lines);
	g_free(view);
}

static const struct view_ops activity_ops = {
        .kind = VIEW_ACTIVITY,
        .draw = activity_draw,
        .act = activity_act,
        .click = activity_click,
        .wheel = activity_wheel,
        .told = activity_told,
        .close = activity_close,
};

struct view *
activity_new(struct ui *ui)
{
	struct activity *activity = g_new0(struct activity, 1);

	activity->view.ops = &activity_ops;
	activity->lines = g_ptr_array_new();
	activity->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return &activity->view;
}
