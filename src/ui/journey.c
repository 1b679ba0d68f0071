#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/format.h"
#include "store/wanted.h"
#include "ui/ui-private.h"

/* "Download this for the journey": how much it is, then all of it. */
struct journey {
	guint account;
	gint64 folder;
	char *path;     /* safe */
	GArray *ids;    /* NULL: the folder */
	gboolean whole; /* all rows of the folder are here, so the size is the true one */
	guint64 size;   /* octets of the folder, as the server said; 0: not known */
};

static void
journey_free(gpointer data)
{
	struct journey *journey = data;

	if (journey->ids)
		g_array_unref(journey->ids);
	g_free(journey->path);
	g_free(journey);
}

/* "INBOX", "3 messages of INBOX". Gives (g_free). */
static char *
name_of(const struct journey *journey)
{
	g_autofree char *n = NULL;

	if (!journey->ids)
		return g_strdup(journey->path);
	n = format_count(journey->ids->len);
	return g_strdup_printf(ngettext("%s message of %s", "%s messages of %s", journey->ids->len), n,
	                       journey->path);
}

static void
downloaded(struct ui *ui, const struct job *job, const GError *error)
{
	struct journey *journey = job->user;
	g_autofree char *name = name_of(journey);

	if (!error)
		ui_say(ui, _("Here for the journey: %s"), name);
	else if (error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s: %s", job->label, error->message);
	journey_free(journey);
}

static struct journey *
journey_copy(const struct journey *journey)
{
	struct journey *copy = g_new(struct journey, 1);

	*copy = *journey;
	copy->path = g_strdup(journey->path);
	copy->ids = journey->ids ? g_array_ref(journey->ids) : NULL;
	return copy;
}

/* TRUE: it waits for a link. */
static gboolean
send(struct ui *ui, const struct journey *journey)
{
	struct command *command = command_new(CMD_DOWNLOAD, ui_account_id(ui, journey->account));
	g_autofree char *name = name_of(journey), *label = g_strdup_printf(_("Downloading %s"), name);
	struct job *job;

	if (journey->ids)
		command->ids = g_array_copy(journey->ids);
	else
		command->folder = journey->folder;
	job = ui_send(ui, journey->account, command, label, downloaded);
	if (job) {
		job->user = journey_copy(journey);
		job->free_user = journey_free;
	}
	return job && ui_waits(ui, job);
}

static void
start(struct ui *ui, void *user)
{
	g_autofree char *name = name_of(user);

	if (send(ui, user))
		ui_say(ui, _("Downloaded as soon as there is a connection: %s"), name);
}

static void
add_size(struct sweep *sweep, const struct store_row *row)
{
	if (row->body == BODY_FULL)
		return;
	g_array_append_val(sweep->found, row->id);
	sweep->sum += row->size;
}

static void
ask(struct ui *ui, struct sweep *sweep)
{
	struct journey *journey = sweep->user;
	g_autofree char *mails = format_count(sweep->found->len), *size = text_size(sweep->sum),
	                *whole = text_size(journey->size), *question = NULL;

	if (!sweep->found->len && (journey->whole || journey->ids)) {
		ui_say(ui, _("All of it is here already"));
		return;
	}
	if (journey->whole || journey->ids)
		question = g_strdup_printf(ngettext("Download %s message of %s, %s?",
		                                    "Download %s messages of %s, %s?", sweep->found->len),
		                           mails, journey->path, size);
	else if (journey->size)
		question = g_strdup_printf(_("Download %s, %s in all (%s of it known here so far)?"),
		                           journey->path, whole, size);
	else
		question = g_strdup_printf(_("Download %s: %s messages that are known here, %s, and more "
		                             "that are not yet known?"),
		                           journey->path, mails, size);
	if (journey->ids) {
		g_array_unref(journey->ids);
		journey->ids = g_array_ref(sweep->found);
	}
	ui_confirm(ui, question, start, g_steal_pointer(&sweep->user), journey_free);
}

void
ui_download(struct ui *ui, guint account, const struct store_folder *folder, GArray *ids)
{
	struct sweep *sweep = g_new0(struct sweep, 1);
	struct journey *journey = g_new(struct journey, 1);

	*journey = (struct journey){account,
	                            folder->id,
	                            text_safe(folder->path, -1),
	                            ids ? g_array_ref(ids) : NULL,
	                            folder->complete,
	                            folder->server_size};
	sweep->account = account;
	sweep->folder = folder->id;
	sweep->ids = ids;
	sweep->label = g_strdup(_("Adding up sizes"));
	sweep->row = add_size;
	sweep->end = ask;
	sweep->user = journey;
	sweep->free_user = journey_free;
	ui_sweep(ui, sweep);
}

/* -- those of before -- */

static const struct store_folder *
folder_by_id(struct ui *ui, guint account, gint64 id)
{
	const GPtrArray *folders = ui_folders(ui, account);

	for (guint i = 0; folders && i < folders->len; i++)
		if (((const struct store_folder *)folders->pdata[i])->id == id)
			return folders->pdata[i];
	return NULL;
}

/* The folder is that of the first message that is here. */
static gint64
folder_of(struct ui *ui, guint account, const GArray *ids)
{
	struct store_row *row = NULL;
	gint64 folder;

	for (guint i = 0; !row && i < ids->len; i++)
		row = store_row(ui_store(ui, account), g_array_index(ids, msgid, i), NULL);
	folder = row ? row->folder : 0;
	store_row_free(row);
	return folder;
}

static void
resume(struct ui *ui, guint account, const struct store_journey *wanted)
{
	gint64 id = wanted->ids ? folder_of(ui, account, wanted->ids) : wanted->folder;
	const struct store_folder *folder = folder_by_id(ui, account, id);
	struct journey journey = {.account = account, .folder = id, .ids = wanted->ids};

	journey.path = folder ? text_safe(folder->path, -1) : g_strdup(_("a folder that is gone"));
	send(ui, &journey);
	g_free(journey.path);
}

void
ui_resume_downloads(struct ui *ui, guint n)
{
	struct ui_account *account = ui->accounts->pdata[n];
	struct store *store = ui_store(ui, n);
	g_autoptr(GPtrArray) journeys = NULL;

	if (account->resumed || !store)
		return;
	account->resumed = TRUE;
	journeys = store_journeys(store);
	for (guint i = 0; i < journeys->len; i++)
		resume(ui, n, journeys->pdata[i]);
}
