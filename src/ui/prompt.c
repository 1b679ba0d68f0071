#include <string.h>
#include <sys/stat.h>
#include "base/files.h"
#include "base/i18n.h"
#include "base/text.h"
#include "ui/edit.h"
#include "ui/ui-private.h"

struct prompt {
	struct view view;
	char *label;
	guint flags;
	struct edit edit;
	void (*answered)(struct ui *ui, const char *text, void *user);
	void *user;
	GDestroyNotify free_user;
};

/* Draws the lines of a long question that stand above its last one. Returns what is left of it. */
static const char *
draw_beginning(struct ui *ui, const char *label, int room)
{
	int rows = ui->picture->rows, width = ui->picture->cols, n = 0;
	const char *rest = label;

	while (text_width(rest, -1) > room && n < rows - 2 && *rest) {
		rest += ui_line_end(rest, width - 2);
		n++;
	}
	for (int i = n; i > 0; i--) {
		gsize end = ui_line_end(label, width - 2);
		g_autofree char *line = g_strndup(label, end);

		picture_clear(ui->picture, (struct rect){rows - 1 - i, 0, 1, width}, ROLE_TEXT);
		picture_cut(ui->picture, rows - 1 - i, 1, width - 2, ROLE_TITLE, line);
		label += end;
	}
	return rest;
}

static void
prompt_draw(struct ui *ui, struct view *view, gboolean focused)
{
	struct prompt *prompt = (struct prompt *)view;
	int y = ui->picture->rows - 1, x = 1, width = ui->picture->cols;
	int room = prompt->flags & PROMPT_YES_NO ? width - 4 : MAX(width * 2 / 3, width - 30);
	const char *label = draw_beginning(ui, prompt->label, room);

	picture_clear(ui->picture, (struct rect){y, 0, 1, width}, ROLE_TEXT);
	x += picture_cut(ui->picture, y, x, room, ROLE_TITLE, label) + 1;
	x = edit_draw(&prompt->edit, ui->picture, y, x, width - x, prompt->flags & PROMPT_SECRET);
	if (focused)
		ui_cursor(ui, y, x);
}

/* The prompt leaves the stack before its answer is acted on, since that may open the next one. */
static void
answer(struct ui *ui, struct prompt *prompt, gboolean accepted)
{
	void (*answered)(struct ui *, const char *, void *) = prompt->answered;
	g_autofree char *text = accepted ? g_strdup(prompt->edit.text->str) : NULL;
	void *user = g_steal_pointer(&prompt->user);
	GDestroyNotify free_user = prompt->free_user;

	prompt->answered = NULL;
	ui_pop(ui);
	answered(ui, text, user);
	if (text)
		explicit_bzero(text, strlen(text));
	if (free_user && user)
		free_user(user);
}

static void
complete_file(struct ui *ui, struct prompt *prompt)
{
	g_autofree char *typed = files_expand_home(prompt->edit.text->str);
	const char *slash = strrchr(typed, '/');
	g_autofree char *folder = slash ? g_strndup(typed, (gsize)(slash - typed + 1)) : g_strdup("./");
	const char *prefix = slash ? slash + 1 : typed, *name;
	GDir *dir = g_dir_open(folder, 0, NULL);
	g_autofree char *common = NULL;

	while (dir && (name = g_dir_read_name(dir))) {
		gsize n = 0;

		if (!g_str_has_prefix(name, prefix) || (*name == '.' && *prefix != '.') ||
		    !text_is_safe(name, -1))
			continue;
		if (!common) {
			common = g_strdup(name);
			continue;
		}
		while (common[n] && common[n] == name[n])
			n++;
		common[n] = '\0';
	}
	if (dir)
		g_dir_close(dir);
	if (common && g_utf8_validate(common, -1, NULL)) {
		g_autofree char *path = g_strconcat(slash ? folder : "", common, NULL);
		gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR) && !g_str_has_suffix(path, "/");
		g_autofree char *whole = g_strconcat(path, is_folder ? "/" : "", NULL);

		edit_set(&prompt->edit, whole);
	} else {
		ui_say(ui, _("No file begins with that"));
	}
}

static gboolean
prompt_act(struct ui *ui, struct view *view, enum action action, int count)
{
	struct prompt *prompt = (struct prompt *)view;

	if (edit_act(&prompt->edit, action))
		return TRUE;
	if (action == ACT_ACCEPT || action == ACT_ABANDON) {
		answer(ui, prompt, action == ACT_ACCEPT);
		return TRUE;
	}
	if (action == ACT_COMPLETE && prompt->flags & PROMPT_FILE) {
		complete_file(ui, prompt);
		return TRUE;
	}
	return action == ACT_COMPLETE;
}

static void
prompt_type(struct ui *ui, struct view *view, gunichar c)
{
	struct prompt *prompt = (struct prompt *)view;

	edit_insert(&prompt->edit, c);
	if (prompt->flags & PROMPT_YES_NO)
		answer(ui, prompt, TRUE);
}

static void
prompt_close(struct ui *ui, struct view *view)
{
	struct prompt *prompt = (struct prompt *)view;

	if (prompt->free_user && prompt->user)
		prompt->free_user(prompt->user);
	edit_clear(&prompt->edit);
	g_free(prompt->label);
	g_free(prompt);
}

static const struct view_ops prompt_ops = {
        .kind = VIEW_PROMPT,
        .draw = prompt_draw,
        .act = prompt_act,
        .type = prompt_type,
        .close = prompt_close,
};

void
ui_prompt(struct ui *ui, const char *label, const char *initial, guint flags,
          void (*answered)(struct ui *ui, const char *text, void *user), void *user, GDestroyNotify free_user)
{
	struct prompt *prompt = g_new0(struct prompt, 1);

	prompt->view.ops = &prompt_ops;
	prompt->label = g_strdup(label);
	prompt->flags = flags;
	prompt->answered = answered;
	prompt->user = user;
	prompt->free_user = free_user;
	edit_init(&prompt->edit, initial);
	ui_push(ui, &prompt->view);
}

/* -- yes or no -- */

struct question {
	void (*yes)(struct ui *ui, void *user);
	void *user;
	GDestroyNotify free_user;
};

static void
question_free(gpointer data)
{
	struct question *question = data;

	if (question->user && question->free_user)
		question->free_user(question->user);
	g_free(question);
}

static void
question_answered(struct ui *ui, const char *text, void *user)
{
	const struct question *question = user;
	gunichar typed = text && *text ? g_unichar_tolower(g_utf8_get_char(text)) : 0;

	/* The first letter of the word for "yes" in the person's language, or y. */
	if (typed && (typed == 'y' || typed == g_unichar_tolower(g_utf8_get_char(_("yes")))))
		question->yes(ui, question->user);
	else
		ui_say(ui, _("Nothing was done"));
}

void
ui_confirm(struct ui *ui, const char *text, void (*yes)(struct ui *ui, void *user), void *user,
           GDestroyNotify free_user)
{
	struct question *question = g_new(struct question, 1);
	g_autofree char *label = g_strdup_printf(_("%s (y/n)"), text);

	*question = (struct question){yes, user, free_user};
	ui_prompt(ui, label, "", PROMPT_YES_NO, question_answered, question, question_free);
}
