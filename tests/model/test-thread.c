#include <string.h>
#include "base/text.h"
#include "mime/envelope.h"
#include "model/thread.h"

static struct store_row *
row(guint n, const char *references, const char *subject)
{
	struct store_row *row = g_new0(struct store_row, 1);

	row->id = n;
	row->keywords = g_strdup("");
	row->from = g_ptr_array_new_with_free_func(mime_address_free);
	row->to = g_ptr_array_new_with_free_func(mime_address_free);
	row->cc = g_ptr_array_new_with_free_func(mime_address_free);
	row->subject = g_strdup(subject);
	row->message_id = g_strdup_printf("<%u@x>", n);
	row->in_reply_to = g_strdup("");
	row->references = g_strdup(references);
	row->list_id = g_strdup("");
	row->email_id = g_strdup("");
	row->preview = g_strdup("");
	return row;
}

static char *
drawn(GPtrArray *rows)
{
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(thread_item_free);
	GString *out = g_string_new(NULL);

	thread_layout(rows, 1, FALSE, items);
	g_ptr_array_unref(rows);
	for (guint i = 0; i < items->len; i++) {
		const struct list_item *item = items->pdata[i];

		g_string_append_printf(out, "%s%u:%u", i ? " " : "", (guint)item->row->id, item->depth);
	}
	return g_string_free(out, FALSE);
}

static void
answers_stand_below_what_they_answer(void)
{
	GPtrArray *rows = g_ptr_array_new();
	g_autofree char *text = NULL;

	g_ptr_array_add(rows, row(1, "", "a"));
	g_ptr_array_add(rows, row(2, "<1@x>", "a"));
	g_ptr_array_add(rows, row(3, "<1@x>", "a"));
	g_ptr_array_add(rows, row(4, "<1@x> <2@x>", "a"));
	g_ptr_array_add(rows, row(5, "<1@x> <2@x> <4@x> <gone@x>", "a"));
	text = drawn(rows);
	g_assert_cmpstr(text, ==, "1:0 2:1 4:2 5:3 3:1");
}

static void
strays_hang_below_the_oldest(void)
{
	GPtrArray *rows = g_ptr_array_new();
	g_autofree char *text = NULL;

	g_ptr_array_add(rows, row(1, "<gone@x>", "a"));
	g_ptr_array_add(rows, row(2, "<gone@x>", "a"));
	text = drawn(rows);
	g_assert_cmpstr(text, ==, "1:0 2:1");
}

static void
circles_are_cut(void)
{
	GPtrArray *rows = g_ptr_array_new();
	g_autofree char *text = NULL;

	g_ptr_array_add(rows, row(1, "<3@x>", "a"));
	g_ptr_array_add(rows, row(2, "<1@x>", "a"));
	g_ptr_array_add(rows, row(3, "<2@x>", "a"));
	g_ptr_array_add(rows, row(4, "<4@x>", "a"));
	text = drawn(rows);
	g_assert_cmpuint(strlen(text), ==, strlen("1:0 2:1 3:2 4:1"));
	for (const char *wanted = "1234"; *wanted; wanted++)
		g_assert_nonnull(strchr(text, *wanted));
}

static void
a_chain_of_thousands_is_no_recursion(void)
{
	GPtrArray *rows = g_ptr_array_new();
	g_autofree char *text = NULL;

	for (guint i = 1; i <= 3000; i++) {
		g_autofree char *references = i > 1 ? g_strdup_printf("<%u@x>", i - 1) : g_strdup("");

		g_ptr_array_add(rows, row(i, references, "a"));
	}
	text = drawn(rows);
	g_assert_true(g_str_has_suffix(text, "3000:2999"));
}

static void
prefixes_of_many_languages_are_passed_over(void)
{
	static const char *const subjects[] = {"x",        "Re: x",   "RE:x",    "re: Fwd: AW: x",
	                                       "Re[2]: x", "  Sv: x", "Antw: x", NULL};

	for (const char *const *s = subjects; *s; s++)
		g_assert_cmpstr(thread_bare_subject(*s), ==, "x");
	g_assert_cmpstr(thread_bare_subject("Regarding: x"), ==, "Regarding: x");
	g_assert_cmpstr(thread_bare_subject("Re"), ==, "Re");
	g_assert_cmpstr(thread_bare_subject(""), ==, "");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/thread/answers-stand-below-what-they-answer", answers_stand_below_what_they_answer);
	g_test_add_func("/thread/strays-hang-below-the-oldest", strays_hang_below_the_oldest);
	g_test_add_func("/thread/circles-are-cut", circles_are_cut);
	g_test_add_func("/thread/a-chain-of-thousands-is-no-recursion", a_chain_of_thousands_is_no_recursion);
	g_test_add_func("/thread/prefixes-of-many-languages-are-passed-over",
	                prefixes_of_many_languages_are_passed_over);
	return g_test_run();
}
