/* Dates by the look of their words rather than by a grammar: a month's name, a number with a colon, a sign
 * with digits … say what they are wherever they stand. That reads RFC 5322, its obsolete forms, asctime, ISO
 * 8601 and what programs made up.
 */
#include "mime/envelope.h"
#include "mime/scan.h"
#include <string.h>

struct parts {
	int year, month, day; /* 0 unknown */
	int hour, minute, second;
	gboolean has_time, has_zone, pm, am;
	int zone;
};

static const char months[12][4] = {"jan", "feb", "mar", "apr", "may", "jun",
                                   "jul", "aug", "sep", "oct", "nov", "dec"};

static const struct {
	char name[5];
	int minutes;
} zones[] = {
        {"ut", 0},     {"utc", 0},    {"gmt", 0},    {"z", 0},      {"est", -300},  {"edt", -240},
        {"cst", -360}, {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480},  {"pdt", -420},
        {"wet", 0},    {"west", 60},  {"bst", 60},   {"cet", 60},   {"met", 60},    {"mez", 60},
        {"cest", 120}, {"mest", 120}, {"mesz", 120}, {"eet", 120},  {"eest", 180},  {"msk", 180},
        {"msd", 240},  {"jst", 540},  {"kst", 540},  {"hkt", 480},  {"sgt", 480},   {"aest", 600},
        {"aedt", 660}, {"nzst", 720}, {"nzdt", 780}, {"hst", -600}, {"akst", -540}, {"akdt", -480},
        {"ast", -240}, {"adt", -180}, {"brt", -180},
};

static int
read_number(const char **p, const char *end, int *digits)
{
	int n = 0;

	for (*digits = 0; *p < end && scan_is(**p, SCAN_DIGIT); ++*p) {
		if (++*digits <= 8)
			n = n * 10 + (**p - '0');
	}
	return n;
}

static gboolean
is_number(const char *p, const char *end)
{
	return p < end && scan_is(*p, SCAN_DIGIT);
}

static const char *
read_word(struct parts *d, const char *p, const char *end)
{
	char word[5] = "";
	gsize n = 0;

	for (; p < end && scan_is(*p, SCAN_ALPHA); p++, n++) {
		if (n < 4)
			word[n] = g_ascii_tolower(*p);
	}
	for (int i = 0; i < 12 && n >= 3; i++) {
		if (!d->month && !memcmp(word, months[i], 3)) {
			d->month = i + 1;
			return p;
		}
	}
	if (!d->has_time || n > 4)
		return p;
	d->am |= !strcmp(word, "am");
	d->pm |= !strcmp(word, "pm");
	for (gsize i = 0; i < G_N_ELEMENTS(zones) && !d->has_zone; i++) {
		if (!strcmp(word, zones[i].name)) {
			d->zone = zones[i].minutes;
			d->has_zone = zones[i].minutes != 0; /* "GMT+0200": the figure counts */
		}
	}
	return p;
}

/* p at the sign. +hhmm, +hh:mm, +hh; no place on earth is further off than 14 hours: then it says nothing. */
static const char *
read_zone(struct parts *d, const char *p, const char *end)
{
	gboolean west = *p++ == '-';
	int digits, hours = read_number(&p, end, &digits), minutes = 0;

	if (digits > 2) {
		minutes = hours % 100;
		hours /= 100;
	} else if (p < end && *p == ':' && is_number(p + 1, end)) {
		p++;
		minutes = read_number(&p, end, &digits);
	}
	if (d->has_zone)
		return p;
	d->has_zone = TRUE;
	d->zone = hours <= 14 && minutes < 60 ? hours * 60 + minutes : 0;
	if (west)
		d->zone = -d->zone;
	return p;
}

