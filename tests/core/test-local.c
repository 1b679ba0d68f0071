#include <string.h>

#include "base/error.h"
#include "maildrop.h"
#include "script.h"
#include "store/maildrop.h"

/* An account whose folders are kept here: whatever a person does is through at once, link or no link. */

enum { ACTIONS = 40 };

/* ---- an account and its model ---- */

/* One that is here as a header alone, where bare says so. */
#define BARE "<work5@example.org>"

static gboolean bare;
static const struct backend_ops *ops;

static void
add_message(struct store *store, const struct model_message *m)
{
	struct store_folder *folder = store_folder_by_path(store, m->folder, NULL);
	g_autofree char *text = maildrop_text(m->id);
	struct envelope envelope;
	struct store_message message = {
	        .received = 1700000000, .size = strlen(text), .flags = m->flags, .envelope = &envelope};
	GError *error = NULL;
	msgid id;

	envelope_from_headers(&envelope, text, strlen(text));
	g_assert_true(store_begin(store, FALSE, &error));
	message.uid = store_uid_next(store, folder->id, &error);
	id = store_add(store, folder->id, &message, &error);
	g_assert_true(store_commit(store, &error));
	if (bare && strcmp(m->id, BARE) == 0)
		g_assert_cmpint(
		        store_drop_add(store, &(struct store_drop){.uidl = "bare", .msg = id}, &error), >, 0);
	else
		g_assert_true(store_part_put(store, id, "", text, strlen(text), FALSE, &error));
	g_assert_no_error(error);
	envelope_clear(&envelope);
	store_folder_free(folder);
}

static struct model *
set_up_with(struct bed *bed, gboolean with_bare)
{
	struct model *model;
	struct store *store;

	bed_make(bed);
	ops = maildrop_ops();
	bare = with_bare;
	model = script_fill("work");
	store = maildrop_open(bed);
	for (guint i = 0; i < model->folders->len; i++) {
		const struct model_folder *f = model->folders->pdata[i];

		maildrop_add_folder(store, f->name, f->subscribed);
	}
	for (guint i = 0; i < model->messages->len; i++)
		add_message(store, model->messages->pdata[i]);
	store_close(store);
	return model;
}

static struct model *
set_up(struct bed *bed)
{
	return set_up_with(bed, FALSE);
}

static void
clean_up(struct bed *bed, struct model *model)
{
	model_free(model);
	bed_remove(bed);
}

static void
act(struct bed *bed, struct model *model, guint32 seed, guint n)
{
	struct script script = {.bed = bed, .account = "work", .model = model, .made = 100 * seed};
	const char *others = g_getenv("FULMAR_SEED");

	script.rand = g_rand_new_with_seed(seed + (others ? (guint32)g_ascii_strtoull(others, NULL, 10) : 0));
	for (guint i = 0; i < n; i++)
		script_act(&script);
	g_rand_free(script.rand);
}

static void
found(const struct store_finding *finding, void *user)
{
	g_error("%s: %s: %s", finding->kind, finding->where, finding->text);
}

