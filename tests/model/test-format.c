#include <locale.h>
#include <stdlib.h>
#include <time.h>
#include "model/format.h"

/* Saturday, 2026-11-21 15:00:00 UTC */
#define NOW G_GINT64_CONSTANT(1795273200)

static void
dates_get_shorter_the_older_they_are(void)
{
	static const struct {
		gint64 ago;
		const char *text;
	} rows[] = {
	        {0, "15:00"},          {3600 * 15, "00:00"},  {3600 * 15 + 1, "Fri"},  {86400 * 5, "Mon"},
	        {86400 * 6, "15 Nov"}, {86400 * 20, "1 Nov"}, {86400 * 299, "26 Jan"}, {86400 * 301, "2026"},
	        {86400 * 400, "2025"}, {-3600, "16:00"},      {-3600 * 12, "22 Nov"},  {-86400 * 400, "2027"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = format_date_short(NOW - rows[i].ago, NOW);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

static void
dates_out_of_range_are_no_crash(void)
{
	g_autofree char *high = format_date_short(G_MAXINT64, NOW), *low = format_date_short(G_MININT64, NOW);
	g_autofree char *far = format_date_long(G_MAXINT64 / 2, 0), *clock = format_clock(G_MAXINT64, NOW);

	g_assert_cmpstr(high, ==, "?");
	g_assert_cmpstr(low, ==, "?");
	g_assert_cmpstr(far, ==, "?");
	g_assert_cmpstr(clock, ==, "?");
}

static void
the_long_date_is_in_the_senders_zone(void)
{
	g_autofree char *east = format_date_long(NOW, 330), *west = format_date_long(NOW, -570);

	g_assert_cmpstr(east, ==, "Sat 21 Nov 2026 20:30 +0530");
	g_assert_cmpstr(west, ==, "Sat 21 Nov 2026 05:30 -0930");
}

static void
counts_have_separators(void)
{
	static const struct {
		gint64 n;
		const char *text;
	} rows[] = {{0, "0"},          {999, "999"},  {1000, "1,000"}, {1234567, "1,234,567"},
	            {-1000, "-1,000"}, {-100, "-100"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = format_count(rows[i].n);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

int
main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/dates-get-shorter-the-older-they-are", dates_get_shorter_the_older_they_are);
	g_test_add_func("/format/dates-out-of-range-are-no-crash", dates_out_of_range_are_no_crash);
	g_test_add_func("/format/the-long-date-is-in-the-senders-zone", the_long_date_is_in_the_senders_zone);
	g_test_add_func("/format/counts-have-separators", counts_have_separators);
	return g_test_run();
}
