#include "rig.h"

#include <string.h>

#include "base/files.h"

#define LIMIT_MS 60000 /* nothing here takes long: more is a hang */

static void
on_ready(void *user)
{
	((struct rig *)user)->ready = TRUE;
}

static void
on_lost(const GError *error, void *user)
{
	((struct rig *)user)->lost = TRUE;
}

static void
on_rows(gint64 folder, void *user)
{
	((struct rig *)user)->rows++;
}

static void
on_folders(void *user)
{
	((struct rig *)user)->folders++;
}

static void
on_arrived(gint64 folder, guint n, void *user)
{
	((struct rig *)user)->arrived += n;
}

static void
on_progress(gint64 folder, guint64 have, guint64 total, void *user)
{
	((struct rig *)user)->have = have;
	((struct rig *)user)->total = total;
}

static void
on_notice(const char *text, void *user)
{
	g_test_message("notice: %s", text);
}

static void
on_fact(const char *name, const char *value, void *user)
{
	g_test_message("%s: %s", name, value);
}

static gboolean
give_secret(gpointer user)
{
	struct rig *rig = user;

	rig->kind->ops->secret(rig->backend, "secret word", NULL);
	return G_SOURCE_REMOVE;
}

static void
on_ask(const char *prompt, void *user)
{
	struct rig *rig = user;
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, give_secret, rig, NULL);
	g_source_attach(source, rig->context);
}

static void
on_left(void *user)
{
	((struct rig *)user)->left = TRUE;
}

static void
on_behind(gint64 folder, void *user)
{
	((struct rig *)user)->behind++;
	g_test_message("folder %d is behind", (int)folder);
}

static const struct backend_hooks hooks = {.ready = on_ready,
                                           .lost = on_lost,
                                           .left = on_left,
                                           .rows = on_rows,
                                           .folders = on_folders,
                                           .arrived = on_arrived,
                                           .progress = on_progress,
                                           .notice = on_notice,
                                           .fact = on_fact,
                                           .behind = on_behind,
                                           .ask = on_ask};

struct conf *
rig_conf_new(void)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct conf *conf = conf_load("/dev/null", NULL, problems);

	g_assert_cmpuint(problems->len, ==, 0);
	return conf;
}

void
rig_init(struct rig *rig, const struct rig_kind *kind)
{
	GError *error = NULL;
	g_autofree char *store = NULL;

	memset(rig, 0, sizeof *rig);
	rig->kind = kind;
	rig->dir = files_private_tmp(&error);
	g_assert_no_error(error);
	rig->conf = rig_conf_new();
	rig->account = conf_account_new("t", ACCOUNT_MAILDIR);
	g_ptr_array_add(rig->conf->accounts, rig->account);
	kind->make(rig, rig->account);
	store = g_build_filename(rig->dir, "store", NULL);
	rig->store = store_open(store, STORE_WRITE, &error);
	g_assert_no_error(error);
	rig->context = g_main_context_new();
	rig->env = (struct backend_env){rig->context, rig->conf, rig->account, rig->store, &hooks, rig, 0};
	rig->backend = kind->ops->create(&rig->env);
	if (kind->furnish)
		kind->furnish(rig);
}

void
rig_clear(struct rig *rig)
{
	rig->kind->ops->destroy(rig->backend);
	if (rig->kind->end)
		rig->kind->end(rig);
	store_close(rig->store);
	g_main_context_unref(rig->context);
	conf_free(rig->conf);
	files_remove_tree(rig->dir);
	g_free(rig->dir);
}

static void
turn(struct rig *rig, gint64 began)
{
	g_main_context_iteration(rig->context, FALSE);
	g_assert_cmpint(g_get_monotonic_time() - began, <, LIMIT_MS * 1000);
}

void
rig_wait_for(struct rig *rig, const guint *counter, guint n)
{
	gint64 began = g_get_monotonic_time();

	while (*counter < n)
		turn(rig, began);
}

void
rig_on_done(const GError *error, void *user)
{
	struct rig_done *done = user;

	done->times++;
	if (error)
		done->error = g_error_copy(error);
}

GError *
rig_wait_error(struct rig *rig, struct rig_done *done)
{
	gint64 began = g_get_monotonic_time();

	while (!done->times)
		turn(rig, began);
	g_assert_cmpint(done->times, ==, 1);
	return g_steal_pointer(&done->error);
}

