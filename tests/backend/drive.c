/* drive DIR PORT [DISABLED-CAPABILITY…]: an IMAP account's backend and store, told what to do through
 * standard input, a command a line, each answered by one line of JSON. For tests in Python that play the
 * server.
 *
 *   link · unlink · folders · open PATH · hold PATH (open without filling) · rows PATH · ops · said
 *   flag IDS ADD REMOVE KEYWORDS · all PATH ADD REMOVE · move IDS PATH · copy IDS PATH · purge IDS
 *   empty PATH · append PATH WHEN FLAGS LENGTH (the message follows) · create PATH USE
 *   replace ID PATH WHEN FLAGS LENGTH (likewise)
 *   rename PATH PATH · remove PATH · subscribe PATH 0|1 · run · join · check · retry
 *   forget IDS · name PATH · admin KIND PATH NAME VALUE · body ID · fetch ID
 *   part ID SECTION (fetched, and what it holds) · structure ID
 *
 * Words are divided by tabs; IDS by commas. "run" carries out what is ready, once, as the
 * journal does; "join" puts together what is alike before; "retry" lets
 * what has failed be carried out again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#include "drive.h"

#define LIMIT_MS 60000

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

void
put_error(GString *out, const GError *error)
{
	g_string_append_printf(out, "{\"error\": %d, \"text\": ", error ? error->code : 0);
	put_text(out, error ? error->message : "");
	g_string_append_c(out, '}');
}

void
finish(struct drive *d, GError *error)
{
	put_error(d->out, error);
	g_clear_error(&error);
}

static void
put_number(GString *out, const char *name, gint64 n)
{
	g_string_append_printf(out, "\"%s\": %" G_GINT64_FORMAT ", ", name, n);
}

void
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

void
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

void
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

gint64
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

GArray *
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
	put_number(d->out, "saved", row->saved);
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

	if (!d->up) { /* nobody asks without a link */
		fulmar_fail(&result.error, FULMAR_NO_LINK, "no link");
		put_error(d->out, result.error);
		g_clear_error(&result.error);
		return;
	}
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
do_fetch(struct drive *d, char **w)
{
	struct result result = {0};

	backend_imap.part(d->backend, atoll(w[1]), "", NULL, on_done, &result);
	wait_for(d, &result);
	put_error(d->out, result.error);
	g_clear_error(&result.error);
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

static void
put_content(struct drive *d, GBytes *kept, gboolean decoded)
{
	gsize len;
	const char *octets = g_bytes_get_data(kept, &len);
	g_autoptr(GBytes) content =
	        mime_decode_body(decoded ? ENCODING_7BIT : ENCODING_BASE64, octets ? octets : "", len);
	g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, content);

	put_number(d->out, "kept", (gint64)len);
	put_number(d->out, "decoded", decoded);
	g_string_append(d->out, "\"sha256\": ");
	put_text(d->out, sum);
	g_string_append(d->out, ", ");
}

/* Of a part in base64. */
static void
do_part(struct drive *d, char **w)
{
	msgid id = atoll(w[1]);
	struct result result = {0};
	gboolean decoded = FALSE;
	g_autoptr(GBytes) kept = NULL;

	backend_imap.part(d->backend, id, w[2], NULL, on_done, &result);
	wait_for(d, &result);
	kept = store_part_as_kept(d->store, id, w[2], &decoded, NULL);
	g_string_append_c(d->out, '{');
	if (kept)
		put_content(d, kept, decoded);
	put_number(d->out, "error", result.error ? result.error->code : 0);
	g_string_truncate(d->out, d->out->len - 2);
	g_string_append_c(d->out, '}');
	g_clear_error(&result.error);
}

static void
do_structure(struct drive *d, char **w)
{
	msgid id = atoll(w[1]);
	struct result result = {0};

	backend_imap.structures(d->backend, &id, 1, on_done, &result);
	wait_for(d, &result);
	finish(d, result.error);
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
        {"retry", 1, do_retry},     {"fetch", 2, do_fetch},
        {"undo", 1, do_undo},       {"part", 3, do_part},
        {"replace", 6, do_replace}, {"structure", 2, do_structure},
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
	account->timeout = 30;
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
