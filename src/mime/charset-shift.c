/* ISO-2022-JP (RFC 1468, 1554, and what Windows makes of it), ISO-2022-KR (RFC 1557) and HZ (RFC 1843). The
 * system's converters know neither the half-width katakana nor the row 13 symbols that Japanese mail is full
 * of, and stop where a header is missing; the 8-bit charsets with the same characters do.
 */
#include "mime/scan.h"
#include <string.h>

struct state {
	guint8 lead;   /* 0 or an octet before each character */
	int width;     /* octets of a character */
	gboolean high; /* give them the eighth bit */
};

struct escape {
	enum shift kind;
	const char *bytes;
	struct state state;
};

static const struct escape escapes[] = {
        {SHIFT_JP, "\033(B", {0, 1, FALSE}},    {SHIFT_JP, "\033(J", {0, 1, FALSE}},
        {SHIFT_JP, "\033(H", {0, 1, FALSE}},    {SHIFT_JP, "\033$@", {0, 2, TRUE}},
        {SHIFT_JP, "\033$B", {0, 2, TRUE}},     {SHIFT_JP, "\033$(B", {0, 2, TRUE}},
        {SHIFT_JP, "\033$(D", {0x8f, 2, TRUE}}, {SHIFT_JP, "\033(I", {0x8e, 1, TRUE}},
        {SHIFT_JP, "\016", {0x8e, 1, TRUE}},    {SHIFT_JP, "\017", {0, 1, FALSE}},
        {SHIFT_KR, "\033$)C", {0, 1, FALSE}},   {SHIFT_KR, "\016", {0, 2, TRUE}},
        {SHIFT_KR, "\017", {0, 1, FALSE}},      {SHIFT_HZ, "~{", {0, 2, TRUE}},
        {SHIFT_HZ, "~}", {0, 1, FALSE}},        {SHIFT_HZ, "~\n", {0, 1, FALSE}},
};

static gsize
read_escape(enum shift kind, const char *p, gsize left, struct state *state)
{
	if (*p != '\033' && *p != '\016' && *p != '\017' && *p != '~')
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
		gsize n = strlen(escapes[i].bytes);

		if (escapes[i].kind == kind && n <= left && !memcmp(p, escapes[i].bytes, n)) {
			*state = escapes[i].state;
			return n;
		}
	}
	return 0;
}

void
charset_unshift(GString *out, enum shift kind, const char *bytes, gsize len)
{
	static const struct state ascii = {0, 1, FALSE};
	struct state state = ascii;

	for (gsize i = 0, n; i < len; i += n) {
		n = read_escape(kind, bytes + i, len - i, &state);
		if (n)
			continue;
		if (bytes[i] == '\n' && kind != SHIFT_KR)
			state = ascii; /* each line begins in ASCII, whatever its writer forgot */
		n = 1;
		if (kind == SHIFT_HZ && !state.high && bytes[i] == '~' && i + 1 < len && bytes[i + 1] == '~')
			n = 2;
		if (!state.high || (guint8)bytes[i] <= ' ' || (guint8)bytes[i] >= 127) {
			g_string_append_c(out, bytes[i]);
			continue;
		}
		if (state.lead)
			g_string_append_c(out, (char)state.lead);
		for (n = 0; n < (gsize)state.width && i + n < len && (guint8)bytes[i + n] > ' '; n++)
			g_string_append_c(out, (char)(bytes[i + n] | 0x80));
	}
}
