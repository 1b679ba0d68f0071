/* OP_FLAG: letters in the names of files. */
#include "backend/maildir/act.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

/* Where a message with these flags belongs: new/ only as long as nothing is known of it. */
static char *
flagged_path(const struct act *act, const char *path)
{
	g_autofree char *subdir = g_path_get_dirname(path);
	g_autofree char *dir = g_path_get_dirname(subdir);
	g_autofree char *name = g_path_get_basename(path);
	guint flags = (maildir_flags(name) | act->op->add) & ~act->op->remove;
	g_autofree char *renamed = NULL;

	if (flags == maildir_flags(name))
		return g_strdup(path);
	renamed = maildir_name_with(name, flags);
	return g_build_filename(dir, "cur", renamed, NULL);
}

/* Never over an existing file: a second message with this base would be lost. */
static enum act_end
flag_file(struct act *act, const char *path, const char *target, GError **error)
{
	enum disk_end end = disk_rename(path, target, error);

	if (end == DISK_AWAY) {
		end = disk_link(path, target, error);
		if (end == DISK_DONE)
			end = disk_remove(path, error);
	}
	switch (end) {
	case DISK_DONE:
		act_touch(act, path);
		act_touch(act, target);
		return ACT_THROUGH;
	case DISK_GONE:
		return ACT_VANISHED;
	case DISK_TAKEN:
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed: another message has the name %s"),
		            path, target);
		return ACT_FAILED;
	case DISK_AWAY:
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be renamed on this disk"), path);
		return ACT_FAILED;
	case DISK_FAILED:
		break;
	}
	return ACT_FAILED;
}

static enum act_end
flag_found(struct act *act, struct act_row *row, const char *path, GError **error)
{
	g_autofree char *target = flagged_path(act, path);
	enum act_end end = ACT_THROUGH;

	if (strcmp(path, target) != 0)
		end = flag_file(act, path, target, error);
	if (end == ACT_THROUGH && strcmp(row->file, target) != 0)
		act_tell_file(act, row, target);
	return end;
}

/* There is nothing left to flag, and the next scan says so. */
static enum act_end
flag_lost(struct act *act, struct act_row *row, GError **error)
{
	return ACT_THROUGH;
}

/* What came after the wish was not meant. */
static gboolean
flag_other(struct act *act, const char *path, GError **error)
{
	g_autofree char *target = flagged_path(act, path);
	struct stat st;

	if (strcmp(path, target) == 0 || lstat(path, &st) != 0 || st.st_ctime > act->op->created)
		return TRUE;
	act->changed_others = TRUE;
	return flag_file(act, path, target, error) != ACT_FAILED;
}

const struct act_verb act_flag = {.found = flag_found, .lost = flag_lost, .other = flag_other};
