#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static char *folder;

static char *
in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	g_assert_cmpint(lstat(path, &st), ==, 0);
	return st.st_mode & 07777;
}

static guint
names_in(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	guint n = 0;

	g_assert_nonnull(dir);
	while (g_dir_read_name(dir))
		n++;
	g_dir_close(dir);
	return n;
}

static void
assert_content(const char *path, const char *expected)
{
	g_autofree char *text = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, expected);
}

static void
put(const char *path, const char *text)
{
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
test_private_dir_under_any_umask(void)
{
	static const mode_t umasks[] = {0, 022, 0277, 0777};

	for (gsize i = 0; i < G_N_ELEMENTS(umasks); i++) {
		g_autofree char *top = g_strdup_printf("%s/u%u", folder, (guint)i),
		                *deep = g_strconcat(top, "/a//b/", NULL);
		g_autoptr(GError) error = NULL;
		mode_t before = umask(umasks[i]);
		gboolean made = files_make_private_dir(deep, &error);

		umask(before);
		g_assert_no_error(error);
		g_assert_true(made);
		g_assert_cmpint(mode_of(top), ==, 0700);
		g_assert_cmpint(mode_of(deep), ==, 0700);
	}
}

static void
test_private_dir_leaves_what_is_there(void)
{
	g_autofree char *open_dir = in_folder("open"), *inside = in_folder("open/in"),
	                *file = in_folder("plain");
	g_autofree char *below = in_folder("plain/below");
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(mkdir(open_dir, 0755), ==, 0);
	g_assert_cmpint(chmod(open_dir, 0755), ==, 0);
	g_assert_true(files_make_private_dir(inside, NULL));
	g_assert_cmpint(mode_of(open_dir), ==, 0755);
	put(file, "x");
	g_assert_false(files_make_private_dir(file, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, file));
	g_assert_false(files_make_private_dir(below, NULL));
	g_assert_false(files_make_private_dir("", NULL));
}

static void
test_atomic_write_replaces(void)
{
	g_autofree char *path = in_folder("atomic");
	g_autoptr(GError) error = NULL;
	mode_t before = umask(0);

	g_assert_true(files_write_atomically(path, "one", 3, &error));
	g_assert_true(files_write_atomically(path, "", 0, &error));
	assert_content(path, "");
	g_assert_true(files_write_atomically(path, "two!", 4, &error));
	umask(before);
	g_assert_no_error(error);
	assert_content(path, "two!");
	g_assert_cmpint(mode_of(path), ==, 0600);
}

static void
test_atomic_write_replaces_a_link_not_its_target(void)
{
	g_autofree char *target = in_folder("target"), *path = in_folder("link");

	put(target, "keep me");
	g_assert_cmpint(symlink(target, path), ==, 0);
	g_assert_true(files_write_atomically(path, "new", 3, NULL));
	assert_content(target, "keep me");
	assert_content(path, "new");
	g_assert_false(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
}

/* A full disk, as the process sees it: no file may grow beyond 4 kB. */
static void
test_atomic_write_on_a_full_disk(void)
{
	g_autofree char *dir = in_folder("full"), *path = in_folder("full/file"), *bytes = g_malloc0(65536);
	g_autoptr(GError) error = NULL;
	struct rlimit old, small;
	gboolean written;

	g_assert_cmpint(mkdir(dir, 0700), ==, 0);
	g_assert_true(files_write_atomically(path, "old", 3, NULL));
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
	small = (struct rlimit){4096, old.rlim_max};
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	written = files_write_atomically(path, bytes, 65536, &error);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
	g_assert_false(written);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, path));
	assert_content(path, "old");
	g_assert_cmpuint(names_in(dir), ==, 1);
}

