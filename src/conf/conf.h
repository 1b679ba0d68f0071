/* The configuration: one key file, tables that say what it may hold, and the values a program asks for.
 *
 * Syntax: "[section]" and "key = value" lines; "#" begins a comment at the start of a line or after a blank
 * when a blank or the line's end follows; a value may be put in double quotes (\" and \\ inside). Several
 * keys may share a value: "a, b = v". Unknown sections, keys and values are problems with file, line and the
 * nearest known name; all are reported at once. A loaded configuration is immutable; any thread may read it.
 * The file promises of interface.md live here.
 */
#ifndef FULMAR_CONF_CONF_H
#define FULMAR_CONF_CONF_H

#include <glib.h>

enum conf_type {
	CONF_BOOL,
	CONF_INT,
	CONF_TEXT,
	CONF_CHOICE,
	CONF_LIST,
	CONF_DURATION,
	CONF_PATH,
	CONF_COMMAND,
	CONF_KEEP,
	CONF_COLOUR,
	CONF_SECRET
};

/* One row of the option table. A row with offset CONF_NOWHERE is checked and kept nowhere. CONF_TEXT with
 * choices takes those words (and what form says) and keeps the word itself; CONF_CHOICE keeps its index. */
#define CONF_NOWHERE ((gsize)-1)
struct conf_option {
	const char *section; /* "account", "ui", …: the section's kind */
	const char *key;
	enum conf_type type;
	const char *fallback;       /* default as it would be written; NULL: none */
	const char *const *choices; /* CONF_CHOICE, NULL-terminated */
	gint64 min, max;            /* CONF_INT, and CONF_DURATION in seconds */
	gsize offset;               /* where the value goes in the section's struct */
	const char *help;           /* N_() one sentence */
	const char *form; /* N_() what the value looks like, where the type does not say it; NULL: by type */
	gboolean (*check)(
	        const char *value); /* further test of a value (of each member of a list); NULL: none */
};

/* All rows, ended by a NULL section. The key CONF_ANY_KEY stands for every key of its section (keys). */
#define CONF_ANY_KEY "KEY"
const struct conf_option *conf_options(void);
/* What an option's value looks like, translated: "tls, starttls or none", "duration", "whole number from 0 to
 * 65535". Gives (g_free). */
char *conf_type_describe(const struct conf_option *option);
/* The table as the OPTIONS of a manual page, in man(7) macros: one .SS a section, one .TP a key. Gives
 * (g_free). */
char *conf_options_man(void);

enum account_type { ACCOUNT_IMAP, ACCOUNT_POP3, ACCOUNT_MAILDIR };
enum security { SECURITY_TLS, SECURITY_STARTTLS, SECURITY_NONE };
enum submission { SUBMISSION_SMTP, SUBMISSION_SENDMAIL };
enum keep_what { KEEP_HEADERS, KEEP_TEXT, KEEP_FULL };

/* "text 30d": what is fetched by itself for messages younger than age seconds; age -1 = no limit, 0 = only on
 * request. */
struct conf_keep {
	enum keep_what what;
	gint64 age;
};

/* How long POP3 leaves mail on the server. */
enum leave_what { LEAVE_FOREVER, LEAVE_UNTIL_DELETED, LEAVE_UNTIL_MOVED, LEAVE_NEVER, LEAVE_FOR /* age */ };
struct conf_leave {
	enum leave_what what;
	gint64 age; /* seconds */
};

/* Strings are NULL when not set and no default exists. Durations are seconds. Lists are NULL-terminated,
 * never NULL. */
struct conf_account {
	char *id; /* the word after "account" */
	int type; /* enum account_type */
	char *address, *name;
	char *host;
	gint64 port;  /* 0 in the file: filled in from type and security */
	int security; /* enum security */
	gboolean allow_cleartext;
	char *user; /* default: address */
	char *password, *password_command;
	gboolean secret_service;
	char **auth; /* lower case; {"auto", NULL} by default */
	char *oauth_token_command;
	char *ca_file;
	char **certificate_pin;
	char *client_certificate, *client_key;
	char **disable_capability;
	struct conf_keep keep;
	gint64 poll, timeout;
	char *sent, *drafts, *trash, *archive, *junk; /* folder paths with '/' */
	char *path;                                   /* maildir, home expanded */
	/* further keys of interface.md (leave-on-server, smtp-*, oauth-client-*, sendmail, save-sent, …) are
	 * in the table and here too, each by its name with '_' for '-' */
	char *leave_on_server;
	char *oauth_client_id, *oauth_client_secret, *oauth_auth_url, *oauth_token_url, *oauth_scope;
	int submission; /* enum submission */
	char *smtp_host;
	gint64 smtp_port;    /* 0 in the file: filled in from smtp_security */
	char *smtp_security; /* tls, starttls or none, by smtp_port when not set */
	char *smtp_user, *smtp_password_command;
	char **smtp_auth;
	char *sendmail;
	char *save_sent;
};

