/* OP_PURGE and OP_EMPTY: files that go for good. */
#include "backend/maildir/act.h"

#include <sys/stat.h>

static enum act_end
remove_file(struct act *act, const char *path, GError **error)
{
	switch (disk_remove(path, error)) {
	case DISK_DONE:
		act_touch(act, path);
		return ACT_THROUGH;
	case DISK_GONE:
		return ACT_VANISHED;
	case DISK_TAKEN:
	case DISK_AWAY:
	case DISK_FAILED:
		break;
	}
	return ACT_FAILED;
}

static enum act_end
purge_found(struct act *act, struct act_row *row, const char *path, GError **error)
{
	enum act_end end;

	if (act->rows->len <= KEEP_MESSAGES)
		backend_keep_body(act->backend, row->id);
	end = remove_file(act, path, error);
	if (end == ACT_THROUGH)
		act_tell_purged(act, row);
	return end;
}

/* Whoever it was: it is as was wished. */
static enum act_end
purge_lost(struct act *act, struct act_row *row, GError **error)
{
	act_tell_purged(act, row);
	return ACT_THROUGH;
}

/* ---- a whole folder ---- */

/* The scan may have counted a message among those to go that was delivered after the wish. */
static enum act_end
empty_found(struct act *act, struct act_row *row, const char *path, GError **error)
{
	struct stat st;

	if (row->folder != act->op->folder || lstat(path, &st) != 0 || st.st_ctime <= act->op->created ||
	    st.st_mtime <= act->op->created)
		return purge_found(act, row, path, error);
	act_tell_moved(act, row, path);
	return ACT_THROUGH;
}

/* Of what nobody here has seen only that goes which was there before, for sure. */
static gboolean
empty_other(struct act *act, const char *path, GError **error)
{
	struct stat st;

	if (lstat(path, &st) != 0 || st.st_ctime >= act->op->created)
		return TRUE;
	act->changed_others = TRUE;
	return remove_file(act, path, error) != ACT_FAILED;
}

const struct act_verb act_purge = {.found = purge_found, .lost = purge_lost};
const struct act_verb act_empty = {.found = empty_found, .lost = purge_lost, .other = empty_other};
