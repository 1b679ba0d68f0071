#include "proto/pop3/parse.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"

enum { STATUS_MOST = 64 * 1024, LINE_MOST = 16 << 20 /* of a listing */ };

/* Where in a message the next octet stands: what may be its end is held back until that is known. */
enum message_at { AT_LINE_START, AT_DOT, AT_DOT_CR, IN_LINE, AT_CR };

struct pop3_parser {
	const struct pop3_events *events;
	void *user;
	GQueue expected; /* enum pop3_answer_kind */
	GString *line;   /* the one under way, as far as it is kept */
	gsize whole;     /* how long it is so far */
	gboolean greeted;
	gboolean bare_lf; /* the server ends its lines so */
	gboolean in_body; /* of the first that is expected */
	enum message_at at;
	gboolean passing_over;
	gboolean broken;
};

struct pop3_parser *
pop3_parser_new(const struct pop3_events *events, void *user)
{
	struct pop3_parser *parser = g_new0(struct pop3_parser, 1);

	parser->events = events;
	parser->user = user;
	g_queue_init(&parser->expected);
	parser->line = g_string_new(NULL);
	pop3_parser_expect(parser, POP3_STATUS);
	return parser;
}

void
pop3_parser_free(struct pop3_parser *parser)
{
	if (!parser)
		return;
	g_queue_clear(&parser->expected);
	g_string_free(parser->line, TRUE);
	g_free(parser);
}

void
pop3_parser_expect(struct pop3_parser *parser, enum pop3_answer_kind kind)
{
	g_queue_push_tail(&parser->expected, GINT_TO_POINTER(kind));
}

guint
pop3_parser_awaits(const struct pop3_parser *parser)
{
	return parser->expected.length;
}

static enum pop3_answer_kind
kind_of_answer(const struct pop3_parser *parser)
{
	return (enum pop3_answer_kind)GPOINTER_TO_INT(g_queue_peek_head((GQueue *)&parser->expected));
}

static void
end_answer(struct pop3_parser *parser)
{
	parser->in_body = FALSE;
	g_queue_pop_head(&parser->expected);
}

/* ---- lines ---- */

/* Takes octets up to a line's end; TRUE with *used when it is there. At most `most` of them are kept. */
static gboolean
collect(struct pop3_parser *parser, const unsigned char *bytes, gsize len, gsize most, gsize *used)
{
	const unsigned char *lf = memchr(bytes, '\n', len);
	gsize n = lf ? (gsize)(lf - bytes) : len, room = most - MIN(parser->line->len, most);

	g_string_append_len(parser->line, (const char *)bytes, (gssize)MIN(n, room));
	parser->whole += n;
	*used = lf ? n + 1 : n;
	return lf != NULL;
}

static void
forget_line(struct pop3_parser *parser)
{
	g_string_truncate(parser->line, 0);
	parser->whole = 0;
}

/* The CR before the line's end goes. */
static gboolean
strip_cr(struct pop3_parser *parser)
{
	GString *line = parser->line;

	if (!parser->whole || line->len < parser->whole || line->str[line->len - 1] != '\r')
		return FALSE;
	g_string_truncate(line, line->len - 1);
	parser->whole--;
	return TRUE;
}

static char *
skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

/* "[IN-USE] text" at text: the code, upper-case; *text gives what follows. */
static const char *
take_code(char **text)
{
	char *code = *text + 1, *end = **text == '[' ? strchr(code, ']') : NULL;

	if (!end || end == code || memchr(code, ' ', (gsize)(end - code)))
		return NULL;
	*end = '\0';
	for (char *p = code; *p; p++)
		*p = g_ascii_toupper(*p);
	*text = skip_blanks(end + 1);
	return code;
}

/* FALSE: line is none. Takes it apart in place. */
static gboolean
read_status(char *line, struct pop3_status *status)
{
	char *text;

	if (g_ascii_strncasecmp(line, "+OK", 3) == 0) {
		status->ok = TRUE;
		text = line + 3;
	} else if (g_ascii_strncasecmp(line, "-ERR", 4) == 0) {
		text = line + 4;
	} else if (status->kind == POP3_SASL && line[0] == '+') {
		status->ok = status->challenge = TRUE;
		text = line + 1;
	} else {
		return FALSE;
	}
	text = skip_blanks(text);
	status->code = status->challenge ? NULL : take_code(&text);
	status->text = text;
	return TRUE;
}

static gboolean
fail(const char *fault, GError **error)
{
	fulmar_fail(error, FULMAR_NO_LINK, _("the server's answer cannot be used: %s"), _(fault));
	return FALSE;
}

