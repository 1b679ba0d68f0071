/* drive DIR PORT [DISABLED-CAPABILITY…]: an IMAP account's backend and store, told what to do through
 * standard input, a command a line, each answered by one line of JSON. For tests in Python that play the
 * server.
 *
 *   link · unlink · folders · open PATH · hold PATH (open without filling) · rows PATH · ops · said
 *   flag IDS ADD REMOVE KEYWORDS · all PATH ADD REMOVE · move IDS PATH · copy IDS PATH · purge IDS · empty
 * PATH append PATH WHEN FLAGS LENGTH (the message follows) · create PATH USE · rename PATH PATH · remove PATH
 *   subscribe PATH 0|1 · run · join · check · forget IDS · name PATH · admin KIND PATH NAME VALUE · body ID
 *
 * Words are divided by tabs; IDS by commas. "run" carries out what is ready, once, as the
 * journal does; "join" puts together what is alike before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/error.h"

#define LIMIT_MS 20000

struct drive {
	struct backend_env env;
	struct backend *backend;
	struct store *store;
	GMainContext *context;
	gboolean up;
	GPtrArray *notices; /* char * */
	GString *out;
};

struct result {
	gboolean ended;
	GError *error;
};

/* ---- JSON ---- */

static void
put_text(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *p = text ? text : ""; *p; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
			g_string_append_printf(out, "\\u%04x", (unsigned char)*p);
		else
			g_string_append_c(out, *p);
	g_string_append_c(out, '"');
}

static void
put_error(GString *out, const GError *error)
{
	g_string_append_printf(out, "{\"error\": %d, \"text\": ", error ? error->code : 0);
	put_text(out, error ? error->message : "");
	g_string_append_c(out, '}');
}

static void
put_number(GString *out, const char *name, gint64 n)
{
	g_string_append_printf(out, "\"%s\": %" G_GINT64_FORMAT ", ", name, n);
}

static void
end_list(GString *out)
{
	if (g_str_has_suffix(out->str, ", "))
		g_string_truncate(out, out->len - 2);
	g_string_append_c(out, ']');
}

/* ---- what the hooks say ---- */

static void
on_ready(void *user)
{
	((struct drive *)user)->up = TRUE;
}

static void
on_lost(const GError *error, void *user)
{
	((struct drive *)user)->up = FALSE;
}

static void
on_number(gint64 folder, void *user)
{
}

static void
on_folders(void *user)
{
}

static void
on_arrived(gint64 folder, guint n, void *user)
{
}

static void
on_progress(gint64 folder, guint64 have, guint64 total, void *user)
{
}

static void
on_notice(const char *text, void *user)
{
	g_ptr_array_add(((struct drive *)user)->notices, g_strdup(text));
}

static void
on_fact(const char *name, const char *value, void *user)
{
}

static gboolean
answer(gpointer user)
{
	struct drive *d = user;

	backend_imap.secret(d->backend, "secret word", NULL);
	return G_SOURCE_REMOVE;
}

static void
on_ask(const char *prompt, void *user)
{
	struct drive *d = user;
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, answer, d, NULL);
	g_source_attach(source, d->context);
}

static const struct backend_hooks hooks = {.ready = on_ready,
                                           .lost = on_lost,
                                           .rows = on_number,
                                           .folders = on_folders,
                                           .arrived = on_arrived,
                                           .progress = on_progress,
                                           .notice = on_notice,
                                           .fact = on_fact,
                                           .behind = on_number,
                                           .ask = on_ask};

/* ---- waiting ---- */

static void
on_done(const GError *error, void *user)
{
	struct result *result = user;

	g_assert_false(result->ended);
	result->ended = TRUE;
	result->error = error ? g_error_copy(error) : NULL;
}

static gboolean
too_long(gpointer user)
{
	g_error("it takes too long");
	return G_SOURCE_REMOVE;
}

static void
wait_for(struct drive *d, struct result *result)
{
	g_autoptr(GSource) limit = g_timeout_source_new(LIMIT_MS);

	g_source_set_callback(limit, too_long, NULL, NULL);
	g_source_attach(limit, d->context);
	while (!result->ended)
		g_main_context_iteration(d->context, TRUE);
	g_source_destroy(limit);
	/* The end of the link is told apart from the end of its verbs. */
	while (g_main_context_iteration(d->context, FALSE))
		;
}

static void
link_up(struct drive *d)
{
	gint64 began = g_get_monotonic_time();

	backend_imap.link(d->backend);
	while (!d->up && g_get_monotonic_time() - began < LIMIT_MS * 1000)
		g_main_context_iteration(d->context, FALSE);
}

