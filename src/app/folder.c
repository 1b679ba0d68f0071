/* fulmar folder create, rename, delete, subscribe, unsubscribe, empty */
#include "app/change.h"
#include "app/prompt.h"
#include "app/ready.h"
#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"
#include "model/folders.h"

/* One folder, named on the command line. */
struct place {
	const struct app *app;
	struct session *session;
	const struct conf_account *account;
	const char *path;            /* as it was typed */
	struct store_folder *folder; /* NULL: not looked for, or not there */
	gboolean counted;            /* by the server, this moment */
	guint below;                 /* folders that go with it, */
	gint64 more;                 /* and their mails */
	gint64 whole;                /* mails that are here in full: undo brings them back */
};

static gboolean
take_place(struct place *place, const char *word, GError **error)
{
	place->account = app_target(place->app, word, &place->path, error);
	if (!place->account || place->path)
		return place->account != NULL;
	fulmar_fail(error, FULMAR_USAGE, _("“%s” is an account; name a folder in it: %s/FOLDER"),
	            place->account->id, place->account->id);
	return FALSE;
}

/* What is deleted for good is counted anew, when the server can be asked. */
static void
count_again(struct place *place)
{
	place->counted = app_may_link(place->app, place->account) &&
	                 session_start(place->session, place->account, NULL) &&
	                 session_do(place->session, command_new(CMD_FOLDERS, place->account->id), NULL);
}

static gboolean
find_place(struct place *place, gboolean count, GError **error)
{
	struct store *store = ready_store(place->app, place->session, place->account, error);

	if (!store)
		return FALSE;
	if (count)
		count_again(place);
	place->folder = ready_find(place->app, place->session, place->account, store, place->path, error);
	store_close(store);
	return place->folder != NULL;
}

