#include "mime/envelope.h"
#include "mime/scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_UTF8, KIND_GUESS, KIND_1252, KIND_UTF16, KIND_ICONV, KIND_JP, KIND_KR, KIND_HZ };

/* Only charsets of this table are ever opened: a message may not choose among all converters of the system,
 * some of which have crashed or hung on crafted input. The newer superset stands for the older names, as
 * senders mix them up. */
struct charset {
	const char *alias; /* lower case, letters and digits alone; sorted */
	enum kind kind;
	const char *iconv;
};
static const struct charset charsets[] = {
        {"646", KIND_GUESS, NULL},
        {"7bit", KIND_GUESS, NULL},
        {"8bit", KIND_GUESS, NULL},
        {"ansix341968", KIND_GUESS, NULL},
        {"arabic", KIND_ICONV, "ISO-8859-6"},
        {"armscii8", KIND_ICONV, "ARMSCII-8"},
        {"ascii", KIND_GUESS, NULL},
        {"big5", KIND_ICONV, "BIG5-HKSCS"},
        {"big5hkscs", KIND_ICONV, "BIG5-HKSCS"},
        {"binary", KIND_GUESS, NULL},
        {"cp1250", KIND_ICONV, "CP1250"},
        {"cp1251", KIND_ICONV, "CP1251"},
        {"cp1252", KIND_1252, NULL},
        {"cp1253", KIND_ICONV, "CP1253"},
        {"cp1254", KIND_ICONV, "CP1254"},
        {"cp1255", KIND_ICONV, "CP1255"},
        {"cp1256", KIND_ICONV, "CP1256"},
        {"cp1257", KIND_ICONV, "CP1257"},
        {"cp1258", KIND_ICONV, "CP1258"},
        {"cp437", KIND_ICONV, "CP437"},
        {"cp737", KIND_ICONV, "CP737"},
        {"cp775", KIND_ICONV, "CP775"},
        {"cp850", KIND_ICONV, "CP850"},
        {"cp852", KIND_ICONV, "CP852"},
        {"cp855", KIND_ICONV, "CP855"},
        {"cp857", KIND_ICONV, "CP857"},
        {"cp858", KIND_ICONV, "CP850"},
        {"cp860", KIND_ICONV, "CP860"},
        {"cp861", KIND_ICONV, "CP861"},
        {"cp862", KIND_ICONV, "CP862"},
        {"cp863", KIND_ICONV, "CP863"},
        {"cp864", KIND_ICONV, "CP864"},
        {"cp865", KIND_ICONV, "CP865"},
        {"cp866", KIND_ICONV, "CP866"},
        {"cp869", KIND_ICONV, "CP869"},
        {"cp874", KIND_ICONV, "CP874"},
        {"cp932", KIND_ICONV, "CP932"},
        {"cp936", KIND_ICONV, "GB18030"},
        {"cp949", KIND_ICONV, "CP949"},
        {"cp950", KIND_ICONV, "BIG5-HKSCS"},
        {"csbig5", KIND_ICONV, "BIG5-HKSCS"},
        {"cseuckr", KIND_ICONV, "CP949"},
        {"csgb2312", KIND_ICONV, "GB18030"},
        {"csiso2022jp", KIND_JP, NULL},
        {"csiso2022kr", KIND_KR, NULL},
        {"cskoi8r", KIND_ICONV, "KOI8-R"},
        {"csksc56011987", KIND_ICONV, "CP949"},
        {"csshiftjis", KIND_ICONV, "CP932"},
        {"cyrillic", KIND_ICONV, "ISO-8859-5"},
        {"default", KIND_GUESS, NULL},
        {"eucjp", KIND_ICONV, "EUC-JP-MS"},
        {"euckr", KIND_ICONV, "CP949"},
        {"euctw", KIND_ICONV, "EUC-TW"},
        {"gb18030", KIND_ICONV, "GB18030"},
        {"gb2312", KIND_ICONV, "GB18030"},
        {"gb231280", KIND_ICONV, "GB18030"},
        {"gbk", KIND_ICONV, "GB18030"},
        {"georgianps", KIND_ICONV, "GEORGIAN-PS"},
        {"greek", KIND_ICONV, "ISO-8859-7"},
        {"hebrew", KIND_ICONV, "ISO-8859-8"},
        {"hzgb2312", KIND_HZ, NULL},
        {"ibm437", KIND_ICONV, "CP437"},
        {"ibm850", KIND_ICONV, "CP850"},
        {"ibm852", KIND_ICONV, "CP852"},
        {"ibm855", KIND_ICONV, "CP855"},
        {"ibm857", KIND_ICONV, "CP857"},
        {"ibm862", KIND_ICONV, "CP862"},
        {"ibm864", KIND_ICONV, "CP864"},
        {"ibm866", KIND_ICONV, "CP866"},
        {"iso2022jp", KIND_JP, NULL},
        {"iso2022jp1", KIND_JP, NULL},
        {"iso2022jp2", KIND_JP, NULL},
        {"iso2022jp3", KIND_JP, NULL},
        {"iso2022jpms", KIND_JP, NULL},
        {"iso2022jpsio", KIND_JP, NULL},
        {"iso2022kr", KIND_KR, NULL},
        {"iso646us", KIND_GUESS, NULL},
        {"iso88591", KIND_1252, NULL},
        {"iso885910", KIND_ICONV, "ISO-8859-10"},
        {"iso885911", KIND_ICONV, "CP874"},
        {"iso885913", KIND_ICONV, "ISO-8859-13"},
        {"iso885914", KIND_ICONV, "ISO-8859-14"},
        {"iso885915", KIND_ICONV, "ISO-8859-15"},
        {"iso885916", KIND_ICONV, "ISO-8859-16"},
        {"iso88592", KIND_ICONV, "ISO-8859-2"},
        {"iso88593", KIND_ICONV, "ISO-8859-3"},
        {"iso88594", KIND_ICONV, "ISO-8859-4"},
        {"iso88595", KIND_ICONV, "ISO-8859-5"},
        {"iso88596", KIND_ICONV, "ISO-8859-6"},
        {"iso88597", KIND_ICONV, "ISO-8859-7"},
        {"iso88598", KIND_ICONV, "ISO-8859-8"},
        {"iso88598e", KIND_ICONV, "ISO-8859-8"},
        {"iso88598i", KIND_ICONV, "ISO-8859-8"},
        {"iso88599", KIND_ICONV, "CP1254"},
        {"isoir100", KIND_1252, NULL},
        {"johab", KIND_ICONV, "JOHAB"},
        {"koi8", KIND_ICONV, "KOI8-R"},
        {"koi8r", KIND_ICONV, "KOI8-R"},
        {"koi8ru", KIND_ICONV, "KOI8-U"},
        {"koi8t", KIND_ICONV, "KOI8-T"},
        {"koi8u", KIND_ICONV, "KOI8-U"},
        {"ksc5601", KIND_ICONV, "CP949"},
        {"ksc56011987", KIND_ICONV, "CP949"},
        {"ksc56011989", KIND_ICONV, "CP949"},
        {"l1", KIND_1252, NULL},
        {"latin1", KIND_1252, NULL},
        {"latin2", KIND_ICONV, "ISO-8859-2"},
        {"latin3", KIND_ICONV, "ISO-8859-3"},
        {"latin4", KIND_ICONV, "ISO-8859-4"},
        {"latin5", KIND_ICONV, "CP1254"},
        {"latin9", KIND_ICONV, "ISO-8859-15"},
        {"macarabic", KIND_ICONV, "ISO-8859-6"},
        {"maccentraleurope", KIND_ICONV, "MAC-CENTRALEUROPE"},
        {"maccyrillic", KIND_ICONV, "MAC-CYRILLIC"},
        {"macintosh", KIND_ICONV, "MACINTOSH"},
        {"macroman", KIND_ICONV, "MACINTOSH"},
        {"mskanji", KIND_ICONV, "CP932"},
        {"none", KIND_GUESS, NULL},
        {"ptcp154", KIND_ICONV, "PTCP154"},
        {"shiftjis", KIND_ICONV, "CP932"},
        {"sjis", KIND_ICONV, "CP932"},
        {"tcvn", KIND_ICONV, "TCVN"},
        {"tcvn5712", KIND_ICONV, "TCVN"},
        {"tis620", KIND_ICONV, "CP874"},
        {"uhc", KIND_ICONV, "CP949"},
        {"unicode11utf7", KIND_ICONV, "UTF-7"},
        {"unicode11utf8", KIND_UTF8, NULL},
        {"unicode20utf8", KIND_UTF8, NULL},
        {"unknown", KIND_GUESS, NULL},
        {"unknown8bit", KIND_GUESS, NULL},
        {"us", KIND_GUESS, NULL},
        {"usascii", KIND_GUESS, NULL},
        {"utf16", KIND_UTF16, "UTF-16LE"},
        {"utf16be", KIND_UTF16, "UTF-16BE"},
        {"utf16le", KIND_UTF16, "UTF-16LE"},
        {"utf32be", KIND_UTF16, "UTF-32BE"},
        {"utf32le", KIND_UTF16, "UTF-32LE"},
        {"utf7", KIND_ICONV, "UTF-7"},
        {"utf8", KIND_UTF8, NULL},
        {"utf8mb4", KIND_UTF8, NULL},
        {"viscii", KIND_ICONV, "VISCII"},
        {"visual", KIND_ICONV, "ISO-8859-8"},
        {"win1250", KIND_ICONV, "CP1250"},
        {"win1251", KIND_ICONV, "CP1251"},
        {"win1252", KIND_1252, NULL},
        {"windows1250", KIND_ICONV, "CP1250"},
        {"windows1251", KIND_ICONV, "CP1251"},
        {"windows1252", KIND_1252, NULL},
        {"windows1253", KIND_ICONV, "CP1253"},
        {"windows1254", KIND_ICONV, "CP1254"},
        {"windows1255", KIND_ICONV, "CP1255"},
        {"windows1256", KIND_ICONV, "CP1256"},
        {"windows1257", KIND_ICONV, "CP1257"},
        {"windows1258", KIND_ICONV, "CP1258"},
        {"windows31j", KIND_ICONV, "CP932"},
        {"windows874", KIND_ICONV, "CP874"},
        {"windows932", KIND_ICONV, "CP932"},
        {"windows936", KIND_ICONV, "GB18030"},
        {"windows949", KIND_ICONV, "CP949"},
        {"windows950", KIND_ICONV, "BIG5-HKSCS"},
        {"xbig5", KIND_ICONV, "BIG5-HKSCS"},
        {"xcp1250", KIND_ICONV, "CP1250"},
        {"xcp1251", KIND_ICONV, "CP1251"},
        {"xcp1252", KIND_1252, NULL},
        {"xeucjp", KIND_ICONV, "EUC-JP-MS"},
        {"xgbk", KIND_ICONV, "GB18030"},
        {"xmaccyrillic", KIND_ICONV, "MAC-CYRILLIC"},
        {"xmacroman", KIND_ICONV, "MACINTOSH"},
        {"xsjis", KIND_ICONV, "CP932"},
        {"xunicode20utf7", KIND_ICONV, "UTF-7"},
        {"xunknown", KIND_GUESS, NULL},
        {"xuserdefined", KIND_GUESS, NULL},
        {"xwindows949", KIND_ICONV, "CP949"},
        {"xxbig5", KIND_ICONV, "BIG5-HKSCS"},
};

