/* OP_PURGE and OP_EMPTY: files that go for good. */
#include "backend/maildir/deed.h"

#include <sys/stat.h>

static enum deed_end
purge_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	enum deed_end end;

	if (deed->rows->len <= KEEP_MESSAGES)
		backend_keep_body(deed->backend, row->id, path);
	end = deed_remove(deed, path, error);
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
	return deed_remove(deed, path, error) != DEED_FAILED;
}

const struct deed_verb deed_purge = {.found = purge_found, .lost = purge_lost};
const struct deed_verb deed_empty = {.found = purge_found, .lost = purge_lost, .other = empty_other};
