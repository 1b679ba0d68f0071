/* Keywords of an account's folders: what letters in names mean, and what of it the store is told. */
#include "backend/maildir/private.h"

#include <string.h>

const struct letters *
backend_letters(struct backend *backend, const char *dir)
{
	struct letters *letters = g_hash_table_lookup(backend->letters, dir);

	if (letters && letters_are_current(letters, dir))
		return letters;
	letters = letters_read(dir);
	if (letters->colon)
		backend->colon = letters->colon;
	g_hash_table_insert(backend->letters, g_strdup(dir), letters);
	return letters;
}

const struct letters *
backend_letters_for(struct backend *backend, const char *dir, const char *keywords, gboolean *full,
                    GError **error)
{
	const struct letters *letters = backend_letters(backend, dir);
	gboolean lacking;

	letters_of(letters, keywords, &lacking);
	if (full)
		*full = FALSE;
	if (!lacking)
		return letters;
	switch (letters_teach(dir, keywords, error)) {
	case LESSON_FAILED:
		return NULL;
	case LESSON_FULL:
		if (full)
			*full = TRUE;
		break;
	case LESSON_LEARNT:
		break;
	}
	return backend_letters(backend, dir);
}

char
backend_colon(const struct backend *backend, const struct letters *letters)
{
	if (letters->colon)
		return letters->colon;
	return backend->colon ? backend->colon : ':';
}

gboolean
backend_set_file(struct backend *backend, msgid id, const char *file, GError **error)
{
	g_autofree char *subdir = g_path_get_dirname(file), *dir = g_path_get_dirname(subdir);
	const struct letters *letters = backend_letters(backend, dir);
	const char *name = strrchr(file, '/') + 1;
	g_autofree char *known = letters_words(letters, letters->known);
	g_autofree char *keywords = letters_keywords(letters, name);

	return store_set_file(backend->env->store, id, file, letters_flags(letters, name), known, keywords,
	                      error);
}
