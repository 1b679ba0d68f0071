#include "base/error.h"

static void
test_status(void)
{
	static const struct {
		enum fulmar_error code;
		int status;
	} rows[] = {
	        {FULMAR_FAILED, 1}, {FULMAR_USAGE, 2},  {FULMAR_NO_LINK, 3},   {FULMAR_AUTH, 4},
	        {FULMAR_CERT, 5},   {FULMAR_PARTLY, 6}, {FULMAR_CANCELLED, 1}, {FULMAR_UNSUPPORTED, 1},
	};
	g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, 4, "x");

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		fulmar_fail(&error, rows[i].code, "%d%%", 7);
		g_assert_error(error, FULMAR_ERROR, (int)rows[i].code);
		g_assert_cmpstr(error->message, ==, "7%");
		g_assert_cmpint(fulmar_error_status(error), ==, rows[i].status);
	}
	g_assert_cmpint(fulmar_error_status(NULL), ==, 0);
	g_assert_cmpint(fulmar_error_status(foreign), ==, 1);
	fulmar_fail(NULL, FULMAR_FAILED, "nobody asks");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/error/status", test_status);
	return g_test_run();
}
