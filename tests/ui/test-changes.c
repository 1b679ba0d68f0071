#include <locale.h>
#include <string.h>
#include <time.h>
#include "base/keyword.h"
#include "rig.h"
#include "store/wanted.h"

/* What keys do to messages and folders: what the account is sent, what the screen shows from the moment of
 * the key, and what it shows when the account says no. The sample's inbox, newest first: free txt.exe (4),
 * Harbour minutes (2) with its answer (3), Your statement (1). */

static msgid
only_id(const struct command *command)
{
	g_assert_nonnull(command->ids);
	g_assert_cmpuint(command->ids->len, ==, 1);
	return g_array_index(command->ids, msgid, 0);
}

static void
delete_goes_at_once_and_comes_back_when_refused(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "d");
	g_assert_false(shows(&rig, "free"));
	g_assert_true(shows(&rig, "moved to Trash; u takes it back"));
	g_assert_true(shows(&rig, "3 mails"));
	g_assert_cmpint(list_cursor(rig.ui->list)->row->id, ==, 2);
	command = rig_taken(&rig, CMD_DELETE);
	g_assert_cmpint(only_id(command), ==, 4);
	g_assert_cmpint(command->folder, ==, rig.sample.inbox);
	rig_done(&rig, command, -1, NULL, "the folder Trash cannot be made");
	g_assert_true(shows(&rig, "free"));
	g_assert_true(shows(&rig, "the folder Trash cannot be made"));
	g_assert_true(shows(&rig, "4 mails"));
	rig_close(&rig);
}

static void
every_change_is_one_command(void)
{
	static const struct {
		const char *keys;
		enum command_verb verb;
		guint add, remove;
		const char *said;
	} rows[] = {
	        {"A", CMD_ARCHIVE, 0, 0, "moved to Archive"},
	        {"X", CMD_JUNK, 0, 0, "moved to Junk"},
	        {"F", CMD_FLAG, 0, FLAG_FLAGGED, "flag taken off"},
	        {"N", CMD_FLAG, FLAG_SEEN, 0, "marked as read"},
	        {"Esc-R", CMD_FLAG_ALL, FLAG_SEEN, 0, "all of INBOX marked as read"},
	        {"Ctrl-D", CMD_DELETE, 0, 0, "moved to Trash"},
	        {"Esc-A", CMD_ARCHIVE, 0, 0, "moved to Archive"},
	        {"Esc-d y", CMD_PURGE, 0, 0, "deleted for good"},
	        {"Enter d", CMD_DELETE, 0, 0, "moved to Trash"},
	        {"Enter A", CMD_ARCHIVE, 0, 0, "moved to Archive"},
	        {"Enter X", CMD_JUNK, 0, 0, "moved to Junk"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rig rig;
		struct command *command;

		rig_open(&rig, 24, 80, FALSE, NULL);
		press(&rig, rows[i].keys);
		g_assert_true(shows(&rig, rows[i].said));
		g_assert_true(shows(&rig, "u takes it back"));
		command = rig_taken(&rig, rows[i].verb);
		g_assert_cmpuint(command->add, ==, rows[i].add);
		g_assert_cmpuint(command->remove, ==, rows[i].remove);
		g_assert_true(rig_is_idle(&rig));
		rig_done(&rig, command, 1, "", NULL);
		rig_close(&rig);
	}
}

static void
a_flag_toggled_twice_is_as_before(void)
{
	struct rig rig;
	struct command *first, *second;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "j F");
	g_assert_true(shows(&rig, "▌ r !"));
	press(&rig, "F");
	first = rig_taken(&rig, CMD_FLAG);
	second = rig_taken(&rig, CMD_FLAG);
	g_assert_cmpuint(first->add, ==, FLAG_FLAGGED);
	g_assert_cmpuint(second->remove, ==, FLAG_FLAGGED);
	rig_done(&rig, first, 1, "", NULL);
	rig_done(&rig, second, 2, "", NULL);
	rig_close(&rig);
}

static void
the_reader_moves_on(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "From     Evil"));
	press(&rig, "d");
	g_assert_true(shows(&rig, "From     Bob Marsh"));
	press(&rig, "d d");
	g_assert_true(shows(&rig, "From     Ledger"));
	press(&rig, "d");
	g_assert_true(ui_top(rig.ui) == rig.ui->list_view);
	g_assert_true(shows(&rig, "0 mails"));
	rig_close(&rig);
}

static void
a_selection_is_changed_in_one_go(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "t j t");
	g_assert_true(shows(&rig, "2 selected"));
	press(&rig, "; d");
	g_assert_true(shows(&rig, "2 messages: moved to Trash"));
	g_assert_false(shows(&rig, "selected"));
	g_assert_true(shows(&rig, "2 mails"));
	command = rig_taken(&rig, CMD_DELETE);
	g_assert_cmpuint(command->ids->len, ==, 2);
	rig_done(&rig, command, 1, "", NULL);
	rig_close(&rig);
}

