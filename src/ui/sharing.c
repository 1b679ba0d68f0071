#include <string.h>
#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/rights.h"
#include "ui/rows.h"

/* A folder beyond its mail: who may do what, how much room is left, notes. All of it is the server's and only
 * there online. */

#define ASKED 3
#define OWN_NOTE "/private/comment"

struct sharing {
	struct view view;
	struct rows rows;
	guint account;
	char *path;
	gint64 folder;
	guint64 asked[ASKED]; /* commands under way; 0: answered */
	char *trouble[ASKED]; /* why there is no answer, safe; or NULL */
	char *own;            /* my rights, or NULL */
	GPtrArray *lines;     /* struct sharing_line * */
	GPtrArray *rights;    /* struct fact *: identifier, letters */
	GPtrArray *quotas, *notes;
};

struct fact {
	char *name, *value; /* as the server says */
};

enum line_kind { KIND_TEXT, KIND_RIGHT, KIND_NOTE };

struct sharing_line {
	char *text;
	guint look;
	enum line_kind kind;
	const struct fact *fact;
};

static const struct {
	enum admin_kind kind;
	const char *heading; /* N_() */
} parts[ASKED] = {
        {ADMIN_RIGHTS, N_("Who may do what")},
        {ADMIN_QUOTA, N_("Room on the server")},
        {ADMIN_NOTES, N_("Notes")},
};

static void
fact_free(gpointer data)
{
	struct fact *fact = data;

	g_free(fact->name);
	g_free(fact->value);
	g_free(fact);
}

static void
line_free(gpointer data)
{
	struct sharing_line *line = data;

	g_free(line->text);
	g_free(line);
}

/* -- what is known as lines -- */

/* Takes text. */
static struct sharing_line *
add(struct sharing *sharing, guint look, char *text)
{
	struct sharing_line *line = g_new0(struct sharing_line, 1);

	line->text = text;
	line->look = look;
	g_ptr_array_add(sharing->lines, line);
	return line;
}

static void
add_fact(struct sharing *sharing, enum line_kind kind, const struct fact *fact, guint look, char *text)
{
	struct sharing_line *line = add(sharing, look, text);

	line->kind = kind;
	line->fact = fact;
}

/* In two rows where one is too short. */
static void
add_right(struct sharing *sharing, const struct fact *fact)
{
	g_autofree char *who = text_safe(fact->name, -1), *letters = text_safe(fact->value, -1),
	                *words = rights_words(fact->value),
	                *line = g_strdup_printf("  %-16s %-14s %s", who, letters, words);

	if (text_width(line, -1) <= sharing->view.area.w - 2) {
		add_fact(sharing, KIND_RIGHT, fact, ROLE_TEXT, g_steal_pointer(&line));
		return;
	}
	add_fact(sharing, KIND_RIGHT, fact, ROLE_TEXT, g_strdup_printf("  %-16s %s", who, letters));
	add_fact(sharing, KIND_RIGHT, fact, ROLE_DIM, g_strdup_printf("      %s", words));
}

static void
add_rights(struct sharing *sharing)
{
	if (sharing->own) {
		g_autofree char *words = rights_words(sharing->own);

		add(sharing, ROLE_TEXT, g_strdup_printf(_("  You may: %s"), *words ? words : _("nothing")));
	}
	for (guint i = 0; i < sharing->rights->len; i++)
		add_right(sharing, sharing->rights->pdata[i]);
}

static void
add_quotas(struct sharing *sharing)
{
	for (guint i = 0; i < sharing->quotas->len; i++) {
		const struct fact *fact = sharing->quotas->pdata[i];
		gboolean full = FALSE;
		g_autofree char *name = text_safe(fact->name, -1), *value = text_safe(fact->value, -1),
		                *room = ui_quota_text(fact->name, fact->value, &full);
		char *resource = room ? strrchr(name, ' ') : NULL;

		if (resource) /* what room is of needs no word */
			*resource = '\0';
		add(sharing, full ? ROLE_ERROR : ROLE_TEXT,
		    g_strdup_printf("  %-16s %s", name, room ? room : value));
	}
}

static void
add_notes(struct sharing *sharing)
{
	for (guint i = 0; i < sharing->notes->len; i++) {
		const struct fact *fact = sharing->notes->pdata[i];
		g_autofree char *name = text_safe(fact->name, -1), *value = text_safe(fact->value, -1);

		add_fact(sharing, KIND_NOTE, fact, ROLE_TEXT, g_strdup_printf("  %-16s  %s", name, value));
	}
}

static void
add_letters(struct sharing *sharing)
{
	add(sharing, ROLE_TITLE, g_strdup(_("What the letters mean")));
	for (const struct right *right = rights_all(); right->letter; right++)
		add(sharing, ROLE_DIM,
		    g_strdup_printf("  %c  %-10s %s", right->letter, rights_word(right), _(right->help)));
}

