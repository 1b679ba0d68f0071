/* OP_FLAG: letters in the names of files. */
#include "backend/maildir/deed.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

/* Where a message with these flags belongs: new/ only as long as nothing is known of it. */
static char *
flagged_path(const struct deed *deed, const char *path)
{
	g_autofree char *subdir = g_path_get_dirname(path);
	g_autofree char *dir = g_path_get_dirname(subdir);
	g_autofree char *name = g_path_get_basename(path);
	guint flags = (maildir_flags(name) | deed->op->add) & ~deed->op->remove;
	g_autofree char *renamed = NULL;

	if (flags == maildir_flags(name))
		return g_strdup(path);
	renamed = maildir_name_with(name, flags);
	return g_build_filename(dir, "cur", renamed, NULL);
}

/* Never over an existing file: a second message with this base would be lost. */
static enum deed_end
flag_file(struct deed *deed, const char *path, const char *target, GError **error)
{
	enum disk_end end = disk_rename(path, target, error);

	if (end == DISK_AWAY) {
		end = disk_link(path, target, error);
		if (end == DISK_DONE)
			end = disk_remove(path, error);
	}
	switch (end) {
	case DISK_DONE:
		deed_touch(deed, path);
		deed_touch(deed, target);
		return DEED_THROUGH;
	case DISK_GONE:
		return DEED_VANISHED;
	case DISK_TAKEN:
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed: another message has the name %s"),
		            path, target);
		return DEED_FAILED;
	case DISK_AWAY:
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed on this disk"), path);
		return DEED_FAILED;
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}

static enum deed_end
flag_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	g_autofree char *target = flagged_path(deed, path);
	enum deed_end end = DEED_THROUGH;

	if (strcmp(path, target) != 0)
		end = flag_file(deed, path, target, error);
	if (end == DEED_THROUGH && strcmp(row->file, target) != 0)
		deed_tell_file(deed, row, target);
	return end;
}

/* There is nothing left to flag, and the next scan says so. */
static enum deed_end
flag_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	return DEED_THROUGH;
}

/* What came after the wish was not meant. */
static gboolean
flag_other(struct deed *deed, const char *path, GError **error)
{
	g_autofree char *target = flagged_path(deed, path);
	struct stat st;

	if (strcmp(path, target) == 0 || lstat(path, &st) != 0 || st.st_ctime >= deed->op->created)
		return TRUE;
	return flag_file(deed, path, target, error) != DEED_FAILED;
}

const struct deed_verb deed_flag = {.found = flag_found, .lost = flag_lost, .other = flag_other};
