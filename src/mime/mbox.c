#include "mime/mbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/mbox-private.h"
#include "mime/postmark.h"

const char *const mbox_dialect_names[] = {"auto", "mboxo", "mboxrd", "mboxcl", "mboxcl2", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(mbox_dialect_names) == MBOX_DIALECTS + 1);

enum { CHUNK = 256 * 1024, LENGTH_OCTETS = 80 };

struct mbox {
	int fd;
	char *name;
	enum mbox_dialect dialect;
	GByteArray *buffer;
	gsize start;       /* in the buffer: what is before it was consumed */
	guint64 offset;    /* of it in the file */
	gboolean ended;    /* the buffer goes to the end of the file */
	gboolean too_long; /* the message under way */
	gboolean unquoted; /* a "From " line stood within a message of this file: none is quoted */
};

/* What is known of the message under way; positions are octets behind mbox->start. */
struct shape {
	gsize header, body, end;
	gint64 length; /* Content-Length, -1: none */
	gboolean by_length;
	gboolean internal; /* a c-client mailbox begins with what is no message */
};

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
	g_byte_array_unref(mbox->buffer);
	g_free(mbox->name);
	g_free(mbox);
}

void
mbox_message_clear(struct mbox_message *message)
{
	g_clear_pointer(&message->bytes, g_bytes_unref);
	g_clear_pointer(&message->sender, g_free);
	g_clear_pointer(&message->state.keywords, g_free);
}

guint64
mbox_offset(const struct mbox *mbox)
{
	return mbox->offset;
}

/* ---- the file ---- */

static const char *
octets(const struct mbox *mbox)
{
	return (const char *)mbox->buffer->data + mbox->start;
}

static gsize
available(const struct mbox *mbox)
{
	return mbox->buffer->len - mbox->start;
}