/* The line is a status, or what came is no POP3. */
static gboolean
end_status(struct pop3_parser *parser, gboolean *go_on, GError **error)
{
	struct pop3_status status = {.kind = POP3_STATUS, .unasked = g_queue_is_empty(&parser->expected)};
	gboolean with_cr = strip_cr(parser);
	char *line = parser->line->str;

	if (!parser->greeted)
		parser->bare_lf = !with_cr;
	parser->greeted = TRUE;
	if (!status.unasked)
		status.kind = kind_of_answer(parser);
	/* A NUL would end the text that is shown before its time; nothing is hidden by it that matters. */
	if (!read_status(line, &status))
		return fail(N_("it is neither +OK nor -ERR"), error);
	if (status.unasked && status.ok)
		return fail(N_("it answers what was not asked"), error);
	parser->in_body = status.ok && status.kind >= POP3_LISTING;
	parser->at = AT_LINE_START;
	parser->passing_over = FALSE;
	if (!status.unasked && !parser->in_body)
		end_answer(parser);
	*go_on = parser->events->status(&status, parser->user);
	forget_line(parser);
	return TRUE;
}

static gssize
take_status(struct pop3_parser *parser, const unsigned char *bytes, gsize len, gboolean *go_on,
            GError **error)
{
	gsize used;
	gboolean ended = collect(parser, bytes, len, STATUS_MOST, &used);

	if (parser->whole > STATUS_MOST) {
		fail(N_("a line of it is longer than allowed"), error);
		return -1;
	}
	if (ended && !end_status(parser, go_on, error))
		return -1;
	return (gssize)used;
}

static gssize
take_listing(struct pop3_parser *parser, const unsigned char *bytes, gsize len, GError **error)
{
	GString *line = parser->line;
	gsize used, stuffed;
	/* Room for a dot that goes and a CR. */
	gboolean ended = collect(parser, bytes, len, POP3_LINE_KEPT + 2, &used);

	if (parser->whole > LINE_MOST) {
		fail(N_("a line of it is longer than allowed"), error);
		return -1;
	}
	if (!ended)
		return (gssize)used;
	strip_cr(parser);
	if (parser->whole == 1 && line->str[0] == '.') {
		forget_line(parser);
		end_answer(parser);
		parser->events->end(parser->user);
		return (gssize)used;
	}
	stuffed = line->len && line->str[0] == '.';
	g_string_truncate(line, MIN(line->len, stuffed + POP3_LINE_KEPT));
	parser->events->line(line->str + stuffed, line->len - stuffed, parser->whole - stuffed, parser->user);
	forget_line(parser);
	return (gssize)used;
}

/* ---- messages ---- */

static void
give(struct pop3_parser *parser, const void *bytes, gsize len)
{
	if (len && !parser->passing_over)
		parser->passing_over = !parser->events->octets(bytes, len, parser->user);
}

/* Octets of a line up to its end, or what there is of it. */
static gsize
take_line_octets(struct pop3_parser *parser, const unsigned char *bytes, gsize len)
{
	const unsigned char *lf = memchr(bytes, '\n', len);
	gsize n = lf ? (gsize)(lf - bytes) + 1 : len;
	gboolean ends = lf && (lf > bytes ? lf[-1] == '\r' : parser->at == AT_CR);

	if (lf && !ends && parser->bare_lf) {
		give(parser, bytes, n - 1);
		give(parser, "\r\n", 2);
		parser->at = AT_LINE_START;
		return n;
	}
	give(parser, bytes, n);
	if (ends)
		parser->at = AT_LINE_START;
	else
		parser->at = bytes[n - 1] == '\r' ? AT_CR : IN_LINE;
	return n;
}

/* The octet after a dot at the start of a line, or after that and a CR. */
static gsize
take_after_dot(struct pop3_parser *parser, unsigned char octet)
{
	gboolean cr = parser->at == AT_DOT_CR;

	if (octet == '\n' && (cr || parser->bare_lf)) {
		end_answer(parser);
		parser->events->end(parser->user);
		return 1;
	}
	if (octet == '\r' && !cr) {
		parser->at = AT_DOT_CR;
		return 1;
	}
	/* The dot was stuffed, whoever did not stuff another behind it. */
	if (cr)
		give(parser, "\r", 1);
	parser->at = cr ? AT_CR : IN_LINE;
	return 0;
}

static gsize
take_message(struct pop3_parser *parser, const unsigned char *bytes, gsize len)
{
	if (parser->at == AT_DOT || parser->at == AT_DOT_CR)
		return take_after_dot(parser, bytes[0]);
	if (parser->at == AT_LINE_START && bytes[0] == '.') {
		parser->at = AT_DOT;
		return 1;
	}
	return take_line_octets(parser, bytes, len);
}

gssize
pop3_parser_feed(struct pop3_parser *parser, const unsigned char *bytes, gsize len, GError **error)
{
	gsize at = 0;
	gboolean go_on = TRUE;

	if (parser->broken) {
		fail(N_("it followed one that was broken"), error);
		return -1;
	}
	while (at < len && go_on) {
		gssize n;

		if (!parser->in_body)
			n = take_status(parser, bytes + at, len - at, &go_on, error);
		else if (kind_of_answer(parser) == POP3_LISTING)
			n = take_listing(parser, bytes + at, len - at, error);
		else
			n = (gssize)take_message(parser, bytes + at, len - at);
		if (n < 0) {
			parser->broken = TRUE;
			return -1;
		}
		at += (gsize)n;
	}
	return (gssize)at;
}
