/* fulmar export: messages, oldest first, into a new mbox, Maildir or .eml. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/fetch.h"
#include "app/filter.h"
#include "app/ids.h"
#include "app/ready.h"
#include "app/report.h"
#include "app/sink.h"
#include "base/error.h"
#include "base/i18n.h"

enum { CHUNK = 200, LINES_MOST = 20, PROGRESS_EVERY = 100000 /* µs */ };

struct export
{
	struct app *app;
	const char *path;
	enum sink_format format;
	GPtrArray *query; /* words */
	struct session *session;
	struct sink *sink;
	struct query *filter; /* or NULL */
	guint done, left_out;
	gboolean no_link; /* what is not here is not asked for any more */
	gint64 shown;     /* when progress was, µs */
	/* the account whose rows come now */
	const struct conf_account *account;
	struct store *store;
};

/* ---- progress ---- */

static void
clear_progress(struct export *export)
{
	if (export->shown)
		fputs("\r\033[K", stderr);
	export->shown = 0;
}

static void
show_progress(struct export *export)
{
	gint64 now = g_get_monotonic_time();

	if (!isatty(STDERR_FILENO) || now - export->shown < PROGRESS_EVERY)
		return;
	export->shown = now;
	fprintf(stderr, "\r%s: %u\033[K", export->account->id, export->done);
	fflush(stderr);
}

/* ---- rows ---- */

/* All that lack of rows in one go; what cannot be had so is asked for one by one. */
static void
fetch_lacking(struct export *export, const GPtrArray *rows)
{
	struct command *command;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; i < rows->len; i++) {
		const struct store_row *row = rows->pdata[i];

		if (row->body != BODY_FULL)
			g_array_append_val(ids, row->id);
	}
	if (ids->len < 2 || export->no_link || !app_may_link(export->app, export->account) ||
	    !session_start(export->session, export->account, NULL))
		return;
	command = command_new(CMD_DOWNLOAD, export->account->id);
	command->ids = g_steal_pointer(&ids);
	session_do(export->session, command, NULL);
}

/* The rest goes on without it. */
static void
leave_out(struct export *export, GError *error)
{
	export->left_out++;
	export->no_link |= error->code == FULMAR_NO_LINK || error->code == FULMAR_AUTH;
	clear_progress(export);
	if (export->left_out <= LINES_MOST)
		report_error(error->message);
	g_error_free(error);
}

static gboolean
export_row(struct export *export, struct store_row *row, GError **error)
{
	struct message message = {.app = export->app,
	                          .session = export->session,
	                          .account = export->account,
	                          .store = export->store,
	                          .row = row};
	g_autoptr(GBytes) bytes = NULL;
	GError *problem = NULL;

	if (!export->no_link || row->body == BODY_FULL)
		bytes = message_part(&message, "", NULL, &problem);
	else
		fulmar_fail(&problem, FULMAR_NO_LINK,
		            _("%s:%lld is not here as a whole; run it without --offline to fetch it"),
		            export->account->id, (long long)row->id);
	if (problem) {
		leave_out(export, problem);
		return TRUE;
	}
	export->done++;
	show_progress(export);
	return sink_add(export->sink, export->account->id, row, bytes, error);
}

static gboolean
export_rows(struct export *export, const char *path, GPtrArray *rows, GError **error)
{
	guint kept = 0;

	for (guint i = 0; i < rows->len; i++) {
		struct store_row *row = rows->pdata[i];

		rows->pdata[i] = NULL;
		if (export->filter && !filter_match(export->filter, row, export->account->id, path))
			store_row_free(row);
		else
			rows->pdata[kept++] = row;
	}
	g_ptr_array_set_size(rows, (int)kept);
	fetch_lacking(export, rows);
	for (guint i = 0; i < rows->len; i++)
		if (!export_row(export, rows->pdata[i], error))
			return FALSE;
	return TRUE;
}

static GPtrArray *
rows_new(void)
{
	return g_ptr_array_new_with_free_func(store_row_free);
}

