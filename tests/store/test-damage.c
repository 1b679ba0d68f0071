/* Who works with a damaged store is told so: whatever a verb asks of it, it is done or fails with a reason.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "base/files.h"
#include "store-util.h"

enum { MAILS = 6 };

static gint64 other;
static msgid ids[MAILS + 1]; /* by UID, of INBOX */

static void
fill(struct bed *bed)
{
	gint64 step = 0;

	other = add_folder(bed->store, "Plans", "");
	for (guint n = 1; n <= MAILS; n++) {
		g_autofree char *id = g_strdup_printf("<m%u@example.org>", n);

		ids[n] = add_mail(
		        bed->store, bed->inbox,
		        &(struct mail){
		                .uid = n, .received = 1000 + n, .id = id, .parent = "<m1@example.org>"});
	}
	g_assert_true(
	        store_journal_flags(bed->store, &ids[1], 2, FLAG_FLAGGED, 0, "Word", NULL, &step, NULL));
	g_assert_true(store_journal_move(bed->store, &ids[3], 2, other, &step, NULL));
	g_assert_true(store_journal_purge(bed->store, &ids[6], 1, &step, NULL));
}

static const char *const damages[] = {
        "DELETE FROM message WHERE id = 2",
        "DELETE FROM message",
        "DELETE FROM envelope",
        "DELETE FROM place",
        "INSERT INTO place VALUES (99, 1, 77, NULL)",
        "INSERT INTO limbo VALUES (99, 0, 1, 1)",
        "INSERT INTO unbound VALUES (1, 0, 99), (0, 0, 99)",
        "INSERT INTO awaited (id, folder, since, mark, passes) VALUES (99, 1, 0, 0, 9)",
        "INSERT INTO op_row (op, id) SELECT id, 99 FROM op",
        "DELETE FROM op_row",
        "DELETE FROM op",
        "UPDATE op SET verb = 99",
        "UPDATE op SET folder = 77, target = 77",
        "UPDATE step_entry SET verb = 99",
        "UPDATE step_entry SET op = 99, subject = 99, origin = 99, target = 99",
        "UPDATE message SET folder = 77",
        "UPDATE message SET thread = 99",
        "UPDATE message SET head = 0, thread_count = -3",
        "DELETE FROM folder",
        "DELETE FROM meta",
};

/* ---- verbs ---- */

static gboolean
do_remove(struct bed *bed, GError **error)
{
	struct uidset all;
	gint64 n;

	uidset_init(&all);
	uidset_add(&all, 1, 100);
	n = store_remove_uids(bed->store, bed->inbox, &all, error);
	uidset_clear(&all);
	return n >= 0;
}

static gboolean
do_add(struct bed *bed, GError **error)
{
	gboolean ok = store_begin(bed->store, FALSE, error);

	for (guint uid = 1; ok && uid <= 2 * MAILS; uid++) {
		g_autofree char *header = g_strdup_printf("Message-ID: <m%u@example.org>\r\n\r\n", uid);
		struct envelope envelope;
		struct store_message message = {.uid = uid, .received = 1000 + uid, .envelope = &envelope};

		envelope_from_headers(&envelope, header, strlen(header));
		ok = store_add(bed->store, bed->inbox, &message, error) > 0;
		envelope_clear(&envelope);
	}
	if (ok)
		return store_commit(bed->store, error);
	store_rollback(bed->store);
	return FALSE;
}

static gboolean
do_flags(struct bed *bed, GError **error)
{
	return store_journal_flags(bed->store, &ids[1], MAILS, FLAG_SEEN, 0, NULL, "Word", NULL, error);
}

static gboolean
do_move(struct bed *bed, GError **error)
{
	return store_journal_move(bed->store, &ids[1], 4, other, NULL, error);
}

static gboolean
do_empty(struct bed *bed, GError **error)
{
	return store_journal_empty(bed->store, other, NULL, error);
}

static gboolean
do_undo(struct bed *bed, GError **error)
{
	return store_undo_take_back(bed->store, 0, NULL, NULL, error);
}

static gboolean
do_moved(struct bed *bed, GError **error)
{
	return store_moved(bed->store, 0, ids[3], other, 0, 9, NULL, error);
}

static gboolean
do_gone(struct bed *bed, GError **error)
{
	return store_gone(bed->store, 0, ids[3], error);
}

static gboolean
do_unbind(struct bed *bed, GError **error)
{
	return store_folder_unbind(bed->store, bed->inbox, error) &&
	       store_folder_rebound(bed->store, bed->inbox, error);
}

static gboolean
do_forget(struct bed *bed, GError **error)
{
	return store_folder_remove(bed->store, bed->inbox, error);
}

static gboolean
do_expire(struct bed *bed, GError **error)
{
	return store_expire(bed->store, G_MAXINT32, NULL, error);
}

static gboolean
do_ops(struct bed *bed, GError **error)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	gboolean ok = store_ops(bed->store, TRUE, G_MAXINT32, ops, error);

	for (guint i = 0; ok && i < ops->len; i++) {
		gint64 id = ((const struct store_op *)ops->pdata[i])->id;

		ok = store_op_set(bed->store, id, OP_RUNNING, NULL, 0, error) &&
		     store_op_set(bed->store, id, OP_FAILED, "no", 0, error) &&
		     store_op_set(bed->store, id, OP_WAITING, NULL, 0, error) &&
		     (i % 2 ? store_op_done(bed->store, id, error) : store_op_drop(bed->store, id, error));
	}
	return ok;
}

static gboolean (*const verbs[])(struct bed *bed, GError **error) = {
        do_remove, do_add,  do_flags,  do_move,   do_empty,  do_undo,
        do_moved,  do_gone, do_unbind, do_forget, do_expire, do_ops,
};

static void
each_failure_has_a_reason(gconstpointer data)
{
	struct bed bed;

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autoptr(GError) error = NULL;
		gboolean ok;

		bed_up(&bed, NULL);
		fill(&bed);
		damage(bed.dir, data);
		ok = verbs[i](&bed, &error);
		if (ok == (error != NULL))
			g_error("verb %u: %s", i, ok ? "well, with an error" : "no reason");
		store_close(bed.store);
		files_remove_tree(bed.dir);
		g_free(bed.dir);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	/* Thousands of durable writes: where there is a disk in memory they go there. */
	if (g_access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		g_autofree char *path = g_strdup_printf("/damage/%u", i);

		g_test_add_data_func(path, damages[i], each_failure_has_a_reason);
	}
	return g_test_run();
}