static void
collect(struct sharing *sharing)
{
	static void (*const adders[ASKED])(struct sharing *) = {add_rights, add_quotas, add_notes};

	g_ptr_array_set_size(sharing->lines, 0);
	for (guint i = 0; i < ASKED; i++) {
		guint before;

		add(sharing, ROLE_TITLE, g_strdup(_(parts[i].heading)));
		before = sharing->lines->len;
		adders[i](sharing);
		if (sharing->trouble[i])
			add(sharing, ROLE_DIM, g_strdup_printf("  %s", sharing->trouble[i]));
		else if (sharing->asked[i])
			add(sharing, ROLE_DIM, g_strdup(_("  (asking the server)")));
		else if (sharing->lines->len == before)
			add(sharing, ROLE_DIM, g_strdup(_("  (none)")));
	}
	add_letters(sharing);
}

/* -- asking -- */

static void
ask(struct ui *ui, struct sharing *sharing, guint part)
{
	struct command *command = command_new(CMD_ADMIN, ui_account_id(ui, sharing->account));
	const struct job *job;

	command->folder = sharing->folder;
	command->add = parts[part].kind;
	g_clear_pointer(&sharing->trouble[part], g_free);
	job = ui_send(ui, sharing->account, command, NULL, NULL);
	sharing->asked[part] = job ? job->id : 0;
}

static GPtrArray *
facts_of(struct sharing *sharing, guint part)
{
	return part == 0 ? sharing->rights : part == 1 ? sharing->quotas : sharing->notes;
}

static void
take_answer(struct sharing *sharing, guint part, const struct event *event)
{
	struct fact *fact;

	if (parts[part].kind == ADMIN_RIGHTS && (!event->text || !*event->text)) {
		g_free(sharing->own);
		sharing->own = rights_normal(event->text2 ? event->text2 : "");
		return;
	}
	fact = g_new(struct fact, 1);
	*fact = (struct fact){g_strdup(event->text ? event->text : ""),
	                      g_strdup(event->text2 ? event->text2 : "")};
	g_ptr_array_add(facts_of(sharing, part), fact);
}

static void
sharing_told(struct ui *ui, struct view *view, const struct event *event)
{
	struct sharing *sharing = (struct sharing *)view;

	for (guint i = 0; i < ASKED && event->command; i++) {
		if (sharing->asked[i] != event->command)
			continue;
		if (event->kind == EVENT_FACT)
			take_answer(sharing, i, event);
		if (event->kind == EVENT_DONE) {
			sharing->asked[i] = 0;
			sharing->trouble[i] = event->error ? text_safe(event->error->message, -1) : NULL;
		}
	}
}

static void
ask_again(struct ui *ui, struct sharing *sharing, guint part)
{
	g_ptr_array_set_size(sharing->lines, 0); /* they lend from what goes */
	g_ptr_array_set_size(facts_of(sharing, part), 0);
	ask(ui, sharing, part);
}

/* -- changing -- */

static struct sharing *
shown(struct ui *ui)
{
	struct view *view = ui_base(ui);

	return view->ops->kind == VIEW_SHARING ? (struct sharing *)view : NULL;
}

static void
changed(struct ui *ui, const struct job *job, const GError *error)
{
	struct sharing *sharing = shown(ui);
	guint part = GPOINTER_TO_UINT(job->user);

	if (error && error->code != FULMAR_CANCELLED)
		ui_complain(ui, "%s", error->message);
	else if (!error)
		ui_say(ui, _("Done"));
	if (sharing && !error)
		ask_again(ui, sharing, part);
}

static void
send_change(struct ui *ui, const struct sharing *sharing, guint part, enum admin_kind kind, const char *name,
            const char *value)
{
	struct command *command = command_new(CMD_ADMIN, ui_account_id(ui, sharing->account));
	struct job *job;

	command->folder = sharing->folder;
	command->add = kind;
	command->text = g_strdup(name);
	command->text2 = g_strdup(value);
	job = ui_send(ui, sharing->account, command, "", changed);
	if (job)
		job->user = GUINT_TO_POINTER(part);
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
		send_change(ui, sharing, 0, ADMIN_SET_RIGHTS, user, letters);
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
		send_change(ui, sharing, 2, ADMIN_SET_NOTE, user, typed);
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
	for (guint i = 0; i < sharing->notes->len; i++) {
		const struct fact *fact = sharing->notes->pdata[i];

		if (!strcmp(fact->name, OWN_NOTE)) {
			ask_note(ui, fact->name, fact->value);
			return;
		}
	}
	ask_note(ui, OWN_NOTE, "");
}

struct removal {
	guint part;
	enum admin_kind kind;
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
		send_change(ui, sharing, removal->part, removal->kind, removal->name, "");
}

