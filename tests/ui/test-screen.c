#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "rig.h"

static void
the_list_at_80x24(void)
{
	struct rig rig;
	g_autofree char *text = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	text = screen(&rig);
	g_assert_nonnull(strstr(text, " work / INBOX"));
	g_assert_nonnull(strstr(text, "4 mails · 2 new"));
	g_assert_nonnull(strstr(text, "● Idle\n"));
	g_assert_nonnull(strstr(text, "▌ N !"));
	g_assert_nonnull(strstr(text, "Bob Marsh"));
	g_assert_nonnull(strstr(text, "└─> and the numbers\n"));
	g_assert_nonnull(strstr(text, "1 of 4\n"));
	g_assert_nonnull(strstr(text, " Enter read"));
	g_assert_nonnull(strstr(text, "? help  q quit\n"));
	rig_close(&rig);
}

static void
an_empty_folder_says_so(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, TRUE, NULL);
	g_assert_true(shows(&rig, "0 mails · 0 new"));
	g_assert_true(shows(&rig, "(no messages)"));
	press(&rig, "j k Enter = * Tab N F t Esc-v v z Z o u");
	g_assert_true(shows(&rig, "(no messages)"));
	rig_close(&rig);
}

/* What nobody has looked into yet is not called empty. */
static void
an_unknown_folder_has_no_counts(void)
{
	struct rig rig;
	struct event *event;
	struct ui_account *account;

	rig_open(&rig, 24, 80, TRUE, NULL);
	account = rig.ui->accounts->pdata[0];
	rig.ui->info->synced = 0;
	rig.ui->info->complete = FALSE;
	account->link = LINK_CONNECTING;
	g_assert_true(shows(&rig, "(looking for messages)"));
	g_assert_false(shows(&rig, "0 mails"));
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_IDLE;
	rig_tell(&rig, event);
	g_assert_true(shows(&rig, "0 mails · 0 new"));
	rig_close(&rig);
}

static void
a_message_opens_and_closes(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "From     Evil"));
	g_assert_true(shows(&rig, "https://harbour.example/x[1] now"));
	press(&rig, "1");
	g_assert_true(shows(&rig, "press 1 again to open it"));
	press(&rig, "j");
	g_assert_true(shows(&rig, "Harbour minutes"));
	g_assert_true(shows(&rig, "The message is on the server."));
	press(&rig, "j j j");
	g_assert_true(shows(&rig, "This is the last message"));
	press(&rig, "q");
	g_assert_true(shows(&rig, "4 of 4"));
	press(&rig, "q");
	g_assert_true(rig.ui->quit);
	rig_close(&rig);
}

static void
keywords_of_the_open_message_are_shown(void)
{
	struct rig rig;
	msgid id;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "* Enter");
	g_assert_false(shows(&rig, "Keywords"));
	id = reader_message(rig.ui);
	g_assert_true(store_journal_flags(rig.sample.writer, &id, 1, 0, 0, "lunch", NULL, NULL, NULL));
	ui_refresh_rows(rig.ui);
	g_assert_true(shows(&rig, "Keywords lunch"));
	g_assert_true(store_journal_flags(rig.sample.writer, &id, 1, 0, 0, NULL, "lunch", NULL, NULL));
	ui_refresh_rows(rig.ui);
	g_assert_false(shows(&rig, "Keywords"));
	rig_close(&rig);
}

static void
counts_move_by_many(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "3 j");
	g_assert_true(shows(&rig, "4 of 4"));
	press(&rig, "2 k");
	g_assert_true(shows(&rig, "2 of 4"));
	press(&rig, "=");
	g_assert_true(shows(&rig, "1 of 4"));
	press(&rig, "*");
	g_assert_true(shows(&rig, "4 of 4"));
	rig_close(&rig);
}

static void
the_wide_layout_has_rail_list_and_pane(void)
{
	struct rig rig;

	rig_open(&rig, 40, 120, FALSE, NULL);
	g_assert_true(shows(&rig, " work               │ work / INBOX"));
	g_assert_true(shows(&rig, "     kernel"));
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "│ From     Evil"));
	press(&rig, "q B V");
	g_assert_false(shows(&rig, "kernel"));
	rig_close(&rig);
}

static void
every_size_is_drawn_without_harm(void)
{
	struct rig rig;
	static const char *const places[] = {"", "Enter", "?", "v", "W", ":", "c", "y"};

	rig_open(&rig, 24, 80, FALSE, NULL);
	for (gsize p = 0; p < G_N_ELEMENTS(places); p++) {
		if (*places[p])
			press(&rig, places[p]);
		for (int rows = 1; rows < 30; rows += 3)
			for (int cols = 1; cols < 140; cols += 7) {
				ui_resize(rig.ui, rows, cols);
				g_free(screen(&rig));
			}
		ui_resize(rig.ui, 12, 40);
		g_free(screen(&rig));
		if (*places[p])
			press(&rig, p >= 5 && p <= 6 ? "Esc" : "q");
	}
	g_assert_true(ui_top(rig.ui) == rig.ui->list_view);
	g_assert_true(shows(&rig, "work / INBOX"));
	rig_close(&rig);
}

