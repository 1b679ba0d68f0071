#include "app/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "mime/envelope.h"
#include "mime/lines.h"
#include "mime/mbox.h"

const char *const sink_format_names[] = {"mbox", "maildir", "eml", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(sink_format_names) == SINK_FORMATS + 1);

enum { LETTERS = 26, BUFFER = 1 << 20 };

struct sink {
	const struct shape *shape;
	char *path, *dir; /* dir: that path lies in */
	char *temporary;  /* NULL: it has no name yet, or is not there */
	FILE *file;       /* of what is one file */
	guint n;
	guint unwritten;     /* keywords of messages */
	GPtrArray *keywords; /* of a Maildir: what 'a', 'b' … mean */
};

struct item {
	const char *account;
	const struct store_row *row;
	GBytes *bytes;
};

/* What path is to become. */
struct shape {
	gboolean is_folder;
	gboolean (*open)(struct sink *sink, GError **error); /* or NULL */
	gboolean (*add)(struct sink *sink, const struct item *item, GError **error);
	gboolean (*end)(struct sink *sink, GError **error); /* or NULL */
};

static gboolean
fail_write(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

static gboolean
fail_there(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s is there already; give a new name"), path);
	return FALSE;
}

/* ---- a file and its name ---- */

#define OWN_FILES "/proc/self/fd"

/* One that is gone with us when we end early, where that can be had. */
static gboolean
open_file(struct sink *sink, GError **error)
{
	int fd = -1;

	errno = EOPNOTSUPP;
	if (g_file_test(OWN_FILES, G_FILE_TEST_IS_DIR))
		fd = open(sink->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EACCES && errno != EROFS && errno != ENOENT && errno != ENOSPC) {
		sink->temporary = g_strconcat(sink->path, ".XXXXXX", NULL);
		fd = g_mkstemp_full(sink->temporary, O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0)
			g_clear_pointer(&sink->temporary, g_free);
	}
	if (fd < 0)
		return fail_write(sink->path, error);
	sink->file = fdopen(fd, "w");
	setvbuf(sink->file, NULL, _IOFBF, BUFFER);
	return TRUE;
}

/* Where renameat2 is not to be had the name is taken first: then nobody else can have it. */
static int
rename_without(const char *from, const char *to, gboolean is_folder)
{
	int fd;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (is_folder)
		return mkdir(to, 0700) == 0 ? rename(from, to) : -1;
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return rename(from, to);
}

static int
give_name(struct sink *sink)
{
	g_autofree char *nameless = NULL;

	if (sink->temporary)
		return rename_without(sink->temporary, sink->path, sink->shape->is_folder);
	nameless = g_strdup_printf(OWN_FILES "/%d", fileno(sink->file));
	return linkat(AT_FDCWD, nameless, AT_FDCWD, sink->path, AT_SYMLINK_FOLLOW);
}

static gboolean
settle_name(struct sink *sink, GError **error)
{
	if (give_name(sink) != 0)
		return errno == EEXIST || errno == ENOTEMPTY ? fail_there(sink->path, error)
		                                             : fail_write(sink->path, error);
	g_clear_pointer(&sink->temporary, g_free);
	return files_sync(sink->dir, error);
}

static gboolean
flush_file(struct sink *sink, GError **error)
{
	return (fflush(sink->file) == 0 && (fsync(fileno(sink->file)) == 0 || sink->file == stdout)) ||
	       fail_write(sink->path, error);
}

static void
set_time(int fd, gint64 when)
{
	const struct timespec times[2] = {{when, 0}, {when, 0}};

	/* Only the time of arrival would be another. */
	(void)!futimens(fd, times);
}

/* ---- mbox ---- */

static gboolean
open_mbox(struct sink *sink, GError **error)
{
	if (strcmp(sink->path, "-") != 0)
		return open_file(sink, error);
	sink->file = stdout;
	if (!isatty(STDOUT_FILENO))
		return TRUE;
	fulmar_fail(error, FULMAR_USAGE,
	            _("messages are not written to a terminal; give the name of a new file"));
	return FALSE;
}

static gboolean
put(const char *octets, gsize len, void *user)
{
	return fwrite(octets, 1, len, user) == len;
}

/* Who sent it, as the server that took it in wrote down; else who says so. Gives. */
static char *
sender_of(const struct item *item)
{
	gsize len;
	const char *text = g_bytes_get_data(item->bytes, &len), *at = text;
	const GPtrArray *from = item->row->from;
	struct mime_field field;

	while (len && mime_field_next(&at, text + len, &field))
		if (field.name_len == strlen("Return-Path") &&
		    !g_ascii_strncasecmp(field.name, "Return-Path", 11)) {
			g_autofree char *value = g_strstrip(g_strndup(field.value, field.value_len));
			gsize n = strlen(value);

			return n > 1 && *value == '<' && value[n - 1] == '>' ? g_strndup(value + 1, n - 2)
			                                                     : g_strdup(value);
		}
	return g_strdup(from->len ? ((const struct mime_address *)from->pdata[0])->email : "");
}

static gboolean
add_to_mbox(struct sink *sink, const struct item *item, GError **error)
{
	const struct store_row *row = item->row;
	g_autofree char *sender = sender_of(item);
	const struct mbox_message message = {
	        .bytes = item->bytes,
	        .sender = sender,
	        .received = row->received,
	        .state = {(row->flags & FLAG_SEEN) != 0, (row->flags & FLAG_ANSWERED) != 0,
	                  (row->flags & FLAG_FLAGGED) != 0, (row->flags & FLAG_DELETED) != 0,
	                  (row->flags & FLAG_DRAFT) != 0, (row->flags & FLAG_FORWARDED) != 0, row->keywords}};

	return mbox_write(&message, put, sink->file) || fail_write(sink->path, error);
}

/* ---- one .eml ---- */

static gboolean
write_crlf(FILE *file, GBytes *bytes)
{
	g_autoptr(GBytes) lines = lines_with_crlf(bytes);
	gsize len;
	const char *octets = g_bytes_get_data(lines, &len);

	return fwrite(octets, 1, len, file) == len;
}

static gboolean
add_single(struct sink *sink, const struct item *item, GError **error)
{
	if (sink->n) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("%s takes one message; for more give a folder and “--format eml”"), sink->path);
		return FALSE;
	}
	if (!write_crlf(sink->file, item->bytes) || fflush(sink->file) != 0)
		return fail_write(sink->path, error);
	set_time(fileno(sink->file), item->row->received);
	return TRUE;
}

