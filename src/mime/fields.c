#include "mime/envelope.h"
#include "mime/scan.h"
#include <string.h>

/* Where the value begins if p is a field's line, else NULL. */
static const char *
field_value(const char *p, const char *end, gsize *name_len)
{
	const char *q = p;

	while (q < end && scan_is(*q, SCAN_NAME))
		q++;
	*name_len = (gsize)(q - p);
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	return *name_len && q < end && *q == ':' ? q + 1 : NULL;
}

static gboolean
starts(const char *p, const char *end, const char *prefix)
{
	gsize n = strlen(prefix);

	return (gsize)(end - p) >= n && !memcmp(p, prefix, n);
}

/* A line among the fields that is none: passed over if it is known junk or a field follows it and what
 * continues it; else the body begins here, its blank line was lost. Lines that continue it are junk
 * themselves when their turn comes, so none is looked at more than twice. */
static gboolean
is_junk(const char *p, const char *next, const char *end)
{
	gsize len;

	while (next < end && (*next == ' ' || *next == '\t'))
		next = scan_next_line(scan_line_end(next, end), end);

	if (starts(p, end, "--"))
		return FALSE;
	return starts(p, end, "From ") || starts(p, end, ">From ") || *p == ' ' || *p == '\t' ||
	       field_value(next, end, &len);
}

gboolean
mime_field_next(const char **at, const char *end, struct mime_field *field)
{
	const char *p = *at;

	while (p < end && *p != '\r' && *p != '\n') {
		const char *eol, *value = field_value(p, end, &field->name_len);

		if (!value) {
			const char *next = scan_next_line(scan_line_end(p, end), end);

			if (!is_junk(p, next, end)) {
				*at = p;
				return FALSE;
			}
			p = next;
			continue;
		}
		while (value < end && (*value == ' ' || *value == '\t'))
			value++;
		field->name = p;
		field->value = value;
		do {
			eol = scan_line_end(value, end);
			value = scan_next_line(eol, end);
		} while (value < end && (*value == ' ' || *value == '\t'));
		field->value_len = (gsize)(eol - field->value);
		*at = value;
		return TRUE;
	}
	*at = scan_next_line(p, end);
	return FALSE;
}
