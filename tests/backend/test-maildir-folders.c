/* What the journal's verbs on folders meet in a Maildir: names that lead elsewhere, folders below, what is in
 * the way. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "rig-disk.h"

static void
rename_folder(struct rig *rig, const char *path, const char *to, const char *wire)
{
	g_autofree char *named = g_strdup(wire);
	GError *error = NULL;
	char delimiter;

	if (!named)
		rig->kind->ops->name_folder(rig->backend, to, &named, &delimiter, &error);
	g_assert_no_error(error);
	store_journal_rename(rig->store, rig_folder_at(rig, path), to, named, NULL, &error);
	g_assert_no_error(error);
}

static void
remove_folder(struct rig *rig, const char *path)
{
	GError *error = NULL;

	store_journal_remove(rig->store, rig_folder_at(rig, path), NULL, &error);
	g_assert_no_error(error);
}

static void
a_new_folder_is_a_whole_and_private_maildir(struct rig *rig)
{
	static const char *const names[] = {"", "cur", "new", "tmp"};

	disk_put(rig, "subscriptions", "V\t2\n\nSent\n");
	rig_begin(rig);
	rig_create(rig, "Entwürfe/alt", NULL);
	rig_replay(rig, 0);
	disk_assert_names(rig, ".Entw&APw-rfe.alt", "cur maildirfolder new tmp");
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
		        g_build_filename(rig->account->path, ".Entw&APw-rfe.alt", names[i], NULL);
		struct stat st;

		g_assert_cmpint(stat(path, &st), ==, 0);
		g_assert_cmpint(st.st_mode & 0777, ==, 0700);
	}
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Entwürfe/alt"), >, 0);
	{
		g_autofree char *path = disk_path_in(rig, "subscriptions"), *text = NULL;

		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "V\t2\n\nSent\nEntw&APw-rfe\talt\n");
	}
}

static void
wire_names_of_a_damaged_store_lead_nowhere(struct rig *rig)
{
	static const char *const wires[] = {"../evil", "..evil", "/tmp/fulmar-evil", ".a/../../evil", "cur"};

	rig_begin(rig);
	for (guint i = 0; i < G_N_ELEMENTS(wires); i++) {
		g_autofree char *path = g_strdup_printf("evil%u", i), *out = NULL;
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

		rig_create(rig, path, wires[i]);
		rig_replay(rig, FULMAR_FAILED);
		out = g_build_filename(rig->account->path, wires[i], NULL);
		g_assert_true(strcmp(wires[i], "cur") == 0 || !g_file_test(out, G_FILE_TEST_EXISTS));
		store_ops(rig->store, FALSE, 0, ops, NULL);
		g_assert_cmpuint(ops->len, ==, 1);
		store_op_drop(rig->store, ((const struct store_op *)ops->pdata[0])->id, NULL);
	}
	rename_folder(rig, "Sent", "evil", "../evil");
	disk_assert_refused(rig, "../evil");
	disk_assert_names(rig, ".Sent", "cur new tmp");
}

static void
a_rename_takes_those_below_along(struct rig *rig)
{
	gint64 sea, deep;
	msgid id;

	disk_put(rig, "subscriptions", "Lists.harbour\nSent\nListsmore\n");
	rig_begin(rig);
	rig_create(rig, "Lists/harbour/deep", NULL);
	rig_create(rig, "Listsmore", NULL);
	rig_replay(rig, 0);
	rig_list(rig);
	id = rig_id_at(rig, "INBOX", "a");
	rig_move(rig, id, "Lists/harbour/deep");
	rig_replay(rig, 0);
	sea = rig_folder_at(rig, "Lists/harbour");
	deep = rig_folder_at(rig, "Lists/harbour/deep");
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	g_assert_false(disk_is_at(rig, ".Lists.harbour"));
	g_assert_false(disk_is_at(rig, ".Lists.harbour.deep"));
	rig_there(rig, "Sea/deep", "a");
	rig_there(rig, "Listsmore", "");
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Sea"), ==, sea);
	g_assert_cmpint(rig_folder_at(rig, "Sea/deep"), ==, deep);
	{
		g_autofree char *path = disk_path_in(rig, "subscriptions"), *text = NULL;

		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "Sea\nSent\nListsmore\nSea.deep\n");
	}
	/* Its files are found under their new folder, at once by a verb and for good by a look at it. */
	rig_flag(rig, id, FLAG_FLAGGED, 0, NULL);
	disk_assert_names(rig, ".Sea.deep/cur", "1700000000.a.test:2,F");
	rig_open(rig, "Sea/deep");
	g_assert_true(store_has_part(rig->store, id, ""));
}

