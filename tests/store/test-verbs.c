/* Verbs of the journal on messages: what each does here, how that is taken back, and what the server makes of
 * it. */
#include <string.h>
#include <sys/stat.h>
#include "verbs-util.h"

/* ---- copy ---- */

static void
copies_share_bodies_and_are_never_deleted(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	msgid id =
	        add_mail(bed->store, bed->inbox,
	                 &(struct mail){.uid = 4, .flags = FLAG_DELETED | FLAG_FLAGGED, .keywords = "red"});
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autofree char *one = g_strdup_printf("%s/mail/01/1.eml", bed->dir);
	g_autofree char *two = g_strdup_printf("%s/mail/02/2.eml", bed->dir);
	g_autoptr(GBytes) body = NULL;
	struct store_row *row;
	struct stat a, b;
	struct store_op *op;
	gint64 step = 0;
	msgid copy;
	OPS(ops);

	g_assert_true(store_part_put(bed->store, id, "", "body", 4, FALSE, NULL));
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_SEEN, 0, "blue", "red", NULL, NULL));
	g_assert_true(store_journal_copy(bed->store, &id, 1, to, copies, &step, NULL));
	copy = g_array_index(copies, msgid, 0);
	row = store_row(bed->store, copy, NULL);
	g_assert_cmpint(row->folder, ==, to);
	g_assert_cmpuint(row->flags, ==, FLAG_FLAGGED | FLAG_SEEN);
	g_assert_cmpuint(row->pending, ==, 0);
	g_assert_cmpstr(row->keywords, ==, "blue");
	g_assert_cmpint(row->body, ==, BODY_FULL);
	store_row_free(row);
	assert_at(bed->store, copy, to, 0, 0);
	g_assert_cmpint(stat(one, &a), ==, 0);
	g_assert_cmpint(stat(two, &b), ==, 0);
	g_assert_cmpuint(a.st_ino, ==, b.st_ino);
	/* First the flags, then the copy, which has them. */
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_FLAG);
	g_assert_true(store_op_done(bed->store, ((struct store_op *)ops->pdata[0])->id, NULL));
	op = only_op(bed->store, ops);
	g_assert_cmpint(op->verb, ==, OP_COPY);
	g_assert_cmpint(g_array_index(op->sources, msgid, 0), ==, id);
	g_assert_cmpint(g_array_index(op->ids, msgid, 0), ==, copy);
	set(bed->store, op->id, OP_FAILED);
	g_assert_cmpint(folder_shown(bed->store, copy), ==, 0);
	set(bed->store, op->id, OP_WAITING);
	g_assert_cmpint(folder_shown(bed->store, copy), ==, to);
	g_assert_true(store_remove(bed->store, id, NULL));
	body = store_part(bed->store, copy, "", NULL);
	g_assert_cmpuint(g_bytes_get_size(body), ==, 4);
	undo(bed->store, step, 0);
	g_assert_cmpint(folder_shown(bed->store, copy), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
}

static void
a_copy_that_is_there_is_purged_by_undo(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", ""), step = 0;
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .received = 10, .id = "<a@x>"}),
	      copy;
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	OPS(ops);

	set_uidvalidity(bed->store, to, 7, 1);
	g_assert_true(store_journal_copy(bed->store, &id, 1, to, copies, &step, NULL));
	copy = g_array_index(copies, msgid, 0);
	g_assert_true(store_moved(bed->store, only_op(bed->store, ops)->id, copy, to, 7, 2, NULL, NULL));
	undo(bed->store, step, 0);
	g_assert_cmpint(only_op(bed->store, ops)->verb, ==, OP_PURGE);
	g_assert_cmpint(only_op(bed->store, ops)->step, ==, 0);
	assert_at(bed->store, copy, 0, to, 2);
	g_assert_cmpint(folder_shown(bed->store, id), ==, bed->inbox);
}

/* ---- purge ---- */

