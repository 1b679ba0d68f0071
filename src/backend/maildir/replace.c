/* OP_REPLACE: the new file first. Only when that is on the disk, name and all, the old one goes.
 */
#include "backend/maildir/deed.h"

static enum deed_end
old_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	g_autofree char *dir = g_build_filename(deed->target, "cur", NULL);

	for (guint i = 0; i < deed->rows->len; i++) {
		const struct deed_row *other = &g_array_index(deed->rows, struct deed_row, i);

		if (!other->replaced && !other->through)
			return DEED_VANISHED;
	}
	return disk_sync(dir, error) ? deed_purge.found(deed, row, path, error) : DEED_FAILED;
}

static enum deed_end
replace_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	if (!row->replaced)
		return deed_append.found(deed, row, path, error);
	return deed->looks ? DEED_THROUGH : old_found(deed, row, path, error);
}

static enum deed_end
replace_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	return row->replaced ? deed_purge.lost(deed, row, error) : deed_append.lost(deed, row, error);
}

const struct deed_verb deed_replace = {.has_target = TRUE, .found = replace_found, .lost = replace_lost};
