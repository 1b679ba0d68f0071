#include "model/thread.h"

#include <string.h>
#include "base/text.h"
#include "mime/envelope.h"

#define REFERENCES_TRIED 10 /* of the last ones: the nearest ancestors */
#define NAMES_SHOWN 4

static void
append_name(GString *out, const struct mime_address *address)
{
	text_safe_line(out, *address->name ? address->name : address->email, -1);
}

static char *
names_of(const GPtrArray *addresses)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < MIN(addresses->len, NAMES_SHOWN); i++) {
		if (i)
			g_string_append(out, ", ");
		append_name(out, addresses->pdata[i]);
	}
	return g_string_free(out, FALSE);
}

struct list_item *
thread_item_new(struct store_row *row, gint64 group, gboolean recipients)
{
	struct list_item *item = g_new0(struct list_item, 1);

	item->row = row;
	item->group = group;
	item->last = TRUE;
	item->from = names_of(recipients && row->to->len ? row->to : row->from);
	item->subject = text_safe(row->subject, -1);
	return item;
}

void
thread_item_free(gpointer data)
{
	struct list_item *item = data;

	if (!item)
		return;
	store_row_free(item->row);
	g_free(item->from);
	g_free(item->subject);
	g_free(item);
}

/* Prefixes of answers and forwards in the languages that mail programs write them in. */
static const char *const prefixes[] = {"re", "fwd", "fw", "aw",  "wg",   "sv",  "vs",  "rif",
                                       "r",  "i",   "tr", "ref", "antw", "odp", "enc", NULL};

static gsize
prefix_length(const char *s)
{
	for (const char *const *p = prefixes; *p; p++) {
		gsize n = strlen(*p);

		if (g_ascii_strncasecmp(s, *p, n))
			continue;
		if (s[n] == '[') { /* Re[2]: */
			gsize digits = strspn(s + n + 1, "0123456789");

			if (digits && s[n + 1 + digits] == ']')
				n += digits + 2;
		}
		if (s[n] == ':')
			return n + 1;
	}
	return 0;
}

const char *
thread_bare_subject(const char *subject)
{
	gsize n;

	for (;;) {
		while (*subject == ' ')
			subject++;
		n = prefix_length(subject);
		if (!n)
			return subject;
		subject += n;
	}
}

struct node {
	struct list_item *item;
	int parent, first_child, last_child, next;
};

/* The last of the blank-separated ids in text that is one of ours. */
static int
nearest_known(GHashTable *by_id, const char *text, int self)
{
	const char *end = text + strlen(text);

	for (int tried = 0; tried < REFERENCES_TRIED && end > text; tried++) {
		const char *start = end;
		g_autofree char *id = NULL;
		gpointer found;

		while (start > text && start[-1] != ' ')
			start--;
		id = g_strndup(start, (gsize)(end - start));
		if (g_hash_table_lookup_extended(by_id, id, NULL, &found) && GPOINTER_TO_INT(found) != self)
			return GPOINTER_TO_INT(found);
		for (end = start; end > text && end[-1] == ' ';)
			end--;
	}
	return -1;
}

static gboolean
is_below(const struct node *nodes, int node, int ancestor, guint n)
{
	for (guint steps = 0; node >= 0 && steps <= n; steps++) {
		if (node == ancestor)
			return TRUE;
		node = nodes[node].parent;
	}
	return FALSE;
}

static void
find_parents(struct node *nodes, guint n)
{
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < n; i++) {
		char *id = nodes[i].item->row->message_id;

		if (*id && !g_hash_table_contains(by_id, id))
			g_hash_table_insert(by_id, id, GINT_TO_POINTER(i));
	}
	for (guint i = 0; i < n; i++) {
		const struct store_row *row = nodes[i].item->row;
		int parent = nearest_known(by_id, row->references, (int)i);

		if (parent < 0)
			parent = nearest_known(by_id, row->in_reply_to, (int)i);
		if (parent >= 0 && !is_below(nodes, parent, (int)i, n))
			nodes[i].parent = parent;
	}
	for (guint i = 1; i < n; i++)
		if (nodes[i].parent < 0 && !is_below(nodes, 0, (int)i, n))
			nodes[i].parent = 0;
}

static void
link_children(struct node *nodes, guint n)
{
	for (guint i = 0; i < n; i++) {
		struct node *parent = nodes[i].parent >= 0 ? &nodes[nodes[i].parent] : NULL;

		if (!parent)
			continue;
		if (parent->last_child >= 0)
			nodes[parent->last_child].next = (int)i;
		else
			parent->first_child = (int)i;
		parent->last_child = (int)i;
	}
}

static void
place_below(struct node *nodes, struct node *node)
{
	const struct node *parent = &nodes[node->parent];
	struct list_item *item = node->item, *above = parent->item;

	item->depth = (guint16)MIN(above->depth + 1, G_MAXUINT16);
	item->last = node->next < 0;
	item->arms = above->arms;
	if (above->depth >= 1 && above->depth <= 32 && !above->last)
		item->arms |= 1u << (above->depth - 1);
	item->same_subject = !strcmp(thread_bare_subject(item->subject), thread_bare_subject(above->subject));
}

/* Depth first without recursion: down to the first child, else along to the next sibling of the nearest
 * ancestor that has one. */
static void
emit(struct node *nodes, int root, GPtrArray *out)
{
	for (int at = root; at >= 0;) {
		if (nodes[at].parent >= 0)
			place_below(nodes, &nodes[at]);
		g_ptr_array_add(out, nodes[at].item);
		if (nodes[at].first_child >= 0) {
			at = nodes[at].first_child;
			continue;
		}
		while (at >= 0 && at != root && nodes[at].next < 0)
			at = nodes[at].parent;
		at = at == root || at < 0 ? -1 : nodes[at].next;
	}
}

void
thread_layout(GPtrArray *rows, gint64 group, gboolean recipients, GPtrArray *out)
{
	guint n = rows->len;
	g_autofree struct node *nodes = g_new0(struct node, MAX(n, 1));

	for (guint i = 0; i < n; i++) {
		nodes[i] = (struct node){thread_item_new(rows->pdata[i], group, recipients), -1, -1, -1, -1};
		rows->pdata[i] = NULL;
	}
	g_ptr_array_set_size(rows, 0);
	find_parents(nodes, n);
	link_children(nodes, n);
	for (guint i = 0; i < n; i++)
		if (nodes[i].parent < 0)
			emit(nodes, (int)i, out);
}
