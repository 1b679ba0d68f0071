#include "mime/mbox.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/mbox-private.h"
#include "mime/postmark.h"

const char *const mbox_dialect_names[] = {"auto", "mboxo", "mboxrd", "mboxcl", "mboxcl2", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(mbox_dialect_names) == MBOX_DIALECTS + 1);

enum { LENGTH_OCTETS = 80 };

/* What is known of the message under way; positions are octets behind mbox->start. */
struct shape {
	gsize header, body, end;
	gint64 length; /* Content-Length, -1: none */
	gboolean by_length;
	gboolean internal; /* a c-client mailbox begins with what is no message */
};

void
mbox_message_clear(struct mbox_message *message)
{
	g_clear_pointer(&message->bytes, g_bytes_unref);
	g_clear_pointer(&message->sender, g_free);
	g_clear_pointer(&message->state.keywords, g_free);
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

		if (!mbox_need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || mbox_is_blank(mbox, at, next) || mbox_is_postmark(mbox, at, next))
			break;
		line = mbox_octets(mbox) + at;
		if (*line != ' ' && *line != '\t')
			left_out = take_field(line, next - at, shape, message) != FIELD_NONE;
		pseudo |= memmem(line, next - at, pseudo_subject, strlen(pseudo_subject)) != NULL;
		if (left_out)
			continue;
		at += mbox_is_quoted(line, next - at, 1, deepest);
		append_line(out, mbox_octets(mbox) + at, next - at);
	}
	shape->internal &= pseudo && mbox->offset == 0;
	shape->body = at;
	if (next > at && mbox_is_blank(mbox, at, next)) {
		append_line(out, mbox_octets(mbox) + at, next - at);
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

	if (!mbox_need(mbox, at, POSTMARK_MOST, error))
		return FALSE;
	left = mbox_available(mbox) - at;
	lf = left ? memchr(mbox_octets(mbox) + at, '\n', left) : NULL;
	if (mbox->dialect == MBOX_AUTO)
		*is = !left ||
		      mbox_is_postmark(mbox, at, lf ? (gsize)(lf - mbox_octets(mbox)) + 1 : at + left);
	else
		*is = !left || mbox_begins(mbox, at, at + left, "From ");
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
	if (!mbox_need(mbox, end, 4, error))
		return FALSE;
	if (mbox_available(mbox) < end)
		return TRUE;
	while (next < mbox_available(mbox) && next < end + 4 &&
	       (mbox_octets(mbox)[next] == '\r' || mbox_octets(mbox)[next] == '\n'))
		next++;
	shape->end = end;
	/* What follows begins a line of its own. */
	if (next == end && next < mbox_available(mbox) && mbox_octets(mbox)[next - 1] != '\n')
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
		if (!mbox_need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || (after_blank && mbox_is_postmark(mbox, at, next)))
			break;
		after_blank = mbox_is_blank(mbox, at, next);
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
	const char *end = mbox_octets(mbox) + shape->end;

	for (const char *p = mbox_octets(mbox) + shape->body; p < end; p = next_line(p, end))
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
	const char *p = mbox_octets(mbox) + shape->body, *end = mbox_octets(mbox) + shape->end;
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

/* ---- one after the other ---- */

/* Octets of the blank line at the front, 0: there is none, or not enough is here to tell. */
static gsize
blank_line(const struct mbox *mbox)
{
	for (gsize n = 1; n <= 2 && n <= mbox_available(mbox); n++)
		if (mbox_is_blank(mbox, 0, n))
			return n;
	return 0;
}

static gboolean
drop_blank_lines(struct mbox *mbox, GError **error)
{
	do {
		for (gsize n; (n = blank_line(mbox)) > 0;)
			mbox_consume(mbox, n);
		if (mbox_available(mbox) > 1 || mbox->ended)
			return TRUE;
	} while (mbox_read_more(mbox, error));
	return FALSE;
}

gboolean
mbox_is_one(struct mbox *mbox, gboolean *empty, GError **error)
{
	if (empty)
		*empty = FALSE;
	if (!drop_blank_lines(mbox, error) || !mbox_need(mbox, 0, 5, error))
		return FALSE;
	if (empty)
		*empty = mbox_available(mbox) == 0;
	return !mbox_available(mbox) || mbox_begins(mbox, 0, mbox_available(mbox), "From ");
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
		            _("%s: no mbox: a line “From …” should stand at octet %llu"), mbox->name,
		            (unsigned long long)mbox->offset);
	if (problem) {
		g_propagate_error(error, problem);
		return -1;
	}
	if (empty)
		return 0;
	if (!mbox_need_line(mbox, 0, next, error))
		return -1;
	if (!postmark_read(mbox_octets(mbox), *next, &message->sender, &message->received)) {
		message->sender = g_strndup(mbox_octets(mbox) + 5, MIN(*next - 5, POSTMARK_MOST));
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
			if (mbox_pass_over(mbox, error))
				return 1;
		}
		if (result <= 0) {
			mbox_message_clear(message);
			return result;
		}
		if (!message->state.keywords)
			message->state.keywords = g_strdup("");
		mbox_consume(mbox, shape.end);
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
		if (!mbox_read_more(mbox, error))
			return mbox->too_long;
	out = g_byte_array_new();
	end = mbox_octets(mbox) + mbox_available(mbox);
	for (const char *p = mbox_octets(mbox), *next; p < end; p = next) {
		next = next_line(p, end);
		append_line(out, p, (gsize)(next - p));
	}
	mbox_consume(mbox, mbox_available(mbox));
	*bytes = g_byte_array_free_to_bytes(out);
	return TRUE;
}
