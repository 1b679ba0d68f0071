#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/rights.h"
#include "ui/sharing-private.h"

/* What keys change of who may do what with a folder, and of its notes. */

#define OWN_NOTE "/private/comment"

static struct sharing *
shown(struct ui *ui)
{
	struct view *view = ui_base(ui);

	return view->ops->kind == VIEW_SHARING ? (struct sharing *)view : NULL;
}

struct sharing_change {
	enum sharing_part part;
	char *said; /* what is so when it is done */
};

static void
change_free(gpointer data)
{
	struct sharing_change *change = data;

	g_free(change->said);
	g_free(change);
}

static void
changed(struct ui *ui, const struct job *job, const GError *error)
{
	struct sharing *sharing = shown(ui);
	struct sharing_change *change = job->user;

	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error)
		ui_say(ui, "%s", change->said);
	if (sharing && !error)
		sharing_ask_again(ui, sharing, change->part);
	change_free(change);
}

/* What is so then. Gives (g_free). */
static char *
said_of(const struct sharing *sharing, enum sharing_part part, const char *name, const char *value)
{
	g_autofree char *who = text_safe(name, -1), *path = text_safe(sharing->path, -1), *what = NULL;

	if (part == PART_NOTES && !*value)
		return g_strdup_printf(_("The note on %s is gone"), path);
	if (part == PART_NOTES) {
		what = text_safe(value, -1);
		return g_strdup_printf(_("The note on %s is now: %s"), path, what);
	}
	if (!*value)
		return g_strdup_printf(_("%s may do nothing in %s any more"), who, path);
	what = rights_words(value);
	return g_strdup_printf(_("What %s may do in %s now: %s"), who, path, what);
}

static void
send_change(struct ui *ui, const struct sharing *sharing, enum sharing_part part, const char *name,
            const char *value)
{
	struct command *command = command_new(CMD_ADMIN, ui_account_id(ui, sharing->account));
	struct sharing_change *change;
	struct job *job;

	command->folder = sharing->folder;
	command->add = part == PART_RIGHTS ? ADMIN_SET_RIGHTS : ADMIN_SET_NOTE;
	command->text = g_strdup(name);
	command->text2 = g_strdup(value);
	job = ui_send(ui, sharing->account, command, "", changed);
	if (!job)
		return;
	change = g_new(struct sharing_change, 1);
	change->part = part;
	change->said = said_of(sharing, part, name, value);
	job->user = change;
	job->free_user = change_free;
}

static void
rights_given(struct ui *ui, const char *typed, void *user)
{
	const struct sharing *sharing = shown(ui);
	g_autoptr(GError) error = NULL;
	g_autofree char *letters = typed ? rights_typed(typed, &error) : NULL;

	if (error)
		ui_complain(ui, "%s", error->message);
	if (letters && sharing)
		send_change(ui, sharing, PART_RIGHTS, user, letters);
}

static void
ask_rights(struct ui *ui, const char *who, const char *letters)
{
	g_autofree char *safe = text_safe(who, -1),
	                *label =
	                        g_strdup_printf(_("%s may (letters or words; read-only, write, all):"), safe);

	ui_prompt(ui, label, letters, 0, rights_given, g_strdup(who), g_free);
}

static void
who_typed(struct ui *ui, const char *typed, void *user)
{
	if (typed && *typed)
		ask_rights(ui, typed, "lrs");
}

static void
note_typed(struct ui *ui, const char *typed, void *user)
{
	const struct sharing *sharing = shown(ui);

	if (typed && sharing)
		send_change(ui, sharing, PART_NOTES, user, typed);
}

static void
ask_note(struct ui *ui, const char *entry, const char *value)
{
	g_autofree char *safe = text_safe(value, -1);

	ui_prompt(ui, _("Note on the folder:"), safe, 0, note_typed, g_strdup(entry), g_free);
}

static void
edit_own_note(struct ui *ui, const struct sharing *sharing)
{
	for (guint i = 0; i < sharing->facts[PART_NOTES]->len; i++) {
		const struct sharing_fact *fact = sharing->facts[PART_NOTES]->pdata[i];

		if (!strcmp(fact->name, OWN_NOTE)) {
			ask_note(ui, fact->name, fact->value);
			return;
		}
	}
	ask_note(ui, OWN_NOTE, "");
}

struct removal {
	enum sharing_part part;
	char *name;
};

static void
removal_free(gpointer data)
{
	g_free(((struct removal *)data)->name);
	g_free(data);
}

static void
remove_confirmed(struct ui *ui, void *user)
{
	const struct removal *removal = user;
	const struct sharing *sharing = shown(ui);

	if (sharing)
		send_change(ui, sharing, removal->part, removal->name, "");
}

static void
ask_removal(struct ui *ui, const struct sharing_line *line)
{
	struct removal *removal = g_new(struct removal, 1);
	g_autofree char *name = text_safe(line->fact->name, -1), *question = NULL;

	removal->part = line->kind == KIND_RIGHT ? PART_RIGHTS : PART_NOTES;
	removal->name = g_strdup(line->fact->name);
	question = g_strdup_printf(
	        line->kind == KIND_RIGHT ? _("Take all rights of %s away?") : _("Remove the note %s?"), name);
	ui_confirm(ui, question, remove_confirmed, removal, removal_free);
}

static const struct sharing_line *
line_at_cursor(const struct sharing *sharing)
{
	return sharing->rows.cursor < (int)sharing->lines->len ? sharing->lines->pdata[sharing->rows.cursor]
	                                                       : NULL;
}

char *
sharing_forbids(struct ui *ui, enum action action)
{
	const struct sharing *sharing = shown(ui);
	const struct sharing_line *line = sharing ? line_at_cursor(sharing) : NULL;
	gboolean note = line && line->kind == KIND_NOTE;

	if (!sharing || (action != ACT_ADD && ((action != ACT_OPEN && action != ACT_DROP) || note)))
		return NULL;
	return rights_forbid(sharing->own, "a");
}

gboolean
sharing_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct sharing *sharing = (struct sharing *)view;
	const struct sharing_line *line;

	sharing_renew(sharing);
	line = line_at_cursor(sharing);
	if (rows_act(&sharing->rows, (int)sharing->lines->len, action, count, sharing_height(sharing)))
		return TRUE;
	if (action == ACT_NOTE) {
		edit_own_note(ui, sharing);
		return TRUE;
	}
	if (action != ACT_OPEN && action != ACT_DROP && action != ACT_ADD)
		return FALSE;
	if (action != ACT_ADD && (!line || line->kind == KIND_TEXT)) {
		ui_say(ui, _("Choose a person or a note first"));
		return TRUE;
	}
	if (action != ACT_ADD && line->kind == KIND_NOTE) {
		if (action == ACT_OPEN)
			ask_note(ui, line->fact->name, line->fact->value);
		else
			ask_removal(ui, line);
		return TRUE;
	}
	if (action == ACT_ADD)
		ui_prompt(ui, _("Who (a user's name, or “anyone”):"), "", 0, who_typed, NULL, NULL);
	else if (action == ACT_OPEN)
		ask_rights(ui, line->fact->name, line->fact->value);
	else
		ask_removal(ui, line);
	return TRUE;
}
