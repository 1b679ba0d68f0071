#include <string.h>
#include "model/folders.h"

static void
add(GPtrArray *folders, const char *path, gint64 unread)
{
	struct store_folder *folder = g_new0(struct store_folder, 1);

	folder->path = g_strdup(path);
	folder->role = g_strdup("");
	folder->selectable = TRUE;
	folder->unread = unread;
	folder->total = 2 * unread;
	g_ptr_array_add(folders, folder);
}

static GPtrArray *
sample(void)
{
	GPtrArray *folders = g_ptr_array_new_with_free_func(store_folder_free);

	add(folders, "INBOX", 2);
	add(folders, "Sent", 0);
	add(folders, "Lists/kernel", 400);
	add(folders, "Lists/kernel/old", 12);
	add(folders, "Lists-old", 1);
	add(folders, "INBOX/sub", 5);
	add(folders, "Lists/a", 3);
	return folders;
}

static char *
drawn(const GPtrArray *lines)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < lines->len; i++) {
		const struct folder_line *line = lines->pdata[i];

		g_string_append_printf(out, "%*s%s%s %d%s\n", (int)line->depth * 2, "",
		                       line->collapsed      ? "+"
		                       : line->has_children ? "-"
		                                            : "",
		                       line->name, (int)line->unread,
		                       line->selectable || line->heading ? "" : " (level)");
	}
	return g_string_free(out, FALSE);
}

static void
children_stand_below_their_parents(void)
{
	g_autoptr(GPtrArray) folders = sample(), lines = g_ptr_array_new_with_free_func(folder_line_free);
	g_autofree char *text = NULL;

	folders_lines(lines, 0, "work", "work", folders, NULL, 0, NULL);
	text = drawn(lines);
	g_assert_cmpstr(text, ==,
	                "work 0\n"
	                "-INBOX 2\n"
	                "  sub 5\n"
	                "Sent 0\n"
	                "-Lists 0 (level)\n"
	                "  a 3\n"
	                "  -kernel 400\n"
	                "    old 12\n"
	                "Lists-old 1\n");
}

static void
collapsed_levels_count_what_they_hide(void)
{
	g_autoptr(GPtrArray) folders = sample(), lines = g_ptr_array_new_with_free_func(folder_line_free);
	g_autoptr(GHashTable) collapsed = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree char *text = NULL;

	g_hash_table_add(collapsed, (char *)"work/Lists");
	folders_lines(lines, 0, "work", NULL, folders, collapsed, 0, NULL);
	text = drawn(lines);
	g_assert_cmpstr(text, ==,
	                "-INBOX 2\n"
	                "  sub 5\n"
	                "Sent 0\n"
	                "+Lists 415 (level)\n"
	                "Lists-old 1\n");
	g_assert_cmpint(((struct folder_line *)lines->pdata[3])->total, ==, 830);
}

static void
hostile_paths_are_only_names(void)
{
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(store_folder_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(folder_line_free);
	g_autoptr(GString) deep = g_string_new("d");

	for (int i = 0; i < 5000; i++)
		g_string_append(deep, "/d");
	add(folders, deep->str, 1);
	add(folders, "a//b", 1);
	add(folders, "/", 1);
	add(folders, "\x1b[31mred", 1);
	folders_lines(lines, 0, "work", NULL, folders, NULL, 0, NULL);
	g_assert_cmpuint(lines->len, <, 40);
	for (guint i = 0; i < lines->len; i++)
		g_assert_null(strchr(((struct folder_line *)lines->pdata[i])->name, '\x1b'));
}

static void
hidden_folders_take_those_below_along(void)
{
	g_autoptr(GPtrArray) folders = sample(), lines = g_ptr_array_new_with_free_func(folder_line_free),
	                     all = g_ptr_array_new_with_free_func(folder_line_free);
	g_autofree char *text = NULL;

	((struct store_folder *)folders->pdata[2])->hidden = TRUE; /* Lists/kernel */
	folders_lines(lines, 0, "work", NULL, folders, NULL, 0, NULL);
	text = drawn(lines);
	g_assert_cmpstr(text, ==,
	                "-INBOX 2\n"
	                "  sub 5\n"
	                "Sent 0\n"
	                "-Lists 0 (level)\n"
	                "  a 3\n"
	                "Lists-old 1\n");
	folders_lines(all, 0, "work", NULL, folders, NULL, FOLDERS_HIDDEN, NULL);
	g_assert_cmpuint(all->len, ==, 8);
}

static void
pinned_folders_stand_on_top_by_their_whole_path(void)
{
	g_autoptr(GPtrArray) folders = sample(), lines = g_ptr_array_new_with_free_func(folder_line_free);
	g_autofree char *text = NULL;

	((struct store_folder *)folders->pdata[2])->pinned = TRUE;
	folders_pins(lines, 0, NULL, folders);
	folders_pins(lines, 1, "work", folders);
	text = drawn(lines);
	g_assert_cmpstr(text, ==, "Lists/kernel 400\nwork/Lists/kernel 400\n");
}

/* Nobody who uses no subscriptions wants to hear of them, nor does who subscribes to nearly everything hear
 * of each. */
static void
subscriptions_are_told_of_the_rarer_kind(void)
{
	static const struct {
		guint subscribed, left_out, singled_out;
	} rows[] = {{0, 0, 0}, {1, 0, 1}, {6, 1, 0}, {7, 0, 0}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) folders = sample(),
		                     lines = g_ptr_array_new_with_free_func(folder_line_free);
		guint left_out = 0, singled_out = 0;

		for (guint k = 0; k < rows[i].subscribed; k++)
			((struct store_folder *)folders->pdata[k])->subscribed = TRUE;
		folders_lines(lines, 0, "work", "work", folders, NULL, 0, NULL);
		for (guint k = 0; k < lines->len; k++) {
			const struct folder_line *line = lines->pdata[k];

			left_out += line->left_out != 0;
			singled_out += line->singled_out != 0;
		}
		g_assert_cmpuint(left_out, ==, rows[i].left_out);
		g_assert_cmpuint(singled_out, ==, rows[i].singled_out);
	}
}

