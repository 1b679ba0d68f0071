#include "model/folders.h"

#include <string.h>
#include "base/i18n.h"
#include "base/text.h"

#define DEEPEST 20 /* levels shown; deeper folders show their whole rest as one name */

struct place {
	const struct store_folder *folder;
	guint order; /* of the top-level ancestor in the store's order */
};

void
folder_line_free(gpointer data)
{
	struct folder_line *line = data;

	g_free(line->name);
	g_free(line->path);
	g_free(line->role);
	g_free(line->keep);
	g_free(line);
}

static gsize
top_length(const char *path)
{
	return strcspn(path, "/");
}

/* "/" before all else, so that "a/b" stands before "a b". */
static int
compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (guchar)*a < (guchar)*b ? -1 : 1;
}

static gint
by_place(gconstpointer a, gconstpointer b)
{
	const struct place *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return compare_paths(x->folder->path, y->folder->path);
}

/* Paths of hidden folders: they and those below have no line. Gives. */
static GHashTable *
hidden_paths(const GPtrArray *folders)
{
	GHashTable *hidden = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (folder->hidden)
			g_hash_table_add(hidden, folder->path);
	}
	return hidden;
}

static gboolean
is_left_out(GHashTable *hidden, const char *path)
{
	g_autofree char *part = NULL;

	if (!g_hash_table_size(hidden))
		return FALSE;
	part = g_strdup(path);
	for (char *end = part + strlen(part); end; end = strrchr(part, '/')) {
		*end = '\0';
		if (g_hash_table_contains(hidden, part))
			return TRUE;
	}
	return FALSE;
}

/* Children follow their parent: all that share a first level take the place of the first of them. "a/b" sorts
 * before "a b" below one parent. */
static GArray *
sorted(const GPtrArray *folders, GHashTable *left_out)
{
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));
	g_autoptr(GHashTable) tops = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		char *top = g_strndup(folder->path, top_length(folder->path));
		gpointer order;
		struct place place = {folder, i};

		if (g_hash_table_lookup_extended(tops, top, NULL, &order)) {
			place.order = GPOINTER_TO_UINT(order);
			g_free(top);
		} else {
			g_hash_table_insert(tops, top, GUINT_TO_POINTER(i));
		}
		if (!left_out || !is_left_out(left_out, folder->path))
			g_array_append_val(places, place);
	}
	g_array_sort(places, by_place);
	return places;
}

static struct folder_line *
add_line(GPtrArray *out, guint account, const char *path, gsize len, guint depth)
{
	struct folder_line *line = g_new0(struct folder_line, 1);
	const char *name = path + len;

	while (name > path && (name[-1] != '/' || depth >= DEEPEST))
		name--;
	line->account = account;
	line->path = g_strndup(path, len);
	line->name = text_safe(name, (gssize)(path + len - name));
	line->role = g_strdup("");
	line->keep = g_strdup("");
	line->depth = depth;
	g_ptr_array_add(out, line);
	return line;
}

/* Lines for the levels of path above its last that the line before (a neighbour in order) does not stand in.
 * Returns the depth of path. */
static guint
add_levels(GPtrArray *out, guint account, guint first, const char *path)
{
	guint depth = 0;

	for (const char *slash = strchr(path, '/'); slash && depth < DEEPEST;
	     slash = strchr(slash + 1, '/'), depth++) {
		const struct folder_line *before = out->len > first ? out->pdata[out->len - 1] : NULL;
		gsize len = (gsize)(slash - path);

		if (!before || strncmp(before->path, path, len) ||
		    (before->path[len] && before->path[len] != '/'))
			add_line(out, account, path, len, depth);
	}
	return depth;
}

static gboolean
is_below(const struct folder_line *line, const struct folder_line *above)
{
	gsize n = strlen(above->path);

	return !strncmp(line->path, above->path, n) && line->path[n] == '/';
}

/* Notes who has children, and takes those of collapsed lines out, their counts going up. */
static void
collapse(GPtrArray *out, guint first, const char *id, GHashTable *collapsed)
{
	guint keep = first;
	struct folder_line *closed = NULL;

	for (guint i = first; i < out->len; i++) {
		struct folder_line *line = out->pdata[i];
		const struct folder_line *next = i + 1 < out->len ? out->pdata[i + 1] : NULL;
		g_autofree char *key = g_strdup_printf("%s/%s", id, line->path);

		if (closed && is_below(line, closed)) {
			closed->unread += line->unread;
			closed->total += line->total;
			folder_line_free(line);
			out->pdata[i] = NULL;
			continue;
		}
		line->has_children = next && is_below(next, line);
		line->collapsed = line->has_children && collapsed && g_hash_table_contains(collapsed, key);
		closed = line->collapsed ? line : NULL;
		out->pdata[keep++] = line;
	}
	for (guint i = keep; i < out->len; i++)
		out->pdata[i] = NULL;
	out->len = keep;
}

/* Subscriptions are spoken of where they differ: of the few that are not, or of the few that are. */
struct custom {
	gboolean left_out, singled_out;
};

