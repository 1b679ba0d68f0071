/* fulmar sync: every account at once, each its folders; then one line per account. */
#include "app/app.h"
#include "app/ready.h"
#include "app/report.h"
#include "app/session.h"
#include "app/settle.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/idset.h"

/* One TARGET, or an account as a whole. */
struct job {
	const struct conf_account *account;
	const char *path;     /* NULL: all folders */
	gint64 folder;        /* its id; 0: all */
	guint64 replay, sync; /* commands under way, 0: none */
	GHashTable *failed;   /* ops that had been refused before */
	GError *error;
};

static void
job_fail(struct job *job, GError *error)
{
	if (job->error)
		g_error_free(error);
	else
		job->error = error;
}

static gint64
folder_id(const struct app *app, struct session *session, const struct job *job, GError **error)
{
	struct store *store = ready_store(app, session, job->account, error);
	struct store_folder *folder =
	        store ? ready_find(app, session, job->account, store, job->path, error) : NULL;
	gint64 id = folder ? folder->id : 0;

	if (folder)
		store_folder_free(folder);
	if (store)
		store_close(store);
	return id;
}

/* Adds what was refused to job->failed. Returns how many of them were not there; *why (gives): for what
 * reason the last one was. */
static guint
note_failed(struct job *job, char **why)
{
	enum { ALL = 100000 };
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct store *store = app_store(job->account, NULL);
	guint n = 0, total;

	if (store) {
		store_ops_shown(store, TRUE, ALL, ops, &total, NULL); /* read_totals tells its errors */
		store_close(store);
	}
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		if (!idset_add(job->failed, op->id))
			continue;
		g_free(*why);
		*why = g_strdup(op->error);
		n++;
	}
	return n;
}

static void
job_start(const struct app *app, struct session *session, struct job *job)
{
	g_autofree char *why = NULL;
	GError *error = NULL;

	job->failed = idset_new();
	note_failed(job, &why);
	if (!app_may_link(app, job->account)) {
		fulmar_fail(&job->error, FULMAR_NO_LINK,
		            _("%s cannot be synchronised with --offline; run it without"), job->account->id);
		return;
	}
	if (!session_start(session, job->account, &error) ||
	    (job->path && !(job->folder = folder_id(app, session, job, &error)))) {
		job_fail(job, error);
		return;
	}
	job->replay = session_send(session, command_new(CMD_REPLAY, job->account->id));
}

/* Without a link there is nothing more to try. */
static gboolean
is_final(const GError *error)
{
	int status = fulmar_error_status(error);

	return status == FULMAR_NO_LINK || status == FULMAR_AUTH || status == FULMAR_CERT;
}

/* What waited goes out first: what is fetched then has it already. */
static void
job_sync(struct session *session, struct job *job)
{
	struct command *command;
	GError *error = NULL;

	if (!job->replay)
		return;
	if (!session_wait(session, job->replay, &error))
		job_fail(job, error);
	if (is_final(job->error))
		return;
	/* The mail comes all the same. */
	if (job->error)
		job->error->code = FULMAR_PARTLY;
	command = command_new(CMD_SYNC, job->account->id);
	command->folder = job->folder;
	job->sync = session_send(session, command);
}

static void
job_wait(struct session *session, struct job *job)
{
	GError *error = NULL;

	if (!job->sync || session_wait(session, job->sync, &error))
		return;
	g_clear_error(&job->error);
	job->error = error;
}

struct totals {
	gint64 total, unread, waiting, failed;
};

static gboolean
read_totals(const struct job *job, struct totals *totals, GError **error)
{
	struct store *store = app_store(job->account, error);
	g_autoptr(GPtrArray) folders = store ? store_folders(store, error) : NULL;

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = g_ptr_array_index(folders, i);

		if (job->path && g_strcmp0(job->path, folder->path) != 0)
			continue;
		totals->total += folder->total;
		totals->unread += folder->unread;
	}
	if (folders)
		totals->waiting = store_ops_waiting(store, &totals->failed);
	if (store)
		store_close(store);
	return folders != NULL;
}

