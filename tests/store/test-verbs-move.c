/* Moves: where a row is shown and where the server has it, UIDs that nobody told, and what other clients do
 * meanwhile. */
#include <glib/gstdio.h>
#include "verbs-util.h"

static void
a_move_shows_at_once_and_the_server_hears_of_it_once(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .received = 10, .id = "<a@x>"});
	GError *error = NULL;
	struct store_op *op;
	OPS(ops);

	mark_complete(bed->store, bed->inbox);
	mark_complete(bed->store, to);
	move(bed->store, id, to);
	assert_at(bed->store, id, to, bed->inbox, 4);
	/* What the person sees, and what is compared with the server. */
	assert_counts(bed->store, bed->inbox, 0, 1, 0);
	assert_counts(bed->store, to, 1, 0, 1);
	/* The server speaks of the old place. */
	g_assert_cmpint(store_id_by_uid(bed->store, bed->inbox, 4, NULL), ==, id);
	g_assert_true(store_set_base(bed->store, bed->inbox, 4, FLAG_SEEN, "red", &error));
	assert_counts(bed->store, to, 1, 0, 0);
	g_assert_cmpint(
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .received = 10, .id = "<a@x>"}), ==,
	        id);
	op = only_op(bed->store, ops);
	g_assert_cmpint(op->verb, ==, OP_MOVE);
	g_assert_cmpint(op->folder, ==, bed->inbox);
	g_assert_cmpint(op->to, ==, to);
	set_uidvalidity(bed->store, to, 7, 20);
	set(bed->store, op->id, OP_RUNNING);
	read_ops(bed->store, FALSE, ops);
	g_assert_cmpuint(((struct store_op *)ops->pdata[0])->mark, ==, 20);
	must(store_moved(bed->store, ((struct store_op *)ops->pdata[0])->id, id, to, 7, 21, NULL, &error),
	     error);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	assert_at(bed->store, id, to, to, 21);
	assert_counts(bed->store, to, 1, 1, 1);
	assert_counts(bed->store, bed->inbox, 0, 0, 0);
	/* Its expunge is of nobody. */
	g_assert_cmpint(store_remove_uids(bed->store, bed->inbox,
	                                  &(struct uidset){.ranges = &(struct uidrange){4, 4}, .len = 1},
	                                  NULL),
	                ==, 0);
}

static void
moves_that_wait_become_one_or_none(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), b = add_folder(bed->store, "B", "");
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	struct store_op *op;
	OPS(ops);

	g_assert_true(store_journal_move(bed->store, ids, 2, a, NULL, NULL));
	move(bed->store, ids[0], b);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	op = ops->pdata[1];
	g_assert_cmpint(op->folder, ==, bed->inbox);
	g_assert_cmpint(op->to, ==, b);
	assert_at(bed->store, ids[0], b, bed->inbox, 1);
	move(bed->store, ids[0], bed->inbox);
	assert_at(bed->store, ids[0], bed->inbox, bed->inbox, 1);
	move(bed->store, ids[1], bed->inbox);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM place"), ==, 0);
}

static void
a_move_behind_one_that_runs_waits_for_it(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), b = add_folder(bed->store, "B", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = 5, .id = "<a@x>"});
	gint64 first;
	OPS(ops);

	set_uidvalidity(bed->store, a, 7, 1);
	move(bed->store, id, a);
	first = only_op(bed->store, ops)->id;
	set(bed->store, first, OP_RUNNING);
	move(bed->store, id, b);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 0);
	g_assert_true(store_moved(bed->store, first, id, a, 7, 3, NULL, NULL));
	assert_at(bed->store, id, b, a, 3);
	g_assert_cmpint(only_op(bed->store, ops)->folder, ==, a);
	/* Refused, it is back where the server has it. */
	set(bed->store, only_op(bed->store, ops)->id, OP_FAILED);
	assert_at(bed->store, id, a, a, 3);
	set(bed->store, only_op(bed->store, ops)->id, OP_WAITING);
	assert_at(bed->store, id, b, a, 3);
	g_assert_true(store_op_drop(bed->store, only_op(bed->store, ops)->id, NULL));
	assert_at(bed->store, id, a, a, 3);
}

/* An emptying stands between them: a later move must not come after it. */
static void
a_move_before_an_emptying_stays_before_it(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), b = add_folder(bed->store, "B", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	OPS(ops);

	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2});
	move(bed->store, id, a);
	g_assert_true(store_journal_empty(bed->store, bed->inbox, NULL, NULL));
	move(bed->store, id, b);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 3);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_MOVE);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->to, ==, a);
	g_assert_cmpint(((struct store_op *)ops->pdata[2])->folder, ==, a);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	/* And so when it is purged. */
	purge(bed->store, id);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_MOVE);
}

static void
an_unknown_uid_is_found_by_the_message(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail);
	OPS(ops);

	set_uidvalidity(bed->store, to, 7, 30);
	move(bed->store, id, to);
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	assert_at(bed->store, id, to, to, 0);
	g_assert_true(store_is_awaited(bed->store, id));
	/* One that is older than the move is another. */
	mail.uid = 12;
	g_assert_cmpint(add_mail(bed->store, to, &mail), >, id);
	mail.uid = 30;
	g_assert_cmpint(add_mail(bed->store, to, &mail), ==, id);
	assert_at(bed->store, id, to, to, 30);
}

