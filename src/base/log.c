#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"

/* Longest text of one line, in octets as received. */
#define LINE_MAX_OCTETS 2000

static const char *const area_names[] = {"imap", "pop3", "smtp", "sync", "store", "ui", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(area_names) == LOG_AREAS + 1);

/* Not a GMutex: ThreadSanitizer sees only these. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock: the open file (-1: none), how many lines it did not take (disk full), and whether it took a
 * part of one. */
static int log_fd = -1;
static guint lost;
static gboolean torn;
/* Atomic bits, so that log_traced costs nothing: one per area, and one for "open". */
static gint traced_areas;
#define OPEN_BIT (1 << LOG_AREAS)

static int
area_named(const char *name)
{
	for (int i = 0; i < LOG_AREAS; i++)
		if (!strcmp(area_names[i], name))
			return i;
	return -1;
}

static gboolean
parse_traces(const char *traces, gint *bits, GError **error)
{
	g_auto(GStrv) names = g_strsplit(traces, ",", -1);

	for (char **n = names; *n; n++) {
		const char *name = g_strstrip(*n);
		int area = area_named(name);

		if (!*name)
			continue;
		if (area < 0) {
			g_autofree char *known = g_strjoinv(", ", (char **)area_names);

			fulmar_fail(error, FULMAR_USAGE, _("--trace: \"%s\" is not one of %s"), name, known);
			return FALSE;
		}
		*bits |= 1 << area;
	}
	return TRUE;
}

gboolean
log_open(const char *path, const char *traces, GError **error)
{
	gint bits = OPEN_BIT;
	int fd;

	if (traces && !parse_traces(traces, &bits, error))
		return FALSE;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		fulmar_fail(error, FULMAR_FAILED, _("The log file %s cannot be opened: %s"), path,
		            g_strerror(errno));
		return FALSE;
	}
	log_close();
	pthread_mutex_lock(&lock);
	log_fd = fd;
	pthread_mutex_unlock(&lock);
	g_atomic_int_set(&traced_areas, bits);
	return TRUE;
}

void
log_close(void)
{
	g_atomic_int_set(&traced_areas, 0);
	pthread_mutex_lock(&lock);
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	lost = 0;
	torn = FALSE;
	pthread_mutex_unlock(&lock);
}

gboolean
log_traced(enum log_area area)
{
	return (g_atomic_int_get(&traced_areas) & (1 << area)) != 0;
}

/* Printable UTF-8 as it is, everything else (controls, format characters, broken octets) as \xNN: a log is
 * read in a terminal, and one call makes one line. */
static void
append_escaped(GString *line, const char *text, gsize len)
{
	const char *end = text + MIN(len, LINE_MAX_OCTETS);

	while (text < end) {
		gunichar c = g_utf8_get_char_validated(text, end - text);
		gsize octets = 1;

		if (c < 0x110000)
			octets = (gsize)g_utf8_skip[(guchar)*text];
		if (c < 0x110000 && c != '\\' && g_unichar_isprint(c)) {
			g_string_append_len(line, text, (gssize)octets);
		} else if (c == '\\') {
			g_string_append(line, "\\\\");
		} else {
			for (gsize i = 0; i < octets; i++)
				g_string_append_printf(line, "\\x%02x", (guchar)text[i]);
		}
		text += octets;
	}
	if (len > LINE_MAX_OCTETS)
		g_string_append_printf(line, "... (%" G_GSIZE_FORMAT " octets)", len);
}

/* One write per line: with O_APPEND several processes may share the file. */
static gboolean
write_line(const char *line, gsize len)
{
	gssize n;

	do
		n = write(log_fd, line, len);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		torn = n < (gssize)len;
	return n == (gssize)len;
}

/* "2026-11-21T14:02:07.123Z area: " */
static GString *
line_begin(enum log_area area)
{
	gint64 now = g_get_real_time();
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
	g_autofree char *stamp = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
	GString *line = g_string_new(stamp);

	g_string_append_printf(line, ".%03dZ %s: ", (int)(now % G_USEC_PER_SEC / 1000), area_names[area]);
	return line;
}

/* Takes line. */
static void
line_end(enum log_area area, GString *line)
{
	g_string_append_c(line, '\n');
	pthread_mutex_lock(&lock);
	if (log_fd >= 0 && lost) {
		g_autoptr(GString) gap = line_begin(area);

		if (torn)
			g_string_prepend_c(gap, '\n');
		g_string_append_printf(gap, "%u lines before this one could not be written\n", lost);
		if (write_line(gap->str, gap->len))
			lost = 0;
	}
	if (log_fd >= 0 && !write_line(line->str, line->len))
		lost++;
	pthread_mutex_unlock(&lock);
	g_string_free(line, TRUE);
}

static void G_GNUC_PRINTF(2, 0) write_formatted(enum log_area area, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);
	GString *line = line_begin(area);

	append_escaped(line, text, strlen(text));
	line_end(area, line);
}

void
log_note(enum log_area area, const char *format, ...)
{
	va_list args;

	if (!(g_atomic_int_get(&traced_areas) & OPEN_BIT))
		return;
	va_start(args, format);
	write_formatted(area, format, args);
	va_end(args);
}

void
log_trace(enum log_area area, const char *format, ...)
{
	va_list args;

	if (!log_traced(area))
		return;
	va_start(args, format);
	write_formatted(area, format, args);
	va_end(args);
}

void
log_wire(enum log_area area, const char *peer, char direction, const void *bytes, gsize len)
{
	const char *p = bytes, *end = p + len;

	if (!log_traced(area))
		return;
	while (p < end) {
		const char *newline = memchr(p, '\n', (gsize)(end - p));
		const char *stop = newline ? newline : end;
		GString *line = line_begin(area);

		append_escaped(line, peer, strlen(peer));
		g_string_append_printf(line, " %c ", direction);
		append_escaped(line, p, (gsize)(stop - p) - (stop > p && newline && stop[-1] == '\r'));
		line_end(area, line);
		p = newline ? newline + 1 : end;
	}
}
