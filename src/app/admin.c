/* fulmar folder rights, folder quota: what is not mail, and only the server knows. */
#include <string.h>

#include "app/ready.h"
#include "app/report.h"
#include "app/session.h"
#include "backend/backend.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

struct admin {
	const struct app *app;
	struct session *session;
	const struct conf_account *account;
	struct store_folder *folder;
	struct table *table;
	void (*answer)(const struct admin *admin, const char *name, const char *value);
};

/* ACCOUNT alone is its INBOX: for quota. */
static gboolean
find_folder(struct admin *admin, GError **error)
{
	const char *path;
	struct store *store;

	admin->account = app_target(admin->app, g_ptr_array_index(admin->app->cli.words, 0), &path, error);
	if (!admin->account)
		return FALSE;
	store = ready_store(admin->app, admin->session, admin->account, error);
	if (!store)
		return FALSE;
	admin->folder =
	        ready_find(admin->app, admin->session, admin->account, store, path ? path : "INBOX", error);
	store_close(store);
	return admin->folder != NULL;
}

static gboolean
connect_first(const struct admin *admin, GError **error)
{
	if (!app_may_link(admin->app, admin->account)) {
		fulmar_fail(error, FULMAR_NO_LINK,
		            _("%s/%s: the server has to be asked; run it without --offline"),
		            admin->account->id, admin->folder->path);
		return FALSE;
	}
	return session_start(admin->session, admin->account, error) &&
	       session_do(admin->session, command_new(CMD_PROBE, admin->account->id), error);
}

static gboolean
request(const struct admin *admin, enum admin_kind kind, const char *name, const char *value, GError **error)
{
	struct command *command = command_new(CMD_ADMIN, admin->account->id);

	command->folder = admin->folder->id;
	command->add = kind;
	command->text = g_strdup(name);
	command->text2 = g_strdup(value);
	return session_do(admin->session, command, error);
}

static void
take_fact(const char *account, const char *name, const char *value, void *user)
{
	const struct admin *admin = user;

	if (admin->answer)
		admin->answer(admin, name ? name : "", value ? value : "");
}

static void
open_line(const struct admin *admin, GString *out)
{
	json_open(out, NULL, '{');
	json_text(out, "account", admin->account->id);
	json_text(out, "folder", admin->folder->path);
}

/* ---- rights ---- */

static void
answer_rights(const struct admin *admin, const char *name, const char *value)
{
	g_autoptr(GString) out = NULL;

	if (!admin->app->cli.json) {
		table_add(admin->table, *name ? name : _("(you)"), value, NULL);
		return;
	}
	out = g_string_new(NULL);
	open_line(admin, out);
	json_text(out, "who", *name ? name : NULL);
	json_text(out, "rights", value);
	json_close(out, '}');
	report_line(out->str);
}

static gboolean
are_rights(const char *rights, GError **error)
{
	if (strspn(rights, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(rights))
		return TRUE;
	fulmar_fail(error, FULMAR_USAGE, _("“%s” are no rights: letters such as lrswipkxtea, or “none”"),
	            rights);
	return FALSE;
}

static gboolean
set_rights(const struct admin *admin, GError **error)
{
	const char *who = g_ptr_array_index(admin->app->cli.words, 1);
	const char *rights = g_ptr_array_index(admin->app->cli.words, 2);

	if (strcmp(rights, "none") == 0)
		rights = "";
	return are_rights(rights, error) && request(admin, ADMIN_SET_RIGHTS, who, rights, error);
}

/* ---- quota ---- */

/* name: "ROOT RESOURCE", value: "USED LIMIT". */
static void
answer_quota(const struct admin *admin, const char *name, const char *value)
{
	const char *blank = strrchr(name, ' '), *resource = blank ? blank + 1 : name;
	g_autofree char *root = g_strndup(name, blank ? (gsize)(blank - name) : 0);
	char *end;
	guint64 used = g_ascii_strtoull(value, &end, 10), limit = g_ascii_strtoull(end, NULL, 10);
	gboolean octets = strcmp(resource, "STORAGE") == 0;
	g_autofree char *taken =
	        octets ? text_size(used * 1024) : g_strdup_printf("%" G_GUINT64_FORMAT, used);
	g_autofree char *most =
	        octets ? text_size(limit * 1024) : g_strdup_printf("%" G_GUINT64_FORMAT, limit);
	g_autofree char *share =
	        g_strdup_printf("%d %%", (int)(limit ? (double)used * 100 / (double)limit : 100));
	g_autoptr(GString) out = NULL;

	if (!admin->app->cli.json) {
		table_add(admin->table, root, resource, taken, most, share, NULL);
		return;
	}
	out = g_string_new(NULL);
	open_line(admin, out);
	json_text(out, "root", root);
	json_text(out, "resource", resource);
	json_int(out, "used", (gint64)used);
	json_int(out, "limit", (gint64)limit);
	json_close(out, '}');
	report_line(out->str);
}

/* ---- the commands ---- */

/* Making the link tells facts too, as doctor shows them: that comes first. */
static gboolean
ask(struct admin *admin, enum admin_kind kind,
    void (*answer)(const struct admin *admin, const char *name, const char *value), GError **error)
{
	if (!connect_first(admin, error) || (admin->app->cli.words->len == 3 && !set_rights(admin, error)))
		return FALSE;
	admin->answer = answer;
	return request(admin, kind, NULL, NULL, error);
}

static int
run(struct admin *admin, enum admin_kind kind, guint columns,
    void (*answer)(const struct admin *admin, const char *name, const char *value))
{
	GError *error = NULL;

	admin->session = session_new(admin->app);
	session_on_fact(admin->session, take_fact, admin);
	if (find_folder(admin, &error)) {
		admin->table = table_new(columns);
		ask(admin, kind, answer, &error);
		table_print(admin->table);
	}
	store_folder_free(admin->folder);
	session_free(admin->session);
	return error ? app_fail(error) : FULMAR_OK;
}

int
command_folder_rights(struct app *app)
{
	struct admin admin = {.app = app};

	if (app->cli.words->len == 2) {
		report_error(_("name the rights too: fulmar folder rights TARGET WHO RIGHTS"));
		return FULMAR_USAGE;
	}
	return run(&admin, ADMIN_RIGHTS, 2, answer_rights);
}

int
command_folder_quota(struct app *app)
{
	struct admin admin = {.app = app};

	return run(&admin, ADMIN_QUOTA, 5, answer_quota);
}
