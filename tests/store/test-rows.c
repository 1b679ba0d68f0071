#include <string.h>
#include "store-util.h"

#define ROWS(var) g_autoptr(GPtrArray) var = g_ptr_array_new_with_free_func(store_row_free)

static struct store_row *
row_of(struct store *store, msgid id)
{
	g_autoptr(GError) error = NULL;
	struct store_row *row = store_row(store, id, &error);

	g_assert_no_error(error);
	g_assert_nonnull(row);
	return row;
}

static void
assert_counts(struct store *store, gint64 id, gint64 total, gint64 unread)
{
	struct store_folder *folder = folder_of(store, id);

	g_assert_cmpint(folder->rows, ==, total);
	g_assert_cmpint(folder->total, ==, total);
	g_assert_cmpint(folder->unread, ==, unread);
	store_folder_free(folder);
}

static void
a_row_comes_back_as_it_was_added(struct bed *bed, gconstpointer unused)
{
	msgid id = add_mail(bed->store, bed->inbox,
	                    &(struct mail){.uid = 7,
	                                   .received = 1000,
	                                   .flags = FLAG_SEEN | FLAG_FLAGGED,
	                                   .id = "<b@x>",
	                                   .parent = "<a@x>",
	                                   .references = "<r@x> <a@x>",
	                                   .keywords = "$Forwarded work",
	                                   .email_id = "E1",
	                                   .subject = "Grüße"});
	struct store_row *row = row_of(bed->store, id);
	const struct mime_address *from = row->from->pdata[0];

	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpint(row->folder, ==, bed->inbox);
	g_assert_cmpuint(row->uid, ==, 7);
	g_assert_cmpint(row->key.received, ==, 1000);
	g_assert_cmpint(row->key.ord, ==, 7);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_FLAGGED);
	g_assert_cmpuint(row->pending, ==, 0);
	g_assert_cmpstr(row->keywords, ==, "$Forwarded work");
	g_assert_true(row->has_date);
	g_assert_cmpint(row->date, ==, 995);
	g_assert_cmpint(row->zone, ==, -120);
	g_assert_cmpuint(row->size, ==, 1000);
	g_assert_cmpstr(from->name, ==, "Ada Beispiel");
	g_assert_cmpstr(from->email, ==, "someone@example.org");
	g_assert_cmpuint(row->to->len, ==, 1);
	g_assert_cmpuint(row->cc->len, ==, 0);
	g_assert_cmpstr(row->subject, ==, "Grüße");
	g_assert_cmpstr(row->message_id, ==, "<b@x>");
	g_assert_cmpstr(row->in_reply_to, ==, "<a@x>");
	g_assert_cmpstr(row->references, ==, "<r@x> <a@x>");
	g_assert_cmpstr(row->email_id, ==, "E1");
	g_assert_cmpint(row->attachments, ==, 0);
	g_assert_cmpint(row->body, ==, BODY_NONE);
	g_assert_null(row->file);
	g_assert_null(row->refused);
	store_row_free(row);
}

static void
parents_that_are_no_reference_are_kept(struct bed *bed, gconstpointer unused)
{
	static const struct {
		const char *parent, *references;
	} cases[] = {{"", ""},           {"<p@x>", ""},      {"", "<r@x>"},
	             {"<p@x>", "<r@x>"}, {"<r@x>", "<r@x>"}, {"<p@x>", "<r@x> <q@x>"}};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		msgid id = add_mail(bed->store, bed->inbox,
		                    &(struct mail){.uid = i + 1,
		                                   .parent = cases[i].parent,
		                                   .references = cases[i].references});
		struct store_row *row = row_of(bed->store, id);

		g_assert_cmpstr(row->in_reply_to, ==, cases[i].parent);
		g_assert_cmpstr(row->references, ==, cases[i].references);
		store_row_free(row);
	}
}

