/* From entries to a configuration: each goes where its row of the option table says. */
#include "conf/conf-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/i18n.h"
#include "base/text.h"
#include "conf/keys.h"

enum naming { NAME_NEVER, NAME_ALWAYS, NAME_MAYBE };

static const struct {
	const char *section;
	enum naming naming;
} namings[] = {
        {"account", NAME_ALWAYS}, {"identity", NAME_ALWAYS}, {"folder", NAME_ALWAYS},
        {"rule", NAME_ALWAYS},    {"query", NAME_ALWAYS},    {"keys", NAME_MAYBE},
};

static enum naming
naming_of(const char *section)
{
	for (gsize i = 0; i < G_N_ELEMENTS(namings); i++)
		if (!strcmp(namings[i].section, section))
			return namings[i].naming;
	return NAME_NEVER;
}

static char *
place_of(const char *section, const char *name, const char *key)
{
	return g_strdup_printf("%s\n%s\n%s", section, name, key ? key : "");
}

const struct conf_entry *
conf_entry_of(const struct conf_load *load, const char *section, const char *name, const char *key)
{
	g_autofree char *place = place_of(section, name, key);

	return g_hash_table_lookup(load->places, place);
}

static void
remember(struct conf_load *load, struct conf_entry *entry)
{
	g_hash_table_replace(load->places, place_of(entry->section, entry->name, entry->key), entry);
}

/* "; did you mean "x"?", or nothing. Gives. */
static char *
suggestion(const char *nearest)
{
	return nearest ? g_strdup_printf(_("; did you mean \"%s\"?"), nearest) : g_strdup("");
}

static gboolean
is_account_name(const char *name)
{
	if (!*name || strchr(".-", *name) || strlen(name) > 64)
		return FALSE;
	for (const char *p = name; *p; p = g_utf8_next_char(p))
		if (!g_unichar_isalnum(g_utf8_get_char(p)) && !strchr("._-@+", *p))
			return FALSE;
	return TRUE;
}

/* Whether the section itself may be; says why not. */
static gboolean
section_fits(struct conf_load *load, const struct conf_entry *entry)
{
	enum naming naming = naming_of(entry->section);

	if (!g_strv_contains(conf_sections(), entry->section)) {
		g_autofree char *hint = suggestion(text_nearest(entry->section, conf_sections()));

		conf_problem(load->problems, entry->where, _("there is no section [%s]%s"), entry->section,
		             hint);
		return FALSE;
	}
	if (naming == NAME_ALWAYS && !*entry->name) {
		conf_problem(load->problems, entry->where, _("[%s] needs a name: [%s NAME]"), entry->section,
		             entry->section);
		return FALSE;
	}
	if (naming == NAME_NEVER && *entry->name) {
		conf_problem(load->problems, entry->where, _("[%s] takes no name; write [%s] alone"),
		             entry->section, entry->section);
		return FALSE;
	}
	if (!strcmp(entry->section, "account") && !is_account_name(entry->name)) {
		conf_problem(load->problems, entry->where,
		             _("\"%s\" cannot be the name of an account; use letters, digits and . _ - @ + "
		               "(not . or - in front)"),
		             entry->name);
		return FALSE;
	}
	return TRUE;
}

static struct conf_folder *
folder_named(struct conf *conf, const char *pattern)
{
	for (guint i = 0; i < conf->folders->len; i++) {
		struct conf_folder *folder = conf->folders->pdata[i];

		if (!strcmp(folder->pattern, pattern))
			return folder;
	}
	return NULL;
}

static struct conf_folder *
folder_add(struct conf *conf, const char *pattern)
{
	struct conf_folder *folder = g_new0(struct conf_folder, 1);

	folder->pattern = g_strdup(pattern);
	g_ptr_array_add(conf->folders, folder);
	return folder;
}

static struct conf_rule *
rule_named(struct conf *conf, const char *name)
{
	struct conf_rule *rule;

	for (guint i = 0; i < conf->rules->len; i++) {
		rule = conf->rules->pdata[i];
		if (!strcmp(rule->name, name))
			return rule;
	}
	rule = conf_rule_new(name);
	g_ptr_array_add(conf->rules, rule);
	return rule;
}

/* The struct that a section without a name fills; NULL when nothing keeps its values. */
static void *
fixed_base(struct conf *conf, const char *section)
{
	if (!strcmp(section, "ui"))
		return &conf->ui;
	if (!strcmp(section, "list"))
		return &conf->list;
	if (!strcmp(section, "pager"))
		return &conf->pager;
	return NULL;
}