static void
a_look_mends_paths_after_a_rename(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "a");
	rig_move(rig, id, "Lists/harbour");
	rig_replay(rig, 0);
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	g_assert_false(store_has_part(rig->store, id, ""));
	rig_open(rig, "Sea");
	g_assert_true(store_has_part(rig->store, id, ""));
}

static void
a_rename_never_replaces_a_folder(struct rig *rig)
{
	rig_begin(rig);
	rig_create(rig, "Lists/harbour/deep", NULL);
	rig_replay(rig, 0);
	{
		g_autofree char *other = disk_path_in(rig, ".Sea.deep");

		g_assert_cmpint(g_mkdir(other, 0700), ==, 0);
	}
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	disk_assert_refused(rig, ".Sea.deep");
	g_assert_true(disk_is_at(rig, ".Lists.harbour"));
	g_assert_true(disk_is_at(rig, ".Lists.harbour.deep"));
	g_assert_false(disk_is_at(rig, ".Sea"));
}

static void
inbox_stays(struct rig *rig)
{
	rig_begin(rig);
	remove_folder(rig, "INBOX");
	disk_assert_refused(rig, "INBOX");
	rig_there(rig, "INBOX", "a b c");
}

/* ---- removal ---- */

static void
a_removal_takes_what_mail_programs_keep_there(struct rig *rig)
{
	disk_put(rig, "subscriptions", "Lists.harbour\nSent\n");
	disk_put(rig, ".Lists.harbour/dovecot-uidlist", "3\n");
	disk_put(rig, ".Lists.harbour/dovecot.index.log", "x");
	disk_put(rig, ".Lists.harbour/maildirfolder", "");
	disk_put(rig, ".Lists.harbour/.mbsyncstate", "x");
	disk_put(rig, ".Lists.harbour/tmp/half", "x");
	rig_deliver(rig, "Lists/harbour", "x", NOON);
	rig_begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	rig_replay(rig, 0);
	disk_assert_names(rig, "", ".Sent cur new subscriptions tmp");
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Lists/harbour"), ==, 0);
}

static void
what_is_in_the_way_is_named_and_nothing_goes(struct rig *rig)
{
	g_autofree char *notes = disk_path_in(rig, ".Lists.harbour/notes.txt");
	g_autofree char *folder = disk_path_in(rig, ".Lists.harbour/cur/folder");
	g_autofree char *link_path = disk_path_in(rig, ".Lists.harbour/cur/link");

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	rig_begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	disk_put(rig, ".Lists.harbour/notes.txt", "mine");
	disk_assert_refused(rig, ".Lists.harbour/notes.txt");
	g_assert_cmpint(g_unlink(notes), ==, 0);
	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	disk_retry(rig, FULMAR_FAILED);
	g_assert_cmpint(g_rmdir(folder), ==, 0);
	g_assert_cmpint(symlink("/etc/passwd", link_path), ==, 0);
	disk_retry(rig, FULMAR_FAILED);
	disk_assert_names(rig, ".Lists.harbour/new", "1700000000.x.test");
	g_assert_cmpint(g_unlink(link_path), ==, 0);
	disk_retry(rig, 0);
	g_assert_false(disk_is_at(rig, ".Lists.harbour"));
}

static void
mail_that_came_meanwhile_stops_a_removal(struct rig *rig)
{
	rig_begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	rig_deliver(rig, "Lists/harbour", "late", NOON);
	disk_assert_refused(rig, "mail has come");
	rig_there(rig, "Lists/harbour", "late");
	disk_assert_names(rig, "", ".Lists.harbour .Sent cur new tmp");
}

