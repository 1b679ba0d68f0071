#include "store/match.h"

#include "mime/render.h"

/* What of a message is in the store, read when it is asked for. */

struct match_stored {
	struct store *store;
	msgid id;
	struct match_source source;
	GBytes *head;
	char *words;
	struct mime_part *root;
	gboolean asked_head, asked_words, asked_root;
};

static GBytes *
header(void *user)
{
	struct match_stored *stored = user;

	if (!stored->asked_head)
		stored->head = store_part(stored->store, stored->id, "HEADER", NULL);
	stored->asked_head = TRUE;
	return stored->head;
}

static const struct mime_part *
structure(void *user)
{
	struct match_stored *stored = user;

	if (!stored->asked_root)
		stored->root = store_structure(stored->store, stored->id, NULL);
	stored->asked_root = TRUE;
	return stored->root;
}

/* Blanks and line ends become one blank, so that words are found where a line was broken between them. */
static void
append_words(GString *out, const char *line)
{
	for (const char *c = line; *c; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);

		if (!g_unichar_isspace(u))
			g_string_append_unichar(out, u);
		else if (out->len && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	if (out->len && out->str[out->len - 1] != ' ')
		g_string_append_c(out, ' ');
}

/* FALSE: it is not here. */
static gboolean
append_part(const struct match_stored *stored, const struct mime_part *part, GString *out)
{
	enum { COLUMNS = 10000 };
	gboolean decoded = FALSE;
	g_autoptr(GBytes) bytes =
	        store_part_as_kept(stored->store, stored->id, part->section, &decoded, NULL);
	const struct render_kind kind = {g_str_equal(part->subtype, "html"), part->flowed, part->delsp,
	                                 part->charset, decoded ? ENCODING_7BIT : part->encoding};
	struct rendered *rendered;

	if (!bytes)
		return FALSE;
	rendered = rendered_new();
	render_body(rendered, &kind, bytes, COLUMNS);
	for (guint i = 0; i < rendered->lines->len; i++)
		append_words(out, ((const struct render_line *)rendered->lines->pdata[i])->text);
	rendered_free(rendered);
	return TRUE;
}

static char *
read_words(struct match_stored *stored)
{
	const struct mime_part *root = structure(stored);
	g_autoptr(GPtrArray) shown = root ? mime_part_shown(root, FALSE) : NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; shown && i < shown->len; i++)
		if (!append_part(stored, shown->pdata[i], out))
			return NULL;
	return shown ? g_strdup(out->str) : NULL;
}

static const char *
text(void *user)
{
	struct match_stored *stored = user;

	if (!stored->asked_words)
		stored->words = read_words(stored);
	stored->asked_words = TRUE;
	return stored->words;
}

struct match_stored *
match_stored_new(struct store *store, msgid id)
{
	struct match_stored *stored = g_new0(struct match_stored, 1);

	stored->store = store;
	stored->id = id;
	stored->source = (struct match_source){header, text, structure, stored};
	return stored;
}

const struct match_source *
match_stored_source(const struct match_stored *stored)
{
	return &stored->source;
}

void
match_stored_free(struct match_stored *stored)
{
	if (!stored)
		return;
	g_clear_pointer(&stored->head, g_bytes_unref);
	g_clear_pointer(&stored->root, mime_part_free);
	g_free(stored->words);
	g_free(stored);
}
