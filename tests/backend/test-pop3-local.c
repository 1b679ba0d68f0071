/* Where POP3 is another kind of account than the others: its folders are here, and only mail comes from
 * elsewhere. Each is a row of what a rig knows (rig.h), or of how the journal's verbs end. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "backend/pop3/visit.h"
#include "base/error.h"
#include "pop-server.h"
#include "rig.h"
#include "store/maildrop.h"

static gint64
uidnext(struct rig *rig, const char *path)
{
	return (gint64)store_uid_next(rig->store, rig_folder_at(rig, path), NULL);
}

static void
journal_copy(struct rig *rig, msgid id, const char *to)
{
	GError *error = NULL;

	store_journal_copy(rig->store, &id, 1, rig_folder_at(rig, to), NULL, NULL, &error);
	g_assert_no_error(error);
}

/* The one op there is. Gives (store_op_free). */
static struct store_op *
only_op(struct rig *rig)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new();
	GError *error = NULL;

	store_ops(rig->store, FALSE, 0, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ops->len, ==, 1);
	return ops->pdata[0];
}

/* RIG_APART: an IMAP server copies what it has. */
static void
a_copy_waits_for_its_text(struct rig *rig)
{
	struct store_op *op;
	struct rig_done done = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_autoptr(GBytes) body = NULL;
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	journal_copy(rig, id, "Sent");
	op = only_op(rig);
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	store_op_free(op);
	g_assert_true(store_copies_lack(rig->store, 10, lacking, NULL));
	g_assert_cmpuint(lacking->len, ==, 1);
	g_assert_cmpint(g_array_index(lacking, msgid, 0), ==, id);
	rig_fetch(rig, id);
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b");
	body = store_part(rig->store, rig_id_at(rig, "Sent", "b"), "", NULL);
	g_assert_nonnull(body);
}

