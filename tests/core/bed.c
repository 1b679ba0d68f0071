#include "bed.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>

#include "base/error.h"

enum { PATIENCE_MS = 60000 };

static const char configuration[] =
        "[account work]\ntype = imap\naddress = ann@example.org\nhost = localhost\nkeep = headers\n"
        "[account home]\ntype = imap\naddress = ann@example.net\nhost = localhost\nkeep = headers\n";

static void
free_error(gpointer error)
{
	if (error)
		g_error_free(error);
}

void
bed_make(struct bed *bed)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *file = NULL;

	memset(bed, 0, sizeof *bed);
	/* Thousands of durable writes: where there is a disk in memory they go there. */
	bed->dir = g_strdup("/dev/shm/fulmar-journal-XXXXXX");
	if (!g_mkdtemp(bed->dir)) {
		g_free(bed->dir);
		bed->dir = g_dir_make_tmp("fulmar-journal-XXXXXX", NULL);
	}
	g_assert_nonnull(bed->dir);
	file = g_build_filename(bed->dir, "fulmar.conf", NULL);
	g_assert_true(g_file_set_contents(file, configuration, -1, NULL));
	bed->conf = conf_load(file, NULL, problems);
	if (!bed->conf)
		g_error("%s", (char *)problems->pdata[0]);
	bed->accounts = g_ptr_array_new();
	bed->ended = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_error);
	bed->new_ids = g_array_new(FALSE, FALSE, sizeof(msgid));
}

void
bed_remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		bed_remove_tree(child);
	}
	g_remove(path);
}

void
bed_copy_tree(const char *from, const char *to)
{
	g_autoptr(GDir) dir = g_dir_open(from, 0, NULL);
	const char *name;

	g_assert_cmpint(g_mkdir_with_parents(to, 0700), ==, 0);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *source = g_build_filename(from, name, NULL);
		g_autofree char *target = g_build_filename(to, name, NULL);
		g_autofree char *bytes = NULL;
		gsize len;

		if (g_file_test(source, G_FILE_TEST_IS_DIR)) {
			bed_copy_tree(source, target);
			continue;
		}
		g_assert_true(g_file_get_contents(source, &bytes, &len, NULL));
		g_assert_true(g_file_set_contents_full(target, bytes, (gssize)len, G_FILE_SET_CONTENTS_NONE,
		                                       0600, NULL));
	}
}

void
bed_make_other(struct bed *other, const struct bed *bed)
{
	*other = (struct bed){.dir = bed->dir, .conf = bed->conf};
	other->accounts = g_ptr_array_new();
	other->ended = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_error);
	other->new_ids = g_array_new(FALSE, FALSE, sizeof(msgid));
}

void
bed_remove_other(struct bed *bed)
{
	g_ptr_array_unref(bed->accounts);
	g_hash_table_unref(bed->ended);
	g_array_unref(bed->new_ids);
	g_free(bed->said);
	g_free(bed->notice);
}

void
bed_remove(struct bed *bed)
{
	bed_remove_other(bed);
	conf_free(bed->conf);
	bed_remove_tree(bed->dir);
	g_free(bed->dir);
	memory_forget();
}

struct account *
bed_start_with(struct bed *bed, const struct backend_ops *ops, const char *account, guint flags)
{
	GError *error = NULL;
	struct account *a;

	g_setenv("XDG_DATA_HOME", bed->dir, TRUE);
	if (!bed->bus)
		bed->bus = bus_new();
	a = account_start_with(ops, bed->bus, bed->conf, conf_account(bed->conf, account), flags, &error);
	g_assert_no_error(error);
	g_ptr_array_add(bed->accounts, a);
	return a;
}

void
bed_start(struct bed *bed, const char *account, guint flags)
{
	bed_start_with(bed, &memory_ops, account, flags);
}

static void
take(struct bed *bed, struct event *event)
{
	gint64 *id;

	switch (event->kind) {
	case EVENT_DONE:
		id = g_new(gint64, 1);
		*id = (gint64)event->command;
		g_assert_false(g_hash_table_contains(bed->ended, id));
		g_hash_table_insert(bed->ended, id, g_steal_pointer(&event->error));
		break;
	case EVENT_STEP:
		g_free(bed->said);
		bed->said = g_strdup(event->text);
		bed->step = event->id;
		break;
	case EVENT_NEW_ID:
		g_array_append_val(bed->new_ids, event->id);
		break;
	case EVENT_NOTICE:
		g_free(bed->notice);
		bed->notice = g_strdup(event->text);
		break;
	case EVENT_QUEUE:
		bed->failed = (gint64)event->total;
		break;
	case EVENT_LINK:
		bed->links += event->state == LINK_IDLE || event->state == LINK_FETCHING;
		break;
	case EVENT_FACT:
		bed->facts++;
		break;
	case EVENT_BODY:
		bed->has_body = TRUE;
		break;
	case EVENT_PROGRESS:
		bed->waits = event->text != NULL;
		break;
	case EVENT_BACK:
	case EVENT_ROWS:
	case EVENT_FOLDERS:
	case EVENT_ASK:
	case EVENT_NEW_MAIL:
	case EVENT_RULE:
		break;
	}
	event_free(event);
}

void
bed_stop(struct bed *bed)
{
	struct event *event;

	for (guint i = 0; i < bed->accounts->len; i++)
		account_stop(bed->accounts->pdata[i]);
	g_ptr_array_set_size(bed->accounts, 0);
	while ((event = bus_next(bed->bus)))
		take(bed, event);
	for (gint64 id = 1; id <= (gint64)bed->last; id++)
		g_assert_true(g_hash_table_contains(bed->ended, &id));
	g_hash_table_remove_all(bed->ended);
	g_clear_pointer(&bed->bus, bus_free);
	bed->last = 0;
}

