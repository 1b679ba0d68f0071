#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include "base/error.h"
#include "core/account-private.h"

/* An account on its own thread over a server in memory that fails the n-th verb. Whatever is interrupted,
 * each command ends once, and after one more round the store holds what the server has. */

enum { MESSAGES = 12, PIECE = 3, PATIENCE_MS = 60000, VERBS = 14 };

/* How the verb fails. */
enum fault { REFUSED, FOR_NOW, CALLED_OFF, LINK_LOST, FAULTS };

/* The server: of the account's thread while that runs. */
static struct {
	guint flags[MESSAGES];
	guint countdown; /* verbs until the fault, 0: none comes */
	enum fault fault;
	gboolean no_fill; /* every fill fails so */
	guint fills, links;
} server;

struct pending {
	backend_done done;
	void *user;
	GError *error;
};

struct backend {
	const struct backend_env *env;
	gboolean up;
	GQueue pending;
	guint stored;
	gint64 folder;
};

static void
complete_all(struct backend *b, const GError *why)
{
	GQueue all = b->pending;
	struct pending *p;

	g_queue_init(&b->pending);
	while ((p = g_queue_pop_head(&all))) {
		g_autoptr(GError) error = p->error ? p->error : why ? g_error_copy(why) : NULL;

		p->done(error, p->user);
		g_free(p);
	}
}

static void
lose(struct backend *b, enum fulmar_error code)
{
	g_autoptr(GError) error = NULL;

	b->up = FALSE;
	b->folder = 0;
	fulmar_fail(&error, code, "the link was lost");
	b->env->hooks->lost(error, b->env->user);
	complete_all(b, error);
}

static gboolean
run_lost(gpointer user)
{
	lose(user, FULMAR_NO_LINK);
	return G_SOURCE_REMOVE;
}

static gboolean
run_unlink(gpointer user)
{
	lose(user, FULMAR_CANCELLED);
	return G_SOURCE_REMOVE;
}

static gboolean
run_done(gpointer user)
{
	struct backend *b = user;

	if (b->up)
		complete_all(b, NULL);
	return G_SOURCE_REMOVE;
}

static gboolean
run_ready(gpointer user)
{
	struct backend *b = user;

	b->up = TRUE;
	b->env->hooks->ready(b->env->user);
	return G_SOURCE_REMOVE;
}

static void
later(struct backend *b, GSourceFunc run)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, run, b, NULL);
	g_source_attach(source, b->env->context);
}

/* Begins a verb; TRUE when it is one that works. */
static gboolean
begin(struct backend *b, backend_done done, void *user)
{
	static const enum fulmar_error codes[] = {FULMAR_FAILED, FULMAR_NO_LINK, FULMAR_CANCELLED,
	                                          FULMAR_NO_LINK};
	struct pending *p = g_new0(struct pending, 1);

	p->done = done;
	p->user = user;
	g_queue_push_tail(&b->pending, p);
	if (server.countdown && !--server.countdown) {
		fulmar_fail(&p->error, codes[server.fault], "fault %d", (int)server.fault);
		later(b, server.fault == LINK_LOST ? run_lost : run_done);
		return FALSE;
	}
	later(b, run_done);
	return b->up;
}

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	g_queue_init(&b->pending);
	return b;
}

static void
destroy(struct backend *b)
{
	GSource *source;

	g_assert_true(g_queue_is_empty(&b->pending));
	while ((source = g_main_context_find_source_by_user_data(b->env->context, b)))
		g_source_destroy(source);
	g_free(b);
}

static void
link_up(struct backend *b)
{
	g_assert_false(b->up);
	server.links++;
	later(b, run_ready);
}

static void
unlink_(struct backend *b)
{
	if (b->up)
		later(b, run_unlink);
}

static void
secret(struct backend *b, const char *text, const char *why)
{
}

static void
folders(struct backend *b, backend_done done, void *user)
{
	struct store_folder *inbox = store_folder_by_path(b->env->store, "INBOX", NULL);

	if (begin(b, done, user)) {
		inbox->server_total = MESSAGES;
		g_assert_true(store_folder_put(b->env->store, inbox, NULL));
		b->env->hooks->folders(b->env->user);
	}
	store_folder_free(inbox);
}

