#include <string.h>
#include <sys/wait.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account-private.h"

/* Where passwords and tokens come from: the file, a command, or the person; once for all lanes, until one of
 * them is refused with it. A command runs beside the account's thread: it may ask for a passphrase and take
 * minutes. */

enum { REFUSALS_AT_MOST = 3 };

struct job_secret {
	struct account *account; /* of its thread alone; NULL once nobody waits */
	GMainContext *context;   /* until the job's thread takes it */
	gint refs;
	const char *option; /* the configuration's name for it */
	char *command;
	char *secret, *complaint;
};

static void
give(struct lane *lane, const char *secret, const char *why)
{
	lane->answered = TRUE;
	lane->account->ops->secret(lane->backend, secret, why);
}

/* Answers all that wait. */
static void
deliver(struct account *a, const char *secret, const char *why)
{
	guint wanting = a->wanting;

	a->wanting = 0;
	for (guint n = 0; n < LANES; n++)
		if (wanting & 1u << n)
			give(&a->lanes[n], secret, why);
}

static void
remember(struct account *a, const char *secret)
{
	text_wipe(&a->secret);
	a->secret = g_strdup(secret);
}

void
secret_forget(struct account *a)
{
	text_wipe(&a->secret);
}

static void
job_unref(struct job_secret *job)
{
	if (!g_atomic_int_dec_and_test(&job->refs))
		return;
	g_free(job->command);
	text_wipe(&job->secret);
	g_free(job->complaint);
	g_free(job);
}

static gboolean
job_done(gpointer user)
{
	struct job_secret *job = user;
	struct account *a = job->account;

	if (!a)
		return G_SOURCE_REMOVE;
	a->job = NULL;
	job->account = NULL;
	remember(a, job->secret);
	deliver(a, job->secret, job->complaint);
	job_unref(job); /* the account's */
	return G_SOURCE_REMOVE;
}

static void
run_command(struct job_secret *job)
{
	const char *argv[] = {"/bin/sh", "-c", job->command, NULL};
	g_autofree char *out = NULL;
	g_autofree char *err = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status,
	                  &error)) {
		job->complaint = g_strdup_printf(_("%s cannot run: %s"), job->option, error->message);
	} else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		job->complaint =
		        g_strdup_printf(_("%s failed (%s); try it in a shell"), job->option, g_strstrip(err));
	} else {
		out[strcspn(out, "\r\n")] = '\0';
		if (*out)
			job->secret = g_steal_pointer(&out);
		else
			job->complaint = g_strdup_printf(
			        _("%s printed nothing; its first line is the secret"), job->option);
	}
}

/* Touches nothing of the account, which may be gone when the command ends. */
static gpointer
job_run(gpointer user)
{
	struct job_secret *job = user;
	g_autoptr(GMainContext) context = g_steal_pointer(&job->context);
	g_autoptr(GSource) source = g_idle_source_new();

	run_command(job);
	g_atomic_int_inc(
	        &job->refs); /* the source's; what was written above is seen by whoever lets go last */
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, job_done, job, (GDestroyNotify)job_unref);
	g_source_attach(source, context);
	job_unref(job);
	return NULL;
}

static void
start_job(struct account *a, const char *option, const char *command)
{
	struct job_secret *job = g_new0(struct job_secret, 1);

	job->account = a;
	job->context = g_main_context_ref(a->context);
	job->refs = 2;
	job->option = option;
	job->command = g_strdup(command);
	a->job = job;
	g_thread_unref(g_thread_new("password-command", job_run, job));
}

void
secret_stop(struct account *a)
{
	secret_forget(a);
	if (!a->job)
		return;
	a->job->account = NULL;
	job_unref(g_steal_pointer(&a->job));
}

static void
ask_person(struct account *a, const char *prompt)
{
	struct event *event = account_event(a, EVENT_ASK);

	a->asked = a->asking = TRUE;
	event->text = g_strdup(prompt);
	account_post(a, event);
}

void
secret_find(struct lane *lane, const char *prompt)
{
	struct account *a = lane->account;
	const struct conf_account *s = a->settings;
	g_autofree char *known = NULL;

	a->wanting |= 1u << lane->number;
	if (lane->answered)
		secret_forget(a); /* what this link was given was refused: a token that has ended */
	if (a->job || a->asking)
		return; /* the answer will be for this one too */
	known = g_strdup(a->secret);
	if (known)
		deliver(a, known, NULL);
	else if (s->oauth_token_command)
		start_job(a, "oauth-token-command", s->oauth_token_command);
	else if (s->password)
		deliver(a, s->password, NULL);
	else if (s->password_command)
		start_job(a, "password-command", s->password_command);
	else if (a->flags & ACCOUNT_NO_SECRETS)
		deliver(a, NULL, NULL);
	else
		ask_person(a, prompt);
	text_wipe(&known);
}

void
secret_answer(struct account *a, const char *secret)
{
	a->asking = FALSE;
	a->called_off = !secret;
	remember(a, secret);
	deliver(a, secret, NULL);
}

gboolean
secret_asks_again(struct account *a)
{
	gboolean again =
	        a->asked && !a->called_off && ++a->refusals < REFUSALS_AT_MOST && !(a->flags & ACCOUNT_BATCH);

	if (!again)
		a->refusals = 0;
	return again;
}