static void
patterns_select_and_delete(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "T");
	type(&rig, "~f ledger");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "1 message is selected"));
	press(&rig, "T . Enter");
	g_assert_true(shows(&rig, "4 messages are selected"));
	press(&rig, "Ctrl-T T");
	type(&rig, "~x");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "“~x” is not known here"));
	press(&rig, "D");
	type(&rig, "~N ~F");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "moved to Trash"));
	command = rig_taken(&rig, CMD_DELETE);
	g_assert_cmpint(only_id(command), ==, 4);
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "D");
	type(&rig, "nothing like it");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "No message fits"));
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
move_remembers_where_the_last_one_went(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	sample_folder(&rig.sample, "Work", "");
	press(&rig, "s");
	type(&rig, "kern");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "moved to Lists/kernel; u takes it back"));
	command = rig_taken(&rig, CMD_MOVE);
	g_assert_cmpstr(command->text, ==, "Lists/kernel");
	g_assert_null(command->text2);
	g_assert_cmpuint(command->add, ==, 0);
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "C Enter");
	g_assert_true(shows(&rig, "copied to Lists/kernel"));
	command = rig_taken(&rig, CMD_COPY);
	g_assert_cmpstr(command->text, ==, "Lists/kernel");
	rig_done(&rig, command, 2, "", NULL);
	press(&rig, "s");
	g_assert_false(shows(&rig, "│ INBOX"));
	press(&rig, "Esc");
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
a_folder_that_is_not_there_is_made_when_wished(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "s");
	type(&rig, "Zz new");
	g_assert_true(shows(&rig, "(new folder “Zz new”)"));
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "There is no folder work/Zz new. Make it? (y/n)"));
	press(&rig, "n");
	g_assert_true(rig_is_idle(&rig));
	press(&rig, "s");
	type(&rig, "Zz new");
	press(&rig, "Enter y");
	command = rig_taken(&rig, CMD_MOVE);
	g_assert_cmpstr(command->text, ==, "Zz new");
	g_assert_cmpuint(command->add, ==, 1);
	rig_done(&rig, command, 1, "", NULL);
	rig_close(&rig);
}

static void
in_trash_more_than_one_for_good_is_asked_about(void)
{
	struct rig rig;
	gint64 trash;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	trash = sample_folder(&rig.sample, "Trash", "trash");
	sample_add(&rig.sample, trash, 1, 0, "A <a@a.example>", "one", FLAG_SEEN);
	sample_add(&rig.sample, trash, 2, 0, "A <a@a.example>", "two", FLAG_SEEN);
	sample_add(&rig.sample, trash, 3, 0, "A <a@a.example>", "three", FLAG_SEEN);
	ui_refresh_folders(rig.ui);
	press(&rig, "c");
	type(&rig, "Trash");
	press(&rig, "Enter d");
	g_assert_true(shows(&rig, "deleted for good"));
	command = rig_taken(&rig, CMD_DELETE);
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "T . Enter d");
	g_assert_true(shows(&rig, "Delete 3 messages for good? (y/n)"));
	press(&rig, "n");
	g_assert_true(rig_is_idle(&rig));
	press(&rig, "d y");
	command = rig_taken(&rig, CMD_PURGE);
	g_assert_cmpuint(command->ids->len, ==, 3);
	rig_done(&rig, command, 2, "", NULL);
	/* Of so many nothing is fetched before they go. */
	for (guint n = 4; n <= 60; n++)
		sample_add(&rig.sample, trash, n, 0, "A <a@a.example>", "one of many", FLAG_SEEN);
	ui_refresh_rows(rig.ui);
	press(&rig, "T . Enter d");
	g_assert_true(shows(&rig, "Delete 60 messages for good? 60 of them are not here in full"));
	press(&rig, "n");
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
keywords_are_given_and_taken(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "Y");
	type(&rig, "+work todo,\"label:Trip to Genoa\" -old");
	press(&rig, "Enter");
	command = rig_taken(&rig, CMD_FLAG);
	g_assert_cmpstr(command->text, ==, "work todo label:Trip" KEYWORD_BLANK "to" KEYWORD_BLANK "Genoa");
	g_assert_cmpstr(command->text2, ==, "old");
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "Y");
	type(&rig, "\\Deleted");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "cannot be a keyword"));
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
undo_says_what_was_undone(void)
{
	struct rig rig;
	struct command *command, *undo;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "u");
	g_assert_true(shows(&rig, "Nothing to undo"));
	press(&rig, "d u");
	command = rig_taken(&rig, CMD_DELETE);
	undo = rig_taken(&rig, CMD_UNDO);
	g_assert_cmpint(undo->op, ==, 0);
	rig_done(&rig, command, 5, "", NULL);
	rig_done(&rig, undo, 5, "Undone: 1 message moved to Trash", NULL);
	g_assert_true(shows(&rig, "Undone: 1 message moved to Trash"));
	rig_close(&rig);
}

static void
tell_back(struct rig *rig, const struct command *undo, msgid id)
{
	struct event *event = event_new(EVENT_BACK, "work");

	event->command = undo->id;
	event->folder = rig->ui->folder;
	event->id = id;
	rig_tell(rig, event);
}

/* The cursor goes to what is back, but never from under the hands of who went on meanwhile. */
static void
undo_leaves_the_cursor_of_who_went_on(void)
{
	struct rig rig;
	struct command *undo;
	msgid first, moved_to;
	gint64 step = 0;
	GError *error = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	first = list_cursor(rig.ui->list)->row->id;
	press(&rig, "j");
	g_assert_cmpint(list_cursor(rig.ui->list)->row->id, !=, first);
	g_assert_true(store_journal_flags(rig.sample.writer, &first, 1, FLAG_ANSWERED, 0, NULL, NULL, &step,
	                                  &error));
	press(&rig, "u");
	undo = rig_taken(&rig, CMD_UNDO);
	tell_back(&rig, undo, first);
	rig_done(&rig, undo, 1, "", NULL);
	g_assert_cmpint(list_cursor(rig.ui->list)->row->id, ==, first);
	press(&rig, "j u");
	undo = rig_taken(&rig, CMD_UNDO);
	press(&rig, "j");
	moved_to = list_cursor(rig.ui->list)->row->id;
	g_assert_cmpint(moved_to, !=, first);
	tell_back(&rig, undo, first);
	rig_done(&rig, undo, 1, "", NULL);
	g_assert_cmpint(list_cursor(rig.ui->list)->row->id, ==, moved_to);
	rig_close(&rig);
}