/* The store is as the model, nothing waits, and there is nothing to find fault with. */
static void
assert_through(struct bed *bed, const struct model *model)
{
	g_autofree char *want = model_dump(model), *have = NULL, *dir = NULL;
	GError *error = NULL;
	gint64 failed;

	g_assert_cmpint(bed_do(bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
	have = bed_dump(bed, "work");
	bed_assert_same("the store", have, want);
	g_assert_cmpint(bed_waiting(bed, "work", &failed), ==, 0);
	g_assert_cmpint(failed, ==, 0);
	dir = account_store_dir(conf_account(bed->conf, "work"));
	g_assert_true(store_check(dir, found, NULL, &error));
	g_assert_no_error(error);
}

/* ---- the tests ---- */

static void
test_offline(gconstpointer data)
{
	struct bed bed;
	struct model *model = set_up(&bed);

	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	act(&bed, model, GPOINTER_TO_UINT(data), ACTIONS);
	assert_through(&bed, model);
	bed_stop(&bed);
	g_assert_cmpuint(maildrop.links, ==, 0);
	clean_up(&bed, model);
}

static void
test_undo(gconstpointer data)
{
	struct bed bed;
	struct model *start = set_up(&bed), *model = model_copy(start);
	guint undone = 0;

	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	act(&bed, model, GPOINTER_TO_UINT(data), ACTIONS);
	assert_through(&bed, model);
	while (bed_do(&bed, bed_command(CMD_UNDO, "work")) == FULMAR_OK)
		undone++;
	g_assert_cmpuint(undone, >, ACTIONS / 2);
	assert_through(&bed, start);
	bed_stop(&bed);
	model_free(model);
	clean_up(&bed, start);
}

static void
test_two_processes(void)
{
	struct bed bed, other;
	struct model *model = set_up(&bed);

	bed_make_other(&other, &bed);
	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	bed_start_with(&other, ops, "work", ACCOUNT_OFFLINE);
	for (guint32 i = 0; i < ACTIONS; i++)
		act(i % 2 ? &bed : &other, model, i, 1);
	assert_through(&bed, model);
	bed_stop(&other);
	bed_stop(&bed);
	bed_remove_other(&other);
	clean_up(&bed, model);
}

/* No link holds it up, and none is asked for. */
static void
test_commands_that_need_no_link(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	struct command *c;

	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_FOLDERS, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_OPEN, "Old")), ==, FULMAR_OK);
	c = bed_about(&bed, CMD_DELETE, "INBOX", "<work1@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "1 mail moved to Trash");
	g_assert_cmpuint(maildrop.links, ==, 0);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_OPEN, "INBOX")), ==, FULMAR_NO_LINK);
	g_assert_cmpuint(maildrop.links, ==, 1);
	model_add_folder(model, "Trash");
	model_move(model_message(model, "INBOX", "<work1@example.org>"), "Trash");
	assert_through(&bed, model);
	bed_stop(&bed);
	clean_up(&bed, model);
}

/* A link that fails again and again ends nothing that does not need it. */
static void
test_links_that_fail(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);

	bed_start_with(&bed, ops, "work", 0);
	act(&bed, model, 1, ACTIONS / 2);
	bed_send(&bed, bed_command(CMD_GO_ONLINE, "work"));
	act(&bed, model, 2, ACTIONS / 2);
	assert_through(&bed, model);
	bed_stop(&bed);
	g_assert_cmpuint(maildrop.links, >=, 2);
	clean_up(&bed, model);
}

/* The folders that a person needs are made when they are, and known by their names and by the configuration.
 */
static void
test_roles(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	struct store *store;
	g_autoptr(GPtrArray) folders = NULL;
	guint junk = 0, archive = 0;

	bed_start_with(&bed, ops, "work", ACCOUNT_OFFLINE);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_JUNK, "INBOX", "<work1@example.org>")), ==,
	                FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_ARCHIVE, "INBOX", "<work2@example.org>")), ==,
	                FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_FOLDERS, "work")), ==, FULMAR_OK);
	store = bed_store(&bed, "work");
	folders = store_folders(store, NULL);
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		junk += !strcmp(f->role, "junk") && !strcmp(f->path, "Junk") && f->total == 1;
		archive += !strcmp(f->role, "archive") && !strcmp(f->path, "Archiv") && f->total == 3;
		g_assert_true((f->complete || !strcmp(f->path, "INBOX")) && !f->pending);
	}
	g_assert_cmpuint(junk, ==, 1);
	g_assert_cmpuint(archive, ==, 1);
	store_close(store);
	bed_stop(&bed);
	clean_up(&bed, model);
}

/* What a process that died had under way is gone on with. */
static void
test_crash(void)
{
	struct bed bed;
	struct model *model = set_up(&bed);
	msgid ids[2] = {bed_row(&bed, "work", "INBOX", "<work1@example.org>"),
	                bed_row(&bed, "work", "INBOX", "<work2@example.org>")};
	gint64 old = bed_folder(&bed, "work", "Old");
	struct store *store = maildrop_open(&bed);
	g_autoptr(GPtrArray) journal = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	g_assert_true(store_journal_move(store, ids, 2, old, NULL, &error));
	g_assert_true(store_journal_purge(store, ids, 1, NULL, &error));
	g_assert_true(
	        store_journal_copy(store, ids + 1, 1, bed_folder(&bed, "work", "Empty"), NULL, NULL, &error));
	g_assert_true(store_ops(store, FALSE, 0, journal, &error));
	for (guint i = 0; i < journal->len; i++)
		g_assert_true(store_op_set(store, ((struct store_op *)journal->pdata[i])->id, OP_RUNNING,
		                           NULL, 0, &error));
	g_assert_cmpuint(journal->len, >=, 3);
	store_close(store);
	model_remove(model, model_message(model, "INBOX", "<work1@example.org>"));
	model_move(model_message(model, "INBOX", "<work2@example.org>"), "Old");
	model_add(model, "Empty", "<work2@example.org>", 0, "");
	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	assert_through(&bed, model);
	bed_stop(&bed);
	clean_up(&bed, model);
}

