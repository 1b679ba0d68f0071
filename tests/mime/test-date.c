/* Dates as they come, and the moment they mean. */
#include "mime/envelope.h"
#include <string.h>

static const struct {
	const char *in;
	const char *utc; /* ISO 8601, or NULL: no date */
	int zone;
} rows[] = {
        {"Tue, 17 Mar 2026 09:41:23 +0100", "2026-03-17T08:41:23Z", 60},
        {"17 Mar 2026 09:41:23 +0100", "2026-03-17T08:41:23Z", 60},
        {"Tue, 17 Mar 2026 09:41 -0330", "2026-03-17T13:11:00Z", -210},
        {"Tue,17 Mar 2026 09:41:23+0100", "2026-03-17T08:41:23Z", 60},
        {"Tue, 17 Mar 2026 09:41:23 GMT", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23 EST", "2026-03-17T14:41:23Z", -300},
        {"Tue, 17 Mar 2026 09:41:23 -0500 (EST)", "2026-03-17T14:41:23Z", -300},
        {"Tue, 17 Mar 2026 09:41:23 (EDT) -0400", "2026-03-17T13:41:23Z", -240},
        {"Tue, 17 Mar 2026 09:41:23 (a (nested) one", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23 GMT+0200", "2026-03-17T07:41:23Z", 120},
        {"Tue, 17 Mar 2026 09:41:23 +02:00", "2026-03-17T07:41:23Z", 120},
        {"Tue, 17 Mar 2026 09:41:23 -0000", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23 XYZ", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23 +9999", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23 -99999999999", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09:41:23", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026", "2026-03-17T00:00:00Z", 0},
        {"Tue,\r\n 17 Mar 2026\r\n 09:41:23 +0100", "2026-03-17T08:41:23Z", 60},
        /* years */
        {"17 Mar 99 09:41:23 +0000", "1999-03-17T09:41:23Z", 0},
        {"17 Mar 26 09:41:23 +0000", "2026-03-17T09:41:23Z", 0},
        {"17 Mar 102 09:41:23 +0000", "2002-03-17T09:41:23Z", 0},
        /* swapped, American, asctime, ISO */
        {"Tue Mar 17 09:41:23 2026", "2026-03-17T09:41:23Z", 0},
        {"Tue Mar 17 09:41:23 EST 2026", "2026-03-17T14:41:23Z", -300},
        {"Tue Mar 17 09:41:23 +0100 2026", "2026-03-17T08:41:23Z", 60},
        {"March 17, 2026 9:41:23 PM", "2026-03-17T21:41:23Z", 0},
        {"March 17, 2026 12:41 am", "2026-03-17T00:41:00Z", 0},
        {"Tuesday, 17-Mar-26 09:41:23 GMT", "2026-03-17T09:41:23Z", 0},
        {"2026 Mar 17 09:41:23", "2026-03-17T09:41:23Z", 0},
        {"2026-03-17T09:41:23Z", "2026-03-17T09:41:23Z", 0},
        {"2026-03-17 09:41:23.123456+01:00", "2026-03-17T08:41:23Z", 60},
        {"2026/03/17 09:41", "2026-03-17T09:41:00Z", 0},
        {"17.03.2026 09:41:23", "2026-03-17T09:41:23Z", 0},
        {"03/17/2026 09:41:23", "2026-03-17T09:41:23Z", 0},
        {"17/03/2026 09:41:23", "2026-03-17T09:41:23Z", 0},
        {"Tue, 17 Mar 2026 09.41.23 +0100", "2026-03-17T08:41:23Z", 60},
        /* edges */
        {"29 Feb 2024 23:59:60 +0000", "2024-03-01T00:00:00Z", 0},
        {"31 Dec 2000 24:00 +0000", "2001-01-01T00:00:00Z", 0},
        {"1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z", 0},
        {"31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z", 0},
        /* none */
        {"", NULL, 0},
        {"yesterday", NULL, 0},
        {"Tue, 17 2026 09:41:23 +0100", NULL, 0},
        {"Tue, 17 Mar 09:41:23 +0100", NULL, 0},
        {"32 Mar 2026 09:41:23 +0100", NULL, 0},
        {"2026-13-17T09:41:23Z", NULL, 0},
        {"17 Mar 2026 25:41:23 +0100", NULL, 0},
        {"17 Mar 99999 09:41:23 +0100", NULL, 0},
        {"1 Jan 1970 00:00:00 +0100", NULL, 0},
        {"17 Mar 1966 09:41:23 +0100", NULL, 0},
        {"17 Mar 99999999999999999999 09:41:23", NULL, 0},
};

static void
test_each_row(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 utc = -1;
		int zone = 0;
		g_autoptr(GDateTime) time = NULL;
		g_autofree char *text = NULL;

		if (!mime_parse_date(rows[i].in, strlen(rows[i].in), &utc, &zone)) {
			g_assert_cmpstr(NULL, ==, rows[i].utc);
			continue;
		}
		time = g_date_time_new_from_unix_utc(utc);
		text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
		g_assert_cmpstr(text, ==, rows[i].utc);
		g_assert_cmpint(zone, ==, rows[i].zone);
	}
}

/* Each day from 1970 to 2400 follows the one before it. */
static void
test_days_count_on(void)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	gint64 expected = 0;

	for (guint year = 1970; year <= 2400; year++) {
		for (guint month = 1; month <= 12; month++) {
			guint days = g_date_get_days_in_month((GDateMonth)month, (GDateYear)year);

			for (guint day = 1; day <= days; day++, expected += 86400) {
				g_autofree char *in = g_strdup_printf("%u %s %u 00:00:00 +0000", day,
				                                      months[month - 1], year);
				gint64 utc;
				int zone;

				g_assert_true(mime_parse_date(in, strlen(in), &utc, &zone));
				g_assert_cmpint(utc, ==, expected);
			}
		}
	}
}

static void
test_a_million_of_anything(void)
{
	static const char *const pieces[] = {"(", "()", "1", "1:", "a", "-1", "1-", " ", "1.1.", "+", "Mar "};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) in = g_string_new(NULL);
		gint64 utc;
		int zone;

		for (int k = 0; k < 1000000; k++)
			g_string_append(in, pieces[i]);
		if (mime_parse_date(in->str, in->len, &utc, &zone))
			g_assert_cmpint(utc, >=, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/date/each-row", test_each_row);
	g_test_add_func("/date/days-count-on", test_days_count_on);
	g_test_add_func("/date/a-million-of-anything", test_a_million_of_anything);
	return g_test_run();
}
