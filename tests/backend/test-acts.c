/* What every kind of account promises of the journal's verbs: what was done here is so on the other side. */
#include <string.h>

#include "base/error.h"
#include "rig.h"

#define NOON 1700000000

static const struct rig_kind *const kinds[] = {&rig_maildir, &rig_imap_plain, &rig_imap_condstore,
                                               &rig_imap_qresync, &rig_imap_all};

static gint64
folder_at(struct rig *rig, const char *path)
{
	struct store_folder *folder = store_folder_by_path(rig->store, path, NULL);
	gint64 id = folder ? folder->id : 0;

	g_clear_pointer(&folder, store_folder_free);
	return id;
}

static msgid
id_at(struct rig *rig, const char *path, const char *subject)
{
	struct store_row *row = rig_row(rig, path, subject);
	msgid id = row->id;

	store_row_free(row);
	return id;
}

static void
there(struct rig *rig, const char *folder, const char *want)
{
	g_autofree char *have = rig->kind->subjects(rig, folder);

	g_assert_cmpstr(have, ==, want);
}

static void
here(struct rig *rig, const char *path, const char *want)
{
	g_autofree char *have = rig_subjects(rig, path);

	g_assert_cmpstr(have, ==, want);
}

/* Three in INBOX, all of them here. */
static void
begin(struct rig *rig)
{
	rig_deliver(rig, "INBOX", "a", NOON);
	rig_deliver(rig, "INBOX", "b", NOON + 1);
	rig_deliver(rig, "INBOX", "c", NOON + 2);
	rig_link(rig);
	rig_open(rig, "Sent");
	rig_open(rig, "INBOX");
}

/* Nothing waits, and another look changes nothing. */
static void
at_rest(struct rig *rig, const char *inbox, const char *sent)
{
	g_assert_cmpint(store_ops_waiting(rig->store, NULL), ==, 0);
	here(rig, "INBOX", inbox);
	here(rig, "Sent", sent);
	rig_open(rig, "Sent");
	rig_open(rig, "INBOX");
	here(rig, "INBOX", inbox);
	here(rig, "Sent", sent);
}

static void
a_move_keeps_its_row(struct rig *rig)
{
	GError *error = NULL;
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	store_journal_move(rig->store, &id, 1, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	there(rig, "INBOX", "a b c");
	rig_replay(rig, 0);
	there(rig, "INBOX", "a c");
	there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
	g_assert_cmpint(id_at(rig, "Sent", "b"), ==, id);
}

static void
a_move_there_and_back_ends_where_it_began(struct rig *rig)
{
	GError *error = NULL;
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	for (int i = 0; i < 4; i++) {
		store_journal_move(rig->store, &id, 1, folder_at(rig, i % 2 ? "INBOX" : "Sent"), NULL,
		                   &error);
		g_assert_no_error(error);
		rig_replay(rig, 0);
	}
	there(rig, "INBOX", "a b c");
	there(rig, "Sent", "");
	at_rest(rig, "c b a", "");
	g_assert_cmpint(id_at(rig, "INBOX", "b"), ==, id);
}

static void
what_is_gone_before_it_is_moved_holds_up_nothing(struct rig *rig)
{
	GError *error = NULL;
	msgid ids[2];

	begin(rig);
	ids[0] = id_at(rig, "INBOX", "a");
	ids[1] = id_at(rig, "INBOX", "b");
	store_journal_move(rig->store, ids, 2, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig->kind->remove(rig, "INBOX", "b");
	rig_replay(rig, 0);
	there(rig, "INBOX", "c");
	there(rig, "Sent", "a");
	at_rest(rig, "c", "a");
}

static void
a_copy_is_a_message_of_its_own(struct rig *rig)
{
	GError *error = NULL;
	msgid id, copy;

	begin(rig);
	rig->kind->set_flags(rig, "INBOX", "b", FLAG_SEEN | FLAG_FLAGGED | FLAG_DELETED);
	rig_open(rig, "INBOX");
	id = id_at(rig, "INBOX", "b");
	store_journal_copy(rig->store, &id, 1, folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "INBOX", "a b c");
	there(rig, "Sent", "b");
	at_rest(rig, "c b a", "b");
	copy = id_at(rig, "Sent", "b");
	g_assert_cmpint(copy, !=, id);
	rig_flag(rig, copy, 0, FLAG_SEEN, NULL);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "b"), ==, FLAG_SEEN | FLAG_FLAGGED | FLAG_DELETED);
	rig_open(rig, "Sent");
	{
		struct store_row *row = rig_row(rig, "Sent", "b");

		g_assert_cmpuint(row->flags, ==, FLAG_FLAGGED);
		store_row_free(row);
	}
}

