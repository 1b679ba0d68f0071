/* Which parts are the message's text, and which a person would call attachments. */
#include "mime/part.h"
#include "mime/part-private.h"
#include <string.h>

enum text {
	TEXT_NONE = 0,
	TEXT_PLAIN = 1,
	TEXT_HTML = 2,
	TEXT_OTHER = 4,  /* could stand for the message's text */
	TEXT_BESIDE = 8, /* is shown, but as a supplement of the text */
	TEXT_MAIN = TEXT_PLAIN | TEXT_HTML | TEXT_OTHER,
	TEXT_ANY = TEXT_MAIN | TEXT_BESIDE
};

static const struct {
	const char *type, *subtype;
	enum text text;
} texts[] = {
        {"text", "plain", TEXT_PLAIN},
        {"text", "html", TEXT_HTML},
        {"text", "enriched", TEXT_OTHER},
        {"text", "markdown", TEXT_OTHER},
        {"text", "rtf", TEXT_NONE},
        {"text", "richtext", TEXT_NONE},
        {"text", "calendar", TEXT_BESIDE},
        {"text", "x-patch", TEXT_BESIDE},
        {"text", "x-diff", TEXT_BESIDE},
        {"text", "rfc822-headers", TEXT_BESIDE},
        {"message", "delivery-status", TEXT_BESIDE},
        {"message", "global-delivery-status", TEXT_BESIDE},
        {"message", "disposition-notification", TEXT_BESIDE},
        {"message", "feedback-report", TEXT_BESIDE},
};

/* Other kinds of text (csv, vcard, …) are files as soon as they have a name, unless their sender wants them
 * seen. */
static enum text
text_of(const struct mime_part *part)
{
	gboolean inlined = part->disposition && !strcmp(part->disposition, "inline");

	if (part->children->len || (part->disposition && !inlined))
		return TEXT_NONE;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (mime_part_is(part, texts[i].type, texts[i].subtype))
			return texts[i].text;
	}
	return mime_part_is(part, "text", NULL) && (inlined || !part->name) ? TEXT_BESIDE : TEXT_NONE;
}

static void
push_children(GPtrArray *left, const struct mime_part *part)
{
	for (guint i = part->children->len; i-- > 0;)
		g_ptr_array_add(left, part->children->pdata[i]);
}

/* The first leaf below part that is text of these kinds, or NULL. Messages inside are not looked into. */
static const struct mime_part *
find_text(const struct mime_part *part, guint kinds)
{
	g_autoptr(GPtrArray) left = g_ptr_array_new();

	g_ptr_array_add(left, (gpointer)part);
	while (left->len) {
		const struct mime_part *at = g_ptr_array_steal_index_fast(left, left->len - 1);

		if (text_of(at) & kinds)
			return at;
		if (!mime_part_is_message(at))
			push_children(left, at);
	}
	return NULL;
}

/* An empty text/plain beside HTML is what some senders make of a message they cannot say in plain text. */
static const struct mime_part *
best_alternative(const struct mime_part *part, gboolean prefer_html)
{
	const struct mime_part *plain = NULL, *html = NULL, *any = NULL, *leaf;

	for (guint i = 0; i < part->children->len; i++) {
		const struct mime_part *child = part->children->pdata[i];

		leaf = find_text(child, TEXT_PLAIN);
		if (leaf && leaf->size > 2 && !plain)
			plain = child;
		if (find_text(child, TEXT_HTML))
			html = child;
		if (find_text(child, TEXT_MAIN) || (!any && find_text(child, TEXT_BESIDE)))
			any = child;
	}
	if (prefer_html && html)
		return html;
	return plain ? plain : html ? html : any;
}

static gboolean
is_start(const struct mime_part *part, const char *start)
{
	gsize len;

	if (!start || !part->cid)
		return FALSE;
	if (*start == '<')
		start++;
	len = strlen(start);
	if (len && start[len - 1] == '>')
		len--;
	return strlen(part->cid) == len && !memcmp(part->cid, start, len);
}

/* RFC 2387: the part named by start, else the first; where that is no text, the first that is. */
static const struct mime_part *
related_root(const struct mime_part *part)
{
	const struct mime_part *root = part->children->pdata[0];

	for (guint i = 0; i < part->children->len; i++) {
		if (is_start(part->children->pdata[i], part->start))
			root = part->children->pdata[i];
	}
	if (find_text(root, TEXT_ANY))
		return root;
	for (guint i = 0; i < part->children->len; i++) {
		if (find_text(part->children->pdata[i], TEXT_ANY))
			return part->children->pdata[i];
	}
	return root;
}

