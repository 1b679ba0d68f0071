#include <locale.h>
#include <string.h>
#include "base/text.h"
#include "ui/picture.h"

static char *
drawn(int cols, const char *text, gboolean cut)
{
	struct picture *picture = picture_new(1, cols, FALSE);
	char *out;

	if (cut)
		picture_cut(picture, 0, 0, cols, ROLE_TEXT, text);
	else
		picture_text(picture, 0, 0, cols, ROLE_TEXT, text);
	out = picture_to_text(picture);
	picture_free(picture);
	return out;
}

static void
text_is_clipped_by_columns(void)
{
	static const struct {
		int cols;
		const char *text, *clipped, *cut;
	} rows[] = {
	        {5, "hello", "hello\n", "hello\n"},
	        {4, "hello", "hell\n", "hel…\n"},
	        {5, "日本語", "日本\n", "日本…\n"},
	        {4, "日本", "日本\n", "日本\n"},
	        {3, "日本", "日\n", "日…\n"},
	        {1, "日", "\n", "…\n"},
	        {6, "e\xcc\x81t\xc3\xa9", "e\xcc\x81t\xc3\xa9\n", "e\xcc\x81t\xc3\xa9\n"},
	        {3, "", "\n", "\n"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *clipped = drawn(rows[i].cols, rows[i].text, FALSE),
		                *cut = drawn(rows[i].cols, rows[i].text, TRUE);

		g_assert_cmpstr(clipped, ==, rows[i].clipped);
		g_assert_cmpstr(cut, ==, rows[i].cut);
	}
}

/* Whatever is drawn over whatever, the columns behind it stand where they stood. */
static void
half_a_wide_character_never_remains(void)
{
	struct picture *picture = picture_new(1, 8, FALSE);
	g_autofree char *left = NULL, *right = NULL;

	picture_text(picture, 0, 0, 8, ROLE_TEXT, "日本語字");
	picture_text(picture, 0, 3, 1, ROLE_TEXT, "x");
	left = picture_to_text(picture);
	g_assert_cmpstr(left, ==, "日 x語字\n");
	picture_text(picture, 0, 4, 1, ROLE_TEXT, "y");
	picture_clear(picture, (struct rect){0, 7, 1, 1}, ROLE_TEXT);
	right = picture_to_text(picture);
	g_assert_cmpstr(right, ==, "日 xy\n");
	picture_free(picture);
}

static void
joined_emoji_take_two_columns(void)
{
	static const char *const texts[] = {"👩‍👩‍👧‍👦|", "👍🏽|", "🎉|", "🇩🇪|"};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct picture *picture = picture_new(1, 10, FALSE);

		g_assert_cmpint(picture_text(picture, 0, 0, 10, ROLE_TEXT, texts[i]), ==, 3);
		g_assert_cmpuint(picture->cells[2].ch[0], ==, '|');
		for (int c = 0; c < 3; c++)
			g_assert_cmpuint(picture->cells[0].ch[c], !=, 0x200d);
		picture_free(picture);
	}
}

static void
nothing_is_drawn_outside(void)
{
	struct picture *picture = picture_new(3, 5, FALSE);
	g_autofree char *text = NULL;

	picture_text(picture, -1, 0, 5, ROLE_TEXT, "x");
	picture_text(picture, 3, 0, 5, ROLE_TEXT, "x");
	picture_text(picture, 0, -1, 5, ROLE_TEXT, "x");
	picture_text(picture, 0, 5, 5, ROLE_TEXT, "x");
	picture_cut(picture, 0, 9, 5, ROLE_TEXT, "x");
	picture_right(picture, 1, 4, 2, ROLE_TEXT, "abc");
	picture_hline(picture, 2, 3, 100, ROLE_TEXT);
	picture_vline(picture, 1, 4, 100, ROLE_TEXT);
	picture_shade(picture, 7, 0, 5, ROLE_CURSOR);
	picture_shade(picture, 0, -3, 50, ROLE_CURSOR);
	picture_clear(picture, (struct rect){-5, -5, 100, 100}, ROLE_TEXT);
	text = picture_to_text(picture);
	g_assert_cmpstr(text, ==, "\n\n\n");
	picture_free(picture);
}

int
main(int argc, char **argv)
{
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/picture/text-is-clipped-by-columns", text_is_clipped_by_columns);
	g_test_add_func("/picture/half-a-wide-character-never-remains", half_a_wide_character_never_remains);
	g_test_add_func("/picture/joined-emoji-take-two-columns", joined_emoji_take_two_columns);
	g_test_add_func("/picture/nothing-is-drawn-outside", nothing_is_drawn_outside);
	return g_test_run();
}