/* The other way round: the server showed it before it answered. */
static void
a_row_made_meanwhile_goes_into_the_old_one(struct bed *bed, gconstpointer told)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail), fresh;
	struct store_row *row;
	GError *error = NULL;
	OPS(ops);

	set_uidvalidity(bed->store, to, 7, 30);
	g_assert_true(store_part_put(bed->store, id, "1", "text", 4, FALSE, NULL));
	move(bed->store, id, to);
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	mail.uid = 33;
	mail.flags = FLAG_ANSWERED;
	fresh = add_mail(bed->store, to, &mail);
	g_assert_cmpint(fresh, >, id);
	g_assert_true(store_part_put(bed->store, fresh, "2", "more", 4, FALSE, NULL));
	g_assert_true(store_journal_flags(bed->store, &fresh, 1, FLAG_FLAGGED, 0, NULL, NULL, NULL, NULL));
	if (told)
		must(store_moved(bed->store, 1, id, to, 7, 33, NULL, &error), error);
	else
		must(store_op_done(bed->store, 1, &error), error);
	assert_at(bed->store, id, to, to, 33);
	g_assert_null(store_row(bed->store, fresh, NULL));
	row = store_row(bed->store, id, NULL);
	g_assert_cmpuint(row->flags, ==, FLAG_ANSWERED | FLAG_FLAGGED);
	store_row_free(row);
	g_assert_true(store_has_part(bed->store, id, "1"));
	g_assert_true(store_has_part(bed->store, id, "2"));
	g_assert_cmpint(g_array_index(only_op(bed->store, ops)->ids, msgid, 0), ==, id);
}

/* Another is found there: two moves into one folder of messages that are alike, and a copy besides. */
static void
no_two_rows_have_one_uid(struct bed *bed, gconstpointer copied)
{
	gint64 other = add_folder(bed->store, "A", ""), to = add_folder(bed->store, "Lists", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid ids[] = {add_mail(bed->store, bed->inbox, &mail), add_mail(bed->store, other, &mail)};
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	gint64 each[2];
	OPS(ops);

	set_uidvalidity(bed->store, to, 7, 30);
	for (int i = 0; i < 2; i++) {
		move(bed->store, ids[i], to);
		read_ops(bed->store, FALSE, ops);
		each[i] = ((struct store_op *)ops->pdata[i])->id;
		set(bed->store, each[i], OP_RUNNING);
	}
	if (copied) {
		g_assert_true(store_journal_copy(bed->store, ids, 1, to, copies, NULL, NULL));
		ids[0] = g_array_index(copies, msgid, 0);
		each[0] = 0;
	}
	g_assert_true(store_moved(bed->store, each[0], ids[0], to, 7, 31, NULL, NULL));
	g_assert_true(store_moved(bed->store, each[1], ids[1], to, 7, 31, NULL, NULL));
	assert_at(bed->store, ids[0], to, to, 0);
	assert_at(bed->store, ids[1], to, to, 31);
	mail.uid = 31;
	g_assert_cmpint(add_mail(bed->store, to, &mail), ==, ids[1]);
	mail.uid = 30;
	g_assert_cmpint(add_mail(bed->store, to, &mail), ==, ids[0]);
	assert_at(bed->store, ids[0], to, to, 30);
}

static void
a_uid_of_another_uidvalidity_counts_for_nothing(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .received = 10, .id = "<a@x>"});
	OPS(ops);

	set_uidvalidity(bed->store, to, 7, 30);
	move(bed->store, id, to);
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_true(store_moved(bed->store, 0, id, to, 8, 33, NULL, NULL));
	assert_at(bed->store, id, to, to, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
}

static void
one_that_never_comes_is_given_up(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4, .received = 10, .id = "<a@x>"});
	OPS(ops);

	move(bed->store, id, to);
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	mark_complete(bed->store, to);
	g_assert_cmpint(folder_shown(bed->store, id), ==, to);
	mark_complete(bed->store, to);
	g_assert_cmpint(folder_shown(bed->store, id), ==, 0);
}

/* ---- what other clients do meanwhile ---- */

static void
vanish(struct store *store, gint64 folder, guint64 uid)
{
	struct uidset gone = {.ranges = &(struct uidrange){uid, uid}, .len = 1};

	g_assert_cmpint(store_remove_uids(store, folder, &gone, NULL), ==, 1);
}

