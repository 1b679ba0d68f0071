#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/rows.h"

/* What goes on: connections, commands under way, the journal of each account, and what was said before. */
struct activity {
	struct view view;
	struct rows rows;
	GPtrArray *lines; /* struct activity_line * */
};

struct activity_line {
	char *text;
	guint look;
	guint account;
	gint64 op;   /* a journal row, or 0 */
	guint64 job; /* a command, or 0 */
};

static void
line_free(gpointer data)
{
	struct activity_line *line = data;

	g_free(line->text);
	g_free(line);
}

/* Takes text. */
static struct activity_line *
add(struct activity *activity, guint look, char *text)
{
	struct activity_line *line = g_new0(struct activity_line, 1);

	line->text = text;
	line->look = look;
	g_ptr_array_add(activity->lines, line);
	return line;
}

static void
add_links(struct ui *ui, struct activity *activity)
{
	add(activity, ROLE_TITLE, g_strdup(_("Connections")));
	for (guint i = 0; i < ui->accounts->len; i++) {
		const struct ui_account *account = ui->accounts->pdata[i];
		guint role;
		g_autofree char *link = ui_link_text(ui, i, &role);

		add(activity, role,
		    g_strdup_printf("  %-12s %s%s%s", account->conf->id, link,
		                    account->detail && *account->detail ? "  " : "",
		                    account->detail ? account->detail : ""));
	}
}

static void
add_jobs(struct ui *ui, struct activity *activity)
{
	GHashTableIter iter;
	gpointer value;
	gint64 now = g_get_monotonic_time();
	gboolean any = FALSE;

	g_hash_table_iter_init(&iter, ui->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct job *job = value;
		g_autofree char *have = text_size(job->have),
		                *total = job->total ? text_size(job->total) : NULL;
		struct activity_line *line;

		if (!*job->label)
			continue;
		if (!any)
			add(activity, ROLE_TITLE, g_strdup(_("Running (d calls it off)")));
		any = TRUE;
		line = add(activity, ROLE_TEXT,
		           total ? g_strdup_printf(_("  %s  %s of %s"), job->label, have, total)
		                 : g_strdup_printf(_("  %s  for %d s"), job->label,
		                                   (int)((now - job->since) / G_USEC_PER_SEC)));
		line->job = job->id;
		line->account = job->account;
	}
}

static const char *const state_words[] = {
        [OP_WAITING] = N_("waiting"), [OP_RUNNING] = N_("running"), [OP_CHECKING] = N_("checking"),
        [OP_FAILED] = N_("failed"),   [OP_HELD] = N_("held"),       [OP_UNKNOWN] = N_("unknown"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_words) == OP_STATES);

static const struct {
	guint flag;
	const char *add, *remove;
} flag_words[] = {
        {FLAG_SEEN, N_("mark as read"), N_("mark as new")},
        {FLAG_FLAGGED, N_("flag"), N_("take the flag off")},
        {FLAG_ANSWERED, N_("mark as answered"), N_("mark as not answered")},
        {FLAG_FORWARDED, N_("mark as forwarded"), N_("mark as not forwarded")},
        {FLAG_DELETED, N_("mark as deleted"), N_("take the deletion mark off")},
        {FLAG_DRAFT, N_("mark as draft"), N_("mark as no draft")},
};

static void
append_verb(GString *out, const char *verb)
{
	if (out->len)
		g_string_append(out, ", ");
	g_string_append(out, verb);
}

static char *
op_text(const struct store_op *op)
{
	GString *what = g_string_new(NULL);
	guint n = op->ids ? op->ids->len : 0;
	g_autofree char *error = op->error ? text_safe(op->error, -1) : NULL;
	g_autofree char *verbs = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(flag_words); i++) {
		if (op->add & flag_words[i].flag)
			append_verb(what, _(flag_words[i].add));
		if (op->remove & flag_words[i].flag)
			append_verb(what, _(flag_words[i].remove));
	}
	if ((op->keywords_add && *op->keywords_add) || (op->keywords_remove && *op->keywords_remove))
		append_verb(what, _("change keywords"));
	if (!what->len)
		append_verb(what, op_verb_names[op->verb]);
	verbs = g_string_free(what, FALSE);
	return g_strdup_printf(ngettext("  %-9s %s (%u message)%s%s", "  %-9s %s (%u messages)%s%s", n),
	                       _(state_words[op->state]), verbs, n, error && *error ? "  " : "",
	                       error ? error : "");
}

static void
add_journal(struct ui *ui, struct activity *activity)
{
	gboolean any = FALSE;

	for (guint i = 0; i < ui->accounts->len; i++) {
		struct store *store = ui_store(ui, i);
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
		g_autoptr(GError) error = NULL;

		if (store && !store_ops(store, FALSE, ui->now, ops, &error))
			add(activity, ROLE_ERROR, text_safe(error->message, -1));
		for (guint k = 0; k < ops->len; k++) {
			const struct store_op *op = ops->pdata[k];
			struct activity_line *line;

			if (!any)
				add(activity, ROLE_TITLE,
				    g_strdup(_("Changes that wait for the server (r tries again, d drops)")));
			any = TRUE;
			line = add(activity, op->state == OP_FAILED ? ROLE_ERROR : ROLE_TEXT, op_text(op));
			line->op = op->id;
			line->account = i;
		}
	}
	if (!any)
		add(activity, ROLE_DIM, g_strdup(_("No change waits for a server")));
}

