/* Names in a Maildir: of files, of folders, of keywords, and the list of subscribed folders. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "backend/maildir/letters.h"
#include "backend/maildir/name.h"
#include "backend/maildir/subscriptions.h"
#include "backend/maildir/wire.h"
#include "base/error.h"
#include "base/files.h"
#include "store/store.h"

/* ---- files ---- */

static void
base_names_elsewhere_have_no_number_of_isync(void)
{
	static const char *const rows[][2] = {
	        {"1.M2P3.h", "1.M2P3.h"},           {"1.M2P3.h:2,FS", "1.M2P3.h"},
	        {"1.M2P3.h,U=12:2,S", "1.M2P3.h"},  {"1.M2P3.h,U=12,FMD5=ab:2,S", "1.M2P3.h,FMD5=ab"},
	        {"1.h,S=5,W=6,U=7", "1.h,S=5,W=6"}, {"1.h,U=", "1.h,U="},
	        {"1.h,U=12x", "1.h,U=12x"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *base = maildir_base_elsewhere(rows[i][0]);

		g_assert_cmpstr(base, ==, rows[i][1]);
	}
}

static void
our_names_are_known_again_and_never_repeated(void)
{
	g_autofree char *first = maildir_base_new(1700000000, "abc.host.example", 5, NULL);
	g_autofree char *again = maildir_base_new(1700000000, "abc.host.example", 5, "1.x.y:2,S");
	g_autofree char *flagged = g_strconcat(first, ":2,FS", NULL);
	g_autofree char *other = maildir_base_new(1700000000, "abc.host.example", 5, flagged);
	g_autofree char *old = maildir_base_new(0, "abc", 6, NULL);

	g_assert_cmpstr(first, ==, "1700000000.RabcQ5.host.example");
	g_assert_cmpstr(again, ==, first);
	g_assert_cmpstr(other, !=, first);
	g_assert_cmpstr(old, ==, "1.RabcQ6");
	g_assert_cmpint(maildir_stamp(first), ==, 1700000000);
}

static void
letters_take_the_place_of_others(void)
{
	g_autofree char *mapped = maildir_name_of("b", "a:2,SXac", '!', FLAG_FLAGGED, 1u << 3);
	g_autofree char *made = maildir_name_of("b", "", '!', FLAG_FLAGGED, 1u << 25 | 1);

	g_assert_cmpuint(maildir_letters("a:2,SXac"), ==, 5);
	g_assert_cmpuint(maildir_letters("abc"), ==, 0);
	g_assert_cmpstr(mapped, ==, "b:2,FXd");
	g_assert_cmpstr(made, ==, "b!2,Faz");
}

static void
put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A folder of nothing but its names. */
static char *
folder_with(const char *keywords, const char *name)
{
	char *root = files_private_tmp(NULL);
	g_autofree char *cur = g_build_filename(root, "cur", NULL);

	g_assert_cmpint(g_mkdir(cur, 0700), ==, 0);
	if (keywords)
		put(root, "dovecot-keywords", keywords);
	if (name)
		put(cur, name, "");
	return root;
}

static void
keywords_are_read_from_dovecots_files(void)
{
	static const char name[] = "1.h:2,Sabcdz";
	g_autofree char *root = folder_with(
	        "0 harbour\n1 sea\n99 far\nnonsense\n2 \n3 Lake\n4 $forwarded\n25 not)one\n", name);
	g_autofree char *none = folder_with(NULL, NULL);
	struct letters *letters = letters_read(root), *nothing = letters_read(none);
	g_autofree char *keywords = letters_keywords(letters, name),
	                *silent = letters_keywords(nothing, name);
	gboolean lacking;

	g_assert_cmpstr(keywords, ==, "harbour sea Lake");
	g_assert_cmpstr(silent, ==, "");
	g_assert_cmpuint(letters_flags(letters, name), ==, FLAG_SEEN);
	g_assert_cmpuint(letters_flags(letters, "1.h:2,Re"), ==, FLAG_ANSWERED | FLAG_FORWARDED);
	g_assert_cmpuint(letters_of(letters, "lake  harbour", &lacking), ==, 9);
	g_assert_false(lacking);
	g_assert_cmpuint(letters_of(letters, "sea ship", &lacking), ==, 2);
	g_assert_true(lacking);
	g_assert_cmpint(letters->colon, ==, ':');
	g_assert_cmpint(nothing->colon, ==, 0);
	letters_free(letters);
	letters_free(nothing);
	files_remove_tree(root);
	files_remove_tree(none);
}

static void
assert_file(const char *root, const char *want)
{
	g_autofree char *path = g_build_filename(root, "dovecot-keywords", NULL), *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==, want);
}

