#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/folders.h"
#include "model/rights.h"
#include "ui/ui-private.h"

/* What keys do to the folder under the cursor of the folder list. */

/* A folder that is spoken of while a question is open. */
struct subject {
	guint account;
	gint64 id;
	char *path;
};

static struct subject *
subject_new(guint account, gint64 id, const char *path)
{
	struct subject *subject = g_new(struct subject, 1);

	*subject = (struct subject){account, id, g_strdup(path)};
	return subject;
}

static void
subject_free(gpointer data)
{
	struct subject *subject = data;

	g_free(subject->path);
	g_free(subject);
}

static gboolean
is_inbox(const struct folder_line *line)
{
	return !strcmp(line->path, "INBOX");
}

/* Takes what. */
static void
change_folder(struct ui *ui, enum command_verb verb, guint account, gint64 folder, guint add,
              const char *text, char *what)
{
	ui_change(ui, &(struct change){.verb = verb,
	                               .account = account,
	                               .folder = folder,
	                               .add = add,
	                               .text = text,
	                               .what = what,
	                               .n = 1});
	g_free(what);
}

/* -- making -- */

static void
name_typed(struct ui *ui, const char *typed, void *user)
{
	const struct subject *subject = user;
	g_autofree char *path = typed ? folders_typed_path(typed) : NULL;

	if (typed && !path)
		ui_complain(ui, _("“%s” cannot be the name of a folder"), typed);
	if (!path)
		return;
	if (ui_folder_at(ui, subject->account, path)) {
		ui_complain(ui, _("There is a folder %s already"), path);
		return;
	}
	change_folder(ui, CMD_FOLDER_CREATE, subject->account, 0, 0, path,
	              g_strdup_printf(_("%s made"), path));
	folders_put_cursor(ui, subject->account, path);
}

/* What is typed begins where the new folder most likely belongs: below a folder that has some, else beside.
 */
static void
create(struct ui *ui, const struct folder_line *line)
{
	const char *slash = strrchr(line->path, '/');
	g_autofree char *above = line->has_children && !line->heading ? g_strdup_printf("%s/", line->path)
	                         : slash ? g_strndup(line->path, (gsize)(slash - line->path + 1))
	                                 : g_strdup("");
	g_autofree char *label = g_strdup_printf(_("New folder in %s:"), ui_account_id(ui, line->account));

	ui_prompt(ui, label, above, 0, name_typed, subject_new(line->account, 0, ""), subject_free);
}

/* -- another name, another place -- */

static void
rename_to(struct ui *ui, const struct subject *subject, const char *path)
{
	g_autofree char *old = text_safe(subject->path, -1);

	if (!strcmp(path, subject->path))
		return;
	if (ui_folder_at(ui, subject->account, path)) {
		ui_complain(ui, _("There is a folder %s already"), path);
		return;
	}
	if (g_str_has_prefix(path, subject->path) && path[strlen(subject->path)] == '/') {
		ui_complain(ui, _("A folder cannot be moved to below itself"));
		return;
	}
	change_folder(ui, CMD_FOLDER_RENAME, subject->account, subject->id, 0, path,
	              g_strdup_printf(_("%s is now %s"), old, path));
	folders_put_cursor(ui, subject->account, path);
}

static void
new_name_typed(struct ui *ui, const char *typed, void *user)
{
	g_autofree char *path = typed ? folders_typed_path(typed) : NULL;

	if (typed && !path)
		ui_complain(ui, _("“%s” cannot be the name of a folder"), typed);
	else if (path)
		rename_to(ui, user, path);
}

static gboolean
stays(struct ui *ui, const struct folder_line *line)
{
	if (line->id && !is_inbox(line))
		return FALSE;
	ui_complain(ui, line->id ? _("INBOX keeps its name and place")
	                         : _("This level has no folder of its own, only folders below"));
	return TRUE;
}

static void
rename_folder(struct ui *ui, const struct folder_line *line)
{
	if (!stays(ui, line))
		ui_prompt(ui, _("New name:"), line->path, 0, new_name_typed,
		          subject_new(line->account, line->id, line->path), subject_free);
}

static void
place_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	const struct subject *subject = user;
	const char *slash = strrchr(subject->path, '/'), *name = slash ? slash + 1 : subject->path;
	g_autofree char *path = NULL;

	if (!pick) {
		ui_complain(ui, _("There is no folder like “%s”"), typed);
		return;
	}
	if (pick->why) {
		ui_complain(ui, _("Not allowed: %s"), pick->why);
		return;
	}
	path = *pick->key ? g_strdup_printf("%s/%s", pick->key, name) : g_strdup(name);
	rename_to(ui, subject, path);
}

static gboolean
may_hold(const char *path, const struct subject *subject)
{
	gsize len = strlen(subject->path);

	return strncmp(path, subject->path, len) || (path[len] && path[len] != '/');
}