static void
add_history(struct ui *ui, struct activity *activity)
{
	if (ui->history->len)
		add(activity, ROLE_TITLE, g_strdup(_("What happened")));
	for (guint i = ui->history->len; i-- > 0;)
		add(activity, ROLE_DIM, g_strdup_printf("  %s", (char *)ui->history->pdata[i]));
}

static void
collect(struct ui *ui, struct activity *activity)
{
	g_ptr_array_set_size(activity->lines, 0);
	add_links(ui, activity);
	add_jobs(ui, activity);
	add_journal(ui, activity);
	add_history(ui, activity);
}

#define INDENT 9 /* of what goes on in the next row */

/* Cuts the end off a line that is too wide, at a blank where there is one; NULL when it fits. Gives
 * (line_free). */
static struct activity_line *
cut_end(struct activity_line *line, int width)
{
	int used;
	gsize len = strlen(line->text), fits = text_fit(line->text, len, width, &used);
	const char *space = g_strrstr_len(line->text, (gssize)fits, " ");
	struct activity_line *end;

	if (fits == len || width < 2 * INDENT)
		return NULL;
	if (space && space - line->text > 2 * INDENT)
		fits = (gsize)(space - line->text) + 1;
	end = g_new(struct activity_line, 1);
	*end = *line;
	end->text = g_strdup_printf("%*s%s", INDENT, "", line->text + fits);
	line->text[fits] = '\0';
	return end;
}

/* Lines that are too wide go on in rows of their own: what failed is said to its end. */
static void
fold_long(struct activity *activity, int width)
{
	g_autoptr(GPtrArray) whole = g_steal_pointer(&activity->lines);

	activity->lines = g_ptr_array_new_with_free_func(line_free);
	g_ptr_array_set_free_func(whole, NULL);
	for (guint i = 0; i < whole->len; i++)
		for (struct activity_line *line = whole->pdata[i], *end; line; line = end) {
			end = cut_end(line, width);
			g_ptr_array_add(activity->lines, line);
		}
}

static int
height(const struct activity *activity)
{
	return MAX(activity->view.area.h - 1, 1);
}

static void
activity_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct activity *activity = (struct activity *)view;
	struct rect area = view->area;

	collect(ui, activity);
	fold_long(activity, area.w - 2);
	ui_title(ui, area, _("Activity"), NULL);
	rows_fit(&activity->rows, (int)activity->lines->len, height(activity));
	for (int y = 0; y < height(activity) && activity->rows.top + y < (int)activity->lines->len; y++) {
		const struct activity_line *line = activity->lines->pdata[activity->rows.top + y];

		picture_cut(ui->picture, area.y + 1 + y, area.x + 1, area.w - 2, line->look, line->text);
	}
	picture_shade(ui->picture, area.y + 1 + activity->rows.cursor - activity->rows.top, area.x, area.w,
	              ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, area.y + 1 + activity->rows.cursor - activity->rows.top, area.x);
}

static gboolean
change(struct ui *ui, struct activity *activity, enum action action)
{
	const struct activity_line *line;
	struct command *command;

	if (activity->rows.cursor >= (int)activity->lines->len)
		return TRUE;
	line = activity->lines->pdata[activity->rows.cursor];
	if (!line->op && !(line->job && action == ACT_DROP)) {
		ui_say(ui, _("Choose a change that waits or failed first"));
		return TRUE;
	}
	command = command_new(line->job             ? CMD_CANCEL
	                      : action == ACT_RETRY ? CMD_RETRY
	                                            : CMD_DROP,
	                      ui_account_id(ui, line->account));
	command->op = line->job ? (gint64)line->job : line->op;
	ui_send(ui, line->account, command, "", NULL);
	return TRUE;
}

static gboolean
activity_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct activity *activity = (struct activity *)view;

	if (action == ACT_RETRY || action == ACT_DROP)
		return change(ui, activity, action);
	return action == ACT_ACTIVITY || rows_act(&activity->rows, action, count, height(activity));
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

static void
activity_close(struct ui *ui, struct view *view)
{
	g_ptr_array_unref(((struct activity *)view)->lines);
	g_free(view);
}

static const struct view_ops activity_ops = {
        .kind = VIEW_ACTIVITY,
        .draw = activity_draw,
        .act = activity_act,
        .click = activity_click,
        .wheel = activity_wheel,
        .close = activity_close,
};

struct view *
activity_new(struct ui *ui)
{
	struct activity *activity = g_new0(struct activity, 1);

	activity->view.ops = &activity_ops;
	activity->lines = g_ptr_array_new_with_free_func(line_free);
	return &activity->view;
}