/* A section line of the file: makes what it names. FALSE when its keys are to be passed over. */
static gboolean
begin_section(struct conf_load *load, struct conf_entry *entry, void **base)
{
	const struct conf_entry *before;

	if (!section_fits(load, entry))
		return FALSE;
	before = conf_entry_of(load, entry->section, entry->name, NULL);
	if (before && naming_of(entry->section) == NAME_ALWAYS) {
		conf_problem(load->problems, entry->where,
		             _("[%s %s] is there already, on line %d; join the two"), entry->section,
		             entry->name, before->line);
		return FALSE;
	}
	remember(load, entry);
	*base = fixed_base(load->conf, entry->section);
	if (!strcmp(entry->section, "account")) {
		*base = conf_account_new(entry->name, ACCOUNT_IMAP);
		g_ptr_array_add(load->conf->accounts, *base);
	} else if (!strcmp(entry->section, "folder")) {
		*base = folder_add(load->conf, entry->name);
	} else if (!strcmp(entry->section, "rule")) {
		*base = rule_named(load->conf, entry->name);
	}
	return TRUE;
}

const char **
conf_account_ids(const struct conf *conf)
{
	const char **ids = g_new0(const char *, conf->accounts->len + 1);

	for (guint i = 0; i < conf->accounts->len; i++)
		ids[i] = ((struct conf_account *)conf->accounts->pdata[i])->id;
	return ids;
}

/* The account an override names, or NULL (and a problem). */
static void *
find_account(struct conf_load *load, const struct conf_entry *entry)
{
	void *account = (void *)conf_account(load->conf, entry->name);
	g_autofree const char **ids = NULL;
	g_autofree char *hint = NULL;

	if (account)
		return account;
	ids = conf_account_ids(load->conf);
	hint = suggestion(text_nearest(entry->name, ids));
	conf_problem(load->problems, entry->where, _("there is no account \"%s\" in %s%s"), entry->name,
	             load->conf->file, hint);
	return NULL;
}

/* Where an override goes. FALSE (and a problem) when there is no such section or account. */
static gboolean
find_section(struct conf_load *load, struct conf_entry *entry, void **base)
{
	if (!section_fits(load, entry))
		return FALSE;
	*base = fixed_base(load->conf, entry->section);
	if (!strcmp(entry->section, "account"))
		return (*base = find_account(load, entry)) != NULL;
	if (!strcmp(entry->section, "folder")) {
		*base = folder_named(load->conf, entry->name);
		if (!*base)
			*base = folder_add(load->conf, entry->name);
	}
	if (!strcmp(entry->section, "rule"))
		*base = rule_named(load->conf, entry->name);
	return TRUE;
}

static void
bind_key(struct conf_load *load, const struct conf_entry *entry)
{
	struct conf_key *key = g_new0(struct conf_key, 1);
	g_autofree char *problem = NULL;

	key->view = g_strdup(entry->name);
	key->key = g_strdup(entry->key);
	key->action = g_strdup(entry->value);
	key->line = entry->line;
	g_ptr_array_add(load->conf->keys, key);
	problem = keys_problem(key);
	if (problem)
		conf_problem(load->problems, entry->where, "%s", problem);
}

static void
add_colour(struct conf_load *load, const struct conf_entry *entry)
{
	struct conf_colour *colour = g_new0(struct conf_colour, 1);

	colour->role = g_strdup(entry->key);
	colour->value = g_ascii_strdown(entry->value, -1);
	g_ptr_array_add(load->conf->colours, colour);
}

static const struct conf_option *
known_option(struct conf_load *load, const struct conf_entry *entry)
{
	const struct conf_option *option = conf_option_find(entry->section, entry->key);
	g_autofree const char **keys = NULL;
	g_autofree char *hint = NULL;

	if (option)
		return option;
	keys = conf_keys_of(entry->section);
	hint = suggestion(text_nearest(entry->key, keys));
	conf_problem(load->problems, entry->where, _("[%s] knows no key \"%s\"%s"), entry->section,
	             entry->key, hint);
	return NULL;
}

/* A value is quoted in the message, unless it may be a secret. */
static void
refuse_value(struct conf_load *load, const struct conf_entry *entry, const struct conf_option *option,
             const char *nearest)
{
	g_autofree char *form = conf_type_describe(option), *hint = suggestion(nearest);

	if (!*entry->value)
		conf_problem(load->problems, entry->where, _("%s has no value; it takes: %s"), entry->key,
		             form);
	else if (option->type == CONF_SECRET)
		conf_problem(load->problems, entry->where, _("%s cannot be that; it takes: %s"), entry->key,
		             form);
	else
		conf_problem(load->problems, entry->where, _("%s cannot be \"%s\"; it takes: %s%s"),
		             entry->key, entry->value, form, hint);
}

static void
note_folder(struct conf_folder *folder, const char *key)
{
	if (!strcmp(key, "keep"))
		folder->has_keep = TRUE;
	else if (!strcmp(key, "hide"))
		folder->has_hide = TRUE;
}

