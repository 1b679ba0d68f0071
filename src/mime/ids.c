#include "mime/envelope.h"
#include "mime/scan.h"
#include <string.h>

enum { IDS_MAX = 100 };

struct view {
	const char *p;
	gsize len;
};

/* The next "<…>", brackets included; an opening bracket inside begins it anew. */
static gboolean
next_bracketed(const char **at, const char *end, struct view *id)
{
	const char *open = *at, *close;

	while ((open = memchr(open, '<', (gsize)(end - open))) &&
	       (close = memchr(open, '>', (gsize)(end - open)))) {
		for (const char *p = close - 1; p > open; p--) {
			if (*p == '<')
				open = p;
		}
		*id = (struct view){open, (gsize)(close + 1 - open)};
		*at = open = close + 1;
		if (id->len > 2)
			return TRUE;
	}
	*at = end;
	return FALSE;
}

static gboolean
next_bare(const char **at, const char *end, struct view *id)
{
	const char *p = *at;

	while (p < end && (scan_is(*p, SCAN_BLANK) || *p == ',' || *p == ';' || *p == '<' || *p == '>'))
		p++;
	*at = p;
	while (*at < end && !scan_is(**at, SCAN_BLANK) && **at != ',' && **at != ';' && **at != '<' &&
	       **at != '>')
		++*at;
	*id = (struct view){p, (gsize)(*at - p)};
	return id->len > 0;
}

/* With brackets and without the blanks that folding left inside. */
static char *
id_dup(struct view id)
{
	gboolean bracketed = id.p[0] == '<';
	g_autofree char *text = NULL;
	char *o;

	if (bracketed && scan_is_graph(id.p, id.len))
		return scan_dup(id.p, id.len);
	text = o = g_malloc(id.len + 3);
	if (!bracketed)
		*o++ = '<';
	for (gsize i = 0; i < id.len; i++) {
		if (!scan_is(id.p[i], SCAN_BLANK))
			*o++ = id.p[i];
	}
	if (!bracketed)
		*o++ = '>';
	return charset_dup_raw(text, (gsize)(o - text));
}

static gboolean
looks_like_id(struct view id)
{
	return memchr(id.p, '@', id.len) && !memchr(id.p, ' ', id.len);
}

char *
ids_first(const char *value, gsize len, gboolean loose)
{
	const char *at = value, *end = value + len;
	struct view id, found = {NULL, 0}, second;

	while (next_bracketed(&at, end, &id)) {
		if (looks_like_id(id))
			return id_dup(id);
		if (!found.p)
			found = id;
	}
	at = value;
	if (!found.p && next_bare(&at, end, &id) && (loose || !next_bare(&at, end, &second)))
		found = id;
	return found.p ? id_dup(found) : g_strdup("");
}

char **
ids_all(const char *value, gsize len)
{
	const char *at = value, *end = value + len;
	struct view first = {NULL, 0}, ring[IDS_MAX - 1], id;
	gsize n = 0, kept;
	gboolean (*next)(const char **, const char *, struct view *) = next_bracketed;
	char **ids;

	if (!next(&at, end, &id))
		next = next_bare;
	at = value;
	while (next(&at, end, &id)) {
		if (next == next_bare && !looks_like_id(id))
			continue;
		if (!n++)
			first = id;
		else
			ring[(n - 2) % (IDS_MAX - 1)] = id;
	}
	kept = MIN(n, (gsize)IDS_MAX);
	ids = g_new0(char *, kept + 1);
	if (kept)
		ids[0] = id_dup(first);
	for (gsize i = 1; i < kept; i++)
		ids[i] = id_dup(ring[(n - kept + i - 1) % (IDS_MAX - 1)]);
	return ids;
}
