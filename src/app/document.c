#include "app/document.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "mime/render.h"
#include "model/format.h"

static void
add_header(GString *out, const char *name, const char *value)
{
	g_autofree char *safe = text_safe(value, -1);

	if (*safe)
		g_string_append_printf(out, "%s: %s\n", name, safe);
}

static void
add_addresses(GString *out, const char *name, const GPtrArray *addresses)
{
	g_autoptr(GString) value = g_string_new(NULL);

	for (guint i = 0; i < addresses->len; i++) {
		const struct mime_address *address = g_ptr_array_index(addresses, i);

		if (i)
			g_string_append(value, ", ");
		if (*address->name && *address->email)
			g_string_append_printf(value, "%s <%s>", address->name, address->email);
		else
			g_string_append(value, *address->name ? address->name : address->email);
	}
	add_header(out, name, value->str);
}

void
document_headers(struct message *message, GString *out)
{
	const struct store_row *row = message->row;
	g_autofree char *date = row->has_date ? format_date_long(row->date, row->zone) : g_strdup("");

	add_addresses(out, _("From"), row->from);
	add_addresses(out, _("To"), row->to);
	add_addresses(out, _("Cc"), row->cc);
	add_header(out, _("Date"), date);
	add_header(out, _("Subject"), row->subject);
}

static gboolean
render_part(struct message *message, const struct mime_part *part, int width, struct rendered *rendered,
            GError **error)
{
	struct render_kind kind = {strcmp(part->subtype, "html") == 0, part->flowed, part->delsp,
	                           part->charset, part->encoding};
	gboolean decoded;
	g_autoptr(GBytes) bytes = message_part(message, part->section, &decoded, error);

	if (!bytes)
		return FALSE;
	if (decoded)
		kind.encoding = ENCODING_7BIT;
	render_body(rendered, &kind, bytes, width);
	return TRUE;
}

static void
append_lines(const struct rendered *rendered, GString *out)
{
	for (guint i = 0; i < rendered->lines->len; i++) {
		const struct render_line *line = g_ptr_array_index(rendered->lines, i);

		g_string_append(out, line->text);
		g_string_append_c(out, '\n');
	}
}

/* Links that are numbered in the text: where they lead. */
static void
append_links(const struct rendered *rendered, GString *out)
{
	for (guint i = 0; i < rendered->links->len; i++) {
		const struct render_link *link = g_ptr_array_index(rendered->links, i);

		g_string_append_printf(out, "%s[%u] %s\n", i ? "" : "\n", i + 1, link->url);
	}
}

gboolean
document_text(struct message *message, const struct mime_part *root, gboolean prefer_html, int width,
              GString *out, GError **error)
{
	g_autoptr(GPtrArray) shown = mime_part_shown(root, prefer_html);
	struct rendered *rendered = rendered_new();
	gboolean html = FALSE, ok = TRUE;

	for (guint i = 0; ok && i < shown->len; i++) {
		const struct mime_part *part = g_ptr_array_index(shown, i);

		html |= strcmp(part->subtype, "html") == 0;
		ok = render_part(message, part, width, rendered, error);
	}
	append_lines(rendered, out);
	if (rendered->truncated)
		g_string_append(out, _("[the rest is left out; --part gives it whole]\n"));
	if (html)
		append_links(rendered, out);
	rendered_free(rendered);
	return ok;
}

const char *
document_part_name(const struct mime_part *part)
{
	if (part->name)
		return part->name;
	return part->description ? part->description : "";
}

void
document_attachments(struct message *message, const struct mime_part *root, GString *out)
{
	g_autoptr(GPtrArray) parts = mime_part_attachments(root);

	for (guint i = 0; i < parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(parts, i);
		g_autofree char *name = text_safe(document_part_name(part), -1);
		g_autofree char *type = g_strdup_printf("%s/%s", part->type, part->subtype);
		g_autofree char *safe_type = text_safe(type, -1);
		g_autofree char *size = text_size(part->size);
		gboolean here = store_has_part(message->store, message->row->id, part->section);

		g_string_append_printf(out, "%s[%s] %s%s%s · %s · %s\n", i ? "" : "\n", part->section, name,
		                       *name ? " · " : "", safe_type, size,
		                       here ? _("here") : _("on the server"));
	}
}