/* ---- the store ---- */

static gint64
folder_of(struct drive *d, const char *path)
{
	struct store_folder *folder = store_folder_by_path(d->store, path, NULL);
	gint64 id = folder ? folder->id : 0;

	store_folder_free(folder);
	if (!id)
		g_error("there is no folder “%s”", path);
	return id;
}

static char *
path_of(struct drive *d, gint64 id)
{
	struct store_folder *folder = id ? store_folder_by_id(d->store, id, NULL) : NULL;
	char *path = g_strdup(folder ? folder->path : "");

	g_clear_pointer(&folder, store_folder_free);
	return path;
}

static GArray *
ids_of(const char *text)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_auto(GStrv) words = g_strsplit(text, ",", -1);

	for (char **w = words; *w; w++) {
		msgid id = g_ascii_strtoll(*w, NULL, 10);

		g_array_append_val(ids, id);
	}
	return ids;
}

static void
put_row(struct drive *d, const struct store_row *row)
{
	gint64 folder = 0;
	guint64 uid = 0;
	int known = store_place(d->store, row->id, &folder, &uid, NULL, NULL);
	g_autofree char *path = path_of(d, known > 0 ? folder : 0);

	g_string_append_c(d->out, '{');
	put_number(d->out, "id", row->id);
	put_number(d->out, "uid", (gint64)row->uid);
	put_number(d->out, "flags", row->flags);
	put_number(d->out, "pending", row->pending);
	put_number(d->out, "body", row->body);
	put_number(d->out, "place_uid", (gint64)uid);
	g_string_append(d->out, "\"place\": ");
	put_text(d->out, path);
	g_string_append(d->out, ", \"keywords\": ");
	put_text(d->out, row->keywords);
	g_string_append(d->out, ", \"refused\": ");
	put_text(d->out, row->refused);
	g_string_append(d->out, ", \"subject\": ");
	put_text(d->out, row->subject);
	g_string_append(d->out, "}, ");
}

static void
do_rows(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(store_row_free);

	store_rows(d->store, folder_of(d, w[1]), NULL, TRUE, 100000, rows, NULL);
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < rows->len; i++)
		put_row(d, rows->pdata[i]);
	end_list(d->out);
}

static void
do_ops(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	store_ops(d->store, FALSE, 0, ops, NULL);
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];

		g_string_append_c(d->out, '{');
		put_number(d->out, "id", op->id);
		put_number(d->out, "rows", op->ids->len);
		put_number(d->out, "mark", (gint64)op->mark);
		g_string_append_printf(d->out, "\"verb\": \"%s\", \"state\": \"%s\", \"error\": ",
		                       op_verb_names[op->verb], op_state_names[op->state]);
		put_text(d->out, op->error);
		g_string_append(d->out, "}, ");
	}
	end_list(d->out);
}

/* ---- journalling ---- */

static void
finish(struct drive *d, GError *error)
{
	put_error(d->out, error);
	g_clear_error(&error);
}

static void
do_flag(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_flags(d->store, (const msgid *)(void *)ids->data, ids->len, (guint)atoi(w[2]),
	                    (guint)atoi(w[3]), w[4], NULL, &step, &error);
	finish(d, error);
}

static void
do_all(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_flag_all(d->store, folder_of(d, w[1]), (guint)atoi(w[2]), (guint)atoi(w[3]), &step,
	                       &error);
	finish(d, error);
}

static void
do_move(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_move(d->store, (const msgid *)(void *)ids->data, ids->len, folder_of(d, w[2]), &step,
	                   &error);
	finish(d, error);
}

static void
do_copy(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_copy(d->store, (const msgid *)(void *)ids->data, ids->len, folder_of(d, w[2]), NULL,
	                   &step, &error);
	finish(d, error);
}

static void
do_purge(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;
	gint64 step = 0;

	store_journal_purge(d->store, (const msgid *)(void *)ids->data, ids->len, &step, &error);
	finish(d, error);
}

static void
do_empty(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_empty(d->store, folder_of(d, w[1]), &step, &error);
	finish(d, error);
}

static void
do_append(struct drive *d, char **w)
{
	gsize len = (gsize)atoll(w[4]);
	char *text = g_malloc(len + 1);
	g_autoptr(GBytes) bytes = NULL;
	struct envelope envelope;
	GError *error = NULL;
	gint64 step = 0;

	if (fread(text, 1, len, stdin) != len)
		g_error("the message is cut");
	text[len] = '\0';
	bytes = g_bytes_new_take(text, len);
	envelope_from_headers(&envelope, text, len);
	store_journal_append(d->store, folder_of(d, w[1]),
	                     &(struct store_message){.received = atoll(w[2]),
	                                             .size = len,
	                                             .flags = (guint)atoi(w[3]),
	                                             .envelope = &envelope},
	                     bytes, "", &step, &error);
	envelope_clear(&envelope);
	finish(d, error);
}