static void
a_purge_takes_exactly_what_was_chosen(struct rig *rig)
{
	GError *error = NULL;
	msgid id;

	begin(rig);
	rig->kind->set_flags(rig, "INBOX", "c", FLAG_DELETED);
	rig_open(rig, "INBOX");
	id = id_at(rig, "INBOX", "b");
	store_journal_purge(rig->store, &id, 1, NULL, &error);
	g_assert_no_error(error);
	here(rig, "INBOX", "c a");
	rig_replay(rig, 0);
	there(rig, "INBOX", "a c");
	at_rest(rig, "c a", "");
}

static void
an_append_arrives_with_its_flags(struct rig *rig)
{
	static const char text[] = "From: Ann <ann@harbour.example>\r\nSubject: new\r\n"
	                           "Message-ID: <new@harbour.example>\r\n\r\nhello\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	struct envelope envelope;
	GError *error = NULL;
	struct store_row *row;
	msgid id;

	begin(rig);
	envelope_from_headers(&envelope, text, strlen(text));
	id = store_journal_append(rig->store, folder_at(rig, "Sent"),
	                          &(struct store_message){.received = NOON,
	                                                  .size = strlen(text),
	                                                  .flags = FLAG_SEEN | FLAG_ANSWERED,
	                                                  .envelope = &envelope},
	                          bytes, "", NULL, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	rig_replay(rig, 0);
	there(rig, "Sent", "new");
	at_rest(rig, "c b a", "new");
	row = rig_row(rig, "Sent", "new");
	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_ANSWERED);
	g_assert_cmpint(row->received, ==, NOON);
	store_row_free(row);
}

static void
emptying_spares_what_came_later(struct rig *rig)
{
	GError *error = NULL;

	begin(rig);
	store_journal_empty(rig->store, folder_at(rig, "INBOX"), NULL, &error);
	g_assert_no_error(error);
	here(rig, "INBOX", "");
	rig_deliver(rig, "INBOX", "late", NOON + 9);
	rig_replay(rig, 0);
	there(rig, "INBOX", "late");
	rig_becomes(rig, "INBOX", "late");
	at_rest(rig, "late", "");
}

static void
a_whole_folder_is_marked(struct rig *rig)
{
	GError *error = NULL;

	begin(rig);
	store_journal_flag_all(rig->store, folder_at(rig, "INBOX"), FLAG_SEEN, 0, NULL, &error);
	g_assert_no_error(error);
	rig_deliver(rig, "INBOX", "late", NOON + 9);
	rig_replay(rig, 0);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_SEEN);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "c"), ==, FLAG_SEEN);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "late"), ==, 0);
}

static void
create(struct rig *rig, const char *path)
{
	struct store_folder folder = {.path = (char *)path,
	                              .role = (char *)"",
	                              .rights = (char *)"",
	                              .mailbox_id = (char *)"",
	                              .windows = (char *)"",
	                              .keep = (char *)"",
	                              .selectable = TRUE,
	                              .subscribed = TRUE};
	GError *error = NULL;

	rig->kind->ops->name_folder(rig->backend, path, &folder.wire, &folder.delimiter, &error);
	g_assert_no_error(error);
	store_journal_create(rig->store, &folder, "", NULL, &error);
	g_assert_no_error(error);
	g_free(folder.wire);
}

