/* Transfer decoding: rows of encoding, input, output. */
#include "mime/part.h"
#include <string.h>

#include "../dice.h"

static const struct {
	enum part_encoding encoding;
	const char *in, *out;
} rows[] = {
        {ENCODING_7BIT, "as=20it is\r\n", "as=20it is\r\n"},
        {ENCODING_QP, "", ""},
        {ENCODING_QP, "gr=C3=BCn =3d\r\nx", "gr\xc3\xbcn =\r\nx"},
        {ENCODING_QP, "soft=\r\n break=\n again= \t\r\nend=", "soft break againend"},
        {ENCODING_QP, "blanks  \t\r\nat the end \n.", "blanks\r\nat the end\n."},
        {ENCODING_QP, "kept=20\r\nkept =\r\nx", "kept \r\nkept x"},
        {ENCODING_QP, "bad =ZZ =4 ==41 =", "bad =ZZ =4 =A "},
        {ENCODING_QP, "old=\rmac", "oldmac"},
        {ENCODING_BASE64, "", ""},
        {ENCODING_BASE64, "aGVsbG8=", "hello"},
        {ENCODING_BASE64, "aGVs\r\nbG8=\r\n", "hello"},
        {ENCODING_BASE64, "aGVsbG8", "hello"},
        {ENCODING_BASE64, "aGVsbG8gd29ybGQ", "hello world"},
        {ENCODING_BASE64, "a G*V s\tb!G8=", "hello"},
        {ENCODING_BASE64, "YQ==\r\nYg==\r\nYw==", "abc"},
        {ENCODING_BASE64, "YWI=YWI=", "abab"},
        {ENCODING_BASE64, "aGVsbG8=\r\n-- \r\na mailing list\r\n", "hello"},
        {ENCODING_BASE64, "aGVsbG8=\r\n________________\r\nlist", "hello"},
        {ENCODING_BASE64, "aGVsbG8h\r\n  d29ybGQ=", "hello!world"},
        {ENCODING_BASE64, "a", ""},
        {ENCODING_BASE64, "====", ""},
        {ENCODING_UUENCODE, "begin 644 f\n%:&5L;&\\\n`\nend\n", "hello"},
        {ENCODING_UUENCODE, "prose\r\nbegin 644 f\r\n%:&5L;&\\\r\n \r\nend\r\nprose", "hello"},
        {ENCODING_UUENCODE, "begin 644 f\nM:&5L", "hel\0\0\0"},
        {ENCODING_UUENCODE, "no beginning", ""},
};

static void
test_each_row(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) out = mime_decode_body(rows[i].encoding, rows[i].in, strlen(rows[i].in));
		gsize len;
		const char *bytes = g_bytes_get_data(out, &len);
		g_autofree char *text = g_strndup(bytes ? bytes : "", len);

		g_assert_cmpstr(text, ==, rows[i].out);
	}
}

static void
test_each_row_cut_anywhere(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (gsize len = strlen(rows[i].in); len-- > 0;) {
			g_autofree char *copy = g_memdup2(rows[i].in, len);
			g_autoptr(GBytes) out = mime_decode_body(rows[i].encoding, copy, len);

			g_assert_cmpuint(g_bytes_get_size(out), <=, len + 3);
		}
	}
}

/* What GLib encodes comes back, in lines of any width. */
static void
test_base64_round_trip(void)
{
	for (gsize len = 0; len < 200; len++) {
		guint8 bytes[200];
		g_autofree char *code = NULL;
		g_autoptr(GString) lines = g_string_new(NULL);
		g_autoptr(GBytes) out = NULL;

		for (gsize i = 0; i < len; i++)
			bytes[i] = (guint8)g_test_rand_int();
		code = g_base64_encode(bytes, len);
		for (const char *p = code; *p; p++) {
			g_string_append_c(lines, *p);
			if ((p - code) % 7 == (gssize)len % 7)
				g_string_append(lines, "\r\n");
		}
		out = mime_decode_body(ENCODING_BASE64, lines->str, lines->len);
		g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), bytes, len);
	}
}

static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {"=",       "= ",       " ",   "=\n", "=41", "YQ==\n",
	                                     "=\nAAAA", "begin \n", "M\n", "M",   " \n"};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) in = g_string_new("begin 644 f\n");

		for (int k = 0; k < 1000000; k++)
			g_string_append(in, pieces[i]);
		for (int e = ENCODING_7BIT; e <= ENCODING_UUENCODE; e++) {
			g_autoptr(GBytes) out = mime_decode_body((enum part_encoding)e, in->str, in->len);

			g_assert_cmpuint(g_bytes_get_size(out), <=, in->len + 3);
		}
	}
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	g_test_add_func("/decode/each-row", test_each_row);
	g_test_add_func("/decode/each-row-cut-anywhere", test_each_row_cut_anywhere);
	g_test_add_func("/decode/base64-round-trip", test_base64_round_trip);
	g_test_add_func("/decode/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