static struct custom
custom_of(const GPtrArray *folders)
{
	guint subscribed = 0, all = folders ? folders->len : 0;

	for (guint i = 0; i < all; i++)
		subscribed += ((struct store_folder *)folders->pdata[i])->subscribed != 0;
	return (struct custom){subscribed * 2 >= all, subscribed * 2 < all};
}

static void
describe(struct folder_line *line, const struct store_folder *folder, struct custom custom)
{
	line->selectable = folder->selectable;
	line->unread = folder->unread;
	line->total = folder->total;
	line->id = folder->id;
	line->subscribed = folder->subscribed;
	line->left_out = custom.left_out && !folder->subscribed;
	line->singled_out = custom.singled_out && folder->subscribed;
	line->hidden = folder->hidden;
	line->pinned = folder->pinned;
	line->pending = folder->pending;
	g_free(line->role);
	g_free(line->keep);
	line->role = g_strdup(folder->role ? folder->role : "");
	line->keep = g_strdup(folder->keep ? folder->keep : "");
}

/* foreign is a line for each first level. */
static gboolean
is_foreign(const char *path, const char *foreign)
{
	gsize len = top_length(path);

	for (const char *line = foreign; line && *line; line = strchr(line, '\n') + 1) {
		gsize n = strcspn(line, "\n");

		if (n == len && !strncmp(line, path, len))
			return TRUE;
		if (!line[n])
			break;
	}
	return FALSE;
}

static void
add_heading(GPtrArray *out, guint account, const char *heading, gboolean foreign)
{
	struct folder_line *line = add_line(out, account, "", 0, 0);

	line->heading = TRUE;
	line->foreign = foreign;
	g_free(line->name);
	line->name = foreign ? g_strdup_printf(_("%s: shared"), heading) : g_strdup(heading);
}

/* The person's own folders, or the others. */
static void
add_trees(GPtrArray *out, guint account, const char *id, const GArray *places, GHashTable *collapsed,
          struct custom custom, const char *foreign, gboolean others)
{
	guint first = out->len;

	for (guint i = 0; i < places->len; i++) {
		const struct store_folder *folder = g_array_index(places, struct place, i).folder;
		struct folder_line *line;
		guint depth;

		if (is_foreign(folder->path, foreign) != others)
			continue;
		depth = add_levels(out, account, first, folder->path);
		line = add_line(out, account, folder->path, strlen(folder->path), depth);
		describe(line, folder, custom);
		line->foreign = others;
	}
	collapse(out, first, id, collapsed);
}

void
folders_lines(GPtrArray *out, guint account, const char *id, const char *heading, const GPtrArray *folders,
              GHashTable *collapsed, guint flags, const char *foreign)
{
	g_autoptr(GHashTable) hidden = flags & FOLDERS_HIDDEN ? NULL : hidden_paths(folders);
	g_autoptr(GArray) places = sorted(folders, hidden);
	g_autofree char *safe = heading ? text_safe(heading, -1) : NULL;
	struct custom custom = custom_of(folders);
	guint before;

	if (safe)
		add_heading(out, account, safe, FALSE);
	add_trees(out, account, id, places, collapsed, custom, foreign, FALSE);
	if (!foreign || !*foreign)
		return;
	before = out->len;
	if (safe)
		add_heading(out, account, safe, TRUE);
	add_trees(out, account, id, places, collapsed, custom, foreign, TRUE);
	if (safe && out->len == before + 1) /* none of them is shown */
		g_ptr_array_remove_index(out, before);
}

void
folders_pins(GPtrArray *out, guint account, const char *prefix, const GPtrArray *folders)
{
	struct custom custom = custom_of(folders);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		g_autofree char *name = NULL;
		struct folder_line *line;

		if (!folder->pinned)
			continue;
		line = add_line(out, account, folder->path, strlen(folder->path), 0);
		name = prefix ? g_strdup_printf("%s/%s", prefix, folder->path) : g_strdup(folder->path);
		g_free(line->name);
		line->name = text_safe(name, -1);
		describe(line, folder, custom);
		line->pin = TRUE;
	}
}

guint
folders_below(const GPtrArray *folders, const char *path, gint64 *messages, GArray *ids)
{
	gsize len = strlen(path);
	guint n = 0;

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];
		gboolean itself = !strcmp(folder->path, path);

		if (!itself && (strncmp(folder->path, path, len) || folder->path[len] != '/'))
			continue;
		n += !itself;
		if (ids && !itself)
			g_array_append_val(ids, folder->id);
		if (messages)
			*messages += MAX(folder->total, folder->shown);
	}
	return n;
}

char *
folders_typed_path(const char *typed)
{
	g_auto(GStrv) parts = g_strsplit(typed, "/", -1);
	GString *path = g_string_new(NULL);

	for (char **part = parts; *part; part++) {
		g_strstrip(*part);
		if (!**part)
			continue;
		g_string_append_printf(path, "%s%s", path->len ? "/" : "", *part);
	}
	if (path->len && text_is_safe(path->str, -1) && !strchr(path->str, '\n'))
		return g_string_free(path, FALSE);
	g_string_free(path, TRUE);
	return NULL;
}