static gboolean
end_single(struct sink *sink, GError **error)
{
	if (sink->n)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("there is no message to write to %s"), sink->path);
	return FALSE;
}

/* ---- folders ---- */

static gboolean
open_folder(struct sink *sink, GError **error)
{
	sink->temporary = g_strconcat(sink->path, ".XXXXXX", NULL);
	if (g_mkdtemp_full(sink->temporary, 0700))
		return TRUE;
	g_clear_pointer(&sink->temporary, g_free);
	return fail_write(sink->path, error);
}

/* A new file below the folder. */
static gboolean
write_below(struct sink *sink, const char *rel, const struct item *item, gboolean crlf, GError **error)
{
	g_autofree char *path = g_build_filename(sink->temporary, rel, NULL);
	g_autoptr(GBytes) lines = crlf ? lines_with_crlf(item->bytes) : lines_with_lf(item->bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	gboolean ok = fd >= 0 && files_write_all(fd, g_bytes_get_data(lines, NULL), g_bytes_get_size(lines));

	if (!ok)
		fail_write(path, error);
	else
		set_time(fd, item->row->received);
	if (fd >= 0 && close(fd) != 0 && ok)
		ok = fail_write(path, error);
	return ok;
}

static gboolean
add_eml(struct sink *sink, const struct item *item, GError **error)
{
	g_autofree char *plain = g_strdup_printf("%s-%lld.eml", item->account, (long long)item->row->id);
	g_autofree char *name = files_safe_name(plain);

	return write_below(sink, name, item, TRUE, error);
}

static gboolean
open_maildir(struct sink *sink, GError **error)
{
	static const char *const subs[] = {"cur", "new", "tmp"};

	sink->keywords = g_ptr_array_new_with_free_func(g_free);
	if (!open_folder(sink, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(subs); i++) {
		g_autofree char *path = g_build_filename(sink->temporary, subs[i], NULL);

		if (mkdir(path, 0700) != 0)
			return fail_write(path, error);
	}
	return TRUE;
}

/* 0: there are too many. */
static char
letter_of(struct sink *sink, const char *keyword)
{
	guint at;

	for (at = 0; at < sink->keywords->len; at++)
		if (!g_ascii_strcasecmp(sink->keywords->pdata[at], keyword))
			break;
	if (at == LETTERS)
		return 0;
	if (at == sink->keywords->len)
		g_ptr_array_add(sink->keywords, g_strdup(keyword));
	return (char)('a' + at);
}

/* Letters of its keywords. Gives. */
static char *
letters_of(struct sink *sink, const char *keywords)
{
	g_auto(GStrv) words = g_strsplit(keywords, " ", -1);
	GString *letters = g_string_new(NULL);

	for (guint i = 0; words[i]; i++) {
		char letter = *words[i] ? letter_of(sink, words[i]) : 0;

		sink->unwritten += *words[i] && !letter;
		if (letter && !strchr(letters->str, letter))
			g_string_append_c(letters, letter);
	}
	return g_string_free(letters, FALSE);
}

static gboolean
add_to_maildir(struct sink *sink, const struct item *item, GError **error)
{
	g_autofree char *letters = letters_of(sink, item->row->keywords);
	g_autofree char *plain = g_strdup_printf("cur/%lld.N%u.export:2,%s",
	                                         (long long)MAX(item->row->received, 0), sink->n, letters);
	g_autofree char *name = maildir_name_with(plain, item->row->flags);

	return write_below(sink, name, item, FALSE, error);
}

/* What the letters mean, as Dovecot has it. */
static gboolean
end_maildir(struct sink *sink, GError **error)
{
	g_autofree char *path = g_build_filename(sink->temporary, "dovecot-keywords", NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < sink->keywords->len; i++)
		g_string_append_printf(text, "%u %s\n", i, (const char *)sink->keywords->pdata[i]);
	return !text->len || files_write_atomically(path, text->str, text->len, error);
}

/* ---- whichever ---- */

static const struct shape mbox = {FALSE, open_mbox, add_to_mbox, NULL},
                          maildir = {TRUE, open_maildir, add_to_maildir, end_maildir},
                          single = {FALSE, open_file, add_single, end_single},
                          folder = {TRUE, open_folder, add_eml, NULL};

static const struct shape *
shape_of(enum sink_format format, const char *path)
{
	switch (format) {
	case SINK_MAILDIR:
		return &maildir;
	case SINK_EML:
		return g_str_has_suffix(path, ".eml") ? &single : &folder;
	case SINK_MBOX:
	case SINK_FORMATS:
		break;
	}
	return &mbox;
}

/* Without the "/" that may end it. */
static char *
tidy(const char *path)
{
	gsize len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return g_strndup(path, len);
}

struct sink *
sink_new(enum sink_format format, const char *path, GError **error)
{
	struct sink *sink = g_new0(struct sink, 1);
	struct stat st;
	gboolean ok;

	sink->shape = shape_of(format, path);
	sink->path = tidy(path);
	sink->dir = g_path_get_dirname(sink->path);
	if (!strcmp(path, "-") && format != SINK_MBOX) {
		fulmar_fail(error, FULMAR_USAGE, _("standard output takes an mbox alone"));
		ok = FALSE;
	} else {
		ok = !strcmp(path, "-") || lstat(sink->path, &st) != 0 || fail_there(sink->path, error);
	}
	if (ok && sink->shape->open(sink, error))
		return sink;
	sink_free(sink);
	return NULL;
}

gboolean
sink_add(struct sink *sink, const char *account, const struct store_row *row, GBytes *bytes, GError **error)
{
	const struct item item = {account, row, bytes};
	gboolean ok = sink->shape->add(sink, &item, error);

	sink->n++;
	return ok;
}

guint
sink_unwritten(const struct sink *sink)
{
	return sink->unwritten;
}

gboolean
sink_finish(struct sink *sink, GError **error)
{
	if (sink->shape->end && !sink->shape->end(sink, error))
		return FALSE;
	if (sink->shape->is_folder)
		return files_sync_all(sink->temporary, error) && settle_name(sink, error);
	return flush_file(sink, error) && (sink->file == stdout || settle_name(sink, error));
}

void
sink_free(struct sink *sink)
{
	if (!sink)
		return;
	if (sink->file && sink->file != stdout)
		fclose(sink->file);
	if (sink->temporary)
		files_remove_tree(sink->temporary);
	g_clear_pointer(&sink->keywords, g_ptr_array_unref);
	g_free(sink->temporary);
	g_free(sink->path);
	g_free(sink->dir);
	g_free(sink);
}
