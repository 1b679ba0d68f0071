#include "mime/links.h"
#include "mime/punycode.h"
#include "base/text.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

enum { MAX_URL = 8192, MAX_NAMED = 300 };

static const struct scheme {
	const char *name;
	gboolean host;
} schemes[] = {{"https", TRUE}, {"http", TRUE}, {"ftp", TRUE}, {"mailto", FALSE}};

static const struct scheme *
scheme_find(const char *name, gsize len)
{
	for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (strlen(schemes[i].name) == len && !g_ascii_strncasecmp(name, schemes[i].name, len))
			return &schemes[i];
	return NULL;
}

/* --- finding --- */

/* Octets of the character at s if it may stand in a URL in running text, else 0. */
static gsize
url_char(const char *s, gsize len)
{
	ucs4_t cp;
	int n;

	if ((guchar)*s < 0x80)
		return *s > ' ' && !strchr("<>\"`{}|\\^", *s);
	n = u8_mbtouc(&cp, (const uint8_t *)s, len);
	if (cp == 0xFFFD || cp >= 0xFF00 || (cp >= 0x2000 && cp < 0x206F) || (cp >= 0x3000 && cp < 0x3040))
		return 0;
	return uc_is_general_category_withtable(cp,
	                                        UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)
	               ? n
	               : 0;
}

/* A closing bracket belongs to the URL only if it was opened in it. */
static gsize
trim_url(const char *url, gsize len)
{
	gint64 round = 0, square = 0;

	for (gsize i = 0; i < len; i++) {
		round += (url[i] == '(') - (url[i] == ')');
		square += (url[i] == '[') - (url[i] == ']');
	}
	while (len) {
		char last = url[len - 1];

		if (last == ')' && round < 0)
			round++;
		else if (last == ']' && square < 0)
			square++;
		else if (!strchr(".,;:!?'*_~", last))
			break;
		len--;
	}
	return len;
}

static gboolean
url_at_colon(const char *text, gsize len, gsize from, gsize colon, gsize *start, gsize *end)
{
	const struct scheme *scheme;
	gsize at = colon, body;

	while (at > from && colon - at < 8 && g_ascii_isalpha(text[at - 1]))
		at--;
	scheme = scheme_find(text + at, colon - at);
	if (!scheme || (at > from && (g_ascii_isalnum(text[at - 1]) || text[at - 1] == '.')))
		return FALSE;
	*start = at;
	body = colon + 1;
	if (scheme->host) {
		if (len - body < 3 || strncmp(text + body, "//", 2))
			return FALSE;
		body += 2;
	}
	at = body;
	while (at < len) {
		gsize n = url_char(text + at, len - at);

		if (!n)
			break;
		at += n;
	}
	*end = *start + trim_url(text + *start, at - *start);
	return *end > body && (scheme->host || memchr(text + body, '@', *end - body));
}

gboolean
link_find(const char *text, gsize len, gsize from, gsize *start, gsize *end)
{
	gsize at = from;

	while (at < len) {
		const char *colon = memchr(text + at, ':', len - at);

		if (!colon)
			return FALSE;
		if (url_at_colon(text, len, from, colon - text, start, end))
			return TRUE;
		at = colon - text + 1;
	}
	return FALSE;
}

/* --- reading --- */

static int
hex_pair(const char *s, const char *end)
{
	if (end - s < 3 || !g_ascii_isxdigit(s[1]) || !g_ascii_isxdigit(s[2]))
		return -1;
	return g_ascii_xdigit_value(s[1]) * 16 + g_ascii_xdigit_value(s[2]);
}

static char *
read_host(const char *s, const char *end)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	const char *colon = memrchr(s, ':', end - s);

	if (colon && strspn(colon + 1, "0123456789") >= (gsize)(end - colon - 1))
		end = colon;
	for (; s < end; s++) {
		int octet = *s == '%' ? hex_pair(s, end) : -1;

		g_string_append_c(plain, octet < 0 ? *s : octet);
		if (octet >= 0)
			s += 2;
	}
	return host_to_ascii(plain->str, plain->len);
}

/* What a shell, a log or another reader might take for the end of the URL is percent-encoded. */
static void
put_rest(GString *out, const char *s, const char *end)
{
	gboolean path = TRUE;

	for (; s < end; s++) {
		if (*s == '?' || *s == '#')
			path = FALSE;
		if (*s == '\\' && path)
			g_string_append_c(out, '/');
		else if (strchr(" \"'<>`\\", *s))
			g_string_append_printf(out, "%%%02X", (guchar)*s);
		else
			g_string_append_c(out, *s);
	}
}

static const char *
find_any(const char *s, const char *end, const char *stops)
{
	while (s < end && !strchr(stops, *s))
		s++;
	return s;
}

/* After "http:". FALSE when there is no proper host. */
static gboolean
read_hierarchy(const char *s, const char *end, const char *scheme, struct render_link *link)
{
	const char *rest, *at, *host, *port;
	GString *url;

	while (s < end && (*s == '/' || *s == '\\'))
		s++;
	rest = find_any(s, end, "/\\?#");
	at = memrchr(s, '@', rest - s);
	host = at ? at + 1 : s;
	link->host = read_host(host, rest);
	if (!link->host)
		return FALSE;
	url = g_string_new(scheme);
	g_string_append(url, "://");
	put_rest(url, s, host);
	g_string_append(url, link->host);
	port = memrchr(host, ':', rest - host);
	if (port && strspn(port + 1, "0123456789") >= (gsize)(rest - port - 1))
		g_string_append_len(url, port, rest - port);
	put_rest(url, rest, end);
	link->url = g_string_free(url, FALSE);
	return TRUE;
}

