/* Collects the octets of one response, lines and literals, in whatever cuts they come; reading them is left
 * to tokens.c and response.c. */
#include "proto/imap/parse-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/i18n.h"

#define KEEP_RAW (512 * 1024) /* between responses */
#define MAX_SPOOLS 64         /* literals of one response in files */

/* Text for people may end like a literal's announcement. */
enum line_kind { LINE_DATA, LINE_CODE /* a response code is open */, LINE_TEXT };

struct imap_parser {
	struct imap_limits limits;
	char *spool_dir;
	imap_response_fn on_response;
	void *user;
	unsigned char
	        *raw; /* the response so far, an LF in place of each "{n}", without what went to files */
	gsize len, alloc;
	gsize segment;    /* where the line under way starts in raw */
	gsize line;       /* octets of lines so far */
	gsize memory;     /* octets of literals in raw */
	GArray *literals; /* struct imap_literal */
	guint spools;
	gsize left;          /* of the literal under way */
	enum line_kind kind; /* known once a line ended in what may announce a literal */
	struct imap_reader reader;
	gboolean broken;
};

#define OR_DEFAULT(value, standard) ((value) ? (value) : (standard))

struct imap_parser *
imap_parser_new(const struct imap_limits *limits, imap_response_fn on_response, void *user)
{
	struct imap_parser *parser = g_new0(struct imap_parser, 1);
	struct imap_limits *l = &parser->limits;

	if (limits)
		*l = *limits;
	l->line = OR_DEFAULT(l->line, 1024 * 1024);
	l->depth = OR_DEFAULT(l->depth, 100);
	l->nodes = OR_DEFAULT(l->nodes, 1000000);
	l->literal = MIN(OR_DEFAULT(l->literal, G_GUINT64_CONSTANT(2) << 30), (guint64)G_MAXSSIZE);
	l->memory = OR_DEFAULT(l->memory, 4 * 1024 * 1024);
	l->spool_above = OR_DEFAULT(l->spool_above, 256 * 1024);
	parser->spool_dir = g_strdup(l->spool_dir ? l->spool_dir : g_get_tmp_dir());
	parser->on_response = on_response;
	parser->user = user;
	parser->literals = g_array_new(FALSE, FALSE, sizeof(struct imap_literal));
	imap_reader_init(&parser->reader, l->depth, l->nodes);
	return parser;
}

static struct imap_literal *
last_literal(const struct imap_parser *parser)
{
	GArray *literals = parser->literals;

	return literals->len ? &g_array_index(literals, struct imap_literal, literals->len - 1) : NULL;
}

static void
forget_response(struct imap_parser *parser)
{
	for (guint i = 0; parser->spools && i < parser->literals->len; i++) {
		int fd = g_array_index(parser->literals, struct imap_literal, i).fd;

		if (fd >= 0)
			close(fd);
	}
	g_array_set_size(parser->literals, 0);
	parser->spools = 0;
	parser->len = parser->segment = parser->line = parser->memory = parser->left = 0;
	if (parser->alloc > KEEP_RAW) {
		g_clear_pointer(&parser->raw, g_free);
		parser->alloc = 0;
	}
}

void
imap_parser_free(struct imap_parser *parser)
{
	if (!parser)
		return;
	forget_response(parser);
	g_array_unref(parser->literals);
	imap_reader_clear(&parser->reader);
	g_free(parser->raw);
	g_free(parser->spool_dir);
	g_free(parser);
}

static gboolean
fail(const char *fault, GError **error)
{
	fulmar_fail(error, FULMAR_NO_LINK, _("the server's answer cannot be used: %s"), _(fault));
	return FALSE;
}

static void
append(struct imap_parser *parser, const unsigned char *bytes, gsize n)
{
	if (G_UNLIKELY(parser->alloc - parser->len < n)) {
		parser->alloc = MAX(MAX(parser->alloc * 2, parser->len + n), 4096);
		parser->raw = g_realloc(parser->raw, parser->alloc);
	}
	memcpy(parser->raw + parser->len, bytes, n);
	parser->len += n;
}

