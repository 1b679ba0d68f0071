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
	const char *p, *open = NULL;

	for (p = *at; p < end; p++) {
		if (*p == '<') {
			open = p;
		} else if (*p == '>' && open && p - open > 1) {
			*id = (struct view){open, (gsize)(p + 1 - open)};
			*at = p + 1;
			return TRUE;
		} else if (*p == '>') {
			open = NULL;
		}
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
	gboolean bracketed = id.p[0] == '<', graph = TRUE;
	char *text, *o;

	for (gsize i = 0; i < id.len && graph; i++)
		graph = scan_is(id.p[i], SCAN_GRAPH) != 0;
	if (graph && bracketed)
		return g_strndup(id.p, id.len);
	text = o = g_malloc(id.len + 3);
	if (!bracketed)
		*o++ = '<';
	for (gsize i = 0; i < id.len; i++) {
		if (!scan_is(id.p[i], SCAN_BLANK))
			*o++ = id.p[i];
	}
	if (!bracketed)
		*o++ = '>';
	*o = '\0';
	if (!graph) {
		char *utf8 = charset_dup_raw(text, (gsize)(o - text));

		g_free(text);
		return utf8;
	}
	return text;
}

static gboolean
looks_like_id(struct view id)
{
	gboolean at = FALSE;

	for (gsize i = 0; i < id.len; i++) {
		if (id.p[i] == '@')
			at = TRUE;
		if (id.p[i] == ' ')
			return FALSE;
	}
	return at;
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

	if (!next(&at, end, &id)) {
		next = next_bare;
		at = value;
	} else {
		at = value;
	}
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
