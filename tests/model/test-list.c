#include "model/list.h"
#include "sample.h"

static msgid
id_at(struct list *list, int y)
{
	const struct list_item *item = list_at(list, y);

	return item ? item->row->id : 0;
}

static msgid
cursor_id(struct list *list)
{
	const struct list_item *item = list_cursor(list);

	return item ? item->row->id : 0;
}

static gint64
place(struct list *list)
{
	gint64 at, total;

	list_place(list, &at, &total);
	return at;
}

static void
fill(struct sample *sample, guint n, msgid *ids)
{
	for (guint i = 1; i <= n; i++) {
		g_autofree char *subject = g_strdup_printf("subject %u", i);

		ids[i] = sample_add(sample, sample->inbox, i, 0, "Ann <ann@a.example>", subject, FLAG_SEEN);
	}
}

static struct list *
open_list(struct sample *sample, gboolean threads, int height)
{
	struct list *list = list_new(threads, height);
	GError *error = NULL;

	g_assert_true(list_open(list, sample->reader, sample->inbox, &error));
	g_assert_no_error(error);
	return list;
}

static void
an_empty_folder_has_no_cursor(void)
{
	struct sample sample;
	struct list *list;

	sample_open(&sample);
	list = open_list(&sample, TRUE, 10);
	g_assert_null(list_cursor(list));
	g_assert_cmpint(list_cursor_y(list), ==, -1);
	g_assert_false(list_move(list, 1));
	g_assert_false(list_first(list));
	g_assert_false(list_last(list));
	g_assert_false(list_page(list, 2));
	g_assert_false(list_fold(list));
	g_assert_cmpint(list_seek_new(list, 1), ==, -1);
	g_assert_cmpint(place(list), ==, 0);
	list_free(list);
	sample_close(&sample);
}

static void
newest_is_on_top_and_under_the_cursor(void)
{
	struct sample sample;
	msgid ids[31];
	struct list *list;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, FALSE, 10);
	g_assert_cmpint(id_at(list, 0), ==, ids[30]);
	g_assert_cmpint(id_at(list, 9), ==, ids[21]);
	g_assert_cmpint(cursor_id(list), ==, ids[30]);
	g_assert_cmpint(place(list), ==, 1);
	list_free(list);
	sample_close(&sample);
}

/* Down to the end and up again, through many loads and trims: every message once, in order, with its place.
 */
static void
walking_meets_each_message_once(gconstpointer threads)
{
	struct sample sample;
	enum { N = 700 };
	msgid *ids = g_new0(msgid, N + 1);
	struct list *list;

	sample_open(&sample);
	fill(&sample, N, ids);
	list = open_list(&sample, GPOINTER_TO_INT(threads), 7);
	for (int i = N; i >= 1; i--) {
		g_assert_cmpint(cursor_id(list), ==, ids[i]);
		g_assert_cmpint(place(list), ==, N - i + 1);
		g_assert_cmpint(list_cursor_y(list), >=, 0);
		g_assert_cmpint(list_cursor_y(list), <, 7);
		g_assert_cmpint(list_count(list), <, 200);
		g_assert_true(list_move(list, 1) == (i > 1));
	}
	for (int i = 1; i <= N; i++) {
		g_assert_cmpint(cursor_id(list), ==, ids[i]);
		g_assert_cmpint(place(list), ==, N - i + 1);
		g_assert_true(list_move(list, -1) == (i < N));
	}
	g_free(ids);
	list_free(list);
	sample_close(&sample);
}

static void
jumps_reach_both_ends(void)
{
	struct sample sample;
	msgid ids[301];
	struct list *list;

	sample_open(&sample);
	fill(&sample, 300, ids);
	list = open_list(&sample, TRUE, 10);
	g_assert_true(list_last(list));
	g_assert_cmpint(cursor_id(list), ==, ids[1]);
	g_assert_cmpint(id_at(list, 9), ==, ids[1]);
	g_assert_cmpint(place(list), ==, 300);
	g_assert_true(list_move(list, -25));
	g_assert_cmpint(cursor_id(list), ==, ids[26]);
	g_assert_cmpint(place(list), ==, 275);
	g_assert_true(list_first(list));
	g_assert_cmpint(cursor_id(list), ==, ids[300]);
	g_assert_true(list_move(list, 250));
	g_assert_cmpint(cursor_id(list), ==, ids[50]);
	g_assert_cmpint(place(list), ==, 251);
	list_free(list);
	sample_close(&sample);
}

