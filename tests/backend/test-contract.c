/* What every kind of account promises, whatever is behind it. */
#include <string.h>

#include "base/error.h"
#include "rig.h"

static const struct rig_kind *const kinds[] = {&rig_maildir, &rig_pop3, &rig_imap_plain, &rig_imap_condstore,
                                               &rig_imap_qresync};

static void
folders_come_with_roles_and_counts(struct rig *rig)
{
	g_autoptr(GPtrArray) folders = NULL;
	GError *error = NULL;
	const struct store_folder *folder;

	rig_deliver(rig, "Lists/harbour", "one", NOON);
	rig_link(rig);
	g_assert_cmpuint(rig->folders, >=, 1);
	folders = store_folders(rig->store, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(folders->len, ==, 3);
	folder = folders->pdata[0];
	g_assert_cmpstr(folder->path, ==, "INBOX");
	g_assert_cmpstr(folder->role, ==, "inbox");
	folder = folders->pdata[1];
	g_assert_cmpstr(folder->path, ==, "Sent");
	g_assert_cmpstr(folder->role, ==, "sent");
	folder = folders->pdata[2];
	g_assert_cmpstr(folder->path, ==, "Lists/harbour");
	g_assert_cmpint(folder->total, ==, 1);
	g_assert_cmpint(folder->unread, ==, 1);
	g_assert_true(folder->selectable);
}

static void
open_gives_the_newest_and_fill_the_rest(struct rig *rig)
{
	struct store_folder *folder;
	struct rig_done done = {0};
	g_autofree char *last = NULL;

	for (int i = 0; i < 2500; i++) {
		g_autofree char *name = g_strdup_printf("m%04d", i);

		rig_deliver(rig, "INBOX", name, NOON + i * 60);
	}
	rig_link(rig);
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	rig->kind->ops->open(rig->backend, folder->id, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	rig_wait(rig, &done);
	last = rig_subjects(rig, "INBOX");
	g_assert_true(g_str_has_prefix(last, "m2499 m2498 m2497"));
	store_folder_free(folder);
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	g_assert_cmpint(folder->total, ==, 2500);
	g_assert_cmpint(folder->rows, <, 2500);
	g_assert_false(folder->complete);
	store_folder_free(folder);
	rig_open(rig, "INBOX");
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	g_assert_cmpint(folder->rows, ==, 2500);
	g_assert_cmpint(folder->unread, ==, 2500);
	g_assert_cmpuint(rig->have, ==, 2500);
	g_assert_cmpuint(rig->total, ==, 2500);
	g_assert_cmpint(folder->synced, >, 0);
	store_folder_free(folder);
}

static void
open_follows_what_others_did(struct rig *rig)
{
	struct store_row *row;
	g_autofree char *subjects = NULL;
	msgid id;

	rig_deliver(rig, "INBOX", "stays", NOON);
	rig_deliver(rig, "INBOX", "goes", NOON + 1);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "stays");
	id = row->id;
	g_assert_cmpuint(row->flags, ==, 0);
	store_row_free(row);
	rig->kind->set_flags(rig, "INBOX", "stays", FLAG_SEEN | FLAG_FLAGGED);
	rig->kind->remove(rig, "INBOX", "goes");
	rig_deliver(rig, "INBOX", "comes", NOON + 2);
	rig_open(rig, "INBOX");
	subjects = rig_subjects(rig, "INBOX");
	g_assert_cmpstr(subjects, ==, "comes stays");
	row = rig_row(rig, "INBOX", "stays");
	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN | FLAG_FLAGGED);
	store_row_free(row);
	g_assert_cmpuint(rig->arrived, ==, 1);
}

static void
replay_reaches_the_other_side_and_may_be_repeated(struct rig *rig)
{
	struct store_row *row;
	msgid id;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	id = row->id;
	store_row_free(row);
	rig_flag(rig, id, FLAG_SEEN | FLAG_ANSWERED, 0, NULL);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_SEEN | FLAG_ANSWERED);
	rig_flag(rig, id, FLAG_SEEN | FLAG_ANSWERED, 0, NULL);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_SEEN | FLAG_ANSWERED);
	rig_flag(rig, id, FLAG_FLAGGED, FLAG_SEEN, NULL);
	g_assert_cmpuint(rig->kind->flags(rig, "INBOX", "a"), ==, FLAG_FLAGGED | FLAG_ANSWERED);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	g_assert_cmpint(row->id, ==, id);
	g_assert_cmpuint(row->flags, ==, FLAG_FLAGGED | FLAG_ANSWERED);
	g_assert_cmpuint(row->pending, ==, 0);
	store_row_free(row);
}