/* Rows from the newest down; the folder is complete with the last. */
static void
store_piece(struct backend *b)
{
	struct store_folder *f = store_folder_by_id(b->env->store, b->folder, NULL);

	g_assert_true(store_begin(b->env->store, FALSE, NULL));
	for (guint i = 0; i < PIECE && b->stored < MESSAGES; i++) {
		guint64 uid = MESSAGES - b->stored++;
		struct envelope envelope;
		struct store_message message = {.uid = uid,
		                                .received = (gint64)uid,
		                                .size = 100,
		                                .flags = server.flags[uid - 1],
		                                .envelope = &envelope};

		envelope_from_headers(&envelope, "", 0);
		g_assert_cmpint(store_add(b->env->store, b->folder, &message, NULL), >, 0);
		envelope_clear(&envelope);
	}
	f->complete = b->stored == MESSAGES;
	f->synced = 1;
	g_assert_true(store_folder_put_state(b->env->store, f, NULL));
	g_assert_true(store_commit(b->env->store, NULL));
	store_folder_free(f);
	b->env->hooks->rows(b->folder, b->env->user);
}

static void
open_(struct backend *b, gint64 folder, backend_done done, void *user)
{
	if (!begin(b, done, user))
		return;
	b->folder = folder;
	b->stored = 0;
	store_piece(b);
}

static void
fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	g_assert_cmpint(b->folder, ==, folder);
	server.fills++;
	if (server.no_fill)
		server.countdown = 1;
	if (begin(b, done, user))
		store_piece(b);
}

static void
structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	begin(b, done, user);
}

static void
part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
     backend_done done, void *user)
{
	if (begin(b, done, user))
		g_assert_true(store_part_put(b->env->store, id, section, "x", 1, FALSE, NULL));
}

static void
parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
      void *user)
{
	begin(b, done, user);
}

static void
replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	if (!begin(b, done, user))
		return;
	for (guint i = 0; i < op->ids->len; i++) {
		struct store_row *row = store_row(b->env->store, g_array_index(op->ids, msgid, i), NULL);

		server.flags[row->uid - 1] = (server.flags[row->uid - 1] | op->add) & ~op->remove;
		store_row_free(row);
	}
}

static void
watch(struct backend *b, gint64 folder)
{
}

static const struct backend_ops memory = {
        .name = "memory",
        .remote = TRUE,
        .create = create,
        .destroy = destroy,
        .link = link_up,
        .unlink = unlink_,
        .secret = secret,
        .folders = folders,
        .open = open_,
        .fill = fill,
        .structures = structures,
        .part = part,
        .parts = parts,
        .replay = replay,
        .watch = watch,
};

/* ---- one account ---- */

struct bed {
	char *dir;
	struct conf *conf;
	struct bus *bus;
	struct account *account;
	guint ended[64]; /* by command id */
	guint64 last;
	int code[64];
};

static void
bed_start(struct bed *bed, guint flags)
{
	const struct conf_account *settings = bed->conf->accounts->pdata[0];
	GError *error = NULL;

	bed->bus = bus_new();
	bed->account = account_start_with(&memory, bed->bus, bed->conf, settings, flags, &error);
	g_assert_no_error(error);
	memset(bed->ended, 0, sizeof bed->ended);
}

static void
bed_up(struct bed *bed)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *file = NULL;

	memset(bed, 0, sizeof *bed);
	memset(&server, 0, sizeof server);
	bed->dir = g_strdup(g_getenv("XDG_DATA_HOME"));
	g_assert_cmpint(g_mkdir_with_parents(bed->dir, 0700), ==, 0);
	file = g_build_filename(bed->dir, "fulmar.conf", NULL);
	g_assert_true(g_file_set_contents(
	        file,
	        "[account work]\ntype = imap\naddress = ann@example.org\nhost = localhost\nkeep = headers\n",
	        -1, NULL));
	bed->conf = conf_load(file, NULL, problems);
	if (!bed->conf)
		g_error("%s", (char *)problems->pdata[0]);
}

static guint64
send(struct bed *bed, enum command_verb verb, void (*fill_in)(struct command *command, gint64 value),
     gint64 value)
{
	struct command *c = command_new(verb, "work");

	if (fill_in)
		fill_in(c, value);
	return bed->last = bus_send(bed->bus, c);
}

