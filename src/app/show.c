/* fulmar show */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/document.h"
#include "app/fetch.h"
#include "app/report.h"
#include "app/rows.h"
#include "base/error.h"
#include "base/files.h"
#include "base/i18n.h"
#include "base/text.h"

/* -- octets as they are: into a new file, a pipe, or made safe for a terminal -- */

static int
create_output(const char *output, const char *name, char **path, GError **error)
{
	int fd;

	if (g_file_test(output, G_FILE_TEST_IS_DIR)) {
		g_autofree char *safe = files_safe_name(name);

		return files_create_new(output, safe, path, error);
	}
	*path = g_strdup(output);
	fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fulmar_fail(error, FULMAR_FAILED, _("cannot make %s: %s; give a new name"), output,
		            g_strerror(errno));
	return fd;
}

static gboolean
write_file(const char *output, const char *name, const char *data, gsize len, GError **error)
{
	g_autofree char *path = NULL;
	int fd = create_output(output, name, &path, error);
	gboolean ok;

	if (fd < 0)
		return FALSE;
	ok = files_write_all(fd, data, len);
	if (!ok)
		fulmar_fail(error, FULMAR_FAILED, _("cannot write %s: %s"), path, g_strerror(errno));
	if (close(fd) != 0 && ok) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot write %s: %s"), path, g_strerror(errno));
		ok = FALSE;
	}
	if (ok)
		report_safe_line(path);
	else
		unlink(path);
	return ok;
}

static gboolean
write_octets(const struct app *app, GBytes *bytes, const char *name, GError **error)
{
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(GString) safe = NULL;

	if (app->cli.output && strcmp(app->cli.output, "-") != 0)
		return write_file(app->cli.output, name, data, len, error);
	if (!isatty(STDOUT_FILENO)) {
		report_write(data, len);
		return TRUE;
	}
	safe = g_string_new(NULL);
	text_safe_block(safe, data, (gssize)len);
	report_write(safe->str, safe->len);
	return TRUE;
}

/* -- the ways to show -- */

static gboolean
show_raw(struct message *message, GError **error)
{
	g_autoptr(GBytes) bytes = message_part(message, "", NULL, error);

	return bytes && write_octets(message->app, bytes, "message.eml", error);
}

static gboolean
show_headers(struct message *message, GError **error)
{
	g_autoptr(GBytes) bytes = message_part(message, "HEADER", NULL, error);
	g_autoptr(GString) safe = g_string_new(NULL);
	gsize len;
	const char *data;

	if (!bytes)
		return FALSE;
	data = g_bytes_get_data(bytes, &len);
	text_safe_block(safe, data, (gssize)len);
	while (safe->len > 1 && safe->str[safe->len - 1] == '\n' && safe->str[safe->len - 2] == '\n')
		g_string_truncate(safe, safe->len - 1);
	if (message->app->cli.json) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_open(out, NULL, '{');
		rows_json_members(out, message->account, message->folder, message->row);
		json_text(out, "headers", safe->str);
		json_close(out, '}');
		return report_line(out->str);
	}
	report_write(safe->str, safe->len);
	return TRUE;
}

static gboolean
show_part(struct message *message, GError **error)
{
	const char *section = message->app->cli.part;
	struct mime_part *root = message_structure(message, error);
	const struct mime_part *part = root ? mime_part_by_section(root, section) : NULL;
	g_autoptr(GBytes) bytes = NULL;
	gboolean ok = FALSE;

	if (root && (!part || !*part->section || (part->children->len && strcmp(part->type, "message") != 0)))
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s:%lld has no part “%s” with octets of its own; --structure lists them"),
		            message->account->id, (long long)message->row->id, section);
	else if (root && (bytes = message_decoded(message, part, error)))
		ok = write_octets(message->app, bytes, document_part_name(part), error);
	if (root)
		mime_part_free(root);
	return ok;
}

static void
part_json_members(GString *out, const struct message *message, const struct mime_part *part)
{
	g_autofree char *type = g_strdup_printf("%s/%s", part->type, part->subtype);

	json_text(out, "part", part->section);
	json_text(out, "type", type);
	json_text(out, "name", part->name);
	json_text(out, "charset", part->charset);
	json_text(out, "disposition", part->disposition);
	json_int(out, "size", (gint64)part->size);
	json_bool(out, "here", store_has_part(message->store, message->row->id, part->section));
}

struct structure_walk {
	const struct message *message;
	struct table *table; /* or NULL: JSON */
};

static gboolean
visit_structure(const struct mime_part *part, void *user)
{
	struct structure_walk *walk = user;
	g_autofree char *type = g_strdup_printf("%s/%s", part->type, part->subtype);
	g_autofree char *size = text_size(part->size);

	if (walk->table) {
		table_add(walk->table, *part->section ? part->section : "-", type,
		          part->children->len ? "" : size, document_part_name(part), NULL);
		return TRUE;
	}
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	part_json_members(out, walk->message, part);
	json_close(out, '}');
	return report_line(out->str);
}

