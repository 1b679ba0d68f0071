/* What only a Maildir can meet: names, layouts, files that are renamed or gone. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/maildir/name.h"
#include "backend/maildir/tree.h"
#include "base/error.h"
#include "base/files.h"
#include "rig.h"

static void
names_keep_what_is_not_ours(void)
{
	static const struct {
		const char *name, *renamed;
		guint flags, set;
	} rows[] = {
	        {"1.a.h", "1.a.h:2,S", 0, FLAG_SEEN},
	        {"1.a.h:2,", "1.a.h:2,FS", 0, FLAG_SEEN | FLAG_FLAGGED},
	        {"1.a.h:2,RSab", "1.a.h:2,Rab", FLAG_SEEN | FLAG_ANSWERED, FLAG_ANSWERED},
	        {"1.a.h:2,SR", "1.a.h:2,RST", FLAG_SEEN | FLAG_ANSWERED,
	         FLAG_SEEN | FLAG_ANSWERED | FLAG_DELETED},
	        {"1.a.h,S=12:2,P", "1.a.h,S=12:2,DP", FLAG_FORWARDED, FLAG_FORWARDED | FLAG_DRAFT},
	        {"1.\xff\xfe:2,F", "1.\xff\xfe:2,", FLAG_FLAGGED, 0},
	        {"a:b", "a:b:2,S", 0, FLAG_SEEN},
	        {"1.a.h;2,FSa", "1.a.h;2,Sa", FLAG_SEEN | FLAG_FLAGGED, FLAG_SEEN},
	        {"1.a.h!2,", "1.a.h!2,S", 0, FLAG_SEEN},
	        {"1.a!2,3.h", "1.a!2,3.h:2,S", 0, FLAG_SEEN},
	        {"1.a!2,F.h,S=3:2,R", "1.a!2,F.h,S=3:2,S", FLAG_ANSWERED, FLAG_SEEN},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *renamed = maildir_name_with(rows[i].name, rows[i].set);

		g_assert_cmpuint(maildir_flags(rows[i].name), ==, rows[i].flags);
		g_assert_cmpstr(renamed, ==, rows[i].renamed);
		g_assert_cmpuint(maildir_uid(renamed), ==, maildir_uid(rows[i].name));
	}
	g_assert_cmpuint(maildir_uid("1.a"), !=, maildir_uid("1.b"));
}

static void
stamps_are_only_believed_when_they_can_be_times(void)
{
	g_assert_cmpint(maildir_stamp("1700000000.M1P2.host:2,S"), ==, 1700000000);
	g_assert_cmpint(maildir_stamp("17.a"), ==, 0);
	g_assert_cmpint(maildir_stamp("1700000000"), ==, 0);
	g_assert_cmpint(maildir_stamp("99999999999999999999.a"), ==, 0);
	g_assert_cmpint(maildir_stamp("note.txt"), ==, 0);
}

static void
make_maildir(const char *root, const char *rel)
{
	static const char *const subdirs[] = {"cur", "new", "tmp"};

	for (guint i = 0; i < G_N_ELEMENTS(subdirs); i++) {
		g_autofree char *dir = g_build_filename(root, rel, subdirs[i], NULL);

		g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
	}
}

static int
by_path(gconstpointer a, gconstpointer b)
{
	return strcmp((*(struct tree_folder *const *)a)->path, (*(struct tree_folder *const *)b)->path);
}

/* "PATH[=ROLE] …", sorted. */
static char *
tree_text(const char *root)
{
	struct conf *conf = rig_conf_new();
	struct conf_account *account = conf_account_new("t", ACCOUNT_MAILDIR);
	g_autoptr(GPtrArray) folders = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	GError *error = NULL;

	g_ptr_array_add(conf->accounts, account);
	account->path = g_strdup(root);
	folders = tree_list(account, &error);
	g_assert_no_error(error);
	g_ptr_array_sort(folders, by_path);
	for (guint i = 0; i < folders->len; i++) {
		const struct tree_folder *folder = folders->pdata[i];

		g_string_append_printf(out, "%s%s%s%s", i ? " " : "", folder->path, *folder->role ? "=" : "",
		                       folder->role);
	}
	conf_free(conf);
	return g_strdup(out->str);
}

