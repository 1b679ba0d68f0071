/* Each verb of the journal: what it does here, how that is taken back, and what the server makes of it. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/error.h"
#include "base/files.h"
#include "store-util.h"

#define OPS(var) g_autoptr(GPtrArray) var = g_ptr_array_new_with_free_func(store_op_free)

static void
must(gboolean ok, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(ok);
}

/* ---- asking ---- */

static gint64
folder_shown(struct store *store, msgid id)
{
	struct store_row *row = store_row(store, id, NULL);
	gint64 folder = row ? row->folder : -1;

	if (row)
		store_row_free(row);
	return folder;
}

/* "FOLDER:UID", "-" when there is none. */
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

static void
assert_at(struct store *store, msgid id, gint64 shown, gint64 folder, guint64 uid)
{
	g_autofree char *is = place(store, id);
	g_autofree char *wanted =
	        folder ? g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GUINT64_FORMAT, folder, uid)
	               : g_strdup("-");

	g_assert_cmpint(folder_shown(store, id), ==, shown);
	g_assert_cmpstr(is, ==, wanted);
}

static guint
read_ops(struct store *store, gboolean ready, GPtrArray *ops)
{
	GError *error = NULL;

	g_ptr_array_set_size(ops, 0);
	must(store_ops(store, ready, 0, ops, &error), error);
	return ops->len;
}

static struct store_op *
only_op(struct store *store, GPtrArray *ops)
{
	g_assert_cmpuint(read_ops(store, FALSE, ops), ==, 1);
	return ops->pdata[0];
}

static void
set(struct store *store, gint64 op, enum op_state state)
{
	GError *error = NULL;

	must(store_op_set(store, op, state, state == OP_FAILED ? "no" : NULL, 0, &error), error);
}

static gint64
move(struct store *store, msgid id, gint64 to)
{
	GError *error = NULL;
	gint64 step = 0;

	must(store_journal_move(store, &id, 1, to, &step, &error), error);
	return step;
}

static gint64
purge(struct store *store, msgid id)
{
	GError *error = NULL;
	gint64 step = 0;

	must(store_journal_purge(store, &id, 1, &step, &error), error);
	return step;
}

static void
undo(struct store *store, gint64 step, guint expected)
{
	GError *error = NULL;
	struct store_undone undone;

	must(store_undo_take_back(store, step, &undone, NULL, &error), error);
	g_assert_cmpuint(undone.lost, ==, expected);
}

static void
set_uidvalidity(struct store *store, gint64 id, guint64 uidvalidity, guint64 uidnext)
{
	struct store_folder *folder = folder_of(store, id);

	folder->uidvalidity = uidvalidity;
	folder->uidnext = uidnext;
	g_assert_true(store_folder_put_state(store, folder, NULL));
	store_folder_free(folder);
}

static void
assert_counts(struct store *store, gint64 id, gint64 shown, gint64 rows, gint64 unread)
{
	struct store_folder *folder = folder_of(store, id);

	g_assert_cmpint(folder->shown, ==, shown);
	g_assert_cmpint(folder->rows, ==, rows);
	g_assert_cmpint(folder->unread, ==, unread);
	store_folder_free(folder);
}

static void
mark_complete(struct store *store, gint64 id)
{
	struct store_folder *folder = folder_of(store, id);

	folder->complete = TRUE;
	folder->synced = g_get_real_time() / G_USEC_PER_SEC + folder->synced + 1;
	g_assert_true(store_folder_put_state(store, folder, NULL));
	store_folder_free(folder);
}

/* ---- move ---- */

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

static const char letter[] = "Message-ID: <n@x>\r\nSubject: New\r\n\r\nText\r\n";

static msgid
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

/* ---- folders ---- */

static void
list(struct store *store, const char *const *names, guint n)
{
	g_autoptr(GPtrArray) old = store_folders(store, NULL);

	for (guint i = 0; i < old->len; i++) {
		const struct store_folder *folder = old->pdata[i];

		if (!g_strv_contains(names, folder->wire))
			g_assert_true(store_folder_remove(store, folder->id, NULL));
	}
	for (guint i = 0; i < n; i++) {
		struct store_folder folder = {.path = (char *)names[i],
		                              .wire = (char *)names[i],
		                              .delimiter = '/',
		                              .selectable = TRUE,
		                              .subscribed = TRUE};

		g_assert_true(store_folder_put(store, &folder, NULL));
	}
}

