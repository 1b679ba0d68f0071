#include "app/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/prompt.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "core/account.h"

struct session {
	const struct app *app;
	struct bus *bus;
	GHashTable *accounts; /* ids of those started */
	GPtrArray *started;   /* struct account * */
	GHashTable *ended;    /* command id (gint64 *) → GError * or NULL, until waited for */
	gboolean progress;    /* a progress line stands on the terminal */
	gint64 shown;         /* when it was drawn, µs */
	guint64 changing;     /* the command that told is about, 0: none */
	struct session_told *told;
	void (*fact)(const char *account, const char *name, const char *value, void *user);
	void *fact_user;
	void (*rule)(const struct event *event, void *user);
	void *rule_user;
};

static void
free_error(gpointer error)
{
	if (error)
		g_error_free(error);
}

static gpointer
stop_account(gpointer account)
{
	account_stop(account);
	return NULL;
}

void
session_stop_all(GPtrArray *accounts)
{
	g_autoptr(GPtrArray) threads = g_ptr_array_new();

	for (guint i = 0; i < accounts->len; i++)
		g_ptr_array_add(threads, g_thread_new("stop", stop_account, g_ptr_array_index(accounts, i)));
	for (guint i = 0; i < threads->len; i++)
		g_thread_join(g_ptr_array_index(threads, i));
	g_ptr_array_set_size(accounts, 0);
}

struct session *
session_new(const struct app *app)
{
	struct session *session = g_new0(struct session, 1);

	session->app = app;
	session->bus = bus_new();
	session->accounts = g_hash_table_new(g_str_hash, g_str_equal);
	session->started = g_ptr_array_new();
	session->ended = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_error);
	return session;
}

static void
clear_progress(struct session *session)
{
	if (session->progress)
		fputs("\r\033[K", stderr);
	session->progress = FALSE;
}

void
session_free(struct session *session)
{
	clear_progress(session);
	session_stop_all(session->started);
	g_ptr_array_unref(session->started);
	g_hash_table_unref(session->accounts);
	bus_free(session->bus);
	g_hash_table_unref(session->ended);
	g_free(session);
}

