/* OP_FLAG: letters in the names of files. What a person calls a keyword gets one when it is first wished. */
#include "backend/maildir/deed.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

static const struct letters *
letters_for(struct deed *deed, const char *dir, GError **error)
{
	gboolean full;
	const struct letters *letters =
	        backend_letters_for(deed->backend, dir, deed->op->keywords_add, &full, error);

	if (!letters || !full)
		return letters;
	fulmar_fail(error, FULMAR_FAILED,
	            _("%s: this folder knows %d keywords already, and has no room for “%s”"),
	            deed->backend->env->account->id, LETTERS, deed->op->keywords_add);
	return NULL;
}

/* Forwarded is also a keyword where a server has made it one. */
static guint32
flagged_letters(const struct deed *deed, const struct letters *letters, const char *name, guint flags)
{
	gboolean lacking;
	guint32 add = letters_of(letters, deed->op->keywords_add, &lacking);
	guint32 remove = letters_of(letters, deed->op->keywords_remove, &lacking) | letters->forwarded;
	guint32 forwarded = flags & FLAG_FORWARDED ? letters->forwarded : 0;

	return (maildir_letters(name) & ~remove) | add | forwarded;
}

/* Where a message with these flags belongs: new/ only as long as nothing is known of it. NULL with error. */
static char *
flagged_path(struct deed *deed, const char *path, GError **error)
{
	g_autofree char *subdir = g_path_get_dirname(path);
	g_autofree char *dir = g_path_get_dirname(subdir);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *base = g_strndup(name, maildir_base_len(name)), *renamed = NULL;
	const struct letters *letters = letters_for(deed, dir, error);
	guint32 keywords;
	guint flags;

	if (!letters)
		return NULL;
	flags = (letters_flags(letters, name) | deed->op->add) & ~deed->op->remove;
	keywords = flagged_letters(deed, letters, name, flags);
	if (flags == letters_flags(letters, name) && keywords == maildir_letters(name))
		return g_strdup(path);
	renamed = maildir_name_of(base, name, backend_colon(deed->backend, letters), flags, keywords);
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
	g_autofree char *target = flagged_path(deed, path, error);
	enum deed_end end = DEED_THROUGH;

	if (!target)
		return DEED_FAILED;
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
	g_autofree char *target = flagged_path(deed, path, error);
	struct stat st;

	if (!target)
		return FALSE;
	if (strcmp(path, target) == 0 || lstat(path, &st) != 0 || st.st_ctime >= deed->op->created)
		return TRUE;
	return flag_file(deed, path, target, error) != DEED_FAILED;
}

const struct deed_verb deed_flag = {.found = flag_found, .lost = flag_lost, .other = flag_other};