static void
a_link_to_a_folder_is_not_followed_to_remove_it(struct rig *rig)
{
	g_autofree char *other = g_build_filename(rig->dir, "elsewhere", NULL);
	g_autofree char *at = disk_path_in(rig, ".Lists.harbour");

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	g_assert_cmpint(rename(at, other), ==, 0);
	g_assert_cmpint(symlink(other, at), ==, 0);
	rig_begin(rig);
	rig_open(rig, "Lists/harbour");
	remove_folder(rig, "Lists/harbour");
	disk_assert_refused(rig, ".Lists.harbour");
	rig_there(rig, "Lists/harbour", "x");
}

/* Also when nobody has looked at it since it was renamed. */
static void
texts_of_a_removed_folder_are_kept_for_undo(struct rig *rig)
{
	GError *error = NULL;
	gint64 step = 0;
	struct store_undone undone = {0};

	rig_deliver(rig, "Lists/harbour", "x", NOON);
	rig_begin(rig);
	rig_open(rig, "Lists/harbour");
	rename_folder(rig, "Lists/harbour", "Sea", NULL);
	rig_replay(rig, 0);
	store_journal_remove(rig->store, rig_folder_at(rig, "Sea"), &step, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "Sea", NULL);
	store_undo_take_back(rig->store, step, &undone, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(undone.lost, ==, 0);
	while (store_ops_waiting(rig->store, NULL))
		rig_replay(rig, 0);
	rig_there(rig, "Sea", "x");
	rig_list(rig);
	rig_open(rig, "Sea");
	rig_here(rig, "Sea", "x");
}

/* A plain tree: the folder itself goes, those in it stay. */
static void
folders_of_a_plain_tree_are_made_renamed_and_removed(struct rig *rig)
{
	g_autofree char *lists = disk_path_in(rig, ".Lists.harbour");

	disk_rename_in(rig, ".Sent", "Sent");
	files_remove_tree(lists);
	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	rig_create(rig, "Lists", NULL);
	rig_replay(rig, 0);
	rig_create(rig, "Lists/sea", NULL);
	rig_replay(rig, 0);
	rig_list(rig);
	disk_assert_names(rig, "Lists", "cur new sea tmp");
	rename_folder(rig, "Lists", "Letters", NULL);
	rig_replay(rig, 0);
	disk_assert_names(rig, "Letters", "cur new sea tmp");
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Letters/sea"), >, 0);
	rig_move(rig, rig_id_at(rig, "INBOX", "a"), "Letters/sea");
	rig_replay(rig, 0);
	remove_folder(rig, "Letters");
	rig_replay(rig, 0);
	disk_assert_names(rig, "Letters", "sea");
	rig_list(rig);
	rig_open(rig, "Letters/sea");
	rig_here(rig, "Letters/sea", "a");
}

static void
subscribing_is_written_down(struct rig *rig)
{
	g_autofree char *path = disk_path_in(rig, "subscriptions"), *text = NULL;
	struct store_folder *folder;
	GError *error = NULL;

	rig_begin(rig);
	store_journal_subscribe(rig->store, rig_folder_at(rig, "Sent"), FALSE, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "Lists.harbour\n"));
	g_assert_null(strstr(text, "Sent"));
	rig_list(rig);
	folder = store_folder_by_path(rig->store, "Sent", NULL);
	g_assert_false(folder->subscribed);
	store_folder_free(folder);
}

static const struct rig_case cases[] = {
        {"create", a_new_folder_is_a_whole_and_private_maildir, 0},
        {"outside", wire_names_of_a_damaged_store_lead_nowhere, 0},
        {"rename", a_rename_takes_those_below_along, 0},
        {"rename-paths", a_look_mends_paths_after_a_rename, 0},
        {"rename-taken", a_rename_never_replaces_a_folder, 0},
        {"inbox", inbox_stays, 0},
        {"remove", a_removal_takes_what_mail_programs_keep_there, 0},
        {"in-the-way", what_is_in_the_way_is_named_and_nothing_goes, 0},
        {"came-meanwhile", mail_that_came_meanwhile_stops_a_removal, 0},
        {"link", a_link_to_a_folder_is_not_followed_to_remove_it, 0},
        {"undo-remove", texts_of_a_removed_folder_are_kept_for_undo, 0},
        {"plain-tree", folders_of_a_plain_tree_are_made_renamed_and_removed, 0},
        {"subscribe", subscribing_is_written_down, 0},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	rig_add_cases("/folders", &rig_maildir, cases, G_N_ELEMENTS(cases));
	return g_test_run();
}
