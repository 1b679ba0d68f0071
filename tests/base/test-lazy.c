#include "base/lazy.h"

#include <string.h>

#include "base/error.h"

static double (*cosine)(double);
static void *absent = NULL;

static const struct lazy_symbol symbols[] = {{"cos", (void **)&cosine}, {NULL, NULL}};

static void
test_fills_slots(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(lazy_load("libm.so.6", symbols, &error));
	g_assert_no_error(error);
	g_assert_true(cosine(0.0) == 1.0);
	g_assert_true(lazy_load("libm.so.6", symbols, &error));
}

static void
test_names_the_missing_library(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(lazy_load("libfulmar-is-not-there.so.9", symbols, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, "libfulmar-is-not-there.so.9"));
}

static void
test_fills_all_slots_or_none(void)
{
	double (*untouched)(double) = NULL;
	const struct lazy_symbol rows[] = {
	        {"cos", (void **)&untouched},
	        {"fulmar_no_such_function", &absent},
	        {NULL, NULL},
	};
	g_autoptr(GError) error = NULL;

	g_assert_false(lazy_load("libm.so.6", rows, &error));
	g_assert_error(error, FULMAR_ERROR, FULMAR_FAILED);
	g_assert_nonnull(strstr(error->message, "libm.so.6"));
	g_assert_nonnull(strstr(error->message, "fulmar_no_such_function"));
	g_assert_null(untouched);
	g_assert_null(absent);
}

static gpointer
load_and_call(gpointer data)
{
	for (int i = 0; i < 1000; i++) {
		g_assert_true(lazy_load("libm.so.6", symbols, NULL));
		g_assert_true(cosine(0.0) == 1.0);
	}
	return NULL;
}

static void
test_any_thread(void)
{
	GThread *threads[4];

	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("load", load_and_call, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lazy/fills-slots", test_fills_slots);
	g_test_add_func("/lazy/names-the-missing-library", test_names_the_missing_library);
	g_test_add_func("/lazy/fills-all-slots-or-none", test_fills_all_slots_or_none);
	g_test_add_func("/lazy/any-thread", test_any_thread);
	return g_test_run();
}
