#include "mime/mbox.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include <glib/gstdio.h>

#include "base/error.h"

#define POSTMARK "From ann@example.org Fri Nov 20 10:05:00 2026\n"
#define NOON "From bob Sat Nov  7 12:00:01 CET 2026\n"

/* A file, and its messages: octets with "\n" for CRLF, each ended by "$". */
static const struct sample {
	const char *name;
	enum mbox_dialect dialect;
	const char *file, *messages;
} samples[] = {
        {"empty", MBOX_AUTO, "", ""},
        {"blank-lines-alone", MBOX_AUTO, "\n\r\n\n", ""},
        {"one", MBOX_AUTO, POSTMARK "A: b\n\nx\n\n", "A: b\n\nx\n$"},
        {"no-blank-line-at-the-end", MBOX_AUTO, POSTMARK "A: b\n\nx\n", "A: b\n\nx\n$"},
        {"no-line-end-at-the-end", MBOX_AUTO, POSTMARK "A: b\n\nx", "A: b\n\nx$"},
        {"no-body", MBOX_AUTO, POSTMARK "A: b\n\n" NOON "C: d\n", "A: b\n\n$C: d\n$"},
        {"crlf", MBOX_AUTO, "From a Fri Nov 20 10:05:00 2026\r\nA: b\r\n\r\nx\r\n\r\n" NOON "C: d\n\ny\n",
         "A: b\n\nx\n$C: d\n\ny\n$"},
        {"rd", MBOX_AUTO, POSTMARK "A: b\n\n>From x\n>>From y\n> From z\n\n" NOON "C: d\n\n\n\n",
         "A: b\n\nFrom x\n>From y\n> From z\n$C: d\n\n\n$"},
        {"o", MBOX_O, POSTMARK "A: b\nContent-Length: 1\n\n>From x\n>>From y\n\n",
         "A: b\n\nFrom x\n>>From y\n$"},
        {"from-that-is-no-postmark", MBOX_AUTO,
         POSTMARK "A: b\n\nx\n\nFrom here on it rains\n\n" NOON "C: d\n\n",
         "A: b\n\nx\n\nFrom here on it rains\n$C: d\n\n$"},
        {"postmark-without-a-blank-line-before", MBOX_AUTO, POSTMARK "A: b\n\nx\n" NOON "y\n",
         "A: b\n\nx\n" NOON "y\n$"},
        {"cl", MBOX_AUTO, POSTMARK "A: b\nContent-Length: 8\n\n>From x\n\n" NOON "C: d\n\n",
         "A: b\n\nFrom x\n$C: d\n\n$"},
        {"cl2", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length: 60\n\n\n" NOON ">From x\n123456789012\n\n" NOON "C: d\n\n",
         "A: b\n\n\n" NOON ">From x\n123456789012\n$C: d\n\n$"},
        {"cl-that-lies", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length: 9\n\n>From x\nmore\n\n" NOON "C: d\nContent-Length: 999\n\ny\n",
         "A: b\n\nFrom x\nmore\n$C: d\n\ny\n$"},
        {"rd-passes-over-lengths", MBOX_RD, POSTMARK "A: b\nContent-Length: 8\n\n>>From x\n\n",
         "A: b\n\n>From x\n$"},
        {"state-of-programs", MBOX_AUTO,
         POSTMARK
         "Status: RO\nA: b\nX-Status: AF\n\tgone\nX-UID: 5\nX-Keywords: work later \n c\nD: e\n\nx\n",
         "A: b\nD: e\n\nx\n$"},
        {"length-into-a-line", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length: 3\n\nab " POSTMARK "\nx\n\n" NOON "C: d\n\n",
         "A: b\n\nab " POSTMARK "\nx\n$C: d\n\n$"},
        {"length-before-a-line-that-is-no-postmark", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length: 2\n\nx\n\nFrom here on\n\n" NOON "C: d\n\n",
         "A: b\n\nx\n\nFrom here on\n$C: d\n\n$"},
        {"length-in-a-cl-file", MBOX_CL,
         POSTMARK "A: b\nContent-Length: 8\n\n>From x\nFrom y\nC: d\nContent-Length: 99999999999\n\n\n",
         "A: b\n\nFrom x\n$C: d\n\n$"},
        {"length-beyond-all-limits", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length: 134217728\n\nx\n\n" NOON "Content-Length: -1\nC: d\n\n",
         "A: b\n\nx\n$C: d\n\n$"},
        {"length-with-blanks", MBOX_AUTO,
         POSTMARK "A: b\nContent-Length:          00000008 \n\n>From x\n\n" NOON "C: d\n\n",
         "A: b\n\nFrom x\n$C: d\n\n$"},
        {"once-unquoted-never-quoted", MBOX_AUTO,
         POSTMARK "Content-Length: 7\nA: b\n\nFrom x\n\n" NOON "Content-Length: 8\nC: d\n\n>From y\n\n",
         "A: b\n\nFrom x\n$C: d\n\n>From y\n$"},
        {"quoted-in-the-header", MBOX_AUTO, POSTMARK ">From x\nA: b\n\ny\n", "From x\nA: b\n\ny\n$"},
        {"thunderbird", MBOX_AUTO,
         "From - Thu Jan 01 00:00:01 1970\nX-Mozilla-Status: 0001\nX-Mozilla-Status2: 00800000\n"
         "X-Mozilla-Keys: $label1   \nA: b\n\nx\n",
         "A: b\n\nx\n$"},
        {"zone-before-the-year", MBOX_AUTO,
         POSTMARK "A: b\n\nx\n\nFrom 17@xxx Sat Nov 07 12:00:01 +0000 2026\nC: d\n\n",
         "A: b\n\nx\n$C: d\n\n$"},
        {"lone-cr", MBOX_AUTO, "\r\n\n" POSTMARK "A: b\n\nx\n", "A: b\n\nx\n$"},
        {"internal-data-not-in-front", MBOX_AUTO,
         NOON "C: d\n\ny\n\n" NOON "X-IMAP: 1 2\nSubject: FOLDER INTERNAL DATA\n\ntext\n",
         "C: d\n\ny\n$Subject: FOLDER INTERNAL DATA\n\ntext\n$"},
        {"internal-data", MBOX_AUTO,
         "From MAILER-DAEMON Fri Nov 20 10:05:00 2026\nFrom: Mail System Internal Data <x@y>\n"
         "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 12 34\nStatus: "
         "RO\n\ntext\n\n" NOON "C: d\n\ny\n",
         "C: d\n\ny\n$"},
};

