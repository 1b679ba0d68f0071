#include <string.h>
#include <sys/wait.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "core/account-private.h"

/* The person's own command for new mail. It runs beside the account's thread, nobody waits for it, and there
 * is one at a time: what comes meanwhile is told together when it has ended. */

enum { FOLD_MS = 1000, RECENT = 30, NOT_FOUND = 127 /* says the shell */ };

struct job_announce {
	struct account *account; /* of its thread alone; NULL once nobody cares */
	GMainContext *context;   /* until the job's thread takes it */
	gint refs;
	char *command;
	char **env;
	char *complaint;
};

static void announce_soon(struct account *a);

static void
job_unref(struct job_announce *job)
{
	if (!g_atomic_int_dec_and_test(&job->refs))
		return;
	g_free(job->command);
	g_strfreev(job->env);
	g_free(job->complaint);
	g_free(job);
}

/* Why it fails is said once, not with every mail. */
static void
complain(struct account *a, const char *complaint)
{
	struct event *event;

	log_note(LOG_SYNC, "%s: %s", a->settings->id, complaint);
	if (!g_strcmp0(a->announce_trouble, complaint))
		return;
	g_free(a->announce_trouble);
	a->announce_trouble = g_strdup(complaint);
	event = account_event(a, EVENT_NOTICE);
	event->text = g_strdup(complaint);
	fulmar_fail(&event->error, FULMAR_FAILED, "%s", complaint);
	account_post(a, event);
}

static gboolean
job_done(gpointer user)
{
	struct job_announce *job = user;
	struct account *a = job->account;

	if (!a)
		return G_SOURCE_REMOVE;
	if (job->complaint)
		complain(a, job->complaint);
	a->announcing = NULL;
	job->account = NULL;
	job_unref(job); /* the account's */
	if (a->news)
		announce_soon(a);
	return G_SOURCE_REMOVE;
}

/* Why a command ended so; NULL: well. Gives (g_free). */
static char *
fault_of(int status)
{
	if (WIFSIGNALED(status))
		return g_strdup_printf(_("signal %d"), WTERMSIG(status));
	if (!WIFEXITED(status) || !WEXITSTATUS(status))
		return NULL;
	if (WEXITSTATUS(status) == NOT_FOUND)
		return g_strdup(_("a program was not found"));
	return g_strdup_printf(_("exit status %d"), WEXITSTATUS(status));
}

/* What there is to say of it; NULL: nothing. Gives (g_free). */
static char *
run_command(const struct job_announce *job)
{
	static const char option[] = "new-mail-command";
	const char *argv[] = {"/bin/sh", "-c", job->command, NULL};
	g_autoptr(GError) error = NULL;
	g_autofree char *fault = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, (char **)argv, job->env,
	                  G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
	                  &status, &error))
		return g_strdup_printf(_("%s cannot run: %s"), option, error->message);
	fault = fault_of(status);
	return fault ? g_strdup_printf(_("%s failed (%s); try it in a shell"), option, fault) : NULL;
}

/* Touches nothing of the account, which may be gone when the command ends. */
static gpointer
job_run(gpointer user)
{
	struct job_announce *job = user;
	g_autoptr(GMainContext) context = g_steal_pointer(&job->context);
	g_autoptr(GSource) source = g_idle_source_new();

	job->complaint = run_command(job);
	g_atomic_int_inc(&job->refs); /* the source's */
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, job_done, job, (GDestroyNotify)job_unref);
	g_source_attach(source, context);
	job_unref(job);
	return NULL;
}

/* ---- what it is told ---- */

static char **
set(char **env, const char *name, const char *value)
{
	g_autofree char *safe = text_safe(value, -1);

	return g_environ_setenv(env, name, safe, TRUE);
}

/* The unread message that came into the store last, of those at the top of the folder. NULL: none. */
static struct store_row *
newest(struct account *a)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	struct store_row *found = NULL;
	guint at = 0;

	if (!store_rows(a->store, a->news_folder, NULL, TRUE, RECENT, rows, NULL))
		return NULL;
	for (guint i = 0; i < rows->len; i++) {
		struct store_row *row = rows->pdata[i];

		if (row->flags & FLAG_SEEN || (found && row->id < found->id))
			continue;
		found = row;
		at = i;
	}
	return found ? g_ptr_array_steal_index(rows, at) : NULL;
}

static const char *
sender(const struct store_row *row)
{
	const struct mime_address *from = row && row->from->len ? row->from->pdata[0] : NULL;

	if (!from)
		return "";
	return *from->name ? from->name : from->email;
}

static char **
environment(struct account *a)
{
	struct store_folder *folder = store_folder_by_id(a->store, a->news_folder, NULL);
	struct store_row *row = newest(a);
	g_autofree char *count = g_strdup_printf("%u", a->news);
	char **env = g_get_environ();

	env = set(env, "FULMAR_ACCOUNT", a->settings->id);
	env = set(env, "FULMAR_FOLDER", folder ? folder->path : "");
	env = set(env, "FULMAR_COUNT", count);
	env = set(env, "FULMAR_FROM", sender(row));
	env = set(env, "FULMAR_SUBJECT", row ? row->subject : "");
	g_clear_pointer(&folder, store_folder_free);
	g_clear_pointer(&row, store_row_free);
	return env;
}

/* ---- when ---- */

static gboolean
announce(gpointer user)
{
	struct account *a = user;
	struct job_announce *job = g_new0(struct job_announce, 1);

	loop_drop(&a->announce_wait);
	job->account = a;
	job->context = g_main_context_ref(a->context);
	job->refs = 2;
	job->command = g_strdup(a->conf->ui.new_mail_command);
	job->env = environment(a);
	a->news = 0;
	a->announcing = job;
	g_thread_unref(g_thread_new("new-mail-command", job_run, job));
	return G_SOURCE_REMOVE;
}

static void
announce_soon(struct account *a)
{
	if (!a->announcing && !a->announce_wait)
		loop_after(&a->announce_wait, a->context, FOLD_MS, announce, a);
}

/* TRUE for a folder that new mail comes to, rather than what was sent, filed or thrown away. */
static gboolean
is_due(struct account *a, gint64 folder)
{
	static const char *const others[] = {"sent", "drafts", "trash",   "archive",
	                                     "junk", "all",    "flagged", NULL};
	struct store_folder *f = store_folder_by_id(a->store, folder, NULL);
	gboolean due = f && !g_strv_contains(others, f->role);

	g_clear_pointer(&f, store_folder_free);
	return due;
}

static void
announce_mail(struct account *a, gint64 folder, guint n)
{
	if (!a->conf->ui.new_mail_command || a->flags & ACCOUNT_BATCH)
		return;
	a->news += n;
	a->news_folder = folder;
	announce_soon(a);
}

void
announce_arrival(struct account *a, gint64 folder, guint n)
{
	struct event *event;

	if (!n || !is_due(a, folder))
		return;
	event = account_event(a, EVENT_NEW_MAIL);
	event->folder = folder;
	event->have = n;
	account_post(a, event);
	announce_mail(a, folder, n);
}

void
announce_stop(struct account *a)
{
	loop_drop(&a->announce_wait);
	g_clear_pointer(&a->announce_trouble, g_free);
	if (!a->announcing)
		return;
	a->announcing->account = NULL;
	job_unref(g_steal_pointer(&a->announcing));
}