static void
adding_a_known_uid_changes_its_flags(struct bed *bed, gconstpointer unused)
{
	struct mime_part *part = mime_part_new();
	struct mail mail = {.uid = 5, .received = 10, .id = "<a@x>"};
	msgid id, again, third;
	struct store_row *row;

	begin(bed->store);
	id = add_mail(bed->store, bed->inbox, &mail);
	mail.flags = FLAG_SEEN;
	mail.keywords = "x";
	mail.structure = part;
	again = add_mail(bed->store, bed->inbox, &mail);
	commit(bed->store);
	third = add_mail(bed->store, bed->inbox, &mail);
	g_assert_cmpint(id, ==, again);
	g_assert_cmpint(id, ==, third);
	row = row_of(bed->store, id);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	g_assert_cmpstr(row->keywords, ==, "x");
	g_assert_true(row->has_structure);
	store_row_free(row);
	assert_counts(bed->store, bed->inbox, 1, 0);
	mime_part_free(part);
}

/* Descending, ascending, inside out, with doubles: each UID has one row at the end. */
static void
uids_may_come_in_any_order(struct bed *bed, gconstpointer unused)
{
	GRand *rand = g_rand_new_with_seed(7);
	struct uidset uids;

	for (guint round = 0; round < 40; round++) {
		guint64 start = (guint64)g_rand_int_range(rand, 1, 400);
		int step = round % 2 ? 1 : -1;

		begin(bed->store);
		for (int i = 0; i < 50; i++) {
			gint64 uid = (gint64)start + step * i * (round % 3 + 1);

			if (round % 5 == 4)
				uid = g_rand_int_range(rand, 1, 500);
			if (uid > 0)
				add_mail(bed->store, bed->inbox,
				         &(struct mail){.uid = (guint64)uid, .received = uid});
		}
		commit(bed->store);
	}
	uidset_init(&uids);
	g_assert_true(store_uids(bed->store, bed->inbox, 0, 0, &uids, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, (gint64)uidset_count(&uids));
	g_assert_cmpint(ask(bed->dir, "SELECT count(DISTINCT uid) FROM message"), ==,
	                (gint64)uidset_count(&uids));
	uidset_clear(&uids);
	g_rand_free(rand);
}

static void
base_flags_move_the_counters(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	struct store_row *row;
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});

	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .flags = FLAG_SEEN});
	assert_counts(bed->store, bed->inbox, 2, 1);
	g_assert_true(store_set_base(bed->store, bed->inbox, 1, FLAG_SEEN | FLAG_ANSWERED, "red", &error));
	g_assert_no_error(error);
	assert_counts(bed->store, bed->inbox, 2, 0);
	g_assert_false(store_set_base(bed->store, bed->inbox, 99, FLAG_SEEN, NULL, &error));
	g_assert_no_error(error);
	g_assert_true(store_change_base(bed->store, bed->inbox, 1, FLAG_FLAGGED, FLAG_SEEN, &error));
	row = row_of(bed->store, id);
	g_assert_cmpuint(row->flags, ==, FLAG_ANSWERED | FLAG_FLAGGED);
	g_assert_cmpstr(row->keywords, ==, "red");
	store_row_free(row);
	assert_counts(bed->store, bed->inbox, 2, 1);
	g_assert_true(store_set_base(bed->store, bed->inbox, 1, 0, NULL, &error));
	row = row_of(bed->store, id);
	g_assert_cmpstr(row->keywords, ==, "");
	store_row_free(row);
}

static void
the_revision_grows_with_each_change(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	guint64 before = folder->revision;

	store_folder_free(folder);
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpuint(folder->revision, >, before);
	before = folder->revision;
	store_folder_free(folder);
	store_set_base(bed->store, bed->inbox, 1, FLAG_SEEN, NULL, NULL);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpuint(folder->revision, >, before);
	store_folder_free(folder);
}

/* ---- windows ---- */

static int
newest_first(const void *a, const void *b)
{
	const struct store_key *x = a, *y = b;

	if (x->received != y->received)
		return x->received < y->received ? 1 : -1;
	if (x->ord != y->ord)
		return x->ord < y->ord ? 1 : -1;
	return x->id < y->id ? 1 : -1;
}

