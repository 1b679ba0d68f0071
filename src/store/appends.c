#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store-private.h"

/* Messages that the server shall get, many in one go. The bodies are on the disk before the transaction
 * begins, under names that nothing refers to; in it they only get their own. What a process that was killed
 * has left of those is taken away by the next that comes here. */

#define ASIDE "append-"
enum { STALE_SECONDS = 3600 };

struct store_asides {
	GPtrArray *paths; /* char *; those that were taken in are not there any more */
};

void
store_asides_free(struct store_asides *asides)
{
	if (!asides)
		return;
	for (guint i = 0; i < asides->paths->len; i++)
		unlink(asides->paths->pdata[i]);
	g_ptr_array_unref(asides->paths);
	g_free(asides);
}

static void
drop_stale(const char *dir)
{
	g_autoptr(GDir) list = g_dir_open(dir, 0, NULL);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	const char *name;

	while (list && (name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		struct stat info;

		if (g_str_has_prefix(name, ASIDE) && lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
		    info.st_mtime < now - STALE_SECONDS)
			unlink(path);
	}
}

static gboolean
fail_file(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

static gboolean
write_aside(struct store_asides *asides, const char *dir, GBytes *bytes, GError **error)
{
	char *path = g_strdup_printf("%s/" ASIDE "%08x%08x", dir, g_random_int(), g_random_int());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	gsize len;
	const void *octets = g_bytes_get_data(bytes, &len);
	gboolean ok = fd >= 0 && files_write_all(fd, octets, len);

	if (!ok)
		fail_file(path, error);
	if (fd < 0) {
		g_free(path);
		return FALSE;
	}
	g_ptr_array_add(asides->paths, path);
	return (close(fd) == 0 || !ok || fail_file(path, error)) && ok;
}

struct store_asides *
store_appends_begin(struct store *store, const struct store_append *appends, guint n, GError **error)
{
	g_autofree char *dir = g_build_filename(store->dir, "mail", NULL);
	struct store_asides *asides;
	gboolean ok = TRUE;

	if (!files_make_private_dir(dir, error))
		return NULL;
	drop_stale(dir);
	asides = g_new0(struct store_asides, 1);
	asides->paths = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; ok && i < n; i++)
		ok = write_aside(asides, dir, appends[i].bytes, error);
	if (ok && files_sync_all(dir, error))
		return asides;
	store_asides_free(asides);
	return NULL;
}

/* ---- in the transaction ---- */

/* *id also when the rest fails: a body may lie there. */
static gboolean
append(struct store *store, struct journal *journal, gint64 to, const struct store_append *what,
       const char *aside, msgid *id, GError **error)
{
	const struct op_spec spec = {.verb = OP_APPEND, .state = OP_WAITING, .to = to};
	struct entry entry = {.verb = OP_APPEND, .target = to};

	*id = row_make(store, to, &what->message, NULL, NULL, error);
	entry.subject = *id;
	return *id && bodies_take_in(store, aside, *id, what->bytes, FALSE, error) &&
	       journal_op(store, journal, &spec, &entry.op, error) &&
	       op_join(store, entry.op, *id, 0, error) && journal_note(store, journal, &entry, error);
}

static void
drop_bodies(struct store *store, const GArray *ids, guint from)
{
	for (guint i = from; i < ids->len; i++)
		bodies_unlink(store, g_array_index(ids, msgid, i));
}

gboolean
store_journal_appends(struct store *store, gint64 to, const struct store_append *appends, guint n,
                      struct store_asides *asides, GArray *ids, gint64 *step, GError **error)
{
	g_autofree char *dir = g_build_filename(store->dir, "mail", NULL);
	struct journal journal;
	guint had = ids->len;
	gboolean ok = TRUE;

	g_return_val_if_fail(store->inside && asides->paths->len == n, FALSE);
	if (!journal_begin(store, &journal, step, error))
		return FALSE;
	for (guint i = 0; ok && i < n; i++) {
		msgid id = 0;

		ok = append(store, &journal, to, &appends[i], asides->paths->pdata[i], &id, error);
		if (id)
			g_array_append_val(ids, id);
	}
	/* The rows say that the names are there: they must not be durable before those are. */
	ok = ok && files_sync_all(dir, error);
	if (journal_end(store, &journal, ok, error))
		return TRUE;
	drop_bodies(store, ids, had);
	g_array_set_size(ids, had);
	return FALSE;
}
