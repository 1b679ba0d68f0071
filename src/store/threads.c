#include <string.h>
#include "store/store-private.h"
#include "base/idset.h"

/* Messages are of one thread when a chain of Message-IDs, In-Reply-To and References connects them, in
 * whatever order they came. The label of a thread is the id of its first row; when two join, the smaller one
 * is relabelled and an alias stays for its hashes. All costs have a ceiling: so many ids of a message count,
 * so many rows are relabelled for one message. */
#define IDS_MAX 32
#define RELABEL_MAX 5000
/* Aliases lead from smaller to larger threads, so there are few in a row; only damage could make a ring. */
#define STEPS_MAX 10000
/* Thread rows kept in memory before they are written. */
#define ENTRIES_MAX 8192

/* ---- the thread rows of a transaction ---- */

static guint
entry_hash(gconstpointer data)
{
	const struct thread_entry *entry = data;

	return (guint)((guint64)entry->thread * G_GUINT64_CONSTANT(0x9e3779b97f4a7c1) >> 16) ^
	       (guint)entry->folder;
}

static gboolean
entry_equal(gconstpointer a, gconstpointer b)
{
	const struct thread_entry *x = a, *y = b;

	return x->thread == y->thread && x->folder == y->folder;
}

static struct thread_entry *
entry_new(struct store *store, gint64 folder, gint64 thread)
{
	struct thread_entry *entry = g_new0(struct thread_entry, 1);

	entry->folder = folder;
	entry->thread = thread;
	if (!store->threads)
		store->threads = g_hash_table_new_full(entry_hash, entry_equal, g_free, NULL);
	g_hash_table_add(store->threads, entry);
	return entry;
}

static struct thread_entry *
entry_here(struct store *store, gint64 folder, gint64 thread)
{
	struct thread_entry key = {.folder = folder, .thread = thread};

	return store->threads ? g_hash_table_lookup(store->threads, &key) : NULL;
}

static void
consider(sqlite3_stmt *statement, struct thread_entry *entry)
{
	struct store_key key = {sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2),
	                        sqlite3_column_int64(statement, 0)};

	if (entry->head.id && key_compare(&key, &entry->head) < 0)
		return;
	entry->head = key;
	entry->disk_head = sqlite3_column_int(statement, 3) ? key.id : 0;
	entry->count = entry->disk_count = sqlite3_column_int64(statement, 4);
	entry->unread = entry->disk_unread = sqlite3_column_int64(statement, 5);
}

#define HEAD_COLUMNS "id, received, ord, head, thread_count, thread_unread"

static const char newest_member[] =
        "SELECT " HEAD_COLUMNS " FROM message INDEXED BY message_member WHERE thread = ?1 AND thread <> id"
        " AND folder = ?2 ORDER BY received DESC, ord DESC, id DESC LIMIT 1";
static const char founder[] =
        "SELECT " HEAD_COLUMNS " FROM message WHERE id = ?1 AND thread = ?1 AND folder = ?2";

/* Looks at the newest row of a thread in a folder. */
static gboolean
find_head(struct store *store, struct thread_entry *entry, GError **error)
{
	const char *const queries[] = {newest_member, founder};

	for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
		sqlite3_stmt *statement =
		        store_sql(store, queries[i], VALUES(entry->thread, entry->folder), error);
		int result = statement ? store_step(store, statement, error) : -1;

		if (result < 0)
			return FALSE;
		if (result == 0)
			continue;
		consider(statement, entry);
		sqlite3_reset(statement);
	}
	return TRUE;
}

static gboolean
entry_get(struct store *store, gint64 folder, gint64 thread, struct thread_entry **entry, GError **error)
{
	*entry = entry_here(store, folder, thread);
	if (*entry)
		return TRUE;
	if (store->threads && g_hash_table_size(store->threads) >= ENTRIES_MAX &&
	    !threads_flush(store, error))
		return FALSE;
	*entry = entry_new(store, folder, thread);
	if (find_head(store, *entry, error))
		return TRUE;
	g_hash_table_remove(store->threads, *entry);
	return FALSE;
}

