/* The tree of parts out of a message's octets (RFC 2045, 2046): one pass over the lines that begin with "--".
 */
#include "mime/envelope.h"
#include "mime/part.h"
#include "mime/part-private.h"
#include "mime/scan.h"
#include <string.h>

/* A multipart whose boundary still counts. */
struct open {
	struct mime_part *part;
	const char *boundary; /* lent from part */
	gsize len;
};

struct parser {
	const char *bytes, *end;
	struct open open[PART_DEPTH_MAX];
	guint n_open;
	guint depth; /* of current: 1 for the root */
	guint parts;
	struct mime_part *root;
	struct mime_part *current; /* the innermost part that has no end yet */
	gboolean full;             /* no more parts: the rest belongs to current */
};

static void
take_content_type(struct mime_part *part, const struct mime_field *field)
{
	g_autofree char *value = NULL;
	g_autoptr(GHashTable) params = NULL;
	const char *flowed, *delsp;
	char *slash;

	mime_parse_parameterised(field->value, field->value_len, &value, &params);
	slash = strchr(value, '/');
	if (slash && slash > value && slash[1]) {
		g_free(part->type);
		g_free(part->subtype);
		part->type = g_strndup(value, (gsize)(slash - value));
		part->subtype = g_strdup(slash + 1);
	}
	part->charset = g_strdup(g_hash_table_lookup(params, "charset"));
	part->boundary = g_strdup(g_hash_table_lookup(params, "boundary"));
	if (part->boundary)
		g_strchomp(part->boundary); /* it cannot end in a blank (RFC 2046 §5.1.1) */
	part->protocol = g_strdup(g_hash_table_lookup(params, "protocol"));
	part->start = g_strdup(g_hash_table_lookup(params, "start"));
	if (!part->name)
		part->name = g_strdup(g_hash_table_lookup(params, "name"));
	flowed = g_hash_table_lookup(params, "format");
	delsp = g_hash_table_lookup(params, "delsp");
	part->flowed = flowed && !g_ascii_strcasecmp(flowed, "flowed");
	part->delsp = delsp && !g_ascii_strcasecmp(delsp, "yes");
}

/* RFC 2183 §2.8: what is not known is an attachment. */
static void
take_disposition(struct mime_part *part, const struct mime_field *field)
{
	g_autofree char *value = NULL;
	g_autoptr(GHashTable) params = NULL;
	const char *name;

	mime_parse_parameterised(field->value, field->value_len, &value, &params);
	if (*value && !strchr(value, '='))
		part->disposition = g_strdup(strcmp(value, "inline") ? "attachment" : "inline");
	name = g_hash_table_lookup(params, "filename");
	if (!name)
		name = g_hash_table_lookup(params, "name");
	if (name && *name) {
		g_free(part->name);
		part->name = g_strdup(name);
	}
}

static void
take_encoding(struct mime_part *part, const struct mime_field *field)
{
	part->encoding = mime_encoding_from_name(field->value, field->value_len);
}

static void
take_cid(struct mime_part *part, const struct mime_field *field)
{
	char *id = ids_first(field->value, field->value_len, TRUE);

	if (*id)
		part->cid = g_strndup(id + 1, strlen(id) - 2);
	g_free(id);
}

static void
take_description(struct mime_part *part, const struct mime_field *field)
{
	part->description = mime_decode_words(field->value, field->value_len);
}

static const struct {
	const char *name;
	void (*take)(struct mime_part *part, const struct mime_field *field);
} fields[] = {
        {"content-type", take_content_type},
        {"content-disposition", take_disposition},
        {"content-id", take_cid},
        {"content-transfer-encoding", take_encoding},
        {"content-description", take_description},
};

static void
take_field(struct mime_part *part, const struct mime_field *field, guint *seen)
{
	if (field->name_len < 8 || (*field->name | 0x20) != 'c')
		return;
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (strlen(fields[i].name) != field->name_len || (*seen & 1u << i) ||
		    g_ascii_strncasecmp(fields[i].name, field->name, field->name_len))
			continue;
		*seen |= 1u << i;
		fields[i].take(part, field);
	}
}

/* p at "--" at the beginning of a line: the innermost multipart whose boundary this is, or NULL. *last when
 * it says the end. */
static const struct open *
match_boundary(const struct parser *parser, const char *p, const char *eol, gboolean *last)
{
	while (eol > p && (eol[-1] == ' ' || eol[-1] == '\t'))
		eol--;
	p += 2;
	for (guint i = parser->n_open; i-- > 0;) {
		const struct open *open = &parser->open[i];
		gsize len = (gsize)(eol - p);

		if (len < open->len || memcmp(p, open->boundary, open->len))
			continue;
		*last = len == open->len + 2 && eol[-1] == '-' && eol[-2] == '-';
		if (len == open->len || *last)
			return open;
	}
	return NULL;
}

static gboolean
is_boundary(const struct parser *parser, const char *p)
{
	gboolean last;

	return parser->end - p > 2 && p[0] == '-' && p[1] == '-' &&
	       match_boundary(parser, p, scan_line_end(p, parser->end), &last);
}

/* The header block ends at its blank line, at a line that cannot be one of it, or where a boundary comes too
 * early. */
