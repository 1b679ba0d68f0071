/* fulmar demo: the screen on a throw-away Maildir in a private temporary folder. No network, no configuration
 * touched. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "app/app.h"
#include "app/demo-mail.h"
#include "app/report.h"
#include "app/screen.h"
#include "app/session.h"
#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"

#define DEMO_ACCOUNT "demo"
#define DEMO_ADDRESS "mara@harbour.example"

static const struct demo_mail *const tables[] = {demo_threads, demo_inbox, demo_lists, demo_other};

/* Everything that would be written goes below dir. Before the first thread: the environment belongs to the
 * process. */
static void
redirect(const char *dir)
{
	static const char *const variables[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
	                                        "XDG_CACHE_HOME"};

	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		g_autofree char *place = g_build_filename(dir, variables[i], NULL);

		g_setenv(variables[i], place, TRUE);
	}
}

static gboolean
make_folder(const char *root, const char *folder, char **dir, GError **error)
{
	static const char *const subdirs[] = {"cur", "new", "tmp"};
	g_autofree char *dotted = g_strdelimit(g_strconcat(".", folder, NULL), "/", '.');

	*dir = strcmp(folder, "INBOX") == 0 ? g_strdup(root) : g_build_filename(root, dotted, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *subdir = g_build_filename(*dir, subdirs[i], NULL);

		if (!files_make_private_dir(subdir, error))
			return FALSE;
	}
	return TRUE;
}

static void
append_day(GString *out, gint64 now, int days)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(now + (gint64)days * 86400);
	g_autofree char *day = g_date_time_format(when, "%Y%m%d");

	g_string_append(out, day);
}

/* Date field and text; "@+N@" becomes a day. */
static char *
complete_text(const struct demo_mail *mail, gint64 now, gint64 then)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(then);
	g_autofree char *rest = g_date_time_format(when, "%Y %H:%M:%S %z");
	GString *out = g_string_new(NULL);
	const char *at = mail->text, *mark;

	g_string_append_printf(out, "Date: %s, %d %s %s\n", days[g_date_time_get_day_of_week(when) - 1],
	                       g_date_time_get_day_of_month(when), months[g_date_time_get_month(when) - 1],
	                       rest);
	while ((mark = strstr(at, "@+"))) {
		char *end;
		int days_on = (int)g_ascii_strtoll(mark + 2, &end, 10);

		g_string_append_len(out, at, mark - at);
		append_day(out, now, days_on);
		at = *end == '@' ? end + 1 : end;
	}
	g_string_append(out, at);
	return g_string_free(out, FALSE);
}

static gboolean
write_mail(const char *root, const struct demo_mail *mail, guint number, gint64 now, GError **error)
{
	gint64 then = now - (gint64)mail->age * 60;
	struct utimbuf times = {(time_t)then, (time_t)then};
	g_autofree char *text = complete_text(mail, now, then);
	g_autofree char *base = g_strdup_printf("%" G_GINT64_FORMAT ".%u.demo", then, number);
	g_autofree char *name = mail->flags ? maildir_name_with(base, mail->flags) : g_strdup(base);
	g_autofree char *dir = NULL, *path = NULL;

	if (!make_folder(root, mail->folder, &dir, error))
		return FALSE;
	path = g_build_filename(dir, mail->flags ? "cur" : "new", name, NULL);
	if (!g_file_set_contents(path, text, -1, error))
		return FALSE;
	if (utime(path, &times) == 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("cannot date %s"), path);
	return FALSE;
}

static gboolean
write_mailbox(const char *root, GError **error)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	guint number = 0;

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const struct demo_mail *mail = tables[i]; mail->folder; mail++)
			if (!write_mail(root, mail, ++number, now, error))
				return FALSE;
	return TRUE;
}

static struct conf_account *
demo_account(const char *root)
{
	struct conf_account *account = conf_account_new(DEMO_ACCOUNT, ACCOUNT_MAILDIR);

	g_free(account->address);
	g_free(account->name);
	g_free(account->path);
	account->address = g_strdup(DEMO_ADDRESS);
	account->name = g_strdup("Mara Lind");
	account->path = g_strdup(root);
	return account;
}

/* Everything is in the store before the screen opens: the mailbox is small. */
static gboolean
fill_store(const struct app *app, const struct conf_account *account, GError **error)
{
	struct session *session = session_new(app);
	gboolean ok = session_start(session, account, error) &&
	              session_do(session, command_new(CMD_SYNC, account->id), error);

	session_free(session);
	return ok;
}

static int
run_demo(struct app *app, const char *dir)
{
	g_autofree char *root = g_build_filename(dir, "Maildir", NULL);
	struct conf_account *account;
	GError *error = NULL;

	redirect(dir);
	app->cli.config = NULL;
	if (!app_load_conf(app))
		return FULMAR_USAGE;
	account = demo_account(root);
	g_ptr_array_add(app->conf->accounts, account);
	if (!write_mailbox(root, &error) || !fill_store(app, account, &error))
		return app_fail(error);
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return screen_run(app, DEMO_ACCOUNT "/INBOX", TRUE);
	return screen_print(app, DEMO_ACCOUNT "/INBOX", TRUE);
}

int
command_demo(struct app *app)
{
	GError *error = NULL;
	g_autofree char *dir = files_private_tmp(&error);
	int status;

	if (!dir)
		return app_fail(error);
	status = run_demo(app, dir);
	files_remove_tree(dir);
	return status;
}
