/* What the store is told of an op's rows, once the names that changed are on the disk. */
#include "backend/maildir/act.h"

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
act_news_new(void)
{
	GArray *news = g_array_new(FALSE, FALSE, sizeof(struct news));

	g_array_set_clear_func(news, news_clear);
	return news;
}

static void
add_news(struct act *act, enum tidings what, const struct act_row *row, const char *file)
{
	struct news news = {what, row->id, g_strdup(file)};

	g_array_append_val(act->news, news);
}

void
act_tell_file(struct act *act, const struct act_row *row, const char *path)
{
	add_news(act, NEWS_FILE, row, path);
}

void
act_tell_moved(struct act *act, const struct act_row *row, const char *path)
{
	add_news(act, NEWS_MOVED, row, path);
}

void
act_tell_purged(struct act *act, const struct act_row *row)
{
	add_news(act, NEWS_PURGED, row, NULL);
}

void
act_tell_gone(struct act *act, const struct act_row *row)
{
	act->gone++;
	add_news(act, NEWS_GONE, row, NULL);
}

static gboolean
tell_one(struct act *act, const struct news *news, GError **error)
{
	struct store *store = act->backend->env->store;
	const char *name = news->file ? strrchr(news->file, '/') + 1 : NULL;
	gint64 folder = act->op->to ? act->op->to : act->op->folder;

	switch (news->what) {
	case NEWS_FILE:
		return store_set_file(store, news->id, news->file, maildir_flags(name), NULL, error);
	case NEWS_MOVED:
		return store_moved(store, act->op->id, news->id, folder, 0, maildir_uid(name), news->file,
		                   error);
	case NEWS_PURGED:
		return store_purged(store, act->op->id, news->id, error);
	case NEWS_GONE:
		return store_gone(store, act->op->id, news->id, error);
	}
	return FALSE;
}

static gboolean
sync_touched(struct act *act, GError **error)
{
	GHashTableIter iter;
	const char *dir;

	g_hash_table_iter_init(&iter, act->touched);
	while (g_hash_table_iter_next(&iter, (gpointer *)&dir, NULL)) {
		if (!disk_sync(dir, error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

/* What is through is told also when the next row failed. */
gboolean
act_tell(struct act *act, GError **error)
{
	const struct backend_env *env = act->backend->env;
	gboolean ok = sync_touched(act, error);

	if (!ok || !act->news->len)
		return ok;
	ok = store_begin(env->store, FALSE, error);
	if (!ok)
		return FALSE;
	for (guint i = 0; ok && i < act->news->len; i++)
		ok = tell_one(act, &g_array_index(act->news, struct news, i), error);
	if (!ok || !store_commit(env->store, error)) {
		store_rollback(env->store);
		return FALSE;
	}
	g_array_set_size(act->news, 0);
	if (act->op->folder)
		env->hooks->rows(act->op->folder, env->user);
	if (act->op->to && act->op->to != act->op->folder)
		env->hooks->rows(act->op->to, env->user);
	return TRUE;
}

void
act_touch(struct act *act, const char *path)
{
	g_hash_table_add(act->touched, g_path_get_dirname(path));
}