static void
pages_scroll_by_screens(void)
{
	struct sample sample;
	msgid ids[51];
	struct list *list;

	sample_open(&sample);
	fill(&sample, 50, ids);
	list = open_list(&sample, FALSE, 10);
	g_assert_true(list_page(list, 2));
	g_assert_cmpint(id_at(list, 0), ==, ids[40]);
	g_assert_cmpint(cursor_id(list), ==, ids[40]);
	g_assert_true(list_page(list, 1));
	g_assert_cmpint(id_at(list, 0), ==, ids[35]);
	g_assert_true(list_page(list, -2));
	g_assert_cmpint(id_at(list, 0), ==, ids[45]);
	g_assert_true(list_to_row(list, 9));
	g_assert_cmpint(cursor_id(list), ==, ids[36]);
	for (int i = 0; i < 5; i++)
		list_page(list, 2);
	g_assert_cmpint(cursor_id(list), ==, ids[1]);
	list_free(list);
	sample_close(&sample);
}

static void
the_cursor_stays_on_the_newest_until_it_is_moved(void)
{
	struct sample sample;
	msgid ids[31], newest;
	struct list *list;
	GError *error = NULL;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, TRUE, 10);
	newest = sample_add(&sample, sample.inbox, 31, 0, "x@y.example", "news", 0);
	g_assert_true(list_refresh(list, &error));
	g_assert_cmpint(cursor_id(list), ==, newest);
	g_assert_cmpint(list_cursor_y(list), ==, 0);
	list_move(list, 3);
	g_assert_cmpint(cursor_id(list), ==, ids[28]);
	sample_add(&sample, sample.inbox, 32, 0, "x@y.example", "more news", 0);
	g_assert_true(list_refresh(list, &error));
	g_assert_cmpint(cursor_id(list), ==, ids[28]);
	g_assert_cmpint(place(list), ==, 5);
	list_free(list);
	sample_close(&sample);
}

static void
the_cursor_falls_to_an_older_message_when_its_own_goes(gconstpointer threads)
{
	struct sample sample;
	msgid ids[31];
	struct list *list;
	GError *error = NULL;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, GPOINTER_TO_INT(threads), 10);
	list_move(list, 4);
	g_assert_cmpint(cursor_id(list), ==, ids[26]);
	g_assert_true(store_begin(sample.writer, FALSE, &error));
	g_assert_true(store_remove(sample.writer, ids[26], &error));
	g_assert_true(store_commit(sample.writer, &error));
	g_assert_true(list_refresh(list, &error));
	g_assert_cmpint(cursor_id(list), ==, ids[25]);
	g_assert_cmpint(place(list), ==, 5);
	list_free(list);
	sample_close(&sample);
}

/* 1 ← 2 ← 4, 1 ← 3; 5 alone; the conversation is newer than 5 once 6 answers 3. */
static void
fill_threads(struct sample *sample, msgid *ids)
{
	ids[1] = sample_add(sample, sample->inbox, 1, 0, "Ann <a@a.example>", "Budget", FLAG_SEEN);
	ids[2] = sample_add(sample, sample->inbox, 2, 1, "Bob <b@b.example>", "Re: Budget", FLAG_SEEN);
	ids[3] = sample_add(sample, sample->inbox, 3, 1, "Cy <c@c.example>", "AW: Budget", FLAG_SEEN);
	ids[4] = sample_add(sample, sample->inbox, 4, 2, "Ann <a@a.example>", "Re: Budget, corrected", 0);
	ids[5] = sample_add(sample, sample->inbox, 5, 0, "Dee <d@d.example>", "Lunch", FLAG_SEEN);
}