static int
compare_alias(const void *alias, const void *row)
{
	return strcmp(alias, ((const struct charset *)row)->alias);
}

static const struct charset *
find_charset(const char *name)
{
	static const struct charset guess = {"", KIND_GUESS, NULL};
	char alias[24];
	gsize n = 0;

	for (; name && *name && n < sizeof alias - 1; name++) {
		if (g_ascii_isalnum(*name))
			alias[n++] = g_ascii_tolower(*name);
	}
	alias[n] = '\0';
	if (!n)
		return &guess;
	return bsearch(alias, charsets, G_N_ELEMENTS(charsets), sizeof *charsets, compare_alias);
}

#define REPLACEMENT "\xef\xbf\xbd"

static void
append_1252(GString *out, const char *bytes, gsize len)
{
	static const guint16 high[32] = {
	        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	};

	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)bytes[i];

		if (c >= 0xa0 || c == 0)
			g_string_append_unichar(out, c ? c : 0xfffd);
		else if (c >= 0x80)
			g_string_append_unichar(out, high[c - 0x80]);
		else
			g_string_append_c(out, (char)c);
	}
}

static void
append_valid(GString *out, const char *bytes, gsize len)
{
	const char *bad;

	while (!g_utf8_validate_len(bytes, len, &bad)) {
		g_string_append_len(out, bytes, bad - bytes);
		g_string_append(out, REPLACEMENT);
		len -= (gsize)(bad + 1 - bytes);
		bytes = bad + 1;
	}
	g_string_append_len(out, bytes, (gssize)len);
}