void
rig_wait(struct rig *rig, struct rig_done *done)
{
	g_autoptr(GError) error = rig_wait_error(rig, done);

	g_assert_no_error(error);
}

void
rig_link(struct rig *rig)
{
	gint64 began = g_get_monotonic_time();

	rig->kind->ops->link(rig->backend);
	g_assert_false(rig->ready);
	while (!rig->ready && !rig->lost)
		turn(rig, began);
	g_assert_true(rig->ready);
	rig_list(rig);
}

static struct store_folder *
folder_at(struct rig *rig, const char *path)
{
	GError *error = NULL;
	struct store_folder *folder = store_folder_by_path(rig->store, path, &error);

	g_assert_no_error(error);
	g_assert_nonnull(folder);
	return folder;
}

static gboolean
is_complete(struct rig *rig, const char *path)
{
	struct store_folder *folder = folder_at(rig, path);
	gboolean complete = folder->complete;

	store_folder_free(folder);
	return complete;
}

gint64
rig_open(struct rig *rig, const char *path)
{
	struct store_folder *folder = folder_at(rig, path);
	struct rig_done opened = {0};
	gint64 id = folder->id;

	store_folder_free(folder);
	if (rig->kind->renew)
		rig->kind->renew(rig);
	rig->kind->ops->open(rig->backend, id, rig_on_done, &opened);
	rig_wait(rig, &opened);
	while (!is_complete(rig, path)) {
		struct rig_done filled = {0};

		rig->kind->ops->fill(rig->backend, id, rig_on_done, &filled);
		rig_wait(rig, &filled);
	}
	return id;
}

static GPtrArray *
rows_of(struct rig *rig, const char *path)
{
	struct store_folder *folder = folder_at(rig, path);
	GPtrArray *rows = g_ptr_array_new_with_free_func(store_row_free);
	GError *error = NULL;

	store_rows(rig->store, folder->id, NULL, TRUE, 100000, rows, &error);
	g_assert_no_error(error);
	store_folder_free(folder);
	return rows;
}

char *
rig_subjects(struct rig *rig, const char *path)
{
	g_autoptr(GPtrArray) rows = rows_of(rig, path);
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(out, "%s%s", i ? " " : "",
		                       ((struct store_row *)rows->pdata[i])->subject);
	return g_strdup(out->str);
}

void
rig_becomes(struct rig *rig, const char *path, const char *want)
{
	gint64 began = g_get_monotonic_time();
	char *have = rig_subjects(rig, path);

	while (strcmp(have, want) != 0) {
		turn(rig, began);
		g_free(have);
		have = rig_subjects(rig, path);
	}
	g_free(have);
}

struct store_row *
rig_row(struct rig *rig, const char *path, const char *subject)
{
	g_autoptr(GPtrArray) rows = rows_of(rig, path);

	for (guint i = 0; i < rows->len; i++) {
		struct store_row *row = rows->pdata[i];

		if (strcmp(row->subject, subject) != 0)
			continue;
		rows->pdata[i] = NULL;
		g_ptr_array_set_free_func(rows, NULL);
		for (guint j = 0; j < rows->len; j++)
			if (rows->pdata[j])
				store_row_free(rows->pdata[j]);
		return row;
	}
	g_error("%s has no message “%s”", path, subject);
}

static void
replay_one(struct rig *rig, struct store_op *op, int code)
{
	struct rig_done done = {0};
	g_autoptr(GError) error = NULL;
	GError *failed = NULL;

	op->created += rig->later;
	store_op_set(rig->store, op->id, OP_RUNNING, NULL, 0, &failed);
	g_assert_no_error(failed);
	rig->kind->ops->replay(rig->backend, op, rig_on_done, &done);
	g_assert_cmpint(done.times, ==, 0);
	error = rig_wait_error(rig, &done);
	if (error)
		g_test_message("%s: %s", op_verb_names[op->verb], error->message);
	g_assert_cmpint(error ? error->code : 0, ==, code);
	if (error)
		store_op_set(rig->store, op->id, OP_FAILED, error->message, 0, &failed);
	else
		store_op_done(rig->store, op->id, &failed);
	g_assert_no_error(failed);
}

