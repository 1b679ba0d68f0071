#include "verbs-util.h"

#include <string.h>

const char letter[] = "Message-ID: <n@x>\r\nSubject: New\r\n\r\nText\r\n";

void
must(gboolean ok, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(ok);
}

gint64
folder_shown(struct store *store, msgid id)
{
	struct store_row *row = store_row(store, id, NULL);
	gint64 folder = row ? row->folder : -1;

	if (row)
		store_row_free(row);
	return folder;
}

static char *
place(struct store *store, msgid id)
{
	gint64 folder;
	guint64 uid;
	int found = store_place(store, id, &folder, &uid, NULL, NULL);

	g_assert_cmpint(found, >=, 0);
	return found ? g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT, folder, uid)
	             : g_strdup("-");
}

void
assert_at(struct store *store, msgid id, gint64 shown, gint64 folder, guint64 uid)
{
	g_autofree char *is = place(store, id);
	g_autofree char *wanted =
	        folder ? g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT, folder, uid)
	               : g_strdup("-");

	g_assert_cmpint(folder_shown(store, id), ==, shown);
	g_assert_cmpstr(is, ==, wanted);
}

guint
read_ops(struct store *store, gboolean ready, GPtrArray *ops)
{
	GError *error = NULL;

	g_ptr_array_set_size(ops, 0);
	must(store_ops(store, ready, 0, ops, &error), error);
	return ops->len;
}

struct store_op *
only_op(struct store *store, GPtrArray *ops)
{
	g_assert_cmpuint(read_ops(store, FALSE, ops), ==, 1);
	return ops->pdata[0];
}

void
set(struct store *store, gint64 op, enum op_state state)
{
	GError *error = NULL;

	must(store_op_set(store, op, state, state == OP_FAILED ? "no" : NULL, 0, &error), error);
}

gint64
move(struct store *store, msgid id, gint64 to)
{
	GError *error = NULL;
	gint64 step = 0;

	must(store_journal_move(store, &id, 1, to, &step, &error), error);
	return step;
}

gint64
purge(struct store *store, msgid id)
{
	GError *error = NULL;
	gint64 step = 0;

	must(store_journal_purge(store, &id, 1, &step, &error), error);
	return step;
}

void
undo(struct store *store, gint64 step, guint expected)
{
	GError *error = NULL;
	struct store_undone undone;

	must(store_undo_take_back(store, step, &undone, NULL, &error), error);
	g_assert_cmpuint(undone.lost, ==, expected);
}

void
set_uidvalidity(struct store *store, gint64 id, guint64 uidvalidity, guint64 uidnext)
{
	struct store_folder *folder = folder_of(store, id);

	folder->uidvalidity = uidvalidity;
	folder->uidnext = uidnext;
	g_assert_true(store_folder_put_state(store, folder, NULL));
	store_folder_free(folder);
}

void
assert_counts(struct store *store, gint64 id, gint64 shown, gint64 rows, gint64 unread)
{
	struct store_folder *folder = folder_of(store, id);

	g_assert_cmpint(folder->shown, ==, shown);
	g_assert_cmpint(folder->rows, ==, rows);
	g_assert_cmpint(folder->unread, ==, unread);
	store_folder_free(folder);
}

void
mark_complete(struct store *store, gint64 id)
{
	struct store_folder *folder = folder_of(store, id);

	folder->complete = TRUE;
	folder->synced = g_get_real_time() / G_USEC_PER_SEC + folder->synced + 1;
	g_assert_true(store_folder_put_state(store, folder, NULL));
	store_folder_free(folder);
}

msgid
append(struct store *store, gint64 to, gboolean whole, const char *key, gint64 *step)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(letter, strlen(letter));
	struct envelope envelope;
	struct store_message message = {.uid = 99,
	                                .received = 50,
	                                .size = strlen(letter),
	                                .flags = FLAG_DRAFT | FLAG_DELETED,
	                                .keywords = "mine",
	                                .envelope = &envelope};
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, letter, strlen(letter));
	id = store_journal_append(store, to, &message, whole ? bytes : NULL, key, step, &error);
	must(id > 0, error);
	envelope_clear(&envelope);
	return id;
}
