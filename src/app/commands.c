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

static const struct cli_option target_options[] = {
        {0, "create", CLI_SWITCH, AT(create), NULL, N_("make the folder if it is not there")},
        END,
};

static const struct cli_option junk_options[] = {
        {0, "not", CLI_SWITCH, AT(not_junk), NULL, N_("it is none: out of the junk folder, back to INBOX")},
        END,
};

static const struct cli_option draft_options[] = {
        {0, "replace", CLI_TEXT, AT(replace), N_("ID"), N_("put it there instead of this draft")},
        END,
};

static const struct cli_option undo_options[] = {
        {0, "account", CLI_TEXT, AT(account), N_("ACCOUNT"), N_("the last change of this account")},
        END,
};

static const struct cli_option import_options[] = {
        {0, "skip-duplicates", CLI_SWITCH, AT(skip_duplicates), NULL,
         N_("leave out what the folder has already")},
        {0, "recursive", CLI_SWITCH, AT(recursive), NULL,
         N_("a Maildir with all folders below it; TARGET may be an account")},
        {0, "format", CLI_TEXT, AT(format), N_("FORMAT"),
         N_("mbox files are mboxo, mboxrd, mboxcl or mboxcl2, not what they look like")},
        END,
};

static const struct cli_option export_options[] = {
        {0, "format", CLI_TEXT, AT(format), N_("FORMAT"), N_("mbox, maildir or eml, not what PATH ends in")},
        END,
};

static const struct cli_option rules_options[] = {
        {0, "preview", CLI_SWITCH, AT(preview), NULL, N_("only tell what would be done")},
        END,
};

static const struct cli_option folder_options[] = {
        {'y', "yes", CLI_SWITCH, AT(yes), NULL, N_("delete or empty without asking")},
        END,
};

static const struct cli_option check_options[] = {
        {0, "repair", CLI_SWITCH, AT(repair), NULL,
         N_("put right what is wrong; with ACCOUNT/FOLDER: build that folder anew")},
        END,
};

static const struct cli_verb folder_verbs[] = {
        {"create", "TARGET…", N_("make folders, and those above them"), command_folder_create, 1, MANY},
        {"rename", "TARGET TARGET", N_("rename or move a folder, with those below it"), command_folder_rename,
         2, 2},
        {"delete", "TARGET…", N_("delete folders with the messages in them"), command_folder_delete, 1, MANY},
        {"subscribe", "TARGET…", N_("subscribe to folders"), command_folder_subscribe, 1, MANY},
        {"unsubscribe", "TARGET…", N_("end the subscription"), command_folder_unsubscribe, 1, MANY},
        {"empty", "TARGET…", N_("delete all messages of folders for good"), command_folder_empty, 1, MANY},
        {"rights", "TARGET [WHO RIGHTS]", N_("who may do what with a folder; RIGHTS are letters, or “none”"),
         command_folder_rights, 1, 3},
        {"quota", "TARGET", N_("how much room is taken, and of how much"), command_folder_quota, 1, 1},
        {NULL, NULL, NULL, NULL, 0, 0},
};

static const struct cli_verb queue_verbs[] = {
        {"retry", "OP…", N_("try failed changes again"), command_queue_retry, 1, MANY},
        {"drop", "OP…", N_("give changes up and take them back here"), command_queue_drop, 1, MANY},
        {NULL, NULL, NULL, NULL, 0, 0},
};

const struct cli_command cli_commands[] = {
        {"demo", "", N_("the screen on a throw-away sample mailbox"), command_demo, 0, 0, 0, NULL, NULL},
        {"setup", "", N_("set up an account"), NULL, 0, 0, 0, NULL, NULL},
        {"doctor", "[ACCOUNT]", N_("connect and report what was found"), command_doctor, CLI_CONF, 0, 1, NULL,
         NULL},
        {"accounts", "", N_("list the accounts"), command_accounts, CLI_CONF, 0, 0, NULL, NULL},
        {"folders", "[ACCOUNT]", N_("list the folders"), command_folders, CLI_CONF, 0, 1, NULL, NULL},
        {"sync", "[TARGET…]", N_("bring the store up to date"), command_sync, CLI_CONF, 0, MANY, NULL, NULL},
        {"list", "TARGET [QUERY]", N_("list messages, newest first"), command_list, CLI_CONF | CLI_DASH_WORDS,
         1, MANY, list_options, NULL},
        {"search", "QUERY", N_("search all accounts"), NULL, CLI_CONF, 1, MANY, NULL, NULL},
        {"show", "ID", N_("show a message"), command_show, CLI_CONF, 1, 1, show_options, NULL},
        {"flag", "[ID…] +FLAG… -FLAG…", N_("change flags and keywords"), command_flag,
         CLI_CONF | CLI_DASH_WORDS, 1, MANY, NULL, NULL},
        {"move", "[ID…] TARGET", N_("move messages to a folder, of another account too"), command_move,
         CLI_CONF, 1, MANY, target_options, NULL},
        {"copy", "[ID…] TARGET", N_("copy messages to a folder; prints the new IDs"), command_copy, CLI_CONF,
         1, MANY, target_options, NULL},
        {"delete", "[ID…]", N_("move messages to the trash; those in it go for good"), command_delete,
         CLI_CONF, 0, MANY, NULL, NULL},
        {"archive", "[ID…]", N_("move messages to the archive"), command_archive, CLI_CONF, 0, MANY, NULL,
         NULL},
        {"junk", "[ID…]", N_("move messages to the junk folder"), command_junk, CLI_CONF, 0, MANY,
         junk_options, NULL},
        {"draft", "[ACCOUNT] [FILE]", N_("put a message among the drafts; prints the new ID"), command_draft,
         CLI_CONF, 0, 2, draft_options, NULL},
        {"rules", "TARGET", N_("apply the rules of the configuration to a folder"), command_rules, CLI_CONF,
         1, 1, rules_options, NULL},
        {"undo", "", N_("take the last change back, and with every further call the one before"),
         command_undo, CLI_CONF, 0, 0, undo_options, NULL},
        {"folder", "VERB TARGET…", N_("change folders"), NULL, CLI_CONF, 1, MANY, folder_options,
         folder_verbs},
        {"queue", "[VERB OP…]", N_("what waits for the server, what failed and why"), command_queue, CLI_CONF,
         0, 0, NULL, queue_verbs},
        {"send", "[FILE]", N_("send a message"), NULL, CLI_CONF | CLI_DASH_WORDS, 0, MANY, NULL, NULL},
        {"import", "TARGET PATH…",
         N_("put messages from mbox, Maildir or .eml into a folder; prints the new IDs"), command_import,
         CLI_CONF, 2, MANY, import_options, NULL},
        {"export", "QUERY PATH", N_("write messages to a new mbox, Maildir or .eml"), command_export,
         CLI_CONF | CLI_DASH_WORDS, 2, MANY, export_options, NULL},
        {"check", "[TARGET…]", N_("verify the store"), command_check, CLI_CONF, 0, MANY, check_options, NULL},
        {"check-config", "", N_("report every problem of the configuration"), command_check_config, 0, 0, 0,
         NULL, NULL},
        {"keys", "", N_("list the keys"), command_keys, CLI_CONF, 0, 0, NULL, NULL},
        {"options", "", N_("list every option of the configuration"), command_options, 0, 0, 0, NULL, NULL},
        {NULL, NULL, NULL, NULL, 0, 0, 0, NULL, NULL},
};