static void
apply(struct conf_load *load, struct conf_entry *entry, void *base)
{
	const struct conf_option *option = known_option(load, entry);
	const struct conf_entry *before;
	const char *nearest = NULL;

	if (!option)
		return;
	before = conf_entry_of(load, entry->section, entry->name, entry->key);
	if (before && before->line && entry->line) {
		conf_problem(load->problems, entry->where, _("%s is set already, on line %d; remove one"),
		             entry->key, before->line);
		return;
	}
	remember(load, entry);
	if ((!*entry->value && option->type != CONF_LIST) ||
	    !conf_value_set(option, base, entry->value, &nearest)) {
		refuse_value(load, entry, option, nearest);
		return;
	}
	if (!strcmp(entry->section, "folder"))
		note_folder(base, entry->key);
	else if (!strcmp(entry->section, "rule"))
		((struct conf_rule *)base)->has_stop |= !strcmp(entry->key, "stop");
	else if (!strcmp(entry->section, "keys"))
		bind_key(load, entry);
	else if (!strcmp(entry->section, "theme"))
		add_colour(load, entry);
}

static void
apply_file(struct conf_load *load, guint len)
{
	gboolean taken = FALSE;
	void *base = NULL;

	for (guint i = 0; i < len; i++) {
		struct conf_entry *entry = load->entries->pdata[i];

		if (!entry->key)
			taken = begin_section(load, entry, &base);
		else if (taken)
			apply(load, entry, base);
	}
}

static void
apply_overrides(struct conf_load *load, const char *const *overrides)
{
	for (; overrides && *overrides; overrides++) {
		struct conf_entry *entry = conf_parse_override(*overrides, load->problems);
		void *base = NULL;

		if (!entry)
			continue;
		g_ptr_array_add(load->entries, entry);
		if (find_section(load, entry, &base))
			apply(load, entry, base);
	}
}

/* Line number of a problem "FILE:LINE: …"; those of the command line come after all. */
static int
line_of(const char *problem, const char *file)
{
	gsize len = strlen(file);

	if (strncmp(problem, file, len) || problem[len] != ':')
		return G_MAXINT;
	return (int)g_ascii_strtoll(problem + len + 1, NULL, 10);
}

static gint
compare_problems(gconstpointer a, gconstpointer b, gpointer file)
{
	int x = line_of(*(const char *const *)a, file), y = line_of(*(const char *const *)b, file);

	return (x > y) - (x < y);
}

/* The passes over a file find problems in an order of their own; a person reads them from top to bottom. */
static void
hand_over(GPtrArray *found, const char *file, GPtrArray *problems)
{
	g_autofree char *shown = text_safe(file, -1);

	g_ptr_array_sort_with_data(found, compare_problems, shown);
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(problems, found->pdata[i]);
}

static struct conf *
load_text(const char *file, const char *text, gsize len, gboolean others_read, const char *const *overrides,
          GPtrArray *problems)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	g_autoptr(GPtrArray) entries = conf_parse(file, text, len, found);
	g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct conf_load load = {
	        .conf = conf_new(file),
	        .entries = entries,
	        .places = places,
	        .problems = found,
	        .others_read = others_read,
	};

	apply_file(&load, entries->len);
	apply_overrides(&load, overrides);
	conf_complete(load.conf);
	conf_check(&load);
	hand_over(found, file, problems);
	if (!found->len)
		return load.conf;
	conf_free(load.conf);
	return NULL;
}

struct conf *
conf_load_text(const char *file, const char *text, gsize len, const char *const *overrides,
               GPtrArray *problems)
{
	return load_text(file, text, len, FALSE, overrides, problems);
}

/* Reads at most CONF_MAX_OCTETS from fd. FALSE with errno. */
static gboolean
read_all(int fd, GByteArray *bytes)
{
	guint8 buffer[16384];
	gssize n;

	while ((n = read(fd, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FALSE;
		if (bytes->len + (gsize)n > CONF_MAX_OCTETS) {
			errno = EFBIG;
			return FALSE;
		}
		g_byte_array_append(bytes, buffer, (guint)n);
	}
	return TRUE;
}

struct conf *
conf_load(const char *path, const char *const *overrides, GPtrArray *problems)
{
	g_autofree char *home = files_xdg("CONFIG"), *standard = g_build_filename(home, "fulmar.conf", NULL);
	const char *file = path ? path : standard;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct conf *conf = NULL;
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && !path)
		return load_text(file, "", 0, FALSE, overrides, problems);
	if (fd < 0 || fstat(fd, &st) || !read_all(fd, bytes)) {
		conf_problem(problems, file, _("the configuration cannot be read: %s"), g_strerror(errno));
	} else {
		conf = load_text(file, (const char *)bytes->data, bytes->len,
		                 (st.st_mode & (S_IRGRP | S_IROTH)) != 0, overrides, problems);
		if (conf)
			conf->exists = TRUE;
	}
	if (fd >= 0)
		close(fd);
	return conf;
}
