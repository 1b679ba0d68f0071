#include "rig.h"

#include <string.h>
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

static void
fill(struct sample *sample)
{
	sample_add(sample, sample->inbox, 1, 0, "Ledger <l@a.example>", "Your statement", FLAG_SEEN);
	sample_add(sample, sample->inbox, 2, 0, "Bob Marsh <b@a.example>", "Harbour minutes",
	           FLAG_SEEN | FLAG_ANSWERED);
	sample_add(sample, sample->inbox, 3, 2, "Ann Smith <a@a.example>", "and the numbers", 0);
	sample_add_octets(sample, sample->inbox, 4,
	                  "From: Evil \x1b]0;pwned\x07 <e@a.example>\r\n"
	                  "Subject: free \xe2\x80\xae"
	                  "txt.exe\r\n"
	                  "Date: Fri, 20 Nov 2026 12:04:00 +0000\r\n"
	                  "Message-ID: <4@sample>\r\n"
	                  "\r\n"
	                  "click \x1b[2J https://harbour.example/x now\r\n",
	                  FLAG_FLAGGED);
	sample_folder(sample, "Lists/kernel", "");
}

static void
take(struct command *command, void *user)
{
	struct rig *rig = user;

	g_queue_push_tail(&rig->taken, command);
}

void
rig_open(struct rig *rig, int rows, int cols, gboolean empty, const char *const *overrides)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct conf_account *account = conf_account_new("work", ACCOUNT_MAILDIR);
	GError *error = NULL;

	memset(rig, 0, sizeof(*rig));
	rig->state = files_private_tmp(&error);
	g_setenv("XDG_STATE_HOME", rig->state, TRUE);
	sample_open(&rig->sample);
	if (!empty)
		fill(&rig->sample);
	g_setenv("XDG_CONFIG_HOME", "/nonexistent", TRUE);
	rig->conf = conf_load(NULL, overrides, problems);
	g_assert_cmpuint(problems->len, ==, 0);
	g_ptr_array_add(rig->conf->accounts, account);
	rig->stores = g_ptr_array_new();
	g_ptr_array_add(rig->stores, rig->sample.reader);
	rig->bus = bus_new();
	rig->context = g_main_context_new();
	bus_attach(rig->bus, "work", rig->context, take, rig);
	rig->params = (struct ui_params){.conf = rig->conf, .stores = rig->stores, .bus = rig->bus};
	rig->ui = ui_new(&rig->params, rows, cols, &error);
	g_assert_no_error(error);
	rig->ui->bus = rig->bus;
}

void
rig_close(struct rig *rig)
{
	ui_free(rig->ui);
	while (g_main_context_iteration(rig->context, FALSE))
		;
	bus_detach(rig->bus, "work");
	g_queue_clear_full(&rig->taken, (GDestroyNotify)command_free);
	bus_free(rig->bus);
	g_main_context_unref(rig->context);
	files_remove_tree(rig->state);
	g_free(rig->state);
	g_ptr_array_unref(rig->stores);
	conf_free(rig->conf);
	sample_close(&rig->sample);
}

void
press(struct rig *rig, const char *names)
{
	g_auto(GStrv) keys = g_strsplit(names, " ", -1);

	for (char **key = keys; *key; key++) {
		ui_key(rig->ui, keys_parse(*key, strlen(*key)), NULL);
		while (rig->ui->sweep) /* on a busy machine one slice may not do */
			ui_sweep_on(rig->ui);
	}
}

char *
screen(struct rig *rig)
{
	char *text;

	ui_draw(rig->ui);
	text = picture_to_text(rig->ui->picture);
	g_assert_true(text_is_safe(text, -1));
	return text;
}

gboolean
shows(struct rig *rig, const char *wanted)
{
	g_autofree char *text = screen(rig);

	if (!strstr(text, wanted))
		g_test_message("“%s” is not on:\n%s", wanted, text);
	return strstr(text, wanted) != NULL;
}

void
type(struct rig *rig, const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		ui_key(rig->ui, (gint32)g_utf8_get_char(text), NULL);
}

static void
take_all(struct rig *rig)
{
	while (g_main_context_iteration(rig->context, FALSE))
		;
}

/* What the screen asks for by itself. */
static gboolean
is_looking(const struct command *command)
{
	return command->verb == CMD_NEAR || command->verb == CMD_OPEN || command->verb == CMD_TEXT;
}

struct command *
rig_taken(struct rig *rig, enum command_verb verb)
{
	struct command *command;

	take_all(rig);
	while ((command = g_queue_pop_head(&rig->taken)) && is_looking(command))
		command_free(command);
	g_assert_nonnull(command);
	g_assert_cmpint(command->verb, ==, verb);
	return command;
}

gboolean
rig_is_idle(struct rig *rig)
{
	take_all(rig);
	for (GList *at = rig->taken.head; at; at = at->next)
		if (!is_looking(at->data))
			return FALSE;
	return TRUE;
}

void
rig_settle(struct rig *rig)
{
	struct event *event;

	while ((event = bus_next(rig->bus)))
		ui_told(rig->ui, event);
	if (rig->ui->folders_stale)
		ui_refresh_folders(rig->ui);
	if (rig->ui->rows_stale)
		ui_refresh_rows(rig->ui);
}

void
rig_tell(struct rig *rig, struct event *event)
{
	bus_post(rig->bus, event);
	rig_settle(rig);
}

void
rig_done(struct rig *rig, struct command *command, gint64 step, const char *said, const char *error)
{
	g_autoptr(GError) failed = NULL;

	if (step >= 0) {
		struct event *event = event_new(EVENT_STEP, "work");

		event->command = command->id;
		event->id = step;
		event->text = g_strdup(said);
		bus_post(rig->bus, event);
	}
	if (error)
		fulmar_fail(&failed, FULMAR_FAILED, "%s", error);
	bus_done(rig->bus, "work", command->id, failed);
	command_free(command);
	rig_settle(rig);
}