static gboolean
export_folder(struct export *export, const struct store_folder *folder, GError **error)
{
	struct store_key last = {0};
	gboolean begun = FALSE, more = TRUE;

	while (more) {
		g_autoptr(GPtrArray) rows = rows_new();

		if (!store_rows(export->store, folder->id, begun ? &last : NULL, FALSE, CHUNK, rows, error))
			return FALSE;
		begun = TRUE;
		more = rows->len == CHUNK;
		if (rows->len)
			last = ((const struct store_row *)rows->pdata[rows->len - 1])->key;
		if (!export_rows(export, folder->path, rows, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- a TARGET ---- */

static gboolean
export_path(struct export *export, const char *path, GError **error)
{
	GError *partly = NULL;
	struct store_folder *folder = ready_folder(export->app, export->session, export->account,
	                                           export->store, path, &partly, error);
	gboolean ok = folder && export_folder(export, folder, error);

	store_folder_free(folder);
	if (partly)
		leave_out(export, partly);
	return ok;
}

static gboolean
export_account(struct export *export, GError **error)
{
	g_autoptr(GPtrArray) folders = store_folders(export->store, error);

	for (guint i = 0; folders && i < folders->len; i++) {
		const struct store_folder *folder = folders->pdata[i];

		if (folder->selectable && !export_path(export, folder->path, error))
			return FALSE;
	}
	return folders != NULL;
}

static gboolean
export_target(struct export *export, const char *path, GError **error)
{
	gboolean ok;

	export->store = ready_store(export->app, export->session, export->account, error);
	if (!export->store)
		return FALSE;
	ok = path ? export_path(export, path, error) : export_account(export, error);
	store_close(export->store);
	return ok;
}

/* ---- IDs ---- */

/* One that is not there is an error, before anything is written. */
static gboolean
read_row(struct export *export, msgid id, GPtrArray *rows, GError **error)
{
	GError *problem = NULL;
	struct store_row *row = store_row(export->store, id, &problem);

	if (row && row->folder) {
		g_ptr_array_add(rows, row);
		return TRUE;
	}
	store_row_free(row);
	if (problem)
		g_propagate_error(error, problem);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s has no message %lld; “fulmar list” gives the IDs"),
		            export->account->id, (long long)id);
	return FALSE;
}

static gboolean
export_ids(struct export *export, const GArray *ids, GError **error)
{
	for (guint at = 0; at < ids->len;) {
		g_autoptr(GPtrArray) rows = rows_new();

		for (; rows->len < CHUNK && at < ids->len; at++)
			if (!read_row(export, g_array_index(ids, msgid, at), rows, error))
				return FALSE;
		if (!export_rows(export, "", rows, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
export_group(struct export *export, const struct ids_group *group, GError **error)
{
	GError *problem = NULL;
	gboolean ok;

	export->account = group->account;
	export->store = app_store(group->account, &problem);
	if (!export->store) {
		if (problem)
			g_propagate_error(error, problem);
		else
			fulmar_fail(error, FULMAR_FAILED,
			            _("nothing of %s is here yet; “fulmar sync %s” fetches it"),
			            group->account->id, group->account->id);
		return FALSE;
	}
	ok = export_ids(export, group->ids, error);
	store_close(export->store);
	return ok;
}

/* ---- what was said ---- */

static gboolean
is_id(const struct app *app, const char *word)
{
	msgid id;

	return app_id(app, word, &id, NULL) != NULL;
}

/* QUERY as IDs: all of its words, or those on standard input. FALSE without error: it is none. */
static gboolean
take_ids(struct export *export, GPtrArray *groups, GError **error)
{
	const GPtrArray *query = export->query;

	if (query->len == 1 && !strcmp(query->pdata[0], "-"))
		return ids_take(export->app, groups, 0, 0, error);
	if (!is_id(export->app, query->pdata[0]))
		return FALSE;
	return ids_take(export->app, groups, 0, query->len, error);
}

static gboolean
take_words(struct export *export, GError **error)
{
	const GPtrArray *words = export->app->cli.words;
	const char *format = export->app->cli.format;
	guint n;

	export->path = g_ptr_array_index(words, words->len - 1);
	for (guint i = 0; i + 1 < words->len; i++)
		g_ptr_array_add(export->query, g_ptr_array_index(words, i));
	export->format = g_str_has_suffix(export->path, ".eml") ? SINK_EML
	                 : g_str_has_suffix(export->path, "/")  ? SINK_MAILDIR
	                                                        : SINK_MBOX;
	for (n = 0; format && n < SINK_FORMATS && strcmp(format, sink_format_names[n]) != 0; n++)
		;
	if (n == SINK_FORMATS)
		fulmar_fail(error, FULMAR_USAGE, _("“%s” is no format: mbox, maildir or eml"), format);
	if (format)
		export->format = (enum sink_format)n;
	return n < SINK_FORMATS;
}

static gboolean
write_all(struct export *export, GError **error)
{
	g_autoptr(GPtrArray) groups = ids_new();
	GError *problem = NULL;
	const char *folder = NULL;
	gboolean ids = take_ids(export, groups, &problem), ok = TRUE;

	if (problem) {
		g_propagate_error(error, problem);
		return FALSE;
	}
	if (!ids && !(export->account = app_target(export->app, export->query->pdata[0], &folder, error)))
		return FALSE;
	if (!ids && export->query->len > 1 && !(export->filter = filter_new(export->query, 1, error)))
		return FALSE;
	if (!(export->sink = sink_new(export->format, export->path, error)))
		return FALSE;
	if (!ids)
		return export_target(export, folder, error);
	for (guint i = 0; ok && i < groups->len; i++)
		ok = export_group(export, groups->pdata[i], error);
	return ok;
}

static gboolean
finish(struct export *export, GError **error)
{
	clear_progress(export);
	if (export->done || !export->left_out)
		return sink_finish(export->sink, error);
	fulmar_fail(error, FULMAR_FAILED, _("nothing was written to %s"), export->path);
	return FALSE;
}

static void
report(const struct export *export, guint unwritten)
{
	g_autoptr(GString) out = g_string_new(NULL);
	guint untold = export->left_out - MIN(export->left_out, LINES_MOST);
	g_autofree char *others =
	        g_strdup_printf(ngettext("%u more is left out", "%u more are left out", untold), untold);

	if (untold)
		report_error(others);
	if (unwritten)
		report_error(_("a Maildir has room for 26 keywords, and here are more: some messages are "
		               "without theirs; an mbox "
		               "takes them all"));
	if (!strcmp(export->path, "-"))
		return;
	if (!export->app->cli.json) {
		report_safe_line(export->path);
		return;
	}
	json_open(out, NULL, '{');
	json_text(out, "path", export->path);
	json_text(out, "format", sink_format_names[export->format]);
	json_int(out, "messages", export->done);
	json_int(out, "left_out", export->left_out);
	json_close(out, '}');
	report_line(out->str);
}

int
command_export(struct app *app)
{
	struct export export = {.app = app, .query = g_ptr_array_new()};
	gboolean words, ok;
	guint unwritten;
	GError *error = NULL;

	export.session = session_new(app);
	ok = take_words(&export, &error) && write_all(&export, &error) && finish(&export, &error);
	words = export.filter && query_has_words(export.filter);
	query_free(export.filter);
	unwritten = ok ? sink_unwritten(export.sink) : 0;
	sink_free(export.sink);
	session_free(export.session);
	g_ptr_array_unref(export.query);
	if (!ok)
		return app_fail(error);
	report(&export, unwritten);
	if (words)
		report_error(_("words were looked for in subjects and addresses; bodies are not searched in "
		               "this version"));
	return export.left_out || unwritten ? FULMAR_PARTLY : FULMAR_OK;
}
