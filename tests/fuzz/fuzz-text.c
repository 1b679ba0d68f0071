#include "base/text.h"
#include "../mime/rendered-check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_columns(const char *text)
{
	gsize len = strlen(text);
	int total = 0;

	for (gsize at = 0; at < len;) {
		int width;

		at += text_next(text + at, len - at, &width);
		g_assert_cmpint(width, >=, 0);
		g_assert_cmpint(width, <=, 2);
		total += width;
	}
	g_assert_cmpint(total, ==, text_width(text, -1));
	for (int columns = 0; columns < 12; columns++) {
		g_autoptr(GString) cell = g_string_new(NULL);
		int used;
		gsize fit = text_fit(text, -1, columns, &used);

		g_assert_cmpint(used, <=, columns);
		g_assert_cmpint(used, ==, text_width(text, fit));
		text_cell(cell, text, columns, TRUE, FALSE);
		g_assert_cmpint(text_width(cell->str, -1), ==, columns);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) block = g_string_new(NULL);
	g_autofree char *line = text_safe((const char *)data, size);
	g_auto(GStrv) lines = NULL;

	check_text(line);
	check_columns(line);
	g_assert_null(strstr(line, "  "));
	text_safe_block(block, (const char *)data, size);
	g_assert_true(text_is_safe(block->str, block->len));
	lines = g_strsplit(block->str, "\n", -1);
	for (char **l = lines; *l; l++)
		check_text(*l);
	return 0;
}
