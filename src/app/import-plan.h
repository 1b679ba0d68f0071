/* What goes where: each PATH of "fulmar import", and of a tree each of its folders. */
#ifndef FULMAR_APP_IMPORT_PLAN_H
#define FULMAR_APP_IMPORT_PLAN_H

#include "app/app.h"

struct import_item {
	char *path;
	char *folder;     /* where it goes */
	gboolean of_tree; /* what is wrong with it does not hold up the others */
	guint below;      /* folders of it that are no items */
	gboolean cut;     /* the last of a tree that has more */
};

/* Those of cli.words behind the first; folder NULL: the account's folders are called as those of the trees.
 * Nothing was read yet but names: NULL with error when a PATH is not there. Struct import_item *, free func
 * set; those of one folder stand together. */
GPtrArray *import_plan(const struct app *app, const struct conf_account *account, const char *folder,
                       GError **error);

#endif