static void
do_create(struct drive *d, char **w)
{
	struct store_folder folder = {.path = w[1],
	                              .role = (char *)"",
	                              .rights = (char *)"",
	                              .mailbox_id = (char *)"",
	                              .windows = (char *)"",
	                              .keep = (char *)"",
	                              .selectable = TRUE,
	                              .subscribed = TRUE};
	GError *error = NULL;
	gint64 step = 0;

	if (backend_imap.name_folder(d->backend, w[1], &folder.wire, &folder.delimiter, &error))
		store_journal_create(d->store, &folder, w[2], &step, &error);
	g_free(folder.wire);
	finish(d, error);
}

static void
do_rename(struct drive *d, char **w)
{
	g_autofree char *wire = NULL;
	GError *error = NULL;
	char delimiter;
	gint64 step = 0;

	if (backend_imap.name_folder(d->backend, w[2], &wire, &delimiter, &error))
		store_journal_rename(d->store, folder_of(d, w[1]), w[2], wire, &step, &error);
	finish(d, error);
}

static void
do_remove(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_remove(d->store, folder_of(d, w[1]), &step, &error);
	finish(d, error);
}

static void
do_subscribe(struct drive *d, char **w)
{
	GError *error = NULL;
	gint64 step = 0;

	store_journal_subscribe(d->store, folder_of(d, w[1]), atoi(w[2]), &step, &error);
	finish(d, error);
}

/* ---- carrying out ---- */

/* Ops that go out as one. */
struct group {
	struct store_op *op;
	GArray *ops; /* gint64 */
	struct result result;
};

static void
settle(struct drive *d, gint64 op, const GError *e)
{
	GError *error = NULL;

	if (!e)
		store_op_done(d->store, op, &error);
	else if (e->code != FULMAR_NO_LINK && e->code != FULMAR_CANCELLED)
		store_op_set(d->store, op, OP_FAILED, e->message, 0, &error);
	else
		store_op_set(d->store, op, d->up ? OP_WAITING : OP_CHECKING, NULL, 0, &error);
	if (error)
		g_error("%s", error->message);
}

static struct group *
group_of(GPtrArray *groups, const struct store_op *op, gboolean join)
{
	struct group *group;

	for (guint i = 0; join && i < groups->len; i++) {
		group = groups->pdata[i];
		if (group->op->verb == op->verb && group->op->folder == op->folder &&
		    group->op->to == op->to && group->op->add == op->add && group->op->remove == op->remove)
			return group;
	}
	return NULL;
}

static void
add_op(struct drive *d, GPtrArray *groups, struct store_op *op, gboolean join)
{
	struct group *group = group_of(groups, op, join);
	struct store_op *now;
	gint64 id = op->id;

	store_op_set(d->store, id, OP_RUNNING, NULL, 0, NULL);
	now = store_op(d->store, id, NULL);
	op->mark = now->mark;
	store_op_free(now);
	if (group) {
		g_array_append_vals(group->op->ids, op->ids->data, op->ids->len);
		g_array_append_vals(group->op->sources, op->sources->data, op->sources->len);
		group->op->id = 0;
		store_op_free(op);
	} else {
		group = g_new0(struct group, 1);
		group->op = op;
		group->ops = g_array_new(FALSE, FALSE, sizeof(gint64));
		g_ptr_array_add(groups, group);
	}
	g_array_append_val(group->ops, id);
}

static void
end_group(struct drive *d, struct group *group)
{
	for (guint i = 0; i < group->ops->len; i++)
		settle(d, g_array_index(group->ops, gint64, i), group->result.error);
	put_error(d->out, group->result.error);
	g_string_append(d->out, ", ");
	g_clear_error(&group->result.error);
	store_op_free(group->op);
	g_array_unref(group->ops);
	g_free(group);
}

/* All that are ready at once, as the journal does; "join": those that are alike as one. */
static void
do_run(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new();
	g_autoptr(GPtrArray) groups = g_ptr_array_new();

	store_ops(d->store, TRUE, g_get_real_time() / G_USEC_PER_SEC, ops, NULL);
	for (guint i = 0; i < ops->len; i++)
		add_op(d, groups, ops->pdata[i], !strcmp(w[0], "join"));
	for (guint i = 0; i < groups->len; i++) {
		struct group *group = groups->pdata[i];

		backend_imap.replay(d->backend, group->op, on_done, &group->result);
	}
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < groups->len; i++)
		wait_for(d, &((struct group *)groups->pdata[i])->result);
	for (guint i = 0; i < groups->len; i++)
		end_group(d, groups->pdata[i]);
	end_list(d->out);
}