static struct mbox *
open_text(const char *text, gsize len, enum mbox_dialect dialect)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "fulmar-mbox-XXXXXX", NULL);
	int fd = g_mkstemp(path);

	g_assert_cmpint(write(fd, text, len), ==, (gssize)len);
	g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
	g_unlink(path);
	return mbox_new(fd, "box", dialect);
}

static void
add(GString *out, const struct mbox_message *message)
{
	gsize len;
	const char *bytes = g_bytes_get_data(message->bytes, &len);

	for (gsize i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			g_assert_true(i && bytes[i - 1] == '\r');
		if (bytes[i] != '\r')
			g_string_append_c(out, bytes[i]);
	}
	g_string_append_c(out, '$');
}

static void
test_sample(gconstpointer data)
{
	const struct sample *sample = data;
	struct mbox *mbox = open_text(sample->file, strlen(sample->file), sample->dialect);
	g_autoptr(GString) got = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	struct mbox_message message;
	int result;

	while ((result = mbox_next(mbox, &message, &error)) > 0) {
		add(got, &message);
		mbox_message_clear(&message);
	}
	g_assert_no_error(error);
	g_assert_cmpint(result, ==, 0);
	g_assert_cmpstr(got->str, ==, sample->messages);
	mbox_free(mbox);
}

static struct mbox_message
only_message(const char *file)
{
	struct mbox *mbox = open_text(file, strlen(file), MBOX_AUTO);
	struct mbox_message message;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(mbox_next(mbox, &message, &error), ==, 1);
	g_assert_no_error(error);
	mbox_free(mbox);
	return message;
}

static void
test_what_a_message_is_known_by(void)
{
	struct mbox_message m =
	        only_message(POSTMARK "Status: RO\nX-Status: AFT\nX-Keywords: work later\n\nx\n");

	g_assert_cmpstr(m.sender, ==, "ann@example.org");
	g_assert_cmpint(m.received, ==, 1795169100);
	g_assert_true(m.state.seen && m.state.answered && m.state.flagged && m.state.draft &&
	              !m.state.deleted);
	g_assert_cmpstr(m.state.keywords, ==, "work later");
	mbox_message_clear(&m);
	m = only_message(NOON "\nx\n");
	g_assert_cmpstr(m.sender, ==, "bob");
	g_assert_cmpint(m.received, ==, 1794052801);
	g_assert_false(m.state.seen || m.state.answered || m.state.flagged || m.state.draft ||
	               m.state.deleted);
	mbox_message_clear(&m);
	m = only_message("From nobody\nA: b\n\nx\n");
	g_assert_cmpstr(m.sender, ==, "nobody");
	g_assert_cmpint(m.received, ==, 0);
	mbox_message_clear(&m);
}

