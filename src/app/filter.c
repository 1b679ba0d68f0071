#include "app/filter.h"

#include "base/error.h"
#include "base/i18n.h"
#include "store/match.h"

struct query *
filter_new(const GPtrArray *words, guint first, GError **error)
{
	static const struct query_use use = {
	        .words = QUERY_HEAD_WORDS,
	        .without = 1u << QUERY_HEADER | 1u << QUERY_FILENAME,
	        .without_fields = QUERY_BODY,
	};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) problem = NULL;
	struct query *filter;

	for (guint i = first; i < words->len; i++) {
		g_autofree char *word = g_utf8_make_valid(g_ptr_array_index(words, i), -1);

		g_string_append_printf(text, "%s%s", text->len ? " " : "", word);
	}
	filter = query_new(text->str, &use, &problem);
	if (!filter)
		fulmar_fail(error, FULMAR_USAGE, _("%s; see “Query language” in fulmar(1)"),
		            problem->message);
	return filter;
}

gboolean
filter_match(const struct query *filter, const struct store_row *row, const char *account, const char *folder)
{
	const struct match_place place = {account, folder, g_get_real_time() / G_USEC_PER_SEC};

	return match_row(filter, row, &place, NULL) == QUERY_YES;
}