/* FALSE without error: the message is too long. */
static gboolean
read_more(struct mbox *mbox, GError **error)
{
	GByteArray *buffer = mbox->buffer;
	gsize len = available(mbox);
	gssize n;

	if (len > MBOX_MESSAGE_MOST) {
		mbox->too_long = TRUE;
		return FALSE;
	}
	/* Not more than was consumed is moved: what is read ahead in vain costs no more than reading it. */
	if (mbox->start >= len) {
		memmove(buffer->data, octets(mbox), len);
		mbox->start = 0;
	}
	len += mbox->start;
	g_byte_array_set_size(buffer, (guint)len + CHUNK);
	do
		n = read(mbox->fd, buffer->data + len, CHUNK);
	while (n < 0 && errno == EINTR);
	g_byte_array_set_size(buffer, (guint)len + (guint)MAX(n, 0));
	mbox->ended = n == 0;
	if (n >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be read: %s"), mbox->name, g_strerror(errno));
	return FALSE;
}

/* Octets from at on are in the buffer, n of them or all there are. */
static gboolean
need(struct mbox *mbox, gsize at, gsize n, GError **error)
{
	while (!mbox->ended && available(mbox) < at + n)
		if (!read_more(mbox, error))
			return FALSE;
	return TRUE;
}

/* The line at `at` is in the buffer; *next gives where the one behind it begins. */
static gboolean
need_line(struct mbox *mbox, gsize at, gsize *next, GError **error)
{
	gsize searched = at;

	for (;;) {
		gsize len = available(mbox);
		const char *p = octets(mbox),
		           *lf = len > searched ? memchr(p + searched, '\n', len - searched) : NULL;

		if (lf || mbox->ended) {
			*next = lf ? (gsize)(lf - p) + 1 : len;
			return TRUE;
		}
		searched = len;
		if (!read_more(mbox, error))
			return FALSE;
	}
}

static void
consume(struct mbox *mbox, gsize n)
{
	mbox->offset += n;
	mbox->start += n;
}

static gboolean
is_blank(const struct mbox *mbox, gsize at, gsize next)
{
	const char *line = octets(mbox) + at;

	return next - at == 1 ? line[0] == '\n' : next - at == 2 && line[0] == '\r' && line[1] == '\n';
}

static gboolean
begins(const struct mbox *mbox, gsize at, gsize next, const char *word)
{
	gsize n = strlen(word);

	return next - at >= n && memcmp(octets(mbox) + at, word, n) == 0;
}

static gboolean
is_postmark(const struct mbox *mbox, gsize at, gsize next)
{
	return postmark_read(octets(mbox) + at, next - at, NULL, NULL);
}

gboolean
mbox_is_quoted(const char *line, gsize len, gsize least, gsize most)
{
	gsize n = 0;

	while (n < len && line[n] == '>')
		n++;
	return n >= least && n <= most && len - n >= 5 && memcmp(line + n, "From ", 5) == 0;
}

/* ---- a message ---- */

static void
append_line(GByteArray *out, const char *line, gsize len)
{
	gboolean bare = len && line[len - 1] == '\n' && (len == 1 || line[len - 2] != '\r');

	g_byte_array_append(out, (const guint8 *)line, (guint)(bare ? len - 1 : len));
	if (bare)
		g_byte_array_append(out, (const guint8 *)"\r\n", 2);
}

static void
take_length(struct shape *shape, const char *value, gsize len)
{
	g_autofree char *digits = g_strstrip(g_strndup(value, MIN(len, LENGTH_OCTETS)));
	guint64 length;

	if (len <= LENGTH_OCTETS &&
	    g_ascii_string_to_unsigned(digits, 10, 0, MBOX_MESSAGE_MOST, &length, NULL))
		shape->length = (gint64)length;
}

static enum mbox_field
take_field(const char *line, gsize len, struct shape *shape, struct mbox_message *message)
{
	const char *value;
	gsize value_len;
	enum mbox_field field = mbox_field_of(line, len, &value, &value_len);

	if (field == FIELD_LENGTH)
		take_length(shape, value, value_len);
	else if (field != FIELD_NONE)
		mbox_state_take(&message->state, field, value, value_len);
	shape->internal |= field == FIELD_INTERNAL;
	return field;
}

/* The header up to the blank line; what of it belongs to the message goes to out. */
static gboolean
read_header(struct mbox *mbox, struct shape *shape, struct mbox_message *message, GByteArray *out,
            GError **error)
{
	static const char pseudo_subject[] = "FOLDER INTERNAL DATA";
	gsize at = shape->header, next;
	gsize deepest = mbox->dialect == MBOX_AUTO || mbox->dialect == MBOX_RD ? G_MAXSIZE : 0;
	gboolean left_out = FALSE, pseudo = FALSE;

	for (;; at = next) {
		const char *line;

		if (!need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || is_blank(mbox, at, next) || is_postmark(mbox, at, next))
			break;
		line = octets(mbox) + at;
		if (*line != ' ' && *line != '\t')
			left_out = take_field(line, next - at, shape, message) != FIELD_NONE;
		pseudo |= memmem(line, next - at, pseudo_subject, strlen(pseudo_subject)) != NULL;
		if (left_out)
			continue;
		at += mbox_is_quoted(line, next - at, 1, deepest);
		append_line(out, octets(mbox) + at, next - at);
	}
	shape->internal &= pseudo && mbox->offset == 0;
	shape->body = at;
	if (next > at && is_blank(mbox, at, next)) {
		append_line(out, octets(mbox) + at, next - at);
		shape->body = next;
	}
	return TRUE;
}

/* There begins another message, or the file ends. */
static gboolean
is_boundary(struct mbox *mbox, gsize at, gboolean *is, GError **error)
{
	const char *lf;
	gsize left;

	if (!need(mbox, at, POSTMARK_MOST, error))
		return FALSE;
	left = available(mbox) - at;
	lf = left ? memchr(octets(mbox) + at, '\n', left) : NULL;
	if (mbox->dialect == MBOX_AUTO)
		*is = !left || is_postmark(mbox, at, lf ? (gsize)(lf - octets(mbox)) + 1 : at + left);
	else
		*is = !left || begins(mbox, at, at + left, "From ");
	return TRUE;
}

/* A message of so many octets ends where the file does, or another begins. */
static gboolean
ends_by_length(struct mbox *mbox, struct shape *shape, gboolean *ends, GError **error)
{
	gsize end = shape->body + (gsize)MAX(shape->length, 0), next = end;

	*ends = FALSE;
	if (shape->length < 0 || mbox->dialect == MBOX_O || mbox->dialect == MBOX_RD ||
	    end > MBOX_MESSAGE_MOST - 2 * POSTMARK_MOST)
		return TRUE;
	if (!need(mbox, end, 4, error))
		return FALSE;
	if (available(mbox) < end)
		return TRUE;
	while (next < available(mbox) && next < end + 4 &&
	       (octets(mbox)[next] == '\r' || octets(mbox)[next] == '\n'))
		next++;
	shape->end = end;
	/* What follows begins a line of its own. */
	if (next == end && next < available(mbox) && octets(mbox)[next - 1] != '\n')
		return TRUE;
	return is_boundary(mbox, next, ends, error);
}

/* Up to the next "From " line behind a blank one. That one belongs to neither. */
static gboolean
find_end(struct mbox *mbox, struct shape *shape, GError **error)
{
	gsize at = shape->body, next, blank = shape->body;
	gboolean after_blank = TRUE;

	for (;; at = next) {
		if (!need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || (after_blank && is_postmark(mbox, at, next)))
			break;
		after_blank = is_blank(mbox, at, next);
		if (after_blank)
			blank = at;
	}
	shape->end = after_blank && at > shape->body ? blank : at;
	return TRUE;
}

static const char *
next_line(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (gsize)(end - at));

	return lf ? lf + 1 : end;
}