static void
the_help_lists_the_keys_of_its_view(void)
{
	struct rig rig;

	rig_open(&rig, 20, 80, FALSE, NULL);
	press(&rig, "?");
	g_assert_true(shows(&rig, "Keys of the message list"));
	g_assert_true(shows(&rig, "change-folder"));
	g_assert_true(shows(&rig, "Space page"));
	press(&rig, "Space");
	g_assert_false(shows(&rig, "change-folder"));
	press(&rig, "- @");
	g_assert_true(shows(&rig, "change-folder"));
	g_assert_true(shows(&rig, "@ does nothing here; ? lists the keys"));
	press(&rig, "q Enter ?");
	g_assert_true(shows(&rig, "Keys of the reader"));
	press(&rig, "/");
	type(&rig, "skip");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "skip-quoted"));
	rig_close(&rig);
}

static void
folders_are_gone_to_by_typing(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "c k e r n Enter");
	g_assert_true(shows(&rig, "work / Lists/kernel"));
	press(&rig, "c I N B O X Enter");
	g_assert_true(shows(&rig, "work / INBOX"));
	press(&rig, "c z z z z Enter");
	g_assert_true(shows(&rig, "There is no folder like “zzzz”"));
	press(&rig, "y j");
	g_assert_true(shows(&rig, "Folders"));
	press(&rig, "* Enter");
	g_assert_true(shows(&rig, "work / Lists/kernel"));
	rig_close(&rig);
}

static void
the_palette_runs_commands(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, ": l a s t Enter");
	g_assert_true(shows(&rig, "4 of 4"));
	press(&rig, "Ctrl-P k e r n e l Enter");
	g_assert_true(shows(&rig, "work / Lists/kernel"));
	press(&rig, ": m o u s e Enter");
	g_assert_true(shows(&rig, "[ui] mouse"));
	press(&rig, ": Esc-q");
	g_assert_true(rig.ui->quit); /* Escape left the palette, q the program */
	rig_close(&rig);
}

static void
messages_are_selected_and_let_go(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "t t");
	g_assert_true(shows(&rig, "2 selected"));
	g_assert_true(shows(&rig, "✓ !"));
	press(&rig, "Ctrl-T");
	g_assert_false(shows(&rig, "selected"));
	rig_close(&rig);
}

static void
unknown_keys_say_where_help_is(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "@");
	g_assert_true(shows(&rig, "@ does nothing here; ? lists the keys"));
	rig_close(&rig);
}

static void
ascii_and_accessible_screens_have_no_line_art(void)
{
	static const char *const ascii[] = {"ui.line-art=ascii", NULL}, *const accessible[] = {
	                                                                        "ui.accessible=yes", NULL};

	for (int i = 0; i < 2; i++) {
		struct rig rig;
		g_autofree char *text = NULL;

		rig_open(&rig, 40, 120, FALSE, i ? accessible : ascii);
		press(&rig, "j j j");
		text = screen(&rig);
		for (const char *c = text; *c; c++)
			if ((guchar)*c >= 0x80)
				g_error("not ASCII:\n%s", text);
		g_assert_true(i == 0 || !strchr(text, '|'));
		rig_close(&rig);
	}
}

static void
unknown_targets_are_refused_with_the_nearest(void)
{
	struct rig rig;
	struct ui_params params;
	GError *error = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	params = rig.params;
	params.target = "wrok/INBOX";
	g_assert_null(ui_first_screen_text(&params, 80, 24, &error));
	g_assert_nonnull(strstr(error->message, "“work”"));
	g_clear_error(&error);
	rig_close(&rig);
}

static void
inbox_is_inbox_however_it_was_typed(void)
{
	struct rig rig;
	struct ui_params params;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	params = rig.params;
	params.target = "work/inbox";
	text = ui_first_screen_text(&params, 80, 24, &error);
	g_assert_no_error(error);
	g_assert_true(g_str_has_prefix(text, " work / INBOX "));
	rig_close(&rig);
}

int
main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/screen/the-list-at-80x24", the_list_at_80x24);
	g_test_add_func("/screen/an-empty-folder-says-so", an_empty_folder_says_so);
	g_test_add_func("/screen/an-unknown-folder-has-no-counts", an_unknown_folder_has_no_counts);
	g_test_add_func("/screen/a-message-opens-and-closes", a_message_opens_and_closes);
	g_test_add_func("/screen/keywords-of-the-open-message-are-shown",
	                keywords_of_the_open_message_are_shown);
	g_test_add_func("/screen/counts-move-by-many", counts_move_by_many);
	g_test_add_func("/screen/the-wide-layout-has-rail-list-and-pane",
	                the_wide_layout_has_rail_list_and_pane);
	g_test_add_func("/screen/every-size-is-drawn-without-harm", every_size_is_drawn_without_harm);
	g_test_add_func("/screen/the-help-lists-the-keys-of-its-view", the_help_lists_the_keys_of_its_view);
	g_test_add_func("/screen/folders-are-gone-to-by-typing", folders_are_gone_to_by_typing);
	g_test_add_func("/screen/the-palette-runs-commands", the_palette_runs_commands);
	g_test_add_func("/screen/messages-are-selected-and-let-go", messages_are_selected_and_let_go);
	g_test_add_func("/screen/unknown-keys-say-where-help-is", unknown_keys_say_where_help_is);
	g_test_add_func("/screen/ascii-and-accessible-screens-have-no-line-art",
	                ascii_and_accessible_screens_have_no_line_art);
	g_test_add_func("/screen/unknown-targets-are-refused-with-the-nearest",
	                unknown_targets_are_refused_with_the_nearest);
	g_test_add_func("/screen/inbox-is-inbox-however-it-was-typed", inbox_is_inbox_however_it_was_typed);
	return g_test_run();
}
