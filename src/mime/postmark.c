#include "mime/postmark.h"

#include <string.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

enum { WORDS_MOST = 256, SENDER_MOST = 500 };

/* ---- reading ---- */

static int
month_of(const char *word)
{
	for (int i = 0; strlen(word) == 3 && i < 12; i++)
		if (g_ascii_strncasecmp(months + 3 * i, word, 3) == 0)
			return i + 1;
	return 0;
}

static int
number_of(const char *word, int most)
{
	guint64 n;

	return word && g_ascii_string_to_unsigned(word, 10, 0, (guint64)most, &n, NULL) ? (int)n : -1;
}

/* "hh:mm" or "hh:mm:ss" as seconds of the day; -1: none. */
static int
time_of(const char *word)
{
	g_auto(GStrv) parts = g_strsplit(word, ":", 4);
	guint n = g_strv_length(parts);
	int h = n ? number_of(parts[0], 24) : -1, m = n > 1 ? number_of(parts[1], 59) : -1,
	    s = n > 2 ? number_of(parts[2], 60) : 0;

	return n > 3 || h < 0 || m < 0 || s < 0 ? -1 : h * 3600 + m * 60 + s;
}

/* "+0130" as seconds; 0 for any other word, or none. */
static int
zone_of(const char *word)
{
	int n = word && (*word == '+' || *word == '-') && strlen(word) == 5 ? number_of(word + 1, 2359) : -1;
	int seconds = n < 0 || n % 100 > 59 ? 0 : n / 100 * 3600 + n % 100 * 60;

	return word && *word == '-' ? -seconds : seconds;
}

/* words: month, day, time, and behind it the year, or a zone and the year. */
static gboolean
read_date(char **words, gint64 *utc)
{
	int month = month_of(words[0]), day = number_of(words[1], 31), seconds, year;
	const char *zone = words[2] ? words[3] : NULL;
	g_autoptr(GDateTime) date = NULL;

	if (!month || day < 1 || !words[2] || (seconds = time_of(words[2])) < 0)
		return FALSE;
	year = number_of(words[3], 9999);
	if (words[3] && year < 0)
		year = number_of(words[4], 9999);
	else if (words[3])
		zone = words[4];
	date = year >= 1970 ? g_date_time_new_utc(year, month, day, 0, 0, 0) : NULL;
	*utc = date ? MAX(g_date_time_to_unix(date) + seconds - zone_of(zone), 0) : 0;
	return date != NULL;
}

/* In place; the strings of words that are empty go. */
static guint
drop_empty(char **words)
{
	guint n = 0;

	for (guint i = 0; words[i]; i++) {
		if (words[i][0])
			words[n++] = words[i];
		else
			g_free(words[i]);
	}
	words[n] = NULL;
	return n;
}

gboolean
postmark_read(const char *line, gsize len, char **sender, gint64 *received)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) words = NULL;
	gint64 when;
	guint n;

	if (len < 5 || len > POSTMARK_MOST || memcmp(line, "From ", 5) != 0)
		return FALSE;
	text = g_strndup(line, len);
	words = g_strsplit_set(text, " \t\r\n", WORDS_MOST);
	n = drop_empty(words);
	for (guint i = 1; i + 3 < n; i++) {
		if (!read_date(words + i, &when))
			continue;
		/* The weekday stands before the month. */
		if (sender)
			*sender = g_strdup(i > 2 ? words[1] : "");
		if (received)
			*received = when;
		return TRUE;
	}
	return FALSE;
}

/* ---- writing ---- */

static void
add_sender(GString *out, const char *sender)
{
	gsize len = strnlen(sender, SENDER_MOST);

	if (!len)
		g_string_append(out, "MAILER-DAEMON");
	for (gsize i = 0; i < len; i++)
		g_string_append_c(out, g_ascii_isgraph(sender[i]) ? sender[i] : '-');
}

void
postmark_write(GString *out, const char *sender, gint64 received)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	g_autoptr(GDateTime) date = received > 0 ? g_date_time_new_from_unix_utc(received) : NULL;

	if (!date)
		date = g_date_time_new_from_unix_utc(0);
	g_string_append(out, "From ");
	add_sender(out, sender);
	g_string_append_printf(
	        out, " %s %.3s %2d %02d:%02d:%02d %d\n", days[g_date_time_get_day_of_week(date) - 1],
	        months + 3 * (g_date_time_get_month(date) - 1), g_date_time_get_day_of_month(date),
	        g_date_time_get_hour(date), g_date_time_get_minute(date), g_date_time_get_second(date),
	        g_date_time_get_year(date));
}
