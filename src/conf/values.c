/* From the text of a value to what a row of the option table keeps. */
#include "conf/conf-private.h"

#include <string.h>

#include "base/files.h"
#include "base/text.h"

static const char *const yes_words[] = {"yes", "true", "on", NULL};
static const char *const no_words[] = {"no", "false", "off", NULL};
static const char *const bool_words[] = {"yes", "no", NULL};
const char *const conf_leave_words[] = {"forever", "until-deleted", "until-moved", "never", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(conf_leave_words) == LEAVE_FOR + 1);
static const char *const keep_words[] = {"headers", "text", "full", NULL};

/* Position of word (ASCII case does not matter), or -1. */
static int
position(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!g_ascii_strcasecmp(words[i], word))
			return i;
	return -1;
}

gboolean
conf_duration_parse(const char *text, gint64 *seconds)
{
	static const struct {
		char unit;
		gint64 seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	gint64 n = 0;
	const char *p = text;

	for (; g_ascii_isdigit(*p); p++) {
		n = n * 10 + (*p - '0');
		if (n > G_MAXINT32)
			return FALSE;
	}
	if (p == text)
		return FALSE;
	*seconds = 0;
	if (!*p)
		return n == 0;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		if (g_ascii_tolower(*p) != units[i].unit || p[1])
			continue;
		*seconds = n * units[i].seconds;
		return TRUE;
	}
	return FALSE;
}

/* The members of a list, separated by commas or blanks. Gives (g_strfreev). */
static char **
parse_list(const char *text)
{
	GPtrArray *members = g_ptr_array_new();

	for (const char *p = text + strspn(text, ", \t"); *p; p += strspn(p, ", \t")) {
		gsize len = strcspn(p, ", \t");

		g_ptr_array_add(members, g_strndup(p, len));
		p += len;
	}
	g_ptr_array_add(members, NULL);
	return (char **)g_ptr_array_free(members, FALSE);
}

gboolean
conf_leave_parse(const char *text, struct conf_leave *leave)
{
	int what = text ? position(conf_leave_words, text) : -1;

	*leave = (struct conf_leave){what >= 0 ? (enum leave_what)what : LEAVE_FOR, 0};
	return what >= 0 || (text && conf_duration_parse(text, &leave->age));
}

gboolean
conf_keep_parse(const char *text, struct conf_keep *keep)
{
	g_auto(GStrv) words = parse_list(text);
	int what = words[0] ? position(keep_words, words[0]) : -1;

	if (what < 0)
		return FALSE;
	keep->what = (enum keep_what)what;
	keep->age = -1;
	if (!words[1])
		return TRUE;
	return what != KEEP_HEADERS && !words[2] && conf_duration_parse(words[1], &keep->age);
}

static gboolean
is_number(const char *word, gint64 min, gint64 max, gint64 *n)
{
	return g_ascii_string_to_signed(word, 10, min, max, n, NULL);
}

static gboolean
is_colour(const char *word)
{
	static const char *const names[] = {"default", "black",   "red",  "green", "yellow",
	                                    "blue",    "magenta", "cyan", "white", NULL};
	gint64 n;

	if (word[0] == '#')
		return strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6;
	if (!g_ascii_strncasecmp(word, "bright-", 7) && g_ascii_strcasecmp(word + 7, "default"))
		word += 7;
	return position(names, word) >= 0 || is_number(word, 0, 255, &n);
}

/* "[attribute…] [colour] [on colour]". */
static gboolean
check_colour(const char *value, const char **nearest)
{
	static const char *const attributes[] = {"bold", "dim", "italic", "reverse", "underline", NULL};
	static const char *const words[] = {"bold",  "dim",   "italic",  "reverse", "underline", "default",
	                                    "black", "red",   "green",   "yellow",  "blue",      "magenta",
	                                    "cyan",  "white", "bright-", "on",      NULL};
	g_auto(GStrv) members = parse_list(value);
	int colours = 0, limit = 1;

	for (char **m = members; *m; m++) {
		if (position(attributes, *m) >= 0)
			continue;
		if (!g_ascii_strcasecmp(*m, "on") && limit == 1 && m[1] && is_colour(m[1])) {
			limit = 2;
			colours = 1;
		} else if (is_colour(*m) && colours < limit) {
			colours++;
		} else {
			*nearest = text_nearest(*m, words);
			return FALSE;
		}
	}
	return members[0] != NULL;
}

static gboolean
set_bool(const char *value, gboolean *slot, const char **nearest)
{
	gboolean yes = position(yes_words, value) >= 0;

	if (!yes && position(no_words, value) < 0) {
		*nearest = text_nearest(value, bool_words);
		return FALSE;
	}
	if (slot)
		*slot = yes;
	return TRUE;
}