/* A visit brings it by itself, at its end. */
static void
a_visit_fetches_what_copies_wait_for(struct rig *rig)
{
	struct rig_done done = {0};

	rig_begin(rig);
	journal_copy(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	rig->kind->ops->depart(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
	g_assert_true(rig->left);
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b");
}

/* What another client has deleted meanwhile holds up nothing: a header is copied as such. */
static void
a_copy_waits_for_no_text_that_cannot_be_had(struct rig *rig)
{
	struct rig_done done = {0};

	rig_begin(rig);
	rig_pop3_remove("b");
	journal_copy(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	rig_open(rig, "INBOX");
	rig_here(rig, "INBOX", "c b a");
	rig->kind->ops->depart(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b");
}

/* RIG_APART: nothing can be there that is not known here, so there is nothing to look into. */
static void
check_leaves_all_to_be_done(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_op *op, *left;

	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	op = only_op(rig);
	rig->kind->ops->check(rig->backend, op, rig_on_done, &done);
	rig_wait(rig, &done);
	left = only_op(rig);
	g_assert_cmpuint(left->ids->len, ==, 1);
	store_op_free(op);
	store_op_free(left);
	rig_there(rig, "INBOX", "a b c");
}

/* RIG_TELLS: one visit sees what was there when it began, and another sees the rest. */
static void
news_come_with_the_next_visit(struct rig *rig)
{
	struct rig_done done = {0};

	rig_begin(rig);
	rig_deliver(rig, "INBOX", "late", NOON + 9);
	rig->kind->ops->open(rig->backend, rig_folder_at(rig, "INBOX"), rig_on_done, &done);
	rig_wait(rig, &done);
	rig_here(rig, "INBOX", "c b a");
	g_assert_cmpuint(rig->arrived, ==, 0);
	rig_open(rig, "INBOX");
	rig_here(rig, "INBOX", "late c b a");
	g_assert_cmpuint(rig->arrived, ==, 1);
}

/* RIG_STRUCTURES: how it is built is seen when all of it is here. */
static void
a_structure_comes_with_the_text(struct rig *rig)
{
	struct mime_part *root;
	msgid id;

	rig_begin(rig);
	id = rig_id_at(rig, "INBOX", "b");
	g_assert_null(store_structure(rig->store, id, NULL));
	rig_fetch(rig, id);
	root = store_structure(rig->store, id, NULL);
	g_assert_nonnull(root);
	mime_part_free(root);
}

/* The end of a visit is no end of what is done here. */
static void
the_journal_needs_no_link(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_op *op;

	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	op = only_op(rig);
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	rig->kind->ops->unlink(rig->backend);
	rig_wait(rig, &done);
	store_op_free(op);
	rig_there(rig, "Sent", "b");
	rig_move(rig, rig_id_at(rig, "INBOX", "c"), "Sent");
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b c");
}

static void
a_uid_is_given_once(struct rig *rig)
{
	gint64 inbox, sent;
	msgid id;

	rig_begin(rig);
	inbox = uidnext(rig, "INBOX");
	sent = uidnext(rig, "Sent");
	id = rig_id_at(rig, "INBOX", "c");
	for (int i = 0; i < 4; i++) {
		rig_move(rig, id, i % 2 ? "INBOX" : "Sent");
		rig_replay(rig, 0);
	}
	g_assert_cmpint(uidnext(rig, "INBOX"), ==, inbox + 2);
	g_assert_cmpint(uidnext(rig, "Sent"), ==, sent + 2);
	rig_deliver(rig, "INBOX", "d", NOON + 9);
	rig_open(rig, "INBOX");
	g_assert_cmpint(uidnext(rig, "INBOX"), ==, inbox + 3);
}

/* More than fit into a slice. */
static void
many_go_in_slices(struct rig *rig)
{
	enum { MANY = 700 };
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct store_folder *sent;
	GError *error = NULL;

	for (int i = 0; i < MANY; i++) {
		g_autofree char *name = g_strdup_printf("m%04d", i);

		rig_deliver(rig, "Lists/harbour", name, NOON + i);
	}
	rig_list(rig);
	store_rows(rig->store, rig_folder_at(rig, "Lists/harbour"), NULL, TRUE, MANY, rows, &error);
	for (guint i = 0; i < rows->len; i++)
		g_array_append_val(ids, ((struct store_row *)rows->pdata[i])->id);
	store_journal_move(rig->store, (const msgid *)(void *)ids->data, ids->len, rig_folder_at(rig, "Sent"),
	                   NULL, &error);
	g_assert_no_error(error);
	rig_replay(rig, 0);
	g_assert_cmpint(store_ops_waiting(rig->store, NULL), ==, 0);
	sent = store_folder_by_path(rig->store, "Sent", NULL);
	g_assert_cmpint(sent->rows, ==, MANY);
	g_assert_cmpuint(sent->server_total, ==, MANY);
	g_assert_cmpuint(sent->uidnext, ==, MANY + 1);
	store_folder_free(sent);
}

static void
a_folder_that_is_gone_is_an_error(struct rig *rig)
{
	g_autoptr(GError) error = NULL;
	struct rig_done done = {0};
	struct store_op *op;

	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	op = only_op(rig);
	op->to = 4711;
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	store_op_free(op);
	rig_there(rig, "INBOX", "a b c");
}

/* No wish is impossible here: a disk that is full holds it up, and is not its end. */
static void
a_full_disk_puts_it_off(struct rig *rig)
{
	g_autoptr(GError) error = NULL;
	struct rig_done done = {0};
	struct rlimit usual, none;
	struct store_op *op;

	rig_begin(rig);
	rig_move(rig, rig_id_at(rig, "INBOX", "b"), "Sent");
	op = only_op(rig);
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &usual), ==, 0);
	none = usual;
	none.rlim_cur = 0;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &usual), ==, 0);
	g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
	store_op_free(op);
	rig_there(rig, "INBOX", "a b c");
	rig_replay(rig, 0);
	rig_there(rig, "Sent", "b");
}

/* After "fulmar check --rebuild": nobody else can tell the numbers again. */
static void
what_lost_its_number_gets_another(struct rig *rig)
{
	GError *error = NULL;
	gint64 sent;
	msgid id;

	rig_begin(rig);
	rig_deliver(rig, "Sent", "x", NOON);
	rig_deliver(rig, "Sent", "y", NOON + 1);
	sent = rig_folder_at(rig, "Sent");
	id = rig_id_at(rig, "Sent", "x");
	g_assert_true(store_folder_unbind(rig->store, sent, &error));
	g_assert_no_error(error);
	rig_there(rig, "Sent", "");
	rig_list(rig);
	rig_there(rig, "Sent", "x y");
	g_assert_cmpint(rig_id_at(rig, "Sent", "x"), ==, id);
	rig_move(rig, id, "INBOX");
	rig_replay(rig, 0);
	rig_there(rig, "INBOX", "a b c x");
}

/* A hundred messages of which the first screen is here, and an op that marks all of them as read. Gives it
 * (store_op_free). */
