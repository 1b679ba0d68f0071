/* From the file's text to its entries. Linear, line by line; knows no option. */
#include "conf/conf-private.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"

/* Most keys that share one value, so that no small file asks for much memory. */
#define KEYS_PER_LINE 32

/* Longest line of a problem, in octets: a value that is quoted in it may be of any length. */
#define PROBLEM_MAX_OCTETS 600

struct parser {
	const char *file;
	GPtrArray *entries, *problems;
	char *section, *name; /* of the section at hand; NULL before the first, and after a broken one */
	gboolean skipping;    /* in a broken section, whose keys would only be noise */
	int line;
};

void
conf_entry_free(struct conf_entry *entry)
{
	g_free(entry->section);
	g_free(entry->name);
	g_free(entry->key);
	g_free(entry->value);
	g_free(entry->where);
	g_free(entry);
}

void
conf_problem(GPtrArray *problems, const char *where, const char *format, ...)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) line = g_string_new(NULL);
	va_list args;

	if (problems->len > CONF_MAX_PROBLEMS)
		return;
	if (problems->len == CONF_MAX_PROBLEMS) {
		g_ptr_array_add(problems, g_strdup(_("There are more problems; these come first.")));
		return;
	}
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	/* What the file holds is quoted here, and the file may hold anything. */
	text_safe_line(line, where, -1);
	g_string_append(line, ": ");
	text_safe_line(line, text, -1);
	if (line->len > PROBLEM_MAX_OCTETS) {
		const char *cut = g_utf8_find_prev_char(line->str, line->str + PROBLEM_MAX_OCTETS);

		g_string_truncate(line, (gsize)(cut - line->str));
		g_string_append(line, "...");
	}
	g_ptr_array_add(problems, g_strdup(line->str));
}

static char *
where_of(const struct parser *parser)
{
	return g_strdup_printf("%s:%d", parser->file, parser->line);
}

static void
add_entry(struct parser *parser, const char *key, const char *value)
{
	struct conf_entry *entry = g_new0(struct conf_entry, 1);

	entry->section = g_strdup(parser->section);
	entry->name = g_strdup(parser->name);
	entry->key = g_strdup(key);
	entry->value = g_strdup(value);
	entry->line = parser->line;
	entry->where = where_of(parser);
	g_ptr_array_add(parser->entries, entry);
}

static gboolean
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* "kind" or "kind name" between brackets. */
static void
split_section(const char *text, gsize len, char **kind, char **name)
{
	g_autofree char *inside = g_strndup(text, len);
	gsize word;

	g_strstrip(inside);
	word = strcspn(inside, " \t");
	*kind = g_strndup(inside, word);
	*name = g_strdup(skip_blanks(inside + word));
}

static void
parse_section(struct parser *parser, const char *p)
{
	const char *close = strchr(p, ']'), *rest = close ? skip_blanks(close + 1) : "";

	g_clear_pointer(&parser->section, g_free);
	g_clear_pointer(&parser->name, g_free);
	parser->skipping = TRUE;
	if (!close || (*rest && *rest != '#')) {
		g_autofree char *where = where_of(parser);

		conf_problem(
		        parser->problems, where,
		        _("this section line is broken; write [section] or [section NAME] alone on a line"));
		return;
	}
	parser->skipping = FALSE;
	split_section(p + 1, (gsize)(close - p - 1), &parser->section, &parser->name);
	add_entry(parser, NULL, NULL);
}

/* A text in double quotes at p (which stands on the first); *end gives what follows. NULL when it does not
 * close. */
static char *
parse_quoted(const char *p, const char **end)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		g_string_append_c(text, *p);
	}
	if (!*p)
		return NULL;
	*end = p + 1;
	return g_strdup(text->str);
}

/* '#' begins a comment after a blank, when a blank or the line's end follows: "#3" and "a#b" are values. */
static gsize
bare_length(const char *p)
{
	gsize len = 0;

	for (gsize i = 0; p[i]; i++) {
		if (p[i] == '#' && (i == 0 || is_blank(p[i - 1])) && (!p[i + 1] || is_blank(p[i + 1])))
			break;
		if (!is_blank(p[i]))
			len = i + 1;
	}
	return len;
}

/* The value that begins at p. NULL with *fault (lent, translated) when it is broken. comments: whether '#'
 * may end it. */
static char *
parse_value(const char *p, gboolean comments, const char **fault)
{
	char *value;
	const char *end;

	p = skip_blanks(p);
	if (*p != '"')
		return comments ? g_strndup(p, bare_length(p)) : g_strchomp(g_strdup(p));
	value = parse_quoted(p, &end);
	if (!value) {
		*fault = _("the double quote is not closed");
		return NULL;
	}
	end = skip_blanks(end);
	if (!*end || (comments && *end == '#'))
		return value;
	g_free(value);
	*fault =
	        _("something follows the closing double quote; inside a quoted value write \\\" for a quote");
	return NULL;
}