static void
report_json(const struct job *job, const struct totals *totals)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "account", job->account->id);
	json_text(out, "folder", job->path);
	json_int(out, "total", totals->total);
	json_int(out, "unread", totals->unread);
	json_int(out, "waiting", totals->waiting);
	json_int(out, "failed", totals->failed);
	json_int(out, "status", fulmar_error_status(job->error));
	json_text(out, "error", job->error ? job->error->message : NULL);
	json_close(out, '}');
	report_line(out->str);
}

static void
report_text(const struct job *job, const struct totals *totals)
{
	g_autoptr(GString) line = g_string_new(job->account->id);

	if (job->path)
		g_string_append_printf(line, "/%s", job->path);
	g_string_append_printf(line,
	                       ngettext(": up to date, %lld mail, %lld new",
	                                ": up to date, %lld mails, %lld new", (gulong)totals->total),
	                       (long long)totals->total, (long long)totals->unread);
	if (totals->waiting)
		g_string_append_printf(line, _(", %lld waiting"), (long long)totals->waiting);
	if (totals->failed)
		g_string_append_printf(line, _(", %lld failed"), (long long)totals->failed);
	report_safe_line(line->str);
}

/* What is refused from now on is known: only this run ends with its status. */
static void
look_for_refusals(struct job *job)
{
	g_autofree char *why = NULL;
	guint n = job->error ? 0 : note_failed(job, &why);

	if (n == 1)
		fulmar_fail(&job->error, FULMAR_PARTLY, _("%s refused the change: %s; “fulmar queue” has it"),
		            job->account->id, why ? why : "");
	else if (n > 1)
		fulmar_fail(&job->error, FULMAR_PARTLY,
		            _("%s refused %u changes, the last: %s; “fulmar queue” has them"),
		            job->account->id, n, why ? why : "");
}

static int
job_report(const struct app *app, struct job *job)
{
	struct totals totals = {0};
	gboolean up_to_date;
	GError *error = NULL;

	if (!read_totals(job, &totals, &error) && error)
		job_fail(job, error);
	up_to_date = !job->error;
	look_for_refusals(job);
	g_hash_table_unref(job->failed);
	if (app->cli.json)
		report_json(job, &totals);
	else if (up_to_date)
		report_text(job, &totals);
	return job->error ? app_fail(g_steal_pointer(&job->error)) : FULMAR_OK;
}

static gboolean
add_jobs(const struct app *app, GArray *jobs, GError **error)
{
	for (guint i = 0; i < app->cli.words->len; i++) {
		struct job job = {0};

		job.account = app_target(app, g_ptr_array_index(app->cli.words, i), &job.path, error);
		if (!job.account)
			return FALSE;
		g_array_append_val(jobs, job);
	}
	for (guint i = 0; !app->cli.words->len && i < app->conf->accounts->len; i++) {
		struct job job = {.account = g_ptr_array_index(app->conf->accounts, i)};

		g_array_append_val(jobs, job);
	}
	return TRUE;
}

int
command_sync(struct app *app)
{
	g_autoptr(GArray) jobs = g_array_new(FALSE, TRUE, sizeof(struct job));
	g_autoptr(GPtrArray) accounts = g_ptr_array_new();
	struct session *session;
	GError *error = NULL;
	int status = FULMAR_OK;

	if (!add_jobs(app, jobs, &error))
		return app_fail(error);
	session = session_new(app);
	for (guint i = 0; i < jobs->len; i++)
		job_start(app, session, &g_array_index(jobs, struct job, i));
	for (guint i = 0; i < jobs->len; i++)
		job_sync(session, &g_array_index(jobs, struct job, i));
	for (guint i = 0; i < jobs->len; i++)
		job_wait(session, &g_array_index(jobs, struct job, i));
	for (guint i = 0; i < jobs->len; i++)
		g_ptr_array_add(accounts, (gpointer)g_array_index(jobs, struct job, i).account);
	settle_transfers(app, session, accounts);
	for (guint i = 0; i < jobs->len; i++)
		app_add_status(&status, i == 0, job_report(app, &g_array_index(jobs, struct job, i)));
	session_free(session);
	return status;
}