static void
list(struct rig *rig)
{
	struct rig_done done = {0};

	rig->kind->ops->folders(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
}

static void
folders_are_made_renamed_and_removed(struct rig *rig)
{
	g_autofree char *wire = NULL;
	char delimiter;
	GError *error = NULL;
	gint64 id;
	msgid mail;

	begin(rig);
	create(rig, "Lists/sea");
	rig_replay(rig, 0);
	there(rig, "Lists/sea", "");
	list(rig);
	id = folder_at(rig, "Lists/sea");
	rig_open(rig, "Lists/sea");
	mail = id_at(rig, "INBOX", "a");
	store_journal_move(rig->store, &mail, 1, id, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Lists/sea", "a");
	rig->kind->ops->name_folder(rig->backend, "Lists/lake", &wire, &delimiter, &error);
	g_assert_no_error(error);
	store_journal_rename(rig->store, id, "Lists/lake", wire, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Lists/sea", NULL);
	there(rig, "Lists/lake", "a");
	list(rig);
	g_assert_cmpint(folder_at(rig, "Lists/lake"), ==, id);
	rig_open(rig, "Lists/lake");
	g_assert_cmpint(id_at(rig, "Lists/lake", "a"), ==, mail);
	store_journal_remove(rig->store, id, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Lists/lake", NULL);
	list(rig);
	g_assert_cmpint(folder_at(rig, "Lists/lake"), ==, 0);
}

static void
making_what_is_there_and_removing_what_is_not_is_well(struct rig *rig)
{
	GError *error = NULL;

	begin(rig);
	create(rig, "Lists/sea");
	rig_replay(rig, 0);
	list(rig);
	create(rig, "Lists/lake");
	rig_replay(rig, 0);
	store_journal_remove(rig->store, folder_at(rig, "Lists/lake"), NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	list(rig);
	create(rig, "Lists/lake");
	rig_replay(rig, 0);
	there(rig, "Lists/lake", "");
}

static void
names_that_cannot_be_are_refused(struct rig *rig)
{
	static const char *const bad[] = {"", "/", "a/", "/a", "a//b", "a\nb", "a\033[31mb", "a\xff"};

	rig_link(rig);
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		char *wire = NULL, delimiter;

		g_assert_false(rig->kind->ops->name_folder(rig->backend, bad[i], &wire, &delimiter, &error));
		g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
		g_assert_null(wire);
	}
}

static void
check_of_what_never_began_leaves_it_to_be_done(struct rig *rig)
{
	GError *error = NULL;
	struct rig_done done = {0};
	struct store_op *op;
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	msgid id;

	begin(rig);
	id = id_at(rig, "INBOX", "b");
	store_journal_move(rig->store, &id, 1, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	store_ops(rig->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &error);
	op = ops->pdata[0];
	store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &error);
	store_ops_recover(rig->store, &error);
	g_assert_no_error(error);
	rig->kind->ops->check(rig->backend, op, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	rig_wait(rig, &done);
	store_op_set(rig->store, op->id, OP_WAITING, NULL, 0, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
}

static void
check_of_what_is_through_finds_it(struct rig *rig)
{
	GError *error = NULL;
	struct rig_done done = {0};
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct store_op *op, *left;
	struct store_row *row;
	msgid id;

	begin(rig);
	rig_deliver(rig, "Sent", "b", NOON + 1); /* what the move would have done */
	id = id_at(rig, "INBOX", "b");
	store_journal_move(rig->store, &id, 1, folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig->kind->remove(rig, "INBOX", "b");
	store_ops(rig->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &error);
	op = ops->pdata[0];
	store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &error);
	store_ops_recover(rig->store, &error);
	g_assert_no_error(error);
	rig->kind->ops->check(rig->backend, op, rig_on_done, &done);
	rig_wait(rig, &done);
	left = store_op(rig->store, op->id, &error);
	g_assert_no_error(error);
	g_assert_true(!left || left->ids->len == 0);
	store_op_free(left);
	store_op_done(rig->store, op->id, &error);
	g_assert_no_error(error);
	there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
	row = rig_row(rig, "Sent", "b");
	g_assert_cmpint(row->id, ==, id);
	store_row_free(row);
}

static const struct {
	const char *name;
	guint verbs; /* that a kind must know */
	void (*run)(struct rig *rig);
} promises[] = {
        {"a-move-keeps-its-row", 1u << OP_MOVE, a_move_keeps_its_row},
        {"a-move-there-and-back", 1u << OP_MOVE, a_move_there_and_back_ends_where_it_began},
        {"what-is-gone-holds-up-nothing", 1u << OP_MOVE, what_is_gone_before_it_is_moved_holds_up_nothing},
        {"a-copy-is-a-message-of-its-own", 1u << OP_COPY, a_copy_is_a_message_of_its_own},
        {"a-purge-takes-what-was-chosen", 1u << OP_PURGE, a_purge_takes_exactly_what_was_chosen},
        {"an-append-arrives-with-its-flags", 1u << OP_APPEND, an_append_arrives_with_its_flags},
        {"emptying-spares-what-came-later", 1u << OP_EMPTY, emptying_spares_what_came_later},
        {"a-whole-folder-is-marked", RIG_WIDE, a_whole_folder_is_marked},
        {"folders-made-renamed-removed", 1u << OP_CREATE | 1u << OP_RENAME | 1u << OP_REMOVE | 1u << OP_MOVE,
         folders_are_made_renamed_and_removed},
        {"folders-may-be-made-again", 1u << OP_CREATE | 1u << OP_REMOVE,
         making_what_is_there_and_removing_what_is_not_is_well},
        {"names-that-cannot-be-are-refused", 1u << OP_CREATE, names_that_cannot_be_are_refused},
        {"check-of-what-never-began", 1u << OP_MOVE, check_of_what_never_began_leaves_it_to_be_done},
        {"check-of-what-is-through", 1u << OP_MOVE, check_of_what_is_through_finds_it},
};

static void
run(gconstpointer data)
{
	guint n = GPOINTER_TO_UINT(data);
	struct rig rig;

	rig_init(&rig, kinds[n / G_N_ELEMENTS(promises)]);
	promises[n % G_N_ELEMENTS(promises)].run(&rig);
	rig_clear(&rig);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(kinds) * G_N_ELEMENTS(promises); i++) {
		const struct rig_kind *kind = kinds[i / G_N_ELEMENTS(promises)];
		guint verbs = promises[i % G_N_ELEMENTS(promises)].verbs;
		g_autofree char *path =
		        g_strdup_printf("/acts/%s/%s", kind->name, promises[i % G_N_ELEMENTS(promises)].name);

		if ((kind->verbs & verbs) == verbs)
			g_test_add_data_func(path, GUINT_TO_POINTER(i), run);
	}
	return g_test_run();
}