static void
what_another_client_moved_is_the_same_row(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail);
	g_autoptr(GBytes) body = NULL;

	g_assert_true(store_part_put(bed->store, id, "", "body", 4, FALSE, NULL));
	vanish(bed->store, bed->inbox, 4);
	assert_at(bed->store, id, 0, 0, 0);
	assert_counts(bed->store, bed->inbox, 0, 0, 0);
	check_store(bed->dir);
	bed_reopen(bed);
	mail.uid = 9;
	mail.size = 99; /* another message */
	g_assert_cmpint(add_mail(bed->store, to, &mail), >, id);
	mail.uid = 10;
	mail.size = 0;
	mail.flags = FLAG_SEEN;
	g_assert_cmpint(add_mail(bed->store, to, &mail), ==, id);
	assert_at(bed->store, id, to, to, 10);
	body = store_part(bed->store, id, "", NULL);
	g_assert_cmpuint(g_bytes_get_size(body), ==, 4);
	mail.uid = 11;
	g_assert_cmpint(add_mail(bed->store, to, &mail), >, id);
}

static void
a_day_later_it_is_gone_with_its_body(struct bed *bed, gconstpointer unused)
{
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2})};
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	g_autofree char *file = g_strdup_printf("%s/mail/01/1.eml", bed->dir);
	struct store_undo *last;
	OPS(ops);

	g_assert_true(store_part_put(bed->store, ids[0], "", "body", 4, FALSE, NULL));
	purge(bed->store, ids[1]);
	vanish(bed->store, bed->inbox, 1);
	g_assert_true(store_expire(bed->store, now + 86000, NULL, NULL));
	g_assert_cmpint(folder_shown(bed->store, ids[0]), ==, 0);
	g_assert_cmpint(g_access(file, F_OK), ==, 0);
	g_assert_true(store_expire(bed->store, now + 87000, NULL, NULL));
	g_assert_cmpint(folder_shown(bed->store, ids[0]), ==, -1);
	g_assert_cmpint(g_access(file, F_OK), !=, 0);
	/* What an op still needs stays. */
	g_assert_cmpint(folder_shown(bed->store, ids[1]), ==, 0);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 1);
	last = store_last_undo(bed->store, NULL);
	g_assert_cmpuint(last->n, ==, 1);
	store_undo_free(last);
	g_assert_true(store_expire(bed->store, now + 31 * 86400, NULL, NULL));
	g_assert_null(store_last_undo(bed->store, NULL));
}

static void
what_vanishes_while_its_move_waits_is_told_by_the_replay(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", ""), other = add_folder(bed->store, "Other", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail);
	OPS(ops);

	move(bed->store, id, to);
	vanish(bed->store, bed->inbox, 4);
	assert_at(bed->store, id, to, 0, 0);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	/* Another client moved it: it is moved on from there. */
	mail.uid = 17;
	g_assert_cmpint(add_mail(bed->store, other, &mail), ==, id);
	assert_at(bed->store, id, to, other, 17);
	vanish(bed->store, other, 17);
	g_assert_true(store_gone(bed->store, only_op(bed->store, ops)->id, id, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	assert_at(bed->store, id, 0, 0, 0);
}

static void
a_new_uidvalidity_takes_places_too(struct bed *bed, gconstpointer unused)
{
	gint64 to = add_folder(bed->store, "Lists", "");
	struct mail mail = {.uid = 4, .received = 10, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail);
	OPS(ops);

	move(bed->store, id, to);
	g_assert_true(store_folder_unbind(bed->store, bed->inbox, NULL));
	assert_at(bed->store, id, to, bed->inbox, 0);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	check_store(bed->dir);
	mail.uid = 1;
	g_assert_cmpint(add_mail(bed->store, bed->inbox, &mail), ==, id);
	g_assert_true(store_folder_rebound(bed->store, bed->inbox, NULL));
	assert_at(bed->store, id, to, bed->inbox, 1);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/verbs/move", a_move_shows_at_once_and_the_server_hears_of_it_once);
	BED_TEST("/store/verbs/move/one", moves_that_wait_become_one_or_none);
	BED_TEST("/store/verbs/move/behind", a_move_behind_one_that_runs_waits_for_it);
	BED_TEST("/store/verbs/move/emptying", a_move_before_an_emptying_stays_before_it);
	BED_TEST("/store/verbs/move/unknown", an_unknown_uid_is_found_by_the_message);
	g_test_add("/store/verbs/move/fresh", struct bed, "told", bed_up,
	           a_row_made_meanwhile_goes_into_the_old_one, bed_down);
	BED_TEST("/store/verbs/move/fresh-unknown", a_row_made_meanwhile_goes_into_the_old_one);
	BED_TEST("/store/verbs/move/alike", no_two_rows_have_one_uid);
	g_test_add("/store/verbs/move/alike-copy", struct bed, "copied", bed_up, no_two_rows_have_one_uid,
	           bed_down);
	BED_TEST("/store/verbs/move/uidvalidity", a_uid_of_another_uidvalidity_counts_for_nothing);
	BED_TEST("/store/verbs/move/never", one_that_never_comes_is_given_up);
	BED_TEST("/store/verbs/others/moved", what_another_client_moved_is_the_same_row);
	BED_TEST("/store/verbs/others/expire", a_day_later_it_is_gone_with_its_body);
	BED_TEST("/store/verbs/others/vanished", what_vanishes_while_its_move_waits_is_told_by_the_replay);
	BED_TEST("/store/verbs/others/uidvalidity", a_new_uidvalidity_takes_places_too);
	return g_test_run();
}