/* What the first line of a response, raw[0…end), is. */
static enum line_kind
kind_of_line(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *word;

	while (p < end && (*p == '\0' || *p == ' '))
		p++;
	if (p < end && *p == '+')
		return LINE_TEXT;
	while (p < end && *p != ' ' && *p != '[')
		p++;
	while (p < end && *p == ' ')
		p++;
	for (word = p; p < end && *p != ' ' && *p != '['; p++)
		;
	if (p > word && imap_status_word(word, (gsize)(p - word)) == IMAP_NONE)
		return LINE_DATA;
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '[' ? LINE_CODE : LINE_TEXT;
}

/* The line under way ends at raw[end]: does it leave room for a literal there? */
static gboolean
may_hold_literal(struct imap_parser *parser, gsize end)
{
	if (parser->segment == 0)
		parser->kind = kind_of_line(parser->raw, parser->raw + end);
	if (parser->kind == LINE_CODE && memchr(parser->raw + parser->segment, ']', end - parser->segment))
		parser->kind = LINE_TEXT;
	return parser->kind != LINE_TEXT;
}

/* 1 when raw[segment…end) ends in "{n}", "{n+}" or "~{n}": *brace gives where that starts. 0 when it does
 * not, -1 when n is more than a number can hold. */
static int
read_announcement(const struct imap_parser *parser, gsize end, gsize *brace, guint64 *n)
{
	const unsigned char *raw = parser->raw;
	gsize i = end - 1, digits;

	if (i > parser->segment && raw[i - 1] == '+')
		i--;
	digits = i;
	while (i > parser->segment && g_ascii_isdigit(raw[i - 1]))
		i--;
	if (i == digits || i == parser->segment || raw[i - 1] != '{')
		return 0;
	*brace = i - 1;
	if (*brace > parser->segment && raw[*brace - 1] == '~')
		--*brace;
	if (*brace == 0 || (*brace > parser->segment && !memchr(" ([]", raw[*brace - 1], 4)))
		return 0;
	for (*n = 0; g_ascii_isdigit(raw[i]); i++) {
		if (*n > (G_MAXUINT64 - 9) / 10)
			return -1;
		*n = *n * 10 + (guint64)(raw[i] - '0');
	}
	return 1;
}

static int
open_spool(const struct imap_parser *parser, GError **error)
{
	g_autofree char *path = g_build_filename(parser->spool_dir, "fulmar-XXXXXX", NULL);
	int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		int e = errno;

		fulmar_fail(error, FULMAR_FAILED, _("cannot keep a large part in %s: %s"), parser->spool_dir,
		            g_strerror(e));
		return -1;
	}
	g_unlink(path);
	return fd;
}

/* The line ended at raw[brace] with the announcement of n octets. */
static gboolean
start_literal(struct imap_parser *parser, gsize brace, guint64 n, GError **error)
{
	struct imap_literal literal = {.brace = brace, .data = brace + 2, .len = (gsize)n, .fd = -1};

	if (n > parser->limits.literal)
		return fail(N_("a part of it is larger than allowed"), error);
	literal.binary = parser->raw[brace] == '~';
	if (n > parser->limits.spool_above || n > parser->limits.memory - parser->memory) {
		if (++parser->spools > MAX_SPOOLS)
			return fail(N_("it has too many large parts"), error);
		literal.fd = open_spool(parser, error);
		if (literal.fd < 0)
			return FALSE;
	} else {
		parser->memory += n;
	}
	parser->raw[brace] = '\n';
	parser->len = literal.data;
	parser->segment = literal.data + (literal.fd < 0 ? literal.len : 0);
	parser->left = literal.len;
	g_array_append_val(parser->literals, literal);
	return TRUE;
}

