/* The folders below a Maildir's path: Maildir++ (".Sub.Folder" beside an INBOX that is the root) and plain
 * trees ("Sub/Folder"), also mixed.
 *
 * Links to folders are followed, cycles end at the depth cap; nothing outside path is looked for.
 */
#ifndef FULMAR_BACKEND_MAILDIR_TREE_H
#define FULMAR_BACKEND_MAILDIR_TREE_H

#include <glib.h>
#include "conf/conf.h"

struct tree_folder {
	char *wire;       /* relative folder, bytes: "." is the root itself */
	char *path;       /* UTF-8 with '/', unique among all; "INBOX" also where that is written otherwise */
	char delimiter;   /* '.' or '/' */
	const char *role; /* or "" */
};

/* Lists them. NULL with error when path cannot be read or holds no Maildir. struct tree_folder *, free func
 * set. */
GPtrArray *tree_list(const struct conf_account *account, GError **error);
/* The same of any folder path, sorted, without roles; of none at all, when there are no Maildirs. */
GPtrArray *tree_folders(const char *path);
enum { TREE_FOLDERS_MOST = 10000 };
/* TRUE when dir holds cur/. */
gboolean tree_is_maildir(const char *dir);

#endif
