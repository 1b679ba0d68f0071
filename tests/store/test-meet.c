/* Which row is met by a message that the server shows, when several are alike. */
#include "store-util.h"

static struct mail mail = {.received = 10, .id = "<a@x>"};

static msgid
show(struct bed *bed, gint64 folder, guint64 uid)
{
	mail.uid = uid;
	return add_mail(bed->store, folder, &mail);
}

static void
vanish(struct bed *bed, gint64 folder, guint64 uid)
{
	struct uidset gone = {.ranges = &(struct uidrange){uid, uid}, .len = 1};

	g_assert_cmpint(store_remove_uids(bed->store, folder, &gone, NULL), ==, 1);
}

/* One that has UIDs up to uidnext already. */
static gint64
make_folder(struct bed *bed, const char *path, guint64 uidnext)
{
	gint64 id = add_folder(bed->store, path, "");
	struct store_folder *folder = folder_of(bed->store, id);

	folder->uidvalidity = 7;
	folder->uidnext = uidnext;
	g_assert_true(store_folder_put_state(bed->store, folder, NULL));
	store_folder_free(folder);
	return id;
}

static gint64
last_op(struct bed *bed)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	g_assert_true(store_ops(bed->store, FALSE, 0, ops, NULL));
	g_assert_cmpuint(ops->len, >, 0);
	return ((struct store_op *)ops->pdata[ops->len - 1])->id;
}

static void
set(struct bed *bed, gint64 op, enum op_state state)
{
	g_assert_true(store_op_set(bed->store, op, state, NULL, 0, NULL));
}

/* Gives its op, which runs. */
static gint64
move(struct bed *bed, msgid id, gint64 to)
{
	gint64 op;

	g_assert_true(store_journal_move(bed->store, &id, 1, to, NULL, NULL));
	op = last_op(bed);
	set(bed, op, OP_RUNNING);
	return op;
}

static msgid
copy(struct bed *bed, msgid id, gint64 to, gint64 *op)
{
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));

	g_assert_true(store_journal_copy(bed->store, &id, 1, to, copies, NULL, NULL));
	*op = last_op(bed);
	set(bed, *op, OP_RUNNING);
	return g_array_index(copies, msgid, 0);
}

static void
tell(struct bed *bed, gint64 op, msgid id, gint64 folder, guint64 uid)
{
	g_assert_true(store_moved(bed->store, op, id, folder, 7, uid, NULL, NULL));
}

static void
assert_at(struct bed *bed, msgid id, gint64 shown, gint64 folder, guint64 uid)
{
	struct store_row *row = store_row(bed->store, id, NULL);
	gint64 at;
	guint64 is;

	g_assert_nonnull(row);
	g_assert_cmpint(row->folder, ==, shown);
	store_row_free(row);
	g_assert_cmpint(store_place(bed->store, id, &at, &is, NULL, NULL), ==, folder != 0);
	if (folder) {
		g_assert_cmpint(at, ==, folder);
		g_assert_cmpuint(is, ==, uid);
	}
}

/* The server had done it when the link went; another that is alike came elsewhere at the same time. */
static void
what_is_looked_into_is_met_only_where_its_op_puts_it(struct bed *bed, gconstpointer unused)
{
	gint64 to = make_folder(bed, "Lists", 30), other = make_folder(bed, "Other", 9), op;
	msgid id = show(bed, bed->inbox, 4);

	op = move(bed, id, to);
	set(bed, op, OP_CHECKING);
	vanish(bed, bed->inbox, 4);
	g_assert_cmpint(show(bed, other, 9), !=, id);
	g_assert_cmpint(show(bed, bed->inbox, 5), !=, id);
	/* One that was there before the op began. */
	g_assert_cmpint(show(bed, to, 29), !=, id);
	assert_at(bed, id, to, 0, 0);
	g_assert_cmpint(show(bed, to, 30), ==, id);
	assert_at(bed, id, to, to, 30);
}

/* An op whose answer is under way knows best; what is not of it may be what another client has moved. */
static void
what_an_op_brings_is_not_taken_by_one_that_vanished(struct bed *bed, gconstpointer nameless)
{
	mail.id = nameless ? NULL : "<a@x>";

	gint64 to = make_folder(bed, "Lists", 30), other = make_folder(bed, "Other", 9), op;
	msgid lost = show(bed, bed->inbox, 4), source = show(bed, other, 8), made;

	made = copy(bed, source, to, &op);
	vanish(bed, bed->inbox, 4);
	g_assert_cmpint(show(bed, to, 30), !=, lost);
	tell(bed, op, made, to, 30);
	assert_at(bed, made, to, to, 30);
	assert_at(bed, lost, 0, 0, 0);
	g_assert_cmpint(show(bed, to, 31), ==, lost);
	mail.id = "<a@x>";
}