struct account *
session_start_account(struct bus *bus, const struct app *app, const struct conf_account *account, guint flags,
                      GError **error)
{
	static const int ours[] = {SIGHUP, SIGINT, SIGTERM, SIGWINCH, SIGTSTP, SIGCONT};
	struct account *started;
	sigset_t blocked, before;

	sigemptyset(&blocked);
	for (guint i = 0; i < G_N_ELEMENTS(ours); i++)
		sigaddset(&blocked, ours[i]);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	if (!app_may_link(app, account))
		flags |= ACCOUNT_OFFLINE;
	started = account_start(bus, app->conf, account, flags, error);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

gboolean
session_start(struct session *session, const struct conf_account *settings, GError **error)
{
	guint flags = ACCOUNT_BATCH | (prompt_possible() ? 0 : ACCOUNT_NO_SECRETS);
	struct account *account;

	if (g_hash_table_contains(session->accounts, settings->id))
		return TRUE;
	account = session_start_account(session->bus, session->app, settings, flags, error);
	if (!account)
		return FALSE;
	g_hash_table_add(session->accounts, settings->id);
	g_ptr_array_add(session->started, account);
	return TRUE;
}

guint64
session_send(struct session *session, struct command *command)
{
	return bus_send(session->bus, command);
}

static void
answer_secret(struct session *session, const struct event *event)
{
	struct command *answer = command_new(CMD_SECRET, event->account);

	clear_progress(session);
	answer->text = prompt_secret(event->text);
	bus_send(session->bus, answer);
}

static void
show_notice(struct session *session, const struct event *event)
{
	g_autofree char *text = event_line(event->account, event->text);

	clear_progress(session);
	report_error(text);
}

#define PROGRESS_EVERY 100000 /* µs */

static void
show_progress(struct session *session, const struct event *event)
{
	gint64 now = g_get_monotonic_time();
	g_autofree char *text = NULL;

	if (!isatty(STDERR_FILENO) || now - session->shown < PROGRESS_EVERY)
		return;
	session->shown = now;
	session->progress = TRUE;
	if (event->total)
		text = g_strdup_printf(_("%s: %llu of %llu"), event->account, (unsigned long long)event->have,
		                       (unsigned long long)event->total);
	else
		text = g_strdup_printf("%s: %llu", event->account, (unsigned long long)event->have);
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
}

static void
take_end(struct session *session, struct event *event)
{
	gint64 *id = g_new(gint64, 1);

	*id = (gint64)event->command;
	g_hash_table_insert(session->ended, id, g_steal_pointer(&event->error));
}

static void
take_told(struct session *session, struct event *event)
{
	struct session_told *told = session->told;

	if (!told || event->command != session->changing)
		return;
	if (event->kind == EVENT_NEW_ID) {
		g_ptr_array_add(told->ids,
		                g_strdup_printf("%s:%" G_GINT64_FORMAT,
		                                event->text ? event->text : event->account, event->id));
		return;
	}
	told->step = event->id;
	g_free(told->text);
	told->text = g_steal_pointer(&event->text);
}

static void
handle_event(struct session *session, struct event *event)
{
	switch (event->kind) {
	case EVENT_DONE:
		take_end(session, event);
		break;
	case EVENT_PROGRESS:
		show_progress(session, event);
		break;
	case EVENT_ASK:
		answer_secret(session, event);
		break;
	case EVENT_NOTICE:
		show_notice(session, event);
		break;
	case EVENT_FACT:
		if (session->fact)
			session->fact(event->account, event->text, event->text2, session->fact_user);
		break;
	case EVENT_STEP:
	case EVENT_NEW_ID:
		take_told(session, event);
		break;
	case EVENT_RULE:
		if (session->rule)
			session->rule(event, session->rule_user);
		break;
	case EVENT_ROWS:
	case EVENT_FOLDERS:
	case EVENT_LINK:
	case EVENT_QUEUE:
	case EVENT_BACK:
	case EVENT_NEW_MAIL:
	case EVENT_BODY:
		break;
	}
	event_free(event);
}

static void
wait_events(struct session *session)
{
	struct pollfd fd = {bus_fd(session->bus), POLLIN, 0};
	struct event *event = bus_next(session->bus);

	if (!event) {
		poll(&fd, 1, -1);
		event = bus_next(session->bus);
	}
	for (; event; event = bus_next(session->bus))
		handle_event(session, event);
}

gboolean
session_wait(struct session *session, guint64 id, GError **error)
{
	gint64 key = (gint64)id;
	gpointer old_key, old_value;

	while (!g_hash_table_contains(session->ended, &key))
		wait_events(session);
	clear_progress(session);
	g_hash_table_steal_extended(session->ended, &key, &old_key, &old_value);
	g_free(old_key);
	if (old_value)
		g_propagate_error(error, old_value);
	return old_value == NULL;
}

gboolean
session_do(struct session *session, struct command *command, GError **error)
{
	return session_wait(session, session_send(session, command), error);
}

void
session_told_clear(struct session_told *told)
{
	g_clear_pointer(&told->text, g_free);
	g_clear_pointer(&told->ids, g_ptr_array_unref);
}

gboolean
session_change(struct session *session, struct command *command, struct session_told *told, GError **error)
{
	gboolean ok;

	*told = (struct session_told){0, NULL, g_ptr_array_new_with_free_func(g_free)};
	session->told = told;
	session->changing = session_send(session, command);
	ok = session_wait(session, session->changing, error);
	session->told = NULL;
	session->changing = 0;
	return ok;
}

void
session_on_rule(struct session *session, void (*rule)(const struct event *event, void *user), void *user)
{
	session->rule = rule;
	session->rule_user = user;
}

void
session_on_fact(struct session *session,
                void (*fact)(const char *account, const char *name, const char *value, void *user),
                void *user)
{
	session->fact = fact;
	session->fact_user = user;
}
