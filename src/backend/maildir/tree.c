#include "backend/maildir/tree.h"

#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/maildir/wire.h"
#include "backend/roles.h"
#include "base/error.h"
#include "base/i18n.h"

#define DEPTH_MAX 16

static void
tree_folder_free(gpointer data)
{
	struct tree_folder *folder = data;

	g_free(folder->wire);
	g_free(folder->path);
	g_free(folder);
}

static gboolean
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

gboolean
tree_is_maildir(const char *dir)
{
	g_autofree char *cur = g_build_filename(dir, "cur", NULL);

	return is_dir(cur);
}

static void
assign_roles(const struct conf_account *account, GPtrArray *folders)
{
	g_autofree struct role_folder *list = g_new0(struct role_folder, folders->len);

	for (guint i = 0; i < folders->len; i++)
		list[i] = (struct role_folder){((struct tree_folder *)folders->pdata[i])->path, ""};
	roles_assign(account, list, folders->len);
	for (guint i = 0; i < folders->len; i++)
		((struct tree_folder *)folders->pdata[i])->role = list[i].role;
}

struct tree {
	GPtrArray *folders;
	GHashTable *paths; /* lent from folders */
	GHashTable *seen;  /* device and inode of folders looked into: links may lead in a circle */
};

static void
add_folder(struct tree *tree, const char *wire, char delimiter)
{
	struct tree_folder *folder = g_new0(struct tree_folder, 1);

	folder->wire = g_strdup(wire);
	folder->delimiter = delimiter;
	folder->path = wire_to_path(wire, delimiter);
	/* ".a.b" beside "a/b": both are there, the second under the bytes of its own name. */
	if (g_hash_table_contains(tree->paths, folder->path)) {
		char *own = g_strdup_printf("%s (%s)", folder->path, wire);

		g_free(folder->path);
		folder->path = g_utf8_make_valid(own, -1);
		g_free(own);
	}
	if (g_hash_table_contains(tree->paths, folder->path)) {
		tree_folder_free(folder);
		return;
	}
	g_hash_table_add(tree->paths, folder->path);
	folder->role = "";
	g_ptr_array_add(tree->folders, folder);
}

/* The delimiter of an entry of the folder rel, 0 when it is no folder of ours. */
static char
kind_of(const char *name, gboolean top)
{
	static const char *const own[] = {"cur", "new", "tmp", ".", "..", NULL};

	if (g_strv_contains(own, name))
		return 0;
	if (*name == '.' && (name[1] == '.' || g_str_has_suffix(name, ".")))
		return 0;
	return *name == '.' && top ? '.' : '/';
}

static gboolean
first_visit(struct tree *tree, const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 &&
	       g_hash_table_add(tree->seen,
	                        g_strdup_printf("%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino));
}

static void
list_below(struct tree *tree, const char *dir, const char *rel, int depth)
{
	DIR *entries = first_visit(tree, dir) ? opendir(dir) : NULL;
	const struct dirent *entry;

	while (entries && tree->folders->len < TREE_FOLDERS_MOST && (entry = readdir(entries))) {
		char delimiter = kind_of(entry->d_name, depth == 0);
		g_autofree char *wire = NULL, *path = NULL;

		if (!delimiter ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN))
			continue;
		wire = *rel ? g_strdup_printf("%s/%s", rel, entry->d_name) : g_strdup(entry->d_name);
		path = g_build_filename(dir, entry->d_name, NULL);
		if (!is_dir(path))
			continue;
		if (tree_is_maildir(path))
			add_folder(tree, wire, delimiter);
		if (delimiter == '/' && depth + 1 < DEPTH_MAX)
			list_below(tree, path, wire, depth + 1);
	}
	if (entries)
		closedir(entries);
}

static gboolean
is_at(const char *path, const char *top)
{
	gsize len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Where there is no INBOX one that differs from that only by its case is it: mbsync's manual has "Inbox". */
static void
name_inbox(const GPtrArray *folders)
{
	const char *inbox = NULL;
	g_autofree char *top = NULL;

	for (guint i = 0; i < folders->len; i++) {
		const char *path = ((const struct tree_folder *)folders->pdata[i])->path;

		if (strcmp(path, "INBOX") == 0)
			return;
		if (g_ascii_strcasecmp(path, "INBOX") == 0 && (!inbox || strcmp(path, inbox) < 0))
			inbox = path;
	}
	top = g_strdup(inbox);
	for (guint i = 0; top && i < folders->len; i++) {
		struct tree_folder *folder = folders->pdata[i];

		if (is_at(folder->path, top))
			memcpy(folder->path, "INBOX", strlen("INBOX"));
	}
}

static int
by_path(gconstpointer a, gconstpointer b)
{
	return strcmp((*(const struct tree_folder *const *)a)->path,
	              (*(const struct tree_folder *const *)b)->path);
}

GPtrArray *
tree_folders(const char *path)
{
	struct tree tree = {g_ptr_array_new_with_free_func(tree_folder_free), NULL, NULL};

	tree.paths = g_hash_table_new(g_str_hash, g_str_equal);
	if (tree_is_maildir(path))
		add_folder(&tree, ".", '.');
	tree.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	list_below(&tree, path, "", 0);
	name_inbox(tree.folders);
	g_hash_table_unref(tree.seen);
	g_hash_table_unref(tree.paths);
	g_ptr_array_sort(tree.folders, by_path);
	return tree.folders;
}

GPtrArray *
tree_list(const struct conf_account *account, GError **error)
{
	g_autoptr(GPtrArray) folders = NULL;
	const char *path = account->path ? account->path : "";

	if (!is_dir(path)) {
		fulmar_fail(
		        error, FULMAR_FAILED,
		        _("%s: there is no folder %s; check “path”, or make it with cur, new and tmp in it"),
		        account->id, path);
		return NULL;
	}
	folders = tree_folders(path);
	assign_roles(account, folders);
	if (folders->len)
		return g_steal_pointer(&folders);
	fulmar_fail(error, FULMAR_FAILED, _("%s: %s holds no Maildir (a folder with cur, new and tmp in it)"),
	            account->id, path);
	return NULL;
}