static void
test_no_mbox(void)
{
	static const char text[] = POSTMARK "A: b\nContent-Length: 2\n\nx\n\n";
	static const char other[] = "\nReturn-Path: x\n\nFrom a\n";
	struct mbox *mbox = open_text(other, strlen(other), MBOX_AUTO);
	struct mbox_message message;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(mbox_next(mbox, &message, &error), ==, -1);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, "octet 1"));
	mbox_free(mbox);
	message = only_message(text);
	mbox_message_clear(&message);
}

/* A pipe gives what it likes at a time; messages are longer than what is read at once. */
static gpointer
feed(gpointer data)
{
	int fd = GPOINTER_TO_INT(data);

	for (int i = 0; i < 3; i++) {
		g_autofree char *line = g_strnfill(999, 'x');

		g_assert_cmpint(write(fd, POSTMARK "A: b\n\n", strlen(POSTMARK) + 6), >, 0);
		line[998] = '\n';
		for (int k = 0; k < 1000; k++)
			g_assert_cmpint(write(fd, line, 999), ==, 999);
		g_assert_cmpint(write(fd, "\n", 1), ==, 1);
	}
	close(fd);
	return NULL;
}

static void
test_long_messages_from_a_pipe(void)
{
	int ends[2];
	struct mbox *mbox;
	struct mbox_message message;
	GThread *thread;

	g_assert_cmpint(pipe(ends), ==, 0);
	thread = g_thread_new("feed", feed, GINT_TO_POINTER(ends[1]));
	mbox = mbox_new(ends[0], "pipe", MBOX_AUTO);
	for (int i = 0; i < 3; i++) {
		g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 1);
		g_assert_cmpuint(g_bytes_get_size(message.bytes), ==, 8 + 1000 * 1000);
		mbox_message_clear(&message);
	}
	g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 0);
	mbox_free(mbox);
	g_thread_join(thread);
}

static gboolean
put(const char *octets, gsize len, void *user)
{
	g_string_append_len(user, octets, (gssize)len);
	return TRUE;
}

static void
write_one(GString *file, const char *text, const char *sender, gint64 received,
          const struct mbox_state *state)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	struct mbox_message message = {bytes, (char *)sender, received, *state, 0};

	g_assert_true(mbox_write(&message, put, file));
}

static void
test_written_and_read(void)
{
	static const char *const texts[] = {
	        "A: b\r\n\r\nFrom x\r\n>From y\r\n>>From z\r\n\r\n",
	        "A: b\r\n\r\n",
	        "A: b\r\n\r\n\r\n\r\n",
	        "A: b\r\n\r\nFrom",
	        ">From x: y\r\n\r\nz\r\n",
	        "\r\nno header\r\n",
	        "Status: RO\r\nA: b\r\nContent-Length: 3\r\n\t4\r\n\r\nStatus: R\r\n"};
	static const char *const read[] = {[6] = "A: b\r\n\r\nStatus: R\r\n", [3] = "A: b\r\n\r\nFrom\r\n"};
	g_autoptr(GString) file = g_string_new(NULL);
	struct mbox *mbox;
	struct mbox_message message;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		write_one(
		        file, texts[i], i ? "" : "ann example@x\n", 1795169100 + i,
		        &(struct mbox_state){.seen = i == 1, .forwarded = i == 1, .keywords = (char *)"a b"});
	g_assert_null(strchr(file->str, '\r'));
	mbox = open_text(file->str, file->len, MBOX_AUTO);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *text = i < G_N_ELEMENTS(read) && read[i] ? read[i] : texts[i];

		g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 1);
		g_assert_cmpmem(g_bytes_get_data(message.bytes, NULL), g_bytes_get_size(message.bytes), text,
		                strlen(text));
		g_assert_cmpstr(message.sender, ==, i ? "MAILER-DAEMON" : "ann-example@x-");
		g_assert_cmpint(message.received, ==, 1795169100 + i);
		g_assert_cmpint(message.state.seen, ==, i == 1);
		g_assert_cmpstr(message.state.keywords, ==, i == 1 ? "a b $Forwarded" : "a b");
		mbox_message_clear(&message);
	}
	g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 0);
	mbox_free(mbox);
}

static void
test_what_is_mixed_stays(void)
{
	g_autoptr(GString) file = g_string_new(NULL);

	write_one(file, "A: b\n\nx\r\n", "", -5, &(struct mbox_state){0});
	g_assert_cmpstr(file->str, ==,
	                "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nA: b\nStatus: O\n\nx\r\n\n");
}

