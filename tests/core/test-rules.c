#include <string.h>

#include "base/error.h"
#include "bed.h"
#include "maildrop.h"
#include "store/arrivals.h"
#include "store/maildrop.h"

/* Rules on an account whose folders are kept here, with a server that is there or not and gives texts or not.
 */

static const char configuration[] =
        "[account work]\ntype = pop3\naddress = ann@example.org\nhost = localhost\nkeep = headers\n"
        "[rule first]\nmatch = subject:alpha or subject:beta\nflags = +flagged\nkeyword = one\n"
        "[rule kernel]\nmatch = subject:beta\nfolder = Lists/kernel\n"
        "[rule quiet]\nmatch = subject:gamma body:\"quiet harbour\"\nfolder = Quiet\n"
        "[rule last]\nmatch = subject:alpha or subject:beta or subject:gamma\nkeyword = last\n";

static const struct backend_ops *ops;

/* ---- an account with mail that arrived ---- */

struct mail {
	const char *subject;
	gboolean noted, bare;
	msgid id;
};

static void
add_mail(struct store *store, gint64 folder, struct mail *mail)
{
	g_autofree char *header =
	        g_strdup_printf("Subject: %s\r\nMessage-ID: <%s@x>\r\n\r\n", mail->subject, mail->subject);
	struct envelope envelope;
	struct store_message message = {.received = 1700000000, .size = 100, .envelope = &envelope};
	GError *error = NULL;

	envelope_from_headers(&envelope, header, strlen(header));
	g_assert_true(store_begin(store, FALSE, &error));
	message.uid = store_uid_next(store, folder, &error);
	mail->id = store_add(store, folder, &message, &error);
	g_assert_no_error(error);
	if (mail->noted)
		store_arrival_note(store, &(struct store_arrival){mail->id, folder, 0}, &error);
	if (mail->bare)
		store_drop_add(store, &(struct store_drop){.uidl = mail->subject, .msg = mail->id}, &error);
	g_assert_true(store_commit(store, &error));
	g_assert_no_error(error);
	if (!mail->bare)
		g_assert_true(store_part_put(store, mail->id, "", header, strlen(header), FALSE, &error));
	envelope_clear(&envelope);
}

static void
set_up(struct bed *bed, struct mail *mails, guint n)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *file = NULL;
	struct store *store;
	gint64 inbox;

	bed_make(bed);
	file = g_build_filename(bed->dir, "fulmar.conf", NULL);
	g_assert_true(g_file_set_contents(file, configuration, -1, NULL));
	conf_free(bed->conf);
	bed->conf = conf_load(file, NULL, problems);
	g_assert_nonnull(bed->conf);
	ops = maildrop_ops();
	store = maildrop_open(bed);
	inbox = maildrop_add_folder(store, "INBOX", FALSE);
	maildrop_add_folder(store, "Old", FALSE);
	for (guint i = 0; i < n; i++)
		add_mail(store, inbox, &mails[i]);
	store_close(store);
}

static void
found(const struct store_finding *finding, void *user)
{
	g_error("%s: %s: %s", finding->kind, finding->where, finding->text);
}

static void
clean_up(struct bed *bed)
{
	g_autofree char *dir = account_store_dir(conf_account(bed->conf, "work"));
	GError *error = NULL;

	bed_stop(bed);
	g_assert_true(store_check(dir, found, NULL, &error));
	g_assert_no_error(error);
	bed_remove(bed);
}