static void
do_check(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);

	store_ops_recover(d->store, NULL);
	store_ops(d->store, FALSE, 0, ops, NULL);
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < ops->len; i++) {
		const struct store_op *op = ops->pdata[i];
		struct result result = {0};
		struct store_op *left;

		if (op->state != OP_CHECKING)
			continue;
		backend_imap.check(d->backend, op, on_done, &result);
		wait_for(d, &result);
		put_error(d->out, result.error);
		g_string_append(d->out, ", ");
		left = store_op(d->store, op->id, NULL);
		if (left && !result.error && op->ids->len && !left->ids->len)
			store_op_done(d->store, op->id, NULL);
		else if (left)
			store_op_set(d->store, op->id, result.error ? OP_CHECKING : OP_WAITING, NULL, 0,
			             NULL);
		g_clear_pointer(&left, store_op_free);
		g_clear_error(&result.error);
	}
	end_list(d->out);
}

/* ---- the rest ---- */

static void
do_link(struct drive *d, char **w)
{
	link_up(d);
	g_string_append(d->out, d->up ? "true" : "false");
}

static void
do_unlink(struct drive *d, char **w)
{
	backend_imap.unlink(d->backend);
	while (d->up)
		g_main_context_iteration(d->context, TRUE);
	g_string_append(d->out, "true");
}

static void
do_folders(struct drive *d, char **w)
{
	g_autoptr(GPtrArray) folders = NULL;
	struct result result = {0};

	if (d->up) {
		backend_imap.folders(d->backend, on_done, &result);
		wait_for(d, &result);
		g_clear_error(&result.error);
	}
	folders = store_folders(d->store, NULL);
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < folders->len; i++) {
		const struct store_folder *f = folders->pdata[i];

		g_string_append_c(d->out, '{');
		put_number(d->out, "subscribed", f->subscribed);
		put_number(d->out, "rows", f->rows);
		put_number(d->out, "total", f->total);
		g_string_append(d->out, "\"path\": ");
		put_text(d->out, f->path);
		g_string_append(d->out, ", \"wire\": ");
		put_text(d->out, f->wire);
		g_string_append(d->out, ", \"role\": ");
		put_text(d->out, f->role);
		g_string_append(d->out, "}, ");
	}
	end_list(d->out);
}

static gboolean
is_complete(struct drive *d, gint64 id)
{
	struct store_folder *folder = store_folder_by_id(d->store, id, NULL);
	gboolean complete = folder && folder->complete;

	g_clear_pointer(&folder, store_folder_free);
	return complete;
}

static void
do_open(struct drive *d, char **w)
{
	gint64 id = folder_of(d, w[1]);
	struct result result = {0};

	backend_imap.open(d->backend, id, on_done, &result);
	wait_for(d, &result);
	while (!result.error && !strcmp(w[0], "open") && !is_complete(d, id)) {
		result.ended = FALSE;
		backend_imap.fill(d->backend, id, on_done, &result);
		wait_for(d, &result);
	}
	put_error(d->out, result.error);
	g_clear_error(&result.error);
}

static void
do_forget(struct drive *d, char **w)
{
	g_autoptr(GArray) ids = ids_of(w[1]);
	GError *error = NULL;

	store_begin(d->store, FALSE, &error);
	for (guint i = 0; i < ids->len && !error; i++)
		store_remove(d->store, g_array_index(ids, msgid, i), &error);
	if (!error)
		store_commit(d->store, &error);
	finish(d, error);
}

static void
do_said(struct drive *d, char **w)
{
	g_string_append_c(d->out, '[');
	for (guint i = 0; i < d->notices->len; i++) {
		put_text(d->out, d->notices->pdata[i]);
		g_string_append(d->out, ", ");
	}
	end_list(d->out);
	g_ptr_array_set_size(d->notices, 0);
}

static void
do_name(struct drive *d, char **w)
{
	g_autofree char *wire = NULL;
	g_autoptr(GError) error = NULL;
	char delimiter = 0;

	if (!backend_imap.name_folder(d->backend, w[1], &wire, &delimiter, &error)) {
		put_error(d->out, error);
		return;
	}
	g_string_append_printf(
	        d->out, "{\"error\": 0, \"delimiter\": \"%c\", \"wire\": ", delimiter ? delimiter : '0');
	put_text(d->out, wire);
	g_string_append_c(d->out, '}');
}

