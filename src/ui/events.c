#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "model/op-text.h"
#include "ui/ui-private.h"

#define HISTORY_MAX 500
#define SAME_WITHIN 5    /* lines of the history in which a line is not said twice in one minute */
#define QUIET_FOR 400000 /* µs that work may run before the status line speaks of it */

void
ui_job_free(gpointer data)
{
	struct job *job = data;

	if (job->user && job->free_user)
		job->free_user(job->user);
	g_free(job->label);
	g_free(job->said);
	g_free(job->why);
	g_free(job);
}

struct job *
ui_send(struct ui *ui, guint account, struct command *command, const char *label, job_done done)
{
	struct job *job;
	gint64 *key;

	if (!ui->bus) {
		command_free(command);
		return NULL;
	}
	job = g_new0(struct job, 1);
	job->verb = command->verb;
	job->account = account;
	job->message = command->ids && command->ids->len ? g_array_index(command->ids, gint64, 0) : 0;
	job->label = g_strdup(label ? label : "");
	job->quiet = !label;
	job->since = g_get_monotonic_time();
	job->done = done;
	job->step = -1;
	job->id = bus_send(ui->bus, command);
	key = g_new(gint64, 1);
	*key = (gint64)job->id;
	g_hash_table_insert(ui->jobs, key, job);
	return job;
}

static struct job *
job_of(const struct ui *ui, guint64 id)
{
	gint64 key = (gint64)id;

	return g_hash_table_lookup(ui->jobs, &key);
}

static gboolean
link_is_up(enum link_state state)
{
	return state == LINK_IDLE || state == LINK_FETCHING;
}

gboolean
ui_is_linked(const struct ui *ui, guint account)
{
	return link_is_up(((const struct ui_account *)ui->accounts->pdata[account])->link);
}

gboolean
ui_waits(const struct ui *ui, const struct job *job)
{
	return job->verb == CMD_DOWNLOAD && (job->why || !ui_is_linked(ui, job->account));
}

const struct job *
ui_running(const struct ui *ui)
{
	GHashTableIter iter;
	gpointer value;
	const struct job *oldest = NULL;
	gint64 before = g_get_monotonic_time() - QUIET_FOR;

	g_hash_table_iter_init(&iter, ui->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct job *job = value;

		if (!job->quiet && *job->label && job->since < before && !ui_waits(ui, job) &&
		    (!oldest || job->since < oldest->since))
			oldest = job;
	}
	return oldest;
}

gboolean
ui_is_fetching(const struct ui *ui, msgid id)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, ui->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct job *job = value;

		if (job->message == id && (job->verb == CMD_TEXT || job->verb == CMD_PART))
			return TRUE;
	}
	return FALSE;
}

void
ui_cancel_jobs(struct ui *ui)
{
	g_autoptr(GList) jobs = g_hash_table_get_values(ui->jobs);
	guint n = ui_sweep_stop(ui);

	for (GList *at = jobs; at; at = at->next) {
		const struct job *job = at->data;
		struct command *command;

		/* What waits for a link does not run; Activity gives it up. */
		if (job->verb == CMD_CANCEL || ui_changes_mail(job->verb) || ui_waits(ui, job))
			continue;
		command = command_new(CMD_CANCEL, ui_account_id(ui, job->account));
		command->op = (gint64)job->id;
		n += !job->quiet;
		ui_send(ui, job->account, command, NULL, NULL);
	}
	if (n) {
		ui_say(ui, _("Called off"));
	} else {
		g_autofree char *key = ui_key_of(ui, VIEW_LIST, ACT_QUIT);

		ui_say(ui, _("Nothing is running; %s leaves"), key);
	}
}

void
ui_note(struct ui *ui, const char *line)
{
	g_autofree char *clock = format_clock(g_get_real_time() / G_USEC_PER_SEC, ui->now);
	g_autofree char *entry = g_strdup_printf("%s  %s", clock, line);
	guint n = ui->history->len;

	/* One trouble is told by the link, by what waited for it and by the notice to the person. */
	for (guint i = n > SAME_WITHIN ? n - SAME_WITHIN : 0; i < n; i++)
		if (!strcmp(ui->history->pdata[i], entry))
			return;
	if (n >= HISTORY_MAX)
		g_ptr_array_remove_index(ui->history, 0);
	g_ptr_array_add(ui->history, g_steal_pointer(&entry));
}

