/* The option table for people: what a value looks like, and all rows as text or manual page. */
#include "conf/conf-private.h"

#include <string.h>

#include "base/i18n.h"

/* "a, b or c". Appends to out. */
static void
append_words(GString *out, const char *const *words)
{
	for (guint i = 0; words[i]; i++) {
		if (i > 0)
			g_string_append(out, words[i + 1] ? ", " : _(" or "));
		g_string_append(out, words[i]);
	}
}

static void
append_number(GString *out, const struct conf_option *option)
{
	g_string_append_printf(out, _("whole number from %d to %d"), (int)option->min, (int)option->max);
}

/* Seconds in the largest unit that takes them whole: "5m". */
static void
append_seconds(GString *out, gint64 seconds)
{
	static const struct {
		char unit;
		gint64 seconds;
	} units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	gsize i = 0;

	while (seconds % units[i].seconds || !seconds) {
		if (units[i].seconds == 1)
			break;
		i++;
	}
	g_string_append_printf(out, "%" G_GINT64_FORMAT "%c", seconds / units[i].seconds, units[i].unit);
}

static void
append_duration(GString *out, const struct conf_option *option)
{
	g_string_append(out, _("duration from "));
	append_seconds(out, option->min);
	g_string_append(out, _(" to "));
	append_seconds(out, option->max);
	g_string_append(out, _(", such as 30s, 5m, 12h, 14d or 2w"));
}

char *
conf_type_describe(const struct conf_option *option)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (option->form)
		return g_strdup(_(option->form));
	if (option->type == CONF_LIST)
		g_string_append(out, option->choices ? _("list of ") : _("list"));
	if (option->choices) {
		append_words(out, option->choices);
		return g_strdup(out->str);
	}
	switch (option->type) {
	case CONF_BOOL:
		g_string_append(out, _("yes or no"));
		break;
	case CONF_INT:
		append_number(out, option);
		break;
	case CONF_DURATION:
		append_duration(out, option);
		break;
	case CONF_KEEP:
		g_string_append(out, _("headers, text [AGE] or full [AGE]"));
		break;
	case CONF_PATH:
		g_string_append(out, _("file name"));
		break;
	case CONF_COMMAND:
		g_string_append(out, _("command"));
		break;
	case CONF_COLOUR:
		g_string_append(out, _("attributes, colour, on colour"));
		break;
	case CONF_SECRET:
		g_string_append(out, _("secret text"));
		break;
	case CONF_TEXT:
	case CONF_CHOICE:
		g_string_append(out, _("text"));
		break;
	case CONF_LIST:
		break;
	}
	return g_strdup(out->str);
}

/* "[account NAME]" as it is written, for the manual page. */
static void
append_heading(GString *out, const char *section)
{
	static const struct {
		const char *section, *heading;
	} named[] = {
	        {"account", "[account NAME]"},
	        {"identity", "[identity NAME]"},
	        {"folder", "[folder ACCOUNT/PATTERN]"},
	        {"rule", "[rule NAME]"},
	        {"query", "[query NAME]"},
	        {"keys", "[keys], [keys VIEW]"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(named); i++) {
		if (strcmp(named[i].section, section))
			continue;
		g_string_append_printf(out, ".SS \"%s\"\n", named[i].heading);
		return;
	}
	g_string_append_printf(out, ".SS [%s]\n", section);
}

/* Text as roff takes it: no escape, no request at a line's start, minus signs that can be copied. */
static void
append_roff(GString *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		g_string_append(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			g_string_append(out, "\\e");
		else if (*text == '-')
			g_string_append(out, "\\-");
		else
			g_string_append_c(out, *text);
	}
}

char *
conf_options_man(void)
{
	GString *out = g_string_new(NULL);
	const char *section = "";

	for (const struct conf_option *o = conf_options(); o->section; o++) {
		g_autofree char *form = conf_type_describe(o);

		if (strcmp(section, o->section))
			append_heading(out, o->section);
		section = o->section;
		g_string_append(out, ".TP\n.B ");
		append_roff(out, o->key);
		g_string_append(out, "\n");
		append_roff(out, _(o->help));
		g_string_append(out, "\n");
		g_string_append(out, _("Value: "));
		append_roff(out, form);
		if (o->fallback) {
			g_string_append(out, _("; default: "));
			append_roff(out, o->fallback);
		}
		g_string_append(out, ".\n");
	}
	return g_string_free(out, FALSE);
}