/* What is on its way to the server at this moment is taken back when it got there. */
static void
undo_waits_for_what_is_under_way(void)
{
	struct rig rig;
	msgid id = 4;
	gint64 step = 0, op;
	GError *error = NULL;
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct command *undo;
	struct event *event;

	rig_open(&rig, 24, 80, FALSE, NULL);
	g_assert_true(
	        store_journal_flags(rig.sample.writer, &id, 1, FLAG_ANSWERED, 0, NULL, NULL, &step, &error));
	g_assert_true(store_ops(rig.sample.writer, FALSE, 0, ops, &error));
	op = ((struct store_op *)ops->pdata[0])->id;
	g_assert_true(store_op_set(rig.sample.writer, op, OP_RUNNING, NULL, 0, &error));
	press(&rig, "u");
	undo = rig_taken(&rig, CMD_UNDO);
	rig_done(&rig, undo, -1, NULL, "it is being carried out");
	g_assert_true(shows(&rig, "taken back as soon as it is there"));
	g_assert_true(store_op_done(rig.sample.writer, op, &error));
	event = event_new(EVENT_QUEUE, "work");
	rig_tell(&rig, event);
	undo = rig_taken(&rig, CMD_UNDO);
	g_assert_cmpint(undo->op, ==, step);
	rig_done(&rig, undo, step, "undone: flags changed", NULL);
	g_assert_true(shows(&rig, "undone: flags changed"));
	rig_tell(&rig, event_new(EVENT_QUEUE, "work"));
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

/* Only a reader that marks what was read as seen asks for a change without a step. */
static void
reading_is_no_step_of_undo(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "Enter");
	reader_mark_seen(rig.ui);
	command = rig_taken(&rig, CMD_FLAG);
	g_assert_cmpint(command->op, ==, 1);
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "q F");
	command = rig_taken(&rig, CMD_FLAG);
	g_assert_cmpint(command->op, ==, 0);
	rig_done(&rig, command, 1, "", NULL);
	rig_close(&rig);
}

static void
hints_and_lines_name_the_keys_that_are_bound(void)
{
	static const char *const overrides[] = {"keys.U=undo", "keys.u=none",      "keys.Ctrl-E=activity",
	                                        "keys.W=none", "keys list.q=none", NULL};
	struct rig rig;
	struct event *event;

	rig_open(&rig, 24, 80, TRUE, overrides);
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_ERROR;
	rig.ui->info->complete = FALSE;
	rig.ui->info->synced = 0;
	ui_told(rig.ui, event);
	g_assert_true(shows(&rig, "Ctrl-E says why, Esc-o tries again"));
	press(&rig, "Ctrl-C");
	g_assert_true(shows(&rig, ":quit leaves"));
	rig_close(&rig);
	rig_open(&rig, 24, 80, FALSE, overrides);
	press(&rig, "d");
	g_assert_true(shows(&rig, "moved to Trash; U takes it back"));
	rig_close(&rig);
}

/* -- folders -- */

static void
allow(struct rig *rig, const char *path, const char *rights)
{
	GError *error = NULL;
	struct store_folder *folder = store_folder_by_path(rig->sample.writer, path, &error);

	g_free(folder->rights);
	folder->rights = g_strdup(rights);
	g_assert_true(store_begin(rig->sample.writer, FALSE, &error));
	g_assert_true(store_folder_put(rig->sample.writer, folder, &error));
	g_assert_true(store_commit(rig->sample.writer, &error));
	store_folder_free(folder);
}

static void
rights_forbid_with_a_reason(void)
{
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	allow(&rig, "INBOX", "lrs");
	ui_refresh_rows(rig.ui);
	press(&rig, "d");
	g_assert_true(shows(
	        &rig, "Not allowed: the owner of this folder has not given you the right “delete” (t)"));
	press(&rig, "F");
	g_assert_true(shows(&rig, "“flag” (w)"));
	g_assert_true(rig_is_idle(&rig));
	press(&rig, "N"); /* s is given */
	command_free(rig_taken(&rig, CMD_FLAG));
	ui_resize(rig.ui, 70, 80);
	press(&rig, "?");
	g_assert_true(shows(&rig, "Not allowed: the owner"));
	rig_close(&rig);
}

static void
a_folder_goes_only_where_folders_may_be_made(void)
{
	struct rig rig;

	rig_open(&rig, 24, 140, FALSE, NULL);
	allow(&rig, "INBOX", "lrswi");
	ui_refresh_folders(rig.ui);
	press(&rig, "y * m");
	g_assert_true(
	        shows(&rig, "INBOX  the owner of this folder has not given you the right “create” (k)"));
	type(&rig, "INBOX");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "Not allowed: the owner of this folder"));
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
folders_are_made_renamed_and_deleted(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "y * C");
	g_assert_true(shows(&rig, "New folder in work: Lists/"));
	type(&rig, "neu ☕");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "Lists/neu ☕ made; u takes it back"));
	command = rig_taken(&rig, CMD_FOLDER_CREATE);
	g_assert_cmpstr(command->text, ==, "Lists/neu ☕");
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "* r Ctrl-U");
	type(&rig, "Lists/linux");
	press(&rig, "Enter");
	command = rig_taken(&rig, CMD_FOLDER_RENAME);
	g_assert_cmpstr(command->text, ==, "Lists/linux");
	rig_done(&rig, command, 2, "", NULL);
	press(&rig, "* m Enter");
	command = rig_taken(&rig, CMD_FOLDER_RENAME);
	g_assert_cmpstr(command->text, ==, "kernel");
	rig_done(&rig, command, 3, "", NULL);
	press(&rig, "* d");
	g_assert_true(shows(&rig, "Delete Lists/kernel with 0 messages? (y/n)"));
	press(&rig, "y");
	command = rig_taken(&rig, CMD_FOLDER_REMOVE);
	g_assert_cmpint(command->folder, !=, 0);
	rig_done(&rig, command, 4, "", NULL);
	press(&rig, "= j d");
	g_assert_true(shows(&rig, "INBOX keeps its name and place"));
	press(&rig, "= r");
	g_assert_true(shows(&rig, "Choose a folder of the account first"));
	press(&rig, "= j j r");
	g_assert_true(shows(&rig, "This level has no folder of its own"));
	press(&rig, "= j C");
	type(&rig, "INBOX");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "There is a folder INBOX already"));
	g_assert_true(rig_is_idle(&rig));
	rig_close(&rig);
}

