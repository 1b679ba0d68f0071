/* A Maildir, or a folder of .eml files. */
#include "app/source-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

/* How often a Maildir is looked through for messages that another program renamed meanwhile. */
enum { ROUNDS_MOST = 3, BLOCK = 65536 };

static GHashTable *
names_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* Without "cur/" or "new/". */
static const char *
base_name(const char *rel)
{
	const char *slash = strchr(rel, '/');

	return slash ? slash + 1 : rel;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(base_name(*(const char *const *)a), base_name(*(const char *const *)b));
}

static gboolean
is_wanted(const struct source *source, const char *name, GHashTable *wanted)
{
	g_autofree char *base = wanted ? g_strndup(name, maildir_base_len(name)) : NULL;

	return name[0] != '.' && (!wanted || g_hash_table_contains(wanted, base)) &&
	       (source->maildir || g_str_has_suffix(name, ".eml"));
}

/* wanted NULL: all, else those whose BASE is in it. FALSE with errno. */
static gboolean
add_names(struct source *source, const char *sub, GHashTable *wanted)
{
	g_autofree char *path = g_build_filename(source->path, sub, NULL);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int failed;

	if (!dir)
		return FALSE;
	while ((errno = 0, entry = readdir(dir))) {
		g_autofree char *rel = g_strconcat(sub, *sub ? "/" : "", entry->d_name, NULL);

		if (is_wanted(source, entry->d_name, wanted))
			g_ptr_array_add(source->names, g_string_chunk_insert(source->chunk, rel));
	}
	failed = errno;
	closedir(dir);
	errno = failed;
	return !failed;
}

static gboolean
have_one_base(const char *a, const char *b)
{
	gsize len = maildir_base_len(a);

	return len == maildir_base_len(b) && !memcmp(a, b, len);
}

/* One that was moved from new to cur in between is in both lists: the later name is right. */
static void
drop_doubles(struct source *source)
{
	GPtrArray *names = source->names;
	guint kept = 0;

	for (guint i = 0; i < names->len; i++)
		if (i + 1 == names->len ||
		    !have_one_base(base_name(names->pdata[i]), base_name(names->pdata[i + 1])))
			names->pdata[kept++] = names->pdata[i];
	g_ptr_array_set_size(names, (int)kept);
}

static gboolean
list_names(struct source *source, GHashTable *wanted, GError **error)
{
	g_ptr_array_set_size(source->names, 0);
	g_string_chunk_clear(source->chunk);
	source->at = 0;
	if (!source->maildir && !add_names(source, "", NULL))
		return source_fail_read(source->path, error);
	/* Either alone will do; that from which messages are moved to the other comes first. */
	if (source->maildir && !add_names(source, "new", wanted) && errno != ENOENT)
		return source_fail_read(source->path, error);
	if (source->maildir && !add_names(source, "cur", wanted) && errno != ENOENT)
		return source_fail_read(source->path, error);
	g_ptr_array_sort(source->names, by_name);
	if (source->maildir)
		drop_doubles(source);
	return TRUE;
}

static gboolean
has_dir(const char *path, const char *name)
{
	g_autofree char *full = g_build_filename(path, name, NULL);

	return g_file_test(full, G_FILE_TEST_IS_DIR);
}

gboolean
source_open_folder(struct source *source, GError **error)
{
	source->maildir = has_dir(source->path, "cur") || has_dir(source->path, "new");
	source->chunk = g_string_chunk_new(BLOCK);
	source->names = g_ptr_array_new();
	source->missed = names_new();
	source->letters = source->maildir ? letters_read(source->path) : NULL;
	if (!list_names(source, NULL, error))
		return FALSE;
	if (!source->maildir && !source->names->len)
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s is no Maildir (there is neither cur nor new in it), and has no .eml files"),
		            source->path);
	return source->maildir || source->names->len;
}

/* -1: it is not there under this name. -2: it cannot be read, which is told. */
static int
open_entry(const struct source *source, const char *path, struct stat *st)
{
	/* Non-blocking: somebody may have put a pipe there. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	if (fd >= 0)
		errno = EINVAL;
	source_tell(source, _("%s cannot be read: %s"), path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -2;
}

/* Takes fd. NULL: it was told why. Gives. */
static GBytes *
read_entry(const struct source *source, int fd, const char *path)
{
	struct mbox *reader = mbox_new(fd, path, MBOX_AUTO);
	g_autoptr(GError) error = NULL;
	GBytes *bytes = NULL;

	if (!mbox_rest(reader, &bytes, &error))
		source->tell(error->message, TRUE, source->user);
	else if (!bytes)
		source_tell(source, _("%s is longer than %d MB and is left out"), path,
		            MBOX_MESSAGE_MOST >> 20);
	else if (!g_bytes_get_size(bytes))
		source_tell(source, _("%s is empty and is left out"), path);
	mbox_free(reader);
	if (bytes && !g_bytes_get_size(bytes))
		g_clear_pointer(&bytes, g_bytes_unref);
	return bytes;
}

static gboolean
take_entry(struct source *source, const char *rel, struct source_message *message)
{
	g_autofree char *path = g_build_filename(source->path, rel, NULL);
	const char *name = strrchr(path, '/') + 1;
	g_autofree char *keywords = source->letters ? letters_keywords(source->letters, name) : NULL;
	guint flags = source->letters ? letters_flags(source->letters, name) : 0;
	struct stat st;
	int fd = open_entry(source, path, &st);
	GBytes *bytes;

	if (fd == -1)
		g_hash_table_add(source->missed, g_strndup(name, maildir_base_len(name)));
	bytes = fd >= 0 ? read_entry(source, fd, path) : NULL;
	return bytes && source_fill(message, bytes, st.st_mtime, flags, keywords);
}

static void
tell_of_missed(const struct source *source)
{
	GHashTableIter iter;
	gpointer base;

	g_hash_table_iter_init(&iter, source->missed);
	while (g_hash_table_iter_next(&iter, &base, NULL))
		source_tell(source, _("%s: %s was moved or deleted meanwhile"), source->path,
		            (const char *)base);
}

/* For what was not found under its name. 1: there is something, 0: no more of it, -1 with error. */
static int
look_again(struct source *source, GError **error)
{
	g_autoptr(GHashTable) wanted = source->missed;

	if (!g_hash_table_size(wanted) || !source->maildir || ++source->round > ROUNDS_MOST) {
		tell_of_missed(source);
		source->missed = names_new();
		return 0;
	}
	source->missed = names_new();
	return list_names(source, wanted, error) ? 1 : -1;
}

int
source_next_of_folder(struct source *source, struct source_message *message, GError **error)
{
	int more;

	do {
		while (source->at < source->names->len)
			if (take_entry(source, source->names->pdata[source->at++], message))
				return 1;
		more = look_again(source, error);
	} while (more > 0);
	return more;
}
