#include "base/i18n.h"
#include "model/format.h"
#include "query/query.h"
#include "store/match.h"
#include "ui/ui-private.h"

/* Selecting messages for the next change: one by one, by conversation, by pattern. */

static void
select_one(struct ui *ui, msgid id, gboolean on)
{
	if (on)
		g_hash_table_add(ui->selected, g_memdup2(&id, sizeof(id)));
	else
		g_hash_table_remove(ui->selected, &id);
}

static void
say_selected(struct ui *ui)
{
	guint n = g_hash_table_size(ui->selected);
	g_autofree char *count = format_count(n);

	if (n)
		ui_say(ui, ngettext("%s message is selected", "%s messages are selected", n), count);
	else
		ui_say(ui, _("Nothing is selected"));
}

static void
tag(struct ui *ui, int count)
{
	for (int i = 0; i < MAX(count, 1); i++) {
		const struct list_item *item = list_cursor(ui->list);
		g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
		gboolean on;

		if (!item)
			break;
		on = !g_hash_table_contains(ui->selected, &item->row->id);
		list_item_ids(ui->list, item, ids);
		for (guint k = 0; k < ids->len; k++)
			select_one(ui, g_array_index(ids, msgid, k), on);
		if (!list_move(ui->list, 1))
			break;
	}
	if (ui->accessible)
		say_selected(ui);
}

static void
tag_thread(struct ui *ui, int count)
{
	const struct list_item *item = list_cursor(ui->list);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(msgid));
	gboolean on;

	if (!item)
		return;
	list_thread_ids(ui->list, item, ids);
	on = !g_hash_table_contains(ui->selected, &item->row->id);
	for (guint i = 0; i < ids->len; i++)
		select_one(ui, g_array_index(ids, msgid, i), on);
	list_move_thread(ui->list, 1);
	if (ui->accessible)
		say_selected(ui);
}

static void
untag_all(struct ui *ui, int count)
{
	g_hash_table_remove_all(ui->selected);
	if (ui->accessible)
		say_selected(ui);
}

static void
prefix(struct ui *ui, int count)
{
	guint n = g_hash_table_size(ui->selected);
	g_autofree char *selected = format_count(n);

	if (n)
		ui_say(ui,
		       ngettext("The next key is for the %s message selected",
		                "The next key is for the %s messages selected", n),
		       selected);
	else
		ui_say(ui, _("Nothing is selected: the next key is for the message under the cursor"));
}

/* -- by pattern -- */

struct choice {
	struct query *query;
	char *account, *folder;
	struct match_place place;
};

static void
look_at_row(struct sweep *sweep, const struct store_row *row)
{
	const struct choice *choice = sweep->user;

	if (match_row(choice->query, row, &choice->place, NULL) == QUERY_YES)
		g_array_append_val(sweep->found, row->id);
}

static void
choice_free(gpointer data)
{
	struct choice *choice = data;

	query_free(choice->query);
	g_free(choice->account);
	g_free(choice->folder);
	g_free(choice);
}

/* Takes query. */
static struct choice *
choice_new(struct ui *ui, struct query *query)
{
	struct choice *choice = g_new0(struct choice, 1);

	choice->query = query;
	choice->account = g_strdup(ui_account_id(ui, ui->account));
	choice->folder = g_strdup(ui->path ? ui->path : "");
	choice->place = (struct match_place){choice->account, choice->folder, ui->now};
	return choice;
}

/* The list is read row by row, between keys: what would have to be fetched first cannot be asked for. */
static struct query *
query_of(const char *typed, GError **error)
{
	static const struct query_use use = {
	        .words = QUERY_HEAD_WORDS,
	        .without = 1u << QUERY_HEADER | 1u << QUERY_FILENAME,
	        .without_fields = QUERY_BODY,
	        .smart_case = TRUE,
	};

	return query_new(typed, &use, error);
}

/* TRUE when the folder that was looked through is still the one shown. */
static gboolean
is_shown(const struct ui *ui, const struct sweep *sweep)
{
	return sweep->account == ui->account && sweep->folder == ui->folder;
}

static void
nothing_fits(struct ui *ui)
{
	if (ui->info && !ui->info->complete)
		ui_say(ui, _("No message that is known here fits; more are on the server"));
	else
		ui_say(ui, _("No message fits"));
}

static void
select_found(struct ui *ui, struct sweep *sweep)
{
	if (!is_shown(ui, sweep))
		return;
	for (guint i = 0; i < sweep->found->len; i++)
		select_one(ui, g_array_index(sweep->found, msgid, i), TRUE);
	if (sweep->found->len)
		say_selected(ui);
	else
		nothing_fits(ui);
}

static void
delete_found(struct ui *ui, struct sweep *sweep)
{
	if (!is_shown(ui, sweep))
		return;
	if (sweep->found->len)
		ui_delete(ui, sweep->found);
	else
		nothing_fits(ui);
}

static void
sweep_for(struct ui *ui, const char *typed, void (*end)(struct ui *ui, struct sweep *sweep))
{
	g_autoptr(GError) error = NULL;
	struct query *query = typed && *typed ? query_of(typed, &error) : NULL;
	struct sweep *sweep;

	if (error)
		ui_complain(ui, "%s", error->message);
	if (!query)
		return;
	sweep = g_new0(struct sweep, 1);
	sweep->account = ui->account;
	sweep->folder = ui->folder;
	sweep->label = g_strdup(_("Looking for messages"));
	sweep->row = look_at_row;
	sweep->end = end;
	sweep->user = choice_new(ui, query);
	sweep->free_user = choice_free;
	ui_sweep(ui, sweep);
}

static void
select_typed(struct ui *ui, const char *typed, void *user)
{
	sweep_for(ui, typed, select_found);
}

static void
delete_typed(struct ui *ui, const char *typed, void *user)
{
	sweep_for(ui, typed, delete_found);
}

static void
tag_pattern(struct ui *ui, int count)
{
	ui_prompt(ui, _("Select messages that fit (~f NAME, ~s WORD, . all):"), "", 0, select_typed, NULL,
	          NULL);
}

static void
delete_pattern(struct ui *ui, int count)
{
	ui_prompt(ui, _("Delete messages that fit (~f NAME, ~s WORD, . all):"), "", 0, delete_typed, NULL,
	          NULL);
}

static const struct {
	enum action action;
	void (*run)(struct ui *ui, int count);
} select_actions[] = {
        {ACT_TAG, tag},
        {ACT_TAG_THREAD, tag_thread},
        {ACT_TAG_PATTERN, tag_pattern},
        {ACT_UNTAG_ALL, untag_all},
        {ACT_TAG_PREFIX, prefix},
        {ACT_DELETE_PATTERN, delete_pattern},
};

gboolean
ui_select_action(struct ui *ui, enum action action, int count)
{
	for (guint i = 0; i < G_N_ELEMENTS(select_actions); i++)
		if (select_actions[i].action == action) {
			select_actions[i].run(ui, count);
			return TRUE;
		}
	return FALSE;
}
