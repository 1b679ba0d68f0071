/* One message's file: its head into the store, where it is, its parts. */
#include "backend/maildir/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/log.h"

#define HEAD_OCTETS 8192   /* read first: nearly every header block, many whole messages */
#define WHOLE_MAX 65536    /* messages up to here are read whole */
#define HEAD_MAX 1048576   /* read at most: what the References of fifty thousand answers take */
#define STRUCTURE_SLICE 10 /* messages parsed a step */

/* ---- into the store ---- */

static gsize
read_up_to(int fd, char *buffer, gsize have, gsize size)
{
	while (have < size) {
		gssize n = read(fd, buffer + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (gsize)n;
	}
	return have;
}

static gboolean
has_blank_line(const char *bytes, gsize len)
{
	return memmem(bytes, len, "\n\n", 2) || memmem(bytes, len, "\n\r\n", 3);
}

static int
open_message(const char *path, struct stat *st)
{
	/* Non-blocking: somebody may have put a pipe there. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
		close(fd);
		errno = EINVAL;
		fd = -1;
	}
	return fd;
}

/* The row, 0 with error. */
static msgid
add_head(struct backend *backend, gint64 folder, const struct letters *letters, const char *path,
         const char *bytes, gsize len, const struct stat *st, GError **error)
{
	struct store_message message = {0};
	struct mime_part *structure = len == (gsize)st->st_size ? mime_part_parse(bytes, len) : NULL;
	struct envelope envelope;
	const char *name = strrchr(path, '/') + 1;
	g_autofree char *keywords = letters_keywords(letters, name);
	msgid id;

	envelope_from_headers(&envelope, bytes, len);
	message.uid = maildir_uid(name);
	message.received = st->st_mtime;
	message.size = (guint64)st->st_size;
	message.flags = letters_flags(letters, name);
	message.keywords = keywords;
	message.envelope = &envelope;
	message.structure = structure;
	message.file = path;
	id = store_add(backend->env->store, folder, &message, error);
	envelope_clear(&envelope);
	if (structure)
		mime_part_free(structure);
	return id;
}

int
message_add(struct backend *backend, gint64 folder, const char *dir, const char *rel,
            const struct letters *letters, msgid *id, GError **error)
{
	g_autofree char *path = g_build_filename(dir, rel, NULL);
	g_autofree char *buffer = NULL;
	struct stat st;
	int fd = open_message(path, &st);
	gsize len;

	*id = 0;
	if (fd < 0) {
		/* Unreadable: the others are still wanted. */
		if (errno == ENOENT)
			return 0;
		log_note(LOG_SYNC, "%s: cannot be read: %s", path, g_strerror(errno));
		return 1;
	}
	buffer = g_malloc(WHOLE_MAX);
	len = read_up_to(fd, buffer, 0, HEAD_OCTETS);
	if (len == HEAD_OCTETS && (st.st_size <= WHOLE_MAX || !has_blank_line(buffer, len)))
		len = read_up_to(fd, buffer, len, WHOLE_MAX);
	if (len == WHOLE_MAX && !has_blank_line(buffer, len)) {
		buffer = g_realloc(buffer, HEAD_MAX);
		len = read_up_to(fd, buffer, len, HEAD_MAX);
	}
	close(fd);
	*id = add_head(backend, folder, letters, path, buffer, len, &st, error);
	return *id ? 1 : -1;
}

/* ---- where it is ---- */

static void
index_subdir(GHashTable *bases, const char *dir, const char *subdir)
{
	g_autofree char *path = g_build_filename(dir, subdir, NULL);
	DIR *entries = opendir(path);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (entry->d_name[0] != '.')
			g_hash_table_replace(bases, g_strndup(entry->d_name, maildir_base_len(entry->d_name)),
			                     g_strdup_printf("%s/%s", subdir, entry->d_name));
	if (entries)
		closedir(entries);
}

static const char *
find_renamed(struct job *job, const char *dir, const char *name)
{
	g_autofree char *base = g_strndup(name, maildir_base_len(name));

	if (g_strcmp0(job->renamed_dir, dir) != 0) {
		g_clear_pointer(&job->renamed, g_hash_table_unref);
		g_free(job->renamed_dir);
		job->renamed_dir = g_strdup(dir);
		job->renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		index_subdir(job->renamed, dir, "new");
		index_subdir(job->renamed, dir, "cur");
	}
	return g_hash_table_lookup(job->renamed, base);
}

static gboolean
put_file(struct backend *backend, msgid id, const char *file, GError **error)
{
	struct store *store = backend->env->store;

	if (!store_begin(store, FALSE, error))
		return FALSE;
	if (backend_set_file(backend, id, file, error) && store_commit(store, error))
		return TRUE;
	store_rollback(store);
	return FALSE;
}

/* In dir, which may have another name than when the store heard of file. Gives, or NULL: it is not there. */
static char *
find_file(struct job *job, const char *dir, const char *file)
{
	g_autofree char *name = g_path_get_basename(file), *above = g_path_get_dirname(file);
	g_autofree char *subdir = g_path_get_basename(above);
	g_autofree char *path = g_build_filename(dir, subdir, name, NULL);
	const char *rel;

	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return g_steal_pointer(&path);
	/* Most have only been seen by another program since. */
	if (strcmp(subdir, "new") == 0) {
		g_autofree char *seen = g_strconcat(dir, "/cur/", name, ":2,", NULL);

		if (g_file_test(seen, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&seen);
	}
	rel = find_renamed(job, dir, name);
	return rel ? g_build_filename(dir, rel, NULL) : NULL;
}

char *
message_locate(struct backend *backend, struct job *job, msgid id, GError **error)
{
	struct store_folder *row;
	gint64 folder;
	guint64 uid;
	g_autofree char *file = NULL, *dir = NULL, *found = NULL;
	int known = store_place(backend->env->store, id, &folder, &uid, &file, error);

	if (known <= 0 || !file)
		return NULL;
	row = backend_folder(backend, folder, error);
	if (!row)
		return NULL;
	dir = backend_folder_dir(backend, row);
	store_folder_free(row);
	found = find_file(job, dir, file);
	if (!found || strcmp(found, file) == 0 || put_file(backend, id, found, error))
		return g_steal_pointer(&found);
	return NULL;
}

/* The row of ids[at]; NULL without error: it left the store. */
static struct store_row *
job_row(struct backend *backend, const struct job *job, guint at, GError **error)
{
	return store_row(backend->env->store, job->ids[at], error);
}

/* ---- structures and parts ---- */

static gboolean
put_structure(struct backend *backend, struct job *job, const struct store_row *row, GError **error)
{
	GError *problem = NULL;
	g_autofree char *file = message_locate(backend, job, row->id, &problem);
	struct store *store = backend->env->store;
	GMappedFile *map = file ? g_mapped_file_new(file, FALSE, NULL) : NULL;
	struct mime_part *root;
	gboolean ok;

	if (problem)
		g_propagate_error(error, problem);
	if (!map)
		return problem == NULL;
	root = mime_part_parse(g_mapped_file_get_contents(map), g_mapped_file_get_length(map));
	ok = store_begin(store, FALSE, error);
	if (ok && (!store_set_structure(store, row->id, root, error) || !store_commit(store, error))) {
		store_rollback(store);
		ok = FALSE;
	}
	mime_part_free(root);
	g_mapped_file_unref(map);
	return ok;
}

enum job_state
structures_step(struct backend *backend, struct job *job, GError **error)
{
	guint end = MIN(job->n, job->at + STRUCTURE_SLICE);
	GError *problem = NULL;

	for (; !problem && job->at < end; job->at++) {
		struct store_row *row = job_row(backend, job, job->at, &problem);

		if (row && !row->has_structure && put_structure(backend, job, row, &problem))
			job->folder = row->folder;
		if (row)
			store_row_free(row);
	}
	if (problem) {
		g_propagate_error(error, problem);
		return JOB_FAILED;
	}
	if (job->folder)
		backend->env->hooks->rows(job->folder, backend->env->user);
	return job->at < job->n ? JOB_MORE : JOB_DONE;
}

/* The store reads the file itself: all there is to do is to tell it where that is now. */
enum job_state
part_step(struct backend *backend, struct job *job, GError **error)
{
	GError *problem = NULL;
	struct store_row *row = job->at < job->n ? job_row(backend, job, job->at, &problem) : NULL;
	g_autofree char *file = row ? message_locate(backend, job, row->id, &problem) : NULL;

	if (!problem && !file && job->n == 1)
		fulmar_fail(&problem, FULMAR_FAILED,
		            _("the file of this message is gone; somebody else moved or deleted it"));
	if (row)
		store_row_free(row);
	if (problem) {
		g_propagate_error(error, problem);
		return JOB_FAILED;
	}
	return ++job->at < job->n ? JOB_MORE : JOB_DONE;
}