static void
replay(struct bed *bed, const char *account)
{
	g_assert_cmpint(bed_do(bed, bed_command(CMD_REPLAY, account)), ==, FULMAR_OK);
}

/* What goes to another account, and is here as a header alone, is fetched by a visit; without one it waits.
 */
static void
test_transfer(void)
{
	struct bed bed;
	struct model *model = set_up_with(&bed, TRUE), *home = script_fill("home");
	g_autofree char *there = NULL;
	struct command *c;

	bed_start(&bed, "home", ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "home")), ==, FULMAR_OK);
	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	c = bed_about(&bed, CMD_MOVE, "INBOX", BARE);
	bed_add_id(&bed, c, "INBOX", "<work4@example.org>");
	c->text = g_strdup("Old");
	c->text2 = g_strdup("home");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	replay(&bed, "work");
	g_assert_cmpuint(maildrop.links, ==, 1);
	g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 1);
	bed_stop(&bed);
	maildrop.reachable = TRUE;
	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	bed_start(&bed, "home", ACCOUNT_BATCH);
	replay(&bed, "work");
	replay(&bed, "home");
	replay(&bed, "work");
	g_assert_cmpuint(maildrop.links, ==, 2);
	g_assert_cmpuint(maildrop.fetched, ==, 1);
	there = memory_dump("home");
	g_assert_nonnull(strstr(there, "Old " BARE));
	g_assert_nonnull(strstr(there, "Old <work4@example.org>"));
	model_remove(model, model_message(model, "INBOX", BARE));
	model_remove(model, model_message(model, "INBOX", "<work4@example.org>"));
	assert_through(&bed, model);
	bed_stop(&bed);
	model_free(home);
	clean_up(&bed, model);
}

/* What is here as a header alone comes back when it was deleted for good, as long as the server has it; and
 * its copy waits until there is something to copy. */
static void
test_headers(void)
{
	struct bed bed;
	struct model *model = set_up_with(&bed, TRUE);
	msgid id = bed_row(&bed, "work", "INBOX", BARE);
	struct store *store;
	struct command *c;

	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_about(&bed, CMD_PURGE, "INBOX", BARE)), ==, FULMAR_OK);
	replay(&bed, "work");
	g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 0);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	assert_through(&bed, model);
	c = bed_about(&bed, CMD_COPY, "INBOX", BARE);
	c->text = g_strdup("Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	replay(&bed, "work");
	g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 1);
	g_assert_cmpuint(maildrop.links, ==, 0);
	bed_stop(&bed);
	store = maildrop_open(&bed);
	g_assert_true(store_part_put(store, id, "", "Text\r\n", 6, FALSE, NULL));
	store_close(store);
	maildrop.reachable = TRUE;
	bed_start_with(&bed, ops, "work", ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_about_folder(&bed, CMD_OPEN, "INBOX")), ==, FULMAR_OK);
	model_add(model, "Old", BARE, 0, "");
	assert_through(&bed, model);
	bed_stop(&bed);
	clean_up(&bed, model);
}

int
main(int argc, char **argv)
{
	g_setenv("LC_ALL", "C", TRUE);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 1; i <= 4; i++) {
		g_autofree char *offline = g_strdup_printf("/local/offline/%u", i);
		g_autofree char *undo = g_strdup_printf("/local/undo/%u", i);

		g_test_add_data_func(offline, GUINT_TO_POINTER(i), test_offline);
		g_test_add_data_func(undo, GUINT_TO_POINTER(i), test_undo);
	}
	g_test_add_func("/local/two-processes", test_two_processes);
	g_test_add_func("/local/no-link-needed", test_commands_that_need_no_link);
	g_test_add_func("/local/links-that-fail", test_links_that_fail);
	g_test_add_func("/local/roles", test_roles);
	g_test_add_func("/local/crash", test_crash);
	g_test_add_func("/local/transfer", test_transfer);
	g_test_add_func("/local/headers", test_headers);
	return g_test_run();
}
