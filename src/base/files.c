#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

/* Longest name that files_safe_name gives; "name (999).ext" still fits into the 255 octets of common file
 * systems. */
#define NAME_MAX_OCTETS 200
/* Longest ending that counts as an extension. */
#define EXTENSION_MAX_OCTETS 32
/* Deepest folder that files_remove_tree descends into. */
#define TREE_MAX_DEPTH 100

/* Whatever the umask says, a folder we make is ours alone and usable by us. */
static gboolean
make_one_dir(const char *dir, GError **error)
{
	if (!mkdir(dir, 0700)) {
		if (!chmod(dir, 0700))
			return TRUE;
	} else if (errno == EEXIST) {
		if (g_file_test(dir, G_FILE_TEST_IS_DIR))
			return TRUE;
		errno = ENOTDIR;
	}
	fulmar_fail(error, FULMAR_FAILED, _("The folder %s cannot be made: %s"), dir, g_strerror(errno));
	return FALSE;
}

gboolean
files_make_private_dir(const char *dir, GError **error)
{
	g_autofree char *path = g_strdup(dir);

	for (char *p = path; *p; p++) {
		if (*p != '/' || p == path)
			continue;
		*p = '\0';
		if (!g_file_test(path, G_FILE_TEST_IS_DIR) && !make_one_dir(path, error))
			return FALSE;
		*p = '/';
	}
	return make_one_dir(path, error);
}

gboolean
files_write_all(int fd, const void *bytes, gsize len)
{
	for (const char *at = bytes; len > 0;) {
		gssize n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return FALSE;
		at += n;
		len -= (gsize)n;
	}
	return TRUE;
}

gboolean
files_copy_all(int from, int to)
{
	char buffer[65536];
	gssize n;

	while ((n = read(from, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !files_write_all(to, buffer, (gsize)n))
			return FALSE;
	}
	return TRUE;
}

/* File systems that cannot sync a folder say EINVAL; there is no more to be had there. FALSE with errno. */
static gboolean
sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return FALSE;
	failed = fsync(fd) && errno != EINVAL ? errno : 0;
	close(fd);
	errno = failed;
	return !failed;
}

gboolean
files_sync(const char *path, GError **error)
{
	if (sync_path(path))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	return FALSE;
}

gboolean
files_sync_all(const char *dir, GError **error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean done = fd >= 0 && syncfs(fd) == 0;

	if (!done)
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), dir, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

gboolean
files_commit(int fd, const char *temporary, const char *final, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(final);

	if (!fsync(fd) && !rename(temporary, final) && sync_path(dir))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), final, g_strerror(errno));
	return FALSE;
}

gboolean
files_write_atomically(const char *path, const void *bytes, gsize len, GError **error)
{
	g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
	int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
	gboolean done;

	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
		return FALSE;
	}
	if (fchmod(fd, 0600) || !files_write_all(fd, bytes, len)) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
		done = FALSE;
	} else {
		done = files_commit(fd, temporary, path, error);
	}
	close(fd);
	if (!done)
		unlink(temporary);
	return done;
}

/* Characters that are letters or symbols to Unicode but show as nothing: they hide the end of a name. */
static gboolean
looks_blank(gunichar c)
{
	return g_unichar_isspace(c) || c == 0x115f || c == 0x1160 || c == 0x2800 || c == 0x3164 ||
	       c == 0xffa0;
}

/* Slash-like characters, which only mean harm in a file name. */
static gboolean
looks_like_separator(gunichar c)
{
	return c == 0x2044 || c == 0x2215 || c == 0x29f5 || c == 0x29f8 || c == 0xfe68 || c == 0xff0f ||
	       c == 0xff3c;
}

/* The last component, with '/' and '\' both separating; *len gives its octets. */
static const char *
base_of(const char *proposed, gsize *len)
{
	gsize end = strlen(proposed), start;

	while (end > 0 && (proposed[end - 1] == '/' || proposed[end - 1] == '\\'))
		end--;
	for (start = end; start > 0 && proposed[start - 1] != '/' && proposed[start - 1] != '\\'; start--)
		;
	*len = end - start;
	return proposed + start;
}

