#include "app/known.h"

#include <string.h>

#include "base/idset.h"
#include "mime/envelope.h"
#include "mime/lines.h"

enum { ROWS = 500 };

/* 64 bits of what a message is known by. */
static gint64
digest(const char *kind, const void *octets, gsize len)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 bytes[32];
	gsize size = sizeof bytes;
	gint64 value;

	g_checksum_update(sum, (const guchar *)kind, (gssize)strlen(kind) + 1);
	g_checksum_update(sum, octets, (gssize)len);
	g_checksum_get_digest(sum, bytes, &size);
	memcpy(&value, bytes, sizeof value);
	return value;
}

static gint64
name_of(const char *message_id, guint64 size, gboolean has_date, gint64 date)
{
	g_autofree char *name = g_strdup_printf("%" G_GUINT64_FORMAT " %d %" G_GINT64_FORMAT " %s", size,
	                                        has_date != 0, has_date ? date : 0, message_id);

	return digest("named", name, strlen(name));
}

static gint64
nameless(GBytes *bytes)
{
	gsize len;
	const void *octets = g_bytes_get_data(bytes, &len);

	return digest("nameless", octets, len);
}

/* One whose text is not here cannot be compared, and is none that was imported. */
static void
add_nameless(GHashTable *known, struct store *store, const struct store_row *row)
{
	g_autoptr(GBytes) kept = store_part(store, row->id, "", NULL);
	g_autoptr(GBytes) bytes = kept ? lines_with_crlf(kept) : NULL;

	if (bytes)
		idset_add(known, nameless(bytes));
}

static void
add_row(GHashTable *known, struct store *store, const struct store_row *row)
{
	if (*row->message_id)
		idset_add(known, name_of(row->message_id, row->size, row->has_date, row->date));
	else
		add_nameless(known, store, row);
}

GHashTable *
known_read(struct store *store, gint64 folder, GError **error)
{
	g_autoptr(GHashTable) known = idset_new();
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	struct store_key last = {0};
	gboolean begun = FALSE;

	do {
		g_ptr_array_set_size(rows, 0);
		if (!store_rows(store, folder, begun ? &last : NULL, TRUE, ROWS, rows, error))
			return NULL;
		begun = TRUE;
		for (guint i = 0; i < rows->len; i++)
			add_row(known, store, rows->pdata[i]);
		if (rows->len)
			last = ((const struct store_row *)rows->pdata[rows->len - 1])->key;
	} while (rows->len == ROWS);
	return g_steal_pointer(&known);
}

/* Octets less where lines end in LF: as a Maildir that other programs fill has it. */
static guint64
size_with_lf(const char *text, gsize len)
{
	guint64 size = len;

	for (const char *at = text, *lf; len && (lf = memchr(at, '\n', len - (gsize)(at - text)));
	     at = lf + 1)
		size -= lf > text && lf[-1] == '\r';
	return size;
}

gboolean
known_take(GHashTable *known, GBytes *bytes)
{
	gsize len;
	const char *text = g_bytes_get_data(bytes, &len);
	struct envelope envelope;
	gboolean there = FALSE;
	gint64 name;

	envelope_from_headers(&envelope, text ? text : "", len);
	if (*envelope.message_id) {
		gint64 other = name_of(envelope.message_id, size_with_lf(text, len), envelope.has_date,
		                       envelope.date);

		name = name_of(envelope.message_id, len, envelope.has_date, envelope.date);
		there = g_hash_table_contains(known, &other);
	} else {
		name = nameless(bytes);
	}
	envelope_clear(&envelope);
	return there || !idset_add(known, name);
}