static void
on_answer(const char *name, const char *value, void *user)
{
	GString *out = user;

	g_string_append_c(out, '[');
	put_text(out, name);
	g_string_append(out, ", ");
	put_text(out, value);
	g_string_append(out, "], ");
}

struct answers {
	struct result result; /* first: done's user */
	GString *text;
};

static void
on_admin(const char *name, const char *value, void *user)
{
	on_answer(name, value, ((struct answers *)user)->text);
}

static void
do_admin(struct drive *d, char **w)
{
	struct answers answers = {.text = g_string_new("[")};
	struct backend_admin request = {(enum admin_kind)atoi(w[1]), folder_of(d, w[2]), w[3], w[4]};

	backend_imap.admin(d->backend, &request, on_admin, on_done, &answers);
	wait_for(d, &answers.result);
	end_list(answers.text);
	g_string_append(d->out, "{\"result\": ");
	put_error(d->out, answers.result.error);
	g_string_append_printf(d->out, ", \"answers\": %s}", answers.text->str);
	g_clear_error(&answers.result.error);
	g_string_free(answers.text, TRUE);
}

static void
do_body(struct drive *d, char **w)
{
	g_autoptr(GBytes) bytes = store_part(d->store, atoll(w[1]), "", NULL);

	put_number(d->out, "size", bytes ? (gint64)g_bytes_get_size(bytes) : -1);
	g_string_truncate(d->out, d->out->len - 2);
	g_string_prepend(d->out, "{");
	g_string_append_c(d->out, '}');
}

static const struct {
	const char *name;
	guint words;
	void (*run)(struct drive *d, char **words);
} commands[] = {
        {"link", 1, do_link},       {"unlink", 1, do_unlink},
        {"folders", 1, do_folders}, {"open", 2, do_open},
        {"hold", 2, do_open},       {"rows", 2, do_rows},
        {"ops", 1, do_ops},         {"said", 1, do_said},
        {"flag", 5, do_flag},       {"all", 4, do_all},
        {"move", 3, do_move},       {"copy", 3, do_copy},
        {"purge", 2, do_purge},     {"empty", 2, do_empty},
        {"append", 5, do_append},   {"create", 3, do_create},
        {"rename", 3, do_rename},   {"remove", 2, do_remove},
        {"run", 1, do_run},         {"join", 1, do_run},
        {"check", 1, do_check},     {"subscribe", 3, do_subscribe},
        {"name", 2, do_name},       {"admin", 5, do_admin},
        {"forget", 2, do_forget},   {"body", 2, do_body},
};

static void
obey(struct drive *d, char *line)
{
	g_auto(GStrv) words = NULL;

	line[strcspn(line, "\n")] = '\0';
	words = g_strsplit(line, "\t", -1);
	g_string_truncate(d->out, 0);
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(commands[i].name, words[0]) && g_strv_length(words) == commands[i].words) {
			commands[i].run(d, words);
			puts(d->out->str);
			fflush(stdout);
			return;
		}
	g_error("nobody understands “%s”", line);
}

int
main(int argc, char **argv)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct conf *conf = conf_load("/dev/null", NULL, problems);
	struct conf_account *account = conf_account_new("t", ACCOUNT_IMAP);
	struct drive d = {.context = g_main_context_new(),
	                  .notices = g_ptr_array_new_with_free_func(g_free),
	                  .out = g_string_new(NULL)};
	GError *error = NULL;
	static char line[1 << 20];

	g_assert_cmpint(argc, >=, 3);
	g_ptr_array_add(conf->accounts, account);
	account->host = g_strdup("127.0.0.1");
	account->port = atoi(argv[2]);
	account->security = SECURITY_NONE;
	account->user = g_strdup("ann");
	account->timeout = 10;
	g_strfreev(account->disable_capability);
	account->disable_capability = g_strdupv(argv + 3);
	d.store = store_open(argv[1], STORE_WRITE, &error);
	if (!d.store)
		g_error("%s", error->message);
	d.env = (struct backend_env){d.context, conf, account, d.store, &hooks, &d, 0};
	d.backend = backend_imap.create(&d.env);
	while (fgets(line, sizeof line, stdin))
		obey(&d, line);
	backend_imap.destroy(d.backend);
	store_close(d.store);
	g_main_context_unref(d.context);
	g_ptr_array_unref(d.notices);
	g_string_free(d.out, TRUE);
	conf_free(conf);
	return 0;
}
