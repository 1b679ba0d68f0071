/* OP_MOVE, OP_COPY and OP_APPEND: files that come into another folder.
 *
 * A message that is moved keeps its base name where it can: other programs know it by that. Then one rename
 * does it, and at any instant it is in exactly one of both folders. Else it gets a name that is only ever
 * given to its row, so that a file of that name says how far an earlier attempt came.
 */
#include "backend/maildir/deed.h"

#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"
#include "mime/lines.h"

#define NAME_OCTETS 255

/* Those of the folder that a file is in. */
static const struct letters *
letters_at(struct deed *deed, const char *path)
{
	g_autofree char *subdir = g_path_get_dirname(path), *dir = g_path_get_dirname(subdir);

	return backend_letters(deed->backend, dir);
}

static guint
flags_at(struct deed *deed, const char *path)
{
	return letters_flags(letters_at(deed, path), strrchr(path, '/') + 1);
}

/* A message that is moved has the keywords of its file. Gives. */
static char *
keywords_of(struct deed *deed, const struct deed_row *row, const char *path)
{
	return deed->op->verb == OP_MOVE && path
	               ? letters_keywords(letters_at(deed, path), strrchr(path, '/') + 1)
	               : g_strdup(row->keywords);
}

/* What the letters will be. A keyword that finds no room in the target stays in the store; a letter that
 * means nothing to us stays, unless it means something there. */
static gboolean
choose_letters(struct deed *deed, struct deed_row *row, const char *path, guint flags, GError **error)
{
	guint32 unknown = path ? maildir_letters(strrchr(path, '/') + 1) & ~letters_at(deed, path)->named : 0;
	g_autofree char *keywords = keywords_of(deed, row, path);
	const struct letters *letters =
	        backend_letters_for(deed->backend, deed->target, keywords, NULL, error);
	gboolean lacking;

	if (!letters)
		return FALSE;
	row->letters = letters_of(letters, keywords, &lacking) | (unknown & ~letters->named) |
	               (flags & FLAG_FORWARDED ? letters->forwarded : 0);
	return TRUE;
}

/* NULL: the name is too long. */
static char *
target_path(const struct deed *deed, const struct deed_row *row, const char *base, const char *path,
            guint flags)
{
	const struct letters *letters = backend_letters(deed->backend, deed->target);
	g_autofree char *name = maildir_name_of(base, path ? strrchr(path, '/') + 1 : "",
	                                        backend_colon(deed->backend, letters), flags, row->letters);

	return strlen(name) <= NAME_OCTETS ? g_build_filename(deed->target, "cur", name, NULL) : NULL;
}

static char *
tmp_path(const struct deed *deed, const char *base)
{
	return g_build_filename(deed->target, "tmp", base, NULL);
}

static enum deed_end
fail_taken(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("%s cannot be written: another message has that name"), path);
	return DEED_FAILED;
}

/* A row that came into the target. */
static enum deed_end
arrived(struct deed *deed, const struct deed_row *row, const char *target)
{
	deed_touch(deed, target);
	deed_tell_moved(deed, row, target);
	return DEED_THROUGH;
}

/* ---- move ---- */

static gboolean
is_file(const char *path)
{
	struct stat st;

	return path && lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static enum disk_end
move_file(struct deed *deed, struct deed_row *row, const char *path, const char *target, const char *base,
          GError **error)
{
	g_autofree char *tmp = tmp_path(deed, base);
	enum disk_end end = disk_rename(path, target, error);

	if (end != DISK_AWAY)
		return end;
	end = disk_carry(path, tmp, target, error);
	if (end == DISK_GONE && is_file(target))
		row->half = g_strdup(target);
	return end;
}

/* The name that it would have kept is taken, or cannot be had in one step. */
static enum deed_end
move_under_new_name(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	guint flags = flags_at(deed, path);
	g_autofree char *other = g_strdup_printf("%s-%08x", row->made, g_random_int());
	const char *const bases[] = {row->made, other};

	for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
		g_autofree char *target = target_path(deed, row, bases[i], path, flags);
		enum disk_end end = move_file(deed, row, path, target, bases[i], error);

		if (end == DISK_DONE)
			deed_touch(deed, path);
		if (end == DISK_DONE)
			return arrived(deed, row, target);
		if (end != DISK_TAKEN)
			return end == DISK_GONE ? DEED_VANISHED : DEED_FAILED;
	}
	return fail_taken(path, error);
}

/* An earlier attempt made there what is here too: it ends now. */
static enum deed_end
end_move(struct deed *deed, const struct deed_row *row, const char *path, const char *there, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(there);
	enum deed_end end;

	if (!disk_sync(dir, error))
		return DEED_FAILED;
	end = deed_remove(deed, path, error);
	return end == DEED_THROUGH ? arrived(deed, row, there) : end;
}

static enum deed_end
move_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	g_autofree char *there = row->half ? g_strdup(row->half) : deed_arrival(deed, row->made);
	g_autofree char *taken = deed_arrival(deed, row->kept), *target = NULL;
	guint flags = flags_at(deed, path);
	enum disk_end end;

	if (row->folder == deed->op->to)
		return arrived(deed, row, path);
	if (there && disk_is_same(path, there))
		return end_move(deed, row, path, there, error);
	if (deed->looks)
		return DEED_THROUGH;
	if (!choose_letters(deed, row, path, flags, error))
		return DEED_FAILED;
	target = taken ? NULL : target_path(deed, row, row->kept, path, flags);
	end = target ? disk_rename(path, target, error) : DISK_TAKEN;
	switch (end) {
	case DISK_DONE:
		deed_touch(deed, path);
		return arrived(deed, row, target);
	case DISK_GONE:
		return DEED_VANISHED;
	case DISK_TAKEN:
	case DISK_AWAY:
		return move_under_new_name(deed, row, path, error);
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}

