/* Rows that are known again, and rows by their keywords. */
#include <string.h>

#include "store-util.h"

static msgid
rebind(struct bed *bed, guint64 uid, gint64 received, const char *message_id, const char *email_id)
{
	struct envelope envelope = {.message_id = (char *)message_id};
	struct store_message message = {
	        .uid = uid, .received = received, .size = 1000, .envelope = &envelope, .email_id = email_id};
	g_autoptr(GError) error = NULL;
	msgid id;

	begin(bed->store);
	id = store_rebind(bed->store, bed->inbox, &message, &error);
	g_assert_no_error(error);
	commit(bed->store);
	return id;
}

static void
a_row_is_bound_by_little_and_none_is_made(struct bed *bed, gconstpointer unused)
{
	msgid a = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .received = 10, .id = "<a@x>"});
	msgid b = add_mail(bed->store, bed->inbox,
	                   &(struct mail){.uid = 2, .received = 20, .id = "<b@x>", .email_id = "E2"});
	struct store_row *row;

	g_assert_cmpint(rebind(bed, 1, 10, "<other@x>", NULL), ==, a); /* its UID says it */
	g_assert_true(store_folder_unbind(bed->store, bed->inbox, NULL));
	g_assert_cmpint(rebind(bed, 11, 99, "<a@x>", NULL), ==, 0);
	g_assert_cmpint(rebind(bed, 11, 10, "<a@x>", NULL), ==, a);
	g_assert_cmpint(rebind(bed, 12, 21, NULL, "E2"), ==, b);
	g_assert_cmpint(rebind(bed, 13, 30, "<new@x>", "E3"), ==, 0);
	g_assert_cmpint(rebind(bed, 11, 10, "<a@x>", NULL), ==, a);
	g_assert_cmpint(ask(bed->dir, "SELECT count(*) FROM message"), ==, 2);
	row = store_row(bed->store, b, NULL);
	g_assert_cmpuint(row->uid, ==, 12);
	g_assert_cmpstr(row->message_id, ==, "<b@x>");
	store_row_free(row);
	check_store(bed->dir);
}

static void
without_a_message_id_date_and_subject_tell(struct bed *bed, gconstpointer unused)
{
	static const char head[] = "Subject: harbour\r\nDate: Thu, 20 Nov 2025 12:00:00 +0000\r\n\r\n";
	struct envelope envelope;
	struct store_message message = {.uid = 1, .received = 10, .size = 7, .envelope = &envelope};
	g_autoptr(GError) error = NULL;
	msgid id, again;

	envelope_from_headers(&envelope, head, strlen(head));
	begin(bed->store);
	id = store_add(bed->store, bed->inbox, &message, &error);
	commit(bed->store);
	g_assert_true(store_folder_unbind(bed->store, bed->inbox, &error));
	message.uid = 11;
	envelope.date++;
	begin(bed->store);
	again = store_rebind(bed->store, bed->inbox, &message, &error);
	g_assert_cmpint(again, ==, 0);
	envelope.date--;
	again = store_add(bed->store, bed->inbox, &message, &error);
	commit(bed->store);
	envelope_clear(&envelope);
	g_assert_no_error(error);
	g_assert_cmpint(again, ==, id);
}

static char *
uids_of(GHashTable *sets, const char *keyword)
{
	const struct uidset *set = g_hash_table_lookup(sets, keyword);

	return set ? uidset_format(set) : g_strdup("none");
}

static void
keywords_are_told_with_their_uids(struct bed *bed, gconstpointer unused)
{
	static const char *const cases[][2] = {
	        {"a", "1:3"}, {"b", "2,9"}, {"$Junk", "9"}, {"A", "none"}, {"", "none"}};
	g_autoptr(GError) error = NULL;
	g_autoptr(GHashTable) sets = NULL;
	gint64 other = add_folder(bed->store, "Lists", "");
	msgid id;

	id = add_mail(bed->store, bed->inbox, &(struct mail){.uid = 1, .keywords = "a"});
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 2, .keywords = "a b"});
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 3, .keywords = "a"});
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 4});
	add_mail(bed->store, bed->inbox, &(struct mail){.uid = 9, .keywords = "$Junk b"});
	add_mail(bed->store, other, &(struct mail){.uid = 7, .keywords = "a"});
	/* What waits for the server is none of its base, and a row shown elsewhere is still here for it. */
	g_assert_true(store_journal_flags(bed->store, &id, 1, 0, 0, "wish", NULL, NULL, &error));
	g_assert_true(store_journal_move(bed->store, &id, 1, other, NULL, &error));
	sets = store_keyword_uids(bed->store, bed->inbox, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(g_hash_table_size(sets), ==, 3);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *uids = uids_of(sets, cases[i][0]);

		g_assert_cmpstr(uids, ==, cases[i][1]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BED_TEST("/store/known/rebind", a_row_is_bound_by_little_and_none_is_made);
	BED_TEST("/store/known/no-message-id", without_a_message_id_date_and_subject_tell);
	BED_TEST("/store/known/keywords", keywords_are_told_with_their_uids);
	return g_test_run();
}