/* raw ends in the LF of the line under way. *complete gives whether the response ends here too. */
static gboolean
end_line(struct imap_parser *parser, gboolean *complete, GError **error)
{
	gsize end = parser->len - 1, brace;
	guint64 n;
	int announced = 0;

	while (end > parser->segment && parser->raw[end - 1] == '\r')
		end--;
	if (end > parser->segment && parser->raw[end - 1] == '}')
		announced = read_announcement(parser, end, &brace, &n);
	if (announced && !may_hold_literal(parser, end))
		announced = 0;
	if (announced < 0)
		return fail(N_("a part of it is larger than allowed"), error);
	if (announced)
		return start_literal(parser, brace, n, error);
	parser->raw[end] = '\n';
	*complete = TRUE;
	return TRUE;
}

static gssize
take_line(struct imap_parser *parser, const unsigned char *bytes, gsize len, gboolean *complete,
          GError **error)
{
	const unsigned char *lf = memchr(bytes, '\n', len);
	gsize n = lf ? (gsize)(lf - bytes) + 1 : len;

	if (n > parser->limits.line - parser->line) {
		fail(N_("a line of it is longer than allowed"), error);
		return -1;
	}
	append(parser, bytes, n);
	parser->line += n;
	if (lf && !end_line(parser, complete, error))
		return -1;
	return (gssize)n;
}

static gboolean
spool(const struct imap_parser *parser, int fd, const unsigned char *bytes, gsize len, GError **error)
{
	while (len) {
		gssize n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int e = errno;

			fulmar_fail(error, FULMAR_FAILED, _("cannot keep a large part in %s: %s"),
			            parser->spool_dir, g_strerror(e));
			return FALSE;
		}
		bytes += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static gssize
take_literal(struct imap_parser *parser, const unsigned char *bytes, gsize len, GError **error)
{
	gsize n = MIN(len, parser->left);
	int fd = last_literal(parser)->fd;

	if (fd < 0)
		append(parser, bytes, n);
	else if (!spool(parser, fd, bytes, n, error))
		return -1;
	parser->left -= n;
	return (gssize)n;
}

static gboolean
rewind_spools(const struct imap_parser *parser)
{
	for (guint i = 0; parser->spools && i < parser->literals->len; i++) {
		int fd = g_array_index(parser->literals, struct imap_literal, i).fd;

		if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
			return FALSE;
	}
	return TRUE;
}

/* *go_on gives what the callback said. */
static gboolean
deliver(struct imap_parser *parser, gboolean *go_on, GError **error)
{
	struct imap_response response;
	int rc;

	*go_on = TRUE;
	if (!rewind_spools(parser))
		return fail(N_("its parts cannot be read back"), error);
	imap_reader_start(&parser->reader, parser->raw,
	                  (const struct imap_literal *)(void *)parser->literals->data, parser->literals->len);
	rc = imap_response_read(&parser->reader, &response);
	if (rc < 0)
		return fail(parser->reader.fault, error);
	if (rc)
		*go_on = parser->on_response(&response, parser->user);
	forget_response(parser);
	return TRUE;
}

gssize
imap_parser_feed(struct imap_parser *parser, const unsigned char *bytes, gsize len, GError **error)
{
	gsize at = 0;

	if (parser->broken) {
		fail(N_("it followed one that was broken"), error);
		return -1;
	}
	while (at < len) {
		gboolean complete = FALSE, go_on = TRUE;
		gssize n;

		if (parser->left)
			n = take_literal(parser, bytes + at, len - at, error);
		else
			n = take_line(parser, bytes + at, len - at, &complete, error);
		if (n < 0 || (complete && !deliver(parser, &go_on, error))) {
			parser->broken = TRUE;
			return -1;
		}
		at += (gsize)n;
		if (!go_on)
			break;
	}
	return (gssize)at;
}

gboolean
imap_parser_progress(const struct imap_parser *parser, guint64 *have, guint64 *total)
{
	const struct imap_literal *literal = last_literal(parser);

	if (!parser->left || !literal)
		return FALSE;
	*total = literal->len;
	*have = literal->len - parser->left;
	return TRUE;
}