static void
test_what_thunderbird_keeps(void)
{
	struct mbox_message m = only_message("From - Sat Nov 07 13:00:01 2026 +0100\nX-Mozilla-Status: 1006\n"
	                                     "X-Mozilla-Keys: $label1 \nX-Keywords: b\n\nx\n");

	g_assert_cmpint(m.received, ==, 1794052801);
	g_assert_true(m.state.answered && m.state.flagged && m.state.forwarded && !m.state.seen &&
	              !m.state.deleted);
	g_assert_cmpstr(m.state.keywords, ==, "$label1 b");
	mbox_message_clear(&m);
}

/* Zeros that take no room on the disk, then more. */
static struct mbox *
open_long(const char *front, const char *back)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "fulmar-mbox-XXXXXX", NULL);
	int fd = g_mkstemp(path);

	g_unlink(path);
	g_assert_cmpint(write(fd, front, strlen(front)), ==, (gssize)strlen(front));
	g_assert_cmpint(lseek(fd, MBOX_MESSAGE_MOST + 1000000, SEEK_END), >, 0);
	g_assert_cmpint(write(fd, back, strlen(back)), ==, (gssize)strlen(back));
	g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
	return mbox_new(fd, "long", MBOX_AUTO);
}

static void
test_too_long(gconstpointer front)
{
	static const char back[] = "\n" NOON "\nFrom x\n\nFrom y\n\n" POSTMARK "A: b\n\nx\n\n";
	struct mbox *mbox = open_long(front, back);
	struct mbox_message message;

	g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 1);
	g_assert_null(message.bytes);
	mbox_message_clear(&message);
	g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 1);
	g_assert_cmpstr(message.sender, ==, "ann@example.org");
	g_assert_cmpuint(g_bytes_get_size(message.bytes), ==, 11);
	mbox_message_clear(&message);
	g_assert_cmpint(mbox_next(mbox, &message, NULL), ==, 0);
	mbox_free(mbox);
}

static void
test_what_is_no_mbox_as_a_whole(void)
{
	static const char text[] = "A: b\n\nx\r\ny";
	struct mbox *mbox = open_text(text, strlen(text), MBOX_AUTO);
	g_autoptr(GBytes) bytes = NULL, none = NULL;

	g_assert_false(mbox_is_one(mbox, NULL, NULL));
	g_assert_true(mbox_rest(mbox, &bytes, NULL));
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "A: b\r\n\r\nx\r\ny", 12);
	g_assert_cmpuint(mbox_offset(mbox), ==, strlen(text));
	mbox_free(mbox);
	mbox = open_long("A", "b");
	g_assert_true(mbox_rest(mbox, &none, NULL));
	g_assert_null(none);
	mbox_free(mbox);
}

/* ---- beside other programs ---- */

enum { PIECE = 1 << 20 /* more than is read at a time */ };

static char *
big_message(const char *subject)
{
	g_autofree char *body = g_strnfill(PIECE, 'x');

	for (gsize i = 70; i < PIECE; i += 71)
		body[i] = '\n';
	return g_strdup_printf(POSTMARK "Subject: %s\n\n%s\n\n", subject, body);
}

static char *
subject_of(const struct mbox_message *message)
{
	return g_strndup((const char *)g_bytes_get_data(message->bytes, NULL) + strlen("Subject: "), 1);
}

static void
count_up(void *user)
{
	++*(guint *)user;
}

/* Reads the first of two, changes the file, and reads the rest: "SUBJECT …", or what is wrong. */
static char *
read_while(void (*change)(const char *path))
{
	g_autofree char *dir = g_dir_make_tmp("fulmar-mbox-XXXXXX", NULL),
	                *path = g_build_filename(dir, "in", NULL);
	g_autofree char *a = big_message("a"), *b = big_message("b"), *both = g_strconcat(a, b, NULL);
	g_autoptr(GString) said = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	struct mbox_message message;
	struct mbox *mbox;
	int result;

	g_assert_true(g_file_set_contents(path, both, -1, NULL));
	mbox = mbox_new(open(path, O_RDONLY), "in", MBOX_AUTO);
	mbox_share(mbox, path, 0, NULL, NULL);
	while ((result = mbox_next(mbox, &message, &error)) > 0) {
		g_autofree char *subject = subject_of(&message);

		g_string_append_printf(said, "%s ", subject);
		mbox_message_clear(&message);
		if (!strcmp(said->str, "a "))
			change(path);
	}
	g_string_append(said, result < 0 ? error->message : mbox_was_changed(mbox) ? "changed" : "");
	mbox_free(mbox);
	g_assert_cmpint(g_remove(path), ==, 0);
	g_assert_cmpint(g_rmdir(dir), ==, 0); /* no lock is left */
	return g_string_free(g_steal_pointer(&said), FALSE);
}

