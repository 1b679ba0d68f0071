#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/rows.h"

/* What the rules of the configuration would do with a folder: each rule with how many messages it fits, and
 * the newest of them. Then it can be done. */

struct rules_view {
	struct view view;
	struct rows rows;
	guint account;
	gint64 folder;
	char *path;       /* safe */
	guint64 asked;    /* the command whose answers are shown */
	gboolean known;   /* all of them came */
	gboolean acts;    /* some rule fits something, or has to read it first */
	GPtrArray *lines; /* struct rules_line * */
};

/* A rule, or below it a message that it fits. */
struct rules_line {
	char *count, *name; /* of a rule; name NULL: what has to be read first */
	char *text;         /* what it does; of a message: its subject */
	char *from;         /* of a message; NULL: it is none */
};

static const struct view_ops rules_ops;

static void
line_free(gpointer data)
{
	struct rules_line *line = data;

	g_free(line->count);
	g_free(line->name);
	g_free(line->text);
	g_free(line->from);
	g_free(line);
}

/* ---- what is told ---- */

static void
add_message(struct rules_view *rules, struct store *store, msgid id)
{
	struct store_row *row = store ? store_row(store, id, NULL) : NULL;
	const struct mime_address *from = row && row->from->len ? row->from->pdata[0] : NULL;
	struct rules_line *line;

	if (row) {
		line = g_new0(struct rules_line, 1);
		line->from = text_safe(!from ? "" : *from->name ? from->name : from->email, -1);
		line->text = text_safe(*row->subject ? row->subject : _("(no subject)"), -1);
		g_ptr_array_add(rules->lines, line);
	}
	g_clear_pointer(&row, store_row_free);
}

static void
rules_told(struct ui *ui, struct view *view, const struct event *event)
{
	struct rules_view *rules = (struct rules_view *)view;
	struct rules_line *line;

	if (event->kind != EVENT_RULE || event->command != rules->asked)
		return;
	line = g_new0(struct rules_line, 1);
	line->count = format_count((gint64)event->have);
	line->name = event->text ? text_safe(event->text, -1) : NULL;
	line->text = text_safe(event->text ? event->text2 : _("have to be read first"), -1);
	g_ptr_array_add(rules->lines, line);
	rules->acts |= event->have > 0;
	for (guint i = 0; event->ids && i < event->ids->len; i++)
		add_message(rules, ui_store(ui, rules->account), g_array_index(event->ids, msgid, i));
}

static void
all_told(struct ui *ui, const struct job *job, const GError *error)
{
	struct view *view = ui_base(ui);

	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	if (view->ops != &rules_ops || ((struct rules_view *)view)->asked != job->id)
		return;
	((struct rules_view *)view)->known = TRUE;
	if (error)
		ui_act(ui, ACT_BACK, 0);
}

static struct command *
command_for(struct ui *ui, guint account, gint64 folder, gboolean preview)
{
	struct command *command = command_new(CMD_RULES, ui_account_id(ui, account));

	command->folder = folder;
	command->add = preview;
	return command;
}

/* ---- doing it ---- */

struct place {
	guint account;
	gint64 folder;
};

static void
applied(struct ui *ui, const struct job *job, const GError *error)
{
	g_autofree char *undo = ui_key_of(ui, VIEW_LIST, ACT_UNDO);

	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error && job->said && job->step)
		ui_say(ui, _("%s; %s takes it back"), job->said, undo);
	else if (!error && job->said)
		ui_say(ui, "%s", job->said);
}

static void
apply(struct ui *ui, void *user)
{
	const struct place *place = user;

	if (ui_base(ui)->ops == &rules_ops)
		ui_act(ui, ACT_BACK, 0);
	ui_send(ui, place->account, command_for(ui, place->account, place->folder, FALSE),
	        _("Applying the rules"), applied);
}

