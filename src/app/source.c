#include "app/source-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

void
source_free(struct source *source)
{
	if (!source)
		return;
	mbox_free(source->mbox);
	g_clear_pointer(&source->names, g_ptr_array_unref);
	g_clear_pointer(&source->chunk, g_string_chunk_free);
	g_clear_pointer(&source->missed, g_hash_table_unref);
	letters_free(source->letters);
	g_free(source->path);
	g_free(source);
}

gboolean
source_fail_read(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be read: %s"), path, g_strerror(errno));
	return FALSE;
}

void
source_tell(const struct source *source, const char *format, ...)
{
	va_list args;
	g_autofree char *line = NULL;

	va_start(args, format);
	line = g_strdup_vprintf(format, args);
	va_end(args);
	source->tell(line, TRUE, source->user);
}

static gboolean
open_path(struct source *source, GError **error)
{
	gboolean standard = !strcmp(source->path, "-");
	int fd = standard ? dup(STDIN_FILENO) : open(source->path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		source_fail_read(source->path, error);
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	if (!S_ISDIR(st.st_mode))
		return source_open_file(source, fd, &st, error);
	close(fd);
	if (source->dialect == MBOX_AUTO)
		return source_open_folder(source, error);
	fulmar_fail(error, FULMAR_USAGE, _("%s is a folder, and no mbox file"), source->path);
	return FALSE;
}

struct source *
source_new(const char *path, enum mbox_dialect dialect, gint64 patience,
           void (*tell_line)(const char *line, gboolean left_out, void *user), void *user, GError **error)
{
	struct source *source = g_new0(struct source, 1);

	source->path = g_strdup(path);
	source->dialect = dialect;
	source->patience = patience;
	source->tell = tell_line;
	source->user = user;
	if (open_path(source, error))
		return source;
	source_free(source);
	return NULL;
}

int
source_next(struct source *source, struct source_message *message, GError **error)
{
	if (source->names)
		return source_next_of_folder(source, message, error);
	return source_next_of_file(source, message, error);
}

int
source_percent(const struct source *source)
{
	if (source->names)
		return source->names->len ? (int)((guint64)source->at * 100 / source->names->len) : 100;
	return source->size ? (int)MIN(mbox_offset(source->mbox) * 100 / source->size, 100) : -1;
}
