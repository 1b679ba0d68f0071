#include "proto/imap/parse.h"

#include <string.h>

/* Base64 with "," for "/" and no padding, over UTF-16BE, between "&" and "-". */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static gboolean
is_direct(guint32 c)
{
	return c >= 0x20 && c <= 0x7e;
}

static int
digit_value(unsigned char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* One UTF-16 unit; *high holds the first of a pair. */
static gboolean
append_unit(GString *out, guint32 unit, guint32 *high)
{
	if (*high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return FALSE;
		g_string_append_unichar(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
		*high = 0;
		return TRUE;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return TRUE;
	}
	if (!unit || (unit >= 0xdc00 && unit <= 0xdfff) || is_direct(unit))
		return FALSE;
	g_string_append_unichar(out, unit);
	return TRUE;
}

/* From behind "&" to behind "-". Gives the octets taken, 0 when it is malformed. */
static gsize
decode_run(GString *out, const unsigned char *p, gsize len)
{
	guint32 bits = 0, high = 0;
	guint n = 0;
	gsize i;

	for (i = 0; i < len && p[i] != '-'; i++) {
		int value = digit_value(p[i]);

		if (value < 0)
			return 0;
		bits = (bits << 6 | (guint32)value) & 0x3fffff;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		if (!append_unit(out, bits >> n & 0xffff, &high))
			return 0;
	}
	if (!i || i == len || high || n >= 6 || (bits & ((1u << n) - 1)))
		return 0;
	return i + 1;
}

char *
imap_utf7_to_utf8(const unsigned char *name, gsize len)
{
	g_autoptr(GString) out = g_string_sized_new(len);
	gboolean after_run = FALSE;
	gsize i = 0;

	while (i < len) {
		gsize taken;

		if (!is_direct(name[i]))
			return NULL;
		if (name[i] != '&') {
			g_string_append_c(out, (char)name[i++]);
			after_run = FALSE;
			continue;
		}
		if (i + 1 < len && name[i + 1] == '-') {
			g_string_append_c(out, '&');
			i += 2;
			after_run = FALSE;
			continue;
		}
		/* "&AOQ-&APY-" would be a second spelling of "&AOQA9g-": names that differ must stay apart.
		 */
		taken = after_run ? 0 : decode_run(out, name + i + 1, len - i - 1);
		if (!taken)
			return NULL;
		i += 1 + taken;
		after_run = TRUE;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
encode_unit(GString *out, guint32 unit, guint32 *bits, guint *n)
{
	*bits = *bits << 16 | unit;
	*n += 16;
	while (*n >= 6) {
		*n -= 6;
		g_string_append_c(out, alphabet[*bits >> *n & 0x3f]);
	}
	*bits &= (1u << *n) - 1;
}

/* From the first character that is not direct to behind the last. */
static const char *
encode_run(GString *out, const char *p)
{
	guint32 bits = 0;
	guint n = 0;

	g_string_append_c(out, '&');
	for (; *p && !is_direct((unsigned char)*p); p = g_utf8_next_char(p)) {
		guint32 c = g_utf8_get_char(p);

		if (c >= 0x10000) {
			encode_unit(out, 0xd800 + ((c - 0x10000) >> 10), &bits, &n);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		encode_unit(out, c, &bits, &n);
	}
	if (n)
		g_string_append_c(out, alphabet[bits << (6 - n) & 0x3f]);
	g_string_append_c(out, '-');
	return p;
}

char *
imap_utf8_to_utf7(const char *name)
{
	g_autoptr(GString) out = NULL;

	if (!g_utf8_validate(name, -1, NULL))
		return NULL;
	out = g_string_new(NULL);
	while (*name) {
		if (!is_direct((unsigned char)*name)) {
			name = encode_run(out, name);
			continue;
		}
		g_string_append(out, *name == '&' ? "&-" : (char[]){*name, '\0'});
		name++;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
