#include "backend/pop3/visit.h"

#include <string.h>

/* Which of the messages that the server has are known. It names them, and names should not change; but they
 * may be given twice, none may be given at all, and a server that moved gives others for all. So a message is
 * known by UIDL and size, as often as there are such; and where that is in doubt by what its header says. */

/* Of one name, so many are compared with one that has it and another size. */
enum { NAMESAKES_MOST = 16 };

/* A row of table maildrop. */
struct known {
	gint64 row;
	guint64 size;
	gint64 digest;
	enum drop_state state;
	guint next;       /* index + 1 of one that is alike: by its name, later by its digest */
	guint namesake;   /* index + 1 of one that has the same UIDL, once looked for */
	const char *uidl; /* lent from strings */
	gboolean met;
};

struct drop_known {
	GArray *rows; /* struct known */
	GStringChunk *strings;
	GHashTable *first;   /* size and UIDL → index + 1 of the first that was not met */
	GHashTable *last;    /* the same → of the last */
	GHashTable *numbers; /* UIDL → greatest nth + 1 */
	GHashTable *sizes;   /* guint64 * → how many were not met; made when first asked for */
	GHashTable *digests; /* gint64 * → index + 1 of one that was not met; the same */
	GHashTable *names;   /* UIDL → index + 1 of one that was not met; the same */
	gboolean nameless;   /* one of those has none */
};

struct drop_known *
drop_known_new(void)
{
	struct drop_known *known = g_new0(struct drop_known, 1);

	known->rows = g_array_new(FALSE, TRUE, sizeof(struct known));
	known->strings = g_string_chunk_new(16384);
	known->first = g_hash_table_new(g_str_hash, g_str_equal);
	known->last = g_hash_table_new(g_str_hash, g_str_equal);
	known->numbers = g_hash_table_new(g_str_hash, g_str_equal);
	return known;
}

static void
forget_unmet(struct drop_known *known)
{
	g_clear_pointer(&known->sizes, g_hash_table_unref);
	g_clear_pointer(&known->digests, g_hash_table_unref);
	g_clear_pointer(&known->names, g_hash_table_unref);
}

void
drop_known_free(struct drop_known *known)
{
	if (!known)
		return;
	forget_unmet(known);
	g_hash_table_unref(known->first);
	g_hash_table_unref(known->last);
	g_hash_table_unref(known->numbers);
	g_string_chunk_free(known->strings);
	g_array_unref(known->rows);
	g_free(known);
}

guint
drop_known_count(const struct drop_known *known)
{
	return known->rows->len;
}

static struct known *
row_at(const struct drop_known *known, guint number)
{
	return &g_array_index(known->rows, struct known, number - 1);
}

static void
note_number(struct drop_known *known, char *uidl, guint nth)
{
	guint most = GPOINTER_TO_UINT(g_hash_table_lookup(known->numbers, uidl));

	if (nth + 1 > most)
		g_hash_table_insert(known->numbers, uidl, GUINT_TO_POINTER(nth + 1));
}

static char *
name_of(const char *uidl, guint64 size)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT " %s", size, uidl);
}

void
drop_known_add(struct drop_known *known, const struct store_drop *drop)
{
	struct known row = {
	        .row = drop->id, .size = drop->size, .digest = drop->digest, .state = drop->state};
	g_autofree char *name = name_of(drop->uidl, drop->size);
	char *kept = g_string_chunk_insert_const(known->strings, name);
	guint number = known->rows->len + 1, last;
	char *uidl = g_string_chunk_insert_const(known->strings, drop->uidl);

	row.uidl = uidl;
	g_array_append_val(known->rows, row);
	note_number(known, uidl, drop->nth);
	if (!*drop->uidl)
		return;
	last = GPOINTER_TO_UINT(g_hash_table_lookup(known->last, kept));
	if (last)
		row_at(known, last)->next = number;
	else
		g_hash_table_insert(known->first, kept, GUINT_TO_POINTER(number));
	g_hash_table_insert(known->last, kept, GUINT_TO_POINTER(number));
}

static struct known *
find(struct drop_known *known, const struct drop_item *item)
{
	g_autofree char *name = name_of(item->uidl, item->size);
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(known->first, name));
	struct known *row;

	if (!number)
		return NULL;
	row = row_at(known, number);
	if (row->next)
		g_hash_table_insert(known->first, g_string_chunk_insert_const(known->strings, name),
		                    GUINT_TO_POINTER(row->next));
	else
		g_hash_table_remove(known->first, name);
	return row;
}