static void
report_place(const struct place *place, const char *path, const struct change *change, gint64 mails)
{
	g_autoptr(GString) out = NULL;

	if (!place->app->cli.json)
		return;
	out = g_string_new(NULL);
	json_open(out, NULL, '{');
	json_text(out, "account", place->account->id);
	json_text(out, "folder", path);
	json_text(out, "verb", place->app->cli.verb->name);
	if (mails >= 0)
		json_int(out, "mails", mails);
	json_text(out, "state", change->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
}

/* path: how the folder is called afterwards. mails: -1 where they do not matter. */
static gboolean
change_place(const struct place *place, struct command *command, const char *path, gint64 mails,
             gboolean *queued, GError **error)
{
	struct change change = {.account = place->account};
	gboolean ok = change_make(place->app, place->session, &change, command, error);

	if (ok)
		report_place(place, path, &change, mails);
	*queued |= ok && change.queued;
	change_clear(&change);
	return ok;
}

static struct command *
command_for(const struct place *place, enum command_verb verb)
{
	struct command *command = command_new(verb, place->account->id);

	command->folder = place->folder ? place->folder->id : 0;
	return command;
}

/* ---- the verbs, for one folder each ---- */

static gboolean
create(struct place *place, gboolean *queued, GError **error)
{
	struct store *store = ready_store(place->app, place->session, place->account, error);
	struct command *command;

	if (!store)
		return FALSE;
	store_close(store);
	command = command_for(place, CMD_FOLDER_CREATE);
	command->text = g_strdup(place->path);
	return change_place(place, command, place->path, -1, queued, error);
}

static gboolean
subscribe(struct place *place, gboolean on, gboolean *queued, GError **error)
{
	struct command *command;

	if (!find_place(place, FALSE, error))
		return FALSE;
	command = command_for(place, CMD_FOLDER_SUBSCRIBE);
	command->add = on;
	return change_place(place, command, place->folder->path, -1, queued, error);
}

static gboolean
subscribe_on(struct place *place, gboolean *queued, GError **error)
{
	return subscribe(place, TRUE, queued, error);
}

static gboolean
subscribe_off(struct place *place, gboolean *queued, GError **error)
{
	return subscribe(place, FALSE, queued, error);
}

/* folders: those that are meant, and all mail in them. */
static gboolean
count_whole(struct place *place, struct store *store, const GArray *folders, GError **error)
{
	g_autoptr(GArray) lacking = g_array_new(FALSE, FALSE, sizeof(msgid));

	for (guint i = 0; i < folders->len; i++) {
		gint64 id = g_array_index(folders, gint64, i);
		struct store_folder *folder = store_folder_by_id(store, id, error);

		if (!folder)
			return FALSE;
		place->whole += folder->shown;
		store_folder_free(folder);
		if (!store_missing_bodies(store, id, G_MININT64, TRUE, G_MAXINT32, lacking, error))
			return FALSE;
	}
	place->whole -= lacking->len;
	return TRUE;
}

/* What goes: the folder with those below it, or (only) its mail. */
static gboolean
look_through(struct place *place, gboolean only, GError **error)
{
	struct store *store = ready_store(place->app, place->session, place->account, error);
	g_autoptr(GPtrArray) folders = store ? store_folders(store, error) : NULL;
	g_autoptr(GArray) meant = g_array_new(FALSE, FALSE, sizeof(gint64));
	gboolean ok = folders != NULL;

	g_array_append_val(meant, place->folder->id);
	if (ok && !only) {
		place->below = folders_below(folders, place->folder->path, &place->more, meant);
		place->more -= MAX(place->folder->total, place->folder->shown);
	}
	ok = ok && count_whole(place, store, meant, error);
	g_clear_pointer(&store, store_close);
	return ok;
}

/* Also those that are not here yet, when the server has just told how many it has. */
static gint64
count_of(const struct place *place)
{
	gint64 own = place->counted ? MAX(place->folder->total, (gint64)place->folder->server_total)
	                            : place->folder->total;

	return own + place->more;
}

static char *
describe(const struct place *place)
{
	long long mails = (long long)count_of(place), lost = mails - place->whole;

	g_autofree char *own = g_strdup_printf(
	                        ngettext("%s/%s: %lld mail", "%s/%s: %lld mails", (gulong)mails),
	                        place->account->id, place->folder->path, mails),
	                *below = g_strdup_printf(ngettext(", with %u folder below it",
	                                                  ", with %u folders below it", place->below),
	                                         place->below),
	                *gone = g_strdup_printf(
	                        ngettext(", %lld of them not here in full (undo cannot bring it back)",
	                                 ", %lld of them not here in full (undo cannot bring those back)",
	                                 (gulong)lost),
	                        lost);

	return g_strconcat(own, place->below ? below : "", lost > 0 ? gone : NULL, NULL);
}

/* Says how many mails go, and how many of them for ever, and asks whoever can answer. */
static gboolean
is_meant(const struct place *place, const char *question, GError **error)
{
	const struct app *app = place->app;
	g_autofree char *what = describe(place), *ask = g_strdup_printf("%s. %s", what, question);

	if (app->cli.yes) {
		if (!app->cli.json)
			report_safe_line(what);
		return TRUE;
	}
	if (!prompt_possible()) {
		fulmar_fail(error, FULMAR_USAGE, _("%s; say --yes if they shall go"), what);
		return FALSE;
	}
	if (prompt_yes(ask))
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: nothing was done"), what);
	return FALSE;
}

static gboolean
delete_folder(struct place *place, gboolean *queued, GError **error)
{
	return find_place(place, TRUE, error) && look_through(place, FALSE, error) &&
	       is_meant(place, _("Delete the folder with all of it?"), error) &&
	       change_place(place, command_for(place, CMD_FOLDER_REMOVE), place->folder->path,
	                    count_of(place), queued, error);
}

static gboolean
empty(struct place *place, gboolean *queued, GError **error)
{
	return find_place(place, TRUE, error) && look_through(place, TRUE, error) &&
	       is_meant(place, _("Delete them all for good?"), error) &&
	       change_place(place, command_for(place, CMD_FOLDER_EMPTY), place->folder->path, count_of(place),
	                    queued, error);
}

/* ---- the commands ---- */

static int
for_each(struct app *app, gboolean (*verb)(struct place *place, gboolean *queued, GError **error))
{
	struct session *session = session_new(app);
	gboolean queued = FALSE;
	int status = FULMAR_OK;

	for (guint i = 0; i < app->cli.words->len; i++) {
		struct place place = {.app = app, .session = session};
		GError *error = NULL;
		gboolean ok = take_place(&place, g_ptr_array_index(app->cli.words, i), &error) &&
		              verb(&place, &queued, &error);

		app_add_status(&status, i == 0, ok ? FULMAR_OK : app_fail(error));
		store_folder_free(place.folder);
	}
	if (queued && !app->cli.json)
		report_line("queued");
	session_free(session);
	return status;
}

int
command_folder_create(struct app *app)
{
	return for_each(app, create);
}

int
command_folder_delete(struct app *app)
{
	return for_each(app, delete_folder);
}

int
command_folder_subscribe(struct app *app)
{
	return for_each(app, subscribe_on);
}

int
command_folder_unsubscribe(struct app *app)
{
	return for_each(app, subscribe_off);
}

int
command_folder_empty(struct app *app)
{
	return for_each(app, empty);
}

static gboolean
rename_place(struct place *from, const struct place *to, gboolean *queued, GError **error)
{
	struct command *command;

	if (from->account != to->account) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("a folder stays in its account; make %s/%s there, and move the messages"),
		            to->account->id, to->path);
		return FALSE;
	}
	if (!find_place(from, FALSE, error))
		return FALSE;
	command = command_for(from, CMD_FOLDER_RENAME);
	command->text = g_strdup(to->path);
	return change_place(from, command, to->path, -1, queued, error);
}

int
command_folder_rename(struct app *app)
{
	struct session *session = session_new(app);
	struct place from = {.app = app, .session = session}, to = from;
	gboolean queued = FALSE;
	GError *error = NULL;

	if (take_place(&from, g_ptr_array_index(app->cli.words, 0), &error) &&
	    take_place(&to, g_ptr_array_index(app->cli.words, 1), &error))
		rename_place(&from, &to, &queued, &error);
	if (queued && !app->cli.json)
		report_line("queued");
	store_folder_free(from.folder);
	session_free(session);
	return error ? app_fail(error) : FULMAR_OK;
}
