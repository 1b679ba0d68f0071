/* Whether what inotify tells of is news: what we did to files ourselves is in the store already, and looking
 * through a big folder for it would take long. */
#include "backend/maildir/private.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"

/* The store has the file under this very name, or neither has it. */
static gboolean
is_known(struct store *store, gint64 folder, const char *dir, const char *rel)
{
	g_autofree char *path = g_build_filename(dir, rel, NULL), *file = NULL;
	g_autoptr(GError) error = NULL;
	msgid id = store_id_by_uid(store, folder, maildir_uid(strchr(rel, '/') + 1), &error);
	gboolean there, here;
	struct stat st;
	gint64 at;
	guint64 uid;

	if (id && !error)
		store_place(store, id, &at, &uid, &file, &error);
	there = lstat(path, &st) == 0;
	here = file && strcmp(file, path) == 0;
	return !error && there == here;
}

gboolean
novelty_in(struct backend *backend, gint64 folder, GHashTable *names)
{
	struct store_folder *row = store_folder_by_id(backend->env->store, folder, NULL);
	g_autofree char *dir = row ? backend_folder_dir(backend, row) : NULL;
	GHashTableIter iter;
	const char *rel;

	store_folder_free(row);
	g_hash_table_iter_init(&iter, names);
	while (dir && g_hash_table_iter_next(&iter, (gpointer *)&rel, NULL))
		if (!is_known(backend->env->store, folder, dir, rel))
			return TRUE;
	return FALSE;
}