/* Behind what is named, and behind what stands in names of files. */
static void
new_keywords_get_letters_that_nobody_has(void)
{
	g_autofree char *fresh = folder_with(NULL, "1.h:2,S"),
	                *used = folder_with("0 sea\n3 lake\n", "1.h:2,Sag");
	struct letters *before = letters_read(used);
	GError *error = NULL;

	g_assert_cmpint(letters_teach(fresh, "harbour $label1 harbour", &error), ==, LESSON_LEARNT);
	g_assert_no_error(error);
	assert_file(fresh, "0 harbour\n1 $label1\n");
	g_assert_true(letters_are_current(before, used));
	g_assert_cmpint(letters_teach(used, "Sea ship bad(word", &error), ==, LESSON_LEARNT);
	g_assert_no_error(error);
	assert_file(used, "0 sea\n3 lake\n7 ship\n");
	g_assert_false(letters_are_current(before, used));
	letters_free(before);
	files_remove_tree(fresh);
	files_remove_tree(used);
}

/* Dovecot compares whole seconds. */
static void
the_file_of_keywords_is_newer_each_time(void)
{
	g_autofree char *root = folder_with(NULL, NULL),
	                *path = g_build_filename(root, "dovecot-keywords", NULL);
	gint64 last = 0;

	for (int i = 0; i < 3; i++) {
		g_autofree char *word = g_strdup_printf("w%d", i);
		struct stat st;

		g_assert_cmpint(letters_teach(root, word, NULL), ==, LESSON_LEARNT);
		g_assert_cmpint(stat(path, &st), ==, 0);
		g_assert_cmpint(st.st_mtime, >, last);
		last = st.st_mtime;
	}
	files_remove_tree(root);
}

static void
there_are_no_more_than_26(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *root = NULL;
	GError *error = NULL;

	for (int i = 0; i < 25; i++)
		g_string_append_printf(text, "%d k%d\n", i, i);
	root = folder_with(text->str, NULL);
	g_assert_cmpint(letters_teach(root, "last", &error), ==, LESSON_LEARNT);
	g_assert_cmpint(letters_teach(root, "more", &error), ==, LESSON_FULL);
	g_assert_no_error(error);
	g_string_append(text, "25 last\n");
	assert_file(root, text->str);
	files_remove_tree(root);
}

/* Dovecot's lock; one that nobody ended is no lock. */
static void
keywords_wait_for_who_has_the_lock(void)
{
	g_autofree char *root = folder_with(NULL, NULL),
	                *lock = g_build_filename(root, "dovecot-uidlist.lock", NULL);
	struct utimbuf long_ago = {1700000000, 1700000000};
	g_autoptr(GError) error = NULL;

	put(root, "dovecot-uidlist.lock", "1:elsewhere");
	g_assert_cmpint(letters_teach(root, "harbour", &error), ==, LESSON_FAILED);
	g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	assert_file(root, NULL);
	g_assert_cmpint(utime(lock, &long_ago), ==, 0);
	g_assert_cmpint(letters_teach(root, "harbour", NULL), ==, LESSON_LEARNT);
	assert_file(root, "0 harbour\n");
	g_assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	files_remove_tree(root);
}