static void
emptying_says_how_many_and_what_is_lost(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 100, FALSE, NULL);
	press(&rig, "y = j E");
	g_assert_true(shows(&rig, "Delete all 4 messages of INBOX for good? 3 of them are not here in full"));
	press(&rig, "n E y");
	g_assert_true(shows(&rig, "INBOX emptied; u takes it back"));
	command = rig_taken(&rig, CMD_FOLDER_EMPTY);
	g_assert_cmpint(command->folder, ==, rig.sample.inbox);
	press(&rig, "q");
	g_assert_true(shows(&rig, "0 mails"));
	rig_done(&rig, command, 1, "", NULL);
	press(&rig, "y * E");
	g_assert_true(shows(&rig, "Lists/kernel is empty already"));
	rig_close(&rig);
}

static void
nothing_is_promised_of_what_cannot_come_back(void)
{
	struct rig rig;
	gint64 old;

	rig_open(&rig, 24, 100, FALSE, NULL);
	old = sample_folder(&rig.sample, "Old", "");
	sample_add(&rig.sample, old, 21, 0, "Ann <ann@a.example>", "not here", 0);
	rig.ui->folders_stale = TRUE;
	rig_settle(&rig);
	press(&rig, "y / O l d Enter E");
	g_assert_true(shows(&rig, "1 of them is not here in full: undo cannot bring it back"));
	press(&rig, "y");
	g_assert_true(shows(&rig, "Old emptied"));
	g_assert_false(shows(&rig, "takes it back"));
	rig_done(&rig, rig_taken(&rig, CMD_FOLDER_EMPTY), 1, "", NULL);
	rig_close(&rig);
}

/* Neither a folder with others below it nor a narrow window hides what undo cannot bring back. */
static void
deleting_a_folder_says_what_is_lost(void)
{
	struct rig rig;
	gint64 old;

	rig_open(&rig, 12, 40, FALSE, NULL);
	old = sample_folder(&rig.sample, "Lists/kernel/old", "");
	sample_add(&rig.sample, old, 21, 0, "Ann <ann@a.example>", "not here", 0);
	sample_add_octets(&rig.sample, old, 22, "From: Ann <ann@a.example>\r\nSubject: here\r\n\r\ntext\r\n",
	                  0);
	rig.ui->folders_stale = TRUE;
	rig_settle(&rig);
	press(&rig, "y * k d");
	g_assert_true(shows(&rig, " Delete Lists/kernel and 1 folder"));
	g_assert_true(shows(&rig, " below it, with 2 messages in all? 1"));
	g_assert_true(shows(&rig, " of them is not here in full: undo"));
	g_assert_true(shows(&rig, " cannot bring it back. (y/n)"));
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "Nothing was done"));
	g_assert_true(rig_is_idle(&rig));
	press(&rig, "j E");
	g_assert_true(shows(&rig, " Lists/kernel/old for good? 1 of them"));
	press(&rig, "n k E");
	g_assert_true(shows(&rig, "Lists/kernel is empty already"));
	rig_close(&rig);
}

static void
preferences_of_folders_are_set(void)
{
	static const struct {
		const char *keys, *name, *value;
	} rows[] = {
	        {"h", "hidden", "yes"},
	        {"p", "pinned", "yes"},
	        {"o Down Down Enter", "keep", "text 30d"},
	        {"o Enter", "keep", ""},
	};
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "y *");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		press(&rig, rows[i].keys);
		command = rig_taken(&rig, CMD_FOLDER_PREF);
		g_assert_cmpstr(command->text, ==, rows[i].name);
		g_assert_cmpstr(command->text2, ==, rows[i].value);
		rig_done(&rig, command, -1, NULL, NULL);
	}
	press(&rig, "o");
	g_assert_true(shows(&rig, "✓ │"));
	type(&rig, "full 2w");
	press(&rig, "Enter");
	command = rig_taken(&rig, CMD_FOLDER_PREF);
	g_assert_cmpstr(command->text2, ==, "full 2w");
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "o");
	type(&rig, "everything!");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "is no policy"));
	press(&rig, "s");
	command = rig_taken(&rig, CMD_FOLDER_SUBSCRIBE);
	g_assert_cmpuint(command->add, ==, 0);
	rig_done(&rig, command, 1, "", NULL);
	rig_close(&rig);
}

/* screen looks at each character. */
static void
names_of_folders_steer_nothing(void)
{
	static const char *const keys[] = {"r", "C", "m", "o", "S",     "s", "h",
	                                   "p", "E", "d", "D", "Esc-R", "/", "c"};
	struct rig rig;

	rig_open(&rig, 24, 80, FALSE, NULL);
	sample_folder(&rig.sample, "Zz\x1b]0;x\x07\xe2\x80\xaet\n/sub\x1b[2J", "");
	ui_refresh_folders(rig.ui);
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		press(&rig, "y *");
		press(&rig, keys[i]);
		g_free(screen(&rig));
		press(&rig, "Esc Esc");
	}
	press(&rig, "y * r");
	g_assert_true(shows(&rig, "New name: Zz?]0;x??t?/sub?[2J"));
	type(&rig, "2");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "“Zz ]0;x t /sub [2J2” cannot be the name of a folder"));
	rig_close(&rig);
}

static void
prefer(struct rig *rig, const char *path, gboolean hidden, gboolean pinned)
{
	struct store_folder *folder = store_folder_by_path(rig->sample.writer, path, NULL);

	folder->hidden = hidden;
	folder->pinned = pinned;
	g_assert_true(store_begin(rig->sample.writer, FALSE, NULL));
	g_assert_true(store_folder_put_prefs(rig->sample.writer, folder, NULL));
	g_assert_true(store_commit(rig->sample.writer, NULL));
	store_folder_free(folder);
	ui_refresh_folders(rig->ui);
}

