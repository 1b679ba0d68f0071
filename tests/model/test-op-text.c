#include <string.h>
#include "base/text.h"
#include "model/op-text.h"

static GPtrArray *
folders(void)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(store_folder_free);
	static const char *const paths[] = {"INBOX", "Lists/k\x1b[31m"};

	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		struct store_folder *folder = g_new0(struct store_folder, 1);

		folder->id = i + 1;
		folder->path = g_strdup(paths[i]);
		g_ptr_array_add(all, folder);
	}
	return all;
}

static struct store_op
op_of(enum op_verb verb, guint n)
{
	return (struct store_op){.verb = verb,
	                         .folder = 1,
	                         .to = 2,
	                         .n = n,
	                         .keywords_add = (char *)"",
	                         .keywords_remove = (char *)"",
	                         .arg = (char *)"home/Keep",
	                         .key = (char *)""};
}

/* Every verb has a safe line of its own that says what is done to what. */
static void
every_verb_has_its_words(void)
{
	static const char *const said[] = {
	        [OP_MOVE] = "move 3 messages to Lists/k",
	        [OP_COPY] = "copy 3 messages to Lists/k",
	        [OP_PURGE] = "delete 3 messages for good",
	        [OP_APPEND] = "put 3 messages into Lists/k",
	        [OP_REPLACE] = "put 3 messages into Lists/k",
	        [OP_EMPTY] = "empty INBOX",
	        [OP_CREATE] = "make the folder Lists/k",
	        [OP_RENAME] = "rename a folder to INBOX",
	        [OP_REMOVE] = "delete the folder INBOX",
	        [OP_SUBSCRIBE] = "subscribe no longer to INBOX",
	        [OP_TRANSFER] = "copy 3 messages to home/Keep",
	};
	g_autoptr(GPtrArray) all = folders();

	for (int verb = OP_FLAG + 1; verb < OP_VERBS; verb++) {
		struct store_op op = op_of(verb, 3);
		g_autofree char *text = op_text(&op, all);

		g_assert_true(text_is_safe(text, -1));
		g_assert_true(g_str_has_prefix(text, said[verb]));
	}
}

static void
flags_and_keywords_are_named(void)
{
	g_autoptr(GPtrArray) all = folders();
	struct store_op op = op_of(OP_FLAG, 1);
	g_autofree char *text = NULL, *whole = NULL;

	op.add = FLAG_SEEN;
	op.remove = FLAG_FLAGGED;
	op.keywords_add = (char *)"work todo";
	op.keywords_remove = (char *)"old";
	text = op_text(&op, all);
	g_assert_cmpstr(
	        text, ==,
	        "mark as read, take the flag off, give the keyword work, give the keyword todo, take the "
	        "keyword old off (1 message)");
	op = op_of(OP_FLAG, 0);
	op.add = FLAG_SEEN;
	op.upto = 77;
	whole = op_text(&op, all);
	g_assert_cmpstr(whole, ==, "mark as read (all of INBOX)");
}

static void
a_folder_that_is_gone_is_said_so(void)
{
	struct store_op op = op_of(OP_EMPTY, 0);
	g_autofree char *text = op_text(&op, NULL);

	g_assert_cmpstr(text, ==, "empty a folder that is gone");
}

static void
what_is_undone_is_said(void)
{
	static const struct {
		const char *verb;
		guint n;
		const char *target, *said;
	} rows[] = {
	        {"move", 3, "Archive", "3 messages moved to Archive"},
	        {"move", 1, "", "1 message moved"},
	        {"delete", 12, "Trash", "12 messages deleted"},
	        {"rename", 1, "Lists/new", "folder renamed to Lists/new"},
	        {"empty", 1, "", "folder emptied"},
	        {"something", 1, "", "something"},
	        {"copy", 2, "100 %1$s", "2 messages copied to 100 %1$s"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct store_undo undo = {
		        .verb = (char *)rows[i].verb, .n = rows[i].n, .target = (char *)rows[i].target};
		g_autofree char *text = undo_text(&undo);

		g_assert_cmpstr(text, ==, rows[i].said);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/op-text/every-verb-has-its-words", every_verb_has_its_words);
	g_test_add_func("/op-text/flags-and-keywords-are-named", flags_and_keywords_are_named);
	g_test_add_func("/op-text/a-folder-that-is-gone-is-said-so", a_folder_that_is_gone_is_said_so);
	g_test_add_func("/op-text/what-is-undone-is-said", what_is_undone_is_said);
	return g_test_run();
}
