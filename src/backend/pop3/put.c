#include "backend/pop3/take.h"

#include <string.h>

#include "store/arrivals.h"
#include "store/bulk.h"

/* What was taken goes into the store, many at a time. */

/* One transaction. */
struct put {
	struct visit *v;
	struct store_bulk *bulk;
	gint64 inbox;
	gboolean judges; /* rules are asked about what arrives */
	msgid last_row;  /* none was newer before */
};

/* When it came to the last server on its way, else when it was written. */
static gint64
received_of(const char *header, gsize len, const struct envelope *envelope, gint64 now)
{
	const char *at = header;
	struct mime_field field;
	gint64 when = 0;
	int zone;

	while (!when && mime_field_next(&at, header + len, &field)) {
		const char *date;

		if (field.name_len != 8 || g_ascii_strncasecmp(field.name, "Received", 8) != 0)
			continue;
		date = memrchr(field.value, ';', field.value_len);
		if (!date || !mime_parse_date(date + 1, (gsize)(field.value + field.value_len - date - 1),
		                              &when, &zone))
			when = 0;
	}
	if (!when && envelope->has_date)
		when = envelope->date;
	return when > 0 && when < now ? when : now;
}

/* Once, however often its maildrop is renumbered: only with the row. */
static gboolean
note_arrival(const struct put *put, msgid id, GError **error)
{
	const struct store_arrival arrival = {.id = id, .folder = put->inbox};

	return !put->judges || id <= put->last_row ||
	       store_arrival_note(put->v->b->env->store, &arrival, error);
}

static struct store_drop
drop_of(const struct take *t)
{
	const struct drop_item *item = t->item;

	return (struct store_drop){.uidl = item->uidl,
	                           .nth = item->nth,
	                           .size = item->size,
	                           .digest = t->digest,
	                           .msg = t->id,
	                           .since = t->since};
}

/* What the list of the server says of it is put down by add_drop. */
static gboolean
add_row(const struct put *put, struct take *t, GError **error)
{
	struct store *store = put->v->b->env->store;
	const char *bytes = t->octets->len ? (const char *)t->octets->data : "";
	struct drop_item *item = t->item;
	struct envelope envelope;
	struct store_message message = {.uid = item->uid, .size = item->size, .envelope = &envelope};
	struct mime_part *structure;
	struct store_drop drop;

	t->since = g_get_real_time() / G_USEC_PER_SEC;
	t->digest = store_drop_digest(store, bytes, t->octets->len, item->size);
	t->row = pop3_list_meet(put->v->list, item, t->digest, bytes, t->octets->len);
	drop = drop_of(t);
	/* One that has no name today may have its old one tomorrow. */
	if (t->row)
		return !*item->uidl || store_drop_rename(store, t->row, &drop, error);
	envelope_from_headers(&envelope, bytes, t->octets->len);
	message.received = received_of(bytes, t->octets->len, &envelope, t->since);
	if (t->whole) {
		message.structure = structure = mime_part_parse(bytes, t->octets->len);
		mime_part_number(structure);
		message.size = t->have;
		t->id = store_bulk_add(put->bulk, put->inbox, &message, bytes, error);
		mime_part_free(structure);
	} else {
		t->id = store_add(store, put->inbox, &message, error);
	}
	envelope_clear(&envelope);
	return t->id != 0;
}

static gboolean
add_drop(const struct put *put, struct take *t, GError **error)
{
	const struct store_drop drop = drop_of(t);

	t->row = store_drop_add(put->v->b->env->store, &drop, error);
	return t->row != 0 && note_arrival(put, t->id, error);
}

/* Rows first, and nothing in between: they come into the store by the hundred. */
static gboolean
put_all(const struct put *put, GPtrArray *takes, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < takes->len; i++) {
		struct take *t = takes->pdata[i];

		if (!t->id)
			ok = add_row(put, t, error);
		else if (t->whole)
			ok = store_bulk_body(put->bulk, t->id, t->octets->data, t->octets->len, error) >= 0;
	}
	for (guint i = 0; ok && i < takes->len; i++) {
		struct take *t = takes->pdata[i];

		ok = t->row || t->item->row || add_drop(put, t, error);
	}
	return ok;
}

/* The counters of INBOX with the rows that it lacks, in the same transaction. */
static gboolean
put_in_order(const struct put *put, GPtrArray *takes, GError **error)
{
	struct backend *b = put->v->b;
	struct pop3_desk desk;

	return pop3_desk_open(b, put->inbox, &desk, error) && put_all(put, takes, error) &&
	       pop3_desk_close(b, &desk, error);
}

gboolean
pop3_put(struct visit *v, GPtrArray *takes, gint64 inbox, GError **error)
{
	struct store *store = v->b->env->store;
	struct put put = {.v = v, .inbox = inbox};
	guint waiting = v->list->waiting, whole = 0;
	gboolean ok;

	for (guint i = 0; i < takes->len; i++) {
		const struct take *t = takes->pdata[i];

		waiting -= t->item->row ? 0 : 1;
		whole += t->whole ? 1 : 0;
	}
	put.judges = conf_rules_arrival(v->b->env->conf, v->b->env->account);
	put.last_row = put.judges ? store_last_id(store) : 0;
	put.bulk = store_bulk_begin(store, whole > 0, error);
	if (!put.bulk)
		return FALSE;
	ok = (waiting == v->waiting_rows || pop3_announced_note(v->list, waiting, error)) &&
	     put_in_order(&put, takes, error);
	ok = store_bulk_end(put.bulk, ok, error);
	if (ok)
		v->waiting_rows = waiting;
	return ok;
}
