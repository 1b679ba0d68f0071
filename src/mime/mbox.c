#include "mime/mbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "mime/lines.h"

const char *const mbox_dialect_names[] = {"auto", "mboxo", "mboxrd", "mboxcl", "mboxcl2", NULL};
G_STATIC_ASSERT(G_N_ELEMENTS(mbox_dialect_names) == MBOX_DIALECTS + 1);

enum { CHUNK = 256 * 1024 };

struct mbox {
	int fd;
	char *name;
	enum mbox_dialect dialect;
	GByteArray *buffer;
	gsize start;    /* in the buffer: what is before it was consumed */
	guint64 offset; /* of it in the file */
	gboolean ended; /* the buffer goes to the end of the file */
};

/* What is known of the message under way; positions are octets behind mbox->start. */
struct shape {
	gsize header, body, end;
	gint64 length; /* Content-Length, -1: none */
	gboolean by_length;
	gboolean internal; /* a c-client mailbox begins with what is no message */
};

struct mbox *
mbox_new(int fd, const char *name, enum mbox_dialect dialect)
{
	struct mbox *mbox = g_new0(struct mbox, 1);

	mbox->fd = fd;
	mbox->name = g_strdup(name);
	mbox->dialect = dialect;
	mbox->buffer = g_byte_array_sized_new(CHUNK);
	return mbox;
}

void
mbox_free(struct mbox *mbox)
{
	if (!mbox)
		return;
	close(mbox->fd);
	g_byte_array_unref(mbox->buffer);
	g_free(mbox->name);
	g_free(mbox);
}

void
mbox_message_clear(struct mbox_message *message)
{
	g_clear_pointer(&message->bytes, g_bytes_unref);
	g_clear_pointer(&message->sender, g_free);
	g_clear_pointer(&message->keywords, g_free);
}

/* ---- the file ---- */

static const guint8 *
octets(const struct mbox *mbox)
{
	return mbox->buffer->data + mbox->start;
}

static gsize
available(const struct mbox *mbox)
{
	return mbox->buffer->len - mbox->start;
}

static gboolean
read_more(struct mbox *mbox, GError **error)
{
	GByteArray *buffer = mbox->buffer;
	guint len = (guint)available(mbox);
	gssize n;

	if (len > MBOX_MESSAGE_MOST) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: the message at octet %" G_GUINT64_FORMAT " is longer than %d MB"),
		            mbox->name, mbox->offset, MBOX_MESSAGE_MOST >> 20);
		return FALSE;
	}
	memmove(buffer->data, octets(mbox), len);
	mbox->start = 0;
	g_byte_array_set_size(buffer, len + CHUNK);
	do
		n = read(mbox->fd, buffer->data + len, CHUNK);
	while (n < 0 && errno == EINTR);
	g_byte_array_set_size(buffer, len + (guint)MAX(n, 0));
	mbox->ended = n == 0;
	if (n >= 0)
		return TRUE;
	fulmar_fail(error, FULMAR_FAILED, _("%s: cannot be read: %s"), mbox->name, g_strerror(errno));
	return FALSE;
}

/* Octets from at on are in the buffer, n of them or all there are. */
static gboolean
need(struct mbox *mbox, gsize at, gsize n, GError **error)
{
	while (!mbox->ended && available(mbox) < at + n)
		if (!read_more(mbox, error))
			return FALSE;
	return TRUE;
}

/* The line at `at` is in the buffer; *next gives where the one behind it begins. */
static gboolean
need_line(struct mbox *mbox, gsize at, gsize *next, GError **error)
{
	gsize searched = at;

	for (;;) {
		gsize len = available(mbox);
		const guint8 *p = octets(mbox),
		             *lf = len > searched ? memchr(p + searched, '\n', len - searched) : NULL;

		if (lf || mbox->ended) {
			*next = lf ? (gsize)(lf - p) + 1 : len;
			return TRUE;
		}
		searched = len;
		if (!read_more(mbox, error))
			return FALSE;
	}
}

static void
consume(struct mbox *mbox, gsize n)
{
	mbox->offset += n;
	mbox->start += n;
}

