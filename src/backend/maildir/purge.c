/* OP_PURGE and OP_EMPTY: files that go for good. */
#include "backend/maildir/deed.h"

#include <sys/stat.h>

static enum deed_end
remove_file(struct deed *deed, const char *path, GError **error)
{
	switch (disk_remove(path, error)) {
	case DISK_DONE:
		deed_touch(deed, path);
		return DEED_THROUGH;
	case DISK_GONE:
		return DEED_VANISHED;
	case DISK_TAKEN:
	case DISK_AWAY:
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}

static enum deed_end
purge_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	enum deed_end end;

	if (deed->rows->len <= KEEP_MESSAGES)
		backend_keep_body(deed->backend, row->id, path);
	end = remove_file(deed, path, error);
	if (end == DEED_THROUGH)
		deed_tell_purged(deed, row);
	return end;
}

/* Whoever it was: it is as was wished. */
static enum deed_end
purge_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	deed_tell_purged(deed, row);
	return DEED_THROUGH;
}

/* ---- a whole folder ---- */

/* Of what nobody here has seen only that goes which was there before, for sure. */
static gboolean
empty_other(struct deed *deed, const char *path, GError **error)
{
	struct stat st;

	if (lstat(path, &st) != 0 || st.st_ctime >= deed->op->created)
		return TRUE;
	return remove_file(deed, path, error) != DEED_FAILED;
}

const struct deed_verb deed_purge = {.found = purge_found, .lost = purge_lost};
const struct deed_verb deed_empty = {.found = purge_found, .lost = purge_lost, .other = empty_other};