static void
test_atomic_write_without_a_folder(void)
{
	g_autofree char *path = in_folder("nowhere/file");
	g_autoptr(GError) error = NULL;

	g_assert_false(files_write_atomically(path, "x", 1, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
}

static void
test_commit(void)
{
	g_autofree char *temporary = in_folder("tmp.1"), *final = in_folder("final"),
	                *lost = in_folder("no/final");
	g_autoptr(GError) error = NULL;
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);

	g_assert_cmpint(write(fd, "abc", 3), ==, 3);
	g_assert_false(files_commit(fd, temporary, lost, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_true(g_file_test(temporary, G_FILE_TEST_EXISTS));
	g_assert_true(files_commit(fd, temporary, final, NULL));
	g_assert_cmpint(close(fd), ==, 0);
	assert_content(final, "abc");
	g_assert_false(g_file_test(temporary, G_FILE_TEST_EXISTS));
	g_assert_false(files_commit(-1, final, lost, NULL));
}

static void
test_safe_names(void)
{
	static const struct {
		const char *proposed, *safe;
	} rows[] = {
	        {NULL, "attachment"},
	        {"", "attachment"},
	        {"report.pdf", "report.pdf"},
	        {"Jahresabschluß 2026 (v2).ods", "Jahresabschluß 2026 (v2).ods"},
	        {"会議の議事録.txt", "会議の議事録.txt"},
	        {"../../.ssh/authorized_keys", "authorized_keys"},
	        {"/etc/passwd", "passwd"},
	        {"C:\\Windows\\system32\\evil.dll", "evil.dll"},
	        {"folder/", "folder"},
	        {"folder\\\\//", "folder"},
	        {"..", "attachment"},
	        {"a/..", "attachment"},
	        {"...", "attachment"},
	        {".bashrc", "bashrc"},
	        {"-rf", "rf"},
	        {"--.-. -x", "x"},
	        {" \t .-", "attachment"},
	        {"a\nb\r\nc", "a b c"},
	        {"a\x1b]0;owned\x07.txt", "a]0;owned.txt"},
	        {"tab\there", "tab here"},
	        {"a   b.txt", "a b.txt"},
	        {"trailing. . ", "trailing"},
	        {"x\xc2\x9b"
	         "31m.txt",
	         "x31m.txt"},
	        {"invoice\xe2\x80\xae"
	         "fdp.exe",
	         "invoicefdp.exe"},
	        {"a\xe2\x81\xa6"
	         "b\xe2\x81\xa9.txt",
	         "ab.txt"},
	        {"a\xe2\x80\xa8"
	         "b",
	         "a b"},
	        {"zero\xe2\x80\x8bwidth\xef\xbb\xbf.txt", "zerowidth.txt"},
	        {"tag\xf3\xa0\x80\xa1.txt", "tag.txt"},
	        {"pdf.pdf\xe2\xa0\x80\xe2\xa0\x80\xe2\xa0\x80.exe", "pdf.pdf .exe"},
	        {"..\xe2\x88\x95.."
	         "\xef\xbc\x8f"
	         "etc",
	         "_.._etc"},
	        {"bad\xff\xfe.txt", "bad__.txt"},
	        {"cut\xe6\x97", "cut__"},
	        {"\xe2\x80\xae.\xe2\x80\xae-x", "x"},
	        {"50%s$(reboot)`id`.txt", "50%s$(reboot)`id`.txt"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *safe = files_safe_name(rows[i].proposed), *again = files_safe_name(safe);

		g_assert_cmpstr(safe, ==, rows[i].safe);
		g_assert_cmpstr(again, ==, safe);
	}
}

static void
test_safe_names_are_short(void)
{
	g_autofree char *a = g_strnfill(5000, 'a'), *long_name = g_strconcat(a, ".tar.gz", NULL);
	g_autofree char *long_extension = g_strconcat("x.", a, NULL), *dots = g_strnfill(100000, '.');
	g_autofree char *safe = files_safe_name(long_name), *safe_extension = files_safe_name(long_extension);
	g_autofree char *safe_dots = files_safe_name(dots);
	g_autoptr(GString) wide = g_string_new(NULL);
	g_autofree char *safe_wide = NULL;

	g_assert_cmpuint(strlen(safe), ==, 200);
	g_assert_true(g_str_has_suffix(safe, "aaaa.gz"));
	g_assert_cmpuint(strlen(safe_extension), ==, 200);
	g_assert_cmpstr(safe_dots, ==, "attachment");
	for (int i = 0; i < 1000; i++)
		g_string_append(wide, "議");
	g_string_append(wide, ".pdf");
	safe_wide = files_safe_name(wide->str);
	g_assert_true(g_utf8_validate(safe_wide, -1, NULL));
	g_assert_true(g_str_has_suffix(safe_wide, "議.pdf"));
	g_assert_cmpuint(strlen(safe_wide), ==, 199);
}

/* Whatever octets come: no separator, no leading dot or dash, valid, short, not empty. */
static void
test_safe_names_of_noise(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);

	for (int round = 0; round < 20000; round++) {
		char noise[300];
		int len = g_rand_int_range(rand, 0, sizeof noise);
		g_autofree char *safe = NULL;

		for (int i = 0; i < len; i++)
			noise[i] = (char)g_rand_int_range(rand, 1, 256);
		noise[len] = '\0';
		safe = files_safe_name(noise);
		g_assert_true(g_utf8_validate(safe, -1, NULL));
		g_assert_cmpuint(strlen(safe), <=, 200);
		g_assert_true(*safe && *safe != '.' && *safe != '-' && *safe != ' ');
		g_assert_null(strpbrk(safe, "/\\\n\r\t\x1b\x7f"));
	}
}

static void
test_create_new_never_overwrites(void)
{
	static const char *const expected[] = {"a.txt", "a (2).txt", "a (3).txt"};
	g_autofree char *dir = in_folder("save");

	g_assert_cmpint(mkdir(dir, 0700), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_autofree char *path = NULL, *wanted = g_build_filename(dir, expected[i], NULL);
		mode_t before = umask(0);
		int fd = files_create_new(dir, "a.txt", &path, NULL);

		umask(before);
		g_assert_cmpint(fd, >=, 0);
		g_assert_cmpstr(path, ==, wanted);
		g_assert_cmpint(mode_of(path), ==, 0600);
		g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, !=, 0);
		close(fd);
	}
}

static void
test_create_new_follows_no_link(void)
{
	g_autofree char *target = in_folder("made-by-link"), *link_path = in_folder("l"), *path = NULL;
	int fd;

	g_assert_cmpint(symlink(target, link_path), ==, 0);
	fd = files_create_new(folder, "l", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_false(g_file_test(target, G_FILE_TEST_EXISTS));
	g_assert_true(g_str_has_suffix(path, "/l (2)"));
}

static void
test_create_new_refuses(void)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/etc/x"};
	g_autofree char *nowhere = in_folder("not-here");

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		char *path = (char *)"unset";

		g_assert_cmpint(files_create_new(folder, bad[i], &path, &error), ==, -1);
		g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
		g_assert_null(path);
	}
	g_assert_cmpint(files_create_new(nowhere, "a", &(char *){NULL}, NULL), ==, -1);
}

static void
test_create_new_gives_up_at_999(void)
{
	g_autofree char *dir = in_folder("many");
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(mkdir(dir, 0700), ==, 0);
	for (int i = 1; i <= 1000; i++) {
		g_autofree char *path = NULL;
		int fd = files_create_new(dir, "x", &path, i == 1000 ? &error : NULL);

		g_assert_cmpint(fd >= 0, ==, i <= 999);
		if (fd >= 0)
			close(fd);
	}
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_cmpuint(names_in(dir), ==, 999);
}

static void
test_private_tmp_and_remove_tree(void)
{
	g_autofree char *dir = files_private_tmp(NULL), *sub = g_build_filename(dir, "a/b/c", NULL);
	g_autofree char *file = g_build_filename(dir, "a/b/f", NULL), *kept = in_folder("kept");
	g_autofree char *kept_file = in_folder("kept/file"),
	                *link_path = g_build_filename(dir, "a/link", NULL);

	g_assert_cmpint(mode_of(dir), ==, 0700);
	g_assert_true(files_make_private_dir(sub, NULL));
	g_assert_true(files_make_private_dir(kept, NULL));
	put(file, "x");
	put(kept_file, "x");
	g_assert_cmpint(symlink(kept, link_path), ==, 0);
	files_remove_tree(dir);
	g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
	assert_content(kept_file, "x");
	files_remove_tree(kept_file);
	g_assert_false(g_file_test(kept_file, G_FILE_TEST_EXISTS));
	files_remove_tree(dir);
}

static void
test_xdg(void)
{
	g_autofree char *data = NULL, *relative = NULL, *unset = NULL;
	const char *home = g_get_home_dir();
	g_autofree char *state = g_build_filename(home, ".local/state/fulmar", NULL);
	g_autofree char *cache = g_build_filename(home, ".cache/fulmar", NULL);

	g_setenv("XDG_DATA_HOME", "/srv/data", TRUE);
	g_setenv("XDG_STATE_HOME", "relative/state", TRUE);
	g_unsetenv("XDG_CACHE_HOME");
	data = files_xdg("DATA");
	relative = files_xdg("STATE");
	unset = files_xdg("CACHE");
	g_assert_cmpstr(data, ==, "/srv/data/fulmar");
	g_assert_cmpstr(relative, ==, state);
	g_assert_cmpstr(unset, ==, cache);
}

static void
test_expand_home(void)
{
	g_autofree char *home = files_expand_home("~"), *below = files_expand_home("~/Mail");
	g_autofree char *other = files_expand_home("~ann/x"), *plain = files_expand_home("a/~/b");
	g_autofree char *expected = g_strconcat(g_get_home_dir(), "/Mail", NULL);

	g_assert_cmpstr(home, ==, g_get_home_dir());
	g_assert_cmpstr(below, ==, expected);
	g_assert_cmpstr(other, ==, "~ann/x");
	g_assert_cmpstr(plain, ==, "a/~/b");
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = files_private_tmp(&error);
	g_assert_no_error(error);
	g_test_add_func("/files/private-dir-under-any-umask", test_private_dir_under_any_umask);
	g_test_add_func("/files/private-dir-leaves-what-is-there", test_private_dir_leaves_what_is_there);
	g_test_add_func("/files/atomic-write-replaces", test_atomic_write_replaces);
	g_test_add_func("/files/atomic-write-replaces-a-link",
	                test_atomic_write_replaces_a_link_not_its_target);
	g_test_add_func("/files/atomic-write-on-a-full-disk", test_atomic_write_on_a_full_disk);
	g_test_add_func("/files/atomic-write-without-a-folder", test_atomic_write_without_a_folder);
	g_test_add_func("/files/commit", test_commit);
	g_test_add_func("/files/safe-names", test_safe_names);
	g_test_add_func("/files/safe-names-are-short", test_safe_names_are_short);
	g_test_add_func("/files/safe-names-of-noise", test_safe_names_of_noise);
	g_test_add_func("/files/create-new-never-overwrites", test_create_new_never_overwrites);
	g_test_add_func("/files/create-new-follows-no-link", test_create_new_follows_no_link);
	g_test_add_func("/files/create-new-refuses", test_create_new_refuses);
	g_test_add_func("/files/create-new-gives-up-at-999", test_create_new_gives_up_at_999);
	g_test_add_func("/files/private-tmp-and-remove-tree", test_private_tmp_and_remove_tree);
	g_test_add_func("/files/xdg", test_xdg);
	g_test_add_func("/files/expand-home", test_expand_home);
	status = g_test_run();
	files_remove_tree(folder);
	g_free(folder);
	return status;
}