static void
keywords_survive_a_change_of_flags(struct rig *rig)
{
	struct store_row *row;
	msgid id;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	id = row->id;
	store_row_free(row);
	rig_flag(rig, id, 0, 0, "harbour");
	rig->kind->set_flags(rig, "INBOX", "a", FLAG_SEEN);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	g_assert_cmpstr(row->keywords, ==, "harbour");
	g_assert_cmpuint(row->flags, ==, FLAG_SEEN);
	store_row_free(row);
}

static void
a_part_can_be_read_once_it_was_asked_for(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_row *row;
	GError *error = NULL;
	g_autoptr(GBytes) whole = NULL;
	gsize len;
	const char *text;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "a");
	rig->kind->ops->part(rig->backend, row->id, "", NULL, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	rig_wait(rig, &done);
	whole = store_part(rig->store, row->id, "", &error);
	g_assert_no_error(error);
	text = g_bytes_get_data(whole, &len);
	g_assert_nonnull(g_strstr_len(text, (gssize)len, "Text of a."));
	store_row_free(row);
}

/* Also of files that were renamed meanwhile, and whatever becomes of the lists that were given. */
static void
parts_of_many_can_be_read_once_they_were_asked_for(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_row *a, *b;
	msgid ids[2];
	char whole[] = "";
	const char *sections[] = {whole, whole};

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_deliver(rig, "INBOX", "b", NOON + 1);
	rig_link(rig);
	rig_open(rig, "INBOX");
	a = rig_row(rig, "INBOX", "a");
	b = rig_row(rig, "INBOX", "b");
	rig->kind->set_flags(rig, "INBOX", "a", FLAG_SEEN);
	rig->kind->set_flags(rig, "INBOX", "b", FLAG_FLAGGED);
	g_assert_false(store_has_part(rig->store, a->id, ""));
	g_assert_false(store_has_part(rig->store, b->id, ""));
	ids[0] = a->id;
	ids[1] = b->id;
	rig->kind->ops->parts(rig->backend, ids, sections, 2, rig_on_done, &done);
	ids[0] = ids[1] = 0;
	sections[0] = sections[1] = NULL;
	whole[0] = 'x';
	g_assert_cmpint(done.times, ==, 0);
	rig_wait(rig, &done);
	g_assert_true(store_has_part(rig->store, a->id, ""));
	g_assert_true(store_has_part(rig->store, b->id, ""));
	store_row_free(a);
	store_row_free(b);
}

static void
structures_are_put_into_the_store(struct rig *rig)
{
	struct rig_done done = {0};
	g_autofree char *padding = g_strnfill(100000, 'x');
	g_autofree char *text = g_strdup_printf(
	        "Subject: big\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"
	        "Content-Type: image/png\nContent-Disposition: attachment; filename=map.png\n\n%s\n--b--\n",
	        padding);
	struct store_row *row;
	msgid id;

	rig->kind->deliver(rig, "INBOX", "big", NOON, text);
	rig_link(rig);
	rig_open(rig, "INBOX");
	row = rig_row(rig, "INBOX", "big");
	id = row->id;
	rig->kind->ops->structures(rig->backend, &id, 1, rig_on_done, &done);
	id = 0;
	rig_wait(rig, &done);
	store_row_free(row);
	row = rig_row(rig, "INBOX", "big");
	g_assert_true(row->has_structure);
	g_assert_cmpint(row->attachments, ==, 1);
	store_row_free(row);
}

static void
watch_tells_of_mail_and_flags(struct rig *rig)
{
	guint before;
	gint64 folder;
	struct store_row *row;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	folder = rig_open(rig, "INBOX");
	rig->kind->ops->watch(rig->backend, folder);
	rig_deliver(rig, "INBOX", "b", NOON + 1);
	rig_wait_for(rig, &rig->arrived, 1);
	row = rig_row(rig, "INBOX", "b");
	store_row_free(row);
	rig->kind->set_flags(rig, "INBOX", "a", FLAG_SEEN);
	do {
		before = rig->rows;
		rig_wait_for(rig, &rig->rows, before + 1);
		row = rig_row(rig, "INBOX", "a");
		before = row->flags;
		store_row_free(row);
	} while (before != FLAG_SEEN);
	rig->kind->ops->watch(rig->backend, 0);
}