/* ---- folders ---- */

/* "WIRE WIRE …" as the store would have them. */
static GPtrArray *
folders_of(const char *wires)
{
	GPtrArray *folders = g_ptr_array_new_with_free_func(store_folder_free);
	g_auto(GStrv) names = g_strsplit(wires, " ", -1);

	for (char **name = names; *name && **name; name++) {
		struct store_folder *folder = g_new0(struct store_folder, 1);

		folder->wire = g_strdup(*name);
		folder->delimiter = **name == '.' ? '.' : '/';
		folder->path = wire_to_path(*name, folder->delimiter);
		g_ptr_array_add(folders, folder);
	}
	return folders;
}

static void
new_folders_are_spelled_as_those_that_are_there(void)
{
	static const struct {
		const char *folders;
		gboolean root;
		const char *path, *wire;
	} rows[] = {
	        {". .Sent", TRUE, "Lists", ".Lists"},
	        {". .Sent", TRUE, "Lists/harbour", ".Lists.harbour"},
	        {".", TRUE, "INBOX", "."},
	        {".", TRUE, "inbox", "."},
	        {".", TRUE, "INBOX/kid", ".INBOX.kid"},
	        {".", TRUE, "Entwürfe", ".Entw&APw-rfe"},
	        {". .Entw&APw-rfe", TRUE, "Entwürfe/alt", ".Entw&APw-rfe.alt"},
	        {". .Entwürfe", TRUE, "Müll", ".Müll"},
	        {". .Entwürfe", TRUE, "a&-b", ".a&--b"},
	        {". .Entw&APw-rfe", TRUE, "Müll", ".M&APw-ll"},
	        {".", TRUE, "R&D", ".R&-D"},
	        {"INBOX Sent", FALSE, "Lists/harbour", "Lists/harbour"},
	        {"", FALSE, "Lists", "Lists"},
	        {". Sent", TRUE, "v1.2", "v1.2"},
	        {". .Sent Archive/2025", TRUE, "Archive/2026", ".Archive.2026"},
	        {". .Sent Archive", TRUE, "Archive/2026", "Archive/2026"},
	        {". .Sent", TRUE, "日本", ".&ZeVnLA-"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) folders = folders_of(rows[i].folders);
		g_autofree char *wire = NULL, *back = NULL;
		GError *error = NULL;
		char delimiter;

		wire = wire_from_path(folders, rows[i].root, rows[i].path, &delimiter, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(wire, ==, rows[i].wire);
		g_assert_true(strcmp(wire, ".") == 0 || wire_is_inside(wire));
		back = wire_to_path(wire, delimiter);
		g_assert_cmpint(g_ascii_strcasecmp(back, rows[i].path), ==, 0);
	}
}

static void
names_that_lead_elsewhere_are_refused(void)
{
	static const struct {
		const char *folders, *path;
	} rows[] = {
	        {". .Sent", ""},           {". .Sent", "/"},        {". .Sent", "/etc"},
	        {". .Sent", "a//b"},       {". .Sent", "a/"},       {". .Sent", ".."},
	        {". .Sent", "../x"},       {". .Sent", "a/../b"},   {". .Sent", "v1.2"},
	        {". .Sent", "cur"},        {". .Sent", "a\nb"},     {". .Sent", "a\x1b[31mb"},
	        {". .Sent", "a\xff"},      {". .Sent", "a\u202eb"}, {". .Sent", "a\u200bb"},
	        {"INBOX Sent", ".."},      {"INBOX Sent", "../x"},  {"INBOX Sent", "a/.."},
	        {"INBOX Sent", ".hidden"}, {"INBOX Sent", "a/cur"}, {"INBOX Sent", "new"},
	        {"INBOX Sent", "."},       {"INBOX Sent", "a/./b"},
	};
	static const char *const outside[] = {"",      "..",    "../x",  "/etc",   "a/../b",
	                                      "a//b",  "..a",   ".a..b", ".a/b",   ".a.",
	                                      "a/cur", "a/..b", "a/.",   "a/.cur", "cur"};
	g_autofree char *deep = g_strnfill(300, 'x');
	g_autoptr(GPtrArray) plus = folders_of(". .Sent");
	g_autoptr(GError) long_error = NULL;
	char delimiter;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) folders = folders_of(rows[i].folders);
		g_autoptr(GError) error = NULL;

		g_assert_null(
		        wire_from_path(folders, rows[i].folders[0] == '.', rows[i].path, &delimiter, &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	}
	for (guint i = 0; i < G_N_ELEMENTS(outside); i++)
		g_assert_false(wire_is_inside(outside[i]));
	g_assert_null(wire_from_path(plus, TRUE, deep, &delimiter, &long_error));
	g_assert_error(long_error, FULMAR_ERROR, FULMAR_FAILED);
}

/* ---- subscriptions ---- */

struct place {
	char *root;
};

static void
set_up(struct place *place, gconstpointer data)
{
	place->root = files_private_tmp(NULL);
}

static void
tear_down(struct place *place, gconstpointer data)
{
	files_remove_tree(place->root);
	g_free(place->root);
}

static char *
content(const struct place *place, const char *name)
{
	g_autofree char *path = g_build_filename(place->root, name, NULL);
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

static void
assert_content(const struct place *place, const char *name, const char *want)
{
	g_autofree char *text = content(place, name);

	g_assert_cmpstr(text, ==, want);
}

static gboolean
has(const struct place *place, const char *wire, char delimiter)
{
	GError *error = NULL;
	struct subscriptions *subscriptions = subscriptions_read(place->root, &error);
	gboolean is;

	g_assert_no_error(error);
	is = subscriptions_have(subscriptions, wire, delimiter);
	subscriptions_free(subscriptions);
	return is;
}

static void
set(const struct place *place, const char *wire, char delimiter, gboolean on, char *const *all)
{
	char *const wires[] = {(char *)wire, NULL};
	GError *error = NULL;

	subscriptions_set(place->root, wires, delimiter, on, all, &error);
	g_assert_no_error(error);
}

static void
without_a_list_everything_is_subscribed(struct place *place, gconstpointer data)
{
	char *const all[] = {(char *)".", (char *)".Sent", (char *)".Lists.harbour", NULL};

	g_assert_true(has(place, ".Sent", '.'));
	set(place, ".Sent", '.', TRUE, NULL);
	assert_content(place, "subscriptions", NULL);
	set(place, ".Sent", '.', FALSE, all);
	assert_content(place, "subscriptions", "INBOX\nLists.harbour\n");
	g_assert_false(has(place, ".Sent", '.'));
	g_assert_true(has(place, ".Lists.harbour", '.'));
	g_assert_true(has(place, ".", '.'));
}

static void
dovecots_list_stays_as_dovecot_writes_it(struct place *place, gconstpointer data)
{
	GError *error = NULL;

	put(place->root, "subscriptions", "V\t2\n\nLists\tharbour\nEntw&APw-rfe\na b\nDeep\tx\ty\n");
	g_assert_true(has(place, ".Lists.harbour", '.'));
	g_assert_true(has(place, "Lists/harbour", '/'));
	g_assert_true(has(place, ".Entw&APw-rfe", '.'));
	g_assert_false(has(place, ".Lists", '.'));
	set(place, ".Sent", '.', TRUE, NULL);
	set(place, ".a b", '.', FALSE, NULL);
	set(place, ".Sent", '.', TRUE, NULL);
	subscriptions_rename(place->root, ".Deep", ".Shallow", '.', &error);
	g_assert_no_error(error);
	assert_content(place, "subscriptions", "V\t2\n\nLists\tharbour\nEntw&APw-rfe\nShallow\tx\ty\nSent\n");
	set(place, "tab\there/x", '/', TRUE, NULL);
	g_assert_true(has(place, "tab\there/x", '/'));
	g_assert_false(has(place, "tab/here/x", '/'));
}

static void
an_older_list_and_couriers_stay_what_they_are(struct place *place, gconstpointer data)
{
	put(place->root, "courierimapsubscribed", "INBOX\nINBOX.Sent\n");
	g_assert_true(has(place, ".Sent", '.'));
	set(place, ".Lists.harbour", '.', TRUE, NULL);
	assert_content(place, "courierimapsubscribed", "INBOX\nINBOX.Sent\nINBOX.Lists.harbour\n");
	put(place->root, "subscriptions", "Lists.harbour\n");
	g_assert_false(has(place, ".Sent", '.'));
	set(place, ".Sent", '.', TRUE, NULL);
	assert_content(place, "subscriptions", "Lists.harbour\nSent\n");
	assert_content(place, "courierimapsubscribed", "INBOX\nINBOX.Sent\nINBOX.Lists.harbour\n");
}

static void
a_list_that_others_write_is_left_alone_for_now(struct place *place, gconstpointer data)
{
	g_autofree char *lock = g_build_filename(place->root, "subscriptions.lock", NULL);
	char *const wires[] = {(char *)".Sent", NULL};
	struct utimbuf long_ago = {1700000000, 1700000000};
	g_autoptr(GError) error = NULL;

	put(place->root, "subscriptions", "Lists\n");
	put(place->root, "subscriptions.lock", "half");
	g_assert_false(subscriptions_set(place->root, wires, '.', TRUE, NULL, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	assert_content(place, "subscriptions", "Lists\n");
	assert_content(place, "subscriptions.lock", "half");
	g_assert_cmpint(utime(lock, &long_ago), ==, 0);
	set(place, ".Sent", '.', TRUE, NULL);
	assert_content(place, "subscriptions", "Lists\nSent\n");
	assert_content(place, "subscriptions.lock", NULL);
}

static void
a_shared_list_keeps_its_mode(struct place *place, gconstpointer data)
{
	g_autofree char *path = g_build_filename(place->root, "subscriptions", NULL);
	struct stat st;

	put(place->root, "subscriptions", "Lists\n");
	g_assert_cmpint(g_chmod(path, 0640), ==, 0);
	set(place, ".Sent", '.', TRUE, NULL);
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0640);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(struct place *, gconstpointer);
	} lists[] = {
	        {"/subscriptions/none", without_a_list_everything_is_subscribed},
	        {"/subscriptions/dovecot", dovecots_list_stays_as_dovecot_writes_it},
	        {"/subscriptions/courier", an_older_list_and_couriers_stay_what_they_are},
	        {"/subscriptions/locked", a_list_that_others_write_is_left_alone_for_now},
	        {"/subscriptions/mode", a_shared_list_keeps_its_mode},
	};

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/names/elsewhere", base_names_elsewhere_have_no_number_of_isync);
	g_test_add_func("/names/ours", our_names_are_known_again_and_never_repeated);
	g_test_add_func("/names/letters", letters_take_the_place_of_others);
	g_test_add_func("/keywords/read", keywords_are_read_from_dovecots_files);
	g_test_add_func("/keywords/new", new_keywords_get_letters_that_nobody_has);
	g_test_add_func("/keywords/newer", the_file_of_keywords_is_newer_each_time);
	g_test_add_func("/keywords/full", there_are_no_more_than_26);
	g_test_add_func("/keywords/locked", keywords_wait_for_who_has_the_lock);
	g_test_add_func("/folders/spelled", new_folders_are_spelled_as_those_that_are_there);
	g_test_add_func("/folders/refused", names_that_lead_elsewhere_are_refused);
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		g_test_add(lists[i].path, struct place, NULL, set_up, lists[i].run, tear_down);
	return g_test_run();
}