/* The one below what was hidden gets the cursor, and keeps it when its own change moves it. */
static void
the_cursor_stays_on_what_is_changed(void)
{
	struct rig rig;
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	sample_folder(&rig.sample, "Old", "");
	sample_folder(&rig.sample, "Plans", "");
	ui_refresh_folders(rig.ui);
	press(&rig, "y * k h");
	command = rig_taken(&rig, CMD_FOLDER_PREF);
	prefer(&rig, "Old", TRUE, FALSE);
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "p");
	command = rig_taken(&rig, CMD_FOLDER_PREF);
	prefer(&rig, "Plans", FALSE, TRUE);
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "o");
	g_assert_true(shows(&rig, "What of Plans is kept here"));
	rig_close(&rig);
}

static void
what_is_collapsed_is_remembered(void)
{
	struct rig rig;
	g_autofree char *state = NULL, *kept = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "y * -");
	g_assert_false(shows(&rig, "kernel"));
	g_assert_true(shows(&rig, "▸ Lists"));
	state_save(rig.ui->state);
	state_free(rig.ui->state);
	rig.ui->state = state_load();
	g_clear_pointer(&rig.ui->folder_lines, g_ptr_array_unref);
	g_assert_false(shows(&rig, "kernel"));
	press(&rig, "+");
	g_assert_true(shows(&rig, "kernel"));
	press(&rig, "= /");
	type(&rig, "kern");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "Lists/kernel: 0 mails, 0 new"));
	rig_close(&rig);
}

/* What is too long for two lines takes more, until it was answered; what failed leaves the key that says why.
 */
static void
what_is_said_is_said_whole(void)
{
	struct rig rig;
	struct event *event;

	rig_open(&rig, 12, 40, FALSE, NULL);
	press(&rig, "T");
	type(&rig, "~q x");
	press(&rig, "Enter");
	g_assert_true(shows(&rig, " “~q” is not known here; there are ~f"));
	g_assert_true(shows(&rig, " ~t ~c ~C ~L ~s ~b ~B ~h ~y ~z"));
	g_assert_true(shows(&rig, "~D ~Q ~X ~A"));
	press(&rig, "j");
	g_assert_false(shows(&rig, "~q"));
	g_assert_true(shows(&rig, "? help"));
	event = event_new(EVENT_QUEUE, "work");
	event->total = 2;
	rig_tell(&rig, event);
	g_assert_true(shows(&rig, "2 failed (W)"));
	rig_close(&rig);
}

static void
a_download_says_how_much_first(void)
{
	struct rig rig;
	struct command *command;
	struct event *event;
	struct job *job;

	rig_open(&rig, 24, 80, FALSE, NULL);
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_OFFLINE;
	rig_tell(&rig, event);
	press(&rig, "y = j D");
	g_assert_true(shows(&rig, "Download 3 messages of INBOX, "));
	press(&rig, "y");
	g_assert_true(shows(&rig, "Downloaded as soon as there is a connection: INBOX"));
	command = rig_taken(&rig, CMD_DOWNLOAD);
	g_assert_cmpint(command->folder, ==, rig.sample.inbox);
	g_assert_null(command->ids);
	press(&rig, "W");
	g_assert_true(shows(&rig, "Waiting for a connection"));
	g_assert_false(shows(&rig, "Running"));
	press(&rig, "q");
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_FETCHING;
	rig_tell(&rig, event);
	event = event_new(EVENT_PROGRESS, "work");
	event->command = command->id;
	event->have = 3500;
	event->total = 10000;
	rig_tell(&rig, event);
	press(&rig, "W");
	g_assert_true(shows(&rig, "Downloading INBOX  [###-------] 35 %  4 kB of 10 kB"));
	event = event_new(EVENT_PROGRESS, "work");
	event->command = command->id;
	event->have = 3500;
	event->total = 10000;
	event->text = g_strdup("the link was lost");
	rig_tell(&rig, event);
	g_assert_true(shows(&rig, "Waiting for a connection"));
	g_assert_true(shows(&rig, "35 %  4 kB of 10 kB: the link was lost"));
	event = event_new(EVENT_PROGRESS, "work");
	event->command = command->id;
	event->have = 3500;
	event->total = 10000;
	rig_tell(&rig, event);
	g_assert_false(shows(&rig, "the link was lost"));
	/* It has a connection of its own: that of the folder is idle, the account is not. */
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_IDLE;
	rig_tell(&rig, event);
	job = g_hash_table_lookup(rig.ui->jobs, &command->id);
	job->since -= G_USEC_PER_SEC;
	g_assert_true(shows(&rig, "work         ↓ Fetching 35 %"));
	g_assert_false(shows(&rig, "Idle"));
	press(&rig, "d");
	{
		struct command *cancel = rig_taken(&rig, CMD_CANCEL);

		g_assert_cmpint(cancel->op, ==, (gint64)command->id);
		rig_done(&rig, cancel, -1, NULL, NULL);
	}
	rig_done(&rig, command, -1, NULL, "called off");
	press(&rig, "q q j t Esc-D");
	g_assert_true(shows(&rig, "Download 1 message of INBOX"));
	press(&rig, "y");
	command = rig_taken(&rig, CMD_DOWNLOAD);
	g_assert_cmpuint(command->ids->len, ==, 1);
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_true(shows(&rig, "Here for the journey: 1 message of INBOX"));
	rig_close(&rig);
}

/* -- Activity and sharing -- */

static void
activity_says_that_all_is_well(void)
{
	struct rig rig;
	struct event *event;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "W");
	g_assert_true(shows(&rig, "All is well: nothing runs, nothing waits, nothing failed"));
	press(&rig, "r");
	g_assert_true(shows(&rig, "Choose a change that waits or failed first"));
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_OFFLINE;
	event->text = g_strdup("the cable is out");
	rig_tell(&rig, event);
	press(&rig, "q W");
	g_assert_true(shows(&rig, "the cable is out"));
	g_assert_false(shows(&rig, "All is well"));
	/* Nor while the person is asked for another password. */
	event = event_new(EVENT_LINK, "work");
	event->state = LINK_CONNECTING;
	event->text = g_strdup("the log-in was refused");
	rig_tell(&rig, event);
	press(&rig, "q W");
	g_assert_true(shows(&rig, "the log-in was refused"));
	g_assert_false(shows(&rig, "All is well"));
	rig_close(&rig);
}