static void
take(struct bed *bed, struct event *event)
{
	if (event->kind == EVENT_DONE) {
		g_assert_cmpuint(event->command, <, G_N_ELEMENTS(bed->ended));
		bed->ended[event->command]++;
		bed->code[event->command] = fulmar_error_status(event->error);
	}
	event_free(event);
}

/* Waits until command id has ended. */
static int
await(struct bed *bed, guint64 id)
{
	gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;

	while (!bed->ended[id]) {
		struct pollfd pfd = {.fd = bus_fd(bed->bus), .events = POLLIN};
		struct event *event = bus_next(bed->bus);

		if (event)
			take(bed, event);
		else if (g_get_monotonic_time() > end)
			g_error("command %" G_GUINT64_FORMAT " does not end", id);
		else
			poll(&pfd, 1, 1000);
	}
	return bed->code[id];
}

static void
bed_stop(struct bed *bed)
{
	struct event *event;

	account_stop(bed->account);
	while ((event = bus_next(bed->bus)))
		take(bed, event);
	for (guint64 id = 1; id <= bed->last; id++)
		g_assert_cmpuint(bed->ended[id], ==, 1);
	bus_free(bed->bus);
	bed->last = 0;
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_remove(path);
}

static void
bed_down(struct bed *bed)
{
	conf_free(bed->conf);
	remove_tree(bed->dir);
	g_free(bed->dir);
}

static void
as_inbox(struct command *c, gint64 unused)
{
	c->text = g_strdup("INBOX");
}

static void
as_star(struct command *c, gint64 id)
{
	c->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(c->ids, id);
	c->add = FLAG_FLAGGED;
}

static void
as_cancel(struct command *c, gint64 id)
{
	c->op = id;
}

/* The store against the server, by a reader. */
static void
check(struct bed *bed)
{
	g_autofree char *dir = g_build_filename(bed->dir, "fulmar", "work", NULL);
	g_autofree char *plain = g_build_filename(bed->dir, "work", NULL);
	GError *error = NULL;
	struct store *store =
	        store_open(g_file_test(plain, G_FILE_TEST_IS_DIR) ? plain : dir, STORE_READ, &error);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);
	struct store_folder *inbox;

	g_assert_no_error(error);
	inbox = store_folder_by_path(store, "INBOX", NULL);
	g_assert_true(inbox->complete);
	g_assert_true(store_rows(store, inbox->id, NULL, TRUE, 1000, rows, NULL));
	g_assert_cmpuint(rows->len, ==, MESSAGES);
	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		g_assert_cmpuint(row->uid, ==, MESSAGES - i);
		g_assert_cmpuint(row->pending, ==, 0);
		g_assert_cmpuint(row->flags, ==, server.flags[row->uid - 1]);
	}
	g_assert_cmpint(store_ops_waiting(store, NULL), ==, 0);
	store_folder_free(inbox);
	store_close(store);
}

static void
interrupt(guint verb, enum fault fault)
{
	struct bed bed;
	guint64 ids[4];

	bed_up(&bed);
	bed_start(&bed, ACCOUNT_NO_SECRETS);
	g_assert_cmpint(await(&bed, send(&bed, CMD_OPEN, as_inbox, 0)), ==, 0);
	send(&bed, CMD_GO_OFFLINE, NULL, 0);
	bed_stop(&bed);

	server.countdown = verb;
	server.fault = fault;
	bed_start(&bed, ACCOUNT_NO_SECRETS);
	ids[0] = send(&bed, CMD_OPEN, as_inbox, 0);
	ids[1] = send(&bed, CMD_FLAG, as_star, 1);
	ids[2] = send(&bed, CMD_SYNC, NULL, 0);
	ids[3] = send(&bed, CMD_REPLAY, NULL, 0);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		await(&bed, ids[i]);
	bed_stop(&bed);

	server.countdown = 0;
	bed_start(&bed, ACCOUNT_BATCH | ACCOUNT_NO_SECRETS);
	g_assert_cmpint(await(&bed, send(&bed, CMD_SYNC, as_inbox, 0)), ==, 0);
	bed_stop(&bed);
	if (fault == REFUSED || fault == LINK_LOST)
		check(&bed);
	bed_down(&bed);
}

