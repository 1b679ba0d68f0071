#include "store/store-private.h"

/* What a keep policy still asks for. The list of a folder is looked through once: what was found to lack
 * nothing is remembered as a span. */

/* Rows of folder from newest down to oldest (both included) lack nothing: they need not be looked at again.
 */
struct kept_span {
	gint64 folder;
	gboolean full;
	struct store_key newest, oldest;
};

void
keep_reset(struct store *store)
{
	if (store->kept)
		g_array_set_size(store->kept, 0);
}

void
keep_row_added(struct store *store, gint64 folder, const struct store_key *key)
{
	for (guint i = store->kept ? store->kept->len : 0; i-- > 0;) {
		const struct kept_span *span = &g_array_index(store->kept, struct kept_span, i);

		if (span->folder == folder && key_compare(key, &span->newest) <= 0 &&
		    key_compare(key, &span->oldest) >= 0)
			g_array_remove_index_fast(store->kept, i);
	}
}

static struct kept_span *
span_of(struct store *store, gint64 folder, gboolean full)
{
	struct kept_span span = {folder, full, {0}, {0}};

	if (!store->kept)
		store->kept = g_array_new(FALSE, FALSE, sizeof span);
	for (guint i = 0; i < store->kept->len; i++) {
		struct kept_span *known = &g_array_index(store->kept, struct kept_span, i);

		if (known->folder == folder && known->full == full)
			return known;
	}
	/* Empty: its newest row is older than its oldest. */
	span.newest = (struct store_key){G_MAXINT64, G_MAXINT64, G_MAXINT64 - 1};
	span.oldest = (struct store_key){G_MAXINT64, G_MAXINT64, G_MAXINT64};
	g_array_append_val(store->kept, span);
	return &g_array_index(store->kept, struct kept_span, store->kept->len - 1);
}

/* Missing rows older than from and not older than down_to; *first is the newest of them. */
static gboolean
scan(struct store *store, gint64 folder, const struct store_key *from, const struct store_key *down_to,
     gboolean full, guint limit, GArray *out, struct store_key *first, GError **error)
{
	static const char sql[] =
	        "SELECT id, received, ord FROM message INDEXED BY message_list WHERE folder = ?1"
	        " AND (received, ord, id) < (?2, ?3, ?4) AND (received, ord, id) >= (?5, ?6, ?7) AND (have & "
	        "?8) = 0"
	        " ORDER BY received DESC, ord DESC, id DESC LIMIT ?9";
	sqlite3_stmt *statement =
	        store_sql(store, sql,
	                  VALUES(folder, from->received, from->ord, from->id, down_to->received, down_to->ord,
	                         down_to->id, full ? HAVE_WHOLE : HAVE_WHOLE | HAVE_TEXT, limit),
	                  error);
	int result = statement ? 0 : -1;

	first->id = 0;
	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		struct store_key key = {sqlite3_column_int64(statement, 1),
		                        sqlite3_column_int64(statement, 2),
		                        sqlite3_column_int64(statement, 0)};

		if (!first->id)
			*first = key;
		g_array_append_val(out, key.id);
	}
	return result >= 0;
}

static gboolean
newest_key(struct store *store, gint64 folder, struct store_key *key, GError **error)
{
	static const char sql[] =
	        "SELECT received, ord, id FROM message INDEXED BY message_list WHERE folder = ?1"
	        " ORDER BY received DESC, ord DESC, id DESC LIMIT 1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(folder), error);
	int result = statement ? store_step(store, statement, error) : -1;

	*key = (struct store_key){0, 0, 0};
	if (result > 0) {
		*key = (struct store_key){sqlite3_column_int64(statement, 0),
		                          sqlite3_column_int64(statement, 1),
		                          sqlite3_column_int64(statement, 2)};
		sqlite3_reset(statement);
	}
	return result >= 0;
}

gboolean
store_missing_bodies(struct store *store, gint64 folder, gint64 since, gboolean full, guint limit,
                     GArray *out, GError **error)
{
	const struct store_key top = {G_MAXINT64, G_MAXINT64, G_MAXINT64},
	                       end = {since, G_MININT64, G_MININT64};
	struct kept_span *span = span_of(store, folder, full);
	gboolean empty = key_compare(&span->newest, &span->oldest) < 0;
	struct store_key newest, first, bound;
	guint start = out->len;

	if (!newest_key(store, folder, &newest, error))
		return FALSE;
	if (!newest.id)
		return TRUE;
	if (!empty && key_compare(&newest, &span->newest) > 0) {
		bound = span->newest;
		bound.id++;
		if (key_compare(&bound, &end) < 0)
			bound = end;
		if (!scan(store, folder, &top, &bound, full, limit, out, &first, error))
			return FALSE;
		if (!first.id)
			span->newest = newest;
		if (out->len - start >= limit)
			return TRUE;
	}
	bound = empty ? top : span->oldest;
	if (key_compare(&bound, &end) <= 0)
		return TRUE;
	if (!scan(store, folder, &bound, &end, full, limit - (out->len - start), out, &first, error))
		return FALSE;
	/* Everything above the first one found, or down to the bound, lacks nothing. */
	if (empty)
		span->newest = newest;
	span->oldest = first.id ? first : end;
	if (first.id)
		span->oldest.id++;
	if (key_compare(&span->newest, &span->oldest) < 0)
		*span = (struct kept_span){folder, full, {G_MAXINT64, G_MAXINT64, G_MAXINT64 - 1}, top};
	return TRUE;
}
