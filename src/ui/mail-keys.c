#include <string.h>
#include "base/i18n.h"
#include "base/keyword.h"
#include "base/text.h"
#include "model/format.h"
#include "ui/ui-private.h"

/* What keys do to messages, in the list and in the reader. */

GArray *
ui_subjects(struct ui *ui)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	const struct list_item *item = list_cursor(ui->list);
	GHashTableIter iter;
	gpointer key;
	msgid id;

	if (ui_base(ui) == ui->reader && reader_message(ui)) {
		id = reader_message(ui);
		g_array_append_val(ids, id);
		return ids;
	}
	g_hash_table_iter_init(&iter, ui->selected);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_array_append_val(ids, *(msgid *)key);
	if (!ids->len && item)
		list_item_ids(ui->list, item, ids);
	return ids;
}

static GArray *
thread_ids(struct ui *ui)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	const struct list_item *item = list_cursor(ui->list);

	if (item)
		list_thread_ids(ui->list, item, ids);
	return ids;
}

/* -- where things go -- */

static const char *
role_here(const struct ui *ui)
{
	return ui->info && ui->info->role ? ui->info->role : "";
}

/* "moved to Archive": with the folder's own name where there is one. Gives (g_free). */
static char *
moved_to_role(struct ui *ui, const char *role, const char *otherwise)
{
	const struct store_folder *folder = ui_folder_of_role(ui, ui->account, role);
	g_autofree char *path = text_safe(folder ? folder->path : otherwise, -1);

	return g_strdup_printf(_("moved to %s"), path);
}

static void
send_away(struct ui *ui, enum command_verb verb, const GArray *ids, guint add, const char *what)
{
	struct change change = {.verb = verb,
	                        .account = ui->account,
	                        .folder = ui->folder,
	                        .ids = ids,
	                        .add = add,
	                        .leaves = TRUE,
	                        .what = what};

	ui_change(ui, &change);
}

static void
purge_confirmed(struct ui *ui, void *user)
{
	send_away(ui, CMD_PURGE, user, 0, _("deleted for good"));
}

/* others: neither here, nor fetched before they go, so that undo cannot bring them back. */
static void
look_at_loss(struct sweep *sweep, const struct store_row *row)
{
	gboolean fetched = sweep->ids->len <= PURGE_FETCH_MOST && row->size <= PURGE_FETCH_OCTETS;

	g_array_append_val(row->body == BODY_FULL || fetched ? sweep->found : sweep->others, row->id);
}

static void
ask_purge(struct ui *ui, struct sweep *sweep)
{
	guint all = sweep->ids->len;
	g_autofree char *n = format_count(all),
	                *text = g_strdup_printf(
	                        ngettext("Delete %s message for good?", "Delete %s messages for good?", all),
	                        n),
	                *question = ui_with_loss(text, sweep->others->len);

	if (sweep->account == ui->account && sweep->folder == ui->folder)
		ui_confirm(ui, question, purge_confirmed, g_array_ref(sweep->ids),
		           (GDestroyNotify)g_array_unref);
}

/* One message that undo brings back is worth no question. */
static void
purge_one(struct ui *ui, struct sweep *sweep)
{
	if (sweep->others->len)
		ask_purge(ui, sweep);
	else if (sweep->account == ui->account && sweep->folder == ui->folder)
		send_away(ui, CMD_DELETE, sweep->ids, 0, _("deleted for good"));
}

static void
purge_after(struct ui *ui, const GArray *ids, void (*end)(struct ui *ui, struct sweep *sweep))
{
	struct sweep *sweep = g_new0(struct sweep, 1);

	sweep->account = ui->account;
	sweep->folder = ui->folder;
	sweep->ids = g_array_copy((GArray *)ids);
	sweep->label = g_strdup(_("Counting"));
	sweep->row = look_at_loss;
	sweep->end = end;
	ui_sweep(ui, sweep);
}

static void
purge(struct ui *ui, GArray *ids)
{
	purge_after(ui, ids, ask_purge);
}

/* In Trash more than one message for good is worth a question; everywhere else Trash and undo answer for it.
 */
void
ui_delete(struct ui *ui, GArray *ids)
{
	g_autofree char *what = NULL;

	if (!strcmp(role_here(ui), "trash")) {
		purge_after(ui, ids, ids->len > 1 ? ask_purge : purge_one);
		return;
	}
	what = moved_to_role(ui, "trash", "Trash");
	send_away(ui, CMD_DELETE, ids, 0, what);
}

