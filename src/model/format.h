/* Small texts of the screens: dates, counts. Pure but for the process's time zone and locale. */
#ifndef FULMAR_MODEL_FORMAT_H
#define FULMAR_MODEL_FORMAT_H

#include <glib.h>

/* The list's date column: "14:02" today, "Fri" within the last six days, "12 Mar" within about ten months,
 * else "2024". Gives (g_free). */
char *format_date_short(gint64 utc, gint64 now);
/* A date by a format of strftime(3) that the configuration gives, at most 40 columns; "auto" or NULL:
 * format_date_short. Gives (g_free). */
char *format_date_by(const char *format, gint64 utc, gint64 now);
/* The reader's: "Fri 20 Nov 2026 16:12 +0100" in the sender's zone (minutes east). Gives (g_free). */
char *format_date_long(gint64 utc, int zone);
/* "14:02" today, else "12 Mar 14:02". Gives (g_free). */
char *format_clock(gint64 utc, gint64 now);
/* "1,204" with the locale's separator (a comma where it has none). Gives (g_free). */
char *format_count(gint64 n);
/* Columns that dates by format need, at most 40. */
int format_date_by_width(const char *format);

#endif
