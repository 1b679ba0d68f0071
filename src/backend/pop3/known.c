#include "backend/pop3/visit.h"

#include <string.h>

/* Which of the messages that the server has are known. It names them, and names should not change; but they
 * may be given twice, none may be given at all, and a server that moved gives others for all. So a message is
 * known by UIDL and size, as often as there are such; and where that is in doubt by what its header says. */

/* Of one name, so many are compared with one that has it and another size. */
enum { NAMESAKES_MOST = 16 };

/* A row of table maildrop. */
struct known {
	const char *uidl; /* in strings, or lent for a look */
	guint64 size;
	gint64 row;
	gint64 digest;
	guint nth;
	enum drop_state state;
	gboolean met;
	struct known *next, *last; /* one that is alike: by its name, later by its digest; the last of them */
	struct known *namesake;    /* one that has the same UIDL, once looked for */
};

struct drop_known {
	GPtrArray *rows; /* struct known *, the oldest first */
	GStringChunk *strings;
	GHashTable *alike; /* struct known *: the first of that name and size that was not met */
	GHashTable *sent;  /* the same of those that a DELE may have gone out for: met when all others were */
	GHashTable *numbers; /* UIDL → greatest nth + 1; made when first asked for, like the next two */
	GHashTable *sizes;   /* guint64 *: of rows that were not met */
	GHashTable *digests; /* gint64 * → the first struct known * of that digest that was not met */
	GHashTable *names;   /* UIDL → one that was not met; the same */
	gboolean nameless;   /* one of those has none */
};

static guint
name_hash(gconstpointer key)
{
	const struct known *row = key;

	return g_str_hash(row->uidl) ^ (guint)(row->size * 2654435761u);
}

static gboolean
name_equal(gconstpointer a, gconstpointer b)
{
	const struct known *x = a, *y = b;

	return x->size == y->size && strcmp(x->uidl, y->uidl) == 0;
}

struct drop_known *
drop_known_new(void)
{
	struct drop_known *known = g_new0(struct drop_known, 1);

	known->rows = g_ptr_array_new_with_free_func(g_free);
	known->strings = g_string_chunk_new(65536);
	known->alike = g_hash_table_new(name_hash, name_equal);
	known->sent = g_hash_table_new(name_hash, name_equal);
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
	g_clear_pointer(&known->numbers, g_hash_table_unref);
	g_hash_table_unref(known->alike);
	g_hash_table_unref(known->sent);
	g_string_chunk_free(known->strings);
	g_ptr_array_unref(known->rows);
	g_free(known);
}

guint
drop_known_count(const struct drop_known *known)
{
	return known->rows->len;
}

void
drop_known_add(struct drop_known *known, const struct store_drop *drop)
{
	struct known *row = g_new0(struct known, 1), *first;
	GHashTable *table;

	row->uidl = *drop->uidl ? g_string_chunk_insert(known->strings, drop->uidl) : "";
	row->size = drop->size;
	row->row = drop->id;
	row->digest = drop->digest;
	row->nth = drop->nth;
	row->state = drop->state;
	g_ptr_array_add(known->rows, row);
	if (!*row->uidl)
		return;
	table = drop->state == DROP_SENT ? known->sent : known->alike;
	first = g_hash_table_lookup(table, row);
	if (!first)
		g_hash_table_add(table, row);
	else
		first->last = (first->last ? first->last : first)->next = row;
}

/* ---- by name ---- */

static struct known *
take_first(GHashTable *alike, const struct known *name)
{
	struct known *row = g_hash_table_lookup(alike, name);

	if (!row)
		return NULL;
	g_hash_table_remove(alike, row);
	if (row->next) {
		row->next->last = row->last;
		g_hash_table_add(alike, row->next);
	}
	return row;
}

static struct known *
find(struct drop_known *known, const struct drop_item *item)
{
	const struct known name = {.uidl = item->uidl, .size = item->size};
	struct known *row = take_first(known->alike, &name);

	return row ? row : take_first(known->sent, &name);
}

static void
note_number(struct drop_known *known, const char *uidl, guint nth)
{
	guint most = GPOINTER_TO_UINT(g_hash_table_lookup(known->numbers, uidl));

	if (nth + 1 > most)
		g_hash_table_insert(known->numbers, (gpointer)uidl, GUINT_TO_POINTER(nth + 1));
}

/* The next of those that are called so. */
static guint
number_of(struct drop_known *known, const char *uidl)
{
	guint nth;

	if (!known->numbers) {
		known->numbers = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < known->rows->len; i++) {
			const struct known *row = known->rows->pdata[i];

			note_number(known, row->uidl, row->nth);
		}
	}
	nth = GPOINTER_TO_UINT(g_hash_table_lookup(known->numbers, uidl));
	note_number(known, nth ? uidl : g_string_chunk_insert(known->strings, uidl), nth);
	return nth;
}

guint
drop_known_match(struct drop_known *known, GArray *items)
{
	guint met = 0;

	forget_unmet(known);
	for (guint i = 0; i < items->len; i++) {
		struct drop_item *item = &g_array_index(items, struct drop_item, i);
		struct known *row = *item->uidl ? find(known, item) : NULL;

		if (!row) {
			item->nth = number_of(known, item->uidl);
			continue;
		}
		row->met = TRUE;
		item->row = row->row;
		item->state = row->state;
		met++;
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
	for (guint i = known->rows->len; i-- > 0;) {
		struct known *row = known->rows->pdata[i];

		if (row->met || !row->digest)
			continue;
		g_hash_table_add(known->sizes, &row->size);
		row->next = g_hash_table_lookup(known->digests, &row->digest);
		g_hash_table_replace(known->digests, &row->digest, row);
		known->nameless |= !*row->uidl;
		row->namesake = g_hash_table_lookup(known->names, row->uidl);
		if (*row->uidl)
			g_hash_table_replace(known->names, (char *)row->uidl, row);
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
	struct known *row;

	if (!known->digests)
		look_at_unmet(known);
	row = g_hash_table_lookup(known->digests, &digest);
	while (row && row->met) /* by its name */
		row = row->next;
	if (!row || row->size != size)
		return 0;
	row->met = TRUE;
	if (row->next)
		g_hash_table_replace(known->digests, &row->next->digest, row->next);
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
	struct known *row = drop_known_names(known, uidl) ? g_hash_table_lookup(known->names, uidl) : NULL;

	for (guint n = 0; row && n < NAMESAKES_MOST; n++, row = row->namesake) {
		if (row->met || digest(row->size, user) != row->digest)
			continue;
		row->met = TRUE;
		*state = row->state;
		return row->row;
	}
	return 0;
}

void
drop_known_missed(const struct drop_known *known, enum drop_state state, GArray *out)
{
	for (guint i = 0; i < known->rows->len; i++) {
		const struct known *row = known->rows->pdata[i];

		if (!row->met && row->state == state)
			g_array_append_val(out, row->row);
	}
}
