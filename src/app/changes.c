#include "app/changes.h"

#include "app/report.h"
#include "base/error.h"
#include "base/i18n.h"

static struct command *
command_for(const struct wish *wish, const struct ids_group *group)
{
	struct command *command = command_new(wish->verb, group->account->id);

	command->ids = g_array_copy(group->ids);
	wish->fill(wish, group, command);
	return command;
}

static char *
name_of(const struct ids_group *group, guint i)
{
	return g_strdup_printf("%s:%" G_GINT64_FORMAT, group->account->id,
	                       g_array_index(group->ids, msgid, i));
}

/* Copies, and what went to another account, have new IDs: in order, one for each. */
static void
report_new(const struct app *app, const struct wish *wish, const struct ids_group *group,
           const struct change *change)
{
	const GPtrArray *ids = change->told.ids;

	for (guint i = 0; i < ids->len; i++) {
		g_autofree char *source = ids->len == group->ids->len ? name_of(group, i) : NULL;

		if (app->cli.json)
			change_json(change, g_ptr_array_index(ids, i), source, wish->path);
		else
			report_line(g_ptr_array_index(ids, i));
	}
}

static void
report_same(const struct ids_group *group, const struct change *change)
{
	struct store *store = app_store(group->account, NULL);

	for (guint i = 0; i < group->ids->len; i++) {
		g_autofree char *id = name_of(group, i);
		g_autofree char *folder =
		        store ? change_folder_of(store, g_array_index(group->ids, msgid, i)) : NULL;

		change_json(change, id, NULL, folder);
	}
	if (store)
		store_close(store);
}

static gboolean
make(const struct app *app, struct session *session, const struct wish *wish, const struct ids_group *group,
     gboolean *queued, GError **error)
{
	struct change change = {.account = group->account,
	                        .other = wish->target != group->account ? wish->target : NULL};
	/* All or nothing: a folder is not made for messages that are not there. */
	gboolean ok = change_are_here(group->account, group->ids, error) &&
	              change_make(app, session, &change, command_for(wish, group), error);

	if (change.durable && change.told.ids->len > 0)
		report_new(app, wish, group, &change);
	else if (ok && app->cli.json)
		report_same(group, &change);
	*queued |= ok && change.queued;
	change_clear(&change);
	return ok;
}

int
changes_make(const struct app *app, struct session *session, const struct wish *wish, GPtrArray *groups)
{
	gboolean queued = FALSE;
	int status = FULMAR_OK;

	for (guint i = 0; i < groups->len; i++) {
		GError *error = NULL;
		gboolean ok = make(app, session, wish, g_ptr_array_index(groups, i), &queued, &error);

		app_add_status(&status, i == 0, ok ? FULMAR_OK : app_fail(error));
	}
	if (queued && !app->cli.json)
		report_line("queued");
	return status;
}
