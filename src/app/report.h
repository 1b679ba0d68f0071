/* What commands print: JSON objects one a line, and aligned text that is safe for a terminal.
 *
 * Standard output is written through report_write alone. A reader that goes away ends the output quietly.
 */
#ifndef FULMAR_APP_REPORT_H
#define FULMAR_APP_REPORT_H

#include <glib.h>

/* FALSE when nobody reads any more, or writing failed (report_finish says so): stop. */
gboolean report_write(const char *bytes, gsize len);
gboolean report_line(const char *text);      /* with a line end */
gboolean report_safe_line(const char *text); /* the same after text_safe */
/* Flushes; gives status, or FULMAR_FAILED with a line on standard error when the output could not be written.
 */
int report_finish(int status);
/* "fulmar: text" on standard error, made safe. */
void report_error(const char *text);
/* Columns of the terminal on standard output, 0 when it is none. */
int report_columns(void);

/* -- JSON: members are appended to out; a comma is put where one belongs. Text is any octets: what is no
 * UTF-8 becomes U+FFFD, what a terminal could act on is written \uXXXX. key NULL: an element of a list. -- */
void json_open(GString *out, const char *key, char bracket);     /* '{' or '[' */
void json_close(GString *out, char bracket);                     /* '}' or ']' */
void json_text(GString *out, const char *key, const char *text); /* NULL: null */
void json_int(GString *out, const char *key, gint64 n);
void json_bool(GString *out, const char *key, gboolean value);
void json_null(GString *out, const char *key);
/* UTC RFC 3339, or null when the time is none that can be written. */
void json_time(GString *out, const char *key, gint64 utc);
/* Words of a blank-separated text as a list. */
void json_words(GString *out, const char *key, const char *words);

/* -- Text tables: cells are made safe; columns are as wide as their widest cell, the last is not padded. --
 */
struct table;
struct table *table_new(guint columns);
void table_right(struct table *table, guint column); /* numbers */
void table_add(struct table *table,
               ...) G_GNUC_NULL_TERMINATED; /* as many cells as columns, const char *, then NULL */
void table_print(struct table *table);      /* and frees it */

/* A time as a person reads it in a list of any age: "2026-11-20 16:12", local. Gives (g_free). */
char *report_date(gint64 utc);

#endif
