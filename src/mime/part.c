#include "mime/part.h"
#include "mime/part-private.h"
#include <string.h>

struct mime_part *
mime_part_new(void)
{
	struct mime_part *part = g_new0(struct mime_part, 1);

	part->section = g_strdup("");
	part->type = g_strdup("text");
	part->subtype = g_strdup("plain");
	part->children = g_ptr_array_new();
	return part;
}

static void
free_one(struct mime_part *part)
{
	g_free(part->section);
	g_free(part->type);
	g_free(part->subtype);
	g_free(part->charset);
	g_free(part->name);
	g_free(part->cid);
	g_free(part->description);
	g_free(part->disposition);
	g_free(part->boundary);
	g_free(part->protocol);
	g_free(part->start);
	g_ptr_array_unref(part->children);
	g_free(part);
}

void
mime_part_free(struct mime_part *part)
{
	g_autoptr(GPtrArray) left = g_ptr_array_new();

	if (!part)
		return;
	g_ptr_array_add(left, part);
	while (left->len) {
		part = g_ptr_array_steal_index_fast(left, left->len - 1);
		g_ptr_array_extend(left, part->children, NULL, NULL);
		free_one(part);
	}
}

gboolean
mime_part_is(const struct mime_part *part, const char *type, const char *subtype)
{
	return !strcmp(part->type, type) && (!subtype || !strcmp(part->subtype, subtype));
}

gboolean
mime_part_is_message(const struct mime_part *part)
{
	return mime_part_is(part, "message", "rfc822") || mime_part_is(part, "message", "global");
}

/* What the numbers of a part's children begin with: a multipart that is the whole of a message has no number
 * of its own. */
static const char *
prefix_of(const struct mime_part *part)
{
	if (!mime_part_is(part, "multipart", NULL))
		return part->section;
	if (!part->parent)
		return "";
	return mime_part_is_message(part->parent) ? part->parent->section : part->section;
}

static void
number_child(const struct mime_part *parent, guint index)
{
	struct mime_part *child = parent->children->pdata[index];
	const char *prefix = prefix_of(parent);

	g_free(child->section);
	if (mime_part_is_message(parent) && mime_part_is(child, "multipart", NULL))
		child->section = g_strconcat(prefix, ".TEXT", NULL);
	else
		child->section = g_strdup_printf("%s%s%u", prefix, *prefix ? "." : "", index + 1);
}

/* Parents come before their children in a walk, so their number is there. */
static gboolean
number_children(const struct mime_part *part, void *user)
{
	for (guint i = 0; i < part->children->len; i++)
		number_child(part, i);
	return TRUE;
}

void
mime_part_number(struct mime_part *root)
{
	g_free(root->section);
	root->section = g_strdup(mime_part_is(root, "multipart", NULL) ? "" : "1");
	mime_part_walk(root, number_children, NULL);
}

void
mime_part_walk(const struct mime_part *root, gboolean (*visit)(const struct mime_part *, void *), void *user)
{
	g_autoptr(GPtrArray) left = g_ptr_array_new();

	g_ptr_array_add(left, (gpointer)root);
	while (left->len) {
		const struct mime_part *part = g_ptr_array_steal_index_fast(left, left->len - 1);

		if (!visit(part, user))
			return;
		for (guint i = part->children->len; i-- > 0;)
			g_ptr_array_add(left, part->children->pdata[i]);
	}
}

struct search {
	const char *section;
	const struct mime_part *found;
};

static gboolean
compare_section(const struct mime_part *part, void *user)
{
	struct search *search = user;

	if (strcmp(part->section, search->section))
		return TRUE;
	search->found = part;
	return FALSE;
}

const struct mime_part *
mime_part_by_section(const struct mime_part *root, const char *section)
{
	struct search search = {section, NULL};

	mime_part_walk(root, compare_section, &search);
	return search.found;
}