void
charset_append_raw(GString *out, const char *bytes, gsize len)
{
	if (g_utf8_validate_len(bytes, len, NULL))
		g_string_append_len(out, bytes, (gssize)len);
	else
		append_1252(out, bytes, len);
}

char *
charset_dup_raw(const char *bytes, gsize len)
{
	GString *out;

	if (scan_is_plain(bytes, len) || g_utf8_validate_len(bytes, len, NULL))
		return scan_dup(bytes, len);
	out = g_string_sized_new(len * 2);
	charset_append_raw(out, bytes, len);
	return g_string_free(out, FALSE);
}

/* Opening a converter costs more than most conversions: each thread keeps the last ones it used. */
struct converters {
	const char *name[4]; /* from the table */
	GIConv cd[4];
	guint next;
};

static void
converters_free(gpointer data)
{
	struct converters *c = data;

	for (guint i = 0; i < G_N_ELEMENTS(c->cd); i++) {
		if (c->name[i])
			g_iconv_close(c->cd[i]);
	}
	g_free(c);
}

/* Lends; (GIConv)-1 when the system does not have it. */
static GIConv
get_converter(const char *name)
{
	static GPrivate key = G_PRIVATE_INIT(converters_free);
	struct converters *c = g_private_get(&key);
	GIConv cd;

	if (!c)
		g_private_set(&key, c = g_new0(struct converters, 1));
	for (guint i = 0; i < G_N_ELEMENTS(c->cd); i++) {
		if (c->name[i] == name) {
			g_iconv(c->cd[i], NULL, NULL, NULL, NULL);
			return c->cd[i];
		}
	}
	cd = g_iconv_open("UTF-8", name);
	if (cd == (GIConv)-1 && !strcmp(name, "EUC-JP-MS"))
		cd = g_iconv_open("UTF-8", "EUC-JP");
	if (cd == (GIConv)-1)
		return cd;
	if (c->name[c->next])
		g_iconv_close(c->cd[c->next]);
	c->name[c->next] = name;
	c->cd[c->next] = cd;
	c->next = (c->next + 1) % G_N_ELEMENTS(c->cd);
	return cd;
}

