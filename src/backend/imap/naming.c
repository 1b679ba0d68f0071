#include <string.h>
#include "backend/imap/imap-private.h"
#include "backend/paths.h"
#include "base/error.h"
#include "base/i18n.h"

/* The server's name for a folder that a person wants, from what the stored folders show of its ways:
 * delimiter, spelling, and whether everything lies below INBOX. So it works without a link too. */

/* INBOX in any case. */
static gboolean
is_above(const char *above, const char *path)
{
	gsize len = strlen(above);
	gboolean same = strcmp(above, "INBOX") ? g_str_has_prefix(path, above)
	                                       : !g_ascii_strncasecmp(path, above, len);

	return same && path[len] == '/';
}

/* The nearest folder above path that is there: its name is known. *rest: what follows in path. */
static const struct store_folder *
nearest(const GPtrArray *folders, const char *path, const char **rest)
{
	const struct store_folder *best = NULL;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		if (is_above(f->path, path) && (!best || strlen(f->path) > strlen(best->path)))
			best = f;
	}
	*rest = best ? path + strlen(best->path) + 1 : path;
	return best;
}

/* What most folders have; a server whose list was never seen is taken to be like most. */
static char
usual_delimiter(const GPtrArray *folders)
{
	for (guint i = 0; i < folders->len; i++)
		if (((const struct store_folder *)folders->pdata[i])->delimiter)
			return ((const struct store_folder *)folders->pdata[i])->delimiter;
	return folders->len ? 0 : '/';
}

/* Courier and older Cyrus keep all of a person's folders below INBOX. */
static gboolean
all_below_inbox(const GPtrArray *folders, char delimiter)
{
	guint below = 0;

	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		if (!strcmp(f->wire, "INBOX") || f->pending)
			continue;
		if (!g_str_has_prefix(f->wire, "INBOX") || f->wire[5] != delimiter)
			return FALSE;
		below++;
	}
	return delimiter && below > 0;
}

static gboolean
append_level(struct backend *b, GString *wire, const char *level, char delimiter, GError **error)
{
	g_autofree char *spelled = NULL;

	if (delimiter && strchr(level, delimiter)) {
		fulmar_fail(
		        error, FULMAR_FAILED,
		        _("“%s”: a name cannot have a “%c” in it on this server, which divides levels by it"),
		        level, delimiter);
		return FALSE;
	}
	spelled = imap_wire_name(b, level);
	g_string_append(wire, spelled ? spelled : level);
	return TRUE;
}

static char *
spell_below(struct backend *b, const char *above, const char *rest, char delimiter, GError **error)
{
	g_auto(GStrv) levels = g_strsplit(rest, "/", -1);
	g_autoptr(GString) wire = g_string_new(above);

	for (guint i = 0; levels[i]; i++) {
		if (wire->len && (i || *above)) {
			if (!delimiter) {
				fulmar_fail(
				        error, FULMAR_FAILED,
				        _("%s knows no folders inside of folders; choose a name without “/”"),
				        b->env->account->host);
				return NULL;
			}
			g_string_append_c(wire, delimiter);
		}
		if (!append_level(b, wire, levels[i], delimiter, error))
			return NULL;
	}
	return g_strdup(wire->str);
}

gboolean
imap_name_folder(struct backend *b, const char *path, char **wire, char *delimiter, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(b->env->store, error);
	const struct store_folder *above;
	g_autofree char *top = NULL;
	const char *rest;

	if (!folders || !path_is_fit(path, error))
		return FALSE;
	above = nearest(folders, path, &rest);
	if (above && !(top = store_folder_wish(b->env->store, above->id, error)))
		return FALSE;
	*delimiter = above && above->delimiter ? above->delimiter : usual_delimiter(folders);
	if (!above && !g_ascii_strcasecmp(path, "INBOX"))
		*wire = g_strdup("INBOX");
	else if (!above && all_below_inbox(folders, *delimiter))
		*wire = spell_below(b, "INBOX", rest, *delimiter, error);
	else
		*wire = spell_below(b, top ? top : "", rest, *delimiter, error);
	return *wire != NULL;
}