static void
a_purge_can_be_undone_before_and_after(struct bed *bed, gconstpointer unused)
{
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	gint64 step = purge(bed->store, ids[0]);
	OPS(ops);

	assert_at(bed->store, ids[0], 0, bed->inbox, 1);
	assert_counts(bed->store, bed->inbox, 1, 2, 1);
	set(bed->store, only_op(bed->store, ops)->id, OP_FAILED);
	assert_at(bed->store, ids[0], bed->inbox, bed->inbox, 1);
	set(bed->store, only_op(bed->store, ops)->id, OP_WAITING);
	undo(bed->store, step, 0);
	assert_at(bed->store, ids[0], bed->inbox, bed->inbox, 1);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	/* After: what is here in full is appended, the rest is lost. */
	step = 0;
	g_assert_true(store_part_put(bed->store, ids[0], "", "body", 4, FALSE, NULL));
	g_assert_true(store_journal_purge(bed->store, ids, 2, &step, NULL));
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_false(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	g_assert_true(store_purged(bed->store, only_op(bed->store, ops)->id, ids[0], NULL));
	g_assert_cmpuint(only_op(bed->store, ops)->ids->len, ==, 1);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	undo(bed->store, 0, 1);
	g_assert_cmpint(only_op(bed->store, ops)->verb, ==, OP_APPEND);
	assert_at(bed->store, ids[0], bed->inbox, 0, 0);
	assert_at(bed->store, ids[1], 0, 0, 0);
	g_assert_null(store_last_undo(bed->store, NULL));
	g_assert_false(store_undo_take_back(bed->store, 0, NULL, NULL, NULL));
}

static void
ids_of_no_message_change_nothing(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", ""), step = 0;
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}), 4711};
	g_autoptr(GError) error = NULL;
	OPS(ops);

	g_assert_false(store_journal_move(bed->store, ids, 2, to, &step, &error));
	g_assert_nonnull(error);
	g_assert_false(store_journal_copy(bed->store, ids, 2, to, NULL, &step, NULL));
	g_assert_false(store_journal_purge(bed->store, ids, 2, &step, NULL));
	g_assert_false(store_journal_move(bed->store, ids, 1, 99, &step, NULL));
	g_assert_cmpint(step, ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_null(store_last_undo(bed->store, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 1);
}

/* ---- append ---- */

static void
an_append_is_here_in_full_at_once(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Lists", ""), step = 0;
	msgid id = append(bed->store, bed->inbox, TRUE, NULL, &step);
	struct store_row *row = store_row(bed->store, id, NULL);
	g_autoptr(GBytes) body = store_part(bed->store, id, "", NULL);
	g_autoptr(GDir) mail = NULL;
	g_autofree char *path = g_build_filename(bed->dir, "mail", NULL);
	const char *name;
	OPS(ops);

	g_assert_cmpuint(row->flags, ==, FLAG_DRAFT);
	g_assert_cmpuint(row->base, ==, FLAG_DRAFT);
	g_assert_cmpuint(row->uid, ==, 0);
	g_assert_cmpstr(row->keywords, ==, "mine");
	g_assert_true(row->has_structure);
	store_row_free(row);
	g_assert_cmpmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body), letter, strlen(letter));
	for (mail = g_dir_open(path, 0, NULL); (name = g_dir_read_name(mail));)
		g_assert_cmpuint(strlen(name), ==, 2);
	/* Nobody else has it: refused, it stays in sight. */
	set(bed->store, only_op(bed->store, ops)->id, OP_FAILED);
	assert_at(bed->store, id, bed->inbox, 0, 0);
	row = store_row(bed->store, id, NULL);
	g_assert_cmpstr(row->refused, ==, "no");
	store_row_free(row);
	/* Moved, it goes there instead; its flags go with it. */
	move(bed->store, id, other);
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_SEEN, 0, NULL, NULL, NULL, NULL));
	g_assert_cmpint(only_op(bed->store, ops)->verb, ==, OP_APPEND);
	g_assert_cmpint(only_op(bed->store, ops)->state, ==, OP_WAITING);
	g_assert_cmpint(only_op(bed->store, ops)->to, ==, other);
	row = store_row(bed->store, id, NULL);
	g_assert_cmpuint(row->base, ==, FLAG_DRAFT | FLAG_SEEN);
	store_row_free(row);
	undo(bed->store, 0, 0);
	undo(bed->store, step, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
}