static void
what_has_an_id_of_its_own_is_another(struct bed *bed, gconstpointer unused)
{
	gint64 to = make_folder(bed, "Lists", 30);
	msgid id;

	mail.email_id = "M1";
	id = show(bed, bed->inbox, 4);
	vanish(bed, bed->inbox, 4);
	mail.email_id = "M2";
	g_assert_cmpint(show(bed, to, 30), !=, id);
	mail.email_id = "M1";
	g_assert_cmpint(show(bed, to, 31), ==, id);
	mail.email_id = NULL;
}

/* An op has brought another to the UID of which the server says that it is id's: that is no row that was made
 * for it meanwhile, whatever number it had where it was before, and wherever it is to go from here. */
static void
what_was_brought_there_is_not_what_was_made_there(struct bed *bed, gconstpointer goes_on)
{
	gint64 to = make_folder(bed, "Lists", 30), other = make_folder(bed, "Other", 9);
	msgid one = show(bed, bed->inbox, goes_on ? 4 : 30), id = show(bed, other, 8);
	gint64 first = move(bed, one, to), second = move(bed, id, to);

	tell(bed, first, one, to, 30);
	if (goes_on)
		g_assert_true(store_journal_move(bed->store, &one, 1, other, NULL, NULL));
	tell(bed, second, id, to, 30);
	assert_at(bed, id, to, to, 30);
	assert_at(bed, one, goes_on ? other : to, to, 0);
	g_assert_cmpint(show(bed, to, 31), ==, one);
	assert_at(bed, one, goes_on ? other : to, to, 31);
}

/* One that the server has shown meanwhile is the same, also when the person has sent it on. */
static void
what_was_made_there_goes_into_the_older_one(struct bed *bed, gconstpointer unused)
{
	gint64 to = make_folder(bed, "Lists", 30), other = make_folder(bed, "Other", 9);
	msgid id = show(bed, bed->inbox, 4), fresh;
	gint64 op = move(bed, id, to);

	fresh = show(bed, to, 30);
	g_assert_true(store_journal_move(bed->store, &fresh, 1, other, NULL, NULL));
	/* At a second attempt, too. */
	set(bed, op, OP_WAITING);
	set(bed, op, OP_RUNNING);
	tell(bed, op, id, to, 30);
	g_assert_null(store_row(bed->store, fresh, NULL));
	assert_at(bed, id, other, to, 30);
}

/* Nobody told under which UID it is, and one that is like it was shown meanwhile. */
static void
what_was_shown_meanwhile_is_the_same(struct bed *bed, gconstpointer nameless)
{
	gint64 to = make_folder(bed, "Lists", 30), op;
	msgid id, fresh;

	mail.id = nameless ? NULL : "<a@x>";
	id = show(bed, bed->inbox, 4);
	op = move(bed, id, to);
	fresh = show(bed, to, 30);
	g_assert_cmpint(fresh, !=, id);
	tell(bed, op, id, to, 0);
	g_assert_null(store_row(bed->store, fresh, NULL));
	assert_at(bed, id, to, to, 30);
	mail.id = "<a@x>";
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/meet/suspected", what_is_looked_into_is_met_only_where_its_op_puts_it);
	BED_TEST("/store/meet/expected", what_an_op_brings_is_not_taken_by_one_that_vanished);
	g_test_add("/store/meet/expected-nameless", struct bed, "nameless", bed_up,
	           what_an_op_brings_is_not_taken_by_one_that_vanished, bed_down);
	BED_TEST("/store/meet/meanwhile", what_was_shown_meanwhile_is_the_same);
	g_test_add("/store/meet/meanwhile-nameless", struct bed, "nameless", bed_up,
	           what_was_shown_meanwhile_is_the_same, bed_down);
	BED_TEST("/store/meet/email-id", what_has_an_id_of_its_own_is_another);
	BED_TEST("/store/meet/brought", what_was_brought_there_is_not_what_was_made_there);
	g_test_add("/store/meet/brought-and-sent-on", struct bed, "on", bed_up,
	           what_was_brought_there_is_not_what_was_made_there, bed_down);
	BED_TEST("/store/meet/made", what_was_made_there_goes_into_the_older_one);
	return g_test_run();
}
