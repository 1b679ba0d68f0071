#include <string.h>

#include "base/error.h"
#include "script.h"

/* What a person does reaches the server once, whatever happens on the way. */

enum { ACTIONS = 40, NO_FOLDERS = 9 /* the seed of a script that is about mails alone */ };

/* The same each time, unless $FULMAR_SEED says with which others to hunt: those that follow it. */
static guint32
seed_of(guint32 nth)
{
	const char *others = g_getenv("FULMAR_SEED");

	return others ? (guint32)g_ascii_strtoull(others, NULL, 10) + nth : nth;
}

/* ---- a mailbox and its model ---- */

static struct model *
set_up(struct bed *bed, const char *account)
{
	struct model *model = script_fill(account);

	bed_sync(bed, account);
	return model;
}

static void
act(struct bed *bed, const char *account, struct model *model, guint32 seed, guint n)
{
	struct script script = {
	        .bed = bed, .account = account, .model = model, .no_folders = seed == NO_FOLDERS};

	script.rand = g_rand_new_with_seed(seed);
	for (guint i = 0; i < n; i++)
		script_act(&script);
	g_rand_free(script.rand);
}

static void
assert_store(struct bed *bed, const char *account, const struct model *model)
{
	g_autofree char *want = model_dump(model), *have = bed_dump(bed, account);

	bed_assert_same("the store", have, want);
}

/* Server, store and model are the same, and nothing waits. */
static void
assert_same(struct bed *bed, const char *account, const struct model *model)
{
	g_autofree char *want = model_dump(model), *server = memory_dump(account);
	gint64 failed;

	bed_assert_same("the server", server, want);
	assert_store(bed, account, model);
	g_assert_cmpint(bed_waiting(bed, account, &failed), ==, 0);
	g_assert_cmpint(failed, ==, 0);
}

/* Replays whatever is left and looks at everything anew. */
static void
finish(struct bed *bed, const char *account)
{
	bed_start(bed, account, ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(bed, bed_command(CMD_REPLAY, account)), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(bed, bed_command(CMD_SYNC, account)), ==, FULMAR_OK);
	bed_stop(bed);
}

/* ---- one verb after the other ---- */

/* A look at the folder may show what came before its op has told that it is the row that was moved there:
 * only once all has gone out is each message there once for sure. */
