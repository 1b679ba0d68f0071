/* What the store is told of an op's rows, once the names that changed are on the disk. */
#include "backend/maildir/deed.h"

#include <string.h>

#include "backend/maildir/name.h"

enum tidings { NEWS_FILE, NEWS_MOVED, NEWS_PURGED, NEWS_GONE };

struct news {
	enum tidings what;
	msgid id;
	char *file;
};

static void
news_clear(gpointer data)
{
	g_free(((struct news *)data)->file);
}

GArray *
deed_news_new(void)
{
	GArray *news = g_array_new(FALSE, FALSE, sizeof(struct news));

	g_array_set_clear_func(news, news_clear);
	return news;
}

static void
add_news(struct deed *deed, enum tidings what, const struct deed_row *row, const char *file)
{
	struct news news = {what, row->id, g_strdup(file)};

	g_array_append_val(deed->news, news);
}

void
deed_tell_file(struct deed *deed, const struct deed_row *row, const char *path)
{
	add_news(deed, NEWS_FILE, row, path);
}

void
deed_tell_moved(struct deed *deed, const struct deed_row *row, const char *path)
{
	add_news(deed, NEWS_MOVED, row, path);
}

void
deed_tell_purged(struct deed *deed, const struct deed_row *row)
{
	add_news(deed, NEWS_PURGED, row, NULL);
}

void
deed_tell_gone(struct deed *deed, const struct deed_row *row)
{
	deed->gone++;
	add_news(deed, NEWS_GONE, row, NULL);
}

static gboolean
tell_one(struct deed *deed, const struct news *news, GError **error)
{
	struct store *store = deed->backend->env->store;
	gint64 folder = deed->op->to ? deed->op->to : deed->op->folder;

	switch (news->what) {
	case NEWS_FILE:
		return backend_set_file(deed->backend, news->id, news->file, error);
	case NEWS_MOVED:
		return store_moved(store, deed->op->id, news->id, folder, 0,
		                   maildir_uid(strrchr(news->file, '/') + 1), news->file, error);
	case NEWS_PURGED:
		return store_purged(store, deed->op->id, news->id, error);
	case NEWS_GONE:
		return store_gone(store, deed->op->id, news->id, error);
	}
	return FALSE;
}

static gboolean
sync_touched(struct deed *deed, GError **error)
{
	GHashTableIter iter;
	const char *dir;

	g_hash_table_iter_init(&iter, deed->touched);
	while (g_hash_table_iter_next(&iter, (gpointer *)&dir, NULL)) {
		if (!disk_sync(dir, error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

/* What is through is told also when the next row failed. */
gboolean
deed_tell(struct deed *deed, GError **error)
{
	const struct backend_env *env = deed->backend->env;
	gboolean ok = sync_touched(deed, error);

	if (!ok || !deed->news->len)
		return ok;
	ok = store_begin(env->store, FALSE, error);
	if (!ok)
		return FALSE;
	for (guint i = 0; ok && i < deed->news->len; i++)
		ok = tell_one(deed, &g_array_index(deed->news, struct news, i), error);
	if (!ok || !store_commit(env->store, error)) {
		store_rollback(env->store);
		return FALSE;
	}
	g_array_set_size(deed->news, 0);
	if (deed->op->folder)
		env->hooks->rows(deed->op->folder, env->user);
	if (deed->op->to && deed->op->to != deed->op->folder)
		env->hooks->rows(deed->op->to, env->user);
	return TRUE;
}

void
deed_touch(struct deed *deed, const char *path)
{
	g_hash_table_add(deed->touched, g_path_get_dirname(path));
}

enum deed_end
deed_remove(struct deed *deed, const char *path, GError **error)
{
	switch (disk_remove(path, error)) {
	case DISK_DONE:
		deed_touch(deed, path);
		return DEED_THROUGH;
	case DISK_GONE:
		return DEED_VANISHED;
	case DISK_TAKEN:
	case DISK_AWAY:
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}
