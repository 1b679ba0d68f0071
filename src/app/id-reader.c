#include "app/id-reader.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"

/* An ID is an account's name and a number; rows nest three deep. */
#define TEXT_MAX 1024
#define DEPTH_MAX 64

enum token { NO_TOKEN, WORD, STRING, ESCAPE, UNICODE };
enum inside { LIST, ROW, OTHER }; /* OTHER: a value within a row, passed over */

struct id_reader {
	gboolean (*found)(const char *id, void *user, GError **error);
	void *user;
	enum token token;
	GString *text; /* of the token, when it matters */
	gboolean keep; /* it does */
	guint digits;  /* of \uXXXX read so far */
	gunichar unicode;
	enum inside stack[DEPTH_MAX];
	guint depth;
	/* of the row: */
	gboolean is_key; /* the next string is a member's name */
	gboolean is_id;  /* the next value is that of "id" */
	gboolean has_id;
};

struct id_reader *
id_reader_new(gboolean (*found)(const char *id, void *user, GError **error), void *user)
{
	struct id_reader *reader = g_new0(struct id_reader, 1);

	reader->found = found;
	reader->user = user;
	reader->text = g_string_new(NULL);
	return reader;
}

void
id_reader_free(struct id_reader *reader)
{
	g_string_free(reader->text, TRUE);
	g_free(reader);
}

static gboolean
refuse(GError **error)
{
	fulmar_fail(
	        error, FULMAR_USAGE,
	        _("standard input holds neither IDs nor rows of “fulmar list --json”; give one ID a line"));
	return FALSE;
}

static gboolean
in(const struct id_reader *reader, enum inside what)
{
	return reader->depth && reader->stack[reader->depth - 1] == what;
}

static void
keep_octet(struct id_reader *reader, char c)
{
	if (reader->keep)
		g_string_append_c(reader->text, c);
	if (reader->text->len > TEXT_MAX)
		reader->keep = FALSE;
}

static void
begin_token(struct id_reader *reader, enum token token, gboolean keep)
{
	reader->token = token;
	reader->keep = keep;
	g_string_truncate(reader->text, 0);
}

/* keep was taken off again when the text is too long for an ID. */
static gboolean
take_id(struct id_reader *reader, GError **error)
{
	return reader->keep ? reader->found(reader->text->str, reader->user, error) : refuse(error);
}

static gboolean
end_string(struct id_reader *reader, GError **error)
{
	reader->token = NO_TOKEN;
	if (in(reader, OTHER))
		return TRUE;
	if (!in(reader, ROW))
		return take_id(reader, error);
	if (reader->is_key) {
		reader->is_id = reader->keep && strcmp(reader->text->str, "id") == 0;
		reader->is_key = FALSE;
		return TRUE;
	}
	if (!reader->is_id)
		return TRUE;
	reader->is_id = FALSE;
	reader->has_id = TRUE;
	return take_id(reader, error);
}

static gboolean
open_bracket(struct id_reader *reader, char c, GError **error)
{
	enum inside inside = in(reader, ROW) || in(reader, OTHER) ? OTHER : c == '{' ? ROW : LIST;

	if (reader->depth == DEPTH_MAX)
		return refuse(error);
	reader->stack[reader->depth++] = inside;
	if (inside == ROW) {
		reader->is_key = TRUE;
		reader->is_id = reader->has_id = FALSE;
	}
	return TRUE;
}

static gboolean
close_bracket(struct id_reader *reader, GError **error)
{
	if (!reader->depth || (in(reader, ROW) && !reader->has_id))
		return refuse(error);
	reader->depth--;
	return TRUE;
}

/* Between tokens. Numbers and words within brackets are passed over: none of them is an ID. */
static gboolean
take_mark(struct id_reader *reader, char c, GError **error)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return TRUE;
	case '"':
		begin_token(reader, STRING,
		            !reader->depth || in(reader, LIST) ||
		                    (in(reader, ROW) && (reader->is_key || reader->is_id)));
		return TRUE;
	case '{':
	case '[':
		return open_bracket(reader, c, error);
	case '}':
	case ']':
		return close_bracket(reader, error);
	case ',':
		reader->is_key |= in(reader, ROW);
		return reader->depth > 0 || refuse(error);
	default:
		if (reader->depth)
			return !in(reader, LIST) || refuse(error);
		begin_token(reader, WORD, TRUE);
		keep_octet(reader, c);
		return c != '\0' || refuse(error);
	}
}

static gboolean
take_escape(struct id_reader *reader, char c, GError **error)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(names, c) : NULL;

	if (c == 'u') {
		reader->token = UNICODE;
		reader->digits = reader->unicode = 0;
		return TRUE;
	}
	if (!at)
		return refuse(error);
	keep_octet(reader, values[at - names]);
	reader->token = STRING;
	return TRUE;
}

/* Halves of pairs and NUL are in the name of no account. */
static gboolean
take_digit(struct id_reader *reader, char c, GError **error)
{
	char octets[6];
	int n;

	if (!g_ascii_isxdigit(c))
		return refuse(error);
	reader->unicode = reader->unicode << 4 | (gunichar)g_ascii_xdigit_value(c);
	if (++reader->digits < 4)
		return TRUE;
	reader->token = STRING;
	if (!reader->unicode || (reader->unicode & 0xf800) == 0xd800)
		reader->unicode = 0xfffd;
	n = g_unichar_to_utf8(reader->unicode, octets);
	for (int i = 0; i < n; i++)
		keep_octet(reader, octets[i]);
	return TRUE;
}

static gboolean
take_letter(struct id_reader *reader, char c, GError **error)
{
	if (!c)
		return refuse(error);
	if (!strchr(" \t\r\n", c)) {
		keep_octet(reader, c);
		return TRUE;
	}
	reader->token = NO_TOKEN;
	return take_id(reader, error);
}

static gboolean
take_octet(struct id_reader *reader, char c, GError **error)
{
	switch (reader->token) {
	case NO_TOKEN:
		return take_mark(reader, c, error);
	case WORD:
		return take_letter(reader, c, error);
	case STRING:
		if (c == '"')
			return end_string(reader, error);
		if (c == '\\')
			reader->token = ESCAPE;
		else if ((guchar)c < ' ')
			return refuse(error);
		else
			keep_octet(reader, c);
		return TRUE;
	case ESCAPE:
		return take_escape(reader, c, error);
	case UNICODE:
		return take_digit(reader, c, error);
	}
	return FALSE;
}

gboolean
id_reader_feed(struct id_reader *reader, const char *bytes, gsize len, GError **error)
{
	for (gsize i = 0; i < len; i++)
		if (!take_octet(reader, bytes[i], error))
			return FALSE;
	return TRUE;
}

gboolean
id_reader_end(struct id_reader *reader, GError **error)
{
	if (reader->token == WORD) {
		reader->token = NO_TOKEN;
		return take_id(reader, error);
	}
	return (reader->token == NO_TOKEN && !reader->depth) || refuse(error);
}