static void
parse_header(struct parser *parser, struct mime_part *part, const char *at)
{
	struct mime_field field;
	const char *from = at;
	guint seen = 0;

	while (!is_boundary(parser, at)) {
		const char *before = at;

		if (!mime_field_next(&at, parser->end, &field))
			break;
		if (field.name != before && is_boundary(parser, field.name)) {
			at = field.name;
			break;
		}
		take_field(part, &field, &seen);
	}
	part->header_start = (guint64)(from - parser->bytes);
	part->header_len = (guint64)(at - from);
	part->body_start = (guint64)(at - parser->bytes);
}

static void
set_type(struct mime_part *part, const char *type, const char *subtype)
{
	g_free(part->type);
	g_free(part->subtype);
	part->type = g_strdup(type);
	part->subtype = g_strdup(subtype);
}

static struct mime_part *
begin_part(struct parser *parser, struct mime_part *parent, const char *at)
{
	struct mime_part *part = mime_part_new();

	if (parent) {
		part->parent = parent;
		g_ptr_array_add(parent->children, part);
		if (mime_part_is(parent, "multipart", "digest"))
			set_type(part, "message", "rfc822");
	}
	parser->parts++;
	parser->current = part;
	parser->depth++;
	parse_header(parser, part, at);
	return part;
}

/* Begins a part at at and, for a message in it, that message's root, and so on down; multiparts are opened.
 * Gives where the innermost body begins. */
static const char *
begin_parts(struct parser *parser, struct mime_part *parent, const char *at)
{
	for (;;) {
		struct mime_part *part = begin_part(parser, parent, at);
		gboolean multipart = mime_part_is(part, "multipart", NULL);
		gboolean message = mime_part_is_message(part) && part->encoding == ENCODING_7BIT;

		at = parser->bytes + part->body_start;
		if (!multipart && !message)
			return at;
		if (parser->depth >= PART_DEPTH_MAX || parser->parts >= PART_COUNT_MAX) {
			set_type(part, "application", "octet-stream");
			return at;
		}
		if (message) {
			parent = part;
			continue;
		}
		part->encoding = ENCODING_7BIT;
		if (part->boundary && *part->boundary)
			parser->open[parser->n_open++] =
			        (struct open){part, part->boundary, strlen(part->boundary)};
		return at;
	}
}

static guint64
count_lines(const char *p, const char *end)
{
	guint64 n = 0;

	while (p < end) {
		p = scan_next_line(scan_line_end(p, end), end);
		n++;
	}
	return n;
}

/* A multipart in which no boundary was ever met is what it looks like: text. */
static void
end_part(struct parser *parser, struct mime_part *part, const char *end)
{
	const char *body = parser->bytes + part->body_start;

	if (end < body)
		end = body;
	part->body_len = part->size = (guint64)(end - body);
	if (mime_part_is(part, "multipart", NULL) && !part->children->len)
		set_type(part, "text", "plain");
	if (mime_part_is(part, "text", NULL) || mime_part_is_message(part))
		part->lines = count_lines(body, end);
}

/* Ends all that is inside of part (all, when it is NULL). */
static void
end_inside(struct parser *parser, struct mime_part *part, const char *end)
{
	while (parser->current != part) {
		struct mime_part *done = parser->current;

		parser->current = done->parent;
		parser->depth--;
		end_part(parser, done, end);
	}
}

/* The line end before a boundary belongs to it (RFC 2046 §5.1.1). */
static const char *
before_boundary(const struct parser *parser, const char *p)
{
	if (p > parser->bytes && p[-1] == '\n')
		p--;
	else if (p > parser->bytes && p[-1] == '\r')
		return p - 1;
	if (p > parser->bytes && p[-1] == '\r')
		p--;
	return p;
}

/* p at a line that begins with "--". Gives where to go on looking. */
static const char *
take_line(struct parser *parser, const char *p)
{
	const char *eol = scan_line_end(p, parser->end), *next = scan_next_line(eol, parser->end);
	gboolean last = FALSE;
	const struct open *open = match_boundary(parser, p, eol, &last);
	struct mime_part *part;

	if (!open)
		return next;
	part = open->part;
	end_inside(parser, part, before_boundary(parser, p));
	parser->n_open = (guint)(open - parser->open) + (last ? 0 : 1);
	if (last)
		return next;
	next = begin_parts(parser, part, next);
	if (parser->parts >= PART_COUNT_MAX) {
		set_type(parser->current, "application", "octet-stream");
		parser->full = TRUE;
	}
	return next;
}

/* Bodies are searched for '-' rather than line by line: base64 has none. */
static const char *
next_dashes(const struct parser *parser, const char *p)
{
	while (p < parser->end && (p = memchr(p, '-', (gsize)(parser->end - p)))) {
		gboolean line_start = p == parser->bytes || p[-1] == '\n' || p[-1] == '\r';

		if (line_start && parser->end - p > 2 && p[1] == '-')
			return p;
		p++;
	}
	return NULL;
}

struct mime_part *
mime_part_parse(const char *bytes, gsize len)
{
	struct parser parser = {.bytes = bytes, .end = bytes + len};
	const char *p;

	p = begin_parts(&parser, NULL, bytes);
	parser.root = parser.current;
	while (parser.root->parent)
		parser.root = parser.root->parent;
	while (parser.n_open && !parser.full && (p = next_dashes(&parser, p)))
		p = take_line(&parser, p);
	end_inside(&parser, NULL, parser.end);
	mime_part_number(parser.root);
	return parser.root;
}