static void
an_append_without_octets_is_held(struct bed *bed, gconstpointer unused)
{
	msgid id = append(bed->store, bed->inbox, FALSE, "other:1:2", NULL), both[2];
	struct store_op *op = store_op_by_key(bed->store, "other:1:2", NULL);
	OPS(ops);

	g_assert_cmpint(op->state, ==, OP_HELD);
	g_assert_cmpstr(op->key, ==, "other:1:2");
	g_assert_cmpint(g_array_index(op->ids, msgid, 0), ==, id);
	store_op_free(op);
	g_assert_null(store_op_by_key(bed->store, "other", NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 0);
	g_assert_false(store_release_appends(bed->store, &id, 1, NULL));
	g_assert_true(store_part_put(bed->store, id, "", letter, strlen(letter), TRUE, NULL));
	both[0] = id;
	both[1] = append(bed->store, bed->inbox, FALSE, "other:1:3", NULL);
	g_assert_false(store_release_appends(bed->store, both, 2, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 0);
	g_assert_true(store_part_put(bed->store, both[1], "", letter, strlen(letter), FALSE, NULL));
	g_assert_true(store_release_appends(bed->store, both, 2, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
}

/* ---- whole folders ---- */

static void
all_seen_goes_for_what_is_not_here_too(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 90}), late;
	gint64 step = 0;
	OPS(ops);

	folder->server_total = 40;
	folder->server_unread = 30;
	folder->server_uidnext = 95;
	g_assert_true(store_folder_put(bed->store, folder, NULL));
	store_folder_free(folder);
	g_assert_true(store_journal_flag_all(bed->store, bed->inbox, FLAG_SEEN, 0, &step, NULL));
	g_assert_cmpuint(only_op(bed->store, ops)->upto, ==, 95);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->unread, ==, 0);
	g_assert_cmpint(folder->total, ==, 40);
	store_folder_free(folder);
	late = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 50});
	g_assert_cmpuint(only_op(bed->store, ops)->ids->len, ==, 2);
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 95});
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->unread, ==, 1);
	store_folder_free(folder);
	/* A flag of one message waits for that of all. */
	g_assert_true(store_journal_flags(bed->store, &late, 1, 0, FLAG_SEEN, NULL, NULL, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	undo(bed->store, step, 0);
	g_assert_cmpuint(only_op(bed->store, ops)->upto, ==, 0);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message WHERE pending_add"), ==, 0);
	g_assert_cmpint(folder_shown(bed->store, id), ==, bed->inbox);
}

static void
an_emptied_folder_is_empty_and_comes_back(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Lists", ""), step = 0;
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 9, .received = 5, .id = "<a@x>"});
	msgid in = add_mail(bed->store, other, &(struct mail){.uid = 1});
	msgid out = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 10}), late;
	OPS(ops);

	folder->server_total = 40;
	folder->server_uidnext = 20;
	g_assert_true(store_folder_put(bed->store, folder, NULL));
	store_folder_free(folder);
	move(bed->store, in, bed->inbox);
	move(bed->store, out, other);
	g_assert_true(store_journal_empty(bed->store, bed->inbox, &step, NULL));
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->total, ==, 0);
	store_folder_free(folder);
	assert_at(bed->store, id, 0, bed->inbox, 9);
	assert_at(bed->store, in, 0, other, 1);
	assert_at(bed->store, out, other, bed->inbox, 10);
	check_store(bed->dir);
	/* A header that comes late is of one that goes. */
	late = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4});
	assert_at(bed->store, late, 0, bed->inbox, 4);
	g_assert_cmpint(folder_shown(bed->store, add_mail(bed->store, bed->inbox, &(struct mail){.uid = 20})),
	                ==, bed->inbox);
	/* What leaves the folder leaves it first; what was to come there is purged where it is. */
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 3);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_MOVE);
	g_assert_cmpint(((struct store_op *)ops->pdata[1])->verb, ==, OP_PURGE);
	undo(bed->store, step, 0);
	assert_at(bed->store, id, bed->inbox, bed->inbox, 9);
	assert_at(bed->store, late, bed->inbox, bed->inbox, 4);
	assert_at(bed->store, in, bed->inbox, other, 1);
}

/* ---- other accounts, and several calls in one step ---- */

