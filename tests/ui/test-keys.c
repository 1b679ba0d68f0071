#include <string.h>
#include "base/text.h"
#include "conf/keys.h"

static struct conf *
conf_with(const char *const *overrides)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct conf *conf;

	g_setenv("XDG_CONFIG_HOME", "/nonexistent", TRUE);
	conf = conf_load(NULL, overrides, problems);
	g_assert_cmpuint(problems->len, ==, 0);
	g_assert_nonnull(conf);
	return conf;
}

static gint32
parsed(const char *name)
{
	return keys_parse(name, strlen(name));
}

static void
names_are_keys_and_back(void)
{
	static const char *const names[] = {"j",   "?",      "$",         "é",      "Space",     "Enter",
	                                    "Tab", "Esc",    "Up",        "Home",   "PageUp",    "F1",
	                                    "F12", "Ctrl-X", "Esc-v",     "Delete", "Shift-Tab", "Esc-Tab",
	                                    "-",   "Esc--",  "Backspace", "Ctrl-_"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		gint32 key = parsed(names[i]);
		g_autofree char *name = keys_name(key);

		g_assert_cmpint(key, !=, 0);
		g_assert_cmpstr(name, ==, names[i]);
	}
	g_assert_cmpint(parsed("^X"), ==, parsed("Ctrl-x"));
	g_assert_cmpint(parsed("Alt-v"), ==, parsed("esc-v"));
	g_assert_cmpint(parsed("C-a"), ==, 1);
}

