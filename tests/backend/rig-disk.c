/* Helpers of tests that look at a Maildir as files. */
#include "rig-disk.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

char *
disk_path_in(struct rig *rig, const char *rel)
{
	return g_build_filename(rig->account->path, rel, NULL);
}

void
disk_put(struct rig *rig, const char *rel, const char *text)
{
	g_autofree char *path = disk_path_in(rig, rel);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

gboolean
disk_is_at(struct rig *rig, const char *rel)
{
	g_autofree char *path = disk_path_in(rig, rel);
	struct stat st;

	return lstat(path, &st) == 0;
}

void
disk_rename_in(struct rig *rig, const char *from, const char *to)
{
	g_autofree char *old = disk_path_in(rig, from), *new = disk_path_in(rig, to);

	g_assert_cmpint(rename(old, new), ==, 0);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a directory, sorted and joined by blanks. */
char *
disk_names_in(struct rig *rig, const char *rel)
{
	g_autofree char *path = disk_path_in(rig, rel);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_text);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

void
disk_assert_names(struct rig *rig, const char *rel, const char *want)
{
	g_autofree char *have = disk_names_in(rig, rel);

	g_assert_cmpstr(have, ==, want);
}

void
disk_assert_text(struct rig *rig, const char *rel, const char *want)
{
	g_autofree char *path = disk_path_in(rig, rel), *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==, want);
}

/* Why the one op that failed did. Gives. */
static char *
refusal(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	store_ops(rig->store, FALSE, 0, ops, NULL);
	g_assert_cmpuint(ops->len, ==, 1);
	return g_strdup(((const struct store_op *)ops->pdata[0])->error);
}

void
disk_assert_refused(struct rig *rig, const char *part)
{
	g_autofree char *why = NULL;

	rig_replay(rig, FULMAR_FAILED);
	why = refusal(rig);
	g_assert_nonnull(why);
	g_assert_nonnull(strstr(why, part));
	g_assert_null(strchr(why, '\n'));
}

/* The failed op is tried again. */
void
disk_retry(struct rig *rig, int code)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	store_ops(rig->store, FALSE, 0, ops, NULL);
	for (guint i = 0; i < ops->len; i++) {
		store_op_set(rig->store, ((const struct store_op *)ops->pdata[i])->id, OP_WAITING, NULL, 0,
		             &error);
		g_assert_no_error(error);
	}
	rig_replay(rig, code);
}
