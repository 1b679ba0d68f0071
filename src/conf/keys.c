#include "conf/keys.h"

#include "base/i18n.h"
#include "base/text.h"

#define LIST VIEW_BIT(VIEW_LIST)
#define READER VIEW_BIT(VIEW_READER)
#define PARTS VIEW_BIT(VIEW_PARTS)
#define FOLDERS VIEW_BIT(VIEW_FOLDERS)
#define ACTIVITY VIEW_BIT(VIEW_ACTIVITY)
#define SHARING VIEW_BIT(VIEW_SHARING)
#define RULES VIEW_BIT(VIEW_RULES)
#define HELP VIEW_BIT(VIEW_HELP)
#define PICKER VIEW_BIT(VIEW_PICKER)
#define PROMPT VIEW_BIT(VIEW_PROMPT)
#define ROWS (LIST | PARTS | FOLDERS | ACTIVITY | SHARING | RULES | HELP)

const char *const view_names[] = {"list",  "reader", "parts",  "folders", "activity", "sharing",
                                  "rules", "help",   "picker", "prompt",  NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(view_names) == VIEW_KINDS + 1);

/* In the order of the help screen. */
static const struct key_action actions[] = {
        /* what is opened */
        {ACT_OPEN, "open", LIST, "Enter Space Right", N_("read"), 2,
         N_("Read the message, or unfold its conversation")},
        {ACT_OPEN, "open", PARTS, "Enter Space", N_("open"), 2,
         N_("Open the part with the program for its type")},
        {ACT_OPEN, "open", FOLDERS, "Enter Space", N_("open"), 2, N_("Go to the folder")},
        {ACT_OPEN, "open", ACTIVITY, "Enter Space", N_("look"), 6,
         N_("Say all about it; a refusal counts as seen then")},
        {ACT_OPEN, "open", SHARING, "Enter Space e", N_("change"), 3,
         N_("Say what this person may do, or change the note")},
        {ACT_OPEN, "open", RULES, "Enter", N_("apply"), 2, N_("Do what the rules say; asks first")},
        {ACT_OPEN, "open", PICKER, "Enter", N_("choose"), 2, N_("Take the entry under the cursor")},
        {ACT_FOLDER, "change-folder", LIST, "c", N_("folder"), 5,
         N_("Go to a folder by typing some of its name")},
        {ACT_FOLDER, "change-folder", READER | FOLDERS, "c", N_("folder"), 8,
         N_("Go to a folder by typing some of its name")},
        {ACT_FOLDERS, "folders", LIST | READER, "y", N_("folders"), 8, N_("Walk through the folder list")},
        {ACT_PARTS, "parts", LIST, "v", N_("parts"), 7,
         N_("Show the parts of the message: attachments, to open or save")},
        {ACT_PARTS, "parts", READER, "v", N_("parts"), 5,
         N_("Show the parts of the message: attachments, to open or save")},
        {ACT_ACTIVITY, "activity", LIST | READER | FOLDERS | PARTS | SHARING, "W", N_("activity"), 12,
         N_("Show connections, running work, the journal and errors")},
        /* moving */
        {ACT_NEXT, "next", ROWS, "j Down J", NULL, 0, N_("Next entry")},
        {ACT_NEXT, "next", PICKER, "Down Ctrl-N Tab", NULL, 0, N_("Next entry")},
        {ACT_PREVIOUS, "previous", ROWS, "k Up K", NULL, 0, N_("Previous entry")},
        {ACT_PREVIOUS, "previous", PICKER, "Up Ctrl-P Shift-Tab", NULL, 0, N_("Previous entry")},
        {ACT_PAGE_DOWN, "page-down", ROWS & ~HELP, "z PageDown Ctrl-F", NULL, 0, N_("One screen down")},
        {ACT_PAGE_DOWN, "page-down", HELP, "Space z PageDown Ctrl-F", N_("page"), 2, N_("One screen down")},
        {ACT_PAGE_DOWN, "page-down", PICKER, "PageDown", NULL, 0, N_("One screen down")},
        {ACT_PAGE_UP, "page-up", ROWS & ~HELP, "Z PageUp Ctrl-B", NULL, 0, N_("One screen up")},
        {ACT_PAGE_UP, "page-up", HELP, "- Z PageUp Ctrl-B", NULL, 0, N_("One screen up")},
        {ACT_PAGE_UP, "page-up", PICKER, "PageUp", NULL, 0, N_("One screen up")},
        {ACT_HALF_DOWN, "half-down", ROWS | READER, "]", NULL, 0, N_("Half a screen down")},
        {ACT_HALF_UP, "half-up", ROWS | READER, "[", NULL, 0, N_("Half a screen up")},
        {ACT_FIRST, "first", ROWS, "= Home", NULL, 0, N_("First entry")},
        {ACT_LAST, "last", ROWS, "* End", NULL, 0, N_("Last entry")},
        {ACT_SCREEN_TOP, "screen-top", ROWS, "H", NULL, 0, N_("Top of the screen")},
        {ACT_SCREEN_MIDDLE, "screen-middle", ROWS, "M", NULL, 0, N_("Middle of the screen")},
        {ACT_SCREEN_BOTTOM, "screen-bottom", ROWS, "L", NULL, 0, N_("Bottom of the screen")},
        {ACT_NEXT_NEW, "next-new", LIST | READER, "Tab", N_("next new"), 6, N_("Next new message")},
        {ACT_PREVIOUS_NEW, "previous-new", LIST | READER, "Shift-Tab Esc-Tab", NULL, 0,
         N_("Previous new message")},
        {ACT_NEXT_THREAD, "next-thread", LIST | READER, "Ctrl-N", NULL, 0, N_("Next conversation")},
        {ACT_PREVIOUS_THREAD, "previous-thread", LIST | READER, "Esc-p", NULL, 0,
         N_("Previous conversation")},
        {ACT_PARENT, "parent", LIST | READER, "P", NULL, 0, N_("The message that this one answers")},
        {ACT_FOLD, "fold", LIST, "Esc-v", N_("fold"), 11, N_("Fold or unfold the conversation")},
        {ACT_FOLD_ALL, "fold-all", LIST, "Esc-V", NULL, 0, N_("Fold or unfold all conversations")},
        {ACT_THREADS, "threads", LIST, "o", NULL, 0, N_("Conversations, or one message after the other")},
        /* reading */
        {ACT_TEXT_DOWN, "text-down", READER, "Space PageDown z Ctrl-F", N_("page"), 2,
         N_("One page down; at the end, the next message")},
        {ACT_TEXT_UP, "text-up", READER, "- PageUp Z Ctrl-B", NULL, 0, N_("One page up")},
        {ACT_LINE_DOWN, "line-down", READER, "Enter Down", NULL, 0, N_("One line down")},
        {ACT_LINE_UP, "line-up", READER, "Backspace Up", NULL, 0, N_("One line up")},
        {ACT_TEXT_TOP, "text-top", READER, "^ Home", NULL, 0, N_("Beginning of the text")},
        {ACT_TEXT_BOTTOM, "text-bottom", READER, "G End", NULL, 0, N_("End of the text")},
        {ACT_NEXT_MESSAGE, "next-message", READER, "j J Right", N_("next"), 3, N_("Next message")},
        {ACT_PREVIOUS_MESSAGE, "previous-message", READER, "k K Left", N_("previous"), 3,
         N_("Previous message")},
        {ACT_SKIP_QUOTED, "skip-quoted", READER, "S", NULL, 0, N_("Behind the next quoted text")},
        {ACT_FOLD_QUOTED, "fold-quoted", READER, "T", NULL, 0, N_("Hide or show quoted text")},
        {ACT_FIND, "find", READER | HELP, "/", N_("find"), 9, N_("Find words in this text")},
        {ACT_FIND_NEXT, "find-next", READER | HELP, "n", NULL, 0, N_("Find them again")},
        {ACT_LINK, "link", READER, "1 2 3 4 5 6 7 8 9", NULL, 0,
         N_("Show the target of link 1-9, then open it")},
        {ACT_HEADERS, "headers", READER, "h", N_("headers"), 10, N_("All header lines, or the usual ones")},
        {ACT_HTML, "html", READER, "Esc-h", NULL, 0, N_("The HTML version, or the plain one")},
        /* changing */
        {ACT_DELETE, "delete", LIST | READER, "d Delete", N_("delete"), 4,
         N_("Delete: to Trash, and from Trash for good")},
        {ACT_DELETE_PATTERN, "delete-pattern", LIST, "D", NULL, 0,
         N_("Delete all messages that fit a pattern (~f WORD, ~s WORD, ~N, …)")},
        {ACT_DELETE_THREAD, "delete-thread", LIST | READER, "Ctrl-D", NULL, 0,
         N_("Delete the whole conversation")},
        {ACT_PURGE, "purge", LIST | READER, "Esc-d", NULL, 0, N_("Delete for good, past Trash")},
        {ACT_MOVE, "move", LIST | READER, "s", N_("move"), 5, N_("Move to another folder, of any account")},
        {ACT_COPY, "copy", LIST | READER, "C", NULL, 0, N_("Copy to another folder, of any account")},
        {ACT_ARCHIVE, "archive", LIST | READER, "A", N_("archive"), 3, N_("Move to Archive")},
        {ACT_ARCHIVE_THREAD, "archive-thread", LIST | READER, "Esc-A", NULL, 0,
         N_("Move the whole conversation to Archive")},
        {ACT_JUNK, "junk", LIST | READER, "X", N_("junk"), 13,
         N_("It is junk: to Junk; there, it is none: back to INBOX")},
        {ACT_UNDO, "undo", LIST | READER | FOLDERS | ACTIVITY, "u", N_("undo"), 7,
         N_("Take the last change of mail or folders back, again and again")},
        {ACT_TOGGLE_NEW, "toggle-new", LIST | READER, "N", N_("new"), 11, N_("Mark as new, or as read")},
        {ACT_TOGGLE_FLAG, "toggle-flag", LIST | READER, "F", N_("flag"), 12,
         N_("Flag as important, or take the flag off")},
        {ACT_KEYWORDS, "keywords", LIST | READER, "Y", NULL, 0, N_("Give keywords, or take them off")},
        {ACT_READ_THREAD, "read-thread", LIST | READER, "Ctrl-R Esc-r", NULL, 0,
         N_("Mark the whole conversation as read")},
        {ACT_READ_ALL, "read-all", LIST, "Esc-R", NULL, 0, N_("Mark the whole folder as read")},
        {ACT_TAG, "tag", LIST, "t", N_("select"), 13,
         N_("Select the message for the next change, or let it go")},
        {ACT_TAG_THREAD, "tag-thread", LIST, "Esc-t", NULL, 0, N_("Select the whole conversation")},
        {ACT_TAG_PATTERN, "tag-pattern", LIST, "T", NULL, 0,
         N_("Select all messages that fit a pattern (“.” is all)")},
        {ACT_UNTAG_ALL, "untag-all", LIST, "Ctrl-T", NULL, 0, N_("Let all selected messages go")},
        {ACT_TAG_PREFIX, "tag-prefix", LIST, ";", NULL, 0,
         N_("The next key is for what is selected, even from elsewhere in the folder")},
        {ACT_SEEN_REFUSAL, "seen-refusal", LIST | READER, ",", NULL, 0,
         N_("Why the server refused a change was seen: take its mark off")},
        {ACT_SYNC, "sync", LIST | READER | FOLDERS, "$", N_("sync"), 15,
         N_("Bring the folder up to date with the server")},
        {ACT_OFFLINE, "offline", LIST | READER | FOLDERS | ACTIVITY, "Esc-o", NULL, 0,
         N_("Work offline, or connect again")},
        /* parts */
        {ACT_SAVE, "save", PARTS, "s", N_("save"), 3, N_("Save the part to a file")},
        {ACT_SAVE, "save", READER, "Esc-s", NULL, 0, N_("Save an attachment to a file")},
        {ACT_FETCH, "fetch", PARTS, "f", N_("fetch"), 4,
         N_("Fetch the part from the server, to have it here")},
        {ACT_FETCH, "fetch", LIST | READER, "Esc-f", NULL, 0, N_("Fetch the whole message from the server")},
        {ACT_LATER, "later", PARTS, "l", N_("later"), 5,
         N_("Fetch the part when convenient: when nothing else is asked of the server")},
        {ACT_DOWNLOAD, "download", LIST, "Esc-D", NULL, 0,
         N_("Fetch whole messages for the journey: those selected, else the folder")},
        /* folders */
        {ACT_COLLAPSE, "collapse", FOLDERS, "Left -", N_("fold"), 12, N_("Hide the folders below")},
        {ACT_EXPAND, "expand", FOLDERS, "Right +", NULL, 0, N_("Show the folders below")},
        {ACT_JUMP, "jump", FOLDERS, "/", N_("find"), 6,
         N_("Put the cursor on a folder by typing some of its name")},
        {ACT_CREATE, "create-folder", FOLDERS, "C", N_("create"), 3, N_("Make a folder, here or below")},
        {ACT_RENAME, "rename-folder", FOLDERS, "r", N_("rename"), 4, N_("Give the folder another name")},
        {ACT_MOVE, "move-folder", FOLDERS, "m", N_("move"), 9,
         N_("Move the folder, with those below, to below another one")},
        {ACT_REMOVE, "delete-folder", FOLDERS, "d Delete", N_("delete"), 5,
         N_("Delete the folder with its mail and the folders below; asks first")},
        {ACT_EMPTY, "empty-folder", FOLDERS, "E", N_("empty"), 10,
         N_("Delete all mail of the folder for good; asks first")},
        {ACT_READ_ALL, "read-all", FOLDERS, "Esc-R", NULL, 0, N_("Mark the whole folder as read")},
        {ACT_SUBSCRIBE, "subscribe", FOLDERS, "s", NULL, 0, N_("Subscribe to the folder, or no longer")},
        {ACT_HIDE, "hide", FOLDERS, "h", NULL, 0,
         N_("Leave the folder out of the list, or take it in again")},
        {ACT_SHOW_HIDDEN, "show-hidden", FOLDERS, "T", NULL, 0, N_("Show hidden folders too, or no longer")},
        {ACT_PIN, "pin", FOLDERS, "p", N_("pin"), 11, N_("Keep the folder on top of the list, or no longer")},
        {ACT_KEEP, "keep", FOLDERS, "o", NULL, 0,
         N_("Choose what is kept here for offline reading: headers, text or all")},
        {ACT_DOWNLOAD, "download", FOLDERS, "D", N_("download"), 13,
         N_("Fetch the whole folder for the journey; says how much first")},
        {ACT_SHARING, "sharing", FOLDERS, "S", N_("sharing"), 14,
         N_("Who may do what with the folder, how much room is left, notes")},
        {ACT_RULES, "rules", LIST | FOLDERS, "Esc-F", NULL, 0,
         N_("Filter the folder: show what the rules of the configuration would do, then do it")},
        /* sharing */
        {ACT_ADD, "add", SHARING, "a", N_("add"), 4, N_("Let somebody else use the folder")},
        {ACT_DROP, "drop", SHARING, "d Delete", N_("remove"), 5,
         N_("Take all rights of this person away, or the note")},
        {ACT_NOTE, "note", SHARING, "n", N_("note"), 6, N_("Write a note on the folder")},
        /* activity */
        {ACT_RETRY, "retry", ACTIVITY, "r", N_("retry"), 3, N_("Try the failed change again, now")},
        {ACT_DROP, "drop", ACTIVITY, "d", N_("drop"), 4,
         N_("Give the change up: it is taken back here; call off what runs")},
        /* the screen */
        {ACT_RAIL, "rail", LIST | READER, "B", NULL, 0, N_("Show or hide the folder rail")},
        {ACT_PANE, "pane", LIST | READER, "V", NULL, 0, N_("Show or hide the reading pane")},
        {ACT_PALETTE, "palette", VIEWS_PLAIN, ": Ctrl-P", N_("command"), 8,
         N_("Find a command, a folder or a setting")},
        {ACT_HELP, "help", VIEWS_PLAIN & ~HELP, "? F1", N_("help"), 1, N_("List the keys of this screen")},
        {ACT_REDRAW, "redraw", VIEWS_ALL, "Ctrl-L", NULL, 0, N_("Draw the screen afresh")},
        {ACT_SUSPEND, "suspend", VIEWS_ALL, "Ctrl-Z", NULL, 0, N_("Go back to the shell for a while")},
        {ACT_CANCEL, "cancel", VIEWS_PLAIN, "Ctrl-C", NULL, 0, N_("Call off what is running")},
        {ACT_BACK, "back", READER | PARTS | FOLDERS | ACTIVITY | SHARING | RULES | HELP, "q x Esc",
         N_("back"), 1, N_("Back to the screen before")},
        {ACT_QUIT, "quit", LIST, "q", N_("quit"), 1, N_("Quit")},
        {ACT_QUIT, "quit", READER | PARTS | FOLDERS | ACTIVITY | SHARING | RULES | HELP, "Q", NULL, 0,
         N_("Quit")},
        /* typing */
        {ACT_ACCEPT, "accept", PROMPT, "Enter", N_("accept"), 1, N_("Take what was typed")},
        {ACT_ABANDON, "abandon", PROMPT | PICKER, "Esc Ctrl-G Ctrl-C", N_("cancel"), 1, N_("Call it off")},
        {ACT_COMPLETE, "complete", PROMPT, "Tab", NULL, 0, N_("Complete a file name")},
        {ACT_ERASE, "erase", PROMPT | PICKER, "Backspace Ctrl-H", NULL, 0,
         N_("Erase the character before the cursor")},
        {ACT_ERASE_FORWARD, "erase-forward", PROMPT | PICKER, "Delete Ctrl-D", NULL, 0,
         N_("Erase the character under the cursor")},
        {ACT_ERASE_WORD, "erase-word", PROMPT | PICKER, "Ctrl-W", NULL, 0,
         N_("Erase the word before the cursor")},
        {ACT_ERASE_LINE, "erase-line", PROMPT | PICKER, "Ctrl-U", NULL, 0, N_("Erase the line")},
        {ACT_ERASE_REST, "erase-rest", PROMPT | PICKER, "Ctrl-K", NULL, 0, N_("Erase the rest of the line")},
        {ACT_CHAR_LEFT, "char-left", PROMPT | PICKER, "Left Ctrl-B", NULL, 0,
         N_("One character to the left")},
        {ACT_CHAR_RIGHT, "char-right", PROMPT | PICKER, "Right Ctrl-F", NULL, 0,
         N_("One character to the right")},
        {ACT_LINE_START, "line-start", PROMPT | PICKER, "Home Ctrl-A", NULL, 0, N_("Beginning of the line")},
        {ACT_LINE_END, "line-end", PROMPT | PICKER, "End Ctrl-E", NULL, 0, N_("End of the line")},
        {ACT_NONE, NULL, 0, NULL, NULL, 0, NULL},
};