/* pick->key: the path to be below, "" for the top. */
static struct pick *
add_place(GPtrArray *items, const char *text, const char *key)
{
	struct pick *pick = g_new0(struct pick, 1);

	pick->text = text_safe(text, -1);
	pick->key = g_strdup(key);
	g_ptr_array_add(items, pick);
	return pick;
}

static void
add_folder_place(struct ui *ui, GPtrArray *items, const struct folder_line *line)
{
	const struct store_folder *folder = ui_folder_at(ui, line->account, line->path);

	add_place(items, line->path, line->path)->why = folder ? rights_forbid(folder->rights, "k") : NULL;
}

static GPtrArray *
collect_places(struct ui *ui, void *user)
{
	const struct subject *subject = user;
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(folder_line_free);

	folders_lines(lines, subject->account, "", NULL, ui_folders(ui, subject->account), NULL,
	              FOLDERS_HIDDEN, NULL);
	add_place(items, _("(top level)"), "");
	for (guint i = 0; i < lines->len; i++) {
		const struct folder_line *line = lines->pdata[i];

		if (may_hold(line->path, subject))
			add_folder_place(ui, items, line);
	}
	return items;
}

static void
move_folder(struct ui *ui, const struct folder_line *line)
{
	g_autofree char *path = text_safe(line->path, -1),
	                *title = g_strdup_printf(_("Move %s to below"), path);

	if (stays(ui, line))
		return;
	ui_push(ui, picker_new(ui, &(struct picker_spec){
	                                   .title = title,
	                                   .collect = collect_places,
	                                   .chosen = place_chosen,
	                                   .user = subject_new(line->account, line->id, line->path),
	                                   .free_user = subject_free,
	                           }));
}

static void
remove_folder(struct ui *ui, const struct folder_line *line)
{
	if (!stays(ui, line))
		ui_remove_folder(ui, line);
}

/* -- as the person likes it -- */

static void
subscribe(struct ui *ui, const struct folder_line *line)
{
	g_autofree char *path = text_safe(line->path, -1);

	change_folder(
	        ui, CMD_FOLDER_SUBSCRIBE, line->account, line->id, !line->subscribed, NULL,
	        g_strdup_printf(line->subscribed ? _("no longer subscribed to %s") : _("subscribed to %s"),
	                        path));
}

static void
set_pref(struct ui *ui, guint account, gint64 folder, const char *name, const char *value)
{
	ui_change(ui, &(struct change){.verb = CMD_FOLDER_PREF,
	                               .account = account,
	                               .folder = folder,
	                               .text = name,
	                               .text2 = value});
}

static void
hide(struct ui *ui, const struct folder_line *line)
{
	const struct conf_account *conf = ((struct ui_account *)ui->accounts->pdata[line->account])->conf;
	g_autofree char *key = ui_key_of(ui, VIEW_FOLDERS, ACT_SHOW_HIDDEN),
	                *path = text_safe(line->path, -1);

	if (conf_hidden(ui->conf, conf, line->path)) {
		ui_complain(ui, _("%s is hidden by the configuration (%s)"), path, ui->conf->file);
		return;
	}
	set_pref(ui, line->account, line->id, "hidden", line->hidden ? "no" : "yes");
	if (line->hidden)
		ui_say(ui, _("%s is no longer hidden"), path);
	else
		ui_say(ui, _("%s is hidden; %s shows hidden folders"), path, key);
}

static void
pin(struct ui *ui, const struct folder_line *line)
{
	g_autofree char *path = text_safe(line->path, -1);

	set_pref(ui, line->account, line->id, "pinned", line->pinned ? "no" : "yes");
	ui_say(ui, line->pinned ? _("%s is no longer on top") : _("%s stands on top"), path);
}

static void
show_hidden(struct ui *ui)
{
	ui->show_hidden = !ui->show_hidden;
	g_clear_pointer(&ui->folder_lines, g_ptr_array_unref);
	ui_say(ui, ui->show_hidden ? _("Hidden folders are shown") : _("Hidden folders are left out"));
}

/* The forms of keep, with what they mean. */
static const struct {
	const char *policy, *help;
} keeps[] = {
        {"", N_("as the configuration says")},
        {"headers", N_("headers alone; texts when they are opened")},
        {"text 30d", N_("the text of what came in the last 30 days")},
        {"text", N_("the text of everything, attachments on request")},
        {"full 30d", N_("whole messages of the last 30 days")},
        {"full", N_("everything, attachments too")},
};

static GPtrArray *
collect_keeps(struct ui *ui, void *user)
{
	const struct subject *subject = user;
	const struct store_folder *folder = ui_folder_at(ui, subject->account, subject->path);
	const char *now = folder && folder->keep ? folder->keep : "";
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);

	for (guint i = 0; i < G_N_ELEMENTS(keeps); i++) {
		struct pick *pick = g_new0(struct pick, 1);

		pick->text = g_strdup(*keeps[i].policy ? keeps[i].policy : _("default"));
		pick->more = g_strdup(_(keeps[i].help));
		pick->key = g_strdup(keeps[i].policy);
		pick->right = strcmp(now, keeps[i].policy) ? NULL : g_strdup(ui_mark(ui, "✓", "*"));
		g_ptr_array_add(items, pick);
	}
	return items;
}