static void
both_layouts_are_understood(void)
{
	g_autofree char *root = files_private_tmp(NULL);
	g_autofree char *plus = g_build_filename(root, "plus", NULL);
	g_autofree char *plain = g_build_filename(root, "plain", NULL);
	g_autofree char *circle = g_build_filename(plain, "Lists", "again", NULL);
	g_autofree char *plus_text = NULL, *plain_text = NULL;

	make_maildir(plus, ".");
	make_maildir(plus, ".Sent");
	make_maildir(plus, ".Lists.harbour");
	make_maildir(plus, ".Entw&APw-rfe");
	make_maildir(plus, ".odd\xff");
	plus_text = tree_text(plus);
	g_assert_cmpstr(plus_text, ==, "Entwürfe=drafts INBOX=inbox Lists/harbour Sent=sent odd\\xff");
	make_maildir(plain, "INBOX");
	make_maildir(plain, "Lists/harbour");
	make_maildir(plain, "Sent Items");
	make_maildir(plain, "Sent");
	g_assert_cmpint(symlink("..", circle), ==, 0);
	plain_text = tree_text(plain);
	g_assert_cmpstr(plain_text, ==, "INBOX=inbox Lists/harbour Sent=sent Sent Items");
	files_remove_tree(root);
}

static void
an_inbox_may_be_written_otherwise(void)
{
	g_autofree char *root = files_private_tmp(NULL);
	g_autofree char *one = g_build_filename(root, "one", NULL),
	                *two = g_build_filename(root, "two", NULL);
	g_autofree char *one_text = NULL, *two_text = NULL;

	make_maildir(one, "Inbox");
	make_maildir(one, "Inbox/kid");
	make_maildir(one, "Inboxes");
	make_maildir(one, "Sub/inbox");
	one_text = tree_text(one);
	g_assert_cmpstr(one_text, ==, "INBOX=inbox INBOX/kid Inboxes Sub/inbox");
	make_maildir(two, "Inbox");
	make_maildir(two, "INBOX");
	two_text = tree_text(two);
	g_assert_cmpstr(two_text, ==, "INBOX=inbox Inbox");
	files_remove_tree(root);
}

static void
folders_of_old_mbsync_trees_are_understood(void)
{
	g_autofree char *root = files_private_tmp(NULL), *text = NULL;

	make_maildir(root, "INBOX");
	make_maildir(root, "top");
	make_maildir(root, "top/.sub");
	make_maildir(root, "top/.sub/.subsub");
	make_maildir(root, "other/.sub");
	text = tree_text(root);
	g_assert_cmpstr(text, ==, "INBOX=inbox other/sub top top/sub top/sub/subsub");
	files_remove_tree(root);
}

static void
a_path_without_mail_says_so(void)
{
	g_autofree char *root = files_private_tmp(NULL);
	struct conf *conf = rig_conf_new();
	struct conf_account *account = conf_account_new("t", ACCOUNT_MAILDIR);
	g_autoptr(GError) empty = NULL, absent = NULL;

	g_ptr_array_add(conf->accounts, account);
	account->path = g_strdup(root);
	g_assert_null(tree_list(account, &empty));
	g_assert_error(empty, FULMAR_ERROR, FULMAR_FAILED);
	g_free(account->path);
	account->path = g_build_filename(root, "none", NULL);
	g_assert_null(tree_list(account, &absent));
	g_assert_error(absent, FULMAR_ERROR, FULMAR_FAILED);
	conf_free(conf);
	files_remove_tree(root);
}

static void
names_with_odd_bytes_survive(struct rig *rig)
{
	g_autofree char *odd = g_strdup_printf("%s/new/1700000000.\xff\xc3 \n\x1b[31m.h", rig->account->path);
	g_autofree char *flagged =
	        g_strdup_printf("%s/cur/1700000000.\xff\xc3 \n\x1b[31m.h:2,F", rig->account->path);
	struct store_row *row;
	msgid id;

	g_assert_true(g_file_set_contents(odd, "Subject: odd\n\nx\n", -1, NULL));
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "odd");
	id = row->id;
	store_row_free(row);
	rig_flag(rig, id, FLAG_FLAGGED, 0, NULL);
	g_assert_true(g_file_test(flagged, G_FILE_TEST_IS_REGULAR));
	g_assert_true(store_has_part(rig->store, id, ""));
}

