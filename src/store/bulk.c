#include "store/bulk.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* The files are most of the work, and nobody looks at them before the rows are committed: so they are written
 * beside that, and waited for before the commit. A few are not worth a thread. What is given up again leaves
 * no file behind, as long as nobody else can have given its number to another message. */

enum {
	FEW = 8,
	BATCH = 32 /* files: to wake the thread for each would stop us each time */
};

struct file {
	char *path;
	const void *bytes;
	gsize len;
	gboolean fresh; /* its row is of this transaction */
};

struct store_bulk {
	struct store *store;
	gboolean durable;
	GPtrArray *files;   /* struct file * */
	GPtrArray *parts;   /* char *: folders of parts that can be cut out of the whole now */
	guint given;        /* of files: to the thread, when there is one */
	GAsyncQueue *queue; /* of GPtrArray *: some of files, none: there are no more */
	GThread *thread;
	char *dir;
	GError *error; /* the thread's until it ends */
};

static void
file_free(gpointer data)
{
	struct file *file = data;

	g_free(file->path);
	g_free(file);
}

/* ---- files ---- */

static gboolean
fail_file(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

static int
create(const char *path, GError **error)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0600);

	if (fd < 0 && errno == ENOENT) {
		g_autofree char *dir = g_path_get_dirname(path);

		if (!files_make_private_dir(dir, error))
			return -1;
		fd = open(path, flags, 0600);
	}
	if (fd < 0 && errno != EEXIST)
		fail_file(path, error);
	return fd;
}

/* What lies there already is of no row, but somebody else may be about to give it one. */
static gboolean
write_file(const struct file *file, gboolean sync, GError **error)
{
	GError *problem = NULL;
	int fd = create(file->path, &problem);
	gboolean ok;

	if (problem) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	if (fd < 0)
		return files_write_atomically(file->path, file->bytes, file->len, error);
	ok = files_write_all(fd, file->bytes, file->len) && (!sync || fsync(fd) == 0);
	if (!ok)
		fail_file(file->path, error);
	return (close(fd) == 0 || !ok || fail_file(file->path, error)) && ok;
}

static gpointer
write_all(gpointer user)
{
	struct store_bulk *bulk = user;
	gboolean ok = TRUE, more = TRUE;

	while (more) {
		GPtrArray *batch = g_async_queue_pop(bulk->queue);

		more = batch->len > 0;
		for (guint i = 0; ok && i < batch->len; i++)
			ok = write_file(batch->pdata[i], FALSE, &bulk->error);
		g_ptr_array_unref(batch);
	}
	if (ok && bulk->durable)
		files_sync_all(bulk->dir, &bulk->error);
	return NULL;
}

static gboolean
write_few(struct store_bulk *bulk, GError **error)
{
	g_autoptr(GHashTable) dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GHashTableIter iter;
	gpointer dir;

	for (guint i = 0; i < bulk->files->len; i++) {
		const struct file *file = bulk->files->pdata[i];

		if (!write_file(file, bulk->durable, error))
			return FALSE;
		g_hash_table_add(dirs, g_path_get_dirname(file->path));
	}
	g_hash_table_iter_init(&iter, dirs);
	while (bulk->durable && g_hash_table_iter_next(&iter, &dir, NULL))
		if (!files_sync(dir, error))
			return FALSE;
	return TRUE;
}

/* Those that wait, if there are any. */
static void
give_batch(struct store_bulk *bulk)
{
	GPtrArray *batch = g_ptr_array_sized_new(BATCH);

	for (; bulk->given < bulk->files->len; bulk->given++)
		g_ptr_array_add(batch, bulk->files->pdata[bulk->given]);
	g_async_queue_push(bulk->queue, batch);
}

static void
begin_thread(struct store_bulk *bulk)
{
	bulk->queue = g_async_queue_new();
	give_batch(bulk);
	bulk->thread = g_thread_new("bodies", write_all, bulk);
}

static gboolean
end_thread(struct store_bulk *bulk, GError **error)
{
	if (bulk->given < bulk->files->len)
		give_batch(bulk);
	give_batch(bulk); /* of none: the last */
	g_thread_join(bulk->thread);
	g_async_queue_unref(bulk->queue);
	bulk->thread = NULL;
	if (!bulk->error)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&bulk->error));
	return FALSE;
}