/* One key name at *p: in quotes, or up to the next "," or "=". A "," or "=" that begins the name is the name
 * itself (the keys section binds them). NULL when there is none. */
static char *
parse_key(const char **p)
{
	const char *start = skip_blanks(*p), *end = start;

	if (*start == '"')
		return parse_quoted(start, p);
	if (*end && strchr(",=", *end))
		end++;
	else
		end += strcspn(end, ",=");
	*p = end;
	while (end > start && is_blank(end[-1]))
		end--;
	return end > start ? g_strndup(start, (gsize)(end - start)) : NULL;
}

/* "a, b" before "=": *p ends on the "=". FALSE when the line is not of that shape, or holds too many. */
static gboolean
parse_keys(const char **p, GPtrArray *keys)
{
	for (;;) {
		char *key = parse_key(p);

		if (!key)
			return FALSE;
		g_ptr_array_add(keys, key);
		if (keys->len > KEYS_PER_LINE)
			return FALSE;
		*p = skip_blanks(*p);
		if (**p == '=')
			return TRUE;
		if (*(*p)++ != ',')
			return FALSE;
	}
}

static void
parse_assignment(struct parser *parser, const char *p)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *where = where_of(parser), *value = NULL;
	const char *fault = NULL;

	if (!parse_keys(&p, keys)) {
		conf_problem(parser->problems, where,
		             _("neither \"key = value\" nor [section] nor a # comment"));
		return;
	}
	value = parse_value(p + 1, TRUE, &fault);
	if (!value) {
		conf_problem(parser->problems, where, "%s: %s", (char *)keys->pdata[0], fault);
		return;
	}
	if (!parser->section) {
		conf_problem(parser->problems, where,
		             _("%s stands before the first section; write [account NAME] above it"),
		             (char *)keys->pdata[0]);
		return;
	}
	for (guint i = 0; i < keys->len; i++)
		add_entry(parser, keys->pdata[i], value);
}

static void
parse_line(struct parser *parser, const char *line, gsize len)
{
	g_autofree char *text = g_strndup(line, len);
	const char *p;

	if (strlen(text) != len || !g_utf8_validate(text, -1, NULL)) {
		g_autofree char *where = where_of(parser);

		conf_problem(parser->problems, where,
		             _("this line is not text in UTF-8; save the file as UTF-8"));
		return;
	}
	p = skip_blanks(text);
	if (!*p || *p == '#')
		return;
	if (*p == '[')
		parse_section(parser, p);
	else if (!parser->skipping)
		parse_assignment(parser, p);
}

GPtrArray *
conf_parse(const char *file, const char *text, gsize len, GPtrArray *problems)
{
	struct parser parser = {.file = file, .problems = problems};
	const char *p = text, *end = text + len;

	parser.entries = g_ptr_array_new_with_free_func((GDestroyNotify)conf_entry_free);
	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end) {
		const char *newline = memchr(p, '\n', (gsize)(end - p));
		const char *stop = newline ? newline : end;

		parser.line++;
		parse_line(&parser, p, (gsize)(stop - p) - (stop > p && stop[-1] == '\r'));
		p = newline ? newline + 1 : end;
	}
	g_free(parser.section);
	g_free(parser.name);
	return parser.entries;
}

struct conf_entry *
conf_parse_override(const char *text, GPtrArray *problems)
{
	const char *equals = strchr(text, '='), *fault = NULL;
	g_autofree char *left = equals ? g_strchomp(g_strndup(text, (gsize)(equals - text))) : g_strdup(text);
	g_autofree char *where = g_strdup_printf("-o %s", left);
	char *dot = strrchr(left, '.');
	struct conf_entry *entry;
	char *value;

	if (!equals || !dot || dot == left || !dot[1]) {
		conf_problem(problems, where,
		             _("write SECTION.KEY=VALUE, for example \"account work.keep=full\""));
		return NULL;
	}
	value = parse_value(equals + 1, FALSE, &fault);
	if (!value) {
		conf_problem(problems, where, "%s", fault);
		return NULL;
	}
	entry = g_new0(struct conf_entry, 1);
	split_section(left, (gsize)(dot - left), &entry->section, &entry->name);
	entry->key = g_strstrip(g_strdup(dot + 1));
	entry->value = value;
	entry->where = g_steal_pointer(&where);
	return entry;
}
