/* The log file and its traces. Any thread; before log_open everything is dropped.
 *
 * Lines are "2026-11-21T14:02:07.123Z area: text". Traces are off unless asked for by name (--trace
 * imap,store). Callers mask secrets before they get here; log_wire escapes control bytes.
 */
#ifndef FULMAR_BASE_LOG_H
#define FULMAR_BASE_LOG_H

#include <glib.h>

enum log_area { LOG_IMAP, LOG_POP3, LOG_SMTP, LOG_SYNC, LOG_STORE, LOG_UI, LOG_AREAS };

/* Appends to path (0600), traces as in the comma-separated list (NULL: none). FALSE with FULMAR_USAGE for an
 * unknown area (names the known ones) or FULMAR_FAILED when the file cannot be opened. */
gboolean log_open(const char *path, const char *traces, GError **error);
void log_close(void);

/* True when the area is traced: ask before building a costly line. */
gboolean log_traced(enum log_area area);
/* A line whether traced or not: things worth knowing later. */
void log_note(enum log_area area, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A line only when the area is traced. */
void log_trace(enum log_area area, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Wire bytes, only when traced: one line per CRLF line, with direction '<' (from the server) or '>', long
 * lines cut at 2,000. */
void log_wire(enum log_area area, const char *peer, char direction, const void *bytes, gsize len);

#endif