static gboolean
give(struct store_bulk *bulk, msgid id, const void *bytes, gsize len, gboolean fresh, GError **error)
{
	char *path = bodies_path(bulk->store, id, "", error);
	struct file *file;

	if (!path)
		return FALSE;
	file = g_new(struct file, 1);
	*file = (struct file){path, bytes, len, fresh};
	g_ptr_array_add(bulk->files, file);
	if (bulk->thread && bulk->files->len - bulk->given >= BATCH)
		give_batch(bulk);
	else if (!bulk->thread && bulk->files->len > FEW)
		begin_thread(bulk);
	return TRUE;
}

/* ---- rows ---- */

struct store_bulk *
store_bulk_begin(struct store *store, gboolean durable, GError **error)
{
	struct store_bulk *bulk;

	if (!store_begin(store, durable, error))
		return NULL;
	bulk = g_new0(struct store_bulk, 1);
	bulk->store = store;
	bulk->durable = durable;
	bulk->files = g_ptr_array_new_with_free_func(file_free);
	bulk->parts = g_ptr_array_new_with_free_func(g_free);
	bulk->dir = g_build_filename(store->dir, "mail", NULL);
	return bulk;
}

msgid
store_bulk_add(struct store_bulk *bulk, gint64 folder, const struct store_message *message, const void *bytes,
               GError **error)
{
	struct store_message whole = *message;
	msgid newest = bulk->store->last_id, id;
	g_autofree char *preview = NULL;

	whole.whole = TRUE;
	if (!whole.preview && whole.structure)
		whole.preview = preview = preview_of(whole.structure, bytes, message->size);
	id = store_add(bulk->store, folder, &whole, error);
	if (!id)
		return 0;
	if (id > newest)
		return give(bulk, id, bytes, message->size, TRUE, error) ? id : 0;
	return store_bulk_body(bulk, id, bytes, message->size, error) >= 0 ? id : 0;
}

int
store_bulk_body(struct store_bulk *bulk, msgid id, const void *bytes, gsize len, GError **error)
{
	static const char sql[] = "SELECT have FROM message WHERE id = ?1";
	struct store *store = bulk->store;
	g_autofree char *parts = bodies_parts_dir(store, id);
	struct mime_part *root;
	gint64 have;
	gboolean ok;

	if (!store_number(store, sql, VALUES(id), -1, &have, error))
		return -1;
	if (have < 0 || have & HAVE_WHOLE)
		return have >= 0;
	root = mime_part_parse(len ? bytes : "", len);
	mime_part_number(root);
	ok = bodies_put_entry(store, id, "", (gint64)len, root, error) &&
	     preview_put(store, id, root, bytes, len, error) && give(bulk, id, bytes, len, FALSE, error);
	mime_part_free(root);
	if (access(parts, F_OK) == 0)
		g_ptr_array_add(bulk->parts, g_steal_pointer(&parts));
	return ok ? 1 : -1;
}

/* In the transaction still: behind it the numbers may be given to others. */
static void
remove_fresh(const struct store_bulk *bulk)
{
	if (sqlite3_get_autocommit(bulk->store->db))
		return; /* a full disk has ended it */
	for (guint i = 0; i < bulk->files->len; i++) {
		const struct file *file = bulk->files->pdata[i];

		if (file->fresh)
			unlink(file->path);
	}
}

gboolean
store_bulk_end(struct store_bulk *bulk, gboolean ok, GError **error)
{
	g_autoptr(GError) problem = NULL;

	if (bulk->thread)
		ok = end_thread(bulk, ok ? error : &problem) && ok;
	else if (ok)
		ok = write_few(bulk, error);
	if (!ok)
		remove_fresh(bulk);
	ok = store_leave(bulk->store, TRUE, ok, error);
	for (guint i = 0; ok && i < bulk->parts->len; i++)
		files_remove_tree(bulk->parts->pdata[i]);
	g_ptr_array_unref(bulk->files);
	g_ptr_array_unref(bulk->parts);
	g_free(bulk->dir);
	g_free(bulk);
	return ok;
}
