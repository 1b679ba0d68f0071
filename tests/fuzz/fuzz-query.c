/* Queries: whatever is typed gives a tree within its bounds, or one line of error. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks the node; how deep it goes. */
static guint
look_at(const struct query_node *node, guint *terms)
{
	guint deepest = 0;
	gboolean reads = FALSE;

	if (node->kind == QUERY_TERM) {
		g_assert(node->term.what < QUERY_WHATS);
		g_assert(!node->term.word || g_utf8_validate(node->term.word, -1, NULL));
		++*terms;
		return 1;
	}
	g_assert(node->kind == QUERY_NOT ? node->of->len == 1 : node->of->len > 1);
	for (guint i = 0; i < node->of->len; i++) {
		const struct query_node *child = node->of->pdata[i];

		g_assert(child->reads || !reads);
		reads |= child->reads;
		deepest = MAX(deepest, look_at(child, terms));
	}
	g_assert(node->reads == reads);
	return deepest + 1;
}

static enum query_answer
say(const struct query_term *term, void *user)
{
	guint *said = user;

	return (enum query_answer)((*said += (guint)term->what + 1) % 3);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct query_use uses[] = {
	        {.words = QUERY_HEAD_WORDS | QUERY_BODY},
	        {.words = QUERY_HEAD_WORDS,
	         .without = 1u << QUERY_HEADER | 1u << QUERY_THREAD,
	         .without_fields = QUERY_BODY,
	         .smart_case = TRUE},
	};
	g_autofree char *text = g_strndup(size ? (const char *)data : "", size);

	for (guint i = 0; i < G_N_ELEMENTS(uses); i++) {
		g_autoptr(GError) error = NULL;
		struct query *query = query_new(text, &uses[i], &error);
		guint terms = 0, said = 0;

		g_assert((query == NULL) == (error != NULL));
		if (error)
			g_assert(text_is_safe(error->message, -1) && !strchr(error->message, '\n'));
		if (!query)
			continue;
		g_assert(look_at(query_root(query), &terms) <= 3 * (QUERY_DEPTH + 1) + 1);
		g_assert(terms <= QUERY_TERMS);
		query_answer(query, say, &said);
		query_free(query);
	}
	return 0;
}
