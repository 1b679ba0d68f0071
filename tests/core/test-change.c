#include <string.h>

#include "base/error.h"
#include "script.h"

/* Commands beside the journal's own: what others do meanwhile, sharing, wishes of this machine alone. */

static struct model *
set_up(struct bed *bed)
{
	struct model *model;

	bed_make(bed);
	model = script_fill("work");
	bed_sync(bed, "work");
	return model;
}

/* ---- somebody else was there first ---- */

static void
test_expunged_elsewhere(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	g_autofree char *want = NULL, *server = NULL, *store = NULL;
	struct command *c;

	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	c = bed_about(&bed, CMD_MOVE, "INBOX", "<work1@example.org>");
	c->text = g_strdup("Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	c = bed_about(&bed, CMD_FLAG, "INBOX", "<work2@example.org>");
	c->add = FLAG_FLAGGED;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	c = bed_about(&bed, CMD_PURGE, "INBOX", "<work3@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	bed_stop(&bed);
	for (guint i = 1; i <= 3; i++) {
		g_autofree char *id = g_strdup_printf("<work%u@example.org>", i);

		g_assert_true(memory_expunge("work", "INBOX", id));
		model_remove(model, model_message(model, "INBOX", id));
	}
	bed_sync(&bed, "work");
	bed_sync(&bed, "work");
	want = model_dump(model);
	server = memory_dump("work");
	store = bed_dump(&bed, "work");
	bed_assert_same("the server", server, want);
	bed_assert_same("the store", store, want);
	g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 0);
	model_free(model);
	bed_remove(&bed);
}

/* A message that another client moved keeps its row, and with it what waits for it. */
static void
test_moved_elsewhere(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	msgid id = bed_row(&bed, "work", "INBOX", "<work1@example.org>");
	g_autofree char *want = NULL, *store = NULL;

	g_assert_true(memory_move("work", "INBOX", "<work1@example.org>", "Old"));
	model_move(model_message(model, "INBOX", "<work1@example.org>"), "Old");
	bed_sync(&bed, "work");
	want = model_dump(model);
	store = bed_dump(&bed, "work");
	bed_assert_same("the store", store, want);
	g_assert_cmpint(bed_row(&bed, "work", "Old", "<work1@example.org>"), ==, id);
	model_free(model);
	bed_remove(&bed);
}

/* ---- what may be done ---- */

static void
set_rights(const char *path, const char *rights, struct bed *bed)
{
	g_autofree char *dir = account_store_dir(conf_account(bed->conf, "work"));
	struct store *store = store_open(dir, STORE_WRITE, NULL);
	struct store_folder *folder = store_folder_by_path(store, path, NULL);

	g_free(folder->rights);
	folder->rights = g_strdup(rights);
	g_assert_true(store_folder_put(store, folder, NULL));
	store_folder_free(folder);
	store_close(store);
}

static void
test_rights(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	struct command *c;

	set_rights("Old", "lrs", &bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_DELETE, "Old", "<work20@example.org>")), ==,
	                FULMAR_FAILED);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_PURGE, "Old", "<work20@example.org>")), ==,
	                FULMAR_FAILED);
	c = bed_about(&bed, CMD_MOVE, "INBOX", "<work1@example.org>");
	c->text = g_strdup("Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	c = bed_about(&bed, CMD_FLAG, "Old", "<work20@example.org>");
	c->add = FLAG_FLAGGED;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_FOLDER_REMOVE, "Old")), ==, FULMAR_FAILED);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_FOLDER_EMPTY, "Old")), ==, FULMAR_FAILED);
	c = bed_about(&bed, CMD_FLAG, "Old", "<work20@example.org>");
	c->remove = FLAG_SEEN;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	c = bed_about(&bed, CMD_COPY, "Old", "<work20@example.org>");
	c->text = g_strdup("INBOX");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	bed_stop(&bed);
	model_free(model);
	bed_remove(&bed);
}

/* Where nobody may mark as read, what was read stays new here too, without a word. */
static void
test_reading_without_the_right(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	struct command *c;
	g_autofree char *before = bed_dump(&bed, "work"), *after = NULL;

	set_rights("Old", "lr", &bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	c = bed_about(&bed, CMD_FLAG, "Old", "<work21@example.org>");
	c->add = FLAG_SEEN;
	c->op = 1;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	c = bed_about(&bed, CMD_FLAG, "Old", "<work21@example.org>");
	c->add = FLAG_SEEN;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	bed_stop(&bed);
	after = bed_dump(&bed, "work");
	bed_assert_same("the store", after, before);
	g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 0);
	model_free(model);
	bed_remove(&bed);
}

static int
read_one(struct bed *bed, gboolean unasked)
{
	struct command *c = bed_about(bed, CMD_FLAG, "Old", "<work21@example.org>");

	c->add = FLAG_SEEN;
	c->op = unasked;
	return bed_do(bed, c);
}

static gboolean
keeps_none(struct backend *b, gint64 folder)
{
	return FALSE;
}