static void
what_is_no_key_is_refused(void)
{
	static const char *const names[] = {"",       "jj",          "Ctrl-", "Ctrl-ab",     "F0",
	                                    "F13",    "F1x",         "Esc-",  "Esc-Nowhere", "\xff",
	                                    "Ctrl-1", "PageSideways"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		g_assert_cmpint(parsed(names[i]), ==, 0);
}

/* Every default key exists, and none is bound twice in a view. */
static void
the_table_holds_together(void)
{
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (const struct key_action *a = keys_actions(); a->name; a++) {
		g_auto(GStrv) names = g_strsplit(a->keys, " ", -1);

		g_assert_cmpuint(a->views, !=, 0);
		g_assert_true(a->help && *a->help);
		g_assert_true(!a->rank == !a->hint);
		for (int v = 0; v < VIEW_KINDS; v++)
			for (int i = 0; a->views & VIEW_BIT(v) && names[i]; i++) {
				g_assert_cmpint(parsed(names[i]), !=, 0);
				if (!g_hash_table_add(
				            taken, g_strdup_printf("%s %d", view_names[v], parsed(names[i]))))
					g_error("%s is bound twice in %s", names[i], view_names[v]);
			}
	}
}

static void
mutts_fingers_find_their_keys(void)
{
	static const struct {
		enum view_kind view;
		const char *key;
		enum action action;
	} rows[] = {
	        {VIEW_LIST, "j", ACT_NEXT},          {VIEW_LIST, "k", ACT_PREVIOUS},
	        {VIEW_LIST, "Enter", ACT_OPEN},      {VIEW_LIST, "q", ACT_QUIT},
	        {VIEW_LIST, "=", ACT_FIRST},         {VIEW_LIST, "*", ACT_LAST},
	        {VIEW_LIST, "c", ACT_FOLDER},        {VIEW_LIST, "y", ACT_FOLDERS},
	        {VIEW_LIST, "?", ACT_HELP},          {VIEW_LIST, ":", ACT_PALETTE},
	        {VIEW_LIST, "u", ACT_UNDO},          {VIEW_LIST, "$", ACT_SYNC},
	        {VIEW_LIST, "N", ACT_TOGGLE_NEW},    {VIEW_LIST, "F", ACT_TOGGLE_FLAG},
	        {VIEW_LIST, "t", ACT_TAG},           {VIEW_LIST, "Tab", ACT_NEXT_NEW},
	        {VIEW_LIST, "v", ACT_PARTS},         {VIEW_LIST, "Esc-v", ACT_FOLD},
	        {VIEW_LIST, "z", ACT_PAGE_DOWN},     {VIEW_LIST, "]", ACT_HALF_DOWN},
	        {VIEW_LIST, "P", ACT_PARENT},        {VIEW_READER, "Space", ACT_TEXT_DOWN},
	        {VIEW_READER, "-", ACT_TEXT_UP},     {VIEW_READER, "j", ACT_NEXT_MESSAGE},
	        {VIEW_READER, "h", ACT_HEADERS},     {VIEW_READER, "S", ACT_SKIP_QUOTED},
	        {VIEW_READER, "T", ACT_FOLD_QUOTED}, {VIEW_READER, "q", ACT_BACK},
	        {VIEW_READER, "^", ACT_TEXT_TOP},    {VIEW_PARTS, "s", ACT_SAVE},
	        {VIEW_LIST, "Ctrl-P", ACT_PALETTE},  {VIEW_PROMPT, "Esc", ACT_ABANDON},
	        {VIEW_READER, "1", ACT_LINK},        {VIEW_LIST, "5", ACT_NONE},
	};
	struct keymap *map = keymap_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(keymap_lookup(map, rows[i].view, parsed(rows[i].key)), ==, rows[i].action);
	keymap_free(map);
}

static void
the_configuration_binds_and_unbinds(void)
{
	static const char *const overrides[] = {"keys.J=last", "keys list.j=open", "keys.n=none",
	                                        "keys reader.Ctrl-X=next-new", NULL};
	struct conf *conf = conf_with(overrides);
	struct keymap *map = keymap_new(conf);
	g_autofree char *names = keymap_key_names(map, VIEW_LIST, ACT_LAST), *text = keys_text(conf);

	g_assert_cmpint(keymap_lookup(map, VIEW_LIST, 'J'), ==, ACT_LAST);
	g_assert_cmpint(keymap_lookup(map, VIEW_HELP, 'J'), ==, ACT_LAST);
	g_assert_cmpint(keymap_lookup(map, VIEW_READER, 'J'), ==, ACT_NEXT_MESSAGE);
	g_assert_cmpint(keymap_lookup(map, VIEW_LIST, 'j'), ==, ACT_OPEN);
	g_assert_cmpint(keymap_lookup(map, VIEW_HELP, 'j'), ==, ACT_NEXT);
	g_assert_cmpint(keymap_lookup(map, VIEW_READER, 'n'), ==, ACT_NONE);
	g_assert_cmpint(keymap_lookup(map, VIEW_READER, K_CTRL('X')), ==, ACT_NEXT_NEW);
	g_assert_cmpstr(names, ==, "J * End");
	g_assert_nonnull(strstr(text, "  J * End"));
	keymap_free(map);
	conf_free(conf);
}

static void
mistakes_are_told_with_the_nearest_name(void)
{
	static const struct {
		const char *view, *key, *action, *said;
	} rows[] = {
	        {"", "j", "next", NULL},
	        {"list", "x", "none", NULL},
	        {"lists", "x", "next", "“list”"},
	        {"activty", "x", "next", "“activity”"},
	        {"zzz", "x", "next", "unknown view"},
	        {"list", "jj", "next", "unknown key “jj”"},
	        {"list", "x", "toggle-nwe", "“toggle-new”"},
	        {"list", "x", "qqqqqq", "fulmar keys"},
	        {"list", "x", "accept", "does nothing in this view"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct conf_key key = {(char *)rows[i].view, (char *)rows[i].key, (char *)rows[i].action, 1};
		g_autofree char *problem = keys_problem(&key);

		if (!rows[i].said)
			g_assert_null(problem);
		else
			g_assert_nonnull(problem && strstr(problem, rows[i].said) ? problem : NULL);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/keys/names-are-keys-and-back", names_are_keys_and_back);
	g_test_add_func("/keys/what-is-no-key-is-refused", what_is_no_key_is_refused);
	g_test_add_func("/keys/the-table-holds-together", the_table_holds_together);
	g_test_add_func("/keys/mutts-fingers-find-their-keys", mutts_fingers_find_their_keys);
	g_test_add_func("/keys/the-configuration-binds-and-unbinds", the_configuration_binds_and_unbinds);
	g_test_add_func("/keys/mistakes-are-told-with-the-nearest-name",
	                mistakes_are_told_with_the_nearest_name);
	return g_test_run();
}