static struct store_op *
mark_all_too_early(struct rig *rig)
{
	struct rig_done opened = {0};
	GError *error = NULL;
	struct store_op *op;
	gint64 inbox;

	for (int i = 0; i < 100; i++) {
		g_autofree char *name = g_strdup_printf("m%02d", i);

		rig_deliver(rig, "INBOX", name, NOON + i);
	}
	rig_link(rig);
	inbox = rig_folder_at(rig, "INBOX");
	rig->kind->ops->open(rig->backend, inbox, rig_on_done, &opened);
	rig_wait(rig, &opened);
	store_journal_flag_all(rig->store, inbox, FLAG_SEEN, 0, NULL, &error);
	g_assert_no_error(error);
	op = only_op(rig);
	g_assert_cmpuint(op->ids->len, <, 100);
	g_assert_true(rig->kind->ops->early(rig->backend, op));
	rig_deliver(rig, "INBOX", "late", NOON + 200);
	return op;
}

static void
fill_up(struct rig *rig, gint64 rows)
{
	for (gint64 here = 0; here < rows;) {
		struct store_folder *folder = store_folder_by_path(rig->store, "INBOX", NULL);
		struct rig_done filled = {0};

		here = folder->rows;
		if (here < rows) {
			rig->kind->ops->fill(rig->backend, folder->id, rig_on_done, &filled);
			rig_wait(rig, &filled);
		}
		store_folder_free(folder);
	}
}

static void
all_but_the_late_one_are_read(struct rig *rig)
{
	struct store_folder *folder;

	rig_replay(rig, 0);
	rig_open(rig, "INBOX");
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	g_assert_cmpint(folder->rows, ==, 101);
	g_assert_cmpint(folder->unread, ==, 1);
	g_assert_true(folder->complete);
	store_folder_free(folder);
}

/* What is about all of INBOX is so for what a visit has seen there and not brought yet, and for nothing that
 * comes later. */
static void
what_is_wished_for_all_waits_for_all(struct rig *rig)
{
	struct store_op *op = mark_all_too_early(rig);

	fill_up(rig, 100);
	g_assert_false(rig->kind->ops->early(rig->backend, op));
	store_op_free(op);
	all_but_the_late_one_are_read(rig);
}

/* The same when the visit is cut off, and another process makes the next. */
static void
what_is_wished_for_all_outlives_the_visit(struct rig *rig)
{
	struct store_op *op = mark_all_too_early(rig);
	struct store_folder *folder;

	rig->kind->ops->unlink(rig->backend);
	while (!rig->lost)
		g_main_context_iteration(rig->context, TRUE);
	rig->kind->ops->destroy(rig->backend);
	rig->backend = rig->kind->ops->create(&rig->env);
	g_assert_true(rig->kind->ops->early(rig->backend, op));
	/* What is done here meanwhile does not make it seem complete. */
	g_assert_true(store_begin(rig->store, FALSE, NULL));
	g_assert_true(pop3_desk_look(rig->backend, op->folder, NULL));
	g_assert_true(store_commit(rig->store, NULL));
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	g_assert_false(folder->complete);
	store_folder_free(folder);
	rig->ready = rig->lost = FALSE;
	rig_link(rig);
	g_assert_true(rig->kind->ops->early(rig->backend, op));
	rig_open(rig, "INBOX");
	g_assert_false(rig->kind->ops->early(rig->backend, op));
	store_op_free(op);
	all_but_the_late_one_are_read(rig);
}

static void
link_again(struct rig *rig, guint64 spare)
{
	rig->ready = rig->lost = FALSE;
	rig_link(rig);
	rig->backend->visit->spare = spare;
}

/* What has so many octets more than were announced that there seems to be no end to them, as a header and as
 * a text. What has an end comes whole, whatever was announced. */
static void
what_has_no_end_is_given_up(struct rig *rig)
{
	g_autofree char *octets = g_strnfill(300000, 'x');
	g_autofree char *text = g_strconcat("Subject: long\nX-Long: ", octets, "\n\n", octets, "\n", NULL);
	static const struct conf_keep keeps[] = {{KEEP_HEADERS, -1}, {KEEP_FULL, -1}};

	rig_pop3_lie(10);
	rig->kind->deliver(rig, "INBOX", "long", NOON, text);
	for (guint i = 0; i < G_N_ELEMENTS(keeps); i++) {
		struct rig_done opened = {0};
		g_autoptr(GError) error = NULL;

		rig->account->keep = keeps[i];
		link_again(rig, 100000);
		rig->kind->ops->open(rig->backend, rig_folder_at(rig, "INBOX"), rig_on_done, &opened);
		error = rig_wait_error(rig, &opened);
		g_assert_error(error, FULMAR_ERROR, FULMAR_NO_LINK);
		g_assert_nonnull(strstr(error->message, "more than it announced"));
		g_assert_true(rig->lost);
		rig_here(rig, "INBOX", "");
	}
	link_again(rig, 1000000);
	rig_open(rig, "INBOX");
	rig_here(rig, "INBOX", "long");
}

