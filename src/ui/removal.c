#include "base/i18n.h"
#include "base/text.h"
#include "model/folders.h"
#include "model/format.h"
#include "ui/ui-private.h"

/* Deleting a folder and emptying one. Before the question the mail is looked through: what is not here in
 * full cannot come back by undo, and who is asked shall know. */

struct removal {
	guint account;
	gint64 folder;
	char *path;    /* safe */
	gint64 known;  /* messages, as the counters say */
	gboolean only; /* its mail, not the folder */
	guint below;   /* folders that go with it */
	gboolean lost; /* nothing of it is here in full */
};

static void
removal_free(gpointer data)
{
	struct removal *removal = data;

	g_free(removal->path);
	g_free(removal);
}

static void
confirmed(struct ui *ui, void *user)
{
	const struct removal *removal = user;
	g_autofree char *what =
	        g_strdup_printf(removal->only ? _("%s emptied") : _("%s deleted"), removal->path);
	gboolean shown = removal->account == ui->account && removal->folder == ui->folder;

	ui_change(ui, &(struct change){.verb = removal->only ? CMD_FOLDER_EMPTY : CMD_FOLDER_REMOVE,
	                               .account = removal->account,
	                               .folder = removal->folder,
	                               .leaves = removal->only && shown,
	                               .what = what,
	                               .n = 1,
	                               .lost = removal->only && removal->lost});
}

/* found: whole here. */
static void
look_at_body(struct sweep *sweep, const struct store_row *row)
{
	g_array_append_val(row->body == BODY_FULL ? sweep->found : sweep->others, row->id);
}

/* Gives (g_free). */
static char *
question(const struct removal *removal, gint64 all)
{
	g_autofree char *mails = format_count(all);

	if (removal->only)
		return g_strdup_printf(ngettext("Delete the %s message of %s for good?",
		                                "Delete all %s messages of %s for good?", (gulong)all),
		                       mails, removal->path);
	if (removal->below)
		return g_strdup_printf(
		        ngettext("Delete %s and %u folder below it, with %s messages in all?",
		                 "Delete %s and the %u folders below it, with %s messages in all?",
		                 removal->below),
		        removal->path, removal->below, mails);
	return g_strdup_printf(
	        ngettext("Delete %s with %s message?", "Delete %s with %s messages?", (gulong)all),
	        removal->path, mails);
}

char *
ui_with_loss(const char *question, gint64 lost)
{
	g_autofree char *count = format_count(lost),
	                *warning = g_strdup_printf(
	                        ngettext("%s of them is not here in full: undo cannot bring it back.",
	                                 "%s of them are not here in full: undo cannot bring those back.",
	                                 (gulong)lost),
	                        count);

	return lost > 0 ? g_strjoin(" ", question, warning, NULL) : g_strdup(question);
}

static void
ask(struct ui *ui, struct sweep *sweep)
{
	struct removal *removal = sweep->user;
	gint64 all = MAX((gint64)(sweep->found->len + sweep->others->len), removal->known),
	       lost = all - sweep->found->len;
	g_autofree char *text = question(removal, all), *whole = NULL;

	if (!all && removal->only) {
		ui_say(ui, _("%s is empty already"), removal->path);
		return;
	}
	removal->lost = lost == all;
	whole = ui_with_loss(text, lost);
	ui_confirm(ui, whole, confirmed, g_steal_pointer(&sweep->user), removal_free);
}

static void
begin(struct ui *ui, const struct folder_line *line, gboolean only)
{
	const struct store_folder *own = ui_folder_at(ui, line->account, line->path);
	struct removal *removal = g_new0(struct removal, 1);
	struct sweep *sweep = g_new0(struct sweep, 1);

	*removal = (struct removal){.account = line->account,
	                            .folder = line->id,
	                            .path = text_safe(line->path, -1),
	                            .known = own ? own->total : 0,
	                            .only = only};
	if (!only) {
		removal->known = 0;
		sweep->more = g_array_new(FALSE, FALSE, sizeof(gint64));
		removal->below = folders_below(ui_folders(ui, line->account), line->path, &removal->known,
		                               sweep->more);
	}
	sweep->account = line->account;
	sweep->folder = line->id;
	sweep->label = g_strdup(_("Counting"));
	sweep->row = look_at_body;
	sweep->end = ask;
	sweep->user = removal;
	sweep->free_user = removal_free;
	ui_sweep(ui, sweep);
}

void
ui_remove_folder(struct ui *ui, const struct folder_line *line)
{
	begin(ui, line, FALSE);
}

void
ui_empty_folder(struct ui *ui, const struct folder_line *line)
{
	begin(ui, line, TRUE);
}
