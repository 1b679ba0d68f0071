#include "app/source-private.h"

#include "base/keyword.h"
#include "mime/envelope.h"
#include "store/store.h"

void
source_message_clear(struct source_message *message)
{
	g_clear_pointer(&message->bytes, g_bytes_unref);
	g_clear_pointer(&message->keywords, g_free);
}

enum { KEYWORDS_MOST = 100 };

/* Those of words that are some, blank-separated; NULL: none is. $Forwarded, which is a flag, is left out and
 * told. Gives (g_free). */
static char *
clean_keywords(const char *words, gboolean *forwarded)
{
	g_auto(GStrv) parts = g_strsplit_set(words, " \t", KEYWORDS_MOST);
	GString *out = g_string_new(NULL);

	*forwarded = FALSE;
	for (guint i = 0; parts[i]; i++) {
		if (!g_ascii_strcasecmp(parts[i], "$Forwarded"))
			*forwarded = TRUE;
		else if (keyword_is_valid(parts[i]))
			g_string_append_printf(out, "%s%s", out->len ? " " : "", parts[i]);
	}
	return g_string_free(out, out->len == 0);
}

static gint64
date_in(GBytes *bytes)
{
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len);
	struct envelope envelope;
	gint64 date;

	envelope_from_headers(&envelope, text, len);
	date = envelope.has_date && envelope.date > 0 ? envelope.date : 0;
	envelope_clear(&envelope);
	return date ? date : g_get_real_time() / G_USEC_PER_SEC;
}

gboolean
source_fill(struct source_message *message, GBytes *bytes, gint64 received, guint flags, const char *keywords)
{
	gboolean forwarded = FALSE;

	*message = (struct source_message){.bytes = bytes, .received = received};
	if (!g_bytes_get_size(bytes)) {
		source_message_clear(message);
		return FALSE;
	}
	if (received <= 0)
		message->received = date_in(bytes);
	message->keywords = keywords ? clean_keywords(keywords, &forwarded) : NULL;
	message->flags = flags | (forwarded ? FLAG_FORWARDED : 0);
	return TRUE;
}
