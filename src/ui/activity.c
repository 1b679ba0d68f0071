#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "model/op-text.h"
#include "ui/rows.h"

/* What goes on: connections, commands under way, the journal of each account, and what was said before. */
struct activity {
	struct view view;
	struct rows rows;
	GPtrArray *lines; /* struct activity_line * */
	gint64 collected; /* monotonic µs; 0: what is shown is no longer so */
	int width;        /* it was folded for */
	gboolean entered; /* the cursor was put on the first line that can be acted on */
	GHashTable *seen; /* char * "ACCOUNT:OP" whose refusal stood on the screen */
};

struct activity_line {
	char *text;
	guint look;
	guint account;
	gint64 op;   /* a journal row, or 0 */
	gint64 step; /* of undo, or 0 */
	guint64 job; /* a command, or 0 */
	gboolean failed;
};

#define COLLECT_EVERY 1000000 /* µs: durations go on */
#define OPS_SHOWN 500
#define LATER_SHOWN 20

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

/* "[######----] 45 %  3.2 MB of 7.1 MB". Gives (g_free). */
static char *
progress_text(const struct ui *ui, const struct job *job)
{
	int percent = (int)(MIN(job->have, job->total) * 100 / job->total), full = percent / 10;
	g_autofree char *have = text_size(job->have), *total = text_size(job->total), *bar = NULL;

	bar = ui->accessible ? g_strdup("")
	                     : g_strdup_printf("[%.*s%.*s] ", full, "##########", 10 - full, "----------");
	return g_strdup_printf(_("%s%d %%  %s of %s"), bar, percent, have, total);
}

