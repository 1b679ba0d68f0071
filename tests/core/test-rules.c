#include <string.h>

#include "backend/pop3/pop3-private.h"
#include "base/error.h"
#include "bed.h"
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

static guint fetched;
static gboolean reachable, refuses;
static struct backend_ops ops;

/* ---- the kind of account ---- */

static gboolean
answer(gpointer user)
{
	struct backend *b = user;
	g_autoptr(GError) error = NULL;

	if (reachable) {
		b->env->hooks->ready(b->env->user);
		return G_SOURCE_REMOVE;
	}
	fulmar_fail(&error, FULMAR_NO_LINK, "there is no server");
	b->env->hooks->lost(error, b->env->user);
	return G_SOURCE_REMOVE;
}

static gboolean
leave(gpointer user)
{
	struct backend *b = user;

	b->env->hooks->left(b->env->user);
	return G_SOURCE_REMOVE;
}

static void
soon(struct backend *b, GSourceFunc run)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, run, b, NULL);
	g_source_attach(source, b->env->context);
}

static void
link_or_not(struct backend *b)
{
	soon(b, answer);
}

static void
no_unlink(struct backend *b)
{
}

static void
depart(struct backend *b, backend_done done, void *user)
{
	soon(b, leave);
	pop3_end(b, NULL, done, user);
}

static void
watch(struct backend *b, gint64 folder)
{
}

static const char text[] = "Subject: x\r\n\r\nthe quiet\r\nharbour\r\n";

static void
parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
      void *user)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < n && !refuses; i++)
		g_assert_true(store_part_put(b->env->store, ids[i], "", text, strlen(text), TRUE, NULL));
	fetched += n;
	if (refuses)
		fulmar_fail(&error, FULMAR_FAILED, "the message is no longer on the server");
	pop3_end(b, error, done, user);
}

/* ---- an account with mail that arrived ---- */

struct mail {
	const char *subject;
	gboolean noted, bare;
	msgid id;
};

static struct store *
open_store(struct bed *bed)
{
	g_autofree char *dir = account_store_dir(conf_account(bed->conf, "work"));
	GError *error = NULL;
	struct store *store = store_open(dir, STORE_WRITE, &error);

	g_assert_no_error(error);
	return store;
}

static gint64
add_folder(struct store *store, const char *path)
{
	struct store_folder folder = {.path = (char *)path,
	                              .wire = (char *)path,
	                              .delimiter = '/',
	                              .role = (char *)"",
	                              .selectable = TRUE};
	GError *error = NULL;

	g_assert_true(store_folder_put(store, &folder, &error));
	g_assert_no_error(error);
	return folder.id;
}

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
	g_setenv("XDG_DATA_HOME", bed->dir, TRUE);
	fetched = 0;
	reachable = refuses = FALSE;
	ops = backend_pop3;
	ops.link = link_or_not;
	ops.parts = parts;
	ops.watch = watch;
	ops.unlink = no_unlink;
	ops.depart = depart;
	ops.respite = NULL;
	store = open_store(bed);
	inbox = add_folder(store, "INBOX");
	add_folder(store, "Old");
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
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX ! one last");
	assert_at(&bed, &mails[1], "Lists/kernel ! one");
	assert_at(&bed, &mails[2], "INBOX");
	assert_at(&bed, &mails[3], "INBOX");
	assert_left(&bed, 0, "rules 2");
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	settle(&bed);
	bed_stop(&bed);
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
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
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
	bed_start_with(&other, &ops, "work", ACCOUNT_OFFLINE);
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
	store = open_store(&bed);
	old = store_folder_by_path(store, "Old", NULL);
	g_assert_true(store_begin(store, FALSE, &error));
	store_arrival_note(store, &(struct store_arrival){mails[0].id, old->id, 0}, &error);
	g_assert_true(store_commit(store, &error));
	store_folder_free(old);
	store_close(store);
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
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
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_at(&bed, &mails[1], "Lists/kernel ! one");
	assert_at(&bed, &mails[2], "INBOX last");
	assert_left(&bed, 1, "rules 2");
	g_assert_cmpuint(fetched, ==, 0);
	bed_stop(&bed);
	reachable = TRUE;
	bed_start_with(&bed, &ops, "work", 0);
	while (!fetched)
		settle(&bed);
	settle(&bed);
	assert_at(&bed, &mails[0], "Quiet");
	assert_left(&bed, 0, "rules 1");
	g_assert_cmpuint(fetched, ==, 1);
	clean_up(&bed);
}

static void
a_text_that_will_not_come_is_not_waited_for(void)
{
	struct mail mails[] = {{"gamma", TRUE, TRUE, 0}};
	struct bed bed;

	set_up(&bed, mails, 1);
	reachable = refuses = TRUE;
	bed_start_with(&bed, &ops, "work", 0);
	while (!fetched)
		settle(&bed);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX last");
	assert_left(&bed, 0, "rules 1");
	g_assert_cmpuint(fetched, ==, 1);
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
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
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
	reachable = TRUE;
	bed_start_with(&bed, &ops, "work", 0);
	while (!fetched)
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
	bed_start_with(&bed, &ops, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, rules_over(&bed, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	bed_stop(&bed);
	reachable = TRUE;
	bed_start_with(&bed, &ops, "work", 0);
	settle(&bed);
	assert_at(&bed, &mails[0], "INBOX");
	assert_at(&bed, &mails[1], "INBOX");
	assert_left(&bed, 0, "");
	g_assert_cmpuint(fetched, ==, 0);
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
