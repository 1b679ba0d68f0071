/* Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1), whole and in pieces (RFC 2231), and the
 * ways they are broken. */
#include "mime/envelope.h"
#include "mime/scan.h"
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 1000 };

struct piece {
	char *name; /* lower case, without the asterisks */
	char *value;
	gsize len;
	guint index; /* 0 for a whole one */
	guint order;
	gboolean numbered, encoded, quoted;
};

static void
piece_clear(gpointer data)
{
	struct piece *piece = data;

	g_free(piece->name);
	g_free(piece->value);
}

/* Blanks and comments; one that is not closed is passed over as an octet. */
static const char *
skip_space(const char *p, const char *end)
{
	while ((p = scan_blanks(p, end)) < end && *p == '(') {
		const char *close = scan_comment(p, end);

		if (!close)
			return end;
		p = close;
	}
	return p;
}

char *
params_token(const char *p, const char *end, const char **rest)
{
	const char *semicolon = memchr(p, ';', (gsize)(end - p)), *stop = semicolon ? semicolon : end;
	char *token = g_malloc((gsize)(stop - p) + 1), *o = token, *utf8;

	while ((p = skip_space(p, stop)) < stop) {
		/* "text/plain charset=x": the semicolon is missing */
		if (o > token && o[-1] != '/' && *p != '/' && scan_is(p[-1], SCAN_BLANK))
			break;
		*o++ = g_ascii_tolower(*p++);
	}
	*o = '\0';
	*rest = p;
	if (scan_is_plain(token, (gsize)(o - token)))
		return token;
	utf8 = charset_dup_raw(token, (gsize)(o - token));
	g_free(token);
	return utf8;
}

/* "name*3*": the asterisks and their number are cut off. FALSE when it is no number. */
static gboolean
split_name(struct piece *piece)
{
	char *star = strchr(piece->name, '*'), *digits;
	guint64 n;

	if (!star)
		return TRUE;
	piece->encoded = star[strlen(star) - 1] == '*';
	if (piece->encoded)
		star[strlen(star) - 1] = '\0';
	if (*star == '*') {
		digits = star + 1;
		n = g_ascii_strtoull(digits, &digits, 10);
		if (*digits || digits == star + 1 || n > PIECES_MAX)
			return FALSE;
		piece->numbered = TRUE;
		piece->index = (guint)n;
	}
	*star = '\0';
	return TRUE;
}

/* p at the opening quote. A backslash is kept unless it hides a quote or itself: file names of Windows come
 * like that. */
static const char *
read_quoted(struct piece *piece, const char *p, const char *end)
{
	const char *close = scan_quoted(p, end), *stop = close ? close : end;
	char *o = piece->value = g_malloc((gsize)(stop - p) + 1);

	for (p++; p < stop; p++) {
		if (*p == '\\' && p + 1 < stop && (p[1] == '"' || p[1] == '\\'))
			p++;
		*o++ = *p;
	}
	*o = '\0';
	piece->len = (gsize)(o - piece->value);
	piece->quoted = TRUE;
	return close ? close + 1 : end;
}

/* Names of files may hold blanks and brackets without being quoted; other values end there. */
static const char *
read_bare(struct piece *piece, const char *p, const char *end)
{
	gboolean file = !strcmp(piece->name, "name") || !strcmp(piece->name, "filename");
	const char *from = p, *stop;

	while (p < end && *p != ';' && (file || (!scan_is(*p, SCAN_BLANK) && *p != '(')))
		p++;
	for (stop = p; stop > from && scan_is(stop[-1], SCAN_BLANK); stop--)
		;
	piece->len = (gsize)(stop - from);
	piece->value = g_malloc(piece->len + 1);
	memcpy(piece->value, from, piece->len);
	piece->value[piece->len] = '\0';
	return p;
}

