#include "backend/pop3/visit.h"

/* What the server has told of and has not given yet. It has its UIDs already, and keeps them until it has
 * come, by whatever visit of whatever process: who marks all of INBOX, or empties it, means this too, and
 * what came to the server afterwards has greater ones. */

/* Lines of "UID HASH", of what the last listing found to be new; and how many of them are still to come with
 * the lowest of their UIDs. Both are there while there are any. */
#define ANNOUNCED "pop3-announced"
#define AWAITED "pop3-awaited"

/* UIDs that were given to messages of one name and size, the lowest last. */
struct given {
	guint64 hash;
	GArray *uids;
};

static void
given_free(void *user)
{
	struct given *given = user;

	g_array_unref(given->uids);
	g_free(given);
}

/* FNV-1a. Who makes two that are equal has their numbers interchanged. */
static guint64
hash_of(const struct drop_item *item)
{
	guint64 hash = 0xcbf29ce484222325u;

	for (const char *p = item->uidl; *p; p++)
		hash = (hash ^ (guchar)*p) * 0x100000001b3u;
	for (guint64 size = item->size; size; size >>= 8)
		hash = (hash ^ (size & 255)) * 0x100000001b3u;
	return hash;
}

/* ---- what is written down ---- */

guint
pop3_announced_left(struct store *store, guint64 *lowest)
{
	g_autofree char *text = store_get(store, AWAITED);
	char *end = text;
	guint64 n = text ? g_ascii_strtoull(text, &end, 10) : 0;

	if (lowest)
		*lowest = text ? g_ascii_strtoull(end, NULL, 10) : 0;
	return (guint)MIN(n, G_MAXUINT);
}

gboolean
pop3_announced_note(struct drop_list *list, guint n, GError **error)
{
	struct store *store = list->v->b->env->store;
	g_autofree char *text = g_strdup_printf("%u %" G_GUINT64_FORMAT, n, list->lowest);

	if (n)
		return store_set(store, AWAITED, text, error);
	return store_set(store, AWAITED, NULL, error) && store_set(store, ANNOUNCED, NULL, error);
}

static GHashTable *
read_given(struct store *store)
{
	g_autofree char *text = store_get(store, ANNOUNCED);
	GHashTable *all = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, given_free);
	char *at = text;

	while (at && *at) {
		guint64 uid = g_ascii_strtoull(at, &at, 10), hash = g_ascii_strtoull(at, &at, 16);
		struct given *given = g_hash_table_lookup(all, &hash);

		if (*at++ != '\n' || !uid)
			break; /* nobody has written this */
		if (!given) {
			given = g_new(struct given, 1);
			given->hash = hash;
			given->uids = g_array_new(FALSE, FALSE, sizeof uid);
			g_hash_table_insert(all, &given->hash, given);
		}
		g_array_prepend_val(given->uids, uid);
	}
	return all;
}

static gboolean
write_given(struct drop_list *list, GError **error)
{
	struct store *store = list->v->b->env->store;
	g_autoptr(GString) text = g_string_new(NULL);

	list->lowest = 0;
	for (guint i = 0; i < list->fresh->len; i++) {
		const struct drop_item *item = pop3_list_fresh(list, i);

		if (!list->lowest || item->uid < list->lowest)
			list->lowest = item->uid;
		g_string_append_printf(text, "%" G_GUINT64_FORMAT " %" G_GINT64_MODIFIER "x\n", item->uid,
		                       hash_of(item));
	}
	return (!text->len || store_set(store, ANNOUNCED, text->str, error)) &&
	       pop3_announced_note(list, list->fresh->len, error);
}

/* ---- UIDs ---- */

/* That which it was given before; 0: none, or a message has it, so this is another. */
static guint64
given_before(GHashTable *all, struct store *store, gint64 inbox, const struct drop_item *item)
{
	guint64 hash = hash_of(item), uid = 0;
	struct given *given = g_hash_table_lookup(all, &hash);

	while (!uid && given && given->uids->len) {
		uid = g_array_index(given->uids, guint64, given->uids->len - 1);
		g_array_set_size(given->uids, given->uids->len - 1);
		if (store_id_by_uid(store, inbox, uid, NULL))
			uid = 0;
	}
	return uid;
}

gboolean
pop3_announced_number(struct drop_list *list, struct pop3_desk *desk, GError **error)
{
	struct store *store = list->v->b->env->store;
	g_autoptr(GHashTable) all = read_given(store);

	for (guint i = 0; i < list->fresh->len; i++) {
		struct drop_item *item = pop3_list_fresh(list, i);

		item->uid = given_before(all, store, desk->folder, item);
		if (!item->uid)
			item->uid = desk->next++;
	}
	return write_given(list, error);
}

gboolean
pop3_early(struct backend *b, const struct store_op *op)
{
	const struct visit *v = b->visit;
	guint64 lowest;

	if (!op->upto || op->folder != pop3_inbox(b, NULL))
		return FALSE;
	if (v && v->conn && v->list && v->list->listed)
		return pop3_list_awaits(v->list, op->upto);
	return pop3_announced_left(b->env->store, &lowest) && lowest < op->upto;
}
