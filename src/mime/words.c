#include "mime/envelope.h"
#include "mime/scan.h"
#include <string.h>

/* Adjacent encoded-words of one charset, their octets joined before conversion: senders cut characters, and
 * base64 quanta, in two. */
struct run {
	GString *bytes; /* NULL before the first word */
	char charset[65];
	guint32 quantum; /* base64 digits of an unfinished group */
	int digits;
	gboolean open;
};

gsize
words_unfold(char *out, const char *p, const char *end)
{
	char *o = out;

	while (p < end) {
		if (*p == '\r' || *p == '\n') {
			while (o > out && o[-1] == ' ')
				o--;
			p = scan_blanks(p, end);
			*o++ = ' ';
		} else if (*p == '\0') {
			p++;
		} else {
			*o++ = *p == '\t' ? ' ' : *p;
			p++;
		}
	}
	return (gsize)(o - out);
}

static void
run_flush_quantum(struct run *run)
{
	if (run->digits > 1)
		g_string_append_c(run->bytes, (char)(run->quantum >> (6 * run->digits - 8)));
	if (run->digits > 2)
		g_string_append_c(run->bytes, (char)(run->quantum >> (6 * run->digits - 16)));
	run->quantum = 0;
	run->digits = 0;
}

/* No line end and no NUL comes out of a word: what was one line stays one. */
static void
run_close(struct run *run, GString *out)
{
	gsize from = out->len;

	if (!run->open)
		return;
	run_flush_quantum(run);
	charset_append(out, run->bytes->str, run->bytes->len, run->charset);
	for (gsize i = from; i < out->len; i++) {
		if (out->str[i] == '\r' || out->str[i] == '\n' || out->str[i] == '\t')
			out->str[i] = ' ';
	}
	g_string_truncate(run->bytes, 0);
	run->open = FALSE;
}

/* An unfinished group before this word: was it cut (then go on with it), or was only its padding left out? */
static gboolean
quantum_goes_on(const struct run *run, const struct word *word)
{
	gsize digits = 0;

	if (run->digits == 1)
		return TRUE;
	for (gsize i = 0; i < word->text_len; i++)
		digits += base64_value[(guint8)word->text[i]] <= 64;
	return digits % 4 != 0;
}

static void
run_add_base64(struct run *run, const struct word *word)
{
	if (run->digits && !quantum_goes_on(run, word))
		run_flush_quantum(run);
	for (gsize i = 0; i < word->text_len; i++) {
		guint8 v = base64_value[(guint8)word->text[i]];

		if (v == 64)
			run_flush_quantum(run);
		if (v >= 64)
			continue;
		run->quantum = run->quantum << 6 | v;
		if (++run->digits == 4) {
			char three[] = {(char)(run->quantum >> 16), (char)(run->quantum >> 8),
			                (char)run->quantum};

			g_string_append_len(run->bytes, three, 3);
			run->quantum = 0;
			run->digits = 0;
		}
	}
}

static void
run_add_q(struct run *run, const struct word *word)
{
	const char *p = word->text, *end = p + word->text_len;

	run_flush_quantum(run);
	for (; p < end; p++) {
		if (*p == '=' && end - p > 2 && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
			g_string_append_c(run->bytes, (char)(g_ascii_xdigit_value(p[1]) << 4 |
			                                     g_ascii_xdigit_value(p[2])));
			p += 2;
		} else {
			g_string_append_c(run->bytes, *p == '_' ? ' ' : *p);
		}
	}
}

static void
run_add(struct run *run, const struct word *word, GString *out)
{
	const char *star = memchr(word->charset, '*', word->charset_len); /* RFC 2231 §5: the language */
	gsize n = star ? (gsize)(star - word->charset) : word->charset_len;

	if (run->open && (strlen(run->charset) != n || g_ascii_strncasecmp(run->charset, word->charset, n)))
		run_close(run, out);
	if (!run->bytes)
		run->bytes = g_string_sized_new(word->text_len);
	if (!run->open) {
		memcpy(run->charset, word->charset, n);
		run->charset[n] = '\0';
		run->open = TRUE;
	}
	if (word->encoding == 'b')
		run_add_base64(run, word);
	else
		run_add_q(run, word);
}

/* Appends [p, end) (not folded, no NUL) to out as UTF-8: encoded-words decoded, the rest as it is. */
static void
append_words(GString *out, const char *p, const char *end)
{
	struct run run = {.open = FALSE};
	struct word word;
	const char *literal = p;

	while (p < end && (p = memchr(p, '=', (gsize)(end - p)))) {
		if (!scan_word(p, end, &word)) {
			p++;
			continue;
		}
		if (!run.open || scan_blanks(literal, p) < p) {
			run_close(&run, out);
			charset_append_raw(out, literal, (gsize)(p - literal));
		}
		run_add(&run, &word, out);
		p = literal = word.after;
	}
	run_close(&run, out);
	charset_append_raw(out, literal, (gsize)(end - literal));
	if (run.bytes)
		g_string_free(run.bytes, TRUE);
}

char *
mime_decode_words(const char *value, gsize len)
{
	const char *end = value + len;
	g_autofree char *unfolded = NULL;
	GString *out;

	value = scan_blanks(value, end);
	while (end > value && scan_is(end[-1], SCAN_BLANK))
		end--;
	len = (gsize)(end - value);
	if (scan_is_plain(value, len))
		return scan_dup(value, len);
	unfolded = g_malloc(len + 1);
	len = words_unfold(unfolded, value, end);
	out = g_string_sized_new(len + 1);
	append_words(out, unfolded, unfolded + len);
	return g_string_free(out, FALSE);
}