static gboolean
set_choice(const struct conf_option *option, const char *value, int *slot, const char **nearest)
{
	int i = position(option->choices, value);

	if (i < 0) {
		*nearest = text_nearest(value, option->choices);
		return FALSE;
	}
	if (slot)
		*slot = i;
	return TRUE;
}

/* One word of a text or list as the row wants it: the table's spelling of a choice. NULL when it is not
 * allowed. */
static const char *
allowed(const struct conf_option *option, const char *word, const char **nearest)
{
	int i = option->choices ? position(option->choices, word) : -1;

	if (i >= 0)
		return option->choices[i];
	if (option->check ? option->check(word) : !option->choices)
		return word;
	if (option->choices)
		*nearest = text_nearest(word, option->choices);
	return NULL;
}

static gboolean
set_text(const struct conf_option *option, const char *value, char **slot, const char **nearest)
{
	value = allowed(option, value, nearest);
	if (!value)
		return FALSE;
	if (slot) {
		g_free(*slot);
		*slot = option->type == CONF_PATH ? files_expand_home(value) : g_strdup(value);
	}
	return TRUE;
}

static gboolean
set_list(const struct conf_option *option, const char *value, char ***slot, const char **nearest)
{
	g_auto(GStrv) members = parse_list(value);

	for (char **m = members; *m; m++) {
		const char *word = allowed(option, *m, nearest);

		if (!word)
			return FALSE;
		if (word != *m) {
			g_free(*m);
			*m = g_strdup(word);
		}
	}
	if (slot) {
		g_strfreev(*slot);
		*slot = g_steal_pointer(&members);
	}
	return TRUE;
}

static gboolean
set_number(const struct conf_option *option, const char *value, gint64 *slot)
{
	gint64 n;

	if (option->type == CONF_DURATION) {
		if (!conf_duration_parse(value, &n) || n < option->min || n > option->max)
			return FALSE;
	} else if (!is_number(value, option->min, option->max, &n)) {
		return FALSE;
	}
	if (slot)
		*slot = n;
	return TRUE;
}

static gboolean
set_keep(const char *value, struct conf_keep *slot, const char **nearest)
{
	g_auto(GStrv) words = parse_list(value);
	struct conf_keep keep;

	if (!conf_keep_parse(value, &keep)) {
		if (words[0] && position(keep_words, words[0]) < 0)
			*nearest = text_nearest(words[0], keep_words);
		return FALSE;
	}
	if (slot)
		*slot = keep;
	return TRUE;
}

gboolean
conf_value_set(const struct conf_option *option, void *base, const char *value, const char **nearest)
{
	void *slot = base && option->offset != CONF_NOWHERE ? (char *)base + option->offset : NULL;

	*nearest = NULL;
	switch (option->type) {
	case CONF_BOOL:
		return set_bool(value, slot, nearest);
	case CONF_INT:
	case CONF_DURATION:
		return set_number(option, value, slot);
	case CONF_CHOICE:
		return set_choice(option, value, slot, nearest);
	case CONF_LIST:
		return set_list(option, value, slot, nearest);
	case CONF_KEEP:
		return set_keep(value, slot, nearest);
	case CONF_COLOUR:
		return check_colour(value, nearest);
	case CONF_TEXT:
	case CONF_PATH:
	case CONF_COMMAND:
	case CONF_SECRET:
		return set_text(option, value, slot, nearest);
	}
	g_assert_not_reached();
}

void
conf_defaults(const char *section, void *base)
{
	const char *nearest;

	for (const struct conf_option *o = conf_options(); o->section; o++) {
		if (strcmp(o->section, section) || o->offset == CONF_NOWHERE)
			continue;
		if (o->fallback)
			g_assert(conf_value_set(o, base, o->fallback, &nearest));
		else if (o->type == CONF_LIST)
			g_assert(conf_value_set(o, base, "", &nearest));
	}
}

static void
clear_value(const struct conf_option *option, void *slot)
{
	switch (option->type) {
	case CONF_TEXT:
	case CONF_PATH:
	case CONF_COMMAND:
	case CONF_SECRET:
		g_clear_pointer((char **)slot, g_free);
		break;
	case CONF_LIST:
		g_clear_pointer((char ***)slot, g_strfreev);
		break;
	case CONF_BOOL:
	case CONF_INT:
	case CONF_CHOICE:
	case CONF_DURATION:
	case CONF_KEEP:
	case CONF_COLOUR:
		break;
	}
}

void
conf_values_clear(const char *section, void *base)
{
	for (const struct conf_option *o = conf_options(); o->section; o++)
		if (!strcmp(o->section, section) && o->offset != CONF_NOWHERE)
			clear_value(o, (char *)base + o->offset);
}
