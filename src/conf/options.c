/* The option table: each key that a configuration may hold, once. */
#include "conf/conf-private.h"

#include <stddef.h>
#include <string.h>

#include "base/i18n.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (366 * (gint64)DAY)

static const char *const account_types[] = {"imap", "pop3", "maildir", NULL};
static const char *const securities[] = {"tls", "starttls", "none", NULL};
static const char *const submissions[] = {"smtp", "sendmail", NULL};
static const char *const auto_yes_no[] = {"auto", "yes", "no", NULL};
static const char *const mechanisms[] = {
        "auto",          "external", "oauthbearer",      "xoauth2",     "scram-sha-256-plus",
        "scram-sha-256", "gssapi",   "scram-sha-1-plus", "scram-sha-1", "plain",
        "login",         NULL,
};
static const char *const presets[] = {"mutt", NULL};
static const char *const line_arts[] = {"auto", "utf-8", "ascii", NULL};
static const char *const colour_depths[] = {"auto", "none", "8", "256", "true", NULL};
static const char *const layouts[] = {"auto", "list", "wide", NULL};
static const char *const reply_positions[] = {"above", "below", NULL};
static const char *const encrypt_when[] = {"never", "when-possible", "always", NULL};
static const char *const crypto_protocols[] = {"auto", "openpgp", "smime", NULL};

/* "sha256:" may stand in front of the 64 hexadecimal digits, colons between them. */
static gboolean
is_pin(const char *value)
{
	int digits = 0;

	if (!g_ascii_strncasecmp(value, "sha256:", 7))
		value += 7;
	for (; *value; value++) {
		if (g_ascii_isxdigit(*value))
			digits++;
		else if (*value != ':')
			return FALSE;
	}
	return digits == 64;
}

static gboolean
is_address(const char *value)
{
	const char *at = strrchr(value, '@');

	return at && at > value && at[1] && !strpbrk(value, " \t<>,;\"");
}

static gboolean
is_age(const char *value)
{
	gint64 seconds;

	return conf_duration_parse(value, &seconds) && seconds <= 100 * YEAR;
}

static gboolean
is_capability(const char *value)
{
	for (; *value; value++)
		if (!g_ascii_isgraph(*value) || strchr("(){%*\"\\]", *value))
			return FALSE;
	return TRUE;
}

static gboolean
is_host(const char *value)
{
	return *value && strlen(value) <= 255 && !strpbrk(value, " \t/@,");
}

#define ROW(in, name, kind, standard, text, ...) \
	{ \
		.section = (in), .key = (name), .type = (kind), .fallback = (standard), .help = (text), \
		__VA_ARGS__ \
	}
/* Where the value is kept: a member of struct conf_SECTION. */
#define AT(owner, member) .offset = offsetof(struct conf_##owner, member)
#define NOWHERE .offset = CONF_NOWHERE
#define RANGE(a, b) .min = (a), .max = (b)
#define ONE_OF(words) .choices = (words)

