/* accounts, check-config, options: what the configuration says and may say. */
#include <string.h>

#include "app/app.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "conf/keys.h"

static const char *const type_names[] = {"imap", "pop3", "maildir"};
G_STATIC_ASSERT(G_N_ELEMENTS(type_names) == ACCOUNT_MAILDIR + 1);

static const char *
account_place(const struct conf_account *account)
{
	return account->type == ACCOUNT_MAILDIR ? account->path : account->host;
}

static void
accounts_json(const struct conf_account *account)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "account", account->id);
	json_text(out, "type", type_names[account->type]);
	json_text(out, "address", account->address);
	json_text(out, "host", account->type == ACCOUNT_MAILDIR ? NULL : account->host);
	if (account->type == ACCOUNT_MAILDIR)
		json_text(out, "path", account->path);
	json_close(out, '}');
	report_line(out->str);
}

int
command_accounts(struct app *app)
{
	struct table *table;

	if (app->cli.json) {
		for (guint i = 0; i < app->conf->accounts->len; i++)
			accounts_json(g_ptr_array_index(app->conf->accounts, i));
		return FULMAR_OK;
	}
	table = table_new(4);
	for (guint i = 0; i < app->conf->accounts->len; i++) {
		const struct conf_account *account = g_ptr_array_index(app->conf->accounts, i);

		table_add(table, account->id, type_names[account->type], account->address,
		          account_place(account), NULL);
	}
	table_print(table);
	return FULMAR_OK;
}

int
command_check_config(struct app *app)
{
	g_autofree char *text = NULL;
	g_autofree char *safe = NULL;

	if (!app_load_conf(app))
		return FULMAR_USAGE;
	for (guint i = 0; i < app->conf->notes->len; i++)
		report_line(g_ptr_array_index(app->conf->notes, i));
	text = app->conf->exists
	               ? g_strdup_printf(ngettext("%s: no problems, %u account",
	                                          "%s: no problems, %u accounts", app->conf->accounts->len),
	                                 app->conf->file, app->conf->accounts->len)
	               : g_strdup_printf(_("%s is not there; everything has its default"), app->conf->file);
	safe = g_utf8_make_valid(text, -1);
	report_line(safe);
	return FULMAR_OK;
}

static const char *const conf_type_names[] = {"yes or no",   "number",   "text",  "choice",
                                              "list",        "duration", "path",  "command",
                                              "keep policy", "colour",   "secret"};
G_STATIC_ASSERT(G_N_ELEMENTS(conf_type_names) == CONF_SECRET + 1);

static void
option_json(const struct conf_option *option)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "section", option->section);
	json_text(out, "key", option->key);
	json_text(out, "type", conf_type_names[option->type]);
	json_text(out, "default", option->fallback);
	json_open(out, "choices", '[');
	for (const char *const *choice = option->choices; choice && *choice; choice++)
		json_text(out, NULL, *choice);
	json_close(out, ']');
	json_text(out, "help", _(option->help));
	json_close(out, '}');
	report_line(out->str);
}

static char *
option_values(const struct conf_option *option)
{
	if (option->choices)
		return g_strjoinv(", ", (char **)option->choices);
	if ((option->type == CONF_INT || option->type == CONF_DURATION) && option->max > option->min)
		return g_strdup_printf("%s %" G_GINT64_FORMAT "…%" G_GINT64_FORMAT,
		                       conf_type_names[option->type], option->min, option->max);
	return g_strdup(conf_type_names[option->type]);
}

int
command_options(struct app *app)
{
	const char *section = "";

	for (const struct conf_option *option = conf_options(); option->section; option++) {
		g_autofree char *values = option_values(option);
		g_autofree char *line = NULL;

		if (app->cli.json) {
			option_json(option);
			continue;
		}
		if (strcmp(section, option->section) != 0) {
			g_autofree char *head =
			        g_strdup_printf("%s[%s]", *section ? "\n" : "", option->section);

			report_line(head);
			section = option->section;
		}
		line = g_strdup_printf("%s = %s\n    %s (%s)", option->key,
		                       option->fallback ? option->fallback : "", _(option->help), values);
		if (!report_line(line))
			break;
	}
	return FULMAR_OK;
}

static void
keys_json(const struct conf *conf)
{
	struct keymap *map = keymap_new(conf);

	for (const struct key_action *row = keys_actions(); row->name; row++) {
		for (int view = 0; view < VIEW_KINDS; view++) {
			g_autoptr(GString) out = g_string_new(NULL);
			g_autofree char *names = NULL;

			if (!(row->views & VIEW_BIT(view)))
				continue;
			names = keymap_key_names(map, view, row->id);
			json_open(out, NULL, '{');
			json_text(out, "view", view_names[view]);
			json_words(out, "keys", names);
			json_text(out, "action", row->name);
			json_text(out, "help", _(row->help));
			json_close(out, '}');
			report_line(out->str);
		}
	}
	keymap_free(map);
}

int
command_keys(struct app *app)
{
	g_autofree char *text = app->cli.json ? NULL : keys_text(app->conf);

	if (text)
		report_write(text, strlen(text));
	else
		keys_json(app->conf);
	return FULMAR_OK;
}
