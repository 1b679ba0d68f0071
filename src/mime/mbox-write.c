#include <string.h>
#include "mime/mbox-private.h"
#include "mime/postmark.h"

struct writing {
	mbox_put put;
	void *user;
	gboolean strip;   /* every line ends in CRLF, and LF is written */
	gboolean in_line; /* what was written last has no line end */
};

/* Whether every line end is CRLF, and CR is nowhere else: only then nothing is lost. */
static gboolean
keeps_to_crlf(const char *text, gsize len)
{
	for (const char *at = text, *end = text + len; at < end; at++) {
		if (*at == '\n' && (at == text || at[-1] != '\r'))
			return FALSE;
		if (*at == '\r' && (at + 1 == end || at[1] != '\n'))
			return FALSE;
	}
	return TRUE;
}

static gboolean
put_line(struct writing *writing, const char *line, gsize len)
{
	gboolean cut = writing->strip && len > 1 && line[len - 1] == '\n';

	writing->in_line = line[len - 1] != '\n';
	if (mbox_is_quoted(line, len, 0, G_MAXSIZE) && !writing->put(">", 1, writing->user))
		return FALSE;
	return writing->put(line, cut ? len - 2 : len, writing->user) &&
	       (!cut || writing->put("\n", 1, writing->user));
}

static const char *
next_line(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (gsize)(end - at));

	return lf ? lf + 1 : end;
}

static gboolean
is_blank(const char *at, const char *end)
{
	return *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n'));
}

/* FALSE when put said so. *at then stands at the blank line, or at the end. */
static gboolean
put_header(struct writing *writing, const char **at, const char *end)
{
	gboolean left_out = FALSE;

	for (const char *next; *at < end && !is_blank(*at, end); *at = next) {
		const char *value;
		gsize value_len;

		next = next_line(*at, end);
		if (**at != ' ' && **at != '\t')
			left_out = mbox_field_of(*at, (gsize)(next - *at), &value, &value_len) != FIELD_NONE;
		if (!left_out && !put_line(writing, *at, (gsize)(next - *at)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
put_string(const struct writing *writing, const GString *text)
{
	return writing->put(text->str, text->len, writing->user);
}

/* Fields of ours stand on lines of their own, also where the header breaks off in the middle of one. */
static gboolean
put_state(struct writing *writing, const struct mbox_state *state)
{
	g_autoptr(GString) fields = g_string_new(writing->in_line ? "\n" : "");

	writing->in_line = FALSE;
	mbox_state_write(fields, state);
	return put_string(writing, fields);
}

gboolean
mbox_write(const struct mbox_message *message, mbox_put put, void *user)
{
	struct writing writing = {put, user, FALSE, FALSE};
	g_autoptr(GString) postmark = g_string_new(NULL);
	gsize len;
	const char *text = g_bytes_get_data(message->bytes, &len), *at = text, *end = text + len, *next;

	writing.strip = keeps_to_crlf(text, len);
	postmark_write(postmark, message->sender ? message->sender : "", message->received);
	if (!put_string(&writing, postmark) || !put_header(&writing, &at, end) ||
	    !put_state(&writing, &message->state))
		return FALSE;
	for (; at < end; at = next) {
		next = next_line(at, end);
		if (!put_line(&writing, at, (gsize)(next - at)))
			return FALSE;
	}
	return put(writing.in_line ? "\n\n" : "\n", writing.in_line ? 2 : 1, user);
}
