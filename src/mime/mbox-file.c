#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/mbox-private.h"
#include "mime/postmark.h"

/* The octets of an mbox: as many at a time as the message under way needs, and no more than one may have. */

enum { CHUNK = 64 * 1024 };

struct mbox *
mbox_new(int fd, const char *name, enum mbox_dialect dialect)
{
	struct mbox *mbox = g_new0(struct mbox, 1);

	mbox->fd = fd;
	mbox->name = g_strdup(name);
	mbox->dialect = dialect;
	mbox->buffer = g_byte_array_sized_new(CHUNK);
	return mbox;
}

void
mbox_free(struct mbox *mbox)
{
	if (!mbox)
		return;
	close(mbox->fd);
	mbox_sharing_free(mbox->sharing);
	g_byte_array_unref(mbox->buffer);
	g_free(mbox->name);
	g_free(mbox);
}

guint64
mbox_offset(const struct mbox *mbox)
{
	return mbox->offset;
}

const char *
mbox_octets(const struct mbox *mbox)
{
	return (const char *)mbox->buffer->data + mbox->start;
}

gsize
mbox_available(const struct mbox *mbox)
{
	return mbox->buffer->len - mbox->start;
}

/* FALSE without error: the message is too long. */
gboolean
mbox_read_more(struct mbox *mbox, GError **error)
{
	GByteArray *buffer = mbox->buffer;
	gsize len = mbox_available(mbox);
	gssize n;
	int failed;

	if (len > MBOX_MESSAGE_MOST) {
		mbox->too_long = TRUE;
		return FALSE;
	}
	if (!mbox_lock(mbox, error))
		return FALSE;
	/* Not more than was consumed is moved: what is read ahead in vain costs no more than reading it. */
	if (mbox->start >= len) {
		memmove(buffer->data, mbox_octets(mbox), len);
		mbox->start = 0;
	}
	len += mbox->start;
	g_byte_array_set_size(buffer, (guint)len + CHUNK);
	do
		n = read(mbox->fd, buffer->data + len, CHUNK);
	while (n < 0 && errno == EINTR);
	failed = errno;
	mbox_unlock(mbox);
	g_byte_array_set_size(buffer, (guint)len + (guint)MAX(n, 0));
	mbox->ended = n == 0;
	if (n >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be read: %s"), mbox->name, g_strerror(failed));
	return FALSE;
}

gboolean
mbox_need(struct mbox *mbox, gsize at, gsize n, GError **error)
{
	while (!mbox->ended && mbox_available(mbox) < at + n)
		if (!mbox_read_more(mbox, error))
			return FALSE;
	return TRUE;
}

gboolean
mbox_need_line(struct mbox *mbox, gsize at, gsize *next, GError **error)
{
	gsize searched = at;

	for (;;) {
		gsize len = mbox_available(mbox);
		const char *p = mbox_octets(mbox),
		           *lf = len > searched ? memchr(p + searched, '\n', len - searched) : NULL;

		if (lf || mbox->ended) {
			*next = lf ? (gsize)(lf - p) + 1 : len;
			return TRUE;
		}
		searched = len;
		if (!mbox_read_more(mbox, error))
			return FALSE;
	}
}

void
mbox_consume(struct mbox *mbox, gsize n)
{
	mbox->offset += n;
	mbox->start += n;
}

gboolean
mbox_is_blank(const struct mbox *mbox, gsize at, gsize next)
{
	const char *line = mbox_octets(mbox) + at;

	return next - at == 1 ? line[0] == '\n' : next - at == 2 && line[0] == '\r' && line[1] == '\n';
}

gboolean
mbox_begins(const struct mbox *mbox, gsize at, gsize next, const char *word)
{
	gsize n = strlen(word);

	return next - at >= n && memcmp(mbox_octets(mbox) + at, word, n) == 0;
}

gboolean
mbox_is_postmark(const struct mbox *mbox, gsize at, gsize next)
{
	return postmark_read(mbox_octets(mbox) + at, next - at, NULL, NULL);
}

/* ---- a message that is too long ---- */

/* Goes on from where no line of the buffer is known to end: its last one may yet be a "From " line, and is
 * the first of the buffer then. *within: that is the rest of a longer one. FALSE: it follows no blank line.
 */
static gboolean
drop_all_but_a_line(struct mbox *mbox, gboolean *within)
{
	const char *p = mbox_octets(mbox), *lf = memrchr(p, '\n', mbox_available(mbox));
	gsize at = lf ? (gsize)(lf - p) + 1 : mbox_available(mbox);
	gboolean after_blank =
	        lf && lf > p && (lf[-1] == '\n' || (lf[-1] == '\r' && lf - p > 1 && lf[-2] == '\n'));

	*within = !lf;
	mbox_consume(mbox, at);
	return after_blank;
}

/* Takes from the front what is of a line that is no "From " line; *within: it goes on. FALSE: one stands
 * there, or more must be read. */
static gboolean
drop_line(struct mbox *mbox, gboolean *after_blank, gboolean *within)
{
	gsize len = mbox_available(mbox), next;
	const char *p = mbox_octets(mbox), *lf = len ? memchr(p, '\n', len) : NULL;

	next = lf ? (gsize)(lf - p) + 1 : len;
	if (!next || (!lf && !*within && !mbox->ended && len <= POSTMARK_MOST) ||
	    (!*within && *after_blank && mbox_is_postmark(mbox, 0, next)))
		return FALSE;
	*after_blank = !*within && mbox_is_blank(mbox, 0, next);
	*within = !lf;
	mbox_consume(mbox, next);
	return TRUE;
}

gboolean
mbox_pass_over(struct mbox *mbox, GError **error)
{
	gboolean within, after_blank = drop_all_but_a_line(mbox, &within);

	mbox->too_long = FALSE;
	for (;;) {
		gsize before;

		while (drop_line(mbox, &after_blank, &within))
			;
		before = mbox_available(mbox);
		if (mbox->ended || (before && memchr(mbox_octets(mbox), '\n', before)))
			return TRUE;
		if (!mbox_read_more(mbox, error))
			return FALSE;
	}
}