struct command *
bed_command(enum command_verb verb, const char *account)
{
	return command_new(verb, account);
}

struct command *
bed_about(struct bed *bed, enum command_verb verb, const char *folder, const char *message_id)
{
	struct command *c = bed_command(verb, "work");

	bed_add_id(bed, c, folder, message_id);
	return c;
}

struct command *
bed_about_folder(struct bed *bed, enum command_verb verb, const char *folder)
{
	struct command *c = bed_command(verb, "work");

	c->folder = bed_folder(bed, "work", folder);
	return c;
}

guint64
bed_send(struct bed *bed, struct command *command)
{
	g_array_set_size(bed->new_ids, 0);
	return bed->last = bus_send(bed->bus, command);
}

/* Takes what has come; waits for it at most a while. */
static void
listen(struct bed *bed, int ms)
{
	struct pollfd pfd = {.fd = bus_fd(bed->bus), .events = POLLIN};
	struct event *event = bus_next(bed->bus);

	if (event)
		take(bed, event);
	else
		poll(&pfd, 1, ms);
}

static gboolean
has_ended(struct bed *bed, guint64 id)
{
	gint64 key = (gint64)id;

	return g_hash_table_contains(bed->ended, &key);
}

gboolean
bed_await_or_silence(struct bed *bed, guint64 id, const char *account)
{
	gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;

	while (!has_ended(bed, id)) {
		if (account && memory_is_silent(account))
			return FALSE;
		if (g_get_monotonic_time() > end)
			g_error("command %" G_GUINT64_FORMAT " does not end", id);
		listen(bed, account ? 5 : 1000);
	}
	return TRUE;
}

static void
await(struct bed *bed, const gboolean *what, const char *name)
{
	gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;

	while (!*what) {
		if (g_get_monotonic_time() > end)
			g_error("no %s", name);
		listen(bed, 1000);
	}
}

void
bed_await_body(struct bed *bed)
{
	await(bed, &bed->has_body, "body comes");
}

void
bed_await_waiting(struct bed *bed)
{
	await(bed, &bed->waits, "download waits");
}

int
bed_await(struct bed *bed, guint64 id)
{
	gint64 key = (gint64)id;
	GError *error;

	bed_await_or_silence(bed, id, NULL);
	error = g_hash_table_lookup(bed->ended, &key);
	bed->error = error ? error->message : NULL;
	if (error)
		g_test_message("command %" G_GUINT64_FORMAT ": %s", id, error->message);
	return error ? error->code : FULMAR_OK;
}

int
bed_do(struct bed *bed, struct command *command)
{
	return bed_await(bed, bed_send(bed, command));
}

void
bed_sync(struct bed *bed, const char *account)
{
	bed_start(bed, account, ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(bed_do(bed, bed_command(CMD_SYNC, account)), ==, FULMAR_OK);
	bed_stop(bed);
}

struct store *
bed_store(struct bed *bed, const char *account)
{
	g_autofree char *dir = account_store_dir(conf_account(bed->conf, account));
	GError *error = NULL;
	struct store *store = store_open(dir, STORE_READ, &error);

	g_assert_no_error(error);
	return store;
}

gint64
bed_folder(struct bed *bed, const char *account, const char *path)
{
	struct store *store = bed_store(bed, account);
	struct store_folder *f = store_folder_by_path(store, path, NULL);
	gint64 id = f ? f->id : 0;

	store_folder_free(f);
	store_close(store);
	return id;
}

msgid
bed_row(struct bed *bed, const char *account, const char *folder, const char *message_id)
{
	gint64 in = bed_folder(bed, account, folder);
	struct store *store = bed_store(bed, account);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	msgid id = 0;

	g_assert_true(store_rows(store, in, NULL, TRUE, 1000, rows, NULL));
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		/* Until the server has told which is which, one that was fetched may stand beside ours. */
		if (!strcmp(row->message_id, message_id) && (!id || row->id < id))
			id = row->id;
	}
	store_close(store);
	return id;
}

void
bed_add_id(struct bed *bed, struct command *command, const char *folder, const char *message_id)
{
	msgid id = bed_row(bed, command->account, folder, message_id);

	if (!id)
		g_error("%s has no row %s in %s", command->account, message_id, folder);
	if (!command->ids)
		command->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_array_append_val(command->ids, id);
}

char *
bed_dump(struct bed *bed, const char *account)
{
	struct store *store = bed_store(bed, account);
	char *dump = memory_dump_store(store);

	store_close(store);
	return dump;
}

gint64
bed_waiting(struct bed *bed, const char *account, gint64 *failed)
{
	struct store *store = bed_store(bed, account);
	gint64 waiting = store_ops_waiting(store, failed);

	store_close(store);
	return waiting;
}

static void
print_lacking(const char *lines, const char *other, char sign)
{
	g_auto(GStrv) these = g_strsplit(lines, "\n", -1), those = g_strsplit(other, "\n", -1);

	for (char **line = these; *line; line++)
		if (!g_strv_contains((const char *const *)those, *line))
			g_printerr("# %c %s\n", sign, *line);
}

void
bed_assert_same(const char *what, const char *have, const char *want)
{
	if (!strcmp(have, want))
		return;
	print_lacking(have, want, '+');
	print_lacking(want, have, '-');
	g_error("%s is not what it should be", what);
}