void
rig_replay(struct rig *rig, int code)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	GError *error = NULL;

	store_ops(rig->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ops->len, >, 0);
	for (guint i = 0; i < ops->len; i++)
		replay_one(rig, ops->pdata[i], code);
}

void
rig_flag(struct rig *rig, msgid id, guint add, guint remove, const char *keywords)
{
	GError *error = NULL;

	store_journal_flags(rig->store, &id, 1, add, remove, keywords, NULL, NULL, &error);
	g_assert_no_error(error);
	if (store_ops_waiting(rig->store, NULL))
		rig_replay(rig, 0);
}

void
rig_deliver(struct rig *rig, const char *folder, const char *name, gint64 when)
{
	g_autofree char *text =
	        g_strdup_printf("From: Ann Smith <ann@harbour.example>\nTo: me@harbour.example\n"
	                        "Subject: %s\nMessage-ID: <%s@harbour.example>\n\nText of %s.\n",
	                        name, name, name);

	rig->kind->deliver(rig, folder, name, when, text);
}

void
rig_begin(struct rig *rig)
{
	rig_deliver(rig, "INBOX", "a", NOON);
	rig_deliver(rig, "INBOX", "b", NOON + 1);
	rig_deliver(rig, "INBOX", "c", NOON + 2);
	rig_link(rig);
	rig_open(rig, "Sent");
	rig_open(rig, "INBOX");
}

gint64
rig_folder_at(struct rig *rig, const char *path)
{
	struct store_folder *folder = store_folder_by_path(rig->store, path, NULL);
	gint64 id = folder ? folder->id : 0;

	store_folder_free(folder);
	return id;
}

msgid
rig_id_at(struct rig *rig, const char *path, const char *subject)
{
	struct store_row *row = rig_row(rig, path, subject);
	msgid id = row->id;

	store_row_free(row);
	return id;
}

void
rig_fetch(struct rig *rig, msgid id)
{
	struct rig_done done = {0};

	rig->kind->ops->part(rig->backend, id, "", NULL, rig_on_done, &done);
	rig_wait(rig, &done);
}

void
rig_there(struct rig *rig, const char *folder, const char *want)
{
	g_autofree char *have = rig->kind->subjects(rig, folder);

	g_assert_cmpstr(have, ==, want);
}

void
rig_here(struct rig *rig, const char *path, const char *want)
{
	g_autofree char *have = rig_subjects(rig, path);

	g_assert_cmpstr(have, ==, want);
}

void
rig_list(struct rig *rig)
{
	struct rig_done done = {0};

	rig->kind->ops->folders(rig->backend, rig_on_done, &done);
	rig_wait(rig, &done);
}

void
rig_move(struct rig *rig, msgid id, const char *to)
{
	GError *error = NULL;

	store_journal_move(rig->store, &id, 1, rig_folder_at(rig, to), NULL, &error);
	g_assert_no_error(error);
}

void
rig_create(struct rig *rig, const char *path, const char *wire)
{
	struct store_folder folder = {
	        .path = (char *)path, .wire = g_strdup(wire), .delimiter = '.', .subscribed = TRUE};
	GError *error = NULL;

	if (!wire)
		rig->kind->ops->name_folder(rig->backend, path, &folder.wire, &folder.delimiter, &error);
	g_assert_no_error(error);
	store_journal_create(rig->store, &folder, "", NULL, &error);
	g_assert_no_error(error);
	g_free(folder.wire);
}

/* One case for one kind. */
struct match {
	const struct rig_kind *kind;
	const struct rig_case *that;
};

static void
run_match(gconstpointer data)
{
	const struct match *match = data;
	struct rig rig;

	rig_init(&rig, match->kind);
	match->that->run(&rig);
	rig_clear(&rig);
}

void
rig_add_cases(const char *prefix, const struct rig_kind *kind, const struct rig_case *cases, guint n)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", prefix, cases[i].name);
		struct match *match;

		if ((kind->verbs & cases[i].verbs) != cases[i].verbs)
			continue;
		match = g_new(struct match, 1);
		*match = (struct match){kind, &cases[i]};
		g_test_add_data_func_full(path, match, run_match, g_free);
	}
}
