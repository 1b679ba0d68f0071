#include "base/error.h"
#include "base/i18n.h"
#include "model/op-text.h"
#include "ui/ui-private.h"

/* Taking back what was done last. The steps are the store's: those of the last start count too, and of
 * several accounts the newest comes first. A change that is on its way to the server at this moment is taken
 * back when it got there. */

#define WAIT_FOR (30 * G_USEC_PER_SEC)

struct errand {
	gint64 step;     /* 0: the newest */
	guint64 presses; /* of ui when it was asked for: who pressed a key since keeps the cursor */
	char *text;      /* what it was, or NULL */
};

static void
errand_free(gpointer data)
{
	struct errand *errand = data;

	g_free(errand->text);
	g_free(errand);
}

/* The account whose newest change is not known to the store yet, or -1. */
static int
account_at_work(const struct ui *ui)
{
	GHashTableIter iter;
	gpointer value;
	const struct job *last = NULL;

	g_hash_table_iter_init(&iter, ui->jobs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct job *job = value;

		if (ui_changes_mail(job->verb) && !job->automatic && (!last || job->id > last->id))
			last = job;
	}
	return last ? (int)last->account : -1;
}

/* The newest step of an account, or NULL. Gives (store_undo_free). */
static struct store_undo *
newest_of(struct ui *ui, guint account)
{
	struct store *store = ui_store(ui, account);
	g_autoptr(GError) error = NULL;
	struct store_undo *undo = store ? store_last_undo(store, &error) : NULL;

	if (error)
		ui_complain(ui, "%s", error->message);
	return undo;
}

/* The newest step of all accounts; FALSE: there is none. */
static gboolean
find_newest(struct ui *ui, guint *account, struct errand *errand)
{
	gint64 newest = G_MININT64;

	for (guint i = 0; i < ui->accounts->len; i++) {
		struct store_undo *undo = newest_of(ui, i);

		if (undo && undo->when > newest) {
			newest = undo->when;
			*account = i;
			errand->step = undo->id;
			g_free(errand->text);
			errand->text = undo_text(undo);
		}
		if (undo)
			store_undo_free(undo);
	}
	return newest != G_MININT64;
}

/* A change of the account is on its way to the server. */
static gboolean
is_under_way(struct ui *ui, guint account)
{
	struct store *store = ui_store(ui, account);

	return store && store_ops_are_running(store);
}

/* TRUE: it is tried again when the journal has moved on. */
static gboolean
wait_for_it(struct ui *ui, const struct job *job)
{
	const struct errand *errand = job->user;
	gint64 now = g_get_monotonic_time();
	struct store_undo *newest = errand->step ? NULL : newest_of(ui, job->account);
	gint64 step = newest ? newest->id : errand->step;

	if (newest)
		store_undo_free(newest);
	if (!step || (ui->undo_step == step && now > ui->undo_until))
		return FALSE;
	if (ui->undo_step != step)
		ui->undo_until = now + WAIT_FOR;
	ui->undo_step = step;
	ui->undo_account = job->account;
	ui->undo_presses = errand->presses;
	ui_say(ui, _("It is on its way to the server: taken back as soon as it is there"));
	return TRUE;
}

/* The cursor goes to what is back, and the reader with it. */
static void
look_at(struct ui *ui, const struct job *job)
{
	const struct errand *errand = job->user;
	g_autoptr(GError) error = NULL;

	if (!job->back || job->account != ui->account || job->folder != ui->folder ||
	    errand->presses != ui->presses)
		return;
	if (!list_to_message(ui->list, job->back, &error))
		return; /* it has gone again since */
	if (ui_base(ui) == ui->reader)
		reader_show(ui, ui->account, job->back, FALSE);
}

static void
undone(struct ui *ui, const struct job *job, const GError *error)
{
	struct errand *errand = job->user;

	if (error && error->code == FULMAR_FAILED && is_under_way(ui, job->account) && wait_for_it(ui, job)) {
		errand_free(errand);
		return;
	}
	ui->undo_step = 0;
	if (!error)
		look_at(ui, job);
	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error && job->said && *job->said)
		ui_say(ui, "%s", job->said);
	else if (!error)
		ui_say(ui, _("Undone: %s"), errand->text ? errand->text : _("the last change"));
	errand_free(errand);
}

/* Takes errand. */
static void
send_undo(struct ui *ui, guint account, gint64 step, struct errand *errand)
{
	struct command *command = command_new(CMD_UNDO, ui_account_id(ui, account));
	struct job *job;

	command->op = step;
	job = ui_send(ui, account, command, "", undone);
	if (job) {
		job->user = errand;
		job->free_user = errand_free;
	} else {
		errand_free(errand);
	}
}

void
ui_undo(struct ui *ui, guint account, gint64 step)
{
	struct errand *errand = g_new0(struct errand, 1);
	int at_work = account_at_work(ui);

	errand->step = step;
	errand->presses = ui->presses;
	if (!step && at_work >= 0) {
		account = (guint)at_work;
	} else if (!step && !find_newest(ui, &account, errand)) {
		ui_say(ui, _("Nothing to undo"));
		errand_free(errand);
		return;
	}
	send_undo(ui, account, step, errand);
}

void
ui_undo_again(struct ui *ui, guint account)
{
	struct errand *errand;

	if (!ui->undo_step || ui->undo_account != account || account_at_work(ui) >= 0)
		return;
	errand = g_new0(struct errand, 1);
	errand->step = ui->undo_step;
	errand->presses = ui->undo_presses;
	send_undo(ui, account, ui->undo_step, errand);
}