/* A file in the target that has the row's own name is the message; one with the name that it would have kept
 * if it is as old. */
static gboolean
is_message(const struct deed_row *row, const char *path, gboolean own)
{
	struct stat st;

	return is_file(path) && (own || (lstat(path, &st) == 0 && st.st_mtime == row->received));
}

static enum deed_end
move_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	const char *const bases[] = {row->made, row->kept};

	if (row->half)
		return arrived(deed, row, row->half);
	for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
		g_autofree char *there = deed_arrival(deed, bases[i]);

		if (is_message(row, there, i == 0))
			return arrived(deed, row, there);
	}
	deed_tell_gone(deed, row);
	return DEED_THROUGH;
}

/* ---- append ---- */

static enum deed_end
write_body(struct deed *deed, struct deed_row *row, GBytes *body, GError **error)
{
	g_autoptr(GBytes) lines = lines_with_lf(body);
	g_autofree char *tmp = tmp_path(deed, row->made), *target = NULL;
	enum disk_end end;

	if (!choose_letters(deed, row, NULL, row->flags, error))
		return DEED_FAILED;
	target = target_path(deed, row, row->made, NULL, row->flags);
	end = row->laid ? disk_finish(tmp, target, error) : DISK_GONE;
	if (end == DISK_TAKEN)
		disk_remove(tmp, NULL);
	/* Others clean tmp up. */
	if (end == DISK_GONE)
		end = disk_write(tmp, target, g_bytes_get_data(lines, NULL), g_bytes_get_size(lines),
		                 row->received, error);
	switch (end) {
	case DISK_DONE:
		return arrived(deed, row, target);
	case DISK_TAKEN:
		return fail_taken(target, error);
	case DISK_GONE:
	case DISK_AWAY:
		fulmar_fail(error, FULMAR_NO_LINK, _("%s was taken away while it was written"), tmp);
		return DEED_FAILED;
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}

static gboolean
append_lay(struct deed *deed, struct deed_row *row)
{
	g_autofree char *there = deed_arrival(deed, row->made), *tmp = tmp_path(deed, row->made);
	g_autoptr(GBytes) body = NULL, lines = NULL;

	if (there || row->folder == deed->op->to ||
	    !(body = store_part(deed->backend->env->store, row->id, "", NULL)) || !g_bytes_get_size(body))
		return TRUE;
	lines = lines_with_lf(body);
	row->laid = disk_lay(tmp, g_bytes_get_data(lines, NULL), g_bytes_get_size(lines), row->received);
	return row->laid;
}

static enum deed_end
append_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	g_autofree char *there = deed_arrival(deed, row->made);
	g_autoptr(GBytes) body = NULL;
	g_autoptr(GError) problem = NULL;

	if (there)
		return arrived(deed, row, there);
	if (deed->looks)
		return DEED_THROUGH;
	body = store_part(deed->backend->env->store, row->id, "", &problem);
	if (body && g_bytes_get_size(body))
		return write_body(deed, row, body, error);
	fulmar_fail(error, FULMAR_FAILED, _("the text of the message is not here any more%s%s"),
	            problem ? ": " : "", problem ? problem->message : "");
	return DEED_FAILED;
}

/* It was told before. */
static enum deed_end
append_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	return row->folder == deed->op->to ? arrived(deed, row, path) : append_lost(deed, row, error);
}

/* ---- copy ---- */

static enum deed_end
copy_found(struct deed *deed, struct deed_row *row, const char *path, GError **error)
{
	g_autofree char *there = deed_arrival(deed, row->made);
	g_autofree char *target = NULL, *tmp = NULL;
	enum disk_end end;

	if (there)
		return arrived(deed, row, there);
	if (deed->looks)
		return DEED_THROUGH;
	if (!choose_letters(deed, row, path, row->flags, error))
		return DEED_FAILED;
	target = target_path(deed, row, row->made, path, row->flags);
	tmp = tmp_path(deed, row->made);
	end = disk_link(path, target, error);
	if (end == DISK_AWAY)
		end = disk_copy(path, tmp, target, error);
	switch (end) {
	case DISK_DONE:
		return arrived(deed, row, target);
	case DISK_GONE:
		return DEED_VANISHED;
	case DISK_TAKEN:
	case DISK_AWAY:
		return fail_taken(target, error);
	case DISK_FAILED:
		break;
	}
	return DEED_FAILED;
}

/* Of what it was to be a copy is gone; the text may be here all the same. */
static enum deed_end
copy_lost(struct deed *deed, struct deed_row *row, GError **error)
{
	g_autofree char *there = deed_arrival(deed, row->made);
	g_autoptr(GBytes) body = NULL;

	if (there)
		return arrived(deed, row, there);
	if (deed->looks)
		return DEED_THROUGH;
	body = store_part(deed->backend->env->store, row->id, "", NULL);
	if (body && g_bytes_get_size(body))
		return write_body(deed, row, body, error);
	deed_tell_gone(deed, row);
	return DEED_THROUGH;
}

const struct deed_verb deed_move = {.has_target = TRUE, .found = move_found, .lost = move_lost};
const struct deed_verb deed_copy = {.has_target = TRUE, .found = copy_found, .lost = copy_lost};
const struct deed_verb deed_append = {
        .has_target = TRUE, .found = append_found, .lost = append_lost, .lay = append_lay};
