#include "backend/maildir/search.h"

#include <dirent.h>
#include <errno.h>

#include "backend/maildir/name.h"
#include "base/error.h"
#include "base/i18n.h"

#define READ_SLICE 4000 /* directory entries a step */

/* cur/ is read last and wins: a file goes from new/ to there. */
static const char *const subdirs[] = {"new", "cur"};

struct search {
	char *dir;
	GHashTable *wanted; /* base name → "cur/NAME" or NULL */
	DIR *entries;
	guint subdir;
};

struct search *
search_new(const char *dir)
{
	struct search *search = g_new0(struct search, 1);

	search->dir = g_strdup(dir);
	search->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return search;
}

void
search_free(gpointer data)
{
	struct search *search = data;

	if (search->entries)
		closedir(search->entries);
	g_hash_table_unref(search->wanted);
	g_free(search->dir);
	g_free(search);
}

void
search_want(struct search *search, const char *base)
{
	if (!g_hash_table_contains(search->wanted, base))
		g_hash_table_insert(search->wanted, g_strdup(base), NULL);
}

static void
take(struct search *search, const char *name)
{
	g_autofree char *base = g_strndup(name, maildir_base_len(name));

	if (g_hash_table_contains(search->wanted, base))
		g_hash_table_insert(search->wanted, g_steal_pointer(&base),
		                    g_strdup_printf("%s/%s", subdirs[search->subdir], name));
}

static void
next_subdir(struct search *search)
{
	if (search->entries)
		closedir(search->entries);
	search->entries = NULL;
	search->subdir++;
}

static gboolean
fail_reading(const char *path, GError **error)
{
	fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
	return FALSE;
}

/* A folder without new/ is one in which nothing arrives. */
static gboolean
open_subdir(struct search *search, GError **error)
{
	g_autofree char *path = g_build_filename(search->dir, subdirs[search->subdir], NULL);

	search->entries = opendir(path);
	if (search->entries || (errno == ENOENT && search->subdir == 0))
		return TRUE;
	return fail_reading(path, error);
}

int
search_step(struct search *search, GError **error)
{
	const struct dirent *entry = NULL;

	if (search->subdir == G_N_ELEMENTS(subdirs) || !g_hash_table_size(search->wanted))
		return 0;
	if (!search->entries && !open_subdir(search, error))
		return -1;
	errno = 0;
	for (guint n = 0; n < READ_SLICE; n++) {
		entry = search->entries ? readdir(search->entries) : NULL;
		if (!entry)
			break;
		if (entry->d_name[0] != '.')
			take(search, entry->d_name);
		errno = 0;
	}
	if (!entry && search->entries && errno)
		return fail_reading(search->dir, error) - 1;
	if (!entry)
		next_subdir(search);
	return search->subdir < G_N_ELEMENTS(subdirs);
}

const char *
search_found(const struct search *search, const char *base)
{
	return g_hash_table_lookup(search->wanted, base);
}