struct conf_ui {
	gboolean mouse;
	gboolean accessible;
	char *preset;                   /* keys: mutt, … */
	char *line_art;                 /* auto, utf-8, ascii */
	char *colour;                   /* auto, none, 8, 256, true */
	gint64 rail_width, pager_width; /* columns */
	char *layout;                   /* auto, list, wide */
	gboolean bell;
	char *new_mail_command;
};
struct conf_list {
	gboolean threads;
	char *date_format; /* auto */
};
struct conf_pager {
	gint64 width; /* text columns, default 76 */
	gboolean prefer_html;
	char *save_folder;      /* default ~/Downloads when it is there, else ~ */
	gint64 mark_seen_after; /* seconds on screen; 0 = at once */
};

/* One "[keys]" or "[keys VIEW]" line: key text = action. */
struct conf_key {
	char *view; /* "" for all views */
	char *key, *action;
	int line;
};
/* "[folder PATTERN]" overrides of keep and hide. */
struct conf_folder {
	char *pattern; /* ACCOUNT/GLOB */
	struct conf_keep keep;
	gboolean has_keep, hide;
	gboolean has_hide;
};
/* "[theme]" role = [attribute…] [colour] [on colour], for example "bold bright-white on blue". Attributes are
 * bold, dim, italic, underline and reverse; colours are the eight names, default, bright-NAME, 0–255
 * or #rrggbb. */
struct conf_colour {
	char *role, *value;
};

/* "[rule NAME]": what is done with messages that fit, when they arrive or when it is asked for. In file
 * order. */
struct query;
struct conf_rule {
	char *name;
	char *match;
	struct query *query; /* of match */
	char **account;      /* ids; none: every POP3 and Maildir account */
	char *folder;        /* a path in the message's account, or NULL */
	char **flags;        /* as written: "+flagged" */
	guint add, remove;   /* the same as enum query_flag */
	char **keyword;
	gboolean stop; /* what fits is for no further rule; with a folder unless the file says no */
	gboolean has_stop;
};

struct conf {
	char *file; /* the file read, or where it would be */
	gboolean exists;
	GPtrArray *accounts; /* struct conf_account *, in file order */
	struct conf_ui ui;
	struct conf_list list;
	struct conf_pager pager;
	GPtrArray *keys, *folders, *colours;
	GPtrArray *rules; /* struct conf_rule * */
	GPtrArray *notes; /* char * lines, as problems are: what is no problem, and worth a word */
};

/* Reads path (NULL: $XDG_CONFIG_HOME/fulmar/fulmar.conf; a missing default file is an empty configuration, a
 * missing named one an error) and then overrides ("SECTION.KEY=VALUE", the section is the text before the
 * last dot of the key's name; NULL-terminated or NULL). problems collects char * lines "FILE:LINE: what,
 * nearest, what to do"; NULL when there are any (and they are in problems). Gives (conf_free). */
struct conf *conf_load(const char *path, const char *const *overrides, GPtrArray *problems);
void conf_free(struct conf *conf);

/* The account called id, or NULL. Lends. */
const struct conf_account *conf_account(const struct conf *conf, const char *id);
/* The keep policy of a folder path ("Lists/x") of an account: the last matching [folder], else the account's.
 */
struct conf_keep conf_keep_for(const struct conf *conf, const struct conf_account *account,
                               const char *folder);
/* "headers", "text", "text 30d", "full 1w". */
gboolean conf_keep_parse(const char *text, struct conf_keep *keep);
/* "forever", "until-deleted", "until-moved", "never", "30d". */
gboolean conf_leave_parse(const char *text, struct conf_leave *leave);
/* True when the last matching [folder] that says so hides the folder. */
gboolean conf_hidden(const struct conf *conf, const struct conf_account *account, const char *folder);
/* ---- rules.c ---- */
/* Does the rule concern the account? One without a list does so with every POP3 and Maildir account. */
gboolean conf_rule_is_for(const struct conf_rule *rule, const struct conf_account *account);
/* Are there rules for what arrives there? Never for IMAP, whose servers can do that themselves. */
gboolean conf_rules_arrival(const struct conf *conf, const struct conf_account *account);
/* And for some of them a message may have to be read. */
gboolean conf_rules_read(const struct conf *conf, const struct conf_account *account);
/* "+flagged -seen; folder Lists/kernel; stop": what it does, in the words of the file. Gives (g_free). */
char *conf_rule_does(const struct conf_rule *rule);
/* True for localhost, 127/8 and ::1. */
gboolean conf_is_loopback(const char *host);
/* An account made by the program, not by a file (the demo). Defaults applied; gives (owned by conf once added
 * to conf->accounts). */
struct conf_account *conf_account_new(const char *id, enum account_type type);

#endif
