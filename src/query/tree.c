#include "query/query-private.h"

#include <string.h>

/* The tree, and what it answers. No deeper than QUERY_DEPTH allows: for each pair of parentheses there are at
 * most three nodes, one below the other. */

struct query_node *
node_new(enum query_kind kind)
{
	struct query_node *node = g_new0(struct query_node, 1);

	node->kind = kind;
	if (kind != QUERY_TERM)
		node->of = g_ptr_array_new_with_free_func(node_free);
	return node;
}

void
node_free(gpointer data)
{
	struct query_node *node = data;

	if (!node)
		return;
	if (node->of)
		g_ptr_array_unref(node->of);
	g_free(node->term.word);
	g_free(node->term.name);
	g_free(node);
}

void
node_add(struct query_node *node, struct query_node *child)
{
	g_ptr_array_add(node->of, child);
	node->reads |= child->reads;
}

/* A message whose row says no is not read. */
static void
put_cheap_first(GPtrArray *of)
{
	g_autoptr(GPtrArray) reading = g_ptr_array_new();
	guint kept = 0;

	for (guint i = 0; i < of->len; i++) {
		struct query_node *child = of->pdata[i];

		if (child->reads)
			g_ptr_array_add(reading, child);
		else
			of->pdata[kept++] = child;
	}
	for (guint i = 0; i < reading->len; i++)
		of->pdata[kept++] = reading->pdata[i];
}

struct query_node *
node_close(struct query_node *node)
{
	struct query_node *only;

	if (node->kind == QUERY_NOT)
		return node;
	if (node->of->len != 1) {
		put_cheap_first(node->of);
		return node;
	}
	only = g_ptr_array_steal_index(node->of, 0);
	node_free(node);
	return only;
}

void
query_free(struct query *query)
{
	if (!query)
		return;
	node_free(query->root);
	g_free(query);
}

const struct query_node *
query_root(const struct query *query)
{
	return query->root;
}

gboolean
query_reads(const struct query *query)
{
	return query->root->reads;
}

gboolean
query_has_words(const struct query *query)
{
	return query->words;
}

/* ---- answers ---- */

struct asking {
	enum query_answer (*term)(const struct query_term *term, void *user);
	void *user;
};

static enum query_answer ask(const struct query_node *node, const struct asking *asking);

/* The first that says settles settles it; else it lacks what any of them lacks. */
static enum query_answer
ask_all(const GPtrArray *of, enum query_answer settles, const struct asking *asking)
{
	enum query_answer answer = settles == QUERY_NO ? QUERY_YES : QUERY_NO;

	for (guint i = 0; i < of->len; i++) {
		enum query_answer one = ask(of->pdata[i], asking);

		if (one == settles)
			return settles;
		if (one == QUERY_LACKS)
			answer = QUERY_LACKS;
	}
	return answer;
}

static enum query_answer
ask(const struct query_node *node, const struct asking *asking)
{
	enum query_answer answer;

	switch (node->kind) {
	case QUERY_TERM:
		return asking->term(&node->term, asking->user);
	case QUERY_AND:
		return ask_all(node->of, QUERY_NO, asking);
	case QUERY_OR:
		return ask_all(node->of, QUERY_YES, asking);
	case QUERY_NOT:
		answer = ask(node->of->pdata[0], asking);
		return answer == QUERY_LACKS ? answer : answer == QUERY_NO ? QUERY_YES : QUERY_NO;
	}
	return QUERY_NO;
}

enum query_answer
query_answer(const struct query *query, enum query_answer (*term)(const struct query_term *term, void *user),
             void *user)
{
	const struct asking asking = {term, user};

	return ask(query->root, &asking);
}

char *
query_fold(const char *text)
{
	return g_utf8_casefold(text, -1);
}

gboolean
query_finds_folded(const struct query_term *term, const char *text, const char *folded)
{
	return strstr(term->exact_case ? text : folded, term->word) != NULL;
}

gboolean
query_finds(const struct query_term *term, const char *text)
{
	g_autofree char *folded = term->exact_case ? NULL : query_fold(text);

	return query_finds_folded(term, text, folded);
}
