#include "app/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/text.h"

static int write_errno; /* of the first failed write */

static gboolean
wrote(gboolean ok)
{
	if (!ok && !write_errno)
		write_errno = errno ? errno : EIO;
	return write_errno == 0;
}

gboolean
report_write(const char *bytes, gsize len)
{
	errno = 0;
	return wrote(!len || fwrite(bytes, 1, len, stdout) == len);
}

gboolean
report_line(const char *text)
{
	errno = 0;
	return wrote(fputs(text, stdout) >= 0 && putc('\n', stdout) != EOF);
}

gboolean
report_safe_line(const char *text)
{
	g_autofree char *safe = text_safe(text, -1);

	return report_line(safe);
}

int
report_finish(int status)
{
	g_autofree char *text = NULL;

	errno = 0;
	if (wrote(fflush(stdout) == 0) || write_errno == EPIPE)
		return status;
	text = g_strdup_printf(_("cannot write the output: %s; make room and run it again"),
	                       g_strerror(write_errno));
	report_error(text);
	return FULMAR_FAILED;
}

void
report_error(const char *text)
{
	g_autofree char *safe = text_safe(text, -1);

	fprintf(stderr, "fulmar: %s\n", safe);
}

int
report_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* Characters that a terminal acts on, or that reorder what stands beside them. */
static gboolean
json_escapes(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return TRUE;
	default:
		return c == '"' || c == '\\';
	}
}

static void
json_char(GString *out, gunichar c)
{
	if (c == '"' || c == '\\')
		g_string_append_printf(out, "\\%c", (char)c);
	else if (c == '\n')
		g_string_append(out, "\\n");
	else if (c > 0xffff)
		g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
		                       0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		g_string_append_printf(out, "\\u%04x", c);
}

static void
json_quote(GString *out, const char *text)
{
	const char *end = text + strlen(text);

	g_string_append_c(out, '"');
	while (text < end) {
		gunichar c;

		if ((guchar)*text < 0x80) {
			c = (guchar)*text++;
		} else if ((c = g_utf8_get_char_validated(text, end - text)) < (gunichar)-2) {
			text = g_utf8_next_char(text);
		} else {
			text++;
			c = 0xfffd;
		}
		if (json_escapes(c))
			json_char(out, c);
		else
			g_string_append_unichar(out, c);
	}
	g_string_append_c(out, '"');
}

static void
json_key(GString *out, const char *key)
{
	char last = out->len ? out->str[out->len - 1] : '\n';

	if (last != '{' && last != '[' && last != '\n')
		g_string_append_c(out, ',');
	if (!key)
		return;
	json_quote(out, key);
	g_string_append_c(out, ':');
}

void
json_open(GString *out, const char *key, char bracket)
{
	json_key(out, key);
	g_string_append_c(out, bracket);
}

void
json_close(GString *out, char bracket)
{
	g_string_append_c(out, bracket);
}

void
json_text(GString *out, const char *key, const char *text)
{
	if (!text) {
		json_null(out, key);
		return;
	}
	json_key(out, key);
	json_quote(out, text);
}

void
json_int(GString *out, const char *key, gint64 n)
{
	json_key(out, key);
	g_string_append_printf(out, "%" G_GINT64_FORMAT, n);
}

void
json_bool(GString *out, const char *key, gboolean value)
{
	json_key(out, key);
	g_string_append(out, value ? "true" : "false");
}

void
json_null(GString *out, const char *key)
{
	json_key(out, key);
	g_string_append(out, "null");
}

void
json_time(GString *out, const char *key, gint64 utc)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(utc);
	g_autofree char *text = when ? g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ") : NULL;

	json_text(out, key, text);
}

void
json_words(GString *out, const char *key, const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);

	json_open(out, key, '[');
	for (char **word = list; *word; word++)
		if (**word)
			json_text(out, NULL, *word);
	json_close(out, ']');
}

struct table {
	guint columns;
	int *widths;
	gboolean *right;
	GPtrArray *cells; /* safe text, row by row */
};

struct table *
table_new(guint columns)
{
	struct table *table = g_new0(struct table, 1);

	table->columns = columns;
	table->widths = g_new0(int, columns);
	table->right = g_new0(gboolean, columns);
	table->cells = g_ptr_array_new_with_free_func(g_free);
	return table;
}

void
table_right(struct table *table, guint column)
{
	table->right[column] = TRUE;
}

void
table_add(struct table *table, ...)
{
	va_list args;

	va_start(args, table);
	for (guint i = 0; i < table->columns; i++) {
		char *cell = text_safe(va_arg(args, const char *), -1);

		table->widths[i] = MAX(table->widths[i], text_width(cell, -1));
		g_ptr_array_add(table->cells, cell);
	}
	va_end(args);
}

static void
table_cell(const struct table *table, GString *line, guint i, const char *cell)
{
	guint column = i % table->columns;
	int pad = table->widths[column] - text_width(cell, -1);

	if (column)
		g_string_append(line, "  ");
	if (table->right[column])
		g_string_append_printf(line, "%*s", pad, "");
	g_string_append(line, cell);
	if (!table->right[column] && column + 1 < table->columns)
		g_string_append_printf(line, "%*s", pad, "");
}

void
table_print(struct table *table)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (guint i = 0; i < table->cells->len; i++) {
		table_cell(table, line, i, g_ptr_array_index(table->cells, i));
		if ((i + 1) % table->columns != 0)
			continue;
		while (line->len && line->str[line->len - 1] == ' ')
			g_string_truncate(line, line->len - 1);
		if (!report_line(line->str))
			break;
		g_string_truncate(line, 0);
	}
	g_ptr_array_unref(table->cells);
	g_free(table->widths);
	g_free(table->right);
	g_free(table);
}

char *
report_date(gint64 utc)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(utc);

	return when ? g_date_time_format(when, "%Y-%m-%d %H:%M") : g_strdup("-");
}
