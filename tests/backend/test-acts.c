/* What every kind of account promises of the journal's verbs: what was done here is so on the other side. */
#include <string.h>

#include "base/error.h"
#include "rig.h"

static const struct rig_kind *const kinds[] = {&rig_maildir,        &rig_pop3,         &rig_imap_plain,
                                               &rig_imap_condstore, &rig_imap_qresync, &rig_imap_all};

static void
look_again(struct rig *rig)
{
	rig_open(rig, "Sent");
	rig_open(rig, "INBOX");
}

/* Nothing waits, and another look changes nothing. */
static void
at_rest(struct rig *rig, const char *inbox, const char *sent)
{
	g_assert_cmpint(store_ops_waiting(rig->store, NULL), ==, 0);
	rig_here(rig, "INBOX", inbox);
	rig_here(rig, "Sent", sent);
	look_again(rig);
	rig_here(rig, "INBOX", inbox);
	rig_here(rig, "Sent", sent);
}

static void
a_move_keeps_its_row(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	rig_move(rig, id, "Sent");
	rig_there(rig, "INBOX", "a b c");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	rig_there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
	g_assert_cmpint(rig_id_at(rig, "Sent", "b"), ==, id);
}

static void
a_move_there_and_back_ends_where_it_began(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	for (int i = 0; i < 4; i++) {
		rig_move(rig, id, i % 2 ? "INBOX" : "Sent");
		rig_replay(rig, 0);
	}
	rig_there(rig, "INBOX", "a b c");
	rig_there(rig, "Sent", "");
	at_rest(rig, "c b a", "");
	g_assert_cmpint(rig_id_at(rig, "INBOX", "b"), ==, id);
}

static void
what_is_gone_before_it_is_moved_holds_up_nothing(struct rig *rig)
{
	GError *error = NULL;
	msgid ids[2];

	rig_begin(rig);
	ids[0] = rig_id_at(rig, "INBOX", "a");
	ids[1] = rig_id_at(rig, "INBOX", "b");
	store_journal_move(rig->store, ids, 2, rig_folder_at(rig, "Sent"), NULL, &error);
	g_assert_no_error(error);
	rig->kind->remove(rig, "INBOX", "b");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "c");
	rig_there(rig, "Sent", "a");
	at_rest(rig, "c", "a");
}

static void
a_copy_is_a_message_of_its_own(struct rig *rig)
{
	GError *error = NULL;
	msgid id, copy;

	rig_begin(rig);
	rig->kind->set_flags(rig, "INBOX", "b", FLAG_SEEN | FLAG_FLAGGED | FLAG_DELETED);
	rig_open(rig, "INBOX");
	id = rig_id_at(rig, "INBOX", "b");
	if (!(rig->kind->verbs & RIG_APART)) /* it is made here, of what is here */
		rig_fetch(rig, id);
	store_journal_copy(rig->store, &id, 1, rig_folder_at(rig, "Sent"), NULL, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b c");
	rig_there(rig, "Sent", "b");
	at_rest(rig, "c b a", "b");
	copy = rig_id_at(rig, "Sent", "b");
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

	rig_begin(rig);
	rig->kind->set_flags(rig, "INBOX", "c", FLAG_DELETED);
	rig_open(rig, "INBOX");
	id = rig_id_at(rig, "INBOX", "b");
	store_journal_purge(rig->store, &id, 1, NULL, &error);
	g_assert_no_error(error);
	rig_here(rig, "INBOX", "c a");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	at_rest(rig, "c a", "");
}

/* A new message "new" of NOON into folder, instead of old if that is not 0. */
static msgid
put_new(struct rig *rig, msgid old, const char *folder, gint64 *step)
{
	static const char text[] = "From: Ann <ann@harbour.example>\r\nSubject: new\r\n"
	                           "Message-ID: <new@harbour.example>\r\n\r\nhello\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
	struct envelope envelope;
	struct store_message message = {.received = NOON,
	                                .size = strlen(text),
	                                .flags = FLAG_SEEN | FLAG_ANSWERED,
	                                .envelope = &envelope};
	gint64 to = rig_folder_at(rig, folder);
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, text, strlen(text));
	id = old ? store_journal_replace(rig->store, old, to, &message, bytes, step, &error)
	         : store_journal_append(rig->store, to, &message, bytes, "", step, &error);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	return id;
}