const struct key_action *
keys_actions(void)
{
	return actions;
}

const struct key_action *
keys_action_in(enum action action, enum view_kind view)
{
	for (const struct key_action *a = actions; a->name; a++)
		if (a->id == action && a->views & VIEW_BIT(view))
			return a;
	return NULL;
}

static const struct {
	const char *name;
	gint32 code;
} named_keys[] = {
        {"Space", ' '},
        {"Enter", K_ENTER},
        {"Return", K_ENTER},
        {"Tab", '\t'},
        {"Esc", 27},
        {"Escape", 27},
        {"Up", K_UP},
        {"Down", K_DOWN},
        {"Left", K_LEFT},
        {"Right", K_RIGHT},
        {"Home", K_HOME},
        {"End", K_END},
        {"PageUp", K_PAGE_UP},
        {"PageDown", K_PAGE_DOWN},
        {"Insert", K_INSERT},
        {"Delete", K_DELETE},
        {"Backspace", K_BACKSPACE},
        {"Shift-Tab", K_SHIFT_TAB},
};

static gboolean
has_prefix(const char *name, gsize len, const char *prefix)
{
	gsize n = strlen(prefix);

	return len > n && g_ascii_strncasecmp(name, prefix, n) == 0;
}

static gint32
parse_named(const char *name, gsize len)
{
	for (guint i = 0; i < G_N_ELEMENTS(named_keys); i++)
		if (strlen(named_keys[i].name) == len &&
		    g_ascii_strncasecmp(named_keys[i].name, name, len) == 0)
			return named_keys[i].code;
	if (len >= 2 && len <= 3 && (*name == 'F' || *name == 'f') && g_ascii_isdigit(name[1])) {
		int n = name[1] - '0';

		if (len == 3)
			n = g_ascii_isdigit(name[2]) ? n * 10 + name[2] - '0' : 0;
		return n >= 1 && n <= 12 && name[1] != '0' ? K_F1 + n - 1 : 0;
	}
	return 0;
}