static GArray *
fill(struct bed *bed, guint n)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct store_key));
	GRand *rand = g_rand_new_with_seed(3);

	begin(bed->store);
	for (guint i = 0; i < n; i++) {
		gint64 received = g_rand_int_range(rand, -3, (int)n / 3);
		guint64 uid = i % 4 ? n + 1 - i : 0;
		g_autofree char *file = uid ? NULL : g_strdup_printf("/m/cur/%u", i);
		struct store_key key = {
		        received, 0,
		        add_mail(bed->store, bed->inbox,
		                 &(struct mail){.uid = uid, .received = received, .file = file})};

		key.ord = uid ? (gint64)uid : key.id;
		g_array_append_val(keys, key);
	}
	commit(bed->store);
	g_rand_free(rand);
	g_array_sort(keys, newest_first);
	return keys;
}

static void
windows_walk_the_list_in_both_directions(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GArray) keys = fill(bed, 500);
	g_autoptr(GError) error = NULL;

	for (guint at = 0; at <= keys->len; at += 7) {
		const struct store_key *key = at ? &g_array_index(keys, struct store_key, at - 1) : NULL;
		ROWS(older);
		ROWS(newer);

		g_assert_true(store_rows(bed->store, bed->inbox, key, TRUE, 20, older, &error));
		g_assert_cmpuint(older->len, ==, MIN(20, keys->len - at));
		for (guint i = 0; i < older->len; i++)
			g_assert_cmpint(((struct store_row *)older->pdata[i])->id, ==,
			                g_array_index(keys, struct store_key, at + i).id);
		key = at < keys->len ? &g_array_index(keys, struct store_key, at) : NULL;
		g_assert_true(store_rows(bed->store, bed->inbox, key, FALSE, 20, newer, &error));
		g_assert_cmpuint(newer->len, ==, MIN(20, at));
		for (guint i = 0; i < newer->len; i++)
			g_assert_cmpint(((struct store_row *)newer->pdata[i])->id, ==,
			                g_array_index(keys, struct store_key, at - 1 - i).id);
		if (key)
			g_assert_cmpint(store_position(bed->store, bed->inbox, key, 100, &error), ==,
			                MIN(100, at));
	}
	g_assert_no_error(error);
}

static void
an_empty_folder_gives_nothing(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	ROWS(rows);

	g_assert_true(store_rows(bed->store, bed->inbox, NULL, TRUE, 60, rows, &error));
	g_assert_true(store_rows(bed->store, bed->inbox, NULL, FALSE, 60, rows, &error));
	g_assert_cmpuint(rows->len, ==, 0);
	g_assert_null(store_row(bed->store, 4711, &error));
	g_assert_cmpint(store_id_by_uid(bed->store, bed->inbox, 1, &error), ==, 0);
	g_assert_no_error(error);
}

/* ---- removing ---- */

static void
removed_uids_are_gone_with_their_counts(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	struct uidset uids;

	begin(bed->store);
	for (guint i = 1; i <= 20; i++)
		add_mail(bed->store, bed->inbox, &(struct mail){.uid = i, .received = i, .flags = i % 2});
	commit(bed->store);
	uidset_init(&uids);
	uidset_add(&uids, 3, 6);
	uidset_add(&uids, 19, G_MAXUINT64);
	g_assert_cmpint(store_remove_uids(bed->store, bed->inbox, &uids, &error), ==, 6);
	g_assert_no_error(error);
	assert_counts(bed->store, bed->inbox, 14, 7);
	uidset_clear(&uids);
	g_assert_true(store_uids(bed->store, bed->inbox, 0, 0, &uids, &error));
	g_assert_cmpuint(uids.len, ==, 2);
	g_assert_cmpuint(uids.ranges[0].hi, ==, 2);
	g_assert_cmpuint(uids.ranges[1].lo, ==, 7);
	uidset_clear(&uids);
	g_assert_true(store_uids(bed->store, bed->inbox, FLAG_SEEN, FLAG_SEEN, &uids, &error));
	g_assert_cmpuint(uidset_count(&uids), ==, 7);
	g_assert_false(uidset_has(&uids, 2));
	uidset_clear(&uids);
	g_assert_true(store_remove(bed->store, store_id_by_uid(bed->store, bed->inbox, 1, NULL), &error));
	g_assert_true(store_remove(bed->store, 4711, &error));
	assert_counts(bed->store, bed->inbox, 13, 7);
}

