/* What the rest of the program asks a loaded configuration. */
#include "conf/conf-private.h"

#include <string.h>

void
conf_account_free(struct conf_account *account)
{
	conf_values_clear("account", account);
	g_free(account->id);
	g_free(account);
}

struct conf_account *
conf_account_new(const char *id, enum account_type type)
{
	struct conf_account *account = g_new0(struct conf_account, 1);

	conf_defaults("account", account);
	account->id = g_strdup(id);
	account->type = type;
	return account;
}

static void
free_folder(gpointer p)
{
	struct conf_folder *folder = p;

	g_free(folder->pattern);
	g_free(folder);
}

static void
free_key(gpointer p)
{
	struct conf_key *key = p;

	g_free(key->view);
	g_free(key->key);
	g_free(key->action);
	g_free(key);
}

static void
free_colour(gpointer p)
{
	struct conf_colour *colour = p;

	g_free(colour->role);
	g_free(colour->value);
	g_free(colour);
}

struct conf *
conf_new(const char *file)
{
	struct conf *conf = g_new0(struct conf, 1);

	conf->file = g_strdup(file);
	conf->accounts = g_ptr_array_new_with_free_func((GDestroyNotify)conf_account_free);
	conf->keys = g_ptr_array_new_with_free_func(free_key);
	conf->folders = g_ptr_array_new_with_free_func(free_folder);
	conf->colours = g_ptr_array_new_with_free_func(free_colour);
	conf->rules = g_ptr_array_new_with_free_func(conf_rule_free);
	conf->notes = g_ptr_array_new_with_free_func(g_free);
	conf_defaults("ui", &conf->ui);
	conf_defaults("list", &conf->list);
	conf_defaults("pager", &conf->pager);
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	conf_values_clear("ui", &conf->ui);
	conf_values_clear("list", &conf->list);
	conf_values_clear("pager", &conf->pager);
	g_ptr_array_unref(conf->accounts);
	g_ptr_array_unref(conf->keys);
	g_ptr_array_unref(conf->folders);
	g_ptr_array_unref(conf->colours);
	g_ptr_array_unref(conf->rules);
	g_ptr_array_unref(conf->notes);
	g_free(conf->file);
	g_free(conf);
}

const struct conf_account *
conf_account(const struct conf *conf, const char *id)
{
	for (guint i = 0; i < conf->accounts->len; i++) {
		const struct conf_account *account = conf->accounts->pdata[i];

		if (!strcmp(account->id, id))
			return account;
	}
	return NULL;
}

gboolean
conf_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern && (*pattern == '?' || *pattern == *text)) {
			text = *pattern == '?' ? g_utf8_next_char(text) : text + 1;
			pattern++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return FALSE;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

struct conf_keep
conf_keep_for(const struct conf *conf, const struct conf_account *account, const char *folder)
{
	g_autofree char *path = g_strconcat(account->id, "/", folder, NULL);

	for (guint i = conf->folders->len; i-- > 0;) {
		const struct conf_folder *f = conf->folders->pdata[i];

		if (f->has_keep && conf_match(f->pattern, path))
			return f->keep;
	}
	return account->keep;
}

gboolean
conf_hidden(const struct conf *conf, const struct conf_account *account, const char *folder)
{
	g_autofree char *path = g_strconcat(account->id, "/", folder, NULL);

	for (guint i = conf->folders->len; i-- > 0;) {
		const struct conf_folder *f = conf->folders->pdata[i];

		if (f->has_hide && conf_match(f->pattern, path))
			return f->hide;
	}
	return FALSE;
}

gboolean
conf_is_loopback(const char *host)
{
	guint parts = 1, digits = 0, value = 0;

	if (!g_ascii_strcasecmp(host, "localhost") || !g_ascii_strcasecmp(host, "localhost."))
		return TRUE;
	if (!strcmp(host, "::1") || !strcmp(host, "[::1]"))
		return TRUE;
	/* Four plain numbers, the first 127: "127.evil.example" is a name, and so is anything else. */
	if (strncmp(host, "127.", 4))
		return FALSE;
	for (const char *p = host + 4;; p++) {
		if (g_ascii_isdigit(*p) && ++digits <= 3) {
			value = value * 10 + (guint)(*p - '0');
			continue;
		}
		if (!digits || digits > 3 || value > 255 || (*p && *p != '.'))
			return FALSE;
		parts++;
		if (!*p)
			return parts == 4;
		digits = value = 0;
	}
}