static void
a_file_renamed_by_others_is_found_again(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_row *row;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	rig->kind->set_flags(rig, "INBOX", "a", FLAG_SEEN);
	g_assert_false(store_has_part(rig->store, row->id, ""));
	rig->kind->ops->part(rig->backend, row->id, "", NULL, rig_on_done, &done);
	rig_wait(rig, &done);
	g_assert_true(store_has_part(rig->store, row->id, ""));
	rig->kind->set_flags(rig, "INBOX", "a", FLAG_SEEN | FLAG_ANSWERED);
	rig_flag(rig, row->id, FLAG_FLAGGED, 0, NULL);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED);
	store_row_free(row);
}

static void
a_file_that_is_gone_is_an_error_to_read_but_not_to_flag(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_row *row;
	g_autoptr(GError) error = NULL;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	rig->kind->remove(rig, "INBOX", "a");
	rig->kind->ops->part(rig->backend, row->id, "", NULL, rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	rig_flag(rig, row->id, FLAG_SEEN, 0, NULL);
	store_row_free(row);
}

static void
a_flag_never_overwrites_another_message(struct rig *rig)
{
	g_autofree char *taken = g_strdup_printf("%s/cur/%d.a.test:2,S", rig->account->path, NOON);
	g_autofree char *text = NULL;
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	g_autoptr(GError) error = NULL;
	struct rig_done done = {0};
	struct store_row *row;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	g_assert_true(g_file_set_contents(taken, "Subject: other\n\nprecious\n", -1, NULL));
	g_assert_true(store_journal_flags(rig->store, &row->id, 1, FLAG_SEEN, 0, NULL, NULL, NULL, NULL));
	g_assert_true(store_ops(rig->store, FALSE, 0, ops, NULL));
	rig->kind->ops->replay(rig->backend, ops->pdata[0], rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_true(g_file_get_contents(taken, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "precious"));
	store_row_free(row);
}

static void
pipes_links_and_folders_are_no_messages(struct rig *rig)
{
	g_autofree char *fifo = g_strdup_printf("%s/cur/1700000001.fifo:2,", rig->account->path);
	g_autofree char *link_path = g_strdup_printf("%s/cur/1700000002.link:2,", rig->account->path);
	g_autofree char *dir = g_strdup_printf("%s/cur/1700000003.dir", rig->account->path);
	g_autofree char *subjects = NULL;

	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	g_assert_cmpint(symlink("/etc/passwd", link_path), ==, 0);
	g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
	rig_deliver(rig, "INBOX", "only", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	subjects = rig_subjects(rig, "INBOX");
	g_assert_cmpstr(subjects, ==, "only");
}

static void
a_folder_that_was_removed_leaves_the_store(struct rig *rig)
{
	g_autofree char *dir = g_strdup_printf("%s/.Sent", rig->account->path);

	rig_link(rig);
	files_remove_tree(dir);
	rig_list(rig);
	g_assert_null(store_folder_by_path(rig->store, "Sent", NULL));
}

static const struct rig_case cases[] = {
        {"odd-bytes", names_with_odd_bytes_survive, 0},
        {"renamed-by-others", a_file_renamed_by_others_is_found_again, 0},
        {"gone", a_file_that_is_gone_is_an_error_to_read_but_not_to_flag, 0},
        {"never-overwrites", a_flag_never_overwrites_another_message, 0},
        {"no-messages", pipes_links_and_folders_are_no_messages, 0},
        {"folder-removed", a_folder_that_was_removed_leaves_the_store, 0},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/maildir/names", names_keep_what_is_not_ours);
	g_test_add_func("/maildir/stamps", stamps_are_only_believed_when_they_can_be_times);
	g_test_add_func("/maildir/layouts", both_layouts_are_understood);
	g_test_add_func("/maildir/inbox", an_inbox_may_be_written_otherwise);
	g_test_add_func("/maildir/legacy", folders_of_old_mbsync_trees_are_understood);
	g_test_add_func("/maildir/no-mail", a_path_without_mail_says_so);
	rig_add_cases("/maildir", &rig_maildir, cases, G_N_ELEMENTS(cases));
	return g_test_run();
}
