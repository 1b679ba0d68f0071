#include "ui/activity.h"
#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "model/op-text.h"
#include "store/wanted.h"

#define OPS_SHOWN 500
#define LATER_SHOWN 20

static void
line_free(gpointer data)
{
	struct activity_line *line = data;

	g_free(line->text);
	g_free(line->section);
	g_free(line);
}

/* -- what there is -- */

/* Takes text. */
static struct activity_line *
add(GPtrArray *lines, guint look, char *text)
{
	struct activity_line *line = g_new0(struct activity_line, 1);

	line->text = text;
	line->look = look;
	g_ptr_array_add(lines, line);
	return line;
}

static void
add_links(struct ui *ui, GPtrArray *lines)
{
	add(lines, ROLE_TITLE, g_strdup(_("Connections")));
	for (guint i = 0; i < ui->accounts->len; i++) {
		const struct ui_account *account = ui->accounts->pdata[i];
		guint role;
		g_autofree char *link = ui_link_text(ui, i, &role);

		add(lines, role,
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
add_jobs(struct ui *ui, GPtrArray *lines, gboolean waiting, const char *heading)
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
			add(lines, ROLE_TITLE, g_strdup(heading));
		any = TRUE;
		progress = job->total ? progress_text(ui, job)
		           : waiting  ? g_strdup("")
		                      : g_strdup_printf(_("for %d s"),
		                                        (int)((now - job->since) / G_USEC_PER_SEC));
		line = add(lines, ROLE_TEXT,
		           g_strdup_printf("  %s%s%s  %s%s%s", several ? ui_account_id(ui, job->account) : "",
		                           several ? ": " : "", label, progress, job->why ? ": " : "",
		                           job->why ? job->why : ""));
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

char *
activity_op_text(struct ui *ui, guint account, const struct store_op *op)
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
add_op(struct ui *ui, GPtrArray *lines, guint account, const struct store_op *op)
{
	gboolean failed = op->state == OP_FAILED || op->state == OP_UNKNOWN;
	struct activity_line *line =
	        add(lines, failed ? ROLE_ERROR : ROLE_TEXT, activity_op_text(ui, account, op));

	line->op = op->id;
	line->step = op->step;
	line->account = account;
	line->failed = failed;
}

/* Those of a move from another account whose texts it has yet to bring: they are dropped with it. */
static void
add_held(struct ui *ui, GPtrArray *lines, guint account, gint64 n)
{
	g_autofree char *count = format_count(n);

	add(lines, ROLE_TEXT,
	    g_strdup_printf(ngettext("  %-9s %s: %s message whose text is still to come",
	                             "  %-9s %s: %s messages whose texts are still to come", (gulong)n),
	                    _(state_words[OP_HELD]), ui_account_id(ui, account), count));
}

/* Ops of all accounts that failed, or the others. TRUE when there were any. */
static gboolean
add_ops(struct ui *ui, GPtrArray *lines, gboolean failed, const char *heading)
{
	guint n = 0;
	gboolean any = FALSE;

	for (guint i = 0; i < ui->accounts->len; i++) {
		struct store *store = ui_store(ui, i);
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
		g_autoptr(GError) error = NULL;
		guint total = 0, room = n < OPS_SHOWN ? OPS_SHOWN - n : 0;
		gint64 held = store && !failed ? store_ops_held(store) : 0;

		if (store && !store_ops_shown(store, failed, room, ops, &total, &error))
			add(lines, ROLE_ERROR, text_safe(error->message, -1));
		if ((total || held) && !any)
			add(lines, ROLE_TITLE, g_strdup(heading));
		any |= total || held;
		for (guint k = 0; k < ops->len; k++)
			add_op(ui, lines, i, ops->pdata[k]);
		if (held)
			add_held(ui, lines, i, held);
		n += total;
	}
	if (n > OPS_SHOWN)
		add(lines, ROLE_DIM,
		    g_strdup_printf(ngettext("  and %u more", "  and %u more", n - OPS_SHOWN),
		                    n - OPS_SHOWN));
	return any;
}

static gboolean
add_journal(struct ui *ui, GPtrArray *lines)
{
	g_autofree char *retry = ui_key_of(ui, VIEW_ACTIVITY, ACT_RETRY),
	                *drop = ui_key_of(ui, VIEW_ACTIVITY, ACT_DROP), *heading = NULL;
	gboolean any;

	heading = g_strdup_printf(_("Failed (%s tries again, %s gives it up)"), retry, drop);
	any = add_ops(ui, lines, TRUE, heading);
	any |= add_ops(ui, lines, FALSE, _("Waiting for the server"));
	return any;
}

static void
add_part(struct ui *ui, GPtrArray *lines, guint account, const struct store_later *later,
         const struct store_row *row)
{
	g_autofree char *subject = text_safe(row->subject, -1);
	struct activity_line *line = add(
	        lines, ROLE_TEXT, g_strdup_printf(_("  %s: of “%s”"), ui_account_id(ui, account), subject));

	line->account = account;
	line->later = later->id;
	line->section = g_strdup(later->section);
}

/* What comes when nothing else is asked of the server. TRUE when there is any. */
static gboolean
add_later(struct ui *ui, GPtrArray *lines)
{
	guint n = 0;

	for (guint i = 0; i < ui->accounts->len; i++) {
		g_autoptr(GPtrArray) laters = ui_laters(ui, i);

		for (guint k = 0; k < laters->len; k++) {
			const struct store_later *later = laters->pdata[k];
			struct store_row *row =
			        n < LATER_SHOWN ? store_row(ui_store(ui, i), later->id, NULL) : NULL;

			if (row && !n)
				add(lines, ROLE_TITLE, g_strdup(_("Fetched when convenient")));
			if (row)
				add_part(ui, lines, i, later, row);
			n += row || n >= LATER_SHOWN;
			store_row_free(row);
		}
	}
	if (n > LATER_SHOWN)
		add(lines, ROLE_DIM,
		    g_strdup_printf(ngettext("  and %u more", "  and %u more", n - LATER_SHOWN),
		                    n - LATER_SHOWN));
	return n > 0;
}

static gboolean
is_at_rest(const struct ui_account *account)
{
	if (account->link == LINK_FETCHING)
		return g_get_monotonic_time() < account->calm_until;
	return account->link == LINK_IDLE ||
	       (account->link == LINK_OFFLINE && !(account->detail && *account->detail));
}

static gboolean
links_are_at_rest(const struct ui *ui)
{
	for (guint i = 0; i < ui->accounts->len; i++)
		if (!is_at_rest(ui->accounts->pdata[i]))
			return FALSE;
	return TRUE;
}

static void
add_history(struct ui *ui, GPtrArray *lines)
{
	if (ui->history->len)
		add(lines, ROLE_TITLE, g_strdup(_("What happened")));
	for (guint i = ui->history->len; i-- > 0;)
		add(lines, ROLE_DIM, g_strdup_printf("  %s", (char *)ui->history->pdata[i]));
}

static void
collect(struct ui *ui, GPtrArray *lines)
{
	gboolean jobs, ops, later;

	add_links(ui, lines);
	jobs = add_jobs(ui, lines, FALSE, _("Running"));
	jobs |= add_jobs(ui, lines, TRUE, _("Waiting for a connection"));
	ops = add_journal(ui, lines);
	later = add_later(ui, lines);
	if (!jobs && !ops && !later && links_are_at_rest(ui))
		add(lines, ROLE_GOOD,
		    g_strdup(_("All is well: nothing runs, nothing waits, nothing failed")));
	add_history(ui, lines);
}

/* -- in rows of the screen -- */

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
	end->section = g_strdup(line->section);
	end->text = g_strdup_printf("%*s%s", INDENT, "", line->text + fits);
	line->text[fits] = '\0';
	return end;
}

GPtrArray *
activity_lines(struct ui *ui, int width)
{
	g_autoptr(GPtrArray) whole = g_ptr_array_new();
	GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);

	collect(ui, whole);
	for (guint i = 0; i < whole->len; i++)
		for (struct activity_line *line = whole->pdata[i], *end; line; line = end) {
			end = cut_end(line, width);
			g_ptr_array_add(lines, line);
		}
	return lines;
}

gboolean
activity_has_subject(const struct activity_line *line)
{
	return line->op || line->job || line->later;
}

gboolean
activity_same_subject(const struct activity_line *a, const struct activity_line *b)
{
	return a->op == b->op && a->job == b->job && a->account == b->account && a->later == b->later &&
	       !g_strcmp0(a->section, b->section);
}