static void
conversations_stand_together(void)
{
	struct sample sample;
	msgid ids[7];
	struct list *list;
	const struct list_item *item;
	GError *error = NULL;

	sample_open(&sample);
	fill_threads(&sample, ids);
	list = open_list(&sample, TRUE, 10);
	g_assert_cmpint(id_at(list, 0), ==, ids[5]);
	g_assert_cmpint(id_at(list, 1), ==, ids[1]);
	g_assert_cmpint(id_at(list, 2), ==, ids[2]);
	g_assert_cmpint(id_at(list, 3), ==, ids[4]);
	g_assert_cmpint(id_at(list, 4), ==, ids[3]);
	item = list_at(list, 2);
	g_assert_cmpuint(item->depth, ==, 1);
	g_assert_false(item->last);
	g_assert_true(item->same_subject);
	item = list_at(list, 3);
	g_assert_cmpuint(item->depth, ==, 2);
	g_assert_true(item->last);
	g_assert_false(item->same_subject);
	g_assert_cmpuint(item->arms, ==, 1);
	item = list_at(list, 4);
	g_assert_true(item->same_subject);
	ids[6] = sample_add(&sample, sample.inbox, 6, 3, "Eve <e@e.example>", "Re: Budget", 0);
	g_assert_true(list_refresh(list, &error));
	g_assert_cmpint(id_at(list, 0), ==, ids[1]);
	g_assert_cmpint(cursor_id(list), ==, ids[6]);
	g_assert_cmpint(id_at(list, 5), ==, ids[5]);
	list_free(list);
	sample_close(&sample);
}

static void
a_folded_conversation_is_its_newest_message(void)
{
	struct sample sample;
	msgid ids[7];
	struct list *list;
	const struct list_item *item;

	sample_open(&sample);
	fill_threads(&sample, ids);
	list = open_list(&sample, TRUE, 10);
	g_assert_false(list_fold(list)); /* one message */
	list_move(list, 2);
	g_assert_cmpint(cursor_id(list), ==, ids[2]);
	g_assert_true(list_fold(list));
	item = list_cursor(list);
	g_assert_cmpint(item->row->id, ==, ids[4]);
	g_assert_cmpuint(item->hidden, ==, 3);
	g_assert_cmpuint(item->unread_hidden, ==, 0);
	g_assert_cmpint(list_count(list), ==, 2);
	g_assert_true(list_fold(list));
	g_assert_cmpint(cursor_id(list), ==, ids[4]);
	g_assert_cmpint(list_count(list), ==, 5);
	list_fold_all(list);
	g_assert_cmpint(list_count(list), ==, 2);
	g_assert_cmpint(cursor_id(list), ==, ids[4]);
	list_free(list);
	sample_close(&sample);
}

static void
threads_can_be_turned_off_where_the_cursor_is(void)
{
	struct sample sample;
	msgid ids[7];
	struct list *list;

	sample_open(&sample);
	fill_threads(&sample, ids);
	list = open_list(&sample, TRUE, 10);
	list_move(list, 2);
	list_set_threads(list, FALSE);
	g_assert_cmpint(cursor_id(list), ==, ids[2]);
	g_assert_cmpint(list_count(list), ==, 5);
	g_assert_cmpint(place(list), ==, 4);
	list_set_threads(list, TRUE);
	g_assert_cmpint(cursor_id(list), ==, ids[2]);
	g_assert_cmpint(place(list), ==, 3);
	list_free(list);
	sample_close(&sample);
}

static void
moving_by_conversation_and_to_the_parent(void)
{
	struct sample sample;
	msgid ids[7];
	struct list *list;

	sample_open(&sample);
	fill_threads(&sample, ids);
	list = open_list(&sample, TRUE, 10);
	g_assert_true(list_move_thread(list, 1));
	g_assert_cmpint(cursor_id(list), ==, ids[1]);
	list_move(list, 2);
	g_assert_cmpint(cursor_id(list), ==, ids[4]);
	g_assert_true(list_to_parent(list));
	g_assert_cmpint(cursor_id(list), ==, ids[2]);
	g_assert_true(list_to_parent(list));
	g_assert_cmpint(cursor_id(list), ==, ids[1]);
	g_assert_false(list_to_parent(list));
	g_assert_true(list_move_thread(list, -1));
	g_assert_cmpint(cursor_id(list), ==, ids[5]);
	list_free(list);
	sample_close(&sample);
}

