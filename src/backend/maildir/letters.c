#include "backend/maildir/letters.h"

#include <glib.h>
#include <string.h>

#include "backend/maildir/name.h"

#define LETTERS 26

/* Lines "0 NAME": 'a' is NAME. */
char **
letters_read(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "dovecot-keywords", NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	char **names;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	names = g_new0(char *, LETTERS);
	for (char **line = lines; *line; line++) {
		char *name = NULL;
		guint64 n = g_ascii_strtoull(*line, &name, 10);

		if (name == *line || *name != ' ' || !name[1] || n >= LETTERS || names[n])
			continue;
		names[n] = g_strdup(name + 1);
	}
	return names;
}

void
letters_free(char **names)
{
	for (guint i = 0; names && i < LETTERS; i++)
		g_free(names[i]);
	g_free(names);
}

char *
letters_keywords(char **names, const char *name)
{
	GString *out = g_string_new(NULL);
	const char *info = name + maildir_base_len(name);

	for (const char *p = g_str_has_prefix(info, ":2,") ? info + 3 : ""; names && *p; p++)
		if (*p >= 'a' && *p <= 'z' && names[*p - 'a'])
			g_string_append_printf(out, "%s%s", out->len ? " " : "", names[*p - 'a']);
	return g_string_free(out, FALSE);
}

static char
letter_of(char **names, const char *name)
{
	for (guint i = 0; names && name && i < LETTERS; i++)
		if (names[i] && g_ascii_strcasecmp(names[i], name) == 0)
			return (char)('a' + i);
	return 0;
}

char *
letters_between(const char *from, const char *to)
{
	char **there = NULL, **here = letters_read(from);
	char *letters = NULL;

	if (!here)
		return NULL;
	there = letters_read(to);
	letters = g_new0(char, LETTERS);
	for (guint i = 0; i < LETTERS; i++)
		letters[i] = letter_of(there, here[i]);
	letters_free(here);
	letters_free(there);
	return letters;
}