static gboolean
has_bare_from(const struct mbox *mbox, const struct shape *shape)
{
	const char *end = octets(mbox) + shape->end;

	for (const char *p = octets(mbox) + shape->body; p < end; p = next_line(p, end))
		if (mbox_is_quoted(p, (gsize)(end - p), 0, 0))
			return TRUE;
	return FALSE;
}

/* Up to how many ">" one is taken off. */
static gsize
deepest_quote(struct mbox *mbox, const struct shape *shape)
{
	switch (mbox->dialect) {
	case MBOX_AUTO:
		if (!shape->by_length)
			return G_MAXSIZE;
		mbox->unquoted |= has_bare_from(mbox, shape);
		return mbox->unquoted ? 0 : 1;
	case MBOX_RD:
		return G_MAXSIZE;
	case MBOX_O:
	case MBOX_CL:
		return 1;
	case MBOX_CL2:
	case MBOX_DIALECTS:
		break;
	}
	return 0;
}

static void
put_body(struct mbox *mbox, const struct shape *shape, GByteArray *out)
{
	const char *p = octets(mbox) + shape->body, *end = octets(mbox) + shape->end;
	gsize deepest = deepest_quote(mbox, shape);

	for (const char *next; p < end; p = next) {
		next = next_line(p, end);
		p += deepest && mbox_is_quoted(p, (gsize)(next - p), 1, deepest);
		append_line(out, p, (gsize)(next - p));
	}
}

static gboolean
read_message(struct mbox *mbox, gsize header, struct shape *shape, struct mbox_message *message,
             GError **error)
{
	GByteArray *out = g_byte_array_new();
	gboolean ok;

	*shape = (struct shape){.header = header, .length = -1};
	ok = read_header(mbox, shape, message, out, error) &&
	     ends_by_length(mbox, shape, &shape->by_length, error) &&
	     (shape->by_length || find_end(mbox, shape, error));
	if (ok)
		put_body(mbox, shape, out);
	message->bytes = g_byte_array_free_to_bytes(out);
	return ok;
}

/* ---- a message that is too long ---- */

/* Goes on from where no line of the buffer is known to end: its last one may yet be a "From " line, and is
 * the first of the buffer then. *within: that is the rest of a longer one. FALSE: it follows no blank line.
 */
static gboolean
drop_all_but_a_line(struct mbox *mbox, gboolean *within)
{
	const char *p = octets(mbox), *lf = memrchr(p, '\n', available(mbox));
	gsize at = lf ? (gsize)(lf - p) + 1 : available(mbox);
	gboolean after_blank =
	        lf && lf > p && (lf[-1] == '\n' || (lf[-1] == '\r' && lf - p > 1 && lf[-2] == '\n'));

	*within = !lf;
	consume(mbox, at);
	return after_blank;
}

/* Takes from the front what is of a line that is no "From " line; *within: it goes on. FALSE: one stands
 * there, or more must be read. */
static gboolean
drop_line(struct mbox *mbox, gboolean *after_blank, gboolean *within)
{
	gsize len = available(mbox), next;
	const char *p = octets(mbox), *lf = len ? memchr(p, '\n', len) : NULL;

	next = lf ? (gsize)(lf - p) + 1 : len;
	if (!next || (!lf && !*within && !mbox->ended && len <= POSTMARK_MOST) ||
	    (!*within && *after_blank && is_postmark(mbox, 0, next)))
		return FALSE;
	*after_blank = !*within && is_blank(mbox, 0, next);
	*within = !lf;
	consume(mbox, next);
	return TRUE;
}