/* What cannot be kept is told, and is no reason to listen to it for ever; the next visit brings it. */
static void
what_cannot_be_kept_has_an_end_too(struct rig *rig)
{
	g_autofree char *octets = g_strnfill(4 << 20, 'x');
	g_autofree char *text = g_strconcat("Subject: large\n\n", octets, "\n", NULL);
	struct rig_done opened = {0}, filled = {0};
	g_autoptr(GError) error = NULL;
	struct rlimit usual, none;

	rig_pop3_lie(10); /* else its header would come first */
	rig->account->keep = (struct conf_keep){KEEP_FULL, -1};
	rig->kind->deliver(rig, "INBOX", "large", NOON, text);
	for (int i = 0; i < 60; i++)
		rig_deliver(rig, "INBOX", "small", NOON + 1 + i);
	link_again(rig, 3 << 20);
	rig->kind->ops->open(rig->backend, rig_folder_at(rig, "INBOX"), rig_on_done, &opened);
	rig_wait(rig, &opened);
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &usual), ==, 0);
	none = usual;
	none.rlim_cur = 0;
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &none), ==, 0);
	rig->kind->ops->fill(rig->backend, rig_folder_at(rig, "INBOX"), rig_on_done, &filled);
	error = rig_wait_error(rig, &filled);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &usual), ==, 0);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_true(rig->lost);
	link_again(rig, 8 << 20);
	rig_open(rig, "INBOX");
	g_assert_cmpint(rig_id_at(rig, "INBOX", "large"), !=, 0);
}

/* RFC 2449 §8.1.1: mostly for a moment; who has it for long is not asked every minute. */
static void
a_maildrop_in_use_is_asked_for_again(struct rig *rig)
{
	static const guint waits[] = {60, 60, 60, 60, 60, 900, 900};

	rig->account->poll = 900;
	rig_pop3_refuse("-ERR [IN-USE] somebody has it");
	for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
		rig->lost = FALSE;
		rig->kind->ops->link(rig->backend);
		while (!rig->lost)
			g_main_context_iteration(rig->context, TRUE);
		g_assert_cmpuint(rig->kind->ops->respite(rig->backend), ==, waits[i]);
	}
	rig_pop3_refuse("-ERR [SYS/TEMP] not now");
	rig->lost = FALSE;
	rig->kind->ops->link(rig->backend);
	while (!rig->lost)
		g_main_context_iteration(rig->context, TRUE);
	rig_pop3_refuse(NULL);
	rig->lost = FALSE;
	rig_begin(rig);
	g_assert_cmpuint(rig->kind->ops->respite(rig->backend), ==, 0);
	rig_here(rig, "INBOX", "c b a");
}

static const struct rig_case promises[] = {
        {"what-is-wished-for-all-waits-for-all", what_is_wished_for_all_waits_for_all, 0},
        {"what-is-wished-for-all-outlives-the-visit", what_is_wished_for_all_outlives_the_visit, 0},
        {"what-has-no-end-is-given-up", what_has_no_end_is_given_up, 0},
        {"what-cannot-be-kept-has-an-end-too", what_cannot_be_kept_has_an_end_too, 0},
        {"a-maildrop-in-use-is-asked-for-again", a_maildrop_in_use_is_asked_for_again, 0},
        {"a-copy-waits-for-its-text", a_copy_waits_for_its_text, 0},
        {"a-visit-fetches-what-copies-wait-for", a_visit_fetches_what_copies_wait_for, 0},
        {"a-copy-waits-for-no-text-that-cannot-be-had", a_copy_waits_for_no_text_that_cannot_be_had, 0},
        {"check-leaves-all-to-be-done", check_leaves_all_to_be_done, 0},
        {"news-come-with-the-next-visit", news_come_with_the_next_visit, 0},
        {"a-structure-comes-with-the-text", a_structure_comes_with_the_text, 0},
        {"the-journal-needs-no-link", the_journal_needs_no_link, 0},
        {"a-uid-is-given-once", a_uid_is_given_once, 0},
        {"many-go-in-slices", many_go_in_slices, 0},
        {"a-folder-that-is-gone-is-an-error", a_folder_that_is_gone_is_an_error, 0},
        {"a-full-disk-puts-it-off", a_full_disk_puts_it_off, 0},
        {"what-lost-its-number-gets-another", what_lost_its_number_gets_another, 0},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	rig_add_cases("/pop3/local", &rig_pop3, promises, G_N_ELEMENTS(promises));
	return g_test_run();
}
