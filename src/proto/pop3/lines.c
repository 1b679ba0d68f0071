#include "proto/pop3/lines.h"

#include <errno.h>
#include <string.h>

enum { UIDL_MOST = 1024 };

void
pop3_caps_init(struct pop3_caps *caps)
{
	*caps = (struct pop3_caps){.expire = POP3_EXPIRE_UNKNOWN,
	                           .sasl = g_ptr_array_new_with_free_func(g_free)};
}

void
pop3_caps_clear(struct pop3_caps *caps)
{
	g_clear_pointer(&caps->sasl, g_ptr_array_unref);
	g_clear_pointer(&caps->implementation, g_free);
}

/* Digits alone, up to G_MAXINT - 1; -1: none such. */
static int
small_number(const char *word)
{
	guint64 n;

	return word && g_ascii_string_to_unsigned(word, 10, 0, G_MAXINT - 1, &n, NULL) ? (int)n : -1;
}

static void
take_sasl(struct pop3_caps *caps, char **words)
{
	g_ptr_array_set_size(caps->sasl, 0);
	for (guint i = 0; words[i]; i++)
		g_ptr_array_add(caps->sasl, g_strdup(words[i]));
}

static void
take_login_delay(struct pop3_caps *caps, char **words)
{
	caps->login_delay = MAX(small_number(words[0]), 0);
}

static void
take_expire(struct pop3_caps *caps, char **words)
{
	if (words[0] && g_ascii_strcasecmp(words[0], "NEVER") == 0)
		caps->expire = POP3_EXPIRE_NEVER;
	else
		caps->expire = small_number(words[0]);
}

static void
take_utf8(struct pop3_caps *caps, char **words)
{
	caps->utf8 = TRUE;
	for (guint i = 0; words[i]; i++)
		caps->utf8_user |= g_ascii_strcasecmp(words[i], "USER") == 0;
}

static void
take_implementation(struct pop3_caps *caps, char **words)
{
	g_free(caps->implementation);
	caps->implementation = g_strjoinv(" ", words);
}

static void
set(gboolean *cap, const char *name, const char *word)
{
	*cap |= g_ascii_strcasecmp(name, word) == 0;
}

static void
take_flags(struct pop3_caps *caps, const char *word)
{
	set(&caps->top, "TOP", word);
	set(&caps->uidl, "UIDL", word);
	set(&caps->user, "USER", word);
	set(&caps->pipelining, "PIPELINING", word);
	set(&caps->stls, "STLS", word);
	set(&caps->resp_codes, "RESP-CODES", word);
	set(&caps->auth_resp_code, "AUTH-RESP-CODE", word);
}

static const struct {
	const char *name;
	void (*take)(struct pop3_caps *caps, char **words);
} with_words[] = {
        {"SASL", take_sasl}, {"LOGIN-DELAY", take_login_delay},       {"EXPIRE", take_expire},
        {"UTF8", take_utf8}, {"IMPLEMENTATION", take_implementation},
};

/* Gives (g_strfreev). */
static char **
words_of(const char *line)
{
	g_auto(GStrv) pieces = g_strsplit_set(line, " \t\r", 64);
	GStrvBuilder *words = g_strv_builder_new();
	char **result;

	for (guint i = 0; pieces[i]; i++)
		if (pieces[i][0])
			g_strv_builder_add(words, pieces[i]);
	result = g_strv_builder_end(words);
	g_strv_builder_unref(words);
	return result;
}

void
pop3_caps_line(struct pop3_caps *caps, const char *line)
{
	g_auto(GStrv) words = words_of(line);

	if (!words[0])
		return;
	take_flags(caps, words[0]);
	for (guint i = 0; i < G_N_ELEMENTS(with_words); i++)
		if (g_ascii_strcasecmp(words[0], with_words[i].name) == 0)
			with_words[i].take(caps, words + 1);
}

gboolean
pop3_numbered(const char *line, guint *n, const char **rest)
{
	guint64 value = 0;
	const char *p = line;

	for (; g_ascii_isdigit(*p) && value <= G_MAXINT; p++)
		value = value * 10 + (guint64)(*p - '0');
	if (p == line || value > G_MAXINT || (*p && *p != ' ' && *p != '\t'))
		return FALSE;
	*n = (guint)value;
	*rest = p + strspn(p, " \t");
	return TRUE;
}

gboolean
pop3_octets(const char *text, guint64 *octets)
{
	char *end;
	guint64 value;

	if (!g_ascii_isdigit(*text))
		return FALSE;
	errno = 0;
	value = g_ascii_strtoull(text, &end, 10);
	if (errno || value > G_MAXINT64 || (*end && *end != ' ' && *end != '\t'))
		return FALSE;
	*octets = value;
	return TRUE;
}

gboolean
pop3_uidl_is_usable(const char *uidl, gsize len, gsize whole)
{
	if (!len || whole > len || len > UIDL_MOST)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if ((unsigned char)uidl[i] < 0x20 || uidl[i] == 0x7f)
			return FALSE;
	return TRUE;
}

gboolean
pop3_argument_is_safe(const char *text)
{
	return !strpbrk(text, "\r\n");
}