static void
an_append_arrives_with_its_flags(struct rig *rig)
{
	struct store_row *row;
	msgid id;

	rig_begin(rig);
	id = put_new(rig, 0, "Sent", NULL);
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "new");
	at_rest(rig, "c b a", "new");
	row = rig_row(rig, "Sent", "new");
	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_ANSWERED);
	g_assert_cmpint(row->received, ==, NOON);
	store_row_free(row);
}

static void
take_back(struct rig *rig, gint64 step)
{
	struct store_undone undone;
	GError *error = NULL;

	store_undo_take_back(rig->store, step, &undone, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(undone.lost, ==, 0);
}

/* What another client has marked stays, and undo puts the old one back in the same way. */
static void
what_is_replaced_goes_when_the_new_one_is_there(struct rig *rig)
{
	struct store_row *row;
	gint64 step = 0;
	msgid old, id;

	rig_begin(rig);
	rig->kind->set_flags(rig, "INBOX", "c", FLAG_DELETED);
	rig_open(rig, "INBOX");
	old = rig_id_at(rig, "INBOX", "b");
	id = put_new(rig, old, "INBOX", &step);
	rig_there(rig, "INBOX", "a b c");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c new");
	look_again(rig);
	row = rig_row(rig, "INBOX", "new");
	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_ANSWERED);
	store_row_free(row);
	take_back(rig, step);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b c");
	at_rest(rig, "c b a", "");
	g_assert_cmpint(rig_id_at(rig, "INBOX", "b"), ==, old);
}

static void
what_replaces_may_come_elsewhere(struct rig *rig)
{
	rig_begin(rig);
	put_new(rig, rig_id_at(rig, "INBOX", "b"), "Sent", NULL);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a c");
	at_rest(rig, "c a", "new");
}

static void
what_replaces_needs_no_old_one(struct rig *rig)
{
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "c");
	rig->kind->remove(rig, "INBOX", "c");
	put_new(rig, id, "Sent", NULL);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b");
	at_rest(rig, "b a", "new");
}

/* As if the program had ended while the only op ran: it is looked into. Gives the op's id. */
static gint64
check_op(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct rig_done done = {0};
	GError *error = NULL;
	struct store_op *op;

	store_ops(rig->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ops->len, ==, 1);
	op = ops->pdata[0];
	store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &error);
	g_assert_no_error(error);
	store_op_set(rig->store, op->id, OP_CHECKING, NULL, 0, &error);
	g_assert_no_error(error);
	rig->kind->ops->check(rig->backend, op, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	rig_wait(rig, &done);
	return op->id;
}