static void
archive(struct ui *ui, GArray *ids)
{
	g_autofree char *what = moved_to_role(ui, "archive", "Archive");

	if (!strcmp(role_here(ui), "archive"))
		ui_say(ui, _("It is in the archive already"));
	else
		send_away(ui, CMD_ARCHIVE, ids, 0, what);
}

static void
junk(struct ui *ui, GArray *ids)
{
	g_autofree char *what = moved_to_role(ui, "junk", "Junk");

	if (!strcmp(role_here(ui), "junk"))
		send_away(ui, CMD_JUNK, ids, 1, _("no junk: moved to INBOX"));
	else
		send_away(ui, CMD_JUNK, ids, 0, what);
}

/* -- flags -- */

static void
change_flags(struct ui *ui, const GArray *ids, guint add, guint remove, const char *what)
{
	struct change change = {.verb = CMD_FLAG,
	                        .account = ui->account,
	                        .folder = ui->folder,
	                        .ids = ids,
	                        .add = add,
	                        .remove = remove,
	                        .what = what};

	ui_change(ui, &change);
}

void
ui_mark_seen(struct ui *ui, guint account, msgid id)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	struct change change = {.verb = CMD_FLAG, .account = account, .ids = ids, .add = FLAG_SEEN};

	g_array_append_val(ids, id);
	ui_change(ui, &change);
}

struct toggle {
	struct list *list;
	guint flag;
	const char *on, *off;
};

static void
look_at_flag(struct sweep *sweep, const struct store_row *row)
{
	const struct toggle *toggle = sweep->user;
	gboolean has = list_expected_flags(toggle->list, row->id, row->flags) & toggle->flag;

	g_array_append_val(has ? sweep->found : sweep->others, row->id);
}

/* One flag for many messages: if any lacks it, those get it; if all have it, all lose it. Only those that
 * change are touched, so undo is exact. */
static void
set_flag(struct ui *ui, struct sweep *sweep)
{
	const struct toggle *toggle = sweep->user;

	if (sweep->account != ui->account || sweep->folder != ui->folder)
		return;
	if (sweep->others->len)
		change_flags(ui, sweep->others, toggle->flag, 0, toggle->on);
	else
		change_flags(ui, sweep->found, 0, toggle->flag, toggle->off);
}

/* Takes ids. */
static void
toggle_flag(struct ui *ui, GArray *ids, guint flag, const char *on, const char *off)
{
	struct sweep *sweep = g_new0(struct sweep, 1);
	struct toggle *toggle = g_new(struct toggle, 1);

	*toggle = (struct toggle){ui->list, flag, on, off};
	sweep->account = ui->account;
	sweep->folder = ui->folder;
	sweep->ids = ids;
	sweep->label = g_strdup(_("Looking at flags"));
	sweep->row = look_at_flag;
	sweep->end = set_flag;
	sweep->user = toggle;
	sweep->free_user = g_free;
	ui_sweep(ui, sweep);
}

static void
mark_unread(struct ui *ui, struct sweep *sweep)
{
	if (sweep->others->len)
		change_flags(ui, sweep->others, FLAG_SEEN, 0, _("marked as read"));
	else
		ui_say(ui, _("Nothing new in this conversation"));
}

static void
read_thread(struct ui *ui)
{
	struct sweep *sweep = g_new0(struct sweep, 1);
	struct toggle *toggle = g_new(struct toggle, 1);

	*toggle = (struct toggle){ui->list, FLAG_SEEN, NULL, NULL};
	sweep->account = ui->account;
	sweep->folder = ui->folder;
	sweep->ids = thread_ids(ui);
	sweep->label = g_strdup(_("Looking at flags"));
	sweep->row = look_at_flag;
	sweep->end = mark_unread;
	sweep->user = toggle;
	sweep->free_user = g_free;
	ui_sweep(ui, sweep);
}

void
ui_read_all(struct ui *ui, guint account, const struct store_folder *folder)
{
	g_autofree char *path = text_safe(folder->path, -1);
	g_autofree char *what = g_strdup_printf(_("all of %s marked as read"), path);
	struct change change = {.verb = CMD_FLAG_ALL,
	                        .account = account,
	                        .folder = folder->id,
	                        .add = FLAG_SEEN,
	                        .what = what,
	                        .n = 1};

	if (folder->unread > 0)
		ui_change(ui, &change);
	else
		ui_say(ui, _("Nothing new in %s"), path);
}