/* What cannot be converted at all: the ASCII in it, the rest replaced. */
static void
append_unknown(GString *out, const char *bytes, gsize len)
{
	if (g_utf8_validate_len(bytes, len, NULL)) {
		g_string_append_len(out, bytes, (gssize)len);
		return;
	}
	for (gsize i = 0; i < len; i++) {
		if (bytes[i] > 0)
			g_string_append_c(out, bytes[i]);
		else
			g_string_append(out, REPLACEMENT);
	}
}

static void
append_iconv(GString *out, const char *bytes, gsize len, const char *name, gsize unit)
{
	GIConv cd = get_converter(name);
	gsize from = out->len;
	gboolean flushing = FALSE;

	if (cd == (GIConv)-1) {
		append_unknown(out, bytes, len);
		return;
	}
	for (;;) {
		char buffer[4096], *in = (char *)bytes, *to = buffer;
		gsize left = len, room = sizeof buffer;
		gsize result = g_iconv(cd, flushing ? NULL : &in, &left, &to, &room);
		int reason = errno;

		g_string_append_len(out, buffer, to - buffer);
		if (flushing)
			break;
		bytes = in;
		len = left;
		if (result != (gsize)-1 || (!len && reason != E2BIG)) {
			flushing = TRUE;
		} else if (reason != E2BIG) {
			gsize skip = reason == EINVAL ? len : MIN(unit, len);

			g_string_append(out, REPLACEMENT);
			bytes += skip;
			len -= skip;
		}
	}
	if (!g_utf8_validate_len(out->str + from, out->len - from, NULL)) {
		g_autofree char *valid = g_utf8_make_valid(out->str + from, (gssize)(out->len - from));

		g_string_truncate(out, from);
		g_string_append(out, valid);
	}
}

