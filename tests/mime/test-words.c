/* Encoded-words and charsets: tables of input and what a person must read. */
#include "mime/envelope.h"
#include <string.h>

struct row {
	const char *in, *out;
};

static const struct row plain[] = {
        {"", ""},
        {"Hello", "Hello"},
        {"  Hello  ", "Hello"},
        {"a = b? c", "a = b? c"},
        {"folded\r\n value", "folded value"},
        {"folded \r\n\t  value", "folded value"},
        {"folded\n \n  value", "folded value"},
        {"old\r mac", "old mac"},
        {"two  blanks\tand tab", "two  blanks and tab"},
        {"raw gr\xc3\xbc\xc3\x9f", "raw grüß"},
        {"raw gr\xfc\xdf \x80", "raw grüß €"},
};

static const struct row words[] = {
        {"=?utf-8?Q?gr=C3=BC=C3=9Fe?=", "grüße"},
        {"=?UTF-8?b?Z3LDvMOfZQ==?=", "grüße"},
        {"=?ISO-8859-1?Q?a_b=20c?=", "a b c"},
        {"=?iso-8859-1*de?q?gr=FC=DFe?=", "grüße"},
        {"Re: =?utf-8?q?a?= b =?utf-8?q?c?=", "Re: a b c"},
        {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
        {"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=FC?=", "aü"},
        {"=?utf-8?q?a?==?utf-8?q?b?=", "ab"},
        {"x=?utf-8?q?a?=y", "xay"},
        {"(=?utf-8?q?a?=)", "(a)"},
        {"=?utf-8?q?with blanks in it?=", "with blanks in it"},
        {"=?utf-8?B?Z3LD vMOf ZQ==?=", "grüße"},
        {"=?utf-8?q?What_is_this?\?=", "What is this?"},
        {"=?utf-8?q?bad=ZZ=4?=", "bad=ZZ=4"},
        {"=?utf-8?q?soft=?=", "soft="},
        {"=?utf-8?q?line=0D=0Abreak=00?=", "line  break\xef\xbf\xbd"},
        /* what is no word stays */
        {"=?utf-8?q?open", "=?utf-8?q?open"},
        {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
        {"=?utf-8?q", "=?utf-8?q"},
        {"=?=?=?", "=?=?=?"},
        {"=?utf-8?q?open =?utf-8?q?closed?=", "=?utf-8?q?open closed"},
        {"=??q?no_charset=C3=BC?=", "no charsetü"},
};

/* Senders cut characters and base64 groups where the line was full. */
static const struct row joined[] = {
        {"=?utf-8?q?gr=C3?= =?utf-8?q?=BCn?=", "grün"},
        {"=?utf-8?B?Z3LD?= =?UTF-8?B?vG4=?=", "grün"},
        {"=?utf-8?B?w7w=?= =?utf-8?B?w7w=?=", "üü"},
        {"=?utf-8?B?YQ==?= =?utf-8?B?Yg==?= =?utf-8?B?Yw==?=", "abc"},
        {"=?utf-8?B?YWI=YWI=?=", "abab"},
        {"=?utf-8?B?YWJj?= =?utf-8?B?ZA?= =?utf-8?B?ZWY=?=", "abcdef"},
        {"=?utf-8?B?Z3LDv?= =?utf-8?B?G4=?=", "grün"},
        {"=?utf-8?B?w7?= =?utf-8?Q?x?=", "\xef\xbf\xbdx"},
        {"=?gb2312?B?xOM=?= =?gb2312?B?usM=?=", "你好"},
        {"=?gb2312?B?xA==?= =?gb2312?B?47rD?=", "你好"},
        {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
        {"=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本"},
        {"=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"},
};

static void
check_rows(const void *data)
{
	const struct row *row = data;

	for (; row->in; row++) {
		g_autofree char *out = mime_decode_words(row->in, strlen(row->in));

		g_assert_cmpstr(out, ==, row->out);
	}
}

static const struct {
	const char *charset, *in, *out;
} charsets[] = {
        {"utf-8", "gr\xc3\xbc\xc3\x9f", "grüß"},
        {"UTF8", "bad\xff\xc3", "bad\xef\xbf\xbd\xef\xbf\xbd"},
        {"us-ascii", "gr\xfc\xdf", "grüß"},
        {"US-ASCII", "gr\xc3\xbc", "grü"},
        {NULL, "gr\xfc\xdf", "grüß"},
        {"", "gr\xc3\xbc", "grü"},
        {"iso-8859-1", "\x93quoted\x94 \x80", "“quoted” €"},
        {"windows-1252", "\x81", "\xef\xbf\xbd"},
        {"iso-8859-15", "\xa4", "€"},
        {"ISO_8859-2", "\xb1", "ą"},
        {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
        {"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
        {"cp866", "\x8f\xe0\xa8", "При"},
        {"gb2312", "\xc4\xe3\xba\xc3", "你好"},
        {"gbk", "\x95\x66", "昮"},
        {"Big5", "\xa7\x41\xa6\x6e", "你好"},
        {"ks_c_5601-1987", "\xbe\xc8\xb3\xe7", "안녕"},
        {"euc-kr", "\xbe\xc8\x8c\x63", "안똠"},
        {"shift_jis", "\x93\xfa\x96\x7b\x87\x40", "日本①"},
        {"euc-jp", "\xc6\xfc\xcb\xdc", "日本"},
        {"iso-2022-jp", "\033$BF|K\\\033(B!", "日本!"},
        {"iso-2022-jp", "\033$B-!\033(B \033(I1\033(B", "① ｱ"},
        {"iso-2022-jp", "\033$BF|\nnext", "日\nnext"},
        {"iso-2022-jp", "\033$BF", "\xef\xbf\xbd"},
        {"iso-2022-kr", "\033$)C\016>H3g\017!", "안녕!"},
        {"hz-gb-2312", "~{Dc:C~}~~", "你好~"},
        {"tis-620", "\xca\xc7\xd1\xca", "สวัส"},
        {"utf-7", "Hi Mom +Jjo-!", "Hi Mom ☺!"},
        {"gb2312", "ok\xc4", "ok\xef\xbf\xbd"},
        {"gb2312", "\xff\xc4\xe3", "\xef\xbf\xbd你"},
        {"x-klingon", "abc\xff", "abc\xef\xbf\xbd"},
        {"x-klingon", "\xc3\xbc", "ü"},
        {"UTF-8//TRANSLIT", "x", "x"},
        {"../../lib/evil", "x", "x"},
};

static void
test_charsets(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++) {
		gsize len;
		g_autofree char *out =
		        mime_to_utf8(charsets[i].in, strlen(charsets[i].in), charsets[i].charset, &len);

		g_assert_cmpstr(out, ==, charsets[i].out);
		g_assert_cmpuint(len, ==, strlen(out));
	}
}

static void
test_octets_with_nul(void)
{
	g_autofree char *le = mime_to_utf8("\xff\xfeH\0i\0", 6, "utf-16", NULL);
	g_autofree char *be = mime_to_utf8("\xfe\xff\0H\0i", 6, "UTF-16", NULL);
	g_autofree char *odd = mime_to_utf8("H\0i", 3, "utf-16le", NULL);
	g_autofree char *latin = mime_to_utf8("a\0b", 3, "iso-8859-1", NULL);
	g_autofree char *utf8 = mime_to_utf8("a\0b", 3, "utf-8", NULL);
	g_autofree char *decoded = mime_decode_words("a\0b =?utf-8?q?=00?=", 19);

	g_assert_cmpstr(le, ==, "Hi");
	g_assert_cmpstr(be, ==, "Hi");
	g_assert_cmpstr(odd, ==, "H\xef\xbf\xbd");
	g_assert_cmpstr(latin, ==,
	                "a\xef\xbf\xbd"
	                "b");
	g_assert_cmpstr(utf8, ==,
	                "a\xef\xbf\xbd"
	                "b");
	g_assert_cmpstr(decoded, ==, "ab \xef\xbf\xbd");
}

/* Every alias of the table is found: the table is searched by halves, so a row out of order would hide
 * others. */
static void
test_each_charset_of_mail_is_known(void)
{
	static const char *const names[] = {
	        "iso-8859-2",   "iso-8859-3",   "iso-8859-4",   "iso-8859-5",   "iso-8859-6",
	        "iso-8859-7",   "iso-8859-8-i", "iso-8859-9",   "iso-8859-10",  "iso-8859-13",
	        "iso-8859-14",  "iso-8859-16",  "windows-1250", "windows-1253", "windows-1254",
	        "windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",
	        "ibm850",       "cp437",        "koi8-u",       "macintosh",    "x-mac-cyrillic",
	        "tcvn",         "viscii",       "georgian-ps",  "armscii-8",    "gb18030",
	        "big5-hkscs",   "euc-tw",       "johab",        "cp949",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *ascii = mime_to_utf8("plain", 5, names[i], NULL);
		g_autofree char *high = mime_to_utf8("\xc4\xe3", 2, names[i], NULL);

		g_assert_cmpstr(ascii, ==, "plain");
		if (strstr(high, "\xef\xbf\xbd\xef\xbf\xbd"))
			g_error("charset %s is not converted", names[i]);
	}
}

static char *
repeat(const char *piece, gsize times, gsize *len)
{
	GString *all = g_string_sized_new(strlen(piece) * times);

	while (times--)
		g_string_append(all, piece);
	*len = all->len;
	return g_string_free(all, FALSE);
}

/* A quadratic way through any of these would take hours. */
static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {
	        "=?",
	        "=?a?q?",
	        "=?utf-8?q?",
	        "=?utf-8?q?x?=",
	        "=?utf-8?b?YQ?= ",
	        "=?gb2312?b?xA==?= ",
	        "=?a?q?x?= =?b?q?y?= ",
	        "?=",
	        "\r\n ",
	        "\xff",
	        "\033$B",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		gsize len;
		g_autofree char *all = repeat(pieces[i], 1000000, &len);
		g_autofree char *out = mime_decode_words(all, len);
		g_autofree char *text = mime_to_utf8(all, len, "iso-2022-jp", NULL);

		g_assert_true(g_utf8_validate(out, -1, NULL));
		g_assert_true(g_utf8_validate(text, -1, NULL));
	}
}

static void
add_rows(const char *name, const struct row *rows, gsize n)
{
	struct row *ended = g_new0(struct row, n + 1);

	memcpy(ended, rows, n * sizeof *rows);
	g_test_add_data_func_full(name, ended, check_rows, g_free);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_rows("/words/plain", plain, G_N_ELEMENTS(plain));
	add_rows("/words/encoded", words, G_N_ELEMENTS(words));
	add_rows("/words/joined", joined, G_N_ELEMENTS(joined));
	g_test_add_func("/charset/converted", test_charsets);
	g_test_add_func("/charset/octets-with-nul", test_octets_with_nul);
	g_test_add_func("/charset/each-of-mail-is-known", test_each_charset_of_mail_is_known);
	g_test_add_func("/words/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