static gint32
parse_plain(const char *name, gsize len)
{
	gunichar c;

	if (len && g_utf8_validate(name, (gssize)len, NULL)) {
		c = g_utf8_get_char(name);
		if ((gsize)(g_utf8_next_char(name) - name) == len && c >= ' ' && c != 0x7f)
			return (gint32)c;
	}
	if ((len == 6 && has_prefix(name, len, "Ctrl-")) || (len == 3 && has_prefix(name, len, "C-")))
		name += len - 1;
	else if (len == 2 && *name == '^')
		name++;
	else
		return parse_named(name, len);
	if (*name == '[' || *name == '\\' || *name == ']' || *name == '^' || *name == '_' ||
	    g_ascii_isalpha(*name))
		return K_CTRL(g_ascii_toupper(*name));
	return 0;
}

gint32
keys_parse(const char *name, gsize len)
{
	static const char *const metas[] = {"Esc-", "Alt-", "Meta-", "M-"};
	gint32 key;

	for (guint i = 0; i < G_N_ELEMENTS(metas); i++)
		if (has_prefix(name, len, metas[i])) {
			gsize n = strlen(metas[i]);

			key = parse_plain(name + n, len - n);
			return key ? key | K_META : 0;
		}
	return parse_plain(name, len);
}

char *
keys_name(gint32 key)
{
	if (key & K_META) {
		g_autofree char *plain = keys_name(key & ~K_META);

		return g_strconcat("Esc-", plain, NULL);
	}
	for (guint i = 0; i < G_N_ELEMENTS(named_keys); i++)
		if (named_keys[i].code == key)
			return g_strdup(named_keys[i].name);
	if (key >= K_F1 && key <= K_F12)
		return g_strdup_printf("F%d", key - K_F1 + 1);
	if (key > 0 && key < ' ')
		return g_strdup_printf("Ctrl-%c", key + '@');
	if (key >= ' ' && key < 0x110000 && g_unichar_validate((gunichar)key)) {
		char text[7] = "";

		g_unichar_to_utf8((gunichar)key, text);
		return g_strdup(text);
	}
	return g_strdup("?");
}