static void
push_shown(GPtrArray *left, const struct mime_part *part, gboolean prefer_html)
{
	const struct mime_part *only = NULL;

	if (!part->children->len || mime_part_is(part, "multipart", "encrypted"))
		return;
	if (mime_part_is(part, "multipart", "alternative"))
		only = best_alternative(part, prefer_html);
	else if (mime_part_is(part, "multipart", "related"))
		only = related_root(part);
	else if (mime_part_is(part, "multipart", "signed"))
		only = part->children->pdata[0];
	else if (mime_part_is(part, "multipart", "appledouble"))
		only = part->children->pdata[part->children->len - 1];
	else if (!mime_part_is_message(part))
		push_children(left, part);
	if (only)
		g_ptr_array_add(left, (gpointer)only);
}

/* A message that is nothing but another message shows that one. */
static const struct mime_part *
skip_wrapping(const struct mime_part *root)
{
	while (mime_part_is_message(root) && root->children->len)
		root = root->children->pdata[0];
	return root;
}

GPtrArray *
mime_part_shown(const struct mime_part *root, gboolean prefer_html)
{
	GPtrArray *shown = g_ptr_array_new();
	g_autoptr(GPtrArray) left = g_ptr_array_new(), early = g_ptr_array_new();
	gboolean have_main = FALSE;

	g_ptr_array_add(left, (gpointer)skip_wrapping(root));
	while (left->len) {
		const struct mime_part *part = g_ptr_array_steal_index_fast(left, left->len - 1);
		enum text text = text_of(part);

		if (text == TEXT_BESIDE && !have_main) {
			g_ptr_array_add(early, (gpointer)part);
		} else if (text != TEXT_NONE) {
			g_ptr_array_add(shown, (gpointer)part);
			if (!have_main)
				g_ptr_array_extend_and_steal(shown, g_steal_pointer(&early));
			have_main = TRUE;
		} else {
			push_shown(left, part, prefer_html);
		}
	}
	if (!have_main)
		g_ptr_array_extend_and_steal(shown, g_steal_pointer(&early));
	return shown;
}

/* Parts that serve the showing of another: the look of HTML, a signature, the shell of an encryption or of a
 * Macintosh file. shown_child: of a related container, the child that is shown. */
static gboolean
is_helper(const struct mime_part *part, const struct mime_part *shown_child)
{
	const struct mime_part *parent = part->parent;
	gboolean attached = part->disposition && strcmp(part->disposition, "inline") != 0;

	if (mime_part_is(parent, "multipart", "related"))
		return part->cid && !attached && part != shown_child &&
		       (mime_part_is(part, "image", NULL) || mime_part_is(part, "font", NULL) ||
		        mime_part_is(part, "text", "css"));
	if (mime_part_is(parent, "multipart", "signed"))
		return part != parent->children->pdata[0] && strstr(part->subtype, "signature");
	if (mime_part_is(parent, "multipart", "encrypted"))
		return mime_part_is(part, "application", "pgp-encrypted");
	return mime_part_is(parent, "multipart", "appledouble") &&
	       mime_part_is(part, "application", "applefile");
}

static void
push_files(GPtrArray *left, const struct mime_part *part)
{
	const struct mime_part *shown_child = NULL;

	if (part->children->len && mime_part_is(part, "multipart", "related"))
		shown_child = related_root(part);
	for (guint i = part->children->len; i-- > 0;) {
		if (!is_helper(part->children->pdata[i], shown_child))
			g_ptr_array_add(left, part->children->pdata[i]);
	}
}

static gboolean
in_alternative(const struct mime_part *part, const struct mime_part *root)
{
	for (; part != root && part->parent; part = part->parent) {
		if (mime_part_is(part->parent, "multipart", "alternative"))
			return TRUE;
	}
	return FALSE;
}

GPtrArray *
mime_part_attachments(const struct mime_part *root)
{
	GPtrArray *attachments = g_ptr_array_new();
	g_autoptr(GPtrArray) left = g_ptr_array_new(), shown = mime_part_shown(root, FALSE);
	g_autoptr(GHashTable) texts_shown = g_hash_table_new(NULL, NULL);

	root = skip_wrapping(root);
	for (guint i = 0; i < shown->len; i++)
		g_hash_table_add(texts_shown, shown->pdata[i]);
	g_ptr_array_add(left, (gpointer)root);
	while (left->len) {
		const struct mime_part *part = g_ptr_array_steal_index_fast(left, left->len - 1);

		if (mime_part_is(part, "multipart", NULL))
			push_files(left, part);
		else if (!g_hash_table_contains(texts_shown, part) &&
		         !((text_of(part) & TEXT_MAIN) && in_alternative(part, root)))
			g_ptr_array_add(attachments, (gpointer)part);
	}
	return attachments;
}