static void
unlink_ends_verbs_as_cancelled(struct rig *rig)
{
	struct rig_done first = {0}, second = {0};
	g_autoptr(GError) error = NULL, other = NULL;
	struct store_folder *folder;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	rig->kind->ops->open(rig->backend, folder->id, rig_on_done, &first);
	rig->kind->ops->fill(rig->backend, folder->id, rig_on_done, &second);
	store_folder_free(folder);
	rig->kind->ops->unlink(rig->backend);
	error = rig_wait_error(rig, &first);
	g_assert_error(error, FULMAR_ERROR, FULMAR_CANCELLED);
	other = rig_wait_error(rig, &second);
	g_assert_error(other, FULMAR_ERROR, FULMAR_CANCELLED);
}

static void
destroy_in_the_middle_leaves_nothing(struct rig *rig)
{
	struct rig_done done = {0};
	struct store_folder *folder;

	rig_deliver(rig, "INBOX", "a", NOON);
	rig_link(rig);
	folder = store_folder_by_path(rig->store, "INBOX", NULL);
	rig->kind->ops->open(rig->backend, folder->id, rig_on_done, &done);
	g_main_context_iteration(rig->context, FALSE);
	if (rig->kind->ops->watch)
		rig->kind->ops->watch(rig->backend, folder->id);
	store_folder_free(folder);
	rig->kind->ops->destroy(rig->backend);
	g_assert_false(g_main_context_pending(rig->context));
	g_assert_cmpint(done.times, ==, 0);
	rig->backend = rig->kind->ops->create(&rig->env);
}

static void
a_lost_mailbox_is_one_clear_error(struct rig *rig)
{
	struct rig_done done = {0};
	g_autoptr(GError) error = NULL;

	rig_link(rig);
	rig->kind->ops->open(rig->backend, 4711, rig_on_done, &done);
	error = rig_wait_error(rig, &done);
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
}

static const struct rig_case promises[] = {
        {"folders-come-with-roles-and-counts", folders_come_with_roles_and_counts, 0},
        {"open-gives-the-newest-and-fill-the-rest", open_gives_the_newest_and_fill_the_rest, 0},
        {"open-follows-what-others-did", open_follows_what_others_did, 0},
        {"replay-reaches-the-other-side", replay_reaches_the_other_side_and_may_be_repeated, 0},
        {"keywords-survive-a-change-of-flags", keywords_survive_a_change_of_flags, 0},
        {"a-part-can-be-read", a_part_can_be_read_once_it_was_asked_for, 0},
        {"parts-of-many-can-be-read", parts_of_many_can_be_read_once_they_were_asked_for, 0},
        {"structures-are-put-into-the-store", structures_are_put_into_the_store, RIG_STRUCTURES},
        {"watch-tells-of-mail-and-flags", watch_tells_of_mail_and_flags, RIG_TELLS},
        {"unlink-ends-verbs-as-cancelled", unlink_ends_verbs_as_cancelled, 0},
        {"destroy-in-the-middle", destroy_in_the_middle_leaves_nothing, 0},
        {"an-unknown-folder-is-an-error", a_lost_mailbox_is_one_clear_error, 0},
};

/* Where kinds differ is said here, and each row has cases of its own: test-pop3-local. */
static const struct {
	const struct rig_kind *kind;
	guint lacks;
} differences[] = {
        {&rig_pop3, RIG_TELLS | RIG_STRUCTURES | RIG_APART},
};

static void
kinds_differ_where_that_is_said(void)
{
	guint all = 0;

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		all |= kinds[i]->verbs;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		guint lacks = 0;

		for (guint j = 0; j < G_N_ELEMENTS(differences); j++)
			if (differences[j].kind == kinds[i])
				lacks = differences[j].lacks;
		g_test_message("%s", kinds[i]->name);
		g_assert_cmphex(all & ~kinds[i]->verbs, ==, lacks);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *prefix = g_strdup_printf("/backend/%s", kinds[i]->name);

		rig_add_cases(prefix, kinds[i], promises, G_N_ELEMENTS(promises));
	}
	g_test_add_func("/backend/kinds-differ-where-that-is-said", kinds_differ_where_that_is_said);
	return g_test_run();
}
