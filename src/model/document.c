#include "model/document.h"

#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/document-private.h"

struct collect {
	struct store *store;
	msgid id;
	GPtrArray *out;
	GPtrArray *shown;
};

static void
part_free(gpointer data)
{
	struct document_part *part = data;

	if (!part)
		return;
	g_free(part->section);
	g_free(part->type);
	g_free(part->name);
	g_free(part);
}

static void
text_free(gpointer data)
{
	struct document_text *text = data;

	if (text->bytes)
		g_bytes_unref(text->bytes);
	g_free(text->charset);
	g_free(text);
}

static char *
part_name(const struct mime_part *part)
{
	g_autofree char *name = text_safe(part->name, -1);
	g_autofree char *description = text_safe(part->description, -1);

	if (*g_strstrip(name))
		return g_steal_pointer(&name);
	if (*g_strstrip(description))
		return g_steal_pointer(&description);
	if (!strcmp(part->type, "message"))
		return g_strdup(_("enclosed message"));
	return g_strdup(_("unnamed part"));
}

static struct document_part *
part_new(struct store *store, msgid id, const struct mime_part *part)
{
	struct document_part *out = g_new0(struct document_part, 1);
	g_autofree char *type = g_strdup_printf("%s/%s", part->type, part->subtype);

	out->section = g_strdup(part->section);
	out->type = text_safe(type, -1);
	out->name = part_name(part);
	out->size = mime_decoded_size(part->encoding, part->size);
	out->here = store_has_part(store, id, part->section);
	for (const struct mime_part *up = part->parent; up && out->depth < 20; up = up->parent)
		out->depth++;
	return out;
}

/* Structure, or NULL: not known, or broken, which is the same to a reader: it is asked for again. */
static struct mime_part *
structure_of(struct store *store, msgid id)
{
	g_autoptr(GError) error = NULL;

	return store_structure(store, id, &error);
}

static void
collect_text(struct document *document, struct store *store, const struct mime_part *part)
{
	struct document_text *text = g_new0(struct document_text, 1);
	g_autoptr(GError) broken = NULL;
	gboolean decoded;
	g_autoptr(GBytes) bytes = store_part_as_kept(store, document->id, part->section, &decoded, &broken);

	text->charset = g_strdup(part->charset);
	text->kind = (struct render_kind){!strcmp(part->subtype, "html"), part->flowed, part->delsp,
	                                  text->charset, decoded ? ENCODING_7BIT : part->encoding};
	text->size = part->size;
	text->bytes = g_steal_pointer(&bytes);
	if (text->bytes)
		document->cost += g_bytes_get_size(text->bytes);
	else
		document->want = WANT_TEXT;
	g_ptr_array_add(document->texts, text);
}

static void
collect_structure(struct document *document, struct store *store)
{
	struct mime_part *root = structure_of(store, document->id);
	g_autoptr(GPtrArray) shown = NULL, attachments = NULL;

	if (!root) {
		document->want = WANT_TEXT;
		return;
	}
	shown = mime_part_shown(root, document->flags & DOCUMENT_HTML);
	for (guint i = 0; i < shown->len; i++)
		collect_text(document, store, shown->pdata[i]);
	attachments = mime_part_attachments(root);
	for (guint i = 0; i < attachments->len; i++)
		g_ptr_array_add(document->attachments, part_new(store, document->id, attachments->pdata[i]));
	mime_part_free(root);
}

/* The header block on its own, or cut from the message when that is here. */
static void
collect_header(struct document *document, struct store *store)
{
	g_autoptr(GError) broken = NULL;

	document->header = store_part(store, document->id, "HEADER", &broken);
	if (!document->header)
		document->want = WANT_HEADER;
}

struct document *
document_new(struct store *store, msgid id, guint flags, GError **error)
{
	g_autoptr(GError) local = NULL;
	struct store_row *row = store_row(store, id, &local);
	struct document *document;

	if (!row) {
		if (local)
			g_propagate_error(error, g_steal_pointer(&local));
		else
			fulmar_fail(error, FULMAR_FAILED, _("the message is not there any more"));
		return NULL;
	}
	document = g_new0(struct document, 1);
	document->id = id;
	document->flags = flags;
	document->row = row;
	document->subject = text_safe(row->subject, -1);
	document->from = document_addresses(row->from, TRUE, G_MAXUINT);
	document->attachments = g_ptr_array_new_with_free_func(part_free);
	document->texts = g_ptr_array_new_with_free_func(text_free);
	if (flags & DOCUMENT_ALL_HEADERS)
		collect_header(document, store);
	collect_structure(document, store);
	return document;
}

void
document_free(struct document *document)
{
	if (!document)
		return;
	store_row_free(document->row);
	g_free(document->subject);
	g_free(document->from);
	g_ptr_array_unref(document->attachments);
	g_ptr_array_unref(document->texts);
	if (document->lines)
		g_ptr_array_unref(document->lines);
	if (document->rendered)
		rendered_free(document->rendered);
	if (document->header)
		g_bytes_unref(document->header);
	g_free(document);
}

static gboolean
is_shown(const GPtrArray *shown, const struct mime_part *part)
{
	for (guint i = 0; i < shown->len; i++)
		if (shown->pdata[i] == part)
			return TRUE;
	return FALSE;
}

static gboolean
collect_part(const struct mime_part *part, void *user)
{
	struct collect *collect = user;
	struct document_part *out;

	if (!strcmp(part->type, "multipart"))
		return TRUE;
	out = part_new(collect->store, collect->id, part);
	out->shown = is_shown(collect->shown, part);
	out->number = collect->out->len + 1;
	g_ptr_array_add(collect->out, out);
	return TRUE;
}

GPtrArray *
document_parts(struct store *store, msgid id, guint flags, GError **error)
{
	struct collect collect = {store, id, g_ptr_array_new_with_free_func(part_free), NULL};
	struct mime_part *root = store_structure(store, id, error);

	if (root) {
		collect.shown = mime_part_shown(root, flags & DOCUMENT_HTML);
		mime_part_walk(root, collect_part, &collect);
		g_ptr_array_unref(collect.shown);
		mime_part_free(root);
	}
	return collect.out;
}

GBytes *
document_part_bytes(struct store *store, msgid id, const char *section, GError **error)
{
	gboolean is_decoded;
	g_autoptr(GBytes) kept = store_part_as_kept(store, id, section, &is_decoded, error);
	struct mime_part *root;
	const struct mime_part *part;
	GBytes *decoded = NULL;
	gsize len;
	const char *bytes;

	if (!kept || is_decoded || !*section || !strcmp(section, "HEADER"))
		return g_steal_pointer(&kept);
	root = store_structure(store, id, error);
	if (!root)
		return NULL;
	part = mime_part_by_section(root, section);
	bytes = g_bytes_get_data(kept, &len);
	if (part)
		decoded = mime_decode_body(part->encoding, bytes ? bytes : "", len);
	else
		fulmar_fail(error, FULMAR_FAILED, _("the message has no part %s"), section);
	mime_part_free(root);
	return decoded;
}

int
document_find(const struct document *document, const char *needle, int from, int by)
{
	g_autofree char *folded = g_utf8_casefold(needle, -1);

	for (int i = from; i >= 0 && document->lines && i < (int)document->lines->len; i += by) {
		const struct document_line *line = document->lines->pdata[i];
		g_autofree char *text = g_utf8_casefold(line->text, -1);

		if (strstr(text, folded))
			return i;
	}
	return -1;
}