static void
row_ids_are_never_used_twice(struct bed *bed, gconstpointer unused)
{
	msgid first = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1}), second;

	g_assert_true(store_remove(bed->store, first, NULL));
	bed_reopen(bed);
	second = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1});
	g_assert_cmpint(second, >, first);
}

static void
a_rollback_leaves_nothing(struct bed *bed, gconstpointer unused)
{
	msgid id;

	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .id = "<a@x>"});
	begin(bed->store);
	id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .parent = "<a@x>"});
	store_set_base(bed->store, bed->inbox, 1, FLAG_SEEN, NULL, NULL);
	assert_counts(bed->store, bed->inbox, 2, 1);
	rollback(bed->store);
	assert_counts(bed->store, bed->inbox, 1, 1);
	g_assert_null(store_row(bed->store, id, NULL));
	check_store(bed->dir);
}

/* ---- folders ---- */

static void
folders_come_in_their_order(struct bed *bed, gconstpointer unused)
{
	static const char *const expected[] = {"INBOX", "Entwürfe", "Sent",      "Papierkorb",
	                                       "alpha", "Beta",     "Beta/Gamma"};
	g_autoptr(GPtrArray) folders = NULL;
	struct store_folder *found;

	add_folder(bed->store, "Beta/Gamma", "");
	add_folder(bed->store, "Papierkorb", "trash");
	add_folder(bed->store, "alpha", "");
	add_folder(bed->store, "Sent", "sent");
	add_folder(bed->store, "Beta", "");
	add_folder(bed->store, "Entwürfe", "drafts");
	folders = store_folders(bed->store, NULL);
	g_assert_cmpuint(folders->len, ==, G_N_ELEMENTS(expected));
	for (guint i = 0; i < folders->len; i++)
		g_assert_cmpstr(((struct store_folder *)folders->pdata[i])->path, ==, expected[i]);
	found = store_folder_by_path(bed->store, "inbox", NULL);
	g_assert_cmpint(found->id, ==, bed->inbox);
	store_folder_free(found);
	g_assert_null(store_folder_by_path(bed->store, "beta", NULL));
	found = store_folder_by_path(bed->store, "Beta", NULL);
	g_assert_cmpstr(found->path, ==, "Beta");
	store_folder_free(found);
}

static void
the_sync_state_is_kept_whole(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);

	folder->uidvalidity = G_GUINT64_CONSTANT(4294967295);
	folder->uidnext = 77;
	folder->modseq = G_GUINT64_CONSTANT(9223372036854775807);
	folder->exists = 12;
	g_free(folder->windows);
	folder->windows = g_strdup("1:3,9");
	folder->synced = 99;
	folder->server_total = 12;
	folder->server_unread = 5;
	g_assert_true(store_folder_put_state(bed->store, folder, NULL));
	store_folder_free(folder);
	bed_reopen(bed);
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpuint(folder->uidvalidity, ==, G_GUINT64_CONSTANT(4294967295));
	g_assert_cmpuint(folder->uidnext, ==, 77);
	g_assert_cmpuint(folder->modseq, ==, G_GUINT64_CONSTANT(9223372036854775807));
	g_assert_cmpuint(folder->exists, ==, 12);
	g_assert_cmpstr(folder->windows, ==, "1:3,9");
	g_assert_cmpint(folder->synced, ==, 99);
	/* Rows are missing: the server's counts are shown. */
	g_assert_cmpint(folder->total, ==, 12);
	g_assert_cmpint(folder->unread, ==, 5);
	folder->complete = TRUE;
	g_assert_true(store_folder_put_state(bed->store, folder, NULL));
	store_folder_free(folder);
	assert_counts(bed->store, bed->inbox, 0, 0);
}