static void
a_large_conversation_begins_folded(void)
{
	struct sample sample;
	struct list *list;
	const struct list_item *item;

	sample_open(&sample);
	for (guint i = 1; i <= 60; i++)
		sample_add(&sample, sample.inbox, i, i > 1 ? 1 : 0, "Ann <a@a.example>", "Long", 0);
	list = open_list(&sample, TRUE, 10);
	g_assert_cmpint(list_count(list), ==, 1);
	item = list_cursor(list);
	g_assert_cmpuint(item->hidden, ==, 59);
	g_assert_cmpuint(item->unread_hidden, ==, 59);
	g_assert_true(list_fold(list));
	g_assert_cmpint(list_count(list), ==, 60);
	list_free(list);
	sample_close(&sample);
}

static void
new_mail_is_found_beyond_the_window(gconstpointer threads)
{
	struct sample sample;
	enum { N = 900 };
	msgid wanted = 0;
	struct list *list;
	int found;

	sample_open(&sample);
	for (guint i = 1; i <= N; i++) {
		msgid id = sample_add(&sample, sample.inbox, i, 0, "Ann <a@a.example>", "x",
		                      i == 20 ? 0 : FLAG_SEEN);

		if (i == 20)
			wanted = id;
	}
	list = open_list(&sample, GPOINTER_TO_INT(threads), 10);
	while (!(found = list_seek_new(list, 1)))
		;
	g_assert_cmpint(found, ==, 1);
	g_assert_cmpint(cursor_id(list), ==, wanted);
	g_assert_cmpint(place(list), ==, N - 19);
	while (!(found = list_seek_new(list, 1)))
		;
	g_assert_cmpint(found, ==, -1);
	list_last(list);
	g_assert_cmpint(list_seek_new(list, -1), ==, 1);
	g_assert_cmpint(cursor_id(list), ==, wanted);
	list_free(list);
	sample_close(&sample);
}

static void
a_message_is_found_by_its_id(void)
{
	struct sample sample;
	msgid ids[301];
	struct list *list;
	gint64 other;
	msgid elsewhere;
	GError *error = NULL;

	sample_open(&sample);
	fill(&sample, 300, ids);
	other = sample_folder(&sample, "Other", "");
	elsewhere = sample_add(&sample, other, 1000, 0, "Ann <a@a.example>", "x", 0);
	list = open_list(&sample, TRUE, 10);
	g_assert_true(list_to_message(list, ids[100], &error));
	g_assert_cmpint(cursor_id(list), ==, ids[100]);
	g_assert_cmpint(place(list), ==, 201);
	g_assert_false(list_to_message(list, elsewhere, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_assert_cmpint(cursor_id(list), ==, ids[100]);
	list_free(list);
	sample_close(&sample);
}

static void
sent_folders_show_recipients(void)
{
	struct sample sample;
	struct list *list = list_new(TRUE, 10);
	gint64 sent;

	sample_open(&sample);
	sent = sample_folder(&sample, "Sent", "sent");
	sample_add(&sample, sent, 1, 0, "Me <me@a.example>", "hello", FLAG_SEEN);
	g_assert_true(list_open(list, sample.reader, sent, NULL));
	g_assert_cmpstr(list_cursor(list)->from, ==, "Mara");
	list_free(list);
	sample_close(&sample);
}

static GArray *
ids_of(const msgid *ids, guint n)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(msgid));

	g_array_append_vals(out, ids, n);
	return out;
}

static gint64
total(struct list *list)
{
	gint64 at, of;

	list_place(list, &at, &of);
	return of;
}

/* What is expected to go is gone from the moment of the key, until it is known that it stays. */
static void
what_goes_is_gone_at_once(gconstpointer threads)
{
	struct sample sample;
	msgid ids[31];
	struct list *list;
	g_autoptr(GArray) gone = NULL;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, GPOINTER_TO_INT(threads), 10);
	gone = ids_of((msgid[]){ids[30]}, 1);
	list_expect(list, 7, gone, TRUE, 0, 0);
	g_assert_cmpint(cursor_id(list), ==, ids[29]);
	g_assert_cmpint(id_at(list, 0), ==, ids[29]);
	g_assert_cmpint(total(list), ==, 29);
	g_assert_true(list_refresh(list, NULL));
	g_assert_cmpint(id_at(list, 0), ==, ids[29]);
	g_assert_cmpint(list_cursor_y(list), ==, 0);
	list_settled(list, 7);
	g_assert_true(list_refresh(list, NULL));
	g_assert_cmpint(id_at(list, 0), ==, ids[30]);
	g_assert_cmpint(cursor_id(list), ==, ids[29]);
	g_assert_cmpint(total(list), ==, 30);
	list_free(list);
	sample_close(&sample);
}

