#include "mime/render.h"

#include <string.h>

#include "mime/envelope.h"

/* us-ascii is what mailers say that never looked: it is no reason to lose what is UTF-8. */
static const char *
guess_charset(const char *said, const char *bytes, gsize len)
{
	if (said && *said && g_ascii_strcasecmp(said, "us-ascii"))
		return said;
	return g_utf8_validate(bytes, (gssize)len, NULL) ? "utf-8" : "windows-1252";
}

void
render_body(struct rendered *out, const struct render_kind *kind, GBytes *encoded, int width)
{
	gsize raw_len, len, utf8_len;
	const char *raw = g_bytes_get_data(encoded, &raw_len);
	g_autoptr(GBytes) decoded = mime_decode_body(kind->encoding, raw ? raw : "", raw_len);
	const char *bytes = g_bytes_get_data(decoded, &len);
	g_autofree char *meta = NULL;
	g_autofree char *utf8 = NULL;

	if (!bytes)
		bytes = "";
	if (kind->html && !kind->charset)
		meta = render_html_charset(bytes, len);
	utf8 = mime_to_utf8(bytes, len, guess_charset(meta ? meta : kind->charset, bytes, len), &utf8_len);
	if (kind->html)
		render_html(out, utf8, utf8_len, width);
	else
		render_plain(out, utf8, utf8_len, width, kind->flowed, kind->delsp);
}