/* The server alone knows that it keeps no \Seen: what was read is new again, and only who asked is told. */
static void
test_reading_that_is_refused(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	g_autofree char *before = bed_dump(&bed, "work"), *after = NULL;
	struct backend_ops knows = memory_ops;
	gint64 failed;

	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	for (guint i = 0; i < 2; i++) {
		memory_arm("work", 1, MEMORY_REFUSES, MEMORY_NOTHING);
		g_assert_cmpint(read_one(&bed, TRUE), ==, FULMAR_OK);
		g_assert_cmpint(bed_do(&bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
		g_assert_cmpuint(memory_verbs("work"), ==, 1);
		g_assert_cmpint(bed_waiting(&bed, "work", &failed), ==, 0);
		g_assert_cmpint(failed, ==, 0);
		g_assert_null(bed.notice);
	}
	after = bed_dump(&bed, "work");
	bed_assert_same("the store", after, before);
	memory_arm("work", 1, MEMORY_REFUSES, MEMORY_NOTHING);
	g_assert_cmpint(read_one(&bed, FALSE), ==, FULMAR_OK);
	bed_do(&bed, bed_command(CMD_REPLAY, "work"));
	g_assert_cmpint(bed_waiting(&bed, "work", &failed), ==, 0);
	g_assert_cmpint(failed, ==, 1);
	g_assert_nonnull(bed.notice);
	bed_stop(&bed);
	knows.keeps_seen = keeps_none;
	bed_start_with(&bed, &knows, "work", ACCOUNT_NO_SECRETS);
	memory_arm("work", 0, MEMORY_REFUSES, MEMORY_NOTHING);
	g_assert_cmpint(read_one(&bed, TRUE), ==, FULMAR_OK);
	bed_do(&bed, bed_command(CMD_REPLAY, "work"));
	g_assert_cmpuint(memory_verbs("work"), ==, 0);
	bed_stop(&bed);
	model_free(model);
	bed_remove(&bed);
}

/* What is refused leaves nothing behind, nor a step. */
static void
test_nothing_made_in_vain(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	struct command *c;
	msgid none = 999;

	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	c = bed_command(CMD_DELETE, "work");
	c->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_array_append_val(c->ids, none);
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	g_assert_cmpint(bed_folder(&bed, "work", "Trash"), ==, 0);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_FAILED);
	bed_stop(&bed);
	model_free(model);
	bed_remove(&bed);
}

/* One of a selection that is not here any more holds up none of the others; what was done is a step. */
static void
test_some_are_gone(void)
{
	static const struct {
		enum command_verb verb;
		const char *target, *said;
	} verbs[] = {{CMD_FLAG, NULL, "flags of 2 mails changed; 1 message was gone already"},
	             {CMD_COPY, "Old", "2 mails copied to Old; 1 message was gone already"},
	             {CMD_MOVE, "Old", "2 mails moved to Old; 1 message was gone already"},
	             {CMD_DELETE, NULL, "2 mails moved to Trash; 1 message was gone already"},
	             {CMD_ARCHIVE, NULL, "2 mails moved to Archiv; 1 message was gone already"},
	             {CMD_PURGE, NULL, "2 mails deleted for good; 1 message was gone already"}};
	struct bed bed;
	struct model *model = set_up(&bed);
	msgid gone = bed_row(&bed, "work", "INBOX", "<work3@example.org>");

	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_PURGE, "INBOX", "<work3@example.org>")), ==,
	                FULMAR_OK);
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autofree char *before = bed_dump(&bed, "work"), *after = NULL;
		struct command *c = bed_about(&bed, verbs[i].verb, "INBOX", "<work1@example.org>");

		g_array_append_val(c->ids, gone);
		bed_add_id(&bed, c, "INBOX", "<work2@example.org>");
		c->text = g_strdup(verbs[i].target);
		c->add = verbs[i].verb == CMD_FLAG ? FLAG_FLAGGED : 0;
		g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_PARTLY);
		g_assert_cmpstr(bed.error, ==, verbs[i].said);
		g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
		after = bed_dump(&bed, "work");
		bed_assert_same("after undo", after, before);
	}
	bed_stop(&bed);
	model_free(model);
	bed_remove(&bed);
}

/* ---- the rest ---- */

static void
test_admin(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);

	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_ADMIN, "INBOX")), ==, FULMAR_OK);
	g_assert_cmpuint(bed.facts, ==, 2);
	bed_stop(&bed);
	model_free(model);
	bed_remove(&bed);
}

static void
test_pref(void)
{
	static const struct {
		const char *what, *value;
		int code;
	} wishes[] = {{"hidden", "yes", FULMAR_OK},
	              {"pinned", "yes", FULMAR_OK},
	              {"keep", "full 7d", FULMAR_OK},
	              {"keep", "everything", FULMAR_FAILED}};
	struct bed bed;
	struct model *model = set_up(&bed);
	struct store_folder *f;
	struct store *store;

	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	for (guint i = 0; i < G_N_ELEMENTS(wishes); i++) {
		struct command *c = bed_about_folder(&bed, CMD_FOLDER_PREF, "Old");

		c->text = g_strdup(wishes[i].what);
		c->text2 = g_strdup(wishes[i].value);
		g_assert_cmpint(bed_do(&bed, c), ==, wishes[i].code);
	}
	bed_stop(&bed);
	store = bed_store(&bed, "work");
	f = store_folder_by_path(store, "Old", NULL);
	g_assert_true(f->hidden && f->pinned);
	g_assert_cmpstr(f->keep, ==, "full 7d");
	g_assert_cmpint(store_ops_waiting(store, NULL), ==, 0);
	store_folder_free(f);
	store_close(store);
	model_free(model);
	bed_remove(&bed);
}

int
main(int argc, char **argv)
{
	g_setenv("LC_ALL", "C", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/change/expunged-elsewhere", test_expunged_elsewhere);
	g_test_add_func("/change/moved-elsewhere", test_moved_elsewhere);
	g_test_add_func("/change/rights", test_rights);
	g_test_add_func("/change/reading-without-the-right", test_reading_without_the_right);
	g_test_add_func("/change/reading-that-is-refused", test_reading_that_is_refused);
	g_test_add_func("/change/nothing-made-in-vain", test_nothing_made_in_vain);
	g_test_add_func("/change/some-are-gone", test_some_are_gone);
	g_test_add_func("/change/admin", test_admin);
	g_test_add_func("/change/pref", test_pref);
	return g_test_run();
}
