#include <string.h>
#include "base/error.h"
#include "../dice.h"
#include "bed.h"

/* An account with several connections, over a server in memory that watches what each of them does: which
 * folder is in whose hands, how many there are, who is asked for the person. Verbs end after a random while,
 * so that those of different lanes end in any order. */

enum { FOLDERS = 7, MESSAGES = 20, PIECE = 5, LONG_MS = 3, ROUNDS = 30 };

/* Set before the account starts, and read after it has ended. */
static struct {
	guint allowed;             /* connections at a time */
	gboolean log_ins;          /* refuses the second and later log-ins */
	guint stalled;             /* lane that answers no verb, 0: none */
	guint loss;                /* one verb of so many loses its link … */
	guint losses[LANES];       /* … no more than so many times */
	gboolean follows;          /* tells of changes by itself */
	guint up, attempts, given; /* connections that stand, attempts, secrets given */
	guint opens[LANES];
	GRand *dice; /* of the account's thread while that runs */
} server;

struct pending {
	struct backend *backend;
	backend_done done;
	void *user;
	gint64 folder; /* of an open or a fill, else 0 */
	gboolean opens;
	GSource *source;
};

struct backend {
	const struct backend_env *env;
	gboolean up, trying;
	gint64 folder; /* that it follows, 0: none */
	guint stored;
	GList *pending;
	GSource *later;
};

static struct backend *backends[LANES];