/* Text without its line end. Gives. */
static char *
line_text(const struct mbox *mbox, gsize at, gsize next)
{
	const char *line = (const char *)octets(mbox) + at;
	gsize len = next - at;

	if (len && line[len - 1] == '\n')
		len--;
	if (len && line[len - 1] == '\r')
		len--;
	return g_strndup(line, len);
}

static gboolean
is_blank(const struct mbox *mbox, gsize at, gsize next)
{
	const guint8 *line = octets(mbox) + at;

	return next - at == 1 ? line[0] == '\n' : next - at == 2 && line[0] == '\r' && line[1] == '\n';
}

static gboolean
begins(const struct mbox *mbox, gsize at, gsize next, const char *word)
{
	gsize n = strlen(word);

	return next - at >= n && memcmp(octets(mbox) + at, word, n) == 0;
}

/* ---- "From " lines ---- */

static int
month_of(const char *word)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; strlen(word) == 3 && i < 12; i++)
		if (g_ascii_strncasecmp(names + 3 * i, word, 3) == 0)
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

/* words: month, day, time, and behind it the year, or a zone and the year. */
static gboolean
read_date(char **words, gint64 *utc)
{
	int month = month_of(words[0]), day = number_of(words[1], 31), seconds, year;
	g_autoptr(GDateTime) date = NULL;

	if (!month || day < 1 || !words[2] || (seconds = time_of(words[2])) < 0)
		return FALSE;
	year = number_of(words[3], 9999);
	if (year < 0 && words[3])
		year = number_of(words[4], 9999);
	date = year >= 1970 ? g_date_time_new_utc(year, month, day, 0, 0, 0) : NULL;
	*utc = date ? g_date_time_to_unix(date) + seconds : 0;
	return date != NULL;
}

/* "From sender Thu Jan  1 00:00:01 1970". FALSE when no date of that kind is in it. */
static gboolean
read_postmark(const char *line, char **sender, gint64 *received)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t", 256);
	guint n = 0;

	for (guint i = 0; words[i]; i++) {
		if (words[i][0])
			words[n++] = words[i];
		else
			g_free(words[i]);
	}
	words[n] = NULL;
	for (guint i = 1; i + 3 < n; i++) {
		if (!read_date(words + i, received))
			continue;
		/* The weekday stands before the month. */
		*sender = g_strdup(i > 2 ? words[1] : "");
		return TRUE;
	}
	return FALSE;
}

static gboolean
is_postmark(const struct mbox *mbox, gsize at, gsize next)
{
	g_autofree char *line = NULL, *sender = NULL;
	gint64 received;

	if (!begins(mbox, at, next, "From ") || next - at > 1000)
		return FALSE;
	line = line_text(mbox, at, next);
	return read_postmark(line, &sender, &received);
}

/* ---- a message ---- */

