/* The tree as text for the store. One line per part, parents before children:
 *
 *   1                                         the version, once
 *   text/html<TAB>cutf-8<TAB>e1<TAB>z1234     type, then fields: a letter and its value
 *
 * Fields with the value 0, FALSE or NULL are left out. Octets below 32, 127, '%' and '/' in strings are
 * written %XX. k is the number of children, whose lines follow.
 */
#include "mime/part.h"
#include "mime/part-private.h"
#include "base/error.h"
#include "base/i18n.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum field_type { FIELD_STRING, FIELD_NUMBER, FIELD_FLAG, FIELD_ENCODING };

static const struct {
	char letter;
	enum field_type type;
	gsize offset;
} fields[] = {
        {'c', FIELD_STRING, offsetof(struct mime_part, charset)},
        {'n', FIELD_STRING, offsetof(struct mime_part, name)},
        {'i', FIELD_STRING, offsetof(struct mime_part, cid)},
        {'t', FIELD_STRING, offsetof(struct mime_part, description)},
        {'d', FIELD_STRING, offsetof(struct mime_part, disposition)},
        {'b', FIELD_STRING, offsetof(struct mime_part, boundary)},
        {'p', FIELD_STRING, offsetof(struct mime_part, protocol)},
        {'s', FIELD_STRING, offsetof(struct mime_part, start)},
        {'f', FIELD_FLAG, offsetof(struct mime_part, flowed)},
        {'x', FIELD_FLAG, offsetof(struct mime_part, delsp)},
        {'e', FIELD_ENCODING, offsetof(struct mime_part, encoding)},
        {'z', FIELD_NUMBER, offsetof(struct mime_part, size)},
        {'l', FIELD_NUMBER, offsetof(struct mime_part, lines)},
        {'o', FIELD_NUMBER, offsetof(struct mime_part, body_start)},
        {'O', FIELD_NUMBER, offsetof(struct mime_part, body_len)},
        {'h', FIELD_NUMBER, offsetof(struct mime_part, header_start)},
        {'H', FIELD_NUMBER, offsetof(struct mime_part, header_len)},
};

#define MEMBER(type, part, offset) ((type *)((char *)(part) + (offset)))

static void
append_escaped(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);

	for (const char *p = valid ? valid : text; *p; p++) {
		if ((guint8)*p < 32 || *p == '%' || *p == 127 || *p == '/')
			g_string_append_printf(out, "%%%02X", (guint8)*p);
		else
			g_string_append_c(out, *p);
	}
}

static void
append_field(GString *out, const struct mime_part *part, gsize i)
{
	const char *text = NULL;
	guint64 number = 0;

	switch (fields[i].type) {
	case FIELD_STRING:
		text = *MEMBER(char *, part, fields[i].offset);
		break;
	case FIELD_NUMBER:
		number = *MEMBER(guint64, part, fields[i].offset);
		break;
	case FIELD_FLAG:
		number = *MEMBER(gboolean, part, fields[i].offset) != FALSE;
		break;
	case FIELD_ENCODING:
		number = *MEMBER(enum part_encoding, part, fields[i].offset);
		break;
	}
	if (text) {
		g_string_append_printf(out, "\t%c", fields[i].letter);
		append_escaped(out, text);
	} else if (number) {
		g_string_append_printf(out, "\t%c%" G_GUINT64_FORMAT, fields[i].letter, number);
	}
}

static gboolean
append_part(const struct mime_part *part, void *user)
{
	GString *out = user;

	append_escaped(out, part->type);
	g_string_append_c(out, '/');
	append_escaped(out, part->subtype);
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		append_field(out, part, i);
	if (part->children->len)
		g_string_append_printf(out, "\tk%u", part->children->len);
	g_string_append_c(out, '\n');
	return TRUE;
}

char *
mime_part_to_text(const struct mime_part *root)
{
	GString *out = g_string_new("1\n");

	mime_part_walk(root, append_part, out);
	return g_string_free(out, FALSE);
}

/* NULL when an escape is broken or would hide a NUL or break the text's UTF-8. */
static char *
unescape(const char *p, gsize len)
{
	char *text = g_malloc(len + 1), *o = text;
	const char *end = p + len;

	for (; p < end; p++) {
		int high = -1, low = -1;

		if (*p != '%') {
			*o++ = *p;
			continue;
		}
		if (end - p > 2) {
			high = g_ascii_xdigit_value(p[1]);
			low = g_ascii_xdigit_value(p[2]);
		}
		if (high < 0 || high > 7 || low < 0 || high + low == 0) {
			g_free(text);
			return NULL;
		}
		*o++ = (char)(high << 4 | low);
		p += 2;
	}
	*o = '\0';
	return text;
}

