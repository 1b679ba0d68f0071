#include "backend/maildir/letters.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/disk.h"
#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "store/store.h"

#define NSEC_PER_SEC G_GINT64_CONSTANT(1000000000)

enum { FILE_OCTETS = 65536, NAME_OCTETS = 200, NAMES_LOOKED_AT = 100 };

static const char *const subdirs[] = {"cur", "new"};

/* ---- reading ---- */

/* RFC 3501's flag-keyword: what else may stand there is no keyword to us, and still has its letter. */
static gboolean
is_keyword(const char *name)
{
	if (!*name || strlen(name) > NAME_OCTETS)
		return FALSE;
	for (; *name; name++)
		if ((guchar)*name <= ' ' || (guchar)*name >= 0x7f || strchr("(){%*\"\\]", *name))
			return FALSE;
	return TRUE;
}

static void
take_line(struct letters *letters, const char *line)
{
	char *name = NULL;
	guint64 n = g_ascii_strtoull(line, &name, 10);

	if (name == line || *name != ' ' || !name[1] || n >= LETTERS || letters->names[n])
		return;
	letters->names[n] = g_strdup(name + 1);
	letters->named |= 1u << n;
	if (!is_keyword(name + 1))
		return;
	letters->known |= 1u << n;
	if (!g_ascii_strcasecmp(name + 1, "$Forwarded"))
		letters->forwarded |= 1u << n;
}

static gint64
time_of(const struct stat *st)
{
	return st->st_mtim.tv_sec * NSEC_PER_SEC + st->st_mtim.tv_nsec;
}

/* "" without one. Gives. */
static char *
read_file(struct letters *letters, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = g_malloc0(FILE_OCTETS + 1);
	gsize have = 0;
	struct stat st;
	gssize n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? 1 : 0;

	if (n) {
		letters->when = time_of(&st);
		letters->inode = (gint64)st.st_ino;
	}
	while (n > 0 && have < FILE_OCTETS) {
		n = read(fd, text + have, FILE_OCTETS - have);
		have += (gsize)MAX(n, 0);
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* As in the first names that say: all of a folder are written alike. */
static char
find_colon(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "cur", NULL);
	DIR *entries = opendir(path);
	const struct dirent *entry;
	char colon = '\0';

	for (guint n = 0; entries && !colon && n < NAMES_LOOKED_AT && (entry = readdir(entries)); n++)
		if (entry->d_name[0] != '.')
			colon = maildir_colon(entry->d_name);
	if (entries)
		closedir(entries);
	return colon;
}

static char *
file_in(const char *dir)
{
	return g_build_filename(dir, "dovecot-keywords", NULL);
}

struct letters *
letters_read(const char *dir)
{
	struct letters *letters = g_new0(struct letters, 1);
	g_autofree char *path = file_in(dir), *text = read_file(letters, path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		take_line(letters, *line);
	letters->colon = find_colon(dir);
	return letters;
}

void
letters_free(gpointer data)
{
	struct letters *letters = data;

	for (guint i = 0; letters && i < LETTERS; i++)
		g_free(letters->names[i]);
	g_free(letters);
}

gboolean
letters_are_current(const struct letters *letters, const char *dir)
{
	g_autofree char *path = file_in(dir);
	struct stat st;

	if (stat(path, &st) != 0)
		return !letters->inode;
	return letters->when == time_of(&st) && letters->inode == (gint64)st.st_ino;
}

/* ---- meanings ---- */

guint
letters_flags(const struct letters *letters, const char *name)
{
	gboolean forwarded = letters->forwarded && maildir_letters(name) & letters->forwarded;

	return maildir_flags(name) | (forwarded ? FLAG_FORWARDED : 0);
}

char *
letters_words(const struct letters *letters, guint32 which)
{
	GString *out = g_string_new(NULL);

	which &= letters->known & ~letters->forwarded;
	for (guint i = 0; i < LETTERS; i++)
		if (which >> i & 1)
			g_string_append_printf(out, "%s%s", out->len ? " " : "", letters->names[i]);
	return g_string_free(out, FALSE);
}

char *
letters_keywords(const struct letters *letters, const char *name)
{
	return letters_words(letters, maildir_letters(name));
}

static guint32
letter_of(const struct letters *letters, const char *word)
{
	for (guint i = 0; i < LETTERS; i++)
		if (letters->known >> i & 1 && g_ascii_strcasecmp(letters->names[i], word) == 0)
			return 1u << i;
	return 0;
}

guint32
letters_of(const struct letters *letters, const char *keywords, gboolean *lacking)
{
	g_auto(GStrv) words = g_strsplit(keywords ? keywords : "", " ", -1);
	guint32 found = 0;

	*lacking = FALSE;
	for (char **word = words; *word; word++) {
		guint32 letter = **word ? letter_of(letters, *word) : 0;

		found |= letter;
		*lacking |= **word && !letter && is_keyword(*word);
	}
	return found;
}

/* ---- new ones ---- */

static guint32
letters_in_use(const char *dir)
{
	guint32 used = 0;

	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *path = g_build_filename(dir, subdirs[i], NULL);
		DIR *entries = opendir(path);
		const struct dirent *entry;

		while (entries && (entry = readdir(entries)))
			used |= maildir_letters(entry->d_name);
		if (entries)
			closedir(entries);
	}
	return used;
}

/* Behind all that is named or stands in a name, so that none of those gets another meaning. FALSE: there was
 * no room for all. */
static gboolean
add_words(struct letters *letters, const char *dir, const char *keywords)
{
	g_auto(GStrv) words = g_strsplit(keywords, " ", -1);
	guint32 used = letters->named | letters_in_use(dir);
	guint next = 0;

	while (used >> next)
		next++;
	for (char **word = words; *word; word++) {
		if (!is_keyword(*word) || letter_of(letters, *word))
			continue;
		if (next == LETTERS)
			return FALSE;
		letters->names[next] = g_strdup(*word);
		letters->named |= 1u << next;
		letters->known |= 1u << next++;
	}
	return TRUE;
}

/* Readable for those who may read the folder. */
static mode_t
mode_for(const char *dir, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return st.st_mode & 0777;
	return stat(dir, &st) == 0 ? (st.st_mode & 0666) | 0600 : 0600;
}

static gboolean
write_fd(int fd, const struct letters *letters, mode_t mode)
{
	g_autoptr(GString) text = g_string_new(NULL);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
	                            {.tv_sec = (time_t)MAX(now, letters->when / NSEC_PER_SEC + 1)}};

	for (guint i = 0; i < LETTERS; i++)
		if (letters->names[i])
			g_string_append_printf(text, "%u %s\n", i, letters->names[i]);
	return files_write_all(fd, text->str, text->len) && fchmod(fd, mode) == 0 && futimens(fd, times) == 0;
}