static void
test_interrupt(gconstpointer data)
{
	enum fault fault = (enum fault)GPOINTER_TO_INT(data);

	for (guint verb = 1; verb <= VERBS; verb++)
		interrupt(verb, fault);
}

static void
test_cancel(void)
{
	struct bed bed;
	guint64 sync, other;

	bed_up(&bed);
	bed_start(&bed, ACCOUNT_OFFLINE);
	sync = send(&bed, CMD_SYNC, as_inbox, 0);
	g_assert_cmpint(await(&bed, sync), ==, FULMAR_NO_LINK);
	send(&bed, CMD_GO_ONLINE, NULL, 0);
	sync = send(&bed, CMD_SYNC, NULL, 0);
	other = send(&bed, CMD_CANCEL, as_cancel, (gint64)sync);
	await(&bed, other);
	await(&bed, sync);
	g_assert_cmpint(await(&bed, send(&bed, CMD_SYNC, NULL, 0)), ==, 0);
	bed_stop(&bed);
	check(&bed);
	bed_down(&bed);
}

/* Only the last of the folders somebody leafs through counts; all are answered. */
static void
test_leafing(void)
{
	struct bed bed;
	guint64 ids[5];

	bed_up(&bed);
	bed_start(&bed, ACCOUNT_NO_SECRETS);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		ids[i] = send(&bed, CMD_OPEN, as_inbox, 0);
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
		await(&bed, ids[i]);
	g_assert_cmpint(bed.code[ids[4]], ==, 0);
	g_assert_cmpint(await(&bed, send(&bed, CMD_SYNC, as_inbox, 0)), ==, 0);
	bed_stop(&bed);
	check(&bed);
	bed_down(&bed);
}

static void
test_fill_in_vain(gconstpointer data)
{
	struct bed bed;

	bed_up(&bed);
	server.no_fill = TRUE;
	server.fault = (enum fault)GPOINTER_TO_INT(data);
	bed_start(&bed, ACCOUNT_NO_SECRETS);
	g_assert_cmpint(await(&bed, send(&bed, CMD_SYNC, as_inbox, 0)), !=, 0);
	bed_stop(&bed);
	g_assert_cmpuint(server.fills, <=, 16);
	bed_down(&bed);
}

/* A server that hangs up at the first verb of each link is not asked again and again. */
static void
test_short_links(void)
{
	struct bed bed;
	guint64 id;
	int opened;

	bed_up(&bed);
	server.no_fill = TRUE;
	server.fault = LINK_LOST;
	bed_start(&bed, ACCOUNT_NO_SECRETS);
	id = send(&bed, CMD_SYNC, NULL, 0);
	/* It gets through between two fills, or meets the end of one link too many. */
	opened = await(&bed, send(&bed, CMD_OPEN, as_inbox, 0));
	g_assert_true(opened == FULMAR_OK || opened == FULMAR_NO_LINK);
	await(&bed, send(&bed, CMD_CANCEL, as_cancel, (gint64)id));
	await(&bed, id);
	bed_stop(&bed);
	g_assert_cmpuint(server.links, <=, 4);
	bed_down(&bed);
}

int
main(int argc, char **argv)
{
	static const char *const names[FAULTS] = {"refused", "refused-for-now", "called-off", "link-lost"};

	g_autofree char *dir = g_dir_make_tmp("fulmar-account-XXXXXX", NULL);

	g_setenv("XDG_DATA_HOME", dir, TRUE);
	g_test_init(&argc, &argv, NULL);
	for (int i = 0; i < FAULTS; i++) {
		g_autofree char *path = g_strconcat("/account/any-verb-", names[i], NULL);

		g_test_add_data_func(path, GINT_TO_POINTER(i), test_interrupt);
	}
	g_test_add_func("/account/cancel", test_cancel);
	g_test_add_func("/account/leafing", test_leafing);
	g_test_add_data_func("/account/fill-refused", GINT_TO_POINTER(REFUSED), test_fill_in_vain);
	g_test_add_data_func("/account/fill-called-off", GINT_TO_POINTER(CALLED_OFF), test_fill_in_vain);
	g_test_add_func("/account/short-links", test_short_links);
	return g_test_run();
}