static void
settle(struct bed *bed)
{
	g_assert_cmpint(bed_do(bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
}

/* "Lists/kernel ! one last": where it is, whether it is flagged, its keywords. */
static void
assert_at(struct bed *bed, const struct mail *mail, const char *want)
{
	struct store *store = bed_store(bed, "work");
	struct store_row *row = store_row(store, mail->id, NULL);
	struct store_folder *folder = store_folder_by_id(store, row->folder, NULL);
	g_autofree char *have = g_strdup_printf("%s%s%s%s", folder ? folder->path : "nowhere",
	                                        row->flags & FLAG_FLAGGED ? " !" : "",
	                                        *row->keywords ? " " : "", row->keywords);

	g_assert_cmpstr(have, ==, want);
	store_folder_free(folder);
	store_row_free(row);
	store_close(store);
}

/* How many are noted, and what the newest step is called: "rules 3". */
static void
assert_left(struct bed *bed, guint noted, const char *step)
{
	struct store *store = bed_store(bed, "work");
	struct store_undo *undo = store_last_undo(store, NULL);
	g_autoptr(GArray) arrivals = g_array_new(FALSE, FALSE, sizeof(struct store_arrival));
	g_autofree char *have = undo ? g_strdup_printf("%s %u", undo->verb, undo->n) : g_strdup("");

	g_assert_true(store_arrivals(store, 0, 100, arrivals, NULL));
	g_assert_cmpuint(arrivals->len, ==, noted);
	g_assert_cmpstr(have, ==, step);
	store_undo_free(undo);
	store_close(store);
}

/* ---- the tests ---- */

/* As a crash between the row and the rules leaves it. */
static void
what_was_noted_is_judged_once(void)
{
	struct mail mails[] = {{"alpha", TRUE, FALSE, 0},
	                       {"beta", TRUE, FALSE, 0},
	                       {"delta", TRUE, FALSE, 0},
	                       {"beta-2", FALSE, FALSE, 0}};
	struct bed bed;

	set_up(&bed, mails, G_N_ELEMENTS(mails));
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX ! one last");
	assert_at(&bed, &mails[1], "Lists/kernel ! one");
	assert_at(&bed, &mails[2], "INBOX");
	assert_at(&bed, &mails[3], "INBOX");
	assert_left(&bed, 0, "rules 2");
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	settle(&bed);
	bed_stop(&bed);
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_at(&bed, &mails[1], "INBOX");
	assert_left(&bed, 0, "");
	clean_up(&bed);
}

static void
two_processes_judge_each_once(void)
{
	enum { MANY = 500 };
	struct mail *mails = g_new0(struct mail, MANY);
	struct bed bed, other;

	for (guint i = 0; i < MANY; i++)
		mails[i] = (struct mail){"alpha", TRUE, FALSE, 0};
	set_up(&bed, mails, MANY);
	bed_make_other(&other, &bed);
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	bed_start_with(&other, ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	settle(&other);
	for (guint i = 0; i < MANY; i++)
		assert_at(&bed, &mails[i], "INBOX ! one last");
	while (bed_do(&bed, bed_command(CMD_UNDO, "work")) == FULMAR_OK)
		;
	settle(&bed);
	for (guint i = 0; i < MANY; i++)
		assert_at(&bed, &mails[i], "INBOX");
	assert_left(&bed, 0, "");
	bed_stop(&other);
	bed_remove_other(&other);
	clean_up(&bed);
	g_free(mails);
}

static void
what_was_moved_meanwhile_is_left_alone(void)
{
	struct mail mails[] = {{"beta", FALSE, FALSE, 0}};
	struct bed bed;
	struct store *store;
	struct store_folder *old;
	GError *error = NULL;

	set_up(&bed, mails, 1);
	store = maildrop_open(&bed);
	old = store_folder_by_path(store, "Old", NULL);
	g_assert_true(store_begin(store, FALSE, &error));
	store_arrival_note(store, &(struct store_arrival){mails[0].id, old->id, 0}, &error);
	g_assert_true(store_commit(store, &error));
	store_folder_free(old);
	store_close(store);
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_left(&bed, 0, "");
	clean_up(&bed);
}

static void
a_text_is_waited_for(void)
{
	struct mail mails[] = {
	        {"gamma", TRUE, TRUE, 0}, {"beta", TRUE, TRUE, 0}, {"gamma-2", TRUE, FALSE, 0}};
	struct bed bed;

	set_up(&bed, mails, G_N_ELEMENTS(mails));
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_at(&bed, &mails[1], "Lists/kernel ! one");
	assert_at(&bed, &mails[2], "INBOX last");
	assert_left(&bed, 1, "rules 2");
	g_assert_cmpuint(maildrop.fetched, ==, 0);
	bed_stop(&bed);
	maildrop.reachable = TRUE;
	bed_start_with(&bed, ops, "work", 0);
	while (!maildrop.fetched)
		settle(&bed);
	settle(&bed);
	assert_at(&bed, &mails[0], "Quiet");
	assert_left(&bed, 0, "rules 1");
	g_assert_cmpuint(maildrop.fetched, ==, 1);
	clean_up(&bed);
}

static void
a_text_that_will_not_come_is_not_waited_for(void)
{
	struct mail mails[] = {{"gamma", TRUE, TRUE, 0}};
	struct bed bed;

	set_up(&bed, mails, 1);
	maildrop.reachable = maildrop.refuses = TRUE;
	bed_start_with(&bed, ops, "work", 0);
	while (!maildrop.fetched)
		settle(&bed);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX last");
	assert_left(&bed, 0, "rules 1");
	g_assert_cmpuint(maildrop.fetched, ==, 1);
	clean_up(&bed);
}

static struct command *
rules_over(struct bed *bed, const char *path)
{
	return bed_about_folder(bed, CMD_RULES, path);
}

static void
a_folder_is_gone_through_when_asked(void)
{
	struct mail mails[] = {
	        {"alpha", FALSE, FALSE, 0}, {"beta", FALSE, FALSE, 0}, {"gamma", FALSE, TRUE, 0}};
	struct bed bed;
	struct command *preview;

	set_up(&bed, mails, G_N_ELEMENTS(mails));
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	preview = rules_over(&bed, "INBOX");
	preview->add = 1;
	g_assert_cmpint(bed_do(&bed, preview), ==, FULMAR_OK);
	assert_at(&bed, &mails[1], "INBOX");
	assert_left(&bed, 0, "");
	g_assert_cmpint(bed_do(&bed, rules_over(&bed, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "rules changed 2 mails of INBOX; 1 has to be read first");
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX ! one last");
	assert_at(&bed, &mails[1], "Lists/kernel ! one");
	assert_at(&bed, &mails[2], "INBOX");
	assert_left(&bed, 1, "rules 2");
	g_assert_cmpint(bed_do(&bed, rules_over(&bed, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "nothing to change; 1 has to be read first");
	bed_stop(&bed);
	/* What comes later belongs to the same step. */
	maildrop.reachable = TRUE;
	bed_start_with(&bed, ops, "work", 0);
	while (!maildrop.fetched)
		settle(&bed);
	settle(&bed);
	assert_at(&bed, &mails[2], "Quiet");
	assert_left(&bed, 0, "rules 3");
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	settle(&bed);
	for (guint i = 0; i < G_N_ELEMENTS(mails); i++)
		assert_at(&bed, &mails[i], "INBOX");
	clean_up(&bed);
}

static void
what_was_taken_back_is_not_gone_on_with(void)
{
	struct mail mails[] = {{"alpha", FALSE, FALSE, 0}, {"gamma", FALSE, TRUE, 0}};
	struct bed bed;

	set_up(&bed, mails, G_N_ELEMENTS(mails));
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, rules_over(&bed, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	bed_stop(&bed);
	maildrop.reachable = TRUE;
	bed_start_with(&bed, ops, "work", 0);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_at(&bed, &mails[1], "INBOX");
	assert_left(&bed, 0, "");
	g_assert_cmpuint(maildrop.fetched, ==, 0);
	clean_up(&bed);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rules/what-was-noted-is-judged-once", what_was_noted_is_judged_once);
	g_test_add_func("/rules/two-processes-judge-each-once", two_processes_judge_each_once);
	g_test_add_func("/rules/what-was-moved-meanwhile-is-left-alone",
	                what_was_moved_meanwhile_is_left_alone);
	g_test_add_func("/rules/a-text-is-waited-for", a_text_is_waited_for);
	g_test_add_func("/rules/a-text-that-will-not-come-is-not-waited-for",
	                a_text_that_will_not_come_is_not_waited_for);
	g_test_add_func("/rules/a-folder-is-gone-through-when-asked", a_folder_is_gone_through_when_asked);
	g_test_add_func("/rules/what-was-taken-back-is-not-gone-on-with",
	                what_was_taken_back_is_not_gone_on_with);
	return g_test_run();
}
