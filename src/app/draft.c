/* fulmar draft */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/change.h"
#include "app/ready.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "mime/envelope.h"
#include "mime/lines.h"

struct draft {
	const struct conf_account *account;
	msgid old;        /* that it replaces, or 0 */
	const char *file; /* NULL: standard input */
};

/* ---- the words ---- */

static const struct conf_account *
only_account(const struct app *app, GError **error)
{
	if (app->conf->accounts->len == 1)
		return g_ptr_array_index(app->conf->accounts, 0);
	fulmar_fail(error, FULMAR_USAGE, _("there are several accounts; name the one: fulmar draft ACCOUNT"));
	return NULL;
}

/* One word alone is an account when there is one of that name. */
static gboolean
take_words(const struct app *app, struct draft *draft, GError **error)
{
	const GPtrArray *words = app->cli.words;
	const char *first = words->len ? g_ptr_array_index(words, 0) : NULL;
	const struct conf_account *of_old = NULL;
	guint named = words->len == 2 || (first && conf_account(app->conf, first));

	if (app->cli.replace && !(of_old = app_id(app, app->cli.replace, &draft->old, error)))
		return FALSE;
	if (named)
		draft->account = app_account(app, first, strlen(first), error);
	else
		draft->account = of_old ? of_old : only_account(app, error);
	draft->file = words->len > named ? g_ptr_array_index(words, named) : NULL;
	if (draft->file && !strcmp(draft->file, "-"))
		draft->file = NULL;
	if (draft->account && of_old && of_old != draft->account) {
		fulmar_fail(error, FULMAR_USAGE, _("%s is not a draft of %s"), app->cli.replace,
		            draft->account->id);
		return FALSE;
	}
	return draft->account != NULL;
}

/* ---- the message ---- */

enum { OCTETS_MAX = 256 << 20 }; /* several times of what servers take */

static const char *
source_name(const char *file)
{
	return file ? file : _("standard input");
}

static GBytes *
read_all(int fd, const char *file, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	guint8 bytes[16384];

	while (all->len <= OCTETS_MAX) {
		gssize n = read(fd, bytes, sizeof bytes);

		if (n == 0)
			return g_byte_array_free_to_bytes(g_steal_pointer(&all));
		if (n > 0) {
			g_byte_array_append(all, bytes, (guint)n);
		} else if (errno != EINTR) {
			fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), source_name(file),
			            g_strerror(errno));
			return NULL;
		}
	}
	fulmar_fail(error, FULMAR_FAILED, _("%s is no message: it is longer than %d MB"), source_name(file),
	            OCTETS_MAX >> 20);
	return NULL;
}

static GBytes *
read_file(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	GBytes *all;

	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("cannot read %s: %s"), path, g_strerror(errno));
		return NULL;
	}
	all = read_all(fd, path, error);
	close(fd);
	return all;
}

/* RFC 5322 §3.3, whatever the language. */
static void
add_date(GString *out)
{
	static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *rest = g_date_time_format(now, "%Y %H:%M:%S %z");

	g_string_append_printf(out, "Date: %s, %d %s %s\r\n", days[g_date_time_get_day_of_week(now) - 1],
	                       g_date_time_get_day_of_month(now), months[g_date_time_get_month(now) - 1],
	                       rest);
}

static void
add_message_id(GString *out, const struct conf_account *account)
{
	const char *at = account->address ? strrchr(account->address, '@') : NULL;
	g_autofree char *unique = g_uuid_string_random();

	g_string_append_printf(out, "Message-ID: <%s@%s>\r\n", unique, at && at[1] ? at + 1 : "localhost");
}

static gboolean
has_field(const char *text, gsize len, const char *name)
{
	const char *at = text;
	struct mime_field field;

	while (mime_field_next(&at, text + len, &field))
		if (field.name_len == strlen(name) && !g_ascii_strncasecmp(field.name, name, field.name_len))
			return TRUE;
	return FALSE;
}

/* With what every message has, and lines as they go over a wire. NULL with error. */
static GBytes *
complete(const struct draft *draft, GBytes *typed, GError **error)
{
	g_autoptr(GBytes) lines = lines_with_crlf(typed);
	g_autoptr(GString) out = g_string_new(NULL);
	const char *at, *text;
	struct mime_field field;
	gsize len;

	text = at = g_bytes_get_data(lines, &len);
	if (!len || !mime_field_next(&at, text + len, &field) || field.name != text) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s is no message: it does not begin with a header field, such as “Subject:”"),
		            source_name(draft->file));
		return NULL;
	}
	if (!has_field(text, len, "Date"))
		add_date(out);
	if (!has_field(text, len, "Message-ID"))
		add_message_id(out, draft->account);
	g_string_append_len(out, text, (gssize)len);
	return g_string_free_to_bytes(g_steal_pointer(&out));
}

static GBytes *
read_message(const struct draft *draft, GError **error)
{
	g_autoptr(GBytes) typed =
	        draft->file ? read_file(draft->file, error) : read_all(STDIN_FILENO, NULL, error);

	return typed ? complete(draft, typed, error) : NULL;
}

/* ---- what came of it ---- */

static void
report_json(const struct app *app, const char *id, const struct change *change)
{
	struct store *store = app_store(change->account, NULL);
	g_autofree char *folder =
	        store ? change_folder_of(store, g_ascii_strtoll(strrchr(id, ':') + 1, NULL, 10)) : NULL;

	if (store)
		store_close(store);
	change_json(change, id, app->cli.replace, folder);
}

static void
report(const struct app *app, const struct change *change)
{
	if (!change->told.ids || !change->told.ids->len)
		return;
	if (app->cli.json) {
		report_json(app, g_ptr_array_index(change->told.ids, 0), change);
		return;
	}
	report_line(g_ptr_array_index(change->told.ids, 0));
	if (change->queued)
		report_line("queued");
}

static gboolean
put(const struct app *app, struct session *session, const struct draft *draft, GBytes *message,
    GError **error)
{
	struct store *store = ready_store(app, session, draft->account, error);
	struct change change = {.account = draft->account};
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct command *command;
	gboolean ok;

	if (!store)
		return FALSE;
	store_close(store);
	if (draft->old)
		g_array_append_val(ids, draft->old);
	if (!change_are_here(draft->account, ids, error))
		return FALSE;
	command = command_new(CMD_DRAFT, draft->account->id);
	command->bytes = g_bytes_ref(message);
	command->ids = g_steal_pointer(&ids);
	ok = change_make(app, session, &change, command, error);
	if (change.durable)
		report(app, &change);
	change_clear(&change);
	return ok;
}

int
command_draft(struct app *app)
{
	struct draft draft = {0};
	g_autoptr(GBytes) message = NULL;
	GError *error = NULL;

	if (take_words(app, &draft, &error) && (message = read_message(&draft, &error))) {
		struct session *session = session_new(app);

		put(app, session, &draft, message, &error);
		session_free(session);
	}
	return error ? app_fail(error) : FULMAR_OK;
}