static void
the_cursor_moves_on_and_at_the_end_back(void)
{
	struct sample sample;
	msgid ids[31];
	struct list *list;
	guint64 token = 0;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, TRUE, 10);
	list_move(list, 4);
	for (int i = 26; i > 1; i--) {
		g_autoptr(GArray) gone = ids_of(&ids[i], 1);

		g_assert_cmpint(cursor_id(list), ==, ids[i]);
		list_expect(list, ++token, gone, TRUE, 0, 0);
		g_assert_cmpint(list_cursor_y(list), <=, 4);
	}
	g_assert_cmpint(cursor_id(list), ==, ids[1]);
	{
		g_autoptr(GArray) gone = ids_of(&ids[1], 1);

		list_expect(list, ++token, gone, TRUE, 0, 0);
	}
	g_assert_cmpint(cursor_id(list), ==, ids[27]);
	g_assert_cmpint(list_count(list), ==, 4);
	list_free(list);
	sample_close(&sample);
}

static void
all_may_go(gconstpointer threads)
{
	struct sample sample;
	enum { N = 300 };
	msgid ids[N + 1];
	struct list *list;
	g_autoptr(GArray) gone = NULL;

	sample_open(&sample);
	fill(&sample, N, ids);
	list = open_list(&sample, GPOINTER_TO_INT(threads), 10);
	gone = ids_of(ids + 11, N - 10);
	list_expect(list, 1, gone, TRUE, 0, 0);
	while (list_read_ahead(list))
		;
	g_assert_cmpint(list_count(list), ==, 10);
	g_assert_cmpint(id_at(list, 0), ==, ids[10]);
	list_expect(list, 2, NULL, TRUE, 0, 0);
	while (list_read_ahead(list))
		;
	g_assert_cmpint(list_count(list), ==, 0);
	g_assert_null(list_cursor(list));
	g_assert_cmpint(total(list), ==, 0);
	g_assert_false(list_move(list, 1));
	list_settled(list, 2);
	list_settled(list, 1);
	g_assert_true(list_refresh(list, NULL));
	g_assert_cmpint(total(list), ==, N);
	g_assert_nonnull(list_cursor(list));
	list_free(list);
	sample_close(&sample);
}

static void
a_conversation_closes_round_what_goes(void)
{
	struct sample sample;
	msgid root, answer, last, other;
	struct list *list;
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(msgid));

	sample_open(&sample);
	other = sample_add(&sample, sample.inbox, 1, 0, "Ann <a@a.example>", "other", FLAG_SEEN);
	root = sample_add(&sample, sample.inbox, 2, 0, "Ann <a@a.example>", "root", FLAG_SEEN);
	answer = sample_add(&sample, sample.inbox, 3, 2, "Bob <b@a.example>", "Re: root", 0);
	last = sample_add(&sample, sample.inbox, 4, 2, "Cy <c@a.example>", "Re: root", FLAG_SEEN);
	list = open_list(&sample, TRUE, 10);
	list_to_message(list, root, NULL);
	g_array_append_val(gone, root);
	list_expect(list, 1, gone, TRUE, 0, 0);
	g_assert_cmpint(list_count(list), ==, 3);
	g_assert_cmpint(cursor_id(list), ==, answer);
	g_assert_cmpint(list_cursor(list)->depth, ==, 0);
	list_fold(list);
	g_assert_cmpint(id_at(list, 0), ==, last);
	g_assert_cmpint(id_at(list, 1), ==, other);
	g_array_set_size(gone, 0);
	list_item_ids(list, list_at(list, 0), gone);
	g_assert_cmpuint(gone->len, ==, 3); /* a folded line stands for all */
	list_free(list);
	sample_close(&sample);
}

