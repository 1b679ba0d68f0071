/* A rig of kind maildir, looked at and changed as files. Names are relative to the account's path. */
#ifndef FULMAR_TESTS_BACKEND_RIG_DISK_H
#define FULMAR_TESTS_BACKEND_RIG_DISK_H

#include "rig.h"

/* Gives (g_free). */
char *disk_path_in(struct rig *rig, const char *rel);
void disk_put(struct rig *rig, const char *rel, const char *text);
gboolean disk_is_at(struct rig *rig, const char *rel);
void disk_rename_in(struct rig *rig, const char *from, const char *to);
/* Names in a directory, sorted and joined by blanks. Gives (g_free). */
char *disk_names_in(struct rig *rig, const char *rel);
void disk_assert_names(struct rig *rig, const char *rel, const char *want);
void disk_assert_text(struct rig *rig, const char *rel, const char *want);
/* Replays the one op there is, which is refused with a line that has part in it. */
void disk_assert_refused(struct rig *rig, const char *part);
/* The failed op is tried again. */
void disk_retry(struct rig *rig, int code);

#endif
