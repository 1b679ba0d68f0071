#include <string.h>
#include "mime/lines.h"

static void
check(GBytes *(*convert)(GBytes *), const char *from, const char *to)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static(from, strlen(from));
	g_autoptr(GBytes) made = convert(bytes);
	gsize len;
	const char *text = g_bytes_get_data(made, &len);

	g_assert_cmpmem(text, len, to, strlen(to));
	g_assert_true((made == bytes) == g_str_equal(from, to));
}

static void
test_crlf(void)
{
	check(lines_with_crlf, "", "");
	check(lines_with_crlf, "a", "a");
	check(lines_with_crlf, "\n", "\r\n");
	check(lines_with_crlf, "a\nb\n", "a\r\nb\r\n");
	check(lines_with_crlf, "a\r\nb\r\n", "a\r\nb\r\n");
	check(lines_with_crlf, "a\r\nb\nc", "a\r\nb\r\nc");
	check(lines_with_crlf, "a\rb\r\r\n\r", "a\rb\r\r\n\r");
}

static void
test_lf(void)
{
	check(lines_with_lf, "a", "a");
	check(lines_with_lf, "a\r\nb\r\n", "a\nb\n");
	check(lines_with_lf, "\r\n\r\n", "\n\n");
	check(lines_with_lf, "a\r\nb\n", "a\r\nb\n");
	check(lines_with_lf, "a\rb\r\n", "a\rb\r\n");
	check(lines_with_lf, "a\r\n\r", "a\r\n\r");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lines/crlf", test_crlf);
	g_test_add_func("/lines/lf", test_lf);
	return g_test_run();
}