static void
flags_show_as_they_will_be(void)
{
	struct sample sample;
	msgid ids[31];
	struct list *list;
	g_autoptr(GArray) some = NULL;

	sample_open(&sample);
	fill(&sample, 30, ids);
	list = open_list(&sample, FALSE, 10);
	some = ids_of((msgid[]){ids[30], ids[2]}, 2);
	list_expect(list, 1, some, FALSE, FLAG_FLAGGED, FLAG_SEEN);
	g_assert_cmpuint(list_at(list, 0)->row->flags, ==, FLAG_FLAGGED);
	g_assert_cmpuint(list_at(list, 1)->row->flags, ==, FLAG_SEEN);
	list_last(list);
	g_assert_cmpuint(list_at(list, 8)->row->flags, ==, FLAG_FLAGGED);
	list_expect(list, 2, NULL, FALSE, FLAG_ANSWERED, 0);
	g_assert_cmpuint(list_at(list, 9)->row->flags, ==, FLAG_SEEN | FLAG_ANSWERED);
	list_settled(list, 1);
	list_settled(list, 2);
	g_assert_true(list_refresh(list, NULL));
	g_assert_cmpuint(list_at(list, 8)->row->flags, ==, FLAG_SEEN);
	list_free(list);
	sample_close(&sample);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/list/an-empty-folder-has-no-cursor", an_empty_folder_has_no_cursor);
	g_test_add_func("/list/newest-is-on-top-and-under-the-cursor", newest_is_on_top_and_under_the_cursor);
	g_test_add_data_func("/list/walking-meets-each-message-once", NULL, walking_meets_each_message_once);
	g_test_add_data_func("/list/walking-meets-each-message-once-in-threads", GINT_TO_POINTER(1),
	                     walking_meets_each_message_once);
	g_test_add_func("/list/jumps-reach-both-ends", jumps_reach_both_ends);
	g_test_add_func("/list/pages-scroll-by-screens", pages_scroll_by_screens);
	g_test_add_func("/list/the-cursor-stays-on-the-newest-until-it-is-moved",
	                the_cursor_stays_on_the_newest_until_it_is_moved);
	g_test_add_data_func("/list/the-cursor-falls-to-an-older-message", NULL,
	                     the_cursor_falls_to_an_older_message_when_its_own_goes);
	g_test_add_data_func("/list/the-cursor-falls-to-an-older-conversation", GINT_TO_POINTER(1),
	                     the_cursor_falls_to_an_older_message_when_its_own_goes);
	g_test_add_func("/list/conversations-stand-together", conversations_stand_together);
	g_test_add_func("/list/a-folded-conversation-is-its-newest-message",
	                a_folded_conversation_is_its_newest_message);
	g_test_add_func("/list/threads-can-be-turned-off-where-the-cursor-is",
	                threads_can_be_turned_off_where_the_cursor_is);
	g_test_add_func("/list/moving-by-conversation-and-to-the-parent",
	                moving_by_conversation_and_to_the_parent);
	g_test_add_func("/list/a-large-conversation-begins-folded", a_large_conversation_begins_folded);
	g_test_add_data_func("/list/new-mail-is-found-beyond-the-window", NULL,
	                     new_mail_is_found_beyond_the_window);
	g_test_add_data_func("/list/new-threads-are-found-beyond-the-window", GINT_TO_POINTER(1),
	                     new_mail_is_found_beyond_the_window);
	g_test_add_func("/list/a-message-is-found-by-its-id", a_message_is_found_by_its_id);
	g_test_add_func("/list/sent-folders-show-recipients", sent_folders_show_recipients);
	g_test_add_data_func("/list/what-goes-is-gone-at-once", GINT_TO_POINTER(0),
	                     what_goes_is_gone_at_once);
	g_test_add_data_func("/list/what-goes-is-gone-at-once-by-conversation", GINT_TO_POINTER(1),
	                     what_goes_is_gone_at_once);
	g_test_add_func("/list/the-cursor-moves-on-and-at-the-end-back",
	                the_cursor_moves_on_and_at_the_end_back);
	g_test_add_data_func("/list/all-may-go", GINT_TO_POINTER(0), all_may_go);
	g_test_add_data_func("/list/all-may-go-by-conversation", GINT_TO_POINTER(1), all_may_go);
	g_test_add_func("/list/a-conversation-closes-round-what-goes", a_conversation_closes_round_what_goes);
	g_test_add_func("/list/flags-show-as-they-will-be", flags_show_as_they_will_be);
	return g_test_run();
}
