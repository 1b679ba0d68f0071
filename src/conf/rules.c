/* Rules: what a whole one has to be, and which concern an account. */
#include "conf/conf-private.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "query/query.h"

struct conf_rule *
conf_rule_new(const char *name)
{
	struct conf_rule *rule = g_new0(struct conf_rule, 1);

	conf_defaults("rule", rule);
	rule->name = g_strdup(name);
	return rule;
}

void
conf_rule_free(gpointer data)
{
	struct conf_rule *rule = data;

	conf_values_clear("rule", rule);
	query_free(rule->query);
	g_free(rule->name);
	g_free(rule);
}

gboolean
conf_is_flag(const char *word)
{
	return (*word == '+' || *word == '-') && query_flag_bit(word + 1);
}

/* An atom (RFC 9051 §9): what other programs take too. */
gboolean
conf_is_keyword(const char *word)
{
	enum { OCTETS_MOST = 200 };

	for (const char *c = word; *c; c++)
		if (!g_ascii_isgraph(*c) || strchr("(){%*\"\\]", *c))
			return FALSE;
	return *word && strlen(word) <= OCTETS_MOST && !query_flag_bit(word);
}

/* ---- checking ---- */

/* Where key was written, else where the rule begins. */
static const char *
where_of(const struct conf_load *load, const struct conf_rule *rule, const char *key)
{
	const struct conf_entry *entry = key ? conf_entry_of(load, "rule", rule->name, key) : NULL;

	if (!entry)
		entry = conf_entry_of(load, "rule", rule->name, NULL);
	return entry ? entry->where : load->conf->file;
}

/* Rules look at messages of many conversations as they come: none of them has a number yet. */
static void
make_query(struct conf_load *load, struct conf_rule *rule)
{
	static const struct query_use use = {
	        .words = QUERY_HEAD_WORDS | QUERY_BODY,
	        .without = 1u << QUERY_THREAD,
	};
	g_autoptr(GError) error = NULL;

	if (!rule->match) {
		/* One that was refused was told already. */
		if (!conf_entry_of(load, "rule", rule->name, "match"))
			conf_problem(load->problems, where_of(load, rule, NULL),
			             _("rule %s has no match; write for example \"match = list:kernel\""),
			             rule->name);
		return;
	}
	rule->query = query_new(rule->match, &use, &error);
	if (!rule->query)
		conf_problem(load->problems, where_of(load, rule, "match"), "match: %s", error->message);
}

static void
note_imap(struct conf_load *load, const struct conf_rule *rule, const char *id)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *text = g_strdup_printf(
	        _("rule %s is applied in %s when that is asked for, not by itself: the server "
	          "of an IMAP account does that"),
	        rule->name, id);

	text_safe_line(line, where_of(load, rule, "account"), -1);
	g_string_append(line, ": ");
	text_safe_line(line, text, -1);
	g_ptr_array_add(load->conf->notes, g_strdup(line->str));
}

static void
check_accounts(struct conf_load *load, const struct conf_rule *rule)
{
	g_autofree const char **ids = conf_account_ids(load->conf);

	for (char **id = rule->account; *id; id++) {
		const struct conf_account *account = conf_account(load->conf, *id);
		const char *nearest = account ? NULL : text_nearest(*id, ids);

		if (account && account->type == ACCOUNT_IMAP)
			note_imap(load, rule, *id);
		else if (nearest)
			conf_problem(load->problems, where_of(load, rule, "account"),
			             _("there is no account \"%s\"; did you mean \"%s\"?"), *id, nearest);
		else if (!account)
			conf_problem(load->problems, where_of(load, rule, "account"),
			             _("there is no account \"%s\" in %s"), *id, load->conf->file);
	}
}

static void
read_flags(struct conf_rule *rule)
{
	for (char **word = rule->flags; *word; word++) {
		guint flag = query_flag_bit(*word + 1);

		if (**word == '+')
			rule->add |= flag;
		else
			rule->remove |= flag;
	}
}

static void
check_flags(struct conf_load *load, const struct conf_rule *rule)
{
	if (rule->add & rule->remove)
		conf_problem(load->problems, where_of(load, rule, "flags"),
		             _("flags sets a flag and takes it off; remove one"));
}

/* A path that ends nowhere would only be found out when mail comes. */
static void
check_path(struct conf_load *load, const struct conf_rule *rule)
{
	if (rule->folder &&
	    (*rule->folder == '/' || g_str_has_suffix(rule->folder, "/") || strstr(rule->folder, "//")))
		conf_problem(load->problems, where_of(load, rule, "folder"),
		             _("\"%s\" is no name of a folder; write for example \"folder = Lists/kernel\""),
		             rule->folder);
}

void
conf_check_rule(struct conf_load *load, struct conf_rule *rule)
{
	static const char *const keys[] = {"folder", "flags", "keyword"};
	gboolean acts;

	make_query(load, rule);
	check_accounts(load, rule);
	read_flags(rule);
	check_flags(load, rule);
	check_path(load, rule);
	if (!rule->has_stop)
		rule->stop = rule->folder != NULL;
	acts = rule->stop;
	for (guint i = 0; !acts && i < G_N_ELEMENTS(keys); i++)
		acts = conf_entry_of(load, "rule", rule->name, keys[i]) != NULL;
	if (!acts)
		conf_problem(load->problems, where_of(load, rule, NULL),
		             _("rule %s does nothing; give it a folder, flags, a keyword or \"stop = yes\""),
		             rule->name);
}

/* ---- asking ---- */

gboolean
conf_rule_is_for(const struct conf_rule *rule, const struct conf_account *account)
{
	return rule->account[0] ? g_strv_contains((const char *const *)rule->account, account->id)
	                        : account->type != ACCOUNT_IMAP;
}

gboolean
conf_rules_arrival(const struct conf *conf, const struct conf_account *account)
{
	for (guint i = 0; account->type != ACCOUNT_IMAP && i < conf->rules->len; i++)
		if (conf_rule_is_for(conf->rules->pdata[i], account))
			return TRUE;
	return FALSE;
}

gboolean
conf_rules_read(const struct conf *conf, const struct conf_account *account)
{
	for (guint i = 0; account->type != ACCOUNT_IMAP && i < conf->rules->len; i++) {
		const struct conf_rule *rule = conf->rules->pdata[i];

		if (conf_rule_is_for(rule, account) && query_reads(rule->query))
			return TRUE;
	}
	return FALSE;
}

/* Appends "; " before all but the first. */
static void
add_part(GString *out, const char *name, const char *value)
{
	if (out->len)
		g_string_append(out, "; ");
	g_string_append(out, name);
	if (*value)
		g_string_append_printf(out, " %s", value);
}

char *
conf_rule_does(const struct conf_rule *rule)
{
	GString *out = g_string_new(NULL);
	g_autofree char *flags = g_strjoinv(" ", rule->flags), *keywords = g_strjoinv(" ", rule->keyword);

	if (rule->folder)
		add_part(out, "folder", rule->folder);
	if (*flags)
		add_part(out, "flags", flags);
	if (*keywords)
		add_part(out, "keyword", keywords);
	if (rule->stop)
		add_part(out, "stop", "");
	return g_string_free(out, FALSE);
}
