#include "query/query-private.h"

#include <string.h>

/* Sizes, dates and ages. */

enum { HOUR = 3600, DAY = 86400 };

static gboolean
read_unit(const char **at, gint64 *n, const char *units, const gint64 *factors)
{
	char *end;
	const char *unit;

	if (!g_ascii_isdigit(**at))
		return FALSE;
	*n = g_ascii_strtoll(*at, &end, 10);
	if (*n > G_MAXINT32)
		return FALSE;
	unit = *end ? strchr(units, g_ascii_tolower(*end)) : NULL;
	if (unit) {
		*n *= factors[unit - units];
		end++;
	}
	*at = end;
	return TRUE;
}

/* ---- sizes: decimal units, as sizes are shown ---- */

static gboolean
read_size(const char **at, gint64 *octets)
{
	static const gint64 factors[] = {1000, 1000000, 1000000000};

	return read_unit(at, octets, "kmg", factors);
}

static gboolean
read_one_size(const char *value, gint64 *octets)
{
	return read_size(&value, octets) && !*value;
}

gboolean
value_size_above(struct query_term *term, const char *value)
{
	gint64 octets;

	if (!read_one_size(value, &octets))
		return FALSE;
	term->lo = octets + 1;
	term->hi = G_MAXINT64;
	return TRUE;
}

gboolean
value_size_below(struct query_term *term, const char *value)
{
	gint64 octets;

	if (!read_one_size(value, &octets))
		return FALSE;
	term->lo = 0;
	term->hi = octets - 1;
	return TRUE;
}

gboolean
value_sizes(struct query_term *term, const char *value)
{
	if (*value == '>')
		return value_size_above(term, value + 1);
	if (*value == '<')
		return value_size_below(term, value + 1);
	if (!read_size(&value, &term->lo) || *value != '-')
		return FALSE;
	value++;
	term->hi = G_MAXINT64;
	return !*value || read_one_size(value, &term->hi);
}

/* ---- dates, local time ---- */

/* A number of at most n digits. */
static gboolean
read_digits(const char **at, guint n, int *out)
{
	*out = 0;
	if (!g_ascii_isdigit(**at))
		return FALSE;
	for (; n && g_ascii_isdigit(**at); n--)
		*out = *out * 10 + *(*at)++ - '0';
	return !g_ascii_isdigit(**at);
}

/* Year, month and day; month and day 0: all of it. */
static gboolean
read_day(const char *value, int day[3])
{
	const char *at = value;

	day[1] = day[2] = 0;
	if (strspn(value, "0123456789") == 8 && !value[8]) {
		int n = (int)g_ascii_strtoll(value, NULL, 10);

		day[0] = n / 10000;
		day[1] = n / 100 % 100;
		day[2] = n % 100;
		return TRUE;
	}
	if (strchr(value, '/'))
		return read_digits(&at, 2, &day[2]) && *at++ == '/' && read_digits(&at, 2, &day[1]) &&
		       *at++ == '/' && read_digits(&at, 4, &day[0]) && !*at;
	if (!read_digits(&at, 4, &day[0]))
		return FALSE;
	for (guint i = 1; i < 3 && *at; i++)
		if (*at++ != '-' || !read_digits(&at, 2, &day[i]) || !day[i])
			return FALSE;
	return !*at;
}

/* The first instant of what value names, and of what follows it. */
static gboolean
read_span(const char *value, gint64 *first, gint64 *next)
{
	int day[3];
	g_autoptr(GDateTime) begin = NULL, end = NULL;

	if (!read_day(value, day))
		return FALSE;
	begin = g_date_time_new_local(day[0], day[1] ? day[1] : 1, day[2] ? day[2] : 1, 0, 0, 0);
	if (!begin)
		return FALSE;
	end = day[2]   ? g_date_time_add_days(begin, 1)
	      : day[1] ? g_date_time_add_months(begin, 1)
	               : g_date_time_add_years(begin, 1);
	*first = g_date_time_to_unix(begin);
	*next = end ? g_date_time_to_unix(end) : G_MAXINT64;
	return TRUE;
}

/* The beginning of the second half of a range; NULL: there is none. *len: of the first. */
static const char *
second_half(const char *value, gsize *len)
{
	const char *dots = strstr(value, ".."), *minus = strchr(value, '/') ? strchr(value, '-') : NULL;

	*len = (gsize)((dots ? dots : minus ? minus : value) - value);
	return dots ? dots + 2 : minus ? minus + 1 : NULL;
}

gboolean
value_dates(struct query_term *term, const char *value)
{
	gsize len;
	const char *second = second_half(value, &len);
	g_autofree char *first = g_strndup(value, len);
	gint64 other;

	if (*value == '<' || *value == '>')
		return value_age(term, value);
	if (!second)
		return read_span(value, &term->lo, &term->hi);
	term->lo = G_MININT64;
	term->hi = G_MAXINT64;
	return (*first || *second) && (!*first || read_span(first, &term->lo, &other)) &&
	       (!*second || read_span(second, &other, &term->hi));
}

gboolean
value_before(struct query_term *term, const char *value)
{
	gint64 next;

	term->lo = G_MININT64;
	return read_span(value, &term->hi, &next);
}

gboolean
value_after(struct query_term *term, const char *value)
{
	gint64 next;

	term->hi = G_MAXINT64;
	return read_span(value, &term->lo, &next);
}

/* ---- ages ---- */

gboolean
value_age(struct query_term *term, const char *value)
{
	static const gint64 factors[] = {HOUR, DAY, 7 * DAY, 30 * DAY, (gint64)365 * DAY};
	const char *at = value + 1;
	gint64 age;

	if ((*value != '<' && *value != '>') || !read_unit(&at, &age, "hdwmy", factors) || *at ||
	    g_ascii_isdigit(at[-1]))
		return FALSE;
	term->what = QUERY_AGE;
	term->lo = *value == '>' ? age + 1 : G_MININT64;
	term->hi = *value == '<' ? age - 1 : G_MAXINT64;
	return TRUE;
}

gboolean
value_number(struct query_term *term, const char *value)
{
	return g_ascii_string_to_signed(value, 10, 0, G_MAXINT64, &term->lo, NULL);
}