static void
a_read_message_lowers_the_count_of_a_folder_with_holes(struct bed *bed, gconstpointer unused)
{
	struct store_folder *folder = folder_of(bed->store, bed->inbox);
	msgid id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 9});
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	folder->server_total = 100;
	folder->server_unread = 40;
	g_assert_true(store_folder_put(bed->store, folder, NULL));
	store_folder_free(folder);
	g_assert_true(store_journal_flags(bed->store, &id, 1, FLAG_SEEN, 0, NULL, NULL, NULL, NULL));
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->unread, ==, 39);
	store_folder_free(folder);
	g_assert_true(store_ops(bed->store, TRUE, 0, ops, NULL));
	g_assert_true(store_op_done(bed->store, ((struct store_op *)ops->pdata[0])->id, NULL));
	folder = folder_of(bed->store, bed->inbox);
	g_assert_cmpint(folder->unread, ==, 39);
	store_folder_free(folder);
}

static void
a_removed_folder_takes_its_rows_along(struct bed *bed, gconstpointer unused)
{
	gint64 other = add_folder(bed->store, "Lists", "");
	g_autoptr(GError) error = NULL;

	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .id = "<a@x>"});
	add_mail(bed->store, other, &(struct mail){.uid = 1, .id = "<b@x>", .parent = "<a@x>"});
	add_mail(bed->store, other, &(struct mail){.uid = 2, .id = "<c@x>"});
	g_assert_true(store_folder_remove(bed->store, other, &error));
	g_assert_no_error(error);
	g_assert_null(store_folder_by_id(bed->store, other, &error));
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message WHERE folder"), ==, 1);
}

static void
rows_keep_their_bodies_over_a_new_uidvalidity(struct bed *bed, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) body = NULL;
	msgid by_email =
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = 10, .email_id = "E1"});
	msgid by_id =
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .received = 20, .id = "<b@x>"});
	msgid gone =
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 3, .received = 30, .id = "<c@x>"});
	msgid fresh;

	g_assert_true(store_part_put(bed->store, by_id, "", "body", 4, FALSE, &error));
	g_assert_true(store_folder_unbind(bed->store, bed->inbox, &error));
	g_assert_cmpint(store_id_by_uid(bed->store, bed->inbox, 1, NULL), ==, 0);
	bed_reopen(bed);
	begin(bed->store);
	g_assert_cmpint(
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .received = 11, .email_id = "E1"}),
	        ==, by_email);
	g_assert_cmpint(add_mail(bed->store, bed->inbox,
	                         &(struct mail){.uid = 1, .received = 20, .id = "<b@x>", .flags = FLAG_SEEN}),
	                ==, by_id);
	/* The same Message-ID with another size is another message; and each row is met once. */
	fresh = add_mail(bed->store, bed->inbox,
	                 &(struct mail){.uid = 5, .received = 30, .id = "<c@x>", .size = 5});
	g_assert_cmpint(fresh, >, gone);
	g_assert_cmpint(
	        add_mail(bed->store, bed->inbox, &(struct mail){.uid = 6, .received = 20, .id = "<b@x>"}), >,
	        fresh);
	commit(bed->store);
	g_assert_true(store_folder_rebound(bed->store, bed->inbox, &error));
	g_assert_no_error(error);
	g_assert_cmpint(ask(bed->dir, "SELECT id FROM message WHERE folder = 0"), ==, gone);
	g_assert_cmpint(store_id_by_uid(bed->store, bed->inbox, 1, NULL), ==, by_id);
	body = store_part(bed->store, by_id, "", &error);
	g_assert_cmpuint(g_bytes_get_size(body), ==, 4);
	assert_counts(bed->store, bed->inbox, 4, 3);
}

static void
maildir_rows_are_known_by_their_file(struct bed *bed, gconstpointer unused)
{
	struct mail mail = {.file = "/m/cur/1:2,", .received = 5, .id = "<a@x>"};
	msgid id = add_mail(bed->store, bed->inbox, &mail), other;
	g_autoptr(GError) error = NULL;
	struct store_row *row;

	g_assert_cmpint(add_mail(bed->store, bed->inbox, &mail), ==, id);
	mail.file = "/m/cur/2:2,";
	other = add_mail(bed->store, bed->inbox, &mail);
	g_assert_cmpint(other, !=, id);
	g_assert_true(store_set_file(bed->store, id, "/m/cur/1:2,S", FLAG_SEEN, NULL, "a b", &error));
	row = row_of(bed->store, id);
	g_assert_cmpstr(row->file, ==, "/m/cur/1:2,S");
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	g_assert_cmpstr(row->keywords, ==, "a b");
	g_assert_cmpint(row->body, ==, BODY_FULL);
	store_row_free(row);
	g_assert_no_error(error);
	g_assert_false(store_set_file(bed->store, 4711, "/x", 0, NULL, NULL, &error));
	g_assert_nonnull(error);
	assert_counts(bed->store, bed->inbox, 2, 1);
}

