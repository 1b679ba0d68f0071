#include "app/app.h"
#include "base/i18n.h"

#define AT(field) G_STRUCT_OFFSET(struct cli, field)
#define END \
	{ \
		0, NULL, CLI_SWITCH, 0, NULL, NULL \
	}
#define MANY G_MAXUINT

const struct cli_option cli_globals[] = {
        {'c', "config", CLI_TEXT, AT(config), N_("FILE"),
         N_("read this configuration instead of the usual one")},
        {'o', "option", CLI_MANY, AT(overrides), N_("S.K=V"),
         N_("set one option for this run: section, key, value")},
        {0, "offline", CLI_SWITCH, AT(offline), NULL, N_("never open a connection")},
        {0, "json", CLI_SWITCH, AT(json), NULL, N_("print one JSON object a line")},
        {0, "log", CLI_TEXT, AT(log), N_("FILE"), N_("append what happens to this file")},
        {0, "trace", CLI_TEXT, AT(trace), N_("LIST"), N_("log in detail: imap,pop3,smtp,sync,store,ui")},
        {'h', "help", CLI_SWITCH, AT(help), NULL, N_("this help, or that of a command")},
        {'V', "version", CLI_SWITCH, AT(version), NULL, N_("the version")},
        END,
};

static const struct cli_option list_options[] = {
        {'n', "limit", CLI_NUMBER, AT(limit), N_("N"), N_("no more than N rows")},
        {0, "sort", CLI_TEXT, AT(sort), N_("KEY"),
         N_("received, date, from, subject, size; -KEY turns it round")},
        {0, "threads", CLI_SWITCH, AT(threads), NULL,
         N_("conversation by conversation, each from its beginning")},
        END,
};

static const struct cli_option show_options[] = {
        {0, "headers", CLI_SWITCH, AT(headers), NULL, N_("the header fields alone, as they came")},
        {0, "raw", CLI_SWITCH, AT(raw), NULL, N_("the octets as on the server")},
        {0, "structure", CLI_SWITCH, AT(structure), NULL, N_("the parts: number, type, size, name")},
        {0, "part", CLI_TEXT, AT(part), N_("N"), N_("one part, decoded")},
        {'O', "output", CLI_TEXT, AT(output), N_("FILE"),
         N_("write to a new file instead of standard output")},
        {0, "html", CLI_SWITCH, AT(html), NULL, N_("prefer the HTML text")},
        {0, "seen", CLI_SWITCH, AT(seen), NULL, N_("mark it seen")},
        {0, "width", CLI_NUMBER, AT(width), N_("N"), N_("columns of the text")},
        END,
};

const struct cli_command cli_commands[] = {
        {"demo", "", N_("the screen on a throw-away sample mailbox"), command_demo, 0, 0, 0, NULL},
        {"setup", "", N_("set up an account"), NULL, 0, 0, 0, NULL},
        {"doctor", "[ACCOUNT]", N_("connect and report what was found"), command_doctor, CLI_CONF, 0, 1,
         NULL},
        {"accounts", "", N_("list the accounts"), command_accounts, CLI_CONF, 0, 0, NULL},
        {"folders", "[ACCOUNT]", N_("list the folders"), command_folders, CLI_CONF, 0, 1, NULL},
        {"sync", "[TARGET…]", N_("bring the store up to date"), command_sync, CLI_CONF, 0, MANY, NULL},
        {"list", "TARGET [QUERY]", N_("list messages, newest first"), command_list, CLI_CONF | CLI_DASH_WORDS,
         1, MANY, list_options},
        {"search", "QUERY", N_("search all accounts"), NULL, CLI_CONF, 1, MANY, NULL},
        {"show", "ID", N_("show a message"), command_show, CLI_CONF, 1, 1, show_options},
        {"flag", "[ID…] +FLAG… -FLAG…", N_("change flags and keywords; IDs also on standard input"),
         command_flag, CLI_CONF | CLI_DASH_WORDS, 1, MANY, NULL},
        {"move", "ID… TARGET", N_("move messages"), NULL, CLI_CONF, 1, MANY, NULL},
        {"copy", "ID… TARGET", N_("copy messages"), NULL, CLI_CONF, 1, MANY, NULL},
        {"delete", "ID…", N_("move messages to the trash"), NULL, CLI_CONF, 1, MANY, NULL},
        {"archive", "ID…", N_("move messages to the archive"), NULL, CLI_CONF, 1, MANY, NULL},
        {"undo", "", N_("undo the last change"), NULL, CLI_CONF, 0, 0, NULL},
        {"folder", "create|rename|delete|… …", N_("change folders"), NULL, CLI_CONF, 1, MANY, NULL},
        {"queue", "[retry|drop OP]", N_("what waits for the server, what failed and why"), command_queue,
         CLI_CONF, 0, 2, NULL},
        {"send", "[FILE]", N_("send a message"), NULL, CLI_CONF | CLI_DASH_WORDS, 0, MANY, NULL},
        {"import", "TARGET PATH…", N_("import messages"), NULL, CLI_CONF, 2, MANY, NULL},
        {"export", "QUERY PATH", N_("export messages"), NULL, CLI_CONF, 2, MANY, NULL},
        {"check", "[ACCOUNT]", N_("verify the store"), NULL, CLI_CONF, 0, 1, NULL},
        {"check-config", "", N_("report every problem of the configuration"), command_check_config, 0, 0, 0,
         NULL},
        {"keys", "", N_("list the keys"), command_keys, CLI_CONF, 0, 0, NULL},
        {"options", "", N_("list every option of the configuration"), command_options, 0, 0, 0, NULL},
        {NULL, NULL, NULL, NULL, 0, 0, 0, NULL},
};
