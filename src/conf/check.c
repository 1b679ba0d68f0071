/* What only the whole of a configuration can show: values that others imply, and rules between values. */
#include "conf/conf-private.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

static gint64
port_of(const struct conf_account *account)
{
	switch ((enum account_type)account->type) {
	case ACCOUNT_IMAP:
		return account->security == SECURITY_TLS ? 993 : 143;
	case ACCOUNT_POP3:
		return account->security == SECURITY_TLS ? 995 : 110;
	case ACCOUNT_MAILDIR:
		return 0;
	}
	g_assert_not_reached();
}

/* Port and security of submission imply each other: 465 is TLS, everything else STARTTLS (RFC 8314 §3.3). */
static void
complete_submission(struct conf_account *account)
{
	if (!account->smtp_port)
		account->smtp_port =
		        !account->smtp_security || !strcmp(account->smtp_security, "tls") ? 465 : 587;
	if (!account->smtp_security)
		account->smtp_security = g_strdup(account->smtp_port == 465 ? "tls" : "starttls");
}

static void
complete_account(struct conf_account *account)
{
	if (!account->port)
		account->port = port_of(account);
	if (!account->user)
		account->user = g_strdup(account->address);
	if (!account->client_key)
		account->client_key = g_strdup(account->client_certificate);
	complete_submission(account);
}

static char *
default_save_folder(void)
{
	g_autofree char *downloads = g_build_filename(g_get_home_dir(), "Downloads", NULL);

	if (g_file_test(downloads, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&downloads);
	return g_strdup(g_get_home_dir());
}

void
conf_complete(struct conf *conf)
{
	for (guint i = 0; i < conf->accounts->len; i++)
		complete_account(conf->accounts->pdata[i]);
	if (!conf->pager.save_folder)
		conf->pager.save_folder = default_save_folder();
}

/* Where account id's key was written, else where its section begins. */
static const char *
where_of(const struct conf_load *load, const struct conf_account *account, const char *key)
{
	const struct conf_entry *entry = conf_entry_of(load, "account", account->id, key);

	if (!entry)
		entry = conf_entry_of(load, "account", account->id, NULL);
	return entry->where;
}

static void
missing(const struct conf_load *load, const struct conf_account *account, const char *what,
        const char *example)
{
	conf_problem(load->problems, where_of(load, account, NULL),
	             _("account %s has no %s; write for example \"%s\""), account->id, what, example);
}

static void
check_login(const struct conf_load *load, const struct conf_account *account)
{
	const char *const *auth = (const char *const *)account->auth;

	if (!account->host)
		missing(load, account, "host", "host = imap.example.org");
	if (!account->user && !g_strv_contains(auth, "external"))
		missing(load, account, "address", "address = ann@example.org");
	if (account->client_key && !account->client_certificate)
		missing(load, account, "client-certificate", "client-certificate = ~/mail.pem");
}

static void
refuse_cleartext(const struct conf_load *load, const struct conf_account *account, const char *key,
                 const char *host)
{
	if (host && !account->allow_cleartext && !conf_is_loopback(host))
		conf_problem(
		        load->problems, where_of(load, account, key),
		        _("%s = none sends the password in clear text to %s; use tls or starttls, or, if you "
		          "must, allow-cleartext = yes"),
		        key, host);
}

/* A password from the command line is not in the file. */
static void
check_password(const struct conf_load *load, const struct conf_account *account)
{
	const struct conf_entry *entry = conf_entry_of(load, "account", account->id, "password");

	if (entry && entry->line && load->others_read)
		conf_problem(
		        load->problems, entry->where,
		        _("a password is here, and others may read this file; run \"chmod 600 %s\", or use "
		          "password-command"),
		        load->conf->file);
}

static void
check_account(const struct conf_load *load, const struct conf_account *account)
{
	if (account->type == ACCOUNT_MAILDIR) {
		if (!account->path)
			missing(load, account, "path", "path = ~/Mail");
	} else {
		check_login(load, account);
	}
	if (account->security == SECURITY_NONE)
		refuse_cleartext(load, account, "security", account->host);
	if (!strcmp(account->smtp_security, "none"))
		refuse_cleartext(load, account, "smtp-security", account->smtp_host);
	check_password(load, account);
}

/* "[folder wrok/Lists]" would never match anything. */
static void
check_folder(const struct conf_load *load, const struct conf_folder *folder)
{
	const struct conf_entry *entry = conf_entry_of(load, "folder", folder->pattern, NULL);
	const char *slash = strchr(folder->pattern, '/');
	g_autofree char *id = slash ? g_strndup(folder->pattern, (gsize)(slash - folder->pattern)) : NULL;
	g_autofree const char **ids = conf_account_ids(load->conf);
	const char *nearest;

	if (!entry)
		entry = conf_entry_of(load, "folder", folder->pattern, folder->has_keep ? "keep" : "hide");
	if (!entry)
		return;
	if (!id) {
		conf_problem(load->problems, entry->where,
		             _("\"%s\" is no folder; write [folder ACCOUNT/FOLDER]"), folder->pattern);
		return;
	}
	for (guint i = 0; ids[i]; i++)
		if (conf_match(id, ids[i]))
			return;
	nearest = text_nearest(id, ids);
	if (nearest)
		conf_problem(load->problems, entry->where,
		             _("there is no account \"%s\"; did you mean \"%s\"?"), id, nearest);
	else
		conf_problem(load->problems, entry->where, _("there is no account \"%s\" in %s"), id,
		             load->conf->file);
}

void
conf_check(struct conf_load *load)
{
	for (guint i = 0; i < load->conf->accounts->len; i++)
		check_account(load, load->conf->accounts->pdata[i]);
	for (guint i = 0; i < load->conf->folders->len; i++)
		check_folder(load, load->conf->folders->pdata[i]);
	for (guint i = 0; i < load->conf->rules->len; i++)
		conf_check_rule(load, load->conf->rules->pdata[i]);
}
