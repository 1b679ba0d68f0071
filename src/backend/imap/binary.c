#include <string.h>
#include "backend/imap/imap-private.h"

/* BINARY (RFC 3516): a part comes decoded, a quarter smaller. Only parts for which that counts, and only as
 * long as the server does it well: what it decodes must be as long as base64 of the announced size can hold,
 * or the part is fetched as it is. So a server that stops at a broken line, or decodes nothing, costs a
 * second download and no content. */

enum { WORTH = 4096, SECTION_LONGEST = 200 };

static char *
key_of(msgid id, const char *section)
{
	return g_strdup_printf("%" G_GINT64_FORMAT "/%s", id, section);
}

gboolean
imap_binary_fits(const struct backend *b, msgid id, const struct mime_part *part)
{
	g_autofree char *key = NULL;

	if (part->encoding != ENCODING_BASE64 || part->size <= WORTH || part->children->len ||
	    !strcmp(part->type, "message") || !strcmp(part->type, "multipart") || !*part->section ||
	    strlen(part->section) > SECTION_LONGEST || !imap_has(b, "BINARY") || b->no_binary)
		return FALSE;
	key = key_of(id, part->section);
	return !g_hash_table_contains(b->undecoded, key) &&
	       !store_part_is_begun(b->env->store, id, part->section); /* then it is gone on with */
}

void
imap_binary_refuse(struct backend *b, msgid id, const char *section)
{
	g_hash_table_add(b->undecoded, key_of(id, section));
}

/* From lines of two dozen characters to one long line. */
gboolean
imap_binary_is_likely(guint64 encoded, guint64 decoded)
{
	return decoded >= encoded / 3 * 2 && decoded <= encoded / 4 * 3 + 3;
}
