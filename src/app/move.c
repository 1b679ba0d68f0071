/* fulmar move, copy, delete, archive, junk */
#include "app/changes.h"
#include "app/ready.h"
#include "base/error.h"
#include "base/i18n.h"

static void
fill(const struct wish *wish, const struct ids_group *group, struct command *command)
{
	const struct app *app = wish->user;

	if (wish->verb == CMD_JUNK)
		command->add = app->cli.not_junk;
	if (!wish->target)
		return;
	command->text = g_strdup(wish->path);
	command->add = app->cli.create;
	if (wish->target != group->account)
		command->text2 = g_strdup(wish->target->id);
}

/* Its path as the store has it; with --create as it was typed when there is none. Gives. */
static char *
find_target(const struct app *app, struct session *session, const struct conf_account *account,
            const char *path, GError **error)
{
	struct store *store = ready_store(app, session, account, error);
	GError *problem = NULL;
	struct store_folder *folder;
	char *found = NULL;

	if (!store)
		return NULL;
	folder = ready_find(app, session, account, store, path, &problem);
	if (folder)
		found = g_strdup(folder->path);
	else if (app->cli.create)
		found = g_strdup(path);
	else
		g_propagate_error(error, g_steal_pointer(&problem));
	g_clear_error(&problem);
	store_folder_free(folder);
	store_close(store);
	return found;
}

/* Wrong words are found before standard input is read. */
static gboolean
take_target(const struct app *app, struct wish *wish, GError **error)
{
	const char *word = g_ptr_array_index(app->cli.words, app->cli.words->len - 1);
	msgid id;

	if (app_id(app, word, &id, NULL)) {
		fulmar_fail(error, FULMAR_USAGE,
		            _("“%s” is a message; the last word is where to: ACCOUNT/FOLDER"), word);
		return FALSE;
	}
	wish->target = app_target_folder(app, word, &wish->path, error);
	return wish->target != NULL;
}

static int
change(struct app *app, enum command_verb verb)
{
	struct wish wish = {.fill = fill, .verb = verb, .user = app};
	gboolean to_target = verb == CMD_MOVE || verb == CMD_COPY;
	g_autoptr(GPtrArray) groups = ids_new();
	g_autofree char *path = NULL;
	struct session *session = session_new(app);
	GError *error = NULL;
	gboolean ok;
	int status;

	ok = (!to_target || take_target(app, &wish, &error)) &&
	     ids_take(app, groups, 0, app->cli.words->len - (to_target ? 1 : 0), &error);
	if (ok && to_target) {
		path = find_target(app, session, wish.target, wish.path, &error);
		wish.path = path;
	}
	status = error ? app_fail(error) : changes_make(app, session, &wish, groups);
	session_free(session);
	return status;
}

int
command_move(struct app *app)
{
	return change(app, CMD_MOVE);
}

int
command_copy(struct app *app)
{
	return change(app, CMD_COPY);
}

int
command_delete(struct app *app)
{
	return change(app, CMD_DELETE);
}

int
command_archive(struct app *app)
{
	return change(app, CMD_ARCHIVE);
}

int
command_junk(struct app *app)
{
	return change(app, CMD_JUNK);
}
