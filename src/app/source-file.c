/* An mbox, or one message: a file or a pipe. */
#include "app/source-private.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/envelope.h"
#include "store/store.h"

static gboolean
begins_with_a_field(GBytes *bytes)
{
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len), *at = text;
	struct mime_field field;

	return len && mime_field_next(&at, text + len, &field) && field.name == text;
}

/* What gzip, bzip2, xz and zstd begin with. */
static gboolean
is_compressed(GBytes *bytes)
{
	static const char *const magics[] = {"\x1f\x8b", "BZh",
	                                     "\xfd"
	                                     "7zXZ",
	                                     "\x28\xb5\x2f\xfd"};
	gsize len;
	const char *octets = g_bytes_get_data(bytes, &len);

	for (guint i = 0; i < G_N_ELEMENTS(magics); i++)
		if (len > strlen(magics[i]) && !memcmp(octets, magics[i], strlen(magics[i])))
			return TRUE;
	return FALSE;
}

static guint
flags_of(const struct mbox_state *state)
{
	return (state->seen ? FLAG_SEEN : 0) | (state->answered ? FLAG_ANSWERED : 0) |
	       (state->flagged ? FLAG_FLAGGED : 0) | (state->deleted ? FLAG_DELETED : 0) |
	       (state->draft ? FLAG_DRAFT : 0) | (state->forwarded ? FLAG_FORWARDED : 0);
}

static void
tell_of_lock(void *user)
{
	struct source *source = user;
	g_autofree char *line =
	        g_strdup_printf(_("%s is locked by another program; waiting for that"), source->path);

	source->tell(line, FALSE, source->user);
}

gboolean
source_open_file(struct source *source, int fd, const struct stat *st, GError **error)
{
	GError *problem = NULL;

	source->mbox = mbox_new(fd, source->path, source->dialect);
	if (S_ISREG(st->st_mode))
		mbox_share(source->mbox, strcmp(source->path, "-") != 0 ? source->path : NULL,
		           source->patience * 1000, tell_of_lock, source);
	source->changed = S_ISREG(st->st_mode) ? st->st_mtime : 0;
	source->size = S_ISREG(st->st_mode) ? (guint64)st->st_size : 0;
	source->single = !mbox_is_one(source->mbox, NULL, &problem) && source->dialect == MBOX_AUTO;
	if (problem)
		g_propagate_error(error, problem);
	return problem == NULL;
}

static int
next_of_mbox(struct source *source, struct source_message *message, GError **error)
{
	struct mbox_message read;
	gboolean full = FALSE;
	int result;

	while (!full && (result = mbox_next(source->mbox, &read, error)) > 0) {
		unsigned long long offset = read.offset;

		if (!read.bytes)
			source_tell(source,
			            _("%s: the message at octet %llu is longer than %d MB and is left out"),
			            source->path, offset, MBOX_MESSAGE_MOST >> 20);
		else if (!(full = source_fill(message, g_steal_pointer(&read.bytes), read.received,
		                              flags_of(&read.state), read.state.keywords)))
			source_tell(source, _("%s: the message at octet %llu is empty and is left out"),
			            source->path, offset);
		mbox_message_clear(&read);
	}
	if (!full && !result && mbox_was_changed(source->mbox))
		source_tell(source,
		            _("%s has changed since it was read; --skip-duplicates takes what is new"),
		            source->path);
	return full ? 1 : result;
}

static int
only_one(struct source *source, struct source_message *message, GError **error)
{
	g_autoptr(GBytes) bytes = NULL;

	source->single = FALSE;
	if (!mbox_rest(source->mbox, &bytes, error))
		return -1;
	if (!bytes)
		fulmar_fail(error, FULMAR_FAILED, _("%s is longer than %d MB and is left out"), source->path,
		            MBOX_MESSAGE_MOST >> 20);
	else if (is_compressed(bytes))
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s is compressed; let the program that unpacks it write to “fulmar import "
		              "TARGET -”"),
		            source->path);
	else if (!begins_with_a_field(bytes))
		fulmar_fail(
		        error, FULMAR_FAILED,
		        _("%s is no mail: it begins neither with a line “From …” nor with a header field"),
		        source->path);
	else
		return source_fill(message, g_steal_pointer(&bytes), source->changed, 0, NULL);
	return -1;
}

int
source_next_of_file(struct source *source, struct source_message *message, GError **error)
{
	return source->single ? only_one(source, message, error) : next_of_mbox(source, message, error);
}