static void
keep_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	const struct subject *subject = user;
	const char *policy = pick ? pick->key : typed;
	g_autofree char *path = text_safe(subject->path, -1);
	struct conf_keep keep;

	if (*policy && !conf_keep_parse(policy, &keep)) {
		ui_complain(ui,
		            _("“%s” is no policy: headers, text or full, with an age such as 30d behind the "
		              "last two"),
		            policy);
		return;
	}
	set_pref(ui, subject->account, subject->id, "keep", policy);
	if (*policy)
		ui_say(ui, _("Of %s is kept here: %s"), path, policy);
	else
		ui_say(ui, _("Of %s is kept here what the configuration says"), path);
}

static void
keep(struct ui *ui, const struct folder_line *line)
{
	g_autofree char *path = text_safe(line->path, -1),
	                *title = g_strdup_printf(_("What of %s is kept here"), path);

	ui_push(ui, picker_new(ui, &(struct picker_spec){
	                                   .title = title,
	                                   .collect = collect_keeps,
	                                   .chosen = keep_chosen,
	                                   .offer = _("(keep “%s”)"),
	                                   .user = subject_new(line->account, line->id, line->path),
	                                   .free_user = subject_free,
	                           }));
}

/* -- the rest -- */

static void
read_all(struct ui *ui, const struct folder_line *line)
{
	const struct store_folder *folder = ui_folder_at(ui, line->account, line->path);

	if (folder)
		ui_read_all(ui, line->account, folder);
}

static void
download(struct ui *ui, const struct folder_line *line)
{
	const struct store_folder *folder = ui_folder_at(ui, line->account, line->path);

	if (folder)
		ui_download(ui, line->account, folder, NULL);
}

static void
sharing(struct ui *ui, const struct folder_line *line)
{
	ui_push(ui, sharing_new(ui, line->account, line->path));
}

static void
show_rules(struct ui *ui, const struct folder_line *line)
{
	const struct store_folder *folder = ui_folder_at(ui, line->account, line->path);

	if (folder)
		ui_show_rules(ui, line->account, folder);
}

static void
jump_chosen(struct ui *ui, const struct pick *pick, const char *typed, void *user)
{
	guint account;
	g_autofree char *path = NULL;

	if (pick && ui_find_target(ui, pick->key, &account, &path, NULL))
		folders_put_cursor(ui, account, path);
	else
		ui_complain(ui, _("There is no folder like “%s”"), typed);
}

static GPtrArray *
collect_folders(struct ui *ui, void *user)
{
	GPtrArray *items = g_ptr_array_new_with_free_func(pick_free);

	ui_add_folder_picks(ui, items, "", TRUE);
	return items;
}

static void
jump(struct ui *ui)
{
	ui_push(ui, picker_new(ui, &(struct picker_spec){.title = _("Find folder"),
	                                                 .collect = collect_folders,
	                                                 .chosen = jump_chosen}));
}

static const struct {
	enum action action;
	gboolean needs_folder; /* a level without one will not do */
	void (*run)(struct ui *ui, const struct folder_line *line);
} folder_actions[] = {
        {ACT_CREATE, FALSE, create},
        {ACT_RENAME, TRUE, rename_folder},
        {ACT_MOVE, TRUE, move_folder},
        {ACT_REMOVE, TRUE, remove_folder},
        {ACT_EMPTY, TRUE, ui_empty_folder},
        {ACT_READ_ALL, TRUE, read_all},
        {ACT_SUBSCRIBE, TRUE, subscribe},
        {ACT_HIDE, TRUE, hide},
        {ACT_PIN, TRUE, pin},
        {ACT_KEEP, TRUE, keep},
        {ACT_DOWNLOAD, TRUE, download},
        {ACT_SHARING, TRUE, sharing},
        {ACT_RULES, TRUE, show_rules},
};

gboolean
ui_folder_action(struct ui *ui, const struct folder_line *line, enum action action)
{
	if (action == ACT_JUMP || action == ACT_SHOW_HIDDEN) {
		if (action == ACT_JUMP)
			jump(ui);
		else
			show_hidden(ui);
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(folder_actions); i++)
		if (folder_actions[i].action == action) {
			if (folder_actions[i].needs_folder && !line->id)
				ui_complain(ui, line->heading ? _("Choose a folder of the account first")
				                              : _("This level has no folder of its own, only "
				                                  "folders below"));
			else
				folder_actions[i].run(ui, line);
			return TRUE;
		}
	return FALSE;
}
