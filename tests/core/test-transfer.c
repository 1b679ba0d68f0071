#include <string.h>

#include "base/error.h"
#include "script.h"

/* From one account to another: whatever happens on the way, a message is never lost, and in the end it is
 * there once. */

enum { MOVED = 4, COPIED = 2 };

struct pair {
	struct bed bed;
	struct model *work, *home;
};

static void
sync_both(struct pair *pair)
{
	static const char *const names[] = {"work", "home"};

	for (guint i = 0; i < 2; i++) {
		bed_start(&pair->bed, names[i], ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
		g_assert_cmpint(bed_do(&pair->bed, bed_command(CMD_SYNC, names[i])), ==, FULMAR_OK);
	}
	bed_stop(&pair->bed);
}

static void
set_up(struct pair *pair)
{
	bed_make(&pair->bed);
	pair->work = script_fill("work");
	pair->home = script_fill("home");
	sync_both(pair);
}

static void
tear_down(struct pair *pair)
{
	model_free(pair->work);
	model_free(pair->home);
	bed_remove(&pair->bed);
}

static void
file(struct pair *pair, enum command_verb verb, const char *from, const char *id, const char *to)
{
	struct command *c = bed_command(verb, "work");

	bed_add_id(&pair->bed, c, from, id);
	c->text = g_strdup(to);
	c->text2 = g_strdup("home");
	c->add = 1;
	g_assert_cmpint(bed_do(&pair->bed, c), ==, FULMAR_OK);
	g_assert_cmpuint(pair->bed.new_ids->len, ==, 1);
}

static void
model_file(struct pair *pair, gboolean move, const char *from, const char *id, const char *to)
{
	struct model_message *m = model_message(pair->work, from, id);

	if (!model_folder(pair->home, to))
		model_add_folder(pair->home, to);
	model_add(pair->home, to, m->id, m->flags, m->keywords);
	if (move)
		model_remove(pair->work, m);
}

static void
file_some(struct pair *pair)
{
	static const struct {
		enum command_verb verb;
		const char *from, *id, *to;
	} some[] = {
	        {CMD_MOVE, "INBOX", "<work1@example.org>", "Old"},
	        {CMD_COPY, "INBOX", "<work2@example.org>", "Old"},
	        {CMD_MOVE, "INBOX", "<work3@example.org>", "From work"},
	        {CMD_MOVE, "Lists", "<work11@example.org>", "From work"},
	        {CMD_COPY, "Lists", "<work12@example.org>", "INBOX"},
	        {CMD_MOVE, "Lists/a", "<work16@example.org>", "INBOX"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(some); i++) {
		file(pair, some[i].verb, some[i].from, some[i].id, some[i].to);
		model_file(pair, some[i].verb == CMD_MOVE, some[i].from, some[i].id, some[i].to);
	}
}

static void
assert_stores(struct pair *pair)
{
	g_autofree char *work = bed_dump(&pair->bed, "work"), *home = bed_dump(&pair->bed, "home");
	g_autofree char *want_work = model_dump(pair->work), *want_home = model_dump(pair->home);

	bed_assert_same("work", work, want_work);
	bed_assert_same("home", home, want_home);
}

static void
assert_all(struct pair *pair)
{
	g_autofree char *work = memory_dump("work"), *home = memory_dump("home");
	g_autofree char *want_work = model_dump(pair->work), *want_home = model_dump(pair->home);
	gint64 failed;

	bed_assert_same("work", work, want_work);
	bed_assert_same("home", home, want_home);
	assert_stores(pair);
	g_assert_cmpint(bed_waiting(&pair->bed, "work", &failed), ==, 0);
	g_assert_cmpint(failed, ==, 0);
	g_assert_cmpint(bed_waiting(&pair->bed, "home", &failed), ==, 0);
	g_assert_cmpint(failed, ==, 0);
}

/* As the command line does it: the source delivers, the target appends, the source goes. */
static void
finish(struct pair *pair)
{
	static const char *const turns[] = {"work", "home", "work"};

	bed_start(&pair->bed, "work", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	bed_start(&pair->bed, "home", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	for (guint i = 0; i < G_N_ELEMENTS(turns); i++)
		g_assert_cmpint(bed_do(&pair->bed, bed_command(CMD_REPLAY, turns[i])), ==, FULMAR_OK);
	bed_stop(&pair->bed);
}

static void
start_offline(struct pair *pair)
{
	bed_start(&pair->bed, "work", ACCOUNT_OFFLINE);
	bed_start(&pair->bed, "home", ACCOUNT_OFFLINE);
}

static void
test_both_ways_of_linking(gconstpointer data)
{
	gboolean offline = GPOINTER_TO_INT(data) & 1, uidplus = GPOINTER_TO_INT(data) & 2;
	struct pair pair;

	set_up(&pair);
	memory_set_uidplus("home", uidplus);
	if (offline) {
		start_offline(&pair);
	} else {
		bed_start(&pair.bed, "work", ACCOUNT_NO_SECRETS);
		bed_start(&pair.bed, "home", ACCOUNT_NO_SECRETS);
	}
	file_some(&pair);
	/* While it goes out a message may be seen twice for an instant. */
	if (offline)
		assert_stores(&pair);
	bed_stop(&pair.bed);
	finish(&pair);
	assert_all(&pair);
	sync_both(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

static void
test_target_unreachable(void)
{
	struct pair pair;

	set_up(&pair);
	start_offline(&pair);
	file_some(&pair);
	bed_stop(&pair.bed);
	bed_start(&pair.bed, "work", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&pair.bed, bed_command(CMD_REPLAY, "work")), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	{
		/* Not gone before it is there. */
		g_autofree char *server = memory_dump("work");

		g_assert_nonnull(strstr(server, "INBOX <work1@example.org>"));
		g_assert_nonnull(strstr(server, "Lists/a <work16@example.org>"));
	}
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

static void
test_undone(gconstpointer data)
{
	guint reached = (guint)GPOINTER_TO_INT(data);
	struct pair pair;
	struct model *work, *home;

	set_up(&pair);
	work = model_copy(pair.work);
	home = model_copy(pair.home);
	start_offline(&pair);
	file_some(&pair);
	bed_stop(&pair.bed);
	if (reached)
		finish(&pair);
	start_offline(&pair);
	for (guint i = 0; i < MOVED + COPIED; i++)
		g_assert_cmpint(bed_do(&pair.bed, bed_command(CMD_UNDO, "work")), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	model_free(pair.work);
	model_free(pair.home);
	pair.work = work;
	pair.home = home;
	/* The folder that was made for them stays: it was asked for in the other account. */
	model_add_folder(pair.home, "From work");
	assert_stores(&pair);
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

/* Falls silent, or hangs up, at each verb of either server. */
enum { HOME = 1, SILENT = 2, WITHOUT_UIDS = 4 };

static void
interrupt(guint what, guint verb, enum memory_extent extent, gboolean *met)
{
	const char *account = what & HOME ? "home" : "work";
	enum memory_fault fault = what & SILENT ? MEMORY_SILENT : MEMORY_HANGS_UP;
	guint flags = fault == MEMORY_HANGS_UP ? 0 : ACCOUNT_BATCH;
	struct pair pair;
	guint64 id;

	set_up(&pair);
	memory_set_uidplus("home", !(what & WITHOUT_UIDS));
	start_offline(&pair);
	file_some(&pair);
	bed_stop(&pair.bed);
	bed_start(&pair.bed, "work", flags | ACCOUNT_NO_SECRETS);
	bed_start(&pair.bed, "home", flags | ACCOUNT_NO_SECRETS);
	memory_arm(account, verb, fault, extent);
	for (guint i = 0; i < 4; i++) {
		id = bed_send(&pair.bed, bed_command(CMD_REPLAY, i % 2 ? "home" : "work"));
		if (!bed_await_or_silence(&pair.bed, id, account))
			break;
	}
	*met = memory_verbs(account) >= verb;
	bed_stop(&pair.bed);
	memory_arm(account, 0, fault, extent);
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

static void
test_interrupted(gconstpointer data)
{
	gboolean met = TRUE;

	for (guint verb = 1; met; verb++)
		for (guint extent = MEMORY_NOTHING; extent <= MEMORY_ALL && met; extent++)
			interrupt(GPOINTER_TO_UINT(data), verb, (enum memory_extent)extent, &met);
}

/* What has arrived goes on from there before the source has heard of it. */
static void
test_gone_on(gconstpointer data)
{
	gboolean by_us = GPOINTER_TO_INT(data);
	static const char *const turns[] = {"work", "home"};
	static const char id[] = "<work1@example.org>";
	struct command *c = bed_command(CMD_PURGE, "home");
	struct pair pair;

	set_up(&pair);
	start_offline(&pair);
	file(&pair, CMD_MOVE, "INBOX", id, "Old");
	for (guint i = 0; i < G_N_ELEMENTS(turns); i++) {
		bed_stop(&pair.bed);
		bed_start(&pair.bed, turns[i], ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
		g_assert_cmpint(bed_do(&pair.bed, bed_command(CMD_REPLAY, turns[i])), ==, FULMAR_OK);
	}
	g_assert_cmpint(bed_waiting(&pair.bed, "work", NULL), ==, 1);
	bed_add_id(&pair.bed, c, "Old", id);
	if (by_us) {
		g_assert_cmpint(bed_do(&pair.bed, c), ==, FULMAR_OK);
	} else {
		command_free(c);
		g_assert_true(memory_expunge("home", "Old", id));
	}
	g_assert_cmpint(bed_do(&pair.bed, bed_command(CMD_SYNC, "home")), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	model_remove(pair.work, model_message(pair.work, "INBOX", id));
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

static struct command *
move_many(struct pair *pair, guint n)
{
	struct command *c = bed_command(CMD_MOVE, "work");

	for (guint i = 0; i < n; i++) {
		g_autofree char *id = g_strdup_printf("<many%u@example.org>", i);
		g_autofree char *text = g_strdup_printf("Message-ID: %s\r\n\r\n%u\r\n", id, i);

		memory_add_message("work", "INBOX", text, 0);
		model_add(pair->work, "INBOX", id, 0, "");
	}
	sync_both(pair);
	for (guint i = 0; i < n; i++) {
		g_autofree char *id = g_strdup_printf("<many%u@example.org>", i);

		bed_add_id(&pair->bed, c, "INBOX", id);
	}
	c->text = g_strdup("Old");
	c->text2 = g_strdup("home");
	c->add = 1;
	return c;
}

/* More than are filed, or let go, in one go. */
static void
test_many(void)
{
	enum { MANY = 230 };
	struct pair pair;
	struct command *c;

	set_up(&pair);
	c = move_many(&pair, MANY);
	start_offline(&pair);
	g_assert_cmpint(bed_do(&pair.bed, c), ==, FULMAR_OK);
	g_assert_cmpuint(pair.bed.new_ids->len, ==, MANY);
	for (guint i = 0; i < MANY; i++) {
		g_autofree char *id = g_strdup_printf("<many%u@example.org>", i);

		model_file(&pair, TRUE, "INBOX", id, "Old");
	}
	assert_stores(&pair);
	bed_stop(&pair.bed);
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

/* What is on its way here cannot be fetched from the server; what was there before is kept all the same. */
static void
test_keeps_what_is_below(void)
{
	enum { MANY = 120 };
	struct pair pair;
	struct command *c, *keep = bed_command(CMD_FOLDER_PREF, "home");
	struct store *store;

	set_up(&pair);
	c = move_many(&pair, MANY);
	keep->folder = bed_folder(&pair.bed, "home", "Old");
	keep->text = g_strdup("keep");
	keep->text2 = g_strdup("full");
	start_offline(&pair);
	g_assert_cmpint(bed_do(&pair.bed, c), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&pair.bed, keep), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	bed_start(&pair.bed, "home", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(&pair.bed, bed_command(CMD_SYNC, "home")), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	store = bed_store(&pair.bed, "home");
	for (guint i = 20; i < 24; i++) {
		g_autofree char *id = g_strdup_printf("<home%u@example.org>", i);

		g_assert_true(store_has_part(store, bed_row(&pair.bed, "home", "Old", id), ""));
	}
	store_close(store);
	tear_down(&pair);
}

/* The crash came between the two stores. */
static void
test_announced_in_vain(void)
{
	struct pair pair;
	struct envelope envelope;
	struct store_message message = {.received = 1, .size = 10, .envelope = &envelope};
	g_autofree char *dir = NULL;
	struct store *store;
	GError *error = NULL;

	set_up(&pair);
	dir = account_store_dir(conf_account(pair.bed.conf, "home"));
	store = store_open(dir, STORE_WRITE, &error);
	g_assert_no_error(error);
	envelope_from_headers(&envelope, "Message-ID: <x@y>\r\n\r\n", 21);
	g_assert_cmpint(store_journal_append(store, bed_folder(&pair.bed, "home", "Old"), &message, NULL,
	                                     "work:token:5", NULL, &error),
	                >, 0);
	g_assert_no_error(error);
	envelope_clear(&envelope);
	store_close(store);
	g_assert_cmpint(bed_waiting(&pair.bed, "home", NULL), ==, 1);
	finish(&pair);
	assert_all(&pair);
	tear_down(&pair);
}

/* What cannot be carried ends at once; what stands beside it is done once all the same. */
static void
test_target_unknown(void)
{
	struct pair pair;
	struct command *c;
	gpointer home;
	gint64 failed;

	set_up(&pair);
	start_offline(&pair);
	file(&pair, CMD_MOVE, "INBOX", "<work1@example.org>", "Old");
	c = bed_command(CMD_COPY, "work");
	bed_add_id(&pair.bed, c, "INBOX", "<work2@example.org>");
	c->text = g_strdup("Lists");
	g_assert_cmpint(bed_do(&pair.bed, c), ==, FULMAR_OK);
	bed_stop(&pair.bed);
	home = g_ptr_array_steal_index(pair.bed.conf->accounts, 1);
	bed_start(&pair.bed, "work", ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	bed_do(&pair.bed, bed_command(CMD_REPLAY, "work"));
	bed_stop(&pair.bed);
	g_ptr_array_add(pair.bed.conf->accounts, home);
	{
		g_autofree char *server = memory_dump("work");
		const char *copy = strstr(server, "Lists <work2@example.org>");

		g_assert_nonnull(copy);
		g_assert_null(strstr(copy + 1, "Lists <work2@example.org>"));
	}
	bed_waiting(&pair.bed, "work", &failed);
	g_assert_cmpint(failed, ==, 1);
	tear_down(&pair);
}

int
main(int argc, char **argv)
{
	static const char *const ways[] = {
	        [0] = "work-hangs-up",
	        [HOME] = "home-hangs-up",
	        [SILENT] = "work-silent",
	        [HOME | SILENT] = "home-silent",
	        [HOME | WITHOUT_UIDS] = "home-hangs-up-without-uids",
	        [HOME | SILENT | WITHOUT_UIDS] = "home-silent-without-uids",
	};
	static const char *const links[] = {"online", "offline", "online-uidplus", "offline-uidplus"};

	g_setenv("LC_ALL", "C", TRUE);
	g_test_init(&argc, &argv, NULL);
	for (int i = 0; i < 4; i++) {
		g_autofree char *path = g_strconcat("/transfer/", links[i], NULL);

		g_test_add_data_func(path, GINT_TO_POINTER(i), test_both_ways_of_linking);
	}
	g_test_add_func("/transfer/target-unreachable", test_target_unreachable);
	g_test_add_func("/transfer/target-unknown", test_target_unknown);
	g_test_add_data_func("/transfer/undone-before", GINT_TO_POINTER(0), test_undone);
	g_test_add_data_func("/transfer/undone-after", GINT_TO_POINTER(1), test_undone);
	g_test_add_data_func("/transfer/gone-on", GINT_TO_POINTER(0), test_gone_on);
	g_test_add_data_func("/transfer/gone-on-by-us", GINT_TO_POINTER(1), test_gone_on);
	g_test_add_func("/transfer/announced-in-vain", test_announced_in_vain);
	g_test_add_func("/transfer/many", test_many);
	g_test_add_func("/transfer/keeps-what-is-below", test_keeps_what_is_below);
	for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *path = ways[i] ? g_strconcat("/transfer/", ways[i], NULL) : NULL;

		if (path)
			g_test_add_data_func(path, GUINT_TO_POINTER(i), test_interrupted);
	}
	return g_test_run();
}