static void
assert_paths(struct store *store, const char *expected)
{
	g_autoptr(GPtrArray) folders = store_folders(store, NULL);
	g_autoptr(GString) paths = g_string_new(NULL);

	for (guint i = 0; i < folders->len; i++)
		g_string_append_printf(paths, "%s%s", i ? " " : "",
		                       ((struct store_folder *)folders->pdata[i])->path);
	g_assert_cmpstr(paths->str, ==, expected);
}

static void
a_folder_that_is_to_be_is_listed(struct bed *bed, gconstpointer unused)
{
	struct store_folder folder = {.path = (char *)"New", .wire = (char *)"New", .delimiter = '/'};
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	const char *const names[] = {"INBOX", NULL}, *const with[] = {"INBOX", "New", NULL};
	g_autoptr(GError) error = NULL;
	struct store_folder *seen;
	gint64 step = 0, op;
	OPS(ops);

	g_assert_true(store_journal_create(bed->store, &folder, "\\Archive", &step, NULL));
	g_assert_false(store_journal_create(
	        bed->store, &(struct store_folder){.path = (char *)"New", .wire = (char *)"New"}, "", NULL,
	        &error));
	g_assert_nonnull(error);
	op = only_op(bed->store, ops)->id;
	g_assert_cmpstr(only_op(bed->store, ops)->arg, ==, "\\Archive");
	g_assert_cmpint(only_op(bed->store, ops)->to, ==, folder.id);
	move(bed->store, id, folder.id);
	/* The server's list does not know it yet. */
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX New");
	seen = folder_of(bed->store, folder.id);
	g_assert_true(seen->pending);
	store_folder_free(seen);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_CREATE);
	/* Mail waits for it: it cannot go away. */
	g_assert_false(store_op_drop(bed->store, op, NULL));
	g_assert_false(store_undo_take_back(bed->store, step, NULL, NULL, NULL));
	undo(bed->store, 0, 0);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX");
	/* And when the server has it. */
	g_assert_true(store_journal_create(bed->store, &folder, "", NULL, NULL));
	list(bed->store, with, 2);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	assert_paths(bed->store, "INBOX New");
	list(bed->store, with, 2);
	assert_paths(bed->store, "INBOX New");
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX");
}

static void
a_rename_shows_and_what_is_below_goes_with_it(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), below = add_folder(bed->store, "A/x", ""), step = 0, op;
	const char *const names[] = {"INBOX", "A", "A/x", NULL}, *const after[] = {"INBOX", "B", "B/x", NULL};
	struct store_folder *folder;
	msgid id = add_mail(bed->store, below, &(struct mail){.uid = 3});
	char *wish;
	OPS(ops);

	add_folder(bed->store, "AB", "");
	g_assert_false(store_journal_rename(bed->store, a, "A/x/A", "A/x/A", NULL, NULL));
	g_assert_false(store_journal_rename(bed->store, a, "AB", "AB", NULL, NULL));
	g_assert_true(store_folder_remove(bed->store, add_folder(bed->store, "AB", ""), NULL));
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", &step, NULL));
	op = only_op(bed->store, ops)->id;
	assert_paths(bed->store, "INBOX B B/x");
	list(bed->store, names, 3);
	assert_paths(bed->store, "INBOX B B/x");
	folder = folder_of(bed->store, below);
	g_assert_cmpstr(folder->wire, ==, "A/x");
	g_assert_true(folder->pending);
	store_folder_free(folder);
	wish = store_folder_wish(bed->store, below, NULL);
	g_assert_cmpstr(wish, ==, "B/x");
	g_free(wish);
	set(bed->store, op, OP_FAILED);
	assert_paths(bed->store, "INBOX A A/x");
	set(bed->store, op, OP_WAITING);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A A/x");
	step = 0;
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", &step, NULL));
	op = only_op(bed->store, ops)->id;
	set(bed->store, op, OP_RUNNING);
	/* The list of the server comes before its answer. */
	list(bed->store, after, 3);
	assert_paths(bed->store, "INBOX B B/x");
	g_assert_true(store_op_done(bed->store, op, NULL));
	list(bed->store, after, 3);
	assert_paths(bed->store, "INBOX B B/x");
	g_assert_cmpint(folder_shown(bed->store, id), ==, below);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A A/x");
	g_assert_cmpstr(only_op(bed->store, ops)->arg, ==, "A");
}