static void
fetching_is_not_at_its_end_while_texts_follow(void)
{
	struct rig rig;
	struct ui_account *account;

	rig_open(&rig, 24, 80, FALSE, NULL);
	account = rig.ui->accounts->pdata[0];
	for (guint have = 99; have <= 100; have++) {
		struct event *event = event_new(EVENT_LINK, "work");

		event->state = LINK_FETCHING;
		event->have = have;
		event->total = 100;
		rig_tell(&rig, event);
		account->calm_until = 0;
		press(&rig, "j");
		g_assert_true(shows(&rig, have < 100 ? "Fetching 99 %" : "Fetching"));
		g_assert_cmpint(shows(&rig, "%"), ==, have < 100);
	}
	press(&rig, "W");
	g_assert_true(shows(&rig, "↓ Fetching"));
	g_assert_false(shows(&rig, "nothing runs"));
	rig_close(&rig);
}

static void
what_comes_when_convenient_is_seen(void)
{
	struct rig rig;
	GError *error = NULL;
	struct command *command;
	msgid id;

	rig_open(&rig, 24, 80, FALSE, NULL);
	id = list_cursor(rig.ui->list)->row->id;
	g_assert_true(store_later_set(rig.sample.writer, id, "1", TRUE, &error));
	g_assert_true(store_later_set(rig.sample.writer, 77, "2", TRUE, &error));
	press(&rig, "W");
	g_assert_true(shows(&rig, "Fetched when convenient"));
	g_assert_true(shows(&rig, "work: of “"));
	g_assert_false(shows(&rig, "All is well"));
	press(&rig, "d");
	command = rig_taken(&rig, CMD_LATER);
	g_assert_cmpint(only_id(command), ==, id);
	g_assert_cmpstr(command->text, ==, "1");
	g_assert_cmpuint(command->add, ==, 1);
	g_assert_true(store_later_set(rig.sample.writer, id, "1", FALSE, &error));
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_true(shows(&rig, "Called off"));
	g_assert_false(shows(&rig, "Fetched when convenient"));
	rig_close(&rig);
}

/* Keys that were typed before a screen was painted count on it. */
static void
keys_before_the_first_painting_count(void)
{
	static const char *const keys[] = {"?", "W", "y"};

	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		struct rig rig;
		int first;

		rig_open(&rig, 24, 80, FALSE, NULL);
		press(&rig, keys[i]);
		g_free(screen(&rig));
		first = rig.ui->cursor_y;
		rig_close(&rig);
		rig_open(&rig, 24, 80, FALSE, NULL);
		press(&rig, keys[i]);
		press(&rig, "j");
		g_free(screen(&rig));
		g_assert_cmpint(rig.ui->cursor_y, ==, first + 1);
		rig_close(&rig);
	}
}

/* What goes on in a second row is gone through like any other, whatever happens meanwhile. */
static void
a_long_line_does_not_hold_the_cursor(void)
{
	struct rig rig;
	msgid id = 4;
	GError *error = NULL;
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	int first;

	rig_open(&rig, 24, 60, FALSE, NULL);
	g_assert_true(
	        store_journal_flags(rig.sample.writer, &id, 1, FLAG_ANSWERED, 0, NULL, NULL, NULL, &error));
	g_assert_true(store_ops(rig.sample.writer, FALSE, 0, ops, &error));
	g_assert_true(store_op_set(rig.sample.writer, ((struct store_op *)ops->pdata[0])->id, OP_FAILED,
	                           "this is so long a reason that it goes on in a second row and in a third, "
	                           "which the cursor comes through",
	                           0, &error));
	press(&rig, "W");
	g_assert_true(shows(&rig, "Failed"));
	first = rig.ui->cursor_y;
	for (int i = 1; i < 3; i++) {
		press(&rig, "j");
		rig_tell(&rig, event_new(EVENT_QUEUE, "work"));
		g_assert_true(shows(&rig, "Failed"));
		g_assert_cmpint(rig.ui->cursor_y, ==, first + i);
	}
	rig_close(&rig);
}

static void
refusals_are_seen(void)
{
	struct rig rig;
	msgid id = 4;
	GError *error = NULL;
	g_autoptr(GPtrArray) ops = g_ptr_array_new_with_free_func(store_op_free);
	struct command *command;

	rig_open(&rig, 24, 80, FALSE, NULL);
	g_assert_true(
	        store_journal_flags(rig.sample.writer, &id, 1, FLAG_ANSWERED, 0, NULL, NULL, NULL, &error));
	g_assert_true(store_ops(rig.sample.writer, FALSE, 0, ops, &error));
	g_assert_true(store_op_set(rig.sample.writer, ((struct store_op *)ops->pdata[0])->id, OP_FAILED,
	                           "read-only \x1b[2J mailbox", 0, &error));
	ui_refresh_rows(rig.ui);
	g_assert_true(shows(&rig, "▌ N ?"));
	g_assert_true(shows(&rig, "Refused (,: seen): mark as answered (1 message): read-only [2J mailbox"));
	press(&rig, "W");
	g_assert_true(shows(&rig, "Failed (r tries again, d gives it up)"));
	g_assert_true(shows(&rig, "failed    mark as answered (1 message): read-only"));
	press(&rig, "r");
	command = rig_taken(&rig, CMD_RETRY);
	g_assert_cmpint(command->op, ==, ((struct store_op *)ops->pdata[0])->id);
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "q");
	command = rig_taken(&rig, CMD_SEEN_REFUSAL);
	g_assert_cmpint(only_id(command), ==, 4);
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, ",");
	command = rig_taken(&rig, CMD_SEEN_REFUSAL);
	g_assert_true(store_clear_refused(rig.sample.writer, 4, &error));
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_false(shows(&rig, "Refused"));
	press(&rig, ",");
	g_assert_true(shows(&rig, "No change of this message was refused"));
	rig_close(&rig);
}