static int
account_number(const struct ui *ui, const char *id)
{
	for (guint i = 0; id && i < ui->accounts->len; i++)
		if (!strcmp(ui_account_id(ui, i), id))
			return (int)i;
	return -1;
}

static void
told_done(struct ui *ui, guint account, struct event *event)
{
	struct job *job = job_of(ui, event->command);
	gint64 key = (gint64)event->command;
	gpointer own_key;

	if (!job)
		return;
	g_hash_table_steal_extended(ui->jobs, &key, &own_key, NULL);
	g_free(own_key);
	/* What the person did shows at once. */
	if (ui_changes_mail(job->verb)) {
		list_settled(ui->list, job->id);
		ui->rows_stale = ui->folders_stale = TRUE;
		ui->refresh_pause = 0;
	}
	if (event->error && event->error->code != FULMAR_CANCELLED &&
	    !(job->quiet && event->error->code == FULMAR_UNSUPPORTED)) {
		g_autofree char *text = text_safe(event->error->message, -1);

		ui_note(ui, text);
	}
	job->free_user = NULL; /* done takes it */
	if (job->done)
		job->done(ui, job, event->error);
	else if (event->error && !job->quiet && event->error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", event->error->message);
	ui_job_free(job);
}

static void
told_step(struct ui *ui, guint account, struct event *event)
{
	struct job *job = job_of(ui, event->command);

	if (!job)
		return;
	job->step = event->id;
	g_free(job->said);
	job->said = event->text ? text_safe(event->text, -1) : NULL;
}

static void
told_back(struct ui *ui, guint account, struct event *event)
{
	struct job *job = job_of(ui, event->command);

	if (!job)
		return;
	job->back = event->id;
	job->folder = event->folder;
}

static void
told_progress(struct ui *ui, guint account, struct event *event)
{
	struct job *job = job_of(ui, event->command);

	if (!job)
		return;
	job->have = event->have;
	job->total = event->total;
	g_free(job->why);
	job->why = event->text ? text_safe(event->text, -1) : NULL;
}

static void
told_rows(struct ui *ui, guint account, struct event *event)
{
	if (account == ui->account && (!ui->folder || event->folder == ui->folder))
		ui->rows_stale = TRUE;
	ui->folders_stale = TRUE;
}

static void
told_folders(struct ui *ui, guint account, struct event *event)
{
	ui->folders_stale = TRUE;
	if (account == ui->account)
		ui->rows_stale = TRUE;
}

static void
told_link(struct ui *ui, guint n, struct event *event)
{
	struct ui_account *account = ui->accounts->pdata[n];
	enum link_state before = account->link;

	if (event->state != LINK_FETCHING)
		account->calm_until = 0;
	else if (before == LINK_IDLE)
		account->calm_until = g_get_monotonic_time() + QUIET_FOR;
	account->link = event->state;
	account->have = event->have;
	account->total = event->total;
	g_free(account->detail);
	account->detail = event->text ? text_safe(event->text, -1) : NULL;
	/* The person still looks at a text that the old link did not bring. */
	if (n == ui->account && !link_is_up(before) && link_is_up(event->state) && ui_top(ui) == ui->reader)
		reader_ask_again(ui);
	if (event->state == LINK_IDLE)
		ui_ask_quota(ui, n);
	if (event->state == LINK_ERROR && before != LINK_ERROR && account->detail)
		ui_note(ui, account->detail);
}

static void
told_queue(struct ui *ui, guint n, struct event *event)
{
	struct ui_account *account = ui->accounts->pdata[n];

	account->waiting = (gint64)event->have;
	account->failed = (gint64)event->total;
	ui_resume_downloads(ui, n);
	ui_undo_again(ui, n);
}

static void
secret_typed(struct ui *ui, const char *text, void *user)
{
	const char *id = user;
	struct command *command = command_new(CMD_SECRET, id);
	int account = account_number(ui, id);

	command->text = g_strdup(text);
	if (account >= 0)
		ui_send(ui, (guint)account, command, NULL, NULL);
	else
		command_free(command);
}

static void
told_ask(struct ui *ui, guint account, struct event *event)
{
	struct event *ask = event_new(EVENT_ASK, event->account);

	ask->text = g_strdup(event->text);
	g_ptr_array_add(ui->asks, ask);
}

void
ui_ask_secrets(struct ui *ui)
{
	g_autofree char *asked = NULL, *label = NULL;
	struct event *ask;

	if (!ui->asks->len || ui_is_typing(ui))
		return;
	ask = ui->asks->pdata[0];
	asked = text_safe(ask->text, -1);
	label = g_strdup_printf("%s:", *asked ? asked : _("Password"));
	ui_prompt(ui, label, "", PROMPT_SECRET, secret_typed, g_strdup(ask->account), g_free);
	g_ptr_array_remove_index(ui->asks, 0);
}

/* What is said of an account, with its name where there are several. Gives (g_free). */
static char *
of_account(const struct ui *ui, guint account, const char *text)
{
	return ui->accounts->len > 1 ? event_line(ui_account_id(ui, account), text) : g_strdup(text);
}

/* What was not done, and why. */
static void
told_failed(struct ui *ui, guint account, gint64 id, const char *why)
{
	struct store *store = ui_store(ui, account);
	struct store_op *op = store ? store_op(store, id, NULL) : NULL;
	g_autofree char *what = op_failed_text(op, ui_folders(ui, account), why),
	                *line = of_account(ui, account, what), *key = ui_key_of(ui, VIEW_LIST, ACT_ACTIVITY);

	ui_complain(ui, _("Not done: %s; %s: try again or give up"), line, key);
	if (op)
		store_op_free(op);
}

static void
told_notice(struct ui *ui, guint account, struct event *event)
{
	g_autofree char *text = text_safe(event->text, -1), *line = of_account(ui, account, text);

	if (event->id) {
		told_failed(ui, account, event->id, event->text);
		return;
	}
	if (event->error) {
		ui_complain(ui, "%s", line);
		return;
	}
	ui_note(ui, line);
	ui_say(ui, "%s", line);
}

static void
told_new_mail(struct ui *ui, guint account, struct event *event)
{
	guint n = (guint)MAX(event->have, 1);

	gint64 now = g_get_monotonic_time();

	/* What comes together rings once. */
	if (ui->conf->ui.bell && ui->term && now - ui->rung > G_USEC_PER_SEC) {
		term_bell(ui->term);
		ui->rung = now;
	}
	if (ui->accessible)
		ui_say(ui, ngettext("%u new message in %s", "%u new messages in %s", n), n,
		       ui_account_id(ui, account));
	ui->folders_stale = TRUE;
}

static void
told_body(struct ui *ui, guint account, struct event *event)
{
	if (event->id == reader_message(ui))
		reader_reload(ui);
}

/* Each connection tells the same of its server again. */
static gboolean
was_noted(const struct ui *ui, const char *line)
{
	for (guint i = 0; i < ui->history->len; i++)
		if (g_str_has_suffix(ui->history->pdata[i], line))
			return TRUE;
	return FALSE;
}

static void
told_fact(struct ui *ui, guint account, struct event *event)
{
	g_autofree char *name = text_safe(event->text, -1), *value = text_safe(event->text2, -1),
	                *fact = g_strdup_printf("%s: %s", name, value), *line = of_account(ui, account, fact);
	const struct job *job = job_of(ui, event->command);

	if (job && job->verb == CMD_ADMIN)
		ui_told_quota(ui, account, event->text, event->text2);
	else if (!was_noted(ui, line))
		ui_note(ui, line);
}

static void (*const tellers[])(struct ui *ui, guint account, struct event *event) = {
        [EVENT_DONE] = told_done,         [EVENT_PROGRESS] = told_progress, [EVENT_ROWS] = told_rows,
        [EVENT_FOLDERS] = told_folders,   [EVENT_LINK] = told_link,         [EVENT_QUEUE] = told_queue,
        [EVENT_ASK] = told_ask,           [EVENT_NOTICE] = told_notice,     [EVENT_FACT] = told_fact,
        [EVENT_NEW_MAIL] = told_new_mail, [EVENT_BODY] = told_body,         [EVENT_STEP] = told_step,
        [EVENT_BACK] = told_back,
};

void
ui_told(struct ui *ui, struct event *event)
{
	int account = account_number(ui, event->account);

	if (account >= 0) {
		if ((guint)event->kind < G_N_ELEMENTS(tellers) && tellers[event->kind])
			tellers[event->kind](ui, (guint)account, event);
		for (guint i = 0; i < ui->views->len; i++) {
			struct view *view = ui->views->pdata[i];

			if (view->ops->told)
				view->ops->told(ui, view, event);
		}
	}
	event_free(event);
}