static void
go_on(struct rig *rig, gint64 op)
{
	GError *error = NULL;

	store_op_set(rig->store, op, OP_WAITING, NULL, 0, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
}

/* Of a replacement: whether its new one is still to be put there, and its old one to go. */
static void
assert_left(struct rig *rig, gint64 op, guint new, guint old)
{
	GError *error = NULL;
	struct store_op *left = store_op(rig->store, op, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(left->ids->len, ==, new);
	g_assert_cmpuint(left->sources->len, ==, old);
	store_op_free(left);
}

/* Ended before anything was done, and after the new one was put there. */
static void
check_of_a_replacement_goes_on_where_it_ended(struct rig *rig)
{
	gint64 op;
	msgid id;

	rig_begin(rig);
	id = put_new(rig, rig_id_at(rig, "INBOX", "b"), "INBOX", NULL);
	op = check_op(rig);
	rig_there(rig, "INBOX", "a b c");
	assert_left(rig, op, 1, 1);
	go_on(rig, op);
	rig_there(rig, "INBOX", "a c new");
	g_assert_cmpint(store_ops_waiting(rig->store, NULL), ==, 0);
	look_again(rig);
	g_assert_cmpint(rig_id_at(rig, "INBOX", "new"), ==, id);
	if (!rig->kind->ops->remote || !(rig->kind->verbs & RIG_APART))
		return; /* where a file is known by its name none of another's is taken for it */
	id = put_new(rig, rig_id_at(rig, "INBOX", "c"), "Sent", NULL);
	rig_deliver(rig, "Sent", "new", NOON);
	op = check_op(rig);
	assert_left(rig, op, 0, 1);
	go_on(rig, op);
	rig_there(rig, "INBOX", "a new");
	at_rest(rig, "new a", "new");
	g_assert_cmpint(rig_id_at(rig, "Sent", "new"), ==, id);
}

static void
emptying_spares_what_came_later(struct rig *rig)
{
	GError *error = NULL;

	rig_begin(rig);
	store_journal_empty(rig->store, rig_folder_at(rig, "INBOX"), NULL, &error);
	g_assert_no_error(error);
	rig_here(rig, "INBOX", "");
	rig_deliver(rig, "INBOX", "late", NOON + 9);
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "late");
	if (rig->kind->verbs & RIG_TELLS)
		rig_becomes(rig, "INBOX", "late");
	else
		rig_open(rig, "INBOX");
	at_rest(rig, "late", "");
}

static void
a_whole_folder_is_marked(struct rig *rig)
{
	GError *error = NULL;

	rig_begin(rig);
	store_journal_flag_all(rig->store, rig_folder_at(rig, "INBOX"), FLAG_SEEN, 0, NULL, &error);
	g_assert_no_error(error);
	rig_deliver(rig, "INBOX", "late", NOON + 9);
	rig_replay(rig, 0);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_SEEN);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "c"), ==, FLAG_SEEN);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "late"), ==, 0);
}

