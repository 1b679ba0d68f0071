/* Transfer decoding (RFC 2045 §6), lenient: what is no code is passed over or kept, never a reason to lose
 * the rest. */
#include "mime/part.h"
#include "mime/scan.h"
#include <string.h>

#define X 255
/* clang-format off */
const guint8 base64_value[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, 64, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */
#undef X

/* A line of prose behind the padding is what a list server added, not more of the file. */
static gboolean
is_prose(const char *p, const char *end)
{
	const char *eol = scan_line_end(p, end);

	while (eol > p && scan_is(eol[-1], SCAN_BLANK))
		eol--;
	for (; p < eol; p++) {
		if (base64_value[(guint8)*p] > 64)
			return TRUE;
	}
	return FALSE;
}

static gsize
decode_base64(guint8 *out, const char *p, const char *end)
{
	guint8 *o = out;
	guint32 quantum = 0;
	int digits = 0;
	gboolean padded = FALSE;

	for (; p < end; p++) {
		guint8 v = base64_value[(guint8)*p];

		if (v < 64) {
			quantum = quantum << 6 | v;
			if (++digits < 4)
				continue;
			*o++ = (guint8)(quantum >> 16);
			*o++ = (guint8)(quantum >> 8);
			*o++ = (guint8)quantum;
		} else if (v == 64) {
			padded = TRUE;
			if (digits > 1)
				*o++ = (guint8)(quantum >> (6 * digits - 8));
			if (digits > 2)
				*o++ = (guint8)(quantum >> (6 * digits - 16));
		} else {
			if (*p == '\n' && padded && is_prose(p + 1, end))
				break;
			continue;
		}
		quantum = 0;
		digits = 0;
	}
	if (digits > 1)
		*o++ = (guint8)(quantum >> (6 * digits - 8));
	if (digits > 2)
		*o++ = (guint8)(quantum >> (6 * digits - 16));
	return (gsize)(o - out);
}

static gsize
decode_qp(guint8 *out, const char *p, const char *end)
{
	guint8 *o = out, *solid = out; /* behind the last octet that is no trailing blank */

	while (p < end) {
		if (*p == '=') {
			const char *q = p + 1;

			if (end - p > 2 && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
				*o++ = (guint8)(g_ascii_xdigit_value(p[1]) << 4 | g_ascii_xdigit_value(p[2]));
				solid = o;
				p += 3;
				continue;
			}
			while (q < end && (*q == ' ' || *q == '\t'))
				q++;
			if (q == end || *q == '\r' || *q == '\n') {
				p = scan_next_line(q, end);
				solid = o;
				continue;
			}
		}
		if (*p == '\r' || *p == '\n')
			o = solid; /* blanks at the end of a line were added on the way */
		*o++ = (guint8)*p;
		if (*p != ' ' && *p != '\t')
			solid = o;
		p++;
	}
	return (gsize)(o - out);
}

/* One line: its first octet says how many follow. */
static guint8 *
decode_uu_line(guint8 *o, const char *p, const char *eol)
{
	int left = (*p - ' ') & 63;

	for (p++; left > 0 && p < eol; p += 4, left -= 3) {
		guint32 quantum = 0;

		for (int i = 0; i < 4; i++)
			quantum = quantum << 6 | (p + i < eol ? (guint32)(p[i] - ' ') & 63 : 0);
		for (int i = 0; i < 3 && i < left; i++)
			*o++ = (guint8)(quantum >> (16 - 8 * i));
	}
	return o;
}

static gsize
decode_uu(guint8 *out, const char *p, const char *end)
{
	guint8 *o = out;
	gboolean begun = FALSE;

	while (p < end) {
		const char *eol = scan_line_end(p, end);

		if (!begun)
			begun = eol - p > 6 && !memcmp(p, "begin ", 6);
		else if (eol - p >= 3 && !memcmp(p, "end", 3))
			break;
		else if (eol > p)
			o = decode_uu_line(o, p, eol);
		p = scan_next_line(eol, end);
	}
	return (gsize)(o - out);
}

GBytes *
mime_decode_body(enum part_encoding encoding, const char *bytes, gsize len)
{
	guint8 *out;
	gsize n = 0;

	if (encoding == ENCODING_7BIT)
		return g_bytes_new(bytes, len);
	out = g_malloc(len + 3);
	switch (encoding) {
	case ENCODING_7BIT:
		break;
	case ENCODING_QP:
		n = decode_qp(out, bytes, bytes + len);
		break;
	case ENCODING_BASE64:
		n = decode_base64(out, bytes, bytes + len);
		break;
	case ENCODING_UUENCODE:
		n = decode_uu(out, bytes, bytes + len);
		break;
	}
	return g_bytes_new_take(g_realloc(out, MAX(n, (gsize)1)), n);
}

guint64
mime_decoded_size(enum part_encoding encoding, guint64 size)
{
	switch (encoding) {
	case ENCODING_BASE64: /* 57 octets make a line of 78 */
		return size / 78 * 57 + size % 78 * 3 / 4;
	case ENCODING_UUENCODE:
		return size / 62 * 45 + size % 62 * 3 / 4;
	case ENCODING_7BIT:
	case ENCODING_QP:
		break;
	}
	return size;
}

enum part_encoding
mime_encoding_from_name(const char *name, gsize len)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
	} names[] = {
	        {"quoted-printable", ENCODING_QP}, {"base64", ENCODING_BASE64},
	        {"x-uuencode", ENCODING_UUENCODE}, {"x-uue", ENCODING_UUENCODE},
	        {"uuencode", ENCODING_UUENCODE},
	};
	const char *rest;
	g_autofree char *token = params_token(name, name + len, &rest);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!strcmp(token, names[i].name))
			return names[i].encoding;
	}
	return ENCODING_7BIT;
}
