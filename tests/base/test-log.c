#include "base/log.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

static char *folder, *path;

/* The log so far, without the time stamps (which are checked for their shape). */
static char *
read_log(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GString *out = g_string_new(NULL);

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l && **l; l++) {
		g_assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ",
		                                   *l, 0, 0));
		g_string_append_printf(out, "%s\n", *l + 25);
	}
	return g_string_free(out, FALSE);
}

static void
start(const char *traces)
{
	g_autoptr(GError) error = NULL;

	unlink(path);
	g_assert_true(log_open(path, traces, &error));
	g_assert_no_error(error);
}

static void
assert_log(const char *expected)
{
	g_autofree char *text = read_log();

	g_assert_cmpstr(text, ==, expected);
}

static void
test_nothing_before_open(void)
{
	log_close();
	g_assert_false(log_traced(LOG_IMAP));
	log_note(LOG_IMAP, "lost");
	log_trace(LOG_IMAP, "lost");
	log_wire(LOG_IMAP, "peer", '<', "lost\r\n", 6);
	start(NULL);
	assert_log("");
}

static void
test_traces_by_area(void)
{
	start("imap, store");
	g_assert_true(log_traced(LOG_IMAP));
	g_assert_true(log_traced(LOG_STORE));
	g_assert_false(log_traced(LOG_UI));
	log_note(LOG_UI, "noted %d", 1);
	log_trace(LOG_UI, "not traced");
	log_trace(LOG_STORE, "traced %s", "two");
	log_close();
	g_assert_false(log_traced(LOG_IMAP));
	log_note(LOG_UI, "closed");
	assert_log("ui: noted 1\nstore: traced two\n");
}

static void
test_unknown_area(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(log_open(path, "imap,smpt", &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_USAGE);
	g_assert_nonnull(strstr(error->message, "smpt"));
	g_assert_nonnull(strstr(error->message, "imap, pop3, smtp, sync, store, ui"));
}

static void
test_file_that_cannot_be_opened(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(log_open(folder, NULL, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, folder));
}

static void
test_appends_and_is_private(void)
{
	struct stat st;
	mode_t before = umask(0);

	start(NULL);
	umask(before);
	log_note(LOG_SYNC, "one");
	log_close();
	g_assert_true(log_open(path, NULL, NULL));
	log_note(LOG_SYNC, "two");
	assert_log("sync: one\nsync: two\n");
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void
test_one_call_is_one_line(void)
{
	start(NULL);
	log_note(LOG_SMTP, "a\nb\x1b[31m\xc2\x9b\xe2\x80\xae\xff\\x ü議");
	assert_log("smtp: a\\x0ab\\x1b[31m\\xc2\\x9b\\xe2\\x80\\xae\\xff\\\\x ü議\n");
}

static void
test_wire_lines(void)
{
	start("imap");
	log_wire(LOG_POP3, "host", '<', "x", 1);
	log_wire(LOG_IMAP, "host:993", '<', "* OK \0\x07\r\n* bare\nlast", 20);
	log_wire(LOG_IMAP, "host:993", '>', "\r\n", 2);
	log_wire(LOG_IMAP, "host:993", '>', "", 0);
	assert_log("imap: host:993 < * OK \\x00\\x07\nimap: host:993 < * bare\nimap: host:993 < last\n"
	           "imap: host:993 > \n");
}

static void
test_long_lines_are_cut(void)
{
	g_autofree char *bytes = g_strnfill(1000000, 'a'), *shown = g_strnfill(2000, 'a');
	g_autofree char *expected = g_strconcat("imap: h < ", shown, "... (1000000 octets)\n", NULL);

	start("imap");
	log_wire(LOG_IMAP, "h", '<', bytes, 1000000);
	assert_log(expected);
}

/* How large a file may become: stands for a disk that fills up and is cleared again. */
static void
limit_files(rlim_t octets)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
	limit.rlim_cur = octets == RLIM_INFINITY ? limit.rlim_max : octets;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void
test_full_disk_is_told_afterwards(void)
{
	g_autofree char *text = NULL;

	start(NULL);
	log_note(LOG_UI, "one");
	signal(SIGXFSZ, SIG_IGN);
	limit_files(70);
	log_note(LOG_UI, "this line is torn");
	log_note(LOG_UI, "this line is lost");
	limit_files(RLIM_INFINITY);
	log_note(LOG_UI, "back");
	log_note(LOG_UI, "as ever");
	text = read_log();
	g_assert_true(g_str_has_suffix(
	        text, "\nui: 2 lines before this one could not be written\nui: back\nui: as ever\n"));
	g_assert_null(strstr(text, "torn"));
}

/* /dev/full refuses every write: nothing but the lines may suffer. */
static void
test_device_that_takes_nothing(void)
{
	if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
		g_test_skip("there is no /dev/full");
		return;
	}
	g_assert_true(log_open("/dev/full", "ui", NULL));
	log_note(LOG_UI, "one");
	log_wire(LOG_UI, "h", '>', "two\r\n", 5);
	g_assert_true(log_traced(LOG_UI));
	log_close();
}

static gpointer
write_many(gpointer data)
{
	for (int i = 0; i < 500; i++)
		log_note(LOG_STORE, "%s", (const char *)data);
	return NULL;
}

static void
test_threads_do_not_mix_lines(void)
{
	g_autofree char *a = g_strnfill(500, 'a'), *b = g_strnfill(500, 'b'), *text = NULL;
	g_auto(GStrv) lines = NULL;
	GThread *threads[2];

	start(NULL);
	threads[0] = g_thread_new("a", write_many, a);
	threads[1] = g_thread_new("b", write_many, b);
	g_thread_join(threads[0]);
	g_thread_join(threads[1]);
	text = read_log();
	lines = g_strsplit(text, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 1001);
	for (int i = 0; i < 1000; i++)
		g_assert_cmpstr(lines[i] + 7, ==, lines[i][7] == 'a' ? a : b);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	folder = files_private_tmp(NULL);
	path = g_build_filename(folder, "log", NULL);
	g_test_add_func("/log/nothing-before-open", test_nothing_before_open);
	g_test_add_func("/log/traces-by-area", test_traces_by_area);
	g_test_add_func("/log/unknown-area", test_unknown_area);
	g_test_add_func("/log/file-that-cannot-be-opened", test_file_that_cannot_be_opened);
	g_test_add_func("/log/appends-and-is-private", test_appends_and_is_private);
	g_test_add_func("/log/one-call-is-one-line", test_one_call_is_one_line);
	g_test_add_func("/log/wire-lines", test_wire_lines);
	g_test_add_func("/log/long-lines-are-cut", test_long_lines_are_cut);
	g_test_add_func("/log/full-disk-is-told-afterwards", test_full_disk_is_told_afterwards);
	g_test_add_func("/log/device-that-takes-nothing", test_device_that_takes_nothing);
	g_test_add_func("/log/threads-do-not-mix-lines", test_threads_do_not_mix_lines);
	status = g_test_run();
	log_close();
	files_remove_tree(folder);
	g_free(folder);
	g_free(path);
	return status;
}
