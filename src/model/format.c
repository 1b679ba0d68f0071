#include "model/format.h"

#include <langinfo.h>
#include <string.h>
#include <time.h>
#include "base/text.h"

#define DAY 86400
#define MONTHS_SHOWN 300 /* days for which "12 Mar" says enough */

/* A macro, so that the compiler sees the format. Month and day names come from the locale: made safe like any
 * text. */
#define STRFTIME(format, tm) \
	({ \
		char buf_[64]; \
		gsize n_ = strftime(buf_, sizeof(buf_), format, tm); \
		text_safe(buf_, (gssize)n_); \
	})

static gboolean
local_time(gint64 utc, struct tm *tm)
{
	time_t t = (time_t)utc;

	return localtime_r(&t, tm) != NULL;
}

char *
format_date_short(gint64 utc, gint64 now)
{
	struct tm then, today;

	if (!local_time(utc, &then) || !local_time(now, &today))
		return g_strdup("?");
	if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		return STRFTIME("%H:%M", &then);
	if (utc < now && now - utc < 6 * DAY)
		return STRFTIME("%a", &then);
	if (utc < now + DAY && now - utc < MONTHS_SHOWN * (gint64)DAY)
		return g_strchug(STRFTIME("%e %b", &then));
	return STRFTIME("%Y", &then);
}

char *
format_date_by(const char *format, gint64 utc, gint64 now)
{
	g_autoptr(GDateTime) date = NULL;
	g_autofree char *text = NULL;

	if (!format || !*format || !strcmp(format, "auto"))
		return format_date_short(utc, now);
	date = g_date_time_new_from_unix_local(utc);
	text = date ? g_date_time_format(date, format) : NULL;
	return text_safe(text ? text : "?", -1);
}

char *
format_date_long(gint64 utc, int zone)
{
	struct tm tm;
	time_t shifted = (time_t)(utc + (gint64)zone * 60);
	g_autofree char *text = NULL;

	if (!gmtime_r(&shifted, &tm))
		return g_strdup("?");
	text = STRFTIME("%a %e %b %Y %H:%M", &tm);
	return g_strdup_printf("%s %c%02d%02d", text, zone < 0 ? '-' : '+', ABS(zone) / 60, ABS(zone) % 60);
}

char *
format_clock(gint64 utc, gint64 now)
{
	struct tm then, today;

	if (!local_time(utc, &then) || !local_time(now, &today))
		return g_strdup("?");
	if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		return STRFTIME("%H:%M", &then);
	return g_strchug(STRFTIME("%e %b %H:%M", &then));
}

char *
format_count(gint64 n)
{
	const char *separator = nl_langinfo(THOUSEP);
	g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
	gsize len = strlen(digits);
	GString *out = g_string_sized_new(len + len / 3);

	if (!*separator || !g_utf8_validate(separator, -1, NULL))
		separator = ",";
	for (gsize i = 0; i < len; i++) {
		if (i && digits[i - 1] != '-' && (len - i) % 3 == 0)
			g_string_append(out, separator);
		g_string_append_c(out, digits[i]);
	}
	return g_string_free(out, FALSE);
}

/* Columns the short date needs in this locale, at most 8. */
static int
date_width(void)
{
	struct tm tm = {.tm_mday = 28, .tm_year = 120};
	int width = 5;

	for (tm.tm_mon = 0; tm.tm_mon < 12; tm.tm_mon++) {
		g_autofree char *text = STRFTIME("%e %b", &tm);

		width = MAX(width, text_width(text, -1));
	}
	return MIN(width, 8);
}

int
format_date_by_width(const char *format)
{
	int width = 1;

	if (!format || !*format || !strcmp(format, "auto"))
		return date_width();
	/* One day of each month, in the evening, shows the widest names and numbers. */
	for (gint64 month = 0; month < 12; month++) {
		g_autofree char *text = format_date_by(format, (27 + month * 30) * DAY + 22 * 3600, 0);

		width = MAX(width, text_width(text, -1));
	}
	return MIN(width, 40);
}
