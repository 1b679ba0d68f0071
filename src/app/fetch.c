#include "app/fetch.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"

static gboolean
open_row(struct message *message, msgid id, GError **error)
{
	GError *problem = NULL;
	struct store_folder *folder;

	message->row = store_row(message->store, id, &problem);
	if (message->row && (folder = store_folder_by_id(message->store, message->row->folder, &problem))) {
		message->folder = g_strdup(folder->path);
		store_folder_free(folder);
		return TRUE;
	}
	if (problem)
		g_propagate_error(error, problem);
	else
		fulmar_fail(error, FULMAR_FAILED, _("%s has no message %lld; “fulmar list” gives the IDs"),
		            message->account->id, (long long)id);
	return FALSE;
}

gboolean
message_open(struct message *message, const struct app *app, const char *id, GError **error)
{
	GError *problem = NULL;
	msgid number;

	memset(message, 0, sizeof *message);
	message->app = app;
	message->session = session_new(app);
	message->account = app_id(app, id, &number, error);
	if (!message->account)
		return FALSE;
	message->store = app_store(message->account, &problem);
	if (message->store)
		return open_row(message, number, error);
	if (problem)
		g_propagate_error(error, problem);
	else
		fulmar_fail(error, FULMAR_FAILED, _("nothing of %s is here yet; “fulmar sync %s” fetches it"),
		            message->account->id, message->account->id);
	return FALSE;
}

void
message_clear(struct message *message)
{
	if (message->row)
		store_row_free(message->row);
	if (message->store)
		store_close(message->store);
	g_free(message->folder);
	session_free(message->session);
}

static gboolean
may_fetch(const struct message *message, GError **error)
{
	if (app_may_link(message->app, message->account))
		return TRUE;
	fulmar_fail(error, FULMAR_NO_LINK,
	            _("%s:%lld is not here as a whole; run it without --offline to fetch it"),
	            message->account->id, (long long)message->row->id);
	return FALSE;
}

static gboolean
fetch(struct message *message, enum command_verb verb, const char *text, GError **error)
{
	struct command *command;

	if (!may_fetch(message, error) || !session_start(message->session, message->account, error))
		return FALSE;
	command = command_new(verb, message->account->id);
	command->ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	g_array_append_val(command->ids, message->row->id);
	command->text = g_strdup(text);
	return session_do(message->session, command, error);
}

gboolean
message_fetch_text(struct message *message, gboolean prefer_html, GError **error)
{
	return fetch(message, CMD_TEXT, prefer_html ? "html" : NULL, error);
}

static GBytes *
read_part(struct message *message, const char *section, gboolean *decoded, GError **error)
{
	msgid id = message->row->id;

	return decoded ? store_part_as_kept(message->store, id, section, decoded, error)
	               : store_part(message->store, id, section, error);
}

GBytes *
message_part(struct message *message, const char *section, gboolean *decoded, GError **error)
{
	GError *problem = NULL;
	GBytes *bytes = read_part(message, section, decoded, &problem);

	/* A broken entry is dropped by the account and fetched again: only what comes after that counts. */
	g_clear_error(&problem);
	if (bytes)
		return bytes;
	if (!fetch(message, CMD_PART, section, error))
		return NULL;
	bytes = read_part(message, section, decoded, &problem);
	if (problem)
		g_propagate_error(error, problem);
	else if (!bytes)
		fulmar_fail(error, FULMAR_FAILED, _("%s:%lld has no part “%s”"), message->account->id,
		            (long long)message->row->id, section);
	return bytes;
}

struct mime_part *
message_structure(struct message *message, GError **error)
{
	GError *problem = NULL;
	struct mime_part *root = store_structure(message->store, message->row->id, &problem);

	g_clear_error(&problem);
	if (root)
		return root;
	if (!message_fetch_text(message, FALSE, error))
		return NULL;
	root = store_structure(message->store, message->row->id, &problem);
	if (problem)
		g_propagate_error(error, problem);
	else if (!root)
		fulmar_fail(error, FULMAR_FAILED, _("the parts of %s:%lld cannot be told"),
		            message->account->id, (long long)message->row->id);
	return root;
}

GBytes *
message_decoded(struct message *message, const struct mime_part *part, GError **error)
{
	gboolean decoded;
	g_autoptr(GBytes) bytes = message_part(message, part->section, &decoded, error);
	const char *data;
	gsize len;

	if (!bytes || decoded)
		return g_steal_pointer(&bytes);
	data = g_bytes_get_data(bytes, &len);
	return mime_decode_body(part->encoding, data, len);
}