static const char *
field(const char *line, const char *name)
{
	gsize n = strlen(name);

	if (g_ascii_strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

static void
read_letters(struct mbox_message *message, const char *letters)
{
	message->seen |= strchr(letters, 'R') != NULL;
	message->answered |= strchr(letters, 'A') != NULL;
	message->flagged |= strchr(letters, 'F') != NULL;
	message->deleted |= strchr(letters, 'D') != NULL;
	message->draft |= strchr(letters, 'T') != NULL;
}

/* A field that mbox programs keep their state in; what it says goes into message and shape. */
static gboolean
take_state(const char *line, struct shape *shape, struct mbox_message *message)
{
	static const char *const others[] = {"X-UID", "X-IMAP", "X-IMAPbase"};
	const char *value;
	guint64 length;

	if ((value = field(line, "Status")) || (value = field(line, "X-Status"))) {
		read_letters(message, value);
		return TRUE;
	}
	if ((value = field(line, "X-Keywords"))) {
		g_free(message->keywords);
		message->keywords = g_strstrip(g_strdup(value));
		return TRUE;
	}
	if ((value = field(line, "Content-Length"))) {
		g_autofree char *digits = g_strstrip(g_strdup(value));

		if (g_ascii_string_to_unsigned(digits, 10, 0, MBOX_MESSAGE_MOST, &length, NULL))
			shape->length = (gint64)length;
		return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		if (field(line, others[i])) {
			shape->internal |= i > 0;
			return TRUE;
		}
	return FALSE;
}

/* "From " with so many ">" before it. */
static gboolean
is_quoted(const guint8 *line, gsize len, gsize least, gsize most)
{
	gsize n = 0;

	while (n < len && line[n] == '>')
		n++;
	return n >= least && n <= most && len - n >= 5 && memcmp(line + n, "From ", 5) == 0;
}

/* The header up to the blank line; what of it belongs to the message goes to out. */
static gboolean
read_header(struct mbox *mbox, struct shape *shape, struct mbox_message *message, GByteArray *out,
            GError **error)
{
	gsize at = shape->header, next;
	gsize deepest = mbox->dialect == MBOX_AUTO || mbox->dialect == MBOX_RD ? G_MAXSIZE : 0;
	gboolean folded_away = FALSE, pseudo = FALSE;

	for (;; at = next) {
		g_autofree char *line = NULL;

		if (!need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || is_blank(mbox, at, next) || is_postmark(mbox, at, next))
			break;
		line = line_text(mbox, at, next);
		if (line[0] != ' ' && line[0] != '\t')
			folded_away = take_state(line, shape, message);
		pseudo |= strstr(line, "FOLDER INTERNAL DATA") != NULL;
		if (folded_away)
			continue;
		at += is_quoted(octets(mbox) + at, next - at, 1, deepest);
		g_byte_array_append(out, octets(mbox) + at, (guint)(next - at));
	}
	shape->internal &= pseudo;
	shape->body = at;
	if (next > at && is_blank(mbox, at, next)) {
		g_byte_array_append(out, octets(mbox) + at, (guint)(next - at));
		shape->body = next;
	}
	return TRUE;
}

/* A message of so many octets ends where the file does, or another begins. */
static gboolean
ends_by_length(struct mbox *mbox, struct shape *shape, gboolean *ends, GError **error)
{
	gsize end = shape->body + (gsize)MAX(shape->length, 0), next = end;

	*ends = FALSE;
	if (shape->length < 0 || mbox->dialect == MBOX_O || mbox->dialect == MBOX_RD)
		return TRUE;
	if (!need(mbox, end, 16, error))
		return FALSE;
	if (available(mbox) < end)
		return TRUE;
	while (next < available(mbox) && next < end + 4 &&
	       (octets(mbox)[next] == '\r' || octets(mbox)[next] == '\n'))
		next++;
	*ends = next == available(mbox) || begins(mbox, next, available(mbox), "From ");
	shape->end = end;
	return TRUE;
}

/* Up to the next "From " line behind a blank one. That one belongs to neither. */
static gboolean
find_end(struct mbox *mbox, struct shape *shape, GError **error)
{
	gsize at = shape->body, next, blank = shape->body;
	gboolean after_blank = TRUE;

	for (;; at = next) {
		if (!need_line(mbox, at, &next, error))
			return FALSE;
		if (next == at || (after_blank && is_postmark(mbox, at, next)))
			break;
		after_blank = is_blank(mbox, at, next);
		if (after_blank)
			blank = at;
	}
	shape->end = after_blank && at > shape->body ? blank : at;
	return TRUE;
}

static gboolean
has_bare_from(const struct mbox *mbox, const struct shape *shape)
{
	const guint8 *p = octets(mbox) + shape->body, *end = octets(mbox) + shape->end;

	while (p < end) {
		const guint8 *lf = memchr(p, '\n', (gsize)(end - p));

		if (end - p >= 5 && memcmp(p, "From ", 5) == 0)
			return TRUE;
		p = lf ? lf + 1 : end;
	}
	return FALSE;
}

static void
put_body(const struct mbox *mbox, const struct shape *shape, GByteArray *out)
{
	const guint8 *p = octets(mbox) + shape->body, *end = octets(mbox) + shape->end;
	enum mbox_dialect dialect = mbox->dialect;
	gsize deepest;

	if (dialect == MBOX_AUTO)
		dialect = !shape->by_length ? MBOX_RD : has_bare_from(mbox, shape) ? MBOX_CL2 : MBOX_CL;
	deepest = dialect == MBOX_RD ? G_MAXSIZE : 1;
	if (dialect == MBOX_CL2) {
		g_byte_array_append(out, p, (guint)(end - p));
		return;
	}
	while (p < end) {
		const guint8 *lf = memchr(p, '\n', (gsize)(end - p)), *next = lf ? lf + 1 : end;

		p += is_quoted(p, (gsize)(next - p), 1, deepest);
		g_byte_array_append(out, p, (guint)(next - p));
		p = next;
	}
}

static gboolean
read_message(struct mbox *mbox, gsize header, struct shape *shape, struct mbox_message *message,
             GError **error)
{
	GByteArray *out = g_byte_array_new();
	g_autoptr(GBytes) bytes = NULL;
	gboolean ok;

	*shape = (struct shape){.header = header, .length = -1};
	ok = read_header(mbox, shape, message, out, error) &&
	     ends_by_length(mbox, shape, &shape->by_length, error) &&
	     (shape->by_length || find_end(mbox, shape, error));
	if (ok)
		put_body(mbox, shape, out);
	bytes = g_byte_array_free_to_bytes(out);
	if (ok)
		message->bytes = lines_with_crlf(bytes);
	return ok;
}

/* The "From " line; *next gives where the header begins. 1, 0 at the end of the file, -1 with error. */
static int
read_start(struct mbox *mbox, struct mbox_message *message, gsize *next, GError **error)
{
	g_autofree char *line = NULL;

	for (;; consume(mbox, *next)) {
		if (!need_line(mbox, 0, next, error))
			return -1;
		if (!*next)
			return 0;
		if (!is_blank(mbox, 0, *next))
			break;
	}
	message->offset = mbox->offset;
	line = line_text(mbox, 0, *next);
	if (!g_str_has_prefix(line, "From ")) {
		fulmar_fail(error, FULMAR_FAILED,
		            _("%s: no mbox: a line “From …” should stand at octet %" G_GUINT64_FORMAT),
		            mbox->name, mbox->offset);
		return -1;
	}
	if (!read_postmark(line, &message->sender, &message->received))
		message->sender = g_strdup(line + 5);
	return 1;
}

int
mbox_next(struct mbox *mbox, struct mbox_message *message, GError **error)
{
	for (;;) {
		struct shape shape;
		gsize header;
		int result;

		*message = (struct mbox_message){0};
		result = read_start(mbox, message, &header, error);
		if (result > 0 && !read_message(mbox, header, &shape, message, error))
			result = -1;
		if (result <= 0) {
			mbox_message_clear(message);
			return result;
		}
		if (!message->keywords)
			message->keywords = g_strdup("");
		consume(mbox, shape.end);
		if (!shape.internal)
			return 1;
		mbox_message_clear(message);
	}
}

/* ---- writing ---- */

void
mbox_append(GString *out, GBytes *bytes, const char *sender, gint64 received)
{
	g_autoptr(GBytes) lines = lines_with_lf(bytes);
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(received);
	gsize len;
	const char *p = g_bytes_get_data(lines, &len), *end = p + len;
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	g_autofree char *from = g_strdelimit(g_strdup(*sender ? sender : "MAILER-DAEMON"), " \t\r\n", '-');

	g_string_append_printf(
	        out, "From %s %s %.3s %2d %02d:%02d:%02d %d\n", from,
	        days[g_date_time_get_day_of_week(date) - 1], months + 3 * (g_date_time_get_month(date) - 1),
	        g_date_time_get_day_of_month(date), g_date_time_get_hour(date), g_date_time_get_minute(date),
	        g_date_time_get_second(date), g_date_time_get_year(date));
	while (p < end) {
		const char *lf = memchr(p, '\n', (gsize)(end - p)), *next = lf ? lf + 1 : end;

		if (is_quoted((const guint8 *)p, (gsize)(next - p), 0, G_MAXSIZE))
			g_string_append_c(out, '>');
		g_string_append_len(out, p, next - p);
		p = next;
	}
	if (len && end[-1] != '\n')
		g_string_append_c(out, '\n');
	g_string_append_c(out, '\n');
}