/* p behind the hour, at ':' (or '.', of mailers that write 10.30). */
static const char *
read_time(struct parts *d, int hour, const char *p, const char *end)
{
	char colon = *p++;
	int digits;

	d->has_time = TRUE;
	d->hour = hour;
	d->minute = read_number(&p, end, &digits);
	if (p < end && *p == colon && is_number(p + 1, end)) {
		p++;
		d->second = read_number(&p, end, &digits);
	}
	if (p < end && (*p == '.' || *p == ',') && is_number(p + 1, end)) {
		p++;
		read_number(&p, end, &digits);
	}
	return p;
}

static int
full_year(int year, int digits)
{
	if (digits <= 2)
		return year < 50 ? year + 2000 : year + 1900;
	return digits == 3 ? year + 1900 : year;
}

/* Three numbers with one sign between them: y-m-d, else d.m.y, else m/d/y unless that cannot be. */
static gboolean
read_figures(struct parts *d, int first, int digits, const char **at, const char *end)
{
	const char *p = *at;
	char sign = *p++;
	int second, third, n, digits3;

	if (d->day || d->month || !is_number(p, end))
		return FALSE;
	second = read_number(&p, end, &n);
	if (n > 2 || p >= end || *p != sign || !is_number(p + 1, end))
		return FALSE;
	p++;
	third = read_number(&p, end, &digits3);
	if (digits >= 4) {
		d->year = first;
		d->month = second;
		d->day = third;
	} else {
		gboolean american = sign == '/' && first <= 12;

		d->year = full_year(third, digits3);
		d->month = american ? first : second;
		d->day = american ? second : first;
	}
	*at = p;
	return TRUE;
}

static const char *
read_figure(struct parts *d, const char *p, const char *end)
{
	int digits, n = read_number(&p, end, &digits);

	if (p < end && *p == ':' && !d->has_time && is_number(p + 1, end))
		return read_time(d, n, p, end);
	if (p < end && *p && strchr("-/.", *p) && read_figures(d, n, digits, &p, end))
		return p;
	if (p < end && *p == '.' && d->day && d->month && d->year && !d->has_time && is_number(p + 1, end))
		return read_time(d, n, p, end);
	if (!d->day && digits <= 2 && n >= 1 && n <= 31)
		d->day = n;
	else if (!d->year && (digits > 2 || n > 31 || d->day))
		d->year = full_year(n, digits);
	return p;
}

static void
read_parts(struct parts *d, const char *p, const char *end)
{
	gboolean open_comment = FALSE;

	while (p < end) {
		if (scan_is(*p, SCAN_ALPHA)) {
			p = read_word(d, p, end);
		} else if (scan_is(*p, SCAN_DIGIT)) {
			p = read_figure(d, p, end);
		} else if ((*p == '+' || *p == '-') && d->has_time && is_number(p + 1, end)) {
			p = read_zone(d, p, end);
		} else if (*p == '(' && !open_comment) {
			const char *close = scan_comment(p, end);

			open_comment = !close;
			p = close ? close : p + 1;
		} else {
			p++;
		}
	}
}

/* Days from 1970-01-01, proleptic Gregorian. The year is counted from March, so that the leap day is its
 * last. */
static gint64
days_since_epoch(int year, int month, int day)
{
	gint64 y = month > 2 ? year : year - 1;
	int m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 719469;
}

gboolean
mime_parse_date(const char *value, gsize len, gint64 *utc, int *zone)
{
	struct parts d = {.year = 0};
	gint64 t;

	read_parts(&d, value, value + len);
	if (!d.month || d.month > 12 || d.day < 1 || d.day > 31 || d.year < 1970 || d.year > 9999)
		return FALSE;
	if (d.hour > 24 || d.minute > 59)
		return FALSE;
	if (d.pm && d.hour < 12)
		d.hour += 12;
	else if (d.am && d.hour == 12)
		d.hour = 0;
	t = days_since_epoch(d.year, d.month, d.day) * 86400 + d.hour * 3600 + d.minute * 60 +
	    MIN(d.second, 60);
	t -= d.zone * 60;
	if (t < 0 || t >= G_GINT64_CONSTANT(253402300800))
		return FALSE;
	*utc = t;
	*zone = d.zone;
	return TRUE;
}