static GString *
clean_name(const char *p, gsize len)
{
	GString *name = g_string_sized_new(MIN(len, 256));
	const char *end = p + len;

	while (p < end) {
		gunichar c = g_utf8_get_char_validated(p, end - p);
		gboolean valid = c < 0x110000;

		p += valid ? g_utf8_skip[(guchar)*p] : 1;
		if (valid && looks_blank(c))
			c = ' ';
		else if (!valid || looks_like_separator(c))
			c = '_';
		else if (!g_unichar_isprint(c))
			continue;
		if (!name->len && (c == ' ' || c == '.' || c == '-'))
			continue;
		if (c != ' ' || name->str[name->len - 1] != ' ')
			g_string_append_unichar(name, c);
	}
	while (name->len && strchr(" .", name->str[name->len - 1]))
		g_string_truncate(name, name->len - 1);
	return name;
}

/* Octets before the extension: all of them when there is none. */
static gsize
stem_of(const char *name, gsize len)
{
	const char *dot = strrchr(name, '.');
	gsize stem = dot ? (gsize)(dot - name) : len;

	return stem == 0 || len - stem > EXTENSION_MAX_OCTETS ? len : stem;
}

/* Takes octets from the end of the stem, by whole characters, until the name fits. */
static void
shorten(GString *name)
{
	gsize stem = stem_of(name->str, name->len), keep;

	if (name->len <= NAME_MAX_OCTETS)
		return;
	keep = NAME_MAX_OCTETS - (name->len - stem);
	while (keep > 0 && (name->str[keep] & 0xc0) == 0x80)
		keep--;
	while (keep > 0 && strchr(" .", name->str[keep - 1]))
		keep--;
	g_string_erase(name, (gssize)keep, (gssize)(stem - keep));
}

char *
files_safe_name(const char *proposed)
{
	gsize len;
	const char *base = base_of(proposed ? proposed : "", &len);
	GString *name = clean_name(base, len);

	shorten(name);
	if (!name->len)
		g_string_assign(name, "attachment");
	return g_string_free(name, FALSE);
}

/* name, or "stem (n).ext" from the second try on. Gives. */
static char *
numbered(const char *name, int n)
{
	gsize stem = stem_of(name, strlen(name));

	if (n == 1)
		return g_strdup(name);
	return g_strdup_printf("%.*s (%d)%s", (int)stem, name, n, name + stem);
}

int
files_create_new(const char *dir, const char *name, char **path, GError **error)
{
	int reason = EEXIST;

	*path = NULL;
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		reason = EINVAL;
	for (int n = 1; n <= 999 && reason == EEXIST; n++) {
		g_autofree char *candidate = numbered(name, n);
		g_autofree char *full = g_build_filename(dir, candidate, NULL);
		int fd = open(full, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0) {
			reason = errno;
			continue;
		}
		*path = g_steal_pointer(&full);
		return fd;
	}
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be made in %s: %s"), name, dir, g_strerror(reason));
	return -1;
}

char *
files_private_tmp(GError **error)
{
	g_autofree char *dir = g_build_filename(g_get_tmp_dir(), "fulmar-XXXXXX", NULL);

	if (g_mkdtemp_full(dir, 0700))
		return g_steal_pointer(&dir);
	fulmar_fail(error, FULMAR_FAILED, _("A temporary folder cannot be made in %s: %s"), g_get_tmp_dir(),
	            g_strerror(errno));
	return NULL;
}

static void
remove_at(int parent, const char *name, int depth)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	/* Unlink first: it takes files and links as they are, and only a folder is left for the rest. */
	if (!unlinkat(parent, name, 0) || depth > TREE_MAX_DEPTH)
		return;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_at(fd, entry->d_name, depth + 1);
	closedir(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

void
files_remove_tree(const char *path)
{
	remove_at(AT_FDCWD, path, 0);
}

char *
files_xdg(const char *kind)
{
	static const struct {
		const char *kind, *variable, *below_home;
	} rows[] = {
	        {"CONFIG", "XDG_CONFIG_HOME", ".config"},
	        {"DATA", "XDG_DATA_HOME", ".local/share"},
	        {"STATE", "XDG_STATE_HOME", ".local/state"},
	        {"CACHE", "XDG_CACHE_HOME", ".cache"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *dir = g_getenv(rows[i].variable);

		if (strcmp(kind, rows[i].kind))
			continue;
		if (dir && g_path_is_absolute(dir))
			return g_build_filename(dir, "fulmar", NULL);
		return g_build_filename(g_get_home_dir(), rows[i].below_home, "fulmar", NULL);
	}
	g_assert_not_reached();
}

char *
files_expand_home(const char *path)
{
	if (path[0] == '~' && (!path[1] || path[1] == '/'))
		return g_strconcat(g_get_home_dir(), path + 1, NULL);
	return g_strdup(path);
}
