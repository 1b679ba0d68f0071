/* fulmar(1): set up, then one command. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/app.h"
#include "app/report.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/log.h"

static void
set_up_process(void)
{
	setlocale(LC_ALL, "");
	bindtextdomain(PACKAGE, LOCALEDIR);
	bind_textdomain_codeset(PACKAGE, "UTF-8");
	textdomain(PACKAGE);
	umask(077);
	/* A peer or a reader that went away is an error of the write, not the end of the program. */
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow any more is an error of the write too. */
	signal(SIGXFSZ, SIG_IGN);
}

/* --trace alone goes to the state folder. */
static gboolean
set_up_log(const struct cli *cli, GError **error)
{
	g_autofree char *dir = NULL;
	g_autofree char *path = NULL;

	if (!cli->log && !cli->trace)
		return TRUE;
	if (cli->log)
		return log_open(cli->log, cli->trace, error);
	dir = files_xdg("STATE");
	path = g_build_filename(dir, "fulmar.log", NULL);
	return files_make_private_dir(dir, error) && log_open(path, cli->trace, error);
}

/* The first word is neither a command nor, as far as one can see, a place in an account. */
static int
unknown_word(const struct app *app, const char *word)
{
	const char *nearest = cli_nearest_command(word);
	g_autofree char *text = NULL;

	if (nearest)
		text = g_strdup_printf(
		        _("neither a command nor an account is called “%s”; the nearest is “%s”"), word,
		        nearest);
	else
		text = g_strdup_printf(
		        _("neither a command nor an account is called “%s”; see “fulmar --help”"), word);
	report_error(text);
	return FULMAR_USAGE;
}

static int
run_place(struct app *app)
{
	const char *word = app->cli.words->len ? g_ptr_array_index(app->cli.words, 0) : NULL;

	if (!app_load_conf(app))
		return FULMAR_USAGE;
	if (word && g_str_has_prefix(word, "mailto:")) {
		report_error(_("writing mail is not available in this version"));
		return FULMAR_USAGE;
	}
	if (word && !strchr(word, '/') && !conf_account(app->conf, word))
		return unknown_word(app, word);
	if (app->cli.words->len > 1) {
		report_error(_("one folder at a time, please: fulmar ACCOUNT/FOLDER"));
		return FULMAR_USAGE;
	}
	return command_screen(app);
}

static int
run(struct app *app)
{
	const struct cli_command *command = app->cli.command;

	if (app->cli.version) {
		report_line(PACKAGE_STRING);
		return FULMAR_OK;
	}
	if (app->cli.help) {
		g_autofree char *help = cli_help(command);

		report_write(help, strlen(help));
		return FULMAR_OK;
	}
	if (!command)
		return run_place(app);
	if (!cli_available(command)) {
		g_autofree char *text =
		        g_strdup_printf(_("“%s” is not available in this version"), command->name);

		report_error(text);
		return FULMAR_USAGE;
	}
	if ((command->needs & CLI_CONF) && !app_load_conf(app))
		return FULMAR_USAGE;
	return app->cli.verb ? app->cli.verb->run(app) : command->run(app);
}

int
main(int argc, char **argv)
{
	struct app app = {0};
	GError *error = NULL;
	int status;

	set_up_process();
	cli_init(&app.cli);
	if (!cli_scan(&app.cli, argc, argv, &error) || !set_up_log(&app.cli, &error))
		status = app_fail(error);
	else
		status = run(&app);
	status = report_finish(status);
	log_close();
	if (app.conf)
		conf_free(app.conf);
	cli_clear(&app.cli);
	return status;
}