static void
assert_at_rest(struct bed *bed, const struct model *model)
{
	g_assert_cmpint(bed_do(bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
	assert_store(bed, "work", model);
}

static void
test_verbs(void)
{
	struct bed bed;
	struct model *model;
	struct command *c;

	bed_make(&bed);
	model = set_up(&bed, "work");
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);

	c = bed_command(CMD_MOVE, "work");
	bed_add_id(&bed, c, "INBOX", "<work1@example.org>");
	bed_add_id(&bed, c, "INBOX", "<work2@example.org>");
	c->text = g_strdup("Lists/a");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "2 mails moved to Lists/a");
	g_assert_cmpint(bed.step, >, 0);
	model_move(model_message(model, "INBOX", "<work1@example.org>"), "Lists/a");
	model_move(model_message(model, "INBOX", "<work2@example.org>"), "Lists/a");
	assert_at_rest(&bed, model);

	c = bed_command(CMD_COPY, "work");
	bed_add_id(&bed, c, "INBOX", "<work3@example.org>");
	c->text = g_strdup("Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpuint(bed.new_ids->len, ==, 1);
	g_assert_cmpint(g_array_index(bed.new_ids, msgid, 0), ==,
	                bed_row(&bed, "work", "Old", "<work3@example.org>"));
	model_add(model, "Old", "<work3@example.org>", 0, "");

	c = bed_command(CMD_DELETE, "work");
	bed_add_id(&bed, c, "INBOX", "<work5@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "1 mail moved to Trash");
	model_add_folder(model, "Trash");
	model_move(model_message(model, "INBOX", "<work5@example.org>"), "Trash");
	assert_at_rest(&bed, model);

	c = bed_command(CMD_DELETE, "work");
	bed_add_id(&bed, c, "Trash", "<work5@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "1 mail deleted for good");
	model_remove(model, model_message(model, "Trash", "<work5@example.org>"));

	c = bed_command(CMD_ARCHIVE, "work");
	bed_add_id(&bed, c, "INBOX", "<work6@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "1 mail moved to Archiv");
	model_move(model_message(model, "INBOX", "<work6@example.org>"), "Archiv");

	c = bed_command(CMD_JUNK, "work");
	bed_add_id(&bed, c, "INBOX", "<work8@example.org>");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	model_add_folder(model, "Junk");
	model_move(model_message(model, "INBOX", "<work8@example.org>"), "Junk");
	model_flag(model_message(model, "Junk", "<work8@example.org>"), 0, 0, "$Junk", NULL);
	assert_at_rest(&bed, model);

	bed_stop(&bed);
	assert_same(&bed, "work", model);
	finish(&bed, "work");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove(&bed);
}

static void
test_refusals(void)
{
	struct bed bed;
	struct model *model;
	struct command *c;

	bed_make(&bed);
	model = set_up(&bed, "work");
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	c = bed_command(CMD_MOVE, "work");
	bed_add_id(&bed, c, "INBOX", "<work1@example.org>");
	c->text = g_strdup("Lits");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	c = bed_command(CMD_MOVE, "work");
	bed_add_id(&bed, c, "INBOX", "<work1@example.org>");
	c->text = g_strdup("Lists/deep/down");
	c->add = 1;
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	model_add_folder(model, "Lists/deep");
	model_add_folder(model, "Lists/deep/down");
	model_move(model_message(model, "INBOX", "<work1@example.org>"), "Lists/deep/down");
	c = bed_command(CMD_FOLDER_REMOVE, "work");
	c->folder = bed_folder(&bed, "work", "INBOX");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	c = bed_command(CMD_FOLDER_RENAME, "work");
	c->folder = bed_folder(&bed, "work", "Lists");
	c->text = g_strdup("Lists/below");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	c = bed_command(CMD_FOLDER_CREATE, "work");
	c->text = g_strdup("Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_FAILED);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	g_assert_cmpstr(bed.said, ==, "undone: 1 mail moved to Lists/deep/down");
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_FAILED);
	bed_stop(&bed);
	model_remove_folder(model, "Lists/deep");
	model_add(model, "INBOX", "<work1@example.org>", FLAG_SEEN, "");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove(&bed);
}

/* ---- forty actions ---- */

static void
test_offline(gconstpointer data)
{
	guint32 seed = seed_of((guint32)GPOINTER_TO_UINT(data));
	struct bed bed;
	struct model *model;

	bed_make(&bed);
	model = set_up(&bed, "work");
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	act(&bed, "work", model, seed, ACTIONS);
	assert_store(&bed, "work", model);
	bed_stop(&bed);
	assert_store(&bed, "work", model);
	finish(&bed, "work");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove(&bed);
}

static void
test_online(gconstpointer data)
{
	guint32 seed = seed_of((guint32)GPOINTER_TO_UINT(data));
	struct bed bed;
	struct model *model;

	bed_make(&bed);
	memory_set_uidplus("work", seed % 2);
	model = set_up(&bed, "work");
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	act(&bed, "work", model, seed, ACTIONS);
	bed_stop(&bed);
	finish(&bed, "work");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove(&bed);
}

/* ---- and back ---- */

static void
undo_all(struct bed *bed, const char *account, guint n)
{
	for (guint i = 0; i < n; i++)
		if (bed_do(bed, bed_command(CMD_UNDO, account)) != FULMAR_OK)
			return; /* what changed nothing is no step */
	g_assert_cmpint(bed_do(bed, bed_command(CMD_UNDO, account)), ==, FULMAR_FAILED);
}

static void
download_all(struct bed *bed, const char *account, const struct model *model)
{
	for (guint i = 0; i < model->folders->len; i++) {
		struct command *c = bed_command(CMD_DOWNLOAD, account);

		c->folder = bed_folder(bed, account, ((struct model_folder *)model->folders->pdata[i])->name);
		g_assert_cmpint(bed_do(bed, c), ==, FULMAR_OK);
	}
}

static void
test_undo(gconstpointer data)
{
	guint32 seed = seed_of((guint32)GPOINTER_TO_UINT(data));
	gboolean reached = seed % 2;
	struct bed bed;
	struct model *model, *start;

	bed_make(&bed);
	start = set_up(&bed, "work");
	model = model_copy(start);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	download_all(&bed, "work", start);
	bed_stop(&bed);
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	act(&bed, "work", model, seed, ACTIONS);
	bed_stop(&bed);
	if (reached) {
		finish(&bed, "work");
		assert_same(&bed, "work", model);
	}
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	undo_all(&bed, "work", ACTIONS);
	assert_store(&bed, "work", start);
	if (!reached)
		g_assert_cmpint(bed_waiting(&bed, "work", NULL), ==, 0);
	bed_stop(&bed);
	finish(&bed, "work");
	assert_same(&bed, "work", start);
	model_free(model);
	model_free(start);
	bed_remove(&bed);
}

/* ---- interrupted at every verb ---- */

/* The mailbox as it is before the journal is carried out. */
struct snapshot {
	struct bed bed;
	struct model *model;
	char *kept; /* a copy of the store's folder */
	char *dir;
};

static void
snapshot_make(struct snapshot *s, guint32 seed)
{
	bed_make(&s->bed);
	s->model = set_up(&s->bed, "work");
	bed_start(&s->bed, "work", ACCOUNT_OFFLINE);
	act(&s->bed, "work", s->model, seed, ACTIONS);
	bed_stop(&s->bed);
	s->dir = account_store_dir(conf_account(s->bed.conf, "work"));
	s->kept = g_build_filename(s->bed.dir, "kept", NULL);
	bed_copy_tree(s->dir, s->kept);
}

static void
snapshot_restore(struct snapshot *s)
{
	bed_remove_tree(s->dir);
	bed_copy_tree(s->kept, s->dir);
	memory_forget();
	model_free(script_fill("work"));
}

static void
snapshot_free(struct snapshot *s)
{
	model_free(s->model);
	g_free(s->dir);
	g_free(s->kept);
	bed_remove(&s->bed);
}

/* What was refused is tried again, as often as it takes. */
static void
retry_failed(struct bed *bed, const char *account)
{
	for (guint round = 0; round < 10; round++) {
		struct store *store = bed_store(bed, account);
		g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
		guint retried = 0;

		g_assert_true(store_ops(store, FALSE, 0, ops, NULL));
		store_close(store);
		for (guint i = 0; i < ops->len; i++) {
			const struct store_op *op = ops->pdata[i];
			struct command *c = bed_command(CMD_RETRY, account);

			c->op = op->id;
			if (op->state == OP_FAILED && ++retried)
				g_assert_cmpint(bed_do(bed, c), ==, FULMAR_OK);
			else
				command_free(c);
		}
		if (!retried)
			return;
		bed_do(bed, bed_command(CMD_REPLAY, account));
	}
}

/* Lines without flags: those that were refused may come to a message after it was copied. */
static char *
without_flags(const char *dump)
{
	g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);

	for (char **line = lines; *line; line++) {
		char *end = strstr(*line, ".org> ");

		if (end)
			end[5] = '\0';
	}
	return g_strjoinv("\n", lines);
}

static void
assert_filed(struct bed *bed, const char *account, const struct model *model)
{
	g_autofree char *dump = model_dump(model), *server = memory_dump(account);
	g_autofree char *want = without_flags(dump), *have = without_flags(server), *store = NULL;

	bed_assert_same("the server", have, want);
	store = bed_dump(bed, account);
	bed_assert_same("the store", store, server);
}

static void
interrupt(struct snapshot *s, guint verb, enum memory_fault fault, enum memory_extent extent, gboolean *met)
{
	struct bed *bed = &s->bed;
	guint flags = fault == MEMORY_HANGS_UP ? 0 : ACCOUNT_BATCH;

	snapshot_restore(s);
	memory_arm("work", verb, fault, extent);
	bed_start(bed, "work", flags | ACCOUNT_NO_SECRETS);
	bed_await_or_silence(bed, bed_send(bed, bed_command(CMD_REPLAY, "work")), "work");
	*met = memory_verbs("work") >= verb;
	if (fault == MEMORY_REFUSES)
		retry_failed(bed, "work");
	bed_stop(bed);
	memory_arm("work", 0, fault, extent);
	finish(bed, "work");
	if (fault == MEMORY_REFUSES)
		assert_filed(bed, "work", s->model);
	else
		assert_same(bed, "work", s->model);
}

static void
test_interrupted(gconstpointer data)
{
	enum memory_fault fault = (enum memory_fault)GPOINTER_TO_INT(data);
	gboolean whole = fault == MEMORY_REFUSES || fault == MEMORY_NOT_NOW;
	struct snapshot s;
	gboolean met = TRUE;

	/* What happens to a folder that could not be made is not what would have happened to it. */
	snapshot_make(&s, fault == MEMORY_REFUSES ? NO_FOLDERS : seed_of(7));
	for (guint verb = 1; met; verb++)
		for (guint extent = MEMORY_NOTHING; extent <= (whole ? MEMORY_NOTHING : MEMORY_ALL);
		     extent++) {
			g_test_message("verb %u, extent %u", verb, extent);
			interrupt(&s, verb, fault, (enum memory_extent)extent, &met);
		}
	snapshot_free(&s);
}

/* Mails that could not leave a folder do not go down with it. */
static void
test_refuge(void)
{
	struct bed bed;
	struct model *model;
	struct command *c;
	g_autofree char *server = NULL;

	bed_make(&bed);
	model = set_up(&bed, "work");
	bed_start(&bed, "work", ACCOUNT_OFFLINE);
	c = bed_command(CMD_MOVE, "work");
	bed_add_id(&bed, c, "Old", "<work20@example.org>");
	c->text = g_strdup("INBOX");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	model_move(model_message(model, "Old", "<work20@example.org>"), "INBOX");
	c = bed_command(CMD_FOLDER_REMOVE, "work");
	c->folder = bed_folder(&bed, "work", "Old");
	g_assert_cmpint(bed_do(&bed, c), ==, FULMAR_OK);
	model_remove_folder(model, "Old");
	bed_stop(&bed);
	memory_arm("work", 1, MEMORY_REFUSES, MEMORY_NOTHING);
	bed_start(&bed, "work", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	bed_do(&bed, bed_command(CMD_REPLAY, "work"));
	server = memory_dump("work");
	g_assert_nonnull(strstr(server, "Old <work20@example.org>"));
	retry_failed(&bed, "work");
	bed_stop(&bed);
	finish(&bed, "work");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove(&bed);
}

/* ---- two processes ---- */

static void
test_two(gconstpointer data)
{
	gboolean both_linked = GPOINTER_TO_INT(data);
	struct bed bed, other;
	struct model *model;
	struct script script = {.account = "work"};

	bed_make(&bed);
	bed_make_other(&other, &bed);
	script.model = model = set_up(&bed, "work");
	script.rand = g_rand_new_with_seed(5);
	bed_start(&bed, "work", ACCOUNT_NO_SECRETS);
	bed_start(&other, "work", both_linked ? ACCOUNT_NO_SECRETS : ACCOUNT_OFFLINE);
	for (guint i = 0; i < ACTIONS; i++) {
		script.bed = i % 2 ? &bed : &other;
		script_act(&script);
	}
	g_rand_free(script.rand);
	bed_stop(&other);
	bed_stop(&bed);
	finish(&bed, "work");
	assert_same(&bed, "work", model);
	model_free(model);
	bed_remove_other(&other);
	bed_remove(&bed);
}

static void
add_seeds(const char *path, void (*test)(gconstpointer data), guint n)
{
	for (guint i = 1; i <= n; i++) {
		g_autofree char *name = g_strdup_printf("%s/%u", path, i);

		g_test_add_data_func(name, GUINT_TO_POINTER(i), test);
	}
}

int
main(int argc, char **argv)
{
	static const char *const faults[] = {"refuses", "not-now", "hangs-up", "silent"};

	g_setenv("LC_ALL", "C", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/verbs", test_verbs);
	g_test_add_func("/journal/refusals", test_refusals);
	add_seeds("/journal/offline", test_offline, 8);
	add_seeds("/journal/online", test_online, 8);
	add_seeds("/journal/undo", test_undo, 8);
	for (int i = 0; i < (int)G_N_ELEMENTS(faults); i++) {
		g_autofree char *path = g_strconcat("/journal/any-verb-", faults[i], NULL);

		g_test_add_data_func(path, GINT_TO_POINTER(i), test_interrupted);
	}
	g_test_add_func("/journal/refuge", test_refuge);
	g_test_add_data_func("/journal/two-processes", GINT_TO_POINTER(FALSE), test_two);
	g_test_add_data_func("/journal/two-processes-linked", GINT_TO_POINTER(TRUE), test_two);
	return g_test_run();
}