static gint
by_age(gconstpointer a, gconstpointer b)
{
	const struct job *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Those that wait for a link, or the others. TRUE when there were any. */
static gboolean
add_jobs(struct ui *ui, struct activity *activity, gboolean waiting, const char *heading)
{
	g_autoptr(GList) jobs = g_list_sort(g_hash_table_get_values(ui->jobs), by_age);
	gint64 now = g_get_monotonic_time();
	gboolean any = FALSE, several = ui->accounts->len > 1;

	for (GList *at = jobs; at; at = at->next) {
		const struct job *job = at->data;
		g_autofree char *label = text_safe(job->label, -1), *progress = NULL;
		struct activity_line *line;

		if (!*label || ui_waits(ui, job) != waiting)
			continue;
		if (!any)
			add(activity, ROLE_TITLE, g_strdup(heading));
		any = TRUE;
		progress = job->total ? progress_text(ui, job)
		           : waiting  ? g_strdup("")
		                      : g_strdup_printf(_("for %d s"),
		                                        (int)((now - job->since) / G_USEC_PER_SEC));
		line = add(activity, ROLE_TEXT,
		           g_strdup_printf("  %s%s%s  %s", several ? ui_account_id(ui, job->account) : "",
		                           several ? ": " : "", label, progress));
		line->job = job->id;
		line->account = job->account;
	}
	return any;
}

static const char *const state_words[] = {
        [OP_WAITING] = N_("waiting"), [OP_RUNNING] = N_("running"), [OP_CHECKING] = N_("checking"),
        [OP_FAILED] = N_("failed"),   [OP_HELD] = N_("held"),       [OP_UNKNOWN] = N_("unknown"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_words) == OP_STATES);

/* Gives (g_free). */
static char *
op_line(struct ui *ui, guint account, const struct store_op *op)
{
	g_autofree char *error = op->error ? text_safe(op->error, -1) : NULL,
	                *what = op_text(op, ui_folders(ui, account)), *tried = NULL;

	if (op->state == OP_WAITING && op->attempts)
		tried = g_strdup_printf(
		        ngettext(" (tried %d time)", " (tried %d times)", (gulong)op->attempts),
		        op->attempts);
	return g_strdup_printf("  %-9s %s%s%s%s%s%s", _(state_words[op->state]),
	                       ui->accounts->len > 1 ? ui_account_id(ui, account) : "",
	                       ui->accounts->len > 1 ? ": " : "", what, tried ? tried : "",
	                       error && *error ? ": " : "", error ? error : "");
}

static void
add_op(struct ui *ui, struct activity *activity, guint account, const struct store_op *op)
{
	gboolean failed = op->state == OP_FAILED || op->state == OP_UNKNOWN;
	struct activity_line *line = add(activity, failed ? ROLE_ERROR : ROLE_TEXT, op_line(ui, account, op));

	line->op = op->id;
	line->step = op->step;
	line->account = account;
	line->failed = failed;
}

/* Ops of all accounts that failed, or the others. Returns how many. */
static guint
add_ops(struct ui *ui, struct activity *activity, gboolean failed, const char *heading)
{
	guint n = 0;

	for (guint i = 0; i < ui->accounts->len; i++) {
		struct store *store = ui_store(ui, i);
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
		g_autoptr(GError) error = NULL;
		guint total = 0, room = n < OPS_SHOWN ? OPS_SHOWN - n : 0;

		if (store && !store_ops_shown(store, failed, room, ops, &total, &error))
			add(activity, ROLE_ERROR, text_safe(error->message, -1));
		if (total && !n)
			add(activity, ROLE_TITLE, g_strdup(heading));
		for (guint k = 0; k < ops->len; k++)
			add_op(ui, activity, i, ops->pdata[k]);
		n += total;
	}
	if (n > OPS_SHOWN)
		add(activity, ROLE_DIM,
		    g_strdup_printf(ngettext("  and %u more", "  and %u more", n - OPS_SHOWN),
		                    n - OPS_SHOWN));
	return n;
}

static gboolean
add_journal(struct ui *ui, struct activity *activity)
{
	g_autofree char *retry = ui_key_of(ui, VIEW_ACTIVITY, ACT_RETRY),
	                *drop = ui_key_of(ui, VIEW_ACTIVITY, ACT_DROP), *heading = NULL;
	guint n;

	heading = g_strdup_printf(_("Failed (%s tries again, %s gives it up)"), retry, drop);
	n = add_ops(ui, activity, TRUE, heading);
	return n + add_ops(ui, activity, FALSE, _("Waiting for the server")) > 0;
}

/* What comes when nothing else is asked of the server. TRUE when there is any. */
static gboolean
add_later(struct ui *ui, struct activity *activity)
{
	guint n = 0;

	for (guint i = 0; i < ui->accounts->len; i++) {
		g_auto(GStrv) later = ui_later(ui, i);

		for (char **entry = later; *entry; entry++) {
			struct store_row *row =
			        store_row(ui_store(ui, i), g_ascii_strtoll(*entry, NULL, 10), NULL);
			g_autofree char *subject = text_safe(row ? row->subject : "", -1);

			if (row && !n++)
				add(activity, ROLE_TITLE, g_strdup(_("Fetched when convenient")));
			if (row && n <= LATER_SHOWN)
				add(activity, ROLE_TEXT,
				    g_strdup_printf(_("  %s: of “%s”"), ui_account_id(ui, i), subject));
			store_row_free(row);
		}
	}
	if (n > LATER_SHOWN)
		add(activity, ROLE_DIM,
		    g_strdup_printf(ngettext("  and %u more", "  and %u more", n - LATER_SHOWN),
		                    n - LATER_SHOWN));
	return n > 0;
}

static gboolean
is_cut_off(const struct ui_account *account)
{
	return account->link == LINK_ERROR ||
	       (account->link == LINK_OFFLINE && account->detail && *account->detail);
}

static gboolean
links_are_well(const struct ui *ui)
{
	for (guint i = 0; i < ui->accounts->len; i++)
		if (is_cut_off(ui->accounts->pdata[i]))
			return FALSE;
	return TRUE;
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
	gboolean jobs, ops, later;

	g_ptr_array_set_size(activity->lines, 0);
	add_links(ui, activity);
	jobs = add_jobs(ui, activity, FALSE, _("Running"));
	jobs |= add_jobs(ui, activity, TRUE, _("Waiting for a connection"));
	ops = add_journal(ui, activity);
	later = add_later(ui, activity);
	if (!jobs && !ops && !later && links_are_well(ui))
		add(activity, ROLE_GOOD,
		    g_strdup(_("All is well: nothing runs, nothing waits, nothing failed")));
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

/* What can be acted on is where the cursor belongs first. */
static void
enter(struct activity *activity)
{
	activity->entered = TRUE;
	for (guint i = 0; i < activity->lines->len; i++) {
		const struct activity_line *line = activity->lines->pdata[i];

		if (line->op || line->job) {
			activity->rows.cursor = (int)i;
			return;
		}
	}
}

/* The cursor stays on its op or command when lines come and go. */
static void
renew(struct ui *ui, struct activity *activity, int width)
{
	const struct activity_line *at = activity->rows.cursor < (int)activity->lines->len
	                                         ? activity->lines->pdata[activity->rows.cursor]
	                                         : NULL;
	gint64 op = at ? at->op : 0, now = g_get_monotonic_time();
	guint64 job = at ? at->job : 0;
	guint account = at ? at->account : 0;

	if (activity->collected && now - activity->collected < COLLECT_EVERY && activity->width == width)
		return;
	activity->collected = now;
	activity->width = width;
	collect(ui, activity);
	fold_long(activity, width);
	if (!activity->entered)
		enter(activity);
	for (guint i = 0; (op || job) && i < activity->lines->len; i++) {
		const struct activity_line *line = activity->lines->pdata[i];

		if (line->op == op && line->job == job && line->account == account) {
			activity->rows.cursor = (int)i;
			break;
		}
	}
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

static const struct activity_line *
line_at_cursor(const struct activity *activity)
{
	return activity->rows.cursor < (int)activity->lines->len
	               ? activity->lines->pdata[activity->rows.cursor]
	               : NULL;
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
	if (line->job)
		return _("Called off");
	if (action == ACT_DROP)
		return _("Given up: it is taken back here");
	return ui_is_linked(ui, line->account) ? _("It is tried again")
	                                       : _("It is tried as soon as there is a connection");
}

static gboolean
change(struct ui *ui, struct activity *activity, enum action action)
{
	const struct activity_line *line = line_at_cursor(activity);
	struct command *command;
	struct job *job;

	if (!line || (!line->op && !(line->job && action == ACT_DROP))) {
		ui_say(ui, _("Choose a change that waits or failed first"));
		return TRUE;
	}
	command = command_new(line->job             ? CMD_CANCEL
	                      : action == ACT_RETRY ? CMD_RETRY
	                                            : CMD_DROP,
	                      ui_account_id(ui, line->account));
	command->op = line->job ? (gint64)line->job : line->op;
	job = ui_send(ui, line->account, command, "", op_changed);
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
	g_autofree char *text = op ? op_line(ui, line->account, op) : NULL;

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
	return action == ACT_ACTIVITY || rows_act(&activity->rows, action, count, height(activity));
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
	activity->lines = g_ptr_array_new_with_free_func(line_free);
	activity->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return &activity->view;
}