/* Up to the next "From " line, holding no more than a little of it. */
static gboolean
pass_over(struct mbox *mbox, GError **error)
{
	gboolean within, after_blank = drop_all_but_a_line(mbox, &within);

	mbox->too_long = FALSE;
	for (;;) {
		gsize before;

		while (drop_line(mbox, &after_blank, &within))
			;
		before = available(mbox);
		if (mbox->ended || (before && memchr(octets(mbox), '\n', before)))
			return TRUE;
		if (!read_more(mbox, error))
			return FALSE;
	}
}

/* ---- one after the other ---- */

/* Octets of the blank line at the front, 0: there is none, or not enough is here to tell. */
static gsize
blank_line(const struct mbox *mbox)
{
	for (gsize n = 1; n <= 2 && n <= available(mbox); n++)
		if (is_blank(mbox, 0, n))
			return n;
	return 0;
}

static gboolean
drop_blank_lines(struct mbox *mbox, GError **error)
{
	do {
		for (gsize n; (n = blank_line(mbox)) > 0;)
			consume(mbox, n);
		if (available(mbox) > 1 || mbox->ended)
			return TRUE;
	} while (read_more(mbox, error));
	return FALSE;
}

gboolean
mbox_is_one(struct mbox *mbox, gboolean *empty, GError **error)
{
	if (empty)
		*empty = FALSE;
	if (!drop_blank_lines(mbox, error) || !need(mbox, 0, 5, error))
		return FALSE;
	if (empty)
		*empty = available(mbox) == 0;
	return !available(mbox) || begins(mbox, 0, available(mbox), "From ");
}

/* The "From " line; *next gives where the header begins. 1, 0 at the end of the file, -1 with error or
 * because it is too long. */
static int
read_start(struct mbox *mbox, struct mbox_message *message, gsize *next, GError **error)
{
	GError *problem = NULL;
	gboolean empty, is = mbox_is_one(mbox, &empty, &problem);

	message->offset = mbox->offset;
	if (!is && !problem)
		fulmar_fail(&problem, FULMAR_FAILED,
		            _("%s: no mbox: a line “From …” should stand at octet %" G_GUINT64_FORMAT),
		            mbox->name, mbox->offset);
	if (problem) {
		g_propagate_error(error, problem);
		return -1;
	}
	if (empty)
		return 0;
	if (!need_line(mbox, 0, next, error))
		return -1;
	if (!postmark_read(octets(mbox), *next, &message->sender, &message->received)) {
		message->sender = g_strndup(octets(mbox) + 5, MIN(*next - 5, POSTMARK_MOST));
		g_strchomp(message->sender);
	}
	return 1;
}

static void
empty_message(struct mbox_message *message)
{
	mbox_message_clear(message);
	*message = (struct mbox_message){.offset = message->offset, .sender = g_strdup("")};
	message->state.keywords = g_strdup("");
}

int
mbox_next(struct mbox *mbox, struct mbox_message *message, GError **error)
{
	for (;;) {
		struct shape shape = {0};
		gsize header;
		int result;

		*message = (struct mbox_message){0};
		result = read_start(mbox, message, &header, error);
		if (result > 0 && !read_message(mbox, header, &shape, message, error))
			result = -1;
		if (result < 0 && mbox->too_long) {
			empty_message(message);
			if (pass_over(mbox, error))
				return 1;
		}
		if (result <= 0) {
			mbox_message_clear(message);
			return result;
		}
		if (!message->state.keywords)
			message->state.keywords = g_strdup("");
		consume(mbox, shape.end);
		if (!shape.internal)
			return 1;
		mbox_message_clear(message);
	}
}

gboolean
mbox_rest(struct mbox *mbox, GBytes **bytes, GError **error)
{
	GByteArray *out;
	const char *end;

	*bytes = NULL;
	while (!mbox->ended)
		if (!read_more(mbox, error))
			return mbox->too_long;
	out = g_byte_array_new();
	end = octets(mbox) + available(mbox);
	for (const char *p = octets(mbox), *next; p < end; p = next) {
		next = next_line(p, end);
		append_line(out, p, (gsize)(next - p));
	}
	consume(mbox, available(mbox));
	*bytes = g_byte_array_free_to_bytes(out);
	return TRUE;
}