static void
answer(struct rig *rig, const struct command *command, const char *name, const char *value)
{
	struct event *event = event_new(EVENT_FACT, "work");

	event->command = command->id;
	event->text = g_strdup(name);
	event->text2 = g_strdup(value);
	rig_tell(rig, event);
}

static void
sharing_is_seen_and_changed(void)
{
	struct rig rig;
	struct command *rights, *quota, *notes, *command;

	rig_open(&rig, 30, 100, FALSE, NULL);
	press(&rig, "y = j S");
	g_assert_true(shows(&rig, "Sharing of work / INBOX"));
	g_assert_true(shows(&rig, "(asking the server)"));
	rights = rig_taken(&rig, CMD_ADMIN);
	quota = rig_taken(&rig, CMD_ADMIN);
	notes = rig_taken(&rig, CMD_ADMIN);
	g_assert_cmpuint(rights->add, ==, ADMIN_RIGHTS);
	answer(&rig, rights, "", "lrswipkxtea");
	answer(&rig, rights, "bob\x1b[2J", "lrs");
	answer(&rig, quota, "user STORAGE", "9500 10000");
	rig_done(&rig, rights, -1, NULL, NULL);
	rig_done(&rig, quota, -1, NULL, NULL);
	rig_done(&rig, notes, -1, NULL, "the server keeps no notes");
	g_assert_true(shows(&rig, "You may: everything"));
	g_assert_true(shows(&rig, "bob"));
	g_assert_true(shows(&rig, "lrs            see, read, mark-read"));
	g_assert_true(shows(&rig, "user             9.7 MB of 10 MB used (95 %)"));
	g_assert_true(shows(&rig, "the server keeps no notes"));
	press(&rig, "a");
	type(&rig, "carol");
	press(&rig, "Enter Ctrl-U");
	type(&rig, "write");
	press(&rig, "Enter");
	command = rig_taken(&rig, CMD_ADMIN);
	g_assert_cmpuint(command->add, ==, ADMIN_SET_RIGHTS);
	g_assert_cmpstr(command->text, ==, "carol");
	g_assert_cmpstr(command->text2, ==, "lrswite");
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_true(shows(&rig, "What carol may do in INBOX now: see, read, mark-read, flag, add, delete"));
	command = rig_taken(&rig, CMD_ADMIN); /* it asks again */
	g_assert_cmpuint(command->add, ==, ADMIN_RIGHTS);
	answer(&rig, command, "carol", "lrswite");
	rig_done(&rig, command, -1, NULL, NULL);
	press(&rig, "= j j d y");
	command = rig_taken(&rig, CMD_ADMIN);
	g_assert_cmpstr(command->text, ==, "carol");
	g_assert_cmpstr(command->text2, ==, "");
	rig_done(&rig, command, -1, NULL, "no");
	g_assert_false(shows(&rig, "carol may do nothing"));
	press(&rig, "d y");
	command = rig_taken(&rig, CMD_ADMIN);
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_true(shows(&rig, "carol may do nothing in INBOX any more"));
	rig_done(&rig, rig_taken(&rig, CMD_ADMIN), -1, NULL, NULL);
	press(&rig, "n");
	type(&rig, "for the board");
	press(&rig, "Enter");
	command = rig_taken(&rig, CMD_ADMIN);
	g_assert_cmpuint(command->add, ==, ADMIN_SET_NOTE);
	g_assert_cmpstr(command->text2, ==, "for the board");
	rig_done(&rig, command, -1, NULL, NULL);
	g_assert_true(shows(&rig, "The note on INBOX is now: for the board"));
	press(&rig, "q q");
	g_assert_true(shows(&rig, "work is 95 % full"));
	rig_close(&rig);
}

/* The looks of the keys in the hint line that begins with hints. */
static char *
hint_looks(struct rig *rig, const char *hints)
{
	const struct picture *picture;
	GString *looks = g_string_new(NULL);

	g_assert_true(shows(rig, hints));
	picture = rig->ui->picture;
	for (int x = 1; x < picture->cols; x++) {
		const struct cell *cell = &picture->cells[(picture->rows - 1) * picture->cols + x];
		guint role = cell->look & ROLE_MASK;

		if (cell[-1].ch[0] == ' ' && (role == ROLE_KEY || role == ROLE_DIM) && cell->ch[0] != ' ')
			g_string_append_printf(looks, role == ROLE_DIM ? "(%c)" : "%c", (int)cell->ch[0]);
	}
	return g_string_free(looks, FALSE);
}

/* Who may not say who may do what sees so before the key is pressed. */
static void
sharing_without_the_right_is_grey(void)
{
	static const char hints[] = " Enter change  a add  d remove  n note";
	struct rig rig;
	struct command *rights, *notes;
	g_autofree char *all = NULL, *none = NULL, *note = NULL;

	rig_open(&rig, 24, 80, FALSE, NULL);
	press(&rig, "y = j S");
	rights = rig_taken(&rig, CMD_ADMIN);
	rig_done(&rig, rig_taken(&rig, CMD_ADMIN), -1, NULL, NULL);
	notes = rig_taken(&rig, CMD_ADMIN);
	all = hint_looks(&rig, hints);
	g_assert_null(strchr(all, '('));
	answer(&rig, rights, "", "lrs");
	answer(&rig, notes, "/private/comment", "for the board");
	rig_done(&rig, rights, -1, NULL, NULL);
	rig_done(&rig, notes, -1, NULL, NULL);
	none = hint_looks(&rig, hints);
	g_assert_cmpstr(strchr(none, '('), ==, strstr(none, "(E)(c)(a)(a)(d)(r)n"));
	press(&rig, "a");
	g_assert_true(shows(&rig, "Not allowed: the owner of this folder has not given you the right"));
	press(&rig, "?");
	g_assert_true(shows(&rig, "Not allowed: the owner of this folder"));
	press(&rig, "q = j j j j j");
	note = hint_looks(&rig, hints);
	g_assert_cmpstr(strchr(note, '('), ==, strstr(note, "(a)(a)d"));
	press(&rig, "Enter");
	g_assert_true(shows(&rig, "Note on the folder:"));
	rig_close(&rig);
}