static const struct conf_option options[] = {
        ROW("account", "type", CONF_CHOICE, "imap", N_("Where the mail is."), AT(account, type),
            ONE_OF(account_types)),
        ROW("account", "address", CONF_TEXT, NULL, N_("Your mail address."), AT(account, address),
            .form = N_("mail address"), .check = is_address),
        ROW("account", "name", CONF_TEXT, NULL, N_("Your name as others see it."), AT(account, name)),
        ROW("account", "host", CONF_TEXT, NULL, N_("The mail server."), AT(account, host),
            .form = N_("host name or address"), .check = is_host),
        ROW("account", "port", CONF_INT, NULL,
            N_("Its port; by default 993 (tls) or 143 for imap, 995 or 110 for pop3."), AT(account, port),
            RANGE(0, 65535)),
        ROW("account", "security", CONF_CHOICE, "tls",
            N_("TLS from the first octet, by STARTTLS (never without), or none: then only to this machine or "
               "with allow-cleartext."),
            AT(account, security), ONE_OF(securities)),
        ROW("account", "allow-cleartext", CONF_BOOL, "no",
            N_("Lets \"none\" be used over a network, where others can read password and mail."),
            AT(account, allow_cleartext)),
        ROW("account", "user", CONF_TEXT, NULL, N_("The log-in name; by default the address."),
            AT(account, user)),
        ROW("account", "password", CONF_SECRET, NULL,
            N_("The password itself; the file must then be readable by you alone."), AT(account, password)),
        ROW("account", "password-command", CONF_COMMAND, NULL,
            N_("A command whose first line of output is the password."), AT(account, password_command)),
        ROW("account", "secret-service", CONF_BOOL, "no",
            N_("Asks the desktop's secret service for the password."), AT(account, secret_service)),
        ROW("account", "auth", CONF_LIST, "auto",
            N_("Log-in mechanisms that may be used; auto takes the best the server offers."),
            AT(account, auth), ONE_OF(mechanisms)),
        ROW("account", "oauth-token-command", CONF_COMMAND, NULL,
            N_("A command whose first line of output is an OAuth access token."),
            AT(account, oauth_token_command)),
        ROW("account", "oauth-client-id", CONF_TEXT, NULL,
            N_("For signing in with the browser: the client's name at the provider."),
            AT(account, oauth_client_id)),
        ROW("account", "oauth-client-secret", CONF_SECRET, NULL,
            N_("For signing in with the browser: the client's secret, where the provider wants one."),
            AT(account, oauth_client_secret)),
        ROW("account", "oauth-auth-url", CONF_TEXT, NULL,
            N_("For signing in with the browser: the provider's authorization address."),
            AT(account, oauth_auth_url)),
        ROW("account", "oauth-token-url", CONF_TEXT, NULL,
            N_("For signing in with the browser: the provider's token address."),
            AT(account, oauth_token_url)),
        ROW("account", "oauth-scope", CONF_TEXT, NULL,
            N_("For signing in with the browser: what is asked for."), AT(account, oauth_scope)),
        ROW("account", "ca-file", CONF_PATH, NULL,
            N_("Certificates (PEM) that are trusted beside the system's."), AT(account, ca_file)),
        ROW("account", "certificate-pin", CONF_LIST, NULL,
            N_("SHA-256 of certificates (DER) that are accepted; takes the place of chain and name."),
            AT(account, certificate_pin), .form = N_("list of sha256: and 64 hexadecimal digits"),
            .check = is_pin),
        ROW("account", "client-certificate", CONF_PATH, NULL,
            N_("A certificate (PEM) to show to the server."), AT(account, client_certificate)),
        ROW("account", "client-key", CONF_PATH, NULL, N_("Its key (PEM); by default in the same file."),
            AT(account, client_key)),
        ROW("account", "disable-capability", CONF_LIST, NULL, N_("Server capabilities to do without."),
            AT(account, disable_capability), .form = N_("list of capabilities"), .check = is_capability),
        ROW("account", "keep", CONF_KEEP, "text 30d",
            N_("What is fetched by itself and kept for reading offline, of mail younger than AGE (none: of "
               "all, 0d: only on request)."),
            AT(account, keep)),
        ROW("account", "leave-on-server", CONF_TEXT, "forever",
            N_("POP3: how long mail stays on the server."), AT(account, leave_on_server),
            ONE_OF(conf_leave_words), .form = N_("forever, a duration, until-deleted, until-moved or never"),
            .check = is_age),
        ROW("account", "poll", CONF_DURATION, "5m",
            N_("How often to look for new mail where the server does not tell."), AT(account, poll),
            RANGE(1, 7 * DAY)),
        ROW("account", "timeout", CONF_DURATION, "30s",
            N_("A connection that answers nothing for so long is given up."), AT(account, timeout),
            RANGE(1, HOUR)),
        ROW("account", "sent", CONF_TEXT, NULL, N_("The folder for sent mail, whatever the server says."),
            AT(account, sent)),
        ROW("account", "drafts", CONF_TEXT, NULL, N_("The folder for drafts, whatever the server says."),
            AT(account, drafts)),
        ROW("account", "trash", CONF_TEXT, NULL, N_("The folder for deleted mail, whatever the server says."),
            AT(account, trash)),
        ROW("account", "archive", CONF_TEXT, NULL,
            N_("The folder for archived mail, whatever the server says."), AT(account, archive)),
        ROW("account", "junk", CONF_TEXT, NULL, N_("The folder for junk mail, whatever the server says."),
            AT(account, junk)),
        ROW("account", "path", CONF_PATH, NULL, N_("Maildir: the folder on this machine."),
            AT(account, path)),
        ROW("account", "submission", CONF_CHOICE, "smtp", N_("How mail is sent."), AT(account, submission),
            ONE_OF(submissions)),
        ROW("account", "smtp-host", CONF_TEXT, NULL, N_("The server that takes mail to be sent."),
            AT(account, smtp_host), .form = N_("host name or address"), .check = is_host),
        ROW("account", "smtp-port", CONF_INT, NULL,
            N_("Its port; by default 465, or 587 when smtp-security is not tls."), AT(account, smtp_port),
            RANGE(0, 65535)),
        ROW("account", "smtp-security", CONF_TEXT, NULL,
            N_("As security; by default tls on port 465 and starttls elsewhere."), AT(account, smtp_security),
            ONE_OF(securities)),
        ROW("account", "smtp-user", CONF_TEXT, NULL,
            N_("The log-in name for sending, where it is not the account's."), AT(account, smtp_user)),
        ROW("account", "smtp-password-command", CONF_COMMAND, NULL,
            N_("A command for the password for sending, where it is not the account's."),
            AT(account, smtp_password_command)),
        ROW("account", "smtp-auth", CONF_LIST, "auto", N_("Log-in mechanisms that may be used for sending."),
            AT(account, smtp_auth), ONE_OF(mechanisms)),
        ROW("account", "sendmail", CONF_COMMAND, "/usr/sbin/sendmail -oi -t",
            N_("The command for submission = sendmail."), AT(account, sendmail)),
        ROW("account", "save-sent", CONF_TEXT, "auto",
            N_("Whether a copy of sent mail is put into the folder for sent mail; auto knows servers that do "
               "it themselves."),
            AT(account, save_sent), ONE_OF(auto_yes_no)),

        ROW("identity", "address", CONF_TEXT, NULL, N_("The address to write from."), NOWHERE,
            .form = N_("mail address"), .check = is_address),
        ROW("identity", "name", CONF_TEXT, NULL, N_("The name to write under."), NOWHERE),
        ROW("identity", "account", CONF_TEXT, NULL, N_("The account that sends; by default the one at hand."),
            NOWHERE),
        ROW("identity", "reply-to", CONF_TEXT, NULL, N_("The address for answers."), NOWHERE,
            .form = N_("mail address"), .check = is_address),
        ROW("identity", "bcc", CONF_TEXT, NULL, N_("An address that gets a blind copy of all that is sent."),
            NOWHERE, .form = N_("mail address"), .check = is_address),
        ROW("identity", "organization", CONF_TEXT, NULL, N_("Goes into the Organization header."), NOWHERE),
        ROW("identity", "signature", CONF_PATH, NULL, N_("A file with the text under your mail."), NOWHERE),
        ROW("identity", "signature-command", CONF_COMMAND, NULL,
            N_("A command that prints the text under your mail."), NOWHERE),
        ROW("identity", "pgp-key", CONF_TEXT, NULL, N_("The OpenPGP key to sign with."), NOWHERE),
        ROW("identity", "smime-key", CONF_TEXT, NULL, N_("The S/MIME certificate to sign with."), NOWHERE),

        ROW("folder", "keep", CONF_KEEP, NULL, N_("As in an account, for the folders that match."),
            AT(folder, keep)),
        ROW("folder", "hide", CONF_BOOL, NULL, N_("Leaves the folders that match out of lists."),
            AT(folder, hide)),

        ROW("rule", "match", CONF_TEXT, NULL,
            N_("Which messages, in the query language of fulmar(1); a word without prefix is looked for in "
               "addresses, subject and text."),
            AT(rule, match), .form = N_("query")),
        ROW("rule", "account", CONF_LIST, NULL,
            N_("The accounts it is for; by default every POP3 and Maildir account."), AT(rule, account),
            .form = N_("list of accounts")),
        ROW("rule", "folder", CONF_TEXT, NULL,
            N_("The folder that the message goes to, of the account that it is in; made when it is not "
               "there."),
            AT(rule, folder), .form = N_("folder")),
        ROW("rule", "flags", CONF_LIST, NULL, N_("Flags it gets and loses, such as +flagged -seen."),
            AT(rule, flags),
            .form = N_("list of +FLAG and -FLAG: seen, answered, flagged, deleted, draft, forwarded"),
            .check = conf_is_flag),
        ROW("rule", "keyword", CONF_LIST, NULL, N_("Keywords it gets."), AT(rule, keyword),
            .form = N_("list of keywords, without blanks"), .check = conf_is_keyword),
        ROW("rule", "stop", CONF_BOOL, NULL,
            N_("Leaves no further rule to look at the message; by default yes with a folder, else no."),
            AT(rule, stop)),

        ROW("query", "query", CONF_TEXT, NULL, N_("What is searched for, in the query language."), NOWHERE),
        ROW("query", "in", CONF_TEXT, NULL, N_("The account or folder searched; by default all."), NOWHERE),

        ROW("ui", "preset", CONF_TEXT, "mutt", N_("Whose keys are the defaults."), AT(ui, preset),
            ONE_OF(presets)),
        ROW("ui", "layout", CONF_TEXT, "auto",
            N_("Rail, list and reading pane side by side (wide), or one at a time."), AT(ui, layout),
            ONE_OF(layouts)),
        ROW("ui", "rail-width", CONF_INT, "20", N_("Columns of the folder rail."), AT(ui, rail_width),
            RANGE(8, 80)),
        ROW("ui", "pager-width", CONF_INT, "0",
            N_("Columns of the reading pane; 0 shares the screen by its width."), AT(ui, pager_width),
            RANGE(0, 500)),
        ROW("ui", "line-art", CONF_TEXT, "auto", N_("How lines and marks are drawn."), AT(ui, line_art),
            ONE_OF(line_arts)),
        ROW("ui", "colour", CONF_TEXT, "auto",
            N_("How many colours are used; the variable NO_COLOR stands above auto."), AT(ui, colour),
            ONE_OF(colour_depths)),
        ROW("ui", "mouse", CONF_BOOL, "yes", N_("Takes clicks and the wheel."), AT(ui, mouse)),
        ROW("ui", "accessible", CONF_BOOL, "no",
            N_("One column, no line art, and a line that says what changed, for screen readers."),
            AT(ui, accessible)),
        ROW("ui", "bell", CONF_BOOL, "no", N_("Rings when new mail comes."), AT(ui, bell)),
        ROW("ui", "new-mail-command", CONF_COMMAND, NULL,
            N_("A command that is run when new mail has come, with FULMAR_ACCOUNT, FULMAR_FOLDER, "
               "FULMAR_COUNT "
               "and, of the newest, FULMAR_FROM and FULMAR_SUBJECT in its environment."),
            AT(ui, new_mail_command)),

        ROW("list", "threads", CONF_BOOL, "yes", N_("Shows conversations together."), AT(list, threads)),
        ROW("list", "date-format", CONF_TEXT, "auto", N_("Dates in lists: auto, or a format of strftime(3)."),
            AT(list, date_format)),

        ROW("pager", "width", CONF_INT, "76", N_("Columns that text is wrapped to; 0 uses the whole width."),
            AT(pager, width), RANGE(0, 500)),
        ROW("pager", "prefer-html", CONF_BOOL, "no", N_("Shows the HTML of a message that comes as both."),
            AT(pager, prefer_html)),
        ROW("pager", "save-folder", CONF_PATH, NULL,
            N_("Where attachments are saved; by default ~/Downloads, or your home folder without it."),
            AT(pager, save_folder)),
        ROW("pager", "mark-seen-after", CONF_DURATION, "0s",
            N_("How long a message is shown before it counts as read."), AT(pager, mark_seen_after),
            RANGE(0, HOUR)),

        ROW("compose", "editor", CONF_COMMAND, NULL,
            N_("The editor for mail; by default $VISUAL or $EDITOR."), NOWHERE),
        ROW("compose", "hold", CONF_DURATION, "10s", N_("How long a sent message can be taken back."),
            NOWHERE, RANGE(0, HOUR)),
        ROW("compose", "format-flowed", CONF_BOOL, "yes",
            N_("Lets the reader's program wrap your paragraphs."), NOWHERE),
        ROW("compose", "reply-position", CONF_TEXT, "below", N_("Where your text goes when you answer."),
            NOWHERE, ONE_OF(reply_positions)),
        ROW("compose", "attribution", CONF_TEXT, NULL, N_("The line above a quotation."), NOWHERE),
        ROW("compose", "attachment-words", CONF_LIST, NULL,
            N_("Words that make a missing attachment worth a question."), NOWHERE),

        ROW("crypto", "protocol", CONF_TEXT, "auto", N_("Which kind of signature and encryption is used."),
            NOWHERE, ONE_OF(crypto_protocols)),
        ROW("crypto", "sign", CONF_BOOL, "no", N_("Signs what you send."), NOWHERE),
        ROW("crypto", "encrypt", CONF_TEXT, "never", N_("Encrypts what you send."), NOWHERE,
            ONE_OF(encrypt_when)),
        ROW("crypto", "autocrypt", CONF_BOOL, "no", N_("Exchanges keys by Autocrypt headers."), NOWHERE),

        /* Roles of the screen's theme; what stands there without a line here depends on the terminal's
           colours. */
        ROW("theme", "text", CONF_COLOUR, NULL, N_("Plain text."), NOWHERE),
        ROW("theme", "title", CONF_COLOUR, NULL, N_("Names of folders and subjects at the top."), NOWHERE),
        ROW("theme", "accent", CONF_COLOUR, NULL, N_("The one accent."), NOWHERE),
        ROW("theme", "dim", CONF_COLOUR, NULL, N_("What matters less."), NOWHERE),
        ROW("theme", "new", CONF_COLOUR, NULL, N_("New mail."), NOWHERE),
        ROW("theme", "flagged", CONF_COLOUR, NULL, N_("Flagged mail and its mark."), NOWHERE),
        ROW("theme", "selected", CONF_COLOUR, NULL, N_("Selected mail and its mark."), NOWHERE),
        ROW("theme", "error", CONF_COLOUR, NULL, N_("Errors."), NOWHERE),
        ROW("theme", "good", CONF_COLOUR, NULL, N_("What went well, such as a good signature."), NOWHERE),
        ROW("theme", "quote1", CONF_COLOUR, NULL, N_("Quoted text."), NOWHERE),
        ROW("theme", "quote2", CONF_COLOUR, NULL, N_("Quotes in quotes."), NOWHERE),
        ROW("theme", "quote3", CONF_COLOUR, NULL, N_("Quotes deeper than that."), NOWHERE),
        ROW("theme", "link", CONF_COLOUR, NULL, N_("Links."), NOWHERE),
        ROW("theme", "heading", CONF_COLOUR, NULL, N_("Headings in mail."), NOWHERE),
        ROW("theme", "code", CONF_COLOUR, NULL, N_("Preformatted text."), NOWHERE),
        ROW("theme", "signature", CONF_COLOUR, NULL, N_("The signature under a mail."), NOWHERE),
        ROW("theme", "label", CONF_COLOUR, NULL, N_("Names of headers."), NOWHERE),
        ROW("theme", "rule", CONF_COLOUR, NULL, N_("Lines between parts of the screen."), NOWHERE),
        ROW("theme", "cursor", CONF_COLOUR, NULL, N_("The line the cursor is on."), NOWHERE),
        ROW("theme", "status", CONF_COLOUR, NULL, N_("The status line."), NOWHERE),
        ROW("theme", "key", CONF_COLOUR, NULL, N_("Names of keys."), NOWHERE),

        {.section = "keys",
         .key = CONF_ANY_KEY,
         .type = CONF_TEXT,
         NOWHERE,
         .form = N_("name of an action"),
         .help = N_("What a key does everywhere, or with [keys VIEW] in one view.")},
        {.section = NULL},
};

const struct conf_option *
conf_options(void)
{
	return options;
}

const char *const *
conf_sections(void)
{
	static const char *const sections[] = {
	        "account", "identity", "folder", "rule",  "query", "ui", "list",
	        "pager",   "compose",  "crypto", "theme", "keys",  NULL,
	};

	return sections;
}

const struct conf_option *
conf_option_find(const char *section, const char *key)
{
	for (const struct conf_option *o = options; o->section; o++)
		if (!strcmp(o->section, section) && (!strcmp(o->key, CONF_ANY_KEY) || !strcmp(o->key, key)))
			return o;
	return NULL;
}

const char **
conf_keys_of(const char *section)
{
	GPtrArray *keys = g_ptr_array_new();

	for (const struct conf_option *o = options; o->section; o++)
		if (!strcmp(o->section, section) && strcmp(o->key, CONF_ANY_KEY))
			g_ptr_array_add(keys, (gpointer)o->key);
	g_ptr_array_add(keys, NULL);
	return (const char **)g_ptr_array_free(keys, FALSE);
}
