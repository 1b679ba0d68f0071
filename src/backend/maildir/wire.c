#include "backend/maildir/wire.h"
#include "backend/paths.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "proto/imap/parse.h"
#include "store/store.h"

#define NAME_OCTETS 255 /* of one name on the disk, in all common file systems */

/* ---- what a person sees ---- */

/* What a person sees of one level's bytes: modified UTF-7 when it is that (Courier, Dovecot), else UTF-8,
 * else escaped so that names which differ stay so. */
static char *
level_name(const char *bytes)
{
	g_autofree char *decoded = imap_utf7_to_utf8((const unsigned char *)bytes, strlen(bytes));
	GString *out;

	if (decoded && *decoded && !strchr(decoded, '/'))
		return g_steal_pointer(&decoded);
	if (g_utf8_validate(bytes, -1, NULL))
		return g_strdup(bytes);
	out = g_string_new(NULL);
	for (const char *p = bytes; *p; p++) {
		if ((guchar)*p < 0x80)
			g_string_append_c(out, *p);
		else
			g_string_append_printf(out, "\\x%02x", (guchar)*p);
	}
	return g_string_free(out, FALSE);
}

char *
wire_to_path(const char *wire, char delimiter)
{
	const char separator[] = {delimiter, '\0'};
	g_auto(GStrv) levels = NULL;
	GString *path;

	if (strcmp(wire, ".") == 0)
		return g_strdup("INBOX");
	levels = g_strsplit(delimiter == '.' ? wire + 1 : wire, separator, -1);
	path = g_string_new(NULL);
	for (char **level = levels; *level; level++) {
		gboolean legacy = delimiter == '/' && level > levels && **level == '.';
		g_autofree char *name = level_name(*level + legacy);

		g_string_append_printf(path, "%s%s", path->len ? "/" : "", name);
	}
	return g_string_free(path, FALSE);
}

/* ---- what may be one ---- */

/* Of a name in the tree that is no folder: "." and "..", the parts of a Maildir, what is hidden. */
static gboolean
is_reserved(const char *name)
{
	static const char *const own[] = {"", "cur", "new", "tmp", NULL};

	return *name == '.' || g_strv_contains(own, name);
}

gboolean
wire_is_inside(const char *wire)
{
	g_auto(GStrv) levels = g_strsplit(wire, "/", -1);

	if (*wire == '.')
		return wire[1] && !strchr(wire, '/') && !strstr(wire, "..") && !g_str_has_suffix(wire, ".");
	for (char **level = levels; *level; level++)
		if (is_reserved(*level + (level > levels && **level == '.')))
			return FALSE;
	return *levels != NULL;
}

gboolean
wire_is_at(const char *wire, const char *top, char delimiter, const char **rest)
{
	gsize len = strlen(top);

	if (strncmp(wire, top, len) != 0)
		return FALSE;
	*rest = wire + len;
	return !**rest || (strcmp(top, ".") != 0 && **rest == delimiter);
}

static gboolean
check_level(const char *level, char delimiter, GError **error)
{
	if (delimiter == '.' && strchr(level, '.')) {
		fulmar_fail(
		        error, FULMAR_FAILED,
		        _("“%s”: a name cannot have a “.” in it in this Maildir, which divides levels by it"),
		        level);
		return FALSE;
	}
	if (!is_reserved(level))
		return TRUE;
	if (*level == '.')
		fulmar_fail(error, FULMAR_FAILED, _("“%s”: a folder's name cannot begin with a “.”"), level);
	else
		fulmar_fail(error, FULMAR_FAILED, _("“%s” is part of a Maildir and cannot be a folder in it"),
		            level);
	return FALSE;
}

/* ---- spelling ---- */

static gboolean
has_high_octets(const char *text)
{
	for (; *text; text++)
		if ((guchar)*text >= 0x80)
			return TRUE;
	return FALSE;
}

/* Whether names are written as they are (UTF-8) in this tree; those that never met the question do not say.
 */
static gboolean
is_plain(const GPtrArray *folders)
{
	gboolean plain = FALSE;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (has_high_octets(folder->wire))
			plain = TRUE;
		else if (has_high_octets(folder->path))
			return FALSE;
	}
	return plain;
}

/* As mbsync writes trees with "SubFolders Legacy": "top/.sub/.subsub". */
static gboolean
is_legacy(const GPtrArray *folders)
{
	for (guint i = 0; i < folders->len; i++)
		if (strstr(((const struct store_folder *)folders->pdata[i])->wire, "/."))
			return TRUE;
	return FALSE;
}

/* In a spelling from which the same name comes back. */
static char *
spell(const char *level, gboolean plain)
{
	g_autofree char *back = plain ? level_name(level) : NULL;

	return back && strcmp(back, level) == 0 ? g_strdup(level) : imap_utf8_to_utf7(level);
}

static gboolean
append_levels(GString *wire, const GPtrArray *folders, const char *rest, char delimiter, GError **error)
{
	gboolean plain = is_plain(folders), legacy = delimiter == '/' && is_legacy(folders);
	g_auto(GStrv) levels = g_strsplit(rest, "/", -1);

	for (char **level = levels; *level; level++) {
		g_autofree char *spelled = NULL;

		if (!check_level(*level, delimiter, error))
			return FALSE;
		spelled = spell(*level, plain);
		if (wire->len && legacy)
			g_string_append(wire, "/.");
		else if (wire->len || delimiter == '.')
			g_string_append_c(wire, delimiter);
		g_string_append(wire, spelled);
	}
	return TRUE;
}

static gboolean
check_length(const char *wire, GError **error)
{
	g_auto(GStrv) names = g_strsplit(wire, "/", -1);

	for (char **name = names; *name; name++)
		if (strlen(*name) > NAME_OCTETS) {
			fulmar_fail(error, FULMAR_FAILED,
			            _("the name is too long for the disk by %d characters"),
			            (int)(strlen(*name) - NAME_OCTETS));
			return FALSE;
		}
	return TRUE;
}

/* The nearest folder above path that is there. *rest: what follows in path. */
static const struct store_folder *
nearest(const GPtrArray *folders, const char *path, const char **rest)
{
	const struct store_folder *best = NULL;
	gsize best_len = 0;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		gsize len = strlen(folder->path);

		if (strcmp(folder->wire, ".") != 0 && len > best_len &&
		    g_str_has_prefix(path, folder->path) && path[len] == '/') {
			best = folder;
			best_len = len;
		}
	}
	*rest = best ? path + best_len + 1 : path;
	return best;
}

/* Maildir++ where any folder is of it; where none tells, the root does. */
static char
usual_delimiter(const GPtrArray *folders, gboolean root)
{
	char usual = root ? '.' : '/';

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (strcmp(folder->wire, ".") == 0)
			continue;
		if (folder->delimiter == '.')
			return '.';
		usual = folder->delimiter;
	}
	return usual;
}

char *
wire_from_path(const GPtrArray *folders, gboolean root, const char *path, char *delimiter, GError **error)
{
	const struct store_folder *above;
	g_autoptr(GString) wire = NULL;
	const char *rest;

	if (!path_is_fit(path, error))
		return NULL;
	above = nearest(folders, path, &rest);
	*delimiter = above ? above->delimiter : usual_delimiter(folders, root);
	if (root && g_ascii_strcasecmp(path, "INBOX") == 0)
		return g_strdup(".");
	wire = g_string_new(above ? above->wire : NULL);
	if (!append_levels(wire, folders, rest, *delimiter, error) || !check_length(wire->str, error))
		return NULL;
	return g_strdup(wire->str);
}