static void
folders_are_made_renamed_and_removed(struct rig *rig)
{
	g_autofree char *wire = NULL;
	char delimiter;
	GError *error = NULL;
	gint64 id;
	msgid mail;

	rig_begin(rig);
	rig_create(rig, "Lists/sea", NULL);
	rig_replay(rig, 0);
	rig_there(rig, "Lists/sea", "");
	rig_list(rig);
	id = rig_folder_at(rig, "Lists/sea");
	rig_open(rig, "Lists/sea");
	mail = rig_id_at(rig, "INBOX", "a");
	store_journal_move(rig->store, &mail, 1, id, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "Lists/sea", "a");
	rig->kind->ops->name_folder(rig->backend, "Lists/lake", &wire, &delimiter, &error);
	g_assert_no_error(error);
	store_journal_rename(rig->store, id, "Lists/lake", wire, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "Lists/sea", NULL);
	rig_there(rig, "Lists/lake", "a");
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Lists/lake"), ==, id);
	rig_open(rig, "Lists/lake");
	g_assert_cmpint(rig_id_at(rig, "Lists/lake", "a"), ==, mail);
	store_journal_remove(rig->store, id, NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_there(rig, "Lists/lake", NULL);
	rig_list(rig);
	g_assert_cmpint(rig_folder_at(rig, "Lists/lake"), ==, 0);
}

static void
making_what_is_there_and_removing_what_is_not_is_well(struct rig *rig)
{
	GError *error = NULL;

	rig_begin(rig);
	rig_create(rig, "Lists/sea", NULL);
	rig_replay(rig, 0);
	rig_list(rig);
	rig_create(rig, "Lists/lake", NULL);
	rig_replay(rig, 0);
	store_journal_remove(rig->store, rig_folder_at(rig, "Lists/lake"), NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	rig_list(rig);
	rig_create(rig, "Lists/lake", NULL);
	rig_replay(rig, 0);
	rig_there(rig, "Lists/lake", "");
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
	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	go_on(rig, check_op(rig));
	rig_there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
}

static void
check_of_what_is_through_finds_it(struct rig *rig)
{
	GError *error = NULL;
	struct store_op *left;
	msgid id;
	gint64 op;

	rig_begin(rig);
	rig_deliver(rig, "Sent", "b", NOON + 1); /* what the move would have done */
	id = rig_id_at(rig, "INBOX", "b");
	rig_move(rig, id, "Sent");
	rig->kind->remove(rig, "INBOX", "b");
	op = check_op(rig);
	left = store_op(rig->store, op, &error);
	g_assert_no_error(error);
	g_assert_true(!left || left->ids->len == 0);
	store_op_free(left);
	store_op_done(rig->store, op, &error);
	g_assert_no_error(error);
	rig_there(rig, "Sent", "b");
	at_rest(rig, "c a", "b");
	g_assert_cmpint(rig_id_at(rig, "Sent", "b"), ==, id);
}

static void
a_subscription_is_kept(struct rig *rig)
{
	rig_begin(rig);
	for (gboolean wanted = FALSE; wanted <= TRUE; wanted++) {
		struct store_folder *sent;
		GError *error = NULL;

		store_journal_subscribe(rig->store, rig_folder_at(rig, "Sent"), wanted, NULL, &error);
		g_assert_no_error(error);
		rig_replay(rig, 0);
		rig_list(rig);
		sent = store_folder_by_path(rig->store, "Sent", NULL);
		g_assert_cmpint(sent->subscribed, ==, wanted);
		store_folder_free(sent);
	}
}

static const struct rig_case promises[] = {
        {"a-subscription-is-kept", a_subscription_is_kept, 1u << OP_SUBSCRIBE},
        {"a-move-keeps-its-row", a_move_keeps_its_row, 1u << OP_MOVE},
        {"a-move-there-and-back", a_move_there_and_back_ends_where_it_began, 1u << OP_MOVE},
        {"what-is-gone-holds-up-nothing", what_is_gone_before_it_is_moved_holds_up_nothing, 1u << OP_MOVE},
        {"a-copy-is-a-message-of-its-own", a_copy_is_a_message_of_its_own, 1u << OP_COPY},
        {"a-purge-takes-what-was-chosen", a_purge_takes_exactly_what_was_chosen, 1u << OP_PURGE},
        {"an-append-arrives-with-its-flags", an_append_arrives_with_its_flags, 1u << OP_APPEND},
        {"what-is-replaced-goes", what_is_replaced_goes_when_the_new_one_is_there, 1u << OP_REPLACE},
        {"what-replaces-may-come-elsewhere", what_replaces_may_come_elsewhere, 1u << OP_REPLACE},
        {"what-replaces-needs-no-old-one", what_replaces_needs_no_old_one, RIG_APART | 1u << OP_REPLACE},
        {"check-of-a-replacement", check_of_a_replacement_goes_on_where_it_ended, 1u << OP_REPLACE},
        {"emptying-spares-what-came-later", emptying_spares_what_came_later, 1u << OP_EMPTY},
        {"a-whole-folder-is-marked", a_whole_folder_is_marked, RIG_WIDE},
        {"folders-made-renamed-removed", folders_are_made_renamed_and_removed,
         1u << OP_CREATE | 1u << OP_RENAME | 1u << OP_REMOVE | 1u << OP_MOVE},
        {"folders-may-be-made-again", making_what_is_there_and_removing_what_is_not_is_well,
         1u << OP_CREATE | 1u << OP_REMOVE},
        {"names-that-cannot-be-are-refused", names_that_cannot_be_are_refused, 1u << OP_CREATE},
        {"check-of-what-never-began", check_of_what_never_began_leaves_it_to_be_done, 1u << OP_MOVE},
        {"check-of-what-is-through", check_of_what_is_through_finds_it, RIG_APART | 1u << OP_MOVE},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *prefix = g_strdup_printf("/acts/%s", kinds[i]->name);

		rig_add_cases(prefix, kinds[i], promises, G_N_ELEMENTS(promises));
	}
	return g_test_run();
}