/* -- keywords -- */

static void
keywords_typed(struct ui *ui, const char *typed, void *user)
{
	const GArray *ids = user;
	g_autoptr(GString) add = g_string_new(NULL), remove = g_string_new(NULL);
	g_auto(GStrv) words = keyword_words(typed ? typed : "");
	struct change change = {.verb = CMD_FLAG, .account = ui->account, .folder = ui->folder, .ids = ids};

	for (char **w = words; *w; w++) {
		const char *typed_word = *w + (**w == '+' || **w == '-');
		g_autofree char *word = keyword_from_typed(typed_word);
		GString *list = **w == '-' ? remove : add;

		if (!word) {
			ui_complain(ui, _("“%s” cannot be a keyword: letters, digits and $ - _ . only"),
			            typed_word);
			return;
		}
		g_string_append_printf(list, "%s%s", list->len ? " " : "", word);
	}
	if (!add->len && !remove->len)
		return;
	change.text = add->len ? add->str : NULL;
	change.text2 = remove->len ? remove->str : NULL;
	change.what = _("keywords changed");
	ui_change(ui, &change);
}

static void
ask_keywords(struct ui *ui, GArray *ids)
{
	const struct list_item *item = list_cursor(ui->list);
	g_autofree char *now = text_safe(item && ids->len == 1 ? item->row->keywords : "", -1), *label = NULL;

	label = *now ? g_strdup_printf(_("Keywords (+new -old; now %s):"), now)
	             : g_strdup(_("Keywords (+new -old):"));
	ui_prompt(ui, label, "", 0, keywords_typed, g_array_ref(ids), (GDestroyNotify)g_array_unref);
}

/* -- refusals -- */

static void
see_refusal(struct ui *ui, GArray *ids)
{
	const struct list_item *item = list_cursor(ui->list);
	struct change change = {.verb = CMD_SEEN_REFUSAL, .account = ui->account, .ids = ids};

	if (ids->len == 1 && (!item || !item->row->refused))
		ui_say(ui, _("No change of this message was refused"));
	else
		ui_change(ui, &change);
}

/* -- which is which -- */

static void
toggle_new(struct ui *ui, GArray *ids)
{
	/* "New" is the absence of \Seen. */
	toggle_flag(ui, g_array_ref(ids), FLAG_SEEN, _("marked as read"), _("marked as new"));
}

static void
toggle_flagged(struct ui *ui, GArray *ids)
{
	toggle_flag(ui, g_array_ref(ids), FLAG_FLAGGED, _("flagged"), _("flag taken off"));
}

static void
move(struct ui *ui, GArray *ids)
{
	ui_pick_target(ui, ui->account, g_array_ref(ids), FALSE);
}

static void
copy(struct ui *ui, GArray *ids)
{
	ui_pick_target(ui, ui->account, g_array_ref(ids), TRUE);
}

static const struct {
	enum action action;
	gboolean thread;
	void (*run)(struct ui *ui, GArray *ids); /* ids are lent, at least one */
} mail_actions[] = {
        {ACT_TOGGLE_NEW, FALSE, toggle_new},
        {ACT_TOGGLE_FLAG, FALSE, toggle_flagged},
        {ACT_DELETE, FALSE, ui_delete},
        {ACT_DELETE_THREAD, TRUE, ui_delete},
        {ACT_PURGE, FALSE, purge},
        {ACT_MOVE, FALSE, move},
        {ACT_COPY, FALSE, copy},
        {ACT_ARCHIVE, FALSE, archive},
        {ACT_ARCHIVE_THREAD, TRUE, archive},
        {ACT_JUNK, FALSE, junk},
        {ACT_KEYWORDS, FALSE, ask_keywords},
        {ACT_SEEN_REFUSAL, FALSE, see_refusal},
};

gboolean
ui_mail_action(struct ui *ui, enum action action)
{
	if (action == ACT_READ_THREAD) {
		read_thread(ui);
		return TRUE;
	}
	if (action == ACT_READ_ALL && ui->info) {
		ui_read_all(ui, ui->account, ui->info);
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(mail_actions); i++)
		if (mail_actions[i].action == action) {
			g_autoptr(GArray) ids = mail_actions[i].thread ? thread_ids(ui) : ui_subjects(ui);

			if (ids->len)
				mail_actions[i].run(ui, ids);
			else
				ui_say(ui, _("There is no message here"));
			return TRUE;
		}
	return FALSE;
}
