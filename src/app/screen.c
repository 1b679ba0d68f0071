#include "app/screen.h"

#include <string.h>

#include "app/report.h"
#include "app/session.h"
#include "base/error.h"
#include "base/i18n.h"
#include "core/account.h"
#include "ui/ui.h"

struct screen {
	const struct app *app;
	struct bus *bus;
	GPtrArray *stores;  /* struct store * or NULL, one place per account */
	GPtrArray *started; /* struct account * */
};

static void
notice(struct screen *screen, const char *account, const GError *error)
{
	struct event *event = event_new(EVENT_NOTICE, account);

	event->text = g_strdup(error->message);
	event->error = g_error_copy(error);
	bus_post(screen->bus, event);
}

static struct store *
open_store(guint n, void *user)
{
	struct screen *screen = user;
	g_autoptr(GError) error = NULL;
	struct store *store = app_store(g_ptr_array_index(screen->app->conf->accounts, n), &error);

	if (error)
		notice(screen,
		       ((const struct conf_account *)g_ptr_array_index(screen->app->conf->accounts, n))->id,
		       error);
	return store;
}

static void
start_accounts(void *user)
{
	struct screen *screen = user;
	const GPtrArray *accounts = screen->app->conf->accounts;

	for (guint i = 0; i < accounts->len; i++) {
		const struct conf_account *settings = g_ptr_array_index(accounts, i);
		g_autoptr(GError) error = NULL;
		struct account *account =
		        session_start_account(screen->bus, screen->app, settings, 0, &error);

		if (account)
			g_ptr_array_add(screen->started, account);
		else
			notice(screen, settings->id, error);
	}
}

static void
screen_init(struct screen *screen, const struct app *app)
{
	screen->app = app;
	screen->bus = bus_new();
	screen->stores = g_ptr_array_new();
	screen->started = g_ptr_array_new();
	g_ptr_array_set_size(screen->stores, (int)app->conf->accounts->len);
}

static void
screen_clear(struct screen *screen)
{
	session_stop_all(screen->started);
	for (guint i = 0; i < screen->stores->len; i++)
		if (g_ptr_array_index(screen->stores, i))
			store_close(g_ptr_array_index(screen->stores, i));
	g_ptr_array_unref(screen->started);
	g_ptr_array_unref(screen->stores);
	bus_free(screen->bus);
}

static struct ui_params
screen_params(struct screen *screen, const char *target, gboolean demo)
{
	struct ui_params params = {
	        .bus = screen->bus,
	        .conf = screen->app->conf,
	        .stores = screen->stores,
	        .open_store = open_store,
	        .started = start_accounts,
	        .user = screen,
	        .target = target,
	        .offline = screen->app->cli.offline,
	        .demo = demo,
	};

	return params;
}

int
screen_run(const struct app *app, const char *target, gboolean demo)
{
	struct screen screen;
	struct ui_params params;
	GError *error = NULL;
	int status;

	screen_init(&screen, app);
	params = screen_params(&screen, target, demo);
	status = ui_run(&params, &error);
	screen_clear(&screen);
	return error ? app_fail(error) : status;
}

int
screen_print(const struct app *app, const char *target, gboolean demo)
{
	struct screen screen;
	struct ui_params params;
	g_autofree char *text = NULL;
	GError *error = NULL;

	screen_init(&screen, app);
	params = screen_params(&screen, target, demo);
	text = ui_first_screen_text(&params, 80, 24, &error);
	screen_clear(&screen);
	if (!text)
		return app_fail(error);
	report_write(text, strlen(text));
	return FULMAR_OK;
}

int
command_screen(struct app *app)
{
	const char *target = app->cli.words->len ? g_ptr_array_index(app->cli.words, 0) : NULL;
	const char *folder;
	GError *error = NULL;

	if (!app->conf->accounts->len) {
		g_autofree char *text = g_strdup_printf(_("there is no account yet; write one into %s (see "
		                                          "fulmar.conf(5)), or look at “fulmar demo”"),
		                                        app->conf->file);

		report_error(text);
		return FULMAR_USAGE;
	}
	if (target && !app_target(app, target, &folder, &error))
		return app_fail(error);
	return screen_run(app, target, FALSE);
}