static gboolean
read_number(const char *p, gsize len, guint64 max, guint64 *n)
{
	*n = 0;
	for (gsize i = 0; i < len; i++) {
		guint64 digit = (guint64)(p[i] - '0');

		if (p[i] < '0' || p[i] > '9' || digit > max || *n > (max - digit) / 10)
			return FALSE;
		*n = *n * 10 + digit;
	}
	return len > 0;
}

static gboolean
read_known(struct mime_part *part, gsize i, const char *value, gsize len)
{
	guint64 n = 0;
	char **text;

	switch (fields[i].type) {
	case FIELD_STRING:
		text = MEMBER(char *, part, fields[i].offset);
		if (*text)
			return FALSE;
		*text = unescape(value, len);
		return *text != NULL;
	case FIELD_NUMBER:
		return read_number(value, len, G_MAXUINT64, MEMBER(guint64, part, fields[i].offset));
	case FIELD_FLAG:
		if (!read_number(value, len, 1, &n))
			return FALSE;
		*MEMBER(gboolean, part, fields[i].offset) = n != 0;
		return TRUE;
	case FIELD_ENCODING:
		if (!read_number(value, len, ENCODING_UUENCODE, &n))
			return FALSE;
		*MEMBER(enum part_encoding, part, fields[i].offset) = (enum part_encoding)n;
		return TRUE;
	}
	return FALSE;
}

static gboolean
read_field(struct mime_part *part, const char *p, gsize len, guint64 *children)
{
	if (!len)
		return FALSE;
	if (*p == 'k')
		return read_number(p + 1, len - 1, PART_COUNT_MAX, children);
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (fields[i].letter == *p)
			return read_known(part, i, p + 1, len - 1);
	}
	return FALSE;
}

static gboolean
read_type(struct mime_part *part, const char *p, gsize len)
{
	const char *slash = memchr(p, '/', len);

	if (!slash || slash == p || slash + 1 == p + len)
		return FALSE;
	g_free(part->type);
	g_free(part->subtype);
	part->type = unescape(p, (gsize)(slash - p));
	part->subtype = unescape(slash + 1, (gsize)(p + len - slash - 1));
	return part->type && part->subtype;
}

static gboolean
read_line(struct mime_part *part, const char *p, const char *eol, guint64 *children)
{
	const char *tab = memchr(p, '\t', (gsize)(eol - p));
	const char *stop = tab ? tab : eol;

	*children = 0;
	if (!read_type(part, p, (gsize)(stop - p)))
		return FALSE;
	while (stop < eol) {
		p = stop + 1;
		tab = memchr(p, '\t', (gsize)(eol - p));
		stop = tab ? tab : eol;
		if (!read_field(part, p, (gsize)(stop - p), children))
			return FALSE;
	}
	return TRUE;
}

/* The lines of a tree below one another: missing counts, for each open level, the children still to come. */
static struct mime_part *
read_tree(const char *p)
{
	guint64 missing[PART_DEPTH_MAX + 1];
	guint depth = 0, parts = 0;
	struct mime_part *root = NULL, *parent = NULL;

	do {
		const char *eol = strchr(p, '\n');
		struct mime_part *part;
		guint64 children;

		if (!eol || ++parts > PART_COUNT_MAX)
			goto broken;
		part = mime_part_new();
		part->parent = parent;
		if (parent)
			g_ptr_array_add(parent->children, part);
		else
			root = part;
		if (!read_line(part, p, eol, &children) || (children && depth == PART_DEPTH_MAX))
			goto broken;
		p = eol + 1;
		if (children) {
			parent = part;
			missing[++depth] = children;
			continue;
		}
		while (depth && !--missing[depth]) {
			parent = parent->parent;
			depth--;
		}
	} while (depth);
	if (!*p)
		return root;
broken:
	mime_part_free(root);
	return NULL;
}

struct mime_part *
mime_part_from_text(const char *text, GError **error)
{
	struct mime_part *root = NULL;

	if (!strncmp(text, "1\n", 2) && g_utf8_validate(text, -1, NULL))
		root = read_tree(text + 2);
	if (!root) {
		fulmar_fail(error, FULMAR_FAILED, _("The stored structure of a message is damaged."));
		return NULL;
	}
	mime_part_number(root);
	return root;
}