static void
drop(GSource **source)
{
	if (*source)
		g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static GSource *
after(struct backend *b, guint ms, GSourceFunc run, void *user)
{
	GSource *source = g_timeout_source_new(ms);

	g_source_set_callback(source, run, user, NULL);
	g_source_attach(source, b->env->context);
	return source;
}

/* ---- its link ---- */

static void
lose(struct backend *b, enum fulmar_error code, const char *why)
{
	g_autoptr(GError) error = NULL;
	GList *pending = g_steal_pointer(&b->pending);

	server.up -= b->up;
	b->up = b->trying = FALSE;
	b->folder = 0;
	fulmar_fail(&error, code, "%s", why);
	b->env->hooks->lost(error, b->env->user);
	for (GList *l = pending; l; l = l->next) {
		struct pending *p = l->data;

		drop(&p->source);
		p->done(error, p->user);
		g_free(p);
	}
	g_list_free(pending);
}

static gboolean
run_lost(gpointer user)
{
	struct backend *b = user;

	g_clear_pointer(&b->later, g_source_unref);
	lose(b, FULMAR_CANCELLED, "called off");
	return G_SOURCE_REMOVE;
}

static gboolean
run_connected(gpointer user)
{
	struct backend *b = user;

	g_clear_pointer(&b->later, g_source_unref);
	if (server.up >= server.allowed)
		lose(b, FULMAR_NO_LINK, "there are too many of you");
	else
		b->env->hooks->ask("Password", b->env->user);
	return G_SOURCE_REMOVE;
}

static gboolean
run_ready(gpointer user)
{
	struct backend *b = user;

	g_clear_pointer(&b->later, g_source_unref);
	b->trying = FALSE;
	if (server.log_ins && b->env->lane) {
		lose(b, FULMAR_AUTH, "who are you?");
		return G_SOURCE_REMOVE;
	}
	b->up = TRUE;
	server.up++;
	g_assert_cmpuint(server.up, <=, LANES);
	b->env->hooks->ready(b->env->user);
	return G_SOURCE_REMOVE;
}

static void
link_up(struct backend *b)
{
	g_assert_false(b->up || b->trying);
	server.attempts++;
	b->trying = TRUE;
	drop(&b->later);
	b->later = after(b, 1, run_connected, b);
}

static void
unlink_(struct backend *b)
{
	drop(&b->later);
	if (b->up || b->trying)
		b->later = after(b, 0, run_lost, b);
}

static void
secret(struct backend *b, const char *text, const char *why)
{
	g_assert_true(b->trying);
	g_assert_cmpstr(text, ==, "open sesame");
	server.given++;
	drop(&b->later);
	b->later = after(b, 1, run_ready, b);
}

static struct backend *
create(const struct backend_env *env)
{
	struct backend *b = g_new0(struct backend, 1);

	b->env = env;
	g_assert_cmpuint(env->lane, <, LANES);
	backends[env->lane] = b;
	return b;
}

static void
destroy(struct backend *b)
{
	g_assert_null(b->pending);
	drop(&b->later);
	backends[b->env->lane] = NULL;
	g_free(b);
}

/* ---- its verbs ---- */

static void
store_piece(struct backend *b)
{
	struct store_folder *f = store_folder_by_id(b->env->store, b->folder, NULL);

	g_assert_true(store_begin(b->env->store, FALSE, NULL));
	for (guint i = 0; i < PIECE && b->stored < MESSAGES; i++) {
		guint64 uid = MESSAGES - b->stored++;
		struct envelope envelope;
		struct store_message message = {.uid = uid, .received = (gint64)uid, .envelope = &envelope};

		envelope_from_headers(&envelope, "", 0);
		g_assert_cmpint(store_add(b->env->store, b->folder, &message, NULL), >, 0);
		envelope_clear(&envelope);
	}
	f->complete = f->complete || b->stored == MESSAGES;
	f->synced = 1;
	g_assert_true(store_folder_put_state(b->env->store, f, NULL));
	g_assert_true(store_commit(b->env->store, NULL));
	store_folder_free(f);
	b->env->hooks->rows(b->folder, b->env->user);
}

static gboolean
run_done(gpointer user)
{
	struct pending *p = user;
	struct backend *b = p->backend;

	if (server.losses[b->env->lane] && !g_rand_int_range(server.dice, 0, (gint32)server.loss)) {
		server.losses[b->env->lane]--;
		lose(b, FULMAR_NO_LINK, "the link was lost");
		return G_SOURCE_REMOVE;
	}
	b->pending = g_list_remove(b->pending, p);
	drop(&p->source);
	/* What another lane has taken over is passed over. */
	if (p->folder && p->folder == b->folder)
		store_piece(b);
	p->done(NULL, p->user);
	g_free(p);
	return G_SOURCE_REMOVE;
}

static void
begin(struct backend *b, gint64 folder, gboolean opens, backend_done done, void *user)
{
	struct pending *p = g_new0(struct pending, 1);

	g_assert_true(b->up);
	p->backend = b;
	p->done = done;
	p->user = user;
	p->folder = folder;
	p->opens = opens;
	b->pending = g_list_append(b->pending, p);
	if (!server.stalled || b->env->lane != server.stalled)
		p->source = after(b, (guint)g_rand_int_range(server.dice, 0, LONG_MS), run_done, p);
}

static void
folders(struct backend *b, backend_done done, void *user)
{
	g_assert_cmpuint(b->env->lane, ==, LANE_PERSON);
	for (guint i = 0; i < FOLDERS; i++) {
		char name[8];
		struct store_folder new = {.path = name,
		                           .wire = name,
		                           .role = (char *)"",
		                           .selectable = TRUE,
		                           .rights = (char *)"",
		                           .server_total = MESSAGES};
		struct store_folder *was;

		g_snprintf(name, sizeof name, i ? "F%u" : "INBOX", i);
		was = store_folder_by_path(b->env->store, name, NULL);
		new.id = was ? was->id : 0;
		g_clear_pointer(&was, store_folder_free);
		g_assert_true(store_begin(b->env->store, FALSE, NULL));
		g_assert_true(store_folder_put(b->env->store, &new, NULL));
		g_assert_true(store_commit(b->env->store, NULL));
	}
	begin(b, 0, FALSE, done, user);
}

static void
open_(struct backend *b, gint64 folder, backend_done done, void *user)
{
	for (guint n = 0; n < LANES; n++)
		if (backends[n] && backends[n] != b)
			g_assert_cmpint(backends[n]->folder, !=, folder);
	server.opens[b->env->lane]++;
	b->folder = folder;
	b->stored = 0;
	begin(b, folder, TRUE, done, user);
}

static void
fill(struct backend *b, gint64 folder, backend_done done, void *user)
{
	g_assert_cmpint(b->folder, ==, folder);
	begin(b, folder, FALSE, done, user);
}

static void
leave(struct backend *b, gint64 folder)
{
	gboolean opening = FALSE;

	if (b->folder != folder)
		return;
	for (GList *l = b->pending; l; l = l->next)
		opening |= ((struct pending *)l->data)->opens;
	b->folder = 0;
	if (opening)
		unlink_(b);
}

static void
structures(struct backend *b, const msgid *ids, guint n, backend_done done, void *user)
{
	begin(b, 0, FALSE, done, user);
}

static void
part(struct backend *b, msgid id, const char *section, void (*progress)(guint64, guint64, void *),
     backend_done done, void *user)
{
	begin(b, 0, FALSE, done, user);
}

static void
parts(struct backend *b, const msgid *ids, const char *const *sections, guint n, backend_done done,
      void *user)
{
	begin(b, 0, FALSE, done, user);
}

static void
replay(struct backend *b, const struct store_op *op, backend_done done, void *user)
{
	g_assert_cmpuint(b->env->lane, ==, LANE_PERSON);
	begin(b, 0, FALSE, done, user);
}

static void
watch(struct backend *b, gint64 folder)
{
	g_assert_cmpuint(b->env->lane, ==, LANE_PERSON);
}

static gboolean
follows_all(struct backend *b)
{
	return server.follows;
}

static void
probe(struct backend *b)
{
	g_assert_true(b->up);
}

static const struct backend_ops ops = {
        .name = "lanes",
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
        .follows_all = follows_all,
        .leave = leave,
        .probe = probe,
};

/* ---- one account ---- */

static struct account *
start(struct bed *bed, guint flags)
{
	struct conf_account *settings = bed->conf->accounts->pdata[0];

	if (!settings->password_command)
		settings->password_command =
		        g_strdup_printf("echo asked >> %s/asked; echo open sesame", bed->dir);
	return bed_start_with(bed, &ops, settings->id, flags);
}

static void
make(struct bed *bed)
{
	memset(&server, 0, sizeof server);
	server.allowed = LANES;
	server.dice = g_rand_new_with_seed((guint32)g_test_rand_int());
	bed_make(bed);
}

static guint
times_asked(struct bed *bed)
{
	g_autofree char *file = g_build_filename(bed->dir, "asked", NULL);
	g_autofree char *text = NULL;
	guint n = 0;

	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static struct command *
open_folder(const char *path)
{
	struct command *c = bed_command(CMD_OPEN, "work");

	c->text = g_strdup(path);
	return c;
}

static void
assert_complete(struct bed *bed)
{
	struct store *store = bed_store(bed, "work");
	g_autoptr(GPtrArray) all = store_folders(store, NULL);

	g_assert_cmpuint(all->len, ==, FOLDERS);
	for (guint i = 0; i < all->len; i++) {
		const struct store_folder *f = all->pdata[i];

		g_assert_true(f->complete);
		g_assert_cmpint(f->rows, ==, MESSAGES);
	}
	store_close(store);
}

static void
end(struct bed *bed)
{
	if (bed->bus)
		bed_stop(bed);
	for (guint n = 0; n < LANES; n++)
		g_assert_null(backends[n]);
	g_assert_cmpuint(server.up, ==, 0);
	g_rand_free(server.dice);
	bed_remove(bed);
}

/* ---- the tests ---- */

static void
test_side_by_side(void)
{
	struct bed bed;

	make(&bed);
	start(&bed, 0);
	g_assert_cmpint(bed_do(&bed, open_folder("INBOX")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	assert_complete(&bed);
	bed_stop(&bed);
	g_assert_cmpuint(server.opens[LANE_PERSON], ==, 1);
	g_assert_cmpuint(server.opens[LANE_WORK], >=, FOLDERS - 1);
	g_assert_cmpuint(server.attempts, ==, 2);
	g_assert_cmpuint(times_asked(&bed), ==, 1);
	end(&bed);
}

static void
test_one_allowed(void)
{
	struct bed bed;

	make(&bed);
	server.allowed = 1;
	start(&bed, 0);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_FOLDERS, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, open_folder("F3")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	assert_complete(&bed);
	bed_stop(&bed);
	g_assert_cmpuint(server.attempts, ==, 2); /* the person's, and one that was refused */
	g_assert_cmpuint(server.opens[LANE_WORK], ==, 0);
	end(&bed);
}

static void
test_command_line(void)
{
	struct bed bed;

	make(&bed);
	start(&bed, ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	assert_complete(&bed);
	bed_stop(&bed);
	g_assert_cmpuint(server.attempts, ==, 1);
	end(&bed);
}

static void
test_log_in_refused(void)
{
	struct bed bed;

	make(&bed);
	server.log_ins = TRUE;
	start(&bed, 0);
	g_assert_cmpint(bed_do(&bed, open_folder("INBOX")), ==, FULMAR_OK);
	for (guint i = 0; i < 4; i++)
		g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	assert_complete(&bed);
	bed_stop(&bed);
	g_assert_cmpuint(server.given, <=, 3);
	end(&bed);
}

/* What the second lane has in hand and does not finish, the person gets at once. */
static void
test_person_first(void)
{
	struct bed bed;

	make(&bed);
	server.stalled = LANE_WORK;
	start(&bed, 0);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_FOLDERS, "work")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, open_folder("INBOX")), ==, FULMAR_OK);
	for (guint i = 1; i < FOLDERS; i++) {
		char name[8];

		g_snprintf(name, sizeof name, "F%u", i);
		g_assert_cmpint(bed_do(&bed, open_folder(name)), ==, FULMAR_OK);
	}
	end(&bed);
}

/* Somebody leafs through folders while links break. */
static void
leaf(guint round)
{
	struct bed bed;

	make(&bed);
	server.allowed = (guint)g_test_rand_int_range(1, LANES + 1);
	server.follows = round % 2;
	server.loss = (guint)g_test_rand_int_range(5, 40);
	server.losses[LANE_PERSON] = 1; /* after the second it would pause */
	server.losses[LANE_WORK] = 5;
	start(&bed, 0);
	bed_do(&bed, bed_command(CMD_FOLDERS, "work"));
	for (guint i = 0; i < 12; i++) {
		char name[8];
		guint n = (guint)g_test_rand_int_range(0, FOLDERS);

		g_snprintf(name, sizeof name, n ? "F%u" : "INBOX", n);
		if (g_test_rand_bit())
			bed_send(&bed, open_folder(name));
		else
			bed_do(&bed, open_folder(name));
	}
	bed_do(&bed, bed_command(CMD_SYNC, "work"));
	bed_stop(&bed);
	memset(server.losses, 0, sizeof server.losses);
	start(&bed, ACCOUNT_BATCH);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	assert_complete(&bed);
	end(&bed);
}

static void
test_leafing(void)
{
	for (guint round = 0; round < ROUNDS; round++)
		leaf(round);
}

/* ---- rest ---- */

struct look {
	struct account *account;
	gint64 older; /* µs that go by */
	gboolean up, done;
	GMutex lock;
	GCond cond;
};

/* In the account's thread: as if nothing had been done for a while. */
static gboolean
run_tick(gpointer user)
{
	struct look *look = user;
	struct lane *lane = &look->account->lanes[LANE_WORK];

	lane->used -= look->older;
	lanes_tick(look->account);
	while (g_main_context_iteration(look->account->context, FALSE))
		;
	g_mutex_lock(&look->lock);
	look->up = lane_is_up(lane);
	look->done = TRUE;
	g_cond_signal(&look->cond);
	g_mutex_unlock(&look->lock);
	return G_SOURCE_REMOVE;
}

static gboolean
is_up_after(struct account *a, gint64 seconds)
{
	struct look look = {.account = a, .older = seconds * G_USEC_PER_SEC};

	g_mutex_init(&look.lock);
	g_cond_init(&look.cond);
	g_main_context_invoke(a->context, run_tick, &look);
	g_mutex_lock(&look.lock);
	while (!look.done)
		g_cond_wait(&look.cond, &look.lock);
	g_mutex_unlock(&look.lock);
	g_mutex_clear(&look.lock);
	g_cond_clear(&look.cond);
	return look.up;
}

static void
test_rest(void)
{
	struct bed bed;
	struct account *a;

	make(&bed);
	a = start(&bed, 0);
	g_assert_cmpint(bed_do(&bed, open_folder("INBOX")), ==, FULMAR_OK);
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	g_assert_true(is_up_after(a, 30));
	g_assert_false(is_up_after(a, 61));
	/* There is work again. */
	g_assert_cmpint(bed_do(&bed, bed_command(CMD_SYNC, "work")), ==, FULMAR_OK);
	g_assert_true(is_up_after(a, 0));
	bed_stop(&bed);
	g_assert_cmpuint(server.attempts, ==, 3);
	g_assert_cmpuint(times_asked(&bed), ==, 1);
	end(&bed);
}

int
main(int argc, char **argv)
{
	dice_init(argc, argv);
	g_test_add_func("/lanes/side-by-side", test_side_by_side);
	g_test_add_func("/lanes/one-allowed", test_one_allowed);
	g_test_add_func("/lanes/command-line", test_command_line);
	g_test_add_func("/lanes/log-in-refused", test_log_in_refused);
	g_test_add_func("/lanes/person-first", test_person_first);
	g_test_add_func("/lanes/leafing", test_leafing);
	g_test_add_func("/lanes/rest", test_rest);
	return g_test_run();
}
