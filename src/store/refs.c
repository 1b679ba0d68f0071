#include <stdlib.h>
#include <string.h>
#include "store/store-private.h"

/* Hashes are spread evenly, so a tree of them is written all over: at a million entries nearly every insert
 * would dirty a page of its own. New pairs are therefore kept in memory, logged as one block a transaction,
 * and sorted into the tree when there are many. */
#define RECENT_MAX 60000 /* keeps 131072 slots */
#define ALIASES_MAX 65536

struct pair {
	gint64 hash, thread; /* thread 0: forgotten */
};

/* Open addressing; hash 0 = free. size is a power of two, at least twice used. */
struct pairs {
	struct pair *slots;
	guint size, used;
};

struct refs {
	gboolean loaded;
	struct pairs recent;
	struct pairs aliases;  /* label of a joined thread → the thread it joined */
	gboolean many_aliases; /* more than are kept in memory */
	GArray *fresh;         /* struct pair: not logged yet */
};

struct refs *
refs_new(void)
{
	struct refs *refs = g_new0(struct refs, 1);

	refs->fresh = g_array_new(FALSE, FALSE, sizeof(struct pair));
	return refs;
}

static void
clear(struct pairs *pairs)
{
	g_clear_pointer(&pairs->slots, g_free);
	pairs->size = pairs->used = 0;
}

void
refs_reset(struct refs *refs)
{
	clear(&refs->recent);
	clear(&refs->aliases);
	refs->loaded = refs->many_aliases = FALSE;
	g_array_set_size(refs->fresh, 0);
}

void
refs_free(struct refs *refs)
{
	refs_reset(refs);
	g_array_unref(refs->fresh);
	g_free(refs);
}

/* ---- SipHash-1-3 (Aumasson and Bernstein) ---- */

static inline guint64
rotate(guint64 value, int by)
{
	return value << by | value >> (64 - by);
}

