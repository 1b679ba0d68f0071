#include <string.h>
#include "base/i18n.h"
#include "base/text.h"
#include "ui/ui-private.h"

/* The lists that pickers are opened with: folders, and everything that `:` finds. */

void
ui_add_folder_picks(struct ui *ui, GPtrArray *items, const char *prefix, gboolean unselectable)
{
	for (guint n = 0; n < ui->accounts->len; n++) {
		guint account = (ui->account + n) % ui->accounts->len; /* the one at hand first */
		const GPtrArray *folders = ui_folders(ui, account);

		for (guint i = 0; folders && i < folders->len; i++) {
			const struct store_folder *folder = folders->pdata[i];
			g_autofree char *target = NULL;
			struct pick *pick;

			if (!folder->selectable && !unselectable)
				continue;
			pick = g_new0(struct pick, 1);
			pick->key = g_strdup_printf("%s/%s", ui_account_id(ui, account), folder->path);
			target = text_safe(n ? pick->key : folder->path, -1);
			pick->text = g_strconcat(prefix, target, NULL);
			if (folder->unread > 0)
				pick->right = g_strdup_printf("%" G_GINT64_FORMAT, folder->unread);
			g_ptr_array_add(items, pick);
		}
	}
}

static void
go_to_target(struct ui *ui, const char *target)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	guint account;

	while (ui_top(ui) != ui->list_view)
		ui_pop(ui);
	if (!ui_find_target(ui, target, &account, &path, &error) ||
	    !ui_open_folder(ui, account, path, TRUE, &error))
		ui_complain(ui, "%s", error->message);
}

char *
ui_typed_target(struct ui *ui, const char *typed)
{
	for (guint n = 0; n < ui->accounts->len; n++) {
		guint account = (ui->account + n) % ui->accounts->len;
		const GPtrArray *folders = ui_folders(ui, account);

		for (guint i = 0; folders && i < folders->len; i++) {
			const struct store_folder *folder = folders->pdata[i];
			g_autofree char *target =
			        g_strdup_printf("%s/%s", ui_account_id(ui, account), folder->path);
			gboolean inbox =
			        !g_ascii_strcasecmp(typed, "INBOX") && !strcmp(folder->path, "INBOX");

			if (folder->selectable &&
			    (inbox || !strcmp(typed, folder->path) || !strcmp(typed, target)))
				return g_steal_pointer(&target);
		}
	}
	return NULL;
}

static void
folder_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	g_autofree char *exact = *typed ? ui_typed_target(ui, typed) : NULL;

	if (exact || pick)
		go_to_target(ui, exact ? exact : pick->key);
	else
		ui_complain(ui, _("There is no folder like “%s”"), typed);
}

static GPtrArray *
collect_folders(struct ui *ui, void *user)
{
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);

	ui_add_folder_picks(ui, items, "", FALSE);
	return items;
}

void
ui_pick_folder(struct ui *ui)
{
	ui_push(ui, picker_new(ui, &(struct picker_spec){.title = _("Go to folder"),
	                                                 .collect = collect_folders,
	                                                 .chosen = folder_chosen}));
}

/* -- `:` -- */

/* pick->number: an action's number; 0 = a folder; -1 = a setting. */

static void
add_actions(struct ui *ui, GPtrArray *items)
{
	enum view_kind view = ui_base(ui)->ops->kind;

	for (const struct key_action *a = keys_actions(); a->name; a++) {
		struct pick *pick;

		if (!(a->views & VIEW_BIT(view)) || a->id == ACT_PALETTE || a->id == ACT_LINK)
			continue;
		pick = g_new0(struct pick, 1);
		pick->text = g_strdup(a->name);
		pick->more = g_strdup(_(a->help));
		pick->why = ui_forbidden(ui, view, a->id);
		pick->right = keymap_key_names(ui->keymap, view, a->id);
		pick->number = (int)a->id;
		g_ptr_array_add(items, pick);
	}
}

static void
add_options(GPtrArray *items)
{
	for (const struct conf_option *option = conf_options(); option->section; option++) {
		struct pick *pick = g_new0(struct pick, 1);

		pick->text = g_strdup_printf(_("setting [%s] %s"), option->section, option->key);
		pick->more = g_strdup(_(option->help));
		pick->right = g_strdup(option->fallback ? option->fallback : "");
		pick->key = g_strdup_printf("[%s] %s", option->section, option->key);
		pick->number = -1;
		g_ptr_array_add(items, pick);
	}
}

static void
command_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	if (!pick)
		ui_complain(ui, _("Nothing is called “%s”"), typed);
	else if (pick->number > 0 && pick->why)
		ui_say(ui, _("Not allowed: %s"), pick->why);
	else if (pick->number > 0)
		ui_act(ui, (enum action)pick->number, 0);
	else if (pick->number < 0)
		ui_say(ui, _("%s (default: %s) is set in %s"), pick->key,
		       *pick->right ? pick->right : _("none"), ui->conf->file);
	else
		go_to_target(ui, pick->key);
}

static GPtrArray *
collect_everything(struct ui *ui, void *user)
{
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);

	add_actions(ui, items);
	ui_add_folder_picks(ui, items, _("folder "), FALSE);
	add_options(items);
	return items;
}

void
ui_pick_command(struct ui *ui)
{
	ui_push(ui, picker_new(ui, &(struct picker_spec){.title = _("Commands, folders, settings"),
	                                                 .collect = collect_everything,
	                                                 .chosen = command_chosen}));
}