static gboolean
show_structure(struct message *message, GError **error)
{
	struct mime_part *root = message_structure(message, error);
	struct structure_walk walk = {message, NULL};

	if (!root)
		return FALSE;
	if (!message->app->cli.json) {
		walk.table = table_new(4);
		table_right(walk.table, 2);
	}
	mime_part_walk(root, visit_structure, &walk);
	if (walk.table)
		table_print(walk.table);
	mime_part_free(root);
	return TRUE;
}

static gboolean
visit_json_part(const struct mime_part *part, void *user)
{
	struct structure_walk *walk = ((gpointer *)user)[0];
	GString *out = ((gpointer *)user)[1];

	json_open(out, NULL, '{');
	part_json_members(out, walk->message, part);
	json_close(out, '}');
	return TRUE;
}

static void
print_json(struct message *message, const struct mime_part *root, const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct structure_walk walk = {message, NULL};
	gpointer user[] = {&walk, out};

	json_open(out, NULL, '{');
	rows_json_members(out, message->account, message->folder, message->row);
	json_text(out, "text", text);
	json_open(out, "parts", '[');
	mime_part_walk(root, visit_json_part, user);
	json_close(out, ']');
	json_close(out, '}');
	report_line(out->str);
}

#define WIDTH_MIN 20

static int
text_columns(const struct app *app)
{
	int columns = report_columns(), width = (int)app->conf->pager.width;

	if (app->cli.width)
		return MAX((int)app->cli.width, WIDTH_MIN);
	return MAX(columns ? MIN(width, columns) : width, WIDTH_MIN);
}

/* All that the text consists of in one go, and the structure that goes with it. NULL with error. */
static struct mime_part *
text_structure(struct message *message, gboolean html, GError **error)
{
	struct mime_part *root = message_structure(message, error);
	g_autoptr(GPtrArray) shown = root ? mime_part_shown(root, html) : NULL;
	gboolean here = TRUE;

	for (guint i = 0; shown && here && i < shown->len; i++) {
		const struct mime_part *part = g_ptr_array_index(shown, i);

		here = store_has_part(message->store, message->row->id, part->section);
	}
	if (here)
		return root;
	g_clear_pointer(&shown, g_ptr_array_unref);
	mime_part_free(root);
	return message_fetch_text(message, html, error) ? message_structure(message, error) : NULL;
}

static gboolean
show_text(struct message *message, GError **error)
{
	const struct app *app = message->app;
	gboolean html = app->cli.html || app->conf->pager.prefer_html, ok;
	struct mime_part *root = text_structure(message, html, error);
	g_autoptr(GString) head = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!root)
		return FALSE;
	ok = document_text(message, root, html, text_columns(app), text, error);
	if (ok && app->cli.json) {
		print_json(message, root, text->str);
	} else if (ok) {
		document_headers(message, head);
		g_string_append_c(head, '\n');
		document_attachments(message, root, text);
		if (report_write(head->str, head->len))
			report_write(text->str, text->len);
	}
	mime_part_free(root);
	return ok;
}

static gboolean
mark_seen(struct message *message, GError **error)
{
	struct command *command;

	if ((message->row->flags & FLAG_SEEN) || !session_start(message->session, message->account, error))
		return (message->row->flags & FLAG_SEEN) != 0;
	command = command_new(CMD_FLAG, message->account->id);
	command->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_array_append_val(command->ids, message->row->id);
	command->add = FLAG_SEEN;
	if (!session_do(message->session, command, error))
		return FALSE;
	/* It is durable; when the server cannot be told now it waits in the queue. */
	if (app_may_link(message->app, message->account))
		session_do(message->session, command_new(CMD_REPLAY, message->account->id), NULL);
	return TRUE;
}

static const struct {
	gsize offset;
	gboolean (*show)(struct message *message, GError **error);
} ways[] = {
        {G_STRUCT_OFFSET(struct cli, raw), show_raw},
        {G_STRUCT_OFFSET(struct cli, headers), show_headers},
        {G_STRUCT_OFFSET(struct cli, structure), show_structure},
};

static gboolean
show_message(struct message *message, GError **error)
{
	const struct cli *cli = &message->app->cli;

	for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
		if (*(const gboolean *)(gconstpointer)((const char *)cli + ways[i].offset))
			return ways[i].show(message, error);
	return cli->part ? show_part(message, error) : show_text(message, error);
}

int
command_show(struct app *app)
{
	struct message message;
	GError *error = NULL;

	if (app->cli.headers + app->cli.raw + app->cli.structure + (app->cli.part != NULL) > 1) {
		report_error(_("--headers, --raw, --structure and --part exclude each other; give one"));
		return FULMAR_USAGE;
	}
	if (app->cli.output && !app->cli.part && !app->cli.raw) {
		report_error(_("-O goes with --part or --raw"));
		return FULMAR_USAGE;
	}
	if (message_open(&message, app, g_ptr_array_index(app->cli.words, 0), &error) &&
	    show_message(&message, &error) && app->cli.seen)
		mark_seen(&message, &error);
	message_clear(&message);
	return error ? app_fail(error) : FULMAR_OK;
}