/* A message is somewhere since another time as soon as it is somewhere else. */
static void
since_when_ends_with_the_binding(struct bed *bed, gconstpointer unused)
{
	gint64 trash = add_folder(bed->store, "Trash", "trash");
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(msgid));
	msgid ids[3];

	for (guint i = 0; i < 3; i++) {
		ids[i] = add_mail(bed->store, bed->inbox, &(struct mail){.uid = i + 1, .id = "a"});
		g_assert_true(store_set_saved(bed->store, ids[i], bed->inbox, i + 1, 7000 + i, NULL));
	}
	g_assert_true(store_set_saved(bed->store, ids[0], bed->inbox, 2, 1, NULL)); /* another message's */
	g_assert_true(store_set_saved(bed->store, ids[0], trash, 1, 1, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message WHERE saved = 7000 + uid - 1"), ==, 3);
	g_assert_true(store_set_base(bed->store, bed->inbox, 1, FLAG_SEEN, NULL, NULL));
	g_assert_true(store_journal_copy(bed->store, ids, 1, trash, copies, NULL, NULL));
	g_assert_true(store_journal_move(bed->store, ids + 1, 1, trash, NULL, NULL));
	/* What the server says of the place that it is still in. */
	g_assert_true(store_set_saved(bed->store, ids[1], bed->inbox, 2, 1, NULL));
	for (guint i = 0; i < 3; i++) {
		struct store_row *row = store_row(bed->store, ids[i], NULL);

		g_assert_cmpint(row->saved, ==, i == 1 ? 0 : 7000 + i);
		store_row_free(row);
	}
	g_assert_cmpint(ask(bed->dir, "SELECT count(saved) FROM message"), ==, 2);
	g_assert_true(store_set_saved(bed->store, ids[0], bed->inbox, 1, 0, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(saved) FROM message"), ==, 1);
	g_assert_true(store_folder_unbind(bed->store, bed->inbox, NULL));
	g_assert_cmpint(ask(bed->dir, "SELECT count(saved) FROM message"), ==, 0);
	check_store(bed->dir);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/rows/round-trip", a_row_comes_back_as_it_was_added);
	BED_TEST("/store/rows/parents", parents_that_are_no_reference_are_kept);
	BED_TEST("/store/rows/known-uid", adding_a_known_uid_changes_its_flags);
	BED_TEST("/store/rows/uid-order", uids_may_come_in_any_order);
	BED_TEST("/store/rows/base", base_flags_move_the_counters);
	BED_TEST("/store/rows/revision", the_revision_grows_with_each_change);
	BED_TEST("/store/rows/windows", windows_walk_the_list_in_both_directions);
	BED_TEST("/store/rows/empty", an_empty_folder_gives_nothing);
	BED_TEST("/store/rows/remove", removed_uids_are_gone_with_their_counts);
	BED_TEST("/store/rows/ids", row_ids_are_never_used_twice);
	BED_TEST("/store/rows/rollback", a_rollback_leaves_nothing);
	BED_TEST("/store/folders/order", folders_come_in_their_order);
	BED_TEST("/store/folders/state", the_sync_state_is_kept_whole);
	BED_TEST("/store/folders/holes", a_read_message_lowers_the_count_of_a_folder_with_holes);
	BED_TEST("/store/folders/remove", a_removed_folder_takes_its_rows_along);
	BED_TEST("/store/folders/uidvalidity", rows_keep_their_bodies_over_a_new_uidvalidity);
	BED_TEST("/store/rows/maildir", maildir_rows_are_known_by_their_file);
	BED_TEST("/store/rows/since-when", since_when_ends_with_the_binding);
	return g_test_run();
}
