#include "backend/maildir/letters.h"

#include <glib.h>
#include <string.h>

#define LETTERS 26

/* Lines "0 NAME": 'a' is NAME. Names of letters, by letter; NULL: there is no such file. */
static char **
read_names(const char *dir)
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

static void
free_names(char **names)
{
	for (guint i = 0; names && i < LETTERS; i++)
		g_free(names[i]);
	g_free(names);
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
	char **there = NULL, **here = read_names(from);
	char *letters = NULL;

	if (!here)
		return NULL;
	there = read_names(to);
	letters = g_new0(char, LETTERS);
	for (guint i = 0; i < LETTERS; i++)
		letters[i] = letter_of(there, here[i]);
	free_names(here);
	free_names(there);
	return letters;
}
