#include "model/mailcap.h"

#include <string.h>

#define SYSTEM_FILES "/etc/mailcap:/usr/etc/mailcap:/usr/local/etc/mailcap"
#define TEXT_MAX (4 << 20)

void
mailcap_entry_free(gpointer data)
{
	struct mailcap_entry *entry = data;

	g_free(entry->type);
	g_free(entry->command);
	g_free(entry->test);
	g_free(entry->nametemplate);
	g_free(entry);
}

/* The next field up to an unescaped ";", with backslash escapes resolved, except "\%", which the expansion
 * needs to see. */
static char *
next_field(const char **at)
{
	GString *out = g_string_new(NULL);
	const char *s = *at;

	for (; *s && *s != ';'; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			if (*s == '%')
				g_string_append_c(out, '%'); /* "%%" is a plain one */
		}
		g_string_append_c(out, *s);
	}
	*at = *s ? s + 1 : s;
	return g_strstrip(g_string_free(out, FALSE));
}

static void
take_option(struct mailcap_entry *entry, const char *field)
{
	const char *equals = strchr(field, '=');
	g_autofree char *name = g_strndup(field, equals ? (gsize)(equals - field) : strlen(field));
	const char *value = equals ? equals + 1 : "";

	g_strstrip(name);
	while (*value == ' ' || *value == '\t')
		value++;
	if (!g_ascii_strcasecmp(name, "needsterminal"))
		entry->needs_terminal = TRUE;
	else if (!g_ascii_strcasecmp(name, "copiousoutput"))
		entry->copious_output = TRUE;
	else if (!g_ascii_strcasecmp(name, "test") && !entry->test)
		entry->test = g_strdup(value);
	else if (!g_ascii_strcasecmp(name, "nametemplate") && !entry->nametemplate)
		entry->nametemplate = g_strdup(value);
}

static void
parse_line(GPtrArray *out, const char *line)
{
	struct mailcap_entry *entry = g_new0(struct mailcap_entry, 1);
	g_autofree char *type = next_field(&line);

	entry->type = g_ascii_strdown(type, -1);
	if (*entry->type && !strchr(entry->type, '/')) {
		char *any = g_strconcat(entry->type, "/*", NULL);

		g_free(entry->type);
		entry->type = any;
	}
	entry->command = next_field(&line);
	while (*line) {
		g_autofree char *field = next_field(&line);

		take_option(entry, field);
	}
	if (*entry->type && *entry->command)
		g_ptr_array_add(out, entry);
	else
		mailcap_entry_free(entry);
}

void
mailcap_parse(GPtrArray *out, const char *text)
{
	g_autoptr(GString) line = g_string_new(NULL);

	while (*text) {
		gsize n = strcspn(text, "\n");
		gboolean goes_on = n && text[n - 1] == '\\';

		if (line->len || *text != '#')
			g_string_append_len(line, text, (gssize)(goes_on ? n - 1 : n));
		text += n + (text[n] == '\n');
		if (goes_on && *text && line->len)
			continue;
		if (line->len)
			parse_line(out, line->str);
		g_string_truncate(line, 0);
	}
}

GPtrArray *
mailcap_load(void)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func(mailcap_entry_free);
	const char *variable = g_getenv("MAILCAPS");
	g_autofree char *paths = variable && *variable
	                                 ? g_strdup(variable)
	                                 : g_strconcat(g_get_home_dir(), "/.mailcap:" SYSTEM_FILES, NULL);
	g_auto(GStrv) files = g_strsplit(paths, ":", -1);

	for (char **file = files; *file; file++) {
		g_autofree char *text = NULL;
		gsize len;

		/* A file that is not there is the usual case. */
		if (**file && g_file_get_contents(*file, &text, &len, NULL) && len < TEXT_MAX)
			mailcap_parse(entries, text);
	}
	return entries;
}

/* Quotes that the person wrote around a place would end ours: they are dropped, ours suffice. */
static void
append_quoted(GString *out, const char **at, const char *value)
{
	g_autofree char *quoted = g_shell_quote(value);
	char quote = out->len ? out->str[out->len - 1] : 0;

	if ((quote == '\'' || quote == '"') && **at == quote) {
		g_string_truncate(out, out->len - 1);
		(*at)++;
	}
	g_string_append(out, quoted);
}

static gboolean
append_parameter(GString *out, const char **at, GHashTable *parameters)
{
	const char *end = strchr(*at, '}');
	g_autofree char *name = end ? g_strndup(*at, (gsize)(end - *at)) : NULL;
	g_autofree char *lower = name ? g_ascii_strdown(name, -1) : NULL;
	const char *value = lower && parameters ? g_hash_table_lookup(parameters, lower) : NULL;

	if (!end)
		return FALSE;
	*at = end + 1;
	append_quoted(out, at, value ? value : "");
	return TRUE;
}

char *
mailcap_expand(const char *command, const char *file, const char *type, GHashTable *parameters,
               gboolean *uses_file)
{
	GString *out = g_string_new(NULL);
	gboolean ok = TRUE;

	*uses_file = FALSE;
	for (const char *at = command; ok && *at;) {
		if (*at != '%') {
			g_string_append_c(out, *at++);
			continue;
		}
		at += 2;
		switch (at[-1]) {
		case '%':
			g_string_append_c(out, '%');
			break;
		case 's':
			*uses_file = TRUE;
			append_quoted(out, &at, file);
			break;
		case 't':
			append_quoted(out, &at, type);
			break;
		case '{':
			ok = append_parameter(out, &at, parameters);
			break;
		default: /* %n, %F: multiparts, which nobody opens as one file */
			ok = FALSE;
			break;
		}
	}
	if (!ok) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

static gboolean
type_fits(const char *pattern, const char *type)
{
	gsize n = strlen(pattern);

	if (n >= 2 && !strcmp(pattern + n - 2, "/*"))
		return !g_ascii_strncasecmp(pattern, type, n - 1);
	return !g_ascii_strcasecmp(pattern, type);
}

const struct mailcap_entry *
mailcap_find(const GPtrArray *entries, const char *type, gboolean (*test)(const char *command))
{
	for (guint i = 0; i < entries->len; i++) {
		const struct mailcap_entry *entry = entries->pdata[i];
		gboolean uses_file;

		if (!type_fits(entry->type, type))
			continue;
		if (entry->test) {
			g_autofree char *command = mailcap_expand(entry->test, "", type, NULL, &uses_file);

			if (!test || !command || uses_file || !test(command))
				continue;
		}
		return entry;
	}
	return NULL;
}

char *
mailcap_file_name(const struct mailcap_entry *entry, const char *name)
{
	const char *place = entry && entry->nametemplate ? strstr(entry->nametemplate, "%s") : NULL;
	g_autofree char *before = NULL;

	/* The template is the person's, but only a plain ending (or beginning) of a name is of use. */
	if (!place || strchr(entry->nametemplate, '/') ||
	    (place == entry->nametemplate && g_str_has_suffix(name, place + 2)))
		return g_strdup(name);
	before = g_strndup(entry->nametemplate, (gsize)(place - entry->nametemplate));
	return g_strconcat(before, name, place + 2, NULL);
}
