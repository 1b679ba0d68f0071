#include "backend/imap/want.h"
#include "store/bulk.h"

/* Whole messages that came in one piece go into the store many at a time: a transaction each would be most of
 * the work. None waits longer than a moment while others come. */

enum { HELD_OCTETS = 4 << 20, HELD_MOST = 1000, HELD_MS = 200 };

struct held {
	struct imap_want *want;
	msgid id;
	GBytes *bytes;
	gint64 folder; /* with uid: where it was; 0: not known since when */
	guint64 uid;
	gint64 saved;
	int put; /* 1, 0: its row is gone, -1 error */
};

struct imap_bodies {
	GArray *held; /* struct held */
	gsize octets;
	gint64 since; /* monotonic µs: when the first of them came */
};

static void
held_clear(gpointer data)
{
	struct held *held = data;

	g_bytes_unref(held->bytes);
}

struct imap_bodies *
imap_bodies_new(void)
{
	struct imap_bodies *bodies = g_new0(struct imap_bodies, 1);

	bodies->held = g_array_new(FALSE, FALSE, sizeof(struct held));
	g_array_set_clear_func(bodies->held, held_clear);
	return bodies;
}

void
imap_bodies_free(struct imap_bodies *bodies)
{
	g_array_unref(bodies->held);
	g_free(bodies);
}

void
imap_bodies_add(struct imap_bodies *bodies, struct imap_want *want, msgid id, const void *bytes, gsize len)
{
	const struct held held = {.want = want, .id = id, .bytes = g_bytes_new(bytes, len)};

	if (!bodies->held->len)
		bodies->since = g_get_monotonic_time();
	bodies->octets += len;
	g_array_append_val(bodies->held, held);
}

gboolean
imap_bodies_date(struct imap_bodies *bodies, gint64 folder, guint64 uid, gint64 saved)
{
	guint n = bodies->held->len;
	struct held *last = n ? &g_array_index(bodies->held, struct held, n - 1) : NULL;

	if (!last || last->want->folder != folder || last->want->uid != uid)
		return FALSE;
	last->folder = folder;
	last->uid = uid;
	last->saved = saved;
	return TRUE;
}

gboolean
imap_bodies_due(const struct imap_bodies *bodies, guint wants)
{
	guint n = bodies->held->len;

	/* Half of what is under way may be all that somebody waits for before he asks for more. */
	return n && (n * 2 >= wants || n >= HELD_MOST || bodies->octets >= HELD_OCTETS ||
	             g_get_monotonic_time() - bodies->since > HELD_MS * 1000);
}

static gboolean
put_all(struct store *store, const GArray *held, GError **error)
{
	struct store_bulk *bulk = store_bulk_begin(store, FALSE, error);
	gboolean ok = bulk != NULL;

	for (guint i = 0; ok && i < held->len; i++) {
		struct held *one = &g_array_index(held, struct held, i);
		gsize len;
		const void *bytes = g_bytes_get_data(one->bytes, &len);

		one->put = store_bulk_body(bulk, one->id, bytes, len, error);
		ok = one->put >= 0 && (!one->folder || store_set_saved(store, one->id, one->folder, one->uid,
		                                                       one->saved, error));
	}
	return bulk && store_bulk_end(bulk, ok, error);
}

void
imap_bodies_put(struct backend *b,
                void (*put)(struct backend *b, struct imap_want *want, gboolean here, const GError *error))
{
	g_autoptr(GArray) held = NULL;
	g_autoptr(GError) error = NULL;

	imap_slice_end(b); /* the transaction of what else came */
	held = g_steal_pointer(&b->bodies->held);
	b->bodies->held = g_array_new(FALSE, FALSE, sizeof(struct held));
	g_array_set_clear_func(b->bodies->held, held_clear);
	b->bodies->octets = 0;
	if (held->len)
		put_all(b->env->store, held, &error);
	for (guint i = 0; i < held->len; i++) {
		const struct held *one = &g_array_index(held, struct held, i);

		put(b, one->want, !error && one->put > 0, error);
	}
}