/* Dovecot's own way: the next file has the name of a lock, which nobody holds. */
static gboolean
write_file(const struct letters *letters, const char *dir, GError **error)
{
	g_autofree char *path = file_in(dir), *next = g_strconcat(path, ".lock", NULL);
	int fd = disk_create_anew(next);
	gboolean ok = fd >= 0 && write_fd(fd, letters, mode_for(dir, path));

	if (!ok)
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: %s"), path, g_strerror(errno));
	else
		ok = files_commit(fd, next, path, error);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !ok)
		unlink(next);
	return ok;
}

static enum lesson
teach(const char *dir, const char *keywords, GError **error)
{
	struct letters *letters = letters_read(dir);
	guint32 named = letters->named;
	gboolean all = add_words(letters, dir, keywords);
	gboolean ok = letters->named == named || write_file(letters, dir, error);

	letters_free(letters);
	if (!ok)
		return LESSON_FAILED;
	return all ? LESSON_LEARNT : LESSON_FULL;
}

enum lesson
letters_teach(const char *dir, const char *keywords, GError **error)
{
	g_autofree char *lock = g_build_filename(dir, "dovecot-uidlist.lock", NULL);
	g_autofree char *owner = g_strdup_printf("%ld:%s", (long)getpid(), g_get_host_name());
	int fd = disk_lock(lock, error);
	enum lesson lesson;

	if (fd < 0)
		return LESSON_FAILED;
	/* By this Dovecot knows a lock whose owner is no more. Without it the lock only lasts longer then. */
	(void)files_write_all(fd, owner, strlen(owner));
	lesson = teach(dir, keywords, error);
	unlink(lock);
	close(fd);
	return lesson;
}