static void
ask(struct ui *ui, const struct rules_view *rules)
{
	const struct place place = {rules->account, rules->folder};
	g_autofree char *question = g_strdup_printf(_("Apply the rules to %s?"), rules->path);

	if (!rules->known)
		ui_say(ui, _("The rules are still being asked"));
	else if (!rules->acts)
		ui_say(ui, _("No rule fits a message of %s"), rules->path);
	else
		ui_confirm(ui, question, apply, g_memdup2(&place, sizeof place), g_free);
}

/* ---- the view ---- */

static int
height(const struct rules_view *rules)
{
	return MAX(rules->view.area.h - 1, 1);
}

static void
draw_line(struct ui *ui, struct rect area, int y, const struct rules_line *line)
{
	enum { COUNT = 7 };
	int names = area.w >= 60 ? 18 : 12, x = area.x + COUNT + 2, end = area.x + area.w - 1;

	if (line->from) {
		picture_cut(ui->picture, y, x + 2, names, ROLE_DIM, line->from);
		picture_cut(ui->picture, y, x + names + 3, end - x - names - 3, ROLE_DIM, line->text);
		return;
	}
	picture_right(ui->picture, y, area.x, area.x + COUNT, ROLE_KEY, line->count);
	if (line->name) {
		picture_cut(ui->picture, y, x, names, ROLE_TITLE, line->name);
		x += names + 1;
	}
	picture_cut(ui->picture, y, x, end - x, ROLE_TEXT, line->text);
}

static void
rules_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct rules_view *rules = (struct rules_view *)view;
	struct rect area = view->area;
	g_autofree char *title = g_strdup_printf(_("What the rules would do in %s"), rules->path);
	int y;

	ui_title(ui, area, title, NULL);
	rows_fit(&rules->rows, (int)rules->lines->len, height(rules));
	for (y = 0; y < height(rules) && rules->rows.top + y < (int)rules->lines->len; y++)
		draw_line(ui, area, area.y + 1 + y, rules->lines->pdata[rules->rows.top + y]);
	if (!rules->lines->len)
		picture_cut(ui->picture, area.y + 1, area.x + 2, area.w - 3, ROLE_DIM,
		            _("(looking at the messages)"));
	else
		picture_shade(ui->picture, area.y + 1 + rules->rows.cursor - rules->rows.top, area.x, area.w,
		              ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, area.y + 1 + rules->rows.cursor - rules->rows.top, area.x);
}

static gboolean
rules_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct rules_view *rules = (struct rules_view *)view;

	if (rows_act(&rules->rows, (int)rules->lines->len, action, count, height(rules)))
		return TRUE;
	if (action != ACT_OPEN)
		return FALSE;
	ask(ui, rules);
	return TRUE;
}

static void
rules_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct rules_view *rules = (struct rules_view *)view;

	if (y >= 1 && rules->rows.top + y - 1 < (int)rules->lines->len)
		rules->rows.cursor = rules->rows.top + y - 1;
}

static void
rules_close(struct ui *ui, struct view *view)
{
	struct rules_view *rules = (struct rules_view *)view;

	g_ptr_array_unref(rules->lines);
	g_free(rules->path);
	g_free(rules);
}

static const struct view_ops rules_ops = {
        .kind = VIEW_RULES,
        .draw = rules_draw,
        .act = rules_act,
        .told = rules_told,
        .click = rules_click,
        .close = rules_close,
};

void
ui_show_rules(struct ui *ui, guint account, const struct store_folder *folder)
{
	struct rules_view *rules = g_new0(struct rules_view, 1);
	struct job *job;

	rules->view.ops = &rules_ops;
	rules->account = account;
	rules->folder = folder->id;
	rules->path = text_safe(folder->path, -1);
	rules->lines = g_ptr_array_new_with_free_func(line_free);
	ui_push(ui, &rules->view);
	job = ui_send(ui, account, command_for(ui, account, folder->id, TRUE), _("Asking the rules"),
	              all_told);
	rules->asked = job ? job->id : 0;
}