static void
a_removed_folder_is_out_of_sight_until_it_is_gone(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), step = 0, op;
	const char *const names[] = {"INBOX", "A", NULL}, *const after[] = {"INBOX", NULL};
	msgid ids[] = {add_mail(bed->store, a, &(struct mail){.uid = 1}),
	               add_mail(bed->store, a, &(struct mail){.uid = 2})};
	struct store_folder *folder;
	OPS(ops);

	g_assert_true(store_part_put(bed->store, ids[0], "", letter, strlen(letter), FALSE, NULL));
	g_assert_true(store_journal_remove(bed->store, a, &step, NULL));
	op = only_op(bed->store, ops)->id;
	assert_paths(bed->store, "INBOX");
	g_assert_null(store_folder_by_path(bed->store, "A", NULL));
	g_assert_false(store_journal_move(bed->store, ids, 1, a, NULL, NULL));
	list(bed->store, names, 2);
	assert_paths(bed->store, "INBOX");
	set(bed->store, op, OP_FAILED);
	assert_paths(bed->store, "INBOX A");
	set(bed->store, op, OP_WAITING);
	undo(bed->store, step, 0);
	assert_paths(bed->store, "INBOX A");
	step = 0;
	g_assert_true(store_journal_remove(bed->store, a, &step, NULL));
	set(bed->store, only_op(bed->store, ops)->id, OP_RUNNING);
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	list(bed->store, after, 1);
	assert_paths(bed->store, "INBOX");
	g_assert_null(store_folder_by_id(bed->store, a, NULL));
	/* Made again, with what is here of it. */
	undo(bed->store, step, 1);
	assert_paths(bed->store, "INBOX A");
	folder = store_folder_by_path(bed->store, "A", NULL);
	g_assert_cmpint(folder->id, ==, a);
	g_assert_cmpint(folder->shown, ==, 1);
	g_assert_true(folder->subscribed);
	store_folder_free(folder);
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 3);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->verb, ==, OP_CREATE);
}

/* Another client removed the folder while a draft was to go there. */
static void
a_lost_folder_is_kept_while_something_is_to_go_there(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", "");
	const char *const names[] = {"INBOX", NULL};
	msgid old = add_mail(bed->store, a, &(struct mail){.uid = 1}),
	      id = append(bed->store, a, TRUE, NULL, NULL);
	OPS(ops);

	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX A");
	g_assert_cmpint(folder_shown(bed->store, old), ==, 0);
	g_assert_cmpint(folder_shown(bed->store, id), ==, a);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 1);
	move(bed->store, id, bed->inbox);
	list(bed->store, names, 1);
	assert_paths(bed->store, "INBOX");
}