/* What a change opens is drawn at every size, in every kind of line art. */
static void
every_size_is_drawn_without_harm(void)
{
	static const char *const places[] = {"y = j S", "y = j E", "y = j o", "y = j m", "s z z",
	                                     "W",       "? j j",   "T",       "Esc-d",   "y = j D"};
	static const char *const accessible[] = {"ui.accessible=yes", NULL};

	for (gsize p = 0; p < 2 * G_N_ELEMENTS(places); p++) {
		struct rig rig;

		rig_open(&rig, 24, 80, FALSE, p % 2 ? accessible : NULL);
		press(&rig, places[p / 2]);
		for (int rows = 1; rows < 30; rows += 3)
			for (int cols = 1; cols < 140; cols += 7) {
				ui_resize(rig.ui, rows, cols);
				g_free(screen(&rig));
			}
		ui_resize(rig.ui, 24, 80);
		press(&rig, "Esc Esc Esc");
		g_assert_true(shows(&rig, "work / INBOX"));
		rig_close(&rig);
	}
}

int
main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/changes/delete-goes-at-once-and-comes-back-when-refused",
	                delete_goes_at_once_and_comes_back_when_refused);
	g_test_add_func("/changes/every-change-is-one-command", every_change_is_one_command);
	g_test_add_func("/changes/a-flag-toggled-twice-is-as-before", a_flag_toggled_twice_is_as_before);
	g_test_add_func("/changes/the-reader-moves-on", the_reader_moves_on);
	g_test_add_func("/changes/a-selection-is-changed-in-one-go", a_selection_is_changed_in_one_go);
	g_test_add_func("/changes/patterns-select-and-delete", patterns_select_and_delete);
	g_test_add_func("/changes/move-remembers-where-the-last-one-went",
	                move_remembers_where_the_last_one_went);
	g_test_add_func("/changes/a-folder-that-is-not-there-is-made-when-wished",
	                a_folder_that_is_not_there_is_made_when_wished);
	g_test_add_func("/changes/in-trash-more-than-one-for-good-is-asked-about",
	                in_trash_more_than_one_for_good_is_asked_about);
	g_test_add_func("/changes/keywords-are-given-and-taken", keywords_are_given_and_taken);
	g_test_add_func("/changes/undo-says-what-was-undone", undo_says_what_was_undone);
	g_test_add_func("/changes/undo-leaves-the-cursor-of-who-went-on",
	                undo_leaves_the_cursor_of_who_went_on);
	g_test_add_func("/changes/undo-waits-for-what-is-under-way", undo_waits_for_what_is_under_way);
	g_test_add_func("/changes/reading-is-no-step-of-undo", reading_is_no_step_of_undo);
	g_test_add_func("/changes/hints-and-lines-name-the-keys-that-are-bound",
	                hints_and_lines_name_the_keys_that_are_bound);
	g_test_add_func("/changes/rights-forbid-with-a-reason", rights_forbid_with_a_reason);
	g_test_add_func("/changes/a-folder-goes-only-where-folders-may-be-made",
	                a_folder_goes_only_where_folders_may_be_made);
	g_test_add_func("/changes/folders-are-made-renamed-and-deleted",
	                folders_are_made_renamed_and_deleted);
	g_test_add_func("/changes/emptying-says-how-many-and-what-is-lost",
	                emptying_says_how_many_and_what_is_lost);
	g_test_add_func("/changes/nothing-is-promised-of-what-cannot-come-back",
	                nothing_is_promised_of_what_cannot_come_back);
	g_test_add_func("/changes/deleting-a-folder-says-what-is-lost", deleting_a_folder_says_what_is_lost);
	g_test_add_func("/changes/preferences-of-folders-are-set", preferences_of_folders_are_set);
	g_test_add_func("/changes/names-of-folders-steer-nothing", names_of_folders_steer_nothing);
	g_test_add_func("/changes/the-cursor-stays-on-what-is-changed", the_cursor_stays_on_what_is_changed);
	g_test_add_func("/changes/what-is-collapsed-is-remembered", what_is_collapsed_is_remembered);
	g_test_add_func("/changes/what-is-said-is-said-whole", what_is_said_is_said_whole);
	g_test_add_func("/changes/a-download-says-how-much-first", a_download_says_how_much_first);
	g_test_add_func("/changes/activity-says-that-all-is-well", activity_says_that_all_is_well);
	g_test_add_func("/changes/fetching-is-not-at-its-end-while-texts-follow",
	                fetching_is_not_at_its_end_while_texts_follow);
	g_test_add_func("/changes/what-comes-when-convenient-is-seen", what_comes_when_convenient_is_seen);
	g_test_add_func("/changes/keys-before-the-first-painting-count",
	                keys_before_the_first_painting_count);
	g_test_add_func("/changes/a-long-line-does-not-hold-the-cursor",
	                a_long_line_does_not_hold_the_cursor);
	g_test_add_func("/changes/refusals-are-seen", refusals_are_seen);
	g_test_add_func("/changes/sharing-is-seen-and-changed", sharing_is_seen_and_changed);
	g_test_add_func("/changes/sharing-without-the-right-is-grey", sharing_without_the_right_is_grey);
	g_test_add_func("/changes/every-size-is-drawn-without-harm", every_size_is_drawn_without_harm);
	return g_test_run();
}