static inline void
sip_round(guint64 v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

gint64
refs_hash(const struct store *store, const char *id, gsize len)
{
	guint64 k0 = store->key[0], k1 = store->key[1], word;
	guint64 v[4] = {
	        k0 ^ G_GUINT64_CONSTANT(0x736f6d6570736575), k1 ^ G_GUINT64_CONSTANT(0x646f72616e646f6d),
	        k0 ^ G_GUINT64_CONSTANT(0x6c7967656e657261), k1 ^ G_GUINT64_CONSTANT(0x7465646279746573)};
	const char *end = id + len / 8 * 8;
	gint64 hash;

	for (; id < end; id += 8) {
		memcpy(&word, id, 8);
		word = GUINT64_FROM_LE(word);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = (guint64)len << 56;
	for (gsize i = 0; i < len % 8; i++)
		word |= (guint64)(guchar)end[i] << (8 * i);
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (guint i = 0; i < 3; i++)
		sip_round(v);
	hash = (gint64)(v[0] ^ v[1] ^ v[2] ^ v[3]);
	return hash ? hash : 1;
}

/* ---- the recent ones ---- */

static struct pair *
slot(struct pairs *pairs, gint64 hash)
{
	guint at = (guint)((guint64)hash ^ (guint64)hash >> 32) & (pairs->size - 1);

	while (pairs->slots[at].hash && pairs->slots[at].hash != hash)
		at = (at + 1) & (pairs->size - 1);
	return &pairs->slots[at];
}

static void
grow(struct pairs *pairs)
{
	g_autofree struct pair *old = pairs->slots;
	guint size = pairs->size;

	pairs->size = size ? size * 2 : 1024;
	pairs->slots = g_new0(struct pair, pairs->size);
	for (guint i = 0; i < size; i++)
		if (old[i].hash)
			*slot(pairs, old[i].hash) = old[i];
}

static void
remember(struct pairs *pairs, gint64 hash, gint64 thread)
{
	struct pair *pair;

	if (pairs->used * 2 >= pairs->size)
		grow(pairs);
	pair = slot(pairs, hash);
	if (!pair->hash)
		pairs->used++;
	pair->hash = hash;
	pair->thread = thread;
}

static gboolean
load_recent(struct store *store, GError **error)
{
	static const char sql[] = "SELECT pairs FROM ref_log ORDER BY id";
	sqlite3_stmt *statement = store_sql(store, sql, NULL, 0, error);
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0) {
		const char *bytes = sqlite3_column_blob(statement, 0);
		int n = sqlite3_column_bytes(statement, 0) / (int)sizeof(struct pair);

		for (int i = 0; i < n; i++) {
			struct pair pair;

			memcpy(&pair, bytes + (gsize)i * sizeof pair, sizeof pair);
			if (pair.hash)
				remember(&store->refs->recent, pair.hash, pair.thread);
		}
	}
	return result >= 0;
}

static gboolean
load_aliases(struct store *store, GError **error)
{
	static const char sql[] = "SELECT thread, joined FROM alias LIMIT ?1";
	sqlite3_stmt *statement = store_sql(store, sql, VALUES(ALIASES_MAX), error);
	struct refs *refs = store->refs;
	int result = statement ? 0 : -1;

	while (result >= 0 && (result = store_step(store, statement, error)) > 0)
		if (sqlite3_column_int64(statement, 0))
			remember(&refs->aliases, sqlite3_column_int64(statement, 0),
			         sqlite3_column_int64(statement, 1));
	refs->many_aliases = refs->aliases.used >= ALIASES_MAX;
	return result >= 0;
}

static gboolean
load(struct store *store, GError **error)
{
	struct refs *refs = store->refs;

	if (refs->loaded)
		return TRUE;
	grow(&refs->recent);
	grow(&refs->aliases);
	refs->loaded = load_recent(store, error) && load_aliases(store, error);
	if (!refs->loaded)
		refs_reset(refs);
	return refs->loaded;
}

gboolean
refs_joined(struct store *store, gint64 thread, gint64 *joined, GError **error)
{
	static const char sql[] = "SELECT joined FROM alias WHERE thread = ?1";

	if (!load(store, error))
		return FALSE;
	*joined = slot(&store->refs->aliases, thread)->thread;
	if (*joined || !store->refs->many_aliases)
		return TRUE;
	return store_number(store, sql, VALUES(thread), 0, joined, error);
}

gboolean
refs_join(struct store *store, gint64 thread, gint64 into, GError **error)
{
	static const char sql[] = "INSERT OR REPLACE INTO alias VALUES (?1, ?2)";
	struct refs *refs = store->refs;

	if (!load(store, error) || !store_run(store, sql, VALUES(thread, into), error))
		return FALSE;
	if (refs->aliases.used < ALIASES_MAX || slot(&refs->aliases, thread)->hash)
		remember(&refs->aliases, thread, into);
	else
		refs->many_aliases = TRUE;
	return TRUE;
}

gboolean
refs_get(struct store *store, gint64 hash, gint64 *thread, GError **error)
{
	static const char sql[] = "SELECT thread FROM ref WHERE hash = ?1";
	struct pair *pair;

	if (!load(store, error))
		return FALSE;
	pair = slot(&store->refs->recent, hash);
	if (pair->hash) {
		*thread = pair->thread;
		return TRUE;
	}
	return store_number(store, sql, VALUES(hash), 0, thread, error);
}

gboolean
refs_put(struct store *store, gint64 hash, gint64 thread, GError **error)
{
	struct pair pair = {hash, thread};

	if (!load(store, error))
		return FALSE;
	remember(&store->refs->recent, hash, thread);
	g_array_append_val(store->refs->fresh, pair);
	return TRUE;
}

/* ---- into the tree ---- */

static int
by_hash(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static gboolean
settle(struct store *store, GError **error)
{
	static const char put[] = "INSERT OR REPLACE INTO ref VALUES (?1, ?2)";
	static const char drop[] = "DELETE FROM ref WHERE hash = ?1";
	static const char empty[] = "DELETE FROM ref_log";
	struct pairs *recent = &store->refs->recent;
	guint n = 0;

	for (guint i = 0; i < recent->size; i++)
		if (recent->slots[i].hash)
			recent->slots[n++] = recent->slots[i];
	qsort(recent->slots, n, sizeof *recent->slots, by_hash);
	for (guint i = 0; i < n; i++) {
		const struct pair *pair = &recent->slots[i];
		gboolean ok = pair->thread ? store_run(store, put, VALUES(pair->hash, pair->thread), error)
		                           : store_run(store, drop, VALUES(pair->hash), error);

		if (!ok)
			return FALSE;
	}
	memset(recent->slots, 0, recent->size * sizeof *recent->slots);
	recent->used = 0;
	g_array_set_size(store->refs->fresh, 0);
	return store_run(store, empty, NULL, 0, error);
}

gboolean
refs_flush(struct store *store, GError **error)
{
	static const char sql[] = "INSERT INTO ref_log (pairs) VALUES (?1)";
	struct refs *refs = store->refs;
	sqlite3_stmt *statement;

	if (refs->recent.used > RECENT_MAX)
		return settle(store, error);
	if (!refs->fresh->len)
		return TRUE;
	statement = store_sql(store, sql, NULL, 0, error);
	if (!statement)
		return FALSE;
	sqlite3_bind_blob64(statement, 1, refs->fresh->data, refs->fresh->len * sizeof(struct pair),
	                    SQLITE_STATIC);
	if (!store_finish(store, statement, error))
		return FALSE;
	g_array_set_size(refs->fresh, 0);
	return TRUE;
}
