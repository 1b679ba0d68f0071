/* Any octets as an mbox in each dialect: it is read to its end, in messages whose lines end in CRLF and which
 * lie one behind the other; and as a message, which is written and comes back as it was. */
#include "mime/mbox.h"
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mime/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mbox *
open_octets(const void *data, gsize size, enum mbox_dialect dialect)
{
	int fd = memfd_create("mbox", MFD_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, data, size), ==, (gssize)size);
	g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
	return mbox_new(fd, "mbox", dialect);
}

static void
check_message(const struct mbox_message *message)
{
	gsize len;
	const char *text = g_bytes_get_data(message->bytes, &len);

	for (gsize i = 0; i < len; i++)
		g_assert_true(text[i] != '\n' || (i && text[i - 1] == '\r'));
	g_assert_nonnull(message->sender);
	g_assert_nonnull(message->state.keywords);
}

static void
read_all(const void *data, gsize size, enum mbox_dialect dialect)
{
	struct mbox *mbox = open_octets(data, size, dialect);
	struct mbox_message message;
	guint64 last = 0;
	int result;
	g_autoptr(GError) error = NULL;

	for (guint n = 0; (result = mbox_next(mbox, &message, &error)) > 0; n++) {
		check_message(&message);
		g_assert_true(!n || message.offset > last);
		last = message.offset;
		g_assert_cmpuint(mbox_offset(mbox), <=, size);
		mbox_message_clear(&message);
	}
	g_assert_true((result < 0) == (error != NULL));
	mbox_free(mbox);
}

static gboolean
put(const char *octets, gsize len, void *user)
{
	g_string_append_len(user, octets, (gssize)len);
	return TRUE;
}

/* What comes back of what was written, but for line ends at its end. */
static GBytes *
written(GBytes *bytes)
{
	struct mbox_message message = {bytes, (char *)"a", 1, {.seen = TRUE}, 0}, read, none;
	g_autoptr(GString) file = g_string_new(NULL);
	struct mbox *mbox;
	GBytes *back;

	g_assert_true(mbox_write(&message, put, file));
	mbox = open_octets(file->str, file->len, MBOX_AUTO);
	g_assert_cmpint(mbox_next(mbox, &read, NULL), ==, 1);
	g_assert_true(read.state.seen && !read.state.answered);
	back = g_bytes_ref(read.bytes);
	mbox_message_clear(&read);
	g_assert_cmpint(mbox_next(mbox, &none, NULL), ==, 0);
	mbox_free(mbox);
	return back;
}

static gsize
trimmed(GBytes *bytes)
{
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len);

	while (len && strchr("\r\n", text[len - 1]))
		len--;
	return len;
}

/* What was written once loses nothing when it is written again: the fields of programs are gone by then. */
static void
check_round_trip(const void *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size), first = written(bytes), again = written(first);

	g_assert_cmpmem(g_bytes_get_data(first, NULL), trimmed(first), g_bytes_get_data(again, NULL),
	                trimmed(again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (guint dialect = 0; dialect < MBOX_DIALECTS; dialect++)
		read_all(data, size, (enum mbox_dialect)dialect);
	check_round_trip(data, size);
	return 0;
}
