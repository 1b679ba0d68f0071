#include "app/import-plan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/maildir/tree.h"
#include "base/error.h"
#include "base/i18n.h"

static void
item_free(gpointer data)
{
	struct import_item *item = data;

	g_free(item->path);
	g_free(item->folder);
	g_free(item);
}

/* Takes path and folder. */
static struct import_item *
add(GPtrArray *plan, char *path, char *folder)
{
	struct import_item *item = g_new0(struct import_item, 1);

	item->path = path;
	item->folder = folder;
	g_ptr_array_add(plan, item);
	return item;
}

/* The root of a tree is the folder itself; in an account it is INBOX, as the tree calls it. */
static void
add_of_tree(GPtrArray *plan, const char *root, const struct tree_folder *of, const char *folder)
{
	gboolean is_root = !strcmp(of->wire, ".");

	add(plan, is_root ? g_strdup(root) : g_build_filename(root, of->wire, NULL),
	    is_root && folder ? g_strdup(folder)
	    : folder          ? g_strconcat(folder, "/", of->path, NULL)
	                      : g_strdup(of->path))
	        ->of_tree = TRUE;
}

static gboolean
is_half_a_maildir(const char *path)
{
	g_autofree char *fresh = g_build_filename(path, "new", NULL);

	return !tree_is_maildir(path) && g_file_test(fresh, G_FILE_TEST_IS_DIR);
}

/* FALSE: it has no folders, and is none. */
static gboolean
add_tree(GPtrArray *plan, const char *path, const char *folder)
{
	g_autoptr(GPtrArray) folders = tree_folders(path);

	if (folders->len && is_half_a_maildir(path))
		add(plan, g_strdup(path), g_strdup(folder ? folder : "INBOX"))->of_tree = TRUE;
	for (guint i = 0; i < folders->len; i++)
		add_of_tree(plan, path, folders->pdata[i], folder);
	if (folders->len >= TREE_FOLDERS_MOST)
		((struct import_item *)plan->pdata[plan->len - 1])->cut = TRUE;
	return folders->len > 0;
}

static void
add_one(GPtrArray *plan, const char *path, const char *folder)
{
	struct import_item *item = add(plan, g_strdup(path), g_strdup(folder));

	if (tree_is_maildir(path)) {
		g_autoptr(GPtrArray) folders = tree_folders(path);

		item->below = folders->len - 1;
	}
}

static gboolean
add_path(GPtrArray *plan, const struct app *app, const struct conf_account *account, const char *folder,
         const char *path, GError **error)
{
	if (strcmp(path, "-") != 0 && access(path, R_OK) != 0) {
		fulmar_fail(error, FULMAR_FAILED, _("%s cannot be read: %s"), path, g_strerror(errno));
		return FALSE;
	}
	if (app->cli.recursive && add_tree(plan, path, folder))
		return TRUE;
	if (folder) {
		add_one(plan, path, folder);
		return TRUE;
	}
	fulmar_fail(error, FULMAR_USAGE,
	            _("%s has no folders whose names could be taken; name a folder: %s/FOLDER"), path,
	            account->id);
	return FALSE;
}

GPtrArray *
import_plan(const struct app *app, const struct conf_account *account, const char *folder, GError **error)
{
	const GPtrArray *words = app->cli.words;
	g_autoptr(GPtrArray) plan = g_ptr_array_new_with_free_func(item_free);

	for (guint i = 1; i < words->len; i++)
		if (!add_path(plan, app, account, folder, words->pdata[i], error))
			return NULL;
	return g_steal_pointer(&plan);
}