/* Safe text without what browsers take away first: blanks around, and tabs and line ends anywhere. */
static char *
strip_url(const char *url, gsize len)
{
	g_autoptr(GString) bare = g_string_sized_new(MIN(len, MAX_URL));
	char *safe;

	for (gsize i = 0; i < len; i++)
		if (!strchr("\t\r\n", url[i]) || !url[i])
			g_string_append_c(bare, url[i]);
	safe = text_safe(bare->str, bare->len);
	return g_strstrip(safe);
}

struct render_link *
link_new(const char *url, gsize len)
{
	g_autofree char *safe = NULL;
	const struct scheme *scheme;
	struct render_link *link;
	const char *s, *end;
	gboolean good = TRUE;

	if (len > MAX_URL)
		return NULL;
	safe = strip_url(url, len);
	end = safe + strlen(safe);
	s = strchr(safe, ':');
	if (g_str_has_prefix(safe, "//")) {
		scheme = &schemes[0];
		s = safe;
	} else {
		scheme = s ? scheme_find(safe, s - safe) : NULL;
		if (!scheme)
			return NULL;
		s++;
	}
	link = g_new0(struct render_link, 1);
	if (scheme->host) {
		good = read_hierarchy(s, end, scheme->name, link);
	} else {
		GString *out = g_string_new("mailto:");

		put_rest(out, s, end);
		link->url = g_string_free(out, FALSE);
		link->host = g_strdup("");
		good = s < end;
	}
	if (!good)
		g_clear_pointer(&link, link_free);
	return link;
}

void
link_free(gpointer data)
{
	struct render_link *link = data;

	g_free(link->url);
	g_free(link->host);
	g_free(link);
}

/* --- disguises --- */

/* "www.shop.example" and "shop.example" are one. */
static const char *
bare_host(const char *host)
{
	return g_str_has_prefix(host, "www.") ? host + 4 : host;
}

static gboolean
looks_like_host(const char *host, gboolean scheme)
{
	const char *dot = strrchr(host, '.');
	gsize letters;

	if (!dot || dot == host || host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")])
		return FALSE;
	if (strstr(host, ".."))
		return FALSE;
	letters = strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz");
	if (g_str_has_prefix(dot + 1, "xn--"))
		return TRUE;
	return dot[1 + letters] ? scheme && g_ascii_isdigit(dot[1]) : letters >= 2;
}

/* The host a word of visible text seems to name, in ASCII, or NULL. Gives (g_free). */
static char *
named_host(const char *word, const char *end)
{
	const char *body = g_strstr_len(word, end - word, "://"), *at;
	g_autofree char *host = NULL;

	while (word < end && strchr("([{<\"'", *word))
		word++;
	if (body && body >= word)
		word = body + 3;
	end = find_any(word, end, "/\\?#,;)]}>\"'");
	at = memrchr(word, '@', end - word);
	if (at)
		word = at + 1;
	while (end > word && strchr(".:!", end[-1]))
		end--;
	if (end - word < 4 || end - word > MAX_NAMED)
		return NULL;
	host = read_host(word, end);
	return host && looks_like_host(host, body != NULL) ? g_steal_pointer(&host) : NULL;
}

/* The address of a mailto URL: all before "?". */
static char *
mailto_address(const char *url)
{
	const char *address = url + strlen("mailto:");
	char *plain = g_uri_unescape_segment(address, address + strcspn(address, "?"), NULL);
	char *safe = text_safe(plain ? plain : address, -1);

	g_free(plain);
	return safe;
}

static char *
target_host(const struct render_link *link)
{
	g_autofree char *address = NULL;
	const char *at;

	if (*link->host)
		return g_strdup(link->host);
	address = mailto_address(link->url);
	at = strrchr(address, '@');
	return g_ascii_strdown(at ? at + 1 : "", -1);
}

/* "https://good.example@evil.example/": no honest mail does that any more. */
static gboolean
has_user(const struct render_link *link)
{
	const char *authority = strstr(link->url, "://");

	return *link->host && authority && authority[3 + strcspn(authority + 3, "@/?#")] == '@';
}

char *
link_disguised(const struct render_link *link, const char *text, gsize len)
{
	g_autofree char *target = target_host(link);
	const char *s = text, *end = text + len;
	gboolean disguised = strstr(link->host, "xn--") != NULL || has_user(link);

	while (s < end && !disguised) {
		const char *word = s;
		g_autofree char *host = NULL;

		while (s < end && *s != ' ' && *s != '\n' && *s != '\001')
			s++;
		host = named_host(word, s);
		disguised = host && strcmp(bare_host(host), bare_host(target));
		s++;
	}
	if (!disguised)
		return NULL;
	return *link->host ? g_strdup(link->host) : mailto_address(link->url);
}