static int
view_by_name(const char *name)
{
	for (int i = 0; i < VIEW_KINDS; i++)
		if (!g_strcmp0(view_names[i], name))
			return i;
	return -1;
}

static char *
unknown_action(const struct conf_key *key, guint views)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	gboolean elsewhere = FALSE;
	const char *near;

	for (const struct key_action *a = actions; a->name; a++) {
		if (a->views & views)
			g_ptr_array_add(names, (char *)a->name);
		elsewhere |= !strcmp(a->name, key->action);
	}
	g_ptr_array_add(names, NULL);
	if (elsewhere)
		return g_strdup_printf(_("[keys %s]: the action “%s” does nothing in this view"), key->view,
		                       key->action);
	near = text_nearest(key->action, (const char *const *)names->pdata);
	if (near)
		return g_strdup_printf(_("unknown action “%s”; did you mean “%s”?"), key->action, near);
	return g_strdup_printf(_("unknown action “%s”; “fulmar keys” lists them"), key->action);
}

char *
keys_problem(const struct conf_key *key)
{
	guint views = VIEWS_ALL;

	if (key->view && *key->view) {
		int view = view_by_name(key->view);
		const char *near = view < 0 ? text_nearest(key->view, view_names) : NULL;

		if (near)
			return g_strdup_printf(_("unknown view “%s”; did you mean “%s”?"), key->view, near);
		if (view < 0)
			return g_strdup_printf(_("unknown view “%s”; there are list, reader, parts, folders, "
			                         "activity, sharing, rules, help, picker and prompt"),
			                       key->view);
		views = VIEW_BIT(view);
	}
	if (!keys_parse(key->key, strlen(key->key)))
		return g_strdup_printf(_("unknown key “%s”; a key is a character or a name such as Enter, "
		                         "PageDown, Ctrl-X, Esc-v or F1"),
		                       key->key);
	if (!strcmp(key->action, "none"))
		return NULL;
	for (const struct key_action *a = actions; a->name; a++)
		if (a->views & views && !strcmp(a->name, key->action))
			return NULL;
	return unknown_action(key, views);
}