static void
a_subscription_shows_and_is_told_once(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), step = 0;
	struct store_folder *folder;
	OPS(ops);

	g_assert_true(store_journal_subscribe(bed->store, a, TRUE, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	g_assert_true(store_journal_subscribe(bed->store, a, FALSE, &step, NULL));
	add_folder(bed->store, "A", ""); /* the server still says yes */
	folder = folder_of(bed->store, a);
	g_assert_false(folder->subscribed);
	g_assert_true(folder->pending);
	store_folder_free(folder);
	g_assert_true(store_journal_subscribe(bed->store, a, TRUE, NULL, NULL));
	g_assert_cmpuint(read_ops(bed->store, FALSE, ops), ==, 0);
	step = 0;
	g_assert_true(store_journal_subscribe(bed->store, a, FALSE, &step, NULL));
	g_assert_true(store_op_done(bed->store, only_op(bed->store, ops)->id, NULL));
	undo(bed->store, step, 0);
	g_assert_cmpuint(only_op(bed->store, ops)->add, ==, 1);
}

static void
preferences_of_a_folder_stay(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	guint64 revision = folder->revision;

	folder->hidden = folder->pinned = TRUE;
	g_free(folder->keep);
	folder->keep = g_strdup("90 days");
	g_assert_true(store_folder_put_prefs(bed->store, folder, NULL));
	store_folder_free(folder);
	add_folder(bed->store, "INBOX", "inbox");
	bed_reopen(bed);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_true(folder->hidden && folder->pinned);
	g_assert_cmpstr(folder->keep, ==, "90 days");
	g_assert_cmpuint(folder->revision, >, revision);
	store_folder_free(folder);
}

static void
ops_of_folders_and_of_what_is_in_them_run_in_order(struct bed *bed, gconstpointer unused)
{
	gint64 a = add_folder(bed->store, "A", ""), below = add_folder(bed->store, "A/x", "");
	gint64 other = add_folder(bed->store, "Other", "");
	msgid ids[] = {add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2}),
	               add_mail(bed->store, bed->inbox, &(struct mail){.uid = 3})};
	struct store_folder again = {.path = (char *)"A", .wire = (char *)"A", .delimiter = '/'};
	OPS(ops);

	move(bed->store, ids[0], below);                                          /* 1 */
	g_assert_true(store_journal_rename(bed->store, a, "B", "B", NULL, NULL)); /* 2: behind 1 */
	move(bed->store, ids[1], below);                                          /* 3: behind 2 */
	move(bed->store, ids[2], other);                                          /* 4: free */
	g_assert_true(
	        store_journal_create(bed->store, &again, "", NULL, NULL)); /* 5: behind 2, for its name */
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->id, ==, 1);
	g_assert_cmpint(((struct store_op *)ops->pdata[1])->id, ==, 4);
	/* What failed holds up its own rows alone. */
	set(bed->store, 1, OP_FAILED);
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 2);
	g_assert_cmpint(((struct store_op *)ops->pdata[0])->id, ==, 2);
	g_assert_true(store_op_done(bed->store, 2, NULL));
	g_assert_cmpuint(read_ops(bed->store, TRUE, ops), ==, 3);
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
	BED_TEST("/store/verbs/copy", copies_share_bodies_and_are_never_deleted);
	BED_TEST("/store/verbs/copy/undo", a_copy_that_is_there_is_purged_by_undo);
	BED_TEST("/store/verbs/purge", a_purge_can_be_undone_before_and_after);
	BED_TEST("/store/verbs/none", ids_of_no_message_change_nothing);
	BED_TEST("/store/verbs/append", an_append_is_here_in_full_at_once);
	BED_TEST("/store/verbs/append/held", an_append_without_octets_is_held);
	BED_TEST("/store/verbs/all-seen", all_seen_goes_for_what_is_not_here_too);
	BED_TEST("/store/verbs/empty", an_emptied_folder_is_empty_and_comes_back);
	BED_TEST("/store/verbs/create", a_folder_that_is_to_be_is_listed);
	BED_TEST("/store/verbs/rename", a_rename_shows_and_what_is_below_goes_with_it);
	BED_TEST("/store/verbs/remove", a_removed_folder_is_out_of_sight_until_it_is_gone);
	BED_TEST("/store/verbs/remove/lost", a_lost_folder_is_kept_while_something_is_to_go_there);
	BED_TEST("/store/verbs/subscribe", a_subscription_shows_and_is_told_once);
	BED_TEST("/store/verbs/prefs", preferences_of_a_folder_stay);
	BED_TEST("/store/verbs/order", ops_of_folders_and_of_what_is_in_them_run_in_order);
	BED_TEST("/store/verbs/transfer", what_goes_to_another_account_rests_until_it_is_there);
	BED_TEST("/store/verbs/step", several_calls_make_one_step);
	return g_test_run();
}