static void
append_utf16(GString *out, const char *bytes, gsize len, const char *name)
{
	gsize unit = name[4] == '3' ? 4 : 2;

	if (unit == 2 && len >= 2 && !memcmp(bytes, "\xfe\xff", 2))
		name = "UTF-16BE";
	else if (unit == 2 && len >= 2 && !memcmp(bytes, "\xff\xfe", 2))
		name = "UTF-16LE";
	if (unit == 2 && len >= 2 && (!memcmp(bytes, "\xfe\xff", 2) || !memcmp(bytes, "\xff\xfe", 2))) {
		bytes += 2;
		len -= 2;
	}
	append_iconv(out, bytes, len, name, unit);
}

static void
append_shifted(GString *out, enum shift kind, const char *bytes, gsize len)
{
	static const char *const names[] = {
	        [SHIFT_JP] = "EUC-JP-MS", [SHIFT_KR] = "CP949", [SHIFT_HZ] = "GB18030"};
	g_autoptr(GString) plain = g_string_sized_new(len + 1);

	charset_unshift(plain, kind, bytes, len);
	append_iconv(out, plain->str, plain->len, names[kind], 1);
}

void
charset_append(GString *out, const char *bytes, gsize len, const char *name)
{
	const struct charset *charset;

	if (name && !g_ascii_strcasecmp(name, "utf-8")) { /* nearly all mail */
		append_valid(out, bytes, len);
		return;
	}
	charset = find_charset(name);
	if (!charset) {
		append_unknown(out, bytes, len);
		return;
	}
	switch (charset->kind) {
	case KIND_UTF8:
		append_valid(out, bytes, len);
		break;
	case KIND_GUESS:
		charset_append_raw(out, bytes, len);
		break;
	case KIND_1252:
		append_1252(out, bytes, len);
		break;
	case KIND_UTF16:
		append_utf16(out, bytes, len, charset->iconv);
		break;
	case KIND_ICONV:
		append_iconv(out, bytes, len, charset->iconv, 1);
		break;
	case KIND_JP:
		append_shifted(out, SHIFT_JP, bytes, len);
		break;
	case KIND_KR:
		append_shifted(out, SHIFT_KR, bytes, len);
		break;
	case KIND_HZ:
		append_shifted(out, SHIFT_HZ, bytes, len);
		break;
	}
}

char *
mime_to_utf8(const char *bytes, gsize len, const char *charset, gsize *out_len)
{
	GString *out = g_string_sized_new(len + 1);

	charset_append(out, scan_never_null(bytes), len, charset);
	if (out_len)
		*out_len = out->len;
	return g_string_free(out, FALSE);
}