static void
append_one(const char *path)
{
	FILE *file = fopen(path, "a");

	g_assert_cmpint(fputs(POSTMARK "Subject: c\n\nx\n\n", file), >=, 0);
	g_assert_cmpint(fclose(file), ==, 0);
}

/* As a mail program that deletes the first message and keeps the rest, in the same file. */
static void
drop_first(const char *path)
{
	g_autofree char *b = big_message("b");
	int fd = open(path, O_WRONLY | O_TRUNC);

	g_assert_cmpint(write(fd, b, strlen(b)), ==, (gssize)strlen(b));
	close(fd);
}

static void
replace(const char *path)
{
	g_assert_true(g_file_set_contents(path, POSTMARK "Subject: z\n\n", -1, NULL));
}

static void
test_a_file_that_others_change(void)
{
	g_autofree char *appended = read_while(append_one), *rewritten = read_while(drop_first),
	                *replaced = read_while(replace);

	g_assert_cmpstr(appended, ==, "a b c ");
	g_assert_cmpstr(rewritten, ==,
	                "a in: another program has written it anew while it was read; read it again");
	g_assert_cmpstr(replaced, ==, "a b changed");
}

static void
test_a_file_that_others_lock(void)
{
	g_autofree char *dir = g_dir_make_tmp("fulmar-mbox-XXXXXX", NULL),
	                *path = g_build_filename(dir, "in", NULL),
	                *dotlock = g_strconcat(path, ".lock", NULL);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const struct utimbuf long_ago = {1, 1};
	struct mbox_message message;
	int other;

	g_assert_true(g_file_set_contents(path, POSTMARK "Subject: a\n\n", -1, NULL));
	other = open(path, O_RDWR);
	for (guint way = 0; way < 4; way++) {
		struct mbox *mbox = mbox_new(open(path, O_RDONLY), "in", MBOX_AUTO);
		g_autoptr(GError) error = NULL;
		guint waited = 0;
		int result;

		/* another writes; another has it by the dotlock; one that was left behind; none */
		lock.l_type = way == 0 ? F_WRLCK : F_UNLCK;
		g_assert_cmpint(fcntl(other, F_OFD_SETLK, &lock), ==, 0);
		if (way == 1)
			g_assert_true(g_file_set_contents(dotlock, "", 0, NULL));
		if (way == 2)
			g_assert_cmpint(g_utime(dotlock, (struct utimbuf *)&long_ago), ==, 0);
		if (way == 3)
			g_assert_cmpint(g_remove(dotlock), ==, 0);
		mbox_share(mbox, path, way < 2 ? 30 : 0, count_up, &waited);
		result = mbox_next(mbox, &message, &error);
		g_assert_cmpint(result, ==, way < 2 ? -1 : 1);
		g_assert_cmpuint(waited, ==, way < 2);
		if (way < 2)
			g_assert_nonnull(strstr(error->message, way ? "in.lock" : "has locked it;"));
		mbox_message_clear(&message);
		g_assert_cmpint(g_file_test(dotlock, G_FILE_TEST_EXISTS), ==, way == 1 || way == 2);
		mbox_free(mbox);
	}
	close(other);
	g_assert_cmpint(g_remove(path), ==, 0);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *path = g_strdup_printf("/mbox/%s", samples[i].name);

		g_test_add_data_func(path, &samples[i], test_sample);
	}
	g_test_add_func("/mbox/what-a-message-is-known-by", test_what_a_message_is_known_by);
	g_test_add_func("/mbox/no-mbox", test_no_mbox);
	g_test_add_func("/mbox/long-messages-from-a-pipe", test_long_messages_from_a_pipe);
	g_test_add_func("/mbox/written-and-read", test_written_and_read);
	g_test_add_func("/mbox/what-is-mixed-stays", test_what_is_mixed_stays);
	g_test_add_func("/mbox/what-thunderbird-keeps", test_what_thunderbird_keeps);
	g_test_add_data_func("/mbox/too-long/from-line", "From ", test_too_long);
	g_test_add_data_func("/mbox/too-long/header", NOON "A", test_too_long);
	g_test_add_data_func("/mbox/too-long/body", NOON "\nx\n\nFrom a\n\n", test_too_long);
	g_test_add_func("/mbox/a-file-that-others-change", test_a_file_that_others_change);
	g_test_add_func("/mbox/a-file-that-others-lock", test_a_file_that_others_lock);
	g_test_add_func("/mbox/what-is-no-mbox-as-a-whole", test_what_is_no_mbox_as_a_whole);
	return g_test_run();
}