static gboolean
write_entry(struct store *store, const struct thread_entry *entry, GError **error)
{
	static const char put[] = "UPDATE message SET thread_count = ?2, thread_unread = ?3 WHERE id = ?1";
	static const char set[] =
	        "UPDATE message SET head = 1, thread_count = ?2, thread_unread = ?3 WHERE id = ?1";
	static const char unset[] =
	        "UPDATE message SET head = 0, thread_count = 0, thread_unread = 0 WHERE id = ?1";

	if (entry->disk_head && entry->disk_head != entry->head.id &&
	    !store_run(store, unset, VALUES(entry->disk_head), error))
		return FALSE;
	if (!entry->head.id)
		return TRUE;
	if (entry->disk_head != entry->head.id)
		return store_run(store, set, VALUES(entry->head.id, entry->count, entry->unread), error);
	if (entry->count == entry->disk_count && entry->unread == entry->disk_unread)
		return TRUE;
	return store_run(store, put, VALUES(entry->head.id, entry->count, entry->unread), error);
}

gboolean
threads_flush(struct store *store, GError **error)
{
	struct thread_entry *entry;
	GHashTableIter iter;

	if (!pending_flush(store, error))
		return FALSE;
	if (!store->threads)
		return TRUE;
	g_hash_table_iter_init(&iter, store->threads);
	while (g_hash_table_iter_next(&iter, (gpointer *)&entry, NULL)) {
		if (!write_entry(store, entry, error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}

/* ---- which thread ---- */

static gboolean
lookup(struct store *store, gint64 hash, gint64 *thread, GError **error)
{
	gint64 joined;
	guint steps = 0;

	if (!refs_get(store, hash, thread, error))
		return FALSE;
	for (joined = *thread; joined && steps < STEPS_MAX; steps++) {
		*thread = joined;
		if (!refs_joined(store, *thread, &joined, error))
			return FALSE;
	}
	/* The next one finds it at once. */
	return steps < 3 || refs_put(store, hash, *thread, error);
}

static const char first_members[] = "SELECT id FROM message WHERE thread = ?1 AND thread <> id LIMIT ?2";
static const char founder_any[] = "SELECT id FROM message WHERE id = ?1 AND thread = ?1";

/* Ids of the rows of a thread, at most max. */
static gboolean
members(struct store *store, gint64 thread, gint64 max, GArray *ids, GError **error)
{
	return store_ids(store, first_members, VALUES(thread, max), ids, error) &&
	       store_ids(store, founder_any, VALUES(thread), ids, error);
}

/* Moves what folder counts for thread from over to thread to. */
static gboolean
join_in_folder(struct store *store, gint64 folder, gint64 from, gint64 to, GError **error)
{
	static const char unset[] =
	        "UPDATE message SET head = 0, thread_count = 0, thread_unread = 0 WHERE id = ?1";
	struct thread_entry *source, *target;
	msgid loser;

	/* Fetched in this order, the first may be written to the disk by the second, never forgotten
	 * half-way. */
	if (!entry_get(store, folder, from, &source, error))
		return FALSE;
	if (!entry_get(store, folder, to, &target, error))
		return FALSE;
	source = entry_here(store, folder, from);
	if (!source && !entry_get(store, folder, from, &source, error))
		return FALSE;
	if (!source->count)
		return TRUE;
	if (target->count)
		folder_delta(store, folder)->threads--;
	loser = source->disk_head;
	if (!target->head.id || key_compare(&source->head, &target->head) > 0) {
		loser = target->disk_head;
		target->head = source->head;
		target->disk_head = source->disk_head;
		target->disk_count = source->disk_count;
		target->disk_unread = source->disk_unread;
	}
	target->count += source->count;
	target->unread += source->unread;
	g_hash_table_remove(store->threads, source);
	return !loser || store_run(store, unset, VALUES(loser), error);
}

static gboolean
relabel(struct store *store, const GArray *ids, gint64 from, gint64 to, GError **error)
{
	static const char folder_of[] = "SELECT folder FROM message WHERE id = ?1";
	static const char label[] = "UPDATE message SET thread = ?2 WHERE id = ?1";
	g_autoptr(GHashTable) folders = idset_new();
	GHashTableIter iter;
	gint64 folder, *each;

	for (guint i = 0; i < ids->len; i++) {
		if (!store_number(store, folder_of, VALUES(g_array_index(ids, gint64, i)), 0, &folder, error))
			return FALSE;
		/* Rows in limbo are counted nowhere. */
		if (folder)
			idset_add(folders, folder);
	}
	g_hash_table_iter_init(&iter, folders);
	while (g_hash_table_iter_next(&iter, (gpointer *)&each, NULL))
		if (!join_in_folder(store, *each, from, to, error))
			return FALSE;
	for (guint i = 0; i < ids->len; i++)
		if (!store_run(store, label, VALUES(g_array_index(ids, gint64, i), to), error))
			return FALSE;
	return refs_join(store, from, to, error);
}

struct place {
	gint64 hashes[IDS_MAX],
	        threads[IDS_MAX]; /* thread 0: the id is new, or its thread has no message any more */
	guint n, budget;          /* rows that may still be relabelled */
	gint64 thread;
};

/* Members of both, read in steps that double, so the work is that of the smaller one. *apart: even the
 * smaller one is larger than most. */
static gboolean
weigh(struct store *store, gint64 a, GArray *of_a, gint64 b, GArray *of_b, gint64 most, gboolean *apart,
      GError **error)
{
	*apart = FALSE;
	for (gint64 max = 8;; max *= 2) {
		g_array_set_size(of_a, 0);
		g_array_set_size(of_b, 0);
		if (!members(store, a, max, of_a, error) || !members(store, b, max, of_b, error))
			return FALSE;
		if (of_a->len < max || of_b->len < max)
			break;
		if (max > most) {
			*apart = TRUE;
			return TRUE;
		}
	}
	*apart = MIN(of_a->len, of_b->len) > most;
	return TRUE;
}

/* The thread found for id i is another one than found so far: they become one. */
static gboolean
join(struct store *store, struct place *place, guint i, GError **error)
{
	g_autoptr(GArray) mine = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GArray) theirs = g_array_new(FALSE, FALSE, sizeof(gint64));
	gint64 known = place->thread, other = place->threads[i];
	gboolean apart;

	if (!pending_flush(store, error) ||
	    !weigh(store, known, mine, other, theirs, place->budget, &apart, error))
		return FALSE;
	if (apart)
		return TRUE;
	if (!theirs->len) {
		place->threads[i] = 0;
		return TRUE;
	}
	if (!mine->len) {
		for (guint j = 0; j < i; j++)
			if (place->threads[j] == known)
				place->threads[j] = 0;
		place->thread = other;
		return TRUE;
	}
	place->budget -= MIN(mine->len, theirs->len);
	if (mine->len >= theirs->len)
		return relabel(store, theirs, other, known, error);
	place->thread = other;
	return relabel(store, mine, known, other, error);
}

static guint
gather(struct store *store, const struct envelope *envelope, gint64 *hashes)
{
	guint n = 0, count = envelope->references ? g_strv_length(envelope->references) : 0;
	guint first = count > IDS_MAX - 3 ? count - (IDS_MAX - 3) : 0;

	if (*envelope->message_id)
		hashes[n++] = refs_hash(store, envelope->message_id, strlen(envelope->message_id));
	if (*envelope->in_reply_to &&
	    !(count && strcmp(envelope->in_reply_to, envelope->references[count - 1]) == 0))
		hashes[n++] = refs_hash(store, envelope->in_reply_to, strlen(envelope->in_reply_to));
	if (first > 0)
		hashes[n++] = refs_hash(store, envelope->references[0], strlen(envelope->references[0]));
	for (guint i = first; i < count; i++)
		hashes[n++] = refs_hash(store, envelope->references[i], strlen(envelope->references[i]));
	return n;
}

gboolean
threads_place(struct store *store, msgid id, const struct envelope *envelope, gint64 *thread, GError **error)
{
	struct place place;

	place.budget = RELABEL_MAX;
	place.thread = 0;
	place.n = gather(store, envelope, place.hashes);
	for (guint i = 0; i < place.n; i++) {
		if (!lookup(store, place.hashes[i], &place.threads[i], error))
			return FALSE;
		if (!place.thread)
			place.thread = place.threads[i];
		else if (place.threads[i] && place.threads[i] != place.thread &&
		         !join(store, &place, i, error))
			return FALSE;
	}
	*thread = place.thread ? place.thread : id;
	for (guint i = 0; i < place.n; i++)
		if (!place.threads[i] && !refs_put(store, place.hashes[i], *thread, error))
			return FALSE;
	return TRUE;
}

/* ---- counting ---- */

static void
count_in(struct store *store, struct thread_entry *entry, const struct row_state *row, gboolean unread,
         gboolean *head)
{
	*head = entry->count == 0;
	if (*head) {
		folder_delta(store, row->folder)->threads++;
		entry->disk_head = row->id;
		entry->disk_count = 1;
		entry->disk_unread = unread;
	}
	if (*head || key_compare(&row->key, &entry->head) > 0)
		entry->head = row->key;
	entry->count++;
	entry->unread += unread;
}

gboolean
threads_add(struct store *store, const struct row_state *row, gboolean unread, gboolean *head, GError **error)
{
	struct thread_entry *entry;

	if (row->thread == row->id) {
		if (store->threads && g_hash_table_size(store->threads) >= ENTRIES_MAX &&
		    !threads_flush(store, error))
			return FALSE;
		entry = entry_new(store, row->folder, row->thread);
	} else if (!entry_get(store, row->folder, row->thread, &entry, error)) {
		return FALSE;
	}
	count_in(store, entry, row, unread, head);
	return TRUE;
}

gboolean
threads_put(struct store *store, const struct row_state *row, gboolean unread, gboolean *head, GError **error)
{
	struct thread_entry *entry;

	if (!entry_get(store, row->folder, row->thread, &entry, error))
		return FALSE;
	count_in(store, entry, row, unread, head);
	return TRUE;
}

gboolean
threads_make_room(struct store *store, GError **error)
{
	if (!store->threads || g_hash_table_size(store->threads) + 2 < ENTRIES_MAX)
		return TRUE;
	return threads_flush(store, error);
}

gboolean
threads_remove(struct store *store, const struct row_state *row, GError **error)
{
	struct thread_entry *entry = entry_here(store, row->folder, row->thread), next = {0};

	if (!entry) {
		/* The row was the last that could tell when it carried the counters itself. */
		if (row->head) {
			entry = entry_new(store, row->folder, row->thread);
			entry->head = row->key;
			entry->count = row->count;
			entry->unread = row->unread;
		} else if (!entry_get(store, row->folder, row->thread, &entry, error)) {
			return FALSE;
		}
	}
	if (entry->disk_head == row->id)
		entry->disk_head = 0;
	entry->count = MAX(entry->count - 1, 0);
	entry->unread = MAX(entry->unread - !(row_shown(row) & FLAG_SEEN), 0);
	if (entry->head.id == row->id) {
		next.folder = row->folder;
		next.thread = row->thread;
		if (entry->count && !find_head(store, &next, error))
			return FALSE;
		entry->head = next.head;
	}
	if (!entry->count) {
		folder_delta(store, row->folder)->threads--;
		g_hash_table_remove(store->threads, entry);
	}
	return TRUE;
}

gboolean
threads_unread(struct store *store, const struct row_state *row, int delta, GError **error)
{
	struct thread_entry *entry = entry_here(store, row->folder, row->thread);

	if (!entry && row->head) {
		entry = entry_new(store, row->folder, row->thread);
		entry->head = row->key;
		entry->disk_head = row->id;
		entry->count = entry->disk_count = row->count;
		entry->unread = entry->disk_unread = row->unread;
	} else if (!entry && !entry_get(store, row->folder, row->thread, &entry, error)) {
		return FALSE;
	}
	entry->unread += delta;
	return TRUE;
}

static gboolean
forget_id(struct store *store, gint64 thread, const char *id, gsize len, GError **error)
{
	gint64 hash = refs_hash(store, id, len), known;

	if (!lookup(store, hash, &known, error))
		return FALSE;
	return known != thread || refs_put(store, hash, 0, error);
}

gboolean
threads_forget(struct store *store, gint64 thread, const char *message_id, const char *in_reply_to,
               const char *references, GError **error)
{
	const char *const texts[] = {message_id, in_reply_to, references};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		for (const char *at = texts[i]; at && *at;) {
			gsize len = strcspn(at, " ");

			if (len && !forget_id(store, thread, at, len, error))
				return FALSE;
			at += len + (at[len] == ' ');
		}
	return TRUE;
}