static void
what_goes_to_another_account_rests_until_it_is_there(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_autoptr(GArray) transfers = g_array_new(FALSE, FALSE, sizeof(struct store_undo_transfer));
	struct store_undo_transfer *transfer;
	gint64 step = 0;
	OPS(ops);

	g_assert_true(store_journal_transfer(bed->store, &id, 1, "other/INBOX", TRUE, "this:7", &step, NULL));
	assert_at(bed->store, id, 0, bed->inbox, 1);
	g_assert_cmpstr(only_op(bed->store, ops)->arg, ==, "other/INBOX");
	g_assert_cmpstr(only_op(bed->store, ops)->key, ==, "this:7");
	set(bed->store, only_op(bed->store, ops)->id, OP_FAILED);
	assert_at(bed->store, id, bed->inbox, bed->inbox, 1);
	set(bed->store, only_op(bed->store, ops)->id, OP_WAITING);
	g_assert_true(store_undo_take_back(bed->store, step, NULL, transfers, NULL));
	assert_at(bed->store, id, bed->inbox, bed->inbox, 1);
	g_assert_cmpuint(transfers->len, ==, 1);
	transfer = &g_array_index(transfers, struct store_undo_transfer, 0);
	g_assert_cmpint(transfer->op, >, 0);
	g_assert_cmpstr(transfer->key, ==, "this:7");
	g_assert_cmpstr(transfer->target, ==, "other/INBOX");
	g_assert_true(transfer->move);
	g_free(transfer->target);
}

static void
several_calls_make_one_step(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Lists", ""), step = 0, first;
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	struct store_undo *last;
	struct store_row *row;
	OPS(ops);

	g_assert_true(store_journal_flags(bed->store, ids, 2, FLAG_SEEN, 0, "red", NULL, &step, NULL));
	first = step;
	g_assert_true(store_journal_move(bed->store, ids, 1, other, &step, NULL));
	g_assert_cmpint(step, ==, first);
	last = store_last_undo(bed->store, NULL);
	g_assert_cmpint(last->id, ==, step);
	g_assert_cmpuint(last->n, ==, 3);
	g_assert_cmpstr(last->verb, ==, "flag");
	g_assert_cmpstr(last->target, ==, "INBOX");
	store_undo_free(last);
	g_assert_true(store_undo_name(bed->store, step, "archive", 2, "Lists", NULL));
	last = store_undo_by_id(bed->store, step, NULL);
	g_assert_cmpstr(last->verb, ==, "archive");
	store_undo_free(last);
	g_assert_null(store_undo_by_id(bed->store, step + 1, NULL));
	/* The flags went out, the move did not. */
	read_ops(bed->store, TRUE, ops);
	g_assert_true(store_op_done(bed->store, ((struct store_op *)ops->pdata[0])->id, NULL));
	undo(bed->store, step, 0);
	g_assert_cmpint(only_op(bed->store, ops)->verb, ==, OP_FLAG);
	g_assert_cmpuint(only_op(bed->store, ops)->remove, ==, FLAG_SEEN);
	g_assert_cmpstr(only_op(bed->store, ops)->keywords_remove, ==, "red");
	row = store_row(bed->store, ids[0], NULL);
	g_assert_cmpuint(row->flags, ==, 0);
	g_assert_cmpstr(row->keywords, ==, "");
	g_assert_cmpint(row->folder, ==, bed->inbox);
	store_row_free(row);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/verbs/copy", copies_share_bodies_and_are_never_deleted);
	BED_TEST("/store/verbs/copy/undo", a_copy_that_is_there_is_purged_by_undo);
	BED_TEST("/store/verbs/purge", a_purge_can_be_undone_before_and_after);
	BED_TEST("/store/verbs/none", ids_of_no_message_change_nothing);
	BED_TEST("/store/verbs/append", an_append_is_here_in_full_at_once);
	BED_TEST("/store/verbs/append/held", an_append_without_octets_is_held);
	BED_TEST("/store/verbs/all-seen", all_seen_goes_for_what_is_not_here_too);
	BED_TEST("/store/verbs/empty", an_emptied_folder_is_empty_and_comes_back);
	BED_TEST("/store/verbs/transfer", what_goes_to_another_account_rests_until_it_is_there);
	BED_TEST("/store/verbs/step", several_calls_make_one_step);
	return g_test_run();
}