static const char *
read_piece(GArray *pieces, const char *p, const char *end)
{
	struct piece piece = {.order = pieces->len};
	const char *from = p;

	while (p < end && *p != '=' && *p != ';' && !scan_is(*p, SCAN_BLANK))
		p++;
	piece.name = g_ascii_strdown(from, p - from);
	p = skip_space(p, end);
	if (p >= end || *p != '=' || !*piece.name) {
		piece_clear(&piece);
		return p < end && *p == '=' ? p + 1 : p;
	}
	if (!split_name(&piece))
		*piece.name = '\0';
	p = skip_space(p + 1, end);
	p = p < end && *p == '"' ? read_quoted(&piece, p, end) : read_bare(&piece, p, end);
	if (*piece.name && g_utf8_validate(piece.name, -1, NULL))
		g_array_append_val(pieces, piece);
	else
		piece_clear(&piece);
	return p;
}

static int
compare_pieces(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;
	int names = strcmp(a->name, b->name);

	if (names)
		return names;
	/* RFC 2231 forms come before the plain one: they say the charset */
	if ((a->numbered || a->encoded) != (b->numbered || b->encoded))
		return a->numbered || a->encoded ? -1 : 1;
	if (a->numbered != b->numbered)
		return a->numbered ? 1 : -1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void
append_percent(GString *out, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '%' && end - p > 2 && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
			g_string_append_c(
			        out, (char)(g_ascii_xdigit_value(p[1]) << 4 | g_ascii_xdigit_value(p[2])));
			p += 2;
		} else {
			g_string_append_c(out, *p);
		}
	}
}

/* charset'language'text: gives the charset, moves *p to the text; NULL when the quotes are missing. */
static char *
take_charset(const char **p, const char *end)
{
	const char *first = memchr(*p, '\'', (gsize)(end - *p));
	const char *second = first ? memchr(first + 1, '\'', (gsize)(end - first - 1)) : NULL;
	char *charset;

	if (!second)
		return NULL;
	charset = g_strndup(*p, (gsize)(first - *p));
	*p = second + 1;
	return charset;
}

/* The pieces [from, to) are of one name; those of the first one's kind make its value. */
static char *
join_pieces(const struct piece *from, const struct piece *to)
{
	g_autoptr(GString) bytes = g_string_new(NULL);
	g_autofree char *charset = NULL;
	gboolean any_encoded = FALSE;

	for (const struct piece *piece = from; piece < to; piece++) {
		const char *p = piece->value, *end = p + piece->len;

		if (piece > from && (!from->numbered || !piece->numbered || piece->index == piece[-1].index))
			continue;
		if (!piece->encoded) {
			g_string_append_len(bytes, p, end - p);
			continue;
		}
		if (piece == from)
			charset = take_charset(&p, end);
		any_encoded = TRUE;
		append_percent(bytes, p, end);
	}
	if (any_encoded)
		return mime_to_utf8(bytes->str, bytes->len, charset, NULL);
	if (!strcmp(from->name, "boundary")) { /* must stay as it is to be found again */
		g_autofree char *unfolded = g_malloc(bytes->len + 1);

		return charset_dup_raw(unfolded, words_unfold(unfolded, bytes->str, bytes->str + bytes->len));
	}
	return mime_decode_words(bytes->str, bytes->len);
}

static GHashTable *
join_all(GArray *pieces)
{
	GHashTable *params = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	struct piece *all = (struct piece *)pieces->data;

	if (pieces->len > 1)
		qsort(all, pieces->len, sizeof *all, compare_pieces);
	for (guint from = 0, to; from < pieces->len; from = to) {
		for (to = from + 1; to < pieces->len && !strcmp(all[to].name, all[from].name); to++)
			;
		g_hash_table_insert(params, g_strdup(all[from].name), join_pieces(all + from, all + to));
	}
	return params;
}

void
mime_parse_parameterised(const char *bytes, gsize len, char **value, GHashTable **params)
{
	const char *p, *end;
	g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));

	bytes = scan_never_null(bytes);
	end = bytes + len;
	g_array_set_clear_func(pieces, piece_clear);
	*value = params_token(bytes, end, &p);
	while (pieces->len < PIECES_MAX) {
		while ((p = skip_space(p, end)) < end && (*p == ';' || *p == ',' || *p == '"'))
			p++;
		if (p >= end)
			break;
		p = read_piece(pieces, p, end);
	}
	*params = join_all(pieces);
}
