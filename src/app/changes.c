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

static void
json_line(const char *id, const char *source, const char *folder, const struct change *change)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_text(out, "id", id);
	if (source)
		json_text(out, "source", source);
	json_text(out, "folder", folder);
	json_text(out, "state", change->queued ? "queued" : "done");
	json_close(out, '}');
	report_line(out->str);
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
			json_line(g_ptr_array_index(ids, i), source, wish->path, change);
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

		json_line(id, NULL, folder, change);
	}
	if (store)
		store_close(store);
}

/* All or nothing: a folder is not made for messages that are not there. */
static gboolean
are_here(const struct ids_group *group, GError **error)
{
	GError *problem = NULL;
	struct store *store = app_store(group->account, &problem);
	gboolean here = store != NULL;
	msgid id = 0;

	for (guint i = 0; here && i < group->ids->len; i++) {
		struct store_row *row = store_row(store, id = g_array_index(group->ids, msgid, i), &problem);

		here = row && row->folder;
		g_clear_pointer(&row, store_row_free);
	}
	if (store)
		store_close(store);
	if (problem)
		g_propagate_error(error, problem);
	else if (!store)
		fulmar_fail(error, FULMAR_FAILED, _("nothing of %s is here yet; “fulmar sync %s” fetches it"),
		            group->account->id, group->account->id);
	else if (!here)
		fulmar_fail(error, FULMAR_FAILED, _("%s has no message %lld; “fulmar list” gives the IDs"),
		            group->account->id, (long long)id);
	return here;
}

static gboolean
make(const struct app *app, struct session *session, const struct wish *wish, const struct ids_group *group,
     gboolean *queued, GError **error)
{
	struct change change = {.account = group->account,
	                        .other = wish->target != group->account ? wish->target : NULL};
	gboolean ok =
	        are_here(group, error) && change_make(app, session, &change, command_for(wish, group), error);

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
