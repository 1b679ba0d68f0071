/* Two messages under one base name: some program gave the same name twice. Only one of them would be seen,
 * and the other would go with its folder; so one gets a name of its own, as Dovecot does. */
#include "backend/maildir/private.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/disk.h"
#include "backend/maildir/name.h"
#include "base/log.h"

/* The younger one, in doubt the first; where both are there, and are not one file with two names (somebody
 * renames it). NULL: there is nothing to part. */
static const char *
younger(const char *a, const char *b)
{
	struct stat left, right;

	if (lstat(a, &left) != 0 || lstat(b, &right) != 0 || !S_ISREG(left.st_mode) ||
	    !S_ISREG(right.st_mode) || (left.st_dev == right.st_dev && left.st_ino == right.st_ino))
		return NULL;
	if (left.st_ctim.tv_sec != right.st_ctim.tv_sec)
		return left.st_ctim.tv_sec > right.st_ctim.tv_sec ? a : b;
	return left.st_ctim.tv_nsec >= right.st_ctim.tv_nsec ? a : b;
}

static char *
new_path(struct backend *backend, const char *path, GError **error)
{
	g_autofree char *token = backend_token(backend, error);
	const char *name = strrchr(path, '/') + 1;
	g_autofree char *subdir = g_path_get_dirname(path);
	g_autofree char *base = token ? maildir_base_new(maildir_stamp(name), token, 0, name) : NULL;
	g_autofree char *own = base ? g_strdup_printf("%s-%08x", base, g_random_int()) : NULL;
	g_autofree char *renamed = maildir_colon(name)
	                                   ? maildir_name_of(own ? own : "", name, ':', maildir_flags(name),
	                                                     maildir_letters(name))
	                                   : g_strdup(own);

	return token ? g_build_filename(subdir, renamed, NULL) : NULL;
}

gboolean
doubles_part(struct backend *backend, const char *dir, const char *one, const char *other)
{
	g_autofree char *a = g_build_filename(dir, one, NULL), *b = g_build_filename(dir, other, NULL);
	const char *path = younger(a, b);
	g_autoptr(GError) error = NULL;
	g_autofree char *target = path ? new_path(backend, path, &error) : NULL;
	enum disk_end end = target ? disk_rename(path, target, &error) : DISK_GONE;

	if (end == DISK_DONE)
		log_note(LOG_SYNC, "%s: two messages of that name; this one is %s now", path, target);
	else if (error)
		log_note(LOG_SYNC, "%s", error->message);
	return end == DISK_DONE;
}