static void
ask_removal(struct ui *ui, const struct sharing_line *line)
{
	struct removal *removal = g_new(struct removal, 1);
	g_autofree char *name = text_safe(line->fact->name, -1), *question = NULL;

	*removal = line->kind == KIND_RIGHT
	                   ? (struct removal){0, ADMIN_SET_RIGHTS, g_strdup(line->fact->name)}
	                   : (struct removal){2, ADMIN_SET_NOTE, g_strdup(line->fact->name)};
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

static gboolean
may_share(struct ui *ui, const struct sharing *sharing)
{
	g_autofree char *why = rights_forbid(sharing->own, "a");

	if (why)
		ui_say(ui, _("Not allowed: %s"), why);
	return !why;
}

static int
height(const struct sharing *sharing)
{
	return MAX(sharing->view.area.h - 1, 1);
}

static gboolean
sharing_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct sharing *sharing = (struct sharing *)view;
	const struct sharing_line *line;

	collect(sharing);
	rows_fit(&sharing->rows, (int)sharing->lines->len, height(sharing));
	line = line_at_cursor(sharing);
	if (rows_act(&sharing->rows, action, count, height(sharing)))
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
	if (!may_share(ui, sharing))
		return TRUE;
	if (action == ACT_ADD)
		ui_prompt(ui, _("Who (a user's name, or “anyone”):"), "", 0, who_typed, NULL, NULL);
	else if (action == ACT_OPEN)
		ask_rights(ui, line->fact->name, line->fact->value);
	else
		ask_removal(ui, line);
	return TRUE;
}

/* -- the view -- */

static void
sharing_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct sharing *sharing = (struct sharing *)view;
	struct rect area = view->area;
	g_autofree char *path = text_safe(sharing->path, -1),
	                *title = g_strdup_printf(_("Sharing of %s / %s"), ui_account_id(ui, sharing->account),
	                                         path);
	int y;

	collect(sharing);
	ui_title(ui, area, title, NULL);
	rows_fit(&sharing->rows, (int)sharing->lines->len, height(sharing));
	for (y = 0; y < height(sharing) && sharing->rows.top + y < (int)sharing->lines->len; y++) {
		const struct sharing_line *line = sharing->lines->pdata[sharing->rows.top + y];

		picture_cut(ui->picture, area.y + 1 + y, area.x + 1, area.w - 2, line->look, line->text);
	}
	y = area.y + 1 + sharing->rows.cursor - sharing->rows.top;
	picture_shade(ui->picture, y, area.x, area.w, ROLE_CURSOR);
	if (focused)
		ui_cursor(ui, y, area.x);
}

static void
sharing_click(struct ui *ui, struct view *view, int y, int x, gboolean twice)
{
	struct sharing *sharing = (struct sharing *)view;

	if (y >= 1)
		sharing->rows.cursor = sharing->rows.top + y - 1;
	rows_fit(&sharing->rows, (int)sharing->lines->len, height(sharing));
}

static void
sharing_wheel(struct ui *ui, struct view *view, int by)
{
	struct sharing *sharing = (struct sharing *)view;

	sharing->rows.cursor += by;
	rows_fit(&sharing->rows, (int)sharing->lines->len, height(sharing));
}

static void
sharing_close(struct ui *ui, struct view *view)
{
	struct sharing *sharing = (struct sharing *)view;

	for (guint i = 0; i < ASKED; i++)
		g_free(sharing->trouble[i]);
	g_ptr_array_unref(sharing->lines);
	g_ptr_array_unref(sharing->rights);
	g_ptr_array_unref(sharing->quotas);
	g_ptr_array_unref(sharing->notes);
	g_free(sharing->own);
	g_free(sharing->path);
	g_free(sharing);
}

static const struct view_ops sharing_ops = {
        .kind = VIEW_SHARING,
        .draw = sharing_draw,
        .act = sharing_act,
        .click = sharing_click,
        .wheel = sharing_wheel,
        .told = sharing_told,
        .close = sharing_close,
};

struct view *
sharing_new(struct ui *ui, guint account, const char *path)
{
	struct sharing *sharing = g_new0(struct sharing, 1);
	const struct store_folder *folder = ui_folder_at(ui, account, path);

	sharing->view.ops = &sharing_ops;
	sharing->account = account;
	sharing->path = g_strdup(path);
	sharing->folder = folder ? folder->id : 0;
	sharing->own = folder && *folder->rights ? rights_normal(folder->rights) : NULL;
	sharing->lines = g_ptr_array_new_with_free_func(line_free);
	sharing->rights = g_ptr_array_new_with_free_func(fact_free);
	sharing->quotas = g_ptr_array_new_with_free_func(fact_free);
	sharing->notes = g_ptr_array_new_with_free_func(fact_free);
	sharing->rows.cursor = 1;
	for (guint i = 0; i < ASKED; i++)
		ask(ui, sharing, i);
	return &sharing->view;
}