static void
what_others_share_is_a_tree_of_its_own(void)
{
	g_autoptr(GPtrArray) folders = sample(), lines = g_ptr_array_new_with_free_func(folder_line_free),
	                     none = g_ptr_array_new_with_free_func(folder_line_free);
	g_autofree char *text = NULL;

	folders_lines(lines, 0, "work", "work", folders, NULL, 0, "Lists\nSent\n");
	text = drawn(lines);
	g_assert_cmpstr(text, ==,
	                "work 0\n"
	                "-INBOX 2\n"
	                "  sub 5\n"
	                "Lists-old 1\n"
	                "work: shared 0\n"
	                "Sent 0\n"
	                "-Lists 0 (level)\n"
	                "  a 3\n"
	                "  -kernel 400\n"
	                "    old 12\n");
	folders_lines(none, 0, "work", "work", folders, NULL, 0, "Nothing");
	g_assert_cmpuint(none->len, ==, 9);
}

static void
what_lies_below_is_counted(void)
{
	g_autoptr(GPtrArray) folders = sample();
	gint64 messages = 0;

	for (guint i = 0; i < folders->len; i++)
		((struct store_folder *)folders->pdata[i])->total = 10;
	g_assert_cmpuint(folders_below(folders, "Lists/kernel", &messages, NULL), ==, 1);
	g_assert_cmpint(messages, ==, 20);
	g_assert_cmpuint(folders_below(folders, "Lists", NULL, NULL), ==, 3);
	g_assert_cmpuint(folders_below(folders, "Lists-old", NULL, NULL), ==, 0);
}

static void
typed_names_become_paths(void)
{
	static const struct {
		const char *typed, *path;
	} rows[] = {
	        {"new", "new"},
	        {" a / b ", "a/b"},
	        {"a//b/", "a/b"},
	        {"/", NULL},
	        {"", NULL},
	        {"  ", NULL},
	        {"ein Ordner/ü", "ein Ordner/ü"},
	        {"a\x1b[2J", NULL},
	        {"a\nb", NULL},
	        {"x\xe2\x80\xaey", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = folders_typed_path(rows[i].typed);

		g_assert_cmpstr(path, ==, rows[i].path);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/folders/children-stand-below-their-parents", children_stand_below_their_parents);
	g_test_add_func("/folders/collapsed-levels-count-what-they-hide",
	                collapsed_levels_count_what_they_hide);
	g_test_add_func("/folders/hostile-paths-are-only-names", hostile_paths_are_only_names);
	g_test_add_func("/folders/hidden-folders-take-those-below-along",
	                hidden_folders_take_those_below_along);
	g_test_add_func("/folders/pinned-folders-stand-on-top-by-their-whole-path",
	                pinned_folders_stand_on_top_by_their_whole_path);
	g_test_add_func("/folders/subscriptions-are-told-of-the-rarer-kind",
	                subscriptions_are_told_of_the_rarer_kind);
	g_test_add_func("/folders/what-others-share-is-a-tree-of-its-own",
	                what_others_share_is_a_tree_of_its_own);
	g_test_add_func("/folders/what-lies-below-is-counted", what_lies_below_is_counted);
	g_test_add_func("/folders/typed-names-become-paths", typed_names_become_paths);
	return g_test_run();
}