guint
drop_known_match(struct drop_known *known, GArray *items)
{
	guint met = 0;

	forget_unmet(known);
	for (guint i = 0; i < items->len; i++) {
		struct drop_item *item = &g_array_index(items, struct drop_item, i);
		struct known *row = *item->uidl ? find(known, item) : NULL;

		if (row) {
			row->met = TRUE;
			item->row = row->row;
			item->state = row->state;
			met++;
			continue;
		}
		item->nth = GPOINTER_TO_UINT(g_hash_table_lookup(known->numbers, item->uidl));
		note_number(known, g_string_chunk_insert_const(known->strings, item->uidl), item->nth);
	}
	return met;
}

/* ---- by what the header says ---- */

static void
look_at_unmet(struct drop_known *known)
{
	known->sizes = g_hash_table_new(g_int64_hash, g_int64_equal);
	known->digests = g_hash_table_new(g_int64_hash, g_int64_equal);
	known->names = g_hash_table_new(g_str_hash, g_str_equal);
	known->nameless = FALSE;
	/* The oldest is met first. */
	for (guint number = known->rows->len; number > 0; number--) {
		struct known *row = row_at(known, number);

		if (row->met || !row->digest)
			continue;
		g_hash_table_add(known->sizes, &row->size);
		row->next = GPOINTER_TO_UINT(g_hash_table_lookup(known->digests, &row->digest));
		g_hash_table_replace(known->digests, &row->digest, GUINT_TO_POINTER(number));
		row->namesake = GPOINTER_TO_UINT(g_hash_table_lookup(known->names, row->uidl));
		known->nameless |= !*row->uidl;
		if (*row->uidl)
			g_hash_table_replace(known->names, (char *)row->uidl, GUINT_TO_POINTER(number));
	}
}

gboolean
drop_known_lacks(struct drop_known *known, guint64 size)
{
	if (!known->sizes)
		look_at_unmet(known);
	return g_hash_table_contains(known->sizes, &size);
}

gint64
drop_known_meet(struct drop_known *known, guint64 size, gint64 digest, enum drop_state *state)
{
	guint number;
	struct known *row;

	if (!known->digests)
		look_at_unmet(known);
	number = GPOINTER_TO_UINT(g_hash_table_lookup(known->digests, &digest));
	while (number && row_at(known, number)->met) /* by its name */
		number = row_at(known, number)->next;
	if (!number || row_at(known, number)->size != size)
		return 0;
	row = row_at(known, number);
	row->met = TRUE;
	if (row->next)
		g_hash_table_replace(known->digests, &row_at(known, row->next)->digest,
		                     GUINT_TO_POINTER(row->next));
	else
		g_hash_table_remove(known->digests, &digest);
	*state = row->state;
	return row->row;
}

/* ---- by a name and another size ---- */

gboolean
drop_known_lacks_nameless(struct drop_known *known)
{
	if (!known->names)
		look_at_unmet(known);
	return known->nameless;
}

gboolean
drop_known_names(struct drop_known *known, const char *uidl)
{
	if (!known->names)
		look_at_unmet(known);
	return *uidl && g_hash_table_contains(known->names, uidl);
}

gint64
drop_known_meet_resized(struct drop_known *known, const char *uidl,
                        gint64 (*digest)(guint64 size, void *user), void *user, enum drop_state *state)
{
	guint number =
	        drop_known_names(known, uidl) ? GPOINTER_TO_UINT(g_hash_table_lookup(known->names, uidl)) : 0;

	for (guint n = 0; number && n < NAMESAKES_MOST; n++) {
		struct known *row = row_at(known, number);

		if (!row->met && digest(row->size, user) == row->digest) {
			row->met = TRUE;
			*state = row->state;
			return row->row;
		}
		number = row->namesake;
	}
	return 0;
}

void
drop_known_missed(const struct drop_known *known, enum drop_state state, GArray *out)
{
	for (guint i = 0; i < known->rows->len; i++) {
		const struct known *row = &g_array_index(known->rows, struct known, i);

		if (!row->met && row->state == state)
			g_array_append_val(out, row->row);
	}
}
